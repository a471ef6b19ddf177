/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The pid provider's calls (DTRACEIOC_PROVIDER, name "pid").
 *
 * libdtrace reads a process's objects, decodes functions and hands the kernel
 * tracepoints: an address, the bytes expected there, and what to do about the
 * instruction that the breakpoint displaces. A probe is a name and a range of
 * those tracepoints. The kernel checks every claim that could harm: length
 * and bytes are compared with memory when arming, addresses lie in executable
 * private mappings, relocated operands are recomputed by itself.
 *
 * A process is known by its address space (mm) at the time of ATTACH; threads
 * and CLONE_VM children belong to it, fork children do not and are cleaned.
 */
#ifndef DTRACE_PID_H
#define DTRACE_PID_H

#include <linux/types.h>
#include <dtrace/recipe.h>

#define DTRACE_PID_ATTACH	1	/* struct dtrace_pid_attach */
#define DTRACE_PID_ADD		2	/* struct dtrace_pid_add */
#define DTRACE_PID_WAIT		3	/* struct dtrace_pid_wait */
#define DTRACE_PID_CONTINUE	4	/* struct dtrace_pid_continue */
#define DTRACE_PID_STAT		5	/* struct dtrace_pid_stat */
#define DTRACE_PID_DETACH	6	/* struct dtrace_pid_attach: forget what this consumer attached */
#define DTRACE_PID_PYTHON	7	/* struct dtrace_pid_python: its interpreter, for jstack() */

/* Know this process. Errors: -ESRCH none, -ENOEXEC 32-bit, -EINVAL kernel thread. Repeating it is harmless. */
struct dtrace_pid_attach {
	__s32 pid;		/* initial pid namespace of the caller */
	__u32 flags;		/* DTRACE_PID_NOJUMPS; of DETACH: 0 */
	__u64 cookie;		/* out: names this address space in later calls; changes after exec */
};

/* As long as this consumer holds the process, all its points are breakpoints, whoever offers more. */
#define DTRACE_PID_NOJUMPS	0x1

/*
 * Add the probes of one object (an executable, library or the vDSO excepted).
 * All arrays live in the caller's memory. Adding arms nothing; ENABLE does.
 * Points must be sorted by rising address, unique. Probes that exist already
 * (same name) are left alone, but gain tracepoints that they lack: static
 * functions of two files, old symbol versions and a library mapped twice may
 * share a name, in one call or in several, each with its own range.
 */
#define DTRACE_PID_NAMEMAX	(1u << 26)
struct dtrace_pid_add {
	__u64 cookie;
	__u64 points;		/* struct dtrace_pid_point[npoints] */
	__u64 probes;		/* struct dtrace_pid_probe[nprobes] */
	__u64 refs;		/* __u32[nrefs]: indices into points */
	__u64 strs;		/* char[nstrs] */
	__u32 npoints, nprobes, nrefs, nstrs;
	__u32 mod;		/* offset in strs: the object's name */
	__u32 flags;		/* DTRACE_PID_EXE, DTRACE_PID_PROV */
	__u64 lo, hi;		/* address range of the object's text; points lie inside */
	__u32 nadded;		/* out: new probes */
	__u32 nsteps;
	__u64 sites;		/* PROV: struct dtrace_pid_site[nrefs], beside refs; else 0 */
	__u64 steps;		/* struct dtrace_step[nsteps] */
	__u32 prov;		/* PROV: offset in strs: the provider's name without the process's number; else 0 */
	__u32 pad;
};
/* The object is the process's executable: a pattern's module "a.out" means it, whatever its name. */
#define DTRACE_PID_EXE		0x1
/* The probes are another provider's than "pid"; all of them are DTRACE_PID_RECIPE. */
#define DTRACE_PID_PROV		0x2

/*
 * How the displaced instruction goes on. Relative displacements and targets
 * are recomputed by the kernel from bytes[]: off is where in the instruction
 * the 1- or 4-byte displacement sits.
 */
#define DTRACE_PID_COPY		0	/* runs anywhere */
#define DTRACE_PID_RIPREL	1	/* memory operand [rip + disp32 at off] */
#define DTRACE_PID_JMP		2	/* jmp rel8/rel32 */
#define DTRACE_PID_JCC		3	/* jcc rel8/rel32 (not loop, jcxz) */
#define DTRACE_PID_CALL		4	/* call rel32 */
#define DTRACE_PID_RET		5	/* ret, ret imm16, with any prefix: runs anywhere */
#define DTRACE_PID_JMPIND	6	/* jmp reg / jmp [mem], RIP-relative or not */
#define DTRACE_PID_CALLIND	7	/* call reg / call [mem] */
#define DTRACE_PID_LOOP		8	/* loop, loope, loopne, jcxz, jecxz, jrcxz rel8 */
#define DTRACE_PID_KIND_MAX	9

struct dtrace_pid_point {
	__u64 addr;
	__u8  len;		/* 1..15 */
	__u8  kind;		/* DTRACE_PID_* */
	__u8  off;		/* of the displacement, where the kind (or a RIP-relative operand) has one; else 0 */
	__u8  prefix;		/* bytes of whole instructions from here on that a jump may displace; 0: none */
	__u8  bytes[22];	/* the instruction; with a prefix all of it; zero-padded */
	__u8  lead;		/* 0..4: of whole instructions before it that the jump displaces, too */
	__u8  flags;		/* DTRACE_PID_KEEPFLAGS */
	__u8  before[4];	/* the last @lead of them are what is there */
};

/*
 * Trap-free counting. Where all that is enabled aggregates arguments by keys that depend on the probe alone, the
 * kernel may write a jump instead of the breakpoint, to code that aggregates. It displaces the lead and the prefix:
 * together 5 bytes or more, the last of their instructions covering the fifth; or fewer, if the prefix ends in a return
 * or jump and what follows, up to the fifth byte, is padding (bytes[] has it, too). By giving a prefix the caller says
 * that nothing leads into that padding, and without KEEPFLAGS that status flags are dead here: nothing reads them
 * before they are written. All else the kernel checks. One of another ADD that names the same point stays.
 */
#define DTRACE_PID_JUMP_LEN	5
#define DTRACE_PID_KEEPFLAGS	0x1

#define DTRACE_PID_ENTRY	0	/* args: the function's arguments */
#define DTRACE_PID_RETURN	1	/* arg0: offset of the instruction, arg1: rax */
#define DTRACE_PID_OFFSET	2	/* name is the hex offset; args as on entry, as the registers are */
#define DTRACE_PID_ABS		3	/* function "-", name is the hex address */
#define DTRACE_PID_SYNC		4	/* not a probe by name: a thread that comes here waits for CONTINUE */
#define DTRACE_PID_RECIPE	5	/* each tracepoint's recipe says whether it fires, and the arguments */

/* What a tracepoint is to a RECIPE probe. Of other probes: zero. */
struct dtrace_pid_site {
	__u64 sem;		/* address of a 16-bit counter, one higher while the probe is enabled; 0: none */
	__u32 step, nstep;	/* slice of steps: the recipe (dtrace/recipe.h) */
};

/* Another name of a function: a pattern without a function does not mean it, or a call would count twice. */
#define DTRACE_PID_ALIAS	0x1

struct dtrace_pid_probe {
	__u32 func, name;	/* offsets in strs */
	__u16 type;		/* DTRACE_PID_ENTRY ... */
	__u16 nranges;		/* 0: [lo, hi) alone is the function; 1: lo2, hi2 (its .cold part) too */
	__u32 ref, nref;	/* slice of refs: its tracepoints */
	__u32 flags;		/* DTRACE_PID_ALIAS */
	__u64 lo, hi;		/* the function's range */
	__u64 lo2, hi2;
};

/*
 * Wait until a thread stands at a SYNC point, execs or the process ends, or timeout.
 *
 * After an exec the thread stands before the new program's first instruction until each
 * consumer that held the old one has let go of that cookie (DETACH, or close). So ATTACH
 * the new program, place what is to be placed, then DETACH the old cookie.
 *
 * A thread stands for nobody who has made no pid call for DTRACE_PID_PATIENCE_SECS: it goes
 * on, and struct dtrace_pid_stat counts it in "late".
 */
#define DTRACE_PID_PATIENCE_SECS 30
struct dtrace_pid_wait {
	__u64 cookie;
	__u32 timeout_ms;
	__u32 event;		/* out: DTRACE_PID_EV_* */
	__s32 tid;		/* out: SYNC: the thread that stands */
	__u32 held;		/* out: EXEC: 1 if the new program has not begun: it waits for DETACH */
	__u64 addr;		/* out: SYNC: the point's address */
};
#define DTRACE_PID_EV_NONE	0
#define DTRACE_PID_EV_SYNC	1
#define DTRACE_PID_EV_EXEC	2	/* the cookie is stale */
#define DTRACE_PID_EV_EXIT	3

struct dtrace_pid_continue {
	__u64 cookie;
	__s32 tid;		/* 0: all that stand */
	__u32 pad;
};

/* Numbers since ATTACH. */
struct dtrace_pid_stat {
	__u64 cookie;
	__u64 armed;		/* tracepoints armed now */
	__u64 refused;		/* tracepoints not armed: see why[] */
	__u64 why[8];		/* by DTRACE_PID_WHY_* */
	__u64 hits;		/* breakpoints taken */
	__u64 undecided;	/* an indirect jump whose target could not be read: return probe not fired */
	__u64 stubbytes;	/* size of the areas in the process */
	__u64 late;		/* threads that went on without this consumer's answer */
	__u64 jumps;		/* of those armed, the ones that count without a trap */
	__u64 nojump[8];	/* the others, by DTRACE_PID_NOJUMP_* */
};
#define DTRACE_PID_WHY_BYTES	0	/* memory differs from the file: patched by somebody else */
#define DTRACE_PID_WHY_UNMAPPED	1
#define DTRACE_PID_WHY_SHARED	2	/* mapping is shared: writing would change other processes */
#define DTRACE_PID_WHY_NOAREA	3	/* no room, or not allowed, for the stub area within reach */
#define DTRACE_PID_WHY_KIND	4	/* instruction that cannot be displaced */
#define DTRACE_PID_WHY_FAULT	5
#define DTRACE_PID_WHY_SHSTK	6	/* call on a shadow stack cannot be displaced */


#define DTRACE_PID_NOJUMP_ASKED	0	/* ADD gave no prefix, or a consumer forbids jumps */
#define DTRACE_PID_NOJUMP_KIND	1	/* a prefix that cannot be displaced, or over the end of a page */
#define DTRACE_PID_NOJUMP_CLAUSE 2	/* more is asked than to aggregate arguments by constant keys */
#define DTRACE_PID_NOJUMP_INSIDE 3	/* another point lies inside */
#define DTRACE_PID_NOJUMP_PLACE	4	/* no free place at a distance that a jump can show */
#define DTRACE_PID_NOJUMP_TRACER 5	/* a debugger is attached, who may write there */
#define DTRACE_PID_NOJUMP_MEMORY 6

#endif /* DTRACE_PID_H */
