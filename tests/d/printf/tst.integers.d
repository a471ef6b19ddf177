/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	printf("%d %i %u %x %X %o %c\n", -5, 5, 5, 255, 255, 8, 'c');
	printf("[%5d] [%-5d] [%05d] [%+d] [% d]\n", 42, 42, 42, 42, 42);
	printf("[%.3d] [%8.3d] [%#x] [%#o]\n", 5, 5, 255, 8);
	printf("%hd %hhd %ld %lld %hx\n", (short)1, (char)2, 3l, 4ll, (unsigned short)5);
	printf("[%*d] [%-*d] [%.*d]\n", 6, 42, 6, 42, 4, 42);
	printf("%%\n");
	printf("%lld %llu\n", -9223372036854775807 - 1, 18446744073709551615);
	exit(0);
}
