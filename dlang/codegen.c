// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Expressions: dispatch, constants, conversions, calls, and branching on a
 * condition. See codegen.h for the rules that all share.
 */
#include "codegen.h"
#include "cook.h"

/* ---- Conversions ------------------------------------------------------------------ */

/* Cut @reg to the width of integer type @t and extend it again. */
void cg_normalise(struct dt_cg *cg, int reg, const struct dt_type *t)
{
	const struct dt_type *r = dt_type_resolve(t);
	int shift;

	if (!dt_type_is_integer(r) || r->size >= 8)
		return;
	shift = cg_reg(cg);
	cg_setx(cg, 64 - 8 * r->size, shift);
	cg_emit(cg, DIF_INSTR_R(DIF_OP_SLL, reg, shift, reg));
	cg_emit(cg, DIF_INSTR_R(r->is_signed ? DIF_OP_SRA : DIF_OP_SRL, reg, shift, reg));
	cg_free(cg, shift);
}

static int nonzero(struct dt_cg *cg, int reg)
{
	uint32_t end = cg_label(cg);
	int d = cg_reg(cg);

	cg_emit(cg, DIF_INSTR_R(DIF_OP_MOV, 0, 0, d));
	cg_emit(cg, DIF_INSTR_R(DIF_OP_TST, reg, 0, 0));
	cg_jump(cg, DIF_OP_BE, end);
	cg_setx(cg, 1, d);
	cg_here(cg, end);
	cg_free(cg, reg);
	return d;
}

static bool needs_cut(const struct dt_type *from, const struct dt_type *to)
{
	if (!dt_type_is_integer(to) || to->size >= 8)
		return false;
	if (!dt_type_is_integer(from) || from->size > to->size)
		return true;
	if (from->size == to->size)
		return from->is_signed != to->is_signed;
	return from->is_signed && !to->is_signed;
}

/* @reg, a value of scalar type @from, as one of @to. */
int cg_convert(struct dt_cg *cg, int reg, const struct dt_type *from, const struct dt_type *to)
{
	const struct dt_type *f = dt_type_resolve(from), *t = dt_type_resolve(to);

	if (t->is_bool)
		return f->is_bool ? reg : nonzero(cg, reg);
	if (needs_cut(f, t))
		cg_normalise(cg, reg, t);
	return reg;
}

/* A value, but of an array its address, which is what it decays to. */
static int pointer_value(struct dt_cg *cg, const struct dt_node *n)
{
	return dt_type_resolve(n->type)->kind == DT_T_ARRAY ? cg_address(cg, n) : cg_value(cg, n);
}

/* A pointer into the process becomes a copy of the string there, any other is the string. */
static int to_string(struct dt_cg *cg, const struct dt_node *kid)
{
	const struct dt_type *types[2] = { dt_basic(cg->types, DT_B_UINT64), dt_basic(cg->types, DT_B_UINT64) };
	const struct dt_node *arr = kid->kind == DT_N_CAST ? kid->kid[0] : kid;
	bool user = dt_is_user_ptr(kid->type) || (kid->is_userland && !dt_is_pointer(kid->type));
	int regs[2] = { pointer_value(cg, kid), 0 }, ret;
	unsigned n = 1;

	if (!user || dt_type_is_string(kid->type))
		return regs[0];
	if (dt_type_resolve(arr->type)->kind == DT_T_ARRAY && dt_type_resolve(arr->type)->nelem) {
		regs[1] = cg_reg(cg);
		cg_setx(cg, dt_type_resolve(arr->type)->nelem, regs[1]);
		n = 2;
	}
	ret = cg_call(cg, DIF_SUBR_COPYINSTR, regs, types, n);
	cg_free(cg, regs[0]);
	cg_free(cg, regs[1]);
	return ret;
}

static int cg_cast(struct dt_cg *cg, const struct dt_node *n)
{
	const struct dt_node *kid = n->kid[0];

	if (dt_type_is_string(n->type))
		return to_string(cg, kid);
	if (!dt_type_is_scalar(n->type))
		return cg_value(cg, kid);
	/* a bit-field's value fits its declared type, from which the cast starts */
	return cg_convert(cg, pointer_value(cg, kid), kid->type, n->type);
}

/* ---- Calls ------------------------------------------------------------------------- */

void cg_push(struct dt_cg *cg, int reg, const struct dt_type *t)
{
	struct dif_type d = dt_dif_type(t);
	int size = 0;

	if (d.kind == DIF_TYPE_SCALAR) {
		cg_emit(cg, DIF_INSTR_R(DIF_OP_PUSHTV, reg, 0, DIF_TYPE_SCALAR));
		return;
	}
	if (d.kind == DIF_TYPE_STRUCT) {
		size = cg_reg(cg);
		cg_setx(cg, d.size, size);
	}
	cg_emit(cg, DIF_INSTR_R(DIF_OP_PUSHTR, reg, size, d.kind));
	cg_free(cg, size);
}

int cg_call(struct dt_cg *cg, uint32_t subr, const int *regs, const struct dt_type *const *types, unsigned n)
{
	int ret;

	cg_emit(cg, DIF_INSTR_R(DIF_OP_FLUSHTS, 0, 0, 0));
	for (unsigned i = 0; i < n; i++)
		cg_push(cg, regs[i], types[i]);
	ret = cg_reg(cg);
	cg_emit(cg, DIF_INSTR_W(DIF_OP_CALL, subr, ret));
	return ret;
}

static int cg_subr(struct dt_cg *cg, const struct dt_node *n)
{
	const struct dt_type *types[DIF_TUPLE_MAX];
	int regs[DIF_TUPLE_MAX], ret;
	unsigned i = 0;

	for (const struct dt_node *a = n->kid[0]; a; a = a->next, i++) {
		regs[i] = cg_value(cg, a);
		/* what is not a string goes by its address, structs and arrays too */
		types[i] = dt_type_is_string(a->type) ? a->type : dt_basic(cg->types, DT_B_UINT64);
	}
	cg->loc = n->loc;
	if (n->ident->id == DIF_SUBR_ALLOCA) {
		ret = cg_result(cg, regs[0]);
		cg_emit(cg, DIF_INSTR_R(DIF_OP_ALLOCS, regs[0], 0, ret));
		return ret;
	}
	ret = cg_call(cg, n->ident->id, regs, types, i);
	while (i--)
		cg_free(cg, regs[i]);
	return ret;
}

/* ---- Conditions ----------------------------------------------------------------------- */

/* && and || of @n: jump to @label if its truth is @sense, else fall through. */
static void branch_logical(struct dt_cg *cg, const struct dt_node *n, bool sense, uint32_t label)
{
	/* a && b is false as soon as a is; a || b true as soon as a is */
	bool decides = n->op == DT_OP_LOR;
	uint32_t out;

	if (decides == sense) {
		cg_branch(cg, n->kid[0], sense, label);
		cg_branch(cg, n->kid[1], sense, label);
		return;
	}
	out = cg_label(cg);
	cg_branch(cg, n->kid[0], decides, out);
	cg_branch(cg, n->kid[1], sense, label);
	cg_here(cg, out);
}

/* Jump to @label if the truth of @n is @sense. */
void cg_branch(struct dt_cg *cg, const struct dt_node *n, bool sense, uint32_t label)
{
	int reg;

	if (n->kind == DT_N_OP1 && n->op == DT_OP_LNOT) {
		cg_branch(cg, n->kid[0], !sense, label);
	} else if (n->kind == DT_N_OP2 && (n->op == DT_OP_LAND || n->op == DT_OP_LOR)) {
		branch_logical(cg, n, sense, label);
	} else if (cg_is_comparison(n)) {
		cg_jump(cg, cg_compare(cg, n, sense), label);
	} else {
		reg = cg_value(cg, n);
		cg_emit(cg, DIF_INSTR_R(DIF_OP_TST, reg, 0, 0));
		cg_free(cg, reg);
		cg_jump(cg, sense ? DIF_OP_BNE : DIF_OP_BE, label);
	}
}

/* A condition as a value. The register is taken last, so that both ways leave it alone. */
int cg_truth(struct dt_cg *cg, const struct dt_node *n)
{
	uint32_t no = cg_label(cg), end = cg_label(cg);
	int reg;

	cg_branch(cg, n, false, no);
	reg = cg_reg(cg);
	cg_setx(cg, 1, reg);
	cg_jump(cg, DIF_OP_BA, end);
	cg_here(cg, no);
	cg_emit(cg, DIF_INSTR_R(DIF_OP_MOV, 0, 0, reg));
	cg_here(cg, end);
	return reg;
}

/* ---- Dispatch ---------------------------------------------------------------------------- */

static int cg_int(struct dt_cg *cg, const struct dt_node *n)
{
	int reg = cg_reg(cg);

	cg_setx(cg, n->u.i.val, reg);
	return reg;
}

static int cg_str(struct dt_cg *cg, const struct dt_node *n)
{
	int reg = cg_reg(cg);

	cg_sets(cg, n->u.s.bytes, n->u.s.len, reg);
	return reg;
}

static int cg_lvalue(struct dt_cg *cg, const struct dt_node *n)
{
	struct cg_lval lv;
	int reg;

	cg_open(cg, n, &lv);
	cg->loc = n->loc;
	reg = cg_load(cg, &lv);
	cg_close(cg, &lv);
	return reg;
}

static int cg_dispatch(struct dt_cg *cg, const struct dt_node *n)
{
	switch (n->kind) {
	case DT_N_INT:
		return cg_int(cg, n);
	case DT_N_STR:
		return cg_str(cg, n);
	case DT_N_VAR: case DT_N_INDEX: case DT_N_MEMBER:
		return cg_lvalue(cg, n);
	case DT_N_CAST:
		return cg_cast(cg, n);
	case DT_N_CALL:
		return cg_subr(cg, n);
	case DT_N_OP1:
		return n->op == DT_OP_DEREF ? cg_lvalue(cg, n) : cg_op1(cg, n);
	case DT_N_OP2:
		return cg_op2(cg, n);
	case DT_N_OP3:
		return cg_op3(cg, n);
	case DT_N_XLATE:
		return cg_xlate(cg, n);
	default:
		return cg_fail(cg, D_UNKNOWN, "internal: this node cannot be compiled");
	}
}

int cg_value(struct dt_cg *cg, const struct dt_node *n)
{
	struct dt_loc outer = cg->loc;
	int reg;

	if (cg->failed)
		return 0;
	cg->loc = n->loc;
	reg = cg_dispatch(cg, n);
	cg->loc = outer;
	return reg;
}
