/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The expression stands wherever the name does, and is computed there. */
inline int doubled = x * 2;
int x;

BEGIN
{
	x = 4;
	printf("%d\n", doubled);
	x = 5;
	printf("%d\n", doubled);
	exit(0);
}
