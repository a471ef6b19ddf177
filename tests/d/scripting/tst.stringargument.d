/* SPDX-License-Identifier: GPL-2.0-or-later */
/* args: '"in quotes"' 'two words' 12x '' */
#pragma D option quiet
BEGIN
{
	printf("<%s> <%s> <%s> <%s>\n", $1, $2, $3, $4);
	exit(0);
}
