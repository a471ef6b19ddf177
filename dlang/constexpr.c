// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Constant integer expressions in declarations: dimensions, widths of
 * bit-fields, enumerators. They are needed while parsing, long before the
 * passes that fold constants in clauses. Arithmetic is C's, with int and long.
 */
#include <limits.h>
#include <string.h>

#include "parse.h"

struct value {
	uint64_t v;		/* extended to 64 bits by its sign */
	bool is_unsigned, wide;	/* wide: long, else int */
};

struct eval {
	struct dt_parser *ps;
	enum dt_tag tag;
	const char *what;
};

static int eval(struct eval *ev, const struct dt_node *n, struct value *out);

static int not_constant(struct eval *ev, const struct dt_node *n)
{
	return DT_ERROR(ev->ps, ev->tag, n->loc, "%s must be a constant integer", ev->what);
}

static struct value normal(uint64_t v, bool is_unsigned, bool wide)
{
	if (!wide)
		v = is_unsigned ? (uint32_t)v : (uint64_t)(int32_t)v;
	return (struct value){ v, is_unsigned, wide };
}

static struct value literal(const struct dt_node *n)
{
	uint64_t v = n->u.i.val;
	bool u = n->u.i.is_unsigned, wide = n->u.i.width > 0;

	if (!wide && !u && v > INT_MAX) {
		if (!n->u.i.is_decimal && v <= UINT_MAX)
			u = true;
		else
			wide = true;
	}
	if (v > UINT_MAX)
		wide = true;
	return normal(v, u || v > INT64_MAX, wide);
}

/* The usual arithmetic conversions. */
static void balance(struct value *a, struct value *b)
{
	bool wide = a->wide || b->wide;
	bool u = (a->is_unsigned && a->wide == wide) || (b->is_unsigned && b->wide == wide);

	*a = normal(a->v, u, wide);
	*b = normal(b->v, u, wide);
}

static struct value truth(bool b)
{
	return normal(b, false, false);
}

static int divide(struct eval *ev, const struct dt_node *n, struct value a, struct value b,
		  struct value *out)
{
	uint64_t q, r;

	if (!b.v)
		return DT_ERROR(ev->ps, D_DIV_ZERO, n->loc,
				"division by zero in a constant expression");
	if (a.is_unsigned) {
		q = a.v / b.v;
		r = a.v % b.v;
	} else if ((int64_t)b.v == -1) {	/* the one quotient that may not fit */
		q = -a.v;
		r = 0;
	} else {
		q = (int64_t)a.v / (int64_t)b.v;
		r = (int64_t)a.v % (int64_t)b.v;
	}
	*out = normal(n->op == DT_OP_DIV ? q : r, a.is_unsigned, a.wide);
	return 0;
}

/* Counts are taken modulo the width, as the machine does. */
static struct value shift(enum dt_op op, struct value a, struct value b)
{
	unsigned int count = b.v & (a.wide ? 63 : 31);
	uint64_t v;

	if (op == DT_OP_LSH)
		v = a.v << count;
	else
		v = a.is_unsigned ? a.v >> count : (uint64_t)((int64_t)a.v >> count);
	return normal(v, a.is_unsigned, a.wide);
}

static bool compare(enum dt_op op, struct value a, struct value b)
{
	bool less = a.is_unsigned ? a.v < b.v : (int64_t)a.v < (int64_t)b.v, equal = a.v == b.v;

	switch (op) {
	case DT_OP_EQ: return equal;
	case DT_OP_NE: return !equal;
	case DT_OP_LT: return less;
	case DT_OP_LE: return less || equal;
	case DT_OP_GT: return !less && !equal;
	default:       return !less;
	}
}

static int arithmetic(struct eval *ev, const struct dt_node *n, struct value a, struct value b,
		      struct value *out)
{
	uint64_t v;

	if (n->op == DT_OP_LSH || n->op == DT_OP_RSH) {
		*out = shift(n->op, a, b);
		return 0;
	}
	balance(&a, &b);
	switch (n->op) {
	case DT_OP_BOR:  v = a.v | b.v; break;
	case DT_OP_XOR:  v = a.v ^ b.v; break;
	case DT_OP_BAND: v = a.v & b.v; break;
	case DT_OP_ADD:  v = a.v + b.v; break;
	case DT_OP_SUB:  v = a.v - b.v; break;
	case DT_OP_MUL:  v = a.v * b.v; break;
	case DT_OP_DIV: case DT_OP_MOD:
		return divide(ev, n, a, b, out);
	case DT_OP_EQ: case DT_OP_NE: case DT_OP_LT: case DT_OP_LE: case DT_OP_GT: case DT_OP_GE:
		*out = truth(compare(n->op, a, b));
		return 0;
	default:
		return not_constant(ev, n);
	}
	*out = normal(v, a.is_unsigned, a.wide);
	return 0;
}

static int eval_op2(struct eval *ev, const struct dt_node *n, struct value *out)
{
	struct value a, b;

	if (eval(ev, n->kid[0], &a) < 0)
		return -1;
	if ((n->op == DT_OP_LAND && !a.v) || (n->op == DT_OP_LOR && a.v)) {
		*out = truth(a.v);
		return 0;
	}
	if (eval(ev, n->kid[1], &b) < 0)
		return -1;
	if (n->op == DT_OP_LAND || n->op == DT_OP_LOR) {
		*out = truth(b.v);
		return 0;
	}
	if (n->op == DT_OP_LXOR) {
		*out = truth(!a.v != !b.v);
		return 0;
	}
	return arithmetic(ev, n, a, b, out);
}

static int eval_op1(struct eval *ev, const struct dt_node *n, struct value *out)
{
	struct value a;

	if (eval(ev, n->kid[0], &a) < 0)
		return -1;
	switch (n->op) {
	case DT_OP_NEG:  *out = normal(-a.v, a.is_unsigned, a.wide); return 0;
	case DT_OP_POS:  *out = a; return 0;
	case DT_OP_BNOT: *out = normal(~a.v, a.is_unsigned, a.wide); return 0;
	case DT_OP_LNOT: *out = truth(!a.v); return 0;
	default:         return not_constant(ev, n);
	}
}

static int eval_ident(struct eval *ev, const struct dt_node *n, struct value *out)
{
	const struct dt_ident *id = dt_ident_lookup(ev->ps->p->idents, DT_SCOPE_GLOBAL, n->name);
	int64_t v;

	if (id && id->kind == DT_I_INLINE && id->own_inl && id->inl->kind == DT_N_INT && dt_type_is_integer(id->type)) {
		const struct dt_type *t = dt_type_resolve(id->type);

		*out = normal(id->inl->u.i.val, !t->is_signed && t->size >= 4, t->size == 8);
		return 0;
	}
	if (!dt_enum_pending(ev->ps, n->name, &v) &&
	    !dt_types_enumerator(ev->ps->types, n->name, &v, NULL))
		return not_constant(ev, n);
	*out = normal(v, v > INT_MAX, v > UINT_MAX || v < INT_MIN);
	return 0;
}

static int eval_cast(struct eval *ev, const struct dt_node *n, struct value *out)
{
	const struct dt_type *t = dt_type_resolve(n->u.type);
	unsigned int drop;
	struct value a;

	if (!dt_type_is_integer(t) || !t->size)
		return not_constant(ev, n);
	if (eval(ev, n->kid[0], &a) < 0)
		return -1;
	if (t->is_bool) {
		*out = truth(a.v);
		return 0;
	}
	drop = 64 - t->size * 8;
	a.v <<= drop;
	a.v = t->is_signed ? (uint64_t)((int64_t)a.v >> drop) : a.v >> drop;
	*out = normal(a.v, !t->is_signed && t->size >= 4, t->size == 8);
	return 0;
}

/* The size of a string is an option of the program that uses it. */
static int eval_sizeof(struct eval *ev, const struct dt_node *n, struct value *out)
{
	const struct dt_type *t = dt_type_resolve(n->u.type);

	if (!t || !t->size || t->kind == DT_T_STRING)
		return not_constant(ev, n);
	*out = normal(t->size, true, true);
	return 0;
}

static int eval_offsetof(struct eval *ev, const struct dt_node *n, struct value *out)
{
	const struct dt_type *t = n->u.type;
	const struct dt_member *m;
	uint64_t off, total = 0;
	const char *s = n->name;
	char name[256];
	size_t len;

	for (;; s += len + 1) {
		len = strcspn(s, ".");
		if (len >= sizeof(name))
			return not_constant(ev, n);
		memcpy(name, s, len);
		name[len] = '\0';
		m = dt_type_member(t, name, &off);
		if (!m || m->bits)
			return not_constant(ev, n);
		total += off;
		t = m->type;
		if (!s[len])
			break;
	}
	*out = normal(total / 8, true, true);
	return 0;
}

static int eval(struct eval *ev, const struct dt_node *n, struct value *out)
{
	struct value c;

	switch (n->kind) {
	case DT_N_INT:
		*out = literal(n);
		return 0;
	case DT_N_IDENT:	return eval_ident(ev, n, out);
	case DT_N_OP1:		return eval_op1(ev, n, out);
	case DT_N_OP2:		return eval_op2(ev, n, out);
	case DT_N_CAST:		return eval_cast(ev, n, out);
	case DT_N_SIZEOF:	return eval_sizeof(ev, n, out);
	case DT_N_OFFSETOF:	return eval_offsetof(ev, n, out);
	case DT_N_OP3:
		if (eval(ev, n->kid[0], &c) < 0)
			return -1;
		return eval(ev, n->kid[c.v ? 1 : 2], out);
	default:
		return not_constant(ev, n);
	}
}

int dt_const_bits(struct dt_parser *ps, const struct dt_node *n, enum dt_tag tag, const char *what,
		  int64_t *val, bool *huge)
{
	struct eval ev = { ps, tag, what };
	struct value v;

	if (eval(&ev, n, &v) < 0)
		return -1;
	*huge = v.is_unsigned && v.v > INT64_MAX;
	*val = (int64_t)v.v;
	return 0;
}

int dt_const_int(struct dt_parser *ps, const struct dt_node *n, enum dt_tag tag, const char *what,
		 int64_t *val)
{
	bool huge;

	if (dt_const_bits(ps, n, tag, what, val, &huge) < 0)
		return -1;
	if (huge)
		return DT_ERROR(ps, tag, n->loc, "%s does not fit into a signed 64-bit integer", what);
	return 0;
}
