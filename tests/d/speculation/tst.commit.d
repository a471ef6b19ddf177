/* SPDX-License-Identifier: GPL-2.0-or-later */
/* needs: kernel */
BEGIN
{
	self->s = speculation();
	printf("%d\n", self->s);
}

BEGIN
{
	speculate(self->s);
	printf("speculative\n");
}

BEGIN
{
	printf("direct\n");
}

BEGIN
{
	commit(self->s);
}

BEGIN
{
	exit(0);
}
