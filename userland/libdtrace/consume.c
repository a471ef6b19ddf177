/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records: read from the halves that the kernel hands over, given to the
 * caller's functions, and printed if these say so (act.c).
 *
 * Order: what one CPU recorded stays in order; CPUs follow one another, or are
 * merged by time (temporal.c). BEGIN comes before everything, END after
 * everything, whichever CPU they ran on.
 *
 * Buffers of the ring and fill policies are read once, after the stop.
 */
#include <errno.h>
#include <string.h>

#include "consume.h"

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
static dtrace_epid_t next_epid(const struct dt_reader *r, size_t off)
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
static int set_flow(struct dt_reader *r, dtrace_probedata_t *pd, size_t next)
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

/* ---- Records -------------------------------------------------------------------------- */

static int bad_rval(struct dt_reader *r, int rval)
{
	if (rval == DTRACE_CONSUME_ABORT)
		return DT_REC_ABORT;
	if (rval == DTRACE_CONSUME_ERROR)
		return -1;
	return dt_set_errno(r->dtp, EDT_BADRVAL);
}

static int chew_stmts(struct dt_reader *r, const dtrace_probedata_t *pd)
{
	const dtrace_eprobedesc_t *ed = pd->dtpda_edesc;
	uint32_t n;
	int rval;

	for (uint32_t i = 0; i < ed->dtepd_nrecs; i += n) {
		n = dt_stmt_run(r->dtp, ed, i);
		if (DTRACEACT_CLASS(ed->dtepd_rec[i].dtrd_action) == DTRACEACT_SPECULATIVE)
			continue;
		rval = r->chewrec ? r->chewrec(pd, &ed->dtepd_rec[i], r->arg) : DTRACE_CONSUME_THIS;
		if (rval == DTRACE_CONSUME_NEXT)
			continue;
		if (rval != DTRACE_CONSUME_THIS)
			return bad_rval(r, rval);
		if (dt_stmt_consume(r->dtp, r->fp, pd, i, n) || dt_flush(r->dtp, pd, &ed->dtepd_rec[i], NULL, 0))
			return -1;
	}
	rval = r->chewrec ? r->chewrec(pd, NULL, r->arg) : DTRACE_CONSUME_NEXT;
	if (dt_flush(r->dtp, pd, NULL, NULL, 0))
		return -1;
	if (rval != DTRACE_CONSUME_NEXT && rval != DTRACE_CONSUME_THIS)
		return bad_rval(r, rval);
	return DT_REC_NEXT;
}

int dt_chew_record(struct dt_reader *r, struct dt_eprobe *ep, size_t off)
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
		return dt_handle_error(r->dtp, &pd) ? -1 : DT_REC_NEXT;
	if (r->dtp->opt[DTRACEOPT_FLOWINDENT] != DTRACEOPT_UNSET &&
	    set_flow(r, &pd, off + ep->edesc->dtepd_size))
		return -1;
	rval = r->chew ? r->chew(&pd, r->arg) : DTRACE_CONSUME_THIS;
	if (dt_flush(r->dtp, &pd, NULL, NULL, 0))
		return -1;
	if (rval == DTRACE_CONSUME_NEXT)
		return DT_REC_NEXT;
	if (rval != DTRACE_CONSUME_THIS)
		return bad_rval(r, rval);
	if (dt_oformat_probe(r->dtp, &pd))
		return -1;
	rval = chew_stmts(r, &pd);
	return dt_oformat_probe_end(r->dtp) ? -1 : rval;
}

static bool is_begin(const struct dt_eprobe *ep)
{
	return !strcmp(ep->pdesc->dtpd_provider, "dtrace") && !strcmp(ep->pdesc->dtpd_name, "BEGIN");
}

int dt_next_record(struct dt_reader *r, size_t *off, struct dt_eprobe **ret)
{
	const dtrace_rechdr_t *hdr;
	struct dt_eprobe *ep;

	*ret = NULL;
	for (; *off + 8 <= r->size; *off += 8) {
		hdr = (const void *)(r->data + *off);
		if (hdr->dtrh_epid == DTRACE_EPIDNONE)
			continue;
		ep = dt_eprobe(r->dtp, hdr->dtrh_epid);
		if (!ep)
			return -1;
		if (ep->edesc->dtepd_size < sizeof(*hdr) || ep->edesc->dtepd_size > r->size - *off)
			return dt_set_errno(r->dtp, EDT_BADRECORD);
		*ret = ep;
		return 0;
	}
	return 0;
}

/* Walk records from *off; with @begin_only, up to the first that is not BEGIN's. */
static int chew_half(struct dt_reader *r, size_t *off, bool begin_only)
{
	struct dt_eprobe *ep;
	int rc;

	while (!(rc = dt_next_record(r, off, &ep)) && ep) {
		if (begin_only && !is_begin(ep))
			return DT_REC_NEXT;
		rc = dt_chew_record(r, ep, *off);
		if (rc)
			return rc;
		*off += (ep->edesc->dtepd_size + 7) & ~7u;
	}
	return rc;
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
	h->oldest = sw.oldest < sw.size ? sw.oldest & ~(uint64_t)7 : 0;
	h->when = sw.timestamp;
	return dt_handle_cpudrop(dtp, (processorid_t)cpu,
				 agg ? DTRACEDROP_AGGREGATION : DTRACEDROP_PRINCIPAL, sw.drops);
}

int dt_reader_take(struct dt_reader *r, uint32_t cpu)
{
	r->cpu = cpu;
	return dt_half_take(r->dtp, cpu, DTRACE_BUF_PRINCIPAL, &r->data, &r->size);
}

/* A ring begins at its oldest record and goes on at the start of the half. */
static int chew_ring(struct dt_reader *r, size_t oldest)
{
	struct dt_reader young = *r;
	size_t off = oldest;
	int rc = chew_half(r, &off, false);

	young.size = oldest;
	off = 0;
	return rc ? rc : chew_half(&young, &off, false);
}

static int consume_cpu(struct dt_reader *r, uint32_t cpu)
{
	return dt_reader_take(r, cpu) ? -1 : chew_ring(r, r->dtp->cpus[cpu].principal.oldest);
}

/* BEGIN's CPU first as far as BEGIN goes, END's last. */
static int consume_by_cpu(struct dt_reader *r)
{
	dtrace_hdl_t *dtp = r->dtp;
	int begin = dtp->begin_cpu, end = dtp->stopped ? dtp->end_cpu : -1, rc = 0;
	struct dt_reader first = *r;
	size_t off = 0;

	if (dtp->opt[DTRACEOPT_BUFPOLICY] == DTRACEOPT_BUFPOLICY_RING)
		begin = -1;	/* where it begins is where it has been overwritten; END's may be the same CPU */
	dtp->begin_cpu = -1;
	if (begin >= 0) {
		rc = dt_reader_take(&first, (uint32_t)begin);
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
	struct dt_reader r = { .dtp = dtp, .fp = fp, .chew = chew, .chewrec = chewrec, .arg = arg };
	uint64_t now = dt_now();
	int rc;

	if (!dtp->active)
		return dt_set_errno(dtp, EDT_NOTGO);
	if (dt_oformat_begin(dtp, fp))
		return -1;
	if (!dtp->stopped && (now < dtp->next_switch || dtp->opt[DTRACEOPT_BUFPOLICY] != DTRACEOPT_BUFPOLICY_SWITCH))
		return 0;
	dtp->next_switch = now + (uint64_t)dtp->opt[DTRACEOPT_SWITCHRATE];
	rc = dtp->opt[DTRACEOPT_TEMPORAL] != DTRACEOPT_UNSET ? dt_consume_by_time(&r) : consume_by_cpu(&r);
	if (rc < 0)
		return -1;
	if (fp && fflush(fp))
		return dt_set_error(dtp, EDT_IO, "the output cannot be written: %s", strerror(errno));
	return 0;
}
