/* SPDX-License-Identifier: GPL-2.0-or-later */
struct o { int a; };

translator struct o < int i > {
	a = i;
};

BEGIN
{
	xlate <struct o *>(0);
}
