/* SPDX-License-Identifier: GPL-2.0-or-later */
struct out { int sum; string name; int *where; };
struct in { int a; int b; char text[8]; };

translator struct out < struct in *p >
{
	sum = p->a + p->b;
	name = stringof(p->text);
	where = &p->a;
};

BEGIN
{
	this->p = (struct in *)alloca(sizeof (struct in));
	this->p->a = 3;
	this->p->b = 4;
	this->p->text[0] = 'h';
	this->p->text[1] = 'i';
	printf("%d %s\n", xlate <struct out> (this->p).sum, xlate <struct out *> (this->p)->name);
	printf("%d\n", *xlate <struct out *> (this->p)->where);
	exit(0);
}
