/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	trace(memstr(alloca(8), 32));
}
