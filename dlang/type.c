// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The container of types: C's basic ones, the usual typedefs, and whatever is
 * derived from them. Derivations are interned by their parts and, because a
 * tag may be completed or (after a failed compilation) forgotten again, by the
 * layout they got: a stale one is never found.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "type_impl.h"

#define STRING_SIZE	256	/* strsize, unless the option says otherwise */

/* ---- Names ----------------------------------------------------------------------- */

static unsigned int hash_bytes(unsigned int h, const void *p, size_t n)
{
	for (const unsigned char *s = p; n; n--)
		h = (h ^ *s++) * 16777619u;
	return h;
}

static unsigned int hash_name(enum dt_name_space space, const char *name, size_t n)
{
	return hash_bytes(2166136261u ^ space, name, n) % DT_TYPE_BUCKETS;
}

struct dt_type_entry *dt_types_find(struct dt_types *ts, enum dt_name_space space, const char *name,
				    size_t n)
{
	struct dt_type_entry *e = ts->names[hash_name(space, name, n)];

	while (e && (e->space != space || strncmp(e->name, name, n) || e->name[n]))
		e = e->next;
	return e;
}

char *dt_types_strdup(struct dt_types *ts, const char *s)
{
	return dt_arena_strndup(ts->arena, s, strlen(s));
}

int dt_types_log(struct dt_types *ts, struct dt_type_entry *e, struct dt_type *completed)
{
	struct dt_type_undo *u = dt_arena_alloc(ts->arena, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->entry = e;
	u->completed = completed;
	if (completed)
		u->before = *completed;
	u->prev = ts->undo;
	ts->undo = u;
	ts->nundo++;
	return 0;
}

static struct dt_type_entry **bucket_of(struct dt_types *ts, const struct dt_type_entry *e)
{
	return &ts->names[hash_name(e->space, e->name, strlen(e->name))];
}

struct dt_type_entry *dt_types_enter(struct dt_types *ts, enum dt_name_space space, const char *name,
				     struct dt_type *t)
{
	struct dt_type_entry *e = dt_arena_alloc(ts->arena, sizeof(*e)), **bucket;

	if (!e)
		return NULL;
	e->space = space;
	e->type = t;
	e->is_builtin = !ts->ready;
	e->name = dt_types_strdup(ts, name);
	if (!e->name || dt_types_log(ts, e, NULL))
		return NULL;
	bucket = bucket_of(ts, e);
	e->next = *bucket;
	*bucket = e;
	return e;
}

size_t dt_types_mark(struct dt_types *ts)
{
	return ts->nundo;
}

void dt_types_rollback(struct dt_types *ts, size_t mark)
{
	struct dt_type_undo *u;

	for (; ts->nundo > mark; ts->nundo--) {
		u = ts->undo;
		ts->undo = u->prev;
		if (u->completed)
			*u->completed = u->before;
		if (u->entry)	/* entered last, so it is the first of its bucket */
			*bucket_of(ts, u->entry) = u->entry->next;
	}
}

/* ---- Derived types ----------------------------------------------------------------- */

static unsigned int hash_type(const struct dt_type *t)
{
	unsigned int h = 2166136261u;

	h = hash_bytes(h, &t->kind, sizeof(t->kind));
	h = hash_bytes(h, &t->base, sizeof(t->base));
	h = hash_bytes(h, &t->plain, sizeof(t->plain));
	h = hash_bytes(h, &t->quals, sizeof(t->quals));
	h = hash_bytes(h, &t->nelem, sizeof(t->nelem));
	return hash_bytes(h, t->params, t->params ? t->n * sizeof(t->params[0]) : 0) % DT_TYPE_BUCKETS;
}

static bool same_parts(const struct dt_type *a, const struct dt_type *b)
{
	return a->kind == b->kind && a->base == b->base && a->plain == b->plain &&
	       a->quals == b->quals && a->size == b->size && a->align == b->align &&
	       a->nelem == b->nelem && a->varargs == b->varargs && a->members == b->members &&
	       a->enums == b->enums && a->n == b->n && !a->params == !b->params &&
	       (!a->params || !memcmp(a->params, b->params, a->n * sizeof(a->params[0])));
}

/* The one type with these parts. @t is the caller's; its params are copied if it is new. */
static const struct dt_type *intern(struct dt_types *ts, const struct dt_type *t, bool own_params)
{
	struct dt_type_derived **bucket = &ts->derived[hash_type(t)], *d;
	size_t n = t->n * sizeof(t->params[0]);

	for (d = *bucket; d; d = d->next)
		if (same_parts(&d->t, t))
			return &d->t;
	d = dt_arena_alloc(ts->arena, sizeof(*d));
	if (!d)
		return NULL;
	d->t = *t;
	if (own_params) {
		d->t.params = dt_arena_alloc(ts->arena, n ? n : 1);
		if (!d->t.params)
			return NULL;
		if (n)
			memcpy(d->t.params, t->params, n);
	}
	d->next = *bucket;
	*bucket = d;
	return &d->t;
}

static uint16_t deeper(const struct dt_type *t)
{
	return t->depth == UINT16_MAX ? UINT16_MAX : t->depth + 1;
}

static uint16_t deepest(const struct dt_type *t, const struct dt_type **params, uint32_t n)
{
	uint16_t depth = deeper(t);

	for (uint32_t i = 0; i < n; i++)
		if (depth < deeper(params[i]))
			depth = deeper(params[i]);
	return depth;
}

const struct dt_type *dt_type_pointer(struct dt_types *ts, const struct dt_type *to)
{
	struct dt_type t = { .kind = DT_T_POINTER, .base = to, .size = 8, .align = 8, .depth = deeper(to) };

	return intern(ts, &t, false);
}

const struct dt_type *dt_type_array(struct dt_types *ts, const struct dt_type *elem, uint64_t n)
{
	const struct dt_type *e = dt_type_resolve(elem);
	struct dt_type t = {
		.kind = DT_T_ARRAY, .base = elem, .nelem = n, .align = e->align, .depth = deeper(elem),
	};

	if (__builtin_mul_overflow(e->size, n, &t.size))
		return NULL;
	return intern(ts, &t, false);
}

const struct dt_type *dt_type_func(struct dt_types *ts, const struct dt_type *ret,
				   const struct dt_type **params, uint32_t n, bool varargs)
{
	static const struct dt_type *none[1];
	struct dt_type t = {
		.kind = DT_T_FUNC, .base = ret, .params = n ? params : none, .n = n, .varargs = varargs,
		.align = 1, .depth = deepest(ret, params, n),
	};

	return intern(ts, &t, true);
}

const struct dt_type *dt_type_assoc(struct dt_types *ts, const struct dt_type *value,
				    const struct dt_type **keys, uint32_t n)
{
	static const struct dt_type *none[1];
	struct dt_type t = {
		.kind = DT_T_ASSOC, .base = value, .params = n ? keys : none, .n = n,
		.depth = deepest(value, keys, n),
	};

	return intern(ts, &t, true);
}

/*
 * The qualifiers of an array are its elements', those of a typedef's name the
 * type's behind it, so that they survive dt_type_resolve.
 */
const struct dt_type *dt_type_qualified(struct dt_types *ts, const struct dt_type *t, uint8_t quals)
{
	const struct dt_type *base = t->base;
	struct dt_type q;

	quals |= t->quals;
	if (quals == t->quals)
		return t;
	if (t->plain)
		t = t->plain;
	q = *t;
	q.quals = quals;
	q.plain = t;
	if (t->kind == DT_T_TYPEDEF || t->kind == DT_T_ARRAY) {
		base = dt_type_qualified(ts, t->base, quals);
		if (!base)
			return NULL;
		q.base = base;
		q.quals = t->kind == DT_T_ARRAY ? 0 : quals;
		q.plain = t->kind == DT_T_ARRAY ? NULL : t;
	} else if (t->kind == DT_T_FORWARD) {
		q.base = t;	/* completed in place one day */
	}
	return intern(ts, &q, false);
}

/* ---- Typedefs ---------------------------------------------------------------------- */

int dt_type_typedef(struct dt_types *ts, const char *name, const struct dt_type *t)
{
	return dt_type_typedef_aligned(ts, name, t, 0);
}

int dt_type_typedef_aligned(struct dt_types *ts, const char *name, const struct dt_type *t, uint32_t align)
{
	struct dt_type_entry *e = dt_types_find(ts, DT_NS_ORDINARY, name, strlen(name));
	struct dt_type *d;

	/* Headers define dev_t, id_t, ... as they are there: what follows sees that. */
	if (e && (!e->is_builtin || dt_type_same(e->type, t)))
		return !e->is_enumerator && dt_type_same(e->type, t) ? 0 : -EEXIST;
	d = dt_arena_alloc(ts->arena, sizeof(*d));
	if (!d)
		return -ENOMEM;
	*d = (struct dt_type){
		.kind = DT_T_TYPEDEF, .base = t, .size = t->size, .align = align ? align : t->align,
		.aligned = align, .is_signed = t->is_signed, .depth = deeper(t),
	};
	e = dt_types_enter(ts, DT_NS_ORDINARY, name, d);
	if (!e)
		return -ENOMEM;
	d->name = e->name;
	return 0;
}

bool dt_types_is_typedef(struct dt_types *ts, const char *name)
{
	struct dt_type_entry *e = dt_types_find(ts, DT_NS_ORDINARY, name, strlen(name));

	return e && !e->is_enumerator;
}

/* ---- The built-in ones -------------------------------------------------------------- */

static const struct basic_info {
	enum dt_basic b;
	enum dt_type_kind kind;
	const char *name;
	uint8_t size, align;
	bool is_signed, is_char, is_bool;
} basics[] = {
	{ DT_B_VOID,	DT_T_VOID,	"void",			0, 1, false, false, false },
	{ DT_B_CHAR,	DT_T_INT,	"char",			1, 1, true, true, false },
	{ DT_B_SCHAR,	DT_T_INT,	"signed char",		1, 1, true, true, false },
	{ DT_B_UCHAR,	DT_T_INT,	"unsigned char",	1, 1, false, true, false },
	{ DT_B_SHORT,	DT_T_INT,	"short",		2, 2, true, false, false },
	{ DT_B_USHORT,	DT_T_INT,	"unsigned short",	2, 2, false, false, false },
	{ DT_B_INT,	DT_T_INT,	"int",			4, 4, true, false, false },
	{ DT_B_UINT,	DT_T_INT,	"unsigned int",		4, 4, false, false, false },
	{ DT_B_LONG,	DT_T_INT,	"long",			8, 8, true, false, false },
	{ DT_B_ULONG,	DT_T_INT,	"unsigned long",	8, 8, false, false, false },
	{ DT_B_LLONG,	DT_T_INT,	"long long",		8, 8, true, false, false },
	{ DT_B_ULLONG,	DT_T_INT,	"unsigned long long",	8, 8, false, false, false },
	{ DT_B_BOOL,	DT_T_INT,	"_Bool",		1, 1, false, false, true },
	{ DT_B_FLOAT,	DT_T_FLOAT,	"float",		4, 4, true, false, false },
	{ DT_B_DOUBLE,	DT_T_FLOAT,	"double",		8, 8, true, false, false },
	{ DT_B_LDOUBLE,	DT_T_FLOAT,	"long double",		16, 16, true, false, false },
	{ DT_B_STRING,	DT_T_STRING,	"string",		0, 1, false, false, false },
	{ DT_B_DYN,	DT_T_DYN,	"<unknown>",		0, 1, false, false, false },
};

/* Of <stdint.h> and <sys/types.h> here, and the family's own. */
static const struct typedef_info {
	const char *name;
	enum dt_basic b;
} typedefs[] = {
	{ "int8_t", DT_B_SCHAR }, { "int16_t", DT_B_SHORT }, { "int32_t", DT_B_INT },
	{ "int64_t", DT_B_LONG }, { "uint8_t", DT_B_UCHAR }, { "uint16_t", DT_B_USHORT },
	{ "uint32_t", DT_B_UINT }, { "uint64_t", DT_B_ULONG }, { "intptr_t", DT_B_LONG },
	{ "uintptr_t", DT_B_ULONG }, { "intmax_t", DT_B_LONG }, { "uintmax_t", DT_B_ULONG },
	{ "size_t", DT_B_ULONG }, { "ssize_t", DT_B_LONG }, { "ptrdiff_t", DT_B_LONG },
	{ "wchar_t", DT_B_INT }, { "off_t", DT_B_LONG }, { "off64_t", DT_B_LONG },
	{ "loff_t", DT_B_LONG }, { "pid_t", DT_B_INT }, { "uid_t", DT_B_UINT },
	{ "gid_t", DT_B_UINT }, { "id_t", DT_B_UINT }, { "dev_t", DT_B_ULONG },
	{ "ino_t", DT_B_ULONG }, { "ino64_t", DT_B_ULONG }, { "mode_t", DT_B_UINT },
	{ "nlink_t", DT_B_ULONG }, { "blksize_t", DT_B_LONG }, { "blkcnt_t", DT_B_LONG },
	{ "time_t", DT_B_LONG }, { "clock_t", DT_B_LONG }, { "suseconds_t", DT_B_LONG },
	{ "useconds_t", DT_B_UINT }, { "clockid_t", DT_B_INT }, { "key_t", DT_B_INT },
	{ "socklen_t", DT_B_UINT }, { "pthread_t", DT_B_ULONG }, { "u_char", DT_B_UCHAR },
	{ "u_short", DT_B_USHORT }, { "u_int", DT_B_UINT }, { "u_long", DT_B_ULONG },
	{ "quad_t", DT_B_LONG }, { "u_quad_t", DT_B_ULONG }, { "uchar", DT_B_UCHAR },
	{ "ushort", DT_B_USHORT }, { "uint", DT_B_UINT }, { "ulong", DT_B_ULONG },
	{ "uchar_t", DT_B_UCHAR }, { "ushort_t", DT_B_USHORT }, { "uint_t", DT_B_UINT },
	{ "ulong_t", DT_B_ULONG }, { "longlong_t", DT_B_LLONG },
	{ "u_longlong_t", DT_B_ULLONG }, { "hrtime_t", DT_B_LLONG }, { "offset_t", DT_B_LLONG },
	{ "lwpid_t", DT_B_INT }, { "processorid_t", DT_B_INT }, { "psetid_t", DT_B_INT },
	{ "zoneid_t", DT_B_INT }, { "projid_t", DT_B_INT }, { "taskid_t", DT_B_INT },
	{ "ipaddr_t", DT_B_UINT },
	{ "poolid_t", DT_B_INT }, { "ctid_t", DT_B_INT }, { "chipid_t", DT_B_INT },
	{ "lgrp_id_t", DT_B_INT }, { "u_offset_t", DT_B_ULLONG }, { "diskaddr_t", DT_B_ULLONG },
	{ "daddr_t", DT_B_LONG }, { "pgcnt_t", DT_B_ULONG }, { "index_t", DT_B_SHORT },
	{ "u_int8_t", DT_B_UCHAR }, { "u_int16_t", DT_B_USHORT }, { "u_int32_t", DT_B_UINT },
	{ "u_int64_t", DT_B_ULONG }, { "register_t", DT_B_LONG }, { "wint_t", DT_B_UINT },
	{ "major_t", DT_B_UINT }, { "minor_t", DT_B_UINT }, { "bool", DT_B_BOOL },
};

static int create_basics(struct dt_types *ts)
{
	struct dt_type *t;

	for (size_t i = 0; i < sizeof(basics) / sizeof(basics[0]); i++) {
		const struct basic_info *b = &basics[i];

		t = dt_arena_alloc(ts->arena, sizeof(*t));
		if (!t)
			return -ENOMEM;
		*t = (struct dt_type){
			.kind = b->kind, .name = b->name, .size = b->size, .align = b->align,
			.is_signed = b->is_signed, .is_char = b->is_char, .is_bool = b->is_bool,
		};
		if (b->kind == DT_T_STRING)
			t->size = STRING_SIZE;
		ts->basic[b->b] = t;
	}
	return 0;
}

static int create_typedefs(struct dt_types *ts)
{
	static const struct dt_enumerator booleans[] = { { "B_FALSE", 0 }, { "B_TRUE", 1 } };
	static const struct typedef_info quick[] = {
		{ "int64_t", DT_B_INT64 }, { "uint64_t", DT_B_UINT64 }, { "int32_t", DT_B_INT32 },
		{ "uint32_t", DT_B_UINT32 }, { "uintptr_t", DT_B_UINTPTR }, { "size_t", DT_B_SIZE },
	};
	const struct dt_type *caddr = dt_type_pointer(ts, ts->basic[DT_B_CHAR]);
	struct dt_type *boolean = dt_type_tag(ts, DT_T_ENUM, NULL);

	for (size_t i = 0; i < sizeof(typedefs) / sizeof(typedefs[0]); i++)
		if (dt_type_typedef(ts, typedefs[i].name, ts->basic[typedefs[i].b]))
			return -ENOMEM;
	for (size_t i = 0; i < sizeof(quick) / sizeof(quick[0]); i++)
		ts->basic[quick[i].b] = dt_types_find(ts, DT_NS_ORDINARY, quick[i].name,
						      strlen(quick[i].name))->type;
	if (!caddr || !boolean || dt_type_define_enums(ts, boolean, booleans, 2, false) ||
	    dt_type_typedef(ts, "boolean_t", boolean) || dt_type_typedef(ts, "caddr_t", caddr))
		return -ENOMEM;
	return 0;
}

struct dt_types *dt_types_create(void)
{
	struct dt_types *ts = calloc(1, sizeof(*ts));

	if (!ts)
		return NULL;
	ts->arena = dt_arena_create();
	if (!ts->arena || create_basics(ts) || create_typedefs(ts)) {
		dt_types_destroy(ts);
		return NULL;
	}
	ts->ready = true;
	return ts;
}

void dt_types_destroy(struct dt_types *ts)
{
	if (!ts)
		return;
	dt_arena_destroy(ts->arena);
	free(ts);
}

const struct dt_type *dt_basic(struct dt_types *ts, enum dt_basic b)
{
	return ts->basic[b];
}

/* ---- Questions ---------------------------------------------------------------------- */

const struct dt_type *dt_type_resolve(const struct dt_type *t)
{
	for (;;) {
		if (t && (t->kind == DT_T_TYPEDEF || (t->kind == DT_T_FORWARD && t->base)))
			t = t->base;
		else if (!t || t->kind != DT_T_FORWARD || !t->foreign || !dt_type_fetch(t))
			return t;
	}
}

static bool same_params(const struct dt_type *a, const struct dt_type *b)
{
	if (a->n != b->n || a->varargs != b->varargs)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (!dt_type_same(a->params[i], b->params[i]))
			return false;
	return true;
}

static const struct dt_type *strip(const struct dt_type *t)
{
	t = dt_type_resolve(t);
	return t && t->plain ? dt_type_resolve(t->plain) : t;
}

/*
 * Qualifiers do not count, nor does the name of an integer: long and long long
 * are one to D, which knows representations only.
 */
bool dt_type_same(const struct dt_type *a, const struct dt_type *b)
{
	for (;;) {
		a = strip(a);
		b = strip(b);
		if (a == b || !a || !b)
			return a == b;
		if (dt_type_same_tag(a, b))
			return true;
		if (a->kind != b->kind)
			return false;
		switch (a->kind) {
		case DT_T_INT:
			return a->size == b->size && a->is_signed == b->is_signed &&
			       a->is_bool == b->is_bool &&
			       a->is_char == b->is_char;
		case DT_T_FLOAT:
			return a->size == b->size;
		case DT_T_VOID: case DT_T_STRING: case DT_T_DYN:
			return true;
		case DT_T_ARRAY:
			if (a->nelem && b->nelem && a->nelem != b->nelem)
				return false;
			break;
		case DT_T_FUNC: case DT_T_ASSOC:
			if (!same_params(a, b))
				return false;
			break;
		case DT_T_POINTER:
			break;
		default:	/* tags: each its own */
			return false;
		}
		a = a->base;
		b = b->base;
	}
}

bool dt_type_is_integer(const struct dt_type *t)
{
	t = dt_type_resolve(t);
	return t && (t->kind == DT_T_INT || t->kind == DT_T_ENUM);
}

bool dt_type_is_scalar(const struct dt_type *t)
{
	t = dt_type_resolve(t);
	return t && (t->kind == DT_T_POINTER || dt_type_is_integer(t));
}

bool dt_type_is_string(const struct dt_type *t)
{
	t = dt_type_resolve(t);
	return t && t->kind == DT_T_STRING;
}

bool dt_type_is_strlike(const struct dt_type *t)
{
	const struct dt_type *base;

	t = dt_type_resolve(t);
	if (!t || (t->kind != DT_T_POINTER && t->kind != DT_T_ARRAY))
		return t && t->kind == DT_T_STRING;
	base = dt_type_resolve(t->base);
	return base && base->kind == DT_T_INT && base->is_char;
}

bool dt_type_is_sou(const struct dt_type *t)
{
	t = dt_type_resolve(t);
	return t && (t->kind == DT_T_STRUCT || t->kind == DT_T_UNION);
}

bool dt_type_is_byref(const struct dt_type *t)
{
	t = dt_type_resolve(t);
	return t && (t->kind == DT_T_STRING || t->kind == DT_T_STRUCT || t->kind == DT_T_UNION ||
		     t->kind == DT_T_ARRAY || t->kind == DT_T_FLOAT);
}
