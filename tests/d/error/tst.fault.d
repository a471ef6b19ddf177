/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bad address ends the clause, and the ERROR probe says where. */
ERROR
{
	printf("error: action %d fault %d address %x\n", arg2, arg4, arg5);
}

BEGIN
{
	printf("before\n");
	trace(*(int *)0x10);
	printf("never\n");
}

BEGIN
{
	printf("next clause\n");
	exit(0);
}
