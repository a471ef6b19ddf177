// SPDX-License-Identifier: GPL-2.0-only
/*
 * Merging native and Python frames: an interpreter made by hand, in the three ways that CPython has had
 * of saying which Python frames a native one runs; and one whose memory is nonsense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../pid/kmod_recipe.c"

/* No recipe is run here. */
u64 dpid_reg(const struct pt_regs *regs, u32 reg)
{
	return 0;
}

u64 dpid_fsbase(const struct pt_regs *regs)
{
	return 0;
}

#undef STR_STATE
#include "kmod.c"

#define EVAL	0x400000	/* the eval loop: 0x1000 bytes */
#define OTHER	0x500000
#define ME	0x7f0000001000ull

struct str { uint64_t head[4]; uint64_t state; char text[24]; };
struct bytes_object { uint64_t head[2], size, hash; char data[8]; };
struct code { uint64_t refs, type, filename, name, linetable; int32_t first; int32_t pad; };
struct pyframe { uint64_t code, back, instr; uint8_t owner, is_entry, pad[6]; };
struct thread { uint64_t next, id, frame; };
struct interp { uint64_t next, threads; };

static struct {
	uint64_t interps;
	struct interp interp[2];
	struct thread thread[3];
	struct pyframe frame[8];
	struct code code[4];
	struct str name[4], file;
	struct bytes_object table;
} *py;

static struct dtrace_pid_python layout;
static struct dpy_room room;
static u64 pcs[16];
static char strs[512];

static uint64_t at(const void *p)
{
	return (uintptr_t)p;
}

static void set_str(struct str *s, const char *text)
{
	s->head[2] = strlen(text);
	s->state = 1 << 2 | 0x60;
	strcpy(s->text, text);
}

static int setup(void **state)
{
	static const char *const names[] = { "leaf", "mid", "top", "other" };

	dtk_port_reset();
	py = calloc(1, sizeof(*py));
	dtk_port_umap(py, sizeof(*py));
	py->interps = at(&py->interp[0]);
	py->interp[0] = (struct interp){ at(&py->interp[1]), 0 };
	py->interp[1].threads = at(&py->thread[0]);
	py->thread[0] = (struct thread){ at(&py->thread[1]), ME + 8, at(&py->frame[7]) };
	py->thread[1] = (struct thread){ at(&py->thread[2]), ME, at(&py->frame[0]) };
	set_str(&py->file, "f.py");
	py->table.size = 2;
	memcpy(py->table.data, "\x20\x03", 2);		/* 3.10: 32 bytes of code, three lines on */
	for (int i = 0; i < 4; i++) {
		set_str(&py->name[i], names[i]);
		py->code[i] = (struct code){ .type = 0xc0de, .filename = at(&py->file), .name = at(&py->name[i]),
					     .linetable = at(&py->table), .first = 10 * (i + 1) };
	}
	/* leaf <- mid <- (a sentinel) <- top */
	py->frame[0] = (struct pyframe){ at(&py->code[0]) | 1, at(&py->frame[1]), at(&py->code[0]) + 64 };
	py->frame[1] =
		(struct pyframe){ at(&py->code[1]) | 1, at(&py->frame[2]), at(&py->code[1]) + 64, .is_entry = 1 };
	py->frame[2] = (struct pyframe){ 0, at(&py->frame[3]), 0, .owner = 3 };
	py->frame[3] = (struct pyframe){ at(&py->code[2]), 0, at(&py->code[2]) + 64, .is_entry = 1 };
	layout = (struct dtrace_pid_python){
		.interps = at(&py->interps), .code_type = 0xc0de, .code_mask = ~7ull, .text = DTRACE_TEXT(40, 48, 56),
		.lo = { EVAL }, .hi = { EVAL + 0x1000 }, .line_kind = DTRACE_LINE_310, .segments = DTRACE_PY_SEG_OWNER,
		.interp_next = 0, .interp_threads = 8, .thread_next = 0, .thread_id = 8,
		.thread_cframe = DTRACE_PY_ABSENT, .thread_frame = 16, .frame_code = 0, .frame_back = 8,
		.frame_lasti = DTRACE_PY_ABSENT, .frame_instr = 16, .frame_owner = 24, .frame_is_entry = 25,
		.co_filename = 16, .co_name = 24, .co_linetable = 32, .co_firstlineno = 40, .co_code_adaptive = 64,
	};
	return 0;
}

static int teardown(void **state)
{
	free(py);
	dtk_port_reset();
	return 0;
}

static struct dpy_stack merge(const uint64_t *native, uint32_t n, uint32_t strsize, bool only)
{
	struct dpy_stack s = { .py = &layout, .room = &room, .thread = ME, .pcs = pcs, .max = ARRAY_SIZE(pcs),
			       .strs = strs, .strsize = strsize, .only = only };

	memset(pcs, 0, sizeof(pcs));
	memset(strs, 0, sizeof(strs));
	memcpy(pcs, native, n * sizeof(*native));
	assert_true(dpy_layout_ok(&layout));
	dpy_merge(&s);
	return s;
}

/* The frames as one line: Python's by name, native ones by address. */
static const char *line_of_frames(const struct dpy_stack *s)
{
	static char line[1024];
	const char *str = strs;
	size_t n = 0;

	for (uint32_t i = 0; i < s->n; i++, str += strlen(str) + 1)
		n += *str ? sprintf(line + n, "[%s]", str) : sprintf(line + n, "[%llx]", pcs[i]);
	line[n] = 0;
	return line;
}

#define NATIVE(...) (const uint64_t[]){ __VA_ARGS__ }, sizeof((const uint64_t[]){ __VA_ARGS__ }) / 8

static void sentinels(void **state)
{
	struct dpy_stack s = merge(NATIVE(OTHER, EVAL + 5, OTHER + 1, EVAL + 9, OTHER + 2), 512, false);

	assert_string_equal(line_of_frames(&s), "[500000][f.py:13 leaf][f.py:23 mid][500001][f.py:33 top][500002]");
	assert_false(s.overflow);
}

static void entries(void **state)
{
	struct dpy_stack s;

	layout.segments = DTRACE_PY_SEG_ENTRY;
	py->frame[1].back = at(&py->frame[3]);
	s = merge(NATIVE(EVAL, OTHER, EVAL), 512, false);
	assert_string_equal(line_of_frames(&s), "[f.py:13 leaf][f.py:23 mid][500000][f.py:33 top]");
}

static void one_each(void **state)
{
	struct dpy_stack s;

	layout.segments = DTRACE_PY_SEG_ONE;
	py->frame[1].back = at(&py->frame[3]);
	s = merge(NATIVE(EVAL, EVAL, OTHER, EVAL, EVAL), 512, false);
	assert_string_equal(line_of_frames(&s), "[f.py:13 leaf][f.py:23 mid][500000][f.py:33 top][400000]");
}

/* A native walk that ended early: the frames that are left come at the end. */
static void cut(void **state)
{
	struct dpy_stack s = merge(NATIVE(OTHER, EVAL + 5), 512, false);

	assert_string_equal(line_of_frames(&s), "[500000][f.py:13 leaf][f.py:23 mid][f.py:33 top]");
	s = merge(NATIVE(OTHER), 512, true);
	assert_string_equal(line_of_frames(&s), "[f.py:13 leaf][f.py:23 mid][f.py:33 top]");
	for (int i = 0; i < 3; i++)
		assert_int_equal(pcs[i], EVAL);		/* not where in the loop: equal stacks are equal */
}

static void no_room(void **state)
{
	struct dpy_stack s = merge(NATIVE(OTHER, EVAL), 13, false);

	assert_true(s.overflow);
	assert_string_equal(strs + 1, "");
	s = merge(NATIVE(OTHER, EVAL), 14, false);
	assert_true(s.overflow);		/* the second one */
	assert_string_equal(strs + 1, "f.py:13 leaf");
	for (uint32_t size = 1; size < 64; size++)
		merge(NATIVE(OTHER, EVAL, OTHER), size, size % 2);
}

static void strangers(void **state)
{
	struct dpy_stack s;

	py->thread[1].id = ME + 16;			/* no such thread */
	s = merge(NATIVE(OTHER, EVAL), 512, false);
	assert_string_equal(line_of_frames(&s), "[500000][400000]");
	py->thread[2].next = at(&py->thread[0]);	/* lists that do not end */
	py->interp[1].next = at(&py->interp[0]);
	s = merge(NATIVE(OTHER, EVAL), 512, false);
	assert_string_equal(line_of_frames(&s), "[500000][400000]");
	py->thread[1].id = ME;
	py->frame[3].back = at(&py->frame[0]);
	s = merge(NATIVE(EVAL), 512, false);
	assert_int_equal(s.n, ARRAY_SIZE(pcs));
	py->frame[0].code = at(&py->thread[0]);		/* no code object */
	py->frame[3].back = 0;
	s = merge(NATIVE(EVAL), 512, false);
	assert_string_equal(line_of_frames(&s), "[f.py:23 mid][f.py:33 top]");
	py->frame[1].back = 0x1001;
	py->code[1].filename = 0x2000;
	s = merge(NATIVE(EVAL), 512, false);
	assert_string_equal(line_of_frames(&s), "[?:23 mid]");
}

static void garbage(void **state)
{
	uint64_t seed = 88172645463325252ull, saved[sizeof(*py) / 8];

	memcpy(saved, py, sizeof(saved));
	for (int i = 0; i < 20000; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		((uint64_t *)py)[seed % (sizeof(*py) / 8)] =
			seed >> 20 & 1 ? at(py) + (seed >> 24) % sizeof(*py) : seed >> seed % 64;
		layout.segments = i % 3;
		merge(NATIVE(OTHER, EVAL, EVAL, OTHER), 1 + i % 512, i & 1);
		if (i % 16 == 0)
			memcpy(py, saved, sizeof(saved));
	}
}

static void refused(void **state)
{
	struct dtrace_pid_python bad = layout;

	assert_true(dpy_layout_ok(&bad));
	bad.running = 1;
	assert_false(dpy_layout_ok(&bad));
	bad = layout;
	bad.line_kind = 3;
	assert_false(dpy_layout_ok(&bad));
	bad = layout;
	bad.segments = 3;
	assert_false(dpy_layout_ok(&bad));
	bad = layout;
	bad.lo[3] = 2;
	bad.hi[3] = 1;
	assert_false(dpy_layout_ok(&bad));
}

int main(void)
{
#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		test(sentinels), test(entries),	  test(one_each), test(cut),
		test(no_room),	 test(strangers), test(garbage),  test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
