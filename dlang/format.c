// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The formats of printf() and printa(), as the Guide's chapter "Output
 * Formatting" has them:
 *
 *	% [@] [flags] [width] [.precision] [size] conversion
 *
 * '@' marks, in printa(), the value of an aggregation. The flag '?' stands for
 * the width of an address in hexadecimal, 16. Sizes (hh h l ll L w) say no more than
 * what type the argument must have, for D knows the size of its integers by itself:
 * that is checked in cook_printf.c; how arguments print is libdtrace's.
 */
#include <stdlib.h>
#include <string.h>

#include "dlang.h"

static const char conversions[] = "aAcCdDeEfgGiIkopPsSTuxXY%";
static const char flag_chars[] = "#0- +'?";
static const char wide[] = "cs";	/* what %l and %w turn into a wide character or string */

struct scan {
	const char *p;
	struct dt_loc loc;
	struct dt_diag *diag;
};

/* A run of digits; -1 with the error set if it is absurd. */
static int scan_number(struct scan *s, int *ret)
{
	long v = 0;

	while (*s->p >= '0' && *s->p <= '9') {
		v = v * 10 + (*s->p++ - '0');
		if (v > 65536)
			return dt_error(s->diag, D_SYNTAX, s->loc,
					"a width or precision in this format is larger than 65536");
	}
	*ret = (int)v;
	return 0;
}

#define ADDRESS_WIDTH 16

static void scan_flags(struct scan *s, struct dt_conv *c)
{
	size_t n = strlen(c->flags);

	for (; *s->p && strchr(flag_chars, *s->p); s->p++)
		if (*s->p == '?')
			c->width = ADDRESS_WIDTH;
		else if (!memchr(c->flags, *s->p, n) && n < sizeof(c->flags) - 1)
			c->flags[n++] = *s->p;
}

static int scan_width(struct scan *s, struct dt_conv *c)
{
	if (*s->p == '*') {
		c->dynwidth = true;
		s->p++;
	} else if (*s->p >= '0' && *s->p <= '9' && scan_number(s, &c->width)) {
		return -1;
	}
	if (*s->p != '.')
		return 0;
	s->p++;
	if (*s->p == '*') {
		c->dynprec = true;
		s->p++;
		return 0;
	}
	c->has_prec = true;
	return scan_number(s, &c->prec);
}

static void scan_size(struct scan *s, struct dt_conv *c)
{
	size_t n = *s->p == 'h' || *s->p == 'l' ? 1 + (s->p[1] == s->p[0]) : *s->p == 'L' || *s->p == 'w';

	memcpy(c->size, s->p, n);
	s->p += n;
}

static int scan_conversion(struct scan *s, struct dt_conv *c)
{
	if (*s->p == '@') {
		c->is_agg = true;
		s->p++;
	}
	scan_flags(s, c);
	if (scan_width(s, c))
		return -1;
	if (*s->p == '@') {	/* also after the width, as programs in the field have it */
		c->is_agg = true;
		s->p++;
		scan_flags(s, c);
		if (!c->width && !c->dynwidth && !c->has_prec && !c->dynprec && scan_width(s, c))
			return -1;
	}
	scan_size(s, c);
	if (!*s->p)
		return dt_error(s->diag, D_SYNTAX, s->loc, "the format ends within a conversion");
	if (*s->p == '$')
		return dt_error(s->diag, D_SYNTAX, s->loc,
				"arguments by position (%%n$) do not exist in D: give them in their order");
	if (*s->p == '%' && s->p[-1] != '%')
		return dt_error(s->diag, D_SYNTAX, s->loc, "%%%% takes neither flags nor a width");
	if (!strchr(conversions, *s->p)) {
		dt_error(s->diag, D_SYNTAX, s->loc, "%%%s%c is not a conversion of printf", c->size,
			 *s->p >= ' ' && *s->p < 127 ? *s->p : '?');
		return dt_hint(s->diag, "for a percent sign write %%%%");
	}
	c->conv = *s->p++;
	if (c->size[0] == 'l' && !c->size[1] && strchr(wide, c->conv))
		c->size[0] = 'w';
	if (!c->size[0] || strchr(c->size[0] == 'w' ? wide : c->size[0] == 'L' ? "eEfgG" : "dioxXu", c->conv))
		return 0;
	dt_error(s->diag, D_SYNTAX, s->loc, "%%%s%c is not a conversion of printf", c->size, c->conv);
	return dt_hint(s->diag, "write %%%c: D knows the size of what it prints", c->conv);
}

static struct dt_conv *grow(struct dt_format *f)
{
	struct dt_conv *v = realloc(f->conv, (f->nconv + 1) * sizeof(*v));

	if (!v)
		return NULL;
	f->conv = v;
	memset(&v[f->nconv], 0, sizeof(*v));
	return &v[f->nconv++];
}

struct dt_format *dt_format_parse(const char *text, struct dt_loc loc, struct dt_diag *diag)
{
	struct dt_format *f = calloc(1, sizeof(*f));
	struct scan s = { .loc = loc, .diag = diag };
	struct dt_conv *c;

	if (f)
		f->text = strdup(text);
	if (!f || !f->text) {
		dt_error(diag, D_ALLOC, loc, "out of memory");
		goto fail;
	}
	for (s.p = f->text; *s.p;) {
		c = grow(f);
		if (!c) {
			dt_error(diag, D_ALLOC, loc, "out of memory");
			goto fail;
		}
		c->lit = s.p;
		c->litlen = strcspn(s.p, "%");
		s.p += c->litlen;
		if (*s.p++ == '\0')
			break;
		if (scan_conversion(&s, c))
			goto fail;
	}
	return f;
fail:
	dt_format_free(f);
	return NULL;
}

void dt_format_free(struct dt_format *f)
{
	if (!f)
		return;
	free(f->conv);
	free(f->text);
	free(f);
}
