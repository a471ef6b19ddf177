// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Instructions: a table of forms, then all of some real objects held against
 * objdump (where instructions begin) and against the kernel's own decoder
 * (what it would believe of our claims).
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

#include <fcntl.h>

#include "user.h"
#include "kmod_insn.c"

static void forms(void **state)
{
	static const struct {
		const char *bytes;
		uint8_t len, kind, off;
		bool fixed, ret, end, call, indirect, cond;
		uint64_t target;
	} form[] = {
		{ "\x55", 1, DTRACE_PID_COPY },
		{ "\xf3\x0f\x1e\xfa", 4, DTRACE_PID_COPY },			/* endbr64 */
		{ "\x48\x83\xec\x08", 4, DTRACE_PID_COPY },
		{ "\x0f\x05", 2, DTRACE_PID_COPY },				/* syscall */
		{ "\xc3", 1, DTRACE_PID_RET, .ret = true, .end = true },
		{ "\xc2\x08\x00", 3, DTRACE_PID_RET, .ret = true, .end = true },
		{ "\xf3\xc3", 2, DTRACE_PID_RET, .ret = true, .end = true },	/* rep ret */
		{ "\xf2\xc3", 2, DTRACE_PID_RET, .ret = true, .end = true },	/* bnd ret */
		{ "\xcb", 1, DTRACE_PID_COPY, .fixed = true, .end = true },	/* far */
		{ "\x48\xcf", 2, DTRACE_PID_COPY, .fixed = true, .end = true },	/* iretq */
		{ "\xe8\x10\x00\x00\x00", 5, DTRACE_PID_CALL, 1, .call = true, .target = 0x1015 },
		{ "\x66\x66\x48\xe8\x10\x00\x00\x00", 8, DTRACE_PID_CALL, 4, .call = true, .target = 0x1018 },
		{ "\x66\xe8\x10\x00\x00\x00", 6, DTRACE_PID_CALL, 2, .fixed = true, .call = true, .target = 0x1016 },
		{ "\xff\xd0", 2, DTRACE_PID_CALLIND, .call = true },
		{ "\xff\x15\x10\x00\x00\x00", 6, DTRACE_PID_CALLIND, 2, .call = true },
		{ "\x41\xff\x54\xc5\x08", 5, DTRACE_PID_CALLIND, .call = true },
		{ "\xff\x1c\x24", 3, DTRACE_PID_CALLIND, .fixed = true, .call = true },	/* far */
		{ "\xeb\xfe", 2, DTRACE_PID_JMP, 1, .end = true, .target = 0x1000 },
		{ "\xe9\x00\x01\x00\x00", 5, DTRACE_PID_JMP, 1, .end = true, .target = 0x1105 },
		{ "\xf2\xe9\x00\x01\x00\x00", 6, DTRACE_PID_JMP, 2, .end = true, .target = 0x1106 },
		{ "\xff\xe0", 2, DTRACE_PID_JMPIND, .end = true, .indirect = true },
		{ "\x3e\xff\xe0", 3, DTRACE_PID_JMPIND, .end = true, .indirect = true },	/* notrack */
		{ "\xff\x25\x10\x00\x00\x00", 6, DTRACE_PID_JMPIND, 2, .end = true, .indirect = true },
		{ "\x74\x05", 2, DTRACE_PID_JCC, 1, .cond = true, .target = 0x1007 },
		{ "\x0f\x84\x00\x01\x00\x00", 6, DTRACE_PID_JCC, 2, .cond = true, .target = 0x1106 },
		{ "\xe2\xf0", 2, DTRACE_PID_LOOP, 1, .cond = true, .target = 0xff2 },
		{ "\xe3\x02", 2, DTRACE_PID_LOOP, 1, .cond = true, .target = 0x1004 },
		{ "\x67\xe3\x02", 3, DTRACE_PID_LOOP, 2, .cond = true, .target = 0x1005 },
		/* xbegin */
		{ "\xc7\xf8\x10\x00\x00\x00", 6, DTRACE_PID_JCC, 2, .fixed = true, .cond = true,
		  .target = 0x1016 },
		{ "\x48\x8b\x05\x10\x00\x00\x00", 7, DTRACE_PID_RIPREL, 3 },
		{ "\x48\x8d\x3d\x10\x00\x00\x00", 7, DTRACE_PID_RIPREL, 3 },		/* lea */
		{ "\xc7\x05\x10\x00\x00\x00\x01\x00\x00\x00", 10, DTRACE_PID_RIPREL, 2 },
		{ "\xc5\xfa\x6f\x05\x10\x00\x00\x00", 8, DTRACE_PID_RIPREL, 4 },	/* VEX */
		{ "\x62\xf1\x7c\x48\x28\x05\x10\x00\x00\x00", 10, DTRACE_PID_RIPREL, 6 },	/* EVEX */
		{ "\x67\x48\x8b\x05\x10\x00\x00\x00", 8, DTRACE_PID_RIPREL, 4, .fixed = true },
		{ "\xc6\xf8\xff", 3, DTRACE_PID_COPY },				/* xabort */
		{ "\x0f\x0b", 2, DTRACE_PID_COPY, .end = true },
		{ "\xf4", 1, DTRACE_PID_COPY, .end = true },
		{ "\xcc", 1, DTRACE_PID_COPY, .fixed = true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(form) / sizeof(*form); i++) {
		struct dt_pid_insn in;
		uint8_t code[16] = { 0 };

		memcpy(code, form[i].bytes, form[i].len);
		if (dt_pid_decode_one(code, sizeof(code), 0x1000, &in))
			fail_msg("form %zu is not decoded", i);
		if (in.point.len != form[i].len || in.point.kind != form[i].kind ||
		    in.point.off != form[i].off || in.is_fixed != form[i].fixed ||
		    in.is_ret != form[i].ret || in.is_end != form[i].end || in.is_call != form[i].call ||
		    in.indirect != form[i].indirect || in.conditional != form[i].cond ||
		    in.target != form[i].target)
			fail_msg("form %zu: len %u kind %u off %u fixed %d ret %d end %d call %d "
				 "ind %d cond %d target %lx",
				 i, in.point.len, in.point.kind, in.point.off, in.is_fixed, in.is_ret, in.is_end,
				 in.is_call, in.indirect, in.conditional, (long)in.target);
		assert_memory_equal(in.point.bytes, code, in.point.len);
	}
}

static int decode_bytes(const char *bytes, size_t n, struct dt_pid_decoded *ret)
{
	return dt_pid_decode((const uint8_t *)bytes, n, 0x1000, 0x5000, 0x5010, ret);
}

static void functions(void **state)
{
	struct dt_pid_decoded d = { 0 };

	(void)state;
	/* Jumps inside, into the second range, and away. */
	assert_int_equal(decode_bytes("\x74\x00\xe9\xfa\x3f\x00\x00\xe9\x00\x10\x00\x00\xc3", 13, &d), 0);
	assert_int_equal(d.n, 4);
	assert_false(d.insn[0].leaves);
	assert_int_equal(d.insn[1].target, 0x5001);
	assert_false(d.insn[1].leaves);
	assert_true(d.insn[2].leaves);
	assert_true(d.insn[3].is_ret);
	/* A branch into an instruction, bytes that are none, one that is cut, nothing at all. */
	assert_int_equal(decode_bytes("\xeb\x01\xb8\x01\x02\x03\x04\xc3", 8, &d), -(1 + DT_PID_SKIP_DATA));
	assert_int_equal(decode_bytes("\x06\xc3", 2, &d), -(1 + DT_PID_SKIP_UNDECODABLE));
	assert_int_equal(decode_bytes("\xc3\xe8\x00", 3, &d), -(1 + DT_PID_SKIP_UNDECODABLE));
	assert_int_equal(decode_bytes("", 0, &d), -(1 + DT_PID_SKIP_SIZE));
	/* Over a lock prefix: fine, but the instruction cannot have a point. */
	assert_int_equal(decode_bytes("\x74\x01\xf0\x0f\xb1\x0e\xc3", 7, &d), 0);
	assert_true(d.insn[1].is_fixed);
	assert_int_equal(d.insn[1].point.len, 4);
	free(d.insn);
}

static void quick_search_misses_nothing(void **state)
{
	(void)state;
	assert_true(dt_pid_may_jump((uint8_t *)"\x90\xeb\xfd", 3, 0x1000, 0x1000, 0x1001));
	assert_true(dt_pid_may_jump((uint8_t *)"\x90\x75\xfd", 3, 0x1000, 0x1000, 0x1001));
	assert_true(dt_pid_may_jump((uint8_t *)"\xe2\xfe", 2, 0x1000, 0x1000, 0x1001));
	assert_true(dt_pid_may_jump((uint8_t *)"\xe9\xfb\xff\xff\xff", 5, 0x1000, 0x1000, 0x1001));
	assert_true(dt_pid_may_jump((uint8_t *)"\x0f\x85\xfa\xff\xff\xff", 6, 0x1000, 0x1000, 0x1001));
	assert_true(dt_pid_may_jump((uint8_t *)"\x90\xeb\xff", 3, 0x1000, 0x1001, 0x1003));
	assert_false(dt_pid_may_jump((uint8_t *)"\x90\xeb\xff", 3, 0x1000, 0x1003, 0x1005));
	assert_false(dt_pid_may_jump((uint8_t *)"\x90\xeb\xff", 3, 0x1000, 0x1000, 0x1002));
	assert_false(dt_pid_may_jump((uint8_t *)"\x90\x90\xc3", 3, 0x1000, 0x1000, 0x1001));
}

/* ---- Real objects ----------------------------------------------------------------------- */

/* objdump's instruction starts as a bitmap by address. */
static uint8_t *objdump_starts(const char *path, uint64_t max)
{
	uint8_t *bit = calloc(max / 8 + 1, 1);
	char cmd[512], line[1024];
	FILE *f;

	snprintf(cmd, sizeof(cmd), "objdump -d -w --no-show-raw-insn %s", path);
	f = popen(cmd, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		unsigned long addr;
		char colon;

		if (line[0] == ' ' && sscanf(line, " %lx%c", &addr, &colon) == 2 && colon == ':' && addr < max)
			bit[addr / 8] |= 1 << addr % 8;
	}
	pclose(f);
	return bit;
}

static void check_insn(const struct dt_pid_insn *in, const uint8_t *starts, size_t *strange)
{
	struct dpid_insn k;

	if (!(starts[in->addr / 8] >> in->addr % 8 & 1))
		++*strange;
	if (in->is_fixed || dpid_insn_decode(in->point.bytes, in->point.len, &k))
		return;
	if (k.len != in->point.len || k.kind != in->point.kind || k.off != in->point.off)
		fail_msg("%lx: %02x %02x %02x %02x: length %u, %u; kind %u, %u; displacement at %u, %u",
			 (long)in->addr, in->point.bytes[0], in->point.bytes[1], in->point.bytes[2],
			 in->point.bytes[3], k.len, in->point.len, k.kind, in->point.kind, k.off, in->point.off);
	if (in->target)
		assert_int_equal(dpid_insn_target(&k, in->point.bytes, in->addr), in->target);
}

static void whole_object(const char *path)
{
	struct dt_pid_decoded d = { 0 };
	char *const argv[] = { (char *)path, NULL };
	size_t n, ninsn = 0, strange = 0, bad = 0;
	const struct dt_func *f;
	struct dt_proc *p;
	struct dt_object *o = NULL;
	uint8_t *starts;

	/* An object of ours, mapped into something that lives: the program itself or a library of bash. */
	if (access(path, R_OK) || dt_proc_create(strstr(path, ".so") ? (char *[]){ "/bin/bash", NULL } : argv,
						 DT_EVAL_PREINIT, &p, NULL))
		return;
	for (size_t i = 0; i < dt_proc_nobjects(p); i++) {
		if (strstr(path, dt_proc_object(p, i)->name))
			o = dt_proc_object(p, i);
	}
	assert_non_null(o);
	starts = objdump_starts(path, 64 << 20);
	f = dt_elf_functions(o->elf, &n);
	for (size_t i = 0; i < n; i++) {
		size_t avail;
		const uint8_t *code = dt_elf_text(o->elf, f[i].addr, &avail);

		assert_true(code && avail >= f[i].size);
		if (dt_pid_decode(code, f[i].size, f[i].addr, 0, 0, &d)) {
			bad++;
			continue;
		}
		ninsn += d.n;
		for (size_t k = 0; k < d.n; k++)
			check_insn(&d.insn[k], starts, &strange);
	}
	assert_true(n > 50 && ninsn > 1000);
	assert_true(bad <= n / 500);
	assert_int_equal(strange, 0);
	free(starts);
	free(d.insn);
	dt_proc_release(p);
}

static void real_objects(void **state)
{
	(void)state;
	whole_object("/bin/bash");
	whole_object("/lib/x86_64-linux-gnu/libc.so.6");
	whole_object("/usr/bin/povray");
	whole_object("/usr/bin/python3.11");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(functions),
		cmocka_unit_test(quick_search_misses_nothing),
		cmocka_unit_test(real_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
