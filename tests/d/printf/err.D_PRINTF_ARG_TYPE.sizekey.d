/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	@[1] = count();
	printa("%ld %@d", @);
}
