/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * -x temporal: the CPUs' records merged by their time.
 *
 * The kernel switches one CPU's buffer after the other, so what a late CPU hands
 * over reaches further than what an early one does: a record may be printed only
 * when no CPU can still hand over an older one, that is, up to the earliest of the
 * times of the last switches. The rest is kept, copied, for the half it stands
 * in is the kernel's again at the next switch. After the stop there is no limit.
 *
 * Committed speculations stand where they were committed, with the times at which
 * they were recorded: within a CPU, order is that of the buffer, and a record counts as
 * no older than the one before it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consume.h"

struct dt_backlog {		/* what a CPU has handed over and is not printed yet */
	char *data;
	size_t size, room, off;
	uint64_t upto;		/* nothing older comes after this */
	uint64_t time;		/* of the record at off */
	struct dt_eprobe *next;	/* the record at off; NULL: none */
};

static int append(dtrace_hdl_t *dtp, struct dt_backlog *b, const char *data, size_t n)
{
	size_t want = b->size + n;
	char *grown;

	if (want > b->room) {
		grown = realloc(b->data, want + want / 2);
		if (!grown)
			return dt_set_errno(dtp, ENOMEM);
		b->data = grown;
		b->room = want + want / 2;
	}
	memcpy(b->data + b->size, data, n);
	b->size += n;
	return 0;
}

/* Drop what has been printed; add what the kernel has. */
static int refill(struct dt_reader *r, uint32_t cpu)
{
	struct dt_backlog *b = &r->dtp->backlog[cpu];
	struct dt_half *h = &r->dtp->cpus[cpu].principal;
	size_t rest = b->size - b->off;

	if (dt_reader_take(r, cpu))
		return -1;
	if (rest && b->off)
		memmove(b->data, b->data + b->off, rest);
	b->size = rest;
	b->off = 0;
	b->upto = h->absent ? UINT64_MAX : h->when;
	if (!r->size)
		return 0;
	return append(r->dtp, b, r->data + h->oldest, r->size - h->oldest) || append(r->dtp, b, r->data, h->oldest);
}

static void read_from(struct dt_reader *r, uint32_t cpu)
{
	r->data = r->dtp->backlog[cpu].data;
	r->size = r->dtp->backlog[cpu].size;
	r->cpu = cpu;
}

static int find_next(struct dt_reader *r, uint32_t cpu)
{
	struct dt_backlog *b = &r->dtp->backlog[cpu];
	const dtrace_rechdr_t *hdr;

	read_from(r, cpu);
	if (dt_next_record(r, &b->off, &b->next))
		return -1;
	hdr = b->next ? (const void *)(b->data + b->off) : NULL;
	if (hdr && hdr->dtrh_timestamp > b->time)
		b->time = hdr->dtrh_timestamp;
	return 0;
}

/* The CPU with the oldest record, if that is older than @limit; -1: none. */
static int oldest(const dtrace_hdl_t *dtp, uint64_t limit)
{
	uint64_t best = limit;
	int found = -1;

	for (uint32_t c = 0; c < dtp->ver.ncpus; c++) {
		const struct dt_backlog *b = &dtp->backlog[c];

		if (b->next && (b->time < best || (found < 0 && limit == UINT64_MAX))) {
			best = b->time;
			found = (int)c;
		}
	}
	return found;
}

int dt_consume_by_time(struct dt_reader *r)
{
	dtrace_hdl_t *dtp = r->dtp;
	uint64_t limit = UINT64_MAX;
	struct dt_backlog *b;
	int cpu, rc;

	if (!dtp->backlog)
		dtp->backlog = calloc(dtp->ver.ncpus, sizeof(*dtp->backlog));
	if (!dtp->backlog)
		return dt_set_errno(dtp, ENOMEM);
	for (uint32_t c = 0; c < dtp->ver.ncpus; c++) {
		if (refill(r, c) || find_next(r, c))
			return -1;
		if (!dtp->stopped && dtp->backlog[c].upto < limit)
			limit = dtp->backlog[c].upto;
	}
	while ((cpu = oldest(dtp, limit)) >= 0) {
		b = &dtp->backlog[cpu];
		read_from(r, (uint32_t)cpu);
		rc = dt_chew_record(r, b->next, b->off);
		if (rc)
			return rc;
		b->off += (b->next->edesc->dtepd_size + 7) & ~7u;
		if (find_next(r, (uint32_t)cpu))
			return -1;
	}
	return DT_REC_NEXT;
}

void dt_backlog_free(dtrace_hdl_t *dtp)
{
	for (uint32_t c = 0; dtp->backlog && c < dtp->ver.ncpus; c++)
		free(dtp->backlog[c].data);
	free(dtp->backlog);
}
