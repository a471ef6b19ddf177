// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Actions that the kernel carries out without recording anything: speculation and
 * those that change the system; and where in a clause they may stand.
 *
 * The order rules hold along each way through a clause: what stands before an if
 * comes before both of its sides, what stands in one side does not come before the
 * other, and what follows comes after both.
 *
 * system() and freopen() count as no recording of data, so commit() and speculate()
 * may come before and after them. To the kernel they are a record like any other, so
 * what follows begins a clause of its own there (clause.c).
 *
 * Source: Guide, "Speculative Tracing", "Actions and Subroutines".
 */
#include <string.h>

#include "cook.h"

/* An action of one integer. */
static int cook_number(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec, enum dt_basic type)
{
	struct dt_node *n = call->kid[0];
	char name[DT_TYPESTR];

	if (dt_cook_expr(ck, n))
		return -1;
	if (!dt_type_is_integer(n->type))
		return dt_error(ck->diag, D_PROTO_ARG, n->loc, "the argument of %s() must be an integer, not %s",
				call->name, dt_typestr(n, name));
	if (dt_convert(ck, n, dt_basic(ck->types, type)))
		return -1;
	return dt_want_value(ck, rec, (uint16_t)call->ident->id, n, 0);
}

/* speculate(id), commit(id), discard(id) */
int dt_cook_spec(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	return cook_number(ck, call, rec, DT_B_INT);
}

/* raise(signal) */
int dt_cook_raise(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	return cook_number(ck, call, rec, DT_B_INT);
}

/* chill(nanoseconds) */
int dt_cook_chill(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	return cook_number(ck, call, rec, DT_B_INT64);
}

/* stop(), panic(), breakpoint() */
int dt_cook_plain(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	return dt_want_value(ck, rec, (uint16_t)call->ident->id, NULL, 0);
}

/* ---- Order ------------------------------------------------------------------------- */

struct seen {
	bool speculate, commit, record;	/* on some way to here */
	bool command;			/* system(), freopen() */
};

static int check_spec(struct dt_cook *ck, const struct dt_node *s, struct seen *seen)
{
	struct dt_loc loc = s->kid[0]->loc;

	if (s->rec->kind == DTRACEACT_DISCARD)
		return 0;
	s->rec->apart = seen->command;
	if (s->rec->kind == DTRACEACT_COMMIT) {
		if (seen->commit)
			return dt_error(ck->diag, D_COMM_COMM, loc, "commit() may not follow commit() in a clause");
		if (seen->record)
			return dt_error(ck->diag, D_COMM_DREC, loc,
					"commit() may not follow an action that records data");
		seen->commit = true;
		return 0;
	}
	if (seen->speculate)
		return dt_error(ck->diag, D_SPEC_SPEC, loc, "speculate() may not follow speculate() in a clause");
	if (seen->commit)
		return dt_error(ck->diag, D_SPEC_COMM, loc, "speculate() may not follow commit()");
	if (seen->record)
		return dt_error(ck->diag, D_SPEC_DREC, loc, "speculate() may not follow an action that records data");
	seen->speculate = true;
	return 0;
}

static int check_action(struct dt_cook *ck, const struct dt_node *s, struct seen *seen)
{
	struct dt_loc loc = s->kid[0]->loc;
	uint16_t kind = s->rec->kind;

	if (DTRACEACT_CLASS(kind) == DTRACEACT_SPECULATIVE)
		return check_spec(ck, s, seen);
	if (DTRACEACT_ISAGG(kind)) {
		if (seen->speculate)
			return dt_error(ck->diag, D_AGG_SPEC, loc, "an aggregating action may not follow speculate()");
		if (seen->commit)
			return dt_error(ck->diag, D_AGG_COMM, loc, "an aggregating action may not follow commit()");
		seen->record = true;
		return 0;
	}
	if (seen->speculate && kind == DTRACEACT_EXIT)
		return dt_error(ck->diag, D_EXIT_SPEC, loc, "exit() may not follow speculate()");
	if (kind == DTRACEACT_SYSTEM || kind == DTRACEACT_FREOPEN) {
		s->rec->apart = seen->commit;
		seen->command = true;
		return 0;
	}
	if (DTRACEACT_ISDESTRUCTIVE(kind))
		return 0;
	if (seen->commit)
		return dt_error(ck->diag, D_DREC_COMM, loc, "an action that records data may not follow commit()");
	if (!seen->speculate)
		seen->record = true;
	return 0;
}

/* The first call among @list, and all that it computes with, that changes the system. */
static const struct dt_node *destroyer(const struct dt_node *list)
{
	for (const struct dt_node *n = list, *d; n; n = n->next) {
		if (n->kind == DT_N_CALL && n->ident && n->ident->flags & DT_IDF_DESTRUCTIVE)
			return n;
		d = n->kind == DT_N_AGG ? destroyer(n->u.agg.keys) : NULL;
		for (int i = 0; i < 3 && !d; i++)
			d = destroyer(n->kid[i]);
		if (d)
			return d;
	}
	return NULL;
}

/* One statement or condition: may it stand after speculate(), and does the program need -w for it? */
static int check_destroyer(struct dt_cook *ck, const struct dt_node *n, const struct seen *seen)
{
	const struct dt_node *d = destroyer(n);

	if (!d)
		return 0;
	if (seen->speculate)
		return dt_error(ck->diag, D_ACT_SPEC, d->loc, "%s() is destructive, and may not follow speculate()",
				d->name);
	if (!ck->destroyer)
		ck->destroyer = d;
	return 0;
}

static int check_list(struct dt_cook *ck, const struct dt_node *s, struct seen *seen)
{
	for (; s; s = s->next) {
		struct seen yes = *seen, no = *seen;

		if (s->kid[0] && check_destroyer(ck, s->kid[0], seen))
			return -1;
		if (s->kind != DT_N_IF) {
			if (s->rec && check_action(ck, s, seen))
				return -1;
			continue;
		}
		if (check_list(ck, s->kid[1], &yes) || check_list(ck, s->kid[2], &no))
			return -1;
		seen->speculate = yes.speculate || no.speculate;
		seen->commit = yes.commit || no.commit;
		seen->record = yes.record || no.record;
		seen->command = yes.command || no.command;
	}
	return 0;
}

/* A cooked clause's statements: may each of them stand where it does? */
int dt_check_order(struct dt_cook *ck, const struct dt_node *clause)
{
	struct seen seen = { 0 };

	if (clause->kid[1] && check_destroyer(ck, clause->kid[1], &seen))
		return -1;
	return check_list(ck, clause->kid[2], &seen);
}
