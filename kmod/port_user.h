/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * port.h in userland: what unit tests and fuzzers compile the engine against.
 *
 * "Kernel memory" is what dtk_alloc() gave out and what a test maps with
 * dtk_port_map(); "user memory" is what it maps with dtk_port_umap(). Every
 * other address faults, as it would on a machine.
 *
 * The watch: for each byte that dtk_alloc() gave out we know whose it is (port.h).
 * Nobody's memory is poisoned for ASan, so that the engine is caught when it reads
 * or writes there; a store by a program outside of what is the program's, a claim
 * of memory that is in use, and a broken proof abort.
 */
#ifndef DTK_PORT_USER_H
#define DTK_PORT_USER_H

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
/* As in the kernel: long long, not long. */
typedef unsigned long long u64;
typedef long long s64;

#define U32_MAX		UINT32_MAX
#define U64_MAX		UINT64_MAX
#define S8_MAX		INT8_MAX
#define S32_MIN		INT32_MIN
#define S64_MAX		INT64_MAX
#define S64_MIN		INT64_MIN

struct pt_regs;

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define noinline	__attribute__((noinline))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define ALIGN(x, a)	(((x) + ((__typeof__(x))(a) - 1)) & ~((__typeof__(x))(a) - 1))
#define min_t(t, a, b)	((t)(a) < (t)(b) ? (t)(a) : (t)(b))
#define max_t(t, a, b)	((t)(a) > (t)(b) ? (t)(a) : (t)(b))
#define min(a, b)	min_t(__typeof__(a), a, b)
#define max(a, b)	max_t(__typeof__(a), a, b)
#define offsetofend(t, m) (offsetof(t, m) + sizeof(((t *)0)->m))

#define READ_ONCE(x)	__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#define smp_load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define smp_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define smp_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define barrier()	__asm__ volatile("" : : : "memory")
#define xchg(p, v)	__atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define cmpxchg(p, o, n) __sync_val_compare_and_swap((p), (o), (n))

struct dtk_fire;
struct dtk_sink;

/* What a test decides about the machine. Plain data; set before firing. */
struct dtk_port {
	u64 mono, wall;			/* the clocks; mono advances by one at each reading */
	u64 builtin;			/* dtk_builtin() gives builtin + id, dtk_builtin_str() "str-<id>" */
	u32 nobuiltin;			/* this variable is not available */
	u64 kpcs[64], upcs[64];		/* stacks, 0-terminated */
	u32 ustack_why;			/* DTRACE_USTK_* */
	void (*error)(struct dtk_sink *sink, struct dtk_fire *err);
	u32 raised, nraised;		/* the last signal, how many */
	u64 chilled;			/* sum */
	long fail_alloc;		/* if > 0: the allocation after that many - 1 more fails */
	long nalloc;			/* live allocations */
};
extern struct dtk_port dtk_port;
extern __thread u64 dtk_port_thread;	/* dtk_thread_id() */

void dtk_watch(const void *p, size_t n, enum dtk_use use);
void dtk_watch_claim(const void *p, size_t n);
void dtk_watch_store(u64 addr, u64 n);

#define dtk_proved(condition) ((condition) ? (void)0 : dtk_port_broken("not as proved", #condition))
void dtk_port_broken(const char *what, const char *detail) __attribute__((noreturn));

void dtk_port_reset(void);		/* defaults; forgets all mappings */
void dtk_port_map(const void *p, size_t n);
void dtk_port_umap(void *p, size_t n);

int dtk_read_user_word(u64 *val, u64 addr, u32 size);
#define dtk_load_user dtk_read_user_word
#define dtk_user_get dtk_read_user_word
static inline void dtk_user_open(void) { }
static inline void dtk_user_close(void) { }

#endif /* DTK_PORT_USER_H */
