// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Arguments: each recipe is run by a naive machine whose registers are all
 * different and whose memory holds, at every address, that address. So what a
 * memory operand yields says where it looked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "usdt.h"

#define R(n)	(0x1122334455667788ull + (uint64_t)(n) * 0x0101010101010101ull)
#define FS	0x7f0000000000ull
#define AX R(0)
#define CX R(1)
#define BX R(3)
#define SP R(4)
#define BP R(5)
#define SI R(6)
#define R9 R(9)
#define COUNTER	0x404060ull

static uint64_t cut(uint64_t v, unsigned size)
{
	unsigned bits = 8 * (size & 0x7f);

	if (bits == 64)
		return v;
	v &= (1ull << bits) - 1;
	return size & DTRACE_STEP_SIGNED && v >> (bits - 1) ? v | ~0ull << bits : v;
}

static void run(const struct dt_argspecs *a, uint64_t *arg)
{
	uint64_t v[DTRACE_STEP_VALUES] = { 0 };

	memset(arg, 0, DTRACE_STEP_ARGS * sizeof(*arg));
	assert_true(a->nstep <= DTRACE_STEP_MAX);
	for (size_t i = 0; i < a->nstep; i++) {
		const struct dtrace_step *s = &a->step[i];

		assert_true(s->d < DTRACE_STEP_VALUES && s->skip == 0);
		switch (s->op) {
		case DTRACE_STEP_REG:
			assert_true(s->s < DTRACE_REG_MAX);
			assert_true(s->imm == 0 || (s->imm == 8 && s->s < 4 && (s->size & 0x7f) == 1));
			v[s->d] = cut((s->s == DTRACE_REG_FSBASE ? FS : R(s->s)) >> s->imm, s->size);
			break;
		case DTRACE_STEP_IMM:
			v[s->d] = (uint64_t)s->imm;
			break;
		case DTRACE_STEP_LOAD:
			v[s->d] = cut(v[s->s] + (uint64_t)s->imm, s->size);
			break;
		case DTRACE_STEP_ADD:
			v[s->d] += v[s->s] << s->imm;
			break;
		case DTRACE_STEP_ARG:
			assert_true(s->d < DTRACE_STEP_ARGS);
			arg[s->d] = v[s->s];
			break;
		default:
			fail_msg("operation %d", s->op);
		}
	}
}

static bool value(void *ctx, const char *name, enum dt_name_kind kind, int64_t *ret)
{
	(void)ctx;
	if (!strcmp(name, "counter") || !strcmp(name, "_ZN1a1bE.llvm.12"))
		*ret = (int64_t)COUNTER;
	else
		return !strcmp(name, "errs") && kind == DT_NAME_TPOFF && (*ret = -24, true);
	return kind == DT_NAME_ADDR;
}
static const struct dt_argnames names = { value, NULL };

static void operands(void **state)
{
	static const struct { const char *text; uint64_t want; const char *type; } cases[] = {
		/* registers of all widths */
		{ "8@%rax", AX, "uint64_t" }, { "-8@%rcx", CX, "int64_t" }, { "8@%r9", R9, "uint64_t" },
		{ "8@%r15", R(15), "uint64_t" }, { "8@%rip", R(16), "uint64_t" },
		{ "4@%eax", 0x55667788, "uint32_t" }, { "-4@%eax", 0x55667788, "int32_t" },
		{ "4@%r9d", 0x5e6f8091, "uint32_t" }, { "2@%si", 0x7d8e, "uint16_t" }, { "-2@%ax", 0x7788, "int16_t" },
		{ "2@%r9w", 0x8091, "uint16_t" }, { "1@%al", 0x88, "uint8_t" }, { "-1@%al", -0x78ull, "int8_t" },
		{ "1@%ah", 0x77, "uint8_t" }, { "-1@%bh", 0x7a, "int8_t" }, { "1@%sil", 0x8e, "uint8_t" },
		{ "1@%spl", 0x8c, "uint8_t" }, { "-1@%r9b", -0x6full, "int8_t" }, { "1@%r9l", 0x91, "uint8_t" },
		/* register and size differ: the narrower one counts, the note's sign holds */
		{ "4@%al", 0x88, "uint32_t" }, { "-4@%al", -0x78ull, "int32_t" }, { "-8@%eax", 0x55667788, "int64_t" },
		{ "4@%rax", 0x55667788, "uint32_t" }, { "%rbx", BX, "uint64_t" }, { "8f@%rax", AX, "double" },
		/* constants */
		{ "-4@$5", 5, "int32_t" }, { "-4@$-5", -5ull, "int32_t" }, { "4@$-1", 0xffffffff, "uint32_t" },
		{ "1@$300", 44, "uint8_t" }, { "-1@$255", -1ull, "int8_t" }, { "8@$0x10", 16, "uint64_t" },
		{ "8@$18446744073709551615", ~0ull, "uint64_t" }, { "-8@$-9223372036854775808", 1ull << 63, "int64_t" },
		{ "8@$counter+4", COUNTER + 4, "uint64_t" },
		/* memory */
		{ "8@(%rbp)", BP, "uint64_t" }, { "8@16(%rbp)", BP + 16, "uint64_t" },
		{ "8@-80(%rbx)", BX - 80, "uint64_t" }, { "8@0x18(%rsp)", SP + 24, "uint64_t" },
		{ "4@-4(%rbp)", 0x5a6b7c89, "uint32_t" }, { "-1@3(%rax)", -0x75ull, "int8_t" },
		{ "8@(%rbx,%rcx)", BX + CX, "uint64_t" }, { "8@(%rbx,%rcx,8)", BX + 8 * CX, "uint64_t" },
		{ "8@-8(%rbx,%rcx,2)", BX + 2 * CX - 8, "uint64_t" }, { "8@16(,%rcx,4)", 4 * CX + 16, "uint64_t" },
		{ "8@( %rbx , %rcx , 4 )", BX + 4 * CX, "uint64_t" }, { "8@(%ebx)", BX & 0xffffffff, "uint64_t" },
		{ "8@counter(%rip)", COUNTER, "uint64_t" }, { "-4@counter+4(%rip)", COUNTER + 4, "int32_t" },
		{ "8@8+counter(%rip)", COUNTER + 8, "uint64_t" }, { "8@counter-8(%rip)", COUNTER - 8, "uint64_t" },
		{ "8@_ZN1a1bE.llvm.12(%rip)", COUNTER, "uint64_t" }, { "8@counter", COUNTER, "uint64_t" },
		{ "8@counter+16(,%rax,8)", COUNTER + 16 + 8 * AX, "uint64_t" },
		{ "8@counter(%rax)", COUNTER + AX, "uint64_t" }, { "8f@-8(%rbp)", BP - 8, "double" },
		/* segments */
		{ "8@%fs:40", FS + 40, "uint64_t" }, { "8@%fs:-8(%rax)", FS + AX - 8, "uint64_t" },
		{ "4@%fs:(%rax,%rcx,4)", (FS + AX + 4 * CX) & 0xffffffff, "uint32_t" },
		{ "8@%fs:errs@tpoff", FS - 24, "uint64_t" }, { "8@%fs:errs@TPOFF+8", FS - 16, "uint64_t" },
		{ "8@%ds:16(%rax)", AX + 16, "uint64_t" }, { "8@errs@tpoff(%rbx)", BX - 24, "uint64_t" },
	};
	struct dt_argspecs a;
	uint64_t arg[DTRACE_STEP_ARGS];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dt_argspecs_parse(cases[i].text, &names, &a);
		if (a.n != 1 || a.arg[0].why[0])
			fail_msg("%s: %u arguments, %s", cases[i].text, a.n, a.arg[0].why);
		assert_string_equal(a.arg[0].type, cases[i].type);
		run(&a, arg);
		if (arg[0] != cases[i].want)
			fail_msg("%s: 0x%lx, not 0x%lx", cases[i].text, arg[0], cases[i].want);
	}
}

/* What cannot be had says why, reads as 0, and leaves its neighbours alone. */
static void refused(void **state)
{
	static const struct { const char *text, *why; } cases[] = {
		{ "8f@%xmm0", "%xmm0" }, { "4@%ymm11", "vector" }, { "8@%st(0)", "floating-point" }, { "8@%mm1",
		"vector" },
		{ "16@%rax", "16 bytes" }, { "3@%rax", "3 bytes" }, { "0@%rax", "0 bytes" }, { "8@%cr3", "%cr3" },
		{ "8@", "nothing" }, { "8@5", "may be a constant or an address" }, { "8@0x601040", "\"$\"" },
		{ "8@16(%rip)", "%rip" }, { "8@(%rip)", "%rip" }, { "8@nosuch(%rip)", "nosuch" },
		{ "8@counter@GOTPCREL(%rip)", "GOTPCREL" }, { "8@counter-counter(%rip)", "another name" },
		{ "8@4-counter(%rip)", "counter" }, { "8@counter(%rip,%rax)", "%rip" }, { "8@(%rax,%rip)", "%rip" },
		{ "8@(%rax,%rcx,3)", "scale" }, { "8@(%rax,%rcx,)", "scale" }, { "8@(%ax)", "part of a register" },
		{ "8@(%rax", "not understood" }, { "8@(rax)", "register is missing" }, { "8@()",
		"register is missing" },
		{ "8@(%rax)x", "not understood" }, { "8@%rax+4", "not understood" }, { "8@%r16", "%r16" },
		{ "8@%r8x", "%r8x" }, { "8@%gs:16", "%gs" }, { "8@$", "constant" }, { "8@$foo", "foo" },
		{ "8@$5(%rax)", "constant" },
		{ "8@$99999999999999999999", "too large" }, { "8@QWORD PTR [rbp-8]", "where QWORD is" },
		{ "8@--5(%rax)", "operand" },
		{ "8@%", "%" }, { "8@%fs:x@tpoff", "x" }, { "8f@$5", "floating" }, { "8@12ab(%rax)", "not understood" },
	};
	struct dt_argspecs a;
	uint64_t arg[DTRACE_STEP_ARGS];
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dt_argspecs_parse(cases[i].text, &names, &a);
		if (!a.arg[0].why[0] || !strstr(a.arg[0].why, cases[i].why))
			fail_msg("%s: \"%s\" lacks \"%s\"", cases[i].text, a.arg[0].why, cases[i].why);
		assert_int_equal(a.nstep, 0);
		if (strchr(cases[i].text, ' ') || strchr(cases[i].text, '(') > strchr(cases[i].text, ')'))
			continue;
		snprintf(text, sizeof(text), "8@%%rcx %s -4@$-3", cases[i].text);
		dt_argspecs_parse(text, &names, &a);
		assert_int_equal(a.n, 3);
		run(&a, arg);
		assert_int_equal(arg[0], CX);
		assert_int_equal(arg[1], 0);
		assert_int_equal(arg[2], -3);
	}
}

static void many(void **state)
{
	struct dt_argspecs a;
	uint64_t arg[DTRACE_STEP_ARGS];
	char text[2048] = "";

	(void)state;
	dt_argspecs_parse("", &names, &a);
	assert_int_equal(a.n, 0);
	dt_argspecs_parse(" 8@%rdx\t-8@80(%rbx)\n", NULL, &a);
	assert_int_equal(a.n, 2);
	run(&a, arg);
	assert_int_equal(arg[0], R(2));
	assert_int_equal(arg[1], BX + 80);
	for (int i = 0; i < 14; i++)
		sprintf(text + strlen(text), "-4@$%d ", i);
	dt_argspecs_parse(text, &names, &a);
	assert_int_equal(a.n, 14);
	run(&a, arg);
	for (int i = 0; i < DTRACE_STEP_ARGS; i++)
		assert_int_equal(arg[i], i);
	/* All ten of the longest form do not fit one recipe: the last ones say so. */
	text[0] = 0;
	for (int i = 0; i < 10; i++)
		strcat(text, "8@%fs:8(%rax,%rcx,8) ");
	dt_argspecs_parse(text, &names, &a);
	run(&a, arg);
	assert_int_equal(arg[8], FS + 8 + AX + 8 * CX);
	assert_int_equal(arg[9], 0);
	assert_non_null(strstr(a.arg[9].why, "complicated"));
}

/* Any text is taken: pieces of operands in random order, and random bytes. */
static void nonsense(void **state)
{
	static const char *const pieces[] = {
		"8", "-4", "@", "f", "%", "rax", "ecx", "r9", "b", "(", ")", ",", "$", "-", "+", "0x", "5",
		"99999999999999999999",
		"counter", "@tpoff", "%fs:", "%rip", " ", "xmm0", "\xff", "1", ":", "%rbx",
	};
	struct dt_argspecs a;
	uint64_t arg[DTRACE_STEP_ARGS];
	char text[1200];

	(void)state;
	srand(1);
	for (int round = 0; round < 100000; round++) {
		size_t n = 0, len = (size_t)(rand() % (round % 100 ? 12 : 180));

		text[0] = 0;
		for (size_t i = 0; i < len; i++)
			n += (size_t)sprintf(text + n, "%s",
					     pieces[(size_t)rand() % (sizeof(pieces) / sizeof(*pieces))]);
		dt_argspecs_parse(text, &names, &a);
		run(&a, arg);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(operands), cmocka_unit_test(refused), cmocka_unit_test(many),
		cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
