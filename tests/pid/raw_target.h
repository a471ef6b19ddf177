/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes that raw.c traces: what each does, and what they share with the tests. */
#ifndef RAW_TARGET_H
#define RAW_TARGET_H

#include "raw.h"

#define MAXFN 64

/* What target and tests share. */
extern struct shared {
	atomic_int ready, go, stop;
	atomic_ullong calls[MAXFN];
	atomic_ullong wrong, badip, signals, traps, children;
	atomic_ullong elapsed;
} *sh;

extern long loops;

uint64_t now_ns(void);
/* One of those that are called and counted as all others. */
bool ordinary(const struct raw_fn *fn);
const struct raw_fn *fn_named(const char *name);

void target_some(void);
void target_threads(void);
void target_gated(void);	/* go: 2 with a timer's signals */
void target_signals(void);
void target_int3(void);
void target_forks(void);
void target_sync(void);
void target_exec(void);
void target_speed(void);
void target_fault(void);

#endif
