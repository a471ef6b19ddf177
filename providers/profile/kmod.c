// SPDX-License-Identifier: GPL-2.0-only
/*
 * Provider profile: profile-N fires on every CPU, tick-N on one, N times a
 * second or every N of a unit. A probe is made when somebody names it; the
 * usual rates exist from the start, for listings.
 *
 * Each enabled probe has one hrtimer per CPU. They are pinned and run in hard interrupts, so
 * get_irq_regs() tells what the CPU was doing. Those of a profile-N all run, and start spread
 * over an interval, lest all CPUs meet at the same cache lines.
 *
 * A tick fires once for each consumer, whichever CPUs that traces. For all who trace the
 * whole machine it fires on one CPU, its home. Who traces one CPU only (-x cpu) would never
 * see it there, so a timer of the tick's runs on each such CPU, too, and fires for those
 * alone (dtk_fire_bound()). All of them have one phase: when the home goes offline, its successor takes
 * over the firing that was due. A CPU that is offline has no ticks, for nobody.
 *
 * Who starts and stops timers: arrange(), from sync() under dtk_lock and from the CPU hotplug
 * callbacks, which take dtk_lock too. `cpus` is the set of CPUs whose online
 * callback has run and whose offline callback has not; a CPU cannot
 * finish going offline while dtk_lock is held, so those CPUs take our IPIs.
 * (Lock order: hotplug lock > dtk_lock; we never wait for hotplug with dtk_lock.)
 *
 * A timer that comes too late skips intervals. Every skipped one is a firing
 * that did not happen, and counts as a provider drop: a tick that somebody
 * counts with would otherwise be quietly wrong.
 *
 * Source: Guide, chapter "profile Provider".
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/irq_regs.h>

#include "../../kmod/dtk.h"
#include "kmod_name.h"

#define PROBES_MOST	4096	/* as nobody but root makes them, and nobody frees them */
#define NOCPU		(-1)

struct profile {
	struct dtk_probe *probe;
	u64 interval;		/* ns */
	bool tick;
	bool wanted;		/* dtk_lock */
	int home;		/* tick: CPU that fires for those who trace all, or NOCPU; written under dtk_lock */
	ktime_t base;		/* firings are due at this and whole intervals: since it was enabled, or began */
	ktime_t due;		/* tick: a home that has gone left this one to its successor, or 0 */
	struct profile_timer __percpu *timers;	/* from the first enabling on */
};

struct profile_timer {
	struct hrtimer timer;
	struct profile *prof;
	ktime_t first;
	bool runs;		/* dtk_lock */
};

static struct dtk_provider *provider;
static struct cpumask cpus;	/* dtk_lock; see above */
static struct cpumask bound;	/* dtk_lock: arrange()'s own; too large for a stack */
static int hotplug_state;
static u32 nprobes;

/* ---- Firing --------------------------------------------------------------- */

/* arg0: kernel pc or 0, arg1: user pc or 0, arg2: how late, in ns. Probe context. */
static void profile_fire(struct profile *prof, struct pt_regs *regs, u64 late, bool for_bound)
{
	struct dtk_fire f = { .nargs = 3, .flags = DTK_FIRE_IRQOFF, .regs = regs };

	if (regs && user_mode(regs)) {
		f.flags |= DTK_FIRE_USER;
		f.arg[1] = dtk_user_pc(regs);
	} else if (regs) {
		f.arg[0] = regs->ip;
	}
	f.arg[2] = late;
	if (for_bound)
		dtk_fire_bound(prof->probe, &f);
	else
		dtk_fire_irqoff(prof->probe, &f);
}

static enum hrtimer_restart timer_expired(struct hrtimer *timer)
{
	struct profile_timer *pt = container_of(timer, struct profile_timer, timer);
	struct profile *prof = pt->prof;
	bool for_bound = prof->tick && READ_ONCE(prof->home) != raw_smp_processor_id();
	ktime_t late = ktime_sub(hrtimer_cb_get_time(timer), hrtimer_get_expires(timer));
	u64 intervals;

	profile_fire(prof, get_irq_regs(), max_t(s64, ktime_to_ns(late), 0), for_bound);
	intervals = hrtimer_forward_now(timer, ns_to_ktime(prof->interval));
	if (intervals > 1 && for_bound)
		dtk_provider_drops_bound(prof->probe, intervals - 1);
	else if (intervals > 1)
		dtk_provider_drops(prof->probe, intervals - 1);
	return HRTIMER_RESTART;
}

/* ---- Timers --------------------------------------------------------------- */

/* On the timer's own CPU: a pinned timer starts where it is asked for. */
static void timer_start(void *arg)
{
	struct profile_timer *pt = arg;

	hrtimer_start(&pt->timer, pt->first, HRTIMER_MODE_ABS_PINNED_HARD);
}

static void timer_start_on(struct profile *prof, int cpu, ktime_t first)
{
	struct profile_timer *pt = per_cpu_ptr(prof->timers, cpu);

	pt->first = first;
	pt->runs = true;
	smp_call_function_single(cpu, timer_start, pt, true);
}

/* On return the timer does not run any more. */
static void timer_stop_on(struct profile *prof, int cpu)
{
	struct profile_timer *pt = per_cpu_ptr(prof->timers, cpu);

	hrtimer_cancel(&pt->timer);
	pt->runs = false;
	if (cpu == prof->home)
		prof->due = hrtimer_get_expires(&pt->timer);
}

/* When the probe is due next on a CPU where it does not run yet. */
static ktime_t first_expiry(const struct profile *prof, int cpu)
{
	u64 stagger = prof->tick ? 0 : mul_u64_u32_div(prof->interval, cpu, nr_cpu_ids);
	u64 passed = div64_u64(max_t(s64, ktime_to_ns(ktime_sub(ktime_get(), prof->base)), 0), prof->interval);

	if (cpu == prof->home && prof->due)
		return prof->due;
	return ktime_add_ns(prof->base, (passed + 1) * prof->interval + stagger);
}

static bool home_is_good(const struct profile *prof)
{
	return prof->home != NOCPU && cpumask_test_cpu(prof->home, &cpus);
}

/* A tick: which CPUs are its home and those of its bound consumers. */
static void choose_home(struct profile *prof)
{
	unsigned int first = cpumask_first(&cpus);

	cpumask_clear(&bound);
	if (!prof->wanted || !dtk_probe_cpus(prof->probe, &bound))
		WRITE_ONCE(prof->home, NOCPU);
	else if (!home_is_good(prof))
		WRITE_ONCE(prof->home, first < nr_cpu_ids ? (int)first : NOCPU);
}

static bool timer_wanted(const struct profile *prof, int cpu)
{
	return prof->wanted && (!prof->tick || cpu == prof->home || cpumask_test_cpu(cpu, &bound));
}

/* Let timers run where they should, and nowhere else. */
static void arrange(struct profile *prof)
{
	int cpu;

	if (!prof->timers)
		return;
	if (prof->tick)
		choose_home(prof);
	for_each_cpu(cpu, &cpus) {
		bool runs = per_cpu_ptr(prof->timers, cpu)->runs;

		if (runs && !timer_wanted(prof, cpu))
			timer_stop_on(prof, cpu);
		else if (!runs && timer_wanted(prof, cpu))
			timer_start_on(prof, cpu, first_expiry(prof, cpu));
	}
	prof->due = 0;
}

/* ---- CPUs come and go ----------------------------------------------------- */

static int cpu_comes(unsigned int cpu)
{
	struct dtk_probe *probe;

	mutex_lock(&dtk_lock);
	cpumask_set_cpu(cpu, &cpus);
	list_for_each_entry(probe, &provider->probes, sibling)
		arrange(probe->arg);
	mutex_unlock(&dtk_lock);
	return 0;
}

static int cpu_goes(unsigned int cpu)
{
	struct dtk_probe *probe;
	struct profile *prof;

	mutex_lock(&dtk_lock);
	cpumask_clear_cpu(cpu, &cpus);
	list_for_each_entry(probe, &provider->probes, sibling) {
		prof = probe->arg;
		if (prof->timers && per_cpu_ptr(prof->timers, cpu)->runs)
			timer_stop_on(prof, cpu);
		arrange(prof);
	}
	mutex_unlock(&dtk_lock);
	return 0;
}

/* ---- Enabling ------------------------------------------------------------- */

static int profile_enable(struct dtk_probe *probe)
{
	struct profile *prof = probe->arg;
	struct profile_timer *pt;
	int cpu;

	if (!prof->timers) {
		prof->timers = alloc_percpu(struct profile_timer);
		if (!prof->timers)
			return -ENOMEM;
		for_each_possible_cpu(cpu) {
			pt = per_cpu_ptr(prof->timers, cpu);
			pt->prof = prof;
			dtk_hrtimer_setup(&pt->timer, timer_expired, CLOCK_MONOTONIC,
					  HRTIMER_MODE_ABS_PINNED_HARD);
		}
	}
	prof->wanted = true;
	prof->base = ktime_get();
	return 0;
}

static void profile_disable(struct dtk_probe *probe)
{
	struct profile *prof = probe->arg;

	prof->wanted = false;
}

static void profile_begin(struct dtk_probe *probe)
{
	struct profile *prof = probe->arg;
	int cpu;

	for_each_cpu(cpu, &cpus) {
		if (per_cpu_ptr(prof->timers, cpu)->runs)
			timer_stop_on(prof, cpu);
	}
	prof->due = 0;
	prof->base = ktime_get();
	arrange(prof);
}

static int profile_sync(struct dtk_provider *prov)
{
	struct dtk_probe *probe;

	list_for_each_entry(probe, &prov->probes, sibling)
		arrange(probe->arg);
	return 0;
}

static void profile_destroy(struct dtk_probe *probe)
{
	struct profile *prof = probe->arg;

	free_percpu(prof->timers);
	kfree(prof);
	nprobes--;
}

/* ---- Probes by name -------------------------------------------------------- */

static int profile_create(const char *name)
{
	struct profile *prof;
	unsigned long long ns;
	bool tick;
	int err;

	if (nprobes >= PROBES_MOST || !dtk_profile_name(name, &ns, &tick))
		return -EINVAL;
	prof = kzalloc(sizeof(*prof), GFP_KERNEL);
	if (!prof)
		return -ENOMEM;
	prof->interval = ns;
	prof->tick = tick;
	prof->home = NOCPU;
	err = dtk_probe_create(provider, "", "", name, prof, &prof->probe);
	if (err)
		kfree(prof);
	else
		nprobes++;
	return err;
}

static void profile_provide(const struct dtrace_probedesc *pat)
{
	if (!*pat->dtpd_mod && !*pat->dtpd_func)
		profile_create(pat->dtpd_name);
}

/* ---- */

static const struct dtk_provider_ops ops = {
	.provide = profile_provide,
	.enable = profile_enable,
	.disable = profile_disable,
	.sync = profile_sync,
	.begin = profile_begin,
	.by_cpu = true,
	.destroy = profile_destroy,
};

static int create_probes(void)
{
	size_t i;
	int err;

	err = dtk_provider_create("profile", "profile", NULL, &provider);
	if (err)
		return err;
	for (i = 0; i < ARRAY_SIZE(dtk_profile_usual) && !err; i++)
		err = profile_create(dtk_profile_usual[i]);
	if (err)
		dtk_provider_destroy(provider);
	return err;
}

static void destroy_provider(void)
{
	mutex_lock(&dtk_lock);
	dtk_provider_destroy(provider);
	mutex_unlock(&dtk_lock);
	dtk_family_unregister("profile");
}

int dtk_prov_profile_init(void)
{
	int err;

	err = dtk_family_register("profile", &ops);
	if (err)
		return err;
	mutex_lock(&dtk_lock);
	err = create_probes();
	mutex_unlock(&dtk_lock);
	if (err) {
		dtk_family_unregister("profile");
		return err;
	}
	/* Calls cpu_comes() for each CPU. */
	hotplug_state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "dtrace/profile:online",
					  cpu_comes, cpu_goes);
	if (hotplug_state < 0) {
		destroy_provider();
		return hotplug_state;
	}
	return 0;
}

void dtk_prov_profile_exit(void)
{
	cpuhp_remove_state(hotplug_state);
	destroy_provider();
}
