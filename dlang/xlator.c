// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Translators: how to make a struct of one kind from something of another.
 *
 *	translator psinfo_t < struct task_struct *T > { pr_pid = T->tgid; ... };
 *	xlate <psinfo_t *>(curthread)->pr_pid
 *
 * A member of a translated struct is expanded where it is used (abstract.h); a
 * translated struct that is wanted whole, to be recorded or assigned, keeps its
 * XLATE node, which dt_xlate_finish() gives all members that the translator has.
 *
 * Which translator. Its output must be the struct that is asked for, through
 * typedefs. Its input must be of the argument's type, or what that can be
 * assigned to; the same type goes first. Both a program's and the libraries'
 * are looked at, newest first.
 */
#include <string.h>

#include "abstract.h"

static const char entry[] = "%xlator";

static const char *names_of(const struct dt_ident *x, char buf[2 * DT_TYPESTR + 8])
{
	char in[DT_TYPESTR], out[DT_TYPESTR];

	snprintf(buf, 2 * DT_TYPESTR + 8, "%s < %s >", dt_type_name(x->def->out, out, sizeof(out)),
		 dt_type_name(x->def->params[0], in, sizeof(in)));
	return buf;
}

/* ---- Finding one -------------------------------------------------------------------- */

static bool same_struct(const struct dt_type *a, const struct dt_type *b)
{
	return dt_type_is_sou(a) && dt_type_is_sou(b) && dt_type_same(a, b);
}

/* Kernel and user addresses are told apart by more than dt_type_same() looks at. */
static bool same_input(const struct dt_type *a, const struct dt_type *b)
{
	return dt_is_user_ptr(a) == dt_is_user_ptr(b) && dt_type_same(a, b);
}

struct dt_ident *dt_xlator_find(struct dt_cook *ck, const struct dt_node *n, const struct dt_type *out)
{
	struct dt_ident *x = NULL, *fits = NULL;

	while ((x = dt_ident_next(ck->idents, DT_I_XLATOR, entry, x))) {
		if (!same_struct(x->def->out, out))
			continue;
		if (same_input(x->def->params[0], n->type))
			return x;
		if (!fits && dt_assignable(n, x->def->params[0]))
			fits = x;
	}
	return fits;
}

/* ---- xlate <type>(expr) ---------------------------------------------------------------- */

int dt_cook_xlate(struct dt_cook *ck, struct dt_node *n)
{
	const struct dt_type *to = n->u.type, *out = dt_is_pointer(to) ? dt_pointee(to) : to;
	struct dt_node *arg = n->kid[0], *keep = NULL;
	char from[DT_TYPESTR], name[DT_TYPESTR];
	struct dt_ident *x;

	if (dt_cook_expr(ck, arg) || dt_decay(ck, arg))
		return -1;
	x = dt_xlator_find(ck, arg, out);
	if (!x)
		return dt_error(ck->diag, D_XLATE_NONE, n->loc, "there is no translator from %s to %s",
				dt_typestr(arg, from), dt_type_name(out, name, sizeof(name)));
	if (dt_convert(ck, arg, x->def->params[0]) || dt_arg_settle(ck, arg, &keep))
		return -1;
	n->u.xl.by = x;
	n->u.xl.members = NULL;
	n->type = to;
	ck->xlates = true;
	dt_attr_use(ck, x);
	return dt_arg_keep(ck, n, keep);
}

/* ---- Members ---------------------------------------------------------------------------- */

/* A bit-field holds so many bits of the value: (v << k) >> k, in its own type. */
static int cut_bits(struct dt_cook *ck, struct dt_node *e, const struct dt_member *m)
{
	const struct dt_type *t = dt_type_resolve(m->type)->is_signed ? dt_basic(ck->types, DT_B_INT64) :
									 dt_basic(ck->types, DT_B_UINT64);
	const struct dt_type *num = dt_basic(ck->types, DT_B_INT);
	struct dt_node *v = dt_mk_node(ck, e->kind, e), *up, *down;

	if (!v)
		return -1;
	dt_node_become(v, e);
	if (dt_wrap_cast(ck, v, t))
		return -1;
	up = dt_mk_int(ck, e, 64 - (int)m->bits, num);
	up = up ? dt_mk_op2(ck, DT_OP_LSH, v, up, t) : NULL;
	down = dt_mk_int(ck, e, 64 - (int)m->bits, num);
	down = up && down ? dt_mk_op2(ck, DT_OP_RSH, up, down, t) : NULL;
	if (!down)
		return -1;
	dt_node_become(e, down);
	return dt_wrap_cast(ck, e, m->type);
}

static bool is_char_array(const struct dt_type *t)
{
	return dt_type_resolve(t)->kind == DT_T_ARRAY && dt_type_is_strlike(t);
}

/* Make cooked @e what member @m holds; text for an array of char is a string until it is stored there. */
static int convert_member(struct dt_cook *ck, struct dt_node *e, const struct dt_member *m, const struct dt_def *def)
{
	char want[DT_TYPESTR], got[DT_TYPESTR], out[DT_TYPESTR];

	if (!dt_type_same(e->type, m->type) && is_char_array(m->type) && dt_type_is_strlike(e->type))
		return dt_convert(ck, e, dt_basic(ck->types, DT_B_STRING));
	if (!dt_assignable(e, m->type))
		return dt_error(ck->diag, D_XLATE_INCOMPAT, e->loc, "%s of %s is of type %s, and this is %s", m->name,
				dt_type_name(def->out, out, sizeof(out)), dt_type_name(m->type, want, sizeof(want)),
				dt_typestr(e, got));
	if (m->bits && dt_type_is_integer(m->type))
		return cut_bits(ck, e, m);
	return dt_convert(ck, e, m->type);
}

static int expand_member(struct dt_cook *ck, const struct dt_ident *x, struct dt_xmember *xm, const struct dt_member *m,
			 const struct dt_node *arg, const struct dt_node *at, struct dt_node **ret)
{
	struct dt_bind bind = { .name = x->def->names[0], .arg = arg };
	char names[2 * DT_TYPESTR + 8];
	struct dt_attr attr = ck->attr;
	bool library;
	unsigned depth;
	struct dt_node *e;
	int rc;

	if (xm->open)
		return dt_error(ck->diag, D_XLATE_MEMB, at ? at->loc : xm->body->loc,
				"%s in the translator %s leads to itself", xm->name,
				names_of(x, names));
	e = dt_tree_expand(ck, xm->body, at, &bind, 1, &depth);
	if (!e)
		return -1;
	ck->xdepth += depth;
	xm->open = true;
	library = dt_idents_library_only(ck->idents, x->def->library);
	rc = dt_cook_expr(ck, e) || convert_member(ck, e, m, x->def) ? -1 : 0;
	dt_idents_library_only(ck->idents, library);
	xm->open = false;
	ck->xdepth -= depth;
	if (rc && !ck->diag->hint[0])
		dt_hint(ck->diag, "this is the meaning of %s in the translator %s", xm->name, names_of(x, names));
	/* a library's translator is there to promise more than what it reads does */
	if (x->def->library)
		ck->attr = attr;
	e->is_lvalue = e->is_writable = false;
	*ret = e;
	return rc;
}

static struct dt_xmember *find_xmember(const struct dt_def *def, const char *name)
{
	for (uint32_t i = 0; i < def->nmembers; i++)
		if (!strcmp(def->members[i].name, name))
			return &def->members[i];
	return NULL;
}

/* The XLATE that cooked @n is, through casts that change nothing; NULL: none. */
static const struct dt_node *xlate_of(const struct dt_node *n, bool pointer)
{
	while (n->kind == DT_N_CAST && dt_type_same(n->type, n->kid[0]->type))
		n = n->kid[0];
	if (!pointer && n->kind == DT_N_OP1 && n->op == DT_OP_DEREF)
		return xlate_of(n->kid[0], true);
	return n->kind == DT_N_XLATE && dt_is_pointer(n->type) == pointer ? n : NULL;
}

/* (a, b).m is (a, b.m). */
static int through_comma(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_node *comma = n->kid[0], *inner = dt_mk_node(ck, n->kind, n);
	int rc;

	if (!inner)
		return -1;
	dt_node_become(inner, n);
	inner->next = NULL;
	inner->kid[0] = comma->kid[1];
	rc = dt_xlate_member(ck, inner);
	if (rc <= 0)
		return rc;
	comma->kid[1] = inner;
	comma->type = inner->type;
	comma->loc = n->loc;
	dt_node_become(n, comma);
	return 1;
}

int dt_xlate_member(struct dt_cook *ck, struct dt_node *n)
{
	const struct dt_node *base = n->kid[0];
	char names[2 * DT_TYPESTR + 8], out[DT_TYPESTR];
	const struct dt_member *m;
	struct dt_xmember *xm;
	const struct dt_def *def;
	struct dt_node *e;
	uint64_t off;

	if (base->kind == DT_N_OP2 && base->op == DT_OP_COMMA)
		return through_comma(ck, n);
	base = xlate_of(base, n->op == DT_OP_ARROW);
	if (!base)
		return 0;
	def = base->u.xl.by->def;
	m = dt_type_member(dt_type_resolve(def->out), n->name, &off);
	if (!m) {
		dt_error(ck->diag, D_TYPE_MEMBER, n->loc, "%s has no member %s",
			 dt_type_name(def->out, out, sizeof(out)), n->name);
		return dt_suggest_member(ck, dt_type_resolve(def->out), n->name);
	}
	xm = find_xmember(def, n->name);
	if (!xm) {
		dt_error(ck->diag, D_XLATE_NOCONV, n->loc, "the translator %s does not say what %s is",
			 names_of(base->u.xl.by, names), n->name);
		if (def->library)
			dt_hint(ck->diag, "nothing that this system has would be its value");
		return -1;
	}
	if (expand_member(ck, base->u.xl.by, xm, m, base->kid[0], n, &e))
		return -1;
	dt_node_become(n, e);
	return 1;
}

/* ---- Whole structs ----------------------------------------------------------------------- */

static struct dt_node *member_node(struct dt_cook *ck, struct dt_node *xl, uint32_t i)
{
	struct dt_xmember *xm = &xl->u.xl.by->def->members[i];
	struct dt_node *n = dt_mk_node(ck, DT_N_XMEMBER, xl);
	const struct dt_member *m;
	uint64_t off;

	m = dt_type_member(dt_type_resolve(xl->u.xl.by->def->out), xm->name, &off);
	if (!n || !m)
		return NULL;
	n->name = m->name;
	n->type = m->type;
	n->bitoff = (uint32_t)off;
	n->bits = m->bits;
	return expand_member(ck, xl->u.xl.by, xm, m, xl->kid[0], xl, &n->kid[0]) ? NULL : n;
}

static int finish_whole(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_def *def = n->u.xl.by->def;
	struct dt_node **tail = &n->u.xl.members;
	char names[2 * DT_TYPESTR + 8];

	if (def->open) {
		dt_error(ck->diag, D_XLATE_MEMB, n->loc, "the translator %s leads to another whole struct of itself",
			 names_of(n->u.xl.by, names));
		return dt_hint(ck->diag, "name the members that are wanted");
	}
	def->open = true;
	for (uint32_t i = 0; i < def->nmembers && !ck->diag->set; i++) {
		*tail = member_node(ck, n, i);
		if (!*tail || dt_xlate_finish(ck, (*tail)->kid[0], false))
			break;
		tail = &(*tail)->next;
	}
	def->open = false;
	return ck->diag->set ? -1 : 0;
}

/* Is kid @i of @n only asked whether it is zero? */
static bool asks_truth(const struct dt_node *n, int i, bool truth)
{
	if (n->kind == DT_N_OP1)
		return n->op == DT_OP_LNOT;
	if (n->kind == DT_N_OP3)
		return i == 0 || truth;
	if (n->kind == DT_N_CAST)
		return truth && dt_type_is_scalar(n->type) && dt_type_resolve(n->type)->size == 8;
	if (n->kind != DT_N_OP2)
		return false;
	if (n->op == DT_OP_LAND || n->op == DT_OP_LOR || n->op == DT_OP_LXOR)
		return true;
	if (n->op == DT_OP_COMMA)
		return i == 1 && truth;
	return (n->op == DT_OP_EQ || n->op == DT_OP_NE) && dt_is_zero(n->kid[!i]);
}

int dt_xlate_finish(struct dt_cook *ck, struct dt_node *n, bool truth)
{
	if (truth && n->kind == DT_N_XLATE && dt_is_pointer(n->type) && dt_type_is_scalar(n->kid[0]->type))
		dt_node_become(n, n->kid[0]);
	for (int i = 0; i < 3; i++)
		for (struct dt_node *k = n->kid[i]; k; k = k->next)
			if (dt_xlate_finish(ck, k, asks_truth(n, i, truth)))
				return -1;
	return n->kind == DT_N_XLATE && !n->u.xl.members ? finish_whole(ck, n) : 0;
}

/* ---- Variables -------------------------------------------------------------------------------- */

int dt_xlate_read(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_node *var;

	if (n->kind != DT_N_VAR || !n->ident->def)
		return 0;
	var = dt_mk_node(ck, DT_N_VAR, n);
	if (!var)
		return -1;
	dt_node_become(var, n);
	n->kind = DT_N_XLATE;
	n->kid[0] = var;
	n->type = n->u.xl.type = n->ident->def->out;
	n->u.xl.by = n->ident->def->by;
	n->u.xl.members = NULL;
	n->ident = NULL;
	n->name = NULL;
	n->is_lvalue = n->is_writable = false;
	ck->xlates = true;
	return 0;
}

/* A translated pointer, or a choice of some. */
static bool may_be_translated(const struct dt_node *n)
{
	if (n->kind == DT_N_CAST)
		return dt_is_pointer(n->type) && may_be_translated(n->kid[0]);
	if (n->kind == DT_N_OP3)
		return may_be_translated(n->kid[1]) || may_be_translated(n->kid[2]);
	if (n->kind == DT_N_OP2 && n->op == DT_OP_COMMA)
		return may_be_translated(n->kid[1]);
	return n->kind == DT_N_XLATE && dt_is_pointer(n->type);
}

/*
 * The struct behind a translated pointer lasts as long as the clause runs. So a variable gets
 * the value that is translated, and each use of the variable translates it.
 */
int dt_xlate_assign(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_node *l = n->kid[0], *r = n->kid[1];
	const struct dt_node *xl;
	struct dt_def *def;

	if (!may_be_translated(r))
		return 0;
	while (r->kind == DT_N_OP2 && r->op == DT_OP_COMMA) {
		r->type = r->kid[1]->kind == DT_N_XLATE ? r->kid[1]->kid[0]->type : r->type;
		r = r->kid[1];
	}
	xl = xlate_of(r, true);
	if (!xl || l->kind != DT_N_VAR || !dt_type_is_scalar(xl->kid[0]->type) ||
	    (l->ident->def ? l->ident->def->by != xl->u.xl.by : !dt_is_dyn(l->type))) {
		dt_error(ck->diag, D_OP_INCOMPAT, n->loc,
				"a translated pointer can only be kept in a variable of its own");
		return dt_hint(ck->diag, "use a variable that is not declared and holds nothing else, "
				"or keep a member");
	}
	if (!l->ident->def) {
		def = dt_arena_alloc(dt_idents_arena(ck->idents), sizeof(*def));
		if (!def)
			return dt_nomem(ck, n->loc);
		def->by = xl->u.xl.by;
		def->out = xl->type;
		l->ident->def = def;
		if (dt_settle_target(ck, l, xl->kid[0]->type))
			return -1;
	}
	dt_node_become(r, xl->kid[0]);
	return 0;
}

/* ---- Definitions -------------------------------------------------------------------------- */

static int check_header(struct dt_cook *ck, const struct dt_node *n)
{
	const struct dt_type *out = n->u.xlator.out, *in = n->u.xlator.in;
	struct dt_ident *x = NULL;
	char name[DT_TYPESTR], from[DT_TYPESTR];

	if (!dt_type_is_sou(out))
		return dt_error(ck->diag, D_XLATE_SOU, n->loc, "a translator makes a struct or union, and %s is none%s",
				dt_type_name(out, name, sizeof(name)),
				dt_type_resolve(out)->kind == DT_T_FORWARD ? " that is defined here" : "");
	if (dt_is_void(in) || dt_type_resolve(in)->kind == DT_T_FUNC)
		return dt_error(ck->diag, D_XLATE_SOU, n->loc, "a translator cannot take a value of type %s",
				dt_type_name(in, name, sizeof(name)));
	while ((x = dt_ident_next(ck->idents, DT_I_XLATOR, entry, x)))
		if (same_struct(x->def->out, out) && same_input(x->def->params[0], in))
			return dt_error(ck->diag, D_XLATE_REDECL, n->loc,
					"there is a translator from %s to %s already",
					dt_type_name(in, from, sizeof(from)), dt_type_name(out, name, sizeof(name)));
	return 0;
}

static int keep_members(struct dt_cook *ck, const struct dt_node *n, struct dt_def *def)
{
	struct dt_arena *arena = dt_idents_arena(ck->idents);
	uint32_t room = dt_list_len(n->u.xlator.members);
	char out[DT_TYPESTR];
	uint64_t off;

	def->members = dt_arena_alloc(arena, (room ? room : 1) * sizeof(*def->members));
	if (!def->members)
		return dt_nomem(ck, n->loc);
	for (const struct dt_node *m = n->u.xlator.members; m; m = m->next) {
		struct dt_xmember *xm = &def->members[def->nmembers];

		if (!dt_type_member(dt_type_resolve(def->out), m->name, &off)) {
			dt_error(ck->diag, D_XLATE_MEMB, m->loc, "%s has no member %s",
				 dt_type_name(def->out, out, sizeof(out)), m->name);
			return dt_suggest_member(ck, dt_type_resolve(def->out), m->name);
		}
		if (find_xmember(def, m->name))
			return dt_error(ck->diag, D_XLATE_MEMB, m->loc, "%s is given twice", m->name);
		xm->name = dt_arena_strndup(arena, m->name, strlen(m->name));
		xm->body = dt_tree_keep(ck, m->kid[0]);
		if (!xm->name || !xm->body)
			return dt_nomem(ck, m->loc);
		def->nmembers++;
	}
	return 0;
}

/* Cook each member once, of an argument that might be. */
static int check_members(struct dt_cook *ck, const struct dt_node *n, const struct dt_ident *x)
{
	const struct dt_def *def = x->def;
	struct dt_node *arg = dt_arg_sample(ck, n, def->params[0]), *e;
	uint32_t i = 0;
	uint64_t off;

	if (!arg)
		return -1;
	for (const struct dt_node *m = n->u.xlator.members; m; m = m->next, i++)
		if (expand_member(ck, x, &def->members[i], dt_type_member(dt_type_resolve(def->out), m->name, &off),
				  arg, NULL, &e))
			return -1;
	return 0;
}

int dt_cook_xlator(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_arena *arena = dt_idents_arena(ck->idents);
	struct dt_ident *x;
	struct dt_def *def;

	if (check_header(ck, n))
		return -1;
	def = dt_arena_alloc(arena, sizeof(*def));
	x = dt_ident_add(ck->idents, DT_SCOPE_GLOBAL, DT_I_XLATOR, entry);
	if (!def || !x)
		return dt_nomem(ck, n->loc);
	x->def = def;
	x->type = n->u.xlator.out;
	x->where = n->loc;
	x->attr = DT_ATTR_MAX;
	x->flags = ck->cc->library ? DT_IDF_LIBRARY : 0;
	def->library = ck->cc->library;
	def->out = n->u.xlator.out;
	def->n = 1;
	def->params = dt_arena_alloc(arena, sizeof(*def->params));
	def->names = dt_arena_alloc(arena, sizeof(*def->names));
	if (!def->params || !def->names)
		return dt_nomem(ck, n->loc);
	def->params[0] = n->u.xlator.in;
	def->names[0] = dt_arena_strndup(arena, n->u.xlator.arg, strlen(n->u.xlator.arg));
	if (!def->names[0])
		return dt_nomem(ck, n->loc);
	if (keep_members(ck, n, def))
		return -1;
	return def->library ? 0 : check_members(ck, n, x);
}
