/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Code generation: one cooked expression becomes one DIF object.
 *
 *   codegen.c       the expression: dispatch, constants, casts, calls, branches
 *   codegen_op.c    operators and assignment
 *   codegen_mem.c   variables and memory: lvalues
 *   codegen_xlate.c whole translated structs
 *   codegen_emit.c  instructions, registers, labels, tables
 *   codegen_spill.c expressions that need more registers than there are
 *
 * Registers. A function that yields a value returns a register that the caller
 * owns and gives back with cg_free(); an operator reuses its left operand's.
 * Register 0 reads as zero and is what failing functions return: errors are
 * kept in the diagnostic and looked at once, at the end.
 *
 * A register holds an integer extended to 64 bits by its type's sign (cook.h).
 * So comparisons and conversions to wider types cost nothing, and only what may
 * overflow its width is cut (cg_normalise). By-reference values are addresses.
 *
 * Subroutine arguments and keys are all computed before the first is pushed,
 * for computing one may use the tuple stack itself.
 */
#ifndef DT_CODEGEN_H
#define DT_CODEGEN_H

#include "dlang.h"

#define CG_NREGS	256	/* as the field of an instruction can tell; the machine's are the first DIF_NREGS */

struct dt_cg {
	struct dt_types *types;
	struct dt_diag *diag;
	struct dt_loc loc;	/* of the node being compiled */
	bool failed;
	uint64_t regs[CG_NREGS / 64];	/* bit n: register n is in use */
	uint32_t maxreg;	/* highest ever used */
	uint32_t ntup, maxtup;	/* tuple elements pushed now, and most at once */
	uint32_t *text;
	unsigned *lines;
	uint32_t ntext, textcap;
	uint64_t *ints;
	uint32_t nints;
	char *strs;
	uint32_t nstrs;
	struct dif_var *vars;
	uint32_t nvars;
	uint32_t *labels;	/* label -> instruction */
	bool creating;		/* what is being opened will be stored to */
	uint32_t nlabels;
};

/* The value of @n as @kind of type. NULL with @diag set. */
struct dt_difo *dt_codegen(struct dt_types *types, struct dt_idents *idents, struct dt_diag *diag,
			   const struct dt_node *n);
void dt_difo_free(struct dt_difo *d);
struct dif_type dt_dif_type(const struct dt_type *t);

/* codegen.c */
int cg_value(struct dt_cg *cg, const struct dt_node *n);
void cg_branch(struct dt_cg *cg, const struct dt_node *n, bool sense, uint32_t label);
int cg_truth(struct dt_cg *cg, const struct dt_node *n);	/* 0 or 1 */
void cg_normalise(struct dt_cg *cg, int reg, const struct dt_type *t);
int cg_convert(struct dt_cg *cg, int reg, const struct dt_type *from, const struct dt_type *to);
int cg_call(struct dt_cg *cg, uint32_t subr, const int *regs, const struct dt_type *const *types, unsigned n);
void cg_push(struct dt_cg *cg, int reg, const struct dt_type *t);

/* codegen_op.c */
int cg_op1(struct dt_cg *cg, const struct dt_node *n);
int cg_op2(struct dt_cg *cg, const struct dt_node *n);
int cg_op3(struct dt_cg *cg, const struct dt_node *n);
bool cg_is_comparison(const struct dt_node *n);
uint32_t cg_compare(struct dt_cg *cg, const struct dt_node *n, bool sense);

/* codegen_mem.c: an lvalue is opened once, then loaded and stored, then closed. */
struct cg_lval {
	const struct dt_node *n;
	enum { CG_LV_VAR, CG_LV_ELEM, CG_LV_MEM } kind;
	int key[DIF_TUPLE_MAX];		/* ELEM */
	unsigned nkeys;
	int addr;			/* MEM */
	uint64_t off;			/* MEM: bytes from addr */
};
void cg_open(struct dt_cg *cg, const struct dt_node *n, struct cg_lval *lv);
void cg_open_target(struct dt_cg *cg, const struct dt_node *n, struct cg_lval *lv);	/* to be stored to */
int cg_load(struct dt_cg *cg, const struct cg_lval *lv);
void cg_store(struct dt_cg *cg, const struct cg_lval *lv, int reg);
void cg_close(struct dt_cg *cg, struct cg_lval *lv);
int cg_address(struct dt_cg *cg, const struct dt_node *n);
uint64_t cg_field_offset(const struct dt_node *n);	/* of a bit-field */

/* codegen_xlate.c */
int cg_xlate(struct dt_cg *cg, const struct dt_node *n);
int cg_text_length(struct dt_cg *cg, int text, uint64_t room);

/* codegen_emit.c */
int cg_reg(struct dt_cg *cg);
void cg_free(struct dt_cg *cg, int reg);
int cg_result(struct dt_cg *cg, int reg);	/* a register that may be overwritten: reg, or a new one for %r0 */
void cg_emit(struct dt_cg *cg, uint32_t instr);
uint32_t cg_label(struct dt_cg *cg);
void cg_here(struct dt_cg *cg, uint32_t label);
void cg_jump(struct dt_cg *cg, enum dif_op op, uint32_t label);
void cg_setx(struct dt_cg *cg, uint64_t val, int reg);
void cg_sets(struct dt_cg *cg, const char *bytes, size_t len, int reg);
void cg_use(struct dt_cg *cg, const struct dt_ident *id, uint32_t flag);
int cg_fail(struct dt_cg *cg, enum dt_tag tag, const char *msg);	/* 0 */

/* codegen_spill.c: leaves code for the machine's registers. Before labels are resolved. */
void cg_spill(struct dt_cg *cg, struct dt_idents *idents);

#endif /* DT_CODEGEN_H */
