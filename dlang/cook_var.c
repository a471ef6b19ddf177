// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Names: identifiers, variables of the three scopes, arrays of both sorts,
 * members.
 *
 * A variable comes into being when it is first assigned (cook_target): it is
 * entered with the type DYN, the right-hand side is cooked, and then the
 * variable takes that type (settle). Reading it before that is an error.
 */
#include <string.h>

#include "abstract.h"

static int undefined(struct dt_cook *ck, const struct dt_node *n, enum dt_scope scope)
{
	const char *like = dt_ident_suggest(ck->idents, scope, n->name);

	if (scope == DT_SCOPE_GLOBAL)
		dt_error(ck->diag, D_IDENT_UNDEF, n->loc, "%s is not a variable or constant", n->name);
	else
		dt_error(ck->diag, D_VAR_UNDEF, n->loc, "%s%s has not been declared or assigned",
			 dt_scope_prefix(scope), n->name);
	if (like)
		dt_hint(ck->diag, "did you mean %s%s?", dt_scope_prefix(scope), like);
	else
		dt_hint(ck->diag, "a variable exists from its first assignment on, in the order of the program");
	return -1;
}

static int make_var(struct dt_cook *ck, struct dt_node *n, struct dt_ident *id)
{
	char what[128];

	if (id->flags & DT_IDF_NOSUP)
		return dt_nosup(ck, n->loc, n->name, id->why);
	switch (id->kind) {
	case DT_I_SCALAR:
		break;
	case DT_I_ARRAY:
		return dt_error(ck->diag, D_IDENT_BADREF, n->loc,
				"%s%s is an associative array: it needs a key, as in %s%s[0]",
				dt_scope_prefix(id->scope), id->name, dt_scope_prefix(id->scope), id->name);
	case DT_I_INLINE:
		return dt_use_inline(ck, n, id, NULL);
	case DT_I_SUBR: case DT_I_ACTION: case DT_I_AGGFUNC:
		return dt_error(ck->diag, D_IDENT_BADREF, n->loc,
				"%s is a function and needs its parentheses: %s()", id->name, id->name);
	default:
		snprintf(what, sizeof(what), "the use of %s in an expression", id->name);
		return dt_nosup(ck, n->loc, what, NULL);
	}
	dt_attr_use(ck, id);
	n->kind = DT_N_VAR;
	n->ident = id;
	n->type = id->type;
	n->is_lvalue = true;
	n->is_writable = !(id->flags & DT_IDF_NOWRITE) && !(id->type->quals & DT_TQ_CONST);
	return 0;
}

static int must_have_type(struct dt_cook *ck, struct dt_node *n)
{
	if (!dt_is_dyn(n->type))
		return 0;
	return undefined(ck, n, n->scope);
}

/* The last guess at a name: D's own come first, so that only strange ones cost a look into the kernel's types. */
static bool foreign_enumerator(struct dt_cook *ck, const struct dt_node *n, int64_t *val,
			       const struct dt_type **type)
{
	struct dt_names *names = dt_types_names(ck->types);

	return names && names->enumerator(names->ctx, "", n->name, val, type);
}

int dt_cook_ident(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_ident *id = dt_ident_lookup(ck->idents, DT_SCOPE_GLOBAL, n->name);
	const struct dt_type *type;
	int64_t val;

	n->scope = DT_SCOPE_GLOBAL;
	if (id)
		return make_var(ck, n, id) || must_have_type(ck, n) ? -1 : dt_xlate_read(ck, n);
	if (dt_types_enumerator(ck->types, n->name, &val, &type) || foreign_enumerator(ck, n, &val, &type)) {
		dt_make_int(n, (uint64_t)val, type);
		return 0;
	}
	return undefined(ck, n, DT_SCOPE_GLOBAL);
}

int dt_cook_scoped(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_ident *id = dt_ident_lookup(ck->idents, n->scope, n->name);

	if (!id)
		return undefined(ck, n, n->scope);
	return make_var(ck, n, id) || must_have_type(ck, n) ? -1 : dt_xlate_read(ck, n);
}

int dt_cook_var(struct dt_cook *ck, struct dt_node *n)
{
	return must_have_type(ck, n);
}

/* ---- Arrays ---------------------------------------------------------------------- */

static bool is_name(const struct dt_node *n)
{
	return n->kind == DT_N_IDENT || n->kind == DT_N_SCOPED;
}

static struct dt_ident *lookup_name(struct dt_cook *ck, const struct dt_node *n)
{
	return dt_ident_lookup(ck->idents, n->kind == DT_N_SCOPED ? n->scope : DT_SCOPE_GLOBAL, n->name);
}

/* The signature that the first use of an array gives it: integers count as 64 bits
 * wide, so that no later key is cut to fit. */
static int infer_keys(struct dt_cook *ck, struct dt_ident *id, struct dt_node *keys)
{
	const struct dt_type *sig[DIF_TUPLE_MAX];
	unsigned i = 0;

	for (struct dt_node *k = keys; k; k = k->next) {
		const struct dt_type *t = k->type;

		if (dt_type_is_integer(t))
			t = dt_basic(ck->types, dt_type_resolve(t)->is_signed ? DT_B_INT64 : DT_B_UINT64);
		else if (dt_type_is_strlike(t))
			t = dt_basic(ck->types, DT_B_STRING);
		else if (!dt_type_is_scalar(t) && !dt_type_is_sou(t))
			return dt_error(ck->diag, D_KEY_TYPE, k->loc, "this cannot be a key");
		sig[i++] = t;
	}
	return dt_ident_set_keys(id, sig, i) ? dt_nomem(ck, keys->loc) : 0;
}

static int check_keys(struct dt_cook *ck, const struct dt_node *n, const struct dt_ident *id,
		      struct dt_node *keys)
{
	unsigned have = dt_list_len(keys), i = 0;
	char want[DT_TYPESTR], got[DT_TYPESTR];

	if (have != id->nkeys)
		return dt_error(ck->diag, D_PROTO_LEN, n->loc, "%s%s[ ] takes %u key%s, not %u",
				dt_scope_prefix(id->scope), id->name, id->nkeys, id->nkeys == 1 ? "" : "s", have);
	for (struct dt_node *k = keys; k; k = k->next, i++) {
		if (!dt_assignable(k, id->keys[i]))
			return dt_error(ck->diag, D_PROTO_ARG, k->loc,
					"key %u of %s%s[ ] is of type %s, and this is %s", i + 1,
					dt_scope_prefix(id->scope), id->name,
					dt_type_name(id->keys[i], want, sizeof(want)), dt_typestr(k, got));
		if (dt_convert(ck, k, id->keys[i]))
			return -1;
	}
	return 0;
}

/* An element of an associative array (or uregs[]); @id is NULL if @n is to create it. */
static int cook_element(struct dt_cook *ck, struct dt_node *n, struct dt_ident *id)
{
	struct dt_node *name = n->kid[0], *keys = n->kid[1];
	enum dt_scope scope = name->kind == DT_N_SCOPED ? name->scope : DT_SCOPE_GLOBAL;

	if (scope == DT_SCOPE_THIS)
		return dt_error(ck->diag, D_ARR_LOCAL, n->loc,
				"this->%s cannot be an associative array: clause-local variables have no keys",
				name->name);
	if (dt_list_len(keys) > DIF_TUPLE_MAX)
		return dt_error(ck->diag, D_PROTO_LEN, n->loc, "more than %d keys", DIF_TUPLE_MAX);
	if (dt_cook_list(ck, keys))
		return -1;
	if (!id) {
		id = dt_ident_add(ck->idents, scope, DT_I_ARRAY, name->name);
		if (!id)
			return dt_nomem(ck, n->loc);
		id->where = n->loc;
	}
	if (id->flags & DT_IDF_NOSUP) {
		char what[80];

		snprintf(what, sizeof(what), "%s[]", id->name);
		return dt_nosup(ck, n->loc, what, id->why);
	}
	if (!id->keys_known && infer_keys(ck, id, keys))
		return -1;
	if (check_keys(ck, n, id, keys))
		return -1;
	n->ident = id;
	n->scope = scope;
	n->name = id->name;
	n->type = id->type;
	n->is_lvalue = true;
	n->is_writable = !(id->flags & DT_IDF_NOWRITE);
	return 0;
}

/* @n needs what @t is made of, and nobody knows. */
int dt_incomplete(struct dt_cook *ck, enum dt_tag tag, const struct dt_node *n, const struct dt_type *t)
{
	struct dt_names *names = dt_types_names(ck->types);
	char name[DT_TYPESTR];

	dt_error(ck->diag, tag, n->loc, "%s is not defined here",
		 dt_type_name(t, name, sizeof(name)));
	return dt_hint(ck->diag, "%s", names && names->why[0] ? names->why : "define it in the program");
}

/* Make the cooked pointer in kid[0] of @n, which it must be, a dereference. */
int dt_make_deref(struct dt_cook *ck, struct dt_node *n)
{
	const struct dt_node *p = n->kid[0];
	const struct dt_type *to = dt_pointee(p->type);
	char name[DT_TYPESTR];

	if (!to)
		return dt_error(ck->diag, D_DEREF_NONPTR, n->loc, "a value of type %s cannot be dereferenced",
				dt_typestr(p, name));
	if (dt_is_void(to))
		return dt_error(ck->diag, D_DEREF_VOID, n->loc,
				"a pointer to void cannot be dereferenced: cast it first");
	if (dt_type_resolve(to)->kind == DT_T_FUNC)
		return dt_error(ck->diag, D_DEREF_FUNC, n->loc, "a pointer to a function cannot be dereferenced");
	if (dt_type_complete(ck->types, to)->kind == DT_T_FORWARD || !dt_type_resolve(to)->size)
		return dt_incomplete(ck, D_OP_INCOMPLETE, n, to);
	n->kind = DT_N_OP1;
	n->op = DT_OP_DEREF;
	n->is_userland = dt_is_user_ptr(p->type);
	n->type = to;
	n->is_lvalue = true;
	n->is_writable = !n->is_userland && !(to->quals & DT_TQ_CONST);
	return 0;
}

/* A pointer read from the traced process leads into it. */
int dt_taint(struct dt_cook *ck, struct dt_node *n)
{
	const struct dt_type *to;

	if (!n->is_userland || !dt_is_pointer(n->type) || dt_is_user_ptr(n->type))
		return 0;
	to = dt_pointee(n->type);
	to = dt_type_qualified(ck->types, to, to->quals | DT_TQ_USERLAND);
	n->type = to ? dt_type_pointer(ck->types, to) : NULL;
	return n->type ? 0 : dt_nomem(ck, n->loc);
}

/* p[i] in C's sense: *(p + i). */
static int cook_subscript(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_node *base = n->kid[0], *sum;
	char name[DT_TYPESTR];

	if (dt_cook_expr(ck, base) || dt_cook_list(ck, n->kid[1]) || dt_decay_string(ck, base))
		return -1;
	if (!dt_is_ptrlike(base->type) && !dt_is_ptrlike(n->kid[1]->type))	/* C has i[p], too */
		return dt_error(ck->diag, D_ARR_BADREF, n->loc,
				"a value of type %s is neither a pointer nor an array", dt_typestr(base, name));
	if (n->kid[1]->next)
		return dt_error(ck->diag, D_PROTO_LEN, n->kid[1]->next->loc, "an array of C has one index");
	if (base->kind == DT_N_VAR && dt_is_const_int(n->kid[1]) && dt_type_resolve(base->type)->nelem &&
	    (uint64_t)dt_int(n->kid[1]) >= dt_type_resolve(base->type)->nelem)
		return dt_error(ck->diag, D_ARR_BOUNDS, n->kid[1]->loc, "index %lld is outside %s[%llu]",
				(long long)dt_int(n->kid[1]), base->name,
				(unsigned long long)dt_type_resolve(base->type)->nelem);
	sum = dt_mk_op2(ck, DT_OP_ADD, base, n->kid[1], NULL);
	if (!sum || dt_make_add(ck, sum))
		return -1;
	n->kid[0] = sum;
	n->kid[1] = NULL;
	return dt_make_deref(ck, n) ? -1 : dt_taint(ck, n);
}

int dt_cook_index(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_node *base = n->kid[0];
	struct dt_ident *id = is_name(base) ? lookup_name(ck, base) : NULL;

	if (id && id->kind == DT_I_INLINE && id->def && id->def->n)
		return dt_use_inline(ck, n, id, n->kid[1]);
	if (id && id->kind == DT_I_ARRAY && id->flags & DT_IDF_BUILTIN && id->id == DIF_VAR_ARGS)
		return dt_cook_args(ck, n);
	if (id && id->kind == DT_I_ARRAY) {
		if (cook_element(ck, n, id))
			return -1;
		return must_have_type(ck, n);
	}
	if (id && id->kind == DT_I_SCALAR && !dt_is_ptrlike(id->type) && !dt_type_is_string(id->type) &&
	    !(id->flags & DT_IDF_NOSUP) &&
	    !dt_is_dyn(id->type))
		return dt_error(ck->diag, D_ARR_BADREF, n->loc, "%s%s is not an array", dt_scope_prefix(id->scope),
				id->name);
	return cook_subscript(ck, n);
}

/* ---- Members ---------------------------------------------------------------------- */

/* The nearest name, if one is near. */
int dt_suggest_member(struct dt_cook *ck, const struct dt_type *sou, const char *name)
{
	const char *like = NULL;
	unsigned best = 3;

	for (uint32_t i = 0; i < sou->n; i++) {
		const char *s = sou->members[i].name;
		unsigned d = s ? dt_name_distance(name, s, best) : best;

		if (d < best && d < strlen(name)) {
			best = d;
			like = s;
		}
	}
	return like ? dt_hint(ck->diag, "did you mean %s?", like) : -1;
}

int dt_cook_member(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_node *base = n->kid[0];
	const struct dt_type *t;
	const struct dt_member *m;
	uint64_t off;
	char name[DT_TYPESTR];
	int rc;

	if (dt_cook_expr(ck, base))
		return -1;
	rc = dt_xlate_member(ck, n);
	if (rc)
		return rc < 0 ? -1 : 0;
	t = n->op == DT_OP_ARROW ? dt_pointee(base->type) : base->type;
	if (!t || (!dt_type_is_sou(t) && dt_type_resolve(t)->kind != DT_T_FORWARD)) {
		dt_error(ck->diag, t ? D_OP_SOU : D_OP_PTR, n->loc, "%s needs %s on its left, not a value of type %s",
			 dt_op_text(n->op),
			 n->op == DT_OP_ARROW ? "a pointer to a struct or union" : "a struct or union",
			 dt_typestr(base, name));
		if (n->op == DT_OP_DOT && dt_is_pointer(base->type) && dt_type_is_sou(dt_pointee(base->type)))
			dt_hint(ck->diag, "it is a pointer: use ->");
		if (n->op == DT_OP_ARROW && dt_type_is_sou(base->type))
			dt_hint(ck->diag, "it is no pointer: use .");
		return -1;
	}
	if (dt_type_complete(ck->types, t)->kind == DT_T_FORWARD)
		return dt_incomplete(ck, D_OP_INCOMPLETE, n, t);
	m = dt_type_member(dt_type_resolve(t), n->name, &off);
	if (!m) {
		dt_error(ck->diag, D_TYPE_MEMBER, n->loc, "%s has no member %s", dt_type_name(t, name, sizeof(name)),
			 n->name);
		return dt_suggest_member(ck, dt_type_resolve(t), n->name);
	}
	n->type = m->type;
	n->bitoff = (uint32_t)off;
	n->bits = m->bits;
	n->is_userland = n->op == DT_OP_ARROW ? dt_is_user_ptr(base->type) : base->is_userland;
	n->is_lvalue = n->op == DT_OP_ARROW || base->is_lvalue;
	n->is_writable = n->is_lvalue && !n->is_userland && !(m->type->quals & DT_TQ_CONST) &&
			 (n->op == DT_OP_ARROW ? !(t->quals & DT_TQ_CONST) : base->is_writable);
	return dt_taint(ck, n);
}

/* ---- Targets of assignments --------------------------------------------------------- */

static struct dt_ident *create(struct dt_cook *ck, struct dt_node *n)
{
	enum dt_scope scope = n->kind == DT_N_SCOPED ? n->scope : DT_SCOPE_GLOBAL;
	struct dt_ident *id = dt_ident_add(ck->idents, scope, DT_I_SCALAR, n->name);

	if (id)
		id->where = n->loc;
	else
		dt_nomem(ck, n->loc);
	return id;
}

/* Cook what is about to be stored to; a new variable (or array) is entered with type DYN. */
int dt_cook_target(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_node *base = n->kid[0];
	struct dt_ident *id;
	const struct dt_type *type;
	int64_t val;

	if (is_name(n)) {
		id = lookup_name(ck, n);
		if (!id && n->kind == DT_N_IDENT && dt_types_enumerator(ck->types, n->name, &val, &type))
			return dt_cook_expr(ck, n);
		if (!id)
			id = create(ck, n);
		return id ? make_var(ck, n, id) : -1;
	}
	if (n->kind == DT_N_INDEX && is_name(base)) {
		id = lookup_name(ck, base);
		if (!id || (id->kind == DT_I_ARRAY))
			return cook_element(ck, n, id);
	}
	return dt_cook_expr(ck, n);
}

/* The type of a new variable's first value becomes the variable's. */
int dt_settle_target(struct dt_cook *ck, struct dt_node *n, const struct dt_type *type)
{
	const struct dt_type *t = dt_type_resolve(type);

	if (!dt_is_dyn(n->type))
		return 0;
	if (t->kind == DT_T_ARRAY && t->base && dt_type_resolve(t->base)->is_char)
		type = dt_basic(ck->types, DT_B_STRING);
	else if (t->kind == DT_T_ARRAY)
		type = dt_type_pointer(ck->types, t->base);
	else
		type = type->quals ? dt_type_qualified(ck->types, t, t->quals & DT_TQ_USERLAND) : type;
	if (!type)
		return dt_nomem(ck, n->loc);
	n->ident->type = n->type = type;
	return 0;
}
