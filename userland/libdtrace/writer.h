/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A document written as it comes, in JSON or XML.
 *
 * It is made of objects, lists and values. What is in an object has a name;
 * what is in a list has none in JSON, and the list's name in XML, where a list
 * is no element itself (but a list in a list is, with an <item> for each of its own):
 *
 *	"probes": [ { "cpu": 1 }, { "cpu": 2 } ]
 *	<probes><cpu>1</cpu></probes><probes><cpu>2</cpu></probes>
 *
 * Names are constants of the library or C identifiers, so they need no
 * escaping. Strings may be any bytes: what is not UTF-8, and in XML what is no
 * character of it, becomes U+FFFD.
 *
 * The first error sticks, and later calls do nothing: ->error is -1 if put()
 * failed, DT_WRITER_TOO_DEEP if DT_WRITER_DEPTH did not suffice.
 */
#ifndef DT_WRITER_H
#define DT_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#define DT_WRITER_TOO_DEEP (-2)
#define DT_WRITER_DEPTH 320	/* objects and lists within one another; types nest to DT_TYPE_MAXDEPTH */

struct dt_writer {
	int (*put)(void *ctx, const char *s, size_t n);		/* 0, or -1 */
	void *ctx;
	bool xml, pretty;
	int error;
	unsigned depth;
	struct dt_level {
		const char *name;	/* of the element; of a list: of each item */
		const char *tag;	/* XML: of a list in a list, which is an element with <item>s */
		bool list, filled;
	} level[DT_WRITER_DEPTH];
};

/* @name is ignored in a list; it must stay valid until the end of what it opens. */
void dt_w_object(struct dt_writer *w, const char *name);
void dt_w_list(struct dt_writer *w, const char *name);
void dt_w_end(struct dt_writer *w);		/* of the innermost object or list */
void dt_w_string(struct dt_writer *w, const char *name, const char *s, size_t n);
void dt_w_text(struct dt_writer *w, const char *name, const char *s);	/* NUL-terminated */
void dt_w_int(struct dt_writer *w, const char *name, int64_t val);
void dt_w_uint(struct dt_writer *w, const char *name, uint64_t val);
void dt_w_bool(struct dt_writer *w, const char *name, bool val);
void dt_w_double(struct dt_writer *w, const char *name, double val);	/* no number: null */
/* "0x", then the bytes in memory's order. */
void dt_w_hex(struct dt_writer *w, const char *name, const void *data, size_t n);
void dt_w_address(struct dt_writer *w, const char *name, uint64_t val);	/* "0x1f" */
void dt_w_begin(struct dt_writer *w, const char *root);	/* the document and its root object */
void dt_w_finish(struct dt_writer *w);			/* close all that is open */

#endif /* DT_WRITER_H */
