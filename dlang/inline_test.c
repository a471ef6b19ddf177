// SPDX-License-Identifier: GPL-2.0-or-later
/* Inlines: what they stand for when they are used, and what is refused. */
#include <stdarg.h>
#include <stddef.h>

#include "test_expect.h"

static void uses(void **state)
{
	static const char *const cases[][2] = {
		{ "inline int X = 3 + 4; BEGIN { trace(X * 2); }", "14" },
		{ "inline string S = \"abc\"; BEGIN { trace(S); trace(strlen(S)); }", "\"abc\" 3" },
		{ "inline int X = arg0; BEGIN { trace(X + 1); }", "12" },
		{ "inline char X = arg0 + 256; BEGIN { trace(X); }", "11" },
		{ "inline int f[int a] = a * 2; BEGIN { trace(f[21]); }", "42" },
		{ "inline int f[int a, string b] = a + strlen(b); BEGIN { trace(f[1, \"xyz\"]); }", "4" },
		{ "inline string f[int a] = a ? \"yes\" : \"no\"; BEGIN { trace(f[arg0]); trace(f[0]); }",
		  "\"yes\" \"no\"" },
		/* not text: the operators around it and in the argument do not mix */
		{ "inline int f[int a] = a * a; BEGIN { trace(10 - f[1 + 2] + 1); }", "2" },
		/* arguments take the parameters' types */
		{ "inline int f[char a] = a; BEGIN { trace(f[300]); }", "44" },
		{ "inline long f[unsigned char a] = a + 1; BEGIN { trace(f[255]); }", "256" },
		/* an argument's effects happen once, whether it is used often or not at all */
		{ "inline int f[int a] = a + a; BEGIN { x = 5; trace(f[x++]); trace(x); }", "10 6" },
		{ "inline int f[int a] = 7; BEGIN { y = 5; trace(f[y++]); trace(y); }", "7 6" },
		{ "inline int f[int a, int b] = a * 100 + b + b; BEGIN { z = 1; trace(f[z++, z++]); trace(z); "
				"}", "104 3" },
		{ "inline string f[string a] = strjoin(a, a); BEGIN { trace(f[strjoin(\"a\", \"b\")]); }", "\"abab\"" },
		/* one in another, and as an argument of itself */
		{ "inline int f[int a] = a + 1; inline int g[int a] = f[a] * f[a + 1]; BEGIN { trace(g[2]); }", "12" },
		{ "inline int f[int a] = a + 1; BEGIN { trace(f[f[f[0]]]); }", "3" },
		/* a parameter hides what the program calls so; its other names are the inline's */
		{ "int a; inline int f[int a] = a; BEGIN { a = 3; trace(f[4]); trace(a); }", "4 3" },
		{ "struct s { int a; }; struct s v; inline int f[struct s *p] = p->a; BEGIN { v.a = 9; "
		  "this->p = (struct s *)alloca(4); this->p->a = 8; trace(f[this->p]); }", "8" },
		{ "inline int *f[int *p, int i] = p + i; BEGIN { this->q = (int *)alloca(16); this->q[2] = 77; "
		  "trace(*f[this->q, 2]); trace(f[this->q, 1][1]); }", "77 77" },
		{ "inline int f[int a] = a; BEGIN /f[arg0] == 11/ { trace(f[arg1]); }", "22" },
		{ "inline int X = sizeof(int); inline uint8_t Y = 256 + X; int arr[X + Y]; struct s { int b : X; }; "
		  "BEGIN { trace((int)sizeof(arr)); }", "32" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct machine *m = machine_create();

		m->fire.arg[0] = 11;
		m->fire.arg[1] = 22;
		expect_on(m, cases[i][0], cases[i][1]);
		machine_destroy(m);
	}
}

/* They hold for the programs after theirs. */
static void stay(void **state)
{
	struct machine *m = machine_create();

	(void)state;
	m->fire.arg[0] = 5;
	expect_on(m, "inline int twice[int a] = a * 2; inline int X = arg0; BEGIN { trace(1); }", "1");
	expect_on(m, "BEGIN { trace(twice[X]); }", "10");
	expect_refused(m, "inline int twice = 1;", D_DECL_IDRED, 12);
	expect_refused(m, "inline int later = arg0; BEGIN { trace(nosuch); }", D_IDENT_UNDEF, 40);
	expect_on(m, "inline int later = 3; BEGIN { trace(later); }", "3");
	machine_destroy(m);
}

/* A library's are looked at when they are used, and then the error is where the use is. */
static void library(void **state)
{
	struct machine *m = machine_create();

	(void)state;
	m->cc.library = m->cc.empty_ok = true;
	machine_compile(m,
			"inline int A = 4;\ninline int bad[int x] = ((struct nosuch *)x)->y;\ninline int B = A + 1;");
	m->cc.library = false;
	expect_on(m, "BEGIN { trace(B); }", "5");
	expect_refused(m, "BEGIN { trace(bad[1]); }", D_OP_INCOMPLETE, 15);
	assert_string_equal(m->diag.hint[0] ? "hint" : "", "hint");
	machine_destroy(m);
}

static void refused(void **state)
{
	static const struct expect_refusal cases[] = {
		{ "inline int X = \"a\";", D_OP_INCOMPAT, 16 },
		{ "inline int X = X;", D_IDENT_UNDEF, 16 },
		{ "inline int f[int a] = f[a - 1];", D_IDENT_UNDEF, 23 },
		{ "inline int f[int a] = b;", D_IDENT_UNDEF, 23 },
		{ "inline int f[int a] = \"s\";", D_OP_INCOMPAT, 23 },
		{ "inline int f[int a] = a; BEGIN { trace(f); }", D_IDENT_BADREF, 40 },
		{ "inline int f[int a] = a; BEGIN { trace(f[1, 2]); }", D_PROTO_LEN, 40 },
		{ "inline int f[int a] = a; BEGIN { trace(f[\"x\"]); }", D_PROTO_ARG, 42 },
		{ "inline int f[int a] = a; BEGIN { f[1] = 2; }", D_OP_LVAL, 39 },
		{ "inline int f[int a] = a = 3;", D_OP_LVAL, 25 },
		{ "inline int f[int a] = a++;", D_OP_LVAL, 24 },
		{ "inline int X = arg0; BEGIN { X = 2; }", D_OP_LVAL, 32 },
		{ "inline int X = args[0];", D_ARGS_NONE, 16 },
		{ "inline int X = arg0; BEGIN { trace(X[1]); }", D_ARR_BADREF, 36 },
		{ "inline int f[int] = 1;", D_DECL_PARMNAME, 12 },
	};

	(void)state;
	expect_refusals(machine_create, NULL, cases, sizeof(cases) / sizeof(cases[0]));
}

/* Definitions that double at each step end in an error, not in all of memory. */
static void explosion(void **state)
{
	struct machine *m = machine_create();
	char text[4096];
	size_t n = (size_t)snprintf(text, sizeof(text), "inline long f0[long a] = a + a;\n");

	(void)state;
	for (int i = 1; i < 40; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				"inline long f%d[long a] = f%d[a] + f%d[a];\n", i, i - 1,
				      i - 1);
	m->diag = (struct dt_diag){ 0 };
	assert_null(dt_compile(&m->cc, text, n));
	assert_int_equal(m->diag.tag, D_SYNTAX);
	machine_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uses), cmocka_unit_test(stay), cmocka_unit_test(library), cmocka_unit_test(refused),
		cmocka_unit_test(explosion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
