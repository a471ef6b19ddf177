/* SPDX-License-Identifier: GPL-2.0-or-later */
int a[4];

BEGIN
{
	a[0] = 5; a[1] = 6; a[3] = 8;
	p = (int *)alloca(4 * sizeof (int));
	p[0] = a[0]; p[1] = a[1]; *(p + 3) = a[3];
	printf("%d %d %d\n", *p, *(p + 1), p[3]);
	q = p + 3;
	printf("%d %d\n", q - p, q > p);
	exit(0);
}
