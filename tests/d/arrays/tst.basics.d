/* SPDX-License-Identifier: GPL-2.0-or-later */
int a[5];
char c[4];
long l[2];
self int s[3];
this short t[3];

BEGIN
{
	a[0] = 10; a[4] = 14;
	c[0] = 'x'; c[3] = -1;
	l[1] = 0x123456789abcdef;
	self->s[2] = 7;
	this->t[1] = -5;
	printf("%d %d %d\n", a[0], a[1], a[4]);
	printf("%c %d\n", c[0], c[3]);
	printf("%x\n", l[1]);
	printf("%d %d\n", self->s[2], self->s[0]);
	printf("%d %d\n", this->t[1], sizeof (this->t));
	i = 2;
	a[i] = a[i + 2] + 1;
	a[i] += 5;
	printf("%d %d\n", a[2], 2[a]);
	exit(0);
}
