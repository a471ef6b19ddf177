/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Options: "-x name[=value]", "#pragma D option", dtrace_setopt().
 *
 * One table holds every option that the family knows. One that does nothing
 * here is refused by name: an option that is silently accepted is a wrong
 * result waiting to be believed.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "dt_impl.h"

struct option {
	const char *name;
	/* 0, or an EDT code; a sentence in @why (size WHY) if the code's own does not do. */
	int (*set)(dtrace_hdl_t *dtp, const struct option *o, const char *val, char *why);
	int64_t what;		/* DTRACEOPT_*, DTRACE_C_*, or as the function says */
	int64_t lo, hi;		/* range of numbers and sizes */
	bool dynamic;		/* may change while tracing */
};
#define WHY 256

static int bad(const struct option *o, const char *val, char *why, const char *wants)
{
	if (val)
		snprintf(why, WHY, "option %s wants %s, not \"%.80s\"", o->name, wants, val);
	else
		snprintf(why, WHY, "option %s wants a value: %s", o->name, wants);
	return EDT_BADOPTVAL;
}

/* Digits, then a suffix in *end. */
static bool parse_number(const char *s, uint64_t *val, const char **end)
{
	char *e;

	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	*val = strtoull(s, &e, 0);
	*end = e;
	return !errno;
}

static bool parse_switch(const char *val, bool *on)
{
	static const char *const yes[] = { "yes", "y", "on", "true", "t", "enable", "enabled", "set", "1", NULL };
	static const char *const no[] = { "no", "n", "off", "false", "f", "disable", "disabled", "unset", "0", NULL };

	for (int i = 0; yes[i]; i++)
		if (!strcasecmp(val, yes[i]))
			return *on = true;
	for (int i = 0; no[i]; i++)
		if (!strcasecmp(val, no[i])) {
			*on = false;
			return true;
		}
	return false;
}

static int opt_switch(dtrace_hdl_t *dtp, const struct option *o, const char *val, char *why)
{
	bool on = true;

	if (val && !parse_switch(val, &on))
		return bad(o, val, why, "\"on\" or \"off\"");
	dtp->opt[o->what] = on ? 1 : DTRACEOPT_UNSET;
	return 0;
}

static int opt_cflag(dtrace_hdl_t *dtp, const struct option *o, const char *val, char *why)
{
	bool on = true;

	if (val && !parse_switch(val, &on))
		return bad(o, val, why, "\"on\" or \"off\"");
	if (on)
		dtp->cflags |= (uint_t)o->what;
	else
		dtp->cflags &= ~(uint_t)o->what;
	return 0;
}

static int opt_bool(dtrace_hdl_t *dtp, const struct option *o, const char *val, char *why)
{
	bool on = true;

	if (val && !parse_switch(val, &on))
		return bad(o, val, why, "\"on\" or \"off\"");
	*(bool *)((char *)dtp + o->what) = on;
	return 0;
}

static int opt_number(dtrace_hdl_t *dtp, const struct option *o, const char *val, char *why)
{
	const char *end;
	char wants[80];
	uint64_t n;

	if (!val || !parse_number(val, &n, &end) || *end || n < (uint64_t)o->lo || n > (uint64_t)o->hi) {
		snprintf(wants, sizeof(wants), "a number from %" PRId64 " to %" PRId64, o->lo, o->hi);
		return bad(o, val, why, wants);
	}
	dtp->opt[o->what] = (dtrace_optval_t)n;
	return 0;
}

static int opt_size(dtrace_hdl_t *dtp, const struct option *o, const char *val, char *why)
{
	static const char units[] = "kmgt";
	const char *end, *unit;
	char wants[120];
	uint64_t n = 0;
	bool ok = val && parse_number(val, &n, &end);

	if (ok && *end) {
		unit = strchr(units, tolower((unsigned char)*end));
		ok = unit && !end[1];
		for (const char *u = units; ok && u <= unit; u++)
			ok = !__builtin_mul_overflow(n, (uint64_t)1024, &n);
	}
	if (!ok || n < (uint64_t)o->lo || n > (uint64_t)o->hi) {
		snprintf(wants, sizeof(wants), "a size from %" PRId64 " to %" PRId64 " bytes (suffixes k, m, g, t)",
			 o->lo, o->hi);
		return bad(o, val, why, wants);
	}
	dtp->opt[o->what] = (dtrace_optval_t)n;
	return 0;
}

/* A period with a unit, or turns a second: "hz", which a bare number is too. */
static int opt_rate(dtrace_hdl_t *dtp, const struct option *o, const char *val, char *why)
{
	static const struct { const char *name; uint64_t ns; } units[] = {
		{ "ns", 1 }, { "nsec", 1 }, { "us", 1000 }, { "usec", 1000 }, { "ms", 1000000 }, { "msec", 1000000 },
		{ "s", 1000000000 }, { "sec", 1000000000 }, { "m", 60000000000 }, { "min", 60000000000 },
		{ "h", 3600000000000 }, { "hour", 3600000000000 }, { "d", 86400000000000 }, { "day", 86400000000000 },
		{ "hz", 0 }, { "", 0 }, { NULL, 0 }
	};
	const char *end;
	uint64_t n;
	int i = 0;

	if (!val || !parse_number(val, &n, &end))
		goto bad;
	while (units[i].name && strcasecmp(units[i].name, end))
		i++;
	if (!units[i].name || !n)
		goto bad;
	if (units[i].ns ? __builtin_mul_overflow(n, units[i].ns, &n) : !(n = 1000000000 / n))
		goto bad;
	if (n < (uint64_t)o->lo || n > (uint64_t)o->hi)
		goto bad;
	dtp->opt[o->what] = (dtrace_optval_t)n;
	return 0;
bad:
	return bad(o, val, why, "a rate such as \"10hz\" or a period such as \"100ms\" or \"5s\", within its limits");
}

static int opt_cpu(dtrace_hdl_t *dtp, const struct option *o, const char *val, char *why)
{
	const char *end;
	uint64_t n;

	if (val && !strcmp(val, "all")) {
		dtp->opt[o->what] = DTRACEOPT_UNSET;
		return 0;
	}
	if (!val || !parse_number(val, &n, &end) || *end || n > INT32_MAX || (dtp->ver.ncpus && n >= dtp->ver.ncpus))
		return bad(o, val, why, "the number of a CPU, or \"all\"");
	dtp->opt[o->what] = (dtrace_optval_t)n;
	return 0;
}

static int opt_bufpolicy(dtrace_hdl_t *dtp, const struct option *o, const char *val, char *why)
{
	if (val && (!strcmp(val, "ring") || !strcmp(val, "fill"))) {
		snprintf(why, WHY, "option bufpolicy=%s is not supported yet", val);
		return EDT_OPTNOSUP;
	}
	return val && !strcmp(val, "switch") ? 0 : bad(o, val, why, "\"switch\"");
}

static int opt_bufresize(dtrace_hdl_t *dtp, const struct option *o, const char *val, char *why)
{
	if (!val || (strcmp(val, "auto") && strcmp(val, "manual")))
		return bad(o, val, why, "\"auto\" or \"manual\"");
	dtp->opt[o->what] = strcmp(val, "auto") ? DTRACEOPT_BUFRESIZE_MANUAL : DTRACEOPT_BUFRESIZE_AUTO;
	return 0;
}

static int opt_evaltime(dtrace_hdl_t *dtp, const struct option *o, const char *val, char *why)
{
	static const char *const names[] = { "exec", "preinit", "postinit", "main", NULL };

	for (int i = 0; val && names[i]; i++)
		if (!strcmp(val, names[i])) {
			dtp->evaltime = (enum dt_evaltime)i;
			return 0;
		}
	return bad(o, val, why, "\"exec\", \"preinit\", \"postinit\" or \"main\"");
}

/* An argument for the preprocessor: what is the letter of its option. */
static int opt_cpparg(dtrace_hdl_t *dtp, const struct option *o, const char *val, char *why)
{
	char flag[3] = { '-', (char)o->what, 0 };

	if (!val || !*val)
		return bad(o, val, why, o->what == 'I' ? "a folder" : "a name");
	if (dt_strs_add(&dtp->cppargs, flag) || dt_strs_add(&dtp->cppargs, val))
		return ENOMEM;
	return 0;
}

static int opt_cpppath(dtrace_hdl_t *dtp, const struct option *o, const char *val, char *why)
{
	char *path;

	if (!val || !*val)
		return bad(o, val, why, "the path of a C preprocessor");
	path = strdup(val);
	if (!path)
		return ENOMEM;
	free(dtp->cpppath);
	dtp->cpppath = path;
	return 0;
}

static int opt_libdir(dtrace_hdl_t *dtp, const struct option *o, const char *val, char *why)
{
	if (!val || !*val)
		return bad(o, val, why, "a folder");
	dtp->libs_read = false;
	return dt_strs_add(&dtp->libdirs, val) ? ENOMEM : 0;
}

static int opt_nosup(dtrace_hdl_t *dtp, const struct option *o, const char *val, char *why)
{
	snprintf(why, WHY, "option %s is not supported yet", o->name);
	return EDT_OPTNOSUP;
}

#define KIB	1024ll
#define GIB	(1ll << 30)
#define MS	1000000ll
#define DAY	86400000000000ll
#define FIELD(f) offsetof(struct dtrace_hdl, f)

static const struct option options[] = {
	{ "aggrate", opt_rate, DTRACEOPT_AGGRATE, MS, DAY, true },
	{ "aggsize", opt_size, DTRACEOPT_AGGSIZE, 4 * KIB, GIB },
	{ "aggsortkey", opt_switch, DTRACEOPT_AGGSORTKEY, .dynamic = true },
	{ "aggsortkeypos", opt_number, DTRACEOPT_AGGSORTKEYPOS, 0, INT16_MAX, true },
	{ "aggsortpos", opt_number, DTRACEOPT_AGGSORTPOS, 0, INT16_MAX, true },
	{ "aggsortrev", opt_switch, DTRACEOPT_AGGSORTREV, .dynamic = true },
	{ "argref", opt_cflag, DTRACE_C_ARGREF },
	{ "bufpolicy", opt_bufpolicy, DTRACEOPT_BUFPOLICY },
	{ "bufresize", opt_bufresize, DTRACEOPT_BUFRESIZE },
	{ "bufsize", opt_size, DTRACEOPT_BUFSIZE, 4 * KIB, GIB },
	{ "cleanrate", opt_rate, DTRACEOPT_CLEANRATE, MS, DAY },
	{ "cpp", opt_cflag, DTRACE_C_CPP },
	{ "cpppath", opt_cpppath, 0 },
	{ "cpu", opt_cpu, DTRACEOPT_CPU },
	{ "defaultargs", opt_cflag, DTRACE_C_DEFARG },
	{ "define", opt_cpparg, 'D' },
	{ "demangle", opt_bool, FIELD(demangle) },
	{ "destructive", opt_switch, DTRACEOPT_DESTRUCTIVE },
	{ "droptags", opt_bool, FIELD(droptags) },
	{ "dynvarsize", opt_size, DTRACEOPT_DYNVARSIZE, 4 * KIB, GIB },
	{ "empty", opt_cflag, DTRACE_C_EMPTY },
	{ "errtags", opt_cflag, DTRACE_C_ETAGS },
	{ "evaltime", opt_evaltime, 0 },
	{ "flowindent", opt_switch, DTRACEOPT_FLOWINDENT, .dynamic = true },
	{ "incdir", opt_cpparg, 'I' },
	{ "jstackframes", opt_number, DTRACEOPT_JSTACKFRAMES, 1, 512 },
	{ "jstackstrsize", opt_size, DTRACEOPT_JSTACKSTRSIZE, 0, 64 * KIB },
	{ "libdir", opt_libdir, 0 },
	{ "nolibs", opt_cflag, DTRACE_C_NOLIBS },
	{ "pspec", opt_cflag, DTRACE_C_PSPEC },
	{ "quiet", opt_switch, DTRACEOPT_QUIET, .dynamic = true },
	{ "rawbytes", opt_switch, DTRACEOPT_RAWBYTES, .dynamic = true },
	{ "stackframes", opt_number, DTRACEOPT_STACKFRAMES, 1, 512 },
	{ "stackindent", opt_number, DTRACEOPT_STACKINDENT, 0, 256, true },
	{ "statusrate", opt_rate, DTRACEOPT_STATUSRATE, MS, 10000 * MS, true },
	{ "strsize", opt_size, DTRACEOPT_STRSIZE, 16, 64 * KIB },
	{ "switchrate", opt_rate, DTRACEOPT_SWITCHRATE, MS, DAY, true },
	{ "undef", opt_cpparg, 'U' },
	{ "ustackframes", opt_number, DTRACEOPT_USTACKFRAMES, 1, 512 },
	{ "zdefs", opt_cflag, DTRACE_C_ZDEFS },
};

/* Known to the family, without effect here. */
static const char *const unsupported[] = {
	"agghist", "aggpack", "aggpercpu", "aggzoom", "amin", "core", "cpphdrs", "ctfpath", "ctypes", "debug",
	"debugassert", "disasm", "dtypes", "encoding", "errexit", "grabanon", "iregs", "kdefs", "knodefs", "late",
	"lazyload", "ldpath", "linkmode", "linktype", "maxframes", "modpath", "noresolve", "nspec", "objcopypath",
	"oformat", "pcapsize", "pgmax", "preallocate", "printsize", "procfspath", "quietresize", "scratchsize",
	"setenv", "specsize", "stacksymbols", "stdc", "strip", "syslibdir", "sysslice", "temporal", "tree", "tregs",
	"udefs", "unodefs", "unsetenv", "useruid", "verbose", "version", "zone", NULL
};

static const struct option *find_option(const char *name, struct option *spare)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (!strcmp(options[i].name, name))
			return &options[i];
	for (int i = 0; unsupported[i]; i++)
		if (!strcmp(unsupported[i], name)) {
			*spare = (struct option){ .name = unsupported[i], .set = opt_nosup };
			return spare;
		}
	return NULL;
}

/* 0, or an EDT code with a sentence in @why. */
int dt_option_set(dtrace_hdl_t *dtp, const char *name, const char *value, char *why, size_t n)
{
	char sentence[WHY] = "";
	struct option spare;
	const struct option *o = find_option(name, &spare);
	int rc;

	if (!o) {
		snprintf(why, n, "there is no option \"%.80s\"", name);
		return EDT_BADOPTNAME;
	}
	if (dtp->active && !o->dynamic && o->set != opt_nosup) {
		snprintf(why, n, "option %s cannot be changed while tracing", name);
		return EDT_OPTACTIVE;
	}
	rc = o->set(dtp, o, value, sentence);
	if (rc)
		snprintf(why, n, "%s", sentence[0] ? sentence : dtrace_errmsg(NULL, rc));
	return rc;
}

int dtrace_setopt(dtrace_hdl_t *dtp, const char *name, const char *value)
{
	char why[WHY];
	int rc = dt_option_set(dtp, name, value, why, sizeof(why));

	return rc ? dt_set_error(dtp, rc, "%s", why) : 0;
}

int dtrace_getopt(dtrace_hdl_t *dtp, const char *name, dtrace_optval_t *value)
{
	struct option spare;
	const struct option *o = find_option(name, &spare);

	if (!o)
		return dt_set_error(dtp, EDT_BADOPTNAME, "there is no option \"%.80s\"", name);
	if (o->set == opt_cflag)
		*value = dtp->cflags & o->what ? 1 : DTRACEOPT_UNSET;
	else if (o->set == opt_bool)
		*value = *(bool *)((char *)dtp + o->what) ? 1 : DTRACEOPT_UNSET;
	else if (o->set == opt_evaltime)
		*value = dtp->evaltime;
	else if (o->set == opt_cpparg || o->set == opt_cpppath || o->set == opt_libdir || o->set == opt_nosup)
		*value = DTRACEOPT_UNSET;
	else
		*value = dtp->opt[o->what];
	return 0;
}
