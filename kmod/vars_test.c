// SPDX-License-Identifier: GPL-2.0-or-later
/* Declaring variables: conflicts, growth, nothing half done; what belongs to a consumer. */
#include "test_image.h"

static int setup(void **state)
{
	dtk_port_reset();
	return 0;
}

static int teardown(void **state)
{
	return dtk_port.nalloc ? -1 : 0;
}

/* A program that names variables @from to @to - 1 of one scope and type. */
static struct dtk_program *program(u32 scope, u32 from, u32 to, struct dif_type type)
{
	struct img *m = img_new();
	struct dtk_program *prog;

	img_difo(m);
	for (; from < to; from++)
		img_var(m, from, scope, DIF_KIND_SCALAR, type);
	img_op(m, RET(0));
	img_end(m, t_u64);
	assert_int_equal(img_load(m, &prog, NULL), 0);
	return prog;
}

static int declare(struct dtk_vars *vars, u32 scope, u32 from, u32 to, struct dif_type type,
		   struct dtrace_ioc_error *err)
{
	struct dtk_program *prog = program(scope, from, to, type);
	int rc;

	memset(err, 0, sizeof(*err));
	rc = dtk_vars_declare(vars, prog, err);
	dtk_program_put(prog);
	return rc;
}

static void conflicts(void **state)
{
	const struct dif_type t_str9 = { DIF_TYPE_STRING, DIF_TF_BYREF, 0, 9 };
	struct dtk_vars *vars = dtk_vars_create(2);
	struct dtrace_ioc_error err;
	long before;

	assert_int_equal(declare(vars, DIF_SCOPE_GLOBAL, 0x500, 0x510, t_u64, &err), 0);
	assert_int_equal(declare(vars, DIF_SCOPE_GLOBAL, 0x508, 0x520, t_u64, &err), 0);
	assert_int_equal(declare(vars, DIF_SCOPE_THREAD, 0x500, 0x501, t_str, &err), 0);
	before = dtk_port.nalloc;
	/* the last one conflicts: none of the others may have been added */
	assert_int_equal(declare(vars, DIF_SCOPE_THREAD, 0x500, 0x510, t_u64, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "another type"));
	assert_int_equal(declare(vars, DIF_SCOPE_GLOBAL, 0x51f, 0x530, t_s32, &err), -EINVAL);
	assert_int_equal(declare(vars, DIF_SCOPE_THREAD, 0x500, 0x501, t_str9, &err), -EINVAL);
	assert_int_equal(dtk_port.nalloc, before);
	assert_null(dtk_var_find(vars, DIF_SCOPE_THREAD, 0x501));
	assert_null(dtk_var_find(vars, DIF_SCOPE_GLOBAL, 0x521));
	assert_null(dtk_var_find(vars, DIF_SCOPE_LOCAL, 0x500));
	assert_null(dtk_var_find(vars, DIF_SCOPE_GLOBAL, 0xffff));
	assert_non_null(dtk_var_find(vars, DIF_SCOPE_GLOBAL, 0x51f));
	dtk_vars_destroy(vars);
}

/* Storage never moves and is nobody else's, however much comes later. */
static void growth(void **state)
{
	const struct dif_type t_pair = { DIF_TYPE_STRUCT, DIF_TF_BYREF, 0, 12 };
	struct dtk_vars *vars = dtk_vars_create(3);
	struct dtrace_ioc_error err;
	struct dtk_var *v[200];
	u8 *data[200];
	u32 i, j;

	for (i = 0; i < 200; i++) {
		u32 id = 0x500 + i * 211;

		assert_int_equal(declare(vars, DIF_SCOPE_GLOBAL, id, id + 1, t_pair, &err), 0);
		v[i] = dtk_var_find(vars, DIF_SCOPE_GLOBAL, id);
		data[i] = v[i]->data;
		memset(data[i], i, 12);
	}
	for (i = 0; i < 200; i++) {
		assert_ptr_equal(dtk_var_find(vars, DIF_SCOPE_GLOBAL, 0x500 + i * 211), v[i]);
		assert_ptr_equal(v[i]->data, data[i]);
		for (j = 0; j < 12; j++)
			assert_int_equal(data[i][j], (u8)i);
		assert_true(dtk_vars_own(vars, 0, (uintptr_t)data[i], 12));
		assert_false(dtk_vars_own(vars, 0, (uintptr_t)data[i], 17));
		assert_false(dtk_vars_own(vars, 0, (uintptr_t)data[i], U64_MAX));
	}
	assert_false(dtk_vars_own(vars, 0, 0, 1));
	dtk_vars_destroy(vars);
}

static void locals_belong_to_a_cpu(void **state)
{
	struct dtk_vars *vars = dtk_vars_create(3);
	struct dtrace_ioc_error err;
	struct dtk_var *v;
	u32 i, j;

	assert_int_equal(declare(vars, DIF_SCOPE_LOCAL, 0x500, 0x508, t_str, &err), 0);
	v = dtk_var_find(vars, DIF_SCOPE_LOCAL, 0x503);
	for (i = 0; i < 3; i++) {
		for (j = 0; j < 3; j++)
			assert_int_equal(dtk_vars_own(vars, j, (uintptr_t)v->data + i * v->stride, 64),
					 i == j);
	}
	dtk_vars_destroy(vars);
}

static void too_much(void **state)
{
	const struct dif_type t_big = { DIF_TYPE_STRUCT, DIF_TF_BYREF, 0, 65536 };
	struct dtk_vars *vars = dtk_vars_create(1024);
	struct dtrace_ioc_error err;

	assert_int_equal(declare(vars, DIF_SCOPE_LOCAL, 0x500, 0x502, t_big, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "need more than"));
	dtk_vars_destroy(vars);
}

static void memory_runs_out(void **state)
{
	struct dtk_vars *vars = dtk_vars_create(2);
	struct dtk_program *prog = program(DIF_SCOPE_LOCAL, 0x500, 0x540, t_u64);
	long n, before = dtk_port.nalloc;
	int rc;

	for (n = 1, rc = -ENOMEM; rc; n++) {
		dtk_port.fail_alloc = n;
		rc = dtk_vars_declare(vars, prog, NULL);
		assert_true(!rc || rc == -ENOMEM);
		assert_true(!rc || dtk_port.nalloc == before);
	}
	assert_true(n > 60);
	dtk_port.fail_alloc = 0;
	dtk_program_put(prog);
	dtk_vars_destroy(vars);
}

static void dynamic_pool(void **state)
{
	struct dtk_vars *vars = dtk_vars_create(2);
	struct dtrace_ioc_status st = { 0 };

	assert_false(dtk_vars_clean_begin(vars));
	dtk_vars_drops(vars, &st);
	assert_int_equal(dtk_vars_dynalloc(vars, 4096), 0);
	assert_int_equal(dtk_vars_dynalloc(vars, 4096), -EBUSY);
	assert_false(dtk_vars_clean_begin(vars));
	dtk_vars_drops(vars, &st);
	assert_int_equal(st.dyndrops + st.dyndrops_dirty + st.dyndrops_rinsing, 0);
	dtk_vars_destroy(vars);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(conflicts), test(growth), test(locals_belong_to_a_cpu), test(too_much),
		test(memory_runs_out), test(dynamic_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
