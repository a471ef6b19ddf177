/* SPDX-License-Identifier: GPL-2.0-or-later */
/* args: 5 text "two words" 0x10 33 */
BEGIN
{
	printf("%d %s %s %d %d\n", $1, $$2, $$3, $4, $5);
	printf("%s %d\n", $$1, $1 + $4);
	printf("%d\n", strlen($$0) > 0);
	exit(0);
}
