// SPDX-License-Identifier: GPL-2.0-only
/*
 * Built-in variables whose values are the kernel's: who runs, where, with
 * which registers. Probe context, in any task or interrupt; "current" is then
 * the thread that was interrupted, as the Guide has it.
 *
 * Ids are those of the initial namespaces. Whatever is not here is not
 * available: the engine raises ILLOP, and the compiler refuses it beforehand.
 */
#include <linux/cred.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/timekeeping.h>
#include <linux/topology.h>
#include <asm/fsgsbase.h>
#include <asm/segment.h>

#include "core.h"

u64 dtk_time_mono(void)
{
	return ktime_get_mono_fast_ns();
}

u64 dtk_time_wall(void)
{
	return ktime_get_real_fast_ns();
}

/*
 * The key of thread-local variables. A thread id alone would be reused, and the new
 * thread would find the old one's variables; so the time it started goes with it:
 * 22 bits hold every id (PID_MAX_LIMIT), 41 bits of microseconds 25 days, and
 * to collide a thread would have to get the same id in the same microsecond.
 * What an interrupt stores is its own (top bit), as on the systems where D was
 * born, and each CPU's idle thread (all have id 0) counts as one.
 */
#define TID_SHIFT	41

u64 dtk_thread_key(const struct task_struct *task)
{
	if (!task->pid)
		return raw_smp_processor_id() + 1;
	return (u64)task->pid << TID_SHIFT | ((task->start_boottime >> 10) & (BIT_ULL(TID_SHIFT) - 1));
}

u64 dtk_thread_id(void)
{
	u64 key = dtk_thread_key(current);

	return in_task() ? key : key | BIT_ULL(63);
}

static u64 parent_pid(void)
{
	u64 pid;

	rcu_read_lock();
	pid = rcu_dereference(current->real_parent)->tgid;
	rcu_read_unlock();
	return pid;
}

/* Were interrupts off in the code that the probe is in? */
static u64 interrupts_off(const struct dtk_fire *f)
{
	if (f->regs)
		return !(f->regs->flags & X86_EFLAGS_IF);
	return !!(f->flags & DTK_FIRE_IRQOFF);
}

static u64 user_caller(struct dtk_fire *f)
{
	u64 pcs[2];

	dtk_stack_user(f, pcs, ARRAY_SIZE(pcs), NULL);
	return pcs[1];
}

static u64 user_depth(struct dtk_fire *f)
{
	u32 depth;

	dtk_stack_user(f, NULL, 0, &depth);
	return depth;
}

/*
 * The error of the system call that is returning, at probes that fire there
 * (DTK_FIRE_SYSRET); the kernel keeps it nowhere, so it is 0 everywhere else.
 */
static u64 last_errno(const struct dtk_fire *f)
{
	long ret = f->flags & DTK_FIRE_SYSRET && f->regs ? (long)f->regs->ax : 0;

	return ret < 0 && ret >= -MAX_ERRNO ? -ret : 0;
}

bool dtk_builtin(u32 var, struct dtk_fire *f, u64 *val)
{
	switch (var) {
	case DIF_VAR_CURTHREAD:
		*val = (uintptr_t)current;
		return true;
	case DIF_VAR_CPU:
		*val = raw_smp_processor_id();
		return true;
	case DIF_VAR_PID:
		*val = current->tgid;
		return true;
	case DIF_VAR_TID:
		*val = current->pid;
		return true;
	case DIF_VAR_PPID:
		*val = parent_pid();
		return true;
	case DIF_VAR_UID:
		*val = __kuid_val(current_uid());
		return true;
	case DIF_VAR_GID:
		*val = __kgid_val(current_gid());
		return true;
	case DIF_VAR_CALLER:
		*val = dtk_stack_caller(f);
		return true;
	case DIF_VAR_UCALLER:
		*val = user_caller(f);
		return true;
	case DIF_VAR_STACKDEPTH:
		*val = dtk_stack_kernel_depth(f);
		return true;
	case DIF_VAR_USTACKDEPTH:
		*val = user_depth(f);
		return true;
	case DIF_VAR_IPL:
		*val = interrupts_off(f);
		return true;
	case DIF_VAR_VTIMESTAMP:
		*val = dtk_vtime();
		return true;
	case DIF_VAR_ERRNO:
		*val = last_errno(f);
		return true;
	case DIF_VAR_PSET:	/* there is one set of processors */
		*val = 0;
		return true;
	case DIF_VAR_CHIP:
		*val = topology_physical_package_id(raw_smp_processor_id());
		return true;
	case DIF_VAR_LGRP:
		*val = cpu_to_node(raw_smp_processor_id());
		return true;
	case DIF_VAR_USERMODE:
		*val = !!(f->flags & DTK_FIRE_USER);
		return true;
	}
	return false;
}

/* @src may change while we copy; @dst ends in a NUL all the same. */
static void copy_name(char *dst, size_t n, const char *src, size_t srcsize)
{
	size_t i;

	for (i = 0; i + 1 < n && i < srcsize && src[i]; i++)
		dst[i] = src[i];
	dst[i] = '\0';
}

/*
 * The arguments of the process with blanks between, as they are in its memory now. Empty for a
 * kernel thread; false if the memory is not there.
 */
static bool copy_args(char *dst, size_t n)
{
	const struct mm_struct *mm = current->flags & PF_KTHREAD ? NULL : current->mm;
	unsigned long start = mm ? READ_ONCE(mm->arg_start) : 0, end = mm ? READ_ONCE(mm->arg_end) : 0;
	size_t len = end > start ? min_t(size_t, end - start, n - 1) : 0, i;

	if (dtk_read_user(dst, start, len) && len)
		return false;
	while (len && !dst[len - 1])
		len--;
	for (i = 0; i < len; i++) {
		if (!dst[i])
			dst[i] = ' ';
	}
	dst[len] = '\0';
	return true;
}

bool dtk_builtin_str(u32 var, struct dtk_fire *f, char *dst, size_t n)
{
	static const char zone[] = "global";

	if (!n)
		return false;
	switch (var) {
	case DIF_VAR_EXECNAME:	/* the process's; a thread may have named itself */
		copy_name(dst, n, current->group_leader->comm, TASK_COMM_LEN);
		return true;
	case DIF_VAR_THREADNAME:
		copy_name(dst, n, current->comm, TASK_COMM_LEN);
		return true;
	case DIF_VAR_EXECARGS:
		return copy_args(dst, n);
	case DIF_VAR_CWD:
		return dtk_path_cwd(dst, n);
	case DIF_VAR_ROOT:
		return dtk_path_root(dst, n);
	case DIF_VAR_ZONENAME:
		copy_name(dst, n, zone, sizeof(zone));
		return true;
	}
	return false;
}

/* ---- uregs[] -------------------------------------------------------------- */

#define REG(reg, field)	[DIF_REG_##reg] = offsetof(struct pt_regs, field) + 1

/* Offset in struct pt_regs plus 1; 0: it is not there. */
static const u8 regs_at[DIF_REG_MAX] = {
	REG(R15, r15), REG(R14, r14), REG(R13, r13), REG(R12, r12), REG(R11, r11), REG(R10, r10),
	REG(R9, r9), REG(R8, r8), REG(RDI, di), REG(RSI, si), REG(RBP, bp), REG(RBX, bx),
	REG(RDX, dx), REG(RCX, cx), REG(RAX, ax), REG(RIP, ip), REG(CS, cs), REG(RFL, flags),
	REG(RSP, sp), REG(SS, ss),
	REG(ERR, orig_ax),	/* in a system call its number, else -1 or what the processor pushed */
};

/* swapgs has put it aside. Xen's paravirtual guests have another way, and cannot read the register. */
static bool user_gsbase(u64 *val)
{
	u32 lo, hi;

	if (boot_cpu_has(X86_FEATURE_XENPV))
		return false;
	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(MSR_KERNEL_GS_BASE));
	*val = (u64)hi << 32 | lo;
	return true;
}

/* Registers that the kernel leaves as the user program set them. */
static bool live_ureg(u32 reg, u64 *val)
{
	unsigned int sel;

	switch (reg) {
	case DIF_REG_FS:
		asm("mov %%fs, %0" : "=r"(sel));
		break;
	case DIF_REG_GS:
		asm("mov %%gs, %0" : "=r"(sel));
		break;
	case DIF_REG_ES:
		asm("mov %%es, %0" : "=r"(sel));
		break;
	case DIF_REG_DS:
		asm("mov %%ds, %0" : "=r"(sel));
		break;
	case DIF_REG_TRAPNO:
		*val = current->thread.trap_nr;
		return true;
	case DIF_REG_FSBASE:
		*val = x86_fsbase_read_cpu();
		return true;
	case DIF_REG_GSBASE:
		return user_gsbase(val);
	default:
		return false;
	}
	*val = sel;
	return true;
}

bool dtk_ureg(struct dtk_fire *f, u32 reg, u64 *val)
{
	const struct pt_regs *regs;

	if (reg >= DIF_REG_MAX || !current->mm || (current->flags & PF_KTHREAD))
		return false;
	if (!regs_at[reg])
		return live_ureg(reg, val);
	regs = (f->flags & DTK_FIRE_USER) ? f->regs : task_pt_regs(current);
	*val = *(const unsigned long *)((const char *)regs + regs_at[reg] - 1);
	return true;
}

/* Registers of the code that the probe is in, the kernel's or the program's. */
bool dtk_reg(struct dtk_fire *f, u32 reg, u64 *val)
{
	if (reg >= DIF_REG_MAX || !f->regs)
		return false;
	if (reg == DIF_REG_GSBASE && !(f->flags & DTK_FIRE_USER))
		return false;	/* the kernel's own: of no use to anybody */
	if (!regs_at[reg])
		return live_ureg(reg, val);
	*val = *(const unsigned long *)((const char *)f->regs + regs_at[reg] - 1);
	return true;
}
