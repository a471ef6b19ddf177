/* SPDX-License-Identifier: GPL-2.0-or-later */
struct in { int a; char b[4]; };
struct s { int x; struct in in; };
struct s g;
this struct s l;
self struct s t;
struct s as[int];

BEGIN
{
	g.x = 1; g.in.a = 2; g.in.b[1] = 'q';
	this->l = g;
	self->t = this->l;
	as[5] = self->t;
	g.x = 99;
	printf("%d %d %c\n", this->l.x, self->t.in.a, as[5].in.b[1]);
	this->l.in = as[5].in;
	printf("%d\n", this->l.in.a);
	exit(0);
}
