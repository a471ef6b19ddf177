/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers that a trap has saved, by their numbers (DTRACE_REG_*). Inline: recipes ask where nothing may be
 * called.
 */
#ifndef DPID_REGS_H
#define DPID_REGS_H

#include <linux/ptrace.h>
#include <linux/stddef.h>

/* Not FSBASE, which nobody saves. */
static __always_inline u64 dpid_reg(const struct pt_regs *regs, u32 reg)
{
#define AT(r) offsetof(struct pt_regs, r)
	static const u8 at[] = {
		AT(ax), AT(cx), AT(dx), AT(bx), AT(sp), AT(bp), AT(si), AT(di),
		AT(r8), AT(r9), AT(r10), AT(r11), AT(r12), AT(r13), AT(r14), AT(r15), AT(ip),
	};
#undef AT
	return *(const unsigned long *)((const u8 *)regs + at[reg]);
}

#endif /* DPID_REGS_H */
