// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stacks at a firing.
 *
 * Kernel: the kernel's own unwinder, from here outwards. The innermost frames
 * are ours, and the interrupt's when a timer fires; they are cut off at the
 * interrupted instruction where the registers tell it, and else at the first
 * frame outside this module. The walk goes to a per-CPU array first, since
 * what is cut off would not fit the caller's: firings do not nest on a CPU.
 *
 * User: a walk has a state (struct ustack) and a step. The step now follows
 * frame pointers, which the ABI leaves optional; a chain that breaks is told
 * from one that ends, so that a cut stack never passes for a whole one. The
 * step is where unwinding by tables belongs: it sees pc, sp and fp of a frame
 * and has to find those of its caller, or say why it cannot.
 *
 * All in probe context.
 */
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sched/task_stack.h>
#include <linux/stacktrace.h>

#include "core.h"

#define KSTACK_MAX	512	/* frames looked at, ours included */
#define USTACK_MAX	4096	/* frames counted by ustackdepth */

static unsigned long __percpu *kstacks;

/* ---- Kernel --------------------------------------------------------------- */

/* Is the pc one at which a user program was interrupted: then no kernel code ran, and there is no stack. */
static bool fired_in_user(const struct dtk_fire *f)
{
	return f->flags & DTK_FIRE_USER;
}

static u32 first_foreign(const unsigned long *pcs, u32 n, struct dtk_fire *f)
{
	u32 i;

	if (f->regs) {
		for (i = 0; i < n; i++)
			if (pcs[i] == f->regs->ip)
				return i;
	}
	for (i = 0; i < n && within_module(pcs[i], THIS_MODULE); i++)
		;
	return i;
}

/* Walk, and set *@ret to the first frame that is not ours. Returns how many there are. */
static u32 kstack(struct dtk_fire *f, const unsigned long **ret)
{
	unsigned long *pcs = this_cpu_ptr(kstacks);
	u32 n, skip;

	if (fired_in_user(f))
		return 0;
	n = stack_trace_save(pcs, KSTACK_MAX, 0);
	skip = first_foreign(pcs, n, f);
	*ret = pcs + skip;
	return n - skip;
}

void dtk_stack_kernel(struct dtk_fire *f, u64 *pcs, u32 n)
{
	const unsigned long *from = NULL;
	u32 i, got = kstack(f, &from);

	for (i = 0; i < n; i++)
		pcs[i] = i < got ? from[i] : 0;
}

u32 dtk_stack_kernel_depth(struct dtk_fire *f)
{
	const unsigned long *from;

	return kstack(f, &from);
}

/* The caller of the function that the probe is in, or 0. */
u64 dtk_stack_caller(struct dtk_fire *f)
{
	const unsigned long *from = NULL;

	return kstack(f, &from) > 1 ? from[1] : 0;
}

/* ---- User ----------------------------------------------------------------- */

struct ustack {
	u64 pc, sp, fp;		/* of the frame at hand; a caller's sp is only a lower bound */
	bool entry;		/* pc is a function's first instruction: no frame is built yet */
};

static bool user_address(u64 addr)
{
	return addr >= PAGE_SIZE && addr < TASK_SIZE_MAX;
}

/* Set up for the innermost frame. Returns DTRACE_USTK_DONE or why there is none. */
static u32 ustack_begin(struct ustack *u, struct dtk_fire *f)
{
	const struct pt_regs *regs;

	if (!current->mm || (current->flags & PF_KTHREAD))
		return DTRACE_USTK_KTHREAD;
	regs = (f->flags & DTK_FIRE_USER) ? f->regs : task_pt_regs(current);
	if (regs->cs == __USER32_CS)
		return DTRACE_USTK_32BIT;
	u->pc = dtk_user_pc(regs);
	u->sp = regs->sp;
	u->fp = regs->bp;
	u->entry = (f->flags & DTK_FIRE_ENTRY) && (f->flags & DTK_FIRE_USER);
	return DTRACE_USTK_DONE;
}

/* From a function's first instruction to its caller, whose frame is whole. */
static u32 ustack_leave_entry(struct ustack *u)
{
	u->entry = false;
	if (dtk_read_user(&u->pc, u->sp, sizeof(u->pc)))
		return DTRACE_USTK_FAULT;
	u->sp += sizeof(u->pc);
	return DTRACE_USTK_DONE;
}

/*
 * To the caller's frame. pc 0 in a frame that could be followed is the end of
 * the stack, as is a frame pointer of 0 (the ABI asks that of _start and of new threads).
 */
static u32 ustack_step(struct ustack *u)
{
	u64 link[2];		/* the saved frame pointer, the return address */

	if (u->entry)
		return ustack_leave_entry(u);
	if (!u->fp) {
		u->pc = 0;
		return DTRACE_USTK_DONE;
	}
	if (u->fp < u->sp || (u->fp & 7) || !user_address(u->fp))
		return DTRACE_USTK_BADFP;
	if (dtk_read_user(link, u->fp, sizeof(link)))
		return DTRACE_USTK_FAULT;
	if (link[1] && !user_address(link[1]))
		return DTRACE_USTK_BADFP;
	u->sp = u->fp + sizeof(link);
	u->fp = link[0];
	u->pc = link[1];
	return DTRACE_USTK_DONE;
}

/* Walk at most @n frames into @pcs (or nowhere, if NULL). *depth is how many there were. */
static u32 ustack_walk(struct dtk_fire *f, u64 *pcs, u32 n, u32 *depth)
{
	struct ustack u;
	u32 why = ustack_begin(&u, f);

	*depth = 0;
	if (why)
		return why;
	while (u.pc && *depth < n) {
		if (pcs)
			pcs[*depth] = u.pc;
		if (++*depth == n)
			break;
		why = ustack_step(&u);
		if (why)
			break;
	}
	return why;
}

u32 dtk_stack_user(struct dtk_fire *f, u64 *pcs, u32 n, u32 *depth)
{
	u32 got, why;

	why = ustack_walk(f, pcs, pcs ? n : USTACK_MAX, &got);
	if (pcs && got < n)
		memset(pcs + got, 0, (n - got) * sizeof(*pcs));
	if (depth)
		*depth = got;
	return why;
}

/* ---- */

int dtk_stack_init(void)
{
	kstacks = __alloc_percpu(KSTACK_MAX * sizeof(long), sizeof(long));
	return kstacks ? 0 : -ENOMEM;
}

void dtk_stack_exit(void)
{
	free_percpu(kstacks);
}
