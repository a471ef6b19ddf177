/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	printf("%Ld", 1l);
}
