/* SPDX-License-Identifier: GPL-2.0-or-later */
struct pair { int a; char name[8]; };
struct pair ps[3];

BEGIN
{
	ps[1].a = 5;
	ps[1].name[0] = 'h';
	ps[1].name[1] = 'i';
	printf("%d %c%c %d\n", ps[1].a, ps[1].name[0], ps[1].name[1], ps[2].a);
	printf("%s\n", stringof(ps[1].name));
	exit(0);
}
