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
 * A stub goes to the first place that fits in such an area; a bitmap says what is taken. Its granules are also entered
 * in proc->stubs, which finds the landing to a thread's ip.
 *
 * A thread inside a landing. In the head it has not begun the function: it goes back to the entry, with its registers
 * restored, and what it has added is taken off again. From the first displaced instruction on it is where
 * that instruction is in the program; there it traps, should it come back by itself, and goes on here.
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
#define GIVE_UP		8
/* All landings of a process: those of sessions that asked for something else stay, for a thread may be inside. */
#define LANDINGS_MOST	((u64)SZ_64M)
#define LOWEST		((u64)SZ_64K)
#define HEAP_ROOM	((u64)SZ_1G)
#define LAHF_FLAGS	(X86_EFLAGS_SF | X86_EFLAGS_ZF | X86_EFLAGS_AF | X86_EFLAGS_PF | X86_EFLAGS_CF)

struct leaparea {
	struct list_head list;		/* proc->leapareas */
	u64 start, end;
	unsigned long *taken;		/* by granule */
	struct {
		u64 cursor;		/* where the next one may be free */
		u8 failed[2];		/* searches in a row that found none, for any trap and for 0xcc alone */
	} kind[1 << (DPID_JUMP_LEN - 1)];	/* by prefix.inside / 2 */
};

/* ---- Offers ------------------------------------------------------------------------ */

void dpid_leap_offer(struct dpid_tp *tp, const struct dtrace_pid_point *pt)
{
	u32 len = pt->lead + pt->prefix;
	struct dpid_leap *leap;

	if (!pt->prefix || tp->leap)
		return;
	leap = kzalloc(sizeof(*leap), GFP_KERNEL_ACCOUNT);
	if (!leap)
		return;		/* a breakpoint, then */
	leap->tp = tp;
	leap->lead = min_t(u32, pt->lead, sizeof(pt->before));
	leap->addr = pt->addr - leap->lead;
	leap->keepflags = pt->flags & DTRACE_PID_KEEPFLAGS;
	memcpy(leap->bytes, pt->before + sizeof(pt->before) - leap->lead, leap->lead);
	memcpy(leap->bytes + leap->lead, pt->bytes, min_t(u32, sizeof(leap->bytes) - leap->lead, sizeof(pt->bytes)));
	if (pt->lead != leap->lead || dpid_prefix_decode(leap->bytes, len, leap->lead, &leap->prefix) ||
	    leap->prefix.insn[leap->prefix.pivot].len != tp->insn.len ||
	    offset_in_page(leap->addr) + DPID_JUMP_LEN > PAGE_SIZE ||
	    (leap->keepflags && !boot_cpu_has(X86_FEATURE_LAHF_LM)))
		leap->prefix.n = 0;	/* never wanted: it says why */
	WRITE_ONCE(tp->leap, leap);
}

void dpid_leap_free(struct dpid_leap *leap)
{
	struct dpid_landing *l;

	while (leap && leap->landings) {
		l = leap->landings;
		leap->landings = l->older;
		kvfree(l->seen);
		kfree(l);
	}
	kfree(leap);
}

/* ---- Which are wanted ----------------------------------------------------------------- */

static bool in_use(const struct dpid_tp *tp)
{
	return dpid_tp_wanted(tp) || tp->state == DPID_ARMED;
}

/* Is there another point in what the jump would displace, or a jump that has been decided on? */
static bool crowded(struct dpid_proc *p, u32 i)
{
	u64 lo = p->tps[i]->leap->addr, hi = lo + dpid_leap_len(p->tps[i]->leap);
	u32 k;

	for (k = i + 1; k < p->ntps && p->tps[k]->key.addr < hi; k++)
		if (in_use(p->tps[k]))
			return true;
	for (k = i; k-- && p->tps[k]->key.addr + DPID_PREFIX_MAX > lo;) {
		const struct dpid_leap *other = p->tps[k]->leap;

		if ((p->tps[k]->key.addr >= lo && in_use(p->tps[k])) ||
		    (other && other->wanted && other->addr + dpid_leap_len(other) > lo))
			return true;
	}
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

static void decide(struct dpid_proc *p, struct dpid_planner *pl, u32 i, bool traced, bool no)
{
	struct dpid_leap *leap = p->tps[i]->leap;

	leap->wanted = false;
	leap->plan = NULL;
	if (!leap->prefix.n) {
		leap->why = DTRACE_PID_NOJUMP_KIND;
		return;
	}
	leap->plan = pl ? dpid_plan_for(p, pl, p->tps[i]) : NULL;
	if (!leap->plan)
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

void dpid_leaps_decide(struct dpid_proc *p)
{
	struct dpid_planner *pl = dpid_planner_create();
	bool traced = has_tracer(p), no = forbidden(p);
	u32 i;

	lockdep_assert_held(&p->lock);
	lockdep_assert_held(&dtk_lock);
	for (i = 0; i < p->ntps; i++) {
		struct dpid_leap *leap = p->tps[i]->leap;

		if (!leap)
			continue;
		decide(p, pl, i, traced, no);
		if (dpid_leap_ready(leap))
			dpid_bind(p, leap->landing);
		if (!(i % 1024))
			cond_resched();
	}
	dpid_planner_free(pl);
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

static u32 granules(u64 start, u64 end)
{
	return (end - start) / DPID_GRANULE;
}

static void area_free(struct leaparea *a)
{
	if (a)
		kvfree(a->taken);
	kfree(a);
}

static struct leaparea *area_alloc(u64 start, u64 end)
{
	struct leaparea *a = kzalloc(sizeof(*a), GFP_KERNEL_ACCOUNT);
	u32 k;

	if (!a)
		return NULL;
	a->start = start;
	a->end = end;
	for (k = 0; k < ARRAY_SIZE(a->kind); k++)
		a->kind[k].cursor = start;
	a->taken = kvcalloc(BITS_TO_LONGS(granules(start, end)), sizeof(long), GFP_KERNEL_ACCOUNT);
	if (a->taken)
		return a;
	area_free(a);
	return NULL;
}

static struct leaparea *area_create(struct dpid_proc *p, u64 lo, u64 hi)
{
	struct leaparea *a;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(windows); i++) {
		s64 rel = DPID_JUMP_LEN + (s64)(s32)windows[i].rel;
		u64 start = (lo + rel) & PAGE_MASK, end = PAGE_ALIGN(hi + rel + windows[i].room + DPID_LANDING_MAX);

		if (!is_free(p->mm, start, end))
			continue;
		a = area_alloc(start, end);
		if (!a || dpid_map(p->mm, NULL, start, end - start, PROT_READ | PROT_EXEC,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE) < 0) {
			area_free(a);
			continue;
		}
		if (!p->leaphi || start < p->leaplo)
			WRITE_ONCE(p->leaplo, start);
		if (end > p->leaphi)
			WRITE_ONCE(p->leaphi, end);
		list_add_tail(&a->list, &p->leapareas);
		return a;
	}
	return NULL;
}

/* ---- Stubs ----------------------------------------------------------------------------------- */

/* The first free place for @size bytes from @from on, or 0. */
static u64 find_place(const struct leaparea *a, const struct dpid_leap *leap, bool int3, u64 from, u32 size)
{
	u32 tries, n = granules(a->start, a->end);

	for (tries = 0; tries < TRIES; tries++) {
		u64 at = dpid_jump_place(leap->addr, leap->prefix.inside, int3, from, a->end - size);
		u32 end, taken;

		if (!at)
			return 0;
		end = granules(a->start, at + size + DPID_GRANULE - 1);
		taken = find_next_bit(a->taken, end, granules(a->start, at));
		if (offset_in_page(at) + size > PAGE_SIZE)
			from = PAGE_ALIGN(at);
		else if (taken < end)
			from = a->start + (u64)find_next_zero_bit(a->taken, n, taken) * DPID_GRANULE;
		else
			return at;
	}
	return 0;
}

/* A search in vain is a long one. Other points may yet find a place, but not so many that it would pay. */
static u64 place_in(struct leaparea *a, const struct dpid_leap *leap, u32 size)
{
	u64 *cursor = &a->kind[leap->prefix.inside / 2].cursor, at = 0;
	int int3;

	for (int3 = 1; int3 >= 0 && !at; int3--) {
		u8 *failed = &a->kind[leap->prefix.inside / 2].failed[int3];

		if (*failed == GIVE_UP)
			continue;
		at = find_place(a, leap, int3, *cursor, size);
		if (!at)
			at = find_place(a, leap, int3, a->start, size);
		*failed = at ? 0 : *failed + 1;
	}
	if (at)
		*cursor = at + size;
	return at;
}

static struct leaparea *place(struct dpid_proc *p, const struct dpid_leap *leap, u32 size, u64 *at)
{
	struct leaparea *a;

	list_for_each_entry(a, &p->leapareas, list) {
		*at = place_in(a, leap, size);
		if (*at)
			return a;
	}
	return NULL;
}

static int enter(struct dpid_proc *p, struct dpid_landing *l)
{
	unsigned long g, first = l->addr / DPID_GRANULE, last = (l->addr + l->map.size - 1) / DPID_GRANULE;

	for (g = first; g <= last; g++) {
		if (!xa_is_err(xa_store(&p->stubs, g, l, GFP_KERNEL_ACCOUNT)))
			continue;
		while (g-- > first)
			xa_erase(&p->stubs, g);
		return -ENOMEM;
	}
	return 0;
}

static int landing_write(struct dpid_proc *p, struct dpid_landing *l)
{
	const struct dpid_leap *leap = l->leap;
	u8 *code = kmalloc(DPID_LANDING_MAX, GFP_KERNEL_ACCOUNT);
	int err;

	if (!code)
		return -ENOMEM;
	err = dpid_jump_build(code, l->addr, &leap->prefix, leap->bytes, leap->addr, l->plan,
			      dpid_cells_address(p, l->cells), &l->map);
	err = err ? -ENOSPC : dpid_write_stub(p->mm, l->addr, code, l->map.size);
	kfree(code);
	return err;
}

/* Where, and with which cells. Returns 0, -ENOSPC: no place in the areas there are, or another error. */
static int landing_build(struct dpid_proc *p, struct dpid_landing *l)
{
	u32 size = dpid_jump_size(&l->leap->prefix, l->plan);
	struct leaparea *a;
	int cells, err;

	if (p->landingbytes + size > LANDINGS_MOST)
		return -ENOMEM;
	a = place(p, l->leap, size, &l->addr);
	if (!a)
		return -ENOSPC;
	cells = dpid_cells_get(p, l->plan->ncells);
	if (cells < 0)
		return cells;
	l->cells = cells;
	err = landing_write(p, l);
	if (!err)
		err = enter(p, l);
	if (err)
		return err;
	bitmap_set(a->taken, granules(a->start, l->addr),
		   granules(a->start, l->addr + size + DPID_GRANULE - 1) - granules(a->start, l->addr));
	p->landingbytes += size;
	return 0;
}

static int landing_make(struct dpid_proc *p, struct dpid_leap *leap)
{
	struct dpid_landing *l = kzalloc(struct_size(l, bind, leap->plan->n), GFP_KERNEL_ACCOUNT);
	int err;

	if (!l)
		return -ENOMEM;
	l->leap = leap;
	l->plan = leap->plan;
	err = landing_build(p, l);
	if (err) {
		kfree(l);
		return err;
	}
	l->next = p->landings;
	p->landings = l;
	l->older = leap->landings;
	WRITE_ONCE(leap->landings, l);
	return 0;
}

/* Give @leap the landing for its plan. Errors as landing_build(). */
static int land(struct dpid_proc *p, struct dpid_leap *leap)
{
	struct dpid_landing *l;
	int err;

	for (l = leap->landings; l && l->plan != leap->plan; l = l->older)
		;
	if (!l) {
		err = landing_make(p, leap);
		if (err)
			return err;
		l = leap->landings;
	}
	dpid_jump_bytes(leap->jump, leap->addr, l->addr);
	WRITE_ONCE(leap->landing, l);
	dpid_bind(p, l);
	return 0;
}

static bool needs_landing(const struct dpid_tp *tp)
{
	const struct dpid_leap *leap = tp->leap;

	return leap && leap->wanted && !dpid_leap_ready(leap) && leap->stage == DPID_STAGE_NONE &&
	       tp->state == DPID_ARMED;
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
		if (needs_landing(p->tps[i]))
			end = i + 1;
		last = addr;
	}
	return end;
}

/* Landings may be longer than the functions they are for. */
#define AREAS_A_GROUP	4

static void place_group(struct dpid_proc *p, u32 i, u32 end)
{
	u64 lo = p->tps[i]->key.addr, hi = p->tps[end - 1]->key.addr;
	u32 created = 0;
	int err;

	for (; i < end; i++) {
		struct dpid_leap *leap = p->tps[i]->leap;

		if (!needs_landing(p->tps[i]))
			continue;
		err = land(p, leap);
		while (err == -ENOSPC && created < AREAS_A_GROUP && area_create(p, lo, hi)) {
			created++;
			err = land(p, leap);
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
	if (!dpid_cells_back(p)) {
		want_none(p);
		return;
	}
	for (i = 0; i < p->ntps; i = end) {
		end = i + 1;
		if (!needs_landing(p->tps[i]))
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
	struct dpid_key key = { .mm = (unsigned long)mm, .addr = addr - (DPID_JUMP_LEN - 1) };

	for (; key.addr < addr + DPID_JUMP_LEN; key.addr++) {
		struct dpid_tp *tp = rhashtable_lookup(&dpid_tps, &key, dpid_tps_params);
		struct dpid_leap *leap = tp ? READ_ONCE(tp->leap) : NULL;

		if (!leap || (leap->addr == addr && !leap->lead))
			continue;
		for (*i = 0; *i < leap->prefix.n; ++*i)
			if (leap->addr + leap->prefix.at[*i] == addr)
				return leap;
	}
	return NULL;
}

static struct dpid_landing *landing_at(struct dpid_proc *p, u64 ip, u32 *off)
{
	struct dpid_landing *l;

	if (ip < READ_ONCE(p->leaplo) || ip >= READ_ONCE(p->leaphi))
		return NULL;
	l = xa_load(&p->stubs, ip / DPID_GRANULE);
	if (!l || ip - l->addr >= l->map.size)
		return NULL;
	*off = ip - l->addr;
	return l;
}

/* Whose tally @i is, and by which action; NULL: nobody's. See dpid_bind(). */
static struct dtk_ecb *bound_to(const struct dpid_landing *l, u32 i, u32 *act)
{
	struct dtk_ecb *ecb = smp_load_acquire(&l->bind[i].ecb);

	*act = READ_ONCE(l->bind[i].act);
	smp_rmb();
	return READ_ONCE(l->bind[i].ecb) == ecb ? ecb : NULL;
}

/* What arguments were, with the program's registers. */
static void arguments(const struct dpid_plan *plan, const u64 r[16], u64 arg[DPID_ARGS])
{
	static const u8 where[DPID_ARGS] = { DPID_RDI, DPID_RSI, DPID_RDX, DPID_RCX, DPID_R8, DPID_R9 };
	u32 i;

	for (i = 0; i < DPID_ARGS; i++)
		arg[i] = plan->returns ? 0 : r[where[i]];
	if (plan->returns)
		arg[1] = r[DPID_RAX];	/* arg[0] has no part in what is aggregated: kmod_gen.c */
}

/* Take off what the first @n tallies added for these registers. Interrupts off. */
static void undo(struct dpid_landing *l, u32 n, const struct dpid_regs *regs)
{
	u64 *cells = n ? dpid_cells_here(l, true) : NULL, arg[DPID_ARGS], x;
	u32 i, act;

	arguments(l->plan, regs->r, arg);
	for (i = 0; cells && i < n; i++) {
		const struct dpid_tally *t = &l->plan->tally[i];
		struct dtk_ecb *ecb = bound_to(l, i, &act);
		bool buckets = t->kind >= DTRACEAGG_QUANTIZE;

		x = 0;
		if (!(i == 0 && l->plan->shared) && (!ecb || !dtk_ecb_eval(ecb, act, arg, DPID_ARGS, &x)))
			continue;
		dpid_tally_undo(t, cells + t->cell, x, buckets ? dtk_agg_bucket_of(t->kind, t->arg, x) : 0);
	}
}

void dpid_leap_uncount(struct dpid_leap *leap, const struct dpid_regs *regs)
{
	struct dpid_landing *l = READ_ONCE(leap->landing);
	unsigned long flags;

	if (!l)
		return;
	local_irq_save(flags);
	undo(l, l->plan->n, regs);
	local_irq_restore(flags);
}

/* The updates that a thread has begun are finished. Returns how many tallies it has done with. */
static u32 settle(struct dpid_landing *l, const struct pt_regs *regs, u32 off)
{
	const struct dpid_plan *plan = l->plan;
	u32 updates, i;
	bool bound;
	u64 *cells;

	i = dpid_plan_progress(plan, off, &updates, &bound);
	if (!updates)
		return i;
	cells = dpid_cells_here(l, false);
	if (cells)
		dpid_tally_finish(&plan->tally[i], cells + plan->tally[i].cell, regs->r10, updates);
	return i + 1;
}

/* A thread on its way off this CPU: what number it has read may be another CPU's when it comes back. */
static void unbind_cpu(struct dpid_landing *l, struct pt_regs *regs, u32 off)
{
	u32 updates, i;
	bool bound;

	i = dpid_plan_progress(l->plan, off, &updates, &bound);
	if (!bound)
		return;
	regs->ip = l->addr + l->map.head + (updates ? l->plan->tally[i].done : l->plan->tally[i].cpu);
	settle(l, regs, off);
}

/* The program's registers, most of which have been put away: DPID_SLOT_*. False: they cannot be had. */
static bool restore(const struct dpid_plan *plan, struct pt_regs *regs, u32 off)
{
	u64 slot[-DPID_SLOT_DX / 8], flags;

	if (dtk_read_user(slot, regs->sp + DPID_SLOT_DX, sizeof(slot)))
		return false;
	if (plan->flagged && off >= plan->flagged) {
		if (dtk_read_user(&flags, regs->sp + DPID_SLOT_FLAGS, sizeof(flags)))
			return false;
		regs->flags &= ~(LAHF_FLAGS | X86_EFLAGS_OF);
		regs->flags |= (flags >> 8 & LAHF_FLAGS) | (flags & 1 ? X86_EFLAGS_OF : 0);
	}
	regs->ax = slot[3];
	regs->r10 = plan->values ? slot[2] : regs->r10;
	regs->r11 = plan->values ? slot[1] : regs->r11;
	regs->dx = plan->divides ? slot[0] : regs->dx;
	return true;
}

/* In the head. False: registers cannot be had. */
static bool leave_head(struct dpid_landing *l, struct pt_regs *regs, u32 off)
{
	struct pt_regs was = *regs;
	struct dpid_regs r;
	u32 done;

	if (off >= l->plan->saved && !restore(l->plan, &was, off)) {
		unbind_cpu(l, regs, off);
		return false;
	}
	done = settle(l, regs, off);
	*regs = was;
	dpid_regs_get(&r, regs);
	undo(l, done, &r);
	regs->ip = l->leap->tp->key.addr;
	return true;
}

/* In the body, or the lead. */
static bool leave_body(const struct dpid_landing *l, struct pt_regs *regs, u32 off)
{
	u32 i;

	for (i = 0; i < l->leap->prefix.n; i++) {
		if (l->map.insn[i] == off) {
			regs->ip = l->leap->addr + l->leap->prefix.at[i];
			return true;
		}
	}
	if (!l->map.back || off != l->map.back)
		return false;
	regs->ip = l->leap->addr + l->leap->prefix.len;
	return true;
}

/* Where in the head, or behind its last instruction, where the hit is done but not the instruction? */
static bool in_head(const struct dpid_landing *l, u32 off, u32 *head)
{
	*head = off - l->map.head;
	return off >= l->map.head && *head <= l->plan->size;
}

bool dpid_leap_leave(struct dpid_proc *p, struct pt_regs *regs)
{
	struct dpid_landing *l;
	u32 off, head;

	l = landing_at(p, regs->ip, &off);
	if (!l)
		return false;
	return in_head(l, off, &head) ? leave_head(l, regs, head) : leave_body(l, regs, off);
}

bool dpid_leap_where(struct dpid_proc *p, struct pt_regs *regs)
{
	struct dpid_landing *l;
	u32 off, head;

	l = landing_at(p, regs->ip, &off);
	if (!l)
		return false;
	if (!in_head(l, off, &head))
		return leave_body(l, regs, off);
	regs->ip = l->leap->tp->key.addr;
	return true;
}

void dpid_leap_settle(struct dpid_proc *p, struct pt_regs *regs)
{
	struct dpid_landing *l;
	u32 off, head;

	l = landing_at(p, regs->ip, &off);
	if (l && in_head(l, off, &head) && head < l->plan->size)
		unbind_cpu(l, regs, head);
}

void dpid_leap_switch(struct task_struct *prev)
{
	struct dpid_proc *p;

	if (!prev->mm || prev->flags & PF_KTHREAD)
		return;
	p = dpid_proc_by_mm(prev->mm);
	if (p && READ_ONCE(p->leaphi))
		dpid_leap_settle(p, task_pt_regs(prev));
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

/* Nothing finds the process any more. Leaps and their landings go with their points. */
void dpid_leaps_free(struct dpid_proc *p)
{
	struct leaparea *a, *next;

	dpid_plans_free(p);
	xa_destroy(&p->stubs);
	list_for_each_entry_safe(a, next, &p->leapareas, list)
		area_free(a);
}
