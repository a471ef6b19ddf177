/* SPDX-License-Identifier: GPL-2.0-or-later */
struct o { int a; };

translator struct o < int i > {
	a = i;
};

BEGIN
{
	x = (uintptr_t)xlate <struct o *>(0);
}
