/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	x = 10;
	x += 5; printf("%d\n", x);
	x -= 3; printf("%d\n", x);
	x *= 2; printf("%d\n", x);
	x /= 5; printf("%d\n", x);
	x %= 3; printf("%d\n", x);
	x <<= 4; printf("%d\n", x);
	x >>= 1; printf("%d\n", x);
	x |= 5; printf("%d\n", x);
	x &= 4; printf("%d\n", x);
	x ^= 7; printf("%d\n", x);
	y = x = 4; printf("%d %d\n", x, y);
	x += y += 1; printf("%d %d\n", x, y);
	exit(0);
}
