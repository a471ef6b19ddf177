// SPDX-License-Identifier: GPL-2.0-or-later
/* The format parser: every part of a conversion, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dlang.h"

static void test_parts(void **state)
{
	struct dt_diag diag = { 0 };
	struct dt_format *f = dt_format_parse("a%-#08.3lldb%%%@5d%*.*s%hhx%12Yc", (struct dt_loc){ 0 }, &diag);

	(void)state;
	assert_non_null(f);
	assert_int_equal(f->nconv, 7);
	assert_int_equal(f->conv[0].litlen, 1);
	assert_memory_equal(f->conv[0].lit, "a", 1);
	assert_string_equal(f->conv[0].flags, "-#0");
	assert_int_equal(f->conv[0].width, 8);
	assert_true(f->conv[0].has_prec);
	assert_int_equal(f->conv[0].prec, 3);
	assert_string_equal(f->conv[0].size, "ll");
	assert_int_equal(f->conv[0].conv, 'd');
	assert_int_equal(f->conv[1].litlen, 1);
	assert_int_equal(f->conv[1].conv, '%');
	assert_true(f->conv[2].is_agg);
	assert_int_equal(f->conv[2].width, 5);
	assert_true(f->conv[3].dynwidth && f->conv[3].dynprec && !f->conv[3].has_prec);
	assert_string_equal(f->conv[4].size, "hh");
	assert_int_equal(f->conv[5].conv, 'Y');
	assert_int_equal(f->conv[5].width, 12);
	assert_int_equal(f->conv[6].conv, 0);
	assert_memory_equal(f->conv[6].lit, "c", 1);
	dt_format_free(f);
	f = dt_format_parse("%5@d%@@d", (struct dt_loc){ 0 }, &diag);
	assert_non_null(f);
	assert_true(f->conv[0].is_agg);
	dt_format_free(f);
	f = dt_format_parse("%?p%@-8d%0?x%ls", (struct dt_loc){ 0 }, &diag);
	assert_non_null(f);
	assert_int_equal(f->conv[0].width, 16);
	assert_string_equal(f->conv[1].flags, "-");
	assert_int_equal(f->conv[1].width, 8);
	assert_string_equal(f->conv[2].flags, "0");
	assert_int_equal(f->conv[2].width, 16);
	assert_string_equal(f->conv[3].size, "w");
	dt_format_free(f);
}

static void test_refused(void **state)
{
	static const struct { const char *text; enum dt_tag tag; } bad[] = {
		{ "%", D_SYNTAX }, { "x%", D_SYNTAX }, { "%5", D_SYNTAX },
		{ "%l", D_SYNTAX }, { "%q", D_SYNTAX }, { "%\n", D_SYNTAX },
		{ "%wd", D_SYNTAX }, { "%99999999999d", D_SYNTAX },
		{ "%.99999d", D_SYNTAX }, { "%1$d", D_SYNTAX }, { "%5%", D_SYNTAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct dt_diag diag = { 0 };

		assert_null(dt_format_parse(bad[i].text, (struct dt_loc){ .line = 3, .col = 7 }, &diag));
		assert_true(diag.set);
		assert_int_equal(diag.tag, bad[i].tag);
		assert_int_equal(diag.loc.col, 7);
	}
}

/* All conversions of the Guide, and an empty format. */
static void test_all(void **state)
{
	static const char all[] = "%a%A%c%C%d%i%o%p%s%S%u%x%X%Y%e%f%g%k%T%E%G%wc%ws%hd%ld%lld%'d% d%+d%I%P%lc%ls";
	struct dt_diag diag = { 0 };
	struct dt_format *f = dt_format_parse(all, (struct dt_loc){ 0 }, &diag);

	(void)state;
	assert_non_null(f);
	assert_int_equal(f->nconv, 33);
	dt_format_free(f);
	f = dt_format_parse("", (struct dt_loc){ 0 }, &diag);
	assert_non_null(f);
	assert_int_equal(f->nconv, 0);
	dt_format_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts), cmocka_unit_test(test_refused), cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
