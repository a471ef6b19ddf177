/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The turn of a consumer: sleep until something is due, ask how things stand,
 * read out. After the stop, one last turn reads everything: nothing that was
 * recorded is left, and nothing is read twice.
 */
#include <errno.h>
#include <string.h>

#include "dt_impl.h"

static uint64_t earliest(const dtrace_hdl_t *dtp)
{
	uint64_t due = dtp->next_switch;

	if (dtp->next_status < due)
		due = dtp->next_status;
	if (dtp->has_aggs && dtp->next_agg < due)
		due = dtp->next_agg;
	return due;
}

void dtrace_sleep(dtrace_hdl_t *dtp)
{
	uint64_t now = dt_now(), due = earliest(dtp);

	if (dtp->active && !dtp->stopped && now < due &&
	    dt_procs_wait(dtp, (int)((due - now + 999999) / 1000000))) {
		/* exit() was called, or a buffer fills: do not wait for the next turn. */
		dtp->next_status = 0;
		dtp->next_switch = 0;
	}
	dt_procs_notify(dtp);
}

static int ask_status(dtrace_hdl_t *dtp)
{
	struct dtrace_ioc_status st = { 0 }, old = dtp->status;
	int rc = dt_ioctl(dtp, DTRACEIOC_STATUS, &st);

	if (rc)
		return dt_set_error(dtp, -rc, "cannot ask the kernel how tracing stands: %s", strerror(-rc));
	dtp->status = st;
	return dt_handle_status(dtp, &old, &st);
}

int dtrace_status(dtrace_hdl_t *dtp)
{
	uint64_t now = dt_now();

	if (!dtp->active)
		return DTRACE_STATUS_NONE;
	if (dtp->stopped)
		return DTRACE_STATUS_STOPPED;
	if (now < dtp->next_status)
		return DTRACE_STATUS_NONE;
	dtp->next_status = now + (uint64_t)dtp->opt[DTRACEOPT_STATUSRATE];
	if (ask_status(dtp))
		return -1;
	if (dtp->status.killed)
		return dt_set_errno(dtp, EDT_KILLED);
	if (dtp->status.exiting || dtp->errexit)
		return dtrace_stop(dtp) ? -1 : DTRACE_STATUS_EXITED;
	/* fill: when the first buffer is full, tracing ends, and all are read (Guide, "Buffers and Buffering"). */
	if (dtp->status.filled)
		return dtrace_stop(dtp) ? -1 : DTRACE_STATUS_FILLED;
	return DTRACE_STATUS_OKAY;
}

/* All that is left after the stop, once. */
static int drain(dtrace_hdl_t *dtp, FILE *fp, dtrace_consume_probe_f *chew, dtrace_consume_rec_f *chewrec, void *arg)
{
	if (dtp->drained)
		return 0;
	dtp->drained = true;
	if (dt_aggregate_snap_all(dtp) || dtrace_consume(dtp, fp, chew, chewrec, arg) || ask_status(dtp))
		return -1;
	return dt_procs_notify(dtp);
}

dtrace_workstatus_t dtrace_work(dtrace_hdl_t *dtp, FILE *fp, dtrace_consume_probe_f *chew,
				dtrace_consume_rec_f *chewrec, void *arg)
{
	int status;

	if (dt_oformat_begin(dtp, fp))
		return DTRACE_WORKSTATUS_ERROR;
	status = dtrace_status(dtp);
	if (status < 0)
		return DTRACE_WORKSTATUS_ERROR;
	if (status == DTRACE_STATUS_EXITED || status == DTRACE_STATUS_FILLED || status == DTRACE_STATUS_STOPPED) {
		if (drain(dtp, fp, chew, chewrec, arg))
			return DTRACE_WORKSTATUS_ERROR;
		return DTRACE_WORKSTATUS_DONE;
	}
	if (!dtp->active)
		return DTRACE_WORKSTATUS_OKAY;
	/* Statements that read aggregations are to find what was counted before them. */
	if (dtp->reads_aggs && dt_now() >= dtp->next_switch ? dt_aggregate_snap_all(dtp) : dtrace_aggregate_snap(dtp))
		return DTRACE_WORKSTATUS_ERROR;
	if (dtrace_consume(dtp, fp, chew, chewrec, arg))
		return DTRACE_WORKSTATUS_ERROR;
	return DTRACE_WORKSTATUS_OKAY;
}
