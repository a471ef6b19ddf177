/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	trace(args[0]);
}
