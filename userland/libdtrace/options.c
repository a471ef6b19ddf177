/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Options: "-x name[=value]", "#pragma D option", setopt(), dtrace_setopt().
 *
 * One table holds every option that does something here, another every other
 * one of the family's with the reason why it is refused: an option that is
 * silently accepted is a wrong result waiting to be believed.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"

#define KIB	1024ll
#define GIB	(1ll << 30)
#define MS	1000000ll
#define DAY	86400000000000ll
#define FIELD(f) offsetof(struct dtrace_hdl, f)

static const struct dt_option options[] = {
	{ "agghist", dt_opt_switch, DTRACEOPT_AGGHIST, .dynamic = true },
	{ "aggpack", dt_opt_switch, DTRACEOPT_AGGPACK, .dynamic = true },
	{ "aggpercpu", dt_opt_switch, DTRACEOPT_AGGPERCPU },
	{ "aggrate", dt_opt_rate, DTRACEOPT_AGGRATE, MS, DAY, true },
	{ "aggsize", dt_opt_size, DTRACEOPT_AGGSIZE, 8, GIB },
	{ "aggsortkey", dt_opt_switch, DTRACEOPT_AGGSORTKEY, .dynamic = true },
	{ "aggsortkeypos", dt_opt_number, DTRACEOPT_AGGSORTKEYPOS, 0, INT16_MAX, true },
	{ "aggsortpos", dt_opt_number, DTRACEOPT_AGGSORTPOS, 0, INT16_MAX, true },
	{ "aggsortrev", dt_opt_switch, DTRACEOPT_AGGSORTREV, .dynamic = true },
	{ "aggzoom", dt_opt_switch, DTRACEOPT_AGGZOOM, .dynamic = true },
	{ "amin", dt_opt_amin, 0 },
	{ "argref", dt_opt_cflag, DTRACE_C_ARGREF },
	{ "btf", dt_opt_string, FIELD(btfpath) },
	{ "bufpolicy", dt_opt_bufpolicy, DTRACEOPT_BUFPOLICY },
	{ "bufresize", dt_opt_bufresize, DTRACEOPT_BUFRESIZE },
	{ "bufsize", dt_opt_size, DTRACEOPT_BUFSIZE, 8, GIB },
	{ "cleanrate", dt_opt_rate, DTRACEOPT_CLEANRATE, MS, DAY },
	{ "core", dt_opt_core, FIELD(core) },
	{ "cpp", dt_opt_cflag, DTRACE_C_CPP, .early = true },
	{ "cppargs", dt_opt_strings, FIELD(cppargs), .early = true },
	{ "cpphdrs", dt_opt_cpphdrs, FIELD(cpphdrs), .early = true },
	{ "cpppath", dt_opt_string, FIELD(cpppath), .early = true },
	{ "cpu", dt_opt_cpu, DTRACEOPT_CPU },
	{ "debug", dt_opt_bool, FIELD(debug) },
	{ "defaultargs", dt_opt_cflag, DTRACE_C_DEFARG },
	{ "define", dt_opt_cpparg, 'D', .early = true },
	{ "demangle", dt_opt_bool, FIELD(demangle), .dynamic = true },
	{ "destructive", dt_opt_switch, DTRACEOPT_DESTRUCTIVE },
	{ "droptags", dt_opt_bool, FIELD(droptags), .dynamic = true },
	{ "dynvarsize", dt_opt_size, DTRACEOPT_DYNVARSIZE, 8, GIB },
	{ "empty", dt_opt_cflag, DTRACE_C_EMPTY },
	{ "encoding", dt_opt_encoding, DTRACEOPT_ENCODING, .dynamic = true },
	{ "errexit", dt_opt_errexit, DTRACEOPT_ERREXIT, .dynamic = true },
	{ "errtags", dt_opt_cflag, DTRACE_C_ETAGS },
	{ "evaltime", dt_opt_evaltime, 0, .starting = true },
	{ "flowindent", dt_opt_switch, DTRACEOPT_FLOWINDENT, .dynamic = true },
	{ "incdir", dt_opt_cpparg, 'I', .early = true },
	{ "iregs", dt_opt_number, DTRACEOPT_IREGS, 1, DIF_NREGS - 1 },
	{ "jstackframes", dt_opt_number, DTRACEOPT_JSTACKFRAMES, 1, 512 },
	{ "jstackstrsize", dt_opt_size, DTRACEOPT_JSTACKSTRSIZE, 0, 64 * KIB },
	{ "kdefs", dt_opt_cflag_off, DTRACE_C_KNODEF },
	{ "knodefs", dt_opt_cflag, DTRACE_C_KNODEF },
	{ "late", dt_opt_late, 0 },
	{ "lazyload", dt_opt_fulfilled },
	{ "libdir", dt_opt_libdir, 0, .early = true },
	{ "linknommap", dt_opt_fulfilled },
	{ "linktype", dt_opt_linktype },
	{ "nolibs", dt_opt_cflag, DTRACE_C_NOLIBS, .early = true },
	{ "noresolve", dt_opt_switch, DTRACEOPT_NORESOLVE, .dynamic = true },
	{ "nspec", dt_opt_number, DTRACEOPT_NSPEC, 1, 65536 },
	{ "oformat", dt_opt_oformat, DTRACEOPT_OFORMAT },
	{ "pgmax", dt_opt_number, DTRACEOPT_PGMAX, 0, INT32_MAX, true },
	{ "preallocate", dt_opt_size, DTRACEOPT_PREALLOCATE, 0, GIB },
	{ "printsize", dt_opt_size, DTRACEOPT_PRINTSIZE, 0, 64 * KIB },
	{ "pspec", dt_opt_cflag, DTRACE_C_PSPEC },
	{ "quiet", dt_opt_switch, DTRACEOPT_QUIET, .dynamic = true },
	{ "quietresize", dt_opt_switch, DTRACEOPT_QUIETRESIZE, .dynamic = true },
	{ "rawbytes", dt_opt_switch, DTRACEOPT_RAWBYTES, .dynamic = true },
	{ "setenv", dt_opt_setenv, 0, .starting = true },
	{ "specsize", dt_opt_size, DTRACEOPT_SPECSIZE, 8, GIB },
	{ "stackframes", dt_opt_number, DTRACEOPT_STACKFRAMES, 1, 512 },
	{ "stackindent", dt_opt_number, DTRACEOPT_STACKINDENT, 0, 256, true },
	{ "stacksymbols", dt_opt_stacksymbols, DTRACEOPT_NORESOLVE, .dynamic = true },
	{ "statusrate", dt_opt_rate, DTRACEOPT_STATUSRATE, MS, 10000 * MS, true },
	{ "stdc", dt_opt_stdc, 0, .early = true },
	{ "strip", dt_opt_fulfilled },
	{ "strsize", dt_opt_size, DTRACEOPT_STRSIZE, 1, 64 * KIB },
	{ "switchrate", dt_opt_rate, DTRACEOPT_SWITCHRATE, MS, DAY, true },
	{ "syslibdir", dt_opt_string, FIELD(syslibdir), .early = true },
	{ "temporal", dt_opt_switch, DTRACEOPT_TEMPORAL },
	{ "trapfree", dt_opt_trapfree, DTRACEOPT_TRAPFREE },
	{ "tree", dt_opt_tree, 0 },
	{ "tregs", dt_opt_number, DTRACEOPT_TREGS, 1, DIF_TUPLE_MAX },
	{ "udefs", dt_opt_cflag_off, DTRACE_C_UNODEF },
	{ "undef", dt_opt_cpparg, 'U', .early = true },
	{ "unodefs", dt_opt_cflag, DTRACE_C_UNODEF },
	{ "unsetenv", dt_opt_unsetenv, 0, .starting = true },
	{ "ustackframes", dt_opt_number, DTRACEOPT_USTACKFRAMES, 1, 512 },
	{ "verbose", dt_opt_cflag, DTRACE_C_DIFV },
	{ "version", dt_opt_version, 0 },
	{ "zdefs", dt_opt_cflag, DTRACE_C_ZDEFS },
};

#define NO_TOOL "-G writes its object without the help of other programs"
#define NO_CTF "it writes a container of types in CTF, and there is none here; -x tree shows what declarations became"
#define NO_BPF "it is for BPF programs, and there are none here: the module runs what D compiles to"

/* Known to the family; what they ask for does not exist here. */
static const struct { const char *name, *why; } refused[] = {
	{ "bpflog", NO_BPF },
	{ "bpflogsize", NO_BPF },
	{ "ctfpath", "kernel types are read from the kernel's own BTF, not from a CTF archive" },
	{ "ctypes", NO_CTF },
	{ "debugassert", "it switches another library's own checks; use debug" },
	{ "disasm", "it chooses a disassembler listing of BPF; use -S" },
	{ "dofstashpath", "probes of programs are found in their files, nobody stashes DOF" },
	{ "dtypes", NO_CTF },
	{ "grabanon", "there is no boot-time (anonymous) tracing: the module is loaded after the kernel has booted" },
	{ "ldpath", NO_TOOL },
	{ "linkmode", "D programs are not linked: -G makes an object of provider declarations alone" },
	{ "lockmem", NO_BPF },
	{ "maxframes", "stacks have as many frames as stackframes or stack(n) say" },
	{ "modpath", "kernel modules' symbols and types are those of the running kernel, not of files" },
	{ "objcopypath", NO_TOOL },
	{ "pcapsize", "there is no action that captures packets" },
	{ "procfspath", "/proc is where Linux has it" },
	{ "scratchsize", "scratch memory is sized by the kernel part for the largest program it accepts" },
	{ "sysslice", "it tells daemons from users by systemd slices; use a predicate on uid" },
	{ "useruid", "it tells daemons from users by their ids; use a predicate on uid" },
	{ "zone", "Linux has no zones; to trace one container, use a predicate on its processes" },
};

static const struct dt_option *find_option(const char *name)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (!strcmp(options[i].name, name))
			return &options[i];
	return NULL;
}

static const char *why_refused(const char *name)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (!strcmp(refused[i].name, name))
			return refused[i].why;
	return NULL;
}

static size_t distance(const char *a, const char *b)
{
	size_t n = strlen(b), row[64], diag, up;

	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; *a; a++, i++) {
		diag = row[0];
		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			up = row[j];
			row[j] = diag + (*a != b[j - 1]);
			if (up + 1 < row[j])
				row[j] = up + 1;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			diag = up;
		}
	}
	return row[n];
}

/* What a misspelt name may have meant, or NULL. */
static const char *suggest(const char *name)
{
	size_t best = strlen(name) / 3 + 1, d;
	const char *found = NULL;

	for (size_t i = 0; strlen(name) < 64 && i < sizeof(options) / sizeof(*options); i++) {
		d = distance(name, options[i].name);
		if (d < best) {
			best = d;
			found = options[i].name;
		}
	}
	return found;
}

static int no_option(const char *name, char *why, size_t n)
{
	const char *reason = why_refused(name), *near = reason ? NULL : suggest(name);

	if (reason)
		snprintf(why, n, "option %s does not exist here: %s", name, reason);
	else if (near)
		snprintf(why, n, "there is no option \"%.80s\"; did you mean \"%s\"?", name, near);
	else
		snprintf(why, n, "there is no option \"%.80s\"", name);
	return reason ? EDT_OPTNOSUP : EDT_BADOPTNAME;
}

/* 0, or an EDT code with a sentence in @why. */
int dt_option_set(dtrace_hdl_t *dtp, const char *name, const char *value, char *why, size_t n)
{
	const struct dt_option *o = find_option(name);
	char sentence[DT_OPTWHY] = "";
	int rc;

	if (!o)
		return no_option(name, why, n);
	if (dtp->active && !o->dynamic) {
		snprintf(why, n, "option %s cannot be changed while tracing", name);
		return EDT_OPTACTIVE;
	}
	rc = o->set(dtp, o, value, sentence);
	if (rc)
		snprintf(why, n, "%s", sentence[0] ? sentence : dtrace_errmsg(NULL, rc));
	return rc;
}

int dt_option_pragma(dtrace_hdl_t *dtp, const char *name, const char *value, char *why, size_t n)
{
	const struct dt_option *o = find_option(name);

	if (o && (o->early || (o->starting && dt_procs_target(dtp)))) {
		snprintf(why, n, "option %s comes too late in a #pragma: %s; give it on the command line, with -x",
			 name,
			 o->early ? "what it is for is done before the program is read" :
				    "the program to trace has been started");
		return EDT_OPTACTIVE;
	}
	return dt_option_set(dtp, name, value, why, n);
}

int dtrace_setopt(dtrace_hdl_t *dtp, const char *name, const char *value)
{
	char why[DT_OPTWHY];
	int rc = dt_option_set(dtp, name, value, why, sizeof(why));

	return rc ? dt_set_error(dtp, rc, "%s", why) : 0;
}

/* Is a number of the handle's what the option sets? The others have no value that a number could say. */
static bool in_opt(const struct dt_option *o)
{
	static dt_optset_f *const kinds[] = {
		dt_opt_switch, dt_opt_number, dt_opt_size, dt_opt_rate, dt_opt_bufpolicy, dt_opt_bufresize,
		dt_opt_cpu, dt_opt_encoding, dt_opt_errexit, dt_opt_oformat, dt_opt_trapfree,
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i] == o->set)
			return true;
	return false;
}

int dtrace_getopt(dtrace_hdl_t *dtp, const char *name, dtrace_optval_t *value)
{
	const struct dt_option *o = find_option(name);
	char why[DT_OPTWHY];

	if (!o)
		return dt_set_error(dtp, no_option(name, why, sizeof(why)), "%s", why);
	*value = DTRACEOPT_UNSET;
	if (in_opt(o))
		*value = dtp->opt[o->what];
	else if (o->set == dt_opt_cflag && dtp->cflags & o->what)
		*value = 1;
	else if (o->set == dt_opt_cflag_off && !(dtp->cflags & o->what))
		*value = 1;
	else if ((o->set == dt_opt_bool || o->set == dt_opt_core || o->set == dt_opt_cpphdrs) &&
		 *(bool *)((char *)dtp + o->what))
		*value = 1;
	else if (o->set == dt_opt_stacksymbols && dtp->opt[o->what] == DTRACEOPT_UNSET)
		*value = 1;
	else if (o->set == dt_opt_evaltime)
		*value = dtp->evaltime;
	else if (o->set == dt_opt_tree)
		*value = dtp->treebits;
	else if (o->set == dt_opt_version)
		*value = dtp->dversion;
	return 0;
}

/* The environment's words: DTRACE_OPT_AGGRATE=10hz is -x aggrate=10hz (Oracle's way). */
int dtrace_setoptenv(dtrace_hdl_t *dtp, const char *prefix)
{
	size_t n = strlen(prefix), len;
	char name[64];

	for (char **e = environ; *e; e++) {
		if (strncmp(*e, prefix, n))
			continue;
		len = strcspn(*e + n, "=");
		if (!len || len >= sizeof(name))
			continue;
		for (size_t i = 0; i < len; i++)
			name[i] = (char)((*e)[n + i] | ('A' <= (*e)[n + i] && (*e)[n + i] <= 'Z' ? 0x20 : 0));
		name[len] = 0;
		if (dtrace_setopt(dtp, name, (*e)[n + len] && (*e)[n + len + 1] ? *e + n + len + 1 : NULL))
			return -1;
	}
	return 0;
}
