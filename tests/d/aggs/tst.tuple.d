/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	@k["a", 1, 'c'] = count();
	@k["b", -1, 'd'] = count();
	@k["b", -1, 'd'] = count();
	@k["a", 0x7fffffffffffffff, 'e'] = count();
	exit(0);
}

END
{
	printa("%s %d %c %@d\n", @k);
}
