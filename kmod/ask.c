// SPDX-License-Identifier: GPL-2.0-only
/*
 * Subroutines whose answers are the kernel's: ancestry, mutexes, semaphores.
 * Probe context. A lock's address comes from the program: its words are read by the
 * nofault copies, so a wrong address is BADADDR or nonsense, never an oops.
 *
 * The family's questions on Linux' locks: a mutex is struct mutex, which sleeps after
 * spinning for a while ("adaptive"); a readers/writer lock is struct rw_semaphore. The
 * words are those of <linux/mutex.h> and <linux/rwsem.h>: owner is a task with flags in its lowest
 * three bits; of a semaphore's count bit 0 is the writer, from bit 8 on are the readers.
 * A kernel with PREEMPT_RT has other locks, about which these questions are ILLOP.
 */
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/sched.h>

#include "core.h"

#define ANCESTORS_MOST	65536	/* a chain of parents has no loop; but let nothing hang on that */
#define OWNER_FLAGS	7ul
#define RW_WRITER	1ul
#define RW_READERS	(~0xfful & LONG_MAX)

/* The process itself counts as its own progeny. */
static bool progeny_of(pid_t pid)
{
	const struct task_struct *p = current;
	bool found = false;
	u32 i;

	rcu_read_lock();
	for (i = 0; i < ANCESTORS_MOST && !found; i++) {
		found = p->tgid == pid;
		if (!p->pid)
			break;
		p = rcu_dereference(p->real_parent);
	}
	rcu_read_unlock();
	return found;
}

#ifndef CONFIG_PREEMPT_RT
static u32 ask_mutex(u32 subr, u64 lock, u64 *val)
{
	unsigned long owner;

	if (dtk_read_kernel(&owner, lock + offsetof(struct mutex, owner), sizeof(owner)))
		return DTRACEFLT_BADADDR;
	owner &= ~OWNER_FLAGS;
	switch (subr) {
	case DIF_SUBR_MUTEX_OWNED:
		*val = owner == (unsigned long)current;
		break;
	case DIF_SUBR_MUTEX_OWNER:
		*val = owner;
		break;
	default:
		*val = subr == DIF_SUBR_MUTEX_TYPE_ADAPTIVE;
	}
	return 0;
}

static u32 ask_rwsem(u32 subr, u64 lock, u64 *val)
{
	unsigned long count, owner;

	if (dtk_read_kernel(&count, lock + offsetof(struct rw_semaphore, count), sizeof(count)) ||
	    dtk_read_kernel(&owner, lock + offsetof(struct rw_semaphore, owner), sizeof(owner)))
		return DTRACEFLT_BADADDR;
	switch (subr) {
	case DIF_SUBR_RW_ISWRITER:
		*val = !!(count & RW_WRITER);
		break;
	case DIF_SUBR_RW_READ_HELD:
		*val = !!(count & RW_READERS);
		break;
	default:	/* by this thread */
		*val = count & RW_WRITER && (owner & ~OWNER_FLAGS) == (unsigned long)current;
	}
	return 0;
}
#else
static u32 ask_mutex(u32 subr, u64 lock, u64 *val)
{
	return DTRACEFLT_ILLOP;
}

static u32 ask_rwsem(u32 subr, u64 lock, u64 *val)
{
	return DTRACEFLT_ILLOP;
}
#endif

u32 dtk_ask(u32 subr, u64 arg, u64 *val)
{
	switch (subr) {
	case DIF_SUBR_PROGENYOF:
		*val = progeny_of(arg);
		return 0;
	case DIF_SUBR_MUTEX_OWNED:
	case DIF_SUBR_MUTEX_OWNER:
	case DIF_SUBR_MUTEX_TYPE_ADAPTIVE:
	case DIF_SUBR_MUTEX_TYPE_SPIN:
		return ask_mutex(subr, arg, val);
	case DIF_SUBR_RW_ISWRITER:
	case DIF_SUBR_RW_READ_HELD:
	case DIF_SUBR_RW_WRITE_HELD:
		return ask_rwsem(subr, arg, val);
	}
	return DTRACEFLT_ILLOP;
}
