/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	i = 7;
	j = 3;
	printf("%d %d %d %d %d\n", i + j, i - j, i * j, i / j, i % j);
	i = -7;
	printf("%d %d %d %d %d\n", i + j, i - j, i * j, i / j, i % j);
	j = -3;
	printf("%d %d %d %d %d\n", i + j, i - j, i * j, i / j, i % j);
	exit(0);
}
