/* SPDX-License-Identifier: GPL-2.0-or-later */
typedef int number;
typedef number *pointer, table[3];
typedef unsigned long long big_t;
typedef string text_t;
number n;
table t;
text_t s;

BEGIN
{
	n = 5; t[1] = 6; s = "text";
	p = (pointer)alloca(sizeof (number));
	*p = (number)7;
	printf("%d %d %s %d %d\n", n, t[1], s, *p, sizeof (big_t));
	exit(0);
}
