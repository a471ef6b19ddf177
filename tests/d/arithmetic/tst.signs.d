/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The usual arithmetic conversions decide comparisons and divisions, too. */
int i;
unsigned int u;
long l;
unsigned long ul;

BEGIN
{
	i = -1; u = 1; l = -1; ul = 1;
	printf("%d %d %d %d\n", i < u, l < u, l < ul, i < l + 1);
	printf("%u %d\n", i / u, l / u);
	printf("%x %x\n", i >> 4, (unsigned)i >> 4);
	printf("%d %d\n", (char)200 < 0, (unsigned char)200 < 0);
	printf("%d %d\n", -1 < 0u, -1l < 0u);
	exit(0);
}
