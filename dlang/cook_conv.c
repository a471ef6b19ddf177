// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Conversions, as in C11 6.3 for LP64, and D's own: anything like char * to
 * string.
 */
#include <string.h>

#include "cook.h"
#include "names.h"

/* Cut @val to the width of @type and extend it again. */
uint64_t dt_normalise(uint64_t val, const struct dt_type *type)
{
	const struct dt_type *t = dt_type_resolve(type);
	unsigned shift;

	if (!dt_type_is_integer(t) || t->size == 0 || t->size >= 8)
		return val;
	shift = 64 - 8 * (unsigned)t->size;
	val <<= shift;
	return t->is_signed ? (uint64_t)((int64_t)val >> shift) : val >> shift;
}

/* C11 6.3.1.1: what an integer operand is promoted to. A bit-field counts by its own width. */
const struct dt_type *dt_promoted(struct dt_cook *ck, const struct dt_node *n)
{
	const struct dt_type *t = dt_type_resolve(n->type);
	uint64_t bits = n->bits ? n->bits : t->size * 8;

	if (t->kind == DT_T_ENUM && bits == 64)
		return dt_basic(ck->types, t->is_signed ? DT_B_LONG : DT_B_ULONG);
	if (t->kind == DT_T_ENUM || bits < 32)
		return dt_basic(ck->types, DT_B_INT);
	if (bits == 32)
		return dt_basic(ck->types, t->is_signed ? DT_B_INT : DT_B_UINT);
	return n->type;
}

static int rank(const struct dt_type *t)
{
	if (t->size < 8)
		return 0;
	return t->name && strstr(t->name, "long long") ? 2 : 1;
}

/* C11 6.3.1.8, of promoted integer types. */
const struct dt_type *dt_common(struct dt_cook *ck, const struct dt_type *a, const struct dt_type *b)
{
	static const enum dt_basic of[3][2] = {
		{ DT_B_UINT, DT_B_INT }, { DT_B_ULONG, DT_B_LONG }, { DT_B_ULLONG, DT_B_LLONG },
	};
	const struct dt_type *x = dt_type_resolve(a), *y = dt_type_resolve(b);
	int rx = rank(x), ry = rank(y), r = rx > ry ? rx : ry;
	bool sgn;

	if (dt_type_same(a, b))
		return a;
	/* An unsigned operand decides if the result is as narrow as it is: no room for its values else. */
	sgn = (x->is_signed || x->size < y->size) && (y->is_signed || y->size < x->size);
	return dt_basic(ck->types, of[r][sgn]);
}

static int cast_if_needed(struct dt_cook *ck, struct dt_node *n, const struct dt_type *to)
{
	return dt_type_same(n->type, to) && !n->bits ? 0 : dt_wrap_cast(ck, n, to);
}

int dt_promote(struct dt_cook *ck, struct dt_node *n)
{
	return cast_if_needed(ck, n, dt_promoted(ck, n));
}

static const struct dt_type *decayed(struct dt_cook *ck, const struct dt_type *t, bool user)
{
	const struct dt_type *elem = dt_pointee(t);

	if (user && !dt_is_user_ptr(t))
		elem = dt_type_qualified(ck->types, elem, elem->quals | DT_TQ_USERLAND);
	return elem ? dt_type_pointer(ck->types, elem) : NULL;
}

int dt_decay(struct dt_cook *ck, struct dt_node *n)
{
	const struct dt_type *to;

	if (dt_type_resolve(n->type)->kind != DT_T_ARRAY)
		return 0;
	to = decayed(ck, n->type, n->is_userland);
	return to ? dt_wrap_cast(ck, n, to) : dt_nomem(ck, n->loc);
}

/* A string's bytes can be reached as those of C's arrays can: s[1], *s, s + 1. */
int dt_decay_string(struct dt_cook *ck, struct dt_node *n)
{
	const struct dt_type *to;

	if (!dt_type_is_string(n->type))
		return 0;
	to = dt_type_pointer(ck->types, dt_basic(ck->types, DT_B_CHAR));
	return to ? dt_wrap_cast(ck, n, to) : dt_nomem(ck, n->loc);
}

/* Pointers that may meet without a cast: to the same thing, or one is void *. */
bool dt_ptr_compat(const struct dt_type *a, const struct dt_type *b)
{
	const struct dt_type *x = dt_pointee(a), *y = dt_pointee(b);

	if (!x || !y)
		return false;
	x = dt_type_resolve(x);
	y = dt_type_resolve(y);
	if (x->kind == DT_T_VOID || y->kind == DT_T_VOID)
		return true;
	if (dt_type_is_integer(x) && dt_type_is_integer(y) && x->kind == y->kind)
		return x->size == y->size && (x->is_signed == y->is_signed || x->is_char);
	if (dt_is_pointer(x) && dt_is_pointer(y))
		return dt_ptr_compat(x, y);
	return x == y || dt_type_same(x, y) ||
	       (dt_type_is_sou(x) && x->kind == y->kind && x->name && y->name && !strcmp(x->name, y->name));
}

/* C11 6.5.16.1, and D's strings: may cooked @n initialise an object of type @to? */
bool dt_assignable(const struct dt_node *n, const struct dt_type *to)
{
	const struct dt_type *t = dt_type_resolve(to), *f = dt_type_resolve(n->type);

	if (dt_is_void(f) || dt_is_dyn(f) || dt_keytype_action(n->type))
		return false;
	if (t->kind == DT_T_STRING)
		return dt_type_is_strlike(f);
	if (t->kind == DT_T_POINTER) {
		if (dt_is_zero(n) && dt_type_is_scalar(f))
			return true;
		if (f->kind == DT_T_STRING) {
			const struct dt_type *p = dt_type_resolve(t->base);

			return !dt_is_user_ptr(to) && (p->is_char || p->kind == DT_T_VOID);
		}
		return dt_is_ptrlike(f) && dt_ptr_compat(to, n->type) &&
		       dt_is_user_ptr(to) == (dt_is_user_ptr(n->type) || (f->kind == DT_T_ARRAY && n->is_userland));
	}
	if (t->is_bool)
		return dt_type_is_scalar(f);
	if (dt_type_is_integer(t))
		return dt_type_is_integer(f);
	return dt_type_same(to, n->type);
}

int dt_convert(struct dt_cook *ck, struct dt_node *n, const struct dt_type *to)
{
	return cast_if_needed(ck, n, to);
}

/* Does integer type @to hold every value that cooked @n can have? */
bool dt_widens(const struct dt_node *n, const struct dt_type *to)
{
	const struct dt_type *t = dt_type_resolve(to), *f = dt_type_resolve(n->type);

	if (!dt_type_is_integer(t) || !dt_type_is_integer(f))
		return true;
	if (n->kind == DT_N_INT)
		return dt_normalise(n->u.i.val, t) == n->u.i.val &&
		       (t->is_signed == f->is_signed || (int64_t)n->u.i.val >= 0);
	if (t->is_signed == f->is_signed)
		return t->size >= f->size;
	return t->is_signed && t->size > f->size;
}

/* ---- Explicit conversions ------------------------------------------------------ */

/* An integer or any pointer is taken for the address of the first byte. */
static bool can_be_string(const struct dt_type *from)
{
	return dt_type_is_strlike(from) || dt_type_is_scalar(from) ||
	       (dt_pointee(from) && dt_type_resolve(dt_pointee(from))->size == 1);
}

static bool castable(const struct dt_node *n, const struct dt_type *to)
{
	const struct dt_type *t = dt_type_resolve(to), *f = dt_type_resolve(n->type);

	if (t->kind == DT_T_VOID)
		return true;
	if (t->kind == DT_T_STRING)
		return can_be_string(f);
	if (dt_type_is_scalar(t) && (dt_type_is_scalar(f) || f->kind == DT_T_ARRAY))
		return true;
	if (t->kind == DT_T_POINTER && f->kind == DT_T_STRING)
		return true;
	return (dt_type_is_sou(t) || dt_is_float(t)) && dt_type_same(to, n->type);
}

int dt_cook_cast(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_node *kid = n->kid[0];
	const struct dt_type *to = n->u.type;
	char from[DT_TYPESTR], name[DT_TYPESTR];

	if (dt_cook_expr(ck, kid))
		return -1;
	if (!castable(kid, to))
		return dt_error(ck->diag, D_CAST_INVAL, n->loc, "a value of type %s cannot be cast to %s",
				dt_typestr(kid, from), dt_type_name(to, name, sizeof(name)));
	if (kid->kind == DT_N_XLATE && dt_is_pointer(kid->type) && !dt_is_pointer(to))
		return dt_error(ck->diag, D_CAST_INVAL, n->loc, "a translation has no address that could be cast to %s",
				dt_type_name(to, name, sizeof(name)));
	if (dt_type_resolve(kid->type)->kind == DT_T_ARRAY && dt_decay(ck, kid))
		return -1;
	n->type = to;
	if (kid->kind == DT_N_INT && dt_type_is_scalar(to))
		dt_make_int(n, dt_type_resolve(to)->is_bool ? kid->u.i.val != 0 : kid->u.i.val, to);
	return 0;
}

int dt_cook_stringof(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_node *kid = n->kid[0];
	char from[DT_TYPESTR];

	if (dt_cook_expr(ck, kid))
		return -1;
	if (!can_be_string(kid->type))
		return dt_error(ck->diag, D_STRINGOF_TYPE, n->loc,
				"stringof cannot make a string of a value of type %s", dt_typestr(kid, from));
	if (dt_type_resolve(kid->type)->kind == DT_T_ARRAY && dt_decay(ck, kid))
		return -1;
	n->kind = DT_N_CAST;
	n->u.type = n->type = dt_basic(ck->types, DT_B_STRING);
	return 0;
}

int dt_cook_sizeof(struct dt_cook *ck, struct dt_node *n)
{
	const struct dt_type *t = n->u.type;
	uint64_t size;
	char name[DT_TYPESTR];

	if (n->kid[0]) {
		if (dt_cook_expr(ck, n->kid[0]))
			return -1;
		if (n->kid[0]->bits)
			return dt_error(ck->diag, D_SIZEOF_BITFIELD, n->loc,
					"sizeof cannot be applied to a bit-field");
		t = n->kid[0]->type;
	}
	if (dt_type_complete(ck->types, t)->kind == DT_T_FORWARD)
		return dt_incomplete(ck, D_SIZEOF_TYPE, n, t);
	size = dt_type_is_string(t) ? ck->cc->strsize : dt_type_resolve(t)->size;
	if (!size)
		return dt_error(ck->diag, D_SIZEOF_TYPE, n->loc, "%s has no size",
				dt_type_name(t, name, sizeof(name)));
	dt_make_int(n, size, dt_basic(ck->types, DT_B_ULONG));
	return 0;
}

/* offsetof(type, a.b.c) */
int dt_cook_offsetof(struct dt_cook *ck, struct dt_node *n)
{
	const struct dt_type *t = n->u.type;
	uint64_t bits = 0, off;
	char part[256], name[DT_TYPESTR];
	const struct dt_member *m = NULL;

	for (const char *p = n->name; p && *p; p += *p == '.') {
		size_t len = strcspn(p, ".");

		if (dt_type_complete(ck->types, t)->kind == DT_T_FORWARD)
			return dt_incomplete(ck, D_OFFSETOF_TYPE, n, t);
		if (!dt_type_is_sou(t))
			return dt_error(ck->diag, D_OFFSETOF_TYPE, n->loc,
					"offsetof needs a struct or union, and %s is none",
					dt_type_name(t, name, sizeof(name)));
		if (len >= sizeof(part))
			len = sizeof(part) - 1;
		memcpy(part, p, len);
		part[len] = '\0';
		m = dt_type_member(dt_type_resolve(t), part, &off);
		if (!m) {
			dt_error(ck->diag, D_UNKNOWN, n->loc, "%s has no member %s",
				 dt_type_name(t, name, sizeof(name)), part);
			return dt_suggest_member(ck, dt_type_resolve(t), part);
		}
		bits += off;
		t = m->type;
		p += len;
	}
	if (!m)
		return dt_error(ck->diag, D_OFFSETOF_TYPE, n->loc, "offsetof needs a member");
	if (m->bits)
		return dt_error(ck->diag, D_OFFSETOF_BITFIELD, n->loc,
				"offsetof cannot be applied to the bit-field %s", n->name);
	dt_make_int(n, bits / 8, dt_basic(ck->types, DT_B_ULONG));
	return 0;
}
