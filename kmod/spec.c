// SPDX-License-Identifier: GPL-2.0-only
/*
 * Speculations: records that wait until the program knows whether they matter.
 *
 * A speculation is a state, shared by all CPUs, and one buffer on each CPU.
 * speculate() has the clause's record reserved in this CPU's; commit() moves
 * what is there to the principal buffer, discard() forgets it. Both act at once
 * on the CPU they run on; what other CPUs hold is left to the cleaner, which
 * visits them all (an IPI each) at the consumer's cleanrate.
 *
 *	                 speculation()          discard(), only this CPU wrote
 *	INACTIVE ----------------------> ACTIVE        .--------------> INACTIVE
 *	                                   | speculate()
 *	                                   v           |
 *	                               ACTIVEONE ------+--> DISCARDING -(cleaned)-> INACTIVE
 *	            speculate() on another | \\           discard()
 *	                                   v  `- commit(), only this CPU wrote: COMMITTING -> INACTIVE
 *	                              ACTIVEMANY -- commit() --> COMMITTINGMANY -(cleaned)-> INACTIVE
 *
 * Each step is a compare and exchange. A CPU that has found the state ACTIVE* stays
 * in its firing, interrupts off, until its record is written. So after the state
 * has become COMMITTINGMANY or DISCARDING, a visit by IPI finds that record, and no
 * later firing of that CPU adds one: that is all the cleaner needs. COMMITTING needs
 * no visit: ACTIVEONE, with a record in this CPU's buffer, says that there is no other.
 *
 * A speculation whose record did not fit in its buffer goes on, and the record
 * counts as a speculative drop. One that does not fit in the principal buffer is lost
 * whole: each of its records counts as a drop there.
 *
 * Source: Guide, "Speculative Tracing".
 */
#include "engine_impl.h"

enum spec_state {
	INACTIVE,		/* free; no CPU's buffer holds anything */
	ACTIVE,			/* speculation() gave it out, nothing is recorded */
	ACTIVEONE,		/* one CPU has recorded (or is about to) */
	ACTIVEMANY,		/* several have */
	COMMITTING,		/* on its way to the principal buffer of the one CPU that has records */
	COMMITTINGMANY,		/* likewise, of all CPUs, at the next cleaning */
	DISCARDING,		/* free after the next cleaning */
};

struct dtk_spec {
	u32 state;		/* enum spec_state */
	u32 cleaning;		/* the state that this round of cleaning found, or 0. The cleaner's */
};

/* ---- Control context ----------------------------------------------------------- */

int dtk_specs_create(struct dtk_sink *sink, u32 n)
{
	sink->spec = dtk_alloc((n ? n : 1) * sizeof(*sink->spec));
	if (!sink->spec)
		return -ENOMEM;
	sink->nspec = n;
	return 0;
}

void dtk_specs_destroy(struct dtk_sink *sink)
{
	dtk_free(sink->spec);
	sink->spec = NULL;
	sink->nspec = 0;
}

int dtk_specbufs_create(struct dtk_buf **ret, u32 n, size_t size)
{
	struct dtk_buf *bufs = dtk_alloc((n ? n : 1) * sizeof(*bufs));
	u32 i;

	if (!bufs)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		void *half = dtk_alloc(max_t(size_t, size, 8));

		if (!half) {
			dtk_specbufs_destroy(bufs, i);
			return -ENOMEM;
		}
		dtk_buf_init(&bufs[i], half, NULL, size, DTRACE_BUFPOLICY_SWITCH);
	}
	*ret = bufs;
	return 0;
}

void dtk_specbufs_destroy(struct dtk_buf *bufs, u32 n)
{
	u32 i;

	for (i = 0; bufs && i < n; i++)
		dtk_free(bufs[i].half[0]);
	dtk_free(bufs);
}

/* ---- Moving records -------------------------------------------------------------- */

/* The records of one speculation on one CPU, to that CPU's principal buffer. */
static void move_records(struct dtk_buf *dest, struct dtk_buf *src)
{
	const u8 *from = src->half[0];
	size_t n = src->used, off;
	void *to;

	src->used = 0;
	if (!n)
		return;
	to = dtk_buf_reserve(dest, n);
	if (to) {
		memcpy(to, from, n);
		return;
	}
	/* the first is counted already */
	for (off = ((const struct dtrace_rechdr *)from)->dtrh_size; off < n;
	     off += ((const struct dtrace_rechdr *)(from + off))->dtrh_size) {
		dest->drops++;
		dest->total_drops++;
	}
}

bool dtk_specs_clean_begin(struct dtk_sink *sink)
{
	bool any = false;
	u32 i, state;

	for (i = 0; i < sink->nspec; i++) {
		state = READ_ONCE(sink->spec[i].state);
		if (state != COMMITTINGMANY && state != DISCARDING)
			continue;
		WRITE_ONCE(sink->spec[i].cleaning, state);
		any = true;
	}
	return any;
}

void dtk_specs_clean_cpu(struct dtk_sink *sink, u32 cpu)
{
	struct dtk_ccpu *cc = sink->ccpu[cpu];
	u32 i, state;

	for (i = 0; i < sink->nspec; i++) {
		state = READ_ONCE(sink->spec[i].cleaning);
		if (state == COMMITTINGMANY)
			move_records(cc->buf, &cc->spec[i]);
		else if (state == DISCARDING)
			cc->spec[i].used = 0;
	}
}

void dtk_specs_clean_end(struct dtk_sink *sink)
{
	u32 i;

	for (i = 0; i < sink->nspec; i++) {
		if (!sink->spec[i].cleaning)
			continue;
		WRITE_ONCE(sink->spec[i].cleaning, INACTIVE);
		/* Nobody leaves these two states but we. */
		smp_store_release(&sink->spec[i].state, INACTIVE);
	}
}

/* ---- Probe context ------------------------------------------------------------------ */

u64 dtk_spec_new(struct dtk_mstate *ms)
{
	struct dtk_sink *sink = ms->sink;
	bool busy = false;
	u32 i, state;

	for (i = 0; i < sink->nspec; i++) {
		state = READ_ONCE(sink->spec[i].state);
		if (state == INACTIVE && cmpxchg(&sink->spec[i].state, INACTIVE, ACTIVE) == INACTIVE) {
			dtk_proved(!ms->cc->spec[i].used);
			return i + 1;
		}
		busy |= state >= COMMITTING;
	}
	dtk_count_up(busy ? &sink->spec_busy : &sink->spec_unavail);
	return 0;
}

/* NULL: no speculation is meant, or, with a fault, one that cannot be. */
static struct dtk_spec *spec_of(struct dtk_mstate *ms, u64 id)
{
	if (id > ms->sink->nspec)
		dtk_fault(ms, DTRACEFLT_ILLOP, id);
	return id && id <= ms->sink->nspec ? &ms->sink->spec[id - 1] : NULL;
}

static bool wrote_here(const struct dtk_mstate *ms, u64 id)
{
	return ms->cc->spec[id - 1].used != 0;
}

struct dtk_buf *dtk_spec_buffer(struct dtk_mstate *ms, u64 id)
{
	struct dtk_spec *spec = spec_of(ms, id);
	struct dtk_buf *buf;
	u32 old, seen, next;

	if (!spec)
		return NULL;
	buf = &ms->cc->spec[id - 1];
	seen = READ_ONCE(spec->state);
	do {
		old = seen;
		if (old == ACTIVEMANY || (old == ACTIVEONE && buf->used))
			return buf;
		if (old != ACTIVE && old != ACTIVEONE)
			return NULL;
		next = old == ACTIVE ? ACTIVEONE : ACTIVEMANY;
		seen = cmpxchg(&spec->state, old, next);
	} while (seen != old);
	return buf;
}

void dtk_spec_commit(struct dtk_mstate *ms, u64 id)
{
	struct dtk_spec *spec = spec_of(ms, id);
	u32 old, seen, next;

	if (!spec)
		return;
	seen = READ_ONCE(spec->state);
	do {
		old = seen;
		switch (old) {
		case ACTIVE:
			next = COMMITTING;
			break;
		case ACTIVEONE:
			next = wrote_here(ms, id) ? COMMITTING : COMMITTINGMANY;
			break;
		case ACTIVEMANY:
		case COMMITTINGMANY:	/* for this CPU's part there is no need to wait */
			next = COMMITTINGMANY;
			break;
		default:
			return;
		}
		seen = cmpxchg(&spec->state, old, next);
	} while (seen != old);
	move_records(ms->cc->buf, &ms->cc->spec[id - 1]);
	if (next == COMMITTING)
		smp_store_release(&spec->state, INACTIVE);
}

void dtk_spec_discard(struct dtk_mstate *ms, u64 id)
{
	struct dtk_spec *spec = spec_of(ms, id);
	u32 old, seen, next;

	if (!spec)
		return;
	seen = READ_ONCE(spec->state);
	do {
		old = seen;
		if (old != ACTIVE && old != ACTIVEONE && old != ACTIVEMANY)
			return;
		next = old == ACTIVEONE && wrote_here(ms, id) ? INACTIVE : DISCARDING;
		seen = cmpxchg(&spec->state, old, next);
	} while (seen != old);
	/* Another CPU may have taken the speculation again; on this one nobody looks before we are done. */
	ms->cc->spec[id - 1].used = 0;
}
