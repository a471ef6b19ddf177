/* SPDX-License-Identifier: GPL-2.0-or-later */
struct out {
	int x;
};
translator struct out < int n > {
	x = n + 1;
};

BEGIN
{
	trace(xlate <struct out *> (3));
}
