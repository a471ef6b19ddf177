// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens to processes: fork, exec, exit, signals; and works, which run in
 * a thread's own context on its way to user mode: cleaning a forked child, and
 * standing at a SYNC point or before a new program.
 *
 * Tracepoint callbacks may run with preemption off, or under a signal lock;
 * they take no lock and, on a PREEMPT_RT kernel, may not even allocate atomically.
 * So works come from a fixed pool, claimed bit by bit; waking is left to an irq_work.
 */
#include <linux/delay.h>
#include <linux/freezer.h>
#include <linux/kprobes.h>
#include <linux/pid_namespace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "kmod.h"

#define NWORKS	1024

struct work {
	struct callback_head head;
	struct list_head list;		/* on proc->standing */
	struct dpid_proc *proc;
	struct dpid_tp *tp;		/* where it stands; NULL: before a new program's first instruction */
	struct pid *pid;		/* of the thread, while it stands */
	u64 bits;			/* holders whose CONTINUE it waits for; standlock */
};

static struct work *works;
static unsigned long *works_used;

static struct work *work_get(struct dpid_proc *p, task_work_func_t fn)
{
	u32 start = raw_smp_processor_id() * 64 % NWORKS, i;

	for (i = 0; i < NWORKS; i++) {
		u32 n = (start + i) % NWORKS;

		if (test_bit(n, works_used) || test_and_set_bit(n, works_used))
			continue;
		if (!kref_get_unless_zero(&p->ref)) {
			clear_bit(n, works_used);
			return NULL;
		}
		works[n].proc = p;
		init_task_work(&works[n].head, fn);
		return &works[n];
	}
	return NULL;
}

/* The last thing a work does; what it still executes after this, dpid_events_quiesce() waits for. */
static void work_put(struct work *w)
{
	dpid_proc_put(w->proc);
	smp_mb__before_atomic();
	clear_bit(w - works, works_used);
}

static bool work_queue(struct work *w, struct task_struct *task)
{
	if (!task_work_add(task, &w->head, TWA_RESUME))
		return true;
	work_put(w);
	return false;
}

/* Have the current thread run @fn, about @tp, on its way to user mode. */
static bool queue_here(struct dpid_tp *tp, task_work_func_t fn)
{
	struct work *w = work_get(tp->proc, fn);

	if (!w)
		return false;
	w->tp = tp;
	return work_queue(w, current);
}

/* ---- Fork ------------------------------------------------------------------- */

static void clean_child(struct callback_head *head)
{
	struct work *w = container_of(head, struct work, head);
	struct dpid_proc *p = w->proc;

	if (current->mm && current->mm != p->mm) {
		mutex_lock(&p->lock);
		if (dpid_patch_clean(p)) {
			dpid_areas_unmap(p);
			dpid_leapareas_unmap(p);
			dpid_cells_unmap(p);
		} else {
			atomic_inc(&p->lost);
			pr_warn("dtrace: no memory to restore the text of process %d, forked by "
				"%d; it runs on through stubs until the module is unloaded\n",
				task_tgid_nr(current), p->tgid);
		}
		mutex_unlock(&p->lock);
	}
	work_put(w);
}

/* Could a child that was copied until just now have inherited a breakpoint? */
static bool ghosts_possible(const struct dpid_proc *p)
{
	return smp_load_acquire(&p->hot) ||
	       time_before(jiffies, READ_ONCE(p->cooled) + DPID_GHOST_SECS * HZ);
}

/* In the parent; the child is complete and has not run. */
static void on_fork(void *data, struct task_struct *parent, struct task_struct *child)
{
	struct dpid_proc *p;
	struct work *w;

	if (!child->mm || child->mm == current->mm)
		return;
	rcu_read_lock();
	p = dpid_proc_by_mm(current->mm);
	if (p && ghosts_possible(p)) {
		w = work_get(p, clean_child);
		if (!w || !work_queue(w, child))
			atomic_inc(&p->lost);
	}
	rcu_read_unlock();
}

/* ---- Standing ---------------------------------------------------------------- */

/* Nobody waits for holders that no longer call. Those are left that do. */
static void lose_patience(struct work *w)
{
	struct dpid_proc *p = w->proc;
	u64 left;

	spin_lock(&p->standlock);
	for (left = w->bits; left; left &= left - 1) {
		struct dpid_patience *who = &p->patience[__ffs64(left)];

		if (time_before(jiffies, READ_ONCE(who->called) + DTRACE_PID_PATIENCE_SECS * HZ))
			continue;
		who->late++;
		WRITE_ONCE(w->bits, w->bits & ~(left & -left));
		if (!w->tp)
			WRITE_ONCE(p->held, p->held & ~(left & -left));
	}
	spin_unlock(&p->standlock);
}

static void stand(struct callback_head *head)
{
	struct work *w = container_of(head, struct work, head);
	struct dpid_proc *p = w->proc;
	long left = 0;

	spin_lock(&p->standlock);
	w->pid = task_pid(current);
	w->bits = w->tp ? w->tp->syncs : p->held;	/* detaching clears both under this lock */
	list_add_tail(&w->list, &p->standing);
	spin_unlock(&p->standlock);
	wake_up_all(&p->waiters);

	while (left >= 0 && !(current->flags & PF_EXITING)) {
		lose_patience(w);
		if (!READ_ONCE(w->bits))
			break;
		left = dtk_wait_killable_freezable(p->standers, !READ_ONCE(w->bits), HZ);
	}

	spin_lock(&p->standlock);
	list_del(&w->list);
	spin_unlock(&p->standlock);
	if (w->tp && current->mm == p->mm && !fatal_signal_pending(current))
		dpid_fire_stood(w->tp);
	work_put(w);
}

bool dpid_stand(struct dpid_tp *tp)
{
	return queue_here(tp, stand);
}

void dpid_stand_release(struct dpid_proc *p, u64 bits, struct pid *tid)
{
	struct work *w;

	spin_lock(&p->standlock);
	list_for_each_entry(w, &p->standing, list)
		if (!tid || w->pid == tid)
			WRITE_ONCE(w->bits, w->bits & ~bits);
	spin_unlock(&p->standlock);
	wake_up_all(&p->standers);
}

/* ---- Exec and exit ---------------------------------------------------------- */

static void proc_event(struct dpid_proc *p, int event)
{
	if (!test_and_set_bit(event, &p->events))
		irq_work_queue(&p->kick);
}

/* The new program waits for those who hold the old one. */
static void hold_back(struct dpid_proc *p, struct task_struct *task)
{
	u64 bits = READ_ONCE(p->bits);
	struct work *w = bits ? work_get(p, stand) : NULL;

	if (!w)
		return;
	w->tp = NULL;
	WRITE_ONCE(p->held, bits);
	if (!work_queue(w, task))
		WRITE_ONCE(p->held, 0);
}

/*
 * The thread group has a new address space; what it had before is what we know. In the
 * only thread that is left, before it ever runs there.
 */
static void on_exec(void *data, struct task_struct *task)
{
	struct dpid_proc *p;

	rcu_read_lock();
	list_for_each_entry_rcu(p, &dpid_procs, list) {
		if (p->tgid != task_tgid_nr(task) || p->mm == task->mm ||
		    p->events)	/* told already; or it has exited, and its pid is another's */
			continue;
		hold_back(p, task);
		proc_event(p, DPID_EV_EXEC);	/* after held */
	}
	rcu_read_unlock();
}

static void on_exit_thread(void *data, struct task_struct *task)
{
	struct dpid_proc *p;

	if (atomic_read(&task->signal->live))
		return;
	rcu_read_lock();
	list_for_each_entry_rcu(p, &dpid_procs, list)
		if (p->tgid == task_tgid_nr(task))
			proc_event(p, DPID_EV_EXIT);
	rcu_read_unlock();
}

/* ---- Signals ---------------------------------------------------------------- */

/* Will the program get to see where it was interrupted, in a handler or a core file? */
static bool shows_ip(int sig, const struct k_sigaction *ka)
{
	if (ka->sa.sa_handler == SIG_IGN)
		return false;
	if (ka->sa.sa_handler != SIG_DFL)
		return true;
	switch (sig) {
	case SIGCHLD: case SIGCONT: case SIGURG: case SIGWINCH:
	case SIGSTOP: case SIGTSTP: case SIGTTIN: case SIGTTOU:
		return false;
	}
	return true;
}

/* Faults that name the faulting instruction named the stub's. */
static void fix_siginfo(int sig, struct kernel_siginfo *info, u64 from, u64 to)
{
	if (info <= SEND_SIG_PRIV)	/* none, or a mark instead of a pointer */
		return;
	switch (sig) {
	case SIGILL: case SIGFPE: case SIGTRAP: case SIGSEGV: case SIGBUS:
		if (info->si_code > 0 && info->si_code != SI_KERNEL &&
		    (unsigned long)info->si_addr == from)
			info->si_addr = (void __user *)(unsigned long)to;
		break;
	case SIGSYS:
		if ((unsigned long)info->si_call_addr == from)
			info->si_call_addr = (void __user *)(unsigned long)to;
		break;
	}
}

/*
 * A signal is about to be delivered to current. If it was inside a stub, put it
 * where it would be without us. Threads that only stop, or ignore the signal, stay:
 * nobody looks, and they need not trap again. Called under the signal lock.
 */
static void on_signal(void *data, int sig, struct kernel_siginfo *info, struct k_sigaction *ka)
{
	struct pt_regs *regs = task_pt_regs(current);
	struct dpid_proc *p;
	bool again;
	u64 was;

	if (!current->mm)
		return;
	rcu_read_lock();
	p = dpid_proc_by_mm(current->mm);
	was = regs->ip;
	if (!p || !user_mode(regs)) {
		;
	} else if (!shows_ip(sig, ka)) {
		dpid_leap_settle(p, regs);	/* it may die of it */
	} else if (dpid_stub_leave(p, regs, &again)) {
		fix_siginfo(sig, info, was, regs->ip);
		if (again)
			dpid_skip_add(p, regs);
	} else if (dpid_leap_leave(p, regs)) {
		fix_siginfo(sig, info, was, regs->ip);
	}
	rcu_read_unlock();
}

/* ---- Debuggers ------------------------------------------------------------------------- */

static void make_way(struct callback_head *head)
{
	struct work *w = container_of(head, struct work, head);
	struct dpid_proc *p = w->proc;

	mutex_lock(&dtk_lock);
	p->shunned = true;
	p->dirty = true;
	dpid_sync(p);
	mutex_unlock(&dtk_lock);
	work_put(w);
}

/*
 * Somebody becomes a process's tracer. A debugger's breakpoints may lie in the middle of a jump, so before its call
 * returns to it all is as without jumps. There is no tracepoint for that. proc_ptrace_connector(task, request), which
 * tells the world of it, comes last, and in a file of its own; __ptrace_link() has to do where the kernel has no
 * connector, though compilers may make it a part of its caller. Where there are no kprobes either we only look
 * for tracers when we arm. Context: the tracer's, atomic.
 */
static struct kprobe ptrace_probe;

static int on_ptrace(struct kprobe *kp, struct pt_regs *regs)
{
	struct task_struct *child = (void *)regs->di;
	bool detaches = kp == &ptrace_probe && regs->si != PTRACE_ATTACH;
	struct dpid_proc *p;
	struct work *w;

	rcu_read_lock();
	p = child->mm && !detaches ? dpid_proc_by_mm(child->mm) : NULL;
	if (p && READ_ONCE(p->nleaps)) {
		w = work_get(p, make_way);
		if (w)
			work_queue(w, current);
	}
	rcu_read_unlock();
	return 0;
}

static struct kprobe ptrace_probe = {
	.symbol_name = "proc_ptrace_connector",
	.pre_handler = on_ptrace,
};

static struct kprobe ptrace_link_probe = {
	.symbol_name = "__ptrace_link",
	.pre_handler = on_ptrace,
};

static struct kprobe *ptrace_probed;

static void probe_ptrace(void)
{
	if (!register_kprobe(&ptrace_probe))
		ptrace_probed = &ptrace_probe;
	else if (!register_kprobe(&ptrace_link_probe))
		ptrace_probed = &ptrace_link_probe;
}

/* ---- Leaving a CPU -------------------------------------------------------------------- */

static void on_switch(void *data, DTK_SCHED_SWITCH_ARGS)
{
	rcu_read_lock();
	dpid_leap_switch(prev);
	rcu_read_unlock();
}

/* ---- Bringing in what a recipe reads ------------------------------------------------ */

static void fetch(struct callback_head *head)
{
	struct work *w = container_of(head, struct work, head);

	if (current->mm == w->proc->mm && !(current->flags & PF_EXITING))
		dpid_fire_stood(w->tp);
	work_put(w);
}

bool dpid_fetch(struct dpid_tp *tp)
{
	return queue_here(tp, fetch);
}

/* ---- Taking out a point that cannot stay ---------------------------------------- */

static void lift(struct callback_head *head)
{
	struct work *w = container_of(head, struct work, head);
	struct dpid_proc *p = w->proc;

	mutex_lock(&p->lock);
	if (current->mm == p->mm)
		dpid_patch_lift(w->tp);
	mutex_unlock(&p->lock);
	work_put(w);
}

bool dpid_lift(struct dpid_tp *tp)
{
	return queue_here(tp, lift);
}

/* ---- Telling the holders ------------------------------------------------------- */

/* Is there something to tell the holder @bit? */
static bool news(struct dpid_proc *p, u64 bit, struct dtrace_pid_wait *w)
{
	struct work *k;

	w->event = DTRACE_PID_EV_NONE;
	w->tid = w->held = w->addr = 0;
	spin_lock(&p->standlock);
	list_for_each_entry(k, &p->standing, list)
		if (k->tp && k->bits & bit) {
			w->event = DTRACE_PID_EV_SYNC;
			w->tid = pid_vnr(k->pid);
			w->addr = k->tp->key.addr;
			break;
		}
	spin_unlock(&p->standlock);
	if (!w->event && test_bit(DPID_EV_EXEC, &p->events)) {
		w->event = DTRACE_PID_EV_EXEC;	/* before EXIT: what ran last, ran */
		w->held = !!(READ_ONCE(p->held) & bit);
	}
	if (!w->event && test_bit(DPID_EV_EXIT, &p->events))
		w->event = DTRACE_PID_EV_EXIT;
	return w->event || !(READ_ONCE(p->bits) & bit);
}

long dpid_wait(struct dpid_proc *p, u64 bit, struct dtrace_pid_wait *w)
{
	long ret = wait_event_interruptible_timeout(p->waiters, news(p, bit, w),
						    msecs_to_jiffies(w->timeout_ms));

	return ret < 0 ? -EINTR : 0;
}

/* ---- Start and end ------------------------------------------------------------ */

static const struct {
	const char *name;
	void *fn;
} events[] = {
	{ "sched_process_fork", on_fork },
	{ "sched_process_exec", on_exec },
	{ "sched_process_exit", on_exit_thread },
	{ "signal_deliver", on_signal },
	{ "sched_switch", on_switch },
};

static void unregister(u32 n)
{
	while (n--)
		dtk_tracepoint_unregister(events[n].name, events[n].fn, NULL);
}

int dpid_events_init(void)
{
	u32 i;
	int ret;

	works = kvcalloc(NWORKS, sizeof(*works), GFP_KERNEL);
	works_used = kcalloc(BITS_TO_LONGS(NWORKS), sizeof(long), GFP_KERNEL);
	ret = works && works_used ? 0 : -ENOMEM;
	for (i = 0; !ret && i < ARRAY_SIZE(events); i++) {
		ret = dtk_tracepoint_register(events[i].name, events[i].fn, NULL);
		if (ret)
			unregister(i);
	}
	if (ret) {
		kfree(works_used);
		kvfree(works);
	}
	if (!ret)
		probe_ptrace();
	return ret;
}

/*
 * Works cannot be cancelled: wait until all have run. Nobody stands any more (no
 * consumer is left), and children run theirs when they first run. Then wait
 * until every task has left what it may still execute of work_put()'s callers.
 */
void dpid_events_quiesce(void)
{
	unregister(ARRAY_SIZE(events));
	if (ptrace_probed)
		unregister_kprobe(ptrace_probed);
	while (!bitmap_empty(works_used, NWORKS))
		msleep(10);
	synchronize_rcu_tasks();
}

void dpid_events_exit(void)
{
	kfree(works_used);
	kvfree(works);
}
