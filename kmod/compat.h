/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between the kernels that we support, 5.10 to 7.x. The rest of
 * the module is written for the newest of them and never asks for a version.
 * Each entry says what changed and in which release.
 */
#ifndef DTK_COMPAT_H
#define DTK_COMPAT_H

#include <linux/freezer.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/version.h>
#include <linux/wait.h>
#ifdef CONFIG_X86_USER_SHADOW_STACK
#include <asm/prctl.h>
#endif
/* 6.16 moved cpuid() here. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#include <asm/cpuid/api.h>
#endif

/*
 * 6.13 brought hrtimer_setup(), 6.15 removed hrtimer_init() and the open
 * assignment of ->function. (A name of our own: stable trees backport theirs.)
 */
static inline void dtk_hrtimer_setup(struct hrtimer *timer,
				     enum hrtimer_restart (*fn)(struct hrtimer *),
				     clockid_t clock, enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
#else
	hrtimer_setup(timer, fn, clock, mode);
#endif
}

/* 6.3 made vma->vm_flags read-only and brought vm_flags_mod(). */
static inline void dtk_vm_flags_mod(struct vm_area_struct *vma, unsigned long set,
				    unsigned long clear)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
#else
	vm_flags_mod(vma, set, clear);
#endif
}

/* 6.5 dropped the vmas argument of get_user_pages_remote(). */
static inline long dtk_gup_remote(struct mm_struct *mm, unsigned long start, unsigned long n,
				  unsigned int gup_flags, struct page **pages)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
	return get_user_pages_remote(mm, start, n, gup_flags, pages, NULL, NULL);
#else
	return get_user_pages_remote(mm, start, n, gup_flags, pages, NULL);
#endif
}

/*
 * User shadow stacks came to x86-64 in 6.6. Before, and where they are not
 * configured, no task has one. The feature bit is private to the kernel's headers' users.
 */
static inline bool dtk_task_shstk(const struct task_struct *task)
{
#ifdef CONFIG_X86_USER_SHADOW_STACK
	return task->thread.features & ARCH_SHSTK_SHSTK;
#else
	return false;
#endif
}

/*
 * Sleep until @cond, a fatal signal or @ticks from now; suspending the machine meanwhile is
 * fine. > 0: @cond holds; 0: it does not; < 0: a fatal signal.
 * 6.1 rewrote the freezer: TASK_FREEZABLE instead of freezer_do_not_count().
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#define dtk_wait_killable_freezable(wq, cond, ticks)			\
({									\
	long __left;							\
	freezer_do_not_count();						\
	__left = wait_event_killable_timeout(wq, cond, ticks);		\
	freezer_count();						\
	__left;								\
})
#else
#define dtk_wait_killable_freezable(wq, cond, ticks)			\
({									\
	long __ret = ticks;						\
	might_sleep();							\
	if (!___wait_cond_timeout(cond))				\
		__ret = ___wait_event(wq, ___wait_cond_timeout(cond),	\
				      (TASK_KILLABLE | TASK_FREEZABLE), 0, ticks, \
				      __ret = schedule_timeout(__ret));	\
	__ret;								\
})
#endif

/* 5.18 gave the tracepoint sched_switch the state that the thread leaves in. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 18, 0)
#define DTK_SCHED_SWITCH_ARGS \
	bool preempt, struct task_struct *prev, struct task_struct *next
#else
#define DTK_SCHED_SWITCH_ARGS \
	bool preempt, struct task_struct *prev, struct task_struct *next, unsigned int prev_state
#endif

/*
 * The beginning of the kernel's private struct mount (fs/mount.h), the same since 3.3. path.c
 * tests it when the module is loaded.
 */
struct dtk_mount {
	struct hlist_node hash;
	struct dtk_mount *parent;
	struct dentry *mountpoint;
	struct vfsmount mnt;
};

#endif /* DTK_COMPAT_H */
