// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The table of identifiers of one consumer.
 *
 * An array in order of entry: the built-ins first (ident_builtin.c), then what
 * libraries and programs define. A hash of the names leads into it, each chain
 * newest first, so that the newest of a name is found and the newest of all is
 * the head of its chain. A compilation that fails truncates the array to where
 * it was (mark, rollback), which also gives back the ids: they are handed out
 * in order, one counter a name space.
 */
#include <stdlib.h>
#include <string.h>

#include "ident_impl.h"

/* The name space of an identifier, as an index of dt_idents.next. */
enum { NS_GLOBAL, NS_SELF, NS_THIS, NS_AGG };

static int scope_ns(enum dt_scope scope)
{
	return scope == DT_SCOPE_SELF ? NS_SELF : scope == DT_SCOPE_THIS ? NS_THIS : NS_GLOBAL;
}

static int ident_ns(const struct dt_ident *id)
{
	return id->kind == DT_I_AGG ? NS_AGG : scope_ns(id->scope);
}

static bool takes_id(const struct dt_ident *id)
{
	return !(id->flags & DT_IDF_BUILTIN) &&
	       (id->kind == DT_I_SCALAR || id->kind == DT_I_ARRAY || id->kind == DT_I_AGG);
}

static void inline_free(struct dt_node *value)
{
	if (value && value->kind == DT_N_STR)
		free((void *)value->u.s.bytes);
	free(value);
}

static void ident_free(struct dt_ident *id)
{
	if (!id)
		return;
	free((void *)id->name);
	free(id->own_keys);
	inline_free(id->own_inl);
	free(id);
}

static struct dt_ident **bucket(struct dt_idents *ids, const char *name)
{
	uint32_t h = 2166136261u;

	while (*name)
		h = (h ^ (unsigned char)*name++) * 16777619u;
	return &ids->buckets[(h ^ h >> 16) % DT_IDENT_BUCKETS];
}

static bool hidden(const struct dt_idents *ids, const struct dt_ident *id)
{
	if (ids->library_only && !(id->flags & (DT_IDF_BUILTIN | DT_IDF_LIBRARY)) && id->scope == DT_SCOPE_GLOBAL)
		return true;
	return ids->version && id->version > ids->version && !ids->library_only;
}

static struct dt_ident *find(struct dt_idents *ids, int ns, const char *name)
{
	for (struct dt_ident *id = *bucket(ids, name); id; id = id->hnext)
		if (ident_ns(id) == ns && !strcmp(id->name, name) && !hidden(ids, id))
			return id;
	return NULL;
}

struct dt_ident *dt_ident_next(struct dt_idents *ids, enum dt_ident_kind kind, const char *name,
			       const struct dt_ident *after)
{
	struct dt_ident *id = after ? after->hnext : *bucket(ids, name);

	while (id && (id->kind != kind || strcmp(id->name, name) || hidden(ids, id)))
		id = id->hnext;
	return id;
}

struct dt_arena *dt_idents_arena(struct dt_idents *ids)
{
	return ids->arena;
}

void dt_idents_set_version(struct dt_idents *ids, uint32_t version)
{
	ids->version = version;
}

bool dt_idents_library_only(struct dt_idents *ids, bool only)
{
	bool before = ids->library_only;

	ids->library_only = only;
	return before;
}

/* Take the newest off its chain and the array. */
static struct dt_ident *take_newest(struct dt_idents *ids)
{
	struct dt_ident *id = ids->v[--ids->n];

	*bucket(ids, id->name) = id->hnext;
	return id;
}

struct dt_ident *dt_ident_enter(struct dt_idents *ids, enum dt_scope scope, enum dt_ident_kind kind,
				const char *name)
{
	struct dt_ident *id, **b = bucket(ids, name);

	if (ids->n == ids->cap) {
		unsigned cap = ids->cap ? ids->cap * 2 : 256;
		struct dt_ident **v = realloc(ids->v, cap * sizeof(*v));

		if (!v)
			return NULL;
		ids->v = v;
		ids->cap = cap;
	}
	id = calloc(1, sizeof(*id));
	if (!id)
		return NULL;
	id->name = strdup(name);
	if (!id->name) {
		free(id);
		return NULL;
	}
	id->kind = kind;
	id->scope = scope;
	id->type = dt_basic(ids->types, DT_B_DYN);
	id->hnext = *b;
	*b = id;
	return ids->v[ids->n++] = id;
}

static struct dt_ident *add(struct dt_idents *ids, enum dt_scope scope, enum dt_ident_kind kind,
			    const char *name)
{
	struct dt_ident *id = dt_ident_enter(ids, scope, kind, name);

	if (!id || !takes_id(id))
		return id;
	if (ids->next[ident_ns(id)] > DIF_VAR_MAX) {
		ident_free(take_newest(ids));
		return NULL;
	}
	id->id = ids->next[ident_ns(id)]++;
	return id;
}

struct dt_idents *dt_idents_create(struct dt_types *ts)
{
	struct dt_idents *ids = calloc(1, sizeof(*ids));

	if (!ids)
		return NULL;
	ids->types = ts;
	ids->arena = dt_arena_create();
	ids->next[NS_GLOBAL] = ids->next[NS_SELF] = ids->next[NS_THIS] = DIF_VAR_USER;
	ids->next[NS_AGG] = 1;
	if (!ids->arena || dt_ident_builtins(ids)) {
		dt_idents_destroy(ids);
		return NULL;
	}
	return ids;
}

void dt_idents_destroy(struct dt_idents *ids)
{
	if (!ids)
		return;
	for (unsigned i = 0; i < ids->n; i++)
		ident_free(ids->v[i]);
	free(ids->v);
	dt_arena_destroy(ids->arena);
	free(ids);
}

struct dt_ident *dt_ident_lookup(struct dt_idents *ids, enum dt_scope scope, const char *name)
{
	return find(ids, scope_ns(scope), name);
}

struct dt_ident *dt_ident_lookup_agg(struct dt_idents *ids, const char *name)
{
	return find(ids, NS_AGG, name);
}

struct dt_ident *dt_ident_add(struct dt_idents *ids, enum dt_scope scope, enum dt_ident_kind kind,
			      const char *name)
{
	return add(ids, scope, kind, name);
}

struct dt_ident *dt_ident_add_agg(struct dt_idents *ids, const char *name)
{
	return add(ids, DT_SCOPE_GLOBAL, DT_I_AGG, name);
}

struct dt_ident *dt_ident_agg_by_id(struct dt_idents *ids, uint32_t id)
{
	for (unsigned i = 0; i < ids->n; i++)
		if (ids->v[i]->kind == DT_I_AGG && ids->v[i]->id == id)
			return ids->v[i];
	return NULL;
}

int dt_ident_set_keys(struct dt_ident *id, const struct dt_type *const *keys, uint32_t n)
{
	const struct dt_type **copy = NULL;

	if (n) {
		copy = malloc(n * sizeof(*copy));
		if (!copy)
			return -1;
		memcpy(copy, keys, n * sizeof(*copy));
	}
	free(id->own_keys);
	id->keys = id->own_keys = copy;
	id->nkeys = n;
	id->keys_known = true;
	return 0;
}

int dt_ident_set_inline(struct dt_ident *id, const struct dt_node *value)
{
	struct dt_node *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return -1;
	copy->kind = value->kind;
	copy->type = value->type;
	copy->u = value->u;
	if (value->kind == DT_N_STR) {
		char *s = malloc(value->u.s.len + 1);

		if (!s) {
			free(copy);
			return -1;
		}
		memcpy(s, value->u.s.bytes, value->u.s.len);
		s[value->u.s.len] = '\0';
		copy->u.s.bytes = s;
	}
	inline_free(id->own_inl);
	id->inl = id->own_inl = copy;
	return 0;
}

unsigned dt_idents_mark(struct dt_idents *ids)
{
	return ids->n;
}

void dt_idents_rollback(struct dt_idents *ids, unsigned mark)
{
	while (ids->n > mark) {
		struct dt_ident *id = take_newest(ids);

		if (takes_id(id))
			ids->next[ident_ns(id)] = id->id;
		ident_free(id);
	}
}

uint64_t dt_idents_block(struct dt_idents *ids)
{
	return ++ids->blocks;
}

/* Edits (insert, delete, replace, swap neighbours) that turn @a into @b; more than @max: max + 1. */
unsigned dt_name_distance(const char *a, const char *b, unsigned max)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned row[3][65], *prev2 = row[0], *prev = row[1], *cur = row[2], *t;

	if (la > 64 || lb > 64 || (la > lb ? la - lb : lb - la) > max)
		return max + 1;
	for (size_t j = 0; j <= lb; j++) {
		prev2[j] = 0;
		prev[j] = (unsigned)j;
	}
	for (size_t i = 1; i <= la; i++) {
		cur[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned d = prev[j - 1] + (a[i - 1] != b[j - 1]);

			if (prev[j] + 1 < d)
				d = prev[j] + 1;
			if (cur[j - 1] + 1 < d)
				d = cur[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    prev2[j - 2] + 1 < d)
				d = prev2[j - 2] + 1;
			cur[j] = d;
		}
		t = prev2;
		prev2 = prev;
		prev = cur;
		cur = t;
	}
	return prev[lb];
}

const char *dt_ident_suggest(struct dt_idents *ids, enum dt_scope scope, const char *name)
{
	size_t len = strlen(name);
	unsigned best = len < 4 ? 1 : 2, d;
	const char *ret = NULL;

	for (unsigned i = 0; i < ids->n; i++) {
		const struct dt_ident *id = ids->v[i];

		if (ident_ns(id) != scope_ns(scope) || (id->flags & DT_IDF_NOSUP) || id->name[0] == '%' ||
		    hidden(ids, id) || !strcmp(id->name, name))
			continue;
		d = dt_name_distance(name, id->name, best);
		if (d <= best && (!ret || d < best) && d < len) {
			best = d;
			ret = id->name;
		}
	}
	return ret;
}
