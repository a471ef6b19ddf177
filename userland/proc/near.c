// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a mistyped name may have meant: the name within the fewest edits, if
 * that is few enough to be no accident.
 */
#include <stdio.h>
#include <string.h>

#include "impl.h"

#define MAX_NAME	64	/* longer ones are not mistyped but pasted */

/* Levenshtein distance, or limit + 1 if it is more than @limit. */
static unsigned int distance(const char *a, const char *b, unsigned int limit)
{
	size_t na = strlen(a), nb = strlen(b);
	unsigned int row[MAX_NAME + 1];

	if (na > MAX_NAME || nb > MAX_NAME || (na > nb ? na - nb : nb - na) > limit)
		return limit + 1;
	for (size_t k = 0; k <= nb; k++)
		row[k] = k;
	for (size_t i = 0; i < na; i++) {
		unsigned int diagonal = row[0];

		row[0] = i + 1;
		for (size_t k = 0; k < nb; k++) {
			unsigned int best = diagonal + (a[i] != b[k]);

			diagonal = row[k + 1];
			if (diagonal + 1 < best)
				best = diagonal + 1;
			if (row[k] + 1 < best)
				best = row[k] + 1;
			row[k + 1] = best;
		}
	}
	return row[nb] > limit ? limit + 1 : row[nb];
}

struct near {
	const char *name;
	unsigned int limit;	/* a name must be within it; falls as names are found */
	char *buf;
	size_t n;
	bool found;
};

static void consider(struct near *s, const char *name)
{
	unsigned int d;

	if (!s->limit)
		return;
	d = distance(s->name, name, s->limit);
	if (!d || d > s->limit)
		return;
	snprintf(s->buf, s->n, "%s", name);
	s->found = true;
	s->limit = d - 1;
}

static unsigned int limit_for(const char *name)
{
	size_t len = strlen(name);

	return len < 3 ? 0 : len < 8 ? 1 : 2;
}

bool dt_near_module(struct dt_proc *p, const char *name, char *buf, size_t n)
{
	struct near s = { name, limit_for(name), buf, n, false };

	for (size_t i = 0; i < p->nobj; i++) {
		const char *base = p->obj[i]->pub.name;
		const char *so = strstr(base, ".so");
		char stem[256];

		snprintf(stem, sizeof(stem), "%.*s", (int)(so ? so - base : (ptrdiff_t)strlen(base)), base);
		consider(&s, base);
		consider(&s, stem);
	}
	return s.found;
}

bool dt_near_function(struct dt_proc *p, const char *mod, const char *name, char *buf, size_t n)
{
	struct near s = { name, limit_for(name), buf, n, false };

	for (size_t i = 0; i < p->nobj; i++) {
		struct dt_elf *e = p->obj[i]->pub.elf;
		size_t nfunc;

		if (!e || !dt_object_matches(&p->obj[i]->pub, mod))
			continue;
		dt_elf_functions(e, &nfunc);
		for (size_t k = 0; k < e->nname; k++)
			consider(&s, e->name[k].name);
	}
	return s.found;
}
