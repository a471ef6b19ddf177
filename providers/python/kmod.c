// SPDX-License-Identifier: GPL-2.0-only
/* Python's frames: see kmod.h. Everything that is read here may be nonsense; every loop is bounded. */
#include "kmod.h"

#define MAX_INTERPS	64
#define MAX_THREADS	4096
#define MAX_STEPS	4096	/* frames of a chain, those that are skipped included */
#define FIRST_SENTINEL	3	/* owners from here on: frames of the eval loop itself */
#define OB_TYPE		8

static bool word(u64 addr, u64 *ret)
{
	return !(addr & 7) && !dtk_read_user(ret, addr, sizeof(*ret));
}

/* ---- The thread's top frame --------------------------------------------------------- */

static u64 find_thread(const struct dpy_stack *s)
{
	const struct dtrace_pid_python *py = s->py;
	u64 interp, thread, id;
	u32 i, k;

	if (py->running)
		return word(py->running, &thread) ? thread : 0;
	if (!word(py->interps, &interp))
		return 0;
	for (i = 0; i < MAX_INTERPS && interp; i++) {
		if (!word(interp + py->interp_threads, &thread))
			return 0;
		for (k = 0; k < MAX_THREADS && thread; k++) {
			if (!word(thread + py->thread_id, &id))
				return 0;
			if (id == s->thread)
				return thread;
			if (!word(thread + py->thread_next, &thread))
				return 0;
		}
		if (!word(interp + py->interp_next, &interp))
			return 0;
	}
	return 0;
}

static u64 top_frame(const struct dpy_stack *s)
{
	const struct dtrace_pid_python *py = s->py;
	u64 at = find_thread(s), frame;

	if (!at || (py->thread_cframe != DTRACE_PY_ABSENT && !word(at + py->thread_cframe, &at)))
		return 0;
	return word(at + py->thread_frame, &frame) ? frame : 0;
}

/* ---- One frame ------------------------------------------------------------------------ */

struct frame {
	u64 code;
	bool real;		/* it runs Python code */
	bool last;		/* of its segment */
};

static bool byte_is(u64 frame, u16 off, u8 least)
{
	u8 b;

	return off != DTRACE_PY_ABSENT && !dtk_read_user(&b, frame + off, 1) && b >= least;
}

/* Look at s->frame and go on to the one before it. False: the chain has ended. */
static bool next_frame(struct dpy_stack *s, struct frame *f)
{
	const struct dtrace_pid_python *py = s->py;
	u64 at = s->frame, type;

	if (!at || s->steps++ == MAX_STEPS || !word(at + py->frame_code, &f->code) ||
	    !word(at + py->frame_back, &s->frame))
		return s->frame = 0, false;
	f->code &= py->code_mask;
	f->real = word(f->code + OB_TYPE, &type) && type == py->code_type;
	switch (py->segments) {
	case DTRACE_PY_SEG_ENTRY:
		f->last = byte_is(at, py->frame_is_entry, 1);
		break;
	case DTRACE_PY_SEG_OWNER:
		f->last = byte_is(at, py->frame_owner, FIRST_SENTINEL);
		f->real &= !f->last;
		break;
	default:
		f->last = true;
	}
	return true;
}

/* The line that is being executed; where the table has none, the function's. 0: not known. */
static u32 line_of(struct dpy_stack *s, u64 at, u64 code)
{
	const struct dtrace_pid_python *py = s->py;
	struct dpid_recipe r = { .nstep = 0 };
	u64 table, instr;
	s32 first, lasti;
	s64 pos;
	int line;

	if (dtk_read_user(&first, code + py->co_firstlineno, sizeof(first)))
		return 0;
	if (py->frame_lasti != DTRACE_PY_ABSENT) {
		if (dtk_read_user(&lasti, at + py->frame_lasti, sizeof(lasti)))
			return first;
		pos = (s64)lasti << py->lasti_shift;
	} else {
		if (!word(at + py->frame_instr, &instr))
			return first;
		pos = instr - (code + py->co_code_adaptive);
	}
	if (pos < 0 || !word(code + py->co_linetable, &table))
		return first;
	line = dpid_line(&r, py->line_kind, pos, first, table);
	return line > 0 ? line : first;
}

/* ---- Text ------------------------------------------------------------------------------- */

static bool put(struct dpy_stack *s, const char *from, u32 n)
{
	if (n >= s->strsize - s->used)
		return false;
	memcpy(s->strs + s->used, from, n);
	s->used += n;
	return true;
}

static bool put_number(struct dpy_stack *s, u32 v)
{
	char digits[10];
	u32 i = sizeof(digits);

	do
		digits[--i] = '0' + v % 10;
	while (v /= 10);
	return put(s, digits + i, sizeof(digits) - i);
}

/* The str object at @obj; what cannot be read shows as "?". */
static bool put_str(struct dpy_stack *s, u64 obj)
{
	struct dpid_recipe r = { .text = s->room->text, .textsize = sizeof(s->room->text) };
	char *text = s->room->text;
	u64 at;
	long n;

	if (!obj || dpid_text(&r, obj, s->py->text, &at) || (!at && !r.textused))
		return put(s, "?", 1);
	if (r.textused)
		return put(s, text, strlen(text));
	n = dtk_read_user_str(text, at, sizeof(s->room->text));
	return n > 0 ? put(s, text, n - 1) : put(s, "?", 1);
}

/* "file:line function" */
static bool put_frame(struct dpy_stack *s, u64 at, u64 code)
{
	u64 file = 0, name = 0;

	word(code + s->py->co_filename, &file);
	word(code + s->py->co_name, &name);
	return put_str(s, file) && put(s, ":", 1) && put_number(s, line_of(s, at, code)) && put(s, " ", 1) &&
	       put_str(s, name);
}

/* A frame without a text is shown by its address; one with a text has the eval loop's: equal stacks are equal. */
static void emit(struct dpy_stack *s, u64 pc, u64 at, u64 code)
{
	u32 mark = s->used;

	if (s->n == s->max)
		return;
	s->pcs[s->n++] = pc;
	if (code && !s->overflow && !put_frame(s, at, code)) {
		memset(s->strs + mark, 0, s->used - mark);
		s->used = mark;
		s->overflow = true;
	}
	if (s->used < s->strsize)
		s->used++;	/* the NUL, which is there already */
}

/* ---- Merging ------------------------------------------------------------------------------- */

static bool in_eval(const struct dtrace_pid_python *py, u64 pc)
{
	u32 i;

	for (i = 0; i < DTRACE_PY_RANGES; i++)
		if (pc >= py->lo[i] && pc < py->hi[i])
			return true;
	return false;
}

/* The Python frames that one native frame runs. False: there was none. */
static bool emit_segment(struct dpy_stack *s)
{
	struct frame f;
	bool any = false;
	u64 at;

	while (at = s->frame, next_frame(s, &f)) {
		if (f.real) {
			emit(s, s->py->lo[0], at, f.code);
			any = true;
		}
		if (f.last)
			break;
	}
	return any;
}

void dpy_merge(struct dpy_stack *s)
{
	u32 max = min_t(u32, s->max, DPY_MAX_FRAMES), i, n;

	for (n = 0; n < max && s->pcs[n]; n++)
		s->room->native[n] = s->pcs[n];
	memset(s->pcs, 0, n * sizeof(*s->pcs));
	s->max = max;
	s->n = s->used = s->steps = 0;
	s->overflow = false;
	s->frame = top_frame(s);
	for (i = 0; i < n; i++) {
		u64 pc = s->room->native[i];

		if (!(in_eval(s->py, pc) && emit_segment(s)) && !s->only)
			emit(s, pc, 0, 0);
	}
	while (s->frame && s->n < s->max)
		emit_segment(s);
}

bool dpy_layout_ok(const struct dtrace_pid_python *py)
{
	u32 i;

	if (py->line_kind > DTRACE_LINE_LOCATIONS || py->lasti_shift > 8 || py->segments > DTRACE_PY_SEG_OWNER ||
	    py->pad || py->pad2[0] || py->pad2[1] || py->pad2[2] || !py->interps == !py->running ||
	    py->text > 0xffffff)
		return false;
	for (i = 0; i < DTRACE_PY_RANGES; i++)
		if (py->lo[i] > py->hi[i])
			return false;
	return true;
}
