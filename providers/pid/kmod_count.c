// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cells that the traced process updates by itself (kmod_tally.h), and we read.
 *
 * They lie in pages of ours, which the process has mapped from a file that exists for nothing else. A page holds
 * PER_PAGE cells of one CPU's copy; the copies of PER_PAGE cells are a block, a page apart; BLOCKS of
 * those are a region. Pages are made when they are first touched. Nothing is ever reset (but min and max): we remember
 * what was there when we looked last, and what it has grown by since, modulo 2^64, is what came in between. So a
 * hit is handed over once, one by a thread that slept in its stub is still its function's,
 * and whatever the program writes there becomes a wrong number of its own and nothing else.
 *
 * Being ours, the pages are still there when the process has ended or runs another program.
 *
 * A forked child inherits the mapping, but no page in it, and gets one page that nobody reads, should it ever
 * touch it: children whose text could not be restored count nothing, and live.
 *
 * They are charged to nobody, since their owner did not ask for them, so there is a limit: points beyond it trap.
 *
 * When the last holder has gone, private memory replaces our pages at their place, in one step, and with them goes the
 * file, and its hold on the module. A thread that is still in a stub updates that. Should somebody
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

struct dpid_cells {
	struct dpid_cells *next;	/* the region before */
	refcount_t ref;			/* the process's, and each file's */
	const struct mm_struct *mm;	/* only compared */
	u64 addr;			/* where it is in the process */
	u32 number;			/* cells from number * PER_REGION on */
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

/* Nobody faults them in any more, nor finds them by RCU. */
static void free_pages_of(struct dpid_cells *c)
{
	u32 i;

	for (i = 0; i < npages(); i++) {
		if (c->page[i])
			put_page(c->page[i]);
		c->page[i] = NULL;
	}
}

static void region_put(struct dpid_cells *c)
{
	if (!refcount_dec_and_test(&c->ref))
		return;
	free_pages_of(c);
	put_page(c->nobodys);
	kvfree(c);
}

/* ---- The file ---------------------------------------------------------------------- */

/* The copy's page @i, where there was none. */
static struct page *page_make(struct dpid_cells *c, u32 i, gfp_t gfp)
{
	struct page *page = alloc_page(gfp | __GFP_ZERO), *other;

	if (!page)
		return NULL;
	other = cmpxchg(&c->page[i], NULL, page);
	if (!other)
		return page;
	put_page(page);
	return other;
}

static vm_fault_t count_fault(struct vm_fault *vmf)
{
	struct dpid_cells *c = vmf->vma->vm_file->private_data;
	struct page *page;

	if (vmf->pgoff >= npages())
		return VM_FAULT_SIGBUS;
	page = c->nobodys;
	if (vmf->vma->vm_mm == c->mm) {
		page = READ_ONCE(c->page[vmf->pgoff]);
		if (!page)	/* the program must not die of our counting */
			page = page_make(c, vmf->pgoff, GFP_KERNEL | __GFP_NOFAIL);
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
static int region_map(struct dpid_proc *p, struct dpid_cells *c)
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

static struct dpid_cells *region_add(struct dpid_proc *p)
{
	struct dpid_cells *c = kvzalloc(struct_size(c, page, npages()), GFP_KERNEL_ACCOUNT);

	BUILD_BUG_ON(__CPUNODE_SEG != 0x7b);	/* kmod_jump.c */
	BUILD_BUG_ON(PAGE_SHIFT != DPID_COPY_SHIFT);
	if (!c)
		return NULL;
	refcount_set(&c->ref, 1);
	c->mm = p->mm;
	c->number = p->cells ? p->cells->number + 1 : 0;
	c->nobodys = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!c->nobodys) {
		kvfree(c);
		return NULL;
	}
	if (region_map(p, c)) {
		region_put(c);
		return NULL;
	}
	c->next = p->cells;
	smp_store_release(&p->cells, c);
	return c;
}

/* What a process may get, should every CPU touch all of its copy: never more than this. */
#define LIMIT	((u64)SZ_256M)

/* All in one page. */
int dpid_cells_get(struct dpid_proc *p, u32 n)
{
	u32 first = p->ncells;

	lockdep_assert_held(&p->lock);
	BUILD_BUG_ON(DPID_CELLS > PER_PAGE);
	if (first % PER_PAGE + n > PER_PAGE)
		first = roundup(first, PER_PAGE);
	if ((u64)(first + n) * sizeof(u64) * nr_cpu_ids > LIMIT)
		return -ENOMEM;
	if ((!p->cells || first / PER_REGION > p->cells->number) && !region_add(p))
		return -ENOMEM;
	p->ncells = first + n;
	return first;
}

static struct dpid_cells *region_of(const struct dpid_proc *p, u32 cells)
{
	struct dpid_cells *c = smp_load_acquire(&p->cells);

	while (c->number != cells / PER_REGION)
		c = c->next;
	return c;
}

static u32 first_page(u32 cells)
{
	return cells % PER_REGION / PER_PAGE * dpid_copies();
}

u64 dpid_cells_address(const struct dpid_proc *p, u32 cells)
{
	return region_of(p, cells)->addr + ((u64)first_page(cells) << PAGE_SHIFT) + cells % PER_PAGE * sizeof(u64);
}

u64 *dpid_cells_here(struct dpid_landing *l, bool make)
{
	struct dpid_cells *c = region_of(l->leap->tp->proc, l->cells);
	u32 i = first_page(l->cells) + raw_smp_processor_id();
	struct page *page;

	if (!READ_ONCE(c->mapped))
		return NULL;
	page = READ_ONCE(c->page[i]);
	if (!page && make)
		page = page_make(c, i, GFP_ATOMIC);
	return page ? (u64 *)page_address(page) + l->cells % PER_PAGE : NULL;
}

/* ---- Reading ---------------------------------------------------------------------------- */

/*
 * A copy is not consistent for the nanoseconds that a thread needs to update it, or an interrupt that comes then; and
 * for as long as a hostile program likes. So all that one harvest waits is bounded.
 */
#define PATIENCE	100000u

static u64 sum[DPID_CELLS + 1];		/* dtk_lock */
static u32 patience;

static bool read_copy(const struct dpid_tally *t, const u64 *cells)
{
	while (!dpid_tally_add(t, cells, sum)) {
		if (!patience)
			return false;
		patience--;
		cpu_relax();
	}
	return true;
}

/* The tally's cells in each copy that is there. */
static u64 *copy_of(const struct dpid_cells *c, const struct dpid_landing *l, const struct dpid_tally *t, u32 cpu)
{
	struct page *page = READ_ONCE(c->page[first_page(l->cells) + cpu]);

	return page ? (u64 *)page_address(page) + l->cells % PER_PAGE + t->cell : NULL;
}

/* All copies, to sum[]. Returns 1; 0: there is nothing; -EAGAIN: a copy would not become consistent. */
static int read_copies(struct dpid_proc *p, const struct dpid_landing *l, const struct dpid_tally *t)
{
	struct dpid_cells *c = region_of(p, l->cells);
	bool any = false;
	u32 i;

	for (i = 0; i < dpid_copies(); i++) {
		const u64 *cells = copy_of(c, l, t, i);

		if (!cells)
			continue;
		if (!any)
			memset(sum, 0, t->ncells * sizeof(*sum));
		any = true;
		if (!read_copy(t, cells))
			return -EAGAIN;
	}
	return any;
}

/* What sum[] has grown by since, in its place. False: not at all. */
static bool take_growth(struct dpid_landing *l, const struct dpid_tally *t)
{
	bool wide = t->kind == DTRACEAGG_STDDEV, any = false;	/* its last sum is 128 bits */
	u64 *seen, now, borrow = 0;
	u32 i;

	if (!l->seen && !memchr_inv(sum, 0, t->ncells * sizeof(*sum)))
		return false;
	if (!l->seen)
		l->seen = kvcalloc(l->plan->ncells, sizeof(*l->seen), GFP_KERNEL_ACCOUNT);
	if (!l->seen)
		return false;		/* next time */
	seen = l->seen + t->cell;
	for (i = 0; i < t->ncells; i++) {
		now = sum[i];
		sum[i] -= seen[i] + (wide && i == 3 ? borrow : 0);
		borrow = now < seen[i];
		seen[i] = now;
		any |= sum[i];
	}
	return any;
}

static void hand_over_hits(struct dpid_landing *l, u64 n)
{
	struct dpid_link *link;

	for (link = rcu_dereference_protected(l->leap->tp->links, lockdep_is_held(&dtk_lock)); link;
	     link = rcu_dereference_protected(link->next, lockdep_is_held(&dtk_lock)))
		dtk_probe_counted(link->site->probe->dtk, n);
}

/* The values of min() and max() do not grow: each is taken as it is, and the cells are empty again. */
static bool take_extreme(struct dpid_proc *p, const struct dpid_landing *l, const struct dpid_tally *t)
{
	struct dpid_cells *c = region_of(p, l->cells);
	u64 best = 0, extreme = 0;
	u32 i;

	for (i = 0; i < dpid_copies(); i++) {
		u64 *cells = copy_of(c, l, t, i);

		if (!cells)
			continue;
		best = max(best, READ_ONCE(cells[0]) ? xchg(&cells[0], 0) : 0);
		extreme |= READ_ONCE(cells[1]) ? xchg(&cells[1], 0) : 0;
	}
	sum[0] = best ? dpid_tally_value(t, best) : dpid_tally_extreme(t);
	return best || extreme;
}

/* sum[] as the action's value, by kind. */
static void hand_over(struct dtk_ecb *ecb, u32 act, const struct dpid_tally *t)
{
	u64 hits = 1;
	u32 i;

	switch (t->kind) {
	case DTRACEAGG_COUNT:
		hits = sum[0];
		break;
	case DTRACEAGG_SUM:
		hits = sum[0];
		sum[0] = sum[1];
		break;
	case DTRACEAGG_AVG:
	case DTRACEAGG_STDDEV:
		hits = sum[0];
		break;
	case DTRACEAGG_LQUANTIZE:
	case DTRACEAGG_LLQUANTIZE:
		for (i = t->ncells; i; i--)
			sum[i] = sum[i - 1];
		break;
	}
	dtk_ecb_tallied(ecb, act, sum, hits);
}

static void read_tally(struct dpid_proc *p, struct dpid_landing *l, u32 i)
{
	const struct dpid_tally *t = &l->plan->tally[i];
	struct dtk_ecb *ecb = l->bind[i].ecb;
	bool shared = !i && l->plan->shared;
	int ret;

	if (!ecb && !shared)
		return;
	if (t->kind == DTRACEAGG_MIN || t->kind == DTRACEAGG_MAX) {
		if (take_extreme(p, l, t))
			dtk_ecb_tallied(ecb, l->bind[i].act, sum, 1);
		return;
	}
	ret = read_copies(p, l, t);
	if (ret < 0)
		dtk_provider_drop(ecb->probe);
	if (ret <= 0 || !take_growth(l, t))
		return;
	if (shared)
		hand_over_hits(l, sum[0]);
	else
		hand_over(ecb, l->bind[i].act, t);
}

static void read_landing(struct dpid_proc *p, struct dpid_landing *l)
{
	u32 i;

	for (i = 0; i < l->plan->n; i++)
		read_tally(p, l, i);
}

void dpid_landing_forget(struct dpid_proc *p, struct dpid_landing *l, u32 i)
{
	const struct dpid_tally *t = &l->plan->tally[i];

	lockdep_assert_held(&dtk_lock);
	patience = PATIENCE;
	if (t->kind == DTRACEAGG_MIN || t->kind == DTRACEAGG_MAX)
		take_extreme(p, l, t);
	else if (read_copies(p, l, t) > 0)
		take_growth(l, t);
}

void dpid_harvest_proc(struct dpid_proc *p)
{
	struct dpid_landing *l;
	u32 i = 0;

	lockdep_assert_held(&dtk_lock);
	patience = PATIENCE;
	for (l = p->landings; l; l = l->next) {
		read_landing(p, l);
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
static bool is_there(struct mm_struct *mm, const struct dpid_cells *c)
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

bool dpid_cells_back(struct dpid_proc *p)
{
	struct dpid_cells *c;

	for (c = p->cells; c; c = c->next)
		if (!c->mapped && (!is_there(p->mm, c) || region_map(p, c)))
			return false;
	return true;
}

static void forget_counts(struct dpid_proc *p)
{
	struct dpid_landing *l;

	for (l = p->landings; l; l = l->next) {
		kvfree(l->seen);
		l->seen = NULL;
	}
}

void dpid_cells_rest(struct dpid_proc *p)
{
	struct dpid_cells *c;
	bool gone = false;

	lockdep_assert_held(&p->lock);
	if (!p->cells || p->nleaps || !mmget_not_zero(p->mm))
		return;
	for (c = p->cells; c; c = c->next) {
		if (!c->mapped || !is_there(p->mm, c) ||
		    dpid_map(p->mm, NULL, c->addr, nbytes(), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE) < 0)
			continue;
		WRITE_ONCE(c->mapped, false);
		gone = true;
	}
	mmput(p->mm);
	if (!gone)
		return;
	synchronize_rcu();	/* dpid_cells_here() */
	for (c = p->cells; c; c = c->next)
		if (!c->mapped)
			free_pages_of(c);
	forget_counts(p);
}

void dpid_cells_unmap(struct dpid_proc *p)
{
	struct dpid_cells *c;

	for (c = p->cells; c; c = c->next)
		if (is_there(current->mm, c))
			vm_munmap(c->addr, nbytes());
}

void dpid_cells_free(struct dpid_proc *p)
{
	struct dpid_cells *c;

	while (p->cells) {
		c = p->cells;
		p->cells = c->next;
		region_put(c);
	}
}
