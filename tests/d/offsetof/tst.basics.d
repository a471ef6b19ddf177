/* SPDX-License-Identifier: GPL-2.0-or-later */
struct inner { char c; int i; };
struct outer { char a; struct inner in; union { long l; char s[8]; } u; short z[3]; };
typedef struct outer outer_t;

BEGIN
{
	printf("%d %d %d\n", offsetof(struct outer, a), offsetof(struct outer, in), offsetof(struct outer, z));
	printf("%d %d\n", offsetof(struct outer, in.i), offsetof(outer_t, u.s));
	printf("%d\n", offsetof(outer_t, z) - offsetof(outer_t, u) + 1);
	x = offsetof(outer_t, u);
	printf("%d %d\n", x, sizeof (offsetof(outer_t, u)));
	exit(0);
}
