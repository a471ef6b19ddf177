// SPDX-License-Identifier: GPL-2.0-only
/*
 * Enabling: from a program image to ECBs on probes.
 *
 * A program's patterns are taken in order, and each one's matches in order of
 * probe id. That happens in two steps. First every ECB is made, on no probe
 * yet; what can fail for want of memory or by a limit fails here, and undoing is freeing.
 * Then they are linked, the providers mark what they have to enable, and
 * one sync() per provider makes it so (the pid provider patches text there).
 * An error in that step unlinks and syncs again. So after an error nothing of
 * the program is left, and 45,000 probes cost one pass of patching.
 *
 * EPIDs and aggregation ids count up from 1 in each consumer. An EPID is a clause on a
 * probe; an aggregation id belongs to an action of a clause, whatever the
 * probe, since the layout of its buckets does.
 *
 * A retained program is matched again, in the same way, against probes that
 * providers add later.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "core.h"

static struct kmem_cache *ecb_cache;

static __printf(2, 3) void say(struct dtrace_ioc_error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vscnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	err->difo = DTRACE_DIFO_NONE;
	err->pc = 0;
}

/* ---- Aggregation ids ------------------------------------------------------ */

static int agg_number(struct dtk_consumer *cons, struct dtk_aggact *agg)
{
	struct dtk_agginfo *info = kzalloc(sizeof(*info), GFP_KERNEL_ACCOUNT);
	int err;

	if (!info)
		return -ENOMEM;
	info->agg = agg;
	agg->id = cons->naggs + 1;
	err = xa_insert(&cons->aggs, agg->id, info, GFP_KERNEL_ACCOUNT);
	if (err)
		kfree(info);
	else
		cons->naggs++;
	return err;
}

static void aggs_remove(struct dtk_consumer *cons, dtrace_aggid_t after)
{
	struct dtk_agginfo *info;

	for (; cons->naggs > after; cons->naggs--) {
		info = xa_erase(&cons->aggs, cons->naggs);
		kfree(info);
	}
}

static int clause_number(struct dtk_consumer *cons, struct dtk_clause *clause)
{
	u32 i;
	int err = 0;

	for (i = 0; i < clause->nacts && !err; i++) {
		if (clause->acts[i].agg)
			err = agg_number(cons, clause->acts[i].agg);
	}
	return err;
}

/* The consumer learns an aggregation's layout through an EPID: remember the clause's first. */
static void clause_note_epid(struct dtk_consumer *cons, struct dtk_clause *clause, dtrace_epid_t epid)
{
	struct dtk_agginfo *info;
	u32 i;

	for (i = 0; i < clause->nacts; i++) {
		if (!clause->acts[i].agg)
			continue;
		info = xa_load(&cons->aggs, clause->acts[i].agg->id);
		if (info->epid)
			return;
		info->epid = epid;
	}
}

/* ---- ECBs ----------------------------------------------------------------- */

struct making {
	struct dtk_consumer *cons;
	struct dtk_clause *clause;
	u32 made;
};

static int ecb_make(struct dtk_probe *probe, void *arg)
{
	struct making *m = arg;
	struct dtk_consumer *cons = m->cons;
	struct dtk_ecb *ecb;
	int err;

	if (cons->necbs >= DTK_ECBS_MAX || m->clause->nconst > U32_MAX - cons->nconst)
		return -ENOSPC;
	ecb = kmem_cache_zalloc(ecb_cache, GFP_KERNEL_ACCOUNT);
	if (!ecb)
		return -ENOMEM;
	ecb->sink = &cons->sink;
	ecb->clause = m->clause;
	ecb->probe = probe;
	ecb->epid = cons->necbs + 1;
	ecb->cacheidx = cons->nconst;
	err = xa_insert(&cons->ecbs, ecb->epid, ecb, GFP_KERNEL_ACCOUNT);
	if (err) {
		kmem_cache_free(ecb_cache, ecb);
		return err;
	}
	cons->necbs++;
	cons->nconst += m->clause->nconst;
	clause_note_epid(cons, m->clause, ecb->epid);
	m->made++;
	return 0;
}

/* Link the ECBs made after @after. The caller syncs. */
static int ecbs_link(struct dtk_consumer *cons, dtrace_epid_t after)
{
	struct dtk_ecb *ecb;
	unsigned long epid;
	int err;

	err = dtk_consumer_growcaches(cons, cons->nconst);
	if (err)
		return err;
	xa_for_each_start(&cons->ecbs, epid, ecb, after + 1ul) {
		err = dtk_probe_link(ecb->probe, ecb);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

static void aggs_forget_epids(struct dtk_consumer *cons, dtrace_epid_t after)
{
	struct dtk_agginfo *info;
	unsigned long id;

	xa_for_each(&cons->aggs, id, info) {
		if (info->epid > after)
			info->epid = DTRACE_EPIDNONE;
	}
}

/*
 * Take away the ECBs made after @after, linked or not. On return no firing is
 * in one of them. Once tracing has begun their EPIDs and cache entries are not
 * given out again: records with those EPIDs may lie in a buffer.
 */
static void ecbs_remove(struct dtk_consumer *cons, dtrace_epid_t after)
{
	struct dtk_ecb *ecb;
	unsigned long epid;
	LIST_HEAD(doomed);

	if (cons->necbs == after)
		return;
	xa_for_each_start(&cons->ecbs, epid, ecb, after + 1ul) {
		dtk_probe_unlink(ecb->probe, &cons->sink, after);
		cond_resched();
	}
	dtk_providers_sync();
	synchronize_rcu();
	xa_for_each_start(&cons->ecbs, epid, ecb, after + 1ul) {
		xa_erase(&cons->ecbs, epid);
		dtk_probe_reap(ecb->probe, &doomed);
		kmem_cache_free(ecb_cache, ecb);
		cond_resched();
	}
	dtk_probes_free(&doomed);
	aggs_forget_epids(cons, after);
	if (cons->session == DTK_SETUP)
		cons->necbs = after;
}

/* ---- Patterns ------------------------------------------------------------- */

static struct dtk_pattern pattern_of(const struct dtk_program *prog, u32 i)
{
	const struct dtrace_probe_pat *pat = &prog->pats[i];

	return (struct dtk_pattern){
		pat->id, prog->strs + pat->prov, prog->strs + pat->mod, prog->strs + pat->func,
		prog->strs + pat->name,
	};
}

/* Let providers create what the patterns name. A part too long for a name names nothing. */
static int patterns_provide(const struct dtk_program *prog)
{
	struct dtrace_probedesc *desc = kzalloc(sizeof(*desc), GFP_KERNEL);
	struct dtk_pattern pat;
	u32 i;

	if (!desc)
		return -ENOMEM;
	for (i = 0; i < prog->npats; i++) {
		pat = pattern_of(prog, i);
		desc->dtpd_id = pat.id;
		if (strscpy(desc->dtpd_provider, pat.prov, DTRACE_PROVNAMELEN) >= 0 &&
		    strscpy(desc->dtpd_mod, pat.mod, DTRACE_MODNAMELEN) >= 0 &&
		    strscpy(desc->dtpd_func, pat.func, DTRACE_FUNCNAMELEN) >= 0 &&
		    strscpy(desc->dtpd_name, pat.name, DTRACE_NAMELEN) >= 0)
			dtk_families_provide(desc);
		cond_resched();
	}
	kfree(desc);
	return 0;
}

/* Make ECBs for all matches; @perpat, if not NULL, gets the number for each pattern. */
static int patterns_match(struct dtk_consumer *cons, struct dtk_program *prog,
			  struct dtk_provider *only, dtrace_id_t after, u32 *perpat)
{
	struct making m = { .cons = cons };
	struct dtk_pattern pat;
	int err = 0;
	u32 i;

	for (i = 0; i < prog->npats && !err; i++) {
		pat = pattern_of(prog, i);
		m.clause = &prog->clauses[prog->pats[i].clause];
		m.made = 0;
		err = dtk_probes_match(&pat, only, after, ecb_make, &m);
		if (perpat)
			perpat[i] = m.made;
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	return err;
}

/* ---- ENABLE --------------------------------------------------------------- */

static int program_admit(struct dtk_consumer *cons, struct dtk_program *prog,
			 struct dtrace_ioc_error *err)
{
	u32 i;
	int rc;

	if ((prog->needs & DTK_NEEDS_DESTRUCTIVE) && !READ_ONCE(dtk_destructive)) {
		say(err, "Destructive actions are forbidden on this machine, by the dtrace module's parameter "
			 "\"destructive\" (/sys/module/dtrace/parameters/destructive).");
		return -EPERM;
	}
	if ((prog->needs & DTK_NEEDS_DEBUGGER) && !dtk_debugger()) {
		say(err, "breakpoint() has no debugger to call: this kernel has no kgdb (CONFIG_KGDB), or "
			 "none is connected to it.");
		return -EOPNOTSUPP;
	}
	rc = dtk_vars_declare(cons->sink.vars, prog, err);
	for (i = 0; i < prog->nclauses && !rc; i++)
		rc = clause_number(cons, &prog->clauses[i]);
	if (!rc)
		cons->needs |= prog->needs;
	return rc;
}

static int enabling_place(struct dtk_consumer *cons, struct dtk_program *prog, u32 *perpat,
			  struct dtrace_ioc_error *err)
{
	dtrace_epid_t mark = cons->necbs;
	int rc;

	rc = patterns_provide(prog);
	if (!rc)
		rc = patterns_match(cons, prog, NULL, 0, perpat);
	if (rc == -ENOSPC)
		say(err, "The program would enable more than %u clauses.", DTK_ECBS_MAX);
	if (!rc)
		rc = ecbs_link(cons, mark);
	if (!rc)
		rc = dtk_providers_sync();
	if (rc)
		ecbs_remove(cons, mark);
	return rc;
}

static int enable_locked(struct dtk_consumer *cons, const void *blob, size_t size,
			 struct dtrace_ioc_error *err, u32 *nmatched, u32 **perpat, u32 *npats)
{
	dtrace_aggid_t aggmark = cons->naggs;
	dtrace_epid_t mark = cons->necbs;
	struct dtk_enabling *en;
	int rc;

	en = kzalloc(sizeof(*en), GFP_KERNEL_ACCOUNT);
	if (!en)
		return -ENOMEM;
	rc = dtk_program_load(blob, size, &en->prog, err);
	if (rc)
		goto free_enabling;
	*npats = en->prog->npats;
	*perpat = kvcalloc(*npats, sizeof(u32), GFP_KERNEL_ACCOUNT);
	rc = *perpat ? program_admit(cons, en->prog, err) : -ENOMEM;
	if (!rc)
		rc = enabling_place(cons, en->prog, *perpat, err);
	if (rc)
		goto put_program;
	*nmatched = cons->necbs - mark;
	list_add_tail(&en->list, &cons->enablings);
	return 0;

put_program:
	aggs_remove(cons, aggmark);
	dtk_program_put(en->prog);
free_enabling:
	kfree(en);
	return rc;
}

/* On success the caller frees *perpat, too. */
int dtk_enable(struct dtk_consumer *cons, const struct dtrace_ioc_enable *req,
	       struct dtrace_ioc_error *err, u32 *nmatched, u32 **perpat, u32 *npats)
{
	void *blob;
	int rc;

	if (cons->session != DTK_SETUP) {
		say(err, "A program cannot be enabled once tracing has begun.");
		return -EBUSY;
	}
	if (!req->size || req->size > DTRACE_IMAGE_MAX)
		return -EINVAL;
	blob = vmemdup_user(u64_to_user_ptr(req->image), req->size);
	if (IS_ERR(blob))
		return PTR_ERR(blob);
	mutex_lock(&dtk_lock);
	rc = enable_locked(cons, blob, req->size, err, nmatched, perpat, npats);
	mutex_unlock(&dtk_lock);
	kvfree(blob);
	return rc;
}

void dtk_unenable(struct dtk_consumer *cons)
{
	struct dtk_enabling *en, *next;

	lockdep_assert_held(&dtk_lock);
	ecbs_remove(cons, 0);
	aggs_remove(cons, 0);
	list_for_each_entry_safe(en, next, &cons->enablings, list) {
		dtk_program_put(en->prog);
		kfree(en);
	}
}

/* ---- Probes that come later ----------------------------------------------- */

static int consumer_extend(struct dtk_consumer *cons, struct dtk_provider *prov, dtrace_id_t after)
{
	dtrace_epid_t mark = cons->necbs;
	struct dtk_enabling *en;
	int rc = 0;

	if (READ_ONCE(cons->session) == DTK_STOPPED)
		return 0;
	list_for_each_entry(en, &cons->enablings, list) {
		if (!rc && (en->prog->flags & DTRACE_IMG_RETAIN))
			rc = patterns_match(cons, en->prog, prov, after, NULL);
	}
	if (!rc)
		rc = ecbs_link(cons, mark);
	if (rc)
		ecbs_remove(cons, mark);
	return rc;
}

int dtk_probes_added(struct dtk_provider *prov, dtrace_id_t after)
{
	struct dtk_consumer *cons;
	int rc, first = 0;

	lockdep_assert_held(&dtk_lock);
	list_for_each_entry(cons, &dtk_consumers, list) {
		rc = consumer_extend(cons, prov, after);
		if (rc && !first)
			first = rc;
	}
	rc = dtk_providers_sync();
	return first ? first : rc;
}

/* ---- */

int dtk_enabling_init(void)
{
	ecb_cache = KMEM_CACHE(dtk_ecb, 0);
	return ecb_cache ? 0 : -ENOMEM;
}

void dtk_enabling_exit(void)
{
	kmem_cache_destroy(ecb_cache);
}
