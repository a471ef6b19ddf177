// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters that the traced process increments by itself (kmod_jump.h), and we read.
 *
 * They lie in pages of ours, which the process has mapped from a file that exists for nothing else. A page holds
 * PER_PAGE counters of one CPU's copy; the copies of PER_PAGE counters are a block, a page apart; BLOCKS of
 * those are a region. Pages are made when they are first touched. Nothing is ever reset: we remember what
 * was there when we looked last, and what the sum has grown by since, modulo 2^64, is what came in between. So a
 * count is handed over once, an increment by a thread that slept in its stub is still its function's,
 * and whatever the program writes there becomes a wrong number of its own and nothing else.
 *
 * Being ours, the pages are still there when the process has ended or runs another program.
 *
 * A forked child inherits the mapping, but no page in it, and gets one page that nobody reads, should it ever
 * touch it: children whose text could not be restored count nothing, and live.
 *
 * When the last holder has gone, private memory replaces our pages at their place, in one step, and with them goes the
 * file, and its hold on the module. A thread that is still in a stub increments that. Should somebody
 * come back, our pages do.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/refcount.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <asm/segment.h>

#include "kmod.h"

#define PER_PAGE	(u32)(PAGE_SIZE / sizeof(u64))
#define BLOCKS		64u
#define PER_REGION	(PER_PAGE * BLOCKS)

struct dpid_counters {
	struct dpid_counters *next;	/* the region before */
	refcount_t ref;			/* the process's, and each file's */
	const struct mm_struct *mm;	/* only compared */
	u64 addr;			/* where it is in the process */
	u32 number;			/* counters from number * PER_REGION on */
	bool mapped;			/* our pages are there, not what replaces them */
	struct page *nobodys;		/* for other address spaces */
	struct page *page[];		/* [BLOCKS][copies] */
};

u32 dpid_copies(void)
{
	return roundup_pow_of_two(nr_cpu_ids);
}

static u32 npages(void)
{
	return BLOCKS * dpid_copies();
}

static u64 nbytes(void)
{
	return (u64)npages() << PAGE_SHIFT;
}

static void free_pages_of(struct dpid_counters *c)
{
	u32 i;

	for (i = 0; i < npages(); i++) {
		if (c->page[i])
			put_page(c->page[i]);
		c->page[i] = NULL;
	}
}

static void region_put(struct dpid_counters *c)
{
	if (!refcount_dec_and_test(&c->ref))
		return;
	free_pages_of(c);
	put_page(c->nobodys);
	kvfree(c);
}

/* ---- The file ---------------------------------------------------------------------- */

static vm_fault_t count_fault(struct vm_fault *vmf)
{
	struct dpid_counters *c = vmf->vma->vm_file->private_data;
	struct page *page, *other;

	if (vmf->pgoff >= npages())
		return VM_FAULT_SIGBUS;
	page = c->nobodys;
	if (vmf->vma->vm_mm == c->mm) {
		page = READ_ONCE(c->page[vmf->pgoff]);
		if (!page) {
			/* The program must not die of our counting. */
			page = alloc_page(GFP_KERNEL | __GFP_ZERO | __GFP_NOFAIL);
			other = cmpxchg(&c->page[vmf->pgoff], NULL, page);
			if (other) {
				put_page(page);
				page = other;
			}
		}
	}
	get_page(page);
	vmf->page = page;
	return 0;
}

static const struct vm_operations_struct count_vm_ops = {
	.fault = count_fault,
};

static int count_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &count_vm_ops;
	dtk_vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP, VM_MAYEXEC);
	return 0;
}

static int count_release(struct inode *inode, struct file *file)
{
	region_put(file->private_data);
	return 0;
}

static const struct file_operations count_fops = {
	.owner = THIS_MODULE,
	.mmap = count_mmap,
	.release = count_release,
};

/* Map our pages, at c->addr if it has one. */
static int region_map(struct dpid_proc *p, struct dpid_counters *c)
{
	struct file *file = anon_inode_getfile("[dtrace]", &count_fops, c, O_RDWR);
	long at;

	if (IS_ERR(file))
		return PTR_ERR(file);
	refcount_inc(&c->ref);
	at = dpid_map(p->mm, file, c->addr, nbytes(), PROT_READ | PROT_WRITE, MAP_SHARED | (c->addr ? MAP_FIXED : 0));
	fput(file);
	if (at < 0)
		return at;
	c->addr = at;
	c->mapped = true;
	return 0;
}

/* ---- Regions of a process ------------------------------------------------------------- */

static struct dpid_counters *region_add(struct dpid_proc *p)
{
	struct dpid_counters *c = kvzalloc(struct_size(c, page, npages()), GFP_KERNEL_ACCOUNT);

	BUILD_BUG_ON(__CPUNODE_SEG != 0x7b);	/* kmod_jump.c */
	BUILD_BUG_ON(PAGE_SHIFT != DPID_COPY_SHIFT);
	if (!c)
		return NULL;
	refcount_set(&c->ref, 1);
	c->mm = p->mm;
	c->number = p->counters ? p->counters->number + 1 : 0;
	c->nobodys = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!c->nobodys) {
		kvfree(c);
		return NULL;
	}
	if (region_map(p, c)) {
		region_put(c);
		return NULL;
	}
	c->next = p->counters;
	p->counters = c;
	return c;
}

/* The first one is never given out, so that 0 means none. */
int dpid_counter_get(struct dpid_proc *p)
{
	u32 n = p->ncounters + 1;

	lockdep_assert_held(&p->lock);
	if ((!p->counters || n / PER_REGION > p->counters->number) && !region_add(p))
		return -ENOMEM;
	p->ncounters = n;
	return n;
}

static struct dpid_counters *region_of(const struct dpid_proc *p, u32 counter)
{
	struct dpid_counters *c = p->counters;

	while (c->number != counter / PER_REGION)
		c = c->next;
	return c;
}

static u32 first_page(u32 counter)
{
	return counter % PER_REGION / PER_PAGE * dpid_copies();
}

u64 dpid_counter_address(const struct dpid_proc *p, u32 counter)
{
	return region_of(p, counter)->addr + ((u64)first_page(counter) << PAGE_SHIFT) +
	       counter % PER_PAGE * sizeof(u64);
}

/* ---- Reading ---------------------------------------------------------------------------- */

static u64 read_counter(const struct dpid_proc *p, u32 counter)
{
	struct dpid_counters *c = region_of(p, counter);
	u32 i, first = first_page(counter);
	struct page *page;
	u64 sum = 0;

	for (i = first; i < first + dpid_copies(); i++) {
		page = READ_ONCE(c->page[i]);
		if (page)
			sum += READ_ONCE(((u64 *)page_address(page))[counter % PER_PAGE]);
	}
	return sum;
}

static void harvest_leap(struct dpid_proc *p, struct dpid_leap *leap)
{
	/* Undone first: what is undone later was counted before, and comes off next time. */
	u64 undone = atomic64_read(&leap->undone), n = read_counter(p, leap->counter) - undone - leap->seen;
	struct dpid_link *link;

	if (!n)
		return;
	leap->seen += n;
	for (link = rcu_dereference_protected(leap->tp->links, lockdep_is_held(&dtk_lock)); link;
	     link = rcu_dereference_protected(link->next, lockdep_is_held(&dtk_lock)))
		dtk_probe_counted(link->site->probe->dtk, n);
}

void dpid_harvest_proc(struct dpid_proc *p)
{
	struct dpid_leap *leap;
	u32 i = 0;

	lockdep_assert_held(&dtk_lock);
	for (leap = p->leaps; leap; leap = leap->next) {
		harvest_leap(p, leap);
		if (!(++i % 1024))
			cond_resched();
	}
}

void dpid_harvest(void)
{
	struct dpid_proc *p;

	list_for_each_entry(p, &dpid_procs, list)
		dpid_harvest_proc(p);
}

/* ---- Coming and going ---------------------------------------------------------------------- */

/* Is what is mapped at the region's place what we put there: our file, or what replaced it? */
static bool is_there(struct mm_struct *mm, const struct dpid_counters *c)
{
	struct vm_area_struct *vma;
	bool ours;

	mmap_read_lock(mm);
	vma = find_vma(mm, c->addr);
	ours = vma && vma->vm_start <= c->addr && vma->vm_end >= c->addr + nbytes() &&
	       (vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC)) == (VM_READ | VM_WRITE);
	if (ours && vma->vm_file)
		ours = vma->vm_file->f_op == &count_fops && vma->vm_file->private_data == c;
	else if (ours)
		ours = !c->mapped && !(vma->vm_flags & VM_MAYSHARE);
	mmap_read_unlock(mm);
	return ours;
}

bool dpid_counters_back(struct dpid_proc *p)
{
	struct dpid_counters *c;

	for (c = p->counters; c; c = c->next)
		if (!c->mapped && (!is_there(p->mm, c) || region_map(p, c)))
			return false;
	return true;
}

static void forget_counts(struct dpid_proc *p)
{
	struct dpid_leap *leap;

	for (leap = p->leaps; leap; leap = leap->next) {
		leap->seen = 0;
		atomic64_set(&leap->undone, 0);
	}
}

void dpid_counters_rest(struct dpid_proc *p)
{
	struct dpid_counters *c;
	bool gone = false;

	lockdep_assert_held(&p->lock);
	if (!p->counters || p->nleaps || !mmget_not_zero(p->mm))
		return;
	for (c = p->counters; c; c = c->next) {
		if (!c->mapped || !is_there(p->mm, c) ||
		    dpid_map(p->mm, NULL, c->addr, nbytes(), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE) < 0)
			continue;
		c->mapped = false;
		free_pages_of(c);
		gone = true;
	}
	mmput(p->mm);
	if (gone)
		forget_counts(p);
}

void dpid_counters_unmap(struct dpid_proc *p)
{
	struct dpid_counters *c;

	for (c = p->counters; c; c = c->next)
		if (is_there(current->mm, c))
			vm_munmap(c->addr, nbytes());
}

void dpid_counters_free(struct dpid_proc *p)
{
	struct dpid_counters *c;

	while (p->counters) {
		c = p->counters;
		p->counters = c->next;
		region_put(c);
	}
}
