// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A whole translated struct: zeroed scratch memory, into which each member that
 * the translator has is stored. Its value, of the struct or of a pointer to it,
 * is its address.
 */
#include "codegen.h"
#include "cook.h"

/* No more of the text than there is, and room for the NUL: *len of it are to be copied. */
int cg_text_length(struct dt_cg *cg, int text, uint64_t room)
{
	const struct dt_type *str = dt_basic(cg->types, DT_B_STRING);
	uint32_t fits = cg_label(cg);
	int max = cg_reg(cg), len;

	cg_setx(cg, room - 1, max);
	len = cg_call(cg, DIF_SUBR_STRLEN, &text, &str, 1);
	cg_emit(cg, DIF_INSTR_R(DIF_OP_CMP, len, max, 0));
	cg_jump(cg, DIF_OP_BLEU, fits);
	cg_emit(cg, DIF_INSTR_R(DIF_OP_MOV, max, 0, len));
	cg_here(cg, fits);
	cg_free(cg, max);
	return len;
}

static void store_text(struct dt_cg *cg, const struct cg_lval *lv, int text)
{
	int len = cg_text_length(cg, text, dt_type_resolve(lv->n->type)->size);

	cg_emit(cg, DIF_INSTR_R(DIF_OP_COPYS, text, len, lv->addr));
	cg_free(cg, len);
}

static void store_member(struct dt_cg *cg, const struct dt_node *m, int base)
{
	struct cg_lval lv = { .n = m, .kind = CG_LV_MEM, .addr = cg_reg(cg) };
	int val;

	cg_setx(cg, m->bits ? cg_field_offset(m) : m->bitoff / 8, lv.addr);
	cg_emit(cg, DIF_INSTR_R(DIF_OP_ADD, base, lv.addr, lv.addr));
	val = cg_value(cg, m->kid[0]);
	if (dt_type_is_string(m->kid[0]->type))
		store_text(cg, &lv, val);
	else
		cg_store(cg, &lv, val);
	cg_free(cg, val);
	cg_free(cg, lv.addr);
}

int cg_xlate(struct dt_cg *cg, const struct dt_node *n)
{
	const struct dt_type *t = dt_is_pointer(n->type) ? dt_pointee(n->type) : n->type;
	int base = cg_reg(cg);

	cg_setx(cg, dt_type_resolve(t)->size, base);
	cg_emit(cg, DIF_INSTR_R(DIF_OP_ALLOCS, base, 0, base));
	for (const struct dt_node *m = n->u.xl.members; m && !cg->failed; m = m->next)
		store_member(cg, m, base);
	return base;
}
