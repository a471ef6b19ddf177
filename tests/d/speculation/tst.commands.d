/* SPDX-License-Identifier: GPL-2.0-or-later */
/* needs: kernel */
#pragma D option quiet
#pragma D option destructive
/* system() and freopen() record no data of the speculation's: they may stand on either side of its calls. */
BEGIN
{
	self->spec = speculation();
	speculate(self->spec);
	printf("speculated\n");
}

BEGIN
{
	system("true %d", 1);
	commit(self->spec);
	this->x = 5;
	system("true %d", this->x);
	self->done = this->x + 2;
}

BEGIN
{
	system("true");
	speculate(speculation());
	printf("never seen\n");
}

BEGIN
{
	exit(self->done == 7 ? 0 : 1);
}
