/* SPDX-License-Identifier: GPL-2.0-or-later */
void *v;

BEGIN
{
	v = alloca(8);
	*(int *)v = 5;
	p = (int *)v;
	printf("%d %d\n", *p, v == p);
	v = NULL;
	printf("%d\n", v == 0);
	exit(0);
}
