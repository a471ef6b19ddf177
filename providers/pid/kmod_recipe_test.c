// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recipes: what the check refuses, every step, memory that is not there, and what
 * they know of CPython's objects. The line tables were made by the interpreters named, and so were
 * the lines that they are to give (co_lines(), dis.findlinestarts()).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "kmod_recipe.c"

#define S(...)	((struct dtrace_step){ __VA_ARGS__ })
#define OP(x)	DTRACE_STEP_##x
#define TEXT_AT	0xd7ace00000000000ull

static struct dpid_saves saves;
static char room[DTRACE_STEP_VALUES * 512];

static u64 arg[DTRACE_STEP_ARGS];

static struct pt_regs {
	u64 v[DTRACE_REG_MAX];
} regs;

u64 dpid_reg(const struct pt_regs *r, u32 reg)
{
	return r->v[reg];
}

u64 dpid_fsbase(const struct pt_regs *r)
{
	return r->v[DTRACE_REG_FSBASE];
}

static struct dpid_recipe recipe(const struct dtrace_step *step, uint32_t n)
{
	return (struct dpid_recipe){ .step = step, .nstep = n, .reads = 1, .regs = &regs, .arg = arg, .saves = &saves,
				     .text = room, .textsize = sizeof(room), .textaddr = TEXT_AT };
}

static bool ok(const struct dtrace_step *step, uint32_t n)
{
	bool s = false;

	return dpid_recipe_ok(step, n, &s);
}

static struct dtrace_step program[DTRACE_STEP_MAX];

#define RUN(r, ...) ({								\
	const struct dtrace_step steps[] = { __VA_ARGS__ };			\
	memcpy(program, steps, sizeof(steps));					\
	r = recipe(program, ARRAY_SIZE(steps));					\
	assert_true(ok(program, ARRAY_SIZE(steps)));				\
	regs.v[DTRACE_REG_DI] = 0x1122334455667788ull;				\
	regs.v[DTRACE_REG_SI] = (uintptr_t)user;					\
	dpid_recipe_run(&r);							\
})

static struct {
	int64_t words[8];
	char bytes[64];
} *user;

static int setup(void **state)
{
	dtk_port_reset();
	user = calloc(1, sizeof(*user));
	dtk_port_umap(user, sizeof(*user));
	memset(&saves, 0, sizeof(saves));
	return 0;
}

static int teardown(void **state)
{
	free(user);
	dtk_port_reset();
	return 0;
}

static void refused(void **state)
{
	const struct dtrace_step bad[] = {
		{ .op = DTRACE_STEP_NOPS }, { .op = 255 },
		{ .op = OP(REG), .s = DTRACE_REG_MAX, .size = 8 }, { .op = OP(REG), .d = 16, .size = 8 },
		{ .op = OP(REG), .size = 3 }, { .op = OP(REG) }, { .op = OP(REG), .size = 8, .imm = 4 },
		{ .op = OP(LOAD), .size = 16 }, { .op = OP(LOAD), .s = 16, .size = 8 },
		{ .op = OP(IMM), .size = 8 }, { .op = OP(IMM), .d = 16 }, { .op = OP(ADD), .imm = 64 },
		{ .op = OP(ADD), .imm = -1 }, { .op = OP(SUB), .imm = 64 }, { .op = OP(SHRI), .imm = 64 },
		{ .op = OP(ARG), .d = 10 },
		{ .op = OP(ARG), .s = 16 }, { .op = OP(IF_EQ), .skip = 1 }, { .op = OP(IF_SAME), .imm = 1 },
		{ .op = OP(END), .skip = 1 }, { .op = OP(IF_UNREAD) }, { .op = OP(IF_UNREAD), .imm = 1 << 10 },
		{ .op = OP(TEXT), .imm = 1 << 24 }, { .op = OP(TEXT), .imm = -1 },
		{ .op = OP(LINE), .s = 15 }, { .op = OP(LINE), .imm = 3 }, { .op = OP(SAVE), .d = 16 },
	};
	struct dtrace_step many[DTRACE_STEP_MAX + 1] = { { 0 } };
	bool s = false;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (ok(&bad[i], 1))
			fail_msg("step %zu was accepted", i);
	assert_true(ok(many, DTRACE_STEP_MAX));
	assert_false(ok(many, DTRACE_STEP_MAX + 1));
	assert_true(ok(many, 0));
	assert_true(dpid_recipe_ok(&S(.op = OP(TAKE)), 1, &s));
	assert_true(s);
}

static void values(void **state)
{
	struct dpid_recipe r;

	user->words[1] = -2;
	assert_int_equal(RUN(r,
		S(.op = OP(REG), .d = 1, .s = DTRACE_REG_DI, .size = 2), S(.op = OP(ARG), .d = 0, .s = 1),
		S(.op = OP(REG), .d = 1, .s = DTRACE_REG_DI, .size = 1 | DTRACE_STEP_SIGNED),
		S(.op = OP(ARG), .d = 1, .s = 1),
		S(.op = OP(REG), .d = 1, .s = DTRACE_REG_DI, .size = 1, .imm = 8), S(.op = OP(ARG), .d = 2, .s = 1),
		S(.op = OP(REG), .d = 2, .s = DTRACE_REG_SI, .size = 8),
		S(.op = OP(LOAD), .d = 3, .s = 2, .size = 4, .imm = 8),
		S(.op = OP(ARG), .d = 3, .s = 3),
		S(.op = OP(LOAD), .d = 3, .s = 2, .size = 4 | DTRACE_STEP_SIGNED, .imm = 8),
		S(.op = OP(ARG), .d = 4, .s = 3),
		S(.op = OP(IMM), .d = 4, .imm = 5), S(.op = OP(IMM), .d = 5, .imm = 3),
		S(.op = OP(ADD), .d = 4, .s = 5, .imm = 3),
		S(.op = OP(ADDI), .d = 4, .imm = -1), S(.op = OP(ARG), .d = 5, .s = 4),
		S(.op = OP(SUB), .d = 4, .s = 5, .imm = 0), S(.op = OP(SHRI), .d = 4, .imm = 1),
		S(.op = OP(ANDI), .d = 4, .imm = 12),
		S(.op = OP(ARG), .d = 6, .s = 4)), 1);
	assert_int_equal(arg[0], 0x7788);
	assert_int_equal(arg[1], 0xffffffffffffff88ull);
	assert_int_equal(arg[2], 0x77);
	assert_int_equal(arg[3], 0xfffffffe);
	assert_true(arg[4] == (uint64_t)-2);
	assert_int_equal(arg[5], 28);
	assert_int_equal(arg[6], 12);
}

static void branches(void **state)
{
	struct dpid_recipe r;

	assert_int_equal(RUN(r, S(.op = OP(IMM), .d = 1, .imm = -1), S(.op = OP(IF_LT), .d = 1, .imm = 5, .skip = 1),
			     S(.op = OP(IF_GE), .d = 1, .imm = 5, .skip = 1), S(.op = OP(STOP)),
			     S(.op = OP(IF_NE), .d = 1, .imm = -1, .skip = 1),
			     S(.op = OP(IF_EQ), .d = 1, .imm = -1, .skip = 1),
			     S(.op = OP(STOP)), S(.op = OP(IF_SAME), .d = 1, .s = 1, .skip = 1), S(.op = OP(STOP)),
			     S(.op = OP(ARG), .d = 9, .s = 1), S(.op = OP(END)), S(.op = OP(STOP))), 1);
	assert_true(arg[9] == (uint64_t)-1);
	assert_int_equal(RUN(r, S(.op = OP(IF_EQ), .d = 1, .skip = 0), S(.op = OP(STOP))), 0);
}

static void missing(void **state)
{
	struct dpid_recipe r;

	assert_int_equal(RUN(r, S(.op = OP(IMM), .d = 1, .imm = 0x1000),
				 S(.op = OP(LOAD), .d = 1, .s = 1, .size = 8, .imm = 8)),
			 -EFAULT);
	assert_int_equal(r.fault, 0x1008);
	/* What nobody reads is not computed. */
	assert_int_equal(RUN(r, S(.op = OP(IMM), .d = 1, .imm = 0x1000), S(.op = OP(ARG), .d = 0, .s = 1),
			     S(.op = OP(IF_UNREAD), .imm = 1 << 2, .skip = 2),
			     S(.op = OP(LOAD), .d = 1, .s = 1, .size = 8), S(.op = OP(ARG), .d = 2, .s = 1),
			     S(.op = OP(IF_UNREAD), .imm = 1 << 1 | 1 << 0, .skip = 1),
			     S(.op = OP(ARG), .d = 1, .s = 1)), 1);
	assert_int_equal(arg[0], 0x1000);
	assert_int_equal(arg[1], 0x1000);
	assert_int_equal(arg[2], 0);
}

static void remembered(void **state)
{
	struct dpid_recipe r;
	uint64_t lost = 0, found = 0;

#define KEEP(k, v) RUN(r, S(.op = OP(IMM), .d = 1, .imm = (k)), S(.op = OP(IMM), .d = 2, .imm = (v)), \
		       S(.op = OP(SAVE), .d = 1, .s = 2))
#define BACK(k) RUN(r, S(.op = OP(IMM), .d = 1, .imm = (k)), S(.op = OP(TAKE), .d = 3, .s = 1), \
		    S(.op = OP(ARG), .d = 0, .s = 3))
	dtk_port_thread = 1;
	assert_int_equal(KEEP(0x7ff0, 11), 1);
	assert_int_equal(KEEP(0x7ff8, 12), 1);
	assert_int_equal(KEEP(0x7ff8, 13), 1);
	dtk_port_thread = 2;
	assert_int_equal(BACK(0x7ff8), 0);
	dtk_port_thread = 1;
	assert_int_equal(BACK(0x7ff8), 1);
	assert_int_equal(arg[0], 13);
	assert_int_equal(BACK(0x7ff8), 1);	/* not committed: it can be done again */
	dpid_recipe_commit(&r);
	assert_int_equal(BACK(0x7ff8), 0);
	assert_int_equal(BACK(0x7ff0), 1);
	dpid_recipe_commit(&r);
	/* More than fit: what is lost is said when it is overwritten. */
	for (uint64_t i = 0; i < 2 * DPID_NSAVES; i++) {
		KEEP(8 * i, i);
		lost += r.lost;
	}
	for (uint64_t i = 0; i < 2 * DPID_NSAVES; i++)
		found += BACK(8 * i) == 1 && arg[0] == i;
	assert_int_equal(found + lost, 2 * DPID_NSAVES);
	assert_in_range(found, DPID_NSAVES / 2, DPID_NSAVES);
}

/* ---- CPython ------------------------------------------------------------------------ */

/* A str as CPython 3.12 lays it out. */
struct str {
	uint64_t refs, type, length, hash;
	uint32_t state, pad;
	union {
		char ascii[64];
		struct {
			uint64_t utf8len, utf8;
			union { uint8_t c1[48]; uint16_t c2[24]; uint32_t c4[12]; };
		};
	};
};
#define LAYOUT DTRACE_TEXT(0x28, 0x30, 0x38)

static uint64_t text_of(struct str *s)
{
	struct dpid_recipe r;
	uint64_t at;

	dtk_port_umap(s, sizeof(*s));
	assert_int_equal(RUN(r, S(.op = OP(IMM), .d = 1, .imm = (intptr_t)s),
				 S(.op = OP(TEXT), .d = 2, .s = 1, .imm = LAYOUT),
			     S(.op = OP(ARG), .d = 0, .s = 2)), 1);
	at = arg[0];
	return at;
}

static void texts(void **state)
{
	static struct str ascii = { .length = 3, .state = 1 << 2 | 0x60, .ascii = "abc" };
	static struct str latin = { .length = 4, .state = 1 << 2 | 0x20, .c1 = { 'n', 0xe4, 0xff, '!' } };
	static struct str ucs2 = { .length = 2, .state = 2 << 2 | 0x20, .c2 = { 0x44f, 0x20ac } };
	static struct str ucs4 = { .length = 2, .state = 4 << 2 | 0x20, .c4 = { 0x1f40d, 'x' } };
	static struct str cached = { .length = 1, .state = 1 << 2 | 0x20, .utf8len = 2 };
	static struct str odd[] = { { .length = 3, .state = 3 << 2 | 0x60 },
	{ .length = 1ull << 40, .state = 1 << 2 | 0x60 },
				    { .length = 3, .state = 1 << 2 | 0x40 } };
	static struct str big = { .length = 40, .state = 1 << 2 | 0x20 };

	assert_int_equal(text_of(&ascii), (uintptr_t)ascii.ascii);
	assert_int_equal(text_of(&latin), TEXT_AT);
	assert_string_equal(room, "n\xc3\xa4\xc3\xbf!");
	assert_int_equal(text_of(&ucs2), TEXT_AT);
	assert_string_equal(room, "\xd1\x8f\xe2\x82\xac");
	assert_int_equal(text_of(&ucs4), TEXT_AT);
	assert_string_equal(room, "\xf0\x9f\x90\x8dx");
	strcpy(user->bytes, "\xc3\xa4");
	cached.utf8 = (uintptr_t)user->bytes;
	assert_int_equal(text_of(&cached), (uintptr_t)user->bytes);
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		assert_int_equal(text_of(&odd[i]), 0);
	memset(big.c1, 0xe9, 40);
	assert_int_equal(text_of(&big), TEXT_AT);
	assert_int_equal(strlen(room), 80);
}

/* What the step makes of a str object, near a page's end or the end of memory, is what dpid_text() does. */
static void texts_near_ends(void **state)
{
	static const u8 states[] = { 0x64, 0x64, 0x64, 0x65, 0xe4, 0x24, 0x44, 0x60, 0x68, 0x28, 0x00 };
	const u64 page = 4096, size = 2 * page;
	char *mem = aligned_alloc(page, size);
	struct str *s;
	u32 round, missing = 0;

	assert_non_null(mem);
	for (round = 0; round < 4000; round++) {
		u64 at = (round % 2 ? page : size) - 8 * (rand() % 40), slow;
		const struct dtrace_step step[] = {
			S(.op = OP(IMM), .d = 1, .imm = (intptr_t)mem + at),
			S(.op = OP(TEXT), .d = 2, .s = 1, .imm = LAYOUT),
		};
		struct dpid_recipe r = recipe(step, 2), q = r;
		int rc, rcslow;

		dtk_port_reset();
		dtk_port_umap(mem, round % 4 < 2 ? size : page);
		memset(mem, 'x', size);
		s = (struct str *)(mem + at);
		if (at + offsetof(struct str, length) + 8 <= size)
			s->length = rand() % 8 ? rand() % 300u : 1ull << rand() % 64;
		if (at + offsetof(struct str, state) + 4 <= size)
			s->state = states[rand() % ARRAY_SIZE(states)];
		rc = dpid_recipe_run(&r);
		q.textused = 0;
		rcslow = dpid_text(&q, (uintptr_t)mem + at, LAYOUT, &slow);
		assert_int_equal(rc, rcslow ?: 1);
		missing += rc < 0;
		if (rc < 0)
			assert_int_equal(r.fault, q.fault);
		else
			assert_int_equal(r.v[2], slow);
		assert_int_equal(r.textused, q.textused);
	}
	assert_in_range(missing, 100, 3000);
	dtk_port_reset();
	free(mem);
}

static void text_room(void **state)
{
	static struct str latin = { .length = 40, .state = 1 << 2 | 0x20 };
	const struct dtrace_step two[] = {
		S(.op = OP(IMM), .d = 1, .imm = (intptr_t)&latin), S(.op = OP(TEXT), .d = 2, .s = 1, .imm = LAYOUT),
		S(.op = OP(TEXT), .d = 3, .s = 1, .imm = LAYOUT),
	};
	struct dpid_recipe r = recipe(two, 3);

	memset(latin.c1, 0xe9, 40);
	dtk_port_umap(&latin, sizeof(latin));
	r.textsize = 100;	/* the second one is cut, between two characters */
	assert_int_equal(dpid_recipe_run(&r), 1);
	assert_int_equal(r.v[3], r.v[2] + 81);
	assert_int_equal(strlen(room), 80);
	assert_int_equal(strlen(room + 81) % 2, 0);
	assert_in_range(strlen(room + 81), 10, 18);
	assert_in_range(r.textused, 90, 100);
}

static const struct {
	const char *version;
	int format, ncode;
	const char *table;
	uint32_t ntable;
	struct { int at, line; } runs[32];
} tables[] = {
	{ "3.9.18", DTRACE_LINE_LNOTAB, 108,
		"\x00\x03\x02\x01\x02\x01\x06\xfe\x04\x04\x08\x01\x04\x01\x08\x01\x02\xff\x04\x04\x04\x01\x02\x01"
		"\x02\x01\x02\xfe\x08\x03\x0c\x01\x08\x02\x0c\x7f\x00\x1d\x06\x01\x06\x02\x02\xfe",
		44,
		{
		  { 0, 5 }, { 2, 6 }, { 4, 7 }, { 10, 5 }, { 14, 9 }, { 22, 10 }, { 26, 11 }, { 34, 12 },
		  { 36, 11 }, { 40, 15 }, { 44, 16 }, { 46, 17 }, { 48, 18 }, { 50, 16 }, { 58, 19 }, { 70, 20 },
		  { 78, 22 }, { 90, 178 }, { 96, 179 }, { 102, 181 }, { 104, 179 },
		} },
	{ "3.10.13", DTRACE_LINE_310, 108,
		"\x02\x03\x02\x01\x06\x01\x04\xfe\x08\x04\x04\x01\x08\x01\x02\x01\x04\xff\x04\x04\x02\x01\x02\x01"
		"\x02\x01\x08\xfe\x0c\x03\x04\x01\x02\xff\x02\x80\x0c\x03\x00\x7f\x06\x1d\x06\x01\x02\x02\x04\xfe",
		48,
		{
		  { 0, 5 }, { 2, 6 }, { 4, 7 }, { 10, 5 }, { 14, 9 }, { 22, 10 }, { 26, 11 }, { 34, 12 },
		  { 36, 11 }, { 40, 15 }, { 44, 16 }, { 46, 17 }, { 48, 18 }, { 50, 16 }, { 58, 19 }, { 70, 20 },
		  { 74, 19 }, { 76, 0 }, { 78, 22 }, { 90, 178 }, { 96, 179 }, { 102, 181 }, { 104, 179 },
		} },
	{ "3.11.7", DTRACE_LINE_LOCATIONS, 162,
		"\x80\x00\xf0\x06\x00\x0a\x0b\xd8\x09\x0a\xd8\x09\x0a\x88\x51\x89\x15\xf0\x05\x02\x09\x10\x80\x41"
		"\xf0\x08\x00\x0e\x0f\xf0\x00\x69\x02\x05\x12\xf0\x00\x69\x02\x05\x12\x88\x01\xd8\x0b\x0c\xf0\x00"
		"\x68\x02\x09\x12\xd8\x16\x17\xf0\x00\x01\x12\x18\x90\x11\x90\x11\xd8\x16\x17\xf0\x03\x00\x0d\x0e"
		"\x88\x41\xf0\x08\x07\x0d\x16\xdd\x14\x15\xd8\x14\x15\xd8\x14\x15\xf1\x05\x02\x15\x17\xf4\x00\x02"
		"\x15\x17\x90\x01\x90\x01\xf8\xf5\x06\x00\x14\x1e\xf0\x00\x01\x0d\x15\xf0\x00\x01\x0d\x15\xf0\x00"
		"\x01\x0d\x15\xd8\x10\x14\x90\x04\xf0\x03\x01\x0d\x15\xf8\xf8\xf8\xf0\x06\x00\x15\x16\x90\x01\x90"
		"\x01\xf8\x90\x41\x90\x01\x90\x05\x90\x05\x90\x05\x90\x05\xf0\x78\x04\x00\x11\x12\x88\x41\x88\x41"
		"\xf0\x02\x01\x0d\x12\xf0\x00\x01\x0d\x12\xf0\x00\x01\x0d\x12\xe0\x08\x09\xf1\x05\x02\x0c\x0b\xf4"
		"\x00\x02\x0c\x0b\xf0\x00\x02\x05\x0b",
		201,
		{
		  { 0, 2 }, { 2, 5 }, { 4, 6 }, { 6, 7 }, { 14, 5 }, { 18, 9 }, { 26, 10 }, { 30, 11 },
		  { 38, 12 }, { 40, 11 }, { 44, 15 }, { 46, 16 }, { 58, 17 }, { 60, 18 }, { 62, 16 }, { 80, 0 },
		  { 82, 19 }, { 100, 20 }, { 104, 19 }, { 106, 0 }, { 112, 22 }, { 118, 0 }, { 120, 22 }, { 132, 178 },
		  { 138, 179 }, { 144, 181 }, { 146, 179 },
		} },
	{ "3.13.0", DTRACE_LINE_LOCATIONS, 172,
		"\x80\x00\xf0\x06\x00\x0a\x0b\xd8\x09\x0a\xd8\x09\x0a\x89\x15\xf0\x05\x02\x09\x10\x80\x41\xf3\x08"
		"\x00\x0e\x0f\x88\x01\xde\x0b\x0c\xde\x16\x17\x91\x11\xd8\x16\x17\xf2\x03\x00\x0d\x0e\xf0\x08\x07"
		"\x0d\x16\xdc\x14\x15\xd8\x14\x15\xd8\x14\x15\xf3\x05\x02\x15\x17\x90\x01\xf0\x0c\x00\x15\x16\x90"
		"\x01\xf0\x78\x04\x00\x11\x12\x8a\x41\xf1\x53\x05\x00\x0e\x0f\xf2\x54\x05\x01\x0d\x12\xe0\x08\x09"
		"\xf3\x05\x02\x0c\x0b\xf0\x00\x02\x05\x0b\xf8\xf4\x41\x05\x00\x14\x1e\xf3\x00\x01\x0d\x15\xd9\x10"
		"\x14\xf0\x03\x01\x0d\x15\xfb\xf0\x06\x00\x15\x16\x91\x01\xfa",
		135,
		{
		  { 0, 2 }, { 2, 5 }, { 4, 6 }, { 6, 7 }, { 12, 5 }, { 16, 9 }, { 26, 10 }, { 40, 11 },
		  { 58, 12 }, { 60, 11 }, { 66, 15 }, { 68, 16 }, { 78, 17 }, { 80, 18 }, { 82, 16 }, { 92, 22 },
		  { 96, 178 }, { 104, 9 }, { 108, 179 }, { 114, 181 }, { 116, 179 }, { 126, 0 }, { 128, 19 },
		  { 146, 20 },
		  { 150, 19 }, { 152, 0 }, { 160, 22 }, { 166, 0 },
		} },
};

static int line_at(const void *bytes, int format, uint64_t pos)
{
	struct dpid_recipe r;

	assert_int_equal(RUN(r, S(.op = OP(IMM), .d = 1, .imm = 2), S(.op = OP(IMM), .d = 2, .imm = (intptr_t)bytes),
			     S(.op = OP(IMM), .d = 3, .imm = pos), S(.op = OP(LINE), .d = 3, .s = 1, .imm = format),
			     S(.op = OP(ARG), .d = 2, .s = 3)), 1);
	return (int)arg[2];
}

static void lines(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		char *bytes = calloc(1, BYTES_DATA + tables[i].ntable);
		int run = 0;

		memcpy(bytes + BYTES_SIZE, &(uint64_t){ tables[i].ntable }, 8);
		memcpy(bytes + BYTES_DATA, tables[i].table, tables[i].ntable);
		dtk_port_umap(bytes, BYTES_DATA + tables[i].ntable);
		for (int at = 0; at < tables[i].ncode; at += 2) {
			while (tables[i].runs[run + 1].at && tables[i].runs[run + 1].at <= at)
				run++;
			if (line_at(bytes, tables[i].format, at) != tables[i].runs[run].line)
				fail_msg("%s: line of byte %d is %d, not %d", tables[i].version, at,
					 line_at(bytes, tables[i].format, at), tables[i].runs[run].line);
		}
		/* A position beyond the code, and every way of cutting the table off, ends. */
		line_at(bytes, tables[i].format, 1 << 20);
		for (uint64_t n = 0; n < tables[i].ntable; n++) {
			memcpy(bytes + BYTES_SIZE, &n, 8);
			line_at(bytes, tables[i].format, tables[i].ncode - 2);
		}
		dtk_port_reset();
		free(bytes);
	}
}

int main(void)
{
#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		test(refused), test(values), test(branches), test(missing), test(remembered), test(texts),
		test(texts_near_ends), test(text_room), test(lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
