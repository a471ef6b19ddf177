// SPDX-License-Identifier: GPL-2.0-only
/*
 * vtimestamp: how long the current thread has run on a CPU, in ns, without the time that
 * firings took.
 *
 * The scheduler counts a thread's time, but brings the count up to date only at ticks and
 * switches, and counts our firings with the rest. So while some program uses vtimestamp we keep
 * accounts of our own. A thread's account opens with the scheduler's count when we see the thread
 * first. Each CPU has the stretch of the thread that it runs: the account when the thread came, the time
 * then, and how long firings took since. vtimestamp is the first plus the time since, less
 * the last; when the thread leaves, that goes back into its account. So the difference of two
 * values is what the thread ran in between, wherever and in however many stretches, less
 * firings; and no value is less than an earlier one.
 *
 * The clock is the scheduler's, so that the stretches add up to its count. Interrupts count for
 * the thread that they interrupt, and so do switches: those to the thread that leaves, to the tracepoint
 * within them.
 *
 * Accounts lie in a hash table without locks. A bucket is searched as a whole; a free place
 * is claimed by exchanging its key. An account is written only by the CPU that its thread
 * leaves, and the scheduler orders that before the next CPU reads it. It is closed when a dead thread
 * leaves for the last time. The table has a bucket for each thread there is when it is made, and
 * at least 8192. A bucket may be full all the same (of as many threads as buckets one in a million is
 * turned away, of twice as many one in 7,000): such a thread has the scheduler's count at the
 * beginning of each stretch, so that its values include the firings of earlier stretches.
 */
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/smp.h>

#include "core.h"

#define BUCKET		8u		/* accounts: two cache lines */
#define BUCKETBITS_LEAST 13		/* 1 MiB */
#define BUCKETBITS_MOST	17

struct account {
	u64 key;		/* dtk_thread_key(), 0: free */
	u64 vtime;
};

struct stretch {
	struct task_struct *task;	/* who was switched to last; only compared */
	struct account *account;	/* its, or NULL */
	u64 base, since;		/* its vtime then, the time then */
	u64 firing;			/* ns that firings took since then */
	u64 began;			/* when the present firing did */
};

DEFINE_STATIC_KEY_FALSE(dtk_vtime_key);

static DEFINE_PER_CPU(struct stretch, stretches);
static struct account *accounts;	/* while there are users */
static u32 bucketbits;
static DEFINE_MUTEX(users_lock);
static u32 users;

/* The account of a thread that runs here or is about to; opened if it has none. NULL: no room. */
static struct account *account_of(const struct task_struct *task)
{
	u64 key = dtk_thread_key(task);
	struct account *a = &accounts[BUCKET * hash_64(key, bucketbits)];
	u32 i;

	for (i = 0; i < BUCKET; i++) {
		if (READ_ONCE(a[i].key) == key)
			return &a[i];
	}
	for (i = 0; i < BUCKET; i++) {
		if (READ_ONCE(a[i].key) || cmpxchg(&a[i].key, 0, key))
			continue;
		a[i].vtime = task->se.sum_exec_runtime;
		return &a[i];
	}
	return NULL;
}

/* A firing in an NMI may see the stretch half made: it finds no task then. */
static void stretch_begin(struct stretch *v, struct task_struct *task, u64 now)
{
	WRITE_ONCE(v->task, NULL);
	barrier();
	v->account = account_of(task);
	v->base = v->account ? v->account->vtime : task->se.sum_exec_runtime;
	v->since = now;
	v->firing = 0;
	barrier();
	WRITE_ONCE(v->task, task);
}

static void stretch_end(struct stretch *v, u64 now)
{
	if (!v->account)
		return;
	if (READ_ONCE(v->task->exit_state))
		smp_store_release(&v->account->key, 0);	/* what is in it has been read */
	else
		v->account->vtime = v->base + (now - v->since) - v->firing;
}

/* The scheduler's tracepoint, interrupts off. */
static void switched(void *unused, DTK_SCHED_SWITCH_ARGS)
{
	struct stretch *v = this_cpu_ptr(&stretches);
	u64 now = local_clock();

	if (v->task == prev)
		stretch_end(v, now);
	stretch_begin(v, next, now);
}

/* A thread that was running when we began: its scheduler's count is up to one tick old. */
static void look_who_runs(void *unused)
{
	struct stretch *v = this_cpu_ptr(&stretches);

	if (!v->task)
		stretch_begin(v, current, local_clock());
}

u64 dtk_vtime(void)
{
	const struct stretch *v = this_cpu_ptr(&stretches);

	if (READ_ONCE(v->task) != current)
		return current->se.sum_exec_runtime;
	return v->base + (v->began - v->since) - v->firing;
}

u64 dtk_vtime_begin(void)
{
	return this_cpu_ptr(&stretches)->began = local_clock() ?: 1;
}

void dtk_vtime_end(u64 began)
{
	this_cpu_ptr(&stretches)->firing += local_clock() - began;
}

static u32 bits_for_threads(void)
{
	const struct task_struct *p;
	u32 n = 0;

	rcu_read_lock();
	for_each_process(p)
		n += get_nr_threads((struct task_struct *)p);
	rcu_read_unlock();
	return clamp_t(u32, ilog2(n) + 1, BUCKETBITS_LEAST, BUCKETBITS_MOST);
}

/* The first user. */
static int start(void)
{
	int cpu, err;

	bucketbits = bits_for_threads();
	accounts = dtk_alloc((sizeof(*accounts) * BUCKET) << bucketbits);
	if (!accounts)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		per_cpu(stretches, cpu).task = NULL;
	err = dtk_tracepoint_register("sched_switch", switched, NULL);
	if (err) {
		dtk_free(accounts);
		return err;
	}
	on_each_cpu(look_who_runs, NULL, true);
	static_branch_enable(&dtk_vtime_key);
	return 0;
}

/* Takes the CPU hotplug lock: not with dtk_lock held. */
int dtk_vtime_get(void)
{
	int err = 0;

	mutex_lock(&users_lock);
	if (!users)
		err = start();
	users += !err;
	mutex_unlock(&users_lock);
	return err;
}

void dtk_vtime_put(void)
{
	mutex_lock(&users_lock);
	if (!--users) {
		static_branch_disable(&dtk_vtime_key);
		dtk_tracepoint_unregister("sched_switch", switched, NULL);
		dtk_free(accounts);
	}
	mutex_unlock(&users_lock);
}
