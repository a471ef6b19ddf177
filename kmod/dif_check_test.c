// SPDX-License-Identifier: GPL-2.0-or-later
/* The checker: what it refuses, where, and what it finds out about a difo. */
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

static const u32 nop = R(NOP, 0, 0, 0), flush = R(FLUSHTS, 0, 0, 0);

/* Load a difo of these instructions with one integer, a string of 4 bytes and some variables. */
static int check(const u32 *text, u32 n, struct dtrace_ioc_error *err, u32 *flags,
		 struct dif_type rtype)
{
	struct img *m = img_new();
	struct dtk_program *prog;
	u32 i;
	int rc;

	img_difo(m);
	m->ints[m->nints++] = 42;
	m->difos[0].nints = 1;
	img_str(m, "str");
	img_var(m, 0x500, DIF_SCOPE_GLOBAL, DIF_KIND_SCALAR, t_u64);
	img_var(m, 0x501, DIF_SCOPE_GLOBAL, DIF_KIND_ARRAY, t_u64);
	img_var(m, 0x502, DIF_SCOPE_THREAD, DIF_KIND_SCALAR, t_u64);
	img_var(m, 0x503, DIF_SCOPE_THREAD, DIF_KIND_ARRAY, t_u64);
	img_var(m, 0x504, DIF_SCOPE_LOCAL, DIF_KIND_SCALAR, t_u64);
	for (i = 0; i < n; i++)
		img_op(m, text[i]);
	img_end(m, rtype);
	/* A difo of its own that names another variable: not this one's. */
	img_difo(m);
	img_var(m, 0x5ff, DIF_SCOPE_GLOBAL, DIF_KIND_SCALAR, t_u64);
	img_op(m, RET(0));
	img_end(m, t_u64);
	rc = img_load(m, &prog, err);
	if (!rc) {
		*flags = prog->difos[0].flags;
		dtk_program_put(prog);
	}
	return rc;
}

#define TEXT(...) { __VA_ARGS__ }, sizeof((u32[]){ __VA_ARGS__ }) / 4

static void refusals(void **state)
{
	static const struct {
		u32 text[32];
		u32 n, pc;
		const char *why;
	} cases[] = {
		{ TEXT(nop), 0, "does not end with ret" },
		{ TEXT(RET(0), nop), 1, "does not end with ret" },
		{ TEXT(B(BA, 0), RET(0)), 0, "forward" },
		{ TEXT(nop, B(BE, 0), RET(0)), 1, "forward" },
		{ TEXT(B(BE, 2), RET(0)), 0, "leaves" },
		{ TEXT(B(BE, 0xffffff), RET(0)), 0, "leaves" },
		{ TEXT(DIF_OP_MAX << 24, RET(0)), 0, "does not exist" },
		{ TEXT(0xff000000, RET(0)), 0, "does not exist" },
		{ TEXT(R(ADD, 16, 0, 0), RET(0)), 0, "register 16" },
		{ TEXT(R(ADD, 0, 16, 0), RET(0)), 0, "register 16" },
		{ TEXT(R(ADD, 0, 0, 255), RET(0)), 0, "register 255" },
		{ TEXT(R(CMP, 0, 77, 0), RET(0)), 0, "register 77" },
		{ TEXT(R(TST, 77, 0, 0), RET(0)), 0, "register 77" },
		{ TEXT(RET(16)), 0, "register 16" },
		{ TEXT(W(SETX, 0, 16), RET(0)), 0, "register 16" },
		{ TEXT(W(SETX, 1, 1), RET(0)), 0, "integer 1" },
		{ TEXT(W(SETS, 5, 1), RET(0)), 0, "string 5" },
		{ TEXT(R(LDX, 1, 0, 16), RET(0)), 0, "register 16" },
		{ TEXT(R(STX, 16, 0, 1), RET(0)), 0, "register 16" },
		{ TEXT(R(COPYS, 1, 16, 1), RET(0)), 0, "register 16" },
		{ TEXT(W(LDGS, 0x50, 1), RET(0)), 0, "no built-in" },
		{ TEXT(W(LDGS, 0x4ff, 1), RET(0)), 0, "no built-in" },
		{ TEXT(W(LDGS, DIF_VAR_ARGS, 1), RET(0)), 0, "array" },
		{ TEXT(W(STGS, DIF_VAR_PID, 1), RET(0)), 0, "pid cannot be assigned" },
		{ TEXT(W(LDTS, DIF_VAR_PID, 1), RET(0)), 0, "not one of the program's" },
		{ TEXT(W(LDGS, 0x505, 1), RET(0)), 0, "not in the difo's table" },
		{ TEXT(W(LDGS, 0x5ff, 1), RET(0)), 0, "not in the difo's table" },
		{ TEXT(W(LDGS, 0xffff, 1), RET(0)), 0, "not in the difo's table" },
		{ TEXT(W(LDGS, 0x502, 1), RET(0)), 0, "not in the difo's table" },
		{ TEXT(W(STLS, 0x500, 1), RET(0)), 0, "not in the difo's table" },
		{ TEXT(W(LDGS, 0x501, 1), RET(0)), 0, "is an associative array" },
		{ TEXT(W(STTS, 0x503, 1), RET(0)), 0, "is an associative array" },
		{ TEXT(R(PUSHTV, 1, 0, 0), W(LDGAA, 0x500, 1), RET(0)), 1, "not an associative" },
		{ TEXT(W(LDGAA, 0x501, 1), RET(0)), 0, "empty" },
		{ TEXT(R(PUSHTV, 1, 0, 0), flush, W(STTAA, 0x503, 1), RET(0)), 2, "empty" },
		{ TEXT(R(POPTS, 0, 0, 0), RET(0)), 0, "empty" },
		{ TEXT(R(PUSHTR, 1, 0, DIF_TYPE_SCALAR), RET(0)), 0, "cannot have type 0" },
		{ TEXT(R(PUSHTR, 1, 0, 3), RET(0)), 0, "cannot have type 3" },
		{ TEXT(R(PUSHTV, 1, 0, 3), RET(0)), 0, "cannot have type 3" },
		{ TEXT(R(PUSHTV, 16, 0, 0), RET(0)), 0, "register 16" },
		{ TEXT(R(PUSHTR, 1, 16, 1), RET(0)), 0, "register 16" },
		{ TEXT(R(LDGA, 9, 1, 1), RET(0)), 0, "no built-in array" },
		{ TEXT(R(LDGA, DIF_VAR_ARGS, 16, 1), RET(0)), 0, "register 16" },
		{ TEXT(W(CALL, DIF_SUBR_MAX, 1), RET(0)), 0, "no subroutine" },
		{ TEXT(W(CALL, 0xffff, 1), RET(0)), 0, "no subroutine" },
		{ TEXT(W(CALL, DIF_SUBR_JSON, 1), RET(0)), 0, "json() is called with 0" },
		{ TEXT(W(CALL, DIF_SUBR_COPYOUT, 1), RET(0)), 0, "copyout() is called with 0" },
		{ TEXT(W(CALL, DIF_SUBR_STRLEN, 1), RET(0)), 0, "with 0 arguments" },
		{ TEXT(R(PUSHTV, 1, 0, 0), W(CALL, DIF_SUBR_RAND, 1), RET(0)), 1, "with 1 arg" },
		/* the stack's depth depends on the way */
		{ TEXT(B(BE, 2), R(PUSHTV, 1, 0, 0), W(CALL, DIF_SUBR_STRLEN, 1), RET(0)), 2,
		  "differs" },
		{ TEXT(B(BE, 2), R(PUSHTV, 1, 0, 0), R(PUSHTV, 1, 0, 0), RET(0)), 2, "differs" },
		{ TEXT(B(BE, 2), R(PUSHTV, 1, 0, 0), R(POPTS, 0, 0, 0), RET(0)), 2, "differs" },
		{ TEXT(B(BE, 2), R(PUSHTV, 1, 0, 0), W(LDGAA, 0x501, 1), RET(0)), 2, "differs" },
	};
	struct dtrace_ioc_error err;
	u32 i, flags;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!check(cases[i].text, cases[i].n, &err, &flags, t_u64))
			fail_msg("%u accepted: %s", i, cases[i].why);
		if (!strstr(err.msg, cases[i].why) || err.difo != 0 || err.pc != cases[i].pc)
			fail_msg("%u: \"%s\" (difo %u, pc %u), not: %s", i, err.msg, err.difo, err.pc,
				 cases[i].why);
	}
}

static void accepted(void **state)
{
	static const struct {
		u32 text[32];
		u32 n;
	} cases[] = {
		{ TEXT(RET(15)) },
		/* unreachable code may be anything */
		{ TEXT(B(BA, 2), 0xffffffff, RET(0)) },
		{ TEXT(RET(0), 0xffffffff, RET(0)) },
		/* r0 may be written, it is ignored */
		{ TEXT(W(SETX, 0, 0), RET(0)) },
		{ TEXT(W(SETS, 4, 1), RET(1)) },
		/* a mixed stack is fine once it is flushed, or if both ways agree */
		{ TEXT(B(BE, 2), R(PUSHTV, 1, 0, 0), flush, R(PUSHTV, 1, 0, 0),
		       W(CALL, DIF_SUBR_STRLEN, 1), RET(1)) },
		{ TEXT(B(BE, 3), R(PUSHTV, 1, 0, 0), B(BA, 4), R(PUSHTV, 2, 0, 0),
		       W(LDGAA, 0x501, 1), RET(1)) },
		{ TEXT(W(LDGS, 0x500, 1), W(STTS, 0x502, 1), W(STLS, 0x504, 1), RET(1)) },
		{ TEXT(R(PUSHTV, 1, 0, 0), W(STTAA, 0x503, 1), R(POPTS, 0, 0, 0), RET(1)) },
	};
	struct dtrace_ioc_error err;
	u32 i, flags;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (check(cases[i].text, cases[i].n, &err, &flags, t_u64))
			fail_msg("%u refused: %s", i, err.msg);
	}
}

static void too_many_pushes(void **state)
{
	struct dtrace_ioc_error err;
	u32 text[DIF_TUPLE_MAX + 2], i, flags;

	for (i = 0; i < DIF_TUPLE_MAX; i++)
		text[i] = R(PUSHTV, 1, 0, 0);
	text[i] = RET(0);
	assert_int_equal(check(text, i + 1, &err, &flags, t_u64), 0);
	text[i++] = R(PUSHTV, 1, 0, 0);
	text[i] = RET(0);
	assert_int_equal(check(text, i + 1, &err, &flags, t_u64), -EINVAL);
	assert_non_null(strstr(err.msg, "more than 24"));
}

static void constness(void **state)
{
	static const struct {
		u32 text[16];
		u32 n;
		bool string, want;
	} cases[] = {
		{ TEXT(W(LDGS, DIF_VAR_PROBEFUNC, 1), RET(1)), true, true },
		{ TEXT(W(LDGS, DIF_VAR_EPID, 1), RET(1)), false, true },
		{ TEXT(W(SETX, 0, 1), R(ADD, 1, 1, 1), RET(1)), false, true },
		{ TEXT(W(SETS, 1, 1), RET(1)), true, true },
		/* probename == "str" ? probefunc : probemod */
		{ TEXT(W(LDGS, DIF_VAR_PROBENAME, 1), W(SETS, 1, 2), R(SCMP, 1, 2, 0), B(BE, 6),
		       W(LDGS, DIF_VAR_PROBEFUNC, 3), B(BA, 7), W(LDGS, DIF_VAR_PROBEMOD, 3),
		       RET(3)), true, true },
		/* id == 42 ? ... : ...: computed, but not the string */
		{ TEXT(W(LDGS, DIF_VAR_ID, 1), W(SETX, 0, 2), R(CMP, 1, 2, 0), B(BE, 5),
		       W(SETS, 1, 3), RET(3)), true, true },
		{ TEXT(W(LDGS, DIF_VAR_PID, 1), RET(1)), false, false },
		{ TEXT(W(LDGS, DIF_VAR_ARG0, 1), RET(1)), false, false },
		{ TEXT(W(LDGS, DIF_VAR_EXECNAME, 1), RET(1)), true, false },
		{ TEXT(W(LDGS, 0x500, 1), RET(1)), false, false },
		{ TEXT(W(STGS, 0x500, 0), RET(0)), false, false },
		{ TEXT(W(SETX, 0, 1), R(LDX, 1, 0, 1), RET(1)), false, false },
		{ TEXT(W(CALL, DIF_SUBR_RAND, 1), RET(1)), false, false },
		{ TEXT(R(LDGA, DIF_VAR_ARGS, 1, 1), RET(1)), false, false },
		/* bytes at a constant address may change */
		{ TEXT(W(SETX, 0, 1), RET(1)), true, false },
		{ TEXT(W(SETX, 0, 1), R(MOV, 1, 0, 2), RET(2)), true, false },
		{ TEXT(W(SETX, 0, 1), W(SETS, 1, 2), R(SCMP, 1, 2, 0), RET(0)), false, false },
	};
	struct dtrace_ioc_error err;
	u32 i, flags;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(check(cases[i].text, cases[i].n, &err, &flags,
				       cases[i].string ? t_str : t_u64), 0);
		if (!!(flags & DTK_DIFO_PROBECONST) != cases[i].want)
			fail_msg("case %u: flags %x", i, flags);
	}
}

/* Whatever the instruction word, the checker answers; nothing is accepted that has a wild operand. */
static void every_word(void **state)
{
	struct dtrace_ioc_error err;
	u32 op, flags, text[2] = { 0, RET(0) };

	for (op = 0; op < 256; op++) {
		text[0] = op << 24 | 0xffffff;
		if (check(text, 2, &err, &flags, t_u64) == 0)
			assert_true(op == DIF_OP_NOP || op == DIF_OP_FLUSHTS);
	}
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(refusals), test(accepted), test(too_many_pushes), test(constness),
		test(every_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
