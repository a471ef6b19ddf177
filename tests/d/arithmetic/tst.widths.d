/* SPDX-License-Identifier: GPL-2.0-or-later */
/* C's conversions: int wraps at 32 bits, chars and shorts at theirs when stored. */
char c;
unsigned char uc;
short s;
unsigned short us;
int i;
unsigned int u;
long long ll;
unsigned long long ull;

BEGIN
{
	c = 127; c++;
	uc = 255; uc++;
	s = 32767; s++;
	us = 65535; us++;
	i = 2147483647; i++;
	u = 4294967295; u++;
	ll = 9223372036854775807; ll++;
	ull = 18446744073709551615; ull++;
	printf("%d %d %d %d %d %d %d %d\n", c, uc, s, us, i, u, ll, ull);
	c = 300; uc = 300; s = 70000; us = 70000; i = 0x1ffffffff; u = 0x1ffffffff;
	printf("%d %d %d %d %d %d\n", c, uc, s, us, i, u);
	exit(0);
}
