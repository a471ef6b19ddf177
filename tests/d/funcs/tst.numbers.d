/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	printf("%s %s %s\n", lltostr(0), lltostr(-5), lltostr(0x7fffffffffffffff));
	printf("%s %s %s\n", lltostr(255, 16), lltostr(8, 8), lltostr(5, 2));
	printf("%d %d %d\n", strtoll("123"), strtoll("-7"), strtoll("0x1f", 16));
	printf("%d %d %d\n", strtoll("77", 8), strtoll("  42x"), strtoll("z", 36));
	exit(0);
}
