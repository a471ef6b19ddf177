// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Clauses: from cooked statements to the kernel's predicate and list of
 * actions.
 *
 * if and else. The kernel runs a clause's actions one after the other, and the
 * only thing it can skip is a whole clause. So a clause with an if becomes
 * several, one a basic block, in the program's order. Blocks are numbered, and
 * a hidden clause-local variable, this->%next, holds the number of the block to
 * run next; it is each block's predicate, and the last action of a block:
 *
 *	probe / P / { A; if (c) B; else C; D; }
 *
 *	probe       { %next = 0 }              (only if there is a predicate)
 *	probe / P / { A; %next = c ? 1 : 2 }
 *	probe / %next == 1 / { B; %next = 3 }
 *	probe / %next == 2 / { C; %next = 3 }
 *	probe / %next == 3 / { D }
 *
 * The condition is evaluated once, where it stands. A fault leaves %next as it
 * is, so what follows in the clause is skipped, as it must be; a clause of
 * dtrace:::ERROR that runs then cannot start a block of this one, for the
 * numbers are never used twice (dt_idents_block).
 *
 * Clause-local variables keep their values from one block to the next, for all
 * blocks run within one firing.
 *
 * What follows speculate() is speculative, in later blocks, too. So this->%spec keeps
 * the speculation (with a bit above it, as 0 means that none was named), and a block that may come
 * after speculate() begins with that action (DTRACE_SPEC_INHERIT).
 *
 * A statement that the kernel takes in no clause with one before it (cook_kernel.c)
 * begins a block, too.
 */
#include <stdlib.h>
#include <string.h>

#include "compile.h"

/* ---- Building ------------------------------------------------------------------- */

static int nomem(struct dt_gen *g, struct dt_loc loc)
{
	return dt_error(g->ck->diag, D_ALLOC, loc, "out of memory");
}

/* Room for one more element in a malloc'ed array of @n. */
static void *one_more(struct dt_gen *g, void *v, uint32_t n, size_t size, struct dt_loc loc)
{
	void *p = v;

	/* grow at powers of two */
	if ((n & (n - 1)) == 0)
		p = realloc(v, (n ? 2 * (size_t)n : 1) * size);
	if (!p) {
		nomem(g, loc);
		return NULL;
	}
	memset((char *)p + n * size, 0, size);
	return p;
}

static struct dt_clause *cur(struct dt_gen *g)
{
	return &g->prog->clauses[g->prog->nclauses - 1];
}

static int codegen(struct dt_gen *g, const struct dt_node *n, struct dt_difo **ret)
{
	const struct dt_compile *cc = g->ck->cc;

	*ret = dt_codegen(g->ck->types, g->ck->idents, g->ck->diag, n);
	if (!*ret)
		return -1;
	if (cc->iregs && (*ret)->nregs > cc->iregs)
		return dt_error(g->ck->diag, D_REGS, n->loc, "this expression needs %u registers, and option iregs "
				"allows %u", (*ret)->nregs, cc->iregs);
	if (cc->tregs && (*ret)->ntuple > cc->tregs)
		return dt_error(g->ck->diag, D_REGS, n->loc, "this expression needs %u tuple registers, and option "
				"tregs allows %u", (*ret)->ntuple, cc->tregs);
	return 0;
}

static struct dt_action *new_action(struct dt_gen *g, uint16_t kind, struct dt_loc loc)
{
	struct dt_clause *c = cur(g);
	void *v = one_more(g, c->actions, c->nactions, sizeof(*c->actions), loc);

	if (!v)
		return NULL;
	c->actions = v;
	c->actions[c->nactions].kind = kind;
	return &c->actions[c->nactions++];
}

/* An expression for its side effects. */
static int effect(struct dt_gen *g, const struct dt_node *e)
{
	struct dt_action *a = new_action(g, DTRACEACT_DIFVAL, e->loc);

	return a ? codegen(g, e, &a->difo) : -1;
}

/* ---- Statements that record --------------------------------------------------------- */

static struct dt_stmt *new_stmt(struct dt_gen *g, struct dt_rec *rec, struct dt_loc loc)
{
	struct dt_program *p = g->prog;
	void *v = one_more(g, p->stmts, p->nstmts, sizeof(*p->stmts), loc);
	struct dt_stmt *s;

	if (!v)
		return NULL;
	p->stmts = v;
	s = calloc(1, sizeof(*s));
	if (!s) {
		nomem(g, loc);
		return NULL;
	}
	s->index = p->nstmts;
	p->stmts[p->nstmts++] = s;
	s->kind = rec->kind;
	s->loc = loc;
	s->fmt = rec->fmt;
	rec->fmt = NULL;	/* the statement's now */
	if (!rec->naggs)
		return s;
	s->aggs = malloc(rec->naggs * sizeof(*s->aggs));
	if (!s->aggs) {
		nomem(g, loc);
		return NULL;
	}
	memcpy(s->aggs, rec->aggs, rec->naggs * sizeof(*s->aggs));
	s->naggs = rec->naggs;
	return s;
}

static int record(struct dt_gen *g, const struct dt_node *s)
{
	struct dt_stmt *stmt = new_stmt(g, s->rec, s->kid[0]->loc);

	if (!stmt)
		return -1;
	for (const struct dt_want *w = s->rec->wants; w; w = w->next) {
		struct dt_action *a = new_action(g, w->kind, s->loc);

		if (!a)
			return -1;
		a->ntuple = w->ntuple;
		a->varid = w->varid;
		a->arg = w->arg;
		a->stmt = stmt;
		stmt->nactions++;
		if (w->val) {
			a->type = w->val->type;
			if (codegen(g, w->val, &a->difo))
				return -1;
		}
		if (w->incr && codegen(g, w->incr, &a->incr))
			return -1;
	}
	return 0;
}

static int remember_spec(struct dt_gen *g, struct dt_node *s);

static int statement(struct dt_gen *g, struct dt_node *s)
{
	struct dt_node *e = s->kid[0];

	if (!e)
		return 0;
	if (s->rec && s->rec->kind == DTRACEACT_SPECULATE && g->blocks && remember_spec(g, s))
		return -1;
	if (s->rec)
		return record(g, s);
	/* nobody looks at the old value of x++ here */
	if (e->kind == DT_N_OP1 && (e->op == DT_OP_POSTINC || e->op == DT_OP_POSTDEC))
		e->op = e->op == DT_OP_POSTINC ? DT_OP_PREINC : DT_OP_PREDEC;
	return effect(g, e);
}

/* ---- Clauses and blocks ------------------------------------------------------------------ */

static int set_pattern(struct dt_gen *g, const struct dt_node *d, dtrace_probedesc_t *pat)
{
	static const char *const names[] = { "provider", "module", "function", "name" };
	char *to[4] = { pat->dtpd_provider, pat->dtpd_mod, pat->dtpd_func, pat->dtpd_name };
	const size_t room[4] = { sizeof(pat->dtpd_provider), sizeof(pat->dtpd_mod), sizeof(pat->dtpd_func),
				 sizeof(pat->dtpd_name) };

	if (d->u.pdesc.by_id) {
		pat->dtpd_id = d->u.pdesc.id;
		return 0;
	}
	for (int i = 0; i < 4; i++) {
		const char *part = d->u.pdesc.part[i] ? d->u.pdesc.part[i] : "";

		if (strlen(part) >= room[i])
			return dt_error(g->ck->diag, D_PDESC_INVAL, d->loc,
					"the %s part of this probe description is longer than %zu bytes",
					names[i], room[i] - 1);
		strcpy(to[i], part);
	}
	return 0;
}

static int set_patterns(struct dt_gen *g, struct dt_clause *c)
{
	uint32_t n = dt_list_len(g->node->kid[0]);

	c->pats = calloc(n ? n : 1, sizeof(*c->pats));
	c->patlocs = calloc(n ? n : 1, sizeof(*c->patlocs));
	if (!c->pats || !c->patlocs)
		return nomem(g, g->node->loc);
	for (const struct dt_node *d = g->node->kid[0]; d; d = d->next) {
		c->patlocs[c->npats] = d->loc;
		if (set_pattern(g, d, &c->pats[c->npats++]))
			return -1;
	}
	return 0;
}

/* Begin another of the kernel's clauses for the clause that is being compiled. */
static int begin(struct dt_gen *g, const struct dt_node *pred)
{
	struct dt_program *p = g->prog;
	void *v = one_more(g, p->clauses, p->nclauses, sizeof(*p->clauses), g->node->loc);
	struct dt_clause *c;

	if (!v)
		return -1;
	p->clauses = v;
	c = &p->clauses[p->nclauses++];
	c->loc = g->node->kid[0] ? g->node->kid[0]->loc : g->node->loc;
	c->text = dt_clause_text(g, g->node);
	c->descattr = g->node->u.clause.descattr;
	c->stmtattr = g->node->u.clause.stmtattr;
	if (set_patterns(g, c))
		return -1;
	return pred ? codegen(g, pred, &c->pred) : 0;
}

static const struct dt_type *next_type(struct dt_gen *g)
{
	return dt_basic(g->ck->types, DT_B_UINT64);
}

/* A hidden variable, as a node at @at. */
static struct dt_node *hidden_var(struct dt_gen *g, const char *name, const struct dt_node *at)
{
	struct dt_ident *id = dt_ident_lookup(g->ck->idents, DT_SCOPE_THIS, name);
	struct dt_node *n = dt_mk_node(g->ck, DT_N_VAR, at);

	if (!id) {
		id = dt_ident_add(g->ck->idents, DT_SCOPE_THIS, DT_I_SCALAR, name);
		if (!id)
			nomem(g, at->loc);
		else
			id->type = next_type(g);
	}
	if (!n || !id)
		return NULL;
	n->ident = id;
	n->scope = DT_SCOPE_THIS;
	n->name = id->name;
	n->type = id->type;
	return n;
}

static int set_hidden(struct dt_gen *g, const char *name, const struct dt_node *at, struct dt_node *value)
{
	struct dt_node *var = hidden_var(g, name, at), *set;

	if (!var || !value)
		return -1;
	set = dt_mk_op2(g->ck, DT_OP_ASGN, var, value, var->type);
	return set ? effect(g, set) : -1;
}

/* %next = value */
static int set_next(struct dt_gen *g, const struct dt_node *at, struct dt_node *value)
{
	return set_hidden(g, "%next", at, value);
}

static struct dt_node *number(struct dt_gen *g, const struct dt_node *at, uint64_t block)
{
	return dt_mk_int(g->ck, at, (int64_t)block, next_type(g));
}

/* %next = c ? yes : no */
static int set_next_if(struct dt_gen *g, struct dt_node *c, uint64_t yes, uint64_t no)
{
	struct dt_node *value = dt_mk_node(g->ck, DT_N_OP3, c);

	if (!value)
		return -1;
	value->kid[0] = c;
	value->kid[1] = number(g, c, yes);
	value->kid[2] = number(g, c, no);
	value->type = next_type(g);
	return value->kid[1] && value->kid[2] ? set_next(g, c, value) : -1;
}

/* The statement speculate(id) becomes { %spec = 1 << 32 | id; speculate((unsigned int)%spec) }. */
static int remember_spec(struct dt_gen *g, struct dt_node *s)
{
	struct dt_want *w = s->rec->wants;
	struct dt_node *bit = number(g, s, 1ull << 32), *mask = number(g, s, UINT32_MAX);
	struct dt_node *var = hidden_var(g, "%spec", s), *id = w->val, *val, *low;

	if (!bit || !mask || !var)
		return -1;
	low = dt_mk_op2(g->ck, DT_OP_BAND, id, mask, next_type(g));
	val = low ? dt_mk_op2(g->ck, DT_OP_BOR, low, bit, next_type(g)) : NULL;
	mask = number(g, s, UINT32_MAX);
	w->val = mask ? dt_mk_op2(g->ck, DT_OP_BAND, var, mask, next_type(g)) : NULL;
	g->speculates = true;
	return val && w->val ? set_hidden(g, "%spec", s, val) : -1;
}

static int inherit_spec(struct dt_gen *g, const struct dt_node *at)
{
	struct dt_node *var = hidden_var(g, "%spec", at);
	struct dt_action *a = var ? new_action(g, DTRACEACT_SPECULATE, at->loc) : NULL;

	if (!a)
		return -1;
	a->arg = DTRACE_SPEC_INHERIT;
	return codegen(g, var, &a->difo);
}

static int begin_block(struct dt_gen *g, const struct dt_node *at, uint64_t block)
{
	struct dt_node *var = hidden_var(g, "%next", at), *num = number(g, at, block), *eq;

	if (!var || !num)
		return -1;
	eq = dt_mk_op2(g->ck, DT_OP_EQ, var, num, dt_basic(g->ck->types, DT_B_INT));
	if (!eq || begin(g, eq))
		return -1;
	return g->speculates ? inherit_spec(g, at) : 0;
}

static int statements(struct dt_gen *g, struct dt_node *list, uint64_t after);

/* One side of an if: a block of its own. */
static int side(struct dt_gen *g, struct dt_node *list, uint64_t block, uint64_t after)
{
	return begin_block(g, list, block) || statements(g, list, after) ? -1 : 0;
}

/* What follows is a block of its own, although nothing branches to it. */
static int break_here(struct dt_gen *g, const struct dt_node *at)
{
	uint64_t block = dt_idents_block(g->ck->idents);

	return set_next(g, at, number(g, at, block)) || begin_block(g, at, block) ? -1 : 0;
}

/* @after: the block that follows; 0: none, the clause ends. */
static int if_statement(struct dt_gen *g, struct dt_node *s, uint64_t after)
{
	uint64_t yes = s->kid[1] ? dt_idents_block(g->ck->idents) : after;
	uint64_t no = s->kid[2] ? dt_idents_block(g->ck->idents) : after;

	bool before = g->speculates, yesspec;

	if (set_next_if(g, s->kid[0], yes, no))
		return -1;
	if (s->kid[1] && side(g, s->kid[1], yes, after))
		return -1;
	yesspec = g->speculates;
	g->speculates = before;
	if (s->kid[2] && side(g, s->kid[2], no, after))
		return -1;
	g->speculates |= yesspec;
	return 0;
}

static int statements(struct dt_gen *g, struct dt_node *list, uint64_t after)
{
	for (struct dt_node *s = list; s; s = s->next) {
		uint64_t join = s->next ? 0 : after;

		if (s->kind != DT_N_IF) {
			if (s->rec && s->rec->apart && break_here(g, s))
				return -1;
			if (statement(g, s))
				return -1;
			if (!s->next && after && set_next(g, s, number(g, s, after)))
				return -1;
			continue;
		}
		if (s->next)
			join = dt_idents_block(g->ck->idents);
		if (if_statement(g, s, join) || (s->next && begin_block(g, s->next, join)))
			return -1;
	}
	return 0;
}

static bool has_blocks(const struct dt_node *list)
{
	for (; list; list = list->next)
		if (list->kind == DT_N_IF || (list->rec && list->rec->apart))
			return true;
	return false;
}

static bool has_speculate(const struct dt_node *list)
{
	for (; list; list = list->next) {
		if (list->rec && list->rec->kind == DTRACEACT_SPECULATE)
			return true;
		if (list->kind == DT_N_IF && (has_speculate(list->kid[1]) || has_speculate(list->kid[2])))
			return true;
	}
	return false;
}

int dt_gen_clause(struct dt_gen *g, struct dt_node *clause)
{
	struct dt_node *pred = clause->kid[1], *list = clause->kid[2];
	bool blocks = has_blocks(list), spec = blocks && has_speculate(list);

	g->node = clause;
	g->blocks = blocks;
	g->speculates = false;
	if (blocks && pred && (begin(g, NULL) || set_next(g, clause, number(g, clause, 0))))
		return -1;
	if (begin(g, pred))
		return -1;
	if (blocks && !pred && set_next(g, clause, number(g, clause, 0)))
		return -1;
	if (spec && set_hidden(g, "%spec", clause, number(g, clause, 0)))
		return -1;
	if (!list)
		return new_action(g, DTRACEACT_DEFAULT, clause->loc) ? 0 : -1;
	return statements(g, list, 0);
}
