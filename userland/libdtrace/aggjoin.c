/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Several aggregations side by side: a row for each tuple that any of them has,
 * with an empty value where one has none. Rows are ordered by the values of the
 * variable that aggsortpos names, then by the others' in turn, or by key.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dt_impl.h"

struct joining {
	uint32_t n, pos;		/* variables; the one whose value orders the rows, before the others' in turn */
	const struct dt_aggorder *order;
};

static struct dt_aggent *any_of(struct dt_aggent **row, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (row[i])
			return row[i];
	return NULL;
}

static int cmp_column(const struct dt_aggent *p, const struct dt_aggent *q)
{
	if (p && q)
		return dt_agg_cmp_value(&p->data, &q->data);
	return p ? dt_agg_cmp_zero(&p->data) : q ? -dt_agg_cmp_zero(&q->data) : 0;
}

static int cmp_rows(const void *x, const void *y, void *arg)
{
	const struct joining *j = arg;
	struct dt_aggent **a = (struct dt_aggent **)x, **b = (struct dt_aggent **)y;
	int key = dt_agg_cmp_key(&any_of(a, j->n)->data, &any_of(b, j->n)->data, j->order->keypos);
	int val = cmp_column(a[j->pos], b[j->pos]);

	for (uint32_t i = 0; i < j->n && !val; i++)
		val = cmp_column(a[i], b[i]);
	val = j->order->bykey ? key ?: val : val ?: key;
	return j->order->rev ? -val : val;
}

/* Put the entries of variable @v into the rows, which it may add to. */
static int add_column(dtrace_hdl_t *dtp, dtrace_aggvarid_t var, uint32_t v, uint32_t n,
		      struct dt_aggent ***rows, size_t *nrows)
{
	size_t count, old = *nrows, r = 0;
	struct dt_aggorder bykey = { .bykey = true };
	struct dt_aggent **list = dt_aggregate_sorted(dtp, var, &bykey, &count), **grown;
	struct joining all = { .n = n, .order = &bykey };
	int rc;

	grown = list ? reallocarray(*rows, old + count + 1, n * sizeof(**rows)) : NULL;
	if (!grown) {
		free(list);
		return dt_set_errno(dtp, ENOMEM);
	}
	*rows = grown;
	/* Both are in the order of keys: rows there were before, and this variable's entries. */
	for (size_t i = 0; i < count; i++) {
		for (rc = -1; r < old; r++) {
			rc = dt_agg_cmp_key(&any_of(grown + r * n, n)->data, &list[i]->data, 0);
			if (rc >= 0)
				break;
		}
		if (r < old && !rc) {
			grown[r * n + v] = list[i];
			continue;
		}
		memset(grown + *nrows * n, 0, n * sizeof(*grown));
		grown[(*nrows)++ * n + v] = list[i];
	}
	free(list);
	/* By key alone: values of different variables say nothing here. */
	all.pos = v;
	qsort_r(grown, *nrows, n * sizeof(*grown), cmp_rows, &all);
	return 0;
}

int dt_aggregate_join(dtrace_hdl_t *dtp, const dtrace_aggvarid_t *vars, uint32_t n, dt_aggjoin_f *func, void *arg)
{
	struct dt_aggorder order = {
		.bykey = dtp->opt[DTRACEOPT_AGGSORTKEY] != DTRACEOPT_UNSET,
		.rev = dtp->opt[DTRACEOPT_AGGSORTREV] != DTRACEOPT_UNSET, .keypos = dt_aggsort_keypos(dtp),
	};
	dtrace_optval_t pos = dtp->opt[DTRACEOPT_AGGSORTPOS];
	struct joining j = { .n = n, .order = &order, .pos = pos > 0 && pos < n ? (uint32_t)pos : 0 };
	struct dt_aggent **rows = NULL;
	size_t nrows = 0;
	int rc = 0;

	dtp->aggs.walks++;
	for (uint32_t v = 0; v < n && !rc; v++)
		rc = add_column(dtp, vars[v], v, n, &rows, &nrows);
	if (!rc && nrows)
		qsort_r(rows, nrows, n * sizeof(*rows), cmp_rows, &j);
	for (size_t i = 0; i < nrows && !rc; i++)
		rc = func(dtp, rows + i * n, n, arg);
	if (!--dtp->aggs.walks)
		dt_aggregate_sweep(dtp);
	free(rows);
	return rc;
}

struct joined_call {
	dtrace_aggregate_walk_joined_f *func;
	void *arg;
	const dtrace_aggvarid_t *vars;
};

struct empty {
	dtrace_aggdata_t data;
	dtrace_aggdesc_t *desc;		/* its own, or NULL */
};

static const dtrace_aggdata_t *any_entry(dtrace_hdl_t *dtp, dtrace_aggvarid_t var)
{
	for (struct dt_aggent *e = dtp->aggs.first; e; e = e->lnext)
		if (!e->dead && (dtrace_aggvarid_t)e->data.dtada_desc->dtagd_varid == var)
			return &e->data;
	return NULL;
}

/* The layout of a variable that has no entry at all: a count behind the keys. */
static dtrace_aggdesc_t *count_desc(const dtrace_aggdesc_t *keys, dtrace_aggvarid_t var)
{
	size_t size = sizeof(*keys) + keys->dtagd_nrecs * sizeof(*keys->dtagd_rec);
	dtrace_aggdesc_t *d = malloc(size);

	if (!d)
		return NULL;
	memcpy(d, keys, size);
	d->dtagd_varid = (uint64_t)var;
	d->dtagd_rec[d->dtagd_nrecs - 1].dtrd_action = DTRACEAGG_COUNT;
	d->dtagd_rec[d->dtagd_nrecs - 1].dtrd_size = 8;
	return d;
}

/* Else the layout is any other entry's of that variable. */
dtrace_aggdata_t *dt_agg_empty(dtrace_hdl_t *dtp, const dtrace_aggdata_t *tuple, dtrace_aggvarid_t var)
{
	const dtrace_aggdata_t *model = any_entry(dtp, var);
	struct empty *e = calloc(1, sizeof(*e));
	const dtrace_recdesc_t *val;

	if (!e)
		goto nomem;
	e->data = model ? *model : *tuple;
	e->data.dtada_percpu = NULL;
	e->data.dtada_data = NULL;
	if (!model) {
		e->desc = e->data.dtada_desc = count_desc(tuple->dtada_desc, var);
		if (!e->desc)
			goto nomem;
		e->data.dtada_normal = 1;
	}
	e->data.dtada_data = calloc(1, e->data.dtada_size);
	if (!e->data.dtada_data)
		goto nomem;
	val = dt_aggent_valrec(&e->data);
	memcpy(e->data.dtada_data, tuple->dtada_data, val->dtrd_offset);
	/* The parameters of the picture stand before its buckets. */
	if (model && (val->dtrd_action == DTRACEAGG_LQUANTIZE || val->dtrd_action == DTRACEAGG_LLQUANTIZE))
		memcpy(e->data.dtada_data + val->dtrd_offset, dt_aggent_val(model), 8);
	return &e->data;
nomem:
	dt_agg_empty_free((dtrace_aggdata_t *)e);
	dt_set_errno(dtp, ENOMEM);
	return NULL;
}

void dt_agg_empty_free(dtrace_aggdata_t *d)
{
	struct empty *e = (struct empty *)d;

	if (!e)
		return;
	free(e->data.dtada_data);
	free(e->desc);
	free(e);
}

static int call_joined(dtrace_hdl_t *dtp, struct dt_aggent **row, uint32_t n, void *arg)
{
	struct joined_call *c = arg;
	struct dt_aggent *tuple = any_of(row, n);
	const dtrace_aggdata_t *data[n + 1];
	dtrace_aggdata_t *made[n];
	int rc = 0;

	memset(made, 0, sizeof(made));
	data[0] = &tuple->data;
	for (uint32_t i = 0; i < n && !rc; i++) {
		if (!row[i])
			made[i] = dt_agg_empty(dtp, &tuple->data, c->vars[i]);
		data[i + 1] = row[i] ? &row[i]->data : made[i];
		if (!data[i + 1])
			rc = -1;
		else if (row[i])
			rc = dt_aggent_describe(dtp, row[i]);
	}
	if (!rc)
		rc = c->func(data, (int)n + 1, c->arg);
	for (uint32_t i = 0; i < n; i++)
		dt_agg_empty_free(made[i]);
	return rc == DTRACE_AGGWALK_NEXT ? 0 : rc == DTRACE_AGGWALK_ABORT ? 1 : rc == -1 ? -1 :
		dt_set_errno(dtp, EDT_BADRVAL);
}

int dtrace_aggregate_walk_joined(dtrace_hdl_t *dtp, dtrace_aggvarid_t *vars, int nvars,
				 dtrace_aggregate_walk_joined_f *func, void *arg)
{
	struct joined_call c = { .func = func, .arg = arg, .vars = vars };

	if (nvars <= 0 || nvars > 64)
		return dt_set_errno(dtp, EDT_BADAGGVAR);
	return dt_aggregate_join(dtp, vars, (uint32_t)nvars, call_joined, &c) < 0 ? -1 : 0;
}
