/* SPDX-License-Identifier: GPL-2.0-or-later */
struct bits {
	unsigned int a : 1;
	unsigned int b : 3;
	int c : 4;
	unsigned int d : 8;
	unsigned int : 0;
	unsigned char e : 7;
	unsigned long f : 40;
};
struct bits g;

BEGIN
{
	g.a = 1; g.b = 5; g.c = -3; g.d = 200; g.e = 100; g.f = 0xabcdef1234;
	printf("%d %d %d %d %d %x\n", g.a, g.b, g.c, g.d, g.e, g.f);
	g.b = 9;	/* only its low three bits fit */
	g.c = 8;
	printf("%d %d %d\n", g.a, g.b, g.c);
	g.d++;
	g.d += 10;
	g.a ^= 1;
	printf("%d %d\n", g.d, g.a);
	printf("%d\n", sizeof (struct bits));
	exit(0);
}
