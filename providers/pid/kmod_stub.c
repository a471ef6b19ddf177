// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stubs and the areas that hold them. See kmod.h.
 *
 * What a stub is, by kind ("back" is jmp rel32 to the next instruction, "ret"
 * the address of the next instruction):
 *
 *   COPY     insn; back                    RIPREL   insn, displacement moved; back
 *   JMP      jmp target                    JCC      jcc target; back
 *   RET      insn                          JMPIND   insn, displacement moved
 *   LOOP     loop 1f; back; 1: jmp target
 *   CALL     push ret; jmp target          (push imm32, then the high half by mov)
 *   CALLIND  push ret; jmp operand         (rsp-relative operands moved by 8)
 *
 * Calls push the program's own return address, so that nobody who walks the
 * stack ever meets a stub. A shadow stack would notice: such processes' calls
 * are refused.
 *
 * A stub reaches its point, and what the point refers to, by rel32, so an area
 * lies within 2 GiB of the text it serves; the kernel computes and checks each displacement.
 *
 * Where an area goes. The nearest gap below the text that it serves, else the
 * nearest above; never where the heap or a stack will want to grow; several where no gap has room
 * for all. It is mapped by a kernel thread that adopts the process's mm for the moment, so neither
 * the process nor its limits, seccomp filter or signals take part, and arming
 * knows at once whether it worked.
 */
#include <linux/kthread.h>
#include <linux/mman.h>
#include <linux/ptrace.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>

#include "kmod.h"

#define REACH		((u64)SZ_2G - SZ_1M)	/* of a rel32, less what one area or a page may add */
#define GROUP_SPAN	((u64)SZ_256M)		/* text that shares an area */
#define AREA_MIN	(4 * PAGE_SIZE)
#define LOWEST		((u64)SZ_64K)		/* vm.mmap_min_addr's default */
#define HEAP_ROOM	((u64)SZ_1G)

#define PUSH_LEN	5	/* push imm32 */
#define RETADDR_LEN	13	/* ... and mov dword [rsp+4], imm32 */
#define JMP_LEN		5

/* ---- Building ------------------------------------------------------------- */

static void emit_push(struct dpid_code *s, u64 v)
{
	static const u8 mov_hi[] = { 0xc7, 0x44, 0x24, 0x04 };
	u32 lo = v, hi = v >> 32;

	dpid_emit1(s, 0x68);
	dpid_emit(s, &lo, 4);
	dpid_emit(s, mov_hi, sizeof(mov_hi));
	dpid_emit(s, &hi, 4);
}

/*
 * call operand -> jmp operand, after the return address was pushed. An operand
 * on the stack is re-encoded with a 32-bit displacement and 8 more; one that
 * is the pushed slot itself, or rsp as a value or with an index, is refused.
 */
static int emit_callind(struct dpid_code *s, const struct dpid_tp *tp)
{
	const struct dpid_insn *in = &tp->insn;
	const u8 *b = tp->bytes;
	u8 modrm = (b[in->modrm] & ~0x38) | 0x20, mod = modrm >> 6, rm = modrm & 7;
	bool rexb = in->rex & 1;
	s64 disp;
	s32 d32;

	if (rm != 4 || mod == 3) {
		if (mod == 3 && rm == 4 && !rexb)
			return -EINVAL;
		if (in->off) {
			dpid_emit(s, b, in->modrm);
			dpid_emit1(s, modrm);
			dpid_emit_rel32(s, dpid_insn_target(in, b, tp->key.addr), 0);
		} else {
			dpid_emit(s, b, in->len);
			s->b[s->n - in->len + in->modrm] = modrm;
		}
		return 0;
	}
	if ((b[in->modrm + 1] & 7) != 4 || rexb) {	/* SIB, but its base is not rsp */
		dpid_emit(s, b, in->len);
		s->b[s->n - in->len + in->modrm] = modrm;
		return 0;
	}
	if (b[in->modrm + 1] != 0x24 || (in->rex & 2) || in->addr32)
		return -EINVAL;
	disp = in->ndisp == 0 ? 0 : in->ndisp == 1 ? (s8)b[in->disp] : *(const s32 *)(b + in->disp);
	if (disp > -16 && disp < 0)
		return -EINVAL;
	d32 = disp + 8;
	if (d32 != disp + 8)
		return -EINVAL;
	dpid_emit(s, b, in->modrm);
	dpid_emit1(s, (modrm & 0x3f) | 0x80);
	dpid_emit1(s, 0x24);
	dpid_emit(s, &d32, 4);
	return 0;
}

/* Returns 0, -EINVAL: cannot be displaced, -ERANGE: out of reach from there. */
static int build(struct dpid_code *s, const struct dpid_tp *tp)
{
	const struct dpid_insn *in = &tp->insn;
	u64 next = tp->key.addr + in->len;
	u64 target = in->off ? dpid_insn_target(in, tp->bytes, tp->key.addr) : 0;
	int ret = 0;

	memset(s->b, DPID_INT3, sizeof(s->b));
	switch (in->kind) {
	case DTRACE_PID_COPY:
	case DTRACE_PID_RIPREL:
		dpid_emit_moved(s, in, tp->bytes, tp->key.addr);
		dpid_emit_jmp(s, next);
		break;
	case DTRACE_PID_JMP:
		dpid_emit_jmp(s, target);
		break;
	case DTRACE_PID_JCC:
		dpid_emit_jcc(s, tp->bytes[in->opc] & 15, target);
		dpid_emit_jmp(s, next);
		break;
	case DTRACE_PID_LOOP:
		dpid_emit(s, tp->bytes, in->off);
		dpid_emit1(s, JMP_LEN);
		dpid_emit_jmp(s, next);
		dpid_emit_jmp(s, target);
		break;
	case DTRACE_PID_CALL:
		emit_push(s, next);
		dpid_emit_jmp(s, target);
		break;
	case DTRACE_PID_CALLIND:
		emit_push(s, next);
		ret = emit_callind(s, tp);
		break;
	case DTRACE_PID_RET:
	case DTRACE_PID_JMPIND:
		dpid_emit_moved(s, in, tp->bytes, tp->key.addr);
		break;
	default:
		ret = -EINVAL;
	}
	return ret ? ret : s->far || s->n > DPID_SLOT ? -ERANGE : 0;
}

/* ---- Areas ---------------------------------------------------------------- */

struct map_request {
	struct work_struct work;
	struct mm_struct *mm;
	struct file *file;
	u64 addr, size;
	u32 prot, flags;
	long ret;
};

static void map_in_kthread(struct work_struct *work)
{
	struct map_request *rq = container_of(work, struct map_request, work);

	kthread_use_mm(rq->mm);
	rq->ret = vm_mmap(rq->file, rq->addr, rq->size, rq->prot, rq->flags, 0);
	kthread_unuse_mm(rq->mm);
}

long dpid_map(struct mm_struct *mm, struct file *file, u64 addr, u64 size, u32 prot, u32 flags)
{
	struct map_request rq = {
		.mm = mm, .file = file, .addr = addr, .size = size, .prot = prot, .flags = flags,
	};

	INIT_WORK_ONSTACK(&rq.work, map_in_kthread);
	queue_work(dpid_wq, &rq.work);
	flush_work(&rq.work);
	destroy_work_on_stack(&rq.work);
	return rq.ret;
}

/* Does [start, start + size) reach all of [lo, hi) both ways? */
static bool reaches(u64 start, u64 size, u64 lo, u64 hi)
{
	return start + size <= lo + REACH && hi <= start + REACH;
}

struct gap_search {
	u64 size, lo;
	u64 best;		/* 0: none yet */
};

/* Gaps come by rising address. True: none that follows is better. */
static bool consider(struct gap_search *s, u64 start, u64 end)
{
	bool fits = start < end && end - start >= s->size;

	if (fits && end <= s->lo)
		s->best = max_t(u64, start, round_down(end - s->size, PAGE_SIZE));
	else if (fits && !s->best)
		s->best = start;
	return fits && end > s->lo;
}

/*
 * The best place for @size bytes within reach of [lo, hi), or 0. mmap_lock. The last gap
 * that ends below lo wins, then the first one above.
 */
static u64 find_gap(struct mm_struct *mm, u64 size, u64 lo, u64 hi)
{
	u64 from = hi > REACH + LOWEST ? hi - REACH : LOWEST;
	u64 to = min_t(u64, lo + REACH, TASK_SIZE_MAX - PAGE_SIZE);
	u64 gap = PAGE_ALIGN(from), heap = PAGE_ALIGN(mm->brk);
	struct gap_search s = { .size = size, .lo = lo };

	while (gap < to) {
		struct vm_area_struct *vma = find_vma(mm, gap);
		u64 end = vma ? min_t(u64, vma->vm_start, to) : to;

		if (gap <= heap && heap < end) {
			/* The heap grows upward from where it starts, which is up to 1 GiB behind the program. */
			if (consider(&s, gap, round_down(mm->start_brk, PAGE_SIZE)))
				break;
			gap = heap + HEAP_ROOM;
		}
		if (!(vma && vma->vm_flags & VM_GROWSDOWN) && consider(&s, gap, end))
			break;
		if (!vma)
			break;
		gap = vma->vm_end;
	}
	return s.best;
}

/* Map an area of *size bytes; where there is no such gap, of less, which *size then is. */
static long area_map(struct dpid_proc *p, u64 lo, u64 hi, u64 *size)
{
	long ret = -EEXIST;
	int tries;
	u64 at;

	/* The process may map something there between our look and our mmap: look again. */
	for (tries = 0; tries < 8 && ret == -EEXIST; tries++) {
		mmap_read_lock(p->mm);
		while (!(at = find_gap(p->mm, *size, lo, hi)) && *size > AREA_MIN)
			*size = max_t(u64, PAGE_ALIGN(*size / 2), AREA_MIN);
		mmap_read_unlock(p->mm);
		if (!at)
			return -ENOMEM;
		ret = dpid_map(p->mm, NULL, at, *size, PROT_READ | PROT_EXEC,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE);
	}
	return ret;
}

/* For up to @nslots stubs. */
static struct dpid_area *area_create(struct dpid_proc *p, u64 lo, u64 hi, u32 nslots)
{
	u64 size = max_t(u64, PAGE_ALIGN((u64)nslots * DPID_SLOT), AREA_MIN);
	struct dpid_area *a;
	long ret;

	a = kvzalloc(struct_size(a, tps, size / DPID_SLOT), GFP_KERNEL);
	if (!a)
		return NULL;
	ret = area_map(p, lo, hi, &size);
	if (ret < 0) {
		kvfree(a);
		return NULL;
	}
	a->start = ret;
	a->nslots = size / DPID_SLOT;
	list_add_tail_rcu(&a->list, &p->areas);
	return a;
}

static struct dpid_area *area_for(struct dpid_proc *p, u64 lo, u64 hi, u32 nslots)
{
	struct dpid_area *a;

	list_for_each_entry(a, &p->areas, list)
		if (a->used < a->nslots &&
		    reaches(a->start, (u64)a->nslots * DPID_SLOT, lo, hi))
			return a;
	return area_create(p, lo, hi, nslots);
}

/* ---- Points to stubs ------------------------------------------------------ */

static bool needs_stub(const struct dpid_tp *tp)
{
	return dpid_tp_wanted(tp) && !tp->slot && (tp->state == DPID_IDLE || tp->recheck);
}

static void refuse(struct dpid_tp *tp, u8 why)
{
	tp->why = why;
	WRITE_ONCE(tp->state, DPID_REFUSED);
}

static void place(struct dpid_proc *p, struct dpid_area *a, struct dpid_tp *tp)
{
	struct dpid_code s = { .at = a->start + (u64)a->used * DPID_SLOT };
	int ret = build(&s, tp);

	if (ret) {
		refuse(tp, ret == -ERANGE ? DTRACE_PID_WHY_NOAREA : DTRACE_PID_WHY_KIND);
		return;
	}
	if (dpid_write_stub(p->mm, s.at, s.b, DPID_SLOT)) {
		refuse(tp, DTRACE_PID_WHY_FAULT);
		return;
	}
	WRITE_ONCE(a->tps[a->used], tp);
	a->used++;
	tp->slot = s.at;
}

/* The points from @i on that can share an area: how far they go and how many need a stub. */
static u32 group(struct dpid_proc *p, u32 i, u32 *need)
{
	u64 lo = p->tps[i]->key.addr;
	u32 end = i;

	for (*need = 0; i < p->ntps && p->tps[i]->key.addr - lo < GROUP_SPAN; i++) {
		if (needs_stub(p->tps[i])) {
			(*need)++;
			end = i + 1;
		}
	}
	return end;
}

static bool has_shstk(struct dpid_proc *p)
{
	struct task_struct *task;
	bool on;

	rcu_read_lock();
	task = pid_task(find_pid_ns(p->tgid, &init_pid_ns), PIDTYPE_PID);
	on = task && dtk_task_shstk(task);
	rcu_read_unlock();
	return on;
}

static void refuse_calls(struct dpid_proc *p)
{
	u32 i;

	for (i = 0; i < p->ntps; i++) {
		struct dpid_tp *tp = p->tps[i];

		if (needs_stub(tp) && (tp->insn.kind == DTRACE_PID_CALL ||
				       tp->insn.kind == DTRACE_PID_CALLIND))
			refuse(tp, DTRACE_PID_WHY_SHSTK);
	}
}

static void place_group(struct dpid_proc *p, u32 i, u32 end, u32 need)
{
	u64 lo = p->tps[i]->key.addr, hi = p->tps[end - 1]->key.addr + DPID_INSN_MAX;
	struct dpid_area *a = NULL;
	bool full = false;

	for (; i < end; i++) {
		struct dpid_tp *tp = p->tps[i];

		if (!needs_stub(tp))
			continue;
		if (!full && (!a || a->used == a->nslots)) {
			a = area_for(p, lo, hi, need);
			full = !a;
		}
		if (full)
			refuse(tp, DTRACE_PID_WHY_NOAREA);
		else
			place(p, a, tp);
		need--;
	}
}

int dpid_stubs_prepare(struct dpid_proc *p)
{
	u32 i, end, need;

	if (has_shstk(p))
		refuse_calls(p);
	for (i = 0; i < p->ntps; i = end) {
		if (!needs_stub(p->tps[i])) {
			end = i + 1;
			continue;
		}
		end = group(p, i, &need);
		place_group(p, i, end, need);
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

/* ---- Threads inside stubs ------------------------------------------------- */

static struct dpid_tp *tp_at(struct dpid_proc *p, u64 ip, u32 *off)
{
	struct dpid_area *a;

	list_for_each_entry_rcu(a, &p->areas, list, lockdep_is_held(&p->lock)) {
		u64 rel = ip - a->start;

		if (rel < (u64)a->nslots * DPID_SLOT) {
			*off = rel % DPID_SLOT;
			return READ_ONCE(a->tps[rel / DPID_SLOT]);
		}
	}
	return NULL;
}

/* Length of a stub's first instruction, where it differs from the program's. */
static u32 head_len(const struct dpid_insn *in)
{
	switch (in->kind) {
	case DTRACE_PID_JCC:
		return 6;
	case DTRACE_PID_LOOP:
		return in->off + 1;
	default:
		return in->len;
	}
}

bool dpid_stub_leave(struct dpid_proc *p, struct pt_regs *regs, bool *again)
{
	const struct dpid_insn *in;
	struct dpid_tp *tp;
	u32 off, head;

	tp = tp_at(p, regs->ip, &off);
	if (!tp)
		return false;
	in = &tp->insn;
	*again = true;
	if (off == 0) {
		regs->ip = tp->key.addr;
		return true;
	}
	if (in->kind == DTRACE_PID_CALL || in->kind == DTRACE_PID_CALLIND) {
		if (off != PUSH_LEN && off != RETADDR_LEN)
			return false;
		regs->sp += 8;		/* take the push back */
		regs->ip = tp->key.addr;
		return true;
	}
	*again = false;
	head = head_len(in);
	if (off == head)
		regs->ip = tp->key.addr + in->len;
	else if (in->kind == DTRACE_PID_LOOP && off == head + JMP_LEN)
		regs->ip = dpid_insn_target(in, tp->bytes, tp->key.addr);
	else
		return false;	/* the program jumped there by itself */
	return true;
}

u64 dtk_user_pc(const struct pt_regs *regs)
{
	struct pt_regs there = { .ip = regs->ip };
	struct dpid_proc *p;
	bool again;

	if (!current->mm)
		return regs->ip;
	rcu_read_lock();
	p = dpid_proc_by_mm(current->mm);
	if (p && !dpid_leap_where(p, &there))
		dpid_stub_leave(p, &there, &again);
	rcu_read_unlock();
	return there.ip;
}

bool dpid_is_area(struct mm_struct *mm, u64 start, u64 end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	return vma && vma->vm_start <= start && vma->vm_end >= end && !vma->vm_file &&
	       (vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC | VM_MAYSHARE)) ==
	       (VM_READ | VM_EXEC);
}

void dpid_areas_unmap(struct dpid_proc *p)
{
	struct pt_regs *regs = task_pt_regs(current);
	struct mm_struct *mm = current->mm;
	struct dpid_area *a;
	bool again, ours;
	u32 off;

	dpid_stub_leave(p, regs, &again);
	if (tp_at(p, regs->ip, &off))
		return;
	list_for_each_entry(a, &p->areas, list) {
		u64 size = (u64)a->nslots * DPID_SLOT;

		/* The parent may have mapped it after the child was copied. */
		mmap_read_lock(mm);
		ours = dpid_is_area(mm, a->start, a->start + size);
		mmap_read_unlock(mm);
		if (ours)
			vm_munmap(a->start, size);
	}
}

u64 dpid_areas_bytes(struct dpid_proc *p)
{
	struct dpid_area *a;
	u64 n = 0;

	list_for_each_entry(a, &p->areas, list)
		n += (u64)a->nslots * DPID_SLOT;
	return n;
}
