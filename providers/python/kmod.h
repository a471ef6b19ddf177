/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Python's frames of the current thread, from any probe. Plain C over port.h.
 *
 * A native walk gives program counters; those in the eval loop are CPython's C functions that run
 * Python code. The interpreter's own chain of frames says which. The two are merged: a native frame of the eval loop is
 * replaced by the Python frames that it runs, innermost first. Native stacks of code without frame pointers
 * end early; what Python frames are left then follow at the end, so that none is missing.
 */
#ifndef DPY_KMOD_H
#define DPY_KMOD_H

#include "kmod_recipe.h"
#include <dtrace/python.h>

#define DPY_MAX_FRAMES	512	/* of one stack */

/* What a merge needs room for: one per CPU. */
struct dpy_room {
	u64 native[DPY_MAX_FRAMES];
	char text[4096];	/* of a str that is not UTF-8 in memory; a name being read */
};

/* Stacks being merged. The caller fills what is above the line. */
struct dpy_stack {
	const struct dtrace_pid_python *py;
	struct dpy_room *room;
	u64 thread;		/* fs base */
	u64 *pcs;		/* in: the native frames, 0 behind the last; out: all frames */
	u32 max;		/* room of pcs[] */
	char *strs;		/* out, cleared before: a string a frame, empty for a native one */
	u32 strsize;
	bool only;		/* no native frames */

	u32 n, used;		/* so much of pcs and strs */
	u64 frame;		/* the next Python frame; 0: no more */
	u32 steps;		/* how many of the chain were looked at */
	bool overflow;		/* a name did not fit into strs */
};

/* Probe context. */
void dpy_merge(struct dpy_stack *s);
bool dpy_layout_ok(const struct dtrace_pid_python *py);

#endif /* DPY_KMOD_H */
