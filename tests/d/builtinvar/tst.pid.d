/* SPDX-License-Identifier: GPL-2.0-or-later */
/* needs: kernel */
BEGIN
/pid == $pid && ppid == $ppid && uid == $uid && gid == $gid/
{
	printf("ours\n");
	exit(0);
}
