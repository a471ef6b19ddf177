/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line. Options and operands may be mixed, operands become $1, $2
 * ...; a script's "#!/usr/sbin/dtrace -qs" arrives as "-qs", the script, its operands.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

static const char usage_text[] =
	"usage: dtrace [-CeFlqSvVwZ] [-b bufsz] [-c cmd] [-D name[=def]] [-I path] [-L path]\n"
	"              [-o output] [-p pid] [-s script] [-U name] [-x opt[=val]]\n"
	"              [-P provider [[predicate] action]]\n"
	"              [-m [provider:]module [[predicate] action]]\n"
	"              [-f [[provider:]module:]function [[predicate] action]]\n"
	"              [-n [[[provider:]module:]function:]name [[predicate] action]]\n"
	"              [-i probe-id [[predicate] action]] [args ...]\n"
	"\n"
	"  predicate  '/' D-expression '/'        action  '{' D-statements '}'\n"
	"\n"
	"  -b  size of the trace buffer of each CPU (suffixes k, m, g, t)\n"
	"  -c  run a command, which ends the tracing and ends with it; its process id is $target\n"
	"  -C  run the C preprocessor over programs; -D, -U, -I are for it\n"
	"  -e  stop after compiling the programs\n"
	"  -F  indent the output by function entry and return\n"
	"  -f  enable or list probes by function\n"
	"  -i  enable or list a probe by its id\n"
	"  -l  list probes instead of enabling them\n"
	"  -L  read the D libraries in a folder\n"
	"  -m  enable or list probes by module\n"
	"  -n  enable or list probes by name\n"
	"  -o  write the output to a file\n"
	"  -p  trace a running process and end when it ends; its process id is $target\n"
	"  -P  enable or list probes by provider\n"
	"  -q  quiet: only what the program prints\n"
	"  -s  run the D program in a file\n"
	"  -S  show the compiled program\n"
	"  -v  tell more: what the pid provider had to leave alone, and why\n"
	"  -V  show the version\n"
	"  -w  allow destructive actions\n"
	"  -x  set an option\n"
	"  -Z  allow probe descriptions that match no probe\n";

static void usage(const char *why, ...) __attribute__((noreturn, format(printf, 1, 2)));
static void usage(const char *why, ...)
{
	va_list ap;

	va_start(ap, why);
	fprintf(stderr, "dtrace: ");
	vfprintf(stderr, why, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	fputs(usage_text, stderr);
	exit(E_USAGE);
}

/* One more element at the end of a growing array. */
static void *append(void *array, size_t *n, size_t size)
{
	void **p = array, *grown = reallocarray(*p, *n + 1, size);

	if (!grown) {
		fprintf(stderr, "dtrace: out of memory\n");
		exit(E_ERROR);
	}
	*p = grown;
	memset((char *)grown + *n * size, 0, size);
	return (char *)grown + (*n)++ * size;
}

/* "name" or "name=value" */
static void add_setting(struct args *a, const char *name, const char *value)
{
	struct setting *s = append(&a->settings, &a->nsettings, sizeof(*s));
	char *eq;

	s->name = strdup(name);
	s->value = value;
	if (!s->name) {
		fprintf(stderr, "dtrace: out of memory\n");
		exit(E_ERROR);
	}
	eq = value ? NULL : strchr(s->name, '=');
	if (eq) {
		*eq = 0;
		s->value = eq + 1;
	}
}

static void add_program(struct args *a, char opt, const char *text)
{
	struct program *p = append(&a->programs, &a->nprograms, sizeof(*p));
	size_t n = opt == 's' ? strlen(text) : strcspn(text, "{/;");

	if (opt == 'i' && !(*text >= '0' && *text <= '9'))
		usage("-i wants the number of a probe, not \"%s\"", text);
	while (n && (text[n - 1] == ' ' || text[n - 1] == '\n' || text[n - 1] == '\t'))
		n--;
	*p = (struct program){ .opt = opt, .text = text, .shown = strndup(text, n) };
}

static void add_pid(struct args *a, const char *text)
{
	struct victim *v = append(&a->victims, &a->nvictims, sizeof(*v));
	char *end;
	long pid;

	errno = 0;
	pid = strtol(text, &end, 10);
	if (end == text || *end || errno || pid <= 0 || pid > INT32_MAX)
		usage("-p wants the id of a process, not \"%s\"", text);
	v->pid = (pid_t)pid;
}

static void option(struct args *a, int c)
{
	struct victim *v;

	switch (c) {
	case 'b':
		add_setting(a, "bufsize", optarg);
		break;
	case 'c':
		v = append(&a->victims, &a->nvictims, sizeof(*v));
		v->command = optarg;
		break;
	case 'C':
		a->cflags |= DTRACE_C_CPP;
		break;
	case 'D':
		add_setting(a, "define", optarg);
		break;
	case 'e':
		a->compile_only = true;
		break;
	case 'F':
		a->flow = true;
		break;
	case 'I':
		add_setting(a, "incdir", optarg);
		break;
	case 'l':
		a->list = true;
		break;
	case 'L':
		add_setting(a, "libdir", optarg);
		break;
	case 'f': case 'i': case 'm': case 'n': case 'P': case 's':
		add_program(a, (char)c, optarg);
		break;
	case 'o':
		a->output = optarg;
		break;
	case 'p':
		add_pid(a, optarg);
		break;
	case 'q':
		a->quiet = true;
		break;
	case 'S':
		a->dump = true;
		break;
	case 'U':
		add_setting(a, "undef", optarg);
		break;
	case 'v':
		a->verbose = true;
		break;
	case 'V':
		a->version = true;
		break;
	case 'w':
		add_setting(a, "destructive", NULL);
		break;
	case 'x':
		add_setting(a, optarg, NULL);
		break;
	case 'Z':
		a->cflags |= DTRACE_C_ZDEFS;
		break;
	case ':':
		usage("option -%c wants an argument", optopt);
	case '?':
		usage("there is no option -%c", optopt);
	default:
		fprintf(stderr, "dtrace: option -%c is not supported yet\n", c);
		exit(E_USAGE);
	}
}

void args_parse(int argc, char **argv, struct args *a)
{
	static const char letters[] = "+:b:c:CD:eFf:i:I:lL:m:n:o:p:P:qs:SU:vVwx:Z" "aABGhHkOW:X:36";
	bool only_operands = false;
	int c;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		fputs(usage_text, stdout);
		if (!fflush(stdout))
			exit(0);
		fprintf(stderr, "dtrace: cannot write the output: %s\n", strerror(errno));
		exit(E_ERROR);
	}
	*(char **)append(&a->operands, &a->noperands, sizeof(char *)) = argv[0];
	while (optind < argc) {
		while (!only_operands && (c = getopt(argc, argv, letters)) != -1)
			option(a, c);
		only_operands |= optind > 1 && !strcmp(argv[optind - 1], "--");
		if (optind < argc)
			*(char **)append(&a->operands, &a->noperands, sizeof(char *)) = argv[optind++];
	}
	/* $0 is the script, if there is one. */
	for (size_t i = 0; i < a->nprograms; i++)
		if (a->programs[i].opt == 's')
			a->operands[0] = (char *)a->programs[i].text;
	if (!a->nprograms && !a->list && !a->version)
		usage("there is nothing to do: give a program with -n or -s, or -l to list probes");
}
