/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	printf("%s %s %s %s\n", basename("/a/b/c"), basename("c"), basename("/a/b/"), basename("/"));
	printf("%s %s %s %s\n", dirname("/a/b/c"), dirname("c"), dirname("/a/b/"), dirname("/"));
	printf("%s %s %s\n", cleanpath("/a/./b/../c"), cleanpath("//x//y/"), cleanpath("/../a"));
	exit(0);
}
