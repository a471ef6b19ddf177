/* SPDX-License-Identifier: GPL-2.0-or-later */
union u { int i; unsigned char c[4]; short s[2]; struct { char lo, hi; } b; };
union u g;

BEGIN
{
	g.i = 0x01020304;
	printf("%x %x %x %x\n", g.c[0], g.c[3], g.s[1], g.b.hi);
	g.c[0] = 0xff;
	printf("%x %d\n", g.i, sizeof (union u));
	exit(0);
}
