// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aggregating without a trap: sections and heads. See kmod_tally.h.
 */
#include "kmod_tally.h"

/* ---- Cells --------------------------------------------------------------------------- */

#define BEGUN	0
#define SUM	1
#define LOW	2			/* stddev */
#define HIGH	3
#define UNDONE(t) ((t)->ncells - 2u)
#define ENDED(t) ((t)->ncells - 1u)
#define KEY	0
#define EXTREME	1

static bool is_sum(u16 kind)
{
	return kind == DTRACEAGG_SUM || kind == DTRACEAGG_AVG || kind == DTRACEAGG_STDDEV;
}

static bool is_extreme(u16 kind)
{
	return kind == DTRACEAGG_MIN || kind == DTRACEAGG_MAX;
}

/* Each magnitude's buckets are as wide as all others', but for the factor: see llquantize_loop(). */
static bool llquantize_fits(u64 arg)
{
	return !(DTRACE_LLQUANTIZE_STEPS(arg) % DTRACE_LLQUANTIZE_FACTOR(arg)) && DTRACE_LLQUANTIZE_LOW(arg) < 64;
}

u32 dpid_tally_cells(u16 kind, u64 arg)
{
	u32 n;

	switch (kind) {
	case DTRACEAGG_COUNT:
		return 1;
	case DTRACEAGG_SUM:
	case DTRACEAGG_AVG:
		return 4;
	case DTRACEAGG_STDDEV:
		return 6;
	case DTRACEAGG_MIN:
	case DTRACEAGG_MAX:
		return 2;
	case DTRACEAGG_QUANTIZE:
		return DTRACE_QUANTIZE_NBUCKETS;
	case DTRACEAGG_LQUANTIZE:
		n = DTRACE_LQUANTIZE_LEVELS(arg) + 2;
		return n <= DPID_CELLS ? n : 0;
	case DTRACEAGG_LLQUANTIZE:
		n = DTRACE_LLQUANTIZE_NBUCKETS(arg);
		return n <= DPID_CELLS && llquantize_fits(arg) ? n : 0;
	default:
		return 0;
	}
}

/* Of INT64_MAX, min() makes 0; of INT64_MIN, max(). */
static u64 flip(u16 kind)
{
	return kind == DTRACEAGG_MIN ? S64_MAX : (u64)S64_MIN;
}

s64 dpid_tally_value(const struct dpid_tally *t, u64 key)
{
	return key ^ flip(t->kind);
}

s64 dpid_tally_extreme(const struct dpid_tally *t)
{
	return dpid_tally_value(t, 0);
}

/* ---- Where this CPU's copy is ----------------------------------------------------------- */

/* The segment whose limit is this CPU's number, as the vDSO uses it: the same on all kernels since 4.20. */
#define CPUNODE_SELECTOR	0x7b

struct making {
	struct dpid_gen *g;
	struct dpid_plan *plan;
	const struct dpid_setting *set;
};

static void gen_cpu(struct making *m)
{
	struct dpid_gen *g = m->g;

	if (m->set->rdpid) {
		DPID_GEN(g, 0xf3, 0x0f, 0xc7, 0xf8);		/* rdpid %rax */
	} else {
		DPID_GEN(g, 0xb8, CPUNODE_SELECTOR, 0, 0, 0);	/* mov $selector,%eax */
		DPID_GEN(g, 0x0f, 0x03, 0xc0);			/* lsl %eax,%eax */
	}
	DPID_GEN(g, 0x25);					/* and $mask,%eax: the node's number is above */
	dpid_gen4(g, m->set->copies - 1);
	DPID_GEN(g, 0xc1, 0xe0, DPID_COPY_SHIFT);		/* shl $12,%eax */
	DPID_GEN(g, 0x48, 0x03, 0x05);				/* add cells(%rip),%rax */
	m->plan->base[m->plan->n] = g->n;
	dpid_gen4(g, 0);
}

/* ---- Buckets: from r10 to r11. rax is free, rdx where something is divided --------------- */

static void quantize(struct dpid_gen *g)
{
	u32 zero, negative, done, done_negative, fits;

	DPID_GEN(g, 0x4d, 0x85, 0xd2);			/* test %r10,%r10 */
	zero = dpid_gen_hop(g, 0x4);
	negative = dpid_gen_hop(g, 0x8);
	DPID_GEN(g, 0x4d, 0x0f, 0xbd, 0xda);		/* bsr %r10,%r11 */
	DPID_GEN(g, 0x49, 0x83, 0xc3, DTRACE_QUANTIZE_ZEROBUCKET + 1);	/* add $64,%r11 */
	done = dpid_gen_hop(g, DPID_ALWAYS);
	dpid_gen_hop_here(g, negative);
	DPID_GEN(g, 0x4c, 0x89, 0xd0);			/* mov %r10,%rax */
	DPID_GEN(g, 0x48, 0xf7, 0xd8);			/* neg %rax */
	DPID_GEN(g, 0x48, 0x0f, 0xbd, 0xc0);		/* bsr %rax,%rax */
	dpid_gen_set(g, DPID_R11, DTRACE_QUANTIZE_ZEROBUCKET - 1);
	DPID_GEN(g, 0x49, 0x29, 0xc3);			/* sub %rax,%r11 */
	fits = dpid_gen_hop(g, 0x9);
	dpid_gen_set(g, DPID_R11, 0);			/* -2^63 */
	dpid_gen_hop_here(g, fits);
	done_negative = dpid_gen_hop(g, DPID_ALWAYS);
	dpid_gen_hop_here(g, zero);
	dpid_gen_set(g, DPID_R11, DTRACE_QUANTIZE_ZEROBUCKET);
	dpid_gen_hop_here(g, done);
	dpid_gen_hop_here(g, done_negative);
}

static void lquantize(struct dpid_gen *g, u64 arg)
{
	u32 below, step = DTRACE_LQUANTIZE_STEP(arg), less;

	dpid_gen_set(g, DPID_R11, 0);
	DPID_GEN(g, 0x4c, 0x89, 0xd0);			/* mov %r10,%rax */
	DPID_GEN(g, 0x48, 0x3d);			/* cmp $base,%rax */
	dpid_gen4(g, DTRACE_LQUANTIZE_BASE(arg));
	below = dpid_gen_hop(g, 0xc);
	DPID_GEN(g, 0x48, 0x2d);			/* sub $base,%rax */
	dpid_gen4(g, DTRACE_LQUANTIZE_BASE(arg));
	dpid_gen_set(g, DPID_R11, step);
	DPID_GEN(g, 0x31, 0xd2);			/* xor %edx,%edx */
	DPID_GEN(g, 0x49, 0xf7, 0xf3);			/* div %r11 */
	dpid_gen_set(g, DPID_R11, DTRACE_LQUANTIZE_LEVELS(arg));
	DPID_GEN(g, 0x4c, 0x39, 0xd8);			/* cmp %r11,%rax */
	less = dpid_gen_hop(g, 0x7);
	DPID_GEN(g, 0x49, 0x89, 0xc3);			/* mov %rax,%r11 */
	dpid_gen_hop_here(g, less);
	DPID_GEN(g, 0x49, 0xff, 0xc3);			/* inc %r11 */
	dpid_gen_hop_here(g, below);
}

/* A jump that is taken if x and @with compare like that. */
static u32 if_x(struct dpid_gen *g, u64 with, u32 condition)
{
	dpid_gen_set(g, DPID_RAX, with);
	DPID_GEN(g, 0x49, 0x39, 0xc2);			/* cmp %rax,%r10 */
	return dpid_gen_jump(g, condition);
}

/*
 * In the magnitude that ends at high, buckets are high / steps wide, and x is in the one
 * x / (high / steps) - steps / factor of it. @width: of the first's buckets; @bucket: its first.
 */
static void llquantize_loop(struct dpid_gen *g, u64 factor, u64 steps, u64 width, u32 bucket)
{
	u32 again, found;

	dpid_gen_set(g, DPID_RAX, width);
	dpid_gen_set(g, DPID_R11, (s64)bucket - (s64)(steps / factor));
	again = g->n;
	DPID_GEN(g, 0x48, 0x69, 0xd0);			/* imul $steps,%rax,%rdx */
	dpid_gen4(g, steps);
	DPID_GEN(g, 0x49, 0x39, 0xd2);			/* cmp %rdx,%r10 */
	found = dpid_gen_hop(g, 0x2);
	DPID_GEN(g, 0x48, 0x69, 0xc0);			/* imul $factor,%rax,%rax */
	dpid_gen4(g, factor);
	DPID_GEN(g, 0x49, 0x81, 0xc3);			/* add $buckets,%r11 */
	dpid_gen4(g, steps - steps / factor);
	dpid_gen_hop_back(g, DPID_ALWAYS, again);
	dpid_gen_hop_here(g, found);
	dpid_gen_store(g, DPID_R10, DPID_SLOT_X);
	DPID_GEN(g, 0x49, 0x92);			/* xchg %rax,%r10 */
	DPID_GEN(g, 0x31, 0xd2);			/* xor %edx,%edx */
	DPID_GEN(g, 0x49, 0xf7, 0xf2);			/* div %r10 */
	DPID_GEN(g, 0x49, 0x01, 0xc3);			/* add %rax,%r11 */
	dpid_gen_load(g, DPID_R10, DPID_SLOT_X);
}

/* Magnitudes of no more numbers than steps come first, if at all, and have a bucket for each number. */
static void llquantize(struct dpid_gen *g, u64 arg)
{
	u64 factor = DTRACE_LLQUANTIZE_FACTOR(arg), steps = DTRACE_LLQUANTIZE_STEPS(arg), low = 1, single, end;
	u32 m, below, above, more, done = 0;

	for (m = 0; m < DTRACE_LLQUANTIZE_LOW(arg); m++)
		low *= factor;
	end = low;
	single = low;
	for (; m <= DTRACE_LLQUANTIZE_HIGH(arg); m++) {
		end *= factor;
		if (end <= steps)
			single = end;
	}
	dpid_gen_set(g, DPID_R11, 0);
	below = if_x(g, low, 0xc);
	dpid_gen_set(g, DPID_R11, DTRACE_LLQUANTIZE_NBUCKETS(arg) - 1);
	above = if_x(g, end, 0xd);
	if (single > low) {
		more = if_x(g, single, 0xd);
		DPID_GEN(g, 0x4d, 0x89, 0xd3);		/* mov %r10,%r11 */
		DPID_GEN(g, 0x49, 0x81, 0xeb);		/* sub $low - 1,%r11 */
		dpid_gen4(g, low - 1);
		done = dpid_gen_jump(g, DPID_ALWAYS);
		dpid_gen_here(g, more);
	}
	if (end > single)
		llquantize_loop(g, factor, steps, single * factor / steps, 1 + single - low);
	if (done)
		dpid_gen_here(g, done);
	dpid_gen_here(g, above);
	dpid_gen_here(g, below);
}

/* ---- Sections ------------------------------------------------------------------------------ */

/* @op of @reg and a cell of @t. */
static void with_cell(struct dpid_gen *g, u8 op, u32 reg, const struct dpid_tally *t, u32 cell)
{
	u32 at = (t->cell + cell) * sizeof(u64);

	dpid_gen1(g, 0x48 | (reg >= 8 ? 4 : 0));
	dpid_gen1(g, op);
	dpid_gen1(g, (!at ? 0 : at < 128 ? 0x40 : 0x80) | (reg & 7) << 3);
	if (at >= 128)
		dpid_gen4(g, at);
	else if (at)
		dpid_gen1(g, at);
}

static void updated(struct dpid_gen *g, struct dpid_tally *t)
{
	t->updated[t->nupdates++] = g->n;
}

static void increment(struct dpid_gen *g, struct dpid_tally *t, u32 cell)
{
	with_cell(g, 0xff, 0, t, cell);
	updated(g, t);
}

#define OP_ADD	0x01
#define OP_ADC	0x11

static void add(struct dpid_gen *g, u8 op, u32 reg, struct dpid_tally *t, u32 cell)
{
	with_cell(g, op, reg, t, cell);
	updated(g, t);
}

static void gen_sum(struct making *m, struct dpid_tally *t)
{
	struct dpid_gen *g = m->g;

	if (t->kind == DTRACEAGG_STDDEV) {
		DPID_GEN(g, 0x4c, 0x89, 0xd0);		/* mov %r10,%rax */
		DPID_GEN(g, 0x49, 0xf7, 0xea);		/* imul %r10 */
		DPID_GEN(g, 0x49, 0x89, 0xc3);		/* mov %rax,%r11 */
	}
	t->cpu = g->n;
	gen_cpu(m);
	increment(g, t, BEGUN);
	add(g, OP_ADD, DPID_R10, t, SUM);
	if (t->kind == DTRACEAGG_STDDEV) {
		add(g, OP_ADD, DPID_R11, t, LOW);
		add(g, OP_ADC, DPID_RDX, t, HIGH);
	}
	increment(g, t, ENDED(t));
}

static void gen_extreme(struct making *m, struct dpid_tally *t)
{
	struct dpid_gen *g = m->g;
	u32 extreme, worse, done;

	dpid_gen_set(g, DPID_R11, flip(t->kind));
	DPID_GEN(g, 0x4d, 0x31, 0xd3);			/* xor %r10,%r11 */
	t->cpu = g->n;
	gen_cpu(m);
	DPID_GEN(g, 0x4d, 0x85, 0xdb);			/* test %r11,%r11 */
	extreme = dpid_gen_hop(g, 0x4);
	with_cell(g, 0x3b, DPID_R11, t, KEY);		/* cmp key,%r11 */
	worse = dpid_gen_hop(g, 0x6);
	with_cell(g, 0x89, DPID_R11, t, KEY);		/* mov %r11,key */
	done = dpid_gen_hop(g, DPID_ALWAYS);
	dpid_gen_hop_here(g, extreme);
	with_cell(g, 0xc7, 0, t, EXTREME);		/* movq $1,extreme */
	dpid_gen4(g, 1);
	dpid_gen_hop_here(g, worse);
	dpid_gen_hop_here(g, done);
}

static void gen_buckets(struct making *m, struct dpid_tally *t)
{
	struct dpid_gen *g = m->g;

	if (t->kind == DTRACEAGG_QUANTIZE)
		quantize(g);
	else if (t->kind == DTRACEAGG_LQUANTIZE)
		lquantize(g, t->arg);
	else
		llquantize(g, t->arg);
	t->cpu = g->n;
	gen_cpu(m);
	DPID_GEN(g, 0x4a, 0xff, 0x84, 0xd8);		/* incq buckets(%rax,%r11,8) */
	dpid_gen4(g, t->cell * sizeof(u64));
	updated(g, t);
}

static int gen_section(struct making *m, const struct dpid_wish *wish, struct dpid_tally *t)
{
	u32 no = 0;
	int err;

	if (wish->pred) {
		err = dpid_gen_difo(m->g, wish->pred);
		if (err)
			return err;
		DPID_GEN(m->g, 0x4d, 0x85, 0xd2);	/* test %r10,%r10 */
		no = dpid_gen_jump(m->g, 0x4);
	}
	if (t->kind == DTRACEAGG_COUNT) {
		t->cpu = m->g->n;
		gen_cpu(m);
		increment(m->g, t, 0);
	} else {
		err = wish->val ? dpid_gen_difo(m->g, wish->val) : -EOPNOTSUPP;
		if (err)
			return err;
		if (is_sum(t->kind))
			gen_sum(m, t);
		else if (is_extreme(t->kind))
			gen_extreme(m, t);
		else
			gen_buckets(m, t);
	}
	if (no)
		dpid_gen_here(m->g, no);
	t->done = m->g->n;
	return 0;
}

/* ---- Plans ------------------------------------------------------------------------------------ */

static bool divides(const struct dpid_wish *w)
{
	return w->kind == DTRACEAGG_STDDEV || w->kind == DTRACEAGG_LQUANTIZE || w->kind == DTRACEAGG_LLQUANTIZE ||
	       (w->pred && dpid_difo_divides(w->pred)) || (w->val && dpid_difo_divides(w->val));
}

static void save(struct making *m)
{
	struct dpid_plan *plan = m->plan;
	struct dpid_gen *g = m->g;

	dpid_gen_store(g, DPID_RAX, DPID_SLOT_AX);
	if (plan->values) {
		dpid_gen_store(g, DPID_R10, DPID_SLOT_R10);
		dpid_gen_store(g, DPID_R11, DPID_SLOT_R11);
	}
	if (g->divides)
		dpid_gen_store(g, DPID_RDX, DPID_SLOT_DX);
	plan->saved = g->n;
	if (!m->set->keepflags)
		return;
	DPID_GEN(g, 0x9f);				/* lahf */
	DPID_GEN(g, 0x0f, 0x90, 0xc0);			/* seto %al */
	dpid_gen_store(g, DPID_RAX, DPID_SLOT_FLAGS);
	plan->flagged = g->n;
}

static void restore(struct making *m)
{
	struct dpid_plan *plan = m->plan;
	struct dpid_gen *g = m->g;

	if (plan->flagged) {
		dpid_gen_load(g, DPID_RAX, DPID_SLOT_FLAGS);
		DPID_GEN(g, 0x04, 0x7f);		/* add $127,%al */
		DPID_GEN(g, 0x9e);			/* sahf */
	}
	if (g->divides)
		dpid_gen_load(g, DPID_RDX, DPID_SLOT_DX);
	if (plan->values) {
		dpid_gen_load(g, DPID_R11, DPID_SLOT_R11);
		dpid_gen_load(g, DPID_R10, DPID_SLOT_R10);
	}
	dpid_gen_load(g, DPID_RAX, DPID_SLOT_AX);
	plan->size = g->n;
}

/* All but the code. */
static int lay_out(struct making *m, const struct dpid_wish *wish, u32 n)
{
	struct dpid_plan *plan = m->plan;
	u32 i;

	if (!n || n > DPID_TALLIES)
		return -EOPNOTSUPP;
	for (i = 0; i < n; i++) {
		struct dpid_tally *t = &plan->tally[i];

		t->kind = wish[i].kind;
		t->arg = wish[i].arg;
		t->cell = plan->ncells;
		t->ncells = dpid_tally_cells(t->kind, t->arg);
		if (!t->ncells || plan->ncells + t->ncells > DPID_CELLS)
			return -EOPNOTSUPP;
		plan->ncells += t->ncells;
		plan->values |= t->kind != DTRACEAGG_COUNT || wish[i].pred;
		m->g->divides |= divides(&wish[i]);
	}
	return 0;
}

static int generate(struct making *m, const struct dpid_wish *wish, u32 n)
{
	struct dpid_plan *plan = m->plan;
	int err;

	m->g->n = 0;
	m->g->full = m->g->divides = false;
	m->g->returns = m->set->returns;
	m->g->bmi2 = m->set->bmi2;
	err = lay_out(m, wish, n);
	if (err)
		return err;
	plan->divides = m->g->divides;
	plan->returns = m->set->returns;
	save(m);
	for (; plan->n < n; plan->n++) {
		err = gen_section(m, &wish[plan->n], &plan->tally[plan->n]);
		if (err)
			return err;
	}
	restore(m);
	return m->g->full ? -EOPNOTSUPP : 0;
}

int dpid_plan_make(struct dpid_gen *g, const struct dpid_wish *wish, u32 n, const struct dpid_setting *set,
		   struct dpid_plan **ret)
{
	struct dpid_plan draft = { .n = 0 };
	struct making m = { .g = g, .plan = &draft, .set = set };
	int err = generate(&m, wish, n);

	if (err)
		return err;
	*ret = dtk_alloc(sizeof(draft) + draft.size);
	if (!*ret)
		return -ENOMEM;
	memcpy(*ret, &draft, sizeof(draft));
	memcpy((*ret)->head, g->b, draft.size);
	return 0;
}

bool dpid_plan_same(const struct dpid_plan *a, const struct dpid_plan *b)
{
	u32 i;

	if (a->n != b->n || a->shared != b->shared || a->returns != b->returns || a->size != b->size ||
	    memcmp(a->head, b->head, a->size))
		return false;
	for (i = 0; i < a->n; i++)
		if (a->tally[i].kind != b->tally[i].kind || a->tally[i].arg != b->tally[i].arg)
			return false;
	return true;
}

u32 dpid_plan_progress(const struct dpid_plan *plan, u32 off, u32 *updates, bool *bound)
{
	const struct dpid_tally *t = plan->tally;
	u32 i;

	*updates = 0;
	*bound = false;
	for (i = 0; i < plan->n && off >= t->done; i++)
		t++;
	if (i == plan->n || off <= t->cpu)
		return i;
	*bound = true;
	while (*updates < t->nupdates && off >= t->updated[*updates])
		++*updates;
	return i;
}

/* ---- Making cells agree -------------------------------------------------------------------------- */

static unsigned __int128 square(s64 x)
{
	u64 abs = x < 0 ? -(u64)x : (u64)x;

	return (unsigned __int128)abs * abs;
}

static void add_squares(u64 *cells, unsigned __int128 v)
{
	unsigned __int128 sum = ((unsigned __int128)cells[HIGH] << 64 | cells[LOW]) + v;

	cells[LOW] = (u64)sum;
	cells[HIGH] = (u64)(sum >> 64);
}

void dpid_tally_finish(const struct dpid_tally *t, u64 *cells, u64 x, u32 updates)
{
	if (!is_sum(t->kind) || !updates)
		return;
	if (updates <= SUM)
		cells[SUM] += x;
	if (t->kind == DTRACEAGG_STDDEV && updates <= HIGH) {
		if (updates > LOW)	/* the carry is in a register; from the start, then */
			cells[LOW] -= (u64)square(x);
		add_squares(cells, square(x));
	}
	barrier();
	WRITE_ONCE(cells[ENDED(t)], cells[ENDED(t)] + 1);
}

void dpid_tally_undo(const struct dpid_tally *t, u64 *cells, u64 x, u32 bucket)
{
	if (is_extreme(t->kind))
		return;		/* it will be as extreme when it comes again */
	if (!is_sum(t->kind)) {
		WRITE_ONCE(cells[bucket], cells[bucket] - 1);
		return;
	}
	WRITE_ONCE(cells[BEGUN], cells[BEGUN] + 1);
	barrier();
	cells[SUM] -= x;
	if (t->kind == DTRACEAGG_STDDEV)
		add_squares(cells, -square(x));
	cells[UNDONE(t)]++;
	barrier();
	WRITE_ONCE(cells[ENDED(t)], cells[ENDED(t)] + 1);
}

bool dpid_tally_add(const struct dpid_tally *t, const u64 *cells, u64 *sum)
{
	u64 seen[DPID_UPDATES + 1];
	u32 i;

	if (!is_sum(t->kind)) {
		for (i = 0; i < t->ncells; i++)
			sum[i] += READ_ONCE(cells[i]);
		return true;
	}
	seen[ENDED(t)] = READ_ONCE(cells[ENDED(t)]);
	smp_rmb();	/* pairs with the order in which the updates are made */
	for (i = SUM; i < ENDED(t); i++)
		seen[i] = READ_ONCE(cells[i]);
	smp_rmb();
	if (seen[ENDED(t)] != READ_ONCE(cells[BEGUN]))
		return false;
	seen[BEGUN] = seen[ENDED(t)] - 2 * seen[UNDONE(t)];
	sum[0] += seen[BEGUN];
	sum[1] += seen[SUM];
	if (t->kind == DTRACEAGG_STDDEV)
		add_squares(sum, (unsigned __int128)seen[HIGH] << 64 | seen[LOW]);
	return true;
}
