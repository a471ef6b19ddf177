/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	setopt("aggsortrev");
	setopt("quiet", "no");
	setopt("quiet", "yes");
	@["a"] = sum(1);
	@["b"] = sum(2);
	exit(0);
}
