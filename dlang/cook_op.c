// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Operators. Each leaves its operands converted to the type it works in, so
 * that codegen has nothing to decide; an assignment operator keeps that type in
 * u.type, for its left side is read, converted, and stored converted back.
 */
#include "abstract.h"
#include "names.h"

static int bad_operand(struct dt_cook *ck, enum dt_tag tag, const struct dt_node *at, enum dt_op op,
		       const char *want, const struct dt_node *got)
{
	char name[DT_TYPESTR];

	dt_error(ck->diag, tag, at->loc, "operator %s needs %s, not a value of type %s", dt_op_text(op), want,
		 dt_typestr(got, name));
	if (dt_type_is_string(got->type) && tag == D_OP_SCALAR)
		dt_hint(ck->diag, "compare the string: == NULL, or == \"\"");
	if (dt_is_float(got->type))
		dt_hint(ck->diag, "D has no floating-point arithmetic: such values can only be copied and printed");
	return -1;
}

static int incompatible(struct dt_cook *ck, const struct dt_node *n)
{
	char l[DT_TYPESTR], r[DT_TYPESTR];

	return dt_error(ck->diag, D_OP_INCOMPAT, n->loc, "%s cannot stand between values of types %s and %s",
			dt_op_text(n->op), dt_typestr(n->kid[0], l), dt_typestr(n->kid[1], r));
}

static const struct dt_type *int_type(struct dt_cook *ck)
{
	return dt_basic(ck->types, DT_B_INT);
}

static bool is_scalar(const struct dt_node *n)
{
	return dt_type_is_scalar(n->type) || dt_type_resolve(n->type)->kind == DT_T_ARRAY;
}

/* ---- One operand --------------------------------------------------------------------- */

static int arith1(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_node *kid = n->kid[0];
	uint64_t v;

	if (!dt_type_is_integer(kid->type))
		return bad_operand(ck, n->op == DT_OP_BNOT ? D_OP_INT : D_OP_ARITH, n, n->op, "an integer", kid);
	if (dt_promote(ck, kid))
		return -1;
	n->type = kid->type;
	if (kid->kind == DT_N_INT) {
		v = kid->u.i.val;
		dt_make_int(n, n->op == DT_OP_NEG ? 0 - v : n->op == DT_OP_BNOT ? ~v : v, kid->type);
	}
	return 0;
}

static int lognot(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_node *kid = n->kid[0];

	if (!is_scalar(kid))
		return bad_operand(ck, D_OP_SCALAR, n, n->op, "an integer or a pointer", kid);
	n->type = int_type(ck);
	if (kid->kind == DT_N_INT)
		dt_make_int(n, !kid->u.i.val, n->type);
	return 0;
}

static int addrof(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_node *kid = n->kid[0];
	const struct dt_type *to = kid->type;

	if (kid->bits)
		return dt_error(ck->diag, D_ADDROF_BITFIELD, n->loc, "a bit-field has no address");
	if (kid->kind == DT_N_VAR || (kid->kind == DT_N_INDEX && kid->ident))
		return dt_error(ck->diag, D_ADDROF_VAR, n->loc, "a variable of D has no address");
	if (!kid->is_lvalue)
		return dt_error(ck->diag, D_ADDROF_LVAL, n->loc, "this has no address: it is not stored anywhere");
	for (const struct dt_node *k = kid; k->kind == DT_N_MEMBER && k->op == DT_OP_DOT; k = k->kid[0])
		if (k->kid[0]->kind == DT_N_VAR || (k->kid[0]->kind == DT_N_INDEX && k->kid[0]->ident))
			return dt_error(ck->diag, D_ADDROF_VAR, n->loc, "a variable of D has no address");
	if (kid->is_userland)
		to = dt_type_qualified(ck->types, to, to->quals | DT_TQ_USERLAND);
	n->type = to ? dt_type_pointer(ck->types, to) : NULL;
	return n->type ? 0 : dt_nomem(ck, n->loc);
}

static int check_writable(struct dt_cook *ck, const struct dt_node *n, const struct dt_node *target)
{
	char op[8];

	snprintf(op, sizeof(op), "%s", dt_op_text(n->op));
	if (!target->is_lvalue)
		return dt_error(ck->diag, D_OP_LVAL, n->loc, "%s needs something that can be assigned to", op);
	if (target->is_writable)
		return 0;
	if (target->kind == DT_N_VAR || target->ident) {
		dt_error(ck->diag, D_OP_WRITE, n->loc, "%s cannot be written", target->name);
		return n->op == DT_OP_ASGN ? dt_hint(ck->diag, "to compare write ==") : -1;
	}
	dt_error(ck->diag, D_OP_WRITE, n->loc, "this memory cannot be written");
	if (target->is_userland)
		dt_hint(ck->diag, "a program stores only to its own memory: variables, alloca() and copyin()");
	return -1;
}

/* Pointer steps are counted in objects: the size of one, or 0 with the error set (@unsized of void and functions). */
static uint64_t object_size(struct dt_cook *ck, const struct dt_node *n, const struct dt_type *ptr,
			    enum dt_tag unsized)
{
	const struct dt_type *to = dt_type_complete(ck->types, dt_pointee(ptr));
	char name[DT_TYPESTR];

	if (to->size && to->kind != DT_T_FORWARD)
		return to->size;
	dt_error(ck->diag, to->kind == DT_T_VOID || to->kind == DT_T_FUNC ? unsized : D_OP_INCOMPLETE, n->loc,
		 "arithmetic on a pointer needs the size of what it points to, and %s has none",
		 dt_type_name(to, name, sizeof(name)));
	return 0;
}

/* x++ and its kin: x = (type of x)((u.type)x + kid[1]). An unknown x is an int64_t, and was 0. */
static int incdec(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_node *x = n->kid[0];
	uint64_t step = 1;

	if (dt_cook_target(ck, x) || dt_settle_target(ck, x, dt_basic(ck->types, DT_B_INT64)))
		return -1;
	if (!dt_type_is_scalar(x->type))
		return bad_operand(ck, D_OP_SCALAR, n, n->op, "an integer or a pointer", x);
	if (check_writable(ck, n, x))
		return -1;
	if (dt_is_pointer(x->type)) {
		step = object_size(ck, n, x->type, D_OP_VFPTR);
		if (!step)
			return -1;
		n->u.type = x->type;
	} else {
		n->u.type = dt_promoted(ck, x);
	}
	n->kid[1] = dt_mk_int(ck, n, (int64_t)step, dt_basic(ck->types, DT_B_LONG));
	n->type = x->type;
	return n->kid[1] ? 0 : -1;
}

int dt_cook_op1(struct dt_cook *ck, struct dt_node *n)
{
	switch (n->op) {
	case DT_OP_PREINC: case DT_OP_PREDEC: case DT_OP_POSTINC: case DT_OP_POSTDEC:
		return incdec(ck, n);
	default:
		break;
	}
	if (n->op == DT_OP_ADDR && n->kid[0]->kind == DT_N_SYM)
		return dt_cook_addr_of_sym(ck, n);
	if (n->op == DT_OP_ADDR && n->kid[0]->kind == DT_N_AGG)
		return dt_error(ck->diag, D_ADDROF_VAR, n->loc, "an aggregation has no address");
	if (dt_cook_expr(ck, n->kid[0]))
		return -1;
	switch (n->op) {
	case DT_OP_NEG: case DT_OP_POS: case DT_OP_BNOT:
		return arith1(ck, n);
	case DT_OP_LNOT:
		return lognot(ck, n);
	case DT_OP_ADDR:
		return addrof(ck, n);
	case DT_OP_DEREF:
		if (dt_decay(ck, n->kid[0]) || dt_decay_string(ck, n->kid[0]) || dt_make_deref(ck, n))
			return -1;
		return dt_taint(ck, n);
	default:
		return dt_error(ck->diag, D_UNKNOWN, n->loc, "internal: unary operator %d", n->op);
	}
}

/* ---- Two operands --------------------------------------------------------------------- */

static int fold(struct dt_cook *ck, struct dt_node *n, const struct dt_type *work)
{
	const struct dt_node *l = n->kid[0], *r = n->kid[1];
	uint64_t v;

	/* A constant zero divisor is an error even under an unknown dividend. */
	if ((n->op == DT_OP_DIV || n->op == DT_OP_MOD) && dt_is_zero(r))
		return dt_fold2(ck, n->op, work, 1, 0, n->loc, &v);
	if (l->kind != DT_N_INT || r->kind != DT_N_INT)
		return 0;
	if (dt_fold2(ck, n->op, work, l->u.i.val, r->u.i.val, n->loc, &v))
		return -1;
	dt_make_int(n, v, n->type);
	return 0;
}

/* Bring both operands to their common type. */
static int usual(struct dt_cook *ck, struct dt_node *n, const struct dt_type **ret)
{
	struct dt_node *l = n->kid[0], *r = n->kid[1];
	const struct dt_type *t;

	if (dt_promote(ck, l) || dt_promote(ck, r))
		return -1;
	t = dt_common(ck, l->type, r->type);
	*ret = t;
	return dt_convert(ck, l, t) || dt_convert(ck, r, t) ? -1 : 0;
}

static int need_ints(struct dt_cook *ck, const struct dt_node *n, enum dt_tag tag)
{
	for (int i = 0; i < 2; i++)
		if (!dt_type_is_integer(n->kid[i]->type))
			return bad_operand(ck, tag, n, n->op, "integers", n->kid[i]);
	return 0;
}

/* Operators that C has for integers only. */
static bool is_bitwise(enum dt_op op)
{
	return op == DT_OP_BAND || op == DT_OP_BOR || op == DT_OP_XOR || op == DT_OP_MOD ||
	       op == DT_OP_LSH || op == DT_OP_RSH;
}

static int arith2(struct dt_cook *ck, struct dt_node *n)
{
	if (need_ints(ck, n, is_bitwise(n->op) ? D_OP_INT : D_OP_ARITH) || usual(ck, n, &n->type))
		return -1;
	return fold(ck, n, n->type);
}

static int shift(struct dt_cook *ck, struct dt_node *n)
{
	if (need_ints(ck, n, D_OP_INT) || dt_promote(ck, n->kid[0]) || dt_promote(ck, n->kid[1]))
		return -1;
	n->type = n->kid[0]->type;
	return fold(ck, n, n->type);
}

/* Multiply the integer @i by the size of what @ptr points to. */
static struct dt_node *scaled(struct dt_cook *ck, struct dt_node *i, const struct dt_type *ptr, enum dt_tag unsized)
{
	const struct dt_type *lng = dt_basic(ck->types, DT_B_LONG);
	uint64_t size = object_size(ck, i, ptr, unsized);
	struct dt_node *by, *mul;

	if (!size || dt_convert(ck, i, lng))
		return NULL;
	if (size == 1)
		return i;
	by = dt_mk_int(ck, i, (int64_t)size, lng);
	mul = by ? dt_mk_op2(ck, DT_OP_MUL, i, by, lng) : NULL;
	return !mul || fold(ck, mul, lng) ? NULL : mul;
}

/* pointer +- integer, integer + pointer; the pointer ends up on the left. */
static int ptr_add(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_node *t;

	if (dt_is_ptrlike(n->kid[1]->type)) {
		t = n->kid[0];
		n->kid[0] = n->kid[1];
		n->kid[1] = t;
	}
	if (dt_decay(ck, n->kid[0]))
		return -1;
	t = scaled(ck, n->kid[1], n->kid[0]->type, D_OP_INCOMPAT);
	if (!t)
		return -1;
	n->kid[1] = t;
	n->type = n->kid[0]->type;
	return fold(ck, n, n->type);
}

static int ptr_diff(struct dt_cook *ck, struct dt_node *n)
{
	const struct dt_type *lng = dt_basic(ck->types, DT_B_LONG);
	struct dt_node *l = n->kid[0], *r = n->kid[1], *sub, *by;
	uint64_t size;

	if (!dt_ptr_compat(l->type, r->type))
		return incompatible(ck, n);
	if (dt_decay(ck, l) || dt_decay(ck, r))
		return -1;
	size = object_size(ck, n, l->type, D_OP_INCOMPAT);
	if (!size || dt_wrap_cast(ck, l, lng) || dt_wrap_cast(ck, r, lng))
		return -1;
	n->type = lng;
	if (size == 1)
		return fold(ck, n, lng);
	sub = dt_mk_op2(ck, DT_OP_SUB, l, r, lng);
	by = dt_mk_int(ck, n, (int64_t)size, lng);
	if (!sub || !by || fold(ck, sub, lng))
		return -1;
	n->op = DT_OP_DIV;
	n->kid[0] = sub;
	n->kid[1] = by;
	return fold(ck, n, lng);
}

int dt_make_add(struct dt_cook *ck, struct dt_node *n)
{
	bool lp, rp;

	for (int i = 0; i < 2; i++)
		if (dt_type_is_integer(n->kid[!i]->type) && dt_decay_string(ck, n->kid[i]))
			return -1;
	if (dt_type_is_string(n->kid[0]->type) || dt_type_is_string(n->kid[1]->type))
		return incompatible(ck, n);
	lp = dt_is_ptrlike(n->kid[0]->type);
	rp = dt_is_ptrlike(n->kid[1]->type);
	if (!lp && !rp)
		return arith2(ck, n);
	if (lp && rp)
		return n->op == DT_OP_SUB ? ptr_diff(ck, n) : incompatible(ck, n);
	if ((rp && n->op == DT_OP_SUB) || !dt_type_is_integer(n->kid[lp]->type))
		return incompatible(ck, n);
	return ptr_add(ck, n);
}

/* A string against something like a string; both become strings. */
static int compare_strings(struct dt_cook *ck, struct dt_node *n)
{
	const struct dt_type *str = dt_basic(ck->types, DT_B_STRING);

	for (int i = 0; i < 2; i++)
		if (!dt_type_is_strlike(n->kid[i]->type))
			return incompatible(ck, n);
	return dt_convert(ck, n->kid[0], str) || dt_convert(ck, n->kid[1], str) ? -1 : 0;
}

/* Pointers compare as unsigned addresses; so does a string with NULL. */
static int compare_pointers(struct dt_cook *ck, struct dt_node *n)
{
	const struct dt_type *addr = dt_basic(ck->types, DT_B_UINT64);
	struct dt_node *l = n->kid[0], *r = n->kid[1];

	if (!(dt_is_ptrlike(l->type) && dt_is_ptrlike(r->type) && dt_ptr_compat(l->type, r->type)) &&
	    !dt_is_zero(l) && !dt_is_zero(r) &&
	    !(dt_type_is_integer(l->type) || dt_type_is_integer(r->type)))
		return incompatible(ck, n);
	for (int i = 0; i < 2; i++) {
		struct dt_node *k = n->kid[i];

		if (dt_type_is_integer(k->type) && dt_promote(ck, k))
			return -1;
		if (dt_decay(ck, k) || dt_wrap_cast(ck, k, addr))
			return -1;
	}
	return fold(ck, n, addr);
}

static int compare(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_node *l = n->kid[0], *r = n->kid[1];
	bool ls = dt_type_is_string(l->type), rs = dt_type_is_string(r->type);
	const struct dt_type *t;

	n->type = int_type(ck);
	if ((ls && dt_is_zero(r)) || (rs && dt_is_zero(l))) {
		if (n->op != DT_OP_EQ && n->op != DT_OP_NE)
			return incompatible(ck, n);
		return compare_pointers(ck, n);
	}
	if (ls || rs)
		return compare_strings(ck, n);
	if (!is_scalar(l) || !is_scalar(r))
		return bad_operand(ck, D_OP_SCALAR, n, n->op, "integers, pointers or strings",
				   is_scalar(l) ? r : l);
	if (!dt_type_is_integer(l->type) || !dt_type_is_integer(r->type))
		return compare_pointers(ck, n);
	return usual(ck, n, &t) ? -1 : fold(ck, n, t);
}

static int logical(struct dt_cook *ck, struct dt_node *n)
{
	for (int i = 0; i < 2; i++)
		if (!is_scalar(n->kid[i]))
			return bad_operand(ck, D_OP_SCALAR, n, n->op, "integers or pointers", n->kid[i]);
	n->type = int_type(ck);
	return fold(ck, n, n->type);
}

static int comma(struct dt_node *n)
{
	n->type = n->kid[1]->type;
	return 0;
}

/* ---- Assignment --------------------------------------------------------------------------- */

static int assign(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_node *l = n->kid[0], *r = n->kid[1];
	char name[DT_TYPESTR], from[DT_TYPESTR];

	if (dt_cook_target(ck, l) || dt_cook_expr(ck, r))
		return -1;
	if (check_writable(ck, n, l) || dt_xlate_assign(ck, n))
		return -1;
	if (dt_type_resolve(l->type)->kind == DT_T_ARRAY)
		return dt_error(ck->diag, D_OP_ARRFUN, n->loc, "an array cannot be assigned as a whole");
	if (dt_is_void(r->type) || dt_type_resolve(r->type)->kind == DT_T_FUNC)
		return dt_error(ck->diag, D_OP_INCOMPAT, n->loc, "the right side of %s has no value",
				dt_op_text(n->op));
	if (dt_settle_target(ck, l, dt_type_resolve(r->type)->kind == DT_T_ENUM ? r->type :
			     r->bits ? dt_promoted(ck, r) : r->type))
		return -1;
	/* storing 0 frees a string, as it does other variables */
	if (!dt_assignable(r, l->type) && !(dt_type_is_string(l->type) && dt_is_null(r))) {
		dt_error(ck->diag, D_OP_INCOMPAT, n->loc, "a value of type %s cannot be assigned to %s%s%s",
			 dt_typestr(r, from), dt_typestr(l, name), l->name ? " " : "", l->name ? l->name : "");
		if (dt_is_pointer(l->type) && dt_type_is_integer(r->type))
			dt_hint(ck->diag, "cast it: (%s)", name);
		else if (dt_type_is_string(l->type) && dt_type_is_integer(r->type))
			dt_hint(ck->diag, "to read a string at a process's address use copyinstr()");
		return -1;
	}
	n->type = l->type;
	return dt_convert(ck, r, l->type);
}

/* The operator within an assignment operator. */
enum dt_op dt_plain_op(enum dt_op op)
{
	switch (op) {
	case DT_OP_ADD_EQ: return DT_OP_ADD;
	case DT_OP_SUB_EQ: return DT_OP_SUB;
	case DT_OP_MUL_EQ: return DT_OP_MUL;
	case DT_OP_DIV_EQ: return DT_OP_DIV;
	case DT_OP_MOD_EQ: return DT_OP_MOD;
	case DT_OP_AND_EQ: return DT_OP_BAND;
	case DT_OP_XOR_EQ: return DT_OP_XOR;
	case DT_OP_OR_EQ: return DT_OP_BOR;
	case DT_OP_LSH_EQ: return DT_OP_LSH;
	default: return DT_OP_RSH;
	}
}

static int assign_pointer(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_node *r;

	if (n->op != DT_OP_ADD_EQ && n->op != DT_OP_SUB_EQ)
		return bad_operand(ck, D_OP_ARITH, n, n->op, "an integer", n->kid[0]);
	if (!dt_type_is_integer(n->kid[1]->type))
		return incompatible(ck, n);
	r = scaled(ck, n->kid[1], n->kid[0]->type, D_OP_VFPTR);
	if (!r)
		return -1;
	n->kid[1] = r;
	n->u.type = n->type = n->kid[0]->type;
	return 0;
}

/* l op= r */
static int assign_op(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_node *l = n->kid[0], *r = n->kid[1];
	enum dt_op op = dt_plain_op(n->op);

	if (dt_cook_target(ck, l) || dt_settle_target(ck, l, dt_basic(ck->types, DT_B_INT64)) ||
	    dt_cook_expr(ck, r) || check_writable(ck, n, l))
		return -1;
	if (dt_is_pointer(l->type))
		return assign_pointer(ck, n);
	if (need_ints(ck, n, is_bitwise(op) ? D_OP_INT : dt_is_pointer(r->type) ? D_OP_VFPTR : D_OP_ARITH))
		return -1;
	n->type = l->type;
	if (dt_promote(ck, r))
		return -1;
	if (op == DT_OP_LSH || op == DT_OP_RSH) {
		n->u.type = dt_promoted(ck, l);
		return 0;
	}
	n->u.type = dt_common(ck, dt_promoted(ck, l), r->type);
	if (dt_convert(ck, r, n->u.type))
		return -1;
	if ((op == DT_OP_DIV || op == DT_OP_MOD) && dt_is_zero(r))
		return dt_error(ck->diag, D_DIV_ZERO, n->loc, "this divides by zero");
	return 0;
}

int dt_cook_op2(struct dt_cook *ck, struct dt_node *n)
{
	if (n->op == DT_OP_ASGN)
		return assign(ck, n);
	if (n->op >= DT_OP_ADD_EQ && n->op <= DT_OP_RSH_EQ)
		return assign_op(ck, n);
	if (dt_cook_expr(ck, n->kid[0]) || dt_cook_expr(ck, n->kid[1]))
		return -1;
	switch (n->op) {
	case DT_OP_COMMA:
		return comma(n);
	case DT_OP_LOR: case DT_OP_LXOR: case DT_OP_LAND:
		return logical(ck, n);
	case DT_OP_EQ: case DT_OP_NE: case DT_OP_LT: case DT_OP_LE: case DT_OP_GT: case DT_OP_GE:
		return compare(ck, n);
	case DT_OP_ADD: case DT_OP_SUB:
		return dt_make_add(ck, n);
	case DT_OP_LSH: case DT_OP_RSH:
		return shift(ck, n);
	case DT_OP_MUL: case DT_OP_DIV: case DT_OP_MOD:
	case DT_OP_BAND: case DT_OP_BOR: case DT_OP_XOR:
		return arith2(ck, n);
	default:
		return dt_error(ck->diag, D_UNKNOWN, n->loc, "internal: binary operator %d", n->op);
	}
}

/* ---- Three operands: C11 6.5.15, and strings ------------------------------------------------- */

static int branches(struct dt_cook *ck, struct dt_node *n, struct dt_node *a, struct dt_node *b)
{
	const struct dt_type *str = dt_basic(ck->types, DT_B_STRING);
	char l[DT_TYPESTR], r[DT_TYPESTR];

	if (dt_type_is_integer(a->type) && dt_type_is_integer(b->type)) {
		if (dt_promote(ck, a) || dt_promote(ck, b))
			return -1;
		n->type = dt_common(ck, a->type, b->type);
	} else if ((dt_type_is_string(a->type) && dt_assignable(b, str)) ||
		   (dt_type_is_string(b->type) && dt_assignable(a, str))) {
		n->type = str;
	} else if (dt_is_ptrlike(a->type) || dt_is_ptrlike(b->type)) {
		if (dt_decay(ck, a) || dt_decay(ck, b))
			return -1;
		n->type = !dt_is_pointer(a->type) || dt_is_zero(a) ? b->type : a->type;
		if (dt_is_pointer(a->type) && dt_is_pointer(b->type) && dt_is_void(dt_pointee(b->type)) &&
		    !dt_is_zero(b))
			n->type = b->type;
	} else {
		n->type = a->type;
	}
	if (dt_is_void(a->type) && dt_is_void(b->type))
		return 0;
	if (!dt_assignable(a, n->type) || !dt_assignable(b, n->type))
		return dt_error(ck->diag, D_OP_INCOMPAT, n->loc,
				"the two sides of ? : have types that don't meet: %s and %s",
				dt_typestr(a, l), dt_typestr(b, r));
	return dt_convert(ck, a, n->type) || dt_convert(ck, b, n->type) ? -1 : 0;
}

int dt_cook_op3(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_node *c = n->kid[0], *a = n->kid[1], *b = n->kid[2];

	if (dt_cook_expr(ck, c))
		return -1;
	if (!is_scalar(c)) {
		char name[DT_TYPESTR];

		return dt_error(ck->diag, D_OP_SCALAR, n->loc,
				"the condition of ? : must be an integer or a pointer, not %s", dt_typestr(c, name));
	}
	if (dt_cook_expr(ck, a) || dt_cook_expr(ck, b) || branches(ck, n, a, b))
		return -1;
	if (c->kind == DT_N_INT && a->kind == DT_N_INT && b->kind == DT_N_INT)
		dt_make_int(n, c->u.i.val ? a->u.i.val : b->u.i.val, n->type);
	return 0;
}
