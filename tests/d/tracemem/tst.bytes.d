/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	p = (char *)alloca(16);
	p[0] = 'A'; p[1] = 'B'; p[15] = 1;
	tracemem(p, 16);
	exit(0);
}
