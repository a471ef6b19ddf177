/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recipes (include/dtrace/recipe.h): checked when they are added, run in the
 * trap. Plain C over port.h: the same file runs in the unit test.
 */
#ifndef DPID_RECIPE_H
#define DPID_RECIPE_H

#include "port.h"
#include <dtrace/recipe.h>

/*
 * What SAVE remembers until TAKE: a table of slots, hashed by thread and key and
 * looked for within a short window. Only the owning thread changes its entries; others
 * may only claim free ones. A thread that dies leaves its entries behind, and a
 * full window recycles one: then a TAKE finds nothing, which is counted.
 */
#define DPID_NSAVES	8192	/* a power of two */
struct dpid_saves {
	u32 recycled;		/* entries overwritten while their owners may live */
	struct dpid_save {
		u64 owner;	/* dtk_thread_id(); 0: free; DPID_SAVE_BUSY: being written */
		u64 key, val;
	} slot[DPID_NSAVES];
};
#define DPID_SAVE_BUSY	(~0ull)

/* One run. The caller fills what is above the empty line. */
struct dpid_recipe {
	const struct dtrace_step *step;
	u32 nstep;
	u32 reads;			/* arguments that a program may read: bit n is arg n */
	const struct pt_regs *regs;	/* for dpid_reg() */
	u64 *arg;			/* [DTRACE_STEP_ARGS], filled by the run: 0 if the recipe does not set it */
	struct dpid_saves *saves;	/* NULL if no recipe of the process has SAVE or TAKE */
	char *text;			/* room for text that the program does not have, NUL included */
	u32 textsize;
	u64 textaddr;			/* what the D program calls the first byte of it */

	u64 v[DTRACE_STEP_VALUES];
	u32 textused;
	u64 fault;			/* an address that could not be read */
	struct dpid_save *taken;	/* given back by dpid_recipe_commit() */
	bool lost;			/* SAVE overwrote what somebody may still want to TAKE */
};

/* Control context. @n steps make a sound recipe? *saves is set if it uses SAVE or TAKE. */
bool dpid_recipe_ok(const struct dtrace_step *step, u32 n, bool *saves);

/*
 * Probe context. 1: the probe fires; 0: it does not; -EFAULT: ->fault cannot be read
 * now; run it again when it can. After 1 and 0, commit: what was TAKEn is forgotten.
 */
int dpid_recipe_run(struct dpid_recipe *r);
static inline void dpid_recipe_commit(struct dpid_recipe *r)
{
	if (r->taken)
		smp_store_release(&r->taken->owner, 0);
	r->taken = NULL;
}
/* DTRACE_REG_* @reg of the thread at the probe, but FSBASE. Whoever runs recipes has it, and fsbase. */
#ifdef __KERNEL__
#include "kmod_regs.h"
#else
u64 dpid_reg(const struct pt_regs *regs, u32 reg);
#endif
u64 dpid_fsbase(const struct pt_regs *regs);

/* What the steps TEXT and LINE do, for others. Of @r only text, textsize and fault matter. -EFAULT as above. */
int dpid_text(struct dpid_recipe *r, u64 obj, u32 layout, u64 *ret);
int dpid_line(struct dpid_recipe *r, u32 kind, u64 pos, s32 first, u64 table);

#endif /* DPID_RECIPE_H */
