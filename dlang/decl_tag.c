// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Structures, unions and enumerations as the parser reads them. Definitions
 * nest, so each keeps the one around it.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "names.h"
#include "parse.h"

#define MEMBERS_LIMIT	8192	/* of a structure or an enumeration */
#define TAGS_NESTED	64

/* ---- Tags ------------------------------------------------------------------------------------- */

const struct dt_type *dt_tag_ref(struct dt_parser *ps, enum dt_type_kind kind, const char *tag,
				 struct dt_loc loc)
{
	if (dt_own_name(tag))
		tag = dt_own_name(tag);
	if (strchr(tag, '`') && dt_types_names(ps->types))
		return dt_foreign_type(ps, kind, tag, loc);
	return dt_check_memory(ps, dt_type_tag(ps->types, kind, tag));
}

/* A tag that can be defined here. One that was only the kernel's until now becomes the program's. */
static struct dt_type *new_tag(struct dt_parser *ps, enum dt_type_kind kind, const char *tag,
			       struct dt_loc loc)
{
	struct dt_type *t;
	char buf[128];

	if (tag && strchr(tag, '`')) {
		DT_ERROR(ps, D_SYNTAX, loc, "%s names a type of another program: it cannot be defined here", tag);
		return NULL;
	}
	t = dt_type_tag(ps->types, kind, tag);
	if (t && t->kind == DT_T_FORWARD && t->base)
		t = dt_type_shadow(ps->types, kind, tag);
	if (!t) {
		dt_no_memory(ps);
	} else if (t->kind != DT_T_FORWARD) {
		DT_ERROR(ps, D_DECL_TYPERED, loc, "%s is defined already",
			 dt_type_name(t, buf, sizeof(buf)));
		return NULL;
	}
	return t;
}

/* The next entry of an array that doubles when full; NULL: no memory. */
static void *grow(struct dt_parser *ps, void *array, uint32_t n, uint32_t *cap, size_t size)
{
	void *p = array;

	if (n < *cap)
		return array;
	*cap = *cap ? *cap * 2 : 8;
	p = dt_palloc(ps, *cap * size);
	if (p && n)
		memcpy(p, array, n * size);
	return p;
}

/* ---- Structures and unions -------------------------------------------------------------------- */

struct dt_sou {
	struct dt_sou *outer;
	struct dt_type *type;
	enum dt_type_kind kind;
	struct dt_loc loc;
	struct dt_spec *spec;		/* of the member being read */
	struct dt_member *m;		/* [cap], n used */
	uint32_t n, cap;
	struct dt_layout layout;
	unsigned int nesting;
};

bool dt_sou_pending(const struct dt_parser *ps, const struct dt_type *t)
{
	for (t = dt_type_resolve(t); t->kind == DT_T_ARRAY;)
		t = dt_type_resolve(t->base);
	for (const struct dt_sou *s = ps->sous; s; s = s->outer)
		if (t == s->type || t->plain == s->type)
			return true;
	return false;
}

int dt_sou_begin(struct dt_parser *ps, enum dt_type_kind kind, const char *tag, struct dt_layout layout,
		 struct dt_loc loc)
{
	struct dt_sou *sou = dt_palloc(ps, sizeof(*sou));

	if (!sou)
		return -1;
	sou->nesting = ps->sous ? ps->sous->nesting + 1 : 1;
	if (sou->nesting > TAGS_NESTED)
		return DT_ERROR(ps, D_SYNTAX, loc, "structures are nested more than %d deep",
				TAGS_NESTED);
	sou->kind = kind;
	sou->loc = loc;
	sou->layout = layout;
	sou->layout.pack = ps->pack[ps->npack];
	sou->type = new_tag(ps, kind, tag, loc);
	if (!sou->type)
		return -1;
	sou->outer = ps->sous;
	ps->sous = sou;
	return 0;
}

static int bit_field(struct dt_parser *ps, struct dt_member *m, struct dt_node *width)
{
	const struct dt_type *t = dt_type_resolve(m->type);
	uint64_t most = t->is_bool ? 1 : t->size * 8;
	int64_t bits;

	if (!dt_type_is_integer(t) || !t->size)
		return DT_ERROR(ps, D_DECL_BFTYPE, width->loc,
				"a bit-field must be of an integer type");
	if (dt_const_int(ps, width, D_DECL_BFCONST, "the width of a bit-field", &bits) < 0)
		return -1;
	if (bits < 0 || (uint64_t)bits > most || (!bits && m->name))
		return DT_ERROR(ps, bits > 0 ? D_DECL_BFSIZE : D_DECL_BFCONST, width->loc,
				"the width of this bit-field must be between %d and %d",
				m->name ? 1 : 0, (int)most);
	m->bits = bits;
	return 0;
}

static int check_member(struct dt_parser *ps, const struct dt_sou *sou, const struct dt_member *m,
			struct dt_loc loc)
{
	const struct dt_type *last = sou->n ? dt_type_resolve(sou->m[sou->n - 1].type) : NULL;

	if (dt_check_object(ps, m->type, loc, "a member") < 0)
		return -1;
	if (dt_type_resolve(m->type)->kind == DT_T_ASSOC)
		return DT_ERROR(ps, D_DECL_ARRTYPE, loc, "an associative array cannot be a member");
	if (last && last->kind == DT_T_ARRAY && !last->nelem && sou->kind == DT_T_STRUCT && !dt_is_included(ps, loc))
		return DT_ERROR(ps, D_DECL_ARRNULL, loc,
				"only the last member can be an array without size");
	if (sou->n >= MEMBERS_LIMIT)
		return DT_ERROR(ps, D_SYNTAX, loc, "this structure has more than %d members",
				MEMBERS_LIMIT);
	for (uint32_t i = 0; m->name && i < sou->n; i++)
		if (sou->m[i].name && !strcmp(sou->m[i].name, m->name))
			return DT_ERROR(ps, D_UNKNOWN, loc, "there are two members %s", m->name);
	return 0;
}

int dt_sou_member(struct dt_parser *ps, struct dt_spec *s, struct dt_declr *d, struct dt_node *width)
{
	struct dt_sou *sou = ps->sous;
	struct dt_member m = { .name = dt_declr_name(d) };
	struct dt_layout layout;
	struct dt_loc loc;

	if (s)
		sou->spec = s;
	s = sou->spec;
	loc = d ? d->loc : s->loc;
	if (s->cls)
		return DT_ERROR(ps, D_DECL_BADCLASS, s->cls_loc, "a member has no storage class");
	m.type = dt_declr_type(ps, s, d);
	if (!m.type)
		return -1;
	m.type = dt_attr_type(ps, s, d, m.type, &layout);
	if (!m.type)
		return -1;
	m.packed = layout.packed;
	m.align = layout.align;
	if (!d && !width &&
	    (!s->type || (s->type->kind != DT_T_STRUCT && s->type->kind != DT_T_UNION) ||
	     s->type->name))
		return DT_ERROR(ps, D_DECL_USELESS, loc, "this member has no name");
	if (check_member(ps, sou, &m, loc) < 0 || (width && bit_field(ps, &m, width) < 0))
		return -1;
	sou->m = grow(ps, sou->m, sou->n, &sou->cap, sizeof(*sou->m));
	if (!sou->m)
		return -1;
	sou->m[sou->n++] = m;
	return 0;
}

/* As GNU's C has it, a structure without members. */
int dt_sou_empty(struct dt_parser *ps, struct dt_loc loc)
{
	if (ps->sous->n || dt_is_included(ps, loc))
		return 0;
	return DT_ERROR(ps, D_SYNTAX, loc, "syntax error near \"}\": a structure needs a member");
}

const struct dt_type *dt_sou_end(struct dt_parser *ps, struct dt_layout layout)
{
	struct dt_sou *sou = ps->sous;
	int r;

	layout = dt_layout_join(sou->layout, layout);
	r = dt_type_define_members(ps->types, sou->type, sou->kind, sou->m, sou->n, &layout);

	ps->sous = sou->outer;
	if (!r && sou->type->depth <= DT_TYPE_MAXDEPTH)
		return sou->type;
	if (!r)
		DT_ERROR(ps, D_SYNTAX, sou->loc, "structures are nested more than %d deep",
			 DT_TYPE_MAXDEPTH);
	else if (r == -ENOMEM)
		dt_no_memory(ps);
	else if (r == -EEXIST)
		DT_ERROR(ps, D_DECL_TYPERED, sou->loc, "this structure is defined within itself");
	else
		DT_ERROR(ps, D_DECL_INCOMPLETE, sou->loc, "this structure is too large");
	return NULL;
}

/* ---- Enumerations ------------------------------------------------------------------------------ */

struct dt_enum {
	struct dt_enum *outer;
	struct dt_type *type;
	struct dt_loc loc;
	struct dt_enumerator *e;	/* [cap], n used */
	uint32_t n, cap;
	int64_t next;			/* value of one that says none */
	bool packed;
	bool negative, large;		/* some do not fit into unsigned, some not into signed */
};

int dt_enum_begin(struct dt_parser *ps, const char *tag, struct dt_layout layout, struct dt_loc loc)
{
	struct dt_enum *e = dt_palloc(ps, sizeof(*e));

	if (!e)
		return -1;
	e->loc = loc;
	e->packed = layout.packed;
	e->type = new_tag(ps, DT_T_ENUM, tag, loc);
	if (!e->type)
		return -1;
	e->outer = ps->enums;
	ps->enums = e;
	return 0;
}

bool dt_enum_pending(struct dt_parser *ps, const char *name, int64_t *value)
{
	for (struct dt_enum *e = ps->enums; e; e = e->outer)
		for (uint32_t i = 0; i < e->n; i++)
			if (!strcmp(e->e[i].name, name)) {
				*value = e->e[i].value;
				return true;
			}
	return false;
}

/* One more than the last value (NULL), or a decimal number without u: enumerators that compilers of C warn of. */
static bool is_signed_constant(const struct dt_node *n)
{
	return !n || (n->kind == DT_N_INT && n->u.i.is_decimal && !n->u.i.is_unsigned);
}

/* Headers of C define what the D libraries define, too. */
static bool is_same_constant(const struct dt_ident *id, int64_t v)
{
	return id->inl && id->inl->kind == DT_N_INT && (int64_t)id->inl->u.i.val == v;
}

int dt_enum_value(struct dt_parser *ps, const char *name, struct dt_loc loc, struct dt_node *value)
{
	struct dt_enum *e = ps->enums;
	int64_t v = e->next, pending;
	struct dt_ident *id;
	bool too_large, huge = false;

	if (strchr(name, '`'))
		return DT_ERROR(ps, D_SYNTAX, loc, "%s cannot be the name of an enumerator", name);
	id = dt_ident_lookup(ps->p->idents, DT_SCOPE_GLOBAL, name);
	if (dt_types_enumerator(ps->types, name, NULL, NULL) || dt_types_is_typedef(ps->types, name) ||
	    dt_enum_pending(ps, name, &pending) || (id && id->kind != DT_I_INLINE))
		return DT_ERROR(ps, D_DECL_IDRED, loc, "%s is declared already", name);
	if (value && dt_const_bits(ps, value, D_DECL_ENCONST, "an enumerator", &v, &huge) < 0)
		return -1;
	if (id && !is_same_constant(id, v))
		return DT_ERROR(ps, D_DECL_IDRED, loc, "%s is declared already, with another value", name);
	if (huge && !dt_is_included(ps, loc))
		return DT_ERROR(ps, D_DECL_ENCONST, value->loc,
				"an enumerator does not fit into a signed 64-bit integer");
	too_large = v > INT_MAX && !e->large && is_signed_constant(value);
	e->negative |= v < 0 && !huge;
	e->large |= v > INT_MAX || huge;
	if ((too_large || v < INT_MIN || v > UINT_MAX || (e->negative && e->large)) && !dt_is_included(ps, loc))
		return DT_ERROR(ps, D_DECL_ENOFLOW, loc,
				"the value of enumerator %s does not fit into 32 bits", name);
	if (e->n >= MEMBERS_LIMIT)
		return DT_ERROR(ps, D_SYNTAX, loc, "this enumeration has more than %d members",
				MEMBERS_LIMIT);
	e->e = grow(ps, e->e, e->n, &e->cap, sizeof(*e->e));
	if (!e->e)
		return -1;
	e->e[e->n++] = (struct dt_enumerator){ name, v, huge };
	e->next = (int64_t)((uint64_t)v + 1);
	return 0;
}

const struct dt_type *dt_enum_end(struct dt_parser *ps, struct dt_layout layout)
{
	struct dt_enum *e = ps->enums;
	int r = dt_type_define_enums(ps->types, e->type, e->e, e->n, e->packed || layout.packed);

	ps->enums = e->outer;
	if (!r)
		return e->type;
	if (r == -ENOMEM)
		dt_no_memory(ps);
	else
		DT_ERROR(ps, D_DECL_TYPERED, e->loc, "this enumeration is defined within itself");
	return NULL;
}
