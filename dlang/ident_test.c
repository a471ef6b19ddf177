// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of identifiers: name spaces, ids, rollback, spelling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include <dtrace/abi.h>
#include "ident.h"

struct world {
	struct dt_types *types;
	struct dt_idents *ids;
};

static int setup(void **state)
{
	static struct world w;

	w.types = dt_types_create();
	w.ids = dt_idents_create(w.types);
	*state = &w;
	return w.ids ? 0 : -1;
}

static int teardown(void **state)
{
	struct world *w = *state;

	dt_idents_destroy(w->ids);
	dt_types_destroy(w->types);
	return 0;
}

static void test_builtins(void **state)
{
	struct dt_idents *ids = ((struct world *)*state)->ids;
	struct dt_ident *id = dt_ident_lookup(ids, DT_SCOPE_GLOBAL, "probefunc");

	assert_non_null(id);
	assert_int_equal(id->id, DIF_VAR_PROBEFUNC);
	assert_true(id->flags & DT_IDF_NOWRITE);
	assert_true(dt_type_is_string(id->type));
	assert_int_equal(dt_ident_lookup(ids, DT_SCOPE_GLOBAL, "strlen")->id, DIF_SUBR_STRLEN);
	assert_int_equal(dt_ident_lookup(ids, DT_SCOPE_GLOBAL, "count")->kind, DT_I_AGGFUNC);
	assert_true(dt_ident_lookup(ids, DT_SCOPE_GLOBAL, "vmregs")->flags & DT_IDF_NOSUP);
	assert_null(dt_ident_lookup(ids, DT_SCOPE_SELF, "probefunc"));
	assert_null(dt_ident_lookup(ids, DT_SCOPE_GLOBAL, "nosuch"));
	/* every variable and subroutine of dif.h has a name here */
#define KNOWN(name, ...) assert_non_null(dt_ident_lookup(ids, DT_SCOPE_GLOBAL, name));
	DIF_VARIABLES(KNOWN)
	DIF_SUBRS(KNOWN)
}

static void test_scopes(void **state)
{
	struct dt_idents *ids = ((struct world *)*state)->ids;
	struct dt_ident *g = dt_ident_add(ids, DT_SCOPE_GLOBAL, DT_I_SCALAR, "x");
	struct dt_ident *s = dt_ident_add(ids, DT_SCOPE_SELF, DT_I_SCALAR, "x");
	struct dt_ident *t = dt_ident_add(ids, DT_SCOPE_THIS, DT_I_SCALAR, "x");
	struct dt_ident *a = dt_ident_add_agg(ids, "x"), *anon = dt_ident_add_agg(ids, "");

	assert_ptr_equal(dt_ident_lookup(ids, DT_SCOPE_GLOBAL, "x"), g);
	assert_ptr_equal(dt_ident_lookup(ids, DT_SCOPE_SELF, "x"), s);
	assert_ptr_equal(dt_ident_lookup(ids, DT_SCOPE_THIS, "x"), t);
	assert_ptr_equal(dt_ident_lookup_agg(ids, "x"), a);
	assert_ptr_equal(dt_ident_lookup_agg(ids, ""), anon);
	assert_int_equal(g->id, DIF_VAR_USER);
	assert_int_equal(s->id, DIF_VAR_USER);
	assert_int_equal(t->id, DIF_VAR_USER);
	assert_int_equal(a->id, 1);
	assert_int_equal(anon->id, 2);
	assert_ptr_equal(dt_ident_agg_by_id(ids, 2), anon);
	assert_null(dt_ident_agg_by_id(ids, 3));
}

static void test_rollback(void **state)
{
	struct dt_idents *ids = ((struct world *)*state)->ids;
	struct dt_ident *first = dt_ident_add(ids, DT_SCOPE_GLOBAL, DT_I_SCALAR, "first");
	unsigned mark = dt_idents_mark(ids);
	struct dt_ident *id = dt_ident_add(ids, DT_SCOPE_GLOBAL, DT_I_ARRAY, "a");

	assert_int_equal(dt_ident_set_keys(id, &first->type, 1), 0);
	dt_ident_add(ids, DT_SCOPE_SELF, DT_I_SCALAR, "b");
	dt_ident_add_agg(ids, "c");
	dt_idents_rollback(ids, mark);
	assert_null(dt_ident_lookup(ids, DT_SCOPE_GLOBAL, "a"));
	assert_null(dt_ident_lookup(ids, DT_SCOPE_SELF, "b"));
	assert_null(dt_ident_lookup_agg(ids, "c"));
	assert_int_equal(dt_ident_add(ids, DT_SCOPE_GLOBAL, DT_I_SCALAR, "d")->id, first->id + 1);
	assert_int_equal(dt_ident_add_agg(ids, "e")->id, 1);
}

/* Ids end; then there are no more variables, and the table stays whole. */
static void test_exhausted(void **state)
{
	struct dt_idents *ids = ((struct world *)*state)->ids;
	unsigned mark = dt_idents_mark(ids), n = 0;
	char name[16];

	do
		snprintf(name, sizeof(name), "v%u", n++);
	while (dt_ident_add(ids, DT_SCOPE_THIS, DT_I_SCALAR, name));
	assert_int_equal(n - 1, DIF_VAR_MAX + 1 - DIF_VAR_USER);
	assert_null(dt_ident_lookup(ids, DT_SCOPE_THIS, name));
	dt_idents_rollback(ids, mark);
	assert_int_equal(dt_ident_add(ids, DT_SCOPE_THIS, DT_I_SCALAR, "v")->id, DIF_VAR_USER);
}

static void test_suggest(void **state)
{
	struct dt_idents *ids = ((struct world *)*state)->ids;

	dt_ident_add(ids, DT_SCOPE_SELF, DT_I_SCALAR, "started");
	assert_string_equal(dt_ident_suggest(ids, DT_SCOPE_GLOBAL, "excname"), "execname");
	assert_string_equal(dt_ident_suggest(ids, DT_SCOPE_GLOBAL, "timestmap"), "timestamp");
	assert_string_equal(dt_ident_suggest(ids, DT_SCOPE_SELF, "start3d"), "started");
	assert_null(dt_ident_suggest(ids, DT_SCOPE_GLOBAL, "entirely_different"));
	assert_null(dt_ident_suggest(ids, DT_SCOPE_THIS, "started"));
	assert_null(dt_ident_suggest(ids, DT_SCOPE_GLOBAL, "q"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_builtins), T(test_scopes), T(test_rollback), T(test_exhausted), T(test_suggest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
