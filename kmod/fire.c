// SPDX-License-Identifier: GPL-2.0-only
/*
 * One ECB's part in a firing: the predicate, then the actions, which fill a
 * record or update aggregations.
 *
 * A record is reserved whole, after the predicate and before the first action
 * (in a clause that speculates: by that action, which comes before all that
 * record), and cleared, so that no byte of it is older than this firing. If an action
 * faults, the record is given back (nobody else writes here), the fault is
 * counted, and dtrace:::ERROR fires; actions before it have had their effect.
 *
 * An aggregation is a run of actions: the keys, then the aggregating one. Keys
 * are built in scratch, laid out as in the bucket. When they depend on the
 * probe alone, the bucket is remembered per ECB and CPU, and neither keys nor
 * index are looked at again until the buffer is switched.
 */
#include "engine_impl.h"

/* ---- Fields ---------------------------------------------------------------------- */

static void put_scalar(u8 *dst, u32 size, u64 val)
{
	switch (size) {
	case 1:
		*dst = val;
		break;
	case 2:
		*(u16 *)dst = val;
		break;
	case 4:
		*(u32 *)dst = val;
		break;
	default:
		*(u64 *)dst = val;
	}
}

/*
 * A string. Reading it may leave anything behind its NUL. One that was never assigned is no
 * fault: it prints as nothing.
 */
static void put_string(struct dtk_mstate *ms, const struct dtk_difo *difo, u8 *dst, u32 size, u64 val, bool is_key)
{
	long len = 0;

	if (val)
		len = dtk_mem_copystr(ms, difo, (char *)dst, val, size);
	else
		*dst = '\0';
	if (!is_key && len >= 0)
		memset(dst + len, 0, size - len);
}

/* copyinstr(argn), as if the difo had been executed and its string copied. */
static void put_copyinstr(struct dtk_mstate *ms, const struct dtk_difo *difo, u8 *dst, u32 size, bool is_key)
{
	u64 addr = dtk_builtin_arg(ms, difo->copyinstr - 1);
	long len = dtk_read_user_str((char *)dst, addr, min(size, ms->strsize));

	if (len < 1) {
		dtk_fault(ms, DTRACEFLT_BADADDR, addr);
		ms->faultpc = DTK_COPYINSTR_CALL * sizeof(*difo->text);
	} else if (!is_key) {
		memset(dst + len, 0, size - len);
	}
}

/* A value of a difo's type. */
static void put_value(struct dtk_mstate *ms, const struct dtk_difo *difo, u8 *dst, u32 size, u64 val, bool is_key)
{
	switch (difo->rtype.kind) {
	case DIF_TYPE_STRING:
		put_string(ms, difo, dst, size, val, is_key);
		break;
	case DIF_TYPE_STRUCT:
		dtk_mem_read(ms, difo, dst, val, size);
		break;
	default:
		put_scalar(dst, size, val);
	}
}

static u32 pid_of(struct dtk_mstate *ms)
{
	u64 pid = 0;

	if (!dtk_builtin(DIF_VAR_PID, ms->f, &pid))
		dtk_fault(ms, DTRACEFLT_ILLOP, DIF_VAR_PID);
	return pid;
}

static void put_ustack(struct dtk_mstate *ms, const struct dtk_act *a, u64 *dst)
{
	u32 depth = 0, pid = pid_of(ms), n = DTRACE_USTACK_NFRAMES(a->arg), strsize = DTRACE_USTACK_STRSIZE(a->arg);
	bool only = a->kind == DTRACEACT_PYSTACK;
	u64 why = dtk_stack_user(ms->f, dst + 1, n, &depth);

	if (strsize && !dtk_stack_lang(ms->f, dst + 1, n, (char *)(dst + 1 + n), strsize, only))
		ms->cc->stkstroverflows++;
	dst[0] = (only ? 0 : why << 32) | pid;
}

/* Run @a and write what it records to @dst, which has the field's size and is cleared, or is a key's string. */
static void put_field(struct dtk_mstate *ms, const struct dtk_act *a, u8 *dst, u32 size, bool is_key)
{
	u64 val;

	if (a->kind == DTRACEACT_DIFEXPR && a->difo->copyinstr) {
		put_copyinstr(ms, a->difo, dst, size, is_key);
		return;
	}
	val = a->difo ? dtk_dif_exec(a->difo, ms) : 0;
	if (ms->fault)
		return;
	switch (a->kind) {
	case DTRACEACT_STACK:
		dtk_stack_kernel(ms->f, (u64 *)dst, a->arg);
		break;
	case DTRACEACT_USTACK:
	case DTRACEACT_JSTACK:
	case DTRACEACT_PYSTACK:
		put_ustack(ms, a, (u64 *)dst);
		break;
	case DTRACEACT_USYM:
	case DTRACEACT_UMOD:
	case DTRACEACT_UADDR:
		((u64 *)dst)[0] = pid_of(ms);
		((u64 *)dst)[1] = val;
		break;
	case DTRACEACT_TRACEMEM:
	case DTRACEACT_PRINTM:
		dtk_mem_read(ms, a->difo, dst, val, min_t(u64, size, ms->memsize));
		ms->memsize = U64_MAX;
		break;
	case DTRACEACT_TRACEMEM_DYNSIZE:
		ms->memsize = val;
		put_scalar(dst, size, val);
		break;
	case DTRACEACT_EXIT:
	case DTRACEACT_SYM:
	case DTRACEACT_MOD:
		put_scalar(dst, size, val);
		break;
	default:
		if (size)
			put_value(ms, a->difo, dst, size, val, is_key);
	}
}

/* ---- Aggregations ------------------------------------------------------------------- */

static struct dtk_bucketcache *bucket_cache(const struct dtk_ecb *ecb, struct dtk_ccpu *cc,
					    const struct dtk_aggact *agg)
{
	u32 i = ecb->cacheidx + agg->constidx;

	/* The core publishes a larger array before its size. */
	if (!agg->constkey || i >= smp_load_acquire(&cc->ncache))
		return NULL;
	return &READ_ONCE(cc->cache)[i];
}

/* Evaluate the keys, of actions @first and on, to @key. @at: the action being run, for errors. */
static void build_keys(struct dtk_mstate *ms, const struct dtk_clause *c, u32 first,
		       const struct dtk_aggact *agg, u8 *key, u32 *at)
{
	u32 i;

	for (i = 0; i < agg->nkeys && !ms->fault; i++) {
		const struct dtk_aggkey *k = &agg->keys[i];

		if (!k->string)
			memset(key + k->at, 0, ALIGN(k->size, 8));
		*at = first + i;
		put_field(ms, &c->acts[first + i], key + k->at, k->size, true);
	}
}

/* The aggregation whose first action is @first. @at: the action being run, for errors. */
static void run_agg(struct dtk_mstate *ms, const struct dtk_clause *c, u32 first, u32 *at)
{
	const struct dtk_act *a = &c->acts[c->acts[first].aggidx];
	const struct dtk_aggact *agg = a->agg;
	struct dtk_bucketcache *cache = bucket_cache(ms->ecb, ms->cc, agg);
	u8 *bucket = cache ? dtk_agg_recall(ms->cc->agg, cache) : NULL, *key = NULL;
	size_t mark = ms->scratch;
	u64 val = 0, incr = 1;

	if (!bucket) {
		key = dtk_scratch(ms, agg->keyroom);
		if (key)
			build_keys(ms, c, first, agg, key, at);
	}
	if (ms->fault)
		return;
	*at = c->acts[first].aggidx;
	if (a->difo)
		val = dtk_dif_exec(a->difo, ms);
	if (a->incr && !ms->fault)
		incr = dtk_dif_exec(a->incr, ms);
	if (ms->fault)
		return;
	if (!bucket) {
		bucket = dtk_agg_bucket(ms->cc->agg, agg, key, dtk_agg_hash(agg, key), a->arg);
		if (bucket && cache)
			dtk_agg_remember(ms->cc->agg, bucket, cache);
	}
	if (bucket)
		dtk_agg_update(a->kind, a->arg, (u64 *)(bucket + agg->valoff), val, incr);
	ms->scratch = mark;
}

/* ---- Clauses ---------------------------------------------------------------------------- */

static void run_exit(struct dtk_mstate *ms, const u8 *field)
{
	WRITE_ONCE(ms->sink->exit_status, *(const s32 *)field);
	WRITE_ONCE(ms->sink->exiting, 1);
	/* exit() in BEGIN or END: no later clause of that firing either. */
	ms->f->flags &= ~DTK_FIRE_END;
}

/* Reserve the clause's record in @buf, cleared. False: it was dropped. */
bool dtk_record(struct dtk_mstate *ms, const struct dtk_clause *c, struct dtk_buf *buf)
{
	struct dtrace_rechdr *hdr = dtk_buf_reserve(buf, c->size);

	if (!hdr)
		return false;
	memset(hdr, 0, c->size);
	hdr->dtrh_epid = ms->ecb->epid;
	hdr->dtrh_size = c->size;
	hdr->dtrh_timestamp = dtk_fire_time(ms->f);
	ms->record = (u8 *)hdr;
	ms->dest = buf;
	return true;
}

/* An action without a field in the record. False: the clause ends here. */
static bool run_unrecorded(struct dtk_mstate *ms, const struct dtk_clause *c, const struct dtk_act *a)
{
	u64 val = a->difo ? dtk_dif_exec(a->difo, ms) : 0;

	if (likely(a->kind == DTRACEACT_DIFVAL) || ms->fault)
		return true;
	if (a->kind == DTRACEACT_SPECULATE)
		return dtk_act_speculate(ms, c, a, val);
	dtk_act_run(ms, a, val);
	return true;
}

static void run_actions(struct dtk_mstate *ms, const struct dtk_clause *c, u32 *at)
{
	u32 i;

	for (i = 0; i < c->nacts && !ms->fault; i++) {
		const struct dtk_act *a = &c->acts[i];
		const dtrace_recdesc_t *rec;

		*at = i;
		if (a->aggidx != DTK_NOREC) {
			run_agg(ms, c, i, at);
			i = a->aggidx;
		} else if (a->rec != DTK_NOREC) {
			rec = &c->recs[a->rec];
			put_field(ms, a, ms->record + rec->dtrd_offset, rec->dtrd_size, false);
			if (a->kind == DTRACEACT_EXIT && !ms->fault)
				run_exit(ms, ms->record + rec->dtrd_offset);
		} else if (!run_unrecorded(ms, c, a)) {
			return;
		}
	}
}

/* Count the fault in @ms and tell ERROR. Apart, because its frame is large and its use rare. */
static noinline void report_fault(struct dtk_mstate *ms, u32 action)
{
	struct dtk_fire err = {
		.nargs = 6,
		.flags = ms->f->flags | DTK_FIRE_ERROR,
		.regs = ms->f->regs,
		.serial = ms->f->serial,
		.now = ms->f->now,
	};

	ms->cc->errors++;
	ms->cc->buf->errors++;
	if (ms->f->flags & DTK_FIRE_ERROR) {
		ms->cc->dblerrors++;
		return;
	}
	err.arg[1] = ms->ecb->epid;
	err.arg[2] = action;
	err.arg[3] = ms->faultpc == ~0u ? U64_MAX : ms->faultpc;
	err.arg[4] = ms->fault;
	err.arg[5] = ms->faultval;
	dtk_error_fire(ms->sink, &err);
}

static bool predicate(struct dtk_mstate *ms, const struct dtk_clause *c)
{
	if (!c->pred)
		return true;
	return dtk_dif_exec(c->pred, ms) && !ms->fault;
}

static void run_clause(struct dtk_mstate *ms, const struct dtk_clause *c)
{
	u32 at = ~0u;

	if (predicate(ms, c)) {
		if (c->size && !c->speculates && !dtk_record(ms, c, ms->cc->buf))
			return;
		run_actions(ms, c, &at);
	}
	if (likely(!ms->fault))
		return;
	if (ms->dest)
		dtk_buf_undo(ms->dest, c->size);
	report_fault(ms, at + 1);	/* the predicate counts as action 0 */
}

/*
 * What most probes do, @[probefunc] = count(), once the bucket is known: no
 * machine state, nothing that can fail. False: go the long way.
 */
static bool count_only(const struct dtk_ecb *ecb, struct dtk_ccpu *cc, const struct dtk_aggact *agg, u64 n)
{
	struct dtk_bucketcache *cache = bucket_cache(ecb, cc, agg);
	u8 *bucket = cache ? dtk_agg_recall(cc->agg, cache) : NULL;

	if (!bucket)
		return false;
	*(u64 *)(bucket + agg->valoff) += n;
	return true;
}

/*
 * What is asked most of an interpreter's probes, @[copyinstr(argn)] = count(). False: nothing has been done; go
 * the long way, which also says why it can't be.
 */
static bool count_string(const struct dtk_clause *c, struct dtk_ccpu *cc, const struct dtk_fire *f)
{
	const struct dtk_aggact *agg = c->counts_str;
	u32 n = c->acts[0].difo->copyinstr - 1, size = min(agg->keys[0].size, c->prog->strsize);
	u8 *key = cc->scratch, *bucket;
	bool done = false;

	if (unlikely(n >= f->nargs))
		return false;
	dtk_watch(key, agg->keyroom, DTK_ENGINES);
	if (likely(dtk_read_user_str((char *)key, f->arg[n], size) > 0)) {
		bucket = dtk_agg_string(cc->agg, agg, (u64 *)key);
		if (likely(bucket))
			++*(u64 *)(bucket + agg->valoff);
		done = true;
	}
	dtk_watch(key, agg->keyroom, DTK_NOBODYS);
	return done;
}

/* Apart, because of its frame. */
static noinline void run_ecb(struct dtk_ecb *ecb, struct dtk_fire *f, struct dtk_ccpu *cc, u32 cpu)
{
	struct dtk_mstate ms DTK_UNINIT;	/* all of it is set below */

	ms.f = f;
	ms.ecb = ecb;
	ms.sink = ecb->sink;
	ms.cc = cc;
	ms.cpu = cpu;
	ms.strsize = ecb->clause->prog->strsize;
	ms.fault = 0;
	ms.faultpc = ~0u;
	ms.faultval = 0;
	ms.scratch = 0;
	ms.strtok = 0;
	ms.dest = NULL;
	ms.record = NULL;
	ms.memsize = U64_MAX;
	run_clause(&ms, ecb->clause);
	dtk_watch(cc->scratch, DTK_SCRATCH, DTK_NOBODYS);
}

bool dtk_ecb_run(struct dtk_ecb *ecb, struct dtk_fire *f, u32 cpu)
{
	const struct dtk_clause *c = ecb->clause;
	struct dtk_sink *sink = ecb->sink;
	struct dtk_ccpu *cc;

	if (!(f->flags & DTK_FIRE_END)) {
		if (!READ_ONCE(sink->live) || READ_ONCE(sink->exiting))
			return false;
		if (sink->cpu != DTRACE_CPUALL && sink->cpu != cpu)
			return false;
	}
	cc = cpu < sink->ncpus ? READ_ONCE(sink->ccpu[cpu]) : NULL;
	if (unlikely(!cc)) {
		dtk_count_up(&sink->nobuffer);
		return false;
	}
	if (f->flags & DTK_FIRE_SOMEARGS && c->reads & ~f->known)
		return false;
	if (c->counts && count_only(ecb, cc, c->counts, 1))
		return false;
	if (c->counts_str && count_string(c, cc, f))
		return false;
	run_ecb(ecb, f, cc, cpu);
	return true;
}

/* The first makes the bucket, if need be, and remembers it. */
void dtk_ecb_count(struct dtk_ecb *ecb, u32 cpu, u64 n)
{
	const struct dtk_aggact *agg = ecb->clause->counts;
	struct dtk_ccpu *cc = ecb->sink->ccpu[cpu];
	struct dtk_fire f = { .flags = DTK_FIRE_END };	/* also while the session is not live any more */

	if (count_only(ecb, cc, agg, n))
		return;
	dtk_ecb_run(ecb, &f, cpu);
	if (n != 1 && !count_only(ecb, cc, agg, n - 1) && (s64)n > 1)
		dtk_agg_drop(cc->agg, n - 1);
}

/* ---- What others aggregated ------------------------------------------------------------- */

static struct dtk_ccpu nowhere;		/* of a difo that is executed outside of a firing */

static struct dtk_mstate quiet_state(struct dtk_ecb *ecb, struct dtk_fire *f, struct dtk_ccpu *cc)
{
	return (struct dtk_mstate){
		.f = f, .ecb = ecb, .sink = ecb->sink, .cc = cc, .strsize = ecb->clause->prog->strsize,
		.faultpc = ~0u, .memsize = U64_MAX,
	};
}

bool dtk_ecb_eval(struct dtk_ecb *ecb, u32 act, const u64 *arg, u32 nargs, u64 *x)
{
	const struct dtk_act *a = &ecb->clause->acts[act];
	struct dtk_fire f = { .nargs = nargs };
	struct dtk_mstate ms = quiet_state(ecb, &f, &nowhere);

	memcpy(f.arg, arg, nargs * sizeof(*arg));
	if (!predicate(&ms, ecb->clause))
		return false;
	*x = a->difo ? dtk_dif_exec(a->difo, &ms) : 0;
	return !ms.fault;
}

/* The bucket of the aggregating action @act, whose keys depend on the probe alone. */
static u8 *find_bucket(struct dtk_mstate *ms, const struct dtk_clause *c, u32 act, u32 *at)
{
	const struct dtk_aggact *agg = c->acts[act].agg;
	struct dtk_bucketcache *cache = bucket_cache(ms->ecb, ms->cc, agg);
	u8 *bucket = cache ? dtk_agg_recall(ms->cc->agg, cache) : NULL, *key;

	if (bucket)
		return bucket;
	key = dtk_scratch(ms, agg->keyroom);
	if (key)
		build_keys(ms, c, act - agg->nkeys, agg, key, at);
	if (ms->fault)
		return NULL;
	bucket = dtk_agg_bucket(ms->cc->agg, agg, key, dtk_agg_hash(agg, key), c->acts[act].arg);
	if (bucket && cache)
		dtk_agg_remember(ms->cc->agg, bucket, cache);
	return bucket;
}

void dtk_ecb_merge(struct dtk_ecb *ecb, u32 cpu, u32 act, const u64 *more, u64 hits)
{
	const struct dtk_clause *c = ecb->clause;
	struct dtk_ccpu *cc = ecb->sink->ccpu[cpu];
	struct dtk_fire f = { .flags = DTK_FIRE_END };
	struct dtk_mstate ms = quiet_state(ecb, &f, cc);
	u32 at = act;
	u8 *bucket;

	ms.cpu = cpu;
	bucket = find_bucket(&ms, c, act, &at);
	if (bucket)
		dtk_agg_merge(c->acts[act].agg, (u64 *)(bucket + c->acts[act].agg->valoff), more);
	else if (ms.fault)
		report_fault(&ms, at + 1);
	else if ((s64)hits > 1)
		dtk_agg_drop(cc->agg, hits - 1);	/* one has been counted */
	dtk_watch(cc->scratch, DTK_SCRATCH, DTK_NOBODYS);
}
