/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma D option quiet
#pragma D option defaultargs
BEGIN
/$1 == 0 && $$2 == ""/
{
	printf("every %d seconds\n", $1 ? $1 : 5);
	exit(0);
}
