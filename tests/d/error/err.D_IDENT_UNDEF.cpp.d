/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtrace: -C */
/* A caret where none did. */
#define FIVE 5
BEGIN
{
	trace(nowhere + FIVE);
}
