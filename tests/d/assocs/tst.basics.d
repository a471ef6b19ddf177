/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	x[1] = 10;
	x[2] = 20;
	y["a"] = "text";
	y["b"] = "other";
	z[1, "a", 'c'] = 5;
	printf("%d %d %d\n", x[1], x[2], x[3]);
	printf("%s %s [%s]\n", y["a"], y["b"], y["c"]);
	printf("%d %d\n", z[1, "a", 'c'], z[1, "b", 'c']);
	x[1] = 0;
	y["a"] = 0;
	printf("%d [%s]\n", x[1], y["a"]);
	exit(0);
}
