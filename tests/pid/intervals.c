// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Usage: intervals [-j] [-n N]     as root, with the module loaded
 *
 * Threads on every CPU, and one that wanders between them, call the same few functions without end while a
 * tracer starts and stops N times. Each call is written down before and after, so that every interval can be
 * checked against what the program itself says:
 *
 *   under load	the functions are armed, counting begins and ends, and they are disarmed, while the threads run.
 *		Whoever began a call after GO and ended it before STOP was counted; nobody was who ended before GO or
 *		began after STOP. In between, during GO and STOP themselves, lies all that cannot be known.
 *   exact	armed and disarmed while the threads run, but they pause during GO and STOP: to the last call.
 *
 * Intervals take turns. In the end every thread must still come along, and the text be what it was. With -j by jumps,
 * which must have been there; otherwise by breakpoints.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "raw.h"

#define NFN		4
#define MAXTHREAD	64

static const char *const names[NFN] = { "f_push", "f_sub", "f_endbr", "f_mov" };
static const struct raw_fn *fns[NFN];

/* A thread's own account, on cache lines of its own. */
struct account {
	_Alignas(128) atomic_ullong begun[NFN], ended[NFN];
};

static struct shared {
	atomic_int ready, pause, paused, stop;
	atomic_ullong wrong;
	struct account of[MAXTHREAD];
} *sh;

static int nthreads;

/* ---- The program ---------------------------------------------------------------- */

/* Only its own thread writes a counter. */
static void more(atomic_ullong *counter)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1, memory_order_release);
}

static void pause_here(void)
{
	sh->paused++;
	while (sh->pause)
		sleep_ms(1);
	sh->paused--;
}

static void *caller(void *arg)
{
	struct account *me = arg;
	int cpu = me - sh->of;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (cpu < nthreads - 1)
		pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	for (uint64_t x = 0; !sh->stop; x++) {
		if (sh->pause)
			pause_here();
		for (int i = 0; i < NFN; i++) {
			more(&me->begun[i]);
			if (((raw_call *)fns[i]->start)(x, 0) != x + fns[i]->even)
				sh->wrong++;
			more(&me->ended[i]);
		}
	}
	return NULL;
}

static void program(void)
{
	pthread_t th[MAXTHREAD];

	/* What the kernel does for the tracer comes first: more intervals in the same time. */
	setpriority(PRIO_PROCESS, 0, 10);
	for (int i = 0; i < nthreads; i++)
		if (pthread_create(&th[i], NULL, caller, &sh->of[i]))
			_exit(2);
	sh->ready = 1;
	for (int i = 0; i < nthreads; i++)
		pthread_join(th[i], NULL);
	_exit(0);
}

/* ---- The tracer ------------------------------------------------------------------- */

struct sums {
	uint64_t begun[NFN], ended[NFN];
};

/* Each counter only grows: what is read is never more than there is afterwards, nor less than there was before. */
static struct sums account(void)
{
	struct sums s = { 0 };

	for (int t = 0; t < nthreads; t++) {
		for (int i = 0; i < NFN; i++) {
			s.begun[i] += sh->of[t].begun[i];
			s.ended[i] += sh->of[t].ended[i];
		}
	}
	return s;
}

static bool fail(long n, const char *what, int err)
{
	printf("FAIL interval %ld: %s%s%s\n", n, what, err ? ": " : "", err ? strerror(-err) : "");
	return false;
}

static bool pause_all(void)
{
	sh->pause = 1;
	for (int ms = 0; ms < 30000 && sh->paused < nthreads; ms++)
		sleep_ms(1);
	return sh->paused == nthreads;
}

/* All are on their way again: otherwise the next pause would find those of the last. */
static bool resume(void)
{
	sh->pause = 0;
	for (int ms = 0; ms < 30000 && sh->paused; ms++)
		sleep_ms(1);
	return !sh->paused;
}

static bool wanted(const struct raw_fn *fn)
{
	for (int i = 0; i < NFN; i++)
		if (fn == fns[i])
			return true;
	return false;
}

static bool check(long n, const struct raw_session *s, const struct sums *go, const struct sums *went,
		  const struct sums *stop, const struct sums *stopped)
{
	for (int i = 0; i < NFN; i++) {
		int64_t least = stop->ended[i] - went->begun[i], most = stopped->begun[i] - go->ended[i];
		int64_t counted = raw_count(s, names[i], "entry");

		if (counted >= least && counted <= most)
			continue;
		printf("FAIL interval %ld: %s: counted %ld, called %ld to %ld times\n", n, names[i], (long)counted,
		       (long)least, (long)most);
		return false;
	}
	return true;
}

static bool interval(long n, pid_t pid, bool exact, uint64_t *calls)
{
	static struct raw_session s;
	struct sums go, went, stop, stopped;
	int err = raw_open(&s, pid);

	if (!err)
		err = raw_add(&s, RAW_ENTRY, wanted);
	if (!err)
		err = raw_enable(&s);
	if (err)
		return fail(n, "cannot arm", err);
	if (exact && !pause_all())
		return fail(n, "a thread does not come along", 0);
	go = account();
	err = raw_go(&s);
	went = account();
	if (err)
		return fail(n, "cannot go", err);
	if (exact && !resume())
		return fail(n, "a thread does not go on", 0);
	sleep_ms(n % 3);
	if (exact && !pause_all())
		return fail(n, "a traced thread does not come along", 0);
	stop = account();
	err = raw_stop(&s);
	stopped = account();
	if (err)
		return fail(n, "cannot stop", err);
	if (exact && !resume())
		return fail(n, "a thread does not go on", 0);
	raw_close(&s);
	if (s.drops || s.stat.refused)
		return fail(n, "drops, or functions that could not be armed", 0);
	if (s.stat.jumps != (raw_jumps ? NFN : 0))
		return fail(n, raw_jumps ? "not all were jumps" : "there were jumps", 0);
	for (int i = 0; i < NFN; i++)
		*calls += raw_count(&s, names[i], "entry");
	return check(n, &s, &go, &went, &stop, &stopped);
}

static bool text_is_whole(pid_t pid)
{
	size_t size = raw_text_end - raw_text;
	char path[32], *copy = malloc(size);
	bool same;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY);
	same = pread(fd, copy, size, (uintptr_t)raw_text) == (ssize_t)size && !memcmp(copy, raw_text, size);
	close(fd);
	free(copy);
	return same;
}

static bool intervals(long n, pid_t pid)
{
	uint64_t exact = 0, loaded = 0;

	for (long i = 0; i < n; i++) {
		if (!interval(i, pid, i & 1, i & 1 ? &exact : &loaded))
			return false;
		if (i % 64 == 0 && !text_is_whole(pid))
			return fail(i, "the text is not what it was", 0);
		if (sh->wrong)
			return fail(i, "a function returned something else", 0);
	}
	if (!text_is_whole(pid))
		return fail(n, "the text is not what it was", 0);
	if (!pause_all() || !resume())
		return fail(n, "a thread is lost", 0);
	printf("%ld intervals, %lu calls counted under load, %lu exactly\n", n, (unsigned long)loaded,
	       (unsigned long)exact);
	return loaded && exact;
}

int main(int argc, char **argv)
{
	long n = 1000;
	bool well;
	pid_t pid;
	int o, st;

	while ((o = getopt(argc, argv, "jn:")) != -1) {
		if (o == 'j')
			raw_jumps = true;
		else if (o == 'n')
			n = atol(optarg);
		else
			return 2;
	}
	nthreads = sysconf(_SC_NPROCESSORS_ONLN) + 1;
	if (nthreads > MAXTHREAD)
		nthreads = MAXTHREAD;
	for (const struct raw_fn *fn = raw_fns; fn->name; fn++)
		for (int i = 0; i < NFN; i++)
			if (!strcmp(fn->name, names[i]))
				fns[i] = fn;
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	pid = fork();
	if (!pid)
		program();
	well = wait_for(&sh->ready) && intervals(n, pid);
	sh->stop = 1;
	sh->pause = 0;
	if (!well)
		kill(pid, SIGKILL);
	if (waitpid(pid, &st, 0) != pid || (well && st)) {
		printf("FAIL the program died: %#x\n", st);
		well = false;
	}
	return !well;
}
