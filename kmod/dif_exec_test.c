// SPDX-License-Identifier: GPL-2.0-or-later
/* Instructions, memory, built-in variables and faults: one difo at a time. */
#include "test_image.h"

static char kernel_mem[64] __attribute__((aligned(8)));
static char user_mem[64] __attribute__((aligned(8)));

static int setup(void **state)
{
	u32 i;

	dtk_port_reset();
	dtk_port.error = rig_note_error;
	for (i = 0; i < sizeof(kernel_mem); i++) {
		kernel_mem[i] = 0x80 + i;
		user_mem[i] = 0xc0 + i;
	}
	dtk_port_map(kernel_mem, sizeof(kernel_mem));
	dtk_port_umap(user_mem, sizeof(user_mem));
	memset(&rig_error, 0, sizeof(rig_error));
	return 0;
}

static int teardown(void **state)
{
	return dtk_port.nalloc ? -1 : 0;
}

/* Finish the difo so that r1 is recorded; fire once; return its value. A fault is left in rig_error. */
static u64 run(struct img *m, struct dif_type type)
{
	struct rig *r;
	u64 val = 0;

	img_op(m, RET(1));
	img_act(m, DTRACEACT_DIFEXPR, img_end(m, type));
	img_clause(m, DTRACE_DIFO_NONE, 1);
	r = rig_new(m);
	rig_fire(r);
	if (!rig_error.arg[4])
		val = rig_u64(r, 0, 0);
	else
		assert_int_equal(r->buf[0].used, 0);
	rig_free(r);
	return val;
}

static struct img *begin(void)
{
	struct img *m = img_new();

	img_difo(m);
	return m;
}

static u64 binary(u32 op, u64 a, u64 b)
{
	struct img *m = begin();

	img_setx(m, a, 2);
	img_setx(m, b, 3);
	img_op(m, DIF_INSTR_R(op, 2, 3, 1));
	return run(m, t_u64);
}

static void alu(void **state)
{
	static const struct {
		u32 op;
		u64 a, b, want;
	} cases[] = {
		{ DIF_OP_OR, 0xf0, 0x0f, 0xff },
		{ DIF_OP_XOR, 0xff, 0x0f, 0xf0 },
		{ DIF_OP_AND, 0xff, 0x0f, 0x0f },
		{ DIF_OP_SLL, 1, 63, 1ull << 63 },
		{ DIF_OP_SLL, 1, 64, 1 },
		{ DIF_OP_SRL, 1ull << 63, 63, 1 },
		{ DIF_OP_SRA, 1ull << 63, 63, U64_MAX },
		{ DIF_OP_SRA, 64, 3, 8 },
		{ DIF_OP_SUB, 1, 2, U64_MAX },
		{ DIF_OP_ADD, U64_MAX, 2, 1 },
		{ DIF_OP_MUL, 1ull << 63, 3, 1ull << 63 },
		{ DIF_OP_SDIV, -7, 2, -3 },
		{ DIF_OP_SDIV, 1ull << 63, -1, 1ull << 63 },
		{ DIF_OP_UDIV, U64_MAX, 2, S64_MAX },
		{ DIF_OP_SREM, -7, 2, -1 },
		{ DIF_OP_SREM, 1ull << 63, -1, 0 },
		{ DIF_OP_UREM, 7, 4, 3 },
		{ DIF_OP_NOT, 1, 0, U64_MAX - 1 },
		{ DIF_OP_MOV, 42, 0, 42 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(binary(cases[i].op, cases[i].a, cases[i].b), cases[i].want);
	for (i = DIF_OP_SDIV; i <= DIF_OP_UREM; i++) {
		binary(i, 1, 0);
		assert_int_equal(rig_error.arg[4], DTRACEFLT_DIVZERO);
		assert_int_equal(rig_error.arg[3], 8);	/* the third instruction */
		memset(&rig_error, 0, sizeof(rig_error));
	}
}

static void register_zero(void **state)
{
	struct img *m = begin();

	img_setx(m, 5, 0);
	img_op(m, R(MOV, 0, 0, 1));
	assert_int_equal(run(m, t_u64), 0);
}

/* One letter per branch from BE on, 't' where it must be taken. */
static void check_branches(u64 a, u64 b, u32 cmp, const char *taken)
{
	u32 op;

	for (op = DIF_OP_BE; op <= DIF_OP_BLEU; op++) {
		struct img *m = begin();

		img_setx(m, a, 2);
		img_setx(m, b, 3);
		img_setx(m, 1, 1);
		img_op(m, cmp);
		img_op(m, DIF_INSTR_B(op, 6));
		img_op(m, R(MOV, 0, 0, 1));
		if (run(m, t_u64) != (taken[op - DIF_OP_BE] == 't'))
			fail_msg("branch %u of %llx, %llx", op - DIF_OP_BE, a, b);
	}
}

static void branches(void **state)
{
	const u32 cmp = R(CMP, 2, 3, 0);

	/*                                      =!>U>>U<U<<U  E NE G GU GE GEU L LU LE LEU */
	check_branches(5, 5, cmp,		"t---tt--tt");
	check_branches(6, 5, cmp,		"-ttttt----");
	check_branches(5, 6, cmp,		"-t----tttt");
	check_branches(-1, 1, cmp,		"-t-t-tt-t-");
	check_branches(1, -1, cmp,		"-tt-t--t-t");
	check_branches(1ull << 63, 1, cmp,	"-t-t-tt-t-");
	check_branches(0, 9, R(TST, 2, 0, 0),	"t---tt--tt");
	check_branches(-3, 9, R(TST, 2, 0, 0),	"-t-t-tt-t-");
	check_branches(0, 0, B(BA, 4),		"-ttttt----");	/* no codes set: as 1, 0 */
}

static u64 compare_strings(const char *a, const char *b, u32 op)
{
	struct img *m = begin();

	if (a)
		img_sets(m, a, 2);
	else
		img_op(m, R(NOP, 0, 0, 0));
	img_sets(m, b, 3);
	img_setx(m, 1, 1);
	img_op(m, R(SCMP, 2, 3, 0));
	img_op(m, DIF_INSTR_B(op, 6));
	img_op(m, R(MOV, 0, 0, 1));
	return run(m, t_u64);
}

static void scmp(void **state)
{
	char longer[100], other[100];

	assert_true(compare_strings("abc", "abc", DIF_OP_BE));
	assert_true(compare_strings("abc", "abd", DIF_OP_BL));
	assert_true(compare_strings("abc", "abd", DIF_OP_BLU));
	assert_true(compare_strings("abc", "ab", DIF_OP_BG));
	assert_true(compare_strings("abc", "ab", DIF_OP_BGU));
	assert_true(compare_strings("\xff", "a", DIF_OP_BG));
	assert_true(compare_strings("", "a", DIF_OP_BNE));
	assert_true(compare_strings(NULL, "", DIF_OP_BE));
	assert_true(compare_strings(NULL, "a", DIF_OP_BL));
	/* strsize is 64: what is beyond does not count */
	memset(longer, 'x', 99);
	longer[99] = '\0';
	memcpy(other, longer, 100);
	other[80] = 'y';
	assert_true(compare_strings(longer, other, DIF_OP_BE));
}

static u64 load_from(u32 op, const void *p, u32 off)
{
	struct img *m = begin();

	img_setx(m, (uintptr_t)p + off, 2);
	img_op(m, DIF_INSTR_R(op, 2, 0, 1));
	return run(m, t_u64);
}

static void loads(void **state)
{
	assert_int_equal(load_from(DIF_OP_LDSB, kernel_mem, 1), (u64)(s8)0x81);
	assert_int_equal(load_from(DIF_OP_LDSH, kernel_mem, 1), (u64)(s16)0x8281);
	assert_int_equal(load_from(DIF_OP_LDSW, kernel_mem, 1), (u64)(s32)0x84838281);
	assert_int_equal(load_from(DIF_OP_LDUB, kernel_mem, 1), 0x81);
	assert_int_equal(load_from(DIF_OP_LDUH, kernel_mem, 1), 0x8281);
	assert_int_equal(load_from(DIF_OP_LDUW, kernel_mem, 1), 0x84838281);
	assert_int_equal(load_from(DIF_OP_LDX, kernel_mem, 0), 0x8786858483828180);
	assert_int_equal(load_from(DIF_OP_ULDSB, user_mem, 0), (u64)(s8)0xc0);
	assert_int_equal(load_from(DIF_OP_ULDSH, user_mem, 0), (u64)(s16)0xc1c0);
	assert_int_equal(load_from(DIF_OP_ULDSW, user_mem, 0), (u64)(s32)0xc3c2c1c0);
	assert_int_equal(load_from(DIF_OP_ULDUB, user_mem, 0), 0xc0);
	assert_int_equal(load_from(DIF_OP_ULDUH, user_mem, 0), 0xc1c0);
	assert_int_equal(load_from(DIF_OP_ULDUW, user_mem, 0), 0xc3c2c1c0);
	assert_int_equal(load_from(DIF_OP_ULDX, user_mem, 0), 0xc7c6c5c4c3c2c1c0);
}

static void expect_fault(u32 fault)
{
	assert_int_equal(rig_error.arg[4], fault);
	memset(&rig_error, 0, sizeof(rig_error));
}

static void bad_addresses(void **state)
{
	u64 end = (uintptr_t)kernel_mem + sizeof(kernel_mem);

	load_from(DIF_OP_LDX, NULL, 0);
	expect_fault(DTRACEFLT_BADADDR);
	load_from(DIF_OP_LDX, kernel_mem, sizeof(kernel_mem) - 7);
	assert_int_equal(rig_error.arg[5], end - 7);
	expect_fault(DTRACEFLT_BADADDR);
	load_from(DIF_OP_LDUB, user_mem, 0);	/* not kernel memory */
	expect_fault(DTRACEFLT_BADADDR);
	load_from(DIF_OP_ULDUB, kernel_mem, 0);
	expect_fault(DTRACEFLT_BADADDR);
}

static void scratch_stores(void **state)
{
	struct img *m = begin();

	/* p = alloca(16); p[0..7] = ~0; *(u32 *)p = 0x11223344; *(u16 *)p, *(u8 *)(p) ... */
	img_setx(m, 16, 2);
	img_op(m, R(ALLOCS, 2, 0, 3));
	img_op(m, R(NOT, 0, 0, 4));
	img_op(m, R(STX, 4, 0, 3));
	img_setx(m, 0x11223344, 4);
	img_op(m, R(STW, 4, 0, 3));
	img_setx(m, 0x5566, 4);
	img_op(m, R(STH, 4, 0, 3));
	img_setx(m, 0x77, 4);
	img_op(m, R(STB, 4, 0, 3));
	img_op(m, R(LDX, 3, 0, 1));
	assert_int_equal(run(m, t_u64), 0xffffffff11225577);
}

static u64 copys(u64 src, u64 n, u64 alloc)
{
	struct img *m = begin();

	img_setx(m, alloc, 2);
	img_op(m, R(ALLOCS, 2, 0, 3));
	img_setx(m, src, 4);
	img_setx(m, n, 5);
	img_op(m, R(COPYS, 4, 5, 3));
	img_op(m, R(LDX, 3, 0, 1));
	return run(m, t_u64);
}

static void copies(void **state)
{
	assert_int_equal(copys((uintptr_t)kernel_mem, 4, 8), 0x83828180);
	copys((uintptr_t)kernel_mem, 16, 8);
	expect_fault(DTRACEFLT_BADADDR);
	copys((uintptr_t)kernel_mem, U64_MAX, 8);
	expect_fault(DTRACEFLT_BADADDR);
	copys((uintptr_t)kernel_mem + 60, 8, 8);
	expect_fault(DTRACEFLT_BADADDR);
}

static void scratch_runs_out(void **state)
{
	copys((uintptr_t)kernel_mem, 8, DTK_SCRATCH);
	assert_int_equal(rig_error.arg[4], 0);
	copys((uintptr_t)kernel_mem, 8, DTK_SCRATCH + 1);
	expect_fault(DTRACEFLT_NOSCRATCH);
	copys((uintptr_t)kernel_mem, 8, U64_MAX - 3);
	expect_fault(DTRACEFLT_NOSCRATCH);
}

static void stores_elsewhere(void **state)
{
	const u64 targets[] = { 0, 8, (uintptr_t)kernel_mem, (uintptr_t)user_mem, U64_MAX - 3 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		struct img *m = begin();

		img_setx(m, targets[i], 2);
		img_op(m, R(STX, 2, 0, 2));
		run(m, t_u64);
		expect_fault(DTRACEFLT_BADADDR);
	}
	assert_int_equal((u8)kernel_mem[0], 0x80);
}

/* A string of the difo is not to be written, though it is read directly. */
static void store_to_string_table(void **state)
{
	struct img *m = begin();

	img_sets(m, "constant", 2);
	img_op(m, R(STB, 0, 0, 2));
	run(m, t_u64);
	expect_fault(DTRACEFLT_BADADDR);
}

static u64 builtin(u32 id)
{
	struct img *m = begin();

	img_op(m, W(LDGS, id, 1));
	return run(m, t_u64);
}

static void builtins(void **state)
{
	u64 val;

	dtk_port.builtin = 0x10000;
	dtk_port.wall = 123456;
	assert_int_equal(builtin(DIF_VAR_ARG0), 11);
	assert_int_equal(builtin(DIF_VAR_ARG2), 33);
	assert_int_equal(builtin(DIF_VAR_ARG3), 1003);	/* from the provider */
	val = builtin(DIF_VAR_TIMESTAMP);
	assert_int_equal(val, rig_clock - 1);
	assert_int_equal(builtin(DIF_VAR_WALLTIMESTAMP), 123456);
	assert_int_equal(builtin(DIF_VAR_ID), 77);
	assert_int_equal(builtin(DIF_VAR_EPID), 101);
	assert_int_equal(builtin(DIF_VAR_PID), 0x10000 + DIF_VAR_PID);
	dtk_port.nobuiltin = DIF_VAR_ERRNO;
	builtin(DIF_VAR_ERRNO);
	expect_fault(DTRACEFLT_ILLOP);
}

static u64 array(u32 id, u64 n)
{
	struct img *m = begin();

	img_setx(m, n, 2);
	img_op(m, R(LDGA, id, 2, 1));
	return run(m, t_u64);
}

static void arrays(void **state)
{
	assert_int_equal(array(DIF_VAR_ARGS, 1), 22);
	assert_int_equal(array(DIF_VAR_ARGS, 12), 1012);
	assert_int_equal(array(DIF_VAR_ARGS, 100), 0);	/* no such argument: 0 */
	array(DIF_VAR_ARGS, 1ull << 32);
	expect_fault(DTRACEFLT_BADINDEX);
	assert_int_equal(array(DIF_VAR_UREGS, DIF_REG_RIP), 2000 + DIF_REG_RIP);
	array(DIF_VAR_UREGS, DIF_REG_MAX);
	expect_fault(DTRACEFLT_BADINDEX);
	array(DIF_VAR_UREGS, 1ull << 32);
	expect_fault(DTRACEFLT_BADINDEX);
}

/* Record what r1 points at as a string. */
static void run_string(struct img *m, char *ret)
{
	struct rig *r;

	img_op(m, RET(1));
	img_act(m, DTRACEACT_DIFEXPR, img_end(m, t_str));
	img_clause(m, DTRACE_DIFO_NONE, 1);
	r = rig_new(m);
	rig_fire(r);
	ret[0] = '\0';
	if (!rig_error.arg[4])
		memcpy(ret, rig_field(r, 0, 0), 64);
	rig_free(r);
}

static void builtin_strings(void **state)
{
	static const struct {
		u32 id;
		const char *want;
	} cases[] = {
		{ DIF_VAR_PROBEPROV, "prov" }, { DIF_VAR_PROBEMOD, "module" },
		{ DIF_VAR_PROBEFUNC, "function" }, { DIF_VAR_PROBENAME, "name" },
		{ DIF_VAR_EXECNAME, "str-11a" }, { DIF_VAR_CWD, "str-11d" },
	};
	char s[64];
	u32 i, j;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct img *m = begin();

		img_op(m, W(LDGS, cases[i].id, 1));
		run_string(m, s);
		assert_string_equal(s, cases[i].want);
		for (j = strlen(s); j < sizeof(s); j++)
			assert_int_equal(s[j], 0);
	}
}

static void string_records(void **state)
{
	static char unterminated[100];
	char s[64], want[64];
	struct img *m = begin();

	memset(unterminated, 'u', sizeof(unterminated));
	dtk_port_map(unterminated, sizeof(unterminated));
	memset(want, 'u', 63);
	want[63] = '\0';
	img_setx(m, (uintptr_t)unterminated, 1);
	run_string(m, s);
	assert_string_equal(s, want);

	m = begin();
	img_setx(m, (uintptr_t)unterminated + 50, 1);	/* ends in unmapped memory */
	run_string(m, s);
	expect_fault(DTRACEFLT_BADADDR);

	m = begin();
	run_string(m, s);	/* NULL: a string that was never assigned */
	assert_string_equal(s, "");
	expect_fault(0);
}

static void struct_records(void **state)
{
	const struct dif_type type = { DIF_TYPE_STRUCT, DIF_TF_BYREF, 0, 16 };
	struct img *m = begin();

	img_setx(m, (uintptr_t)kernel_mem, 1);
	assert_int_equal(run(m, type), 0x8786858483828180);
	m = begin();
	img_setx(m, (uintptr_t)kernel_mem + 49, 1);
	run(m, type);
	expect_fault(DTRACEFLT_BADADDR);
}

static void tuple_sizes(void **state)
{
	struct img *m = begin();

	/* A struct as a key must have a size. */
	img_var(m, 0x500, DIF_SCOPE_GLOBAL, DIF_KIND_ARRAY, t_u64);
	img_setx(m, (uintptr_t)kernel_mem, 2);
	img_op(m, R(PUSHTR, 2, 0, DIF_TYPE_STRUCT));
	img_op(m, W(LDGAA, 0x500, 1));
	run(m, t_u64);
	expect_fault(DTRACEFLT_BADSIZE);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(alu), test(register_zero), test(branches), test(scmp), test(loads),
		test(bad_addresses), test(scratch_stores), test(copies), test(scratch_runs_out),
		test(stores_elsewhere), test(store_to_string_table), test(builtins), test(arrays),
		test(builtin_strings), test(string_records), test(struct_records),
		test(tuple_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
