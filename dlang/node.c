// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Constructors of tree nodes, as the grammar's actions call them. Each keeps
 * the depth, so that no text can make a tree that a recursive pass could not
 * walk: the parser's own stack does not bound "a+a+a+...".
 */
#include <string.h>

#include "parse.h"

/* ---- Lists --------------------------------------------------------------------- */

struct dt_list dt_list_one(struct dt_node *n)
{
	struct dt_list l = { n, n };

	return l;
}

struct dt_list dt_list_add(struct dt_list l, struct dt_node *n)
{
	return dt_list_join(l, dt_list_one(n));
}

struct dt_list dt_list_join(struct dt_list a, struct dt_list b)
{
	if (!a.head)
		return b;
	if (b.head) {
		a.tail->next = b.head;
		a.tail = b.tail;
	}
	return a;
}

/* ---- Nodes --------------------------------------------------------------------- */

struct dt_node *dt_node_new(struct dt_parser *ps, enum dt_kind kind, struct dt_loc loc)
{
	struct dt_node *n = dt_palloc(ps, sizeof(*n));

	if (!n)
		return NULL;
	n->kind = kind;
	n->loc = loc;
	n->depth = 1;
	return n;
}

static struct dt_node *reach(struct dt_parser *ps, struct dt_node *n, const struct dt_node *list)
{
	for (; list; list = list->next)
		if (n->depth <= list->depth)
			n->depth = list->depth + 1;
	if (n->depth <= DT_MAXDEPTH)
		return n;
	DT_ERROR(ps, D_SYNTAX, n->loc, "expressions and statements are nested more than %d deep here", DT_MAXDEPTH);
	dt_hint(ps->diag, "split it up: keep parts of it in this-> variables");
	return NULL;
}

struct dt_node *dt_node_kid(struct dt_parser *ps, struct dt_node *n, int i, struct dt_node *kid)
{
	if (!n)
		return NULL;
	n->kid[i] = kid;
	return reach(ps, n, kid);
}

struct dt_node *dt_node_name(struct dt_parser *ps, enum dt_kind kind, struct dt_loc loc,
			     const char *name)
{
	struct dt_node *n = dt_node_new(ps, kind, loc);

	if (n)
		n->name = name;
	return n;
}

/* "name", or "`sym", "obj`sym": all before the last backtick is the object. */
struct dt_node *dt_node_ident(struct dt_parser *ps, struct dt_loc loc, const char *name)
{
	const char *tick = strrchr(name, '`');
	struct dt_node *n;

	if (!tick)
		return dt_node_name(ps, DT_N_IDENT, loc, name);
	if (!tick[1]) {
		DT_ERROR(ps, D_SYNTAX, loc, "a symbol's name is missing after the backtick of \"%s\"", name);
		return NULL;
	}
	n = dt_node_name(ps, DT_N_SYM, loc, tick + 1);
	if (n)
		n->u.sym.obj = dt_pstrndup(ps, name, tick - name);
	return n && n->u.sym.obj ? n : NULL;
}

struct dt_node *dt_node_scoped(struct dt_parser *ps, struct dt_loc loc, enum dt_scope scope,
			       const char *name)
{
	struct dt_node *n = dt_node_name(ps, DT_N_SCOPED, loc, name);

	if (n)
		n->scope = scope;
	return n;
}

struct dt_node *dt_node_op1(struct dt_parser *ps, struct dt_loc loc, enum dt_op op, struct dt_node *a)
{
	struct dt_node *n = dt_node_new(ps, DT_N_OP1, loc);

	if (n)
		n->op = op;
	return dt_node_kid(ps, n, 0, a);
}

struct dt_node *dt_node_op2(struct dt_parser *ps, struct dt_loc loc, enum dt_op op,
			    struct dt_node *a, struct dt_node *b)
{
	struct dt_node *n = dt_node_new(ps, DT_N_OP2, loc);

	if (n)
		n->op = op;
	return dt_node_kid(ps, dt_node_kid(ps, n, 0, a), 1, b);
}

struct dt_node *dt_node_op3(struct dt_parser *ps, struct dt_loc loc,
			    struct dt_node *c, struct dt_node *a, struct dt_node *b)
{
	struct dt_node *n = dt_node_new(ps, DT_N_OP3, loc);

	return dt_node_kid(ps, dt_node_kid(ps, dt_node_kid(ps, n, 0, c), 1, a), 2, b);
}

struct dt_node *dt_node_index(struct dt_parser *ps, struct dt_loc loc, struct dt_node *a,
			      struct dt_node *keys)
{
	if (a->kind != DT_N_AGG)
		return dt_node_kid(ps, dt_node_kid(ps, dt_node_new(ps, DT_N_INDEX, loc), 0, a), 1,
				   keys);
	if (a->u.agg.has_keys) {
		DT_ERROR(ps, D_AGG_MDIM, loc, "@%s is indexed twice: an aggregation has one list of keys", a->name);
		dt_hint(ps->diag, "write @%s[a, b] instead of @%s[a][b]", a->name, a->name);
		return NULL;
	}
	a->u.agg.has_keys = true;
	a->u.agg.keys = keys;
	return reach(ps, a, keys);
}

struct dt_node *dt_node_call(struct dt_parser *ps, struct dt_node *f, struct dt_node *args)
{
	if (f->kind != DT_N_IDENT) {
		DT_ERROR(ps, D_FUNC_IDENT, f->loc, "only a function known by its name can be called");
		return NULL;
	}
	return dt_node_kid(ps, dt_node_name(ps, DT_N_CALL, f->loc, f->name), 0, args);
}

struct dt_node *dt_node_member(struct dt_parser *ps, struct dt_loc loc, enum dt_op op,
			       struct dt_node *a, const char *name)
{
	struct dt_node *n = dt_node_name(ps, DT_N_MEMBER, loc, name);

	if (n)
		n->op = op;
	return dt_node_kid(ps, n, 0, a);
}

struct dt_node *dt_node_typed(struct dt_parser *ps, enum dt_kind kind, struct dt_loc loc,
			      const struct dt_type *type, struct dt_node *kid)
{
	struct dt_node *n = dt_node_new(ps, kind, loc);

	if (n)
		n->u.type = type;
	return dt_node_kid(ps, n, 0, kid);
}

struct dt_node *dt_node_clause(struct dt_parser *ps, struct dt_loc loc, struct dt_node *pdescs,
			       struct dt_node *pred, struct dt_node *body, bool has_body)
{
	struct dt_node *n = dt_node_new(ps, DT_N_CLAUSE, loc);

	if (!n)
		return NULL;
	n->u.clause.has_body = has_body;
	return dt_node_kid(ps, dt_node_kid(ps, dt_node_kid(ps, n, 0, pdescs), 1, pred), 2, body);
}
