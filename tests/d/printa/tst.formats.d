/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	@a["x", 1] = sum(5);
	@a["y", 2] = sum(6);
	printa(@a);
	printa("%s %d %@d\n", @a);
	printa("%@d\n", @a);
	printa("[%5s|%-5d|%@5d]\n", @a);
	printa("%@x %@u\n", @a);
	exit(0);
}
