// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Expressions deeper than the machine has registers: random ones, compiled,
 * checked and run by the engine, against what C makes of the same tree.
 */
#include <stdarg.h>
#include <stddef.h>

#include "test_machine.h"

struct text {
	char s[1 << 16];
	size_t n;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->n += (size_t)vsnprintf(t->s + t->n, sizeof(t->s) - t->n, fmt, ap);
	va_end(ap);
	assert_true(t->n < sizeof(t->s));
}

static uint64_t seed;

static unsigned rnd(unsigned n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(seed >> 33) % n;
}

static int64_t leaf(struct machine *m, struct text *t)
{
	unsigned i = rnd(10);
	int64_t v = (int64_t)rnd(1000) - 500;

	if (rnd(2)) {
		put(t, "arg%u", i);
		return (int64_t)m->fire.arg[i];
	}
	put(t, "(int64_t)%lld", (long long)v);
	return v;
}

static int64_t expr(struct machine *m, struct text *t, unsigned depth);

/* Either side may be the deep one. */
static int64_t binary(struct machine *m, struct text *t, unsigned depth)
{
	static const char *const op[] = { "+", "-", "^", "&", "|", "<", "==" };
	unsigned which = rnd(7), left = rnd(4) ? depth % 3 : depth;
	int64_t a, b;

	put(t, "(");
	a = expr(m, t, left);
	put(t, " %s ", op[which]);
	b = expr(m, t, left == depth ? depth % 3 : depth);
	put(t, ")");
	switch (which) {
	case 0: return (int64_t)((uint64_t)a + (uint64_t)b);
	case 1: return (int64_t)((uint64_t)a - (uint64_t)b);
	case 2: return a ^ b;
	case 3: return a & b;
	case 4: return a | b;
	case 5: return a < b;
	default: return a == b;
	}
}

static int64_t conditional(struct machine *m, struct text *t, unsigned depth)
{
	int64_t c, a, b;

	put(t, "(");
	c = expr(m, t, depth % 5);
	put(t, " ? ");
	a = expr(m, t, rnd(2) ? depth : depth % 3);
	put(t, " : ");
	b = expr(m, t, depth % 4);
	put(t, ")");
	return c ? a : b;
}

static int64_t expr(struct machine *m, struct text *t, unsigned depth)
{
	int64_t v;

	if (!depth)
		return leaf(m, t);
	if (rnd(6))
		return binary(m, t, depth - 1);
	if (rnd(2))
		return conditional(m, t, depth - 1);
	put(t, "strtoll(lltostr(");	/* by way of the tuple stack and scratch memory */
	v = expr(m, t, depth > 40 ? 3 : depth - 1);
	put(t, "))");
	return v;
}

static uint64_t traced(struct machine *m, const char *text)
{
	struct machine_field f = { 0 };
	struct dtk_program *k = machine_compile(m, text);

	machine_fire(m, k);
	assert_int_equal(m->fault, 0);
	assert_true(machine_next(m, k, &f));
	return machine_scalar(&f);
}

static void test_random(void **state)
{
	static struct text t;
	unsigned spilled = 0;

	(void)state;
	for (unsigned round = 0; round < 40; round++) {
		struct machine *m = machine_create();

		seed = round;
		for (int i = 0; i < 10; i++)
			m->fire.arg[i] = (uint64_t)(int64_t)((int)rnd(100000) - 50000);
		for (unsigned i = 0; i < 8; i++) {
			int64_t want, got;

			t.n = 0;
			put(&t, "BEGIN{ trace((int64_t)");
			want = expr(m, &t, 1 + rnd(90));
			put(&t, "); }");
			got = (int64_t)traced(m, t.s);
			if (got != want)
				fail_msg("%s\n\t%lld, not %lld", t.s, (long long)got, (long long)want);
		}
		spilled += dt_ident_lookup(m->idents, DT_SCOPE_THIS, "%r13") != NULL;
		machine_destroy(m);
	}
	assert_true(spilled > 10);
}

/* Assignments and keys hold registers too; what is deepest still runs. */
static void test_deep(void **state)
{
	static struct text t;
	struct machine *m = machine_create();

	(void)state;
	put(&t, "BEGIN{ trace((int64_t)");
	for (int i = 0; i < 190; i++)
		put(&t, "(%d + ", i % 7);
	put(&t, "arg1");
	for (int i = 0; i < 190; i++)
		put(&t, ")");
	put(&t, "); }");
	m->fire.arg[1] = 5;
	assert_int_equal(traced(m, t.s), 5 + 27 * 21 + 0);
	assert_int_equal(traced(m, "int q[int, int, int, int, int]; BEGIN{ q[1,2,3,4,5] = 1; q[1,1,1,1,1] = 9; "
			       "trace((q[1,2,3,4,q[1,2,3,4,q[1,2,3,4,q[1,2,3,4,q[1,2,3,4,5]+4]+4]+4]+4] += 2) + "
			       "q[1, 1, 1, 1, q[1,2,3,4,5] - 2]); }"), 12);
	/* a value that is computed on one way only, and kept over a call */
	m->fire.arg[0] = 0;
	assert_int_equal(traced(m, "BEGIN{ trace(1+(2+(3+(4+(5+(6+(7+(8+(9+(10+(11+(12+(13+(14+(arg0 ? strlen(\"ab\")"
			       " : arg1 + strlen(strjoin(\"abc\", \"d\"))))))))))))))))); }"), 105 + 9);
	machine_destroy(m);
}

/* More than 255 values at once: an error, not a crash. */
static void test_too_deep(void **state)
{
	static struct text t;
	struct machine *m = machine_create();

	(void)state;
	put(&t, "int q[int, int, int, int, int]; BEGIN{ trace(");
	for (int i = 0; i < 100; i++)
		put(&t, "q[pid, pid, pid, pid, ");
	put(&t, "0");
	for (int i = 0; i < 100; i++)
		put(&t, "]");
	put(&t, "); }");
	assert_null(dt_compile(&m->cc, t.s, t.n));
	assert_int_equal(m->diag.tag, D_REGS);
	machine_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random), cmocka_unit_test(test_deep), cmocka_unit_test(test_too_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
