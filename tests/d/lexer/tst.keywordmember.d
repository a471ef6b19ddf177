/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of D's own name members of C's structures. */
struct s { int self; int this; int probe; int provider; int inline; int translator; int xlate; int string; int counter; };
struct s v;

BEGIN
{
	v.self = 1; v.this = 2; v.probe = 3; v.provider = 4; v.xlate = 5; v.string = 6; v.counter = 7;
	printf("%d %d %d %d %d %d %d\n", v.self, v.this, v.probe, v.provider, v.xlate, v.string, v.counter);
	exit(0);
}
