/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's core: probes, providers, consumers; what a provider may call
 * and what it must offer.
 *
 * Lock order (control context only):
 *   cpus_read_lock > dtk_lock (mutex: probes, providers, consumers, enablings) > a provider's own locks.
 * Probe context takes none of them: probes' ECB lists, and whatever a provider
 * looks up, are RCU (readers have interrupts or preemption off; synchronize_rcu()
 * waits for them all).
 * Briefly: control code holds dtk_lock; probe code holds nothing.
 */
#ifndef DTK_H
#define DTK_H

#include <linux/cpumask.h>

#include "compat.h"
#include "engine.h"

struct dtk_provider;

struct dtk_probe {
	struct dtk_probename n;		/* first member; strings are owned by the probe, but see flags */
	struct dtk_ecb __rcu *ecbs;
	struct dtk_ecb *last;		/* end of that list; dtk_lock */
	struct dtk_provider *prov;
	void *arg;			/* the provider's */
	struct list_head sibling;	/* on prov->probes */
	struct hlist_node byname;	/* core's hash of whole names */
	u32 necbs;
	u32 flags;			/* DTK_PROBE_* */
	u32 reads;			/* arguments that one of its ECBs may read; see dtk_probe_reads() */
};
#define DTK_PROBE_CONDEMNED	0x1	/* its creator is gone: destroyed with its last ECB */
#define DTK_PROBE_DOOMED	0x2	/* being destroyed (probe.c) */
#define DTK_PROBE_ALIAS		0x4	/* a second name: an empty function in a pattern does not mean it */
#define DTK_PROBE_EXE		0x8	/* in a process's executable: the module "a.out" means it, too */

/*
 * A provider. The ops run in control context under dtk_lock.
 * Several providers may share ops (pid123, pid456 are providers named by pid;
 * their `family` is "pid").
 */
struct dtk_provider_ops {
	/* A pattern mentions this family: create the probes it names, if they can be (profile-97). Optional. */
	void (*provide)(const struct dtrace_probedesc *pat);
	/* First ECB comes, last ECB has gone. Cheap: mark only; patching is done in sync. */
	int (*enable)(struct dtk_probe *probe);
	void (*disable)(struct dtk_probe *probe);
	/* After a batch of enable/disable calls on probes of this provider: make it so. disable's
	 * effect must be complete on return: no more dtk_fire() for them can begin. */
	int (*sync)(struct dtk_provider *prov);
	/* Where its probes fire depends on dtk_probe_cpus(): sync is called, too, when that changes. */
	bool by_cpu;
	/* A consumer of this enabled probe goes live, and none was: time that the probe tells begins now. Optional. */
	void (*begin)(struct dtk_probe *probe);
	/* ECBs came to or went from a probe that stays enabled, or listen elsewhere now. sync follows. Optional. */
	void (*changed)(struct dtk_probe *probe);
	/* Hand over, by dtk_probe_counted(), what all providers of the family counted without firing. Optional. */
	void (*harvest)(void);
	/* Argument n >= nargs of a firing. Probe context. Optional. */
	bool (*getarg)(struct dtk_probe *probe, struct dtk_fire *f, u32 n, u64 *val);
	/* The probe is being freed. */
	void (*destroy)(struct dtk_probe *probe);
	/* DTRACEIOC_PROVIDER. dtk_lock is NOT held (it may wait); the op takes it when it needs it. Optional. */
	long (*ioctl)(struct dtk_consumer *cons, u32 op, void __user *arg, u64 size);
	/* The consumer closes: forget all that it created. Its ECBs are gone already. dtk_lock is held. Optional. */
	void (*release)(struct dtk_consumer *cons);
};

struct dtk_provider {
	char name[DTRACE_PROVNAMELEN];	/* "pid123", "profile" */
	const char *family;		/* "pid" */
	const struct dtk_provider_ops *ops;
	struct list_head list, probes;
	bool dirty;			/* enable/disable since the last sync */
	void *arg;			/* the provider's */
};

extern struct mutex dtk_lock;

/* Register a family (module init/exit). The ioctl and release ops are found by family name. */
int dtk_family_register(const char *family, const struct dtk_provider_ops *ops);
void dtk_family_unregister(const char *family);

/* All with dtk_lock held. Names are copied. -EEXIST: that name exists (*ret is then the existing one). */
int dtk_provider_create(const char *name, const char *family, void *arg, struct dtk_provider **ret);
void dtk_provider_destroy(struct dtk_provider *prov);	/* and its probes, none of which may be enabled */
int dtk_probe_create(struct dtk_provider *prov, const char *mod, const char *func,
		     const char *name, void *arg, struct dtk_probe **ret);
/* Free now if nothing is enabled on it, else condemn it. */
void dtk_probe_destroy(struct dtk_probe *probe);
/*
 * Where the consumers of @probe listen: adds the CPUs of those that trace one CPU only to
 * @bound. True: others trace all CPUs. See by_cpu above.
 */
bool dtk_probe_cpus(struct dtk_probe *probe, struct cpumask *bound);
/* Probes were added: let the retained enablings of all consumers see those with id > after. Calls sync. */
int dtk_probes_added(struct dtk_provider *prov, dtrace_id_t after);

/*
 * Fire. Any context but NMI within NMI; preemption and interrupts in any state.
 * Refused and counted when this CPU is already inside a firing.
 */
void dtk_fire(struct dtk_probe *probe, struct dtk_fire *f);
/*
 * Which arguments the clauses linked to @probe may read: bit n is arg n. For providers to whom arguments cost:
 * they set those in dtk_fire's known, with DTK_FIRE_SOMEARGS. To be asked before the firing. Probe context.
 */
static inline u32 dtk_probe_reads(const struct dtk_probe *probe)
{
	return READ_ONCE(probe->reads);
}
/* The same where interrupts are off already; DTK_FIRE_IRQOFF is the caller's to set. */
void dtk_fire_irqoff(struct dtk_probe *probe, struct dtk_fire *f);
/*
 * Fire for those consumers only that trace this CPU and no other, interrupts off. A probe that
 * fires on one CPU of the machine's (a tick) fires also where such a consumer listens.
 */
void dtk_fire_bound(struct dtk_probe *probe, struct dtk_fire *f);
/* @n firings could not be delivered: shown to the consumers of @probe as drops. Probe context. */
void dtk_provider_drops(struct dtk_probe *probe, u64 n);
void dtk_provider_drops_bound(struct dtk_probe *probe, u64 n);	/* as dtk_fire_bound() */
static inline void dtk_provider_drop(struct dtk_probe *probe)
{
	dtk_provider_drops(probe, 1);
}


/*
 * Aggregating without firing. Where all that is enabled on a probe aggregates by keys that depend on the probe
 * alone (clause->tallies), by values and predicates that the provider can have otherwise, it may
 * do so by itself and hand over what that came to (dtk_lock, may sleep): dtk_ecb_tallied(), as dtk_ecb_merge(), or
 * dtk_probe_counted() for all ECBs whose clause is a mere count() (clause->counts). It goes to those consumers that
 * count then. The core asks for it, by dtk_harvest(), whenever that makes a difference: before a consumer
 * begins or ends to count, and before it reads. A provider does by itself before ECBs of its probes come or go.
 */
void dtk_probe_counted(struct dtk_probe *probe, u64 n);
void dtk_ecb_tallied(struct dtk_ecb *ecb, u32 act, const u64 *more, u64 hits);
void dtk_harvest(void);
/* All that is enabled on @probe: by ->next. dtk_lock. */
static inline struct dtk_ecb *dtk_probe_ecbs(const struct dtk_probe *probe)
{
	return rcu_dereference_protected(probe->ecbs, lockdep_is_held(&dtk_lock));
}

/*
 * Where current, with user registers @regs, is in its program: it may be in code of a provider's, instead of
 * its own. Probe context.
 */
u64 dtk_user_pc(const struct pt_regs *regs);

/* The consumer that an op works for: an opaque key to hang things on. */
struct dtk_consumer;

/* Tracepoints of the kernel by name ("sched_process_fork"), -ENOENT if there is none. dtk_lock NOT held. */
int dtk_tracepoint_register(const char *name, void *fn, void *data);
void dtk_tracepoint_unregister(const char *name, void *fn, void *data);

/* Providers' init/exit, called by main.c in order. */
int dtk_prov_dtrace_init(void);
void dtk_prov_dtrace_exit(void);
int dtk_prov_profile_init(void);
void dtk_prov_profile_exit(void);
int dtk_prov_pid_init(void);
void dtk_prov_pid_exit(void);

#endif /* DTK_H */
