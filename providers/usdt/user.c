// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The static probes of an object: its notes, by name. A probe of several places
 * (the macro stands in several lines, or a function that has it was inlined)
 * is one with several sites. Names in notes may have double underscores, which D writes as dashes.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../python/python.h"
#include "statics.h"
#include "usdt.h"

struct notes {
	struct dt_note *v;
	size_t n, room;
};

/* As the kernel wants them. The provider's name is followed by the process's number. */
static bool names_fit(const struct dt_note *n)
{
	for (const char *s = n->provider; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("_-.", *s))
			return false;
	return !isdigit((unsigned char)n->provider[0]) && strcmp(n->provider, "pid") &&
	       strlen(n->provider) < DTRACE_PROVNAMELEN - 10 && strlen(n->name) < DTRACE_NAMELEN;
}

static int keep(void *ctx, const struct dt_note *n)
{
	struct notes *all = ctx;
	struct dt_note *v;

	if (all->n == all->room) {
		all->room = all->room ? 2 * all->room : 64;
		v = reallocarray(all->v, all->room, sizeof(*v));
		if (!v)
			return -ENOMEM;
		all->v = v;
	}
	all->v[all->n++] = *n;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct dt_note *x = a, *y = b;
	int c = strcmp(x->provider, y->provider);

	if (!c)
		c = strcmp(x->name, y->name);
	return c ? c : (x->pc > y->pc) - (x->pc < y->pc);
}

static bool same_probe(const struct dt_note *a, const struct dt_note *b)
{
	return !strcmp(a->provider, b->provider) && !strcmp(a->name, b->name);
}

/* ---- Arguments ---------------------------------------------------------------------- */

static bool value_of(void *ctx, const char *name, enum dt_name_kind kind, int64_t *value)
{
	struct dt_object *o = ctx;

	if ((kind == DT_NAME_TPOFF && !o->is_exe) || !dt_usdt_symbol(dt_elf_handle(o->elf), name, kind, value))
		return false;
	if (kind == DT_NAME_ADDR)
		*value = (int64_t)((uint64_t)*value + o->bias);
	return true;
}

/* Types that hold for all sites; returns how many. */
static size_t common_types(const struct dt_argspecs *spec, size_t n, const char **type)
{
	size_t most = spec[0].n < DTRACE_STEP_ARGS ? spec[0].n : DTRACE_STEP_ARGS;

	for (size_t i = 0; i < most; i++)
		type[i] = spec[0].arg[i].type;
	for (size_t k = 1; k < n; k++) {
		if (spec[k].n != spec[0].n)
			return 0;
		for (size_t i = 0; i < most; i++)
			if (!type[i] || !spec[k].arg[i].type || strcmp(type[i], spec[k].arg[i].type))
				type[i] = NULL;
	}
	for (size_t i = 0; i < most; i++)
		if (!type[i])
			type[i] = "uint64_t";
	return most;
}

/* Why an argument cannot be had at one of the places, though another may pass it. */
static void find_lacks(const struct dt_argspecs *spec, size_t n, const char *why[DTRACE_STEP_ARGS])
{
	uint32_t most = 0;

	for (size_t k = 0; k < n; k++)
		most = spec[k].n > most ? spec[k].n : most;
	memset(why, 0, DTRACE_STEP_ARGS * sizeof(*why));
	for (size_t k = 0; k < n; k++) {
		for (uint32_t i = 0; i < most && i < DTRACE_STEP_ARGS; i++) {
			if (i >= spec[k].n)
				why[i] = "not all of its places pass it";
			else if (spec[k].arg[i].why[0])
				why[i] = spec[k].arg[i].why;
		}
	}
}

/* ---- Probes -------------------------------------------------------------------------- */

/* "function__entry" is function-entry to D. */
static void dashes(const char *s, char *to)
{
	while (*s) {
		if (s[0] == '_' && s[1] == '_') {
			*to++ = '-';
			s += 2;
		} else {
			*to++ = *s++;
		}
	}
	*to = 0;
}

/* The probe whose notes are v[n]. */
static int give(struct dt_object *o, const struct dt_note *v, size_t n, dt_static_f *f, void *ctx)
{
	const char *type[DTRACE_STEP_ARGS], *lack[DTRACE_STEP_ARGS];
	struct dt_argnames names = { value_of, o };
	struct dt_argspecs *spec = calloc(n, sizeof(*spec));
	struct dt_site *site = calloc(n, sizeof(*site));
	struct dt_static s = { .prov = v->provider, .func = "", .site = site, .argtype = type, .lack = lack };
	char name[DTRACE_NAMELEN];
	int rc = -ENOMEM;

	if (spec && site) {
		for (size_t i = 0; i < n; i++) {
			if (s.nsite && site[s.nsite - 1].addr == v[i].pc)	/* told twice */
				continue;
			dt_argspecs_parse(v[i].args, &names, &spec[s.nsite]);
			site[s.nsite] = (struct dt_site){ .addr = v[i].pc, .sem = v[i].sem,
							  .step = spec[s.nsite].step, .nstep = spec[s.nsite].nstep };
			s.nsite++;
		}
		dashes(v->name, name);
		s.name = name;
		s.nargtype = common_types(spec, s.nsite, type);
		find_lacks(spec, s.nsite, lack);
		rc = f(ctx, &s);
	}
	free(spec);
	free(site);
	return rc;
}

static int walk(struct dt_proc *p, struct dt_object *o, dt_static_f *f, void *ctx, struct dt_err *err)
{
	struct notes all = { 0 };
	size_t bad = 0, n;
	int rc;

	(void)p;
	if (!o->elf)
		return 0;
	rc = dt_notes_each(dt_elf_handle(o->elf), keep, &all, &bad);
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), by_name);
	for (size_t i = 0; !rc && i < all.n; i += n) {
		n = 1;
		while (i + n < all.n && same_probe(&all.v[i], &all.v[i + n]))
			n++;
		if (dt_py_owns(o, all.v[i].provider, all.v[i].name))
			continue;
		if (names_fit(&all.v[i]))
			rc = give(o, &all.v[i], n, f, ctx);
		else
			bad += n;
	}
	free(all.v);
	if (rc == -ENOMEM)
		return dt_proc_fail(err, rc, "out of memory");
	if (!rc && bad)
		return dt_proc_fail(err, -ENOTSUP, "%zu of the notes about static probes in %s make no sense: the file "
				    "is damaged, or was made by a tool that writes them otherwise", bad, o->path);
	return rc;
}

static bool maybe(const char *path)
{
	return dt_statics_ask(path, dt_notes_any);
}

const struct dt_statics_source dt_usdt_source = { .maybe = maybe, .walk = walk };
