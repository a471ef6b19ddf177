// SPDX-License-Identifier: GPL-2.0-or-later
/* Translators: members, whole structs, nesting, which one is chosen, and what is refused. */
#include <stdarg.h>
#include <stddef.h>

#include "test_expect.h"

/* A struct in memory, and what it is translated to. */
#define DEFS \
	"struct in { int pid; short prio; char name[8]; struct in *up; };\n" \
	"typedef struct out { int o_pid; long o_prio; string o_name; char o_text[4]; struct out *o_up; int o_unset;\n" \
	"	unsigned o_bits : 3; } out_t;\n" \
	"translator out_t < struct in *I > { o_pid = I->pid; o_prio = I->prio + 100; o_name = I->name; " \
	"o_text = I->name; o_up = xlate <out_t *>(I->up); o_bits = I->pid; };\n" \
	"inline struct in *IN = (struct in *)arg0;\n"

struct in {
	int pid;
	short prio;
	char name[8];
	struct in *up;
};
static struct in up = { 7, 1, "upper", NULL }, in = { 42, -3, "sleeper", &up };

static struct machine *world(void)
{
	struct machine *m = machine_create();

	m->fire.arg[0] = (uintptr_t)&in;
	m->fire.arg[1] = (uint64_t)-5;
	dtk_port_map(&in, sizeof(in));
	dtk_port_map(&up, sizeof(up));
	return m;
}

static void members(void **state)
{
	static const char *const cases[][2] = {
		{ "BEGIN { trace(xlate <out_t>(IN).o_pid); }", "42" },
		{ "BEGIN { trace(xlate <out_t *>(IN)->o_pid); }", "42" },
		{ "BEGIN { trace(xlate <struct out>(IN).o_prio); }", "97" },
		{ "BEGIN { trace(xlate <out_t>(IN).o_name); }", "\"sleeper\"" },
		{ "BEGIN { trace(xlate <out_t>(IN).o_name == \"sleeper\"); }", "1" },
		{ "BEGIN { trace(xlate <out_t>(IN).o_text); }", "\"sleeper\"" },
		{ "BEGIN { trace(xlate <out_t>(IN).o_bits); }", "2" },
		{ "BEGIN { trace(xlate <out_t>(IN).o_up->o_pid); }", "7" },
		{ "BEGIN { trace((*xlate <out_t>(IN).o_up).o_name); }", "\"upper\"" },
		{ "inline out_t *cur = xlate <out_t *>(IN); BEGIN { trace(cur->o_pid); "
				"trace(cur->o_up->o_prio); }", "42 101" },
		{ "inline out_t o[struct in *p] = xlate <out_t>(p); BEGIN { trace(o[IN].o_pid); "
				"trace(o[IN->up].o_pid); }",
		  "42 7" },
		{ "BEGIN { this->p = IN; trace(xlate <out_t>(this->p).o_prio); trace(xlate <out_t>(IN->up).o_prio); }",
		  "97 101" },
		{ "BEGIN /xlate <out_t>(IN).o_pid == 42/ { @a[xlate <out_t>(IN).o_name] = count(); }", "" },
		{ "typedef out_t again_t; BEGIN { trace(xlate <again_t>(IN).o_pid); }", "42" },
		{ "translator struct out < int n > { o_pid = n + 1; }; BEGIN { trace(xlate <out_t>(4).o_pid); }", "5" },
		/* an argument with effects: once */
		{ "translator struct out < int n > { o_pid = n + n; }; BEGIN { x = 3; trace(xlate <out_t>(x++).o_pid); "
		  "trace(x); }", "6 4" },
		{ "BEGIN { trace(sizeof(xlate <out_t>(IN))); trace(sizeof(xlate <out_t>(IN).o_prio)); }", NULL },
		{ "BEGIN { printf(\"%s %d\", xlate <out_t>(IN).o_name, xlate <out_t>(IN).o_pid); }", "\"sleeper\" 42" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct machine *m = world();
		char text[2048];

		snprintf(text, sizeof(text), "%s%s", DEFS, cases[i][0]);
		if (!cases[i][1])
			machine_compile(m, text);
		else if (cases[i][1][0])
			expect_on(m, text, cases[i][1]);
		else
			machine_fire(m, machine_compile(m, text));
		assert_int_equal(m->fault, 0);
		machine_destroy(m);
	}
}

/* The same type goes before one that fits; the newest before others. */
static void choice(void **state)
{
	static const char *const cases[][2] = {
		{ "struct o { int a; }; translator struct o < long x > { a = 1; }; "
				"translator struct o < int x > { a = 2; };"
		  "BEGIN { trace(xlate <struct o>((int)arg1).a); trace(xlate <struct o>((long)arg1).a); }", "2 1" },
		{ "struct o { int a; }; translator struct o < long x > { a = x; }; BEGIN { "
		  "trace(xlate <struct o>((char)arg1).a); }", "-5" },
		{ "struct o { int a; }; typedef int id_t2; translator struct o < id_t2 x > { a = x; }; BEGIN { "
		  "trace(xlate <struct o>((int)3).a); }", "3" },
		{ "struct o { int a; }; struct p { int b; }; translator struct o < const struct in *x > { a = 1; };"
		  "struct in { int z; }; BEGIN { trace(xlate <struct o>((struct in *)arg0).a); }", "1" },
		{ "struct o { int a; }; translator struct o < struct in *x > { a = 1; }; "
				"translator struct o < userland "
		  "struct in *x > { a = 2; }; struct in { int z; }; BEGIN { "
		  "trace(xlate <struct o>((userland struct in *)arg0).a); "
				"trace(xlate <struct o>((struct in *)arg0).a); }",
		  "2 1" },
		{ "struct o { int a; }; struct p { int b; }; translator struct o < int x > { a = 1; }; "
				"translator struct p "
		  "< int x > { b = 2; }; BEGIN { trace(xlate <struct p>(0).b); trace(xlate <struct o>(0).a); "
				"}", "2 1" },
		{ "struct o { int a; }; translator struct o < string s > { a = strlen(s); }; BEGIN { "
		  "trace(xlate <struct o>(\"abc\").a); }", "3" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct machine *m = world();

		expect_on(m, cases[i][0], cases[i][1]);
		machine_destroy(m);
	}
}

/* Translated structs as values: every member, what is not given is zero. */
static void whole(void **state)
{
	static const char *const cases[][2] = {
		{ "struct o { int a; short b; char c; int d; }; translator struct o < int x > { a = x; "
				"c = x + 1; d = -1; }; "
		  "BEGIN { trace(xlate <struct o>(0x1234)); }", "34120000" "0000" "35" "00" "ffffffff" },
		{ "struct o { unsigned a : 4, b : 4; char t[6]; }; translator struct o < int x > { a = x; b = 5; "
		  "t = \"hello world\"; }; BEGIN { trace(xlate <struct o>(0xff)); }", "5f" "68656c6c6f00" "00" },
		{ "struct o { int a; }; translator struct o < int x > { a = x; }; BEGIN { "
				"this->p = xlate <struct o *>(6); "
		  "trace(this->p->a); trace(*xlate <struct o *>(7)); }", "6 07000000" },
		{ "struct o { int a; int b; }; translator struct o < int x > { a = x; b = 2; }; struct o v; BEGIN { "
		  "v = xlate <struct o>(3); trace(v.a + v.b); }", "5" },
		{ "struct i { char k; }; struct o { int a; struct i n; }; translator struct i < int x > { k = x; }; "
		  "translator struct o < int x > { a = 1; n = xlate <struct i>(x); }; BEGIN { "
		  "trace(xlate <struct o>(9)); trace(xlate <struct o>(8).n.k); }", "0100000009000000 8" },
		{ "struct o { int a; }; translator struct o < int x > { a = x; }; BEGIN { "
		  "trace((arg0 ? xlate <struct o *>(1) : xlate <struct o *>(2))->a); }", "1" },
		/* variables remember what is translated: across clauses, firings and ifs */
		{ "struct o { int a; }; translator struct o < int x > { a = x * 10; }; BEGIN { "
				"self->p = xlate <struct o *>(6); "
		  "g = xlate <struct o *>(4); this->q = xlate <struct o *>(3); if (arg0) { trace(this->q->a); } } "
		  "BEGIN { trace(self->p->a); trace(g->a); trace(this->q->a); g = 0; } BEGIN /g == NULL && self->p/ { "
		  "trace(g ? 1 : 2); trace(!self->p); }", "30 60 40 30 2 0" },
		{ "struct o { int a; }; translator struct o < int x > { a = x; }; BEGIN { z = 1; this->p = "
		  "xlate <struct o *>(z++); trace(this->p->a); trace(z); trace(*this->p); }", "1 2 01000000" },
		{ "struct o { int a; int b; }; translator struct o < int x > { a = x; b = x; }; BEGIN { y = 1; "
		  "trace(xlate <struct o>(y++)); trace(y); }", "0100000001000000 2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct machine *m = world();

		expect_on(m, cases[i][0], cases[i][1]);
		assert_int_equal(m->fault, 0);
		machine_destroy(m);
	}
}

/* Text longer or shorter than the strings' size ends where its member does. */
static void text_members(void **state)
{
	struct machine *m = world();

	(void)state;
	expect_on(m, "struct in { int pid; short prio; char name[8]; struct in *up; };\n"
		  "struct out { string o_name; char o_text[4]; char o_copy[8]; };\n"
		  "translator struct out < struct in *I > { o_name = I->name; o_text = stringof(I->name); "
				"o_copy = I->name; };\n"
		  "struct out v; BEGIN { v = xlate <struct out>((struct in *)arg0); trace(v.o_name); "
		  "trace(stringof(v.o_text)); trace(stringof(v.o_copy)); }",
		  "\"sleeper\" \"sle\" \"sleeper\"");
	assert_int_equal(m->fault, 0);
	machine_destroy(m);
}

static void refused(void **state)
{
	static const struct expect_refusal cases[] = {
		{ "struct o { int a; }; translator struct o < int x > { a = x; }; struct o *p; BEGIN { "
		  "p = xlate <struct o *>(6); }", D_OP_INCOMPAT, 87 },
		{ "struct o { int a; }; translator struct o < int x > { a = x; }; BEGIN { "
		  "self->p = pid ? xlate <struct o *>(6) : xlate <struct o *>(7); }", D_OP_INCOMPAT, 80 },
		{ "translator int < int *p > { };", D_XLATE_SOU, 1 },
		{ "translator struct o < int p > { };", D_XLATE_SOU, 1 },
		{ "struct o { int a; }; translator struct o < int p > { b = 1; };", D_XLATE_MEMB, 54 },
		{ "struct o { int a; }; translator struct o < int p > { a = 1; a = 2; };", D_XLATE_MEMB, 61 },
		{ "struct o { int a; }; translator struct o < int p > { a = \"x\"; };", D_XLATE_INCOMPAT, 58 },
		{ "struct o { int a; }; translator struct o < int p > { a = q; };", D_IDENT_UNDEF, 58 },
		{ "struct o { int a; }; translator struct o < int p > { a = p; }; "
				"translator struct o < int q > { a = q; };",
		  D_XLATE_REDECL, 64 },
		{ "struct o { int a; }; BEGIN { trace(xlate <struct o>(1).a); }", D_XLATE_NONE, 36 },
		{ "struct o { int a; }; translator struct o < int *p > { a = 1; }; BEGIN { "
				"trace(xlate <struct o>(\"s\").a); }",
		  D_XLATE_NONE, 79 },
		{ "BEGIN { trace(xlate <int>(3)); }", D_XLATE_NONE, 15 },
		{ "struct o { int a; int b; }; translator struct o < int p > { a = 1; }; BEGIN { "
		  "trace(xlate <struct o>(1).b); }", D_XLATE_NOCONV, 105 },
		{ "struct o { int a; int b; }; translator struct o < int p > { a = 1; }; BEGIN { "
		  "trace(xlate <struct o>(1).c); }", D_TYPE_MEMBER, 105 },
		{ "struct o { int a; }; translator struct o < int p > { a = 1; }; BEGIN { "
				"trace(xlate <struct o *>(1).a); }",
		  D_OP_SOU, 100 },
		{ "struct o { int a; }; translator struct o < int p > { a = 1; }; BEGIN { xlate <struct o>(1).a = 2; }",
		  D_OP_LVAL, 94 },
		{ "struct o { int a; struct o *n; }; translator struct o < int p > { a = 1; "
				"n = xlate <struct o *>(p); }; "
		  "BEGIN { trace(xlate <struct o>(1)); }", D_XLATE_MEMB, 118 },
		{ "struct o { int a; }; translator struct o < int p > { a = xlate <struct o>(p).a; };",
				D_XLATE_MEMB, 78 },
	};

	(void)state;
	expect_refusals(world, NULL, cases, sizeof(cases) / sizeof(cases[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members), cmocka_unit_test(choice), cmocka_unit_test(whole),
		cmocka_unit_test(text_members), cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
