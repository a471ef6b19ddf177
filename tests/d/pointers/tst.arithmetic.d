/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	p = (int *)alloca(40);
	q = p;
	*p = 1; p[1] = 2; *(p + 2) = 3;
	q++;
	printf("%d\n", *q);
	printf("%d\n", *++q);
	printf("%d %d\n", *q--, *q);
	q += 2;
	printf("%d %d\n", q - p, (long)q - (long)p);
	q -= 3;
	printf("%d\n", q == p);
	*q += 10;
	(*q)++;
	++*q;
	printf("%d\n", *p);
	printf("%d %d %d\n", q < p + 1, q >= p, !q);
	exit(0);
}
