/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Global and thread-local arrays of one name are two. */
BEGIN
{
	x["a"] = 1;
	self->x["a"] = 2;
	printf("%d %d\n", x["a"], self->x["a"]);
	exit(0);
}
