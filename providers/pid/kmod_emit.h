/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Emitting instructions for stubs. Plain C over port.h.
 *
 * Code is written for the address where it will run. What does not fit, in the buffer or in a
 * displacement, sets "far"; nothing is to be used then.
 */
#ifndef DPID_EMIT_H
#define DPID_EMIT_H

#include "kmod_insn.h"

#define DPID_INT3	0xcc
#define DPID_CODE_MAX	80

struct dpid_code {
	u64 at;			/* where it will run */
	u32 n;
	bool far;		/* a displacement did not fit, or the buffer's end was reached */
	u8 b[DPID_CODE_MAX];
};

static inline void dpid_emit(struct dpid_code *s, const void *p, u32 n)
{
	if (s->n + n > DPID_CODE_MAX) {
		s->far = true;
		return;
	}
	memcpy(s->b + s->n, p, n);
	s->n += n;
}

static inline void dpid_emit1(struct dpid_code *s, u8 v)
{
	dpid_emit(s, &v, 1);
}

/* A displacement to @to, counted from @after bytes behind its own end. */
static inline void dpid_emit_rel32(struct dpid_code *s, u64 to, u32 after)
{
	s64 rel = to - (s->at + s->n + 4 + after);
	s32 v = rel;

	if (v != rel)
		s->far = true;
	dpid_emit(s, &v, sizeof(v));
}

static inline void dpid_emit_jmp(struct dpid_code *s, u64 to)
{
	dpid_emit1(s, 0xe9);
	dpid_emit_rel32(s, to, 0);
}

static inline void dpid_emit_jcc(struct dpid_code *s, u8 condition, u64 to)
{
	dpid_emit1(s, 0x0f);
	dpid_emit1(s, 0x80 | condition);
	dpid_emit_rel32(s, to, 0);
}

/* The instruction @b of @addr with a RIP-relative operand, if any, pointing where it did. */
static inline void dpid_emit_moved(struct dpid_code *s, const struct dpid_insn *in, const u8 *b, u64 addr)
{
	if (!in->off) {
		dpid_emit(s, b, in->len);
		return;
	}
	dpid_emit(s, b, in->off);
	dpid_emit_rel32(s, dpid_insn_target(in, b, addr), in->len - in->off - 4);
	dpid_emit(s, b + in->off + 4, in->len - in->off - 4);
}

#endif /* DPID_EMIT_H */
