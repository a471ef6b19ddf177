/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	this->n = sizeof (long unsigned short);
}
