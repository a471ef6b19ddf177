// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * execways WAY: execs in unusual ways; work() is called 10 times here and there.
 *
 *   fail     10 calls, execs that fail, 10 calls
 *   thread   three threads, 10 calls each; then one of them, not the first, execs "end"
 *   vfork    10 calls, a vfork child that execs "end", 10 calls
 *   end      10 calls
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile long sink;
static pthread_barrier_t barrier;
static char *self;

__attribute__((noinline, noclone, used)) long work(long x)
{
	sink = x;
	return x + 1;
}

static void work10(void)
{
	for (int i = 0; i < 10; i++)
		work(i);
}

static void become_end(void)
{
	execl("/proc/self/exe", self, "end", (char *)NULL);
	_exit(1);
}

static void *thread(void *arg)
{
	work10();
	pthread_barrier_wait(&barrier);
	if (arg)
		become_end();
	for (;;)
		pause();
	return NULL;
}

static void threads(void)
{
	pthread_t id;

	pthread_barrier_init(&barrier, NULL, 3);
	for (long i = 0; i < 3; i++)
		pthread_create(&id, NULL, thread, (void *)(i == 1 ? 1l : 0l));
	pthread_join(id, NULL);
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "end";
	int status;

	self = argv[0];
	if (!strcmp(way, "thread"))
		threads();
	work10();
	if (!strcmp(way, "fail")) {
		for (int i = 0; i < 100; i++) {
			execl("/nonexistent/program", "program", (char *)NULL);
			execl("/etc/passwd", "passwd", (char *)NULL);
		}
		work10();
	} else if (!strcmp(way, "vfork")) {
		if (!vfork())
			become_end();
		wait(&status);
		work10();
	}
	printf("execways: %s\n", way);
	return 0;
}
