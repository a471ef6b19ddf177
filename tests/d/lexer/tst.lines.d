/* SPDX-License-Identifier: GPL-2.0-or-later */
#line 100 "elsewhere.d"
BEGIN
{
	printf("fine\n");
# 5 "again.d"
	exit(0);
}
