// SPDX-License-Identifier: GPL-2.0-only
/*
 * json(text, path): the value that a path such as "a.b[2].c" names in a JSON
 * text, as a string; NULL if there is none or the text is not JSON on the way to it.
 *
 * A string's value comes without its quotes, its escapes as they are; an object
 * or an array as its text. Values that are passed over are only
 * counted through, not checked: brackets must match in number and strings must end.
 *
 * Each step of the path goes into one value and never back, so the text is read
 * no more often than the path has steps.
 */
#include "engine_impl.h"

struct json {
	const char *p, *end;	/* what is not read yet */
};

static char peek(struct json *j)
{
	while (j->p < j->end && (*j->p == ' ' || *j->p == '\t' || *j->p == '\n' || *j->p == '\r'))
		j->p++;
	return j->p < j->end ? *j->p : '\0';
}

static bool take(struct json *j, char c)
{
	if (peek(j) != c)
		return false;
	j->p++;
	return true;
}

/* The inside of a string, quotes excluded. */
static bool read_string(struct json *j, struct dtk_str *s)
{
	if (!take(j, '"'))
		return false;
	s->p = j->p;
	while (j->p < j->end && *j->p != '"')
		j->p += *j->p == '\\' && j->end - j->p > 1 ? 2 : 1;
	if (j->p >= j->end)
		return false;
	s->len = j->p++ - s->p;
	return true;
}

static bool is_number_or_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '-' || c == '+' || c == '.';
}

static bool read_nested(struct json *j)
{
	struct dtk_str s;
	size_t depth = 0;
	char c;

	do {
		c = peek(j);
		if (!c || (c == '"' && !read_string(j, &s)))
			return false;
		if (c == '"')
			continue;
		depth += c == '{' || c == '[';
		depth -= c == '}' || c == ']';
		j->p++;
	} while (depth);
	return true;
}

/* Any value, as json() returns it. */
static bool read_value(struct json *j, struct dtk_str *s)
{
	char c = peek(j);

	if (c == '"')
		return read_string(j, s);
	s->p = j->p;
	if (c == '{' || c == '[') {
		if (!read_nested(j))
			return false;
	} else {
		while (j->p < j->end && is_number_or_word(*j->p))
			j->p++;
	}
	s->len = j->p - s->p;
	return s->len != 0;
}

/* To the value of the member @key of the object here. */
static bool enter_member(struct json *j, const struct dtk_str *key)
{
	struct dtk_str name, val;

	if (!take(j, '{'))
		return false;
	do {
		if (!read_string(j, &name) || !take(j, ':'))
			return false;
		if (name.len == key->len && !memcmp(name.p, key->p, key->len))
			return true;
		if (!read_value(j, &val))
			return false;
	} while (take(j, ','));
	return false;
}

static bool enter_element(struct json *j, u64 index)
{
	struct dtk_str val;

	if (!take(j, '[') || peek(j) == ']')
		return false;
	while (index--) {
		if (!read_value(j, &val) || !take(j, ','))
			return false;
	}
	return true;
}

/* One step of the path: ".name" ("name" at its start), or "[number]". */
static bool step(struct json *j, const char **path, const char *end, bool first)
{
	const char *p = *path;
	struct dtk_str key;
	u64 index = 0;

	if (*p == '[') {
		for (p++; p < end && *p >= '0' && *p <= '9' && index < U32_MAX; p++)
			index = index * 10 + *p - '0';
		if (p == end || *p != ']' || p[-1] == '[')
			return false;
		*path = p + 1;
		return enter_element(j, index);
	}
	if (*p == '.')
		p++;
	else if (!first)
		return false;
	for (key.p = p; p < end && *p != '.' && *p != '['; p++)
		;
	key.len = p - key.p;
	*path = p;
	return enter_member(j, &key);
}

static bool find(const struct dtk_str *text, const struct dtk_str *path, struct dtk_str *val)
{
	struct json j = { text->p, text->p + text->len };
	const char *p = path->p, *end = p + path->len;

	if (p == end)
		return false;
	for (; p < end;) {
		if (!step(&j, &p, end, p == path->p))
			return false;
	}
	return read_value(&j, val);
}

u64 dtk_subr_json(struct dtk_exec *x)
{
	struct dtk_mstate *ms = x->ms;
	size_t mark = ms->scratch;
	struct dtk_str text, path, val;
	char *dst;

	if (!dtk_mem_str(ms, x->difo, x->tup[0].val, &text) ||
	    !dtk_mem_str(ms, x->difo, x->tup[1].val, &path))
		return 0;
	if (!find(&text, &path, &val)) {
		ms->scratch = mark;
		return 0;
	}
	ms->scratch = mark;	/* the value may lie above the mark: move it down */
	dst = dtk_scratch(ms, val.len + 1);
	if (!dst)
		return 0;
	memmove(dst, val.p, val.len);
	dst[val.len] = '\0';
	return (uintptr_t)dst;
}
