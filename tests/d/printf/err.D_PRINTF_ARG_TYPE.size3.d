/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	printf("%hhd", (uint8_t)1);
}
