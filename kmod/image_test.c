// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loading images: what a good one becomes, and every way to be refused.
 *
 * Each bad image is a good one with one thing wrong, so that it is that thing
 * which is refused; the message says which.
 */
#include "test_image.h"

static int setup(void **state)
{
	dtk_port_reset();
	return 0;
}

static int teardown(void **state)
{
	return dtk_port.nalloc ? -1 : 0;
}

static void expect_refused(u8 *blob, size_t size, const char *why)
{
	struct dtrace_ioc_error err = { 0 };
	struct dtk_program *prog;

	if (!dtk_program_load(blob, size, &prog, &err))
		fail_msg("accepted, but: %s", why);
	if (!strstr(err.msg, why))
		fail_msg("refused by \"%s\", not by: %s", err.msg, why);
	assert_int_equal(dtk_port.nalloc, 0);
}

/* One clause of the whole landscape; a fresh one for each damage. */
static struct img *good(void)
{
	struct img *m = img_new();
	struct dtrace_act_desc *a;
	u32 one = img_const(m, 1), name = img_builtin(m, DIF_VAR_PROBEFUNC, t_str);

	img_difo(m);
	img_var(m, 0x500, DIF_SCOPE_GLOBAL, DIF_KIND_SCALAR, t_u64);
	img_op(m, W(LDGS, 0x500, 1));
	img_op(m, RET(1));
	img_act(m, DTRACEACT_DIFVAL, img_end(m, t_u64));
	img_act(m, DTRACEACT_DIFEXPR, one);
	img_act(m, DTRACEACT_DIFEXPR, name);
	img_act(m, DTRACEACT_STACK, DTRACE_DIFO_NONE)->arg = 4;
	a = img_act(m, DTRACEAGG_QUANTIZE, one);
	a->ntuple = 2;
	a->incr = one;
	img_clause(m, one, 5);
	return m;
}

static void good_one(void **state)
{
	struct dtrace_ioc_error err;
	struct dtk_program *prog;
	struct dtk_clause *c;
	struct dtk_aggact *agg;

	assert_int_equal(img_load(good(), &prog, &err), 0);
	assert_int_equal(prog->nclauses, 1);
	assert_int_equal(prog->npats, 1);
	assert_int_equal(prog->strsize, 64);
	c = &prog->clauses[0];
	assert_int_equal(c->size, 24);
	assert_int_equal(c->naggs, 1);
	assert_int_equal(c->nconst, 0);
	agg = c->acts[4].agg;
	assert_int_equal(c->acts[2].aggidx, 4);
	assert_int_equal(agg->nrecs, 4);
	assert_int_equal(agg->recs[0].dtrd_offset, 8);
	assert_int_equal(agg->recs[1].dtrd_offset, 16);
	assert_int_equal(agg->recs[1].dtrd_size, 64);
	assert_int_equal(agg->recs[2].dtrd_offset, 80);
	assert_int_equal(agg->recs[2].dtrd_size, 32);
	assert_int_equal(agg->recs[3].dtrd_offset, 112);
	assert_int_equal(agg->recs[3].dtrd_action, DTRACEAGG_QUANTIZE);
	assert_int_equal(agg->size, 112 + 127 * 8);
	dtk_program_get(prog);
	dtk_program_put(prog);
	dtk_program_put(prog);
}

/* Where python-dtrace and others expect the first key and the value. */
static void count_layout(void **state)
{
	struct img *m = img_new();
	struct dtk_program *prog;
	struct dtk_aggact *agg;

	m->hdr.strsize = 256;
	img_act(m, DTRACEACT_DIFEXPR, img_builtin(m, DIF_VAR_PROBEFUNC, t_str));
	img_act(m, DTRACEAGG_COUNT, DTRACE_DIFO_NONE)->ntuple = 1;
	img_clause(m, DTRACE_DIFO_NONE, 2);
	assert_int_equal(img_load(m, &prog, NULL), 0);
	agg = prog->clauses[0].acts[1].agg;
	assert_int_equal(agg->recs[1].dtrd_offset, 16);
	assert_int_equal(agg->valoff, 272);
	assert_int_equal(agg->size, 280);
	assert_true(agg->constkey);
	assert_int_equal(prog->clauses[0].nconst, 1);
	dtk_program_put(prog);
}

static void headers(void **state)
{
#define TABLE(t) offsetof(struct dtrace_image_hdr, t.off)
	static const struct {
		size_t off;	/* of a u32 */
		u32 val;
		const char *why;
	} cases[] = {
		{ 0, 1, "not a program image" },
		{ 4, 2, "version 2" },
		{ 8, 64, "says it has" },
		{ 12, 0x80, "unknown flags" },
		{ 16, 0, "strsize" },
		{ 16, 65537, "strsize" },
		{ 20, 1, "unknown flags" },
		{ TABLE(text), 1, "instructions" },
		{ TABLE(text), 0x7ffffff8, "instructions" },
		{ TABLE(text) + 4, 0x40000001, "instructions" },
		{ TABLE(ints) + 4, 0x20000000, "integers" },
		{ TABLE(ints), 0xfffffff8, "integers" },
		{ TABLE(strs) + 4, 0xffffffff, "string bytes" },
		{ TABLE(strs) + 4, 0, "NUL" },
		{ TABLE(vars) + 4, 0x08000001, "variables" },
		{ TABLE(difos) + 4, 0x10000000, "difos" },
		{ TABLE(actions) + 4, 0x05555556, "actions" },
		{ TABLE(clauses) + 4, 0x10000000, "clauses" },
		{ TABLE(probes) + 4, 0x10000000, "probe descriptions" },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct img *m = good();
		size_t size;
		u8 *blob = img_blob(m, &size);

		memcpy(blob + cases[i].off, &cases[i].val, 4);
		expect_refused(blob, size, cases[i].why);
		free(blob);
		free(m);
	}
}

static void truncated(void **state)
{
	struct img *m = good();
	struct dtrace_ioc_error err;
	struct dtk_program *prog;
	size_t size, n;
	u8 *blob = img_blob(m, &size), *cut;

	for (n = 0; n < size; n++) {
		cut = malloc(n + 1);
		memcpy(cut, blob, n);
		if (n >= sizeof(m->hdr))
			((struct dtrace_image_hdr *)cut)->size = n;
		assert_int_equal(dtk_program_load(cut, n, &prog, &err), -EINVAL);
		free(cut);
	}
	expect_refused(blob, DTRACE_IMAGE_MAX + 1, "larger than");
	free(blob);
	free(m);
}

typedef void damage_fn(struct img *m);

#define DAMAGE(name, stmt) static void name(struct img *m) { stmt; }
DAMAGE(text_slice,	m->difos[0].ntext = 100)
DAMAGE(text_wraps,	m->difos[0].text = 0xffffffff)
DAMAGE(no_text,		m->difos[0].ntext = 0)
DAMAGE(ints_slice,	m->difos[0].nints = 100)
DAMAGE(strs_slice,	m->difos[0].nstrs = 1000)
DAMAGE(vars_slice,	m->difos[0].nvars = 0xffffffff)
DAMAGE(strs_nul,	m->strs[m->difos[0].strs] = 'x')
DAMAGE(rtype_kind,	m->difos[0].rtype.kind = 3)
DAMAGE(rtype_size,	m->difos[0].rtype.size = 3)
DAMAGE(rtype_flags,	m->difos[0].rtype.flags = 8)
DAMAGE(rtype_byref,	m->difos[0].rtype.flags = DIF_TF_BYREF)
DAMAGE(string_byval,	m->difos[1].rtype.flags = 0)
DAMAGE(string_size,	m->difos[1].rtype.size = 65537)
DAMAGE(var_name,	m->vars[0].name = 1)
DAMAGE(var_scope,	m->vars[0].scope = 3)
DAMAGE(var_kind,	m->vars[0].kind = 2)
DAMAGE(var_flags,	m->vars[0].flags = 4)
DAMAGE(var_builtin,	m->vars[0].id = 0x4ff)
DAMAGE(var_local_array,	m->vars[0].scope = DIF_SCOPE_LOCAL; m->vars[0].kind = DIF_KIND_ARRAY)
DAMAGE(var_void,	m->vars[0].type.size = 0)
DAMAGE(act_pad,		m->acts[0].pad = 1)
DAMAGE(act_kind,	m->acts[0].kind = 0x7f)
DAMAGE(act_difo,	m->acts[0].difo = 3)
DAMAGE(act_void,	m->acts[0].kind = DTRACEACT_DIFEXPR; m->difos[2].rtype.size = 0)
DAMAGE(act_none,	m->acts[0].difo = DTRACE_DIFO_NONE)
DAMAGE(act_extra,	m->acts[3].difo = 0)
DAMAGE(act_incr,	m->acts[1].incr = 0)
DAMAGE(act_string,	m->acts[0].kind = DTRACEACT_EXIT; m->acts[0].difo = 1)
DAMAGE(stack_frames,	m->acts[3].arg = 1ull << 32 | 1)
DAMAGE(ustack_strs,	m->acts[3].kind = DTRACEACT_USTACK; m->acts[3].arg = U64_MAX)
DAMAGE(mem_size,	m->acts[1].kind = DTRACEACT_TRACEMEM)
DAMAGE(key_kind,	m->acts[2].kind = DTRACEACT_PRINTF)
DAMAGE(key_count,	m->acts[4].ntuple = 5)
DAMAGE(agg_difo,	m->acts[4].difo = DTRACE_DIFO_NONE)
DAMAGE(agg_string,	m->acts[4].difo = 1)
DAMAGE(agg_incr,	m->acts[4].kind = DTRACEAGG_SUM)
DAMAGE(agg_kind,	m->acts[4].kind = 0x7ff)
DAMAGE(agg_levels,	m->acts[4].kind = DTRACEAGG_LQUANTIZE)
DAMAGE(agg_factor,	m->acts[4].kind = DTRACEAGG_LLQUANTIZE)
DAMAGE(agg_uneven,	m->acts[4].kind = DTRACEAGG_LLQUANTIZE;
			m->acts[4].arg = DTRACE_LLQUANTIZE_ARG(10, 0, 6, 30))
DAMAGE(agg_high,	m->acts[4].kind = DTRACEAGG_LLQUANTIZE;
			m->acts[4].arg = DTRACE_LLQUANTIZE_ARG(10, 0, 19, 10))
DAMAGE(agg_huge,	m->acts[4].kind = DTRACEAGG_LLQUANTIZE;
			m->acts[4].arg = DTRACE_LLQUANTIZE_ARG(2, 16, 40, 32768))
DAMAGE(clause_acts,	m->clauses[0].nactions = 6)
DAMAGE(clause_wraps,	m->clauses[0].action = 0xffffffff)
DAMAGE(clause_pad,	m->clauses[0].pad = 1)
DAMAGE(clause_pred,	m->clauses[0].pred = 99)
DAMAGE(pred_string,	m->clauses[0].pred = 1)
DAMAGE(pat_clause,	m->pats[0].clause = 1)
DAMAGE(pat_name,	m->pats[0].func = 0x10000)
DAMAGE(two_types,	m->vars[1] = m->vars[0]; m->vars[1].type = t_s32; m->nvars = 2;
			m->difos[2].nvars = 2)

static void damages(void **state)
{
	static const struct {
		damage_fn *fn;
		const char *why;
	} cases[] = {
		{ text_slice, "tables are outside" }, { text_wraps, "tables are outside" },
		{ no_text, "no instructions" }, { ints_slice, "tables are outside" },
		{ strs_slice, "tables are outside" }, { vars_slice, "tables are outside" },
		{ strs_nul, "NUL" }, { rtype_kind, "kind 3" }, { rtype_size, "3 bytes" },
		{ rtype_flags, "unknown flags" }, { rtype_byref, "scalar type" },
		{ string_byval, "string type" }, { string_size, "65537 bytes" },
		{ var_name, "name is outside" }, { var_scope, "unknown scope" },
		{ var_kind, "unknown scope" }, { var_flags, "unknown scope" },
		{ var_builtin, "built-in variable 0x4ff" },
		{ var_local_array, "not supported yet" }, { var_void, "0 bytes" },
		{ act_pad, "padding" }, { act_kind, "no action 0x7f" }, { act_difo, "no difo 3" },
		{ act_void, "void" }, { act_none, "no value" }, { act_extra, "does not take" },
		{ act_incr, "increment" }, { act_string, "exit() needs an integer" },
		{ stack_frames, "frames" }, { ustack_strs, "frames" }, { mem_size, "tracemem()" },
		{ key_kind, "cannot be a key" }, { key_count, "fewer keys" },
		{ agg_difo, "no value" }, { agg_string, "needs an integer" },
		{ agg_incr, "increment" }, { agg_kind, "not supported" },
		{ agg_levels, "lquantize()" }, { agg_factor, "factor" },
		{ agg_uneven, "evenly" }, { agg_high, "64 bits" }, { agg_huge, "larger than" },
		{ clause_acts, "actions outside" }, { clause_wraps, "actions outside" },
		{ clause_pad, "actions outside" }, { clause_pred, "no difo 99" },
		{ pred_string, "predicate" }, { pat_clause, "names a clause" },
		{ pat_name, "name is outside" }, { two_types, "two types" },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct img *m = good();
		size_t size;
		u8 *blob;

		cases[i].fn(m);
		blob = img_blob(m, &size);
		expect_refused(blob, size, cases[i].why);
		free(blob);
		free(m);
	}
}

/* What changes the system is refused without the flag, and noted with it. */
static void destructive(void **state)
{
	static const u16 kinds[] = {
		DTRACEACT_STOP, DTRACEACT_RAISE, DTRACEACT_SYSTEM, DTRACEACT_FREOPEN,
		DTRACEACT_BREAKPOINT, DTRACEACT_PANIC, DTRACEACT_CHILL,
	};
	struct dtrace_ioc_error err;
	struct dtk_program *prog;
	u32 i;

	for (i = 0; i < 2 * ARRAY_SIZE(kinds); i++) {
		struct img *m = img_new();
		u16 kind = kinds[i / 2];
		bool takes = kind == DTRACEACT_RAISE || kind == DTRACEACT_CHILL;

		m->hdr.flags = i % 2 ? DTRACE_IMG_DESTRUCTIVE : 0;
		img_act(m, kind, takes ? img_const(m, 1) : DTRACE_DIFO_NONE);
		img_clause(m, DTRACE_DIFO_NONE, 1);
		assert_int_equal(img_load(m, &prog, &err), i % 2 ? 0 : -EINVAL);
		if (!(i % 2)) {
			assert_non_null(strstr(err.msg, "-w"));
			continue;
		}
		assert_true(prog->needs & DTK_NEEDS_DESTRUCTIVE);
		assert_int_equal(!!(prog->needs & DTK_NEEDS_DEBUGGER), kind == DTRACEACT_BREAKPOINT);
		dtk_program_put(prog);
	}
}

/* Orders of speculation, aggregation and what records that would have no record, or lose it. */
static void orders(void **state)
{
	enum { SPEC = DTRACEACT_SPECULATE, COMMIT = DTRACEACT_COMMIT, DISCARD = DTRACEACT_DISCARD,
	       TRACE = DTRACEACT_DIFEXPR, COUNT = DTRACEAGG_COUNT, EXIT = DTRACEACT_EXIT,
	       RAISE = DTRACEACT_RAISE, VAL = DTRACEACT_DIFVAL, DEFAULT = DTRACEACT_DEFAULT };
	static const struct { u16 acts[4]; bool good; } cases[] = {
		{ { SPEC, TRACE, COMMIT }, true }, { { SPEC, TRACE, DISCARD, TRACE }, true },
		{ { VAL, SPEC }, true }, { { VAL, COMMIT, VAL }, true }, { { RAISE, COMMIT }, true },
		{ { TRACE, DISCARD, TRACE }, true }, { { DISCARD, SPEC, TRACE }, true },
		{ { TRACE, SPEC }, false }, { { COUNT, SPEC }, false }, { { SPEC, SPEC }, false },
		{ { COMMIT, SPEC }, false }, { { EXIT, SPEC }, false }, { { DEFAULT, SPEC }, false },
		{ { SPEC, COUNT }, false }, { { SPEC, EXIT }, false }, { { SPEC, RAISE }, false },
		{ { COMMIT, COMMIT }, false }, { { COMMIT, TRACE }, false }, { { COMMIT, COUNT }, false },
		{ { COMMIT, DEFAULT }, false }, { { COMMIT, EXIT }, false }, { { TRACE, COMMIT }, false },
		{ { COUNT, COMMIT }, false }, { { SPEC, COMMIT, TRACE }, false },
	};
	struct dtk_program *prog;
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct img *m = img_new();
		u32 one = img_const(m, 1);

		m->hdr.flags = DTRACE_IMG_DESTRUCTIVE;
		for (n = 0; n < 4 && cases[i].acts[n]; n++) {
			u16 kind = cases[i].acts[n];

			img_act(m, kind, kind == COUNT || kind == DEFAULT ? DTRACE_DIFO_NONE : one);
		}
		img_clause(m, DTRACE_DIFO_NONE, n);
		if (img_load(m, &prog, NULL) != (cases[i].good ? 0 : -EINVAL))
			fail_msg("case %u", i);
		if (cases[i].good)
			dtk_program_put(prog);
	}
}

/* Names may just fit. */
static void pattern_lengths(void **state)
{
	struct dtrace_ioc_error err;
	struct dtk_program *prog;
	u32 n;

	for (n = DTRACE_PROVNAMELEN - 1; n <= DTRACE_PROVNAMELEN; n++) {
		struct img *m = good();

		m->pats[0].prov = m->nstrs;
		memset(m->strs + m->nstrs, 'p', n);
		m->nstrs += n + 1;
		assert_int_equal(img_load(m, &prog, &err), n < DTRACE_PROVNAMELEN ? 0 : -EINVAL);
		if (n < DTRACE_PROVNAMELEN)
			dtk_program_put(prog);
	}
}

static void memory_runs_out(void **state)
{
	struct dtk_program *prog;
	long n;
	int rc;

	for (n = 1, rc = -ENOMEM; rc; n++) {
		dtk_port.fail_alloc = n;
		rc = img_load(good(), &prog, NULL);
		assert_true(!rc || rc == -ENOMEM);
		assert_true(!rc || !dtk_port.nalloc);
	}
	assert_true(n > 8);
	dtk_port.fail_alloc = 0;
	dtk_program_put(prog);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(good_one), test(count_layout), test(headers), test(truncated), test(damages),
		test(destructive), test(orders), test(pattern_lengths), test(memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
