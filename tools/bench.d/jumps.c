// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * jumps [milliseconds]: what a count without a trap adds to a call, in this process, by the very code that the
 * module writes into others (providers/pid/kmod_jump.c); no module is needed. For each tiny function: nanoseconds
 * a call without a probe and with one, of one thread and of two, and how far two scale. Every call must
 * have been counted. Exits 1 if one was not.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "kmod_insn.c"
#include "kmod_jump.c"
#include "kmod_gen.c"
#include "kmod_tally.c"

#define COPIES	64
#define SLICE	4000
#define SLICES	100000
#define FUNCS(X) X(push) X(sub) X(nop) X(endbr64) X(mov) X(sse) X(riprel)
#define X(f) long b_##f(long);
FUNCS(X)
#undef X

static const struct { const char *name; long (*fn)(long); } funcs[] = {
#define X(f) { #f, b_##f },
	FUNCS(X)
#undef X
};

static pthread_barrier_t barrier;
static double seconds = 0.05;
static uint8_t *counters;

int dtk_read_user(void *dst, u64 addr, size_t n)
{
	return -EFAULT;
}

void *dtk_alloc(size_t n)
{
	return calloc(1, n);
}

void dtk_free(const void *p)
{
	free((void *)p);
}

struct job {
	long (*fn)(long);
	int cpu;
	double ns;
	uint64_t calls;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Others use this machine, too: calls are timed a few at a time, and a slice in the faster quarter counts. */
static void *run(void *arg)
{
	struct job *j = arg;
	long (*volatile fn)(long) = j->fn;
	double *slice = calloc(SLICES, sizeof(*slice)), end, t;
	size_t n = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(j->cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	pthread_barrier_wait(&barrier);
	end = now() + seconds;
	do {
		t = now();
		for (int i = 0; i < SLICE; i++)
			fn(1);
		slice[n++] = (now() - t) * 1e9 / SLICE;
	} while (n < SLICES && t < end);
	j->calls = n * SLICE;
	qsort(slice, n, sizeof(*slice), by_value);
	j->ns = slice[n / 4];
	free(slice);
	return NULL;
}

/* Mean nanoseconds a call of @n threads; adds the calls made to *calls. */
static double measure(long (*fn)(long), int n, uint64_t *calls)
{
	struct job job[2] = { 0 };
	pthread_t th[2];
	double ns = 0;

	pthread_barrier_init(&barrier, NULL, n);
	for (int i = 0; i < n; i++) {
		job[i] = (struct job){ .fn = fn, .cpu = i };
		pthread_create(&th[i], NULL, run, &job[i]);
	}
	for (int i = 0; i < n; i++) {
		pthread_join(th[i], NULL);
		ns += job[i].ns / n;
		*calls += job[i].calls;
	}
	return ns;
}

/* One thread and two, in turns; the least of five. */
static void best(long (*fn)(long), double ns[2], uint64_t *calls)
{
	ns[0] = ns[1] = 1e9;
	for (int i = 0; i < 5; i++) {
		for (int n = 1; n <= 2; n++) {
			double t = measure(fn, n, calls);

			ns[n - 1] = t < ns[n - 1] ? t : ns[n - 1];
		}
	}
}

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* The bytes at @fn's beginning that whole instructions make, as libdtrace would find them. */
static void find_prefix(const uint8_t *fn, struct dpid_prefix *px)
{
	for (u32 n = 1; n <= DPID_PREFIX_MAX; n++)
		if (!dpid_prefix_decode(fn, n, px))
			return;
	fprintf(stderr, "jumps: no prefix\n");
	exit(2);
}

static struct dpid_plan *count_plan(bool rdpid)
{
	static struct dpid_gen g;
	struct dpid_wish wish = { .kind = DTRACEAGG_COUNT };
	struct dpid_plan *plan;

	if (!dpid_plan_make(&g, &wish, 1, COPIES, rdpid, &plan))
		return plan;
	fprintf(stderr, "jumps: no plan\n");
	exit(2);
}

static void arm(long (*fn)(long), uint8_t *area, u32 slot, bool rdpid, uint8_t saved[DPID_JUMP_LEN])
{
	u64 addr = (uintptr_t)fn, cells = (uintptr_t)counters + 8 * slot, at;
	uint8_t *page = (uint8_t *)(addr & ~4095ull), bytes[DPID_PREFIX_MAX], code[DPID_LANDING_MAX];
	struct dpid_plan *plan = count_plan(rdpid);
	struct dpid_jump_map map;
	struct dpid_prefix px;

	find_prefix((void *)fn, &px);
	memcpy(bytes, (void *)fn, sizeof(bytes));
	at = dpid_jump_place(addr, px.inside, true, (uintptr_t)area, (uintptr_t)area + 0x20000);
	if (!at || dpid_jump_build(code, at, &px, bytes, addr, plan, cells, &map)) {
		fprintf(stderr, "jumps: no place\n");
		exit(2);
	}
	memcpy((void *)(uintptr_t)at, code, map.size);
	dtk_free(plan);
	memcpy(saved, (void *)fn, DPID_JUMP_LEN);
	if (mprotect(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC))
		die("mprotect");
	dpid_jump_bytes((void *)fn, addr, at);
}

static uint64_t counted(u32 slot)
{
	uint64_t n = 0;

	for (int c = 0; c < COPIES; c++)
		n += *(uint64_t *)(counters + ((size_t)c << DPID_COPY_SHIFT) + 8 * slot);
	return n;
}

static bool has_rdpid(void)
{
	u32 a = 7, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return c >> 22 & 1;
}

int main(int argc, char **argv)
{
	/* 0.8 GiB below us, where displacements begin with 0xcc: see kmod_jump.h. */
	uint8_t *area = (uint8_t *)(((uintptr_t)b_push + (int64_t)(int32_t)0xcccc0000) & ~4095ull);
	int lost = 0;

	if (argc > 1)
		seconds = atoi(argv[1]) / 1000.0;
	area = mmap(area, 0x21000, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	counters = mmap(NULL, COPIES << DPID_COPY_SHIFT, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED || counters == MAP_FAILED)
		die("mmap");
	printf("%-8s %-6s %8s %8s %8s %8s %8s\n", "", "cpu by", "none", "counted", "adds ns", "2 thr.", "scaling");
	for (u32 i = 0; i < 2 * ARRAY_SIZE(funcs); i++) {
		long (*fn)(long) = funcs[i / 2].fn;
		bool rdpid = !(i & 1);
		uint8_t saved[DPID_JUMP_LEN];
		double none[2], with[2];
		uint64_t calls = 0;

		if (rdpid && !has_rdpid())
			continue;
		best(fn, none, &calls);
		arm(fn, area, i, rdpid, saved);
		calls = 0;
		best(fn, with, &calls);
		memcpy((void *)fn, saved, sizeof(saved));
		printf("%-8s %-6s %8.2f %8.2f %8.2f %8.2f %8.2f\n", funcs[i / 2].name, rdpid ? "rdpid" : "lsl",
		       none[0], with[0], with[0] - none[0], with[1], 2 * with[0] / with[1]);
		if (counted(i) != calls) {
			fprintf(stderr, "jumps: %s: %lu calls, %lu counted\n", funcs[i / 2].name, (unsigned long)calls,
				(unsigned long)counted(i));
			lost = 1;
		}
	}
	return lost;
}
