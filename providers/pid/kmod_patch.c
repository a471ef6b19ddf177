// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing breakpoints into a process's text and taking them out.
 *
 * Points are walked in order of address, one get_user_pages_remote() a page.
 * FOLL_FORCE | FOLL_WRITE on a private mapping gives the process its own copy of
 * the page, as a debugger would; the file and other processes never see it. Only
 * an instruction's first byte is ever written, by one store: a CPU that
 * executes there meanwhile sees the old instruction or the new.
 *
 * Before each write the whole instruction is compared with memory and the mapping
 * is looked at: private, executable, of a file. Its origin (file and offset)
 * is remembered, and taking a breakpoint out asks for the same origin and the
 * same bytes behind the 0xCC, so text that was unmapped and replaced since is left alone.
 *
 * The mmap_lock is held while a page is looked at and written; so the page
 * cannot be unmapped, forked or replaced in between.
 *
 * QEMU's emulator (TCG, several CPUs) has a gap there: a byte that is written while another
 * CPU is translating the code around it may be missed, and the old translation stays for good (seen about
 * once in a hundred tries with 7.2 and a plain write to /proc/PID/mem). A second write is never missed once the
 * CPUs have been through an interrupt. So under TCG, and nowhere else, what was written is written again.
 */
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/mmap_lock.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <asm/processor.h>
#include <asm/sync_core.h>

#include "kmod_patch.h"

/* The process may have done anything to the area's addresses meanwhile: look first. */
int dpid_write_stub(struct mm_struct *mm, u64 addr, const void *src, u32 n)
{
	struct dpid_pen pen = { .mm = mm };
	u32 off = offset_in_page(addr);
	int ret;

	mmap_read_lock(mm);
	ret = dpid_is_area(mm, addr, addr + n) ? dpid_pen_get(&pen, addr) : -EFAULT;
	if (!ret) {
		memcpy(pen.mem + off, src, n);
		pen.wrote = true;
		dpid_pen_put(&pen);
	}
	mmap_read_unlock(mm);
	return ret;
}

/* ---- Looking -------------------------------------------------------------- */

int dpid_origin(struct mm_struct *mm, u64 addr, vm_flags_t flags, struct dpid_origin *o, u8 *why)
{
	struct vm_area_struct *vma = find_vma(mm, addr);
	struct inode *inode;

	*why = DTRACE_PID_WHY_UNMAPPED;
	if (!vma || vma->vm_start > addr)
		return -1;
	if (vma->vm_flags & (VM_SHARED | VM_MAYSHARE)) {
		*why = DTRACE_PID_WHY_SHARED;
		return -1;
	}
	if ((vma->vm_flags & flags) != flags || !vma->vm_file ||
	    (vma->vm_flags & (VM_IO | VM_PFNMAP | VM_HUGETLB)))
		return -1;
	inode = file_inode(vma->vm_file);
	o->ino = inode->i_ino;
	o->dev = inode->i_sb->s_dev;
	o->pgoff = vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
	return 0;
}

bool dpid_same_origin(const struct dpid_origin *a, const struct dpid_origin *b)
{
	return a->ino == b->ino && a->dev == b->dev && a->pgoff == b->pgoff;
}

int dpid_read_page(struct mm_struct *mm, u64 addr, void *dst, u32 n)
{
	struct page *page;

	if (dtk_gup_remote(mm, addr & PAGE_MASK, 1, FOLL_FORCE, &page) != 1)
		return -EFAULT;
	memcpy(dst, (u8 *)page_address(page) + offset_in_page(addr), n);
	put_page(page);
	return 0;
}

int dpid_read_text(struct mm_struct *mm, u64 addr, const u8 *mem, u8 *dst, u32 n)
{
	u32 off = offset_in_page(addr), here = min_t(u32, n, PAGE_SIZE - off);

	memcpy(dst, mem + off, here);
	return here == n ? 0 : dpid_read_page(mm, addr + here, dst + here, n - here);
}

enum view { VIEW_ORIGINAL, VIEW_BREAKPOINT, VIEW_OTHER };

static enum view view(struct mm_struct *mm, const struct dpid_tp *tp, const u8 *mem)
{
	u8 now[DPID_INSN_MAX];

	if (dpid_read_text(mm, tp->key.addr, mem, now, tp->insn.len) ||
	    memcmp(now + 1, tp->bytes + 1, tp->insn.len - 1))
		return VIEW_OTHER;
	return now[0] == tp->bytes[0] ? VIEW_ORIGINAL :
	       now[0] == DPID_INT3 ? VIEW_BREAKPOINT : VIEW_OTHER;
}

bool dpid_patch_valid(struct dpid_tp *tp)
{
	struct mm_struct *mm = tp->proc->mm;
	struct dpid_pen pen = { .mm = mm };
	struct dpid_origin now;
	u8 mem[DPID_PREFIX_MAX], why;
	u32 len = tp->insn.len;
	u64 addr = tp->key.addr;
	bool valid;

	if (tp->leap && tp->leap->stage) {
		len = dpid_leap_len(tp->leap);
		addr = tp->leap->addr;
	}
	mmap_read_lock(mm);
	valid = !dpid_origin(mm, tp->key.addr, VM_EXEC, &now, &why) && dpid_same_origin(&now, &tp->origin) &&
		dtk_gup_remote(mm, tp->key.addr & PAGE_MASK, 1, FOLL_FORCE, &pen.page) == 1;
	if (valid) {
		valid = !dpid_read_text(mm, addr, page_address(pen.page), mem, len);
		put_page(pen.page);
	}
	mmap_read_unlock(mm);
	if (!valid)
		return false;
	if (tp->leap && tp->leap->stage)
		return dpid_stage_shows(tp->leap, mem);
	return (mem[0] == DPID_INT3 || mem[0] == tp->bytes[0]) && !memcmp(mem + 1, tp->bytes + 1, len - 1);
}

/* ---- Patching ------------------------------------------------------------- */

static void poke(struct dpid_pen *pen, struct dpid_tp *tp, u8 byte)
{
	tp->written = true;
	WRITE_ONCE(pen->mem[offset_in_page(tp->key.addr)], byte);
	pen->wrote = true;
}

static bool leaps(struct dpid_pen *pen, const struct dpid_tp *tp)
{
	u8 now[DPID_PREFIX_MAX];

	return !dpid_read_text(pen->mm, tp->leap->addr, pen->mem, now, dpid_leap_len(tp->leap)) &&
	       dpid_stage_shows(tp->leap, now);
}

static void arm(struct dpid_pen *pen, struct dpid_tp *tp, const struct dpid_origin *o)
{
	enum view v;

	tp->recheck = false;
	if (tp->leap && tp->leap->stage) {
		if (tp->state == DPID_ARMED && dpid_same_origin(o, &tp->origin) && leaps(pen, tp))
			return;
		dpid_stage_forget(tp->leap);	/* other text is there now */
	}
	v = view(pen->mm, tp, pen->mem);
	if (v == VIEW_BREAKPOINT && tp->state == DPID_ARMED)
		return;
	if (v != VIEW_ORIGINAL) {
		tp->why = DTRACE_PID_WHY_BYTES;
		WRITE_ONCE(tp->state, DPID_REFUSED);
		return;
	}
	tp->origin = *o;
	tp->ghost = true;
	WRITE_ONCE(tp->state, DPID_ARMED);
	smp_wmb();	/* state before 0xCC; pairs with smp_rmb() in dpid_int3(): trapped, then looks */
	poke(pen, tp, DPID_INT3);
}

static void disarm(struct dpid_pen *pen, struct dpid_tp *tp, const struct dpid_origin *o)
{
	if (dpid_same_origin(o, &tp->origin) && view(pen->mm, tp, pen->mem) == VIEW_BREAKPOINT)
		poke(pen, tp, tp->bytes[0]);
	smp_wmb();	/* the byte before the state: see dpid_int3() */
	WRITE_ONCE(tp->state, DPID_IDLE);
}

static bool wants_arm(const struct dpid_tp *tp)
{
	return dpid_tp_wanted(tp) && tp->slot && (tp->state == DPID_IDLE || tp->recheck);
}

/* Not before its jump has been taken out. */
static bool wants_disarm(const struct dpid_tp *tp)
{
	return !dpid_tp_wanted(tp) && tp->state == DPID_ARMED && !(tp->leap && tp->leap->stage);
}

/* Can be read and shows an int3. Used when the page cannot be had for writing. */
static bool shows_int3(struct mm_struct *mm, u64 addr)
{
	u8 now;

	return !dpid_read_page(mm, addr, &now, 1) && now == DPID_INT3;
}

/* Behind the last point of the page that the point @i is on. */
static u32 page_end(const struct dpid_proc *p, u32 i)
{
	u64 page = p->tps[i]->key.addr & PAGE_MASK;

	while (i < p->ntps && (p->tps[i]->key.addr & PAGE_MASK) == page)
		i++;
	return i;
}

/* The points of one page, [i, end): arm and disarm what wants it. */
static void patch_page(struct dpid_proc *p, u32 i, u32 end, bool arming)
{
	struct dpid_pen pen = { .mm = p->mm };
	u64 addr = p->tps[i]->key.addr;
	struct dpid_origin origin;
	bool mapped, got = false;
	u8 why;

	mmap_read_lock(p->mm);
	mapped = !dpid_origin(p->mm, addr, VM_EXEC, &origin, &why);
	if (mapped) {
		got = !dpid_pen_get(&pen, addr);
		why = DTRACE_PID_WHY_FAULT;
	}
	for (; i < end; i++) {
		struct dpid_tp *tp = p->tps[i];

		if (wants_disarm(tp)) {
			if (got)
				disarm(&pen, tp, &origin);
			else if (!mapped || !shows_int3(p->mm, tp->key.addr))
				WRITE_ONCE(tp->state, DPID_IDLE);
			/* else: no memory for a copy of the page now. It stays armed, firing nothing. */
		} else if (arming && wants_arm(tp)) {
			if (got) {
				arm(&pen, tp, &origin);
			} else {
				tp->why = why;
				tp->recheck = false;
				WRITE_ONCE(tp->state, DPID_REFUSED);
			}
		}
	}
	if (got)
		dpid_pen_put(&pen);
	mmap_read_unlock(p->mm);
}

/* One pass over all points. Killed: what is armed stays so until its consumer closes; taking out goes on. */
static int patch_all(struct dpid_proc *p)
{
	bool arming = true;
	u32 i, k, end;

	for (i = 0; i < p->ntps; i = end) {
		bool work = false;

		end = page_end(p, i);
		for (k = i; k < end; k++)
			work |= wants_disarm(p->tps[k]) || (arming && wants_arm(p->tps[k]));
		if (!work)
			continue;
		if (fatal_signal_pending(current))
			arming = false;
		patch_page(p, i, end, arming);
		cond_resched();
	}
	return arming ? 0 : -EINTR;
}

/* ---- Writing again, for an emulator -------------------------------------------- */

static bool emulated;

void dpid_patch_init(void)
{
	u32 highest, name[3];

	if (!boot_cpu_has(X86_FEATURE_HYPERVISOR))
		return;
	cpuid(0x40000000, &highest, &name[0], &name[1], &name[2]);
	emulated = !memcmp(name, "TCGTCGTCGTCG", sizeof(name));
}

static void rewrite_page(struct dpid_proc *p, u32 i, u32 end)
{
	struct dpid_pen pen = { .mm = p->mm };
	u64 addr = p->tps[i]->key.addr;
	struct dpid_origin origin;
	u8 why, *at;

	mmap_read_lock(p->mm);
	if (!dpid_origin(p->mm, addr, VM_EXEC, &origin, &why) && !dpid_pen_get(&pen, addr)) {
		for (; i < end; i++) {
			at = &pen.mem[offset_in_page(p->tps[i]->key.addr)];
			if (p->tps[i]->written && dpid_same_origin(&origin, &p->tps[i]->origin))
				WRITE_ONCE(*at, READ_ONCE(*at));
		}
		dpid_pen_put(&pen);
	}
	mmap_read_unlock(p->mm);
}

static void be_interrupted(void *unused)
{
	sync_core();
}

void dpid_serialise(void)
{
	on_each_cpu(be_interrupted, NULL, 1);
}

bool dpid_emulated(void)
{
	return emulated;
}

static void rewrite_all(struct dpid_proc *p)
{
	u32 i, k, end;

	if (!emulated)
		return;
	dpid_serialise();
	for (i = 0; i < p->ntps; i = end) {
		bool any = false;

		end = page_end(p, i);
		for (k = i; k < end; k++)
			any |= p->tps[k]->written;
		if (any)
			rewrite_page(p, i, end);
		for (k = i; k < end; k++)
			p->tps[k]->written = false;
		cond_resched();
	}
}

void dpid_patch_lift(struct dpid_tp *tp)
{
	struct mm_struct *mm = tp->proc->mm;
	struct dpid_pen pen = { .mm = mm };
	struct dpid_origin origin;
	u8 why;

	lockdep_assert_held(&tp->proc->lock);
	if (tp->state != DPID_ARMED)
		return;
	mmap_read_lock(mm);
	if (!dpid_origin(mm, tp->key.addr, VM_EXEC, &origin, &why) && !dpid_pen_get(&pen, tp->key.addr)) {
		disarm(&pen, tp, &origin);
		dpid_pen_put(&pen);
		tp->why = DTRACE_PID_WHY_SHSTK;
		WRITE_ONCE(tp->state, DPID_REFUSED);
	}
	mmap_read_unlock(mm);
}

static void count_leap(struct dpid_proc *p, const struct dpid_tp *tp)
{
	const struct dpid_leap *leap = tp->leap;

	if (leap && leap->stage)
		p->nleaps++;
	else if (tp->state == DPID_ARMED && rcu_access_pointer(tp->links))
		p->nojump[leap ? leap->why : DTRACE_PID_NOJUMP_ASKED]++;
}

static void count_points(struct dpid_proc *p, u32 sems_refused)
{
	u32 i, armed = 0;

	memcpy(p->why, p->addwhy, sizeof(p->why));
	memset(p->nojump, 0, sizeof(p->nojump));
	p->nleaps = 0;
	p->why[DTRACE_PID_WHY_FAULT] += sems_refused;
	for (i = 0; i < p->ntps; i++) {
		armed += p->tps[i]->state == DPID_ARMED;
		if (p->tps[i]->state == DPID_REFUSED)
			p->why[p->tps[i]->why]++;
		count_leap(p, p->tps[i]);
	}
	WRITE_ONCE(p->narmed, armed);
}

static void forget_memory(struct dpid_proc *p)
{
	u32 i;

	for (i = 0; i < p->ntps; i++) {
		WRITE_ONCE(p->tps[i]->state, DPID_IDLE);
		if (p->tps[i]->leap)
			dpid_stage_forget(p->tps[i]->leap);
	}
}

int dpid_sync(struct dpid_proc *p)
{
	u32 sems_refused = 0;
	int ret = 0;

	lockdep_assert_held(&dtk_lock);
	if (!p->dirty)
		return 0;
	mutex_lock(&p->lock);
	dpid_unbind_gone(p);
	if (mmget_not_zero(p->mm)) {
		WRITE_ONCE(p->hot, true);
		/* Hot before any 0xCC: a fork that copied one sees it (the mmap_lock orders the rest). */
		smp_mb();
		dpid_leaps_decide(p);
		dpid_stages_down(p);
		ret = dpid_stubs_prepare(p);
		if (!ret)
			ret = patch_all(p);
		else
			patch_all(p);
		rewrite_all(p);
		if (!ret) {
			dpid_leaps_prepare(p);
			dpid_stages_up(p);
		}
		/* After the breakpoints: what the program tells, we hear. */
		sems_refused = dpid_sems_sync(p, !ret);
		mmput(p->mm);
	} else {
		forget_memory(p);	/* it died, its memory with it */
	}
	count_points(p, sems_refused);
	WRITE_ONCE(p->cooled, jiffies);
	if (!p->narmed)
		smp_store_release(&p->hot, false);	/* after cooled; pairs with ghosts_possible() */
	p->dirty = ret != 0;
	mutex_unlock(&p->lock);
	return ret;
}

/* ---- After fork ----------------------------------------------------------- */

static bool clean_page(struct dpid_proc *p, u32 i, u32 end)
{
	struct dpid_pen pen = { .mm = current->mm };
	u64 addr = p->tps[i]->key.addr;
	struct dpid_origin origin;
	bool ok = true;
	u8 why, first;

	mmap_read_lock(pen.mm);
	if (dpid_origin(pen.mm, addr, VM_EXEC, &origin, &why))
		goto out;
	/* Most pages of an old table show no breakpoint: don't copy those. */
	for (; i < end; i++)
		if (p->tps[i]->ghost &&
		    (dpid_read_page(pen.mm, p->tps[i]->key.addr, &first, 1) || first == DPID_INT3 ||
		     (first != p->tps[i]->bytes[0] && p->tps[i]->leap && p->tps[i]->leap->ghost)))
			break;
	if (i == end)
		goto out;
	ok = !dpid_pen_get(&pen, addr);
	if (!ok)
		goto out;
	for (; i < end; i++) {
		struct dpid_tp *tp = p->tps[i];

		if (!tp->ghost || !dpid_same_origin(&origin, &tp->origin))
			continue;
		if (tp->leap && tp->leap->ghost && dpid_stage_clean(tp->leap, pen.mem + offset_in_page(tp->leap->addr)))
			pen.wrote = true;
		else if (view(pen.mm, tp, pen.mem) == VIEW_BREAKPOINT)
			poke(&pen, tp, tp->bytes[0]);
	}
	dpid_pen_put(&pen);
out:
	mmap_read_unlock(pen.mm);
	return ok;
}

bool dpid_patch_clean(struct dpid_proc *p)
{
	bool ok = true;
	u32 i, k, end;

	lockdep_assert_held(&p->lock);
	for (i = 0; i < p->ntps; i = end) {
		bool ghosts = false;

		end = page_end(p, i);
		for (k = i; k < end; k++)
			ghosts |= p->tps[k]->ghost;
		if (ghosts)
			ok &= clean_page(p, i, end);
		cond_resched();
	}
	dpid_sems_clean(p);
	return ok;
}
