// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which functions can be counted by a jump, and where the jump may go.
 *
 * With arguments (programs), prints what becomes of each function of each of their objects. Without, tests:
 * forms by hand; places against a search of all displacements; and real programs, of which most functions must
 * qualify, whatever is proposed must be accepted by the kernel's own decoder, and must find a place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "user.h"
#include "kmod_insn.c"
#include "kmod_jump.c"
#include "kmod_gen.c"
#include "kmod_tally.c"

/* ---- By hand ------------------------------------------------------------------ */

#define NO(why) (-(1 + DT_PID_JUMP_##why))

/* The quick look says the same, if anything. Returns whether it does. */
static bool agrees(const uint8_t *code, size_t avail, size_t size, const struct dt_pid_insn *first, int rc,
		   const struct dtrace_pid_point *pt)
{
	struct dtrace_pid_point quick = first->point;
	int got = dt_pid_jump_quick(code, avail, size, first->addr, &quick);

	if (got > 0)
		return false;
	assert_int_equal(got, rc);
	if (!rc)
		assert_memory_equal(&quick, pt, sizeof(quick));
	return true;
}

static void forms(void **state)
{
	static const struct {
		const char *code;
		uint8_t size, avail;
		int rc;			/* 0: prefix says how long */
		uint8_t prefix, inside;
		bool keepflags;
	} form[] = {
		/* push %rbp; mov %rsp,%rbp; sub $8,%rsp; ret */
		{ "\x55\x48\x89\xe5\x48\x83\xec\x08\xc3", 9, 16, 0, 8, 0x12 },
		/* push %r15; push %r14; push %r13; xor %eax,%eax; ret */
		{ "\x41\x57\x41\x56\x41\x55\x31\xc0\xc3", 9, 16, 0, 6, 0x14 },
		/* endbr64; xor %eax,%eax; ret */
		{ "\xf3\x0f\x1e\xfa\x31\xc0\xc3", 7, 16, 0, 6, 0x10 },
		/* mov $1,%eax; ret: one instruction; flags go to nobody */
		{ "\xb8\x01\x00\x00\x00\xc3", 6, 16, 0, 5, 0 },
		/* test %rdi,%rdi; je +1; nop; ret: a branch, but the last one */
		{ "\x48\x85\xff\x74\x01\x90\xc3", 7, 16, 0, 5, 0x08 },
		/* test %dil,%dil (3); je; the same a byte earlier: not the last */
		{ "\x85\xff\x74\x01\x90\x90\xc3", 7, 16, NO(KIND) },
		/* jmp away */
		{ "\xe9\x00\x01\x00\x00", 5, 16, 0, 5, 0 },
		/* call; ret: would push our address */
		{ "\xe8\x00\x01\x00\x00\xc3", 6, 16, NO(KIND) },
		/* xor %eax,%eax; ret and padding; no room; another function's code */
		{ "\x31\xc0\xc3\x0f\x1f\x40\x00", 3, 7, 0, 3, 0x04 },
		{ "\x31\xc0\xc3\xcc\xcc", 3, 5, 0, 3, 0x04 },
		{ "\x31\xc0\xc3\x90", 3, 4, NO(SHORT) },
		{ "\x31\xc0\xc3\x55\x53", 3, 5, NO(SHORT) },
		{ "\xc3\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00", 1, 11, 0, 1, 0 },
		/* inc %edi; jne -2 (into byte 2); ... : loops into its own beginning */
		{ "\x31\xc0\xff\xc7\x39\xf7\x75\xfa\xc3", 9, 16, NO(INSIDE) },
		/* syscall */
		{ "\x0f\x05\x48\x89\xc7\xc3", 6, 16, NO(KIND) },
		/* jc; adc; pushf; cmovz first; setc behind a jump; shift by %cl does not count as writing */
		{ "\x90\x90\x90\x90\x90\x72\x01\x90\xc3", 9, 16, 0, 5, 0x1e, true },
		{ "\x48\x11\xf7\x48\x89\xf8\xc3", 7, 16, 0, 6, 0x08, true },
		{ "\x90\x90\x90\x90\x9c\x58\xc3", 7, 16, 0, 5, 0x1e, true },
		{ "\x48\x89\xf8\x48\x0f\x44\xc6\xc3", 8, 16, 0, 7, 0x08, true },
		{ "\x48\x89\xf8\x89\xf1\xeb\x00\x0f\x92\xc0\xc3", 11, 16, 0, 5, 0x08, true },
		{ "\x48\x89\xf8\x89\xf1\xd3\xe0\x0f\x92\xc0\xc3", 11, 16, 0, 5, 0x08, true },
		/* inc leaves the carry alone; add does not */
		{ "\x48\x89\xf8\xff\xc0\x0f\x92\xc0\xc3", 9, 16, 0, 5, 0x08, true },
		{ "\x48\x89\xf8\x01\xf0\x0f\x92\xc0\xc3", 9, 16, 0, 5, 0x08 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
		struct dt_pid_decoded d = { 0 };
		struct dtrace_pid_point pt;
		struct dpid_prefix px;
		uint8_t code[32] = { 0 };
		int rc;

		memcpy(code, form[i].code, form[i].avail < 16 ? form[i].avail : form[i].size);
		assert_int_equal(dt_pid_decode(code, form[i].size, 0x1000, 0, 0, &d), 0);
		pt = d.insn[0].point;
		rc = dt_pid_jump(code, form[i].avail, &d, &pt);
		if (rc != form[i].rc)
			fail_msg("form %zu: %d instead of %d", i, rc, form[i].rc);
		agrees(code, form[i].avail, form[i].size, d.insn, rc, &pt);
		if (!rc) {
			assert_int_equal(pt.prefix, form[i].prefix);
			assert_int_equal(pt.flags, form[i].keepflags ? DTRACE_PID_KEEPFLAGS : 0);
			assert_int_equal(dpid_prefix_decode(pt.bytes, pt.prefix, 0, &px), 0);
			assert_int_equal(px.inside, form[i].inside);
		}
		free(d.insn);
	}
}

/* What the kernel puts together of it. */
static int decode_point(const struct dtrace_pid_point *pt, struct dpid_prefix *px)
{
	uint8_t b[26];

	memcpy(b, pt->before + 4 - pt->lead, pt->lead);
	memcpy(b + pt->lead, pt->bytes, sizeof(pt->bytes));
	return dpid_prefix_decode(b, pt->lead + pt->prefix, pt->lead, px);
}

/* The last return of a function. */
static void returns(void **state)
{
	static const struct {
		const char *code;
		uint8_t size, avail, k;		/* which instruction */
		bool tables;
		int rc;
		uint8_t lead, inside;
	} form[] = {
		/* ret and padding; no room but what is before: pop; add */
		{ "\x31\xc0\xc3\x0f\x1f\x40\x00", 3, 7, 1, false, 0, 0, 0 },
		{ "\x41\x5c\x41\x5d\xc3\x55\x53\x41\x54\x41\x55", 5, 16, 2, false, 0, 4, 0x14 },
		{ "\x48\x83\xc4\x08\xc3\x55", 5, 6, 1, false, 0, 4, 0x10 },
		{ "\x5b\x5d\xc3\x90\x90\x55", 3, 6, 2, false, 0, 2, 0x06 },
		{ "\x5b\x5d\xc3\x90\x90\x55", 3, 5, 2, false, 0, 2, 0x06 },
		{ "\x5b\x5d\xc3\x90\x55", 3, 5, 2, false, NO(SHORT) },
		/* too long to come before; a call; a branch; another return */
		{ "\x48\x81\xc4\x08\x01\x00\x00\xc3", 8, 8, 1, false, NO(KIND) },
		{ "\xe8\x10\x00\x00\x00\xc3", 6, 6, 1, false, NO(KIND) },
		{ "\x48\x85\xff\x74\xfb\x5b\xc3", 7, 7, 3, false, NO(SHORT) },
		{ "\xc3\x5b\x5d\xc3", 4, 4, 3, false, NO(SHORT) },
		/* jmp away; through memory */
		{ "\x5b\xe9\x00\x01\x00\x00", 6, 6, 1, false, 0, 0, 0 },
		{ "\x5b\xff\x25\x00\x01\x00\x00", 7, 7, 1, false, NO(KIND) },
		/* je to the pop (inside), to where the jump begins */
		{ "\x74\x01\x5b\x41\x5c\x5d\xc3", 7, 7, 4, false, NO(INSIDE) },
		{ "\x74\x00\x5b\x41\x5c\x5d\xc3", 7, 7, 4, false, 0, 4, 0x1a },
		/* padding in the middle: fine; not if a table may lead there */
		{ "\xc3\x90\x90\x90\x90\x5b\xc3", 7, 7, 0, false, 0, 0, 0 },
		{ "\xc3\x90\x90\x90\x90\x5b\xc3", 7, 7, 0, true, NO(SHORT) },
		{ "\xc3\x90\x90\x90\x90\xff\xe0", 7, 7, 0, false, NO(SHORT) },
		{ "\xff\xe0\x5b\xc3\x90\x90\x90", 7, 7, 2, true, 0, 1, 0x02 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
		struct dt_pid_decoded d = { 0 };
		struct dtrace_pid_point pt;
		struct dpid_prefix px;
		uint8_t code[32] = { 0 };
		int rc;

		memcpy(code, form[i].code, form[i].avail < 11 ? form[i].avail : 11);
		assert_int_equal(dt_pid_decode(code, form[i].size, 0x1000, 0, 0, &d), 0);
		pt = d.insn[form[i].k].point;
		rc = dt_pid_jump_return(code, form[i].avail, &d, form[i].k, form[i].tables, &pt);
		if (rc != form[i].rc)
			fail_msg("form %zu: %d instead of %d", i, rc, form[i].rc);
		if (!rc) {
			assert_int_equal(pt.lead, form[i].lead);
			assert_int_equal(decode_point(&pt, &px), 0);
			assert_int_equal(px.inside, form[i].inside);
			assert_int_equal(px.at[px.pivot], pt.lead);
		}
		free(d.insn);
	}
}

static void prefixes_that_the_kernel_refuses(void **state)
{
	static const struct { const char *b; uint8_t len, lead; } bad[] = {
		{ "\x55\x48\x89\xe5", 4 },				/* too short, and goes on */
		{ "\x55\x48\x89\xe5\x48\x83\xec\x08\x90", 9 },		/* one too many */
		{ "\xc3\x90\x90\x90\x90", 5 },				/* behind a return */
		{ "\x74\x02\x48\x89\xe5", 5 },				/* behind a branch */
		{ "\x90\x90\x90\x0f\x05", 5 }, { "\x90\x90\x90\xcd\x80", 5 }, { "\x90\x90\x90\x0f\x0b", 5 },
		{ "\xe8\x00\x00\x00\x00", 5 }, { "\x90\x90\x90\xff\xd0", 5 }, { "\x90\x90\x90\xe2\xfe", 5 },
		{ "\x90\x90\x90\x90\xcc", 5 }, { "\x90\x90\x90\x90\x06", 5 }, { "", 0 },
		{ "\x48\x83\xc4\x08\xc3", 5, 3 },			/* the point is between two instructions */
		{ "\x48\x83\xc4\x08\xc3", 5, 5 },
	};
	struct dpid_prefix px;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(dpid_prefix_decode((const u8 *)bad[i].b, bad[i].len, bad[i].lead, &px), -EINVAL);
}

/* ---- Places ------------------------------------------------------------------------- */

static bool fits(u64 addr, u64 stub, u8 inside, bool int3)
{
	u8 jump[DPID_JUMP_LEN];

	dpid_jump_bytes(jump, addr, stub);
	for (int k = 1; k < DPID_JUMP_LEN; k++) {
		if (inside >> k & 1 && !(int3 ? jump[k] == DPID_INT3 : dpid_jump_traps(jump[k])))
			return false;
	}
	return true;
}

/* The first place from each of some random addresses on, found one by one. */
static void places(void **state)
{
	(void)state;
	srand(1);
	for (int i = 0; i < 4000; i++) {
		u8 inside = (rand() & 15) << 1;
		bool int3 = rand() & 1;
		u64 addr = 0x555555554000ull + rand();
		u32 rel = (u32)rand() << 1 ^ rand(), far = 0x40000;
		u64 from = addr + DPID_JUMP_LEN + (s64)(s32)rel, want = 0;

		if (i & 1)	/* near a solution */
			from = addr + DPID_JUMP_LEN + (s64)(s32)(0xccccc000 + rand() % 0x1000);
		if ((s64)(from + far - addr) > 0x7fff0000)
			continue;
		for (u64 at = from; at < from + far && !want; at++)
			want = fits(addr, at, inside, int3) ? at : 0;
		if ((from < addr) == (from + far < addr))
			assert_int_equal(dpid_jump_place(addr, inside, int3, from, from + far), want);
	}
}

/* ---- Real programs ---------------------------------------------------------------------- */

struct tally {
	size_t functions, fine, why[DT_PID_JUMP_MAX], unplaced, other, refused, quick;
	size_t returns, retfine, retwhy[DT_PID_JUMP_MAX];
};

#define GRANULE	16
static uint8_t *taken;		/* by granule of the area */
static u64 area_lo, area_hi;

/* As the kernel looks for a place: 0xcc before other bytes that trap. */
static bool find_place(u64 addr, u8 inside, u32 size)
{
	for (int int3 = 1; int3 >= 0; int3--) {
		u64 at = area_lo;

		while ((at = dpid_jump_place(addr, inside, int3, at, area_hi - size))) {
			u64 g = (at - area_lo) / GRANULE, end = (at + size - 1 - area_lo) / GRANULE;

			while (g <= end && !taken[g])
				g++;
			if (g > end) {
				for (g = (at - area_lo) / GRANULE; g <= end; g++)
					taken[g] = 1;
				return true;
			}
			while (taken[g])
				g++;
			at = area_lo + g * GRANULE;
		}
	}
	return false;
}

static const struct dpid_plan *count_plan(void)
{
	static struct dpid_plan *plan;
	static struct dpid_gen g;

	if (!plan && dpid_plan_make(&g, &(struct dpid_wish){ .kind = DTRACEAGG_COUNT }, 1,
				    &(struct dpid_setting){ .copies = 64 }, &plan))
		fail_msg("no plan for count()");
	return plan;
}

static void try_returns(const uint8_t *code, size_t avail, const struct dt_pid_decoded *d, struct tally *t)
{
	for (size_t k = 0; k < d->n; k++) {
		struct dtrace_pid_point pt = d->insn[k].point;
		struct dpid_prefix px;
		int rc;

		if (!d->insn[k].is_ret && !(d->insn[k].leaves && pt.kind == DTRACE_PID_JMP))
			continue;
		t->returns++;
		rc = dt_pid_jump_return(code, avail, d, k, false, &pt);
		if (rc < 0)
			t->retwhy[-rc - 1]++;
		else if (decode_point(&pt, &px))
			t->refused++;
		else if (((pt.addr - pt.lead) & 4095) + DPID_JUMP_LEN <= 4096)
			t->retfine++;
	}
}

static void try_function(struct dt_elf *elf, const struct dt_func *f, size_t room, struct tally *t)
{
	static struct dt_pid_decoded d;
	struct dtrace_pid_point pt;
	struct dpid_prefix px;
	size_t avail;
	const uint8_t *code = dt_elf_text(elf, f->addr, &avail);
	int rc;

	t->functions++;
	if (!code || avail < f->size || dt_pid_decode(code, f->size, f->addr, 0, 0, &d)) {
		t->why[DT_PID_JUMP_CODE]++;
		return;
	}
	pt = d.insn[0].point;
	avail = avail < room ? avail : room;
	try_returns(code, avail, &d, t);
	rc = dt_pid_jump(code, avail, &d, &pt);
	t->quick += agrees(code, avail, f->size, d.insn, rc, &pt);
	if (rc < 0) {
		t->why[-rc - 1]++;
		return;
	}
	if (decode_point(&pt, &px)) {
		t->refused++;
		return;
	}
	if ((f->addr & 4095) + DPID_JUMP_LEN > 4096)
		t->other++;
	else if (!find_place(f->addr, px.inside, dpid_jump_size(&px, count_plan())))
		t->unplaced++;
	else
		t->fine++;
}

static struct tally tabulate(struct dt_object *o)
{
	struct tally t = { 0 };
	const struct dt_func *f;
	size_t n;

	f = dt_elf_functions(o->elf, &n);
	if (!n)
		return t;
	area_lo = (f[0].addr + (s64)(s32)0xcccc0000) & ~4095ull;
	area_hi = f[n - 1].addr + (s64)(s32)0xccccffff + 4096;
	taken = calloc((area_hi - area_lo) / GRANULE + 1, 1);
	for (size_t i = 0; i < n; i++) {
		if (!f[i].is_frag && !f[i].is_ifunc)
			try_function(o->elf, &f[i], i + 1 < n ? f[i + 1].addr - f[i].addr : f[i].size, &t);
	}
	free(taken);
	return t;
}

static struct dt_proc *start(const char *path)
{
	struct dt_proc *p;

	if (access(path, X_OK) || dt_proc_create((char *[]){ (char *)path, NULL }, DT_EVAL_PREINIT, &p, NULL))
		return NULL;
	return p;
}

static int print_table(char **path)
{
	printf("%-32s %9s %6s %7s %6s %6s %6s %6s %6s %6s %9s %6s %7s %6s %6s %6s\n", "object", "functions", "jump", "",
	       "code", "short", "kind", "inside", "page", "place", "returns", "jump", "", "short", "kind", "inside");
	for (; *path; path++) {
		struct dt_proc *p = start(*path);

		for (size_t i = 0; p && i < dt_proc_nobjects(p); i++) {
			struct dt_object *o = dt_proc_object(p, i);
			struct tally t = { 0 };

			if (!o->elf || o->is_vdso)
				continue;
			t = tabulate(o);
			if (!t.functions)
				continue;
			printf("%-32s %9zu %6zu %6.1f%% %6zu %6zu %6zu %6zu %6zu %6zu ", o->name, t.functions,
			       t.fine, 100.0 * t.fine / t.functions, t.why[DT_PID_JUMP_CODE],
			       t.why[DT_PID_JUMP_SHORT], t.why[DT_PID_JUMP_KIND], t.why[DT_PID_JUMP_INSIDE],
			       t.other, t.unplaced);
			printf("%9zu %6zu %6.1f%% %6zu %6zu %6zu\n", t.returns, t.retfine,
			       100.0 * t.retfine / t.returns, t.retwhy[DT_PID_JUMP_SHORT],
			       t.retwhy[DT_PID_JUMP_KIND], t.retwhy[DT_PID_JUMP_INSIDE]);
		}
		dt_proc_release(p);
	}
	return 0;
}

static void check_objects(const char *path, const char *const *names)
{
	struct dt_proc *p = start(path);

	for (size_t i = 0; p && i < dt_proc_nobjects(p); i++) {
		struct dt_object *o = dt_proc_object(p, i);
		struct tally t;

		for (size_t k = 0; names[k]; k++) {
			if (!o->elf || strncmp(o->name, names[k], strlen(names[k])))
				continue;
			t = tabulate(o);
			assert_int_equal(t.refused, 0);
			if (t.fine * 100 < t.functions * 85)
				fail_msg("%s: %zu of %zu functions can be counted by a jump", o->name, t.fine,
					 t.functions);
			if (t.retfine * 100 < t.returns * 75)
				fail_msg("%s: %zu of %zu returns", o->name, t.retfine, t.returns);
			if (t.quick * 100 < t.functions * 60)
				fail_msg("%s: %zu of %zu functions at a glance", o->name, t.quick, t.functions);
		}
	}
	dt_proc_release(p);
}

static void most_functions_qualify(void **state)
{
	(void)state;
	check_objects("/usr/bin/povray", (const char *[]){ "povray", "libc.so", "libstdc++", NULL });
	check_objects("/usr/bin/python3.11", (const char *[]){ "python3.11", NULL });
	check_objects("/usr/bin/sqlite3", (const char *[]){ "sqlite3", "libsqlite3", NULL });
	check_objects("/bin/bash", (const char *[]){ "bash", "libc.so", NULL });
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(returns),
		cmocka_unit_test(prefixes_that_the_kernel_refuses),
		cmocka_unit_test(places),
		cmocka_unit_test(most_functions_qualify),
	};

	if (argc > 1)
		return print_table(argv + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
