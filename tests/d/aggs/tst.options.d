/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtrace: -x aggsortkey -x aggsortrev */
BEGIN
{
	@["a"] = sum(5);
	@["c"] = sum(1);
	@["b"] = sum(3);
	exit(0);
}
