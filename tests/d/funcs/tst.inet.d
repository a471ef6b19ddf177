/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	p = (uint32_t *)alloca(4);
	*p = htonl(0x7f000001);
	printf("%s %s\n", inet_ntoa(p), inet_ntop(2, p));
	q = (uint8_t *)alloca(16);
	q[15] = 1;
	printf("%s %s\n", inet_ntoa6(q), inet_ntop(10, q));
	exit(0);
}
