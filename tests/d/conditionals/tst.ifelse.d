/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	n = 5;
	if (n == 5)
		printf("one\n");
	if (n == 6)
		printf("never\n");
	else
		printf("two\n");
	if (n > 3) {
		printf("three\n");
		n = 1;
	} else {
		printf("never\n");
	}
	if (n > 3) {
		printf("never\n");
	} else if (n > 0) {
		printf("four\n");
	} else {
		printf("never\n");
	}
	printf("five\n");
	if (n)
		if (n > 1)
			printf("never\n");
		else
			printf("six\n");
	if (n) { }
	else { printf("never\n"); }
	if (0) ; else printf("seven\n");
	exit(0);
}
