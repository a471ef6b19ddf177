/* SPDX-License-Identifier: GPL-2.0-or-later */
/* if under a predicate, and what it leaves for the clauses after it. */
BEGIN /1/
{
	this->x = 3;
	if (this->x == 3) {
		this->x = 4;
		@a["then"] = count();
	} else {
		@a["else"] = count();
	}
	printf("%d\n", this->x);
}

BEGIN /0/
{
	if (1) { printf("never\n"); }
}

BEGIN
{
	printf("%d\n", this->x);
	printa("%s %@d\n", @a);
	exit(0);
}
