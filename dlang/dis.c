// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The disassembler: what dtrace -S shows of each compiled expression.
 *
 *	DIFO predicate returns int
 *	OFF OPCODE   INSTRUCTION
 *	00: 29012301 ldgs DIF_VAR(0x123), %r1        ! probefunc
 *
 * followed by the tables that it uses.
 */
#include <ctype.h>
#include <string.h>

#include "dlang.h"

static const struct {
	const char *name;
	char fmt;
} ops[] = {
#define OP(name, fmt, text) { #name, #fmt[0] },
	DIF_OPCODES(OP)
#undef OP
};

static const char *const subrs[] = {
#define SUBR(name, id, lo, hi) name,
	DIF_SUBRS(SUBR)
#undef SUBR
};

static const struct { const char *name; uint32_t id; } builtins[] = {
#define VAR(name, cname, id) { name, id },
	DIF_VARIABLES(VAR)
#undef VAR
};

static const char *const kinds[] = { "D scalar", "string", "struct" };

static const char *builtin_name(uint32_t id)
{
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
		if (builtins[i].id == id)
			return builtins[i].name;
	return "?";
}

/* ---- Operands --------------------------------------------------------------------- */

struct text {
	char operand[80], comment[120];
};

static void quote(const char *s, char *out, size_t n)
{
	size_t i = 0;

	out[i++] = '"';
	for (; *s && i + 6 < n; s++) {
		if (*s == '\n')
			i += (size_t)snprintf(out + i, n - i, "\\n");
		else if (isprint((unsigned char)*s) && *s != '"')
			out[i++] = *s;
		else
			i += (size_t)snprintf(out + i, n - i, "\\%03o", (unsigned char)*s);
	}
	snprintf(out + i, n - i, *s ? "...\"" : "\"");
}

static uint8_t op_scope(uint32_t op)
{
	switch (op) {
	case DIF_OP_LDTS: case DIF_OP_STTS: case DIF_OP_LDTAA: case DIF_OP_STTAA:
		return DIF_SCOPE_THREAD;
	case DIF_OP_LDLS: case DIF_OP_STLS:
		return DIF_SCOPE_LOCAL;
	default:
		return DIF_SCOPE_GLOBAL;
	}
}

static void var_comment(const struct dt_difo *d, uint32_t op, uint32_t id, struct text *t)
{
	static const char *const prefix[] = { "", "self->", "this->" };

	if (id < DIF_VAR_USER) {
		snprintf(t->comment, sizeof(t->comment), "%s", builtin_name(id));
		return;
	}
	for (uint32_t i = 0; i < d->nvars; i++)
		if (d->vars[i].id == id && d->vars[i].scope == op_scope(op))
			snprintf(t->comment, sizeof(t->comment), "%s%s", prefix[d->vars[i].scope],
				 d->strs + d->vars[i].name);
}

static bool is_store(uint32_t op)
{
	return op == DIF_OP_STGS || op == DIF_OP_STTS || op == DIF_OP_STLS || op == DIF_OP_STGAA ||
	       op == DIF_OP_STTAA;
}

static void table_operand(const struct dt_difo *d, uint32_t i, struct text *t)
{
	uint32_t imm = DIF_IMM16(i), rd = DIF_RD(i), op = DIF_OP(i);
	size_t n = sizeof(t->operand);

	switch (ops[op].fmt) {
	case 'I':
		snprintf(t->operand, n, "DT_INTEGER[%u], %%r%u", imm, rd);
		if (imm < d->nints)
			snprintf(t->comment, sizeof(t->comment), "0x%llx", (unsigned long long)d->ints[imm]);
		break;
	case 'S':
		snprintf(t->operand, n, "DT_STRING[%u], %%r%u", imm, rd);
		if (imm < d->nstrs)
			quote(d->strs + imm, t->comment, sizeof(t->comment));
		break;
	case 'V':
		if (is_store(op))
			snprintf(t->operand, n, "%%r%u, DT_VAR(0x%x)", rd, imm);
		else
			snprintf(t->operand, n, "DT_VAR(0x%x), %%r%u", imm, rd);
		var_comment(d, op, imm, t);
		break;
	case 'A':
		snprintf(t->operand, n, "DT_VAR(0x%x)[%%r%u], %%r%u", DIF_R1(i), DIF_R2(i), rd);
		snprintf(t->comment, sizeof(t->comment), "%s[]", builtin_name(DIF_R1(i)));
		break;
	default:
		snprintf(t->operand, n, "DIF_SUBR(%u), %%r%u", imm, rd);
		snprintf(t->comment, sizeof(t->comment), "%s", imm < DIF_SUBR_MAX ? subrs[imm] : "?");
	}
}

static bool is_load(uint32_t op)
{
	return op >= DIF_OP_LDSB && op <= DIF_OP_ULDX;
}

static void operand(const struct dt_difo *d, uint32_t i, struct text *t)
{
	uint32_t op = DIF_OP(i), r1 = DIF_R1(i), r2 = DIF_R2(i), rd = DIF_RD(i);
	size_t n = sizeof(t->operand);

	switch (ops[op].fmt) {
	case 'N':
		break;
	case '3':
		snprintf(t->operand, n, "%%r%u, %%r%u, %%r%u", r1, r2, rd);
		break;
	case '2':
		snprintf(t->operand, n, is_load(op) ? "[%%r%u], %%r%u" :
			 op >= DIF_OP_STB && op <= DIF_OP_STX ? "%%r%u, [%%r%u]" : "%%r%u, %%r%u", r1, rd);
		break;
	case 'C':
		snprintf(t->operand, n, "%%r%u, %%r%u", r1, r2);
		break;
	case '1':
		snprintf(t->operand, n, "%%r%u", r1);
		break;
	case 'D':
		snprintf(t->operand, n, "%%r%u", rd);
		break;
	case 'B':
		snprintf(t->operand, n, "%u", DIF_LABEL(i));
		break;
	case 'T':
		snprintf(t->operand, n, "DT_TYPE(%u), %%r%u, %%r%u", rd, r1, r2);
		snprintf(t->comment, sizeof(t->comment), "%s", rd < 3 ? kinds[rd] : "?");
		break;
	default:
		table_operand(d, i, t);
	}
}

/* ---- Lines --------------------------------------------------------------------------- */

static void lower(const char *s, char *out, size_t n)
{
	size_t i;

	for (i = 0; s[i] && i + 1 < n; i++)
		out[i] = (char)tolower((unsigned char)s[i]);
	out[i] = '\0';
}

static void print_instr(const struct dt_difo *d, uint32_t pc, FILE *out)
{
	struct text t = { "", "" };
	uint32_t i = d->text[pc];
	char name[16] = "?", line[128];

	if (DIF_OP(i) < DIF_OP_MAX) {
		lower(ops[DIF_OP(i)].name, name, sizeof(name));
		operand(d, i, &t);
	}
	snprintf(line, sizeof(line), "%-7s %s", name, t.operand);
	for (size_t n = strlen(line); n && line[n - 1] == ' '; n--)
		line[n - 1] = '\0';
	if (t.comment[0])
		fprintf(out, "%03u: %08x  %-36s ! %s\n", pc, i, line, t.comment);
	else
		fprintf(out, "%03u: %08x  %s\n", pc, i, line);
}

/* The source line that the instructions from here on come from. */
static void print_source(const char *src, unsigned line, FILE *out)
{
	const char *p = src;
	int len;

	while (--line && p) {
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	if (!p)
		return;
	while (*p == ' ' || *p == '\t')
		p++;
	len = (int)strcspn(p, "\n");
	if (len)
		fprintf(out, "! %.*s\n", len, p);
}

static void print_type(const struct dif_type *t, FILE *out)
{
	switch (t->kind) {
	case DIF_TYPE_STRING:
		fprintf(out, "string (by ref)");
		break;
	case DIF_TYPE_STRUCT:
		fprintf(out, "struct (by ref), %u bytes", t->size);
		break;
	default:
		if (t->size)
			fprintf(out, "%s%u", t->flags & DIF_TF_SIGNED ? "int" : "uint", t->size * 8);
		else
			fprintf(out, "void");
	}
}

static void print_vars(const struct dt_difo *d, FILE *out)
{
	static const char *const scopes[] = { "global", "self", "this" };

	if (d->nvars)
		fprintf(out, "%-16s %-6s %-7s %-6s %-5s TYPE\n", "NAME", "ID", "SCOPE", "KIND", "USE");
	for (uint32_t i = 0; i < d->nvars; i++) {
		const struct dif_var *v = &d->vars[i];

		fprintf(out, "%-16s 0x%-4x %-7s %-6s %-5s ", d->strs + v->name, v->id, scopes[v->scope],
			v->kind == DIF_KIND_ARRAY ? "array" : "scalar",
			v->flags == DIF_VF_LOAD ? "r" : v->flags == DIF_VF_STORE ? "w" : "rw");
		print_type(&v->type, out);
		fputc('\n', out);
	}
}

void dt_difo_print(const struct dt_difo *d, const char *title, const char *src, FILE *out)
{
	unsigned line = 0;
	char name[128];

	fprintf(out, "DIFO %s returns %s, ", title,
		d->ctype ? dt_type_name(d->ctype, name, sizeof(name)) : "?");
	print_type(&d->rtype, out);
	fprintf(out, "\nOFF  OPCODE    INSTRUCTION\n");
	for (uint32_t pc = 0; pc < d->ntext; pc++) {
		if (src && d->lines && d->lines[pc] && d->lines[pc] != line)
			print_source(src, line = d->lines[pc], out);
		print_instr(d, pc, out);
	}
	print_vars(d, out);
}
