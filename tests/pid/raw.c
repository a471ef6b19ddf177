// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The pid provider's kernel half against processes of our own. See raw.h.
 *
 * Usage: raw [-j] [-n LOOPS] [TEST...]     as root, with the module loaded
 *
 * Each test forks a target, which has our code at our addresses and counts its
 * own calls in shared memory; we trace it and compare. Prints "ok NAME" or
 * "FAIL NAME: why"; exits 1 if any failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "raw_target.h"

static char why[256];

#define need(cond) \
	do { \
		if (!(cond)) \
			return complain(__LINE__, #cond, 0); \
	} while (0)
#define ok(expr) \
	do { \
		int err_ = (expr); \
		if (err_) \
			return complain(__LINE__, #expr, err_); \
	} while (0)

static bool complain(int line, const char *what, int err)
{
	snprintf(why, sizeof(why), "line %d: %s%s%s", line, what, err ? ": " : "",
		 err ? strerror(-err) : "");
	return false;
}

/* ---- Targets, seen from here ------------------------------------------------------- */

static pid_t start(void (*fn)(void))
{
	pid_t pid;

	memset(sh, 0, sizeof(*sh));
	pid = fork();
	if (!pid) {
		fn();
		_exit(0);
	}
	wait_for(&sh->ready);
	return pid;
}

static bool ended_well(pid_t pid)
{
	int st;

	if (waitpid(pid, &st, 0) != pid)
		return false;
	if (st)
		fprintf(stderr, "target: wait status %#x\n", st);
	return !st;
}

/* The target's text is ours, byte for byte. */
static bool text_is_whole(pid_t pid)
{
	size_t size = raw_text_end - raw_text;
	char path[32], *copy = malloc(size);
	bool same;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY);
	same = pread(fd, copy, size, (uintptr_t)raw_text) == (ssize_t)size &&
	       !memcmp(copy, raw_text, size);
	close(fd);
	free(copy);
	return same;
}

static bool counts_agree(const struct raw_session *s, const char *name)
{
	const struct raw_fn *fn;
	bool same = true;
	uint64_t want, got;

	for (fn = raw_fns; fn->name; fn++) {
		if (!ordinary(fn))
			continue;
		want = sh->calls[fn - raw_fns];
		got = raw_count(s, fn->name, name);
		/* Calls among themselves count, too. */
		if (!strcmp(fn->name, "f_nop"))
			want += sh->calls[fn_named("f_call") - raw_fns] + sh->calls[fn_named("f_callmem") - raw_fns] +
				sh->calls[fn_named("f_callreg") - raw_fns] + sh->calls[fn_named("f_callsp") - raw_fns] +
				sh->calls[fn_named("f_callsp8") - raw_fns];
		if (!strcmp(fn->name, "f_mov"))
			want += sh->calls[fn_named("f_jmp") - raw_fns] + sh->calls[fn_named("f_jmpmem") - raw_fns] +
				sh->calls[fn_named("f_jmpreg") - raw_fns] +
				sh->calls[fn_named("f_jcc") - raw_fns] / 2 +
					sh->calls[fn_named("f_jmptab") - raw_fns] / 2;
		if (!strcmp(fn->name, "f_self") && strcmp(name, "return"))
			want *= 3;
		if (got != want) {
			fprintf(stderr, "%s:%s counted %lu, called %lu\n", fn->name, name, got, want);
			same = false;
		}
	}
	return same;
}

/* ---- Tests ----------------------------------------------------------------------------- */

static struct raw_session s;

static bool trace_some(unsigned what)
{
	pid_t pid = start(target_some);

	ok(raw_open(&s, pid));
	ok(raw_add(&s, what, ordinary));
	ok(raw_enable(&s));
	ok(raw_go(&s));
	sh->go = 1;
	need(ended_well(pid));
	ok(raw_stop(&s));
	raw_close(&s);
	need(!sh->wrong);
	need(!s.drops);
	need(!s.stat.refused);
	return true;
}

static bool t_entry(void)
{
	need(trace_some(RAW_ENTRY));
	need(counts_agree(&s, "entry"));
	return true;
}

static bool t_return(void)
{
	need(trace_some(RAW_RETURN));
	need(counts_agree(&s, "return"));
	return true;
}

static bool t_everything(void)
{
	need(trace_some(RAW_ENTRY | RAW_RETURN | RAW_OFFSETS));
	need(counts_agree(&s, "entry"));
	need(counts_agree(&s, "return"));
	need(counts_agree(&s, "0"));
	need(raw_count(&s, "f_loop", "b") == 2000 * 3 || raw_count(&s, "f_loop", "c") == 2000 * 3 ||
	     raw_count(&s, "f_loop", "8") == 2000 * 3);
	return true;
}

/* Threads run through points that come and go; nobody dies, nothing is left. */
static bool t_storm(void)
{
	pid_t pid = start(target_threads);
	long i;

	for (i = 0; i < loops; i++) {
		ok(raw_open(&s, pid));
		ok(raw_add(&s, RAW_ENTRY | RAW_RETURN | (i & 1 ? RAW_OFFSETS : 0), ordinary));
		ok(raw_enable(&s));
		ok(raw_go(&s));
		need(!kill(pid, 0));
		ok(raw_stop(&s));
		need(!s.stat.refused);
		raw_close(&s);
		if (i % 16 == 0)
			need(text_is_whole(pid));
	}
	need(text_is_whole(pid));
	sh->stop = 1;
	need(ended_well(pid));
	need(!sh->wrong);
	return true;
}

/*
 * One consumer counts entries while another one, again and again, asks for so much that they must be breakpoints:
 * threads on all CPUs run through every change from one to the other, and not a call is lost or counted twice.
 */
static bool change_forms(int go)
{
	static struct raw_session other;
	pid_t pid = start(target_gated);
	uint64_t most = 0, least = ~0ull;
	long i;

	ok(raw_open(&s, pid));
	ok(raw_add(&s, RAW_ENTRY, ordinary));
	ok(raw_enable(&s));
	ok(raw_go(&s));
	sh->go = go;
	for (i = 0; i < loops; i++) {
		ok(raw_open(&other, pid));
		ok(raw_add(&other, i & 1 ? RAW_OFFSETS : RAW_RETURN | RAW_OFFSETS, ordinary));
		ok(raw_enable(&other));
		ok(raw_go(&other));
		ok(raw_stat(&s));
		least = s.stat.jumps < least ? s.stat.jumps : least;
		if (i % 4 == 0)
			sleep_ms(1);
		raw_close(&other);
		ok(raw_stat(&s));
		most = s.stat.jumps > most ? s.stat.jumps : most;
		if (i % 4 == 1)
			sleep_ms(1);
	}
	sh->stop = 1;
	need(ended_well(pid));
	ok(raw_stop(&s));
	raw_close(&s);
	fprintf(stderr, "%lu to %lu jumps, %llu signals\n", least, most, sh->signals);
	need(!sh->wrong);
	need(!sh->badip);
	need(!s.drops);
	need(!s.stat.refused);
	need(raw_jumps ? most > 10 && least < most : most == 0);
	return counts_agree(&s, "entry");
}

static bool t_forms(void)
{
	return change_forms(1);
}

static bool t_formsignals(void)
{
	return change_forms(2);
}

/* Two consumers on one process: each counts all, and one's end does not disturb the other. */
static bool t_two(void)
{
	static struct raw_session other;
	pid_t pid = start(target_some);

	ok(raw_open(&s, pid));
	ok(raw_open(&other, pid));
	need(s.cookie == other.cookie);
	ok(raw_add(&s, RAW_ENTRY, ordinary));
	ok(raw_add(&other, RAW_ENTRY | RAW_RETURN, ordinary));
	ok(raw_enable(&other));
	ok(raw_enable(&s));
	ok(raw_go(&s));
	ok(raw_go(&other));
	raw_close(&other);
	sh->go = 1;
	need(ended_well(pid));
	ok(raw_stop(&s));
	raw_close(&s);
	need(counts_agree(&s, "entry"));
	need(!sh->wrong);
	return true;
}

/* Timers fire every 100 us: no handler sees a stub, no call counts twice or not at all. */
static bool t_signals(void)
{
	pid_t pid = start(target_signals);

	ok(raw_open(&s, pid));
	ok(raw_add(&s, RAW_ENTRY | RAW_RETURN | RAW_OFFSETS, ordinary));
	ok(raw_enable(&s));
	ok(raw_go(&s));
	sh->go = 1;
	need(ended_well(pid));
	ok(raw_stop(&s));
	raw_close(&s);
	fprintf(stderr, "%llu signals\n", sh->signals);
	need(!sh->wrong);
	need(!sh->badip);
	need(sh->signals > 10);
	need(counts_agree(&s, "entry"));
	need(counts_agree(&s, "return"));
	return true;
}

static bool t_fork(void)
{
	pid_t pid = start(target_forks);
	long i;

	for (i = 0; i < loops / 4; i++) {
		ok(raw_open(&s, pid));
		ok(raw_add(&s, RAW_ENTRY | RAW_RETURN, ordinary));
		ok(raw_enable(&s));
		ok(raw_go(&s));
		sleep_ms(i % 8);
		raw_close(&s);
	}
	sh->stop = 1;
	need(ended_well(pid));
	fprintf(stderr, "%llu children\n", sh->children);
	need(!sh->wrong);
	return true;
}

/* Counting while the target forks: the children's calls are not the target's. */
static bool t_forkcount(void)
{
	pid_t pid = start(target_forks);
	const struct raw_fn *fn = fn_named("f_sub");
	uint64_t before, after;

	kill(pid, SIGSTOP);
	sleep_ms(50);
	ok(raw_open(&s, pid));
	ok(raw_add(&s, RAW_ENTRY, ordinary));
	ok(raw_enable(&s));
	ok(raw_go(&s));
	before = sh->calls[fn - raw_fns];
	kill(pid, SIGCONT);
	sleep_ms(300);
	sh->stop = 1;
	need(ended_well(pid));
	after = sh->calls[fn - raw_fns];
	ok(raw_stop(&s));
	raw_close(&s);
	need(after > before);
	/* Stopped anywhere, perhaps between a call and its counting. */
	need(raw_count(&s, "f_sub", "entry") >= after - before - 1 &&
	     raw_count(&s, "f_sub", "entry") <= after - before + 1);
	need(!sh->wrong);
	return true;
}

/* A consumer killed at any moment leaves nothing behind. */
static bool t_sigkill(void)
{
	pid_t pid = start(target_threads), tracer;
	long i;

	for (i = 0; i < loops / 2; i++) {
		tracer = fork();
		if (!tracer) {
			if (raw_open(&s, pid) || raw_add(&s, RAW_ENTRY | RAW_RETURN, ordinary) ||
			    raw_enable(&s) || raw_go(&s))
				_exit(1);
			pause();
		}
		sleep_ms(i % 16);
		kill(tracer, SIGKILL);
		waitpid(tracer, NULL, 0);
		need(text_is_whole(pid));
	}
	sh->stop = 1;
	need(ended_well(pid));
	need(!sh->wrong);
	return true;
}

static bool t_int3(void)
{
	pid_t pid = start(target_int3);

	ok(raw_open(&s, pid));
	ok(raw_add(&s, RAW_ENTRY | RAW_RETURN, ordinary));
	ok(raw_enable(&s));
	ok(raw_go(&s));
	sh->go = 1;
	need(ended_well(pid));
	ok(raw_stop(&s));
	raw_close(&s);
	need(sh->traps == 1000);
	need(counts_agree(&s, "entry"));
	need(!sh->wrong);
	return true;
}

static bool t_sync(void)
{
	struct dtrace_pid_continue c = { 0 };
	struct dtrace_pid_wait w = { 0 };
	pid_t pid = start(target_sync);
	int i;

	ok(raw_open(&s, pid));
	ok(raw_add_sync(&s, fn_named("f_sync")));
	w.cookie = c.cookie = s.cookie;
	w.timeout_ms = 50;
	ok(raw_provider(&s, DTRACE_PID_WAIT, &w, sizeof(w)));
	need(w.event == DTRACE_PID_EV_NONE);
	sh->go = 1;
	w.timeout_ms = 10000;
	for (i = 0; i < 3; i++) {
		ok(raw_provider(&s, DTRACE_PID_WAIT, &w, sizeof(w)));
		need(w.event == DTRACE_PID_EV_SYNC);
		need(w.tid == pid);
		need((int)sh->calls[fn_named("f_push") - raw_fns] == i);
		sleep_ms(20);
		need((int)sh->calls[fn_named("f_sync") - raw_fns] == i);
		c.tid = i & 1 ? pid : 0;
		ok(raw_provider(&s, DTRACE_PID_CONTINUE, &c, sizeof(c)));
		while ((int)sh->calls[fn_named("f_push") - raw_fns] == i)
			sleep_ms(1);
	}
	ok(raw_provider(&s, DTRACE_PID_WAIT, &w, sizeof(w)));
	need(w.event == DTRACE_PID_EV_SYNC);
	raw_close(&s);				/* lets it go */
	need(ended_well(pid));
	need(!sh->wrong);

	pid = start(target_sync);		/* killed while it stands */
	ok(raw_open(&s, pid));
	ok(raw_add_sync(&s, fn_named("f_sync")));
	sh->go = 1;
	w.cookie = s.cookie;
	ok(raw_provider(&s, DTRACE_PID_WAIT, &w, sizeof(w)));
	need(w.event == DTRACE_PID_EV_SYNC);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ok(raw_provider(&s, DTRACE_PID_WAIT, &w, sizeof(w)));
	need(w.event == DTRACE_PID_EV_EXIT);
	raw_close(&s);
	return true;
}

static bool t_exec(void)
{
	struct dtrace_pid_wait w = { .timeout_ms = 10000 };
	pid_t pid = start(target_exec);
	uint64_t old;

	ok(raw_open(&s, pid));
	ok(raw_add(&s, RAW_ENTRY, ordinary));
	ok(raw_enable(&s));
	ok(raw_go(&s));
	sh->go = 1;
	w.cookie = old = s.cookie;
	ok(raw_provider(&s, DTRACE_PID_WAIT, &w, sizeof(w)));
	need(w.event == DTRACE_PID_EV_EXEC);
	need(w.held);				/* it begins when we close */
	raw_close(&s);
	ok(raw_open(&s, pid));
	need(s.cookie != old);
	w.cookie = s.cookie;
	ok(raw_provider(&s, DTRACE_PID_WAIT, &w, sizeof(w)));
	need(w.event == DTRACE_PID_EV_EXIT);
	raw_close(&s);
	need(ended_well(pid));
	return true;
}

static int add_points(struct dtrace_pid_point *pts, uint32_t n, uint64_t lo, uint64_t hi, bool sync)
{
	static const char strs[] = "\0m\0f\0entry";
	uint32_t *refs = calloc(n, sizeof(*refs)), i;
	struct dtrace_pid_probe pr = { .func = 3, .name = 5, .type = sync ? DTRACE_PID_SYNC : DTRACE_PID_OFFSET,
				       .nref = n, .lo = lo, .hi = hi };
	struct dtrace_pid_add a = {
		.cookie = s.cookie, .points = (uintptr_t)pts, .probes = (uintptr_t)&pr,
		.refs = (uintptr_t)refs, .strs = (uintptr_t)strs, .npoints = n, .nprobes = 1,
		.nrefs = n, .nstrs = sizeof(strs), .mod = 1, .lo = lo, .hi = hi,
	};
	int err;

	for (i = 0; i < n; i++)
		refs[i] = i;
	err = raw_provider(&s, DTRACE_PID_ADD, &a, sizeof(a));
	free(refs);
	return err;
}

static uint64_t refused(int reason)
{
	s.stat.cookie = s.cookie;
	raw_provider(&s, DTRACE_PID_STAT, &s.stat, sizeof(s.stat));
	return s.stat.why[reason];
}

/* What is not as userland says it is, is refused or left alone. SYNC points arm at once. */
static bool t_claims(void)
{
	const struct raw_fn *fn = fn_named("f_push");
	uint64_t lo = (uintptr_t)raw_text, hi = (uintptr_t)raw_text_end;
	pid_t pid = start(target_threads);
	struct dtrace_pid_point p[2];

	ok(raw_open(&s, pid));
	ok(raw_point((void *)fn->start, fn->start, &p[0]));
	need(add_points(p, 1, lo, fn->start, true) == -EINVAL);		/* outside the object */
	p[0].len = 0;
	need(add_points(p, 1, lo, hi, true) == -EINVAL);
	p[0].len = 1;
	p[0].kind = 99;
	need(add_points(p, 1, lo, hi, true) == -EINVAL);
	p[0].kind = DTRACE_PID_COPY;
	p[0].bytes[0] = 0xcc;
	need(add_points(p, 1, lo, hi, true) == -EINVAL);
	p[0].bytes[0] = 0x53;						/* push %rbx: not what is there */
	ok(add_points(p, 1, lo, hi, true));
	need(refused(DTRACE_PID_WHY_BYTES) == 1);
	raw_close(&s);

	ok(raw_open(&s, pid));
	ok(raw_point((void *)(fn->start + 1), fn->start + 1, &p[0]));	/* mov, 3 bytes */
	p[0].kind = DTRACE_PID_RIPREL;
	ok(add_points(p, 1, lo, hi, true));
	need(refused(DTRACE_PID_WHY_KIND) == 1);
	p[0].kind = DTRACE_PID_COPY;
	p[1] = p[0];
	p[1].addr++;							/* inside the first */
	memcpy(p[1].bytes, "\x89\xe5", 3);
	p[1].len = 2;
	ok(add_points(p, 2, lo, hi, true));
	need(refused(DTRACE_PID_WHY_KIND) == 2);
	need(s.stat.armed == 1);
	raw_close(&s);

	ok(raw_open(&s, pid));						/* data, and nothing at all */
	ok(raw_point("\x90", (uintptr_t)&s, &p[0]));
	ok(add_points(p, 1, (uintptr_t)&s, (uintptr_t)&s + 16, true));
	ok(raw_point("\x90", 0x12345000, &p[0]));
	ok(add_points(p, 1, 0x12345000, 0x12346000, true));
	need(refused(DTRACE_PID_WHY_UNMAPPED) == 2);
	ok(raw_point("\x90", (uintptr_t)sh, &p[0]));
	ok(add_points(p, 1, (uintptr_t)sh, (uintptr_t)sh + 16, true));
	need(refused(DTRACE_PID_WHY_SHARED) == 1);
	raw_close(&s);
	need(text_is_whole(pid));
	sh->stop = 1;
	need(ended_well(pid));

	need(raw_open(&s, 2) == -EINVAL);				/* kthreadd */
	need(raw_open(&s, pid) == -ESRCH);
	return true;
}

/* What comes of offering a jump at @p: the reason why not, or -1. */
static bool offered(struct dtrace_pid_point *p, pid_t pid, int *why)
{
	ok(raw_open(&s, pid));
	ok(add_points(p, 1, (uintptr_t)raw_text, (uintptr_t)raw_text_end, false));
	strcpy(s.clauses[0].mod, "m");
	strcpy(s.clauses[0].func, "f");
	strcpy(s.clauses[0].name, "entry");
	s.nclauses = 1;
	ok(raw_enable(&s));
	ok(raw_stat(&s));
	need(s.stat.armed == 1);
	*why = s.stat.jumps ? -1 : 7;
	while (*why >= 0 && !s.stat.nojump[*why])
		--*why;
	raw_close(&s);
	return true;
}

/* f_sub ends with "add $8,%rsp; ret": there a jump to count the ret would begin. */
static bool t_lead(void)
{
	static const uint8_t add[4] = { 0x48, 0x83, 0xc4, 0x08 };
	const struct raw_fn *fn = fn_named("f_sub");
	uint64_t lo = (uintptr_t)raw_text, hi = (uintptr_t)raw_text_end, at = fn->end;
	pid_t pid = start(target_threads);
	struct dtrace_pid_point good, p;
	int why;

	do
		at--;
	while (*(uint8_t *)at != 0xc3);
	need(!memcmp((void *)(at - 4), add, 4));
	ok(raw_point((void *)at, at, &good));
	good.prefix = 1;
	good.lead = 4;
	good.flags = DTRACE_PID_KEEPFLAGS;
	memcpy(good.before, add, 4);

	ok(raw_open(&s, pid));
	p = good;
	p.lead = 5;
	need(add_points(&p, 1, lo, hi, true) == -EINVAL);
	p = good;
	p.prefix = 0;
	need(add_points(&p, 1, lo, hi, true) == -EINVAL);
	p = good;
	p.flags = 2;
	need(add_points(&p, 1, lo, hi, true) == -EINVAL);
	p = good;
	p.lead = 3;
	need(add_points(&p, 1, lo, hi, true) == -EINVAL);	/* a byte too many in before[] */
	p = good;
	p.bytes[2] = 1;
	need(add_points(&p, 1, lo, hi, true) == -EINVAL);
	need(add_points(&good, 1, at - 3, hi, true) == -EINVAL);	/* it begins outside the object */
	raw_close(&s);

	if (!raw_jumps) {
		sh->stop = 1;
		return ended_well(pid);
	}
	p = good;
	memset(p.before, 0x90, 4);			/* not what is there */
	need(offered(&p, pid, &why) && why == DTRACE_PID_NOJUMP_MEMORY);
	kill(pid, SIGKILL);					/* the process remembers the first offer */
	waitpid(pid, NULL, 0);
	pid = start(target_threads);
	p = good;
	p.lead = 2;	/* not whole instructions */
	memset(p.before, 0, 2);
	need(offered(&p, pid, &why) && why == DTRACE_PID_NOJUMP_KIND);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	pid = start(target_threads);
	need(offered(&good, pid, &why) && why == -1);
	need(text_is_whole(pid));
	sh->stop = 1;
	need(ended_well(pid));
	return true;
}

/* Handlers of faults see the program's address and may change it. */
static bool t_fault(void)
{
	pid_t pid = start(target_fault);

	ok(raw_open(&s, pid));
	ok(raw_add(&s, RAW_OFFSETS, ordinary));
	ok(raw_enable(&s));
	ok(raw_go(&s));
	sh->go = 1;
	need(ended_well(pid));
	ok(raw_stop(&s));
	raw_close(&s);
	need(!sh->wrong);
	need(!sh->badip);
	need(sh->signals == 500);
	need(raw_count(&s, "f_jmp8", "2") == 500);
	return true;
}

static bool only_push(const struct raw_fn *fn)
{
	return !strcmp(fn->name, "f_push");
}

static uint64_t lap(void)
{
	sh->go = 1;
	while (sh->go)
		sleep_ms(1);
	return sh->elapsed / 200000;
}

static bool t_speed(void)
{
	pid_t pid = start(target_speed);
	uint64_t bare, entry, ret;

	bare = lap();
	ok(raw_open(&s, pid));
	ok(raw_add(&s, RAW_ENTRY, only_push));
	ok(raw_enable(&s));
	ok(raw_go(&s));
	entry = lap();
	raw_close(&s);
	ok(raw_open(&s, pid));
	ok(raw_add(&s, RAW_RETURN, only_push));
	ok(raw_enable(&s));
	ok(raw_go(&s));
	ret = lap();
	raw_close(&s);
	sh->stop = sh->go = 1;
	need(ended_well(pid));
	fprintf(stderr, "ns a call: %lu bare, %lu with an entry probe, %lu with a return probe\n",
		bare, entry, ret);
	return true;
}

/* Many points: a file full of "nop; ret", mapped in the target. */
#define NMANY	60000
#define MANYAT	0x200000000000ull

static void target_many(void)
{
	uint64_t i;

	sh->ready = 1;
	wait_for(&sh->go);
	for (i = 0; i < NMANY; i++)
		((void (*)(void))(MANYAT + i * 16))();
}

static bool open_many(struct dtrace_pid_point *p, pid_t *pid)
{
	char path[] = "/tmp/rawXXXXXX";
	int fd = mkstemp(path), i;

	for (i = 0; i < NMANY; i++)
		need(write(fd, "\x90\xc3\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc", 16) == 16);
	need(mmap((void *)MANYAT, NMANY * 16, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, 0) ==
	     (void *)MANYAT);
	unlink(path);
	close(fd);
	*pid = start(target_many);
	ok(raw_open(&s, *pid));
	for (i = 0; i < NMANY; i++)
		ok(raw_point("\x90\xc3\0\0\0\0\0\0\0\0\0\0\0\0\0", MANYAT + i * 16, &p[i]));
	return true;
}

static bool t_many(void)
{
	struct dtrace_pid_point *p = calloc(NMANY, sizeof(*p));
	uint64_t t0, t1, t2;
	pid_t pid;

	need(open_many(p, &pid));
	t0 = now_ns();
	ok(add_points(p, NMANY, MANYAT, MANYAT + NMANY * 16, false));
	t1 = now_ns();
	strcpy(s.clauses[0].mod, "m");
	strcpy(s.clauses[0].func, "f");
	strcpy(s.clauses[0].name, "entry");
	s.nclauses = 1;
	ok(raw_enable(&s));
	t2 = now_ns();
	ok(raw_go(&s));
	sh->go = 1;
	need(ended_well(pid));
	ok(raw_stop(&s));
	fprintf(stderr, "%d points: added in %lu ms, armed in %lu ms, stubs %llu kB\n", NMANY,
		(t1 - t0) / 1000000, (t2 - t1) / 1000000, s.stat.stubbytes / 1024);
	t0 = now_ns();
	raw_close(&s);
	fprintf(stderr, "closed in %lu ms\n", (now_ns() - t0) / 1000000);
	need(s.counts[0] == NMANY);
	free(p);
	munmap((void *)MANYAT, NMANY * 16);
	return true;
}

static atomic_int reading;

static void *reader(void *arg)
{
	while (reading) {
		struct dtrace_ioc_switch sw = { .kind = DTRACE_BUF_AGG };
		struct dtrace_ioc_status st;

		ioctl(s.fd, DTRACEIOC_STATUS, &st);
		ioctl(s.fd, DTRACEIOC_SWITCH, &sw);
	}
	return NULL;
}

/* Who reads its data is not taken for dead because another thread of its arms many points, which takes long. */
static bool t_patience(void)
{
	struct dtrace_pid_point *p = calloc(NMANY, sizeof(*p));
	struct dtrace_ioc_status st;
	pthread_t th;
	pid_t pid;

	need(open_many(p, &pid));
	s.aliveness = 200000000;
	reading = 1;
	ok(raw_go(&s));
	pthread_create(&th, NULL, reader, NULL);
	ok(add_points(p, NMANY, MANYAT, MANYAT + NMANY * 16, true));
	sleep_ms(100);
	reading = 0;
	pthread_join(th, NULL);
	ok(ioctl(s.fd, DTRACEIOC_STATUS, &st));
	need(!st.killed);
	raw_close(&s);
	sh->go = 1;
	need(ended_well(pid));
	free(p);
	munmap((void *)MANYAT, NMANY * 16);
	return true;
}

static const struct {
	const char *name;
	bool (*fn)(void);
} tests[] = {
	{ "entry", t_entry },
	{ "return", t_return },
	{ "everything", t_everything },
	{ "two", t_two },
	{ "forms", t_forms },
	{ "formsignals", t_formsignals },
	{ "claims", t_claims },
	{ "lead", t_lead },
	{ "int3", t_int3 },
	{ "fault", t_fault },
	{ "sync", t_sync },
	{ "exec", t_exec },
	{ "signals", t_signals },
	{ "forkcount", t_forkcount },
	{ "fork", t_fork },
	{ "sigkill", t_sigkill },
	{ "storm", t_storm },
	{ "many", t_many },
	{ "patience", t_patience },
	{ "speed", t_speed },
};

static bool chosen(const char *name, int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++)
		if (!strcmp(name, argv[i]))
			return true;
	return !argc;
}

int main(int argc, char **argv)
{
	int bad = 0;
	unsigned i;

	argc--, argv++;
	if (argc > 0 && !strcmp(argv[0], "-j")) {
		raw_jumps = true;
		argc--, argv++;
	}
	if (argc > 1 && !strcmp(argv[0], "-n")) {
		loops = atol(argv[1]);
		argc -= 2, argv += 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		if (!chosen(tests[i].name, argc, argv))
			continue;
		if (tests[i].fn()) {
			printf("ok %s\n", tests[i].name);
		} else {
			printf("FAIL %s: %s\n", tests[i].name, why);
			bad = 1;
			sh->stop = sh->go = 1;
			raw_close(&s);
		}
	}
	return bad;
}
