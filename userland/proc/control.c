// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The life of a process as we see it.
 *
 * create   fork; the child waits on a pipe until it is seized, then execs. An
 *          exec that fails sends its errno through a second pipe, which a
 *          successful one closes. While it is held, our death is its death
 *          (PTRACE_O_EXITKILL): it has not begun, nobody would let it go.
 * grab     a pidfd and what /proc says; nothing is done to the process.
 * continue detach: from here on it is an ordinary child.
 * release  kills the child if it still runs: what was begun for the tracing ends with it.
 *
 * ptrace ties a held process to the thread that created it: continue it from there.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "impl.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/*
 * The signals that we were started with, before anybody in this process
 * changed them: what a program that we start must see.
 */
static sigset_t initial_mask, initial_ignored;

static void __attribute__((constructor)) remember_signals(void)
{
	struct sigaction sa;

	sigprocmask(SIG_BLOCK, NULL, &initial_mask);
	sigemptyset(&initial_ignored);
	for (int sig = 1; sig < NSIG; sig++) {
		if (!sigaction(sig, NULL, &sa) && sa.sa_handler == SIG_IGN)
			sigaddset(&initial_ignored, sig);
	}
}

static void restore_signals(void)
{
	for (int sig = 1; sig < NSIG; sig++) {
		struct sigaction sa = {
			.sa_handler = sigismember(&initial_ignored, sig) == 1 ? SIG_IGN : SIG_DFL,
		};

		sigaction(sig, &sa, NULL);
	}
	sigprocmask(SIG_SETMASK, &initial_mask, NULL);
}

/* ---- Common ------------------------------------------------------------------------ */

static struct dt_proc *proc_new(pid_t pid)
{
	struct dt_proc *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->pid = pid;
	p->status = -1;
	p->pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	return p;
}

static void proc_free(struct dt_proc *p)
{
	if (p->pidfd >= 0)
		close(p->pidfd);
	dt_objs_free(p);
	free(p->exe);
	free(p);
}

/* What runs there: refuse what we cannot trace before anything is done to it. */
int dt_start_check(struct dt_proc *p, struct dt_err *err)
{
	unsigned char ident[20] = "";
	char name[64], path[4096];
	ssize_t n;
	char *exe;
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/exe", p->pid);
	n = readlink(name, path, sizeof(path) - 1);
	if (n < 0 && errno == EACCES)
		return dt_proc_fail(err, -EPERM, "no permission to look into process %d", p->pid);
	if (n < 0)
		return dt_proc_fail(err, -errno, "cannot read %s: %s", name, strerror(errno));
	path[n] = 0;
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return dt_proc_fail(err, errno == EACCES ? -EPERM : -errno,
				    "cannot read %s: %s", path, strerror(errno));
	n = read(fd, ident, sizeof(ident));
	close(fd);
	if (n != sizeof(ident) || ident[EI_CLASS] != ELFCLASS64 ||
	    (ident[18] | ident[19] << 8) != EM_X86_64)
		return dt_proc_fail(err, -ENOTSUP, "%s is not a 64-bit x86 program: tracing it is "
				    "not supported", path);
	exe = strdup(path);
	if (!exe)
		return dt_proc_fail(err, -ENOMEM, "out of memory");
	free(p->exe);
	p->exe = exe;
	return 0;
}

/* ---- Create ------------------------------------------------------------------------ */

/* Where a shell would find the command. Returns 0 and a malloc'ed path, or -errno. */
static int find_command(const char *name, char **ret)
{
	const char *path = getenv("PATH"), *end;
	int rc = -ENOENT;

	if (strchr(name, '/')) {
		if (access(name, F_OK))
			return -errno;
		*ret = strdup(name);
		return *ret ? 0 : -ENOMEM;
	}
	for (path = path ? path : "/usr/bin:/bin"; *name; path = end + 1) {
		struct stat st;
		char *file;

		end = strchrnul(path, ':');
		if (asprintf(&file, "%.*s%s%s", (int)(end - path), path, end > path ? "/" : "./",
			     name) < 0)
			return -ENOMEM;
		if (!stat(file, &st) && S_ISREG(st.st_mode)) {
			if (!access(file, X_OK)) {
				*ret = file;
				return 0;
			}
			rc = -EACCES;
		}
		free(file);
		if (!*end)
			break;
	}
	return rc;
}

static int exec_error(struct dt_err *err, int rc, const char *name)
{
	switch (rc) {
	case -ENOENT:
		return dt_proc_fail(err, rc, "cannot run %s: no such command", name);
	case -EACCES:
		return dt_proc_fail(err, rc, "cannot run %s: permission denied (is it executable?)", name);
	case -ENOEXEC:
		return dt_proc_fail(err, rc, "cannot run %s: not an executable program, "
				    "and no script that begins with #!", name);
	}
	return dt_proc_fail(err, rc, "cannot run %s: %s", name, strerror(-rc));
}

/* In the child: wait for the word, then become the program. */
static void __attribute__((noreturn)) child(const char *file, char *const argv[], int go, int result)
{
	char c;
	int rc;

	restore_signals();
	if (read(go, &c, 1) == 1) {
		execv(file, argv);
		rc = -errno;
		if (write(result, &rc, sizeof(rc)) != sizeof(rc))
			_exit(126);
	}
	_exit(127);
}

static void kill_child(struct dt_proc *p)
{
	if (p->is_dead)
		return;
	kill(p->pid, SIGKILL);
	while (waitpid(p->pid, &p->status, __WALL) < 0 ? errno == EINTR : WIFSTOPPED(p->status))
		;
	p->is_dead = true;
	p->is_held = false;
}

/* Seize the child, let it exec and run to the point. */
static int hold(struct dt_proc *p, enum dt_evaltime when, int go, int result, struct dt_err *err)
{
	long options = PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
	int rc, why;

	if (ptrace(PTRACE_SEIZE, p->pid, 0, options))
		return dt_proc_fail(err, -errno, "cannot trace a child process by ptrace: %s",
				    strerror(errno));
	p->is_held = true;
	if (write(go, "", 1) != 1)
		return dt_proc_fail(err, -EPIPE, "cannot start %s", p->exe);
	rc = dt_start_run(p, when, err);
	if (!p->is_dead || read(result, &why, sizeof(why)) != sizeof(why))
		return rc;
	if (why == -ENOENT)	/* the file was there a moment ago */
		return dt_proc_fail(err, why, "cannot run %s: the interpreter that it names does not exist",
				    p->exe);
	rc = exec_error(err, why, p->exe);
	return rc;
}

static void close_pipe(int fd[2])
{
	for (int i = 0; i < 2; i++) {
		if (fd[i] >= 0)
			close(fd[i]);
		fd[i] = -1;
	}
}

static int spawn(char *file, char *const argv[], enum dt_evaltime when, struct dt_proc **ret,
		 struct dt_err *err)
{
	int go[2] = { -1, -1 }, result[2] = { -1, -1 }, rc;
	struct dt_proc *p = NULL;
	pid_t pid;

	if (pipe2(go, O_CLOEXEC) || pipe2(result, O_CLOEXEC)) {
		rc = dt_proc_fail(err, -errno, "cannot make a pipe: %s", strerror(errno));
		goto out;
	}
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		child(file, argv, go[0], result[1]);
	}
	if (pid < 0) {
		rc = dt_proc_fail(err, -errno, "cannot fork: %s", strerror(errno));
		goto out;
	}
	close(result[1]);
	result[1] = -1;
	p = proc_new(pid);
	if (!p) {	/* without its word the child exits */
		close_pipe(go);
		waitpid(pid, NULL, 0);
		rc = dt_proc_fail(err, -ENOMEM, "out of memory");
		goto out;
	}
	p->is_child = true;
	p->exe = file;
	rc = hold(p, when, go[1], result[0], err);
	if (rc) {
		kill_child(p);
		proc_free(p);
	} else {
		*ret = p;
	}
	file = NULL;
out:
	free(file);
	close_pipe(go);
	close_pipe(result);
	return rc;
}

int dt_proc_create(char *const argv[], enum dt_evaltime when, struct dt_proc **ret, struct dt_err *err)
{
	char *file = NULL;
	int rc;

	if (!argv || !argv[0] || !*argv[0])
		return dt_proc_fail(err, -EINVAL, "the command is empty");
	rc = find_command(argv[0], &file);
	if (rc)
		return exec_error(err, rc, argv[0]);
	rc = spawn(file, argv, when, ret, err);
	for (size_t i = 0; !rc && i < (*ret)->nobj; i++)
		(*ret)->obj[i]->pub.is_new = true;
	return rc;
}

/* ---- Grab --------------------------------------------------------------------------- */

/* One number of /proc/PID/status, -1 if it is not there. */
static long status_field(pid_t pid, const char *field)
{
	char name[64], *line = NULL;
	size_t size = 0, len = strlen(field);
	long value = -1;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/status", pid);
	f = fopen(name, "re");
	while (f && getline(&line, &size, f) > 0) {
		if (!strncmp(line, field, len))
			value = strtol(line + len, NULL, 10);
	}
	free(line);
	if (f)
		fclose(f);
	return value;
}

#define PF_KTHREAD	0x00200000	/* of linux/sched.h, in /proc/PID/stat since for ever */

static bool is_kernel_thread(pid_t pid)
{
	char name[64], line[1024] = "", *p;
	unsigned long flags = 0;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/stat", pid);
	f = fopen(name, "re");
	if (!f)
		return false;
	p = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	if (p)	/* state ppid pgrp session tty tpgid flags */
		sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %lu", &flags);
	fclose(f);
	return flags & PF_KTHREAD;
}

static int check_pid(pid_t pid, struct dt_err *err)
{
	char name[64], path[8];
	long tgid = pid > 0 ? status_field(pid, "Tgid:") : -1;

	if (tgid < 0)
		return dt_proc_fail(err, -ESRCH, "there is no process %d", pid);
	if (tgid != pid)
		return dt_proc_fail(err, -ESRCH, "%d is a thread of process %ld: give that number",
				    pid, tgid);
	snprintf(name, sizeof(name), "/proc/%d/exe", pid);
	if (readlink(name, path, sizeof(path)) >= 0 || errno != ENOENT)
		return 0;
	if (is_kernel_thread(pid))
		return dt_proc_fail(err, -ENOTSUP, "process %d is a kernel thread: it has no user code", pid);
	return dt_proc_fail(err, -ESRCH, "process %d has exited", pid);
}

int dt_proc_grab(pid_t pid, struct dt_proc **ret, struct dt_err *err)
{
	struct dt_proc *p;
	int rc = check_pid(pid, err);

	if (rc)
		return rc;
	p = proc_new(pid);
	if (!p)
		return dt_proc_fail(err, -ENOMEM, "out of memory");
	rc = dt_start_check(p, err);
	if (!rc)
		rc = dt_proc_update(p, err);
	if (rc)
		proc_free(p);
	else
		*ret = p;
	return rc;
}

/* ---- Continue, release, ask ---------------------------------------------------------- */

int dt_proc_continue(struct dt_proc *p, struct dt_err *err)
{
	if (!p->is_held)
		return 0;
	p->is_held = false;
	/* ESRCH: killed while it was held; dt_proc_exited() tells. */
	if (ptrace(PTRACE_DETACH, p->pid, 0, 0) && errno != ESRCH) {
		int rc = -errno;

		return dt_proc_fail(err, rc, "cannot let process %d run: %s", p->pid, strerror(-rc));
	}
	return 0;
}

void dt_proc_release(struct dt_proc *p)
{
	if (!p)
		return;
	if (p->is_child && !dt_proc_exited(p, NULL))
		kill_child(p);
	proc_free(p);
}

pid_t dt_proc_pid(const struct dt_proc *p)
{
	return p->pid;
}

bool dt_proc_is_child(const struct dt_proc *p)
{
	return p->is_child;
}

int dt_proc_pidfd(const struct dt_proc *p)
{
	return p->pidfd;
}

const char *dt_proc_exe(const struct dt_proc *p)
{
	return p->exe;
}

static bool child_ended(struct dt_proc *p)
{
	int status;
	pid_t pid = waitpid(p->pid, &status, WNOHANG | __WALL);

	if (pid == p->pid && !WIFSTOPPED(status)) {
		p->status = status;
		return true;
	}
	return pid < 0 && errno == ECHILD;	/* somebody else has reaped it */
}

static bool stranger_ended(const struct dt_proc *p)
{
	struct pollfd pfd = { .fd = p->pidfd, .events = POLLIN };

	if (p->pidfd >= 0)
		return poll(&pfd, 1, 0) > 0;
	return kill(p->pid, 0) && errno == ESRCH;
}

bool dt_proc_exited(struct dt_proc *p, int *status)
{
	if (!p->is_dead && (p->is_child ? child_ended(p) : stranger_ended(p))) {
		p->is_dead = true;
		p->is_held = false;
	}
	if (status)
		*status = p->status;
	return p->is_dead;
}

/* For kernels built without CONFIG_CROSS_MEMORY_ATTACH. */
static ssize_t read_mem_file(pid_t pid, uint64_t addr, void *buf, size_t n)
{
	char path[32];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = pread(fd, buf, n, (off_t)addr);
	if (got < 0)
		got = -errno;
	close(fd);
	return got;
}

ssize_t dt_proc_read(struct dt_proc *p, uint64_t addr, void *buf, size_t n)
{
	struct iovec to = { buf, n }, from = { (void *)(uintptr_t)addr, n };
	ssize_t got = process_vm_readv(p->pid, &to, 1, &from, 1, 0);

	if (got < 0 && errno == ENOSYS)
		return read_mem_file(p->pid, addr, buf, n);
	return got < 0 ? -errno : got;
}
