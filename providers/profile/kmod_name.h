/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * Names of the profile provider's probes: "profile-97", "tick-5sec". The module makes probes
 * by them; libdtrace checks programs by them where there is no module.
 */
#ifndef DTK_PROFILE_NAME_H
#define DTK_PROFILE_NAME_H

#ifdef __KERNEL__
#include <linux/string.h>
#include <linux/types.h>
#else
#include <stdbool.h>
#include <string.h>
#endif

#define DTK_PROFILE_LEAST	200000ull		/* ns between two firings */
#define DTK_PROFILE_MOST	((1ull << 63) / 4)

static const char *const dtk_profile_usual[] = {	/* those in listings */
	"profile-97", "profile-199", "profile-499", "profile-997", "profile-1999", "profile-4001", "profile-4999",
	"tick-1", "tick-10", "tick-100", "tick-500", "tick-1000", "tick-5000",
};

static const struct {
	const char *name;
	unsigned long long ns;	/* 0: a rate */
} dtk_profile_units[] = {
	{ "", 0 }, { "hz", 0 },
	{ "ns", 1 }, { "nsec", 1 },
	{ "us", 1000 }, { "usec", 1000 },
	{ "ms", 1000000 }, { "msec", 1000000 },
	{ "s", 1000000000ull }, { "sec", 1000000000ull },
	{ "m", 60000000000ull }, { "min", 60000000000ull },
	{ "h", 3600000000000ull }, { "hour", 3600000000000ull },
	{ "d", 86400000000000ull }, { "day", 86400000000000ull },
};

static inline bool dtk_profile_interval(unsigned long long n, const char *unit, unsigned long long *ns)
{
	size_t i;

	for (i = 0; i < sizeof(dtk_profile_units) / sizeof(*dtk_profile_units); i++) {
		if (strcmp(unit, dtk_profile_units[i].name))
			continue;
		if (!dtk_profile_units[i].ns)
			*ns = n ? 1000000000ull / n : 0;
		else if (__builtin_mul_overflow(n, dtk_profile_units[i].ns, ns))
			return false;
		return *ns >= DTK_PROFILE_LEAST && *ns <= DTK_PROFILE_MOST;
	}
	return false;
}

/* The interval in ns, and which of the two it is. False: there is no such probe. */
static inline bool dtk_profile_name(const char *name, unsigned long long *ns, bool *tick)
{
	unsigned long long n = 0;
	const char *s;

	*tick = !strncmp(name, "tick-", 5);
	if (!*tick && strncmp(name, "profile-", 8))
		return false;
	name += *tick ? 5 : 8;
	for (s = name; *s >= '0' && *s <= '9'; s++) {
		if (__builtin_mul_overflow(n, 10ull, &n) ||
		    __builtin_add_overflow(n, (unsigned long long)(*s - '0'), &n))
			return false;
	}
	return s > name && dtk_profile_interval(n, s, ns);
}

#endif /* DTK_PROFILE_NAME_H */
