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
	"usage: dtrace [-BCdeFGhHlOqSvVwZ] [-b bufsz] [-c cmd] [-D name[=def]] [-I path] [-L path]\n"
	"              [-o output] [-p pid] [-s script] [-U name] [-W name] [-x opt[=val]] [-X a|c|s|t]\n"
	"              [-P provider [[predicate] action]]\n"
	"              [-m [provider:]module [[predicate] action]]\n"
	"              [-f [[provider:]module:]function [[predicate] action]]\n"
	"              [-n [[[provider:]module:]function:]name [[predicate] action]]\n"
	"              [-i probe-id [[predicate] action]] [args ...]\n"
	"\n"
	"  predicate  '/' D-expression '/'        action  '{' D-statements '}'\n"
	"\n"
	"  -b  size of the trace buffer of each CPU (suffixes k, m, g, t)\n"
	"  -B  hand all output through the library's handler of buffered output (to test it)\n"
	"  -c  run a command, which ends the tracing and ends with it; its process id is $target\n"
	"  -C  run the C preprocessor over programs; -D, -U, -I are for it\n"
	"  -d  show programs as D again, with if and else as the clauses they become\n"
	"  -e  stop after compiling the programs\n"
	"  -F  indent the output by function entry and return\n"
	"  -f  enable or list probes by function\n"
	"  -G  make an object to link programs with, for the providers that a script declares;\n"
	"      the operands are the program's objects\n"
	"  -h  make a C header with the probes of the providers that a script declares\n"
	"  -H  show the paths of the headers that the preprocessor included\n"
	"  -i  enable or list a probe by its id\n"
	"  -l  list probes instead of enabling them\n"
	"  -L  read the D libraries in a folder\n"
	"  -m  enable or list probes by module\n"
	"  -n  enable or list probes by name\n"
	"  -o  write the output to a file\n"
	"  -O  with -x oformat, show all aggregations at the end\n"
	"  -p  trace a running process and end when it ends; its process id is $target\n"
	"  -P  enable or list probes by provider\n"
	"  -q  quiet: only what the program prints\n"
	"  -s  run the D program in a file\n"
	"  -S  show the compiled program\n"
	"  -v  tell more: stability and types of arguments; what the pid provider left alone, and why\n"
	"  -V  show the version\n"
	"  -w  allow destructive actions\n"
	"  -W  wait until a program of that name is started, then trace it as with -p\n"
	"  -x  set an option\n"
	"  -X  dialect of C for the preprocessor\n"
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
	const char *shown = text;
	size_t n = opt == 's' ? strlen(text) : strcspn(text, "{/;");

	while (opt != 's' && shown[n] == ';') {	/* declarations before the probe description */
		shown += n + 1;
		shown += strspn(shown, " \t\n");
		n = strcspn(shown, "{/;");
	}
	if (opt == 'i' && (!n || strspn(text, "0123456789, \t\n") < n))
		usage("-i wants the number of a probe, or several with commas between, not \"%s\"", text);
	while (n && (shown[n - 1] == ' ' || shown[n - 1] == '\n' || shown[n - 1] == '\t'))
		n--;
	*p = (struct program){ .opt = opt, .text = text, .shown = strndup(shown, n) };
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

/* -32, -64 */
static void data_model(char c)
{
	if (c == '6' && !strcmp(optarg, "4"))
		return;
	if (c == '3' && !strcmp(optarg, "2")) {
		fprintf(stderr, "dtrace: -32: the 32-bit data model is not supported: D here has the types of 64-bit "
				"programs\n");
		exit(E_USAGE);
	}
	usage("there is no option -%c", c);
}

/* Options of the family that cannot mean anything here. */
static void refuse(char c) __attribute__((noreturn));
static void refuse(char c)
{
	static const struct { char opt; const char *why; } refused[] = {
		{ 'a', "there is no boot-time (anonymous) tracing to claim: the module is loaded after booting" },
		{ 'A', "there is no boot-time (anonymous) tracing: the module is loaded after booting; start dtrace "
		       "early, as a service" },
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (refused[i].opt == c)
			fprintf(stderr, "dtrace: -%c: %s\n", c, refused[i].why);
	exit(E_USAGE);
}

static void option(struct args *a, int c)
{
	struct victim *v;

	switch (c) {
	case '3': case '6':
		data_model((char)c);
		break;
	case 'a': case 'A':
		refuse((char)c);
	case 'b':
		add_setting(a, "bufsize", optarg);
		break;
	case 'B':
		a->buffered = true;
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
	case 'd':
		a->show = true;
		break;
	case 'e':
		a->compile_only = true;
		break;
	case 'F':
		a->flow = true;
		break;
	case 'G':
		a->link = true;
		break;
	case 'h':
		a->header = true;
		break;
	case 'H':
		add_setting(a, "cpphdrs", NULL);
		break;
	case 'I':
		add_setting(a, "incdir", optarg);
		break;
	case 'k':	/* what it asks for is always done */
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
	case 'O':
		a->all_aggs = true;
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
	case 'W':
		v = append(&a->victims, &a->nvictims, sizeof(*v));
		v->awaited = optarg;
		break;
	case 'x':
		add_setting(a, optarg, NULL);
		break;
	case 'X':
		add_setting(a, "stdc", optarg);
		break;
	case 'Z':
		a->cflags |= DTRACE_C_ZDEFS;
		break;
	case ':':
		usage("option -%c wants an argument", optopt);
	default:
		usage("there is no option -%c", optopt);
	}
}

/* The few there are stand alone. */
static void long_option(int argc, char **argv, struct args *a)
{
	if (argc < 2 || strncmp(argv[1], "--", 2) || !argv[1][2])
		return;
	if (!strcmp(argv[1], "--version")) {
		a->version = true;
		argv[1] = "-V";
	} else if (!strncmp(argv[1], "--libxo", strlen("--libxo"))) {
		fprintf(stderr, "dtrace: --libxo: libxo is FreeBSD's; for JSON or XML use -x oformat=json or "
				"-x oformat=xml\n");
		exit(E_USAGE);
	} else if (strcmp(argv[1], "--help")) {
		usage("there is no option %s", argv[1]);
	} else {
		fputs(usage_text, stdout);
		if (!fflush(stdout))
			exit(0);
		fprintf(stderr, "dtrace: cannot write the output: %s\n", strerror(errno));
		exit(E_ERROR);
	}
}

void args_parse(int argc, char **argv, struct args *a)
{
	static const char letters[] = "+:3:6:aAb:Bc:CdD:eFf:GhHi:I:klL:m:n:o:Op:P:qs:SU:vVwW:x:X:Z";
	bool only_operands = false;
	int c;

	long_option(argc, argv, a);
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
	if (a->link + a->header + a->list > 1)
		usage("-G, -h and -l exclude each other");
	if ((a->link || a->header) && !a->nprograms)
		usage("%s needs a script with the declaration of a provider: -s script", a->link ? "-G" : "-h");
	if (!a->nprograms && !a->list && !a->version)
		usage("there is nothing to do: give a program with -n or -s, or -l to list probes");
}
