// SPDX-License-Identifier: GPL-2.0-only
/*
 * Executes checked difos (see dif_check.c for what is proved before).
 *
 * Probe context: no sleep, no lock, no allocation; bounded by the length of the
 * program, as branches only go forward, and by strsize for each string.
 *
 * Memory. A firing may write to its own scratch and to variables' storage
 * (dtk_mem_canstore()). It may read anything, through the port's reads that
 * fail instead of faulting; its own scratch and the difo's strings are read
 * directly. Everything else may change while we look at it, so strings are
 * copied to scratch first and only the copy is measured and used.
 *
 * Unaligned accesses are fine on the machines we run on; BADALIGN is not raised.
 *
 * A fault is noted in the machine state by whoever meets it first and ends the
 * program after that instruction.
 */
#include "engine_impl.h"

/* ---- Memory -------------------------------------------------------------------- */

static bool in_strings(const struct dtk_difo *difo, u64 addr, u64 n)
{
	u64 off = addr - (uintptr_t)difo->strs;

	return off < difo->nstrs && n <= difo->nstrs - off;
}

bool dtk_mem_read(struct dtk_mstate *ms, const struct dtk_difo *difo, void *dst, u64 addr, u64 n)
{
	if (dtk_in_scratch(ms, addr, n) || (difo && in_strings(difo, addr, n))) {
		memmove(dst, (const void *)(uintptr_t)addr, n);
		return true;
	}
	if (likely(!dtk_read_kernel(dst, addr, n)))
		return true;
	dtk_fault(ms, DTRACEFLT_BADADDR, addr);
	return false;
}

bool dtk_mem_canstore(struct dtk_mstate *ms, u64 addr, u64 n)
{
	if (dtk_in_scratch(ms, addr, n) || dtk_vars_own(ms->sink->vars, ms->cpu, addr, n)) {
		dtk_watch_store(addr, n);
		return true;
	}
	dtk_fault(ms, DTRACEFLT_BADADDR, addr);
	return false;
}

/* A string that nobody changes under our eyes, at most @n bytes without NUL. */
static bool own_string(const struct dtk_mstate *ms, const struct dtk_difo *difo, u64 addr,
		       size_t n, struct dtk_str *s)
{
	size_t room;

	if (dtk_in_scratch(ms, addr, 1))
		room = (uintptr_t)ms->cc->scratch + ms->scratch - addr;
	else if (difo && in_strings(difo, addr, 1))
		room = difo->nstrs - (addr - (uintptr_t)difo->strs);
	else
		return false;
	s->p = (const char *)(uintptr_t)addr;
	s->len = strnlen(s->p, min(room, n));
	return true;
}

long dtk_mem_copystr(struct dtk_mstate *ms, const struct dtk_difo *difo, char *dst, u64 addr,
		     size_t n)
{
	struct dtk_str s;
	long copied;

	if (own_string(ms, difo, addr, n - 1, &s)) {
		memmove(dst, s.p, s.len);
		dst[s.len] = '\0';
		return s.len;
	}
	copied = dtk_read_kernel_str(dst, addr, n);
	if (unlikely(copied < 1)) {
		dtk_fault(ms, DTRACEFLT_BADADDR, addr);
		return -EFAULT;
	}
	return copied - 1;
}

bool dtk_mem_str(struct dtk_mstate *ms, const struct dtk_difo *difo, u64 addr, struct dtk_str *s)
{
	size_t n = min_t(size_t, ms->strsize, DTK_SCRATCH - ms->scratch);
	char *dst;
	long len;

	if (own_string(ms, difo, addr, ms->strsize - 1, s))
		return true;
	if (!n) {
		dtk_fault(ms, DTRACEFLT_NOSCRATCH, ms->strsize);
		return false;
	}
	dst = dtk_scratch_room(ms, n);
	len = dtk_mem_copystr(ms, difo, dst, addr, n);
	if (len < 0)
		return false;
	if ((size_t)len + 1 == n && n < ms->strsize) {
		dtk_fault(ms, DTRACEFLT_NOSCRATCH, ms->strsize);
		return false;
	}
	dtk_scratch(ms, len + 1);
	dtk_scratch_settle(ms);
	s->p = dst;
	s->len = len;
	return true;
}

/* ---- Loads and stores ------------------------------------------------------------- */

static u64 load(struct dtk_exec *x, u64 addr, u32 n, bool user, bool sign)
{
	struct dif_type type = { .size = n, .flags = sign ? DIF_TF_SIGNED : 0 };
	u64 val = 0;

	if (!user) {
		dtk_mem_read(x->ms, x->difo, &val, addr, n);
	} else if (dtk_read_user(&val, addr, n)) {
		dtk_fault(x->ms, DTRACEFLT_BADADDR, addr);
		return 0;
	}
	return dtk_type_extend(&type, val);
}

static void store(struct dtk_exec *x, u64 addr, u64 val, u32 n)
{
	if (dtk_mem_canstore(x->ms, addr, n))
		memcpy((void *)(uintptr_t)addr, &val, n);	/* little endian */
}

static u64 op_allocs(struct dtk_exec *x, u64 n)
{
	void *p = dtk_scratch(x->ms, n);

	if (p)
		memset(p, 0, n);
	return (uintptr_t)p;
}

static void op_copys(struct dtk_exec *x, u64 src, u64 n, u64 dst)
{
	if (dtk_mem_canstore(x->ms, dst, n))
		dtk_mem_read(x->ms, x->difo, (void *)(uintptr_t)dst, src, n);
}

/* strcmp() of two strings. NULL counts as the empty string, so that it can be compared with. */
static int op_scmp(struct dtk_exec *x, u64 a, u64 b)
{
	struct dtk_mstate *ms = x->ms;
	struct dtk_str s = { "", 0 }, t = { "", 0 };
	size_t mark = ms->scratch;
	int diff;

	if ((!a || dtk_mem_str(ms, x->difo, a, &s)) && b)
		dtk_mem_str(ms, x->difo, b, &t);
	ms->scratch = mark;
	diff = memcmp(s.p, t.p, min(s.len, t.len));
	if (diff)
		return diff;
	return (s.len > t.len) - (s.len < t.len);
}

/* ---- Division: as C, but defined for all values ---------------------------------------- */

static bool nonzero(struct dtk_exec *x, u64 divisor)
{
	if (likely(divisor))
		return true;
	dtk_fault(x->ms, DTRACEFLT_DIVZERO, 0);
	return false;
}

static u64 op_sdiv(struct dtk_exec *x, u64 a, u64 b)
{
	if (!nonzero(x, b))
		return 0;
	return b == U64_MAX ? -a : (u64)((s64)a / (s64)b);
}

static u64 op_srem(struct dtk_exec *x, u64 a, u64 b)
{
	if (!nonzero(x, b))
		return 0;
	return b == U64_MAX ? 0 : (u64)((s64)a % (s64)b);
}

static u64 op_udiv(struct dtk_exec *x, u64 a, u64 b)
{
	return nonzero(x, b) ? a / b : 0;
}

static u64 op_urem(struct dtk_exec *x, u64 a, u64 b)
{
	return nonzero(x, b) ? a % b : 0;
}

static u64 op_sra(u64 a, u64 b)
{
	return (u64)((s64)a >> (b & 63));
}

/* ---- Built-in variables ----------------------------------------------------------------- */

u64 dtk_builtin_arg(struct dtk_mstate *ms, u64 n)
{
	struct dtk_fire *f = ms->f;
	u64 val = 0;

	if (n < f->nargs && n < ARRAY_SIZE(f->arg))
		return f->arg[n];
	if (n > U32_MAX) {
		dtk_fault(ms, DTRACEFLT_BADINDEX, n);
		return 0;
	}
	return dtk_arg(ms->ecb, f, n, &val) ? val : 0;
}

static u64 op_ldga(struct dtk_exec *x, u32 id, u64 n)
{
	u64 val = 0;

	if (id == DIF_VAR_ARGS)
		return dtk_builtin_arg(x->ms, n);
	if (n >= DIF_REG_MAX || !(id == DIF_VAR_REGS ? dtk_reg : dtk_ureg)(x->ms->f, n, &val))
		dtk_fault(x->ms, DTRACEFLT_BADINDEX, n);
	return val;
}

static u64 builtin_string(struct dtk_exec *x, u32 id)
{
	struct dtk_mstate *ms = x->ms;
	size_t n = min_t(size_t, ms->strsize, DTK_SCRATCH - ms->scratch);
	char *dst = dtk_scratch_room(ms, n);

	if (n < ms->strsize) {
		dtk_fault(ms, DTRACEFLT_NOSCRATCH, ms->strsize);
		return 0;
	}
	if (!dtk_builtin_str(id, ms->f, dst, n)) {
		dtk_fault(ms, DTRACEFLT_ILLOP, id);
		return 0;
	}
	dtk_scratch(ms, strnlen(dst, n - 1) + 1);
	return (uintptr_t)dst;
}

static u64 builtin_scalar(struct dtk_exec *x, u32 id)
{
	u64 val = 0;

	if (!dtk_builtin(id, x->ms->f, &val))
		dtk_fault(x->ms, DTRACEFLT_ILLOP, id);
	return val;
}

static u64 load_builtin(struct dtk_exec *x, u32 id)
{
	/* The core's struct dtk_probe begins with it. */
	const struct dtk_probename *probe = (const void *)x->ms->ecb->probe;

	switch (id) {
	case DIF_VAR_ARG0 ... DIF_VAR_ARG9:
		return dtk_builtin_arg(x->ms, id - DIF_VAR_ARG0);
	case DIF_VAR_TIMESTAMP:
		return dtk_fire_time(x->ms->f);
	case DIF_VAR_WALLTIMESTAMP:
		return dtk_time_wall();
	case DIF_VAR_ID:
		return probe->id;
	case DIF_VAR_EPID:
		return x->ms->ecb->epid;
	case DIF_VAR_PROBEPROV:
		return (uintptr_t)probe->prov;
	case DIF_VAR_PROBEMOD:
		return (uintptr_t)probe->mod;
	case DIF_VAR_PROBEFUNC:
		return (uintptr_t)probe->func;
	case DIF_VAR_PROBENAME:
		return (uintptr_t)probe->name;
	case DIF_VAR_EXECNAME:
	case DIF_VAR_EXECARGS:
	case DIF_VAR_CWD:
	case DIF_VAR_ROOT:
	case DIF_VAR_ZONENAME:
	case DIF_VAR_THREADNAME:
		return builtin_string(x, id);
	default:
		return builtin_scalar(x, id);
	}
}

/* ---- The program's variables --------------------------------------------------------------- */

/* The loader declared it, so it is there; a core that forgot to must not hurt. */
static const struct dtk_var *find_var(struct dtk_exec *x, u32 scope, u32 id)
{
	const struct dtk_var *var = dtk_var_find(x->ms->sink->vars, scope, id);

	if (unlikely(!var))
		dtk_fault(x->ms, DTRACEFLT_ILLOP, id);
	return var;
}

static u64 op_load(struct dtk_exec *x, u32 scope, u32 id)
{
	const struct dtk_var *var;

	if (id < DIF_VAR_USER)
		return load_builtin(x, id);
	var = find_var(x, scope, id);
	dtk_proved(!var || var->kind == DIF_KIND_SCALAR);
	return var ? dtk_var_load(x->ms, var) : 0;
}

static void op_store(struct dtk_exec *x, u32 scope, u32 id, u64 val)
{
	const struct dtk_var *var = find_var(x, scope, id);

	dtk_proved(!var || var->kind == DIF_KIND_SCALAR);
	if (var)
		dtk_var_store(x->ms, x->difo, var, val);
}

/* ---- Dynamic variables: keys ------------------------------------------------------------------ */

/*
 * A key in words: the variable, how many elements there are and which are by
 * reference; the thread; then each element: a scalar as it is, else its length
 * and its bytes, filled up with zeroes. It is built in scratch, where the words
 * before belong to it already, so each step just takes more.
 */
static void key_word(struct dtk_mstate *ms, u64 word)
{
	u64 *p = dtk_scratch(ms, sizeof(*p));

	if (p)
		*p = word;
}

static void key_bytes(struct dtk_exec *x, const struct dtk_tupelem *elem)
{
	struct dtk_mstate *ms = x->ms;
	u64 *len = dtk_scratch(ms, sizeof(*len));
	size_t room = ALIGN((size_t)elem->size, 8);
	long n = elem->size;
	char *dst;

	if (!len)
		return;
	if (room > DTK_SCRATCH - ms->scratch) {
		dtk_fault(ms, DTRACEFLT_NOSCRATCH, elem->size);
		return;
	}
	dst = dtk_scratch_room(ms, room);
	if (elem->kind == DIF_TYPE_STRUCT) {
		if (!dtk_mem_read(ms, x->difo, dst, elem->val, n))
			return;
	} else {
		n = dtk_mem_copystr(ms, x->difo, dst, elem->val, n);
		if (n < 0)
			return;
	}
	*len = n;
	memset(dst + n, 0, ALIGN((size_t)n, 8) - n);
	dtk_scratch(ms, n);
}

static bool make_key(struct dtk_exec *x, const struct dtk_var *var, struct dtk_dynkey *key)
{
	struct dtk_mstate *ms = x->ms;
	size_t start = ms->scratch;
	u32 i, n = var->kind == DIF_KIND_ARRAY ? x->ntup : 0, byref = 0;
	u64 hash;

	dtk_proved(var->kind == DIF_KIND_SCALAR || x->ntup);
	for (i = 0; i < n; i++) {
		if (x->tup[i].kind != DIF_TYPE_SCALAR)
			byref |= 1u << i;
	}
	key_word(ms, (u64)byref << 32 | n << 24 | (u32)var->scope << 16 | var->id);
	if (var->scope == DIF_SCOPE_THREAD)
		key_word(ms, dtk_thread_id());
	for (i = 0; i < n && !ms->fault; i++) {
		if (byref & 1u << i)
			key_bytes(x, &x->tup[i]);
		else
			key_word(ms, x->tup[i].val);
	}
	key->words = (const u64 *)(ms->cc->scratch + start);
	key->nwords = (ms->scratch - start) / sizeof(u64);
	hash = dtk_hash_words(0, key->words, ms->fault ? 0 : key->nwords);
	key->hash = hash ^ hash >> 32;
	return !ms->fault;
}

static u64 op_dyn_load(struct dtk_exec *x, u32 scope, u32 id)
{
	const struct dtk_var *var = find_var(x, scope, id);
	struct dtk_dyn *dyn = dtk_vars_dyn(x->ms->sink->vars);
	size_t mark = x->ms->scratch;
	struct dtk_dynkey key;
	void *p = NULL;

	if (var && make_key(x, var, &key) && dyn)
		p = dtk_dyn_load(dyn, &key);
	x->ms->scratch = mark;
	if (!p || dtk_type_byref(&var->type))
		return (uintptr_t)p;
	return READ_ONCE(*(u64 *)p);
}

/* The value to store, in scratch where it cannot change. False: fault. */
static bool dyn_value(struct dtk_exec *x, const struct dtk_var *var, u64 val, u8 **p, size_t *len)
{
	struct dtk_mstate *ms = x->ms;
	u32 size = dtk_type_byref(&var->type) ? var->size : sizeof(u64);
	long n = size;

	*p = dtk_scratch(ms, size);
	if (!*p)
		return false;
	switch (var->type.kind) {
	case DIF_TYPE_SCALAR:
		val = dtk_type_extend(&var->type, val);
		memcpy(*p, &val, sizeof(val));
		break;
	case DIF_TYPE_STRING:
		n = dtk_mem_copystr(ms, x->difo, (char *)*p, val, size) + 1;
		break;
	case DIF_TYPE_STRUCT:
		dtk_mem_read(ms, x->difo, *p, val, size);
		break;
	}
	*len = n;
	return !ms->fault;
}

static void op_dyn_store(struct dtk_exec *x, u32 scope, u32 id, u64 val)
{
	struct dtk_mstate *ms = x->ms;
	const struct dtk_var *var = find_var(x, scope, id);
	struct dtk_dyn *dyn = dtk_vars_dyn(ms->sink->vars);
	size_t mark = ms->scratch, len, size;
	struct dtk_dynkey key;
	u8 *p;

	if (!dyn)	/* the core fired before it gave us a pool */
		dtk_fault(ms, DTRACEFLT_ILLOP, id);
	if (!var || !dyn || !make_key(x, var, &key))
		return;
	if (!val) {
		dtk_dyn_remove(dyn, ms->cpu, &key);
	} else if (dyn_value(x, var, val, &p, &len)) {
		size = dtk_type_byref(&var->type) ? var->size : sizeof(u64);
		dtk_dyn_store(dyn, ms->cpu, &key, p, len, size);
	}
	ms->scratch = mark;
}

/* ---- Tuples and calls ---------------------------------------------------------------------------- */

static void op_push(struct dtk_exec *x, u32 kind, u64 val, u64 size)
{
	struct dtk_tupelem *elem = &x->tup[x->ntup++];

	dtk_proved(x->ntup <= DIF_TUPLE_MAX);
	*elem = (struct dtk_tupelem){ .val = val, .kind = kind, .size = size };
	if (kind == DIF_TYPE_STRING && (!size || size > x->ms->strsize))
		elem->size = x->ms->strsize;
	else if (kind == DIF_TYPE_STRUCT && (!size || size > DTK_TYPE_MAX))
		dtk_fault(x->ms, DTRACEFLT_BADSIZE, size);
}

/* Fields that an instruction does not use are unchecked. */
#define REGMASK (DIF_NREGS - 1)

/* ---- The machine ------------------------------------------------------------------------------------ */

static bool branch_taken(const struct dtk_exec *x, u32 op)
{
	u64 a = x->cmpa, b = x->cmpb;

	switch (op) {
	case DIF_OP_BE:
		return a == b;
	case DIF_OP_BNE:
		return a != b;
	case DIF_OP_BG:
		return (s64)a > (s64)b;
	case DIF_OP_BGU:
		return a > b;
	case DIF_OP_BGE:
		return (s64)a >= (s64)b;
	case DIF_OP_BGEU:
		return a >= b;
	case DIF_OP_BL:
		return (s64)a < (s64)b;
	case DIF_OP_BLU:
		return a < b;
	case DIF_OP_BLE:
		return (s64)a <= (s64)b;
	case DIF_OP_BLEU:
		return a <= b;
	default:
		return true;
	}
}

static void set_codes(struct dtk_exec *x, u64 a, u64 b)
{
	x->cmpa = a;
	x->cmpb = b;
}

/* Instructions that touch memory. */
static void exec_memory(struct dtk_exec *x, u32 instr)
{
	u64 *r = x->reg, a = r[DIF_R1(instr)], *d = &r[DIF_RD(instr)];

	switch (DIF_OP(instr)) {
	case DIF_OP_LDSB:	*d = load(x, a, 1, false, true);	break;
	case DIF_OP_LDSH:	*d = load(x, a, 2, false, true);	break;
	case DIF_OP_LDSW:	*d = load(x, a, 4, false, true);	break;
	case DIF_OP_LDUB:	*d = load(x, a, 1, false, false);	break;
	case DIF_OP_LDUH:	*d = load(x, a, 2, false, false);	break;
	case DIF_OP_LDUW:	*d = load(x, a, 4, false, false);	break;
	case DIF_OP_LDX:	*d = load(x, a, 8, false, false);	break;
	case DIF_OP_ULDSB:	*d = load(x, a, 1, true, true);		break;
	case DIF_OP_ULDSH:	*d = load(x, a, 2, true, true);		break;
	case DIF_OP_ULDSW:	*d = load(x, a, 4, true, true);		break;
	case DIF_OP_ULDUB:	*d = load(x, a, 1, true, false);	break;
	case DIF_OP_ULDUH:	*d = load(x, a, 2, true, false);	break;
	case DIF_OP_ULDUW:	*d = load(x, a, 4, true, false);	break;
	case DIF_OP_ULDX:	*d = load(x, a, 8, true, false);	break;
	case DIF_OP_STB:	store(x, *d, a, 1);			break;
	case DIF_OP_STH:	store(x, *d, a, 2);			break;
	case DIF_OP_STW:	store(x, *d, a, 4);			break;
	case DIF_OP_STX:	store(x, *d, a, 8);			break;
	case DIF_OP_ALLOCS:	*d = op_allocs(x, a);			break;
	case DIF_OP_COPYS:	op_copys(x, a, r[DIF_R2(instr)], *d);	break;
	}
}

/* Variables, the tuple stack and calls. */
static void exec_variable(struct dtk_exec *x, u32 instr)
{
	u64 *r = x->reg, *d = &r[DIF_RD(instr) & REGMASK];
	u32 id = DIF_IMM16(instr);

	switch (DIF_OP(instr)) {
	case DIF_OP_LDGA:	*d = op_ldga(x, DIF_R1(instr), r[DIF_R2(instr)]); break;
	case DIF_OP_LDGS:	*d = op_load(x, DIF_SCOPE_GLOBAL, id);		break;
	case DIF_OP_LDLS:	*d = op_load(x, DIF_SCOPE_LOCAL, id);		break;
	case DIF_OP_LDTS:
	case DIF_OP_LDTAA:	*d = op_dyn_load(x, DIF_SCOPE_THREAD, id);	break;
	case DIF_OP_LDGAA:	*d = op_dyn_load(x, DIF_SCOPE_GLOBAL, id);	break;
	case DIF_OP_STGS:	op_store(x, DIF_SCOPE_GLOBAL, id, *d);		break;
	case DIF_OP_STLS:	op_store(x, DIF_SCOPE_LOCAL, id, *d);		break;
	case DIF_OP_STTS:
	case DIF_OP_STTAA:	op_dyn_store(x, DIF_SCOPE_THREAD, id, *d);	break;
	case DIF_OP_STGAA:	op_dyn_store(x, DIF_SCOPE_GLOBAL, id, *d);	break;
	case DIF_OP_PUSHTV:
		op_push(x, DIF_TYPE_SCALAR, r[DIF_R1(instr)], 0);
		break;
	case DIF_OP_PUSHTR:
		op_push(x, DIF_RD(instr), r[DIF_R1(instr)], r[DIF_R2(instr)]);
		break;
	case DIF_OP_POPTS:
		dtk_proved(x->ntup);
		x->ntup--;
		break;
	case DIF_OP_FLUSHTS:
		x->ntup = 0;
		break;
	case DIF_OP_CALL:
		dtk_proved(x->ntup >= dtk_subrs[id].min && x->ntup <= dtk_subrs[id].max);
		*d = dtk_subr_fns[id](x);
		break;
	}
}

/* All but ret. Returns the index of the next instruction. */
static __always_inline u32 exec_instr(struct dtk_exec *x, u32 pc, u32 instr)
{
	u64 *r = x->reg, a = r[DIF_R1(instr) & REGMASK], b = r[DIF_R2(instr) & REGMASK];
	u64 *d = &r[DIF_RD(instr) & REGMASK];
	int diff;

	switch (DIF_OP(instr)) {
	case DIF_OP_NOP:					break;
	case DIF_OP_OR:		*d = a | b;			break;
	case DIF_OP_XOR:	*d = a ^ b;			break;
	case DIF_OP_AND:	*d = a & b;			break;
	case DIF_OP_SLL:	*d = a << (b & 63);		break;
	case DIF_OP_SRL:	*d = a >> (b & 63);		break;
	case DIF_OP_SRA:	*d = op_sra(a, b);		break;
	case DIF_OP_SUB:	*d = a - b;			break;
	case DIF_OP_ADD:	*d = a + b;			break;
	case DIF_OP_MUL:	*d = a * b;			break;
	case DIF_OP_SDIV:	*d = op_sdiv(x, a, b);		break;
	case DIF_OP_UDIV:	*d = op_udiv(x, a, b);		break;
	case DIF_OP_SREM:	*d = op_srem(x, a, b);		break;
	case DIF_OP_UREM:	*d = op_urem(x, a, b);		break;
	case DIF_OP_NOT:	*d = ~a;			break;
	case DIF_OP_MOV:	*d = a;				break;
	case DIF_OP_CMP:	set_codes(x, a, b);		break;
	case DIF_OP_TST:	set_codes(x, a, 0);		break;
	case DIF_OP_SCMP:
		/* 0 or 2 against 1: less and greater both signed and unsigned. */
		diff = op_scmp(x, a, b);
		set_codes(x, diff < 0 ? 0 : diff ? 2 : 1, 1);
		break;
	case DIF_OP_BA ... DIF_OP_BLEU:
		dtk_proved(DIF_LABEL(instr) > pc);
		return branch_taken(x, DIF_OP(instr)) ? DIF_LABEL(instr) : pc + 1;
	case DIF_OP_SETX:
		dtk_proved(DIF_IMM16(instr) < x->difo->nints);
		*d = x->difo->ints[DIF_IMM16(instr)];
		break;
	case DIF_OP_SETS:
		dtk_proved(DIF_IMM16(instr) < x->difo->nstrs);
		*d = (uintptr_t)(x->difo->strs + DIF_IMM16(instr));
		break;
	case DIF_OP_LDSB ... DIF_OP_STX:
	case DIF_OP_ALLOCS:
	case DIF_OP_COPYS:
		exec_memory(x, instr);
		break;
	default:
		exec_variable(x, instr);
	}
	return pc + 1;
}

u64 dtk_dif_exec(const struct dtk_difo *difo, struct dtk_mstate *ms)
{
	const u32 *text = difo->text;
	struct dtk_exec x DTK_UNINIT;	/* the tuple is written before it is read */
	u32 pc = 0, at = 0;

	x.ms = ms;
	x.difo = difo;
	x.cmpa = 1;	/* no codes set */
	x.cmpb = 0;
	x.ntup = 0;
	memset(x.reg, 0, sizeof(x.reg));
	while (!ms->fault) {
		at = pc;
		dtk_proved(pc < difo->ntext);
		if (DIF_OP(text[pc]) == DIF_OP_RET)
			return x.reg[DIF_RD(text[pc])];
		pc = exec_instr(&x, pc, text[pc]);
		x.reg[0] = 0;
		dtk_scratch_settle(ms);
	}
	ms->faultpc = at * sizeof(*text);
	return 0;
}
