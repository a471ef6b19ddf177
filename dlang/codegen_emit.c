// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Instructions, registers, labels and tables of the object being built.
 *
 * Branches are emitted with their label's number and get the instruction's
 * when all is done. Every object ends in RET, so a label always has one.
 */
#include <stdlib.h>
#include <string.h>

#include "codegen.h"

#define VALUE_MAX 65536

int cg_fail(struct dt_cg *cg, enum dt_tag tag, const char *msg)
{
	if (!cg->failed)
		dt_error(cg->diag, tag, cg->loc, "%s", msg);
	cg->failed = true;
	return 0;
}

static void *grow(struct dt_cg *cg, void *p, size_t bytes)
{
	void *q = realloc(p, bytes);

	if (!q)
		cg_fail(cg, D_ALLOC, "out of memory");
	return q;
}

/* ---- Registers -------------------------------------------------------------------- */

int cg_reg(struct dt_cg *cg)
{
	for (int r = 1; r < CG_NREGS; r++) {
		if (cg->regs[r / 64] & 1ull << r % 64)
			continue;
		cg->regs[r / 64] |= 1ull << r % 64;
		if ((uint32_t)r > cg->maxreg)
			cg->maxreg = (uint32_t)r;
		return r;
	}
	if (!cg->failed) {
		cg_fail(cg, D_REGS,
			"this expression is too complex: it needs more than 255 values at once");
		dt_hint(cg->diag, "compute parts of it into variables first: this->x = ...");
	}
	return 0;
}

void cg_free(struct dt_cg *cg, int reg)
{
	if (reg > 0)
		cg->regs[reg / 64] &= ~(1ull << reg % 64);
}

int cg_result(struct dt_cg *cg, int reg)
{
	return reg ? reg : cg_reg(cg);
}

static void count_tuple(struct dt_cg *cg, uint32_t op)
{
	if (op == DIF_OP_FLUSHTS)
		cg->ntup = 0;
	else if (op == DIF_OP_POPTS && cg->ntup)
		cg->ntup--;
	else if ((op == DIF_OP_PUSHTR || op == DIF_OP_PUSHTV) && ++cg->ntup > cg->maxtup)
		cg->maxtup = cg->ntup;
}

/* ---- Text --------------------------------------------------------------------------- */

void cg_emit(struct dt_cg *cg, uint32_t instr)
{
	if (cg->failed)
		return;
	count_tuple(cg, instr >> 24);
	if (cg->ntext == DIF_TEXT_MAX) {
		cg_fail(cg, D_DIFO_SIZE, "this expression compiles to too many instructions");
		return;
	}
	if (cg->ntext == cg->textcap) {
		uint32_t cap = cg->textcap ? cg->textcap * 2 : 64;
		uint32_t *text = grow(cg, cg->text, cap * sizeof(*text));
		unsigned *lines;

		if (!text)
			return;
		cg->text = text;
		lines = grow(cg, cg->lines, cap * sizeof(*lines));
		if (!lines)
			return;
		cg->lines = lines;
		cg->textcap = cap;
	}
	cg->lines[cg->ntext] = cg->loc.line;
	cg->text[cg->ntext++] = instr;
}

uint32_t cg_label(struct dt_cg *cg)
{
	uint32_t *labels;

	if (cg->failed)
		return 0;
	labels = grow(cg, cg->labels, (cg->nlabels + 1) * sizeof(*labels));
	if (!labels)
		return 0;
	cg->labels = labels;
	return cg->nlabels++;
}

void cg_here(struct dt_cg *cg, uint32_t label)
{
	if (!cg->failed)
		cg->labels[label] = cg->ntext;
}

void cg_jump(struct dt_cg *cg, enum dif_op op, uint32_t label)
{
	cg_emit(cg, DIF_INSTR_B(op, label));
}

/* ---- Tables --------------------------------------------------------------------------- */

void cg_setx(struct dt_cg *cg, uint64_t val, int reg)
{
	uint64_t *ints;
	uint32_t i;

	if (val == 0) {
		cg_emit(cg, DIF_INSTR_R(DIF_OP_MOV, 0, 0, reg));
		return;
	}
	for (i = 0; i < cg->nints && cg->ints[i] != val; i++)
		;
	if (i == cg->nints) {
		if (i > UINT16_MAX) {
			cg_fail(cg, D_DIFO_SIZE, "this expression has too many constants");
			return;
		}
		ints = cg->failed ? NULL : grow(cg, cg->ints, (i + 1) * sizeof(*ints));
		if (!ints)
			return;
		cg->ints = ints;
		cg->ints[cg->nints++] = val;
	}
	cg_emit(cg, DIF_INSTR_W(DIF_OP_SETX, i, reg));
}

/* Offset of the string, entered if it is new. A string that another one ends in shares its bytes. */
static uint32_t intern(struct dt_cg *cg, const char *bytes, size_t len)
{
	char *strs;
	uint32_t off;

	for (off = 0; off + len < cg->nstrs; off++)
		if (!cg->strs[off + len] && !memcmp(cg->strs + off, bytes, len))
			return off;
	if (cg->failed)
		return 0;
	if (cg->nstrs + len + 2 > DIF_TABLE_MAX) {
		cg_fail(cg, D_DIFO_SIZE, "this expression's strings are too long");
		return 0;
	}
	strs = grow(cg, cg->strs, cg->nstrs + len + 2);
	if (!strs)
		return 0;
	cg->strs = strs;
	if (!cg->nstrs)
		strs[cg->nstrs++] = '\0';
	if (!len)
		return 0;
	off = cg->nstrs;
	memcpy(strs + off, bytes, len);
	strs[off + len] = '\0';
	cg->nstrs += (uint32_t)len + 1;
	return off;
}

void cg_sets(struct dt_cg *cg, const char *bytes, size_t len, int reg)
{
	uint32_t off = intern(cg, bytes, len);

	if (off > UINT16_MAX)
		cg_fail(cg, D_DIFO_SIZE, "this expression's strings are longer than 65535 bytes together");
	cg_emit(cg, DIF_INSTR_W(DIF_OP_SETS, off, reg));
}

static uint8_t dif_scope(enum dt_scope s)
{
	return s == DT_SCOPE_SELF ? DIF_SCOPE_THREAD : s == DT_SCOPE_THIS ? DIF_SCOPE_LOCAL : DIF_SCOPE_GLOBAL;
}

/* The kernel moves values of up to 64 KiB. */
static void check_size(struct dt_cg *cg, const struct dt_type *t)
{
	if (!dt_type_is_string(t) && dt_type_resolve(t)->size > VALUE_MAX)
		cg_fail(cg, D_DIFO_SIZE, "a value or variable can have at most 65536 bytes");
}

/* Note that the object reads or writes a variable. */
void cg_use(struct dt_cg *cg, const struct dt_ident *id, uint32_t flag)
{
	uint8_t scope = dif_scope(id->scope);
	struct dif_var *vars;
	uint32_t i;

	check_size(cg, id->type);
	if (cg->failed)
		return;
	for (i = 0; i < cg->nvars; i++) {
		if (cg->vars[i].id != id->id || cg->vars[i].scope != scope)
			continue;
		cg->vars[i].flags |= flag;
		return;
	}
	vars = grow(cg, cg->vars, (i + 1) * sizeof(*vars));
	if (!vars)
		return;
	cg->vars = vars;
	vars[i] = (struct dif_var){
		.name = intern(cg, id->name, strlen(id->name)), .id = (uint16_t)id->id, .scope = scope,
		.kind = id->kind == DT_I_ARRAY ? DIF_KIND_ARRAY : DIF_KIND_SCALAR, .flags = flag,
		.type = dt_dif_type(id->type),
	};
	cg->nvars++;
}

/* ---- The object -------------------------------------------------------------------------- */

static void cg_reset(struct dt_cg *cg)
{
	free(cg->text);
	free(cg->lines);
	free(cg->ints);
	free(cg->strs);
	free(cg->vars);
	free(cg->labels);
}

static void resolve_labels(struct dt_cg *cg)
{
	for (uint32_t pc = 0; pc < cg->ntext; pc++) {
		uint32_t i = cg->text[pc];

		if (DIF_OP(i) >= DIF_OP_BA && DIF_OP(i) <= DIF_OP_BLEU)
			cg->text[pc] = DIF_INSTR_B(DIF_OP(i), cg->labels[DIF_LABEL(i)]);
	}
}

struct dt_difo *dt_codegen(struct dt_types *types, struct dt_idents *idents, struct dt_diag *diag,
			   const struct dt_node *n)
{
	struct dt_cg cg = { .types = types, .diag = diag, .loc = n->loc };
	struct dt_difo *d;
	int reg;

	intern(&cg, "", 0);
	reg = cg_value(&cg, n);
	cg.loc = n->loc;
	check_size(&cg, n->type);
	cg_emit(&cg, DIF_INSTR_R(DIF_OP_RET, 0, 0, reg));
	cg_spill(&cg, idents);
	d = cg.failed ? NULL : calloc(1, sizeof(*d));
	if (!d) {
		cg_fail(&cg, D_ALLOC, "out of memory");
		cg_reset(&cg);
		return NULL;
	}
	resolve_labels(&cg);
	free(cg.labels);
	*d = (struct dt_difo){
		.text = cg.text, .ntext = cg.ntext, .lines = cg.lines, .ints = cg.ints, .nints = cg.nints,
		.strs = cg.strs, .nstrs = cg.nstrs, .vars = cg.vars, .nvars = cg.nvars,
		.nregs = cg.maxreg, .ntuple = cg.maxtup, .rtype = dt_dif_type(n->type), .ctype = n->type,
	};
	return d;
}

void dt_difo_free(struct dt_difo *d)
{
	if (!d)
		return;
	free(d->text);
	free(d->lines);
	free(d->ints);
	free(d->strs);
	free(d->vars);
	free(d);
}

/* How the kernel sees a value of type @t. */
struct dif_type dt_dif_type(const struct dt_type *t)
{
	const struct dt_type *r = dt_type_resolve(t);
	struct dif_type d = { .kind = DIF_TYPE_SCALAR, .size = (uint32_t)r->size };

	if (r->kind == DT_T_STRING)
		return (struct dif_type){ .kind = DIF_TYPE_STRING, .flags = DIF_TF_BYREF };
	if (r->kind == DT_T_VOID)
		return (struct dif_type){ .kind = DIF_TYPE_SCALAR };
	if (dt_type_is_scalar(r)) {
		d.flags = dt_type_is_integer(r) && r->is_signed ? DIF_TF_SIGNED : 0;
		return d;
	}
	d.kind = DIF_TYPE_STRUCT;
	d.flags = DIF_TF_BYREF;
	return d;
}
