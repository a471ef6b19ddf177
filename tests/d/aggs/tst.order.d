/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Without printa() what is left is printed at the end, each by its value. */
BEGIN
{
	@["three"] = sum(3);
	@["one"] = sum(1);
	@["two"] = sum(2);
	exit(0);
}
