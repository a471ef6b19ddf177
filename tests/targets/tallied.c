// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tallied [calls [threads [alike|seven]]]: threads that call work() with arguments of all magnitudes, and a handler of
 * a signal that comes every 200 us (alike: not, so that all runs are alike; seven: the argument is always 7). 0 calls:
 * until SIGTERM. Prints what the arguments came to: "count sum min max avg odd stddev", where odd is the sum of b
 * for all calls with a > 1000 and odd b. With each call it also makes one of turn(), which jumps to back(), which
 * returns the first argument.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

struct truth {
	uint64_t n, sum, odd;
	int64_t min, max;
	unsigned __int128 squares;
};

static volatile long sink;
static __thread struct truth in_thread __attribute__((tls_model("initial-exec")));
static __thread struct truth in_handler __attribute__((tls_model("initial-exec")));
static __thread uint64_t state __attribute__((tls_model("initial-exec")));
static struct truth all = { .min = INT64_MAX, .max = INT64_MIN };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long calls = 100000;
static volatile sig_atomic_t stop;
static bool seven;

__attribute__((noipa)) long work(long a, long b)
{
	return a ^ b;
}

/* back's ret has no padding behind it; turn leaves by a jump. */
long turn(long a, long b);
__asm__(".pushsection .text\n"
	"	.p2align 4\n"
	"	.globl back\n	.type back, @function\n"
	"back:	.cfi_startproc\n"
	"	push %rbx\n	push %r12\n	push %rbp\n"
	"	mov %rdi,%rbx\n	mov %rsi,%r12\n"
	"	mov %rbx,%rax\n	lea (%rbx,%r12),%rdx\n	cmp %rdx,%rax\n"
	"	pop %rbp\n	pop %r12\n	pop %rbx\n	ret\n"
	"	.cfi_endproc\n	.size back, . - back\n"
	"	.globl turn\n	.type turn, @function\n"
	"turn:	.cfi_startproc\n"
	"	nop\n	mov %rsi,%rax\n	{disp32} jmp back\n"
	"	.cfi_endproc\n	.size turn, . - turn\n"
	"	.popsection\n");

static void note(struct truth *t, long a, long b)
{
	uint64_t abs = a < 0 ? -(uint64_t)a : (uint64_t)a;

	t->min = !t->n || a < t->min ? a : t->min;
	t->max = !t->n || a > t->max ? a : t->max;
	t->n++;
	t->sum += a;
	t->squares += (unsigned __int128)abs * abs;
	if (a > 1000 && b & 1)
		t->odd += b;
}

static void call(struct truth *t, uint64_t x)
{
	long a = seven ? 7 : (int64_t)x >> (x & 63), b = x >> 44;

	note(t, a, b);
	sink = work(a, b);
	sink = turn(a, b);
}

static void on_prof(int sig)
{
	call(&in_handler, state * 2862933555777941757ull + 3037000493ull);
}

static void on_term(int sig)
{
	stop = 1;
}

static void add(const struct truth *t)
{
	if (!t->n)
		return;
	all.n += t->n;
	all.sum += t->sum;
	all.odd += t->odd;
	all.squares += t->squares;
	all.min = t->min < all.min ? t->min : all.min;
	all.max = t->max > all.max ? t->max : all.max;
}

/* As the Guide defines it: the root of the mean of squares less the square of the mean, in whole numbers. */
static long deviation(void)
{
	int64_t mean = (int64_t)all.sum / (int64_t)all.n;
	uint64_t abs = mean < 0 ? -(uint64_t)mean : (uint64_t)mean, root = 0;
	unsigned __int128 var = all.squares / all.n - (unsigned __int128)abs * abs;

	for (int bit = 63; bit >= 0; bit--) {
		unsigned __int128 r = root | 1ull << bit;

		if (r * r <= var)
			root |= 1ull << bit;
	}
	return root;
}

static void *run(void *arg)
{
	sigset_t set;

	sigemptyset(&set);
	pthread_sigmask(SIG_SETMASK, &set, NULL);
	state = (uintptr_t)arg;
	for (long i = 0; calls ? i < calls : !stop; i++) {
		state = state * 6364136223846793005ull + 1442695040888963407ull;
		call(&in_thread, state);
	}
	sigfillset(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_mutex_lock(&lock);
	add(&in_thread);
	add(&in_handler);
	pthread_mutex_unlock(&lock);
	return NULL;
}

int main(int argc, char **argv)
{
	struct itimerval every = { { 0, 200 }, { 0, 200 } };
	int threads = argc > 2 ? atoi(argv[2]) : 3;
	pthread_t t[64];
	sigset_t set;

	calls = argc > 1 ? atol(argv[1]) : calls;
	sigfillset(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);		/* main() does not count */
	seven = argc > 3 && !strcmp(argv[3], "seven");
	if (argc <= 3 || seven) {
		signal(SIGTERM, on_term);
		signal(SIGPROF, on_prof);
		setitimer(ITIMER_PROF, &every, NULL);
	}
	for (int i = 0; i < threads && i < 64; i++)
		pthread_create(&t[i], NULL, run, (void *)(uintptr_t)(i + 1));
	for (int i = 0; i < threads && i < 64; i++)
		pthread_join(t[i], NULL);
	memset(&every, 0, sizeof(every));
	setitimer(ITIMER_PROF, &every, NULL);
	printf("%ld %ld %ld %ld %ld %ld %ld\n", (long)all.n, (long)all.sum, (long)all.min, (long)all.max,
	       (long)((int64_t)all.sum / (int64_t)all.n), (long)all.odd, deviation());
	return 0;
}
