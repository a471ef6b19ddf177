/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	while (x < 5)
		x++;
}
