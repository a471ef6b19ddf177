/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Identifiers of D: built-in variables, subroutines, actions, aggregating
 * functions, and what programs declare. One dt_idents per consumer: ids of
 * user variables and aggregations hold for all programs it compiles.
 */
#ifndef DT_IDENT_H
#define DT_IDENT_H

#include "ast.h"

enum dt_ident_kind {
	DT_I_SCALAR,		/* variable */
	DT_I_ARRAY,		/* associative array; or built-in args[], uregs[] */
	DT_I_AGG,
	DT_I_SUBR,		/* id: DIF_SUBR_* */
	DT_I_ACTION,		/* id: DTRACEACT_* or DT_ACT_* */
	DT_I_AGGFUNC,		/* id: DTRACEAGG_* */
	DT_I_INLINE,
	DT_I_XLATOR,
	DT_I_PROBE,
	DT_I_PROVIDER,
};

/* Consumer-side actions, in the arg of a DTRACEACT_LIBACT. */
enum dt_libact {
	DT_ACT_CLEAR = 1, DT_ACT_NORMALIZE, DT_ACT_DENORMALIZE, DT_ACT_TRUNC, DT_ACT_SETOPT, DT_ACT_FTRUNCATE,
};

#define DT_IDF_BUILTIN	0x1
#define DT_IDF_NOSUP	0x2	/* known by name, refused with "... is not supported yet" */
#define DT_IDF_NOWRITE	0x4
#define DT_IDF_DECLARED	0x8	/* by a declaration, not by first use */
#define DT_IDF_DESTRUCTIVE 0x10
#define DT_IDF_ATTR	0x40	/* its attributes were given, not found out */
#define DT_IDF_LIBRARY	0x80	/* of a D library: a program may have its own of that name */
#define DT_IDF_FIXED	0x20	/* aggregation of a program compiled before: its keys are not widened */

/* "1.13.2" as one number, which orders versions. */
#define DT_VERSION_NUM(major, minor, micro) \
	((uint32_t)(major) << 24 | (uint32_t)(minor) << 12 | (uint32_t)(micro))

struct dt_def;

struct dt_ident {
	const char *name;
	enum dt_ident_kind kind;
	enum dt_scope scope;
	uint32_t id;		/* DIF variable id, subroutine, action, aggregation id */
	uint32_t flags;
	const struct dt_type *type;	/* variable, element of an array; DT_B_DYN: not known yet */
	const struct dt_type **keys;	/* signature of an array or aggregation, once known */
	uint32_t nkeys;
	bool keys_known;
	const struct dt_node *inl;	/* DT_I_INLINE: a DT_N_INT or DT_N_STR once cooked */
	/* DT_I_AGG: the function that the first use fixed, and its parameters */
	uint32_t aggfunc;
	uint64_t aggarg;
	const char *why;	/* DT_IDF_NOSUP: what to say more, or NULL */
	struct dt_loc where;	/* first use or declaration */
	struct dt_def *def;	/* DT_I_INLINE that is not constant, DT_I_XLATOR, DT_I_PROVIDER: abstract.h */
	struct dt_attr attr;	/* what using it promises (stability.c) */
	uint32_t version;	/* of D that brought it (#pragma D binding): DT_VERSION_NUM; 0: always there */
	struct dt_ident *hnext;	/* ident.c's: of the same hash */
	const struct dt_type **own_keys; /* ident.c's: what to free, for keys and inl may be borrowed */
	struct dt_node *own_inl;
};

struct dt_idents *dt_idents_create(struct dt_types *ts);	/* with all built-ins */
void dt_idents_destroy(struct dt_idents *ids);
/* Globals and built-ins share a name space; self->, this-> and @ have their own. */
struct dt_ident *dt_ident_lookup(struct dt_idents *ids, enum dt_scope scope, const char *name);
struct dt_ident *dt_ident_lookup_agg(struct dt_idents *ids, const char *name);	/* "" is @ */
/* Enter a new variable: gives it the next free id of its scope. NULL: no memory or ids. */
struct dt_ident *dt_ident_add(struct dt_idents *ids, enum dt_scope scope, enum dt_ident_kind kind, const char *name);
struct dt_ident *dt_ident_add_agg(struct dt_idents *ids, const char *name);
struct dt_ident *dt_ident_agg_by_id(struct dt_idents *ids, uint32_t id);
/* Set the signature of an array or aggregation; the list is copied. Returns 0 or -1 (no memory). */
int dt_ident_set_keys(struct dt_ident *id, const struct dt_type *const *keys, uint32_t n);
/* Set the value of an inline: @value, a cooked DT_N_INT or DT_N_STR, is copied. Returns 0 or -1. */
int dt_ident_set_inline(struct dt_ident *id, const struct dt_node *value);
/* A number that no other call returns for this consumer: blocks of clauses with if (clause.c). */
uint64_t dt_idents_block(struct dt_idents *ids);
/* Pseudo-types of what stack(), usym(), ... leave in an aggregation's key; kind is DTRACEACT_*. */
const struct dt_type *dt_keytype(uint16_t kind);
/* The DTRACEACT_* that makes keys of this pseudo-type, or DTRACEACT_NONE for a type of D. */
uint16_t dt_keytype_action(const struct dt_type *t);
/* The nearest known name to a misspelt one, or NULL. */
const char *dt_ident_suggest(struct dt_idents *ids, enum dt_scope scope, const char *name);
/* How many letters must change to make @b of @a; more than @max is told as @max + 1. */
unsigned dt_name_distance(const char *a, const char *b, unsigned max);
/* The next ident of @kind and @name, newest first, that was entered before @after (NULL: the newest). */
struct dt_ident *dt_ident_next(struct dt_idents *ids, enum dt_ident_kind kind, const char *name,
			       const struct dt_ident *after);
/* What is to live as long as the idents: definitions of inlines and translators. */
struct dt_arena *dt_idents_arena(struct dt_idents *ids);
/* Names that D got after this version (DT_VERSION_NUM; 0: none) are not found (-x version). */
void dt_idents_set_version(struct dt_idents *ids, uint32_t version);
/* While a library's definition is expanded, what programs define is not found. Returns what it was before. */
bool dt_idents_library_only(struct dt_idents *ids, bool only);
/* A failed compilation takes back what it entered. */
unsigned dt_idents_mark(struct dt_idents *ids);
void dt_idents_rollback(struct dt_idents *ids, unsigned mark);

#endif /* DT_IDENT_H */
