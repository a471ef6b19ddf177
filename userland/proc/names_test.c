// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "impl.h"

static void globs(void **state)
{
	static const struct { const char *pattern, *s; bool hit; } t[] = {
		{ "", "", true }, { "", "a", false }, { "*", "", true }, { "*", "any.thing/at all", true },
		{ "malloc", "malloc", true }, { "malloc", "malloc_", false }, { "m?lloc", "malloc", true },
		{ "*lloc", "calloc", true }, { "a*b*c", "a123b456c", true }, { "a*b*c", "a123b456", false },
		{ "[a-c]x", "bx", true }, { "[a-c]x", "dx", false }, { "[!a-c]x", "dx", true },
		{ "[!a-c]x", "ax", false }, { "[]x]", "]", true }, { "[a", "[a", true }, { "[a", "a", false },
		{ "[a\\]b]", "]", true }, { "\\*", "*", true }, { "\\*", "x", false }, { "a\\", "a\\", true },
		{ "**a**", "bab", true }, { "*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
		{ "[\x80-\xff]", "\xc3", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		if (dt_glob_match(t[i].pattern, t[i].s) != t[i].hit)
			fail_msg("\"%s\" and \"%s\"", t[i].pattern, t[i].s);
	}
}

static void module_names(void **state)
{
	static const struct { const char *path, *pattern; bool hit, exe; const char *soname; } t[] = {
		{ "/lib/libc.so.6", "", true }, { "/lib/libc.so.6", "libc", true },
		{ "/lib/libc.so.6", "libc.so", true }, { "/lib/libc.so.6", "libc.so.6", true },
		{ "/lib/libc.so.6", "/lib/libc.so.6", true }, { "/lib/libc.so.6", "/lib/*", true },
		{ "/lib/libc.so.6", "lib[cm]", true }, { "/lib/libc.so.6", "libcrypto", false },
		{ "/lib/libc.so.6", "a.out", false }, { "/lib/libcrypt.so.1", "libc", false },
		{ "/lib/libc-2.31.so", "libc", true }, { "/lib/libc-2.31.so", "libc.so", true },
		{ "/lib/libc-2.31.so", "libc-2.31", true }, { "/lib/libc-2.31.so", "libc.so.6", false },
		{ "/lib/libc-2.31.so", "libc.so.6", true, false, "libc.so.6" },
		{ "/lib/libpython3.11.so.1.0", "libpython3.11", true },
		{ "/lib/libpython3.11.so.1.0", "libpython3.11.so.1", true },
		{ "/lib/libpython3.11.so.1.0", "libpython3", false },
		{ "/bin/a-b", "a-b", true, true }, { "/bin/a-b", "a.out", true, true },
		{ "/bin/a-b", "a", false, true },
		{ "/x/libsound.society.so", "libsound", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct dt_elf e = { .soname = t[i].soname };
		struct dt_object o = {
			.path = t[i].path, .name = strrchr(t[i].path, '/') + 1, .is_exe = t[i].exe, .elf = &e,
		};

		if (dt_object_matches(&o, t[i].pattern) != t[i].hit)
			fail_msg("\"%s\" and \"%s\"", t[i].path, t[i].pattern);
	}
}

static void command_lines(void **state)
{
	struct dt_err err;
	char **a = dt_argv_split("  echo 'a  b' \"c \\\" d\" e\\ f g'h'\"i\" '' ", &err);

	(void)state;
	assert_non_null(a);
	assert_string_equal(a[0], "echo");
	assert_string_equal(a[1], "a  b");
	assert_string_equal(a[2], "c \" d");
	assert_string_equal(a[3], "e f");
	assert_string_equal(a[4], "ghi");
	assert_string_equal(a[5], "");
	assert_null(a[6]);
	dt_argv_free(a);
	assert_null(dt_argv_split("echo 'a", &err));
	assert_non_null(strstr(err.msg, "quote is not closed"));
	assert_null(dt_argv_split("   ", &err));
	assert_non_null(strstr(err.msg, "empty"));
	a = dt_argv_split("a b c d e f g h i j k l m n o p", NULL);
	assert_string_equal(a[15], "p");
	assert_null(a[16]);
	dt_argv_free(a);
}

static void demangling(void **state)
{
	char buf[256];

	(void)state;
	assert_string_equal(dt_demangle("_ZN3foo3barEi", buf, sizeof(buf)), "foo::bar(int)");
	assert_string_equal(dt_demangle("main", buf, sizeof(buf)), "main");
	assert_string_equal(dt_demangle("_Z", buf, sizeof(buf)), "_Z");
	assert_string_equal(dt_demangle("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", buf, sizeof(buf)),
			    "core::fmt::Write::write_fmt");
	assert_string_equal(dt_demangle("_RNvC6_123foo3bar", buf, sizeof(buf)), "123foo::bar");
	assert_string_equal(dt_demangle("_ZN3foo3barEi", buf, 5), "foo:");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(globs),
		cmocka_unit_test(module_names),
		cmocka_unit_test(command_lines),
		cmocka_unit_test(demangling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
