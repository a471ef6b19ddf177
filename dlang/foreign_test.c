/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Foreign names in programs, against the table of test_names.h in the place of
 * a kernel. What is compiled runs on the engine where values matter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "test_names.h"

/* ---- Programs that run -------------------------------------------------------------------- */

static struct machine *begin(void)
{
	struct machine *m = machine_create();

	names_begin(m);
	return m;
}

/* The value of expression @e, fired with arg0 = &memory[0]. */
static uint64_t value(struct machine *m, const char *e)
{
	struct machine_field f = { 0 };
	struct dtk_program *k;
	char text[512];

	snprintf(text, sizeof(text), "BEGIN { trace((int64_t)(%s)); }", e);
	k = machine_compile(m, text);
	m->fire.arg[0] = (uintptr_t)memory;
	machine_fire(m, k);
	assert_int_equal(m->fault, 0);
	assert_true(machine_next(m, k, &f));
	return machine_scalar(&f);
}

static const char *string(struct machine *m, const char *e)
{
	static char buf[256];
	struct machine_field f = { 0 };
	struct dtk_program *k;
	char text[512];

	snprintf(text, sizeof(text), "BEGIN { trace(%s); }", e);
	k = machine_compile(m, text);
	m->fire.arg[0] = (uintptr_t)memory;
	machine_fire(m, k);
	assert_true(machine_next(m, k, &f));
	assert_int_equal(f.rec->dtrd_size, 256);
	memcpy(buf, f.data, sizeof(buf));
	return buf;
}

static void test_members(void **state)
{
	struct machine *m = begin();
	static const struct { const char *e; int64_t want; } of[] = {
		{ "((struct thing *)arg0)->pid", -77 },
		{ "((thing_t *)arg0)->pid", -77 },
		{ "((struct vmlinux`thing *)arg0)->pid", -77 },
		{ "((vmlinux`thing_t *)arg0)->pid", -77 },
		{ "((struct thing *)arg0)->low", 5 },
		{ "((struct thing *)arg0)->mid", 100 },
		{ "((struct thing *)arg0)->high", 0x2ababa },
		{ "((struct thing *)arg0)->neg", -9 },
		{ "((struct thing *)arg0)->anon_a", 1l << 40 },
		{ "((struct thing *)arg0)->u_int", 0x10002 },
		{ "((struct thing *)arg0)->u_short", 2 },
		{ "((struct thing *)arg0)->in.s", -3 },
		{ "((struct thing *)arg0)->more[1].s", 5 },
		{ "((struct thing *)arg0)->next->pid", 78 },
		{ "((struct thing *)arg0)->next->next == NULL", 1 },
		{ "((struct thing *)arg0 + 1)->pid - ((struct thing *)arg0)[1].pid", 0 },
		{ "((struct thing *)arg0)->fn == 0", 1 },
		{ "((struct thing *)arg0)->comm[2]", 't' },
		{ "((struct thing *)arg0)[1].flex[2]", 200 },
		{ "(u32)-1", 0xffffffff },
		{ "sizeof(u32) + sizeof (u32 [3])", 16 },
		{ "sizeof(struct thing)", sizeof(struct thing) },
		{ "sizeof(thing_t)", sizeof(struct thing) },
		{ "offsetof(struct thing, next)", offsetof(struct thing, next) },
		{ "offsetof(thing_t, in.name)", offsetof(struct thing, in.name) },
		{ "offsetof(struct thing, u_short)", offsetof(struct thing, u_short) },
		{ "STATE_RED", -2 }, { "STATE_GREEN + 1", 8 },
	};

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		int64_t got = (int64_t)value(m, of[i].e);

		if (got != of[i].want)
			fail_msg("%s is %lld, not %lld", of[i].e, (long long)got, (long long)of[i].want);
	}
	assert_string_equal(string(m, "stringof(((struct thing *)arg0)->comm)"), "a-thing");
	assert_string_equal(string(m, "(string)((struct thing *)arg0)->next->comm"), "another");
	assert_string_equal(string(m, "stringof(((struct thing *)arg0)->more[0].name)"), "m0");
	machine_destroy(m);
}

static void test_symbols(void **state)
{
	struct machine *m = begin();

	assert_int_equal(value(m, "`counter"), 41);
	counter = 42;
	assert_int_equal(value(m, "vmlinux`counter + 1"), 43);
	counter = 41;
	assert_int_equal(value(m, "*&`counter"), 41);
	assert_int_equal(value(m, "(uintptr_t)&`counter"), (uintptr_t)&counter);
	assert_int_equal(value(m, "*(int *)&`untyped"), 41);
	assert_int_equal(value(m, "`things[1].pid"), 78);
	assert_int_equal(value(m, "`things[0].next->pid"), 78);
	assert_int_equal(value(m, "(&`things[1])->pid"), 78);
	assert_int_equal(value(m, "sizeof(`things)"), 2 * sizeof(struct thing));
	assert_int_equal(value(m, "(uintptr_t)`func"), 0x1234);
	assert_int_equal(value(m, "(uintptr_t)&`func"), 0x1234);
	assert_string_equal(string(m, "stringof(`things[1].comm)"), "another");
	machine_destroy(m);
}

/* What is not used costs nothing, and D's own definition goes before the kernel's. */
static void test_lazy(void **state)
{
	struct machine *m = begin();

	machine_compile(m, "BEGIN { x = 1; self->y = x * 2; trace((x) + 1); trace(y = 3); @a[x] = sum(x); } "
			   "syscall:::entry, END /x == 1/ { printf(\"%d %s\", (x), execname); this->z = (pid); }");
	machine_compile(m, "struct thing; struct thing *p; struct other { int a; }; int f(int a, char *b);");
	machine_compile(m, "BEGIN { q = (struct other *)0; trace(sizeof(struct other)); p = NULL; }");
	assert_int_equal(asked, 0);
	assert_int_equal(value(m, "sizeof(*p)"), sizeof(struct thing));
	machine_compile(m, "struct thing { char own; };");
	assert_int_equal(value(m, "sizeof(struct thing)"), 1);
	assert_int_equal(value(m, "sizeof(struct vmlinux`thing)"), sizeof(struct thing));
	machine_destroy(m);
}

static void test_declarations(void **state)
{
	struct machine *m = begin();

	machine_compile(m, "u32 a; thing_t *t; struct holder { u32 m; struct thing by_value; }; self u32 s; "
			   "typedef u32 word_t; inline u32 K = 7; struct thing whole;");
	assert_int_equal(value(m, "sizeof(struct holder)"), 8 + sizeof(struct thing));
	assert_int_equal(value(m, "sizeof(a) + sizeof(word_t)"), 8);
	assert_int_equal(value(m, "K"), 7);
	machine_compile(m, "BEGIN { t = (thing_t *)arg0; p = t; p2 = &`things[1]; t = p2; }");
	machine_destroy(m);
}

/* ---- What is refused ------------------------------------------------------------------------ */

static void test_errors(void **state)
{
	static const struct { const char *text; enum dt_tag tag; } of[] = {
		{ "BEGIN { trace(`nosuch); }", D_IDENT_UNDEF },
		{ "BEGIN { trace(`untyped); }", D_SYM_NOTYPES },
		{ "BEGIN { trace(`hidden); }", D_SYM_BADREF },
		{ "BEGIN { `counter = 3; }", D_OP_WRITE },
		{ "BEGIN { x = ((struct vmlinux`nosuch *)arg0)->pid; }", D_TYPE_ERR },
		{ "BEGIN { x = ((struct nomod`thing *)arg0)->pid; }", D_TYPE_ERR },
		{ "BEGIN { x = ((struct nosuch *)arg0)->pid; }", D_OP_INCOMPLETE },
		{ "BEGIN { x = ((struct thing *)arg0)->nosuch; }", D_TYPE_MEMBER },
		{ "BEGIN { x = sizeof(struct nosuch); }", D_SIZEOF_TYPE },
		{ "BEGIN { x = STATE_BLUE; }", D_IDENT_UNDEF },
		{ "struct vmlinux`thing { int a; };", D_SYNTAX },
		{ "BEGIN { x = sizeof(vmlinux`struct nosuch); }", D_TYPE_ERR },
		{ "BEGIN { x = (__int128)1; }", D_TYPE_ERR },
		{ "__int128 wide;", D_TYPE_ERR },
	};
	struct machine *m = begin();

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		struct dt_program *p;

		m->diag = (struct dt_diag){ 0 };
		p = dt_compile(&m->cc, of[i].text, strlen(of[i].text));
		if (p || m->diag.tag != of[i].tag)
			fail_msg("%s: [%s] %s", of[i].text, dt_tag_name(m->diag.tag), m->diag.msg);
	}
	table.kernel_undef = true;	/* -x knodefs */
	machine_compile(m, "BEGIN { trace(`nosuch); }");
	machine_destroy(m);
}

/* A compilation that fails forgets what it linked; the next one finds it again. */
static void test_rollback(void **state)
{
	struct machine *m = begin();
	static const char bad[] = "BEGIN { trace(((struct thing *)arg0)->pid); trace(nosuch); }";

	m->diag = (struct dt_diag){ 0 };
	assert_null(dt_compile(&m->cc, bad, strlen(bad)));
	assert_int_equal(value(m, "((struct thing *)arg0)->pid"), -77);
	assert_int_equal(value(m, "((vmlinux`struct  thing *)arg0)->pid"), -77);
	machine_destroy(m);
}

/* Types of processes: loads go to the process, and the pointers found there, too. */
static void test_userland(void **state)
{
	struct machine *m = begin();
	struct dtk_program *k;
	uint32_t loads = 0, uloads = 0;

	k = machine_compile(m, "BEGIN { trace(((struct pid7`libx.so.1`thing *)arg0)->next->pid); "
			       "this->p = (pid7`libx.so.1`struct thing *)arg0; trace(this->p->next->next->in.s); }");
	for (uint32_t c = 0; c < m->prog[0]->nclauses; c++)
		for (uint32_t a = 0; a < m->prog[0]->clauses[c].nactions; a++) {
			const struct dt_difo *d = m->prog[0]->clauses[c].actions[a].difo;

			for (uint32_t i = 0; d && i < d->ntext; i++) {
				loads += DIF_OP(d->text[i]) >= DIF_OP_LDSB && DIF_OP(d->text[i]) <= DIF_OP_LDX;
				uloads += DIF_OP(d->text[i]) >= DIF_OP_ULDSB &&
					  DIF_OP(d->text[i]) <= DIF_OP_ULDX;
			}
		}
	assert_non_null(k);
	assert_int_equal(loads, 0);
	assert_int_equal(uloads, 5);
	machine_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_lazy),
		cmocka_unit_test(test_declarations),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_rollback),
		cmocka_unit_test(test_userland),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
