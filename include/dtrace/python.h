/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What jstack() and pystack() need to know of the CPython interpreter in a
 * process (call DTRACE_PID_PYTHON of the provider "pid"): where its objects
 * keep what. libdtrace finds it out (providers/python); the kernel believes none of it,
 * in that it reads the process's memory without faulting, follows no list for ever, and takes for a code
 * object only what says that it is one.
 *
 * Offsets are in bytes; DTRACE_PY_ABSENT where the version has no such field.
 */
#ifndef DTRACE_PYTHON_H
#define DTRACE_PYTHON_H

#include <linux/types.h>

#define DTRACE_PY_ABSENT	0xffff
#define DTRACE_PY_RANGES	4

struct dtrace_pid_python {
	__u64 cookie;		/* DTRACE_PID_ATTACH's */
	__u64 interps;		/* address of the pointer to the first interpreter state; 0: 3.6, see running */
	__u64 running;		/* 3.6: address of the pointer to the running thread state; else 0 */
	__u64 code_type;	/* address of PyCode_Type */
	__u64 code_mask;	/* of the frame's pointer to its code object: the other bits are tags */
	__u64 text;		/* DTRACE_TEXT() of dtrace/recipe.h */
	/* Native code of the eval loop, absolute: a native frame there stands for Python frames. Unused: 0, 0. */
	__u64 lo[DTRACE_PY_RANGES], hi[DTRACE_PY_RANGES];
	__u8  line_kind;	/* DTRACE_LINE_* */
	__u8  lasti_shift;	/* position in bytes = frame_lasti << this */
	__u8  segments;		/* DTRACE_PY_SEG_*: which Python frames one native frame stands for */
	__u8  pad;
	__u16 interp_next, interp_threads;
	__u16 thread_next, thread_id;	/* id: pthread_self(), which is the fs base */
	__u16 thread_cframe;	/* 3.11, 3.12: the top frame is at *(thread + this) + thread_frame */
	__u16 thread_frame;
	__u16 frame_code, frame_back, frame_lasti, frame_instr, frame_owner, frame_is_entry;
	__u16 co_filename, co_name, co_firstlineno, co_linetable, co_code_adaptive;
	__u16 pad2[3];
};
#define DTRACE_PY_SEG_ONE	0	/* each one (until 3.10) */
#define DTRACE_PY_SEG_ENTRY	1	/* up to one with is_entry (3.11) */
#define DTRACE_PY_SEG_OWNER	2	/* up to a sentinel, whose owner is 3 or more (3.12 and later) */

#endif /* DTRACE_PYTHON_H */
