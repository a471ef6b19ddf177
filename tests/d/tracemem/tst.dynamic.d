/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	p = (char *)alloca(16);
	p[0] = 'A';
	p[1] = 'B';
	n = 2;
	tracemem(p, 16, n);
	exit(0);
}
