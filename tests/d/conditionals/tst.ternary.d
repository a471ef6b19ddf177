/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	x = 5;
	printf("%s\n", x > 4 ? "big" : "small");
	printf("%d\n", x > 9 ? 1 : x > 4 ? 2 : 3);
	printf("%s\n", (x == 5 ? execname : "none") != "none" ? "name" : "none");
	y = x ? 10 : 20;
	this->s = x == 1 ? "one" : x == 5 ? "five" : "many";
	printf("%d %s\n", y, this->s);
	x == 5 ? (y = 1) : (y = 2);
	printf("%d\n", y);
	printf("%d\n", 1 ? -1 : 1u);
	exit(0);
}
