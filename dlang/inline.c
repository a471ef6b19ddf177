// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Inlines. One whose value is constant is that value from then on; any other
 * is kept as the expression it was given and expanded at each use (abstract.h).
 *
 * A definition in a program is checked at once: its expression is cooked with
 * values of the parameters' types. One in a library is only looked at if it may
 * be constant, for it may name types of the kernel, which nobody has asked for yet.
 */
#include <string.h>

#include "abstract.h"

/* ---- Definitions ------------------------------------------------------------------ */

/* Nothing in it leads out of the program. */
static bool may_be_constant(const struct dt_node *n)
{
	switch (n->kind) {
	case DT_N_INT: case DT_N_STR: case DT_N_IDENT: case DT_N_OP1: case DT_N_OP2: case DT_N_OP3: case DT_N_CAST:
		break;
	default:
		return false;
	}
	for (int i = 0; i < 3; i++)
		for (const struct dt_node *k = n->kid[i]; k; k = k->next)
			if (!may_be_constant(k))
				return false;
	return true;
}

/* Cook @e, what the inline stands for, and make it a value of its type. */
static int cook_value(struct dt_cook *ck, struct dt_node *e, const struct dt_ident *id)
{
	char to[DT_TYPESTR], from[DT_TYPESTR];

	if (dt_cook_expr(ck, e))
		return -1;
	if (!dt_assignable(e, id->type))
		return dt_error(ck->diag, D_OP_INCOMPAT, e->loc, "the inline %s is of type %s, and this is %s",
				id->name, dt_type_name(id->type, to, sizeof(to)), dt_typestr(e, from));
	return dt_convert(ck, e, id->type);
}

static struct dt_bind *new_binds(struct dt_cook *ck, const struct dt_def *def, struct dt_loc loc)
{
	struct dt_bind *b = dt_arena_alloc(ck->arena, (def->n ? def->n : 1) * sizeof(*b));

	if (!b)
		dt_nomem(ck, loc);
	for (uint32_t i = 0; b && i < def->n; i++)
		b[i].name = def->names[i];
	return b;
}

/* Cook a copy of the definition, with samples in place of the arguments. */
static struct dt_node *try_definition(struct dt_cook *ck, const struct dt_node *n, const struct dt_def *def)
{
	struct dt_bind *binds = new_binds(ck, def, n->loc);
	struct dt_node *body = n->u.inl.expr, *e;
	unsigned depth;

	for (uint32_t i = 0; binds && i < def->n; i++) {
		binds[i].arg = dt_arg_sample(ck, body, def->params[i]);
		if (!binds[i].arg)
			return NULL;
	}
	if (!binds)
		return NULL;
	if (!def->n)
		return cook_value(ck, body, n->u.inl.id) ? NULL : body;
	e = dt_tree_expand(ck, body, NULL, binds, def->n, &depth);
	return e && !cook_value(ck, e, n->u.inl.id) ? e : NULL;
}

static struct dt_def *keep_definition(struct dt_cook *ck, const struct dt_node *n)
{
	struct dt_arena *arena = dt_idents_arena(ck->idents);
	struct dt_def *def = dt_arena_alloc(arena, sizeof(*def));
	uint32_t np = n->u.inl.n;

	if (!def) {
		dt_nomem(ck, n->loc);
		return NULL;
	}
	def->library = ck->cc->library;
	def->out = n->u.inl.type;
	def->n = np;
	def->params = dt_arena_alloc(arena, (np ? np : 1) * sizeof(*def->params));
	def->names = dt_arena_alloc(arena, (np ? np : 1) * sizeof(*def->names));
	def->body = dt_tree_keep(ck, n->u.inl.expr);
	for (uint32_t i = 0; def->params && def->names && i < np; i++) {
		def->params[i] = n->u.inl.params[i];
		def->names[i] = dt_arena_strndup(arena, n->u.inl.names[i], strlen(n->u.inl.names[i]));
		if (!def->names[i])
			dt_nomem(ck, n->loc);
	}
	if (!def->params || !def->names)
		dt_nomem(ck, n->loc);
	return ck->diag->set ? NULL : def;
}

int dt_cook_inline(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_ident *id = n->u.inl.id;
	struct dt_def *def = keep_definition(ck, n);
	struct dt_node *value = NULL;

	if (!def)
		return -1;
	id->type = n->u.inl.type;
	if (ck->cc->library)
		id->flags |= DT_IDF_LIBRARY;
	ck->attr = DT_ATTR_MAX;
	if (!ck->cc->library || may_be_constant(n->u.inl.expr)) {
		value = try_definition(ck, n, def);
		if (!value)
			return -1;
	}
	if (!(id->flags & DT_IDF_ATTR))
		id->attr = ck->attr;
	if (value && !def->n && (value->kind == DT_N_INT || value->kind == DT_N_STR))
		return dt_ident_set_inline(id, value) ? dt_nomem(ck, n->loc) : 0;
	id->def = def;
	return 0;
}

/* ---- Uses ---------------------------------------------------------------------------- */

/* Cook the arguments; those with effects leave an assignment in *keep, in the order of the list. */
static int bind_args(struct dt_cook *ck, struct dt_node *n, const struct dt_ident *id, struct dt_node *args,
		     struct dt_bind *binds, struct dt_node **keep)
{
	const struct dt_def *def = id->def;
	unsigned have = dt_list_len(args), i = 0;
	char want[DT_TYPESTR], got[DT_TYPESTR];
	struct dt_node *next, *k;

	if (have != def->n)
		return dt_error(ck->diag, D_PROTO_LEN, n->loc, "%s[ ] takes %u argument%s, not %u", id->name, def->n,
				def->n == 1 ? "" : "s", have);
	for (struct dt_node *a = args; a; a = next, i++) {
		next = a->next;
		if (dt_cook_expr(ck, a))
			return -1;
		if (!dt_assignable(a, def->params[i]))
			return dt_error(ck->diag, D_PROTO_ARG, a->loc, "argument %u of %s[ ] is of type %s, "
					"and this is %s",
					i + 1, id->name, dt_type_name(def->params[i], want, sizeof(want)),
					dt_typestr(a, got));
		if (dt_convert(ck, a, def->params[i]) || dt_arg_settle(ck, a, &k))
			return -1;
		if (k && *keep)
			k = dt_mk_op2(ck, DT_OP_COMMA, *keep, k, k->type);
		*keep = k ? k : *keep;
		binds[i].arg = a;
	}
	return ck->diag->set ? -1 : 0;
}

static int expand(struct dt_cook *ck, struct dt_node *n, struct dt_ident *id, struct dt_bind *binds)
{
	struct dt_def *def = id->def;
	struct dt_attr attr = ck->attr;
	bool library;
	unsigned depth;
	struct dt_node *e = dt_tree_expand(ck, def->body, n, binds, def->n, &depth);
	int rc;

	if (!e)
		return -1;
	ck->xdepth += depth;
	def->open = true;
	library = dt_idents_library_only(ck->idents, def->library);
	rc = cook_value(ck, e, id);
	dt_idents_library_only(ck->idents, library);
	def->open = false;
	ck->xdepth -= depth;
	if (rc) {
		if (!ck->diag->hint[0])
			dt_hint(ck->diag, "this is the meaning of the inline %s", id->name);
		return -1;
	}
	/* what it was given to promise goes before what it is made of */
	if (id->flags & DT_IDF_ATTR) {
		ck->attr = attr;
		dt_attr_use(ck, id);
	}
	e->is_lvalue = e->is_writable = false;
	dt_node_become(n, e);
	return 0;
}

static int use_constant(struct dt_node *n, const struct dt_ident *id)
{
	if (id->inl->kind == DT_N_INT) {
		dt_make_int(n, id->inl->u.i.val, id->inl->type);
		return 0;
	}
	n->kind = DT_N_STR;
	n->u.s = id->inl->u.s;
	n->type = id->inl->type;
	return 0;
}

int dt_use_inline(struct dt_cook *ck, struct dt_node *n, struct dt_ident *id, struct dt_node *args)
{
	struct dt_node *keep = NULL;
	struct dt_bind *binds;

	if (id->own_inl) {
		dt_attr_use(ck, id);
		return use_constant(n, id);
	}
	if (!id->def || id->def->open) {
		dt_error(ck->diag, D_IDENT_UNDEF, n->loc, "the inline %s is used in its own definition", id->name);
		return dt_hint(ck->diag, "an inline stands for its expression, so it cannot contain itself");
	}
	if (id->def->n && !args)
		return dt_error(ck->diag, D_IDENT_BADREF, n->loc, "the inline %s takes %u argument%s, as in %s[0]",
				id->name, id->def->n, id->def->n == 1 ? "" : "s", id->name);
	binds = new_binds(ck, id->def, n->loc);
	if (!binds || bind_args(ck, n, id, args, binds, &keep) || expand(ck, n, id, binds))
		return -1;
	return dt_arg_keep(ck, n, keep);
}
