/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtrace: -C */
/* No caret where a macro changed the line before it. */
#define ADD(x) ((x) + nowhere)
BEGIN
{
	trace(ADD(1));
}
