/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	self->started = 1;
	trace(self->startet);
}
