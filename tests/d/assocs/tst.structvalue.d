/* SPDX-License-Identifier: GPL-2.0-or-later */
struct point { int x; int y; };
struct point pts[int];
this struct point p;

BEGIN
{
	this->p.x = 3;
	this->p.y = 4;
	pts[1] = this->p;
	this->p.x = 5;
	printf("%d %d %d\n", pts[1].x, pts[1].y, pts[2].x);
	exit(0);
}
