/* SPDX-License-Identifier: GPL-2.0-or-later */
BEGIN
{
	i = 3;
	if (i > 0) {
		if (i > 1) {
			if (i > 2) {
				if (i > 3) { printf("4\n"); } else { printf("3\n"); }
			} else { printf("2\n"); }
		} else { printf("1\n"); }
		printf("after\n");
	}
	printf("end\n");
	exit(0);
}
