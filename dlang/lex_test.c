// SPDX-License-Identifier: GPL-2.0-or-later
/* Tokens: constants, words, macros, comments, control lines, probe descriptions, and their places. */
#include "parse_test.h"

static void integers(void **state)
{
	static const struct front_case ok[] = {
		{ "0", "(INT 0)" }, { "12345", "(INT 12345)" }, { "012345", "(INT 5349)" }, { "0x1aF", "(INT 431)" },
		{ "0XFF", "(INT 255)" }, { "1u", "(INT 1u)" }, { "1U", "(INT 1u)" }, { "1l", "(INT 1l)" },
		{ "1L", "(INT 1l)" }, { "1ul", "(INT 1ul)" }, { "1LU", "(INT 1ul)" }, { "1ll", "(INT 1ll)" },
		{ "1LL", "(INT 1ll)" }, { "1ull", "(INT 1ull)" }, { "1LLU", "(INT 1ull)" }, { "0u", "(INT 0u)" },
		{ "18446744073709551615", "(INT 18446744073709551615)" },
		{ "0xffffffffffffffffULL", "(INT 18446744073709551615ull)" },
		{ "01777777777777777777777", "(INT 18446744073709551615)" },
	};
	static const struct front_case bad[] = {
		{ "BEGIN{18446744073709551616}", "D_INT_OFLOW 1:7-27" },
		{ "BEGIN{0x10000000000000000}", "D_INT_OFLOW 1:7-26" },
		{ "BEGIN{02000000000000000000000}", "D_INT_OFLOW" },
		{ "BEGIN{08}", "D_INT_DIGIT 1:7-9 '8' is not a digit of an octal number" },
		{ "BEGIN{0779}", "D_INT_DIGIT" }, { "BEGIN{0x}", "D_SYNTAX" }, { "BEGIN{12ab}", "D_SYNTAX" },
		{ "BEGIN{1lL}", "D_SYNTAX" }, { "BEGIN{1ulu}", "D_SYNTAX" }, { "BEGIN{1lul}", "D_SYNTAX" },
		{ "BEGIN{1.5}", "D_SYNTAX 1:7-10 floating-point" }, { "BEGIN{1.}", "D_SYNTAX 1:7-9 floating-point" },
		{ "BEGIN{.5}", "D_SYNTAX 1:7-9 floating-point" }, { "BEGIN{1e5}", "D_SYNTAX 1:7-10 floating-point" },
	};

	(void)state;
	CHECK_EXPR(ok);
	CHECK_ERROR(bad);
}

static void decimal_is_remembered(void **state)
{
	struct front f;
	struct dt_node *n;

	(void)state;
	front_open(&f);
	n = dt_parse(&f.p, "BEGIN{ 5; 0x5; 'a' }", 20);
	assert_non_null(n);
	n = n->kid[0]->kid[2];
	assert_true(n->kid[0]->u.i.is_decimal);
	assert_false(n->next->kid[0]->u.i.is_decimal);
	assert_true(n->next->next->kid[0]->u.i.is_char);
	front_close(&f);
}

static void characters(void **state)
{
	static const struct front_case ok[] = {
		{ "'a'", "(INT 97)" }, { "'\\0'", "(INT 0)" }, { "'\\n'", "(INT 10)" }, { "'\\377'", "(INT 255)" },
		{ "'\\xff'", "(INT 255)" }, { "'\\''", "(INT 39)" }, { "'\"'", "(INT 34)" }, { "'\\\\'", "(INT 92)" },
		{ "'\\a'", "(INT 7)" }, { "'\\b'", "(INT 8)" }, { "'\\f'", "(INT 12)" }, { "'\\r'", "(INT 13)" },
		{ "'\\t'", "(INT 9)" }, { "'\\v'", "(INT 11)" }, { "'\\?'", "(INT 63)" }, { "'\\\"'", "(INT 34)" },
		{ "'ab'", "(INT 25185)" }, { "'a\\0'", "(INT 97)" },
		{ "'abcdefgh'", "(INT 7523094288207667809)" },
	};
	static const struct front_case bad[] = {
		{ "BEGIN{''}", "D_CHR_NULL 1:7-9" }, { "BEGIN{'abcdefghi'}", "D_CHR_OFLOW 1:7-18" },
		{ "BEGIN{'a", "D_CHR_NL 1:7-9" }, { "BEGIN{'a\n'}", "D_CHR_NL 1:7-9" },
		{ "BEGIN{'\\400'}", "D_ESC_OCT" }, { "BEGIN{'\\x100'}", "D_ESC_HEX" }, { "BEGIN{'\\xg'}", "D_ESC_HEX" },
	};

	(void)state;
	CHECK_EXPR(ok);
	CHECK_ERROR(bad);
}

static void strings(void **state)
{
	static const struct front_case ok[] = {
		{ "\"\"", "(STR \"\")" }, { "\"abc\"", "(STR \"abc\")" }, { "\"a\\nb\"", "(STR \"a\\nb\")" },
		{ "\"\\\"q\\\"\"", "(STR \"\\\"q\\\"\")" }, { "\"\\x41\\102C\"", "(STR \"ABC\")" },
		{ "\"a\\0b\"", "(STR \"a\\000b\")" }, { "\"%\\d\"", "(STR \"%\\\\d\")" },
		{ "\"/* no comment */ // neither\"", "(STR \"/* no comment */ // neither\")" },
		{ "\"a\\\nb\"", "(STR \"ab\")" },
	};
	static const struct front_case bad[] = {
		{ "BEGIN{\"abc", "D_STR_NL 1:7-11" }, { "BEGIN{\"abc\n\"}", "D_STR_NL 1:7-11" },
		{ "BEGIN{\"\\777\"}", "D_ESC_OCT 1:7-13" },
		{ "BEGIN{\"a\" \"b\"}", "D_SYNTAX 1:11-14 syntax error near \"b\"" },
	};

	(void)state;
	CHECK_EXPR(ok);
	CHECK_ERROR(bad);
}

static void comments(void **state)
{
	static const struct front_case ok[] = {
		{ "/* a */BEGIN/**/{/***/x/* * / */}//end", "(CLAUSE (PDESC :::BEGIN) (EXPR (IDENT x)))" },
		{ "// BEGIN {\nEND // {\n{ // }\n}", "(CLAUSE (PDESC :::END))" },
		{ "BEGIN /* / */ /x/ /* { */ {}", "(CLAUSE (PDESC :::BEGIN) (PRED (IDENT x)))" },
		{ "BEGIN /x/ // {\n{}", "(CLAUSE (PDESC :::BEGIN) (PRED (IDENT x)))" },
		{ "/* */", "" },
	};
	static const struct front_case bad[] = {
		{ "BEGIN { /* }", "D_COMMENT_EOF 1:9-11" }, { "\n /*/", "D_COMMENT_EOF 2:2-4" },
	};

	(void)state;
	front_check(ok, COUNT(ok) - 1, "", "", "(PROGRAM ", ")");
	front_check(ok + COUNT(ok) - 1, 1, "", "", "(PROGRAM)", "");
	CHECK_ERROR(bad);
}

static char *const args[] = { "x.d", "42", "name", "two words", "-3", "0x10", "99999999999999999999", "12x", "string",
			      "a:b", "", "\"quoted\"" };

static void check_args(const struct front_case *c, size_t n, bool defaultargs)
{
	for (; n; n--, c++) {
		struct front f;
		char *got;

		front_open(&f);
		f.macros.argc = COUNT(args);
		f.macros.argv = args;
		f.macros.defaultargs = defaultargs;
		got = front_parse(&f, c->text);
		if (!strncmp(c->want, "D_", 2))
			got[strlen(c->want) < strlen(got) ? strlen(c->want) : strlen(got)] = '\0';
		assert_string_equal(got, c->want);
		free(got);
		front_close(&f);
	}
}

#define BODY(s)	"(PROGRAM (CLAUSE (PDESC :::BEGIN) " s "))"

static void macro_arguments(void **state)
{
	static const struct front_case given[] = {
		{ "BEGIN{$1}", BODY("(EXPR (INT 42))") }, { "BEGIN{$2}", BODY("(EXPR (IDENT name))") },
		{ "BEGIN{$$1}", BODY("(EXPR (STR \"42\"))") }, { "BEGIN{$$3}", BODY("(EXPR (STR \"two words\"))") },
		{ "BEGIN{$$0}", BODY("(EXPR (STR \"x.d\"))") }, { "BEGIN{$4}", BODY("(EXPR (OP1 - (INT 3)))") },
		{ "BEGIN{$5}", BODY("(EXPR (INT 16))") },
		{ "BEGIN{1-$4}", BODY("(EXPR (OP2 - (INT 1) (OP1 - (INT 3))))") },
		{ "BEGIN{$2($1)}", BODY("(EXPR (CALL name (INT 42)))") },
		{ "BEGIN{($8)x}", BODY("(EXPR (CAST string (IDENT x)))") },
		{ "BEGIN{$3}", BODY("(EXPR (STR \"two words\"))") }, { "BEGIN{$6}", "D_MACRO_OFLOW 1:7-9" },
		{ "BEGIN{$7}", BODY("(EXPR (STR \"12x\"))") }, { "BEGIN{$10}", BODY("(EXPR (STR \"\"))") },
		{ "BEGIN{$11}", BODY("(EXPR (STR \"quoted\"))") },
		{ "BEGIN{$12}", "D_MACRO_UNDEF 1:7-10" }, { "BEGIN{$$12}", "D_MACRO_UNDEF 1:7-11" },
		{ "#pragma D option defaultargs\nBEGIN{$12}",
		  "(PROGRAM (PRAGMA option defaultargs) (CLAUSE (PDESC :::BEGIN) (EXPR (INT 0))))" },
		{ "BEGIN{$99999999999999999999}", "D_MACRO_UNDEF" },
		{ "$2:$2:$$2:x$1y{}", "(PROGRAM (CLAUSE (PDESC name:name:name:x42y)))" },
		{ "$9{}", "(PROGRAM (CLAUSE (PDESC ::a:b)))" },
		{ "p:m:$9:entry{}", "(PROGRAM (CLAUSE (PDESC p:m:a:b:entry)))" },
	};
	static const struct front_case defaults[] = {
		{ "BEGIN{$20}", BODY("(EXPR (INT 0))") }, { "BEGIN{$$20}", BODY("(EXPR (STR \"\"))") },
		{ "BEGIN{$1}", BODY("(EXPR (INT 42))") },
	};

	(void)state;
	check_args(given, COUNT(given), false);
	check_args(defaults, COUNT(defaults), true);
}

static void macro_variables(void **state)
{
	static const struct front_case cases[] = {
		{ "BEGIN{$pid}", BODY("(EXPR (INT 77))") }, { "BEGIN{$target}", BODY("(EXPR (INT 123))") },
		{ "BEGIN{$uid}", BODY("(EXPR (OP1 - (INT 2)))") },
		{ "BEGIN{$nonesuch}", "D_MACRO_UNDEF 1:7-16" }, { "BEGIN{$}", "D_SYNTAX 1:7-8" },
		{ "BEGIN{$$pid}", "D_SYNTAX 1:7-8" },
		{ "pid$target:::entry{}", "(PROGRAM (CLAUSE (PDESC pid123:::entry)))" },
		{ "pid$target$pid:::entry{}", "(PROGRAM (CLAUSE (PDESC pid12377:::entry)))" },
		{ "pid$targetx:::entry{}", "D_MACRO_UNDEF 1:1-20 macro variable $targetx" },
		{ "pid$:::entry{}", "D_PDESC_INVAL 1:1-13" },
		{ "a:b:_ZN$LT$T$u20$as$GT$3fooE:entry{}",
		  "(PROGRAM (CLAUSE (PDESC a:b:_ZN$LT$T$u20$as$GT$3fooE:entry)))" },
	};
	struct front f;
	char *got;

	(void)state;
	check_args(cases, COUNT(cases), false);
	front_open(&f);
	f.macros.ctx = NULL;
	got = front_parse(&f, "pid$target:::entry");
	assert_string_equal(got, "D_MACRO_UNDEF 1:1-19 macro variable $target is not defined");
	assert_non_null(strstr(f.diag.hint, "-p or -c"));
	free(got);
	front_close(&f);
}

static void unused_arguments(void **state)
{
	struct front f;
	char *got;

	(void)state;
	front_open(&f);
	f.macros.argc = 3;
	f.macros.argv = args;
	f.macros.argref = false;
	got = front_parse(&f, "BEGIN{ $1 }");
	assert_string_equal(got, "D_MACRO_UNUSED 0:0-0 extraneous argument \"name\": the program does not use $2");
	free(got);
	got = front_parse(&f, "f$$2:::{ $1 }");
	assert_string_equal(got, "(PROGRAM (CLAUSE (PDESC fname:::) (EXPR (INT 42))))");
	free(got);
	assert_int_equal(f.macros.used, 6);
	front_close(&f);
}

static void descriptions(void **state)
{
	static const struct front_case ok[] = {
		{ "BEGIN", "(CLAUSE no body (PDESC :::BEGIN))" },
		{ "malloc:entry{}", "(CLAUSE (PDESC ::malloc:entry))" },
		{ "libc:malloc:entry{}", "(CLAUSE (PDESC :libc:malloc:entry))" },
		{ "pid1:libc:malloc:entry{}", "(CLAUSE (PDESC pid1:libc:malloc:entry))" },
		{ ":::{}", "(CLAUSE (PDESC :::))" }, { ":{}", "(CLAUSE (PDESC :::))" },
		{ "syscall::*r[!a-z]?d*:entry{}", "(CLAUSE (PDESC syscall::*r[!a-z]?d*:entry))" },
		{ "profile:::profile-97,tick-1sec{}", "(CLAUSE (PDESC profile:::profile-97) (PDESC :::tick-1sec))" },
		{ "pid1:libc.so.6:a.b:1a{}", "(CLAUSE (PDESC pid1:libc.so.6:a.b:1a))" },
		{ "pid1:libstdc++.so.6:_ZN3fooC1Ev:return{}",
		  "(CLAUSE (PDESC pid1:libstdc++.so.6:_ZN3fooC1Ev:return))" },
		{ "pid1:a.out:-:0x401000{}", "(CLAUSE (PDESC pid1:a.out:-:0x401000))" },
		{ "pid1::main.(*T).Run:entry{}", "(CLAUSE (PDESC pid1::main.(*T).Run:entry))" },
		{ "pid1::operator<<:entry{}", "(CLAUSE (PDESC pid1::operator<<:entry))" },
		{ "17{}", "(CLAUSE (PDESC id 17))" }, { "1,foo{}", "(CLAUSE (PDESC id 1) (PDESC :::foo))" },
		{ "int:::,string:x:{}", "(CLAUSE (PDESC int:::) (PDESC :string:x:))" },
		{ "BEGIN,int,struct{}", "(CLAUSE (PDESC :::BEGIN) (PDESC :::int) (PDESC :::struct))" },
		{ "tick-5s/x/{}", "(CLAUSE (PDESC :::tick-5s) (PRED (IDENT x)))" },
		{ "string-probe{}", "(CLAUSE (PDESC :::string-probe))" },
		{ "BEGIN\nEND", "(CLAUSE no body (PDESC :::BEGIN)) (CLAUSE no body (PDESC :::END))" },
		{ "BEGIN;END;", "(CLAUSE no body (PDESC :::BEGIN)) (CLAUSE no body (PDESC :::END))" },
		{ "probe{}", "(CLAUSE (PDESC :::probe))" },
	};
	static const struct front_case bad[] = {
		{ "a:b:c:d:e{}", "D_PDESC_INVAL 1:1-10" }, { "4294967296{}", "D_PDESC_INVAL 1:1-11" },
		{ "0{}", "D_PDESC_INVAL" },
		{ "BEGIN,{}", "D_SYNTAX 1:7-8 syntax error near \"{\": expected a probe description" },
		{ "pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp:::{}",
		  "D_PDESC_INVAL 1:1-68 the provider in this probe description is longer than 63 bytes" },
	};

	(void)state;
	CHECK_PROGRAM(ok);
	CHECK_ERROR(bad);
}

static void alignment(void **state)
{
	static const struct { int spec; const char *text, *want; } c[] = {
		{ 1, "pid*", "(PROGRAM (CLAUSE no body (PDESC pid*:::)))" },
		{ 1, "string", "(PROGRAM (CLAUSE no body (PDESC string:::)))" },
		{ 1, "a:b", "D_PDESC_INVAL 1:1-4 probe description a:b has more than the 1 part it may have here" },
		{ 2, "libc", "(PROGRAM (CLAUSE no body (PDESC :libc::)))" },
		{ 2, "pid1:libc/x/{}", "(PROGRAM (CLAUSE (PDESC pid1:libc::) (PRED (IDENT x))))" },
		{ 3, "int*", "(PROGRAM (CLAUSE no body (PDESC ::int*:)))" },
		{ 3, "libc:malloc", "(PROGRAM (CLAUSE no body (PDESC :libc:malloc:)))" },
		{ 3, "p:m:f,g", "(PROGRAM (CLAUSE no body (PDESC p:m:f:) (PDESC ::g:)))" },
		{ 3, "a:b:c:d", "D_PDESC_INVAL" },
		{ 4, "a:b:c:d", "(PROGRAM (CLAUSE no body (PDESC a:b:c:d)))" },
		{ 0, "a:b:c:d {}", "(PROGRAM (CLAUSE (PDESC a:b:c:d)))" },
		{ 0, "BEGIN", "D_SYNTAX 1:1-6 a predicate or actions must follow" },
		{ 0, "BEGIN /x/", "(PROGRAM (CLAUSE no body (PDESC :::BEGIN) (PRED (IDENT x))))" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		struct front f;
		char *got;

		front_open(&f);
		f.p.spec = c[i].spec;
		got = front_parse(&f, c[i].text);
		if (!strncmp(c[i].want, "D_", 2))
			assert_memory_equal(got, c[i].want, strlen(c[i].want));
		else
			assert_string_equal(got, c[i].want);
		free(got);
		front_close(&f);
	}
}

static void ambiguous_specifiers(void **state)
{
	struct front f;
	char *got;

	(void)state;
	front_open(&f);
	got = front_parse(&f, "pid_t x;");
	assert_string_equal(got, "(PROGRAM (DECL x: pid_t))");
	free(got);
	got = front_parse(&f, "uint_t*y;char*z;int(*f)(void);");
	assert_string_equal(got, "(PROGRAM (DECL y: uint_t *) (DECL z: char *) (DECL f: int (*)(void)))");
	free(got);
	f.p.probe_spec_ambiguous_is_probe = true;
	got = front_parse(&f, "pid_t, uint_t*, int*y {} int w;");
	assert_string_equal(got, "(PROGRAM (CLAUSE (PDESC :::pid_t) (PDESC :::uint_t*) (PDESC "
				 ":::int*y)) (DECL w: int))");
	free(got);
	front_close(&f);
}

static unsigned short file_index(void *ctx, const char *name)
{
	(void)ctx;
	return !strcmp(name, "in.h") ? 9 : 1;
}

static void control_lines(void **state)
{
	static const struct front_case ok[] = {
		{ "#!/usr/sbin/dtrace -qs\nBEGIN{}", "(CLAUSE (PDESC :::BEGIN))" },
		{ "#pragma D option quiet\nBEGIN{}", "(PRAGMA option quiet) (CLAUSE (PDESC :::BEGIN))" },
		{ "BEGIN{\n  #pragma D option bufsize=4m /* c */ // d\nx}",
		  "(PRAGMA option bufsize=4m) (CLAUSE (PDESC :::BEGIN) (EXPR (IDENT x)))" },
		{ " # pragma D depends_on library x.d\n\t#pragma\tD  attributes a/b/c provider io provider\n;",
		  "(PRAGMA depends_on library x.d) (PRAGMA attributes a/b/c provider io provider)" },
		{ "#pragma D option define=\"a//b\" \\\n  x\n;", "(PRAGMA option define=\"a//b\"    x)" },
		{ "#ident \"x\"\n#pragma ident \"y\"\n#pragma GCC poison z\n#\n#pragma once\n"
		  "BEGIN{}", "(CLAUSE (PDESC :::BEGIN))" },
		{ "BEGIN{}\n#pragma D option quiet", "(CLAUSE (PDESC :::BEGIN)) (PRAGMA option quiet)" },
	};
	static const struct front_case bad[] = {
		{ "#error went wrong\n", "D_PRAGERR 1:1-18 #error: went wrong" },
		{ "#pragma error again\n", "D_PRAGERR 1:1-20 #error: again" },
		{ "#include <a.h>\n", "D_PRAGCTL_INVAL 1:1-15" }, { "BEGIN{\n#define X\n}", "D_PRAGCTL_INVAL 2:1-10" },
		{ "#pragma D\n", "D_PRAGMA_MALFORM 1:1-10" }, { "#pragma foo\n", "D_PRAGMA_INVAL" },
		{ "#pragma pack(3)\n", "D_PRAGMA_MALFORM" }, { "#line x\n", "D_PRAGMA_MALFORM" },
		{ "#line 5 x\n", "D_PRAGMA_MALFORM" },
		{ "#line 5 \"x\n", "D_PRAGMA_MALFORM" }, { "#pragma D option /* x\n", "D_COMMENT_EOF 1:1-22" },
		{ "#line 50\nBEGIN{;\n  = }", "D_SYNTAX 51:3-4" }, { "# 7 \"a.c\" 3 4\n=", "D_SYNTAX 7:1-2" },
		{ "\n#!x\n", "D_PRAGCTL_INVAL 2:1-4" }, { "#pragma line 9\n=", "D_SYNTAX 9:1-2" },
	};
	struct front f;
	char *got;

	(void)state;
	CHECK_PROGRAM(ok);
	CHECK_ERROR(bad);
	front_open(&f);
	f.p.file = file_index;
	got = front_parse(&f, "# 1 \"in.h\"\nint x;\n# 1 \"a.d\"\nBEGIN{}\n# 30 \"in.h\"\n  int x y;");
	assert_int_equal(f.diag.loc.src, 9);
	assert_memory_equal(got, "D_SYNTAX 30:9-10", 16);
	free(got);
	front_close(&f);
}

/* Where nodes say they are. */
static void places(void **state)
{
	static const char text[] =
		"BEGIN\n"
		"/x == 1/\n"
		"{\n"
		"\ta->bc = foo(1,\n"
		"\t\t2) + -y;\n"
		"}\n";
	struct dt_node *n, *clause, *asgn, *add;
	struct front f;

	(void)state;
	front_open(&f);
	n = dt_parse(&f.p, text, strlen(text));
	assert_non_null(n);
	clause = n->kid[0];
#define AT(n, l, c, e) \
	do { assert_int_equal((n)->loc.line, l); assert_int_equal((n)->loc.col, c); \
	     assert_int_equal((n)->loc.endcol, e); assert_int_equal((n)->loc.src, 1); } while (0)
	AT(clause, 1, 1, 6);
	AT(clause->kid[0], 1, 1, 6);
	AT(clause->kid[1], 2, 4, 6);
	AT(clause->kid[1]->kid[1], 2, 7, 8);
	AT(clause->kid[2], 4, 2, 13);
	asgn = clause->kid[2]->kid[0];
	AT(asgn, 4, 8, 9);
	AT(asgn->kid[0], 4, 5, 7);
	add = asgn->kid[1];
	AT(add, 5, 6, 7);
	AT(add->kid[0], 4, 10, 13);
	AT(add->kid[0]->kid[0]->next, 5, 3, 4);
	AT(add->kid[1], 5, 8, 9);
	front_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers), cmocka_unit_test(decimal_is_remembered), cmocka_unit_test(characters),
		cmocka_unit_test(strings), cmocka_unit_test(comments), cmocka_unit_test(macro_arguments),
		cmocka_unit_test(macro_variables), cmocka_unit_test(unused_arguments), cmocka_unit_test(descriptions),
		cmocka_unit_test(alignment), cmocka_unit_test(ambiguous_specifiers), cmocka_unit_test(control_lines),
		cmocka_unit_test(places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
