// SPDX-License-Identifier: GPL-2.0-or-later
/* Clauses: predicates, records, exit, faults and what they leave behind; variables between clauses. */
#include "test_image.h"

static int setup(void **state)
{
	dtk_port_reset();
	dtk_port.error = rig_note_error;
	memset(&rig_error, 0, sizeof(rig_error));
	return 0;
}

static int teardown(void **state)
{
	return dtk_port.nalloc ? -1 : 0;
}

/* A difo that reads address 8: it faults. */
static u32 faulting_difo(struct img *m)
{
	img_difo(m);
	img_setx(m, 8, 2);
	img_op(m, R(LDX, 2, 0, 1));
	img_op(m, RET(1));
	return img_end(m, t_u64);
}

static void record_layout(void **state)
{
	const struct dif_type t_u8 = { DIF_TYPE_SCALAR, 0, 0, 1 };
	struct img *m = img_new();
	const dtrace_recdesc_t *recs;
	const dtrace_rechdr_t *hdr;
	struct rig *r;

	img_act(m, DTRACEACT_DIFEXPR, img_builtin(m, DIF_VAR_ARG0, t_u8));
	img_act(m, DTRACEACT_PRINTF, img_builtin(m, DIF_VAR_ARG1, t_s32));
	img_act(m, DTRACEACT_DIFEXPR, img_builtin(m, DIF_VAR_PROBENAME, t_str));
	img_act(m, DTRACEACT_PRINTF, DTRACE_DIFO_NONE)->format = 3;
	img_act(m, DTRACEACT_DIFEXPR, img_builtin(m, DIF_VAR_ARG2, t_u8))->uarg = 99;
	img_clause(m, DTRACE_DIFO_NONE, 5)->uarg = 1234;
	r = rig_new(m);
	recs = r->prog->clauses[0].recs;
	assert_int_equal(r->prog->clauses[0].nrecs, 5);
	assert_int_equal(r->prog->clauses[0].uarg, 1234);
	assert_int_equal(recs[0].dtrd_offset, 16);
	assert_int_equal(recs[1].dtrd_offset, 20);
	assert_int_equal(recs[2].dtrd_offset, 24);
	assert_int_equal(recs[2].dtrd_size, 64);
	assert_int_equal(recs[3].dtrd_size, 0);
	assert_int_equal(recs[3].dtrd_format, 3);
	assert_int_equal(recs[4].dtrd_offset, 88);
	assert_int_equal(recs[4].dtrd_uarg, 99);
	assert_int_equal(r->prog->clauses[0].size, 96);
	dtk_watch(r->buf[0].half[0], 200, DTK_ENGINES);
	memset(r->buf[0].half[0], 0xee, 200);	/* what was there before must not shine through */
	rig_fire(r);
	rig_fire(r);
	hdr = (const void *)rig_record(r, 1);
	assert_int_equal((uintptr_t)hdr - (uintptr_t)rig_record(r, 0), 96);
	assert_int_equal(hdr->dtrh_epid, 101);
	assert_int_equal(hdr->dtrh_size, r->prog->clauses[0].size);
	assert_int_equal(hdr->dtrh_timestamp, rig_clock - 1);
	assert_memory_equal(rig_field(r, 0, 0), "\x0b\0\0\0\x16\0\0\0name\0\0\0\0", 16);
	assert_memory_equal(rig_field(r, 0, 4), "\x21\0\0\0\0\0\0\0", 8);
	rig_free(r);
}

static void nothing_to_record(void **state)
{
	struct img *m = img_new();
	struct rig *r;

	img_act(m, DTRACEACT_DIFVAL, img_const(m, 1));
	img_act(m, DTRACEAGG_COUNT, DTRACE_DIFO_NONE);
	img_clause(m, DTRACE_DIFO_NONE, 2);
	img_act(m, DTRACEACT_DEFAULT, DTRACE_DIFO_NONE);
	img_clause(m, DTRACE_DIFO_NONE, 1);
	img_clause(m, DTRACE_DIFO_NONE, 0);
	r = rig_new(m);
	assert_int_equal(r->prog->clauses[0].size, 0);
	assert_int_equal(r->prog->clauses[1].size, 16);
	assert_int_equal(r->prog->clauses[2].size, 0);
	rig_fire(r);
	assert_int_equal(r->buf[0].used, 16);
	rig_free(r);
}

static void predicates(void **state)
{
	struct img *m = img_new();
	struct rig *r;
	u32 yes = img_const(m, 1ull << 40), no = img_const(m, 0), bad = faulting_difo(m);

	img_act(m, DTRACEACT_DIFEXPR, img_const(m, 1));
	img_clause(m, yes, 1);
	img_act(m, DTRACEACT_DIFEXPR, img_const(m, 2));
	img_clause(m, no, 1);
	img_act(m, DTRACEACT_DIFEXPR, img_const(m, 3));
	img_clause(m, bad, 1);
	r = rig_new(m);
	rig_fire(r);
	assert_int_equal(r->buf[0].used, 24);
	assert_int_equal(rig_u64(r, 0, 0), 1);
	assert_int_equal(r->ccpu[0].errors, 1);
	assert_int_equal(rig_error.arg[1], 103);	/* epid */
	assert_int_equal(rig_error.arg[2], 0);		/* the predicate */
	assert_int_equal(rig_error.arg[3], 4);
	assert_int_equal(rig_error.arg[4], DTRACEFLT_BADADDR);
	assert_int_equal(rig_error.arg[5], 8);
	rig_free(r);
}

static void faults_undo_records(void **state)
{
	struct dtrace_ioc_switch sw;
	struct img *m = img_new();
	struct rig *r;

	img_act(m, DTRACEACT_DIFEXPR, img_const(m, 1));
	img_clause(m, DTRACE_DIFO_NONE, 1);
	img_act(m, DTRACEACT_DIFEXPR, img_const(m, 2));
	img_act(m, DTRACEACT_DIFEXPR, faulting_difo(m));
	img_act(m, DTRACEACT_EXIT, img_const(m, 9));
	img_clause(m, DTRACE_DIFO_NONE, 3);
	img_act(m, DTRACEACT_DIFEXPR, img_const(m, 3));
	img_clause(m, DTRACE_DIFO_NONE, 1);
	r = rig_new(m);
	rig_fire(r);
	assert_int_equal(r->buf[0].used, 48);
	assert_int_equal(rig_u64(r, 0, 0), 1);
	assert_int_equal(rig_u64(r, 1, 0), 3);
	assert_int_equal(rig_error.arg[2], 2);
	assert_false(r->sink.exiting);
	dtk_buf_switch(&r->buf[0], &sw);
	assert_int_equal(sw.errors, 1);
	assert_int_equal(sw.size, 48);
	rig_free(r);
}

/* What a fault in a field itself (not in its difo) reports. */
static void fault_outside_difo(void **state)
{
	struct img *m = img_new();
	struct rig *r;

	img_act(m, DTRACEACT_TRACEMEM, img_const(m, 24))->arg = 10;
	img_clause(m, DTRACE_DIFO_NONE, 1);
	r = rig_new(m);
	rig_fire(r);
	assert_int_equal(rig_error.arg[2], 1);
	assert_int_equal(rig_error.arg[3], U64_MAX);
	assert_int_equal(rig_error.arg[5], 24);
	rig_free(r);
}

static void faults_in_error(void **state)
{
	struct dtk_fire f = { .flags = DTK_FIRE_ERROR };
	struct img *m = img_new();
	struct rig *r;

	img_act(m, DTRACEACT_DIFVAL, faulting_difo(m));
	img_clause(m, DTRACE_DIFO_NONE, 1);
	r = rig_new(m);
	rig_fire_on(r, &f, 1);
	assert_int_equal(r->ccpu[1].dblerrors, 1);
	assert_int_equal(rig_error.arg[4], 0);
	rig_free(r);
}

static struct img *exit_program(void)
{
	struct img *m = img_new();

	img_act(m, DTRACEACT_EXIT, img_const(m, -3));
	img_act(m, DTRACEACT_DIFEXPR, img_const(m, 1));
	img_clause(m, DTRACE_DIFO_NONE, 2);
	img_act(m, DTRACEACT_DIFEXPR, img_const(m, 2));
	img_clause(m, DTRACE_DIFO_NONE, 1);
	return m;
}

static void exits(void **state)
{
	struct dtk_fire end = { .flags = DTK_FIRE_END };
	struct rig *r = rig_new(exit_program());

	rig_fire(r);
	assert_int_equal(r->sink.exiting, 1);
	assert_int_equal(r->sink.exit_status, -3);
	assert_int_equal(r->buf[0].used, 32);	/* the rest of the clause, not the next one */
	assert_int_equal(*(const s32 *)rig_field(r, 0, 0), -3);
	assert_int_equal(rig_u64(r, 0, 1), 1);
	rig_fire(r);
	assert_int_equal(r->buf[0].used, 32);
	/* END fires nevertheless, and its own exit() ends it too. */
	rig_fire_on(r, &end, 0);
	assert_int_equal(r->buf[0].used, 64);
	rig_free(r);
}

static void who_may_fire(void **state)
{
	struct dtk_fire f = { 0 }, begin = { .flags = DTK_FIRE_END };
	struct img *m = img_new();
	struct rig *r;

	img_act(m, DTRACEACT_DIFEXPR, img_const(m, 1));
	img_clause(m, DTRACE_DIFO_NONE, 1);
	r = rig_new(m);
	r->sink.live = 0;
	rig_fire_on(r, &f, 0);
	assert_int_equal(r->buf[0].used, 0);
	rig_fire_on(r, &begin, 0);
	assert_int_equal(r->buf[0].used, 24);
	r->sink.live = 1;
	r->sink.cpu = 1;
	rig_fire_on(r, &f, 0);
	assert_int_equal(r->buf[0].used, 24);
	rig_fire_on(r, &f, 1);
	assert_int_equal(r->buf[1].used, 24);
	r->ccpus[1] = NULL;
	rig_fire_on(r, &f, 1);
	assert_int_equal(r->sink.nobuffer, 1);
	r->sink.cpu = DTRACE_CPUALL;
	rig_fire_on(r, &f, 7);	/* a CPU that came later */
	assert_int_equal(r->sink.nobuffer, 2);
	rig_free(r);
}

static void stacks_and_symbols(void **state)
{
	struct img *m = img_new();
	const u64 *p;
	struct rig *r;

	dtk_port.kpcs[0] = 0x111;
	dtk_port.kpcs[1] = 0x222;
	dtk_port.upcs[0] = 0x333;
	dtk_port.builtin = 1000;
	dtk_port.ustack_why = DTRACE_USTK_FAULT;
	img_act(m, DTRACEACT_STACK, DTRACE_DIFO_NONE)->arg = 3;
	img_act(m, DTRACEACT_USTACK, DTRACE_DIFO_NONE)->arg = DTRACE_USTACK_ARG(2, 12);
	img_act(m, DTRACEACT_USYM, img_const(m, 0x444));
	img_act(m, DTRACEACT_SYM, img_const(m, 0x555));
	img_clause(m, DTRACE_DIFO_NONE, 4);
	r = rig_new(m);
	rig_fire(r);
	p = rig_field(r, 0, 0);
	assert_int_equal(p[0], 0x111);
	assert_int_equal(p[1], 0x222);
	assert_int_equal(p[2], 0);
	p = rig_field(r, 0, 1);
	assert_int_equal(DTRACE_USTK_PID(p[0]), 1000 + DIF_VAR_PID);
	assert_int_equal(DTRACE_USTK_WHY(p[0]), DTRACE_USTK_FAULT);
	assert_int_equal(p[1], 0x333);
	assert_int_equal(p[2], 0);
	assert_int_equal(r->prog->clauses[0].recs[1].dtrd_size, 8 * 3 + 12);
	p = rig_field(r, 0, 2);
	assert_int_equal(p[0], 1000 + DIF_VAR_PID);
	assert_int_equal(p[1], 0x444);
	assert_int_equal(rig_u64(r, 0, 3), 0x555);
	rig_free(r);
}

static void library_actions(void **state)
{
	struct img *m = img_new();
	struct rig *r;

	img_act(m, DTRACEACT_LIBACT, DTRACE_DIFO_NONE)->arg = 5;
	img_act(m, DTRACEACT_LIBACT, img_builtin(m, DIF_VAR_ARG0, t_s32))->arg = 6;
	img_act(m, DTRACEACT_PRINTA, DTRACE_DIFO_NONE);
	img_clause(m, DTRACE_DIFO_NONE, 3);
	r = rig_new(m);
	assert_int_equal(r->prog->clauses[0].size, 24);
	assert_int_equal(r->prog->clauses[0].recs[0].dtrd_arg, 5);
	rig_fire(r);
	assert_int_equal(rig_u64(r, 0, 1), 11);
	rig_free(r);
}

/* ---- Variables ---------------------------------------------------------------- */

/* var = val (r1: the value stored) */
static u32 store_difo(struct img *m, u32 op, u32 scope, struct dif_type type, u64 val)
{
	img_difo(m);
	img_var(m, 0x500, scope, DIF_KIND_SCALAR, type);
	if (val)
		img_setx(m, val, 1);
	img_op(m, DIF_INSTR_W(op, 0x500, 1));
	img_op(m, RET(1));
	return img_end(m, t_u64);
}

static u32 load_difo(struct img *m, u32 op, u32 scope, struct dif_type type, struct dif_type rtype)
{
	img_difo(m);
	img_var(m, 0x500, scope, DIF_KIND_SCALAR, type);
	img_op(m, DIF_INSTR_W(op, 0x500, 1));
	img_op(m, RET(1));
	return img_end(m, rtype);
}

/* Store @val in one clause, load it in another; on two CPUs and in two firings. */
static void store_load(u32 st, u32 ld, u32 scope, struct dif_type type, u64 val, u64 want,
		       bool other_cpu, bool next_firing)
{
	struct dtk_fire f = { .serial = 1, .now = 1 };
	struct img *m = img_new();
	struct rig *r;

	img_act(m, DTRACEACT_DIFVAL, store_difo(m, st, scope, type, val));
	img_clause(m, DTRACE_DIFO_NONE, 1);
	img_act(m, DTRACEACT_DIFEXPR, load_difo(m, ld, scope, type, t_u64));
	img_clause(m, DTRACE_DIFO_NONE, 1);
	r = rig_new(m);
	dtk_ecb_run(&r->ecbs[0], &f, 0);
	dtk_ecb_run(&r->ecbs[1], &f, 0);
	assert_int_equal(rig_u64(r, 0, 0), want);
	dtk_ecb_run(&r->ecbs[1], &f, 1);
	assert_int_equal(*(u64 *)(r->buf[1].half[0] + 16), other_cpu ? want : 0);
	f.serial = ++f.now;
	dtk_ecb_run(&r->ecbs[1], &f, 0);
	assert_int_equal(rig_u64(r, 1, 0), next_firing ? want : 0);
	rig_free(r);
}

static void scalars(void **state)
{
	const struct dif_type t_u16 = { DIF_TYPE_SCALAR, 0, 0, 2 };

	store_load(DIF_OP_STGS, DIF_OP_LDGS, DIF_SCOPE_GLOBAL, t_u64, 42, 42, true, true);
	store_load(DIF_OP_STLS, DIF_OP_LDLS, DIF_SCOPE_LOCAL, t_u64, 42, 42, false, false);
	store_load(DIF_OP_STTS, DIF_OP_LDTS, DIF_SCOPE_THREAD, t_u64, 42, 42, true, true);
	/* cut and extended as the type says */
	store_load(DIF_OP_STGS, DIF_OP_LDGS, DIF_SCOPE_GLOBAL, t_s32, 0x1ffffffff, U64_MAX, true, true);
	store_load(DIF_OP_STLS, DIF_OP_LDLS, DIF_SCOPE_LOCAL, t_u16, 0x12345, 0x2345, false, false);
	store_load(DIF_OP_STTS, DIF_OP_LDTS, DIF_SCOPE_THREAD, t_s32, 0x80000000,
		   0xffffffff80000000, true, true);
}

static void thread_locals_are_per_thread(void **state)
{
	struct img *m = img_new();
	struct rig *r;
	u64 seen[3];
	u32 i;

	img_act(m, DTRACEACT_DIFVAL, store_difo(m, DIF_OP_STTS, DIF_SCOPE_THREAD, t_u64, 5));
	img_clause(m, img_builtin(m, DIF_VAR_ARG0, t_u64), 1);
	img_act(m, DTRACEACT_DIFEXPR, load_difo(m, DIF_OP_LDTS, DIF_SCOPE_THREAD, t_u64, t_u64));
	img_clause(m, DTRACE_DIFO_NONE, 1);
	r = rig_new(m);
	for (i = 0; i < 3; i++) {
		struct dtk_fire f = { .nargs = 1, .arg = { i == 0 } };

		dtk_port_thread = 100 + i % 2;
		rig_fire_on(r, &f, 0);
		seen[i] = rig_u64(r, i, 0);
	}
	assert_int_equal(seen[0], 5);
	assert_int_equal(seen[1], 0);
	assert_int_equal(seen[2], 5);
	rig_free(r);
}

static void string_variables(void **state)
{
	static const struct {
		u32 st, ld, scope;
	} ops[] = {
		{ DIF_OP_STGS, DIF_OP_LDGS, DIF_SCOPE_GLOBAL },
		{ DIF_OP_STLS, DIF_OP_LDLS, DIF_SCOPE_LOCAL },
		{ DIF_OP_STTS, DIF_OP_LDTS, DIF_SCOPE_THREAD },
	};
	const struct dif_type t_short = { DIF_TYPE_STRING, DIF_TF_BYREF, 0, 8 };
	static char source[64] = "a string of the kernel";
	u32 i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		struct img *m = img_new();
		struct rig *r;

		dtk_port_map(source, sizeof(source));
		img_act(m, DTRACEACT_DIFVAL, store_difo(m, ops[i].st, ops[i].scope, t_short,
							(uintptr_t)source));
		img_act(m, DTRACEACT_DIFEXPR, load_difo(m, ops[i].ld, ops[i].scope, t_short, t_str));
		img_clause(m, DTRACE_DIFO_NONE, 2);
		r = rig_new(m);
		rig_fire(r);
		rig_fire(r);
		assert_string_equal(rig_field(r, 1, 0), "a strin");
		rig_free(r);
	}
}

/* g = NULL makes a global string empty, self->s = NULL frees. */
static void null_strings(void **state)
{
	struct img *m = img_new();
	struct rig *r;

	img_act(m, DTRACEACT_DIFVAL, store_difo(m, DIF_OP_STGS, DIF_SCOPE_GLOBAL, t_str, 0));
	img_act(m, DTRACEACT_DIFEXPR, load_difo(m, DIF_OP_LDGS, DIF_SCOPE_GLOBAL, t_str, t_str));
	img_clause(m, DTRACE_DIFO_NONE, 2);
	r = rig_new(m);
	rig_fire(r);
	assert_string_equal(rig_field(r, 0, 0), "");
	rig_free(r);

	m = img_new();
	img_act(m, DTRACEACT_DIFVAL, store_difo(m, DIF_OP_STTS, DIF_SCOPE_THREAD, t_str, 0));
	img_act(m, DTRACEACT_DIFEXPR, load_difo(m, DIF_OP_LDTS, DIF_SCOPE_THREAD, t_str, t_u64));
	img_clause(m, DTRACE_DIFO_NONE, 2);
	r = rig_new(m);
	rig_fire(r);
	assert_int_equal(rig_u64(r, 0, 0), 0);
	rig_free(r);
}

/* a["key", 3] = val, by keys that must be told apart. */
static u32 array_difo(struct img *m, const char *s, u64 n, u64 store)
{
	img_difo(m);
	img_var(m, 0x510, DIF_SCOPE_GLOBAL, DIF_KIND_ARRAY, t_u64);
	img_sets(m, s, 2);
	img_op(m, R(PUSHTR, 2, 0, DIF_TYPE_STRING));
	img_setx(m, n, 2);
	img_op(m, R(PUSHTV, 2, 0, 0));
	if (store) {
		img_setx(m, store, 1);
		img_op(m, W(STGAA, 0x510, 1));
	} else {
		img_op(m, W(LDGAA, 0x510, 1));
	}
	img_op(m, RET(1));
	return img_end(m, t_u64);
}

static void arrays(void **state)
{
	struct img *m = img_new();
	struct rig *r;

	img_act(m, DTRACEACT_DIFVAL, array_difo(m, "key", 3, 33));
	img_act(m, DTRACEACT_DIFVAL, array_difo(m, "key", 4, 44));
	img_act(m, DTRACEACT_DIFVAL, array_difo(m, "keykeykey", 3, 55));
	img_act(m, DTRACEACT_DIFEXPR, array_difo(m, "key", 3, 0));
	img_act(m, DTRACEACT_DIFEXPR, array_difo(m, "key", 4, 0));
	img_act(m, DTRACEACT_DIFEXPR, array_difo(m, "keykeykey", 3, 0));
	img_act(m, DTRACEACT_DIFEXPR, array_difo(m, "", 3, 0));
	img_clause(m, DTRACE_DIFO_NONE, 7);
	r = rig_new(m);
	rig_fire(r);
	assert_int_equal(rig_u64(r, 0, 0), 33);
	assert_int_equal(rig_u64(r, 0, 1), 44);
	assert_int_equal(rig_u64(r, 0, 2), 55);
	assert_int_equal(rig_u64(r, 0, 3), 0);
	rig_free(r);
}

/* /arg1 > 20/{ @[id] = max(arg0); @[id] = avg(arg0) }: fired, and handed over; and what an ECB makes of arguments. */
static struct rig *tallying(void)
{
	struct img *m = img_new();
	u32 id = img_builtin(m, DIF_VAR_ID, t_u64), arg0 = img_builtin(m, DIF_VAR_ARG0, t_u64), pred;

	img_difo(m);
	img_op(m, W(LDGS, DIF_VAR_ARG0 + 1, 1));
	img_setx(m, 20, 2);
	img_op(m, R(CMP, 1, 2, 0));
	img_op(m, B(BG, 6));
	img_op(m, R(MOV, 0, 0, 1));
	img_op(m, RET(1));
	img_setx(m, 1, 1);
	img_op(m, RET(1));
	pred = img_end(m, t_u64);
	img_act(m, DTRACEACT_DIFEXPR, id);
	img_act(m, DTRACEAGG_MAX, arg0)->ntuple = 1;
	img_act(m, DTRACEACT_DIFEXPR, id);
	img_act(m, DTRACEAGG_AVG, arg0)->ntuple = 1;
	img_clause(m, pred, 4);
	return rig_new(m);
}

static void handed_over(void **state)
{
	static const u64 args[][2] = { { 5, 21 }, { 7, 30 }, { 1000, 20 } };
	struct rig *fired = tallying(), *told = tallying();
	struct dtrace_ioc_switch a, b;
	u64 x = 0;
	u32 i;

	assert_true(fired->prog->clauses[0].tallies);
	for (i = 0; i < ARRAY_SIZE(args); i++) {
		struct dtk_fire f = { .nargs = 2, .arg = { args[i][0], args[i][1] } };

		rig_fire_on(fired, &f, 0);
		assert_int_equal(dtk_ecb_eval(&told->ecbs[0], 3, args[i], 2, &x), args[i][1] > 20);
		assert_int_equal(x, args[i][1] > 20 ? args[i][0] : args[i - 1][0]);
	}
	for (i = 0; i < 2; i++) {
		dtk_ecb_merge(&told->ecbs[0], 0, 1, args[i], 1);
		dtk_ecb_merge(&told->ecbs[0], 0, 3, (u64[]){ 1, args[i][0] }, 1);
	}
	dtk_aggbuf_switch(fired->ccpu[0].agg, &a);
	dtk_aggbuf_switch(told->ccpu[0].agg, &b);
	assert_int_equal(a.size, b.size);
	assert_true(a.size > 64);
	assert_memory_equal(fired->agghalf[0][a.half], told->agghalf[0][b.half], a.size);
	rig_free(fired);
	rig_free(told);
}

/* self->s.b = 7 by address, which is allowed only inside the variable. */
static void stores_into_variables(void **state)
{
	const struct dif_type t_pair = { DIF_TYPE_STRUCT, DIF_TF_BYREF, 0, 16 };
	static u64 zeroes[2];
	static const struct {
		u32 st, ld, scope;
	} ops[] = {
		{ DIF_OP_STGS, DIF_OP_LDGS, DIF_SCOPE_GLOBAL },
		{ DIF_OP_STLS, DIF_OP_LDLS, DIF_SCOPE_LOCAL },
		{ DIF_OP_STTS, DIF_OP_LDTS, DIF_SCOPE_THREAD },
	};
	u32 i, off;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		for (off = 8; off <= 16; off += 8) {
			struct img *m = img_new();
			struct rig *r;

			dtk_port_map(zeroes, sizeof(zeroes));
			memset(&rig_error, 0, sizeof(rig_error));
			img_act(m, DTRACEACT_DIFVAL, store_difo(m, ops[i].st, ops[i].scope, t_pair,
								(uintptr_t)zeroes));
			img_difo(m);
			img_var(m, 0x500, ops[i].scope, DIF_KIND_SCALAR, t_pair);
			img_op(m, DIF_INSTR_W(ops[i].ld, 0x500, 2));
			img_setx(m, off, 3);
			img_op(m, R(ADD, 2, 3, 2));
			img_op(m, R(STX, 3, 0, 2));
			img_op(m, R(LDX, 2, 0, 1));
			img_op(m, RET(1));
			img_act(m, DTRACEACT_DIFEXPR, img_end(m, t_u64));
			img_clause(m, DTRACE_DIFO_NONE, 2);
			r = rig_new(m);
			rig_fire(r);
			if (off == 8)
				assert_int_equal(rig_u64(r, 0, 0), 8);
			else
				assert_int_equal(rig_error.arg[4], DTRACEFLT_BADADDR);
			rig_free(r);
		}
	}
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(record_layout), test(nothing_to_record), test(predicates),
		test(faults_undo_records), test(fault_outside_difo), test(faults_in_error),
		test(exits), test(who_may_fire), test(stacks_and_symbols), test(library_actions),
		test(scalars), test(thread_locals_are_per_thread), test(string_variables),
		test(null_strings), test(arrays), test(handed_over), test(stores_into_variables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
