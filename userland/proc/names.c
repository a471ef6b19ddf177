// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Names as people write them: globs, what a module is called, command lines,
 * C++ and Rust functions; and the sentences of errors.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libiberty/demangle.h>

#include "impl.h"

int dt_proc_fail(struct dt_err *err, int rc, const char *fmt, ...)
{
	va_list ap;

	if (err) {
		va_start(ap, fmt);
		vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
		va_end(ap);
	}
	return rc;
}

/* ---- Globs ---------------------------------------------------------------- */

/*
 * Does the set that starts after '[' contain @c? *end: what follows the ']'.
 * NULL in *end: there is no ']', so '[' stands for itself.
 */
static bool set_contains(const char *p, unsigned char c, const char **end)
{
	bool negated = *p == '!', found = false, first = true;

	*end = NULL;
	if (negated)
		p++;
	for (; *p && (first || *p != ']'); first = false) {
		unsigned char lo, hi;

		if (*p == '\\' && p[1])
			p++;
		lo = hi = *p++;
		if (p[0] == '-' && p[1] && p[1] != ']') {
			p++;
			if (*p == '\\' && p[1])
				p++;
			hi = *p++;
		}
		if (c >= lo && c <= hi)
			found = true;
	}
	if (*p != ']')
		return false;
	*end = p + 1;
	return found != negated;
}

/* Does one pattern element at *p match character @c? Advances *p past the element. */
static bool element_matches(const char **p, unsigned char c)
{
	const char *q = *p, *end;
	bool hit;

	switch (*q) {
	case '?':
		*p = q + 1;
		return true;
	case '[':
		hit = set_contains(q + 1, c, &end);
		if (end) {
			*p = end;
			return hit;
		}
		break;
	case '\\':
		if (q[1])
			q++;
		break;
	}
	*p = q + 1;
	return (unsigned char)*q == c;
}

/* A '*' that fails later only ever has to be retried at the last one seen: linear but for the sets. */
bool dt_glob_match(const char *pattern, const char *s)
{
	const char *p = pattern, *star = NULL, *mark = NULL;

	while (*s) {
		if (*p == '*') {
			star = ++p;
			mark = s;
		} else if (*p && element_matches(&p, *s)) {
			s++;
		} else if (star) {
			p = star;
			s = ++mark;
		} else {
			return false;
		}
	}
	while (*p == '*')
		p++;
	return !*p;
}

bool dt_glob_fits(const char *pattern, const char *s)
{
	return !*pattern || dt_glob_match(pattern, s);
}

/* ---- Modules -------------------------------------------------------------- */

/* @name itself, and every shortening of what follows ".so" (libc.so.6, libc.so, libc). */
static bool soname_matches(const char *name, const char *pattern)
{
	char buf[512];
	char *so, *dot;

	if (dt_glob_match(pattern, name))
		return true;
	if (snprintf(buf, sizeof(buf), "%s", name) >= (int)sizeof(buf))
		return false;
	so = strstr(buf, ".so");
	if (!so || (so[3] && so[3] != '.'))
		return false;
	while ((dot = strrchr(so, '.')) != NULL) {
		*dot = 0;
		if (dt_glob_match(pattern, buf))
			return true;
	}
	return false;
}

/* libc-2.31.so is libc.so and libc, too: that is how glibc's files were called until 2.33. */
static bool versioned_matches(const char *name, const char *pattern)
{
	char buf[512];
	char *so, *dash;

	if (snprintf(buf, sizeof(buf), "%s", name) >= (int)sizeof(buf))
		return false;
	so = strstr(buf, ".so");
	if (!so)
		return false;
	*so = 0;
	dash = strrchr(buf, '-');
	if (!dash || dash == buf || !dash[1] || dash[1 + strspn(dash + 1, "0123456789.")])
		return false;
	strcpy(dash, ".so");
	return soname_matches(buf, pattern);
}

bool dt_object_matches(const struct dt_object *o, const char *pattern)
{
	if (!*pattern)
		return true;
	if (o->is_exe && dt_glob_match(pattern, "a.out"))
		return true;
	if (dt_glob_match(pattern, o->path) || soname_matches(o->name, pattern) ||
	    versioned_matches(o->name, pattern))
		return true;
	return o->elf && o->elf->soname && soname_matches(o->elf->soname, pattern);
}

/* ---- Command lines -------------------------------------------------------- */

/* Copy one word to @out (room for all of *cmd), advancing *cmd past it. False: a quote is not closed. */
static bool split_word(const char **cmd, char *out)
{
	const char *s = *cmd;
	char quote = 0;

	for (; *s && (quote || !strchr(" \t\n", *s)); s++) {
		if (*s == quote) {
			quote = 0;
		} else if (!quote && (*s == '\'' || *s == '"')) {
			quote = *s;
		} else if (*s == '\\' && quote != '\'' && s[1] &&
			   (!quote || strchr("\"\\$`", s[1]))) {
			*out++ = *++s;
		} else {
			*out++ = *s;
		}
	}
	*out = 0;
	*cmd = s;
	return !quote;
}

char **dt_argv_split(const char *cmd, struct dt_err *err)
{
	const char *all = cmd;
	size_t n = 0, max = strlen(cmd) / 2 + 2;
	char **argv = calloc(max, sizeof(*argv));
	char *word = malloc(strlen(cmd) + 1);

	if (!argv || !word)
		goto nomem;
	for (;;) {
		cmd += strspn(cmd, " \t\n");
		if (!*cmd)
			break;
		if (!split_word(&cmd, word)) {
			dt_proc_fail(err, 0, "a quote is not closed in the command \"%.400s\"", all);
			goto fail;
		}
		argv[n] = strdup(word);
		if (!argv[n++])
			goto nomem;
	}
	if (!n) {
		dt_proc_fail(err, 0, "the command is empty");
		goto fail;
	}
	free(word);
	return argv;
nomem:
	dt_proc_fail(err, 0, "out of memory");
fail:
	free(word);
	dt_argv_free(argv);
	return NULL;
}

void dt_argv_free(char **argv)
{
	if (!argv)
		return;
	for (char **a = argv; *a; a++)
		free(*a);
	free(argv);
}

/* ---- Mangled names -------------------------------------------------------- */

const char *dt_demangle(const char *name, char *buf, size_t n)
{
	char *plain = NULL;

	if (name[0] == '_' && (name[1] == 'Z' || name[1] == 'R'))
		plain = cplus_demangle(name, DMGL_AUTO | DMGL_PARAMS | DMGL_ANSI);
	snprintf(buf, n, "%s", plain ? plain : name);
	free(plain);
	return buf;
}
