/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The D compiler as libdtrace sees it: text in, a compiled program out.
 *
 *   lex.l, grammar.y -> ast -> cook.c (types, conversions, constants)
 *     -> codegen.c (DIF) -> struct dt_program -> dt_program_image() (the kernel's blob)
 *
 * Nothing here opens a file, prints or knows of /dev/dtrace.
 */
#ifndef DT_DLANG_H
#define DT_DLANG_H

#include <dtrace/abi.h>
#include "ast.h"
#include "ident.h"

/* ---- printf formats (format.c) -------------------------------------------- */

/* One piece of a format: literal text, then at most one conversion. */
struct dt_conv {
	const char *lit;		/* text before it, escapes already resolved */
	size_t litlen;
	char conv;			/* 'd', 's', 'Y', ...; 0: literal only, '%': a percent sign */
	char size[3];			/* "", "h", "hh", "l", "ll", "L" as written; "w": %wc %ws, %lc %ls */
	bool dynwidth, dynprec, has_prec, is_agg;	/* '*', '.*', '.n', '%@' */
	int width, prec;
	char flags[8];			/* of "#0- +'" as written */
};
struct dt_format {
	char *text;			/* as in the program */
	uint32_t nconv;
	struct dt_conv *conv;
};
/* Malloc'ed; NULL with diag set for a bad format. */
struct dt_format *dt_format_parse(const char *text, struct dt_loc loc, struct dt_diag *diag);
void dt_format_free(struct dt_format *f);

/* ---- Compiled programs ----------------------------------------------------- */

struct dt_difo {
	uint32_t *text;
	uint64_t *ints;
	char *strs;
	struct dif_var *vars;
	uint32_t ntext, nints, nstrs, nvars;
	uint32_t nregs, ntuple;		/* registers and tuple elements that it needs */
	struct dif_type rtype;
	const struct dt_type *ctype;	/* the D type of the value */
	unsigned *lines;		/* [ntext] source line of each instruction, for -S and faults */
};

struct dt_action {
	uint16_t kind;			/* DTRACEACT_* */
	uint16_t ntuple;
	struct dt_difo *difo, *incr;	/* owned, or NULL */
	uint32_t varid;			/* aggregation */
	uint64_t arg;
	const struct dt_type *type;	/* of the value traced; how trace() prints it */
	struct dt_stmt *stmt;		/* which statement it belongs to */
};

/* A statement that records: what the consumer does with its records. */
struct dt_stmt {
	uint32_t index;			/* in the program */
	uint16_t kind;			/* of its first action */
	struct dt_format *fmt;		/* printf, printa, or NULL */
	struct dt_ident **aggs;		/* printa, clear, trunc, normalize: the aggregations */
	uint32_t naggs;
	uint32_t nactions;
	struct dt_loc loc;
};

struct dt_clause {
	struct dt_loc loc;
	char *text;			/* source text of the clause, for -S and errors; may be NULL */
	struct dt_difo *pred;
	struct dt_action *actions;
	uint32_t nactions;
	dtrace_probedesc_t *pats;	/* [npats] */
	uint32_t npats;
	struct dt_loc *patlocs;
	struct dt_attr descattr, stmtattr;	/* the least of what its descriptions and its statements promise */
};

struct dt_program {
	struct dt_clause *clauses;
	uint32_t nclauses;
	struct dt_stmt **stmts;
	uint32_t nstmts;
	const struct dt_ident *destroyer;	/* the first destructive action or subroutine in it, or NULL */
	struct dt_loc destroys;			/* where */
};
void dt_program_free(struct dt_program *p);

struct dt_compile {
	struct dt_types *types;
	struct dt_idents *idents;
	struct dt_macros *macros;
	struct dt_diag *diag;
	unsigned short src;
	int spec;			/* as in struct dt_parse */
	bool pspec, empty_ok;	/* -x pspec, -x empty */
	/*
	 * The text is a D library: what it defines is not checked before something uses
	 * it, so that compiling a library asks for no foreign types; it may set attributes of D's names.
	 */
	bool library;
	bool late;			/* -x late=dynamic: declared arguments need no translator until used */
	bool has_amin;			/* -x amin */
	struct dt_attr amin;
	/* "#pragma D depends_on kind name", kind "library", "module" or "provider": 1 it is met, 0 it is not. */
	int (*depends)(void *ctx, const char *kind, const char *name);
	uint32_t strsize, stackframes, ustackframes, jstackframes, jstackstrsize;
	uint32_t iregs, tregs;		/* at most so many registers and tuple elements; 0: all there are */
	/* Shows the tree after a pass: 0 as parsed, 1 as cooked. NULL: nobody wants to see it. */
	void (*tree)(void *ctx, int pass, const struct dt_node *tree);
	/* "#pragma D option name[=value]" and others: returns 0, or -1 with a sentence in err. */
	int (*option)(void *ctx, const char *name, const char *value, char *err, size_t n);
	/* A line marker ('# 5 "x.h"' of cpp, #line) names another file: its source index. NULL: all is @src. */
	unsigned short (*file)(void *ctx, const char *name);
	void *ctx;
};
struct dt_program *dt_compile(struct dt_compile *c, const char *text, size_t len);	/* NULL: diag set */

/*
 * Serialise for ENABLE: malloc'ed blob. flags DTRACE_IMG_*. Returns 0, or -errno.
 *
 * The kernel echoes each uarg of the image: a clause's in the description of its
 * enabled probes, an action's in that of its record. They are set to the clause's
 * index and to the statement's + 1, which tell the parts of one program apart.
 * libdtrace, whose handle has several programs, writes its own numbers over
 * them: clauses and actions, in the order of the image, across all programs (exec.c).
 */
int dt_program_image(const struct dt_program *p, uint32_t strsize, uint32_t flags, void **blob, size_t *size);

/* Disassemble (-S): offsets, opcodes, operands, D source lines beside them. */
void dt_difo_print(const struct dt_difo *d, const char *title, const char *src, FILE *out);

/* What is known of a probe without a program (about.c). */
struct dt_about {
	struct dt_attr name, args;	/* what it promises, and what its arguments promise */
	const struct dt_type *argv[128];	/* types of args[] */
	uint32_t argc;			/* 0: none, or not known */
};
/* 0, or -1: no memory. */
int dt_about_probe(struct dt_types *types, struct dt_idents *idents, const dtrace_probedesc_t *pd,
		   struct dt_about *ret);

/* A probe that a program, not a library, declares: "some-probe", with the types that fire with it. */
struct dt_declared {
	const char *provider, *name;
	const struct dt_type *const *argv;
	uint32_t argc;
};
typedef int dt_declared_f(void *ctx, const struct dt_declared *d);
/* All of them, by provider, in the order of the text (provider.c). A non-zero return of @f ends it and is returned. */
int dt_declared_each(struct dt_idents *ids, dt_declared_f *f, void *ctx);

/* A tree as D text again, each if and else as the clauses they are compiled to (unparse.c). */
void dt_unparse(const struct dt_node *program, FILE *out);

#endif /* DT_DLANG_H */
