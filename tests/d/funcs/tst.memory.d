/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	a = (char *)alloca(8);
	b = (char *)alloca(8);
	a[0] = 'h'; a[1] = 'i'; a[2] = 0;
	bcopy(a, b, 3);
	printf("%s %s\n", stringof(a), stringof(b));
	printf("%d %d\n", a != NULL, b - a >= 8 || a - b >= 8);
	exit(0);
}
