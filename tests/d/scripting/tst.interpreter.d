/* SPDX-License-Identifier: GPL-2.0-or-later */
/* args: BEGIN 3 */
/* Arguments within probe descriptions. */
dtrace:::$1 { printf("first\n"); }
$$1 { printf("second %d\n", $2); }
BEGIN { exit(0); }
