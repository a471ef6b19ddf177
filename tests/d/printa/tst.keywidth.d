/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The star takes a key, which is then not printed itself. */
#pragma D option quiet
BEGIN
{
	@places[6, "left"] = sum(7);
	@digits[8, 3, 42] = sum(1);
	printa("[%-*s] %@d\n", @places);
	printa("[%*.*d] %@d\n", @digits);
	exit(0);
}
