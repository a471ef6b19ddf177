/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Aggregations in order. By value: numbers by size, distributions by their
 * weighted sum, equal ones by key, then by variable; by key: integers as numbers, strings as
 * text, one key after the other beginning with aggsortkeypos.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dt_impl.h"

static int cmp_double(long double a, long double b)
{
	return a < b ? -1 : a > b;
}

static int cmp_int(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

/* ---- By value ----------------------------------------------------------------- */

static long double quantize_weight(const void *v)
{
	long double w = 0;

	for (int i = 0; i < DTRACE_QUANTIZE_NBUCKETS; i++)
		w += (long double)DTRACE_QUANTIZE_BUCKETVAL(i) * dt_word(v, (size_t)i);
	return w;
}

static long double lquantize_weight(const void *v)
{
	uint64_t arg = (uint64_t)dt_word(v, 0);
	int64_t base = DTRACE_LQUANTIZE_BASE(arg), step = DTRACE_LQUANTIZE_STEP(arg);
	unsigned levels = DTRACE_LQUANTIZE_LEVELS(arg);
	long double w = (long double)(base - 1) * dt_word(v, 1);

	for (unsigned i = 0; i < levels; i++)
		w += (long double)(base + (int64_t)i * step) * dt_word(v, 2 + i);
	return w + (long double)(base + (int64_t)levels * step + 1) * dt_word(v, 2 + levels);
}

/* Bins rise, and each magnitude outweighs the one before: their index is weight enough within a step. */
static long double llquantize_weight(const void *v)
{
	uint64_t arg = (uint64_t)dt_word(v, 0);
	uint64_t factor = DTRACE_LLQUANTIZE_FACTOR(arg), steps = DTRACE_LLQUANTIZE_STEPS(arg);
	size_t nbins = DTRACE_LLQUANTIZE_NBUCKETS(arg), k = 1;
	long double w, low = 1, high, n;
	unsigned m;

	for (m = 0; m < DTRACE_LLQUANTIZE_LOW(arg); m++)
		low *= factor;
	w = (low - 1) * dt_word(v, 1);
	for (; m <= DTRACE_LLQUANTIZE_HIGH(arg); m++, low = high) {
		high = low * factor;
		n = steps < high ? steps : high;
		for (uint64_t i = 0; i < (uint64_t)n - (uint64_t)n / factor && k + 1 < nbins; i++, k++)
			w += (low + i * (high / n)) * dt_word(v, 1 + k);
	}
	return w + low * dt_word(v, nbins);
}

int dt_agg_cmp_value(const dtrace_aggdata_t *a, const dtrace_aggdata_t *b)
{
	uint16_t act = dt_aggent_valrec(a)->dtrd_action, other = dt_aggent_valrec(b)->dtrd_action;
	const void *x = dt_aggent_val(a), *y = dt_aggent_val(b);

	if (act != other)
		return cmp_int(act, other);
	switch (act) {
	case DTRACEAGG_QUANTIZE:
		return cmp_double(quantize_weight(x), quantize_weight(y)) ?:
		       cmp_int(dt_word(x, DTRACE_QUANTIZE_ZEROBUCKET), dt_word(y, DTRACE_QUANTIZE_ZEROBUCKET));
	case DTRACEAGG_LQUANTIZE:
		return cmp_double(lquantize_weight(x), lquantize_weight(y));
	case DTRACEAGG_LLQUANTIZE:
		return cmp_double(llquantize_weight(x), llquantize_weight(y));
	default:
		return cmp_int(dt_agg_scalar(act, x, 1), dt_agg_scalar(act, y, 1));
	}
}

/* A value against none, which is printed as zero and counts as that. */
int dt_agg_cmp_zero(const dtrace_aggdata_t *a)
{
	uint16_t act = dt_aggent_valrec(a)->dtrd_action;
	const void *v = dt_aggent_val(a);

	switch (act) {
	case DTRACEAGG_QUANTIZE:
		return cmp_double(quantize_weight(v), 0) ?: cmp_int(dt_word(v, DTRACE_QUANTIZE_ZEROBUCKET), 0);
	case DTRACEAGG_LQUANTIZE:
		return cmp_double(lquantize_weight(v), 0);
	case DTRACEAGG_LLQUANTIZE:
		return cmp_double(llquantize_weight(v), 0);
	default:
		return cmp_int(dt_agg_scalar(act, v, 1), 0);
	}
}

/* ---- By key --------------------------------------------------------------------- */

static int cmp_one_key(const dtrace_aggdata_t *a, const dtrace_aggdata_t *b, uint32_t i)
{
	const dtrace_recdesc_t *r = &a->dtada_desc->dtagd_rec[i], *s = &b->dtada_desc->dtagd_rec[i];
	const char *x = a->dtada_data + r->dtrd_offset, *y = b->dtada_data + s->dtrd_offset;
	const struct dt_type *t = dt_agg_keytype(a->dtada_handle, a, i);
	size_t n = r->dtrd_size;

	if (n != s->dtrd_size)
		return cmp_int((int64_t)n, (int64_t)s->dtrd_size);
	t = t ? dt_type_resolve(t) : NULL;
	if (t && t->kind == DT_T_STRING)
		return strncmp(x, y, n);
	if (n == 1 || n == 2 || n == 4 || n == 8) {
		bool is_signed = !t || t->is_signed || t->kind == DT_T_ENUM;
		int64_t p = dt_load_int(x, n, is_signed), q = dt_load_int(y, n, is_signed);

		return is_signed ? cmp_int(p, q) : (uint64_t)p < (uint64_t)q ? -1 : (uint64_t)p > (uint64_t)q;
	}
	if (r->dtrd_action != DTRACEACT_DIFEXPR && n % 8 == 0) {	/* stacks, symbols: by address */
		for (size_t w = 0; w < n / 8; w++)
			if (dt_word(x, w) != dt_word(y, w))
				return (uint64_t)dt_word(x, w) < (uint64_t)dt_word(y, w) ? -1 : 1;
		return 0;
	}
	return memcmp(x, y, n);
}

static uint32_t nkeys(const dtrace_aggdata_t *a)
{
	return a->dtada_desc->dtagd_nrecs - 2;
}

/* Keys are records 1 .. n; the one at @keypos (from 0) first, then the rest in turn. */
int dt_agg_cmp_key(const dtrace_aggdata_t *a, const dtrace_aggdata_t *b, int keypos)
{
	uint32_t n = nkeys(a), first = keypos > 0 && (uint32_t)keypos < n ? (uint32_t)keypos : 0;
	int rc = 0;

	if (n != nkeys(b))
		return cmp_int(n, nkeys(b));
	for (uint32_t i = 0; i < n && !rc; i++)
		rc = cmp_one_key(a, b, 1 + (first + i) % n);
	return rc;
}

static int cmp_var(const dtrace_aggdata_t *a, const dtrace_aggdata_t *b)
{
	return cmp_int((int64_t)a->dtada_desc->dtagd_varid, (int64_t)b->dtada_desc->dtagd_varid);
}

static int cmp_order(const dtrace_aggdata_t *a, const dtrace_aggdata_t *b, const struct dt_aggorder *o)
{
	int rc = o->byvar ? cmp_var(a, b) : 0;

	if (rc)		/* variables rise in every order but a reversed one */
		return o->rev ? -rc : rc;
	if (!o->bykey)
		rc = dt_agg_cmp_value(a, b);
	if (!rc)
		rc = dt_agg_cmp_key(a, b, o->keypos);
	if (!rc)
		rc = cmp_var(a, b);
	return o->rev ? -rc : rc;
}

static int cmp_entries(const void *x, const void *y, void *order)
{
	struct dt_aggent *const *a = x, *const *b = y;

	return cmp_order(&(*a)->data, &(*b)->data, order);
}

/* ---- Walks -------------------------------------------------------------------------- */

struct dt_aggent **dt_aggregate_sorted(dtrace_hdl_t *dtp, dtrace_aggvarid_t var,
				       const struct dt_aggorder *order, size_t *n)
{
	struct dt_aggent **list = malloc((dtp->aggs.n + 1) * sizeof(*list));

	*n = 0;
	if (!list) {
		dt_set_errno(dtp, ENOMEM);
		return NULL;
	}
	for (struct dt_aggent *e = dtp->aggs.first; e; e = e->lnext)
		if (!e->dead && (!var || (dtrace_aggvarid_t)e->data.dtada_desc->dtagd_varid == var))
			list[(*n)++] = e;
	if (order && *n)
		qsort_r(list, *n, sizeof(*list), cmp_entries, (void *)order);
	return list;
}

/* What a callback wants done with its entry. 1: end the walk. */
static int after_callback(dtrace_hdl_t *dtp, struct dt_aggent *e, int rc)
{
	switch (rc) {
	case DTRACE_AGGWALK_NEXT:
		return 0;
	case DTRACE_AGGWALK_CLEAR:
		dt_aggent_clear(e);
		return 0;
	case DTRACE_AGGWALK_REMOVE:
		dt_aggent_remove(dtp, e);
		return 0;
	case DTRACE_AGGWALK_DENORMALIZE:
		e->data.dtada_normal = 1;
		return 0;
	case DTRACE_AGGWALK_NORMALIZE:
		if (e->data.dtada_normal)
			return 0;
		e->data.dtada_normal = 1;
		return dt_set_errno(dtp, EDT_BADRVAL);
	case DTRACE_AGGWALK_ABORT:
		return 1;
	case DTRACE_AGGWALK_ERROR:
		return -1;
	default:
		return dt_set_errno(dtp, EDT_BADRVAL);
	}
}

int dt_aggent_describe(dtrace_hdl_t *dtp, struct dt_aggent *e)
{
	struct dt_eprobe *ep;

	if (dtp->aggs.bare || e->data.dtada_pdesc)
		return 0;
	ep = dt_eprobe(dtp, e->data.dtada_desc->dtagd_epid);
	if (!ep)
		return -1;
	e->data.dtada_edesc = ep->edesc;
	e->data.dtada_pdesc = ep->pdesc;
	return 0;
}

int dt_aggregate_walk_order(dtrace_hdl_t *dtp, const struct dt_aggorder *order, dtrace_aggregate_f *func, void *arg)
{
	size_t n;
	struct dt_aggent **list = dt_aggregate_sorted(dtp, 0, order, &n);
	int rc = list ? 0 : -1;

	dtp->aggs.walks++;
	for (size_t i = 0; i < n && !rc; i++) {
		if (list[i]->dead)
			continue;
		rc = dt_aggent_describe(dtp, list[i]);
		if (!rc)
			rc = after_callback(dtp, list[i], func(&list[i]->data, arg));
	}
	if (!--dtp->aggs.walks)
		dt_aggregate_sweep(dtp);
	free(list);
	return rc < 0 ? -1 : 0;
}

int dt_aggsort_keypos(dtrace_hdl_t *dtp)
{
	dtrace_optval_t pos = dtp->opt[DTRACEOPT_AGGSORTKEYPOS];

	return pos == DTRACEOPT_UNSET ? 0 : (int)pos;
}

int dtrace_aggregate_walk(dtrace_hdl_t *dtp, dtrace_aggregate_f *func, void *arg)
{
	return dt_aggregate_walk_order(dtp, NULL, func, arg);
}

int dtrace_aggregate_walk_sorted(dtrace_hdl_t *dtp, dtrace_aggregate_f *func, void *arg)
{
	struct dt_aggorder o = {
		.bykey = dtp->opt[DTRACEOPT_AGGSORTKEY] != DTRACEOPT_UNSET,
		.rev = dtp->opt[DTRACEOPT_AGGSORTREV] != DTRACEOPT_UNSET,
		.byvar = true, .keypos = dt_aggsort_keypos(dtp),
	};

	return dt_aggregate_walk_order(dtp, &o, func, arg);
}

#define WALK(name, ...) \
int dtrace_aggregate_walk_##name(dtrace_hdl_t *dtp, dtrace_aggregate_f *func, void *arg) \
{ \
	struct dt_aggorder o = { .keypos = dt_aggsort_keypos(dtp), __VA_ARGS__ }; \
\
	return dt_aggregate_walk_order(dtp, &o, func, arg); \
}
/* As in the family: one variable after the other, but where the name says that the variable comes last. */
WALK(keysorted, .bykey = true, .byvar = true)
WALK(valsorted, .byvar = true)
WALK(keyvarsorted, .bykey = true)
WALK(valvarsorted, .bykey = false)
WALK(keyrevsorted, .bykey = true, .byvar = true, .rev = true)
WALK(valrevsorted, .byvar = true, .rev = true)
WALK(keyvarrevsorted, .bykey = true, .rev = true)
WALK(valvarrevsorted, .rev = true)
