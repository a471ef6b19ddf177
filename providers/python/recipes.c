// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The probes of an interpreter: places and what is computed there.
 *
 * Until 3.10 a Python function is a call of _PyEval_EvalFrameDefault: it is entered where
 * the frame is linked in, and left at the C function's return, which finds its frame under the
 * stack pointer (a thread's calls nest, so that value is its own until then).
 *
 * Since 3.11 it is entered where a RESUME instruction begins: each function has one at its start
 * and one behind each yield and await. gen.throw() and gen.close() go on at the exception's handler
 * instead; they come from C with throwflag set. It is left at YIELD_VALUE, or when the frame is
 * given up, by return or exception: 3.12 has one function for that; in 3.11 it is the C function's return for frames
 * entered from C (and for generators), and another function for the rest.
 *
 * Two things are no calls though they look like it. A RESUME is done again when sys.monitoring, settrace() or
 * setprofile() have changed what is to be told: the code's version then differs from the thread's,
 * and this first time is left out. A frame may be given up before its function began: a generator's
 * creation (3.11), the frame that calls __init__ (3.13), a call too deep: its position is
 * before the first instruction that is ever traced, and that is left out, too.
 */
#include <errno.h>
#include <string.h>

#include "steps.h"

#define GENERATOR	1	/* frame's owner */
#define NEGATIVE	INT64_MIN	/* as unsigned: the first value with the sign set */
#define START_BITS	7	/* of RESUME's argument */
#define AT_GENEXPR	4	/* 3.15: where a generator expression is made, not run */

/* CODE of FRAME. Only a function that the probe is of goes on. */
static void put_function(struct out *o)
{
	put_code(o);
	if (o->which == IMPORTS)
		dt_py_only_import(o, false);
}

static void put_entry_args(struct out *o)
{
	if (o->which == IMPORTS)
		dt_py_import_args(o, true);
	else
		put_how_args(o, true);
}

/* ---- Entry --------------------------------------------------------------------------------------- */

/* RESUME that will be done again, since the code has to be instrumented anew first: not yet. */
static void put_not_again(struct out *o)
{
	const struct dt_py_layout *l = o->l;
	size_t tracing = 0, same;

	if (l->minor < 12)
		return;
	put_value(o, THREAD, &o->ev->thread);
	put_load(o, B, CODE, 8, l->co_version);
	if (l->minor == 12) {
		put_load(o, A, THREAD, 8, l->thread_interp);
		put_load(o, A, A, 8, l->interp_version);
	} else {
		put_load(o, A, THREAD, 4, l->thread_tracing);
		tracing = open_if(o, DTRACE_STEP_IF_NE, A, 0, 0);
		put_load(o, A, THREAD, 8, l->thread_breaker);
		put(o, DTRACE_STEP_ANDI, A, 0, 0, 0, ~0xffll);
	}
	same = open_if(o, DTRACE_STEP_IF_SAME, A, B, 0);
	put_stop(o);
	close_if(o, same);
	if (tracing)
		close_if(o, tracing);
}

/* The first instruction of a handler of RESUME: nothing has been stored yet, so POS is the register's. */
static void resume_site(struct out *o, uint64_t addr)
{
	size_t unread;

	begin(o, addr);
	put_reg(o, FRAME, o->ev->frame, 8);
	put_function(o);
	put_not_again(o);
	unread = open_if_unread(o, o->l->minor >= 15, POSITION_ARGS);
	put_reg(o, POS, o->ev->next, 8);
	put_load(o, C, POS, 1, 1);
	put(o, DTRACE_STEP_ANDI, C, 0, 0, 0, START_BITS);
	if (o->l->minor >= 15)
		stop_unless(o, DTRACE_STEP_IF_NE, C, AT_GENEXPR);
	how_unless(o, DTRACE_STEP_IF_EQ, C, 0, HOW_RESUMED);
	close_unread(o, unread);
	put_entry_args(o);
	end(o);
}

/* _PyEval_EvalFrameDefault(thread, frame, throwflag): with the flag, a generator goes on without RESUME. */
static void throw_site(struct out *o)
{
	begin(o, o->ev->function);
	put_reg(o, A, DTRACE_REG_DX, 4);
	stop_unless(o, DTRACE_STEP_IF_NE, A, 0);
	put_reg(o, FRAME, DTRACE_REG_SI, 8);
	put_code(o);
	put_pos(o);
	put_imm(o, HOW, HOW_THROWN);
	put_how_args(o, true);
	end(o);
}

/* Until 3.10, where the frame is linked in. A frame that has executed something goes on behind a yield. */
static void push_site(struct out *o, const struct dt_py_push *p)
{
	begin(o, p->addr);
	put_reg(o, FRAME, p->frame, 8);
	put_function(o);
	put_pos(o);
	how_unless(o, DTRACE_STEP_IF_EQ, POS, -1, HOW_RESUMED);
	put_entry_args(o);
	end(o);
}

/*
 * Where a return will look for its frame: under the value that the stack pointer had at the function's entry. What is
 * found there is taken away, so each probe has a key of its own.
 */
static void save_site(struct out *o, uint64_t addr, int reg, int32_t depth)
{
	begin(o, addr);
	put_reg(o, FRAME, reg, 8);
	if (o->which == IMPORTS) {
		put_code(o);
		dt_py_only_import(o, o->l->minor == 11);
	}
	put_reg(o, A, DTRACE_REG_SP, 8);
	put(o, DTRACE_STEP_ADDI, A, 0, 0, 0, depth + o->which);
	put(o, DTRACE_STEP_SAVE, A, FRAME, 0, 0, 0);
	put_stop(o);
	end(o);
}

/* ---- Return ----------------------------------------------------------------------------------------- */

/* The thread's count of calls that are allowed is not used up. */
static void put_some_left(struct out *o, uint16_t count)
{
	put_load(o, B, THREAD, 4 | DTRACE_STEP_SIGNED, count);
	put(o, DTRACE_STEP_ADDI, B, 0, 0, 0, -1);
	stop_unless(o, DTRACE_STEP_IF_LT, B, NEGATIVE);
}

/* Leave out a frame whose function has not begun. A generator's has: its function made it. */
static void put_begun(struct out *o, bool has_thread, bool maybe_generator)
{
	const struct dt_py_layout *l = o->l;
	size_t generator = 0, later;

	if (maybe_generator) {
		put_load(o, A, FRAME, 1, l->frame_owner);
		generator = open_if(o, DTRACE_STEP_IF_EQ, A, 0, GENERATOR);
	}
	put_load(o, A, FRAME, 8, l->frame_instr);
	put_load(o, B, CODE, 4, l->co_firsttraceable);
	put(o, DTRACE_STEP_SUB, A, CODE, 0, 0, 0);
	put(o, DTRACE_STEP_SUB, A, B, 0, 0, 1);
	put(o, DTRACE_STEP_ADDI, A, 0, 0, 0, -(int64_t)l->co_code_adaptive);
	stop_unless(o, DTRACE_STEP_IF_LT, A, NEGATIVE);
	/*
	 * Since 3.13 a frame is at its first instruction before it has executed it. It was refused if the thread has no
	 * calls left; one that has begun has given back one.
	 */
	if (l->minor >= 13 && has_thread) {
		later = open_if(o, DTRACE_STEP_IF_NE, A, 0, 0);
		put_some_left(o, l->thread_recursion);
		if (l->thread_c_recursion != DT_PY_ABSENT)
			put_some_left(o, l->thread_c_recursion);
		close_if(o, later);
	}
	if (maybe_generator)
		close_if(o, generator);
}

/* A generator that is destroyed unfinished is freed by the same function, but runs nowhere: it follows no frame. */
static void put_not_destroyed(struct out *o)
{
	size_t other;

	put_load(o, A, FRAME, 1, o->l->frame_owner);
	other = open_if(o, DTRACE_STEP_IF_NE, A, 0, GENERATOR);
	put_load(o, A, FRAME, 8, o->l->frame_back);
	stop_unless(o, DTRACE_STEP_IF_NE, A, 0);
	close_if(o, other);
}

/* THREAD in the function that the eval loop has just called: its stack pointer is one word below the loop's. */
static void put_callers_thread(struct out *o)
{
	struct dt_py_value v = o->ev->thread;

	if (v.kind == DT_PY_MEM && v.reg == DTRACE_REG_SP)
		v.disp += 8;
	put_value(o, THREAD, &v);
}

static void put_return_args(struct out *o)
{
	if (o->which == RAISED)
		stop_unless(o, DTRACE_STEP_IF_EQ, HOW, HOW_RAISED);
	if (o->which == IMPORTS)
		dt_py_import_args(o, false);
	else
		put_how_args(o, false);
}

/* 3.12 and later. */
static void clear_site(struct out *o)
{
	struct dt_py_eval *ev = o->ev;
	size_t unread;

	begin(o, ev->clear);
	put_reg(o, FRAME, ev->is_clear_inner ? DTRACE_REG_DI : DTRACE_REG_SI, 8);
	put_function(o);
	put_pos(o);
	if (ev->is_clear_inner) {
		put_not_destroyed(o);
		put_begun(o, false, true);
		put_callers_thread(o);
	} else {
		put_reg(o, THREAD, DTRACE_REG_DI, 8);
		put_begun(o, true, true);
	}
	unread = open_if_unread(o, o->which != ANY, 1 << HOW_ARG);
	put_load(o, A, THREAD, 8, o->l->thread_exc);
	how_unless(o, DTRACE_STEP_IF_EQ, A, 0, HOW_RAISED);
	close_unread(o, unread);
	put_return_args(o);
	end(o);
}

/* 3.11: frames that were entered from Python. No instrumentation changes opcodes there. */
static void clear_site_311(struct out *o)
{
	const struct dt_py_layout *l = o->l;
	size_t unread;

	begin(o, o->ev->clear);
	put_reg(o, FRAME, o->ev->is_clear_inner ? DTRACE_REG_DI : DTRACE_REG_SI, 8);
	put_load(o, A, FRAME, 2, l->frame_is_entry);	/* the owner is the byte behind it */
	stop_unless(o, DTRACE_STEP_IF_EQ, A, 0);
	put_code(o);
	put_begun(o, false, false);
	unread = open_if_unread(o, o->which != ANY, POSITION_ARGS);
	put_pos(o);
	put_load(o, A, POS, 1, 0);
	how_unless(o, DTRACE_STEP_IF_EQ, A, dt_py_opcode(l->minor, DT_PY_OP_RETURN), HOW_RAISED);
	close_unread(o, unread);
	put_return_args(o);
	end(o);
}

/* YIELD_VALUE's handler: the position is the register's, again. */
static void yield_site(struct out *o, uint64_t addr)
{
	begin(o, addr);
	put_reg(o, FRAME, o->ev->frame, 8);
	put_reg(o, POS, o->ev->next, 8);
	put_code(o);
	put_imm(o, HOW, HOW_YIELDED);
	put_how_args(o, false);
	end(o);
}

/* Until 3.11: the C function returns NULL if an exception has ended the frame. */
static void ret_site(struct out *o, uint64_t addr)
{
	const struct dt_py_layout *l = o->l;
	size_t raised, none;

	begin(o, addr);
	put_reg(o, A, DTRACE_REG_SP, 8);
	put(o, DTRACE_STEP_ADDI, A, 0, 0, 0, o->which);
	put(o, DTRACE_STEP_TAKE, FRAME, A, 0, 0, 0);
	put_code(o);
	put_pos(o);
	if (l->is_interp_frame)
		put_begun(o, false, true);
	put_reg(o, A, DTRACE_REG_AX, 8);
	how_unless(o, DTRACE_STEP_IF_NE, A, 0, HOW_RAISED);
	raised = open_if(o, DTRACE_STEP_IF_EQ, A, 0, 0);
	none = l->is_interp_frame ? 0 : open_if(o, DTRACE_STEP_IF_EQ, POS, 0, -1);
	put_imm(o, B, 0);
	put(o, DTRACE_STEP_ADD, B, POS, 0, 0, l->lasti_shift);
	if (!l->is_interp_frame) {
		put_load(o, C, CODE, 8, l->co_code);
		put(o, DTRACE_STEP_ADD, B, C, 0, 0, 0);
	}
	put_load(o, C, B, 1, l->is_interp_frame ? 0 : l->bytes_data);
	how_unless(o, DTRACE_STEP_IF_NE, C, dt_py_opcode(l->minor, DT_PY_OP_YIELD), HOW_YIELDED);
	if (!l->is_interp_frame)
		how_unless(o, DTRACE_STEP_IF_NE, C, dt_py_opcode(l->minor, DT_PY_OP_YIELD_FROM), HOW_YIELDED);
	if (none)
		close_if(o, none);
	close_if(o, raised);
	put_return_args(o);
	end(o);
}

/* ---- Probes ------------------------------------------------------------------------------------------------- */

static const char *const function_args[] = { "char *", "char *", "int", "char *", "uintptr_t", "int" };
#define NFUNCTION_ARGS (sizeof(function_args) / sizeof(*function_args))
static void each_handler(struct out *o, const enum dt_py_op *op, size_t n, void (*f)(struct out *o, uint64_t addr))
{
	for (size_t i = 0; i < n; i++) {
		int code = dt_py_opcode(o->l->minor, op[i]);

		if (code >= 0)
			f(o, o->ev->handler[code]);
	}
}

static void enter(struct out *o)
{
	static const enum dt_py_op resume[] = {
		DT_PY_OP_RESUME, DT_PY_OP_RESUME2, DT_PY_OP_RESUME3, DT_PY_OP_I_RESUME,
	};

	if (o->l->is_interp_frame) {
		each_handler(o, resume, sizeof(resume) / sizeof(*resume), resume_site);
		if (o->which == ANY)
			throw_site(o);
	}
	for (size_t i = 0; i < o->ev->npush; i++)
		push_site(o, &o->ev->push[i]);
}

static void leave(struct out *o)
{
	static const enum dt_py_op yield[] = { DT_PY_OP_YIELD, DT_PY_OP_I_YIELD };
	struct dt_py_eval *ev = o->ev;

	if (o->l->minor >= 12) {
		clear_site(o);
		if (o->which == ANY)
			each_handler(o, yield, sizeof(yield) / sizeof(*yield), yield_site);
	} else {
		if (o->l->minor == 11) {
			if (o->which != IMPORTS)
				clear_site_311(o);
			save_site(o, ev->function, DTRACE_REG_SI, 0);
		}
		for (size_t i = 0; i < ev->npush; i++)
			save_site(o, ev->push[i].addr, ev->push[i].frame, ev->push[i].depth);
		for (size_t i = 0; i < ev->ret.n; i++)
			ret_site(o, ev->ret.addr[i]);
	}
}

/* The probe @name of the functions @which, at the places that @sites writes. */
static void functions(struct out *o, const char *name, void (*sites)(struct out *o), int which, const char *const *args,
		      size_t nargs)
{
	size_t first = o->py->nsite;

	o->which = which;
	sites(o);
	add_static(o, name, LOOP, args, nargs, first);
}

int dt_py_recipes(struct dt_py *py, const char *name, struct dt_err *err)
{
	struct out o = { .py = py, .l = &py->layout, .ev = &py->eval };

	py->nst = py->nsite = 0;
	functions(&o, "function-entry", enter, ANY, function_args, NFUNCTION_ARGS);
	functions(&o, "function-return", leave, ANY, function_args, NFUNCTION_ARGS);
	functions(&o, "exception-unwind", leave, RAISED, function_args, NFUNCTION_ARGS);
	if (!py->has_imports) {
		functions(&o, "import-find-load-start", enter, IMPORTS, dt_py_import_types, 1);
		functions(&o, "import-find-load-done", leave, IMPORTS, dt_py_import_types, 2);
	}
	dt_py_events(&o);
	if (o.full)
		return dt_proc_fail(err, -E2BIG, "%s needs more places for its probes than there is room for", name);
	return 0;
}

const struct dt_static dt_py_known[] = {
	{ .prov = "python", .name = "function-entry", .argtype = function_args, .nargtype = NFUNCTION_ARGS },
	{ .prov = "python", .name = "function-return", .argtype = function_args, .nargtype = NFUNCTION_ARGS },
	{ .prov = "python", .name = "exception-unwind", .argtype = function_args, .nargtype = NFUNCTION_ARGS },
	{ .prov = "python", .name = "exception-raise", .argtype = dt_py_raise_args, .nargtype = DT_PY_RAISE_ARGS },
	{ .name = NULL },
};
