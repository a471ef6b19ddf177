/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Constant expressions are computed while compiling, to the same values. */
BEGIN
{
	printf("%d\n", 5 / 2 * 2 + 5 % 2);
	printf("%d\n", -5 / 2);
	printf("%d\n", -5 % 2);
	printf("%x\n", 0xf0 | 0x0f);
	printf("%x\n", ~0);
	printf("%lx\n", ~0l);
	printf("%d\n", 1 << 31);
	printf("%lx\n", 1ul << 63);
	printf("%d\n", 2147483647 + 1);
	printf("%d\n", 0x7fffffffffffffff + 1);
	printf("%d\n", (char)0x181);
	printf("%d\n", sizeof (int) * 2);
	exit(0);
}
