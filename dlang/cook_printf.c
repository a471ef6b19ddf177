// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Formats against what they print: the number and the types of printf()'s
 * arguments, of printa()'s keys and aggregations.
 *
 * Source: Guide, "Output Formatting".
 */
#include <string.h>

#include "cook.h"

enum want { WANT_INT, WANT_CHAR, WANT_TIME, WANT_ADDR, WANT_STR, WANT_WSTR, WANT_FLOAT, WANT_STACK, WANT_SYM };

static const char *const want_text[] = {
	[WANT_INT] = "an integer",
	[WANT_CHAR] = "a char, short or int",
	[WANT_TIME] = "a time: a 64-bit integer, nanoseconds since 1970",
	[WANT_ADDR] = "an integer or a pointer",
	[WANT_STR] = "a string",
	[WANT_WSTR] = "an array of wide characters",
	[WANT_FLOAT] = "a floating-point value",
	[WANT_STACK] = "a stack, as a key of an aggregation",
	[WANT_SYM] = "an address",
};

static enum want wanted(const struct dt_conv *c)
{
	switch (c->conv) {
	case 'a': case 'A': return WANT_SYM;
	case 'c': case 'C': return WANT_CHAR;
	case 'Y': case 'T': return WANT_TIME;
	case 'p': return WANT_ADDR;
	case 's': return c->size[0] == 'w' ? WANT_WSTR : WANT_STR;
	case 'S': case 'I': return WANT_STR;
	case 'e': case 'E': case 'f': case 'g': case 'G': return WANT_FLOAT;
	case 'k': return WANT_STACK;
	default: return WANT_INT;
	}
}

static bool is_wide_array(const struct dt_type *t)
{
	const struct dt_type *a = dt_type_resolve(t), *e;

	if (a->kind != DT_T_ARRAY)
		return false;
	e = dt_type_resolve(a->base);
	return e->kind == DT_T_INT && e->size == 4;
}

static bool fits(enum want w, const struct dt_type *t)
{
	uint16_t key = dt_keytype_action(t);

	if (key) {
		if (w == WANT_STACK)
			return key == DTRACEACT_STACK || key == DTRACEACT_USTACK;
		return w == WANT_SYM && key != DTRACEACT_STACK && key != DTRACEACT_USTACK;
	}
	switch (w) {
	case WANT_INT: return dt_type_is_integer(t);
	case WANT_CHAR: return dt_type_is_integer(t) && dt_type_resolve(t)->size <= 4;
	case WANT_TIME: return dt_type_is_integer(t) && dt_type_resolve(t)->size == 8;
	case WANT_WSTR: return is_wide_array(t);
	case WANT_ADDR: case WANT_SYM: return dt_type_is_scalar(t);
	case WANT_STR: return dt_type_is_strlike(t) && !dt_is_pointer(t);
	case WANT_FLOAT: return dt_is_float(t);
	default: return false;
	}
}

/*
 * A size says which one type of C's is printed; without it all that fit are. As in the
 * family, long and long long are the same, and x takes signed and unsigned.
 */
static const char *sized_text(const struct dt_conv *c)
{
	static const char *const text[4][2] = {
		{ "a signed char", "an unsigned char" }, { "a short", "an unsigned short" },
		{ "a long", "an unsigned long" }, { "a long long", "an unsigned long long" },
	};
	bool twice = c->size[0] && c->size[1] == c->size[0];

	if (c->size[0] == 'L')
		return "a long double";
	if (c->size[0] == 'w' || c->conv == 'c')
		return "an int";
	return text[c->size[0] == 'h' ? !twice : 2 + twice][strchr("di", c->conv) == NULL];
}

static bool fits_size(const struct dt_conv *c, const struct dt_type *type)
{
	const struct dt_type *t = dt_type_resolve(type);
	enum want w = wanted(c);

	if (!c->size[0] || (w != WANT_INT && w != WANT_CHAR && w != WANT_FLOAT))
		return true;
	if (w == WANT_FLOAT)
		return t->size == 16;
	if (t->kind != DT_T_INT)
		return false;
	if (w == WANT_CHAR)
		return t->size == 4 && t->is_signed;
	if (t->size != (c->size[0] == 'h' ? 2 - (c->size[1] == 'h') : 8))
		return false;
	return c->conv == 'x' || c->conv == 'X' || t->is_signed == (c->conv == 'd' || c->conv == 'i');
}

static const char *better(const struct dt_type *t)
{
	uint16_t key = dt_keytype_action(t);

	if (key)
		return key == DTRACEACT_STACK || key == DTRACEACT_USTACK ? "%k" : "%A";
	if (dt_type_is_integer(t))
		return "%d";
	if (dt_is_pointer(t))
		return "%p";
	if (dt_type_is_strlike(t))
		return "%s";
	return dt_is_float(t) ? "%f" : NULL;
}

static int wrong_size(struct dt_cook *ck, const struct dt_conv *c, struct dt_loc loc, const char *what,
		      unsigned i, const struct dt_type *t)
{
	char name[DT_TYPESTR];

	dt_error(ck->diag, D_PRINTF_ARG_TYPE, loc, "%%%s%c prints %s, and %s %u is of type %s", c->size, c->conv,
		 sized_text(c), what, i, dt_type_name(t, name, sizeof(name)));
	return dt_hint(ck->diag, "use %%%c, which is for any size", c->conv);
}

static int mismatch(struct dt_cook *ck, const struct dt_conv *c, struct dt_loc loc, const char *what,
		    unsigned i, const struct dt_type *t)
{
	char name[DT_TYPESTR];

	dt_error(ck->diag, D_PRINTF_ARG_TYPE, loc, "%%%s%c prints %s, and %s %u is of type %s", c->size,
		 c->conv, want_text[wanted(c)], what, i, dt_type_name(t, name, sizeof(name)));
	if ((wanted(c) == WANT_CHAR || wanted(c) == WANT_TIME) && dt_type_is_integer(t))
		return dt_hint(ck->diag, wanted(c) == WANT_CHAR ? "cast it: (char)" : "cast it: (uint64_t)");
	if (wanted(c) == WANT_STR && dt_type_is_strlike(t))
		dt_hint(ck->diag, "for the text that it points to use stringof()");
	else if (better(t))
		dt_hint(ck->diag, "use %s", better(t));
	return -1;
}

struct args {
	struct dt_node *next;
	unsigned i;		/* arguments used, the format not counted */
};

static struct dt_node *take(struct args *a)
{
	struct dt_node *n = a->next;

	if (n) {
		a->next = n->next;
		a->i++;
	}
	return n;
}

static int take_star(struct dt_cook *ck, const struct dt_node *call, const struct dt_conv *c,
		     struct args *a)
{
	struct dt_node *n = take(a);
	char name[DT_TYPESTR];

	if (!n)
		return dt_error(ck->diag, D_PRINTF_DYN_PROTO, call->loc,
				"the * of %%%c needs an argument, and there is none left", c->conv);
	if (!dt_type_is_integer(n->type))
		return dt_error(ck->diag, D_PRINTF_DYN_TYPE, n->loc, "the * of %%%c needs an integer, not %s",
				c->conv, dt_typestr(n, name));
	return dt_convert(ck, n, dt_basic(ck->types, DT_B_INT));
}

/* The value of one conversion. A char * or char[] under %s is recorded as the string there. */
static int take_value(struct dt_cook *ck, const struct dt_node *call, const struct dt_conv *c,
		      struct args *a)
{
	struct dt_node *n = take(a);

	if (!n)
		return dt_error(ck->diag, D_PRINTF_ARG_PROTO, call->loc,
				"%s() has too few arguments for its format: none is left for %%%c", call->name,
				c->conv);
	if (!fits(wanted(c), n->type))
		return mismatch(ck, c, n->loc, "argument", a->i + 1, n->type);
	if (!fits_size(c, n->type))
		return wrong_size(ck, c, n->loc, "argument", a->i + 1, n->type);
	if (wanted(c) == WANT_STR)
		return dt_convert(ck, n, dt_basic(ck->types, DT_B_STRING));
	return 0;
}

int dt_check_printf(struct dt_cook *ck, struct dt_node *call, struct dt_format *fmt, struct dt_node *args)
{
	struct args a = { .next = args };

	for (uint32_t i = 0; i < fmt->nconv; i++) {
		const struct dt_conv *c = &fmt->conv[i];

		if (!c->conv || c->conv == '%')
			continue;
		if (c->is_agg)
			return dt_error(ck->diag, D_PRINTF_AGG_CONV, call->loc,
					"%%@%c prints an aggregation: it belongs into printa()", c->conv);
		if ((c->dynwidth && take_star(ck, call, c, &a)) || (c->dynprec && take_star(ck, call, c, &a)))
			return -1;
		if (take_value(ck, call, c, &a))
			return -1;
	}
	if (a.next)
		return dt_error(ck->diag, D_PRINTF_ARG_EXTRA, a.next->loc,
				"%s() has more arguments than its format has conversions (%u)", call->name, a.i);
	return 0;
}

/* ---- printa ------------------------------------------------------------------------ */

/* Values may appear any number of times: the n-th %@ is the n-th aggregation's, further ones the last one's. */

static int check_aggvalue(struct dt_cook *ck, const struct dt_node *call, const struct dt_conv *c)
{
	if (strchr("diDouxXpaAYTP", c->conv))
		return 0;
	dt_error(ck->diag, D_PRINTF_ARG_TYPE, call->loc, "%%@%c cannot print the value of an aggregation",
		 c->conv);
	return dt_hint(ck->diag, "use %%@d");
}

/* A width or precision that is a key: it is not printed besides. */
static int key_star(struct dt_cook *ck, const struct dt_node *call, const struct dt_conv *c,
		    const struct dt_ident *agg, uint32_t *key)
{
	char name[DT_TYPESTR];

	if (*key >= agg->nkeys)
		return dt_error(ck->diag, D_PRINTF_DYN_PROTO, call->loc,
				"the * of %%%c needs a key, and @%s has none left", c->conv, agg->name);
	if (!dt_type_is_integer(agg->keys[*key]))
		return dt_error(ck->diag, D_PRINTF_DYN_TYPE, call->loc,
				"the * of %%%c needs an integer, and key %u is %s", c->conv, *key + 1,
				dt_type_name(agg->keys[*key], name, sizeof(name)));
	++*key;
	return 0;
}

int dt_check_printa(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	const struct dt_ident *agg = rec->aggs[0];
	uint32_t key = 0;

	for (uint32_t i = 0; rec->fmt && i < rec->fmt->nconv; i++) {
		const struct dt_conv *c = &rec->fmt->conv[i];

		if (!c->conv || c->conv == '%')
			continue;
		if ((c->dynwidth && key_star(ck, call, c, agg, &key)) ||
		    (c->dynprec && key_star(ck, call, c, agg, &key)))
			return -1;
		if (c->is_agg) {
			if (check_aggvalue(ck, call, c))
				return -1;
			continue;
		}
		if (key >= agg->nkeys)
			return dt_error(ck->diag, D_PRINTF_ARG_PROTO, call->loc,
					"the format prints more keys than @%s has (%u)", agg->name, agg->nkeys);
		if (!fits(wanted(c), agg->keys[key]))
			return mismatch(ck, c, call->loc, "key", key + 1, agg->keys[key]);
		if (!fits_size(c, agg->keys[key]))
			return wrong_size(ck, c, call->loc, "key", key + 1, agg->keys[key]);
		key++;
	}
	return 0;
}
