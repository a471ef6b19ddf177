/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sizes of what the built-in variables are. */
BEGIN
{
	printf("%d %d %d %d\n", sizeof (pid), sizeof (tid), sizeof (uid), sizeof (gid));
	printf("%d %d %d\n", sizeof (timestamp), sizeof (walltimestamp), sizeof (arg0));
	printf("%d %d %d\n", sizeof (cpu), sizeof (id), sizeof (epid));
	printf("%d %d\n", sizeof (ppid), sizeof (ipl));
	exit(0);
}
