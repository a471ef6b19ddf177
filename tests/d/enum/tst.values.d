/* SPDX-License-Identifier: GPL-2.0-or-later */
enum color { RED, GREEN = 5, BLUE, LAST = BLUE + 10, NEG = -3, AFTER };
enum { ANON = 'a', SHIFTED = 1 << 4 };
typedef enum { ON = 1, OFF = 0 } flag_t;
enum color c;
flag_t f;

BEGIN
{
	printf("%d %d %d %d %d %d\n", RED, GREEN, BLUE, LAST, NEG, AFTER);
	printf("%d %d\n", ANON, SHIFTED);
	c = BLUE;
	f = ON;
	printf("%d %d %d\n", c == BLUE, c > GREEN, f == ON);
	c = 5;
	printf("%d %d\n", c == GREEN, sizeof (c));
	self->e = RED;
	x[c] = GREEN;
	printf("%d %d\n", self->e, x[GREEN]);
	exit(0);
}
