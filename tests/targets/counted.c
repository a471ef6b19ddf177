// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counts its own calls through everything that makes counting hard: threads,
 * deep recursion, tail calls, several exits, jump tables, a cold part, calls by
 * pointer, a signal handler that interrupts counted functions, longjmp over
 * frames, and an IFUNC. Usage: counted [rounds]. Its output is fixed.
 */
#include "truth.h"
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define FUNCS(X) X(leaf) X(recurse) X(tail_first) X(tail_last) X(tail_cond) X(exits) X(table) X(rare) \
	X(by_pointer) X(handler) X(jumper) X(jumped) X(worker) X(impl_a) X(many_args) X(empty_loop)
FUNCS(TRUTH_OF)

static volatile long sink;
static jmp_buf env;

COUNTED long leaf(long x)
{
	ENTER(leaf);
	LEAVE(leaf);
	return x + 1;
}

COUNTED long recurse(long n)
{
	long r;

	ENTER(recurse);
	r = n ? recurse(n - 1) + 1 : 0;
	LEAVE(recurse);
	return r;
}

COUNTED long tail_last(long x)
{
	ENTER(tail_last);
	LEAVE(tail_last);
	return x * 3;
}

COUNTED long tail_first(long x)		/* always leaves by jmp */
{
	ENTER(tail_first);
	sink += x;
	LEAVE(tail_first);
	return tail_last(x + sink % 2);
}

COUNTED long tail_cond(long x)		/* leaves by jmp or jcc, or by ret */
{
	ENTER(tail_cond);
	LEAVE(tail_cond);
	if (x & 1)
		return tail_last(x);
	return x;
}

COUNTED long exits(long x)
{
	ENTER(exits);
	if (x % 3 == 0) {
		LEAVE(exits);
		return leaf(x);
	}
	if (x % 3 == 1) {
		sink++;
		LEAVE(exits);
		return 0;
	}
	sink += leaf(x);
	LEAVE(exits);
	return sink;
}

COUNTED long table(long x)		/* gcc makes an indirect jump that stays inside */
{
	long r = 0;

	ENTER(table);
	switch (x % 9) {
	case 0: r = leaf(1); break;
	case 1: r = sink; break;
	case 2: sink = 7; break;
	case 3: r = leaf(sink); break;
	case 4: sink--; break;
	case 5: r = leaf(4) * 2; break;
	case 6: sink = x; break;
	case 7: r = 9; break;
	}
	LEAVE(table);
	return r + 1;
}

__attribute__((cold, noinline)) void unlikely_path(long x)
{
	sink += x;
}

COUNTED long rare(long x)		/* has a .cold part that returns into the hot one */
{
	ENTER(rare);
	if (__builtin_expect(x % 5 == 0, 0)) {
		unlikely_path(x);
		sink ^= x;
		unlikely_path(sink);
	}
	x += leaf(x);
	LEAVE(rare);
	return x;
}

COUNTED long by_pointer(long x)
{
	ENTER(by_pointer);
	LEAVE(by_pointer);
	return x ^ 5;
}

COUNTED void handler(int sig)
{
	ENTER(handler);
	sink += sig;
	LEAVE(handler);
}

__attribute__((optimize("no-optimize-sibling-calls")))
COUNTED void jumped(long depth)
{
	ENTER(jumped);
	if (depth)
		jumped(depth - 1);
	if (!depth)
		longjmp(env, 1);
	LEAVE(jumped);			/* never */
}

COUNTED void jumper(void)
{
	ENTER(jumper);
	if (!setjmp(env))
		jumped(6);
	LEAVE(jumper);
}

COUNTED long impl_a(long x)
{
	ENTER(impl_a);
	LEAVE(impl_a);
	return x + 2;
}

COUNTED long many_args(long a, long b, long c, long d, long e, long f, long g, long h)
{
	ENTER(many_args);
	LEAVE(many_args);
	return a + b + c + d + e + f + g + h;
}

COUNTED long empty_loop(long n)
{
	ENTER(empty_loop);
	while (n-- > 0)
		sink++;
	LEAVE(empty_loop);
	return n;
}

#ifndef NO_IFUNC
static long (*resolve(void))(long) { return impl_a; }
long chosen(long x) __attribute__((ifunc("resolve")));
#else
#define chosen impl_a
#endif

static long rounds = 200;

COUNTED void *worker(void *arg)
{
	long (*volatile fp)(long) = by_pointer;
	long n = rounds;

	ENTER(worker);
	for (long i = 0; i < n; i++) {
		leaf(i);
		tail_first(i);
		tail_cond(i);
		exits(i);
		table(i);
		rare(i);
		fp(i);
		chosen(i);
		many_args(1, 2, 3, 4, 5, 6, i, i);
		empty_loop(i % 4);
	}
	recurse(300);
	LEAVE(worker);
	return arg;
}

int main(int argc, char **argv)
{
	struct itimerval tv = { { 0, 700 }, { 0, 700 } }, off = { 0 };
	pthread_t th[3];
	long got = 0;

	if (argc > 1)
		rounds = atol(argv[1]);
	signal(SIGALRM, handler);
	setitimer(ITIMER_REAL, &tv, NULL);
	for (int i = 0; i < 3; i++)
		pthread_create(&th[i], NULL, worker, NULL);
	worker(NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(th[i], NULL);
	for (long i = 0; i < rounds; i++)
		jumper();
	for (long i = 0; i < 50; i++)
		raise(SIGALRM);
	setitimer(ITIMER_REAL, &off, NULL);
	signal(SIGALRM, SIG_IGN);
	got = recurse(10) + leaf(1) + many_args(1, 2, 3, 4, 5, 6, 7, 8);

	TRUTH_WRITE(FUNCS);
	printf("counted: %ld\n", got);
	return 7;
}
