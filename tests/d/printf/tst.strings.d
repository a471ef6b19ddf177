/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	printf("[%s] [%10s] [%-10s] [%.2s]\n", "abc", "abc", "abc", "abc");
	printf("[%*s] [%-*s] [%.*s]\n", 5, "ab", 5, "ab", 1, "ab");
	printf("[%s] [%S]\n", "", "tab\tnewline\n");
	printf("no conversion\n");
	exit(0);
}
