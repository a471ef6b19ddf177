/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the engine needs of its surroundings. In the module these are kernel
 * services (port_kernel.h, core.c, safemem.c, builtin.c); in tests and fuzzers userland ones
 * (port_user.h, port_user.c), where "foreign memory" is what a test says it is.
 */
#ifndef DTK_PORT_H
#define DTK_PORT_H

/*
 * Whose memory is that, which is cut in pieces after it was allocated: scratch, buffers, the pool
 * of dynamic variables. The engine tells as it goes. The userland port holds everybody to it
 * (port_user.h), as no tool could that only knows allocations; in the kernel all of this is nothing.
 */
enum dtk_use {
	DTK_ENGINES,		/* what all memory is at first: the engine reads and writes it */
	DTK_PROGRAMS,		/* the D program may write it as well */
	DTK_NOBODYS,		/* free. Only reads of foreign memory may come across it */
};
/*
 * Both headers give: dtk_watch(p, n, use): @n bytes at @p are @use from now on.
 * dtk_watch_claim(p, n): they were nobody's until now, and are the engine's.
 * dtk_watch_store(addr, n): a program is about to write there.
 * dtk_proved(condition): holds for every program that the checker has accepted.
 */

#ifdef __KERNEL__
#include "port_kernel.h"
#else
#include "port_user.h"
#endif

/*
 * For a large local that is filled where it is used: kernels that clear all locals
 * (CONFIG_INIT_STACK_ALL_ZERO) need not clear this one at each hit.
 */
#if __has_attribute(uninitialized)
#define DTK_UNINIT __attribute__((uninitialized))
#else
#define DTK_UNINIT
#endif

struct dtk_fire;
struct dtk_sink;
struct dtk_ecb;

/*
 * Both headers give: u8..u64, s8..s64, bool, size_t, struct pt_regs (opaque in userland), errno names,
 * READ_ONCE, WRITE_ONCE, smp_load_acquire, smp_store_release, cmpxchg(ptr, old, new) -> old value, xchg,
 * likely, unlikely, ARRAY_SIZE, ALIGN, min, max, memcpy, memset, memcmp, strlen, snprintf.
 */

/* Control context. dtk_alloc zeroes; large sizes are fine (vmalloc); NULL when there is none. */
void *dtk_alloc(size_t bytes);
void dtk_free(const void *p);

/* All below: probe context. The reads and writes return 0 or -EFAULT and never fault, sleep or warn. */
int dtk_read_kernel(void *dst, u64 addr, size_t n);
int dtk_read_user(void *dst, u64 addr, size_t n);
int dtk_write_user(u64 addr, const void *src, size_t n);
/*
 * Both headers give: int dtk_read_user_word(u64 *val, u64 addr, u32 size): size 1, 2, 4 or 8; extended by zeroes.
 * dtk_load_user(): the same where the probe is in user code, so that there is user memory.
 * dtk_user_get(): the same between dtk_user_open() and dtk_user_close(), between which nothing that is not inline
 * is called.
 */
/* Copy a string of at most @n bytes with its NUL; cut there. Returns bytes copied with NUL, or -EFAULT.
 * What dst[n] holds after the NUL, or after -EFAULT, is undefined. */
long dtk_read_kernel_str(char *dst, u64 addr, size_t n);
long dtk_read_user_str(char *dst, u64 addr, size_t n);

/*
 * Text that a provider made up for the firing in progress on this CPU. A D program reads it by copyin()
 * and copyinstr() at DTK_TEXT_BASE, which no program can have mapped. Interrupts are off meanwhile.
 */
#define DTK_TEXT_BASE	0xd7ace00000000000ull
#define DTK_TEXT_SIZE	16384u
char *dtk_text(void);		/* room for DTK_TEXT_SIZE bytes */
void dtk_text_used(u32 n);	/* so much of it is valid; 0: the firing is over */

u64 dtk_time_mono(void);	/* ns; NMI-safe */
u64 dtk_time_wall(void);
/*
 * Key of thread-local variables: never reused while a thread lives; different
 * for each CPU's idle thread and interrupt level.
 */
u64 dtk_thread_id(void);

/*
 * Scalar built-in variables but args, probe names, id, epid, timestamps. Returns false: not
 * available here (-> ILLOP fault).
 */
bool dtk_builtin(u32 var, struct dtk_fire *f, u64 *val);
/* String built-ins (execname, ...): copies at most @n bytes with NUL; false as above. */
bool dtk_builtin_str(u32 var, struct dtk_fire *f, char *dst, size_t n);
/* Argument @n >= f->nargs: asks the provider; false: BADINDEX does not apply, value is 0 as in the Guide. */
bool dtk_arg(struct dtk_ecb *ecb, struct dtk_fire *f, u32 n, u64 *val);
bool dtk_ureg(struct dtk_fire *f, u32 reg, u64 *val);	/* false: BADINDEX */
/* Fill pcs[n], zero-padded. The user one returns DTRACE_USTK_*, and depth through *depth. */
void dtk_stack_kernel(struct dtk_fire *f, u64 *pcs, u32 n);
u32 dtk_stack_user(struct dtk_fire *f, u64 *pcs, u32 n, u32 *depth);
/*
 * Add what interpreted languages know: pcs[n] as dtk_stack_user() left it becomes the frames of both; strs[strsize],
 * which is clear, a string for each in turn, empty for a native one. @only: no native ones.
 * False: not all strings fitted.
 */
bool dtk_stack_lang(struct dtk_fire *f, u64 *pcs, u32 n, char *strs, u32 strsize, bool only);
/*
 * Destructive actions. 0, or -errno: not possible here (-> fault). raise sends a signal to the
 * current process once this firing has ended; a stop is SIGSTOP. chill spins; its bound is
 * 500 ms in each second and CPU.
 */
int dtk_raise(u32 sig);
int dtk_chill(u64 ns);
void dtk_panic(void);
void dtk_breakpoint(void);
/* Subroutines that ask the kernel, DIF_SUBR_PROGENYOF .. RW_WRITE_HELD: 0 or a DTRACEFLT_* with *val. */
u32 dtk_ask(u32 subr, u64 arg, u64 *val);
/* Path of a struct path at a kernel address: as dtk_builtin_str(). */
bool dtk_path_str(u64 path, char *dst, size_t n);
/* Register at the probe itself, kernel's or user's; false: BADINDEX. */
bool dtk_reg(struct dtk_fire *f, u32 reg, u64 *val);
/* Fire the consumer's dtrace:::ERROR ECBs. */
void dtk_error_fire(struct dtk_sink *sink, struct dtk_fire *err);

#endif /* DTK_PORT_H */
