/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Aggregating without a trap: what a jump's stub does before the displaced instructions (kmod_jump.h), its head.
 * Plain C over port.h, so that tests and benchmarks run the same.
 *
 * A tally is one aggregating action whose predicate and value need nothing but arguments and constants. Its result
 * is kept in cells: 64-bit words in memory shared with the process, of which each CPU has a copy
 * (kmod_count.c). A plan is all tallies of a point: their sections follow each other in the head, between saving and
 * restoring registers. A section is
 *
 *	the predicate; if it is false, the section's end
 *	the value, x, to r10; for what has buckets, the bucket's index to r11
 *	cpu:	where this CPU's copy is, to rax
 *	updates: one instruction for each cell
 *	done:
 *
 * Exactly. A thread that is switched out between cpu and done may come back on another CPU: so it goes back to cpu,
 * or, if it has begun its updates, we make the rest (x is still in r10). So no copy is ever written by
 * two CPUs, and an update need not be locked. Whoever is taken out of a stub, because a signal handler
 * is to run, goes back to the function's entry, and what it did is undone.
 *
 * Cells, by aggregating function:
 *	count			[hits]
 *	sum, avg, stddev	[begun] [sum] ([low] [high], of the squares' sum) [undone] [ended]
 *				A copy is consistent if begun and ended agree. They only ever grow, by one with each
 *				hit and with each that we undo: hits are ended - 2 * undone.
 *	min, max		[key] [extreme]
 *				The key is the largest so far of x's complement or x, moved such that 0, which
 *				fresh memory holds, is less than any other. The x that would be 0 itself sets extreme.
 *				Both are taken away when they are read: reading is an exchange.
 *	quantize, ...		[hits], by bucket as in the aggregation's value
 */
#ifndef DPID_TALLY_H
#define DPID_TALLY_H

#include "kmod_gen.h"

#define DPID_TALLIES	6		/* of a point */
#define DPID_CELLS	512		/* of a point: its copies lie a page apart */
#define DPID_UPDATES	5
/* A page of cells belongs to one copy; a cell's copies lie a page apart. */
#define DPID_COPY_SHIFT	12

/* What is to be kept. The difos are the clause's. */
struct dpid_wish {
	u16 kind;			/* DTRACEAGG_* */
	u64 arg;
	const struct dtk_difo *pred, *val;	/* or NULL */
};

struct dpid_tally {
	u16 kind;
	u16 cell, ncells;		/* from the point's first */
	u64 arg;
	/* Offsets in the head: */
	u16 cpu, done;
	u16 nupdates;			/* that must not be made again */
	u16 updated[DPID_UPDATES];	/* update i is made from there on */
};

struct dpid_plan {
	struct dpid_plan *next;		/* the owner's */
	u16 n, ncells;
	u16 saved;			/* registers have been put away */
	u16 flagged;			/* flags, too; 0: that is not needed */
	u16 size;			/* of the head; registers are as they were */
	u16 base[DPID_TALLIES];		/* where the displacements of the cells' address are */
	bool values, divides;		/* r10 and r11 are put away, too; rdx is */
	bool shared;			/* tally 0 is count() for all who want nothing else */
	bool returns;			/* of a point where a function returns */
	struct dpid_tally tally[DPID_TALLIES];
	u8 head[];
};

/* Where it can be cells: their number. 0: no. */
u32 dpid_tally_cells(u16 kind, u64 arg);
/* Where the head is to run. */
struct dpid_setting {
	u32 copies;			/* a power of two, more than any CPU's number */
	bool rdpid, bmi2;		/* the processor has these instructions */
	bool returns;			/* where a function returns: that is what arguments are */
	bool keepflags;			/* somebody may read the flags */
};

/*
 * The plan for @n wishes. @g is room to work in.
 * Returns 0 and *ret, which is the caller's to dtk_free(); -EOPNOTSUPP: this needs a trap; -ENOMEM.
 * Context: control.
 */
int dpid_plan_make(struct dpid_gen *g, const struct dpid_wish *wish, u32 n, const struct dpid_setting *set,
		   struct dpid_plan **ret);
/* Is the code the same, and what becomes of the cells? */
bool dpid_plan_same(const struct dpid_plan *a, const struct dpid_plan *b);

/*
 * Whoever is at @off of the head: in which tally's section that is, or before it, how many of its updates
 * have been made (*updates), and whether it has read the CPU's number and still needs it (*bound).
 */
u32 dpid_plan_progress(const struct dpid_plan *plan, u32 off, u32 *updates, bool *bound);

/*
 * Below, @cells are the tally's in a copy that nobody else writes meanwhile. The thread that has made the first
 * @updates of a hit with @x makes no more: make the others.
 */
void dpid_tally_finish(const struct dpid_tally *t, u64 *cells, u64 x, u32 updates);
/* Take back a hit with @x; @bucket: of x, if there are buckets. */
void dpid_tally_undo(const struct dpid_tally *t, u64 *cells, u64 x, u32 bucket);
/*
 * Add what a copy has to @sum, which is laid out as the aggregation's value, but for parameters in front. False: it is
 * not consistent now, and nothing was added. Not for min and max.
 */
bool dpid_tally_add(const struct dpid_tally *t, const u64 *cells, u64 *sum);

/* min and max: the value that @key stands for, and the one that has none. */
s64 dpid_tally_value(const struct dpid_tally *t, u64 key);
s64 dpid_tally_extreme(const struct dpid_tally *t);

#endif /* DPID_TALLY_H */
