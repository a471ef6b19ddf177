// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Probes with recipes, driven without libdtrace, against a process of our own that
 * has our code at our addresses. Prints "ok NAME" or "FAIL NAME: why"; exits 1 if any failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "raw.h"

#define CALLS	1000
#define MAGIC	0x600dc0de
#define OP(x)	DTRACE_STEP_##x

static struct shared {
	atomic_int ready, go, stop;
	atomic_int sem, child_sem;	/* as the target sees its semaphore; -1: not looked yet */
} *sh;

/* The semaphore: in a section of data, as compilers are told to put them. */
static volatile uint16_t sem __attribute__((section(".probes"), aligned(2)));
static volatile uint64_t *page;		/* of a file, private: can be made absent */

static int line;
static struct raw_session s;
#define need(cond) do { if (!(cond)) { line = __LINE__; return false; } } while (0)

static const struct raw_fn *push_fn(void)
{
	return raw_fns;		/* f_push: push, mov, lea, pop, ret */
}

/* ---- The target ------------------------------------------------------------------- */

static void call_it(uint64_t x, uint64_t y)
{
	if (((raw_call *)push_fn()->start)(x, y) != x + 1)
		_exit(3);
}

static void look_at_sem(void)
{
	int st;

	sh->sem = sem;
	if (!fork()) {
		sh->child_sem = sem;
		_exit(0);
	}
	wait(&st);
}

static void target(void)
{
	sh->ready = 1;
	while (wait_for(&sh->go), !sh->stop) {
		look_at_sem();
		for (uint64_t i = 0; i < CALLS; i++) {
			madvise((void *)page, 4096, MADV_DONTNEED);
			call_it(i, (uint64_t)(uintptr_t)page);
		}
		sh->go = 0;
	}
}

static pid_t start(void)
{
	pid_t pid;

	memset(sh, 0, sizeof(*sh));
	pid = fork();
	if (!pid) {
		target();
		_exit(0);
	}
	wait_for(&sh->ready);
	return pid;
}

static bool one_round(void)
{
	sh->sem = sh->child_sem = -1;
	sh->go = 1;
	for (int i = 0; i < 60000 && sh->go; i++)
		sleep_ms(1);
	return !sh->go;
}

static bool end(pid_t pid)
{
	int st;

	sh->stop = sh->go = 1;
	return waitpid(pid, &st, 0) == pid && !st;
}

/* ---- The consumer ------------------------------------------------------------------- */

struct place {
	uint64_t addr;
	const struct dtrace_step *step;
	uint32_t nstep;
	uint64_t sem;
};

/* Probes "test<pid>:raw:f_push:p0", p1 ...: one a place. */
static int add(struct raw_session *s, const struct place *pl, uint32_t n, const char *prov)
{
	struct dtrace_pid_point pt[8];
	struct dtrace_pid_probe pr[8];
	struct dtrace_pid_site site[8];
	struct dtrace_step steps[8 * DTRACE_STEP_MAX];
	uint32_t refs[8];
	char strs[256] = "raw\0f_push\0p0\0p1\0p2\0p3";
	struct dtrace_pid_add a = {
		.cookie = s->cookie, .points = (uintptr_t)pt, .probes = (uintptr_t)pr, .refs = (uintptr_t)refs,
		.strs = (uintptr_t)strs, .npoints = n, .nprobes = n, .nrefs = n, .nstrs = sizeof(strs),
		.flags = DTRACE_PID_PROV, .lo = (uintptr_t)raw_text, .hi = (uintptr_t)raw_text_end,
		.sites = (uintptr_t)site, .steps = (uintptr_t)steps, .prov = 100,
	};

	snprintf(strs + 100, 100, "%s", prov);
	for (uint32_t i = 0; i < n; i++) {
		if (raw_point((void *)(uintptr_t)pl[i].addr, pl[i].addr, &pt[i]))
			return -EINVAL;
		pr[i] = (struct dtrace_pid_probe){ .func = 4, .name = 11 + 3 * i, .type = DTRACE_PID_RECIPE,
						   .ref = i, .nref = 1, .lo = pl[i].addr, .hi = pl[i].addr + 1 };
		refs[i] = i;
		site[i] = (struct dtrace_pid_site){ .sem = pl[i].sem, .step = a.nsteps, .nstep = pl[i].nstep };
		memcpy(steps + a.nsteps, pl[i].step, pl[i].nstep * sizeof(*steps));
		a.nsteps += pl[i].nstep;
	}
	return raw_provider(s, DTRACE_PID_ADD, &a, sizeof(a));
}

static int trace(struct raw_session *s, pid_t pid, const struct place *pl, uint32_t n)
{
	int err = raw_open(s, pid);

	if (!err)
		err = add(s, pl, n, "test");
	snprintf(s->prov, sizeof(s->prov), "test%d", pid);
	for (uint32_t i = 0; i < n; i++) {
		strcpy(s->clauses[i].mod, "raw");
		strcpy(s->clauses[i].func, "f_push");
		sprintf(s->clauses[i].name, "p%u", i);
	}
	s->nclauses = n;
	if (!err)
		err = raw_enable(s);
	return err ? err : raw_go(s);
}

/* ---- Tests ------------------------------------------------------------------------------ */

/* Fires for odd arguments only, at the function's first instruction and at its ret. */
static bool t_decides(void)
{
	static const struct dtrace_step odd[] = {
		{ .op = OP(REG), .d = 1, .s = DTRACE_REG_DI, .size = 8 }, { .op = OP(ANDI), .d = 1, .imm = 1 },
		{ .op = OP(IF_EQ), .d = 1, .imm = 1, .skip = 1 }, { .op = OP(STOP) },
	};
	const struct place pl[] = { { push_fn()->start, odd, 4 }, { push_fn()->end - 1, odd, 2 } };
	pid_t pid = start();

	need(!trace(&s, pid, pl, 2));
	need(one_round());
	need(!raw_stop(&s));
	raw_close(&s);
	need(s.counts[0] == CALLS / 2 && s.counts[1] == CALLS && !s.drops);
	need(one_round() && end(pid));
	return true;
}

/* What entry SAVEs, ret TAKEs, once. */
static bool t_remembers(void)
{
	static const struct dtrace_step save[] = {
		{ .op = OP(REG), .d = 1, .s = DTRACE_REG_SP, .size = 8 },
		{ .op = OP(REG), .d = 2, .s = DTRACE_REG_DI, .size = 8 },
		{ .op = OP(IF_LT), .d = 2, .imm = 10, .skip = 1 }, { .op = OP(SAVE), .d = 1, .s = 2 },
	};
	static const struct dtrace_step take[] = {
		{ .op = OP(REG), .d = 1, .s = DTRACE_REG_SP, .size = 8 }, { .op = OP(TAKE), .d = 2, .s = 1 },
		{ .op = OP(REG), .d = 3, .s = DTRACE_REG_DI, .size = 8 },
		{ .op = OP(IF_SAME), .d = 2, .s = 3, .skip = 1 },
		{ .op = OP(STOP) },
	};
	const struct place pl[] = { { push_fn()->start, save, 4 }, { push_fn()->end - 1, take, 5 } };
	pid_t pid = start();

	need(!trace(&s, pid, pl, 2));
	need(one_round() && !raw_stop(&s));
	raw_close(&s);
	need(s.counts[0] == CALLS && s.counts[1] == CALLS - 10 && !s.drops);
	need(end(pid));
	return true;
}

/* Memory that is not there when the breakpoint is hit, but could be; and memory that could not. */
static bool t_fetches(void)
{
	static const struct dtrace_step there[] = {
		{ .op = OP(REG), .d = 1, .s = DTRACE_REG_SI, .size = 8 },
		{ .op = OP(LOAD), .d = 2, .s = 1, .size = 4, .imm = 16 },
		{ .op = OP(IF_EQ), .d = 2, .imm = MAGIC, .skip = 1 }, { .op = OP(STOP) },
	};
	static const struct dtrace_step nowhere[] = { { .op = OP(LOAD), .d = 2, .s = 1, .size = 4, .imm = 0x1000 } };
	const struct place pl[] = { { push_fn()->start, there, 4 }, { push_fn()->end - 1, nowhere, 1 } };
	pid_t pid = start();

	need(!trace(&s, pid, pl, 2));
	need(one_round() && !raw_stop(&s));
	raw_close(&s);
	need(s.counts[0] == CALLS && s.counts[1] == 0 && s.drops == CALLS);
	need(end(pid));
	return true;
}

/* The program's counter is 1 while somebody looks, however many, never in a child, and 0 after SIGKILL. */
static bool t_semaphore(void)
{
	const struct place pl[] = {
		{ push_fn()->start, NULL, 0, (uintptr_t)&sem }, { push_fn()->end - 1, NULL, 0, (uintptr_t)&sem },
	};
	static struct raw_session s2;
	pid_t pid = start(), tracer;
	int st;

	need(one_round() && sh->sem == 0);
	need(!trace(&s, pid, pl, 2));
	need(one_round() && sh->sem == 1 && sh->child_sem == 0);
	need(!trace(&s2, pid, pl, 1));
	need(one_round() && sh->sem == 1);
	raw_close(&s);
	need(one_round() && sh->sem == 1);
	raw_close(&s2);
	need(one_round() && sh->sem == 0);
	tracer = fork();
	if (!tracer) {
		if (!trace(&s, pid, pl, 2))
			kill(getpid(), SIGKILL);
		_exit(1);
	}
	need(waitpid(tracer, &st, 0) == tracer && WIFSIGNALED(st));
	need(one_round() && sh->sem == 0);
	need(end(pid));
	return true;
}

/* A counter that no mapping of a file has, or at its end, is not touched, and that is said. */
static bool t_no_semaphore(void)
{
	const struct place pl = { push_fn()->start, NULL, 0, (uintptr_t)sh & ~1ul };
	pid_t pid = start();

	need(!trace(&s, pid, &pl, 1));
	need(!raw_stop(&s));
	need(s.stat.refused == 1 && s.stat.why[DTRACE_PID_WHY_FAULT] == 1);
	raw_close(&s);
	need(end(pid));
	return true;
}

static uint64_t seed = 88172645463325252ull;
static uint64_t rng(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

/* Whatever an ADD says, it is refused or runs; the target never notices. */
static bool t_hostile(void)
{
	static const char *const names[] = { "test", "pid", "", "9", "a b", "profile", "dtrace",
		"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg" };
	struct dtrace_step step[DTRACE_STEP_MAX];
	pid_t pid = start();
	int taken = 0;

	for (int round = 0; round < 400; round++) {
		struct place pl = { push_fn()->start, step, 1 + rng() % DTRACE_STEP_MAX,
				   rng() % 4 ? 0 : rng() >> rng() % 64 };

		for (uint32_t i = 0; i < DTRACE_STEP_MAX; i++) {
			uint8_t op = rng() % (DTRACE_STEP_NOPS + 1);
			bool sized = op == OP(REG) || op == OP(LOAD), skips = op >= OP(IF_EQ) && op <= OP(IF_SAME);

			step[i] = (struct dtrace_step){
				.op = op, .d = rng() % (op == OP(ARG) ? 10 : 16), .s = rng() % 16,
				.size = sized ? 1u << rng() % 4 : 0, .skip = skips ? rng() % 3 : 0, .imm = rng() % 3,
			};
			if (op == OP(LOAD) || op == OP(ADDI))
				step[i].imm = (int64_t)(rng() >> rng() % 64);
			if (op == OP(IMM) || op == OP(ADDI) || op == OP(ANDI) || (skips && op != OP(IF_SAME)) ||
			    op == OP(SHRI))
				step[i].s = 0;
			if (op == OP(REG))
				step[i].imm = 0;
			if (op == OP(ARG) || op == OP(SAVE) || op == OP(TAKE) || op == OP(IF_SAME))
				step[i].imm = 0;
			if (op == OP(END) || op == OP(STOP))
				step[i] = (struct dtrace_step){ .op = op };
			if (op == OP(IF_UNREAD))
				step[i] = (struct dtrace_step){ .op = op, .skip = rng() % 3, .imm = 1 + rng() % 1023 };
			if (op == OP(LINE))
				step[i].s %= 15;
			if (rng() % 500 == 0)
				((uint8_t *)&step[i])[rng() % sizeof(*step)] ^= 1 << rng() % 8;
		}
		need(!raw_open(&s, pid));
		if (!add(&s, &pl, 1, names[rng() % 4 ? 0 : rng() % 8])) {
			taken++;
			raw_close(&s);
			pl.sem = 0;
			need(!trace(&s, pid, &pl, 1));
			sh->go = 1;
			sleep_ms(3);
		}
		raw_close(&s);
	}
	for (int i = 0; i < 60000 && sh->go; i++)
		sleep_ms(1);
	need(taken > 20);
	need(one_round() && end(pid));
	return true;
}

static const struct {
	const char *name;
	bool (*fn)(void);
} tests[] = {
	{ "decides", t_decides },
	{ "remembers", t_remembers },
	{ "fetches", t_fetches },
	{ "semaphore", t_semaphore },
	{ "no-semaphore", t_no_semaphore },
	{ "hostile", t_hostile },
};

int main(void)
{
	char path[] = "recipesXXXXXX";
	uint64_t words[512] = { 0, 0, MAGIC };
	int bad = 0, fd = mkstemp(path);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (fd < 0 || write(fd, words, 4096) != 4096)
		return 2;
	unlink(path);
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	if (sh == MAP_FAILED || page == MAP_FAILED)
		return 2;
	for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		bool ok = tests[i].fn();

		if (ok)
			printf("ok %s\n", tests[i].name);
		else
			printf("FAIL %s: line %d (counts %lu %lu, drops %lu, semaphore %d, child's %d)\n",
			       tests[i].name, line,
			       s.counts[0], s.counts[1], s.drops, sh->sem, sh->child_sem);
		bad |= !ok;
	}
	return bad;
}
