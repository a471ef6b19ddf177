/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One name in three scopes is three variables, and four with the aggregation. */
BEGIN
{
	n = 1; self->n = 2; this->n = 3; @n = sum(4);
	printf("%d %d %d\n", n, self->n, this->n);
	printa("%@d\n", @n);
	exit(0);
}
