/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtrace: -C */
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <linux/if_ether.h>
#include <linux/videodev2.h>
#include <linux/in.h>
#include <sys/epoll.h>
#include <link.h>

struct packed {
	char c;
	int i;
} __attribute__((packed));

/* What attributes say of a layout is so, in headers and here; and what GNU's C allows headers is no error. */
BEGIN
{
	this->p = (struct packed *)alloca(16);
	this->p->i = 0x1020304;
	printf("%d %d %d\n", sizeof(struct packed), offsetof(struct packed, i), ((char *)this->p)[1]);
	printf("%d %d %d\n", sizeof(struct epoll_event), sizeof(struct ethhdr), sizeof(struct v4l2_dv_timings));
	printf("%x %x\n", BPF_F_CTXLEN_MASK, PERF_TXN_ABORT_MASK);
	exit(0);
}
