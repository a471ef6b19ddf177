/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Callbacks of the library's user, and the sentences they are given. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "dt_impl.h"

int dtrace_handle_buffered(dtrace_hdl_t *dtp, dtrace_handle_buffered_f *func, void *arg)
{
	dtp->buffered.func = func;
	dtp->buffered.arg = arg;
	return 0;
}

int dtrace_handle_err(dtrace_hdl_t *dtp, dtrace_handle_err_f *func, void *arg)
{
	dtp->errfunc = func;
	dtp->errarg = arg;
	return 0;
}

int dtrace_handle_drop(dtrace_hdl_t *dtp, dtrace_handle_drop_f *func, void *arg)
{
	dtp->dropfunc = func;
	dtp->droparg = arg;
	return 0;
}

int dtrace_handle_proc(dtrace_hdl_t *dtp, dtrace_handle_proc_f *func, void *arg)
{
	dtp->procfunc = func;
	dtp->procarg = arg;
	return 0;
}

int dtrace_handle_setopt(dtrace_hdl_t *dtp, dtrace_handle_setopt_f *func, void *arg)
{
	dtp->setoptfunc = func;
	dtp->setoptarg = arg;
	return 0;
}

int dtrace_handle_progress(dtrace_hdl_t *dtp, dtrace_handle_progress_f *func, void *arg)
{
	dtp->progressfunc = func;
	dtp->progressarg = arg;
	return 0;
}

/* How each kind of drop is told: "5 <noun>s<rest>". */
static const struct {
	const char *tag, *noun, *rest;
} drops[] = {
	[DTRACEDROP_PRINCIPAL] = { "PRINCIPAL", "drop", "" },
	[DTRACEDROP_AGGREGATION] = { "AGGREGATION", "aggregation drop", "" },
	[DTRACEDROP_DYNAMIC] = { "DYNAMIC", "dynamic variable drop", "" },
	[DTRACEDROP_DYNRINSE] = { "DYNRINSE", "dynamic variable drop", " with non-empty rinsing list" },
	[DTRACEDROP_DYNDIRTY] = { "DYNDIRTY", "dynamic variable drop", " with non-empty dirty list" },
	[DTRACEDROP_SPEC] = { "SPEC", "speculative drop", "" },
	[DTRACEDROP_SPECBUSY] = { "SPECBUSY", "failed speculation", " (available buffer(s) still busy)" },
	[DTRACEDROP_SPECUNAVAIL] = { "SPECUNAVAIL", "failed speculation", " (no speculative buffer available)" },
	[DTRACEDROP_STKSTROVERFLOW] = { "STKSTROVERFLOW", "jstack()/ustack() string table overflow", "" },
	[DTRACEDROP_DBLERROR] = { "DBLERROR", "error", " in ERROR probe enabling" },
	[DTRACEDROP_RECURSION] = { "RECURSION", "firing", " lost because the probe fired inside another probe" },
	[DTRACEDROP_NOBUFFER] = { "NOBUFFER", "firing", " lost on CPUs that came online after tracing began" },
	[DTRACEDROP_PROVIDER] = { "PROVIDER", "firing", " that the provider could not deliver" },
};

const char *dt_drop_tag(dtrace_dropkind_t kind)
{
	return drops[kind].tag;
}

static int handle_drop(dtrace_hdl_t *dtp, dtrace_dropdata_t *drop, const char *where)
{
	char msg[256];

	snprintf(msg, sizeof(msg), "%s%s%s%" PRIu64 " %s%s%s%s\n",
		 dtp->droptags ? "[DTRACEDROP_" : "", dtp->droptags ? drops[drop->dtdda_kind].tag : "",
		 dtp->droptags ? "] " : "", drop->dtdda_drops, drops[drop->dtdda_kind].noun,
		 drop->dtdda_drops == 1 ? "" : "s", drops[drop->dtdda_kind].rest, where);
	if (!dtp->dropfunc)	/* programs for the classic library end at its drops, and have never heard of ours */
		return drop->dtdda_kind >= DTRACEDROP_RECURSION ? 0 :
		       dt_set_error(dtp, EDT_DROPABORT, "aborted: %.*s, and nobody handles drops",
				    (int)strcspn(msg, "\n"), msg);
	drop->dtdda_handle = dtp;
	drop->dtdda_msg = msg;
	if (dt_oformat_drop(dtp, drop))
		return -1;
	if (dtp->dropfunc(drop, dtp->droparg) == DTRACE_HANDLE_ABORT)
		return dt_set_errno(dtp, EDT_DROPABORT);
	return 0;
}

int dt_handle_cpudrop(dtrace_hdl_t *dtp, processorid_t cpu, dtrace_dropkind_t kind, uint64_t n)
{
	uint64_t *total = &dtp->cpus[cpu].drops[kind == DTRACEDROP_AGGREGATION];
	dtrace_dropdata_t drop = { .dtdda_cpu = cpu, .dtdda_kind = kind, .dtdda_drops = n };
	char where[32];

	if (!n)
		return 0;
	drop.dtdda_total = *total += n;
	snprintf(where, sizeof(where), " on CPU %d", cpu);
	return handle_drop(dtp, &drop, where);
}

/* Counters that belong to no CPU's buffer: what has come since @old. */
int dt_handle_status(dtrace_hdl_t *dtp, const struct dtrace_ioc_status *old, const struct dtrace_ioc_status *new)
{
	static const struct { dtrace_dropkind_t kind; size_t off; } counters[] = {
		{ DTRACEDROP_DYNAMIC, offsetof(struct dtrace_ioc_status, dyndrops) },
		{ DTRACEDROP_DYNRINSE, offsetof(struct dtrace_ioc_status, dyndrops_rinsing) },
		{ DTRACEDROP_DYNDIRTY, offsetof(struct dtrace_ioc_status, dyndrops_dirty) },
		{ DTRACEDROP_SPEC, offsetof(struct dtrace_ioc_status, specdrops) },
		{ DTRACEDROP_SPECBUSY, offsetof(struct dtrace_ioc_status, specdrops_busy) },
		{ DTRACEDROP_SPECUNAVAIL, offsetof(struct dtrace_ioc_status, specdrops_unavail) },
		{ DTRACEDROP_STKSTROVERFLOW, offsetof(struct dtrace_ioc_status, stkstroverflows) },
		{ DTRACEDROP_DBLERROR, offsetof(struct dtrace_ioc_status, dblerrors) },
		{ DTRACEDROP_RECURSION, offsetof(struct dtrace_ioc_status, recursion) },
		{ DTRACEDROP_NOBUFFER, offsetof(struct dtrace_ioc_status, nobuffer) },
		{ DTRACEDROP_PROVIDER, offsetof(struct dtrace_ioc_status, provider) },
	};

	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++) {
		uint64_t now = *(const uint64_t *)((const char *)new + counters[i].off);
		uint64_t was = *(const uint64_t *)((const char *)old + counters[i].off);
		dtrace_dropdata_t drop = {
			.dtdda_cpu = DTRACE_CPUALLCPUS, .dtdda_kind = counters[i].kind,
			.dtdda_drops = now - was, .dtdda_total = now,
		};

		if (now > was && handle_drop(dtp, &drop, ""))
			return -1;
	}
	return 0;
}

/* The source line of instruction @pc of the @action'th action (0: predicate) of a clause, or 0. */
static unsigned fault_line(const struct dt_clauseref *ref, uint64_t action, uint64_t pc)
{
	const struct dt_difo *d = NULL;

	if (!ref)
		return 0;
	if (!action)
		d = ref->clause->pred;
	else if (action <= ref->clause->nactions)
		d = ref->clause->actions[action - 1].difo;
	if (d && d->lines && pc < d->ntext)
		return d->lines[pc];
	return ref->clause->loc.line;
}

static int tell_error(dtrace_hdl_t *dtp, const dtrace_errdata_t *err)
{
	if (dtp->opt[DTRACEOPT_ERREXIT] != DTRACEOPT_UNSET) {
		dtp->errexit = true;
		dtp->next_status = 0;	/* dtrace_status() ends the tracing, now */
	}
	if (dt_oformat_error(dtp, err))
		return -1;
	if (!dtp->errfunc)
		return dt_set_error(dtp, EDT_ERRABORT, "%.*s", (int)strcspn(err->dteda_msg, "\n"), err->dteda_msg);
	if (dtp->errfunc(err, dtp->errarg) == DTRACE_HANDLE_ABORT)
		return dt_set_errno(dtp, EDT_ERRABORT);
	return 0;
}

int dt_handle_liberr(dtrace_hdl_t *dtp, const dtrace_probedata_t *pd, const char *fmt, ...)
{
	const dtrace_probedesc_t *p = pd->dtpda_pdesc;
	dtrace_errdata_t err = {
		.dteda_handle = dtp, .dteda_edesc = pd->dtpda_edesc, .dteda_pdesc = pd->dtpda_pdesc,
		.dteda_cpu = pd->dtpda_cpu, .dteda_action = -1, .dteda_offset = -1, .dteda_fault = DTRACEFLT_LIBRARY,
	};
	char msg[2048], why[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	snprintf(msg, sizeof(msg), "error on enabled probe ID %u (ID %u: %s:%s:%s:%s): %s\n",
		 pd->dtpda_edesc->dtepd_epid, p->dtpd_id, p->dtpd_provider, p->dtpd_mod, p->dtpd_func,
		 p->dtpd_name, why);
	err.dteda_msg = msg;
	return tell_error(dtp, &err);
}

/*
 * Our ERROR clause traces arg1..arg5: the EPID that failed, its action, the
 * instruction, the fault and what it was about (Guide, chapter "dtrace Provider").
 */
int dt_handle_error(dtrace_hdl_t *dtp, const dtrace_probedata_t *pd)
{
	dtrace_errdata_t err = { .dteda_handle = dtp, .dteda_cpu = pd->dtpda_cpu };
	char msg[2048], where[64], addr[64] = "", line[32] = "";
	const dtrace_recdesc_t *rec = pd->dtpda_edesc->dtepd_rec;
	struct dt_eprobe *ep;
	uint64_t arg[5];
	unsigned n;

	if (pd->dtpda_edesc->dtepd_nrecs != 5)
		return dt_set_errno(dtp, EDT_BADRECORD);
	for (int i = 0; i < 5; i++)
		arg[i] = (uint64_t)dt_load_int(pd->dtpda_data + rec[i].dtrd_offset, rec[i].dtrd_size, true);
	ep = dt_eprobe(dtp, (dtrace_epid_t)arg[0]);
	if (!ep)
		return -1;
	err.dteda_edesc = ep->edesc;
	err.dteda_pdesc = ep->pdesc;
	err.dteda_action = (int)arg[1];
	err.dteda_offset = (int)arg[2];
	err.dteda_fault = (int)arg[3];
	err.dteda_addr = arg[4];

	if (err.dteda_action)
		snprintf(where, sizeof(where), "action #%d", err.dteda_action);
	else
		snprintf(where, sizeof(where), "predicate");
	if (err.dteda_fault == DTRACEFLT_BADADDR || err.dteda_fault == DTRACEFLT_BADALIGN ||
	    err.dteda_fault == DTRACEFLT_KPRIV || err.dteda_fault == DTRACEFLT_UPRIV)
		snprintf(addr, sizeof(addr), " (0x%" PRIx64 ")", err.dteda_addr);
	n = fault_line(dt_cookie_clause(dtp, ep->edesc->dtepd_uarg), arg[1], arg[2] / 4);
	if (n)
		snprintf(line, sizeof(line), " (line %u)", n);
	snprintf(msg, sizeof(msg), "error on enabled probe ID %u (ID %u: %s:%s:%s:%s): %s%s in %s at DIF offset %d%s\n",
		 ep->edesc->dtepd_epid, ep->pdesc->dtpd_id, ep->pdesc->dtpd_provider, ep->pdesc->dtpd_mod,
		 ep->pdesc->dtpd_func, ep->pdesc->dtpd_name, dtrace_faultstr(dtp, err.dteda_fault), addr, where,
		 err.dteda_offset, line);
	err.dteda_msg = msg;
	return tell_error(dtp, &err);
}
