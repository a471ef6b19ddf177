/* SPDX-License-Identifier: GPL-2.0-or-later */
inline int add[int a, int b] = a + b;
inline string pick[int n] = n == 0 ? "zero" : n == 1 ? "one" : "many";
inline int twice[int n] = add[n, n];

BEGIN
{
	printf("%d %d %s %s\n", add[2, 3], twice[add[1, 1]], pick[1], pick[7]);
	exit(0);
}
