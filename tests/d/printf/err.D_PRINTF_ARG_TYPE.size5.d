/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	printf("%ld", (uint64_t)1);
}
