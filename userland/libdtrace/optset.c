/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How options take their values: one function a kind of value, then those that are like no other. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "options.h"

static int bad(const struct dt_option *o, const char *val, char *why, const char *wants)
{
	if (val)
		snprintf(why, DT_OPTWHY, "option %s wants %s, not \"%.80s\"", o->name, wants, val);
	else
		snprintf(why, DT_OPTWHY, "option %s wants a value: %s", o->name, wants);
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

/* No value turns a switch on. */
static int take_switch(const struct dt_option *o, const char *val, char *why, bool *on)
{
	*on = true;
	return val && !parse_switch(val, on) ? bad(o, val, why, "\"on\" or \"off\"") : 0;
}

/* ---- Kinds ---------------------------------------------------------------------- */

int dt_opt_switch(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	bool on;
	int rc = take_switch(o, val, why, &on);

	if (!rc)
		dtp->opt[o->what] = on ? 1 : DTRACEOPT_UNSET;
	return rc;
}

static int set_cflag(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why, bool invert)
{
	bool on;
	int rc = take_switch(o, val, why, &on);

	if (!rc && on != invert)
		dtp->cflags |= (uint_t)o->what;
	else if (!rc)
		dtp->cflags &= ~(uint_t)o->what;
	return rc;
}

int dt_opt_cflag(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	return set_cflag(dtp, o, val, why, false);
}

int dt_opt_cflag_off(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	return set_cflag(dtp, o, val, why, true);
}

int dt_opt_bool(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	bool on;
	int rc = take_switch(o, val, why, &on);

	if (!rc)
		*(bool *)((char *)dtp + o->what) = on;
	return rc;
}

int dt_opt_number(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
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

int dt_opt_size(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
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
int dt_opt_rate(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
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

int dt_opt_string(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	char **field = (char **)((char *)dtp + o->what), *copy;

	if (!val || !*val)
		return bad(o, val, why, "a path");
	copy = strdup(val);
	if (!copy)
		return ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

int dt_opt_strings(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	if (!val || !*val)
		return bad(o, val, why, "something");
	return dt_strs_add((struct dt_strs *)((char *)dtp + o->what), val) ? ENOMEM : 0;
}

/* One word of a list: its place there, or -1. */
static int one_of(const char *val, const char *const *words)
{
	for (int i = 0; val && words[i]; i++)
		if (!strcmp(val, words[i]))
			return i;
	return -1;
}

/* ---- The preprocessor -------------------------------------------------------------- */

/* An argument for the preprocessor: what is the letter of its option. */
int dt_opt_cpparg(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	char flag[3] = { '-', (char)o->what, 0 };

	if (!val || !*val)
		return bad(o, val, why, o->what == 'I' ? "a folder" : "a name");
	if (dt_strs_add(&dtp->cppargs, flag) || dt_strs_add(&dtp->cppargs, val))
		return ENOMEM;
	return 0;
}

int dt_opt_cpphdrs(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	int rc = dt_opt_bool(dtp, o, val, why);

	if (!rc && dtp->cpphdrs)
		dtp->cflags |= DTRACE_C_CPP;
	return rc;
}

/*
 * The family's dialects are those of Sun's compiler. What a D program can see of
 * them is __STDC__; "s" is K&R's, which GNU calls traditional.
 */
int dt_opt_stdc(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	if (!val || strlen(val) != 1 || !strchr("acst", *val))
		return bad(o, val, why, "\"a\", \"c\", \"s\" or \"t\"");
	dtp->stdc = *val;
	return 0;
}

/* ---- Others ------------------------------------------------------------------------- */

int dt_opt_amin(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	dtrace_attribute_t attr;

	if (!val || dtrace_str2attr(val, &attr))
		return bad(o, val, why, "stability as name/data/class, such as \"Evolving/Evolving/Common\"");
	dtp->amin = attr;
	dtp->cflags |= DTRACE_C_EATTR;
	return 0;
}

int dt_opt_bufpolicy(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	static const char *const names[] = { "ring", "fill", "switch", NULL };
	int i = one_of(val, names);

	if (i < 0)
		return bad(o, val, why, "\"switch\", \"ring\" or \"fill\"");
	dtp->opt[o->what] = i;	/* DTRACEOPT_BUFPOLICY_* */
	return 0;
}

int dt_opt_bufresize(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	static const char *const names[] = { "auto", "manual", NULL };
	int i = one_of(val, names);

	if (i < 0)
		return bad(o, val, why, "\"auto\" or \"manual\"");
	dtp->opt[o->what] = i;	/* DTRACEOPT_BUFRESIZE_* */
	return 0;
}

/* If the compiler or the library crashes, leave a core file. */
int dt_opt_core(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	struct rlimit lim;
	int rc = dt_opt_bool(dtp, o, val, why);

	if (rc || !dtp->core)
		return rc;
	if (getrlimit(RLIMIT_CORE, &lim))
		return errno;
	lim.rlim_cur = lim.rlim_max;
	return setrlimit(RLIMIT_CORE, &lim) ? errno : 0;
}

int dt_opt_cpu(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
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

int dt_opt_trapfree(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	static const char *const names[] = { "off", "on", "require", NULL };
	int i = val ? one_of(val, names) : DTRACEOPT_TRAPFREE_ON;

	if (i < 0)
		return bad(o, val, why, "\"on\", \"off\" or \"require\"");
	dtp->opt[o->what] = i;
	return 0;
}

int dt_opt_encoding(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	static const char *const names[] = { "ascii", "utf8", NULL };
	int i = val ? one_of(strcasecmp(val, "utf-8") ? val : "utf8", names) : -1;

	if (i < 0)
		return bad(o, val, why, "\"ascii\" or \"utf8\"");
	dtp->opt[o->what] = i;	/* DTRACEOPT_ENCODING_* */
	return 0;
}

int dt_opt_errexit(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	const char *end;
	uint64_t n = 1;

	if (val && (!parse_number(val, &n, &end) || *end || n > 255))
		return bad(o, val, why, "an exit status from 0 to 255");
	dtp->opt[o->what] = (dtrace_optval_t)n;
	return 0;
}

int dt_opt_evaltime(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	static const char *const names[] = { "exec", "preinit", "postinit", "main", NULL };
	int i = one_of(val, names);

	if (i < 0)
		return bad(o, val, why, "\"exec\", \"preinit\", \"postinit\" or \"main\"");
	dtp->evaltime = (enum dt_evaltime)i;
	return 0;
}

/*
 * Wishes about -G that come true anyway: the object registers nothing when it is loaded (lazyload), holds no
 * program that could be stripped, and the program's objects are not written to.
 */
int dt_opt_fulfilled(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	bool on;

	return take_switch(o, val, why, &on);
}

/* What -G makes. */
int dt_opt_linktype(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	static const char *const names[] = { "elf", "dof", NULL };
	int i = one_of(val, names);

	if (i == 1) {
		snprintf(why, DT_OPTWHY, "option linktype=dof does not exist here: -G makes an ELF object");
		return EDT_OPTNOSUP;
	}
	return i < 0 ? bad(o, val, why, "\"elf\"") : 0;
}

/*
 * When translators are looked up. Those that a program uses must be there in either case; with "dynamic"
 * a provider may be declared without them (dtrace -h).
 */
int dt_opt_late(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	static const char *const names[] = { "dynamic", "static", NULL };
	int i = one_of(val, names);

	if (i < 0)
		return bad(o, val, why, "\"dynamic\" or \"static\"");
	dtp->late = i == 0;
	return 0;
}

int dt_opt_libdir(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	if (!val || !*val)
		return bad(o, val, why, "a folder");
	dtp->libs_read = false;
	return dt_strs_add(&dtp->libdirs, val) ? ENOMEM : 0;
}

/* json, xml, html, each with ",pretty"; text is what there is without. */
int dt_opt_oformat(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	static const char *const names[] = { "text", "json", "xml", "html", NULL };
	size_t n = val ? strcspn(val, ",") : 0;
	const char *rest = val ? val + n : "";
	int found = -1;

	for (int i = 0; val && names[i]; i++)
		if (strlen(names[i]) == n && !strncmp(val, names[i], n))
			found = i;
	if (found < 0 || (*rest && strcmp(rest, ",pretty")))
		return bad(o, val, why, "\"json\" or \"xml\", with \",pretty\" for people");
	if (found == DTRACEOPT_OFORMAT_HTML) {
		snprintf(why, DT_OPTWHY, "option oformat=html does not exist here: a page is for people, whom the text "
			 "serves; json and xml are for programs, and make any page");
		return EDT_OPTNOSUP;
	}
	dtp->opt[o->what] = found == DTRACEOPT_OFORMAT_TEXT ? DTRACEOPT_UNSET :
			    found | (*rest ? DTRACEOPT_OFORMAT_PRETTY : 0);
	return 0;
}

/* The environment of programs that we start: ours, until the first change. */
static int own_environment(dtrace_hdl_t *dtp)
{
	if (dtp->env.s)
		return 0;
	for (char **e = environ; *e; e++)
		if (dt_strs_add(&dtp->env, *e))
			return ENOMEM;
	return 0;
}

static void drop_variable(struct dt_strs *env, const char *name, size_t len)
{
	size_t k = 0;

	for (size_t i = 0; i < env->n; i++) {
		if (!strncmp(env->s[i], name, len) && env->s[i][len] == '=')
			free(env->s[i]);
		else
			env->s[k++] = env->s[i];
	}
	env->n = k;
	if (env->s)
		env->s[k] = NULL;
}

int dt_opt_setenv(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	const char *eq = val ? strchr(val, '=') : NULL;

	if (!eq || eq == val)
		return bad(o, val, why, "NAME=value");
	if (own_environment(dtp))
		return ENOMEM;
	drop_variable(&dtp->env, val, (size_t)(eq - val));
	return dt_strs_add(&dtp->env, val) ? ENOMEM : 0;
}

int dt_opt_unsetenv(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	if (!val || !*val || strchr(val, '='))
		return bad(o, val, why, "the name of an environment variable");
	if (own_environment(dtp))
		return ENOMEM;
	drop_variable(&dtp->env, val, strlen(val));
	return 0;
}

/* The macOS family's word for the opposite of noresolve. */
int dt_opt_stacksymbols(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	bool on;
	int rc = take_switch(o, val, why, &on);

	if (!rc)
		dtp->opt[o->what] = on ? DTRACEOPT_UNSET : 1;
	return rc;
}

int dt_opt_tree(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	const char *end;
	uint64_t n;

	if (!val || !parse_number(val, &n, &end) || *end || n & ~(uint64_t)DT_TREE_MASK)
		return bad(o, val, why, "bits: 1 the tree as parsed, 2 with its types");
	dtp->treebits = (uint32_t)n;
	return 0;
}

int dt_opt_version(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why)
{
	uint32_t v;

	if (!val || dt_str2version(val, &v))
		return bad(o, val, why, "a version of D such as \"1.2\" or \"1.6.3\"");
	if (!dt_version_known(v)) {
		snprintf(why, DT_OPTWHY, "version %s of the D interface is not known here: the newest is %s", val,
			 DT_DVERSION_TEXT);
		return EDT_BADOPTVAL;
	}
	dtp->dversion = v;
	return 0;
}
