// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a declaration to numbers, without the kernel part: a header is made, a
 * program is compiled with it in many ways, and runs under a small debugger
 * that has a breakpoint at each note's address and works the arguments out as
 * their recipes say. What it sees must be what the program prints.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "usdt.h"

#define S DT_C_SIGNED
#define U DT_C_UNSIGNED
static const struct dt_usdt_arg kinds[] = {
	{ S, 1 }, { U, 1 }, { S, 2 }, { U, 2 }, { S, 4 }, { U, 4 }, { S, 8 }, { U, 8 }, { DT_C_POINTER, 8 },
	{ DT_C_BOOL, 1 }, { S, 4 }, { S, 4 },
};
static const struct dt_usdt_arg bits[] = { { DT_C_FLOAT, 8 }, { DT_C_FLOAT, 4 } };
static const struct dt_usdt_arg number[] = { { S, 4 } };
static const struct dt_usdt_probe probes[] = {
	{ "p", "kinds", 12, kinds }, { "p", "bits", 2, bits }, { "p", "some__number", 1, number },
	{ "p", "none", 0, NULL }, { "p", "asked", 1, number }, { "p", "unasked", 1, number },
};
#define NPROBES (sizeof(probes) / sizeof(*probes))

/* Each line that it prints is a probe's: name, then ten arguments as 64-bit numbers. */
static const char ours[] =
	"#include <stdio.h>\n#include <string.h>\n#include \"p.h\"\n"
	"static unsigned long seed = 1;\n"
	"static unsigned long next(void) { seed = seed * 6364136223846793005ul + 1442695040888963407ul;"
	" return seed ^ seed >> 29; }\n"
	"static inline __attribute__((always_inline)) void number(int n) { P_SOME_NUMBER(n);"
	" printf(\"some__number %ld 0 0 0 0 0 0 0 0 0\\n\", (long)n); }\n"
	"static __attribute__((noinline)) void fire(int i) {\n"
	" signed char c = (signed char)next(); unsigned char uc = (unsigned char)next(); short s = (short)next();\n"
	" unsigned short us = (unsigned short)next(); int n = (int)next(); unsigned u = (unsigned)next();\n"
	" long l = (long)next(); unsigned long ul = next(); int b = (int)(next() >> 9 & 2); double d = i * 0.5;\n"
	" float f = (float)i; long db = 0; unsigned fb; char text[16] = \"x\";\n"
	" P_KINDS(c, uc, s, us, n, u, l, ul, text, b, i, i + 1);\n"
	" printf(\"kinds %d %d %d %d %d %ld %ld %ld %ld %d\\n\", c, uc, s, us, n, (long)u, l, (long)ul, (long)text, "
	"!!b);\n"
	" memcpy(&db, &d, 8); memcpy(&fb, &f, 4);\n"
	" P_BITS(d, f); printf(\"bits %ld %ld 0 0 0 0 0 0 0 0\\n\", db, (long)fb);\n"
	" number(i); number(-3); P_NONE(); printf(\"none 0 0 0 0 0 0 0 0 0 0\\n\");\n"
	" if (P_ASKED_ENABLED()) { P_ASKED(i); printf(\"asked %ld 0 0 0 0 0 0 0 0 0\\n\", (long)i); }\n"
	" if (P_UNASKED_ENABLED()) { printf(\"nobody asked\\n\"); }\n"
	"}\n"
	"int main(void) { for (int i = 0; i < 20; i++) { fire(i); number(i * 7); } return 0; }\n";

static const char theirs[] =
	"#define _SDT_HAS_SEMAPHORES 1\n#include <stdio.h>\n#include <sys/sdt.h>\n"
	"#define SEM(n) __extension__ unsigned short p_##n##_semaphore __attribute__((section(\".probes\")));\n"
	"SEM(kinds) SEM(some__number) SEM(asked)\n"
	"static volatile long counter = 77; static __thread volatile short mine = -5;\n"
	"static struct { int a; signed char b[3]; } t[4];\n"
	"static __attribute__((noinline)) void fire(int i, unsigned char c) {\n"
	" counter += i; mine -= (short)i; t[i & 3].b[i % 3] = (signed char)-i;\n"
	" DTRACE_PROBE10(p, kinds, counter, mine, t[i & 3].b[i % 3], c, i, 5, -6l, i * 3ul, i + 1, i + 2);\n"
	" printf(\"kinds %ld %d %d %d %d 5 -6 %ld %d %d\\n\", counter, mine, t[i & 3].b[i % 3], c, i, i * 3l, i + 1, "
	"i + 2);\n"
	" DTRACE_PROBE1(p, some__number, i); printf(\"some__number %d 0 0 0 0 0 0 0 0 0\\n\", i);\n"
	" if (p_asked_semaphore) { DTRACE_PROBE1(p, asked, i); printf(\"asked %d 0 0 0 0 0 0 0 0 0\\n\", i); }\n"
	"}\n"
	"int main(void) { for (int i = 0; i < 20; i++) fire(i, (unsigned char)(i * 50)); return 0; }\n";

/* ---- The debugger ------------------------------------------------------------------------ */

struct site {
	uint64_t pc, sem;
	char name[64];
	struct dt_argspecs spec;
};

static struct target {
	Elf *elf;
	uint64_t bias;
	struct site site[64];
	size_t n;
	pid_t pid;
} target;

static bool value(void *ctx, const char *name, enum dt_name_kind kind, int64_t *v)
{
	struct target *t = ctx;

	if (!dt_usdt_symbol(t->elf, name, kind, v))
		return false;
	if (kind == DT_NAME_ADDR)
		*v += (int64_t)t->bias;
	return true;
}

static int add_site(void *ctx, const struct dt_note *n)
{
	struct target *t = ctx;
	struct site *s = &t->site[t->n++];

	if (strcmp(n->provider, "p"))	/* libstdc++'s */
		return t->n--, 0;
	assert_true(t->n < 64);
	s->pc = n->pc + t->bias;
	s->sem = n->sem ? n->sem + t->bias : 0;
	snprintf(s->name, sizeof(s->name), "%s", n->name);
	dt_argspecs_parse(n->args, &(struct dt_argnames){ value, t }, &s->spec);
	for (uint32_t i = 0; i < s->spec.n && i < DTRACE_STEP_ARGS; i++)
		if (s->spec.arg[i].why[0])
			fail_msg("%s: \"%s\": argument %u: %s", n->name, n->args, i, s->spec.arg[i].why);
	return 0;
}

static uint64_t bias_of(const struct target *t)
{
	char path[64];
	uint64_t lo = 0;
	GElf_Ehdr eh;
	FILE *fp;

	assert_non_null(gelf_getehdr(t->elf, &eh));
	if (eh.e_type == ET_EXEC)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)t->pid);
	fp = fopen(path, "r");
	assert_non_null(fp);
	assert_int_equal(fscanf(fp, "%lx", &lo), 1);
	fclose(fp);
	return lo;
}

static uint64_t peek(uint64_t addr)
{
	errno = 0;
	uint64_t v = (uint64_t)ptrace(PTRACE_PEEKDATA, target.pid, addr, 0);

	assert_int_equal(errno, 0);
	return v;
}

static uint64_t cut(uint64_t v, unsigned size)
{
	unsigned n = 8 * (size & 0x7f);

	v = n == 64 ? v : v & ((1ull << n) - 1);
	return size & DTRACE_STEP_SIGNED && n < 64 && v >> (n - 1) ? v | ~0ull << n : v;
}

static uint64_t reg(const struct user_regs_struct *r, unsigned n)
{
	const unsigned long long v[DTRACE_REG_MAX] = { r->rax, r->rcx, r->rdx, r->rbx, r->rsp,	   r->rbp,
						       r->rsi, r->rdi, r->r8,  r->r9,  r->r10,	   r->r11,
						       r->r12, r->r13, r->r14, r->r15, r->rip - 1, r->fs_base };

	return v[n];
}

static void hit(FILE *seen)
{
	uint64_t v[DTRACE_STEP_VALUES] = { 0 }, arg[DTRACE_STEP_ARGS] = { 0 };
	struct user_regs_struct r;
	struct site *s = target.site;

	assert_int_equal(ptrace(PTRACE_GETREGS, target.pid, 0, &r), 0);
	while (s < target.site + target.n && s->pc != r.rip - 1)
		s++;
	assert_true(s < target.site + target.n);
	for (size_t i = 0; i < s->spec.nstep; i++) {
		const struct dtrace_step *st = &s->spec.step[i];

		if (st->op == DTRACE_STEP_REG)
			v[st->d] = cut(reg(&r, st->s) >> st->imm, st->size);
		else if (st->op == DTRACE_STEP_IMM)
			v[st->d] = (uint64_t)st->imm;
		else if (st->op == DTRACE_STEP_LOAD)
			v[st->d] = cut(peek(v[st->s] + (uint64_t)st->imm), st->size);
		else if (st->op == DTRACE_STEP_ADD)
			v[st->d] += v[st->s] << st->imm;
		else if (st->op == DTRACE_STEP_ARG)
			arg[st->d] = v[st->s];
		else
			fail_msg("operation %u", st->op);
	}
	fprintf(seen, "%s", s->name);
	for (int i = 0; i < DTRACE_STEP_ARGS; i++)
		fprintf(seen, " %ld", (long)arg[i]);
	fputc('\n', seen);
}

/* Breakpoints, and the semaphores of all but "unasked". Each place must hold a nop, so none is stepped over. */
static void arm(void)
{
	for (size_t i = 0; i < target.n; i++) {
		struct site *s = &target.site[i];
		uint64_t w = peek(s->pc);

		assert_int_equal(w & 0xff, 0x90);
		assert_int_equal(ptrace(PTRACE_POKETEXT, target.pid, s->pc, (w & ~0xffull) | 0xcc), 0);
		if (!s->sem || !strcmp(s->name, "unasked"))
			continue;
		w = peek(s->sem);
		assert_int_equal(ptrace(PTRACE_POKEDATA, target.pid, s->sem, w | 1), 0);
	}
}

static void debug(const char *program, const char *out, FILE *seen)
{
	int fd = open(program, O_RDONLY | O_CLOEXEC), status;
	size_t bad;

	target.n = 0;
	target.elf = elf_begin(fd, ELF_C_READ, NULL);
	assert_non_null(target.elf);
	target.pid = fork();
	if (!target.pid) {
		if (!freopen(out, "w", stdout) || ptrace(PTRACE_TRACEME, 0, 0, 0))
			_exit(99);
		execl(program, program, NULL);
		_exit(98);
	}
	assert_int_equal(waitpid(target.pid, &status, 0), target.pid);
	assert_true(WIFSTOPPED(status));
	target.bias = bias_of(&target);
	assert_int_equal(dt_notes_each(target.elf, add_site, &target, &bad), 0);
	assert_int_equal(bad, 0);
	arm();
	for (;;) {
		ptrace(PTRACE_CONT, target.pid, 0, 0);
		assert_int_equal(waitpid(target.pid, &status, 0), target.pid);
		if (!WIFSTOPPED(status))
			break;
		assert_int_equal(WSTOPSIG(status), SIGTRAP);
		hit(seen);
	}
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	elf_end(target.elf);
	close(fd);
}

/* ---- Builds -------------------------------------------------------------------------------- */

static char dir[] = "/tmp/usdt.XXXXXX";

static void put(const char *name, const char *text)
{
	FILE *fp = fopen(name, "w");

	assert_non_null(fp);
	fputs(text, fp);
	assert_int_equal(fclose(fp), 0);
}

static char *get(const char *name)
{
	char *text = calloc(1, 1 << 20);
	FILE *fp = fopen(name, "r");

	assert_non_null(fp);
	assert_true(fread(text, 1, (1 << 20) - 1, fp) > 0);
	fclose(fp);
	return text;
}

static int setup(void **state)
{
	char why[128];
	FILE *fp;
	int fd;

	(void)state;
	elf_version(EV_CURRENT);
	if (!mkdtemp(dir) || chdir(dir))
		return -1;
	fp = fopen("p.h", "w");
	fd = open("probes.o", O_RDWR | O_CREAT, 0644);
	if (!fp || fd < 0 || dt_usdt_header(fp, "p.h", probes, NPROBES) || fclose(fp) ||
	    dt_usdt_object(fd, probes, NPROBES, why, sizeof(why)))
		return -1;
	close(fd);
	put("ours.c", ours);
	put("theirs.c", theirs);
	return 0;
}

static int teardown(void **state)
{
	char cmd[64];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static bool have(const char *what)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "%s >have.log 2>&1", what);
	return system(cmd) == 0;
}

static void build_and_run(const char *command)
{
	char cmd[512], *want, *got;
	FILE *seen;

	snprintf(cmd, sizeof(cmd), "%s -o prog >log 2>&1", command);
	if (system(cmd))
		fail_msg("%s: %s", command, get("log"));
	seen = fopen("seen", "w");
	debug("./prog", "printed", seen);
	fclose(seen);
	want = get("printed");
	got = get("seen");
	if (strcmp(want, got))
		fail_msg("%s: the program prints\n%s\nand the notes say\n%s", command, want, got);
	free(want);
	free(got);
}

static void with_our_header(void **state)
{
	static const char *const builds[] = {
		"gcc -Wall -Wextra -Werror -O0 ours.c",
		"gcc -Wall -Wextra -Wconversion -Wshadow -Werror -O2 ours.c probes.o",
		"gcc -std=c99 -Wpedantic -Werror -O2 -fno-pie -no-pie -s ours.c",
		"gcc -O3 -flto -static ours.c",
		"gcc -Os -ffunction-sections -fdata-sections -Wl,--gc-sections ours.c probes.o",
		"g++ -Wall -Wextra -Werror -O2 -x c++ ours.c",
		"clang -Wall -Wextra -Werror -O0 ours.c",
		"clang -Wall -Wextra -Werror -O2 ours.c probes.o",
		"clang++ -O2 -x c++ ours.c",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(builds) / sizeof(*builds); i++)
		if (strncmp(builds[i], "clang", 5) || have("clang --version"))
			build_and_run(builds[i]);
}

static void with_systemtap_header(void **state)
{
	static const char *const builds[] = {
		"gcc -O0 theirs.c", "gcc -O2 theirs.c", "gcc -O2 -fno-pie -no-pie theirs.c", "clang -O2 theirs.c",
	};

	(void)state;
	if (!have("gcc -fsyntax-only theirs.c"))
		skip();
	for (size_t i = 0; i < sizeof(builds) / sizeof(*builds); i++)
		if (strncmp(builds[i], "clang", 5) || have("clang --version"))
			build_and_run(builds[i]);
}

/* Where there are no probes, the macros are there and do nothing. */
static void elsewhere(void **state)
{
	(void)state;
	assert_true(have("mkdir none.d && sed s/__x86_64__/__nowhere__/ p.h >none.d/p.h && cp ours.c none.d"));
	assert_true(have("gcc -Wall -Wextra -Werror -O2 none.d/ours.c -o none"));
	assert_true(have("! readelf -n none | grep -q stapsdt"));
	assert_true(have("./none"));
}

/* The object does not take CET or the stack's protection from what it is linked into. */
static void object_is_meek(void **state)
{
	(void)state;
	assert_true(have("gcc -O2 -fcf-protection -c ours.c -o meek.o && ld -r meek.o probes.o -o meek"));
	assert_true(have("readelf -n probes.o | grep -q 'IBT, SHSTK'"));
	assert_true(have("gcc -Wl,--fatal-warnings -O2 ours.c probes.o probes.o -o twice"));
	assert_true(have("! readelf -lW twice | grep GNU_STACK | grep -q RWE"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_our_header), cmocka_unit_test(with_systemtap_header), cmocka_unit_test(elsewhere),
		cmocka_unit_test(object_is_meek),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
