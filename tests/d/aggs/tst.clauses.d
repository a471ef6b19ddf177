/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One table for all clauses that use the name. */
BEGIN
{
	@a[probename] = sum(1);
}

BEGIN
{
	@a[probename] = sum(2);
	exit(0);
}

END
{
	@a[probename] = sum(10);
}
