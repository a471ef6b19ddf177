// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * C's conversions: every operator on every pair of integer types, compiled
 * from D and run by the engine, against what the C compiler makes of the same
 * expression. Once with operands known at run time only, once with constants
 * (which the D compiler folds).
 *
 * Values that C leaves undefined are left out: division by zero and of the
 * most negative number by -1, shifts by more than the width. Overflow of
 * signed integers is compared too: both sides wrap.
 */
#include <stdarg.h>
#include <stddef.h>

#include "test_machine.h"

#define TYPES(X, ...) \
	X(_Bool, 0, __VA_ARGS__) X(char, 1, __VA_ARGS__) X(signed char, 2, __VA_ARGS__) \
	X(unsigned char, 3, __VA_ARGS__) X(short, 4, __VA_ARGS__) X(unsigned short, 5, __VA_ARGS__) \
	X(int, 6, __VA_ARGS__) X(unsigned int, 7, __VA_ARGS__) X(long, 8, __VA_ARGS__) \
	X(unsigned long, 9, __VA_ARGS__) X(long long, 10, __VA_ARGS__) X(unsigned long long, 11, __VA_ARGS__)
/* The same list again: the preprocessor doesn't expand a macro within itself. */
#define TYPES2(X, ...) \
	X(_Bool, 0, __VA_ARGS__) X(char, 1, __VA_ARGS__) X(signed char, 2, __VA_ARGS__) \
	X(unsigned char, 3, __VA_ARGS__) X(short, 4, __VA_ARGS__) X(unsigned short, 5, __VA_ARGS__) \
	X(int, 6, __VA_ARGS__) X(unsigned int, 7, __VA_ARGS__) X(long, 8, __VA_ARGS__) \
	X(unsigned long, 9, __VA_ARGS__) X(long long, 10, __VA_ARGS__) X(unsigned long long, 11, __VA_ARGS__)
#define NTYPES 12

static const char *const type_names[NTYPES] = {
#define NAME(t, i, ...) [i] = #t,
	TYPES(NAME)
};
/* Width in bits after promotion, to know which shifts and divisions are defined. */
static const int promoted[NTYPES] = {
#define PROMOTED(t, i, ...) [i] = sizeof(+(t)0) * 8,
	TYPES(PROMOTED)
};

static const uint64_t values[] = {
	0, 1, 2, 5, 31, 63, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
	0x100000000, 0x123456789abcdef0, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
	0xfffffffffffffffd, 0xffffffff80000000,
};
#define NVALUES (sizeof(values) / sizeof(values[0]))

/* ---- What C says -------------------------------------------------------------------- */

#define NATIVE __attribute__((optimize("wrapv"), no_sanitize("undefined"))) static

#define CASE2(t2, j, t1, i, op) case i * NTYPES + j: return (unsigned long long)((t1)a op (t2)b);
#define CASE1(t1, i, op) TYPES2(CASE2, t1, i, op)
#define BINARY(name, op) \
	NATIVE uint64_t native_##name(int types, uint64_t a, uint64_t b) \
	{ \
		switch (types) { TYPES(CASE1, op) } \
		return 0; \
	}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wint-in-bool-context"
#pragma GCC diagnostic ignored "-Wbool-compare"
#pragma GCC diagnostic ignored "-Wbool-operation"
BINARY(add, +) BINARY(sub, -) BINARY(mul, *) BINARY(div, /) BINARY(mod, %)
BINARY(and, &) BINARY(or, |) BINARY(xor, ^) BINARY(shl, <<) BINARY(shr, >>)
BINARY(eq, ==) BINARY(ne, !=) BINARY(lt, <) BINARY(le, <=) BINARY(gt, >) BINARY(ge, >=)
BINARY(land, &&) BINARY(lor, ||)

#define ASGN2(t2, j, t1, i, op) case i * NTYPES + j: { t1 v = (t1)a; v op (t2)b; return (unsigned long long)v; }
#define ASGN1(t1, i, op) TYPES2(ASGN2, t1, i, op)
#define ASSIGN(name, op) \
	NATIVE uint64_t native_##name(int types, uint64_t a, uint64_t b) \
	{ \
		switch (types) { TYPES(ASGN1, op) } \
		return 0; \
	}
ASSIGN(asgn, =) ASSIGN(add_eq, +=) ASSIGN(sub_eq, -=) ASSIGN(mul_eq, *=) ASSIGN(div_eq, /=) ASSIGN(mod_eq, %=)
ASSIGN(and_eq, &=) ASSIGN(or_eq, |=) ASSIGN(xor_eq, ^=) ASSIGN(shl_eq, <<=) ASSIGN(shr_eq, >>=)

#define COND2(t2, j, t1, i, c) case i * NTYPES + j: return (unsigned long long)(c ? (t1)a : (t2)b);
#define COND1(t1, i, c) TYPES2(COND2, t1, i, c)
NATIVE uint64_t native_yes(int types, uint64_t a, uint64_t b)
{
	switch (types) { TYPES(COND1, (a | 1)) }
	return 0;
}
NATIVE uint64_t native_no(int types, uint64_t a, uint64_t b)
{
	switch (types) { TYPES(COND1, !(a | 1)) }
	return 0;
}

#define UNARY(name, expr) \
	NATIVE uint64_t native_##name(int types, uint64_t a, uint64_t b) \
	{ \
		(void)b; \
		switch (types / NTYPES) { TYPES(UCASE, expr) } \
		return 0; \
	}
#define UCASE(t, i, expr) case i: { t v = (t)a; (void)v; return (unsigned long long)(expr); }
UNARY(neg, -v) UNARY(bnot, ~v) UNARY(lnot, !v) UNARY(pos, +v)
UNARY(preinc, ++v) UNARY(postinc, v++)
UNARY(predec, --v) UNARY(postdec, v--)
UNARY(afterinc, (v++, v)) UNARY(afterdec, (v--, v))
#pragma GCC diagnostic pop

/* ---- The same in D ------------------------------------------------------------------- */

enum kind { BIN, DIV, SHIFT, ASGN, ASGN_DIV, ASGN_SHIFT, UN, VAR };

static const struct op {
	const char *d;			/* A and B stand for the operands, T for the first's type */
	uint64_t (*native)(int types, uint64_t a, uint64_t b);
	enum kind kind;
} ops[] = {
	{ "A + B", native_add, BIN }, { "A - B", native_sub, BIN }, { "A * B", native_mul, BIN },
	{ "A / B", native_div, DIV }, { "A % B", native_mod, DIV },
	{ "A & B", native_and, BIN }, { "A | B", native_or, BIN }, { "A ^ B", native_xor, BIN },
	{ "A << B", native_shl, SHIFT }, { "A >> B", native_shr, SHIFT },
	{ "A == B", native_eq, BIN }, { "A != B", native_ne, BIN }, { "A < B", native_lt, BIN },
	{ "A <= B", native_le, BIN }, { "A > B", native_gt, BIN }, { "A >= B", native_ge, BIN },
	{ "A && B", native_land, BIN }, { "A || B", native_lor, BIN }, { "(!A) ^^ (!B)", NULL, BIN },
	{ "arg9 ? A : B", native_yes, BIN }, { "!arg9 ? A : B", native_no, BIN },
	{ "-A", native_neg, UN }, { "~A", native_bnot, UN }, { "!A", native_lnot, UN }, { "+A", native_pos, UN },
	{ "V = B", native_asgn, ASGN }, { "V += B", native_add_eq, ASGN }, { "V -= B", native_sub_eq, ASGN },
	{ "V *= B", native_mul_eq, ASGN }, { "V /= B", native_div_eq, ASGN_DIV },
	{ "V %= B", native_mod_eq, ASGN_DIV }, { "V &= B", native_and_eq, ASGN },
	{ "V |= B", native_or_eq, ASGN }, { "V ^= B", native_xor_eq, ASGN },
	{ "V <<= B", native_shl_eq, ASGN_SHIFT }, { "V >>= B", native_shr_eq, ASGN_SHIFT },
	{ "++V", native_preinc, VAR }, { "V++", native_postinc, VAR }, { "--V", native_predec, VAR },
	{ "V--", native_postdec, VAR }, { "(V++, V)", native_afterinc, VAR }, { "(V--, V)", native_afterdec, VAR },
};
#define NOPS (sizeof(ops) / sizeof(ops[0]))

NATIVE uint64_t native(const struct op *op, int types, uint64_t a, uint64_t b)
{
	if (op->native)
		return op->native(types, a, b);
	/* C has no ^^ */
	return native_lnot(types, a, b) != native_lnot(types % NTYPES * NTYPES, b, 0);
}

static uint64_t convert(int type, uint64_t v)
{
	return native_pos(type * NTYPES, v, 0);
}

/* Is the operation defined for these values? */
static bool defined(const struct op *op, int i, int j, uint64_t a, uint64_t b)
{
	uint64_t bv = convert(j, b);
	bool wide = promoted[i] == 64 || promoted[j] == 64;

	switch (op->kind) {
	case DIV: case ASGN_DIV:
		if (bv == 0 || (!wide && (uint32_t)bv == 0))
			return false;
		return !(bv == UINT64_MAX || (uint32_t)bv == UINT32_MAX) ||
		       (convert(i, a) != 0x8000000000000000 && (uint32_t)convert(i, a) != 0x80000000);
	case SHIFT: case ASGN_SHIFT:
		return bv < (uint64_t)promoted[i];
	default:
		return true;
	}
}

static bool unary(const struct op *op)
{
	return op->kind == UN || op->kind == VAR;
}

static bool assigns(const struct op *op)
{
	return op->kind >= ASGN && op->kind != UN;
}

/* Write the operation with its operands put in. */
static void expand(FILE *f, const struct op *op, int i, const char *a, const char *b)
{
	for (const char *p = op->d; *p; p++) {
		if (*p == 'A')
			fputs(a, f);
		else if (*p == 'B')
			fputs(b, f);
		else if (*p == 'V')
			fprintf(f, "this->v%d", i);
		else
			fputc(*p, f);
	}
}

/* ---- Operands known at run time ---------------------------------------------------------- */

/* One clause of each type of A, one trace of each type of B. */
static char *runtime_program(const struct op *op)
{
	char *text = NULL, a[64], b[64];
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (int i = 0; i < NTYPES; i++)
		fprintf(f, "this %s v%d;\n", type_names[i], i);
	for (int i = 0; i < NTYPES; i++) {
		fprintf(f, "BEGIN {\n");
		for (int j = 0; j < (unary(op) ? 1 : NTYPES); j++) {
			snprintf(a, sizeof(a), "(%s)arg0", type_names[i]);
			snprintf(b, sizeof(b), "(%s)arg1", type_names[j]);
			if (assigns(op))
				fprintf(f, "\tthis->v%d = %s;\n", i, a);
			fprintf(f, "\ttrace((unsigned long long)(");
			expand(f, op, i, a, b);
			fprintf(f, "));\n");
		}
		fprintf(f, "}\n");
	}
	fclose(f);
	return text;
}

static void check_firing(struct machine *m, struct dtk_program *k, const struct op *op, uint64_t a, uint64_t b)
{
	struct machine_field f = { 0 };

	for (int i = 0; i < NTYPES; i++) {
		/* a clause that divides by zero in one of its operations records nothing */
		for (int j = 0; j < (unary(op) ? 1 : NTYPES); j++) {
			assert_true(machine_next(m, k, &f));
			if (f.clause != (uint32_t)i)
				fail_msg("%s: clause %d is missing", op->d, i);
			if (!defined(op, i, j, a, b))
				continue;
			if (machine_scalar(&f) != native(op, i * NTYPES + j, a, b))
				fail_msg("%s: A = (%s)%#llx, B = (%s)%#llx: D says %#llx, C %#llx", op->d,
					 type_names[i], (unsigned long long)a, type_names[j],
					 (unsigned long long)b, (unsigned long long)machine_scalar(&f),
					 (unsigned long long)native(op, i * NTYPES + j, a, b));
		}
	}
}

static bool zero_for_some(const struct op *op, uint64_t b)
{
	for (int j = 0; j < NTYPES; j++)
		if ((op->kind == DIV || op->kind == ASGN_DIV) && convert(j, b) == 0)
			return true;
	return false;
}

static void test_runtime(void **state)
{
	(void)state;
	for (size_t o = 0; o < NOPS; o++) {
		struct machine *m = machine_create();
		char *text = runtime_program(&ops[o]);
		struct dtk_program *k = machine_compile(m, text);

		m->fire.arg[9] = 1;
		for (size_t x = 0; x < NVALUES; x++) {
			for (size_t y = 0; y < (unary(&ops[o]) ? 1 : NVALUES); y++) {
				if (zero_for_some(&ops[o], values[y]))
					continue;
				m->fire.arg[0] = values[x];
				m->fire.arg[1] = values[y];
				machine_fire(m, k);
				check_firing(m, k, &ops[o], values[x], values[y]);
			}
		}
		free(text);
		machine_destroy(m);
	}
}

/* ---- Constant operands ------------------------------------------------------------------ */

static const uint64_t consts[] = { 0, 1, 7, 0x80, 0xffff, 0x80000000, 0xffffffff, 0x8000000000000000,
				   0xffffffffffffffff };
#define NCONSTS (sizeof(consts) / sizeof(consts[0]))

/* One clause: the operation on one pair of values, for all types. */
static char *const_program(const struct op *op, uint64_t av, uint64_t bv)
{
	char *text = NULL, a[64], b[64];
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fprintf(f, "BEGIN {\n\ttrace(0);\n");
	for (int i = 0; i < NTYPES; i++) {
		for (int j = 0; j < (unary(op) ? 1 : NTYPES); j++) {
			if (!defined(op, i, j, av, bv))
				continue;
			snprintf(a, sizeof(a), "(%s)0x%llx", type_names[i], (unsigned long long)av);
			snprintf(b, sizeof(b), "(%s)%llu", type_names[j], (unsigned long long)bv);
			fprintf(f, "\ttrace((unsigned long long)(");
			expand(f, op, i, a, b);
			fprintf(f, "));\n");
		}
	}
	fprintf(f, "}\n");
	fclose(f);
	return text;
}

static void check_constants(const struct op *op, uint64_t a, uint64_t b)
{
	struct machine *m = machine_create();
	char *text = const_program(op, a, b);
	struct dtk_program *k = machine_compile(m, text);
	struct machine_field f = { 0 };

	m->fire.arg[9] = 1;
	machine_fire(m, k);
	assert_true(machine_next(m, k, &f));
	for (int i = 0; i < NTYPES; i++) {
		for (int j = 0; j < (unary(op) ? 1 : NTYPES); j++) {
			if (!defined(op, i, j, a, b))
				continue;
			assert_true(machine_next(m, k, &f));
			if (machine_scalar(&f) != native(op, i * NTYPES + j, a, b))
				fail_msg("constant %s: A = (%s)%#llx, B = (%s)%#llx: D says %#llx, C %#llx", op->d,
					 type_names[i], (unsigned long long)a, type_names[j],
					 (unsigned long long)b, (unsigned long long)machine_scalar(&f),
					 (unsigned long long)native(op, i * NTYPES + j, a, b));
		}
	}
	/* folded: nothing is left to compute */
	for (uint32_t i = 0; i < m->prog[0]->clauses[0].nactions && !strstr(op->d, "arg9"); i++)
		assert_int_equal(m->prog[0]->clauses[0].actions[i].difo->ntext, 2);
	free(text);
	machine_destroy(m);
}

static void test_constants(void **state)
{
	(void)state;
	for (size_t o = 0; o < NOPS; o++) {
		if (assigns(&ops[o]))
			continue;
		for (size_t x = 0; x < NCONSTS; x++)
			for (size_t y = 0; y < (unary(&ops[o]) ? 1 : NCONSTS); y++)
				check_constants(&ops[o], consts[x], consts[y]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runtime),
		cmocka_unit_test(test_constants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
