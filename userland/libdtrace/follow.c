/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thread that follows one process: objects it loads later, and programs it turns into. See proc_impl.h. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "proc_impl.h"

/* How long the thread may take to see that it is to end. */
#define FOLLOW_TICK_MS 100

static void new_objects(void *ctx)
{
	struct ps_prochandle *P = ctx;

	if (!atomic_load(&P->ended))
		dt_process_patterns(P);
}

/* The process runs another program now: what was known of the old one is void. */
static int begin_again(struct ps_prochandle *P)
{
	struct dt_err err = { "" };
	int rc;

	dt_process_detach(P);
	rc = dt_proc_update(P->proc, &err);
	if (!rc)
		rc = dt_process_attach(P, &err);
	if (!rc) {
		rc = dt_pid_follow(P->up, &err);
		dt_process_patterns(P);
		P->refused = P->undecided = 0;
	}
	if (rc == -ESRCH)
		return rc;
	if (rc)
		dt_process_say(P, "runs another program now, which cannot be traced: %s", err.msg);
	else if (P->npats)
		dt_process_say(P, "runs another program now (%s): its probes are placed anew, its "
				  "first calls may be missing",
			       dt_proc_exe(P->proc));
	return rc;
}

static void *follow(void *arg)
{
	struct ps_prochandle *P = arg;
	int ev = 0;

	pthread_mutex_lock(&P->lock);
	while (!atomic_load(&P->quit) && ev != DTRACE_PID_EV_EXIT) {
		ev = dt_pid_poll(P->up, FOLLOW_TICK_MS, new_objects, P);
		if (ev == DTRACE_PID_EV_EXEC && begin_again(P))
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
	if (!P->following && dt_pid_follow(P->up, &err))
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
