// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames of interpreted languages in user stacks: what jstack(), pystack() and ustack() with
 * room for strings ask for. A process whose interpreter somebody has described (DTRACE_PID_PYTHON) has them, whatever
 * the probe; of all others the native frames are all there is.
 */
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/fsgsbase.h>

#include "kmod.h"
#include "../python/kmod.h"

static struct dpy_room __percpu *rooms;

int dpid_lang_init(void)
{
	rooms = alloc_percpu(struct dpy_room);
	return rooms ? 0 : -ENOMEM;
}

void dpid_lang_exit(void)
{
	free_percpu(rooms);
}

struct dpid_python {
	struct rcu_head rcu;
	struct dtrace_pid_python py;
};

long dpid_lang_set(struct dpid_proc *p, const struct dtrace_pid_python *py)
{
	struct dpid_python *new, *old;

	lockdep_assert_held(&dtk_lock);
	if (!dpy_layout_ok(py))
		return -EINVAL;
	new = kmalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	new->py = *py;
	old = rcu_dereference_protected(p->python, lockdep_is_held(&dtk_lock));
	rcu_assign_pointer(p->python, new);
	if (old)
		kfree_rcu(old, rcu);
	return 0;
}

/* Nobody sees the process any more. */
void dpid_lang_free(struct dpid_proc *p)
{
	kfree(rcu_dereference_protected(p->python, true));
}

bool dtk_stack_lang(struct dtk_fire *f, u64 *pcs, u32 n, char *strs, u32 strsize, bool only)
{
	struct dpy_stack s = { .pcs = pcs, .max = n, .strs = strs, .strsize = strsize, .only = only };
	const struct dpid_python *python = NULL;
	const struct dpid_proc *p;

	if (!current->mm || (current->flags & PF_KTHREAD) || in_nmi())
		return true;
	rcu_read_lock();
	p = dpid_proc_by_mm(current->mm);
	if (p)
		python = rcu_dereference(p->python);
	if (python) {
		s.py = &python->py;
		s.room = this_cpu_ptr(rooms);
		s.thread = x86_fsbase_read_cpu();
		dpy_merge(&s);
	} else if (only) {
		memset(pcs, 0, n * sizeof(*pcs));
	}
	rcu_read_unlock();
	return !s.overflow;
}
