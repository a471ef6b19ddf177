// SPDX-License-Identifier: GPL-2.0-only
/*
 * Provider profile: profile-N fires on every CPU, tick-N on one, N times a
 * second or every N of a unit. A probe is made when somebody names it; the
 * usual rates exist from the start, for listings.
 *
 * Each enabled probe has one hrtimer per CPU (tick: only one of them runs).
 * They are pinned and run in hard interrupts, so get_irq_regs() tells what the
 * CPU was doing. Timers of one probe start spread over an interval, lest all CPUs
 * meet at the same cache lines.
 *
 * Who starts and stops timers: sync() under dtk_lock, and the CPU hotplug
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
#include <linux/kstrtox.h>
#include <linux/overflow.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/irq_regs.h>

#include "../../kmod/dtk.h"

#define INTERVAL_LEAST	(200 * (u64)NSEC_PER_USEC)
#define PROBES_MOST	4096	/* as nobody but root makes them, and nobody frees them */
#define NOCPU		(-1)

struct profile {
	struct dtk_probe *probe;
	u64 interval;		/* ns */
	bool tick;
	bool wanted, running;	/* dtk_lock */
	int cpu;		/* tick: whose timer runs, or NOCPU */
	struct profile_timer __percpu *timers;	/* from the first enabling on */
};

struct profile_timer {
	struct hrtimer timer;
	struct profile *prof;
	ktime_t first;
};

static struct dtk_provider *provider;
static struct cpumask cpus;	/* dtk_lock; see above */
static int hotplug_state;
static u32 nprobes;

/* ---- Firing --------------------------------------------------------------- */

/* arg0: kernel pc or 0, arg1: user pc or 0, arg2: how late, in ns. Probe context. */
static void profile_fire(struct profile *prof, struct pt_regs *regs, u64 late)
{
	struct dtk_fire f = { .nargs = 3, .regs = regs };

	if (regs && user_mode(regs)) {
		f.flags = DTK_FIRE_USER;
		f.arg[1] = regs->ip;
	} else if (regs) {
		f.arg[0] = regs->ip;
	}
	f.arg[2] = late;
	dtk_fire(prof->probe, &f);
}

static enum hrtimer_restart timer_expired(struct hrtimer *timer)
{
	struct profile_timer *pt = container_of(timer, struct profile_timer, timer);
	ktime_t late = ktime_sub(hrtimer_cb_get_time(timer), hrtimer_get_expires(timer));
	u64 intervals;

	profile_fire(pt->prof, get_irq_regs(), max_t(s64, ktime_to_ns(late), 0));
	intervals = hrtimer_forward_now(timer, ns_to_ktime(pt->prof->interval));
	if (intervals > 1)
		dtk_provider_drops(pt->prof->probe, intervals - 1);
	return HRTIMER_RESTART;
}

/* ---- Timers --------------------------------------------------------------- */

/* On the timer's own CPU: a pinned timer starts where it is asked for. */
static void timer_start(void *arg)
{
	struct profile_timer *pt = arg;

	hrtimer_start(&pt->timer, pt->first, HRTIMER_MODE_ABS_PINNED_HARD);
}

static void timer_start_on(struct profile *prof, int cpu, ktime_t base)
{
	struct profile_timer *pt = per_cpu_ptr(prof->timers, cpu);
	u64 stagger = prof->tick ? 0 : mul_u64_u32_div(prof->interval, cpu, nr_cpu_ids);

	pt->first = ktime_add_ns(base, prof->interval + stagger);
	smp_call_function_single(cpu, timer_start, pt, true);
}

static void timer_stop_on(struct profile *prof, int cpu)
{
	hrtimer_cancel(&per_cpu_ptr(prof->timers, cpu)->timer);
}

static void tick_start(struct profile *prof, unsigned int cpu)
{
	prof->cpu = cpu < nr_cpu_ids ? cpu : NOCPU;
	if (prof->cpu != NOCPU)
		timer_start_on(prof, cpu, ktime_get());
}

static void profile_start(struct profile *prof)
{
	ktime_t now = ktime_get();
	int cpu;

	prof->running = true;
	if (prof->tick) {
		tick_start(prof, cpumask_first(&cpus));
		return;
	}
	for_each_cpu(cpu, &cpus)
		timer_start_on(prof, cpu, now);
}

/* On return none of the probe's timers runs, on any CPU. */
static void profile_stop(struct profile *prof)
{
	int cpu;

	prof->running = false;
	if (prof->tick && prof->cpu != NOCPU)
		timer_stop_on(prof, prof->cpu);
	if (prof->tick)
		return;
	for_each_cpu(cpu, &cpus)
		timer_stop_on(prof, cpu);
}

/* ---- CPUs come and go ----------------------------------------------------- */

static int cpu_comes(unsigned int cpu)
{
	struct dtk_probe *probe;
	struct profile *prof;

	mutex_lock(&dtk_lock);
	cpumask_set_cpu(cpu, &cpus);
	list_for_each_entry(probe, &provider->probes, sibling) {
		prof = probe->arg;
		if (!prof->running)
			continue;
		if (!prof->tick)
			timer_start_on(prof, cpu, ktime_get());
		else if (prof->cpu == NOCPU)
			tick_start(prof, cpu);
	}
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
		if (!prof->running || (prof->tick && prof->cpu != cpu))
			continue;
		timer_stop_on(prof, cpu);
		if (prof->tick)
			tick_start(prof, cpumask_first(&cpus));
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
	return 0;
}

static void profile_disable(struct dtk_probe *probe)
{
	struct profile *prof = probe->arg;

	prof->wanted = false;
}

static int profile_sync(struct dtk_provider *prov)
{
	struct dtk_probe *probe;
	struct profile *prof;

	list_for_each_entry(probe, &prov->probes, sibling) {
		prof = probe->arg;
		if (prof->wanted && !prof->running)
			profile_start(prof);
		else if (!prof->wanted && prof->running)
			profile_stop(prof);
	}
	return 0;
}

static void profile_destroy(struct dtk_probe *probe)
{
	struct profile *prof = probe->arg;

	free_percpu(prof->timers);
	kfree(prof);
	nprobes--;
}

/* ---- Names ---------------------------------------------------------------- */

static const struct {
	const char *name;
	u64 ns;			/* 0: a rate */
} units[] = {
	{ "", 0 }, { "hz", 0 },
	{ "ns", 1 }, { "nsec", 1 },
	{ "us", NSEC_PER_USEC }, { "usec", NSEC_PER_USEC },
	{ "ms", NSEC_PER_MSEC }, { "msec", NSEC_PER_MSEC },
	{ "s", NSEC_PER_SEC }, { "sec", NSEC_PER_SEC },
	{ "m", 60ull * NSEC_PER_SEC }, { "min", 60ull * NSEC_PER_SEC },
	{ "h", 3600ull * NSEC_PER_SEC }, { "hour", 3600ull * NSEC_PER_SEC },
	{ "d", 86400ull * NSEC_PER_SEC }, { "day", 86400ull * NSEC_PER_SEC },
};

static bool interval_of(u64 n, const char *unit, u64 *ns)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(unit, units[i].name))
			continue;
		if (!units[i].ns)
			*ns = n ? div64_u64(NSEC_PER_SEC, n) : 0;
		else if (check_mul_overflow(n, units[i].ns, ns))
			return false;
		return *ns >= INTERVAL_LEAST && *ns <= KTIME_MAX / 4;
	}
	return false;
}

/* "profile-97", "tick-5sec": the interval, and which of the two. */
static bool name_parse(const char *name, u64 *ns, bool *tick)
{
	char digits[20];	/* 19 of them fit in 64 bits */
	size_t n;
	u64 val;

	*tick = !strncmp(name, "tick-", 5);
	if (*tick)
		name += 5;
	else if (!strncmp(name, "profile-", 8))
		name += 8;
	else
		return false;
	n = strspn(name, "0123456789");
	if (!n || n >= sizeof(digits))
		return false;
	memcpy(digits, name, n);
	digits[n] = '\0';
	return !kstrtou64(digits, 10, &val) && interval_of(val, name + n, ns);
}

static int profile_create(const char *name)
{
	struct profile *prof;
	bool tick;
	u64 ns;
	int err;

	if (nprobes >= PROBES_MOST || !name_parse(name, &ns, &tick))
		return -EINVAL;
	prof = kzalloc(sizeof(*prof), GFP_KERNEL);
	if (!prof)
		return -ENOMEM;
	prof->interval = ns;
	prof->tick = tick;
	prof->cpu = NOCPU;
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
	.destroy = profile_destroy,
};

static int create_probes(void)
{
	static const char * const usual[] = {
		"profile-97", "profile-199", "profile-499", "profile-997", "profile-1999",
		"profile-4001", "profile-4999", "tick-1", "tick-10", "tick-100", "tick-500",
		"tick-1000", "tick-5000",
	};
	size_t i;
	int err;

	err = dtk_provider_create("profile", "profile", NULL, &provider);
	if (err)
		return err;
	for (i = 0; i < ARRAY_SIZE(usual) && !err; i++)
		err = profile_create(usual[i]);
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
