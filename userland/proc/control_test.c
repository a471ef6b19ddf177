// SPDX-License-Identifier: GPL-2.0-or-later
/* Starting, grabbing and letting go of real processes. */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "impl.h"

static char *const echo[] = { "echo", "hello", NULL };

/* Run to its end; returns its status. Its output goes to the file "out". */
static int run_out(char *const argv[], enum dt_evaltime when)
{
	int out = open(target_path("out"), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
	int saved = fcntl(1, F_DUPFD_CLOEXEC, 3), status = -1;
	struct dt_err err = { "" };
	struct dt_proc *p = NULL;
	struct pollfd pfd;
	int rc;

	fflush(stdout);
	dup2(out, 1);
	rc = dt_proc_create(argv, when, &p, &err);
	dup2(saved, 1);
	close(saved);
	close(out);
	if (rc)
		fail_msg("%s", err.msg);
	assert_true(dt_proc_is_child(p));
	assert_false(dt_proc_exited(p, NULL));
	assert_int_equal(dt_proc_continue(p, &err), 0);
	pfd = (struct pollfd) { .fd = dt_proc_pidfd(p), .events = POLLIN };
	assert_int_equal(poll(&pfd, 1, 60000), 1);
	while (!dt_proc_exited(p, &status))
		usleep(1000);
	dt_proc_release(p);
	return status;
}

static const char *output(void)
{
	static char buf[8192];
	FILE *f = fopen(target_path("out"), "r");
	size_t n = fread(buf, 1, sizeof(buf) - 1, f);

	buf[n] = 0;
	fclose(f);
	return buf;
}

/* The same without dt_proc. */
static void run_plain(char *const argv[])
{
	pid_t pid = fork();

	if (!pid) {
		int out = open(target_path("out"), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);

		dup2(out, 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

static const char ctors[] =
	"#include <unistd.h>\n#include <stdlib.h>\n#include <sys/wait.h>\n"
	"static void say(const char *s) { write(1, s, 1); }\n"
	"void __attribute__((constructor)) c(void) { say(\"c\"); }\n"
	"int main(int n, char **v) { say(\"m\"); return 7; }\n";

/* A library whose constructor forks: both go on to the entry point. */
static const char forker[] =
	"#include <unistd.h>\n#include <sys/wait.h>\n"
	"void __attribute__((constructor)) l(void) { write(1, \"l\", 1);\n"
	"  if (fork()) wait(0); }\n"
	"int f(void) { return 1; }\n";

static void every_point(void **state)
{
	static const enum dt_evaltime when[] = {
		DT_EVAL_EXEC, DT_EVAL_PREINIT, DT_EVAL_POSTINIT, DT_EVAL_MAIN,
	};
	static const char *const flags[] = { "", "-static", "-static-pie", "-no-pie" };

	(void)state;
	for (size_t k = 0; k < sizeof(flags) / sizeof(*flags); k++) {
		char *path = target_build("ctors", flags[k], ctors);
		char *argv[] = { path, NULL };

		for (size_t i = 0; i < 8; i++) {
			if (i == 4)
				target_run("strip %s", path);
			if (i == 7 && strstr(flags[k], "-static"))
				continue;	/* neither main nor __libc_start_main has a name */
			assert_int_equal(run_out(argv, when[i % 4]), 7 << 8);
			assert_string_equal(output(), "cm");
		}
	}
}

/* What has run at each point? */
static void points_are_where_they_should_be(void **state)
{
	char *argv[] = { target_build("ctors", "", ctors), NULL };
	static const char *const before[] = { "", "", "", "c" };

	(void)state;
	for (int when = DT_EVAL_EXEC; when <= DT_EVAL_MAIN; when++) {
		int out[2];
		struct dt_proc *p;
		char buf[8];
		int saved = dup(1);

		assert_int_equal(pipe2(out, O_CLOEXEC | O_NONBLOCK), 0);
		fflush(stdout);
		dup2(out[1], 1);
		assert_int_equal(dt_proc_create(argv, when, &p, NULL), 0);
		dup2(saved, 1);
		close(saved);
		ssize_t n = read(out[0], buf, sizeof(buf));
		assert_int_equal(n < 0 ? 0 : n, strlen(before[when]));
		assert_int_equal(dt_proc_nobjects(p), when == DT_EVAL_EXEC ? 3 : 4);
		assert_int_equal(dt_proc_linked(p), when != DT_EVAL_EXEC);
		/* As if it had become another program: the same objects are others now. */
		const struct dt_object *exe = dt_proc_object(p, 0);

		assert_int_equal(dt_proc_exec(p, NULL), 0);
		assert_int_equal(dt_proc_nobjects(p), when == DT_EVAL_EXEC ? 3 : 4);
		assert_ptr_not_equal(dt_proc_object(p, 0), exe);
		assert_true(dt_proc_object(p, 0)->is_exe && dt_proc_object(p, 0)->is_new);
		assert_true(dt_proc_entry(p) >= dt_proc_object(p, 0)->lo);
		assert_true(dt_proc_entry(p) < dt_proc_object(p, 0)->hi);
		close(out[0]);
		close(out[1]);
		dt_proc_release(p);	/* never continued: killed */
	}
}

static void constructor_that_forks(void **state)
{
	char *argv[2] = { NULL };

	(void)state;
	target_build("libforker.so", "-shared -fPIC", forker);
	argv[0] = target_build("uses", "-L. -Wl,--no-as-needed,-rpath,$PWD -l:libforker.so", ctors);
	for (int when = DT_EVAL_EXEC; when <= DT_EVAL_MAIN; when++) {
		assert_int_equal(run_out(argv, when), 7 << 8);
		assert_string_equal(output(), "lcmcm");
	}
}

/* Before main: a stop and its continuation, an own breakpoint, a command, another exec. */
static const char busy[] =
	"#include <signal.h>\n#include <stdlib.h>\n#include <unistd.h>\n#include <sys/wait.h>\n"
	"static void trap(int sig) { write(1, \"t\", 1); }\n"
	"void __attribute__((constructor)) l(void) {\n"
	"  if (getenv(\"AGAIN\")) { write(1, \"a\", 1); return; }\n"
	"  pid_t pid = fork();\n"
	"  if (!pid) { usleep(50000); kill(getppid(), SIGCONT); _exit(0); }\n"
	"  raise(SIGSTOP); waitpid(pid, 0, 0); write(1, \"s\", 1);\n"
	"  signal(SIGTRAP, trap); __asm__(\"int3\"); signal(SIGTRAP, SIG_DFL);\n"
	"  system(\"printf c\"); setenv(\"AGAIN\", \"1\", 1);\n"
	"  execl(\"/proc/self/exe\", \"again\", (char *)0); }\n";

static void constructor_that_is_busy(void **state)
{
	char *argv[2] = { NULL };

	(void)state;
	target_build("libbusy.so", "-shared -fPIC", busy);
	argv[0] = target_build("uses_busy", "-L. -Wl,--no-as-needed,-rpath,$PWD -l:libbusy.so", ctors);
	for (int when = DT_EVAL_EXEC; when <= DT_EVAL_MAIN; when++) {
		assert_int_equal(run_out(argv, when), 7 << 8);
		assert_string_equal(output(), "stcacm");
	}
}

static void programs_run_as_without_us(void **state)
{
	char *sh[] = { "sh", "-c", NULL, NULL };
	struct sigaction ign = { .sa_handler = SIG_IGN }, old;
	sigset_t usr1, oldmask;
	char plain[4096];

	(void)state;
	assert_int_equal(run_out(echo, DT_EVAL_PREINIT), 0);
	assert_string_equal(output(), "hello\n");
	sh[2] = "exit 42";
	assert_int_equal(run_out(sh, DT_EVAL_PREINIT), 42 << 8);
	sh[2] = "kill -TERM $$";
	assert_int_equal(run_out(sh, DT_EVAL_MAIN), SIGTERM);
	sh[2] = "exec env true";
	assert_int_equal(run_out(sh, DT_EVAL_PREINIT), 0);
	/* Signals and descriptors are those that we were started with. */
	sh[2] = "grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status; ls /proc/self/fd";
	run_plain(sh);
	strcpy(plain, output());
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, &oldmask);
	sigaction(SIGUSR2, &ign, &old);
	assert_int_equal(run_out(sh, DT_EVAL_PREINIT), 0);
	sigaction(SIGUSR2, &old, NULL);
	sigprocmask(SIG_SETMASK, &oldmask, NULL);
	assert_string_equal(output(), plain);
}

static void scripts(void **state)
{
	char *argv[] = { target_write("script", "#!/bin/sh\necho script $0 $1\n"), "x", NULL };
	char expected[256];

	(void)state;
	chmod(argv[0], 0755);
	assert_int_equal(run_out(argv, DT_EVAL_PREINIT), 0);
	snprintf(expected, sizeof(expected), "script %s x\n", argv[0]);
	assert_string_equal(output(), expected);
}

/* An ELF file for another class or machine: enough of one to be recognized. */
static char *write_elf32(void)
{
	static const uint8_t image[84] = {
		0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		2, 0, 3, 0, 1, 0, 0, 0, 0x54, 0x80, 4, 8, 0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0x34, 0, 0x20, 0, 1, 0, 0, 0, 0, 0, 0, 0,
		1, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 4, 8, 0, 0x80, 4, 8, 84, 0, 0, 0, 84, 0, 0, 0, 5,
		0, 0, 0, 0, 0x10, 0, 0,
	};
	char *path = target_path("elf32");
	FILE *f = fopen(path, "w");

	fwrite(image, 1, sizeof(image), f);
	fclose(f);
	chmod(path, 0755);
	return path;
}

static void what_cannot_be_run(void **state)
{
	struct { char *name; int rc; const char *says; } bad[] = {
		{ "no-such-command-here", -ENOENT, "no such command" },
		{ "/no/such/file", -ENOENT, "no such command" },
		{ "/etc/passwd", -EACCES, "permission denied" },
		{ "", -EINVAL, "empty" },
		{ target_write("text", "just text\n"), -ENOEXEC, "not an executable program" },
		{ target_write("orphan", "#!/no/such/interpreter\n"), -ENOENT, "interpreter" },
		{ write_elf32(), -ENOTSUP, "not a 64-bit x86 program" },
	};
	(void)state;
	chmod(bad[4].name, 0755);
	chmod(bad[5].name, 0755);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char *argv[] = { bad[i].name, NULL };
		struct dt_err err = { "" };
		struct dt_proc *p;
		int rc = dt_proc_create(argv, DT_EVAL_PREINIT, &p, &err);

		if (bad[i].rc == -ENOTSUP && rc == -ENOEXEC)
			continue;	/* a kernel without 32-bit programs */
		if (rc != bad[i].rc || !strstr(err.msg, bad[i].says))
			fail_msg("%s: %d %s", bad[i].name, rc, err.msg);
	}
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);	/* no child is left behind */
	assert_int_equal(errno, ECHILD);
}

static void release_kills_what_it_created(void **state)
{
	char *sleep[] = { "sleep", "1000", NULL };
	struct dt_proc *p, *q;
	struct dt_err err;
	pid_t pid;
	int status;

	(void)state;
	assert_int_equal(dt_proc_create(sleep, DT_EVAL_PREINIT, &p, &err), 0);
	pid = dt_proc_pid(p);
	dt_proc_release(p);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(dt_proc_create(sleep, DT_EVAL_PREINIT, &p, &err), 0);
	pid = dt_proc_pid(p);
	assert_int_equal(dt_proc_continue(p, &err), 0);
	assert_int_equal(dt_proc_grab(pid, &q, &err), 0);
	assert_false(dt_proc_is_child(q));
	assert_false(dt_proc_exited(q, &status));
	dt_proc_release(p);
	assert_int_equal(kill(pid, 0), -1);
	assert_true(dt_proc_exited(q, &status));
	assert_int_equal(status, -1);
	assert_int_equal(dt_proc_update(q, &err), -ESRCH);
	assert_true(dt_proc_nobjects(q) > 2);
	dt_proc_release(q);
}

static void killed_while_held(void **state)
{
	struct dt_proc *p;
	struct dt_err err;
	int status;

	(void)state;
	assert_int_equal(dt_proc_create(echo, DT_EVAL_PREINIT, &p, &err), 0);
	kill(dt_proc_pid(p), SIGKILL);
	while (!dt_proc_exited(p, &status))
		usleep(1000);
	assert_int_equal(status, SIGKILL);
	assert_int_equal(dt_proc_continue(p, &err), 0);
	dt_proc_release(p);
}

/* Its parent dies before it was continued: so must it. */
static void dies_with_us(void **state)
{
	int fd[2];
	pid_t pid, held = 0;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	pid = fork();
	if (!pid) {
		struct dt_proc *p;

		if (dt_proc_create(echo, DT_EVAL_PREINIT, &p, NULL))
			_exit(1);
		held = dt_proc_pid(p);
		if (write(fd[1], &held, sizeof(held)) != sizeof(held))
			_exit(1);
		raise(SIGKILL);
	}
	assert_int_equal(read(fd[0], &held, sizeof(held)), sizeof(held));
	waitpid(pid, NULL, 0);
	for (int i = 0; i < 1000 && !kill(held, 0); i++) {
		char path[64], line[256] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/stat", held);
		f = fopen(path, "r");
		if (f && fgets(line, sizeof(line), f) && strstr(line, ") Z")) {
			fclose(f);
			break;
		}
		if (f)
			fclose(f);
		assert_true(i < 999);
		usleep(10000);
	}
	close(fd[0]);
	close(fd[1]);
}

static void what_cannot_be_grabbed(void **state)
{
	struct dt_err err;
	struct dt_proc *p;
	pid_t zombie = fork();

	(void)state;
	if (!zombie)
		_exit(0);
	siginfo_t si;
	waitid(P_PID, zombie, &si, WEXITED | WNOWAIT);
	assert_int_equal(dt_proc_grab(zombie, &p, &err), -ESRCH);
	waitpid(zombie, NULL, 0);
	assert_int_equal(dt_proc_grab(zombie, &p, &err), -ESRCH);
	assert_non_null(strstr(err.msg, "there is no process"));
	assert_int_equal(dt_proc_grab(-1, &p, &err), -ESRCH);
	if (access("/proc/2/status", R_OK) == 0 && access("/proc/2/exe", R_OK))
		assert_int_equal(dt_proc_grab(2, &p, &err), -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_point),
		cmocka_unit_test(points_are_where_they_should_be),
		cmocka_unit_test(constructor_that_forks),
		cmocka_unit_test(constructor_that_is_busy),
		cmocka_unit_test(programs_run_as_without_us),
		cmocka_unit_test(scripts),
		cmocka_unit_test(what_cannot_be_run),
		cmocka_unit_test(release_kills_what_it_created),
		cmocka_unit_test(killed_while_held),
		cmocka_unit_test(dies_with_us),
		cmocka_unit_test(what_cannot_be_grabbed),
	};

	return cmocka_run_group_tests(tests, target_setup, target_teardown);
}
