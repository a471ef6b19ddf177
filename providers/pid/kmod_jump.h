/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A jump instead of a trap: the code. Plain C over port.h, so that tests and benchmarks run the same.
 *
 *   entry:	jmp stub			instead of the first instructions, the "prefix"
 *   head:	registers are saved below the stack pointer, this CPU's copy of the cells is found
 *		and updated, registers are restored: kmod_tally.h
 *   body:	the prefix, relocated; a jump to what follows it
 *
 * A return is one byte, so its jump may have to begin a few instructions earlier, in the "lead". Their copies come
 * first then, before the head: what counts is still the point, the return, which is the prefix's pivot.
 *
 * Between the old instructions. A thread may come to an instruction of the prefix that is
 * not the first one: it was preempted there, or a signal handler returns there, a debugger or
 * a jump table leads there. So the jump's displacement is chosen such that each byte where an old
 * instruction began traps by itself: 0xcc, or an opcode that 64-bit mode leaves undefined. Whoever
 * comes there is moved to that instruction's copy in the body. This is why no thread has to be
 * looked for, and why nobody's word is needed that nothing jumps into those bytes.
 *
 * Registers. Compilers keep values in call-clobbered registers across calls of functions that
 * they know not to touch them, so no register is free on entry. The bytes below the stack
 * pointer are: what called or jumped to a function keeps nothing there, and what returns has done with
 * it. Flags are free if libdtrace says so; should it be wrong, only the process suffers.
 */
#ifndef DPID_JUMP_H
#define DPID_JUMP_H

#include "kmod_emit.h"
#include "kmod_tally.h"

#define DPID_JUMP_LEN		5
#define DPID_PREFIX_MAX		(DPID_JUMP_LEN - 1 + DPID_INSN_MAX)
#define DPID_PREFIX_INSNS	DPID_JUMP_LEN
#define DPID_JMP_OPCODE		0xe9
#define DPID_LANDING_MAX	(DPID_HEAD_MAX + 2 * DPID_CODE_MAX)

struct dpid_prefix {
	u8 len;				/* < DPID_JUMP_LEN: it ends in a return or jump, padding follows */
	u8 n;
	u8 pivot;			/* the instruction that is the point */
	u8 at[DPID_PREFIX_INSNS];	/* where in it each instruction begins */
	u8 inside;			/* bit k: one begins at byte k of what is overwritten, k > 0 */
	struct dpid_insn insn[DPID_PREFIX_INSNS];
};

/* Where the parts of a stub begin. The pivot's copy is at the head's end. */
struct dpid_jump_map {
	u16 head;			/* not 0: there is a lead */
	u16 insn[DPID_PREFIX_INSNS];
	u16 back;			/* the jump back; 0: there is none */
	u16 size;
};

/*
 * Take @len bytes apart, of which @lead are before the point: whole instructions that can run elsewhere, one after the
 * other; only the last may be a jump or return. -EINVAL: not so, or too few.
 */
int dpid_prefix_decode(const u8 *b, u32 len, u32 lead, struct dpid_prefix *px);

/*
 * The lowest address from @from on where a stub for @addr may begin; 0: none before @to. @int3: only 0xcc will do as
 * trap. [from, to) lies wholly above or below @addr.
 */
u64 dpid_jump_place(u64 addr, u8 inside, bool int3, u64 from, u64 to);

/* How long a stub with that head is. */
u32 dpid_jump_size(const struct dpid_prefix *px, const struct dpid_plan *plan);
/*
 * The stub for the prefix @b of @addr, to run at @at, in @out. @cells: where the first copy of the plan's are.
 * -ERANGE: something is out of reach.
 */
int dpid_jump_build(u8 out[DPID_LANDING_MAX], u64 at, const struct dpid_prefix *px, const u8 *b, u64 addr,
		    const struct dpid_plan *plan, u64 cells, struct dpid_jump_map *map);

/* The bytes that make @addr jump to @stub. */
void dpid_jump_bytes(u8 jump[DPID_JUMP_LEN], u64 addr, u64 stub);
/* Is this one of the bytes that trap where an instruction began? */
bool dpid_jump_traps(u8 byte);

#endif /* DPID_JUMP_H */
