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
 * Where the interpreter has no static probes of its own for them:
 *
 * gc-start, gc-done: the function that collects, if a symbol tells which it is. In 3.13 it may return at once, since
 * a collection is going on; that is none.
 *
 * import-find-load-start, import-find-load-done: the Python function that finds and loads a module, where C has called
 * it: importlib.import_module(), which is Python, calls it even for modules that are there. The static probes
 * are in that C function and leave it out, too.
 *
 * audit: the functions that every event passes, with a hook or without, if symbols tell which they are.
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

#define GC_KEY	3	/* other than those of functions that are entered at the same stack pointer */

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

/* ---- Imports ------------------------------------------------------------------------------------ */

#define FINDER		"_find_and_load"	/* (name, ...) */
#define FINDER_FILE	"<frozen importlib._bootstrap>"
#define FINDER_CALLER	"_gcd_import"		/* the one in Python */

#define EVAL_LOOP	3	/* frame's owner, or more: the eval loop itself (3.12) */

const char *const dt_py_import_types[2] = { "char *", "int" };

/* TEXT = the str that CODE has at @at. Fire only if it has the length, first and last 8 bytes of @want. */
static void put_only_text(struct out *o, uint16_t at, const char *want)
{
	const uint8_t ascii = (uint8_t)o->l->text;
	const size_t len = strlen(want);
	int64_t first, last;

	memcpy(&first, want, sizeof(first));
	memcpy(&last, want + len - sizeof(last), sizeof(last));
	put_load(o, TEXT, CODE, 8, at);
	put_load(o, A, TEXT, 8, o->l->str_length);
	stop_unless(o, DTRACE_STEP_IF_EQ, A, (int64_t)len);
	put_load(o, A, TEXT, 8, ascii);
	stop_unless(o, DTRACE_STEP_IF_EQ, A, first);
	put_load(o, A, TEXT, 8, (int64_t)(ascii + len - sizeof(last)));
	stop_unless(o, DTRACE_STEP_IF_EQ, A, last);
}

/* Entered from C, a frame follows one of the eval loop's own, or says so itself. Until 3.10 its caller tells. */
static void put_only_from_c(struct out *o)
{
	const struct dt_py_layout *l = o->l;
	int64_t begins;
	size_t none, length, other;

	if (l->minor >= 12) {
		put_load(o, A, FRAME, 8, l->frame_back);
		put_load(o, A, A, 1, l->frame_owner);
		stop_unless(o, DTRACE_STEP_IF_GE, A, EVAL_LOOP);
		return;
	}
	if (l->minor == 11) {
		put_load(o, A, FRAME, 1, l->frame_is_entry);
		stop_unless(o, DTRACE_STEP_IF_NE, A, 0);
		return;
	}
	memcpy(&begins, FINDER_CALLER, sizeof(begins));
	put_load(o, A, FRAME, 8, l->frame_back);
	none = open_if(o, DTRACE_STEP_IF_EQ, A, 0, 0);
	put_load(o, A, A, 8, l->frame_code);
	put_load(o, TEXT, A, 8, l->co_name);
	put_load(o, A, TEXT, 8, l->str_length);
	length = open_if(o, DTRACE_STEP_IF_NE, A, 0, sizeof(FINDER_CALLER) - 1);
	put_load(o, A, TEXT, 8, (uint8_t)l->text);
	other = open_if(o, DTRACE_STEP_IF_NE, A, 0, begins);
	put_stop(o);
	close_if(o, other);
	close_if(o, length);
	close_if(o, none);
}

void dt_py_only_import(struct out *o, bool is_from_c)
{
	put_only_text(o, o->l->co_name, FINDER);
	put_only_text(o, o->l->co_filename, FINDER_FILE);
	if (!is_from_c)
		put_only_from_c(o);
}

void dt_py_import_args(struct out *o, bool is_entry)
{
	size_t raised;

	put_ref(o, TEXT, o->l->frame_locals);
	put(o, DTRACE_STEP_TEXT, TEXT, TEXT, 0, 0, (int64_t)o->l->text);
	put_arg(o, 0, TEXT);
	if (is_entry)
		return;
	raised = open_if(o, DTRACE_STEP_IF_EQ, HOW, 0, HOW_RAISED);
	put_imm(o, A, 1);
	put_arg(o, 1, A);
	close_if(o, raised);
}

/* ---- Audit events ------------------------------------------------------------------------------ */

/* @event: the argument that is its name, char *. */
static void audit_site(struct out *o, uint64_t addr, int event)
{
	const struct dt_py_audit *au = &o->py->audit;

	begin(o, addr);
	/* It is sys.audit() that calls, which has been counted. */
	put_reg(o, B, DTRACE_REG_IP, 8);
	put_reg(o, A, DTRACE_REG_SP, 8);
	put_load(o, A, A, 8, 0);
	put(o, DTRACE_STEP_SUB, A, B, 0, 0, 0);
	stop_unless(o, DTRACE_STEP_IF_NE, A, (int64_t)(au->python_calls - addr));
	put_reg(o, A, event, 8);
	put_arg(o, 0, A);
	end(o);
}

#define IS_STR	(1 << 28)	/* of a type's flags */

/* sys.audit(event, ...): (module, objects, how many). What is no event, since it will raise TypeError, is left out. */
static void sys_audit_site(struct out *o)
{
	const struct dt_py_audit *au = &o->py->audit;

	begin(o, au->python);
	put_reg(o, A, DTRACE_REG_DX, 8);
	stop_unless(o, DTRACE_STEP_IF_NE, A, 0);
	put_reg(o, TEXT, DTRACE_REG_SI, 8);
	put_load(o, TEXT, TEXT, 8, 0);
	put_load(o, A, TEXT, 8, o->l->ob_type);
	put_load(o, A, A, 8, o->l->type_flags);
	put(o, DTRACE_STEP_ANDI, A, 0, 0, 0, IS_STR);
	stop_unless(o, DTRACE_STEP_IF_NE, A, 0);
	put(o, DTRACE_STEP_TEXT, TEXT, TEXT, 0, 0, (int64_t)o->l->text);
	put_arg(o, 0, TEXT);
	end(o);
}

static void audit(struct out *o)
{
	static const char *const event[] = { "char *" };
	const struct dt_py_audit *au = &o->py->audit;
	size_t first = o->py->nsite;

	if (!au->function)
		return;
	audit_site(o, au->function, DTRACE_REG_DI);
	if (au->inner)
		audit_site(o, au->inner, DTRACE_REG_SI);
	sys_audit_site(o);
	add_static(o, "audit", "PySys_Audit", event, 1, first);
}

void dt_py_events(struct out *o)
{
	raises(o);
	garbage(o);
	audit(o);
}

/* ---- What there is not --------------------------------------------------------------------------- */

const char *dt_py_why_absent(const struct dt_py *py, const char *name)
{
	static const struct { const char *name, *why; } reasons[] = {
		{ "exception-raise",
		  "the call that adds a function to an exception's traceback was not found in its eval loop" },
		{ "gc-start", "it was built without --with-dtrace, and no symbol tells where it collects garbage" },
		{ "gc-done", "it was built without --with-dtrace, and no symbol tells where it collects garbage" },
		{ "audit", "it was built without --with-dtrace, and no symbols tell where events pass" },
		{ "line", "it was built without --with-dtrace" },
	};

	if (!strcmp(name, "line") && py->layout.minor > 11)
		return "CPython has none since 3.12";
	if (!strcmp(name, "audit") && py->layout.minor < 8)
		return "CPython has audit events since 3.8";
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		if (!strcmp(reasons[i].name, name))
			return reasons[i].why;
	}
	return NULL;
}
