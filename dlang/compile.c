// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * dt_compile: runs the passes over one text.
 *
 * A compilation that fails leaves nothing behind: its arena goes, and the
 * identifiers and types it entered are taken back.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"

/* ---- Pragmas -------------------------------------------------------------------- */

static size_t word_len(const char *s)
{
	size_t n = 0;

	while (s[n] && !isspace((unsigned char)s[n]))
		n++;
	return n;
}

static const char *skip_space(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

/* option name | option name=value, blanks around = allowed */
static int pragma_option(struct dt_cook *ck, const struct dt_node *n, const char *s)
{
	char name[64], value[512], err[256] = "";
	size_t len = strcspn(s, "= \t");
	const char *v = skip_space(s + len);
	bool has_value = *v == '=';

	if (has_value)
		v = skip_space(v + 1);
	if (!len || (!has_value && *v) || (has_value && !*v) || (*v != '"' && v[word_len(v)]))
		return dt_error(ck->diag, D_PRAGMA_MALFORM, n->loc,
				"a pragma option is written: #pragma D option name or name=value");
	if (len >= sizeof(name) || strlen(v) >= sizeof(value))
		return dt_error(ck->diag, D_PRAGMA_MALFORM, n->loc, "this pragma option is too long");
	memcpy(name, s, len);
	name[len] = '\0';
	strcpy(value, v);
	if (!ck->cc->option || !ck->cc->option(ck->cc->ctx, name, has_value ? value : NULL, err, sizeof(err)))
		return 0;
	return dt_error(ck->diag, D_PRAGMA_OPTSET, n->loc, "%s", err[0] ? err : "this option cannot be set");
}

/* depends_on library x.d | module ext4 | provider io */
static int pragma_depends(struct dt_cook *ck, const struct dt_node *n, const char *s)
{
	static const char *const kinds[] = { "library", "module", "provider" };
	size_t len = word_len(s);
	const char *name = skip_space(s + len);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (len != strlen(kinds[i]) || strncmp(s, kinds[i], len) || !*name || name[word_len(name)])
			continue;
		if (!i && !ck->cc->library)
			return dt_error(ck->diag, D_PRAGMA_DEPEND, n->loc,
					"only a D library can depend on another one: a program has them all");
		if (!ck->cc->depends || ck->cc->depends(ck->cc->ctx, kinds[i], name))
			return 0;
		return dt_error(ck->diag, D_PRAGMA_DEPEND, n->loc, "this needs the %s %s, which is not there", kinds[i],
				name);
	}
	return dt_error(ck->diag, D_PRAGMA_MALFORM, n->loc,
			"this pragma is written: #pragma D depends_on library|module|provider name");
}

static int pragma(struct dt_cook *ck, const struct dt_node *n)
{
	static const char *const others[] = { "ident", "attributes", "binding" };	/* the last two: cook.c's */
	const char *s = skip_space(n->u.pragma.text);
	size_t len = word_len(s);

	if (len == strlen("option") && !strncmp(s, "option", len))
		return pragma_option(ck, n, skip_space(s + len));
	if (len == strlen("depends_on") && !strncmp(s, "depends_on", len))
		return pragma_depends(ck, n, skip_space(s + len));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (len == strlen(others[i]) && !strncmp(s, others[i], len))
			return 0;
	return dt_error(ck->diag, D_PRAGMA_INVAL, n->loc, "there is no #pragma D %.*s", (int)len, s);
}

/* All of them first: they hold for the whole program. */
static int pragmas(struct dt_cook *ck, const struct dt_node *prog)
{
	for (const struct dt_node *n = prog->kid[0]; n; n = n->next)
		if (n->kind == DT_N_PRAGMA && pragma(ck, n))
			return -1;
	return 0;
}

/* ---- Source text -------------------------------------------------------------------- */

/* Where line @line begins; @len if there is no such line. */
static size_t line_start(const char *text, size_t len, unsigned line)
{
	const char *p = text;

	while (--line && p)
		p = memchr(p, '\n', len - (size_t)(p - text)), p = p ? p + 1 : NULL;
	return p ? (size_t)(p - text) : len;
}

static size_t place(const struct dt_gen *g, struct dt_loc loc)
{
	size_t at = line_start(g->text, g->len, loc.line ? loc.line : 1) + (loc.col ? loc.col - 1 : 0);

	return at < g->len ? at : g->len;
}

/* Line markers make lines count differently from where they are in the text. */
static bool has_line_markers(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] != '#' || (i && text[i - 1] != '\n'))
			continue;
		for (i++; i < len && (text[i] == ' ' || text[i] == '\t'); i++)
			;
		if (i < len && (isdigit((unsigned char)text[i]) || (len - i > 4 && !memcmp(text + i, "line", 4))))
			return true;
	}
	return false;
}

/* From its first probe description to the next thing in the program. */
char *dt_clause_text(const struct dt_gen *g, const struct dt_node *clause)
{
	size_t from = place(g, clause->kid[0] ? clause->kid[0]->loc : clause->loc), to = g->len;
	const struct dt_node *next = clause->next;

	if (g->markers)
		return NULL;
	if (next && next->kind == DT_N_CLAUSE && next->kid[0])
		next = next->kid[0];
	if (next && place(g, next->loc) > from)
		to = place(g, next->loc);
	while (to > from && isspace((unsigned char)g->text[to - 1]))
		to--;
	return strndup(g->text + from, to - from);
}

/* ---- The passes ------------------------------------------------------------------------- */

static int generate(struct dt_gen *g, struct dt_node *prog)
{
	for (struct dt_node *n = prog->kid[0]; n; n = n->next)
		if (n->kind == DT_N_CLAUSE && dt_gen_clause(g, n))
			return -1;
	return 0;
}

static int run(struct dt_cook *ck, struct dt_program *prog, const char *text, size_t len)
{
	struct dt_parse parse = {
		.arena = ck->arena, .types = ck->types, .idents = ck->idents, .macros = ck->cc->macros,
		.diag = ck->diag, .src = ck->cc->src, .probe_spec_ambiguous_is_probe = ck->cc->pspec,
		.spec = ck->cc->spec, .file = ck->cc->file, .ctx = ck->cc->ctx,
	};
	struct dt_gen g = { .ck = ck, .prog = prog, .text = text, .len = len };
	struct dt_node *tree = dt_parse(&parse, text, len);

	g.markers = has_line_markers(text, len);
	if (!tree)
		return -1;
	if (!tree->kid[0] && !ck->cc->empty_ok)
		return dt_error(ck->diag, D_EMPTY, tree->loc, "this program is empty");
	if (pragmas(ck, tree))
		return -1;
	if (ck->cc->tree)
		ck->cc->tree(ck->cc->ctx, 0, tree);
	if (dt_cook_program(ck, tree))
		return -1;
	if (ck->cc->tree)
		ck->cc->tree(ck->cc->ctx, 1, tree);
	if (ck->destroyer) {
		prog->destroyer = ck->destroyer->ident;
		prog->destroys = ck->destroyer->loc;
	}
	return generate(&g, tree);
}

struct dt_program *dt_compile(struct dt_compile *c, const char *text, size_t len)
{
	struct dt_cook ck = { .cc = c, .types = c->types, .idents = c->idents, .diag = c->diag };
	struct dt_program *prog = calloc(1, sizeof(*prog));
	unsigned idents = dt_idents_mark(c->idents);
	size_t types = dt_types_mark(c->types);
	int err = -1;

	ck.arena = dt_arena_create();
	if (prog && ck.arena)
		err = run(&ck, prog, text, len);
	else
		dt_nomem(&ck, (struct dt_loc){ .src = c->src });
	for (struct dt_rec *r = ck.recs; r; r = r->next)
		dt_format_free(r->fmt);
	if (ck.arena)
		dt_arena_destroy(ck.arena);
	if (!err)
		return prog;
	dt_program_free(prog);
	dt_idents_rollback(c->idents, idents);
	dt_types_rollback(c->types, types);
	return NULL;
}

/* ---- Programs ------------------------------------------------------------------------------ */

static void clause_free(struct dt_clause *c)
{
	for (uint32_t i = 0; i < c->nactions; i++) {
		dt_difo_free(c->actions[i].difo);
		dt_difo_free(c->actions[i].incr);
	}
	dt_difo_free(c->pred);
	free(c->actions);
	free(c->pats);
	free(c->patlocs);
	free(c->text);
}

void dt_program_free(struct dt_program *p)
{
	if (!p)
		return;
	for (uint32_t i = 0; i < p->nclauses; i++)
		clause_free(&p->clauses[i]);
	for (uint32_t i = 0; i < p->nstmts; i++) {
		dt_format_free(p->stmts[i]->fmt);
		free(p->stmts[i]->aggs);
		free(p->stmts[i]);
	}
	free(p->clauses);
	free(p->stmts);
	free(p);
}
