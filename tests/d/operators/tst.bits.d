/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	a = 0xff00; b = 0x0ff0;
	printf("%x %x %x %x\n", a & b, a | b, a ^ b, ~a & 0xffff);
	printf("%x %x %x\n", a << 4, a >> 4, -a >> 4);
	printf("%d %d\n", 1 << 3 << 2, 256 >> 3 >> 2);
	exit(0);
}
