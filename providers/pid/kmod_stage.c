// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing jumps into text and taking them out, while threads run there.
 *
 * A point is armed first: its first byte is 0xcc. There the jump begins, or a little before it (leap->lead).
 * Then, up:
 *
 *   NONE	original bytes, and the point's 0xcc
 *   TRAPS	the first byte is 0xcc, and stays so in all stages but the last. Also, each byte where an
 *		instruction of the prefix begins traps by itself. These are the jump's own bytes already:
 *		kmod_jump.h. Each is written by one store, so a CPU that comes there sees the old
 *		instruction or the trap.
 *   TAIL	the rest of the displacement. No CPU can be decoding an instruction of these bytes:
 *		all begin with a trap, and every CPU has serialised since that was written.
 *   JUMP	the first byte makes it a jump; again, after every CPU has serialised.
 *
 * Down it goes in the reverse order. Who traps meanwhile fires, if it is on the point, and goes on, if it
 * is on another instruction, in the jump's stub. So each stage is sound as it is, and a step that cannot be made, for
 * want of memory, may wait for the next sync.
 *
 * A step is one pass over all pages for all points, and one interruption of all CPUs. Under QEMU's
 * emulator each pass is written once more, as kmod_patch.c explains.
 */

#include "kmod_patch.h"

/* What @stage shows in the first bytes. */
static void stage_bytes(const struct dpid_leap *leap, u32 stage, u8 b[DPID_JUMP_LEN])
{
	u32 k;

	b[0] = stage == DPID_STAGE_JUMP ? leap->jump[0] : stage == DPID_STAGE_NONE ? leap->bytes[0] : DPID_INT3;
	for (k = 1; k < DPID_JUMP_LEN; k++) {
		u32 since = leap->prefix.inside >> k & 1 ? DPID_STAGE_TRAPS : DPID_STAGE_TAIL;

		b[k] = stage >= since ? leap->jump[k] : leap->bytes[k];
	}
	if (stage == DPID_STAGE_NONE)
		b[leap->lead] = DPID_INT3;
}

bool dpid_stage_shows(const struct dpid_leap *leap, const u8 *now)
{
	u8 want[DPID_JUMP_LEN];

	stage_bytes(leap, leap->stage, want);
	return !memcmp(now, want, DPID_JUMP_LEN) &&
	       !memcmp(now + DPID_JUMP_LEN, leap->bytes + DPID_JUMP_LEN, dpid_leap_len(leap) - DPID_JUMP_LEN);
}

void dpid_stage_forget(struct dpid_leap *leap)
{
	leap->stage = DPID_STAGE_NONE;
	WRITE_ONCE(leap->live, false);
}

/* ---- One step ------------------------------------------------------------------- */

/* A step up, only if all is as it should be. */
static void step_up(struct dpid_pen *pen, struct dpid_leap *leap)
{
	u8 now[DPID_PREFIX_MAX], to[DPID_JUMP_LEN], *mem = pen->mem + offset_in_page(leap->addr);
	u32 k;

	if (dpid_read_text(pen->mm, leap->addr, pen->mem, now, dpid_leap_len(leap)) ||
	    !dpid_stage_shows(leap, now)) {
		leap->wanted = false;
		leap->why = DTRACE_PID_NOJUMP_MEMORY;
		return;
	}
	if (leap->stage == DPID_STAGE_NONE) {
		leap->ghost = true;
		WRITE_ONCE(leap->live, true);
		smp_wmb();	/* live before what traps: who trapped, looks */
	}
	stage_bytes(leap, ++leap->stage, to);
	for (k = 0; k < DPID_JUMP_LEN; k++)
		if (now[k] != to[k])
			WRITE_ONCE(mem[k], to[k]);
	leap->written = pen->wrote = true;
}

/* A step down: what is not ours any more stays. */
static void step_down(struct dpid_pen *pen, struct dpid_leap *leap)
{
	u8 from[DPID_JUMP_LEN], to[DPID_JUMP_LEN], *mem = pen->mem + offset_in_page(leap->addr);
	u32 k;

	stage_bytes(leap, leap->stage, from);
	stage_bytes(leap, --leap->stage, to);
	for (k = 0; k < DPID_JUMP_LEN; k++)
		if (from[k] != to[k] && READ_ONCE(mem[k]) == from[k])
			WRITE_ONCE(mem[k], to[k]);
	leap->written = pen->wrote = true;
	if (leap->stage == DPID_STAGE_NONE) {
		smp_wmb();	/* the bytes before live: see between() in kmod_trap.c */
		WRITE_ONCE(leap->live, false);
	}
}

/* ---- Passes ----------------------------------------------------------------------- */

enum pass { PASS_UP, PASS_DOWN, PASS_AGAIN };

static bool takes_part(const struct dpid_tp *tp, enum pass pass, u32 from)
{
	const struct dpid_leap *leap = tp->leap;

	if (!leap)
		return false;
	switch (pass) {
	case PASS_UP:
		return dpid_leap_ready(leap) && tp->state == DPID_ARMED && leap->stage == from;
	case PASS_DOWN:
		return !dpid_leap_ready(leap) && leap->stage == from;
	default:
		return leap->written;
	}
}

static void again(struct dpid_pen *pen, struct dpid_leap *leap)
{
	u8 *mem = pen->mem + offset_in_page(leap->addr);
	u32 k;

	for (k = 0; k < DPID_JUMP_LEN; k++)
		WRITE_ONCE(mem[k], READ_ONCE(mem[k]));
	leap->written = false;
}

/* The points of one page, [i, end). */
static void do_page(struct dpid_proc *p, u32 i, u32 end, enum pass pass, u32 from)
{
	struct dpid_pen pen = { .mm = p->mm };
	struct dpid_origin origin;
	bool mapped, got;
	u8 why;

	mmap_read_lock(p->mm);
	mapped = !dpid_origin(p->mm, p->tps[i]->key.addr, VM_EXEC, &origin, &why);
	got = mapped && !dpid_pen_get(&pen, p->tps[i]->key.addr);
	for (; i < end; i++) {
		struct dpid_leap *leap = p->tps[i]->leap;

		if (!takes_part(p->tps[i], pass, from))
			continue;
		if (!mapped || !dpid_same_origin(&origin, &p->tps[i]->origin))
			dpid_stage_forget(leap);	/* its text has gone */
		else if (!got)
			continue;
		else if (pass == PASS_UP)
			step_up(&pen, leap);
		else if (pass == PASS_DOWN)
			step_down(&pen, leap);
		else
			again(&pen, leap);
	}
	if (got)
		dpid_pen_put(&pen);
	mmap_read_unlock(p->mm);
}

/* Returns whether there was anything to do. */
static bool do_pass(struct dpid_proc *p, enum pass pass, u32 from)
{
	bool any = false;
	u32 i, end;

	for (i = 0; i < p->ntps; i = end) {
		u64 page = p->tps[i]->key.addr & PAGE_MASK;
		bool work = false;

		for (end = i; end < p->ntps && (p->tps[end]->key.addr & PAGE_MASK) == page; end++)
			work |= takes_part(p->tps[end], pass, from);
		if (work)
			do_page(p, i, end, pass, from);
		any |= work;
		cond_resched();
	}
	return any;
}

static void step_all(struct dpid_proc *p, enum pass pass, u32 from)
{
	if (!do_pass(p, pass, from))
		return;
	dpid_serialise();
	if (!dpid_emulated())
		return;
	do_pass(p, PASS_AGAIN, 0);
	dpid_serialise();
}

static bool any_wants(struct dpid_proc *p, enum pass pass, u32 lo, u32 hi)
{
	u32 i, from;

	for (i = 0; i < p->ntps; i++)
		for (from = lo; from <= hi; from++)
			if (takes_part(p->tps[i], pass, from))
				return true;
	return false;
}

void dpid_stages_up(struct dpid_proc *p)
{
	u32 from;

	lockdep_assert_held(&p->lock);
	if (!any_wants(p, PASS_UP, DPID_STAGE_NONE, DPID_STAGE_TAIL))
		return;
	dpid_serialise();	/* 0xcc was written just now */
	for (from = DPID_STAGE_NONE; from < DPID_STAGE_JUMP; from++)
		step_all(p, PASS_UP, from);
	dpid_skips_absorb(p);
}

void dpid_stages_down(struct dpid_proc *p)
{
	u32 from;

	lockdep_assert_held(&p->lock);
	if (!p->nleaps)
		return;
	for (from = DPID_STAGE_JUMP; from > DPID_STAGE_NONE; from--)
		step_all(p, PASS_DOWN, from);
}

/* ---- After fork ------------------------------------------------------------------------ */

/* Nobody runs there: current is its only thread, and has not begun. */
bool dpid_stage_clean(const struct dpid_leap *leap, u8 *mem)
{
	u32 k;

	for (k = 0; k < DPID_JUMP_LEN; k++)
		if (mem[k] != leap->bytes[k] && mem[k] != leap->jump[k] &&
		    !(mem[k] == DPID_INT3 && (k == 0 || k == leap->lead)))
			return false;
	memcpy(mem, leap->bytes, DPID_JUMP_LEN);
	return true;
}
