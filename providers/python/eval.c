// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The eval loop, without symbols of its own.
 *
 * From 3.11 on a call from Python to Python does not enter a C function: the loop goes on
 * with another frame. What every call passes are the handlers of some opcodes, and
 * these are found through the table of 256 code addresses that the loop jumps by.
 * Opcode numbers are fixed per minor version, and so are the ones not in use,
 * whose slots all hold the same address: no other 256 words look like that.
 *
 * A jump by that table can lead to any handler from anywhere, so whatever lives
 * across it is in one place at the first instruction of each. That place is read off
 * what handlers do: nearly each stores the instruction's address into the frame at first
 * (mov %N,0x38(%F)), so F and N are the ones that most agree on; and the one
 * that handles RETURN_VALUE passes (thread state, frame) to the function that clears the
 * frame, whose second argument has to be F again, as a proof.
 *
 * A site is a handler's first instruction. It counts right only if nothing but the
 * table leads there: dt_py_reached() looks at all code of the loop for a branch to it.
 *
 * Until 3.10 every Python function is a call of _PyEval_EvalFrameDefault. The site is the store
 * that makes the frame the thread's current one, after the check for recursion that may refuse it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "python.h"
#include "user.h"

#define MAX_VOTE	14	/* instructions of a handler until it has stored the instruction's address */
#define MAX_HANDLER	400	/* of a handler that are looked at for a call */
#define MAX_PROLOGUE	600
#define MIN_VOTERS	20
#define VOTES_PERCENT	70

/* ---- Numbers that a minor version fixes ------------------------------------------------ */

static const int16_t opcodes[][DT_PY_OPS] = {	/* 3.6 ... */
#define OLD(yield_from, yield, ret) \
	{ -1, -1, -1, -1, ret, -1, -1, -1, yield, -1, yield_from }
	OLD(72, 86, 83), OLD(72, 86, 83), OLD(72, 86, 83), OLD(72, 86, 83), OLD(72, 86, 83),
	{ 151, 150,  -1,  -1, 83,  -1,  -1,  -1,  86,  -1, -1 },	/* 3.11 */
	{ 151,  -1,  -1, 240, 83, 121, 242, 247, 150, 243, -1 },
	{ 149, 207,  -1, 236, 36, 103, 239, 240, 118, 241, -1 },
	{ 128, 196,  -1, 245, 35,  -1, 246,  -1, 120, 247, -1 },
	{ 128, 200, 201, 244, 33,  -1, 245,  -1, 119, 246, -1 },	/* 3.15 */
};

int dt_py_opcode(int minor, enum dt_py_op op)
{
	return minor < 6 || minor > 15 ? -1 : opcodes[minor - 6][op];
}

/* Opcodes that a version doesn't have: ranges, ended by 0. */
static const uint8_t unused[][7] = {		/* 3.11 ... */
	{ 181, 254 },
	{ 169, 170, 177, 236, 255, 255 },
	{ 119, 148, 223, 235, 255, 255 },
	{ 121, 127, 212, 233 },
	{ 120, 127, 219, 232 },
};

/* ---- The table ---------------------------------------------------------------------------- */

#define FEW	100		/* handlers that differ; versions have 180 to 230 */
#define UNREAL	3

static bool is_unused(const uint8_t *range, int op)
{
	for (; range[0]; range += 2) {
		if (op >= range[0] && op <= range[1])
			return true;
	}
	return false;
}

static size_t count_distinct(const struct dt_py_word *w)
{
	size_t n = 0;

	for (int i = 0; i < 256; i++) {
		int k = 0;

		while (k < i && w[k].value != w[i].value)
			k++;
		n += k == i;
	}
	return n;
}

/*
 * Do these 256 words look as the version's table must? Some opcodes are never executed (CACHE, RESERVED): clang lets
 * their slots point where the unused ones point.
 */
static bool is_table(const struct dt_py_word *w, const uint8_t *range)
{
	uint64_t none = w[range[0]].value;
	int unreal = UNREAL;

	if (w[255].addr - w[0].addr != 255 * 8)
		return false;
	for (int op = 0; op < 256; op++) {
		if ((w[op].value == none) == is_unused(range, op))
			continue;
		if (is_unused(range, op) || !unreal--)
			return false;
	}
	return count_distinct(w) >= FEW;
}

static bool find_table(const struct dt_py_elf *pe, int minor, struct dt_py_eval *ret)
{
	for (size_t i = 0; i + 256 <= pe->nword; i++) {
		if (!is_table(&pe->word[i], unused[minor - 11]))
			continue;
		ret->table = pe->word[i].addr;
		for (int op = 0; op < 256; op++)
			ret->handler[op] = pe->word[i + op].value;
		return true;
	}
	return false;
}

/* ---- Registers ------------------------------------------------------------------------------ */

struct vote {
	uint16_t frame_instr;
	int frame, next;	/* -1: none */
};

static int look_for_store(void *ctx, const struct dt_py_insn *in, struct dt_py_state *s)
{
	const struct dt_py_value *frame, *next;
	struct vote *v = ctx;

	if (in->is_call)
		return DT_PY_LEAVE;
	if (!in->is_store || in->disp != v->frame_instr)
		return 0;
	frame = &s->r[in->base];
	next = &s->r[in->src];
	if (!dt_py_is_reg(frame, frame->reg) || !dt_py_is_reg(next, next->reg))
		return DT_PY_LEAVE;
	v->frame = frame->reg;
	v->next = next->reg;
	return DT_PY_LEAVE;
}

static struct vote vote_of(const struct dt_py_elf *pe, const struct dt_py_layout *l, uint64_t handler)
{
	struct vote v = { l->frame_instr, -1, -1 };

	dt_py_walk_line(pe, handler, MAX_VOTE, look_for_store, &v);
	return v;
}

/* Some compilers keep the address of the field on the stack; then few handlers say something. */
static bool vote(const struct dt_py_elf *pe, const struct dt_py_layout *l, struct dt_py_eval *ev)
{
	static const enum dt_py_op must[] = {
		DT_PY_OP_RESUME, DT_PY_OP_RESUME2, DT_PY_OP_RESUME3, DT_PY_OP_I_RESUME, DT_PY_OP_RETURN,
	};
	uint16_t count[16][16] = { 0 };

	ev->voters = ev->votes = 0;
	for (int op = 0; op < 256; op++) {
		struct vote v;
		int k = 0;

		while (k < op && ev->handler[k] != ev->handler[op])
			k++;
		v = vote_of(pe, l, ev->handler[op]);
		if (k < op || v.frame < 0)
			continue;
		ev->voters++;
		if (++count[v.frame][v.next] > ev->votes) {
			ev->votes = count[v.frame][v.next];
			ev->frame = v.frame;
			ev->next = v.next;
		}
	}
	if (ev->voters < MIN_VOTERS || ev->votes * 100 < ev->voters * VOTES_PERCENT)
		return false;
	/* And those that matter must be among them. */
	for (size_t i = 0; i < sizeof(must) / sizeof(*must); i++) {
		int op = dt_py_opcode(l->minor, must[i]);
		struct vote v;

		if (op < 0)
			continue;
		v = vote_of(pe, l, ev->handler[op]);
		if (v.frame != ev->frame || v.next != ev->next)
			return false;
	}
	return true;
}

/* ---- The function that frames end in ---------------------------------------------------------- */

struct clear {
	struct dt_py_eval *ev;
	const struct dt_py_layout *l;
	uint64_t with_frame,
		with_both;		/* 3.11: who is called with (frame), with (thread, frame) */
	bool twice;
};

/*
 * 3.12 and later. Where a frame ends, the thread state's count of allowed calls goes up by one again, and
 * _PyEval_FrameClearAndPop(thread state, frame) is called; or, if the compiler made that
 * part of the loop, what it calls: _PyFrame_ClearExceptCode(frame).
 */
static int look_for_clear(void *ctx, const struct dt_py_insn *in, struct dt_py_state *s)
{
	struct clear *c = ctx;
	struct dt_py_eval *ev = c->ev;

	if (in->is_write32 && in->disp == c->l->thread_recursion && !s->mark &&
	    !dt_py_is_reg(&s->r[in->base], ev->frame)) {
		ev->thread = s->r[in->base];
		s->mark = 1;
	}
	if (!in->is_call || !in->target || !s->mark)
		return 0;
	if (dt_py_is_reg(&s->r[DTRACE_REG_SI], ev->frame) &&
	    !memcmp(&s->r[DTRACE_REG_DI], &ev->thread, sizeof(ev->thread)))
		ev->clear = in->target;
	else if (dt_py_is_reg(&s->r[DTRACE_REG_DI], ev->frame))
		ev->clear = in->target;
	else
		return 0;
	ev->is_clear_inner = !dt_py_is_reg(&s->r[DTRACE_REG_SI], ev->frame);
	return 1;
}

/*
 * 3.11: the first calls, on any path, after the loop has asked whether this frame was entered from C; before it there
 * may be some for tracers and for static probes. _PyFrame_Clear(frame) there has to be only one; where the
 * compiler did not make pop_frame() part of the loop, it is pop_frame(thread state, frame).
 */
static int look_for_clear_311(void *ctx, const struct dt_py_insn *in, struct dt_py_state *s)
{
	struct clear *c = ctx;
	uint64_t *who;

	if (in->is_byte_test && in->disp == c->l->frame_is_entry && dt_py_is_reg(&s->r[in->base], c->ev->frame))
		s->mark = 1;
	if (!in->is_call || !s->mark)
		return 0;
	if (!in->target)
		return DT_PY_LEAVE;
	if (dt_py_is_reg(&s->r[DTRACE_REG_DI], c->ev->frame))
		who = &c->with_frame;
	else if (dt_py_is_reg(&s->r[DTRACE_REG_SI], c->ev->frame))
		who = &c->with_both;
	else
		return DT_PY_LEAVE;
	c->twice |= who == &c->with_frame && *who && *who != in->target;
	*who = in->target;
	return DT_PY_LEAVE;
}

static int find_clear(const struct dt_py_elf *pe, const struct dt_py_layout *l, const char *name,
		      struct dt_py_eval *ev, struct dt_err *err)
{
	struct clear c = { .ev = ev, .l = l };
	uint64_t start = ev->handler[dt_py_opcode(l->minor, DT_PY_OP_RETURN)], symbol;
	int rc = dt_py_walk(pe, start, MAX_HANDLER, l->minor == 11 ? look_for_clear_311 : look_for_clear, &c);

	if (rc < 0)
		return dt_proc_fail(err, rc, "out of memory");
	if (l->minor == 11) {
		ev->clear = c.with_frame ? c.with_frame : c.with_both;
		ev->is_clear_inner = c.with_frame != 0;
	}
	if (!ev->clear || c.twice || (l->minor > 11 && ev->thread.kind == DT_PY_UNKNOWN))
		return dt_proc_fail(err, -ENOTSUP,
				    "%s is Python 3.%d, but the function that ends its frames was not found",
				    name, l->minor);
	/* Since 3.13 a frame that never began looks like one that did, if it is freed from elsewhere. */
	if (l->minor >= 13 && ev->is_clear_inner)
		return dt_proc_fail(err, -ENOTSUP,
				    "%s is Python 3.%d, but its compiler made _PyEval_FrameClearAndPop part of "
				    "the eval loop: how its functions end is not known", name, l->minor);
	/* Exported since 3.13: what is called may be a stub that leads there. */
	symbol = dt_py_symbol(pe->elf, "_PyEval_FrameClearAndPop");
	if (symbol && !ev->is_clear_inner)
		ev->clear = symbol;
	return 0;
}

/* ---- Where exceptions reach a frame ----------------------------------------------------------------- */

struct scan {
	struct dt_py_eval *ev;
	struct dt_py_callee traceback;
	const struct dt_py_elf *pe;
	/* Handlers: is one reached otherwise than by the table? */
	uint64_t site[DT_PY_OPS];
	bool reached[DT_PY_OPS];
	size_t nsite;
};

/* Is it the loop's own code, and no other function's that the loop ends in? */
static bool is_loop(const struct dt_py_elf *pe, const struct dt_py_eval *ev, uint64_t addr)
{
	struct dt_extent x;

	if (!dt_elf_extent(pe->elf, addr, &x))
		return false;
	for (int op = 0; op < 256; op++) {
		if (ev->handler[op] >= x.lo && ev->handler[op] < x.hi)
			return true;
	}
	return !x.is_called || (ev->function >= x.lo && ev->function < x.hi);
}

/*
 * Wherever an exception arises in the loop, or comes back from a call, the frame is added to its traceback:
 * PyTraceBack_Here(frame), which is exported. If the compiler made it a part of the loop, no call is found.
 */
static void look_for_raise(void *ctx, const struct dt_pid_insn *in)
{
	struct scan *s = ctx;
	struct dt_py_eval *ev = s->ev;

	if (!dt_py_calls(s->pe, in, &s->traceback) || !is_loop(s->pe, ev, in->addr))
		return;
	for (size_t i = 0; i < ev->nraise; i++) {
		if (ev->raise[i] == in->addr)
			return;
	}
	if (ev->nraise < DT_PY_RAISES)
		ev->raise[ev->nraise] = in->addr;
	ev->nraise++;
}

/* Where the thread state is at that call: what handlers know of it must still hold on the way. */
static int look_for_thread(void *ctx, const struct dt_py_insn *in, struct dt_py_state *s)
{
	struct dt_py_eval *ev = ctx;

	if (in->addr != ev->raise[0])
		return 0;
	for (uint8_t r = 0; r < 16; r++) {
		if (memcmp(&s->r[r], &ev->thread, sizeof(ev->thread)))
			continue;
		ev->raise_thread = (struct dt_py_value){ DT_PY_REG, r, 0 };
		return 1;
	}
	if (ev->thread.kind == DT_PY_MEM && dt_py_is_reg(&s->r[ev->thread.reg], ev->thread.reg))
		ev->raise_thread = ev->thread;
	return 1;
}

static int find_raise_thread(const struct dt_py_elf *pe, struct dt_py_eval *ev)
{
	int rc = 0;

	for (int op = 0; !rc && op < 256; op++)
		rc = dt_py_walk(pe, ev->handler[op], MAX_HANDLER, look_for_thread, ev);
	return rc < 0 ? rc : 0;
}

/* ---- Nothing but the table leads to a handler ---------------------------------------------------- */

static const enum dt_py_op sited[] = {
	DT_PY_OP_RESUME, DT_PY_OP_RESUME2, DT_PY_OP_RESUME3, DT_PY_OP_I_RESUME, DT_PY_OP_YIELD, DT_PY_OP_I_YIELD,
};
#define NSITED (sizeof(sited) / sizeof(*sited))

static void mark(struct scan *s, uint64_t addr)
{
	for (size_t i = 0; i < s->nsite; i++) {
		if (s->site[i] == addr)
			s->reached[i] = true;
	}
}

/*
 * Running on from one instruction into a handler counts, too, but not from a call: handlers end
 * with a dispatch, so only a call that does not come back can be the last of one.
 */
static void look_at_branch(void *ctx, const struct dt_pid_insn *in)
{
	if (in->target && !in->is_call)
		mark(ctx, in->target);
	if (!in->is_end && !in->is_call)
		mark(ctx, in->addr + in->point.len);
}

static void look_at_loop(void *ctx, const struct dt_pid_insn *in)
{
	look_at_branch(ctx, in);
	look_for_raise(ctx, in);
}

static int check_handlers(const struct dt_py_elf *pe, const struct dt_py_layout *l, const char *name,
			  struct dt_py_eval *ev, struct scan *scan, struct dt_err *err)
{
	uint64_t start[257];
	int rc, op;

	memcpy(start, ev->handler, sizeof(ev->handler));
	start[256] = ev->function;
	for (size_t i = 0; i < NSITED; i++) {
		op = dt_py_opcode(l->minor, sited[i]);
		if (op >= 0)
			scan->site[scan->nsite++] = ev->handler[op];
	}
	rc = dt_py_reach(pe, start, 257, look_at_loop, scan);
	if (rc)
		return dt_proc_fail(err, rc, "out of memory");
	for (size_t i = 0; i < scan->nsite; i++) {
		for (size_t k = 0; k < i; k++) {
			if (scan->site[k] == scan->site[i])
				scan->reached[i] = true;
		}
		if (scan->reached[i])
			return dt_proc_fail(err, -ENOTSUP,
					    "%s is Python 3.%d, but its compiler made handlers run into each "
					    "other (at %#llx): calls could not be counted rightly", name, l->minor,
					    (unsigned long long)scan->site[i]);
	}
	return 0;
}

static int find_loop(const struct dt_py_elf *pe, const struct dt_py_layout *l, const char *name,
		     struct dt_py_eval *ev, struct dt_err *err)
{
	if (!find_table(pe, l->minor, ev))
		return dt_proc_fail(err, -ENOTSUP,
				    "%s is Python 3.%d, but its table of opcodes was not found: was it built "
				    "without computed gotos?", name, l->minor);
	if (!vote(pe, l, ev))
		return dt_proc_fail(err, -ENOTSUP,
				    "%s is Python 3.%d, but which registers its eval loop keeps the frame "
				    "in is not clear (%u of %u handlers agree)", name, l->minor, ev->votes, ev->voters);
	ev->lo = ~0ull;
	for (int op = 0; op < 256; op++) {
		if (ev->handler[op] < ev->lo)
			ev->lo = ev->handler[op];
		if (ev->handler[op] > ev->hi)
			ev->hi = ev->handler[op];
	}
	return find_clear(pe, l, name, ev, err);
}

/* ---- Until 3.10: where the frame is linked in; until 3.11: where the function returns ------------------ */

struct push {
	struct dt_py_eval *ev;
	uint16_t thread_frame;
	uint8_t arg;		/* register of the argument */
	uint64_t next[DT_PY_PUSHES];
	bool too_many;
};

static int look_for_push(void *ctx, const struct dt_py_insn *in, struct dt_py_state *s)
{
	const struct dt_py_value *sp = &s->r[DTRACE_REG_SP];
	struct push *p = ctx;
	struct dt_py_push *to = &p->ev->push[p->ev->npush];

	if (!in->is_store || in->disp != p->thread_frame || !dt_py_is_reg(&s->r[in->src], p->arg) ||
	    dt_py_is_reg(&s->r[in->base], p->arg) || sp->kind != DT_PY_REG || sp->reg != DTRACE_REG_SP)
		return 0;
	if (p->ev->npush == DT_PY_PUSHES) {
		p->too_many = true;
		return 1;
	}
	*to = (struct dt_py_push){ in->addr, in->src, -sp->disp };
	p->next[p->ev->npush++] = in->next;
	return DT_PY_LEAVE;
}

static int find_returns(const struct dt_py_elf *pe, int minor, const char *name, struct dt_py_eval *ev,
			struct scan *scan, struct dt_err *err)
{
	struct dt_extent x;
	int rc = dt_py_returns(pe, ev->function, &ev->ret, look_for_raise, scan);

	if (rc)
		return dt_proc_fail(err, rc == -ENOMEM ? rc : -ENOTSUP,
				    "%s is Python 3.%d, but where its eval loop returns "
				    "could not be made out", name, minor);
	if (minor < 11 && dt_elf_extent(pe->elf, ev->function, &x)) {
		ev->lo = x.lo;
		ev->hi = x.hi;
	}
	return 0;
}

static int find_push(const struct dt_py_elf *pe, const struct dt_py_layout *l, struct dt_py_eval *ev,
		     struct dt_err *err)
{
	struct push p = {
		.ev = ev, .thread_frame = l->thread_frame,
		.arg = l->minor < 9 ? DTRACE_REG_DI : DTRACE_REG_SI,
	};
	int rc = dt_py_walk(pe, ev->function, MAX_PROLOGUE, look_for_push, &p);
	struct scan again = { .ev = ev, .nsite = ev->npush };

	for (size_t i = 0; i < ev->npush; i++)
		again.site[i] = ev->push[i].addr;
	if (rc >= 0)
		rc = dt_py_reach(pe, p.next, ev->npush, look_at_branch, &again);
	if (rc < 0)
		return dt_proc_fail(err, rc, "out of memory");
	/* A frame must pass one of them, and once. Else it is the entry, and refused recursion counts. */
	for (size_t i = 0; i < ev->npush; i++)
		p.too_many |= again.reached[i];
	if (p.too_many || !ev->npush) {
		ev->push[0] = (struct dt_py_push){ ev->function, p.arg, 0 };
		ev->npush = 1;
	}
	return 0;
}

int dt_py_eval_find(const struct dt_py_elf *pe, const struct dt_py_layout *l, const char *name,
		    struct dt_py_eval *ret, struct dt_err *err)
{
	struct scan scan = { .ev = ret, .pe = pe };
	int rc = 0;

	memset(ret, 0, sizeof(*ret));
	dt_py_callee_find(pe, "PyTraceBack_Here", &scan.traceback);
	ret->function = dt_py_symbol(pe->elf, "_PyEval_EvalFrameDefault");
	if (!dt_py_is_code(pe, ret->function))
		return dt_proc_fail(err, -ENOTSUP, "%s names an eval loop that is no code", name);
	if (l->minor >= 11)
		rc = find_loop(pe, l, name, ret, err);
	if (!rc && l->minor >= 11)
		rc = check_handlers(pe, l, name, ret, &scan, err);
	if (!rc && l->minor <= 10)
		rc = find_push(pe, l, ret, err);
	if (!rc && l->minor <= 11)
		rc = find_returns(pe, l->minor, name, ret, &scan, err);
	if (!rc && l->minor >= 12 && ret->nraise)
		rc = find_raise_thread(pe, ret);
	return rc;
}
