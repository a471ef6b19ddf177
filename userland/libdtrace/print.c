/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * print(): a value shown by its type, as illumos has it:
 *
 *	struct point {
 *	    int x = 0x3
 *	    char [8] name = [ "origin" ]
 *	    struct line *of = 0xffff888003a41000
 *	}
 *
 * Integers are hexadecimal, enumerators go by name, pointers to functions by
 * symbol, arrays stand in brackets. What option printsize leaves out is "...".
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "dt_impl.h"

#define STEP 4		/* columns an indentation */

struct printer {
	dtrace_hdl_t *dtp;
	FILE *fp;
	const char *data;
	size_t size;	/* bytes of it that may be shown */
};

/* A value inside of the printer's data. */
struct place {
	const struct dt_type *type, *t;	/* as declared, resolved */
	uint64_t bitoff;
	uint32_t bits;			/* 0: not a bit-field */
	int depth;
	bool element;			/* of an array */
};

static int put_value(const struct printer *p, const struct place *at);

static struct place place_of(const struct dt_type *type, uint64_t bitoff, int depth)
{
	return (struct place){ .type = type, .t = dt_type_resolve(type), .bitoff = bitoff, .depth = depth };
}

static const char *bytes_at(const struct printer *p, const struct place *at)
{
	return p->data + at->bitoff / 8;
}

static size_t bytes_of(const struct printer *p, const struct place *at)
{
	/* a string as recorded may be longer or shorter than the type, which is of the default strsize */
	if (at->t->kind == DT_T_STRING && !at->depth)
		return p->size;
	if (at->bits)
		return (at->bitoff % 8 + at->bits + 7) / 8;
	return at->t->size;
}

static bool is_cut(const struct printer *p, const struct place *at)
{
	return at->bitoff / 8 + bytes_of(p, at) > p->size;
}

static int indent(const struct printer *p, int depth)
{
	return dt_printf(p->dtp, p->fp, "%*s", depth * STEP, "");
}

uint64_t dt_load_bits(const void *data, uint64_t bitoff, uint32_t bits)
{
	unsigned __int128 v = 0;

	memcpy(&v, (const char *)data + bitoff / 8, (bitoff % 8 + bits + 7) / 8);
	return (uint64_t)(v >> bitoff % 8) & (bits < 64 ? (1ull << bits) - 1 : UINT64_MAX);
}

static uint64_t integer(const struct printer *p, const struct place *at)
{
	if (at->bits)
		return dt_load_bits(p->data, at->bitoff, at->bits);
	return (uint64_t)dt_load_int(bytes_at(p, at), at->t->size, false);
}

/* ---- Kinds ---------------------------------------------------------------------- */

static int put_int(const struct printer *p, const struct place *at)
{
	unsigned char c = (unsigned char)*bytes_at(p, at);

	if (at->bits || at->t->size != 1 || !at->t->is_char || !at->t->is_signed)
		return dt_printf(p->dtp, p->fp, "%#" PRIx64, integer(p, at));
	if (isprint(c))
		return dt_printf(p->dtp, p->fp, "'%c'", c);
	return dt_printf(p->dtp, p->fp, c ? "'\\%03o'" : "'\\0'", c);
}

static int put_float(const struct printer *p, const struct place *at)
{
	long double ld;
	double d;
	float f;

	switch (at->t->size) {
	case sizeof(f):
		memcpy(&f, bytes_at(p, at), sizeof(f));
		return dt_printf(p->dtp, p->fp, "%+.7e", (double)f);
	case sizeof(d):
		memcpy(&d, bytes_at(p, at), sizeof(d));
		return dt_printf(p->dtp, p->fp, "%+.7e", d);
	default:
		memcpy(&ld, bytes_at(p, at), sizeof(ld));
		return dt_printf(p->dtp, p->fp, "%+.16LE", ld);
	}
}

const char *dt_enum_name(const struct dt_type *t, int64_t val)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (t->enums[i].value == val)
			return t->enums[i].name;
	return NULL;
}

static int put_enum(const struct printer *p, const struct place *at)
{
	int64_t val = at->bits ? (int64_t)integer(p, at) : dt_load_int(bytes_at(p, at), at->t->size, true);
	const char *name = dt_enum_name(at->t, val);

	return name ? dt_printf(p->dtp, p->fp, "%s", name) : dt_printf(p->dtp, p->fp, "%" PRId64, val);
}

static int put_pointer(const struct printer *p, const struct place *at)
{
	uint64_t pc = integer(p, at);
	const struct dt_ksym *ks = NULL;

	if (pc && dt_type_resolve(at->t->base)->kind == DT_T_FUNC && !(at->t->base->quals & DT_TQ_USERLAND))
		ks = dt_ksym_at(p->dtp, pc);
	if (ks)
		return dt_printf(p->dtp, p->fp, "%s`%s", ks->mod, ks->name);
	return dt_printf(p->dtp, p->fp, "%#" PRIx64, pc);
}

/* Text in quotes; in brackets if it is a member, as the array that it is. */
static int put_text(const struct printer *p, const struct place *at, const char *s, size_t n)
{
	bool brackets = at->depth && !at->element;

	if (dt_printf(p->dtp, p->fp, "%s\"", brackets ? "[ " : ""))
		return -1;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < ' ' || c == 0x7f ? dt_printf(p->dtp, p->fp, "\\%03o", c) : dt_write(p->dtp, p->fp, s + i, 1))
			return -1;
	}
	return dt_printf(p->dtp, p->fp, "\"%s", brackets ? " ]" : "");
}

static int put_string(const struct printer *p, const struct place *at)
{
	return put_text(p, at, bytes_at(p, at), strnlen(bytes_at(p, at), bytes_of(p, at)));
}

/* Is this array of char a string: printable up to a NUL? */
static bool is_text(const struct place *at, const char *s)
{
	const struct dt_type *e = dt_type_resolve(at->t->base);
	uint64_t i = 0;

	if (e->kind != DT_T_INT || e->size != 1 || !e->is_char || !e->is_signed)
		return false;
	while (i < at->t->nelem && isprint((unsigned char)s[i]))
		i++;
	return i < at->t->nelem && !s[i];
}

static int put_element(const struct printer *p, const struct place *array, uint64_t i)
{
	const struct dt_type *e = dt_type_resolve(array->t->base);
	struct place at = place_of(array->t->base, array->bitoff + i * e->size * 8, array->depth + 1);
	bool last = i + 1 == array->t->nelem;
	char name[512];

	at.element = true;
	if (dt_type_is_sou(e) && (dt_printf(p->dtp, p->fp, "\n") || indent(p, at.depth) ||
			  dt_printf(p->dtp, p->fp, "%s ", dt_type_name(at.type, name, sizeof(name)))))
		return -1;
	if (put_value(p, &at))
		return -1;
	return dt_printf(p->dtp, p->fp, "%s", !last ? ", " : dt_type_is_sou(e) ? "\n" : "");
}

static int put_array(const struct printer *p, const struct place *at)
{
	bool sou = dt_type_is_sou(dt_type_resolve(at->t->base));

	if (is_text(at, bytes_at(p, at)))
		return put_string(p, at);
	if (dt_printf(p->dtp, p->fp, "[ "))
		return -1;
	for (uint64_t i = 0; i < at->t->nelem; i++)
		if (put_element(p, at, i))
			return -1;
	if (sou ? indent(p, at->depth) : dt_printf(p->dtp, p->fp, " "))
		return -1;
	return dt_printf(p->dtp, p->fp, "]");
}

/* ---- Structures ------------------------------------------------------------------- */

/* "int x", "char *s", "unsigned int f :3"; of an anonymous one "struct ". */
static int put_declaration(const struct printer *p, const struct place *at, const char *name)
{
	static const char *const words[] = { [DT_T_STRUCT] = "struct ", [DT_T_UNION] = "union ",
					     [DT_T_ENUM] = "enum " };
	const struct dt_type *d = at->type;
	char text[512];
	size_t n;

	if ((dt_type_is_sou(d) || d->kind == DT_T_ENUM) && !d->name)
		snprintf(text, sizeof(text), "%s", words[d->kind]);
	else
		dt_type_name(d, text, sizeof(text));
	n = strlen(text);
	if (dt_printf(p->dtp, p->fp, "%s", text))
		return -1;
	if (name && dt_printf(p->dtp, p->fp, "%s%s", n && strchr("* ", text[n - 1]) ? "" : " ", name))
		return -1;
	if (at->bits && dt_printf(p->dtp, p->fp, " :%u", at->bits))
		return -1;
	return dt_printf(p->dtp, p->fp, name ? " = " : " ");
}

static int put_member(const struct printer *p, const struct place *in, const struct dt_member *m)
{
	struct place at = place_of(m->type, in->bitoff + m->bitoff, in->depth + 1);

	at.bits = m->bits;
	if (indent(p, at.depth) || put_declaration(p, &at, m->name) || put_value(p, &at))
		return -1;
	return dt_printf(p->dtp, p->fp, "\n");
}

static int put_members(const struct printer *p, const struct place *at)
{
	if (dt_printf(p->dtp, p->fp, "{\n"))
		return -1;
	for (uint32_t i = 0; i < at->t->n; i++)
		if (put_member(p, at, &at->t->members[i]))
			return -1;
	return indent(p, at->depth) || dt_printf(p->dtp, p->fp, "}") ? -1 : 0;
}

static int put_value(const struct printer *p, const struct place *at)
{
	static int (*const puts_[])(const struct printer *, const struct place *) = {
		[DT_T_INT] = put_int, [DT_T_FLOAT] = put_float, [DT_T_ENUM] = put_enum, [DT_T_POINTER] = put_pointer,
		[DT_T_ARRAY] = put_array, [DT_T_STRUCT] = put_members, [DT_T_UNION] = put_members,
		[DT_T_STRING] = put_string,
	};

	if (at->t->kind == DT_T_FORWARD)
		return dt_printf(p->dtp, p->fp, "<forward decl>");
	if (at->t->kind >= sizeof(puts_) / sizeof(*puts_) || !puts_[at->t->kind])
		return dt_printf(p->dtp, p->fp, "<no value>");
	/* Members decide for themselves; so do elements. */
	if (!dt_type_is_sou(at->t) && is_cut(p, at))
		return dt_printf(p->dtp, p->fp, "...");
	return puts_[at->t->kind](p, at);
}

int dt_print_typed(dtrace_hdl_t *dtp, FILE *fp, const struct dt_type *type, const void *data, size_t size)
{
	dtrace_optval_t max = dtp->opt[DTRACEOPT_PRINTSIZE];
	struct printer p = { .dtp = dtp, .fp = fp, .data = data, .size = size };
	struct place at = place_of(type, 0, 0);

	if (max > 0 && (size_t)max < size)
		p.size = (size_t)max;
	if (put_declaration(&p, &at, NULL) || put_value(&p, &at))
		return -1;
	return dt_type_is_sou(at.t) ? 0 : dt_printf(dtp, fp, "\n");
}
