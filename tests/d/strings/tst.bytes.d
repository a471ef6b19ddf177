/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A string's bytes can be reached as C's. */
BEGIN
{
	s = "hello";
	printf("%c%c%c\n", s[0], s[1], s[4]);
	printf("%d %c\n", s[5], *s);
	printf("%s\n", stringof(s + 2));
	printf("%c\n", "literal"[3]);
	printf("%c\n", probename[1]);
	i = 2;
	printf("%c\n", s[i]);
	exit(0);
}
