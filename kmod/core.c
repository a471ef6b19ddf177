// SPDX-License-Identifier: GPL-2.0-only
/*
 * Firing: from a provider's dtk_fire() to each enabled clause.
 *
 * A firing runs with interrupts off from its first to its last clause, so what
 * a CPU's firings write (buffers, aggregations, scratch, stacks) needs
 * no lock: it belongs to that CPU, and to one firing at a time. Two things
 * could still get in between: an NMI, or a probe hit by our own code (a fault
 * taken while reading memory for a program may be traced). Both meet the
 * per-CPU "busy" mark, are refused, and counted as `recursion` for every
 * consumer that would have seen them. The mark is a plain per-CPU variable: an
 * NMI between its test and its setting runs to completion and leaves it clear.
 *
 * ECB lists are RCU. Interrupts off makes a reader since 4.20, so dtk_fire()
 * needs no rcu_read_lock(); but RCU must be watching (a provider must not fire
 * from the idle loop's innermost or an entry stub).
 *
 * Interrupts are switched off by the raw call: the tracing one has tracepoints,
 * lockdep's among them, in it. The module is compiled without -pg, so that
 * nothing here can be traced by function.
 */
#include <linux/percpu.h>

#include "core.h"

static DEFINE_PER_CPU(u32, busy);
static DEFINE_PER_CPU(u64, serial);

/* Does the consumer want firings on this CPU now? */
static bool sink_wants(const struct dtk_sink *sink, u32 cpu)
{
	return READ_ONCE(sink->live) && !READ_ONCE(sink->exiting) &&
	       (sink->cpu == DTRACE_CPUALL || sink->cpu == cpu);
}

/* @bound: for the consumers that trace this CPU alone. */
static void count_lost(struct dtk_probe *probe, u32 cpu, size_t counter, u64 n, bool bound)
{
	struct dtk_ecb *ecb;

	for (ecb = rcu_dereference_sched(probe->ecbs); ecb; ecb = READ_ONCE(ecb->next)) {
		if (ecb->first && sink_wants(ecb->sink, cpu) && (!bound || ecb->sink->cpu == cpu))
			atomic64_add(n, (void *)dtk_sink_consumer(ecb->sink) + counter);
	}
}

/* Wake a consumer that waits in poll(), once, when there is something for it to do. */
static void wake_if_needed(struct dtk_sink *sink, u32 cpu)
{
	struct dtk_consumer *cons = dtk_sink_consumer(sink);
	const struct dtk_ccpu *cc;

	if (!READ_ONCE(sink->live))	/* before GO: there are no buffers yet */
		return;
	cc = sink->ccpu[cpu];
	if (likely(!READ_ONCE(sink->exiting) && !(cc && cc->buf->used > cc->buf->wakeat)))
		return;
	if (!READ_ONCE(cons->woken) && !xchg(&cons->woken, 1))
		irq_work_queue(&cons->wake);
}

static __always_inline void run_ecbs(struct dtk_probe *probe, struct dtk_fire *f, u32 cpu, bool bound)
{
	struct dtk_ecb *ecb;
	u64 began = 0;

	if (static_branch_unlikely(&dtk_vtime_key))
		began = dtk_vtime_begin();
	for (ecb = rcu_dereference_sched(probe->ecbs); ecb; ecb = READ_ONCE(ecb->next)) {
		if (bound && ecb->sink->cpu != cpu)
			continue;
		if (dtk_ecb_run(ecb, f, cpu))
			wake_if_needed(ecb->sink, cpu);
	}
	if (static_branch_unlikely(&dtk_vtime_key) && began)
		dtk_vtime_end(began);
}

static __always_inline void fire_irqoff(struct dtk_probe *probe, struct dtk_fire *f, bool bound)
{
	u32 cpu = raw_smp_processor_id();

	if (likely(!__this_cpu_read(busy))) {
		__this_cpu_write(busy, 1);
		barrier();
		f->serial = __this_cpu_inc_return(serial);
		run_ecbs(probe, f, cpu, bound);
		barrier();
		__this_cpu_write(busy, 0);
	} else {
		count_lost(probe, cpu, offsetof(struct dtk_consumer, recursion), 1, bound);
	}
}

void dtk_fire_irqoff(struct dtk_probe *probe, struct dtk_fire *f)
{
	fire_irqoff(probe, f, false);
}

void dtk_fire_bound(struct dtk_probe *probe, struct dtk_fire *f)
{
	fire_irqoff(probe, f, true);
}

void dtk_fire(struct dtk_probe *probe, struct dtk_fire *f)
{
	unsigned long flags;

	raw_local_irq_save(flags);
	if (raw_irqs_disabled_flags(flags))
		f->flags |= DTK_FIRE_IRQOFF;
	dtk_fire_irqoff(probe, f);
	raw_local_irq_restore(flags);
}

static void provider_drops(struct dtk_probe *probe, u64 n, bool bound)
{
	unsigned long flags;

	raw_local_irq_save(flags);
	count_lost(probe, raw_smp_processor_id(), offsetof(struct dtk_consumer, provider), n, bound);
	raw_local_irq_restore(flags);
}

void dtk_provider_drops(struct dtk_probe *probe, u64 n)
{
	provider_drops(probe, n, false);
}

void dtk_provider_drops_bound(struct dtk_probe *probe, u64 n)
{
	provider_drops(probe, n, true);
}

/* ---- Hits that others counted ----------------------------------------------- */

struct counted {
	struct dtk_ecb *ecb;
	u64 n;
};

static void add_counted(void *arg)
{
	struct counted *c = arg;

	dtk_ecb_count(c->ecb, raw_smp_processor_id(), c->n);
}

/* Which CPU's table they go to is all the same: this one's, unless the CPU came up after GO. */
void dtk_probe_counted(struct dtk_probe *probe, u64 n)
{
	struct counted c = { .n = n };
	unsigned long flags;

	lockdep_assert_held(&dtk_lock);
	for (c.ecb = rcu_dereference_protected(probe->ecbs, true); c.ecb; c.ecb = c.ecb->next) {
		struct dtk_sink *sink = c.ecb->sink;

		if (!sink->counting || !c.ecb->clause->counts)
			continue;
		raw_local_irq_save(flags);
		if (sink->ccpu[raw_smp_processor_id()])
			dtk_fire_exclude(add_counted, &c);
		else
			atomic64_add(max_t(s64, n, 0), (atomic64_t *)&sink->nobuffer);
		raw_local_irq_restore(flags);
	}
}

struct tallied {
	struct dtk_ecb *ecb;
	u32 act;
	const u64 *more;
	u64 hits;
};

static void add_tallied(void *arg)
{
	struct tallied *t = arg;

	dtk_ecb_merge(t->ecb, raw_smp_processor_id(), t->act, t->more, t->hits);
}

void dtk_ecb_tallied(struct dtk_ecb *ecb, u32 act, const u64 *more, u64 hits)
{
	struct tallied t = { ecb, act, more, hits };
	unsigned long flags;

	lockdep_assert_held(&dtk_lock);
	if (!ecb->sink->counting)
		return;
	raw_local_irq_save(flags);
	if (ecb->sink->ccpu[raw_smp_processor_id()])
		dtk_fire_exclude(add_tallied, &t);
	else
		atomic64_add(max_t(s64, hits, 0), (atomic64_t *)&ecb->sink->nobuffer);
	raw_local_irq_restore(flags);
}

/* ---- One consumer's own probes -------------------------------------------- */

/* The engine knows by DTK_FIRE_END whether to run clauses of a session that is not live. */
void dtk_fire_nested(struct dtk_probe *probe, struct dtk_sink *sink, struct dtk_fire *f)
{
	u32 cpu = raw_smp_processor_id();
	struct dtk_ecb *ecb;

	for (ecb = rcu_dereference_sched(probe->ecbs); ecb; ecb = READ_ONCE(ecb->next)) {
		if (ecb->sink == sink)
			dtk_ecb_run(ecb, f, cpu);
	}
}

struct session_firing {
	struct dtk_probe *probe;
	struct dtk_sink *sink;
	struct dtk_fire *f;
};

static void fire_session(void *arg)
{
	struct session_firing *s = arg;
	u64 began = 0;

	s->f->serial = __this_cpu_inc_return(serial);
	if (static_branch_unlikely(&dtk_vtime_key))
		began = dtk_vtime_begin();
	dtk_fire_nested(s->probe, s->sink, s->f);
	if (static_branch_unlikely(&dtk_vtime_key) && began)
		dtk_vtime_end(began);
}

/* This is task context: nothing can be firing on this CPU once interrupts are off. */
int dtk_fire_session(struct dtk_probe *probe, struct dtk_sink *sink, struct dtk_fire *f)
{
	struct session_firing s = { probe, sink, f };
	unsigned long flags;
	int cpu;

	raw_local_irq_save(flags);
	cpu = raw_smp_processor_id();
	dtk_fire_exclude(fire_session, &s);
	raw_local_irq_restore(flags);
	return cpu;
}

void dtk_fire_exclude(void (*fn)(void *arg), void *arg)
{
	__this_cpu_write(busy, 1);
	barrier();
	fn(arg);
	barrier();
	__this_cpu_write(busy, 0);
}

/* ---- What the engine asks of the core ------------------------------------- */

bool dtk_arg(struct dtk_ecb *ecb, struct dtk_fire *f, u32 n, u64 *val)
{
	const struct dtk_provider_ops *ops = ecb->probe->prov->ops;

	return ops->getarg && ops->getarg(ecb->probe, f, n, val);
}
