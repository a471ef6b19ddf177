// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel module's ABI, driven without libdtrace and without a compiler:
 * images are put together by hand, and everything an enemy might try is tried.
 *
 * Usage: abi [TEST...]      as root, in the test machine, with the module loaded
 *
 * Prints "ok NAME" or "FAIL NAME: why" for each test; exits 1 if any failed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "session.h"

static char why[512];

/* In a test: give up with a reason unless the condition holds. */
#define need(cond, ...) \
	do { \
		if (!(cond)) \
			return complain(__LINE__, #cond, ##__VA_ARGS__, NULL); \
	} while (0)
#define expect_errno(call, err) \
	do { \
		errno = 0; \
		long rc_ = (call); \
		if (rc_ != -1 || errno != (err)) \
			return complain(__LINE__, #call, strerror(errno), NULL); \
	} while (0)

static bool complain(int line, const char *cond, ...)
{
	const char *extra;
	va_list ap;

	va_start(ap, cond);
	extra = va_arg(ap, const char *);
	va_end(ap);
	snprintf(why, sizeof(why), "line %d: %s%s%s (errno: %s)", line, cond, extra ? ": " : "",
		 extra ? extra : "", strerror(errno));
	return false;
}

static void sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}
/* What the tests' records hold: one u64 after the header. */
struct seen {
	uint64_t n, sum, last, min_epid, max_epid;
};

static void see_record(const void *rec, uint32_t size, void *arg)
{
	const struct dtrace_rechdr *hdr = rec;
	struct seen *seen = arg;

	seen->n++;
	seen->last = size >= 24 ? *(const uint64_t *)(hdr + 1) : 0;
	seen->sum += seen->last;
}

static void see_count(const void *bucket, uint32_t size, void *arg)
{
	struct seen *seen = arg;

	seen->n++;
	seen->sum += *(const uint64_t *)((const char *)bucket + size - 8);
}

/* ---- Tests ------------------------------------------------------------------ */

static bool test_version(void)
{
	struct dtrace_ioc_version v;
	struct session s;

	need(session_open(&s));
	memset(&v, 0xff, sizeof(v));
	need(!ioctl(s.fd, DTRACEIOC_VERSION, &v));
	need(v.abi == DTRACE_ABI_VERSION && v.ncpus >= 1 && !v.pad && v.build[0] && v.kernel[0]);
	expect_errno(ioctl(s.fd, DTRACEIOC_VERSION, NULL), EFAULT);
	expect_errno(ioctl(s.fd, _IO('d', 99), NULL), ENOTTY);
	close(s.fd);
	return true;
}

static bool test_not_root(void)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		if (setuid(65534))
			_exit(2);
		_exit(open(DTRACE_DEVICE, O_RDWR) == -1 && errno == EACCES ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	need(!status);
	return true;
}

static uint32_t count_probes(struct session *s, const char *prov, const char *name, char *first)
{
	struct dtrace_probedesc pat = { 0 };
	struct dtrace_ioc_probes req = { .pattern = (uintptr_t)&pat, .bufsize = 4096 };
	uint32_t total = 0;
	char buf[4096];

	strcpy(pat.dtpd_provider, prov);
	strcpy(pat.dtpd_name, name);
	req.buf = (uintptr_t)buf;
	do {
		if (ioctl(s->fd, DTRACEIOC_PROBES, &req))
			return ~0u;
		if (!total && req.count && first) {
			const struct dtrace_probe_rec *rec = (void *)buf;

			strcpy(first, buf + rec->name);
		}
		total += req.count;
	} while (req.count);
	return total;
}

static bool test_listing(void)
{
	char first[DTRACE_NAMELEN];
	struct session s;

	need(session_open(&s));
	need(count_probes(&s, "dtrace", "", first) == 3);
	need(!strcmp(first, "BEGIN"));
	need(count_probes(&s, "d*e", "[BE]*", NULL) == 3);
	need(count_probes(&s, "dtrace", "[!B]*", NULL) == 2);
	need(count_probes(&s, "", "BEGIN", NULL) == 1);
	need(count_probes(&s, "profile", "tick-*", NULL) >= 6);
	need(count_probes(&s, "", "tick-123ms", first) == 1);
	need(!strcmp(first, "tick-123ms"));
	need(count_probes(&s, "", "tick-5001", NULL) == 0, "less than 200 us");
	need(count_probes(&s, "", "tick-0", NULL) == 0);
	need(count_probes(&s, "", "tick-199us", NULL) == 0);
	need(count_probes(&s, "", "tick-99999999999d", NULL) == 0);
	need(count_probes(&s, "", "profile-99999999999999999999", NULL) == 0);
	need(count_probes(&s, "", "profile-1parsec", NULL) == 0);
	need(count_probes(&s, "", "profile-", NULL) == 0);
	close(s.fd);
	return true;
}

static bool test_begin_end(void)
{
	struct seen seen = { 0 };
	struct image img;
	struct session s;

	image_init(&img);
	image_action(&img, DTRACEACT_DIFEXPR, image_const(&img, 1000));
	image_clause(&img, "dtrace", "BEGIN");
	image_action(&img, DTRACEACT_DIFEXPR, image_builtin(&img, DIF_VAR_PID));
	image_clause(&img, "dtrace", "BEGIN");
	image_action(&img, DTRACEACT_DIFEXPR, image_const(&img, 100));
	image_clause(&img, "dtrace", "END");
	need(session_open(&s));
	need(!session_enable(&s, &img), s.err.msg);
	need(s.nmatched == 3 && s.perpat[0] == 1 && s.perpat[2] == 1);
	need(!session_go(&s));
	need(session_drain(&s, DTRACE_BUF_PRINCIPAL, see_record, &seen));
	need(seen.n == 2 && seen.sum == 1000 + (uint64_t)getpid());
	need(!session_stop(&s));
	need(session_drain(&s, DTRACE_BUF_PRINCIPAL, see_record, &seen));
	need(seen.n == 3 && seen.last == 100);
	close(s.fd);
	return true;
}

/* Every record and every count of the same firings agree, across many switches. */
static bool test_profile(void)
{
	struct seen recs = { 0 }, counts = { 0 };
	struct dtrace_ioc_status st;
	struct image img;
	struct session s;
	int i;

	image_init(&img);
	image_action(&img, DTRACEACT_DIFEXPR, image_const(&img, 1));
	image_action(&img, DTRACEAGG_COUNT, DTRACE_DIFO_NONE);
	image_clause(&img, "profile", "profile-997");
	need(session_open(&s));
	need(!session_enable(&s, &img), s.err.msg);
	need(!session_go(&s));
	for (i = 0; i < 20; i++) {
		sleep_ms(20);
		need(session_drain(&s, DTRACE_BUF_PRINCIPAL, see_record, &recs));
		need(session_drain(&s, DTRACE_BUF_AGG, see_count, &counts));
	}
	need(!session_stop(&s));
	need(session_drain(&s, DTRACE_BUF_PRINCIPAL, see_record, &recs));
	need(session_drain(&s, DTRACE_BUF_AGG, see_count, &counts));
	need(!session_status(&s, &st));
	need(recs.n > 50 && recs.sum == recs.n);
	need(counts.sum == recs.n);
	need(!st.principal && !st.agg && !st.errors && !st.recursion && !st.nobuffer);
	close(s.fd);
	return true;
}

/* A drop is counted, and what fits is whole. The clause that counts has no record to lose. */
static bool test_drops(void)
{
	struct seen recs = { 0 }, counts = { 0 };
	struct dtrace_ioc_status st;
	struct image img;
	struct session s;

	image_init(&img);
	image_action(&img, DTRACEACT_DIFEXPR, image_const(&img, 1));
	image_clause(&img, "profile", "profile-4999");
	image_action(&img, DTRACEAGG_COUNT, DTRACE_DIFO_NONE);
	image_clause(&img, "profile", "profile-4999");
	need(session_open(&s));
	s.go.bufsize = 4096;
	need(!session_enable(&s, &img), s.err.msg);
	need(!session_go(&s));
	sleep_ms(500);
	need(!session_stop(&s));
	need(session_drain(&s, DTRACE_BUF_PRINCIPAL, see_record, &recs));
	need(session_drain(&s, DTRACE_BUF_AGG, see_count, &counts));
	need(!session_status(&s, &st));
	need(st.principal > 0);
	need(recs.n + st.principal == counts.sum);
	close(s.fd);
	return true;
}

static bool test_error(void)
{
	struct seen recs = { 0 };
	struct dtrace_ioc_status st;
	struct image img;
	struct session s;

	image_init(&img);
	image_action(&img, DTRACEACT_DIFEXPR, image_deref(&img, 8));
	image_clause(&img, "dtrace", "BEGIN");
	image_action(&img, DTRACEACT_DIFEXPR, image_builtin(&img, DIF_VAR_ARG4));
	image_clause(&img, "dtrace", "ERROR");
	need(session_open(&s));
	need(!session_enable(&s, &img), s.err.msg);
	need(!session_go(&s));
	need(session_drain(&s, DTRACE_BUF_PRINCIPAL, see_record, &recs));
	need(!session_status(&s, &st));
	need(st.errors == 1 && !st.dblerrors);
	need(recs.n == 1 && recs.last == DTRACEFLT_BADADDR);
	close(s.fd);
	return true;
}

/* Every variable of builtin.c, in user, kernel and idle context. */
static bool test_builtins(void)
{
	static const uint32_t vars[] = {
		DIF_VAR_CURTHREAD, DIF_VAR_CPU, DIF_VAR_PID, DIF_VAR_TID, DIF_VAR_PPID, DIF_VAR_UID,
		DIF_VAR_GID, DIF_VAR_CALLER, DIF_VAR_UCALLER, DIF_VAR_STACKDEPTH,
		DIF_VAR_USTACKDEPTH, DIF_VAR_IPL, DIF_VAR_USERMODE, DIF_VAR_TIMESTAMP,
		DIF_VAR_WALLTIMESTAMP, DIF_VAR_ARG0, DIF_VAR_ARG1, DIF_VAR_ARG2, DIF_VAR_ARG9,
	};
	struct seen recs = { 0 };
	struct dtrace_ioc_status st;
	struct image img;
	struct session s;
	time_t until;
	size_t i;

	image_init(&img);
	for (i = 0; i < ARRAY_SIZE(vars); i++)
		image_action(&img, DTRACEACT_DIFEXPR, image_builtin(&img, vars[i]));
	image_action(&img, DTRACEACT_STACK, DTRACE_DIFO_NONE);
	img.acts[img.nacts - 1].arg = 20;
	image_action(&img, DTRACEACT_USTACK, DTRACE_DIFO_NONE);
	img.acts[img.nacts - 1].arg = DTRACE_USTACK_ARG(20, 0);
	image_clause(&img, "profile", "profile-997");
	need(session_open(&s));
	s.go.bufsize = 1 << 20;
	need(!session_enable(&s, &img), s.err.msg);
	need(!session_go(&s));
	for (until = time(NULL) + 1; time(NULL) <= until; )
		getppid();
	need(!session_stop(&s));
	need(session_drain(&s, DTRACE_BUF_PRINCIPAL, see_record, &recs));
	need(!session_status(&s, &st));
	need(recs.n > 100 && !st.errors);
	close(s.fd);
	return true;
}

static bool test_sequence(void)
{
	struct dtrace_ioc_switch sw = { 0 };
	struct dtrace_ioc_go go;
	struct image img;
	struct session s;

	image_init(&img);
	image_action(&img, DTRACEACT_DEFAULT, DTRACE_DIFO_NONE);
	image_clause(&img, "dtrace", "BEGIN");
	need(session_open(&s));
	expect_errno(session_stop(&s), EINVAL);
	expect_errno(ioctl(s.fd, DTRACEIOC_SWITCH, &sw), ENOENT);
	go = s.go;
	go.bufsize = 1;
	expect_errno(ioctl(s.fd, DTRACEIOC_GO, &go), EINVAL);
	go = s.go;
	go.bufsize = 2ul << 30;
	expect_errno(ioctl(s.fd, DTRACEIOC_GO, &go), EINVAL);
	go = s.go;
	go.cpu = 100000;
	expect_errno(ioctl(s.fd, DTRACEIOC_GO, &go), EINVAL);
	go = s.go;
	go.cleanrate = 5;
	expect_errno(ioctl(s.fd, DTRACEIOC_GO, &go), EINVAL);
	go = s.go;
	go.pad = 1;
	expect_errno(ioctl(s.fd, DTRACEIOC_GO, &go), EINVAL);
	need(!session_enable(&s, &img), s.err.msg);
	need(!session_go(&s));
	expect_errno(session_go(&s), EBUSY);
	expect_errno(session_enable(&s, &img), EBUSY);
	need(s.err.msg[0]);
	sw.cpu = 1 << 20;
	expect_errno(ioctl(s.fd, DTRACEIOC_SWITCH, &sw), EINVAL);
	sw.cpu = 0;
	sw.kind = 7;
	expect_errno(ioctl(s.fd, DTRACEIOC_SWITCH, &sw), EINVAL);
	need(!session_stop(&s));
	expect_errno(session_stop(&s), EINVAL);
	close(s.fd);
	return true;
}

static bool test_memory(void)
{
	struct session s;

	/* More than half of the machine: shrunk, or refused when told so. */
	need(session_open(&s));
	s.go.bufsize = s.go.aggsize = 1 << 30;
	need(!session_go(&s));
	need(s.go.got_bufsize < 1 << 30);
	close(s.fd);
	need(session_open(&s));
	s.go.bufsize = s.go.aggsize = 1 << 30;
	s.go.bufresize = 1;
	expect_errno(session_go(&s), ENOMEM);
	close(s.fd);
	return true;
}

static bool test_mmap(void)
{
	struct session s;
	size_t len;
	char *p;

	need(session_open(&s));
	need(mmap(NULL, 65536, PROT_READ, MAP_SHARED, s.fd, 0) == MAP_FAILED);
	need(!session_go(&s));
	len = s.go.got_bufsize;
	p = mmap(NULL, len, PROT_READ, MAP_SHARED, s.fd, 0);
	need(p != MAP_FAILED);
	need(mprotect(p, len, PROT_READ | PROT_WRITE) == -1);
	need(mremap(p, len, 2 * len, MREMAP_MAYMOVE) == MAP_FAILED);
	need(mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, s.fd, 0) == MAP_FAILED);
	need(mmap(NULL, len, PROT_READ | PROT_EXEC, MAP_SHARED, s.fd, 0) == MAP_FAILED);
	need(mmap(NULL, len * 2, PROT_READ, MAP_SHARED, s.fd, 0) == MAP_FAILED);
	need(mmap(NULL, len, PROT_READ, MAP_SHARED, s.fd, 4096) == MAP_FAILED);
	need(mmap(NULL, len, PROT_READ, MAP_SHARED, s.fd, DTRACE_MMAP_OFF(4096ull, 0, 0)) ==
	     MAP_FAILED);
	close(s.fd);		/* the mapping keeps the session */
	need(p[0] == 0 && p[len - 1] == 0);
	munmap(p, len);
	return true;
}

static bool test_poll_exit(void)
{
	struct dtrace_ioc_status st;
	struct pollfd pfd;
	struct image img;
	struct session s;

	image_init(&img);
	image_action(&img, DTRACEACT_EXIT, image_const(&img, 3));
	img.difos[img.ndifos - 1].rtype.size = 4;
	image_clause(&img, "profile", "tick-50ms");
	need(session_open(&s));
	need(!session_enable(&s, &img), s.err.msg);
	need(!session_go(&s));
	pfd = (struct pollfd){ .fd = s.fd, .events = POLLIN };
	need(poll(&pfd, 1, 20000) == 1);
	need(!session_status(&s, &st));
	need(st.exiting && st.exit_status == 3 && !st.killed);
	need(!session_stop(&s));
	close(s.fd);
	return true;
}

static bool test_poll_buffer(void)
{
	struct pollfd pfd;
	struct image img;
	struct session s;

	image_init(&img);
	image_action(&img, DTRACEACT_DIFEXPR, image_const(&img, 1));
	image_clause(&img, "profile", "profile-4999");
	need(session_open(&s));
	s.go.bufsize = 4096;
	need(!session_enable(&s, &img), s.err.msg);
	need(!session_go(&s));
	pfd = (struct pollfd){ .fd = s.fd, .events = POLLIN };
	need(poll(&pfd, 1, 20000) == 1);
	close(s.fd);
	return true;
}

static bool test_aliveness(void)
{
	struct dtrace_ioc_status st;
	struct pollfd pfd;
	struct session s;

	need(session_open(&s));
	s.go.aliveness = 50000000;
	need(!session_go(&s));
	pfd = (struct pollfd){ .fd = s.fd, .events = POLLIN };
	need(poll(&pfd, 1, 20000) == 1);
	need(!session_status(&s, &st));
	need(st.killed && !st.exiting);
	close(s.fd);
	return true;
}

static bool test_one_cpu(void)
{
	struct dtrace_ioc_switch sw = { 0 };
	struct seen recs = { 0 };
	struct image img;
	struct session s;
	uint32_t last;

	image_init(&img);
	image_action(&img, DTRACEACT_DIFEXPR, image_builtin(&img, DIF_VAR_CPU));
	image_clause(&img, "", "BEGIN");
	image_action(&img, DTRACEACT_DIFEXPR, image_builtin(&img, DIF_VAR_CPU));
	image_clause(&img, "", "profile-997");
	need(session_open(&s));
	last = ncpus(&s) - 1;
	s.go.cpu = last;
	need(!session_enable(&s, &img), s.err.msg);
	need(!session_go(&s));
	need(s.go.begin_cpu == (int)last);
	sleep_ms(100);
	need(!session_stop(&s));
	need(session_drain(&s, DTRACE_BUF_PRINCIPAL, see_record, &recs));
	need(recs.n > 5 && recs.sum == recs.n * last);
	if (last)
		expect_errno(ioctl(s.fd, DTRACEIOC_SWITCH, &sw), ENOENT);
	close(s.fd);
	return true;
}

static bool cpu_online(int cpu, bool on)
{
	char path[80];
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	fd = open(path, O_WRONLY);
	ok = fd >= 0 && write(fd, on ? "1" : "0", 1) == 1;
	close(fd);
	return ok;
}

/* A CPU leaves while it is traced, and comes back; what it recorded can be read meanwhile. */
static bool test_hotplug(void)
{
	struct seen recs = { 0 }, counts = { 0 };
	struct dtrace_ioc_status st;
	struct image img;
	struct session s;
	int i;

	image_init(&img);
	image_action(&img, DTRACEACT_DIFEXPR, image_const(&img, 1));
	image_action(&img, DTRACEAGG_COUNT, DTRACE_DIFO_NONE);
	image_clause(&img, "", "profile-499");
	image_action(&img, DTRACEACT_DIFEXPR, image_const(&img, 1));
	image_action(&img, DTRACEAGG_COUNT, DTRACE_DIFO_NONE);
	image_clause(&img, "", "tick-499");
	need(session_open(&s));
	if (ncpus(&s) < 2)
		return true;
	need(!session_enable(&s, &img), s.err.msg);
	need(!session_go(&s));
	for (i = 0; i < 6; i++) {
		sleep_ms(50);
		need(cpu_online(1, i & 1));
		need(session_drain(&s, DTRACE_BUF_PRINCIPAL, see_record, &recs));
		need(session_drain(&s, DTRACE_BUF_AGG, see_count, &counts));
	}
	need(!session_stop(&s));
	need(session_drain(&s, DTRACE_BUF_PRINCIPAL, see_record, &recs));
	need(session_drain(&s, DTRACE_BUF_AGG, see_count, &counts));
	need(!session_status(&s, &st));
	need(recs.n > 50 && recs.n == counts.sum && !st.nobuffer);
	close(s.fd);

	/* Not there at GO: counted. */
	need(cpu_online(1, false));
	need(session_open(&s));
	need(!session_enable(&s, &img), s.err.msg);
	need(!session_go(&s));
	need(cpu_online(1, true));
	sleep_ms(200);
	need(!session_status(&s, &st));
	need(st.nobuffer > 0);
	close(s.fd);
	return true;
}

/* ---- Hostility -------------------------------------------------------------- */

static uint64_t rng_state = 88172645463325252ull;

static uint64_t rng(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state;
}

/* A value that is more likely to hurt than most. */
static uint64_t nasty(void *valid)
{
	switch (rng() % 8) {
	case 0:
		return 0;
	case 1:
		return ~0ull >> rng() % 64;
	case 2:
		return 0xffff888000000000ull + rng() % (1ull << 40);
	case 3:
		return 1ull << rng() % 64;
	case 4:
		return rng() % 8;
	case 5:
		return 1ull << 47;
	case 6:
		return rng();
	}
	return (uintptr_t)valid;
}

static bool test_garbage(void)
{
	static const unsigned int cmds[] = {
		DTRACEIOC_VERSION, DTRACEIOC_PROBES, DTRACEIOC_ENABLE, DTRACEIOC_GO, DTRACEIOC_STOP,
		DTRACEIOC_SWITCH, DTRACEIOC_STATUS, DTRACEIOC_EPROBE, DTRACEIOC_AGGDESC,
		DTRACEIOC_PROVIDER,
	};
	static uint64_t arg[8192], valid[8192];
	struct dtrace_ioc_provider *req = (void *)arg;
	struct session s;
	int i, j;

	need(session_open(&s));
	for (i = 0; i < 20000; i++) {
		unsigned int cmd = cmds[rng() % ARRAY_SIZE(cmds)];

		for (j = 0; j < 24; j++) {
			arg[j] = nasty(valid);
			valid[rng() % 64] = nasty(valid);
		}
		if (cmd == DTRACEIOC_PROVIDER && rng() % 2) {
			memset(req->name, 0, sizeof(req->name));
			strcpy(req->name, rng() % 2 ? "pid" : "profile");
			req->pad = 0;
		}
		if (cmd == DTRACEIOC_GO) {	/* keep it from taking all memory, over and over */
			struct dtrace_ioc_go *go = (void *)arg;

			go->bufsize %= 1 << 18;
			go->aggsize %= 1 << 18;
			go->dynvarsize %= 1 << 18;
		}
		ioctl(s.fd, cmd, rng() % 16 ? (void *)arg : (void *)(uintptr_t)nasty(valid));
		if (i % 64 == 0) {
			close(s.fd);
			need(session_open(&s));
		}
	}
	close(s.fd);
	return true;
}

/* A sound image with a few words changed: refused or run, never more. */
static bool test_bad_images(void)
{
	struct image img;
	struct session s;
	uint32_t size;
	int i, ran = 0;

	image_init(&img);
	image_action(&img, DTRACEACT_DIFEXPR, image_builtin(&img, DIF_VAR_PID));
	image_action(&img, DTRACEAGG_COUNT, DTRACE_DIFO_NONE);
	img.acts[img.nacts - 1].ntuple = 1;
	image_action(&img, DTRACEACT_DIFEXPR, image_deref(&img, 8));
	image_clause(&img, "profile", "profile-4999");
	image_action(&img, DTRACEAGG_SUM, image_const(&img, 7));
	image_action(&img, DTRACEACT_DIFVAL, image_const(&img, 7));
	image_clause(&img, "dtrace", "BEGIN");
	for (i = 0; i < 3000; i++) {
		uint32_t *blob = image_blob(&img, &size);
		int changes = 1 + rng() % 3;

		while (changes--) {
			if (rng() % 2)
				blob[rng() % (size / 4)] = nasty(NULL);
			else
				((uint8_t *)blob)[rng() % size] ^= 1 << rng() % 8;
		}
		need(session_open(&s));
		s.go.bufsize = s.go.aggsize = 4096;
		s.go.dynvarsize = 4096;
		if (!session_enable_blob(&s, blob, rng() % 8 ? size : rng() % size) &&
		    !session_go(&s)) {
			ran++;
			if (ran % 16 == 0)
				sleep_ms(1);
		}
		close(s.fd);
		free(blob);
	}
	need(ran > 100);
	return true;
}

/* Trace profile-4999 and drain until killed, or @ms. */
static int consume(long ms)
{
	struct seen seen = { 0 };
	struct image img;
	struct session s;

	image_init(&img);
	image_action(&img, DTRACEACT_DIFEXPR, image_builtin(&img, DIF_VAR_PID));
	image_action(&img, DTRACEAGG_COUNT, DTRACE_DIFO_NONE);
	image_clause(&img, "profile", "profile-4999");
	if (!session_open(&s) || session_enable(&s, &img) || session_go(&s))
		return 1;
	for (; ms > 0; ms--) {
		if (!session_drain(&s, DTRACE_BUF_PRINCIPAL, see_record, &seen) ||
		    !session_drain(&s, DTRACE_BUF_AGG, see_count, &seen))
			return 2;
		sleep_ms(1);
	}
	return seen.n ? 0 : 3;
}

static bool test_several(void)
{
	int i, status;

	for (i = 0; i < 8; i++) {
		if (!fork())
			_exit(consume(100));
	}
	for (i = 0; i < 8; i++)
		need(wait(&status) > 0 && !status);
	return true;
}

static bool test_sigkill(void)
{
	int i, status;
	pid_t pid;

	for (i = 0; i < 100; i++) {
		pid = fork();
		if (!pid)
			_exit(consume(100000));
		sleep_ms(rng() % 30);
		kill(pid, SIGKILL);
		need(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	}
	return true;
}

static const struct {
	const char *name;
	bool (*fn)(void);
} tests[] = {
	{ "version", test_version },
	{ "not-root", test_not_root },
	{ "listing", test_listing },
	{ "begin-end", test_begin_end },
	{ "profile", test_profile },
	{ "drops", test_drops },
	{ "error", test_error },
	{ "builtins", test_builtins },
	{ "sequence", test_sequence },
	{ "memory", test_memory },
	{ "mmap", test_mmap },
	{ "poll-exit", test_poll_exit },
	{ "poll-buffer", test_poll_buffer },
	{ "aliveness", test_aliveness },
	{ "one-cpu", test_one_cpu },
	{ "hotplug", test_hotplug },
	{ "garbage", test_garbage },
	{ "bad-images", test_bad_images },
	{ "several", test_several },
	{ "sigkill", test_sigkill },
};

static bool wanted(const char *name, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++) {
		if (!strcmp(*names, name))
			return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	int failed = 0;
	size_t i;

	(void)argc;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		if (!wanted(tests[i].name, argv + 1))
			continue;
		errno = 0;
		if (tests[i].fn()) {
			printf("ok %s\n", tests[i].name);
		} else {
			printf("FAIL %s: %s\n", tests[i].name, why);
			failed++;
		}
	}
	return failed ? 1 : 0;
}
