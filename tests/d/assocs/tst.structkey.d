/* SPDX-License-Identifier: GPL-2.0-or-later */
struct key { int a; int b; };
this struct key k;
this struct key l;

BEGIN
{
	this->k.a = 1; this->k.b = 2;
	this->l.a = 1; this->l.b = 3;
	x[this->k] = 12;
	x[this->l] = 13;
	printf("%d %d\n", x[this->k], x[this->l]);
	exit(0);
}
