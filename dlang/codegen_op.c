// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Operators. Operands come converted (cook_op.c); what is left is to pick the
 * instruction by the type's sign and to cut results that may overflow it.
 */
#include "codegen.h"
#include "cook.h"

/* ---- Arithmetic ---------------------------------------------------------------------- */

static bool is_signed(const struct dt_type *t)
{
	const struct dt_type *r = dt_type_resolve(t);

	return dt_type_is_integer(r) && r->is_signed;
}

/* The instruction of a binary operator in type @t; *cut: its result may leave the type's width. */
static enum dif_op arith_op(enum dt_op op, const struct dt_type *t, bool *cut)
{
	bool sgn = is_signed(t);

	*cut = true;
	switch (op) {
	case DT_OP_ADD: return DIF_OP_ADD;
	case DT_OP_SUB: return DIF_OP_SUB;
	case DT_OP_MUL: return DIF_OP_MUL;
	case DT_OP_LSH: return DIF_OP_SLL;
	case DT_OP_DIV: return sgn ? DIF_OP_SDIV : DIF_OP_UDIV;
	default: break;
	}
	*cut = false;
	switch (op) {
	case DT_OP_MOD: return sgn ? DIF_OP_SREM : DIF_OP_UREM;
	case DT_OP_RSH: return sgn ? DIF_OP_SRA : DIF_OP_SRL;
	case DT_OP_BAND: return DIF_OP_AND;
	case DT_OP_BOR: return DIF_OP_OR;
	default: return DIF_OP_XOR;
	}
}

/* l = l op r, in type @t. Frees r. */
static int arith(struct dt_cg *cg, enum dt_op op, const struct dt_type *t, int l, int r)
{
	bool cut;
	enum dif_op o = arith_op(op, t, &cut);
	int d = cg_result(cg, l);

	cg_emit(cg, DIF_INSTR_R(o, l, r, d));
	cg_free(cg, r);
	if (cut)
		cg_normalise(cg, d, t);
	return d;
}

/* ---- Comparison ------------------------------------------------------------------------- */

bool cg_is_comparison(const struct dt_node *n)
{
	return n->kind == DT_N_OP2 && n->op >= DT_OP_EQ && n->op <= DT_OP_GE;
}

static enum dt_op negated(enum dt_op op)
{
	switch (op) {
	case DT_OP_EQ: return DT_OP_NE;
	case DT_OP_NE: return DT_OP_EQ;
	case DT_OP_LT: return DT_OP_GE;
	case DT_OP_LE: return DT_OP_GT;
	case DT_OP_GT: return DT_OP_LE;
	default: return DT_OP_LT;
	}
}

static enum dif_op branch_op(enum dt_op op, bool sgn)
{
	switch (op) {
	case DT_OP_EQ: return DIF_OP_BE;
	case DT_OP_NE: return DIF_OP_BNE;
	case DT_OP_LT: return sgn ? DIF_OP_BL : DIF_OP_BLU;
	case DT_OP_LE: return sgn ? DIF_OP_BLE : DIF_OP_BLEU;
	case DT_OP_GT: return sgn ? DIF_OP_BG : DIF_OP_BGU;
	default: return sgn ? DIF_OP_BGE : DIF_OP_BGEU;
	}
}

/* Set the codes for comparison @n and return the branch taken if its truth is @sense. */
uint32_t cg_compare(struct dt_cg *cg, const struct dt_node *n, bool sense)
{
	const struct dt_type *t = n->kid[0]->type;
	bool str = dt_type_is_string(t);
	int l = cg_value(cg, n->kid[0]), r = cg_value(cg, n->kid[1]);

	cg_emit(cg, DIF_INSTR_R(str ? DIF_OP_SCMP : DIF_OP_CMP, l, r, 0));
	cg_free(cg, l);
	cg_free(cg, r);
	return branch_op(sense ? n->op : negated(n->op), str || is_signed(t));
}

/* a ^^ b: both are always evaluated. */
static int logical_xor(struct dt_cg *cg, const struct dt_node *n)
{
	int l = cg_truth(cg, n->kid[0]), r = cg_truth(cg, n->kid[1]);

	cg_emit(cg, DIF_INSTR_R(DIF_OP_XOR, l, r, l));
	cg_free(cg, r);
	return l;
}

/* ---- Assignment -------------------------------------------------------------------------- */

static int assign(struct dt_cg *cg, const struct dt_node *n)
{
	struct cg_lval lv;
	int reg;

	cg_open_target(cg, n->kid[0], &lv);
	reg = cg_value(cg, n->kid[1]);
	cg_store(cg, &lv, reg);
	cg_close(cg, &lv);
	return reg;
}

/* reg = (type of the target)((u.type)reg op r), stored. */
static int update(struct dt_cg *cg, const struct dt_node *n, const struct cg_lval *lv, enum dt_op op, int reg,
		  int r)
{
	const struct dt_type *t = n->kid[0]->type;

	reg = cg_convert(cg, reg, t, n->u.type);
	reg = arith(cg, op, n->u.type, reg, r);
	reg = cg_convert(cg, reg, n->u.type, t);
	cg_store(cg, lv, reg);
	return reg;
}

static int assign_op(struct dt_cg *cg, const struct dt_node *n)
{
	struct cg_lval lv;
	int r, reg;

	cg_open_target(cg, n->kid[0], &lv);
	r = cg_value(cg, n->kid[1]);
	reg = update(cg, n, &lv, dt_plain_op(n->op), cg_load(cg, &lv), r);
	cg_close(cg, &lv);
	return reg;
}

static int incdec(struct dt_cg *cg, const struct dt_node *n)
{
	bool post = n->op == DT_OP_POSTINC || n->op == DT_OP_POSTDEC;
	bool dec = n->op == DT_OP_PREDEC || n->op == DT_OP_POSTDEC;
	struct cg_lval lv;
	int reg, old = 0;

	cg_open_target(cg, n->kid[0], &lv);
	reg = cg_load(cg, &lv);
	if (post) {
		old = cg_reg(cg);
		cg_emit(cg, DIF_INSTR_R(DIF_OP_MOV, reg, 0, old));
	}
	reg = update(cg, n, &lv, dec ? DT_OP_SUB : DT_OP_ADD, reg, cg_value(cg, n->kid[1]));
	cg_close(cg, &lv);
	if (!post)
		return reg;
	cg_free(cg, reg);
	return old;
}

/* ---- Dispatch ------------------------------------------------------------------------------- */

int cg_op1(struct dt_cg *cg, const struct dt_node *n)
{
	int reg, d;

	switch (n->op) {
	case DT_OP_PREINC: case DT_OP_PREDEC: case DT_OP_POSTINC: case DT_OP_POSTDEC:
		return incdec(cg, n);
	case DT_OP_LNOT:
		return cg_truth(cg, n);
	case DT_OP_ADDR:
		return cg_address(cg, n->kid[0]);
	case DT_OP_POS:
		return cg_value(cg, n->kid[0]);
	default:
		break;
	}
	reg = cg_value(cg, n->kid[0]);
	d = cg_result(cg, reg);
	if (n->op == DT_OP_NEG)
		cg_emit(cg, DIF_INSTR_R(DIF_OP_SUB, 0, reg, d));
	else
		cg_emit(cg, DIF_INSTR_R(DIF_OP_NOT, reg, 0, d));
	if (n->op == DT_OP_NEG || !is_signed(n->type))	/* ~ keeps a sign extension */
		cg_normalise(cg, d, n->type);
	return d;
}

int cg_op2(struct dt_cg *cg, const struct dt_node *n)
{
	int l;

	if (n->op == DT_OP_ASGN)
		return assign(cg, n);
	if (n->op >= DT_OP_ADD_EQ && n->op <= DT_OP_RSH_EQ)
		return assign_op(cg, n);
	if (n->op == DT_OP_LOR || n->op == DT_OP_LAND || cg_is_comparison(n))
		return cg_truth(cg, n);
	if (n->op == DT_OP_LXOR)
		return logical_xor(cg, n);
	l = cg_value(cg, n->kid[0]);
	if (n->op == DT_OP_COMMA) {
		cg_free(cg, l);
		return cg_value(cg, n->kid[1]);
	}
	return arith(cg, n->op, n->type, l, cg_value(cg, n->kid[1]));
}

int cg_op3(struct dt_cg *cg, const struct dt_node *n)
{
	uint32_t no = cg_label(cg), end = cg_label(cg);
	int ret, reg;

	cg_branch(cg, n->kid[0], false, no);
	ret = cg_value(cg, n->kid[1]);
	cg_jump(cg, DIF_OP_BA, end);
	cg_here(cg, no);
	/* the other way computes into whatever is free beside ret, and moves it there */
	reg = cg_value(cg, n->kid[2]);
	cg_emit(cg, DIF_INSTR_R(DIF_OP_MOV, reg, 0, ret));
	cg_free(cg, reg);
	cg_here(cg, end);
	return ret;
}
