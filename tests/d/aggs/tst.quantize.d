/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	@q = quantize(0);
	@q = quantize(1);
	@q = quantize(2);
	@q = quantize(3);
	@q = quantize(4);
	@q = quantize(-1);
	@q = quantize(-100);
	@q = quantize(1000);
	@q = quantize(1000, 4);
	exit(0);
}
