/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	@n["a"] = count(); @n["b"] = count(); @n["b"] = count();
	@s["a"] = sum(10); @s["b"] = sum(20);
	@m["b"] = max(3);
	printa("%s n=%@d s=%@d\n", @n, @s);
	printa("%s n=%@d m=%@d\n", @n, @m);
	exit(0);
}
