/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Machine code of a stub's head: what a thread computes by itself instead of trapping. Plain C over port.h.
 *
 * Registers. The head may use rax, r10, r11 and rdx, which it has put away below the stack pointer; every
 * other register is the program's, and holds what it did at the function's entry. So arguments are where the ABI
 * puts them, but the third, which is in its slot (DPID_SLOT_DX) if rdx was put away.
 *
 * At a return, arg1 is what rax was, and there is no other argument.
 *
 * A difo's registers: %r1 is r10, %r2 is r11, the next six are slots below the stack pointer, and rax is
 * what operands pass through. Its value is left in r10.
 */
#ifndef DPID_GEN_H
#define DPID_GEN_H

#include "engine.h"

#define DPID_HEAD_MAX	1024

/* Below the stack pointer: 128 bytes that signal handlers leave alone. */
#define DPID_SLOT_AX	(-8)
#define DPID_SLOT_R10	(-16)
#define DPID_SLOT_R11	(-24)
#define DPID_SLOT_DX	(-32)
#define DPID_SLOT_X	(-40)		/* a value for as long as r10 is needed otherwise */
#define DPID_SLOT_DIF	(-48)		/* %r3, and downwards */
#define DPID_NDIFREGS	9		/* %r0 to %r8 */
#define DPID_SLOT_FLAGS	(-96)		/* as lahf gives them, in ah, and the overflow flag, in al */

#define DPID_ARGS	6		/* as many arguments are in registers */

/* Encoded as in instructions. */
enum { DPID_RAX, DPID_RCX, DPID_RDX, DPID_RSP = 4, DPID_RSI = 6, DPID_RDI, DPID_R8, DPID_R9, DPID_R10, DPID_R11 };

struct dpid_gen {
	u32 n;
	bool full;		/* the buffer's end was reached: nothing is to be used */
	bool divides;		/* rdx has been put away, and may be used, not only to divide */
	bool returns;		/* arguments are those of a return */
	bool bmi2;		/* the processor has shlx and its like */
	u8 b[DPID_HEAD_MAX];
};

void dpid_gen(struct dpid_gen *g, const void *p, u32 n);
#define DPID_GEN(g, ...) \
	do { \
		static const u8 insn_[] = { __VA_ARGS__ }; \
		dpid_gen(g, insn_, sizeof(insn_)); \
	} while (0)
void dpid_gen1(struct dpid_gen *g, u8 v);
void dpid_gen4(struct dpid_gen *g, u32 v);
/* mov between a register and its place at @slot(%rsp). */
void dpid_gen_load(struct dpid_gen *g, u32 reg, s32 slot);
void dpid_gen_store(struct dpid_gen *g, u32 reg, s32 slot);
/* mov $@v,@reg */
void dpid_gen_set(struct dpid_gen *g, u32 reg, u64 v);
/* A jump to what is not there yet (condition as in jcc; DPID_ALWAYS); returns what dpid_gen_here() wants. */
#define DPID_ALWAYS	16
u32 dpid_gen_jump(struct dpid_gen *g, u32 condition);
void dpid_gen_here(struct dpid_gen *g, u32 jump);
/* The same for less than 128 bytes, and backwards to @to. */
u32 dpid_gen_hop(struct dpid_gen *g, u32 condition);
void dpid_gen_hop_here(struct dpid_gen *g, u32 hop);
void dpid_gen_hop_back(struct dpid_gen *g, u32 condition, u32 to);

/* Does the difo divide, or shift? Then rdx is needed. */
bool dpid_difo_divides(const struct dtk_difo *difo);
/*
 * The value of a checked difo to r10. Returns 0, or -EOPNOTSUPP: it needs more than arguments and constants, or
 * could fault.
 */
int dpid_gen_difo(struct dpid_gen *g, const struct dtk_difo *difo);

#endif /* DPID_GEN_H */
