/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	printf("%lc", (char)1);
}
