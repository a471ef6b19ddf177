// SPDX-License-Identifier: GPL-2.0-only
/*
 * The trap: a user thread executed an int3. Decide whose it is, fire what is
 * linked there, and let the thread go on in the stub. See kmod.h for the states.
 *
 * Context of nearly everything here: the exception, in the thread itself, interrupts
 * off, inside an RCU reader (the notifier chain's). Nothing sleeps, locks,
 * allocates, or touches user memory but through the nofault readers.
 *
 * Our notifier comes first on the chain, before uprobes' (INT_MAX - 1): an
 * address that we armed showed its original byte then, so it is ours.
 */
#include <linux/kdebug.h>
#include <linux/notifier.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/uaccess.h>
#include <asm/fsgsbase.h>
#include <asm/ptrace.h>
#include <asm/trapnr.h>

#include "kmod.h"

u64 dpid_fsbase(const struct pt_regs *regs)
{
	return x86_fsbase_read_cpu();
}

void dpid_regs_get(struct dpid_regs *r, const struct pt_regs *regs)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(r->r); i++)
		r->r[i] = dpid_reg(regs, i);
	r->ip = regs->ip;
	r->flags = regs->flags & (X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | X86_EFLAGS_ZF |
				  X86_EFLAGS_SF | X86_EFLAGS_DF | X86_EFLAGS_OF);
}

static struct dpid_tp *tp_lookup(const struct mm_struct *mm, u64 addr)
{
	struct dpid_key key = { .mm = (unsigned long)mm, .addr = addr };

	return rhashtable_lookup(&dpid_tps, &key, dpid_tps_params);
}

/* ---- Not firing twice ------------------------------------------------------ */

/* Who comes to the point goes through the landing, and does not trap. */
static bool jumps_itself(const struct dpid_tp *tp)
{
	const struct dpid_leap *leap = READ_ONCE(tp->leap);

	return leap && !leap->lead && READ_ONCE(leap->stage) == DPID_STAGE_JUMP;
}

/*
 * A signal found the thread at the start of a stub, after firing, and moved it
 * back onto the breakpoint. When it comes again it must not fire again.
 * The thread comes back by sigreturn, which restores every register, so "the
 * same thread with the same registers" is what an entry remembers. A handler that
 * leaves by longjmp leaves its entry behind; should the thread later really call
 * with equal registers, that one call is missed; otherwise the entry is
 * overwritten when its turn comes. Entries are claimed with cmpxchg:
 * only the owner uses one, anyone may recycle one.
 */
void dpid_skip_add(struct dpid_proc *p, const struct pt_regs *regs)
{
	struct dpid_tp *tp = tp_lookup(p->mm, regs->ip);
	struct dpid_skip *s = NULL;
	struct dpid_regs now;
	u32 i, old = 0;

	dpid_regs_get(&now, regs);
	/* It fired, and will count when it comes again: see dpid_skips_absorb(). */
	if (tp && jumps_itself(tp)) {
		dpid_leap_uncount(tp->leap, &now);
		return;
	}

	for (i = 0; i < DPID_NSKIPS; i++) {
		s = &p->skips[i];
		if (!READ_ONCE(s->owner) && !cmpxchg(&s->owner, 0, DPID_SKIP_BUSY))
			break;
	}
	if (i == DPID_NSKIPS) {
		s = &p->skips[READ_ONCE(p->nextskip) % DPID_NSKIPS];
		WRITE_ONCE(p->nextskip, p->nextskip + 1);
		old = READ_ONCE(s->owner);
		if (old == DPID_SKIP_BUSY || cmpxchg(&s->owner, old, DPID_SKIP_BUSY) != old)
			return;		/* others fill the table right now: this hit may count twice */
	}
	s->regs = now;
	smp_store_release(&s->owner, task_pid_nr(current));
	if (!old)
		atomic_inc(&p->nskips);
}

/* A new session: what fired before fired for another one. */
void dpid_skips_clear(struct dpid_proc *p)
{
	u32 i, owner;

	for (i = 0; i < DPID_NSKIPS; i++) {
		owner = READ_ONCE(p->skips[i].owner);
		if (owner && owner != DPID_SKIP_BUSY &&
		    cmpxchg(&p->skips[i].owner, owner, 0) == owner)
			atomic_dec(&p->nskips);
	}
}

/* Does a thread that fired count when it comes again? Then its entry is not needed. */
static void absorb(struct dpid_proc *p, struct dpid_skip *s)
{
	u32 owner = smp_load_acquire(&s->owner);
	struct dpid_regs was = s->regs;		/* once the entry is free it is another's */
	struct dpid_tp *tp;

	if (!owner || owner == DPID_SKIP_BUSY)
		return;
	tp = tp_lookup(p->mm, was.ip);
	if (!tp || !jumps_itself(tp) || cmpxchg(&s->owner, owner, 0) != owner)
		return;
	atomic_dec(&p->nskips);
	dpid_leap_uncount(tp->leap, &was);
}

void dpid_skips_absorb(struct dpid_proc *p)
{
	u32 i;

	rcu_read_lock();
	for (i = 0; i < DPID_NSKIPS && atomic_read(&p->nskips); i++)
		absorb(p, &p->skips[i]);
	rcu_read_unlock();
}

static bool skip_take(struct dpid_proc *p, const struct pt_regs *regs)
{
	u32 i, me = task_pid_nr(current);
	struct dpid_regs now;

	dpid_regs_get(&now, regs);
	for (i = 0; i < DPID_NSKIPS; i++) {
		struct dpid_skip *s = &p->skips[i];

		if (smp_load_acquire(&s->owner) != me || memcmp(&s->regs, &now, sizeof(now)))
			continue;
		if (cmpxchg(&s->owner, me, 0) == me) {
			atomic_dec(&p->nskips);
			return true;
		}
	}
	return false;
}

/* ---- Firing ----------------------------------------------------------------- */

static bool inside(const struct dpid_site *site, u64 addr)
{
	return (addr >= site->lo && addr < site->hi) || (addr >= site->lo2 && addr < site->hi2);
}

/*
 * Does the instruction leave the function? A ret does. A jump does if it is
 * taken to outside the function's ranges; to the function's own first instruction it
 * is a loop. What cannot be read is no return, and is counted.
 */
static bool leaves(const struct dpid_tp *tp, const struct dpid_site *site,
		   const struct pt_regs *regs)
{
	struct dpid_regs r;
	int taken;
	u64 to;

	if (tp->insn.kind == DTRACE_PID_RET)
		return true;
	dpid_regs_get(&r, regs);
	taken = dpid_insn_jump(&tp->insn, tp->bytes, tp->key.addr, &r, &to);
	if (taken < 0) {
		this_cpu_inc(tp->proc->counts->undecided);
		dtk_provider_drop(site->probe->dtk);
		return false;
	}
	return taken && !inside(site, to);
}

bool dpid_always_leaves(const struct dpid_tp *tp, const struct dpid_site *site)
{
	return tp->insn.kind == DTRACE_PID_RET ||
	       (tp->insn.kind == DTRACE_PID_JMP &&
		!inside(site, dpid_insn_target(&tp->insn, tp->bytes, tp->key.addr)));
}

/*
 * Inline, like hit(): each call on the way of a hit is felt.
 * Returns 0, or -EFAULT: nothing has fired, because memory at *missing (or NULL) is not there. The arguments that
 * nobody reads need not be computed. An ECB that is linked meanwhile might read one: then it does not see this
 * firing, which began before it (DTK_FIRE_SOMEARGS).
 */
static __always_inline int fire_recipe(const struct dpid_link *link, struct pt_regs *regs, u64 *missing)
{
	const struct dpid_site *site = link->site;
	struct dtk_probe *probe = site->probe->dtk;
	struct dpid_recipe r DTK_UNINIT;
	struct dtk_fire f DTK_UNINIT;
	int ret;

	f.regs = regs;
	f.flags = DTK_FIRE_USER | DTK_FIRE_SOMEARGS;
	f.now = 0;
	f.nargs = DTRACE_STEP_ARGS;
	f.known = dtk_probe_reads(probe);
	r.step = site->steps + link->step;
	r.nstep = link->nstep;
	r.reads = f.known;
	r.regs = regs;
	r.arg = f.arg;
	r.saves = site->proc->saves;
	r.text = dtk_text();
	r.textsize = DTK_TEXT_SIZE;
	r.textaddr = DTK_TEXT_BASE;
	ret = dpid_recipe_run(&r);
	if (unlikely(ret < 0)) {
		if (missing)
			*missing = r.fault;
		return ret;
	}
	dpid_recipe_commit(&r);
	if (unlikely(r.lost))
		dtk_provider_drop(probe);
	if (!ret)
		return 0;
	if (r.textused)
		dtk_text_used(r.textused);
	dtk_fire_irqoff(probe, &f);
	if (r.textused)
		dtk_text_used(0);
	return 0;
}

bool dpid_getarg(const struct dpid_probe *probe, struct dtk_fire *f, u32 n, u64 *val)
{
	if (probe->type == DTRACE_PID_RETURN || probe->type == DTRACE_PID_RECIPE)
		return false;
	/* Not in registers: on the stack, as they are at the function's first instruction. */
	return n >= 6 && !dtk_read_user(val, f->regs->sp + 8 + 8ull * (n - 6), sizeof(*val));
}

static void fire(const struct dpid_tp *tp, const struct dpid_link *link, struct pt_regs *regs)
{
	const struct dpid_site *site = link->site;
	struct dtk_fire f DTK_UNINIT;

	f.regs = regs;
	f.flags = DTK_FIRE_USER;
	f.now = 0;
	if (site->probe->type == DTRACE_PID_RETURN) {
		if (!leaves(tp, site, regs))
			return;
		f.arg[0] = tp->key.addr - site->lo;
		f.arg[1] = regs->ax;
		f.nargs = 2;
	} else {
		if (site->probe->type == DTRACE_PID_ENTRY)
			f.flags |= DTK_FIRE_ENTRY;
		f.arg[0] = regs->di;
		f.arg[1] = regs->si;
		f.arg[2] = regs->dx;
		f.arg[3] = regs->cx;
		f.arg[4] = regs->r8;
		f.arg[5] = regs->r9;
		f.nargs = 6;
	}
	dtk_fire_irqoff(site->probe->dtk, &f);
}

/*
 * The thread got a shadow stack after its calls were armed. A stub's push would
 * not be on it, so the call must run where it is. These hits are drops.
 */
static int give_up_call(struct dpid_tp *tp)
{
	struct dpid_link *link;

	for (link = rcu_dereference(tp->links); link; link = rcu_dereference(link->next))
		dtk_provider_drop(link->site->probe->dtk);
	dpid_lift(tp);		/* no work to be had now: it traps again, and again we try */
	return NOTIFY_STOP;
}

/*
 * Recipes come first among a point's links. If the first one finds memory missing, nothing has fired
 * yet, and all can be done again: -EFAULT. Later ones, and those for which it is @final, are drops.
 */
static int fire_all(const struct dpid_tp *tp, struct pt_regs *regs, bool final, u64 *missing)
{
	struct dpid_link *link, *first = rcu_dereference(tp->links);

	for (link = first; link; link = rcu_dereference(link->next)) {
		if (link->site->probe->type != DTRACE_PID_RECIPE) {
			fire(tp, link, regs);
		} else if (fire_recipe(link, regs, missing)) {
			if (link == first && !final)
				return -EFAULT;
			dtk_provider_drop(link->site->probe->dtk);
		}
	}
	return 0;
}

/* How many pages a recipe may find missing, one after the other. */
#define FETCHES	16

void dpid_fire_stood(struct dpid_tp *tp)
{
	struct pt_regs *regs = task_pt_regs(current);
	unsigned long ip = regs->ip;
	bool final = false;
	u64 missing;
	int tries, ret;
	u8 byte;

	for (tries = 0; ; tries++) {
		regs->ip = tp->key.addr;
		local_irq_disable();
		rcu_read_lock();
		ret = fire_all(tp, regs, final || tries == FETCHES, &missing);
		rcu_read_unlock();
		local_irq_enable();
		regs->ip = ip;
		if (!ret)
			return;
		final = copy_from_user(&byte, (void __user *)(uintptr_t)missing, 1);
	}
}

static bool pushes(const struct dpid_tp *tp)
{
	return tp->insn.kind == DTRACE_PID_CALL || tp->insn.kind == DTRACE_PID_CALLIND;
}

static __always_inline int hit(struct dpid_tp *tp, struct pt_regs *regs)
{
	struct dpid_proc *p = tp->proc;

	regs->ip = tp->key.addr;
	if (unlikely(pushes(tp)) && dtk_task_shstk(current))
		return give_up_call(tp);
	if (unlikely(atomic_read(&p->nskips)) && skip_take(p, regs)) {
		regs->ip = tp->slot;
		return NOTIFY_STOP;
	}
	this_cpu_inc(p->counts->hits);
	if (unlikely(READ_ONCE(tp->syncs)) && dpid_stand(tp))
		;	/* fires afterwards */
	else if (unlikely(fire_all(tp, regs, false, NULL)) && !dpid_fetch(tp))
		fire_all(tp, regs, true, NULL);
	regs->ip = tp->slot;
	return NOTIFY_STOP;
}

/* ---- Whose is it? ----------------------------------------------------------- */

/*
 * An int3 in an address space that we don't know: perhaps of a forked child
 * that could not be cleaned. It has the stubs, so let it go through them.
 */
static int lost_child_between(struct pt_regs *regs, u64 addr)
{
	u8 now, stub, jump[DPID_JUMP_LEN];
	struct dpid_landing *l;
	struct dpid_leap *leap;
	struct dpid_proc *p;
	u32 i;

	list_for_each_entry_rcu(p, &dpid_procs, list) {
		if (!atomic_read(&p->lost))
			continue;
		leap = dpid_leap_around(p->mm, addr, &i);
		if (!leap || !leap->ghost || dtk_read_user(&now, addr, 1))
			continue;
		/* Which jump it inherited, none can tell. All its landings are alike from the first instruction on. */
		for (l = READ_ONCE(leap->landings); l; l = l->older) {
			dpid_jump_bytes(jump, leap->addr, l->addr);
			if ((now != DPID_INT3 && now != jump[leap->prefix.at[i]]) || dtk_read_user(&stub, l->addr, 1))
				continue;
			regs->ip = l->addr + l->map.insn[i];
			return NOTIFY_STOP;
		}
	}
	return NOTIFY_DONE;
}

static int lost_child(struct pt_regs *regs)
{
	struct dpid_proc *p;
	struct dpid_tp *tp;
	u8 now[DPID_INSN_MAX], stub;

	list_for_each_entry_rcu(p, &dpid_procs, list) {
		if (!atomic_read(&p->lost))
			continue;
		tp = tp_lookup(p->mm, regs->ip - 1);
		if (!tp || !tp->ghost ||
		    dtk_read_user(now, tp->key.addr, tp->insn.len) || now[0] != DPID_INT3 ||
		    memcmp(now + 1, tp->bytes + 1, tp->insn.len - 1) ||
		    dtk_read_user(&stub, tp->slot, 1))
			continue;
		regs->ip = tp->slot;
		return NOTIFY_STOP;
	}
	return lost_child_between(regs, regs->ip - 1);
}

/*
 * Somebody came to an instruction that a jump has displaced, but not to the jump: it goes on in the copy.
 * Or the jump has been taken out since: it goes on here.
 */
static int between(struct pt_regs *regs, const struct mm_struct *mm, u64 addr)
{
	struct dpid_landing *l;
	struct dpid_leap *leap;
	int tries;
	u8 now;
	u32 i;

	leap = dpid_leap_around(mm, addr, &i);
	for (tries = 0; leap && tries < 2; tries++) {
		if (READ_ONCE(leap->live)) {
			l = READ_ONCE(leap->landing);	/* this one or another: they are alike from here on */
			regs->ip = l->addr + l->map.insn[i];
			return NOTIFY_STOP;
		}
		if (dtk_read_user(&now, addr, 1))
			return NOTIFY_DONE;
		if (now == leap->bytes[leap->prefix.at[i]]) {
			regs->ip = addr;
			return NOTIFY_STOP;
		}
		smp_rmb();	/* the byte before live; pairs with smp_wmb() in step_up() */
	}
	return NOTIFY_DONE;
}

static noinline int int3_anywhere(struct pt_regs *regs, const struct mm_struct *mm, u64 addr)
{
	int tries;
	u8 now;

	/*
	 * Not ARMED yet 0xCC in memory may also mean that the point was disarmed when we
	 * looked at it and armed again before we looked at the byte: look twice.
	 */
	for (tries = 0; tries < 2; tries++) {
		struct dpid_tp *tp = tp_lookup(mm, addr);

		if (tp && READ_ONCE(tp->state) == DPID_ARMED)
			return hit(tp, regs);
		if (!tp && !dpid_proc_by_mm(mm))
			return lost_child(regs);
		if (between(regs, mm, addr) == NOTIFY_STOP)
			return NOTIFY_STOP;
		if (dtk_read_user(&now, addr, 1))
			return NOTIFY_DONE;
		if (now != DPID_INT3) {
			regs->ip = addr;	/* it has gone since: run what is there now */
			return NOTIFY_STOP;
		}
		smp_rmb();	/* the byte before the state; pairs with smp_wmb() in arm() */
	}
	return NOTIFY_DONE;
}

static int int3(struct pt_regs *regs)
{
	const struct mm_struct *mm = current->mm;
	u64 addr = regs->ip - 1;
	struct dpid_tp *tp = tp_lookup(mm, addr);

	if (likely(tp && READ_ONCE(tp->state) == DPID_ARMED))
		return hit(tp, regs);
	return int3_anywhere(regs, mm, addr);
}

/* An undefined instruction: perhaps what a jump shows there. */
static int undefined(struct pt_regs *regs)
{
	struct dpid_tp *tp = tp_lookup(current->mm, regs->ip);

	/* The point itself, behind a lead. */
	if (tp && READ_ONCE(tp->state) == DPID_ARMED && tp->leap && tp->leap->lead && tp->leap->ghost)
		return hit(tp, regs);
	if (!tp && !dpid_proc_by_mm(current->mm))
		return lost_child_between(regs, regs->ip);
	return between(regs, current->mm, regs->ip);
}

static int on_die(struct notifier_block *nb, unsigned long val, void *data)
{
	struct die_args *args = data;

	if ((val != DIE_INT3 && (val != DIE_TRAP || args->trapnr != X86_TRAP_UD)) ||
	    !args->regs || !user_mode(args->regs) || !user_64bit_mode(args->regs) || !current->mm)
		return NOTIFY_DONE;
	return val == DIE_INT3 ? int3(args->regs) : undefined(args->regs);
}

static struct notifier_block die_nb = {
	.notifier_call = on_die,
	.priority = INT_MAX,
};

int dpid_trap_init(void)
{
	return register_die_notifier(&die_nb);
}

/* All breakpoints are out of memory. Waits for exceptions in progress. */
void dpid_trap_exit(void)
{
	synchronize_rcu();
	unregister_die_notifier(&die_nb);
	synchronize_rcu();
}
