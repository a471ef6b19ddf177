/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Recipes: how a tracepoint of a static probe or of an interpreter computes the
 * probe's arguments, and whether the probe fires at all.
 *
 * A recipe is a list of steps over sixteen 64-bit values v[0..15], all 0 at first.
 * It is run in the trap, with the registers as they are before the
 * displaced instruction. Steps only ever skip forward, so every recipe ends.
 * Memory is that of the traced process, read without faulting. If it is not
 * resident, the hit is made again on the thread's way back to user mode, where pages can be
 * brought in; if some of it can not be read then either, the firing is a drop, which the consumer is told.
 *
 * The kernel checks a recipe when it is added (-EINVAL): operations, indices,
 * sizes, skips, DTRACE_STEP_MAX steps at most.
 */
#ifndef DTRACE_RECIPE_H
#define DTRACE_RECIPE_H

#include <linux/types.h>

#define DTRACE_STEP_MAX		64	/* of one recipe */
#define DTRACE_STEP_VALUES	16
#define DTRACE_STEP_ARGS	10

struct dtrace_step {
	__u8  op;	/* DTRACE_STEP_* */
	__u8  d, s;	/* indices into v[], if nothing else is said */
	__u8  size;	/* 1, 2, 4, 8; | DTRACE_STEP_SIGNED; 0 where it means nothing */
	__u32 skip;	/* IF_*: steps to leave out; else 0 */
	__s64 imm;
};
#define DTRACE_STEP_SIGNED	0x80

#define DTRACE_STEP_END		0	/* fire. So does the end of the recipe. d, s, imm 0 */
#define DTRACE_STEP_STOP	1	/* don't fire */
#define DTRACE_STEP_REG		2	/* v[d] = register s (DTRACE_REG_*) >> imm (0, 8), of that size bytes */
#define DTRACE_STEP_IMM		3	/* v[d] = imm */
#define DTRACE_STEP_LOAD	4	/* v[d] = size bytes at v[s] + imm */
#define DTRACE_STEP_ADD		5	/* v[d] += v[s] << imm (0..63) */
#define DTRACE_STEP_ADDI	6	/* v[d] += imm */
#define DTRACE_STEP_SUB		7	/* v[d] -= v[s] << imm (0..63) */
#define DTRACE_STEP_ANDI	8	/* v[d] &= imm */
#define DTRACE_STEP_SHRI	9	/* v[d] >>= imm (0..63), unsigned */
#define DTRACE_STEP_IF_EQ	10	/* if v[d] == imm, leave out the next skip steps */
#define DTRACE_STEP_IF_NE	11
#define DTRACE_STEP_IF_LT	12	/* unsigned < */
#define DTRACE_STEP_IF_GE	13
#define DTRACE_STEP_IF_SAME	14	/* if v[d] == v[s]; imm 0 */
#define DTRACE_STEP_ARG		15	/* arg[d] = v[s]; d 0..9. An argument that is not set reads as 0 */
/*
 * If no program that is enabled reads any of the arguments imm (bit n: arg n), leave out the next skip steps:
 * those that compute them. Which a program reads is known from its instructions.
 */
#define DTRACE_STEP_IF_UNREAD	16
/* Remember v[s] for this thread under the key v[d] (a stack pointer, say), until TAKE. */
#define DTRACE_STEP_SAVE	17
/* v[d] = what was SAVEd by this thread under v[s], and forget it; nothing there: don't fire. */
#define DTRACE_STEP_TAKE	18
/*
 * v[d] = address of the UTF-8 text of the CPython str object at v[s], NUL-terminated: the program's own
 * bytes where there are such, else a copy that copyinstr() and copyin() can read during this firing.
 * imm: DTRACE_TEXT(ascii, utf8, wide): offsets in the object of ASCII data, of the pointer to cached UTF-8
 * and of other data (0x30, 0x38, 0x48 until 3.11; then 0x28, 0x30, 0x38). Not a str that can be read: 0.
 */
#define DTRACE_STEP_TEXT	19
#define DTRACE_TEXT(ascii, utf8, wide) ((ascii) | (utf8) << 8 | (wide) << 16)
/*
 * v[d] = source line of the bytecode at offset v[d] (bytes) in a code object whose first line is v[s] and whose line
 * table is the bytes object at v[s + 1]. No line: 0. imm: DTRACE_LINE_*
 */
#define DTRACE_STEP_LINE	20
#define DTRACE_LINE_LNOTAB	0	/* CPython 3.6 to 3.9 */
#define DTRACE_LINE_310		1	/* 3.10 */
#define DTRACE_LINE_LOCATIONS	2	/* 3.11 and later */
#define DTRACE_STEP_NOPS	21

#define DTRACE_REG_AX	0
#define DTRACE_REG_CX	1
#define DTRACE_REG_DX	2
#define DTRACE_REG_BX	3
#define DTRACE_REG_SP	4
#define DTRACE_REG_BP	5
#define DTRACE_REG_SI	6
#define DTRACE_REG_DI	7
#define DTRACE_REG_R8	8	/* ... R15 = 15 */
#define DTRACE_REG_IP	16
#define DTRACE_REG_FSBASE 17
#define DTRACE_REG_MAX	18

#endif /* DTRACE_RECIPE_H */
