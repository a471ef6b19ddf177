/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * BTF to dt_types: a small vmlinux and a module's split file, made with
 * libbpf, laid out as this compiler lays out the same declarations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <bpf/btf.h>
#include <cmocka.h>

#include "test_types.h"

/* What the BTF below says, so that the compiler tells sizes and offsets. */
enum colour { RED = -1, BLUE = 6 };
struct node {
	struct node *next;
	unsigned int low : 3, mid : 9;
	int : 0;
	int neg : 5;
	union { long as_long; short as_short; };
	const char *name;
	char comm[16];
	short grid[2][3];
	enum colour colour;
	int (*fn)(struct node *, ...);
	_Bool flag;
	struct opaque *hidden;
	char flex[];
};

static char dir[] = "/tmp/btf_test.XXXXXX";

static void write_btf(const char *name, const struct btf *btf)
{
	char path[128];
	const void *data;
	unsigned int n;
	FILE *fp;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	data = btf__raw_data(btf, &n);
	fp = fopen(path, "we");
	assert_non_null(data);
	assert_non_null(fp);
	assert_int_equal(fwrite(data, 1, n, fp), n);
	fclose(fp);
}

static int add_node(struct btf *b, int t_int, int t_uint, int t_long, int t_short, int t_char, int t_bool)
{
	int node, un, name, comm, row, grid, colour, proto, opaque, flex;

#define BITS(m)	(8 * offsetof(struct node, m))
	un = btf__add_union(b, NULL, 8);
	btf__add_field(b, "as_long", t_long, 0, 0);
	btf__add_field(b, "as_short", t_short, 0, 0);
	name = btf__add_ptr(b, btf__add_const(b, t_char));
	comm = btf__add_array(b, t_uint, t_char, 16);
	row = btf__add_array(b, t_uint, t_short, 3);
	grid = btf__add_array(b, t_uint, row, 2);
	flex = btf__add_array(b, t_uint, t_char, 0);
	colour = btf__add_enum(b, "colour", 4);
	btf__add_enum_value(b, "RED", -1);
	btf__add_enum_value(b, "BLUE", 6);
	opaque = btf__add_ptr(b, btf__add_fwd(b, "opaque", BTF_FWD_STRUCT));
	/* node's own id is known before it is there: struct, then what points to it */
	node = (int)btf__type_cnt(b) + 4;
	assert_int_equal(btf__add_ptr(b, node), node - 4);
	proto = btf__add_func_proto(b, t_int);
	btf__add_func_param(b, "n", node - 4);
	btf__add_func_param(b, NULL, 0);
	assert_int_equal(btf__add_ptr(b, proto), node - 2);
	assert_int_equal(btf__add_func(b, "walk", BTF_FUNC_STATIC, proto), node - 1);
	assert_int_equal(btf__add_struct(b, "node", sizeof(struct node)), node);
	btf__add_field(b, "next", node - 4, 0, 0);
	btf__add_field(b, "low", t_uint, 64, 3);
	btf__add_field(b, "mid", t_uint, 67, 9);
	btf__add_field(b, "neg", t_int, 96, 5);
	btf__add_field(b, NULL, un, BITS(as_long), 0);
	btf__add_field(b, "name", name, BITS(name), 0);
	btf__add_field(b, "comm", comm, BITS(comm), 0);
	btf__add_field(b, "grid", grid, BITS(grid), 0);
	btf__add_field(b, "colour", colour, BITS(colour), 0);
	btf__add_field(b, "fn", node - 2, BITS(fn), 0);
	btf__add_field(b, "flag", t_bool, BITS(flag), 0);
	btf__add_field(b, "hidden", opaque, BITS(hidden), 0);
	btf__add_field(b, "flex", flex, BITS(flex), 0);
	return node;
}

static int make_files(void **state)
{
	struct btf *b = btf__new_empty(), *split;
	int t_int, t_uint, t_long, t_short, t_char, t_bool, node, wide, ptr;

	assert_non_null(mkdtemp(dir));
	t_int = btf__add_int(b, "int", 4, BTF_INT_SIGNED);
	t_uint = btf__add_int(b, "unsigned int", 4, 0);
	t_long = btf__add_int(b, "long int", 8, BTF_INT_SIGNED);
	t_short = btf__add_int(b, "short int", 2, BTF_INT_SIGNED);
	t_char = btf__add_int(b, "char", 1, 0);		/* -funsigned-char */
	t_bool = btf__add_int(b, "_Bool", 1, BTF_INT_BOOL);
	node = add_node(b, t_int, t_uint, t_long, t_short, t_char, t_bool);
	btf__add_typedef(b, "node_t", btf__add_volatile(b, node));
	wide = btf__add_enum64(b, "wide", 8, false);
	assert_true(wide > 0);
	btf__add_enum64_value(b, "HUGE_VALUE", 1ull << 40);
	btf__add_typedef(b, "u128", btf__add_int(b, "__int128 unsigned", 16, 0));
	btf__add_typedef(b, "real", btf__add_float(b, "double", 8));
	btf__add_var(b, "per_cpu_thing", BTF_VAR_GLOBAL_ALLOCATED, node);
	write_btf("vmlinux", b);

	split = btf__new_empty_split(b);
	btf__add_struct(split, "opaque", 4);
	btf__add_field(split, "inside", t_int, 0, 0);
	ptr = btf__add_ptr(split, node);
	btf__add_struct(split, "node", 8);		/* the module's own of that name */
	assert_int_equal(btf__add_field(split, "other", ptr, 0, 0), 0);
	write_btf("mod", split);
	btf__free(split);
	btf__free(b);
	return 0;
}

static int remove_files(void **state)
{
	char path[128];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, i == 0 ? "vmlinux" : i == 1 ? "mod" : "junk");
		unlink(path);
	}
	return rmdir(dir);
}

struct fixture {
	struct dt_types *ts;
	struct dt_names names;
	struct dt_btf *btf;
	char why[256];
};

static struct fixture *open_fixture(const char *path)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->ts = dt_types_create();
	f->names.complete = complete_later;
	dt_types_set_names(f->ts, &f->names);
	f->btf = dt_btf_create(f->ts, path);
	assert_non_null(f->btf);
	return f;
}

static void close_fixture(struct fixture *f)
{
	dt_types_destroy(f->ts);
	dt_btf_destroy(f->btf);
	free(f);
}

static const struct dt_type *find(struct fixture *f, const char *object, enum dt_type_kind kind, const char *name)
{
	f->why[0] = '\0';
	return dt_btf_type(f->btf, object, kind, name, f->why, sizeof(f->why));
}

static void test_struct(void **state)
{
	struct fixture *f = open_fixture(dir);
	const struct dt_type *t = find(f, "", DT_T_STRUCT, "node"), *r;

	assert_non_null(t);
	assert_int_equal(t->kind, DT_T_FORWARD);	/* nobody has looked yet */
	r = dt_type_resolve(t);
	assert_int_equal(r->kind, DT_T_STRUCT);
	assert_int_equal(r->size, sizeof(struct node));
	assert_int_equal(r->align, _Alignof(struct node));
	check_member(t, "next", 0, 0, "struct node *");
	check_member(t, "low", 64, 3, "unsigned int");
	check_member(t, "mid", 67, 9, "unsigned int");
	check_member(t, "neg", 96, 5, "int");
	check_member(t, "as_long", BITS(as_long), 0, "long");
	check_member(t, "as_short", BITS(as_short), 0, "short");
	check_member(t, "name", BITS(name), 0, "const char *");
	check_member(t, "comm", BITS(comm), 0, "char [16]");
	check_member(t, "grid", BITS(grid), 0, "short [2][3]");
	check_member(t, "colour", BITS(colour), 0, "enum colour");
	check_member(t, "fn", BITS(fn), 0, "int (*)(struct node *, ...)");
	check_member(t, "flag", BITS(flag), 0, "_Bool");
	check_member(t, "flex", BITS(flex), 0, "char []");
	assert_true(dt_type_resolve(dt_type_member(t, "next", NULL)->type->base) == r);
	assert_true(dt_type_is_strlike(dt_type_member(t, "comm", NULL)->type));
	assert_false(dt_type_resolve(dt_type_member(t, "comm", NULL)->type->base)->is_signed);
	close_fixture(f);
}

static void test_others(void **state)
{
	struct fixture *f = open_fixture(dir);
	const struct dt_type *t = find(f, "vmlinux", DT_T_TYPEDEF, "node_t"), *e;
	const char *names[4] = { NULL };
	int64_t v;

	assert_non_null(t);
	assert_string_equal(t->name, "node_t");
	assert_int_equal(dt_type_resolve(t)->size, sizeof(struct node));
	assert_true(dt_type_same(t, find(f, "", DT_T_STRUCT, "node")));
	assert_true(dt_type_same(dt_btf_var(f->btf, "vmlinux", "per_cpu_thing"), t));
	assert_null(dt_btf_var(f->btf, "vmlinux", "walk"));
	t = dt_type_resolve(find(f, "", DT_T_FUNC, "walk"));
	assert_int_equal(t->kind, DT_T_FUNC);
	assert_int_equal(t->n, 1);
	assert_true(t->varargs);
	assert_true(dt_btf_params(f->btf, "", "walk", names, 4));
	assert_string_equal(names[0], "n");
	t = dt_type_resolve(find(f, "", DT_T_ENUM, "colour"));
	assert_int_equal(t->kind, DT_T_ENUM);
	assert_true(t->is_signed);
	assert_int_equal(t->enums[0].value, -1);
	assert_true(dt_btf_enumerator(f->btf, "", "BLUE", &v, &e) && v == 6 && dt_type_resolve(e) == t);
	assert_true(dt_btf_enumerator(f->btf, "", "HUGE_VALUE", &v, &e) && v == 1ll << 40);
	assert_int_equal(dt_type_resolve(e)->size, 8);
	assert_false(dt_btf_enumerator(f->btf, "", "GREEN", &v, &e));
	assert_int_equal(dt_type_resolve(find(f, "", DT_T_TYPEDEF, "u128"))->size, 16);
	assert_false(dt_type_is_scalar(find(f, "", DT_T_TYPEDEF, "u128")));
	assert_int_equal(dt_type_resolve(find(f, "", DT_T_TYPEDEF, "real"))->kind, DT_T_FLOAT);
	assert_null(find(f, "", DT_T_UNION, "node"));
	assert_string_equal(f->why, "");
	close_fixture(f);
}

/* vmlinux comes first; a module's own types go by its name; what vmlinux only declares a module may define. */
static void test_modules(void **state)
{
	struct fixture *f = open_fixture(dir);
	const struct dt_type *t = find(f, "mod", DT_T_STRUCT, "node"), *base = find(f, "", DT_T_STRUCT, "node");

	assert_int_equal(dt_type_resolve(t)->size, 8);
	assert_true(dt_type_resolve(dt_type_member(t, "other", NULL)->type->base) == dt_type_resolve(base));
	assert_true(find(f, "mod", DT_T_TYPEDEF, "node_t") == find(f, "vmlinux", DT_T_TYPEDEF, "node_t"));
	assert_null(find(f, "vmlinux", DT_T_STRUCT, "opaque"));
	assert_int_equal(dt_type_resolve(find(f, "", DT_T_STRUCT, "opaque"))->size, 4);
	t = dt_type_resolve(dt_type_member(base, "hidden", NULL)->type->base);
	assert_int_equal(t->kind, DT_T_STRUCT);
	assert_non_null(dt_type_member(t, "inside", NULL));
	assert_null(find(f, "nosuch", DT_T_STRUCT, "node"));
	assert_string_equal(f->why, "the kernel has no module nosuch with types of its own");
	close_fixture(f);
}

static void test_broken(void **state)
{
	char path[128];
	struct fixture *f;
	FILE *fp;

	f = open_fixture("/nosuch/folder");
	assert_null(find(f, "", DT_T_STRUCT, "node"));
	assert_string_equal(f->why, "no kernel type information: /nosuch/folder/vmlinux is not there");
	close_fixture(f);

	snprintf(path, sizeof(path), "%s/junk", dir);
	fp = fopen(path, "we");
	for (int i = 0; i < 4096; i++)
		fputc(i * 7, fp);
	fclose(fp);
	f = open_fixture(path);
	assert_null(find(f, "", DT_T_STRUCT, "node"));
	assert_non_null(strstr(f->why, "cannot be read"));
	close_fixture(f);

	snprintf(path, sizeof(path), "%s/vmlinux", dir);	/* -x btf=FILE */
	f = open_fixture(path);
	assert_non_null(find(f, "", DT_T_STRUCT, "node"));
	assert_null(find(f, "mod", DT_T_STRUCT, "node"));
	close_fixture(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_struct),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_modules),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
