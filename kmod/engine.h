/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The engine: from a program image to recorded data.
 *
 *   image.c    blob from userland -> checked dtk_program (clauses, actions, difos, record layouts)
 *   dif_check.c  proves a difo safe to execute      dif_exec.c, dif_subr.c  execute it
 *   vars.c     global, clause-local variables       dynvar.c  thread-local and associative ones
 *   buffer.c   per-CPU principal buffers            agg.c     per-CPU aggregation tables
 *   spec.c     speculations                         subr_sys.c  subroutines that ask or change the system
 *   fire.c     one firing: for each ECB predicate, actions, records, ERROR
 *
 * Plain C over port.h: the same files are in the module and in the userland
 * tests and fuzzers. Nothing here knows about ioctls, providers or processes.
 *
 * Contexts. "control": may sleep and allocate, serialised by the core's mutex.
 * "probe": interrupts off on this CPU for the whole firing, never nested on a
 * CPU, no sleep, no lock, no allocation, every foreign address read through
 * port.h. "switch": runs on the CPU that owns the buffer with interrupts off
 * (an IPI), so it never meets a half-written record.
 */
#ifndef DTK_ENGINE_H
#define DTK_ENGINE_H

#include "port.h"
#include <dtrace/abi.h>

struct dtk_probe;
struct dtk_consumer;
struct dtk_fire;

/* ---- Programs (image.c, dif_check.c) -------------------------------------- */

struct dtk_difo {
	const u32 *text;
	const u64 *ints;
	const char *strs;
	const struct dif_var *vars;
	u32 ntext, nints, nstrs, nvars;
	struct dif_type rtype;
	u32 flags;		/* DTK_DIFO_*, computed by the checker */
	u32 reads;		/* arguments that it may read, by the checker: bit n is arg n; ~0: any */
	u8 copyinstr;		/* 1 + n: it is copyinstr(argn) alone, which need not be executed to be had */
};
#define DTK_COPYINSTR_NTEXT	5	/* ldgs argn; flushts; pushtv; call copyinstr; ret */
#define DTK_COPYINSTR_CALL	3
#define DTK_DIFO_PROBECONST	0x1	/* value depends on nothing but the probe and EPID */
#define DTK_DIFO_DESTRUCTIVE	0x2	/* copyout(), copyoutstr() */
#define DTK_DIFO_VTIME		0x4	/* names vtimestamp */

struct dtk_act {
	u16 kind;		/* DTRACEACT_* */
	u16 ntuple;
	u16 format;
	const struct dtk_difo *difo, *incr;	/* or NULL */
	u32 varid;
	u64 arg, uarg;
	u32 rec;		/* index in the clause's recs, or DTK_NOREC */
	struct dtk_aggact *agg;	/* aggregating actions: layout of a bucket */
	u32 aggidx;		/* first action of an aggregation (its first key, or itself): index in
				 * acts of the aggregating one; else DTK_NOREC */
};
#define DTK_NOREC 0xffffffffu

/* Layout of one aggregating action's buckets; dtagd_id is given when the consumer enables the clause. */
/*
 * A key of an aggregation, while it is looked for (in scratch, where each begins at a multiple of 8 and has
 * whole words) and in the bucket. What tells a string from others ends with its NUL: of the rest of its field nothing
 * is evaluated, hashed or compared; in the bucket it is zero.
 */
struct dtk_aggkey {
	u32 at;			/* in scratch */
	u32 offset;		/* in the bucket */
	u32 size;
	bool string;
};

struct dtk_aggact {
	dtrace_aggid_t id;
	u64 varid;
	u16 kind;		/* DTRACEAGG_* */
	bool constkey;		/* every key is DTK_DIFO_PROBECONST: the bucket is cached per ECB and CPU */
	u32 nkeys;
	struct dtk_aggkey *keys;
	u32 keyroom;		/* bytes of all keys in scratch */
	u32 keysize;		/* bytes after the bucket's header that are keys */
	u32 valoff, valsize;
	u32 size;		/* whole bucket */
	u32 constidx;		/* constkey: which of the clause's nconst it is */
	u32 nrecs;
	dtrace_recdesc_t *recs;	/* [0] variable id, keys, value */
};

struct dtk_clause {
	struct dtk_program *prog;
	const struct dtk_difo *pred;
	struct dtk_act *acts;
	u32 nacts;
	u32 size;		/* principal record, header included; 0: the clause records nothing */
	u32 nrecs;
	dtrace_recdesc_t *recs;
	u32 reads;		/* arguments that it may read: bit n is arg n */
	bool speculates;	/* SPECULATE comes before the first that records: it reserves the record */
	u32 naggs;
	u32 nconst;		/* aggregating actions with constkey */
	/* What a clause is that is nothing else, or NULL: */
	const struct dtk_aggact *counts;	/* a count() with constkey */
	const struct dtk_aggact *counts_str;	/* @[copyinstr(argn)] = count(); acts[0] has the key */
	bool tallies;		/* it only aggregates, by keys that depend on the probe alone */
	u64 uarg;
};

struct dtk_program {
	u32 flags;		/* DTRACE_IMG_* */
	u32 strsize;
	u32 needs;		/* DTK_NEEDS_* */
	u32 nclauses, npats, ndifos;
	struct dtk_clause *clauses;
	const struct dtrace_probe_pat *pats;
	const char *strs;	/* what pats point into */
	struct dtk_difo *difos;
	void *blob;		/* image.c's copy of the image: tables that the above point into */
	u64 refs;		/* ECBs and the enabling that hold it; control context */
};

#define DTK_NEEDS_DESTRUCTIVE	0x1	/* some action or subroutine is destructive */
#define DTK_NEEDS_DEBUGGER	0x2	/* breakpoint() */
#define DTK_NEEDS_VTIME		0x4	/* vtimestamp */

/*
 * Check @blob (owned by the caller, may be freed after) and build a program.
 * Context: control. Returns 0 and *ret (holding one reference), or -errno with @err filled (a sentence
 * for the user). Refuses unknown opcodes, actions, subroutines, table indices
 * out of range, backward branches, paths without ret, registers out of range,
 * unaligned tables, sizes beyond the limits, destructive actions without the flag,
 * variables used with two types within the image.
 */
int dtk_program_load(const void *blob, size_t size, struct dtk_program **ret,
		     struct dtrace_ioc_error *err);
void dtk_program_get(struct dtk_program *prog);
void dtk_program_put(struct dtk_program *prog);

/* ---- Variables (vars.c, dynvar.c) ----------------------------------------- */

struct dtk_vars;		/* all variables of one consumer */

struct dtk_vars *dtk_vars_create(u32 ncpus);
void dtk_vars_destroy(struct dtk_vars *vars);
/*
 * Make room for the variables that @prog's difos name. -EINVAL with @err if one
 * is used with another type or scope than before. On error nothing has changed. Context: control.
 */
int dtk_vars_declare(struct dtk_vars *vars, const struct dtk_program *prog,
		     struct dtrace_ioc_error *err);
/* Allocate dynamic variable space (once, before firing starts). */
int dtk_vars_dynalloc(struct dtk_vars *vars, size_t bytes);
/*
 * Reclaim freed dynamic variables. Step 1 unlinks, then the caller waits for a
 * grace period (no firing that began before is still running), step 2 frees.
 * Context: control, one at a time per consumer; firings go on meanwhile.
 */
bool dtk_vars_clean_begin(struct dtk_vars *vars);	/* false: nothing to do, no step 2 */
void dtk_vars_clean_end(struct dtk_vars *vars);
void dtk_vars_drops(const struct dtk_vars *vars, struct dtrace_ioc_status *st);	/* adds dyndrops* */

/* ---- Buffers (buffer.c, agg.c) -------------------------------------------- */

/*
 * A principal buffer of one CPU: two halves of equal size, one active. The
 * memory is the caller's (page-aligned, zeroed; the module maps it to the
 * consumer read-only).
 */
struct dtk_buf {
	u8 *half[2];
	size_t size;
	u32 policy;		/* DTRACE_BUFPOLICY_* */
	u32 active;
	size_t used;		/* of the active half */
	size_t wakeat;		/* wake the consumer when more is used */
	size_t wrap, end;	/* ring: see buffer.c */
	bool wrapped;
	size_t reserve;		/* fill: bytes kept for END */
	bool full, filled;	/* fill: stopped now, has been stopped once */
	u64 drops, errors;	/* of the active half */
	u64 total_drops;
};
void dtk_buf_init(struct dtk_buf *buf, void *half0, void *half1, size_t size, u32 policy);
/* Reserve @n bytes (multiple of 8). Returns the address or NULL with a drop counted. Context: probe. */
void *dtk_buf_reserve(struct dtk_buf *buf, size_t n);
/* Give back the last @n bytes reserved (the clause faulted). Context: probe, before anything else is reserved. */
void dtk_buf_undo(struct dtk_buf *buf, size_t n);
/* Fill policy: keep @n bytes for END; give them, and a full buffer, free for it. Before GO; context: switch. */
void dtk_buf_keep(struct dtk_buf *buf, size_t n);
void dtk_buf_finish(struct dtk_buf *buf);
/* Context: switch. Fills half, size, oldest, drops, errors, timestamp. */
void dtk_buf_switch(struct dtk_buf *buf, struct dtrace_ioc_switch *out);

/* ---- Speculations (spec.c) -------------------------------------------------- */

struct dtk_sink;
/* A consumer's, from GO on; the buffers are made with each CPU's (dtk_ccpu.spec). */
int dtk_specs_create(struct dtk_sink *sink, u32 n);
void dtk_specs_destroy(struct dtk_sink *sink);
int dtk_specbufs_create(struct dtk_buf **ret, u32 n, size_t size);
void dtk_specbufs_destroy(struct dtk_buf *bufs, u32 n);
/*
 * What commit() and discard() left on other CPUs. begin: which need it; false: none. Then
 * dtk_specs_clean_cpu() on each CPU that has buffers (context: switch), then end. Control
 * context, one at a time per consumer.
 */
bool dtk_specs_clean_begin(struct dtk_sink *sink);
void dtk_specs_clean_cpu(struct dtk_sink *sink, u32 cpu);
void dtk_specs_clean_end(struct dtk_sink *sink);

struct dtk_aggbuf;		/* aggregation table of one CPU: two halves and their private index */
int dtk_aggbuf_create(struct dtk_aggbuf **ret, void *half0, void *half1, size_t size);
void dtk_aggbuf_destroy(struct dtk_aggbuf *ab);
/* Context: switch; O(buckets used) at most. */
void dtk_aggbuf_switch(struct dtk_aggbuf *ab, struct dtrace_ioc_switch *out);
u64 dtk_aggbuf_drops(const struct dtk_aggbuf *ab);
/* Which bucket of quantize(), lquantize() or llquantize() @x belongs to, from 0. */
u32 dtk_agg_bucket_of(u16 kind, u64 arg, s64 x);

/* ---- Firing (fire.c, dif_exec.c) ------------------------------------------ */

/* Per consumer and CPU: where its data goes. Written by that CPU only. */
struct dtk_ccpu {
	struct dtk_buf *buf;
	struct dtk_aggbuf *agg;
	u8 *scratch;		/* DTK_SCRATCH bytes, private to a firing */
	struct dtk_bucketcache *cache;	/* [ecb's cacheidx], constant-key buckets; grown by the core */
	u32 ncache;
	u64 errors, dblerrors, stkstroverflows;
	u64 rand;		/* state of rand(); any value */
	struct dtk_buf *spec;	/* [sink->nspec] */
	u64 specdrops;
};
#define DTK_SCRATCH	(128 * 1024)	/* bytes: two strings of the largest legal strsize */
struct dtk_bucketcache { u32 off, epoch; };	/* epoch 0: empty */

/* The part of a consumer that firing needs. The core embeds it. */
struct dtk_sink {
	u32 live;		/* firing allowed: 0 before GO and after exit() */
	u32 counting;		/* hits that others counted are for us, too: from GO to the end; dtk_lock */
	u32 cpu;		/* DTRACE_CPUALL or the only CPU */
	u32 ncpus;
	struct dtk_ccpu **ccpu;	/* [ncpus], NULL: no buffers there (a nobuffer drop) */
	struct dtk_vars *vars;
	u64 now;		/* unused by probes; set at GO */
	s32 exit_status;
	u32 exiting;		/* set by exit(); no ECB of the consumer fires afterwards, but END's */
	u64 nobuffer;		/* atomic */
	struct dtk_spec *spec;	/* [nspec] */
	u32 nspec;
	u64 spec_busy, spec_unavail;	/* atomic */
};

/* A clause on a probe. Lists are RCU; freed a grace period after unlinking. */
struct dtk_ecb {
	struct dtk_ecb *next;	/* on the probe, in order of enabling */
	struct dtk_sink *sink;
	struct dtk_clause *clause;
	struct dtk_probe *probe;
	dtrace_epid_t epid;
	u32 cacheidx;		/* first of clause->nconst entries in dtk_ccpu.cache */
	bool first;		/* of its consumer's on this probe: it counts lost firings */
};

/* What a provider passes. Lives on its stack. Fields not known are 0, but args from nargs on are never read. */
struct dtk_fire {
	u64 arg[10];
	u32 nargs;		/* args beyond: dtk_arg() of port.h, for pid probes the user stack */
	u32 known;		/* with SOMEARGS: bit n: arg[n] is right. Clauses that read others don't run */
	u32 flags;		/* DTK_FIRE_* */
	struct pt_regs *regs;	/* registers at the probe */
	u64 serial;		/* of the firing on its CPU, from 1: clause-locals live as long; by dtk_fire */
	u64 now;		/* dtk_fire_time()'s; 0: nobody has asked yet */
};
#define DTK_FIRE_USER	0x1	/* regs are user registers and current is the process */
#define DTK_FIRE_ERROR	0x2	/* this is dtrace:::ERROR: faults count as dblerrors */
#define DTK_FIRE_END	0x4	/* BEGIN, END: fire although exiting or not live */
#define DTK_FIRE_ENTRY	0x8	/* with USER: at a function's first instruction, [sp] is the return address */
#define DTK_FIRE_SYSRET	0x20	/* a system call returns; its value is in regs */
#define DTK_FIRE_SOMEARGS 0x40
#define DTK_FIRE_IRQOFF	0x10	/* set by dtk_fire: interrupts were off when it was called */

/*
 * The one `timestamp` of a firing, read when the first clause asks for it: most
 * never do, and a clock costs as much as all the rest of a count().
 */
static inline u64 dtk_fire_time(struct dtk_fire *f)
{
	if (!f->now)
		f->now = dtk_time_mono();
	return f->now;
}

/* The names a firing can see; the core's struct dtk_probe begins with it. */
struct dtk_probename {
	dtrace_id_t id;
	const char *prov, *mod, *func, *name;
};

/*
 * Run one ECB. Context: probe. @cpu is this CPU. A fault ends the clause, is
 * counted and, unless DTK_FIRE_ERROR, calls dtk_error_fire() (the core finds
 * the consumer's ERROR ECBs and runs them with args epid, action index, pc, fault, value:
 * arg1 .. arg5 as in the Guide, chapter "dtrace Provider").
 * False: no clause has recorded, committed or exited.
 */
bool dtk_ecb_run(struct dtk_ecb *ecb, struct dtk_fire *f, u32 cpu);
/*
 * What @n runs of an ECB would have done whose clause only counts (clause->counts); less than 0, if too many were
 * handed over before. Context: probe; the CPU has buffers.
 */
void dtk_ecb_count(struct dtk_ecb *ecb, u32 cpu, u64 n);
/*
 * What @hits runs of an ECB would have done by its aggregating action @act, in a clause with clause->tallies: they
 * come to @more, laid out as the action's value (words in front that are parameters are ignored). Context: probe;
 * the CPU has buffers.
 */
void dtk_ecb_merge(struct dtk_ecb *ecb, u32 cpu, u32 act, const u64 *more, u64 hits);
/*
 * What such a clause would make of these arguments, if its predicate and the action's value need nothing else.
 * False: the predicate is false, or a difo faulted. Context: any.
 */
bool dtk_ecb_eval(struct dtk_ecb *ecb, u32 act, const u64 *arg, u32 nargs, u64 *x);

struct dtk_mstate {		/* machine state of one clause's run */
	struct dtk_fire *f;
	struct dtk_ecb *ecb;
	struct dtk_sink *sink;
	struct dtk_ccpu *cc;
	u32 cpu;
	u32 strsize;
	u32 fault;		/* DTRACEFLT_* or 0 */
	u32 faultpc;		/* bytes from the start of the difo; ~0: not in a difo */
	u64 faultval;
	size_t scratch;		/* bytes used */
	struct dtk_buf *dest;	/* where the record was reserved */
	u8 *record;		/* NULL: not (yet) */
	u64 memsize;		/* what tracemem() may read, as TRACEMEM_DYNSIZE before it said */
	u64 strtok;		/* where strtok(NULL, ...) goes on, 0: nowhere */
};
/* Execute a checked difo. ms->fault says whether the value counts. Context: probe. */
u64 dtk_dif_exec(const struct dtk_difo *difo, struct dtk_mstate *ms);

#endif /* DTK_ENGINE_H */
