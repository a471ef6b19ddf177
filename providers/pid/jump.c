// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which entry points and returns may become a jump, so that they are counted without a trap.
 *
 * The jump displaces the function's first five bytes, and with them every instruction that begins in them: the
 * prefix. It runs from another place afterwards, so each of its instructions must be one that can; only
 * the last may lead elsewhere. What counts changes the status flags; if a path from the entry may read one before it
 * has been written, they must be kept, which costs a little. Compilers never pass anything in flags; hand-written
 * code does.
 *
 * A return is shorter than a jump. The bytes may be padding behind it, or instructions before it, its lead. Flags are
 * always kept there: what the caller does is not known.
 *
 * Whether others lead into those bytes is no question of safety: the kernel sees to it that whoever comes there
 * goes on in the copy (kmod_jump.h). But that costs a trap, so a function that loops
 * there by itself is better off with the breakpoint.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "impl.h"

const char *dt_pid_nojump_text(enum dt_pid_nojump why)
{
	static const char *const text[] = {
		[DT_PID_JUMP_CODE] = "the function cannot be decoded",
		[DT_PID_JUMP_SHORT] = "there is no room for a jump",
		[DT_PID_JUMP_KIND] = "instructions there cannot be displaced",
		[DT_PID_JUMP_INSIDE] = "the function branches into these instructions",
	};

	return (unsigned int)why < DT_PID_JUMP_MAX ? text[why] : "of no known reason";
}

/* ---- The prefix --------------------------------------------------------------- */

static bool is_end(const struct dt_pid_insn *in)
{
	return in->point.kind == DTRACE_PID_JMP || in->point.kind == DTRACE_PID_RET ||
	       in->point.kind == DTRACE_PID_JMPIND;
}

/* System calls, in which a thread may sleep, and what is meant to stop. */
static bool stays(const struct dtrace_pid_point *pt)
{
	const uint8_t *b = pt->bytes;

	if (pt->len >= 2 && b[0] == 0x0f)
		return b[1] == 0x05 || b[1] == 0x0b || b[1] == 0x34 || b[1] == 0xb9 || b[1] == 0xff;
	return b[0] == 0xcd || b[0] == 0xf4;
}

static bool can_move(const struct dt_pid_insn *in)
{
	switch (in->point.kind) {
	case DTRACE_PID_CALL:
	case DTRACE_PID_CALLIND:
	case DTRACE_PID_LOOP:
		return false;
	}
	return !in->is_fixed && !stays(&in->point);
}

/* What compilers and linkers put between functions: nops of all lengths, breakpoints. Zeros could be data. */
static bool is_padding(const uint8_t *b, size_t n)
{
	size_t i = 0;

	while (i < n) {
		struct dt_pid_insn in;

		if (b[i] == 0x90 || b[i] == 0xcc) {
			i++;
			continue;
		}
		if (dt_pid_decode_one(b + i, n - i, 0, &in)) {
			/* Cut off by our end: a long nop goes on behind it. */
			return b[i] == 0x66 || b[i] == 0x2e || (b[i] == 0x0f && (i + 1 == n || b[i + 1] == 0x1f));
		}
		if (!(b[i] == 0x66 || b[i] == 0x2e || (b[i] == 0x0f && b[i + 1] == 0x1f)))
			return false;
		i += in.point.len;
	}
	return true;
}

/* How long the prefix is, or -(1 + why). */
static int prefix_len(const uint8_t *code, size_t avail, const struct dt_pid_decoded *all)
{
	size_t at = 0;

	for (size_t i = 0; at < DTRACE_PID_JUMP_LEN; i++) {
		const struct dt_pid_insn *in = &all->insn[i];

		if (i == all->n)
			return -(1 + DT_PID_JUMP_SHORT);
		if (!can_move(in))
			return -(1 + DT_PID_JUMP_KIND);
		at += in->point.len;
		if (at >= DTRACE_PID_JUMP_LEN)
			break;
		if (in->point.kind == DTRACE_PID_JCC)
			return -(1 + DT_PID_JUMP_KIND);
		if (is_end(in)) {
			if (avail < DTRACE_PID_JUMP_LEN || !is_padding(code + at, DTRACE_PID_JUMP_LEN - at))
				return -(1 + DT_PID_JUMP_SHORT);
			break;
		}
	}
	return at;
}

/* Does a branch lead into what a jump at @start would displace? */
static bool leads_inside(const struct dt_pid_decoded *all, uint64_t start)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->insn[i].target > start && all->insn[i].target < start + DTRACE_PID_JUMP_LEN)
			return true;
	return false;
}

/* ---- Flags -------------------------------------------------------------------------- */

/* A walk over the paths from the entry on which some flags are still the caller's. */
struct walk {
	const struct dt_pid_decoded *all;
	uint8_t *seen;		/* by instruction: caller's flags that were looked into from here on */
	size_t *todo, ntodo;	/* instructions to go on at, with what seen[] says */
};

static long index_of(const struct dt_pid_decoded *all, uint64_t addr)
{
	size_t lo = 0, hi = all->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (all->insn[mid].addr < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < all->n && all->insn[lo].addr == addr ? (long)lo : -1;
}

/* With @live at instruction @i: anything new? An instruction is on the list once for each flag at most. */
static void visit(struct walk *w, long i, uint8_t live)
{
	if (i < 0 || i >= (long)w->all->n || !(live & ~w->seen[i]))
		return;
	w->seen[i] |= live;
	w->todo[w->ntodo++] = i;
}

/* False: it reads a flag of the caller's. */
static bool step(struct walk *w, size_t i)
{
	const struct dt_pid_insn *in = &w->all->insn[i];
	uint8_t live = w->seen[i];
	struct dt_pid_flags f;

	if (!dt_pid_flags(in->point.bytes, in->point.len, &f) || (f.reads & live))
		return false;
	if (in->is_call)	/* no callee keeps flags, and none gets them */
		return true;
	live &= ~f.writes;
	if (in->target)
		visit(w, index_of(w->all, in->target), live);
	if (!in->is_end)
		visit(w, i + 1, live);
	return true;
}

/* In a straight line: 1: behind it the caller's flags are dead; 0: it leaves them alone; -1: it takes a closer look. */
static int flags_behind(const struct dt_pid_insn *in)
{
	struct dt_pid_flags f;

	if (in->is_call)
		return 1;
	if (in->target || in->is_end || !dt_pid_flags(in->point.bytes, in->point.len, &f) || f.reads)
		return -1;
	return f.writes == DT_PID_FLAGS_ALL;
}

/* Nearly always it is one of the first instructions that writes them all. */
static bool soon_dead(const struct dt_pid_decoded *all)
{
	int dead = 0;

	for (size_t i = 0; i < all->n && !dead; i++)
		dead = flags_behind(&all->insn[i]);
	return dead > 0;
}

/* 1: dead; 0: not; -ENOMEM. */
static int flags_dead(const struct dt_pid_decoded *all)
{
	struct walk w = { .all = all };
	int dead = 1;

	if (soon_dead(all))
		return 1;
	w.seen = calloc(all->n, 1);
	w.todo = malloc((all->n * 6 + 1) * sizeof(*w.todo));
	if (!w.seen || !w.todo)
		dead = -ENOMEM;
	else
		visit(&w, 0, DT_PID_FLAGS_ALL);
	while (dead > 0 && w.ntodo)
		dead = step(&w, w.todo[--w.ntodo]);
	free(w.seen);
	free(w.todo);
	return dead;
}

/* ---- */

static void give(struct dtrace_pid_point *pt, const uint8_t *code, size_t len, bool dead)
{
	pt->flags = dead ? 0 : DTRACE_PID_KEEPFLAGS;
	pt->prefix = len;
	memcpy(pt->bytes, code, len > DTRACE_PID_JUMP_LEN ? len : DTRACE_PID_JUMP_LEN);
}

int dt_pid_jump(const uint8_t *code, size_t avail, const struct dt_pid_decoded *all, struct dtrace_pid_point *pt)
{
	int len, dead;

	if (!all->n)
		return -(1 + DT_PID_JUMP_CODE);
	len = prefix_len(code, avail, all);
	if (len < 0)
		return len;
	if (leads_inside(all, all->insn[0].addr))
		return -(1 + DT_PID_JUMP_INSIDE);
	dead = flags_dead(all);
	if (dead < 0)
		return dead;
	give(pt, code, len, dead);
	return 0;
}

/* Instructions of a function's beginning that are looked at, more than can be displaced. */
#define HEAD	12

int dt_pid_jump_quick(const uint8_t *code, size_t avail, size_t size, uint64_t addr, struct dtrace_pid_point *pt)
{
	struct dt_pid_insn head[HEAD];
	struct dt_pid_decoded all = { .insn = head };
	size_t at = 0;
	int len, dead = 0;

	for (; all.n < HEAD && at < size && (at < DTRACE_PID_JUMP_LEN || !dead); at += head[all.n++].point.len) {
		if (dt_pid_decode_one(code + at, size - at, addr + at, &head[all.n]))
			return 1;
		dead = dead ? dead : flags_behind(&head[all.n]);
	}
	/* Also to the last one's second byte, behind a lock prefix. */
	if (dead <= 0 || dt_pid_may_jump(code, size, addr, addr + 1, addr + DTRACE_PID_JUMP_LEN + 1))
		return 1;
	len = prefix_len(code, avail, &all);
	if (len < 0)
		return len;
	give(pt, code, len, true);
	return 0;
}

/* ---- Returns ------------------------------------------------------------------------ */

/*
 * How many bytes behind instruction @k nobody needs, at most @want. In the middle of a function that could be code
 * that a jump table leads to.
 */
static size_t padding(const uint8_t *code, size_t avail, const struct dt_pid_decoded *all, size_t k, bool tables,
		      size_t want)
{
	size_t end = all->insn[k].addr + all->insn[k].point.len - all->insn[0].addr;

	for (size_t i = 0; i < all->n && !tables; i++)
		tables = all->insn[i].indirect;
	if (tables && k + 1 < all->n && !is_padding(code + end, all->insn[all->n - 1].addr - all->insn[0].addr +
						    all->insn[all->n - 1].point.len - end))
		return 0;
	if (want > avail - end)
		want = avail - end;
	while (want && !is_padding(code + end, want))
		want--;
	return want;
}

int dt_pid_jump_return(const uint8_t *code, size_t avail, const struct dt_pid_decoded *all, size_t k, bool tables,
		       struct dtrace_pid_point *pt)
{
	const struct dt_pid_insn *in = &all->insn[k];
	size_t lead = 0, first = k, at = in->addr - all->insn[0].addr, have, len = in->point.len;

	if (in->point.kind != DTRACE_PID_RET && !(in->point.kind == DTRACE_PID_JMP && in->leaves))
		return -(1 + DT_PID_JUMP_KIND);
	have = len;
	if (have < DTRACE_PID_JUMP_LEN)
		have += padding(code, avail, all, k, tables, DTRACE_PID_JUMP_LEN - have);
	while (have + lead < DTRACE_PID_JUMP_LEN) {
		const struct dt_pid_insn *before = first ? &all->insn[--first] : NULL;

		if (!before || before->is_end || before->point.kind == DTRACE_PID_JCC)
			return -(1 + DT_PID_JUMP_SHORT);
		if (!can_move(before) || lead + before->point.len > sizeof(pt->before))
			return -(1 + DT_PID_JUMP_KIND);
		lead += before->point.len;
	}
	if (leads_inside(all, in->addr - lead))
		return -(1 + DT_PID_JUMP_INSIDE);
	pt->flags = DTRACE_PID_KEEPFLAGS;
	pt->lead = lead;
	pt->prefix = len;
	memcpy(pt->before + sizeof(pt->before) - lead, code + at - lead, lead);
	memcpy(pt->bytes, code + at, lead + len < DTRACE_PID_JUMP_LEN ? DTRACE_PID_JUMP_LEN - lead : len);
	return 0;
}
