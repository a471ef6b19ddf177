// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Actions that the consumer carries out when it reads the record: system(),
 * freopen(), ftruncate(), setopt(). The kernel records their arguments, no more;
 * it checks that destructive ones are allowed.
 *
 * Source: Guide, "Actions and Subroutines", "Output Formatting", "Options and Tunables".
 */
#include <string.h>

#include "cook.h"

/* system(format, ...), freopen(format, ...): as printf(), but to a command line or a path. */
int dt_cook_system(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	return dt_cook_formatted(ck, call, rec, false);
}

/* An empty path goes back to the first output. */
int dt_cook_freopen(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	const struct dt_node *path = call->kid[0];

	if (path->kind == DT_N_STR && path->u.s.len == 1 && *path->u.s.bytes == '.')
		return dt_error(ck->diag, D_FREOPEN_INVALID, path->loc, "freopen() needs a file, and . is a folder");
	return dt_cook_formatted(ck, call, rec, true);
}

int dt_cook_ftruncate(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	return dt_want_value(ck, rec, DTRACEACT_LIBACT, NULL, DT_ACT_FTRUNCATE);
}

/* setopt(name[, value]): any strings, for what they are is known only when they are read. */
int dt_cook_setopt(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	uint16_t kind = DTRACEACT_LIBACT;
	char name[DT_TYPESTR];
	unsigned i = 1;

	for (struct dt_node *n = call->kid[0]; n; n = n->next, i++) {
		if (dt_cook_expr(ck, n))
			return -1;
		if (!dt_type_is_string(n->type))
			return dt_error(ck->diag, D_PROTO_ARG, n->loc,
					"argument %u of setopt() must be a string, not %s",
					i, dt_typestr(n, name));
	}
	for (struct dt_node *n = call->kid[0]; n; n = n->next, kind = DTRACEACT_DIFEXPR)
		if (dt_want_value(ck, rec, kind, n, DT_ACT_SETOPT))
			return -1;
	return 0;
}
