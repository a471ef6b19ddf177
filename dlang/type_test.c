// SPDX-License-Identifier: GPL-2.0-or-later
/* Types: interning, comparison, spelling, lookup; layout against what the C compiler does. */
#include <errno.h>
#include <stddef.h>
#include <sys/types.h>

#include "parse_test.h"

/* ---- Layout --------------------------------------------------------------------- */

/* Compiled by the C compiler here and by ours below. */
#define DEFINITIONS \
	X(struct t1 { char a; int b; char c; };) \
	X(struct t2 { char a; long b; short c; char d[3]; double e; };) \
	X(struct t3 { int a:3; int b:5; unsigned c:24; int d:1; };) \
	X(struct t4 { char a; int b:4; char c; long d:33; int e:31; };) \
	X(struct t5 { unsigned char a:7; unsigned char b:2; unsigned short c:9; unsigned long d:60; };) \
	X(struct t6 { int a:3; int :0; int b:4; char c; };) \
	X(struct t7 { char a; int :5; char b; short c:12; };) \
	X(struct t8 { char a; struct { int x; char y; }; union { long u; char v; }; int z; };) \
	X(union u1 { char a; int b:17; short c[5]; };) \
	X(union u2 { struct { char p:3; char q:5; } s; int i; unsigned long l:40; };) \
	X(struct t9 { struct t1 a; struct t3 b[2]; union u1 c; void *d; };) \
	X(struct t10 { _Bool a:1; _Bool b; _Bool c:1; _Bool d:1; };) \
	X(enum e1 { E_A, E_B = 5, E_C };) \
	X(struct t11 { enum e1 a; enum e1 b:3; enum e1 c:4; char d; };) \
	X(struct t12 { int n; long double ld; float f; char flex[]; };) \
	X(struct t13 { struct t13 *next; int (*fn)(int, char *); const char *const names[3]; };) \
	X(struct t14 { unsigned a:1; unsigned :31; unsigned b:1; long :0; char c; };) \
	X(struct t15 { short a:9; int b:9; long c:20; char d:2; char e:7; };) \
	X(union u3 { int :9; char c; };) \
	X(struct t16 { char c; union u3 u; long a:1; };)

#define X(...) __VA_ARGS__
DEFINITIONS
#undef X
#define X(...) #__VA_ARGS__ "\n"
static const char definitions[] = DEFINITIONS;
#undef X

static struct front defs;

static int setup(void **state)
{
	(void)state;
	front_open(&defs);
	if (dt_parse(&defs.p, definitions, sizeof(definitions) - 1))
		return 0;
	print_error("%u: %s\n", defs.diag.loc.line, defs.diag.msg);
	return -1;
}

static int teardown(void **state)
{
	(void)state;
	front_close(&defs);
	return 0;
}

static void check_size(const char *name, size_t size, size_t align)
{
	const struct dt_type *t = dt_types_lookup(defs.types, name);

	if (!t || t->size != size || t->align != align)
		fail_msg("%s: %d bytes aligned to %d, not %d to %d", name, t ? (int)t->size : -1,
			 t ? (int)t->align : -1, (int)size, (int)align);
}

/* @set: an object zeroed but for this member, which is all ones. */
static void check_member(const char *type, const char *name, const void *set, size_t size, bool bits)
{
	const struct dt_type *t = dt_types_lookup(defs.types, type);
	const unsigned char *p = set;
	size_t first = ~(size_t)0, count = 0;
	const struct dt_member *m;
	uint64_t off = 0;

	for (size_t i = 0; i < size * 8; i++) {
		if (!(p[i / 8] >> i % 8 & 1))
			continue;
		if (!count++)
			first = i;
	}
	m = dt_type_member(t, name, &off);
	if (!m || off != first || (bits && m->bits != count) || (!bits && m->bits))
		fail_msg("%s.%s: bit %d, %d wide, not %d, %d", type, name, m ? (int)off : -1, m ? (int)m->bits : -1,
			 (int)first, (int)count);
}

#define SIZE(t)		check_size(#t, sizeof(t), _Alignof(t))
#define MEMBER(t, m)	do { t o; memset(&o, 0, sizeof(o)); memset((void *)&o.m, 0xff, sizeof(o.m)); \
			     check_member(#t, #m, &o, sizeof(o), false); } while (0)
#define BITS(t, m)	do { t o; memset(&o, 0, sizeof(o)); o.m = (__typeof__((o.m) + 0))-1; \
			     check_member(#t, #m, &o, sizeof(o), true); } while (0)

static void layout(void **state)
{
	(void)state;
	SIZE(struct t1); MEMBER(struct t1, a); MEMBER(struct t1, b); MEMBER(struct t1, c);
	SIZE(struct t2); MEMBER(struct t2, b); MEMBER(struct t2, c); MEMBER(struct t2, d); MEMBER(struct t2, e);
	SIZE(struct t3); BITS(struct t3, a); BITS(struct t3, b); BITS(struct t3, c); BITS(struct t3, d);
	SIZE(struct t4); BITS(struct t4, b); MEMBER(struct t4, c); BITS(struct t4, d); BITS(struct t4, e);
	SIZE(struct t5); BITS(struct t5, a); BITS(struct t5, b); BITS(struct t5, c); BITS(struct t5, d);
	SIZE(struct t6); BITS(struct t6, a); BITS(struct t6, b); MEMBER(struct t6, c);
	SIZE(struct t7); MEMBER(struct t7, a); MEMBER(struct t7, b); BITS(struct t7, c);
	SIZE(struct t8); MEMBER(struct t8, x); MEMBER(struct t8, y); MEMBER(struct t8, u); MEMBER(struct t8, v);
	MEMBER(struct t8, z);
	SIZE(union u1); MEMBER(union u1, a); BITS(union u1, b); MEMBER(union u1, c);
	SIZE(union u2); MEMBER(union u2, i); BITS(union u2, l);
	SIZE(struct t9); MEMBER(struct t9, b); MEMBER(struct t9, c); MEMBER(struct t9, d);
	SIZE(struct t10); BITS(struct t10, a); MEMBER(struct t10, b); BITS(struct t10, c); BITS(struct t10, d);
	SIZE(enum e1);
	SIZE(struct t11); MEMBER(struct t11, a); BITS(struct t11, b); BITS(struct t11, c); MEMBER(struct t11, d);
	SIZE(struct t12); MEMBER(struct t12, ld); MEMBER(struct t12, f);
	SIZE(struct t13); MEMBER(struct t13, next); MEMBER(struct t13, fn); MEMBER(struct t13, names);
	SIZE(struct t14); BITS(struct t14, a); BITS(struct t14, b); MEMBER(struct t14, c);
	SIZE(struct t15); BITS(struct t15, a); BITS(struct t15, b); BITS(struct t15, c); BITS(struct t15, d);
	BITS(struct t15, e);
	SIZE(union u3);
	SIZE(struct t16); MEMBER(struct t16, u); BITS(struct t16, a);
	assert_int_equal(dt_type_member(dt_types_lookup(defs.types, "struct t12"), "flex", NULL)->bitoff,
			 offsetof(struct t12, flex) * 8);
	assert_null(dt_type_member(dt_types_lookup(defs.types, "struct t1"), "nonesuch", NULL));
	assert_null(dt_type_member(dt_types_lookup(defs.types, "int"), "a", NULL));
}

static void basic_sizes(void **state)
{
	(void)state;
	SIZE(char); SIZE(short); SIZE(int); SIZE(long); SIZE(long long); SIZE(float); SIZE(double); SIZE(long double);
	SIZE(void *); SIZE(_Bool); SIZE(size_t); SIZE(ssize_t); SIZE(intptr_t); SIZE(uintptr_t); SIZE(ptrdiff_t);
	SIZE(int8_t); SIZE(int16_t); SIZE(int32_t); SIZE(int64_t); SIZE(uint8_t); SIZE(uint16_t); SIZE(uint32_t);
	SIZE(uint64_t); SIZE(intmax_t); SIZE(uintmax_t); SIZE(pid_t); SIZE(uid_t); SIZE(gid_t); SIZE(id_t); SIZE(dev_t);
	SIZE(ino_t); SIZE(mode_t); SIZE(nlink_t); SIZE(off_t); SIZE(time_t); SIZE(clock_t);
		SIZE(key_t); SIZE(clockid_t);
	SIZE(useconds_t); SIZE(suseconds_t); SIZE(blksize_t); SIZE(blkcnt_t); SIZE(u_char); SIZE(u_short); SIZE(u_int);
	SIZE(u_long); SIZE(ushort); SIZE(uint); SIZE(ulong); SIZE(caddr_t); SIZE(wchar_t); SIZE(int [3][5]);
	check_size("boolean_t", 4, 4);
	check_size("hrtime_t", 8, 8);
#define SIGNED(t)	assert_int_equal(dt_type_resolve(dt_types_lookup(defs.types, #t))->is_signed, !((t)-1 > 0))
	SIGNED(char); SIGNED(uid_t); SIGNED(pid_t); SIGNED(size_t); SIGNED(ssize_t); SIGNED(time_t); SIGNED(dev_t);
	SIGNED(mode_t); SIGNED(key_t); SIGNED(wchar_t); SIGNED(off_t); SIGNED(id_t); SIGNED(int8_t); SIGNED(uint8_t);
}

/* ---- Identity ---------------------------------------------------------------------- */

static const struct dt_type *look(const char *name)
{
	return dt_types_lookup(defs.types, name);
}

static void interning(void **state)
{
	struct dt_types *ts = defs.types;
	const struct dt_type *i = dt_basic(ts, DT_B_INT), *c = dt_basic(ts, DT_B_CHAR),
		*p[2] = { i, c }, *q[2] = { c, i };

	(void)state;
	assert_ptr_equal(dt_type_pointer(ts, i), dt_type_pointer(ts, i));
	assert_ptr_not_equal(dt_type_pointer(ts, i), dt_type_pointer(ts, c));
	assert_ptr_equal(dt_type_array(ts, i, 3), dt_type_array(ts, i, 3));
	assert_ptr_not_equal(dt_type_array(ts, i, 3), dt_type_array(ts, i, 4));
	assert_null(dt_type_array(ts, i, UINT64_MAX / 2));
	assert_ptr_equal(dt_type_func(ts, i, p, 2, false), dt_type_func(ts, i, p, 2, false));
	assert_ptr_not_equal(dt_type_func(ts, i, p, 2, false), dt_type_func(ts, i, p, 2, true));
	assert_ptr_not_equal(dt_type_func(ts, i, p, 2, false), dt_type_func(ts, i, q, 2, false));
	assert_ptr_not_equal(dt_type_func(ts, i, p, 2, false), dt_type_assoc(ts, i, p, 2));
	assert_ptr_equal(dt_type_assoc(ts, i, p, 2), dt_type_assoc(ts, i, p, 2));
	assert_ptr_equal(dt_type_qualified(ts, i, DT_TQ_CONST), dt_type_qualified(ts, i, DT_TQ_CONST));
	assert_ptr_equal(dt_type_qualified(ts, i, 0), i);
	assert_ptr_equal(dt_type_qualified(ts, dt_type_qualified(ts, i, DT_TQ_CONST), DT_TQ_VOLATILE),
			 dt_type_qualified(ts, i, DT_TQ_CONST | DT_TQ_VOLATILE));
	assert_ptr_equal(dt_type_qualified(ts, i, DT_TQ_CONST)->plain, i);
	assert_int_equal(dt_type_resolve(dt_type_qualified(ts, look("pid_t"), DT_TQ_USERLAND))->quals, DT_TQ_USERLAND);
}

static void sameness(void **state)
{
	static const struct { const char *a, *b; bool same; } c[] = {
		{ "int", "int", true }, { "int", "unsigned", false }, { "int", "long", false },
		{ "long", "long long", true },
		{ "int", "const int", true }, { "pid_t", "int", true }, { "pid_t *", "int *", true },
		{ "const char *", "char *", true }, { "char *const *", "char **", true },
		{ "char", "signed char", true },
		{ "char", "unsigned char", false }, { "char *", "unsigned char *", false },
		{ "int [3]", "int [3]", true },
		{ "int [3]", "int [4]", false }, { "int [3][4]", "pid_t [3][4]", true }, { "int *", "int [3]", false },
		{ "struct t1", "struct t1", true }, { "struct t1", "struct t2", false },
		{ "const struct t1 *", "struct t1 *", true },
		{ "struct t1", "union u1", false }, { "enum e1", "int", false }, { "void *", "void *", true },
		{ "void *", "char *", false }, { "string", "string", true }, { "string", "char *", false },
		{ "float", "double", false }, { "_Bool", "char", false }, { "_Bool", "bool", true },
		{ "uint64_t", "size_t", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		assert_non_null(look(c[i].a));
		assert_non_null(look(c[i].b));
		if (dt_type_same(look(c[i].a), look(c[i].b)) != c[i].same ||
		    dt_type_same(look(c[i].b), look(c[i].a)) != c[i].same)
			fail_msg("%s and %s", c[i].a, c[i].b);
	}
}

static void predicates(void **state)
{
	static const struct { const char *t; bool integer, scalar, string, strlike, byref; } c[] = {
		{ "int", true, true, false, false, false }, { "pid_t", true, true, false, false, false },
		{ "_Bool", true, true, false, false, false }, { "enum e1", true, true, false, false, false },
		{ "char *", false, true, false, true, false }, { "caddr_t", false, true, false, true, false },
		{ "const unsigned char *", false, true, false, true, false },
		{ "int *", false, true, false, false, false },
		{ "char [8]", false, false, false, true, true }, { "int [8]", false, false, false, false, true },
		{ "string", false, false, true, true, true }, { "struct t1", false, false, false, false, true },
		{ "union u1", false, false, false, false, true }, { "double", false, false, false, false, true },
		{ "void", false, false, false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		const struct dt_type *t = look(c[i].t);

		assert_non_null(t);
		if (dt_type_is_integer(t) != c[i].integer || dt_type_is_scalar(t) != c[i].scalar ||
		    dt_type_is_string(t) != c[i].string || dt_type_is_strlike(t) != c[i].strlike ||
		    dt_type_is_byref(t) != c[i].byref)
			fail_msg("%s", c[i].t);
	}
}

/* ---- Names ---------------------------------------------------------------------------- */

static void lookup(void **state)
{
	static const struct { const char *text, *name; } c[] = {
		{ "int", "int" }, { " unsigned  long long int\t", "unsigned long long" },
		{ "long unsigned", "unsigned long" },
		{ "signed", "int" }, { "unsigned", "unsigned int" }, { "short int", "short" },
		{ "signed char", "signed char" },
		{ "long double", "long double" }, { "int long signed long", "long long" }, { "char*", "char *" },
		{ "char * *", "char **" }, { "const char *const", "const char *const" },
		{ "char const *", "const char *" },
		{ "volatile int *restrict", "volatile int *restrict" }, { "userland char *", "userland char *" },
		{ "struct t1", "struct t1" }, { "struct t1 *[2][3]", "struct t1 *[2][3]" }, { "enum e1", "enum e1" },
		{ "pid_t *", "pid_t *" }, { "string", "string" }, { "int [0x10]", "int [16]" },
		{ "", NULL }, { "foo", NULL }, { "struct nonesuch", NULL }, { "struct", NULL }, { "union t1", NULL },
		{ "int int", NULL }, { "unsigned signed", NULL }, { "short long", NULL }, { "long long long", NULL },
		{ "unsigned float", NULL }, { "int pid_t", NULL }, { "pid_t int", NULL },
		{ "int [", NULL }, { "int []", NULL },
		{ "int [0]", NULL }, { "int *4", NULL }, { "int *x", NULL }, { "4", NULL },
		{ "E_A", NULL }, { "int, int", NULL },
		{ "void [3]", NULL }, { "int (*)(void)", NULL },
	};
	char buf[64], stars[2000];

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		const struct dt_type *t = look(c[i].text);

		if (!t != !c[i].name)
			fail_msg("\"%s\": %s", c[i].text, t ? dt_type_name(t, buf, sizeof(buf)) : "not found");
		if (t)
			assert_string_equal(dt_type_name(t, buf, sizeof(buf)), c[i].name);
	}
	memset(stars, '*', sizeof(stars));
	memcpy(stars, "int ", 4);
	stars[1000] = '\0';
	assert_null(look(stars));
	stars[100] = '\0';
	assert_non_null(look(stars));
}

static void names(void **state)
{
	static const char *const same[] = {
		"char *[4]", "int (*)(long)", "int (*[3])(char, ...)", "int (*(*)(void))[5]",
		"void (*)(int (*)(void), char *)",
		"const int *const *", "struct t1 (*)[2]", "unsigned long (*(*)[2])[3]",
	};
	struct dt_types *ts = defs.types;
	const struct dt_type *i = dt_basic(ts, DT_B_INT), *keys[2] = { i, dt_basic(ts, DT_B_STRING) };
	struct front f;
	char buf[64];

	(void)state;
	for (size_t k = 0; k < COUNT(same); k++) {
		const struct dt_type *t;

		memset(&defs.diag, 0, sizeof(defs.diag));
		t = dt_parse_type(&defs.p, same[k]);
		assert_non_null(t);
		assert_string_equal(dt_type_name(t, buf, sizeof(buf)), same[k]);
	}
	assert_string_equal(dt_type_name(dt_type_assoc(ts, i, keys, 2), buf, sizeof(buf)), "int [int, string]");
	assert_string_equal(dt_type_name(dt_type_func(ts, i, NULL, 0, false), buf, sizeof(buf)), "int (void)");
	assert_string_equal(dt_type_name(dt_type_tag(ts, DT_T_UNION, NULL), buf, sizeof(buf)), "union (anonymous)");
	assert_string_equal(dt_type_name(NULL, buf, sizeof(buf)), "no type");
	/* Cut, never overrun. */
	assert_string_equal(dt_type_name(look("unsigned long"), buf, 5), "unsi");
	assert_string_equal(dt_type_name(look("unsigned long"), buf, 1), "");
	front_open(&f);
	front_close(&f);
}

/* ---- Definitions, and taking them back -------------------------------------------------- */

static void tags(void **state)
{
	struct dt_types *ts = dt_types_create();
	struct dt_member m[] = { { .name = "a", .type = dt_basic(ts, DT_B_INT) } };
	struct dt_enumerator e[] = { { "NEG", -1 }, { "POS", 1 } };
	struct dt_type *s = dt_type_tag(ts, DT_T_STRUCT, "s"), *u = dt_type_tag(ts, DT_T_UNION, "s"), *n;
	const struct dt_type *ptr = dt_type_pointer(ts, s), *cs = dt_type_qualified(ts, s, DT_TQ_CONST), *type;
	int64_t val;

	(void)state;
	assert_int_equal(s->kind, DT_T_FORWARD);
	assert_ptr_equal(dt_type_tag(ts, DT_T_STRUCT, "s"), s);
	assert_ptr_not_equal(u, s);
	assert_int_equal(dt_type_define_members(ts, s, DT_T_UNION, m, 1, NULL), -EINVAL);
	assert_int_equal(dt_type_define_members(ts, s, DT_T_STRUCT, m, 1, NULL), 0);
	assert_int_equal(dt_type_define_members(ts, s, DT_T_STRUCT, m, 1, NULL), -EEXIST);
	assert_int_equal(s->size, 4);
	assert_int_equal(ptr->base->kind, DT_T_STRUCT);
	assert_ptr_equal(dt_type_resolve(cs), s);
	assert_int_equal(u->kind, DT_T_FORWARD);
	n = dt_type_tag(ts, DT_T_ENUM, "n");
	assert_int_equal(dt_type_define_enums(ts, n, e, 2, false), 0);
	assert_true(n->is_signed);
	assert_true(dt_types_enumerator(ts, "NEG", &val, &type));
	assert_int_equal(val, -1);
	assert_ptr_equal(type, n);
	assert_false(dt_types_enumerator(ts, "int8_t", NULL, NULL));
	assert_int_equal(dt_type_define_enums(ts, dt_type_tag(ts, DT_T_ENUM, "m"), e, 2, false), -EEXIST);
	assert_int_equal(dt_type_typedef(ts, "POS", n), -EEXIST);
	assert_int_equal(dt_type_typedef(ts, "int8_t", dt_basic(ts, DT_B_SCHAR)), 0);
	/* a header's goes before D's */
	assert_int_equal(dt_type_typedef(ts, "dev_t", dt_basic(ts, DT_B_UINT)), 0);
	assert_int_equal(dt_type_resolve(dt_types_lookup(ts, "dev_t"))->size, 4);
	assert_int_equal(dt_type_typedef(ts, "dev_t", dt_basic(ts, DT_B_ULONG)), -EEXIST);
	assert_int_equal(dt_type_typedef(ts, "mine", n), 0);
	assert_true(dt_types_is_typedef(ts, "mine"));
	assert_false(dt_types_is_typedef(ts, "POS"));
	assert_ptr_equal(dt_type_resolve(dt_types_lookup(ts, "mine")), n);
	dt_types_destroy(ts);
}

/* A failed compilation leaves no names, and the next one gets no stale layout. */
static void rollback(void **state)
{
	struct front f;
	char *got;

	(void)state;
	front_open(&f);
	free(front_parse(&f, "struct keep; struct keep *p;"));
	got = front_parse(&f, "struct s { int a; }; struct keep { int x; }; typedef struct s t; enum { E1 };\n"
			      "t arr[2]; const struct s cs; int v; int x y;");
	assert_memory_equal(got, "D_SYNTAX", 8);
	free(got);
	assert_null(dt_types_lookup(f.types, "t"));
	assert_null(dt_types_lookup(f.types, "struct s"));
	assert_false(dt_types_enumerator(f.types, "E1", NULL, NULL));
	assert_int_equal(dt_types_lookup(f.types, "struct keep")->kind, DT_T_FORWARD);
	assert_null(dt_ident_lookup(f.idents, DT_SCOPE_GLOBAL, "v"));
	got = front_parse(&f, "struct s { long a[4]; }; struct keep { long x; }; typedef struct s t; enum { E1 };\n"
			      "t arr[2]; const struct s cs; string v;");
	assert_memory_equal(got, "(PROGRAM", 8);
	free(got);
	assert_int_equal(dt_types_lookup(f.types, "t [2]")->size, 64);
	assert_int_equal(dt_types_lookup(f.types, "const struct s")->size, 32);
	assert_int_equal(dt_type_resolve(dt_ident_lookup(f.idents, DT_SCOPE_GLOBAL, "p")->type)->base->size, 8);
	front_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout), cmocka_unit_test(basic_sizes), cmocka_unit_test(interning),
		cmocka_unit_test(sameness), cmocka_unit_test(predicates), cmocka_unit_test(lookup),
		cmocka_unit_test(names), cmocka_unit_test(tags), cmocka_unit_test(rollback),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
