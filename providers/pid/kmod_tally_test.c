// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aggregating without a trap: heads are run here, as they would be in a stub.
 *
 * Truth is the engine: what dtk_agg_update() makes of the same values, what dtk_dif_exec() makes of the same
 * difos. Threads that are interrupted are ourselves, in single step: at each instruction of a head in turn, what
 * the module would do then is done.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <cmocka.h>

#include "engine_impl.h"
#include "kmod_gen.c"
#include "kmod_tally.c"

#define COPIES	256u

static u8 *code;			/* a page of it */
static u64 *cells;			/* COPIES pages */
static struct dpid_gen gen_room;
static u8 scratch[DTK_SCRATCH];

static int setup(void **state)
{
	(void)state;
	dtk_port_reset();
	if (!code) {
		code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		cells = mmap(NULL, COPIES * 4096ul, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	return code == MAP_FAILED || cells == MAP_FAILED ? -1 : 0;
}

static u64 rng_state = 11;

static u64 rng(void)
{
	rng_state = rng_state * 6364136223846793005ull + 1442695040888963407ull;
	return rng_state >> 33;
}

/* Values of all magnitudes and both signs, often near a power of two or of ten. */
static s64 some_value(void)
{
	u64 x = (rng() << 33 | rng() << 2) >> rng() % 64, ten = 1;

	switch (rng() % 6) {
	case 0:
		return 1ull << rng() % 64;
	case 1:
		return (1ull << rng() % 64) - 1;
	case 2:
		return -x;
	case 3:
		for (u32 i = rng() % 19; i; i--)
			ten *= 10;
		return ten - rng() % 3;
	case 4:
		return rng() % 2000 - 300;
	default:
		return x;
	}
}

/* ---- Difos ------------------------------------------------------------------------- */

static u64 ints[256];

static struct dtk_difo difo_of(const u32 *text, u32 n)
{
	return (struct dtk_difo){ .text = text, .ntext = n, .ints = ints, .nints = 256 };
}

static const u32 arg0_text[] = { DIF_INSTR_W(DIF_OP_LDGS, DIF_VAR_ARG0, 1), DIF_INSTR_R(DIF_OP_RET, 0, 0, 1) };
static const u32 arg1_text[] = { DIF_INSTR_W(DIF_OP_LDGS, DIF_VAR_ARG0 + 1, 1), DIF_INSTR_R(DIF_OP_RET, 0, 0, 1) };

/* What the engine says. Whoever faults has faulted. */
static u64 exec(const struct dtk_difo *difo, const u64 arg[6], u32 *fault)
{
	struct dtk_ccpu cc = { .scratch = scratch };
	struct dtk_fire f = { .nargs = 6 };
	struct dtk_ecb ecb = { .epid = 1 };
	struct dtk_mstate ms = { .f = &f, .cc = &cc, .ecb = &ecb };
	u64 val;

	memcpy(f.arg, arg, 6 * sizeof(*arg));
	val = dtk_dif_exec(difo, &ms);
	*fault = ms.fault;
	return val;
}

/* ---- Running heads ------------------------------------------------------------------- */

static bool rdpid(void)
{
	u32 a = 7, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return c >> 22 & 1;
}

/* The head is one of a return: rax is its argument, and flags are to be kept. */
static bool at_return;
u64 flags_before = 0x202, rax_before = 0x1111;
#define STATUS_FLAGS	0x8d5ull

static struct dpid_plan *plan_of(const struct dpid_wish *wish, u32 n, bool use_rdpid)
{
	struct dpid_setting set = {
		COPIES, use_rdpid && rdpid(), __builtin_cpu_supports("bmi2"), at_return, at_return,
	};
	struct dpid_plan *plan = NULL;
	u64 at = (uintptr_t)cells;
	s32 rel;

	if (dpid_plan_make(&gen_room, wish, n, &set, &plan))
		return NULL;
	memcpy(code, plan->head, plan->size);
	code[plan->size] = 0xc3;
	for (u32 i = 0; i < plan->n; i++) {
		rel = plan->size + 8 - (plan->base[i] + 4);
		memcpy(code + plan->base[i], &rel, sizeof(rel));
	}
	memcpy(code + plan->size + 8, &at, sizeof(at));
	memset(cells, 0, COPIES * 4096ul);
	return plan;
}

/*
 * u64 run_head(const u64 arg[6], u64 after[12], u64 step): calls it with arguments in registers and known values
 * in the others; then stores them. @step: single-step through it. Nothing of it is below the stack pointer.
 */
void run_head(const u64 arg[6], u64 after[12], u64 step, const void *head);
__asm__(".pushsection .text\n"
	"run_head:\n"
	"	push %rbx\n	push %rbp\n	push %r12\n	push %r13\n"
	"	push %rsi\n"
	"	mov %rcx,%rbx\n"
	"	mov %rdx,%rbp\n"
	"	mov %rdi,%rax\n"
	"	mov 0(%rax),%rdi\n	mov 8(%rax),%rsi\n	mov 16(%rax),%rdx\n"
	"	mov 24(%rax),%rcx\n	mov 32(%rax),%r8\n	mov 40(%rax),%r9\n"
	"	mov rax_before(%rip),%rax\n	mov $0x2222,%r10\n	mov $0x3333,%r11\n"
	"	mov $0x4444,%r12\n	mov $0x5555,%r13\n"
	"	shl $8,%rbp\n"
	"	or flags_before(%rip),%rbp\n	push %rbp\n	popf\n"
	"	call *%rbx\n"
	"	pushf\n	andq $~0x100,(%rsp)\n	popf\n"
	"	mov (%rsp),%rbx\n"
	"	pushf\n	pop 88(%rbx)\n"
	"	mov %rdi,0(%rbx)\n	mov %rsi,8(%rbx)\n	mov %rdx,16(%rbx)\n	mov %rcx,24(%rbx)\n"
	"	mov %r8,32(%rbx)\n	mov %r9,40(%rbx)\n	mov %rax,48(%rbx)\n	mov %r10,56(%rbx)\n"
	"	mov %r11,64(%rbx)\n	mov %r12,72(%rbx)\n	mov %r13,80(%rbx)\n"
	"	pop %rsi\n"
	"	pop %r13\n	pop %r12\n	pop %rbp\n	pop %rbx\n"
	"	ret\n"
	".popsection\n");

static void call_head(const u64 arg[6], bool step)
{
	const u64 rest[] = { rax_before, 0x2222, 0x3333, 0x4444, 0x5555 };
	u64 after[12];

	run_head(arg, after, step, code);
	assert_memory_equal(after, arg, 6 * sizeof(*arg));
	assert_memory_equal(after + 6, rest, sizeof(rest));
	if (at_return)
		assert_int_equal(after[11] & STATUS_FLAGS, flags_before & STATUS_FLAGS);
}

static void add_up(const struct dpid_tally *t, u64 *sum)
{
	memset(sum, 0, DPID_CELLS * sizeof(*sum));
	for (u32 c = 0; c < COPIES; c++)
		assert_true(dpid_tally_add(t, cells + c * 512 + t->cell, sum));
}

static u64 cell(const struct dpid_tally *t, u32 i)
{
	u64 v = 0;

	for (u32 c = 0; c < COPIES; c++)
		v = cells[c * 512 + t->cell + i] > v ? cells[c * 512 + t->cell + i] : v;
	return v;
}

/* ---- Each function against the engine's ------------------------------------------------ */

static const struct { u16 kind; u64 arg; } functions[] = {
	{ DTRACEAGG_COUNT, 0 }, { DTRACEAGG_SUM, 0 }, { DTRACEAGG_AVG, 0 }, { DTRACEAGG_STDDEV, 0 },
	{ DTRACEAGG_MIN, 0 }, { DTRACEAGG_MAX, 0 }, { DTRACEAGG_QUANTIZE, 0 },
	{ DTRACEAGG_LQUANTIZE, DTRACE_LQUANTIZE_ARG(0, 10, 100) },
	{ DTRACEAGG_LQUANTIZE, DTRACE_LQUANTIZE_ARG(-100, 100, 7) },
	{ DTRACEAGG_LQUANTIZE, DTRACE_LQUANTIZE_ARG(-2147483647 - 1, 500, 65535) },
	{ DTRACEAGG_LQUANTIZE, DTRACE_LQUANTIZE_ARG(5, 1, 1) },
	{ DTRACEAGG_LLQUANTIZE, DTRACE_LLQUANTIZE_ARG(10, 0, 6, 20) },
	{ DTRACEAGG_LLQUANTIZE, DTRACE_LLQUANTIZE_ARG(10, 0, 17, 10) },
	{ DTRACEAGG_LLQUANTIZE, DTRACE_LLQUANTIZE_ARG(10, 3, 5, 100) },
	{ DTRACEAGG_LLQUANTIZE, DTRACE_LLQUANTIZE_ARG(2, 0, 60, 2) },
	{ DTRACEAGG_LLQUANTIZE, DTRACE_LLQUANTIZE_ARG(2, 3, 20, 16) },
	{ DTRACEAGG_LLQUANTIZE, DTRACE_LLQUANTIZE_ARG(10, 0, 0, 10) },
};

static void init(u16 kind, u64 arg, u64 *value)
{
	memset(value, 0, (DPID_CELLS + 1) * sizeof(*value));
	if (kind == DTRACEAGG_MIN)
		value[0] = S64_MAX;
	if (kind == DTRACEAGG_MAX)
		value[0] = (u64)S64_MIN;
	if (kind >= DTRACEAGG_LQUANTIZE)
		value[0] = arg;
}

static void compare_with(const struct dpid_tally *t, const u64 *value, u64 hits)
{
	u64 sum[DPID_CELLS];
	s64 got;

	if (is_extreme(t->kind)) {
		got = cell(t, EXTREME) && t->kind == DTRACEAGG_MIN && !cell(t, KEY) ? S64_MAX :
		      cell(t, EXTREME) && !cell(t, KEY) ? S64_MIN : dpid_tally_value(t, cell(t, KEY));
		assert_true(!hits || cell(t, KEY) || cell(t, EXTREME));
		assert_int_equal(got, value[0]);
		return;
	}
	add_up(t, sum);
	if (t->kind == DTRACEAGG_SUM) {
		assert_int_equal(sum[0], hits);
		assert_int_equal(sum[1], value[0]);
	} else if (is_sum(t->kind)) {
		assert_memory_equal(sum, value, (t->kind == DTRACEAGG_AVG ? 2 : 4) * sizeof(*sum));
	} else {
		assert_memory_equal(sum, value + (t->kind >= DTRACEAGG_LQUANTIZE), t->ncells * sizeof(*sum));
	}
}

static void aggregating_functions(void **state)
{
	struct dtk_difo val = difo_of(arg0_text, ARRAY_SIZE(arg0_text));
	static const s64 corner[] = { 0, 1, -1, S64_MAX, S64_MIN, S64_MIN + 1, S64_MAX - 1, 9, 10, 11, 1000000 };
	u64 value[DPID_CELLS + 1], arg[6] = { 0, 2, 3, 4, 5, 6 };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(functions) * 2; i++) {
		struct dpid_wish wish = { functions[i / 2].kind, functions[i / 2].arg, NULL, &val };
		struct dpid_plan *plan = plan_of(&wish, 1, i & 1);
		const char *why;

		assert_true(dtk_agg_valsize(wish.kind, wish.arg, &why) > 0);
		if (!plan)
			fail_msg("function %u is refused", i / 2);
		init(wish.kind, wish.arg, value);
		for (u32 n = 0; n < 4000; n++) {
			arg[0] = n < ARRAY_SIZE(corner) ? (u64)corner[n] : (u64)some_value();
			dtk_agg_update(wish.kind, wish.arg, value, arg[0], 1);
			call_head(arg, false);
			if (n < 20 || n == 3999)
				compare_with(&plan->tally[0], value, n + 1);
		}
		dtk_free(plan);
	}
}

/* The extremes that have no key, alone. */
static void extremes(void **state)
{
	struct dtk_difo val = difo_of(arg0_text, ARRAY_SIZE(arg0_text));
	struct dpid_wish wish = { DTRACEAGG_MIN, 0, NULL, &val };
	u64 arg[6] = { S64_MAX };
	struct dpid_plan *plan = plan_of(&wish, 1, true);

	(void)state;
	assert_int_equal(dpid_tally_extreme(&plan->tally[0]), S64_MAX);
	call_head(arg, false);
	assert_int_equal(cell(&plan->tally[0], KEY), 0);
	assert_int_equal(cell(&plan->tally[0], EXTREME), 1);
	dtk_free(plan);
	wish.kind = DTRACEAGG_MAX;
	arg[0] = (u64)S64_MIN;
	plan = plan_of(&wish, 1, true);
	assert_int_equal(dpid_tally_extreme(&plan->tally[0]), S64_MIN);
	call_head(arg, false);
	assert_int_equal(cell(&plan->tally[0], KEY), 0);
	assert_int_equal(cell(&plan->tally[0], EXTREME), 1);
	dtk_free(plan);
}

/* ---- At a return -------------------------------------------------------------------------- */

static void give_flags(void)
{
	flags_before = 0x202 | (rng() & STATUS_FLAGS);
}

static void at_returns(void **state)
{
	struct dtk_difo val = difo_of(arg1_text, ARRAY_SIZE(arg1_text));
	u64 value[DPID_CELLS + 1], arg[6] = { 1, 2, 3, 4, 5, 6 };

	(void)state;
	at_return = true;
	for (u32 i = 0; i < ARRAY_SIZE(functions); i++) {
		struct dpid_wish wish = { functions[i].kind, functions[i].arg, NULL, &val };
		struct dpid_plan *plan = plan_of(&wish, 1, true);

		assert_non_null(plan);
		init(wish.kind, wish.arg, value);
		for (u32 n = 0; n < 500; n++) {
			rax_before = some_value();
			give_flags();
			dtk_agg_update(wish.kind, wish.arg, value, rax_before, 1);
			call_head(arg, false);
		}
		compare_with(&plan->tally[0], value, 500);
		dtk_free(plan);
	}
	at_return = false;
	rax_before = 0x1111;
}

/* ---- Difos against the engine ------------------------------------------------------------- */

static u32 reg(u32 n)
{
	return rng() % 8 ? 1 + rng() % n : 0;
}

/* Some program that ends: all its registers have been written before they are read, or not, as it happens. */
static u32 some_text(u32 *text)
{
	static const u32 ops[] = {
		DIF_OP_OR, DIF_OP_XOR, DIF_OP_AND, DIF_OP_SLL, DIF_OP_SRL, DIF_OP_SRA, DIF_OP_SUB, DIF_OP_ADD,
		DIF_OP_MUL, DIF_OP_SDIV, DIF_OP_UDIV, DIF_OP_SREM, DIF_OP_UREM, DIF_OP_NOT, DIF_OP_MOV,
		DIF_OP_SETX, DIF_OP_SETX, DIF_OP_LDGS, DIF_OP_LDGA, DIF_OP_CMP, DIF_OP_TST,
	};
	u32 n = 0, len = 2 + rng() % 20, nregs = 2 + rng() % 7, r;

	for (r = 1; r <= nregs - rng() % 2; r++)
		text[n++] = rng() % 2 ? DIF_INSTR_W(DIF_OP_LDGS, DIF_VAR_ARG0 + rng() % 6, r) :
					DIF_INSTR_W(DIF_OP_SETX, rng() % 256, r);
	for (len += n; n < len; n++) {
		u32 op = ops[rng() % ARRAY_SIZE(ops)];

		if (op == DIF_OP_SETX)
			text[n] = DIF_INSTR_W(op, rng() % 256, reg(nregs));
		else if (op == DIF_OP_LDGS)
			text[n] = DIF_INSTR_W(op, DIF_VAR_ARG0 + rng() % 6, reg(nregs));
		else if (op == DIF_OP_LDGA)
			text[n] = DIF_INSTR_R(op, DIF_VAR_ARGS, reg(nregs), reg(nregs));
		else
			text[n] = DIF_INSTR_R(op, reg(nregs), reg(nregs), reg(nregs));
		if ((op == DIF_OP_CMP || op == DIF_OP_TST) && n + 2 < len) {
			text[n + 1] = DIF_INSTR_B(DIF_OP_BA + rng() % 11, n + 2 + rng() % (len - n - 1));
			n++;
		}
	}
	text[len] = DIF_INSTR_R(DIF_OP_RET, 0, 0, 1 + rng() % nregs);
	return len + 1;
}

static void difos(void **state)
{
	u32 text[64], accepted = 0, fault, i, n, k;
	u64 arg[6], sum[DPID_CELLS], want;

	(void)state;
	for (i = 0; i < 60000; i++) {
		struct dtk_difo val;
		struct dpid_wish wish = { DTRACEAGG_SUM, 0, NULL, &val };
		struct dpid_plan *plan;

		for (k = 0; k < 256; k++)
			ints[k] = rng() % 3 ? rng() % 70 : (u64)some_value();
		n = some_text(text);
		val = difo_of(text, n);
		plan = plan_of(&wish, 1, true);
		if (!plan)
			continue;
		accepted++;
		for (k = 0; k < 4; k++) {
			for (u32 a = 0; a < 6; a++)
				arg[a] = some_value();
			want = exec(&val, arg, &fault);
			assert_int_equal(fault, 0);
			for (u32 c = 0; c < COPIES; c++)
				memset(cells + c * 512, 0, 64);
			call_head(arg, false);
			add_up(&plan->tally[0], sum);
			if (sum[0] != 1 || sum[1] != want)
				fail_msg("program %u: %llx instead of %llx", i, sum[1], want);
		}
		dtk_free(plan);
	}
	assert_true(accepted > 5000);
}

/* ---- What is refused ------------------------------------------------------------------------ */

static void refused(void **state)
{
	static const u32 bad[][4] = {
		{ DIF_INSTR_W(DIF_OP_LDGS, DIF_VAR_ARG0 + 6, 1) },
		{ DIF_INSTR_W(DIF_OP_LDGS, DIF_VAR_TIMESTAMP, 1) },
		{ DIF_INSTR_W(DIF_OP_LDGS, DIF_VAR_USER, 1) },
		{ DIF_INSTR_R(DIF_OP_LDGA, DIF_VAR_UREGS, 0, 1) },
		{ DIF_INSTR_W(DIF_OP_LDTS, DIF_VAR_USER, 1) },
		{ DIF_INSTR_W(DIF_OP_STGS, DIF_VAR_USER, 0) },
		{ DIF_INSTR_R(DIF_OP_LDUB, 0, 0, 1) }, { DIF_INSTR_R(DIF_OP_ULDX, 0, 0, 1) },
		{ DIF_INSTR_W(DIF_OP_CALL, 0, 1) },
		/* by nothing; by what is not known; by -1 (ints[1]); shifts likewise */
		{ DIF_INSTR_W(DIF_OP_SETX, 0, 1), DIF_INSTR_R(DIF_OP_UDIV, 1, 0, 1) },
		{ DIF_INSTR_W(DIF_OP_LDGS, DIF_VAR_ARG0, 1), DIF_INSTR_R(DIF_OP_SDIV, 1, 1, 1) },
		{ DIF_INSTR_W(DIF_OP_SETX, 1, 1), DIF_INSTR_R(DIF_OP_SREM, 1, 1, 1) },
		{ DIF_INSTR_W(DIF_OP_LDGS, DIF_VAR_ARG0, 1), DIF_INSTR_R(DIF_OP_SLL, 1, 1, 1) },
		/* what nobody has written; a register without a home */
		{ DIF_INSTR_R(DIF_OP_MOV, 2, 0, 1) },
		{ DIF_INSTR_W(DIF_OP_SETX, 0, 9), DIF_INSTR_R(DIF_OP_MOV, 9, 0, 1) },
		/* written on one way only; a branch on what was compared elsewhere */
		{ DIF_INSTR_R(DIF_OP_TST, 0, 0, 0), DIF_INSTR_B(DIF_OP_BE, 3), DIF_INSTR_W(DIF_OP_SETX, 0, 1) },
		{ DIF_INSTR_R(DIF_OP_TST, 0, 0, 0), DIF_INSTR_W(DIF_OP_SETX, 0, 1), DIF_INSTR_B(DIF_OP_BE, 3) },
	};
	struct dpid_setting set = { .copies = COPIES, .rdpid = true };
	struct dpid_wish wish[DPID_TALLIES + 1];
	struct dpid_plan *plan;
	struct dtk_difo arg0 = difo_of(arg0_text, ARRAY_SIZE(arg0_text));
	u32 i;

	(void)state;
	ints[1] = U64_MAX;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		u32 text[5], n = 0;
		struct dtk_difo val;

		while (n < 4 && bad[i][n]) {
			text[n] = bad[i][n];
			n++;
		}
		text[n++] = DIF_INSTR_R(DIF_OP_RET, 0, 0, 1);
		val = difo_of(text, n);
		wish[0] = (struct dpid_wish){ DTRACEAGG_SUM, 0, NULL, &val };
		if (!dpid_plan_make(&gen_room, wish, 1, &set, &plan))
			fail_msg("program %u is not refused", i);
		wish[0] = (struct dpid_wish){ DTRACEAGG_COUNT, 0, &val, NULL };
		assert_int_equal(dpid_plan_make(&gen_room, wish, 1, &set, &plan), -EOPNOTSUPP);
	}
	/* At a return, what the function was called with. */
	set.returns = true;
	wish[0] = (struct dpid_wish){ DTRACEAGG_SUM, 0, NULL, &arg0 };
	assert_int_equal(dpid_plan_make(&gen_room, wish, 1, &set, &plan), -EOPNOTSUPP);
	set.returns = false;
	for (i = 0; i < ARRAY_SIZE(wish); i++)
		wish[i] = (struct dpid_wish){ .kind = DTRACEAGG_COUNT };
	assert_int_equal(dpid_plan_make(&gen_room, wish, ARRAY_SIZE(wish), &set, &plan), -EOPNOTSUPP);
	assert_int_equal(dpid_tally_cells(DTRACEAGG_LQUANTIZE, DTRACE_LQUANTIZE_ARG(0, 511, 1)), 0);
	assert_int_equal(dpid_tally_cells(DTRACEAGG_LLQUANTIZE, DTRACE_LLQUANTIZE_ARG(10, 0, 5, 5)), 0);
	assert_int_equal(dpid_tally_cells(DTRACEACT_DIFEXPR, 0), 0);
}

/* ---- Interrupted ------------------------------------------------------------------------------- */

static struct {
	const struct dpid_plan *plan;
	const struct dpid_wish *wish;
	const u64 *arg;
	u32 at, now;			/* do it at this step; which one this is */
	bool leave;			/* to the entry, and not again; else: to another CPU, perhaps */
	bool left;
} interrupt;

/* All values and predicates, once more: what has been counted up to section @n. */
static void undo_all(const struct dpid_plan *plan, u32 n)
{
	u32 fault;

	for (u32 i = 0; i < n; i++) {
		const struct dpid_wish *w = &interrupt.wish[i];
		u64 x = w->val ? exec(w->val, interrupt.arg, &fault) : 0;

		if (w->pred && !exec(w->pred, interrupt.arg, &fault))
			continue;
		dpid_tally_undo(&plan->tally[i], cells + plan->tally[i].cell, x,
				w->kind >= DTRACEAGG_QUANTIZE ? dtk_agg_bucket_of(w->kind, w->arg, x) : 0);
	}
}

static void on_trap(int sig, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	const struct dpid_plan *plan = interrupt.plan;
	u64 off = r[REG_RIP] - (uintptr_t)code, *slot = (u64 *)r[REG_RSP];
	u32 updates, i;
	bool bound;

	(void)sig;
	(void)info;
	if (off > plan->size || interrupt.now++ != interrupt.at)
		return;
	i = dpid_plan_progress(plan, off, &updates, &bound);
	if (bound && updates) {
		dpid_tally_finish(&plan->tally[i], cells + plan->tally[i].cell, r[REG_R10], updates);
		off = plan->tally[i].done;
		i++;
	} else if (bound) {
		off = plan->tally[i].cpu;
	}
	r[REG_RIP] = (uintptr_t)code + off;
	if (!interrupt.leave)
		return;
	undo_all(plan, i);
	if (off >= plan->saved) {
		r[REG_RAX] = slot[-1];
		r[REG_R10] = plan->values ? slot[-2] : (u64)r[REG_R10];
		r[REG_R11] = plan->values ? slot[-3] : (u64)r[REG_R11];
		r[REG_RDX] = plan->divides ? slot[-4] : (u64)r[REG_RDX];
	}
	if (plan->flagged && off >= plan->flagged) {
		r[REG_EFL] &= ~STATUS_FLAGS;
		r[REG_EFL] |= (slot[-12] >> 8 & STATUS_FLAGS & 0xff) | (slot[-12] & 1 ? 0x800 : 0);
	}
	interrupt.left = true;
	r[REG_RIP] = (uintptr_t)code + plan->size;	/* the ret */
}

static void interrupted(const struct dpid_wish *wish, u32 n, const u64 *arg)
{
	u64 value[DPID_TALLIES][DPID_CELLS + 1], sum[DPID_CELLS], nothing[DPID_CELLS] = { 0 };
	u32 fault, steps = 0;

	interrupt.wish = wish;
	interrupt.arg = arg;
	for (u32 i = 0; i < n; i++) {
		const struct dpid_wish *w = &wish[i];

		init(w->kind, w->arg, value[i]);
		if (!w->pred || exec(w->pred, arg, &fault))
			dtk_agg_update(w->kind, w->arg, value[i], w->val ? exec(w->val, arg, &fault) : 0, 1);
	}
	for (interrupt.at = 0; interrupt.at <= steps; interrupt.at++) {
		for (u32 leave = 0; leave < 2; leave++) {
			struct dpid_plan *plan = plan_of(wish, n, false);

			assert_non_null(plan);
			interrupt.plan = plan;
			interrupt.now = 0;
			interrupt.left = false;
			interrupt.leave = leave;
			/* One copy: its number is the mask's, whatever the CPU. */
			for (u32 i = 0; i + 4 < plan->size; i++)
				if (code[i] == 0x25 && !memcmp(code + i + 1, (u32[]){ COPIES - 1 }, 4))
					memset(code + i + 1, 0, 4);
			call_head(arg, true);
			steps = interrupt.now > steps ? interrupt.now : steps;
			for (u32 i = 0; i < n; i++) {
				if (!interrupt.left) {
					compare_with(&plan->tally[i], value[i], 1);
				} else if (!is_extreme(wish[i].kind)) {
					add_up(&plan->tally[i], sum);
					assert_memory_equal(sum, nothing, sizeof(sum));
				}
			}
			dtk_free(plan);
		}
	}
	assert_true(steps > 5);
}

static void interruptions(void **state)
{
	struct dtk_difo val = difo_of(arg0_text, ARRAY_SIZE(arg0_text));
	struct dtk_difo pred = difo_of(arg1_text, ARRAY_SIZE(arg1_text));
	struct sigaction sa = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO }, old;
	static const s64 x[] = { 12345, -77, 0, S64_MIN, 0xffffffffffll };
	struct dpid_wish both[] = { { DTRACEAGG_COUNT, 0, NULL, NULL }, { DTRACEAGG_STDDEV, 0, &pred, &pred } };
	struct dpid_wish three[] = {
		{ DTRACEAGG_COUNT, 0, NULL, NULL }, { DTRACEAGG_STDDEV, 0, &pred, &val },
		{ DTRACEAGG_QUANTIZE, 0, NULL, &val },
	};

	(void)state;
	sigaction(SIGTRAP, &sa, &old);
	for (u32 i = 0; i < ARRAY_SIZE(x); i++) {
		u64 arg[6] = { x[i], i & 1 ? x[i] : 0, 3, 4, 5, 6 };

		for (u32 k = 0; k < ARRAY_SIZE(functions); k++)
			interrupted(&(struct dpid_wish){ functions[k].kind, functions[k].arg, NULL, &val }, 1, arg);
		interrupted(three, ARRAY_SIZE(three), arg);
		at_return = true;
		rax_before = arg[1];
		give_flags();
		for (u32 k = 0; k < ARRAY_SIZE(functions); k++)
			interrupted(&(struct dpid_wish){ functions[k].kind, functions[k].arg, NULL, &pred }, 1, arg);
		interrupted(both, ARRAY_SIZE(both), arg);
		at_return = false;
		rax_before = 0x1111;
	}
	sigaction(SIGTRAP, &old, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(aggregating_functions, setup),
		cmocka_unit_test_setup(extremes, setup),
		cmocka_unit_test_setup(at_returns, setup),
		cmocka_unit_test_setup(difos, setup),
		cmocka_unit_test_setup(refused, setup),
		cmocka_unit_test_setup(interruptions, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
