/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	x = 1 + max(pid);
}
