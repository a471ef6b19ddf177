/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma D option quiet
#pragma D option strsize=64
 #pragma D option bufsize=1m
#	pragma D option aggsize=512k
#pragma ident "something"
#pragma D ident "something"
#ident "something"
BEGIN
{
	printf("%d\n", sizeof (string));
#pragma D option ustackframes=5
	exit(0);
}
