/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What D is left with of C headers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "dt_impl.h"

/* @text as a header; expected: what is left, blanks squeezed. */
static void left(const char *text, const char *expected)
{
	char *buf, *got, *to;
	size_t lines = 0;

	assert_true(asprintf(&buf, "# 1 \"/x/y.h\" 1\n%s\n# 9 \"script.d\" 2\n__inline f(x) { }\n", text) > 0);
	for (char *p = buf; *p; p++)
		lines += *p == '\n';
	dt_headers_fit(buf);
	for (char *p = buf; *p; p++)
		lines -= *p == '\n';
	assert_int_equal(lines, 0);
	/* the script's own text is not touched */
	got = strstr(buf, "\n# 9 ");
	assert_non_null(got);
	assert_string_equal(got, "\n# 9 \"script.d\" 2\n__inline f(x) { }\n");
	*got = 0;
	got = strchr(buf, '\n') + 1;
	to = got;
	for (char *p = got; *p; p++)
		if (!strchr(" \n", *p) || (to > got && to[-1] != ' '))
			*to++ = *p == '\n' ? ' ' : *p;
	while (to > got && to[-1] == ' ')
		to--;
	*to = 0;
	assert_string_equal(got, expected);
	free(buf);
}

static void words(void **state)
{
	left("typedef int a_t;", "typedef int a_t;");
	left("__extension__ typedef __signed__ char a_t __attribute__ ((__unused__));", "typedef signed char a_t ;");
	left("struct s { __const char *p __attribute__((a(\")\", ')'))); int x[0]; };",
	     "struct s { const char *p ; int x[0]; };");
	left("enum e {\nA = 0x10, __B };", "enum e { A = 0x10, __B };");
	left("struct s { int __attributes__; };", "struct s { int __attributes__; };");
}

static void functions(void **state)
{
	left("extern int f (const char *__restrict p) __attribute__ ((__nothrow__)); typedef int t;", "typedef int t;");
	left("static __inline int f(int x) { if (x) { return '}'; } return 0; }\ntypedef int (*fn_t)(int);",
	     "typedef int (*fn_t)(int);");
	left("int f(void) __asm__ (\"\" \"g\") __attribute__((a)); extern int v;", "extern int v;");
	left("_Static_assert(sizeof(int) == 4, \"int\"); struct s;", "struct s;");
	left("int f(\n# 7 \"/x/y.h\"\nint x);\nstruct s;", "# 7 \"/x/y.h\" struct s;");
}

static void layouts(void **state)
{
	left("struct s { char c; int x; } __attribute__((packed)); struct t { int y; };",
	     "struct s { char c; int x; } __attribute__((packed)); struct t { int y; };");
	left("struct __attribute__((__packed__, unused, deprecated(\"x\"))) s { char c; int x; };",
	     "struct __attribute__((__packed__, , )) s { char c; int x; };");
	left("typedef unsigned long u_t __attribute__((may_alias)) __attribute__((aligned(8)));",
	     "typedef unsigned long u_t __attribute__((aligned(8)));");
	left("typedef float v_t __attribute__((__vector_size__(16))); struct s { _Alignas(8) int x; };",
	     "typedef float v_t __attribute__((__vector_size__(16))); struct s { _Alignas(8) int x; };");
	left("struct s { __int128 x; char c __attribute__((aligned(16))); }; struct t { int y; };",
	     "struct s ; struct t { int y; };");
	left("typedef struct {\n__int128 x; } s_t;", "typedef struct __1 s_t;");
	left("static const struct s table[] = { { 1 }, { 2 } }; struct t;", "struct t;");
	left("int f(void) __attribute__((aligned(16))) { return 0; } struct t;", "struct t;");
	left("typedef int w_t __attribute__ ((__mode__ (__word__))); typedef int i_t;", "typedef int i_t;");
	left("typedef __builtin_va_list va_list; typedef __int128 big_t; struct s;", "struct s;");
}

/* Text that ends anywhere is read to its end, and no further. */
static void cut(void **state)
{
	static const char text[] = "# 1 \"a.h\"\nstruct s { int x __attribute__((packed(\"a\\\"\")) '\\'' ; } (";

	for (size_t n = 0; n < sizeof(text); n++) {
		char *s = strndup(text, n);

		assert_non_null(s);
		dt_headers_fit(s);
		assert_int_equal(strlen(s), n);
		free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words), cmocka_unit_test(functions), cmocka_unit_test(layouts), cmocka_unit_test(cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
