/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtrace: -x quiet */
/* An empty body and an action without arguments to print leave no trace under -q. */
BEGIN
{
}

BEGIN
{
	;;;
	exit(0);
}
