// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Copies of trees: definitions to keep, and their expansions (abstract.h).
 */
#include <string.h>

#include "abstract.h"

struct copy {
	struct dt_cook *ck;
	struct dt_arena *arena;
	bool keep;			/* outlives the compilation: strings are copied, too */
	bool move;			/* to @at; otherwise that is for messages only */
	struct dt_loc at;
	struct dt_bind *binds;
	uint32_t nbinds;
	unsigned room;			/* levels that may still be entered */
	unsigned level, deepest;
};

static struct dt_node *copy_list(struct copy *c, const struct dt_node *list);

static struct dt_bind *bind_of(const struct copy *c, const struct dt_node *n)
{
	if (n->kind != DT_N_IDENT || n->type)
		return NULL;
	for (uint32_t i = 0; i < c->nbinds; i++)
		if (!strcmp(c->binds[i].name, n->name))
			return &c->binds[i];
	return NULL;
}

static int too_much(struct copy *c)
{
	dt_error(c->ck->diag, D_SYNTAX, c->at, "this expands to more than can be compiled");
	return dt_hint(c->ck->diag, "keep parts of it in this-> variables");
}

static bool copy_string(struct copy *c, const char **s, size_t n)
{
	if (!*s || !c->keep)
		return true;
	*s = dt_arena_strndup(c->arena, *s, n);
	return *s || dt_nomem(c->ck, c->at) == 0;
}

static bool copy_strings(struct copy *c, struct dt_node *n)
{
	if (!copy_string(c, &n->name, n->name ? strlen(n->name) : 0))
		return false;
	if (n->kind == DT_N_STR)
		return copy_string(c, &n->u.s.bytes, n->u.s.len);
	if (n->kind == DT_N_SYM)
		return copy_string(c, &n->u.sym.obj, n->u.sym.obj ? strlen(n->u.sym.obj) : 0);
	return true;
}

static struct dt_node *copy_node(struct copy *c, const struct dt_node *n)
{
	struct dt_node *to;

	if (++c->ck->xnodes > DT_XNODES || c->level >= c->room) {
		too_much(c);
		return NULL;
	}
	to = dt_arena_alloc(c->arena, sizeof(*to));
	if (!to) {
		dt_nomem(c->ck, c->at);
		return NULL;
	}
	*to = *n;
	to->next = NULL;
	if (c->move)
		to->loc = c->at;
	if (!copy_strings(c, to))
		return NULL;
	for (int i = 0; i < 3; i++) {
		to->kid[i] = copy_list(c, n->kid[i]);
		if (n->kid[i] && !to->kid[i])
			return NULL;
	}
	if (n->kind == DT_N_AGG && n->u.agg.keys) {
		to->u.agg.keys = copy_list(c, n->u.agg.keys);
		return to->u.agg.keys ? to : NULL;
	}
	return to;
}

/* A parameter: a copy of the argument, which cannot be assigned to. */
static struct dt_node *copy_bound(struct copy *c, struct dt_bind *b)
{
	const struct copy outer = *c;
	struct dt_node *to;

	c->nbinds = 0;
	to = copy_node(c, b->arg);
	c->binds = outer.binds;
	c->nbinds = outer.nbinds;
	b->uses++;
	if (to)
		to->is_lvalue = to->is_writable = false;
	return to;
}

static struct dt_node *copy_list(struct copy *c, const struct dt_node *list)
{
	struct dt_node *head = NULL, **tail = &head;

	if (++c->level > c->deepest)
		c->deepest = c->level;
	for (; list; list = list->next) {
		struct dt_bind *b = bind_of(c, list);

		*tail = b ? copy_bound(c, b) : copy_node(c, list);
		if (!*tail)
			return NULL;
		tail = &(*tail)->next;
	}
	c->level--;
	return head;
}

const struct dt_node *dt_tree_keep(struct dt_cook *ck, const struct dt_node *n)
{
	struct copy c = {
		.ck = ck, .arena = dt_idents_arena(ck->idents), .keep = true, .at = n->loc, .room = DT_XDEPTH,
	};

	return copy_node(&c, n);
}

struct dt_node *dt_tree_expand(struct dt_cook *ck, const struct dt_node *n, const struct dt_node *at,
			       struct dt_bind *binds, uint32_t nbinds, unsigned *depth)
{
	struct copy c = {
		.ck = ck, .arena = ck->arena, .move = at, .at = at ? at->loc : n->loc, .binds = binds, .nbinds = nbinds,
		.room = DT_XDEPTH - (ck->xdepth < DT_XDEPTH ? ck->xdepth : DT_XDEPTH),
	};
	struct dt_bind *b = bind_of(&c, n);
	struct dt_node *to = b ? copy_bound(&c, b) : copy_node(&c, n);

	*depth = c.deepest + 1;
	return to;
}

unsigned dt_tree_uses(const struct dt_node *n, const char *name)
{
	unsigned uses = n->kind == DT_N_IDENT && !strcmp(n->name, name);

	for (int i = 0; i < 3; i++)
		for (const struct dt_node *k = n->kid[i]; k; k = k->next)
			uses += dt_tree_uses(k, name);
	return uses;
}

bool dt_has_effect(const struct dt_node *n)
{
	if (n->kind == DT_N_CALL || (n->kind == DT_N_OP2 && n->op >= DT_OP_ASGN && n->op <= DT_OP_RSH_EQ))
		return true;
	if (n->kind == DT_N_OP1 && n->op >= DT_OP_PREINC && n->op <= DT_OP_POSTDEC)
		return true;
	for (int i = 0; i < 3; i++)
		for (const struct dt_node *k = n->kid[i]; k; k = k->next)
			if (dt_has_effect(k))
				return true;
	return false;
}

void dt_node_become(struct dt_node *n, const struct dt_node *with)
{
	struct dt_node *next = n->next;

	*n = *with;
	n->next = next;
}

/* ---- Arguments ------------------------------------------------------------------ */

int dt_arg_settle(struct dt_cook *ck, struct dt_node *arg, struct dt_node **keep)
{
	struct dt_node *var, *value;
	struct dt_ident *id;
	char name[24];

	*keep = NULL;
	if (!dt_has_effect(arg))
		return 0;
	snprintf(name, sizeof(name), "%%%llu", (unsigned long long)dt_idents_block(ck->idents));
	id = dt_ident_add(ck->idents, DT_SCOPE_THIS, DT_I_SCALAR, name);
	var = dt_mk_node(ck, DT_N_VAR, arg);
	value = dt_mk_node(ck, DT_N_VAR, arg);
	if (!id || !var || !value)
		return dt_nomem(ck, arg->loc);
	id->type = arg->type;
	var->ident = id;
	var->scope = DT_SCOPE_THIS;
	var->name = id->name;
	var->type = id->type;
	dt_node_become(value, arg);
	value->next = NULL;
	*keep = dt_mk_op2(ck, DT_OP_ASGN, var, value, id->type);
	if (!*keep)
		return -1;
	dt_node_become(arg, var);
	return 0;
}

int dt_arg_keep(struct dt_cook *ck, struct dt_node *n, struct dt_node *keep)
{
	struct dt_node *inner, *comma;

	if (!keep)
		return 0;
	inner = dt_mk_node(ck, n->kind, n);
	if (!inner)
		return -1;
	dt_node_become(inner, n);
	inner->next = NULL;
	comma = dt_mk_op2(ck, DT_OP_COMMA, keep, inner, inner->type);
	if (!comma)
		return -1;
	comma->loc = n->loc;
	dt_node_become(n, comma);
	return 0;
}

struct dt_node *dt_arg_sample(struct dt_cook *ck, const struct dt_node *at, const struct dt_type *type)
{
	struct dt_node *zero = dt_mk_int(ck, at, 0, dt_basic(ck->types, DT_B_LONG));
	struct dt_node *n = zero ? dt_mk_node(ck, DT_N_CAST, at) : NULL;

	if (!n)
		return NULL;
	n->kid[0] = zero;
	n->u.type = n->type = type;
	return n;
}
