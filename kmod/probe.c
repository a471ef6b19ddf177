// SPDX-License-Identifier: GPL-2.0-only
/*
 * Probes and providers: who exists, under which name and id.
 *
 * A probe is found three ways: by id (an xarray, which is also the order of
 * listings), by whole name (a hash), and by pattern (walking the probes of each
 * provider that fits). Its strings follow it in one allocation.
 *
 * Life of a probe: created by its provider; enabled while ECBs hang on it;
 * destroyed by its provider. If ECBs are still there it is condemned instead:
 * its name is free at once for a successor and no pattern finds it, but
 * its id stays good (recorded data may name it) until the last ECB has gone. Nothing
 * frees a probe that may be firing: destruction comes after the provider's
 * sync() and a grace period, or before anything was ever enabled on it.
 *
 * Everything here: control context, dtk_lock held.
 */
#include <linux/glob.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/stringhash.h>

#include "core.h"

#define NAMEBITS	15

struct family {
	struct list_head list;
	const char *name;
	const struct dtk_provider_ops *ops;
};

DEFINE_MUTEX(dtk_lock);

static LIST_HEAD(families);
static LIST_HEAD(providers);
static DEFINE_XARRAY_ALLOC1(probes);	/* by id */
static u32 next_id = 1;
static struct hlist_head *names;	/* [1 << NAMEBITS]: probes by whole name, condemned ones excepted */

/* ---- Families ------------------------------------------------------------- */

static struct family *family_find(const char *name)
{
	struct family *fam;

	list_for_each_entry(fam, &families, list) {
		if (!strcmp(fam->name, name))
			return fam;
	}
	return NULL;
}

int dtk_family_register(const char *name, const struct dtk_provider_ops *ops)
{
	struct family *fam = kzalloc(sizeof(*fam), GFP_KERNEL);

	if (!fam)
		return -ENOMEM;
	fam->name = name;
	fam->ops = ops;
	mutex_lock(&dtk_lock);
	list_add_tail(&fam->list, &families);
	mutex_unlock(&dtk_lock);
	return 0;
}

void dtk_family_unregister(const char *name)
{
	struct family *fam;

	mutex_lock(&dtk_lock);
	fam = family_find(name);
	if (fam)
		list_del(&fam->list);
	mutex_unlock(&dtk_lock);
	kfree(fam);
}

const struct dtk_provider_ops *dtk_family_ops(const char *name)
{
	struct family *fam = family_find(name);

	return fam ? fam->ops : NULL;
}

void dtk_families_release(struct dtk_consumer *cons)
{
	struct family *fam;

	list_for_each_entry(fam, &families, list) {
		if (fam->ops->release)
			fam->ops->release(cons);
	}
}

/* ---- Providers ------------------------------------------------------------ */

static struct dtk_provider *provider_find(const char *name)
{
	struct dtk_provider *prov;

	list_for_each_entry(prov, &providers, list) {
		if (!strcmp(prov->name, name))
			return prov;
	}
	return NULL;
}

int dtk_provider_create(const char *name, const char *family, void *arg, struct dtk_provider **ret)
{
	struct family *fam = family_find(family);
	struct dtk_provider *prov = provider_find(name);

	lockdep_assert_held(&dtk_lock);
	if (prov) {
		*ret = prov;
		return -EEXIST;
	}
	if (!fam)
		return -ENOENT;
	if (strlen(name) >= sizeof(prov->name))
		return -ENAMETOOLONG;
	prov = kzalloc(sizeof(*prov), GFP_KERNEL_ACCOUNT);
	if (!prov)
		return -ENOMEM;
	strcpy(prov->name, name);
	prov->family = fam->name;
	prov->ops = fam->ops;
	prov->arg = arg;
	INIT_LIST_HEAD(&prov->probes);
	list_add_tail(&prov->list, &providers);
	*ret = prov;
	return 0;
}

void dtk_provider_destroy(struct dtk_provider *prov)
{
	struct dtk_probe *probe, *next;

	lockdep_assert_held(&dtk_lock);
	list_for_each_entry_safe(probe, next, &prov->probes, sibling)
		dtk_probe_destroy(probe);
	if (WARN_ON(!list_empty(&prov->probes)))
		return;		/* some are enabled: better leaked than dangling */
	list_del(&prov->list);
	kfree(prov);
}

int dtk_providers_sync(void)
{
	struct dtk_provider *prov;
	int err, first = 0;

	lockdep_assert_held(&dtk_lock);
	list_for_each_entry(prov, &providers, list) {
		if (!prov->dirty)
			continue;
		prov->dirty = false;
		err = prov->ops->sync(prov);
		if (err && !first)
			first = err;
	}
	return first;
}

/* ---- Probes --------------------------------------------------------------- */

static u32 hash_more(u32 seed, const char *s)
{
	return full_name_hash((void *)(uintptr_t)seed, s, strlen(s));
}

static struct hlist_head *name_bucket(const char *prov, const char *mod, const char *func,
				      const char *name)
{
	u32 h = hash_more(hash_more(hash_more(hash_more(0, prov), mod), func), name);

	return &names[hash_32(h, NAMEBITS)];
}

static struct dtk_probe *probe_byname(const char *prov, const char *mod, const char *func,
				      const char *name)
{
	struct dtk_probe *probe;

	hlist_for_each_entry(probe, name_bucket(prov, mod, func, name), byname) {
		if (!strcmp(probe->n.func, func) && !strcmp(probe->n.name, name) &&
		    !strcmp(probe->n.mod, mod) && !strcmp(probe->n.prov, prov))
			return probe;
	}
	return NULL;
}

struct dtk_probe *dtk_probe_byid(dtrace_id_t id)
{
	return xa_load(&probes, id);
}

static const char *put_string(char **pos, const char *s, size_t len)
{
	char *at = memcpy(*pos, s, len + 1);

	*pos += len + 1;
	return at;
}

static struct dtk_probe *probe_alloc(const char *mod, const char *func, const char *name)
{
	size_t nmod = strlen(mod), nfunc = strlen(func), nname = strlen(name);
	struct dtk_probe *probe;
	char *pos;

	if (nmod >= DTRACE_MODNAMELEN || nfunc >= DTRACE_FUNCNAMELEN || nname >= DTRACE_NAMELEN)
		return ERR_PTR(-ENAMETOOLONG);
	probe = kmalloc(sizeof(*probe) + nmod + nfunc + nname + 3, GFP_KERNEL_ACCOUNT);
	if (!probe)
		return ERR_PTR(-ENOMEM);
	memset(probe, 0, sizeof(*probe));
	pos = (char *)(probe + 1);
	probe->n.mod = put_string(&pos, mod, nmod);
	probe->n.func = put_string(&pos, func, nfunc);
	probe->n.name = put_string(&pos, name, nname);
	return probe;
}

int dtk_probe_create(struct dtk_provider *prov, const char *mod, const char *func,
		     const char *name, void *arg, struct dtk_probe **ret)
{
	struct dtk_probe *probe = probe_byname(prov->name, mod, func, name);
	int err;

	lockdep_assert_held(&dtk_lock);
	if (probe) {
		*ret = probe;
		return -EEXIST;
	}
	probe = probe_alloc(mod, func, name);
	if (IS_ERR(probe))
		return PTR_ERR(probe);
	probe->n.prov = prov->name;
	probe->prov = prov;
	probe->arg = arg;
	err = xa_alloc_cyclic(&probes, &probe->n.id, probe, xa_limit_32b, &next_id,
			      GFP_KERNEL_ACCOUNT);
	if (err < 0) {
		kfree(probe);
		return err;
	}
	list_add_tail(&probe->sibling, &prov->probes);
	hlist_add_head(&probe->byname, name_bucket(prov->name, mod, func, name));
	*ret = probe;
	return 0;
}

static void probe_free(struct dtk_probe *probe)
{
	if (!hlist_unhashed(&probe->byname))
		hlist_del_init(&probe->byname);
	list_del(&probe->sibling);
	xa_erase(&probes, probe->n.id);
	if (probe->prov->ops->destroy)
		probe->prov->ops->destroy(probe);
	kfree(probe);
}

void dtk_probe_destroy(struct dtk_probe *probe)
{
	lockdep_assert_held(&dtk_lock);
	if (!probe->necbs) {
		probe_free(probe);
		return;
	}
	probe->flags |= DTK_PROBE_CONDEMNED;
	hlist_del_init(&probe->byname);
}

void dtk_probe_reap(struct dtk_probe *probe, struct list_head *doomed)
{
	if (probe->necbs || !(probe->flags & DTK_PROBE_CONDEMNED) || probe->flags & DTK_PROBE_DOOMED)
		return;
	probe->flags |= DTK_PROBE_DOOMED;
	list_move_tail(&probe->sibling, doomed);
}

void dtk_probes_free(struct list_head *doomed)
{
	struct dtk_probe *probe, *next;

	list_for_each_entry_safe(probe, next, doomed, sibling)
		probe_free(probe);
}

/* ---- ECBs on a probe ------------------------------------------------------ */

/* A consumer's ECBs nearly always follow each other; only where they do not is there a walk. */
static bool has_ecb_of(struct dtk_probe *probe, const struct dtk_sink *sink)
{
	struct dtk_ecb *ecb;

	if (probe->last && probe->last->sink == sink)
		return true;
	for (ecb = dtk_probe_ecbs(probe); ecb; ecb = ecb->next) {
		if (ecb->sink == sink)
			return true;
	}
	return false;
}

static void tell_changed(struct dtk_probe *probe)
{
	if (!probe->prov->ops->changed)
		return;
	probe->prov->ops->changed(probe);
	probe->prov->dirty = true;
}

void dtk_probe_rebound(struct dtk_probe *probe)
{
	probe->prov->dirty |= probe->prov->ops->by_cpu;
	tell_changed(probe);
}

int dtk_probe_link(struct dtk_probe *probe, struct dtk_ecb *ecb)
{
	int err;

	lockdep_assert_held(&dtk_lock);
	if (!probe->necbs) {
		err = probe->prov->ops->enable(probe);
		if (err)
			return err;
		probe->prov->dirty = true;
	}
	if (probe->prov->ops->by_cpu)
		probe->prov->dirty = true;
	if (probe->necbs)
		tell_changed(probe);
	ecb->first = !has_ecb_of(probe, ecb->sink);
	WRITE_ONCE(probe->reads, probe->reads | ecb->clause->reads);
	if (probe->last)
		smp_store_release(&probe->last->next, ecb);
	else
		rcu_assign_pointer(probe->ecbs, ecb);
	probe->last = ecb;
	probe->necbs++;
	return 0;
}

bool dtk_probe_cpus(struct dtk_probe *probe, struct cpumask *bound)
{
	struct dtk_ecb *ecb;
	bool all = false;

	lockdep_assert_held(&dtk_lock);
	for (ecb = dtk_probe_ecbs(probe); ecb; ecb = ecb->next) {
		if (ecb->sink->cpu == DTRACE_CPUALL)
			all = true;
		else
			cpumask_set_cpu(ecb->sink->cpu, bound);
	}
	return all;
}

void dtk_probe_begin(struct dtk_probe *probe)
{
	struct dtk_ecb *ecb;

	lockdep_assert_held(&dtk_lock);
	if (!probe->prov->ops->begin)
		return;
	for (ecb = dtk_probe_ecbs(probe); ecb; ecb = ecb->next) {
		if (READ_ONCE(ecb->sink->live))
			return;
	}
	probe->prov->ops->begin(probe);
}

void dtk_harvest(void)
{
	struct family *fam;

	lockdep_assert_held(&dtk_lock);
	list_for_each_entry(fam, &families, list) {
		if (fam->ops->harvest)
			fam->ops->harvest();
	}
}

/* A firing that stands on an unlinked ECB goes on along its next: that is left as it is. */
void dtk_probe_unlink(struct dtk_probe *probe, struct dtk_sink *sink, dtrace_epid_t after)
{
	struct dtk_ecb *ecb, *prev = NULL;
	u32 had = probe->necbs, reads = 0;

	lockdep_assert_held(&dtk_lock);
	for (ecb = dtk_probe_ecbs(probe); ecb; ecb = ecb->next) {
		if (ecb->sink != sink || ecb->epid <= after) {
			prev = ecb;
			reads |= ecb->clause->reads;
			continue;
		}
		if (prev)
			WRITE_ONCE(prev->next, ecb->next);
		else
			rcu_assign_pointer(probe->ecbs, ecb->next);
		probe->necbs--;
	}
	probe->last = prev;
	WRITE_ONCE(probe->reads, reads);
	if (had && !probe->necbs)
		probe->prov->ops->disable(probe);
	else if (had > probe->necbs)
		tell_changed(probe);
	if (had && (!probe->necbs || probe->prov->ops->by_cpu))
		probe->prov->dirty = true;
}

/* ---- Patterns ------------------------------------------------------------- */

/*
 * The kernel's glob_match() has the Guide's syntax (* ? [] with ranges and !,
 * and \), without recursion; its time is at most the product of the lengths,
 * which are bounded by names' sizes here.
 */
enum partkind { PART_ANY, PART_EXACT, PART_GLOB, PART_NEVER };

struct part {
	enum partkind kind;
	const char *text;
};

static struct part part_of(const char *text, size_t limit)
{
	struct part p = { PART_EXACT, text };

	if (!*text)
		p.kind = PART_ANY;
	else if (strnlen(text, limit) == limit)
		p.kind = PART_NEVER;
	else if (!strcmp(text, "*"))
		p.kind = PART_ANY;
	else if (strpbrk(text, "*?[\\"))
		p.kind = PART_GLOB;
	return p;
}

static bool part_fits(const struct part *p, const char *s)
{
	switch (p->kind) {
	case PART_ANY:
		return true;
	case PART_EXACT:
		return !strcmp(p->text, s);
	case PART_GLOB:
		return glob_match(p->text, s);
	case PART_NEVER:
		break;
	}
	return false;
}

struct matcher {
	struct part prov, mod, func, name;
	bool exe;	/* "a.out" fits the module: so does what is marked so */
};

static void matcher_init(struct matcher *m, const struct dtk_pattern *pat)
{
	m->prov = part_of(pat->prov, DTRACE_PROVNAMELEN);
	m->mod = part_of(pat->mod, DTRACE_MODNAMELEN);
	m->exe = part_fits(&m->mod, "a.out");
	m->func = part_of(pat->func, DTRACE_FUNCNAMELEN);
	m->name = part_of(pat->name, DTRACE_NAMELEN);
}

static bool matcher_exact(const struct matcher *m)
{
	return m->prov.kind == PART_EXACT && m->mod.kind == PART_EXACT &&
	       m->func.kind == PART_EXACT && m->name.kind == PART_EXACT && !m->exe;
}

static bool module_fits(const struct matcher *m, const struct dtk_probe *probe)
{
	return part_fits(&m->mod, probe->n.mod) || (m->exe && probe->flags & DTK_PROBE_EXE);
}

/* The name first: it is short and mostly exact. The provider is the caller's to compare. */
static bool matcher_fits(const struct matcher *m, const struct dtk_probe *probe)
{
	return !(probe->flags & DTK_PROBE_CONDEMNED) &&
	       !(probe->flags & DTK_PROBE_ALIAS && m->func.kind == PART_ANY) &&
	       part_fits(&m->name, probe->n.name) && module_fits(m, probe) &&
	       part_fits(&m->func, probe->n.func);
}

/* The probes of one provider. Newest ids are at the end of its list; a retained pattern wants those only. */
static int match_provider(const struct matcher *m, struct dtk_provider *prov, dtrace_id_t after,
			  int (*fn)(struct dtk_probe *probe, void *arg), void *arg)
{
	struct dtk_probe *probe;
	int err = 0;

	probe = list_last_entry(&prov->probes, struct dtk_probe, sibling);
	while (!list_entry_is_head(probe, &prov->probes, sibling) && probe->n.id > after)
		probe = list_prev_entry(probe, sibling);
	list_for_each_entry_continue(probe, &prov->probes, sibling) {
		if (matcher_fits(m, probe))
			err = fn(probe, arg);
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
		if (err)
			break;
		cond_resched();
	}
	return err;
}

int dtk_probes_match(const struct dtk_pattern *pat, struct dtk_provider *only, dtrace_id_t after,
		     int (*fn)(struct dtk_probe *probe, void *arg), void *arg)
{
	struct dtk_probe *probe = NULL;
	struct dtk_provider *prov;
	struct matcher m;
	int err = 0;

	lockdep_assert_held(&dtk_lock);
	matcher_init(&m, pat);
	if (pat->id)
		probe = dtk_probe_byid(pat->id);
	else if (matcher_exact(&m))
		probe = probe_byname(pat->prov, pat->mod, pat->func, pat->name);
	if (pat->id || matcher_exact(&m)) {
		if (!probe || (probe->flags & DTK_PROBE_CONDEMNED) || probe->n.id <= after ||
		    (only && probe->prov != only))
			return 0;
		return fn(probe, arg);
	}
	list_for_each_entry(prov, &providers, list) {
		if ((only && prov != only) || !part_fits(&m.prov, prov->name))
			continue;
		err = match_provider(&m, prov, after, fn, arg);
		if (err)
			break;
	}
	return err;
}

void dtk_families_provide(const struct dtrace_probedesc *pat)
{
	struct part prov = part_of(pat->dtpd_provider, DTRACE_PROVNAMELEN);
	struct family *fam;

	if (pat->dtpd_id)
		return;
	list_for_each_entry(fam, &families, list) {
		if (fam->ops->provide && part_fits(&prov, fam->name))
			fam->ops->provide(pat);
	}
}

/* ---- Listings ------------------------------------------------------------- */

static u16 rec_string(struct dtrace_probe_rec *rec, size_t *used, const char *s)
{
	size_t at = *used, len = strlen(s) + 1;

	memcpy((char *)rec + at, s, len);
	*used += len;
	return at;
}

/* Returns the record's size, or 0 when @room is too small for it. */
static size_t put_record(const struct dtk_probename *n, void *buf, size_t room)
{
	struct dtrace_probe_rec *rec = buf;
	size_t used = sizeof(*rec);
	size_t need = sizeof(*rec) + strlen(n->prov) + strlen(n->mod) + strlen(n->func) +
		      strlen(n->name) + 4;

	if (ALIGN(need, 8) > room)
		return 0;
	rec->size = ALIGN(need, 8);
	rec->id = n->id;
	rec->prov = rec_string(rec, &used, n->prov);
	rec->mod = rec_string(rec, &used, n->mod);
	rec->func = rec_string(rec, &used, n->func);
	rec->name = rec_string(rec, &used, n->name);
	memset((char *)buf + used, 0, rec->size - used);
	return rec->size;
}

long dtk_probes_list(const struct dtrace_probedesc *pat, dtrace_id_t *after, u32 *count,
		     void *buf, size_t size)
{
	struct dtk_pattern want = { 0, "", "", "", "" };
	unsigned long id, last = ULONG_MAX;
	struct dtk_probe *probe;
	size_t used = 0, n;
	struct matcher m;

	lockdep_assert_held(&dtk_lock);
	*count = 0;
	if (*after == U32_MAX)
		return 0;
	if (pat && pat->dtpd_id)
		last = pat->dtpd_id;
	else if (pat)
		want = (struct dtk_pattern){ 0, pat->dtpd_provider, pat->dtpd_mod, pat->dtpd_func,
					     pat->dtpd_name };
	matcher_init(&m, &want);
	id = *after + 1ul;
	if (last != ULONG_MAX)
		id = max(id, last);
	for (probe = xa_find(&probes, &id, last, XA_PRESENT); probe;
	     probe = xa_find_after(&probes, &id, last, XA_PRESENT)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		if (last == ULONG_MAX &&
		    (!part_fits(&m.prov, probe->n.prov) || !matcher_fits(&m, probe)))
			continue;
		n = put_record(&probe->n, buf + used, size - used);
		if (!n)
			break;
		used += n;
		++*count;
		*after = probe->n.id;
	}
	return used;
}

/* ---- */

int dtk_probes_init(void)
{
	names = kvcalloc(1u << NAMEBITS, sizeof(*names), GFP_KERNEL);
	return names ? 0 : -ENOMEM;
}

/* All providers have gone, and their probes with them. */
void dtk_probes_exit(void)
{
	WARN_ON(!xa_empty(&probes));
	xa_destroy(&probes);
	kvfree(names);
}
