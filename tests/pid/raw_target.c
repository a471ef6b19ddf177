// SPDX-License-Identifier: GPL-2.0-or-later
/* See raw_target.h. */
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "raw_target.h"

struct shared *sh;
long loops = 200;

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

bool ordinary(const struct raw_fn *fn)
{
	return strcmp(fn->name, "f_sync") && strcmp(fn->name, "f_int3");
}

const struct raw_fn *fn_named(const char *name)
{
	const struct raw_fn *fn = raw_fns;

	while (strcmp(fn->name, name))
		fn++;
	return fn;
}

static void call_fn(const struct raw_fn *fn, uint64_t x)
{
	uint64_t got = ((raw_call *)fn->start)(x, 2);

	if (got != x + (x & 1 ? fn->odd : fn->even))
		sh->wrong++;
	sh->calls[fn - raw_fns]++;
}

static void call_all(uint64_t x)
{
	const struct raw_fn *fn;

	for (fn = raw_fns; fn->name; fn++)
		if (ordinary(fn))
			call_fn(fn, x);
}

void target_some(void)
{
	int i;

	sh->ready = 1;
	wait_for(&sh->go);
	for (i = 0; i < 2000; i++)
		call_all(i);
}

static void *hammer(void *arg)
{
	uint64_t x;

	for (x = 0; !sh->stop; x += 2) {	/* as many even ones as odd: see counts_agree() */
		call_all(x);
		call_all(x + 1);
	}
	return NULL;
}

void target_threads(void)
{
	pthread_t t[3];
	int i;

	for (i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, hammer, NULL);
	sh->ready = 1;
	for (i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
}

static void set_timer(long us)
{
	struct itimerval it = { { 0, us }, { 0, us } };

	setitimer(ITIMER_REAL, &it, NULL);
}

static struct { uint64_t lo, hi; } text[64];
static int ntext;

static int note_text(struct dl_phdr_info *info, size_t size, void *arg)
{
	int i;

	for (i = 0; i < info->dlpi_phnum && ntext < 64; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type == PT_LOAD && ph->p_flags & PF_X) {
			text[ntext].lo = info->dlpi_addr + ph->p_vaddr;
			text[ntext++].hi = info->dlpi_addr + ph->p_vaddr + ph->p_memsz;
		}
	}
	return 0;
}

static void on_alarm(int sig, siginfo_t *si, void *uc)
{
	uint64_t ip = ((ucontext_t *)uc)->uc_mcontext.gregs[REG_RIP];
	int i;

	sh->signals++;
	for (i = 0; i < ntext; i++)
		if (ip >= text[i].lo && ip < text[i].hi)
			return;
	sh->badip++;
}

/* Threads that begin when they may, and are counted from their first call to their last, with signals. */
void target_gated(void)
{
	struct sigaction sa = { .sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO | SA_RESTART };
	pthread_t t[4];
	int i;

	dl_iterate_phdr(note_text, NULL);
	sigaction(SIGALRM, &sa, NULL);
	sh->ready = 1;
	wait_for(&sh->go);
	if (sh->go == 2)
		set_timer(1000);
	for (i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, hammer, NULL);
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	set_timer(0);
}

void target_signals(void)
{
	struct sigaction sa = { .sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO | SA_RESTART };
	int i;

	dl_iterate_phdr(note_text, NULL);
	sigaction(SIGALRM, &sa, NULL);
	sh->ready = 1;
	wait_for(&sh->go);
	set_timer(100);
	for (i = 0; i < loops * 50; i++)
		call_all(i);
	set_timer(0);
}

/* In a fault handler: skip the faulting instruction, whose address must be the program's. */
static uint64_t fault_at, fault_len;

static void on_fault(int sig, siginfo_t *si, void *uc)
{
	greg_t *r = ((ucontext_t *)uc)->uc_mcontext.gregs;

	sh->signals++;
	if ((uint64_t)r[REG_RIP] != fault_at || (sig == SIGILL && (uint64_t)si->si_addr != fault_at))
		sh->badip++;
	r[REG_RIP] += fault_len;
}

static void on_trap(int sig)
{
	sh->traps++;
}

void target_int3(void)
{
	int i;

	signal(SIGTRAP, on_trap);
	sh->ready = 1;
	wait_for(&sh->go);
	for (i = 0; i < 1000; i++) {
		call_all(i);
		call_fn(fn_named("f_int3"), i);
	}
}

static void fork_child(uint64_t x)
{
	uint64_t before = sh->wrong;
	int i;

	for (i = 0; i < 3; i++)		/* uncounted: it is not traced */
		if (((raw_call *)fn_named("f_push")->start)(x, 2) != x + 1 ||
		    ((raw_call *)fn_named("f_call")->start)(x, 2) != x + 4)
			sh->wrong++;
	sh->children++;
	_exit(sh->wrong != before);
}

void target_forks(void)
{
	volatile uint64_t x;	/* vfork returns twice */
	int st;

	sh->ready = 1;
	for (x = 0; !sh->stop; x++) {
		pid_t pid = fork();

		if (!pid)
			fork_child(x);
		if (waitpid(pid, &st, 0) != pid || st)
			sh->wrong++;
		pid = vfork();
		if (!pid) {
			call_fn(fn_named("f_sub"), x);	/* the same address space: traced */
			_exit(0);
		}
		if (waitpid(pid, &st, 0) != pid || st)
			sh->wrong++;
		call_all(x);
	}
}

void target_sync(void)
{
	int i;

	sh->ready = 1;
	wait_for(&sh->go);
	for (i = 0; i < 5; i++) {
		call_fn(fn_named("f_sync"), i);
		call_fn(fn_named("f_push"), i);
	}
}

void target_exec(void)
{
	sh->ready = 1;
	wait_for(&sh->go);
	execl("/bin/sleep", "sleep", "1", NULL);
	_exit(99);
}

void target_speed(void)
{
	const struct raw_fn *fn = fn_named("f_push");
	raw_call *f = (raw_call *)fn->start;
	uint64_t t0;
	int i;

	sh->ready = 1;
	while (wait_for(&sh->go), !sh->stop) {
		t0 = now_ns();
		for (i = 0; i < 200000; i++)
			f(i, 0);
		sh->elapsed = now_ns() - t0;
		sh->go = 0;
	}
}

void target_fault(void)
{
	const struct raw_fn *fn = fn_named("f_jmp8");
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	int i;

	sigaction(SIGSEGV, &sa, NULL);
	fault_at = fn->start + 2;	/* hlt */
	fault_len = 1;
	sh->ready = 1;
	wait_for(&sh->go);
	for (i = 0; i < 500; i++)
		if (((raw_call *)fault_at)(i, 0) != (uint64_t)i + 9)
			sh->wrong++;
}
