// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * jumps [milliseconds]: what a count without a trap adds to a call, in this process, by the very code that the
 * module writes into others (providers/pid/kmod_jump.c); no module is needed. For each tiny function, and for one of
 * them each of some other tallies ("push:sum"): nanoseconds a call without a probe and with one, of one thread and of
 * two, and how far two scale. Every call must have been counted. Exits 1 if one was not.
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

struct way {
	const char *name;		/* with the function's */
	long (*fn)(long);
	u16 kind;
	u64 arg;
	bool returns;			/* the jump is at its ret, the instruction before which is its lead */
};

/* The bytes that whole instructions make, as libdtrace would find them. */
static u64 find_prefix(const struct way *w, struct dpid_prefix *px)
{
	const uint8_t *fn = (void *)w->fn;
	u32 lead = 0;

	if (w->returns) {
		while (fn[1] != 0xc3)
			fn++;
		lead = 1;
	}
	for (u32 n = lead + 1; n <= DPID_PREFIX_MAX; n++)
		if (!dpid_prefix_decode(fn, n, lead, px))
			return (uintptr_t)fn;
	fprintf(stderr, "jumps: no prefix\n");
	exit(2);
}

static struct dpid_plan *plan_of(const struct way *w, bool rdpid)
{
	const u32 text[] = {
		DIF_INSTR_W(DIF_OP_LDGS, w->returns ? DIF_VAR_ARG0 + 1 : DIF_VAR_ARG0, 1),
		DIF_INSTR_R(DIF_OP_RET, 0, 0, 1),
	};
	struct dtk_difo val = { .text = text, .ntext = ARRAY_SIZE(text) };
	struct dpid_wish wish = { w->kind, w->arg, NULL, w->kind == DTRACEAGG_COUNT ? NULL : &val };
	struct dpid_setting set = {
		.copies = COPIES, .rdpid = rdpid, .returns = w->returns, .keepflags = w->returns,
	};
	static struct dpid_gen g;
	struct dpid_plan *plan;

	if (!dpid_plan_make(&g, &wish, 1, &set, &plan))
		return plan;
	fprintf(stderr, "jumps: no plan\n");
	exit(2);
}

/* Returns where the jump is. */
static uint8_t *arm(const struct way *w, struct dpid_plan *plan, uint8_t *area, uint8_t saved[DPID_JUMP_LEN])
{
	uint8_t bytes[DPID_PREFIX_MAX], code[DPID_LANDING_MAX];
	struct dpid_jump_map map;
	struct dpid_prefix px;
	u64 addr = find_prefix(w, &px), at;

	memcpy(bytes, (void *)(uintptr_t)addr, sizeof(bytes));
	at = dpid_jump_place(addr, px.inside, true, (uintptr_t)area, (uintptr_t)area + 0x20000);
	if (!at || dpid_jump_build(code, at, &px, bytes, addr, plan, (uintptr_t)counters, &map)) {
		fprintf(stderr, "jumps: no place\n");
		exit(2);
	}
	memcpy((void *)(uintptr_t)at, code, map.size);
	memcpy(saved, (void *)(uintptr_t)addr, DPID_JUMP_LEN);
	if (mprotect((void *)(uintptr_t)(addr & ~4095ull), 4096, PROT_READ | PROT_WRITE | PROT_EXEC))
		die("mprotect");
	dpid_jump_bytes((void *)(uintptr_t)addr, addr, at);
	return (void *)(uintptr_t)addr;
}

/* The hits in all copies, which are empty then. */
static uint64_t counted(const struct dpid_tally *t)
{
	static u64 sum[DPID_CELLS];
	uint64_t n = 0;

	memset(sum, 0, sizeof(sum));
	for (int c = 0; c < COPIES; c++)
		dpid_tally_add(t, (u64 *)(counters + ((size_t)c << DPID_COPY_SHIFT)), sum);
	memset(counters, 0, COPIES << DPID_COPY_SHIFT);
	if (is_sum(t->kind))
		return sum[0];
	for (u32 i = 0; i < t->ncells; i++)
		n += sum[i];
	return n;
}

/* One line. Returns whether a call was lost. */
static bool try(const struct way *w, bool rdpid, uint8_t *area)
{
	struct dpid_plan *plan = plan_of(w, rdpid);
	uint8_t saved[DPID_JUMP_LEN], *at;
	double none[2], with[2];
	uint64_t calls = 0, n;

	best(w->fn, none, &calls);
	at = arm(w, plan, area, saved);
	calls = 0;
	best(w->fn, with, &calls);
	memcpy(at, saved, sizeof(saved));
	printf("%-22s %-6s %8.2f %8.2f %8.2f %8.2f %8.2f\n", w->name, rdpid ? "rdpid" : "lsl",
	       none[0], with[0], with[0] - none[0], with[1], 2 * with[0] / with[1]);
	n = counted(&plan->tally[0]);
	dtk_free(plan);
	if (n == calls)
		return false;
	fprintf(stderr, "jumps: %s: %lu calls, %lu counted\n", w->name, (unsigned long)calls, (unsigned long)n);
	return true;
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
	static const struct way ways[] = {
#define X(f) { #f, b_##f, DTRACEAGG_COUNT },
		FUNCS(X)
#undef X
		{ "push:sum", b_push, DTRACEAGG_SUM },
		{ "push:stddev", b_push, DTRACEAGG_STDDEV },
		{ "push:quantize", b_push, DTRACEAGG_QUANTIZE },
		{ "push:lquantize", b_push, DTRACEAGG_LQUANTIZE, DTRACE_LQUANTIZE_ARG(0, 100, 10) },
		{ "push:return", b_push, DTRACEAGG_COUNT, 0, true },
		{ "push:return-quantize", b_push, DTRACEAGG_QUANTIZE, 0, true },
	};
	bool lost = false;

	if (argc > 1)
		seconds = atoi(argv[1]) / 1000.0;
	area = mmap(area, 0x21000, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	counters = mmap(NULL, COPIES << DPID_COPY_SHIFT, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED || counters == MAP_FAILED)
		die("mmap");
	printf("%-22s %-6s %8s %8s %8s %8s %8s\n", "", "cpu by", "none", "counted", "adds ns", "2 thr.", "scaling");
	for (u32 i = 0; i < 2 * ARRAY_SIZE(ways); i++)
		if (i & 1 || has_rdpid())
			lost |= try(&ways[i / 2], !(i & 1), area);
	return lost;
}
