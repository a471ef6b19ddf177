// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A program as D text again (dtrace -d): what the parser understood, macro
 * variables expanded, and each clause with an if as the clauses it is compiled
 * to, with the conditions as their predicates.
 *
 * The compiler itself numbers blocks (clause.c); the text shows conditions,
 * which say more: this->%condition_n holds the n-th condition of a clause,
 * evaluated where it stands.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "dlang.h"

struct guard {			/* the ifs around a statement, innermost first */
	const struct guard *outer;
	unsigned n;
	bool sense;
};

struct unparse {
	FILE *out;
	const struct dt_node *clause;
	unsigned nconds;	/* of this clause so far */
	bool open;		/* a clause's brace is open */
};

static void expr(FILE *out, const struct dt_node *n);

static void list(FILE *out, const struct dt_node *n)
{
	for (; n; n = n->next) {
		expr(out, n);
		if (n->next)
			fputs(", ", out);
	}
}

static void quoted(FILE *out, const char *s, size_t n)
{
	fputc('"', out);
	for (; n; n--, s++) {
		if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else if (*s == '\n')
			fputs("\\n", out);
		else if (*s == '\t')
			fputs("\\t", out);
		else if (isprint((unsigned char)*s) || (unsigned char)*s >= 0x80)
			fputc(*s, out);
		else
			fprintf(out, "\\%03o", (unsigned char)*s);
	}
	fputc('"', out);
}

static void type(FILE *out, const struct dt_type *t)
{
	char buf[256];

	fputs(t ? dt_type_name(t, buf, sizeof(buf)) : "?", out);
}

/* Parentheses around everything that has operands: right, if not pretty. */
static void kid(FILE *out, const struct dt_node *n)
{
	bool compound = n->kind == DT_N_OP2 || n->kind == DT_N_OP3 || n->kind == DT_N_CAST || n->kind == DT_N_OP1;

	if (compound)
		fputc('(', out);
	expr(out, n);
	if (compound)
		fputc(')', out);
}

static void integer(FILE *out, const struct dt_node *n)
{
	fprintf(out, n->u.i.is_unsigned ? "%" PRIu64 "u" : "%" PRId64, n->u.i.val);
	for (int i = 0; i < n->u.i.width; i++)
		fputc('l', out);
}

static void unary(FILE *out, const struct dt_node *n)
{
	bool post = n->op == DT_OP_POSTINC || n->op == DT_OP_POSTDEC;

	if (!post)
		fputs(dt_op_text(n->op), out);
	kid(out, n->kid[0]);
	if (post)
		fputs(dt_op_text(n->op), out);
}

static void binary(FILE *out, const struct dt_node *n)
{
	kid(out, n->kid[0]);
	fprintf(out, n->op == DT_OP_COMMA ? "%s " : " %s ", dt_op_text(n->op));
	kid(out, n->kid[1]);
}

static void of_type(FILE *out, const char *what, const struct dt_node *n)
{
	fputs(what, out);
	if (n->kid[0])
		expr(out, n->kid[0]);
	else
		type(out, n->u.type);
	fputc(')', out);
}

static void aggregation(FILE *out, const struct dt_node *n)
{
	fprintf(out, "@%s", n->name ? n->name : "");
	if (!n->u.agg.has_keys)
		return;
	fputc('[', out);
	list(out, n->u.agg.keys);
	fputc(']', out);
}

static void expr(FILE *out, const struct dt_node *n)
{
	switch (n->kind) {
	case DT_N_INT:
		integer(out, n);
		break;
	case DT_N_STR:
		quoted(out, n->u.s.bytes, n->u.s.len);
		break;
	case DT_N_VAR: case DT_N_SCOPED:
		fprintf(out, "%s%s", dt_scope_prefix(n->scope), n->name);
		break;
	case DT_N_SYM:
		fprintf(out, "%s`%s", n->u.sym.obj, n->name);
		break;
	case DT_N_AGG:
		aggregation(out, n);
		break;
	case DT_N_INDEX:
		kid(out, n->kid[0]);
		fputc('[', out);
		list(out, n->kid[1]);
		fputc(']', out);
		break;
	case DT_N_CALL:
		fprintf(out, "%s(", n->name);
		list(out, n->kid[0]);
		fputc(')', out);
		break;
	case DT_N_MEMBER:
		kid(out, n->kid[0]);
		fprintf(out, "%s%s", dt_op_text(n->op), n->name);
		break;
	case DT_N_OP1:
		unary(out, n);
		break;
	case DT_N_OP2:
		binary(out, n);
		break;
	case DT_N_OP3:
		kid(out, n->kid[0]);
		fputs(" ? ", out);
		kid(out, n->kid[1]);
		fputs(" : ", out);
		kid(out, n->kid[2]);
		break;
	case DT_N_CAST:
		fputc('(', out);
		type(out, n->u.type);
		fputc(')', out);
		kid(out, n->kid[0]);
		break;
	case DT_N_SIZEOF:
		of_type(out, "sizeof(", n);
		break;
	case DT_N_STRINGOF:
		of_type(out, "stringof(", n);
		break;
	case DT_N_OFFSETOF:
		fputs("offsetof(", out);
		type(out, n->u.type);
		fprintf(out, ", %s)", n->name);
		break;
	case DT_N_XLATE:
		fputs("xlate <", out);
		type(out, n->u.type);
		fputs(">(", out);
		expr(out, n->kid[0]);
		fputc(')', out);
		break;
	default:
		fputs(n->name ? n->name : "?", out);
	}
}

static void descriptions(FILE *out, const struct dt_node *p)
{
	for (; p; p = p->next) {
		if (p->u.pdesc.by_id)
			fprintf(out, "%" PRIu32, p->u.pdesc.id);
		else
			fprintf(out, "%s:%s:%s:%s", p->u.pdesc.part[0], p->u.pdesc.part[1], p->u.pdesc.part[2],
				p->u.pdesc.part[3]);
		fputs(p->next ? ",\n" : "\n", out);
	}
}

static void guards(FILE *out, const struct guard *g)
{
	if (g->outer) {
		guards(out, g->outer);
		fputs(" && ", out);
	}
	fprintf(out, "%sthis->%%condition_%u", g->sense ? "" : "!", g->n);
}

/* Begin a clause that runs if all of @g hold. */
static void begin(struct unparse *u, const struct guard *g)
{
	const struct dt_node *pred = u->clause->kid[1];

	if (u->open)
		return;
	descriptions(u->out, u->clause->kid[0]);
	if (pred || g) {
		fputs("/", u->out);
		if (pred)
			kid(u->out, pred);
		if (pred && g)
			fputs(" && ", u->out);
		if (g)
			guards(u->out, g);
		fputs("/\n", u->out);
	}
	fputs("{\n", u->out);
	u->open = true;
}

static void end(struct unparse *u)
{
	if (u->open)
		fputs("}\n\n", u->out);
	u->open = false;
}

static void statements(struct unparse *u, const struct dt_node *s, const struct guard *g);

static void conditional(struct unparse *u, const struct dt_node *s, const struct guard *g)
{
	struct guard then = { .outer = g, .n = ++u->nconds, .sense = true }, otherwise = then;

	begin(u, g);
	fprintf(u->out, "\tthis->%%condition_%u = ", then.n);
	kid(u->out, s->kid[0]);
	fputs(" ? 1 : 0;\n", u->out);
	end(u);
	statements(u, s->kid[1], &then);
	end(u);
	otherwise.sense = false;
	statements(u, s->kid[2], &otherwise);
	end(u);
}

static void statements(struct unparse *u, const struct dt_node *s, const struct guard *g)
{
	for (; s; s = s->next) {
		if (s->kind == DT_N_IF) {
			conditional(u, s, g);
			continue;
		}
		if (!s->kid[0])
			continue;
		begin(u, g);
		fputc('\t', u->out);
		expr(u->out, s->kid[0]);
		fputs(";\n", u->out);
	}
}

static void clause(FILE *out, const struct dt_node *n)
{
	struct unparse u = { .out = out, .clause = n };

	if (!n->kid[2])
		begin(&u, NULL);
	statements(&u, n->kid[2], NULL);
	end(&u);
}

static void declaration(FILE *out, const struct dt_node *n)
{
	char buf[256];

	if (n->name && n->u.decl.type)
		fprintf(out, "/* %s: %s */\n", n->name, dt_type_name(n->u.decl.type, buf, sizeof(buf)));
}

void dt_unparse(const struct dt_node *program, FILE *out)
{
	for (const struct dt_node *n = program->kid[0]; n; n = n->next) {
		if (n->kind == DT_N_CLAUSE)
			clause(out, n);
		else if (n->kind == DT_N_PRAGMA)
			fprintf(out, "#pragma D %s\n", n->u.pragma.text);
		else if (n->kind == DT_N_DECL)
			declaration(out, n);
	}
}
