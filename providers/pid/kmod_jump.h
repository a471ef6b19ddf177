/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counting without a trap: the code. Plain C over port.h, so that tests and benchmarks run the same.
 *
 *   entry:	jmp head			instead of the first instructions, the "prefix"
 *   head:	rax is saved below the stack pointer, this CPU's copy of the counter is found
 *		and incremented, rax is restored
 *   body:	the prefix, relocated; a jump to what follows it
 *
 * Between the old instructions. A thread may come to an instruction of the prefix that is
 * not the first one: it was preempted there, or a signal handler returns there, a debugger or
 * a jump table leads there. So the jump's displacement is chosen such that each byte where an old
 * instruction began traps by itself: 0xcc, or an opcode that 64-bit mode leaves undefined. Whoever
 * comes there is moved to that instruction's copy in the body. This is why no thread has to be
 * looked for, and why nobody's word is needed that nothing jumps into those bytes.
 *
 * Counting exactly. Each CPU has a copy of the counter, and increments it by one plain instruction: a locked one
 * costs three times as much as all the rest. That is exact as long as the thread is still on the
 * CPU whose number it has read; so whoever is switched out in between (dpid_jump_map: from saved to counted)
 * goes back to where the number is read. The number comes from the processor (rdpid, or the limit of a segment),
 * never from memory of the program's.
 *
 * Registers. Compilers keep values in call-clobbered registers across calls of functions that
 * they know not to touch them, so no register is free on entry. The bytes below the stack
 * pointer are: what called or jumped to a function keeps nothing there. Flags are free if libdtrace says
 * so; should it be wrong, only the process suffers.
 */
#ifndef DPID_JUMP_H
#define DPID_JUMP_H

#include "kmod_emit.h"

#define DPID_JUMP_LEN		5
#define DPID_PREFIX_MAX		(DPID_JUMP_LEN - 1 + DPID_INSN_MAX)
#define DPID_PREFIX_INSNS	DPID_JUMP_LEN
#define DPID_JMP_OPCODE		0xe9
/* A page of counters belongs to one copy; a counter's copies lie a page apart. */
#define DPID_COPY_SHIFT		12

struct dpid_prefix {
	u8 len;				/* < DPID_JUMP_LEN: it ends in a return or jump, padding follows */
	u8 n;
	u8 at[DPID_PREFIX_INSNS];	/* where in it each instruction begins */
	u8 inside;			/* bit k: one begins at byte k of what is overwritten, k > 0 */
	struct dpid_insn insn[DPID_PREFIX_INSNS];
};

/* Where the parts of a stub begin, from its head. */
struct dpid_jump_map {
	u8 saved;			/* rax has been put away; next, the CPU's number is read */
	u8 counted;			/* the increment is done */
	u8 body;			/* rax is as it was */
	u8 insn[DPID_PREFIX_INSNS];
	u8 back;			/* the jump back; 0: there is none */
	u8 size;
};

/*
 * Take @len bytes apart: whole instructions that can run elsewhere, one after the other; only the last may
 * be a jump or return. -EINVAL: not so, or too few.
 */
int dpid_prefix_decode(const u8 *b, u32 len, struct dpid_prefix *px);

/*
 * The lowest address from @from on where a stub for @addr may begin; 0: none before @to. @int3: only 0xcc will do as
 * trap. [from, to) lies wholly above or below @addr.
 */
u64 dpid_jump_place(u64 addr, u8 inside, bool int3, u64 from, u64 to);

/*
 * The stub for the prefix @b of @addr, to run at @code->at. @base: address of the counter's first copy; @copies:
 * a power of two, more than any CPU's number. -ERANGE: something is out of reach.
 */
int dpid_jump_build(struct dpid_code *code, const struct dpid_prefix *px, const u8 *b, u64 addr,
		    u64 base, u32 copies, bool rdpid, struct dpid_jump_map *map);

/* The bytes that make @addr jump to @stub. */
void dpid_jump_bytes(u8 jump[DPID_JUMP_LEN], u64 addr, u64 stub);
/* Is this one of the bytes that trap where an instruction began? */
bool dpid_jump_traps(u8 byte);

#endif /* DPID_JUMP_H */
