// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The provider against sys.setprofile(), without the kernel: a debugger puts breakpoints where the sites
 * are and runs their recipes, with the very code that the module runs (kmod_recipe.c), over the memory of
 * the stopped interpreter. The programs are those of tests/python/programs, under harness.py, which says
 * what was called how often; or without a profile function, where what is entered has to be left.
 *
 * A thread that goes past a breakpoint does so without it; the others cannot come by meanwhile, since sites are
 * reached with the interpreter's lock held. Interpreters are found as in python_test.c.
 */
#include "target.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "port.h"
#include "proc.h"
#include "python.h"

static int traced_read(void *dst, u64 addr, size_t n);
static int traced_word(u64 *val, u64 addr, u32 size);
static u64 traced_thread(void);
#define dtk_read_user traced_read
#define dtk_read_user_word traced_word
#define dtk_thread_id traced_thread
#include "kmod_recipe.c"
#undef dtk_read_user
#undef dtk_read_user_word
#undef dtk_thread_id

#define PROGRAMS "/tmp/dt-python-test"
#define MAX_POINTS 96
#define MAX_KEYS 8192

struct point {
	uint64_t addr;
	uint8_t byte;		/* that was there */
};
struct key {
	char text[1024];
	uint64_t n;
};

static struct {
	pid_t pid, tid;		/* process, and the thread that has stopped last */
	struct dt_proc *proc;
	struct dt_object *obj;
	const struct dt_py *py;
	struct point point[MAX_POINTS];
	size_t npoint;
	struct key *key;
	size_t nkey;
	bool on, exceptions, events;
	struct dt_py *own;	/* py, if it is one with recipes of all events */
	uint64_t hits, unread;
} t;
static struct dpid_saves saves;
static char room[16384];

/* ---- The traced process ----------------------------------------------------------------- */

static int traced_read(void *dst, u64 addr, size_t n)
{
	struct iovec to = { dst, n }, from = { (void *)(uintptr_t)addr, n };

	return process_vm_readv(t.pid, &to, 1, &from, 1, 0) == (ssize_t)n ? 0 : -EFAULT;
}

static int traced_word(u64 *val, u64 addr, u32 size)
{
	*val = 0;
	return traced_read(val, addr, size);
}

static u64 traced_thread(void)
{
	return t.tid;
}

static void poke(pid_t pid, uint64_t addr, uint8_t byte)
{
	long word = ptrace(PTRACE_PEEKTEXT, pid, addr & ~7ull, 0);

	((uint8_t *)&word)[addr & 7] = byte;
	assert_int_equal(ptrace(PTRACE_POKETEXT, pid, addr & ~7ull, word), 0);
}

static void read_text(uint64_t addr, char *buf, size_t size)
{
	size_t n = 0;

	if (addr - DTK_TEXT_BASE < sizeof(room)) {
		snprintf(buf, size, "%s", room + (addr - DTK_TEXT_BASE));
		return;
	}
	while (n + 1 < size && !traced_read(buf + n, addr + n, 1) && buf[n])
		n++;
	buf[n] = '\0';
}

/* ---- Events ------------------------------------------------------------------------------- */

static void count(const char *what, const char *file, const char *name)
{
	char text[1024];
	size_t i = 0;

	snprintf(text, sizeof(text), "%s\t%s\t%s", what, file, name);
	while (i < t.nkey && strcmp(t.key[i].text, text))
		i++;
	if (i == t.nkey) {
		assert_true(t.nkey < MAX_KEYS);
		strcpy(t.key[t.nkey++].text, text);
	}
	t.key[i].n++;
}

static void raised(const char *file, const char *name, struct dpid_recipe *r)
{
	char type[128], what[512];

	read_text(r->arg[5], type, sizeof(type));
	snprintf(what, sizeof(what), "%s:%d:%s:%d", name, (int)r->arg[2], type, (int)r->arg[6]);
	count("raise", file, what);
}

static void event(const char *probe, struct dpid_recipe *r)
{
	char text[256], found[16] = "";

	if (!t.on || !t.events)
		return;
	read_text(r->arg[0], text, sizeof(text));
	if (!strcmp(probe, "import-find-load-done"))
		snprintf(found, sizeof(found), "%lld", (long long)r->arg[1]);
	count(probe, text, found);
}

static void fired(const struct dt_static *st, struct dpid_recipe *r)
{
	bool entry = !strcmp(st->name, "function-entry"), raise = !strcmp(st->name, "exception-raise");
	char file[512], name[256];

	if (!t.exceptions && (raise || !strncmp(st->name, "gc-", 3)))
		return;
	if (!strncmp(st->name, "gc-", 3)) {
		snprintf(file, sizeof(file), "%lld", (long long)r->arg[0]);
		if (t.on)
			count(st->name, file, "");
		return;
	}
	if (!strcmp(st->name, "audit") || !strncmp(st->name, "import-", 7)) {
		event(st->name, r);
		return;
	}
	read_text(r->arg[0], file, sizeof(file));
	read_text(r->arg[1], name, sizeof(name));
	if (entry && !strcmp(name, "_begin_"))
		t.on = true;
	else if (entry && !strcmp(name, "_end_"))
		t.on = false;
	else if (t.on && raise)
		raised(file, name, r);
	else if (t.on && strcmp(name, "_begin_") && strcmp(name, "_end_") && strcmp(name, "_profile_"))
		count(entry ? "call" : "return", file, name);
	if (t.on && (int)r->arg[2] < 0)
		fail_msg("%s %s: line %d", file, name, (int)r->arg[2]);
}

/* What a run sees as its registers. */
struct pt_regs {
	u64 v[DTRACE_REG_MAX];
};

u64 dpid_reg(const struct pt_regs *regs, u32 reg)
{
	return regs->v[reg];
}

u64 dpid_fsbase(const struct pt_regs *regs)
{
	return regs->v[DTRACE_REG_FSBASE];
}

static struct pt_regs regs_of(const struct user_regs_struct *u, uint64_t addr)
{
	return (struct pt_regs){ {
		u->rax, u->rcx, u->rdx, u->rbx, u->rsp, u->rbp, u->rsi, u->rdi, u->r8, u->r9, u->r10, u->r11, u->r12,
		u->r13, u->r14, u->r15, addr, u->fs_base,
	} };
}

static void run_site(const struct dt_static *st, const struct dt_site *s, const struct user_regs_struct *u,
		     uint64_t addr)
{
	struct pt_regs regs = regs_of(u, addr);
	u64 arg[DTRACE_STEP_ARGS];
	struct dpid_recipe r = {
		.step = s->step, .nstep = s->nstep, .reads = ~0u, .regs = &regs, .arg = arg, .saves = &saves,
		.text = room, .textsize = sizeof(room), .textaddr = DTK_TEXT_BASE,
	};
	int rc;

	rc = dpid_recipe_run(&r);
	if (rc == 1)
		fired(st, &r);
	else if (rc < 0)
		t.unread++;
	dpid_recipe_commit(&r);
}

static struct point *point_at(uint64_t addr)
{
	for (size_t i = 0; i < t.npoint; i++) {
		if (t.point[i].addr == addr)
			return &t.point[i];
	}
	return NULL;
}

static void step_over(pid_t tid, const struct point *p, struct user_regs_struct *u)
{
	int status, sig, held = 0;

	u->rip = p->addr;
	ptrace(PTRACE_SETREGS, tid, 0, u);
	poke(tid, p->addr, p->byte);
	do {
		/* A signal that comes now waits: its handler would return to the breakpoint, a second time. */
		assert_int_equal(ptrace(PTRACE_SINGLESTEP, tid, 0, 0), 0);
		assert_int_equal(waitpid(tid, &status, __WALL), tid);
		sig = WIFSTOPPED(status) && WSTOPSIG(status) != SIGTRAP ? WSTOPSIG(status) : 0;
		held = sig ? sig : held;
	} while (sig);
	if (held)
		tgkill(t.pid, tid, held);
	poke(tid, p->addr, 0xcc);
}

/* A breakpoint? 0: it was none. */
static bool hit(pid_t tid)
{
	struct user_regs_struct u;
	struct point *p;

	ptrace(PTRACE_GETREGS, tid, 0, &u);
	p = point_at(u.rip - 1);
	if (!p)
		return false;
	t.tid = tid;
	t.hits++;
	for (size_t i = 0; i < t.py->nst; i++) {
		const struct dt_static *st = &t.py->st[i];

		for (size_t k = 0; strcmp(st->name, "exception-unwind") && k < st->nsite; k++) {
			if (st->site[k].addr + t.obj->bias == p->addr)
				run_site(st, &st->site[k], &u, p->addr);
		}
	}
	step_over(tid, p, &u);
	return true;
}

static void leave_child(pid_t child)
{
	int status;

	if (waitpid(child, &status, __WALL) != child)
		return;
	for (size_t i = 0; i < t.npoint; i++)
		poke(child, t.point[i].addr, t.point[i].byte);
	ptrace(PTRACE_DETACH, child, 0, 0);
}

/* Until the process has ended. Returns its status. */
static int follow(void)
{
	int status;
	pid_t tid;

	while ((tid = waitpid(-1, &status, __WALL)) > 0) {
		unsigned long child;
		int sig = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;

		if (!WIFSTOPPED(status)) {
			if (tid == t.pid)
				return status;
			continue;
		}
		if (status >> 16 == PTRACE_EVENT_FORK && !ptrace(PTRACE_GETEVENTMSG, tid, 0, &child))
			leave_child(child);
		if (status >> 16 || (sig == SIGTRAP && hit(tid)))
			sig = 0;
		ptrace(PTRACE_CONT, tid, 0, sig);
	}
	return -1;
}

/* ---- One interpreter ------------------------------------------------------------------------ */

/* Start it, and wait until it has stopped itself: what it runs has been loaded. */
static void start(const char *root, const char *exe, const char *mode, const char *program)
{
	int status;

	t.pid = fork();
	assert_true(t.pid >= 0);
	if (!t.pid) {
		setenv("PYTHONHASHSEED", "0", 1);
		unsetenv("ASAN_OPTIONS");
		if (*root && (chroot(root) || chdir("/")))
			_exit(126);
		execl(exe, exe, PROGRAMS "/harness.py", mode, program, PROGRAMS "/truth", "stop", NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(t.pid, &status, WUNTRACED), t.pid);
	assert_true(WIFSTOPPED(status));
}

static void find_interpreter(void)
{
	struct dt_err err;
	int rc;

	if (dt_proc_grab(t.pid, &t.proc, &err))
		fail_msg("%s", err.msg);
	t.py = NULL;
	for (size_t i = 0; !t.py && i < dt_proc_nobjects(t.proc); i++) {
		t.obj = dt_proc_object(t.proc, i);
		if (!t.obj->is_vdso && !dt_object_elf(t.proc, t.obj, &err))
			t.py = dt_py_of(t.obj, &rc, &err);
	}
	if (!t.py)
		fail_msg("no interpreter found in process %d: %s", t.pid, err.msg);
}

/* Its static probes of imports are left aside, so that ours can be compared with what is imported. */
static void find_events(void)
{
	struct dt_err err;

	t.own = malloc(sizeof(*t.own));
	assert_non_null(t.own);
	*t.own = *t.py;
	t.own->has_imports = false;
	t.py = t.own;
	if (dt_py_recipes(t.own, "it", &err))
		fail_msg("%s", err.msg);
}

static void arm(void)
{
	int status;

	assert_int_equal(ptrace(PTRACE_SEIZE, t.pid, 0, PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK), 0);
	assert_int_equal(ptrace(PTRACE_INTERRUPT, t.pid, 0, 0), 0);
	assert_int_equal(waitpid(t.pid, &status, __WALL), t.pid);
	t.npoint = 0;
	for (size_t i = 0; i < t.py->nsite; i++) {
		uint64_t addr = t.py->site[i].addr + t.obj->bias;
		struct point *p = &t.point[t.npoint];
		bool keeps = false;

		assert_true(dpid_recipe_ok(t.py->site[i].step, t.py->site[i].nstep, &keeps));
		if (point_at(addr))
			continue;
		assert_true(t.npoint < MAX_POINTS);
		p->addr = addr;
		assert_int_equal(traced_read(&p->byte, addr, 1), 0);
		poke(t.pid, addr, 0xcc);
		t.npoint++;
	}
	kill(t.pid, SIGCONT);
	ptrace(PTRACE_CONT, t.pid, 0, 0);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct key *)a)->text, ((const struct key *)b)->text);
}

/* Threads are begun before they have the profile function; until 3.10 signal handlers run inside of it. */
#define COMPARABLE "grep -av '/threading.py\t\\|\thandler\t'"

static void write_counts(void)
{
	FILE *f = fopen(target_path("calls"), "w");

	qsort(t.key, t.nkey, sizeof(*t.key), by_text);
	for (size_t i = 0; i < t.nkey; i++)
		fprintf(f, "%s\t%llu\n", t.key[i].text, (unsigned long long)t.key[i].n);
	fclose(f);
}

static void compare_with_truth(const char *root)
{
	assert_int_equal(target_run("test -s %s" PROGRAMS "/truth", root), 0);
	if (target_run(COMPARABLE " %s" PROGRAMS "/truth | LC_ALL=C sort >%s/a; " COMPARABLE
				  " %s/calls | LC_ALL=C sort >%s/b; "
				  "diff %s/a %s/b",
		       root, target_dir, target_dir, target_dir, target_dir, target_dir))
		fail_msg("'<' is what the interpreter says, '>' what the recipes say");
}

/* Where there is a probe of garbage, there has to be all of it. */
static void compare_exceptions(const char *root)
{
	assert_int_equal(target_run("test -s %s" PROGRAMS "/truth", root), 0);
	if (target_run("cd %s && grep '^raise\\|^gc' calls | LC_ALL=C sort >a; grep -q ^gc a && w=. || w=^raise; "
		       "grep $w %s" PROGRAMS "/truth | LC_ALL=C sort | diff - a", target_dir, root))
		fail_msg("'<' is what the interpreter says, '>' what the recipes say");
}

static void compare_events(const char *root)
{
	const char *which = t.py->audit.function ? "^import\\|^audit" : "^import";

	assert_int_equal(target_run("test -s %s" PROGRAMS "/truth", root), 0);
	if (target_run("cd %s && grep '%s' calls | LC_ALL=C sort >a; grep '%s' %s" PROGRAMS "/truth | LC_ALL=C sort | "
		       "diff - a", target_dir, which, which, root))
		fail_msg("'<' is what the interpreter says, '>' what the recipes say");
	if (!t.py->audit.function)
		print_message("its audit events were not compared: it has static probes of them, or none\n");
}

static void compare_entries_with_returns(void)
{
	if (target_run("cd %s && sed -n 's/^call//p' calls >a; sed -n 's/^return//p' calls >b; test -s a && diff a b",
		       target_dir))
		fail_msg("'<' are the entries, '>' the returns");
}

/* The program knows some counts itself; a file named "?" is any. */
static void compare_with_expected(const char *root)
{
	assert_int_equal(target_run("test -s %s" PROGRAMS "/truth", root), 0);
	if (target_run("cd %s && sed 's/\t[^\t]*\t\\(within_another\\)\t/\t?\t\\1\t/' calls >a; grep -avxFf a "
		       "%s" PROGRAMS "/truth",
		       target_dir, root) != 256)
		fail_msg("these counts are expected, but different");
}

static void run_one(const char *root, const char *exe, const char *mode, const char *program)
{
	int status;

	if (target_run("mkdir -p %s" PROGRAMS " && rm -f %s" PROGRAMS "/truth && "
		       "cp tests/python/programs/*.py %s" PROGRAMS "/", root, root, root))
		fail_msg("run me from the top of the tree");
	memset(&saves, 0, sizeof(saves));
	memset(&t, 0, sizeof(t));
	t.key = calloc(MAX_KEYS, sizeof(*t.key));
	t.exceptions = !strcmp(mode, "raise");
	start(root, exe, mode, program);
	t.events = !strcmp(mode, "events");
	find_interpreter();
	if (t.events)
		find_events();
	arm();
	status = follow();
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	dt_proc_release(t.proc);
	print_message("%s%s: 3.%d, %s: %zu keys, %llu hits, %llu not readable\n", root, exe, t.py->layout.minor,
		      strrchr(program, '/') + 1, t.nkey, (unsigned long long)t.hits, (unsigned long long)t.unread);
	assert_int_equal(t.unread, 0);
	write_counts();
	if (t.exceptions)
		compare_exceptions(root);
	else if (t.events)
		compare_events(root);
	else if (!strcmp(mode, "profile"))
		compare_with_truth(root);
	else
		compare_entries_with_returns();
	if (strstr(program, "counted"))
		compare_with_expected(root);
	free(t.key);
	free(t.own);
	target_run("rm -rf %s" PROGRAMS, root);
}

/* What DT_PYTHONS names, else the python3 of PATH, with each program. */
static char *interpreters(void)
{
	char exe[PATH_MAX] = "";
	FILE *f;

	if (getenv("DT_PYTHONS"))
		return strdup(getenv("DT_PYTHONS"));
	f = popen("python3 -c 'import os, sys; print(os.path.realpath(sys.executable))' 2>/dev/null", "r");
	if (f && fgets(exe, sizeof(exe), f))
		exe[strcspn(exe, "\n")] = '\0';
	if (f)
		pclose(f);
	return strdup(exe);
}

static void with_each(const char *mode, const char *program)
{
	char *list = interpreters();
	size_t n = 0;

	for (char *word = strtok(list, " \n"); word; word = strtok(NULL, " \n")) {
		char *exe = strchr(word, ':');

		if (exe)
			*exe++ = '\0';
		if (exe && geteuid())
			continue;		/* chroot() is root's */
		run_one(exe ? word : "", exe ? exe : word, mode, program);
		n++;
	}
	free(list);
	if (!n) {
		print_message("skipped: no python3 in PATH, and DT_PYTHONS names none that may be run\n");
		skip();
	}
}

static void language(void **state) { with_each("profile", PROGRAMS "/language.py"); }
/* A million breakpoints: only for those who ask. */
static void library(void **state)
{
	if (!getenv("DT_PYTHONS")) {
		print_message("skipped: it takes a minute for each interpreter; name some in DT_PYTHONS\n");
		skip();
	}
	with_each("profile", PROGRAMS "/library.py");
}

static void counted(void **state) { with_each("plain", PROGRAMS "/counted.py"); }
static void exceptions(void **state) { with_each("raise", PROGRAMS "/exceptions.py"); }
static void events(void **state) { with_each("events", PROGRAMS "/events.py"); }
static void limits(void **state) { with_each("plain", PROGRAMS "/limits.py"); }

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counted),
		cmocka_unit_test(limits),
		cmocka_unit_test(exceptions),
		cmocka_unit_test(events),
		cmocka_unit_test(language),
		cmocka_unit_test(library),
	};

	return cmocka_run_group_tests(tests, target_setup, target_teardown);
}
