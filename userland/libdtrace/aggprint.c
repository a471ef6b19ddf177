/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Printing aggregations, and the actions that a program takes on them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dt_impl.h"

#define KEY_WIDTH 50

static caddr_t rec_data(const dtrace_aggdata_t *a, const dtrace_recdesc_t *rec)
{
	return a->dtada_data + rec->dtrd_offset;
}

static int print_keys(dtrace_hdl_t *dtp, FILE *fp, const dtrace_aggdata_t *a)
{
	for (uint32_t i = 1; i + 1 < a->dtada_desc->dtagd_nrecs; i++) {
		const dtrace_recdesc_t *rec = &a->dtada_desc->dtagd_rec[i];

		if (dt_print_datum(dtp, fp, rec, dt_agg_keytype(dtp, a, i), rec_data(a, rec), KEY_WIDTH, false) ||
		    dt_flush(dtp, NULL, rec, a, DTRACE_BUFDATA_AGGKEY))
			return -1;
	}
	return 0;
}

static int print_val(dtrace_hdl_t *dtp, FILE *fp, const dtrace_aggdata_t *a)
{
	const dtrace_recdesc_t *rec = dt_aggent_valrec(a);

	if (dt_print_aggval(dtp, fp, rec, rec_data(a, rec), a->dtada_normal))
		return -1;
	return dt_flush(dtp, NULL, rec, a, DTRACE_BUFDATA_AGGVAL);
}

static int end_entry(dtrace_hdl_t *dtp, FILE *fp, const dtrace_aggdata_t *a)
{
	if (dt_printf(dtp, fp, "\n"))
		return -1;
	return dt_flush(dtp, NULL, NULL, a, DTRACE_BUFDATA_AGGLAST);
}

/* ---- At the end ------------------------------------------------------------------- */

static int print_unprinted(const dtrace_aggdata_t *a, void *arg)
{
	dtrace_hdl_t *dtp = a->dtada_handle;
	struct dt_aggvar *var = dt_aggvar(dtp, a->dtada_desc->dtagd_varid);

	if (!var)
		return DTRACE_AGGWALK_ERROR;
	if (var->printed)
		return DTRACE_AGGWALK_NEXT;
	if (print_keys(dtp, arg, a) || print_val(dtp, arg, a) || end_entry(dtp, arg, a))
		return DTRACE_AGGWALK_ERROR;
	return DTRACE_AGGWALK_NEXT;
}

int dtrace_aggregate_print(dtrace_hdl_t *dtp, FILE *fp, dtrace_aggregate_walk_f *walk)
{
	int rc;

	/* A caller's own walk may look at the probes; ours, to a file, does not need to ask for thousands of them. */
	dtp->aggs.bare = fp && !walk;
	rc = (walk ? walk : dtrace_aggregate_walk_sorted)(dtp, print_unprinted, fp);
	dtp->aggs.bare = false;
	if (!rc && fp && fflush(fp))
		return dt_set_error(dtp, EDT_IO, "the output cannot be written: %s", strerror(errno));
	return rc;
}

/* ---- printa() ----------------------------------------------------------------------- */

struct printing {
	FILE *fp;
	const struct dt_format *fmt;
};

static int print_default_row(dtrace_hdl_t *dtp, FILE *fp, struct dt_aggent **row, uint32_t n,
			     const dtrace_aggdata_t *tuple)
{
	if (print_keys(dtp, fp, tuple))
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		if (row[i] && print_val(dtp, fp, &row[i]->data))
			return -1;
		if (!row[i] && dt_printf(dtp, fp, " %16d", 0))
			return -1;
	}
	return end_entry(dtp, fp, tuple);
}

static int print_row(dtrace_hdl_t *dtp, struct dt_aggent **row, uint32_t n, void *arg)
{
	static const dtrace_recdesc_t none = { .dtrd_action = DTRACEAGG_COUNT, .dtrd_size = 8 };
	const dtrace_aggdata_t *tuple = NULL;
	struct printing *p = arg;
	uint32_t nkeys;

	for (uint32_t i = 0; i < n && !tuple; i++)
		if (row[i])
			tuple = &row[i]->data;
	if (!p->fmt)
		return print_default_row(dtp, p->fp, row, n, tuple);
	nkeys = tuple->dtada_desc->dtagd_nrecs - 2;

	struct dt_arg keys[nkeys + 1], vals[n];

	for (uint32_t i = 0; i < nkeys; i++) {
		const dtrace_recdesc_t *rec = &tuple->dtada_desc->dtagd_rec[1 + i];

		keys[i] = (struct dt_arg){ .rec = rec, .type = dt_agg_keytype(dtp, tuple, 1 + i),
					   .data = rec_data(tuple, rec), .agg = tuple };
	}
	for (uint32_t i = 0; i < n; i++) {
		const dtrace_aggdata_t *a = row[i] ? &row[i]->data : NULL;

		vals[i] = (struct dt_arg){ .rec = a ? dt_aggent_valrec(a) : &none, .agg = a,
					   .data = a ? rec_data(a, dt_aggent_valrec(a)) : NULL,
					   .normal = a ? a->dtada_normal : 1 };
	}
	if (dt_format_print(dtp, p->fp, p->fmt, keys, nkeys, vals, n))
		return -1;
	return dt_flush(dtp, NULL, NULL, tuple, DTRACE_BUFDATA_AGGFORMAT | DTRACE_BUFDATA_AGGLAST);
}

int dt_aggact_printa(dtrace_hdl_t *dtp, FILE *fp, const struct dt_stmt *st)
{
	struct printing p = { .fp = fp, .fmt = st->fmt };
	dtrace_aggvarid_t vars[st->naggs + 1];
	struct dt_aggvar *var;

	if (!st->naggs)
		return dt_set_errno(dtp, EDT_BADRECORD);
	for (uint32_t i = 0; i < st->naggs; i++) {
		vars[i] = st->aggs[i]->id;
		var = dt_aggvar(dtp, st->aggs[i]->id);
		if (!var)
			return -1;
		var->printed = true;
	}
	/* Rows without a format begin below the line that names the probe. */
	if (!p.fmt && !dt_quiet(dtp) && dt_printf(dtp, fp, "\n"))
		return -1;
	return dt_aggregate_join(dtp, vars, st->naggs, print_row, &p);
}

/* ---- clear(), trunc(), normalize() ------------------------------------------------------ */

static bool is_var(const struct dt_aggent *e, dtrace_aggvarid_t var)
{
	return !e->dead && (dtrace_aggvarid_t)e->data.dtada_desc->dtagd_varid == var;
}

int dt_aggact_clear(dtrace_hdl_t *dtp, dtrace_aggvarid_t var)
{
	for (struct dt_aggent *e = dtp->aggs.first; e; e = e->lnext)
		if (is_var(e, var))
			dt_aggent_clear(e);
	return 0;
}

int dt_aggact_normalize(dtrace_hdl_t *dtp, dtrace_aggvarid_t var, uint64_t normal)
{
	struct dt_aggvar *v = dt_aggvar(dtp, (uint64_t)var);

	if (!v)
		return -1;
	if (!normal)
		return dt_set_error(dtp, EDT_BADRVAL, "normalize() by 0");
	v->normal = normal;	/* for keys that come later, too */
	for (struct dt_aggent *e = dtp->aggs.first; e; e = e->lnext)
		if (is_var(e, var))
			e->data.dtada_normal = normal;
	return 0;
}

/* Keep the @n highest, or the -@n lowest; without a number, none. */
int dt_aggact_trunc(dtrace_hdl_t *dtp, dtrace_aggvarid_t var, bool has_n, int64_t n)
{
	struct dt_aggorder order = { .rev = n >= 0 };
	size_t count, keep = !has_n ? 0 : n < 0 ? -(uint64_t)n : (uint64_t)n;
	struct dt_aggent **list = dt_aggregate_sorted(dtp, var, &order, &count);

	if (!list)
		return -1;
	for (size_t i = keep; i < count; i++)
		dt_aggent_remove(dtp, list[i]);
	free(list);
	return 0;
}
