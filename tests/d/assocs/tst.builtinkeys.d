/* SPDX-License-Identifier: GPL-2.0-or-later */
/* needs: kernel */
BEGIN
{
	x[pid, tid, probename] = timestamp;
	x[pid, tid, execname] = 0;
	printf("%d\n", x[pid, tid, probename] != 0);
	printf("%d\n", x[pid, tid, "END"] == 0);
	exit(0);
}
