// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Building nodes, and questions about nodes and types that several passes ask.
 */
#include "cook.h"

struct dt_node *dt_mk_node(struct dt_cook *ck, enum dt_kind kind, const struct dt_node *at)
{
	struct dt_node *n = dt_arena_alloc(ck->arena, sizeof(*n));

	if (!n) {
		dt_nomem(ck, at->loc);
		return NULL;
	}
	n->kind = kind;
	n->loc = at->loc;
	return n;
}

/* Turn @n into a constant, keeping its place in a list. */
void dt_make_int(struct dt_node *n, uint64_t val, const struct dt_type *type)
{
	n->kind = DT_N_INT;
	n->op = DT_OP_NONE;
	n->kid[0] = n->kid[1] = n->kid[2] = NULL;
	n->name = NULL;
	n->ident = NULL;
	n->is_lvalue = n->is_writable = n->is_userland = false;
	n->is_const = true;
	n->bits = n->bitoff = 0;
	n->u.i.val = dt_normalise(val, type);
	n->u.i.is_char = false;
	n->type = type;
}

struct dt_node *dt_mk_int(struct dt_cook *ck, const struct dt_node *at, int64_t val,
			  const struct dt_type *type)
{
	struct dt_node *n = dt_mk_node(ck, DT_N_INT, at);

	if (n)
		dt_make_int(n, (uint64_t)val, type);
	return n;
}

struct dt_node *dt_mk_op2(struct dt_cook *ck, enum dt_op op, struct dt_node *l, struct dt_node *r,
			  const struct dt_type *type)
{
	struct dt_node *n = dt_mk_node(ck, DT_N_OP2, l);

	if (!n)
		return NULL;
	n->op = op;
	n->kid[0] = l;
	n->kid[1] = r;
	n->type = type;
	return n;
}

/* Turn cooked @n into a cast to @to of what it was. Constants just change. */
int dt_wrap_cast(struct dt_cook *ck, struct dt_node *n, const struct dt_type *to)
{
	struct dt_node *inner;

	if (n->kind == DT_N_INT && dt_type_is_scalar(to)) {
		uint64_t val = n->u.i.val;

		dt_make_int(n, dt_type_resolve(to)->is_bool ? val != 0 : val, to);
		return 0;
	}
	inner = dt_mk_node(ck, n->kind, n);
	if (!inner)
		return -1;
	*inner = *n;
	inner->next = NULL;
	n->kind = DT_N_CAST;
	n->op = DT_OP_NONE;
	n->kid[0] = inner;
	n->kid[1] = n->kid[2] = NULL;
	n->ident = NULL;
	n->name = NULL;
	n->u.type = to;
	n->type = to;
	n->is_lvalue = n->is_writable = n->is_userland = n->is_const = false;
	n->bits = n->bitoff = 0;
	return 0;
}

unsigned dt_list_len(const struct dt_node *list)
{
	unsigned n = 0;

	for (; list; list = list->next)
		n++;
	return n;
}

static enum dt_type_kind kind_of(const struct dt_type *t)
{
	t = dt_type_resolve(t);
	return t ? t->kind : DT_T_VOID;
}

bool dt_is_pointer(const struct dt_type *t)
{
	return kind_of(t) == DT_T_POINTER;
}

bool dt_is_ptrlike(const struct dt_type *t)
{
	return kind_of(t) == DT_T_POINTER || kind_of(t) == DT_T_ARRAY;
}

const struct dt_type *dt_pointee(const struct dt_type *t)
{
	return dt_is_ptrlike(t) ? dt_type_resolve(t)->base : NULL;
}

bool dt_is_void(const struct dt_type *t)
{
	return kind_of(t) == DT_T_VOID;
}

bool dt_is_float(const struct dt_type *t)
{
	return kind_of(t) == DT_T_FLOAT;
}

bool dt_is_dyn(const struct dt_type *t)
{
	return kind_of(t) == DT_T_DYN;
}

/* Does @t, a pointer or an array, lead into the traced process? The qualifier
 * may stand on the pointer, on what it points to, or on a typedef of either. */
bool dt_is_user_ptr(const struct dt_type *t)
{
	const struct dt_type *to = dt_pointee(t);

	if (!to)
		return false;
	return ((t->quals | dt_type_resolve(t)->quals | to->quals | dt_type_resolve(to)->quals) &
		DT_TQ_USERLAND) != 0;
}

bool dt_is_const_int(const struct dt_node *n)
{
	return n->kind == DT_N_INT && dt_type_is_integer(n->type);
}

bool dt_is_zero(const struct dt_node *n)
{
	return n->kind == DT_N_INT && n->u.i.val == 0;
}

/* 0 or NULL: no string, in the few places that take that. */
bool dt_is_null(const struct dt_node *n)
{
	return dt_is_zero(n) && dt_type_is_scalar(n->type);
}

int64_t dt_int(const struct dt_node *n)
{
	return (int64_t)n->u.i.val;
}

char *dt_typestr(const struct dt_node *n, char buf[DT_TYPESTR])
{
	return dt_type_name(n->type, buf, DT_TYPESTR);
}
