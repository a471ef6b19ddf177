/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The classic library's view of programs, statements and formats, and those of
 * its functions that nothing here stands behind: they fail with a sentence, so
 * that a program for the classic library links, and says what it cannot do.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dt_impl.h"

/* ---- Statements -------------------------------------------------------------------- */

/* The actions of statement @st of a clause, or of none, as the classic library lists them. */
static uint32_t list_actions(const struct dt_clause *cl, const struct dt_stmt *st, dtrace_actdesc_t *acts)
{
	uint32_t n = 0;

	for (uint32_t i = 0; st && i < cl->nactions; i++) {
		const struct dt_action *a = &cl->actions[i];

		if (a->stmt != st)
			continue;
		acts[n] = (dtrace_actdesc_t){ .dtad_difo = a->difo, .dtad_kind = a->kind, .dtad_ntuple = a->ntuple,
					      .dtad_arg = a->arg, .dtad_refcnt = 1 };
		if (n)
			acts[n - 1].dtad_next = &acts[n];
		n++;
	}
	return n;
}

struct iteration {
	dtrace_hdl_t *dtp;
	dtrace_prog_t *prog;
	dtrace_stmt_f *func;
	void *arg;
	dtrace_proginfo_t info;
};

static int tell_stmt(struct iteration *it, const struct dt_clause *cl, const dtrace_probedesc_t *pd, struct dt_stmt *st)
{
	dtrace_actdesc_t acts[cl->nactions + 1];
	uint32_t n = list_actions(cl, st, acts);
	dtrace_ecbdesc_t ecb = { .dted_action = n ? acts : NULL, .dted_pred.dtpdd_difo = cl->pred, .dted_probe = *pd,
				 .dted_refcnt = 1 };
	dtrace_stmtdesc_t sd = { .dtsd_ecbdesc = &ecb, .dtsd_action = n ? acts : NULL,
				 .dtsd_action_last = n ? &acts[n - 1] : NULL, .dtsd_fmtdata = st ? st->fmt : NULL,
				 .dtsd_descattr = it->info.dpi_descattr, .dtsd_stmtattr = it->info.dpi_stmtattr };

	return it->func(it->dtp, it->prog, &sd, it->arg);
}

static int tell_clause(struct iteration *it, const struct dt_clause *cl, const dtrace_probedesc_t *pd)
{
	struct dt_stmt *last = NULL;
	int rc = 0;

	for (uint32_t i = 0; i < cl->nactions && !rc; i++) {
		struct dt_stmt *st = cl->actions[i].stmt;

		if (st && st != last)
			rc = tell_stmt(it, cl, pd, st);
		last = st ? st : last;
	}
	return last ? rc : tell_stmt(it, cl, pd, NULL);
}

int dtrace_stmt_iter(dtrace_hdl_t *dtp, dtrace_prog_t *prog, dtrace_stmt_f *func, void *arg)
{
	struct iteration it = { dtp, prog, func, arg };
	int rc = 0;

	dtrace_program_info(dtp, prog, &it.info);
	for (uint32_t i = 0; i < prog->p->nclauses && !rc; i++)
		for (uint32_t j = 0; j < prog->p->clauses[i].npats && !rc; j++)
			rc = tell_clause(&it, &prog->p->clauses[i], &prog->p->clauses[i].pats[j]);
	return rc;
}

dtrace_stmtdesc_t *dtrace_stmt_create(dtrace_hdl_t *dtp, dtrace_ecbdesc_t *edp)
{
	dt_set_errno(dtp, EDT_STMT);
	return NULL;
}

dtrace_actdesc_t *dtrace_stmt_action(dtrace_hdl_t *dtp, dtrace_stmtdesc_t *sdp)
{
	dt_set_errno(dtp, EDT_STMT);
	return NULL;
}

int dtrace_stmt_add(dtrace_hdl_t *dtp, dtrace_prog_t *prog, dtrace_stmtdesc_t *sdp)
{
	return dt_set_errno(dtp, EDT_STMT);
}

void dtrace_stmt_destroy(dtrace_hdl_t *dtp, dtrace_stmtdesc_t *sdp)
{
}

/* ---- Formats -------------------------------------------------------------------------- */

static void *create_format(dtrace_hdl_t *dtp, const char *fmt)
{
	struct dt_diag diag = { 0 };
	struct dt_format *f;

	if (!dt_grow(&dtp->formats, dtp->nformats, &dtp->formatroom, sizeof(*dtp->formats))) {
		dt_set_errno(dtp, ENOMEM);
		return NULL;
	}
	f = dt_format_parse(fmt, (struct dt_loc){ 0 }, &diag);
	if (f)
		dtp->formats[dtp->nformats++] = f;
	else
		dt_set_error(dtp, EDT_FORMAT, "%s", diag.msg);
	return f;
}

void *dtrace_printf_create(dtrace_hdl_t *dtp, const char *fmt)
{
	return create_format(dtp, fmt);
}

void *dtrace_printa_create(dtrace_hdl_t *dtp, const char *fmt)
{
	return create_format(dtp, fmt);
}

size_t dtrace_printf_format(dtrace_hdl_t *dtp, void *fmtdata, char *buf, size_t len)
{
	const struct dt_format *f = fmtdata;

	return (size_t)snprintf(buf, len, "%s", f->text) + 1;
}

/* Carry out the statement that begins at @rec; how many records that were. */
static int consume_own(dtrace_hdl_t *dtp, FILE *fp, const dtrace_probedata_t *pd, const dtrace_recdesc_t *rec)
{
	ptrdiff_t i = rec - pd->dtpda_edesc->dtepd_rec;
	uint32_t n;

	if (i < 0 || i >= (ptrdiff_t)pd->dtpda_edesc->dtepd_nrecs)
		return dt_set_errno(dtp, EDT_BADRECORD);
	n = dt_stmt_run(dtp, pd->dtpda_edesc, (uint32_t)i);
	return dt_stmt_consume(dtp, fp, pd, (uint32_t)i, n) ? -1 : (int)n;
}

/* Whatever size the caller says, a symbol's record is read whole; an aggregation's value is no argument. */
static bool record_fits(const dtrace_recdesc_t *rec, size_t len)
{
	size_t least = 0;

	switch (rec->dtrd_action) {
	case DTRACEACT_USYM:
	case DTRACEACT_UMOD:
	case DTRACEACT_UADDR:
		least = 16;
		break;
	case DTRACEACT_SYM:
	case DTRACEACT_MOD:
		least = 8;
		break;
	}
	return !DTRACEACT_ISAGG(rec->dtrd_action) && rec->dtrd_size >= least &&
	       (size_t)rec->dtrd_offset + rec->dtrd_size <= len;
}

/* With a format of the caller's: as many records as it has conversions, and that are there. */
static int format_records(dtrace_hdl_t *dtp, FILE *fp, const struct dt_format *f, const dtrace_recdesc_t *recs,
			  uint_t nrecs, const void *buf, size_t len)
{
	struct dt_arg args[nrecs + 1];
	uint_t k = 0;

	for (uint_t i = 0; i < nrecs; i++) {
		const struct dt_action *a = dt_cookie_action(dtp, recs[i].dtrd_uarg);

		if (!record_fits(&recs[i], len))
			return dt_set_errno(dtp, EDT_BADRECORD);
		args[k++] = (struct dt_arg){ .rec = &recs[i], .type = a ? a->type : NULL,
					     .data = (caddr_t)buf + recs[i].dtrd_offset };
	}
	return dt_format_print(dtp, fp, f, args, k, NULL, 0) ? -1 : (int)nrecs;
}

int dtrace_fprintf(dtrace_hdl_t *dtp, FILE *fp, void *fmtdata, const dtrace_probedata_t *data,
		   const dtrace_recdesc_t *recp, uint_t nrecs, const void *buf, size_t len)
{
	return fmtdata ? format_records(dtp, fp, fmtdata, recp, nrecs, buf, len) : consume_own(dtp, fp, data, recp);
}

int dtrace_fprinta(dtrace_hdl_t *dtp, FILE *fp, void *fmtdata, const dtrace_probedata_t *data,
		   const dtrace_recdesc_t *recs, uint_t nrecs, const void *buf, size_t len)
{
	return consume_own(dtp, fp, data, recs);
}

int dtrace_system(dtrace_hdl_t *dtp, FILE *fp, void *fmtdata, const dtrace_probedata_t *data,
		  const dtrace_recdesc_t *recs, uint_t nrecs, const void *buf, size_t len)
{
	return consume_own(dtp, fp, data, recs);
}

int dtrace_freopen(dtrace_hdl_t *dtp, FILE *fp, void *fmtdata, const dtrace_probedata_t *data,
		   const dtrace_recdesc_t *recs, uint_t nrecs, const void *buf, size_t len)
{
	return consume_own(dtp, fp, data, recs);
}

/* ---- Without meaning here ---------------------------------------------------------------- */

void *dtrace_dof_create(dtrace_hdl_t *dtp, dtrace_prog_t *prog, uint_t flags)
{
	dt_set_errno(dtp, EDT_NODOF);
	return NULL;
}

void dtrace_dof_destroy(dtrace_hdl_t *dtp, void *dof)
{
}

void *dtrace_getopt_dof(dtrace_hdl_t *dtp)
{
	dt_set_errno(dtp, EDT_NODOF);
	return NULL;
}

void *dtrace_geterr_dof(dtrace_hdl_t *dtp)
{
	dt_set_errno(dtp, EDT_NODOF);
	return NULL;
}

int dtrace_provider_modules(dtrace_hdl_t *dtp, const char **mods, int nmods)
{
	return dt_set_error(dtp, EDT_NOSYM, "which modules have the declared providers is not known: all providers are "
			    "in one module here");
}

dtrace_hdl_t *dtrace_vopen(int version, int flags, int *errp, const dtrace_vector_t *vector, void *arg)
{
	if (errp)
		*errp = version == DTRACE_VERSION ? EDT_NOVECTOR : EDT_VERSION;
	return NULL;
}
