/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	printf("%lu", 1l);
}
