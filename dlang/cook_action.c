// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Actions: the statements that record. Each turns its arguments into a list
 * of wants: the kernel's actions, in order, with the expressions they record.
 *
 * Source: Guide, "Actions and Subroutines", "Aggregations", "Output Formatting".
 */
#include <string.h>

#include "cook.h"

struct act {
	const char *name;
	unsigned lo, hi;	/* arguments */
	int (*cook)(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec);
	enum dt_tag proto;	/* of another number of arguments, if not D_PROTO_LEN */
};

/* ---- Values --------------------------------------------------------------------- */

static int cook_trace(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	struct dt_node *val = call->kid[0];

	if (val->kind == DT_N_AGG)
		return dt_error(ck->diag, D_TRACE_AGG, val->loc, "trace() cannot record an aggregation: use printa()");
	if (!dt_is_action(ck, val) && dt_cook_expr(ck, val))
		return -1;
	if (!val->type || dt_is_void(val->type))
		return dt_error(ck->diag, D_TRACE_VOID, val->loc, "trace() needs a value, and this has none");
	if (val->kind == DT_N_XLATE && dt_is_pointer(val->type)) {
		dt_error(ck->diag, D_TRACE_DYN, val->loc,
			 "trace() would record the address of the scratch memory that holds the translation");
		return dt_hint(ck->diag, "trace a member of it, or print() what it points to");
	}
	return dt_want_value(ck, rec, DTRACEACT_DIFEXPR, val, 0);
}

static int cook_tracemem(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	struct dt_node *addr = call->kid[0], *size = addr->next, *dyn = size ? size->next : NULL;
	char name[DT_TYPESTR];

	if (dt_list_len(addr) > 3)
		return dt_error(ck->diag, D_TRACEMEM_ARGS, call->loc, "tracemem() takes at most 3 arguments");
	if (dt_check_args(ck, call, 2, 3) || dt_cook_list(ck, addr) || dt_decay(ck, addr))
		return -1;
	if (!dt_type_is_scalar(addr->type))
		return dt_error(ck->diag, D_TRACEMEM_ADDR, addr->loc,
				"tracemem() needs an address, not a value of type %s", dt_typestr(addr, name));
	if (!dt_is_const_int(size) || dt_int(size) <= 0 || dt_int(size) > UINT16_MAX)
		return dt_error(ck->diag, D_TRACEMEM_SIZE, size->loc,
				"the size of tracemem() must be a constant between 1 and 65535");
	if (dyn && !dt_type_is_integer(dyn->type))
		return dt_error(ck->diag, D_TRACEMEM_DYNSIZE, dyn->loc,
				"the third argument of tracemem(), how many bytes to show, must be an integer, not %s",
				dt_typestr(dyn, name));
	if (dyn && (dt_convert(ck, dyn, dt_basic(ck->types, DT_B_INT64)) ||
		    dt_want_value(ck, rec, DTRACEACT_TRACEMEM_DYNSIZE, dyn, 0)))
		return -1;
	return dt_want_value(ck, rec, DTRACEACT_TRACEMEM, addr, (uint64_t)dt_int(size));
}

static int cook_exit(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	struct dt_node *status = call->kid[0];
	char name[DT_TYPESTR];

	if (dt_refuse_actions(ck, call) || dt_cook_expr(ck, status))
		return -1;
	if (!dt_type_is_integer(status->type))
		return dt_error(ck->diag, D_PROTO_ARG, status->loc, "the argument of exit() must be an integer, not %s",
				dt_typestr(status, name));
	if (dt_convert(ck, status, dt_basic(ck->types, DT_B_INT)))
		return -1;
	return dt_want_value(ck, rec, DTRACEACT_EXIT, status, 0);
}

/* ---- Stacks and symbols; as statements and as keys ---------------------------------- */

static int const_arg(struct dt_cook *ck, const struct dt_node *n, enum dt_tag tag, const char *what,
		     uint32_t max, uint32_t *ret)
{
	if (!dt_is_const_int(n) || dt_int(n) < 0 || (uint64_t)dt_int(n) > max || (!dt_int(n) && max < 65536))
		return dt_error(ck->diag, tag, n->loc, "%s must be a constant integer from %d to %u", what,
				max < 65536, max);
	*ret = (uint32_t)dt_int(n);
	return 0;
}

/*
 * stack([frames]), ustack([frames[, strsize]]), jstack([frames[, strsize]]),
 * pystack([frames[, strsize]]). With room for strings interpreted languages name their
 * frames there; without, a ustack() has native frames alone.
 */
int dt_cook_depth(struct dt_cook *ck, struct dt_node *call, struct dt_want *w)
{
	bool jstack = call->ident->id == DTRACEACT_JSTACK || call->ident->id == DTRACEACT_PYSTACK;
	bool user = jstack || call->ident->id == DTRACEACT_USTACK;
	uint32_t frames = jstack ? ck->cc->jstackframes : user ? ck->cc->ustackframes : ck->cc->stackframes;
	uint32_t strsize = jstack ? ck->cc->jstackstrsize : 0;
	struct dt_node *n = call->kid[0];

	if (dt_list_len(n) > (user ? 2 : 1))
		return dt_error(ck->diag, user ? D_USTACK_PROTO : D_STACK_PROTO, call->loc,
				"%s() takes at most %d argument%s", call->name, user ? 2 : 1, user ? "s" : "");
	if (dt_cook_list(ck, n))
		return -1;
	if (n && const_arg(ck, n, user ? D_USTACK_FRAMES : D_STACK_SIZE, "the number of frames", 4096, &frames))
		return -1;
	if (n && n->next && const_arg(ck, n->next, D_USTACK_STRSIZE, "the size of the strings", 65536, &strsize))
		return -1;
	w->kind = (uint16_t)call->ident->id;
	w->arg = user ? DTRACE_USTACK_ARG(frames, strsize) : frames;
	return 0;
}

/* usym(addr), ufunc, umod, uaddr: the address is recorded, its name found later. */
int dt_want_symbol(struct dt_cook *ck, struct dt_node *call, struct dt_want *w)
{
	struct dt_node *addr = call->kid[0];
	char name[DT_TYPESTR];

	if (dt_check_args(ck, call, 1, 1) || dt_cook_expr(ck, addr) || dt_decay(ck, addr))
		return -1;
	if (!dt_type_is_scalar(addr->type))
		return dt_error(ck->diag, D_PROTO_ARG, addr->loc, "the argument of %s() must be an address, not %s",
				call->name, dt_typestr(addr, name));
	if (dt_wrap_cast(ck, addr, dt_basic(ck->types, DT_B_UINT64)))
		return -1;
	w->kind = (uint16_t)call->ident->id;
	w->val = addr;
	return 0;
}

static int cook_stack(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	struct dt_want w = { 0 };

	return dt_cook_depth(ck, call, &w) ? -1 : dt_cook_want(ck, rec, &w);
}

static int cook_symbol(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	struct dt_want w = { 0 };

	return dt_want_symbol(ck, call, &w) ? -1 : dt_cook_want(ck, rec, &w);
}

/* ---- printf, printa -------------------------------------------------------------------- */

static int cook_format(struct dt_cook *ck, const struct dt_node *call, struct dt_node *n,
		       struct dt_rec *rec, bool may_be_empty)
{
	if (n->kind != DT_N_STR && dt_cook_expr(ck, n))
		return -1;
	if (n->kind != DT_N_STR)
		return dt_error(ck->diag, dt_type_is_strlike(n->type) ? D_PRINTF_ARG_FMT : D_PROTO_ARG, n->loc,
				"the format of %s() must be a string constant", call->name);
	if (!n->u.s.len && !may_be_empty)
		return dt_error(ck->diag, D_PRINTF_FMT_EMPTY, n->loc, "the format of %s() is empty", call->name);
	if (strlen(n->u.s.bytes) != n->u.s.len)
		return dt_error(ck->diag, D_PRINTF_ARG_FMT, n->loc, "the format of %s() contains a NUL", call->name);
	rec->fmt = dt_format_parse(n->u.s.bytes, n->loc, ck->diag);
	return rec->fmt ? 0 : -1;
}

static bool is_symbolic(uint32_t act)
{
	return act == DTRACEACT_STACK || act == DTRACEACT_USTACK || act == DTRACEACT_JSTACK ||
	       act == DTRACEACT_PYSTACK || act == DTRACEACT_SYM || act == DTRACEACT_MOD ||
	       act == DTRACEACT_USYM || act == DTRACEACT_UMOD || act == DTRACEACT_UADDR;
}

/* What no conversion can print. */
static int refuse_valueless(struct dt_cook *ck, const struct dt_node *args)
{
	const struct dt_ident *id;

	for (; args; args = args->next) {
		if (args->kind == DT_N_AGG)
			return dt_error(ck->diag, D_PRINTF_ARG_TYPE, args->loc,
					"an aggregation is printed by printa(), not by printf()");
		id = args->kind == DT_N_CALL ? dt_ident_lookup(ck->idents, DT_SCOPE_GLOBAL, args->name) : NULL;
		if (!id || id->kind != DT_I_ACTION)
			continue;
		dt_error(ck->diag, D_PRINTF_ARG_TYPE, args->loc, "%s() is an action and has no value to print",
			 args->name);
		return is_symbolic(id->id) ?
		       dt_hint(ck->diag, "write %s() as a statement of its own%s", args->name,
			       id->id == DTRACEACT_SYM ? ", or print the address with %a" :
			       id->id == DTRACEACT_USYM ? ", or print the address with %A" : "") : -1;
	}
	return 0;
}

/* The first value's action is the PRINTF; without values it stands alone. */
int dt_cook_formatted(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec, bool may_be_empty)
{
	struct dt_node *args = call->kid[0]->next;
	uint16_t kind = (uint16_t)call->ident->id;

	if (cook_format(ck, call, call->kid[0], rec, may_be_empty) || refuse_valueless(ck, args) ||
	    dt_cook_list(ck, args) || dt_check_printf(ck, call, rec->fmt, args))
		return -1;
	if (!args)
		return dt_want_value(ck, rec, kind, NULL, 0);
	for (; args; args = args->next, kind = DTRACEACT_DIFEXPR)
		if (dt_want_value(ck, rec, kind, args, 0))
			return -1;
	return 0;
}

static int cook_printf(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	return dt_cook_formatted(ck, call, rec, false);
}

struct aggtags {
	enum dt_tag arg, bad;
};

/* An argument that must be an aggregation, without keys. */
static struct dt_ident *agg_arg(struct dt_cook *ck, const struct dt_node *call, const struct dt_node *n,
				struct aggtags tags)
{
	struct dt_ident *id;
	const char *name = n->name ? n->name : "";

	if (n->kind != DT_N_AGG) {
		dt_error(ck->diag, tags.arg, n->loc, "%s() needs an aggregation here", call->name);
		return NULL;
	}
	if (n->u.agg.has_keys) {
		dt_error(ck->diag, tags.arg, n->loc, "%s() takes all of @%s: leave out the keys", call->name, name);
		return NULL;
	}
	id = dt_ident_lookup_agg(ck->idents, name);
	if (!id) {
		dt_error(ck->diag, tags.bad, n->loc, "there is no aggregation @%s", name);
		dt_hint(ck->diag, "an aggregation exists from its first use on, in the order of the program");
	}
	return id;
}

static int add_agg(struct dt_cook *ck, struct dt_rec *rec, struct dt_ident *id, unsigned room)
{
	if (!rec->aggs) {
		rec->aggs = dt_arena_alloc(ck->arena, room * sizeof(*rec->aggs));
		if (!rec->aggs)
			return dt_nomem(ck, (struct dt_loc){ 0 });
	}
	rec->aggs[rec->naggs++] = id;
	return 0;
}

static int same_keys(struct dt_cook *ck, const struct dt_node *at, const struct dt_ident *a,
		     const struct dt_ident *b)
{
	bool same = a->nkeys == b->nkeys;

	if (!same)
		return dt_error(ck->diag, D_PRINTA_AGGPROTO, at->loc, "@%s has %u keys and @%s has %u", a->name,
				a->nkeys, b->name, b->nkeys);
	for (uint32_t i = 0; i < a->nkeys; i++)
		if (a->keys[i] != b->keys[i] && !dt_type_same(a->keys[i], b->keys[i]))
			return dt_error(ck->diag, D_PRINTA_AGGKEY, at->loc,
					"key %u of @%s and of @%s are of different types", i + 1, a->name, b->name);
	return 0;
}

/* printa(@a, @b ...), printa("format", @a, @b ...) */
static int cook_printa(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	static const struct aggtags tags = { D_PRINTA_AGGARG, D_PRINTA_AGGBAD };
	struct dt_node *n = call->kid[0];
	unsigned room = dt_list_len(n);

	if (n->kind != DT_N_AGG) {
		if (!n->next)
			return dt_error(ck->diag, n->kind == DT_N_STR ? D_PRINTA_PROTO : D_PRINTA_AGGARG, n->loc,
					"printa() needs an aggregation");
		if (cook_format(ck, call, n, rec, false))
			return -1;
		n = n->next;
	}
	for (; n; n = n->next) {
		struct dt_ident *id = agg_arg(ck, call, n, tags);

		if (!id || add_agg(ck, rec, id, room) || same_keys(ck, n, rec->aggs[0], id))
			return -1;
	}
	if (dt_check_printa(ck, call, rec))
		return -1;
	return dt_want_value(ck, rec, DTRACEACT_PRINTA, NULL, 0);
}

/* ---- What the consumer does to an aggregation ------------------------------------------- */

static int cook_libact(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec, enum dt_libact act,
		       struct aggtags tags, enum dt_tag scalar)
{
	struct dt_node *n = call->kid[0], *val = n->next;
	struct dt_ident *id = agg_arg(ck, call, n, tags);
	char name[DT_TYPESTR];

	if (!id || add_agg(ck, rec, id, 1))
		return -1;
	if (val) {
		if (dt_cook_expr(ck, val))
			return -1;
		if (!dt_type_is_integer(val->type))
			return dt_error(ck->diag, scalar, val->loc,
					"the second argument of %s() must be an integer, not %s", call->name,
					dt_typestr(val, name));
		if (act == DT_ACT_NORMALIZE && dt_is_zero(val))
			return dt_error(ck->diag, D_DIV_ZERO, val->loc, "normalize() divides by this, and it is zero");
		if (dt_convert(ck, val, dt_basic(ck->types, DT_B_INT64)))
			return -1;
	}
	return dt_want_value(ck, rec, DTRACEACT_LIBACT, val, act);
}

static int cook_clear(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	static const struct aggtags tags = { D_CLEAR_AGGARG, D_CLEAR_AGGBAD };

	return cook_libact(ck, call, rec, DT_ACT_CLEAR, tags, D_UNKNOWN);
}

static int cook_trunc(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	static const struct aggtags tags = { D_TRUNC_AGGARG, D_TRUNC_AGGBAD };

	return cook_libact(ck, call, rec, DT_ACT_TRUNC, tags, D_TRUNC_SCALAR);
}

static int cook_normalize(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	static const struct aggtags tags = { D_NORMALIZE_AGGARG, D_NORMALIZE_AGGBAD };

	return cook_libact(ck, call, rec, DT_ACT_NORMALIZE, tags, D_NORMALIZE_SCALAR);
}

static int cook_denormalize(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	static const struct aggtags tags = { D_NORMALIZE_AGGARG, D_NORMALIZE_AGGBAD };

	return cook_libact(ck, call, rec, DT_ACT_DENORMALIZE, tags, D_UNKNOWN);
}

/* ---- Dispatch ------------------------------------------------------------------------------ */

#define MANY 10000

static const struct act acts[] = {
	{ "trace", 1, 1, cook_trace },
	{ "tracemem", 2, MANY, cook_tracemem },
	{ "printf", 1, MANY, cook_printf },
	{ "printa", 1, MANY, cook_printa },
	{ "print", 1, 1, dt_cook_print },
	{ "printm", 2, 2, dt_cook_printm },
	{ "exit", 1, 1, cook_exit },
	{ "stack", 0, MANY, cook_stack },
	{ "ustack", 0, MANY, cook_stack },
	{ "jstack", 0, MANY, cook_stack },
	{ "pystack", 0, MANY, cook_stack },
	{ "usym", 1, 1, cook_symbol },
	{ "ufunc", 1, 1, cook_symbol },
	{ "umod", 1, 1, cook_symbol },
	{ "uaddr", 1, 1, cook_symbol },
	{ "sym", 1, 1, cook_symbol },
	{ "func", 1, 1, cook_symbol },
	{ "mod", 1, 1, cook_symbol },
	{ "speculate", 1, 1, dt_cook_spec },
	{ "commit", 1, 1, dt_cook_spec },
	{ "discard", 1, 1, dt_cook_spec },
	{ "stop", 0, 0, dt_cook_plain },
	{ "raise", 1, 1, dt_cook_raise },
	{ "chill", 1, 1, dt_cook_chill },
	{ "panic", 0, 0, dt_cook_plain },
	{ "breakpoint", 0, 0, dt_cook_plain },
	{ "clear", 1, 1, cook_clear, D_CLEAR_PROTO },
	{ "trunc", 1, 2, cook_trunc, D_TRUNC_PROTO },
	{ "normalize", 2, 2, cook_normalize, D_NORMALIZE_PROTO },
	{ "denormalize", 1, 1, cook_denormalize, D_NORMALIZE_PROTO },
	{ "system", 1, MANY, dt_cook_system },
	{ "freopen", 1, MANY, dt_cook_freopen },
	{ "ftruncate", 0, 0, dt_cook_ftruncate },
	{ "setopt", 1, 2, dt_cook_setopt },
};

int dt_cook_action(struct dt_cook *ck, struct dt_node *stmt)
{
	struct dt_node *call = stmt->kid[0];
	struct dt_ident *id = dt_cook_function(ck, call);

	if (!id)
		return -1;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (strcmp(acts[i].name, call->name))
			continue;
		if (acts[i].hi == MANY && !call->kid[0] && acts[i].lo)
			return dt_error(ck->diag, D_PROTO_LEN, call->loc, "%s() needs an argument", call->name);
		if (acts[i].hi != MANY && dt_check_args_tag(ck, call, acts[i].lo, acts[i].hi, acts[i].proto))
			return -1;
		stmt->rec = dt_cook_rec(ck, (uint16_t)id->id);
		return stmt->rec ? acts[i].cook(ck, call, stmt->rec) : -1;
	}
	return dt_error(ck->diag, D_UNKNOWN, call->loc, "internal: nothing cooks %s()", call->name);
}
