/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values in structured output. Numbers are numbers, at their full width;
 * pointers are strings "0x..."; enumerators go by name; structures are objects,
 * the members of anonymous ones among their own.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "oformat.h"

struct place {
	const struct dt_type *type, *t;
	const char *data;	/* all of the record */
	size_t size;
	uint64_t bitoff;
	uint32_t bits;
	bool whole;		/* it is the record */
};

static void put_typed(struct dt_writer *w, const char *name, const struct place *at);

static const char *bytes_at(const struct place *at)
{
	return at->data + at->bitoff / 8;
}

static int64_t integer(const struct place *at)
{
	uint64_t v;

	if (!at->bits)
		return dt_load_int(bytes_at(at), at->t->size, at->t->is_signed || at->t->kind == DT_T_ENUM);
	v = dt_load_bits(at->data, at->bitoff, at->bits);
	if (at->t->is_signed && at->bits < 64 && v >> (at->bits - 1) & 1)
		v |= ~0ull << at->bits;
	return (int64_t)v;
}

static void put_int(struct dt_writer *w, const char *name, const struct place *at)
{
	int64_t v = integer(at);

	if (at->t->is_bool)
		dt_w_bool(w, name, v);
	else if (at->t->is_signed)
		dt_w_int(w, name, v);
	else
		dt_w_uint(w, name, (uint64_t)v);
}

static void put_enum(struct dt_writer *w, const char *name, const struct place *at)
{
	const char *text = dt_enum_name(at->t, integer(at));

	if (text)
		dt_w_text(w, name, text);
	else
		dt_w_int(w, name, integer(at));
}

static void put_float(struct dt_writer *w, const char *name, const struct place *at)
{
	long double ld;
	double d = 0;
	float f;

	switch (at->t->size) {
	case sizeof(f):
		memcpy(&f, bytes_at(at), sizeof(f));
		d = f;
		break;
	case sizeof(d):
		memcpy(&d, bytes_at(at), sizeof(d));
		break;
	case sizeof(ld):
		memcpy(&ld, bytes_at(at), sizeof(ld));
		d = (double)ld;
	}
	dt_w_double(w, name, d);
}

/* char[]: text if it is terminated and nothing follows, as trace() takes it. */
static bool is_text(const struct dt_type *t, const char *s)
{
	const struct dt_type *e = dt_type_resolve(t->base);
	uint64_t i;

	if (e->kind != DT_T_INT || e->size != 1 || !e->is_char || !t->nelem)
		return false;
	i = strnlen(s, t->nelem);
	while (i < t->nelem && !s[i])
		i++;
	return i == t->nelem;
}

static void put_array(struct dt_writer *w, const char *name, const struct place *at)
{
	uint64_t step = dt_type_resolve(at->t->base)->size * 8;

	if (is_text(at->t, bytes_at(at))) {
		dt_w_string(w, name, bytes_at(at), strnlen(bytes_at(at), at->t->nelem));
		return;
	}
	dt_w_list(w, name);
	for (uint64_t i = 0; i < at->t->nelem; i++)
		put_typed(w, NULL, &(struct place){ .type = at->t->base, .data = at->data, .size = at->size,
						    .bitoff = at->bitoff + i * step });
	dt_w_end(w);
}

static void put_members(struct dt_writer *w, const struct place *at)
{
	for (uint32_t i = 0; i < at->t->n; i++) {
		const struct dt_member *m = &at->t->members[i];
		struct place in = { .type = m->type, .t = dt_type_resolve(m->type), .data = at->data, .size = at->size,
				    .bitoff = at->bitoff + m->bitoff, .bits = m->bits };

		if (m->name)
			put_typed(w, m->name, &in);
		else
			put_members(w, &in);
	}
}

static size_t size_of(const struct place *at)
{
	if (at->whole && at->t->kind == DT_T_STRING)
		return at->size;
	return at->bits ? (at->bitoff % 8 + at->bits + 7) / 8 : at->t->size;
}

static void put_typed(struct dt_writer *w, const char *name, const struct place *place)
{
	struct place at = *place;

	at.t = dt_type_resolve(at.type);
	if (at.bitoff / 8 + size_of(&at) > at.size) {	/* the record does not go that far */
		dt_w_text(w, name, "...");
		return;
	}
	switch (at.t->kind) {
	case DT_T_INT:
		put_int(w, name, &at);
		break;
	case DT_T_ENUM:
		put_enum(w, name, &at);
		break;
	case DT_T_FLOAT:
		put_float(w, name, &at);
		break;
	case DT_T_POINTER:
		dt_w_address(w, name, (uint64_t)integer(&at));
		break;
	case DT_T_STRING:
		dt_w_string(w, name, bytes_at(&at), strnlen(bytes_at(&at), size_of(&at)));
		break;
	case DT_T_ARRAY:
		put_array(w, name, &at);
		break;
	case DT_T_STRUCT:
	case DT_T_UNION:
		dt_w_object(w, name);
		put_members(w, &at);
		dt_w_end(w);
		break;
	default:
		dt_w_text(w, name, "...");
	}
}

/* ---- Stacks and symbols --------------------------------------------------------------- */

/* "module`name+0x12" and its parts, as far as it has them. */
static void put_symbol(struct dt_writer *w, const char *what, const char *module, const char *text)
{
	const char *tick = strrchr(text, '`'), *plus = tick ? strstr(tick, "+0x") : NULL;

	dt_w_text(w, what, text);
	if (!tick)
		return;
	dt_w_string(w, module, text, (size_t)(tick - text));
	dt_w_string(w, "name", tick + 1, plus ? (size_t)(plus - tick - 1) : strlen(tick + 1));
	if (plus)
		dt_w_text(w, "offset", plus + 1);
}

static void put_stack(dtrace_hdl_t *dtp, struct dt_writer *w, const dtrace_recdesc_t *rec, const void *data)
{
	struct dt_frames f;
	char text[4096];

	dt_frames(rec, data, &f);
	dt_w_list(w, f.user ? "ustack-frames" : "stack-frames");
	for (uint32_t i = 0; i < f.n; i++) {
		dt_frame_name(dtp, &f, i, text, sizeof(text));
		dt_w_object(w, NULL);
		if (dt_frame_is_text(&f, i))
			dt_w_text(w, "frame", text);
		else
			put_symbol(w, "symbol", "module", text);
		dt_w_address(w, "address", dt_frame_pc(&f, i));
		dt_w_end(w);
	}
	dt_w_end(w);
	if (f.user)
		dt_w_int(w, "pid", f.pid);
	if (dt_frames_cut(dtp, &f, text, sizeof(text)))
		dt_w_text(w, "cut", text);
}

static const char *symbol_kind(uint16_t action)
{
	switch (action) {
	case DTRACEACT_SYM:
		return "sym";
	case DTRACEACT_MOD:
		return "mod";
	case DTRACEACT_USYM:
		return "usym";
	case DTRACEACT_UMOD:
		return "umod";
	default:
		return "uaddr";
	}
}

/* A value whose type says nothing: by size, as trace() does. */
static void put_untyped(struct dt_writer *w, const char *what, const void *data, size_t size)
{
	if (size == 1 || size == 2 || size == 4 || size == 8)
		dt_w_int(w, what, dt_load_int(data, size, true));
	else
		dt_w_hex(w, what, data, size);
}

void dt_ov_datum(dtrace_hdl_t *dtp, struct dt_writer *w, const dtrace_recdesc_t *rec, const struct dt_type *type,
		 const void *data, size_t size, const char *what)
{
	struct place at = { .type = type, .data = data, .size = size, .whole = true };
	char text[4096];

	switch (rec->dtrd_action) {
	case DTRACEACT_STACK:
	case DTRACEACT_USTACK:
	case DTRACEACT_JSTACK:
	case DTRACEACT_PYSTACK:
		put_stack(dtp, w, rec, data);
		return;
	case DTRACEACT_SYM:
	case DTRACEACT_MOD:
	case DTRACEACT_USYM:
	case DTRACEACT_UMOD:
	case DTRACEACT_UADDR:
		dt_sym_text(dtp, rec->dtrd_action, data, text, sizeof(text));
		put_symbol(w, symbol_kind(rec->dtrd_action), "object", text);
		return;
	case DTRACEACT_TRACEMEM:
		dt_w_hex(w, what ? what : "tracemem", data, size);
		return;
	case DTRACEACT_PRINT:
		dt_w_text(w, "type", type ? dt_type_name(type, text, sizeof(text)) : "");
	}
	if (!what)
		what = "value";
	if (type && !dt_keytype_action(type))
		put_typed(w, what, &at);
	else
		put_untyped(w, what, data, size);
}

/* ---- Aggregations ---------------------------------------------------------------------- */

struct buckets {
	struct dt_writer *w;
	uint64_t normal;
};

static void put_bucket(const struct dt_bucket *b, void *arg)
{
	struct buckets *bs = arg;

	dt_w_object(bs->w, NULL);
	dt_w_int(bs->w, "value", b->value);
	dt_w_int(bs->w, "count", b->count / (int64_t)bs->normal);
	if (b->edge)
		dt_w_bool(bs->w, b->edge < 0 ? "below" : "above", true);
	dt_w_end(bs->w);
}

void dt_ov_aggval(dtrace_hdl_t *dtp, struct dt_writer *w, const dtrace_recdesc_t *rec, const void *data,
		  uint64_t normal)
{
	static const char *const names[] = {
		[DTRACEAGG_COUNT & 0xff] = "count", [DTRACEAGG_MIN & 0xff] = "min", [DTRACEAGG_MAX & 0xff] = "max",
		[DTRACEAGG_AVG & 0xff] = "avg", [DTRACEAGG_SUM & 0xff] = "sum", [DTRACEAGG_STDDEV & 0xff] = "stddev",
	};
	struct buckets bs = { .w = w, .normal = normal ? normal : 1 };

	if (!dt_agg_is_picture(rec->dtrd_action)) {
		dt_w_int(w, names[rec->dtrd_action & 0xff], dt_agg_scalar(rec->dtrd_action, data, normal));
		return;
	}
	dt_w_list(w, "buckets");
	dt_each_bucket(dtp, rec->dtrd_action, data, put_bucket, &bs);
	dt_w_end(w);
}
