/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/pid/raw: the pid provider's kernel half, driven without libdtrace. raw.c
 * has the tests, raw_session.c a consumer that arms functions and counts
 * hits, raw_fn.S the functions.
 */
#ifndef RAW_H
#define RAW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <dtrace/abi.h>
#include <dtrace/pid.h>

struct raw_fn {
	const char *name;
	uint64_t start, end, even, odd;
};
extern const struct raw_fn raw_fns[];
extern const char raw_text[], raw_text_end[];

typedef uint64_t raw_call(uint64_t x, uint64_t y);

#define RAW_MAXCLAUSE	1024

/* A consumer with one process. Clause i counts into counts[i]. */
struct raw_session {
	int fd;
	uint64_t cookie;
	uint32_t ncpus, nclauses;
	struct { char mod[32], func[32], name[16]; } clauses[RAW_MAXCLAUSE];
	uint64_t counts[RAW_MAXCLAUSE];
	uint64_t drops;
	uint64_t aggsize, aliveness;	/* aliveness: before raw_go(); 0: the kernel's own */
	char prov[32];
	struct dtrace_pid_stat stat;
};

/* Offer the kernel to count entries by a jump. */
extern bool raw_jumps;

/* What to arm of a function. */
#define RAW_ENTRY	1
#define RAW_RETURN	2
#define RAW_OFFSETS	4

/* All return 0 or -errno. */
int raw_open(struct raw_session *s, pid_t pid);
int raw_provider(struct raw_session *s, uint32_t op, void *arg, size_t size);
/* ADD the functions for which want() is true, with one clause for each probe. */
int raw_add(struct raw_session *s, unsigned what, bool (*want)(const struct raw_fn *fn));
int raw_add_sync(struct raw_session *s, const struct raw_fn *fn);
int raw_enable(struct raw_session *s);
int raw_go(struct raw_session *s);
int raw_stop(struct raw_session *s);	/* fills counts, drops, stat */
int raw_stat(struct raw_session *s);
void raw_close(struct raw_session *s);
uint64_t raw_count(const struct raw_session *s, const char *func, const char *name);
/* One point from memory of our own. */
int raw_point(const void *insn, uint64_t addr, struct dtrace_pid_point *pt);

void sleep_ms(long ms);
bool wait_for(atomic_int *flag);	/* at most half a minute; false: in vain */

#endif
