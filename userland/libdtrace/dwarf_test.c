/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DWARF to dt_types, against this very program: what its compiler wrote about
 * the declarations below must come out as they are laid out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "test_types.h"

enum dwt_colour { DWT_RED = -1, DWT_BLUE = 6 };
struct dwt_declared;
struct dwt_node {
	struct dwt_node *next;
	unsigned int low : 3, mid : 9;
	int : 0;
	int neg : 5;
	union { long as_long; short as_short; };
	const char *name;
	char comm[16];
	short grid[2][3];
	enum dwt_colour colour;
	int (*fn)(struct dwt_node *, ...);
	_Bool flag;
	double ratio;
	struct dwt_declared *hidden;
	char flex[];
};
typedef volatile struct dwt_node dwt_node_t;
typedef unsigned __int128 dwt_u128;
struct dwt_loop {
	struct { struct dwt_loop *back[3]; } in;
};

/* Kept, so that the compiler describes them. */
dwt_node_t *dwt_variable;
dwt_u128 dwt_wide;
struct dwt_loop dwt_loop;

__attribute__((noinline, noclone, used)) short dwt_function(struct dwt_node *n, enum dwt_colour c, const char *name,
							     unsigned char small)
{
	return (short)((n ? 1 : 0) + (int)c + small + (name ? 1 : 0) + (dwt_variable ? 1 : 0) + (dwt_wide ? 1 : 0));
}

struct fixture {
	struct dt_types *ts;
	struct dt_names names;
	struct dt_dwarf *d;
};

static int open_self(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->ts = dt_types_create();
	f->names.complete = complete_later;
	dt_types_set_names(f->ts, &f->names);
	f->d = dt_dwarf_open(f->ts, "/proc/self/exe");
	assert_non_null(f->d);
	*state = f;
	return 0;
}

static int close_self(void **state)
{
	struct fixture *f = *state;

	dt_types_destroy(f->ts);
	dt_dwarf_close(f->d);
	free(f);
	return 0;
}

static void test_struct(void **state)
{
	struct fixture *f = *state;
	const struct dt_type *t = dt_dwarf_type(f->d, DT_T_STRUCT, "dwt_node"), *r;

	assert_non_null(t);
	assert_int_equal(t->kind, DT_T_FORWARD);
	r = dt_type_resolve(t);
	assert_int_equal(r->kind, DT_T_STRUCT);
	assert_int_equal(r->size, sizeof(struct dwt_node));
#define BITS(m)	(8 * offsetof(struct dwt_node, m))
	check_member(t, "next", 0, 0, "struct dwt_node *");
	check_member(t, "low", 64, 3, "unsigned int");
	check_member(t, "mid", 67, 9, "unsigned int");
	check_member(t, "neg", 96, 5, "int");
	check_member(t, "as_long", BITS(as_long), 0, "long");
	check_member(t, "as_short", BITS(as_short), 0, "short");
	check_member(t, "name", BITS(name), 0, "const char *");
	check_member(t, "comm", BITS(comm), 0, "char [16]");
	check_member(t, "grid", BITS(grid), 0, "short [2][3]");
	check_member(t, "colour", BITS(colour), 0, "enum dwt_colour");
	check_member(t, "fn", BITS(fn), 0, "int (*)(struct dwt_node *, ...)");
	check_member(t, "flag", BITS(flag), 0, "_Bool");
	check_member(t, "ratio", BITS(ratio), 0, "double");
	check_member(t, "hidden", BITS(hidden), 0, "struct dwt_declared *");
	check_member(t, "flex", BITS(flex), 0, "char []");
	assert_true(dt_type_resolve(dt_type_member(t, "next", NULL)->type->base) == r);
	assert_int_equal(dt_type_resolve(dt_type_member(t, "hidden", NULL)->type->base)->kind, DT_T_FORWARD);
	t = dt_type_resolve(dt_dwarf_type(f->d, DT_T_STRUCT, "dwt_loop"));
	assert_int_equal(t->size, sizeof(dwt_loop));
	assert_null(dt_dwarf_type(f->d, DT_T_UNION, "dwt_node"));
	assert_null(dt_dwarf_type(f->d, DT_T_STRUCT, "dwt_nosuch"));
}

static void test_others(void **state)
{
	struct fixture *f = *state;
	const struct dt_type *t = dt_dwarf_type(f->d, DT_T_TYPEDEF, "dwt_node_t");
	char buf[100];

	assert_int_equal(dt_type_resolve(t)->size, sizeof(dwt_node_t));
	t = dt_dwarf_type(f->d, DT_T_VOID, "dwt_variable");
	assert_string_equal(dt_type_name(t, buf, sizeof(buf)), "dwt_node_t *");
	t = dt_type_resolve(dt_dwarf_type(f->d, DT_T_ENUM, "dwt_colour"));
	assert_int_equal(t->kind, DT_T_ENUM);
	assert_int_equal(t->n, 2);
	assert_true(t->is_signed);
	assert_string_equal(t->enums[0].name, "DWT_RED");
	assert_int_equal(t->enums[0].value, -1);
	assert_int_equal(dt_type_resolve(dt_dwarf_type(f->d, DT_T_TYPEDEF, "dwt_u128"))->size, 16);
}

/* Where the file says that this function is: the loader's bias is what another symbol tells. */
static uint64_t file_address(const void *p)
{
	extern const char __executable_start;

	return (uint64_t)((uintptr_t)p - (uintptr_t)&__executable_start);
}

static void test_function(void **state)
{
	struct fixture *f = *state;
	const char *names[3];
	const struct dt_type *t = dt_dwarf_func(f->d, file_address(dwt_function), names, 3);
	char buf[200];

	assert_non_null(t);
	assert_string_equal(dt_type_name(t, buf, sizeof(buf)),
			    "short (struct dwt_node *, enum dwt_colour, const char *, unsigned char)");
	assert_string_equal(names[0], "n");
	assert_string_equal(names[2], "name");
	assert_null(dt_dwarf_func(f->d, file_address(dwt_function) + 1, names, 3));
	assert_null(dt_dwarf_func(f->d, 1, names, 3));
}

static void test_no_file(void **state)
{
	struct fixture *f = *state;

	assert_null(dt_dwarf_open(f->ts, "/nosuch/file"));
	assert_null(dt_dwarf_open(f->ts, "/etc/passwd"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_struct, open_self, close_self),
		cmocka_unit_test_setup_teardown(test_others, open_self, close_self),
		cmocka_unit_test_setup_teardown(test_function, open_self, close_self),
		cmocka_unit_test_setup_teardown(test_no_file, open_self, close_self),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
