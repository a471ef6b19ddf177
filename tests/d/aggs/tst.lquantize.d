/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	@l = lquantize(-5, 0, 100, 10);
	@l = lquantize(0, 0, 100, 10);
	@l = lquantize(9, 0, 100, 10);
	@l = lquantize(10, 0, 100, 10);
	@l = lquantize(55, 0, 100, 10, 3);
	@l = lquantize(100, 0, 100, 10);
	@l = lquantize(5000, 0, 100, 10);
	exit(0);
}
