// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From exec to the point where a started program waits.
 *
 * The program was seized before its exec, so it stands at PTRACE_EVENT_EXEC:
 * the dynamic linker and the executable are mapped, nothing has run. Further
 * points are reached by breakpoints:
 *
 *   PREINIT   the dynamic linker calls _dl_debug_state() once before it maps
 *             libraries (r_state RT_ADD) and once when all are relocated
 *             (RT_CONSISTENT): the second call. Static programs and unknown
 *             linkers: the entry point.
 *   POSTINIT  the entry point (AT_ENTRY)
 *   MAIN      main, by its symbol, else by the first argument of __libc_start_main
 *
 * The first call is let pass by a breakpoint on its return address, where the
 * one on the function is put back; nothing is ever single-stepped. Breakpoints
 * are gone when the program waits. Signals go to the program as they come,
 * stops included; a child that a constructor forks gets its text restored.
 */
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "impl.h"

enum { BP_RBRK, BP_RETURN, BP_ENTRY, BP_LIBC, BP_MAIN, NBP };

struct start {
	struct dt_proc *p;
	enum dt_evaltime when;
	struct dt_err *err;
	struct {
		uint64_t addr;		/* 0: not set */
		uint8_t byte;		/* what was there */
	} bp[NBP];
};

static int gone(struct start *s)
{
	return dt_proc_fail(s->err, -ESRCH, "%s has gone before it began", s->p->exe);
}

/* ---- Breakpoints ---------------------------------------------------------------- */

static int poke(pid_t pid, uint64_t addr, uint8_t byte, uint8_t *old)
{
	uint64_t base = addr & ~7ull;
	unsigned int shift = (addr & 7) * 8;
	long word;

	errno = 0;
	word = ptrace(PTRACE_PEEKTEXT, pid, base, 0);
	if (errno)
		return -errno;
	if (old)
		*old = (uint64_t)word >> shift;
	word = ((uint64_t)word & ~(0xffull << shift)) | (uint64_t)byte << shift;
	return ptrace(PTRACE_POKETEXT, pid, base, word) ? -errno : 0;
}

static int set_break(struct start *s, int which, uint64_t addr)
{
	int rc = poke(s->p->pid, addr, 0xcc, &s->bp[which].byte);

	if (!rc)
		s->bp[which].addr = addr;
	return rc;
}

static void unset_break(struct start *s, int which)
{
	if (s->bp[which].addr)
		poke(s->p->pid, s->bp[which].addr, s->bp[which].byte, NULL);
	s->bp[which].addr = 0;
}

static void unset_breaks(struct start *s)
{
	for (int i = 0; i < NBP; i++)
		unset_break(s, i);
}

/* After exec: which breakpoints lead to the point? None: this is the point. */
static int plan(struct start *s)
{
	struct dt_proc *p = s->p;
	int rc;

	memset(s->bp, 0, sizeof(s->bp));
	if (s->when == DT_EVAL_EXEC)
		return 0;
	rc = dt_proc_update(p, s->err);
	if (rc)
		return rc;
	if (s->when == DT_EVAL_PREINIT && p->at_base && p->rbrk)
		rc = set_break(s, BP_RBRK, p->rbrk);
	if (!rc)
		rc = set_break(s, BP_ENTRY, p->at_entry);
	return rc ? dt_proc_fail(s->err, rc, "cannot set a breakpoint in %s: %s", p->exe,
				 strerror(-rc)) : 0;
}

static uint64_t find_in_objects(struct dt_proc *p, const char *name)
{
	uint64_t addr = 0;

	for (size_t i = 0; !addr && i < p->nobj; i++)
		addr = dt_object_dynsym(&p->obj[i]->pub, name);
	return addr;
}

/* At the entry point: go on to main? Returns 1 if this is the point. */
static int plan_main(struct start *s)
{
	struct dt_proc *p = s->p;
	uint64_t libc;

	if (dt_proc_update(p, s->err))
		return -ESRCH;
	for (size_t i = 0; i < p->nobj; i++) {
		const struct dt_object *o = &p->obj[i]->pub;
		const struct dt_func *f;
		size_t n;
		long k = o->is_exe && o->elf ? dt_elf_find(o->elf, "main") : -1;

		if (k < 0)
			continue;
		f = dt_elf_functions(o->elf, &n);
		return set_break(s, BP_MAIN, o->bias + f[k].addr);
	}
	libc = find_in_objects(p, "__libc_start_main");
	if (!libc)
		return dt_proc_fail(s->err, -ENOENT, "cannot find main in %s: it has no symbols; "
				    "use evaltime=postinit", p->exe);
	return set_break(s, BP_LIBC, libc);
}

/*
 * A breakpoint was hit; registers stand on its instruction again. Returns 1 at
 * the point, 0 to go on, -errno.
 */
static int on_break(struct start *s, int which, const struct user_regs_struct *regs)
{
	uint64_t ret;

	unset_break(s, which);
	switch (which) {
	case BP_RBRK:
		if (dt_rdebug_state(s->p) == RT_CONSISTENT)
			return 1;
		if (dt_proc_read(s->p, regs->rsp, &ret, 8) != 8)
			return 0;
		return set_break(s, BP_RETURN, ret);
	case BP_RETURN:
		return set_break(s, BP_RBRK, s->p->rbrk);
	case BP_ENTRY:
		return s->when == DT_EVAL_MAIN ? plan_main(s) : 1;
	case BP_LIBC:
		return set_break(s, BP_MAIN, regs->rdi);
	}
	return 1;
}

/* ---- Stops ------------------------------------------------------------------------ */

static int resume(struct start *s, int sig)
{
	return ptrace(PTRACE_CONT, s->p->pid, 0, sig) && errno != ESRCH ? -errno : 0;
}

/* A forked child is traced like its parent and has our breakpoints: not for long. */
static void free_child(struct start *s, bool shares_memory)
{
	unsigned long pid = 0;
	int status;

	if (ptrace(PTRACE_GETEVENTMSG, s->p->pid, 0, &pid) || !pid ||
	    waitpid(pid, &status, __WALL) != (pid_t)pid || !WIFSTOPPED(status))
		return;
	for (int i = 0; !shares_memory && i < NBP; i++) {
		if (s->bp[i].addr)
			poke(pid, s->bp[i].addr, s->bp[i].byte, NULL);
	}
	ptrace(PTRACE_DETACH, pid, 0, 0);
}

/* SIGTRAP: one of ours? Otherwise it is the program's own. */
static int on_trap(struct start *s)
{
	struct user_regs_struct regs;
	int rc;

	if (ptrace(PTRACE_GETREGS, s->p->pid, 0, &regs))
		return resume(s, 0);
	for (int i = 0; i < NBP; i++) {
		if (!s->bp[i].addr || regs.rip != s->bp[i].addr + 1)
			continue;
		regs.rip--;
		if (ptrace(PTRACE_SETREGS, s->p->pid, 0, &regs))
			return gone(s);
		rc = on_break(s, i, &regs);
		return rc ? rc : resume(s, 0);
	}
	return resume(s, SIGTRAP);
}

static int on_stop(struct start *s, int status)
{
	int sig = WSTOPSIG(status), rc;

	switch (status >> 16) {
	case 0:
		return sig == SIGTRAP ? on_trap(s) : resume(s, sig);
	case PTRACE_EVENT_EXEC:
		rc = dt_start_check(s->p, s->err);
		if (!rc)
			rc = plan(s);
		if (rc)
			return rc;
		return s->when == DT_EVAL_EXEC ? 1 : resume(s, 0);
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
		free_child(s, status >> 16 == PTRACE_EVENT_VFORK);
		return resume(s, 0);
	case PTRACE_EVENT_STOP:
		if (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU)
			return ptrace(PTRACE_LISTEN, s->p->pid, 0, 0) ? -errno : 0;
		return resume(s, 0);
	}
	return resume(s, 0);
}

/* It has ended instead of reaching the point. */
static int ended(struct start *s, int status)
{
	s->p->is_dead = true;
	s->p->is_held = false;
	s->p->status = status;
	if (WIFSIGNALED(status))
		return dt_proc_fail(s->err, -ECHILD, "%s was killed by signal %d (%s) before it began",
				    s->p->exe, WTERMSIG(status), strsignal(WTERMSIG(status)));
	return dt_proc_fail(s->err, -ECHILD, "%s exited with status %d before it began",
			    s->p->exe, WEXITSTATUS(status));
}

int dt_start_run(struct dt_proc *p, enum dt_evaltime when, struct dt_err *err)
{
	struct start s = { .p = p, .when = when, .err = err };
	int status, rc;

	if (err)
		err->msg[0] = 0;
	do {
		while (waitpid(p->pid, &status, __WALL) < 0) {
			if (errno != EINTR)
				return dt_proc_fail(err, -errno, "cannot wait for %s: %s", p->exe,
						    strerror(errno));
		}
		rc = WIFSTOPPED(status) ? on_stop(&s, status) : ended(&s, status);
	} while (!rc);
	if (rc < 0) {
		if (err && !err->msg[0])
			dt_proc_fail(err, rc, "cannot control %s: %s", p->exe, strerror(-rc));
		return rc;
	}
	unset_breaks(&s);
	return dt_proc_update(p, err);
}
