/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program that counts its own calls. Each counted function says ENTER and,
 * before each of its returns, LEAVE; truth_write() writes what happened to
 * the file named by $TRUTH, a line a function:
 *
 *     name hex-offset-in-the-file entries returns
 *
 * The counters are the program's own: dtrace has no part in them. A program of many such functions
 * lists them once, as F(X) with an X(name) for each: F(TRUTH_OF) declares them, TRUTH_WRITE(F) writes them.
 */
#ifndef TRUTH_H
#define TRUTH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct truth {
	const char *name;
	void *addr;
	uint64_t entries, returns;
};

#define COUNTED __attribute__((noinline, noclone, used))
#define TRUTH(fn) static struct truth t_##fn = { .name = #fn }
#define ENTER(fn) __atomic_add_fetch(&t_##fn.entries, 1, __ATOMIC_RELAXED)
#define LEAVE(fn) __atomic_add_fetch(&t_##fn.returns, 1, __ATOMIC_RELAXED)
#define TRUTH_OF(fn) TRUTH(fn);
#define TRUTH_SET_ADDR(fn) t_##fn.addr = (void *)fn;
#define TRUTH_POINTER(fn) &t_##fn,
#define TRUTH_WRITE(F) do { \
	struct truth *all[] = { F(TRUTH_POINTER) }; \
	F(TRUTH_SET_ADDR) \
	truth_write(all, sizeof(all) / sizeof(all[0])); \
} while (0)

#ifdef __cplusplus
extern "C" {
#endif
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
#ifdef __cplusplus
}
#endif

static inline void truth_write(struct truth *const *t, unsigned n)
{
	const char *path = getenv("TRUTH");
	FILE *f = path ? fopen(path, "w") : NULL;
	/* A non-PIE's file addresses are absolute, a PIE's start at its header. */
	uintptr_t base = (uintptr_t)__ehdr_start < 0x10000000 ? 0 : (uintptr_t)__ehdr_start;

	if (!f)
		return;
	for (unsigned i = 0; i < n; i++)
		fprintf(f, "%s 0x%lx %lu %lu\n", t[i]->name, (unsigned long)((uintptr_t)t[i]->addr - base),
			(unsigned long)t[i]->entries, (unsigned long)t[i]->returns);
	fclose(f);
}

#endif
