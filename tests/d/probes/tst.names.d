/* SPDX-License-Identifier: GPL-2.0-or-later */
dtrace:::BEGIN,
dtrace:::END
{
	printf("%s\n", probename);
}
BEGIN { exit(0); }
