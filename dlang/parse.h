/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the front half of the compiler: what lex.l, grammar.y and the files
 * that build nodes and declarations share. Nobody else includes this.
 *
 *   text -> lex.l (tokens; token.c, pdesc.c and control.c read the harder ones)
 *        -> grammar.y (productions) -> node.c (nodes), decl.c (declarations)
 *
 * Everything returns NULL or -1 with the diag set; the parser then stops.
 */
#ifndef DT_PARSE_H
#define DT_PARSE_H

#include <setjmp.h>

#include "ast.h"
#include "ident.h"

/*
 * What the lexer is in the middle of. A description, a declaration and an
 * expression are lexed differently, and the tokens already seen say which
 * one comes, so the lexer keeps track by itself:
 *
 *   TOP   between the parts of the program: descriptions are one token each.
 *         '/' -> PRED, '{' -> BODY, a keyword or type's name -> DECL
 *   PRED  until a '/' outside of parentheses that a '{', ';' or the end follows -> TOP
 *   BODY  until the brace that closes the first -> TOP
 *   DECL  until a ';' outside of braces and parentheses -> TOP
 */
enum dt_lex_mode { DT_LEX_TOP, DT_LEX_PRED, DT_LEX_BODY, DT_LEX_DECL };

struct dt_place {
	size_t pos;			/* in the text */
	unsigned int line, col;
};

struct dt_lex {
	const char *text;		/* [len]; flex works on a copy of its own */
	size_t len;
	struct dt_place start, now;	/* of the token last read: first byte, one past the last */
	unsigned short src;
	enum dt_lex_mode mode;
	unsigned int braces, parens;
	int first;			/* token to deliver before the first: which of the grammars */
	int prev, prev2;		/* tokens before, qualifiers and attributes left out: see dt_lex_word */
	int attr_prev[2], attr_parens;	/* while in an attribute: those before it, how deep it is */
	bool in_attr;
	jmp_buf fatal;			/* flex ran out of memory */
};

struct dt_parser {
	struct dt_parse *p;
	struct dt_diag *diag;
	struct dt_arena *arena;
	struct dt_types *types;
	void *scanner;
	struct dt_lex lex;
	struct dt_node *pragmas, **pragmas_end;	/* read, not yet in the program */
	struct dt_node *program;		/* results */
	const struct dt_type *type;
	struct dt_sou *sous;			/* being defined, innermost first */
	struct dt_enum *enums;			/* likewise */
	uint32_t pack[16], npack;		/* #pragma pack: pack[npack] holds now; 0: none */
	struct dt_spec *spec;			/* of the declaration being read */
};

/* ---- parse.c, syntax.c ---------------------------------------------------------- */

#define DT_ERROR(ps, ...) dt_error((ps)->diag, __VA_ARGS__)

int dt_no_memory(struct dt_parser *ps);		/* -1 */
void *dt_palloc(struct dt_parser *ps, size_t n);	/* zeroed, in the arena */
char *dt_pstrndup(struct dt_parser *ps, const char *s, size_t n);
struct dt_loc dt_loc_span(struct dt_loc first, struct dt_loc last);
union DT_YYSTYPE;
int dt_next_token(union DT_YYSTYPE *val, struct dt_loc *loc, struct dt_parser *ps);
/* @found and @want are grammar.y's names of tokens. */
void dt_syntax_error(struct dt_parser *ps, struct dt_loc loc, const char *found,
		     const char *const *want, int n);

/* ---- lex.l, token.c, control.c, pdesc.c -------------------------------------- */

int dt_scan(union DT_YYSTYPE *val, struct dt_loc *loc, void *scanner);
void dt_lex_begin(void *scanner, enum dt_lex_mode mode);
void dt_lex_advance(struct dt_parser *ps, const char *text, size_t n, struct dt_loc *loc);
void dt_lex_shorten(struct dt_parser *ps, const char *text, size_t n, struct dt_loc *loc);
/* The tokens that take some reading. Each returns the token, or -1. */
int dt_lex_word(struct dt_parser *ps, const char *s, size_t n, const char **name);
int dt_lex_int(struct dt_parser *ps, const char *s, size_t n, struct dt_loc loc, struct dt_node **node);
int dt_lex_char(struct dt_parser *ps, const char *s, size_t n, struct dt_loc loc, struct dt_node **node);
int dt_lex_string(struct dt_parser *ps, const char *s, size_t n, struct dt_loc loc, struct dt_node **node);
int dt_lex_macro(struct dt_parser *ps, const char *s, size_t n, struct dt_loc loc,
		 struct dt_node **node, const char **name);
/* How much of @s is a keyword or type that starts a declaration rather than a description: 0 if none. */
size_t dt_lex_declares(struct dt_parser *ps, const char *s, size_t n, int *token);
bool dt_lex_ends_predicate(const struct dt_lex *lx);
int dt_control_line(struct dt_parser *ps, const char *s, size_t n, struct dt_loc loc);

struct dt_node *dt_pdesc(struct dt_parser *ps, struct dt_loc loc, const char *text);

/*
 * Macro arguments and variables, for expressions and descriptions alike. On
 * success *text is the argument's text, or NULL and *val the variable's value.
 * Returns 0; 1: undefined but -x defaultargs says to go on with nothing; -1.
 */
int dt_macro_arg(struct dt_parser *ps, const char *digits, size_t n, struct dt_loc loc, const char **text);
int dt_macro_var(struct dt_parser *ps, const char *name, size_t n, struct dt_loc loc, int64_t *val);

/* ---- node.c -------------------------------------------------------------------- */

struct dt_list { struct dt_node *head, *tail; };
struct dt_list dt_list_one(struct dt_node *n);		/* n may be NULL */
struct dt_list dt_list_add(struct dt_list l, struct dt_node *n);
struct dt_list dt_list_join(struct dt_list a, struct dt_list b);

struct dt_node *dt_node_new(struct dt_parser *ps, enum dt_kind kind, struct dt_loc loc);
/* Sets kid @i to the list @kid, which may be NULL. Returns n, or NULL when that nests too deeply. */
struct dt_node *dt_node_kid(struct dt_parser *ps, struct dt_node *n, int i, struct dt_node *kid);
struct dt_node *dt_node_name(struct dt_parser *ps, enum dt_kind kind, struct dt_loc loc, const char *name);
struct dt_node *dt_node_ident(struct dt_parser *ps, struct dt_loc loc, const char *name);
struct dt_node *dt_node_scoped(struct dt_parser *ps, struct dt_loc loc, enum dt_scope scope, const char *name);
struct dt_node *dt_node_op1(struct dt_parser *ps, struct dt_loc loc, enum dt_op op, struct dt_node *a);
struct dt_node *dt_node_op2(struct dt_parser *ps, struct dt_loc loc, enum dt_op op,
			    struct dt_node *a, struct dt_node *b);
struct dt_node *dt_node_op3(struct dt_parser *ps, struct dt_loc loc,
			    struct dt_node *c, struct dt_node *a, struct dt_node *b);
struct dt_node *dt_node_index(struct dt_parser *ps, struct dt_loc loc, struct dt_node *a, struct dt_node *keys);
struct dt_node *dt_node_call(struct dt_parser *ps, struct dt_node *f, struct dt_node *args);
struct dt_node *dt_node_member(struct dt_parser *ps, struct dt_loc loc, enum dt_op op,
			       struct dt_node *a, const char *name);
/* CAST, SIZEOF, OFFSETOF, XLATE, STRINGOF: those with a type, or none, and a kid, or none. */
struct dt_node *dt_node_typed(struct dt_parser *ps, enum dt_kind kind, struct dt_loc loc,
			      const struct dt_type *type, struct dt_node *kid);
struct dt_node *dt_node_clause(struct dt_parser *ps, struct dt_loc loc, struct dt_node *pdescs,
			       struct dt_node *pred, struct dt_node *body, bool has_body);

/* ---- decl.c, decl_tag.c, constexpr.c --------------------------------------------------------- */

/* The words before the declarators: "self const unsigned long". */
enum dt_word {			/* the words of C's basic types */
	DT_W_VOID = 1, DT_W_CHAR = 2, DT_W_SHORT = 4, DT_W_INT = 8, DT_W_LONG = 0x10, DT_W_LLONG = 0x20,
	DT_W_FLOAT = 0x40, DT_W_DOUBLE = 0x80, DT_W_SIGNED = 0x100, DT_W_UNSIGNED = 0x200,
	DT_W_BOOL = 0x400, DT_W_STRING = 0x800,
};
struct dt_spec {
	struct dt_loc loc;
	enum dt_storage cls;
	struct dt_loc cls_loc;
	unsigned int words;		/* enum dt_word */
	const struct dt_type *type;	/* a tag's or typedef's */
	uint8_t quals;
	struct dt_layout layout;	/* of its attributes */
};
struct dt_spec *dt_spec_new(struct dt_parser *ps, struct dt_loc loc);
int dt_spec_class(struct dt_parser *ps, struct dt_spec *s, enum dt_storage cls, struct dt_loc loc);
int dt_spec_word(struct dt_parser *ps, struct dt_spec *s, enum dt_word word, struct dt_loc loc);
int dt_spec_type(struct dt_parser *ps, struct dt_spec *s, const struct dt_type *t, struct dt_loc loc);
int dt_spec_typedef(struct dt_parser *ps, struct dt_spec *s, const char *name, struct dt_loc loc);
void dt_spec_quals(struct dt_spec *s, uint8_t quals);
/* A set of enum dt_word, as C allows them, to a basic type; DT_B_MAX if there is none such. */
enum dt_basic dt_words_basic(unsigned int words);

/* A declarator: a name and what it is, a list from the name outwards. */
enum dt_declr_kind { DT_DECLR_NAME, DT_DECLR_POINTER, DT_DECLR_ARRAY, DT_DECLR_ASSOC, DT_DECLR_FUNC };

struct dt_declr {
	enum dt_declr_kind kind;
	struct dt_loc loc;
	const char *name;
	uint8_t quals;			/* POINTER */
	struct dt_layout layout;	/* of the attributes behind the declarator; the first knows */
	uint64_t nelem;			/* ARRAY */
	struct dt_params *params;	/* ASSOC, FUNC */
	struct dt_declr *next;		/* outwards */
	struct dt_declr *last;		/* of the list; the first knows */
	unsigned int n;			/* likewise */
};
struct dt_param {
	struct dt_param *next;
	const char *name;		/* or NULL */
	const struct dt_type *type;
	struct dt_loc loc;
};
struct dt_params {
	struct dt_param *head, *tail;
	uint32_t n;
	bool varargs;
};
struct dt_declr *dt_declr_new(struct dt_parser *ps, const char *name, struct dt_loc loc);
struct dt_declr *dt_declr_star(struct dt_parser *ps, uint8_t quals, struct dt_loc loc);
struct dt_declr *dt_declr_array(struct dt_parser *ps, struct dt_node *dim, struct dt_loc loc);
struct dt_declr *dt_declr_assoc(struct dt_parser *ps, struct dt_params *keys, struct dt_loc loc);
struct dt_declr *dt_declr_func(struct dt_parser *ps, struct dt_params *params, struct dt_loc loc);
/* @inner, which @outer is an array, pointer ... of. */
struct dt_declr *dt_declr_join(struct dt_parser *ps, struct dt_declr *inner, struct dt_declr *outer);

struct dt_params *dt_param(struct dt_parser *ps, struct dt_spec *s, struct dt_declr *d, struct dt_loc loc);
struct dt_params *dt_params_any(struct dt_parser *ps);	/* "(...)" */
struct dt_params *dt_params_join(struct dt_params *a, struct dt_params *b);
/* A FUNC type of any result with these parameters (NULL: none), and their names. */
const struct dt_type *dt_params_func(struct dt_parser *ps, struct dt_params *l, const char ***names);

/* What a declarator (NULL: none) makes of the specifiers. */
const struct dt_type *dt_declr_type(struct dt_parser *ps, struct dt_spec *s, struct dt_declr *d);
const char *dt_declr_name(const struct dt_declr *d);	/* or NULL */
/* -1 if @t cannot be an element, a member or a variable; @what says which. */
int dt_check_object(struct dt_parser *ps, const struct dt_type *t, struct dt_loc loc, const char *what);
const struct dt_type *dt_check_memory(struct dt_parser *ps, const struct dt_type *t);

/* The same, where only a type may stand. */
const struct dt_type *dt_type_name_of(struct dt_parser *ps, struct dt_spec *s, struct dt_declr *d);
/* NULL @s: those of the declarator before, after a comma. */
struct dt_node *dt_declare(struct dt_parser *ps, struct dt_spec *s, struct dt_declr *d);
struct dt_node *dt_declare_tag(struct dt_parser *ps, struct dt_spec *s);
struct dt_node *dt_inline(struct dt_parser *ps, struct dt_loc loc, struct dt_spec *s, struct dt_declr *d,
			  struct dt_node *expr);

/* Tags: a reference, or a definition between begin and end. They nest. */
const struct dt_type *dt_tag_ref(struct dt_parser *ps, enum dt_type_kind kind, const char *tag,
				 struct dt_loc loc);
/* decl_foreign.c: a type of the kernel or a process, "ext4`foo_t" (or without an object); NULL: diag set. */
/* What stands behind "D`" or "C`"; NULL if @name begins with neither. */
const char *dt_own_name(const char *name);
const struct dt_type *dt_foreign_type(struct dt_parser *ps, enum dt_type_kind kind, const char *name,
				      struct dt_loc loc);
/* Is the word that ends at @pos, which D does not know, placed like a type's name, and one of the kernel's? */
bool dt_foreign_typedef_here(struct dt_parser *ps, const char *name, size_t pos);
/* A tag of the kernel's: "vmlinux`struct foo". TNAME or -1. */
int dt_lex_obj_tag(struct dt_parser *ps, const char *s, size_t n, const char **name);
/* A name in a process: "pid$target`libc.so.6`struct foo". IDENT, TNAME or -1. */
int dt_lex_pid_name(struct dt_parser *ps, const char *s, size_t n, struct dt_loc loc, const char **name);
/* decl_attr.c: GNU's attributes that change a layout. Others are passed over. */
int dt_attr(struct dt_parser *ps, struct dt_loc loc, const char *name, const struct dt_node *arg,
	    struct dt_layout *ret);
int dt_attr_align(struct dt_parser *ps, const struct dt_node *n, uint32_t *ret);	/* _Alignas(n) */
struct dt_layout dt_layout_join(struct dt_layout a, struct dt_layout b);
struct dt_declr *dt_declr_layout(struct dt_declr *d, struct dt_layout layout);
/* What is declared as @t, with the attributes of @s and @d (NULL: none). *layout: what they say of its place. */
const struct dt_type *dt_attr_type(struct dt_parser *ps, const struct dt_spec *s, const struct dt_declr *d,
				   const struct dt_type *t, struct dt_layout *layout);
struct dt_node *dt_alignof(struct dt_parser *ps, struct dt_loc loc, const struct dt_type *t);
int dt_pragma_pack(struct dt_parser *ps, const char *s, struct dt_loc loc);	/* what stands behind "pack" */

/* Text that the preprocessor included: C's, where GNU's extensions are no errors. */
bool dt_is_included(const struct dt_parser *ps, struct dt_loc loc);
/* Is @t, or what it is an array of, the structure being defined, or one around it? */
bool dt_sou_pending(const struct dt_parser *ps, const struct dt_type *t);
int dt_sou_begin(struct dt_parser *ps, enum dt_type_kind kind, const char *tag, struct dt_layout layout,
		 struct dt_loc loc);
int dt_sou_member(struct dt_parser *ps, struct dt_spec *s, struct dt_declr *d, struct dt_node *width);
int dt_sou_empty(struct dt_parser *ps, struct dt_loc loc);	/* braces without members */
const struct dt_type *dt_sou_end(struct dt_parser *ps, struct dt_layout layout);
int dt_enum_begin(struct dt_parser *ps, const char *tag, struct dt_layout layout, struct dt_loc loc);
int dt_enum_value(struct dt_parser *ps, const char *name, struct dt_loc loc, struct dt_node *value);
const struct dt_type *dt_enum_end(struct dt_parser *ps, struct dt_layout layout);
/* An enumerator of those being defined. */
bool dt_enum_pending(struct dt_parser *ps, const char *name, int64_t *value);

/* The value of a constant integer expression. 0, or -1 with @tag and "%s must be a constant ...". */
int dt_const_int(struct dt_parser *ps, const struct dt_node *n, enum dt_tag tag, const char *what, int64_t *val);
/* The same, of any 64 bits; *huge: they are unsigned, and more than INT64_MAX. */
int dt_const_bits(struct dt_parser *ps, const struct dt_node *n, enum dt_tag tag, const char *what,
		  int64_t *val, bool *huge);

#endif /* DT_PARSE_H */
