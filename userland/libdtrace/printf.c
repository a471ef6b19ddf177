/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * printf() and printa(): conversions of the Guide's chapter "Output
 * Formatting". D knows the size and the sign of its integers, so "%d" and "%x"
 * fit all of them. One small function a conversion, in a table.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
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

/* %d: a value of an unsigned type is printed as that, as is what count() counted. */
static int put_decimal(const struct spec *s, const struct dt_arg *a)
{
	const struct dt_type *t = a->type ? dt_type_resolve(a->type) : NULL;

	if (t ? t->kind == DT_T_INT && !t->is_signed : a->rec->dtrd_action == DTRACEAGG_COUNT)
		return HOST(s, PRIu64, (uint64_t)arg_int(a, false));
	return HOST(s, PRId64, arg_int(a, true));
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

/* C escapes for what does not print; octal, so that what follows cannot become part of one. */
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
			p += sprintf(p, "\\%03o", (unsigned char)text[i]);
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

/* Append @c as UTF-8; what is no character becomes U+FFFD. */
static char *put_utf8(char *p, uint32_t c)
{
	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c < 0x80) {
		*p++ = (char)c;
		return p;
	}
	if (c < 0x800) {
		*p++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*p++ = (char)(0xe0 | c >> 12);
		} else {
			*p++ = (char)(0xf0 | c >> 18);
			*p++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*p++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*p++ = (char)(0x80 | (c & 0x3f));
	return p;
}

static char *utf8_of_wide(const void *data, size_t n)
{
	char *out = malloc(4 * n + 1), *p = out;

	for (size_t i = 0; out && i < n; i++) {
		uint32_t c;

		memcpy(&c, (const char *)data + 4 * i, 4);
		if (!c)
			break;
		p = put_utf8(p, c);
	}
	if (out)
		*p = 0;
	return out;
}

static int put_text(const struct spec *s, const struct dt_arg *a)
{
	if (s->wide)
		return put_owned(s, utf8_of_wide(a->data, a->data ? a->rec->dtrd_size / 4 : 0));
	return put_owned(s, arg_text(a));
}

static int put_escaped_text(const struct spec *s, const struct dt_arg *a)
{
	return put_owned(s, a->data ? escaped(a->data, strnlen(a->data, a->rec->dtrd_size)) : strdup(""));
}

static int put_char(const struct spec *s, const struct dt_arg *a)
{
	int64_t val = arg_int(a, false);
	uint32_t wc = (uint32_t)val;
	char c = (char)val;

	if (s->wide)
		return put_owned(s, utf8_of_wide(&wc, 1));
	if (s->conv == 'C')
		return put_owned(s, escaped(&c, 1));
	return HOST(s, "c", c);
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
	uint16_t class = DTRACEACT_CLASS(a->rec->dtrd_action);

	if (!a->data || class == DTRACEACT_PROC || class == DTRACEACT_KERNEL)
		return put_symbol(s, a);
	dt_procs_addrname(s->dtp, dt_procs_target(s->dtp), (uint64_t)arg_int(a, false), name, sizeof(name));
	return put_string(s, name);
}

/*
 * %k: a frame a line, below the line that is being printed. As in the family the
 * frames stand at the margin, or with "%-20k" 20 columns from it.
 */
static int put_stack(const struct spec *s, const struct dt_arg *a)
{
	struct dt_stacklook look = { .format = "%s" };
	char format[64], width[16] = "", prec[16] = "";

	if (!a->data)
		return 0;
	if (s->width < 0 || strchr(s->flags, '-'))
		look.indent = abs(s->width);
	if (s->width)
		snprintf(width, sizeof(width), "%d", abs(s->width));
	if (s->prec >= 0)
		snprintf(prec, sizeof(prec), ".%d", s->prec);
	snprintf(format, sizeof(format), "%%%s%s%ss", look.indent ? "-" : "", width, prec);
	look.format = format;
	return dt_print_frames(s->dtp, s->fp, a->rec, a->data, &look);
}

/* %P: the name of a port, of whatever protocol. */
static int put_port(const struct spec *s, const struct dt_arg *a)
{
	uint16_t port = (uint16_t)arg_int(a, false);
	struct servent se, *found = NULL;
	char text[2048], number[16];

	snprintf(number, sizeof(number), "%u", port);
	if (getservbyport_r(htons(port), NULL, &se, text, sizeof(text), &found) || !found)
		return put_string(s, number);
	return put_string(s, found->s_name);
}

/* %I: the host that an address belongs to ("127.0.0.1" or "::1", as inet_ntop() has it); the address, if none does. */
static int put_host(const struct spec *s, const struct dt_arg *a)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	char *text = arg_text(a), host[NI_MAXHOST];
	int rc = EAI_NONAME;

	if (!text)
		return dt_set_errno(s->dtp, ENOMEM);
	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		rc = getnameinfo((struct sockaddr *)&v4, sizeof(v4), host, sizeof(host), NULL, 0, NI_NAMEREQD);
	else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
		rc = getnameinfo((struct sockaddr *)&v6, sizeof(v6), host, sizeof(host), NULL, 0, NI_NAMEREQD);
	rc = put_string(s, rc ? text : host);
	free(text);
	return rc;
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
	{ "diD", put_decimal },
	{ "ouxXp", put_unsigned },
	{ "eEfgG", put_double },
	{ "s", put_text },
	{ "S", put_escaped_text },
	{ "cC", put_char },
	{ "a", put_symbol },
	{ "A", put_user_symbol },
	{ "k", put_stack },
	{ "YT", put_time },
	{ "P", put_port },
	{ "I", put_host },
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
		return &in->vals[in->v + 1 < in->nvals ? in->v++ : in->nvals - 1];
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
