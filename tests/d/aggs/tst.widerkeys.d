/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of several integer types are one key if their values are. */
BEGIN
{
	@k[(char)5] = count();
	@k[(short)5] = count();
	@k[5] = count();
	@k[5ull] = count();
	printa("%d %@d\n", @k);
	exit(0);
}
