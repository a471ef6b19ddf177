/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma D option quiet
extern outside;
self depth;
extern int anything(...);
union either { int i; char c; };
typedef union either either_t;
BEGIN
{
	self->depth = -1;
	printf("%d %d %d %d\n", self->depth, sizeof (self->depth), offsetof(union D`either, c), sizeof (D`either_t));
	exit(0);
}
