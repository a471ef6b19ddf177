// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The compiler as a whole: what it refuses and where it points, what it
 * compiles to, and that a failed compilation leaves nothing behind. What the
 * compiled programs do is in exec_test.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlang.h"

struct world {
	struct dt_types *types;
	struct dt_idents *idents;
	struct dt_diag diag;
	struct dt_macros macros;
	struct dt_compile cc;
	char option[128];
};

static int set_option(void *ctx, const char *name, const char *value, char *err, size_t n)
{
	struct world *w = ctx;

	snprintf(w->option, sizeof(w->option), "%s=%s", name, value ? value : "(none)");
	if (strcmp(name, "nosuch"))
		return 0;
	snprintf(err, n, "there is no option nosuch");
	return -1;
}

static void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->types = dt_types_create();
	w->idents = dt_idents_create(w->types);
	assert_non_null(w->idents);
	w->cc = (struct dt_compile){
		.types = w->types, .idents = w->idents, .macros = &w->macros, .diag = &w->diag,
		.option = set_option, .ctx = w, .strsize = 256, .stackframes = 20, .ustackframes = 20,
	};
}

static void world_fini(struct world *w)
{
	dt_idents_destroy(w->idents);
	dt_types_destroy(w->types);
}

static struct dt_program *compile(struct world *w, const char *text)
{
	w->diag = (struct dt_diag){ 0 };
	return dt_compile(&w->cc, text, strlen(text));
}

static struct dt_program *must_compile(struct world *w, const char *text)
{
	struct dt_program *p = compile(w, text);

	if (!p)
		fail_msg("%s\n\t%u:%u: [%s] %s", text, w->diag.loc.line, w->diag.loc.col,
			 dt_tag_name(w->diag.tag), w->diag.msg);
	return p;
}

/* ---- What is refused ------------------------------------------------------------------ */

static const struct {
	const char *text;
	enum dt_tag tag;
	unsigned col;
} errors[] = {
	{ "BEGIN{ x = y; }", D_IDENT_UNDEF, 12 },
	{ "BEGIN{ trace(excname); }", D_IDENT_UNDEF, 14 },
	{ "BEGIN{ self->foo++; trace(self->fooo); }", D_VAR_UNDEF, 27 },
	{ "BEGIN{ this->a[1] = 2; }", D_ARR_LOCAL, 8 },
	{ "BEGIN{ trace(this->x); }", D_VAR_UNDEF, 14 },
	{ "BEGIN{ strlen; }", D_IDENT_BADREF, 8 },
	{ "BEGIN{ trace(strlen); }", D_IDENT_BADREF, 14 },
	{ "BEGIN{ a[1] = 2; trace(a); }", D_IDENT_BADREF, 24 },
	{ "BEGIN{ a[1] = 2; trace(a[1, 2]); }", D_PROTO_LEN, 24 },
	{ "BEGIN{ a[1] = 2; a[\"x\"] = 3; }", D_PROTO_ARG, 20 },
	{ "BEGIN{ a[\"x\"] = 2; a[1] = 3; }", D_PROTO_ARG, 22 },
	{ "BEGIN{ x = 1; trace(x[0]); }", D_ARR_BADREF, 21 },
	{ "int a[3]; BEGIN{ a[3] = 1; }", D_ARR_BOUNDS, 20 },
	{ "int a[3]; BEGIN{ a[1, 2] = 1; }", D_PROTO_LEN, 23 },
	{ "BEGIN{ pid = 3; }", D_OP_WRITE, 12 },
	{ "BEGIN{ 1 = 2; }", D_OP_LVAL, 10 },
	{ "BEGIN{ x + 1; }", D_IDENT_UNDEF, 8 },
	{ "BEGIN{ x = \"a\"; x = 1; }", D_OP_INCOMPAT, 19 },
	{ "BEGIN{ x = 1; x = \"a\"; }", D_OP_INCOMPAT, 17 },
	{ "BEGIN{ x = \"a\" + execname; }", D_OP_INCOMPAT, 16 },
	{ "BEGIN{ x = \"a\" * \"b\"; }", D_OP_ARITH, 16 },
	{ "BEGIN{ x = -\"a\"; }", D_OP_ARITH, 12 },
	{ "BEGIN{ x = ~execname; }", D_OP_INT, 12 },
	{ "BEGIN{ x = !execname; }", D_OP_SCALAR, 12 },
	{ "BEGIN{ x = execname && 1; }", D_OP_SCALAR, 21 },
	{ "BEGIN{ x = execname ? 1 : 2; }", D_OP_SCALAR, 21 },
	{ "BEGIN{ x = 1 ? \"a\" : 2; }", D_OP_INCOMPAT, 14 },
	{ "BEGIN /execname/ { }", D_PRED_SCALAR, 8 },
	{ "BEGIN{ if (execname) trace(1); }", D_OP_SCALAR, 12 },
	{ "BEGIN{ x = execname == 3; }", D_OP_INCOMPAT, 21 },
	{ "BEGIN{ x = execname < NULL; }", D_OP_INCOMPAT, 21 },
	{ "BEGIN{ x = (int *)0 + (int *)0; }", D_OP_INCOMPAT, 21 },
	{ "BEGIN{ x = 1 - (int *)8; }", D_OP_INCOMPAT, 14 },
	{ "BEGIN{ x = (int *)8 - (char *)8; }", D_OP_INCOMPAT, 21 },
	{ "BEGIN{ x = (void *)8 + 1; }", D_OP_INCOMPAT, 24 },
	{ "BEGIN{ x = (int *)8 * 2; }", D_OP_ARITH, 21 },
	{ "BEGIN{ x = (int *)8 == (char *)8; }", D_OP_INCOMPAT, 21 },
	{ "BEGIN{ x = *3; }", D_DEREF_NONPTR, 12 },
	{ "BEGIN{ x = *(void *)3; }", D_DEREF_VOID, 12 },
	{ "BEGIN{ x = *(struct foo *)3; }", D_OP_INCOMPLETE, 12 },
	{ "BEGIN{ x = ((struct foo *)3)->a; }", D_OP_INCOMPLETE, 31 },
	{ "BEGIN{ x = curthread->pid; }", D_OP_INCOMPLETE, 23 },
	{ "struct s { int a; int f : 3; }; struct s v; BEGIN{ x = v.b; }", D_TYPE_MEMBER, 58 },
	{ "struct s { int a; int f : 3; }; struct s *v; BEGIN{ x = v.a; }", D_OP_SOU, 59 },
	{ "struct s { int a; int f : 3; }; struct s v; BEGIN{ x = v->a; }", D_OP_PTR, 59 },
	{ "struct s { int a; int f : 3; }; struct s v; BEGIN{ x = &v.f; }", D_ADDROF_BITFIELD, 56 },
	{ "struct s { int a; int f : 3; }; struct s v; BEGIN{ x = &v.a; }", D_ADDROF_VAR, 56 },
	{ "struct s { int a; int f : 3; }; struct s v; BEGIN{ x = &v; }", D_ADDROF_VAR, 56 },
	{ "struct s { int a; int f : 3; }; struct s v; BEGIN{ x = v + 1; }", D_OP_ARITH, 58 },
	{ "struct s { int a; int f : 3; }; struct s v; BEGIN{ x = (int)v; }", D_CAST_INVAL, 56 },
	{ "struct s { int a; int f : 3; }; struct s v; BEGIN{ v = 3; }", D_OP_INCOMPAT, 54 },
	{ "struct s { int a; int f : 3; }; struct s v; BEGIN{ trace(sizeof(v.f)); }", D_SIZEOF_BITFIELD, 58 },
	{ "struct s { int a; int f : 3; }; struct s v; BEGIN{ trace(offsetof(struct s, f)); "
	  "}", D_OFFSETOF_BITFIELD, 58 },
	{ "struct s { int a; int f : 3; }; struct s v; BEGIN{ trace(offsetof(struct s, z)); }", D_UNKNOWN, 58 },
	{ "struct s { int a; int f : 3; }; struct s v; BEGIN{ trace(offsetof(int, z)); }", D_OFFSETOF_TYPE, 58 },
	{ "struct s { int a; int f : 3; }; struct s v; BEGIN{ trace(stringof(v)); }", D_STRINGOF_TYPE, 58 },
	{ "BEGIN{ x = &3; }", D_ADDROF_LVAL, 12 },
	{ "BEGIN{ x = &pid; }", D_ADDROF_VAR, 12 },
	{ "BEGIN{ trace(sizeof(struct foo)); }", D_SIZEOF_TYPE, 14 },
	{ "BEGIN{ x = 1 / 0; }", D_DIV_ZERO, 14 },
	{ "BEGIN{ x = pid % 0; }", D_DIV_ZERO, 16 },
	{ "BEGIN{ x = 1; x /= 0; }", D_DIV_ZERO, 17 },
	{ "BEGIN{ trace(`foo); }", D_IDENT_UNDEF, 14 },
	{ "BEGIN{ trace(args[0]); }", D_ARGS_IDX, 14 },
	{ "BEGIN{ trace(foo()); }", D_FUNC_UNDEF, 14 },
	{ "BEGIN{ trace(strlenn(\"a\")); }", D_FUNC_UNDEF, 14 },
	{ "BEGIN{ trace(pid()); }", D_FUNC_IDKIND, 14 },
	{ "BEGIN{ trace(strlen()); }", D_PROTO_LEN, 14 },
	{ "BEGIN{ trace(strlen(\"a\", 1)); }", D_PROTO_LEN, 14 },
	{ "BEGIN{ trace(strlen(1)); }", D_PROTO_ARG, 21 },
	{ "BEGIN{ trace(substr(\"a\")); }", D_PROTO_LEN, 14 },
	{ "BEGIN{ trace(copyinstr(\"a\")); }", D_PROTO_ARG, 24 },
	{ "BEGIN{ system(1); }", D_PROTO_ARG, 15 },
	{ "BEGIN{ setopt(1); }", D_PROTO_ARG, 15 },
	{ "BEGIN{ x = trace(1); }", D_OP_ACT, 12 },
	{ "BEGIN{ x = count(); }", D_CG_EXPR, 12 },
	{ "BEGIN{ count(); }", D_CG_EXPR, 8 },
	{ "BEGIN{ x = @a; }", D_OP_ACT, 12 },
	{ "BEGIN{ @a; }", D_AGG_NULL, 8 },
	{ "BEGIN{ @a++; }", D_AGG_FUNC, 10 },
	{ "BEGIN{ @a = 5; }", D_AGG_FUNC, 11 },
	{ "BEGIN{ @a = strlen(\"a\"); }", D_AGG_FUNC, 13 },
	{ "BEGIN{ @a = foo(); }", D_FUNC_UNDEF, 13 },
	{ "BEGIN{ @a += count(); }", D_AGG_FUNC, 11 },
	{ "BEGIN{ @a = count(1); }", D_PROTO_LEN, 13 },
	{ "BEGIN{ @a = sum(); }", D_PROTO_LEN, 13 },
	{ "BEGIN{ @a = sum(\"x\"); }", D_AGG_SCALAR, 17 },
	{ "BEGIN{ @a = count(); @a = sum(1); }", D_AGG_REDEF, 27 },
	{ "BEGIN{ @a[1] = count(); @a[1, 2] = count(); }", D_PROTO_LEN, 25 },
	{ "BEGIN{ @a[1] = count(); @a[\"x\"] = count(); }", D_PROTO_ARG, 28 },
	{ "BEGIN{ @a[ustack()] = count(); @a[1] = count(); }", D_PROTO_ARG, 35 },
	{ "BEGIN{ @a[trace(1)] = count(); }", D_KEY_TYPE, 11 },
	{ "BEGIN{ @a[@b] = count(); }", D_KEY_TYPE, 11 },
	{ "BEGIN{ @a = quantize(); }", D_PROTO_LEN, 13 },
	{ "BEGIN{ @a = lquantize(1); }", D_PROTO_LEN, 13 },
	{ "BEGIN{ @a = lquantize(1, pid, 2); }", D_LQUANT_BASETYPE, 26 },
	{ "BEGIN{ @a = lquantize(1, 0, pid); }", D_LQUANT_LIMTYPE, 29 },
	{ "BEGIN{ @a = lquantize(1, 0, 10, pid); }", D_LQUANT_STEPTYPE, 33 },
	{ "BEGIN{ @a = lquantize(1, 0x100000000, 10); }", D_LQUANT_BASEVAL, 26 },
	{ "BEGIN{ @a = lquantize(1, 0, 0x100000000); }", D_LQUANT_LIMVAL, 29 },
	{ "BEGIN{ @a = lquantize(1, 10, 10); }", D_LQUANT_MISMATCH, 30 },
	{ "BEGIN{ @a = lquantize(1, 0, 10, 0); }", D_LQUANT_STEPVAL, 33 },
	{ "BEGIN{ @a = lquantize(1, 0, 10, 11); }", D_LQUANT_STEPLARGE, 33 },
	{ "BEGIN{ @a = lquantize(1, 0, 100000, 1); }", D_LQUANT_STEPSMALL, 37 },
	{ "BEGIN{ @a = lquantize(1, 0, 10); @a = lquantize(1, 0, 20); }", D_LQUANT_MATCHLIM, 39 },
	{ "BEGIN{ @a = llquantize(1, pid, 0, 3, 10); }", D_LLQUANT_FACTORTYPE, 27 },
	{ "BEGIN{ @a = llquantize(1, 1, 0, 3, 10); }", D_LLQUANT_FACTORVAL, 27 },
	{ "BEGIN{ @a = llquantize(1, 10, 3, 3, 10); }", D_LLQUANT_HMAGVAL, 31 },
	{ "BEGIN{ @a = llquantize(1, 10, 0, 3, 5); }", D_LLQUANT_STEPVAL, 37 },
	{ "BEGIN{ @a = llquantize(1, 10, 0, 3, 15); }", D_LLQUANT_STEPVAL, 37 },
	{ "BEGIN{ @a = llquantize(1, 10, 0, 30, 10); }", D_LLQUANT_HMAGVAL, 34 },
	{ "BEGIN{ @a = llquantize(1, 10, -1, 3, 10); }", D_LLQUANT_LMAGVAL, 31 },
	{ "BEGIN{ trace(); }", D_PROTO_LEN, 8 },
	{ "BEGIN{ trace(1, 2); }", D_PROTO_LEN, 8 },
	{ "BEGIN{ trace(bcopy(\"a\", alloca(2), 2)); }", D_TRACE_VOID, 14 },
	{ "BEGIN{ trace(@a); }", D_TRACE_AGG, 14 },
	{ "BEGIN{ exit(); }", D_PROTO_LEN, 8 },
	{ "struct s { int a; }; typedef int t_t; enum e { EA }; BEGIN{ exit(); }", D_PROTO_LEN, 61 },
	{ "BEGIN{ exit(\"x\"); }", D_PROTO_ARG, 13 },
	{ "BEGIN{ tracemem(1); }", D_PROTO_LEN, 8 },
	{ "BEGIN{ tracemem(1, pid); }", D_TRACEMEM_SIZE, 20 },
	{ "BEGIN{ tracemem(1, 0); }", D_TRACEMEM_SIZE, 20 },
	{ "BEGIN{ stack(\"x\"); }", D_STACK_SIZE, 14 },
	{ "BEGIN{ stack(0); }", D_STACK_SIZE, 14 },
	{ "BEGIN{ stack(1, 2); }", D_STACK_PROTO, 8 },
	{ "BEGIN{ ustack(pid); }", D_USTACK_FRAMES, 15 },
	{ "BEGIN{ ustack(1, -1); }", D_USTACK_STRSIZE, 18 },
	{ "BEGIN{ usym(\"x\"); }", D_PROTO_ARG, 13 },
	{ "BEGIN{ printf(); }", D_PROTO_LEN, 8 },
	{ "BEGIN{ printf(probename); }", D_PRINTF_ARG_FMT, 15 },
	{ "BEGIN{ printf(\"%\"); }", D_SYNTAX, 15 },
	{ "BEGIN{ printf(\"%q\"); }", D_SYNTAX, 15 },
	{ "BEGIN{ printf(\"%d\"); }", D_PRINTF_ARG_PROTO, 8 },
	{ "BEGIN{ printf(\"%d\", 1, 2); }", D_PRINTF_ARG_EXTRA, 24 },
	{ "BEGIN{ printf(\"\"); }", D_PRINTF_FMT_EMPTY, 15 },
	{ "BEGIN{ printf(\"%1$d\", 1); }", D_SYNTAX, 15 },
	{ "BEGIN{ printf(\"%5%\"); }", D_SYNTAX, 15 },
	{ "BEGIN{ printf(\"%Y\", (int)1); }", D_PRINTF_ARG_TYPE, 21 },
	{ "BEGIN{ printf(\"%c\", 1LL); }", D_PRINTF_ARG_TYPE, 21 },
	{ "BEGIN{ printf(\"%ws\", \"x\"); }", D_PRINTF_ARG_TYPE, 22 },
	{ "BEGIN{ printf(\"%d\", \"x\"); }", D_PRINTF_ARG_TYPE, 21 },
	{ "BEGIN{ printf(\"%s\", 1); }", D_PRINTF_ARG_TYPE, 21 },
	{ "BEGIN{ printf(\"%f\", 1); }", D_PRINTF_ARG_TYPE, 21 },
	{ "BEGIN{ printf(\"%k\", 1); }", D_PRINTF_ARG_TYPE, 21 },
	{ "BEGIN{ printf(\"%*d\", \"x\", 1); }", D_PRINTF_DYN_TYPE, 22 },
	{ "BEGIN{ printf(\"%*d\"); }", D_PRINTF_DYN_PROTO, 8 },
	{ "BEGIN{ printf(\"%@d\", 1); }", D_PRINTF_AGG_CONV, 8 },
	{ "BEGIN{ printf(\"%I\", 1); }", D_PRINTF_ARG_TYPE, 21 },
	{ "BEGIN{ printa(); }", D_PROTO_LEN, 8 },
	{ "BEGIN{ print(@a); }", D_PRINT_AGG, 14 },
	{ "BEGIN{ printm(pid, 1); }", D_PRINTM_SIZE, 15 },
	{ "BEGIN{ printa(\"x\"); }", D_PRINTA_PROTO, 15 },
	{ "BEGIN{ printa(1); }", D_PRINTA_AGGARG, 15 },
	{ "BEGIN{ printa(@a); }", D_PRINTA_AGGBAD, 15 },
	{ "BEGIN{ @a[1] = count(); printa(@a[1]); }", D_PRINTA_AGGARG, 32 },
	{ "BEGIN{ @a[1] = count(); printa(\"%d %d %@d\", @a); }", D_PRINTF_ARG_PROTO, 25 },
	{ "BEGIN{ @a[1] = count(); printa(\"%s %@d\", @a); }", D_PRINTF_ARG_TYPE, 25 },
	{ "BEGIN{ @a[1] = count(); printa(\"%@s\", @a); }", D_PRINTF_ARG_TYPE, 25 },
	{ "BEGIN{ @a[1] = count(); @b = count(); printa(\"%@d\", @a, @b); }", D_PRINTA_AGGPROTO, 57 },
	{ "BEGIN{ @a[1] = count(); @b[\"x\"] = count(); printa(\"%@d\", @a, @b); }", D_PRINTA_AGGKEY, 62 },
	{ "BEGIN{ @a[ustack()] = count(); printa(\"%s\", @a); }", D_PRINTF_ARG_TYPE, 32 },
	{ "BEGIN{ clear(1); }", D_CLEAR_AGGARG, 14 },
	{ "BEGIN{ clear(@a); }", D_CLEAR_AGGBAD, 14 },
	{ "BEGIN{ @a = count(); trunc(@a, \"x\"); }", D_TRUNC_SCALAR, 32 },
	{ "BEGIN{ @a = count(); normalize(@a); }", D_NORMALIZE_PROTO, 22 },
	{ "BEGIN{ @a = count(); normalize(@a, 0); }", D_DIV_ZERO, 36 },
	{ "BEGIN{ @a = count(); denormalize(@a, 1); }", D_NORMALIZE_PROTO, 22 },
	{ "int a[20000]; BEGIN{ a[1] = 1; }", D_DIFO_SIZE, 22 },
	{ "inline int X[int a] = a; BEGIN{ trace(X); }", D_IDENT_BADREF, 39 },
	{ "inline int X = \"a\";", D_OP_INCOMPAT, 16 },
	{ "#pragma D option", D_PRAGMA_MALFORM, 1 },
	{ "#pragma D foo", D_PRAGMA_INVAL, 1 },
	{ "#pragma D depends_on x", D_PRAGMA_MALFORM, 1 },
	{ "#pragma D attributes x", D_PRAGMA_MALFORM, 1 },
	{ "", D_EMPTY, 0 },
	{ "BEGIN{ x = 1.5; }", D_SYNTAX, 12 },
};

static void test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct world w;
		struct dt_program *p;
		unsigned idents;
		size_t types;

		world_init(&w);
		idents = dt_idents_mark(w.idents);
		types = dt_types_mark(w.types);
		p = compile(&w, errors[i].text);
		if (p)
			fail_msg("%s: should be refused", errors[i].text);
		if (w.diag.tag != errors[i].tag || w.diag.loc.col != errors[i].col)
			fail_msg("%s\n\tis refused with %s in column %u (%s), not %s in column %u", errors[i].text,
				 dt_tag_name(w.diag.tag), w.diag.loc.col, w.diag.msg, dt_tag_name(errors[i].tag),
				 errors[i].col);
		assert_true(w.diag.msg[0] != '\0');
		/* nothing that the program entered is left */
		assert_int_equal(dt_idents_mark(w.idents), idents);
		assert_int_equal(dt_types_mark(w.types), types);
		world_fini(&w);
	}
}

/* The line counts, too. */
static void test_error_line(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	assert_null(compile(&w, "BEGIN\n{\n\tx = 1;\n\ttrace(x +\n\t    y);\n}\n"));
	assert_int_equal(w.diag.tag, D_IDENT_UNDEF);
	assert_int_equal(w.diag.loc.line, 5);
	assert_int_equal(w.diag.loc.col, 6);
	world_fini(&w);
}

static void test_hints(void **state)
{
	static const char *const cases[][2] = {
		{ "BEGIN{ trace(probefunk); }", "did you mean probefunc?" },
		{ "BEGIN{ copyinst(arg0); }", "did you mean copyinstr?" },
		{ "BEGIN{ self->abc = 1; trace(self->acb); }", "did you mean self->abc?" },
		{ "BEGIN{ printf(\"%d\", execname); }", "use %s" },
		{ "int *p; BEGIN{ p = arg0; }", "cast it: (int *)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world w;

		world_init(&w);
		assert_null(compile(&w, cases[i][0]));
		assert_string_equal(w.diag.hint, cases[i][1]);
		world_fini(&w);
	}
}

/* ---- What it compiles to ----------------------------------------------------------------- */

/* The instructions of the predicate and the actions of the first clause. */
static char *disassemble(const struct dt_program *p)
{
	char *text = NULL, *line, *out = NULL, *save = NULL;
	size_t len, outlen;
	FILE *f = open_memstream(&text, &len), *o;

	if (p->clauses[0].pred)
		dt_difo_print(p->clauses[0].pred, "pred", NULL, f);
	for (uint32_t i = 0; i < p->clauses[0].nactions; i++)
		if (p->clauses[0].actions[i].difo)
			dt_difo_print(p->clauses[0].actions[i].difo, "value", NULL, f);
	fclose(f);
	o = open_memstream(&out, &outlen);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (line[0] >= '0' && line[0] <= '9')
			fprintf(o, "%s\n", strlen(line) > 15 ? line + 15 : line);
	fclose(o);
	free(text);
	return out;
}

static void test_code(void **state)
{
	static const struct { const char *text, *code; } cases[] = {
		/* the kernel takes this key for constant per probe: two instructions, no more */
		{ "pid1:::entry{ @[probefunc] = count(); }",
		  "ldgs    DT_VAR(0x123), %r1           ! probefunc\n"
		  "ret     %r1\n" },
		{ "BEGIN{ trace(2 * (3 + 4) - sizeof(int)); }",
		  "setx    DT_INTEGER[0], %r1           ! 0xa\n"
		  "ret     %r1\n" },
		{ "BEGIN /pid == 3 && tid != 0/ { }",
		  "ldgs    DT_VAR(0x115), %r1           ! pid\n"
		  "setx    DT_INTEGER[0], %r2           ! 0x3\n"
		  "cmp     %r1, %r2\n"
		  "bne     10\n"
		  "ldgs    DT_VAR(0x116), %r1           ! tid\n"
		  "mov     %r0, %r2\n"
		  "cmp     %r1, %r2\n"
		  "be      10\n"
		  "setx    DT_INTEGER[1], %r1           ! 0x1\n"
		  "ba      11\n"
		  "mov     %r0, %r1\n"
		  "ret     %r1\n" },
		{ "BEGIN{ self->t[execname, 1] = timestamp; }",
		  "ldgs    DT_VAR(0x11a), %r1           ! execname\n"
		  "setx    DT_INTEGER[0], %r2           ! 0x1\n"
		  "ldgs    DT_VAR(0x110), %r3           ! timestamp\n"
		  "flushts\n"
		  "pushtr  DT_TYPE(1), %r1, %r0         ! string\n"
		  "pushtv  DT_TYPE(0), %r2, %r0         ! D scalar\n"
		  "sttaa   %r3, DT_VAR(0x500)           ! self->t\n"
		  "ret     %r3\n" },
		{ "BEGIN{ n++; }",
		  "ldgs    DT_VAR(0x500), %r1           ! n\n"
		  "setx    DT_INTEGER[0], %r2           ! 0x1\n"
		  "add     %r1, %r2, %r1\n"
		  "stgs    %r1, DT_VAR(0x500)           ! n\n"
		  "ret     %r1\n" },
		{ "BEGIN{ trace(uregs[R_RDI]); }",
		  "setx    DT_INTEGER[0], %r1           ! 0x8\n"
		  "ldga    DT_VAR(0x1)[%r1], %r2        ! uregs[]\n"
		  "ret     %r2\n" },
		{ "BEGIN{ trace(*(userland short *)arg0); }",
		  "ldgs    DT_VAR(0x100), %r1           ! arg0\n"
		  "uldsh   [%r1], %r2\n"
		  "ret     %r2\n" },
		{ "BEGIN{ trace(copyinstr(arg1) == \"a\\n\" ? 1 : 0); }",
		  "ldgs    DT_VAR(0x101), %r1           ! arg1\n"
		  "flushts\n"
		  "pushtv  DT_TYPE(0), %r1, %r0         ! D scalar\n"
		  "call    DIF_SUBR(1), %r2             ! copyinstr\n"
		  "sets    DT_STRING[6], %r1            ! \"a\\n\"\n"
		  "scmp    %r2, %r1\n"
		  "bne     9\n"
		  "setx    DT_INTEGER[0], %r1           ! 0x1\n"
		  "ba      11\n"
		  "mov     %r0, %r2\n"
		  "mov     %r2, %r1\n"
		  "ret     %r1\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world w;
		struct dt_program *p;
		char *code;

		world_init(&w);
		p = must_compile(&w, cases[i].text);
		code = disassemble(p);
		if (strcmp(code, cases[i].code))
			fail_msg("%s\n%s\nwanted\n%s", cases[i].text, code, cases[i].code);
		free(code);
		dt_program_free(p);
		world_fini(&w);
	}
}

/* -S as people see it. */
static void test_listing(void **state)
{
	static const char src[] = "BEGIN\n{\n\tx = pid +\n\t    1;\n}\n";
	static const char want[] =
		"DIFO x returns int32_t, int32\n"
		"OFF  OPCODE    INSTRUCTION\n"
		"! x = pid +\n"
		"000: 34011501  ldgs    DT_VAR(0x115), %r1           ! pid\n"
		"! 1;\n"
		"001: 31000002  setx    DT_INTEGER[0], %r2           ! 0x1\n"
		"! x = pid +\n"
		"002: 08010201  add     %r1, %r2, %r1\n"
		"003: 31000102  setx    DT_INTEGER[1], %r2           ! 0x20\n"
		"004: 04010201  sll     %r1, %r2, %r1\n"
		"005: 06010201  sra     %r1, %r2, %r1\n"
		"006: 35050001  stgs    %r1, DT_VAR(0x500)           ! x\n"
		"007: 30000001  ret     %r1\n"
		"NAME             ID     SCOPE   KIND   USE   TYPE\n"
		"pid              0x115  global  scalar r     int32\n"
		"x                0x500  global  scalar w     int32\n";
	struct world w;
	struct dt_program *p;
	char *text = NULL;
	size_t len;
	FILE *f;

	(void)state;
	world_init(&w);
	p = must_compile(&w, src);
	f = open_memstream(&text, &len);
	dt_difo_print(p->clauses[0].actions[0].difo, "x", src, f);
	fclose(f);
	assert_string_equal(text, want);
	assert_string_equal(p->clauses[0].text, "BEGIN\n{\n\tx = pid +\n\t    1;\n}");
	free(text);
	dt_program_free(p);
	world_fini(&w);
}

/* ---- Programs ------------------------------------------------------------------------------- */

/* Probe descriptions, statements, aggregations: what libdtrace relies on. */
static void test_shape(void **state)
{
	struct world w;
	struct dt_program *p;
	const struct dt_clause *c;

	(void)state;
	world_init(&w);
	p = must_compile(&w, "pid7:libc:mal*:entry, tick-1s /1/ { trace(\"x\"); printf(\"%d\", 2); "
			     "@a[1, pid] = sum(1); printa(\"%@d\", @a); trunc(@a, 3); } END{}");
	assert_int_equal(p->nclauses, 2);
	c = &p->clauses[0];
	assert_int_equal(c->npats, 2);
	assert_string_equal(c->pats[0].dtpd_provider, "pid7");
	assert_string_equal(c->pats[0].dtpd_mod, "libc");
	assert_string_equal(c->pats[0].dtpd_func, "mal*");
	assert_string_equal(c->pats[0].dtpd_name, "entry");
	assert_string_equal(c->pats[1].dtpd_name, "tick-1s");
	assert_int_equal(c->patlocs[1].col, 23);
	assert_non_null(c->pred);
	assert_int_equal(p->nstmts, 5);
	assert_int_equal(c->nactions, 7);
	assert_int_equal(c->actions[0].kind, DTRACEACT_DIFEXPR);
	assert_true(dt_type_is_string(c->actions[0].type));
	assert_int_equal(c->actions[1].kind, DTRACEACT_PRINTF);
	assert_string_equal(c->actions[1].stmt->fmt->text, "%d");
	assert_int_equal(c->actions[4].kind, DTRACEAGG_SUM);
	assert_int_equal(c->actions[4].ntuple, 2);
	assert_int_equal(c->actions[5].kind, DTRACEACT_PRINTA);
	assert_int_equal(c->actions[5].stmt->naggs, 1);
	assert_int_equal(c->actions[5].stmt->aggs[0]->id, c->actions[4].varid);
	assert_ptr_equal(dt_ident_agg_by_id(w.idents, c->actions[4].varid), c->actions[5].stmt->aggs[0]);
	assert_int_equal(c->actions[6].arg, DT_ACT_TRUNC);
	assert_int_equal(p->clauses[1].nactions, 1);
	assert_int_equal(p->clauses[1].actions[0].kind, DTRACEACT_DEFAULT);
	dt_program_free(p);
	world_fini(&w);
}

/* Ids hold from one program to the next; a failed one gives back those it took. */
static void test_several(void **state)
{
	struct world w;
	struct dt_program *p;
	struct dt_ident *id;

	(void)state;
	world_init(&w);
	dt_program_free(must_compile(&w, "BEGIN{ x = 1; @a[1] = count(); }"));
	id = dt_ident_lookup(w.idents, DT_SCOPE_GLOBAL, "x");
	assert_int_equal(id->id, DIF_VAR_USER);
	assert_null(compile(&w, "BEGIN{ y = 1; z = nosuch; }"));
	assert_null(dt_ident_lookup(w.idents, DT_SCOPE_GLOBAL, "y"));
	p = must_compile(&w, "BEGIN{ q = x; @a[2] = count(); @b = count(); }");
	assert_int_equal(dt_ident_lookup(w.idents, DT_SCOPE_GLOBAL, "q")->id, DIF_VAR_USER + 1);
	assert_ptr_equal(dt_ident_lookup(w.idents, DT_SCOPE_GLOBAL, "x"), id);
	assert_int_equal(dt_ident_lookup_agg(w.idents, "b")->id, 2);
	dt_program_free(p);
	/* @a's key cannot be widened any more, within one program it could */
	assert_null(compile(&w, "BEGIN{ @a[timestamp] = count(); }"));
	assert_int_equal(w.diag.tag, D_KEY_TYPE);
	p = must_compile(&w, "BEGIN{ @c[1] = count(); @c[timestamp] = count(); }");
	assert_int_equal(p->clauses[0].actions[0].difo->rtype.size, 8);
	dt_program_free(p);
	world_fini(&w);
}

static void test_pragmas(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	dt_program_free(must_compile(&w, "#pragma D option quiet\nBEGIN{}"));
	assert_string_equal(w.option, "quiet=(none)");
	dt_program_free(must_compile(&w, "#pragma D option bufsize = 4m\nBEGIN{}"));
	assert_string_equal(w.option, "bufsize=4m");
	dt_program_free(must_compile(&w, "#pragma ident \"x\"\n#ident \"y\"\nBEGIN{}"));
	assert_null(compile(&w, "#pragma D option nosuch=1\nBEGIN{}"));
	assert_int_equal(w.diag.tag, D_PRAGMA_OPTSET);
	assert_string_equal(w.diag.msg, "there is no option nosuch");
	world_fini(&w);
}

static void test_empty(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	assert_null(compile(&w, "/* nothing */\n"));
	assert_int_equal(w.diag.tag, D_EMPTY);
	w.cc.empty_ok = true;
	dt_program_free(must_compile(&w, "/* nothing */\n"));
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors), cmocka_unit_test(test_error_line), cmocka_unit_test(test_hints),
		cmocka_unit_test(test_code), cmocka_unit_test(test_listing), cmocka_unit_test(test_shape),
		cmocka_unit_test(test_several), cmocka_unit_test(test_pragmas), cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
