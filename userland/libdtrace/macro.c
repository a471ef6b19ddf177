/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Macro variables: $pid and its kin are dtrace's own, $target is the process traced. */
#include <string.h>
#include <unistd.h>

#include "dt_impl.h"

static int64_t own_pid(void) { return getpid(); }
static int64_t own_ppid(void) { return getppid(); }
static int64_t own_pgid(void) { return getpgid(0); }
static int64_t own_sid(void) { return getsid(0); }
static int64_t own_uid(void) { return getuid(); }
static int64_t own_euid(void) { return geteuid(); }
static int64_t own_gid(void) { return getgid(); }
static int64_t own_egid(void) { return getegid(); }

bool dt_macro_lookup(void *ctx, const char *name, int64_t *val, bool *undef)
{
	static const struct { const char *name; int64_t (*get)(void); } macros[] = {
		{ "pid", own_pid }, { "ppid", own_ppid }, { "pgid", own_pgid }, { "sid", own_sid },
		{ "uid", own_uid }, { "euid", own_euid }, { "gid", own_gid }, { "egid", own_egid },
	};

	*undef = false;
	if (!strcmp(name, "target")) {
		*val = dt_procs_target(ctx);
		*undef = !*val;
		return true;
	}
	for (size_t i = 0; i < sizeof(macros) / sizeof(*macros); i++)
		if (!strcmp(name, macros[i].name)) {
			*val = macros[i].get();
			return true;
		}
	return false;
}
