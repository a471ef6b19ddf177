// SPDX-License-Identifier: GPL-2.0-only
/*
 * Principal buffers: per consumer and CPU two halves of memory that the
 * consumer maps. Records are appended to the active half.
 *
 * There is one writer, the CPU that owns the buffer, with interrupts off, and
 * switching is done on that CPU as well (engine.h, context "switch"), so that
 * neither locks nor barriers are needed: the IPI orders what the consumer reads
 * after what was written.
 *
 * Policies: switch appends until the half is full, then counts drops until the
 * consumer takes the half. fill stops for good at the first record that does
 * not fit: what is after a gap would be no answer to "what happened first".
 * (ring: a record that overwrites older ones must find where the oldest whole
 * record starts; not supported yet, the core refuses it.)
 */
#include "engine_impl.h"

void dtk_buf_init(struct dtk_buf *buf, void *half0, void *half1, size_t size, u32 policy)
{
	memset(buf, 0, sizeof(*buf));
	buf->half[0] = half0;
	buf->half[1] = half1;
	buf->size = size;
	buf->policy = policy;
}

void *dtk_buf_reserve(struct dtk_buf *buf, size_t n)
{
	u8 *p = buf->half[buf->active] + buf->used;

	if (unlikely(buf->full || n > buf->size - buf->used)) {
		if (buf->policy == DTRACE_BUFPOLICY_FILL)
			buf->full = true;
		buf->drops++;
		buf->total_drops++;
		return NULL;
	}
	buf->used += n;
	return p;
}

void dtk_buf_undo(struct dtk_buf *buf, size_t n)
{
	buf->used -= n;
}

void dtk_buf_switch(struct dtk_buf *buf, struct dtrace_ioc_switch *out)
{
	out->half = buf->active;
	out->size = buf->used;
	out->oldest = 0;
	out->drops = buf->drops;
	out->errors = buf->errors;
	out->timestamp = dtk_time_mono();
	buf->active ^= 1;
	buf->used = 0;
	buf->drops = 0;
	buf->errors = 0;
}
