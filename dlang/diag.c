// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The diagnostic of a compilation: the first error is kept, later ones are
 * consequences of it and dropped.
 */
#include <stdio.h>

#include "diag.h"

static const char *const tag_names[] = {
#define DT_TAG_NAME(t) [t] = #t,
	DT_TAGS(DT_TAG_NAME)
#undef DT_TAG_NAME
};

const char *dt_tag_name(enum dt_tag tag)
{
	return (unsigned int)tag < DT_TAG_MAX ? tag_names[tag] : "D_UNKNOWN";
}

/* Whatever a program's text smuggled into the sentence, a terminal can show it on one line. */
static void make_printable(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
}

int dt_error(struct dt_diag *d, enum dt_tag tag, struct dt_loc loc, const char *fmt, ...)
{
	va_list ap;

	if (d->set)
		return -1;
	d->set = true;
	d->tag = tag;
	d->loc = loc;
	d->hint[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(d->msg, sizeof(d->msg), fmt, ap);
	va_end(ap);
	make_printable(d->msg);
	return -1;
}

int dt_hint(struct dt_diag *d, const char *fmt, ...)
{
	va_list ap;

	if (!d->set || d->hint[0])
		return -1;
	va_start(ap, fmt);
	vsnprintf(d->hint, sizeof(d->hint), fmt, ap);
	va_end(ap);
	make_printable(d->hint);
	return -1;
}
