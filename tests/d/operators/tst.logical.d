/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	printf("%d%d%d%d\n", 0 && 0, 0 && 5, 5 && 0, 5 && 6);
	printf("%d%d%d%d\n", 0 || 0, 0 || 5, 5 || 0, 5 || 6);
	printf("%d%d%d%d\n", 0 ^^ 0, 0 ^^ 5, 5 ^^ 0, 5 ^^ 6);
	printf("%d%d%d\n", !0, !5, !!5);
	x = 1;
	x == 2 && x++;
	x == 1 || x++;
	printf("%d\n", x);
	x == 1 && (x = 7);
	printf("%d\n", x);
	p = (int *)8;
	printf("%d%d%d\n", !p, p && 1, p == NULL);
	exit(0);
}
