/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtrace: -C */
BEGIN
{
	printf("%d %d\n", __SUNW_D, __SUNW_D_VERSION >= 0x01000000);
	exit(0);
}
