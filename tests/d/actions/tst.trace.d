/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace() writes integers, characters and strings one after another, pointers in hexadecimal. */
BEGIN
{
	trace(1);
	trace(-1);
	trace("text");
	trace((char)'c');
	trace((short)-3);
	trace(0xffffffffffffffff);
	exit(0);
}
