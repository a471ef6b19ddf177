/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was never assigned is zero, or an empty string. */
int i;
string s;
self int j;
self string t;
this int k;
this string u;
int *p;
struct { int a; char b[4]; } st;
int a[string];

BEGIN
{
	printf("%d [%s] %d [%s] %d [%s] %d %d [%s] %d\n", i, s, self->j, self->t, this->k, this->u, p == NULL, st.a,
	    stringof(st.b), a["none"]);
	exit(0);
}
