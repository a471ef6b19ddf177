/* SPDX-License-Identifier: GPL-2.0-or-later */
ERROR
{
	printf("fault %d\n", arg4);
}

BEGIN
{
	zero = 0;
	printf("before\n");
	trace(10 / zero);
	printf("never\n");
}

BEGIN
{
	exit(0);
}
