/* SPDX-License-Identifier: GPL-2.0-or-later */
:::foo
{
	trace(args[1]);
}
