// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What D itself defines: built-in variables, subroutines, actions, aggregating
 * functions, register names. A name that D has but we don't implement yet is
 * here too, so that it is refused as what it is and not as unknown.
 */
#include <string.h>

#include "ident_impl.h"

/* ---- Variables ------------------------------------------------------------- */

struct builtin_var {
	const char *name;
	uint16_t id;
	enum dt_basic type;
	uint32_t flags;
	const char *why;	/* of DT_IDF_NOSUP */
};

#define VAR(name, id, type) { name, DIF_VAR_##id, DT_B_##type, 0, NULL }
#define NOVAR(name, id, why) { name, DIF_VAR_##id, DT_B_INT64, DT_IDF_NOSUP, why }
#define NONAME(name, why) { name, 0xffff, DT_B_INT64, DT_IDF_NOSUP, why }

#define NO_JAILS "Linux has no jails; to trace one container, use a predicate on its processes"

static const struct builtin_var vars[] = {
	VAR("arg0", ARG0, INT64), VAR("arg1", ARG1, INT64), VAR("arg2", ARG2, INT64),
	VAR("arg3", ARG3, INT64), VAR("arg4", ARG4, INT64), VAR("arg5", ARG5, INT64),
	VAR("arg6", ARG6, INT64), VAR("arg7", ARG7, INT64), VAR("arg8", ARG8, INT64),
	VAR("arg9", ARG9, INT64),
	VAR("timestamp", TIMESTAMP, UINT64),
	VAR("walltimestamp", WALLTIMESTAMP, INT64),
	VAR("cpu", CPU, INT32),
	VAR("pid", PID, INT32),
	VAR("tid", TID, INT32),
	VAR("ppid", PPID, INT32),
	VAR("uid", UID, UINT32),
	VAR("gid", GID, UINT32),
	VAR("execname", EXECNAME, STRING),
	VAR("zonename", ZONENAME, STRING),
	VAR("threadname", THREADNAME, STRING),
	VAR("probeprov", PROBEPROV, STRING),
	VAR("probemod", PROBEMOD, STRING),
	VAR("probefunc", PROBEFUNC, STRING),
	VAR("probename", PROBENAME, STRING),
	VAR("id", ID, UINT32),
	VAR("epid", EPID, UINT32),
	VAR("caller", CALLER, UINTPTR),
	VAR("ucaller", UCALLER, UINT64),
	VAR("stackdepth", STACKDEPTH, UINT32),
	VAR("ustackdepth", USTACKDEPTH, UINT32),
	VAR("ipl", IPL, UINT32),
	VAR("usermode", USERMODE, INT32),
	VAR("vtimestamp", VTIMESTAMP, UINT64),
	VAR("execargs", EXECARGS, STRING),
	VAR("errno", ERRNO, INT32),
	VAR("cwd", CWD, STRING),
	VAR("root", ROOT, STRING),
	VAR("pset", PSET, INT32),
	VAR("chip", CHIP, INT32),
	VAR("lgrp", LGRP, INT32),
	NONAME("vmregs", "it reads the registers of a virtual machine's guest, and no provider here traces guests"),
	NONAME("jid", NO_JAILS),
	NONAME("jailname", NO_JAILS),
};

static const struct builtin_var arrays[] = {
	VAR("uregs", UREGS, UINT64),
	VAR("args", ARGS, INT64),
	VAR("regs", REGS, UINT64),
};

/* ---- Functions --------------------------------------------------------------- */

struct builtin_fn {
	const char *name;
	enum dt_ident_kind kind;
	uint32_t id;
	uint32_t flags;
	const char *why;
};

#define ACT(name, id) { name, DT_I_ACTION, DTRACEACT_##id, 0, NULL }
#define LIB(name, id) { name, DT_I_ACTION, DTRACEACT_LIBACT, 0, NULL }
#define AGG(name, id) { name, DT_I_AGGFUNC, DTRACEAGG_##id, 0, NULL }
#define NOACT(name, why) { name, DT_I_ACTION, DTRACEACT_NONE, DT_IDF_NOSUP, why }
#define NOSUBR(name, why) { name, DT_I_SUBR, DIF_SUBR_MAX, DT_IDF_NOSUP, why }
#define DESTR(name, id) \
	{ name, DT_I_ACTION, DTRACEACT_##id, DT_IDF_DESTRUCTIVE, NULL }

#define NO_STREAMS "it measures messages of STREAMS, which Linux does not have"
#define NO_SX "sx locks are FreeBSD's; rw_read_held() and its kin read an rw_semaphore or rwlock_t"

static const struct builtin_fn fns[] = {
	ACT("trace", DIFEXPR),
	ACT("printf", PRINTF),
	ACT("printa", PRINTA),
	ACT("tracemem", TRACEMEM),
	ACT("exit", EXIT),
	ACT("stack", STACK),
	ACT("ustack", USTACK),
	ACT("usym", USYM),
	ACT("ufunc", USYM),
	ACT("umod", UMOD),
	ACT("uaddr", UADDR),
	LIB("clear", CLEAR),
	LIB("normalize", NORMALIZE),
	LIB("denormalize", DENORMALIZE),
	LIB("trunc", TRUNC),
	AGG("count", COUNT),
	AGG("sum", SUM),
	AGG("avg", AVG),
	AGG("min", MIN),
	AGG("max", MAX),
	AGG("stddev", STDDEV),
	AGG("quantize", QUANTIZE),
	AGG("lquantize", LQUANTIZE),
	AGG("llquantize", LLQUANTIZE),
	ACT("print", PRINT),
	ACT("printm", PRINTM),
	LIB("setopt", SETOPT),
	LIB("ftruncate", FTRUNCATE),
	ACT("jstack", JSTACK),
	ACT("pystack", PYSTACK),
	ACT("sym", SYM),
	ACT("func", SYM),
	ACT("mod", MOD),
	ACT("speculate", SPECULATE),
	ACT("commit", COMMIT),
	ACT("discard", DISCARD),
	NOACT("pcap", "no action captures packets"),
	NOSUBR("ddi_pathname", "it names a node of illumos' device tree; for a file's path there is d_path()"),
	NOSUBR("getf", "fds[n] tells what a file descriptor is"),
	NOSUBR("memref", "it stands only in printm(size, memref(address, length))"),
	NOSUBR("msgdsize", NO_STREAMS),
	NOSUBR("msgsize", NO_STREAMS),
	NOSUBR("sx_exclusive_held", NO_SX),
	NOSUBR("sx_isexclusive", NO_SX),
	NOSUBR("sx_shared_held", NO_SX),
	DESTR("system", SYSTEM),
	DESTR("freopen", FREOPEN),
	DESTR("raise", RAISE),
	DESTR("stop", STOP),
	DESTR("chill", CHILL),
	DESTR("panic", PANIC),
	DESTR("breakpoint", BREAKPOINT),
};

static const struct { const char *name; uint32_t id; } subrs[] = {
#define SUBR(name, id, lo, hi) { name, DIF_SUBR_##id },
	DIF_SUBRS(SUBR)
#undef SUBR
};

/* ---- Constants: the registers of uregs[], with the names of the classic library ---- */

#define REG(name) { "R_" #name, DIF_REG_##name }
static const struct { const char *name; int val; } regs[] = {
	REG(R15), REG(R14), REG(R13), REG(R12), REG(R11), REG(R10), REG(R9), REG(R8), REG(RDI),
	REG(RSI), REG(RBP), REG(RBX), REG(RDX), REG(RCX), REG(RAX), REG(TRAPNO), REG(ERR), REG(RIP),
	REG(CS), REG(RFL), REG(RSP), REG(SS), REG(FS), REG(GS), REG(ES), REG(DS), REG(FSBASE),
	REG(GSBASE),
	{ "R_PC", DIF_REG_RIP }, { "R_SP", DIF_REG_RSP }, { "R_FP", DIF_REG_RBP },
	{ "R_PS", DIF_REG_RFL }, { "R_R0", DIF_REG_RAX }, { "R_R1", DIF_REG_RDX },
};

#define N(a) (sizeof(a) / sizeof((a)[0]))

static int enter_var(struct dt_idents *ids, const struct builtin_var *v, enum dt_ident_kind kind)
{
	struct dt_ident *id = dt_ident_enter(ids, DT_SCOPE_GLOBAL, kind, v->name);

	if (!id)
		return -1;
	id->id = v->id;
	id->flags = DT_IDF_BUILTIN | DT_IDF_NOWRITE | v->flags;
	id->why = v->why;
	id->type = dt_basic(ids->types, v->type);
	if (kind == DT_I_ARRAY) {
		const struct dt_type *key = dt_basic(ids->types, DT_B_INT);

		return dt_ident_set_keys(id, &key, 1);
	}
	return 0;
}

static int enter_curthread(struct dt_idents *ids)
{
	const struct builtin_var v = VAR("curthread", CURTHREAD, UINT64);
	struct dt_type *task;
	struct dt_ident *id;
	const struct dt_type *ptr;

	if (enter_var(ids, &v, DT_I_SCALAR))
		return -1;
	task = dt_type_tag(ids->types, DT_T_STRUCT, "task_struct");
	ptr = task ? dt_type_pointer(ids->types, task) : NULL;
	if (!ptr)
		return -1;
	id = dt_ident_lookup(ids, DT_SCOPE_GLOBAL, "curthread");
	id->type = ptr;
	id->attr = (struct dt_attr){ DT_ST_STABLE, DT_ST_PRIVATE, DT_CL_COMMON };
	return 0;
}

static int enter_fn(struct dt_idents *ids, const char *name, enum dt_ident_kind kind, uint32_t num,
		    uint32_t flags, const char *why)
{
	struct dt_ident *id = dt_ident_enter(ids, DT_SCOPE_GLOBAL, kind, name);

	if (!id)
		return -1;
	id->id = num;
	id->flags = DT_IDF_BUILTIN | DT_IDF_NOWRITE | flags;
	id->why = why;
	return 0;
}

static int enter_const(struct dt_idents *ids, const char *name, int64_t val, const struct dt_type *type)
{
	struct dt_node value = { .kind = DT_N_INT, .type = type, .u.i.val = (uint64_t)val };
	struct dt_ident *id = dt_ident_enter(ids, DT_SCOPE_GLOBAL, DT_I_INLINE, name);

	if (!id)
		return -1;
	id->flags = DT_IDF_BUILTIN | DT_IDF_NOWRITE;
	id->type = type;
	return dt_ident_set_inline(id, &value);
}

static uint32_t subr_flags(uint32_t id)
{
	return id == DIF_SUBR_COPYOUT || id == DIF_SUBR_COPYOUTSTR ? DT_IDF_DESTRUCTIVE : 0;
}

int dt_ident_builtins(struct dt_idents *ids)
{
	const struct dt_type *voidptr = dt_type_pointer(ids->types, dt_basic(ids->types, DT_B_VOID));
	int err = enter_curthread(ids);

	for (size_t i = 0; i < N(vars) && !err; i++)
		err = enter_var(ids, &vars[i], DT_I_SCALAR);
	for (size_t i = 0; i < N(arrays) && !err; i++)
		err = enter_var(ids, &arrays[i], DT_I_ARRAY);
	for (size_t i = 0; i < N(fns) && !err; i++)
		err = enter_fn(ids, fns[i].name, fns[i].kind, fns[i].id, fns[i].flags, fns[i].why);
	for (size_t i = 0; i < N(subrs) && !err; i++)
		err = enter_fn(ids, subrs[i].name, DT_I_SUBR, subrs[i].id, subr_flags(subrs[i].id), NULL);
	for (size_t i = 0; i < N(regs) && !err; i++)
		err = enter_const(ids, regs[i].name, regs[i].val, dt_basic(ids->types, DT_B_INT));
	if (!err)
		err = voidptr ? enter_const(ids, "NULL", 0, voidptr) : -1;
	return err;
}

/* ---- Pseudo-types of keys ------------------------------------------------------ */

/*
 * A typedef, so that it is spelt "stack()" in messages, of a struct that no
 * program can name, so that it is the same as nothing but itself.
 */
static const struct dt_type key_self[] = {
#define SELF(spelling) { .kind = DT_T_STRUCT, .name = spelling, .size = 8, .align = 8 }
	SELF("stack()"), SELF("ustack()"), SELF("usym()"), SELF("umod()"), SELF("uaddr()"), SELF("sym()"),
	SELF("mod()"),
};

static const struct {
	uint16_t kind;
	struct dt_type type;
} keytypes[] = {
#define KEY(act, i, spelling) \
	{ act, { .kind = DT_T_TYPEDEF, .name = spelling, .size = 8, .align = 8, .base = &key_self[i] } }
	KEY(DTRACEACT_STACK, 0, "stack()"), KEY(DTRACEACT_USTACK, 1, "ustack()"),
	KEY(DTRACEACT_USYM, 2, "usym()"), KEY(DTRACEACT_UMOD, 3, "umod()"),
	KEY(DTRACEACT_UADDR, 4, "uaddr()"), KEY(DTRACEACT_SYM, 5, "sym()"), KEY(DTRACEACT_MOD, 6, "mod()"),
};

const struct dt_type *dt_keytype(uint16_t kind)
{
	for (size_t i = 0; i < N(keytypes); i++)
		if (keytypes[i].kind == kind)
			return &keytypes[i].type;
	return NULL;
}

uint16_t dt_keytype_action(const struct dt_type *t)
{
	for (size_t i = 0; i < N(keytypes); i++)
		if (t == &keytypes[i].type)
			return keytypes[i].kind;
	return DTRACEACT_NONE;
}
