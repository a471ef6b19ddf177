/* SPDX-License-Identifier: GPL-2.0-or-later */
self int declared;

BEGIN
{
	self->x = 1;
	self->s = "str";
	self->declared = 3;
	x = 10;
	printf("%d %s %d %d\n", self->x, self->s, self->declared, x);
	self->x = 0;
	self->s = 0;
}

BEGIN
{
	printf("%d [%s] %d\n", self->x, self->s, self->declared);
	exit(0);
}
