// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The syntax tree's arena, its operators' names, and its printed form: one
 * node a line, kids indented, as "-x tree" shows it and the tests compare it.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ast.h"

/* ---- Arena ------------------------------------------------------------------- */

/*
 * Chunks of growing size. No program needs more than the limit; text that is
 * made to explode runs into it before the machine suffers.
 */
#define ARENA_LIMIT	((size_t)512 << 20)
#ifdef __SANITIZE_ADDRESS__
#define ARENA_CHUNK	0	/* a chunk an allocation, so that every overrun is seen */
#else
#define ARENA_CHUNK	16384
#endif

struct chunk {
	struct chunk *next;
	size_t size, used;
	char data[] __attribute__((aligned(16)));
};

struct dt_arena {
	struct chunk *chunks;
	size_t total;
};

struct dt_arena *dt_arena_create(void)
{
	return calloc(1, sizeof(struct dt_arena));
}

void dt_arena_destroy(struct dt_arena *a)
{
	struct chunk *c, *next;

	if (!a)
		return;
	for (c = a->chunks; c; c = next) {
		next = c->next;
		free(c);
	}
	free(a);
}

static struct chunk *chunk_add(struct dt_arena *a, size_t n)
{
	size_t size = n > ARENA_CHUNK ? n : ARENA_CHUNK;
	struct chunk *c;

	if (size > ARENA_LIMIT - a->total)
		return NULL;
	c = calloc(1, sizeof(*c) + size);
	if (!c)
		return NULL;
	c->size = size;
	c->next = a->chunks;
	a->chunks = c;
	a->total += size;
	return c;
}

void *dt_arena_alloc(struct dt_arena *a, size_t n)
{
	struct chunk *c = a->chunks;
	void *p;

	if (n > ARENA_LIMIT)
		return NULL;
	n = (n + 15) & ~(size_t)15;
	if (!c || n > c->size - c->used)
		c = chunk_add(a, n);
	if (!c)
		return NULL;
	p = c->data + c->used;
	c->used += n;
	return p;
}

char *dt_arena_strndup(struct dt_arena *a, const char *s, size_t n)
{
	char *p = dt_arena_alloc(a, n + 1);

	if (p)
		memcpy(p, s, n);	/* zeroed by the arena: terminated */
	return p;
}

/* ---- Names ------------------------------------------------------------------- */

const char *dt_scope_prefix(enum dt_scope scope)
{
	static const char *const prefix[] = { "", "self->", "this->" };

	return prefix[scope];
}

const char *dt_op_text(enum dt_op op)
{
	static const char *const text[DT_OP_MAX] = {
		[DT_OP_NEG] = "-", [DT_OP_POS] = "+", [DT_OP_BNOT] = "~", [DT_OP_LNOT] = "!",
		[DT_OP_DEREF] = "*", [DT_OP_ADDR] = "&", [DT_OP_PREINC] = "++",
		[DT_OP_PREDEC] = "--", [DT_OP_POSTINC] = "++", [DT_OP_POSTDEC] = "--",
		[DT_OP_COMMA] = ",", [DT_OP_ASGN] = "=", [DT_OP_ADD_EQ] = "+=",
		[DT_OP_SUB_EQ] = "-=", [DT_OP_MUL_EQ] = "*=", [DT_OP_DIV_EQ] = "/=",
		[DT_OP_MOD_EQ] = "%=", [DT_OP_AND_EQ] = "&=", [DT_OP_XOR_EQ] = "^=",
		[DT_OP_OR_EQ] = "|=", [DT_OP_LSH_EQ] = "<<=", [DT_OP_RSH_EQ] = ">>=",
		[DT_OP_LOR] = "||", [DT_OP_LXOR] = "^^", [DT_OP_LAND] = "&&", [DT_OP_BOR] = "|",
		[DT_OP_XOR] = "^", [DT_OP_BAND] = "&", [DT_OP_EQ] = "==", [DT_OP_NE] = "!=",
		[DT_OP_LT] = "<", [DT_OP_LE] = "<=", [DT_OP_GT] = ">", [DT_OP_GE] = ">=",
		[DT_OP_LSH] = "<<", [DT_OP_RSH] = ">>", [DT_OP_ADD] = "+", [DT_OP_SUB] = "-",
		[DT_OP_MUL] = "*", [DT_OP_DIV] = "/", [DT_OP_MOD] = "%", [DT_OP_DOT] = ".",
		[DT_OP_ARROW] = "->",
	};

	return (unsigned int)op < DT_OP_MAX && text[op] ? text[op] : "";
}

static const char *const kind_names[DT_N_KINDS] = {
	[DT_N_INT] = "INT", [DT_N_STR] = "STR", [DT_N_IDENT] = "IDENT", [DT_N_VAR] = "VAR",
	[DT_N_SCOPED] = "SCOPED", [DT_N_SYM] = "SYM", [DT_N_AGG] = "AGG",
	[DT_N_INDEX] = "INDEX", [DT_N_CALL] = "CALL", [DT_N_MEMBER] = "MEMBER",
	[DT_N_OP1] = "OP1", [DT_N_OP2] = "OP2", [DT_N_OP3] = "OP3", [DT_N_CAST] = "CAST",
	[DT_N_SIZEOF] = "SIZEOF", [DT_N_OFFSETOF] = "OFFSETOF", [DT_N_STRINGOF] = "STRINGOF",
	[DT_N_XLATE] = "XLATE", [DT_N_MACROARG] = "MACROARG", [DT_N_EXPR] = "EXPR",
	[DT_N_IF] = "IF", [DT_N_PDESC] = "PDESC", [DT_N_CLAUSE] = "CLAUSE",
	[DT_N_DECL] = "DECL", [DT_N_INLINE] = "INLINE", [DT_N_XLATOR] = "XLATOR",
	[DT_N_PROVIDER] = "PROVIDER", [DT_N_PROBEDEF] = "PROBEDEF", [DT_N_XMEMBER] = "XMEMBER",
	[DT_N_PRAGMA] = "PRAGMA", [DT_N_PROGRAM] = "PROGRAM",
};

/* ---- Printing ------------------------------------------------------------------ */

static void print_list(const struct dt_node *n, int indent, FILE *out);

static void print_quoted(const char *s, size_t n, FILE *out)
{
	fputc('"', out);
	for (; n; n--, s++) {
		if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else if (*s == '\n')
			fputs("\\n", out);
		else if (isprint((unsigned char)*s))
			fputc(*s, out);
		else
			fprintf(out, "\\%03o", (unsigned char)*s);
	}
	fputc('"', out);
}

static void print_type(const char *before, const struct dt_type *t, FILE *out)
{
	char buf[256];

	if (t)
		fprintf(out, "%s%s", before, dt_type_name(t, buf, sizeof(buf)));
}

static void print_int(const struct dt_node *n, FILE *out)
{
	if (n->u.i.is_unsigned)
		fprintf(out, " %" PRIu64 "u", n->u.i.val);
	else
		fprintf(out, " %" PRIu64, n->u.i.val);
	if (n->u.i.width)
		fputs(n->u.i.width > 1 ? "ll" : "l", out);
}

static void print_pdesc(const struct dt_node *n, FILE *out)
{
	if (n->u.pdesc.by_id)
		fprintf(out, " id %" PRIu32, n->u.pdesc.id);
	else
		fprintf(out, " %s:%s:%s:%s", n->u.pdesc.part[0], n->u.pdesc.part[1],
			n->u.pdesc.part[2], n->u.pdesc.part[3]);
}

/* A label line for kids that need telling apart, then the list. */
static void print_part(const char *label, const struct dt_node *list, int indent, FILE *out)
{
	if (!list)
		return;
	fprintf(out, "%*s%s\n", indent, "", label);
	print_list(list, indent + 2, out);
}

static void print_storage(enum dt_storage cls, FILE *out)
{
	static const char *const names[] = {
		[DT_SC_TYPEDEF] = " typedef", [DT_SC_EXTERN] = " extern",
		[DT_SC_SELF] = " self", [DT_SC_THIS] = " this",
	};

	if (cls && cls <= DT_SC_THIS)
		fputs(names[cls], out);
}

static void print_inline(const struct dt_node *n, FILE *out)
{
	fprintf(out, " %s", n->name);
	for (uint32_t i = 0; i < n->u.inl.n; i++) {
		print_type(i ? ", " : " [", n->u.inl.params[i], out);
		fprintf(out, " %s%s", n->u.inl.names[i], i + 1 == n->u.inl.n ? "]" : "");
	}
	print_type(": ", n->u.inl.type, out);
}

static void print_details(const struct dt_node *n, FILE *out)
{
	bool post = n->op == DT_OP_POSTINC || n->op == DT_OP_POSTDEC;

	switch (n->kind) {
	case DT_N_INT:
		print_int(n, out);
		break;
	case DT_N_STR:
		fputc(' ', out);
		print_quoted(n->u.s.bytes, n->u.s.len, out);
		break;
	case DT_N_SCOPED: case DT_N_VAR:
		fprintf(out, " %s%s", dt_scope_prefix(n->scope), n->name);
		break;
	case DT_N_SYM:
		fprintf(out, " %s`%s", n->u.sym.obj, n->name);
		break;
	case DT_N_AGG:
		fprintf(out, " @%s%s", n->name, n->u.agg.has_keys ? "[]" : "");
		break;
	case DT_N_OP1:
		fprintf(out, " %s%s", post ? "post" : "", dt_op_text(n->op));
		break;
	case DT_N_OP2:
		fprintf(out, " %s", dt_op_text(n->op));
		break;
	case DT_N_MEMBER:
		fprintf(out, " %s%s", dt_op_text(n->op), n->name);
		break;
	case DT_N_OFFSETOF:
		print_type(" ", n->u.type, out);
		fprintf(out, " .%s", n->name);
		break;
	case DT_N_CAST: case DT_N_SIZEOF: case DT_N_XLATE:
		print_type(" ", n->u.type, out);
		break;
	case DT_N_PDESC:
		print_pdesc(n, out);
		break;
	case DT_N_CLAUSE:
		fputs(n->u.clause.has_body ? "" : " no body", out);
		break;
	case DT_N_DECL:
		print_storage(n->u.decl.cls, out);
		fprintf(out, " %s", n->name ? n->name : "");
		print_type(": ", n->u.decl.type, out);
		break;
	case DT_N_INLINE:
		print_inline(n, out);
		break;
	case DT_N_XLATOR:
		print_type(" ", n->u.xlator.out, out);
		print_type(" < ", n->u.xlator.in, out);
		fprintf(out, " %s >", n->u.xlator.arg);
		break;
	case DT_N_PROBEDEF:
		fprintf(out, " %s", n->name);
		print_type(" ", n->u.probedef.args, out);
		print_type(" : ", n->u.probedef.xargs, out);
		break;
	case DT_N_PRAGMA:
		fprintf(out, " %s", n->u.pragma.text);
		break;
	default:
		if (n->name)
			fprintf(out, " %s", n->name);
	}
	print_type(" -> ", n->type, out);
}

static void print_node(const struct dt_node *n, int indent, FILE *out)
{
	const char *kind = (unsigned int)n->kind < DT_N_KINDS ? kind_names[n->kind] : "?";

	fprintf(out, "%*s%s", indent, "", kind);
	print_details(n, out);
	fputc('\n', out);
	indent += 2;
	switch (n->kind) {
	case DT_N_CLAUSE:
		print_list(n->kid[0], indent, out);
		print_part("PRED", n->kid[1], indent, out);
		print_list(n->kid[2], indent, out);
		break;
	case DT_N_IF:
		print_list(n->kid[0], indent, out);
		print_part("THEN", n->kid[1], indent, out);
		print_part("ELSE", n->kid[2], indent, out);
		break;
	case DT_N_AGG:
		print_list(n->u.agg.keys, indent, out);
		break;
	case DT_N_INLINE:
		print_list(n->u.inl.expr, indent, out);
		break;
	case DT_N_XLATOR:
		print_list(n->u.xlator.members, indent, out);
		break;
	case DT_N_PROVIDER:
		print_list(n->u.provider.probes, indent, out);
		break;
	default:
		for (int i = 0; i < 3; i++)
			print_list(n->kid[i], indent, out);
	}
}

static void print_list(const struct dt_node *n, int indent, FILE *out)
{
	for (; n; n = n->next)
		print_node(n, indent, out);
}

void dt_ast_print(const struct dt_node *n, FILE *out)
{
	if (n)
		print_node(n, 0, out);
}
