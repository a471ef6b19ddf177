/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	this->p = (char *)alloca(8);
	this->p[0] = 'a';
	this->p[1] = 'b';
	printm(8, this->p);
	printm(8, memref(this->p, 2));
	printm(1, memref(this->p, 8));
	exit(0);
}
