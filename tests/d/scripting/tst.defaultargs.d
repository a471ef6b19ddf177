/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtrace: -x defaultargs */
BEGIN
{
	printf("%d [%s] %d\n", $1, $$1, $7);
	exit($2);
}
