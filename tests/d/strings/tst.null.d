/* SPDX-License-Identifier: GPL-2.0-or-later */
string never;
self string neither;

BEGIN
{
	printf("%d %d %d\n", never == NULL, self->neither == NULL, never == "");
	self->neither = "now";
	printf("%d %s\n", self->neither == NULL, self->neither);
	exit(0);
}
