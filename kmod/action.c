// SPDX-License-Identifier: GPL-2.0-only
/*
 * Actions that record nothing: speculation, and those that change the system.
 *
 * The checker has seen to it (image.c, check_order()) that a clause speculates once at
 * most and before anything that records, and that nothing is recorded after a commit();
 * that who enabled a destructive action was allowed to is the core's affair.
 *
 * commit() and discard() may be about the speculation that this very clause records to.
 * Its record is then in the buffer no longer, and a later fault must not give it back:
 * dest is forgotten. The memory stays good, so what a clause still writes to a
 * discarded record goes nowhere.
 */
#include "engine_impl.h"

bool dtk_act_speculate(struct dtk_mstate *ms, const struct dtk_clause *c, const struct dtk_act *a, u64 id)
{
	struct dtk_buf *buf;

	if (a->arg == DTRACE_SPEC_INHERIT && !id)
		return !c->size || dtk_record(ms, c, ms->cc->buf);
	buf = dtk_spec_buffer(ms, a->arg == DTRACE_SPEC_INHERIT ? (u32)id : id);
	if (!buf)
		return false;
	if (!c->size || dtk_record(ms, c, buf))
		return true;
	ms->cc->specdrops++;
	return false;
}

static void keep_record(struct dtk_mstate *ms, const struct dtk_buf *buf)
{
	if (ms->dest == buf)
		ms->dest = NULL;
}

static void leave_speculation(struct dtk_mstate *ms, u64 id)
{
	if (id && id <= ms->sink->nspec)
		keep_record(ms, &ms->cc->spec[id - 1]);
}

/* A destructive action that the core could not do: @err says why. */
static void refused(struct dtk_mstate *ms, int err, u64 val)
{
	if (err)
		dtk_fault(ms, err == -EPERM ? DTRACEFLT_UPRIV : DTRACEFLT_ILLOP, val);
}

#define SIG_STOP 19	/* Linux' number on every machine that we run on */

void dtk_act_run(struct dtk_mstate *ms, const struct dtk_act *a, u64 val)
{
	switch (a->kind) {
	case DTRACEACT_COMMIT:
		leave_speculation(ms, val);
		keep_record(ms, ms->cc->buf);	/* it is not the last one there any more */
		dtk_spec_commit(ms, val);
		break;
	case DTRACEACT_DISCARD:
		leave_speculation(ms, val);
		dtk_spec_discard(ms, val);
		break;
	case DTRACEACT_STOP:
		refused(ms, dtk_raise(SIG_STOP), 0);
		break;
	case DTRACEACT_RAISE:
		refused(ms, val > U32_MAX ? -EINVAL : dtk_raise(val), val);
		break;
	case DTRACEACT_CHILL:
		refused(ms, dtk_chill(val), val);
		break;
	case DTRACEACT_PANIC:
		dtk_panic();
		break;
	case DTRACEACT_BREAKPOINT:
		dtk_breakpoint();
		break;
	}
}
