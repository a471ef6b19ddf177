/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the core's own files know of each other. Providers see dtk.h, the
 * engine port.h and engine.h; neither includes this (but providers/dtrace,
 * whose probes belong to consumers, does).
 *
 *   main.c      init and exit            dev.c        /dev/dtrace: files, ioctls, mmap
 *   consumer.c  one open file's session  enabling.c   programs -> ECBs on probes
 *   probe.c     probes, providers, names core.c       dtk_fire() and what is per CPU
 *
 * Locks, outermost first:
 *   cons->lock        one ioctl at a time that changes the session (GO, STOP,
 *                     SWITCH, ENABLE). Never taken by mmap: that runs under
 *                     mmap_lock, which copy_to_user() may need below cons->lock.
 *   cpus_read_lock    GO and SWITCH only.
 *   dtk_lock          see dtk.h; everything below "dtk_lock" in struct dtk_consumer.
 * Briefly: file, then CPUs, then probes; probe context takes nothing.
 */
#ifndef DTK_CORE_H
#define DTK_CORE_H

#include <linux/irq_work.h>
#include <linux/jump_label.h>
#include <linux/poll.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "dtk.h"

#define DTK_ECBS_MAX	(16u << 20)	/* a consumer's */

enum dtk_session {
	DTK_SETUP,		/* programs may be enabled */
	DTK_TRACING,		/* GO was called; buffers exist from now until close */
	DTK_STOPPED,
};

/* An aggregating action that a consumer enabled; dtrace_aggid_t indexes them. */
struct dtk_agginfo {
	struct dtk_aggact *agg;
	dtrace_epid_t epid;	/* an ECB of its clause, or 0 */
};

/* A program that a consumer loaded. It lives until the consumer closes. */
struct dtk_enabling {
	struct list_head list;
	struct dtk_program *prog;
};

/*
 * One open file. Session: SETUP -> (GO) -> TRACING -> (STOP) -> STOPPED; exit()
 * and the dead man's timer end firing without a change of state.
 */
struct dtk_consumer {
	struct dtk_sink sink;		/* first: engine and core get from one to the other */
	struct list_head list;		/* dtk_lock */
	struct mutex lock;
	enum dtk_session session;	/* lock; GO's release store publishes the buffers to mmap */
	u64 bufsize, aggsize;		/* of each half; written once before TRACING */
	u64 cleanrate, aliveness;	/* ns; likewise */
	u32 needs;			/* DTK_NEEDS_* of all its programs; lock */
	bool vtime;			/* dtk_vtime_get() was called; lock */

	/* dtk_lock */
	struct list_head enablings;
	struct xarray ecbs;		/* by epid, dense from 1 */
	struct xarray aggs;		/* by aggid, dense from 1: struct dtk_agginfo */
	u32 necbs, naggs;
	u32 nconst, ncache;		/* bucket cache entries that ECBs have, that CPUs have room for */

	/* Probe context and timers; no lock. */
	atomic64_t recursion, provider;	/* drops; see struct dtrace_ioc_status */
	atomic_t reading;		/* calls in progress that show that it is alive */
	u64 alive;			/* when the last one ended, ns */
	u32 killed;
	u32 woken;			/* a wake-up is under way or was not yet looked at */
	struct irq_work wake;
	wait_queue_head_t waitq;
	struct delayed_work clean, deadman;
};

static inline struct dtk_consumer *dtk_sink_consumer(struct dtk_sink *sink)
{
	return container_of(sink, struct dtk_consumer, sink);
}

/* core.c */
/* Fire for one consumer only, live or not (BEGIN, END). Task context. Returns the CPU it fired on. */
int dtk_fire_session(struct dtk_probe *probe, struct dtk_sink *sink, struct dtk_fire *f);
/* The same from within a firing (ERROR). Probe context. */
void dtk_fire_nested(struct dtk_probe *probe, struct dtk_sink *sink, struct dtk_fire *f);
/* Interrupts are off: keep NMIs from firing, too, while @fn works on what firings write. */
void dtk_fire_exclude(void (*fn)(void *arg), void *arg);

/* probe.c; all with dtk_lock held */
int dtk_probes_init(void);
void dtk_probes_exit(void);
struct dtk_probe *dtk_probe_byid(dtrace_id_t id);
const struct dtk_provider_ops *dtk_family_ops(const char *family);
void dtk_families_provide(const struct dtrace_probedesc *pat);
void dtk_families_release(struct dtk_consumer *cons);
int dtk_providers_sync(void);		/* those that are dirty; the first error, but all are tried */
/* Pack the records of probes that match @pat (NULL: all) with ids above *after. Returns bytes, or -errno. */
long dtk_probes_list(const struct dtrace_probedesc *pat, dtrace_id_t *after, u32 *count,
		     void *buf, size_t size);

/* A pattern as probe.c wants it: strings are the caller's. Parts longer than a name match nothing. */
struct dtk_pattern {
	dtrace_id_t id;
	const char *prov, *mod, *func, *name;
};
/* Call @fn for each probe with id > @after that matches, until it returns an error. */
int dtk_probes_match(const struct dtk_pattern *pat, struct dtk_provider *only, dtrace_id_t after,
		     int (*fn)(struct dtk_probe *probe, void *arg), void *arg);
/* Add or take away an ECB; the first and last call the provider's enable and disable and mark it dirty. */
int dtk_probe_link(struct dtk_probe *probe, struct dtk_ecb *ecb);
/* Unlink all ECBs of @sink with epid > @after. */
void dtk_probe_unlink(struct dtk_probe *probe, struct dtk_sink *sink, dtrace_epid_t after);
/* A consumer with an ECB on @probe goes live now. */
void dtk_probe_begin(struct dtk_probe *probe);
/* An ECB's consumer listens on other CPUs from now on. The caller syncs. */
void dtk_probe_rebound(struct dtk_probe *probe);
/* After sync and a grace period: put the probe on @doomed if it waited for its last ECB to go. */
void dtk_probe_reap(struct dtk_probe *probe, struct list_head *doomed);
void dtk_probes_free(struct list_head *doomed);

/* enabling.c; cons->lock held, takes dtk_lock, but unenable() which wants it held */
int dtk_enabling_init(void);
void dtk_enabling_exit(void);
int dtk_enable(struct dtk_consumer *cons, const struct dtrace_ioc_enable *req,
	       struct dtrace_ioc_error *err, u32 *nmatched, u32 **perpat, u32 *npats);
void dtk_unenable(struct dtk_consumer *cons);

/* consumer.c */
int dtk_consumers_init(void);
void dtk_consumers_exit(void);
extern struct list_head dtk_consumers;	/* dtk_lock */
extern bool dtk_destructive;		/* module parameter */
struct dtk_consumer *dtk_consumer_create(void);
void dtk_consumer_destroy(struct dtk_consumer *cons);
int dtk_consumer_go(struct dtk_consumer *cons, struct dtrace_ioc_go *go);
int dtk_consumer_stop(struct dtk_consumer *cons, struct dtrace_ioc_stop *stop);
/* STATUS or SWITCH @begins or ends, which both may have to wait for a lock. Context: ioctl. */
void dtk_consumer_reading(struct dtk_consumer *cons, bool begins);
int dtk_consumer_switch(struct dtk_consumer *cons, struct dtrace_ioc_switch *sw);
void dtk_consumer_status(struct dtk_consumer *cons, struct dtrace_ioc_status *st);
int dtk_consumer_mmap(struct dtk_consumer *cons, struct vm_area_struct *vma);
__poll_t dtk_consumer_poll(struct dtk_consumer *cons, struct file *file, poll_table *wait);
/* Make room for constant-key buckets of ECBs to be linked. dtk_lock held. */
int dtk_consumer_growcaches(struct dtk_consumer *cons, u32 nconst);

/* dev.c */
int dtk_dev_init(void);
void dtk_dev_exit(void);

/* safemem.c */
int dtk_text_init(void);
void dtk_text_exit(void);

/* stack.c */
u32 dtk_stack_kernel_depth(struct dtk_fire *f);
u64 dtk_stack_caller(struct dtk_fire *f);
int dtk_stack_init(void);
void dtk_stack_exit(void);

/* path.c; probe context. False: no answer. */
bool dtk_path_cwd(char *dst, size_t n);
bool dtk_path_root(char *dst, size_t n);
int dtk_path_init(void);
void dtk_path_exit(void);

/* builtin.c: a number that no other thread of this session has or had. @task runs here, or is about to. */
u64 dtk_thread_key(const struct task_struct *task);

/* vtime.c; probe context, but get and put */
DECLARE_STATIC_KEY_FALSE(dtk_vtime_key);	/* some consumer uses vtimestamp */
u64 dtk_vtime(void);		/* what was it when this firing began? */
u64 dtk_vtime_begin(void);			/* a firing begins; never 0 */
void dtk_vtime_end(u64 began);			/* it is over: what began() returned */
int dtk_vtime_get(void);
void dtk_vtime_put(void);

/* destroy.c */
bool dtk_debugger(void);			/* breakpoint() would have somebody to talk to */
int dtk_destroy_init(void);
void dtk_destroy_exit(void);

/* providers/dtrace: bytes that END's clauses of this consumer record; dtk_lock. */
size_t dtk_end_bytes(const struct dtk_consumer *cons);
/* providers/dtrace: BEGIN and END for one consumer; return the CPU. */
int dtk_fire_begin(struct dtk_consumer *cons);
int dtk_fire_end(struct dtk_consumer *cons);

#endif /* DTK_CORE_H */
