/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much x86-64 decoding as displacing one instruction needs: where it ends,
 * what in it is relative to its own address, and where a jump goes.
 *
 * Userland decodes whole functions with a real disassembler; this decoder only
 * proves what it claims about each single instruction, so it refuses whatever
 * it is not sure of. Plain C over port.h: the same file runs in the unit test.
 */
#ifndef DPID_INSN_H
#define DPID_INSN_H

#include "port.h"
#include <dtrace/pid.h>

#define DPID_INSN_MAX	15

struct dpid_insn {
	u8 len;
	u8 kind;	/* DTRACE_PID_* */
	u8 off;		/* of the displacement relative to the instruction's end, 0: none */
	u8 opc;		/* offset of the last opcode byte */
	u8 modrm;	/* offset, 0: none */
	u8 disp;	/* offset of the memory operand's displacement, 0: none */
	u8 ndisp;	/* its bytes: 0, 1, 4 */
	u8 rex;		/* the prefix or 0 */
	u8 seg;		/* FS or GS override, or 0 */
	bool addr32;	/* 67 prefix */
	bool opsize;	/* 66 prefix */
};

/* User registers in the order of their encoding: ax cx dx bx sp bp si di r8 .. r15. */
struct dpid_regs {
	u64 r[16];
	u64 ip, flags;
};

/* Decode one instruction out of @n bytes. Returns 0, or -EINVAL: unknown, cut off, or not displaceable. */
int dpid_insn_decode(const u8 *b, u32 n, struct dpid_insn *in);

/* Where a direct JMP, JCC, CALL or LOOP at @addr goes, or what address a RIP-relative operand has. */
u64 dpid_insn_target(const struct dpid_insn *in, const u8 *b, u64 addr);

/*
 * Would this jump, about to run with @regs, be taken, and to where? Returns 1:
 * taken, *to is filled; 0: not taken; -EFAULT: its memory operand cannot be read now;
 * -EINVAL: not decidable here (segment override). Context: probe.
 */
int dpid_insn_jump(const struct dpid_insn *in, const u8 *b, u64 addr,
		   const struct dpid_regs *regs, u64 *to);

#endif /* DPID_INSN_H */
