// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leaps: which points jump instead of trapping, where their stubs lie, and threads inside them.
 * kmod_jump.h has the code and why nobody between two instructions is harmed; kmod_stage.c writes it.
 *
 * Where an area goes. The displacement's highest byte nearly always traps, so the distance between text and
 * stub is one of few (windows[]), and an area is as long as the text that it serves. First comes 0xcc, 0.8 GiB
 * below: what debuggers and uprobes write is 0xcc as well, so where all bytes that trap are that, they may set their
 * breakpoints between ours. Programs that begin at 4 MiB have nothing below them; theirs go far above, where no
 * heap comes.
 *
 * A stub goes to the first place that fits in such an area. Its granules are entered in proc->stubs, which finds
 * the leap to a thread's ip and says what is taken.
 *
 * A thread inside a stub. Until the hit is counted it has not begun the function: it goes back to the entry, with
 * rax restored. When the hit is counted, too, but what it will count once more is taken off (undone). From the
 * first displaced instruction on it is where that instruction is in the program; there it traps, should it come
 * back by itself, and goes on here.
 */
#include <linux/mman.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <asm/cpufeature.h>

#include "kmod.h"

#define GROUP_GAP	((u64)SZ_1M)	/* between two points that share an area, at most */
#define GROUP_SPAN	((u64)SZ_64M)
#define TRIES		4096
#define LOWEST		((u64)SZ_64K)
#define HEAP_ROOM	((u64)SZ_1G)

struct leaparea {
	struct list_head list;		/* proc->leapareas */
	u64 start, end;
	u64 cursor[1 << (DPID_JUMP_LEN - 1)];	/* by prefix.inside / 2: where the next one may be free */
};

/* ---- Offers ------------------------------------------------------------------------ */

void dpid_leap_offer(struct dpid_tp *tp, const struct dtrace_pid_point *pt)
{
	struct dpid_leap *leap;
	u32 len = max_t(u32, pt->prefix, DPID_JUMP_LEN);

	if (!pt->prefix || tp->leap)
		return;
	leap = kzalloc(sizeof(*leap), GFP_KERNEL_ACCOUNT);
	if (!leap)
		return;		/* a breakpoint, then */
	leap->tp = tp;
	memcpy(leap->bytes, pt->bytes, min_t(u32, len, sizeof(leap->bytes)));
	if (dpid_prefix_decode(pt->bytes, pt->prefix, &leap->prefix) || leap->prefix.insn[0].len != tp->insn.len ||
	    offset_in_page(tp->key.addr) + DPID_JUMP_LEN > PAGE_SIZE)
		leap->prefix.n = 0;	/* never wanted: it says why */
	WRITE_ONCE(tp->leap, leap);
}

/* ---- Which are wanted ----------------------------------------------------------------- */

static bool only_counts(const struct dpid_tp *tp)
{
	struct dpid_link *link;

	if (READ_ONCE(tp->syncs))
		return false;
	for (link = rcu_dereference_protected(tp->links, lockdep_is_held(&dtk_lock)); link;
	     link = rcu_dereference_protected(link->next, lockdep_is_held(&dtk_lock))) {
		const struct dpid_probe *probe = link->site->probe;

		if (probe->type == DTRACE_PID_RETURN || probe->type == DTRACE_PID_RECIPE ||
		    !dtk_probe_only_counts(probe->dtk))
			return false;
	}
	return tp->links;
}

/* Is there another point in what the jump would displace? */
static bool crowded(struct dpid_proc *p, u32 i)
{
	u64 end = p->tps[i]->key.addr + max_t(u32, p->tps[i]->leap->prefix.len, DPID_JUMP_LEN);

	while (++i < p->ntps && p->tps[i]->key.addr < end)
		if (dpid_tp_wanted(p->tps[i]) || p->tps[i]->state == DPID_ARMED)
			return true;
	return false;
}

/*
 * A debugger writes into text. The consumer that is calling may be one itself, of a program it starts; unless it was
 * seen to come.
 */
static bool has_tracer(struct dpid_proc *p)
{
	struct task_struct *leader, *t;
	bool has = false, any = false;

	rcu_read_lock();
	leader = pid_task(find_pid_ns(p->tgid, &init_pid_ns), PIDTYPE_PID);
	if (leader)
		for_each_thread(leader, t) {
			if (!READ_ONCE(t->ptrace))
				continue;
			any = true;
			has |= rcu_dereference(t->parent)->tgid != current->tgid;
		}
	rcu_read_unlock();
	if (!any)
		p->shunned = false;
	return has || p->shunned;
}

static bool forbidden(struct dpid_proc *p)
{
	struct dpid_holder *h;

	list_for_each_entry(h, &p->holders, list)
		if (h->nojumps)
			return true;
	return false;
}

void dpid_leaps_decide(struct dpid_proc *p)
{
	bool traced = has_tracer(p), no = forbidden(p);
	u32 i;

	lockdep_assert_held(&p->lock);
	lockdep_assert_held(&dtk_lock);
	for (i = 0; i < p->ntps; i++) {
		struct dpid_leap *leap = p->tps[i]->leap;

		if (!leap)
			continue;
		leap->wanted = false;
		if (!leap->prefix.n)
			leap->why = DTRACE_PID_NOJUMP_KIND;
		else if (!only_counts(p->tps[i]))
			leap->why = DTRACE_PID_NOJUMP_CLAUSE;
		else if (crowded(p, i))
			leap->why = DTRACE_PID_NOJUMP_INSIDE;
		else if (no)
			leap->why = DTRACE_PID_NOJUMP_ASKED;
		else if (traced)
			leap->why = DTRACE_PID_NOJUMP_TRACER;
		else
			leap->wanted = true;
	}
}

/* ---- Areas --------------------------------------------------------------------------------- */

static const struct { u32 rel, room; } windows[] = {
	{ 0xcccc0000, SZ_64K },
	{ 0xce600000, SZ_128K }, { 0xd6600000, SZ_128K },
	{ 0x60600000, SZ_128K }, { 0x61600000, SZ_128K }, { 0x3f600000, SZ_128K }, { 0x37600000, SZ_128K },
	{ 0x2f600000, SZ_128K }, { 0x27600000, SZ_128K }, { 0x1f600000, SZ_128K }, { 0x1e600000, SZ_128K },
	{ 0x17600000, SZ_128K }, { 0x16600000, SZ_128K }, { 0x0e600000, SZ_128K }, { 0x07600000, SZ_128K },
	{ 0x06600000, SZ_128K },
};

static bool is_free(struct mm_struct *mm, u64 start, u64 end)
{
	u64 brk = PAGE_ALIGN(mm->brk);
	struct vm_area_struct *vma;
	bool free;

	if (start < LOWEST || start >= end || end > TASK_SIZE_MAX - PAGE_SIZE ||
	    (start < brk + HEAP_ROOM && end > mm->start_brk))
		return false;
	mmap_read_lock(mm);
	vma = find_vma(mm, start);
	free = !vma || (vma->vm_start >= end && !(vma->vm_flags & VM_GROWSDOWN));
	mmap_read_unlock(mm);
	return free;
}

static struct leaparea *area_create(struct dpid_proc *p, u64 lo, u64 hi)
{
	struct leaparea *a = kzalloc(sizeof(*a), GFP_KERNEL_ACCOUNT);
	u32 i, k;

	for (i = 0; a && i < ARRAY_SIZE(windows); i++) {
		s64 rel = DPID_JUMP_LEN + (s64)(s32)windows[i].rel;
		u64 start = (lo + rel) & PAGE_MASK, end = PAGE_ALIGN(hi + rel + windows[i].room + DPID_CODE_MAX);

		if (!is_free(p->mm, start, end) ||
		    dpid_map(p->mm, NULL, start, end - start, PROT_READ | PROT_EXEC,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE) < 0)
			continue;
		a->start = start;
		a->end = end;
		for (k = 0; k < ARRAY_SIZE(a->cursor); k++)
			a->cursor[k] = start;
		if (!p->leaphi || start < p->leaplo)
			WRITE_ONCE(p->leaplo, start);
		if (end > p->leaphi)
			WRITE_ONCE(p->leaphi, end);
		list_add_tail(&a->list, &p->leapareas);
		return a;
	}
	kfree(a);
	return NULL;
}

/* ---- Stubs ----------------------------------------------------------------------------------- */

/* The first free place for @size bytes from @from on, or 0. */
static u64 find_place(struct dpid_proc *p, const struct leaparea *a, const struct dpid_leap *leap, bool int3,
		      u64 from, u32 size)
{
	u32 tries;

	for (tries = 0; tries < TRIES; tries++) {
		unsigned long granule, last;
		u64 at = dpid_jump_place(leap->tp->key.addr, leap->prefix.inside, int3, from, a->end - size);

		if (!at)
			return 0;
		granule = at / DPID_GRANULE;
		last = (at + size - 1) / DPID_GRANULE;
		if (offset_in_page(at) + size > PAGE_SIZE)
			from = PAGE_ALIGN(at);
		else if (xa_find(&p->stubs, &granule, last, XA_PRESENT))
			from = (u64)(granule + 1) * DPID_GRANULE;
		else
			return at;
	}
	return 0;
}

static u64 place_in(struct dpid_proc *p, struct leaparea *a, const struct dpid_leap *leap, u32 size)
{
	u64 *cursor = &a->cursor[leap->prefix.inside / 2], at = 0;
	int int3;

	for (int3 = 1; int3 >= 0 && !at; int3--) {
		at = find_place(p, a, leap, int3, *cursor, size);
		if (!at)
			at = find_place(p, a, leap, int3, a->start, size);
	}
	if (at)
		*cursor = at + size;
	return at;
}

static u64 place(struct dpid_proc *p, const struct dpid_leap *leap, u32 size)
{
	struct leaparea *a;
	u64 at;

	list_for_each_entry(a, &p->leapareas, list) {
		at = place_in(p, a, leap, size);
		if (at)
			return at;
	}
	return 0;
}

static int enter(struct dpid_proc *p, struct dpid_leap *leap)
{
	unsigned long g, first = leap->stub / DPID_GRANULE, last = (leap->stub + leap->map.size - 1) / DPID_GRANULE;

	for (g = first; g <= last; g++) {
		if (!xa_is_err(xa_store(&p->stubs, g, leap, GFP_KERNEL_ACCOUNT)))
			continue;
		while (g-- > first)
			xa_erase(&p->stubs, g);
		return -ENOMEM;
	}
	return 0;
}

static int build(struct dpid_leap *leap, u64 at, u64 base, struct dpid_code *c)
{
	c->at = at;
	return dpid_jump_build(c, &leap->prefix, leap->bytes, leap->tp->key.addr, base, dpid_copies(),
			       boot_cpu_has(X86_FEATURE_RDPID), &leap->map);
}

/* Give @leap its stub. Returns 0, -ENOSPC: no place in the areas there are, or another error. */
static int stub_make(struct dpid_proc *p, struct dpid_leap *leap)
{
	struct dpid_code c;
	u64 at;
	int err;

	/* How long it is does not depend on where. */
	at = leap->tp->key.addr;
	build(leap, at, 0, &c);
	at = place(p, leap, leap->map.size);
	if (!at)
		return -ENOSPC;
	err = leap->counter ? leap->counter : dpid_counter_get(p);
	if (err < 0)
		return err;
	leap->counter = err;
	if (build(leap, at, dpid_counter_address(p, leap->counter), &c))
		return -ENOSPC;
	err = dpid_write_stub(p->mm, at, c.b, c.n);
	if (err)
		return err;
	dpid_jump_bytes(leap->jump, leap->tp->key.addr, at);
	leap->stub = at;
	err = enter(p, leap);
	if (err) {
		leap->stub = 0;
		return err;
	}
	leap->next = p->leaps;
	p->leaps = leap;
	return 0;
}

static bool needs_stub(const struct dpid_tp *tp)
{
	return tp->leap && tp->leap->wanted && !tp->leap->stub && tp->state == DPID_ARMED;
}

/* From point @i on: how far those go that share an area. */
static u32 group(struct dpid_proc *p, u32 i)
{
	u64 lo = p->tps[i]->key.addr, last = lo;
	u32 end = i + 1;

	for (; i < p->ntps; i++) {
		u64 addr = p->tps[i]->key.addr;

		if (addr - last > GROUP_GAP || addr - lo > GROUP_SPAN)
			break;
		if (needs_stub(p->tps[i]))
			end = i + 1;
		last = addr;
	}
	return end;
}

static void place_group(struct dpid_proc *p, u32 i, u32 end)
{
	u64 lo = p->tps[i]->key.addr, hi = p->tps[end - 1]->key.addr;
	bool created = false;
	int err;

	for (; i < end; i++) {
		struct dpid_leap *leap = p->tps[i]->leap;

		if (!needs_stub(p->tps[i]))
			continue;
		err = stub_make(p, leap);
		if (err == -ENOSPC && !created) {
			created = true;
			if (area_create(p, lo, hi))
				err = stub_make(p, leap);
		}
		if (!err)
			continue;
		leap->wanted = false;
		leap->why = err == -ENOSPC ? DTRACE_PID_NOJUMP_PLACE : DTRACE_PID_NOJUMP_MEMORY;
		cond_resched();
	}
}

static void want_none(struct dpid_proc *p)
{
	u32 i;

	for (i = 0; i < p->ntps; i++) {
		struct dpid_leap *leap = p->tps[i]->leap;

		if (!leap || !leap->wanted)
			continue;
		leap->wanted = false;
		leap->why = DTRACE_PID_NOJUMP_MEMORY;
	}
}

void dpid_leaps_prepare(struct dpid_proc *p)
{
	u32 i, end;

	lockdep_assert_held(&p->lock);
	if (!dpid_counters_back(p)) {
		want_none(p);
		return;
	}
	for (i = 0; i < p->ntps; i = end) {
		end = i + 1;
		if (!needs_stub(p->tps[i]))
			continue;
		end = group(p, i);
		place_group(p, i, end);
		cond_resched();
		if (fatal_signal_pending(current))
			return;
	}
}

/* ---- Threads inside ------------------------------------------------------------------------ */

struct dpid_leap *dpid_leap_around(const struct mm_struct *mm, u64 addr, u32 *i)
{
	u32 k;

	for (k = 1; k < DPID_JUMP_LEN; k++) {
		struct dpid_key key = { .mm = (unsigned long)mm, .addr = addr - k };
		struct dpid_tp *tp = rhashtable_lookup(&dpid_tps, &key, dpid_tps_params);
		struct dpid_leap *leap = tp ? READ_ONCE(tp->leap) : NULL;

		if (!leap || !(leap->prefix.inside >> k & 1))
			continue;
		for (*i = 1; *i < leap->prefix.n; ++*i)
			if (leap->prefix.at[*i] == k)
				return leap;
	}
	return NULL;
}

static struct dpid_leap *leap_at(struct dpid_proc *p, u64 ip, u32 *off)
{
	struct dpid_leap *leap;

	if (ip < READ_ONCE(p->leaplo) || ip >= READ_ONCE(p->leaphi))
		return NULL;
	leap = xa_load(&p->stubs, ip / DPID_GRANULE);
	if (!leap || ip - leap->stub >= leap->map.size)
		return NULL;
	*off = ip - leap->stub;
	return leap;
}

/* Before the first displaced instruction. False: rax cannot be had. */
static bool leave_head(struct dpid_leap *leap, struct pt_regs *regs, u32 off)
{
	u64 ax = regs->ax;

	if (off >= leap->map.saved && off < leap->map.body && dtk_read_user(&ax, regs->sp - 8, sizeof(ax)))
		return false;
	regs->ax = ax;
	regs->ip = leap->tp->key.addr;
	if (off >= leap->map.counted)
		atomic64_inc(&leap->undone);
	return true;
}

bool dpid_leap_leave(struct dpid_proc *p, struct pt_regs *regs)
{
	struct dpid_leap *leap;
	u32 off, i;

	leap = leap_at(p, regs->ip, &off);
	if (!leap)
		return false;
	if (off <= leap->map.body)
		return leave_head(leap, regs, off);
	for (i = 1; i < leap->prefix.n; i++) {
		if (leap->map.insn[i] == off) {
			regs->ip = leap->tp->key.addr + leap->prefix.at[i];
			return true;
		}
	}
	if (!leap->map.back || off != leap->map.back)
		return false;
	regs->ip = leap->tp->key.addr + leap->prefix.len;
	return true;
}

/* What number it has read may be another CPU's when it comes back: let it read again. */
void dpid_leap_switch(struct task_struct *prev)
{
	struct pt_regs *regs;
	struct dpid_leap *leap;
	struct dpid_proc *p;
	u32 off;

	if (!prev->mm || prev->flags & PF_KTHREAD)
		return;
	p = dpid_proc_by_mm(prev->mm);
	if (!p || !READ_ONCE(p->leaphi))
		return;
	regs = task_pt_regs(prev);
	leap = leap_at(p, regs->ip, &off);
	if (leap && off > leap->map.saved && off < leap->map.counted)
		regs->ip = leap->stub + leap->map.saved;
}

/* ---- End ------------------------------------------------------------------------------------- */

void dpid_leapareas_unmap(struct dpid_proc *p)
{
	struct mm_struct *mm = current->mm;
	struct leaparea *a;
	bool ours;

	list_for_each_entry(a, &p->leapareas, list) {
		mmap_read_lock(mm);
		ours = dpid_is_area(mm, a->start, a->end);
		mmap_read_unlock(mm);
		if (ours)
			vm_munmap(a->start, a->end - a->start);
	}
}

u64 dpid_leaps_bytes(struct dpid_proc *p)
{
	struct leaparea *a;
	u64 n = 0;

	list_for_each_entry(a, &p->leapareas, list)
		n += a->end - a->start;
	return n;
}

/* Nothing finds the process any more. Leaps go with their points. */
void dpid_leaps_free(struct dpid_proc *p)
{
	struct leaparea *a, *next;

	xa_destroy(&p->stubs);
	list_for_each_entry_safe(a, next, &p->leapareas, list)
		kfree(a);
}
