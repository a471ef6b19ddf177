/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	a = rand(); b = rand(); c = rand();
	printf("%d\n", a != b || b != c);
	exit(0);
}
