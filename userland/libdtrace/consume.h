/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading records: what consume.c and temporal.c share. */
#ifndef DT_CONSUME_H
#define DT_CONSUME_H

#include "dt_impl.h"

struct dt_reader {
	dtrace_hdl_t *dtp;
	FILE *fp;
	dtrace_consume_probe_f *chew;
	dtrace_consume_rec_f *chewrec;
	void *arg;
	/* what is being read */
	caddr_t data;
	size_t size;
	uint32_t cpu;
};

enum { DT_REC_NEXT = 0, DT_REC_ABORT = 1 };	/* or -1: error set */

/* Have the kernel hand over what @cpu has recorded. 0 or -1. */
int dt_reader_take(struct dt_reader *r, uint32_t cpu);
/* Move *off over padding to the next record; *ret NULL: there is none. 0 or -1. */
int dt_next_record(struct dt_reader *r, size_t *off, struct dt_eprobe **ret);
/* Give the record at @off to the caller's functions, and carry out its statements. DT_REC_* or -1. */
int dt_chew_record(struct dt_reader *r, struct dt_eprobe *ep, size_t off);
/* All CPUs' records in the order of time (temporal.c). DT_REC_* or -1. */
int dt_consume_by_time(struct dt_reader *r);

#endif /* DT_CONSUME_H */
