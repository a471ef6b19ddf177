/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first assignment gives a variable its type. */
BEGIN
{
	a = 1; b = 1l; c = (char)1; d = 1u; e = "s"; f = sizeof (int); g = timestamp; h = 'c'; i = pid;
	j++; self->k++; this->l += 5; m = (short)3;
	printf("%d %d %d %d %d\n", sizeof (a), sizeof (b), sizeof (c), sizeof (d), sizeof (e));
	printf("%d %d %d %d\n", sizeof (f), sizeof (g), sizeof (h), sizeof (i));
	printf("%d %d %d %d\n", sizeof (j), sizeof (self->k), sizeof (this->l), sizeof (m));
	exit(0);
}
