// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Arithmetic on constants: exactly what the kernel would compute.
 */
#include "cook.h"

static int divide(struct dt_cook *ck, enum dt_op op, bool sgn, uint64_t a, uint64_t b,
		  struct dt_loc loc, uint64_t *ret)
{
	if (b == 0)
		return dt_error(ck->diag, D_DIV_ZERO, loc, "this divides by zero");
	if (!sgn)
		*ret = op == DT_OP_DIV ? a / b : a % b;
	else if (b == UINT64_MAX)	/* -1: the one quotient that may overflow */
		*ret = op == DT_OP_DIV ? 0 - a : 0;
	else
		*ret = (uint64_t)(op == DT_OP_DIV ? (int64_t)a / (int64_t)b : (int64_t)a % (int64_t)b);
	return 0;
}

static bool compare(enum dt_op op, bool sgn, uint64_t a, uint64_t b)
{
	bool less = sgn ? (int64_t)a < (int64_t)b : a < b;

	switch (op) {
	case DT_OP_EQ: return a == b;
	case DT_OP_NE: return a != b;
	case DT_OP_LT: return less;
	case DT_OP_LE: return less || a == b;
	case DT_OP_GT: return !less && a != b;
	default: return !less;
	}
}

int dt_fold2(struct dt_cook *ck, enum dt_op op, const struct dt_type *type, uint64_t a, uint64_t b,
	     struct dt_loc loc, uint64_t *ret)
{
	bool sgn = dt_type_resolve(type)->is_signed;
	uint64_t v = 0;

	switch (op) {
	case DT_OP_ADD: v = a + b; break;
	case DT_OP_SUB: v = a - b; break;
	case DT_OP_MUL: v = a * b; break;
	case DT_OP_BAND: v = a & b; break;
	case DT_OP_BOR: v = a | b; break;
	case DT_OP_XOR: v = a ^ b; break;
	case DT_OP_LSH: v = a << (b & 63); break;
	case DT_OP_RSH: v = sgn ? (uint64_t)((int64_t)a >> (b & 63)) : a >> (b & 63); break;
	case DT_OP_LAND: v = a && b; break;
	case DT_OP_LOR: v = a || b; break;
	case DT_OP_LXOR: v = !a != !b; break;
	case DT_OP_EQ: case DT_OP_NE: case DT_OP_LT: case DT_OP_LE: case DT_OP_GT: case DT_OP_GE:
		v = compare(op, sgn, a, b);
		break;
	case DT_OP_DIV: case DT_OP_MOD:
		if (divide(ck, op, sgn, a, b, loc, &v))
			return -1;
		break;
	default:
		return dt_error(ck->diag, D_UNKNOWN, loc, "internal: %s cannot be folded", dt_op_text(op));
	}
	*ret = dt_normalise(v, type);
	return 0;
}
