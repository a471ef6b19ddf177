/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Types of the arguments of static probes whose provider no program declares: what
 * the objects themselves tell (providers/pid/statics.h). A note of USDT tells width and
 * sign; the python provider knows its own. A pointer leads into the process.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "names_impl.h"
#include "proc_impl.h"
#include "statics.h"

struct look {
	struct dt_types *ts;
	const dtrace_probedesc_t *pat;
	pid_t pid;
	const struct dt_type **argv;
	unsigned int max;
	int n;			/* -1: no such probe yet; -2: they differ, or one is not known */
};

/* A type by its name, as D sees a value of the process. NULL: not known. */
static const struct dt_type *type_of(struct dt_types *ts, const char *name)
{
	const struct dt_type *t = name ? dt_types_lookup(ts, name) : NULL, *to;

	if (!t || t->kind != DT_T_POINTER)
		return t;
	to = dt_type_qualified(ts, t->base, DT_TQ_USERLAND);
	return to ? dt_type_pointer(ts, to) : NULL;
}

static int take(void *ctx, const struct dt_static *s)
{
	struct look *l = ctx;
	char provider[DTRACE_PROVNAMELEN];
	bool first = l->n == -1;

	snprintf(provider, sizeof(provider), "%s%d", s->prov, (int)l->pid);
	if (!dt_glob_fits(l->pat->dtpd_provider, provider) || !dt_glob_fits(l->pat->dtpd_name, s->name) ||
	    (s->func && *s->func && !dt_glob_fits(l->pat->dtpd_func, s->func)))
		return 0;
	if (!first && (l->n < 0 || (size_t)l->n != s->nargtype))
		l->n = -2;
	else
		l->n = (int)s->nargtype;
	for (unsigned int i = 0; l->n >= 0 && i < s->nargtype && i < l->max; i++) {
		const struct dt_type *t = type_of(l->ts, s->argtype ? s->argtype[i] : NULL);

		if (!t || (!first && !dt_type_same(t, l->argv[i])))
			l->n = -2;
		l->argv[i] = t;
	}
	return 0;
}

int dt_known_args(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pat, const struct dt_type **argv, unsigned int max)
{
	size_t digits = strlen(pat->dtpd_provider);
	struct look l = { .ts = dtp->types, .pat = pat, .argv = argv, .max = max, .n = -1 };

	while (digits && isdigit((unsigned char)pat->dtpd_provider[digits - 1]))
		digits--;
	l.pid = atoi(pat->dtpd_provider + digits);
	for (size_t k = 0; dt_statics_sources[k]; k++)
		for (const struct dt_static *s = dt_statics_sources[k]->known; s && s->name; s++)
			if (strlen(s->prov) == digits && !strncmp(s->prov, pat->dtpd_provider, digits))
				take(&l, s);
	return l.n;
}

int dt_static_args(dtrace_hdl_t *dtp, struct ps_prochandle *P, const dtrace_probedesc_t *pat,
		   const struct dt_type **argv, unsigned int max)
{
	struct look l = { .ts = dtp->types, .pat = pat, .pid = P->pid, .argv = argv, .max = max, .n = -1 };

	for (size_t i = 0; i < dt_proc_nobjects(P->proc); i++) {
		struct dt_object *o = dt_proc_object(P->proc, i);

		if (o->is_vdso || !dt_object_matches(o, pat->dtpd_mod) || dt_object_elf(P->proc, o, NULL))
			continue;
		for (size_t k = 0; dt_statics_sources[k]; k++)
			dt_statics_sources[k]->walk(P->proc, o, take, &l, NULL);
	}
	return l.n;
}
