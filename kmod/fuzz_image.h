/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Program images of random but mostly plausible instructions and actions, for
 * fuzz_dif.c. The generator's state is all that an image depends on.
 *
 * Each difo begins with a prologue that gives a few registers values worth having, and ends in
 * no-ops that branches may land on (and a mutator may turn into something).
 */
#ifndef FUZZ_IMAGE_H
#define FUZZ_IMAGE_H

#include "test_image.h"

static u64 rng_state;

static u32 rnd(u32 n)
{
	rng_state = rng_state * 6364136223846793005ull + 1442695040888963407ull;
	return n ? (u32)(rng_state >> 33) % n : 0;	/* a damaged image may have none of what is asked for */
}

static const u64 interesting[] = {
	0, 1, 2, 3, 7, 8, 16, 63, 64, 65, 255, 256, 4096, 65535, 65536, 0x7fffffff, 0x80000000,
	0xffffffff, U64_MAX, U64_MAX - 7, 1ull << 63, (1ull << 63) - 1, DTK_SCRATCH, DTK_SCRATCH - 8,
};

static const struct dif_type types[] = {
	{ DIF_TYPE_SCALAR, 0, 0, 1 }, { DIF_TYPE_SCALAR, DIF_TF_SIGNED, 0, 2 },
	{ DIF_TYPE_SCALAR, DIF_TF_SIGNED, 0, 4 }, { DIF_TYPE_SCALAR, 0, 0, 8 },
	{ DIF_TYPE_STRING, DIF_TF_BYREF, 0, 0 }, { DIF_TYPE_STRING, DIF_TF_BYREF, 0, 5 },
	{ DIF_TYPE_STRUCT, DIF_TF_BYREF, 0, 24 }, { DIF_TYPE_STRUCT, DIF_TF_BYREF, 0, 3 },
};

/* Each variable has one scope, kind and type, given by its id. */
#define NVARS 24
#define var_type(id) types[((id) & 0xff) % NVARS * 5 % ARRAY_SIZE(types)]	/* DIF_VAR_USER ends in 00 */

static void add_vars(struct img *m)
{
	u32 id;

	for (id = 0; id < NVARS; id++) {
		u32 scope = id % 3, kind = scope != DIF_SCOPE_LOCAL && id % 4 == 0;

		img_var(m, DIF_VAR_USER + id, scope, kind, var_type(id));
	}
}

/* A register, mostly one of those that add_difo() gave a sensible value. */
static u32 any_reg(void)
{
	return rnd(4) ? 1 + rnd(6) : rnd(DIF_NREGS);
}

/* Where addresses are wanted, and where results go. */
static u32 ptr_reg(void)
{
	return rnd(8) ? 1 + rnd(4) : any_reg();
}

static u32 out_reg(void)
{
	return rnd(8) ? 7 + rnd(9) : any_reg();
}

static u32 pick_var(u32 op)
{
	static const u16 builtins[] = {
#define VAR_ID(name, cname, val) val,
		DIF_VARIABLES(VAR_ID)
#undef VAR_ID
	};
	u32 scope, kind, id = rnd(ARRAY_SIZE(builtins));

	if (op == DIF_OP_LDGS && builtins[id] >= DIF_VAR_ARG0 && rnd(2))
		return rnd(2) ? builtins[id] : DIF_VAR_ARG0 + rnd(10);
	for (id = rnd(NVARS);; id = (id + 1) % NVARS) {
		scope = id % 3;
		kind = scope != DIF_SCOPE_LOCAL && id % 4 == 0;
		if (kind == (op >= DIF_OP_LDGAA) &&
		    scope == (op == DIF_OP_LDTS || op == DIF_OP_STTS || op == DIF_OP_LDTAA ||
			      op == DIF_OP_STTAA ? 1 : op == DIF_OP_LDLS || op == DIF_OP_STLS ? 2 : 0))
			return DIF_VAR_USER + id;
	}
}

static const char *const strings[] = {
	"", "/", "a/b/../c//", "//./x/./../../y/.", "hello", "He", "l", "-0x7f", " \t+42z", "0777", "ffff", "%s%n",
	"{\"a\": [1, {\"b\": \"x\\\"y\"}, 3], \"c\": -1.5}", "{\"c\":[[[]],{}],\"\":true", "[1,[2,[3,\"x\"]]]",
	"a[1].b", "c", "c[0][0]", "[1][1][1]", "a.", "[", "[99999999999]",
	/* with its NUL just beyond a word */
	"12345678", "/usr/bin", "aBcDeFgH", "//usr//local/bin", "01234567/../abcdefghijkl",
};

/* Something for a subroutine's argument: a string, a number, or what is there. */
static u32 any_arg(struct img *m)
{
	u32 reg = 7 + rnd(9);

	switch (rnd(6)) {
	case 0 ... 2:
		img_sets(m, strings[rnd(ARRAY_SIZE(strings))], reg);
		return reg;
	case 3:
		img_setx(m, rnd(3) ? rnd(40) : interesting[rnd(ARRAY_SIZE(interesting))], reg);
		return reg;
	case 4:
		img_op(m, W(LDGS, DIF_VAR_ARG0 + rnd(10), reg));
		return reg;
	default:
		return rnd(3) ? ptr_reg() : any_reg();
	}
}

/* A call with the right number of arguments; of two arguments often a text and something in it. */
static void add_call(struct img *m)
{
	u32 subr, n, reg;

	do {
		subr = rnd(DIF_SUBR_MAX);
	} while (!dtk_subr_fns[subr]);
	img_op(m, R(FLUSHTS, 0, 0, 0));
	for (n = dtk_subrs[subr].min + rnd(dtk_subrs[subr].max - dtk_subrs[subr].min + 1); n; n--) {
		reg = any_arg(m);
		img_op(m, R(PUSHTV, reg, 0, 0));
	}
	img_op(m, W(CALL, subr, out_reg()));
}

/* A text that is JSON, or nearly, and a path; they fit together or not. */
static void add_json(struct img *m)
{
	img_sets(m, strings[12 + rnd(3)], 13);
	img_sets(m, strings[15 + rnd(7)], 14);
	img_op(m, R(FLUSHTS, 0, 0, 0));
	img_op(m, R(PUSHTV, 13, 0, 0));
	img_op(m, R(PUSHTV, 14, 0, 0));
	img_op(m, W(CALL, DIF_SUBR_JSON, out_reg()));
}

/*
 * A dynamic variable under a key that comes again: stored, loaded to where stores go, or removed.
 * By-reference variables get an address, others a number.
 */
static void add_dynamic(struct img *m)
{
	static const u8 stores[] = { DIF_OP_STTS, DIF_OP_STGAA, DIF_OP_STTAA };
	static const u8 loads[] = { DIF_OP_LDTS, DIF_OP_LDGAA, DIF_OP_LDTAA };
	u32 how = rnd(3), id = pick_var(stores[how]);
	bool byref = dtk_type_byref(&var_type(id));

	if (how) {
		img_op(m, R(FLUSHTS, 0, 0, 0));
		if (rnd(3))
			img_op(m, R(PUSHTV, rnd(2) * 6, 0, 0));
		else
			img_op(m, R(PUSHTR, 3 + rnd(2), 5, 1));
	}
	if (rnd(3))
		img_op(m, DIF_INSTR_W(stores[how], id, rnd(3) ? (byref ? 1 + rnd(4) : 5 + rnd(2)) : 0));
	if (rnd(2))
		img_op(m, DIF_INSTR_W(loads[how], id, byref ? 1 + rnd(2) : 7 + rnd(3)));
}

static void add_array(struct img *m)
{
	static const u8 ops[] = { DIF_OP_LDGAA, DIF_OP_STGAA, DIF_OP_LDTAA, DIF_OP_STTAA };
	u32 op = ops[rnd(ARRAY_SIZE(ops))], n;

	img_op(m, R(FLUSHTS, 0, 0, 0));
	for (n = rnd(30) ? 1 + rnd(3) : DIF_TUPLE_MAX - 2 + rnd(5); n; n--) {	/* too many, at times */
		if (n > 3 || rnd(2))
			img_op(m, R(PUSHTV, any_reg(), 0, 0));
		else
			img_op(m, R(PUSHTR, ptr_reg(), any_reg(), 1 + rnd(2)));
	}
	img_op(m, DIF_INSTR_W(op, pick_var(op), op == DIF_OP_LDGAA || op == DIF_OP_LDTAA ?
			      out_reg() : rnd(3) ? ptr_reg() : 0));
}

static void add_branch(struct img *m, u32 left)
{
	u32 at = m->difos[m->ndifos].ntext, op = DIF_OP_BA + rnd(11);

	if (op != DIF_OP_BA)
		img_op(m, rnd(2) ? R(CMP, any_reg(), any_reg(), 0) : R(SCMP, ptr_reg(), ptr_reg(), 0));
	img_op(m, DIF_INSTR_B(op, at + 2 + rnd(1 + left / 4)));
}

/*
 * A store through an address near one that we may write to: what is written ends before, at or
 * behind the end. Mostly to a variable.
 */
static void add_store(struct img *m)
{
	static const u8 ops[] = { DIF_OP_LDTS, DIF_OP_LDGS, DIF_OP_LDLS };
	u32 ptr = 1 + rnd(2), how = rnd(5), op = ops[rnd(3)], id;

	if (rnd(3)) {
		do {
			id = pick_var(op);
		} while (!dtk_type_byref(&var_type(id)));
		if (op == DIF_OP_LDTS)
			img_op(m, W(STTS, id, 3));
		img_op(m, DIF_INSTR_W(op, id, ptr = 8));
	}
	img_setx(m, rnd(6) ? rnd(rnd(2) ? 16 : 160) : -(u64)rnd(80), 7);
	img_op(m, R(ADD, ptr, 7, 9));
	if (!rnd(6))	/* nowhere near */
		img_op(m, W(LDGS, DIF_VAR_ARG0 + rnd(10), 9));
	if (how < 2) {
		img_op(m, DIF_INSTR_R(DIF_OP_STB + rnd(4), any_reg(), 0, 9));
		return;
	}
	img_setx(m, rnd(6) ? rnd(80) : interesting[rnd(ARRAY_SIZE(interesting))], 10);
	if (how == 2) {
		img_op(m, R(COPYS, ptr_reg(), 10, 9));
		return;
	}
	img_op(m, W(LDGS, DIF_VAR_ARG0 + 2, 11));	/* of the process */
	img_op(m, R(FLUSHTS, 0, 0, 0));
	img_op(m, R(PUSHTV, how == 3 ? ptr_reg() : 11, 0, 0));
	img_op(m, R(PUSHTV, how == 3 ? 9 : 10, 0, 0));
	img_op(m, R(PUSHTV, how == 3 ? 10 : 9, 0, 0));
	img_op(m, W(CALL, how == 3 ? DIF_SUBR_BCOPY : DIF_SUBR_COPYINTO, 0));
}

/* Take nearly all of scratch, so that what comes next meets its end. */
static void fill_scratch(struct img *m)
{
	img_setx(m, DTK_SCRATCH - 8 * (16 + rnd(40)), 7);
	img_op(m, R(ALLOCS, 7, 0, 8));
}

/* Mostly addresses, small numbers and strings: what gets far. */
static void add_value(struct img *m)
{
	u32 rd = rnd(3) ? 7 + rnd(9) : 1 + rnd(15);

	switch (rnd(7)) {
	case 6:		/* bytes without a NUL */
		img_op(m, W(LDGS, DIF_VAR_ARG0 + 2, 11));
		img_setx(m, rnd(3) ? 8 * (1 + rnd(4)) : rnd(40), 10);
		img_op(m, R(FLUSHTS, 0, 0, 0));
		img_op(m, R(PUSHTV, 11, 0, 0));
		img_op(m, R(PUSHTV, 10, 0, 0));
		img_op(m, W(CALL, DIF_SUBR_COPYIN, 1 + rnd(4)));
		break;
	case 0:
	case 1:
		img_setx(m, interesting[rnd(ARRAY_SIZE(interesting))], rd);
		break;
	case 2:
	case 3:
		img_sets(m, strings[rnd(ARRAY_SIZE(strings))], rd);
		break;
	case 4:
		img_setx(m, 1 + rnd(64), rd);
		img_op(m, R(ALLOCS, rd, 0, 1 + rnd(15)));
		break;
	default:
		img_op(m, W(LDGS, pick_var(DIF_OP_LDGS), rd));
	}
}

static void add_arithmetic(struct img *m)
{
	static const u64 edges[] = { 1ull << 63, (1ull << 63) - 1, U64_MAX, 0, 1, 64 };

	img_setx(m, edges[rnd(ARRAY_SIZE(edges))], 7);
	img_setx(m, edges[rnd(ARRAY_SIZE(edges))], 8);
	img_op(m, DIF_INSTR_R(DIF_OP_OR + rnd(DIF_OP_TST - DIF_OP_OR), 7, 8, 9));
}

static void add_instr(struct img *m, u32 left)
{
	static const u8 varops[] = {
		DIF_OP_LDGS, DIF_OP_STGS, DIF_OP_LDTS, DIF_OP_STTS, DIF_OP_LDLS, DIF_OP_STLS,
	};
	u32 op;

	switch (rnd(17)) {
	case 0 ... 3:
		add_value(m);
		break;
	case 15:
		add_store(m);
		break;
	case 4:
		add_call(m);
		break;
	case 5:
		add_array(m);
		break;
	case 6:
		if (left > 8)
			add_branch(m, left);
		break;
	case 12 ... 13:
		add_dynamic(m);
		break;
	case 14:
		add_json(m);
		break;
	case 7 ... 8:
		op = varops[rnd(ARRAY_SIZE(varops))];
		img_op(m, DIF_INSTR_W(op, pick_var(op), op == DIF_OP_LDGS || op == DIF_OP_LDTS ||
				      op == DIF_OP_LDLS ? out_reg() : rnd(4) ? ptr_reg() : rnd(2) * 7));
		break;
	case 9:
		op = DIF_OP_LDSB + rnd(DIF_OP_STX - DIF_OP_LDSB + 1);
		if (op >= DIF_OP_ULDSB && op <= DIF_OP_ULDX && rnd(4))
			op -= DIF_OP_ULDSB - DIF_OP_LDSB;
		if (op < DIF_OP_STB)
			img_op(m, DIF_INSTR_R(op, ptr_reg(), 0, out_reg()));
		else
			img_op(m, DIF_INSTR_R(op, any_reg(), 0, 1 + rnd(2)));
		break;
	case 10:
		img_op(m, rnd(2) ? R(COPYS, ptr_reg(), any_reg(), 1 + rnd(3)) :
		       R(LDGA, rnd(3), 5 + rnd(3), out_reg()));
		break;
	case 16:
		add_arithmetic(m);
		break;
	default:
		img_op(m, DIF_INSTR_R(DIF_OP_NOP + rnd(DIF_OP_TST), any_reg(), any_reg(), out_reg()));
	}
}

/* r1, r2 scratch, r3, r4 strings, r5, r6 small numbers. */
static void add_prologue(struct img *m)
{
	img_setx(m, 64, 5);
	img_op(m, R(ALLOCS, 5, 0, 1));
	img_op(m, R(ALLOCS, 5, 0, 2));
	img_sets(m, "a/string", 3);
	img_op(m, W(LDGS, DIF_VAR_PROBEFUNC, 4));
	img_setx(m, rnd(20), 5);
	img_setx(m, 1 + rnd(3), 6);
}

static u32 add_difo(struct img *m)
{
	const struct dif_type *type = &types[m->ndifos ? rnd(ARRAY_SIZE(types)) : 3];
	u32 n = 1 + rnd(20), i;

	img_difo(m);
	add_vars(m);
	if (rnd(8))
		add_prologue(m);
	if (!rnd(12))
		fill_scratch(m);
	for (i = 0; i < n; i++)
		add_instr(m, n - i);
	for (i = 0; i < 14; i++)	/* where branches may land */
		img_op(m, R(NOP, 0, 0, 0));
	img_op(m, RET(!dtk_type_byref(type) ? rnd(16) : rnd(4) ? 1 + rnd(4) : rnd(16)));
	return img_end(m, *type);
}

/* There is at least one: add_difo() sees to it. */
static u32 scalar_difo(struct img *m)
{
	u32 i;

	do {
		i = rnd(m->ndifos);
	} while (dtk_type_byref(&m->difos[i].rtype));
	return i;
}

/* Any action that takes a value. */
static u32 any_kind(bool speculates)
{
	static const u16 kinds[] = {
		DTRACEACT_DIFEXPR, DTRACEACT_PRINTF, DTRACEACT_TRACEMEM, DTRACEACT_DIFVAL,
		DTRACEACT_USYM, DTRACEACT_UMOD, DTRACEACT_UADDR, DTRACEACT_SYM, DTRACEACT_MOD,
		DTRACEACT_LIBACT, DTRACEACT_PRINTA, DTRACEACT_PRINTM, DTRACEACT_PRINT,
		DTRACEACT_TRACEMEM_DYNSIZE,
		/* not after speculate() */
		DTRACEACT_EXIT, DTRACEACT_RAISE, DTRACEACT_CHILL, DTRACEACT_SYSTEM, DTRACEACT_FREOPEN,
		DTRACEACT_DISCARD, DTRACEACT_COMMIT,
	};

	return kinds[rnd(ARRAY_SIZE(kinds) - (speculates ? 7 : rnd(20) ? 2 : 0))];
}

static void add_action(struct img *m, bool speculates)
{
	static const u16 bare[] = {
		DTRACEACT_DEFAULT, DTRACEACT_PRINTF, DTRACEACT_LIBACT,
		DTRACEACT_STOP, DTRACEACT_PANIC, DTRACEACT_BREAKPOINT,
	};
	struct dtrace_act_desc *a;

	switch (rnd(9)) {
	case 3:
		img_act(m, bare[rnd(ARRAY_SIZE(bare) - (speculates ? 3 : 0))], DTRACE_DIFO_NONE);
		break;
	case 0:
		img_act(m, DTRACEACT_STACK, DTRACE_DIFO_NONE)->arg = 1 + rnd(8);
		break;
	case 1:
		a = img_act(m, DTRACEACT_USTACK, DTRACE_DIFO_NONE);
		a->arg = DTRACE_USTACK_ARG(1 + rnd(8), rnd(32));
		break;
	case 2:
		a = img_act(m, rnd(2) ? DTRACEACT_JSTACK : DTRACEACT_PYSTACK, DTRACE_DIFO_NONE);
		a->arg = DTRACE_USTACK_ARG(1 + rnd(8), rnd(32));
		break;
	default:
		a = img_act(m, any_kind(speculates), scalar_difo(m));
		if (a->kind == DTRACEACT_DIFEXPR || a->kind == DTRACEACT_PRINTF || a->kind == DTRACEACT_PRINT)
			a->difo = rnd(m->ndifos);
		if (a->kind == DTRACEACT_TRACEMEM_DYNSIZE) {	/* it is said for the next one */
			a->difo = img_const(m, rnd(200));
			a = img_act(m, DTRACEACT_TRACEMEM, img_builtin(m, DIF_VAR_ARG0 + 6, types[3]));
		}
		if (a->kind == DTRACEACT_TRACEMEM || a->kind == DTRACEACT_PRINTM)
			a->arg = 1 + rnd(100);
	}
}

/* A subroutine without arguments. */
static u32 img_call(struct img *m, u32 subr)
{
	img_difo(m);
	img_op(m, W(CALL, subr, 1));
	img_op(m, RET(1));
	return img_end(m, types[3]);
}

/* speculation() or a small number, most of which are speculations. */
static u32 spec_difo(struct img *m)
{
	if (rnd(3))
		return img_const(m, rnd(3 + (rnd(10) ? 1 : 3)));
	return img_call(m, DIF_SUBR_SPECULATION);
}

/* What is aggregated: also what is at the edges of buckets. */
static u32 value_difo(struct img *m)
{
	static const u64 edges[] = { 1ull << 63, (1ull << 63) - 1, U64_MAX, 0, 1, 1000 };

	return rnd(3) ? scalar_difo(m) : img_const(m, edges[rnd(ARRAY_SIZE(edges))]);
}

static void add_agg(struct img *m)
{
	u32 n = rnd(3), i, kind = rnd(2) ? DTRACEAGG_COUNT + rnd(9) : DTRACEAGG_QUANTIZE + rnd(3);
	struct dtrace_act_desc *a;

	for (i = 0; i < n; i++)
		img_act(m, DTRACEACT_DIFEXPR, rnd(m->ndifos));
	a = img_act(m, kind, kind == DTRACEAGG_COUNT ? DTRACE_DIFO_NONE : value_difo(m));
	a->ntuple = n;
	if (kind >= DTRACEAGG_QUANTIZE && rnd(2))
		a->incr = value_difo(m);
	if (kind == DTRACEAGG_LQUANTIZE)
		a->arg = DTRACE_LQUANTIZE_ARG(rnd(100) - 50, 1 + rnd(20), 1 + rnd(10));
	else if (kind == DTRACEAGG_LLQUANTIZE)
		a->arg = DTRACE_LLQUANTIZE_ARG(rnd(4) ? 10 : rnd(40), rnd(3), rnd(rnd(4) ? 8 : 70),
					       rnd(4) ? 10 : 1 + rnd(20));
}

/* speculate() comes first and commit() before data, unless it is that speculation's. */
static void add_clause(struct img *m)
{
	u32 first = m->nacts, i, how = rnd(8);
	bool speculates = how < 3;
	u32 spec = spec_difo(m);

	if (speculates)
		img_act(m, DTRACEACT_SPECULATE, spec)->arg = rnd(2);
	for (i = how == 3 ? 0 : rnd(4); i; i--)
		rnd(speculates ? 60 : 3) ? add_action(m, speculates) : add_agg(m);
	if (how == 0 || how == 3)
		img_act(m, DTRACEACT_COMMIT, rnd(2) ? spec : spec_difo(m));
	else if (how == 1 || how == 4)
		img_act(m, DTRACEACT_DISCARD, rnd(2) ? spec : spec_difo(m));
	if (rnd(2))	/* which may fault after that */
		img_act(m, DTRACEACT_DIFVAL, scalar_difo(m));
	if (m->nacts == first)
		add_action(m, false);
	img_clause(m, rnd(3) ? DTRACE_DIFO_NONE : scalar_difo(m), m->nacts - first);
}

static struct img *make_image(void)
{
	struct img *m = img_new();
	u32 ndifos = 1 + rnd(5), nclauses = 1 + rnd(4), i;

	m->hdr.strsize = 1 + (rnd(4) ? rnd(60) : rnd(4000));
	m->hdr.flags = rnd(16) ? DTRACE_IMG_DESTRUCTIVE : 0;
	for (i = 0; i < ndifos; i++)
		add_difo(m);
	if (!rnd(3)) {	/* a speculation for those after it */
		img_act(m, DTRACEACT_DIFVAL, img_call(m, DIF_SUBR_SPECULATION));
		img_clause(m, DTRACE_DIFO_NONE, 1);
	}
	while (nclauses--)
		add_clause(m);
	return m;
}

#endif /* FUZZ_IMAGE_H */
