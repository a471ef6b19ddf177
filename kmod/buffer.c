// SPDX-License-Identifier: GPL-2.0-only
/*
 * Principal buffers: per consumer and CPU two halves of memory that the
 * consumer maps. Records are appended to the active half. A speculation's
 * buffer (spec.c) is one that has but one half and is never switched.
 *
 * There is one writer, the CPU that owns the buffer, with interrupts off, and
 * switching is done on that CPU as well (engine.h, context "switch"), so that
 * neither locks nor barriers are needed: the IPI orders what the consumer reads
 * after what was written.
 *
 * Policies.
 *
 * switch appends until the half is full, then counts drops until the consumer
 * takes the half.
 *
 * fill stops for good at the first record that does not fit: what is after a
 * gap would be no answer to "what happened first". Some bytes are kept back for
 * what END records; dtk_buf_finish() gives them free.
 *
 * ring begins anew at offset 0 when a record does not fit behind the others,
 * and from then on is two runs of records, the newer one before the older:
 *
 *	0            used      wrap                 end        size
 *	| newer lap   | garbage | what is left of the older lap |
 *
 * A new record moves wrap over the records that it overwrites; each says in its
 * header how long it is. When none is left (wrap reaches end) there is but one
 * run again. When the buffer is switched the garbage is cleared, which the
 * reader takes for padding; it is shorter than the longest record.
 */
#include "engine_impl.h"

void dtk_buf_init(struct dtk_buf *buf, void *half0, void *half1, size_t size, u32 policy)
{
	memset(buf, 0, sizeof(*buf));
	buf->half[0] = half0;
	buf->half[1] = half1;
	buf->size = size & ~(size_t)7;
	buf->policy = policy;
	buf->wakeat = policy == DTRACE_BUFPOLICY_SWITCH ? buf->size / 2 : SIZE_MAX;
	dtk_watch(half0, buf->size, DTK_NOBODYS);
	dtk_watch(half1, buf->size, DTK_NOBODYS);
}

/* A record of @n bytes at @p. From its end to @end there is nothing. */
static void *reserved(u8 *p, size_t n, u8 *end)
{
	dtk_watch(p, n, DTK_ENGINES);
	dtk_watch(p + n, end - (p + n), DTK_NOBODYS);
	return p;
}

static void *dropped(struct dtk_buf *buf)
{
	if (buf->policy == DTRACE_BUFPOLICY_FILL) {
		buf->full = buf->filled = true;
		buf->wakeat = 0;
	}
	buf->drops++;
	buf->total_drops++;
	return NULL;
}

static void *reserve_ring(struct dtk_buf *buf, size_t n)
{
	u8 *base = buf->half[buf->active];

	if (n > buf->size)
		return dropped(buf);
	if (n > buf->size - buf->used) {
		buf->end = buf->used;
		buf->used = 0;
		buf->wrap = 0;
		buf->wrapped = true;
	}
	while (buf->wrapped && buf->wrap < buf->used + n) {
		buf->wrap += ((const struct dtrace_rechdr *)(base + buf->wrap))->dtrh_size;
		if (buf->wrap >= buf->end)
			buf->wrapped = false;
	}
	buf->used += n;
	return reserved(base + buf->used - n, n, base + (buf->wrapped ? buf->wrap : buf->size));
}

void *dtk_buf_reserve(struct dtk_buf *buf, size_t n)
{
	u8 *p = buf->half[buf->active] + buf->used;

	if (unlikely(buf->policy == DTRACE_BUFPOLICY_RING))
		return reserve_ring(buf, n);
	if (unlikely(buf->full || n > buf->size - buf->reserve - buf->used))
		return dropped(buf);
	buf->used += n;
	return reserved(p, n, buf->half[buf->active] + buf->size);
}

void dtk_buf_undo(struct dtk_buf *buf, size_t n)
{
	buf->used -= n;
}

void dtk_buf_keep(struct dtk_buf *buf, size_t n)
{
	if (buf->policy == DTRACE_BUFPOLICY_FILL)
		buf->reserve = min(n, buf->size);
}

void dtk_buf_finish(struct dtk_buf *buf)
{
	buf->reserve = 0;
	buf->full = false;
}

void dtk_buf_switch(struct dtk_buf *buf, struct dtrace_ioc_switch *out)
{
	out->half = buf->active;
	out->size = buf->used;
	out->oldest = 0;
	if (buf->wrapped) {
		dtk_watch(buf->half[buf->active] + buf->used, buf->wrap - buf->used, DTK_ENGINES);
		memset(buf->half[buf->active] + buf->used, 0, buf->wrap - buf->used);
		out->size = buf->end;
		out->oldest = buf->wrap;
		buf->wrapped = false;
	}
	out->drops = buf->drops;
	out->errors = buf->errors;
	out->timestamp = dtk_time_mono();
	buf->active ^= 1;
	dtk_watch(buf->half[buf->active], buf->size, DTK_NOBODYS);
	buf->used = 0;
	buf->drops = 0;
	buf->errors = 0;
}
