// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attributes and pragmas that change layouts: the same text, read by D and by the C
 * compiler that built this test, must come to the same sizes, offsets and bits.
 */
#include <stdarg.h>
#include <stddef.h>

#include "test_machine.h"

#define STRUCTS \
	typedef int a1 __attribute__((aligned(1))); \
	typedef float vec __attribute__((vector_size(16))); \
	struct s0 { char a; int b; } __attribute__((packed)); \
	struct s1 { char a; struct s0 b; short c; }; \
	struct __attribute__((__packed__, __aligned__(4))) s2 { char a; long b; }; \
	struct s3 { char a; a1 b; long c; }; \
	struct s4 { char a; int b __attribute__((aligned(16))), c; }; \
	struct s5 { char a; int b __attribute__((packed)); long c : 40; }; \
	struct s6 { unsigned a : 3, b : 30; unsigned long c : 37; int d; } __attribute__((packed)); \
	struct s7 { _Alignas(8) char a; _Alignas(long) char b; char c[__alignof__(long) + _Alignof(struct s2)]; }; \
	struct s8 { char a; vec b; struct s4 c[2] __attribute__((aligned(64))); }; \
	struct s9 { int a; } __attribute__((aligned)); \
	union s10 { char a[3]; short b; } __attribute__((packed, aligned(2))); \
	enum e0 { E0_A, E0_B = 255 } __attribute__((packed)); \
	enum __attribute__((packed)) e1 { E1_A = -1, E1_B = 200 }; \
	struct s11 { enum e0 a; enum e1 b; char c; }; \
	typedef __attribute__((aligned(8))) unsigned a8; \
	struct s12 { char a; a8 b; char c __attribute__((unused, aligned(1))); };

#define TEXT2(...) #__VA_ARGS__
#define TEXT(...) TEXT2(__VA_ARGS__)

STRUCTS
#pragma pack(push, 2)
struct p0 { char a; long b; int c : 20, d : 20; };
#pragma pack(1)
struct p1 { char a; long b; struct p0 c; };
#pragma pack(pop)
struct p2 { char a; long b; struct p1 c; };

static const char packs[] =
	"#pragma pack(push, 2)\nstruct p0 { char a; long b; int c : 20, d : 20; };\n#pragma pack(1)\n"
	"struct p1 { char a; long b; struct p0 c; };\n#pragma pack(pop)\nstruct p2 { char a; long b; struct p1 c; };\n";

static const struct {
	const char *expr;
	uint64_t want;
} places[] = {
#define S(t)	{ "sizeof(" #t ")", sizeof(t) }, { "_Alignof(" #t ")", _Alignof(t) }
#define O(t, m)	{ "offsetof(" #t ", " #m ")", offsetof(t, m) }
	S(struct s0), O(struct s0, b), S(struct s1), O(struct s1, b), O(struct s1, c), S(struct s2), O(struct s2, b),
	S(struct s3), O(struct s3, b), O(struct s3, c), S(struct s4), O(struct s4, b), O(struct s4, c), S(struct s5),
	O(struct s5, b), S(struct s6), O(struct s6, d), S(struct s7), O(struct s7, b), O(struct s7, c), S(struct s8),
	O(struct s8, b), O(struct s8, c), S(struct s9), S(union s10), S(struct s11), O(struct s11, b),
	S(struct s12), O(struct s12, b), O(struct s12, c), S(a8), S(enum e0), S(enum e1),
	S(struct p0), O(struct p0, b), S(struct p1), O(struct p1, b), O(struct p1, c), S(struct p2), O(struct p2, b),
	O(struct p2, c),
};

static void test_places(void **state)
{
	struct machine *m = machine_create();
	char text[8192];

	(void)state;
	snprintf(text, sizeof(text), "%s\n%s BEGIN{}", TEXT(STRUCTS), packs);
	machine_compile(m, text);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct machine_field f = { 0 };

		snprintf(text, sizeof(text), "BEGIN{ trace(%s); }", places[i].expr);
		machine_fire(m, machine_compile(m, text));
		assert_true(machine_next(m, m->kprog[m->nprogs - 1], &f));
		if (machine_scalar(&f) != places[i].want)
			fail_msg("%s is %llu, not %llu", places[i].expr, (unsigned long long)machine_scalar(&f),
				 (unsigned long long)places[i].want);
	}
	machine_destroy(m);
}

struct bits {
	signed char a : 3;
	unsigned b : 31;
	long c : 63;
	unsigned long d : 64;
	int e : 7;
	unsigned char f : 8;
} __attribute__((packed));

static const char bits_text[] =
	"struct bits { signed char a : 3; unsigned b : 31; long c : 63; unsigned long d : 64; int e : 7; "
	"unsigned char f : 8; } __attribute__((packed)); struct bits *p; struct bits v; ";

/* Fields across the units of their types, and up to the structure's last byte, are C's. */
static void test_bits(void **state)
{
	static struct bits native = { -3, 0x5a5a5a5a, -0x123456789abcdef0, 0xfedcba9876543210, -60, 0xa5 };
	struct bits *heap = malloc(sizeof(*heap)), copy;
	struct machine *m = machine_create();
	struct machine_field f = { 0 };
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), "%sBEGIN{ v.f = 0xa5; v.e = -60; v.d = 0xfedcba9876543210; v.c = "
		 "-0x123456789abcdef0; v.b = 0x5a5a5a5a; v.a = -3; trace(v); trace(v.d++ + 1); trace(v.e -= 5); "
		 "trace(v.c); trace(v.f); }", bits_text);
	machine_fire(m, machine_compile(m, text));
	assert_int_equal(m->fault, 0);
	assert_true(machine_next(m, m->kprog[0], &f));
	assert_int_equal(f.rec->dtrd_size, sizeof(native));
	memcpy(&copy, f.data, sizeof(copy));
	assert_memory_equal(&copy, &native, sizeof(copy));
	assert_true(machine_next(m, m->kprog[0], &f) && machine_scalar(&f) == native.d + 1);
	assert_true(machine_next(m, m->kprog[0], &f) && (int)machine_scalar(&f) == 63);	/* -65 wraps around */
	assert_true(machine_next(m, m->kprog[0], &f) && (long)machine_scalar(&f) == native.c);
	assert_true(machine_next(m, m->kprog[0], &f) && machine_scalar(&f) == native.f);

	/* and the other way round: no byte beyond the structure is looked at */
	*heap = native;
	dtk_port_map(heap, sizeof(*heap));
	m->fire.arg[0] = (uintptr_t)heap;
	machine_fire(
		m, machine_compile(m, "BEGIN{ p = (struct bits *)arg0; trace((long)p->a); trace(p->b); trace(p->c); "
				      "trace(p->d); trace((long)p->e); trace(p->f); }"));
	assert_int_equal(m->fault, 0);
	f = (struct machine_field){ 0 };
	assert_true(machine_next(m, m->kprog[1], &f) && (long)machine_scalar(&f) == native.a);
	assert_true(machine_next(m, m->kprog[1], &f) && machine_scalar(&f) == native.b);
	assert_true(machine_next(m, m->kprog[1], &f) && (long)machine_scalar(&f) == native.c);
	assert_true(machine_next(m, m->kprog[1], &f) && machine_scalar(&f) == native.d);
	assert_true(machine_next(m, m->kprog[1], &f) && (long)machine_scalar(&f) == native.e);
	assert_true(machine_next(m, m->kprog[1], &f) && machine_scalar(&f) == native.f);
	machine_destroy(m);
	free(heap);
}

static unsigned short other_file(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "x.h") ? 1 : 2;
}

static const struct {
	const char *text;
	enum dt_tag tag;	/* D_UNKNOWN: it compiles */
} cases[] = {
	{ "struct s { int a; } __attribute__((aligned(3))); BEGIN{}", D_SYNTAX },
	{ "struct s { int a; } __attribute__((scalar_storage_order(\"big\"))); BEGIN{}", D_NOSUP },
	{ "#pragma pack(3)\nBEGIN{}", D_PRAGMA_MALFORM },
	{ "#pragma pack(x)\nBEGIN{}", D_PRAGMA_MALFORM },
	{ "#pragma pack()\n#pragma pack(pop)\n#pragma pack(push)\nBEGIN{}", D_UNKNOWN },
	/* what GNU's C allows and D does not, by file */
	{ "struct s { int a[0]; }; BEGIN{}", D_DECL_ARRSUB },
	{ "struct s { }; BEGIN{}", D_SYNTAX },
	{ "enum e { A = 1ull << 40 }; BEGIN{}", D_DECL_ENOFLOW },
	{ "enum e { A = 0xffffffffffffffffull }; BEGIN{}", D_DECL_ENCONST },
	{ "# 1 \"x.h\"\nstruct s { int a[0]; struct { } b; int c; };\nenum e { A = 1ull << 40, B };\n"
	  "enum f { C = 0xffffffffffffffffull, D = -1 >> 1 };\n# 1 \"<stdin>\"\nBEGIN{ trace(A); trace(B); trace(C); }",
	  D_UNKNOWN },
	/* incomplete types */
	{ "struct s { struct s inner; }; BEGIN{}", D_DECL_INCOMPLETE },
	{ "struct s { struct s inner[2]; }; BEGIN{}", D_DECL_INCOMPLETE },
	{ "union u { int a; struct { union u b; } c; }; BEGIN{}", D_DECL_INCOMPLETE },
	{ "struct s; typedef struct s s_t; s_t x; BEGIN{}", D_DECL_INCOMPLETE },
	{ "struct s { struct s *next; struct s (*f)(struct s); }; struct s x; BEGIN{}", D_UNKNOWN },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct machine *m = machine_create();
		struct dt_program *p;

		m->cc.src = 1;
		m->cc.file = other_file;
		p = dt_compile(&m->cc, cases[i].text, strlen(cases[i].text));
		if (m->diag.tag != cases[i].tag)
			fail_msg("%s: [%s] %s", cases[i].text, dt_tag_name(m->diag.tag), m->diag.msg);
		dt_program_free(p);
		machine_destroy(m);
	}
}

/* The values of an enumeration of 64 bits. */
static void test_enums(void **state)
{
	static const char text[] =
		"# 1 \"x.h\"\nenum e { A = 1ull << 40, B };\nenum f { C = 0xffffffffffffffffull };\n"
		"# 1 \"<stdin>\"\nBEGIN{ trace(A); trace(B); trace(C); trace(C > 0); trace(sizeof(enum e)); }";
	static const uint64_t want[] = { 1ull << 40, (1ull << 40) + 1, UINT64_MAX, 1, 8 };
	struct machine *m = machine_create();
	struct machine_field f = { 0 };

	(void)state;
	m->cc.src = 1;
	m->cc.file = other_file;
	machine_fire(m, machine_compile(m, text));
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_true(machine_next(m, m->kprog[0], &f));
		assert_int_equal(machine_scalar(&f), want[i]);
	}
	machine_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places), cmocka_unit_test(test_bits), cmocka_unit_test(test_cases),
		cmocka_unit_test(test_enums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
