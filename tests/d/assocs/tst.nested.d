/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	a[1] = 2;
	b[2] = 3;
	c["k"] = 1;
	printf("%d\n", b[a[c["k"]]]);
	a[a[1]] = 7;
	printf("%d\n", a[2]);
	a[a[1]]++;
	printf("%d\n", a[2]);
	exit(0);
}
