/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	this->v4 = (ipaddr_t *)alloca(sizeof(ipaddr_t));
	*this->v4 = htonl(0x7f000001);
	this->v6 = (in6_addr_t *)alloca(16);
	printf("%s %s %s\n", inet_ntoa(this->v4), inet_ntoa6(this->v6), inet_ntop(AF_INET6, this->v6));
	exit(0);
}
