/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Abstractions: what a program defines once and uses by name.
 *
 *   copy.c       copies of trees, with parameters replaced
 *   inline.c     inline T name = expr; inline T name[params] = expr;
 *   xlator.c     translator out < in arg > { member = expr; ... }; xlate <out>(expr)
 *   provider.c   provider name { probe p(native) : (translated); }; args[]
 *   stability.c  attributes
 *
 * Expansion. A use of an inline, or of a member of something translated, is
 * replaced by a copy of the defining expression, in which each parameter is a
 * copy of the (cooked) argument; the copy is then cooked where it stands. So
 * only those members of a translated struct are compiled that are used. A
 * whole translated struct is a DT_N_XLATE node with its members; the code makes
 * one in scratch memory.
 *
 * An argument is evaluated once: one that does something (x++, a call) is kept
 * in a clause-local variable that no program can name, in front of the
 * expansion: (this->%1 = arg, expansion).
 *
 * Definitions outlive the compilation they stand in; their trees are kept as
 * they were parsed, in the arena of the idents. All nodes of a copy stand where
 * the use stands: the definition's text may be another file's.
 *
 * Bounds. Expansions under way add up in depth to DT_XDEPTH at most, and a
 * compilation makes at most DT_XNODES nodes, so that neither the passes' stack
 * nor memory suffers from definitions that use each other. A definition that
 * leads to itself is refused.
 */
#ifndef DT_ABSTRACT_H
#define DT_ABSTRACT_H

#include "cook.h"
#include "names.h"

#define DT_XDEPTH	(2 * DT_MAXDEPTH)
#define DT_XNODES	200000ul

struct dt_xmember {
	const char *name;
	const struct dt_node *body;
	bool open;			/* being expanded */
};

/* A definition; its ident is an inline's, or "%xlator", "%provider". */
struct dt_def {
	bool library;			/* unchecked so far */
	bool open;			/* being expanded */
	const struct dt_type *out;	/* inline: its type; translator: the struct */
	const struct dt_type **params;	/* inline: [n]; translator: of its argument */
	const char **names;
	uint32_t n;
	const struct dt_node *body;	/* inline */
	struct dt_xmember *members;	/* [nmembers] translator */
	uint32_t nmembers;
	struct dt_provider *prov;
	const struct dt_ident *by;	/* a variable's: the translator; out is the pointer's type then */
};

/* ---- copy.c ---------------------------------------------------------------------- */

struct dt_bind {
	const char *name;
	const struct dt_node *arg;	/* cooked */
	unsigned uses;			/* out: how often it was put in */
};
/* A copy to keep, in the idents' arena; strings too. NULL: diag set. */
const struct dt_node *dt_tree_keep(struct dt_cook *ck, const struct dt_node *n);
/*
 * A copy of a tree, moved to the place @at (NULL: where it is), with @binds put in.
 * *depth: its depth. NULL: diag set.
 */
struct dt_node *dt_tree_expand(struct dt_cook *ck, const struct dt_node *n, const struct dt_node *at,
			       struct dt_bind *binds, uint32_t nbinds, unsigned *depth);
/* How often a tree names @name, a parameter. */
unsigned dt_tree_uses(const struct dt_node *n, const char *name);
/* Does cooked @n do something, or cost a call? */
bool dt_has_effect(const struct dt_node *n);
/* Let @n keep its place in a list, but be @with otherwise. */
void dt_node_become(struct dt_node *n, const struct dt_node *with);

/*
 * Make cooked @arg such that it can be copied freely: an argument with effects goes to
 * a hidden variable, and *keep is the assignment to it; NULL otherwise.
 */
int dt_arg_settle(struct dt_cook *ck, struct dt_node *arg, struct dt_node **keep);
/* (keep, n) in place of cooked @n. */
int dt_arg_keep(struct dt_cook *ck, struct dt_node *n, struct dt_node *keep);
/* A cooked value of @type that is no constant, to check definitions with. */
struct dt_node *dt_arg_sample(struct dt_cook *ck, const struct dt_node *at, const struct dt_type *type);

/* ---- inline.c -------------------------------------------------------------------- */

int dt_cook_inline(struct dt_cook *ck, struct dt_node *n);	/* a definition */
/* A use: @args (not cooked) are a list. */
int dt_use_inline(struct dt_cook *ck, struct dt_node *n, struct dt_ident *id, struct dt_node *args);

/* ---- xlator.c -------------------------------------------------------------------- */

int dt_cook_xlator(struct dt_cook *ck, struct dt_node *n);	/* a definition */
int dt_cook_xlate(struct dt_cook *ck, struct dt_node *n);
/* The translator from cooked @n to struct @out, or NULL. */
struct dt_ident *dt_xlator_find(struct dt_cook *ck, const struct dt_node *n, const struct dt_type *out);
/* @n.name of the translated struct that cooked kid[0] is: 1 done, 0 it is none, -1. */
int dt_xlate_member(struct dt_cook *ck, struct dt_node *n);
/*
 * Translated structs that are left as values in the tree get their members. A translated pointer
 * of which only the @truth is asked is what it is translated from.
 */
int dt_xlate_finish(struct dt_cook *ck, struct dt_node *n, bool truth);
/* A variable that remembers what it is translated from (xlator.c): cooked @n becomes the translated pointer. */
int dt_xlate_read(struct dt_cook *ck, struct dt_node *n);
/* @n, an assignment with cooked kids, of a translated pointer: the variable gets what it is translated from. */
int dt_xlate_assign(struct dt_cook *ck, struct dt_node *n);

/* ---- provider.c ------------------------------------------------------------------- */

int dt_cook_provider(struct dt_cook *ck, struct dt_node *n);	/* a definition */
int dt_cook_args(struct dt_cook *ck, struct dt_node *n);	/* args[n] */
/* Types of args[] of the probes that ck->clause is for: how many; of them @max are written. -1: diag set. */
int dt_args_types(struct dt_cook *ck, const struct dt_type **argv, uint32_t max);
/* What is declared of a provider: NULL if nothing is; made if it is not known, NULL: diag set. */
struct dt_provider *dt_provider_find(struct dt_cook *ck, const char *name);
struct dt_provider *dt_provider_get(struct dt_cook *ck, const char *name, struct dt_loc loc);

/* ---- stability.c ------------------------------------------------------------------- */

#define DT_ATTR_MAX	((struct dt_attr){ DT_ST_STANDARD, DT_ST_STANDARD, DT_CL_COMMON })
#define DT_ATTR_DEFAULT	((struct dt_attr){ DT_ST_STABLE, DT_ST_STABLE, DT_CL_COMMON })
struct dt_attr dt_attr_min(struct dt_attr a, struct dt_attr b);
/* Attributes of the parts of a provider's probes. */
enum dt_provattr { DT_PA_PROVIDER, DT_PA_MODULE, DT_PA_FUNCTION, DT_PA_NAME, DT_PA_ARGS, DT_PA_MAX };
struct dt_provider {
	const char *name;
	struct dt_attr attr[DT_PA_MAX];
	struct dt_sig *sigs;		/* provider.c's */
};
/*
 * #pragma D attributes, binding: @s is what follows that word. They may stand before what
 * they are about: dt_pragmas_apply() looks whether it is there now, and at the @end complains.
 */
int dt_pragma_attributes(struct dt_cook *ck, const struct dt_node *n, const char *s);
int dt_pragma_binding(struct dt_cook *ck, const struct dt_node *n, const char *s);
int dt_pragmas_apply(struct dt_cook *ck, bool end);
/* Note that the program uses @id. */
void dt_attr_use(struct dt_cook *ck, const struct dt_ident *id);
/* What a probe description promises, and its args[]. */
struct dt_attr dt_attr_of_desc(struct dt_cook *ck, const struct dt_node *pdesc);
struct dt_attr dt_attr_of_args(struct dt_cook *ck, const struct dt_node *pdesc);
/* Is what was used so far good enough (-x amin)? 0 or -1. */
int dt_attr_check(struct dt_cook *ck, struct dt_attr attr, struct dt_loc loc, const char *what);

#endif /* DT_ABSTRACT_H */
