// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The semantic pass, from the top: program, clauses, statements; and the
 * dispatch to what cooks each kind of expression. See cook.h.
 */
#include <string.h>

#include "cook.h"

int dt_nomem(struct dt_cook *ck, struct dt_loc loc)
{
	return dt_error(ck->diag, D_ALLOC, loc, "out of memory");
}

int dt_nosup(struct dt_cook *ck, struct dt_loc loc, const char *what, const char *why)
{
	dt_error(ck->diag, D_NOSUP, loc, "%s is not supported yet", what);
	return why ? dt_hint(ck->diag, "%s", why) : -1;
}

/* ---- Expressions ---------------------------------------------------------------- */

/* C11 6.4.4.1: the first type of the list that holds the value. Octal and
 * hexadecimal constants may become unsigned on the way, decimal ones not. */
static int cook_int(struct dt_cook *ck, struct dt_node *n)
{
	static const enum dt_basic sgn[] = { DT_B_INT, DT_B_LONG, DT_B_LLONG };
	static const enum dt_basic uns[] = { DT_B_UINT, DT_B_ULONG, DT_B_ULLONG };
	uint64_t v = n->u.i.val;
	int i = n->u.i.width > 2 ? 2 : n->u.i.width;

	n->is_const = true;
	if (n->u.i.is_char) {	/* one is a char turned int; D takes up to eight */
		n->type = dt_basic(ck->types, v <= UINT32_MAX ? DT_B_INT : DT_B_LONG);
		n->u.i.val = dt_normalise(v <= UINT8_MAX ? (uint64_t)(int8_t)v : v, n->type);
		return 0;
	}
	for (;; i++) {
		if (!n->u.i.is_unsigned && v <= (i ? INT64_MAX : INT32_MAX)) {
			n->type = dt_basic(ck->types, sgn[i]);
			return 0;
		}
		if ((n->u.i.is_unsigned || !n->u.i.is_decimal || i == 2) && v <= (i ? UINT64_MAX : UINT32_MAX)) {
			n->type = dt_basic(ck->types, uns[i]);
			return 0;
		}
	}
}

static int cook_str(struct dt_cook *ck, struct dt_node *n)
{
	n->type = dt_basic(ck->types, DT_B_STRING);
	return 0;
}

static int cook_sym(struct dt_cook *ck, struct dt_node *n)
{
	char what[300];

	snprintf(what, sizeof(what), "the external symbol %s`%s", n->u.sym.obj ? n->u.sym.obj : "", n->name);
	return dt_nosup(ck, n->loc, what, NULL);
}

static int cook_xlate(struct dt_cook *ck, struct dt_node *n)
{
	return dt_nosup(ck, n->loc, "the operator xlate", NULL);
}

static int cook_agg_misplaced(struct dt_cook *ck, struct dt_node *n)
{
	return dt_error(ck->diag, D_OP_ACT, n->loc, "the aggregation @%s cannot be read in an expression",
			n->name ? n->name : "");
}

static int (*const cooks[DT_N_KINDS])(struct dt_cook *, struct dt_node *) = {
	[DT_N_INT] = cook_int,
	[DT_N_STR] = cook_str,
	[DT_N_IDENT] = dt_cook_ident,
	[DT_N_VAR] = dt_cook_var,
	[DT_N_SCOPED] = dt_cook_scoped,
	[DT_N_SYM] = cook_sym,
	[DT_N_AGG] = cook_agg_misplaced,
	[DT_N_INDEX] = dt_cook_index,
	[DT_N_CALL] = dt_cook_call,
	[DT_N_MEMBER] = dt_cook_member,
	[DT_N_OP1] = dt_cook_op1,
	[DT_N_OP2] = dt_cook_op2,
	[DT_N_OP3] = dt_cook_op3,
	[DT_N_CAST] = dt_cook_cast,
	[DT_N_SIZEOF] = dt_cook_sizeof,
	[DT_N_OFFSETOF] = dt_cook_offsetof,
	[DT_N_STRINGOF] = dt_cook_stringof,
	[DT_N_XLATE] = cook_xlate,
};

/* Cook an expression whose value is wanted. */
int dt_cook_expr(struct dt_cook *ck, struct dt_node *n)
{
	if (n->type && n->kind != DT_N_VAR)
		return 0;
	if (!cooks[n->kind])
		return dt_error(ck->diag, D_UNKNOWN, n->loc, "internal: node kind %d in an expression", n->kind);
	return cooks[n->kind](ck, n);
}

int dt_cook_list(struct dt_cook *ck, struct dt_node *list)
{
	for (; list; list = list->next)
		if (dt_cook_expr(ck, list))
			return -1;
	return 0;
}

/* ---- Statements -------------------------------------------------------------------- */

struct dt_rec *dt_cook_rec(struct dt_cook *ck, uint16_t kind)
{
	struct dt_rec *rec = dt_arena_alloc(ck->arena, sizeof(*rec));

	if (!rec) {
		dt_nomem(ck, (struct dt_loc){ 0 });
		return NULL;
	}
	rec->kind = kind;
	rec->tail = &rec->wants;
	rec->next = ck->recs;
	ck->recs = rec;
	return rec;
}

/* Append a copy of @want to what @rec asks for. */
int dt_cook_want(struct dt_cook *ck, struct dt_rec *rec, const struct dt_want *want)
{
	struct dt_want *w = dt_arena_alloc(ck->arena, sizeof(*w));

	if (!w)
		return dt_nomem(ck, (struct dt_loc){ 0 });
	*w = *want;
	w->next = NULL;
	*rec->tail = w;
	rec->tail = &w->next;
	return 0;
}

/* Does the expression do anything beside yielding a value? */
static bool has_effect(const struct dt_node *n)
{
	if (!n)
		return false;
	if (n->kind == DT_N_CALL || (n->kind == DT_N_OP2 && n->op >= DT_OP_ASGN && n->op <= DT_OP_RSH_EQ))
		return true;
	if (n->kind == DT_N_OP1 && n->op >= DT_OP_PREINC && n->op <= DT_OP_POSTDEC)
		return true;
	for (int i = 0; i < 3; i++)
		for (const struct dt_node *k = n->kid[i]; k; k = k->next)
			if (has_effect(k))
				return true;
	return false;
}

static bool is_action(struct dt_cook *ck, const struct dt_node *n)
{
	const struct dt_ident *id;

	if (n->kind != DT_N_CALL)
		return false;
	id = dt_ident_lookup(ck->idents, DT_SCOPE_GLOBAL, n->name);
	return id && id->kind == DT_I_ACTION;
}

static bool touches_agg(const struct dt_node *n)
{
	return n->kind == DT_N_AGG ||
	       ((n->kind == DT_N_OP1 || n->kind == DT_N_OP2) && n->kid[0]->kind == DT_N_AGG);
}

static int cook_stmt(struct dt_cook *ck, struct dt_node *s);

static int cook_stmts(struct dt_cook *ck, struct dt_node *list)
{
	for (; list; list = list->next)
		if (cook_stmt(ck, list))
			return -1;
	return 0;
}

static int cook_condition(struct dt_cook *ck, struct dt_node *c, enum dt_tag tag, const char *what)
{
	char name[DT_TYPESTR];

	if (dt_cook_expr(ck, c) || dt_decay(ck, c))
		return -1;
	if (dt_type_is_scalar(c->type))
		return 0;
	dt_error(ck->diag, tag, c->loc, "%s must be an integer or a pointer, not a value of type %s", what,
		 dt_typestr(c, name));
	if (dt_type_is_string(c->type))
		dt_hint(ck->diag, "compare the string: == NULL, or == \"\"");
	return -1;
}

static int cook_stmt(struct dt_cook *ck, struct dt_node *s)
{
	struct dt_node *e = s->kid[0];

	if (s->kind == DT_N_IF) {
		if (cook_condition(ck, e, D_OP_SCALAR, "the condition of if"))
			return -1;
		return cook_stmts(ck, s->kid[1]) || cook_stmts(ck, s->kid[2]) ? -1 : 0;
	}
	if (!e)
		return 0;
	if (touches_agg(e))
		return dt_cook_agg(ck, s);
	if (is_action(ck, e))
		return dt_cook_action(ck, s);
	if (dt_cook_expr(ck, e))
		return -1;
	if (!has_effect(e)) {
		dt_error(ck->diag, D_EXPR_NULL, e->loc, "this expression has no effect");
		return dt_hint(ck->diag, "to record its value write trace(...)");
	}
	return 0;
}

/* ---- Top level ------------------------------------------------------------------------ */

static int cook_clause(struct dt_cook *ck, struct dt_node *clause)
{
	if (clause->kid[1] && cook_condition(ck, clause->kid[1], D_PRED_SCALAR, "a predicate"))
		return -1;
	return cook_stmts(ck, clause->kid[2]);
}

static int cook_inline(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_ident *id = n->u.inl.id;
	struct dt_node *e = n->u.inl.expr;
	char to[DT_TYPESTR], from[DT_TYPESTR];

	if (!id || n->u.inl.n)
		return dt_nosup(ck, n->loc, "an inline with parameters", NULL);
	if (dt_cook_expr(ck, e))
		return -1;
	if (!dt_assignable(e, n->u.inl.type))
		return dt_error(ck->diag, D_OP_INCOMPAT, e->loc, "the inline %s is of type %s, and this is %s",
				id->name, dt_type_name(n->u.inl.type, to, sizeof(to)), dt_typestr(e, from));
	if (dt_convert(ck, e, n->u.inl.type))
		return -1;
	if (e->kind != DT_N_INT && e->kind != DT_N_STR)
		return dt_nosup(ck, n->loc, "an inline whose value is not constant", NULL);
	id->kind = DT_I_INLINE;
	id->type = n->u.inl.type;
	return dt_ident_set_inline(id, e) ? dt_nomem(ck, n->loc) : 0;
}

static int cook_top(struct dt_cook *ck, struct dt_node *n)
{
	switch (n->kind) {
	case DT_N_CLAUSE:
		return cook_clause(ck, n);
	case DT_N_INLINE:
		return cook_inline(ck, n);
	case DT_N_XLATOR:
		return dt_nosup(ck, n->loc, "a translator definition", NULL);
	case DT_N_PROVIDER:
		return dt_nosup(ck, n->loc, "a provider definition", NULL);
	default:
		return 0;
	}
}

int dt_cook_program(struct dt_cook *ck, struct dt_node *prog)
{
	for (struct dt_node *n = prog->kid[0]; n; n = n->next)
		if (cook_top(ck, n))
			return -1;
	return dt_cook_aggkeys(ck);
}
