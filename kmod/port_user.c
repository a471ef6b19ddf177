// SPDX-License-Identifier: GPL-2.0-only
/* The userland side of port.h: see port_user.h. */
#include <pthread.h>
#include <stdlib.h>

#include "engine.h"

#define MAXMAPS 65536

struct map {
	u64 base;
	size_t len;
	bool user;
};

struct dtk_port dtk_port;
__thread u64 dtk_port_thread = 1;

static struct map maps[MAXMAPS];	/* the first nmaps are in use */
static unsigned int nmaps;
static pthread_rwlock_t maps_lock = PTHREAD_RWLOCK_INITIALIZER;

static void map_add(const void *p, size_t n, bool user)
{
	unsigned int i;

	pthread_rwlock_wrlock(&maps_lock);
	for (i = 0; i < nmaps && maps[i].base != (uintptr_t)p; i++)
		;
	if (i == MAXMAPS)
		abort();
	maps[i] = (struct map){ (uintptr_t)p, n, user };
	if (i == nmaps)
		nmaps++;
	pthread_rwlock_unlock(&maps_lock);
}

static void map_del(const void *p)
{
	unsigned int i;

	pthread_rwlock_wrlock(&maps_lock);
	for (i = 0; i < nmaps; i++) {
		if (maps[i].base == (uintptr_t)p) {
			maps[i] = maps[--nmaps];
			break;
		}
	}
	pthread_rwlock_unlock(&maps_lock);
}

/* Bytes of mapped memory from @addr on, 0 if there is none. */
static size_t map_room(u64 addr, bool user)
{
	size_t room = 0;
	unsigned int i;

	pthread_rwlock_rdlock(&maps_lock);
	for (i = 0; i < nmaps && !room; i++) {
		const struct map *m = &maps[i];

		if (m->user == user && addr >= m->base && addr - m->base < m->len)
			room = m->len - (addr - m->base);
	}
	pthread_rwlock_unlock(&maps_lock);
	return room;
}

void dtk_port_map(const void *p, size_t n)
{
	map_add(p, n, false);
}

void dtk_port_umap(void *p, size_t n)
{
	map_add(p, n, true);
}

void dtk_port_reset(void)
{
	memset(&dtk_port, 0, sizeof(dtk_port));
	dtk_port.mono = 1000;
	dtk_port_thread = 1;
	nmaps = 0;
}

void *dtk_alloc(size_t bytes)
{
	void *p;

	if (dtk_port.fail_alloc > 0 && --dtk_port.fail_alloc == 0)
		return NULL;
	p = calloc(1, bytes ? bytes : 1);
	if (p) {
		map_add(p, bytes, false);
		dtk_port.nalloc++;
	}
	return p;
}

void dtk_free(const void *p)
{
	if (!p)
		return;
	map_del(p);
	dtk_port.nalloc--;
	free((void *)(uintptr_t)p);
}

/*
 * Shared variable storage is read and written by several CPUs at once, by
 * design; relaxed atomics say so to the sanitizers.
 */
static void copy(u8 *dst, const u8 *src, size_t n)
{
	size_t i;

	if (dst > src && dst < src + n) {
		memmove(dst, src, n);
		return;
	}
	for (i = 0; i < n; i++)
		WRITE_ONCE(dst[i], READ_ONCE(src[i]));
}

static int read_mem(void *dst, u64 addr, size_t n, bool user)
{
	if (!n)
		return 0;
	if (map_room(addr, user) < n)
		return -EFAULT;
	copy(dst, (const u8 *)(uintptr_t)addr, n);
	return 0;
}

/* The kernel's works in chunks and leaves anything after the NUL; so does this one. */
static long read_str(char *dst, u64 addr, size_t n, bool user)
{
	size_t room = map_room(addr, user), i;

	memset(dst, '#', n);
	for (i = 0; i < n; i++) {
		if (i == n - 1) {
			dst[i] = '\0';
			return n;
		}
		if (i == room)
			return -EFAULT;
		dst[i] = READ_ONCE(((const char *)(uintptr_t)addr)[i]);
		if (!dst[i])
			return i + 1;
	}
	return -EFAULT;
}

int dtk_read_kernel(void *dst, u64 addr, size_t n)
{
	return read_mem(dst, addr, n, false);
}

int dtk_read_user(void *dst, u64 addr, size_t n)
{
	return read_mem(dst, addr, n, true);
}

int dtk_write_user(u64 addr, const void *src, size_t n)
{
	if (!n)
		return 0;
	if (map_room(addr, true) < n)
		return -EFAULT;
	memcpy((void *)(uintptr_t)addr, src, n);
	return 0;
}

long dtk_read_kernel_str(char *dst, u64 addr, size_t n)
{
	return read_str(dst, addr, n, false);
}

long dtk_read_user_str(char *dst, u64 addr, size_t n)
{
	return read_str(dst, addr, n, true);
}

u64 dtk_time_mono(void)
{
	return __atomic_fetch_add(&dtk_port.mono, 1, __ATOMIC_RELAXED);
}

u64 dtk_time_wall(void)
{
	return dtk_port.wall;
}

u64 dtk_thread_id(void)
{
	return dtk_port_thread;
}

bool dtk_builtin(u32 var, struct dtk_fire *f, u64 *val)
{
	(void)f;
	*val = dtk_port.builtin + var;
	return var != dtk_port.nobuiltin;
}

bool dtk_builtin_str(u32 var, struct dtk_fire *f, char *dst, size_t n)
{
	(void)f;
	if (n)
		snprintf(dst, n, "str-%x", var);
	return var != dtk_port.nobuiltin;
}

bool dtk_arg(struct dtk_ecb *ecb, struct dtk_fire *f, u32 n, u64 *val)
{
	(void)ecb;
	(void)f;
	*val = 1000 + n;
	return n < 20;
}

bool dtk_ureg(struct dtk_fire *f, u32 reg, u64 *val)
{
	(void)f;
	*val = 2000 + reg;
	return reg < DIF_REG_MAX;
}

static u32 copy_pcs(u64 *pcs, u32 n, const u64 *from)
{
	u32 i, depth = 0;

	for (i = 0; i < n; i++) {
		pcs[i] = depth < 64 ? from[depth] : 0;
		if (pcs[i])
			depth++;
	}
	return depth;
}

void dtk_stack_kernel(struct dtk_fire *f, u64 *pcs, u32 n)
{
	(void)f;
	copy_pcs(pcs, n, dtk_port.kpcs);
}

u32 dtk_stack_user(struct dtk_fire *f, u64 *pcs, u32 n, u32 *depth)
{
	(void)f;
	*depth = copy_pcs(pcs, n, dtk_port.upcs);
	return dtk_port.ustack_why;
}

bool dtk_reg(struct dtk_fire *f, u32 reg, u64 *val)
{
	(void)f;
	*val = 3000 + reg;
	return reg < DIF_REG_MAX;
}

int dtk_raise(u32 sig)
{
	if (sig > 64)
		return -EINVAL;
	dtk_port.raised = sig;
	dtk_port.nraised++;
	return 0;
}

int dtk_chill(u64 ns)
{
	if (ns > 500000000)
		return -EINVAL;
	dtk_port.chilled += ns;
	return 0;
}

void dtk_panic(void)
{
	dtk_port.raised = U32_MAX;
}

void dtk_breakpoint(void)
{
	dtk_port.raised = U32_MAX - 1;
}

u32 dtk_ask(u32 subr, u64 arg, u64 *val)
{
	if (arg == U64_MAX)
		return DTRACEFLT_BADADDR;
	*val = arg + subr;
	return 0;
}

bool dtk_path_str(u64 path, char *dst, size_t n)
{
	if (n)
		snprintf(dst, n, "/path/%llx", path);
	return path != 0;
}

void dtk_error_fire(struct dtk_sink *sink, struct dtk_fire *err)
{
	if (dtk_port.error)
		dtk_port.error(sink, err);
}
