/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comparisons, && and ! make is an int. */
BEGIN
{
	@a[1 == 1] = sum(1 < 2);
	@a[!1] = sum(3 && 0);
	printa("%d %@d\n", @a);
	exit(0);
}
