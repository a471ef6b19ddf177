/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Structured output (option oformat): the same records and aggregations as JSON
 * or XML, value by value. docs/oformat.md is the schema.
 *
 * The document begins with the first read-out and is closed by
 * dtrace_oformat_teardown(); what comes between is written as it is consumed:
 * an object for each firing, its statements in "output". Drops and errors are
 * firings of probes that do not exist ("dtrace:INTERNAL:INTERNAL:DROP"). Those
 * that happen while a firing is being written stand in its output.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "oformat.h"

bool dt_oformat_on(dtrace_hdl_t *dtp)
{
	return dtp->opt[DTRACEOPT_OFORMAT] != DTRACEOPT_UNSET;
}

struct dt_oformat {
	struct dt_writer w;
	dtrace_hdl_t *dtp;
	FILE *fp;
	bool in_probe;		/* a firing's "output" is open */
	char *text;		/* of the command that is running */
	size_t ntext;
};

static int put(void *ctx, const char *s, size_t n)
{
	struct dt_oformat *of = ctx;

	return dt_write(of->dtp, of->fp, s, n);
}

/* Failures of the writer but not of what it writes to: too deep. */
static int finish(struct dt_oformat *of)
{
	if (!of->w.error)
		return 0;
	if (of->w.error == DT_WRITER_TOO_DEEP)
		dt_set_error(of->dtp, EDT_IO, "a value is nested too deeply for structured output");
	return -1;
}

int dt_oformat_begin(dtrace_hdl_t *dtp, FILE *fp)
{
	struct dt_oformat *of = dtp->oformat;

	if (!dt_oformat_on(dtp))
		return 0;
	if (of) {
		of->fp = fp;
		return 0;
	}
	of = calloc(1, sizeof(*of));
	if (!of)
		return dt_set_errno(dtp, ENOMEM);
	of->dtp = dtp;
	of->fp = fp;
	of->w.put = put;
	of->w.ctx = of;
	of->w.xml = (dtp->opt[DTRACEOPT_OFORMAT] & ~DTRACEOPT_OFORMAT_PRETTY) == DTRACEOPT_OFORMAT_XML;
	of->w.pretty = dtp->opt[DTRACEOPT_OFORMAT] & DTRACEOPT_OFORMAT_PRETTY;
	dtp->oformat = of;
	dtp->opt[DTRACEOPT_QUIET] = 1;	/* the columns that the command prints have no place in a document */
	dt_w_begin(&of->w, "dtrace");
	dt_w_list(&of->w, "probes");
	return finish(of);
}

void dt_oformat_destroy(dtrace_hdl_t *dtp)
{
	if (dtp->oformat)
		free(dtp->oformat->text);
	free(dtp->oformat);
	dtp->oformat = NULL;
}

int dtrace_oformat(dtrace_hdl_t *dtp)
{
	return dt_oformat_on(dtp);
}

int dtrace_oformat_teardown(dtrace_hdl_t *dtp, FILE *fp)
{
	int rc;

	if (!dt_oformat_on(dtp))
		return 0;
	if (dt_oformat_begin(dtp, fp))
		return -1;
	dt_w_finish(&dtp->oformat->w);
	rc = finish(dtp->oformat);
	if (!rc)
		rc = dt_flush(dtp, NULL, NULL, NULL, 0);
	dt_oformat_destroy(dtp);
	if (!rc && fp && fflush(fp))
		rc = dt_set_error(dtp, EDT_IO, "the output cannot be written: %s", strerror(errno));
	return rc;
}

/* ---- Firings ------------------------------------------------------------------------ */

static void open_probe(struct dt_oformat *of, uint64_t timestamp, int cpu, int64_t id, const char *const name[4])
{
	static const char *const parts[] = { "provider", "module", "function", "name" };

	if (!of->w.pretty)
		of->w.put(of->w.ctx, "\n", 1);	/* a firing a line */
	dt_w_object(&of->w, "probes");
	dt_w_uint(&of->w, "timestamp", timestamp);
	dt_w_int(&of->w, "cpu", cpu);
	dt_w_int(&of->w, "id", id);
	for (int i = 0; i < 4; i++)
		dt_w_text(&of->w, parts[i], name[i]);
}

int dt_oformat_probe(dtrace_hdl_t *dtp, const dtrace_probedata_t *pd)
{
	const dtrace_probedesc_t *p = pd->dtpda_pdesc;
	const char *const name[] = { p->dtpd_provider, p->dtpd_mod, p->dtpd_func, p->dtpd_name };
	struct dt_oformat *of = dtp->oformat;

	if (!of)
		return 0;
	open_probe(of, pd->dtpda_timestamp, pd->dtpda_cpu, p->dtpd_id, name);
	dt_w_list(&of->w, "output");
	of->in_probe = true;
	return finish(of);
}

int dt_oformat_probe_end(dtrace_hdl_t *dtp)
{
	struct dt_oformat *of = dtp->oformat;

	if (!of || !of->in_probe)
		return 0;
	of->in_probe = false;
	dt_w_end(&of->w);
	dt_w_end(&of->w);
	return finish(of);
}

/* An object in the output of the firing that is being written, or a firing of its own. */
static struct dt_writer *open_event(struct dt_oformat *of, const char *what, const char *kind, int cpu)
{
	const char *const name[] = { "dtrace", "INTERNAL", "INTERNAL", kind };

	if (of->in_probe) {
		dt_w_object(&of->w, NULL);
		dt_w_object(&of->w, what);
	} else {
		open_probe(of, dt_now(), cpu, -1, name);
	}
	return &of->w;
}

static int close_event(struct dt_oformat *of)
{
	if (of->in_probe)
		dt_w_end(&of->w);
	dt_w_end(&of->w);
	return finish(of);
}

int dt_oformat_drop(dtrace_hdl_t *dtp, const dtrace_dropdata_t *drop)
{
	struct dt_oformat *of = dtp->oformat;
	struct dt_writer *w;

	if (!of)
		return 0;
	w = open_event(of, "drop", "DROP", drop->dtdda_cpu);
	dt_w_uint(w, "count", drop->dtdda_drops);
	dt_w_uint(w, "total", drop->dtdda_total);
	dt_w_int(w, "kind", drop->dtdda_kind);
	dt_w_text(w, "tag", dt_drop_tag(drop->dtdda_kind));
	dt_w_string(w, "msg", drop->dtdda_msg, strcspn(drop->dtdda_msg, "\n"));
	return close_event(of);
}

int dt_oformat_error(dtrace_hdl_t *dtp, const dtrace_errdata_t *err)
{
	struct dt_oformat *of = dtp->oformat;
	struct dt_writer *w;

	if (!of)
		return 0;
	w = open_event(of, "error", "ERROR", err->dteda_cpu);
	if (err->dteda_edesc)
		dt_w_uint(w, "epid", err->dteda_edesc->dtepd_epid);
	dt_w_int(w, "action", err->dteda_action);
	dt_w_int(w, "offset", err->dteda_offset);
	dt_w_int(w, "fault", err->dteda_fault);
	dt_w_address(w, "address", err->dteda_addr);
	dt_w_string(w, "msg", err->dteda_msg, strcspn(err->dteda_msg, "\n"));
	return close_event(of);
}

/* ---- Statements ------------------------------------------------------------------------ */

/* An item of "output". */
static int datum(struct dt_oformat *of, const dtrace_recdesc_t *rec, const struct dt_type *type, const void *data,
		 size_t size, const char *what)
{
	dt_w_object(&of->w, NULL);
	dt_ov_datum(of->dtp, &of->w, rec, type, data, size, what);
	dt_w_end(&of->w);
	return finish(of);
}

int dt_oformat_datum(dtrace_hdl_t *dtp, const dtrace_probedata_t *pd, uint32_t i, size_t size)
{
	const dtrace_recdesc_t *rec = &pd->dtpda_edesc->dtepd_rec[i];
	const struct dt_action *a = dt_cookie_action(dtp, rec->dtrd_uarg);
	bool printm = a && a->stmt && a->stmt->kind == DTRACEACT_PRINTM;

	return datum(dtp->oformat, rec, a ? a->type : NULL, pd->dtpda_data + rec->dtrd_offset, size,
		     printm ? "printm" : NULL);
}

static int message(struct dt_oformat *of, const char *text, size_t n)
{
	dt_w_object(&of->w, NULL);
	dt_w_string(&of->w, "message", text, n);
	dt_w_end(&of->w);
	return finish(of);
}

int dt_oformat_printf(dtrace_hdl_t *dtp, const dtrace_probedata_t *pd, uint32_t i, uint32_t n, char *text)
{
	int rc = text ? message(dtp->oformat, text, strlen(text)) : -1;

	free(text);
	for (uint32_t j = i; j < i + n && !rc; j++)
		if (pd->dtpda_edesc->dtepd_rec[j].dtrd_size)
			rc = dt_oformat_datum(dtp, pd, j, pd->dtpda_edesc->dtepd_rec[j].dtrd_size);
	return rc;
}

int dt_oformat_output(dtrace_hdl_t *dtp, const char *s, size_t n)
{
	struct dt_oformat *of = dtp->oformat;
	char *grown = realloc(of->text, of->ntext + n);

	if (!grown)
		return dt_set_errno(dtp, ENOMEM);
	of->text = grown;
	memcpy(of->text + of->ntext, s, n);
	of->ntext += n;
	return 0;
}

int dt_oformat_output_end(dtrace_hdl_t *dtp)
{
	struct dt_oformat *of = dtp->oformat;

	if (!of || !of->ntext)
		return 0;
	dt_w_object(&of->w, NULL);
	dt_w_string(&of->w, "system", of->text, of->ntext);
	dt_w_end(&of->w);
	of->ntext = 0;
	return finish(of);
}

/* ---- Aggregations ------------------------------------------------------------------------- */

static void entry(struct dt_oformat *of, const dtrace_aggdata_t *a)
{
	const dtrace_recdesc_t *val = dt_aggent_valrec(a);

	dt_w_object(&of->w, NULL);
	dt_w_list(&of->w, "keys");
	for (uint32_t i = 1; i + 1 < a->dtada_desc->dtagd_nrecs; i++) {
		const dtrace_recdesc_t *rec = &a->dtada_desc->dtagd_rec[i];

		dt_w_object(&of->w, NULL);
		dt_ov_datum(of->dtp, &of->w, rec, dt_agg_keytype(of->dtp, a, i), a->dtada_data + rec->dtrd_offset,
			    rec->dtrd_size, NULL);
		dt_w_end(&of->w);
	}
	dt_w_end(&of->w);
	dt_ov_aggval(of->dtp, &of->w, val, a->dtada_data + val->dtrd_offset, a->dtada_normal);
	dt_w_end(&of->w);
}

/* All entries of one variable, in the order that the options ask for. */
static int aggregation(struct dt_oformat *of, const struct dt_ident *agg, uint64_t varid)
{
	struct dt_aggorder order = {
		.bykey = of->dtp->opt[DTRACEOPT_AGGSORTKEY] != DTRACEOPT_UNSET,
		.rev = of->dtp->opt[DTRACEOPT_AGGSORTREV] != DTRACEOPT_UNSET,
		.keypos = of->dtp->opt[DTRACEOPT_AGGSORTKEYPOS] > 0 ? (int)of->dtp->opt[DTRACEOPT_AGGSORTKEYPOS] : 0,
	};
	size_t n;
	struct dt_aggent **list = dt_aggregate_sorted(of->dtp, (dtrace_aggvarid_t)varid, &order, &n);

	if (!list)
		return -1;
	dt_w_object(&of->w, NULL);
	dt_w_list(&of->w, "aggregation-data");
	for (size_t i = 0; i < n; i++)
		entry(of, &list[i]->data);
	free(list);
	dt_w_end(&of->w);
	dt_w_text(&of->w, "aggregation-name", agg && agg->name ? agg->name : "");
	dt_w_end(&of->w);
	return finish(of);
}

int dt_oformat_printa(dtrace_hdl_t *dtp, const struct dt_stmt *st, const char *text, size_t n)
{
	if (st->fmt && message(dtp->oformat, text, n))
		return -1;
	for (uint32_t i = 0; i < st->naggs; i++)
		if (aggregation(dtp->oformat, st->aggs[i], st->aggs[i]->id))
			return -1;
	return 0;
}

int dt_oformat_unprinted(dtrace_hdl_t *dtp, FILE *fp)
{
	static const char *const name[] = { "dtrace", "INTERNAL", "INTERNAL", "AGGREGATE" };
	struct dt_oformat *of;
	size_t n;
	int rc = dt_oformat_begin(dtp, fp);

	if (rc)
		return rc;
	of = dtp->oformat;
	open_probe(of, dt_now(), -1, -1, name);
	dt_w_list(&of->w, "output");
	for (size_t v = 0; v < dtp->aggs.nvars && !rc; v++) {
		free(dt_aggregate_sorted(dtp, (dtrace_aggvarid_t)v, NULL, &n));
		if (v && n && !dtp->aggs.vars[v].printed)
			rc = aggregation(of, dt_ident_agg_by_id(dtp->idents, (uint32_t)v), v);
	}
	dt_w_end(&of->w);
	dt_w_end(&of->w);
	return rc ? rc : finish(of);
}
