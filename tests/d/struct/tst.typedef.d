/* SPDX-License-Identifier: GPL-2.0-or-later */
typedef struct { int a; } anon_t;
typedef struct node node_t;
struct node { node_t *next; int v; };
typedef anon_t *anon_p;
anon_t g;
node_t n;
anon_p p;

BEGIN
{
	g.a = 4;
	n.v = 5;
	p = (anon_p)alloca(sizeof (anon_t));
	p->a = 6;
	printf("%d %d %d\n", g.a, n.v, p->a);
	exit(0);
}
