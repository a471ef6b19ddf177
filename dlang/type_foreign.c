// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Types that others define: kernels and programs (see names.h).
 *
 * They stand beside D's own, in no name space of D's: a program may define a
 * struct task_struct of its own, and ext4's struct and that of process 7 may
 * have one name. A tag that D mentions without defining it is a FORWARD of
 * D's; when its definition is needed and a foreign one found, ->base leads
 * there. That is undone with the compilation; the foreign types stay, for they
 * are true for the next one too.
 */
#include <errno.h>
#include <string.h>

#include "names.h"
#include "type_impl.h"

void dt_types_set_names(struct dt_types *ts, struct dt_names *names)
{
	ts->others = names;
}

struct dt_names *dt_types_names(struct dt_types *ts)
{
	return ts->others;
}

bool dt_name_split(const char *name, size_t *objlen, const char **rest)
{
	const char *tick = strrchr(name, '`');

	if (!tick)
		return false;
	*objlen = (size_t)(tick - name);
	*rest = tick + 1;
	return true;
}

/* ---- Definitions on demand ------------------------------------------------------------ */

bool dt_type_fetch(const struct dt_type *t)
{
	struct dt_type *w = (struct dt_type *)t;	/* complete types are constant; this one is not yet */
	struct dt_names *names = t->ts->others;
	const void *foreign = t->foreign;
	bool done;

	if (!names || t->ts->fetching > DT_TYPE_MAXDEPTH)
		return false;
	w->foreign = NULL;	/* a structure that holds itself ends here */
	t->ts->fetching++;
	done = names->complete(names->ctx, w, foreign);
	t->ts->fetching--;
	return done && (t->kind != DT_T_FORWARD || t->base);
}

const struct dt_type *dt_type_complete(struct dt_types *ts, const struct dt_type *t)
{
	const struct dt_type *r = dt_type_resolve(t), *def;
	struct dt_type *w = (struct dt_type *)r;

	if (!r || r->kind != DT_T_FORWARD || !r->name || r->ts || !ts->others)
		return r;
	def = ts->others->type(ts->others->ctx, "", r->tag_kind, r->name);
	if (!def || dt_types_log(ts, NULL, w))
		return r;
	w->base = def;
	return dt_type_resolve(def);
}

/* A tag that is not defined, and one of its name: nobody knows that they differ. */
bool dt_type_same_tag(const struct dt_type *a, const struct dt_type *b)
{
	return (a->kind == DT_T_FORWARD || b->kind == DT_T_FORWARD) && a->tag_kind == b->tag_kind &&
	       (a->tag_kind == DT_T_STRUCT || a->tag_kind == DT_T_UNION || a->tag_kind == DT_T_ENUM) &&
	       a->name && b->name && !strcmp(a->name, b->name);
}

void *dt_types_alloc(struct dt_types *ts, size_t n)
{
	return dt_arena_alloc(ts->arena, n);
}

/* ---- Construction ------------------------------------------------------------------------ */

struct dt_type *dt_type_foreign(struct dt_types *ts, enum dt_type_kind kind, const char *tag, const void *foreign)
{
	struct dt_type *t = dt_arena_alloc(ts->arena, sizeof(*t));

	if (!t)
		return NULL;
	*t = (struct dt_type){
		.kind = DT_T_FORWARD, .tag_kind = kind, .align = 1, .foreign = foreign, .ts = ts,
	};
	if (tag && !(t->name = dt_types_strdup(ts, tag)))
		return NULL;
	return t;
}

int dt_type_define_foreign(struct dt_types *ts, struct dt_type *t, uint64_t size, const struct dt_member *m,
			   uint32_t n)
{
	struct dt_member *out = dt_arena_alloc(ts->arena, (n + 1) * sizeof(*out));
	uint32_t kept = 0, align = 1;
	uint16_t depth = 0;

	if (t->kind != DT_T_FORWARD)
		return -EEXIST;
	if (!out)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		const struct dt_type *r = dt_type_resolve(m[i].type);

		if (!m[i].name && !dt_type_is_sou(r))
			continue;
		out[kept] = m[i];
		if (m[i].name && !(out[kept].name = dt_types_strdup(ts, m[i].name)))
			return -ENOMEM;
		if (align < r->align)
			align = r->align;
		if (depth < dt_type_value_depth(r))
			depth = dt_type_value_depth(r);
		kept++;
	}
	t->kind = t->tag_kind;
	t->members = out;
	t->n = kept;
	t->size = size;
	t->align = align;
	t->depth = depth + 1;
	return 0;
}

int dt_type_define_foreign_enum(struct dt_types *ts, struct dt_type *t, uint64_t size, bool is_signed,
				const struct dt_enumerator *e, uint32_t n)
{
	struct dt_enumerator *out = dt_arena_alloc(ts->arena, (n + 1) * sizeof(*out));

	if (t->kind != DT_T_FORWARD)
		return -EEXIST;
	if (!out)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		out[i] = e[i];
		out[i].name = dt_types_strdup(ts, e[i].name);
		if (!out[i].name)
			return -ENOMEM;
	}
	t->kind = DT_T_ENUM;
	t->enums = out;
	t->n = n;
	t->size = size;
	t->align = (uint32_t)size;
	t->is_signed = is_signed;
	return 0;
}

const struct dt_type *dt_type_foreign_typedef(struct dt_types *ts, const char *name, const struct dt_type *base)
{
	struct dt_type *t = dt_arena_alloc(ts->arena, sizeof(*t));

	if (!t)
		return NULL;
	*t = (struct dt_type){
		.kind = DT_T_TYPEDEF, .base = base, .size = base->size, .align = base->align,
		.is_signed = base->is_signed, .depth = base->depth + (base->depth < UINT16_MAX),
	};
	t->name = dt_types_strdup(ts, name);
	return t->name ? t : NULL;
}

const struct dt_type *dt_type_foreign_int(struct dt_types *ts, const char *name, const struct dt_type *like)
{
	struct dt_type *t = dt_arena_alloc(ts->arena, sizeof(*t));

	if (!t)
		return NULL;
	*t = *like;
	t->name = dt_types_strdup(ts, name);
	return t->name ? t : NULL;
}
