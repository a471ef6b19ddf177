// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The probes that are not of functions.
 *
 * exception-raise: where the eval loop adds the frame to an exception's traceback. It does so when an exception arises
 * in a frame and when one comes back to it from a call, so the probe fires once for each function that the
 * exception passes through: what settrace() calls "exception" and sys.monitoring RAISE. What a for loop takes
 * as its end (StopIteration) and what "raise" without an argument or the end of a finally or except
 * block raises again adds nothing and is not counted.
 *
 * Of the exception the thread knows: which one (until 3.11 its type). Where the thread's state is, is less
 * certain than the place itself, so it is checked when the probe fires: the thread's current frame must be this one.
 *
 * gc-start, gc-done: the function that collects, if the interpreter has no static probes of its own and
 * a symbol tells which it is. In 3.13 it may return at once, since a collection is going on; that is none.
 */
#include <string.h>

#include "steps.h"

/* ---- Exceptions ------------------------------------------------------------------------------ */

/* THREAD where the call of PyTraceBack_Here is. False: not known. */
static bool put_thread(struct out *o, uint64_t addr)
{
	const struct dt_py_layout *l = o->l;
	uint64_t at = l->minor == 6 ? o->py->current : o->py->runtime + l->runtime_current;

	if (l->minor >= 12) {
		if (o->ev->raise_thread.kind == DT_PY_UNKNOWN)
			return false;
		put_value(o, THREAD, &o->ev->raise_thread);
		return true;
	}
	put_reg(o, A, DTRACE_REG_IP, 8);
	put_load(o, THREAD, A, 8, (int64_t)(at - addr));
	return true;
}

/* A = the thread's current frame. */
static void put_current(struct out *o)
{
	const struct dt_py_layout *l = o->l;

	put_move(o, A, THREAD, 0);
	if (l->thread_cframe != DT_PY_ABSENT)
		put_load(o, A, A, 8, l->thread_cframe);
	put_load(o, A, A, 8, l->thread_frame);
}

/* Fire without more arguments unless the condition holds. */
static void end_unless(struct out *o, int op, int d, int s)
{
	size_t at = open_if(o, op, d, s, 0);

	put(o, DTRACE_STEP_END, 0, 0, 0, 0, 0);
	close_if(o, at);
}

#define TYPE_ARG	5
#define OLD_ARG		6

/* The type's name; has it a traceback already? Comes last. */
static void put_exception_args(struct out *o, uint64_t addr)
{
	size_t unread = open_if(o, DTRACE_STEP_IF_UNREAD, 0, 0, 1 << TYPE_ARG | 1 << OLD_ARG);
	const struct dt_py_layout *l = o->l;
	size_t none;

	if (!put_thread(o, addr)) {
		close_if(o, unread);
		return;
	}
	end_unless(o, DTRACE_STEP_IF_NE, THREAD, 0);
	put_current(o);
	end_unless(o, DTRACE_STEP_IF_SAME, A, FRAME);
	put_load(o, B, THREAD, 8, l->thread_exc);
	end_unless(o, DTRACE_STEP_IF_NE, B, 0);
	put_load(o, A, l->minor >= 12 ? B : THREAD, 8, l->exc_traceback);
	put_imm(o, C, 1);
	none = open_if(o, DTRACE_STEP_IF_NE, A, 0, 0);
	put_imm(o, C, 0);
	close_if(o, none);
	put_arg(o, OLD_ARG, C);
	if (l->minor >= 12)
		put_load(o, B, B, 8, l->ob_type);
	put_load(o, B, B, 8, l->type_name);
	put_arg(o, TYPE_ARG, B);
	close_if(o, unread);
}

/* call PyTraceBack_Here(frame object) */
static void raise_site(struct out *o, uint64_t addr)
{
	begin(o, addr);
	put_reg(o, FRAME, DTRACE_REG_DI, 8);
	if (o->l->is_interp_frame)
		put_load(o, FRAME, FRAME, 8, o->l->frame_object_frame);
	put_code(o);
	put_pos(o);
	put_args(o, false);
	put_exception_args(o, addr);
	end(o);
}

const char *const dt_py_raise_args[DT_PY_RAISE_ARGS] = {
	"char *", "char *", "int", "char *", "uintptr_t", "char *", "int",
};

static void raises(struct out *o)
{
	size_t first = o->py->nsite;

	if (!o->ev->nraise || o->ev->nraise > DT_PY_RAISES)
		return;
	for (size_t i = 0; i < o->ev->nraise; i++)
		raise_site(o, o->ev->raise[i]);
	add_static(o, "exception-raise", LOOP, dt_py_raise_args, DT_PY_RAISE_ARGS, first);
}

/* ---- Garbage ---------------------------------------------------------------------------------- */

#define GC_KEY	2	/* other than those of functions that are entered at the same stack pointer */

/* collect(thread, generation, ...): not if a collection is going on. */
static void begin_gc(struct out *o)
{
	const struct dt_py_layout *l = o->l;

	begin(o, o->py->gc.function);
	put_reg(o, THREAD, DTRACE_REG_DI, 8);
	if (l->gc_collecting == DT_PY_ABSENT)
		return;
	put_load(o, A, THREAD, 8, l->thread_interp);
	put(o, DTRACE_STEP_ADDI, A, 0, 0, 0, l->interp_gc);
	put_load(o, A, A, 4, l->gc_collecting);
	stop_unless(o, DTRACE_STEP_IF_EQ, A, 0);
}

static void put_gc_key(struct out *o)
{
	put_reg(o, A, DTRACE_REG_SP, 8);
	put(o, DTRACE_STEP_ADDI, A, 0, 0, 0, GC_KEY);
}

static void garbage(struct out *o)
{
	static const char *const start[] = { "int" }, *const done[] = { "long" };
	const char *func = o->l->minor == 9 ? "collect" : "gc_collect_main";
	const struct dt_py_gc *gc = &o->py->gc;
	size_t first = o->py->nsite;

	if (!gc->function)
		return;
	begin_gc(o);
	put_reg(o, B, DTRACE_REG_SI, 4 | DTRACE_STEP_SIGNED);
	put_arg(o, 0, B);
	end(o);
	add_static(o, "gc-start", func, start, 1, first);

	first = o->py->nsite;
	begin_gc(o);
	put_gc_key(o);
	put(o, DTRACE_STEP_SAVE, A, THREAD, 0, 0, 0);
	put_stop(o);
	end(o);
	for (size_t i = 0; i < gc->ret.n; i++) {
		begin(o, gc->ret.addr[i]);
		put_gc_key(o);
		put(o, DTRACE_STEP_TAKE, B, A, 0, 0, 0);
		put_reg(o, B, DTRACE_REG_AX, 8);
		put_arg(o, 0, B);
		end(o);
	}
	add_static(o, "gc-done", func, done, 1, first);
}

void dt_py_events(struct out *o)
{
	raises(o);
	garbage(o);
}

/* ---- What there is not --------------------------------------------------------------------------- */

const char *dt_py_why_absent(const struct dt_py *py, const char *name)
{
	static const struct { const char *name, *why; } reasons[] = {
		{ "exception-raise",
		  "the call that adds a function to an exception's traceback was not found in its eval loop" },
		{ "gc-start", "it was built without --with-dtrace, and no symbol tells where it collects garbage" },
		{ "gc-done", "it was built without --with-dtrace, and no symbol tells where it collects garbage" },
		{ "import-find-load-start",
		  "it was built without --with-dtrace; function-entry of _find_and_load comes nearest" },
		{ "import-find-load-done",
		  "it was built without --with-dtrace; function-return of _find_and_load comes nearest" },
		{ "audit", "it was built without --with-dtrace" },
		{ "line", "it was built without --with-dtrace" },
	};

	if (!strcmp(name, "line") && py->layout.minor > 11)
		return "CPython has none since 3.12";
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		if (!strcmp(reasons[i].name, name))
			return reasons[i].why;
	}
	return NULL;
}
