/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dtrace prints: messages to stderr, data to stdout or the file of -o. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"

static bool progress_shown;
static bool failed;		/* -x errexit has set the exit status */

static void message(const char *fmt, va_list ap, const char *more)
{
	out_progress_end();
	if (g_out)
		fflush(g_out);
	fprintf(stderr, "dtrace: ");
	if (fmt)
		vfprintf(stderr, fmt, ap);
	fprintf(stderr, "%s%s\n", fmt && more ? ": " : "", more ? more : "");
}

void notice(const char *fmt, ...)
{
	dtrace_optval_t quiet;
	va_list ap;

	if (g_args.quiet || (g_dtp && !dtrace_getopt(g_dtp, "quiet", &quiet) && quiet != DTRACEOPT_UNSET))
		return;
	va_start(ap, fmt);
	message(fmt, ap, NULL);
	va_end(ap);
}

void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap, NULL);
	va_end(ap);
}

/* Closing the handle ends the programs of -c, and lets the others go. */
static void leave(void) __attribute__((noreturn));
static void leave(void)
{
	dtrace_hdl_t *dtp = g_dtp;

	g_dtp = NULL;
	dtrace_close(dtp);
	exit(E_ERROR);
}

void fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap, NULL);
	va_end(ap);
	leave();
}

void dfatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(fmt, ap, dtrace_errmsg(g_dtp, dtrace_errno(g_dtp)));
	va_end(ap);
	leave();
}

void out_open(void)
{
	g_out = stdout;
	if (!g_args.output || g_args.header || g_args.link)	/* theirs is a file of its own */
		return;
	g_out = fopen(g_args.output, "ae");
	if (!g_out)
		fatal("cannot open %s for writing: %s", g_args.output, strerror(errno));
}

void out_printf(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vfprintf(g_out, fmt, ap);
	va_end(ap);
	if (n < 0)
		fatal("cannot write the output: %s", strerror(errno));
}

FILE *out_file(void)
{
	return g_args.buffered ? NULL : g_out;
}

void out_close(void)
{
	if (fflush(g_out) || ferror(g_out) || (g_out != stdout && fclose(g_out))) {
		g_out = NULL;
		fatal("cannot write the output: %s", strerror(errno));
	}
}

/* ---- One firing ----------------------------------------------------------------- */

bool option_on(const char *name)
{
	dtrace_optval_t val;

	return !dtrace_getopt(g_dtp, name, &val) && val != DTRACEOPT_UNSET;
}

int out_probe(const dtrace_probedata_t *pd, void *arg)
{
	static bool heading;
	const dtrace_probedesc_t *p = pd->dtpda_pdesc;
	char name[DTRACE_FUNCNAMELEN + DTRACE_NAMELEN + 512];
	bool flow = option_on("flowindent");

	if (option_on("quiet"))
		return DTRACE_CONSUME_THIS;
	if (!heading && flow)
		out_printf("%3s %-41s\n", "CPU", "FUNCTION");
	else if (!heading)
		out_printf("%3s %6s %32s\n", "CPU", "ID", "FUNCTION:NAME");
	heading = true;
	if (!flow) {
		snprintf(name, sizeof(name), "%s:%s", p->dtpd_func, p->dtpd_name);
		out_printf("%3d %6u %32s ", pd->dtpda_cpu, p->dtpd_id, name);
		return DTRACE_CONSUME_THIS;
	}
	snprintf(name, sizeof(name), "%*s%s%s%s%s", pd->dtpda_indent < 400 ? pd->dtpda_indent : 400, "",
		 pd->dtpda_prefix, p->dtpd_func, pd->dtpda_flow == DTRACEFLOW_NONE ? ":" : "",
		 pd->dtpda_flow == DTRACEFLOW_NONE ? p->dtpd_name : "");
	out_printf("%3d %-41s ", pd->dtpda_cpu, name);
	return DTRACE_CONSUME_THIS;
}

int out_record(const dtrace_probedata_t *pd, const dtrace_recdesc_t *rec, void *arg)
{
	int32_t status;

	if (!rec) {
		if (!option_on("quiet"))
			out_printf("\n");
		return DTRACE_CONSUME_NEXT;
	}
	if (rec->dtrd_action == DTRACEACT_EXIT && rec->dtrd_size == sizeof(status)) {
		memcpy(&status, pd->dtpda_data + rec->dtrd_offset, sizeof(status));
		if (!failed)
			g_status = status;
		return DTRACE_CONSUME_NEXT;
	}
	return DTRACE_CONSUME_THIS;
}

/* ---- Handlers -------------------------------------------------------------------- */

static void without_newline(const char *msg)
{
	warn("%.*s", (int)strcspn(msg, "\n"), msg);
}

static int on_error(const dtrace_errdata_t *err, void *arg)
{
	dtrace_optval_t status;

	if (!dtrace_getopt(g_dtp, "errexit", &status) && status != DTRACEOPT_UNSET) {
		g_status = (int)status;
		failed = true;
	}
	without_newline(err->dteda_msg);
	return DTRACE_HANDLE_OK;
}

static int on_drop(const dtrace_dropdata_t *drop, void *arg)
{
	without_newline(drop->dtdda_msg);
	return DTRACE_HANDLE_OK;
}

/* -B */
static int on_buffered(const dtrace_bufdata_t *buf, void *arg)
{
	out_printf("%s", buf->dtbda_buffered);
	return DTRACE_HANDLE_OK;
}

static void on_process(struct ps_prochandle *P, const char *msg, void *arg)
{
	int pid = dtrace_proc_getpid(g_dtp, P), status;

	if (msg) {	/* something is missing from the trace: not even -q hides that */
		warn("pid %d: %s", pid, msg);
		return;
	}
	dtrace_proc_status(g_dtp, P, &status);
	if (status != -1 && WIFSIGNALED(status))
		notice("pid %d terminated by SIG%s", pid, sigabbrev_np(WTERMSIG(status)) ?: "?");
	else if (status != -1 && WEXITSTATUS(status))
		notice("pid %d exited with status %d", pid, WEXITSTATUS(status));
	else
		notice("pid %d has exited", pid);
	if (g_live)
		g_live--;
}

/* Only for people who wait: on a terminal, and when it takes more than a moment. */
static void on_progress(pid_t pid, uint64_t done, uint64_t total, void *arg)
{
	static struct timespec began, shown;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!began.tv_sec)
		began = now;
	if (now.tv_sec - began.tv_sec < 1 ||
	    (now.tv_sec - shown.tv_sec) * 10 + (now.tv_nsec - shown.tv_nsec) / 100000000 < 2)
		return;
	shown = now;
	progress_shown = true;
	fprintf(stderr, "\rdtrace: pid %d: %" PRIu64 " of %" PRIu64 " functions\033[K", pid, done, total);
}

void out_progress_end(void)
{
	if (progress_shown)
		fprintf(stderr, "\r\033[K");
	progress_shown = false;
}

void out_set_handlers(void)
{
	dtrace_handle_err(g_dtp, on_error, NULL);
	dtrace_handle_drop(g_dtp, on_drop, NULL);
	dtrace_handle_proc(g_dtp, on_process, NULL);
	if (g_args.buffered)
		dtrace_handle_buffered(g_dtp, on_buffered, NULL);
	if (isatty(STDERR_FILENO) && !g_args.quiet)
		dtrace_handle_progress(g_dtp, on_progress, NULL);
}
