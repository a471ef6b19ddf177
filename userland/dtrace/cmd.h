/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dtrace(1): a thin front of libdtrace.
 *
 *   main.c    the life of a session: open, compile, enable, run, print
 *   args.c    the command line
 *   list.c    -l
 *   info.c    -v: stability, types of arguments
 *   build.c   -h, -G: probes for programs
 *   wait.c    -W
 *   output.c  where text goes; the callbacks that shape a line of output
 */
#ifndef DTRACE_CMD_H
#define DTRACE_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <dtrace.h>

#define E_ERROR 1
#define E_USAGE 2

/* A program given with -P -m -f -n -i or -s. */
struct program {
	char opt;		/* the option's letter */
	const char *text;	/* its argument: D text, or a file name */
	char *shown;		/* how messages call it */
	dtrace_prog_t *prog;
};

struct setting {		/* -x, or an option that means the same */
	char *name;
	const char *value;
};

struct victim {			/* -c, -p or -W */
	const char *command;
	const char *awaited;	/* -W: the name of a program; pid once it runs */
	pid_t pid;
	struct ps_prochandle *P;
};

struct args {
	struct program *programs;
	struct setting *settings;
	struct victim *victims;
	char **operands;	/* operands[0] is $0 */
	size_t nprograms, nsettings, nvictims, noperands;
	const char *output;	/* -o */
	uint_t cflags;
	bool list, compile_only, dump, verbose, version, quiet, flow;
	bool header, link;	/* -h, -G */
	bool buffered;		/* -B */
	bool show;		/* -d */
	bool all_aggs;		/* -O */
};

extern dtrace_hdl_t *g_dtp;
extern struct args g_args;
extern FILE *g_out;
extern int g_status;		/* of exit(n) */
extern size_t g_live;		/* processes of -c and -p that still run */

void args_parse(int argc, char **argv, struct args *a);

int list_probes(void);

/* -h, -G: what the programs compiled so far declare, into a file. */
void build_probes(void);

/* "Identifier Names: ..." of -v, under the heading @what. */
void show_attributes(const char *what, dtrace_attribute_t attr);
void show_probe(const dtrace_probedesc_t *pd);		/* its stability, and the types of its arguments */
void show_program(const char *kind, const char *name, const dtrace_proginfo_t *info);

/* Its id, when a program of this name has been started; does not return after an error. */
pid_t wait_for_program(const char *name);

void out_open(void);
bool option_on(const char *name);
FILE *out_file(void);		/* what the library is to write to; NULL: it hands text to a handler (-B) */
void out_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void out_close(void);
void out_set_handlers(void);
void out_progress_end(void);
int out_probe(const dtrace_probedata_t *pd, void *arg);
int out_record(const dtrace_probedata_t *pd, const dtrace_recdesc_t *rec, void *arg);

/* "dtrace: sentence"; notice() is silent under -q. */
void notice(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
/* The same, with what libdtrace says about its last error behind it; fmt may be NULL. */
void dfatal(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif /* DTRACE_CMD_H */
