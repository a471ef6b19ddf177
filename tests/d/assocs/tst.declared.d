/* SPDX-License-Identifier: GPL-2.0-or-later */
int x[int];
string s[string, int];
self int t[string];
char *p[unsigned long];
int noname[int i, string j];

BEGIN
{
	x[5] = 1;
	s["a", 1] = "one";
	self->t["k"] = 9;
	noname[1, "j"] = 2;
	printf("%d %s %d %d\n", x[5], s["a", 1], self->t["k"], noname[1, "j"]);
	exit(0);
}
