/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options: the table (options.c) and how each kind takes its value (optset.c). */
#ifndef DT_OPTIONS_H
#define DT_OPTIONS_H

#include "dt_impl.h"

#define DT_OPTWHY 256

struct dt_option;
/* 0, or an EDT code; a sentence in @why (size DT_OPTWHY) if the code's own does not do. @val may be NULL. */
typedef int dt_optset_f(dtrace_hdl_t *dtp, const struct dt_option *o, const char *val, char *why);

struct dt_option {
	const char *name;
	dt_optset_f *set;
	int64_t what;		/* DTRACEOPT_*, DTRACE_C_*, offset in the handle, or as the function says */
	int64_t lo, hi;		/* range of numbers and sizes */
	bool dynamic;		/* may change while tracing */
	bool early;		/* is looked at before a program's text is: a #pragma comes too late */
	bool starting;		/* is for programs yet to be started: a #pragma may come too late */
};

/* Into opt[what]: 1 or DTRACEOPT_UNSET; numbers; bytes; nanoseconds. */
dt_optset_f dt_opt_switch, dt_opt_number, dt_opt_size, dt_opt_rate;
/* A bit of cflags; the same upside down; a bool in the handle; a string there; a list of strings there. */
dt_optset_f dt_opt_cflag, dt_opt_cflag_off, dt_opt_bool, dt_opt_string, dt_opt_strings;
/* Each of these is one option's. */
dt_optset_f dt_opt_amin, dt_opt_bufpolicy, dt_opt_bufresize, dt_opt_core, dt_opt_cpparg, dt_opt_cpphdrs, dt_opt_cpu;
dt_optset_f dt_opt_encoding, dt_opt_errexit, dt_opt_evaltime, dt_opt_fulfilled, dt_opt_late, dt_opt_libdir;
dt_optset_f dt_opt_linktype, dt_opt_oformat, dt_opt_trapfree;
dt_optset_f dt_opt_setenv, dt_opt_stacksymbols, dt_opt_stdc, dt_opt_tree, dt_opt_unsetenv, dt_opt_version;

#endif /* DT_OPTIONS_H */
