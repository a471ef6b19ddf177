/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtrace(1): open, compile, enable, run until the end, print what was aggregated. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

dtrace_hdl_t *g_dtp;
struct args g_args;
FILE *g_out;
int g_status;
size_t g_live;

static volatile sig_atomic_t interrupted, newline;

/* The first one ends tracing in good order; a second one has its default effect. */
static void on_signal(int sig)
{
	interrupted = 1;
	newline = sig == SIGINT;
	signal(sig, SIG_DFL);
}

static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction old;

	/*
	 * A shell script starts its background jobs with SIGINT ignored, yet ends
	 * them with "kill -INT": only nohup's wish counts.
	 */
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		if (signals[i] != SIGHUP || (!sigaction(SIGHUP, NULL, &old) && old.sa_handler != SIG_IGN)) {
			struct sigaction sa = { .sa_handler = on_signal };	/* no SA_RESTART: sleep must end */

			sigaction(signals[i], &sa, NULL);
		}
	/* A reader that has gone is a write error, told as one. Programs of -c have been started before this. */
	signal(SIGPIPE, SIG_IGN);
}

static void open_library(void)
{
	int err;

	bool build = g_args.header || g_args.link;

	g_dtp = build ? NULL : dtrace_open(DTRACE_VERSION, 0, &err);
	if (!g_dtp && (g_args.compile_only || build))
		g_dtp = dtrace_open(DTRACE_VERSION, DTRACE_O_NODEV, &err);
	if (!g_dtp)
		fatal("%s", dtrace_errmsg(NULL, err));
	out_set_handlers();
}

static void show_version(void)
{
	const char *module = "";
	int err;

	g_out = stdout;
	out_printf("dtrace: %s (DTrace for Linux %s)\n", _dtrace_version, dtrace_build(NULL, NULL) + strlen("dtrace "));
	if (g_args.verbose) {
		g_dtp = dtrace_open(DTRACE_VERSION, 0, &err);
		if (g_dtp)
			dtrace_build(g_dtp, &module);
		out_printf("dtrace: module %s, ABI %d\n", *module ? module : "not available", DTRACE_ABI_VERSION);
		dtrace_close(g_dtp);
		g_dtp = NULL;
	}
	out_close();
	exit(0);
}

static void apply_settings(void)
{
	if (dtrace_setoptenv(g_dtp, "DTRACE_OPT_"))
		dfatal(NULL);
	for (size_t i = 0; i < g_args.nsettings; i++)
		if (dtrace_setopt(g_dtp, g_args.settings[i].name, g_args.settings[i].value))
			dfatal(NULL);
	if (g_args.quiet)
		dtrace_setopt(g_dtp, "quiet", NULL);
	if (g_args.flow)
		dtrace_setopt(g_dtp, "flowindent", NULL);
	/* A program's declarations name types that only its consumers translate. */
	if (g_args.header || g_args.link)
		dtrace_setopt(g_dtp, "late", "dynamic");
}

static void take_victims(void)
{
	for (size_t i = 0; i < g_args.nvictims; i++) {
		struct victim *v = &g_args.victims[i];

		if (v->awaited)
			v->pid = wait_for_program(v->awaited);
		v->P = v->command ? dtrace_proc_run(g_dtp, v->command) : dtrace_proc_grab(g_dtp, v->pid, 0);
		if (!v->P && v->command)
			dfatal("cannot run \"%s\"", v->command);
		if (!v->P)
			dfatal("cannot grab process %d", v->pid);
	}
	g_live = g_args.nvictims;
}

/* Of -G they are the objects, not what $1 ... stand for. */
static int operands(void)
{
	return g_args.link ? 1 : (int)g_args.noperands;
}

static void compile_script(struct program *p)
{
	FILE *fp = strcmp(p->text, "-") ? fopen(p->text, "re") : stdin;

	if (!fp)
		fatal("cannot open %s: %s", p->text, strerror(errno));
	p->prog = dtrace_program_fcompile(g_dtp, fp, g_args.cflags, operands(), g_args.operands);
	if (fp != stdin)
		fclose(fp);
	if (!p->prog)
		dfatal("failed to compile script %s", p->text);
}

static void compile_text(struct program *p)
{
	static const struct { char opt; dtrace_probespec_t spec; } specs[] = {
		{ 'P', DTRACE_PROBESPEC_PROVIDER }, { 'm', DTRACE_PROBESPEC_MOD }, { 'f', DTRACE_PROBESPEC_FUNC },
		{ 'n', DTRACE_PROBESPEC_NAME }, { 'i', DTRACE_PROBESPEC_NAME },
	};
	dtrace_probespec_t spec = DTRACE_PROBESPEC_NAME;

	for (size_t i = 0; i < sizeof(specs) / sizeof(*specs); i++)
		if (specs[i].opt == p->opt)
			spec = specs[i].spec;
	p->prog = dtrace_program_strcompile(g_dtp, p->text, spec, g_args.cflags,
					    operands(), g_args.operands);
	if (!p->prog)
		dfatal("invalid probe specifier %s", p->text);
}

static void compile_programs(void)
{
	if (g_args.show)
		dtrace_program_show(g_dtp, g_out);
	if (g_args.list)	/* what matches nothing is told by the listing, for each description */
		g_args.cflags |= DTRACE_C_ZDEFS;
	if (g_args.header || g_args.link)	/* declarations alone are a program there */
		g_args.cflags |= DTRACE_C_EMPTY;
	for (size_t i = 0; i < g_args.nprograms; i++) {
		struct program *p = &g_args.programs[i];

		if (p->opt == 's')
			compile_script(p);
		else
			compile_text(p);
		if (g_args.dump)
			dtrace_program_dump(g_dtp, p->prog, stderr);
	}
	out_progress_end();
}

static const char *kind_of(char opt)
{
	switch (opt) {
	case 'P':
		return "provider";
	case 'm':
		return "module";
	case 'f':
		return "function";
	case 'i':
		return "probe";
	case 's':
		return "script";
	default:
		return "description";
	}
}

/* -e -v */
static void tell_programs(void)
{
	dtrace_proginfo_t info;

	for (size_t i = 0; i < g_args.nprograms; i++) {
		dtrace_program_info(g_dtp, g_args.programs[i].prog, &info);
		show_program(kind_of(g_args.programs[i].opt), g_args.programs[i].shown, &info);
	}
}

static void enable_programs(void)
{
	dtrace_proginfo_t info;

	for (size_t i = 0; i < g_args.nprograms; i++) {
		struct program *p = &g_args.programs[i];

		if (dtrace_program_exec(g_dtp, p->prog, &info))
			dfatal("failed to enable '%s'", p->shown);
		notice("%s '%s' matched %u probe%s", kind_of(p->opt), p->shown, info.dpi_matches,
		       info.dpi_matches == 1 ? "" : "s");
		if (g_args.verbose)
			show_program(kind_of(p->opt), p->shown, &info);
	}
	out_progress_end();
}

/* Memory may not have sufficed for what was asked. */
static void note_lowered(const char *option, const char *what, dtrace_optval_t wanted)
{
	dtrace_optval_t got;

	if (wanted != DTRACEOPT_UNSET && !dtrace_getopt(g_dtp, option, &got) && got < wanted)
		warn("%s lowered to %lld bytes for want of memory", what, (long long)got);
}

static void start(void)
{
	dtrace_optval_t bufsize = DTRACEOPT_UNSET, aggsize = DTRACEOPT_UNSET, dynsize = DTRACEOPT_UNSET;

	dtrace_getopt(g_dtp, "bufsize", &bufsize);
	dtrace_getopt(g_dtp, "aggsize", &aggsize);
	dtrace_getopt(g_dtp, "dynvarsize", &dynsize);
	if (dtrace_go(g_dtp))
		dfatal("could not enable tracing");
	if (!option_on("quietresize")) {
		note_lowered("bufsize", "trace buffers", bufsize);
		note_lowered("aggsize", "aggregation buffers", aggsize);
		note_lowered("dynvarsize", "the space for dynamic variables", dynsize);
	}
	if (g_args.verbose)
		dtrace_proc_report(g_dtp, stderr);
	for (size_t i = 0; i < g_args.nvictims; i++)
		dtrace_proc_continue(g_dtp, g_args.victims[i].P);
}

static void run(void)
{
	dtrace_workstatus_t status = DTRACE_WORKSTATUS_OKAY;

	while (status == DTRACE_WORKSTATUS_OKAY) {
		if (!interrupted)
			dtrace_sleep(g_dtp);
		if (newline) {	/* below the ^C that the terminal shows */
			out_printf("\n");
			newline = 0;
		}
		if ((interrupted || (g_args.nvictims && !g_live)) && dtrace_stop(g_dtp))
			dfatal("could not stop tracing");
		status = dtrace_work(g_dtp, out_file(), out_probe, out_record, NULL);
	}
	if (status == DTRACE_WORKSTATUS_ERROR)
		dfatal("processing aborted");
	/* Structured output has the aggregations that the program prints, or with -O all. */
	if (!option_on("oformat"))
		out_printf("\n");
	if ((!option_on("oformat") || g_args.all_aggs) && dtrace_aggregate_print(g_dtp, out_file(), NULL))
		dfatal("failed to print aggregations");
	if (dtrace_oformat_teardown(g_dtp, out_file()))
		dfatal("failed to complete the output");
}

/*
 * With stdin, stdout or stderr closed, the device would be opened in its place
 * and be written to. What takes the place refuses writing, as a closed one does.
 */
static void occupy_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	occupy_standard_files();
	args_parse(argc, argv, &g_args);
	if (g_args.version)
		show_version();
	open_library();
	apply_settings();
	take_victims();
	catch_signals();
	out_open();
	compile_programs();
	if (g_args.list) {
		g_status = list_probes();
	} else if (g_args.header || g_args.link) {
		build_probes();
	} else if (!g_args.compile_only) {
		enable_programs();
		start();
		run();
	} else if (g_args.verbose) {
		tell_programs();
	}
	out_close();
	dtrace_close(g_dtp);
	return g_status;
}
