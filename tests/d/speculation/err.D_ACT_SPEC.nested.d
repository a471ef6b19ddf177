/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma D option destructive
BEGIN
{
	speculate(speculation());
	if (pid != 1)
		printf("%d", (copyoutstr("x", 0, 2), 3));
}
