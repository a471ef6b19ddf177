// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Probe descriptions: "pid$target:libc.so.6:mem*:entry" to four patterns.
 *
 * Parts are read from the right: the last is the name, or what -f, -m or -P
 * say it is; those missing on the left match all. Macro arguments and
 * variables are expanded inside of each part, so that an argument may hold
 * colons (C++ names do); an argument alone is the whole description.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <dtrace/abi.h>

#include "parse.h"

static const struct part_info {
	const char *what;
	size_t size;		/* of the field in the ABI */
} parts[4] = {
	{ "provider", DTRACE_PROVNAMELEN },
	{ "module", DTRACE_MODNAMELEN },
	{ "function", DTRACE_FUNCNAMELEN },
	{ "name", DTRACE_NAMELEN },
};

struct part {
	char s[DTRACE_FUNCNAMELEN];	/* the longest of them */
	size_t n;
	const struct part_info *info;
	struct dt_loc loc;
};

static int append(struct dt_parser *ps, struct part *p, const char *s, size_t n)
{
	if (n >= p->info->size - p->n)
		return DT_ERROR(ps, D_PDESC_INVAL, p->loc,
				"the %s in this probe description is longer than %zu bytes",
				p->info->what, p->info->size - 1);
	memcpy(p->s + p->n, s, n);
	p->n += n;
	return 0;
}

static size_t word_length(const char *s, const char *end)
{
	size_t n = 0;

	while (s + n < end && (isalnum((unsigned char)s[n]) || s[n] == '_'))
		n++;
	return n;
}

static size_t digits_length(const char *s, const char *end)
{
	size_t n = 0;

	while (s + n < end && isdigit((unsigned char)s[n]))
		n++;
	return n;
}

static bool is_macro_var(struct dt_parser *ps, const char *s, size_t n)
{
	struct dt_macros *m = ps->p->macros;
	bool undef = false;
	char buf[64];
	int64_t val;

	if (n >= sizeof(buf) || !m || !m->lookup)
		return false;
	memcpy(buf, s, n);
	buf[n] = '\0';
	return m->lookup(m->ctx, buf, &val, &undef) || undef;
}

/* At a '$'. Returns how many bytes were read, or -1. */
static int expand(struct dt_parser *ps, struct part *p, const char *s, const char *end)
{
	size_t skip = s + 1 < end && s[1] == '$' ? 2 : 1, n = digits_length(s + skip, end);
	const char *text;
	char num[24];
	int64_t val;

	if (n) {
		if (dt_macro_arg(ps, s + skip, n, p->loc, &text) < 0 ||
		    append(ps, p, text, strlen(text)) < 0)
			return -1;
		return skip + n;
	}
	n = word_length(s + 1, end);
	/* Rust's mangled names are full of "$LT$", "$u20$": no macros. */
	if (n && s + 1 + n < end && s[1 + n] == '$' && !is_macro_var(ps, s + 1, n))
		return append(ps, p, s, n + 2) < 0 ? -1 : (int)n + 2;
	if (!n)
		return DT_ERROR(ps, D_PDESC_INVAL, p->loc,
				"a macro's name must follow the '$' in this probe description");
	if (dt_macro_var(ps, s + 1, n, p->loc, &val) < 0)
		return -1;
	snprintf(num, sizeof(num), "%lld", (long long)val);
	return append(ps, p, num, strlen(num)) < 0 ? -1 : (int)n + 1;
}

static const char *read_part(struct dt_parser *ps, int i, const char *s, const char *end,
			     struct dt_loc loc)
{
	struct part p = { .info = &parts[i], .loc = loc };
	int used;

	while (s < end) {
		if (*s != '$')
			used = append(ps, &p, s, 1) < 0 ? -1 : 1;
		else
			used = expand(ps, &p, s, end);
		if (used < 0)
			return NULL;
		s += used;
	}
	return dt_pstrndup(ps, p.s, p.n);
}

/* A description that is one macro argument, or the text itself. NULL: error. */
static const char *whole_argument(struct dt_parser *ps, struct dt_loc loc, const char *text)
{
	const char *end = text + strlen(text), *arg;
	size_t skip = text[0] != '$' ? 0 : text[1] == '$' ? 2 : 1;
	size_t n = skip ? digits_length(text + skip, end) : 0;

	if (!n || text[skip + n])
		return text;
	if (dt_macro_arg(ps, text + skip, n, loc, &arg) < 0)
		return NULL;
	if (strchr(arg, '$')) {
		DT_ERROR(ps, D_PDESC_INVAL, loc,
			 "macro argument \"%.64s\" cannot contain macros itself", arg);
		return NULL;
	}
	return arg;
}

static int by_id(struct dt_parser *ps, struct dt_node *n, const char *text)
{
	uint64_t id = 0;

	for (; *text && id <= UINT32_MAX; text++)
		id = id * 10 + (*text - '0');
	if (!id || id > UINT32_MAX)
		return DT_ERROR(ps, D_PDESC_INVAL, n->loc, "%s is not the id of a probe",
				n->u.pdesc.text);
	n->u.pdesc.by_id = true;
	n->u.pdesc.id = id;
	return 0;
}

static int split(struct dt_parser *ps, struct dt_node *n, const char *text)
{
	int i = ps->p->spec ? ps->p->spec - 1 : 3;
	const char *end = text + strlen(text), *colon;

	for (;; end = colon, i--) {
		colon = memrchr(text, ':', end - text);
		n->u.pdesc.part[i] = read_part(ps, i, colon ? colon + 1 : text, end, n->loc);
		if (!n->u.pdesc.part[i])
			return -1;
		if (!colon)
			return 0;
		if (i == 0)
			break;
	}
	DT_ERROR(ps, D_PDESC_INVAL, n->loc,
		 "probe description %.128s has more than the %d part%s it may have here",
		 text, ps->p->spec ? ps->p->spec : 4, ps->p->spec == 1 ? "" : "s");
	dt_hint(ps->diag, "write provider:module:function:name; a '?' in a pattern matches a colon within a name");
	return -1;
}

struct dt_node *dt_pdesc(struct dt_parser *ps, struct dt_loc loc, const char *text)
{
	struct dt_node *n = dt_node_new(ps, DT_N_PDESC, loc);

	if (!n)
		return NULL;
	n->u.pdesc.text = text;
	for (int i = 0; i < 4; i++)
		n->u.pdesc.part[i] = "";
	if (text[strspn(text, "0123456789")] == '\0')
		return by_id(ps, n, text) < 0 ? NULL : n;
	text = whole_argument(ps, loc, text);
	return text && split(ps, n, text) >= 0 ? n : NULL;
}
