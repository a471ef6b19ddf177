// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Lexemes that take some reading: words (keywords, types' names, others),
 * integers, characters, strings, macro arguments and variables; and the
 * lexer's sense of place.
 *
 * Semantics: Dynamic Tracing Guide, "Types, Operators, and Expressions" and
 * "Scripting".
 */
#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "parse.h"
#include "grammar.h"

/* ---- Place ------------------------------------------------------------------- */

void dt_lex_advance(struct dt_parser *ps, const char *text, size_t n, struct dt_loc *loc)
{
	struct dt_lex *lx = &ps->lex;
	bool same_line = true;

	lx->start = lx->now;
	loc->src = lx->src;
	loc->line = lx->now.line;
	loc->col = lx->now.col;
	lx->now.pos += n;
	for (; n; n--, text++) {
		lx->now.col++;
		if (*text != '\n')
			continue;
		if (same_line)
			loc->endcol = lx->now.col - 1;
		same_line = false;
		lx->now.line++;
		lx->now.col = 1;
	}
	if (same_line)
		loc->endcol = lx->now.col;
}

/* The token last read is only the first @n bytes of what matched. */
void dt_lex_shorten(struct dt_parser *ps, const char *text, size_t n, struct dt_loc *loc)
{
	ps->lex.now = ps->lex.start;
	dt_lex_advance(ps, text, n, loc);
}

/* Past white space and comments. */
static size_t skip_blank(const struct dt_lex *lx, size_t i)
{
	const char *s = lx->text, *end;

	for (;;) {
		if (i < lx->len && isspace((unsigned char)s[i])) {
			i++;
		} else if (i + 1 < lx->len && s[i] == '/' && s[i + 1] == '/') {
			end = memchr(s + i, '\n', lx->len - i);
			i = end ? (size_t)(end - s) : lx->len;
		} else if (i + 1 < lx->len && s[i] == '/' && s[i + 1] == '*') {
			end = memmem(s + i + 2, lx->len - i - 2, "*/", 2);
			if (!end)
				return lx->len;
			i = end - s + 2;
		} else {
			return i;
		}
	}
}

/*
 * Nothing that can be divided by starts with '{' or ';' or is the end, and
 * nothing else may follow a predicate.
 */
bool dt_lex_ends_predicate(const struct dt_lex *lx)
{
	size_t i;

	if (lx->mode != DT_LEX_PRED || lx->parens)
		return false;
	i = skip_blank(lx, lx->now.pos);
	return i >= lx->len || lx->text[i] == '{' || lx->text[i] == ';';
}

/* ---- Words ------------------------------------------------------------------- */

static const struct keyword {
	const char *name;
	int token;
	bool declares;		/* may start a declaration */
} keywords[] = {
	{ "_Alignas", TOK_ALIGNAS, true },
	{ "_Alignof", TOK_ALIGNOF, false },
	{ "_Bool", TOK_BOOL, true },
	{ "__alignof", TOK_ALIGNOF, false },
	{ "__alignof__", TOK_ALIGNOF, false },
	{ "__attribute", TOK_ATTRIBUTE, true },
	{ "__attribute__", TOK_ATTRIBUTE, true },
	{ "auto", TOK_AUTO, true },
	{ "break", TOK_RESERVED, false },
	{ "case", TOK_RESERVED, false },
	{ "char", TOK_CHAR, true },
	{ "const", TOK_CONST, true },
	{ "continue", TOK_RESERVED, false },
	{ "counter", TOK_COUNTER, false },
	{ "default", TOK_RESERVED, false },
	{ "do", TOK_RESERVED, false },
	{ "double", TOK_DOUBLE, true },
	{ "else", TOK_ELSE, false },
	{ "enum", TOK_ENUM, true },
	{ "extern", TOK_EXTERN, true },
	{ "float", TOK_FLOAT, true },
	{ "for", TOK_RESERVED, false },
	{ "goto", TOK_RESERVED, false },
	{ "if", TOK_IF, false },
	{ "import", TOK_IMPORT, false },
	{ "inline", TOK_INLINE, true },
	{ "int", TOK_INT, true },
	{ "long", TOK_LONG, true },
	{ "offsetof", TOK_OFFSETOF, false },
	{ "probe", TOK_PROBE, false },
	{ "provider", TOK_PROVIDER, true },
	{ "register", TOK_REGISTER, true },
	{ "restrict", TOK_RESTRICT, true },
	{ "return", TOK_RESERVED, false },
	{ "self", TOK_SELF, true },
	{ "short", TOK_SHORT, true },
	{ "signed", TOK_SIGNED, true },
	{ "sizeof", TOK_SIZEOF, false },
	{ "static", TOK_STATIC, true },
	{ "string", TOK_STRING, true },
	{ "stringof", TOK_STRINGOF, false },
	{ "struct", TOK_STRUCT, true },
	{ "switch", TOK_RESERVED, false },
	{ "this", TOK_THIS, true },
	{ "translator", TOK_TRANSLATOR, true },
	{ "typedef", TOK_TYPEDEF, true },
	{ "union", TOK_UNION, true },
	{ "unsigned", TOK_UNSIGNED, true },
	{ "userland", TOK_USERLAND, true },
	{ "void", TOK_VOID, true },
	{ "volatile", TOK_VOLATILE, true },
	{ "while", TOK_RESERVED, false },
	{ "xlate", TOK_XLATE, false },
};

static const struct keyword *find_keyword(const char *s, size_t n)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (!strncmp(keywords[i].name, s, n) && !keywords[i].name[n])
			return &keywords[i];
	return NULL;
}

static bool is_type_word(int token, int before)
{
	switch (token) {
	case TOK_VOID: case TOK_CHAR: case TOK_SHORT: case TOK_INT: case TOK_LONG: case TOK_FLOAT:
	case TOK_DOUBLE: case TOK_SIGNED: case TOK_UNSIGNED: case TOK_BOOL: case TOK_STRING: case TOK_TNAME:
		return true;
	case TOK_IDENT:
		return before == TOK_STRUCT || before == TOK_UNION || before == TOK_ENUM;
	default:
		return false;
	}
}

/* After these, a word is the name of a member, tag, variable ..., even if a type has it too. */
static bool names_something(const struct dt_lex *lx)
{
	switch (lx->prev) {
	case '.': case TOK_ARROW:
	case TOK_STRUCT: case TOK_UNION: case TOK_ENUM:
	case TOK_PROVIDER: case TOK_PROBE:
	case '*':
		return true;
	case '}':
		return lx->mode == DT_LEX_DECL;
	default:
		return is_type_word(lx->prev, lx->prev2);
	}
}

/* Expressions see D's variables before types of the same name; declarations see types. */
static bool is_type_here(struct dt_parser *ps, const char *name)
{
	bool known = dt_types_is_typedef(ps->types, name);

	if (names_something(&ps->lex))
		return false;
	if (known && ps->lex.mode == DT_LEX_DECL)
		return true;
	if (ps->p->idents && dt_ident_lookup(ps->p->idents, DT_SCOPE_GLOBAL, name))
		return false;
	return known || dt_foreign_typedef_here(ps, name, ps->lex.now.pos);
}

/* Headers of C know nothing of these. */
static bool is_word_of_d(int token)
{
	switch (token) {
	case TOK_COUNTER: case TOK_IMPORT: case TOK_INLINE: case TOK_OFFSETOF: case TOK_PROBE: case TOK_PROVIDER:
	case TOK_SELF: case TOK_STRING: case TOK_STRINGOF: case TOK_THIS: case TOK_TRANSLATOR: case TOK_USERLAND:
	case TOK_XLATE:
		return true;
	default:
		return false;
	}
}

/* In "struct s { int probe; char *self; };" the words after the types are names. */
static bool names_member(const struct dt_lex *lx)
{
	if (lx->mode != DT_LEX_DECL || !lx->braces || lx->parens)
		return false;
	return is_type_word(lx->prev, lx->prev2) || lx->prev == '}' ||
	       (lx->prev == '*' && (lx->prev2 == '*' || is_type_word(lx->prev2, 0)));
}

int dt_lex_word(struct dt_parser *ps, const char *s, size_t n, const char **name)
{
	const struct keyword *k = find_keyword(s, n);
	int token = k ? k->token : 0;

	if (is_word_of_d(token) && names_member(&ps->lex))
		token = 0;
	if (token && token != TOK_RESERVED)
		return token;
	*name = dt_pstrndup(ps, s, n);
	if (!*name)
		return -1;
	return token ? token : is_type_here(ps, *name) ? TOK_TNAME : TOK_IDENT;
}

/* A name's, backticks included. */
static size_t word_length(const char *s, size_t n)
{
	size_t len = 0;

	while (len < n && (isalnum((unsigned char)s[len]) || s[len] == '_' || s[len] == '`'))
		len++;
	return len;
}

/*
 * Between the parts of a program "int" starts a declaration, "int:::" a probe
 * description, and "int*x" is ambiguous: without a colon it is taken for a
 * declaration, unless -x pspec says otherwise or the text must be a description
 * (that of -P, -m and -f, and all after a comma).
 */
size_t dt_lex_declares(struct dt_parser *ps, const char *s, size_t n, int *token)
{
	const struct keyword *k;
	char name[128];
	size_t len;

	if (memchr(s, ':', n) || ps->lex.prev == ',' ||
	    (ps->p->spec >= 1 && ps->p->spec <= 3 && ps->lex.prev == TOK_START_PROGRAM))
		return 0;
	len = word_length(s, n);
	if (len < n && (ps->p->probe_spec_ambiguous_is_probe ||
			!(s[len] == '*' || s[len] == '(' ||
			  (s[len] == '-' && n > len + 1 && s[len + 1] == '>'))))
		return 0;
	k = find_keyword(s, len);
	if (k) {
		*token = k->token;
		return k->declares || *token == TOK_IF || *token == TOK_RESERVED ? len : 0;
	}
	if (!len || len >= sizeof(name) || ps->p->probe_spec_ambiguous_is_probe)
		return 0;
	memcpy(name, s, len);
	name[len] = '\0';
	*token = TOK_TNAME;
	return dt_types_is_typedef(ps->types, name) ||
	       dt_foreign_typedef_here(ps, name, ps->lex.start.pos + len) ? len : 0;
}

/* ---- Integers -------------------------------------------------------------------- */

static int int_node(struct dt_parser *ps, struct dt_loc loc, uint64_t val, struct dt_node **node)
{
	*node = dt_node_new(ps, DT_N_INT, loc);
	if (!*node)
		return -1;
	(*node)->u.i.val = val;
	return TOK_INTEGER;
}

/* u, l, ll and both orders together; -1 if it is none of these. */
static int int_suffix(struct dt_node *n, const char *s, size_t len)
{
	size_t i = 0;

	if (i < len && tolower((unsigned char)s[i]) == 'u') {
		n->u.i.is_unsigned = true;
		i++;
	}
	if (i < len && tolower((unsigned char)s[i]) == 'l') {
		n->u.i.width = 1;
		i++;
		if (i < len && s[i] == s[i - 1]) {
			n->u.i.width = 2;
			i++;
		}
	}
	if (i < len && !n->u.i.is_unsigned && tolower((unsigned char)s[i]) == 'u') {
		n->u.i.is_unsigned = true;
		i++;
	}
	return i == len ? 0 : -1;
}

static int digit_value(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* The digits of a number in its base; 0, -1: too large. *used: how many bytes. */
static int read_digits(const char *s, size_t n, size_t *used, unsigned int *base, uint64_t *val)
{
	size_t i = 0;

	*base = 10;
	if (n > 1 && s[0] == '0') {
		bool hex = (s[1] == 'x' || s[1] == 'X') && n > 2 && isxdigit((unsigned char)s[2]);

		*base = hex ? 16 : 8;
		i = hex ? 2 : 1;
	}
	for (*val = 0; i < n && isxdigit((unsigned char)s[i]); i++) {
		unsigned int d = digit_value(s[i]);

		if (d >= *base)
			break;
		if (__builtin_mul_overflow(*val, (uint64_t)*base, val) ||
		    __builtin_add_overflow(*val, (uint64_t)d, val))
			return -1;
	}
	*used = i;
	return 0;
}

int dt_lex_int(struct dt_parser *ps, const char *s, size_t n, struct dt_loc loc, struct dt_node **node)
{
	unsigned int base;
	uint64_t val;
	size_t used;

	if (read_digits(s, n, &used, &base, &val) < 0)
		return DT_ERROR(ps, D_INT_OFLOW, loc,
				"integer constant %.*s does not fit into 64 bits", (int)n, s);
	if (int_node(ps, loc, val, node) < 0)
		return -1;
	(*node)->u.i.is_decimal = base == 10;
	if (!int_suffix(*node, s + used, n - used))
		return TOK_INTEGER;
	if (isdigit((unsigned char)s[used]))
		return DT_ERROR(ps, D_INT_DIGIT, loc,
				"'%c' is not a digit of an octal number: %.*s", s[used], (int)n, s);
	if (base == 10 && (s[used] == 'e' || s[used] == 'E') && n > used + 1 &&
	    isdigit((unsigned char)s[used + 1]))
		return DT_ERROR(ps, D_SYNTAX, loc, "floating-point constants are not permitted in D");
	return DT_ERROR(ps, D_SYNTAX, loc,
			"\"%.*s\" is not an integer: what follows its digits is not one of "
			"the suffixes u, l, ul, ll and ull", (int)(n < 64 ? n : 64), s);
}

/* ---- Characters and strings ---------------------------------------------------------- */

static int octal_escape(struct dt_parser *ps, const char *s, const char *end, struct dt_loc loc,
			char *c)
{
	unsigned int v = 0;
	int i;

	for (i = 0; i < 3 && s + i < end && s[i] >= '0' && s[i] <= '7'; i++)
		v = v * 8 + (s[i] - '0');
	if (v > UCHAR_MAX)
		return DT_ERROR(ps, D_ESC_OCT, loc, "octal escape \\%.*s does not fit into a byte",
				i, s);
	*c = v;
	return i;
}

static int hex_escape(struct dt_parser *ps, const char *s, const char *end, struct dt_loc loc, char *c)
{
	unsigned int v = 0;
	int i;

	for (i = 0; s + i < end && isxdigit((unsigned char)s[i]); i++) {
		v = v * 16 + digit_value(s[i]);
		if (v > UCHAR_MAX)
			return DT_ERROR(ps, D_ESC_HEX, loc,
					"hexadecimal escape \\x%.*s does not fit into a byte",
					i + 1, s);
	}
	if (!i)
		return DT_ERROR(ps, D_ESC_HEX, loc, "hexadecimal digits must follow \\x");
	*c = v;
	return i;
}

/*
 * Resolve C's escapes; an unknown one stands for itself, backslash included;
 * an escaped newline for nothing. Returns the length, or -1.
 */
static int unescape(struct dt_parser *ps, const char *s, size_t n, struct dt_loc loc, char *out)
{
	static const char from[] = "abfnrtv\\?'\"", to[] = "\a\b\f\n\r\t\v\\?'\"";
	const char *end = s + n, *at;
	char *p = out;
	int used;

	while (s < end) {
		if (*s != '\\' || s + 1 == end) {
			*p++ = *s++;
			continue;
		}
		s++;
		at = *s ? strchr(from, *s) : NULL;
		if (at) {
			*p++ = to[at - from];
			s++;
		} else if (*s == '\n') {
			s++;
		} else if (*s == 'x' || (*s >= '0' && *s <= '7')) {
			bool hex = *s == 'x';

			used = hex ? hex_escape(ps, s + 1, end, loc, p)
				   : octal_escape(ps, s, end, loc, p);
			if (used < 0)
				return -1;
			s += used + hex;
			p++;
		} else {
			*p++ = '\\';
		}
	}
	return p - out;
}

int dt_lex_string(struct dt_parser *ps, const char *s, size_t n, struct dt_loc loc,
		  struct dt_node **node)
{
	char *buf = dt_palloc(ps, n);
	int len;

	if (!buf)
		return -1;
	len = unescape(ps, s + 1, n - 2, loc, buf);
	if (len < 0)
		return -1;
	buf[len] = '\0';
	*node = dt_node_new(ps, DT_N_STR, loc);
	if (!*node)
		return -1;
	(*node)->u.s.bytes = buf;
	(*node)->u.s.len = len;
	return TOK_STRING_CONST;
}

/*
 * Several characters make an integer whose bytes they are, in the machine's
 * order: 'ab' is 0x6261 here.
 */
int dt_lex_char(struct dt_parser *ps, const char *s, size_t n, struct dt_loc loc, struct dt_node **node)
{
	char *buf = dt_palloc(ps, n);
	uint64_t val = 0;
	int len;

	if (!buf)
		return -1;
	len = unescape(ps, s + 1, n - 2, loc, buf);
	if (len < 0)
		return -1;
	if (!len)
		return DT_ERROR(ps, D_CHR_NULL, loc, "this character constant is empty");
	if (len > 8)
		return DT_ERROR(ps, D_CHR_OFLOW, loc,
				"a character constant holds 8 characters at most, this one %d", len);
	while (len)
		val = val << 8 | (unsigned char)buf[--len];
	if (int_node(ps, loc, val, node) < 0)
		return -1;
	(*node)->u.i.is_char = true;
	return TOK_INTEGER;
}

/* ---- Macro arguments and variables ------------------------------------------------------ */

int dt_macro_arg(struct dt_parser *ps, const char *digits, size_t n, struct dt_loc loc,
		 const char **text)
{
	struct dt_macros *m = ps->p->macros;
	unsigned int i = 0;

	for (size_t k = 0; k < n && i < INT_MAX / 20; k++)
		i = i * 10 + (digits[k] - '0');
	*text = "";
	if (m && i < (unsigned int)m->argc) {
		m->used |= 1ul << (i < 63 ? i : 63);
		*text = m->argv[i];
		return 0;
	}
	if (m && m->defaultargs)
		return 1;
	DT_ERROR(ps, D_MACRO_UNDEF, loc, "macro argument $%.*s is not defined",
		 (int)(n < 64 ? n : 64), digits);
	dt_hint(ps->diag, "give more arguments after the program, or -x defaultargs to use 0 and \"\" instead");
	return -1;
}

int dt_macro_var(struct dt_parser *ps, const char *name, size_t n, struct dt_loc loc, int64_t *val)
{
	struct dt_macros *m = ps->p->macros;
	bool undef = false;
	char buf[64];

	if (n < sizeof(buf) && m && m->lookup) {
		memcpy(buf, name, n);
		buf[n] = '\0';
		if (m->lookup(m->ctx, buf, val, &undef))
			return 0;
	}
	DT_ERROR(ps, D_MACRO_UNDEF, loc, "macro variable $%.*s is not defined",
		 (int)(n < 64 ? n : 64), name);
	if (n == 6 && !memcmp(name, "target", 6))
		dt_hint(ps->diag, "$target is the process of -p or -c: use one of them");
	if (n == 6 && (!memcmp(name, "projid", 6) || !memcmp(name, "taskid", 6)))
		dt_hint(ps->diag, "projects and tasks are illumos'; $pgid and $sid are the groups that Linux has");
	return -1;
}

static int negative_or_not(struct dt_parser *ps, struct dt_loc loc, bool negative, uint64_t val,
			   struct dt_node **node)
{
	if (int_node(ps, loc, val, node) < 0)
		return -1;
	(*node)->u.i.is_decimal = true;
	if (negative)
		*node = dt_node_op1(ps, loc, DT_OP_NEG, *node);
	return *node ? TOK_INTEGER : -1;
}

static int string_token(struct dt_parser *ps, const char *s, size_t n, struct dt_loc loc, struct dt_node **node)
{
	*node = dt_node_new(ps, DT_N_STR, loc);
	if (!*node)
		return -1;
	(*node)->u.s.len = n;
	(*node)->u.s.bytes = dt_pstrndup(ps, s, n);
	return (*node)->u.s.bytes ? TOK_STRING_CONST : -1;
}

/* A number or a name, taken as if it stood there; all else is a string, with or without quotes of its own. */
static int arg_token(struct dt_parser *ps, const char *arg, struct dt_loc loc,
		     struct dt_node **node, const char **name)
{
	const char *s = arg + (*arg == '-' || *arg == '+');
	size_t n = strlen(s), used;
	unsigned int base;
	uint64_t val;
	bool quoted;

	if (isdigit((unsigned char)*s)) {
		if (read_digits(s, n, &used, &base, &val) < 0)
			return DT_ERROR(ps, D_MACRO_OFLOW, loc,
					"macro argument \"%.64s\" does not fit into 64 bits", arg);
		if (used == n)
			return negative_or_not(ps, loc, *arg == '-', val, node);
	} else if (isalpha((unsigned char)*arg) || *arg == '_' || *arg == '`') {
		used = word_length(arg, strlen(arg));
		if (!arg[used])
			return dt_lex_word(ps, arg, used, name);
	}
	n = strlen(arg);
	quoted = n > 1 && *arg == '"' && arg[n - 1] == '"';
	return string_token(ps, arg + quoted, n - 2 * quoted, loc, node);
}

int dt_lex_macro(struct dt_parser *ps, const char *s, size_t n, struct dt_loc loc,
		 struct dt_node **node, const char **name)
{
	bool quoted = n > 1 && s[1] == '$';
	const char *text;
	int64_t val;
	int r;

	if (!quoted && !isdigit((unsigned char)s[1])) {
		if (dt_macro_var(ps, s + 1, n - 1, loc, &val) < 0)
			return -1;
		return negative_or_not(ps, loc, val < 0, val < 0 ? -(uint64_t)val : (uint64_t)val,
				       node);
	}
	r = dt_macro_arg(ps, s + 1 + quoted, n - 1 - quoted, loc, &text);
	if (r < 0)
		return -1;
	if (!quoted)
		return r ? negative_or_not(ps, loc, false, 0, node) :
		       arg_token(ps, text, loc, node, name);
	return string_token(ps, text, strlen(text), loc, node);
}
