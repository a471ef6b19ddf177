/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memstr(): bytes with NULs among them as one string. link_ntop(): addresses of network cards. */
BEGIN
{
	this->p = (char *)alloca(8);
	bcopy("ab", this->p, 2);
	bcopy("cd", &this->p[4], 2);
	printf("%s|%s|%s\n", memstr(this->p, ' ', 8), memstr(this->p, '-', 5), memstr(this->p, 'x', 0));
	printf("%d\n", strlen(memstr(this->p, ',', 8)));
	this->m = (uint8_t *)alloca(20);
	this->m[0] = 0x02;
	this->m[5] = 0xff;
	printf("%s\n%s\n", link_ntop(ARPHRD_ETHER, this->m), link_ntop(ARPHRD_INFINIBAND, this->m));
	exit(0);
}
