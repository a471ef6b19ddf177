/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What ident.c shares with ident_builtin.c.
 */
#ifndef DT_IDENT_IMPL_H
#define DT_IDENT_IMPL_H

#include <dtrace/abi.h>

#include "ident.h"

#define DT_IDENT_BUCKETS	1024

struct dt_idents {
	struct dt_types *types;
	struct dt_arena *arena;		/* see dt_idents_arena() */
	bool library_only;		/* see dt_idents_library_only() */
	uint32_t version;		/* see dt_idents_set_version() */
	struct dt_ident *buckets[DT_IDENT_BUCKETS];	/* by name, newest first */
	struct dt_ident **v;
	unsigned n, cap;
	uint32_t next[4];	/* next id: global, self, this, aggregations */
	uint64_t blocks;	/* see dt_idents_block() */
};

/* Enter a name without giving it an id. */
struct dt_ident *dt_ident_enter(struct dt_idents *ids, enum dt_scope scope, enum dt_ident_kind kind,
				const char *name);
/* Enter all that D itself defines. Returns 0 or -1 (no memory). */
int dt_ident_builtins(struct dt_idents *ids);

#endif /* DT_IDENT_IMPL_H */
