// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The parser's outside: text in, tree out. It hands flex the text and bison
 * the tokens, and keeps what both need to know.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "grammar.h"
#include "lex.h"

#define TEXT_MAX	((size_t)64 << 20)

int dt_no_memory(struct dt_parser *ps)
{
	struct dt_loc nowhere = { 0 };

	return DT_ERROR(ps, D_ALLOC, nowhere, "out of memory while compiling");
}

void *dt_palloc(struct dt_parser *ps, size_t n)
{
	void *p = dt_arena_alloc(ps->arena, n);

	if (!p)
		dt_no_memory(ps);
	return p;
}

char *dt_pstrndup(struct dt_parser *ps, const char *s, size_t n)
{
	char *p = dt_arena_strndup(ps->arena, s, n);

	if (!p)
		dt_no_memory(ps);
	return p;
}

/* From the start of one to the end of another, but one line only. */
struct dt_loc dt_loc_span(struct dt_loc first, struct dt_loc last)
{
	if (last.line == first.line && last.src == first.src && last.endcol > first.endcol)
		first.endcol = last.endcol;
	return first;
}

static bool is_qualifier(int token)
{
	return token == TOK_CONST || token == TOK_VOLATILE || token == TOK_RESTRICT ||
	       token == TOK_USERLAND;
}

int dt_next_token(union DT_YYSTYPE *val, struct dt_loc *loc, struct dt_parser *ps)
{
	struct dt_lex *lx = &ps->lex;
	int token = lx->first;

	lx->first = 0;
	if (!token)
		token = dt_scan(val, loc, ps->scanner);
	if (token < 0)
		return TOK_DT_YYerror;	/* reported already */
	if (!token)			/* the end: flex leaves the place of what it read last */
		*loc = (struct dt_loc){ lx->src, lx->now.line, lx->now.col, lx->now.col };
	if (lx->in_attr) {
		lx->attr_parens += (token == '(') - (token == ')');
		if (token == ')' && lx->attr_parens <= 0) {
			lx->in_attr = false;
			lx->prev2 = lx->attr_prev[1];
			lx->prev = lx->attr_prev[0];
			return token;
		}
	} else if (token == TOK_ATTRIBUTE || token == TOK_ALIGNAS) {
		lx->in_attr = true;
		lx->attr_parens = 0;
		lx->attr_prev[0] = lx->prev;
		lx->attr_prev[1] = lx->prev2;
	}
	if (!is_qualifier(token)) {
		lx->prev2 = lx->prev;
		lx->prev = token;
	}
	return token;
}

/* flex leaves by longjmp when it has no memory. */
static int run(struct dt_parser *ps)
{
	if (setjmp(ps->lex.fatal))
		return dt_no_memory(ps);
	if (!dt_yy_scan_bytes(ps->lex.text, ps->lex.len, ps->scanner))
		return dt_no_memory(ps);
	dt_lex_begin(ps->scanner, ps->lex.mode);
	if (dt_yyparse(ps) && !ps->diag->set)
		return dt_no_memory(ps);
	return ps->diag->set ? -1 : 0;
}

static int parse(struct dt_parser *ps, const char *text, size_t len)
{
	int r;

	if (len > TEXT_MAX)
		return DT_ERROR(ps, D_SYNTAX, (struct dt_loc){ 0 },
				"this program is longer than %zu MiB", TEXT_MAX >> 20);
	ps->lex.text = text;
	ps->lex.len = len;
	ps->lex.now = (struct dt_place){ 0, 1, 1 };
	ps->lex.src = ps->p->src;
	ps->pragmas_end = &ps->pragmas;
	r = dt_yylex_init_extra(ps, &ps->scanner) ? dt_no_memory(ps) : run(ps);
	if (ps->scanner)
		dt_yylex_destroy(ps->scanner);
	return r;
}

/* An argument that no program uses is most likely a mistake on the command line. */
static int check_arguments(struct dt_parser *ps)
{
	struct dt_macros *m = ps->p->macros;

	if (!m || m->argref)
		return 0;
	for (int i = 1; i < m->argc && i < 63; i++) {
		if (m->used & 1ul << i)
			continue;
		DT_ERROR(ps, D_MACRO_UNUSED, (struct dt_loc){ .src = ps->p->src },
			 "extraneous argument \"%.128s\": the program does not use $%d", m->argv[i], i);
		dt_hint(ps->diag, "-x argref permits unused arguments");
		return -1;
	}
	return 0;
}

struct dt_node *dt_parse(struct dt_parse *p, const char *text, size_t len)
{
	struct dt_parser ps = {
		.p = p, .diag = p->diag, .arena = p->arena, .types = p->types,
		.lex = { .first = TOK_START_PROGRAM, .mode = DT_LEX_TOP },
	};
	unsigned int idents = dt_idents_mark(p->idents);
	size_t types = dt_types_mark(p->types);

	if (!parse(&ps, text, len) && !check_arguments(&ps))
		return ps.program;
	dt_idents_rollback(p->idents, idents);
	dt_types_rollback(p->types, types);
	return NULL;
}

const struct dt_type *dt_parse_type(struct dt_parse *p, const char *text)
{
	struct dt_parser ps = {
		.p = p, .diag = p->diag, .arena = p->arena, .types = p->types,
		.lex = { .first = TOK_START_TYPE, .mode = DT_LEX_DECL },
	};
	size_t types = dt_types_mark(p->types);

	if (!parse(&ps, text, strlen(text)))
		return ps.type;
	dt_types_rollback(p->types, types);
	return NULL;
}
