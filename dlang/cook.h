/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The semantic pass: from the parser's tree to one that can be compiled
 * blindly.
 *
 *   cook.c        the program, clauses, statements, predicates
 *   cook_node.c   building nodes, questions about types
 *   cook_conv.c   conversions: promotion, common types, casts, what may be assigned to what
 *   cook_fold.c   arithmetic on constants
 *   cook_var.c    identifiers, variables, arrays, members
 *   cook_sym.c    symbols of the kernel and of processes
 *   cook_op.c     operators
 *   cook_call.c   subroutines            cook_action.c  actions
 *   cook_agg.c    aggregations           cook_printf.c  formats against their arguments
 *   abstract.h    inlines, translators, providers, args[], stability
 *   cook_print.c  print() and printm()
 *
 * After it each expression node has a type and, in place of every implicit
 * conversion of C, a DT_N_CAST node; what is constant is a DT_N_INT; names are
 * DT_N_VAR with their identifier. The pass rewrites nodes in place (a node that
 * gets a cast becomes the cast and moves its old self below), so pointers to
 * nodes and lists of them stay good.
 *
 * Values. The value of an integer type of fewer than 64 bits is always held
 * extended to 64, by sign or by zeros as the type is signed; constants are
 * stored that way too. Codegen keeps the same rule for registers.
 *
 * All functions return 0, or -1 with the diagnostic set.
 */
#ifndef DT_COOK_H
#define DT_COOK_H

#include "dlang.h"

/* A kernel action that a statement asks for, not compiled yet. */
struct dt_want {
	struct dt_want *next;
	uint16_t kind;			/* DTRACEACT_* */
	uint16_t ntuple;
	uint32_t varid;
	uint64_t arg;
	struct dt_node *val, *incr;	/* cooked, or NULL */
};

/* All that one statement records. */
struct dt_rec {
	struct dt_rec *next;		/* all of the compilation, for their formats */
	uint16_t kind;
	struct dt_format *fmt;		/* owned until the statement is compiled */
	struct dt_ident **aggs;		/* in the arena */
	uint32_t naggs;
	struct dt_want *wants, **tail;
	bool apart;			/* begins a clause of the kernel's (cook_kernel.c) */
};

/* A key of an aggregation, to be converted once the type that holds all of them is known. */
struct dt_aggkey {
	struct dt_aggkey *next;
	struct dt_ident *agg;
	struct dt_node *key;
	uint32_t i;
};

struct dt_cook {
	const struct dt_compile *cc;
	struct dt_arena *arena;
	struct dt_types *types;
	struct dt_idents *idents;
	struct dt_diag *diag;
	struct dt_rec *recs;
	struct dt_aggkey *aggkeys;
	const struct dt_node *clause;	/* being cooked, or NULL: whose args[] are meant */
	struct dt_node *prog;		/* all of it */
	const struct dt_node *destroyer;	/* the first call that changes the system, or NULL */
	unsigned xdepth;		/* abstract.h: of the expansions under way */
	unsigned long xnodes;		/* made by expansions so far */
	bool xlates;			/* some translator was used */
	struct dt_pending *pending;	/* stability.c: pragmas that wait for what they name */
	struct dt_attr attr;		/* stability.c: the least of what was used since it was last set */
};

/* cook.c */
int dt_cook_program(struct dt_cook *ck, struct dt_node *prog);
int dt_cook_expr(struct dt_cook *ck, struct dt_node *n);
int dt_cook_list(struct dt_cook *ck, struct dt_node *list);
struct dt_rec *dt_cook_rec(struct dt_cook *ck, uint16_t kind);
int dt_cook_want(struct dt_cook *ck, struct dt_rec *rec, const struct dt_want *want);
/* The same for what most actions are: one cooked value, or NULL. */
int dt_want_value(struct dt_cook *ck, struct dt_rec *rec, uint16_t kind, struct dt_node *val, uint64_t arg);
int dt_nomem(struct dt_cook *ck, struct dt_loc loc);
int dt_nosup(struct dt_cook *ck, struct dt_loc loc, const char *what, const char *why);

/* cook_node.c */
struct dt_node *dt_mk_node(struct dt_cook *ck, enum dt_kind kind, const struct dt_node *at);
struct dt_node *dt_mk_int(struct dt_cook *ck, const struct dt_node *at, int64_t val,
			  const struct dt_type *type);
struct dt_node *dt_mk_op2(struct dt_cook *ck, enum dt_op op, struct dt_node *l, struct dt_node *r,
			  const struct dt_type *type);
void dt_make_int(struct dt_node *n, uint64_t val, const struct dt_type *type);
int dt_wrap_cast(struct dt_cook *ck, struct dt_node *n, const struct dt_type *to);
unsigned dt_list_len(const struct dt_node *list);
const struct dt_type *dt_pointee(const struct dt_type *t);	/* pointer or array, else NULL */
bool dt_is_pointer(const struct dt_type *t);
bool dt_is_ptrlike(const struct dt_type *t);	/* pointer, array that decays to one */
bool dt_is_void(const struct dt_type *t);
bool dt_is_float(const struct dt_type *t);
bool dt_is_dyn(const struct dt_type *t);
bool dt_is_user_ptr(const struct dt_type *t);
bool dt_is_zero(const struct dt_node *n);
bool dt_is_null(const struct dt_node *n);
bool dt_is_const_int(const struct dt_node *n);
int64_t dt_int(const struct dt_node *n);
/* The C spelling of @n's type, in one of a few static-size buffers of the caller. */
#define DT_TYPESTR 160
char *dt_typestr(const struct dt_node *n, char buf[DT_TYPESTR]);

/* cook_conv.c */
uint64_t dt_normalise(uint64_t val, const struct dt_type *type);
const struct dt_type *dt_promoted(struct dt_cook *ck, const struct dt_node *n);
const struct dt_type *dt_common(struct dt_cook *ck, const struct dt_type *a, const struct dt_type *b);
int dt_promote(struct dt_cook *ck, struct dt_node *n);
int dt_decay(struct dt_cook *ck, struct dt_node *n);		/* array -> pointer */
int dt_decay_string(struct dt_cook *ck, struct dt_node *n);	/* string -> char *, where C has an array of them */
bool dt_ptr_compat(const struct dt_type *a, const struct dt_type *b);
bool dt_assignable(const struct dt_node *n, const struct dt_type *to);
int dt_convert(struct dt_cook *ck, struct dt_node *n, const struct dt_type *to); /* of an assignable one */
bool dt_widens(const struct dt_node *n, const struct dt_type *to);
int dt_cook_cast(struct dt_cook *ck, struct dt_node *n);
int dt_cook_stringof(struct dt_cook *ck, struct dt_node *n);
int dt_cook_sizeof(struct dt_cook *ck, struct dt_node *n);
int dt_cook_offsetof(struct dt_cook *ck, struct dt_node *n);

/* cook_sym.c */
int dt_cook_sym(struct dt_cook *ck, struct dt_node *n);
int dt_cook_addr_of_sym(struct dt_cook *ck, struct dt_node *n);	/* & of a DT_N_SYM not cooked yet */

/* cook_fold.c: the operands are normalised; so is the result, for @type (the type the operation is done in). */
int dt_fold2(struct dt_cook *ck, enum dt_op op, const struct dt_type *type, uint64_t a, uint64_t b,
	     struct dt_loc loc, uint64_t *ret);

/* cook_var.c */
int dt_cook_ident(struct dt_cook *ck, struct dt_node *n);
int dt_cook_scoped(struct dt_cook *ck, struct dt_node *n);
int dt_cook_var(struct dt_cook *ck, struct dt_node *n);
int dt_cook_index(struct dt_cook *ck, struct dt_node *n);
int dt_cook_member(struct dt_cook *ck, struct dt_node *n);
int dt_cook_target(struct dt_cook *ck, struct dt_node *n);	/* of an assignment: may be new */
int dt_settle_target(struct dt_cook *ck, struct dt_node *n, const struct dt_type *type);
int dt_make_deref(struct dt_cook *ck, struct dt_node *n);
int dt_taint(struct dt_cook *ck, struct dt_node *n);
int dt_incomplete(struct dt_cook *ck, enum dt_tag tag, const struct dt_node *n, const struct dt_type *t);

/* cook_op.c */
int dt_cook_op1(struct dt_cook *ck, struct dt_node *n);
int dt_cook_op2(struct dt_cook *ck, struct dt_node *n);
int dt_cook_op3(struct dt_cook *ck, struct dt_node *n);
enum dt_op dt_plain_op(enum dt_op op);
int dt_make_add(struct dt_cook *ck, struct dt_node *n);	/* kids cooked; pointers allowed */

/* cook_call.c */
int dt_cook_call(struct dt_cook *ck, struct dt_node *n);
bool dt_is_action(struct dt_cook *ck, const struct dt_node *n);	/* a call of one; NULL is none */
int dt_refuse_actions(struct dt_cook *ck, const struct dt_node *n);	/* among what @n computes with */
struct dt_ident *dt_cook_function(struct dt_cook *ck, struct dt_node *n);
int dt_check_args(struct dt_cook *ck, struct dt_node *n, unsigned lo, unsigned hi);
int dt_check_args_tag(struct dt_cook *ck, struct dt_node *n, unsigned lo, unsigned hi, enum dt_tag tag);

/* cook_action.c, cook_agg.c, cook_printf.c */
int dt_cook_action(struct dt_cook *ck, struct dt_node *stmt);
int dt_cook_agg(struct dt_cook *ck, struct dt_node *stmt);
/* printf() and those like it: a format and its arguments, recorded as the action that @call names. */
int dt_cook_formatted(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec, bool may_be_empty);
int dt_cook_aggkeys(struct dt_cook *ck);	/* after all statements */
/* cook_kernel.c */
int dt_cook_spec(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec);
int dt_cook_raise(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec);
int dt_cook_chill(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec);
int dt_cook_plain(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec);
int dt_check_order(struct dt_cook *ck, const struct dt_node *clause);

int dt_cook_depth(struct dt_cook *ck, struct dt_node *call, struct dt_want *want);
int dt_want_symbol(struct dt_cook *ck, struct dt_node *call, struct dt_want *want);
int dt_check_printf(struct dt_cook *ck, struct dt_node *call, struct dt_format *fmt, struct dt_node *args);
int dt_check_printa(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec);

/* cook_consumer.c */
int dt_cook_system(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec);
int dt_cook_freopen(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec);
int dt_cook_ftruncate(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec);
int dt_cook_setopt(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec);
/* cook_print.c */
int dt_cook_print(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec);
int dt_cook_printm(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec);

/* After "has no member": the member that may have been meant, as a hint. -1. */
int dt_suggest_member(struct dt_cook *ck, const struct dt_type *t, const char *name);

#endif /* DT_COOK_H */
