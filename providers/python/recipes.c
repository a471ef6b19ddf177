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

#include "python.h"

#define GENERATOR	1	/* frame's owner */
#define NEGATIVE	INT64_MIN	/* as unsigned: the first value with the sign set */
#define START_BITS	7	/* of RESUME's argument */
#define AT_GENEXPR	4	/* 3.15: where a generator expression is made, not run */

#define FILENAME_ARG	0
#define NAME_ARG	1
#define LINE_ARG	2
#define QUALNAME_ARG	3
#define CODE_ARG	4
#define HOW_ARG		5
#define ARGS		0x3f	/* as a mask */
#define RARE_ARGS	(ARGS & ~(1 << FILENAME_ARG | 1 << NAME_ARG))
#define POSITION_ARGS	(1 << LINE_ARG | 1 << HOW_ARG)

/* How a function was entered or left: HOW_ARG. */
#define HOW_START	0
#define HOW_RESUMED	1
#define HOW_THROWN	2
#define HOW_RETURNED	0
#define HOW_YIELDED	1
#define HOW_RAISED	2

/* What the values of a recipe stand for. */
enum {
	FRAME, CODE,
	POS,		/* the instruction's address; until 3.10 its offset in the code, or -1: not begun */
	HOW, THREAD,
	TEXT,
	FIRST, TABLE,	/* first line, line table: one behind the other */
	LINE,
	A, B, C,
};

/* ---- Writing steps ---------------------------------------------------------------------- */

struct out {
	struct dt_py *py;
	const struct dt_py_layout *l;
	struct dt_py_eval *ev;
	struct dtrace_step *s;
	size_t n;
	bool full;
};

static void put(struct out *o, uint8_t op, uint8_t d, uint8_t s, uint8_t size, uint32_t skip, int64_t imm)
{
	if (o->n == DTRACE_STEP_MAX) {
		o->full = true;
		return;
	}
	o->s[o->n++] = (struct dtrace_step){ op, d, s, size, skip, imm };
}

static void put_reg(struct out *o, int d, int reg, int size) { put(o, DTRACE_STEP_REG, d, reg, size, 0, 0); }
static void put_imm(struct out *o, int d, int64_t v) { put(o, DTRACE_STEP_IMM, d, 0, 0, 0, v); }
static void put_load(struct out *o, int d, int s, int size, int64_t at) { put(o, DTRACE_STEP_LOAD, d, s, size, 0, at); }
static void put_stop(struct out *o) { put(o, DTRACE_STEP_STOP, 0, 0, 0, 0, 0); }
static void put_arg(struct out *o, int n, int s) { put(o, DTRACE_STEP_ARG, n, s, 0, 0, 0); }

/* Steps until close() are left out if the condition holds. */
static size_t open_if(struct out *o, int op, int d, int s, int64_t imm)
{
	put(o, op, d, s, 0, 0, imm);
	return o->n - 1;
}

static void close_if(struct out *o, size_t at)
{
	o->s[at].skip = o->n - at - 1;
}

static void stop_unless(struct out *o, int op, int d, int64_t imm)
{
	size_t at = open_if(o, op, d, 0, imm);

	put_stop(o);
	close_if(o, at);
}

/* HOW = how unless the condition holds. */
static void how_unless(struct out *o, int op, int d, int64_t imm, int how)
{
	size_t at = open_if(o, op, d, 0, imm);

	put_imm(o, HOW, how);
	close_if(o, at);
}

/* d = s + imm */
static void put_move(struct out *o, int d, int s, int64_t imm)
{
	put_imm(o, d, imm);
	put(o, DTRACE_STEP_ADD, d, s, 0, 0, 0);
}

/* A new place; the steps that follow are its. */
static void begin(struct out *o, uint64_t addr)
{
	struct dt_py *py = o->py;
	struct dt_site *site = &py->site[py->nsite];

	if (py->nsite == DT_PY_SITES) {
		o->full = true;
		site--;
	} else {
		py->nsite++;
	}
	o->s = &py->step[(site - py->site) * DTRACE_STEP_MAX];
	o->n = 0;
	*site = (struct dt_site){ .addr = addr, .step = o->s };
}

static void end(struct out *o)
{
	o->py->site[o->py->nsite - 1].nstep = o->n;
}

/* ---- What the recipes have in common -------------------------------------------------------- */

/* CODE of FRAME. */
static void put_code(struct out *o)
{
	put_load(o, CODE, FRAME, 8, o->l->frame_code);
	if (o->l->code_mask != ~0ull)
		put(o, DTRACE_STEP_ANDI, CODE, 0, 0, 0, (int64_t)o->l->code_mask);
}

/* POS as the frame has it: not what is executed at this moment, if that has not been stored yet. */
static void put_pos(struct out *o)
{
	if (o->l->is_interp_frame) {
		put_load(o, POS, FRAME, 8, o->l->frame_instr);
		return;
	}
	put_load(o, POS, FRAME, 4 | DTRACE_STEP_SIGNED, o->l->frame_lasti);
}

/* LINE of POS. A function that has not begun, or just begins, is at its first line. */
static void put_line(struct out *o, bool is_entry)
{
	const struct dt_py_layout *l = o->l;
	size_t start = 0;

	put_load(o, FIRST, CODE, 4 | DTRACE_STEP_SIGNED, l->co_firstlineno);
	put_arg(o, LINE_ARG, FIRST);
	if (!l->is_interp_frame)
		start = open_if(o, DTRACE_STEP_IF_EQ, POS, 0, -1);
	else if (is_entry)
		start = open_if(o, DTRACE_STEP_IF_EQ, HOW, 0, HOW_START);
	if (l->is_interp_frame) {
		put_move(o, LINE, POS, -(int64_t)l->co_code_adaptive);
		put(o, DTRACE_STEP_SUB, LINE, CODE, 0, 0, 0);
	} else {
		put_imm(o, LINE, 0);
		put(o, DTRACE_STEP_ADD, LINE, POS, 0, 0, l->lasti_shift);
	}
	put_load(o, TABLE, CODE, 8, l->co_linetable);
	put(o, DTRACE_STEP_LINE, LINE, FIRST, 0, 0, l->line_kind);
	put_arg(o, LINE_ARG, LINE);
	if (start)
		close_if(o, start);
}

/* Argument @n is the text of the str that the code object has at @at. */
static void put_text(struct out *o, int n, uint16_t at)
{
	size_t unread = open_if(o, DTRACE_STEP_IF_UNREAD, 0, 0, 1 << n);

	put_load(o, TEXT, CODE, 8, at);
	put(o, DTRACE_STEP_TEXT, TEXT, TEXT, 0, 0, (int64_t)o->l->text);
	put_arg(o, n, TEXT);
	close_if(o, unread);
}

/* All arguments, from CODE, POS, HOW. */
static void put_args(struct out *o, bool is_entry)
{
	const struct dt_py_layout *l = o->l;
	size_t any, rare, line;

	any = open_if(o, DTRACE_STEP_IF_UNREAD, 0, 0, ARGS);
	put_text(o, FILENAME_ARG, l->co_filename);
	put_text(o, NAME_ARG, l->co_name);
	rare = open_if(o, DTRACE_STEP_IF_UNREAD, 0, 0, RARE_ARGS);
	put_text(o, QUALNAME_ARG, l->co_qualname != DT_PY_ABSENT ? l->co_qualname : l->co_name);
	put_arg(o, CODE_ARG, CODE);
	put_arg(o, HOW_ARG, HOW);
	line = open_if(o, DTRACE_STEP_IF_UNREAD, 0, 0, 1 << LINE_ARG);
	put_line(o, is_entry);
	close_if(o, line);
	close_if(o, rare);
	close_if(o, any);
}

/* A place where one register holds what eval.c has found. */
static void put_value(struct out *o, int d, const struct dt_py_value *v)
{
	put_reg(o, d, v->reg, 8);
	if (v->kind == DT_PY_MEM)
		put_load(o, d, d, 8, v->disp);
	else if (v->disp)
		put(o, DTRACE_STEP_ADDI, d, 0, 0, 0, v->disp);
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
	size_t unread = 0;

	begin(o, addr);
	put_reg(o, FRAME, o->ev->frame, 8);
	put_code(o);
	put_not_again(o);
	if (o->l->minor < 15)
		unread = open_if(o, DTRACE_STEP_IF_UNREAD, 0, 0, POSITION_ARGS);
	put_reg(o, POS, o->ev->next, 8);
	put_load(o, C, POS, 1, 1);
	put(o, DTRACE_STEP_ANDI, C, 0, 0, 0, START_BITS);
	if (o->l->minor >= 15)
		stop_unless(o, DTRACE_STEP_IF_NE, C, AT_GENEXPR);
	how_unless(o, DTRACE_STEP_IF_EQ, C, 0, HOW_RESUMED);
	if (unread)
		close_if(o, unread);
	put_args(o, true);
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
	put_args(o, true);
	end(o);
}

/* Until 3.10, where the frame is linked in. A frame that has executed something goes on behind a yield. */
static void push_site(struct out *o, const struct dt_py_push *p)
{
	begin(o, p->addr);
	put_reg(o, FRAME, p->frame, 8);
	put_code(o);
	put_pos(o);
	how_unless(o, DTRACE_STEP_IF_EQ, POS, -1, HOW_RESUMED);
	put_args(o, true);
	end(o);
}

/*
 * Where a return will look for its frame: under the value that the stack pointer had at the function's entry. What is
 * found there is taken away, so each probe has a key of its own.
 */
static void save_site(struct out *o, uint64_t addr, int reg, int32_t depth, bool only_raised)
{
	begin(o, addr);
	put_reg(o, FRAME, reg, 8);
	put_reg(o, A, DTRACE_REG_SP, 8);
	put(o, DTRACE_STEP_ADDI, A, 0, 0, 0, depth + only_raised);
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

/* Steps until close_unread() are needed for these arguments alone, or always. */
static size_t open_if_unread(struct out *o, bool always, uint32_t args)
{
	return always ? 0 : open_if(o, DTRACE_STEP_IF_UNREAD, 0, 0, args);
}

static void close_unread(struct out *o, size_t at)
{
	if (at)
		close_if(o, at);
}

static void put_return_args(struct out *o, bool only_raised)
{
	if (only_raised)
		stop_unless(o, DTRACE_STEP_IF_EQ, HOW, HOW_RAISED);
	put_args(o, false);
}

/* 3.12 and later. */
static void clear_site(struct out *o, bool only_raised)
{
	struct dt_py_eval *ev = o->ev;
	size_t unread;

	begin(o, ev->clear);
	put_reg(o, FRAME, ev->is_clear_inner ? DTRACE_REG_DI : DTRACE_REG_SI, 8);
	put_code(o);
	put_pos(o);
	if (ev->is_clear_inner) {
		put_not_destroyed(o);
		put_begun(o, false, true);
		put_callers_thread(o);
	} else {
		put_reg(o, THREAD, DTRACE_REG_DI, 8);
		put_begun(o, true, true);
	}
	unread = open_if_unread(o, only_raised, 1 << HOW_ARG);
	put_load(o, A, THREAD, 8, o->l->thread_exc);
	how_unless(o, DTRACE_STEP_IF_EQ, A, 0, HOW_RAISED);
	close_unread(o, unread);
	put_return_args(o, only_raised);
	end(o);
}

/* 3.11: frames that were entered from Python. No instrumentation changes opcodes there. */
static void clear_site_311(struct out *o, bool only_raised)
{
	const struct dt_py_layout *l = o->l;
	size_t unread;

	begin(o, o->ev->clear);
	put_reg(o, FRAME, o->ev->is_clear_inner ? DTRACE_REG_DI : DTRACE_REG_SI, 8);
	put_load(o, A, FRAME, 2, l->frame_is_entry);	/* the owner is the byte behind it */
	stop_unless(o, DTRACE_STEP_IF_EQ, A, 0);
	put_code(o);
	put_begun(o, false, false);
	unread = open_if_unread(o, only_raised, POSITION_ARGS);
	put_pos(o);
	put_load(o, A, POS, 1, 0);
	how_unless(o, DTRACE_STEP_IF_EQ, A, dt_py_opcode(l->minor, DT_PY_OP_RETURN), HOW_RAISED);
	close_unread(o, unread);
	put_return_args(o, only_raised);
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
	put_args(o, false);
	end(o);
}

/* Until 3.11: the C function returns NULL if an exception has ended the frame. */
static void ret_site(struct out *o, uint64_t addr, bool only_raised)
{
	const struct dt_py_layout *l = o->l;
	size_t raised, none;

	begin(o, addr);
	put_reg(o, A, DTRACE_REG_SP, 8);
	put(o, DTRACE_STEP_ADDI, A, 0, 0, 0, only_raised);
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
	put_return_args(o, only_raised);
	end(o);
}

/* ---- Probes ------------------------------------------------------------------------------------------------- */

static const char *const function_args[] = { "char *", "char *", "int", "char *", "uintptr_t", "int" };
#define NFUNCTION_ARGS (sizeof(function_args) / sizeof(*function_args))
#define LOOP "_PyEval_EvalFrameDefault"

/* A probe whose sites are those from number @first on. */
static void add_static(struct out *o, const char *name, size_t first)
{
	struct dt_py *py = o->py;

	if (py->nst == DT_PY_STATICS) {
		o->full = true;
		return;
	}
	py->st[py->nst++] = (struct dt_static){
		.prov = "python", .func = LOOP, .name = name, .site = &py->site[first], .nsite = py->nsite - first,
		.argtype = function_args, .nargtype = NFUNCTION_ARGS,
	};
}

static void each_handler(struct out *o, const enum dt_py_op *op, size_t n, void (*f)(struct out *o, uint64_t addr))
{
	for (size_t i = 0; i < n; i++) {
		int code = dt_py_opcode(o->l->minor, op[i]);

		if (code >= 0)
			f(o, o->ev->handler[code]);
	}
}

static void entry(struct out *o)
{
	static const enum dt_py_op resume[] = {
		DT_PY_OP_RESUME, DT_PY_OP_RESUME2, DT_PY_OP_RESUME3, DT_PY_OP_I_RESUME,
	};
	size_t first = o->py->nsite;

	if (o->l->is_interp_frame) {
		each_handler(o, resume, sizeof(resume) / sizeof(*resume), resume_site);
		throw_site(o);
	}
	for (size_t i = 0; i < o->ev->npush; i++)
		push_site(o, &o->ev->push[i]);
	add_static(o, "function-entry", first);
}

static void leave(struct out *o, const char *name, bool only_raised)
{
	static const enum dt_py_op yield[] = { DT_PY_OP_YIELD, DT_PY_OP_I_YIELD };
	size_t first = o->py->nsite;
	struct dt_py_eval *ev = o->ev;

	if (o->l->minor >= 12) {
		clear_site(o, only_raised);
		if (!only_raised)
			each_handler(o, yield, sizeof(yield) / sizeof(*yield), yield_site);
	} else {
		if (o->l->minor == 11) {
			clear_site_311(o, only_raised);
			save_site(o, ev->function, DTRACE_REG_SI, 0, only_raised);
		}
		for (size_t i = 0; i < ev->npush; i++)
			save_site(o, ev->push[i].addr, ev->push[i].frame, ev->push[i].depth, only_raised);
		for (size_t i = 0; i < ev->nret; i++)
			ret_site(o, ev->ret[i], only_raised);
	}
	add_static(o, name, first);
}

int dt_py_recipes(struct dt_py *py, const char *name, struct dt_err *err)
{
	struct out o = { .py = py, .l = &py->layout, .ev = &py->eval };

	py->nst = py->nsite = 0;
	entry(&o);
	leave(&o, "function-return", false);
	leave(&o, "exception-unwind", true);
	if (o.full)
		return dt_proc_fail(err, -E2BIG, "%s needs more places for its probes than there is room for", name);
	return 0;
}
