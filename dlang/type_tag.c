// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Structures, unions and enumerations: their tags, their layout by the System V
 * ABI for x86-64 (section 3.1.2, bit-fields included), and the way back from a
 * member's name to its place.
 */
#include <errno.h>
#include <string.h>

#include "names.h"
#include "type_impl.h"

#define SIZE_LIMIT	((uint64_t)1 << 56)	/* bytes: offsets in bits stay in 64 bits */

enum dt_name_space dt_tag_space(enum dt_type_kind kind)
{
	return kind == DT_T_STRUCT ? DT_NS_STRUCT : kind == DT_T_UNION ? DT_NS_UNION : DT_NS_ENUM;
}

struct dt_type *dt_type_tag(struct dt_types *ts, enum dt_type_kind kind, const char *tag)
{
	enum dt_name_space space = dt_tag_space(kind);
	struct dt_type_entry *e = tag ? dt_types_find(ts, space, tag, strlen(tag)) : NULL;
	struct dt_type *t;

	if (e)
		return e->type;
	if (tag)
		return dt_type_shadow(ts, kind, tag);
	t = dt_arena_alloc(ts->arena, sizeof(*t));
	if (t)
		*t = (struct dt_type){ .kind = DT_T_FORWARD, .tag_kind = kind, .align = 1 };
	return t;
}

struct dt_type *dt_type_shadow(struct dt_types *ts, enum dt_type_kind kind, const char *tag)
{
	struct dt_type *t = dt_arena_alloc(ts->arena, sizeof(*t));
	struct dt_type_entry *e;

	if (!t)
		return NULL;
	*t = (struct dt_type){ .kind = DT_T_FORWARD, .tag_kind = kind, .align = 1 };
	e = dt_types_enter(ts, dt_tag_space(kind), tag, t);
	if (!e)
		return NULL;
	t->name = e->name;
	return t;
}

/* ---- Layout ------------------------------------------------------------------------- */

struct layout {
	bool is_union;
	const struct dt_layout *how;
	uint64_t bit;		/* next free; in a union, always 0 */
	uint64_t bits;		/* the longest so far */
	uint32_t align;		/* bytes */
	bool aligned;		/* some of it was asked for */
};

static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

/* The type that says what @t is aligned to: the nearest that an attribute aligns, or what it is all made of. */
static const struct dt_type *aligner(const struct dt_type *t)
{
	while (!t->aligned && t->base &&
	       (t->kind == DT_T_TYPEDEF || t->kind == DT_T_ARRAY || t->kind == DT_T_FORWARD))
		t = t->base;
	return t;
}

uint32_t dt_type_align(const struct dt_type *t)
{
	return aligner(t)->align;
}

/*
 * What @m is aligned to, in bytes. As gcc does: "packed" makes it one byte unless the
 * member itself is aligned, and #pragma pack limits whatever else was asked for.
 */
static uint32_t member_align(const struct layout *l, const struct dt_member *m)
{
	uint32_t align = l->how->packed || m->packed ? 1 : dt_type_align(m->type);

	if (align < m->align)
		align = m->align;
	return l->how->pack && l->how->pack < align ? l->how->pack : align;
}

/* Sets @m's place. A bit-field lies within one unit of its declared type, unless it is packed. */
static int place(struct layout *l, struct dt_member *m)
{
	const struct dt_type *t = dt_type_resolve(m->type);
	bool is_field = m->bits || (!m->name && t->kind != DT_T_STRUCT && t->kind != DT_T_UNION);
	bool dense = l->how->packed || l->how->pack || m->packed;
	uint64_t unit = dt_type_align(m->type) * 8ull, width = is_field ? m->bits : t->size * 8;
	uint32_t align = member_align(l, m);

	if (!unit || t->size > SIZE_LIMIT / 8 || m->bits > t->size * 8)
		return -EINVAL;
	if (!is_field || m->align)
		l->bit = round_up(l->bit, align * 8ull);
	if (is_field && (!m->bits || (!dense && l->bit / unit != (l->bit + width - 1) / unit)))
		l->bit = round_up(l->bit, unit);
	if (is_field && l->how->pack && align < l->how->pack)	/* "packed" or not */
		align = unit / 8 < l->how->pack ? (uint32_t)(unit / 8) : l->how->pack;
	m->bitoff = l->bit;
	if (l->bit + width > SIZE_LIMIT)
		return -EINVAL;
	if (l->bits < l->bit + width)
		l->bits = l->bit + width;
	l->bit = l->is_union ? 0 : l->bit + width;
	l->aligned |= m->align || aligner(m->type)->aligned;
	/* gcc and the ABI: a bit-field without a name does not align the whole. */
	if ((m->name || !is_field) && l->align < align)
		l->align = align;
	return 0;
}

static bool is_anonymous(const struct dt_member *m)
{
	const struct dt_type *t = dt_type_resolve(m->type);

	return !m->name && (t->kind == DT_T_STRUCT || t->kind == DT_T_UNION);
}

/* How deep structures hold structures by value: what passes over values recurse into. */
uint16_t dt_type_value_depth(const struct dt_type *t)
{
	for (t = dt_type_resolve(t); t->kind == DT_T_ARRAY; )
		t = dt_type_resolve(t->base);
	return t->kind == DT_T_STRUCT || t->kind == DT_T_UNION ? t->depth : 0;
}

int dt_type_define_members(struct dt_types *ts, struct dt_type *t, enum dt_type_kind kind,
			   const struct dt_member *m, uint32_t n, const struct dt_layout *how)
{
	static const struct dt_layout plain;
	struct layout l = { .is_union = kind == DT_T_UNION, .how = how ? how : &plain, .align = 1 };
	struct dt_member *out, next;
	uint16_t depth = 0;
	uint32_t kept = 0;

	if (t->kind != DT_T_FORWARD)
		return -EEXIST;
	if (kind != t->tag_kind)
		return -EINVAL;
	out = dt_arena_alloc(ts->arena, (n + 1) * sizeof(*out));
	if (!out)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		next = m[i];
		if (place(&l, &next) < 0)
			return -EINVAL;
		if (!next.name && !is_anonymous(&next))
			continue;
		if (next.name && !(next.name = dt_types_strdup(ts, next.name)))
			return -ENOMEM;
		if (depth < dt_type_value_depth(next.type))
			depth = dt_type_value_depth(next.type);
		out[kept++] = next;
	}
	if (dt_types_log(ts, NULL, t))
		return -ENOMEM;
	if (l.align < l.how->align)
		l.align = l.how->align;
	t->kind = kind;
	t->members = out;
	t->n = kept;
	t->align = l.align;
	t->aligned = l.aligned || l.how->align;
	t->depth = depth + 1;
	t->size = round_up(l.bits, l.align * 8ull) / 8;
	return 0;
}

/* The least size, at least @least, that holds a value between @min and @max. */
static uint32_t enum_size(uint32_t least, int64_t min, uint64_t max)
{
	uint32_t size = least;

	while (size < 8 && (max >> (8 * size - (min < 0)) || min < -(1ll << (8 * size - 1))))
		size *= 2;
	return size;
}

/* As gcc does: unsigned, unless a value is negative. */
int dt_type_define_enums(struct dt_types *ts, struct dt_type *t, const struct dt_enumerator *e,
			 uint32_t n, bool packed)
{
	int64_t min = 0;
	uint64_t max = 0;
	struct dt_enumerator *out;
	struct dt_type_entry *entry;
	bool is_signed = false;

	if (t->kind != DT_T_FORWARD)
		return -EEXIST;
	if (t->tag_kind != DT_T_ENUM)
		return -EINVAL;
	out = dt_arena_alloc(ts->arena, (n + 1) * sizeof(*out));
	if (!out)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		if (dt_types_find(ts, DT_NS_ORDINARY, e[i].name, strlen(e[i].name)))
			return -EEXIST;
	for (uint32_t i = 0; i < n; i++) {
		entry = dt_types_enter(ts, DT_NS_ORDINARY, e[i].name, t);
		if (!entry)
			return -ENOMEM;
		entry->is_enumerator = true;
		entry->value = e[i].value;
		out[i] = (struct dt_enumerator){ entry->name, e[i].value };
		is_signed |= e[i].value < 0 && !e[i].is_huge;
		if (e[i].value < min && !e[i].is_huge)
			min = e[i].value;
		if ((uint64_t)e[i].value > max && (e[i].value > 0 || e[i].is_huge))
			max = (uint64_t)e[i].value;
	}
	if (dt_types_log(ts, NULL, t))
		return -ENOMEM;
	t->kind = DT_T_ENUM;
	t->enums = out;
	t->n = n;
	t->size = t->align = enum_size(packed ? 1 : 4, min, max);
	t->is_signed = is_signed;
	return 0;
}

/* ---- Looking up ---------------------------------------------------------------------- */

const struct dt_member *dt_type_member(const struct dt_type *t, const char *name, uint64_t *bitoff)
{
	const struct dt_member *m, *inner;
	uint64_t off;

	t = dt_type_resolve(t);
	if (!t || (t->kind != DT_T_STRUCT && t->kind != DT_T_UNION))
		return NULL;
	for (m = t->members; m < t->members + t->n; m++) {
		if (m->name && !strcmp(m->name, name)) {
			if (bitoff)
				*bitoff = m->bitoff;
			return m;
		}
		inner = m->name ? NULL : dt_type_member(m->type, name, &off);
		if (!inner)
			continue;
		if (bitoff)
			*bitoff = m->bitoff + off;
		return inner;
	}
	return NULL;
}

bool dt_types_enumerator(struct dt_types *ts, const char *name, int64_t *value,
			 const struct dt_type **type)
{
	struct dt_type_entry *e = dt_types_find(ts, DT_NS_ORDINARY, name, strlen(name));

	if (!e || !e->is_enumerator)
		return false;
	if (value)
		*value = e->value;
	if (type)
		*type = e->type;
	return true;
}
