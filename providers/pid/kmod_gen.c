// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a checked difo to x86-64: one template per instruction, with the registers of kmod_gen.h. What a
 * difo computes here is what dtk_dif_exec() would, bit for bit; whatever this file does not know is refused, and
 * the probe traps.
 *
 * Nothing here can fault: there is no memory but the slots; a divisor is a constant that is neither 0 nor -1. So for
 * each instruction it is known which registers are constants (behind a label, none), and which have been
 * written, whatever way led there: dtk_dif_exec() reads the others as 0, which nobody wants, so those are refused.
 */
#include "kmod_gen.h"

#define NTEXT_MAX	64	/* instructions in a difo: it is to be cheaper than a trap */
#define NJUMPS_MAX	16

/* ---- Bytes ------------------------------------------------------------------------ */

void dpid_gen(struct dpid_gen *g, const void *p, u32 n)
{
	if (g->n + n > sizeof(g->b)) {
		g->full = true;
		return;
	}
	memcpy(g->b + g->n, p, n);
	g->n += n;
}

void dpid_gen1(struct dpid_gen *g, u8 v)
{
	dpid_gen(g, &v, 1);
}

void dpid_gen4(struct dpid_gen *g, u32 v)
{
	dpid_gen(g, &v, 4);
}

/* @op with register @reg and the place at @slot(%rsp). */
static void with_slot(struct dpid_gen *g, u8 op, u32 reg, s32 slot)
{
	dpid_gen1(g, 0x48 | (reg >= 8 ? 4 : 0));
	dpid_gen1(g, op);
	dpid_gen1(g, 0x44 | (reg & 7) << 3);
	dpid_gen1(g, 0x24);
	dpid_gen1(g, slot);
}

/* @op with two registers: @reg, and @rm where the memory operand might be. */
static void with_reg(struct dpid_gen *g, u8 op, u32 reg, u32 rm)
{
	dpid_gen1(g, 0x48 | (reg >= 8 ? 4 : 0) | (rm >= 8 ? 1 : 0));
	dpid_gen1(g, op);
	dpid_gen1(g, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

#define OP_STORE	0x89		/* mov reg,rm */
#define OP_LOAD		0x8b		/* mov rm,reg */

void dpid_gen_load(struct dpid_gen *g, u32 reg, s32 slot)
{
	with_slot(g, OP_LOAD, reg, slot);
}

void dpid_gen_store(struct dpid_gen *g, u32 reg, s32 slot)
{
	with_slot(g, OP_STORE, reg, slot);
}

void dpid_gen_set(struct dpid_gen *g, u32 reg, u64 v)
{
	u8 b = reg >= 8 ? 1 : 0;

	if (v <= U32_MAX) {
		if (b)
			dpid_gen1(g, 0x41);
		dpid_gen1(g, 0xb8 | (reg & 7));
		dpid_gen4(g, v);
	} else if ((s64)(s32)v == (s64)v) {
		dpid_gen1(g, 0x48 | b);
		dpid_gen1(g, 0xc7);
		dpid_gen1(g, 0xc0 | (reg & 7));
		dpid_gen4(g, v);
	} else {
		dpid_gen1(g, 0x48 | b);
		dpid_gen1(g, 0xb8 | (reg & 7));
		dpid_gen(g, &v, sizeof(v));
	}
}

/* ---- Jumps -------------------------------------------------------------------------- */

u32 dpid_gen_jump(struct dpid_gen *g, u32 condition)
{
	if (condition == DPID_ALWAYS) {
		dpid_gen1(g, 0xe9);
	} else {
		dpid_gen1(g, 0x0f);
		dpid_gen1(g, 0x80 | condition);
	}
	dpid_gen4(g, 0);
	return g->n;
}

void dpid_gen_here(struct dpid_gen *g, u32 jump)
{
	u32 rel = g->n - jump;

	if (!g->full)
		memcpy(g->b + jump - sizeof(rel), &rel, sizeof(rel));
}

u32 dpid_gen_hop(struct dpid_gen *g, u32 condition)
{
	dpid_gen1(g, condition == DPID_ALWAYS ? 0xeb : 0x70 | condition);
	dpid_gen1(g, 0);
	return g->n;
}

void dpid_gen_hop_here(struct dpid_gen *g, u32 hop)
{
	if (g->n - hop > S8_MAX)
		g->full = true;
	else if (!g->full)
		g->b[hop - 1] = g->n - hop;
}

void dpid_gen_hop_back(struct dpid_gen *g, u32 condition, u32 to)
{
	u32 hop = dpid_gen_hop(g, condition);

	if (hop - to > S8_MAX)
		g->full = true;
	else if (!g->full)
		g->b[hop - 1] = to - hop;
}

/* ---- Operands -------------------------------------------------------------------------- */

/* @op with rax and a difo's register, which is not %r0. */
static void with_dif(struct dpid_gen *g, u8 op, u32 r)
{
	if (r == 1)
		with_reg(g, op, DPID_RAX, DPID_R10);
	else if (r == 2)
		with_reg(g, op, DPID_RAX, DPID_R11);
	else
		with_slot(g, op, DPID_RAX, DPID_SLOT_DIF - 8 * (s32)(r - 3));
}

static void get(struct dpid_gen *g, u32 r)
{
	if (r)
		with_dif(g, OP_LOAD, r);
	else
		DPID_GEN(g, 0x31, 0xc0);	/* xor %eax,%eax */
}

static void put(struct dpid_gen *g, u32 r)
{
	if (r)
		with_dif(g, OP_STORE, r);
}

static void put_arg(struct dpid_gen *g, u32 n, u32 r)
{
	static const u8 where[DPID_ARGS] = { DPID_RDI, DPID_RSI, DPID_RDX, DPID_RCX, DPID_R8, DPID_R9 };

	if (where[n] == DPID_RDX && g->divides)
		dpid_gen_load(g, DPID_RAX, DPID_SLOT_DX);
	else
		with_reg(g, OP_LOAD, DPID_RAX, where[n]);
	put(g, r);
}

/* ---- Instructions ------------------------------------------------------------------------ */

struct translation {
	struct dpid_gen *g;
	const struct dtk_difo *difo;
	u32 pc;
	u32 known;			/* bit r: register r is a constant here */
	u64 constant[DPID_NDIFREGS];
	u32 written;			/* bit r: register r has been written */
	u64 labels;			/* bit i: somebody jumps to instruction i */
	u32 njumps;
	struct { u32 jump, to, written; } jumps[NJUMPS_MAX];
};

static bool is_known(const struct translation *t, u32 r)
{
	return !r || t->known >> r & 1;
}

static u64 constant(const struct translation *t, u32 r)
{
	return r ? t->constant[r] : 0;
}

static void learn(struct translation *t, u32 r, u64 v)
{
	if (!r)
		return;
	t->known |= 1u << r;
	t->constant[r] = v;
}

static void forget(struct translation *t, u32 r)
{
	t->known &= ~(1u << r);
}

static int arithmetic(struct translation *t, u8 op, u32 i)
{
	get(t->g, DIF_R1(i));
	if (DIF_R2(i)) {
		with_dif(t->g, op, DIF_R2(i));
	} else if (op == 0x23) {	/* and nothing */
		DPID_GEN(t->g, 0x31, 0xc0);
	}
	put(t->g, DIF_RD(i));
	return 0;
}

static int multiply(struct translation *t, u32 i)
{
	u32 r = DIF_R2(i);

	get(t->g, r);
	if (DIF_R1(i) == 1)
		DPID_GEN(t->g, 0x49, 0x0f, 0xaf, 0xc2);		/* imul %r10,%rax */
	else if (DIF_R1(i) == 2)
		DPID_GEN(t->g, 0x49, 0x0f, 0xaf, 0xc3);
	else if (!DIF_R1(i))
		DPID_GEN(t->g, 0x31, 0xc0);
	else {
		DPID_GEN(t->g, 0x48, 0x0f, 0xaf, 0x44, 0x24);	/* imul slot(%rsp),%rax */
		dpid_gen1(t->g, DPID_SLOT_DIF - 8 * (s32)(DIF_R1(i) - 3));
	}
	put(t->g, DIF_RD(i));
	return 0;
}

/* By what is not constant. The other instructions would want rcx for that, which is an argument. */
static int shift_by(struct translation *t, u8 extension, u32 i)
{
	static const u8 prefix[] = { [4] = 0xe9, [5] = 0xeb, [7] = 0xea };

	if (!t->g->bmi2)
		return -EOPNOTSUPP;
	get(t->g, DIF_R2(i));
	with_reg(t->g, OP_LOAD, DPID_RDX, DPID_RAX);
	get(t->g, DIF_R1(i));
	DPID_GEN(t->g, 0xc4, 0xe2);				/* shlx, shrx, sarx %rdx,%rax,%rax */
	dpid_gen1(t->g, prefix[extension]);
	DPID_GEN(t->g, 0xf7, 0xc0);
	put(t->g, DIF_RD(i));
	return 0;
}

static int shift(struct translation *t, u8 extension, u32 i)
{
	if (!is_known(t, DIF_R2(i)))
		return shift_by(t, extension, i);
	get(t->g, DIF_R1(i));
	DPID_GEN(t->g, 0x48, 0xc1);
	dpid_gen1(t->g, 0xc0 | extension << 3);
	dpid_gen1(t->g, constant(t, DIF_R2(i)) & 63);
	put(t->g, DIF_RD(i));
	return 0;
}

static int divide(struct translation *t, bool is_signed, u32 result, u32 i)
{
	u64 by = constant(t, DIF_R2(i));

	if (!is_known(t, DIF_R2(i)) || !by || by == U64_MAX || !DIF_R2(i))
		return -EOPNOTSUPP;
	get(t->g, DIF_R1(i));
	if (is_signed)
		DPID_GEN(t->g, 0x48, 0x99);			/* cqo */
	else
		DPID_GEN(t->g, 0x31, 0xd2);			/* xor %edx,%edx */
	if (DIF_R2(i) <= 2) {
		with_reg(t->g, 0xf7, is_signed ? 7 : 6, DIF_R2(i) == 1 ? DPID_R10 : DPID_R11);
	} else {
		with_slot(t->g, 0xf7, is_signed ? 7 : 6, DPID_SLOT_DIF - 8 * (s32)(DIF_R2(i) - 3));
	}
	if (result != DPID_RAX)
		with_reg(t->g, OP_LOAD, DPID_RAX, result);
	put(t->g, DIF_RD(i));
	return 0;
}

static int argument(struct translation *t, u64 n, u32 rd)
{
	if (n >= DPID_ARGS)
		return -EOPNOTSUPP;
	if (!t->g->returns) {
		put_arg(t->g, n, rd);
		return 0;
	}
	if (n != 1)
		return -EOPNOTSUPP;
	dpid_gen_load(t->g, DPID_RAX, DPID_SLOT_AX);
	put(t->g, rd);
	return 0;
}

static int jump(struct translation *t, u32 condition, u32 i)
{
	if (t->njumps == NJUMPS_MAX)
		return -EOPNOTSUPP;
	t->jumps[t->njumps].to = DIF_LABEL(i);
	t->jumps[t->njumps].written = t->written;
	t->jumps[t->njumps++].jump = dpid_gen_jump(t->g, condition);
	return 0;
}

/* Flags live from one instruction to the next, here as there. */
static int jump_if(struct translation *t, u32 condition, u32 i)
{
	u32 before = t->pc ? DIF_OP(t->difo->text[t->pc - 1]) : DIF_OP_NOP;

	if ((before != DIF_OP_CMP && before != DIF_OP_TST) || t->labels >> t->pc & 1)
		return -EOPNOTSUPP;
	return jump(t, condition, i);
}

static int compare(struct translation *t, u32 a, u32 b)
{
	get(t->g, a);
	if (b)
		with_dif(t->g, 0x3b, b);
	else
		DPID_GEN(t->g, 0x48, 0x85, 0xc0);		/* test %rax,%rax */
	return 0;
}

/* What the instruction leaves in its register, if that is a constant. */
static void follow(struct translation *t, u32 i)
{
	switch (DIF_OP(i)) {
	case DIF_OP_SETX:
		learn(t, DIF_RD(i), t->difo->ints[DIF_IMM16(i)]);
		break;
	case DIF_OP_MOV:
		if (is_known(t, DIF_R1(i)))
			learn(t, DIF_RD(i), constant(t, DIF_R1(i)));
		else
			forget(t, DIF_RD(i));
		break;
	case DIF_OP_CMP:
	case DIF_OP_TST:
	case DIF_OP_NOP:
	case DIF_OP_RET:
	case DIF_OP_BA ... DIF_OP_BLEU:
		break;
	default:
		forget(t, DIF_RD(i));
	}
}

static int finish(struct translation *t, u32 i)
{
	get(t->g, DIF_RD(i));
	put(t->g, 1);
	if (t->pc + 1 == t->difo->ntext)
		return 0;
	return jump(t, DPID_ALWAYS, DIF_INSTR_B(0, t->difo->ntext));
}

static int translate(struct translation *t, u32 i)
{
	switch (DIF_OP(i)) {
	case DIF_OP_NOP:
		return 0;
	case DIF_OP_OR:
		return arithmetic(t, 0x0b, i);
	case DIF_OP_XOR:
		return arithmetic(t, 0x33, i);
	case DIF_OP_AND:
		return arithmetic(t, 0x23, i);
	case DIF_OP_SUB:
		return arithmetic(t, 0x2b, i);
	case DIF_OP_ADD:
		return arithmetic(t, 0x03, i);
	case DIF_OP_MUL:
		return multiply(t, i);
	case DIF_OP_SLL:
		return shift(t, 4, i);
	case DIF_OP_SRL:
		return shift(t, 5, i);
	case DIF_OP_SRA:
		return shift(t, 7, i);
	case DIF_OP_SDIV:
		return divide(t, true, DPID_RAX, i);
	case DIF_OP_UDIV:
		return divide(t, false, DPID_RAX, i);
	case DIF_OP_SREM:
		return divide(t, true, DPID_RDX, i);
	case DIF_OP_UREM:
		return divide(t, false, DPID_RDX, i);
	case DIF_OP_NOT:
		get(t->g, DIF_R1(i));
		DPID_GEN(t->g, 0x48, 0xf7, 0xd0);
		put(t->g, DIF_RD(i));
		return 0;
	case DIF_OP_MOV:
		get(t->g, DIF_R1(i));
		put(t->g, DIF_RD(i));
		return 0;
	case DIF_OP_SETX:
		dpid_gen_set(t->g, DPID_RAX, t->difo->ints[DIF_IMM16(i)]);
		put(t->g, DIF_RD(i));
		return 0;
	case DIF_OP_LDGS:
		return argument(t, (u64)DIF_IMM16(i) - DIF_VAR_ARG0, DIF_RD(i));
	case DIF_OP_LDGA:
		if (DIF_R1(i) != DIF_VAR_ARGS || !is_known(t, DIF_R2(i)))
			return -EOPNOTSUPP;
		return argument(t, constant(t, DIF_R2(i)), DIF_RD(i));
	case DIF_OP_CMP:
		return compare(t, DIF_R1(i), DIF_R2(i));
	case DIF_OP_TST:
		return compare(t, DIF_R1(i), 0);
	case DIF_OP_BA:
		return jump(t, DPID_ALWAYS, i);
	case DIF_OP_BE:
		return jump_if(t, 0x4, i);
	case DIF_OP_BNE:
		return jump_if(t, 0x5, i);
	case DIF_OP_BG:
		return jump_if(t, 0xf, i);
	case DIF_OP_BGU:
		return jump_if(t, 0x7, i);
	case DIF_OP_BGE:
		return jump_if(t, 0xd, i);
	case DIF_OP_BGEU:
		return jump_if(t, 0x3, i);
	case DIF_OP_BL:
		return jump_if(t, 0xc, i);
	case DIF_OP_BLU:
		return jump_if(t, 0x2, i);
	case DIF_OP_BLE:
		return jump_if(t, 0xe, i);
	case DIF_OP_BLEU:
		return jump_if(t, 0x6, i);
	case DIF_OP_RET:
		return finish(t, i);
	default:
		return -EOPNOTSUPP;
	}
}

/* ---- Difos --------------------------------------------------------------------------------- */

static bool branches(u32 i)
{
	return DIF_OP(i) >= DIF_OP_BA && DIF_OP(i) <= DIF_OP_BLEU;
}

/* Which registers it reads, and which one it writes (0: none, or nobody will know). */
static u32 registers(u32 i, u32 *writes)
{
	*writes = 0;
	if (branches(i) || DIF_OP(i) == DIF_OP_NOP)
		return 0;
	switch (DIF_OP(i)) {
	case DIF_OP_CMP:
		return 1u << DIF_R1(i) | 1u << DIF_R2(i);
	case DIF_OP_TST:
		return 1u << DIF_R1(i);
	case DIF_OP_RET:
		return 1u << DIF_RD(i);
	}
	*writes = DIF_RD(i);
	switch (DIF_OP(i)) {
	case DIF_OP_SETX:
	case DIF_OP_LDGS:
		return 0;
	case DIF_OP_LDGA:
		return 1u << DIF_R2(i);
	case DIF_OP_MOV:
	case DIF_OP_NOT:
		return 1u << DIF_R1(i);
	default:
		return 1u << DIF_R1(i) | 1u << DIF_R2(i);
	}
}

bool dpid_difo_divides(const struct dtk_difo *difo)
{
	u32 i;

	for (i = 0; i < difo->ntext; i++) {
		switch (DIF_OP(difo->text[i])) {
		case DIF_OP_SDIV ... DIF_OP_UREM:
		case DIF_OP_SLL ... DIF_OP_SRA:
			return true;
		}
	}
	return false;
}

/* Whoever jumps here, comes here; and from above, unless that has gone elsewhere. */
static void arrive(struct translation *t)
{
	u32 k, before = t->pc ? DIF_OP(t->difo->text[t->pc - 1]) : DIF_OP_NOP;

	if (!(t->labels >> t->pc & 1))
		return;
	t->known = 0;
	if (before == DIF_OP_BA || before == DIF_OP_RET)
		t->written = ~0u;
	for (k = 0; k < t->njumps; k++) {
		if (t->jumps[k].to != t->pc)
			continue;
		t->written &= t->jumps[k].written;
		dpid_gen_here(t->g, t->jumps[k].jump);
	}
}

static int step(struct translation *t, u32 i)
{
	u32 writes, reads = registers(i, &writes);
	int err;

	arrive(t);
	if (writes >= DPID_NDIFREGS || reads >> DPID_NDIFREGS || reads & ~t->written)
		return -EOPNOTSUPP;
	err = translate(t, i);
	follow(t, i);
	t->written |= 1u << writes;
	return err;
}

int dpid_gen_difo(struct dpid_gen *g, const struct dtk_difo *difo)
{
	struct translation t = { .g = g, .difo = difo, .written = 1 };
	u32 i;
	int err = 0;

	if (difo->ntext > NTEXT_MAX)
		return -EOPNOTSUPP;
	for (i = 0; i < difo->ntext; i++)
		if (branches(difo->text[i]))
			t.labels |= 1ull << DIF_LABEL(difo->text[i]);
	for (; t.pc < difo->ntext && !err; t.pc++)
		err = step(&t, difo->text[t.pc]);
	for (i = 0; i < t.njumps; i++)
		if (t.jumps[i].to == difo->ntext)
			dpid_gen_here(g, t.jumps[i].jump);
	return !err && g->full ? -EOPNOTSUPP : err;
}
