// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Declarations: specifiers and declarators to types, names to types and
 * identifiers (K&R A8; Guide, "Variables", "Type and Constant Definitions").
 *
 * A declarator is kept as a list read from the name outwards: "*a[3]" is an
 * array of three (first), of pointers (second) to what the specifiers say.
 * dt_declare() and its like turn the list around and build the type.
 */
#include <errno.h>
#include <string.h>

#include "cook.h"
#include "names.h"
#include "parse.h"

#define ARRAY_LIMIT	((uint64_t)1 << 48)	/* bytes: x86-64 has no more address space */
#define PARAMS_LIMIT	1024

/* ---- Specifiers ---------------------------------------------------------------------- */

struct dt_spec *dt_spec_new(struct dt_parser *ps, struct dt_loc loc)
{
	struct dt_spec *s = dt_palloc(ps, sizeof(*s));

	if (s)
		s->loc = loc;
	return s;
}

int dt_spec_class(struct dt_parser *ps, struct dt_spec *s, enum dt_storage cls, struct dt_loc loc)
{
	if (s->cls)
		return DT_ERROR(ps, D_DECL_CLASS, loc, "a declaration can have one storage class only");
	s->cls = cls;
	s->cls_loc = loc;
	return 0;
}

/* Classes that only C knows. */
static int check_class(struct dt_parser *ps, const struct dt_spec *s)
{
	static const char *const c_only[] = {
		[DT_SC_AUTO] = "auto", [DT_SC_REGISTER] = "register", [DT_SC_STATIC] = "static",
	};

	if (s->cls < DT_SC_AUTO)
		return 0;
	DT_ERROR(ps, D_DECL_BADCLASS, s->cls_loc, "storage class %s means nothing in D", c_only[s->cls]);
	return dt_hint(ps->diag, "variables are global; self and this make them thread- and clause-local");
}

static int combination(struct dt_parser *ps, struct dt_loc loc)
{
	return DT_ERROR(ps, D_DECL_COMBO, loc, "these types cannot be combined");
}

/* "unsigned struct s", "long size_t": which of the words it is that fits no such type. */
static int attributed(struct dt_parser *ps, unsigned int words, struct dt_loc loc)
{
	if (words & (DT_W_SIGNED | DT_W_UNSIGNED))
		return DT_ERROR(ps, D_DECL_SIGNINT, loc, "signed and unsigned are for integers only");
	if (words & (DT_W_SHORT | DT_W_LONG | DT_W_LLONG))
		return DT_ERROR(ps, D_DECL_LONGINT, loc, "short and long are for integers only");
	return combination(ps, loc);
}

int dt_spec_word(struct dt_parser *ps, struct dt_spec *s, enum dt_word word, struct dt_loc loc)
{
	if (s->type)
		return attributed(ps, word, loc);
	if (word == DT_W_LONG && s->words & (DT_W_LONG | DT_W_LLONG)) {
		if (s->words & DT_W_LLONG)
			return DT_ERROR(ps, D_DECL_COMBO, loc,
					"an integer cannot be longer than long long");
		s->words = (s->words & ~DT_W_LONG) | DT_W_LLONG;
		return 0;
	}
	if (s->words & word)
		return combination(ps, loc);
	s->words |= word;
	return 0;
}

int dt_spec_type(struct dt_parser *ps, struct dt_spec *s, const struct dt_type *t, struct dt_loc loc)
{
	if (s->type || s->words)
		return s->type ? combination(ps, loc) : attributed(ps, s->words, loc);
	s->type = t;
	return 0;
}

int dt_spec_typedef(struct dt_parser *ps, struct dt_spec *s, const char *name, struct dt_loc loc)
{
	const struct dt_type *t = dt_types_lookup(ps->types, dt_own_name(name) ? dt_own_name(name) : name);

	if (!t)
		t = dt_foreign_type(ps, DT_T_TYPEDEF, name, loc);
	return t ? dt_spec_type(ps, s, t, loc) : -1;
}

void dt_spec_quals(struct dt_spec *s, uint8_t quals)
{
	s->quals |= quals;
}

/* Words that make no basic type: say which of the rules they break. */
static const struct dt_type *bad_words(struct dt_parser *ps, const struct dt_spec *s)
{
	unsigned int sizes = s->words & (DT_W_SHORT | DT_W_LONG | DT_W_LLONG);
	unsigned int signs = s->words & (DT_W_SIGNED | DT_W_UNSIGNED);

	if (!s->words)
		DT_ERROR(ps, D_SYNTAX, s->loc, "this declaration names no type");
	else if (signs == (DT_W_SIGNED | DT_W_UNSIGNED))
		DT_ERROR(ps, D_DECL_COMBO, s->loc, "an integer is either signed or unsigned");
	else if (s->words & DT_W_SHORT && sizes != DT_W_SHORT)
		DT_ERROR(ps, D_UNKNOWN, s->loc, "an integer is either short or long");
	else if (s->words & DT_W_VOID && (sizes || signs))
		DT_ERROR(ps, D_DECL_VOIDATTR, s->loc, "void has neither size nor sign");
	else if (s->words & DT_W_CHAR && sizes)
		DT_ERROR(ps, D_DECL_CHARATTR, s->loc, "char is neither short nor long");
	else if (signs && s->words & (DT_W_FLOAT | DT_W_DOUBLE | DT_W_BOOL | DT_W_STRING))
		DT_ERROR(ps, D_DECL_SIGNINT, s->loc, "signed and unsigned are for integers only");
	else if (sizes && s->words & (DT_W_FLOAT | DT_W_DOUBLE | DT_W_BOOL | DT_W_STRING))
		DT_ERROR(ps, D_DECL_LONGINT, s->loc, "short and long are for integers only");
	else
		combination(ps, s->loc);
	return NULL;
}

const struct dt_type *dt_check_memory(struct dt_parser *ps, const struct dt_type *t)
{
	if (!t)
		dt_no_memory(ps);
	return t;
}

static const struct dt_type *spec_base(struct dt_parser *ps, const struct dt_spec *s)
{
	const struct dt_type *t = s->type;

	if (!t) {
		/* As in C once: "extern x" is an int. */
		enum dt_basic b = s->cls && !s->words ? DT_B_INT : dt_words_basic(s->words);

		if (b == DT_B_MAX)
			return bad_words(ps, s);
		t = dt_basic(ps->types, b);
	}
	return s->quals ? dt_check_memory(ps, dt_type_qualified(ps->types, t, s->quals)) : t;
}

/* ---- Declarators ----------------------------------------------------------------------- */

static struct dt_declr *declr_new(struct dt_parser *ps, enum dt_declr_kind kind, struct dt_loc loc)
{
	struct dt_declr *d = dt_palloc(ps, sizeof(*d));

	if (!d)
		return NULL;
	d->kind = kind;
	d->loc = loc;
	d->last = d;
	d->n = 1;
	return d;
}

struct dt_declr *dt_declr_new(struct dt_parser *ps, const char *name, struct dt_loc loc)
{
	struct dt_declr *d;

	if (strchr(name, '`')) {
		DT_ERROR(ps, D_DECL_SCOPE, loc, "%s names a symbol of another program: it cannot be declared here",
			 name);
		return NULL;
	}
	d = declr_new(ps, DT_DECLR_NAME, loc);
	if (d)
		d->name = name;
	return d;
}

struct dt_declr *dt_declr_star(struct dt_parser *ps, uint8_t quals, struct dt_loc loc)
{
	struct dt_declr *d = declr_new(ps, DT_DECLR_POINTER, loc);

	if (d)
		d->quals = quals;
	return d;
}

struct dt_declr *dt_declr_array(struct dt_parser *ps, struct dt_node *dim, struct dt_loc loc)
{
	struct dt_declr *d = declr_new(ps, DT_DECLR_ARRAY, loc);
	int64_t n = 0;

	if (!d || !dim)
		return d;
	if (dt_const_int(ps, dim, D_DECL_ARRSUB, "the size of an array", &n) < 0)
		return NULL;
	if (n < 0 || (!n && !dt_is_included(ps, dim->loc))) {
		DT_ERROR(ps, D_DECL_ARRSUB, dim->loc, "the size of an array must be positive");
		return NULL;
	}
	d->nelem = n;
	return d;
}

struct dt_declr *dt_declr_assoc(struct dt_parser *ps, struct dt_params *keys, struct dt_loc loc)
{
	struct dt_declr *d = declr_new(ps, DT_DECLR_ASSOC, loc);

	if (d)
		d->params = keys;
	return d;
}

struct dt_declr *dt_declr_func(struct dt_parser *ps, struct dt_params *params, struct dt_loc loc)
{
	struct dt_declr *d = declr_new(ps, DT_DECLR_FUNC, loc);

	if (d)
		d->params = params;
	return d;
}

struct dt_declr *dt_declr_join(struct dt_parser *ps, struct dt_declr *inner, struct dt_declr *outer)
{
	if (inner->n + outer->n > DT_TYPE_MAXDEPTH) {
		DT_ERROR(ps, D_SYNTAX, outer->loc, "this declaration is nested more than %d deep",
			 DT_TYPE_MAXDEPTH);
		return NULL;
	}
	inner->last->next = outer;
	inner->last = outer->last;
	inner->n += outer->n;
	return inner;
}

/* ---- Parameters ------------------------------------------------------------------------- */

const char *dt_declr_name(const struct dt_declr *d)
{
	return d && d->kind == DT_DECLR_NAME ? d->name : NULL;
}

static bool is_kind(const struct dt_type *t, enum dt_type_kind kind)
{
	return dt_type_resolve(t)->kind == kind;
}

struct dt_params *dt_param(struct dt_parser *ps, struct dt_spec *s, struct dt_declr *d,
			   struct dt_loc loc)
{
	struct dt_params *l = dt_palloc(ps, sizeof(*l));
	struct dt_param *p = dt_palloc(ps, sizeof(*p));
	const struct dt_type *t;

	if (!l || !p)
		return NULL;
	if (s->cls && s->cls != DT_SC_REGISTER) {
		DT_ERROR(ps, D_DECL_PARMCLASS, s->cls_loc, "a parameter has no storage class");
		return NULL;
	}
	t = dt_declr_type(ps, s, d);
	if (t && is_kind(t, DT_T_ASSOC)) {
		DT_ERROR(ps, D_DECL_PROTO_TYPE, loc, "an associative array cannot be a parameter");
		return NULL;
	}
	if (t && is_kind(t, DT_T_ARRAY))	/* as in C, they are pointers */
		t = dt_check_memory(ps, dt_type_pointer(ps->types, dt_type_resolve(t)->base));
	else if (t && is_kind(t, DT_T_FUNC))
		t = dt_check_memory(ps, dt_type_pointer(ps->types, t));
	if (!t)
		return NULL;
	*p = (struct dt_param){ .name = dt_declr_name(d), .type = t, .loc = loc };
	*l = (struct dt_params){ .head = p, .tail = p, .n = 1 };
	return l;
}

struct dt_params *dt_params_any(struct dt_parser *ps)
{
	struct dt_params *l = dt_palloc(ps, sizeof(*l));

	if (l)
		l->varargs = true;
	return l;
}

struct dt_params *dt_params_join(struct dt_params *a, struct dt_params *b)
{
	a->tail->next = b->head;
	a->tail = b->tail;
	a->n += b->n;
	return a;
}

/* Checks a list; "(void)" comes out as none. Types and, if wanted, names. */
static int read_params(struct dt_parser *ps, struct dt_params *l, const struct dt_type ***types,
		       const char ***names, uint32_t *n)
{
	struct dt_param *p = l ? l->head : NULL;
	uint32_t i = 0;

	*n = 0;
	if (p && l->n == 1 && !p->name && is_kind(p->type, DT_T_VOID) && !l->varargs)
		p = NULL;
	*types = dt_palloc(ps, (p ? l->n : 1) * sizeof(**types));
	if (names)
		*names = dt_palloc(ps, (p ? l->n : 1) * sizeof(**names));
	if (!*types || (names && !*names))
		return -1;
	if (p && l->n > PARAMS_LIMIT)
		return DT_ERROR(ps, D_SYNTAX, p->loc, "this list has more than %d parameters",
				PARAMS_LIMIT);
	for (; p; p = p->next, i++) {
		if (is_kind(p->type, DT_T_VOID))
			return DT_ERROR(ps, l->n == 1 && p->name ? D_DECL_PROTO_NAME : D_DECL_PROTO_VOID, p->loc,
					"void must be the only parameter, without a name");
		(*types)[i] = p->type;
		if (names)
			(*names)[i] = p->name;
	}
	*n = i;
	return 0;
}

const struct dt_type *dt_params_func(struct dt_parser *ps, struct dt_params *l, const char ***names)
{
	const struct dt_type **types;
	uint32_t n;

	if (read_params(ps, l, &types, names, &n) < 0)
		return NULL;
	return dt_check_memory(ps, dt_type_func(ps->types, dt_basic(ps->types, DT_B_VOID), types, n,
						l && l->varargs));
}

/* ---- Types -------------------------------------------------------------------------------- */

static bool is_incomplete(struct dt_parser *ps, const struct dt_type *t)
{
	return is_kind(t, DT_T_FORWARD) &&
	       (dt_sou_pending(ps, t) || dt_type_complete(ps->types, t)->kind == DT_T_FORWARD);
}

/* What cannot be an element, a member or a variable. "what" is one of these. */
int dt_check_object(struct dt_parser *ps, const struct dt_type *t, struct dt_loc loc, const char *what)
{
	char buf[128];

	if (is_kind(t, DT_T_VOID))
		return DT_ERROR(ps, D_DECL_VOIDOBJ, loc, "%s cannot be void", what);
	if (is_kind(t, DT_T_FUNC))
		return DT_ERROR(ps, D_DECL_FUNCTYPE, loc, "%s cannot be a function", what);
	if (is_incomplete(ps, t))
		return DT_ERROR(ps, D_DECL_INCOMPLETE, loc, "%s has incomplete type %s", what,
				dt_type_name(t, buf, sizeof(buf)));
	return 0;
}

static const struct dt_type *array_of(struct dt_parser *ps, const struct dt_declr *d,
				      const struct dt_type *t)
{
	const struct dt_type *elem = dt_type_resolve(t);
	uint64_t size;

	if (dt_check_object(ps, t, d->loc, "an array's element") < 0)
		return NULL;
	if (elem->kind == DT_T_ARRAY && !elem->nelem) {
		DT_ERROR(ps, D_DECL_ARRNULL, d->loc,
			 "only the first dimension of an array may be left out");
		return NULL;
	}
	if (__builtin_mul_overflow(elem->size, d->nelem, &size) || size > ARRAY_LIMIT || d->nelem > UINT32_MAX) {
		DT_ERROR(ps, D_DECL_ARRBIG, d->loc, "this array is too large");
		return NULL;
	}
	return dt_check_memory(ps, dt_type_array(ps->types, t, d->nelem));
}

static const struct dt_type *assoc_of(struct dt_parser *ps, const struct dt_declr *d,
				      const struct dt_type *t)
{
	const struct dt_type **keys;
	uint32_t n;

	if (dt_check_object(ps, t, d->loc, "an associative array's value") < 0 ||
	    read_params(ps, d->params, &keys, NULL, &n) < 0)
		return NULL;
	if (d->params->varargs) {
		DT_ERROR(ps, D_DECL_PROTO_VARARGS, d->loc,
			 "the keys of an associative array cannot vary in number");
		return NULL;
	}
	if (!n) {
		DT_ERROR(ps, D_DECL_PROTO_TYPE, d->loc,
			 "the key of an associative array cannot be void");
		return NULL;
	}
	for (uint32_t i = 0; i < n; i++)
		if (dt_check_object(ps, keys[i], d->loc, "an associative array's key") < 0)
			return NULL;
	return dt_check_memory(ps, dt_type_assoc(ps->types, t, keys, n));
}

static const struct dt_type *func_of(struct dt_parser *ps, const struct dt_declr *d,
				     const struct dt_type *t)
{
	const struct dt_type **params;
	uint32_t n;

	if (is_kind(t, DT_T_FUNC) || is_kind(t, DT_T_ARRAY)) {
		DT_ERROR(ps, D_DECL_FUNCRET, d->loc, "a function cannot return an array or a function");
		return NULL;
	}
	if (read_params(ps, d->params, &params, NULL, &n) < 0)
		return NULL;
	return dt_check_memory(ps, dt_type_func(ps->types, t, params, n,
						d->params && d->params->varargs));
}

static const struct dt_type *pointer_to(struct dt_parser *ps, const struct dt_declr *d,
					const struct dt_type *t)
{
	t = dt_check_memory(ps, dt_type_pointer(ps->types, t));
	if (t && d->quals)
		t = dt_check_memory(ps, dt_type_qualified(ps->types, t, d->quals));
	return t;
}

/* What @d says is of type @t, becomes ... */
static const struct dt_type *derive(struct dt_parser *ps, const struct dt_declr *d,
				    const struct dt_type *t)
{
	if (is_kind(t, DT_T_ASSOC)) {
		DT_ERROR(ps, D_DECL_ARRTYPE, d->loc,
			 "an associative array can only be a variable by itself");
		return NULL;
	}
	switch (d->kind) {
	case DT_DECLR_POINTER:	return pointer_to(ps, d, t);
	case DT_DECLR_ARRAY:	return array_of(ps, d, t);
	case DT_DECLR_ASSOC:	return assoc_of(ps, d, t);
	case DT_DECLR_FUNC:	return func_of(ps, d, t);
	default:		return t;
	}
}

const struct dt_type *dt_declr_type(struct dt_parser *ps, struct dt_spec *s, struct dt_declr *d)
{
	const struct dt_declr *all[DT_TYPE_MAXDEPTH];
	const struct dt_type *t = spec_base(ps, s);
	unsigned int n = 0;

	for (; d; d = d->next)
		if (d->kind != DT_DECLR_NAME)
			all[n++] = d;
	while (t && n)
		t = derive(ps, all[--n], t);
	if (t && t->depth > DT_TYPE_MAXDEPTH) {
		DT_ERROR(ps, D_SYNTAX, s->loc, "this type is nested more than %d deep",
			 DT_TYPE_MAXDEPTH);
		return NULL;
	}
	return t;
}

const struct dt_type *dt_type_name_of(struct dt_parser *ps, struct dt_spec *s, struct dt_declr *d)
{
	const struct dt_type *t = dt_declr_type(ps, s, d);

	if (!t)
		return NULL;
	if (s->cls) {
		DT_ERROR(ps, D_DECL_BADCLASS, s->cls_loc, "a type's name has no storage class");
		return NULL;
	}
	if (is_kind(t, DT_T_ASSOC)) {
		DT_ERROR(ps, D_DECL_ARRTYPE, d->loc, "an associative array is not a type of values");
		return NULL;
	}
	return t;
}

/* ---- Variables ------------------------------------------------------------------------------ */

static int redeclared(struct dt_parser *ps, const struct dt_declr *d, const char *as)
{
	return DT_ERROR(ps, D_DECL_IDRED, d->loc, "%s is %s already", d->name, as);
}

static bool same_keys(const struct dt_ident *id, const struct dt_type *t)
{
	if (id->nkeys != t->n)
		return false;
	for (uint32_t i = 0; i < t->n; i++)
		if (!dt_type_same(id->keys[i], t->params[i]))
			return false;
	return true;
}

/* Declared before, or used: it must have been as the same. */
static int check_known(struct dt_parser *ps, const struct dt_declr *d, const struct dt_ident *id,
		       const struct dt_type *t)
{
	bool assoc = t->kind == DT_T_ASSOC;
	const struct dt_type *value = assoc ? t->base : t;
	char buf[128];

	if (id->flags & DT_IDF_BUILTIN || (id->kind != DT_I_SCALAR && id->kind != DT_I_ARRAY)) {
		redeclared(ps, d, "known to D");
		return dt_hint(ps->diag, "choose another name");
	}
	if ((id->kind == DT_I_ARRAY) != assoc)
		return redeclared(ps, d, assoc ? "a variable, no array," : "an associative array");
	if (id->type && !is_kind(id->type, DT_T_DYN) && !dt_type_same(id->type, value)) {
		redeclared(ps, d, "declared or used with another type");
		return dt_hint(ps->diag, "it is of type %s", dt_type_name(id->type, buf, sizeof(buf)));
	}
	if (assoc && id->keys_known && !same_keys(id, t))
		return redeclared(ps, d, "declared or used with other keys");
	return 0;
}

static int enter(struct dt_parser *ps, const struct dt_declr *d, enum dt_scope scope,
		 const struct dt_type *t)
{
	const struct dt_type *r = dt_type_resolve(t);
	bool assoc = r->kind == DT_T_ASSOC;
	struct dt_ident *id = dt_ident_lookup(ps->p->idents, scope, d->name);

	if (scope == DT_SCOPE_GLOBAL && dt_types_enumerator(ps->types, d->name, NULL, NULL))
		return redeclared(ps, d, "an enumerator");
	if (id && check_known(ps, d, id, assoc ? r : t) < 0)
		return -1;
	if (!id)
		id = dt_ident_add(ps->p->idents, scope, assoc ? DT_I_ARRAY : DT_I_SCALAR, d->name);
	if (!id)
		return dt_no_memory(ps);
	id->type = assoc ? r->base : t;
	if (assoc && dt_ident_set_keys(id, r->params, r->n))
		return dt_no_memory(ps);
	id->flags |= DT_IDF_DECLARED;
	id->where = d->loc;
	return 0;
}

static int enter_typedef(struct dt_parser *ps, const struct dt_declr *d, const struct dt_type *t, uint32_t align)
{
	int r;

	if (is_kind(t, DT_T_ASSOC))
		return DT_ERROR(ps, D_DECL_ARRTYPE, d->loc,
				"an associative array cannot have a type's name");
	r = dt_type_typedef_aligned(ps->types, d->name, t, align);
	if (r == -EEXIST)
		return DT_ERROR(ps, D_DECL_TYPERED, d->loc,
				"%s is the name of another type or enumerator already", d->name);
	return r ? dt_no_memory(ps) : 0;
}

static int enter_variable(struct dt_parser *ps, struct dt_spec *s, const struct dt_declr *d,
			  const struct dt_type *t)
{
	const struct dt_type *r = dt_type_resolve(t);
	enum dt_scope scope = s->cls == DT_SC_SELF ? DT_SCOPE_SELF :
			      s->cls == DT_SC_THIS ? DT_SCOPE_THIS : DT_SCOPE_GLOBAL;

	/* Prototypes and objects of C's: there is nothing to enter, but headers have them. */
	if ((r->kind == DT_T_FUNC && scope == DT_SCOPE_GLOBAL) || s->cls == DT_SC_EXTERN)
		return 0;
	if (dt_check_object(ps, t, d->loc, "a variable") < 0)
		return -1;
	if (r->kind == DT_T_ARRAY && !r->nelem) {
		DT_ERROR(ps, D_DECL_ARRNULL, d->loc,
			 "array %s needs a size, or the types of its keys", d->name);
		return dt_hint(ps->diag, "int a[5] is an array of C, int a[string] an associative one");
	}
	if (r->kind == DT_T_ASSOC && scope == DT_SCOPE_THIS)
		return DT_ERROR(ps, D_DECL_LOCASSC, d->loc,
				"associative array %s cannot be clause-local", d->name);
	return enter(ps, d, scope, t);
}

struct dt_node *dt_declare(struct dt_parser *ps, struct dt_spec *s, struct dt_declr *d)
{
	const struct dt_type *t;
	struct dt_layout layout;
	struct dt_node *n;

	if (!s)
		s = ps->spec;
	ps->spec = s;
	if (check_class(ps, s) < 0)
		return NULL;
	t = dt_declr_type(ps, s, d);
	t = t ? dt_attr_type(ps, s, d, t, &layout) : NULL;
	if (!t || (s->cls == DT_SC_TYPEDEF ? enter_typedef(ps, d, t, layout.align) : enter_variable(ps, s, d, t)) < 0)
		return NULL;
	n = dt_node_name(ps, DT_N_DECL, d->loc, d->name);
	if (!n)
		return NULL;
	n->u.decl.type = t;
	n->u.decl.cls = s->cls;
	return n;
}

/* "struct foo { ... };" and "enum { ... };", without a variable. */
struct dt_node *dt_declare_tag(struct dt_parser *ps, struct dt_spec *s)
{
	const struct dt_type *t = spec_base(ps, s);
	struct dt_node *n;

	if (!t || check_class(ps, s) < 0)
		return NULL;
	if (s->cls || !s->type || s->type->kind == DT_T_TYPEDEF) {
		DT_ERROR(ps, D_DECL_USELESS, s->loc, "this declaration declares nothing");
		dt_hint(ps->diag, "a name is missing before the semicolon");
		return NULL;
	}
	n = dt_node_new(ps, DT_N_DECL, s->loc);
	if (n)
		n->u.decl.type = t;
	return n;
}

/* ---- Inlines ---------------------------------------------------------------------------------- */

static int inline_params(struct dt_parser *ps, struct dt_node *n, const struct dt_declr *d,
			 const struct dt_type *t)
{
	const struct dt_declr *assoc = d->next;	/* outermost, or derive() had refused it */

	if (t->kind != DT_T_ASSOC) {
		n->u.inl.type = t;
		return 0;
	}
	n->u.inl.type = t->base;
	if (read_params(ps, assoc->params, &n->u.inl.params, &n->u.inl.names, &n->u.inl.n) < 0)
		return -1;
	for (uint32_t i = 0; i < n->u.inl.n; i++) {
		if (!n->u.inl.names[i])
			return DT_ERROR(ps, D_DECL_PARMNAME, d->loc,
					"parameter %u of inline %s has no name", i + 1, d->name);
		for (uint32_t j = 0; j < i; j++)
			if (!strcmp(n->u.inl.names[i], n->u.inl.names[j]))
				return DT_ERROR(ps, D_DECL_IDRED, d->loc,
						"inline %s has two parameters %s",
						d->name, n->u.inl.names[i]);
	}
	return 0;
}

/* One that is constant is known at once: sizes of arrays may name it. */
static void set_constant(struct dt_parser *ps, const struct dt_node *n)
{
	struct dt_node value = { .kind = DT_N_INT, .type = n->u.inl.type };
	struct dt_diag quiet = { 0 }, *diag = ps->diag;
	int64_t v;

	if (n->u.inl.n || !dt_type_is_integer(n->u.inl.type))
		return;
	ps->diag = &quiet;
	if (!dt_const_int(ps, n->u.inl.expr, D_SYNTAX, "", &v)) {
		value.u.i.val = dt_type_resolve(value.type)->is_bool ? v != 0 : dt_normalise((uint64_t)v, value.type);
		dt_ident_set_inline(n->u.inl.id, &value);
	}
	ps->diag = diag;
}

struct dt_node *dt_inline(struct dt_parser *ps, struct dt_loc loc, struct dt_spec *s,
			  struct dt_declr *d, struct dt_node *expr)
{
	const struct dt_type *t = dt_declr_type(ps, s, d);
	const struct dt_ident *known;
	struct dt_node *n;

	if (!t)
		return NULL;
	if (s->cls) {
		DT_ERROR(ps, D_DECL_BADCLASS, s->cls_loc, "an inline has no storage class");
		return NULL;
	}
	if (dt_check_object(ps, t, d->loc, "an inline") < 0)
		return NULL;
	known = dt_ident_lookup(ps->p->idents, DT_SCOPE_GLOBAL, d->name);
	if ((known && !(known->flags & DT_IDF_LIBRARY)) || dt_types_enumerator(ps->types, d->name, NULL, NULL)) {
		redeclared(ps, d, "declared");
		return NULL;
	}
	n = dt_node_name(ps, DT_N_INLINE, loc, d->name);
	if (!n || inline_params(ps, n, d, t) < 0)
		return NULL;
	n->u.inl.expr = expr;
	n->u.inl.id = dt_ident_add(ps->p->idents, DT_SCOPE_GLOBAL, DT_I_INLINE, d->name);
	if (!n->u.inl.id) {
		dt_no_memory(ps);
		return NULL;
	}
	n->u.inl.id->type = n->u.inl.type;
	n->u.inl.id->flags |= DT_IDF_DECLARED;
	n->u.inl.id->where = d->loc;
	set_constant(ps, n);
	return n;
}
