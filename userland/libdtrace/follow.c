/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thread that follows one process: objects it loads later, and programs it turns into. See proc_impl.h. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "proc_impl.h"

/* How long the thread may take to see that it is to end. */
#define FOLLOW_TICK_MS 100

/* A thread waits at @at. A program that has just begun gets its probes when all its libraries are there. */
static void new_objects(void *ctx, uint64_t at)
{
	struct ps_prochandle *P = ctx;

	if (P->linking && at != dt_proc_entry(P->proc) && !dt_proc_linked(P->proc))
		return;
	P->linking = false;
	if (!atomic_load(&P->ended))
		dt_process_patterns(P);
}

/* Know the new program, while the old one's dt_pid is still attached, and see to it that it gets its probes. */
static int take_over(struct ps_prochandle *P, bool held, struct dt_err *err)
{
	int rc = dt_proc_exec(P->proc, err);

	if (!rc)
		rc = dt_process_attach(P, err);
	if (rc)
		return rc;
	rc = dt_pid_follow(P->up, held, err);
	if (rc == -ESRCH)
		return rc;
	if (rc)
		dt_process_say(P, "objects loaded from now on are not traced: %s", err->msg);
	P->following = true;
	P->linking = held && !rc && P->dtp->evaltime != DT_EVAL_EXEC && !dt_proc_linked(P->proc);
	if (!P->linking)
		dt_process_patterns(P);
	return 0;
}

static void say_not_exact(struct ps_prochandle *P, int rc, const struct dt_err *err, bool held)
{
	const char *exe = dt_proc_exe(P->proc);

	if (!P->npats || (held && (!rc || rc == -ESRCH)))	/* ESRCH: killed before it began */
		return;
	if (rc == -ESRCH)
		dt_process_say(P, "has run another program to its end before it could be traced: "
			       "nothing of that was counted");
	else if (rc)
		dt_process_say(P, "runs another program now, which cannot be traced: %s", err->msg);
	else
		dt_process_say(P, "runs another program now (%s): its probes are placed anew, its "
			       "first calls may be missing", exe);
}

/* The process runs another program now: what was known of the old one is void. */
static int begin_again(struct ps_prochandle *P, bool held)
{
	struct dt_err err = { "" };
	struct dt_pid *old = P->up;
	struct dtrace_pid_stat st;
	uint64_t late = P->late;
	int rc = 0;

	if (atomic_load(&P->ended)) {
		dt_process_detach(P);
		return -ESRCH;
	}
	P->up = NULL;
	dt_process_forget_lacks(P);
	P->refused = P->undecided = P->late = 0;
	rc = take_over(P, held, &err);
	held = held && !dt_pid_kstat(old, &st) && st.late == late;
	dt_pid_detach(old);		/* lets the new program begin */
	if (rc)
		dt_process_detach(P);
	else
		dt_process_check_armed(P);
	say_not_exact(P, rc, &err, held);
	return rc;
}

static void *follow(void *arg)
{
	struct ps_prochandle *P = arg;
	bool held;
	int ev = 0;

	pthread_mutex_lock(&P->lock);
	while (!atomic_load(&P->quit) && ev != DTRACE_PID_EV_EXIT) {
		ev = dt_pid_poll(P->up, FOLLOW_TICK_MS, new_objects, P, &held);
		if (ev == DTRACE_PID_EV_EXEC && begin_again(P, held))
			break;
		if (ev == DTRACE_PID_EV_SYNC)
			dt_process_check_armed(P);
		if (ev < 0 && ev != -EINTR && ev != -EAGAIN) {
			if (ev != -ESRCH)
				dt_process_say(P, "objects loaded from now on are not traced: %s", strerror(-ev));
			break;
		}
	}
	pthread_mutex_unlock(&P->lock);
	return NULL;
}

int dt_process_follow(struct ps_prochandle *P)
{
	struct dt_err err = { "" };
	sigset_t all, old;
	int rc;

	if (P->threaded)
		return 0;
	pthread_mutex_lock(&P->lock);
	if (!P->following && dt_pid_follow(P->up, false, &err))
		dt_process_say(P, "objects loaded from now on are not traced: %s", err.msg);
	P->following = true;
	pthread_mutex_unlock(&P->lock);

	/* Signals are for the program that uses this library, in its own threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&P->thread, NULL, follow, P);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc)
		return dt_set_error(P->dtp, rc, "cannot start a thread: %s", strerror(rc));
	P->threaded = true;
	return 0;
}

void dt_process_unfollow(struct ps_prochandle *P)
{
	atomic_store(&P->quit, true);
	if (P->threaded)
		pthread_join(P->thread, NULL);
	P->threaded = false;
}
