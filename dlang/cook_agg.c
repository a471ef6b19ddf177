// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Aggregations: @name[keys] = function(arguments).
 *
 * The first use of a name fixes the function, its parameters and the types of
 * the keys; every later one must agree, for all that any clause adds under a
 * name is merged into one table. Integer keys may differ in type: all are
 * converted to one that holds them all, which is known when the last statement
 * has been seen (dt_cook_aggkeys). Only an aggregation of a program compiled
 * before cannot change any more; a key that it could not hold is refused.
 *
 * Source: Guide, "Aggregations"; llquantize: illumos.
 */
#include <string.h>

#include "cook.h"

/* ---- Functions ------------------------------------------------------------------ */

static int scalar_arg(struct dt_cook *ck, const struct dt_node *call, struct dt_node *n, unsigned i)
{
	char name[DT_TYPESTR];

	if (!dt_type_is_scalar(n->type))
		return dt_error(ck->diag, D_AGG_SCALAR, n->loc, "argument %u of %s() must be an integer, not %s", i,
				call->name, dt_typestr(n, name));
	return dt_is_pointer(n->type) ? dt_wrap_cast(ck, n, dt_basic(ck->types, DT_B_INT64)) :
					dt_convert(ck, n, dt_basic(ck->types, DT_B_INT64));
}

/* A parameter that the kernel keeps in @lo..@hi. */
static int const_arg(struct dt_cook *ck, const struct dt_node *call, const struct dt_node *n, const char *what,
		     enum dt_tag type, enum dt_tag range, int64_t lo, int64_t hi, int64_t *ret)
{
	if (!dt_is_const_int(n))	/* the prototypes stop at lquantize()'s step */
		return dt_error(ck->diag, dt_type_is_integer(n->type) || type == D_LQUANT_STEPTYPE ? type : D_PROTO_ARG,
				n->loc, "the %s of %s() must be an integer constant", what, call->name);
	*ret = dt_int(n);
	if (*ret < lo || *ret > hi || (!dt_type_resolve(n->type)->is_signed && *ret < 0))
		return dt_error(ck->diag, range, n->loc, "the %s of %s() must be from %lld to %lld", what,
				call->name, (long long)lo, (long long)hi);
	return 0;
}

static int cook_lquantize(struct dt_cook *ck, struct dt_node *call, uint64_t *arg)
{
	struct dt_node *base_n = call->kid[0]->next, *limit_n = base_n->next, *step_n = limit_n->next;
	int64_t base, limit, step = 1, levels;

	if (const_arg(ck, call, base_n, "base", D_LQUANT_BASETYPE, D_LQUANT_BASEVAL, INT32_MIN, INT32_MAX, &base) ||
	    const_arg(ck, call, limit_n, "limit", D_LQUANT_LIMTYPE, D_LQUANT_LIMVAL, INT32_MIN, INT32_MAX, &limit))
		return -1;
	if (limit <= base)
		return dt_error(ck->diag, D_LQUANT_MISMATCH, limit_n->loc,
				"the limit of lquantize() must be above its base");
	if (step_n && const_arg(ck, call, step_n, "step", D_LQUANT_STEPTYPE, D_LQUANT_STEPVAL, 1, UINT16_MAX, &step))
		return -1;
	levels = (limit - base) / step;
	if (!levels)
		return dt_error(ck->diag, D_LQUANT_STEPLARGE, step_n->loc,
				"the step of lquantize() is larger than the whole range (%lld)",
				(long long)(limit - base));
	if (levels > UINT16_MAX) {
		dt_error(ck->diag, D_LQUANT_STEPSMALL, (step_n ? step_n : call)->loc,
			 "lquantize() would need %lld buckets, and at most %d are possible", (long long)levels,
			 UINT16_MAX);
		return dt_hint(ck->diag, "use a larger step");
	}
	*arg = DTRACE_LQUANTIZE_ARG(base, levels, step);
	return 0;
}

static int check_llquantize(struct dt_cook *ck, const struct dt_node *call, const struct dt_node *const at[4],
			    int64_t factor, int64_t low, int64_t high, int64_t steps)
{
	int64_t v = factor, top = 1;

	if (factor < 2)
		return dt_error(ck->diag, D_LLQUANT_FACTORVAL, at[0]->loc,
				"the factor of llquantize() must be 2 or more");
	if (low >= high)
		return dt_error(ck->diag, D_LLQUANT_HMAGVAL, at[1]->loc,
				"the low magnitude of llquantize() must be below the high one");
	if (steps < factor)
		return dt_error(ck->diag, D_LLQUANT_STEPVAL, at[3]->loc,
				"llquantize() needs at least as many steps as its factor (%lld)", (long long)factor);
	while (v < steps)
		v *= factor;
	if (v % steps || steps % factor)
		return dt_error(ck->diag, D_LLQUANT_STEPVAL, at[3]->loc,
				"the factor of llquantize() must divide its steps, and these a power of the factor");
	for (int64_t i = 0; i <= high; i++)
		if (__builtin_mul_overflow(top, factor, &top))
			return dt_error(ck->diag, D_LLQUANT_HMAGVAL, at[2]->loc,
					"%lld to the power of %lld does not fit into 64 bits", (long long)factor,
					(long long)high + 1);
	(void)call;
	return 0;
}

static int cook_llquantize(struct dt_cook *ck, struct dt_node *call, uint64_t *arg)
{
	static const struct { const char *what; enum dt_tag type, range; } params[4] = {
		{ "factor", D_LLQUANT_FACTORTYPE, D_LLQUANT_FACTORVAL },
		{ "low magnitude", D_LLQUANT_LMAGTYPE, D_LLQUANT_LMAGVAL },
		{ "high magnitude", D_LLQUANT_HMAGTYPE, D_LLQUANT_HMAGVAL },
		{ "number of steps", D_LLQUANT_STEPTYPE, D_LLQUANT_STEPVAL },
	};
	const struct dt_node *at[4], *n = call->kid[0];
	int64_t v[4];

	for (int i = 0; i < 4; i++) {
		at[i] = n = n->next;
		if (const_arg(ck, call, n, params[i].what, params[i].type, params[i].range, 0, UINT16_MAX, &v[i]))
			return -1;
	}
	if (check_llquantize(ck, call, at, v[0], v[1], v[2], v[3]))
		return -1;
	*arg = DTRACE_LLQUANTIZE_ARG(v[0], v[1], v[2], v[3]);
	return 0;
}

static const struct aggfn {
	uint32_t id;
	unsigned lo, hi;
	unsigned incr;		/* which argument is the increment; 0: none */
	int (*params)(struct dt_cook *ck, struct dt_node *call, uint64_t *arg);
} aggfns[] = {
	{ DTRACEAGG_COUNT, 0, 0, 0, NULL },
	{ DTRACEAGG_SUM, 1, 1, 0, NULL },
	{ DTRACEAGG_AVG, 1, 1, 0, NULL },
	{ DTRACEAGG_MIN, 1, 1, 0, NULL },
	{ DTRACEAGG_MAX, 1, 1, 0, NULL },
	{ DTRACEAGG_STDDEV, 1, 1, 0, NULL },
	{ DTRACEAGG_QUANTIZE, 1, 2, 2, NULL },
	{ DTRACEAGG_LQUANTIZE, 3, 5, 5, cook_lquantize },
	{ DTRACEAGG_LLQUANTIZE, 5, 6, 6, cook_llquantize },
};

static const struct aggfn *find_fn(uint32_t id)
{
	for (size_t i = 0; i < sizeof(aggfns) / sizeof(aggfns[0]); i++)
		if (aggfns[i].id == id)
			return &aggfns[i];
	return NULL;
}

/* The function and its arguments, into the last want of the statement. */
static int cook_function(struct dt_cook *ck, struct dt_node *call, struct dt_want *w)
{
	const struct aggfn *fn = find_fn(call->ident->id);
	struct dt_node *n = call->kid[0];
	unsigned i = 1;

	w->kind = (uint16_t)fn->id;
	if (dt_check_args(ck, call, fn->lo, fn->hi) || dt_cook_list(ck, n))
		return -1;
	if (fn->params && fn->params(ck, call, &w->arg))
		return -1;
	if (!n)
		return 0;
	w->val = n;
	for (; n && fn->incr && i < fn->incr; i++)
		n = n->next;
	if (fn->incr)
		w->incr = n;
	if (scalar_arg(ck, call, w->val, 1))
		return -1;
	return w->incr ? scalar_arg(ck, call, w->incr, fn->incr) : 0;
}

/* ---- Keys ------------------------------------------------------------------------------ */

/* Cook a key: an expression, or stack(), usym() and the like. */
static int cook_key(struct dt_cook *ck, struct dt_node *k, struct dt_want *w)
{
	struct dt_ident *id = k->kind == DT_N_CALL ? dt_ident_lookup(ck->idents, DT_SCOPE_GLOBAL, k->name) : NULL;
	char name[DT_TYPESTR];
	bool jstack;

	*w = (struct dt_want){ .kind = DTRACEACT_DIFEXPR, .val = k };
	if (id && id->kind == DT_I_ACTION) {
		if (!dt_cook_function(ck, k))
			return -1;
		w->val = NULL;
		jstack = id->id == DTRACEACT_JSTACK || id->id == DTRACEACT_PYSTACK;
		k->type = dt_keytype(jstack ? DTRACEACT_USTACK : (uint16_t)id->id);
		if (id->id == DTRACEACT_STACK || id->id == DTRACEACT_USTACK || jstack)
			return dt_cook_depth(ck, k, w);
		if (k->type)
			return dt_want_symbol(ck, k, w);
		return dt_error(ck->diag, D_KEY_TYPE, k->loc, "%s() cannot be a key of an aggregation", k->name);
	}
	if (k->kind == DT_N_AGG)
		return dt_error(ck->diag, D_KEY_TYPE, k->loc, "an aggregation cannot be a key");
	if (dt_cook_expr(ck, k))
		return -1;
	if (dt_type_is_scalar(k->type) || dt_type_is_string(k->type) || dt_type_is_sou(k->type))
		return 0;
	if (dt_type_is_strlike(k->type))
		return dt_wrap_cast(ck, k, dt_basic(ck->types, DT_B_STRING));
	return dt_error(ck->diag, D_KEY_TYPE, k->loc, "a value of type %s cannot be a key", dt_typestr(k, name));
}

/* The signature's type must come to hold this key's values, too. */
static int widen(struct dt_cook *ck, struct dt_ident *id, const struct dt_node *k, uint32_t i)
{
	const struct dt_type *t = dt_type_resolve(id->keys[i]), *f = dt_type_resolve(k->type);
	char want[DT_TYPESTR], got[DT_TYPESTR];

	/* two kinds of 64 bits: the same bits are the same key, shown as the first use has it */
	if (dt_widens(k, t) || (t->size == 8 && f->size == 8))
		return 0;
	if (!(id->flags & DT_IDF_FIXED)) {
		id->keys[i] = dt_basic(ck->types, !f->is_signed && f->size == 8 ? DT_B_UINT64 : DT_B_INT64);
		return 0;
	}
	dt_error(ck->diag, D_KEY_TYPE, k->loc,
		 "key %u of @%s[ ] is of type %s since the last program, which cannot hold every %s", i + 1,
		 id->name, dt_type_name(id->keys[i], want, sizeof(want)), dt_typestr(k, got));
	return dt_hint(ck->diag, "cast one of them, so that both have the same type");
}

static int fit_key(struct dt_cook *ck, struct dt_ident *id, struct dt_node *k, uint32_t i)
{
	const struct dt_type *to = id->keys[i];
	char want[DT_TYPESTR], got[DT_TYPESTR];
	struct dt_aggkey *ak;

	if (k->type != to && (dt_keytype_action(to) || !dt_assignable(k, to)))
		return dt_error(ck->diag, D_PROTO_ARG, k->loc,
				"key %u of @%s[ ] was of type %s before, and this is %s", i + 1, id->name,
				dt_type_name(to, want, sizeof(want)), dt_typestr(k, got));
	if (dt_keytype_action(to))
		return 0;
	if (widen(ck, id, k, i))
		return -1;
	ak = dt_arena_alloc(ck->arena, sizeof(*ak));
	if (!ak)
		return dt_nomem(ck, k->loc);
	*ak = (struct dt_aggkey){ .next = ck->aggkeys, .agg = id, .key = k, .i = i };
	ck->aggkeys = ak;
	return 0;
}

int dt_cook_aggkeys(struct dt_cook *ck)
{
	for (struct dt_aggkey *ak = ck->aggkeys; ak; ak = ak->next)
		if (dt_convert(ck, ak->key, ak->agg->keys[ak->i]))
			return -1;
	for (struct dt_aggkey *ak = ck->aggkeys; ak; ak = ak->next)
		ak->agg->flags |= DT_IDF_FIXED;
	return 0;
}

static int fix_keys(struct dt_cook *ck, struct dt_ident *id, struct dt_node *keys, uint32_t n)
{
	const struct dt_type *sig[DIF_TUPLE_MAX];
	uint32_t i = 0;

	for (struct dt_node *k = keys; k; k = k->next)
		sig[i++] = k->type;
	return dt_ident_set_keys(id, sig, n) ? dt_nomem(ck, keys ? keys->loc : (struct dt_loc){ 0 }) : 0;
}

static int cook_keys(struct dt_cook *ck, struct dt_node *agg, struct dt_ident *id, struct dt_rec *rec)
{
	struct dt_node *keys = agg->u.agg.keys;
	uint32_t n = dt_list_len(keys), i = 0;
	struct dt_want w[DIF_TUPLE_MAX];

	if (n > DIF_TUPLE_MAX)
		return dt_error(ck->diag, D_PROTO_LEN, agg->loc, "an aggregation takes at most %d keys",
				DIF_TUPLE_MAX);
	for (struct dt_node *k = keys; k; k = k->next)
		if (cook_key(ck, k, &w[i++]))
			return -1;
	if (!id->keys_known && fix_keys(ck, id, keys, n))
		return -1;
	if (n != id->nkeys)
		return dt_error(ck->diag, D_PROTO_LEN, agg->loc, "@%s[ ] had %u key%s before, and here it has %u",
				id->name, id->nkeys, id->nkeys == 1 ? "" : "s", n);
	i = 0;
	for (struct dt_node *k = keys; k; k = k->next, i++)
		if (fit_key(ck, id, k, i) || dt_cook_want(ck, rec, &w[i]))
			return -1;
	return 0;
}

/* ---- The statement -------------------------------------------------------------------- */

static int64_t lq_limit(uint64_t arg)
{
	return DTRACE_LQUANTIZE_BASE(arg) + (int64_t)DTRACE_LQUANTIZE_LEVELS(arg) * DTRACE_LQUANTIZE_STEP(arg);
}

/* Which parameter of a quantization differs. */
static enum dt_tag mismatch(uint16_t kind, uint64_t a, uint64_t b)
{
	if (kind == DTRACEAGG_LQUANTIZE)
		return DTRACE_LQUANTIZE_BASE(a) != DTRACE_LQUANTIZE_BASE(b) ? D_LQUANT_MATCHBASE :
		       DTRACE_LQUANTIZE_STEP(a) != DTRACE_LQUANTIZE_STEP(b) ? D_LQUANT_MATCHSTEP :
		       lq_limit(a) != lq_limit(b) ? D_LQUANT_MATCHLIM : D_AGG_REDEF;
	return DTRACE_LLQUANTIZE_FACTOR(a) != DTRACE_LLQUANTIZE_FACTOR(b) ? D_LLQUANT_MATCHFACTOR :
	       DTRACE_LLQUANTIZE_LOW(a) != DTRACE_LLQUANTIZE_LOW(b) ? D_LLQUANT_MATCHLMAG :
	       DTRACE_LLQUANTIZE_HIGH(a) != DTRACE_LLQUANTIZE_HIGH(b) ? D_LLQUANT_MATCHHMAG : D_LLQUANT_MATCHSTEPS;
}

static int same_function(struct dt_cook *ck, const struct dt_node *at, const struct dt_ident *id,
			 const struct dt_want *w)
{
	if (id->aggfunc != w->kind)
		return dt_error(ck->diag, D_AGG_REDEF, at->loc,
				"@%s was used with another aggregating function before", id->name);
	if (id->aggarg == w->arg)
		return 0;
	return dt_error(ck->diag, mismatch(w->kind, id->aggarg, w->arg), at->loc,
		        "@%s was used with other parameters of %s() before", id->name, at->name);
}

static struct dt_node *check_shape(struct dt_cook *ck, struct dt_node *e)
{
	struct dt_node *call = e->kid[1];
	const char *name = e->kind == DT_N_AGG ? e->name : e->kid[0]->name;
	struct dt_ident *id;

	if (!name)
		name = "";
	if (e->kind == DT_N_AGG) {
		dt_error(ck->diag, D_AGG_NULL, e->loc, "@%s alone does nothing", name);
		dt_hint(ck->diag, "assign it an aggregating function: @%s = count()", name);
		return NULL;
	}
	if (e->kind != DT_N_OP2 || e->op != DT_OP_ASGN || call->kind != DT_N_CALL) {
		dt_error(ck->diag, D_AGG_FUNC, e->loc, "@%s can only be assigned an aggregating function", name);
		dt_hint(ck->diag, "for example @%s = count(), or sum(x)", name);
		return NULL;
	}
	id = dt_cook_function(ck, call);
	if (!id)
		return NULL;
	if (id->kind != DT_I_AGGFUNC) {
		dt_error(ck->diag, D_AGG_FUNC, call->loc, "%s() is not an aggregating function", call->name);
		return NULL;
	}
	return call;
}

int dt_cook_agg(struct dt_cook *ck, struct dt_node *stmt)
{
	struct dt_node *e = stmt->kid[0], *call = check_shape(ck, e), *agg;
	struct dt_want w = { 0 };
	struct dt_ident *id;

	if (!call)
		return -1;
	agg = e->kid[0];
	id = dt_ident_lookup_agg(ck->idents, agg->name ? agg->name : "");
	if (!id) {
		id = dt_ident_add_agg(ck->idents, agg->name ? agg->name : "");
		if (!id)
			return dt_nomem(ck, agg->loc);
		id->where = agg->loc;
	}
	stmt->rec = dt_cook_rec(ck, (uint16_t)call->ident->id);
	if (!stmt->rec || cook_function(ck, call, &w))
		return -1;
	if (!id->aggfunc) {
		id->aggfunc = w.kind;
		id->aggarg = w.arg;
	}
	if (same_function(ck, call, id, &w) || cook_keys(ck, agg, id, stmt->rec))
		return -1;
	w.varid = id->id;
	w.ntuple = (uint16_t)id->nkeys;
	return dt_cook_want(ck, stmt->rec, &w);
}
