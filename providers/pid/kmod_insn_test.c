// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one-instruction decoder. The table says what each instruction is; the
 * second test compares lengths and kinds with Zydis over random bytes, where
 * we may refuse more, but must never say something else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <Zydis/Zydis.h>

#include "kmod_insn.c"

#define REFUSED 0xff
#define COPY	DTRACE_PID_COPY
#define RIPREL	DTRACE_PID_RIPREL
#define JMP	DTRACE_PID_JMP
#define JCC	DTRACE_PID_JCC
#define CALL	DTRACE_PID_CALL
#define RET	DTRACE_PID_RET
#define JMPIND	DTRACE_PID_JMPIND
#define CALLIND	DTRACE_PID_CALLIND
#define LOOP	DTRACE_PID_LOOP

static const struct {
	const char *bytes;
	u8 len, kind, off;
} known[] = {
	{ "\x55", 1, COPY },						/* push %rbp */
	{ "\x48\x83\xec\x08", 4, COPY },				/* sub $8,%rsp */
	{ "\x48\x81\xec\x00\x01\x00\x00", 7, COPY },
	{ "\xf3\x0f\x1e\xfa", 4, COPY },				/* endbr64 */
	{ "\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00", 10, COPY },	/* nopw */
	{ "\x48\xb8\1\2\3\4\5\6\7\x08", 10, COPY },			/* movabs */
	{ "\x66\xb8\1\2", 4, COPY },					/* mov $imm16,%ax */
	{ "\xc8\x10\x00\x00", 4, COPY },				/* enter */
	{ "\x0f\x28\xc8", 3, COPY },					/* movaps */
	{ "\xc5\xf8\x77", 3, COPY },					/* vzeroupper */
	{ "\x62\xf1\x7c\x48\x28\xc8", 6, COPY },			/* vmovaps %zmm0,%zmm1 */
	{ "\x0f\x05", 2, COPY },					/* syscall */
	{ "\xf6\x05\1\0\0\0\x80", 7, RIPREL, 2 },			/* testb $imm,(%rip) */
	{ "\xf7\x15\1\0\0\0", 6, RIPREL, 2 },				/* notl (%rip) */
	{ "\x48\x8b\x05\1\0\0\0", 7, RIPREL, 3 },			/* mov (%rip),%rax */
	{ "\xc5\xfb\x10\x05\1\0\0\0", 8, RIPREL, 4 },			/* vmovsd (%rip) */
	{ "\xeb\x10", 2, JMP, 1 },
	{ "\xe9\1\0\0\0", 5, JMP, 1 },
	{ "\xf2\xe9\1\0\0\0", 6, JMP, 2 },				/* bnd jmp */
	{ "\x74\x10", 2, JCC, 1 },
	{ "\x0f\x84\1\0\0\0", 6, JCC, 2 },
	{ "\xe8\1\0\0\0", 5, CALL, 1 },
	{ "\x66\x66\x48\xe8\1\0\0\0", 8, CALL, 4 },			/* the TLS sequence's call */
	{ "\xc3", 1, RET },
	{ "\xf3\xc3", 2, RET },
	{ "\xc2\x08\x00", 3, RET },
	{ "\xff\xe0", 2, JMPIND },
	{ "\x3e\xff\xe0", 3, JMPIND },					/* notrack jmp *%rax */
	{ "\xff\x25\1\0\0\0", 6, JMPIND, 2 },
	{ "\xff\x24\xc5\0\0\0\0", 7, JMPIND },				/* jmp *tab(,%rax,8) */
	{ "\xff\xd0", 2, CALLIND },
	{ "\xff\x15\1\0\0\0", 6, CALLIND, 2 },
	{ "\xff\x54\x24\x08", 4, CALLIND },
	{ "\xe2\xfe", 2, LOOP, 1 },
	{ "\x67\xe3\xfe", 3, LOOP, 2 },
	{ "\xcc", 1, REFUSED },
	{ "\xf1", 1, REFUSED },						/* int1 */
	{ "\xc7\xf8\0\0\0\0", 6, REFUSED },				/* xbegin */
	{ "\xcb", 1, REFUSED },						/* far return */
	{ "\xff\x18", 2, REFUSED },					/* far call */
	{ "\x48\xcf", 2, REFUSED },					/* iretq */
	{ "\x66\xe9\1\0\0\0", 6, REFUSED },				/* jump that may cut rip */
	{ "\x67\x8b\x05\1\0\0\0", 7, REFUSED },				/* eip-relative */
	{ "\xd5\x00\x90", 3, REFUSED },					/* REX2 */
	{ "\x8f\xe9\x78\x01\xc0", 5, REFUSED },				/* XOP */
	{ "\x40\x40\x90", 3, REFUSED },
};

static void test_known(void **state)
{
	struct dpid_insn in;
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		const u8 *b = (const u8 *)known[i].bytes;

		if (known[i].kind == REFUSED) {
			assert_int_equal(dpid_insn_decode(b, known[i].len, &in), -EINVAL);
			continue;
		}
		if (dpid_insn_decode(b, known[i].len, &in) || in.len != known[i].len ||
		    in.kind != known[i].kind || in.off != known[i].off)
			fail_msg("entry %u: len %u kind %u off %u", i, in.len, in.kind, in.off);
		for (n = 0; n < known[i].len; n++)	/* cut off: never read beyond */
			if (!dpid_insn_decode(b, n, &in) && in.len > n)
				fail_msg("entry %u cut to %u", i, n);
	}
}

static u8 zydis_kind(const ZydisDecodedInstruction *zi, const ZydisDecodedOperand *op)
{
	u32 i;

	switch (zi->meta.category) {
	case ZYDIS_CATEGORY_COND_BR:
		if (!(zi->attributes & ZYDIS_ATTRIB_IS_RELATIVE))
			return COPY;		/* xend, xabort */
		return zi->opcode >= 0xe0 && zi->opcode <= 0xe3 ? LOOP : JCC;
	case ZYDIS_CATEGORY_UNCOND_BR:
		if (zi->mnemonic != ZYDIS_MNEMONIC_JMP)
			break;
		return zi->raw.imm[0].is_relative ? JMP : JMPIND;
	case ZYDIS_CATEGORY_CALL:
		return zi->raw.imm[0].is_relative ? CALL : CALLIND;
	case ZYDIS_CATEGORY_RET:
		return RET;
	default:
		break;
	}
	for (i = 0; i < zi->operand_count; i++)
		if (op[i].type == ZYDIS_OPERAND_TYPE_MEMORY && op[i].mem.base == ZYDIS_REGISTER_RIP)
			return RIPREL;
	return COPY;
}

/* Lead bytes that make the rarer maps likely. */
static void random_insn(u8 *b, u32 i)
{
	static const u8 lead[] = { 0x0f, 0xc4, 0xc5, 0x62, 0x66, 0x48, 0xff, 0xf3 };
	u32 k;

	for (k = 0; k < DPID_INSN_MAX; k++)
		b[k] = rand() >> 7;
	if (i & 1)
		b[0] = lead[i / 2 % ARRAY_SIZE(lead)];
}

static void test_zydis_agrees(void **state)
{
	ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction zi;
	u32 i, compared = 0;
	struct dpid_insn in;
	ZydisDecoder dec;
	u8 b[DPID_INSN_MAX];

	ZydisDecoderInit(&dec, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	srand(1);
	for (i = 0; i < 500000; i++) {
		random_insn(b, i);
		if (dpid_insn_decode(b, sizeof(b), &in) ||
		    !ZYAN_SUCCESS(ZydisDecoderDecodeFull(&dec, b, sizeof(b), &zi, op)))
			continue;
		compared++;
		if (in.len != zi.length || in.kind != zydis_kind(&zi, op) ||
		    (in.off != 0) != !!(zi.attributes & ZYDIS_ATTRIB_IS_RELATIVE))
			fail_msg("%02x %02x %02x %02x %02x %02x %02x %02x: %u/%u kind %u/%u", b[0], b[1],
				 b[2], b[3], b[4], b[5], b[6], b[7], in.len, zi.length, in.kind,
				 zydis_kind(&zi, op));
	}
	assert_true(compared > 100000);
}

static int jump(const char *bytes, u32 n, const struct dpid_regs *r, u64 *to)
{
	struct dpid_insn in;

	assert_int_equal(dpid_insn_decode((const u8 *)bytes, n, &in), 0);
	return dpid_insn_jump(&in, (const u8 *)bytes, 0x1000, r, to);
}

static void test_conditions(void **state)
{
	/* Flags of "cmp a, b" outcomes: CF 1, PF 4, ZF 0x40, SF 0x80, OF 0x800. */
	static const struct {
		u8 cc;
		u64 flags;
		int taken;
	} cases[] = {
		{ 0x4, 0x40, 1 }, { 0x4, 0, 0 }, { 0x5, 0x40, 0 }, { 0x2, 1, 1 }, { 0x3, 1, 0 },
		{ 0x6, 0x40, 1 }, { 0x6, 1, 1 }, { 0x7, 0, 1 }, { 0x8, 0x80, 1 }, { 0xa, 4, 1 },
		{ 0x0, 0x800, 1 }, { 0xc, 0x80, 1 }, { 0xc, 0x880, 0 }, { 0xd, 0x880, 1 },
		{ 0xe, 0x40, 1 }, { 0xe, 0x800, 1 }, { 0xf, 0, 1 }, { 0xf, 0xc0, 0 },
	};
	char b[2] = { 0, 0x10 };
	u64 to;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct dpid_regs r = { .flags = cases[i].flags };

		b[0] = 0x70 | cases[i].cc;
		assert_int_equal(jump(b, 2, &r, &to), cases[i].taken);
		assert_int_equal(to, 0x1012);
	}
}

static void test_loops(void **state)
{
	struct dpid_regs r = { .r = { 0, 1 } };
	u64 to;

	assert_int_equal(jump("\xe2\xfe", 2, &r, &to), 0);
	assert_int_equal(to, 0x1000);
	r.r[1] = 2;
	assert_int_equal(jump("\xe2\xfe", 2, &r, &to), 1);
	assert_int_equal(jump("\xe1\xfe", 2, &r, &to), 0);	/* loope, ZF clear */
	assert_int_equal(jump("\xe0\xfe", 2, &r, &to), 1);
	r.flags = 0x40;
	assert_int_equal(jump("\xe1\xfe", 2, &r, &to), 1);
	r.r[1] = 0;
	assert_int_equal(jump("\xe2\xfe", 2, &r, &to), 1);	/* wraps */
	assert_int_equal(jump("\xe3\xfe", 2, &r, &to), 1);
	r.r[1] = 1ull << 32;
	assert_int_equal(jump("\xe3\xfe", 2, &r, &to), 0);
	assert_int_equal(jump("\x67\xe3\xfe", 3, &r, &to), 1);	/* jecxz */
}

static void test_indirect(void **state)
{
	struct dpid_regs r = { .r = { [0] = 0x1234, [8] = 0x5678 } };
	u64 to;

	assert_int_equal(jump("\xff\xe0", 2, &r, &to), 1);
	assert_int_equal(to, 0x1234);
	assert_int_equal(jump("\x41\xff\xe0", 3, &r, &to), 1);
	assert_int_equal(to, 0x5678);
	assert_int_equal(jump("\xff\x20", 2, &r, &to), -EFAULT);	/* nothing is mapped */
	assert_int_equal(jump("\x64\xff\x20", 3, &r, &to), -EINVAL);	/* %fs: */
}

static void test_effective(void **state)
{
	struct dpid_regs r = { .r = { [0] = 0x100, [1] = 3, [4] = 0x8000, [12] = 0x9000 } };
	struct dpid_insn in;
	static const struct {
		const char *b;
		u8 len;
		u64 ea;
	} cases[] = {
		{ "\xff\x20", 2, 0x100 },				/* *(%rax) */
		{ "\xff\x60\xf8", 3, 0xf8 },				/* *-8(%rax) */
		{ "\xff\x24\xc8", 3, 0x118 },				/* *(%rax,%rcx,8) */
		{ "\xff\x24\x24", 3, 0x8000 },				/* *(%rsp) */
		{ "\x41\xff\x24\x24", 4, 0x9000 },			/* *(%r12) */
		{ "\xff\x24\xcd\x40\0\0\0", 7, 0x58 },			/* *0x40(,%rcx,8) */
		{ "\xff\x25\x10\0\0\0", 6, 0x1016 },			/* *0x10(%rip) */
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const u8 *b = (const u8 *)cases[i].b;

		assert_int_equal(dpid_insn_decode(b, cases[i].len, &in), 0);
		assert_int_equal(effective(&in, b, 0x1000, &r), cases[i].ea);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_zydis_agrees),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_loops),
		cmocka_unit_test(test_indirect),
		cmocka_unit_test(test_effective),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
