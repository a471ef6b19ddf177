/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CPython's interpreters, as they are found: no module loaded into them, no build
 * option asked for, symbols or not.
 *
 *   elf.c      a file's symbols, its words as relocated, versions: is this an interpreter?
 *   code.c     straight-line and branching walks over machine code that know which register
 *              still holds what it held at the start
 *   eval.c     where the eval loop is, which registers hold frame and instruction, whom it calls
 *   places.c   functions: where they return, who calls them
 *   layout.c   where the fields of CPython's objects are, per minor version
 *   recipes.c  probes of functions: places and steps (include/dtrace/recipe.h)
 *   events.c   the other probes: exceptions, garbage, imports, audit events; and why one is not there
 *   source.c   all of it for one object of a process, remembered per file
 *
 * Every fact is taken from the file at hand and checked by a second one where there is a second one;
 * what does not fit is refused with a sentence. Addresses are ELF virtual addresses.
 */
#ifndef DT_PYTHON_H
#define DT_PYTHON_H

#include <dtrace/python.h>
#include "statics.h"
#include "user.h"

/* ---- elf.c ------------------------------------------------------------------ */

/* A machine word of the file's data as it will be in memory, less the load address, that points to code. */
struct dt_py_word {
	uint64_t addr, value;
};

struct dt_py_elf {
	struct dt_elf *elf;
	bool is_fixed;			/* not position independent */
	struct { uint64_t lo, hi; } code[8];	/* executable segments */
	size_t ncode;
	struct dt_py_word *word;	/* words that point to code, by rising address */
	size_t nword;
};

int dt_py_elf_open(struct dt_elf *e, struct dt_py_elf *ret, struct dt_err *err);
void dt_py_elf_close(struct dt_py_elf *pe);
/* .dynsym or .symtab; 0: there is none. */
uint64_t dt_py_symbol(struct dt_elf *e, const char *name);
bool dt_py_is_code(const struct dt_py_elf *pe, uint64_t addr);
/* Copy from the file; false: not in it. */
bool dt_py_read(struct dt_elf *e, uint64_t addr, void *buf, size_t n);
/* Does the file at @path hold an interpreter? Quick. */
bool dt_py_maybe(const char *path);
/*
 * Its minor version: 6 to 15 for 3.6 to 3.15. -ENOENT: this is no CPython interpreter.
 * -ENOTSUP and a sentence: one that isn't understood.
 */
int dt_py_version(struct dt_elf *e, const char *name, struct dt_err *err);

/* ---- layout.c ----------------------------------------------------------------- */

/*
 * Offsets in bytes; ABSENT where the version has no such field. All that a walker of Python's frames needs:
 *
 *   _PyRuntime + runtime_interps -> interpreter: + interp_next, + interp_threads -> thread: + thread_next,
 *   thread_id (pthread_self(): the thread's fs base), + thread_frame (through thread_cframe first, if there is one)
 *   -> frame: + frame_back, + frame_code (& code_mask) -> code object -> names, line table.
 */
#define DT_PY_ABSENT	0xffff
struct dt_py_layout {
	uint8_t minor;
	bool is_interp_frame;	/* frames are _PyInterpreterFrame (3.11 and later), not objects */
	uint8_t line_kind;	/* DTRACE_LINE_* */
	uint8_t lasti_shift;	/* byte offset of an instruction = f_lasti << this (until 3.10) */
	uint64_t code_mask;	/* of frame_code: the low bits are tags since 3.14 */
	uint64_t text;		/* DTRACE_TEXT() */
	/* code object */
	uint16_t co_filename, co_name, co_qualname, co_firstlineno, co_linetable;
	uint16_t co_code;	/* bytes object with the bytecode, until 3.10 */
	uint16_t co_code_adaptive, co_firsttraceable,
		co_version; /* since 3.11; version of instrumentation since 3.12 */
	/* frame */
	uint16_t frame_code, frame_back;
	uint16_t frame_lasti;	/* i32, until 3.10 */
	uint16_t frame_instr;	/* pointer to the instruction, since 3.11 */
	uint16_t frame_owner;	/* u8, since 3.11: 1 = generator; 3 and more = eval loop's own (3.12) */
	uint16_t frame_is_entry;	/* u8, 3.11 */
	uint16_t frame_locals;	/* pointers (& code_mask): the parameters come first */
	/* thread state */
	uint16_t thread_next, thread_id, thread_frame;
	uint16_t thread_cframe;	/* 3.11, 3.12: the frame is at *(thread + this) + thread_frame */
	uint16_t thread_interp, thread_tracing, thread_breaker;
	uint16_t thread_recursion;	/* i32: calls that are still allowed, 3.12 and later */
	uint16_t thread_c_recursion;	/* i32: the same of calls through C, 3.13 */
	uint16_t thread_exc;	/* the exception that is being raised, or NULL; until 3.11 its type */
	uint16_t exc_traceback;	/* its traceback: of the exception; until 3.11 of the thread */
	/* interpreter state and runtime */
	uint16_t interp_next, interp_threads, interp_version;
	uint16_t interp_gc, gc_collecting;	/* i32 in the collector's state; 3.13 */
	uint16_t runtime_interps;
	uint16_t runtime_current;	/* thread that holds the interpreter's lock, 3.7 to 3.11 */
	/* objects */
	uint16_t frame_object_frame;	/* of a frame object, since 3.11 */
	uint16_t type_name, type_flags;
	uint16_t ob_type, str_length, str_state, bytes_size, bytes_data;
};

/* Fill *ret for a version; from 3.13 on checked against, and completed by, the file's _Py_DebugOffsets. */
int dt_py_layout(struct dt_elf *e, int minor, const char *name, struct dt_py_layout *ret, struct dt_err *err);

/* ---- code.c -------------------------------------------------------------------- */

/* What a register or a stack slot holds, in terms of the start of a walk. */
struct dt_py_value {
	enum { DT_PY_UNKNOWN, DT_PY_REG, DT_PY_MEM } kind;
	uint8_t reg;		/* DTRACE_REG_*, as it was at the start */
	int32_t disp;		/* REG: what was added to it. MEM: [reg + disp], 8 bytes, at the start */
};
static inline bool dt_py_is_reg(const struct dt_py_value *v, uint8_t reg)
{
	return v->kind == DT_PY_REG && v->reg == reg && !v->disp;
}

struct dt_py_slot {
	int32_t at;		/* relative to the stack pointer at the start */
	struct dt_py_value v;
};
#define DT_PY_SLOTS	24
struct dt_py_state {
	struct dt_py_value r[16];
	struct dt_py_slot slot[DT_PY_SLOTS];
	uint8_t nslot;
	uint8_t mark;		/* the visitor's own */
};

/* One instruction, before its effects. */
struct dt_py_insn {
	uint64_t addr, next;
	uint64_t target;	/* direct branches and calls */
	bool is_call, is_end, is_conditional, is_ret, is_indirect;
	bool is_store;		/* mov [base + disp], 64-bit register */
	bool is_byte_test;	/* cmp byte [base + disp], 0 */
	bool is_write32;	/* changes dword [base + disp] */
	uint8_t base, src;	/* DTRACE_REG_*, as the instruction names them; base 0xff: no plain [base + disp] */
	int32_t disp;
};
/* 0: go on. DT_PY_LEAVE: not beyond this instruction. Other: end the walk and return it. */
#define DT_PY_LEAVE	1000
typedef int dt_py_visit_f(void *ctx, const struct dt_py_insn *in, struct dt_py_state *s);
/*
 * Walk all paths from @start, each instruction once, along direct branches, over calls, to at most @max instructions.
 * Returns the visitor's verdict or 0, -ENOMEM.
 */
int dt_py_walk(const struct dt_py_elf *pe, uint64_t start, size_t max, dt_py_visit_f *f, void *ctx);
/* The first straight line only: jumps are followed, conditional ones never taken. */
int dt_py_walk_line(const struct dt_py_elf *pe, uint64_t start, size_t max, dt_py_visit_f *f, void *ctx);
/* Show every instruction that can be reached from start[n] by direct branches to @f, once. 0 or -ENOMEM. */
typedef void dt_py_look_f(void *ctx, const struct dt_pid_insn *in);
int dt_py_reach(const struct dt_py_elf *pe, const uint64_t *start, size_t n, dt_py_look_f *f, void *ctx);

/* ---- places.c ----------------------------------------------------------------------- */

/* A function's return instructions. */
struct dt_py_returns {
	uint64_t addr[8];
	size_t n;
};
/*
 * Those of the function at @addr, all of which is shown to @f (may be NULL). -ENOMEM; -EINVAL: it is in more than two
 * pieces, ends in another function, never returns, or is no plain code.
 */
int dt_py_returns(const struct dt_py_elf *pe, uint64_t addr, struct dt_py_returns *ret, dt_py_look_f *f, void *ctx);

/* A function, and the words through which the linker's stubs lead to it. */
struct dt_py_callee {
	uint64_t addr;
	uint64_t slot[4];
	size_t nslot;
};
void dt_py_callee_find(const struct dt_py_elf *pe, const char *name, struct dt_py_callee *ret);
/* Does this instruction call it, itself or by a stub? */
bool dt_py_calls(const struct dt_py_elf *pe, const struct dt_pid_insn *in, const struct dt_py_callee *c);

/* The function that collects garbage, if a symbol tells. */
struct dt_py_gc {
	uint64_t function;	/* 0: not known */
	struct dt_py_returns ret;
};
int dt_py_gc_find(const struct dt_py_elf *pe, int minor, struct dt_py_gc *ret);

/* The functions that audit events pass, if symbols tell which they are. */
struct dt_py_audit {
	uint64_t function;	/* PySys_Audit(event, ...). 0: not known */
	uint64_t inner;		/* _PySys_Audit(thread, event, ...), since 3.9 */
	uint64_t python;	/* sys.audit() */
	uint64_t python_calls;	/* where one of these two returns to if python, since there is a hook, calls it */
};
int dt_py_audit_find(const struct dt_py_elf *pe, int minor, struct dt_py_audit *ret);

/* ---- eval.c ---------------------------------------------------------------------- */

enum dt_py_op {
	DT_PY_OP_RESUME, DT_PY_OP_RESUME2, DT_PY_OP_RESUME3, DT_PY_OP_I_RESUME,
	DT_PY_OP_RETURN, DT_PY_OP_RETURN_CONST, DT_PY_OP_I_RETURN, DT_PY_OP_I_RETURN_CONST,
	DT_PY_OP_YIELD, DT_PY_OP_I_YIELD,
	DT_PY_OP_YIELD_FROM,			/* until 3.10 */
	DT_PY_OPS
};
/* Number of an opcode in 3.minor, or -1. */
int dt_py_opcode(int minor, enum dt_py_op op);

/* An instruction that links the frame in; or the function's first one, if it was not found. */
struct dt_py_push {
	uint64_t addr;
	uint8_t frame;		/* register that holds the frame there */
	int32_t depth;		/* stack pointer at the function's entry = stack pointer there + this */
};
#define DT_PY_PUSHES	4
#define DT_PY_RAISES	4

struct dt_py_eval {
	uint64_t function;	/* _PyEval_EvalFrameDefault */
	uint64_t lo, hi;	/* of all handlers; until 3.10 of the function */
	/* since 3.11: */
	uint64_t table;		/* opcode_targets */
	uint64_t handler[256];
	uint8_t frame, next;	/* registers at every handler's first instruction: frame, the instruction itself */
	uint16_t votes, voters;
	struct dt_py_value thread;	/* where the thread state is there; UNKNOWN in 3.11 */
	uint64_t clear;		/* function that frames that end are given to: see recipes.c */
	bool is_clear_inner;	/* it takes (frame), frees it; else (thread state, frame), unlinks it, too */
	/* until 3.10: */
	struct dt_py_push push[DT_PY_PUSHES];	/* a frame that is entered passes one of them */
	size_t npush;
	/* until 3.11: */
	struct dt_py_returns ret;
	/* Calls of PyTraceBack_Here(frame object); more than there is room for count as none. */
	uint64_t raise[DT_PY_RAISES];
	size_t nraise;
	struct dt_py_value raise_thread;	/* where the thread state seems to be there; since 3.12 */
};
int dt_py_eval_find(const struct dt_py_elf *pe, const struct dt_py_layout *l, const char *name,
		    struct dt_py_eval *ret, struct dt_err *err);

/* Names and arguments of probes that no file has to be read for. */
extern const struct dt_static dt_py_known[];

/* ---- recipes.c --------------------------------------------------------------------- */

#define DT_PY_SITES	96
#define DT_PY_STATICS	12
/* Everything about one file. */
struct dt_py {
	struct dt_py_layout layout;
	struct dt_py_eval eval;
	struct dt_py_gc gc;
	struct dt_py_audit audit;
	bool has_imports;	/* probes of imports of its own */
	uint64_t runtime;	/* _PyRuntime; 3.6: 0 */
	uint64_t current;	/* 3.6: _PyThreadState_Current */
	uint64_t code_type;	/* PyCode_Type */
	struct dt_static st[DT_PY_STATICS];
	size_t nst;
	struct dt_site site[DT_PY_SITES];
	size_t nsite;
	struct dtrace_step step[DT_PY_SITES * DTRACE_STEP_MAX];
};
/* Fill st, site, step from the rest. */
int dt_py_recipes(struct dt_py *py, const char *name, struct dt_err *err);
/* Why an interpreter without probe @name has none, in a few words; NULL: interpreters never do. */
const char *dt_py_why_absent(const struct dt_py *py, const char *name);

/* ---- source.c ----------------------------------------------------------------------- */

/*
 * What is known of an object's file (its elf is there); kept until exit, for all that map it. NULL: *rc is -ENOENT if
 * it is no interpreter, -ENOTSUP with a sentence if it isn't understood, -ENOMEM.
 */
const struct dt_py *dt_py_of(struct dt_object *o, int *rc, struct dt_err *err);
/* Is this note's probe one that the python provider makes better? @provider, @name: as notes spell them. */
bool dt_py_owns(struct dt_object *o, const char *provider, const char *name);

#endif /* DT_PYTHON_H */
