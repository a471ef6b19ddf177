/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Headers for C compilers, made fit for D.
 *
 * What the preprocessor brings of .h files says much that D has no use for and
 * no grammar for: GNU's attributes and spellings, functions. It is overwritten
 * with blanks where it stands, so that every line keeps its number and column:
 *
 *   words				always
 *   __attribute__((...))		all that it says, but packed, aligned and vector_size,
 *					which D has to know (dlang/decl_attr.c)
 *   functions, declared or defined,
 *   objects with a value		the whole declaration
 *   a type that D does not have
 *   (__int128, va_list)			the whole declaration; of a struct of such types
 *					the members: D knows its name, and refuses to
 *					look inside
 *
 * Text of other files, the script's above all, stays as it is.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "dt_impl.h"

/* The mark that the first pass leaves for the second where D has no such type. */
#define MARK_STRANGE	'\1'

static void blank(char *s, const char *end)
{
	for (; s < end; s++)
		if (*s != '\n')
			*s = ' ';
}

static size_t word_len(const char *s)
{
	size_t n = 0;

	if (isdigit((unsigned char)*s))
		return 0;
	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n;
}

static bool is_word(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && !memcmp(s, word, n);
}

/* Past a string, a character, a line of the preprocessor's or one other byte. */
static char *step(const char *text, char *s)
{
	char quote = *s;

	if (*s == '#' && (s == text || s[-1] == '\n'))
		return s + strcspn(s, "\n");
	if (*s != '"' && *s != '\'')
		return s + 1;
	for (s++; *s && *s != quote && *s != '\n'; s++)
		if (*s == '\\' && s[1])
			s++;
	return *s ? s + 1 : s;
}

/* Past the parentheses, or braces, that open at @s. */
static char *past_group(const char *text, char *s)
{
	int depth = 0;

	do {
		depth += *s == '(' || *s == '{' || *s == '[';
		depth -= *s == ')' || *s == '}' || *s == ']';
		s = step(text, s);
	} while (*s && depth > 0);
	return s;
}

/* ---- The first pass: words ----------------------------------------------------------- */

/* "packed", and "__packed__", too. */
static bool is_attr(const char *s, size_t n, const char *attr)
{
	size_t under = n > 4 && !memcmp(s, "__", 2) && !memcmp(s + n - 2, "__", 2) ? 2 : 0;

	return is_word(s + under, n - 2 * under, attr);
}

/*
 * The attributes between @s, behind the innermost of "((", and @end: blanks, where they do
 * not matter to D. Returns whether some do; *strange: they make another type of it.
 */
static bool sift_attrs(const char *text, char *s, char *end, bool *strange)
{
	bool keep = false;

	while (s < end && *s != ')') {
		size_t n = word_len(s);
		char *next = s + (n ? n : 1);

		if (!n) {
			s = next;
			continue;
		}
		if (next + strspn(next, " \t\n") < end && next[strspn(next, " \t\n")] == '(')
			next = past_group(text, next + strspn(next, " \t\n"));
		*strange |= is_attr(s, n, "mode") || is_attr(s, n, "scalar_storage_order");
		if (is_attr(s, n, "packed") || is_attr(s, n, "aligned") || is_attr(s, n, "vector_size"))
			keep = true;
		else
			blank(s, next);
		s = next;
	}
	return keep;
}

/* __attribute__((...)), __asm__(...) from @s to @end, whose parentheses open at @open. */
static void drop_group(const char *text, char *s, char *open, char *end)
{
	bool attribute = !memcmp(s, "__a", 3) && s[3] == 't', strange = false;
	char *inner = open + 1 + strspn(open + 1, " \t\n");

	if (attribute && *inner == '(' && sift_attrs(text, inner + 1, end, &strange) && !strange)
		return;
	blank(s, end);
	if (strange)
		*s = MARK_STRANGE;
}

/* The word of @n bytes at @s, dealt with; where to go on. */
static char *drop_word(const char *text, char *s, size_t n)
{
	static const char *const group[] = { "__attribute__", "__attribute", "__asm__", "__asm", "asm" };
	static const char *const alone[] = { "__extension__", "__restrict", "__restrict__", "__inline",
					     "__inline__", "_Noreturn", "_Thread_local", "__thread" };
	static const char *const other[][2] = { { "__signed__", "signed" }, { "__const", "const" },
		{ "__const__", "const" }, { "__volatile__", "volatile" }, { "__volatile", "volatile" } };
	static const char *const strange[] = { "__int128", "_Float128", "__float128", "_Complex", "__complex__",
		"__int128_t", "__uint128_t",
					       "__builtin_va_list", "__gnuc_va_list", "__typeof__", "_Float64x" };
	char *end = s + n;

	for (size_t i = 0; i < sizeof(group) / sizeof(*group); i++) {
		char *open = end + strspn(end, " \t\n");

		if (!is_word(s, n, group[i]) || *open != '(')
			continue;
		end = past_group(text, open);
		drop_group(text, s, open, end);
		return end;
	}
	for (size_t i = 0; i < sizeof(alone) / sizeof(*alone); i++)
		if (is_word(s, n, alone[i]))
			blank(s, end);
	for (size_t i = 0; i < sizeof(strange) / sizeof(*strange); i++)
		if (is_word(s, n, strange[i]))
			*s = MARK_STRANGE;
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		if (is_word(s, n, other[i][0])) {
			blank(s, end);
			memcpy(s, other[i][1], strlen(other[i][1]));
		}
	return end;
}

/* ---- The second pass: declarations ---------------------------------------------------- */

struct decl {
	char *open, *close;	/* the first braces outside of parentheses, or NULL */
	bool call;		/* parentheses outside of braces */
	bool value;		/* an equals sign outside of braces */
	bool strange;
};

/* Past what may be an attribute at @s, or NULL: its parentheses are no function's. */
static char *past_attr(const char *text, char *s)
{
	size_t n = word_len(s);
	char *open = s + n + strspn(s + n, " \t\n");

	if (*open != '(' || !(is_word(s, n, "__attribute__") || is_word(s, n, "__attribute") ||
			      is_word(s, n, "_Alignas")))
		return NULL;
	return past_group(text, open);
}

/* Declarations end at their semicolon, functions with their body. */
static char *read_decl(const char *text, char *s, struct decl *d)
{
	char last = 0;

	*d = (struct decl){ 0 };
	while (*s) {
		char *p = s, c = *s, *attr = past_attr(text, s);

		if (attr) {
			s = attr;
			continue;
		}
		s = c == '(' || c == '{' ? past_group(text, s) : word_len(s) ? s + word_len(s) : step(text, s);
		d->strange |= memchr(p, MARK_STRANGE, (size_t)(s - p)) != NULL;
		if (c == '{' && !d->open) {
			d->open = p;
			d->close = s;
		}
		d->call |= c == '(';
		d->value |= c == '=';
		if (c == ';' || (c == '{' && last == ')'))
			break;
		if (!isspace((unsigned char)c) && c != MARK_STRANGE && c != '#')
			last = c == '(' ? ')' : c;
	}
	return s;
}

/* A struct without its members needs a name. */
static void hide_members(const char *s, const struct decl *d, unsigned *serial)
{
	const char *p = d->open;
	char name[16];
	int n;

	blank(d->open, d->close);
	while (p > s && isspace((unsigned char)p[-1]))
		p--;
	while (p > s && (isalnum((unsigned char)p[-1]) || p[-1] == '_'))
		p--;
	n = snprintf(name, sizeof(name), "__%u", ++*serial);
	if (!is_word(p, word_len(p), "struct") && !is_word(p, word_len(p), "union") &&
	    !is_word(p, word_len(p), "enum"))
		return;
	for (char *at = d->open; at + n < d->close; at++)
		if (!memchr(at, '\n', (size_t)n)) {
			memcpy(at, name, (size_t)n);
			return;
		}
}

static char *fit_decl(const char *text, char *s, unsigned *serial)
{
	bool is_type = is_word(s, word_len(s), "typedef");
	struct decl d;
	char *end = read_decl(text, s, &d), *p;

	if (((d.call || d.value) && !is_type) || (d.strange && !d.open)) {
		/* the lines of the preprocessor stay */
		for (p = s; p < end; p = step(text, p))
			if (*p != '#')
				blank(p, step(text, p) < end ? step(text, p) : end);
	} else if (d.strange) {
		hide_members(s, &d, serial);
	}
	for (p = s; p < end; p++)
		if (*p == MARK_STRANGE)
			*p = ' ';
	return end;
}

/* ---- Which text ------------------------------------------------------------------------- */

/* # 5 "/usr/include/x.h" 1 3: does what follows come of a header? */
static bool enters_header(const char *line, bool was)
{
	const char *name = strchr(line, '"'), *eol = line + strcspn(line, "\n"), *end;

	if (!name || name > eol)
		return was;
	end = strchr(name + 1, '"');
	return end && end < eol && end - name > 2 && end[-2] == '.' && end[-1] == 'h';
}

static char *next_line(char *s)
{
	s += strcspn(s, "\n");
	return *s ? s + 1 : s;
}

void dt_headers_fit(char *text)
{
	unsigned serial = 0;
	bool header = false;
	size_t n;

	for (char *s = text; *s;) {
		if (*s == '#' && (s == text || s[-1] == '\n'))
			header = enters_header(s, header);
		n = header ? word_len(s) : 0;
		if (n)
			s = drop_word(text, s, n);
		else if (header && isdigit((unsigned char)*s))
			s += strspn(s, "0123456789abcdefABCDEFxXuUlL.");
		else
			s = header || *s == '#' ? step(text, s) : next_line(s);
	}
	header = false;
	for (char *s = text; *s;) {
		if (*s == '#' && (s == text || s[-1] == '\n')) {
			header = enters_header(s, header);
			s = step(text, s);
		} else if (!header) {
			s = next_line(s);
		} else if (isspace((unsigned char)*s) || *s == ';' || *s == MARK_STRANGE) {
			*s = isspace((unsigned char)*s) ? *s : ' ';
			s++;
		} else {
			s = fit_decl(text, s, &serial);
		}
	}
}
