/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pid provider's userland half: from a probe description to tracepoints.
 *
 *   decode.c  functions -> instructions (Zydis) -> struct dtrace_pid_point, returns, tail calls
 *   jump.c    which entry points and returns may become a jump, to count without a trap
 *   code.c    what all functions of an object's code say about each other: who is
 *             entered in the middle, who runs on into the next one
 *   batch.c   points and probes of one object -> one DTRACE_PID_ADD
 *   user.c    what a pattern means in a process: objects, functions, names
 *   statics.c probes that objects bring along: static probes, interpreters
 */
#ifndef DT_PID_USER_H
#define DT_PID_USER_H

#include <dtrace/abi.h>
#include <dtrace/pid.h>
#include "proc.h"

/* Why a function has no probe: shown by -v. */
enum dt_pid_skip {
	DT_PID_SKIP_UNDECODABLE,	/* bytes that are no instruction, or one that runs over the end */
	DT_PID_SKIP_DATA,		/* a jump leads into the middle of an instruction: data in text */
	DT_PID_SKIP_RSEQ,		/* inside a restartable sequence */
	DT_PID_SKIP_SIZE,		/* size 0 or absurd */
	DT_PID_SKIP_INT3,		/* starts with a breakpoint */
	DT_PID_SKIP_KIND,		/* entry instruction cannot be displaced */
	DT_PID_SKIP_NOFILE,		/* object's file cannot be read */
	DT_PID_SKIP_LONGNAME,
	DT_PID_SKIP_IFUNC,		/* indirect: its implementation has not been chosen yet */
	DT_PID_SKIP_ELSEWHERE,		/* indirect: its implementation is in another object */
	DT_PID_SKIP_LOOP,		/* jumps lead to its first instruction: calls look like rounds of a loop */
	DT_PID_SKIP_SHARED,		/* return: another function jumps into its middle */
	DT_PID_SKIP_FALLS,		/* return: it runs on into the code that follows */
	DT_PID_SKIP_PARTS,		/* return: its code is in more than two pieces */
	DT_PID_SKIP_NORETURN,		/* return: it never returns; no harm in that */
	DT_PID_SKIP_MAX
};
const char *dt_pid_skip_text(enum dt_pid_skip why);

/* Why an entry or a return cannot be a jump: shown by -v. */
enum dt_pid_nojump {
	DT_PID_JUMP_CODE,		/* not all of the function decodes */
	DT_PID_JUMP_SHORT,		/* a jump is longer, and there is more around it than padding */
	DT_PID_JUMP_KIND,		/* one of the instructions cannot be displaced; whether it returns is open */
	DT_PID_JUMP_INSIDE,		/* the function branches into these bytes */
	DT_PID_JUMP_MAX,
};

struct dt_pid_stats {
	uint64_t objects, functions, probes, points;
	uint64_t jumps, nojump[DT_PID_JUMP_MAX];	/* entry points that may be jumps, and not */
	uint64_t retjumps, retnojump[DT_PID_JUMP_MAX];	/* of returns */
	uint64_t skipped[DT_PID_SKIP_MAX];
};

struct dt_pid;		/* one attached process */

/* A function whose probes cannot be had (all that -v tells). */
typedef void dt_pid_skip_f(void *ctx, const char *mod, const char *func, enum dt_pid_skip why);

/*
 * Attach: @fd is /dev/dtrace. The process object must outlive it. -errno and a sentence. @jumps: entries and returns
 * may be counted without a trap.
 * @call makes one DTRACEIOC_PROVIDER call (returns 0 or -errno): tests put their own there.
 */
typedef int dt_pid_call_f(void *ctx, uint32_t op, void *arg, size_t size);
int dt_pid_attach(struct dt_proc *p, dt_pid_call_f *call, void *ctx, bool demangle, bool jumps,
		  dt_pid_skip_f *skip, struct dt_pid **ret, struct dt_err *err);
void dt_pid_detach(struct dt_pid *dp);
/*
 * Have @lack called, from dt_pid_statics(), for what a probe named @prov ("app123") and @name lacks: argument @arg, or
 * with -1 a whole place, which cannot be traced.
 */
typedef void dt_pid_lack_f(void *ctx, const struct dt_object *o, const char *prov, const char *name, int arg,
			   const char *why);
void dt_pid_on_lack(struct dt_pid *dp, dt_pid_lack_f *lack);

/*
 * Create every probe that @pat means in this process (mod, func, name; the
 * provider part is the caller's concern): name "entry", "return", a hex
 * offset, a glob over them; empty means entry, return and, as in illumos, no offsets
 * unless the function is given exactly. Function "-": name is an absolute address in the object's
 * ELF space (a.out:-:401136). Only objects not handled yet for this pattern are looked at, so
 * calling it again after dt_proc_update() adds the new ones'. *nprobes: how many were added.
 * -ENOENT with a sentence when an exact module, function or offset does not exist.
 * progress (may be NULL) is called now and then: done of total functions.
 */
int dt_pid_create(struct dt_pid *dp, const dtrace_probedesc_t *pat, uint64_t *nprobes,
		  void (*progress)(void *ctx, uint64_t done, uint64_t total), void *ctx, struct dt_err *err);
/* Can any process have such a probe, by its name? -EINVAL: no, with a sentence. */
int dt_pid_check(const dtrace_probedesc_t *pat, struct dt_err *err);
/*
 * Create the probes of other providers than pid that the process's objects carry (statics.h) and whose provider's
 * name, number included, matches @pat's ("python123", "py*"). Of an object that has the very probe that @pat names
 * the others may be left out. Only objects not handled yet for these names are looked at. *nprobes: how many there
 * are in those. -ENOTSUP with a sentence: an object should have such probes, but is not understood, or lacks the one
 * that @pat names; the others' were created.
 */
int dt_pid_statics(struct dt_pid *dp, const dtrace_probedesc_t *pat, uint64_t *nprobes, struct dt_err *err);
/*
 * Tell the kernel about interpreters in objects not looked at yet, so that jstack() finds their frames. -ENOTSUP with a
 * sentence: there is one that isn't understood; its frames stay native.
 */
int dt_pid_languages(struct dt_pid *dp, struct dt_err *err);
/* Could the object file have any such probes? Quick. */
bool dt_statics_maybe(const char *path);
/* Has the process, not attached, probes of a provider that matches? */
bool dt_pid_has_statics(struct dt_proc *p, const char *provider);
/*
 * Arrange that threads wait at the dynamic linker's r_brk, so that dlopen'ed objects get their probes in time.
 * @fresh: the program has not begun; let it wait at its entry point, too, in case that the linker does not call.
 */
int dt_pid_follow(struct dt_pid *dp, bool fresh, struct dt_err *err);
/*
 * Wait for and handle one event (see DTRACE_PID_WAIT): on SYNC calls dt_proc_update(), then
 * @newobjects (which calls dt_pid_create for its patterns; @at is where the thread waits),
 * then lets the thread go on. Returns DTRACE_PID_EV_* or -errno. On EXEC, *held says whether
 * the new program waits until this dt_pid is detached.
 */
int dt_pid_poll(struct dt_pid *dp, uint32_t timeout_ms, void (*newobjects)(void *ctx, uint64_t at), void *ctx,
		bool *held);
void dt_pid_stats(struct dt_pid *dp, struct dt_pid_stats *ret);
int dt_pid_kstat(struct dt_pid *dp, struct dtrace_pid_stat *ret);

/* ---- jump.c: pure, tested alone --------------------------------------------- */

const char *dt_pid_nojump_text(enum dt_pid_nojump why);

struct dt_pid_decoded;
/*
 * May a jump displace the beginning of the function @all? At @code, up to the next function, @avail bytes can be
 * read. Fills prefix, flags and bytes of @pt, which is the first instruction's, and returns 0, or
 * -(1 + enum dt_pid_nojump).
 */
int dt_pid_jump(const uint8_t *code, size_t avail, const struct dt_pid_decoded *all, struct dtrace_pid_point *pt);
/* The same without decoding all of the function's @size bytes at @addr; 1: that must be done to know. */
int dt_pid_jump_quick(const uint8_t *code, size_t avail, size_t size, uint64_t addr, struct dtrace_pid_point *pt);
/*
 * The same for instruction @k, @pt, by which it returns. @tables: jumps whose targets are not known, perhaps elsewhere,
 * may lead into the function.
 */
int dt_pid_jump_return(const uint8_t *code, size_t avail, const struct dt_pid_decoded *all, size_t k, bool tables,
		       struct dtrace_pid_point *pt);

/* ---- decode.c: pure, tested alone ----------------------------------------- */

struct dt_pid_insn {
	uint64_t addr;
	struct dtrace_pid_point point;	/* addr, len, kind, off, bytes filled; fn not */
	bool is_fixed;		/* it cannot be displaced, so it can have no point */
	bool is_ret;		/* a return instruction */
	bool is_end;		/* does not go on to the next instruction: ret, jmp, ud2 */
	bool leaves;		/* a direct jump that leaves the function's ranges: tail call */
	bool indirect;		/* jmp reg/mem: leaves or not is known when it runs */
	bool conditional;	/* jcc, loop */
	bool is_call;		/* may not come back, if it is the last */
	uint64_t target;	/* of direct jumps and calls */
};
struct dt_pid_decoded {
	struct dt_pid_insn *insn;	/* malloc'ed; may be handed in again for the next function */
	size_t n, max;
};

/* What one instruction does to the status flags, a bit each. */
struct dt_pid_flags {
	uint8_t reads, writes;
};
#define DT_PID_FLAGS_ALL 0x3f
/* False: it cannot be decoded. Writes: in any case, whatever the operands are. */
bool dt_pid_flags(const uint8_t *code, size_t size, struct dt_pid_flags *ret);

/* Could a direct jump in these bytes lead to [@lo, @hi)? Quick; only "no" is certain. */
bool dt_pid_may_jump(const uint8_t *code, size_t size, uint64_t addr, uint64_t lo, uint64_t hi);
/* One instruction. Returns 0 or -(1 + DT_PID_SKIP_UNDECODABLE); leaves is false. */
int dt_pid_decode_one(const uint8_t *code, size_t size, uint64_t addr, struct dt_pid_insn *ret);
/*
 * Decode code[size] at @addr wholly. Ranges [addr, addr+size) and [lo2, hi2) are the function.
 * Returns 0, or -(1 + enum dt_pid_skip).
 */
int dt_pid_decode(const uint8_t *code, size_t size, uint64_t addr, uint64_t lo2, uint64_t hi2,
		  struct dt_pid_decoded *ret);

#endif /* DT_PID_USER_H */
