/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the tests of the front half: a whole compilation's surroundings, and
 * the printed tree folded into one line, "(OP2 + (IDENT a) (INT 1))".
 */
#ifndef DT_PARSE_TEST_H
#define DT_PARSE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ident.h"

struct front {
	struct dt_types *types;
	struct dt_idents *idents;
	struct dt_arena *arena;
	struct dt_diag diag;
	struct dt_macros macros;
	struct dt_parse p;
};

static inline bool front_lookup(void *ctx, const char *name, int64_t *val, bool *undef)
{
	if (!strcmp(name, "pid"))
		*val = 77;
	else if (!strcmp(name, "uid"))
		*val = -2;
	else if (!strcmp(name, "target") && ctx)
		*val = 123;
	else
		return (void)(*undef = !strcmp(name, "target")), false;
	return true;
}

static inline void front_open(struct front *f)
{
	memset(f, 0, sizeof(*f));
	f->types = dt_types_create();
	f->idents = dt_idents_create(f->types);
	f->arena = dt_arena_create();
	f->macros = (struct dt_macros){ .lookup = front_lookup, .ctx = f, .argref = true };
	f->p = (struct dt_parse){
		.arena = f->arena, .types = f->types, .idents = f->idents, .macros = &f->macros,
		.diag = &f->diag, .src = 1, .spec = 4,
	};
}

static inline void front_close(struct front *f)
{
	dt_arena_destroy(f->arena);
	dt_idents_destroy(f->idents);
	dt_types_destroy(f->types);
}

/* Fold lines indented by two blanks a level. Malloc'ed. */
static inline char *front_fold(const char *tree)
{
	char *out = calloc(1, strlen(tree) * 3 + 64), *o = out;
	int depth = -1, level;

	while (*tree) {
		for (level = 0; *tree == ' '; tree++)
			level++;
		level /= 2;
		for (; depth >= level; depth--)
			*o++ = ')';
		if (o != out)
			*o++ = ' ';
		*o++ = '(';
		depth = level;
		while (*tree && *tree != '\n')
			*o++ = *tree++;
		tree += *tree == '\n';
	}
	for (; depth >= 0; depth--)
		*o++ = ')';
	return out;
}

/* The folded tree, or the error: "D_SYNTAX 1:2-3 message". Malloc'ed. */
static inline char *front_parse_n(struct front *f, const char *text, size_t len)
{
	struct dt_node *n;
	char *tree = NULL, *out;
	size_t size;
	FILE *mem;

	memset(&f->diag, 0, sizeof(f->diag));
	n = dt_parse(&f->p, text, len);
	if (!n) {
		assert_true(f->diag.set);
		out = malloc(2048);
		snprintf(out, 2048, "%s %u:%u-%u %s", dt_tag_name(f->diag.tag), f->diag.loc.line, f->diag.loc.col,
			 f->diag.loc.endcol, f->diag.msg);
		return out;
	}
	assert_false(f->diag.set);
	mem = open_memstream(&tree, &size);
	dt_ast_print(n, mem);
	fclose(mem);
	out = front_fold(tree);
	free(tree);
	return out;
}

static inline char *front_parse(struct front *f, const char *text)
{
	return front_parse_n(f, text, strlen(text));
}

struct front_case {
	const char *text, *want;
};

/* Each text by itself must give the tree, or an error that starts so. */
static inline void front_check(const struct front_case *c, size_t n, const char *before, const char *after,
			       const char *want_before, const char *want_after)
{
	char text[8192], want[8192], *got;
	struct front f;
	int bad = 0;

	for (; n; n--, c++) {
		bool error = !strncmp(c->want, "D_", 2);

		snprintf(text, sizeof(text), "%s%s%s", before, c->text, after);
		snprintf(want, sizeof(want), "%s%s%s", error ? "" : want_before, c->want, error ? "" : want_after);
		front_open(&f);
		got = front_parse(&f, text);
		if (error ? strncmp(got, want, strlen(want)) : strcmp(got, want)) {
			print_error("%s\n   got  %s\n   want %s\n", text, got, want);
			bad++;
		}
		free(got);
		front_close(&f);
	}
	assert_int_equal(bad, 0);
}

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
/* Statements of a clause. */
#define CHECK_BODY(a)	front_check(a, COUNT(a), "BEGIN{", "}", "(PROGRAM (CLAUSE (PDESC :::BEGIN) ", "))")
/* One expression. */
#define CHECK_EXPR(a)	front_check(a, COUNT(a), "BEGIN{", "}", "(PROGRAM (CLAUSE (PDESC :::BEGIN) (EXPR ", ")))")
#define CHECK_PROGRAM(a) front_check(a, COUNT(a), "", "", "(PROGRAM ", ")")
#define CHECK_ERROR(a)	front_check(a, COUNT(a), "", "", "", "")

#endif /* DT_PARSE_TEST_H */
