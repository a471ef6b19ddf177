/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * printf() and printa(): conversions of the Guide's chapter "Output
 * Formatting". D knows the size and the sign of its integers, so "%d" and "%x"
 * fit all of them. One small function a conversion, in a table.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dt_impl.h"

/* A conversion with its dynamic width and precision filled in. */
struct spec {
	dtrace_hdl_t *dtp;
	FILE *fp;
	char conv;
	bool wide;		/* %ws, %wc */
	char flags[8];
	int width, prec;	/* prec -1: none */
};

/* "%-*.*" with @rest behind it. */
static const char *host_format(const struct spec *s, const char *rest, char *buf, size_t n)
{
	snprintf(buf, n, "%%%s%s%s%s", s->flags, s->width ? "*" : "", s->prec >= 0 ? ".*" : "", rest);
	return buf;
}

/* Print with the host's printf: (format, [width,] [precision,] value). */
#define HOST(s, rest, val) ({ \
	char fmt_[32]; \
	host_format(s, rest, fmt_, sizeof(fmt_)); \
	(s)->width && (s)->prec >= 0 ? dt_printf((s)->dtp, (s)->fp, fmt_, (s)->width, (s)->prec, val) : \
	(s)->width ? dt_printf((s)->dtp, (s)->fp, fmt_, (s)->width, val) : \
	(s)->prec >= 0 ? dt_printf((s)->dtp, (s)->fp, fmt_, (s)->prec, val) : \
	dt_printf((s)->dtp, (s)->fp, fmt_, val); })

static int64_t arg_int(const struct dt_arg *a, bool is_signed)
{
	if (!a->data)
		return 0;
	if (DTRACEACT_ISAGG(a->rec->dtrd_action))
		return dt_agg_scalar(a->rec->dtrd_action, a->data, a->normal);
	return dt_load_int(a->data, a->rec->dtrd_size, is_signed);
}

static int put_signed(const struct spec *s, const struct dt_arg *a)
{
	const struct dt_type *t = a->type ? dt_type_resolve(a->type) : NULL;
	/* An unsigned int of 32 bits or less keeps its value under %d; 64 bits show as signed. */
	bool is_unsigned = t && t->kind == DT_T_INT && !t->is_signed;

	return HOST(s, PRId64, arg_int(a, !is_unsigned || a->rec->dtrd_size == 8));
}

static int put_unsigned(const struct spec *s, const struct dt_arg *a)
{
	const char rest[] = { 'l', s->conv == 'p' ? 'x' : (char)s->conv, 0 };

	return HOST(s, rest, (uint64_t)arg_int(a, false));
}

static int put_double(const struct spec *s, const struct dt_arg *a)
{
	const char rest[] = { s->conv, 0 }, lrest[] = { 'L', s->conv, 0 };
	long double ld;
	double d = 0;
	float f;

	if (!a->data) {
		;
	} else if (a->rec->dtrd_size == sizeof(f)) {
		memcpy(&f, a->data, sizeof(f));
		d = f;
	} else if (a->rec->dtrd_size == sizeof(d)) {
		memcpy(&d, a->data, sizeof(d));
	} else if (a->rec->dtrd_size == sizeof(ld)) {
		memcpy(&ld, a->data, sizeof(ld));
		return HOST(s, lrest, ld);
	}
	return HOST(s, rest, d);
}

static int put_string(const struct spec *s, const char *text)
{
	return HOST(s, "s", text);
}

/* A copy with a NUL at its end; for strings that fill their record. */
static char *arg_text(const struct dt_arg *a)
{
	return a->data ? strndup(a->data, a->rec->dtrd_size) : strdup("");
}

/* C escapes for what does not print. */
static char *escaped(const char *text, size_t n)
{
	static const char special[] = "\a\b\f\n\r\t\v\\\"\0", letter[] = "abfnrtv\\\"0";
	char *out = malloc(4 * n + 1), *p = out;
	const char *hit;

	for (size_t i = 0; out && i < n; i++) {
		hit = memchr(special, text[i], sizeof(special) - 1);
		if (hit)
			p += sprintf(p, "\\%c", letter[hit - special]);
		else if (isprint((unsigned char)text[i]))
			*p++ = text[i];
		else
			p += sprintf(p, "\\x%02x", (unsigned char)text[i]);
	}
	if (out)
		*p = 0;
	return out;
}

static int put_owned(const struct spec *s, char *text)
{
	int rc = text ? put_string(s, text) : dt_set_errno(s->dtp, ENOMEM);

	free(text);
	return rc;
}

static char *utf8_of_wide(const struct dt_arg *a)
{
	size_t n = a->data ? a->rec->dtrd_size / 4 : 0, k = 0;
	char *out = malloc(4 * n + 1);

	for (size_t i = 0; out && i < n; i++) {
		uint32_t c;

		memcpy(&c, a->data + 4 * i, 4);
		if (!c)
			break;
		if (c < 0x80) {
			out[k++] = (char)c;
		} else if (c < 0x800) {
			out[k++] = (char)(0xc0 | c >> 6);
			out[k++] = (char)(0x80 | (c & 0x3f));
		} else if (c < 0x10000) {
			out[k++] = (char)(0xe0 | c >> 12);
			out[k++] = (char)(0x80 | (c >> 6 & 0x3f));
			out[k++] = (char)(0x80 | (c & 0x3f));
		} else {
			out[k++] = (char)(0xf0 | (c >> 18 & 7));
			out[k++] = (char)(0x80 | (c >> 12 & 0x3f));
			out[k++] = (char)(0x80 | (c >> 6 & 0x3f));
			out[k++] = (char)(0x80 | (c & 0x3f));
		}
	}
	if (out)
		out[k] = 0;
	return out;
}

static int put_text(const struct spec *s, const struct dt_arg *a)
{
	if (s->wide)
		return put_owned(s, utf8_of_wide(a));
	return put_owned(s, arg_text(a));
}

static int put_escaped_text(const struct spec *s, const struct dt_arg *a)
{
	return put_owned(s, a->data ? escaped(a->data, strnlen(a->data, a->rec->dtrd_size)) : strdup(""));
}

static int put_char(const struct spec *s, const struct dt_arg *a)
{
	char c[2] = { (char)arg_int(a, false), 0 };

	if (s->wide) {
		uint32_t wc = (uint32_t)arg_int(a, false);
		dtrace_recdesc_t rec = { .dtrd_size = 4 };

		return put_owned(s, utf8_of_wide(&(struct dt_arg){ .rec = &rec, .data = (caddr_t)&wc }));
	}
	if (s->conv == 'C')
		return put_owned(s, escaped(c, 1));
	/* A NUL character is a byte of output as any other. */
	return c[0] ? put_string(s, c) : dt_write(s->dtp, s->fp, c, 1);
}

/* %a: kernel address, or what usym() and its kin recorded. */
static int put_symbol(const struct spec *s, const struct dt_arg *a)
{
	char name[4096] = "";

	if (a->data) {
		switch (a->rec->dtrd_action) {
		case DTRACEACT_USYM:
		case DTRACEACT_UMOD:
		case DTRACEACT_UADDR:
		case DTRACEACT_SYM:
		case DTRACEACT_MOD:
			dt_sym_text(s->dtp, a->rec->dtrd_action, a->data, name, sizeof(name));
			break;
		default:
			dtrace_addr2str(s->dtp, (uint64_t)arg_int(a, false), name, sizeof(name));
		}
	}
	return put_string(s, name);
}

/* %A: a user address; a bare one belongs to the first process that is traced. */
static int put_user_symbol(const struct spec *s, const struct dt_arg *a)
{
	char name[4096] = "";

	if (!a->data || DTRACEACT_CLASS(a->rec->dtrd_action) == DTRACEACT_PROC)
		return put_symbol(s, a);
	dt_procs_addrname(s->dtp, dt_procs_target(s->dtp), (uint64_t)arg_int(a, false), name, sizeof(name));
	return put_string(s, name);
}

static int put_stack(const struct spec *s, const struct dt_arg *a)
{
	if (!a->data)
		return 0;
	return dt_print_datum(s->dtp, s->fp, a->rec, a->type, a->data, 0, true);
}

/* Nanoseconds since 1970, as in "2003 Sep  2 14:28:10", or as in mail. */
static int put_time(const struct spec *s, const struct dt_arg *a)
{
	time_t sec = (time_t)((uint64_t)arg_int(a, false) / 1000000000u);
	char text[64];
	struct tm tm;

	localtime_r(&sec, &tm);
	if (s->conv == 'Y')
		strftime(text, sizeof(text), "%Y %b %e %T", &tm);
	else
		strftime(text, sizeof(text), "%a, %d %b %Y %T %Z", &tm);
	return put_string(s, text);
}

static const struct conversion {
	const char *letters;
	int (*put)(const struct spec *s, const struct dt_arg *a);
} conversions[] = {
	{ "diD", put_signed },
	{ "ouxXp", put_unsigned },
	{ "eEfgG", put_double },
	{ "s", put_text },
	{ "S", put_escaped_text },
	{ "cC", put_char },
	{ "a", put_symbol },
	{ "A", put_user_symbol },
	{ "k", put_stack },
	{ "YT", put_time },
};

static int convert(struct spec *s, const struct dt_arg *a)
{
	if (DTRACEACT_ISAGG(a->rec->dtrd_action) && dt_agg_is_picture(a->rec->dtrd_action))
		return a->data ? dt_print_aggval(s->dtp, s->fp, a->rec, a->data, a->normal) : 0;
	for (size_t i = 0; i < sizeof(conversions) / sizeof(*conversions); i++)
		if (strchr(conversions[i].letters, s->conv))
			return conversions[i].put(s, a);
	return dt_set_errno(s->dtp, EDT_BADRECORD);
}

/* Arguments in order; running out of them prints nothing but is no error of the program. */
struct supply {
	const struct dt_arg *args, *vals;
	size_t nargs, nvals, a, v;
};

static int next_int(struct supply *in)
{
	return in->a < in->nargs ? (int)arg_int(&in->args[in->a++], true) : 0;
}

static const struct dt_arg *next_arg(struct supply *in, bool is_agg)
{
	if (is_agg && in->nvals)
		return &in->vals[in->v++ % in->nvals];
	return in->a < in->nargs ? &in->args[in->a++] : NULL;
}

static void fill_spec(struct spec *s, const struct dt_conv *c, struct supply *in)
{
	s->conv = c->conv;
	s->wide = c->size[0] == 'w';
	snprintf(s->flags, sizeof(s->flags), "%s", c->flags);
	s->width = c->dynwidth ? next_int(in) : c->width;
	s->prec = c->dynprec ? next_int(in) : c->has_prec ? c->prec : -1;
	if (s->width < -65536 || s->width > 65536)
		s->width = 0;
	if (s->prec > 65536)
		s->prec = -1;
}

int dt_format_print(dtrace_hdl_t *dtp, FILE *fp, const struct dt_format *f, const struct dt_arg *args,
		    size_t nargs, const struct dt_arg *vals, size_t nvals)
{
	struct supply in = { .args = args, .vals = vals, .nargs = nargs, .nvals = nvals };

	for (uint32_t i = 0; i < f->nconv; i++) {
		const struct dt_conv *c = &f->conv[i];
		struct spec s = { .dtp = dtp, .fp = fp };
		const struct dt_arg *a;

		if (c->litlen && dt_write(dtp, fp, c->lit, c->litlen))
			return -1;
		if (!c->conv)
			continue;
		if (c->conv == '%') {
			if (dt_write(dtp, fp, "%", 1))
				return -1;
			continue;
		}
		fill_spec(&s, c, &in);
		a = next_arg(&in, c->is_agg);
		if (!a)
			continue;
		if (convert(&s, a))
			return -1;
		if (a->agg && dt_flush(dtp, NULL, a->rec, a->agg, DTRACE_BUFDATA_AGGFORMAT |
				       (c->is_agg ? DTRACE_BUFDATA_AGGVAL : DTRACE_BUFDATA_AGGKEY)))
			return -1;
	}
	return 0;
}
