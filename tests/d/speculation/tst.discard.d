/* SPDX-License-Identifier: GPL-2.0-or-later */
/* needs: kernel */
BEGIN
{
	self->s = speculation();
}

BEGIN
{
	speculate(self->s);
	printf("never\n");
}

BEGIN
{
	discard(self->s);
}

BEGIN
{
	commit(self->s);
}

BEGIN
{
	printf("discarded\n");
	exit(0);
}
