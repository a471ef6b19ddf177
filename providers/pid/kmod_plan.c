// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a jump's stub is to do: from what is enabled on a point to a plan (kmod_tally.h), and whose each tally is.
 *
 * A point's plan follows from the clauses that are enabled there. A process keeps every plan that it has ever
 * needed, and each leap a landing for every plan: a session like an earlier one finds its stubs there. Most points
 * have the clauses of the point before them, so a plan is rarely made, nor even looked for.
 *
 * Mere count()s, of whatever consumers, share a tally, which is the probe's (plan->shared). Any other tally is bound
 * to the action of one ECB, for as long as that is enabled: also when the point jumps elsewhere by now, or
 * traps, for threads may still be in the stub. A tally of which nobody remembers what it has come to is read
 * once, for nobody, before it is bound.
 */
#include <linux/slab.h>
#include <asm/cpufeature.h>

#include "kmod.h"

struct dpid_enabled {
	bool shared;
	bool returns;
	u32 n;
	struct dpid_bind bind[DPID_TALLIES];
};

struct answer {
	bool shared, returns, keepflags;
	u32 n;
	const struct dtk_clause *clause[DPID_TALLIES];
	const struct dpid_plan *plan;
};

/* A function's entry and its returns follow each other; a few of their kinds do. */
#define ANSWERS	8

struct dpid_planner {
	struct dpid_gen gen;
	struct dpid_wish wish[DPID_TALLIES];
	u32 given;
	struct answer answer[ANSWERS];		/* given % ANSWERS is the oldest */
};

/* ---- What is enabled ---------------------------------------------------------------- */

static bool add_ecb(struct dpid_enabled *e, struct dtk_ecb *ecb)
{
	const struct dtk_clause *c = ecb->clause;
	u32 i;

	if (!c->tallies || ecb->sink->cpu != DTRACE_CPUALL)
		return false;
	if (c->counts) {
		e->shared = true;
		return true;
	}
	for (i = 0; i < c->nacts; i++) {
		if (!c->acts[i].agg)
			continue;
		if (e->n == DPID_TALLIES || c->acts[i].incr)
			return false;
		e->bind[e->n++] = (struct dpid_bind){ ecb, i };
	}
	return true;
}

/* False: something there needs a trap. */
static bool enabled_on(const struct dpid_tp *tp, struct dpid_enabled *e)
{
	struct dpid_link *link;
	struct dtk_ecb *ecb;

	e->shared = false;
	e->n = 0;
	link = rcu_dereference_protected(tp->links, lockdep_is_held(&dtk_lock));
	if (READ_ONCE(tp->syncs) || !link)
		return false;
	e->returns = link->site->probe->type == DTRACE_PID_RETURN;
	for (link = rcu_dereference_protected(tp->links, lockdep_is_held(&dtk_lock)); link;
	     link = rcu_dereference_protected(link->next, lockdep_is_held(&dtk_lock))) {
		const struct dpid_probe *probe = link->site->probe;

		if (probe->type == DTRACE_PID_RECIPE || e->returns != (probe->type == DTRACE_PID_RETURN) ||
		    (e->returns && !dpid_always_leaves(tp, link->site)))
			return false;
		for (ecb = dtk_probe_ecbs(probe->dtk); ecb; ecb = ecb->next)
			if (!add_ecb(e, ecb))
				return false;
	}
	return e->shared || e->n;
}

/* ---- Plans ----------------------------------------------------------------------------- */

struct dpid_planner *dpid_planner_create(void)
{
	return kvzalloc(sizeof(struct dpid_planner), GFP_KERNEL_ACCOUNT);
}

void dpid_planner_free(struct dpid_planner *pl)
{
	kvfree(pl);
}

static bool as_before(const struct answer *a, const struct dpid_enabled *e, bool keepflags)
{
	u32 i;

	if (a->shared != e->shared || a->returns != e->returns || a->keepflags != keepflags || a->n != e->n)
		return false;
	for (i = 0; i < e->n; i++)
		if (a->clause[i] != e->bind[i].ecb->clause)
			return false;
	return true;
}

static struct dpid_plan *make(struct dpid_planner *pl, const struct dpid_enabled *e, bool keepflags)
{
	struct dpid_setting set = {
		.copies = dpid_copies(),
		.rdpid = boot_cpu_has(X86_FEATURE_RDPID),
		.bmi2 = boot_cpu_has(X86_FEATURE_BMI2),
		.returns = e->returns,
		.keepflags = keepflags,
	};
	struct dpid_plan *plan;
	u32 i, n = 0;

	if (e->n + e->shared > DPID_TALLIES)
		return NULL;
	if (e->shared)
		pl->wish[n++] = (struct dpid_wish){ .kind = DTRACEAGG_COUNT };
	for (i = 0; i < e->n; i++) {
		const struct dtk_clause *c = e->bind[i].ecb->clause;
		const struct dtk_act *a = &c->acts[e->bind[i].act];

		pl->wish[n++] = (struct dpid_wish){ a->kind, a->arg, c->pred, a->difo };
	}
	if (dpid_plan_make(&pl->gen, pl->wish, n, &set, &plan))
		return NULL;
	plan->shared = e->shared;
	return plan;
}

/* The process's own of the same kind, which @plan becomes if there is none. */
static const struct dpid_plan *keep(struct dpid_proc *p, struct dpid_plan *plan)
{
	struct dpid_plan *old;

	for (old = p->plans; old; old = old->next) {
		if (dpid_plan_same(old, plan)) {
			dtk_free(plan);
			return old;
		}
	}
	plan->next = p->plans;
	p->plans = plan;
	return plan;
}

const struct dpid_plan *dpid_plan_for(struct dpid_proc *p, struct dpid_planner *pl, const struct dpid_tp *tp)
{
	bool keepflags = tp->leap->keepflags;
	struct dpid_enabled e;
	struct dpid_plan *plan;
	struct answer *a;
	u32 i;

	lockdep_assert_held(&dtk_lock);
	if (!enabled_on(tp, &e))
		return NULL;
	for (i = 0; i < min_t(u32, pl->given, ANSWERS); i++)
		if (as_before(&pl->answer[i], &e, keepflags))
			return pl->answer[i].plan;
	plan = make(pl, &e, keepflags);
	a = &pl->answer[pl->given++ % ANSWERS];
	*a = (struct answer){ e.shared, e.returns, keepflags, e.n, .plan = plan ? keep(p, plan) : NULL };
	for (i = 0; i < e.n; i++)
		a->clause[i] = e.bind[i].ecb->clause;
	return a->plan;
}

void dpid_plans_free(struct dpid_proc *p)
{
	struct dpid_plan *plan;

	while (p->plans) {
		plan = p->plans;
		p->plans = plan->next;
		dtk_free(plan);
	}
}

/* ---- Whose ---------------------------------------------------------------------------------- */

void dpid_bind(struct dpid_proc *p, struct dpid_landing *l)
{
	u32 first = l->plan->shared, i;
	struct dpid_enabled e;

	lockdep_assert_held(&dtk_lock);
	if (!enabled_on(l->leap->tp, &e) || e.shared != l->plan->shared || e.n + first != l->plan->n)
		return;
	for (i = 0; i < e.n; i++) {
		if (l->bind[first + i].ecb == e.bind[i].ecb && l->bind[first + i].act == e.bind[i].act)
			continue;
		WRITE_ONCE(l->bind[first + i].ecb, NULL);
		dpid_landing_forget(p, l, first + i);
		smp_wmb();	/* pairs with bound_to() in kmod_leap.c */
		WRITE_ONCE(l->bind[first + i].act, e.bind[i].act);
		smp_store_release(&l->bind[first + i].ecb, e.bind[i].ecb);
	}
}

static bool is_on(const struct dpid_tp *tp, const struct dtk_ecb *ecb)
{
	struct dpid_link *link;
	struct dtk_ecb *e;

	for (link = rcu_dereference_protected(tp->links, lockdep_is_held(&dtk_lock)); link;
	     link = rcu_dereference_protected(link->next, lockdep_is_held(&dtk_lock)))
		for (e = dtk_probe_ecbs(link->site->probe->dtk); e; e = e->next)
			if (e == ecb)
				return true;
	return false;
}

void dpid_unbind_gone(struct dpid_proc *p)
{
	struct dpid_landing *l;
	u32 i, n = 0;

	lockdep_assert_held(&dtk_lock);
	for (l = p->landings; l; l = l->next) {
		for (i = 0; i < l->plan->n; i++)
			if (l->bind[i].ecb && !is_on(l->leap->tp, l->bind[i].ecb))
				WRITE_ONCE(l->bind[i].ecb, NULL);
		if (!(++n % 1024))
			cond_resched();
	}
}
