// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Syntax errors in words: what was found, and what would have been right, if
 * that can be said shortly. Bison tells all tokens that could follow; dozens
 * of them mean "an expression" or "an operator", so they are summed up.
 */
#include <stdio.h>
#include <string.h>

#include "parse.h"

/* Tokens by grammar.y's names; a token may be of several classes. */
static const char *const starts_expression[] = {
	"identifier", "integer", "string", "aggregation", "self", "this", "sizeof", "stringof",
	"offsetof", "xlate", "'('", "'!'", "'~'", "'&'", "'*'", "'+'", "'-'", "++", "--", NULL
};
static const char *const starts_type[] = {
	"type", "auto", "_Bool", "char", "const", "double", "enum", "extern", "float", "int",
	"long", "register", "restrict", "self", "short", "signed", "static", "string ",
	"struct", "this", "typedef", "union", "unsigned", "userland", "void", "volatile", NULL
};
static const char *const starts_item[] = {
	"inline", "translator", "provider", "probe description", "';'", NULL
};
static const char *const continues_expression[] = {
	"'?'", "'|'", "'^'", "'&'", "'<'", "'>'", "'+'", "'-'", "'*'", "'/'", "'%'", "'='",
	"'['", "'('", "'.'", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||",
	"^^", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "<<=", ">>=", NULL
};
static const char *const names[] = {
	"identifier", "type", "counter", "import", "inline", "offsetof", "probe", "provider",
	"self", "string ", "stringof", "this", "translator", "userland", "xlate", NULL
};
static const char *const statement_signs[] = { "if", "';'", NULL };
static const char *const declarator_signs[] = { "identifier", "'*'", "'('", "'['", NULL };
static const char *const continues_declarator[] = { "'['", "'('", NULL };
static const char *const comma[] = { "','", NULL };

static bool among(const char *const *set, const char *name)
{
	for (; *set; set++)
		if (!strcmp(*set, name))
			return true;
	return false;
}

struct wanted {
	const char *const *name;
	int n;
	const char *phrase[4];
	char quoted[4][24];
	int phrases;
	bool too_many;
};

static bool wants(const struct wanted *w, const char *name)
{
	for (int i = 0; i < w->n; i++)
		if (!strcmp(w->name[i], name))
			return true;
	return false;
}

static void say(struct wanted *w, const char *phrase)
{
	if (w->phrases == 4)
		w->too_many = true;
	else
		w->phrase[w->phrases++] = phrase;
}

/* A token by itself: as it is written, in quotes. */
static void say_token(struct wanted *w, const char *name)
{
	size_t n = strlen(name);
	char *q;

	if (!strcmp(name, "end of file") || (!strcmp(name, "type") && wants(w, "identifier")))
		return;
	if (!strcmp(name, "identifier"))
		return say(w, "a name");
	if (!strcmp(name, "predicate's /"))
		return say(w, "a predicate");
	if (!strcmp(name, "/ at the predicate's end"))
		return say(w, "the \"/\" that ends the predicate");
	if (!strcmp(name, "probe description"))
		return say(w, "a probe description");
	if (w->phrases == 4)
		return say(w, name);
	if (name[0] == '\'') {
		name++;
		n -= 2;
	}
	q = w->quoted[w->phrases];
	snprintf(q, sizeof(w->quoted[0]), "\"%.*s\"", (int)(n < 20 ? n : 20), name);
	say(w, q);
}

static void sum_up(struct wanted *w)
{
	bool item = wants(w, "probe description") && wants(w, "inline");
	bool expression = !item && wants(w, "integer"), statement = expression && wants(w, "if");
	bool declarator = !item && !expression && wants(w, "'*'") && wants(w, "identifier");
	bool type = !item && wants(w, "_Bool"), operator = wants(w, "'%'");
	bool name = !item && !expression && !type && wants(w, "counter");
	bool comma_operator = operator && (wants(w, "';'") || wants(w, "/ at the predicate's end"));
	bool dimension = !expression && !operator && wants(w, "'['");
	const struct { bool is; const char *phrase; const char *const *set; } groups[] = {
		{ item, "a probe description or a declaration", starts_item },
		{ item, NULL, starts_type },
		{ expression, statement ? "a statement" : "an expression", starts_expression },
		{ statement, NULL, statement_signs },
		{ declarator, "a name", declarator_signs },
		{ type, declarator ? NULL : "a type", starts_type },
		{ name, "a name", names },
		{ operator, NULL, continues_expression },
		{ comma_operator, NULL, comma },
		{ dimension, NULL, continues_declarator },
	};
	const size_t n = sizeof(groups) / sizeof(groups[0]);

	for (size_t g = 0; g < n; g++)
		if (groups[g].is && groups[g].phrase)
			say(w, groups[g].phrase);
	for (int i = 0; i < w->n; i++) {
		bool said = false;

		for (size_t g = 0; g < n; g++)
			said |= groups[g].is && among(groups[g].set, w->name[i]);
		if (!said)
			say_token(w, w->name[i]);
	}
}

/* "a, b or c", or nothing if that would say too much. */
static void expected(char *buf, size_t size, const char *const *want, int n)
{
	struct wanted w = { .name = want, .n = n };
	size_t used;

	sum_up(&w);
	buf[0] = '\0';
	if (w.too_many || !w.phrases)
		return;
	used = snprintf(buf, size, ": expected ");
	for (int i = 0; i < w.phrases && used < size; i++)
		used += snprintf(buf + used, size - used, "%s%s", w.phrase[i],
				 i + 2 < w.phrases ? ", " : i + 2 == w.phrases ? " or " : "");
}

/* Words that other languages use here. */
static void hint(struct dt_parser *ps, const char *found, const char *text, size_t n,
		 const char *const *want, int nwant)
{
	struct wanted w = { .name = want, .n = nwant };
	bool expression = wants(&w, "integer");

	if (!strcmp(found, "reserved word"))
		dt_hint(ps->diag, "D has no \"%.*s\": clauses run straight through, with if and "
				  "else at most", (int)n, text);
	else if (wants(&w, "probe description") && wants(&w, "inline"))
		dt_hint(ps->diag, "actions stand in braces after a probe description: BEGIN { ... }");
	else if (!strcmp(found, "'='") && !expression && wants(&w, "','"))
		dt_hint(ps->diag, "a declaration gives no value: assign it in a clause, such as BEGIN { ... }");
	else if (expression && wants(&w, "if") && among(starts_type, found))
		dt_hint(ps->diag, "declarations stand outside of clauses; this->name = value; needs none");
	else if (!strcmp(found, "string") && wants(&w, "'?'"))
		dt_hint(ps->diag, "D does not join strings that follow each other: use strjoin()");
	else if (wants(&w, "/ at the predicate's end") && strcmp(found, "'{'"))
		dt_hint(ps->diag, "a predicate ends with \"/\" before \"{\" or \";\"");
}

void dt_syntax_error(struct dt_parser *ps, struct dt_loc loc, const char *found,
		     const char *const *want, int n)
{
	const struct dt_lex *lx = &ps->lex;
	const char *text = lx->text + lx->start.pos;
	size_t len = lx->now.pos - lx->start.pos;
	char buf[256];

	expected(buf, sizeof(buf), want, n);
	if (!strcmp(found, "end of file"))
		DT_ERROR(ps, D_SYNTAX, loc, "syntax error at the end of the program%s", buf);
	else
		DT_ERROR(ps, D_SYNTAX, loc, "syntax error near %s%.*s%s%s%s", *text == '"' ? "" : "\"",
			 (int)(len < 40 ? len : 40), text, len < 40 ? "" : "...", *text == '"' ? "" : "\"", buf);
	hint(ps, found, text, len, want, n);
}
