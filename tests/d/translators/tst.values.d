/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a struct by value, and from an integer. */
struct out { int twice; };
struct in { int v; };
translator struct out < int i > { twice = i * 2; };
translator struct out < struct in s > { twice = s.v * 2; };
struct in g;

BEGIN
{
	g.v = 21;
	printf("%d %d\n", xlate <struct out> (g).twice, xlate <struct out> (5).twice);
	exit(0);
}
