/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	x = (1, 2, 3);
	printf("%d\n", x);
	y = (x = 5, x + 1);
	printf("%d %d\n", x, y);
	x++, y++;
	printf("%d %d\n", x, y);
	exit(0);
}
