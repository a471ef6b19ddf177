/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pid provider inside the kernel: function boundaries and instructions of
 * user programs by breakpoints that we patch ourselves.
 *
 * Files
 *   kmod.c          the family's ops and calls; probes, sites, links
 *   kmod_process.c  processes by mm: attach, detach, lifetime; works in a task's own context
 *   kmod_patch.c    writing breakpoints into text and taking them out
 *   kmod_stub.c     areas in the process, building stubs, where an ip inside a stub belongs
 *   kmod_insn.c     decoding one instruction
 *   kmod_jump.c     a jump instead of a trap: the code, and where it may lie
 *   kmod_leap.c     which points jump instead of trapping; their stubs; threads in them
 *   kmod_plan.c     what such a stub is to do, and for whom
 *   kmod_tally.c    how it does it: aggregating in the thread itself; kmod_gen.c: from D to machine code
 *   kmod_stage.c    writing jumps into text and taking them out
 *   kmod_count.c    the cells that jumps' stubs share with us
 *   kmod_trap.c     the breakpoint's exception: what fires, how the thread goes on
 *   kmod_recipe.c   arguments of probes that are not functions' (include/dtrace/recipe.h)
 *   kmod_lang.c     frames of interpreted languages in user stacks
 *   kmod_sem.c      counters in the program that say whether somebody looks
 *   kmod_events.c   fork, exec, exit, signals; threads that stand and wait
 *
 * Things
 *   process  an address space that somebody attached (struct dpid_proc, found by mm).
 *   point    an instruction of it (struct dpid_tp, found by (mm, address)).
 *   stub     what a thread executes instead of the instruction under the
 *            breakpoint: a copy that computes the same from another address,
 *            then a jump back. Built once per point, never changed, in an area.
 *   area     an executable anonymous mapping in the process that holds stubs.
 *   leap     a point's other form: a jump to a stub that aggregates, instead of the breakpoint.
 *   landing  such a stub. A leap has one for each plan that it ever had.
 *   probe    a name (struct dpid_probe), wrapped around the core's probe.
 *   site     what one ADD call says about a probe: a function's range in one process
 *            and links to points. A probe has several when two objects share a name.
 *   link     ties a site to a point. While the probe is enabled, the link is on the
 *            point's list, and that is all that a trap looks at.
 *   holder   a consumer's attachment to a process.
 *   sem      a 16-bit counter in the program, raised while a probe that names it is enabled.
 *
 * A hit. The int3 arrives through the die notifier, interrupts off, in the
 * thread itself. (mm, ip - 1) finds the point; each link on its list fires;
 * regs->ip becomes the stub's address. No lock, no allocation, no single-step.
 *
 * A point's states
 *
 *           arm: bytes agree, stub built
 *    IDLE ------------------------------> ARMED      0xCC is, or is about to be, in memory
 *     ^ |  <------------------------------
 *     | |   disarm: first byte written back, or the mapping is no longer ours
 *     | v
 *   REFUSED(why)    memory, mapping or instruction will not do; tried again when ADD names it anew
 *
 * State and memory change in this order: ARMED, then 0xCC; original byte, then
 * IDLE. So whoever trapped on our 0xCC either finds ARMED (and goes on through the
 * stub, which exists) or, finding IDLE, reads the byte again: no longer 0xCC means
 * run the instruction again; still 0xCC with the point still not ARMED means that the
 * int3 is the program's own or a debugger's. A disarmed point is never
 * forgotten while its process lives: a thread may be anywhere in its stub, for
 * hours if the instruction is a system call, and a signal must find the way back.
 * Points whose text was replaced (dlclose, then another library there) are RETIRED:
 * out of the table, their stub still known.
 *
 * Lifetimes
 *   process  From the first ATTACH until the address space has died and nobody
 *            holds it. mm_struct is grabbed, so its address names nothing else
 *            meanwhile. After the last holder left it is dormant: no breakpoints,
 *            but points and areas stay for threads in stubs and for the next attach.
 *   probe    While a site refers to it; then the core frees it, or condemns it
 *            until the last ECB goes. Sites go with their process's last holder.
 *   works    What must run in a thread's own context, on its way to user mode (task
 *            work cannot be cancelled from a module, so exit waits for all of them).
 *
 * Fork. The child of a process gets copies of patched pages and of the areas,
 * but not our attention. sched_process_fork() runs in the parent once the child is
 * complete and before it ever ran; it hangs a work on the child that puts
 * every byte back first thing. Race: text is disarmed between the copying of the page
 * tables and the event. The child then has breakpoints that no longer are
 * ARMED anywhere; hence the work looks at every point that was ever armed, and events
 * are heeded for DPID_GHOST_SECS after the last disarming. A child that could not be
 * cleaned (no memory) is "lost": its traps go through the copied stubs without firing.
 *
 * Exec. Whoever held the old program wants to hold the new one before it begins. So
 * sched_process_exec() hangs a work on the thread, which then stands, on its way to the
 * new program's first instruction, for those who held the old one at that moment ("held").
 * Letting go of the old process is the answer. No work to be had, or attached while the
 * exec was under way: the event says that nobody is held.
 *
 * Standing. A thread stands killably, and never for a consumer that has not called for
 * DTRACE_PID_PATIENCE_SECS (it is stopped, say). What the point it stands at is linked to
 * fires afterwards, so that probes placed meanwhile see this hit as well.
 *
 * Threads trapping while points go. Links leave a point's list by RCU; sync waits for
 * a grace period, so that nothing fires after it. The exception runs inside
 * an RCU reader, so the grace period also covers threads that already trapped.
 *
 * Leaps (kmod_jump.h has the code, kmod_stage.c the states). A point at whose probes nothing but aggregations of
 * arguments by constant keys are enabled becomes a jump once it is armed, and goes back to the breakpoint as soon as
 * that is no longer so. The jump may begin before the point (the lead). Nobody is told of a hit; we fetch the
 * counts (kmod_count.c) whenever somebody reads them, or it would matter whose they are. The counters are pages of ours
 * that the process has mapped, so they are whole after its end; what it writes there makes wrong numbers of its own, no
 * more.
 *
 * Lock order: dtk_lock > proc->lock (mutex: points, areas, patching) > the mm's mmap_lock.
 * proc->standlock (spinlock) is innermost and never taken in the trap.
 * Links, sites, holders, probes: dtk_lock. Briefly: control code holds both; traps hold RCU.
 */
#ifndef DPID_KMOD_H
#define DPID_KMOD_H

#include <linux/irq_work.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/task_work.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "dtk.h"
#include "kmod_jump.h"
#include "kmod_recipe.h"

#define DPID_GHOST_SECS	60
/* bytes of a stub's slot: prefixes and 15 bytes of instruction, 13 of pushing, a jump */
#define DPID_SLOT	32
#define DPID_NWHY	8
#define DPID_MAX_HOLDERS 64

struct dpid_proc;
struct dpid_probe;
struct dpid_site;
struct dpid_tp;

struct dpid_leap;

enum dpid_state { DPID_IDLE, DPID_ARMED, DPID_REFUSED };

struct dpid_key {
	u64 mm, addr;
};

/* Where a page comes from: says whether a mapping still is the one that was patched. */
struct dpid_origin {
	u64 ino, pgoff;
	dev_t dev;
};

struct dpid_link {
	struct dpid_link __rcu *next;	/* on tp->links */
	struct dpid_tp *tp;
	struct dpid_site *site;
	u32 step;			/* its recipe: nstep of site->steps from here */
	u8 nstep;
	bool on;			/* dtk_lock */
};

struct dpid_sem {
	struct list_head list;		/* proc->sems, only ever added to; dtk_lock */
	u64 addr;
	u32 wanted;			/* links that are on and name it; dtk_lock */
	bool raised, refused;		/* proc->lock */
	struct dpid_origin origin;	/* as it was when raised */
};

struct dpid_tp {
	struct rhash_head node;		/* dpid_tps */
	struct dpid_key key;
	struct dpid_proc *proc;
	struct dpid_link __rcu *links;	/* RCU; in firing order: entry, offset, return */
	u64 slot;			/* address of the stub, 0: none yet; proc->lock */
	u64 syncs;			/* holders (bits) who want threads to stop here */
	struct dpid_origin origin;	/* as it was when armed */
	u8 state;			/* enum dpid_state; written under proc->lock */
	u8 why;				/* DTRACE_PID_WHY_* when refused */
	bool ghost;			/* was armed once: a child may have inherited the 0xCC */
	bool recheck;			/* ADD named it again: look at memory again */
	bool written;			/* since the last rewrite_all() */
	struct dpid_tp *retired;	/* next on proc->retired */
	struct dpid_leap *leap;		/* set once, NULL: it can only be a breakpoint */
	u8 bytes[16];
	struct dpid_insn insn;
};

/* See kmod_stage.c. */
enum dpid_stage { DPID_STAGE_NONE, DPID_STAGE_TRAPS, DPID_STAGE_TAIL, DPID_STAGE_JUMP };

struct dpid_bind {
	struct dtk_ecb *ecb;		/* NULL: nobody's */
	u32 act;
};

/* A stub that aggregates. Never changed, freed with its point; dtk_lock and proc->lock. */
struct dpid_landing {
	struct dpid_landing *next;	/* on proc->landings */
	struct dpid_landing *older;	/* on leap->landings */
	struct dpid_leap *leap;
	const struct dpid_plan *plan;
	u64 addr;
	struct dpid_jump_map map;
	u32 cells;			/* the first one's number */
	u64 *seen;			/* by cell: what dpid_tally_add() gave last; NULL: nothing; dtk_lock */
	struct dpid_bind bind[];	/* by tally; written under dtk_lock, read by RCU */
};

/* Written under proc->lock, and dtk_lock where it says so. Freed with its point. */
struct dpid_leap {
	struct dpid_tp *tp;
	u64 addr;			/* where the jump begins: the point's, or a little before it */
	u32 lead;			/* how far before */
	bool keepflags;			/* flags are live there */
	struct dpid_prefix prefix;
	u8 bytes[24];			/* the prefix as it was; at least DPID_JUMP_LEN */
	const struct dpid_plan *plan;	/* what is wanted; NULL: a breakpoint */
	struct dpid_landing *landing;	/* where the jump goes; NULL: none yet. Changed in stage NONE only */
	struct dpid_landing *landings;	/* by ->older */
	u8 jump[DPID_JUMP_LEN];		/* to the landing */
	u8 stage;			/* enum dpid_stage: what memory shows, or will in a moment */
	bool live;			/* bytes that trap may be in memory; read by traps */
	bool ghost;			/* a child may have inherited such bytes, or the jump */
	bool written;			/* since the last rewriting */
	bool wanted;			/* decided by the last sync */
	u8 why;				/* not wanted: DTRACE_PID_NOJUMP_* */
};

/* How much of the text the jump is about. */
static inline u32 dpid_leap_len(const struct dpid_leap *leap)
{
	return max_t(u32, leap->prefix.len, DPID_JUMP_LEN);
}

/* Is it to jump, and is where it jumps to what is wanted? */
static inline bool dpid_leap_ready(const struct dpid_leap *leap)
{
	return leap->wanted && leap->landing && leap->landing->plan == leap->plan;
}

struct dpid_site {
	struct list_head byprobe, byproc;
	struct dpid_probe *probe;
	struct dpid_proc *proc;
	u64 lo, hi, lo2, hi2;
	struct rcu_head rcu;
	const struct dtrace_step *steps;	/* behind links[], as sems is */
	struct dpid_sem **sems;		/* by link; NULL: none has one */
	u32 nlinks;
	struct dpid_link links[];
};

struct dpid_probe {
	struct dtk_probe *dtk;
	struct list_head sites;		/* dtk_lock */
	u16 type;			/* DTRACE_PID_ENTRY ... */
	bool enabled;			/* dtk_lock */
};

struct dpid_area {
	struct list_head list;		/* proc->areas, RCU for readers, only ever added to */
	u64 start;
	u32 nslots, used;
	struct dpid_tp *tps[];		/* by slot; written before the slot's point is armed */
};

struct dpid_holder {
	struct list_head list;		/* proc->holders */
	struct dtk_consumer *cons;
	struct dpid_proc *proc;
	u64 bit;
	bool nojumps;			/* dtk_lock */
};

/* Is a holder still there? See kmod_events.c. */
struct dpid_patience {
	unsigned long called;		/* jiffies of its last call; written under dtk_lock */
	u32 late;			/* threads that went on without its answer; standlock */
};

struct dpid_counts {
	u64 hits, undecided;
};

/* See kmod_events.c: a thread whose ip was moved back from a stub must not fire twice. */
struct dpid_skip {
	u32 owner;			/* tid; 0: free; DPID_SKIP_BUSY: being written */
	struct dpid_regs regs;
};
#define DPID_SKIP_BUSY	0xffffffffu
#define DPID_NSKIPS	64

#define DPID_EV_EXEC	0
#define DPID_EV_EXIT	1

struct dpid_proc {
	struct hlist_node bymm;		/* RCU */
	struct list_head list;		/* dpid_procs, RCU for events */
	struct kref ref;		/* 1 while on the list, 1 per work and per waiting call */
	struct mm_struct *mm;		/* grabbed */
	pid_t tgid;			/* initial namespace */
	u64 cookie;

	struct mutex lock;
	struct dpid_tp **tps;		/* sorted by address */
	u32 ntps;
	struct dpid_tp *retired;	/* by ->retired */
	struct list_head areas;
	struct list_head leapareas;	/* kmod_leap.c; proc->lock */
	u64 leaplo, leaphi;		/* around all of them; for a quick look */
	struct xarray stubs;		/* landings by address / DPID_GRANULE */
	struct dpid_landing *landings;	/* by ->next; written under dtk_lock and proc->lock */
	u64 landingbytes;		/* of all of them; proc->lock */
	struct dpid_plan *plans;	/* by ->next; dtk_lock and proc->lock */
	struct dpid_cells *cells;	/* kmod_count.c; written under dtk_lock and proc->lock, read by RCU */
	u32 ncells, nleaps;		/* cells given out; leaps whose stage is not NONE */
	u64 nojump[DPID_NWHY];
	struct list_head sems;
	struct dpid_python __rcu *python;	/* kmod_lang.c; dtk_lock */
	struct dpid_saves *saves;	/* set once, before the first recipe that uses it is linked */
	bool dirty;			/* wants sync; dtk_lock */
	bool shunned;			/* a debugger came: no jumps while it is there; proc->lock */
	bool hot;			/* breakpoints may be in memory */
	unsigned long cooled;		/* jiffies of the last disarming */
	u32 narmed;
	u64 why[DPID_NWHY];		/* points refused, by reason, as of the last sync */
	u64 addwhy[DPID_NWHY];		/* points refused by ADD, which never became points */
	atomic_t lost;			/* children that could not be cleaned */

	struct list_head holders, sites;	/* dtk_lock */
	u64 bits;			/* of the holders */
	u64 held;			/* of those, the ones a new program waits for; standlock */
	struct dpid_patience patience[DPID_MAX_HOLDERS];	/* by bit */

	spinlock_t standlock;
	struct list_head standing;	/* works of threads that wait for CONTINUE */
	wait_queue_head_t waiters;	/* WAIT calls */
	wait_queue_head_t standers;
	unsigned long events;		/* DPID_EV_* bits */
	struct irq_work kick;		/* wakes waiters from a context that may not */

	struct dpid_counts __percpu *counts;
	atomic_t nskips;
	u32 nextskip;
	struct dpid_skip *skips;
	struct work_struct freework;
};

/* The table of points. All of it is here so that a trap's look-up is inlined. */
static inline u32 dpid_key_hash(const void *data, u32 len, u32 seed)
{
	const struct dpid_key *k = data;

	return (k->addr ^ (k->mm >> 6) ^ seed) * 0x9e3779b97f4a7c15ull >> 32;
}

static inline int dpid_key_cmp(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct dpid_key *a = arg->key, *b = &((const struct dpid_tp *)obj)->key;

	return a->addr != b->addr || a->mm != b->mm;
}

static const struct rhashtable_params dpid_tps_params = {
	.key_len = sizeof(struct dpid_key),
	.key_offset = offsetof(struct dpid_tp, key),
	.head_offset = offsetof(struct dpid_tp, node),
	.hashfn = dpid_key_hash,
	.obj_cmpfn = dpid_key_cmp,
	.automatic_shrinking = true,
};

/* kmod.c */
extern const struct dtk_provider_ops dpid_ops;
/* Forget all sites of a process; probes without sites go. dtk_lock. */
void dpid_sites_drop(struct dpid_proc *p);
/* Wait until no trap sees a link that was taken off a list. dtk_lock. */
void dpid_grace(void);
/* Is anything interested in a hit here? dtk_lock or proc->lock. */
static inline bool dpid_tp_wanted(const struct dpid_tp *tp)
{
	return rcu_access_pointer(tp->links) || READ_ONCE(tp->syncs);
}

/* kmod_process.c */
extern struct rhashtable dpid_tps;
extern struct workqueue_struct *dpid_wq;
extern struct list_head dpid_procs;

int dpid_proc_init(void);
void dpid_proc_exit(void);
/* Context: any, in an RCU reader. */
struct dpid_proc *dpid_proc_by_mm(const struct mm_struct *mm);
void dpid_proc_put(struct dpid_proc *p);
long dpid_attach(struct dtk_consumer *cons, struct dtrace_pid_attach *a);	/* dtk_lock */
struct dpid_holder *dpid_holder_find(struct dtk_consumer *cons, u64 cookie);	/* dtk_lock */
void dpid_detach(struct dpid_holder *h);					/* dtk_lock */
void dpid_release(struct dtk_consumer *cons);					/* dtk_lock */
/* Put a process that died or lies dormant up for freeing. Context: may sleep or not (not NMI). */
void dpid_reap_soon(void);
/* Take points into the process: tps[i] becomes the point of pts[i], or NULL if it was refused. dtk_lock. */
int dpid_points_add(struct dpid_proc *p, const struct dtrace_pid_point *pts, u32 n,
		    struct dpid_tp **tps);

/* kmod_patch.c */
void dpid_patch_init(void);
/* Make memory agree with what is wanted. dtk_lock. Returns 0, -EINTR (killed while arming), -ENOMEM. */
int dpid_sync(struct dpid_proc *p);
/* Is what the point says still in memory, armed or not? proc->lock. */
bool dpid_patch_valid(struct dpid_tp *tp);
/* Put back every byte in current's copy of the text. proc->lock. False: some could not be. */
bool dpid_patch_clean(struct dpid_proc *p);
/* Take one breakpoint out of current's text for good. proc->lock. */
void dpid_patch_lift(struct dpid_tp *tp);
/* mmap() in that process, by a kernel thread that adopts its memory. Returns the address or -errno. May sleep. */
struct file;
long dpid_map(struct mm_struct *mm, struct file *file, u64 addr, u64 size, u32 prot, u32 flags);
/* Write into an area, which the process may not. */
int dpid_write_stub(struct mm_struct *mm, u64 addr, const void *src, u32 n);
/* Is [start, end) mapped as an area is: anonymous, private, executable, not writable? mmap_lock. */
bool dpid_is_area(struct mm_struct *mm, u64 start, u64 end);

/* Where the page at @addr comes from; -1: not a private mapping of a file with these VM_* flags, and why. mmap_lock. */
int dpid_origin(struct mm_struct *mm, u64 addr, vm_flags_t flags, struct dpid_origin *o, u8 *why);
bool dpid_same_origin(const struct dpid_origin *a, const struct dpid_origin *b);

/* kmod_lang.c */
struct dtrace_pid_python;
int dpid_lang_init(void);
void dpid_lang_exit(void);
long dpid_lang_set(struct dpid_proc *p, const struct dtrace_pid_python *py);	/* dtk_lock */
void dpid_lang_free(struct dpid_proc *p);

/* kmod_sem.c */
/* The process's counter at @addr, made if need be. dtk_lock. NULL: no memory. */
struct dpid_sem *dpid_sem_get(struct dpid_proc *p, u64 addr);
/* Raise and lower what wants it; returns how many could not be. proc->lock, mm in use. */
u32 dpid_sems_sync(struct dpid_proc *p, bool raising);
/* Lower those that current's copy inherited. proc->lock. */
void dpid_sems_clean(struct dpid_proc *p);
void dpid_sems_free(struct dpid_proc *p);

/* kmod_stub.c */
/* Give each point that is wanted a stub, or refuse it. proc->lock, mm in use. */
int dpid_stubs_prepare(struct dpid_proc *p);
/*
 * If regs->ip is inside a stub, move it to where the program would be without us;
 * *again says whether that is the instruction itself. Context: any, in an RCU reader
 * or with proc->lock.
 */
bool dpid_stub_leave(struct dpid_proc *p, struct pt_regs *regs, bool *again);
void dpid_areas_unmap(struct dpid_proc *p);	/* current's copies, after fork; proc->lock */
u64 dpid_areas_bytes(struct dpid_proc *p);

/* kmod_leap.c */
#define DPID_GRANULE 16u		/* bytes of a leap area that belong to one stub */
/* ADD offers a prefix for @tp. proc->lock. */
void dpid_leap_offer(struct dpid_tp *tp, const struct dtrace_pid_point *pt);
void dpid_leap_free(struct dpid_leap *leap);	/* or NULL. Nothing finds the process any more */
void dpid_leaps_decide(struct dpid_proc *p);	/* which are wanted? proc->lock, dtk_lock */
/* Landings for those that are wanted. proc->lock, dtk_lock, mm in use. */
void dpid_leaps_prepare(struct dpid_proc *p);
/*
 * The leap that has an instruction at @addr, but not a point where its jump begins, or NULL; *i: which. Context: any,
 * in an RCU reader.
 */
struct dpid_leap *dpid_leap_around(const struct mm_struct *mm, u64 addr, u32 *i);
/* As dpid_stub_leave(), for landings: it will do again what it did there. Context: current's, interrupts off. */
bool dpid_leap_leave(struct dpid_proc *p, struct pt_regs *regs);
/* Set regs->ip to where the program would be, and nothing else. False: it is in no landing. Context: as a trap. */
bool dpid_leap_where(struct dpid_proc *p, struct pt_regs *regs);
/*
 * A thread fired, and will come through @leap's landing all the same: take off beforehand what that will
 * add. @regs: as they were then. Context: any, in an RCU reader.
 */
void dpid_leap_uncount(struct dpid_leap *leap, const struct dpid_regs *regs);
/*
 * A thread with @regs leaves its CPU, or dies: no update of its is left half made. Context: on the CPU where it ran, in
 * an RCU reader, interrupts off.
 */
void dpid_leap_settle(struct dpid_proc *p, struct pt_regs *regs);
void dpid_leap_switch(struct task_struct *prev);	/* Context: sched_switch */
void dpid_leapareas_unmap(struct dpid_proc *p);	/* current's copies, after fork; proc->lock */
void dpid_leaps_free(struct dpid_proc *p);
u64 dpid_leaps_bytes(struct dpid_proc *p);

/* kmod_plan.c */
struct dpid_planner;			/* room, and what it found last; NULL: no memory */
struct dpid_planner *dpid_planner_create(void);
void dpid_planner_free(struct dpid_planner *pl);
/* The plan for what is enabled on @tp, which has a leap, or NULL: that needs a trap. proc->lock, dtk_lock. */
const struct dpid_plan *dpid_plan_for(struct dpid_proc *p, struct dpid_planner *pl, const struct dpid_tp *tp);
void dpid_plans_free(struct dpid_proc *p);
/* Bind a landing, whose plan is that of its point, to what is enabled there. proc->lock, dtk_lock. */
void dpid_bind(struct dpid_proc *p, struct dpid_landing *l);
/* Forget the ECBs that are not enabled any more. Before they are freed; dtk_lock. */
void dpid_unbind_gone(struct dpid_proc *p);

/* kmod_stage.c */
void dpid_stages_up(struct dpid_proc *p);	/* proc->lock, mm in use; every point is armed that will be */
void dpid_stages_down(struct dpid_proc *p);	/* those not wanted, or wanted otherwise */
/* The process's memory is gone, or the point's is another's: nothing of the leap is there. proc->lock. */
void dpid_stage_forget(struct dpid_leap *leap);
/* Does memory, five bytes and more at @now, show what the stage says? */
bool dpid_stage_shows(const struct dpid_leap *leap, const u8 *now);
/* Put the original bytes back where @mem shows any mixture of ours. False: they are neither. After fork only. */
bool dpid_stage_clean(const struct dpid_leap *leap, u8 *mem);

/* kmod_count.c */
/* Room for @n <= DPID_CELLS more cells. Returns the first one's number or -errno. proc->lock, dtk_lock, mm in use. */
int dpid_cells_get(struct dpid_proc *p, u32 n);
u64 dpid_cells_address(const struct dpid_proc *p, u32 cells);	/* in the process, of the first copy */
/*
 * This CPU's copy of a landing's cells, for us to write to. NULL: there is none, and (@make) none to be had; or
 * nobody counts any more. Context: any, in an RCU reader, interrupts off.
 */
u64 *dpid_cells_here(struct dpid_landing *l, bool make);
u32 dpid_copies(void);
/* What tally @i has come to until now is nobody's. dtk_lock. */
void dpid_landing_forget(struct dpid_proc *p, struct dpid_landing *l, u32 i);
void dpid_harvest_proc(struct dpid_proc *p);	/* dtk_lock */
void dpid_harvest(void);			/* dtk_lock */
/* Put our pages where they were before rest. False: it cannot be. proc->lock, mm in use. */
bool dpid_cells_back(struct dpid_proc *p);
/* Nobody holds the process: take our pages out of it, but not the ground from under a thread. proc->lock, dtk_lock. */
void dpid_cells_rest(struct dpid_proc *p);
void dpid_cells_unmap(struct dpid_proc *p);	/* current's copies, after fork; proc->lock */
void dpid_cells_free(struct dpid_proc *p);

/* kmod_trap.c */
int dpid_trap_init(void);
void dpid_trap_exit(void);
void dpid_regs_get(struct dpid_regs *r, const struct pt_regs *regs);
/* Is whoever comes to @tp sure to leave @site's function there? */
bool dpid_always_leaves(const struct dpid_tp *tp, const struct dpid_site *site);
void dpid_skip_add(struct dpid_proc *p, const struct pt_regs *regs);
void dpid_skips_clear(struct dpid_proc *p);
/* Points that have just become jumps cannot skip: what comes again will count once too often, so take one off. */
void dpid_skips_absorb(struct dpid_proc *p);
/* Fire what is linked to a point where current stood. Context: task, on its way to user mode. */
void dpid_fire_stood(struct dpid_tp *tp);
/* An argument that the firing did not bring along. Context: firing. False: there is none. */
bool dpid_getarg(const struct dpid_probe *probe, struct dtk_fire *f, u32 n, u64 *val);

/* kmod_events.c */
int dpid_events_init(void);
void dpid_events_quiesce(void);	/* no event comes any more and every work has run */
void dpid_events_exit(void);
/* Context: trap. The thread will stand here before it reaches user mode, then fire. False: no work to be had. */
bool dpid_stand(struct dpid_tp *tp);
/* Context: trap. Before the thread reaches user mode, the memory of a recipe is brought in, and the point fires. */
bool dpid_fetch(struct dpid_tp *tp);
/* Context: trap. Before the thread reaches user mode, the point is taken out: it cannot be displaced after all. */
bool dpid_lift(struct dpid_tp *tp);
/* Let threads go that stand for @bits; @tid NULL: all. */
void dpid_stand_release(struct dpid_proc *p, u64 bits, struct pid *tid);
long dpid_wait(struct dpid_proc *p, u64 bit, struct dtrace_pid_wait *w);

#endif /* DPID_KMOD_H */
