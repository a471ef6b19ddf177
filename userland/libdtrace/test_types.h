/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the tests of where foreign types come from. */
#ifndef DT_TEST_TYPES_H
#define DT_TEST_TYPES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "names_impl.h"

/* struct dt_names' op: what was found knows how to fill itself in. */
static inline bool complete_later(void *ctx, struct dt_type *t, const void *foreign)
{
	const struct dt_later *l = foreign;

	(void)ctx;
	return l->complete(l, t);
}

static inline void check_member(const struct dt_type *t, const char *name, uint64_t bitoff, uint32_t bits,
				const char *type)
{
	uint64_t off = 0;
	const struct dt_member *m = dt_type_member(t, name, &off);
	char buf[160];

	if (!m)
		fail_msg("no member %s", name);
	assert_int_equal(off, bitoff);
	assert_int_equal(m->bits, bits);
	assert_string_equal(dt_type_name(m->type, buf, sizeof(buf)), type);
}

#endif /* DT_TEST_TYPES_H */
