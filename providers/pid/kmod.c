// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pid family: its calls (include/dtrace/pid.h), and probes, sites and links.
 * kmod.h has the whole picture.
 *
 * Providers. Every process's probes live under a provider "pid<tgid>". After an exec the
 * same pid names another address space while the old one's probes may still
 * be held, so a provider is only a name here; it goes when its last probe has.
 */
#include <linux/ctype.h>
#include <linux/delay.h>
#include <linux/overflow.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "kmod.h"
#include <dtrace/python.h>

#define MAX_POINTS	(4u << 20)
#define MAX_RECIPES	4096		/* places of one probe */
#define MAX_TIMEOUT_MS	(24u * 3600 * 1000)

/* ---- Links -------------------------------------------------------------------- */

static bool grace_due;		/* links were taken off lists that traps may still walk; dtk_lock */

void dpid_grace(void)
{
	lockdep_assert_held(&dtk_lock);
	if (!grace_due)
		return;
	synchronize_rcu();
	grace_due = false;
}

static u32 firing_rank(const struct dpid_link *link)
{
	switch (link->site->probe->type) {
	case DTRACE_PID_RECIPE:
		return 0;	/* see fire_all() */
	case DTRACE_PID_ENTRY:
		return 1;
	case DTRACE_PID_RETURN:
		return 3;
	default:
		return 2;
	}
}

static struct dpid_link *locked(struct dpid_link __rcu *p)
{
	return rcu_dereference_protected(p, lockdep_is_held(&dtk_lock));
}

static void count_sem(const struct dpid_link *link, int by)
{
	const struct dpid_site *site = link->site;
	struct dpid_sem *sem = site->sems ? site->sems[link - site->links] : NULL;

	if (sem)
		sem->wanted += by;
}

static void link_on(struct dpid_link *link)
{
	struct dpid_link __rcu **at = &link->tp->links;
	struct dpid_link *next;

	if (link->on)
		return;
	while ((next = locked(*at)) && firing_rank(next) <= firing_rank(link))
		at = &next->next;
	RCU_INIT_POINTER(link->next, next);
	rcu_assign_pointer(*at, link);
	link->on = true;
	count_sem(link, 1);
}

/* Its next stays: a trap that stands on it goes on along the list. */
static void link_off(struct dpid_link *link)
{
	struct dpid_link __rcu **at = &link->tp->links;
	struct dpid_link *l;

	if (!link->on)
		return;
	while ((l = locked(*at)) != link)
		at = &l->next;
	rcu_assign_pointer(*at, locked(link->next));
	link->on = false;
	count_sem(link, -1);
	grace_due = true;
}

static void site_on(struct dpid_site *site)
{
	u32 i;

	for (i = 0; i < site->nlinks; i++)
		link_on(&site->links[i]);
	site->proc->dirty = true;
}

static void site_off(struct dpid_site *site)
{
	u32 i;

	for (i = 0; i < site->nlinks; i++)
		link_off(&site->links[i]);
	site->proc->dirty = true;
}

/* ---- Probes and sites --------------------------------------------------------- */

static void site_drop(struct dpid_site *site)
{
	struct dpid_probe *probe = site->probe;

	site_off(site);
	list_del(&site->byproc);
	list_del(&site->byprobe);
	kvfree_rcu(site, rcu);
	if (list_empty(&probe->sites)) {
		dpid_grace();
		dtk_probe_destroy(probe->dtk);
	}
}

/* All links off first: one grace period, not one a probe. */
static void sites_drop(struct list_head *sites)
{
	struct dpid_site *site, *next;

	list_for_each_entry(site, sites, byproc)
		site_off(site);
	list_for_each_entry_safe(site, next, sites, byproc) {
		site_drop(site);
		cond_resched();
	}
}

void dpid_sites_drop(struct dpid_proc *p)
{
	lockdep_assert_held(&dtk_lock);
	sites_drop(&p->sites);
}

/* A link that was taken off is not put on again while a trap may still stand on it. */
static int probe_enable(struct dtk_probe *dtk)
{
	struct dpid_probe *probe = dtk->arg;
	struct dpid_site *site;

	dpid_grace();
	probe->enabled = true;
	list_for_each_entry(site, &probe->sites, byprobe)
		site_on(site);
	return 0;
}

static void probe_disable(struct dtk_probe *dtk)
{
	struct dpid_probe *probe = dtk->arg;
	struct dpid_site *site;

	probe->enabled = false;
	list_for_each_entry(site, &probe->sites, byprobe)
		site_off(site);
}

static void probe_changed(struct dtk_probe *dtk)
{
	struct dpid_probe *probe = dtk->arg;
	struct dpid_site *site;

	list_for_each_entry(site, &probe->sites, byprobe)
		site->proc->dirty = true;
}

static int sync_all(struct dtk_provider *prov)
{
	struct dpid_proc *p;
	int err, first = 0;

	list_for_each_entry(p, &dpid_procs, list) {
		err = dpid_sync(p);
		if (err && !first)
			first = err;
	}
	dpid_grace();
	return first;
}

static bool getarg(struct dtk_probe *dtk, struct dtk_fire *f, u32 n, u64 *val)
{
	return dpid_getarg(dtk->arg, f, n, val);
}

static void probe_destroy(struct dtk_probe *dtk)
{
	struct dpid_probe *probe = dtk->arg;

	WARN_ON(!list_empty(&probe->sites));
	kfree(probe);
}

/* ---- Providers ---------------------------------------------------------------- */

struct named {
	struct list_head list;
	struct dtk_provider *prov;
};
static LIST_HEAD(provs);	/* dtk_lock */

/* "pid123", "python123". Another family's name, or one too long: -EINVAL. */
static int provider_get(const char *what, pid_t tgid, struct dtk_provider **ret)
{
	char name[DTRACE_PROVNAMELEN];
	struct named *n;
	int err;

	if (snprintf(name, sizeof(name), "%s%d", what, tgid) >= sizeof(name))
		return -EINVAL;
	n = kzalloc(sizeof(*n), GFP_KERNEL);
	if (!n)
		return -ENOMEM;
	err = dtk_provider_create(name, "pid", NULL, ret);
	if (err) {
		kfree(n);
		return err != -EEXIST ? err : (*ret)->ops == &dpid_ops ? 0 : -EINVAL;
	}
	n->prov = *ret;
	list_add(&n->list, &provs);
	return 0;
}

static void providers_gc(void)
{
	struct named *n, *next;

	list_for_each_entry_safe(n, next, &provs, list) {
		if (!list_empty(&n->prov->probes))
			continue;
		list_del(&n->list);
		dtk_provider_destroy(n->prov);
		kfree(n);
	}
}

/* ---- ADD ---------------------------------------------------------------------- */

/* One ADD call: copies of the caller's arrays, then what became of them. */
struct batch {
	struct dtrace_pid_add a;
	struct dtrace_pid_point *points;
	struct dtrace_pid_probe *probes;
	u32 *refs;
	struct dtrace_pid_site *places;	/* by ref, or NULL */
	struct dtrace_step *steps;
	char *strs;
	bool saves;			/* a recipe uses SAVE or TAKE */
	struct dpid_tp **tps;		/* by point; NULL: refused */
	struct dpid_holder *holder;
	struct dtk_provider *prov;
	struct list_head sites;		/* made here, by site->byproc */
	dtrace_id_t after;		/* ids above it are of this call */
};

static void batch_free(struct batch *b)
{
	kvfree(b->points);
	kvfree(b->probes);
	kvfree(b->refs);
	kvfree(b->places);
	kvfree(b->steps);
	kvfree(b->strs);
	kvfree(b->tps);
}

/* A copy of the caller's array in *@to, NULL if it is empty; on an error *@to stays. */
static int copy_array(void *to, u64 from, u32 n, size_t size)
{
	void *copy = n ? vmemdup_user(u64_to_user_ptr(from), array_size(n, size)) : NULL;

	if (IS_ERR(copy))
		return PTR_ERR(copy);
	*(void **)to = copy;
	return 0;
}

/* @b is zeroed; after an error batch_free() frees what was copied before it. */
static int batch_copy(struct batch *b)
{
	const struct dtrace_pid_add *a = &b->a;
	int err;

	if (a->flags & ~(DTRACE_PID_EXE | DTRACE_PID_PROV) || a->pad || !(a->flags & DTRACE_PID_PROV) != !a->sites ||
	    a->npoints > MAX_POINTS || a->nprobes > MAX_POINTS ||
	    a->nrefs > MAX_POINTS || a->nsteps > MAX_POINTS || !a->nstrs || a->nstrs > DTRACE_PID_NAMEMAX ||
	    a->lo > a->hi || a->hi > TASK_SIZE_MAX)
		return -EINVAL;
	err = copy_array(&b->points, a->points, a->npoints, sizeof(*b->points));
	if (!err)
		err = copy_array(&b->probes, a->probes, a->nprobes, sizeof(*b->probes));
	if (!err)
		err = copy_array(&b->refs, a->refs, a->nrefs, sizeof(*b->refs));
	if (!err)
		err = copy_array(&b->places, a->sites, a->sites ? a->nrefs : 0, sizeof(*b->places));
	if (!err)
		err = copy_array(&b->steps, a->steps, a->nsteps, sizeof(*b->steps));
	if (!err)
		err = copy_array(&b->strs, a->strs, a->nstrs, 1);
	if (err)
		return err;
	b->tps = kvcalloc(a->npoints ? a->npoints : 1, sizeof(*b->tps), GFP_KERNEL);
	return b->tps ? 0 : -ENOMEM;
}

static bool point_ok(const struct batch *b, u32 i)
{
	const struct dtrace_pid_point *pt = &b->points[i];
	u32 n = pt->len, lead = pt->lead;

	if (pt->len < 1 || pt->len > DPID_INSN_MAX || pt->kind >= DTRACE_PID_KIND_MAX ||
	    pt->flags & ~DTRACE_PID_KEEPFLAGS || lead > (pt->prefix ? sizeof(pt->before) : 0) ||
	    lead + pt->prefix > DPID_PREFIX_MAX ||
	    pt->addr < b->a.lo || pt->addr >= b->a.hi || pt->len > b->a.hi - pt->addr || lead > pt->addr - b->a.lo ||
	    (i && pt->addr <= pt[-1].addr) || pt->bytes[0] == DPID_INT3)
		return false;
	if (pt->prefix)
		n = max3(n, (u32)pt->prefix, DPID_JUMP_LEN - lead);
	return !memchr_inv(pt->bytes + n, 0, sizeof(pt->bytes) - n) &&
	       !memchr_inv(pt->before, 0, sizeof(pt->before) - lead);
}

static bool site_ok(struct batch *b, const struct dtrace_pid_site *s)
{
	return s->step <= b->a.nsteps && s->nstep <= b->a.nsteps - s->step && s->nstep <= DTRACE_STEP_MAX &&
	       !(s->sem & 1) && s->sem < TASK_SIZE_MAX &&
	       dpid_recipe_ok(b->steps + s->step, s->nstep, &b->saves);
}

static bool probe_ok(struct batch *b, u32 i)
{
	const struct dtrace_pid_probe *pr = &b->probes[i];
	const struct dtrace_pid_add *a = &b->a;
	bool recipe = pr->type == DTRACE_PID_RECIPE;
	u32 k;

	if (pr->func >= a->nstrs || pr->name >= a->nstrs || pr->type > DTRACE_PID_RECIPE ||
	    recipe != !!(a->flags & DTRACE_PID_PROV) ||
	    pr->nranges > 1 || pr->flags & ~DTRACE_PID_ALIAS || pr->lo > pr->hi || pr->lo2 > pr->hi2 ||
	    pr->ref > a->nrefs || pr->nref > a->nrefs - pr->ref)
		return false;
	if (recipe && (!b->places || pr->nref > MAX_RECIPES))
		return false;
	for (k = pr->ref; recipe && k < pr->ref + pr->nref; k++)
		if (!site_ok(b, &b->places[k]))
			return false;
	for (k = pr->ref; pr->type == DTRACE_PID_RETURN && k < pr->ref + pr->nref; k++) {
		switch (b->points[b->refs[k]].kind) {
		case DTRACE_PID_RET:
		case DTRACE_PID_JMP:
		case DTRACE_PID_JCC:
		case DTRACE_PID_JMPIND:
		case DTRACE_PID_LOOP:
			continue;
		}
		return false;
	}
	return true;
}

/* A provider's name that a process's number can follow. */
static bool prov_ok(const char *name)
{
	size_t n = strnlen(name, DTRACE_PROVNAMELEN), i;

	for (i = 0; i < n; i++)
		if (!isalnum(name[i]) && name[i] != '_' && name[i] != '-' && name[i] != '.')
			return false;
	return n && n < DTRACE_PROVNAMELEN && !isdigit(name[0]) && strcmp(name, "pid");
}

static long batch_check(struct batch *b)
{
	const struct dtrace_pid_add *a = &b->a;
	u32 i;

	if (a->mod >= a->nstrs || b->strs[a->nstrs - 1] ||
	    (a->flags & DTRACE_PID_PROV ? a->prov >= a->nstrs || !prov_ok(b->strs + a->prov) : a->prov))
		return -EINVAL;
	for (i = 0; i < a->npoints; i++)
		if (!point_ok(b, i))
			return -EINVAL;
	for (i = 0; i < a->nrefs; i++)
		if (b->refs[i] >= a->npoints)
			return -EINVAL;
	for (i = 0; i < a->nprobes; i++) {
		if (!probe_ok(b, i))
			return -EINVAL;
		cond_resched();
	}
	return 0;
}

/* The probe of that name, made if need be. A name taken by a probe of another type: -EINVAL. */
static int probe_get(struct batch *b, const struct dtrace_pid_probe *pr, struct dpid_probe **ret)
{
	struct dpid_probe *probe = kzalloc(sizeof(*probe), GFP_KERNEL);
	struct dtk_probe *dtk;
	int err;

	if (!probe)
		return -ENOMEM;
	INIT_LIST_HEAD(&probe->sites);
	probe->type = pr->type;
	err = dtk_probe_create(b->prov, b->strs + b->a.mod, b->strs + pr->func, b->strs + pr->name,
			       probe, &dtk);
	if (err) {
		kfree(probe);
		if (err != -EEXIST)
			return err;
		probe = dtk->arg;
		if (probe->type != pr->type)
			return -EINVAL;
		/* One function's alias is another one's own name. */
		if (!(pr->flags & DTRACE_PID_ALIAS))
			dtk->flags &= ~DTK_PROBE_ALIAS;
	} else {
		probe->dtk = dtk;
		if (pr->flags & DTRACE_PID_ALIAS)
			dtk->flags |= DTK_PROBE_ALIAS;
		if (!b->a.nadded++)
			b->after = dtk->n.id - 1;
	}
	if (b->a.flags & DTRACE_PID_EXE)
		dtk->flags |= DTK_PROBE_EXE;
	*ret = probe;
	return 0;
}

static bool is_linked(const struct dpid_probe *probe, const struct dpid_tp *tp)
{
	const struct dpid_site *site;
	u32 i;

	list_for_each_entry(site, &probe->sites, byprobe)
		for (i = 0; i < site->nlinks; i++)
			if (site->links[i].tp == tp)
				return true;
	return false;
}

/* A site with room for its links, and behind them, where they have recipes, for semaphores and steps. */
static struct dpid_site *site_alloc(const struct batch *b, const struct dtrace_pid_probe *pr)
{
	size_t links, sems = 0, steps = 0;
	struct dpid_site *site;
	u32 i;

	links = struct_size(site, links, pr->nref);
	if (b->places) {
		sems = array_size(pr->nref, sizeof(*site->sems));
		for (i = pr->ref; i < pr->ref + pr->nref; i++)
			steps += b->places[i].nstep * sizeof(*site->steps);
	}
	site = kvzalloc(links + sems + steps, GFP_KERNEL);	/* batch_check() bounds them */
	if (site && b->places) {
		site->sems = (void *)site + links;
		site->steps = (void *)site + links + sems;
	}
	return site;
}

/* The recipe of the link that is being added, behind those of the links before it. */
static int link_recipe(const struct batch *b, struct dpid_site *site, const struct dtrace_pid_site *from)
{
	struct dpid_link *link = &site->links[site->nlinks];

	if (site->nlinks)
		link->step = link[-1].step + link[-1].nstep;
	link->nstep = from->nstep;
	memcpy((struct dtrace_step *)site->steps + link->step, b->steps + from->step,
	       from->nstep * sizeof(*site->steps));
	if (!from->sem)
		return 0;
	site->sems[site->nlinks] = dpid_sem_get(b->holder->proc, from->sem);
	return site->sems[site->nlinks] ? 0 : -ENOMEM;
}

/* An existing probe gains what it lacks: the same library, loaded again elsewhere. */
static int site_add(struct batch *b, const struct dtrace_pid_probe *pr)
{
	struct dpid_proc *p = b->holder->proc;
	struct dpid_probe *probe;
	struct dpid_site *site;
	u32 i;
	int err;

	site = site_alloc(b, pr);
	if (!site)
		return -ENOMEM;
	err = probe_get(b, pr, &probe);
	if (err) {
		kvfree(site);
		return err;
	}
	for (i = pr->ref; i < pr->ref + pr->nref && !err; i++) {
		struct dpid_tp *tp = b->tps[b->refs[i]];

		if (!tp || is_linked(probe, tp))
			continue;
		site->links[site->nlinks].tp = tp;
		site->links[site->nlinks].site = site;
		if (b->places)
			err = link_recipe(b, site, &b->places[i]);
		site->nlinks++;
	}
	if (err)
		site->nlinks = 0;
	if (!site->nlinks) {
		kvfree(site);
		if (list_empty(&probe->sites)) {	/* new, and nothing to hit */
			dtk_probe_destroy(probe->dtk);
			b->a.nadded--;
		}
		return err;
	}
	site->lo = pr->lo;
	site->hi = pr->hi;
	site->lo2 = pr->nranges ? pr->lo2 : 0;
	site->hi2 = pr->nranges ? pr->hi2 : 0;
	site->probe = probe;
	site->proc = p;
	list_add_tail(&site->byprobe, &probe->sites);
	list_add_tail(&site->byproc, &b->sites);
	if (probe->enabled)
		site_on(site);
	return 0;
}

static void sync_point_add(struct batch *b, const struct dtrace_pid_probe *pr)
{
	u32 i;

	for (i = pr->ref; i < pr->ref + pr->nref; i++) {
		struct dpid_tp *tp = b->tps[b->refs[i]];

		if (!tp)
			continue;
		WRITE_ONCE(tp->syncs, tp->syncs | b->holder->bit);
		b->holder->proc->dirty = true;
	}
}

static int probes_add(struct batch *b)
{
	u32 i;
	int err = 0;

	for (i = 0; i < b->a.nprobes && !err; i++) {
		const struct dtrace_pid_probe *pr = &b->probes[i];

		if (pr->type == DTRACE_PID_SYNC)
			sync_point_add(b, pr);
		else
			err = site_add(b, pr);
		cond_resched();
		if (fatal_signal_pending(current))
			err = -EINTR;
	}
	return err;
}

static long batch_apply(struct batch *b, struct dtk_consumer *cons)
{
	struct dpid_proc *p;
	long err;

	providers_gc();
	b->holder = dpid_holder_find(cons, b->a.cookie);
	if (!b->holder)
		return -ESRCH;
	p = b->holder->proc;
	if (b->saves && !p->saves) {
		struct dpid_saves *saves = kvzalloc(sizeof(*saves), GFP_KERNEL_ACCOUNT);

		if (!saves)
			return -ENOMEM;
		WRITE_ONCE(p->saves, saves);	/* links that use it come later, by RCU */
	}
	err = provider_get(b->a.flags & DTRACE_PID_PROV ? b->strs + b->a.prov : "pid", p->tgid, &b->prov);
	if (!err)
		err = dpid_points_add(p, b->points, b->a.npoints, b->tps);
	if (err)
		return err;
	dpid_grace();
	dpid_harvest_proc(p);	/* what comes to its probes now did not count until now */
	err = probes_add(b);
	if (!err && b->a.nadded)
		err = dtk_probes_added(b->prov, b->after);
	p->dirty = true;	/* points named again are looked at again */
	if (!err)
		err = dpid_sync(p);
	if (!err) {
		list_splice_tail(&b->sites, &p->sites);
		return 0;
	}
	sites_drop(&b->sites);
	p->dirty = true;
	dpid_sync(p);
	dpid_grace();
	return err;
}

static long op_add(struct dtk_consumer *cons, void __user *arg)
{
	struct batch b = { .a.nadded = 0 };
	long err;

	if (copy_from_user(&b.a, arg, sizeof(b.a)))
		return -EFAULT;
	b.a.nadded = 0;
	INIT_LIST_HEAD(&b.sites);
	err = batch_copy(&b);
	if (!err)
		err = batch_check(&b);
	if (!err) {
		mutex_lock(&dtk_lock);
		err = batch_apply(&b, cons);
		mutex_unlock(&dtk_lock);
	}
	batch_free(&b);
	if (!err && copy_to_user(arg, &b.a, sizeof(b.a)))
		err = -EFAULT;
	return err;
}

/* ---- The other calls ---------------------------------------------------------- */

static long op_attach(struct dtk_consumer *cons, void __user *arg)
{
	struct dtrace_pid_attach a;
	long err;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	if (a.flags & ~DTRACE_PID_NOJUMPS || a.pid <= 0)
		return a.pid > 0 ? -EINVAL : -ESRCH;
	mutex_lock(&dtk_lock);
	err = dpid_attach(cons, &a);
	mutex_unlock(&dtk_lock);
	if (!err && copy_to_user(arg, &a, sizeof(a)))
		err = -EFAULT;
	return err;
}

static long op_detach(struct dtk_consumer *cons, void __user *arg)
{
	struct dtrace_pid_attach a;
	struct dpid_holder *h;

	if (copy_from_user(&a, arg, sizeof(a)))
		return -EFAULT;
	if (a.flags)
		return -EINVAL;
	mutex_lock(&dtk_lock);
	h = dpid_holder_find(cons, a.cookie);
	if (h) {
		dpid_detach(h);
		providers_gc();
	}
	mutex_unlock(&dtk_lock);
	return h ? 0 : -ESRCH;
}

/* Find the consumer's process and keep it without dtk_lock. */
static struct dpid_proc *proc_get(struct dtk_consumer *cons, u64 cookie, u64 *bit)
{
	struct dpid_proc *p = NULL;
	struct dpid_holder *h;

	mutex_lock(&dtk_lock);
	h = dpid_holder_find(cons, cookie);
	if (h) {
		p = h->proc;
		*bit = h->bit;
		kref_get(&p->ref);
	}
	mutex_unlock(&dtk_lock);
	return p;
}

static long op_wait(struct dtk_consumer *cons, void __user *arg)
{
	struct dtrace_pid_wait w;
	struct dpid_proc *p;
	long err;
	u64 bit;

	if (copy_from_user(&w, arg, sizeof(w)))
		return -EFAULT;
	if (w.timeout_ms > MAX_TIMEOUT_MS)
		return -EINVAL;
	p = proc_get(cons, w.cookie, &bit);
	if (!p)
		return -ESRCH;
	err = dpid_wait(p, bit, &w);
	dpid_proc_put(p);
	if (!err && copy_to_user(arg, &w, sizeof(w)))
		err = -EFAULT;
	return err;
}

static long op_continue(struct dtk_consumer *cons, void __user *arg)
{
	struct dtrace_pid_continue c;
	struct pid *tid = NULL;
	struct dpid_proc *p;
	long err = 0;
	u64 bit;

	if (copy_from_user(&c, arg, sizeof(c)))
		return -EFAULT;
	if (c.pad || c.tid < 0)
		return -EINVAL;
	p = proc_get(cons, c.cookie, &bit);
	if (!p)
		return -ESRCH;
	if (c.tid)
		tid = find_get_pid(c.tid);
	if (c.tid && !tid)
		err = -ESRCH;
	else
		dpid_stand_release(p, bit, tid);
	put_pid(tid);
	dpid_proc_put(p);
	return err;
}

static void stat_fill(struct dpid_proc *p, u64 bit, struct dtrace_pid_stat *st)
{
	int cpu;
	u32 i;

	mutex_lock(&p->lock);
	st->armed = p->narmed;
	for (i = 0; i < DPID_NWHY; i++) {
		st->why[i] = p->why[i];
		st->refused += p->why[i];
	}
	for (i = 0; i < DPID_NWHY; i++)
		st->nojump[i] = p->nojump[i];
	st->jumps = p->nleaps;
	st->stubbytes = dpid_areas_bytes(p) + dpid_leaps_bytes(p);
	mutex_unlock(&p->lock);
	st->late = READ_ONCE(p->patience[__ffs64(bit)].late);
	for_each_possible_cpu(cpu) {
		st->hits += READ_ONCE(per_cpu_ptr(p->counts, cpu)->hits);
		st->undecided += READ_ONCE(per_cpu_ptr(p->counts, cpu)->undecided);
	}
}

static long op_stat(struct dtk_consumer *cons, void __user *arg)
{
	struct dtrace_pid_stat st;
	struct dpid_proc *p;
	u64 cookie, bit;

	if (copy_from_user(&st, arg, sizeof(st)))
		return -EFAULT;
	cookie = st.cookie;
	memset(&st, 0, sizeof(st));
	st.cookie = cookie;
	p = proc_get(cons, cookie, &bit);
	if (!p)
		return -ESRCH;
	stat_fill(p, bit, &st);
	dpid_proc_put(p);
	return copy_to_user(arg, &st, sizeof(st)) ? -EFAULT : 0;
}

static long op_python(struct dtk_consumer *cons, void __user *arg)
{
	struct dtrace_pid_python py;
	struct dpid_holder *h;
	long err;

	if (copy_from_user(&py, arg, sizeof(py)))
		return -EFAULT;
	mutex_lock(&dtk_lock);
	h = dpid_holder_find(cons, py.cookie);
	err = h ? dpid_lang_set(h->proc, &py) : -ESRCH;
	mutex_unlock(&dtk_lock);
	return err;
}

static const struct {
	long (*fn)(struct dtk_consumer *cons, void __user *arg);
	size_t size;
} calls[] = {
	[DTRACE_PID_ATTACH] = { op_attach, sizeof(struct dtrace_pid_attach) },
	[DTRACE_PID_ADD] = { op_add, sizeof(struct dtrace_pid_add) },
	[DTRACE_PID_WAIT] = { op_wait, sizeof(struct dtrace_pid_wait) },
	[DTRACE_PID_CONTINUE] = { op_continue, sizeof(struct dtrace_pid_continue) },
	[DTRACE_PID_STAT] = { op_stat, sizeof(struct dtrace_pid_stat) },
	[DTRACE_PID_DETACH] = { op_detach, sizeof(struct dtrace_pid_attach) },
	[DTRACE_PID_PYTHON] = { op_python, sizeof(struct dtrace_pid_python) },
};

static long family_ioctl(struct dtk_consumer *cons, u32 op, void __user *arg, u64 size)
{
	if (op >= ARRAY_SIZE(calls) || !calls[op].fn || size != calls[op].size)
		return -EINVAL;
	return calls[op].fn(cons, arg);
}

static void family_release(struct dtk_consumer *cons)
{
	dpid_release(cons);
	providers_gc();
}

const struct dtk_provider_ops dpid_ops = {
	.enable = probe_enable,
	.disable = probe_disable,
	.sync = sync_all,
	.changed = probe_changed,
	.harvest = dpid_harvest,
	.getarg = getarg,
	.destroy = probe_destroy,
	.ioctl = family_ioctl,
	.release = family_release,
};

/* ---- Start and end ------------------------------------------------------------- */

int dtk_prov_pid_init(void)
{
	int err = dpid_lang_init();

	if (err)
		return err;
	dpid_patch_init();
	err = dpid_proc_init();
	if (err)
		goto no_proc;
	err = dpid_events_init();
	if (err)
		goto no_events;
	err = dpid_trap_init();
	if (err)
		goto no_trap;
	err = dtk_family_register("pid", &dpid_ops);
	if (err)
		goto no_family;
	return 0;

no_family:
	dpid_trap_exit();
no_trap:
	dpid_events_quiesce();
	dpid_events_exit();
no_events:
	dpid_proc_exit();
no_proc:
	dpid_lang_exit();
	return err;
}

/*
 * Nobody is attached, so nothing should be armed. What memory pressure kept
 * armed must come out now: without us a hit is fatal. Children that were copied before
 * the last byte was restored get the time to reach their fork event.
 */
static void last_chance(void)
{
	struct dpid_proc *p;
	bool armed, recent;

	do {
		armed = recent = false;
		mutex_lock(&dtk_lock);
		providers_gc();
		list_for_each_entry(p, &dpid_procs, list) {
			p->dirty |= p->narmed;
			dpid_sync(p);
			armed |= p->narmed;
			recent |= time_before(jiffies, p->cooled + HZ) &&
				  atomic_read(&p->mm->mm_users);
		}
		mutex_unlock(&dtk_lock);
		if (armed || recent)
			msleep(100);
	} while (armed || recent);
}

void dtk_prov_pid_exit(void)
{
	dtk_family_unregister("pid");
	last_chance();
	dpid_events_quiesce();
	dpid_trap_exit();
	dpid_proc_exit();
	dpid_events_exit();
	dpid_lang_exit();
}
