/* SPDX-License-Identifier: GPL-2.0-or-later */
struct point { int x; int y; };
struct point p;

BEGIN
{
	p.x = 3;
	p.y = -4;
	print(5);
	print("text");
	print(p);
	exit(0);
}
