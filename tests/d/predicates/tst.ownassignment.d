/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A predicate may name what only its own clause assigns: zero the first time. */
#pragma D option quiet
BEGIN
/self->told == 0 && rounds[0] == 0/
{
	self->told = 1;
	rounds[0] = 1;
	printf("once\n");
}
BEGIN
/(this->mine = 3) && this->mine > 2/
{
	printf("mine %d\n", this->mine);
	exit(0);
}
