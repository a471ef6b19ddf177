/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	printf("%p %p\n", (int *)0x1234, 0x5678);
	printf("%p\n", NULL);
	exit(0);
}
