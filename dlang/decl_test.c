// SPDX-License-Identifier: GPL-2.0-or-later
/* Declarations: the types they make, the identifiers they enter, the errors they give. */
#include "parse_test.h"

static void types(void **state)
{
	static const struct front_case c[] = {
		{ "int x;", "(DECL x: int)" }, { "unsigned x;", "(DECL x: unsigned int)" },
		{ "long long unsigned int x;", "(DECL x: unsigned long long)" }, { "short x;", "(DECL x: short)" },
		{ "signed x;", "(DECL x: int)" }, { "signed char x;", "(DECL x: signed char)" },
		{ "float x;", "(DECL x: float)" }, { "double x;", "(DECL x: double)" },
		{ "long double x;", "(DECL x: long double)" },
		{ "_Bool x;", "(DECL x: _Bool)" }, { "string x;", "(DECL x: string)" },
		{ "self int x;", "(DECL self x: int)" }, { "this int x;", "(DECL this x: int)" },
		{ "int self x;", "(DECL self x: int)" }, { "extern int x;", "(DECL extern x: int)" },
		{ "const int x;", "(DECL x: const int)" }, { "int const volatile x;", "(DECL x: const volatile int)" },
		{ "char *x;", "(DECL x: char *)" },
		{ "char **x, *y, z;", "(DECL x: char **) (DECL y: char *) (DECL z: char)" },
		{ "int x[3];", "(DECL x: int [3])" }, { "int x[2][3];", "(DECL x: int [2][3])" },
		{ "int *x[3];", "(DECL x: int *[3])" }, { "int (*x)[3];", "(DECL x: int (*)[3])" },
		{ "int (*x)(int, char *);", "(DECL x: int (*)(int, char *))" },
		{ "int (*(*x)(void))[5];", "(DECL x: int (*(*)(void))[5])" },
		{ "char *(*x[4])(void), y;", "(DECL x: char *(*[4])(void)) (DECL y: char)" },
		{ "int (x);", "(DECL x: int)" }, { "int *const x;", "(DECL x: int *const)" },
		{ "int *const *volatile x;", "(DECL x: int *const *volatile)" },
		{ "userland char *x;", "(DECL x: userland char *)" },
		{ "char *restrict x;", "(DECL x: char *restrict)" },
		{ "int x[int];", "(DECL x: int [int])" },
		{ "string x[int, string, char *];", "(DECL x: string [int, string, char *])" },
		{ "self uint64_t x[pid_t];", "(DECL self x: uint64_t [pid_t])" },
		{ "int *x[int y];", "(DECL x: int *[int])" },
		{ "int x[struct foo *];", "(DECL x: int [struct foo *])" },
		{ "int x[int [4]];", "(DECL x: int [int *])" },
		{ "int f(int a[3], int g(void), ...);", "(DECL f: int (int *, int (*)(void), ...))" },
		{ "int f();", "(DECL f: int (void))" }, { "void f(void);", "(DECL f: void (void))" },
		{ "typedef int t[3], (*u)(t);", "(DECL typedef t: int [3]) (DECL typedef u: int (*)(int *))" },
		{ "struct s { int a; } x, *y;", "(DECL x: struct s) (DECL y: struct s *)" },
		{ "struct s;", "(DECL : struct s)" }, { "struct s *x;", "(DECL x: struct s *)" },
		{ "union { int a; char b; } x;", "(DECL x: union (anonymous))" },
		{ "enum e { A, B = 5, C, } x;", "(DECL x: enum e)" }, { "enum e *x;", "(DECL x: enum e *)" },
		{ "struct m`foo *x;", "(DECL x: struct m`foo *)" },
		{ "struct { struct { int a, :3, b:4; } c; struct { int d; }; ; int e[]; } *x;",
		  "(DECL x: struct (anonymous) *)" },
		{ "const struct { int a; } x;", "(DECL x: const struct (anonymous))" },
		{ "self x;", "(DECL self x: int)" },
	};

	(void)state;
	CHECK_PROGRAM(c);
}

static void specifier_errors(void **state)
{
	static const struct front_case c[] = {
		{ "self this int x;", "D_DECL_CLASS 1:6-10" }, { "static int x;", "D_DECL_BADCLASS 1:1-7" },
		{ "auto int x;", "D_DECL_BADCLASS" }, { "register int x;", "D_DECL_BADCLASS" },
		{ "int int x;", "D_DECL_COMBO 1:5-8" }, { "int char x;", "D_DECL_COMBO 1:1-4" },
		{ "void int x;", "D_DECL_COMBO" },
		{ "pid_t int x;", "D_DECL_COMBO 1:7-10" }, { "int struct s x;", "D_DECL_COMBO 1:5-13" },
		{ "string char x;", "D_DECL_COMBO" }, { "unsigned signed x;", "D_DECL_COMBO" },
		{ "unsigned float x;", "D_DECL_SIGNINT" }, { "signed string x;", "D_DECL_SIGNINT" },
		{ "short long x;", "D_UNKNOWN" }, { "long long long x;", "D_DECL_COMBO 1:11-15" },
		{ "long float x;", "D_DECL_LONGINT" }, { "long long double x;", "D_DECL_LONGINT" },
		{ "short string x;", "D_DECL_LONGINT" }, { "long void x;", "D_DECL_VOIDATTR" },
		{ "long char x;", "D_DECL_CHARATTR" }, { "short char x;", "D_DECL_CHARATTR" },
		{ "const x;", "D_SYNTAX 1:1-6 this declaration names no type" },
		{ "unsigned struct s x;", "D_DECL_SIGNINT 1:10-18" }, { "pid_t signed x;", "D_DECL_SIGNINT 1:7-13" },
		{ "long struct { int a; } x;", "D_DECL_LONGINT" }, { "enum e short x;", "D_DECL_LONGINT" },
		{ "int;", "D_DECL_USELESS 1:1-4" }, { "pid_t;", "D_DECL_USELESS" },
		{ "self struct s;", "D_DECL_USELESS" },
	};

	(void)state;
	CHECK_ERROR(c);
}

static void declarator_errors(void **state)
{
	static const struct front_case c[] = {
		{ "void x;", "D_DECL_VOIDOBJ 1:6-7 a variable cannot be void" },
		{ "void x[3];", "D_DECL_VOIDOBJ 1:7-10" },
		{ "struct s x;", "D_DECL_INCOMPLETE 1:10-11 a variable has incomplete type struct s" },
		{ "struct s x[3];", "D_DECL_INCOMPLETE" }, { "typedef struct s t; t x;", "D_DECL_INCOMPLETE 1:23-24" },
		{ "int x[];", "D_DECL_ARRNULL 1:5-6" }, { "int x[3][];", "D_DECL_ARRNULL" },
		{ "int x[0];", "D_DECL_ARRSUB 1:7-8" }, { "int x[-1];", "D_DECL_ARRSUB" },
		{ "int x[y];", "D_DECL_ARRSUB 1:7-8" },
		{ "int x[\"a\"];", "D_DECL_ARRSUB" }, { "int x[sizeof (string)];", "D_DECL_ARRSUB" },
		{ "int x[1 / 0];", "D_DIV_ZERO 1:9-10" },
		{ "long x[0x7fffffffffffffff];", "D_DECL_ARRBIG 1:7-27 this array is too large" },
		{ "char x[1 << 24][1 << 24][2];", "D_DECL_ARRBIG" }, { "int x[3](int);", "D_DECL_FUNCTYPE" },
		{ "int x(int)[3];", "D_DECL_FUNCRET" }, { "int x(int)(int);", "D_DECL_FUNCRET" },
		{ "self int x(int);", "D_DECL_FUNCTYPE" }, { "this int x[int];", "D_DECL_LOCASSC 1:10-11" },
		{ "int x[int][string];", "D_DECL_ARRTYPE" }, { "int *(x[int]), (*y)[int];", "D_DECL_ARRTYPE 1:17-18" },
		{ "int x[3][int];", "D_DECL_ARRTYPE" }, { "typedef int x[int];", "D_DECL_ARRTYPE" },
		{ "int x[void];", "D_DECL_PROTO_TYPE" }, { "int x[int, void];", "D_DECL_PROTO_VOID" },
		{ "int x[int, ...];", "D_DECL_PROTO_VARARGS" }, { "int x[struct s];", "D_DECL_INCOMPLETE" },
		{ "int f(void, int);", "D_DECL_PROTO_VOID 1:7-11" }, { "int f(void x);", "D_DECL_PROTO_NAME" },
		{ "int f(self int x);", "D_DECL_PARMCLASS 1:7-11" }, { "int f(int x[int]);", "D_DECL_PROTO_TYPE" },
		{ "int x, x`y;", "D_DECL_SCOPE 1:8-11 x`y names a symbol" },
	};

	(void)state;
	CHECK_ERROR(c);
}

static void redeclarations(void **state)
{
	static const struct front_case good[] = {
		{ "int x; int x; pid_t x;", "(DECL x: int) (DECL x: int) (DECL x: pid_t)" },
		{ "int x; self int x; this string x;", "(DECL x: int) (DECL self x: int) (DECL this x: string)" },
		{ "int x[int]; int x[int];", "(DECL x: int [int]) (DECL x: int [int])" },
		{ "typedef int t; typedef int t;", "(DECL typedef t: int) (DECL typedef t: int)" },
		{ "struct s; struct s; struct s { int a; }; struct s x;",
		  "(DECL : struct s) (DECL : struct s) (DECL : struct s) (DECL x: struct s)" },
		{ "typedef unsigned long size_t;", "(DECL typedef size_t: unsigned long)" },
	};
	static const struct front_case bad[] = {
		{ "int x; long x;", "D_DECL_IDRED 1:13-14 x is declared or used with another type already" },
		{ "int x; int x[int];", "D_DECL_IDRED" }, { "int x[int]; int x;", "D_DECL_IDRED" },
		{ "int x[int]; int x[string];", "D_DECL_IDRED" }, { "int x[int]; int x[int, int];", "D_DECL_IDRED" },
		{ "int pid;", "D_DECL_IDRED 1:5-8 pid is known to D already" }, { "int trace;", "D_DECL_IDRED" },
		{ "enum { A }; int A;", "D_DECL_IDRED" }, { "int A; enum { A };", "D_DECL_IDRED 1:15-16" },
		{ "enum { A, A };", "D_DECL_IDRED 1:11-12" }, { "enum { A }; enum { A };", "D_DECL_IDRED" },
		{ "typedef int t; typedef long t;", "D_DECL_TYPERED 1:29-30" },
		{ "enum { A }; typedef int A;", "D_DECL_TYPERED" },
		{ "typedef int t; enum { t };", "D_SYNTAX" },
		{ "struct s { int a; }; struct s { int a; };", "D_DECL_TYPERED 1:29-30 struct s is defined already" },
		{ "enum e { A }; enum e { B };", "D_DECL_TYPERED" },
		{ "struct s { struct s { int a; } b; };", "D_DECL_TYPERED" },
		{ "enum e { A = sizeof (enum e { B }) };", "D_DECL_TYPERED" },
	};

	(void)state;
	CHECK_PROGRAM(good);
	CHECK_ERROR(bad);
}

static void member_errors(void **state)
{
	static const struct front_case c[] = {
		{ "struct { void x; } s;", "D_DECL_VOIDOBJ" }, { "struct { int f(int); } s;", "D_DECL_FUNCTYPE" },
		{ "struct s { struct s x; };", "D_DECL_INCOMPLETE" },
		{ "struct { self int x; } s;", "D_DECL_BADCLASS" },
		{ "struct { int x[int]; } s;", "D_DECL_ARRTYPE" },
		{ "struct { int x, x; } s;", "D_UNKNOWN 1:17-18" },
		{ "struct { int x[]; int y; } s;", "D_DECL_ARRNULL" }, { "struct { int; } s;", "D_DECL_USELESS" },
		{ "struct { struct t { int x; }; } s;", "D_DECL_USELESS" },
		{ "struct { pid_t; } s;", "D_DECL_USELESS" },
		{ "struct { int x:33; } s;", "D_DECL_BFSIZE 1:16-18" }, { "struct { int x:-1; } s;", "D_DECL_BFCONST" },
		{ "struct { int x:0; } s;", "D_DECL_BFCONST" }, { "struct { _Bool x:2; } s;", "D_DECL_BFSIZE" },
		{ "struct { char x:9; } s;", "D_DECL_BFSIZE" }, { "struct { int *x:3; } s;", "D_DECL_BFTYPE" },
		{ "struct { float x:3; } s;", "D_DECL_BFTYPE" }, { "struct { int x:y; } s;", "D_DECL_BFCONST" },
		{ "enum { A = x };", "D_DECL_ENCONST" },
		{ "enum { A = 0x7fffffff, B = 0x100000000 };", "D_DECL_ENOFLOW" },
		{ "enum { A = -1, B = 0xffffffff };", "D_DECL_ENOFLOW" },
		{ "enum { A = 0xffffffff, B };", "D_DECL_ENOFLOW" },
		{ "enum { A = -2147483649 };", "D_DECL_ENOFLOW" }, { "struct {} s;", "D_SYNTAX" },
		{ "BEGIN { (self int)x }", "D_DECL_BADCLASS" }, { "BEGIN { sizeof (int [int]) }", "D_DECL_ARRTYPE" },
	};

	(void)state;
	CHECK_ERROR(c);
}

/* before, n times "unit" with a number, after: parses, or fails with @tag. */
static void check_many(const char *before, const char *unit, int n, const char *after, enum dt_tag tag)
{
	char *text = malloc(strlen(before) + strlen(after) + n * (strlen(unit) + 8) + 1), *p = stpcpy(text, before);
	struct front f;

	for (int i = 0; i < n; i++)
		p += sprintf(p, unit, i);
	strcpy(p, after);
	front_open(&f);
	if (!dt_parse(&f.p, text, strlen(text)) != (tag != D_UNKNOWN) || f.diag.tag != tag)
		fail_msg("%d of \"%s\": %s", n, unit, f.diag.msg);
	front_close(&f);
	free(text);
}

static void large_definitions(void **state)
{
	(void)state;
	check_many("struct s {", "int m%d:3;", 1000, "}; enum { A = sizeof (struct s), B = 1 / (A "
						     "== 400) };", D_UNKNOWN);
	check_many("struct s {", "int m%d;", 8193, "};", D_SYNTAX);
	check_many("enum e {", "e%d,", 1000, "}; int x[e999];", D_UNKNOWN);
	check_many("enum e {", "e%d,", 8193, "};", D_SYNTAX);
	check_many("int f(int", ", int p%d", 1000, ");", D_UNKNOWN);
	check_many("int f(int", ", int p%d", 1024, ");", D_SYNTAX);
	check_many("struct s {", "char m%d[1 << 24][1 << 24];", 257, "};", D_DECL_INCOMPLETE);
	check_many("struct t0 { int a; };", "struct u%d;", 1000, "", D_UNKNOWN);
}

/* ---- Constants -------------------------------------------------------------------- */

/* The point is to see C's conversions. */
#pragma GCC diagnostic ignored "-Wsign-compare"

/* An enumerator's value is the constant's: compare with what C makes of the same text. */
static void constants(void **state)
{
	enum { EA = 3, EB = EA * 2 };
	struct cs { char a; struct { int b, c; } d; };
#define C(...) { #__VA_ARGS__, __VA_ARGS__ }
	static const struct { const char *text; long long val; } c[] = {
		C(1 + 2 * 3), C(-5 / 2), C(-5 % 3), C(5 % -3), C(7 / 2u), C(1 ? 2 : 3),
		C(0 ? 2 : 3), C(1 << 10), C(-16 >> 2),
		C(0x80000000 >> 31), C(!5), C(!0), C(~5), C(-(-3)), C(+4), C(1 < 2), C(2 <= 1),
		C(3 > 2), C(2 >= 3), C(1 == 1),
		C(1 != 1), C(-1 < 1u), C(-1L < 1u), C(6 & 3), C(6 | 3), C(6 ^ 3), C(1 && 0),
		C(1 || 0), C(0 && 1 / 0), C(1 || 1 / 0),
		C((char)300), C((unsigned char)-1), C((short)0x18000), C((_Bool)5),
		C((int)sizeof (int)), C((int)sizeof (char [7])),
		C(EA), C(EB + 1), C('a'), C((int)sizeof (struct cs)), C((int)offsetof(struct cs, d.c)), C((~0u) >> 4),
		C((int)(~0u / 2)), C((int)((unsigned long)-1 >> 60)), C((long)0xffffffff == -1), C(0xffffffff == -1),
		C((unsigned short)-1 >> 8), C(2147483647 + 0L == 0x7fffffff),
	};
#undef C
	static const char pending[] = "enum { P = 5, Q = P ^^ 1, R = sizeof (enum { S, T = P }) };";
	char text[512];
	struct front f;

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		int64_t val = 0;

		snprintf(text, sizeof(text), "struct cs { char a; struct { int b, c; } d; };"
			 "enum { EA = 3, EB = EA * 2 }; enum { V = %s };", c[i].text);
		front_open(&f);
		if (!dt_parse(&f.p, text, strlen(text)))
			fail_msg("%s: %s", c[i].text, f.diag.msg);
		assert_true(dt_types_enumerator(f.types, "V", &val, NULL));
		if (val != c[i].val)
			fail_msg("%s is %lld, not %lld", c[i].text, c[i].val, (long long)val);
		front_close(&f);
	}
	front_open(&f);
	assert_null(dt_parse(&f.p, "enum { V = (3, 4) };", 20));
	assert_int_equal(f.diag.tag, D_DECL_ENCONST);
	memset(&f.diag, 0, sizeof(f.diag));
	assert_non_null(dt_parse(&f.p, pending, strlen(pending)));
	front_close(&f);
}

static void extreme_constants(void **state)
{
	static const char *const c[] = {
		"(-9223372036854775807 - 1) / -1", "(-9223372036854775807 - 1) % -1", "1 << 100",
		"1 >> -1", "-2147483648 / -1",
		"9223372036854775807 + 1", "9223372036854775807 * 9223372036854775807", "-(-9223372036854775807 - 1)",
		"18446744073709551615", "0 ? 1 : 2 ? 3 : 4", "1 % 0", "&x", "*x", "x++", "f()",
		"\"a\"", "a.b", "@a", "self->x", "`x",
		"a[1]", "x = 1", "stringof(1)", "xlate <int>(1)", "(int *)0", "(struct q)0",
		"offsetof(int, a)", "sizeof (x)",
		"sizeof (struct q)",
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		struct front f;

		snprintf(text, sizeof(text), "int x[%s];", c[i]);
		front_open(&f);
		if (!dt_parse(&f.p, text, strlen(text)) != f.diag.set)
			fail_msg("%s: an error without a message, or the other way round", text);
		front_close(&f);
	}
}

/* ---- Identifiers -------------------------------------------------------------------- */

static struct dt_ident *find(struct front *f, enum dt_scope scope, const char *name)
{
	struct dt_ident *id = dt_ident_lookup(f->idents, scope, name);

	if (!id)
		fail_msg("%s is not there", name);
	return id;
}

static void entered(void **state)
{
	static const char text[] =
		"int x, *y; self string z; this long w;\n"
		"string a[int, char *]; extern int e; int f(int); typedef int t; t v;";
	struct dt_ident *id;
	struct front f;
	char buf[64];

	(void)state;
	front_open(&f);
	assert_non_null(dt_parse(&f.p, text, strlen(text)));
	id = find(&f, DT_SCOPE_GLOBAL, "x");
	assert_int_equal(id->kind, DT_I_SCALAR);
	assert_true(id->flags & DT_IDF_DECLARED);
	assert_int_equal(id->where.line, 1);
	assert_int_equal(id->where.col, 5);
	assert_string_equal(dt_type_name(id->type, buf, sizeof(buf)), "int");
	assert_string_equal(dt_type_name(find(&f, DT_SCOPE_GLOBAL, "y")->type, buf, sizeof(buf)), "int *");
	assert_string_equal(dt_type_name(find(&f, DT_SCOPE_SELF, "z")->type, buf, sizeof(buf)), "string");
	assert_string_equal(dt_type_name(find(&f, DT_SCOPE_THIS, "w")->type, buf, sizeof(buf)), "long");
	assert_string_equal(dt_type_name(find(&f, DT_SCOPE_GLOBAL, "v")->type, buf, sizeof(buf)), "t");
	assert_int_not_equal(find(&f, DT_SCOPE_GLOBAL, "x")->id, find(&f, DT_SCOPE_GLOBAL, "y")->id);
	id = find(&f, DT_SCOPE_GLOBAL, "a");
	assert_int_equal(id->kind, DT_I_ARRAY);
	assert_true(id->keys_known);
	assert_int_equal(id->nkeys, 2);
	assert_string_equal(dt_type_name(id->type, buf, sizeof(buf)), "string");
	assert_string_equal(dt_type_name(id->keys[1], buf, sizeof(buf)), "char *");
	assert_null(dt_ident_lookup(f.idents, DT_SCOPE_GLOBAL, "e"));
	assert_null(dt_ident_lookup(f.idents, DT_SCOPE_GLOBAL, "f"));
	assert_null(dt_ident_lookup(f.idents, DT_SCOPE_GLOBAL, "z"));
	front_close(&f);
}

/* A variable that an earlier program used may be declared by the next, as what it was used for. */
static void declared_after_use(void **state)
{
	struct dt_ident *id;
	struct front f;
	char *got;

	(void)state;
	front_open(&f);
	id = dt_ident_add(f.idents, DT_SCOPE_GLOBAL, DT_I_SCALAR, "x");
	got = front_parse(&f, "string x;");
	assert_string_equal(got, "(PROGRAM (DECL x: string))");
	free(got);
	assert_true(dt_type_is_string(id->type));
	got = front_parse(&f, "int x;");
	assert_memory_equal(got, "D_DECL_IDRED", 12);
	assert_string_equal(f.diag.hint, "it is of type string");
	free(got);
	front_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types), cmocka_unit_test(specifier_errors), cmocka_unit_test(declarator_errors),
		cmocka_unit_test(redeclarations), cmocka_unit_test(member_errors), cmocka_unit_test(large_definitions),
		cmocka_unit_test(constants),
		cmocka_unit_test(extreme_constants), cmocka_unit_test(entered), cmocka_unit_test(declared_after_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
