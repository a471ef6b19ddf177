// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Walks over machine code. All that is asked of them is "does this register still
 * hold what it held at the start, or what lay in that stack slot?", so an instruction
 * that is not a plain move, load, store, lea, push, pop or addition of a
 * constant makes what it writes unknown. A call makes the registers unknown that
 * the ABI lets a callee change. Where paths join, the first one to
 * arrive speaks for all: what is found on it is checked against another fact by
 * the caller, never believed alone.
 *
 * Stack slots are known by their distance from the stack pointer at the start.
 * A store through another register is taken not to change them: the compiler gives no slot
 * whose address it lets out to a value that it merely keeps there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <Zydis/Zydis.h>

#include "python.h"

/* Zydis 4 hands operands out separately; 3 has them in the instruction. */
#if __has_include(<Zydis/Disassembler.h>)
#define init_decoder(d) ZydisDecoderInit(d, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)
#define decode_all(d, code, size, x) \
	ZydisDecoderDecodeFull(d, code, size, &(x)->in, (x)->op)
#else
#define init_decoder(d) ZydisDecoderInit(d, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_ADDRESS_WIDTH_64)
#define decode_all(d, code, size, x) ({ \
	ZyanStatus st = ZydisDecoderDecodeBuffer(d, code, size, &(x)->in); \
	memcpy((x)->op, (x)->in.operands, sizeof((x)->op)); \
	st; })
#endif

#define NONE	0xff
#define SP	DTRACE_REG_SP

struct insn {
	ZydisDecodedInstruction in;
	ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
};

static const uint8_t clobbered[] = {
	DTRACE_REG_AX, DTRACE_REG_CX, DTRACE_REG_DX, DTRACE_REG_SI, DTRACE_REG_DI, 8, 9, 10, 11
};

/* ---- Operands ----------------------------------------------------------------------- */

/* The general register that a Zydis register is a part of; NONE: it is another kind. */
static uint8_t whole(ZydisRegister r)
{
	ZydisRegister w = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, r);

	return w >= ZYDIS_REGISTER_RAX && w <= ZYDIS_REGISTER_R15 ? w - ZYDIS_REGISTER_RAX : NONE;
}

static bool is_whole(const ZydisDecodedOperand *o)
{
	return o->type == ZYDIS_OPERAND_TYPE_REGISTER && o->size == 64 && whole(o->reg.value) != NONE;
}

/* [base + disp] in the flat segment. */
static bool is_plain(const ZydisDecodedOperand *o)
{
	return o->type == ZYDIS_OPERAND_TYPE_MEMORY && o->mem.index == ZYDIS_REGISTER_NONE &&
	       whole(o->mem.base) != NONE && o->mem.segment != ZYDIS_REGISTER_FS &&
	       o->mem.segment != ZYDIS_REGISTER_GS;
}

static int32_t disp_of(const ZydisDecodedOperand *o)
{
	return o->mem.disp.has_displacement ? o->mem.disp.value : 0;
}

/* ---- What instructions do to the state ------------------------------------------------- */

static struct dt_py_slot *slot_at(struct dt_py_state *s, int32_t at)
{
	for (size_t i = 0; i < s->nslot; i++) {
		if (s->slot[i].at == at)
			return &s->slot[i];
	}
	return NULL;
}

static void slot_put(struct dt_py_state *s, int32_t at, struct dt_py_value v)
{
	struct dt_py_slot *k = slot_at(s, at);

	if (!k && s->nslot < DT_PY_SLOTS) {
		k = &s->slot[s->nslot++];
		k->at = at;
	}
	if (k)
		k->v = v;
	/* No room: what was there at the start would be believed to be there still. */
	else
		memset(s->r, 0, sizeof(s->r));
}

static struct dt_py_value load_value(struct dt_py_state *s, const ZydisDecodedOperand *o)
{
	struct dt_py_value *base = &s->r[whole(o->mem.base)], v = { .kind = DT_PY_UNKNOWN };
	struct dt_py_slot *k;

	if (base->kind != DT_PY_REG)
		return v;
	k = base->reg == SP ? slot_at(s, base->disp + disp_of(o)) : NULL;
	if (k)
		return k->v;
	return (struct dt_py_value){ DT_PY_MEM, base->reg, base->disp + disp_of(o) };
}

static void store_value(struct dt_py_state *s, const ZydisDecodedOperand *o, struct dt_py_value v)
{
	struct dt_py_value *base;

	if (!is_plain(o))
		return;
	base = &s->r[whole(o->mem.base)];
	if (base->kind == DT_PY_REG && base->reg == SP)
		slot_put(s, base->disp + disp_of(o), v);
}

/* Everything that the instruction writes becomes unknown. */
static void forget_written(struct dt_py_state *s, const struct insn *x)
{
	const struct dt_py_value unknown = { .kind = DT_PY_UNKNOWN };

	for (size_t i = 0; i < x->in.operand_count; i++) {
		const ZydisDecodedOperand *o = &x->op[i];

		if (!(o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
			continue;
		if (o->type == ZYDIS_OPERAND_TYPE_MEMORY)
			store_value(s, o, unknown);
		else if (o->type == ZYDIS_OPERAND_TYPE_REGISTER && whole(o->reg.value) != NONE)
			s->r[whole(o->reg.value)] = unknown;
	}
}

static void move(struct dt_py_state *s, const struct insn *x)
{
	const ZydisDecodedOperand *d = &x->op[0], *o = &x->op[1];
	struct dt_py_value v = { .kind = DT_PY_UNKNOWN };

	if (is_whole(d) && is_whole(o))
		v = s->r[whole(o->reg.value)];
	else if (is_whole(d) && is_plain(o))
		v = load_value(s, o);
	else if (d->type == ZYDIS_OPERAND_TYPE_MEMORY && is_whole(o))
		v = s->r[whole(o->reg.value)];
	forget_written(s, x);
	if (is_whole(d))
		s->r[whole(d->reg.value)] = v;
	else if (d->type == ZYDIS_OPERAND_TYPE_MEMORY)
		store_value(s, d, v);
}

/* d = d + add, or d = base + add */
static void offset(struct dt_py_state *s, const struct insn *x, uint8_t base, int64_t add)
{
	struct dt_py_value v = s->r[base];

	forget_written(s, x);
	if (v.kind != DT_PY_REG)
		v.kind = DT_PY_UNKNOWN;
	v.disp += add;
	s->r[whole(x->op[0].reg.value)] = v;
}

static void push(struct dt_py_state *s, const struct insn *x)
{
	struct dt_py_value v = { .kind = DT_PY_UNKNOWN }, sp = s->r[SP];

	if (is_whole(&x->op[0]))
		v = s->r[whole(x->op[0].reg.value)];
	sp.disp -= 8;
	s->r[SP] = sp;
	if (sp.kind == DT_PY_REG)
		slot_put(s, sp.disp, v);
}

static void pop(struct dt_py_state *s, const struct insn *x)
{
	struct dt_py_value v = { .kind = DT_PY_UNKNOWN }, sp = s->r[SP];
	struct dt_py_slot *k = sp.kind == DT_PY_REG ? slot_at(s, sp.disp) : NULL;

	if (k)
		v = k->v;
	sp.disp += 8;
	forget_written(s, x);
	s->r[SP] = sp;
	if (is_whole(&x->op[0]))
		s->r[whole(x->op[0].reg.value)] = v;
}

static void apply(struct dt_py_state *s, const struct insn *x)
{
	const ZydisDecodedOperand *d = &x->op[0], *o = &x->op[1];
	bool sum = is_whole(d) && o->type == ZYDIS_OPERAND_TYPE_IMMEDIATE;

	switch (x->in.mnemonic) {
	case ZYDIS_MNEMONIC_MOV:
		move(s, x);
		return;
	case ZYDIS_MNEMONIC_LEA:
		if (is_whole(d) && is_plain(o)) {
			offset(s, x, whole(o->mem.base), disp_of(o));
			return;
		}
		break;
	case ZYDIS_MNEMONIC_ADD:
	case ZYDIS_MNEMONIC_SUB:
		if (sum) {
			int64_t by = o->imm.value.s;

			offset(s, x, whole(d->reg.value), x->in.mnemonic == ZYDIS_MNEMONIC_ADD ? by : -by);
			return;
		}
		break;
	case ZYDIS_MNEMONIC_PUSH:
		push(s, x);
		return;
	case ZYDIS_MNEMONIC_POP:
		pop(s, x);
		return;
	case ZYDIS_MNEMONIC_CALL:
		for (size_t i = 0; i < sizeof(clobbered); i++)
			s->r[clobbered[i]].kind = DT_PY_UNKNOWN;
		return;
	default:
		break;
	}
	forget_written(s, x);
}

/* ---- One instruction --------------------------------------------------------------------- */

static bool decode(const ZydisDecoder *d, const struct dt_py_elf *pe, uint64_t addr, struct insn *x)
{
	size_t avail;
	const uint8_t *code = dt_py_is_code(pe, addr) ? dt_elf_text(pe->elf, addr, &avail) : NULL;

	return code && ZYAN_SUCCESS(decode_all(d, code, avail < 16 ? avail : 16, x));
}

static void describe(const struct insn *x, uint64_t addr, struct dt_py_insn *ret)
{
	const ZydisDecodedOperand *d = &x->op[0], *o = &x->op[1];

	memset(ret, 0, sizeof(*ret));
	ret->addr = addr;
	ret->next = addr + x->in.length;
	ret->base = NONE;
	switch (x->in.meta.category) {
	case ZYDIS_CATEGORY_CALL:
		ret->is_call = true;
		break;
	case ZYDIS_CATEGORY_UNCOND_BR:
		ret->is_end = true;
		break;
	case ZYDIS_CATEGORY_COND_BR:
		ret->is_conditional = true;
		break;
	case ZYDIS_CATEGORY_RET:
		ret->is_end = ret->is_ret = true;
		break;
	default:
		ret->is_end = x->in.mnemonic == ZYDIS_MNEMONIC_UD2 || x->in.mnemonic == ZYDIS_MNEMONIC_HLT;
		break;
	}
	if (ret->is_call || ret->is_conditional || (ret->is_end && !ret->is_ret)) {
		if (x->in.raw.imm[0].is_relative)
			ret->target = ret->next + x->in.raw.imm[0].value.s;
		else
			ret->is_indirect = true;
	}
	if (!is_plain(d))
		return;
	ret->base = whole(d->mem.base);
	ret->disp = disp_of(d);
	ret->is_store = x->in.mnemonic == ZYDIS_MNEMONIC_MOV && is_whole(o);
	if (ret->is_store)
		ret->src = whole(o->reg.value);
	ret->is_write32 = d->size == 32 && (d->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE);
	ret->is_byte_test = x->in.mnemonic == ZYDIS_MNEMONIC_CMP && d->size == 8 &&
			    o->type == ZYDIS_OPERAND_TYPE_IMMEDIATE && !o->imm.value.s;
}

static void start_state(struct dt_py_state *s)
{
	memset(s, 0, sizeof(*s));
	for (int i = 0; i < 16; i++)
		s->r[i] = (struct dt_py_value){ DT_PY_REG, i, 0 };
}

/* ---- Walks ----------------------------------------------------------------------------------- */

int dt_py_walk_line(const struct dt_py_elf *pe, uint64_t start, size_t max, dt_py_visit_f *f, void *ctx)
{
	struct dt_py_state s;
	struct dt_py_insn in;
	ZydisDecoder d;
	struct insn x;
	int rc;

	init_decoder(&d);
	start_state(&s);
	for (uint64_t addr = start; max-- && decode(&d, pe, addr, &x);) {
		describe(&x, addr, &in);
		rc = f(ctx, &in, &s);
		if (rc)
			return rc == DT_PY_LEAVE ? 0 : rc;
		if (in.is_end && !in.target)
			return 0;
		apply(&s, &x);
		addr = in.is_end ? in.target : in.next;
	}
	return 0;
}

/* A set of addresses, and the states that wait to be looked at. */
struct todo {
	uint64_t addr;
	struct dt_py_state s;
};
struct walk {
	uint64_t *seen;		/* open hash, 0: free */
	size_t nseen, maxseen;	/* a power of two */
	struct todo *todo;
	size_t ntodo, maxtodo;
};

static size_t place_of(const struct walk *w, uint64_t addr)
{
	size_t i = addr * 0x9e3779b97f4a7c15ull >> 32 & (w->maxseen - 1);

	while (w->seen[i] && w->seen[i] != addr)
		i = (i + 1) & (w->maxseen - 1);
	return i;
}

/* 1: it is new. */
static int see(struct walk *w, uint64_t addr)
{
	size_t i;

	if (2 * (w->nseen + 1) > w->maxseen) {
		struct walk bigger = { .maxseen = w->maxseen ? 2 * w->maxseen : 4096 };

		bigger.seen = calloc(bigger.maxseen, sizeof(*bigger.seen));
		if (!bigger.seen)
			return -ENOMEM;
		for (i = 0; i < w->maxseen; i++) {
			if (w->seen[i])
				bigger.seen[place_of(&bigger, w->seen[i])] = w->seen[i];
		}
		free(w->seen);
		w->seen = bigger.seen;
		w->maxseen = bigger.maxseen;
	}
	i = place_of(w, addr);
	if (w->seen[i])
		return 0;
	w->seen[i] = addr;
	w->nseen++;
	return 1;
}

static int later(struct walk *w, uint64_t addr, const struct dt_py_state *s)
{
	if (w->ntodo == w->maxtodo) {
		size_t max = w->maxtodo ? 2 * w->maxtodo : 64;
		struct todo *t = realloc(w->todo, max * sizeof(*t));

		if (!t)
			return -ENOMEM;
		w->todo = t;
		w->maxtodo = max;
	}
	w->todo[w->ntodo].addr = addr;
	w->todo[w->ntodo++].s = *s;
	return 0;
}

/* From one address on until something ends the path. */
static int walk_path(struct walk *w, const struct dt_py_elf *pe, const ZydisDecoder *d, struct todo t, size_t max,
		     dt_py_visit_f *f, void *ctx)
{
	struct dt_py_insn in;
	struct insn x;
	int rc = 0;

	for (uint64_t addr = t.addr; w->nseen < max && decode(d, pe, addr, &x);) {
		rc = see(w, addr);
		if (rc <= 0)
			return rc;
		describe(&x, addr, &in);
		rc = f(ctx, &in, &t.s);
		if (rc)
			return rc == DT_PY_LEAVE ? 0 : rc;
		if (in.is_end && !in.target)
			return 0;
		apply(&t.s, &x);
		if (in.is_conditional && in.target) {
			rc = later(w, in.target, &t.s);
			if (rc)
				return rc;
		}
		addr = in.is_end ? in.target : in.next;
	}
	return 0;
}

int dt_py_walk(const struct dt_py_elf *pe, uint64_t start, size_t max, dt_py_visit_f *f, void *ctx)
{
	struct dt_py_state s;
	struct walk w = { 0 };
	ZydisDecoder d;
	int rc;

	init_decoder(&d);
	start_state(&s);
	rc = later(&w, start, &s);
	while (!rc && w.ntodo) {
		struct todo t = w.todo[--w.ntodo];

		rc = walk_path(&w, pe, &d, t, max, f, ctx);
	}
	free(w.seen);
	free(w.todo);
	return rc;
}

/* ---- All that is reached by direct branches ------------------------------------------------------ */

#define REACH_MAX	400000		/* instructions: ten times an eval loop */

/* No state is needed, and decoding without operands is much cheaper. */
static int reach_path(struct walk *w, const struct dt_py_elf *pe, uint64_t addr, dt_py_look_f *f, void *ctx)
{
	static const struct dt_py_state none;
	struct dt_pid_insn in;
	size_t avail;
	int rc;

	for (;; addr = in.is_end ? in.target : addr + in.point.len) {
		const uint8_t *code = dt_py_is_code(pe, addr) ? dt_elf_text(pe->elf, addr, &avail) : NULL;

		if (!code || w->nseen == REACH_MAX || dt_pid_decode_one(code, avail < 16 ? avail : 16, addr, &in))
			return 0;
		rc = see(w, addr);
		if (rc <= 0)
			return rc;
		f(ctx, &in);
		if (in.is_end && !in.target)
			return 0;
		if (in.conditional && later(w, in.target, &none))
			return -ENOMEM;
	}
}

int dt_py_reach(const struct dt_py_elf *pe, const uint64_t *start, size_t n, dt_py_look_f *f, void *ctx)
{
	struct walk w = { 0 };
	int rc = 0;

	for (size_t i = 0; !rc && i < n; i++) {
		rc = reach_path(&w, pe, start[i], f, ctx);
		while (!rc && w.ntodo)
			rc = reach_path(&w, pe, w.todo[--w.ntodo].addr, f, ctx);
	}
	free(w.seen);
	free(w.todo);
	return rc;
}
