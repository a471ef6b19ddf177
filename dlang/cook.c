// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The semantic pass, from the top: program, clauses, statements; and the
 * dispatch to what cooks each kind of expression. See cook.h.
 */
#include <string.h>

#include "abstract.h"

int dt_nomem(struct dt_cook *ck, struct dt_loc loc)
{
	return dt_error(ck->diag, D_ALLOC, loc, "out of memory");
}

int dt_nosup(struct dt_cook *ck, struct dt_loc loc, const char *what, const char *why)
{
	dt_error(ck->diag, D_NOSUP, loc, why ? "%s is not available here" : "%s is not supported yet", what);
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
	[DT_N_SYM] = dt_cook_sym,
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
	[DT_N_XLATE] = dt_cook_xlate,
};

/* Cook an expression whose value is wanted. */
int dt_cook_expr(struct dt_cook *ck, struct dt_node *n)
{
	if (n->type && n->kind != DT_N_VAR)
		return 0;
	if (!cooks[n->kind])
		return dt_error(ck->diag, D_UNKNOWN, n->loc, "internal: node kind %d in an expression", n->kind);
	switch (n->kind) {
	case DT_N_OP1: case DT_N_OP2: case DT_N_CAST: case DT_N_STRINGOF:
		if (dt_refuse_actions(ck, n))
			return -1;
		break;
	default:
		break;
	}
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

int dt_want_value(struct dt_cook *ck, struct dt_rec *rec, uint16_t kind, struct dt_node *val, uint64_t arg)
{
	struct dt_want w = { .kind = kind, .val = val, .arg = arg };

	return dt_cook_want(ck, rec, &w);
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
	if (e->kind == DT_N_XLATE)
		return dt_error(ck->diag, D_CG_DYN, e->loc,
				"a translation is no statement: use a member of it, or print it");
	return 0;	/* that an expression has no effect is no error in D */
}

/* ---- Top level ------------------------------------------------------------------------ */

static bool is_unknown(struct dt_cook *ck, const struct dt_node *n)
{
	return (n->kind == DT_N_IDENT || n->kind == DT_N_SCOPED) &&
	       !dt_ident_lookup(ck->idents, n->kind == DT_N_SCOPED ? n->scope : DT_SCOPE_GLOBAL, n->name);
}

static bool makes(const struct dt_node *list, const struct dt_node *var)
{
	for (const struct dt_node *n = list; n; n = n->next) {
		const struct dt_node *to = n->kid[0];

		if ((n->kind == DT_N_OP1 || n->kind == DT_N_OP2) && to->kind == DT_N_INDEX)
			to = to->kid[0];
		if (((n->kind == DT_N_OP2 && n->op >= DT_OP_ASGN && n->op <= DT_OP_RSH_EQ) ||
		     (n->kind == DT_N_OP1 && n->op >= DT_OP_PREINC)) &&
		    to->kind == var->kind && to->scope == var->scope && !strcmp(to->name, var->name))
			return true;
		for (int i = 0; i < 3; i++)
			if (makes(n->kid[i], var))
				return true;
	}
	return false;
}

/* Does predicate @pred, of which @list is a part, name a variable that neither it nor anything before it makes? */
static bool names_unknown(struct dt_cook *ck, const struct dt_node *pred, const struct dt_node *list)
{
	for (const struct dt_node *n = list; n; n = n->next) {
		if (is_unknown(ck, n) && !makes(pred, n))
			return true;
		for (int i = 0; i < 3; i++)
			if (names_unknown(ck, pred, n->kid[i]))
				return true;
	}
	return false;
}

/* "/self->last == 0/ { self->last = timestamp; }": what the clause assigns, its predicate may ask for. */
static int cook_clause(struct dt_cook *ck, struct dt_node *clause)
{
	struct dt_node *pred = clause->kid[1];
	bool body_first = names_unknown(ck, pred, pred);
	int err = 0;

	ck->clause = clause;
	ck->attr = DT_ATTR_DEFAULT;
	if (body_first)
		err = cook_stmts(ck, clause->kid[2]);
	if (!err && pred)
		err = cook_condition(ck, pred, D_PRED_SCALAR, "a predicate");
	if (!err && !body_first)
		err = cook_stmts(ck, clause->kid[2]);
	if (!err)
		err = dt_check_order(ck, clause);
	ck->clause = NULL;
	clause->u.clause.stmtattr = ck->attr;
	clause->u.clause.descattr = DT_ATTR_MAX;
	for (const struct dt_node *d = clause->kid[0]; d; d = d->next)
		clause->u.clause.descattr = dt_attr_min(clause->u.clause.descattr, dt_attr_of_desc(ck, d));
	if (err || dt_attr_check(ck, clause->u.clause.descattr, clause->loc, "what this clause is for"))
		return -1;
	return dt_attr_check(ck, ck->attr, clause->loc, "what this clause does");
}

/* Pragmas about what the program defines stand in its order; the others are long done (compile.c). */
static int cook_pragma(struct dt_cook *ck, struct dt_node *n)
{
	const char *s = n->u.pragma.text + strspn(n->u.pragma.text, " \t");
	size_t len = strcspn(s, " \t");

	if (len == strlen("attributes") && !strncmp(s, "attributes", len))
		return dt_pragma_attributes(ck, n, s + len);
	if (len == strlen("binding") && !strncmp(s, "binding", len))
		return dt_pragma_binding(ck, n, s + len);
	return 0;
}

static int cook_top(struct dt_cook *ck, struct dt_node *n)
{
	switch (n->kind) {
	case DT_N_CLAUSE:
		return cook_clause(ck, n);
	case DT_N_INLINE:
		return dt_cook_inline(ck, n);
	case DT_N_XLATOR:
		return dt_cook_xlator(ck, n);
	case DT_N_PROVIDER:
		return dt_cook_provider(ck, n);
	case DT_N_PRAGMA:
		return cook_pragma(ck, n);
	default:
		return 0;
	}
}

/* Whole translated structs: in the statements, and in what they record. */
static int finish_stmts(struct dt_cook *ck, struct dt_node *list)
{
	for (struct dt_node *s = list; s; s = s->next) {
		if (s->kid[0] && dt_xlate_finish(ck, s->kid[0], s->kind == DT_N_IF))
			return -1;
		for (struct dt_want *w = s->rec ? s->rec->wants : NULL; w; w = w->next)
			if ((w->val && dt_xlate_finish(ck, w->val, false)) ||
			    (w->incr && dt_xlate_finish(ck, w->incr, false)))
				return -1;
		if (s->kind == DT_N_IF && (finish_stmts(ck, s->kid[1]) || finish_stmts(ck, s->kid[2])))
			return -1;
	}
	return 0;
}

static int finish_clause(struct dt_cook *ck, struct dt_node *clause)
{
	ck->clause = clause;
	if (clause->kid[1] && dt_xlate_finish(ck, clause->kid[1], true))
		return -1;
	return finish_stmts(ck, clause->kid[2]);
}

int dt_cook_program(struct dt_cook *ck, struct dt_node *prog)
{
	for (struct dt_node *n = prog->kid[0]; n; n = n->next)
		if (cook_top(ck, n) || dt_pragmas_apply(ck, !n->next))
			return -1;
	if (dt_cook_aggkeys(ck))
		return -1;
	for (struct dt_node *n = prog->kid[0]; n && ck->xlates; n = n->next)
		if (n->kind == DT_N_CLAUSE && finish_clause(ck, n))
			return -1;
	return 0;
}
