/* SPDX-License-Identifier: GPL-2.0-or-later */
/* needs: kernel */
BEGIN
{
	printf("%d %d %d\n", $pid == pid, $ppid == ppid, $uid == uid);
	printf("%d %d %d\n", $gid == gid, $euid, $egid);
	printf("%d %d\n", $pgid > 0, $sid >= 0);
	exit(0);
}
