/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clear() keeps the keys. */
BEGIN
{
	@k["a"] = sum(5);
	@k["b"] = sum(6);
	printa("%s %@d\n", @k);
	clear(@k);
	printa("%s %@d\n", @k);
	exit(0);
}
