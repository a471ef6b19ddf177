/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	a = 2;
	printf("%d\n", a + 3 * 4);
	printf("%d\n", (a + 3) * 4);
	printf("%d\n", a - 3 - 4);
	printf("%d\n", 100 / 10 / 5);
	printf("%d\n", 1 << a + 1);
	printf("%d\n", 7 & 3 == 3);
	printf("%d\n", 1 | 2 ^ 3 & 4);
	printf("%d\n", !a == 0);
	printf("%d\n", -a * -a);
	printf("%d\n", ~a & 0xff);
	printf("%d\n", 1 || 0 && 0);
	printf("%d\n", 1 ^^ 1 || 1);
	printf("%d\n", a > 1 ? a < 3 ? 10 : 20 : 30);
	exit(0);
}
