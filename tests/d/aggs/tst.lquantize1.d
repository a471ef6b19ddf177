/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Without a step it is 1. */
BEGIN
{
	@l = lquantize(1, 0, 4);
	@l = lquantize(3, 0, 4);
	exit(0);
}
