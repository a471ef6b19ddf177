// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hammer [threads]: threads that call small functions without end, until
 * SIGTERM; then prints "alive" and exits 0. With SIGPROF every 200 us on top,
 * whose handler checks that the interrupted pc lies in this program's or a
 * library's own text: a pc in a tracer's stub would be visible to a profiler.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#define NI __attribute__((noinline, noclone, used))

static volatile sig_atomic_t stop;
static volatile long foreign;
static volatile uintptr_t foreign_pc;
static volatile long sink;
extern const char __ehdr_start[], etext[];

NI long spin_a(long x) { return x + 1; }
NI long spin_b(long x) { sink = x; return spin_a(x) * 2; }
NI long spin_c(long x) { return x & 1 ? spin_b(x) : spin_a(x); }
NI double spin_d(double x) { return x * 1.5 + 2; }
NI long spin_e(long n) { return n ? spin_e(n - 1) + 1 : 0; }

static struct { uintptr_t lo, hi; } text[128];
static int ntext;

static void on_prof(int sig, siginfo_t *si, void *uc)
{
	uintptr_t pc = (uintptr_t)((ucontext_t *)uc)->uc_mcontext.gregs[REG_RIP];

	for (int i = 0; i < ntext; i++)
		if (pc >= text[i].lo && pc < text[i].hi)
			return;
	foreign++;
	foreign_pc = pc;
}

static void on_term(int sig)
{
	stop = 1;
}

/* The executable mappings there are now, before anybody traces us. */
static void read_text(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512], perm[8];
	unsigned long lo, hi;

	while (f && fgets(line, sizeof(line), f) && ntext < 128)
		if (sscanf(line, "%lx-%lx %7s", &lo, &hi, perm) == 3 && perm[2] == 'x') {
			text[ntext].lo = lo;
			text[ntext++].hi = hi;
		}
	if (f)
		fclose(f);
}

static void *run(void *arg)
{
	while (!stop) {
		for (long i = 0; i < 100; i++) {
			sink += spin_c(i);
			sink += (long)spin_d(i);
		}
		sink += spin_e(20);
	}
	return arg;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 2;
	struct sigaction sa = { .sa_sigaction = on_prof, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct itimerval tv = { { 0, 200 }, { 0, 200 } };
	pthread_t th[64];

	read_text();
	sigaction(SIGPROF, &sa, NULL);
	signal(SIGTERM, on_term);
	if (!getenv("NOPROF"))
		setitimer(ITIMER_PROF, &tv, NULL);
	for (int i = 0; i < n; i++)
		pthread_create(&th[i], NULL, run, NULL);
	printf("ready\n");
	fflush(stdout);
	for (int i = 0; i < n; i++)
		pthread_join(th[i], NULL);
	if (foreign) {
		printf("foreign pc %#lx, %ld times\n", (unsigned long)foreign_pc, foreign);
		return 1;
	}
	printf("alive\n");
	return 0;
}
