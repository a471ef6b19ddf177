// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Where CPython's objects have their fields. Within a minor version the layout
 * of code objects, frames and strings is fixed (extension modules of one minor version
 * run on any patch level); the numbers below were taken from compilers' debug information and
 * headers. What may move with a patch level since 3.13, the runtime's and interpreter's
 * state, the interpreter itself tells: _Py_DebugOffsets, at _PyRuntime. It is read from
 * the file, and where it tells what the table tells, too, they have to agree.
 */
#include <errno.h>
#include <string.h>

#include "python.h"

#define NO	DT_PY_ABSENT
#define OBJECTS	.frame_object_frame = 0x18, .type_name = 0x18, .type_flags = 0xa8, .ob_type = 8, \
	.str_length = 0x10, .str_state = 0x20, .bytes_size = 0x10, .bytes_data = 0x20
#define UNTIL_311 .text = DTRACE_TEXT(0x30, 0x38, 0x48), .code_mask = ~0ull
#define SINCE_312 .text = DTRACE_TEXT(0x28, 0x30, 0x38)

/* Frames that are objects: until 3.10. */
#define FRAME_OBJECT \
	.frame_code = 0x20, .frame_back = 0x18, .frame_instr = NO, .frame_owner = NO, .frame_is_entry = NO, \
	.co_qualname = NO, .co_code_adaptive = NO, .co_firsttraceable = NO, .co_version = NO, \
	.thread_next = 8, .thread_frame = 0x18, .thread_cframe = NO, .thread_interp = 0x10, .thread_tracing = NO, \
	.thread_breaker = NO, .thread_recursion = NO, .thread_c_recursion = NO, .interp_gc = NO, .gc_collecting = NO, \
	.interp_next = 0, .interp_threads = 8, .interp_version = NO

static const struct dt_py_layout layouts[] = {
	{
		.minor = 6, UNTIL_311, FRAME_OBJECT, OBJECTS, .line_kind = DTRACE_LINE_LNOTAB,
		.co_filename = 0x60, .co_name = 0x68, .co_firstlineno = 0x24, .co_linetable = 0x70, .co_code = 0x28,
		.frame_lasti = 0x78, .frame_locals = 0x178, .thread_id = 0x98, .runtime_interps = NO,
		.thread_exc = 0x50, .exc_traceback = 0x60, .runtime_current = NO,
	}, {
		.minor = 7, UNTIL_311, FRAME_OBJECT, OBJECTS, .line_kind = DTRACE_LINE_LNOTAB,
		.co_filename = 0x60, .co_name = 0x68, .co_firstlineno = 0x24, .co_linetable = 0x70, .co_code = 0x28,
		.frame_lasti = 0x68, .frame_locals = 0x168, .thread_id = 0xb0, .runtime_interps = 0x18,
		.thread_exc = 0x58, .exc_traceback = 0x68, .runtime_current = 0x5c8,
	}, {
		.minor = 8, UNTIL_311, FRAME_OBJECT, OBJECTS, .line_kind = DTRACE_LINE_LNOTAB,
		.co_filename = 0x68, .co_name = 0x70, .co_firstlineno = 0x28, .co_linetable = 0x78, .co_code = 0x30,
		.frame_lasti = 0x68, .frame_locals = 0x168, .thread_id = 0xb0, .runtime_interps = 0x20,
		.thread_exc = 0x58, .exc_traceback = 0x68, .runtime_current = 0x558,
	}, {
		.minor = 9, UNTIL_311, FRAME_OBJECT, OBJECTS, .line_kind = DTRACE_LINE_LNOTAB,
		.co_filename = 0x68, .co_name = 0x70, .co_firstlineno = 0x28, .co_linetable = 0x78, .co_code = 0x30,
		.frame_lasti = 0x68, .frame_locals = 0x168, .thread_id = 0xb0, .runtime_interps = 0x20,
		.thread_exc = 0x58, .exc_traceback = 0x68, .runtime_current = 0x238,
	}, {
		.minor = 10, UNTIL_311, FRAME_OBJECT, OBJECTS, .line_kind = DTRACE_LINE_310, .lasti_shift = 1,
		.co_filename = 0x68, .co_name = 0x70, .co_firstlineno = 0x28, .co_linetable = 0x78, .co_code = 0x30,
		.frame_lasti = 0x60, .frame_locals = 0x160, .thread_id = 0xb0, .runtime_interps = 0x20,
		.thread_exc = 0x58, .exc_traceback = 0x68, .runtime_current = 0x238,
	}, {
		.minor = 11, .is_interp_frame = true, UNTIL_311, OBJECTS, .line_kind = DTRACE_LINE_LOCATIONS,
		.co_filename = 0x70, .co_name = 0x78, .co_qualname = 0x80, .co_firstlineno = 0x48, .co_linetable = 0x88,
		.co_code = NO, .co_code_adaptive = 0xb8, .co_firsttraceable = 0xa8, .co_version = NO,
		.frame_code = 0x20, .frame_back = 0x30, .frame_lasti = NO, .frame_instr = 0x38, .frame_is_entry = 0x44,
		.frame_owner = 0x45, .frame_locals = 0x48,
		.thread_next = 8, .thread_id = 0x98, .thread_cframe = 0x38, .thread_frame = 8,
		.thread_interp = 0x10, .thread_tracing = 0x2c, .thread_breaker = NO, .thread_recursion = NO,
		.thread_c_recursion = NO, .thread_exc = 0x60, .interp_next = 0, .interp_threads = 0x10,
		.interp_version = NO,
		.runtime_interps = 0x28, .exc_traceback = 0x70,
		.interp_gc = NO, .gc_collecting = NO, .runtime_current = 0x240,
	}, {
		.minor = 12, .is_interp_frame = true, SINCE_312, .code_mask = ~0ull, OBJECTS,
		.line_kind = DTRACE_LINE_LOCATIONS,
		.co_filename = 0x70, .co_name = 0x78, .co_qualname = 0x80, .co_firstlineno = 0x44, .co_linetable = 0x88,
		.co_code = NO, .co_code_adaptive = 0xc0, .co_firsttraceable = 0xb0, .co_version = 0xa0,
		.frame_code = 0, .frame_back = 8, .frame_lasti = NO, .frame_instr = 0x38, .frame_is_entry = NO,
		.frame_owner = 0x46, .frame_locals = 0x48,
		.thread_next = 8, .thread_id = 0x88, .thread_cframe = 0x38, .thread_frame = 0,
		.thread_interp = 0x10, .thread_tracing = 0x2c, .thread_breaker = NO, .thread_recursion = 0x1c,
		.thread_c_recursion = NO, .thread_exc = 0x60, .interp_next = 0, .interp_threads = 0x48,
		.interp_version = 0x30,
		.runtime_interps = 0x28, .exc_traceback = 0x28,
		.interp_gc = NO, .gc_collecting = NO, .runtime_current = NO,
	}, {
		.minor = 13, .is_interp_frame = true, SINCE_312, .code_mask = ~0ull, OBJECTS,
		.line_kind = DTRACE_LINE_LOCATIONS,
		.co_filename = 0x70, .co_name = 0x78, .co_qualname = 0x80, .co_firstlineno = 0x44, .co_linetable = 0x88,
		.co_code = NO, .co_code_adaptive = 0xc8, .co_firsttraceable = 0xb8, .co_version = 0xa8,
		.frame_code = 0, .frame_back = 8, .frame_lasti = NO, .frame_instr = 0x38, .frame_is_entry = NO,
		.frame_owner = 0x46, .frame_locals = 0x48,
		.thread_next = 8, .thread_id = 0x98, .thread_cframe = NO, .thread_frame = 0x48,
		.thread_interp = 0x10, .thread_tracing = 0x3c, .thread_breaker = 0x18, .thread_recursion = 0x2c,
		.thread_c_recursion = 0x34, .thread_exc = 0x70, .interp_version = NO,
		.exc_traceback = 0x28, .interp_gc = NO, .gc_collecting = NO, .runtime_current = NO,
	}, {
		.minor = 14, .is_interp_frame = true, SINCE_312, .code_mask = ~7ull, OBJECTS,
		.line_kind = DTRACE_LINE_LOCATIONS,
		.co_filename = 0x70, .co_name = 0x78, .co_qualname = 0x80, .co_firstlineno = 0x44, .co_linetable = 0x88,
		.co_code = NO, .co_code_adaptive = 0xd0, .co_firsttraceable = 0xc0, .co_version = 0xa8,
		.frame_code = 0, .frame_back = 8, .frame_lasti = NO, .frame_instr = 0x38, .frame_is_entry = NO,
		.frame_owner = 0x4a, .frame_locals = 0x50,
		.thread_next = 8, .thread_id = 0x98, .thread_cframe = NO, .thread_frame = 0x48,
		.thread_interp = 0x10, .thread_tracing = 0x3c, .thread_breaker = 0x18, .thread_recursion = 0x30,
		.thread_c_recursion = NO, .thread_exc = 0x70, .interp_version = NO,
		.exc_traceback = 0x28, .interp_gc = NO, .gc_collecting = NO, .runtime_current = NO,
	}, {
		.minor = 15, .is_interp_frame = true, SINCE_312, .code_mask = ~7ull, OBJECTS,
		.line_kind = DTRACE_LINE_LOCATIONS,
		.co_filename = 0x70, .co_name = 0x78, .co_qualname = 0x80, .co_firstlineno = 0x44, .co_linetable = 0x88,
		.co_code = NO, .co_code_adaptive = 0xd0, .co_firsttraceable = 0xc0, .co_version = 0xa8,
		.frame_code = 0, .frame_back = 8, .frame_lasti = NO, .frame_instr = 0x38, .frame_is_entry = NO,
		.frame_owner = 0x4a, .frame_locals = 0x50,
		.thread_next = 8, .thread_id = 0xb0, .thread_cframe = NO, .thread_frame = 0x48,
		.thread_interp = 0x10, .thread_tracing = 0x40, .thread_breaker = 0x18, .thread_recursion = 0x34,
		.thread_c_recursion = NO, .thread_exc = 0x88, .interp_version = NO,
		.exc_traceback = 0x28, .interp_gc = NO, .gc_collecting = NO, .runtime_current = NO,
	},
};

/* ---- What the interpreter says itself -------------------------------------------------- */

#define COOKIE	"xdebugpy"
#define NWORDS	96		/* 64-bit words after the cookie that are looked at */
#define FARTHEST 0x2000		/* no field of these lies beyond that in its object */

/* Which word of _Py_DebugOffsets tells a field: the list of words changes with each minor version. */
struct told {
	const char *what;
	uint16_t offset;	/* in struct dt_py_layout */
	uint8_t word[3];	/* 3.13, 3.14, 3.15; 0: not told */
	bool moves;		/* taken from there; else it must agree */
};
#define FIELD(f) #f, offsetof(struct dt_py_layout, f)
static const struct told told[] = {
	{ FIELD(runtime_interps), { 4, 4, 4 }, true },
	{ FIELD(interp_next), { 7, 7, 7 }, true },
	{ FIELD(interp_threads), { 8, 8, 8 }, true },
	{ FIELD(interp_gc), { 9 }, true },
	{ FIELD(gc_collecting), { 71 }, true },
	{ FIELD(thread_next), { 20, 23, 23 } },
	{ FIELD(thread_interp), { 21, 24, 24 } },
	{ FIELD(thread_frame), { 22, 25, 25 } },
	{ FIELD(thread_id), { 23, 26, 29 } },
	{ FIELD(thread_exc), { 0, 0, 35 } },
	{ FIELD(frame_back), { 28, 31, 39 } },
	{ FIELD(frame_code), { 29, 32, 40 } },
	{ FIELD(frame_instr), { 30, 33, 41 } },
	{ FIELD(frame_locals), { 31, 34, 42 } },
	{ FIELD(frame_owner), { 32, 35, 43 } },
	{ FIELD(co_filename), { 34, 39, 47 } },
	{ FIELD(co_name), { 35, 40, 48 } },
	{ FIELD(co_qualname), { 36, 41, 49 } },
	{ FIELD(co_linetable), { 37, 42, 50 } },
	{ FIELD(co_firstlineno), { 38, 43, 51 } },
	{ FIELD(co_code_adaptive), { 42, 47, 55 } },
	{ FIELD(ob_type), { 44, 50, 58 } },
	{ FIELD(bytes_size), { 64, 74, 86 } },
	{ FIELD(bytes_data), { 65, 75, 87 } },
	{ FIELD(str_state), { 67, 77, 89 } },
	{ FIELD(str_length), { 68, 78, 90 } },
};

static int read_offsets(struct dt_elf *e, const char *name, struct dt_py_layout *l, struct dt_err *err)
{
	uint64_t runtime = dt_py_symbol(e, "_PyRuntime"), w[NWORDS];
	char cookie[sizeof(COOKIE) - 1];

	if (!dt_py_read(e, runtime, cookie, sizeof(cookie)) || memcmp(cookie, COOKIE, sizeof(cookie)) ||
	    !dt_py_read(e, runtime + sizeof(cookie), w, sizeof(w)))
		return dt_proc_fail(err, -ENOTSUP,
				    "%s is Python 3.%d, but has no _Py_DebugOffsets, which it should have",
				    name, l->minor);
	if (w[0] >> 16 != (0x300u | l->minor))
		return dt_proc_fail(err, -ENOTSUP, "%s is Python 3.%d, but its _Py_DebugOffsets are of version %#llx",
				    name,
				    l->minor, (unsigned long long)w[0]);
	if (w[1])
		return dt_proc_fail(err, -ENOTSUP,
				    "%s is a free-threaded build of Python 3.%d: these are not known yet",
				    name, l->minor);
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
		const struct told *t = &told[i];
		uint16_t *field = (uint16_t *)((char *)l + t->offset);
		uint8_t word = t->word[l->minor - 13];

		if (!word)
			continue;
		if (t->moves ? w[word] >= FARTHEST : w[word] != *field)
			return dt_proc_fail(err, -ENOTSUP,
					    "%s is Python 3.%d with another layout than known: %s is at %#llx",
					    name, l->minor, t->what, (unsigned long long)w[word]);
		*field = w[word];
	}
	return 0;
}

int dt_py_layout(struct dt_elf *e, int minor, const char *name, struct dt_py_layout *ret, struct dt_err *err)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(*layouts); i++) {
		if (layouts[i].minor != minor)
			continue;
		*ret = layouts[i];
		return minor >= 13 ? read_offsets(e, name, ret, err) : 0;
	}
	return dt_proc_fail(err, -ENOTSUP, "%s is Python 3.%d: known are 3.6 to 3.15", name, minor);
}
