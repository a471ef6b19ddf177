/* SPDX-License-Identifier: GPL-2.0-or-later */
struct point { int x; int y; };
struct point p;
this struct point q;
int a[3];

BEGIN
{
	g = 1; self->t = 1; this->c = 1; as["k"] = 1; self->as["k", 1] = 1;
	printf("%d %d %d %d\n", g++, ++g, g--, --g);
	printf("%d %d %d %d\n", self->t++, ++self->t, self->t--, --self->t);
	printf("%d %d %d %d\n", this->c++, ++this->c, this->c--, --this->c);
	printf("%d %d %d %d\n", as["k"]++, ++as["k"], as["k"]--, --as["k"]);
	printf("%d %d %d %d\n", self->as["k", 1]++, ++self->as["k", 1], self->as["k", 1]--, --self->as["k", 1]);
	printf("%d %d %d %d\n", p.x++, ++p.x, p.x--, --p.x);
	printf("%d %d %d %d\n", this->q.y++, ++this->q.y, this->q.y--, --this->q.y);
	printf("%d %d %d %d\n", a[2]++, ++a[2], a[2]--, --a[2]);
	fresh++; ++self->fresh; this->fresh--; newas[1, "x"]++;
	printf("%d %d %d %d\n", fresh, self->fresh, this->fresh, newas[1, "x"]);
	exit(0);
}
