// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes: who holds them, what points they have, when they go. See kmod.h.
 */
#include <linux/delay.h>
#include <linux/hashtable.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "kmod.h"

#define REAP_DELAY	HZ

struct rhashtable dpid_tps;
struct workqueue_struct *dpid_wq;
LIST_HEAD(dpid_procs);				/* dtk_lock; RCU for events and traps */
static DEFINE_HASHTABLE(procs_by_mm, 7);	/* dtk_lock; RCU */
static u64 last_cookie;

struct dpid_proc *dpid_proc_by_mm(const struct mm_struct *mm)
{
	struct dpid_proc *p;

	hash_for_each_possible_rcu(procs_by_mm, p, bymm, (unsigned long)mm)
		if (p->mm == mm)
			return p;
	return NULL;
}

/* ---- Birth and death ---------------------------------------------------------- */

static void kick(struct irq_work *iw)
{
	struct dpid_proc *p = container_of(iw, struct dpid_proc, kick);

	wake_up_all(&p->waiters);
	dpid_reap_soon();
}

static void tp_free(struct dpid_tp *tp)
{
	dpid_leap_free(tp->leap);
	kfree(tp);
}

/* In a work queue: the last reference may be dropped where one cannot sleep. */
static void proc_free(struct work_struct *work)
{
	struct dpid_proc *p = container_of(work, struct dpid_proc, freework);
	struct dpid_area *a, *next;
	u32 i;

	for (i = 0; i < p->ntps; i++)
		rhashtable_remove_fast(&dpid_tps, &p->tps[i]->node, dpid_tps_params);
	synchronize_rcu();	/* traps and events that found it */
	irq_work_sync(&p->kick);
	dpid_leaps_free(p);
	dpid_cells_free(p);
	for (i = 0; i < p->ntps; i++)
		tp_free(p->tps[i]);
	while (p->retired) {
		struct dpid_tp *tp = p->retired;

		p->retired = tp->retired;
		tp_free(tp);
	}
	list_for_each_entry_safe(a, next, &p->areas, list)
		kvfree(a);
	kvfree(p->tps);
	kvfree(p->skips);
	kvfree(p->saves);
	dpid_sems_free(p);
	dpid_lang_free(p);
	free_percpu(p->counts);
	mmdrop(p->mm);
	kfree(p);
}

static void proc_release(struct kref *ref)
{
	struct dpid_proc *p = container_of(ref, struct dpid_proc, ref);

	queue_work(dpid_wq, &p->freework);
}

void dpid_proc_put(struct dpid_proc *p)
{
	kref_put(&p->ref, proc_release);
}

static struct dpid_proc *proc_create(struct mm_struct *mm, pid_t tgid)
{
	struct dpid_proc *p = kzalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return NULL;
	p->counts = alloc_percpu(struct dpid_counts);
	p->skips = kvcalloc(DPID_NSKIPS, sizeof(*p->skips), GFP_KERNEL);
	if (!p->counts || !p->skips) {
		free_percpu(p->counts);
		kvfree(p->skips);
		kfree(p);
		return NULL;
	}
	mmgrab(mm);
	p->mm = mm;
	p->tgid = tgid;
	p->cookie = ++last_cookie;
	p->cooled = jiffies - DPID_GHOST_SECS * HZ;
	kref_init(&p->ref);
	mutex_init(&p->lock);
	spin_lock_init(&p->standlock);
	INIT_LIST_HEAD(&p->areas);
	INIT_LIST_HEAD(&p->leapareas);
	xa_init(&p->stubs);
	INIT_LIST_HEAD(&p->sems);
	INIT_LIST_HEAD(&p->holders);
	INIT_LIST_HEAD(&p->sites);
	INIT_LIST_HEAD(&p->standing);
	init_waitqueue_head(&p->waiters);
	init_waitqueue_head(&p->standers);
	init_irq_work(&p->kick, kick);
	INIT_WORK(&p->freework, proc_free);
	list_add_tail_rcu(&p->list, &dpid_procs);
	hash_add_rcu(procs_by_mm, &p->bymm, (unsigned long)mm);
	return p;
}

static void proc_forget(struct dpid_proc *p)
{
	hash_del_rcu(&p->bymm);
	list_del_rcu(&p->list);
	dpid_proc_put(p);
}

static void rest(struct dpid_proc *p)
{
	mutex_lock(&p->lock);
	dpid_cells_rest(p);
	mutex_unlock(&p->lock);
}

/*
 * Free processes that nobody holds and whose address space is gone. One whose
 * breakpoints could not be taken out for want of memory gets another try. A mm
 * without users has no thread that could trap, fork, or sit in a stub.
 */
static void reap(struct work_struct *work)
{
	struct dpid_proc *p, *next;
	bool again = false;

	mutex_lock(&dtk_lock);
	list_for_each_entry_safe(p, next, &dpid_procs, list) {
		if (!list_empty(&p->holders))
			continue;
		if (p->narmed) {
			p->dirty = true;
			dpid_sync(p);
		}
		rest(p);
		if (!atomic_read(&p->mm->mm_users) && !atomic_read(&p->lost))
			proc_forget(p);
		else
			again |= p->events || p->narmed;
	}
	mutex_unlock(&dtk_lock);
	if (again)
		dpid_reap_soon();
}
static DECLARE_DELAYED_WORK(reaper, reap);

void dpid_reap_soon(void)
{
	queue_delayed_work(dpid_wq, &reaper, REAP_DELAY);
}

/* ---- Attaching ---------------------------------------------------------------- */

/* The address space of thread group @nr, as the caller numbers it, in use. */
static long find_mm(s32 nr, struct mm_struct **ret, pid_t *tgid)
{
	struct task_struct *leader, *t;
	struct mm_struct *mm = NULL;
	bool kthread, compat;
	struct pid *pid = find_get_pid(nr);

	leader = get_pid_task(pid, PIDTYPE_TGID);
	put_pid(pid);
	if (!leader)
		return -ESRCH;
	kthread = leader->flags & PF_KTHREAD;
	compat = test_tsk_thread_flag(leader, TIF_ADDR32);
	*tgid = task_tgid_nr(leader);
	rcu_read_lock();
	for_each_thread(leader, t) {	/* the leader may have exited before the others */
		mm = get_task_mm(t);
		if (mm)
			break;
	}
	rcu_read_unlock();
	put_task_struct(leader);
	if (!mm)
		return kthread ? -EINVAL : -ESRCH;
	if (compat || mm == current->mm) {
		mmput(mm);
		return compat ? -ENOEXEC : -EDEADLK;
	}
	*ret = mm;
	return 0;
}

static struct dpid_holder *holder_of(struct dpid_proc *p, const struct dtk_consumer *cons)
{
	struct dpid_holder *h;

	list_for_each_entry(h, &p->holders, list)
		if (h->cons == cons)
			return h;
	return NULL;
}

static long hold(struct dpid_proc *p, struct dtk_consumer *cons, bool nojumps)
{
	struct dpid_holder *h;

	if (holder_of(p, cons))
		return 0;
	if (!~p->bits)
		return -EBUSY;
	h = kzalloc(sizeof(*h), GFP_KERNEL);
	if (!h)
		return -ENOMEM;
	if (list_empty(&p->holders)) {		/* numbers count from here */
		int cpu;

		for_each_possible_cpu(cpu)
			memset(per_cpu_ptr(p->counts, cpu), 0, sizeof(struct dpid_counts));
		memset(p->addwhy, 0, sizeof(p->addwhy));
		memset(p->why, 0, sizeof(p->why));
		dpid_skips_clear(p);
	}
	h->cons = cons;
	h->proc = p;
	h->nojumps = nojumps;
	p->dirty |= nojumps;	/* looked at in the next sync, which comes before it can count */
	h->bit = 1ull << __ffs64(~p->bits);
	p->patience[__ffs64(h->bit)] = (struct dpid_patience){ .called = jiffies };
	WRITE_ONCE(p->bits, p->bits | h->bit);
	list_add_tail(&h->list, &p->holders);
	return 0;
}

/* It may have gone, or become another program, after we found it and before events found our entry. */
static void check_gone(struct dpid_proc *p, s32 nr)
{
	struct mm_struct *mm;
	pid_t tgid;
	long err = find_mm(nr, &mm, &tgid);

	if (err)
		set_bit(DPID_EV_EXIT, &p->events);
	else if (mm != p->mm)
		set_bit(DPID_EV_EXEC, &p->events);
	if (!err)
		mmput(mm);
}

/* A sign of life, for all the processes it holds: working for one, it cannot answer for another. */
static void note_call(struct dtk_consumer *cons)
{
	struct dpid_holder *h;
	struct dpid_proc *p;

	list_for_each_entry(p, &dpid_procs, list) {
		h = holder_of(p, cons);
		if (h)
			WRITE_ONCE(p->patience[__ffs64(h->bit)].called, jiffies);
	}
}

long dpid_attach(struct dtk_consumer *cons, struct dtrace_pid_attach *a)
{
	struct mm_struct *mm;
	struct dpid_proc *p;
	pid_t tgid;
	long ret;

	lockdep_assert_held(&dtk_lock);
	note_call(cons);
	ret = find_mm(a->pid, &mm, &tgid);
	if (ret)
		return ret;
	p = dpid_proc_by_mm(mm);
	if (!p) {
		p = proc_create(mm, tgid);
		if (p)
			check_gone(p, a->pid);
	}
	ret = p ? hold(p, cons, a->flags & DTRACE_PID_NOJUMPS) : -ENOMEM;
	if (p && ret && list_empty(&p->holders) && !p->ntps)
		proc_forget(p);
	else if (!ret)
		a->cookie = p->cookie;
	mmput(mm);
	return ret;
}

struct dpid_holder *dpid_holder_find(struct dtk_consumer *cons, u64 cookie)
{
	struct dpid_proc *p;

	lockdep_assert_held(&dtk_lock);
	note_call(cons);
	list_for_each_entry(p, &dpid_procs, list)
		if (p->cookie == cookie)
			return holder_of(p, cons);
	return NULL;
}

void dpid_detach(struct dpid_holder *h)
{
	struct dpid_proc *p = h->proc;
	u32 i;

	lockdep_assert_held(&dtk_lock);
	spin_lock(&p->standlock);
	for (i = 0; i < p->ntps; i++)
		if (p->tps[i]->syncs & h->bit)
			WRITE_ONCE(p->tps[i]->syncs, p->tps[i]->syncs & ~h->bit);
	WRITE_ONCE(p->held, p->held & ~h->bit);
	spin_unlock(&p->standlock);
	dpid_stand_release(p, h->bit, NULL);

	list_del(&h->list);
	WRITE_ONCE(p->bits, p->bits & ~h->bit);
	wake_up_all(&p->waiters);
	kfree(h);
	if (list_empty(&p->holders)) {
		dpid_harvest_proc(p);
		dpid_sites_drop(p);
	}
	p->dirty = true;
	dpid_sync(p);
	if (list_empty(&p->holders)) {
		rest(p);
		dpid_reap_soon();
	}
}

void dpid_release(struct dtk_consumer *cons)
{
	struct dpid_proc *p, *next;
	struct dpid_holder *h;

	list_for_each_entry_safe(p, next, &dpid_procs, list) {
		h = holder_of(p, cons);
		if (h)
			dpid_detach(h);
	}
}

/* ---- Points ------------------------------------------------------------------- */

static struct dpid_tp *tp_create(struct dpid_proc *p, const struct dtrace_pid_point *pt,
				 const struct dpid_insn *in)
{
	struct dpid_tp *tp = kzalloc(sizeof(*tp), GFP_KERNEL);

	if (!tp)
		return NULL;
	tp->key.mm = (unsigned long)p->mm;
	tp->key.addr = pt->addr;
	tp->proc = p;
	tp->insn = *in;
	memcpy(tp->bytes, pt->bytes, pt->len);
	dpid_leap_offer(tp, pt);
	return tp;
}

/*
 * Take a point out of the table because its text has been replaced. False: its
 * text is still there, and it wins.
 */
static bool retire(struct dpid_proc *p, struct dpid_tp *tp)
{
	if (tp->state == DPID_ARMED && dpid_patch_valid(tp))
		return false;
	tp->retired = p->retired;
	p->retired = tp;
	rhashtable_remove_fast(&dpid_tps, &tp->node, dpid_tps_params);
	WRITE_ONCE(tp->state, DPID_IDLE);
	if (tp->leap)
		dpid_stage_forget(tp->leap);
	return true;
}

static u64 tp_end(const struct dpid_tp *tp)
{
	return tp->key.addr + tp->insn.len;
}

/* Merging the sorted old points with the sorted new ones: two cursors and what came out. */
struct merge {
	struct dpid_proc *p;
	struct dpid_tp **out;
	u32 nout, old;		/* p->tps[old] is the next one */
	u64 end;		/* of the last point that this call named and got */
};

/* Make room for @pt among its neighbours. False: it overlaps one that stays. */
static bool make_room(struct merge *m, const struct dtrace_pid_point *pt)
{
	struct dpid_proc *p = m->p;

	if (pt->addr < m->end)
		return false;
	while (m->nout && tp_end(m->out[m->nout - 1]) > pt->addr) {
		if (!retire(p, m->out[m->nout - 1]))
			return false;
		m->nout--;
	}
	while (m->old < p->ntps && p->tps[m->old]->key.addr < pt->addr + pt->len) {
		if (!retire(p, p->tps[m->old]))
			return false;
		m->old++;
	}
	return true;
}

static void merge_until(struct merge *m, u64 addr)
{
	while (m->old < m->p->ntps && m->p->tps[m->old]->key.addr < addr)
		m->out[m->nout++] = m->p->tps[m->old++];
}

static struct dpid_tp *merge_one(struct merge *m, const struct dtrace_pid_point *pt)
{
	struct dpid_proc *p = m->p;
	struct dpid_insn in;
	struct dpid_tp *tp;

	merge_until(m, pt->addr);
	tp = m->old < p->ntps ? p->tps[m->old] : NULL;
	if (tp && tp->key.addr == pt->addr && tp->insn.len == pt->len &&
	    !memcmp(tp->bytes, pt->bytes, pt->len)) {
		tp->recheck = true;
		dpid_leap_offer(tp, pt);
		m->out[m->nout++] = tp;
		m->old++;
		m->end = tp_end(tp);
		return tp;
	}
	/* What userland says of the instruction must be what it is. */
	if (dpid_insn_decode(pt->bytes, pt->len, &in) || in.len != pt->len ||
	    in.kind != pt->kind || in.off != pt->off || !make_room(m, pt)) {
		p->addwhy[DTRACE_PID_WHY_KIND]++;
		return NULL;
	}
	tp = tp_create(p, pt, &in);
	if (!tp)
		return ERR_PTR(-ENOMEM);
	if (rhashtable_insert_fast(&dpid_tps, &tp->node, dpid_tps_params)) {
		tp_free(tp);
		return ERR_PTR(-ENOMEM);
	}
	m->out[m->nout++] = tp;
	m->end = tp_end(tp);
	return tp;
}

int dpid_points_add(struct dpid_proc *p, const struct dtrace_pid_point *pts, u32 n,
		    struct dpid_tp **tps)
{
	struct merge m = { .p = p };
	struct dpid_tp **before = p->tps;
	int ret = 0;
	u32 i;

	if (!mmget_not_zero(p->mm))
		return -ESRCH;
	m.out = kvmalloc_array((size_t)p->ntps + n, sizeof(*m.out), GFP_KERNEL);
	if (!m.out) {
		mmput(p->mm);
		return -ENOMEM;
	}
	mutex_lock(&p->lock);
	for (i = 0; i < n && !ret; i++) {
		tps[i] = merge_one(&m, &pts[i]);
		ret = PTR_ERR_OR_ZERO(tps[i]);
		cond_resched();
		if (fatal_signal_pending(current))
			ret = -EINTR;
	}
	/* Also after an error: points without links do no harm, and the next ADD finds them. */
	merge_until(&m, U64_MAX);
	spin_lock(&p->standlock);
	p->tps = m.out;
	p->ntps = m.nout;
	spin_unlock(&p->standlock);
	mutex_unlock(&p->lock);
	mmput(p->mm);
	kvfree(before);
	return ret;
}

/* ---- Start and end -------------------------------------------------------------- */

int dpid_proc_init(void)
{
	int ret;

	dpid_wq = alloc_workqueue("dtrace_pid", WQ_UNBOUND, 0);
	if (!dpid_wq)
		return -ENOMEM;
	ret = rhashtable_init(&dpid_tps, &dpid_tps_params);
	if (ret)
		destroy_workqueue(dpid_wq);
	return ret;
}

/* Nobody holds a process, no event comes, no work is left, nothing traps. */
void dpid_proc_exit(void)
{
	struct dpid_proc *p, *next;

	list_for_each_entry(p, &dpid_procs, list)
		irq_work_sync(&p->kick);	/* it starts the reaper */
	cancel_delayed_work_sync(&reaper);
	mutex_lock(&dtk_lock);
	list_for_each_entry_safe(p, next, &dpid_procs, list)
		proc_forget(p);
	mutex_unlock(&dtk_lock);
	destroy_workqueue(dpid_wq);	/* runs what is queued */
	rcu_barrier();			/* sites */
	rhashtable_destroy(&dpid_tps);
}
