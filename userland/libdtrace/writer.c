/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON and XML, written as they come: see writer.h. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "writer.h"

static void put(struct dt_writer *w, const char *s, size_t n)
{
	if (!w->error && n && w->put(w->ctx, s, n))
		w->error = -1;
}

static void put_text(struct dt_writer *w, const char *s)
{
	put(w, s, strlen(s));
}

/* ---- Characters ------------------------------------------------------------------ */

/* Length of the UTF-8 sequence at @s, its code point in *c; 0: it is none. */
static size_t utf8(const unsigned char *s, size_t n, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;

	if (!len || len > n)
		return 0;
	*c = len == 1 ? s[0] : s[0] & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		if (s[i] >> 6 != 2)
			return 0;
		*c = *c << 6 | (s[i] & 0x3f);
	}
	if (*c < least[len] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
		return 0;
	return len;
}

static const char *json_escape(uint32_t c, char buf[16])
{
	static const char special[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
	const char *hit = c && c < 0x80 ? strchr(special, (int)c) : NULL;

	if (!hit && c >= 0x20 && c != 0x7f)
		return NULL;
	if (hit)
		snprintf(buf, 16, "\\%c", letter[hit - special]);
	else
		snprintf(buf, 16, "\\u%04x", c);
	return buf;
}

static const char *xml_escape(uint32_t c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '\r':	/* a parser would take it for a line's end */
		return "&#13;";
	case '\t':
	case '\n':
		return NULL;
	}
	return c < 0x20 || c == 0xfffe || c == 0xffff ? "\uFFFD" : NULL;
}

/* What needs no escape is written in one piece. */
static void put_escaped(struct dt_writer *w, const char *s, size_t n)
{
	const char *esc, *end = s + n, *from = s;
	char buf[16];

	while (s < end) {
		uint32_t c = 0;
		size_t len = utf8((const unsigned char *)s, (size_t)(end - s), &c);

		esc = !len ? "\uFFFD" : w->xml ? xml_escape(c) : json_escape(c, buf);
		if (esc) {
			put(w, from, (size_t)(s - from));
			put_text(w, esc);
		}
		s += len ? len : 1;
		if (esc)
			from = s;
	}
	put(w, from, (size_t)(end - from));
}

/* ---- Structure ----------------------------------------------------------------------- */

static void line(struct dt_writer *w, unsigned depth)
{
	if (!w->pretty)
		return;
	put_text(w, "\n");
	while (depth--)
		put_text(w, "  ");
}

static struct dt_level *inner(struct dt_writer *w)
{
	return w->depth ? &w->level[w->depth - 1] : NULL;
}

/* Lists are no elements in XML. */
static unsigned indent_of(const struct dt_writer *w)
{
	unsigned n = w->depth;

	for (unsigned i = 0; w->xml && i < w->depth; i++)
		n -= w->level[i].list && !w->level[i].tag;
	return n;
}

/* What stands before a value or an opening; returns its name for XML. */
static const char *lead(struct dt_writer *w, const char *name)
{
	struct dt_level *in = inner(w);

	if (in && in->filled && !w->xml)
		put_text(w, ",");
	if (in)
		line(w, indent_of(w));
	if (in)
		in->filled = true;
	if (w->xml) {
		name = in && in->list ? in->name : name;
		put_text(w, "<");
		put_text(w, name);
		put_text(w, ">");
	} else if (in && !in->list) {
		put_text(w, "\"");
		put_text(w, name);
		put_text(w, w->pretty ? "\": " : "\":");
	}
	return name;
}

static void open_level(struct dt_writer *w, const char *name, bool list)
{
	if (w->depth == DT_WRITER_DEPTH) {
		w->error = w->error ? w->error : DT_WRITER_TOO_DEEP;
		return;
	}
	w->level[w->depth++] = (struct dt_level){ .name = name, .list = list };
}

void dt_w_object(struct dt_writer *w, const char *name)
{
	name = lead(w, name);
	if (!w->xml)
		put_text(w, "{");
	open_level(w, name, false);
}

void dt_w_list(struct dt_writer *w, const char *name)
{
	struct dt_level *in = inner(w);
	bool nested = w->xml && in && in->list;
	const char *tag = !w->xml || nested ? lead(w, name) : NULL;

	if (!w->xml)
		put_text(w, "[");
	open_level(w, nested ? "item" : name, true);
	if (!w->error)
		inner(w)->tag = tag;
}

static void close_tag(struct dt_writer *w, const char *name)
{
	put_text(w, "</");
	put_text(w, name);
	put_text(w, ">");
}

void dt_w_end(struct dt_writer *w)
{
	struct dt_level *in = inner(w);

	if (!in)
		return;
	w->depth--;
	if (w->xml && in->list && !in->tag) {
		if (in->filled && w->depth)
			w->level[w->depth - 1].filled = true;
		return;
	}
	if (in->filled)
		line(w, indent_of(w));
	if (w->xml)
		close_tag(w, in->tag ? in->tag : in->name);
	else
		put_text(w, in->list ? "]" : "}");
}

/* A value that needs no escaping. */
static void __attribute__((format(printf, 4, 5))) value(struct dt_writer *w, const char *name, bool quoted,
							 const char *fmt, ...)
{
	char text[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (quoted) {
		dt_w_text(w, name, text);
		return;
	}
	name = lead(w, name);
	put_text(w, text);
	if (w->xml)
		close_tag(w, name);
}

void dt_w_string(struct dt_writer *w, const char *name, const char *s, size_t n)
{
	name = lead(w, name);
	if (!w->xml)
		put_text(w, "\"");
	put_escaped(w, s, n);
	if (w->xml)
		close_tag(w, name);
	else
		put_text(w, "\"");
}

void dt_w_text(struct dt_writer *w, const char *name, const char *s)
{
	dt_w_string(w, name, s, strlen(s));
}

void dt_w_int(struct dt_writer *w, const char *name, int64_t val)
{
	value(w, name, false, "%" PRId64, val);
}

void dt_w_uint(struct dt_writer *w, const char *name, uint64_t val)
{
	value(w, name, false, "%" PRIu64, val);
}

void dt_w_bool(struct dt_writer *w, const char *name, bool val)
{
	value(w, name, false, "%s", val ? "true" : "false");
}

void dt_w_double(struct dt_writer *w, const char *name, double val)
{
	if (isfinite(val))
		value(w, name, false, "%.17g", val);
	else
		value(w, name, false, "%s", w->xml ? "" : "null");
}

void dt_w_address(struct dt_writer *w, const char *name, uint64_t val)
{
	value(w, name, true, "0x%" PRIx64, val);
}

void dt_w_hex(struct dt_writer *w, const char *name, const void *data, size_t n)
{
	const unsigned char *b = data;
	char two[3];

	name = lead(w, name);
	put_text(w, w->xml ? "0x" : "\"0x");
	for (size_t i = 0; i < n; i++) {
		snprintf(two, sizeof(two), "%02x", b[i]);
		put(w, two, 2);
	}
	if (w->xml)
		close_tag(w, name);
	else
		put_text(w, "\"");
}

void dt_w_begin(struct dt_writer *w, const char *root)
{
	if (w->xml) {
		put_text(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	} else {
		put_text(w, "{");
		open_level(w, "", false);
	}
	dt_w_object(w, root);
}

void dt_w_finish(struct dt_writer *w)
{
	while (w->depth)
		dt_w_end(w);
	put_text(w, "\n");
}
