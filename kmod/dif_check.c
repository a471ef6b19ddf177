// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proves a difo safe to execute.
 *
 * What is proved here, so that dif_exec.c need not ask at run time:
 *   - every opcode exists, every register is below DIF_NREGS, every index into
 *     the difo's tables is inside them;
 *   - branches go forward and stay inside, and the last instruction is ret, so
 *     that every path ends there;
 *   - built-in variables exist and are never written, other variables are in
 *     the difo's table with the scope and kind that the instruction needs;
 *   - the tuple stack's depth is known wherever it is used, never above
 *     DIF_TUPLE_MAX, and fits the subroutine that is called.
 *
 * What is left to run time: addresses and sizes, which are values.
 *
 * Since branches only go forward, one pass in program order sees every way to
 * reach an instruction before the instruction itself. depth[pc] is the depth of
 * the tuple stack there: UNREACHED until a way is seen, MIXED when two ways
 * disagree (then only flushts may touch the stack).
 */
#include "engine_impl.h"

#define UNREACHED	(-2)
#define MIXED		(-1)

/* The walk over one difo. */
struct walk {
	struct dtk_check *ck;
	const struct dtk_difo *difo;
	u32 pc;
	s8 depth;		/* before the instruction, then after it */
	bool probeconst;
	u32 flags;		/* DTK_DIFO_* found so far, but PROBECONST */
	u32 reads;
	u32 computed;		/* registers that may hold something else than a constant string */
};

void dtk_explain(struct dtk_check *ck, u32 pc, const char *fmt, ...)
{
	va_list ap;

	if (!ck->err)
		return;
	ck->err->difo = ck->difo;
	ck->err->pc = pc;
	va_start(ap, fmt);
	vsnprintf(ck->err->msg, sizeof(ck->err->msg), fmt, ap);
	va_end(ap);
}

static const char *const op_names[] = {
#define OP_NAME(name, fmt, text) #name,
	DIF_OPCODES(OP_NAME)
#undef OP_NAME
};

/* The format letters of DIF_OPCODES, and which of the register fields they use. */
enum format {
	FMT_N, FMT_3, FMT_2, FMT_C, FMT_1, FMT_B, FMT_D, FMT_I, FMT_S, FMT_V, FMT_A, FMT_F, FMT_T,
};

static const u8 op_formats[] = {
#define OP_FORMAT(name, fmt, text) FMT_##fmt,
	DIF_OPCODES(OP_FORMAT)
#undef OP_FORMAT
};

#define R1 0x1
#define R2 0x2
#define RD 0x4
static const u8 format_regs[] = {
	[FMT_3] = R1 | R2 | RD,	[FMT_2] = R1 | RD,	[FMT_C] = R1 | R2,	[FMT_1] = R1,
	[FMT_D] = RD,		[FMT_I] = RD,		[FMT_S] = RD,		[FMT_V] = RD,
	[FMT_A] = R2 | RD,	[FMT_F] = RD,		[FMT_T] = R1 | R2,
};

#define refuse(w, fmt, ...) \
	dtk_refuse((w)->ck, (w)->pc, "instruction %u (%s): " fmt ".", (w)->pc, \
		   op_names[DIF_OP((w)->difo->text[(w)->pc])], ##__VA_ARGS__)

int dtk_type_check(struct dtk_check *ck, const struct dif_type *type, bool maybe_void)
{
	bool byref = type->flags & DIF_TF_BYREF;

	if (type->pad || type->flags & ~(DIF_TF_BYREF | DIF_TF_SIGNED))
		return dtk_refuse(ck, DTK_NOPC, "A type has unknown flags.");
	switch (type->kind) {
	case DIF_TYPE_SCALAR:
		if (byref)
			return dtk_refuse(ck, DTK_NOPC, "A scalar type is marked by-reference.");
		if (type->size == 1 || type->size == 2 || type->size == 4 || type->size == 8 ||
		    (!type->size && maybe_void))
			return 0;
		break;
	case DIF_TYPE_STRING:
		if (!byref)
			return dtk_refuse(ck, DTK_NOPC, "A string type is not marked by-reference.");
		if (type->size <= DTK_TYPE_MAX)
			return 0;
		break;
	case DIF_TYPE_STRUCT:
		if (!byref)
			return dtk_refuse(ck, DTK_NOPC, "A struct type is not marked by-reference.");
		if (type->size && type->size <= DTK_TYPE_MAX)
			return 0;
		break;
	default:
		return dtk_refuse(ck, DTK_NOPC, "Type kind %u does not exist.", type->kind);
	}
	return dtk_refuse(ck, DTK_NOPC, "A type of kind %u cannot have %u bytes.", type->kind,
			  type->size);
}

/* ---- Tables ------------------------------------------------------------------ */

static const char *builtin_name(u32 id)
{
	switch (id) {
#define VAR_NAME(name, cname, val) case val: return name;
	DIF_VARIABLES(VAR_NAME)
#undef VAR_NAME
	default:
		return NULL;
	}
}

static bool same_variable(const struct dif_var *a, const struct dif_var *b)
{
	return a->kind == b->kind && a->type.kind == b->type.kind &&
	       a->type.flags == b->type.flags && a->type.size == b->type.size;
}

static int var_check(struct dtk_check *ck, const struct dtk_difo *difo, const struct dif_var *v)
{
	struct dtk_checkvar *cv;

	if (v->name >= difo->nstrs)
		return dtk_refuse(ck, DTK_NOPC, "A variable's name is outside the string table.");
	if (v->scope >= DTK_NSCOPES || v->kind > DIF_KIND_ARRAY ||
	    v->flags & ~(DIF_VF_LOAD | DIF_VF_STORE))
		return dtk_refuse(ck, DTK_NOPC, "Variable %.32s has an unknown scope, kind or flag.",
				  difo->strs + v->name);
	if (v->id < DIF_VAR_USER) {
		if (builtin_name(v->id) && v->scope == DIF_SCOPE_GLOBAL)
			return 0;
		return dtk_refuse(ck, DTK_NOPC, "There is no built-in variable %#x.", v->id);
	}
	if (v->scope == DIF_SCOPE_LOCAL && v->kind == DIF_KIND_ARRAY)
		return dtk_refuse(ck, DTK_NOPC,
				  "Clause-local associative arrays (%.32s) are not supported yet.",
				  difo->strs + v->name);
	if (dtk_type_check(ck, &v->type, false))
		return -EINVAL;
	cv = &ck->vars[v->scope * DTK_NUSERVARS + v->id - DIF_VAR_USER];
	if (cv->var && !same_variable(cv->var, v))
		return dtk_refuse(ck, DTK_NOPC, "Variable %.32s is used with two types.",
				  difo->strs + v->name);
	cv->var = v;
	cv->difo = ck->difo + 1;
	return 0;
}

/* ---- Instructions ------------------------------------------------------------- */

static int check_reg(struct walk *w, u32 reg)
{
	return reg < DIF_NREGS ? 0 : refuse(w, "register %u does not exist", reg);
}

static int check_regs(struct walk *w, enum format fmt, u32 instr)
{
	u8 regs = format_regs[fmt];

	if (regs & R1 && check_reg(w, DIF_R1(instr)))
		return -EINVAL;
	if (regs & R2 && check_reg(w, DIF_R2(instr)))
		return -EINVAL;
	return regs & RD ? check_reg(w, DIF_RD(instr)) : 0;
}

static int check_branch(struct walk *w, u32 instr)
{
	u32 label = DIF_LABEL(instr);
	s8 *there;

	if (label <= w->pc)
		return refuse(w, "the branch to %u does not go forward", label);
	if (label >= w->difo->ntext)
		return refuse(w, "the branch to %u leaves the program", label);
	there = &w->ck->depth[label];
	if (*there == UNREACHED)
		*there = w->depth;
	else if (*there != w->depth)
		*there = MIXED;
	return 0;
}

static int check_builtin(struct walk *w, u32 op, u32 id)
{
	const char *name = builtin_name(id);

	if (!name)
		return refuse(w, "there is no built-in variable %#x", id);
	if (op != DIF_OP_LDGS)
		return refuse(w, "the built-in variable %s cannot be assigned", name);
	if (id < DIF_VAR_ARG0)
		return refuse(w, "%s is an array", name);
	if (id < DIF_VAR_PROBEPROV || id > DIF_VAR_EPID)
		w->probeconst = false;
	if (id >= DIF_VAR_ARG0 && id <= DIF_VAR_ARG9)
		w->reads |= 1u << (id - DIF_VAR_ARG0);
	if (id == DIF_VAR_VTIMESTAMP)
		w->flags |= DTK_DIFO_VTIME;
	return 0;
}

static int check_array(struct walk *w, u32 id)
{
	w->probeconst = false;
	switch (id) {
	case DIF_VAR_ARGS:
		w->reads = ~0u;
		return 0;
	case DIF_VAR_UREGS:
	case DIF_VAR_REGS:
		return 0;
	default:
		return refuse(w, "there is no built-in array %#x", id);
	}
}

/* The scope and kind that each variable instruction works on. */
static void var_wants(u32 op, u32 *scope, u32 *kind)
{
	*kind = DIF_KIND_SCALAR;
	*scope = DIF_SCOPE_GLOBAL;
	switch (op) {
	case DIF_OP_LDTS:
	case DIF_OP_STTS:
		*scope = DIF_SCOPE_THREAD;
		break;
	case DIF_OP_LDLS:
	case DIF_OP_STLS:
		*scope = DIF_SCOPE_LOCAL;
		break;
	case DIF_OP_LDTAA:
	case DIF_OP_STTAA:
		*scope = DIF_SCOPE_THREAD;
		*kind = DIF_KIND_ARRAY;
		break;
	case DIF_OP_LDGAA:
	case DIF_OP_STGAA:
		*kind = DIF_KIND_ARRAY;
		break;
	}
}

static int check_tuple_known(struct walk *w)
{
	return w->depth != MIXED ? 0 :
	       refuse(w, "the tuple stack differs between two ways to get here");
}

static int check_var(struct walk *w, u32 op, u32 id)
{
	const struct dtk_checkvar *cv;
	u32 scope, kind;

	if (id < DIF_VAR_USER && (op == DIF_OP_LDGS || op == DIF_OP_STGS))
		return check_builtin(w, op, id);
	if (id < DIF_VAR_USER)
		return refuse(w, "variable %#x is not one of the program's", id);
	w->probeconst = false;
	var_wants(op, &scope, &kind);
	cv = &w->ck->vars[scope * DTK_NUSERVARS + id - DIF_VAR_USER];
	if (cv->difo != w->ck->difo + 1)
		return refuse(w, "variable %#x is not in the difo's table", id);
	if (cv->var->kind != kind)
		return refuse(w, "variable %#x is %s", id,
			      kind == DIF_KIND_ARRAY ? "not an associative array" :
			      "an associative array");
	if (kind == DIF_KIND_SCALAR)
		return 0;
	if (check_tuple_known(w))
		return -EINVAL;
	return w->depth ? 0 : refuse(w, "the tuple stack is empty");
}

static int check_push(struct walk *w, u32 op, u32 type)
{
	w->probeconst = false;
	if (check_tuple_known(w))
		return -EINVAL;
	if (op == DIF_OP_PUSHTR ? type != DIF_TYPE_STRING && type != DIF_TYPE_STRUCT :
	    type > DIF_TYPE_STRUCT)
		return refuse(w, "a tuple element cannot have type %u", type);
	if (w->depth == DIF_TUPLE_MAX)
		return refuse(w, "the tuple has more than %u elements", DIF_TUPLE_MAX);
	w->depth++;
	return 0;
}

static int check_pop(struct walk *w)
{
	if (check_tuple_known(w))
		return -EINVAL;
	if (!w->depth)
		return refuse(w, "the tuple stack is empty");
	w->depth--;
	return 0;
}

static int check_call(struct walk *w, u32 id)
{
	const struct dtk_subr *subr;

	w->probeconst = false;
	if (id >= DIF_SUBR_MAX)
		return refuse(w, "there is no subroutine %u", id);
	subr = &dtk_subrs[id];
	if (!dtk_subr_fns[id])
		return refuse(w, "the subroutine %s() is not supported yet", subr->name);
	if (check_tuple_known(w))
		return -EINVAL;
	if (w->depth < subr->min || w->depth > subr->max)
		return refuse(w, "%s() is called with %d arguments", subr->name, w->depth);
	if (id == DIF_SUBR_COPYOUT || id == DIF_SUBR_COPYOUTSTR)
		w->flags |= DTK_DIFO_DESTRUCTIVE;
	return 0;
}

/*
 * A key whose difo depends on the probe alone is evaluated once per ECB. For a
 * string that must hold of the bytes too, not just of their address: so follow
 * which registers may hold an address that was computed.
 */
static void note_computed(struct walk *w, u32 op, u32 instr)
{
	u32 bit = 1u << (DIF_RD(instr) & (DIF_NREGS - 1));

	switch (op) {
	case DIF_OP_SETS:
		break;
	case DIF_OP_LDGS:
		if (DIF_IMM16(instr) == DIF_VAR_ID || DIF_IMM16(instr) == DIF_VAR_EPID)
			w->computed |= bit;
		break;
	case DIF_OP_MOV:
		if (w->computed & 1u << DIF_R1(instr))
			w->computed |= bit;
		break;
	case DIF_OP_SCMP:
		if (w->computed & (1u << DIF_R1(instr) | 1u << DIF_R2(instr)))
			w->probeconst = false;
		break;
	case DIF_OP_RET:
		if (dtk_type_byref(&w->difo->rtype) && w->computed & bit)
			w->probeconst = false;
		break;
	default:
		if (op <= DIF_OP_NOT || op == DIF_OP_SETX)
			w->computed |= bit;
		else if (op >= DIF_OP_LDSB && op <= DIF_OP_STX)
			w->probeconst = false;
	}
}

static int check_operands(struct walk *w, u32 op, u32 instr)
{
	switch (op_formats[op]) {
	case FMT_B:
		return check_branch(w, instr);
	case FMT_I:
		return DIF_IMM16(instr) < w->difo->nints ? 0 :
		       refuse(w, "integer %u is outside the table", DIF_IMM16(instr));
	case FMT_S:
		return DIF_IMM16(instr) < w->difo->nstrs ? 0 :
		       refuse(w, "string %u is outside the table", DIF_IMM16(instr));
	case FMT_V:
		return check_var(w, op, DIF_IMM16(instr));
	case FMT_A:
		return check_array(w, DIF_R1(instr));
	case FMT_T:
		return check_push(w, op, DIF_RD(instr));
	case FMT_F:
		return check_call(w, DIF_IMM16(instr));
	}
	switch (op) {
	case DIF_OP_POPTS:
		return check_pop(w);
	case DIF_OP_FLUSHTS:
		w->depth = 0;
		return 0;
	case DIF_OP_ALLOCS:
	case DIF_OP_COPYS:
		w->probeconst = false;
	}
	return 0;
}

static int check_instr(struct walk *w)
{
	u32 instr = w->difo->text[w->pc], op = DIF_OP(instr);

	if (op >= DIF_OP_MAX)
		return dtk_refuse(w->ck, w->pc, "instruction %u: opcode %u does not exist.", w->pc, op);
	if (check_regs(w, op_formats[op], instr) || check_operands(w, op, instr))
		return -EINVAL;
	note_computed(w, op, instr);
	return 0;
}

/* Control falls through to the next instruction unless this one leaves. */
static void fall_through(struct walk *w)
{
	u32 op = DIF_OP(w->difo->text[w->pc]);
	s8 *next = &w->ck->depth[w->pc + 1];

	if (op == DIF_OP_RET || op == DIF_OP_BA || w->pc + 1 == w->difo->ntext)
		return;
	if (*next == UNREACHED)
		*next = w->depth;
	else if (*next != w->depth)
		*next = MIXED;
}

static int check_text(struct walk *w)
{
	const struct dtk_difo *difo = w->difo;

	memset(w->ck->depth, UNREACHED, difo->ntext);
	w->ck->depth[0] = 0;
	for (w->pc = 0; w->pc < difo->ntext; w->pc++) {
		w->depth = w->ck->depth[w->pc];
		if (w->depth == UNREACHED)
			continue;	/* cannot be executed, so need not be right */
		if (check_instr(w))
			return -EINVAL;
		fall_through(w);
	}
	w->pc = difo->ntext - 1;
	if (DIF_OP(difo->text[w->pc]) != DIF_OP_RET)
		return dtk_refuse(w->ck, w->pc, "The program does not end with ret.");
	return 0;
}

/* See struct dtk_difo. */
static u8 copyinstr_of(const struct dtk_difo *difo)
{
	const u32 *text = difo->text;
	u32 var = DIF_IMM16(text[0]), arg = DIF_RD(text[0]), ret;

	if (difo->ntext != DTK_COPYINSTR_NTEXT || difo->rtype.kind != DIF_TYPE_STRING)
		return 0;
	ret = DIF_RD(text[DTK_COPYINSTR_CALL]);
	if (DIF_OP(text[0]) != DIF_OP_LDGS || var < DIF_VAR_ARG0 || var > DIF_VAR_ARG9 || !arg ||
	    DIF_OP(text[1]) != DIF_OP_FLUSHTS ||
	    DIF_OP(text[2]) != DIF_OP_PUSHTV || DIF_R1(text[2]) != arg ||
	    DIF_OP(text[3]) != DIF_OP_CALL || DIF_IMM16(text[3]) != DIF_SUBR_COPYINSTR || !ret ||
	    DIF_OP(text[4]) != DIF_OP_RET || DIF_RD(text[4]) != ret)
		return 0;
	return 1 + var - DIF_VAR_ARG0;
}

int dtk_difo_check(struct dtk_check *ck, struct dtk_difo *difo)
{
	struct walk w = { .ck = ck, .difo = difo, .probeconst = true };
	u32 i;

	if (dtk_type_check(ck, &difo->rtype, true))
		return -EINVAL;
	for (i = 0; i < difo->nvars; i++) {
		if (var_check(ck, difo, &difo->vars[i]))
			return -EINVAL;
	}
	if (check_text(&w))
		return -EINVAL;
	difo->flags = w.flags | (w.probeconst ? DTK_DIFO_PROBECONST : 0);
	difo->reads = w.reads;
	difo->copyinstr = copyinstr_of(difo);
	return 0;
}
