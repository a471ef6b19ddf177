/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The syntax tree: what the parser (grammar.y) builds and the passes decorate.
 *
 * Nodes live in the compilation's arena (dt_arena) and die with it. The parser
 * fills kind, loc, the op and the children; pass "cook" (cook.c) fills type,
 * quals, ident and folds constants; pass "codegen" fills reg. No pass changes
 * the shape of the tree except where its comment says so.
 *
 * Statements are lists linked by ->next, in the order of the program.
 */
#ifndef DT_AST_H
#define DT_AST_H

#include <stdio.h>

#include "diag.h"
#include "type.h"

struct dt_ident;		/* ident.h */

#define DT_MAXDEPTH	200	/* of nested expressions and statements; deeper is refused by the parser */

enum dt_kind {
	/* expressions */
	DT_N_INT,		/* u.i */
	DT_N_STR,		/* u.s (bytes with length: escapes may hold NUL) */
	DT_N_IDENT,		/* name as written; cook makes it DT_N_VAR, DT_N_INT or an error */
	DT_N_VAR,		/* cooked variable: ident, scope */
	DT_N_SCOPED,		/* self->x, this->x as parsed (scope, name); cook makes it DT_N_VAR */
	DT_N_SYM,		/* obj`name external symbol (u.sym) */
	DT_N_AGG,		/* @name[keys]: u.agg */
	DT_N_INDEX,		/* a[b] or a[b, c, ...] (associative): kid[0], list in kid[1] */
	DT_N_CALL,		/* f(args): name, args list in kid[0] */
	DT_N_MEMBER,		/* a.b, a->b: kid[0], name; op DOT or ARROW */
	DT_N_OP1,		/* kid[0] */
	DT_N_OP2,		/* kid[0], kid[1]; assignments too */
	DT_N_OP3,		/* c ? a : b in kid[0..2] */
	DT_N_CAST,		/* (type)kid[0]; u.type is the type name */
	DT_N_SIZEOF,		/* of kid[0] or of u.type */
	DT_N_OFFSETOF,		/* u.type, name (member path with dots) */
	DT_N_STRINGOF,		/* kid[0] */
	DT_N_XLATE,		/* xlate <type>(kid[0]): u.type */
	DT_N_MACROARG,		/* none left after the lexer; reserved */
	/* statements in a clause */
	DT_N_EXPR,		/* expression statement: kid[0]; NULL kid: empty statement */
	DT_N_IF,		/* kid[0] condition, kid[1] then list, kid[2] else list or NULL */
	/* top level */
	DT_N_PDESC,		/* probe description: u.pdesc */
	DT_N_CLAUSE,		/* kid[0] list of PDESC, kid[1] predicate or NULL, kid[2] statements; u.clause */
	DT_N_DECL,		/* declaration of variables, types: already entered; kept for printing */
	DT_N_INLINE,		/* inline type name[params] = expr */
	DT_N_XLATOR,		/* translator definition */
	DT_N_PROVIDER,		/* provider definition: u.provider, name */
	DT_N_PROBEDEF,		/* in a provider: probe name(args) : (translated args); u.probedef */
	DT_N_XMEMBER,		/* in a translator: name = kid[0]; */
	DT_N_PRAGMA,		/* u.pragma: text after "#pragma D" */
	DT_N_PROGRAM,		/* kid[0] list of top-level nodes */
	DT_N_KINDS
};

enum dt_op {
	DT_OP_NONE,
	/* unary */
	DT_OP_NEG, DT_OP_POS, DT_OP_BNOT, DT_OP_LNOT, DT_OP_DEREF, DT_OP_ADDR,
	DT_OP_PREINC, DT_OP_PREDEC, DT_OP_POSTINC, DT_OP_POSTDEC,
	/* binary, loosest first within a group */
	DT_OP_COMMA,
	DT_OP_ASGN, DT_OP_ADD_EQ, DT_OP_SUB_EQ, DT_OP_MUL_EQ, DT_OP_DIV_EQ, DT_OP_MOD_EQ,
	DT_OP_AND_EQ, DT_OP_XOR_EQ, DT_OP_OR_EQ, DT_OP_LSH_EQ, DT_OP_RSH_EQ,
	DT_OP_LOR, DT_OP_LXOR, DT_OP_LAND,
	DT_OP_BOR, DT_OP_XOR, DT_OP_BAND,
	DT_OP_EQ, DT_OP_NE, DT_OP_LT, DT_OP_LE, DT_OP_GT, DT_OP_GE,
	DT_OP_LSH, DT_OP_RSH, DT_OP_ADD, DT_OP_SUB, DT_OP_MUL, DT_OP_DIV, DT_OP_MOD,
	/* members */
	DT_OP_DOT, DT_OP_ARROW,
	DT_OP_MAX
};
const char *dt_op_text(enum dt_op op);	/* "+=", "->" */

enum dt_scope { DT_SCOPE_GLOBAL, DT_SCOPE_SELF, DT_SCOPE_THIS };
const char *dt_scope_prefix(enum dt_scope scope);	/* "", "self->", "this->" */

enum dt_storage {
	DT_SC_NONE, DT_SC_TYPEDEF, DT_SC_EXTERN, DT_SC_SELF, DT_SC_THIS,
	DT_SC_AUTO, DT_SC_REGISTER, DT_SC_STATIC,	/* C's; refused in D */
};

/* Stability (Guide, chapter "Stability"), with the values of DTRACE_STABILITY_* and DTRACE_CLASS_*: more is better. */
enum { DT_ST_INTERNAL, DT_ST_PRIVATE, DT_ST_OBSOLETE, DT_ST_EXTERNAL, DT_ST_UNSTABLE, DT_ST_EVOLVING, DT_ST_STABLE,
       DT_ST_STANDARD, DT_ST_WORDS };
enum { DT_CL_UNKNOWN, DT_CL_CPU, DT_CL_PLATFORM, DT_CL_GROUP, DT_CL_ISA, DT_CL_COMMON, DT_CL_WORDS };
/* As people write them. */
extern const char *const dt_stabilities[DT_ST_WORDS], *const dt_classes[DT_CL_WORDS];
struct dt_attr {
	uint8_t name, data, cls;
};

struct dt_node {
	enum dt_kind kind;
	enum dt_op op;
	/*
	 * Where to point: operators at their sign, members at their name, calls
	 * at the function's name, everything else at its whole text, or as much of
	 * it as stands on its first line.
	 */
	struct dt_loc loc;
	uint16_t depth;			/* 1 + the deepest kid's, at most DT_MAXDEPTH: passes may recurse */
	struct dt_node *next;		/* in a list */
	struct dt_node *kid[3];
	const char *name;		/* identifier, where the kind has one */
	enum dt_scope scope;
	union {
		struct { uint64_t val; bool is_unsigned; uint8_t width; /* L count */ bool is_char;
			 bool is_decimal; } i;
		struct { const char *bytes; size_t len; } s;
		struct { const char *obj; } sym;	/* object before the backtick, "" if none */
		struct { struct dt_node *keys; bool has_keys; } agg;	/* keys list; no brackets: has_keys false */
		const struct dt_type *type;
		/* XLATE: type as above; the translator; once the whole struct is wanted, its members (XMEMBER) */
		struct { const struct dt_type *type; const struct dt_ident *by; struct dt_node *members; } xl;
		/* prov mod func name, "" = any */
		struct { const char *part[4]; bool by_id; uint32_t id; const char *text; } pdesc;
		struct { bool has_body;	/* no braces at all: default action */
			 struct dt_attr descattr, stmtattr; } clause;	/* once cooked */
		struct { const char *text; } pragma;
		struct { struct dt_ident *id; const struct dt_type *type; const struct dt_type **params;
			 const char **names; uint32_t n; struct dt_node *expr; } inl;
		struct { const struct dt_type *out, *in; const char *arg; struct dt_node *members; } xlator;
		struct { struct dt_node *probes; } provider;	/* list of PROBEDEF */
		struct { const struct dt_type *args, *xargs; /* FUNC types; xargs NULL without a colon */
			 const char **names, **xnames; /* per parameter, NULL if none */ } probedef;
		struct { const struct dt_type *type; enum dt_storage cls; } decl;	/* name NULL: a tag alone */
	} u;

	/* filled by cook */
	const struct dt_type *type;	/* of the expression; NULL before cook */
	struct dt_ident *ident;
	bool is_lvalue, is_writable, is_const, is_userland;
	uint32_t bitoff, bits;		/* bit-field member: shift and width (bits 0: none) */
	struct dt_rec *rec;		/* DT_N_EXPR: what the statement records (cook.h), or NULL */
	/* filled by codegen */
	int reg;
};

/* Arena of a compilation. Everything is freed at once; allocation failure sets the diag and returns NULL. */
struct dt_arena;
struct dt_arena *dt_arena_create(void);
void dt_arena_destroy(struct dt_arena *a);
void *dt_arena_alloc(struct dt_arena *a, size_t n);	/* zeroed, 16-aligned */
char *dt_arena_strndup(struct dt_arena *a, const char *s, size_t n);

/* Print a tree for tests and -x tree: one node a line, indented. */

void dt_ast_print(const struct dt_node *n, FILE *out);

/*
 * Parse @text. Macro variables and arguments are expanded by the lexer from
 * @macros. Declarations are entered in @types and @idents as they are parsed
 * (the lexer needs to know typedef names). Returns the PROGRAM node or NULL
 * with @diag set.
 */
struct dt_macros {
	int argc;
	char *const *argv;	/* $0.. ; $$n quotes */
	bool defaultargs;	/* undefined $n: 0 or "" instead of an error */
	bool argref;		/* do not complain about unused arguments */
	/*
	 * $pid, $target ...: returns false if not a macro variable (or undefined: *undef,
	 * e.g. $target without -p/-c)
	 */
	bool (*lookup)(void *ctx, const char *name, int64_t *val, bool *undef);
	void *ctx;
	unsigned long used;	/* out: bit n: $n was referenced (63: any above) */
};

struct dt_idents;

struct dt_parse {
	struct dt_arena *arena;
	struct dt_types *types;
	struct dt_idents *idents;
	struct dt_macros *macros;
	struct dt_diag *diag;
	unsigned short src;
	/* A line marker ('# 5 "x.h"', #line) names another file: its source index. NULL: all is @src. */
	unsigned short (*file)(void *ctx, const char *name);
	void *ctx;
	bool probe_spec_ambiguous_is_probe;	/* -x pspec */
	/*
	 * -n 'spec ...', -P, -m, -f: the text begins with a probe description that has
	 * only this many trailing parts (1 -P provider, 2 -m [prov:]mod, 3 -f, 4 -n), 0: a whole D program (-s).
	 * In a whole program, a description without predicate and body is refused.
	 */
	int spec;
};
struct dt_node *dt_parse(struct dt_parse *p, const char *text, size_t len);
/* A type name alone ("struct foo *"). */
const struct dt_type *dt_parse_type(struct dt_parse *p, const char *text);

#endif /* DT_AST_H */
