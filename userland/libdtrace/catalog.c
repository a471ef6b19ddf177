/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the providers can have, for compiling where there is no kernel part to ask
 * (dtrace -e in an editor, a container, somebody's build).
 *
 * Some providers' probes are known beforehand: all of dtrace's, which names the profile
 * provider makes, how probes of the pid provider may be called. A description that
 * names one of those providers and could match none of its probes is an error, with the words
 * that a kernel would have led to. So is one that names no provider but clearly means one of
 * their probes, misspelt. Everything else is taken on trust: the providers of programs are
 * known to the programs' machine alone, and a check must not refuse what would work there.
 * Processes are not looked at: the one that $target will be need not exist.
 */
#include <ctype.h>
#include <string.h>

#include "../../providers/profile/kmod_name.h"
#include "dt_impl.h"
#include "user.h"

static const char *const dtrace_probes[] = { "BEGIN", "END", "ERROR" };

static const struct provider {
	const char *name;
	const char *const *probes;	/* as a listing has them */
	size_t n;
} providers[] = {
	{ "dtrace", dtrace_probes, sizeof(dtrace_probes) / sizeof(*dtrace_probes) },
	{ "profile", dtk_profile_usual, sizeof(dtk_profile_usual) / sizeof(*dtk_profile_usual) },
};

static bool is_glob(const char *s)
{
	return strpbrk(s, "*?[\\");
}

static bool is_rate(const char *name)
{
	unsigned long long ns;
	bool tick;

	return dtk_profile_name(name, &ns, &tick);
}

/* A name that only the profile provider has reason to use. */
static bool means_rate(const char *name)
{
	return !is_glob(name) && (!strncmp(name, "tick-", 5) || !strncmp(name, "profile-", 8));
}

const char *dt_catalog_hint(const dtrace_probedesc_t *pat)
{
	if ((*pat->dtpd_provider && strcmp(pat->dtpd_provider, "profile")) || *pat->dtpd_mod || *pat->dtpd_func ||
	    !means_rate(pat->dtpd_name) || is_rate(pat->dtpd_name))
		return NULL;
	return "after the '-' comes a rate of 1 to 5000 a second, or a period of 200us or more with its unit: ns, us, "
	       "ms, s, m, h or d";
}

int dt_catalog_walk(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pat, dtrace_probe_f *func, void *arg)
{
	static const dtrace_probedesc_t all = { 0 };
	dtrace_probedesc_t pd = { 0 };
	int rc = 0;

	pat = pat ? pat : &all;
	for (size_t i = 0; i < sizeof(providers) / sizeof(*providers); i++) {
		const struct provider *p = &providers[i];

		if (!dt_glob_fits(pat->dtpd_provider, p->name) || !dt_glob_fits(pat->dtpd_mod, "") ||
		    !dt_glob_fits(pat->dtpd_func, ""))
			continue;
		strcpy(pd.dtpd_provider, p->name);
		for (size_t j = 0; j < p->n && !rc; j++) {
			if (!dt_glob_fits(pat->dtpd_name, p->probes[j]))
				continue;
			strcpy(pd.dtpd_name, p->probes[j]);
			rc = func(dtp, &pd, arg);
		}
	}
	return rc;
}

static bool is_provider(const char *name)
{
	for (size_t i = 0; i < sizeof(providers) / sizeof(*providers); i++)
		if (!strcmp(providers[i].name, name))
			return true;
	return false;
}

/* pid123; pid0 is $target before there is one. */
static bool is_pid(const char *provider)
{
	return !strncmp(provider, "pid", 3) && provider[3] && !provider[3 + strspn(provider + 3, "0123456789")];
}

/* A description of a name alone that is nearly one of dtrace's. (What is near to END is often another word.) */
static bool misspelt(const char *name)
{
	return dt_name_distance(name, "BEGIN", 3) < 3 || dt_name_distance(name, "ERROR", 3) < 3;
}

static int found(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pd, void *arg)
{
	return 1;
}

enum dt_verdict dt_catalog_check(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pat, struct dt_err *err)
{
	bool alone = !*pat->dtpd_provider && !*pat->dtpd_mod && !*pat->dtpd_func;

	if (pat->dtpd_id)
		return DT_MAY_BE;
	if (is_pid(pat->dtpd_provider))
		return dt_pid_check(pat, err) ? DT_CANNOT_BE : DT_MAY_BE;
	if (dt_catalog_walk(dtp, pat, found, NULL))
		return DT_MAY_BE;
	if (dt_glob_fits(pat->dtpd_mod, "") && dt_glob_fits(pat->dtpd_func, "") && is_rate(pat->dtpd_name) &&
	    dt_glob_fits(pat->dtpd_provider, "profile"))
		return DT_MAY_BE;
	if (is_provider(pat->dtpd_provider))
		return DT_IS_NOT;
	return alone && (means_rate(pat->dtpd_name) || misspelt(pat->dtpd_name)) ? DT_IS_NOT : DT_MAY_BE;
}
