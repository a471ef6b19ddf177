/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same layout as C's, read from memory. */
struct bits { unsigned a : 4; unsigned b : 12; signed c : 16; };

BEGIN
{
	p = (unsigned int *)alloca(4);
	*p = 0xfffe5432;
	b = (struct bits *)p;
	printf("%x %x %d\n", b->a, b->b, b->c);
	b->b = 0xabc;
	printf("%x\n", *p);
	exit(0);
}
