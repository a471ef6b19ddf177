/* SPDX-License-Identifier: GPL-2.0-or-later */
/* needs: kernel */
BEGIN
{
	printf("%s %d %d %d\n", execname, strlen(zonename) > 0, id > 0, epid > 0);
	printf("%d %d\n", cpu >= 0, arg0);
	exit(0);
}
