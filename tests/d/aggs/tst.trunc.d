/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trunc() removes keys: all, all but the n largest, all but the n smallest. */
BEGIN
{
	@a[1] = sum(1); @a[2] = sum(2); @a[3] = sum(3); @a[4] = sum(4);
	@b[1] = sum(1); @b[2] = sum(2); @b[3] = sum(3); @b[4] = sum(4);
	@c[1] = sum(1); @c[2] = sum(2);
	trunc(@a, 2);
	trunc(@b, -3);
	trunc(@c);
	printa("a %d %@d\n", @a);
	printa("b %d %@d\n", @b);
	printa("c %d %@d\n", @c);
	exit(0);
}
