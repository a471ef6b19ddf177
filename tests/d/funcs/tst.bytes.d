/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	printf("%x %x\n", htons(0x1234), ntohs(0x1234));
	printf("%x %x\n", htonl(0x12345678), ntohl(0x12345678));
	printf("%x %x\n", htonll(0x1122334455667788), ntohll(0x1122334455667788));
	exit(0);
}
