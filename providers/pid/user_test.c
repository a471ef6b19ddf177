// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From patterns to ADD calls, without a kernel: the calls are recorded and
 * held against the live process, and programs are single-stepped to see that
 * what the probes would count is what happens.
 */
#include "target.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "user.h"

#define MAX_SAVED	200000

/* ---- A kernel that only listens ------------------------------------------------------- */

struct saved {			/* a probe with its points */
	char mod[64], func[256], name[32];
	uint16_t type;
	uint64_t lo, hi, lo2, hi2;
	uint32_t nref;
	uint64_t *at;
	uint8_t *kind;
};

static struct kernel {
	struct dt_proc *p;
	struct saved *probe;
	size_t nprobe, npoint;
	size_t nskip[DT_PID_SKIP_MAX];
	char last_skip[256];
	int fail;			/* what ADD returns */
	uint32_t event;			/* what WAIT returns */
	unsigned int nattach, ndetach, ncontinue;
} kernel;

static const char *str(const struct dtrace_pid_add *a, uint32_t off)
{
	assert_true(off < a->nstrs);
	return (const char *)(uintptr_t)a->strs + off;
}

static void check_points(const struct dtrace_pid_add *a)
{
	const struct dtrace_pid_point *pt = (void *)(uintptr_t)a->points;

	for (uint32_t i = 0; i < a->npoints; i++) {
		uint8_t bytes[24], n = pt[i].len, lead = pt[i].lead;
		static const uint8_t zero[24];

		assert_true(pt[i].len >= 1 && pt[i].len <= 15);
		assert_true(pt[i].kind < DTRACE_PID_KIND_MAX);
		assert_true(pt[i].off < pt[i].len);
		assert_true(pt[i].addr >= a->lo && pt[i].addr + pt[i].len <= a->hi);
		assert_true(!i || pt[i].addr > pt[i - 1].addr);
		assert_int_equal(pt[i].flags & ~DTRACE_PID_KEEPFLAGS, 0);
		assert_in_range(lead, 0, pt[i].prefix ? 4 : 0);
		if (pt[i].prefix) {
			assert_in_range(lead + pt[i].prefix, pt[i].len, 19);
			n = lead + pt[i].prefix > DTRACE_PID_JUMP_LEN ? pt[i].prefix : DTRACE_PID_JUMP_LEN - lead;
		}
		assert_memory_equal(pt[i].bytes + n, zero, sizeof(pt[i].bytes) - n);
		assert_memory_equal(pt[i].before, zero, 4 - lead);
		assert_int_equal(dt_proc_read(kernel.p, pt[i].addr - lead, bytes, lead), lead);
		assert_memory_equal(pt[i].before + 4 - lead, bytes, lead);
		assert_int_equal(dt_proc_read(kernel.p, pt[i].addr, bytes, n), n);
		assert_memory_equal(pt[i].bytes, bytes, n);
	}
}

static void save_probe(const struct dtrace_pid_add *a, const struct dtrace_pid_probe *pr)
{
	const struct dtrace_pid_point *pt = (void *)(uintptr_t)a->points;
	const uint32_t *ref = (void *)(uintptr_t)a->refs;
	struct saved *s = &kernel.probe[kernel.nprobe++];

	assert_true(kernel.nprobe < MAX_SAVED);
	assert_true(pr->ref + pr->nref <= a->nrefs && pr->nref > 0);
	assert_true(pr->lo < pr->hi && pr->nranges <= 1 && pr->type <= DTRACE_PID_SYNC);
	*s = (struct saved) {
		.type = pr->type, .lo = pr->lo, .hi = pr->hi, .lo2 = pr->lo2, .hi2 = pr->hi2,
		.nref = pr->nref,
	};
	snprintf(s->mod, sizeof(s->mod), "%s", str(a, a->mod));
	snprintf(s->func, sizeof(s->func), "%s", str(a, pr->func));
	snprintf(s->name, sizeof(s->name), "%s", str(a, pr->name));
	s->at = calloc(pr->nref, sizeof(*s->at));
	s->kind = calloc(pr->nref, 1);
	for (uint32_t i = 0; i < pr->nref; i++) {
		assert_true(ref[pr->ref + i] < a->npoints);
		s->at[i] = pt[ref[pr->ref + i]].addr;
		s->kind[i] = pt[ref[pr->ref + i]].kind;
		assert_true((s->at[i] >= s->lo && s->at[i] < s->hi) ||
			    (s->at[i] >= s->lo2 && s->at[i] < s->hi2));
	}
}

static int listen_to(void *ctx, uint32_t op, void *arg, size_t size)
{
	(void)ctx;
	switch (op) {
	case DTRACE_PID_ATTACH:
		assert_int_equal(size, sizeof(struct dtrace_pid_attach));
		((struct dtrace_pid_attach *)arg)->cookie = 77;
		kernel.nattach++;
		return 0;
	case DTRACE_PID_ADD: {
		struct dtrace_pid_add *a = arg;

		assert_int_equal(size, sizeof(*a));
		if (kernel.fail)
			return kernel.fail;
		assert_int_equal(a->cookie, 77);
		assert_int_equal(str(a, a->nstrs - 1)[0], 0);
		check_points(a);
		for (uint32_t i = 0; i < a->nprobes; i++)
			save_probe(a, (struct dtrace_pid_probe *)(uintptr_t)a->probes + i);
		kernel.npoint += a->npoints;
		a->nadded = a->nprobes;
		return 0;
	}
	case DTRACE_PID_WAIT:
		((struct dtrace_pid_wait *)arg)->event = kernel.event;
		((struct dtrace_pid_wait *)arg)->tid = 5;
		((struct dtrace_pid_wait *)arg)->addr = 0x5000;
		((struct dtrace_pid_wait *)arg)->held = kernel.event == DTRACE_PID_EV_EXEC;
		return 0;
	case DTRACE_PID_CONTINUE:
		assert_int_equal(((struct dtrace_pid_continue *)arg)->tid, 5);
		kernel.ncontinue++;
		return 0;
	case DTRACE_PID_DETACH:
		kernel.ndetach++;
		return 0;
	}
	return 0;
}

static void note_skip(void *ctx, const char *mod, const char *func, enum dt_pid_skip why)
{
	(void)ctx;
	(void)mod;
	kernel.nskip[why]++;
	snprintf(kernel.last_skip, sizeof(kernel.last_skip), "%s", func);
}

static void forget(void)
{
	for (size_t i = 0; i < kernel.nprobe; i++) {
		free(kernel.probe[i].at);
		free(kernel.probe[i].kind);
	}
	free(kernel.probe);
	memset(&kernel, 0, sizeof(kernel));
	kernel.probe = calloc(MAX_SAVED, sizeof(*kernel.probe));
}

static struct dt_pid *begin(char *const argv[])
{
	struct dt_err err = { "" };
	struct dt_pid *dp;

	forget();
	if (dt_proc_create(argv, DT_EVAL_PREINIT, &kernel.p, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(dt_pid_attach(kernel.p, listen_to, NULL, false, true, note_skip, &dp, &err), 0);
	return dp;
}

static void end(struct dt_pid *dp)
{
	struct dt_proc *p = kernel.p;

	dt_pid_detach(dp);
	assert_int_equal(kernel.ndetach, 1);
	dt_proc_release(p);
	forget();
	free(kernel.probe);
	kernel.probe = NULL;
}

static int create(struct dt_pid *dp, const char *mod, const char *func, const char *name, struct dt_err *err)
{
	dtrace_probedesc_t pat = { 0 };
	uint64_t n;

	strcpy(pat.dtpd_mod, mod);
	strcpy(pat.dtpd_func, func);
	strcpy(pat.dtpd_name, name);
	err->msg[0] = 0;
	return dt_pid_create(dp, &pat, &n, NULL, NULL, err);
}

static const struct saved *find(const char *mod, const char *func, const char *name)
{
	for (size_t i = 0; i < kernel.nprobe; i++) {
		const struct saved *s = &kernel.probe[i];

		if (!strcmp(s->mod, mod) && !strcmp(s->func, func) && !strcmp(s->name, name))
			return s;
	}
	return NULL;
}

/* ---- Single-stepping ----------------------------------------------------------------- */

/*
 * Cold parts, tail calls (direct, conditional, through a pointer), recursion,
 * a switch with a table, several returns, a function that never returns.
 */
static const char walker[] =
	"#include <stdlib.h>\n"
	"#define N __attribute__((noinline,noclone))\n"
	"volatile int sink; volatile int zero;\n"
	"void __attribute__((cold,noinline)) bad(int x) { sink += x; }\n"
	"N int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }\n"
	"N int leaf(int x) { sink = x; return x + 1; }\n"
	"N int tail(int x) { sink++; return leaf(x * 2); }\n"
	"N int branchy(int x) { if (__builtin_expect(x % 7 == 3, 0)) { bad(x); bad(x + 1); sink ^= x; }\n"
	"  return leaf(x) + sink; }\n"
	"N int framed(int x) { volatile int a[40]; a[x % 40] = x;\n"
	"  if (__builtin_expect(x % 5 == 1, 0)) { bad(a[x % 40]); if (sink == 12345) abort(); a[3] = 1; }\n"
	"  return a[x % 40] + leaf(x); }\n"
	"N int table(int x) { switch (x) { case 0: return leaf(1); case 1: return sink; case 2: sink = 4;\n"
	"  return fib(3); case 3: return tail(9); case 4: sink = 1; break; case 5: sink = 77; break;\n"
	"  case 6: return branchy(3); default: return -1; } return leaf(sink); }\n"
	"int (*volatile ptr)(int) = tail;\n"
	"N int through(int x) { sink--; return ptr(x); }\n"
	"N int loops(int n) { int s = 0; for (int i = 0; i < n; i++) { if (i == 6 && zero) return "
	"s; s += leaf(i); } return s; }\n"
	"N void last(void) { exit(sink & 0 ? 1 : 3); }\n"
	"int main(void) { int s = fib(6); for (int i = 0; i < 20; i++) s += branchy(i) + framed(i) + table(i % 9)\n"
	"  + through(i); s += loops(8); sink = s; last(); }\n";


static bool is_inside(const struct saved *s, uint64_t addr)
{
	return (addr >= s->lo && addr < s->hi) || (addr >= s->lo2 && addr < s->hi2);
}

struct counts {
	size_t entries, returns;
};

/* What stands at @rip fires; jumps that may leave are put on @jump until it is known. */
static size_t fire(struct counts *c, uint64_t rip, const struct saved **jump)
{
	size_t njump = 0;

	for (size_t i = 0; i < kernel.nprobe; i++) {
		const struct saved *s = &kernel.probe[i];

		for (uint32_t k = 0; k < s->nref; k++) {
			if (s->at[k] != rip)
				continue;
			if (s->type == DTRACE_PID_ENTRY)
				c[i].entries++;
			else if (s->kind[k] == DTRACE_PID_RET)
				c[i].returns++;
			else
				jump[njump++] = s;
		}
	}
	return njump;
}

/* Run the program instruction by instruction and count as the kernel would. Returns wait()'s status. */
static int step_through(struct counts *c)
{
	pid_t pid = dt_proc_pid(kernel.p);
	struct user_regs_struct regs;
	const struct saved *jump[8];
	int status;

	for (;;) {
		size_t n;

		assert_int_equal(ptrace(PTRACE_GETREGS, pid, 0, &regs), 0);
		n = fire(c, regs.rip, jump);
		ptrace(PTRACE_SINGLESTEP, pid, 0, 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFSTOPPED(status))
			return status;
		if (!n)
			continue;
		assert_int_equal(ptrace(PTRACE_GETREGS, pid, 0, &regs), 0);
		for (size_t i = 0; i < n; i++) {
			if (!is_inside(jump[i], regs.rip))
				c[jump[i] - kernel.probe].returns++;
		}
	}
}

static size_t total(const struct counts *c, const char *func, bool returns)
{
	size_t n = 0;

	for (size_t i = 0; i < kernel.nprobe; i++) {
		if (!func || !strcmp(kernel.probe[i].func, func))
			n += returns ? c[i].returns : c[i].entries;
	}
	return n;
}

static void hold_and_probe(char *path, const char *mod, const char *func, struct dt_pid **dp)
{
	char *argv[] = { path, NULL };
	struct dt_err err;

	*dp = begin(argv);
	assert_int_equal(create(*dp, mod, func, "", &err), 0);
}

static void end_stepped(struct dt_pid *dp)
{
	/* It has been reaped here, behind dt_proc's back. */
	dt_proc_continue(kernel.p, NULL);
	end(dp);
}

static void counts_are_exact(void **state)
{
	static const char *const flags[] = {
		"-O2", "-O2 -no-pie -fno-pie", "-O0", "-O3 -fcf-protection=full", "-Os",
		"-O2 -fno-reorder-blocks-and-partition",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		struct counts *c = calloc(MAX_SAVED, sizeof(*c));
		struct dt_pid *dp;
		int status;

		hold_and_probe(target_build("walker", flags[i], walker), "a.out", "[b-z]*", &dp);
		status = step_through(c);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 3);
		assert_true(total(c, "fib", false) >= 3);	/* recursion becomes loops as it likes */
		assert_int_equal(total(c, "fib", false), total(c, "fib", true));
		assert_int_equal(total(c, "branchy", false), 20 + 2);
		assert_int_equal(total(c, "branchy", true), 20 + 2);
		assert_int_equal(total(c, "framed", true), 20);
		assert_int_equal(total(c, "table", true), 20);
		assert_int_equal(total(c, "through", true), 20);
		assert_int_equal(total(c, "tail", false), 20 + 2);
		assert_int_equal(total(c, "tail", true), 20 + 2);
		assert_int_equal(total(c, "leaf", false), total(c, "leaf", true));
		assert_int_equal(total(c, "bad", false), total(c, "bad", true));
		assert_int_equal(total(c, "main", false), 1);
		assert_int_equal(total(c, "main", true), 0);
		assert_int_equal(total(c, "last", false), 1);
		free(c);
		end_stepped(dp);
	}
}

/* Without symbols: every call still has its return, cold parts belong to their functions. */
static void stripped_counts_balance(void **state)
{
	struct counts *c = calloc(MAX_SAVED, sizeof(*c));
	size_t with = 0, entries, unbalanced = 0;
	struct dt_pid *dp;
	char *path;

	(void)state;
	path = target_build("walker", "-O2", walker);
	hold_and_probe(path, "a.out", "", &dp);
	for (size_t i = 0; i < kernel.nprobe; i++)
		with += kernel.probe[i].type == DTRACE_PID_ENTRY && kernel.probe[i].func[0] != '_' &&
			strcmp(kernel.probe[i].func, "frame_dummy") && !strstr(kernel.probe[i].func, "_tm_clones");
	end(dp);
	assert_int_equal(target_run("strip %s", path), 0);
	hold_and_probe(path, "a.out", "", &dp);
	entries = 0;
	for (size_t i = 0; i < kernel.nprobe; i++)
		entries += kernel.probe[i].type == DTRACE_PID_ENTRY;
	assert_int_equal(entries, with + 1);		/* _start */
	step_through(c);
	for (size_t i = 0; i < kernel.nprobe; i++) {
		const struct saved *s = &kernel.probe[i], *r = find(s->mod, s->func, "return");

		if (s->type == DTRACE_PID_ENTRY && c[i].entries &&
		    (!r || c[i].entries != c[r - kernel.probe].returns))
			unbalanced++;
	}
	assert_int_equal(unbalanced, 3);		/* _start, main, last: exit() was called */
	assert_int_equal(total(c, NULL, false), total(c, NULL, true) + 3);
	free(c);
	end_stepped(dp);
}

/* ---- Patterns ----------------------------------------------------------------------- */

static const char small[] =
	"#include <string.h>\n#include <stdio.h>\n"
	"int used(int x) { return x * 3; }\n"
	"int __attribute__((alias(\"used\"))) other_name(int);\n"
	"static int __attribute__((noinline)) inner(int x) { return used(x) + 1; }\n"
	"int spin(volatile int *p);\n"
	"asm(\".globl spin\\n.type spin,@function\\nspin: .cfi_startproc\\n dec %edi\\n jne "
	"spin\\n ret\\n.cfi_endproc\\n.size spin,.-spin\\n\"\n"
	"    \".globl lost\\n.type lost,@function\\nlost: jmp .+4\\n .byte 0x48,0xb8\\n nop\\n "
	"ret\\n .skip 16,0x90\\n.size lost,.-lost\\n\"\n"
	"    \".globl trap\\n.type trap,@function\\ntrap: .cfi_startproc\\n int3\\n "
	"ret\\n.cfi_endproc\\n.size trap,.-trap\\n\"\n"
	"    \".globl first\\n.type first,@function\\nfirst: .cfi_startproc\\n "
	"nop\\n.cfi_endproc\\n.size first,.-first\\n\"\n"
	"    \".globl second\\n.type second,@function\\nsecond: .cfi_startproc\\n nop\\nmid: "
	"ret\\n.cfi_endproc\\n.size second,.-second\\n\"\n"
	"    \".globl third\\n.type third,@function\\nthird: .cfi_startproc\\n jmp "
	"mid\\n.cfi_endproc\\n.size third,.-third\\n\"\n);\n"
	"asm(\".globl restarts\\n.type restarts,@function\\nrestarts: .cfi_startproc\\n nop\\n1: "
	"nop\\n nop\\n2: ret\\n3: ret\\n.cfi_endproc\\n\"\n"
	"    \".size restarts,.-restarts\\n.pushsection __rseq_cs,\\\"aw\\\"\\n.balign 32\\n.long "
	"0,0\\n.quad 1b,2b-1b,3b\\n.popsection\\n\");\n"
	"int main(int c, char **v) { char b[64]; memcpy(b, v[0], c); return inner(c) - 4; }\n";

static void names_and_offsets(void **state)
{
	char *argv[] = { target_build("small", "-O1 -fno-builtin", small), NULL };
	struct dt_pid *dp = begin(argv);
	const struct saved *s, *t;
	struct dt_err err;

	(void)state;
	assert_int_equal(create(dp, "a.out", "used", "entry", &err), 0);
	assert_int_equal(create(dp, "small", "other_name", "", &err), 0);
	s = find("small", "used", "entry");
	t = find("small", "other_name", "entry");
	assert_non_null(s);
	assert_non_null(t);
	assert_int_equal(s->lo, t->lo);
	assert_non_null(find("small", "other_name", "return"));
	assert_non_null(find("small", "other_name", "0"));
	assert_int_equal(create(dp, "", "inner", "0", &err), 0);
	assert_non_null(find("small", "inner", "0"));
	assert_int_equal(create(dp, "a.out", "m?in", "e*", &err), 0);
	assert_non_null(find("small", "main", "entry"));
	assert_null(find("small", "main", "return"));
	assert_int_equal(create(dp, "libc", "__libc_malloc", "entry", &err), 0);
	assert_non_null(find("libc.so.6", "__libc_malloc", "entry"));
	end(dp);
}

/* A glob gives one probe a function, whatever else it is called. */
static void globs_count_once(void **state)
{
	char *argv[] = { target_path("small"), NULL };
	struct dt_pid *dp = begin(argv);
	struct dt_err err;

	(void)state;
	assert_int_equal(create(dp, "libc*", "*", "entry", &err), 0);
	for (size_t i = 1; i < kernel.nprobe; i++)
		assert_true(kernel.probe[i].lo != kernel.probe[i - 1].lo);
	assert_int_equal(kernel.nprobe, kernel.npoint);
	assert_true(kernel.nprobe > 2000);
	/* The same again: nothing is new. */
	size_t n = kernel.nprobe;
	assert_int_equal(create(dp, "libc*", "*", "entry", &err), 0);
	assert_int_equal(kernel.nprobe, n);
	end(dp);
}

static void indirect_functions_mean_the_implementation(void **state)
{
	char *argv[] = { target_path("small"), NULL };
	struct dt_pid *dp = begin(argv);
	struct counts *c = calloc(MAX_SAVED, sizeof(*c));
	struct dt_err err;

	(void)state;
	assert_int_equal(create(dp, "libc", "memcpy", "entry", &err), 0);
	step_through(c);
	assert_true(total(c, "memcpy", false) >= 1);
	free(c);
	end_stepped(dp);
}

/* Inside of a restartable sequence, and where it is aborted to, nothing may trap. */
static void restartable_sequences(void **state)
{
	char *argv[] = { target_path("small"), NULL };
	struct dt_pid *dp = begin(argv);
	struct dt_err err;

	(void)state;
	assert_int_equal(create(dp, "a.out", "restarts", "", &err), 0);
	assert_non_null(find("small", "restarts", "entry"));
	assert_non_null(find("small", "restarts", "0"));
	assert_null(find("small", "restarts", "1"));
	assert_null(find("small", "restarts", "2"));
	assert_non_null(find("small", "restarts", "3"));
	assert_null(find("small", "restarts", "4"));
	assert_null(find("small", "restarts", "return"));
	assert_int_equal(kernel.nskip[DT_PID_SKIP_RSEQ], 1);
	assert_int_equal(create(dp, "a.out", "restarts", "1", &err), -ENOENT);
	assert_non_null(strstr(err.msg, "restartable sequence"));
	end(dp);
}

/* A copy of the file @from whose section @name says that it has @size bytes. */
static char *lie_about(const char *from, const char *name, uint64_t size)
{
	char *path = target_path("liar");
	Elf64_Ehdr eh;
	Elf64_Shdr sh, strs;
	bool found = false;
	char s[16];
	FILE *f;

	assert_int_equal(target_run("cp %s %s", target_path(from), path), 0);
	f = fopen(path, "r+");
	assert_non_null(f);
	assert_int_equal(fread(&eh, sizeof(eh), 1, f), 1);
	assert_int_equal(pread(fileno(f), &strs, sizeof(strs), eh.e_shoff + eh.e_shstrndx * sizeof(sh)), sizeof(strs));
	for (int i = 0; i < eh.e_shnum && !found; i++) {
		off_t at = eh.e_shoff + i * sizeof(sh);

		assert_int_equal(pread(fileno(f), &sh, sizeof(sh), at), sizeof(sh));
		assert_true(pread(fileno(f), s, sizeof(s), strs.sh_offset + sh.sh_name) > 0);
		found = !strncmp(s, name, sizeof(s));
		sh.sh_size = size;
		if (found)
			assert_int_equal(pwrite(fileno(f), &sh, sizeof(sh), at), sizeof(sh));
	}
	assert_true(found);
	fclose(f);
	return path;
}

static void absurd_sequences(void **state)
{
	char *argv[] = { lie_about("small", "__rseq_cs", 1ull << 45), NULL };
	struct dt_pid *dp = begin(argv);
	struct dt_err err;

	(void)state;
	assert_int_equal(create(dp, "a.out", "main", "entry", &err), 0);
	assert_int_equal(kernel.nprobe, 1);
	end(dp);
}

static void wrong_patterns_are_explained(void **state)
{
	static const struct {
		const char *mod, *func, *name;
		int rc;
		const char *says;
	} bad[] = {
		{ "libnone", "x", "entry", -ENOENT, "has no module \"libnone\"" },
		{ "smal", "x", "entry", -ENOENT, "did you mean small?" },
		{ "a.out", "nosuch", "entry", -ENOENT, "no function of \"a.out\"" },
		{ "a.out", "othername", "entry", -ENOENT, "did you mean other_name?" },
		{ "", "nosuch*", "entry", -ENOENT, "matches \"nosuch*\"" },
		{ "a.out", "used", "ffff", -ENOENT, "has no instruction at ffff" },
		{ "a.out", "used", "1", -ENOENT, "begins at 1: the nearest are at 0 and 3" },
		{ "a.out", "used", "enter", -EINVAL, "no probe \"enter\"" },
		{ "a.out", "*", "[0-9]", -EINVAL, "name the function" },
		{ "a.out", "-", "main", -EINVAL, "is no address" },
		{ "a.out", "-", "0", -ENOENT, "no known function at 0" },
		{ "a.out", "spin", "entry", -ENOENT, "rounds of a loop" },
		{ "a.out", "spin", "return", -ENOENT, "rounds of a loop" },
		{ "a.out", "lost", "entry", -ENOENT, "data among its instructions" },
		{ "a.out", "trap", "entry", -ENOENT, "starts with a breakpoint" },
		{ "a.out", "first", "return", -ENOENT, "runs on" },
		{ "a.out", "second", "return", -ENOENT, "leads into its middle" },
		{ "libc", "time", "entry", -ENOENT, "indirect function" },
	};
	char *argv[] = { target_path("small"), NULL };
	struct dt_pid *dp = begin(argv);
	struct dt_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(create(dp, bad[i].mod, bad[i].func, bad[i].name, &err), bad[i].rc);
		if (!strstr(err.msg, bad[i].says))
			fail_msg("\"%s\" does not say \"%s\"", err.msg, bad[i].says);
	}
	assert_int_equal(kernel.nprobe, 0);
	assert_int_equal(create(dp, "a.out", "first", "entry", &err), 0);
	assert_int_equal(create(dp, "a.out", "second", "entry", &err), 0);
	assert_int_equal(create(dp, "a.out", "third", "return", &err), 0);
	kernel.fail = -ESRCH;
	assert_int_equal(create(dp, "a.out", "main", "entry", &err), -ESRCH);
	assert_non_null(strstr(err.msg, "has exited"));
	kernel.fail = -ENOMEM;
	assert_int_equal(create(dp, "a.out", "inner", "entry", &err), -ENOMEM);
	end(dp);
}

static void absolute_addresses(void **state)
{
	char *argv[] = { target_path("small"), NULL };
	struct dt_pid *dp = begin(argv);
	struct dt_object *exe = dt_proc_object(kernel.p, 0);
	const struct dt_func *f;
	struct dt_err err;
	char name[32];
	size_t n;
	long i;

	(void)state;
	i = dt_elf_find(exe->elf, "used");
	assert_true(i >= 0);
	f = dt_elf_functions(exe->elf, &n);
	snprintf(name, sizeof(name), "%lx", f[i].addr);
	assert_int_equal(create(dp, "a.out", "-", name, &err), 0);
	assert_non_null(find("small", "-", name));
	assert_int_equal(find("small", "-", name)->at[0], exe->bias + f[i].addr);
	snprintf(name, sizeof(name), "%lx", f[i].addr + 1);
	assert_int_equal(create(dp, "a.out", "-", name, &err), -ENOENT);
	end(dp);
}

/* ---- Whole programs -------------------------------------------------------------------- */

static void every_function_of(char *path)
{
	char *argv[] = { path, NULL };
	struct dt_pid_stats st;
	struct dt_pid *dp;
	struct dt_err err;
	size_t entries = 0;

	if (access(path, X_OK))
		return;
	dp = begin(argv);
	assert_int_equal(create(dp, "", "", "", &err), 0);	/* the listener checks every point */
	for (size_t i = 0; i < kernel.nprobe; i++)
		entries += kernel.probe[i].type == DTRACE_PID_ENTRY;
	dt_pid_stats(dp, &st);
	assert_int_equal(st.probes, kernel.nprobe);
	assert_true(entries > st.functions / 2);
	assert_int_equal(kernel.nskip[DT_PID_SKIP_NOFILE], 0);
	assert_true(kernel.nskip[DT_PID_SKIP_UNDECODABLE] + kernel.nskip[DT_PID_SKIP_DATA] < st.functions / 1000 + 1);
	end(dp);
}

static void whole_programs(void **state)
{
	(void)state;
	every_function_of("/bin/bash");
	every_function_of("/usr/bin/python3");
	every_function_of("/usr/bin/povray");
}

static void static_programs(void **state)
{
	struct counts *c = calloc(MAX_SAVED, sizeof(*c));
	struct dt_pid *dp;
	struct dt_err err;
	int status;

	(void)state;
	hold_and_probe(target_build("walker", "-O2 -static", walker), "a.out",
		       "[bflmt][aireoh][abrsit][bfdainmtlr]*", &dp);
	assert_int_equal(dt_pid_follow(dp, false, &err), 0);	/* there is nothing to follow */
	status = step_through(c);
	assert_int_equal(WEXITSTATUS(status), 3);
	assert_int_equal(total(c, "framed", false), 20);
	assert_int_equal(total(c, "framed", true), 20);
	assert_int_equal(total(c, "branchy", true), 22);
	free(c);
	end_stepped(dp);
}

/* A file's name that is no module's is left alone, and does not stand in others' way. */
static void long_names(void **state)
{
	char name[160], *argv[] = { NULL, NULL };
	struct dt_pid *dp;
	struct dt_err err;

	(void)state;
	memset(name, 'm', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	rename(target_build("short", "", "int main(void) { return 0; }"), target_path(name));
	argv[0] = target_path(name);
	dp = begin(argv);
	assert_int_equal(create(dp, "", "main", "entry", &err), -ENOENT);
	assert_non_null(strstr(err.msg, "its name is too long"));
	assert_int_equal(kernel.nprobe, 0);
	assert_int_equal(create(dp, "libc.so.6", "getpid", "entry", &err), 0);
	assert_int_equal(create(dp, "", "getppid", "entry", &err), 0);
	assert_int_equal(kernel.nprobe, 2);
	assert_int_equal(kernel.nskip[DT_PID_SKIP_LONGNAME], 2);
	end(dp);
}

static int news;
static void new_objects(void *ctx, uint64_t at)
{
	(void)ctx;
	assert_int_equal(at, 0x5000);
	news++;
}

static void following(void **state)
{
	char *argv[] = { target_path("small"), NULL };
	struct dt_pid *dp = begin(argv);
	struct dt_err err;
	bool held = true;

	(void)state;
	assert_int_equal(dt_pid_follow(dp, false, &err), 0);
	assert_int_equal(kernel.nprobe, 1);
	assert_int_equal(kernel.probe[0].type, DTRACE_PID_SYNC);
	assert_int_equal(kernel.probe[0].at[0], dt_proc_rbrk(kernel.p));
	kernel.event = DTRACE_PID_EV_SYNC;
	assert_int_equal(dt_pid_poll(dp, 10, new_objects, NULL, &held), DTRACE_PID_EV_SYNC);
	assert_int_equal(news, 1);
	assert_int_equal(kernel.ncontinue, 1);
	assert_false(held);
	kernel.event = DTRACE_PID_EV_EXEC;
	assert_int_equal(dt_pid_poll(dp, 10, new_objects, NULL, &held), DTRACE_PID_EV_EXEC);
	assert_true(held);
	kernel.event = DTRACE_PID_EV_EXIT;
	assert_int_equal(dt_pid_poll(dp, 10, new_objects, NULL, &held), DTRACE_PID_EV_EXIT);
	assert_int_equal(kernel.ncontinue, 1);
	assert_int_equal(dt_pid_follow(dp, true, &err), 0);
	assert_int_equal(kernel.nprobe, 3);
	assert_int_equal(kernel.probe[2].at[0], dt_proc_entry(kernel.p));
	end(dp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_exact),
		cmocka_unit_test(stripped_counts_balance),
		cmocka_unit_test(names_and_offsets),
		cmocka_unit_test(globs_count_once),
		cmocka_unit_test(indirect_functions_mean_the_implementation),
		cmocka_unit_test(restartable_sequences),
		cmocka_unit_test(absurd_sequences),
		cmocka_unit_test(wrong_patterns_are_explained),
		cmocka_unit_test(absolute_addresses),
		cmocka_unit_test(whole_programs),
		cmocka_unit_test(static_programs),
		cmocka_unit_test(long_names),
		cmocka_unit_test(following),
	};

	return cmocka_run_group_tests(tests, target_setup, target_teardown);
}
