/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes of a handle: started, grabbed, or only looked up for the names in a stack. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc_impl.h"

struct ps_prochandle *dt_procs_find(dtrace_hdl_t *dtp, pid_t pid)
{
	struct ps_prochandle *P = dtp->procs;

	while (P && P->pid != pid)
		P = P->next;
	return P;
}

/* Takes over @proc. At the end of the list: the first one is $target. */
static struct ps_prochandle *add_process(dtrace_hdl_t *dtp, pid_t pid, struct dt_proc *proc)
{
	struct ps_prochandle *P = calloc(1, sizeof(*P)), **link = &dtp->procs;

	if (!P) {
		if (proc)
			dt_proc_release(proc);
		return NULL;
	}
	P->dtp = dtp;
	P->pid = pid;
	P->proc = proc;
	P->wstatus = -1;
	pthread_mutex_init(&P->lock, NULL);
	while (*link)
		link = &(*link)->next;
	*link = P;
	return P;
}

static void free_process(struct ps_prochandle *P)
{
	dt_process_unfollow(P);
	dt_process_detach(P);
	if (P->proc)
		dt_proc_release(P->proc);
	for (size_t i = 0; i < P->nskipped; i++) {
		free(P->skipped[i].mod);
		free(P->skipped[i].func);
	}
	free(P->skipped);
	dt_process_forget_patterns(P);
	dt_strs_free(&P->messages);
	pthread_mutex_destroy(&P->lock);
	free(P);
}

struct ps_prochandle *dt_procs_get(dtrace_hdl_t *dtp, pid_t pid, struct dt_err *err)
{
	struct ps_prochandle *P = dt_procs_find(dtp, pid);
	struct dt_proc *proc;

	if (P && P->proc)
		return P;
	if (dt_proc_grab(pid, &proc, err))
		return NULL;
	if (P) {
		P->proc = proc;
		return P;
	}
	P = add_process(dtp, pid, proc);
	if (!P)
		snprintf(err->msg, sizeof(err->msg), "out of memory");
	return P;
}

struct ps_prochandle *dtrace_proc_create(dtrace_hdl_t *dtp, const char *file, char *const *argv)
{
	struct ps_prochandle *P;
	struct dt_proc *proc;
	struct dt_err err = { "" };
	char **ours = environ;
	int failed;

	/* The program gets the environment that setenv and unsetenv have made. */
	if (dtp->env.s)
		environ = dtp->env.s;
	failed = dt_proc_create(argv, dtp->evaltime, &proc, &err);
	environ = ours;
	if (failed) {
		dt_set_error(dtp, EDT_PROC, "%s", err.msg[0] ? err.msg : file);
		return NULL;
	}
	P = add_process(dtp, dt_proc_pid(proc), proc);
	if (!P)
		dt_set_errno(dtp, ENOMEM);
	else
		P->watched = true;
	return P;
}

struct ps_prochandle *dtrace_proc_run(dtrace_hdl_t *dtp, const char *command)
{
	struct dt_err err = { "" };
	char **argv = dt_argv_split(command, &err);
	struct ps_prochandle *P;

	if (!argv || !argv[0]) {
		dt_set_error(dtp, EDT_PROC, "%s", err.msg[0] ? err.msg : "the command is empty");
		if (argv)
			dt_argv_free(argv);
		return NULL;
	}
	P = dtrace_proc_create(dtp, argv[0], argv);
	dt_argv_free(argv);
	return P;
}

struct ps_prochandle *dtrace_proc_grab(dtrace_hdl_t *dtp, pid_t pid, int flags)
{
	struct dt_err err = { "" };
	struct ps_prochandle *P = dt_procs_get(dtp, pid, &err);

	if (!P)
		dt_set_error(dtp, EDT_PROC, "%s", err.msg);
	else
		P->watched = true;
	return P;
}

void dtrace_proc_release(dtrace_hdl_t *dtp, struct ps_prochandle *P)
{
	struct ps_prochandle **link = &dtp->procs;

	while (*link && *link != P)
		link = &(*link)->next;
	if (!*link)
		return;
	*link = P->next;
	free_process(P);
}

void dtrace_proc_continue(dtrace_hdl_t *dtp, struct ps_prochandle *P)
{
	struct dt_err err = { "" };

	pthread_mutex_lock(&P->lock);
	if (P->proc && dt_proc_continue(P->proc, &err))
		dt_process_say(P, "cannot let it run: %s", err.msg);
	pthread_mutex_unlock(&P->lock);
}

pid_t dtrace_proc_getpid(dtrace_hdl_t *dtp, struct ps_prochandle *P)
{
	return P->pid;
}

int dtrace_proc_status(dtrace_hdl_t *dtp, struct ps_prochandle *P, int *wstatus)
{
	*wstatus = P->wstatus;
	return P->exited;
}

void dt_procs_destroy(dtrace_hdl_t *dtp)
{
	struct ps_prochandle *P;

	/* All threads see that they are to end before the first is waited for. */
	for (P = dtp->procs; P; P = P->next)
		atomic_store(&P->quit, true);
	while ((P = dtp->procs)) {
		dtp->procs = P->next;
		free_process(P);
	}
}

pid_t dt_procs_target(dtrace_hdl_t *dtp)
{
	for (struct ps_prochandle *P = dtp->procs; P; P = P->next)
		if (P->watched)
			return P->pid;
	return 0;
}

/* ---- What happens to them -------------------------------------------------------- */

void dt_process_say(struct ps_prochandle *P, const char *fmt, ...)
{
	uint64_t one = 1;
	char msg[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	if (!dt_strs_add(&P->messages, msg) && write(P->dtp->wakefd, &one, sizeof(one)) < 0)
		return;	/* the counter is full: somebody will be woken anyhow */
}

static void check_exit(struct ps_prochandle *P)
{
	int status = -1;

	if (!P->exited && P->proc && dt_proc_exited(P->proc, &status)) {
		P->exited = true;
		P->wstatus = status;
	}
}

int dt_procs_notify(dtrace_hdl_t *dtp)
{
	struct ps_prochandle *P, *next;
	struct dt_strs msgs;
	uint64_t ticks;

	if (read(dtp->wakefd, &ticks, sizeof(ticks)) < 0 && errno != EAGAIN)
		return dt_set_errno(dtp, errno);
	for (P = dtp->procs; P; P = next) {
		next = P->next;
		pthread_mutex_lock(&P->lock);
		check_exit(P);
		msgs = P->messages;
		P->messages = (struct dt_strs){ 0 };
		pthread_mutex_unlock(&P->lock);
		for (size_t i = 0; i < msgs.n && dtp->procfunc; i++)
			dtp->procfunc(P, msgs.s[i], dtp->procarg);
		dt_strs_free(&msgs);
		if (P->exited && P->watched && !P->told) {
			P->told = true;
			if (dtp->procfunc)
				dtp->procfunc(P, NULL, dtp->procarg);
		}
	}
	return 0;
}

/* 1: the device has something for us; 0: time is up, a process has ended, a signal came. */
int dt_procs_wait(dtrace_hdl_t *dtp, int timeout_ms)
{
	struct pollfd *fds;
	struct ps_prochandle *P;
	nfds_t n = 2;
	int rc;

	for (P = dtp->procs; P; P = P->next)
		n++;
	fds = calloc(n, sizeof(*fds));
	if (!fds)
		return 0;
	fds[0] = (struct pollfd){ .fd = dtp->active && !dtp->stopped ? dtp->fd : -1, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = dtp->wakefd, .events = POLLIN };
	n = 2;
	for (P = dtp->procs; P; P = P->next)
		if (P->watched && !P->exited && P->proc)
			fds[n++] = (struct pollfd){ .fd = dt_proc_pidfd(P->proc), .events = POLLIN };
	rc = poll(fds, n, timeout_ms) > 0 && fds[0].revents & POLLIN;
	free(fds);
	return rc;
}

/* An interpreter that nobody named, but whose stacks may be recorded. */
static int know_languages(void *ctx, struct ps_prochandle *P)
{
	struct dt_err err = { "" };

	(void)ctx;
	pthread_mutex_lock(&P->lock);
	if (!dt_process_attach(P, &err))
		dt_process_languages(P);
	pthread_mutex_unlock(&P->lock);
	return 0;
}

static bool any_watched(const dtrace_hdl_t *dtp)
{
	for (const struct ps_prochandle *P = dtp->procs; P; P = P->next)
		if (P->watched)
			return true;
	return false;
}

int dt_procs_follow(dtrace_hdl_t *dtp)
{
	struct dt_err err = { "" };

	/* Stacks of any process: all interpreters there are. */
	if (dtp->needs_langs && !any_watched(dtp))
		dt_processes_with(dtp, "python*", know_languages, NULL);
	for (struct ps_prochandle *P = dtp->procs; P; P = P->next) {
		pthread_mutex_lock(&P->lock);
		/* Without pid probes too: a stack's names must be known when the process has gone. */
		if (P->watched && dtp->needs_usyms && !P->up && P->proc)
			dt_process_attach(P, &err);
		if (P->up) {
			dt_process_languages(P);
			dt_process_check_armed(P);
		}
		pthread_mutex_unlock(&P->lock);
		if (P->up && dt_process_follow(P))
			return -1;
	}
	return 0;
}

void dt_procs_unfollow(dtrace_hdl_t *dtp)
{
	for (struct ps_prochandle *P = dtp->procs; P; P = P->next) {
		atomic_store(&P->ended, true);
		pthread_mutex_lock(&P->lock);
		if (P->up)
			dt_process_check_armed(P);
		pthread_mutex_unlock(&P->lock);
	}
}

/* ---- Names of addresses ------------------------------------------------------------- */

/* Of the processes looked up only for names, the oldest goes when there are as many as -x pgmax allows. */
static void forget_oldest(dtrace_hdl_t *dtp)
{
	struct ps_prochandle *first = NULL;
	dtrace_optval_t n = 0;

	for (struct ps_prochandle *P = dtp->procs; P; P = P->next) {
		if (P->watched || P->up)
			continue;
		first = first ? first : P;
		n++;
	}
	if (first && n >= dtp->opt[DTRACEOPT_PGMAX])
		dtrace_proc_release(dtp, first);
}

/* The process that a stack belongs to, locked; NULL: nothing is known. */
static struct ps_prochandle *lock_for_names(dtrace_hdl_t *dtp, pid_t pid)
{
	struct ps_prochandle *P = dt_procs_find(dtp, pid);
	struct dt_proc *proc = NULL;

	if (!P && pid > 0) {
		forget_oldest(dtp);
		if (dt_proc_grab(pid, &proc, NULL))
			proc = NULL;
		P = add_process(dtp, pid, proc);
	}
	if (!P || !P->proc)
		return NULL;
	pthread_mutex_lock(&P->lock);
	return P;
}

/* An address nobody knows may lie in an object mapped since; look again, but not for every frame. */
static bool lookup(struct ps_prochandle *P, uint64_t addr, struct dt_sym *sym)
{
	uint64_t now;

	if (dt_proc_lookup(P->proc, addr, sym))
		return true;
	now = dt_now();
	if (P->exited || now - P->updated < 100000000)
		return false;
	P->updated = now;
	return !dt_proc_update(P->proc, NULL) && dt_proc_lookup(P->proc, addr, sym);
}

bool dt_procs_addrname(dtrace_hdl_t *dtp, pid_t pid, uint64_t addr, char *buf, size_t n)
{
	struct ps_prochandle *P = lock_for_names(dtp, pid);
	struct dt_sym sym;

	snprintf(buf, n, "0x%" PRIx64, addr);
	if (!P)
		return false;
	if (lookup(P, addr, &sym))
		dt_proc_addrname(P->proc, addr, dtp->demangle, buf, n);
	pthread_mutex_unlock(&P->lock);
	return true;
}

bool dt_procs_lookup(dtrace_hdl_t *dtp, pid_t pid, uint64_t addr, uint64_t *func, uint64_t *obj,
		     char *objname, size_t n)
{
	struct ps_prochandle *P = lock_for_names(dtp, pid);
	struct dt_sym sym;
	bool known;

	*func = *obj = 0;
	objname[0] = 0;
	if (!P)
		return false;
	known = lookup(P, addr, &sym);
	if (known && sym.func)
		*func = sym.start;
	if (known && sym.obj) {
		*obj = sym.obj->lo;
		snprintf(objname, n, "%s", sym.obj->name);
	}
	pthread_mutex_unlock(&P->lock);
	return known;
}

int dtrace_uaddr2str(dtrace_hdl_t *dtp, pid_t pid, uint64_t addr, char *buf, int nbytes)
{
	char name[4096];

	dt_procs_addrname(dtp, pid, addr, name, sizeof(name));
	return snprintf(buf, nbytes > 0 ? (size_t)nbytes : 0, "%s", name) + 1;
}
