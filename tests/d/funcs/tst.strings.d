/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	printf("%d %d %d\n", strlen(""), strlen("a"), strlen("hello"));
	printf("[%s] [%s] [%s]\n", strjoin("a", "b"), strjoin("", ""), strjoin(strjoin("x", "-"), "y"));
	printf("[%s] [%s] [%s]\n", substr("abcdef", 2), substr("abcdef", 2, 3), substr("abcdef", -2));
	printf("[%s] [%s] [%s]\n", substr("abcdef", 10), substr("abcdef", 0, 0), substr("abcdef", 1, -1));
	printf("%d %d %d\n", index("abcabc", "b"), index("abcabc", "b", 2), index("abc", "x"));
	printf("%d %d %d\n", rindex("abcabc", "b"), rindex("abcabc", "b", 3), rindex("abc", "x"));
	printf("[%s] [%s]\n", strchr("abcabc", 'b'), strrchr("abcabc", 'b'));
	printf("%d %d\n", strchr("abc", 'x') == NULL, strrchr("abc", 'x') == NULL);
	printf("[%s] %d\n", strstr("hello world", "wor"), strstr("abc", "x") == NULL);
	printf("[%s] [%s]\n", toupper("aBc1"), tolower("aBc1"));
	exit(0);
}
