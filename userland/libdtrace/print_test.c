/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print(), printm(), tracemem(): from D to text, every kind of member. */
#include "test_kernel.h"

/* As the D program below declares it. */
static const struct sample {
	int i;
	char c, nul, ctl;
	unsigned char uc;
	_Bool b;
	short s;
	long l;
	unsigned int f1 : 3, f2 : 5;
	enum { RED, GREEN = 7 } e1, e2;
	char name[8];
	char raw[3];
	int a[3];
	int m[2][2];
	struct { int x, y; } p[2];
	union { int u; struct { short lo, hi; }; };
	void *ptr;
	void (*fn)(void);
	struct nowhere *fwd;
	double d;
	float fl;
} sample = {
	.i = -1, .c = 'x', .ctl = 7, .uc = 200, .b = 1, .s = 16, .l = 0, .f1 = 5, .f2 = 17, .e1 = GREEN, .e2 = 3,
	.name = "povray", .raw = { 'a', 'b', 'c' }, .a = { 0x14, 0x2e, 0 }, .m = { { 1, 2 }, { 3, 4 } },
	.p = { { 1, 2 }, { 3, 4 } }, .u = 0x20001, .ptr = (void *)0xffff888000001000, .d = 0.5, .fl = 2,
};

#define DECLARE \
	"enum colour { RED, GREEN = 7 };" \
	"typedef struct sample { int i; char c, nul, ctl; unsigned char uc; _Bool b; short s; long l;" \
	" unsigned int f1 : 3; unsigned int f2 : 5; enum colour e1; enum colour e2; char name[8]; char raw[3];" \
	" int a[3]; int m[2][2]; struct point { int x; int y; } p[2];" \
	" union { int u; struct { short lo; short hi; }; }; void *ptr; void (*fn)(void); struct nowhere *fwd;" \
	" double d; float fl; } sample_t;"

static void shows(const char *declare, const char *body, const char *expected)
{
	struct tk *k = tk_new();
	char text[4096];

	dtk_port_map(&sample, sizeof(sample));
	snprintf(text, sizeof(text), "%s BEGIN { this->s = (%s)%p; %s }", declare,
		 *declare ? "sample_t *" : "char *", (void *)&sample, body);
	dtrace_setopt(k->dtp, "quiet", NULL);
	tk_go_text(k, text);
	tk_end(k);
	tk_expect(k, expected);
	tk_free(k);
}

static void structures(void **state)
{
	shows(DECLARE, "print(*this->s)",
	      "sample_t {\n"
	      "    int i = 0xffffffff\n"
	      "    char c = 'x'\n"
	      "    char nul = '\\0'\n"
	      "    char ctl = '\\007'\n"
	      "    unsigned char uc = 0xc8\n"
	      "    _Bool b = 0x1\n"
	      "    short s = 0x10\n"
	      "    long l = 0\n"
	      "    unsigned int f1 :3 = 0x5\n"
	      "    unsigned int f2 :5 = 0x11\n"
	      "    enum colour e1 = GREEN\n"
	      "    enum colour e2 = 3\n"
	      "    char [8] name = [ \"povray\" ]\n"
	      "    char [3] raw = [ 'a', 'b', 'c' ]\n"
	      "    int [3] a = [ 0x14, 0x2e, 0 ]\n"
	      "    int [2][2] m = [ [ 0x1, 0x2 ], [ 0x3, 0x4 ] ]\n"
	      "    struct point [2] p = [ \n"
	      "        struct point {\n"
	      "            int x = 0x1\n"
	      "            int y = 0x2\n"
	      "        }, \n"
	      "        struct point {\n"
	      "            int x = 0x3\n"
	      "            int y = 0x4\n"
	      "        }\n"
	      "    ]\n"
	      "    union  {\n"
	      "        int u = 0x20001\n"
	      "        struct  {\n"
	      "            short lo = 0x1\n"
	      "            short hi = 0x2\n"
	      "        }\n"
	      "    }\n"
	      "    void *ptr = 0xffff888000001000\n"
	      "    void (*)(void) fn = 0\n"
	      "    struct nowhere *fwd = 0\n"
	      "    double d = +5.0000000e-01\n"
	      "    float fl = +2.0000000e+00\n"
	      "}");
}

static void scalars(void **state)
{
	shows(DECLARE, "print(this->s->i)", "int 0xffffffff\n");
	shows(DECLARE, "print(this->s->e1); print(this->s->ptr)", "enum colour GREEN\nvoid * 0xffff888000001000\n");
	shows(DECLARE, "print(this->s->name); print(this->s->a)", "char [8] \"povray\"\nint [3] [ 0x14, 0x2e, 0 ]\n");
	shows(DECLARE, "print(this->s->p[1])", "struct point {\n    int x = 0x3\n    int y = 0x4\n}");
	shows("", "print(\"foo\"); print(\"a\\n\\\"\"); print(1 + 2); print(-1LL)",
	      "string \"foo\"\nstring \"a\\012\"\"\nint 0x3\nlong long 0xffffffffffffffff\n");
}

/* What printsize leaves out is not there, whatever it is. */
static void cut(void **state)
{
	static const char *const program =
		"struct t { int a; int b; int c[2]; }; BEGIN { print(*(struct t *)%p); }";
	struct tk *k = tk_new();
	static const int v[4] = { 1, 2, 3, 4 };
	char text[256];

	dtk_port_map(v, sizeof(v));
	dtrace_setopt(k->dtp, "quiet", NULL);
	assert_int_equal(dtrace_setopt(k->dtp, "printsize", "6"), 0);
	snprintf(text, sizeof(text), program, (void *)v);
	tk_go_text(k, text);
	tk_end(k);
	tk_expect(k, "struct t {\n    int a = 0x1\n    int b = ...\n    int [2] c = ...\n}");
	tk_free(k);
}

#define DUMP(bytes) \
	"\n             0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f  0123456789abcdef\n         0: " bytes "\n"

static void memory(void **state)
{
	shows("", "printm(4, this->s)", DUMP("ff ff ff ff                                      ...."));
	shows("", "tracemem(this->s, 4)", DUMP("ff ff ff ff                                      ...."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(structures), cmocka_unit_test(scalars), cmocka_unit_test(cut),
		cmocka_unit_test(memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
