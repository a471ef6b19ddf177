// SPDX-License-Identifier: GPL-2.0-only
/*
 * A consumer: one open file's session.
 *
 *   SETUP    programs are enabled; their probes may hit, but sink.live is 0
 *   TRACING  GO made the buffers, fired BEGIN, then set live
 *   STOPPED  STOP cleared live, waited for firings under way, fired END
 *
 * Firing also ends when a program calls exit() (sink.exiting, set in probe
 * context) or when the consumer has not called STATUS for `aliveness` (killed), nor waits for a lock to be able to.
 *
 * Buffers are made once, at GO, for the CPUs then online, and live until the
 * file is released; that is after the last mapping has gone, since a mapping
 * holds the file. So mmap, poll and the IPI need no lock to look at them: the
 * release store of `session` publishes them. A CPU that comes up later has
 * none: what fires there is counted as nobuffer.
 *
 * SWITCH runs on the buffer's own CPU with interrupts off and firing excluded, or here
 * if that CPU is offline, which cpus_read_lock keeps it.
 *
 * Two delayed works serve each session: the dead man's timer, and the cleaner of dynamic
 * variables and speculations. They run on a queue of our own and take no lock but, for the
 * visits to all CPUs that a commit() or discard() asks for, cpus_read_lock.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>

#include "core.h"

#define MB			(1ull << 20)
#define SIZE_LEAST		4096ull
#define SPECSIZE_DEFAULT	(32ull << 10)
#define SPECSIZE_MOST		(16 * MB)	/* commit() copies it with interrupts off */
#define SIZE_MOST		(1024 * MB)
#define BUFSIZE_LEAST		8
#define BUFSIZE_DEFAULT		(4 * MB)
#define AGGSIZE_DEFAULT		(4 * MB)
#define DYNVARSIZE_DEFAULT	(1 * MB)
#define CLEANRATE_DEFAULT	9900990ull	/* 101 Hz, in ns */
#define ALIVENESS_DEFAULT	(30 * (u64)NSEC_PER_SEC)
#define PERIOD_LEAST		((u64)NSEC_PER_MSEC)
#define PERIOD_MOST		(86400 * (u64)NSEC_PER_SEC)
#define NSPEC_MOST		65536u

LIST_HEAD(dtk_consumers);
static struct workqueue_struct *queue;

/* ---- Timers --------------------------------------------------------------- */

static unsigned long ns_to_delay(u64 ns)
{
	return max(nsecs_to_jiffies(ns), 1ul);
}

struct visit {
	void (*fn)(void *arg);
	void *arg;
};

/* Interrupts are off. */
static void visit_here(void *arg)
{
	struct visit *v = arg;

	dtk_fire_exclude(v->fn, v->arg);
}

/* Call @fn in context "switch" for @cpu: there, or here if it is offline, which cpus_read_lock keeps it. */
static void visit_cpu(u32 cpu, void (*fn)(void *arg), void *arg)
{
	struct visit v = { fn, arg };
	unsigned long flags;

	if (cpu_online(cpu)) {
		smp_call_function_single(cpu, visit_here, &v, true);
		return;
	}
	local_irq_save(flags);
	visit_here(&v);
	local_irq_restore(flags);
}

/* One CPU of a consumer's, for visits that look at nothing else. */
struct sinkcpu {
	struct dtk_sink *sink;
	u32 cpu;
};

/* Visit each CPU that has buffers; @fn gets a struct sinkcpu. */
static void visit_cpus(struct dtk_sink *sink, void (*fn)(void *arg))
{
	struct sinkcpu sc = { sink };

	cpus_read_lock();
	for (sc.cpu = 0; sc.cpu < sink->ncpus; sc.cpu++) {
		if (sink->ccpu[sc.cpu])
			visit_cpu(sc.cpu, fn, &sc);
	}
	cpus_read_unlock();
}

static void clean_specs_of_cpu(void *arg)
{
	struct sinkcpu *sc = arg;

	dtk_specs_clean_cpu(sc->sink, sc->cpu);
}

static void specs_clean(struct dtk_consumer *cons)
{
	if (!dtk_specs_clean_begin(&cons->sink))
		return;
	visit_cpus(&cons->sink, clean_specs_of_cpu);
	dtk_specs_clean_end(&cons->sink);
}

static void clean(struct work_struct *work)
{
	struct dtk_consumer *cons = container_of(work, struct dtk_consumer, clean.work);

	specs_clean(cons);

	if (dtk_vars_clean_begin(cons->sink.vars)) {
		synchronize_rcu();
		dtk_vars_clean_end(cons->sink.vars);
	}
	queue_delayed_work(queue, &cons->clean, ns_to_delay(cons->cleanrate));
}

/*
 * What was counted without firing belongs to those who count at the time: the last chance to get some, and
 * not to get what comes later.
 */
static void counting_begin(struct dtk_consumer *cons)
{
	mutex_lock(&dtk_lock);
	dtk_harvest();
	cons->sink.counting = !READ_ONCE(cons->sink.exiting);	/* BEGIN may have called exit() */
	mutex_unlock(&dtk_lock);
}

static void counting_end(struct dtk_consumer *cons)
{
	mutex_lock(&dtk_lock);
	if (cons->sink.counting)
		dtk_harvest();
	cons->sink.counting = 0;
	mutex_unlock(&dtk_lock);
}

static void check_alive(struct work_struct *work)
{
	struct dtk_consumer *cons = container_of(work, struct dtk_consumer, deadman.work);
	u64 silent = atomic_read(&cons->reading) ? 0 : ktime_get_ns() - READ_ONCE(cons->alive);

	if (silent < cons->aliveness) {
		queue_delayed_work(queue, &cons->deadman, ns_to_delay(cons->aliveness - silent));
		return;
	}
	counting_end(cons);
	WRITE_ONCE(cons->killed, 1);
	WRITE_ONCE(cons->sink.live, 0);
	wake_up_interruptible(&cons->waitq);
}

/* Arming many points keeps locks for long; who waits for them to read its data is not to blame. */
void dtk_consumer_reading(struct dtk_consumer *cons, bool begins)
{
	if (begins) {
		atomic_inc(&cons->reading);
		return;
	}
	WRITE_ONCE(cons->alive, ktime_get_ns());
	atomic_dec(&cons->reading);
}

static void wake(struct irq_work *work)
{
	wake_up_interruptible(&container_of(work, struct dtk_consumer, wake)->waitq);
}

static void timers_start(struct dtk_consumer *cons)
{
	WRITE_ONCE(cons->alive, ktime_get_ns());
	queue_delayed_work(queue, &cons->clean, ns_to_delay(cons->cleanrate));
	queue_delayed_work(queue, &cons->deadman, ns_to_delay(cons->aliveness));
}

static void timers_stop(struct dtk_consumer *cons)
{
	cancel_delayed_work_sync(&cons->clean);
	cancel_delayed_work_sync(&cons->deadman);
}

/* ---- Buffers -------------------------------------------------------------- */

/* What firings on one CPU write, and the halves of the aggregations, which only mmap asks for. */
struct cpubufs {
	struct dtk_ccpu cc;
	struct dtk_buf buf;
	void *half[2][2];	/* [DTRACE_BUF_*][half] */
};

static struct cpubufs *cpubufs_of(const struct dtk_sink *sink, u32 cpu)
{
	struct dtk_ccpu *cc = sink->ccpu[cpu];

	return cc ? container_of(cc, struct cpubufs, cc) : NULL;
}

static void cpubufs_destroy(struct cpubufs *cb, u32 nspec)
{
	int kind, half;

	if (!cb)
		return;
	dtk_aggbuf_destroy(cb->cc.agg);
	for (kind = DTRACE_BUF_PRINCIPAL; kind <= DTRACE_BUF_AGG; kind++)
		for (half = 0; half < 2; half++)
			vfree(cb->half[kind][half]);
	dtk_specbufs_destroy(cb->cc.spec, nspec);
	dtk_free(cb->cc.scratch);
	dtk_free(cb->cc.cache);
	kfree(cb);
}

static int cpubufs_alloc(struct cpubufs *cb, const struct dtrace_ioc_go *go, u32 nconst, size_t endbytes)
{
	int half;

	for (half = 0; half < 2; half++) {
		cb->half[DTRACE_BUF_PRINCIPAL][half] = vmalloc_user(go->got_bufsize);
		cb->half[DTRACE_BUF_AGG][half] = vmalloc_user(go->got_aggsize);
		if (!cb->half[DTRACE_BUF_PRINCIPAL][half] || !cb->half[DTRACE_BUF_AGG][half])
			return -ENOMEM;
	}
	cb->cc.scratch = dtk_alloc(DTK_SCRATCH);
	cb->cc.cache = dtk_alloc((size_t)nconst * sizeof(*cb->cc.cache));
	if (!cb->cc.scratch || !cb->cc.cache)
		return -ENOMEM;
	cb->cc.ncache = nconst;
	dtk_buf_init(&cb->buf, cb->half[DTRACE_BUF_PRINCIPAL][0], cb->half[DTRACE_BUF_PRINCIPAL][1],
		     go->bufsize && go->bufsize < PAGE_SIZE ? go->bufsize : go->got_bufsize,
		     go->bufpolicy);
	dtk_buf_keep(&cb->buf, endbytes);
	cb->cc.buf = &cb->buf;
	if (dtk_specbufs_create(&cb->cc.spec, go->nspec, go->specsize))
		return -ENOMEM;
	return dtk_aggbuf_create(&cb->cc.agg, cb->half[DTRACE_BUF_AGG][0],
				 cb->half[DTRACE_BUF_AGG][1], go->got_aggsize);
}

static int cpubufs_create(int cpu, const struct dtrace_ioc_go *go, u32 nconst, size_t endbytes,
			  struct dtk_ccpu **ret)
{
	struct cpubufs *cb = kzalloc_node(sizeof(*cb), GFP_KERNEL_ACCOUNT, cpu_to_node(cpu));
	int err;

	if (!cb)
		return -ENOMEM;
	err = cpubufs_alloc(cb, go, nconst, endbytes);
	if (err)
		cpubufs_destroy(cb, go->nspec);
	else
		*ret = &cb->cc;
	return err;
}

static void buffers_destroy(struct dtk_sink *sink)
{
	u32 cpu;

	if (!sink->ccpu)
		return;
	for (cpu = 0; cpu < sink->ncpus; cpu++)
		cpubufs_destroy(cpubufs_of(sink, cpu), sink->nspec);
	kvfree(sink->ccpu);
	sink->ccpu = NULL;
	dtk_specs_destroy(sink);
}

/* With cpus_read_lock and dtk_lock. All or nothing. */
static int buffers_create(struct dtk_consumer *cons, const struct dtrace_ioc_go *go)
{
	struct dtk_sink *sink = &cons->sink;
	size_t endbytes = dtk_end_bytes(cons);
	int cpu, err = 0;

	sink->ccpu = kvcalloc(sink->ncpus, sizeof(*sink->ccpu), GFP_KERNEL_ACCOUNT);
	if (!sink->ccpu)
		return -ENOMEM;
	if (dtk_specs_create(sink, go->nspec)) {
		buffers_destroy(sink);
		return -ENOMEM;
	}
	for_each_online_cpu(cpu) {
		if (go->cpu != DTRACE_CPUALL && go->cpu != cpu)
			continue;
		err = cpubufs_create(cpu, go, cons->nconst, endbytes, &sink->ccpu[cpu]);
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
		if (err)
			break;
	}
	if (err)
		buffers_destroy(sink);
	return err;
}

/*
 * Would these sizes take more than half of what memory there is? vmalloc
 * would get it somehow, by killing other programs if need be; we do not let it come to that.
 * An aggregation's index takes about 3/8 of a half.
 */
static bool memory_suffices(const struct dtrace_ioc_go *go)
{
	u64 ncpus = go->cpu == DTRACE_CPUALL ? num_online_cpus() : 1;
	u64 need = ncpus * (2 * go->got_bufsize + 5 * go->got_aggsize / 2 + DTK_SCRATCH +
			    go->nspec * (go->specsize + sizeof(struct dtk_buf))) +
		   go->got_dynvarsize;

	return need / PAGE_SIZE <= max(si_mem_available(), 0l) / 2;
}

/* Halve what is largest. False: all are as small as they may be. */
static bool sizes_shrink(struct dtrace_ioc_go *go)
{
	u64 *largest = &go->got_bufsize;

	/* All the speculations of a CPU together against one half. */
	if (go->specsize > SPECSIZE_DEFAULT && go->nspec * go->specsize > 2 * go->got_bufsize) {
		go->specsize /= 2;
		return true;
	}
	if (go->got_aggsize > *largest)
		largest = &go->got_aggsize;
	if (go->got_dynvarsize > *largest)
		largest = &go->got_dynvarsize;
	if (*largest <= SIZE_LEAST)
		return false;
	*largest = max(round_down(*largest / 2, PAGE_SIZE), SIZE_LEAST);
	return true;
}

/* With cpus_read_lock. Fills got_*. */
static int memory_create(struct dtk_consumer *cons, struct dtrace_ioc_go *go)
{
	int err = -ENOMEM;

	do {
		if (!memory_suffices(go))
			continue;
		err = buffers_create(cons, go);
		if (!err) {
			err = dtk_vars_dynalloc(cons->sink.vars, go->got_dynvarsize);
			if (err)
				buffers_destroy(&cons->sink);
		}
		if (err != -ENOMEM)
			return err;
	} while (!go->bufresize && sizes_shrink(go));
	return -ENOMEM;
}

/* Give every CPU the array in fresh[cpu], and leave the old one there. */
static void caches_swap(struct dtk_sink *sink, struct dtk_bucketcache **fresh, u32 n)
{
	struct dtk_bucketcache *old;
	struct dtk_ccpu *cc;
	u32 cpu;

	for (cpu = 0; cpu < sink->ncpus; cpu++) {
		cc = sink->ccpu[cpu];
		if (!cc)
			continue;
		old = cc->cache;
		WRITE_ONCE(cc->cache, fresh[cpu]);
		smp_store_release(&cc->ncache, n);
		fresh[cpu] = old;
	}
}

/*
 * A new array is empty, so every bucket is looked up once more; copying the old
 * one would race with the CPU that writes it. Firings may use the old array for
 * a grace period, and we wait for it before ECBs with indices beyond it are linked.
 */
int dtk_consumer_growcaches(struct dtk_consumer *cons, u32 nconst)
{
	struct dtk_sink *sink = &cons->sink;
	struct dtk_bucketcache **fresh;
	int err = 0;
	u32 cpu, n;

	lockdep_assert_held(&dtk_lock);
	if (cons->session == DTK_SETUP || nconst <= cons->ncache)
		return 0;
	n = max_t(u64, nconst, min_t(u64, 2ull * cons->ncache, U32_MAX));
	fresh = kvcalloc(sink->ncpus, sizeof(*fresh), GFP_KERNEL);
	if (!fresh)
		return -ENOMEM;
	for (cpu = 0; cpu < sink->ncpus && !err; cpu++) {
		if (!sink->ccpu[cpu])
			continue;
		fresh[cpu] = dtk_alloc((size_t)n * sizeof(**fresh));
		if (!fresh[cpu])
			err = -ENOMEM;
	}
	if (!err) {
		caches_swap(sink, fresh, n);
		cons->ncache = n;
		synchronize_rcu();
	}
	for (cpu = 0; cpu < sink->ncpus; cpu++)
		dtk_free(fresh[cpu]);
	kvfree(fresh);
	return err;
}

/* ---- GO ------------------------------------------------------------------- */

static int size_option(u64 asked, u64 deflt, u64 *got)
{
	u64 size = asked ? asked : deflt;

	if (size > SIZE_MOST)
		return -EINVAL;
	*got = round_up(size, PAGE_SIZE);
	return 0;
}

static int period_option(u64 *ns, u64 deflt)
{
	if (!*ns)
		*ns = deflt;
	return *ns < PERIOD_LEAST || *ns > PERIOD_MOST ? -EINVAL : 0;
}

static int go_check(struct dtrace_ioc_go *go)
{
	if (go->pad || go->bufresize > 1 || go->bufpolicy > DTRACE_BUFPOLICY_FILL)
		return -EINVAL;
	if (go->cpu != DTRACE_CPUALL && go->cpu >= nr_cpu_ids)
		return -EINVAL;
	if (go->bufsize && go->bufsize < BUFSIZE_LEAST)
		return -EINVAL;
	if (!go->nspec)
		go->nspec = 1;
	if (!go->specsize)
		go->specsize = SPECSIZE_DEFAULT;
	if (!go->bufresize)
		go->specsize = min(go->specsize, SPECSIZE_MOST);
	if (go->nspec > NSPEC_MOST || go->specsize > SPECSIZE_MOST)
		return -EINVAL;
	if (size_option(go->bufsize, BUFSIZE_DEFAULT, &go->got_bufsize) ||
	    size_option(go->aggsize, AGGSIZE_DEFAULT, &go->got_aggsize) ||
	    size_option(go->dynvarsize, DYNVARSIZE_DEFAULT, &go->got_dynvarsize))
		return -EINVAL;
	if (period_option(&go->cleanrate, CLEANRATE_DEFAULT) ||
	    period_option(&go->aliveness, ALIVENESS_DEFAULT))
		return -EINVAL;
	return 0;
}

/* From now on the consumer listens on one CPU only: probes that fire on a CPU of the provider's choice move there. */
static int bind_to_cpu(struct dtk_consumer *cons, u32 cpu)
{
	struct dtk_ecb *ecb;
	unsigned long epid;

	cons->sink.cpu = cpu;
	if (cpu == DTRACE_CPUALL)
		return 0;
	xa_for_each(&cons->ecbs, epid, ecb)
		dtk_probe_rebound(ecb->probe);
	return dtk_providers_sync();
}

/* Arming may have taken long: what the consumer's probes measure begins where its tracing does. */
static void probes_begin(struct dtk_consumer *cons)
{
	struct dtk_ecb *ecb;
	unsigned long epid;

	xa_for_each(&cons->ecbs, epid, ecb) {
		if (ecb->first)
			dtk_probe_begin(ecb->probe);
	}
}

/* dtk_lock keeps providers from adding ECBs for us between counting their cache entries and having them. */
static int go_prepare(struct dtk_consumer *cons, struct dtrace_ioc_go *go)
{
	int err = -ENXIO;

	cpus_read_lock();
	mutex_lock(&dtk_lock);
	if (go->cpu == DTRACE_CPUALL || cpu_online(go->cpu))
		err = bind_to_cpu(cons, go->cpu);
	if (!err)
		err = memory_create(cons, go);
	if (!err) {
		cons->bufsize = go->got_bufsize;
		cons->aggsize = go->got_aggsize;
		cons->cleanrate = go->cleanrate;
		cons->aliveness = go->aliveness;
		cons->ncache = cons->nconst;
		probes_begin(cons);
		smp_store_release(&cons->session, DTK_TRACING);	/* pairs with buffers_ready() */
	}
	mutex_unlock(&dtk_lock);
	cpus_read_unlock();
	return err;
}

/*
 * BEGIN and END are recorded where this thread runs. If only one CPU is traced
 * the thread goes there for the moment; should that CPU go away meanwhile, the
 * scheduler moves us and the firing counts as nobuffer.
 */
static int fire_on_traced_cpu(struct dtk_consumer *cons, int (*fire)(struct dtk_consumer *cons))
{
	cpumask_var_t before;
	int cpu;

	if (cons->sink.cpu == DTRACE_CPUALL || !alloc_cpumask_var(&before, GFP_KERNEL))
		return fire(cons);
	cpumask_copy(before, &current->cpus_mask);
	set_cpus_allowed_ptr(current, cpumask_of(cons->sink.cpu));
	cpu = fire(cons);
	set_cpus_allowed_ptr(current, before);
	free_cpumask_var(before);
	return cpu;
}

int dtk_consumer_go(struct dtk_consumer *cons, struct dtrace_ioc_go *go)
{
	int err;

	if (cons->session != DTK_SETUP)
		return -EBUSY;
	err = go_check(go);
	if (!err && (cons->needs & DTK_NEEDS_VTIME) && !cons->vtime) {
		err = dtk_vtime_get();
		cons->vtime = !err;
	}
	if (!err)
		err = go_prepare(cons, go);
	if (err)
		return err;
	cons->sink.now = dtk_time_mono();
	go->begin_cpu = fire_on_traced_cpu(cons, dtk_fire_begin);
	counting_begin(cons);
	WRITE_ONCE(cons->sink.live, 1);
	timers_start(cons);	/* last: the dead man's timer clears live */
	return 0;
}

/* ---- STOP ----------------------------------------------------------------- */

static void finish_buffer(void *arg)
{
	struct sinkcpu *sc = arg;

	dtk_buf_finish(sc->sink->ccpu[sc->cpu]->buf);
}

/* What is committed when firing ends comes before what END records, and what END commits after. */
int dtk_consumer_stop(struct dtk_consumer *cons, struct dtrace_ioc_stop *stop)
{
	if (cons->session != DTK_TRACING)
		return -EINVAL;
	timers_stop(cons);
	counting_end(cons);
	WRITE_ONCE(cons->sink.live, 0);
	synchronize_rcu();	/* END is the last to fire */
	specs_clean(cons);
	visit_cpus(&cons->sink, finish_buffer);
	stop->end_cpu = fire_on_traced_cpu(cons, dtk_fire_end);
	specs_clean(cons);
	WRITE_ONCE(cons->session, DTK_STOPPED);
	return 0;
}

/* ---- SWITCH --------------------------------------------------------------- */

static bool buffers_ready(struct dtk_consumer *cons)
{
	return smp_load_acquire(&cons->session) != DTK_SETUP;	/* pairs with go_prepare() */
}

/* Who reads all CPUs begins with this one. */
static u32 first_cpu(const struct dtk_sink *sink)
{
	u32 cpu = 0;

	while (!sink->ccpu[cpu])	/* there is one: the CPU of GO */
		cpu++;
	return cpu;
}

static void counting_goes_on(struct dtk_consumer *cons)
{
	mutex_lock(&dtk_lock);
	if (cons->sink.counting)
		dtk_harvest();
	mutex_unlock(&dtk_lock);
}

struct switching {
	struct dtk_ccpu *cc;
	struct dtrace_ioc_switch *sw;
};

static void switch_half(void *arg)
{
	struct switching *s = arg;

	if (s->sw->kind == DTRACE_BUF_PRINCIPAL)
		dtk_buf_switch(s->cc->buf, s->sw);
	else
		dtk_aggbuf_switch(s->cc->agg, s->sw);
}

int dtk_consumer_switch(struct dtk_consumer *cons, struct dtrace_ioc_switch *sw)
{
	struct switching s = { .sw = sw };

	if (sw->pad || sw->kind > DTRACE_BUF_AGG || sw->cpu >= cons->sink.ncpus)
		return -EINVAL;
	if (!buffers_ready(cons))
		return -ENOENT;
	s.cc = cons->sink.ccpu[sw->cpu];
	if (!s.cc)
		return -ENOENT;
	if (sw->kind == DTRACE_BUF_AGG && sw->cpu == first_cpu(&cons->sink))
		counting_goes_on(cons);
	cpus_read_lock();
	visit_cpu(sw->cpu, switch_half, &s);
	cpus_read_unlock();
	return 0;
}

/* ---- STATUS, poll, mmap --------------------------------------------------- */

static void status_of_cpu(const struct dtk_ccpu *cc, struct dtrace_ioc_status *st)
{
	st->errors += READ_ONCE(cc->errors);
	st->dblerrors += READ_ONCE(cc->dblerrors);
	st->stkstroverflows += READ_ONCE(cc->stkstroverflows);
	st->principal += READ_ONCE(cc->buf->total_drops);
	st->agg += dtk_aggbuf_drops(cc->agg);
	st->filled += READ_ONCE(cc->buf->filled);
	st->specdrops += READ_ONCE(cc->specdrops);
}

void dtk_consumer_status(struct dtk_consumer *cons, struct dtrace_ioc_status *st)
{
	u32 cpu;

	memset(st, 0, sizeof(*st));
	if (READ_ONCE(cons->sink.exiting) && READ_ONCE(cons->sink.counting))
		counting_end(cons);
	st->exiting = READ_ONCE(cons->sink.exiting);
	st->exit_status = READ_ONCE(cons->sink.exit_status);
	st->killed = READ_ONCE(cons->killed);
	st->recursion = atomic64_read(&cons->recursion);
	st->provider = atomic64_read(&cons->provider);
	st->nobuffer = READ_ONCE(cons->sink.nobuffer);
	st->specdrops_busy = READ_ONCE(cons->sink.spec_busy);
	st->specdrops_unavail = READ_ONCE(cons->sink.spec_unavail);
	dtk_vars_drops(cons->sink.vars, st);
	if (!buffers_ready(cons))
		return;
	for (cpu = 0; cpu < cons->sink.ncpus; cpu++) {
		if (cons->sink.ccpu[cpu])
			status_of_cpu(cons->sink.ccpu[cpu], st);
	}
}

static bool half_full(const struct dtk_sink *sink)
{
	u32 cpu;

	for (cpu = 0; cpu < sink->ncpus; cpu++) {
		const struct dtk_ccpu *cc = sink->ccpu[cpu];

		if (cc && (READ_ONCE(cc->buf->used) > READ_ONCE(cc->buf->wakeat) || READ_ONCE(cc->buf->filled)))
			return true;
	}
	return false;
}

/* Readable: the session has come to an end, or a principal buffer wants draining. */
__poll_t dtk_consumer_poll(struct dtk_consumer *cons, struct file *file, poll_table *wait)
{
	poll_wait(file, &cons->waitq, wait);
	smp_store_mb(cons->woken, 0);	/* before looking: a firing after the look wakes us again */
	if (READ_ONCE(cons->sink.exiting) || READ_ONCE(cons->killed))
		return EPOLLIN | EPOLLRDNORM;
	return buffers_ready(cons) && half_full(&cons->sink) ? EPOLLIN | EPOLLRDNORM : 0;
}

static void *half_at(struct dtk_consumer *cons, u64 offset, u64 *size)
{
	u64 which = offset >> 36;
	u32 cpu = which >> 2, kind = which >> 1 & 1;
	struct cpubufs *cb;

	if (offset & (BIT_ULL(36) - 1) || which >> 2 >= cons->sink.ncpus || !buffers_ready(cons))
		return NULL;
	cb = cpubufs_of(&cons->sink, cpu);
	if (!cb)
		return NULL;
	*size = kind == DTRACE_BUF_PRINCIPAL ? cons->bufsize : cons->aggsize;
	return cb->half[kind][which & 1];
}

/* Under mmap_lock: takes no lock of ours. */
int dtk_consumer_mmap(struct dtk_consumer *cons, struct vm_area_struct *vma)
{
	u64 size;
	void *half = half_at(cons, (u64)vma->vm_pgoff << PAGE_SHIFT, &size);

	if (!half || vma->vm_end - vma->vm_start != size)
		return -EINVAL;
	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EPERM;
	dtk_vm_flags_mod(vma, VM_DONTCOPY | VM_DONTEXPAND, VM_MAYWRITE | VM_MAYEXEC);
	return remap_vmalloc_range(vma, half, 0);
}

/* ---- Birth and death ------------------------------------------------------ */

struct dtk_consumer *dtk_consumer_create(void)
{
	struct dtk_consumer *cons = kzalloc(sizeof(*cons), GFP_KERNEL_ACCOUNT);

	if (!cons)
		return NULL;
	cons->sink.ncpus = nr_cpu_ids;
	cons->sink.cpu = DTRACE_CPUALL;
	cons->sink.vars = dtk_vars_create(nr_cpu_ids);
	if (!cons->sink.vars) {
		kfree(cons);
		return NULL;
	}
	mutex_init(&cons->lock);
	INIT_LIST_HEAD(&cons->enablings);
	xa_init(&cons->ecbs);
	xa_init(&cons->aggs);
	init_waitqueue_head(&cons->waitq);
	init_irq_work(&cons->wake, wake);
	INIT_DELAYED_WORK(&cons->clean, clean);
	INIT_DELAYED_WORK(&cons->deadman, check_alive);
	mutex_lock(&dtk_lock);
	list_add_tail(&cons->list, &dtk_consumers);
	mutex_unlock(&dtk_lock);
	return cons;
}

/*
 * The file is gone, so no ioctl, poll or mapping is left. Firings end with the
 * grace period in dtk_unenable(); providers then forget what the consumer had them create;
 * the wake-up that a last firing may have queued is waited for.
 */
void dtk_consumer_destroy(struct dtk_consumer *cons)
{
	WRITE_ONCE(cons->sink.live, 0);
	timers_stop(cons);
	mutex_lock(&dtk_lock);
	list_del(&cons->list);
	dtk_unenable(cons);
	dtk_families_release(cons);
	mutex_unlock(&dtk_lock);
	irq_work_sync(&cons->wake);
	if (cons->vtime)
		dtk_vtime_put();
	buffers_destroy(&cons->sink);
	dtk_vars_destroy(cons->sink.vars);
	xa_destroy(&cons->ecbs);
	xa_destroy(&cons->aggs);
	mutex_destroy(&cons->lock);
	kfree(cons);
}

/* Unbound: timers of a session have no business on a particular CPU. */
int dtk_consumers_init(void)
{
	queue = alloc_workqueue("dtrace", WQ_UNBOUND, 0);
	return queue ? 0 : -ENOMEM;
}

void dtk_consumers_exit(void)
{
	destroy_workqueue(queue);
}
