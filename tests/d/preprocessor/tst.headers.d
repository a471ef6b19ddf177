/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtrace: -C */
#include <sys/types.h>
#include <sys/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <signal.h>
#include <pthread.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <linux/fs.h>

BEGIN
{
	printf("%d %d %d\n", sizeof(struct stat), offsetof(struct stat, st_size), sizeof(siginfo_t));
	printf("%d %d %d\n", EPERM, SIGKILL, O_RDONLY);
	printf("%d %d\n", IPPROTO_TCP, sizeof(struct sockaddr_in));
	exit(0);
}
