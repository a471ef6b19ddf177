/* SPDX-License-Identifier: GPL-2.0-or-later */
struct point { int x, y; };
struct shape {
	struct point from, to;
	union { int i; char c[4]; } u;
	struct { int anonymous; };
	char *name;
	int dims[3];
};
struct shape g;
this struct shape l;
self struct shape t;

BEGIN
{
	g.from.x = 1; g.to.y = 2; g.u.i = 0x41424344; g.anonymous = 5; g.dims[2] = 7;
	printf("%d %d %c %d %d\n", g.from.x, g.to.y, g.u.c[0], g.anonymous, g.dims[2]);
	this->l.from.x = 10;
	self->t.to.x = 20;
	printf("%d %d %d\n", this->l.from.x, self->t.to.x, this->l.to.x);
	printf("%d\n", sizeof (struct shape));
	exit(0);
}
