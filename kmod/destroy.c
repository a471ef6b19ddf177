// SPDX-License-Identifier: GPL-2.0-only
/*
 * Destructive actions. Who may use them is checked when a program is enabled
 * (enabling.c); the module's parameter "destructive" is looked at here once more, so
 * that clearing it ends them in programs that run already.
 *
 * Signals. A firing may be anywhere, with any lock of the kernel held by the code
 * that it interrupts; sending a signal takes some. So a firing only notes the
 * process and the signal in a ring of its CPU and asks for an interrupt of our own
 * (irq_work), which comes as soon as interrupts are on again: for a probe in a user program
 * that is before its next instruction. A firing is the only writer of its CPU's ring and
 * the interrupt on that CPU the only reader, which a firing (in an NMI) may interrupt,
 * but never the other way round.
 *
 * A process stops by SIGSTOP; SIGCONT (fg, kill -CONT) has it go on. Process 1 gets no
 * signal: the machine would not outlive it.
 */
#include <linux/irq_work.h>
#include <linux/kgdb.h>
#include <linux/percpu.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>

#include "core.h"

/* ---- Signals ---------------------------------------------------------------- */

#define RING 64		/* power of two; signals that firings may ask for with interrupts off */

struct raiser {
	struct irq_work work;
	u32 head, tail;		/* written by firings; by deliver() */
	struct {
		struct pid *pid;	/* holds a reference */
		int sig;
	} ring[RING];
};

static DEFINE_PER_CPU(struct raiser, raisers);

static void deliver(struct irq_work *work)
{
	struct raiser *r = container_of(work, struct raiser, work);

	while (r->tail != READ_ONCE(r->head)) {
		struct pid *pid = r->ring[r->tail % RING].pid;
		int sig = r->ring[r->tail % RING].sig;

		barrier();
		WRITE_ONCE(r->tail, r->tail + 1);
		kill_pid(pid, sig, 1);
		put_pid(pid);
	}
}

int dtk_raise(u32 sig)
{
	struct raiser *r = this_cpu_ptr(&raisers);

	if (!READ_ONCE(dtk_destructive) || current->tgid == 1)
		return -EPERM;
	if (!valid_signal(sig) || !current->mm || (current->flags & PF_KTHREAD))
		return -EINVAL;
	if (r->head - READ_ONCE(r->tail) == RING)
		return -EAGAIN;
	r->ring[r->head % RING].pid = get_pid(task_tgid(current));
	r->ring[r->head % RING].sig = sig;
	barrier();
	WRITE_ONCE(r->head, r->head + 1);
	irq_work_queue(&r->work);
	return 0;
}

/* ---- chill() ---------------------------------------------------------------- */

#define CHILL_MOST	(500 * (u64)NSEC_PER_MSEC)	/* of each ... */
#define CHILL_INTERVAL	((u64)NSEC_PER_SEC)

struct chilled {
	u64 since, spent;	/* of this interval, ns */
};

static DEFINE_PER_CPU(struct chilled, chilled);

int dtk_chill(u64 ns)
{
	struct chilled *c = this_cpu_ptr(&chilled);
	u64 now = dtk_time_mono();

	if (!READ_ONCE(dtk_destructive))
		return -EPERM;
	if (now - c->since > CHILL_INTERVAL) {
		c->since = now;
		c->spent = 0;
	}
	if (ns > CHILL_MOST - c->spent)
		return -EINVAL;
	c->spent += ns;
	while (dtk_time_mono() - now < ns)
		cpu_relax();
	return 0;
}

/* ---- The end of it ------------------------------------------------------------ */

void dtk_panic(void)
{
	if (READ_ONCE(dtk_destructive))
		panic("dtrace: a D program called panic() (in process %d, %s)", current->tgid, current->comm);
}

#ifdef CONFIG_KGDB
bool dtk_debugger(void)
{
	return kgdb_connected;
}

void dtk_breakpoint(void)
{
	if (READ_ONCE(dtk_destructive) && kgdb_connected)
		kgdb_breakpoint();
}
#else
bool dtk_debugger(void)
{
	return false;
}

void dtk_breakpoint(void)
{
}
#endif

/* ---- */

int dtk_destroy_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		init_irq_work(&per_cpu(raisers, cpu).work, deliver);
	return 0;
}

/* No consumer is left, and so no firing that could raise. */
void dtk_destroy_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		irq_work_sync(&per_cpu(raisers, cpu).work);
}
