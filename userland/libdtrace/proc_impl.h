/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process as libdtrace knows it: shared by proc.c (its life), pidprobe.c
 * (its probes), lacks.c (what those have not got) and follow.c (its thread).
 *
 * Threads. Once tracing begins, each process with pid probes has a thread that
 * waits in the kernel for dlopen() and exec (DTRACE_PID_WAIT): the program's
 * thread stands still until it is answered, so the answer must not wait for
 * dtrace_work(). "lock" guards the dt_proc, the dt_pid, the patterns and the
 * messages; the thread lets go of it only while it waits in the kernel. What
 * there is to tell is left in "messages", with a tick on the handle's eventfd;
 * the handle's own thread tells it. Lists of processes, and the flags above the
 * lock, belong to the handle's thread.
 *
 * An exec. The new program is held before its first instruction while the thread
 * attaches it and has it wait again where its libraries are linked (as a program
 * is that -c starts); letting go of the old program lets it begin. There the
 * patterns, as they were given, make probes in it.
 *
 * The thread goes on after dtrace_stop(), making no more probes, until the
 * handle is closed: a program that loads a library then must not hang.
 */
#ifndef DT_PROC_IMPL_H
#define DT_PROC_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "dt_impl.h"
#include "user.h"

struct dt_skipped {		/* a function without probes */
	char *mod, *func;
	enum dt_pid_skip why;
};

struct dt_modpat {		/* a module as a pattern has it, and what the kernel matches instead */
	char *mod;
	struct dt_strs kernel;
	bool told;
};

struct dt_lack {		/* what a static probe has not got at some place: an argument, or -1, a tracepoint */
	const struct dt_object *obj;
	char prov[DTRACE_PROVNAMELEN], name[DTRACE_NAMELEN];
	int arg;
	char *why;
	bool told;
};

struct dt_reader {		/* clauses with this description read these arguments: 1 << n */
	dtrace_probedesc_t pat;
	uint32_t args;
};

struct ps_prochandle {
	struct ps_prochandle *next;
	dtrace_hdl_t *dtp;
	pid_t pid;
	bool watched;		/* started or grabbed by the user: its end is told */
	bool exited, told;
	int wstatus;		/* of a child that has exited; else -1 */
	bool threaded;
	pthread_t thread;
	atomic_bool quit;	/* the thread is to end */
	atomic_bool ended;	/* tracing is over: no more probes */

	pthread_mutex_t lock;
	struct dt_proc *proc;	/* NULL: there is no such process (any more), remembered so as not to ask again */
	struct dt_pid *up;	/* NULL: not attached */
	bool following;
	bool linking;		/* a program begins after an exec: its libraries are not mapped yet */
	dtrace_probedesc_t *pats;
	size_t npats, patroom;
	struct dt_modpat *modpats;
	size_t nmodpats, modpatroom;
	struct dt_skipped *skipped;
	size_t nskipped, skiproom;
	struct dt_lack *lacks;
	size_t nlacks, lackroom;
	struct dt_reader *readers;
	size_t nreaders, readerroom;
	uint64_t refused;	/* places not armed that were told already */
	uint64_t undecided;
	uint64_t late;
	uint64_t updated;	/* when the mappings were read last, ns */
	struct dt_strs messages;
};

struct ps_prochandle *dt_procs_find(dtrace_hdl_t *dtp, pid_t pid);
/* Known already, or grabbed now. NULL: @err says why. */
struct ps_prochandle *dt_procs_get(dtrace_hdl_t *dtp, pid_t pid, struct dt_err *err);

/* With the lock held. */
int dt_process_attach(struct ps_prochandle *P, struct dt_err *err);
void dt_process_detach(struct ps_prochandle *P);
/* Create the probes of all patterns, in objects not looked at yet. */
void dt_process_patterns(struct ps_prochandle *P);
/* Tell the kernel about interpreters in objects not looked at yet, if some action wants their frames. */
void dt_process_languages(struct ps_prochandle *P);
void dt_process_forget_patterns(struct ps_prochandle *P);
void dt_process_say(struct ps_prochandle *P, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void dt_process_check_armed(struct ps_prochandle *P);
/* lacks.c. Remember what a probe lacks (a dt_pid_lack_f); say what the clauses there are read of that; forget. */
void dt_process_lack(void *P, const struct dt_object *o, const char *prov, const char *name, int arg,
		     const char *why);
void dt_process_tell_lacks(struct ps_prochandle *P);
void dt_process_forget_lacks(struct ps_prochandle *P);
void dt_process_forget_readers(struct ps_prochandle *P);

/*
 * allprocs.c: call @func for every process of the machine that has probes of a provider matching @provider
 * (beside pid's own), until it returns other than 0. -errno: there is no /proc.
 */
int dt_processes_with(dtrace_hdl_t *dtp, const char *provider, int (*func)(void *ctx, struct ps_prochandle *P),
		      void *ctx);

int dt_process_follow(struct ps_prochandle *P);		/* follow.c: start the thread */
void dt_process_unfollow(struct ps_prochandle *P);	/* end it, and wait for that */

#endif /* DT_PROC_IMPL_H */
