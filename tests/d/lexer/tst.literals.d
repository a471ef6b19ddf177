/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	printf("%d %d %d %d\n", 10, 010, 0x10, 0X1F);
	printf("%d %d %d %d %d %d\n", sizeof (1), sizeof (1L), sizeof (1ll), sizeof (1u), sizeof (1UL), sizeof (1llu));
	printf("%d %d %d\n", sizeof (2147483647), sizeof (2147483648), sizeof (0x80000000));
	printf("%d %d\n", 0xffffffff > 0, -1 < 0xffffffff);
	printf("%d %d %d %d\n", 'a', '\n', '\0', '\'');
	printf("%d %d %d\n", '\x41', '\101', '\\');
	printf("%x %x %d\n", 'ab', 'abcd', sizeof ('a'));
	printf("[%s]\n", "tab\tquote\"back\\octal\101hex\x42");
	printf("%d\n", strlen("\a\b\f\n\r\t\v\?"));
	printf("%d\n", strlen("one\
two"));
	exit(0);
}
