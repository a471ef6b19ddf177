// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Names of types that D does not know itself: the kernel's and processes'.
 *
 * In C a parser must know which words are types. The kernel has thousands, and
 * to ask whether a word is one of them costs reading its type information, which
 * a program that uses none must not pay. So the lexer asks only where an
 * unknown word cannot well be anything else: where a cast, sizeof, offsetof or
 * xlate has its type, and at the head of a declaration.
 */
#include <ctype.h>
#include <string.h>

#include "names.h"
#include "parse.h"
#include "grammar.h"

/* ---- The type of a name ------------------------------------------------------------- */

static const struct { const char *word; enum dt_type_kind kind; } tag_words[] = {
	{ "struct ", DT_T_STRUCT }, { "union ", DT_T_UNION }, { "enum ", DT_T_ENUM },
};

/* "pid1`libc`struct foo" says itself what it names; blanks were made one. */
static enum dt_type_kind kind_in_name(const char **name, enum dt_type_kind kind)
{
	for (size_t i = 0; i < sizeof(tag_words) / sizeof(tag_words[0]); i++) {
		size_t n = strlen(tag_words[i].word);

		if (strncmp(*name, tag_words[i].word, n))
			continue;
		*name += n;
		return tag_words[i].kind;
	}
	return kind;
}

/* "D`name" and "C`name" are the program's own, whatever the kernel has of that name. */
const char *dt_own_name(const char *name)
{
	return (*name == 'D' || *name == 'C') && name[1] == '`' ? name + 2 : NULL;
}

static const struct dt_type *ask(struct dt_types *ts, enum dt_type_kind kind, const char *name)
{
	struct dt_names *names = dt_types_names(ts);
	const char *rest = name;
	char obj[256] = "";
	size_t n;

	if (!names)
		return NULL;
	if (dt_name_split(name, &n, &rest)) {
		if (n >= sizeof(obj))
			return NULL;
		memcpy(obj, name, n);
		obj[n] = '\0';
	}
	kind = kind_in_name(&rest, kind);
	return names->type(names->ctx, obj, kind, rest);
}

/* gcc's, which stand there without a header: known here to be refused as what they are. */
static bool is_wide(const char *name)
{
	return !strcmp(name, "__int128") || !strcmp(name, "__int128_t") || !strcmp(name, "__uint128_t");
}

const struct dt_type *dt_foreign_type(struct dt_parser *ps, enum dt_type_kind kind, const char *name,
				      struct dt_loc loc)
{
	static const char *const words[] = { [DT_T_STRUCT] = "struct ", [DT_T_UNION] = "union ",
					     [DT_T_ENUM] = "enum " };
	struct dt_names *names = dt_types_names(ps->types);
	const struct dt_type *t = ask(ps->types, kind, name);

	if (t)
		return t;
	if (is_wide(name)) {
		DT_ERROR(ps, D_TYPE_ERR, loc, "D has no integers of 128 bits");
		dt_hint(ps->diag, "it computes with 64 bits: use uint64_t [2] for the memory of one");
		return NULL;
	}
	DT_ERROR(ps, D_TYPE_ERR, loc, "there is no type %s%s",
		 kind == DT_T_TYPEDEF ? "" : words[kind], name);
	if (names && names->why[0])
		dt_hint(ps->diag, "%s", names->why);
	return NULL;
}

/* ---- Is a word a type? ---------------------------------------------------------------- */

static const char *skip(const char *s, const char *end)
{
	while (s < end && isspace((unsigned char)*s))
		s++;
	return s;
}

/* Past "* const *" to what stands behind. */
static const char *skip_stars(const char *s, const char *end)
{
	for (s = skip(s, end); s < end && *s == '*'; ) {
		s = skip(s + 1, end);
		for (size_t n; (n = end - s > 8 && !memcmp(s, "volatile", 8) ? 8 :
				    end - s > 5 && !memcmp(s, "const", 5) ? 5 : 0); )
			s = skip(s + n, end);
	}
	return s;
}

static bool starts_operand(char c)
{
	return isalnum((unsigned char)c) || strchr("_`$(\"'&*~!@-", c);
}

/* "(word" in an expression: what follows must be what follows the type of a cast. */
static bool like_cast(const struct dt_lex *lx, const char *s, const char *end)
{
	bool starred = s < end && *s == '*', sized = lx->prev2 == TOK_SIZEOF;

	if (lx->prev2 == TOK_OFFSETOF)
		return s < end && *s == ',';
	switch (lx->prev2) {	/* (word) after these is an argument, or a condition */
	case TOK_IDENT: case TOK_TNAME: case TOK_IF: case TOK_STRINGOF: case ')': case ']':
		return false;
	}
	s = skip_stars(s, end);
	if (s >= end)
		return false;
	if (starred && (*s == ')' || *s == '[' || *s == '('))
		return true;
	if (*s == '[')
		return sized;
	if (*s != ')')
		return false;
	s = skip(s + 1, end);
	return sized || (s < end && *s && starts_operand(*s));
}

static bool like_declaration(const struct dt_lex *lx, const char *s, const char *end)
{
	bool listed = lx->parens && (lx->prev == '(' || lx->prev == ',' || lx->prev == '[');

	if (s >= end)
		return false;
	return isalpha((unsigned char)*s) || *s == '_' || *s == '*' ||
	       (listed && (*s == ')' || *s == ',' || *s == ']')) || (*s == '>' && lx->prev == '<');
}

bool dt_foreign_typedef_here(struct dt_parser *ps, const char *name, size_t pos)
{
	const struct dt_lex *lx = &ps->lex;
	const char *end = lx->text + lx->len, *s = skip(lx->text + pos, end);
	bool like;

	if (dt_own_name(name))
		return dt_types_lookup(ps->types, dt_own_name(name));
	if ((!dt_types_names(ps->types) && !is_wide(name)) || dt_types_enumerator(ps->types, name, NULL, NULL))
		return false;
	if (lx->mode == DT_LEX_DECL || lx->mode == DT_LEX_TOP)
		like = like_declaration(lx, s, end);
	else if (lx->prev == '(')
		like = like_cast(lx, s, end);
	else
		like = lx->prev == '<' && lx->prev2 == TOK_XLATE;
	return like && (is_wide(name) || ask(ps->types, DT_T_TYPEDEF, name));
}

/* ---- pid123`libc.so.6`name ------------------------------------------------------------------ */

/* The "$target" or "$1" of "pid$target`", as digits behind "pid" in @out. */
static int expand_pid(struct dt_parser *ps, const char *s, size_t n, struct dt_loc loc, char *out, size_t room)
{
	const char *text = NULL;
	int64_t val = 0;
	int r;

	if (*s != '$') {
		snprintf(out, room, "pid%.*s", (int)n, s);
		return 0;
	}
	r = isdigit((unsigned char)s[1]) ? dt_macro_arg(ps, s + 1, n - 1, loc, &text) :
					   dt_macro_var(ps, s + 1, n - 1, loc, &val);
	if (r < 0)
		return -1;
	if (text)
		snprintf(out, room, "pid%s", text);
	else
		snprintf(out, room, "pid%lld", (long long)val);
	return 0;
}

/* Blanks become one each; @to has room for what is at @s. */
static void copy_spaced(char *to, const char *s, const char *end)
{
	for (; s < end; s++)
		if (!isspace((unsigned char)*s))
			*to++ = *s;
		else if (to[-1] != ' ')
			*to++ = ' ';
}

int dt_lex_obj_tag(struct dt_parser *ps, const char *s, size_t n, const char **name)
{
	char *p = dt_palloc(ps, n + 1);

	if (!p)
		return -1;
	copy_spaced(p, s, s + n);
	*name = p;
	return TOK_TNAME;
}

int dt_lex_pid_name(struct dt_parser *ps, const char *s, size_t n, struct dt_loc loc, const char **name)
{
	size_t digits = (const char *)memchr(s, '`', n) - s - 3;
	const char *tail = s + 3 + digits, *end = s + n;
	char pid[64], *p;

	if (expand_pid(ps, s + 3, digits, loc, pid, sizeof(pid)) < 0)
		return -1;
	p = dt_palloc(ps, strlen(pid) + n + 1);
	if (!p)
		return -1;
	*name = p;
	p = stpcpy(p, pid);
	copy_spaced(p, tail, end);
	if (strchr(*name, ' '))
		return TOK_TNAME;
	switch (ps->lex.prev) {
	case TOK_STRUCT: case TOK_UNION: case TOK_ENUM:
		return TOK_IDENT;
	}
	return dt_foreign_typedef_here(ps, *name, ps->lex.now.pos) ? TOK_TNAME : TOK_IDENT;
}
