// SPDX-License-Identifier: GPL-2.0-only
/* The userland side of port.h: see port_user.h. */
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <stdlib.h>

#include "engine.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif

#define MAXMAPS 65536

struct map {
	u64 base;
	size_t len;
	bool user;
	u8 *use;		/* [len], enum dtk_use of each byte; NULL: all the engine's */
	size_t end;		/* from here on all is nobody's. Makes freeing large tails cheap */
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
	if (i < nmaps)
		free(maps[i].use);
	maps[i] = (struct map){ (uintptr_t)p, n, user, NULL, n };
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
			ASAN_UNPOISON_MEMORY_REGION(p, maps[i].len);
			free(maps[i].use);
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
	while (nmaps)
		free(maps[--nmaps].use);
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

/* ---- The watch ------------------------------------------------------------------- */

void dtk_port_broken(const char *what, const char *detail)
{
	fprintf(stderr, "engine: %s: %s\n", what, detail);
	abort();
}

/* Under maps_lock. NULL: not memory of dtk_alloc()'s, or of a test's. */
static struct map *map_of(u64 addr)
{
	static __thread unsigned int last;
	unsigned int i;

	if (last < nmaps && addr - maps[last].base < maps[last].len)
		return &maps[last];
	for (i = 0; i < nmaps; i++) {
		if (addr - maps[i].base < maps[i].len) {
			last = i;
			return &maps[i];
		}
	}
	return NULL;
}

/* The shadow of @m; two threads may be the first to want it. */
static u8 *use_of(struct map *m)
{
	u8 *use = smp_load_acquire(&m->use), *fresh;

	if (use)
		return use;
	fresh = calloc(1, m->len);
	if (!fresh)
		abort();
	use = cmpxchg(&m->use, NULL, fresh);
	if (use)
		free(fresh);
	return use ? use : fresh;
}

static void paint(struct map *m, size_t off, size_t n, enum dtk_use use)
{
	size_t end = READ_ONCE(m->end), last = off + n;

	if (n > m->len - off)
		dtk_port_broken("a piece of memory is larger than its whole", "dtk_watch()");
	if (use == DTK_NOBODYS) {
		if (last >= end)
			WRITE_ONCE(m->end, min(off, end));
		last = min(last, end);
	} else if (last > end) {
		WRITE_ONCE(m->end, last);
	}
	if (last <= off)
		return;
	if (use == DTK_NOBODYS)
		ASAN_POISON_MEMORY_REGION((u8 *)(uintptr_t)m->base + off, last - off);
	else
		ASAN_UNPOISON_MEMORY_REGION((u8 *)(uintptr_t)m->base + off, last - off);
	memset(use_of(m) + off, use, last - off);
}

void dtk_watch(const void *p, size_t n, enum dtk_use use)
{
	struct map *m;

	pthread_rwlock_rdlock(&maps_lock);
	m = n ? map_of((uintptr_t)p) : NULL;
	if (m)
		paint(m, (uintptr_t)p - m->base, n, use);
	pthread_rwlock_unlock(&maps_lock);
}

/* Is all of it @use? What we know nothing of is. */
static bool all_is(u64 addr, u64 n, enum dtk_use use)
{
	bool same = true;
	struct map *m;
	u64 i;

	pthread_rwlock_rdlock(&maps_lock);
	m = n ? map_of(addr) : NULL;
	if (m && n > m->len - (addr - m->base))
		same = false;
	for (i = 0; m && same && i < n; i++) {
		u64 off = addr - m->base + i;

		same = (off >= READ_ONCE(m->end) ? DTK_NOBODYS : use_of(m)[off]) == use;
	}
	pthread_rwlock_unlock(&maps_lock);
	return same;
}

void dtk_watch_claim(const void *p, size_t n)
{
	if (!all_is((uintptr_t)p, n, DTK_NOBODYS))
		dtk_port_broken("memory in use was taken again", "dtk_watch_claim()");
	dtk_watch(p, n, DTK_ENGINES);
}

void dtk_watch_store(u64 addr, u64 n)
{
	if (!all_is(addr, n, DTK_PROGRAMS))
		dtk_port_broken("a program writes what is not its own", "dtk_watch_store()");
}

/* ---- Memory ------------------------------------------------------------------------ */

/* Do what the kernel's copy would to @dst where ASan sees it. */
static void check_dst(u8 *dst, size_t n)
{
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
	volatile u8 *bad = n ? __asan_region_is_poisoned(dst, n) : NULL;

	if (bad)
		*bad = 0;
#else
	(void)dst;
	(void)n;
#endif
}

/*
 * Foreign memory may be anybody's, nobody's too: ASan must not look. Shared variable storage
 * is read and written by several CPUs at once, by design; relaxed atomics say so to TSan.
 */
__attribute__((no_sanitize_address))
static void copy_unseen(u8 *dst, const u8 *src, size_t n)
{
	size_t i;

	if (dst > src && dst < src + n) {
		while (n--)
			WRITE_ONCE(dst[n], READ_ONCE(src[n]));
		return;
	}
	for (i = 0; i < n; i++)
		WRITE_ONCE(dst[i], READ_ONCE(src[i]));
}

static void copy(u8 *dst, const u8 *src, size_t n)
{
	check_dst(dst, n);
	copy_unseen(dst, src, n);
}

__attribute__((no_sanitize_address))
static char peek(u64 addr)
{
	return READ_ONCE(*(const char *)(uintptr_t)addr);
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
		dst[i] = peek(addr + i);
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

int dtk_read_user_word(u64 *val, u64 addr, u32 size)
{
	u64 word = 0;

	if (dtk_read_user(&word, addr, size))
		return -EFAULT;
	*val = word;	/* little endian */
	return 0;
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

/* A machine where each frame but the innermost is called "frame"; @only: where there is but that one. */
bool dtk_stack_lang(struct dtk_fire *f, u64 *pcs, u32 n, char *strs, u32 strsize, bool only)
{
	static const char name[] = "frame";

	(void)f;
	if (only)
		memset(pcs + 1, 0, (n - 1) * sizeof(*pcs));
	if (n < 2 || !pcs[1])
		return true;
	if (strsize < 1 + sizeof(name))
		return false;
	memcpy(strs + 1, name, sizeof(name));
	return true;
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
