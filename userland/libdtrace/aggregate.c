/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Aggregations: what the CPUs have counted, merged by variable and key.
 *
 * A bucket in a CPU's table has the layout of its dtrace_aggdesc: header, keys,
 * value. Clauses that aggregate into one variable have equal layouts (the
 * compiler sees to it), so the bytes between header and value are the key.
 * Keys made by sym(), mod(), usym() and umod() are first rounded down to the start
 * of what they name: addresses within one function are one entry.
 *
 * With option aggpercpu an entry also keeps what each CPU has added to it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dt_impl.h"

/* ---- Merging values ---------------------------------------------------------------- */

static void add_words(int64_t *to, const int64_t *from, size_t bytes)
{
	for (size_t i = 0; i < bytes / 8; i++)
		to[i] = (int64_t)((uint64_t)to[i] + (uint64_t)from[i]);
}

static void merge_stddev(void *to, const void *from)
{
	unsigned __int128 a, b;

	add_words(to, from, 16);
	memcpy(&a, (char *)to + 16, 16);
	memcpy(&b, (const char *)from + 16, 16);
	a += b;
	memcpy((char *)to + 16, &a, 16);
}

static void merge_value(const dtrace_recdesc_t *rec, int64_t *to, const int64_t *from)
{
	switch (rec->dtrd_action) {
	case DTRACEAGG_MIN:
		if (*from < *to)
			*to = *from;
		break;
	case DTRACEAGG_MAX:
		if (*from > *to)
			*to = *from;
		break;
	case DTRACEAGG_STDDEV:
		merge_stddev(to, from);
		break;
	case DTRACEAGG_LQUANTIZE:
	case DTRACEAGG_LLQUANTIZE:	/* the parameters come first */
		add_words(to + 1, from + 1, rec->dtrd_size - 8);
		break;
	default:
		add_words(to, from, rec->dtrd_size);
	}
}

/* Is a value as large as its kind needs? Its printing relies on it. */
static bool value_sane(const dtrace_recdesc_t *rec, const char *bucket)
{
	const char *val = bucket + rec->dtrd_offset;
	uint64_t arg;

	if (rec->dtrd_offset % 8 || rec->dtrd_size < 8 || rec->dtrd_size % 8)
		return false;
	memcpy(&arg, val, 8);
	switch (rec->dtrd_action) {
	case DTRACEAGG_AVG:
		return rec->dtrd_size == 16;
	case DTRACEAGG_STDDEV:
		return rec->dtrd_size == 32;
	case DTRACEAGG_QUANTIZE:
		return rec->dtrd_size == 8 * DTRACE_QUANTIZE_NBUCKETS;
	case DTRACEAGG_LQUANTIZE:
		return rec->dtrd_size == 8 * (3ull + DTRACE_LQUANTIZE_LEVELS(arg));
	case DTRACEAGG_LLQUANTIZE:
		return DTRACE_LLQUANTIZE_FACTOR(arg) >= 2 && DTRACE_LLQUANTIZE_STEPS(arg) &&
		       DTRACE_LLQUANTIZE_LOW(arg) <= DTRACE_LLQUANTIZE_HIGH(arg) &&
		       rec->dtrd_size == 8 * (1ull + DTRACE_LLQUANTIZE_NBUCKETS(arg));
	default:
		return DTRACEACT_ISAGG(rec->dtrd_action);
	}
}

/* ---- Keys ------------------------------------------------------------------------------ */

/* Modules have no start that kallsyms tells: the first address seen in one stands for it. */
static uint64_t module_start(dtrace_hdl_t *dtp, const char *mod, uint64_t pc)
{
	struct dt_aggs *t = &dtp->aggs;
	struct dt_aggmod *m;

	for (size_t i = 0; i < t->nmods; i++)
		if (!strcmp(t->mods[i].name, mod))
			return t->mods[i].pc;
	m = reallocarray(t->mods, t->nmods + 1, sizeof(*m));
	if (!m)
		return pc;
	t->mods = m;
	m = &m[t->nmods];
	*m = (struct dt_aggmod){ .name = strdup(mod), .pc = pc };
	t->nmods += m->name != NULL;
	return pc;
}

static void round_ksymbol(dtrace_hdl_t *dtp, uint16_t action, char *key)
{
	const struct dt_ksym *ks;
	uint64_t pc;

	memcpy(&pc, key, 8);
	ks = dt_ksym_at(dtp, pc);
	if (ks)
		pc = action == DTRACEACT_MOD ? module_start(dtp, ks->mod, pc) : ks->addr;
	memcpy(key, &pc, 8);
}

static void round_symbol(dtrace_hdl_t *dtp, uint16_t action, char *key)
{
	uint64_t pid, pc, func, obj;
	char object[256];

	memcpy(&pid, key, 8);
	memcpy(&pc, key + 8, 8);
	dt_procs_lookup(dtp, (pid_t)pid, pc, &func, &obj, object, sizeof(object));
	if (action == DTRACEACT_UMOD && obj)
		pc = obj;
	else if (action == DTRACEACT_USYM && func)
		pc = func;
	memcpy(key + 8, &pc, 8);
}

static void round_keys(dtrace_hdl_t *dtp, const dtrace_aggdesc_t *desc, char *bucket)
{
	for (uint32_t i = 1; i + 1 < desc->dtagd_nrecs; i++) {
		const dtrace_recdesc_t *rec = &desc->dtagd_rec[i];

		uint16_t action = rec->dtrd_action;

		if ((action == DTRACEACT_USYM || action == DTRACEACT_UMOD) && rec->dtrd_size == 16)
			round_symbol(dtp, action, bucket + rec->dtrd_offset);
		else if ((action == DTRACEACT_SYM || action == DTRACEACT_MOD) && rec->dtrd_size == 8)
			round_ksymbol(dtp, action, bucket + rec->dtrd_offset);
	}
}

static uint64_t hash_bytes(const char *p, size_t n)
{
	uint64_t h = 0x9e3779b97f4a7c15u ^ n, w;

	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&w, p, 8);
		h = (h ^ w) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	for (; n; n--)
		h = (h ^ (unsigned char)*p++) * 0x100000001b3u;
	return h ^ h >> 29;
}

const struct dt_type *dt_agg_keytype(dtrace_hdl_t *dtp, const dtrace_aggdata_t *a, uint32_t i)
{
	const struct dt_action *act = dt_cookie_action(dtp, a->dtada_desc->dtagd_rec[i].dtrd_uarg);

	return act ? act->type : NULL;
}

/* ---- The table --------------------------------------------------------------------------- */

static bool grow_hash(struct dt_aggs *t)
{
	size_t want = t->nhash ? t->nhash * 2 : 1024;
	struct dt_aggent **grown;

	if (t->n < t->nhash)
		return true;
	grown = calloc(want, sizeof(*grown));
	if (!grown)
		return t->nhash != 0;
	free(t->hash);
	t->hash = grown;
	t->nhash = want;
	for (struct dt_aggent *e = t->first; e; e = e->lnext) {
		e->hnext = grown[e->hash & (want - 1)];
		grown[e->hash & (want - 1)] = e;
	}
	return true;
}

static struct dt_aggent *find_entry(const struct dt_aggs *t, const dtrace_aggdesc_t *desc, const char *bucket,
				    uint32_t keysize, uint64_t hash)
{
	struct dt_aggent *e = t->nhash ? t->hash[hash & (t->nhash - 1)] : NULL;

	for (; e; e = e->hnext)
		if (e->hash == hash && !e->dead && e->data.dtada_desc->dtagd_varid == desc->dtagd_varid &&
		    e->keysize == keysize &&
		    dt_aggent_valrec(&e->data)->dtrd_size == desc->dtagd_rec[desc->dtagd_nrecs - 1].dtrd_size &&
		    !memcmp(e->data.dtada_data + sizeof(dtrace_agghdr_t), bucket + sizeof(dtrace_agghdr_t), keysize))
			return e;
	return NULL;
}

struct dt_aggvar *dt_aggvar(dtrace_hdl_t *dtp, uint64_t varid)
{
	struct dt_aggs *t = &dtp->aggs;

	if (varid > UINT32_MAX || !dt_grow(&t->vars, varid, &t->nvars, sizeof(*t->vars))) {
		dt_set_errno(dtp, EDT_BADAGGVAR);
		return NULL;
	}
	return &t->vars[varid];
}

/* @bucket's value into what CPU @cpu has added to @e. */
static int add_percpu(dtrace_hdl_t *dtp, struct dt_aggent *e, const char *bucket, uint32_t cpu)
{
	const dtrace_recdesc_t *rec = dt_aggent_valrec(&e->data);
	caddr_t *percpu = e->data.dtada_percpu;

	if (dtp->opt[DTRACEOPT_AGGPERCPU] == DTRACEOPT_UNSET)
		return 0;
	if (!percpu)
		percpu = e->data.dtada_percpu = calloc(dtp->ver.ncpus, sizeof(*percpu));
	if (!percpu)
		return dt_set_errno(dtp, ENOMEM);
	e->ncpus = dtp->ver.ncpus;
	e->data.dtada_flags |= DTRACE_A_PERCPU;
	if (percpu[cpu]) {
		merge_value(rec, (int64_t *)percpu[cpu], (const int64_t *)(bucket + rec->dtrd_offset));
		return 0;
	}
	percpu[cpu] = malloc(rec->dtrd_size);
	if (!percpu[cpu])
		return dt_set_errno(dtp, ENOMEM);
	memcpy(percpu[cpu], bucket + rec->dtrd_offset, rec->dtrd_size);
	return 0;
}

static void clear_percpu(struct dt_aggent *e)
{
	for (uint32_t i = 0; i < e->ncpus; i++) {
		free(e->data.dtada_percpu[i]);
		e->data.dtada_percpu[i] = NULL;
	}
}

/* Takes over @bucket. */
static int add_entry(dtrace_hdl_t *dtp, dtrace_aggdesc_t *desc, char *bucket, size_t size,
		     uint32_t keysize, uint64_t hash)
{
	struct dt_aggs *t = &dtp->aggs;
	struct dt_aggvar *var = dt_aggvar(dtp, desc->dtagd_varid);
	struct dt_aggent *e = calloc(1, sizeof(*e));

	if (!var || !e || !grow_hash(t)) {
		free(e);
		free(bucket);
		return dt_set_errno(dtp, ENOMEM);
	}
	e->data = (dtrace_aggdata_t){
		.dtada_handle = dtp, .dtada_desc = desc, .dtada_data = bucket, .dtada_size = size,
		.dtada_normal = var->normal ? var->normal : 1,
	};
	e->hash = hash;
	e->keysize = keysize;
	e->hnext = t->hash[hash & (t->nhash - 1)];
	t->hash[hash & (t->nhash - 1)] = e;
	e->lprev = t->last;
	*(t->last ? &t->last->lnext : &t->first) = e;
	t->last = e;
	t->n++;
	return 0;
}

static int merge_bucket(dtrace_hdl_t *dtp, const char *data, size_t size, uint32_t cpu)
{
	const dtrace_agghdr_t *hdr = (const void *)data;
	dtrace_aggdesc_t *desc = dt_aggdesc(dtp, hdr->dtah_aggid);
	const dtrace_recdesc_t *val;
	struct dt_aggent *e;
	uint32_t keysize;
	uint64_t hash;
	char *bucket;
	int rc;

	if (!desc)
		return -1;
	val = &desc->dtagd_rec[desc->dtagd_nrecs - 1];
	if (desc->dtagd_size > size || val->dtrd_offset < sizeof(*hdr) || !value_sane(val, data))
		return dt_set_errno(dtp, EDT_BADRECORD);
	bucket = malloc(size);
	if (!bucket)
		return dt_set_errno(dtp, ENOMEM);
	memcpy(bucket, data, size);
	round_keys(dtp, desc, bucket);
	keysize = val->dtrd_offset - (uint32_t)sizeof(*hdr);
	hash = hash_bytes(bucket + sizeof(*hdr), keysize) ^ desc->dtagd_varid * 0x9e3779b97f4a7c15u;
	e = find_entry(&dtp->aggs, desc, bucket, keysize, hash);
	if (!e) {
		if (add_entry(dtp, desc, bucket, size, keysize, hash))
			return -1;
		return add_percpu(dtp, dtp->aggs.last, dtp->aggs.last->data.dtada_data, cpu);
	}
	if (e->fresh)
		memcpy(dt_aggent_val(&e->data), bucket + val->dtrd_offset, val->dtrd_size);
	else
		merge_value(val, (int64_t *)dt_aggent_val(&e->data), (const int64_t *)(bucket + val->dtrd_offset));
	e->fresh = false;
	rc = add_percpu(dtp, e, bucket, cpu);
	free(bucket);
	return rc;
}

/* ---- Reading the CPUs' tables --------------------------------------------------------------- */

static int snap_cpu(dtrace_hdl_t *dtp, uint32_t cpu)
{
	const dtrace_agghdr_t *hdr;
	caddr_t data;
	size_t size;
	int rc = dt_half_take(dtp, cpu, DTRACE_BUF_AGG, &data, &size);

	for (size_t off = 0; off + sizeof(*hdr) <= size; off += hdr->dtah_size) {
		hdr = (const void *)(data + off);
		if (hdr->dtah_size < sizeof(*hdr) || hdr->dtah_size % 8 || hdr->dtah_size > size - off)
			return dt_set_errno(dtp, EDT_BADRECORD);
		if (merge_bucket(dtp, (const char *)hdr, hdr->dtah_size, cpu))
			return -1;
	}
	return rc;
}

int dt_aggregate_snap_all(dtrace_hdl_t *dtp)
{
	if (!dtp->active)
		return dt_set_errno(dtp, EDT_NOTGO);
	dtp->next_agg = dt_now() + (uint64_t)dtp->opt[DTRACEOPT_AGGRATE];
	if (!dtp->has_aggs)
		return 0;
	for (uint32_t c = 0; c < dtp->ver.ncpus; c++)
		if (snap_cpu(dtp, c))
			return -1;
	return 0;
}

int dtrace_aggregate_snap(dtrace_hdl_t *dtp)
{
	if (dtp->active && !dtp->stopped && dt_now() < dtp->next_agg)
		return 0;
	return dt_aggregate_snap_all(dtp);
}

/* ---- Changing entries ------------------------------------------------------------------------ */

void dt_aggent_clear(struct dt_aggent *e)
{
	const dtrace_recdesc_t *rec = dt_aggent_valrec(&e->data);
	size_t keep = rec->dtrd_action == DTRACEAGG_LQUANTIZE || rec->dtrd_action == DTRACEAGG_LLQUANTIZE ? 8 : 0;

	memset(dt_aggent_val(&e->data) + keep, 0, rec->dtrd_size - keep);
	clear_percpu(e);
	e->fresh = true;
}

static void free_entry(struct dt_aggs *t, struct dt_aggent *e)
{
	struct dt_aggent **link = &t->hash[e->hash & (t->nhash - 1)];

	while (*link != e)
		link = &(*link)->hnext;
	*link = e->hnext;
	*(e->lprev ? &e->lprev->lnext : &t->first) = e->lnext;
	*(e->lnext ? &e->lnext->lprev : &t->last) = e->lprev;
	t->n--;
	clear_percpu(e);
	free(e->data.dtada_percpu);
	free(e->data.dtada_data);
	free(e);
}

/* Walks hold pointers to entries: one that is removed meanwhile is only marked. */
void dt_aggent_remove(dtrace_hdl_t *dtp, struct dt_aggent *e)
{
	if (dtp->aggs.walks) {
		e->dead = true;
		dtp->aggs.have_dead = true;
	} else {
		free_entry(&dtp->aggs, e);
	}
}

void dt_aggregate_sweep(dtrace_hdl_t *dtp)
{
	struct dt_aggent *e, *next;

	if (!dtp->aggs.have_dead)
		return;
	dtp->aggs.have_dead = false;
	for (e = dtp->aggs.first; e; e = next) {
		next = e->lnext;
		if (e->dead)
			free_entry(&dtp->aggs, e);
	}
}

void dtrace_aggregate_clear(dtrace_hdl_t *dtp)
{
	for (struct dt_aggent *e = dtp->aggs.first; e; e = e->lnext)
		dt_aggent_clear(e);
}

void dt_aggregate_destroy(dtrace_hdl_t *dtp)
{
	while (dtp->aggs.first)
		free_entry(&dtp->aggs, dtp->aggs.first);
	for (size_t i = 0; i < dtp->aggs.nmods; i++)
		free(dtp->aggs.mods[i].name);
	free(dtp->aggs.mods);
	free(dtp->aggs.hash);
	free(dtp->aggs.vars);
}
