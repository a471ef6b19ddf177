// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * calls: reads "FUNCTION THREADS MILLISECONDS" lines from stdin; calls that
 * function from so many threads, each bound to a CPU, for about that long, and
 * prints the nanoseconds of one call (mean of the threads) and the calls made.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define FUNCS(X) X(push) X(sub) X(nop) X(endbr64) X(mov) X(sse) X(riprel) X(jmp) X(call)
#define X(f) long b_##f(long);
FUNCS(X)
#undef X

static const struct { const char *name; long (*fn)(long); } funcs[] = {
#define X(f) { #f, b_##f },
	FUNCS(X)
#undef X
};

struct job {
	long (*fn)(long);
	int cpu;
	double seconds;
	double ns;
	uint64_t calls;
};

static pthread_barrier_t barrier;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static void *run(void *arg)
{
	struct job *j = arg;
	long (*volatile fn)(long) = j->fn;
	cpu_set_t set;
	double began, t;
	uint64_t batch = 64;

	CPU_ZERO(&set);
	CPU_SET(j->cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	pthread_barrier_wait(&barrier);
	began = now();
	do {
		for (uint64_t i = 0; i < batch; i++)
			fn(1);
		j->calls += batch;
		t = now() - began;
		/* Look at the clock about a hundred times in all. */
		if (t < j->seconds / 100)
			batch *= 2;
	} while (t < j->seconds);
	j->ns = t * 1e9 / j->calls;
	return NULL;
}

int main(void)
{
	char name[32];
	int n, ms;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ready\n");
	while (scanf("%31s %d %d", name, &n, &ms) == 3 && n >= 1 && n <= 64) {
		struct job job[64] = { 0 };
		pthread_t th[64];
		uint64_t calls = 0;
		double ns = 0;
		size_t f = 0;

		while (f < sizeof(funcs) / sizeof(funcs[0]) && strcmp(funcs[f].name, name))
			f++;
		if (f == sizeof(funcs) / sizeof(funcs[0]))
			return 2;
		pthread_barrier_init(&barrier, NULL, n);
		for (int i = 0; i < n; i++) {
			job[i] = (struct job){ .fn = funcs[f].fn, .cpu = i, .seconds = ms / 1000.0 };
			pthread_create(&th[i], NULL, run, &job[i]);
		}
		for (int i = 0; i < n; i++) {
			pthread_join(th[i], NULL);
			ns += job[i].ns / n;
			calls += job[i].calls;
		}
		printf("%.3f %lu\n", ns, (unsigned long)calls);
	}
	return 0;
}
