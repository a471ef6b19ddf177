// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the kernel needs to know of an interpreter to walk its frames: struct dtrace_pid_python. */
#include <errno.h>
#include <string.h>

#include "python.h"

/* The native code of the eval loop: each function, or piece of one, that a handler lies in. */
static void add_range(struct dt_object *o, uint64_t addr, struct dtrace_pid_python *ret)
{
	struct dt_extent x;

	if (!addr || !dt_elf_extent(o->elf, addr, &x))
		return;
	for (size_t k = 0; k < DTRACE_PY_RANGES; k++) {
		if (ret->lo[k] == x.lo + o->bias)
			return;
		if (ret->hi[k])
			continue;
		ret->lo[k] = x.lo + o->bias;
		ret->hi[k] = x.hi + o->bias;
		return;
	}
}

static uint8_t segments(const struct dt_py_layout *l)
{
	return l->minor >= 12 ? DTRACE_PY_SEG_OWNER : l->minor == 11 ? DTRACE_PY_SEG_ENTRY : DTRACE_PY_SEG_ONE;
}

int dt_python_describe(struct dt_proc *p, struct dt_object *o, struct dtrace_pid_python *ret, struct dt_err *err)
{
	const struct dt_py_layout *l;
	const struct dt_py *py;
	int rc = 0;

	py = o->elf ? dt_py_of(o, &rc, err) : NULL;
	if (!py)
		return rc == -ENOENT ? 0 : rc;
	l = &py->layout;
	*ret = (struct dtrace_pid_python){
		.interps = py->runtime ? py->runtime + o->bias + l->runtime_interps : 0,
		.running = py->runtime ? 0 : py->current + o->bias,
		.code_type = py->code_type + o->bias, .code_mask = l->code_mask, .text = l->text,
		.line_kind = l->line_kind, .lasti_shift = l->lasti_shift, .segments = segments(l),
		.interp_next = l->interp_next, .interp_threads = l->interp_threads,
		.thread_next = l->thread_next, .thread_id = l->thread_id,
		.thread_cframe = l->thread_cframe, .thread_frame = l->thread_frame,
		.frame_code = l->frame_code, .frame_back = l->frame_back, .frame_lasti = l->frame_lasti,
		.frame_instr = l->frame_instr, .frame_owner = l->frame_owner, .frame_is_entry = l->frame_is_entry,
		.co_filename = l->co_filename, .co_name = l->co_name, .co_firstlineno = l->co_firstlineno,
		.co_linetable = l->co_linetable, .co_code_adaptive = l->co_code_adaptive,
	};
	add_range(o, py->eval.function, ret);
	for (size_t i = 0; i < sizeof(py->eval.handler) / sizeof(*py->eval.handler); i++)
		add_range(o, py->eval.handler[i], ret);
	return 1;
}
