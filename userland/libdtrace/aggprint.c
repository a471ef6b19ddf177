/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Printing aggregations, and the actions that a program takes on them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dt_impl.h"

#define KEY_WIDTH 50
#define KEY_PACKED (-16)	/* styles of one line have narrow keys, to the right */

/* One printing: of all that is unprinted, or of one printa(). */
struct printing {
	FILE *fp;
	const struct dt_format *fmt;	/* or NULL: the default form */
	const dtrace_aggvarid_t *vars;	/* of the printa() */
	uint64_t headed;		/* variable whose header stands above */
};

static caddr_t rec_data(const dtrace_aggdata_t *a, const dtrace_recdesc_t *rec)
{
	return a->dtada_data + rec->dtrd_offset;
}

static int print_keys(dtrace_hdl_t *dtp, FILE *fp, const dtrace_aggdata_t *a, int width)
{
	for (uint32_t i = 1; i + 1 < a->dtada_desc->dtagd_nrecs; i++) {
		const dtrace_recdesc_t *rec = &a->dtada_desc->dtagd_rec[i];

		if (dt_print_datum(dtp, fp, rec, dt_agg_keytype(dtp, a, i), rec_data(a, rec), width, false) ||
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
	for (uint32_t i = 0; a->dtada_percpu && i < dtp->ver.ncpus; i++)	/* aggpercpu */
		if (a->dtada_percpu[i] && (dt_printf(dtp, fp, "\n    [CPU %u]", i) ||
					   dt_print_aggval(dtp, fp, rec, a->dtada_percpu[i], a->dtada_normal)))
			return -1;
	return dt_flush(dtp, NULL, rec, a, DTRACE_BUFDATA_AGGVAL);
}

static int end_entry(dtrace_hdl_t *dtp, FILE *fp, const dtrace_aggdata_t *a)
{
	if (dt_printf(dtp, fp, "\n"))
		return -1;
	return dt_flush(dtp, NULL, NULL, a, DTRACE_BUFDATA_AGGFORMAT | DTRACE_BUFDATA_AGGLAST);
}

/* An entry in a style of one line. */
static int print_line(dtrace_hdl_t *dtp, struct printing *p, const dtrace_aggdata_t *a, const struct dt_aggstyle *st)
{
	if (p->headed != a->dtada_desc->dtagd_varid && dt_aggstyle_head(dtp, p->fp, a, st))
		return -1;
	p->headed = a->dtada_desc->dtagd_varid;
	if (print_keys(dtp, p->fp, a, KEY_PACKED) || dt_aggstyle_value(dtp, p->fp, a, st) ||
	    dt_flush(dtp, NULL, dt_aggent_valrec(a), a, DTRACE_BUFDATA_AGGVAL))
		return -1;
	return dt_flush(dtp, NULL, NULL, a, DTRACE_BUFDATA_AGGFORMAT | DTRACE_BUFDATA_AGGLAST);
}

static int print_entry(dtrace_hdl_t *dtp, struct printing *p, const dtrace_aggdata_t *a)
{
	const struct dt_aggstyle *st = dt_aggstyle(dtp, a);

	if (!st)
		return -1;
	if (st->kind != DT_STYLE_PLAIN)
		return print_line(dtp, p, a, st);
	p->headed = 0;
	return print_keys(dtp, p->fp, a, KEY_WIDTH) || print_val(dtp, p->fp, a) || end_entry(dtp, p->fp, a) ? -1 : 0;
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
	return print_entry(dtp, arg, a) ? DTRACE_AGGWALK_ERROR : DTRACE_AGGWALK_NEXT;
}

int dtrace_aggregate_print(dtrace_hdl_t *dtp, FILE *fp, dtrace_aggregate_walk_f *walk)
{
	struct printing p = { .fp = fp };
	int rc;

	if (dt_oformat_on(dtp))
		return dt_oformat_unprinted(dtp, fp);
	dt_aggstyle_reset(dtp);
	/* A caller's own walk may look at the probes; ours, to a file, does not need to ask for thousands of them. */
	dtp->aggs.bare = fp && !walk;
	rc = (walk ? walk : dtrace_aggregate_walk_sorted)(dtp, print_unprinted, &p);
	dtp->aggs.bare = false;
	if (!rc && fp && fflush(fp))
		return dt_set_error(dtp, EDT_IO, "the output cannot be written: %s", strerror(errno));
	return rc;
}

/* ---- printa() ----------------------------------------------------------------------- */

/* The values of one tuple, variable by variable. */
static int print_default_row(dtrace_hdl_t *dtp, FILE *fp, const dtrace_aggdata_t *const *cells, uint32_t n)
{
	if (print_keys(dtp, fp, cells[0], KEY_WIDTH))
		return -1;
	for (uint32_t i = 0; i < n; i++)
		if (print_val(dtp, fp, cells[i]))
			return -1;
	return end_entry(dtp, fp, cells[0]);
}

static int print_formatted_row(dtrace_hdl_t *dtp, const struct printing *p, const dtrace_aggdata_t *const *cells,
			       uint32_t n)
{
	const dtrace_aggdata_t *tuple = cells[0];
	uint32_t nkeys = tuple->dtada_desc->dtagd_nrecs - 2;
	struct dt_arg keys[nkeys + 1], vals[n];

	for (uint32_t i = 0; i < nkeys; i++) {
		const dtrace_recdesc_t *rec = &tuple->dtada_desc->dtagd_rec[1 + i];

		keys[i] = (struct dt_arg){ .rec = rec, .type = dt_agg_keytype(dtp, tuple, 1 + i),
					   .data = rec_data(tuple, rec), .agg = tuple };
	}
	for (uint32_t i = 0; i < n; i++)
		vals[i] = (struct dt_arg){ .rec = dt_aggent_valrec(cells[i]), .agg = cells[i],
					   .data = rec_data(cells[i], dt_aggent_valrec(cells[i])),
					   .normal = cells[i]->dtada_normal };
	if (dt_format_print(dtp, p->fp, p->fmt, keys, nkeys, vals, n))
		return -1;
	return dt_flush(dtp, NULL, NULL, tuple, DTRACE_BUFDATA_AGGFORMAT | DTRACE_BUFDATA_AGGLAST);
}

static int print_row(dtrace_hdl_t *dtp, struct dt_aggent **row, uint32_t n, void *arg)
{
	const dtrace_aggdata_t *cells[n], *tuple = NULL;
	struct printing *p = arg;
	dtrace_aggdata_t *made[n];
	int rc = 0;

	for (uint32_t i = 0; i < n && !tuple; i++)
		if (row[i])
			tuple = &row[i]->data;
	if (n == 1 && !p->fmt)
		return print_entry(dtp, p, tuple);
	memset(made, 0, sizeof(made));
	for (uint32_t i = 0; i < n && !rc; i++) {
		if (!row[i])
			made[i] = dt_agg_empty(dtp, tuple, p->vars[i]);
		cells[i] = row[i] ? &row[i]->data : made[i];
		rc = cells[i] ? 0 : -1;
	}
	if (!rc)
		rc = p->fmt ? print_formatted_row(dtp, p, cells, n) : print_default_row(dtp, p->fp, cells, n);
	for (uint32_t i = 0; i < n; i++)
		dt_agg_empty_free(made[i]);
	return rc;
}

/* Of a formatted printa(), its text too. */
static int printa_structured(dtrace_hdl_t *dtp, const struct dt_stmt *st, const dtrace_aggvarid_t *vars)
{
	char *text = NULL;
	size_t n = 0;
	FILE *fp = open_memstream(&text, &n);
	struct printing p = { .fp = fp, .fmt = st->fmt, .vars = vars };
	int rc = 0;

	if (!fp)
		return dt_set_errno(dtp, ENOMEM);
	if (st->fmt)
		rc = dt_aggregate_join(dtp, vars, st->naggs, print_row, &p);
	if (fclose(fp) && !rc)
		rc = dt_set_errno(dtp, ENOMEM);
	if (!rc)
		rc = dt_oformat_printa(dtp, st, text, n);
	free(text);
	return rc;
}

int dt_aggact_printa(dtrace_hdl_t *dtp, FILE *fp, const struct dt_stmt *st)
{
	dtrace_aggvarid_t vars[st->naggs + 1];
	struct printing p = { .fp = fp, .fmt = st->fmt, .vars = vars };
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
	if (dt_oformat_on(dtp))
		return printa_structured(dtp, st, vars);
	dt_aggstyle_reset(dtp);
	/* Rows without a format begin on a line of their own. */
	if (!p.fmt && dt_printf(dtp, fp, "\n"))
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
