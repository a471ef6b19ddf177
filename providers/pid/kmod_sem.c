// SPDX-License-Identifier: GPL-2.0-only
/*
 * Semaphores of static probes: 16-bit counters in a program's data. The program makes a probe's
 * arguments only while its counter is not zero, so it is one higher while somebody looks.
 *
 * Other tracers raise the same counter, so it is only ever changed by one, atomically, and
 * never below zero. Whether the page still is the one that was raised is asked before it is lowered: a
 * library that was unloaded took its counter along.
 */
#include <linux/highmem.h>
#include <linux/mmap_lock.h>
#include <linux/pagemap.h>
#include <linux/slab.h>

#include "kmod.h"

struct dpid_sem *dpid_sem_get(struct dpid_proc *p, u64 addr)
{
	struct dpid_sem *sem;

	lockdep_assert_held(&dtk_lock);
	list_for_each_entry(sem, &p->sems, list)
		if (sem->addr == addr)
			return sem;
	sem = kzalloc(sizeof(*sem), GFP_KERNEL_ACCOUNT);
	if (!sem)
		return NULL;
	sem->addr = addr;
	list_add_tail(&sem->list, &p->sems);
	return sem;
}

void dpid_sems_free(struct dpid_proc *p)
{
	struct dpid_sem *sem, *next;

	list_for_each_entry_safe(sem, next, &p->sems, list)
		kfree(sem);
}

/* Add @by (1 or -1); false: it is at its end already. */
static bool count(u16 *at, int by)
{
	u16 old = READ_ONCE(*at), was;

	for (;; old = was) {
		if (old == (by > 0 ? U16_MAX : 0))
			return false;
		was = cmpxchg(at, old, (u16)(old + by));
		if (was == old)
			return true;
	}
}

/* Change the counter at @sem->addr in @mm if its page is of @origin (raising: of whatever file it is; it is noted). */
static bool change(struct mm_struct *mm, struct dpid_sem *sem, int by)
{
	struct dpid_origin now;
	struct page *page;
	bool ok = false;
	u8 why;

	mmap_read_lock(mm);
	if (!dpid_origin(mm, sem->addr, VM_MAYWRITE, &now, &why) &&
	    (by > 0 || dpid_same_origin(&now, &sem->origin)) &&
	    dtk_gup_remote(mm, sem->addr & PAGE_MASK, 1, FOLL_WRITE | FOLL_FORCE, &page) == 1) {
		ok = count(page_address(page) + offset_in_page(sem->addr), by);
		if (ok && by > 0)
			sem->origin = now;
		set_page_dirty_lock(page);
		put_page(page);
	}
	mmap_read_unlock(mm);
	return ok;
}

/* Has what we added gone with its page? A library that was unloaded and loaded again begins at zero. */
static bool is_gone(struct mm_struct *mm, struct dpid_sem *sem)
{
	struct dpid_origin now;
	struct page *page;
	bool gone = true;
	u8 why;

	mmap_read_lock(mm);
	if (!dpid_origin(mm, sem->addr, VM_MAYWRITE, &now, &why) && dpid_same_origin(&now, &sem->origin) &&
	    dtk_gup_remote(mm, sem->addr & PAGE_MASK, 1, FOLL_FORCE, &page) == 1) {
		gone = !READ_ONCE(*(u16 *)(page_address(page) + offset_in_page(sem->addr)));
		put_page(page);
	}
	mmap_read_unlock(mm);
	return gone;
}

u32 dpid_sems_sync(struct dpid_proc *p, bool raising)
{
	struct dpid_sem *sem;
	u32 refused = 0;

	list_for_each_entry(sem, &p->sems, list) {
		if (!sem->wanted && sem->raised) {
			change(p->mm, sem, -1);
			sem->raised = false;
		} else if (sem->wanted && !sem->raised && raising) {
			sem->raised = change(p->mm, sem, 1);
			refused += !sem->raised;
		} else if (sem->wanted && raising && is_gone(p->mm, sem)) {
			change(p->mm, sem, 1);	/* or it is not there now: it may come back */
		}
	}
	return refused;
}

void dpid_sems_clean(struct dpid_proc *p)
{
	struct dpid_sem *sem;

	list_for_each_entry(sem, &p->sems, list)
		if (sem->raised)
			change(current->mm, sem, -1);
}
