// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Providers as D declares them, and args[].
 *
 *	provider io { probe start(struct bio *b) : (bufinfo_t *b, devinfo_t *b); };
 *
 * A probe's native arguments are what fires with it, arg0, arg1 ...; its
 * translated ones, after the colon, are what args[] shows: each stands for the
 * native argument of the same name, or without a name that of the same position, and is
 * made from it by a translator, unless the types agree.
 *
 * args[n] asks the declarations first, then the debug information of what is
 * probed (names.h). If a clause has several descriptions, or one of them means
 * several declared probes, all of them must agree on the arguments.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "abstract.h"

#define MAX_ARGS	128
static const char entry[] = "%provider";

struct dt_sig {
	struct dt_sig *next;
	const char *name;		/* of the probe */
	uint32_t nnative, n;
	const struct dt_type **native, **type;
	uint32_t *map;			/* [n]: the native argument that each is made from */
};

/* ---- Declarations ---------------------------------------------------------------------- */

struct dt_provider *dt_provider_find(struct dt_cook *ck, const char *name)
{
	struct dt_ident *id = NULL;

	while ((id = dt_ident_next(ck->idents, DT_I_PROVIDER, entry, id)))
		if (!strcmp(id->def->prov->name, name))
			return id->def->prov;
	return NULL;
}

struct dt_provider *dt_provider_get(struct dt_cook *ck, const char *name, struct dt_loc loc)
{
	struct dt_arena *arena = dt_idents_arena(ck->idents);
	struct dt_provider *p = dt_provider_find(ck, name);
	struct dt_ident *id;

	if (p)
		return p;
	p = dt_arena_alloc(arena, sizeof(*p));
	id = dt_ident_add(ck->idents, DT_SCOPE_GLOBAL, DT_I_PROVIDER, entry);
	if (id)
		id->def = dt_arena_alloc(arena, sizeof(*id->def));
	if (!p || !id || !id->def || !(p->name = dt_arena_strndup(arena, name, strlen(name)))) {
		dt_nomem(ck, loc);
		return NULL;
	}
	id->def->prov = p;
	if (ck->cc->library)
		id->flags |= DT_IDF_LIBRARY;
	for (int i = 0; i < DT_PA_MAX; i++)
		p->attr[i] = (struct dt_attr){ DT_ST_UNSTABLE, DT_ST_UNSTABLE, DT_CL_COMMON };
	return p;
}

static struct dt_sig *find_sig(const struct dt_provider *p, const char *name)
{
	for (struct dt_sig *s = p->sigs; s; s = s->next)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

/* D writes "some__probe" for the probe some-probe. */
static char *probe_name(struct dt_cook *ck, const char *d)
{
	char *name = dt_arena_strndup(dt_idents_arena(ck->idents), d, strlen(d)), *p, *sep;

	for (p = name; p && (sep = strstr(p, "__")); p = sep + 1) {
		*sep = '-';
		memmove(sep + 1, sep + 2, strlen(sep + 2) + 1);
	}
	return name;
}

/* The native argument that translated argument @i stands for, or -1 with the diag set. */
static int map_arg(struct dt_cook *ck, const struct dt_node *d, uint32_t i)
{
	const char *name = d->u.probedef.xnames ? d->u.probedef.xnames[i] : NULL;
	uint32_t n = d->u.probedef.args->n;

	for (uint32_t k = 0; name && d->u.probedef.names && k < n; k++)
		if (d->u.probedef.names[k] && !strcmp(d->u.probedef.names[k], name))
			return (int)k;
	if (name)
		return dt_error(ck->diag, D_PROV_PRARGLEN, d->loc,
				"probe %s has no argument %s that its translated argument could be made from", d->name,
				name);
	if (i < n)
		return (int)i;
	return dt_error(ck->diag, D_PROV_PRARGLEN, d->loc,
			"probe %s has %u arguments: there is none for translated argument %u", d->name, n, i + 1);
}

/* Can it be had from the native one? Libraries, and who wants it late, find out when args[] is used. */
static int check_arg(struct dt_cook *ck, const struct dt_node *d, const struct dt_sig *s, uint32_t i)
{
	const struct dt_type *to = s->type[i], *from = s->native[s->map[i]];
	struct dt_node *v = ck->cc->library || ck->cc->late ? NULL : dt_arg_sample(ck, d, from);
	char name[DT_TYPESTR], got[DT_TYPESTR];

	if (!v)
		return ck->diag->set ? -1 : 0;
	if (dt_type_same(from, to) || dt_assignable(v, to) ||
	    dt_xlator_find(ck, v, dt_is_pointer(to) ? dt_pointee(to) : to))
		return 0;
	return dt_error(ck->diag, D_PROV_PRXLATOR, d->loc, "probe %s: there is no translator from %s to %s", d->name,
			dt_type_name(from, got, sizeof(got)), dt_type_name(to, name, sizeof(name)));
}

static const struct dt_type **keep_types(struct dt_cook *ck, const struct dt_type *func)
{
	const struct dt_type **v = dt_arena_alloc(dt_idents_arena(ck->idents), (func->n + 1) * sizeof(*v));

	for (uint32_t i = 0; v && i < func->n; i++)
		v[i] = func->params[i];
	return v;
}

static struct dt_sig *new_sig(struct dt_cook *ck, const struct dt_node *d)
{
	const struct dt_type *native = d->u.probedef.args;
	const struct dt_type *type = d->u.probedef.xargs ? d->u.probedef.xargs : native;
	struct dt_arena *arena = dt_idents_arena(ck->idents);
	struct dt_sig *s = dt_arena_alloc(arena, sizeof(*s));
	int k;

	if (!s) {
		dt_nomem(ck, d->loc);
		return NULL;
	}
	s->name = probe_name(ck, d->name);
	s->nnative = native->n;
	s->n = type->n;
	s->native = keep_types(ck, native);
	s->type = keep_types(ck, type);
	s->map = dt_arena_alloc(arena, (type->n + 1) * sizeof(*s->map));
	if (!s->name || !s->native || !s->type || !s->map) {
		dt_nomem(ck, d->loc);
		return NULL;
	}
	for (uint32_t i = 0; i < s->n; i++) {
		k = d->u.probedef.xargs ? map_arg(ck, d, i) : (int)i;
		if (k < 0)
			return NULL;
		s->map[i] = (uint32_t)k;
		if (check_arg(ck, d, s, i))
			return NULL;
	}
	return s;
}

static bool same_sig(const struct dt_sig *a, const struct dt_sig *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (!dt_type_same(a->type[i], b->type[i]) || a->map[i] != b->map[i] ||
		    dt_is_user_ptr(a->type[i]) != dt_is_user_ptr(b->type[i]) ||
		    !dt_type_same(a->native[a->map[i]], b->native[b->map[i]]))
			return false;
	return true;
}

/* A provider that is known already may be declared again, if it is the same. */
static int declare_again(struct dt_cook *ck, const struct dt_node *d, const struct dt_provider *p, struct dt_sig *s)
{
	const struct dt_sig *known = find_sig(p, s->name);

	if (known && same_sig(known, s))
		return 0;
	return dt_error(ck->diag, D_PROV_INCOMPAT, d->loc, "provider %s is declared already%s%s", p->name,
			known ? ", with other arguments of probe " : ", without a probe ", s->name);
}

static int declare_probe(struct dt_cook *ck, const struct dt_node *d, struct dt_provider *p, bool again)
{
	struct dt_sig *s, **end = &p->sigs;

	if (strlen(d->name) >= DTRACE_NAMELEN)
		return dt_error(ck->diag, D_PROV_BADNAME, d->loc, "a probe's name has at most %d bytes",
				DTRACE_NAMELEN - 1);
	if (d->u.probedef.args->n > MAX_ARGS || (d->u.probedef.xargs && d->u.probedef.xargs->n > MAX_ARGS))
		return dt_error(ck->diag, D_PROV_PRARGLEN, d->loc, "a probe has at most %d arguments", MAX_ARGS);
	s = new_sig(ck, d);
	if (!s)
		return -1;
	if (again)
		return declare_again(ck, d, p, s);
	if (find_sig(p, s->name))
		return dt_error(ck->diag, D_PROV_PRDUP, d->loc, "probe %s is declared twice in provider %s", s->name,
				p->name);
	while (*end)
		end = &(*end)->next;
	*end = s;
	return 0;
}

int dt_cook_provider(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_provider *p;
	size_t len = strlen(n->name);
	bool again;

	if (len >= DTRACE_PROVNAMELEN - 10)
		return dt_error(ck->diag, D_PROV_BADNAME, n->loc, "a provider's name has at most %d bytes",
				DTRACE_PROVNAMELEN - 11);
	if (isdigit((unsigned char)n->name[len - 1]))
		return dt_error(ck->diag, D_PROV_BADNAME, n->loc,
				"a provider's name cannot end in a digit: the number of a process follows it");
	p = dt_provider_get(ck, n->name, n->loc);
	if (!p)
		return -1;
	again = p->sigs != NULL;
	for (const struct dt_node *d = n->u.provider.probes; d; d = d->next)
		if (declare_probe(ck, d, p, again))
			return -1;
	return 0;
}

/* Idents are kept newest first. */
static int each_declared(struct dt_idents *ids, struct dt_ident *id, dt_declared_f *f, void *ctx)
{
	struct dt_ident *before = dt_ident_next(ids, DT_I_PROVIDER, entry, id);
	int rc = before ? each_declared(ids, before, f, ctx) : 0;

	if (!id || id->flags & DT_IDF_LIBRARY)
		return rc;
	for (const struct dt_sig *s = id->def->prov->sigs; s && !rc; s = s->next)
		rc = f(ctx, &(struct dt_declared){ id->def->prov->name, s->name, s->native, s->nnative });
	return rc;
}

int dt_declared_each(struct dt_idents *ids, dt_declared_f *f, void *ctx)
{
	return each_declared(ids, NULL, f, ctx);
}

/* ---- Which probes a description means ------------------------------------------------------- */

static bool is_glob(const char *s)
{
	return !s || !*s || strpbrk(s, "*?[\\") || s[0] == '!';
}

/* "io", or of a provider with a number for each process: "io1234", "io*". */
static bool provider_fits(const char *part, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(part, name, len))
		return false;
	part += len;
	if (part[0] == '*')
		return !part[1];
	while (isdigit((unsigned char)*part))
		part++;
	return !*part;
}

static bool probe_fits(const char *part, const char *name)
{
	return !part || !*part || !fnmatch(part, name, 0);
}

/* The description as one line, for messages. */
static const char *desc_text(const struct dt_node *d, char *buf, size_t n)
{
	const char *const *p = d->u.pdesc.part;

	if (d->u.pdesc.by_id)
		snprintf(buf, n, "%u", d->u.pdesc.id);
	else
		snprintf(buf, n, "%s:%s:%s:%s", p[0] ? p[0] : "", p[1] ? p[1] : "", p[2] ? p[2] : "", p[3] ? p[3] : "");
	return buf;
}

static void set_part(char *to, size_t n, const char *from)
{
	snprintf(to, n, "%s", from ? from : "");
}

static void desc_pattern(const struct dt_node *d, dtrace_probedesc_t *pat)
{
	*pat = (dtrace_probedesc_t){ 0 };
	if (d->u.pdesc.by_id) {
		pat->dtpd_id = d->u.pdesc.id;
		return;
	}
	set_part(pat->dtpd_provider, sizeof(pat->dtpd_provider), d->u.pdesc.part[0]);
	set_part(pat->dtpd_mod, sizeof(pat->dtpd_mod), d->u.pdesc.part[1]);
	set_part(pat->dtpd_func, sizeof(pat->dtpd_func), d->u.pdesc.part[2]);
	set_part(pat->dtpd_name, sizeof(pat->dtpd_name), d->u.pdesc.part[3]);
}

/* Which signature a clause's args[] have: of @from, if there is one so far. */
struct args {
	struct dt_cook *ck;
	struct dt_loc loc;
	const struct dt_sig *sig;
	const struct dt_node *from;
};

static int multi(struct args *a, const struct dt_node *d, const char *probe)
{
	char one[512], two[512];

	if (d == a->from)
		dt_error(a->ck->diag, D_ARGS_MULTI, a->loc,
			 "%s means probes with different arguments, among them %s and %s, so args[] has no one type",
			 desc_text(d, one, sizeof(one)), a->sig->name, probe);
	else
		dt_error(a->ck->diag, D_ARGS_MULTI, a->loc,
			 "args[] has no one type: the probes of %s and %s have different arguments",
			 desc_text(a->from, one, sizeof(one)), desc_text(d, two, sizeof(two)));
	return dt_hint(a->ck->diag, "give each a clause of its own, or use arg0 .. arg9");
}

static int meet(struct args *a, const struct dt_sig *s, const struct dt_node *d)
{
	if (a->sig && !same_sig(a->sig, s))
		return multi(a, d, s->name);
	a->sig = s;
	a->from = d;
	return 0;
}

/* What D declares. 1: something, 0: nothing, -1. */
static int declared(struct args *a, const struct dt_node *d)
{
	const char *prov = d->u.pdesc.part[0], *name = d->u.pdesc.part[3];
	struct dt_ident *id = NULL;
	int found = 0;

	if (d->u.pdesc.by_id || !prov || !*prov)
		return 0;
	while ((id = dt_ident_next(a->ck->idents, DT_I_PROVIDER, entry, id))) {
		if (!provider_fits(prov, id->def->prov->name))
			continue;
		for (const struct dt_sig *s = id->def->prov->sigs; s; s = s->next) {
			if (!probe_fits(name, s->name))
				continue;
			if (meet(a, s, d))
				return -1;
			found = 1;
		}
	}
	return found;
}

/* "BEGIN", "tick-1s": names that one provider's probes have. */
static bool names_provider(const struct dt_node *d)
{
	static const char *const names[] = { "BEGIN", "END", "ERROR", "tick-", "profile-" };
	const char *name = d->u.pdesc.part[3] ? d->u.pdesc.part[3] : "";

	if (!is_glob(d->u.pdesc.part[0]) || d->u.pdesc.by_id)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(name, names[i], strlen(names[i])))
			return true;
	return false;
}

/* To the family a probe without known types has no args[], so that any index is out of range. */
static int args_none(struct args *a, const struct dt_node *d, const char *why)
{
	char text[512];

	dt_error(a->ck->diag, names_provider(d) ? D_ARGS_IDX : D_ARGS_MULTI, a->loc,
		 "the types of the arguments of %s are not known%s%s",
		 desc_text(d, text, sizeof(text)), why && *why ? ": " : "", why && *why ? why : "");
	if (!names_provider(d))
		return dt_hint(a->ck->diag, "name the provider: types belong to one");
	return dt_hint(a->ck->diag, "use arg0 .. arg9, which are 64-bit integers, and casts");
}

/* What the debug information says. */
static int foreign(struct args *a, const struct dt_node *d)
{
	struct dt_cook *ck = a->ck;
	struct dt_names *names = dt_types_names(ck->types);
	const struct dt_type *types[MAX_ARGS] = { NULL };
	const char *argnames[MAX_ARGS];
	dtrace_probedesc_t pat;
	struct dt_sig *s;
	int n;

	desc_pattern(d, &pat);
	if (!names || !names->probe_args)
		return args_none(a, d, NULL);
	names->why[0] = '\0';
	n = names->probe_args(names->ctx, &pat, types, argnames, MAX_ARGS);
	if (n == -2) {
		a->from = d;
		dt_error(ck->diag, D_ARGS_MULTI, a->loc, "the probes that this clause is for have different arguments, "
			 "so args[] has no one type");
		return dt_hint(ck->diag, "name one function, or use arg0 .. arg9");
	}
	if (n < 0)
		return args_none(a, d, names->why);
	n = n < MAX_ARGS ? n : MAX_ARGS;
	s = dt_arena_alloc(ck->arena, sizeof(*s));
	if (!s || !(s->map = dt_arena_alloc(ck->arena, ((size_t)n + 1) * sizeof(*s->map))) ||
	    !(s->type = dt_arena_alloc(ck->arena, ((size_t)n + 1) * sizeof(*s->type))))
		return dt_nomem(ck, a->loc);
	memcpy(s->type, types, (size_t)n * sizeof(*types));
	for (uint32_t i = 0; i < (uint32_t)n; i++)
		s->map[i] = i;
	s->name = "";
	s->native = s->type;
	s->n = s->nnative = (uint32_t)n;
	return meet(a, s, d);
}

static int find_args(struct args *a)
{
	int found;

	if (!a->ck->clause)
		return dt_error(a->ck->diag, D_ARGS_NONE, a->loc, "args[] has a meaning only in a clause");
	for (const struct dt_node *d = a->ck->clause->kid[0]; d; d = d->next) {
		a->ck->attr = dt_attr_min(a->ck->attr, dt_attr_of_args(a->ck, d));
		found = declared(a, d);
		if (found < 0 || (!found && foreign(a, d)))
			return -1;
	}
	return a->sig ? 0 : dt_error(a->ck->diag, D_ARGS_NONE, a->loc, "args[] has a meaning only for probes");
}

int dt_args_types(struct dt_cook *ck, const struct dt_type **argv, uint32_t max)
{
	struct args a = { .ck = ck };

	if (find_args(&a))
		return -1;
	for (uint32_t i = 0; i < a.sig->n && i < max; i++)
		argv[i] = a.sig->type[i];
	return (int)a.sig->n;
}

/* ---- args[n] ----------------------------------------------------------------------------------- */

/* The native argument: what the probe passed, cut to its type. */
static struct dt_node *native_arg(struct dt_cook *ck, const struct dt_node *at, struct dt_ident *id, uint32_t i,
				  const struct dt_type *type)
{
	struct dt_node *n = dt_mk_node(ck, DT_N_INDEX, at);

	if (!n)
		return NULL;
	n->ident = id;
	n->name = id->name;
	n->type = dt_basic(ck->types, DT_B_UINT64);
	n->kid[1] = dt_mk_int(ck, at, i, dt_basic(ck->types, DT_B_INT));
	return n->kid[1] && !dt_wrap_cast(ck, n, type) ? n : NULL;
}

static int convert_arg(struct dt_cook *ck, struct dt_node *n, struct dt_node *v, const struct dt_type *to, uint32_t i)
{
	const struct dt_type *out = dt_is_pointer(to) ? dt_pointee(to) : to;
	char name[DT_TYPESTR], got[DT_TYPESTR];

	if (dt_type_same(v->type, to) || !dt_type_is_sou(out)) {
		if (!dt_type_same(v->type, to) && !dt_assignable(v, to))
			return dt_error(ck->diag, D_ARGS_XLATOR, n->loc, "args[%u] cannot be made a %s of a %s", i,
					dt_type_name(to, name, sizeof(name)), dt_typestr(v, got));
		if (dt_convert(ck, v, to))
			return -1;
		dt_node_become(n, v);
		return 0;
	}
	if (!dt_xlator_find(ck, v, out))
		return dt_error(ck->diag, D_ARGS_XLATOR, n->loc, "there is no translator that makes args[%u], "
				"a %s, of a %s",
				i, dt_type_name(to, name, sizeof(name)), dt_typestr(v, got));
	n->kind = DT_N_XLATE;
	n->kid[0] = v;
	n->kid[1] = NULL;
	n->u.type = to;
	n->name = NULL;
	return dt_cook_xlate(ck, n);
}

int dt_cook_args(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_ident *id = dt_ident_lookup(ck->idents, DT_SCOPE_GLOBAL, "args");
	struct args a = { .ck = ck, .loc = n->loc };
	struct dt_node *index = n->kid[1], *v;
	const struct dt_type *native;
	uint32_t i;

	if (index->next)
		return dt_error(ck->diag, D_PROTO_LEN, n->loc, "args[] takes one index");
	if (dt_cook_expr(ck, index))
		return -1;
	if (!dt_is_const_int(index))
		return dt_error(ck->diag, D_PROTO_ARG, index->loc,
				"the index of args[] must be a constant integer, "
				"because each argument has its own type");
	dt_attr_use(ck, id);
	if (find_args(&a))
		return -1;
	if (dt_int(index) < 0 || dt_int(index) >= a.sig->n)
		return dt_error(ck->diag, D_ARGS_IDX, index->loc, "args[%lld] is out of range: there %s %u argument%s",
				(long long)dt_int(index), a.sig->n == 1 ? "is" : "are", a.sig->n,
				a.sig->n == 1 ? "" : "s");
	i = (uint32_t)dt_int(index);
	native = a.sig->native[a.sig->map[i]];
	if (!native || !a.sig->type[i])
		return dt_error(ck->diag, D_ARGS_TYPE, n->loc, "the type of args[%u] is not known", i);
	if (!dt_type_is_scalar(native) && !dt_type_is_string(native))
		return dt_error(ck->diag, D_ARGS_TYPE, n->loc,
				"args[%u] is passed in several registers or in memory, where it cannot be had", i);
	v = native_arg(ck, n, id, a.sig->map[i], native);
	return v ? convert_arg(ck, n, v, a.sig->type[i], i) : -1;
}
