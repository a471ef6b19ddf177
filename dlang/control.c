// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Control lines: those whose first sign is '#'.
 *
 *   #!...                     the interpreter, on the very first line
 *   #line 5 "x.d", # 5 "x.d"  what follows is that line of that file (cpp writes these)
 *   #pragma D option quiet    a PRAGMA node; other pragmas of compilers are skipped
 *   #error ..., #ident ...    as in C
 *
 * They may stand anywhere, within a clause too, so they never reach the grammar.
 */
#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "parse.h"

struct line {
	char *s;		/* rest of it */
	struct dt_loc loc;
};

static void skip_space(struct line *l)
{
	while (isspace((unsigned char)*l->s))
		l->s++;
}

/* Take @word off the line, if it is the next one. */
static bool take(struct line *l, const char *word)
{
	size_t n = strlen(word);

	skip_space(l);
	if (strncmp(l->s, word, n) || isalnum((unsigned char)l->s[n]) || l->s[n] == '_')
		return false;
	l->s += n;
	skip_space(l);
	return true;
}

/* Continued lines are one, comments are blanks, blanks at the end nothing. */
static int clean(struct dt_parser *ps, char *s, struct dt_loc loc)
{
	char *first = s, *out = s, quote = 0, *end;

	while (*s) {
		if (s[0] == '\\' && s[1] == '\n') {
			s += 2;
			*out++ = ' ';
		} else if (!quote && s[0] == '/' && s[1] == '/') {
			break;
		} else if (!quote && s[0] == '/' && s[1] == '*') {
			end = strstr(s + 2, "*/");
			if (!end)
				return DT_ERROR(ps, D_COMMENT_EOF, loc,
						"a comment must end on the control line it starts on");
			s = end + 2;
			*out++ = ' ';
		} else if (quote && s[0] == '\\' && s[1]) {
			*out++ = *s++;
			*out++ = *s++;
		} else {
			if (*s == quote)
				quote = 0;
			else if (!quote && (*s == '"' || *s == '\''))
				quote = *s;
			*out++ = *s++;
		}
	}
	while (out > first && isspace((unsigned char)out[-1]))
		out--;
	*out = '\0';
	return 0;
}

/* 5 "file" flags... */
static int line_marker(struct dt_parser *ps, struct line *l)
{
	unsigned long n = 0;
	char *end;

	if (!isdigit((unsigned char)*l->s))
		return DT_ERROR(ps, D_PRAGMA_MALFORM, l->loc, "a line number must follow #line");
	for (; isdigit((unsigned char)*l->s); l->s++)
		n = n < INT_MAX / 10 ? n * 10 + (*l->s - '0') : INT_MAX;
	skip_space(l);
	if (*l->s == '"') {
		end = strchr(l->s + 1, '"');
		if (!end)
			return DT_ERROR(ps, D_PRAGMA_MALFORM, l->loc,
					"the file's name in this #line has no closing quote");
		*end = '\0';
		if (ps->p->file)
			ps->lex.src = ps->p->file(ps->p->ctx, l->s + 1);
	} else if (*l->s) {
		return DT_ERROR(ps, D_PRAGMA_MALFORM, l->loc,
				"a file's name in quotes must follow the number in #line");
	}
	ps->lex.now.line = n ? n - 1 : 0;	/* of this line: the next one is n */
	return 0;
}

/* Options are set once the program is parsed; this one must hold while it is. */
static void option_of_lexer(struct dt_parser *ps, struct line l)
{
	if (take(&l, "option") && take(&l, "defaultargs") && !*l.s && ps->p->macros)
		ps->p->macros->defaultargs = true;
}

static int pragma_d(struct dt_parser *ps, struct line *l)
{
	struct dt_node *n;

	if (!*l->s)
		return DT_ERROR(ps, D_PRAGMA_MALFORM, l->loc,
				"#pragma D is empty: option, attributes, depends_on, ... must follow");
	if (take(l, "line"))
		return line_marker(ps, l);
	if (take(l, "error"))
		return DT_ERROR(ps, D_PRAGERR, l->loc, "#error: %s", l->s);
	n = dt_node_new(ps, DT_N_PRAGMA, l->loc);
	if (!n)
		return -1;
	option_of_lexer(ps, *l);
	n->u.pragma.text = l->s;
	*ps->pragmas_end = n;
	ps->pragmas_end = &n->next;
	return 0;
}

static int pragma(struct dt_parser *ps, struct line *l)
{
	static const char *const others[] = { "ident", "once", "GCC", "STDC", "clang", "redefine_extname", "weak" };

	if (take(l, "D"))
		return pragma_d(ps, l);
	if (take(l, "line"))
		return line_marker(ps, l);
	if (take(l, "error"))
		return DT_ERROR(ps, D_PRAGERR, l->loc, "#error: %s", l->s);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (take(l, others[i]))
			return 0;
	if (take(l, "pack"))
		return dt_pragma_pack(ps, l->s, l->loc);
	DT_ERROR(ps, D_PRAGMA_INVAL, l->loc, "unknown pragma \"%.64s\"", l->s);
	dt_hint(ps->diag, "pragmas for D start with #pragma D");
	return -1;
}

int dt_control_line(struct dt_parser *ps, const char *s, size_t n, struct dt_loc loc)
{
	struct line l = { .loc = loc };

	if (ps->lex.start.pos == 0 && n > 1 && s[0] == '#' && s[1] == '!')
		return 0;
	l.s = dt_pstrndup(ps, s, n);
	if (!l.s || clean(ps, l.s, loc) < 0)
		return -1;
	skip_space(&l);
	l.s++;			/* '#' */
	skip_space(&l);
	if (!*l.s || take(&l, "ident"))
		return 0;
	if (isdigit((unsigned char)*l.s) || take(&l, "line"))
		return line_marker(ps, &l);
	if (take(&l, "pragma"))
		return pragma(ps, &l);
	if (take(&l, "error"))
		return DT_ERROR(ps, D_PRAGERR, loc, "#error: %s", l.s);
	DT_ERROR(ps, D_PRAGCTL_INVAL, loc, "unknown control line \"#%.64s\"", l.s);
	dt_hint(ps->diag, "#include, #define and #if are for the preprocessor: run dtrace with -C");
	return -1;
}
