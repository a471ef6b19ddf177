/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What compile.c shares with clause.c: the program being built.
 */
#ifndef DT_COMPILE_H
#define DT_COMPILE_H

#include "codegen.h"
#include "cook.h"

struct dt_gen {
	struct dt_cook *ck;
	struct dt_program *prog;
	const struct dt_node *node;	/* the clause being compiled */
	bool blocks;			/* the clause is cut at its ifs */
	bool speculates;		/* what is compiled now may come after speculate(); only if blocks */
	const char *text;		/* the source */
	size_t len;
	bool markers;			/* it has line markers: places are not where they say */
};

int dt_gen_clause(struct dt_gen *g, struct dt_node *clause);
/* Its source, malloc'ed; NULL if it cannot be told. */
char *dt_clause_text(const struct dt_gen *g, const struct dt_node *clause);

#endif /* DT_COMPILE_H */
