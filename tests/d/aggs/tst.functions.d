/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	@c = count(); @c = count();
	@s = sum(5); @s = sum(-8);
	@n = min(3); @n = min(-4);
	@x = max(3); @x = max(-4);
	@a = avg(10); @a = avg(20); @a = avg(33);
	@d = stddev(10); @d = stddev(20); @d = stddev(30);
	printa("count %@d\n", @c);
	printa("sum %@d\n", @s);
	printa("min %@d\n", @n);
	printa("max %@d\n", @x);
	printa("avg %@d\n", @a);
	printa("stddev %@d\n", @d);
	exit(0);
}
