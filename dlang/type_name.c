// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Types and their spelling, both ways: dt_type_name() writes C, dt_types_lookup()
 * reads the types that need no declarator in parentheses: words, then stars and
 * dimensions. (dt_parse_type reads all of C's, but needs a compilation.)
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "type_impl.h"

/* ---- Writing ---------------------------------------------------------------------- */

struct text {
	char *buf;
	size_t size, n;
};

static void put(struct text *t, const char *s)
{
	size_t n = strlen(s);

	if (n > t->size - 1 - t->n)
		n = t->size - 1 - t->n;
	memcpy(t->buf + t->n, s, n);
	t->n += n;
	t->buf[t->n] = '\0';
}

/* A blank after a word or a closing bracket. */
static void put_apart(struct text *t, const char *s)
{
	char last = t->n ? t->buf[t->n - 1] : ' ';

	if (isalnum((unsigned char)last) || last == '_' || last == ']' || last == ')' || last == '>')
		put(t, " ");
	put(t, s);
}

static void put_quals(struct text *t, uint8_t quals, const char *after)
{
	static const char *const names[] = { "const", "volatile", "restrict", "userland" };

	for (int i = 0; i < 4; i++) {
		if (!(quals & 1 << i))
			continue;
		put_apart(t, names[i]);
		put(t, after);
	}
}

static bool binds_tighter(const struct dt_type *t)
{
	return t->kind == DT_T_ARRAY || t->kind == DT_T_FUNC;
}

static void put_named(struct text *out, const struct dt_type *t)
{
	static const char *const words[] = { [DT_T_STRUCT] = "struct ", [DT_T_UNION] = "union ",
					     [DT_T_ENUM] = "enum " };
	bool tag = t->kind == DT_T_STRUCT || t->kind == DT_T_UNION || t->kind == DT_T_ENUM ||
	       t->kind == DT_T_FORWARD;

	put_quals(out, t->quals, " ");
	if (tag)
		put_apart(out, words[t->tag_kind]);
	put_apart(out, t->name ? t->name : t->kind == DT_T_AGG ? "aggregation" : "(anonymous)");
}

/* What stands before the name and after it. */
static void put_left(struct text *out, const struct dt_type *t)
{
	switch (t->kind) {
	case DT_T_POINTER:
		put_left(out, t->base);
		put_apart(out, binds_tighter(t->base) ? "(*" : "*");
		put_quals(out, t->quals, "");
		break;
	case DT_T_ARRAY: case DT_T_FUNC: case DT_T_ASSOC:
		put_left(out, t->base);
		break;
	default:
		put_named(out, t);
	}
}

static void put_right(struct text *out, const struct dt_type *t);

static void put_params(struct text *out, const struct dt_type *t, const char *open, const char *close)
{
	if (out->n && out->buf[out->n - 1] == ')')
		put(out, open);
	else
		put_apart(out, open);
	for (uint32_t i = 0; i < t->n; i++) {
		put(out, i ? ", " : "");
		put_left(out, t->params[i]);
		put_right(out, t->params[i]);
	}
	if (t->varargs)
		put(out, t->n ? ", ..." : "...");
	else if (!t->n)
		put(out, "void");
	put(out, close);
}

static void put_right(struct text *out, const struct dt_type *t)
{
	char dim[32];

	switch (t->kind) {
	case DT_T_POINTER:
		put(out, binds_tighter(t->base) ? ")" : "");
		break;
	case DT_T_ARRAY:
		snprintf(dim, sizeof(dim), t->nelem ? "[%llu]" : "[]", (unsigned long long)t->nelem);
		if (out->n && (out->buf[out->n - 1] == ']' || out->buf[out->n - 1] == ')'))
			put(out, dim);
		else
			put_apart(out, dim);
		break;
	case DT_T_FUNC:
		put_params(out, t, "(", ")");
		break;
	case DT_T_ASSOC:
		put_params(out, t, "[", "]");
		break;
	default:
		return;
	}
	put_right(out, t->base);
}

char *dt_type_name(const struct dt_type *t, char *buf, size_t n)
{
	struct text out = { buf, n, 0 };

	if (!n)
		return buf;
	buf[0] = '\0';
	if (t) {
		put_left(&out, t);
		put_right(&out, t);
	} else {
		put(&out, "no type");
	}
	return buf;
}

/* ---- Reading ---------------------------------------------------------------------- */

enum dt_basic dt_words_basic(unsigned int words)
{
	static const struct { unsigned int words; enum dt_basic b; } table[] = {
		{ DT_W_VOID, DT_B_VOID }, { DT_W_BOOL, DT_B_BOOL }, { DT_W_STRING, DT_B_STRING },
		{ DT_W_CHAR, DT_B_CHAR }, { DT_W_CHAR | DT_W_SIGNED, DT_B_SCHAR },
		{ DT_W_CHAR | DT_W_UNSIGNED, DT_B_UCHAR },
		{ DT_W_FLOAT, DT_B_FLOAT }, { DT_W_DOUBLE, DT_B_DOUBLE },
		{ DT_W_DOUBLE | DT_W_LONG, DT_B_LDOUBLE },
		{ DT_W_SHORT, DT_B_SHORT }, { DT_W_SHORT | DT_W_UNSIGNED, DT_B_USHORT },
		{ DT_W_INT, DT_B_INT }, { DT_W_INT | DT_W_UNSIGNED, DT_B_UINT },
		{ DT_W_LONG, DT_B_LONG }, { DT_W_LONG | DT_W_UNSIGNED, DT_B_ULONG },
		{ DT_W_LLONG, DT_B_LLONG }, { DT_W_LLONG | DT_W_UNSIGNED, DT_B_ULLONG },
	};

	if (words & DT_W_SIGNED && words & DT_W_UNSIGNED)
		return DT_B_MAX;
	if (words & (DT_W_SHORT | DT_W_LLONG) || (words & DT_W_LONG && !(words & DT_W_DOUBLE)))
		words &= ~(DT_W_INT | DT_W_SIGNED);	/* these say so themselves */
	else if (words & (DT_W_SIGNED | DT_W_UNSIGNED) &&
		 !(words & ~(DT_W_SIGNED | DT_W_UNSIGNED | DT_W_INT)))
		words = (words | DT_W_INT) & ~DT_W_SIGNED;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].words == words)
			return table[i].b;
	return DT_B_MAX;
}

struct spelled {
	struct dt_types *ts;
	const char *s;
	const char *word;	/* the one just read */
	size_t n;
};

static bool next_word(struct spelled *sp)
{
	while (isspace((unsigned char)*sp->s))
		sp->s++;
	sp->word = sp->s;
	while (isalnum((unsigned char)*sp->s) || *sp->s == '_' || *sp->s == '`')
		sp->s++;
	sp->n = sp->s - sp->word;
	return sp->n && !isdigit((unsigned char)*sp->word);
}

static bool is_word(const struct spelled *sp, const char *s)
{
	return !strncmp(sp->word, s, sp->n) && !s[sp->n];
}

static uint8_t qualifier(const struct spelled *sp)
{
	return is_word(sp, "const") ? DT_TQ_CONST : is_word(sp, "volatile") ? DT_TQ_VOLATILE :
	       is_word(sp, "restrict") ? DT_TQ_RESTRICT : is_word(sp, "userland") ? DT_TQ_USERLAND : 0;
}

/* The word's bit of enum dt_word; a second long makes the first a long long. */
static unsigned int basic_word(const struct spelled *sp, unsigned int before)
{
	static const struct { const char *name; unsigned int word; } words[] = {
		{ "void", DT_W_VOID }, { "char", DT_W_CHAR }, { "short", DT_W_SHORT },
		{ "int", DT_W_INT },
		{ "long", DT_W_LONG }, { "float", DT_W_FLOAT }, { "double", DT_W_DOUBLE },
		{ "signed", DT_W_SIGNED }, { "unsigned", DT_W_UNSIGNED }, { "_Bool", DT_W_BOOL },
		{ "string", DT_W_STRING },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!is_word(sp, words[i].name))
			continue;
		if (words[i].word == DT_W_LONG && before & DT_W_LONG)
			return DT_W_LLONG;
		return before & words[i].word ? 0 : words[i].word;
	}
	return 0;
}

static const struct dt_type *entry_type(struct spelled *sp, enum dt_name_space space)
{
	struct dt_type_entry *e = dt_types_find(sp->ts, space, sp->word, sp->n);

	return e && !e->is_enumerator ? e->type : NULL;
}

/* The words up to the first star or the end. */
static const struct dt_type *read_base(struct spelled *sp)
{
	const struct dt_type *t = NULL;
	unsigned int words = 0, w;
	uint8_t quals = 0;

	for (; next_word(sp); ) {
		if ((w = qualifier(sp))) {
			quals |= w;
		} else if (!t && (w = basic_word(sp, words))) {
			if (w == DT_W_LLONG)
				words &= ~DT_W_LONG;
			words |= w;
		} else if (t || words) {
			return NULL;
		} else if (is_word(sp, "struct") || is_word(sp, "union") || is_word(sp, "enum")) {
			enum dt_name_space space = is_word(sp, "struct") ? DT_NS_STRUCT :
						   is_word(sp, "union") ? DT_NS_UNION : DT_NS_ENUM;

			t = next_word(sp) ? entry_type(sp, space) : NULL;
			if (!t)
				return NULL;
		} else {
			t = entry_type(sp, DT_NS_ORDINARY);
			if (!t)
				return NULL;
		}
	}
	if (sp->n)
		return NULL;
	if (!t && dt_words_basic(words) != DT_B_MAX)
		t = dt_basic(sp->ts, dt_words_basic(words));
	return t && quals ? dt_type_qualified(sp->ts, t, quals) : t;
}

static const struct dt_type *read_stars(struct spelled *sp, const struct dt_type *t)
{
	while (t && *sp->s == '*') {
		uint8_t quals = 0;

		sp->s++;
		if (t->depth >= DT_TYPE_MAXDEPTH)
			return NULL;
		t = dt_type_pointer(sp->ts, t);
		while (next_word(sp)) {
			if (!qualifier(sp))
				return NULL;
			quals |= qualifier(sp);
		}
		if (sp->n)
			return NULL;
		if (t && quals)
			t = dt_type_qualified(sp->ts, t, quals);
	}
	return t;
}

/* From the last dimension to the first: "int [2][3]" is two arrays of three. */
static const struct dt_type *read_dimensions(struct spelled *sp, const struct dt_type *t)
{
	unsigned long long n;
	char *end;

	while (isspace((unsigned char)*sp->s))
		sp->s++;
	if (!t || !*sp->s)
		return t;
	if (*sp->s != '[' || !isdigit((unsigned char)sp->s[1]) || t->depth >= DT_TYPE_MAXDEPTH)
		return NULL;
	n = strtoull(sp->s + 1, &end, 0);
	if (*end != ']' || !n)
		return NULL;
	sp->s = end + 1;
	t = read_dimensions(sp, t);
	return t && t->depth < DT_TYPE_MAXDEPTH && t->kind != DT_T_VOID ?
	       dt_type_array(sp->ts, t, n) : NULL;
}

const struct dt_type *dt_types_lookup(struct dt_types *ts, const char *name)
{
	struct spelled sp = { .ts = ts, .s = name };

	return strlen(name) > 1024 ? NULL : read_dimensions(&sp, read_stars(&sp, read_base(&sp)));
}
