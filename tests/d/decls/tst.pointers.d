/* SPDX-License-Identifier: GPL-2.0-or-later */
int *p;
int **q;
int (*r)[4];
int *s[4];
int (*t)(int);
int (*u[3])(int);
const char *const v;
int *self_p;
self int *w;

BEGIN
{
	printf("%d %d %d %d %d\n", sizeof (p), sizeof (*q), sizeof (*r), sizeof (s), sizeof (u));
	exit(0);
}
