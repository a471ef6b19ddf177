/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exit: 7 */
/* What follows exit() in its clause still happens, and END does. */
BEGIN
{
	printf("begin\n");
	exit(7);
	printf("after exit\n");
}

BEGIN
{
	printf("second clause\n");
}

END
{
	printf("end\n");
}
