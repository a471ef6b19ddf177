/* SPDX-License-Identifier: GPL-2.0-or-later */
/* needs: kernel */
BEGIN
{
	this->a = timestamp;
	printf("%d %d\n", timestamp == this->a, walltimestamp / 1000000000 > 1500000000);
	b = timestamp;
}

BEGIN
{
	printf("%d\n", timestamp >= b);
	exit(0);
}
