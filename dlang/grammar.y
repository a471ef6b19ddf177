/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The grammar of D: C's declarations and expressions (K&R second edition,
 * appendix A13), probe clauses around them, and the few constructs of D's own.
 *
 * Actions only call constructors (parse.h); a constructor that fails has set
 * the diag, and TRY ends the parse. Names of types are tokens of their own
 * (TNAME), told from other words by the lexer, and declarations take effect
 * before the token after them is read, so the lexer always knows.
 */
%code top {
#define YYMAXDEPTH	20000	/* parentheses and such cost a few entries each */
}

%code requires {
#include "parse.h"
}

%define api.pure full
%define api.prefix {dt_yy}
%define api.token.prefix {TOK_}
%define api.location.type {struct dt_loc}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%parse-param {struct dt_parser *ps}
%lex-param {struct dt_parser *ps}

%union {
	struct dt_node *node;
	struct dt_list list;
	const char *name;
	enum dt_op op;
	enum dt_storage cls;
	enum dt_word word;
	enum dt_type_kind kind;
	unsigned char quals;
	struct dt_spec *spec;
	struct dt_declr *declr;
	struct dt_params *params;
	const struct dt_type *type;
	struct dt_layout layout;
}

%code {
#include <string.h>

#define YYLLOC_DEFAULT(cur, rhs, n) \
	((cur) = (n) ? dt_loc_span(YYRHSLOC(rhs, 1), YYRHSLOC(rhs, n)) : YYRHSLOC(rhs, 0))

#define TRY(e)	do { if (!(e)) YYABORT; } while (0)
#define DO(e)	do { if ((e) < 0) YYABORT; } while (0)

static int yylex(DT_YYSTYPE *val, struct dt_loc *loc, struct dt_parser *ps);
static void yyerror(struct dt_loc *loc, struct dt_parser *ps, const char *msg);
static const struct dt_list none;

static struct dt_list with_pragmas(struct dt_parser *ps, struct dt_list l, struct dt_node *item);
static struct dt_list statement(struct dt_parser *ps, enum dt_kind kind, struct dt_loc loc,
				struct dt_node *expr, struct dt_list then, struct dt_list otherwise);
static int alone(struct dt_parser *ps, struct dt_loc loc);
static const char *path(struct dt_parser *ps, struct dt_loc loc, const char *a, const char *b);
static struct dt_node *xlator(struct dt_parser *ps, struct dt_loc loc, const struct dt_type *out,
			      const struct dt_type *in, const char *arg, struct dt_list members);
static struct dt_node *probedef(struct dt_parser *ps, struct dt_loc loc, const char *name,
				struct dt_params *args, bool translated, struct dt_params *xargs);
}

/* Which of the languages: the lexer delivers one of these first. */
%token START_PROGRAM "program" START_TYPE "type name"

%token <name> PDESC "probe description" IDENT "identifier" TNAME "type" AGG "aggregation"
%token <node> INTEGER "integer" STRING_CONST "string"
%token PRED "predicate's /" EPRED "/ at the predicate's end"
%token STRAY "stray sign" RESERVED "reserved word"

%token AUTO "auto" BOOL "_Bool" CHAR "char" CONST "const" COUNTER "counter" DOUBLE "double" ELSE "else"
%token ENUM "enum" EXTERN "extern" FLOAT "float" IF "if" IMPORT "import" INLINE "inline" INT "int"
%token LONG "long" OFFSETOF "offsetof" PROBE "probe" PROVIDER "provider" REGISTER "register"
%token RESTRICT "restrict" SELF "self" SHORT "short" SIGNED "signed" SIZEOF "sizeof" STATIC "static"
%token STRING "string " STRINGOF "stringof" STRUCT "struct" THIS "this" TRANSLATOR "translator"
%token TYPEDEF "typedef" UNION "union" UNSIGNED "unsigned" USERLAND "userland" VOID "void"
%token VOLATILE "volatile" XLATE "xlate"
%token ATTRIBUTE "__attribute__" ALIGNAS "_Alignas" ALIGNOF "_Alignof"

%token ARROW "->" ELLIPSIS "..." INC "++" DEC "--" LSH "<<" RSH ">>" LE "<=" GE ">=" EQ "==" NE "!="
%token LAND "&&" LOR "||" LXOR "^^"
%token ADD_EQ "+=" SUB_EQ "-=" MUL_EQ "*=" DIV_EQ "/=" MOD_EQ "%=" AND_EQ "&=" XOR_EQ "^=" OR_EQ "|="
%token LSH_EQ "<<=" RSH_EQ ">>="

/* An attribute after a structure's brace is the structure's. */
%precedence BRACED
%precedence ATTRIBUTE ALIGNAS

/* An else belongs to the nearest if. */
%precedence THEN
%precedence ELSE

%type <list> items item pdescs statements body block statement then last_statement
%type <list> decl_head xmembers probes args
%type <node> clause pdesc predicate xmember probe
%type <node> expression assignment conditional lor lxor land bor xor band equality relational
%type <node> shift additive multiplicative cast unary postfix primary
%type <op> assign_op unary_op
%type <name> member_name member_path plain_word decl_word param_word tag
%type <spec> specs
%type <cls> storage
%type <word> word
%type <quals> qual quals
%type <kind> struct_or_union
%type <type> type_name struct_spec enum_spec
%type <declr> declarator direct_declarator pointer abstract_declarator direct_abstract dimension signature
%type <params> params param_list param arguments
%type <layout> attributes attribute attrs attr
%type <name> attr_name

%%

start:
	START_PROGRAM items		{
						struct dt_list l = with_pragmas(ps, $items, NULL);

						TRY(ps->program = dt_node_new(ps, DT_N_PROGRAM, @items));
						ps->program->kid[0] = l.head;
					}
|	START_TYPE type_name		{ ps->type = $type_name; }
;

/* ---- The program --------------------------------------------------------- */

items:
	%empty				{ $$ = none; }
|	items item			{ $$ = dt_list_join($1, $item); }
;

item:
	clause				{ $$ = with_pragmas(ps, none, $clause); }
|	decl_head ';'			{ $$ = dt_list_join(with_pragmas(ps, none, NULL), $1); }
|	specs ';'			{
						struct dt_node *n;

						TRY(n = dt_declare_tag(ps, $specs));
						$$ = with_pragmas(ps, none, n);
					}
|	INLINE specs declarator '=' assignment ';'
					{
						struct dt_node *n;

						TRY(n = dt_inline(ps, @declarator, $specs, $declarator, $assignment));
						$$ = with_pragmas(ps, none, n);
					}
|	TRANSLATOR type_name[out] '<' type_name[in] IDENT '>' '{' xmembers '}' ';'
					{
						struct dt_node *n;

						TRY(n = xlator(ps, @1, $out, $in, $IDENT, $xmembers));
						$$ = with_pragmas(ps, none, n);
					}
|	PROVIDER IDENT '{' probes '}' ';'
					{
						struct dt_node *n;

						TRY(n = dt_node_name(ps, DT_N_PROVIDER, @IDENT, $IDENT));
						n->u.provider.probes = $probes.head;
						$$ = with_pragmas(ps, none, n);
					}
|	';'				{ $$ = none; }
;

clause:
	pdescs				{
						DO(alone(ps, @pdescs));
						TRY($$ = dt_node_clause(ps, @$, $1.head, NULL, NULL, false));
					}
|	pdescs predicate		{ TRY($$ = dt_node_clause(ps, @$, $1.head, $2, NULL, false)); }
|	pdescs block			{ TRY($$ = dt_node_clause(ps, @$, $1.head, NULL, $2.head, true)); }
|	pdescs predicate block		{ TRY($$ = dt_node_clause(ps, @$, $1.head, $2, $3.head, true)); }
;

predicate:
	PRED expression EPRED		{ $$ = $expression; }
;

pdescs:
	pdesc				{ $$ = dt_list_one($1); }
|	pdescs ',' pdesc		{ $$ = dt_list_add($1, $3); }
;

pdesc:
	PDESC				{ TRY($$ = dt_pdesc(ps, @1, $1)); }
;

/* ---- Statements ---------------------------------------------------------- */

block:
	'{' body '}'			{ $$ = $body; }
;

/* The last statement may do without its semicolon. */
body:
	statements
|	statements last_statement	{ $$ = dt_list_join($1, $2); }
;

statements:
	%empty				{ $$ = none; }
|	statements statement		{ $$ = dt_list_join($1, $2); }
;

statement:
	';'				{ $$ = none; }
|	expression ';'			{
						$$ = statement(ps, DT_N_EXPR, @expression, $expression, none, none);
						TRY($$.head);
					}
|	IF '(' expression ')' then[a] %prec THEN
					{
						$$ = statement(ps, DT_N_IF, @1, $expression, $a, none);
						TRY($$.head);
					}
|	IF '(' expression ')' then[a] ELSE then[b]
					{
						$$ = statement(ps, DT_N_IF, @1, $expression, $a, $b);
						TRY($$.head);
					}
;

then:
	statement
|	block
;

last_statement:
	expression			{
						$$ = statement(ps, DT_N_EXPR, @expression, $expression, none, none);
						TRY($$.head);
					}
|	IF '(' expression ')' last_statement[a]
					{
						$$ = statement(ps, DT_N_IF, @1, $expression, $a, none);
						TRY($$.head);
					}
|	IF '(' expression ')' then[a] ELSE last_statement[b]
					{
						$$ = statement(ps, DT_N_IF, @1, $expression, $a, $b);
						TRY($$.head);
					}
;

/* ---- Expressions --------------------------------------------------------- */

expression:
	assignment
|	expression ',' assignment	{ TRY($$ = dt_node_op2(ps, @2, DT_OP_COMMA, $1, $3)); }
;

assignment:
	conditional
|	unary assign_op assignment	{ TRY($$ = dt_node_op2(ps, @2, $2, $1, $3)); }
;

assign_op:
	'='				{ $$ = DT_OP_ASGN; }
|	ADD_EQ				{ $$ = DT_OP_ADD_EQ; }
|	SUB_EQ				{ $$ = DT_OP_SUB_EQ; }
|	MUL_EQ				{ $$ = DT_OP_MUL_EQ; }
|	DIV_EQ				{ $$ = DT_OP_DIV_EQ; }
|	MOD_EQ				{ $$ = DT_OP_MOD_EQ; }
|	AND_EQ				{ $$ = DT_OP_AND_EQ; }
|	XOR_EQ				{ $$ = DT_OP_XOR_EQ; }
|	OR_EQ				{ $$ = DT_OP_OR_EQ; }
|	LSH_EQ				{ $$ = DT_OP_LSH_EQ; }
|	RSH_EQ				{ $$ = DT_OP_RSH_EQ; }
;

conditional:
	lor
|	lor '?' expression ':' conditional
					{ TRY($$ = dt_node_op3(ps, @2, $1, $3, $5)); }
;

lor:
	lxor
|	lor LOR lxor			{ TRY($$ = dt_node_op2(ps, @2, DT_OP_LOR, $1, $3)); }
;

lxor:
	land
|	lxor LXOR land			{ TRY($$ = dt_node_op2(ps, @2, DT_OP_LXOR, $1, $3)); }
;

land:
	bor
|	land LAND bor			{ TRY($$ = dt_node_op2(ps, @2, DT_OP_LAND, $1, $3)); }
;

bor:
	xor
|	bor '|' xor			{ TRY($$ = dt_node_op2(ps, @2, DT_OP_BOR, $1, $3)); }
;

xor:
	band
|	xor '^' band			{ TRY($$ = dt_node_op2(ps, @2, DT_OP_XOR, $1, $3)); }
;

band:
	equality
|	band '&' equality		{ TRY($$ = dt_node_op2(ps, @2, DT_OP_BAND, $1, $3)); }
;

equality:
	relational
|	equality EQ relational		{ TRY($$ = dt_node_op2(ps, @2, DT_OP_EQ, $1, $3)); }
|	equality NE relational		{ TRY($$ = dt_node_op2(ps, @2, DT_OP_NE, $1, $3)); }
;

relational:
	shift
|	relational '<' shift		{ TRY($$ = dt_node_op2(ps, @2, DT_OP_LT, $1, $3)); }
|	relational '>' shift		{ TRY($$ = dt_node_op2(ps, @2, DT_OP_GT, $1, $3)); }
|	relational LE shift		{ TRY($$ = dt_node_op2(ps, @2, DT_OP_LE, $1, $3)); }
|	relational GE shift		{ TRY($$ = dt_node_op2(ps, @2, DT_OP_GE, $1, $3)); }
;

shift:
	additive
|	shift LSH additive		{ TRY($$ = dt_node_op2(ps, @2, DT_OP_LSH, $1, $3)); }
|	shift RSH additive		{ TRY($$ = dt_node_op2(ps, @2, DT_OP_RSH, $1, $3)); }
;

additive:
	multiplicative
|	additive '+' multiplicative	{ TRY($$ = dt_node_op2(ps, @2, DT_OP_ADD, $1, $3)); }
|	additive '-' multiplicative	{ TRY($$ = dt_node_op2(ps, @2, DT_OP_SUB, $1, $3)); }
;

multiplicative:
	cast
|	multiplicative '*' cast		{ TRY($$ = dt_node_op2(ps, @2, DT_OP_MUL, $1, $3)); }
|	multiplicative '/' cast		{ TRY($$ = dt_node_op2(ps, @2, DT_OP_DIV, $1, $3)); }
|	multiplicative '%' cast		{ TRY($$ = dt_node_op2(ps, @2, DT_OP_MOD, $1, $3)); }
;

cast:
	unary
|	'(' type_name ')' cast		{ TRY($$ = dt_node_typed(ps, DT_N_CAST, dt_loc_span(@1, @3), $2, $4)); }
;

unary:
	postfix
|	INC unary			{ TRY($$ = dt_node_op1(ps, @1, DT_OP_PREINC, $2)); }
|	DEC unary			{ TRY($$ = dt_node_op1(ps, @1, DT_OP_PREDEC, $2)); }
|	unary_op cast			{ TRY($$ = dt_node_op1(ps, @1, $1, $2)); }
|	SIZEOF unary			{ TRY($$ = dt_node_typed(ps, DT_N_SIZEOF, @$, NULL, $2)); }
|	SIZEOF '(' type_name ')'	{ TRY($$ = dt_node_typed(ps, DT_N_SIZEOF, @$, $3, NULL)); }
|	STRINGOF unary			{ TRY($$ = dt_node_typed(ps, DT_N_STRINGOF, @$, NULL, $2)); }
|	ALIGNOF '(' type_name ')'	{ TRY($$ = dt_alignof(ps, @$, $3)); }
;

unary_op:
	'&'				{ $$ = DT_OP_ADDR; }
|	'*'				{ $$ = DT_OP_DEREF; }
|	'+'				{ $$ = DT_OP_POS; }
|	'-'				{ $$ = DT_OP_NEG; }
|	'~'				{ $$ = DT_OP_BNOT; }
|	'!'				{ $$ = DT_OP_LNOT; }
;

postfix:
	primary
|	postfix '[' args ']'		{ TRY($$ = dt_node_index(ps, @$, $1, $args.head)); }
|	postfix '(' ')'			{ TRY($$ = dt_node_call(ps, $1, NULL)); }
|	postfix '(' args ')'		{ TRY($$ = dt_node_call(ps, $1, $args.head)); }
|	postfix '.' member_name		{ TRY($$ = dt_node_member(ps, @3, DT_OP_DOT, $1, $3)); }
|	postfix ARROW member_name	{ TRY($$ = dt_node_member(ps, @3, DT_OP_ARROW, $1, $3)); }
|	postfix INC			{ TRY($$ = dt_node_op1(ps, @2, DT_OP_POSTINC, $1)); }
|	postfix DEC			{ TRY($$ = dt_node_op1(ps, @2, DT_OP_POSTDEC, $1)); }
|	OFFSETOF '(' type_name ',' member_path ')'
					{
						TRY($$ = dt_node_typed(ps, DT_N_OFFSETOF, @$, $type_name, NULL));
						$$->name = $member_path;
					}
|	XLATE '<' type_name '>' '(' expression ')'
					{ TRY($$ = dt_node_typed(ps, DT_N_XLATE, @$, $type_name, $expression)); }
;

args:
	assignment			{ $$ = dt_list_one($1); }
|	args ',' assignment		{ $$ = dt_list_add($1, $3); }
;

primary:
	IDENT				{ TRY($$ = dt_node_ident(ps, @1, $1)); }
|	AGG				{ TRY($$ = dt_node_name(ps, DT_N_AGG, @1, $1)); }
|	INTEGER
|	STRING_CONST
|	SELF ARROW member_name		{ TRY($$ = dt_node_scoped(ps, @$, DT_SCOPE_SELF, $3)); }
|	THIS ARROW member_name		{ TRY($$ = dt_node_scoped(ps, @$, DT_SCOPE_THIS, $3)); }
|	'(' expression ')'		{ $$ = $2; }
;

/* Words of D's own, which C's structures and parameters may well use. */
plain_word:
	COUNTER				{ $$ = "counter"; }
|	IMPORT				{ $$ = "import"; }
|	OFFSETOF			{ $$ = "offsetof"; }
|	PROBE				{ $$ = "probe"; }
|	PROVIDER			{ $$ = "provider"; }
|	STRINGOF			{ $$ = "stringof"; }
|	TRANSLATOR			{ $$ = "translator"; }
|	XLATE				{ $$ = "xlate"; }
;

/* These may also begin a declaration. */
decl_word:
	INLINE				{ $$ = "inline"; }
|	SELF				{ $$ = "self"; }
|	STRING				{ $$ = "string"; }
|	THIS				{ $$ = "this"; }
;

member_name:
	IDENT
|	TNAME
|	plain_word
|	decl_word
|	USERLAND			{ $$ = "userland"; }
;

member_path:
	member_name
|	member_path '.' member_name	{ TRY($$ = path(ps, @3, $1, $3)); }
;

/* ---- Declarations -------------------------------------------------------- */

/* A declarator takes effect at the ',' or ';' after it. */
decl_head:
	specs declarator attributes	{
						struct dt_node *n;

						TRY(n = dt_declare(ps, $1, dt_declr_layout($2, $3)));
						$$ = dt_list_one(n);
					}
|	decl_head ',' declarator attributes
					{
						struct dt_node *n;

						TRY(n = dt_declare(ps, NULL, dt_declr_layout($3, $4)));
						$$ = dt_list_add($1, n);
					}
;

/* GNU's, as headers have them. */
attributes:
	%empty %prec BRACED		{ $$ = (struct dt_layout){ 0 }; }
|	attributes attribute		{ $$ = dt_layout_join($1, $2); }
;

attribute:
	ATTRIBUTE '(' '(' attrs ')' ')'	{ $$ = $attrs; }
|	ALIGNAS '(' conditional[n] ')'	{ $$ = (struct dt_layout){ 0 }; DO(dt_attr_align(ps, $n, &$$.align)); }
|	ALIGNAS '(' type_name[t] ')'	{ $$ = (struct dt_layout){ .align = dt_type_align($t) }; }
;

attrs:
	attr
|	attrs ',' attr			{ $$ = dt_layout_join($1, $3); }
;

attr:
	%empty				{ $$ = (struct dt_layout){ 0 }; }
|	attr_name			{ DO(dt_attr(ps, @1, $1, NULL, &$$)); }
|	attr_name '(' ')'		{ DO(dt_attr(ps, @1, $1, NULL, &$$)); }
|	attr_name '(' args ')'		{ DO(dt_attr(ps, @1, $1, $3.head, &$$)); }
;

attr_name:
	IDENT
|	CONST				{ $$ = "const"; }
;

specs:
	storage				{ TRY($$ = dt_spec_new(ps, @1)); DO(dt_spec_class(ps, $$, $1, @1)); }
|	qual				{ TRY($$ = dt_spec_new(ps, @1)); dt_spec_quals($$, $1); }
|	word				{ TRY($$ = dt_spec_new(ps, @1)); DO(dt_spec_word(ps, $$, $1, @1)); }
|	TNAME				{ TRY($$ = dt_spec_new(ps, @1)); DO(dt_spec_typedef(ps, $$, $1, @1)); }
|	struct_spec			{ TRY($$ = dt_spec_new(ps, @1)); DO(dt_spec_type(ps, $$, $1, @1)); }
|	enum_spec			{ TRY($$ = dt_spec_new(ps, @1)); DO(dt_spec_type(ps, $$, $1, @1)); }
|	attribute			{ TRY($$ = dt_spec_new(ps, @1)); $$->layout = $1; }
|	specs attribute			{ $$ = $1; $$->layout = dt_layout_join($$->layout, $2); }
|	specs storage			{ $$ = $1; DO(dt_spec_class(ps, $$, $2, @2)); }
|	specs qual			{ $$ = $1; dt_spec_quals($$, $2); }
|	specs word			{ $$ = $1; DO(dt_spec_word(ps, $$, $2, @2)); }
|	specs TNAME			{ $$ = $1; DO(dt_spec_typedef(ps, $$, $2, @2)); }
|	specs struct_spec		{ $$ = $1; DO(dt_spec_type(ps, $$, $2, @2)); }
|	specs enum_spec			{ $$ = $1; DO(dt_spec_type(ps, $$, $2, @2)); }
;

storage:
	AUTO				{ $$ = DT_SC_AUTO; }
|	REGISTER			{ $$ = DT_SC_REGISTER; }
|	STATIC				{ $$ = DT_SC_STATIC; }
|	EXTERN				{ $$ = DT_SC_EXTERN; }
|	TYPEDEF				{ $$ = DT_SC_TYPEDEF; }
|	SELF				{ $$ = DT_SC_SELF; }
|	THIS				{ $$ = DT_SC_THIS; }
;

word:
	VOID				{ $$ = DT_W_VOID; }
|	CHAR				{ $$ = DT_W_CHAR; }
|	SHORT				{ $$ = DT_W_SHORT; }
|	INT				{ $$ = DT_W_INT; }
|	LONG				{ $$ = DT_W_LONG; }
|	FLOAT				{ $$ = DT_W_FLOAT; }
|	DOUBLE				{ $$ = DT_W_DOUBLE; }
|	SIGNED				{ $$ = DT_W_SIGNED; }
|	UNSIGNED			{ $$ = DT_W_UNSIGNED; }
|	BOOL				{ $$ = DT_W_BOOL; }
|	STRING				{ $$ = DT_W_STRING; }
;

qual:
	CONST				{ $$ = DT_TQ_CONST; }
|	VOLATILE			{ $$ = DT_TQ_VOLATILE; }
|	RESTRICT			{ $$ = DT_TQ_RESTRICT; }
|	USERLAND			{ $$ = DT_TQ_USERLAND; }
;

quals:
	%empty				{ $$ = 0; }
|	quals qual			{ $$ = $1 | $2; }
;

tag:
	IDENT
|	TNAME
;

struct_or_union:
	STRUCT				{ $$ = DT_T_STRUCT; }
|	UNION				{ $$ = DT_T_UNION; }
;

struct_spec:
	struct_or_union attributes tag	{ TRY($$ = dt_tag_ref(ps, $1, $tag, @tag)); }
|	struct_head members '}' { DO(dt_sou_empty(ps, @3)); } attributes %prec BRACED
					{ TRY($$ = dt_sou_end(ps, $attributes)); }
;

struct_head:
	struct_or_union attributes '{'	{ DO(dt_sou_begin(ps, $1, NULL, $2, @1)); }
|	struct_or_union attributes tag '{'
					{ DO(dt_sou_begin(ps, $1, $tag, $2, @tag)); }
;

members:
	%empty				{ }
|	members member			{ }
;

/* The specifiers of a member hold for those after its commas: struct dt_sou keeps them. */
member:
	member_head ';'			{ }
|	specs ';'			{ DO(dt_sou_member(ps, $1, NULL, NULL)); }
|	';'				{ }
;

member_head:
	specs declarator attributes	{ DO(dt_sou_member(ps, $1, dt_declr_layout($2, $3), NULL)); }
|	specs declarator ':' conditional attributes
					{ DO(dt_sou_member(ps, $1, dt_declr_layout($2, $5), $4)); }
|	specs ':' conditional		{ DO(dt_sou_member(ps, $1, NULL, $3)); }
|	member_head ',' declarator attributes
					{ DO(dt_sou_member(ps, NULL, dt_declr_layout($3, $4), NULL)); }
|	member_head ',' declarator ':' conditional attributes
					{ DO(dt_sou_member(ps, NULL, dt_declr_layout($3, $6), $5)); }
|	member_head ',' ':' conditional	{ DO(dt_sou_member(ps, NULL, NULL, $4)); }
;

enum_spec:
	ENUM attributes tag		{ TRY($$ = dt_tag_ref(ps, DT_T_ENUM, $tag, @tag)); }
|	enum_head enumerators '}' attributes %prec BRACED
					{ TRY($$ = dt_enum_end(ps, $attributes)); }
|	enum_head enumerators ',' '}' attributes %prec BRACED
					{ TRY($$ = dt_enum_end(ps, $attributes)); }
;

enum_head:
	ENUM attributes '{'		{ DO(dt_enum_begin(ps, NULL, $2, @1)); }
|	ENUM attributes tag '{'		{ DO(dt_enum_begin(ps, $tag, $2, @tag)); }
;

enumerators:
	enumerator			{ }
|	enumerators ',' enumerator	{ }
;

enumerator:
	IDENT				{ DO(dt_enum_value(ps, $1, @1, NULL)); }
|	IDENT '=' conditional		{ DO(dt_enum_value(ps, $1, @1, $3)); }
;

/* ---- Declarators --------------------------------------------------------- */

declarator:
	direct_declarator
|	pointer direct_declarator	{ TRY($$ = dt_declr_join(ps, $2, $1)); }
;

direct_declarator:
	IDENT				{ TRY($$ = dt_declr_new(ps, $1, @1)); }
|	'(' declarator ')'		{ $$ = $2; }
|	direct_declarator dimension	{ TRY($$ = dt_declr_join(ps, $1, $2)); }
|	direct_declarator signature	{ TRY($$ = dt_declr_join(ps, $1, $2)); }
;

/* Read from the name outwards the last '*' comes first. */
pointer:
	'*' quals			{ TRY($$ = dt_declr_star(ps, $2, @1)); }
|	'*' quals pointer		{
						struct dt_declr *star;

						TRY(star = dt_declr_star(ps, $2, @1));
						TRY($$ = dt_declr_join(ps, $3, star));
					}
;

/* Of a C array, or D's signature of an associative array's keys. */
dimension:
	'[' ']'				{ TRY($$ = dt_declr_array(ps, NULL, @$)); }
|	'[' conditional ']'		{ TRY($$ = dt_declr_array(ps, $2, @$)); }
|	'[' params ']'			{ TRY($$ = dt_declr_assoc(ps, $2, @$)); }
;

signature:
	'(' ')'				{ TRY($$ = dt_declr_func(ps, NULL, @$)); }
|	'(' params ')'			{ TRY($$ = dt_declr_func(ps, $2, @$)); }
;

params:
	param_list
|	param_list ',' ELLIPSIS		{ $$ = $1; $$->varargs = true; }
|	ELLIPSIS			{ TRY($$ = dt_params_any(ps)); }
;

param_list:
	param
|	param_list ',' param		{ $$ = dt_params_join($1, $3); }
;

param:
	specs				{ TRY($$ = dt_param(ps, $1, NULL, @$)); }
|	specs declarator		{ TRY($$ = dt_param(ps, $1, $2, @$)); }
|	specs abstract_declarator	{ TRY($$ = dt_param(ps, $1, $2, @$)); }
|	specs plain_word		{
						struct dt_declr *name;

						TRY(name = dt_declr_new(ps, $2, @2));
						TRY($$ = dt_param(ps, $1, name, @$));
					}
|	specs pointer param_word	{
						struct dt_declr *name;

						TRY(name = dt_declr_new(ps, $3, @3));
						TRY(name = dt_declr_join(ps, name, $2));
						TRY($$ = dt_param(ps, $1, name, @$));
					}
;

/* "const char *string" */
param_word:
	plain_word
|	decl_word
|	TNAME
;

type_name:
	specs				{ TRY($$ = dt_type_name_of(ps, $1, NULL)); }
|	specs abstract_declarator	{ TRY($$ = dt_type_name_of(ps, $1, $2)); }
;

abstract_declarator:
	pointer
|	direct_abstract
|	pointer direct_abstract		{ TRY($$ = dt_declr_join(ps, $2, $1)); }
;

direct_abstract:
	'(' abstract_declarator ')'	{ $$ = $2; }
|	dimension
|	signature
|	direct_abstract dimension	{ TRY($$ = dt_declr_join(ps, $1, $2)); }
|	direct_abstract signature	{ TRY($$ = dt_declr_join(ps, $1, $2)); }
;

/* ---- Translators and providers --------------------------------------------- */

xmembers:
	%empty				{ $$ = none; }
|	xmembers xmember		{ $$ = dt_list_add($1, $2); }
;

xmember:
	member_name '=' assignment ';'	{
						struct dt_node *n = dt_node_name(ps, DT_N_XMEMBER, @1, $1);

						TRY($$ = dt_node_kid(ps, n, 0, $3));
					}
;

probes:
	%empty				{ $$ = none; }
|	probes probe			{ $$ = dt_list_add($1, $2); }
;

probe:
	PROBE member_name arguments[a] ';'
					{ TRY($$ = probedef(ps, @2, $2, $a, false, NULL)); }
|	PROBE member_name arguments[a] ':' arguments[b] ';'
					{ TRY($$ = probedef(ps, @2, $2, $a, true, $b)); }
;

arguments:
	'(' ')'				{ $$ = NULL; }
|	'(' params ')'			{ $$ = $2; }
;

%%

/* ---- Actions too long to stand above ------------------------------------------ */

/* Pragmas go before what they stand in. */
static struct dt_list with_pragmas(struct dt_parser *ps, struct dt_list l, struct dt_node *item)
{
	struct dt_node *n, *next;

	for (n = ps->pragmas; n; n = next) {
		next = n->next;
		n->next = NULL;
		l = dt_list_add(l, n);
	}
	ps->pragmas = NULL;
	ps->pragmas_end = &ps->pragmas;
	return dt_list_add(l, item);
}

/* EXPR or IF; an empty list if that failed. */
static struct dt_list statement(struct dt_parser *ps, enum dt_kind kind, struct dt_loc loc,
				struct dt_node *expr, struct dt_list then, struct dt_list otherwise)
{
	struct dt_node *n = dt_node_kid(ps, dt_node_new(ps, kind, loc), 0, expr);

	n = dt_node_kid(ps, dt_node_kid(ps, n, 1, then.head), 2, otherwise.head);
	return n ? dt_list_one(n) : none;
}

/* A script says what to do; the command's -n may leave that to the default action. */
static int alone(struct dt_parser *ps, struct dt_loc loc)
{
	if (ps->p->spec)
		return 0;
	DT_ERROR(ps, D_SYNTAX, loc, "a predicate or actions must follow a probe description");
	dt_hint(ps->diag, "write {} after it for the default action");
	return -1;
}

static const char *path(struct dt_parser *ps, struct dt_loc loc, const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	char *s;

	if (n + m > 4096) {
		DT_ERROR(ps, D_SYNTAX, loc, "this path of members is too long");
		return NULL;
	}
	s = dt_palloc(ps, n + m + 2);
	if (s) {
		memcpy(s, a, n);
		s[n] = '.';
		memcpy(s + n + 1, b, m);
	}
	return s;
}

static struct dt_node *xlator(struct dt_parser *ps, struct dt_loc loc, const struct dt_type *out,
			      const struct dt_type *in, const char *arg, struct dt_list members)
{
	struct dt_node *n = dt_node_new(ps, DT_N_XLATOR, loc);

	if (n) {
		n->u.xlator.out = out;
		n->u.xlator.in = in;
		n->u.xlator.arg = arg;
		n->u.xlator.members = members.head;
	}
	return n;
}

static struct dt_node *probedef(struct dt_parser *ps, struct dt_loc loc, const char *name,
				struct dt_params *args, bool translated, struct dt_params *xargs)
{
	struct dt_node *n = dt_node_name(ps, DT_N_PROBEDEF, loc, name);

	if (!n)
		return NULL;
	n->u.probedef.args = dt_params_func(ps, args, &n->u.probedef.names);
	if (!n->u.probedef.args)
		return NULL;
	if (!translated)
		return n;
	n->u.probedef.xargs = dt_params_func(ps, xargs, &n->u.probedef.xnames);
	return n->u.probedef.xargs ? n : NULL;
}

/* ---- Bison's surroundings -------------------------------------------------------- */

static int yylex(DT_YYSTYPE *val, struct dt_loc *loc, struct dt_parser *ps)
{
	return dt_next_token(val, loc, ps);
}

/* Bison calls this itself only when its stack is full or memory is short. */
static void yyerror(struct dt_loc *loc, struct dt_parser *ps, const char *msg)
{
	(void)msg;
	DT_ERROR(ps, D_SYNTAX, *loc, "the program is nested too deeply here");
}

static int yyreport_syntax_error(const yypcontext_t *ctx, struct dt_parser *ps)
{
	yysymbol_kind_t want[YYNTOKENS];
	int n = yypcontext_expected_tokens(ctx, want, YYNTOKENS);
	const char *names[YYNTOKENS];
	int named = 0;

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)	/* words of headers: nobody misses them */
		if (want[i] != YYSYMBOL_ATTRIBUTE && want[i] != YYSYMBOL_ALIGNAS && want[i] != YYSYMBOL_ALIGNOF)
			names[named++] = yysymbol_name(want[i]);
	dt_syntax_error(ps, *yypcontext_location(ctx), yysymbol_name(yypcontext_token(ctx)), names, named);
	return 0;
}
