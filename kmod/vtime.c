// SPDX-License-Identifier: GPL-2.0-only
/*
 * vtimestamp: how long the current thread has run on a CPU, in ns.
 *
 * The scheduler counts it, but brings the count up to date only at ticks and
 * switches, by a clock that only it can read. So while some program uses vtimestamp we note, at
 * each switch, the count of the thread that comes and the time; the value is that count and
 * the time since then, less the time that firings took on this CPU since then. A thread
 * that has been running since before we listened has the scheduler's count alone, up
 * to one tick old, until it is switched for the first time.
 *
 * The scheduler's own count includes firings. So a difference between two values is
 * free of them if the thread was not switched in between; else it includes those before
 * the last switch. Interrupts count for the thread that they interrupt, unless the kernel accounts
 * for them apart (CONFIG_IRQ_TIME_ACCOUNTING): then what they took is given back at the switch.
 */
#include <linux/percpu.h>
#include <linux/sched.h>

#include "core.h"

struct stretch {
	struct task_struct *task;	/* who was switched to last; only compared */
	u64 base, since;		/* its count then, the time then */
	u64 firing;			/* ns that firings took since then */
};

DEFINE_STATIC_KEY_FALSE(dtk_vtime_key);

static DEFINE_PER_CPU(struct stretch, stretches);
static DEFINE_MUTEX(users_lock);
static u32 users;

/* The scheduler's tracepoint, interrupts off. A firing in an NMI may see it half done: it finds no task then. */
static void switched(void *unused, DTK_SCHED_SWITCH_ARGS)
{
	struct stretch *v = this_cpu_ptr(&stretches);

	WRITE_ONCE(v->task, NULL);
	barrier();
	v->base = next->se.sum_exec_runtime;
	v->since = dtk_time_mono();
	v->firing = 0;
	barrier();
	WRITE_ONCE(v->task, next);
}

u64 dtk_vtime(struct dtk_fire *f)
{
	const struct stretch *v = this_cpu_ptr(&stretches);

	if (READ_ONCE(v->task) != current)
		return current->se.sum_exec_runtime;
	return v->base + (dtk_fire_time(f) - v->since) - v->firing;
}

void dtk_vtime_charge(u64 began)
{
	this_cpu_ptr(&stretches)->firing += dtk_time_mono() - began;
}

/* Takes the CPU hotplug lock: not with dtk_lock held. */
int dtk_vtime_get(void)
{
	int cpu, err = 0;

	mutex_lock(&users_lock);
	if (!users) {
		for_each_possible_cpu(cpu)
			per_cpu(stretches, cpu).task = NULL;
		err = dtk_tracepoint_register("sched_switch", switched, NULL);
	}
	if (!err && !users++)
		static_branch_enable(&dtk_vtime_key);
	mutex_unlock(&users_lock);
	return err;
}

void dtk_vtime_put(void)
{
	mutex_lock(&users_lock);
	if (!--users) {
		static_branch_disable(&dtk_vtime_key);
		dtk_tracepoint_unregister("sched_switch", switched, NULL);
	}
	mutex_unlock(&users_lock);
}
