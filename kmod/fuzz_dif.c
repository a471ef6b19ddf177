// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the engine: any image that the checker accepts must fire without
 * touching memory that is not its own.
 *
 * With libFuzzer: "make fuzzers". Without, main() makes up images of random but mostly
 * plausible instructions and actions, and damages some: fuzz_dif [N [FIRST]].
 *
 * An image is loaded, declared and fired several times on two CPUs with a
 * cleaning of dynamic variables and switches in between; then all is freed.
 */
#ifdef FUZZ_GUIDED
#include "engine_impl.h"
#include <stdlib.h>
#else
#include "test_image.h"
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_BUF 8192
#define FUZZ_CPUS 2
#define FUZZ_CACHE 64

static u64 accepted, fired, faults;	/* so that main() can see that it tested */

/* What a fuzzed consumer is made of; all sizes are exact, for ASan. */
struct consumer {
	struct dtk_sink sink;
	struct dtk_probename probe;
	struct dtk_ccpu ccpu[FUZZ_CPUS], *ccpus[FUZZ_CPUS];
	struct dtk_buf buf[FUZZ_CPUS];
	void *half[FUZZ_CPUS][4];
};

static void cpu_init(struct consumer *c, u32 cpu)
{
	struct dtk_ccpu *cc = &c->ccpu[cpu];
	u32 i;

	for (i = 0; i < 4; i++)
		c->half[cpu][i] = dtk_alloc(FUZZ_BUF);
	dtk_buf_init(&c->buf[cpu], c->half[cpu][0], c->half[cpu][1], FUZZ_BUF,
		     cpu ? DTRACE_BUFPOLICY_FILL : DTRACE_BUFPOLICY_SWITCH);
	cc->buf = &c->buf[cpu];
	cc->scratch = dtk_alloc(DTK_SCRATCH);
	cc->cache = dtk_alloc(FUZZ_CACHE * sizeof(*cc->cache));
	cc->ncache = FUZZ_CACHE;
	if (dtk_aggbuf_create(&cc->agg, c->half[cpu][2], c->half[cpu][3], FUZZ_BUF))
		abort();
	c->ccpus[cpu] = cc;
}

static void cpu_free(struct consumer *c, u32 cpu)
{
	u32 i;

	dtk_aggbuf_destroy(c->ccpu[cpu].agg);
	for (i = 0; i < 4; i++)
		dtk_free(c->half[cpu][i]);
	dtk_free(c->ccpu[cpu].scratch);
	dtk_free(c->ccpu[cpu].cache);
}

static void fire_clauses(struct consumer *c, struct dtk_program *prog, u32 cpu, u64 round)
{
	static char user[32] = "user memory";
	struct dtk_fire f = {
		.nargs = 5,
		.arg = { 0, 1, (uintptr_t)user, (uintptr_t)c->probe.func, U64_MAX },
		.serial = 1000 + round, .now = 1000 + round,
	};
	u32 i, cache = 0;

	dtk_port_umap(user, sizeof(user));
	for (i = 0; i < prog->nclauses && i < 64; i++) {
		struct dtk_ecb ecb = {
			.sink = &c->sink, .clause = &prog->clauses[i], .epid = i + 1,
			.probe = (struct dtk_probe *)&c->probe, .cacheidx = cache,
		};

		cache += prog->clauses[i].nconst;
		dtk_ecb_run(&ecb, &f, cpu);
		fired++;
	}
}

static void fire_program(struct consumer *c, struct dtk_program *prog)
{
	struct dtrace_ioc_switch sw;
	u64 round;

	for (round = 0; round < 4; round++) {
		dtk_port_thread = 1 + round % 2;
		fire_clauses(c, prog, round % FUZZ_CPUS, round);
		c->sink.exiting = 0;
		if (round == 1) {
			dtk_aggbuf_switch(c->ccpu[0].agg, &sw);
			dtk_buf_switch(c->ccpu[0].buf, &sw);
			if (dtk_vars_clean_begin(c->sink.vars))
				dtk_vars_clean_end(c->sink.vars);
		}
	}
}

static void fuzz_program(struct dtk_program *prog)
{
	static const char names[] = "prov\0mod\0func\0name";
	struct consumer c = {
		.probe = { 7, names, names + 5, names + 9, names + 14 },
		.sink = {
			.live = 1, .cpu = DTRACE_CPUALL, .ncpus = FUZZ_CPUS,
			.vars = dtk_vars_create(FUZZ_CPUS),
		},
	};
	struct dtrace_ioc_error err;
	u32 cpu;

	dtk_port_map(names, sizeof(names));
	c.sink.ccpu = c.ccpus;
	for (cpu = 0; cpu < FUZZ_CPUS; cpu++)
		cpu_init(&c, cpu);
	if (!dtk_vars_declare(c.sink.vars, prog, &err) &&
	    !dtk_vars_dynalloc(c.sink.vars, 16384))
		fire_program(&c, prog);
	for (cpu = 0; cpu < FUZZ_CPUS; cpu++) {
		faults += c.ccpu[cpu].errors;
		cpu_free(&c, cpu);
	}
	dtk_vars_destroy(c.sink.vars);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dtk_program *prog;
	struct dtrace_ioc_error err;

	if (dtk_program_load(data, size, &prog, &err))
		return 0;
	accepted++;
	fuzz_program(prog);
	dtk_program_put(prog);
	return 0;
}

#ifndef FUZZ_GUIDED

#include "../tests/fuzz/fuzz.h"

/* ---- Images ------------------------------------------------------------------ */

static u64 rng_state;

static u32 rnd(u32 n)
{
	rng_state = rng_state * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(rng_state >> 33) % n;
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

static void add_vars(struct img *m)
{
	u32 id;

	for (id = 0; id < NVARS; id++) {
		u32 scope = id % 3, kind = scope != DIF_SCOPE_LOCAL && id % 4 == 0;

		img_var(m, DIF_VAR_USER + id, scope, kind, types[id * 5 % ARRAY_SIZE(types)]);
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
		DIF_VAR_ARG0, DIF_VAR_ARG1, DIF_VAR_ARG2, DIF_VAR_ARG3, DIF_VAR_TIMESTAMP,
		DIF_VAR_EXECNAME, DIF_VAR_PROBEFUNC, DIF_VAR_PROBENAME, DIF_VAR_ID, DIF_VAR_PID,
	};
	u32 scope, kind, id;

	if (op == DIF_OP_LDGS && rnd(2))
		return builtins[rnd(ARRAY_SIZE(builtins))];
	for (id = rnd(NVARS);; id = (id + 1) % NVARS) {
		scope = id % 3;
		kind = scope != DIF_SCOPE_LOCAL && id % 4 == 0;
		if (kind == (op >= DIF_OP_LDGAA) &&
		    scope == (op == DIF_OP_LDTS || op == DIF_OP_STTS || op == DIF_OP_LDTAA ||
			      op == DIF_OP_STTAA ? 1 : op == DIF_OP_LDLS || op == DIF_OP_STLS ? 2 : 0))
			return DIF_VAR_USER + id;
	}
}

/* A call with the right number of arguments. Returns the instructions it took. */
static void add_call(struct img *m)
{
	u32 subr, n;

	do {
		subr = rnd(DIF_SUBR_MAX);
	} while (!dtk_subr_fns[subr]);
	img_op(m, R(FLUSHTS, 0, 0, 0));
	for (n = dtk_subrs[subr].min + rnd(dtk_subrs[subr].max - dtk_subrs[subr].min + 1); n; n--)
		img_op(m, R(PUSHTV, rnd(3) ? ptr_reg() : any_reg(), 0, 0));
	img_op(m, W(CALL, subr, out_reg()));
}

static void add_array(struct img *m)
{
	static const u8 ops[] = { DIF_OP_LDGAA, DIF_OP_STGAA, DIF_OP_LDTAA, DIF_OP_STTAA };
	u32 op = ops[rnd(ARRAY_SIZE(ops))], n;

	img_op(m, R(FLUSHTS, 0, 0, 0));
	for (n = 1 + rnd(3); n; n--) {
		if (rnd(2))
			img_op(m, R(PUSHTV, any_reg(), 0, 0));
		else
			img_op(m, R(PUSHTR, ptr_reg(), any_reg(), 1 + rnd(2)));
	}
	img_op(m, DIF_INSTR_W(op, pick_var(op), op == DIF_OP_LDGAA || op == DIF_OP_LDTAA ?
			      out_reg() : ptr_reg()));
}

static void add_branch(struct img *m, u32 left)
{
	u32 at = m->difos[m->ndifos].ntext, op = DIF_OP_BA + rnd(11);

	if (op != DIF_OP_BA)
		img_op(m, rnd(2) ? R(CMP, any_reg(), any_reg(), 0) : R(SCMP, ptr_reg(), ptr_reg(), 0));
	img_op(m, DIF_INSTR_B(op, at + 2 + rnd(1 + left / 4)));
}

/* Mostly addresses, small numbers and strings: what gets far. */
static void add_value(struct img *m)
{
	static const char *const strings[] = { "", "/", "a/b/../c//", "hello", "-0x7f", "%s%n" };
	u32 rd = rnd(3) ? 7 + rnd(9) : 1 + rnd(15);

	switch (rnd(6)) {
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

static void add_instr(struct img *m, u32 left)
{
	static const u8 varops[] = {
		DIF_OP_LDGS, DIF_OP_STGS, DIF_OP_LDTS, DIF_OP_STTS, DIF_OP_LDLS, DIF_OP_STLS,
	};
	u32 op;

	switch (rnd(12)) {
	case 0 ... 3:
		add_value(m);
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
	case 7 ... 8:
		op = varops[rnd(ARRAY_SIZE(varops))];
		img_op(m, DIF_INSTR_W(op, pick_var(op), op == DIF_OP_LDGS || op == DIF_OP_LDTS ||
				      op == DIF_OP_LDLS ? out_reg() : ptr_reg()));
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
		       R(LDGA, rnd(2), 5 + rnd(3), out_reg()));
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

static void add_action(struct img *m)
{
	static const u16 kinds[] = {
		DTRACEACT_DIFEXPR, DTRACEACT_PRINTF, DTRACEACT_TRACEMEM, DTRACEACT_DIFVAL,
		DTRACEACT_USYM, DTRACEACT_SYM, DTRACEACT_EXIT, DTRACEACT_LIBACT,
	};
	struct dtrace_act_desc *a;

	switch (rnd(6)) {
	case 0:
		img_act(m, DTRACEACT_STACK, DTRACE_DIFO_NONE)->arg = 1 + rnd(8);
		break;
	case 1:
		a = img_act(m, DTRACEACT_USTACK, DTRACE_DIFO_NONE);
		a->arg = DTRACE_USTACK_ARG(1 + rnd(8), rnd(32));
		break;
	default:
		a = img_act(m, kinds[rnd(ARRAY_SIZE(kinds))], scalar_difo(m));
		if (a->kind == DTRACEACT_DIFEXPR || a->kind == DTRACEACT_PRINTF)
			a->difo = rnd(m->ndifos);
		if (a->kind == DTRACEACT_TRACEMEM)
			a->arg = 1 + rnd(100);
	}
}

static void add_agg(struct img *m)
{
	u32 n = rnd(3), i, kind = DTRACEAGG_COUNT + rnd(9);
	struct dtrace_act_desc *a;

	for (i = 0; i < n; i++)
		img_act(m, DTRACEACT_DIFEXPR, rnd(m->ndifos));
	a = img_act(m, kind, kind == DTRACEAGG_COUNT ? DTRACE_DIFO_NONE : scalar_difo(m));
	a->ntuple = n;
	if (kind >= DTRACEAGG_QUANTIZE && rnd(2))
		a->incr = scalar_difo(m);
	if (kind == DTRACEAGG_LQUANTIZE)
		a->arg = DTRACE_LQUANTIZE_ARG(rnd(100) - 50, 1 + rnd(20), 1 + rnd(10));
	else if (kind == DTRACEAGG_LLQUANTIZE)
		a->arg = DTRACE_LLQUANTIZE_ARG(2 + rnd(9), rnd(3), rnd(8), 1 + rnd(20));
}

static struct img *make_image(void)
{
	struct img *m = img_new();
	u32 ndifos = 1 + rnd(5), nclauses = 1 + rnd(2), i, first;

	m->hdr.strsize = 16 + rnd(60);
	for (i = 0; i < ndifos; i++)
		add_difo(m);
	while (nclauses--) {
		first = m->nacts;
		for (i = 1 + rnd(3); i; i--)
			rnd(3) ? add_action(m) : add_agg(m);
		img_clause(m, rnd(3) ? DTRACE_DIFO_NONE : scalar_difo(m), m->nacts - first);
	}
	return m;
}

static void damage(u8 *blob, size_t size)
{
	u32 n = rnd(2) ? 0 : rnd(4), at;

	while (n--) {
		at = rnd(4) ? rnd(size) : rnd(sizeof(struct dtrace_image_hdr));
		switch (rnd(3)) {
		case 0:
			blob[at] ^= 1u << rnd(8);
			break;
		case 1:
			blob[at] = rnd(256);
			break;
		default:
			memcpy(blob + at / 8 * 8, &interesting[rnd(ARRAY_SIZE(interesting))],
			       min_t(size_t, 4, size - at / 8 * 8));
		}
	}
}

static void run_image(u64 seed)
{
	struct img *m;
	size_t size;
	u8 *blob, *exact;

	rng_state = seed * 0x9e3779b97f4a7c15ull;
	m = make_image();
	blob = img_blob(m, &size);
	damage(blob, size);
	exact = malloc(size);	/* so that a read beyond the end is seen */
	memcpy(exact, blob, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	free(blob);
	free(m);
}

static void feed(const void *data, size_t size)
{
	LLVMFuzzerTestOneInput(data, size);
}

int main(int argc, char **argv)
{
	u64 n = argc > 1 ? strtoull(argv[1], NULL, 0) : 20000;
	u64 seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1, end = seed + n;

	dtk_port_reset();
	fuzz_folder("tests/fuzz/dif", feed);
	for (; seed < end; seed++) {
		run_image(seed);
		if (dtk_port.nalloc) {
			fprintf(stderr, "fuzz_dif: image %llu leaks %ld allocations\n", seed,
				dtk_port.nalloc);
			return 1;
		}
	}
	printf("fuzz_dif: %llu images, %llu accepted, %llu clauses fired, %llu faults\n", n, accepted,
	       fired, faults);
	/* If nearly all were refused, or nothing ran to its end, nothing was tested. */
	return n > 1000 && (accepted < n / 20 || fired < faults + faults / 10);
}

#endif
