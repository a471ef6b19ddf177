/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the engine's files share with each other and nobody else needs.
 */
#ifndef DTK_ENGINE_IMPL_H
#define DTK_ENGINE_IMPL_H

#include "engine.h"

/* ---- Checking (image.c, dif_check.c) -------------------------------------- */

#define DTK_TYPE_MAX	65536		/* bytes of a by-reference value */
#define DTK_RECORD_MAX	(1u << 20)	/* bytes of a record or bucket */
#define DTK_NSCOPES	3
#define DTK_NUSERVARS	(DIF_VAR_MAX + 1 - DIF_VAR_USER)

/* State of one image's check. */
struct dtk_check {
	struct dtrace_ioc_error *err;
	u32 strsize;
	u32 flags;		/* DTRACE_IMG_* */
	u32 difo;		/* which one is being checked, for err */
	/* What each variable is in this image, and the last difo (+ 1) that names it. */
	struct dtk_checkvar {
		const struct dif_var *var;
		u32 difo;
	} *vars;		/* [DTK_NSCOPES * DTK_NUSERVARS] */
	s8 *depth;		/* [DIF_TEXT_MAX]: see dif_check.c */
};

/* Say why the image is refused; the value is -EINVAL. */
__attribute__((format(printf, 3, 4)))
void dtk_explain(struct dtk_check *ck, u32 pc, const char *fmt, ...);
#define dtk_refuse(ck, pc, ...) (dtk_explain(ck, pc, __VA_ARGS__), -EINVAL)
#define DTK_NOPC 0xffffffffu

int dtk_type_check(struct dtk_check *ck, const struct dif_type *type, bool maybe_void);
/* Check tables that are in range already; computes flags, reads and copyinstr. */
int dtk_difo_check(struct dtk_check *ck, struct dtk_difo *difo);

static inline u32 dtk_type_size(const struct dif_type *type, u32 strsize)
{
	return type->kind == DIF_TYPE_STRING && !type->size ? strsize : type->size;
}

static inline bool dtk_type_byref(const struct dif_type *type)
{
	return type->kind != DIF_TYPE_SCALAR;
}

/* Cut @val to the size of a scalar type and extend it to 64 bits again. */
static inline u64 dtk_type_extend(const struct dif_type *type, u64 val)
{
	u32 unused = 64 - 8 * type->size;

	if (type->size == 0 || type->size >= 8)
		return val;
	if (type->flags & DIF_TF_SIGNED)
		return (u64)((s64)(val << unused) >> unused);
	return val << unused >> unused;
}

/* ---- Execution (dif_exec.c, dif_subr.c) ----------------------------------- */

struct dtk_tupelem {
	u64 val;		/* value, or address */
	u32 size;		/* by reference: at most, exactly for DIF_TYPE_STRUCT */
	u32 kind;		/* DIF_TYPE_* */
};

struct dtk_exec {
	struct dtk_mstate *ms;
	const struct dtk_difo *difo;
	u64 cmpa, cmpb;		/* what cmp, tst or scmp compared last: the condition codes */
	u32 ntup;
	u64 reg[DIF_NREGS];
	struct dtk_tupelem tup[DIF_TUPLE_MAX];
};

/* Subroutines take their arguments from the tuple stack. NULL: not supported yet. */
typedef u64 dtk_subr_fn(struct dtk_exec *x);
extern dtk_subr_fn *const dtk_subr_fns[DIF_SUBR_MAX];
extern const struct dtk_subr {
	const char *name;
	u8 min, max;			/* arguments */
} dtk_subrs[DIF_SUBR_MAX];

/* subr_json.c, subr_sys.c: those not in dif_subr.c. */
u64 dtk_subr_json(struct dtk_exec *x);
u64 dtk_subr_copyout(struct dtk_exec *x);
u64 dtk_subr_copyoutstr(struct dtk_exec *x);
u64 dtk_subr_d_path(struct dtk_exec *x);
u64 dtk_subr_speculation(struct dtk_exec *x);
u64 dtk_subr_progenyof(struct dtk_exec *x);
u64 dtk_subr_mutex_owned(struct dtk_exec *x);
u64 dtk_subr_mutex_owner(struct dtk_exec *x);
u64 dtk_subr_mutex_type_adaptive(struct dtk_exec *x);
u64 dtk_subr_mutex_type_spin(struct dtk_exec *x);
u64 dtk_subr_rw_iswriter(struct dtk_exec *x);
u64 dtk_subr_rw_read_held(struct dtk_exec *x);
u64 dtk_subr_rw_write_held(struct dtk_exec *x);

/* A string that can be looked at: @len bytes without NUL, private to this firing. */
struct dtk_str {
	const char *p;
	size_t len;
};

static inline void dtk_fault(struct dtk_mstate *ms, u32 fault, u64 val)
{
	if (ms->fault)
		return;
	ms->fault = fault;
	ms->faultval = val;
}

/* Memory of this firing, aligned to 8, not cleared; NULL with NOSCRATCH raised. */
static inline void *dtk_scratch(struct dtk_mstate *ms, u64 n)
{
	u8 *p = ms->cc->scratch + ms->scratch;

	if (n > DTK_SCRATCH - ms->scratch) {
		dtk_fault(ms, DTRACEFLT_NOSCRATCH, n);
		return NULL;
	}
	ms->scratch += ALIGN((size_t)n, 8);
	dtk_watch(p, ALIGN((size_t)n, 8), DTK_PROGRAMS);
	return p;
}

/*
 * The next @n bytes, which the caller knows to be there, but not yet how many of them it
 * needs: it fills them, then takes that many with dtk_scratch().
 */
static inline void *dtk_scratch_room(struct dtk_mstate *ms, size_t n)
{
	u8 *p = ms->cc->scratch + ms->scratch;

	dtk_watch(p, n, DTK_ENGINES);
	return p;
}

/* Above the mark there is nothing any more; at the end of an instruction at the latest. */
static inline void dtk_scratch_settle(struct dtk_mstate *ms)
{
	dtk_watch(ms->cc->scratch + ms->scratch, DTK_SCRATCH - ms->scratch, DTK_NOBODYS);
}

static inline bool dtk_in_scratch(const struct dtk_mstate *ms, u64 addr, u64 n)
{
	u64 off = addr - (uintptr_t)ms->cc->scratch;

	return off <= ms->scratch && n <= ms->scratch - off;
}

/* All raise the fault that explains a false or negative return. */
bool dtk_mem_read(struct dtk_mstate *ms, const struct dtk_difo *difo, void *dst, u64 addr, u64 n);
bool dtk_mem_canstore(struct dtk_mstate *ms, u64 addr, u64 n);
/* Copy a string to @dst, at most @n > 0 bytes with its NUL; returns its length. */
long dtk_mem_copystr(struct dtk_mstate *ms, const struct dtk_difo *difo, char *dst, u64 addr, size_t n);
/* The string at @addr, cut at strsize - 1; uses scratch unless it is there already. */
bool dtk_mem_str(struct dtk_mstate *ms, const struct dtk_difo *difo, u64 addr, struct dtk_str *s);

/* argN, as dtk_fire and the provider have it (dif_exec.c). */
u64 dtk_builtin_arg(struct dtk_mstate *ms, u64 n);

/* ---- Speculations (spec.c) -------------------------------------------------- */

/* Add one to a counter that several CPUs share. */
static inline void dtk_count_up(u64 *p)
{
	u64 old, seen = READ_ONCE(*p);

	do {
		old = seen;
		seen = cmpxchg(p, old, old + 1);
	} while (seen != old);
}

/* All with ids from 1; 0, and an id that is not speculating any more, do nothing. Probe context. */
u64 dtk_spec_new(struct dtk_mstate *ms);
/* Where a speculation's records go on this CPU; NULL: nowhere. ILLOP for an id that never was. */
struct dtk_buf *dtk_spec_buffer(struct dtk_mstate *ms, u64 id);
void dtk_spec_commit(struct dtk_mstate *ms, u64 id);
void dtk_spec_discard(struct dtk_mstate *ms, u64 id);

/* ---- Actions that change the system, and those kept out of fire.c (action.c) -- */

/* fire.c */
bool dtk_record(struct dtk_mstate *ms, const struct dtk_clause *c, struct dtk_buf *buf);

/* Anything that is neither an aggregation nor a field of the record; its value is @val. */
void dtk_act_run(struct dtk_mstate *ms, const struct dtk_act *a, u64 val);
/* SPECULATE: reserve the clause's record. False: nothing of the clause is recorded from here on. */
bool dtk_act_speculate(struct dtk_mstate *ms, const struct dtk_clause *c, const struct dtk_act *a, u64 id);

/* ---- Hashing --------------------------------------------------------------- */

static inline u64 dtk_hash_word(u64 h, u64 word)
{
	h = (h ^ word) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 32;
}

static inline u64 dtk_hash_words(u64 h, const u64 *words, size_t n)
{
	while (n--)
		h = dtk_hash_word(h, *words++);
	return h;
}

/* ---- Variables (vars.c, dynvar.c) ------------------------------------------ */

struct dtk_var {
	struct dif_type type;
	u32 size;		/* bytes of the value */
	u8 scope, kind;
	u16 id;
	u8 *data;		/* global and clause-local scalars; local: of CPU 0 */
	size_t stride;		/* local: bytes from one CPU's to the next's */
	u64 *stamp;		/* local: the firing that wrote it last, of CPU 0 */
	u32 stampstride;
	struct dtk_var *next;	/* vars.c */
};

/* NULL: never declared for this consumer. */
struct dtk_var *dtk_var_find(const struct dtk_vars *vars, u32 scope, u32 id);
/* Value (by reference: address) of a global or clause-local scalar. */
u64 dtk_var_load(struct dtk_mstate *ms, const struct dtk_var *var);
void dtk_var_store(struct dtk_mstate *ms, const struct dtk_difo *difo, const struct dtk_var *var,
		   u64 val);
/* Do these bytes belong to a variable that a firing on @cpu may write? */
bool dtk_vars_own(const struct dtk_vars *vars, u32 cpu, u64 addr, u64 n);
struct dtk_dyn *dtk_vars_dyn(const struct dtk_vars *vars);

struct dtk_dynkey {
	const u64 *words;
	u32 nwords;
	u32 hash;
};

int dtk_dyn_create(struct dtk_dyn **ret, u32 ncpus, size_t bytes);
void dtk_dyn_destroy(struct dtk_dyn *dyn);
/* Address of the value, aligned to 8, or NULL. Good until the firing ends. */
void *dtk_dyn_load(struct dtk_dyn *dyn, const struct dtk_dynkey *key);
/* Store @len of @size bytes of value (the rest is zero when it is new). A failure is counted as a drop. */
void dtk_dyn_store(struct dtk_dyn *dyn, u32 cpu, const struct dtk_dynkey *key,
		   const void *val, size_t len, size_t size);
void dtk_dyn_remove(struct dtk_dyn *dyn, u32 cpu, const struct dtk_dynkey *key);
bool dtk_dyn_own(const struct dtk_dyn *dyn, u64 addr, u64 n);
bool dtk_dyn_clean_begin(struct dtk_dyn *dyn);
void dtk_dyn_clean_end(struct dtk_dyn *dyn);
void dtk_dyn_drops(const struct dtk_dyn *dyn, struct dtrace_ioc_status *st);

/* ---- Aggregations (agg.c) --------------------------------------------------- */

/* Bytes of the value of an aggregating action, 0 if @arg is invalid: then *why says why. */
u32 dtk_agg_valsize(u16 kind, u64 arg, const char **why);
/* Of agg->keys as they are at @key, and of the aggregation. */
u64 dtk_agg_hash(const struct dtk_aggact *agg, const u8 *key);
/*
 * The bucket with these keys, which have this hash, made if need be; NULL with a drop counted. Keys that
 * change meanwhile do no harm.
 */
u8 *dtk_agg_bucket(struct dtk_aggbuf *ab, const struct dtk_aggact *agg, const u8 *key, u64 hash, u64 arg);
/* The same for a count() with one key, a string, which is hashed here. Clears what follows it in its last word. */
u8 *dtk_agg_string(struct dtk_aggbuf *ab, const struct dtk_aggact *agg, u64 *key);
/* Offset and epoch to find the bucket again without its key, and the way back. */
void dtk_agg_remember(const struct dtk_aggbuf *ab, const u8 *bucket, struct dtk_bucketcache *cache);
/* @n updates found no bucket. */
void dtk_agg_drop(struct dtk_aggbuf *ab, u64 n);
u8 *dtk_agg_recall(struct dtk_aggbuf *ab, const struct dtk_bucketcache *cache);
void dtk_agg_update(u16 kind, u64 arg, u64 *value, s64 x, s64 incr);
/* Add what another value of the same action has come to, if it began like a new bucket's. */
void dtk_agg_merge(const struct dtk_aggact *agg, u64 *value, const u64 *more);

#endif /* DTK_ENGINE_IMPL_H */
