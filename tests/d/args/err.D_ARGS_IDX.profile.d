/* SPDX-License-Identifier: GPL-2.0-or-later */
profile:::profile-97
{
	trace(args[1]);
}
