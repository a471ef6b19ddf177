/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	@k[1] = sum(1);
	@k[-1] = sum(1);
	@k[0] = sum(1);
	@k[-9223372036854775807] = sum(1);
	exit(0);
}

END
{
	printa("%d %@d\n", @k);
}
