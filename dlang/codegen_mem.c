// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Variables and memory: what can be loaded from and stored to.
 *
 * A struct or array that is a variable lives in memory too: loading the
 * variable yields its address, and its members are memory from there on.
 */
#include "codegen.h"
#include "cook.h"

static const struct dt_type *addr_type(struct dt_cg *cg)
{
	return dt_basic(cg->types, DT_B_UINT64);
}

/* reg += off */
static int add_offset(struct dt_cg *cg, int reg, uint64_t off)
{
	int t, d;

	if (!off)
		return reg;
	t = cg_reg(cg);
	cg_setx(cg, off, t);
	d = cg_result(cg, reg);
	cg_emit(cg, DIF_INSTR_R(DIF_OP_ADD, reg, t, d));
	cg_free(cg, t);
	return d;
}

/* The struct that a member is in: the address of the outermost that needs computing, and the rest. */
static int base_address(struct dt_cg *cg, const struct dt_node *n, uint64_t *off)
{
	int reg;

	if (n->kind == DT_N_MEMBER) {
		if (n->op == DT_OP_DOT)
			reg = base_address(cg, n->kid[0], off);
		else
			reg = cg_value(cg, n->kid[0]);
		*off += n->bitoff / 8;
		return reg;
	}
	if (n->kind == DT_N_OP1 && n->op == DT_OP_DEREF)
		return cg_value(cg, n->kid[0]);
	return cg_value(cg, n);		/* by reference: its value is its address */
}

/* The address of memory that @n names. */
int cg_address(struct dt_cg *cg, const struct dt_node *n)
{
	uint64_t off = 0;
	int reg = base_address(cg, n, &off);

	return add_offset(cg, reg, off);
}

/*
 * A bit-field is reached through the unit of its declared type; a packed structure's, which may
 * lie across two of these, or in one that the structure ends in, byte by byte.
 */
static bool is_bytewise(const struct dt_node *n)
{
	uint64_t unit = dt_type_resolve(n->type)->size * 8, end = n->bitoff / unit * unit + unit;
	const struct dt_type *in = NULL;

	if (n->kind == DT_N_MEMBER)
		in = n->op == DT_OP_ARROW ? dt_pointee(n->kid[0]->type) : n->kid[0]->type;
	return n->bitoff + n->bits > end || (in && end > dt_type_resolve(in)->size * 8);
}

/* Bytes from the structure's begin to what a bit-field is reached through. */
uint64_t cg_field_offset(const struct dt_node *n)
{
	uint64_t unit = dt_type_resolve(n->type)->size;

	return is_bytewise(n) ? n->bitoff / 8 : n->bitoff / (8 * unit) * unit;
}

static unsigned eval_keys(struct dt_cg *cg, const struct dt_node *list, int *key)
{
	unsigned n = 0;

	for (; list; list = list->next)
		key[n++] = cg_value(cg, list);
	return n;
}

void cg_open(struct dt_cg *cg, const struct dt_node *n, struct cg_lval *lv)
{
	*lv = (struct cg_lval){ .n = n };
	if (n->kind == DT_N_VAR) {
		lv->kind = CG_LV_VAR;
	} else if (n->kind == DT_N_INDEX) {
		lv->kind = CG_LV_ELEM;
		lv->nkeys = eval_keys(cg, n->kid[1], lv->key);
	} else {
		lv->kind = CG_LV_MEM;
		lv->addr = base_address(cg, n, &lv->off);
		if (n->bits)
			lv->off += cg_field_offset(n) - n->bitoff / 8;
		lv->addr = add_offset(cg, lv->addr, lv->off);
	}
}

void cg_open_target(struct dt_cg *cg, const struct dt_node *n, struct cg_lval *lv)
{
	bool was = cg->creating;

	cg->creating = n->kind != DT_N_VAR && !(n->kind == DT_N_INDEX && n->ident);
	cg_open(cg, n, lv);
	cg->creating = was;
}

void cg_close(struct dt_cg *cg, struct cg_lval *lv)
{
	for (unsigned i = 0; i < lv->nkeys; i++)
		cg_free(cg, lv->key[i]);
	cg_free(cg, lv->addr);
	lv->nkeys = 0;
	lv->addr = 0;
}

/* ---- Variables ---------------------------------------------------------------------- */

static void push_keys(struct dt_cg *cg, const struct cg_lval *lv)
{
	const struct dt_ident *id = lv->n->ident;

	cg_emit(cg, DIF_INSTR_R(DIF_OP_FLUSHTS, 0, 0, 0));
	for (unsigned i = 0; i < lv->nkeys; i++)
		cg_push(cg, lv->key[i], id->keys[i]);
}

static void store_var(struct dt_cg *cg, const struct cg_lval *lv, int reg);

static int load_var_raw(struct dt_cg *cg, const struct cg_lval *lv)
{
	static const enum dif_op scalar[] = { DIF_OP_LDGS, DIF_OP_LDTS, DIF_OP_LDLS };
	const struct dt_ident *id = lv->n->ident;
	int reg;

	cg_use(cg, id, DIF_VF_LOAD);
	if (lv->kind == CG_LV_ELEM && id->id < DIF_VAR_ARG0) {	/* uregs[] */
		reg = cg_reg(cg);
		cg_emit(cg, DIF_INSTR_R(DIF_OP_LDGA, id->id, lv->key[0], reg));
		return reg;
	}
	if (lv->kind == CG_LV_ELEM) {
		push_keys(cg, lv);
		reg = cg_reg(cg);
		cg_emit(cg, DIF_INSTR_W(id->scope == DT_SCOPE_SELF ? DIF_OP_LDTAA : DIF_OP_LDGAA, id->id, reg));
		return reg;
	}
	reg = cg_reg(cg);
	cg_emit(cg, DIF_INSTR_W(scalar[id->scope], id->id, reg));
	return reg;
}

/* A struct or array of a thread, or in an associative array, which may not be there yet. */
static bool may_be_absent(const struct cg_lval *lv)
{
	const struct dt_ident *id = lv->n->ident;
	enum dt_type_kind kind = dt_type_resolve(lv->n->type)->kind;

	return (kind == DT_T_STRUCT || kind == DT_T_UNION || kind == DT_T_ARRAY) && id->id >= DIF_VAR_USER &&
	       (lv->kind == CG_LV_ELEM || id->scope == DT_SCOPE_SELF);
}

/* What was never assigned reads as zeros; a store to a part of it creates the whole. */
static int load_var(struct dt_cg *cg, const struct cg_lval *lv)
{
	const struct dt_type *type = addr_type(cg);
	int reg = load_var_raw(cg, lv), size, zeros;
	uint32_t there;

	if (!may_be_absent(lv))
		return reg;
	there = cg_label(cg);
	cg_emit(cg, DIF_INSTR_R(DIF_OP_TST, reg, 0, 0));
	cg_jump(cg, DIF_OP_BNE, there);
	size = cg_reg(cg);
	cg_setx(cg, dt_type_resolve(lv->n->type)->size, size);
	zeros = cg_call(cg, DIF_SUBR_ALLOCA, &size, &type, 1);
	cg_free(cg, size);
	if (cg->creating) {
		store_var(cg, lv, zeros);
		cg_free(cg, zeros);
		zeros = load_var_raw(cg, lv);
	}
	cg_emit(cg, DIF_INSTR_R(DIF_OP_MOV, zeros, 0, reg));
	cg_free(cg, zeros);
	cg_here(cg, there);
	return reg;
}

static void store_var(struct dt_cg *cg, const struct cg_lval *lv, int reg)
{
	static const enum dif_op scalar[] = { DIF_OP_STGS, DIF_OP_STTS, DIF_OP_STLS };
	const struct dt_ident *id = lv->n->ident;

	cg_use(cg, id, DIF_VF_STORE);
	if (lv->kind == CG_LV_ELEM) {
		push_keys(cg, lv);
		cg_emit(cg, DIF_INSTR_W(id->scope == DT_SCOPE_SELF ? DIF_OP_STTAA : DIF_OP_STGAA, id->id, reg));
		return;
	}
	cg_emit(cg, DIF_INSTR_W(scalar[id->scope], id->id, reg));
}

/* ---- Memory --------------------------------------------------------------------------- */

static enum dif_op load_op(uint64_t size, bool sgn, bool user)
{
	enum dif_op op = size == 1 ? DIF_OP_LDUB : size == 2 ? DIF_OP_LDUH : size == 4 ? DIF_OP_LDUW : DIF_OP_LDX;

	if (sgn && size < 8)
		op = op - DIF_OP_LDUB + DIF_OP_LDSB;
	return user ? op - DIF_OP_LDSB + DIF_OP_ULDSB : op;
}

static enum dif_op store_op(uint64_t size)
{
	return size == 1 ? DIF_OP_STB : size == 2 ? DIF_OP_STH : size == 4 ? DIF_OP_STW : DIF_OP_STX;
}

/* Bring @bits bits at @shift of @reg to the bottom, extended. */
static void extract(struct dt_cg *cg, int reg, unsigned shift, unsigned bits, bool sgn)
{
	int t = cg_reg(cg);

	if (64 - shift - bits) {
		cg_setx(cg, 64 - shift - bits, t);
		cg_emit(cg, DIF_INSTR_R(DIF_OP_SLL, reg, t, reg));
	}
	cg_setx(cg, 64 - bits, t);
	cg_emit(cg, DIF_INSTR_R(sgn ? DIF_OP_SRA : DIF_OP_SRL, reg, t, reg));
	cg_free(cg, t);
}

/* reg <<= by, or to the right if that is negative */
static void shift_by(struct dt_cg *cg, int reg, int by)
{
	int t;

	if (!by)
		return;
	t = cg_reg(cg);
	cg_setx(cg, (uint64_t)(by < 0 ? -by : by), t);
	cg_emit(cg, DIF_INSTR_R(by < 0 ? DIF_OP_SRL : DIF_OP_SLL, reg, t, reg));
	cg_free(cg, t);
}

/* at = addr + i */
static int byte_address(struct dt_cg *cg, int addr, unsigned i)
{
	int at = cg_reg(cg);

	cg_setx(cg, i, at);
	cg_emit(cg, DIF_INSTR_R(DIF_OP_ADD, addr, at, at));
	return at;
}

static int load_bytes(struct dt_cg *cg, const struct cg_lval *lv)
{
	const struct dt_node *n = lv->n;
	unsigned shift = n->bitoff % 8;
	int reg = cg_reg(cg), byte;

	cg_setx(cg, 0, reg);
	for (unsigned i = 0; 8 * i < shift + n->bits; i++) {
		byte = byte_address(cg, lv->addr, i);
		cg_emit(cg, DIF_INSTR_R(n->is_userland ? DIF_OP_ULDUB : DIF_OP_LDUB, byte, 0, byte));
		shift_by(cg, byte, (int)(8 * i) - (int)shift);
		cg_emit(cg, DIF_INSTR_R(DIF_OP_OR, reg, byte, reg));
		cg_free(cg, byte);
	}
	extract(cg, reg, 0, n->bits, dt_type_resolve(n->type)->is_signed);
	return reg;
}

static uint64_t field_mask(const struct dt_node *n)
{
	return n->bits == 64 ? UINT64_MAX : (1ull << n->bits) - 1;
}

static void store_bytes(struct dt_cg *cg, const struct cg_lval *lv, int reg)
{
	const struct dt_node *n = lv->n;
	int shift = n->bitoff % 8, at, old, val, tmp;

	for (int i = 0; 8 * i < shift + (int)n->bits; i++) {
		int by = shift - 8 * i;
		uint64_t mask = (by < 0 ? field_mask(n) >> -by : field_mask(n) << by) & 0xff;

		at = byte_address(cg, lv->addr, (unsigned)i);
		old = cg_reg(cg);
		tmp = cg_reg(cg);
		val = cg_reg(cg);
		cg_emit(cg, DIF_INSTR_R(DIF_OP_LDUB, at, 0, old));
		cg_setx(cg, ~mask & 0xff, tmp);
		cg_emit(cg, DIF_INSTR_R(DIF_OP_AND, old, tmp, old));
		cg_emit(cg, DIF_INSTR_R(DIF_OP_MOV, reg, 0, val));
		shift_by(cg, val, by);
		cg_setx(cg, mask, tmp);
		cg_emit(cg, DIF_INSTR_R(DIF_OP_AND, val, tmp, val));
		cg_emit(cg, DIF_INSTR_R(DIF_OP_OR, old, val, old));
		cg_emit(cg, DIF_INSTR_R(DIF_OP_STB, old, 0, at));
		cg_free(cg, val);
		cg_free(cg, tmp);
		cg_free(cg, old);
		cg_free(cg, at);
	}
	if (reg)
		extract(cg, reg, 0, n->bits, dt_type_resolve(n->type)->is_signed);
}

/* Whole structs and arrays in the traced process are copied in: nothing else can look at them there. */
static int copyin(struct dt_cg *cg, int addr, uint64_t size)
{
	const struct dt_type *types[2] = { addr_type(cg), addr_type(cg) };
	int regs[2] = { addr, cg_reg(cg) }, ret;

	cg_setx(cg, size, regs[1]);
	ret = cg_call(cg, DIF_SUBR_COPYIN, regs, types, 2);
	cg_free(cg, regs[1]);
	return ret;
}

static int load_mem(struct dt_cg *cg, const struct cg_lval *lv)
{
	const struct dt_node *n = lv->n;
	const struct dt_type *t = dt_type_resolve(n->type);
	int reg;

	if (!dt_type_is_scalar(t) && n->is_userland)
		return copyin(cg, lv->addr, t->size);
	if (n->bits && is_bytewise(n))
		return load_bytes(cg, lv);
	reg = cg_reg(cg);
	if (!dt_type_is_scalar(t)) {
		cg_emit(cg, DIF_INSTR_R(DIF_OP_MOV, lv->addr, 0, reg));
		return reg;
	}
	if (!n->bits) {
		cg_emit(cg, DIF_INSTR_R(load_op(t->size, t->is_signed, n->is_userland), lv->addr, 0, reg));
		return reg;
	}
	cg_emit(cg, DIF_INSTR_R(load_op(t->size, false, n->is_userland), lv->addr, 0, reg));
	extract(cg, reg, n->bitoff % (8 * (unsigned)t->size), n->bits, t->is_signed);
	return reg;
}

/* Replace the field's bits in the unit at lv->addr; @reg is left holding the field's new value. */
static void store_bits(struct dt_cg *cg, const struct cg_lval *lv, int reg)
{
	const struct dt_node *n = lv->n;
	const struct dt_type *t = dt_type_resolve(n->type);
	unsigned shift = n->bitoff % (8 * (unsigned)t->size);
	uint64_t mask = field_mask(n);
	int unit = cg_reg(cg), tmp = cg_reg(cg), val = cg_reg(cg);

	cg_emit(cg, DIF_INSTR_R(load_op(t->size, false, false), lv->addr, 0, unit));
	cg_setx(cg, ~(mask << shift), tmp);
	cg_emit(cg, DIF_INSTR_R(DIF_OP_AND, unit, tmp, unit));
	cg_setx(cg, mask, tmp);
	cg_emit(cg, DIF_INSTR_R(DIF_OP_AND, reg, tmp, val));
	cg_setx(cg, shift, tmp);
	cg_emit(cg, DIF_INSTR_R(DIF_OP_SLL, val, tmp, val));
	cg_emit(cg, DIF_INSTR_R(DIF_OP_OR, unit, val, unit));
	cg_emit(cg, DIF_INSTR_R(store_op(t->size), unit, 0, lv->addr));
	cg_free(cg, unit);
	cg_free(cg, tmp);
	cg_free(cg, val);
	if (reg)
		extract(cg, reg, 0, n->bits, t->is_signed);
}

/*
 * A string into a member: as much as there is of it and fits, then zeros, so that
 * equal texts are equal memory; by way of scratch memory, for it may be the same
 * member's.
 */
static void store_string(struct dt_cg *cg, const struct cg_lval *lv, int text)
{
	const struct dt_type *type = addr_type(cg);
	uint64_t room = dt_type_resolve(lv->n->type)->size;
	int size = cg_reg(cg), copy, len;

	cg_setx(cg, room, size);
	copy = cg_call(cg, DIF_SUBR_ALLOCA, &size, &type, 1);
	len = cg_text_length(cg, text, room);
	cg_emit(cg, DIF_INSTR_R(DIF_OP_COPYS, text, len, copy));
	cg_emit(cg, DIF_INSTR_R(DIF_OP_COPYS, copy, size, lv->addr));
	cg_free(cg, len);
	cg_free(cg, copy);
	cg_free(cg, size);
}

static void store_mem(struct dt_cg *cg, const struct cg_lval *lv, int reg)
{
	const struct dt_type *t = dt_type_resolve(lv->n->type);
	int size;

	if (lv->n->bits && is_bytewise(lv->n)) {
		store_bytes(cg, lv, reg);
	} else if (lv->n->bits) {
		store_bits(cg, lv, reg);
	} else if (dt_type_is_scalar(t)) {
		cg_emit(cg, DIF_INSTR_R(store_op(t->size), reg, 0, lv->addr));
	} else if (dt_type_is_string(t)) {
		store_string(cg, lv, reg);
	} else {
		size = cg_reg(cg);
		cg_setx(cg, t->size, size);
		cg_emit(cg, DIF_INSTR_R(DIF_OP_COPYS, reg, size, lv->addr));
		cg_free(cg, size);
	}
}

/* ---- Both --------------------------------------------------------------------------------- */

int cg_load(struct dt_cg *cg, const struct cg_lval *lv)
{
	return lv->kind == CG_LV_MEM ? load_mem(cg, lv) : load_var(cg, lv);
}

void cg_store(struct dt_cg *cg, const struct cg_lval *lv, int reg)
{
	if (lv->kind == CG_LV_MEM)
		store_mem(cg, lv, reg);
	else
		store_var(cg, lv, reg);
}
