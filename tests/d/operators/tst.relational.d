/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	a = 1; b = 2;
	printf("%d%d%d%d%d%d\n", a < b, a <= b, a > b, a >= b, a == b, a != b);
	s = "abc"; t = "abd";
	printf("%d%d%d%d%d%d\n", s < t, s <= t, s > t, s >= t, s == t, s != t);
	printf("%d%d%d\n", "" < "a", "ab" < "abc", "b" > "abc");
	printf("%d%d\n", probename == "BEGIN", "END" == probename);
	printf("%d%d\n", s == NULL, s != NULL);
	exit(0);
}
