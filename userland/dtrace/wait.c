/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dtrace -W: wait for a program to be started. The kernel tells of each exec
 * through its process connector; a program is meant by the name of its file, or
 * by the name that the kernel keeps of it (15 characters).
 */
#include <errno.h>
#include <limits.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd.h"

static bool read_name(pid_t pid, const char *what, char *buf, size_t n)
{
	char path[64];
	ssize_t len;
	FILE *fp;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, what);
	if (!strcmp(what, "exe")) {
		len = readlink(path, buf, n - 1);
		if (len >= 0)
			buf[len] = 0;
		return len >= 0;
	}
	fp = fopen(path, "re");
	if (!fp)
		return false;
	if (!fgets(buf, (int)n, fp))
		buf[0] = 0;
	buf[strcspn(buf, "\n")] = 0;
	fclose(fp);
	return true;
}

/* A script's file is its interpreter's; the kernel's name is the script's. */
static bool is_called(pid_t pid, const char *name)
{
	char buf[PATH_MAX], *slash;

	if (read_name(pid, "exe", buf, sizeof(buf))) {
		slash = strrchr(buf, '/');
		if (!strcmp(buf, name) || (slash && !strcmp(slash + 1, name)))
			return true;
	}
	return read_name(pid, "comm", buf, sizeof(buf)) && buf[0] && !strncmp(buf, name, 15);
}

static int open_connector(void)
{
	struct {
		struct nlmsghdr nl;
		struct cn_msg cn;
		enum proc_cn_mcast_op op;
	} __attribute__((packed)) msg = {
		.nl = { .nlmsg_len = sizeof(msg), .nlmsg_type = NLMSG_DONE, .nlmsg_pid = (__u32)getpid() },
		.cn = { .id = { CN_IDX_PROC, CN_VAL_PROC }, .len = sizeof(msg.op) },
		.op = PROC_CN_MCAST_LISTEN,
	};
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC };
	int fd = socket(PF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR);

	if (fd < 0 || bind(fd, (void *)&addr, sizeof(addr)) || send(fd, &msg, sizeof(msg), 0) < 0)
		fatal("cannot wait for a program: the kernel does not tell of processes (%s)", strerror(errno));
	return fd;
}

/* The process that the message tells about, if it is an exec; else 0. */
static pid_t exec_in(const char *buf, ssize_t n)
{
	const struct nlmsghdr *nl = (const void *)buf;
	const struct cn_msg *cn = NLMSG_DATA(nl);
	struct proc_event ev = { 0 };

	if (n < (ssize_t)NLMSG_LENGTH(sizeof(*cn)) || nl->nlmsg_type != NLMSG_DONE || cn->id.idx != CN_IDX_PROC)
		return 0;
	memcpy(&ev, cn->data, cn->len < sizeof(ev) ? cn->len : sizeof(ev));
	return ev.what == PROC_EVENT_EXEC ? ev.event_data.exec.process_tgid : 0;
}

pid_t wait_for_program(const char *name)
{
	char buf[4096] __attribute__((aligned(NLMSG_ALIGNTO)));
	int fd = open_connector();
	pid_t pid = 0;
	ssize_t n;

	notice("waiting for a program called %s", name);
	do {
		n = recv(fd, buf, sizeof(buf), 0);
		if (n < 0 && errno != EINTR && errno != ENOBUFS)
			fatal("cannot wait for a program: %s", strerror(errno));
		pid = n > 0 ? exec_in(buf, n) : 0;
	} while (!pid || !is_called(pid, name));
	close(fd);
	return pid;
}
