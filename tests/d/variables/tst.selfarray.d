/* SPDX-License-Identifier: GPL-2.0-or-later */
struct s { int a; int b[4]; };
self struct s v;
self int w[3];
struct s x[string];

BEGIN
{
	self->v.b[2] = 5;
	self->w[1]++;
	x["k"].a += 7;
	x["k"].b[3] = 8;
	printf("%d %d %d %d %d %d\n", self->v.a, self->v.b[2], self->w[0], self->w[1], x["k"].a, x["k"].b[3]);
	printf("%d\n", x["other"].a);
	exit(0);
}
