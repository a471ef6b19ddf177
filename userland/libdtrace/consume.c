/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records: read from the halves that the kernel hands over, given to the
 * caller's functions, and printed if these say so.
 *
 * Order: what one CPU recorded stays in order; CPUs follow one another. BEGIN
 * comes before everything, END after everything, whichever CPU they ran on.
 */
#include <errno.h>
#include <string.h>

#include "dt_impl.h"

struct reader {
	dtrace_hdl_t *dtp;
	FILE *fp;
	dtrace_consume_probe_f *chew;
	dtrace_consume_rec_f *chewrec;
	void *arg;
	/* the half being read */
	caddr_t data;
	size_t size;
	uint32_t cpu;
};

/* ---- Flow (-F) ------------------------------------------------------------------ */

static bool ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), k = strlen(tail);

	return n >= k && !strcmp(s + n - k, tail);
}

static dtrace_flowkind_t flow_of(const char *name)
{
	if (!strcmp(name, "entry") || ends_with(name, "-entry"))
		return DTRACEFLOW_ENTRY;
	if (!strcmp(name, "return") || ends_with(name, "-return"))
		return DTRACEFLOW_RETURN;
	return DTRACEFLOW_NONE;
}

/* The enabled probe of the record after the one at @off; 0 at the end. */
static dtrace_epid_t next_epid(const struct reader *r, size_t off)
{
	const dtrace_rechdr_t *hdr;

	for (; off + sizeof(dtrace_epid_t) * 2 <= r->size; off += 8) {
		hdr = (const void *)(r->data + off);
		if (hdr->dtrh_epid)
			return hdr->dtrh_epid;
	}
	return DTRACE_EPIDNONE;
}

/*
 * Several clauses on one probe are one firing: the first of them goes in, the
 * last comes out.
 */
static int set_flow(struct reader *r, dtrace_probedata_t *pd, size_t next)
{
	struct dt_cpu *cpu = &r->dtp->cpus[r->cpu];
	bool sys = !strcmp(pd->dtpda_pdesc->dtpd_provider, "syscall");
	dtrace_flowkind_t flow = flow_of(pd->dtpda_pdesc->dtpd_name);
	dtrace_epid_t epid = pd->dtpda_edesc->dtepd_epid, other;
	dtrace_id_t id = pd->dtpda_edesc->dtepd_probeid;
	struct dt_eprobe *ep;

	other = flow == DTRACEFLOW_ENTRY ? cpu->last : flow == DTRACEFLOW_RETURN ? next_epid(r, next) : DTRACE_EPIDNONE;
	if (other != DTRACE_EPIDNONE && other != epid) {
		ep = dt_eprobe(r->dtp, other);
		if (!ep)
			return -1;
		if (ep->edesc->dtepd_probeid == id)
			flow = DTRACEFLOW_NONE;
	}
	cpu->last = epid;
	if (flow == DTRACEFLOW_RETURN && cpu->indent >= 2)
		cpu->indent -= 2;
	pd->dtpda_flow = flow;
	pd->dtpda_indent = cpu->indent;
	pd->dtpda_prefix = flow == DTRACEFLOW_ENTRY ? (sys ? "=> " : "-> ") :
			   flow == DTRACEFLOW_RETURN ? (sys ? "<= " : "<- ") : " | ";
	if (flow == DTRACEFLOW_ENTRY)
		cpu->indent += 2;
	return 0;
}

/* ---- Statements ------------------------------------------------------------------- */

static caddr_t rec_data(const dtrace_probedata_t *pd, const dtrace_recdesc_t *rec)
{
	return pd->dtpda_data + rec->dtrd_offset;
}

/* A statement's records stand together. How many, from @i? */
static uint32_t stmt_run(dtrace_hdl_t *dtp, const dtrace_eprobedesc_t *ed, uint32_t i)
{
	const struct dt_action *a = dt_cookie_action(dtp, ed->dtepd_rec[i].dtrd_uarg), *b;
	uint32_t n = 1;

	if (!a || !a->stmt)
		return 1;
	for (; i + n < ed->dtepd_nrecs; n++) {
		b = dt_cookie_action(dtp, ed->dtepd_rec[i + n].dtrd_uarg);
		if (!b || b->stmt != a->stmt)
			break;
	}
	return n;
}

static int do_printf(struct reader *r, const dtrace_probedata_t *pd, const struct dt_stmt *st, uint32_t i, uint32_t n)
{
	struct dt_arg args[n];
	uint32_t k = 0;

	for (uint32_t j = i; j < i + n; j++) {
		const dtrace_recdesc_t *rec = &pd->dtpda_edesc->dtepd_rec[j];
		const struct dt_action *a = dt_cookie_action(r->dtp, rec->dtrd_uarg);

		if (!rec->dtrd_size)
			continue;
		args[k++] = (struct dt_arg){ .rec = rec, .type = a->type, .data = rec_data(pd, rec) };
	}
	return st->fmt ? dt_format_print(r->dtp, r->fp, st->fmt, args, k, NULL, 0) : 0;
}

/* The number that an action on an aggregation carries, if it has one. */
static bool libact_value(struct reader *r, const dtrace_probedata_t *pd, uint32_t i, uint32_t n, int64_t *val)
{
	for (uint32_t j = i; j < i + n; j++) {
		const dtrace_recdesc_t *rec = &pd->dtpda_edesc->dtepd_rec[j];
		const struct dt_action *a = dt_cookie_action(r->dtp, rec->dtrd_uarg);
		const struct dt_type *t = a->type ? dt_type_resolve(a->type) : NULL;

		if (rec->dtrd_size != 1 && rec->dtrd_size != 2 && rec->dtrd_size != 4 && rec->dtrd_size != 8)
			continue;
		*val = dt_load_int(rec_data(pd, rec), rec->dtrd_size, !t || t->is_signed || rec->dtrd_size == 8);
		return true;
	}
	return false;
}

static int do_libact(struct reader *r, const dtrace_probedata_t *pd, const struct dt_stmt *st, uint32_t i, uint32_t n)
{
	int64_t val = 0;
	bool has = libact_value(r, pd, i, n, &val);
	dtrace_aggvarid_t var;

	if (!st->naggs)
		return dt_set_errno(r->dtp, EDT_BADRECORD);
	var = st->aggs[0]->id;
	switch (pd->dtpda_edesc->dtepd_rec[i].dtrd_arg) {
	case DT_ACT_CLEAR:
		return dt_aggact_clear(r->dtp, var);
	case DT_ACT_TRUNC:
		return dt_aggact_trunc(r->dtp, var, has, val);
	case DT_ACT_NORMALIZE:
		return dt_aggact_normalize(r->dtp, var, (uint64_t)val);
	case DT_ACT_DENORMALIZE:
		return dt_aggact_normalize(r->dtp, var, 1);
	default:
		return dt_set_errno(r->dtp, EDT_BADRECORD);
	}
}

/* Print the statement whose records are [i, i + n). */
static int do_stmt(struct reader *r, const dtrace_probedata_t *pd, uint32_t i, uint32_t n)
{
	const dtrace_recdesc_t *rec = &pd->dtpda_edesc->dtepd_rec[i];
	const struct dt_action *a = dt_cookie_action(r->dtp, rec->dtrd_uarg);
	const struct dt_stmt *st = a ? a->stmt : NULL;

	if (st && st->kind == DTRACEACT_PRINTF)
		return do_printf(r, pd, st, i, n);
	if (st && st->kind == DTRACEACT_PRINTA)
		return dt_aggact_printa(r->dtp, r->fp, st);
	if (st && st->kind == DTRACEACT_LIBACT)
		return do_libact(r, pd, st, i, n);
	if (rec->dtrd_action == DTRACEACT_EXIT || rec->dtrd_action == DTRACEACT_DEFAULT)
		return 0;
	return dt_print_datum(r->dtp, r->fp, rec, a ? a->type : NULL, rec_data(pd, rec), 33, dt_quiet(r->dtp));
}

/* ---- Records -------------------------------------------------------------------------- */

enum { REC_NEXT = 0, REC_ABORT = 1 };	/* or -1 */

static int bad_rval(struct reader *r, int rval)
{
	if (rval == DTRACE_CONSUME_ABORT)
		return REC_ABORT;
	if (rval == DTRACE_CONSUME_ERROR)
		return -1;
	return dt_set_errno(r->dtp, EDT_BADRVAL);
}

static int chew_stmts(struct reader *r, const dtrace_probedata_t *pd)
{
	const dtrace_eprobedesc_t *ed = pd->dtpda_edesc;
	uint32_t n;
	int rval;

	for (uint32_t i = 0; i < ed->dtepd_nrecs; i += n) {
		n = stmt_run(r->dtp, ed, i);
		rval = r->chewrec ? r->chewrec(pd, &ed->dtepd_rec[i], r->arg) : DTRACE_CONSUME_THIS;
		if (rval == DTRACE_CONSUME_NEXT)
			continue;
		if (rval != DTRACE_CONSUME_THIS)
			return bad_rval(r, rval);
		if (do_stmt(r, pd, i, n) || dt_flush(r->dtp, pd, &ed->dtepd_rec[i], NULL, 0))
			return -1;
	}
	rval = r->chewrec ? r->chewrec(pd, NULL, r->arg) : DTRACE_CONSUME_NEXT;
	if (dt_flush(r->dtp, pd, NULL, NULL, 0))
		return -1;
	if (rval != DTRACE_CONSUME_NEXT && rval != DTRACE_CONSUME_THIS)
		return bad_rval(r, rval);
	return REC_NEXT;
}

static int chew_record(struct reader *r, struct dt_eprobe *ep, size_t off)
{
	const dtrace_rechdr_t *hdr = (const void *)(r->data + off);
	const struct dt_clauseref *ref = dt_cookie_clause(r->dtp, ep->edesc->dtepd_uarg);
	dtrace_probedata_t pd = {
		.dtpda_handle = r->dtp, .dtpda_edesc = ep->edesc, .dtpda_pdesc = ep->pdesc,
		.dtpda_cpu = (processorid_t)r->cpu, .dtpda_data = r->data + off, .dtpda_flow = DTRACEFLOW_NONE,
		.dtpda_prefix = "", .dtpda_timestamp = hdr->dtrh_timestamp,
	};
	int rval;

	if (ref && ref->prog->internal)
		return dt_handle_error(r->dtp, &pd) ? -1 : REC_NEXT;
	if (r->dtp->opt[DTRACEOPT_FLOWINDENT] != DTRACEOPT_UNSET &&
	    set_flow(r, &pd, off + ep->edesc->dtepd_size))
		return -1;
	rval = r->chew ? r->chew(&pd, r->arg) : DTRACE_CONSUME_THIS;
	if (dt_flush(r->dtp, &pd, NULL, NULL, 0))
		return -1;
	if (rval == DTRACE_CONSUME_NEXT)
		return REC_NEXT;
	if (rval != DTRACE_CONSUME_THIS)
		return bad_rval(r, rval);
	return chew_stmts(r, &pd);
}

static bool is_begin(const struct dt_eprobe *ep)
{
	return !strcmp(ep->pdesc->dtpd_provider, "dtrace") && !strcmp(ep->pdesc->dtpd_name, "BEGIN");
}

/* Walk records from *off; with @begin_only, up to the first that is not BEGIN's. */
static int chew_half(struct reader *r, size_t *off, bool begin_only)
{
	const dtrace_rechdr_t *hdr;
	struct dt_eprobe *ep;
	int rc;

	while (*off + 8 <= r->size) {
		hdr = (const void *)(r->data + *off);
		if (hdr->dtrh_epid == DTRACE_EPIDNONE) {
			*off += 8;
			continue;
		}
		ep = dt_eprobe(r->dtp, hdr->dtrh_epid);
		if (!ep)
			return -1;
		if (ep->edesc->dtepd_size < sizeof(*hdr) || ep->edesc->dtepd_size > r->size - *off)
			return dt_set_errno(r->dtp, EDT_BADRECORD);
		if (begin_only && !is_begin(ep))
			return REC_NEXT;
		rc = chew_record(r, ep, *off);
		if (rc)
			return rc;
		*off += (ep->edesc->dtepd_size + 7) & ~7u;
	}
	return REC_NEXT;
}

int dt_half_take(dtrace_hdl_t *dtp, uint32_t cpu, uint32_t kind, caddr_t *data, size_t *size)
{
	bool agg = kind == DTRACE_BUF_AGG;
	struct dtrace_ioc_switch sw = { .cpu = cpu, .kind = kind };
	struct dt_half *h = agg ? &dtp->cpus[cpu].agg : &dtp->cpus[cpu].principal;
	const char *what = agg ? "aggregations" : "buffer";
	size_t room = agg ? dtp->aggsize : dtp->bufsize;
	void *p;
	int rc;

	*data = NULL;
	*size = 0;
	if (h->absent)
		return 0;
	rc = dt_ioctl(dtp, DTRACEIOC_SWITCH, &sw);
	if (rc == -ENOENT) {
		h->absent = true;
		return 0;
	}
	if (rc)
		return dt_set_error(dtp, -rc, "cannot read the %s of CPU %u: %s", what, cpu, strerror(-rc));
	if (sw.half > 1 || sw.size > room)
		return dt_set_errno(dtp, EDT_BADRECORD);
	if (sw.size && !h->half[sw.half]) {
		rc = dtp->kern->map(dtp->kctx, dtp->fd, room, DTRACE_MMAP_OFF(cpu, kind, sw.half), &p);
		if (rc)
			return dt_set_error(dtp, -rc, "cannot map the %s of CPU %u: %s", what, cpu,
					    strerror(-rc));
		h->half[sw.half] = p;
	}
	*data = h->half[sw.half];
	*size = sw.size;
	return dt_handle_cpudrop(dtp, (processorid_t)cpu,
				 agg ? DTRACEDROP_AGGREGATION : DTRACEDROP_PRINCIPAL, sw.drops);
}

static int take_half(struct reader *r, uint32_t cpu)
{
	r->cpu = cpu;
	return dt_half_take(r->dtp, cpu, DTRACE_BUF_PRINCIPAL, &r->data, &r->size);
}

static int consume_cpu(struct reader *r, uint32_t cpu)
{
	size_t off = 0;

	return take_half(r, cpu) ? -1 : chew_half(r, &off, false);
}

static int consume_all(struct reader *r)
{
	dtrace_hdl_t *dtp = r->dtp;
	int begin = dtp->begin_cpu, end = dtp->stopped ? dtp->end_cpu : -1, rc = 0;
	struct reader first = *r;
	size_t off = 0;

	dtp->begin_cpu = -1;
	if (begin >= 0) {
		rc = take_half(&first, (uint32_t)begin);
		if (!rc)
			rc = chew_half(&first, &off, true);
	}
	for (uint32_t c = 0; c < dtp->ver.ncpus && !rc; c++)
		if ((int)c != begin && (int)c != end)
			rc = consume_cpu(r, c);
	if (!rc && begin >= 0)
		rc = chew_half(&first, &off, false);
	if (!rc && end >= 0 && end != begin && (uint32_t)end < dtp->ver.ncpus)
		rc = consume_cpu(r, (uint32_t)end);
	return rc;
}

int dtrace_consume(dtrace_hdl_t *dtp, FILE *fp, dtrace_consume_probe_f *chew, dtrace_consume_rec_f *chewrec, void *arg)
{
	struct reader r = { .dtp = dtp, .fp = fp, .chew = chew, .chewrec = chewrec, .arg = arg };
	uint64_t now = dt_now();

	if (!dtp->active)
		return dt_set_errno(dtp, EDT_NOTGO);
	if (!dtp->stopped && now < dtp->next_switch)
		return 0;
	dtp->next_switch = now + (uint64_t)dtp->opt[DTRACEOPT_SWITCHRATE];
	if (consume_all(&r) < 0)
		return -1;
	if (fp && fflush(fp))
		return dt_set_error(dtp, EDT_IO, "the output cannot be written: %s", strerror(errno));
	return 0;
}
