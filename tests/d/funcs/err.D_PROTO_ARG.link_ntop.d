/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	trace(link_ntop(1, 2));
}
