// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Stability: what the names and values that a program uses promise.
 *
 * Each ident and each part of a provider's probes has a triple of name, data
 * and class. A clause has two: the least of those of its descriptions, and the
 * least of what its predicate and statements use. Source: Guide, "Stability".
 *
 *	#pragma D attributes Evolving/Evolving/Common curpsinfo
 *	#pragma D attributes Stable/Stable/Common provider io args
 *	#pragma D binding "1.5" curpsinfo
 *
 * These pragmas may stand before what they name, "translator" means the next
 * one; one that is left at the end is an error. Programs may say so of what
 * they define themselves, libraries of D's names, too.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "abstract.h"

#define LESSER(a, b) ((a) < (b) ? (a) : (b))

struct dt_attr dt_attr_min(struct dt_attr a, struct dt_attr b)
{
	return (struct dt_attr){ LESSER(a.name, b.name), LESSER(a.data, b.data), LESSER(a.cls, b.cls) };
}

static bool is_set(struct dt_attr a)
{
	return a.name || a.data || a.cls;
}

void dt_attr_use(struct dt_cook *ck, const struct dt_ident *id)
{
	if (id->flags & DT_IDF_ATTR || is_set(id->attr))
		ck->attr = dt_attr_min(ck->attr, id->attr);
}

/* ---- Words ------------------------------------------------------------------------- */

const char *const dt_stabilities[DT_ST_WORDS] = {
	"Internal", "Private", "Obsolete", "External", "Unstable", "Evolving", "Stable", "Standard",
};
const char *const dt_classes[DT_CL_WORDS] = { "Unknown", "CPU", "Platform", "Group", "ISA", "Common" };

static bool find_word(const char *s, size_t n, const char *const *words, int nwords, uint8_t *ret)
{
	for (int i = 0; i < nwords; i++) {
		if (strlen(words[i]) != n || strncasecmp(words[i], s, n))
			continue;
		*ret = (uint8_t)i;
		return true;
	}
	return false;
}

static bool parse_attr(const char *s, size_t n, struct dt_attr *a)
{
	const char *slash = memchr(s, '/', n), *second, *end = s + n;

	second = slash ? memchr(slash + 1, '/', (size_t)(end - slash - 1)) : NULL;
	return second && find_word(s, (size_t)(slash - s), dt_stabilities, DT_ST_WORDS, &a->name) &&
	       find_word(slash + 1, (size_t)(second - slash - 1), dt_stabilities, DT_ST_WORDS, &a->data) &&
	       find_word(second + 1, (size_t)(end - second - 1), dt_classes, DT_CL_WORDS, &a->cls);
}

static const char *attr_text(struct dt_attr a, char buf[64])
{
	snprintf(buf, 64, "%s/%s/%s", dt_stabilities[a.name % DT_ST_WORDS], dt_stabilities[a.data % DT_ST_WORDS],
		 dt_classes[a.cls % DT_CL_WORDS]);
	return buf;
}

/* The next word: its length, 0 at the end; *s moves to it. */
static size_t word(const char **s)
{
	size_t n = 0;

	while (isspace((unsigned char)**s))
		++*s;
	while ((*s)[n] && !isspace((unsigned char)(*s)[n]))
		n++;
	return n;
}

static bool is_word(const char *s, size_t n, const char *what)
{
	return strlen(what) == n && !strncmp(s, what, n);
}

/* ---- Providers ---------------------------------------------------------------------- */

#define ATTR(n, d, c) { DT_ST_##n, DT_ST_##d, DT_CL_##c }
#define HIDDEN ATTR(PRIVATE, PRIVATE, UNKNOWN)
#define SAME(a) { a, a, a, a, a }

/* Source: Guide, the chapters of the providers. Parts: provider, module, function, name, args. */
static const struct {
	const char *name;
	bool number;			/* a process's follows, or a rate */
	struct dt_attr attr[DT_PA_MAX];
} providers[] = {
	{ "dtrace", false, { ATTR(STABLE, STABLE, COMMON), HIDDEN, HIDDEN,
			     ATTR(STABLE, STABLE, COMMON), ATTR(STABLE, STABLE, COMMON) } },
	{ "profile", false, { ATTR(EVOLVING, EVOLVING, COMMON), ATTR(UNSTABLE, UNSTABLE, COMMON),
			      HIDDEN, ATTR(EVOLVING, EVOLVING, COMMON),
			      ATTR(EVOLVING, EVOLVING, COMMON) } },
	{ "tick", false, { ATTR(EVOLVING, EVOLVING, COMMON), ATTR(UNSTABLE, UNSTABLE, COMMON),
			   HIDDEN, ATTR(EVOLVING, EVOLVING, COMMON),
			   ATTR(EVOLVING, EVOLVING, COMMON) } },
	{ "pid", true, { ATTR(EVOLVING, EVOLVING, ISA), HIDDEN, HIDDEN,
			 ATTR(EVOLVING, EVOLVING, ISA), HIDDEN } },
	{ "syscall", false, { ATTR(EVOLVING, EVOLVING, COMMON), HIDDEN, ATTR(UNSTABLE, UNSTABLE, ISA),
			      ATTR(EVOLVING, EVOLVING, COMMON), ATTR(UNSTABLE, UNSTABLE, ISA) } },
	{ "fbt", false, { ATTR(EVOLVING, EVOLVING, ISA), HIDDEN, HIDDEN,
			  ATTR(EVOLVING, EVOLVING, ISA), ATTR(PRIVATE, PRIVATE, ISA) } },
	{ "sdt", false, { ATTR(EVOLVING, EVOLVING, ISA), HIDDEN, HIDDEN,
			  ATTR(PRIVATE, PRIVATE, ISA), ATTR(PRIVATE, PRIVATE, ISA) } },
};

static bool name_fits(const char *part, const char *name, bool number)
{
	size_t n = strlen(name);

	if (strncmp(part, name, n))
		return false;
	return !part[n] || (number && (isdigit((unsigned char)part[n]) || part[n] == '*'));
}

/* NULL: nothing is known of this provider. */
static const struct dt_attr *provider_attrs(struct dt_cook *ck, const char *name)
{
	struct dt_provider *p = dt_provider_find(ck, name);
	char stem[DTRACE_PROVNAMELEN];
	size_t n = strlen(name);

	while (n && (isdigit((unsigned char)name[n - 1]) || name[n - 1] == '*'))
		n--;
	if (!p && n && n < sizeof(stem)) {
		memcpy(stem, name, n);
		stem[n] = '\0';
		p = dt_provider_find(ck, stem);
	}
	if (p)
		return p->attr;
	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++)
		if (name_fits(name, providers[i].name, providers[i].number))
			return providers[i].attr;
	return NULL;
}

/* Names that only one provider has; in a description they mostly stand alone. */
static const char *provider_of(const struct dt_node *d)
{
	static const char *const own[][2] = {
		{ "BEGIN", "dtrace" }, { "END", "dtrace" }, { "ERROR", "dtrace" }, { "profile-", "profile" },
		{ "tick-", "profile" },
	};
	const char *prov = d->u.pdesc.part[0], *name = d->u.pdesc.part[3];

	if ((prov && *prov) || !name)
		return prov;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		size_t n = strlen(own[i][0]);

		if (!strncmp(name, own[i][0], n) && (own[i][0][n - 1] == '-' || !name[n]))
			return own[i][1];
	}
	return prov;
}

static const struct dt_attr *desc_attrs(struct dt_cook *ck, const struct dt_node *d)
{
	static const struct dt_attr unknown[DT_PA_MAX] = SAME(ATTR(UNSTABLE, UNSTABLE, COMMON));
	const char *prov = d->u.pdesc.by_id ? NULL : provider_of(d);
	const struct dt_attr *a = prov && *prov ? provider_attrs(ck, prov) : NULL;

	return a ? a : unknown;
}

/* The provider, and each part that the description gives. */
struct dt_attr dt_attr_of_desc(struct dt_cook *ck, const struct dt_node *d)
{
	const struct dt_attr *a = desc_attrs(ck, d);
	struct dt_attr ret = a[DT_PA_PROVIDER];

	for (int i = 1; i < 4; i++)
		if (!d->u.pdesc.by_id && d->u.pdesc.part[i] && *d->u.pdesc.part[i])
			ret = dt_attr_min(ret, a[i]);
	return ret;
}

struct dt_attr dt_attr_of_args(struct dt_cook *ck, const struct dt_node *d)
{
	return desc_attrs(ck, d)[DT_PA_ARGS];
}

int dt_attr_check(struct dt_cook *ck, struct dt_attr attr, struct dt_loc loc, const char *what)
{
	struct dt_attr min = dt_attr_min(attr, ck->cc->amin);
	char have[64], want[64];

	if (!ck->cc->has_amin || !memcmp(&min, &ck->cc->amin, sizeof(min)))
		return 0;
	return dt_error(ck->diag, D_ATTR_MIN, loc, "the stability of %s is %s, less than the %s that -x amin asks for",
			what, attr_text(attr, have), attr_text(ck->cc->amin, want));
}

/* ---- Pragmas ----------------------------------------------------------------------------- */

struct dt_pending {
	struct dt_pending *next;
	struct dt_loc loc;
	const char *name;		/* "%xlator": the next translator */
	bool is_version;
	struct dt_attr attr;
	uint32_t version;
	const struct dt_ident *after;	/* translators: this one was there already */
};

static int malformed(struct dt_cook *ck, const struct dt_node *n, const char *form)
{
	return dt_error(ck->diag, D_PRAGMA_MALFORM, n->loc, "this pragma is written: #pragma D %s", form);
}

static int pend(struct dt_cook *ck, const struct dt_node *n, const char *name, size_t len, struct dt_pending what)
{
	struct dt_pending *p = dt_arena_alloc(ck->arena, sizeof(*p)), **end = &ck->pending;
	bool xlator = is_word(name, len, "translator");

	if (!p)
		return dt_nomem(ck, n->loc);
	*p = what;
	p->loc = n->loc;
	p->name = xlator ? "%xlator" : dt_arena_strndup(ck->arena, name, len);
	p->after = xlator ? dt_ident_next(ck->idents, DT_I_XLATOR, "%xlator", NULL) : NULL;
	if (!p->name)
		return dt_nomem(ck, n->loc);
	while (*end)
		end = &(*end)->next;
	*end = p;
	return dt_pragmas_apply(ck, false);
}

static int provider_attributes(struct dt_cook *ck, const struct dt_node *n, struct dt_attr attr, const char *s)
{
	static const char *const parts[DT_PA_MAX] = { "provider", "module", "function", "name", "args" };
	const char *name = s;
	size_t len = word(&name), plen;
	const char *part = name + len;
	struct dt_provider *p;
	char buf[DTRACE_PROVNAMELEN];

	plen = word(&part);
	if (!len || len >= sizeof(buf) || !plen)
		return malformed(ck, n, "attributes name/data/class provider name provider|module|function|name|args");
	memcpy(buf, name, len);
	buf[len] = '\0';
	for (int i = 0; i < DT_PA_MAX; i++) {
		if (!is_word(part, plen, parts[i]))
			continue;
		p = dt_provider_find(ck, buf);
		if (!p && ck->cc->library)
			p = dt_provider_get(ck, buf, n->loc);
		if (!p)
			return ck->diag->set ? -1 : dt_error(ck->diag, D_PRAGMA_INVAL, n->loc,
				"provider %s is not declared here", buf);
		p->attr[i] = attr;
		return 0;
	}
	return dt_error(ck->diag, D_PRAGMA_MALFORM, n->loc,
			"the attributes of a provider are those of its provider, module, function, "
					"name or args, not %.*s",
			(int)plen, part);
}

int dt_pragma_attributes(struct dt_cook *ck, const struct dt_node *n, const char *s)
{
	struct dt_pending p = { .is_version = false };
	size_t len = word(&s);
	const char *what = s + len;
	size_t wlen = word(&what);

	if (!len || !wlen)
		return malformed(ck, n, "attributes name/data/class identifier, or ... provider name part");
	if (!parse_attr(s, len, &p.attr)) {
		dt_error(ck->diag, D_PRAGMA_MALFORM, n->loc, "%.*s is not an attribute: it has a name's and a data "
			 "stability and a class, as in Stable/Evolving/Common", (int)len, s);
		return -1;
	}
	if (is_word(what, wlen, "provider"))
		return provider_attributes(ck, n, p.attr, what + wlen);
	return pend(ck, n, what, wlen, p);
}

static bool parse_version(const char *s, size_t n, uint32_t *ret)
{
	unsigned long part[3] = { 0 };
	const char *end = s + n;
	char *p;
	int i;

	for (i = 0; i < 3 && s < end && isdigit((unsigned char)*s); i++) {
		part[i] = strtoul(s, &p, 10);
		s = p;
		if (s < end && *s == '.')
			s++;
	}
	*ret = DT_VERSION_NUM(part[0], part[1], part[2]);
	return i >= 2 && s == end && part[0] <= 0xff && part[1] <= 0xfff && part[2] <= 0xfff;
}

int dt_pragma_binding(struct dt_cook *ck, const struct dt_node *n, const char *s)
{
	struct dt_pending p = { .is_version = true };
	size_t len = word(&s);
	const char *what = s + len;
	size_t wlen = word(&what);

	if (len < 2 || s[0] != '"' || s[len - 1] != '"' || !wlen)
		return malformed(ck, n, "binding \"version\" identifier");
	if (!parse_version(s + 1, len - 2, &p.version))
		return dt_error(ck->diag, D_PRAGMA_MALFORM, n->loc, "%.*s is not a version: it is written as \"1.2.3\"",
				(int)len, s);
	return pend(ck, n, what, wlen, p);
}

/* What a pragma names, if it is there. */
static struct dt_ident *target(struct dt_cook *ck, const struct dt_pending *p)
{
	struct dt_ident *id;

	if (strcmp(p->name, "%xlator"))
		return dt_ident_lookup(ck->idents, DT_SCOPE_GLOBAL, p->name);
	id = dt_ident_next(ck->idents, DT_I_XLATOR, p->name, NULL);
	return id == p->after ? NULL : id;
}

static int apply(struct dt_cook *ck, const struct dt_pending *p, struct dt_ident *id)
{
	if (!ck->cc->library && (id->flags & DT_IDF_BUILTIN))
		return dt_error(ck->diag, D_PRAGMA_SCOPE, p->loc, "%s is not of this program, "
				"so its %s cannot be changed",
				p->name, p->is_version ? "version" : "attributes");
	if (p->is_version) {
		id->version = p->version;
	} else {
		id->attr = p->attr;
		id->flags |= DT_IDF_ATTR;
	}
	return 0;
}

int dt_pragmas_apply(struct dt_cook *ck, bool end)
{
	struct dt_pending **p = &ck->pending;
	struct dt_ident *id;

	while (*p) {
		id = target(ck, *p);
		if (id) {
			if (apply(ck, *p, id))
				return -1;
			*p = (*p)->next;
			continue;
		}
		if (end)
			return dt_error(ck->diag, D_PRAGMA_UNUSED, (*p)->loc, "there is nothing called %s here",
					strcmp((*p)->name, "%xlator") ? (*p)->name : "translator");
		p = &(*p)->next;
	}
	return 0;
}
