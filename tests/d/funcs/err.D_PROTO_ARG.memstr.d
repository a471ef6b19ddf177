/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	trace(memstr(1, 32, 8));
}
