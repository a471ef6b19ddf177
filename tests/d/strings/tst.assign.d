/* SPDX-License-Identifier: GPL-2.0-or-later */
string g;
char c[6];

BEGIN
{
	g = "one";
	h = g;
	g = "two";
	printf("%s %s\n", g, h);
	c[0] = 'h'; c[1] = 'i';
	k = stringof(c);
	printf("%s %d\n", k, k == "hi");
	c[0] = 'H';
	printf("%s %s\n", k, stringof(c));
	printf("%s\n", c);
	exit(0);
}
