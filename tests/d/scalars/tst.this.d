/* SPDX-License-Identifier: GPL-2.0-or-later */
this int x;
this string s;

BEGIN
{
	this->x = 5;
	this->s = "clause";
	this->implicit = this->x + 1;
	printf("%d %s %d\n", this->x, this->s, this->implicit);
}

BEGIN
{
	printf("%d %s %d\n", this->x, this->s, this->implicit);
	exit(0);
}
