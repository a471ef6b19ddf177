/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A table in the place of a kernel, for tests of foreign names: one structure,
 * an enum, typedefs, symbols, all of this program's own memory.
 */
#ifndef DT_TEST_NAMES_H
#define DT_TEST_NAMES_H

#include <stddef.h>
#include <string.h>

#include "test_machine.h"
#include "names.h"

/* What stands in memory for "the kernel's" structure; the test's own compiler says where members are. */
struct inner { short s; char name[6]; };
struct thing {
	int pid;
	unsigned int low : 3, mid : 7, high : 22;
	signed int neg : 5;
	struct { long anon_a; union { int u_int; short u_short; }; };
	struct inner in, more[2];
	struct thing *next;
	long (*fn)(int);
	char comm[16];
	unsigned char flex[];
};

static _Alignas(16) unsigned char raw[2 * sizeof(struct thing) + 8];	/* two, and the second's flex[] */
#define memory	((struct thing *)raw)
static unsigned long counter = 41;
static unsigned int asked;	/* questions about types */
static struct dt_types *types;

static const struct dt_type *tint(enum dt_basic b)
{
	return dt_basic(types, b);
}

static bool complete(void *ctx, struct dt_type *t, const void *foreign)
{
	const struct dt_type *chars = dt_type_array(types, tint(DT_B_CHAR), 6), *inner, *param = tint(DT_B_INT);
	struct dt_type *anon, *un, *in;

	if (strcmp(t->name, "thing"))
		return false;
	un = dt_type_foreign(types, DT_T_UNION, NULL, NULL);
	anon = dt_type_foreign(types, DT_T_STRUCT, NULL, NULL);
	in = dt_type_foreign(types, DT_T_STRUCT, "inner", NULL);
	inner = in;
	const struct dt_member um[] = { { "u_int", tint(DT_B_INT), 0, 0 }, { "u_short", tint(DT_B_SHORT), 0, 0 } };
	const struct dt_member am[] = { { "anon_a", tint(DT_B_LONG), 0, 0 }, { NULL, un, 64, 0 } };
	const struct dt_member im[] = { { "s", tint(DT_B_SHORT), 0, 0 }, { "name", chars, 16, 0 } };

	assert_int_equal(dt_type_define_foreign(types, un, 4, um, 2), 0);
	assert_int_equal(dt_type_define_foreign(types, anon, 16, am, 2), 0);
	assert_int_equal(dt_type_define_foreign(types, in, 8, im, 2), 0);
#define OFF(m)	(8 * offsetof(struct thing, m))
	const struct dt_member m[] = {
		{ "pid", tint(DT_B_INT), OFF(pid), 0 },
		{ "low", tint(DT_B_UINT), 32, 3 }, { "mid", tint(DT_B_UINT), 35, 7 }, { "high",
				tint(DT_B_UINT), 42, 22 },
		{ "neg", tint(DT_B_INT), 64, 5 },
		{ NULL, anon, OFF(anon_a), 0 },
		{ "in", inner, OFF(in), 0 },
		{ "more", dt_type_array(types, inner, 2), OFF(more), 0 },
		{ "next", dt_type_pointer(types, t), OFF(next), 0 },
		{ "fn", dt_type_pointer(types, dt_type_func(types, tint(DT_B_LONG), &param, 1, false)), OFF(fn), 0 },
		{ "comm", dt_type_array(types, tint(DT_B_CHAR), 16), OFF(comm), 0 },
		{ "flex", dt_type_array(types, tint(DT_B_UCHAR), 0), OFF(flex), 0 },
	};
	return !dt_type_define_foreign(types, t, sizeof(struct thing), m, sizeof(m) / sizeof(m[0]));
}

static struct dt_type *the_thing;	/* of types; NULL: not asked for yet */

static const struct dt_type *thing(void)
{
	if (!the_thing)
		the_thing = dt_type_foreign(types, DT_T_STRUCT, "thing", "thing");
	return the_thing;
}

static const struct dt_type *type(void *ctx, const char *object, enum dt_type_kind kind, const char *name)
{
	struct dt_names *names = ctx;

	asked++;
	names->why[0] = '\0';
	if (*object && strcmp(object, "vmlinux") && strcmp(object, "pid7`libx.so.1")) {
		strcpy(names->why, "no such module");
		return NULL;
	}
	if (*object == 'p')
		return strcmp(name, "thing") ? NULL : dt_type_qualified(types, thing(), DT_TQ_USERLAND);
	if (kind == DT_T_STRUCT && !strcmp(name, "thing"))
		return thing();
	if (kind == DT_T_TYPEDEF && !strcmp(name, "thing_t"))
		return dt_type_foreign_typedef(types, name, thing());
	if (kind == DT_T_TYPEDEF && !strcmp(name, "u32"))
		return dt_type_foreign_typedef(types, name, tint(DT_B_UINT));
	return NULL;
}

static bool enumerator(void *ctx, const char *object, const char *name, int64_t *value, const struct dt_type **t)
{
	static const struct dt_enumerator e[] = { { "STATE_RED", -2 }, { "STATE_GREEN", 7 } };
	struct dt_type *en;

	for (int i = 0; i < 2; i++) {
		if (strcmp(name, e[i].name))
			continue;
		en = dt_type_foreign(types, DT_T_ENUM, "state", NULL);
		dt_type_define_foreign_enum(types, en, 4, true, e, 2);
		*value = e[i].value;
		*t = en;
		return true;
	}
	return false;
}

static bool symbol(void *ctx, const char *object, const char *name, struct dt_symbol *sym)
{
	struct dt_names *names = ctx;

	names->why[0] = '\0';
	*sym = (struct dt_symbol){ .object = "vmlinux", .name = name };
	if (!strcmp(name, "counter")) {
		sym->addr = (uintptr_t)&counter;
		sym->type = tint(DT_B_ULONG);
	} else if (!strcmp(name, "things")) {
		sym->addr = (uintptr_t)memory;
		sym->type = dt_type_array(types, thing(), 2);
	} else if (!strcmp(name, "untyped")) {
		sym->addr = (uintptr_t)&counter;
	} else if (!strcmp(name, "func")) {
		sym->addr = 0x1234;
		sym->func = true;
	} else if (strcmp(name, "hidden")) {
		return false;
	}
	return true;
}

static struct dt_names table = {
	.ctx = &table, .type = type, .complete = complete, .enumerator = enumerator, .symbol = symbol,
};

static void names_begin(struct machine *m)
{
	types = m->types;
	the_thing = NULL;
	dt_types_set_names(types, &table);
	table.kernel_undef = false;
	asked = 0;
	dtk_port_map(raw, sizeof(raw));
	dtk_port_map(&counter, sizeof(counter));
	memset(raw, 0, sizeof(raw));
	memory[0] = (struct thing){
		.pid = -77, .low = 5, .mid = 100, .high = 0x2ababa, .neg = -9, .anon_a = 1l << 40, .u_int = 0x10002,
		.in = { -3, "inner" }, .more = { { 4, "m0" }, { 5, "m1" } }, .next = &memory[1],
		.comm = "a-thing",
	};
	memory[1] = (struct thing){ .pid = 78, .comm = "another" };
	memory[1].flex[2] = 200;
}

#endif /* DT_TEST_NAMES_H */
