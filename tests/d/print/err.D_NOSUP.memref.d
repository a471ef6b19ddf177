/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	trace(memref(alloca(8), 8));
}
