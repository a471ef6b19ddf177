/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	@ = count();
	@ = count();
	exit(0);
}

END
{
	printa("%@d\n", @);
}
