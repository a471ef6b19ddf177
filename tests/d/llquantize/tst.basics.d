/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	@l = llquantize(1, 10, 0, 2, 10);
	@l = llquantize(9, 10, 0, 2, 10);
	@l = llquantize(10, 10, 0, 2, 10);
	@l = llquantize(99, 10, 0, 2, 10);
	@l = llquantize(100, 10, 0, 2, 10);
	@l = llquantize(5000, 10, 0, 2, 10);
	@l = llquantize(0, 10, 0, 2, 10);
	exit(0);
}
