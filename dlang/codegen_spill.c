// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Expressions that need more values at once than the machine has registers.
 *
 * cg_reg() hands out the lowest free number, up to CG_NREGS. An object that
 * never went past the machine's registers, and nearly every one doesn't, is
 * left as it is. In any other the numbers from FIRST on become hidden
 * clause-local variables (this->%r13, ...), which live as long as the
 * expression needs them to: each instruction is preceded by loads of those that
 * it reads and followed by the store of the one that it writes, through the
 * machine's last three registers. Such loads and stores touch neither the
 * condition codes nor the tuple stack, so they may stand anywhere.
 *
 * The kernel sees ordinary variables. No two objects need theirs at once, so
 * all objects of a consumer share them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codegen.h"

#define FIRST	(DIF_NREGS - 3)
#define NO_ID	UINT32_MAX

enum { R1 = 1, R2 = 2, RD = 4, WRITES = 8 };	/* which fields are registers; the instruction writes rd */

static const uint8_t formats[] = {
	['N'] = 0, ['B'] = 0, ['1'] = R1, ['C'] = R1 | R2, ['T'] = R1 | R2, ['D'] = RD, ['2'] = R1 | RD | WRITES,
	['3'] = R1 | R2 | RD | WRITES, ['I'] = RD | WRITES, ['S'] = RD | WRITES, ['V'] = RD | WRITES,
	['A'] = R2 | RD | WRITES, ['F'] = RD | WRITES,
};

static unsigned operands(uint32_t op)
{
#define OP_FORMAT(name, fmt, text) #fmt[0],
	static const char format[] = { DIF_OPCODES(OP_FORMAT) };
#undef OP_FORMAT
	unsigned use = formats[(unsigned char)format[op]];

	switch (op) {	/* those that store what is in rd, or where it points to */
	case DIF_OP_STB: case DIF_OP_STH: case DIF_OP_STW: case DIF_OP_STX: case DIF_OP_COPYS:
	case DIF_OP_STGS: case DIF_OP_STTS: case DIF_OP_STLS: case DIF_OP_STGAA: case DIF_OP_STTAA:
		return use & ~WRITES;
	default:
		return use;
	}
}

struct spill {
	struct dt_cg *cg;
	struct dt_idents *idents;
	uint32_t id[CG_NREGS];		/* of the variable that holds a register, or NO_ID */
};

static uint32_t slot(struct spill *s, uint32_t reg)
{
	struct dt_ident *id;
	char name[16];

	if (s->id[reg] != NO_ID)
		return s->id[reg];
	snprintf(name, sizeof(name), "%%r%u", reg);
	id = dt_ident_lookup(s->idents, DT_SCOPE_THIS, name);
	if (!id) {
		id = dt_ident_add(s->idents, DT_SCOPE_THIS, DT_I_SCALAR, name);
		if (!id) {
			cg_fail(s->cg, D_ALLOC, "out of memory");
			return 0;
		}
		id->type = dt_basic(s->cg->types, DT_B_UINT64);
	}
	cg_use(s->cg, id, DIF_VF_LOAD | DIF_VF_STORE);
	return s->id[reg] = id->id;
}

/* What stands in for @reg in an instruction: itself, or @temp, loaded if it is read. */
static uint32_t operand(struct spill *s, uint32_t reg, uint32_t temp, bool read)
{
	if (reg < FIRST)
		return reg;
	if (read)
		cg_emit(s->cg, DIF_INSTR_W(DIF_OP_LDLS, slot(s, reg), temp));
	return temp;
}

static void rewrite(struct spill *s, uint32_t instr)
{
	uint32_t op = DIF_OP(instr), rd = DIF_RD(instr), to = rd;
	unsigned use = operands(op);

	if (use & R1)
		instr = (instr & ~0xff0000u) | operand(s, DIF_R1(instr), FIRST, true) << 16;
	if (use & R2)
		instr = (instr & ~0xff00u) | operand(s, DIF_R2(instr), FIRST + 1, true) << 8;
	if (use & RD)
		to = operand(s, rd, FIRST + 2, !(use & WRITES));
	cg_emit(s->cg, (instr & ~0xffu) | to);
	if (use & WRITES && rd >= FIRST)
		cg_emit(s->cg, DIF_INSTR_W(DIF_OP_STLS, slot(s, rd), to));
}

void cg_spill(struct dt_cg *cg, struct dt_idents *idents)
{
	struct spill s = { .cg = cg, .idents = idents };
	uint32_t *text = cg->text, n = cg->ntext, *moved;
	unsigned *lines = cg->lines;

	if (cg->failed || cg->maxreg < DIF_NREGS)
		return;
	for (unsigned i = 0; i < CG_NREGS; i++)
		s.id[i] = NO_ID;
	moved = calloc(n, sizeof(*moved));
	if (!moved)
		cg_fail(cg, D_ALLOC, "out of memory");
	cg->text = NULL;
	cg->lines = NULL;
	cg->ntext = cg->textcap = 0;
	for (uint32_t pc = 0; pc < n && !cg->failed; pc++) {
		moved[pc] = cg->ntext;
		cg->loc.line = lines[pc];
		rewrite(&s, text[pc]);
	}
	for (uint32_t i = 0; i < cg->nlabels && !cg->failed; i++)
		cg->labels[i] = moved[cg->labels[i]];
	cg->maxreg = DIF_NREGS - 1;
	free(moved);
	free(text);
	free(lines);
}
