// SPDX-License-Identifier: GPL-2.0-or-later
/* The grammar: programs, statements, expressions; and what syntax errors say. */
#include "parse_test.h"

#define I(n)	"(IDENT " #n ")"
#define ONE	"(INT 1)"
#define TWO	"(INT 2)"

static void one_liners(void **state)
{
	static const struct front_case c[] = {
		{ "pid123:::entry{ @[probefunc] = count() }",
		  "(CLAUSE (PDESC pid123:::entry) (EXPR (OP2 = (AGG @[] (IDENT probefunc)) (CALL count))))" },
		{ "pid$target:libc:malloc:entry{ @[ustack(5)] = quantize(arg0) }",
		  "(CLAUSE (PDESC pid123:libc:malloc:entry) (EXPR (OP2 = (AGG @[] (CALL ustack (INT 5))) "
		  "(CALL quantize (IDENT arg0)))))" },
		{ "syscall::read:entry /execname == \"sh\" && arg2 / 2 > 1/ { self->ts = timestamp; }\n"
		  "syscall::read:return /self->ts/ { @t[pid, execname] = avg(timestamp - self->ts); self->ts = 0 }\n"
		  "END { printa(\"%d %s %@d\\n\", @t); exit(0); }",
		  "(CLAUSE (PDESC syscall::read:entry) (PRED (OP2 && (OP2 == (IDENT execname) (STR \"sh\")) "
		  "(OP2 > (OP2 / (IDENT arg2) (INT 2)) (INT 1)))) (EXPR (OP2 = (SCOPED self->ts) (IDENT timestamp)))) "
		  "(CLAUSE (PDESC syscall::read:return) (PRED (SCOPED self->ts)) "
		  "(EXPR (OP2 = (AGG @t[] (IDENT pid) (IDENT execname)) (CALL avg (OP2 - (IDENT "
		  "timestamp) (SCOPED self->ts))))) "
		  "(EXPR (OP2 = (SCOPED self->ts) (INT 0)))) "
		  "(CLAUSE (PDESC :::END) (EXPR (CALL printa (STR \"%d %s %@d\\n\") (AGG @t))) "
		  "(EXPR (CALL exit (INT 0))))" },
	};

	(void)state;
	CHECK_PROGRAM(c);
}

static void clauses(void **state)
{
	static const struct front_case c[] = {
		{ "a,b,c:d {}", "(CLAUSE (PDESC :::a) (PDESC :::b) (PDESC ::c:d))" },
		{ "a /x/", "(CLAUSE no body (PDESC :::a) (PRED (IDENT x)))" },
		{ "a /x/; b", "(CLAUSE no body (PDESC :::a) (PRED (IDENT x))) (CLAUSE no body (PDESC :::b))" },
		{ "a /x/ {} b {}", "(CLAUSE (PDESC :::a) (PRED (IDENT x))) (CLAUSE (PDESC :::b))" },
		{ "a /x / y/ {}", "(CLAUSE (PDESC :::a) (PRED (OP2 / (IDENT x) (IDENT y))))" },
		{ "a /(x / {}", "D_SYNTAX 1:9-10" },
		{ "a /x/y/z/{}", "(CLAUSE (PDESC :::a) (PRED (OP2 / (OP2 / (IDENT x) (IDENT y)) (IDENT z))))" },
		{ "a /x[1 / 2] / f(3 / 4)/{}", "(CLAUSE (PDESC :::a) (PRED (OP2 / (INDEX (IDENT x) "
					       "(OP2 / (INT 1) (INT 2))) "
		  "(CALL f (OP2 / (INT 3) (INT 4))))))" },
		{ "a /x, y/ {}", "(CLAUSE (PDESC :::a) (PRED (OP2 , (IDENT x) (IDENT y))))" },
		{ "a /x /= 2/ {}", "(CLAUSE (PDESC :::a) (PRED (OP2 /= (IDENT x) (INT 2))))" },
		{ "a { x / y; } b /z/ { 1 / 2 }", "(CLAUSE (PDESC :::a) (EXPR (OP2 / (IDENT x) (IDENT y)))) "
		  "(CLAUSE (PDESC :::b) (PRED (IDENT z)) (EXPR (OP2 / (INT 1) (INT 2))))" },
		{ "int x; a{} self int y; b{} string s[int]; c{} struct t { int m; } v; d{}",
		  "(DECL x: int) (CLAUSE (PDESC :::a)) (DECL self y: int) (CLAUSE (PDESC :::b)) "
		  "(DECL s: string [int]) (CLAUSE (PDESC :::c)) (DECL v: struct t) (CLAUSE (PDESC :::d))" },
	};
	struct front f;
	char *got;

	(void)state;
	CHECK_PROGRAM(c);
	front_open(&f);
	got = front_parse(&f, "");
	assert_string_equal(got, "(PROGRAM)");
	free(got);
	front_close(&f);
}

static void statements(void **state)
{
	static const struct front_case c[] = {
		{ "x", "(EXPR (IDENT x))" }, { "x;", "(EXPR (IDENT x))" },
		{ ";;x;;y;", "(EXPR (IDENT x)) (EXPR (IDENT y))" },
		{ "x; y", "(EXPR (IDENT x)) (EXPR (IDENT y))" },
		{ "if (x) y;", "(IF (IDENT x) (THEN (EXPR (IDENT y))))" },
		{ "if (x) y", "(IF (IDENT x) (THEN (EXPR (IDENT y))))" },
		{ "if (x) { y; z }", "(IF (IDENT x) (THEN (EXPR (IDENT y)) (EXPR (IDENT z))))" },
		{ "if (x) ; y;", "(IF (IDENT x)) (EXPR (IDENT y))" },
		{ "if (x) {} else {}", "(IF (IDENT x))" },
		{ "if (x) y; else z;", "(IF (IDENT x) (THEN (EXPR (IDENT y))) (ELSE (EXPR (IDENT z))))" },
		{ "if (x) y; else z", "(IF (IDENT x) (THEN (EXPR (IDENT y))) (ELSE (EXPR (IDENT z))))" },
		{ "if (x) { y } else { z } w", "(IF (IDENT x) (THEN (EXPR (IDENT y))) (ELSE (EXPR "
					       "(IDENT z)))) (EXPR (IDENT w))" },
		{ "if (a) if (b) x; else y;",
		  "(IF (IDENT a) (THEN (IF (IDENT b) (THEN (EXPR (IDENT x))) (ELSE (EXPR (IDENT y))))))" },
		{ "if (a) { if (b) x; } else y;",
		  "(IF (IDENT a) (THEN (IF (IDENT b) (THEN (EXPR (IDENT x))))) (ELSE (EXPR (IDENT y))))" },
		{ "if (a) x; else if (b) y; else if (c) z", "(IF (IDENT a) (THEN (EXPR (IDENT x))) (ELSE (IF (IDENT b) "
		  "(THEN (EXPR (IDENT y))) (ELSE (IF (IDENT c) (THEN (EXPR (IDENT z))))))))" },
		{ "if (a) if (b) x", "(IF (IDENT a) (THEN (IF (IDENT b) (THEN (EXPR (IDENT x))))))" },
		{ "if (a) x else y;", "D_SYNTAX 1:16-20" }, { "{ x }", "D_SYNTAX 1:7-8" },
		{ "else x;", "D_SYNTAX 1:7-11" }, { "if x;", "D_SYNTAX 1:10-11" },
	};

	(void)state;
	CHECK_BODY(c);
}

static void primaries(void **state)
{
	static const struct front_case c[] = {
		{ "x", I(x) }, { "_x9", I(_x9) }, { "(x)", I(x) }, { "((x))", I(x) },
		{ "self->x", "(SCOPED self->x)" }, { "this->x", "(SCOPED this->x)" },
		{ "self->string", "(SCOPED self->string)" },
		{ "self->uint_t", "(SCOPED self->uint_t)" },
		{ "@", "(AGG @)" }, { "@a", "(AGG @a)" }, { "@a[x]", "(AGG @a[] (IDENT x))" },
		{ "@[x, 1]", "(AGG @[] (IDENT x) (INT 1))" }, { "@int[1]", "(AGG @int[] (INT 1))" },
		{ "`sym", "(SYM `sym)" }, { "mod`sym", "(SYM mod`sym)" }, { "a`b`c", "(SYM a`b`c)" },
		{ "&`sym", "(OP1 & (SYM `sym))" },
		{ "x[1]", "(INDEX (IDENT x) (INT 1))" }, { "x[1, \"a\"]", "(INDEX (IDENT x) (INT 1) (STR \"a\"))" },
		{ "x[1][2]", "(INDEX (INDEX (IDENT x) (INT 1)) (INT 2))" },
		{ "self->a[1,2]", "(INDEX (SCOPED self->a) (INT 1) (INT 2))" },
		{ "f()", "(CALL f)" }, { "f(1)", "(CALL f (INT 1))" },
		{ "f(1, x = 2)", "(CALL f (INT 1) (OP2 = (IDENT x) (INT 2)))" },
		{ "f((1, 2))", "(CALL f (OP2 , (INT 1) (INT 2)))" },
		{ "x.y", "(MEMBER .y (IDENT x))" }, { "x->y.z", "(MEMBER .z (MEMBER ->y (IDENT x)))" },
		{ "x->probe", "(MEMBER ->probe (IDENT x))" }, { "x.pid_t", "(MEMBER .pid_t (IDENT x))" },
		{ "x.counter->import.inline", "(MEMBER .inline (MEMBER ->import (MEMBER .counter (IDENT x))))" },
		{ "x.offsetof.provider.self", "(MEMBER .self (MEMBER .provider (MEMBER .offsetof (IDENT x))))" },
		{ "x.stringof.this.translator", "(MEMBER .translator (MEMBER .this (MEMBER .stringof (IDENT x))))" },
		{ "x.userland.xlate", "(MEMBER .xlate (MEMBER .userland (IDENT x)))" },
		{ "x++", "(OP1 post++ (IDENT x))" }, { "x--", "(OP1 post-- (IDENT x))" },
		{ "x++ + ++y", "(OP2 + (OP1 post++ (IDENT x)) (OP1 ++ (IDENT y)))" },
		{ "x(1)(2)", "D_FUNC_IDENT 1:7-8" }, { "self->f()", "D_FUNC_IDENT 1:7-14" },
		{ "@a[1][2]", "D_AGG_MDIM 1:7-15" }, { "`", "D_SYNTAX 1:7-8 a symbol's name is missing" },
		{ "x[]", "D_SYNTAX 1:9-10" }, { "f(1,)", "D_SYNTAX 1:11-12" }, { "self", "D_SYNTAX 1:11-12" },
		{ "x.3", "D_SYNTAX 1:8-10" },
	};

	(void)state;
	CHECK_EXPR(c);
}

static void unaries(void **state)
{
	static const struct front_case c[] = {
		{ "-x", "(OP1 - (IDENT x))" }, { "+x", "(OP1 + (IDENT x))" }, { "~x", "(OP1 ~ (IDENT x))" },
		{ "!x", "(OP1 ! (IDENT x))" }, { "*x", "(OP1 * (IDENT x))" }, { "&x", "(OP1 & (IDENT x))" },
		{ "++x", "(OP1 ++ (IDENT x))" }, { "--x", "(OP1 -- (IDENT x))" },
		{ "- -x", "(OP1 - (OP1 - (IDENT x)))" },
		{ "!!x", "(OP1 ! (OP1 ! (IDENT x)))" }, { "*x->y", "(OP1 * (MEMBER ->y (IDENT x)))" },
		{ "*x++", "(OP1 * (OP1 post++ (IDENT x)))" }, { "-x[1]", "(OP1 - (INDEX (IDENT x) (INT 1)))" },
		{ "(int)x", "(CAST int (IDENT x))" }, { "(int)-x", "(CAST int (OP1 - (IDENT x)))" },
		{ "(char *)x + 1", "(OP2 + (CAST char * (IDENT x)) (INT 1))" },
		{ "(uint32_t)(int8_t)x", "(CAST uint32_t (CAST int8_t (IDENT x)))" },
		{ "(struct foo *)x", "(CAST struct foo * (IDENT x))" },
		{ "(struct m`foo **)x", "(CAST struct m`foo ** (IDENT x))" },
		{ "(unsigned long long)x", "(CAST unsigned long long (IDENT x))" },
		{ "(int (*)(int, char *))x", "(CAST int (*)(int, char *) (IDENT x))" },
		{ "(int (*)[3])x", "(CAST int (*)[3] (IDENT x))" },
		{ "(string)x", "(CAST string (IDENT x))" },
		{ "(userland char *)x", "(CAST userland char * (IDENT x))" },
		{ "(const char *const)x", "(CAST const char *const (IDENT x))" },
		{ "sizeof x", "(SIZEOF (IDENT x))" }, { "sizeof (x)", "(SIZEOF (IDENT x))" },
		{ "sizeof (int)", "(SIZEOF int)" }, { "sizeof (int) + 1", "(OP2 + (SIZEOF int) (INT 1))" },
		{ "sizeof (x)->y", "(SIZEOF (MEMBER ->y (IDENT x)))" }, { "sizeof (int [4])", "(SIZEOF int [4])" },
		{ "sizeof sizeof x", "(SIZEOF (SIZEOF (IDENT x)))" },
		{ "stringof x", "(STRINGOF (IDENT x))" },
		{ "stringof(x) == \"a\"", "(OP2 == (STRINGOF (IDENT x)) (STR \"a\"))" },
		{ "stringof x->y", "(STRINGOF (MEMBER ->y (IDENT x)))" },
		{ "offsetof(struct foo, a)", "(OFFSETOF struct foo .a)" }, { "offsetof(foo, a)", "D_SYNTAX 1:16-19" },
		{ "offsetof(struct foo, a.b.string)", "(OFFSETOF struct foo .a.b.string)" },
		{ "xlate <struct foo>(x)", "(XLATE struct foo (IDENT x))" },
		{ "xlate <struct foo *>(x, y)->z", "(MEMBER ->z (XLATE struct foo * (OP2 , (IDENT x) (IDENT y))))" },
		{ "(int)", "D_SYNTAX 1:12-13 syntax error near \"}\": expected an expression" },
		{ "sizeof int", "D_SYNTAX 1:14-17" },
	};

	(void)state;
	CHECK_EXPR(c);
}

/* Each operator binds tighter than those before it, and to its left unless it assigns. */
static void precedence(void **state)
{
	static const struct front_case c[] = {
		{ "a, b, c", "(OP2 , (OP2 , (IDENT a) (IDENT b)) (IDENT c))" },
		{ "a = b, c", "(OP2 , (OP2 = (IDENT a) (IDENT b)) (IDENT c))" },
		{ "a = b = c", "(OP2 = (IDENT a) (OP2 = (IDENT b) (IDENT c)))" },
		{ "a = b ? c : d", "(OP2 = (IDENT a) (OP3 (IDENT b) (IDENT c) (IDENT d)))" },
		{ "a ? b : c ? d : e", "(OP3 (IDENT a) (IDENT b) (OP3 (IDENT c) (IDENT d) (IDENT e)))" },
		{ "a ? b ? c : d : e", "(OP3 (IDENT a) (OP3 (IDENT b) (IDENT c) (IDENT d)) (IDENT e))" },
		{ "a ? b, c : d", "(OP3 (IDENT a) (OP2 , (IDENT b) (IDENT c)) (IDENT d))" },
		{ "a || b ? c : d", "(OP3 (OP2 || (IDENT a) (IDENT b)) (IDENT c) (IDENT d))" },
		{ "a || b ^^ c", "(OP2 || (IDENT a) (OP2 ^^ (IDENT b) (IDENT c)))" },
		{ "a ^^ b && c", "(OP2 ^^ (IDENT a) (OP2 && (IDENT b) (IDENT c)))" },
		{ "a && b | c", "(OP2 && (IDENT a) (OP2 | (IDENT b) (IDENT c)))" },
		{ "a | b ^ c", "(OP2 | (IDENT a) (OP2 ^ (IDENT b) (IDENT c)))" },
		{ "a ^ b & c", "(OP2 ^ (IDENT a) (OP2 & (IDENT b) (IDENT c)))" },
		{ "a & b == c", "(OP2 & (IDENT a) (OP2 == (IDENT b) (IDENT c)))" },
		{ "a == b < c", "(OP2 == (IDENT a) (OP2 < (IDENT b) (IDENT c)))" },
		{ "a < b << c", "(OP2 < (IDENT a) (OP2 << (IDENT b) (IDENT c)))" },
		{ "a << b + c", "(OP2 << (IDENT a) (OP2 + (IDENT b) (IDENT c)))" },
		{ "a + b * c", "(OP2 + (IDENT a) (OP2 * (IDENT b) (IDENT c)))" },
		{ "a * b + c", "(OP2 + (OP2 * (IDENT a) (IDENT b)) (IDENT c))" },
		{ "(a + b) * c", "(OP2 * (OP2 + (IDENT a) (IDENT b)) (IDENT c))" },
		{ "a * -b", "(OP2 * (IDENT a) (OP1 - (IDENT b)))" },
		{ "a - b - c", "(OP2 - (OP2 - (IDENT a) (IDENT b)) (IDENT c))" },
		{ "a / b % c", "(OP2 % (OP2 / (IDENT a) (IDENT b)) (IDENT c))" },
		{ "a - - b", "(OP2 - (IDENT a) (OP1 - (IDENT b)))" },
		{ "a---b", "(OP2 - (OP1 post-- (IDENT a)) (IDENT b))" },
		{ "a != b", "(OP2 != (IDENT a) (IDENT b))" }, { "a > b", "(OP2 > (IDENT a) (IDENT b))" },
		{ "a <= b", "(OP2 <= (IDENT a) (IDENT b))" }, { "a >= b", "(OP2 >= (IDENT a) (IDENT b))" },
		{ "a >> b", "(OP2 >> (IDENT a) (IDENT b))" },
		{ "a += b", "(OP2 += (IDENT a) (IDENT b))" }, { "a -= b", "(OP2 -= (IDENT a) (IDENT b))" },
		{ "a *= b", "(OP2 *= (IDENT a) (IDENT b))" }, { "a /= b", "(OP2 /= (IDENT a) (IDENT b))" },
		{ "a %= b", "(OP2 %= (IDENT a) (IDENT b))" }, { "a &= b", "(OP2 &= (IDENT a) (IDENT b))" },
		{ "a ^= b", "(OP2 ^= (IDENT a) (IDENT b))" }, { "a |= b", "(OP2 |= (IDENT a) (IDENT b))" },
		{ "a <<= b", "(OP2 <<= (IDENT a) (IDENT b))" }, { "a >>= b", "(OP2 >>= (IDENT a) (IDENT b))" },
		{ "a + b = c", "D_SYNTAX 1:13-14" },
		{ "a ? b = c : d", "(OP3 (IDENT a) (OP2 = (IDENT b) (IDENT c)) (IDENT d))" },
		{ "a ? b : c = d", "D_SYNTAX 1:17-18" },
	};

	(void)state;
	CHECK_EXPR(c);
}

/* A word is a type's name only where it can be one, and a variable's where there is one. */
static void typedef_names(void **state)
{
	static const struct front_case c[] = {
		{ "typedef int t; t x; BEGIN { (t)x; sizeof (t) }", "(DECL typedef t: int) (DECL x: t) "
		  "(CLAUSE (PDESC :::BEGIN) (EXPR (CAST t (IDENT x))) (EXPR (SIZEOF t)))" },
		{ "typedef struct s s; struct s { s *s; }; s *p; BEGIN { ((s *)p)->s }",
		  "(DECL typedef s: struct s) (DECL : struct s) (DECL p: s *) "
		  "(CLAUSE (PDESC :::BEGIN) (EXPR (MEMBER ->s (CAST s * (IDENT p)))))" },
		{ "BEGIN { (t)x }", "D_SYNTAX 1:12-13" },
		{ "typedef int t, *u; u x[2]; t y;", "(DECL typedef t: int) (DECL typedef u: int "
						     "*) (DECL x: u [2]) (DECL y: t)" },
		{ "int uint_t; BEGIN { uint_t + 1 }", "(DECL uint_t: int) (CLAUSE (PDESC :::BEGIN) "
						      "(EXPR (OP2 + (IDENT uint_t) (INT 1))))" },
		{ "struct uint_t { int uint_t; } x;", "(DECL x: struct uint_t)" },
		{ "unsigned uint_t; const uint_t y;", "(DECL uint_t: unsigned int) (DECL y: const uint_t)" },
		{ "provider uint_t { probe pid_t(pid_t); };", "(PROVIDER uint_t (PROBEDEF pid_t void (pid_t)))" },
	};

	(void)state;
	CHECK_PROGRAM(c);
}

static void definitions(void **state)
{
	static const struct front_case c[] = {
		{ "inline int x = 3;", "(INLINE x: int (INT 3))" },
		{ "inline string s = \"a\" == \"b\" ? \"c\" : \"d\";",
		  "(INLINE s: string (OP3 (OP2 == (STR \"a\") (STR \"b\")) (STR \"c\") (STR \"d\")))" },
		{ "inline int f[int a, string b] = a; BEGIN { f[1, \"x\"] }",
		  "(INLINE f [int a, string b]: int (IDENT a)) (CLAUSE (PDESC :::BEGIN) (EXPR "
		  "(INDEX (IDENT f) (INT 1) (STR \"x\"))))" },
		{ "inline char *p = (char *)0;", "(INLINE p: char * (CAST char * (INT 0)))" },
		{ "struct in { int a; }; struct out { int b; string c; };\n"
		  "translator struct out < struct in *p > { b = p->a; c = \"x\"; };\nBEGIN { xlate <struct out>(0).b }",
		  "(DECL : struct in) (DECL : struct out) (XLATOR struct out < struct in * p > "
		  "(XMEMBER b (MEMBER ->a (IDENT p))) "
		  "(XMEMBER c (STR \"x\"))) (CLAUSE (PDESC :::BEGIN) (EXPR (MEMBER .b (XLATE struct out (INT 0)))))" },
		{ "translator pid_t < int i > { };", "(XLATOR pid_t < int i >)" },
		{ "provider p { };", "(PROVIDER p)" },
		{ "provider p { probe a(); probe b(int x, char *y) : (string s); probe string__c(void) : (); };",
		  "(PROVIDER p (PROBEDEF a void (void)) (PROBEDEF b void (int, char *) : void (string)) "
		  "(PROBEDEF string__c void (void) : void (void)))" },
		{ "inline int x;", "D_SYNTAX 1:13-14" }, { "inline self int x = 1;", "D_DECL_BADCLASS 1:8-12" },
		{ "inline int f[int] = 1;", "D_DECL_PARMNAME" }, { "inline int f[int a, int a] = 1;", "D_DECL_IDRED" },
		{ "inline int x = 1; inline int x = 2;", "D_DECL_IDRED 1:30-31" },
		{ "int x; inline int x = 1;", "D_DECL_IDRED" },
		{ "inline int x = 1; int x;", "D_DECL_IDRED 1:23-24 x is known to D already" },
		{ "inline void x = 1;", "D_DECL_VOIDOBJ" },
		{ "translator int < int > {};", "D_SYNTAX 1:22-23" }, { "provider p { int x; };", "D_SYNTAX 1:14-17" },
	};

	(void)state;
	CHECK_PROGRAM(c);
}

static void inline_is_entered(void **state)
{
	struct dt_ident *id;
	struct dt_node *n;
	struct front f;

	(void)state;
	front_open(&f);
	n = dt_parse(&f.p, "inline int f[int a, string b] = a;", 34);
	assert_non_null(n);
	n = n->kid[0];
	id = dt_ident_lookup(f.idents, DT_SCOPE_GLOBAL, "f");
	assert_ptr_equal(n->u.inl.id, id);
	assert_int_equal(id->kind, DT_I_INLINE);
	assert_int_equal(n->u.inl.n, 2);
	assert_string_equal(n->u.inl.names[1], "b");
	assert_true(dt_type_is_string(n->u.inl.params[1]));
	front_close(&f);
}

/* The whole sentence, and the hint, of the errors that people make. */
static void messages(void **state)
{
	static const struct { const char *text, *want, *hint; } c[] = {
		{ "BEGIN { x = ; }", "D_SYNTAX 1:13-14 syntax error near \";\": expected an expression", "" },
		{ "BEGIN { trace(1; }", "D_SYNTAX 1:16-17 syntax error near \";\": expected \",\" or \")\"", "" },
		{ "BEGIN { trace(1)", "D_SYNTAX 1:17-17 syntax error at the end of the program: "
				      "expected \";\" or \"}\"", "" },
		{ "BEGIN { trace(1) trace(2) }", "D_SYNTAX 1:18-23 syntax error near \"trace\": "
						 "expected \";\" or \"}\"", "" },
		{ "BEGIN\n{\n\twhile (1);\n}", "D_SYNTAX 3:2-7 syntax error near \"while\": "
					       "expected a statement or \"}\"", "no \"while\"" },
		{ "BEGIN { int x; }", "D_SYNTAX 1:9-12 syntax error near \"int\": expected a "
				      "statement or \"}\"", "outside of clauses" },
		{ "BEGIN { pid_t x; }", "D_SYNTAX 1:9-14 syntax error near \"pid_t\": expected a "
					"statement or \"}\"", "outside of clauses" },
		{ "BEGIN /x {}", "D_SYNTAX 1:10-11 syntax error near \"{\": expected the \"/\" "
				 "that ends the predicate", "" },
		{ "BEGIN /x/ trace(1);", "D_SYNTAX 1:19-20 syntax error near \";\": expected the "
					 "\"/\" that ends the predicate", "before \"{\"" },
		{ "BEGIN { \"a\" \"b\" }", "D_SYNTAX 1:13-16 syntax error near \"b\": expected "
					   "\";\" or \"}\"", "strjoin" },
		{ "BEGIN {}}", "D_SYNTAX 1:9-10 syntax error near \"}\": expected a probe "
			       "description or a declaration", NULL },
		{ "@a = count();", "D_SYNTAX 1:1-2 syntax error near \"@\": expected a probe "
				   "description or a declaration", "in braces" },
		{ "int x = 3;", "D_SYNTAX 1:7-8 syntax error near \"=\": expected \";\" or \",\"",
		  "assign it in a clause" },
		{ "BEGIN { a-> }", "D_SYNTAX 1:13-14 syntax error near \"}\": expected a name", "" },
		{ "BEGIN { # }", "D_SYNTAX 1:9-10 syntax error near \"#\": expected a statement or \"}\"", "" },
		{ "BEGIN,", "D_SYNTAX 1:7-7 syntax error at the end of the program: expected a probe description", "" },
		{ "int f(", "D_SYNTAX 1:7-7 syntax error at the end of the program: expected a type, "
				"\"...\" or \")\"", "" },
		{ "BEGIN { \001 }", "D_SYNTAX 1:9-10 syntax error near \"?\": expected a statement or \"}\"", "" },
		{ "BEGIN { x y12345678901234567890123456789012345678901234567890 }",
		  "D_SYNTAX 1:11-62 syntax error near "
		  "\"y123456789012345678901234567890123456789...\": expected \";\" or \"}\"", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		struct front f;
		char *got;

		front_open(&f);
		got = front_parse(&f, c[i].text);
		if (c[i].hint)
			assert_string_equal(got, c[i].want);
		else
			assert_memory_equal(got, c[i].want, strlen(c[i].want));
		if (c[i].hint && (*c[i].hint ? !strstr(f.diag.hint, c[i].hint) : *f.diag.hint))
			fail_msg("%s: hint \"%s\"", c[i].text, f.diag.hint);
		free(got);
		front_close(&f);
	}
}

/* before, unit n times, middle, closing unit n times, after. */
static char *repeated(const char *before, const char *unit, const char *middle, const char *end,
		      const char *after, int n)
{
	char *s = calloc(1, strlen(before) + strlen(middle) + strlen(after) +
			 n * (strlen(unit) + strlen(end)) + 1), *p = s;

	p = stpcpy(p, before);
	for (int i = 0; i < n; i++)
		p = stpcpy(p, unit);
	p = stpcpy(p, middle);
	for (int i = 0; i < n; i++)
		p = stpcpy(p, end);
	strcpy(p, after);
	return s;
}

static void limits(void **state)
{
	static const struct { const char *before, *unit, *middle, *end, *after; int ok, bad; const char *want; } c[] = {
		{ "BEGIN{", "a+", "a", "", "}", 150, 100000, "D_SYNTAX" },
		{ "BEGIN{", "(", "a", ")", "}", 1000, 100000, "D_SYNTAX" },
		{ "BEGIN{", "-(", "a", ")", "}", 150, 1000, "D_SYNTAX" },
		{ "BEGIN{", "~", "a", "", "}", 150, 100000, "D_SYNTAX" },
		{ "BEGIN{", "if(a){", "a;", "}", "}", 150, 100000, "D_SYNTAX" },
		{ "BEGIN{", "if(a)a;else ", "a;", "", "}", 150, 100000, "D_SYNTAX" },
		{ "BEGIN{", "a?a:", "a", "", "}", 150, 100000, "D_SYNTAX" },
		{ "BEGIN{", "f(", "a", ")", "}", 150, 100000, "D_SYNTAX" },
		{ "BEGIN{", "a[", "a", "]", "}", 150, 100000, "D_SYNTAX" },
		{ "BEGIN{a", "[1]", "", "", "}", 150, 100000, "D_SYNTAX" },
		{ "BEGIN{a", ".b", "", "", "}", 150, 100000, "D_SYNTAX" },
		{ "BEGIN{", "@a[", "a", "]", "}", 150, 1000, "D_SYNTAX" },
		{ "BEGIN{", "(int)", "a", "", "}", 150, 100000, "D_SYNTAX" },
		{ "int ", "*", "a;", "", "", 120, 100000, "D_SYNTAX" },
		{ "int ", "(", "a", ")", ";", 100, 100000, "D_SYNTAX" },
		{ "int a", "[1]", ";", "", "", 120, 100000, "D_SYNTAX" },
		{ "int (", "*f(", "", "))", "(int);", 10, 200, "D_" },
		{ "struct {", "struct {", "int a;", "} b;", "} c;", 60, 1000, "D_SYNTAX" },
		{ "int f(", "int (*)(", "int", ")", ");", 50, 500, "D_SYNTAX" },
		{ "BEGIN{offsetof(int, a", ".b", "", "", ")}", 150, 100000, "D_SYNTAX" },
		/* Long, but not deep: fine. */
		{ "BEGIN{", "a;", "", "", "}", 100000, 0, NULL },
		{ "", "BEGIN{a}\n", "", "", "", 20000, 0, NULL },
		{ "BEGIN{f(1", ",1", "", "", ")}", 20000, 0, NULL },
		{ "a", ",a", "", "", "", 20000, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		char *text = repeated(c[i].before, c[i].unit, c[i].middle, c[i].end, c[i].after, c[i].ok), *got;
		struct front f;

		front_open(&f);
		if (!dt_parse(&f.p, text, strlen(text)) && strcmp(c[i].unit, "*f("))
			fail_msg("%s x %d: %s", c[i].unit, c[i].ok, f.diag.msg);
		front_close(&f);
		free(text);
		if (!c[i].bad)
			continue;
		text = repeated(c[i].before, c[i].unit, c[i].middle, c[i].end, c[i].after, c[i].bad);
		front_open(&f);
		got = front_parse(&f, text);
		if (strncmp(got, c[i].want, strlen(c[i].want)))
			fail_msg("%s x %d: %s", c[i].unit, c[i].bad, got);
		free(got);
		front_close(&f);
		free(text);
	}
}

/* A NUL is a stray sign, not the end. */
static void embedded_nul(void **state)
{
	struct front f;
	char *got;

	(void)state;
	front_open(&f);
	got = front_parse_n(&f, "BEGIN{}\0{", 9);
	assert_memory_equal(got, "D_SYNTAX 1:8-9", 14);
	free(got);
	got = front_parse_n(&f, "BEGIN{\"a\0b\"}", 12);
	assert_string_equal(got, "(PROGRAM (CLAUSE (PDESC :::BEGIN) (EXPR (STR \"a\\000b\"))))");
	free(got);
	front_close(&f);
}

static void type_alone(void **state)
{
	static const struct { const char *text, *name; } c[] = {
		{ "int", "int" }, { "struct foo *", "struct foo *" }, { " char *const [3] ", "char *const [3]" },
		{ "int (*)(void)", "int (*)(void)" }, { "pid_t", "pid_t" }, { "unsigned", "unsigned int" },
		{ "nonesuch_t", NULL }, { "int x", NULL }, { "", NULL }, { "3", NULL },
		{ "int;", NULL }, { "int [int]", NULL },
		{ "self int", NULL },
	};
	const struct dt_type *t;
	struct front f;
	char buf[64];

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		front_open(&f);
		t = dt_parse_type(&f.p, c[i].text);
		assert_int_equal(!t, !c[i].name);
		assert_int_equal(!t, f.diag.set);
		if (t)
			assert_string_equal(dt_type_name(t, buf, sizeof(buf)), c[i].name);
		front_close(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_liners), cmocka_unit_test(clauses), cmocka_unit_test(statements),
		cmocka_unit_test(primaries), cmocka_unit_test(unaries), cmocka_unit_test(precedence),
		cmocka_unit_test(typedef_names), cmocka_unit_test(definitions), cmocka_unit_test(inline_is_entered),
		cmocka_unit_test(messages), cmocka_unit_test(limits), cmocka_unit_test(embedded_nul),
		cmocka_unit_test(type_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
