/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing recipes: what recipes.c (functions) and events.c (exceptions, garbage, imports) share. A recipe that gets too
 * long, or one place too many, sets out.full; everything else is written as if there were room.
 */
#ifndef DT_PYTHON_STEPS_H
#define DT_PYTHON_STEPS_H

#include "python.h"

/* What all probes of functions have. */
#define FILENAME_ARG	0
#define NAME_ARG	1
#define LINE_ARG	2
#define QUALNAME_ARG	3
#define CODE_ARG	4
#define HOW_ARG		5	/* of an entry, a return, an unwinding */
#define COMMON_ARGS	0x1f	/* as a mask: all but HOW */
#define RARE_ARGS	(1 << LINE_ARG | 1 << QUALNAME_ARG | 1 << CODE_ARG)
#define POSITION_ARGS	(1 << LINE_ARG | 1 << HOW_ARG)

/* How a function was entered or left. */
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
	enum { ANY, RAISED, IMPORTS } which;	/* of the functions that are entered or left */
	bool full;
};

static inline void put(struct out *o, uint8_t op, uint8_t d, uint8_t s, uint8_t size, uint32_t skip, int64_t imm)
{
	if (o->n == DTRACE_STEP_MAX) {
		o->full = true;
		return;
	}
	o->s[o->n++] = (struct dtrace_step){ op, d, s, size, skip, imm };
}

static inline void put_reg(struct out *o, int d, int reg, int size) { put(o, DTRACE_STEP_REG, d, reg, size, 0, 0); }
static inline void put_imm(struct out *o, int d, int64_t v) { put(o, DTRACE_STEP_IMM, d, 0, 0, 0, v); }
static inline void put_load(struct out *o, int d, int s, int size, int64_t at)
{
	put(o, DTRACE_STEP_LOAD, d, s, size, 0, at);
}
static inline void put_stop(struct out *o) { put(o, DTRACE_STEP_STOP, 0, 0, 0, 0, 0); }
static inline void put_arg(struct out *o, int n, int s) { put(o, DTRACE_STEP_ARG, n, s, 0, 0, 0); }

/* Steps until close() are left out if the condition holds. */
static inline size_t open_if(struct out *o, int op, int d, int s, int64_t imm)
{
	put(o, op, d, s, 0, 0, imm);
	return o->n - 1;
}

static inline void close_if(struct out *o, size_t at)
{
	o->s[at].skip = o->n - at - 1;
}

static inline void stop_unless(struct out *o, int op, int d, int64_t imm)
{
	size_t at = open_if(o, op, d, 0, imm);

	put_stop(o);
	close_if(o, at);
}

/* HOW = how unless the condition holds. */
static inline void how_unless(struct out *o, int op, int d, int64_t imm, int how)
{
	size_t at = open_if(o, op, d, 0, imm);

	put_imm(o, HOW, how);
	close_if(o, at);
}

/* d = s + imm */
static inline void put_move(struct out *o, int d, int s, int64_t imm)
{
	put_imm(o, d, imm);
	put(o, DTRACE_STEP_ADD, d, s, 0, 0, 0);
}

/* A new place; the steps that follow are its. */
static inline void begin(struct out *o, uint64_t addr)
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

static inline void end(struct out *o)
{
	o->py->site[o->py->nsite - 1].nstep = o->n;
}

/* ---- What the recipes have in common -------------------------------------------------------- */

/* v[@d] = the object that FRAME refers to at @at, without tags. */
static inline void put_ref(struct out *o, int d, uint16_t at)
{
	put_load(o, d, FRAME, 8, at);
	if (o->l->code_mask != ~0ull)
		put(o, DTRACE_STEP_ANDI, d, 0, 0, 0, (int64_t)o->l->code_mask);
}

/* CODE of FRAME. */
static inline void put_code(struct out *o)
{
	put_ref(o, CODE, o->l->frame_code);
}

/* POS as the frame has it: not what is executed at this moment, if that has not been stored yet. */
static inline void put_pos(struct out *o)
{
	if (o->l->is_interp_frame) {
		put_load(o, POS, FRAME, 8, o->l->frame_instr);
		return;
	}
	put_load(o, POS, FRAME, 4 | DTRACE_STEP_SIGNED, o->l->frame_lasti);
}

/* LINE of POS. A function that has not begun, or just begins, is at its first line. */
static inline void put_line(struct out *o, bool is_entry)
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

/* The steps until close_unread() compute nothing but these arguments, unless @always. */
static inline size_t open_if_unread(struct out *o, bool always, uint32_t args)
{
	return always ? 0 : open_if(o, DTRACE_STEP_IF_UNREAD, 0, 0, args);
}

static inline void close_unread(struct out *o, size_t at)
{
	if (at)
		close_if(o, at);
}

/* Argument @n is the text of the str that the code object has at @at. */
static inline void put_text(struct out *o, int n, uint16_t at)
{
	size_t unread = open_if(o, DTRACE_STEP_IF_UNREAD, 0, 0, 1 << n);

	put_load(o, TEXT, CODE, 8, at);
	put(o, DTRACE_STEP_TEXT, TEXT, TEXT, 0, 0, (int64_t)o->l->text);
	put_arg(o, n, TEXT);
	close_if(o, unread);
}

/* The arguments that all probes of functions have, from CODE, POS; at an entry also HOW. */
static inline void put_args(struct out *o, bool is_entry)
{
	const struct dt_py_layout *l = o->l;
	size_t any, rare, line;

	any = open_if(o, DTRACE_STEP_IF_UNREAD, 0, 0, COMMON_ARGS);
	put_text(o, FILENAME_ARG, l->co_filename);
	put_text(o, NAME_ARG, l->co_name);
	rare = open_if(o, DTRACE_STEP_IF_UNREAD, 0, 0, RARE_ARGS);
	put_text(o, QUALNAME_ARG, l->co_qualname != DT_PY_ABSENT ? l->co_qualname : l->co_name);
	put_arg(o, CODE_ARG, CODE);
	line = open_if(o, DTRACE_STEP_IF_UNREAD, 0, 0, 1 << LINE_ARG);
	put_line(o, is_entry);
	close_if(o, line);
	close_if(o, rare);
	close_if(o, any);
}

static inline void put_how_args(struct out *o, bool is_entry)
{
	put_args(o, is_entry);
	put_arg(o, HOW_ARG, HOW);
}

/* A place where one register holds what eval.c has found. */
static inline void put_value(struct out *o, int d, const struct dt_py_value *v)
{
	put_reg(o, d, v->reg, 8);
	if (v->kind == DT_PY_MEM)
		put_load(o, d, d, 8, v->disp);
	else if (v->disp)
		put(o, DTRACE_STEP_ADDI, d, 0, 0, 0, v->disp);
}

/* A probe whose sites are those from number @first on. */
static inline void add_static(struct out *o, const char *name, const char *func, const char *const *args, size_t nargs,
			      size_t first)
{
	struct dt_py *py = o->py;

	if (py->nst == DT_PY_STATICS) {
		o->full = true;
		return;
	}
	py->st[py->nst++] = (struct dt_static){
		.prov = "python", .func = func, .name = name, .site = &py->site[first], .nsite = py->nsite - first,
		.argtype = args, .nargtype = nargs,
	};
}

#define LOOP "_PyEval_EvalFrameDefault"

/* ---- events.c ---------------------------------------------------------------------------- */

#define DT_PY_RAISE_ARGS 7
extern const char *const dt_py_raise_args[DT_PY_RAISE_ARGS];
void dt_py_events(struct out *o);
/*
 * For a probe of imports: don't fire unless FRAME, of CODE, is of the function that imports, and C has called it.
 * @is_from_c: it has called what is called here.
 */
void dt_py_only_import(struct out *o, bool is_from_c);
/* The module's name; at the end also if it was found (HOW). */
void dt_py_import_args(struct out *o, bool is_entry);
extern const char *const dt_py_import_types[2];

#endif /* DT_PYTHON_STEPS_H */
