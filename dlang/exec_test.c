// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * D programs, compiled, checked and run by the engine: what they record.
 * Arithmetic is in conv_test.c; here are variables, strings, memory, structs,
 * calls, aggregations and if.
 */
#include <stdarg.h>
#include <stddef.h>

#include "test_machine.h"

/* What a firing of @text records must read @want: scalars in decimal (signed as
 * their type), strings in quotes, clauses apart by " | ". */
static void field_text(const struct machine_field *f, const struct dt_action *a, char *out, size_t n)
{
	uint64_t v;

	if (f->rec->dtrd_size == 0) {
		snprintf(out, n, "-");
	} else if (a->difo && a->difo->rtype.kind == DIF_TYPE_STRING) {
		snprintf(out, n, "\"%s\"", (const char *)f->data);
	} else if (f->rec->dtrd_size > 8) {
		snprintf(out, n, "<%u bytes>", f->rec->dtrd_size);
	} else {
		v = machine_scalar(f);
		if (a->difo->rtype.flags & DIF_TF_SIGNED) {
			unsigned shift = 64 - 8 * f->rec->dtrd_size;

			snprintf(out, n, "%lld", (long long)(v << shift) >> shift);
		} else {
			snprintf(out, n, "%llu", (unsigned long long)v);
		}
	}
}

/* The action that made record @i of a clause: those that record, in order, but no keys of aggregations. */
static const struct dt_action *action_of(const struct dt_clause *c, uint32_t i)
{
	const struct dt_action *made[64];
	uint32_t n = 0;

	for (uint32_t a = 0; a < c->nactions; a++) {
		if (DTRACEACT_ISAGG(c->actions[a].kind))
			n -= c->actions[a].ntuple;
		else if (c->actions[a].kind != DTRACEACT_DIFVAL && c->actions[a].kind != DTRACEACT_DEFAULT)
			made[n++] = &c->actions[a];
	}
	return i < n ? made[i] : NULL;
}

static void fire_text(struct machine *m, uint32_t prog, char *out, size_t size)
{
	struct machine_field f = { 0 };
	uint32_t last = UINT32_MAX;
	size_t n = 0;

	machine_fire(m, m->kprog[prog]);
	out[0] = '\0';
	while (machine_next(m, m->kprog[prog], &f)) {
		const struct dt_action *a = action_of(&m->prog[prog]->clauses[f.clause], f.i - 1);

		if (last != UINT32_MAX)
			n += (size_t)snprintf(out + n, size - n, last == f.clause ? " " : " | ");
		last = f.clause;
		assert_non_null(a);
		field_text(&f, a, out + n, size - n);
		n += strlen(out + n);
	}
}

static void expect(struct machine *m, const char *text, const char *want)
{
	char got[4096];

	machine_compile(m, text);
	fire_text(m, m->nprogs - 1, got, sizeof(got));
	if (strcmp(got, want))
		fail_msg("%s\n\trecords: %s\n\twanted:  %s", text, got, want);
}

static void expect_fresh(const char *text, const char *want)
{
	struct machine *m = machine_create();

	expect(m, text, want);
	assert_int_equal(m->fault, 0);
	machine_destroy(m);
}

/* A program that ends in a fault, recording nothing in that clause. */
static void expect_fault(const char *text, uint32_t fault)
{
	struct machine *m = machine_create();

	expect(m, text, "");
	assert_int_equal(m->fault, fault);
	machine_destroy(m);
}

/* ---- Variables --------------------------------------------------------------------- */

static void test_variables(void **state)
{
	(void)state;
	expect_fresh("BEGIN{ x = 5; x += 3; trace(x); trace(x++ + ++x); trace(x); }", "8 18 10");
	expect_fresh("BEGIN{ n++; n++; trace(n); trace(sizeof(n)); m -= 2; trace(m); }", "2 8 -2");
	expect_fresh("BEGIN{ this->a = 7; trace(this->a); } BEGIN { trace(this->a); }", "7 | 7");
	expect_fresh("BEGIN{ self->a = -1; trace(self->a); self->a = 0; trace(self->a); }", "-1 0");
	expect_fresh("self int64_t s; BEGIN{ trace(self->s); self->s--; trace(self->s); }", "0 -1");
	expect_fresh("char c; BEGIN{ c = 127; c++; trace(c); c = 255; trace(c); }", "-128 -1");
	expect_fresh("BEGIN{ x = y = 3; trace(x + y); }", "6");
	expect_fresh("BEGIN{ x = 1, y = 2; trace((x, y)); }", "2");
	expect_fresh("int g; BEGIN{ trace(g); }", "0");
	expect_fresh("BEGIN{ s = \"abc\"; trace(s); s = \"\"; trace(s); t = s; trace(t == \"\"); }",
		     "\"abc\" \"\" 1");
	expect_fresh("string s; self string t; string a[int]; BEGIN{ trace(s); trace(s == \"\"); "
		     "trace(self->t == \"\"); "
		     "trace(a[1] == NULL); }", "\"\" 1 1 1");
	expect_fresh("double d; BEGIN{ d = *(double *)alloca(8); trace(d); printf(\"%f\", d); }", "0 0");
	expect_fresh("BEGIN{ self->s = \"abc\"; trace(self->s); self->s = 0; trace(self->s == NULL); }",
		     "\"abc\" 1");
}

static void test_arrays(void **state)
{
	(void)state;
	expect_fresh("BEGIN{ a[1] = 2; a[1]++; a[2] += 5; trace(a[1]); trace(a[2]); trace(a[3]); }", "3 5 0");
	expect_fresh("BEGIN{ a[\"x\", 1] = \"one\"; a[\"y\", 1] = \"two\"; trace(a[\"x\", 1]); trace(a[\"y\", 1]); "
		     "trace(a[\"x\", 2] == NULL); }", "\"one\" \"two\" 1");
	expect_fresh("BEGIN{ self->a[timestamp, \"k\"] = 5; trace(self->a[timestamp, \"k\"]); "
		     "trace(self->a[1, \"k\"]); }",
		     "5 0");
	/* a negative int and the same as int64_t are one key; 2^32 - 1 is another */
	expect_fresh("BEGIN{ a[(int)-1] = 1; trace(a[(int64_t)-1]); trace(a[0xffffffff]); }", "1 0");
	expect_fresh("int a[char]; BEGIN{ a[257] = 4; trace(a[1]); }", "4");
	expect_fresh("int a[5]; BEGIN{ a[0] = 1; a[4] = 2; a[0] += a[4]; trace(a[0]); trace(a[1]); "
		     "trace(a[4]++); trace(a[4]); trace(sizeof(a)); }", "3 0 2 3 20");
	expect_fresh("this char b[4]; BEGIN{ this->b[0] = 'a'; this->b[1] = 'b'; trace(stringof(this->b)); "
		     "trace(*(this->b + 1)); }", "\"ab\" 98");
	expect_fresh("BEGIN{ a[1, 2, 3, 4, 5, 6, 7, 8, 9, 10] = 1; "
		     "trace(a[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]); }", "1");
	expect_fresh("struct k { int a; int b; }; struct k k; BEGIN{ k.a = 1; k.b = 2; a[k] = 9; trace(a[k]); "
		     "k.b = 3; trace(a[k]); }", "9 0");
	expect_fresh("BEGIN{ trace(uregs[R_RAX]); trace(uregs[R_SP]); }", "2014 2020");
}

/* ---- Strings ------------------------------------------------------------------------- */

static void test_strings(void **state)
{
	(void)state;
	expect_fresh("BEGIN{ trace(\"a\" == \"a\"); trace(\"a\" == \"b\"); trace(\"a\" < \"b\"); "
		     "trace(\"b\" <= \"a\"); "
		     "trace(\"b\" > \"a\"); trace(\"ab\" >= \"a\"); trace(\"a\" != \"a\"); }", "1 0 1 0 1 1 0");
	expect_fresh("BEGIN{ trace(probefunc); trace(probefunc == \"func\" ? probename : \"other\"); }",
		     "\"func\" \"name\"");
	expect_fresh("BEGIN{ trace(strlen(\"hello\")); trace(strjoin(\"a\", strjoin(\"b\", \"c\"))); "
		     "trace(substr(\"abcdef\", 2, 3)); trace(index(\"abc\", \"c\")); "
		     "trace(rindex(\"abcb\", \"b\")); }",
		     "5 \"abc\" \"cde\" 2 3");
	expect_fresh("BEGIN{ trace(strchr(\"abc\", 'b')); trace(strrchr(\"abab\", 'a')); "
		     "trace(strstr(\"abc\", \"bc\")); "
		     "trace(strstr(\"abc\", \"x\") == NULL); }", "\"bc\" \"ab\" \"bc\" 1");
	expect_fresh("BEGIN{ trace(basename(\"/a/b\")); trace(dirname(\"/a/b\")); trace(lltostr(-12)); "
		     "trace(toupper(\"aB\")); trace(tolower(\"aB\")); trace(strtoll(\"-12\")); }",
		     "\"b\" \"/a\" \"-12\" \"AB\" \"ab\" -12");
	expect_fresh("BEGIN{ trace(htons(0x1234)); trace(ntohl(0x12345678)); trace(htonll(1)); }",
		     "13330 2018915346 72057594037927936");
	expect_fresh("BEGIN{ this->s = strtok(\"a,b\", \",\"); trace(this->s); "
		     "trace(strtok(NULL, \",\")); }", "\"a\" \"b\"");
}

/* ---- Memory ---------------------------------------------------------------------------- */

#define STRUCT_S struct s { char c; short s; int i; long l; unsigned char uc; unsigned short us; unsigned u; \
	int f : 3; unsigned g : 5; long h : 40; unsigned char x : 1; union { int a; char b[4]; }; \
	struct { int p, q; } in; struct s *next; };
#define SPELL(...) #__VA_ARGS__
#define SPELLED(...) SPELL(__VA_ARGS__)
STRUCT_S
static const char types[] = SPELLED(STRUCT_S) "\n";

static void expect_types(const char *body, const char *want)
{
	char text[4096];

	snprintf(text, sizeof(text), "%sstruct s *p; struct s v; "
	"BEGIN{ p = (struct s *)alloca(sizeof(struct s)); %s }", types, body);
	expect_fresh(text, want);
}

static void test_memory(void **state)
{
	(void)state;
	expect_types("p->c = -1; p->uc = -1; p->s = -2; p->us = -2; p->i = -3; p->u = -3; p->l = -4; "
		     "trace(p->c); trace(p->uc); trace(p->s); trace(p->us); trace(p->i); trace(p->u); trace(p->l);",
		     "-1 255 -2 65534 -3 4294967293 -4");
	expect_types("p->f = 5; p->g = 31; p->h = -5; p->x = 3; trace(p->f); trace(p->g); trace(p->h); "
	"trace(p->x); "
		     "trace(p->f = 3); trace(p->f = 4); p->g++; trace(p->g); trace(p->f); trace(p->h); "
		     "trace(p->g - 1);",
		     "-3 31 -5 1 3 -4 0 -4 -5 -1");
	expect_types("p->a = 0x01020304; trace(p->b[1]); p->b[0] = 9; trace(p->a); p->in.q = 7; trace(p->in.q); "
		     "trace((long)&p->in.q - (long)&p->in);", "3 16909065 7 4");
	expect_types("p->next = p; p->next->next->i = 5; trace(p->i); trace(p->next == p); *(&p->i) = 6; "
	"trace(p->i);",
		     "5 1 6");
	expect_types("v.i = 3; v.in.p = 4; v.f = -1; trace(v.i + v.in.p + v.f); *p = v; trace(p->in.p); p->i = 8; "
		     "v = *p; trace(v.i); p->in = v.in; trace(sizeof(v.in)); trace(offsetof(struct s, in.q));",
		     "6 4 8 8 40");
	assert_int_equal(offsetof(struct s, in.q), 40);
	expect_fresh("BEGIN{ this->p = (int *)alloca(40); this->p[3] = 7; *(this->p + 4) = 8; trace(this->p[3]); "
		     "this->q = this->p + 5; trace(*--this->q); trace(this->q - this->p); this->q -= 2; "
		     "trace(this->q - this->p); trace(this->q < this->p); trace(&this->p[4] - this->q); "
		     "trace(3[this->p]); }",
		     "7 8 4 2 0 2 7");
	expect_fresh("BEGIN{ this->s = (char *)alloca(4); this->s[0] = 'x'; trace(stringof(this->s)); "
		     "bcopy(\"yz\", this->s, 3); trace((string)this->s); }", "\"x\" \"yz\"");
	expect_fault("BEGIN{ trace(*(int *)0); }", DTRACEFLT_BADADDR);
	expect_fault("BEGIN{ *(int *)8 = 1; }", DTRACEFLT_BADADDR);
	expect_fault("BEGIN{ trace(1 / arg0); }", DTRACEFLT_DIVZERO);
}

/* The layout is C's: D writes a struct, C reads it, and the other way round. */
static void test_layout(void **state)
{
	static struct s native = {
		.c = -1, .s = -2, .i = -3, .l = -4, .uc = 5, .us = 6, .u = 7, .f = -2, .g = 21, .h = -99999999999,
		.x = 1, .a = 0x01020304, .in = { 8, 9 },
	};
	struct machine *m = machine_create();
	struct machine_field f = { 0 };
	char text[2048], got[256];
	struct s copy;

	(void)state;
	snprintf(text, sizeof(text), "%sstruct s *p; BEGIN{ p = (struct s *)alloca(sizeof(struct s)); p->c = -1; "
		 "p->s = -2; p->i = -3; p->l = -4; p->uc = 5; p->us = 6; p->u = 7; p->f = -2; p->g = 21; "
		 "p->h = -99999999999; p->x = 1; p->a = 0x01020304; p->in.p = 8; p->in.q = 9; trace(*p); }", types);
	machine_compile(m, text);
	machine_fire(m, m->kprog[0]);
	assert_true(machine_next(m, m->kprog[0], &f));
	assert_int_equal(f.rec->dtrd_size, sizeof(native));
	memcpy(&copy, f.data, sizeof(copy));
	assert_memory_equal(&copy, &native, sizeof(native));
	dtk_port_map(&native, sizeof(native));
	m->fire.arg[0] = (uintptr_t)&native;
	machine_compile(m, "BEGIN{ p = (struct s *)arg0; trace(p->f); trace(p->g); trace(p->h); trace(p->x); "
			"trace(p->b[2]); trace(p->in.q); }");
	fire_text(m, 1, got, sizeof(got));
	assert_string_equal(got, "-2 21 -99999999999 1 2 9");
	machine_destroy(m);
}

struct user_struct {
	int i;
	char name[8];
	struct user_struct *next;
	char *s;
	short f : 5;
};

static void test_user_memory(void **state)
{
	static struct user_struct b = { .i = -7, .name = "b" };
	static char text[] = "some text";
	static struct user_struct a = { .i = 5, .name = "a", .next = &b, .s = text, .f = -3 };
	static const char decl[] = "struct u { int i; char name[8]; struct u *next; char *s; short f : 5; };\n";
	static const struct { const char *body, *want; } cases[] = {
		{ "this->u = (userland struct u *)arg0; trace(this->u->i); trace(this->u->next->i); "
		  "trace(this->u->f);",
		  "5 -7 -3" },
		{ "this->u = (userland struct u *)arg0; trace(stringof(this->u->name)); "
		  "trace(stringof(this->u->next->name)); trace(stringof(this->u->s)); trace(this->u->s[1]);",
		  "\"a\" \"b\" \"some text\" 111" },
		{ "this->n = ((userland struct u *)arg0)->next; trace(this->n->i); "
		  "trace(*(userland int *)arg0);", "-7 5" },
		{ "this->c = (struct u *)copyin(arg0, sizeof(struct u)); trace(this->c->i); trace(this->c->f); "
		  "trace(stringof(this->c->name)); trace(copyinstr((uintptr_t)this->c->s)); "
		  "trace(copyinstr((uintptr_t)this->c->s, 5));", "5 -3 \"a\" \"some text\" \"some \"" },
		{ "trace(this->u.i); this->u = *(userland struct u *)arg0; trace(this->u.i);", "0 5" },
		{ "this->u = (userland struct u *)arg0; trace(this->u->name); "
		  "this->b = &this->u->name[0]; trace(this->b[0]);"
		  "trace(*this->u->name); trace(this->u->name == this->b); this->t = this->u->name; "
		  "trace(this->t);",
		  "97 97 97 1 \"a\"" },
		{ "this->p = &((userland struct u *)arg0)->i; trace(*this->p); "
		  "this->s = ((userland struct u *)arg0)->s; "
		  "trace(copyinstr(this->s)); trace(stringof(this->s + 5));", "5 \"some text\" \"text\"" },
		{ "trace(stringof((userland char *)arg1) == \"some text\");", "1" },
		{ "this->p = (userland char *)arg1; trace(this->p == NULL); "
		  "trace(this->p ? *this->p : 0);", "0 115" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct machine *m = machine_create();
		char text_d[2048];

		dtk_port_umap(&a, sizeof(a));
		dtk_port_umap(&b, sizeof(b));
		dtk_port_umap(text, sizeof(text));
		m->fire.arg[0] = (uintptr_t)&a;
		m->fire.arg[1] = (uintptr_t)text;
		snprintf(text_d, sizeof(text_d), "%s%sBEGIN{ %s }", decl,
			 strstr(cases[i].body, "this->u.") ? "this struct u u; " : "", cases[i].body);
		expect(m, text_d, cases[i].want);
		machine_destroy(m);
	}
}

/* ---- Operators that conv_test.c leaves out ------------------------------------------------ */

static void test_operators(void **state)
{
	(void)state;
	/* what is not needed is not evaluated, but by ^^ */
	expect_fresh("BEGIN{ x = 0; y = 0 && x++; trace(x); y = 1 || x++; trace(x); y = 1 && x++; trace(x); "
		     "y = 0 ^^ x++; trace(x); trace(y); }", "0 0 1 2 1");
	expect_fresh("BEGIN{ x = 0; y = pid ? 5 : x++; trace(x); trace(y); }", "0 5");
	expect_fresh("BEGIN{ trace(sizeof(int)); trace(sizeof(char *)); trace(sizeof(pid)); "
		     "trace(sizeof(string)); }",
		     "4 8 4 256");
	expect_fresh("enum e { A, B = 5, C }; BEGIN{ trace(C); trace(A + B); this->e = (enum e)5; "
		     "trace(this->e == B); }",
		     "6 5 1");
	expect_fresh("enum n { M = -1, N = 2 }; enum n e; BEGIN{ trace(M); e = M; trace(e); "
		     "trace(M < 0); trace(e + N); }",
		     "-1 -1 1 1");
	expect_fresh("inline int X = 3 + 4; inline string S = \"str\"; BEGIN{ trace(X * 2); trace(S); "
		     "}", "14 \"str\"");
	expect_fresh("BEGIN{ trace('a'); trace('\\377'); trace(0xffffffff); trace(4294967295); trace(1u - 2); }",
		     "97 -1 4294967295 4294967295 4294967295");
	expect_fresh("BEGIN{ trace(!NULL); trace((int *)8 > (int *)4); trace(-1 < 1u); "
		     "trace((char)200 < 0); }", "1 1 0 1");
	expect_fresh("BEGIN{ trace(pid > 0 && tid > 0 || uid == 77777); trace(!(pid && !tid)); }", "1 1");
}

/* ---- Predicates, if ------------------------------------------------------------------------- */

static void test_predicates(void **state)
{
	(void)state;
	expect_fresh("BEGIN /1/ { trace(1); } BEGIN /0/ { trace(2); } BEGIN /arg0 == 0/ { trace(3); }", "1 | 3");
	expect_fresh("BEGIN /probename == \"name\"/ { trace(1); } BEGIN /!x/ { x++; } int64_t x; "
		     "BEGIN /x/ { trace(x); }",
		     "1 | 1");
}

static void test_if(void **state)
{
	struct machine *m;
	char got[256];

	(void)state;
	expect_fresh("BEGIN{ if (1) trace(1); else trace(2); trace(3); }", "1 | 3");
	expect_fresh("BEGIN{ if (arg0) trace(1); else trace(2); trace(3); }", "2 | 3");
	expect_fresh("BEGIN{ trace(0); if (arg0) trace(1); }", "0");
	expect_fresh("BEGIN /arg0/ { if (1) trace(1); trace(2); } BEGIN{ trace(3); }", "3");
	expect_fresh("BEGIN /!arg0/ { if (!arg0) { trace(1); if (arg0) { trace(2); "
		     "} else if (pid) { trace(3); trace(4); } "
		     "trace(5); } else { trace(6); } trace(7); }", "1 | 3 4 | 5 | 7");
	/* the condition is evaluated once, where it stands */
	expect_fresh("BEGIN{ x = 1; if (x++ == 1) { x = 5; trace(x); } else trace(0); "
		     "if (x == 5) trace(x); }", "5 | 5");
	/* a fault skips the rest of the clause, but not the next one */
	expect_fresh("BEGIN{ if (1) { this->x = 3; } trace(this->x); }", "3");
	m = machine_create();
	expect(m, "BEGIN{ trace(1); if (1 / arg0) trace(2); else trace(3); trace(4); } BEGIN{ trace(5); }", "5");
	assert_int_equal(m->fault, DTRACEFLT_DIVZERO);
	/* and what one firing leaves behind does not start anything in the next */
	expect(m, "BEGIN /arg1/ { if (arg2) trace(1 / arg0); trace(2); }", "");
	m->fire.arg[1] = m->fire.arg[2] = 1;
	fire_text(m, 1, got, sizeof(got));
	assert_string_equal(got, "");
	m->fire.arg[1] = 0;
	fire_text(m, 1, got, sizeof(got));
	assert_string_equal(got, "");
	m->fire.arg[1] = 1;
	m->fire.arg[2] = 0;
	fire_text(m, 1, got, sizeof(got));
	assert_string_equal(got, "2");
	machine_destroy(m);
}

/* ---- Aggregations ----------------------------------------------------------------------------- */

/*
 * The value of the only key in the aggregation table, its first two words. Each clause has a bucket of its
 * own, but all must be of one layout: the consumer adds them up.
 */
static void only_value(struct machine *m, size_t valoff, uint64_t v[2])
{
	struct dtrace_ioc_switch sw;
	const struct dtrace_agghdr *first, *h;
	const uint8_t *half;
	size_t off, i;

	dtk_aggbuf_switch(m->ccpu.agg, &sw);
	half = m->half[2 + sw.half];
	first = (const void *)half;
	assert_true(sw.size >= sizeof(*first));
	for (off = 0; off < sw.size; off += first->dtah_size) {
		h = (const void *)(half + off);
		assert_int_equal(h->dtah_size, first->dtah_size);
		assert_memory_equal(h + 1, first + 1, valoff - sizeof(*h));
		for (i = 0; i < 2 && valoff + 8 * i < h->dtah_size; i++)
			v[i] += ((const uint64_t *)(half + off + valoff))[i];
	}
	assert_int_equal(off, sw.size);
}

static void check_agg(const char *text, unsigned fires, size_t valoff, uint64_t want0, uint64_t want1)
{
	struct machine *m = machine_create();
	struct dtk_program *k = machine_compile(m, text);
	uint64_t v[2] = { 0, 0 };

	for (unsigned i = 0; i < fires; i++) {
		m->fire.arg[0] = i;
		machine_fire(m, k);
	}
	only_value(m, valoff, v);
	if (v[0] != want0 || v[1] != want1)
		fail_msg("%s: value %llu %llu", text, (unsigned long long)v[0], (unsigned long long)v[1]);
	machine_destroy(m);
}

static void test_aggregations(void **state)
{
	const size_t hdr = sizeof(struct dtrace_agghdr);

	(void)state;
	check_agg("BEGIN{ @ = count(); }", 5, hdr, 5, 0);
	check_agg("BEGIN{ @[probefunc] = count(); }", 3, hdr + 256, 3, 0);
	check_agg("BEGIN{ @a[probefunc, 1] = sum(arg0); }", 4, hdr + 256 + 8, 6, 0);
	check_agg("BEGIN{ @a[(int64_t)1] = avg(arg0); }", 4, hdr + 8, 4, 6);
	check_agg("BEGIN{ @a = min(arg0 - 2); }", 4, hdr, (uint64_t)-2, 0);
	check_agg("BEGIN{ @a = max((char)(arg0 + 126)); }", 4, hdr, 127, 0);
	check_agg("BEGIN{ @a[ustack(2)] = sum(2); }", 2, hdr + 24, 4, 0);
	check_agg("BEGIN{ @a[ufunc(arg1)] = sum(2); }", 2, hdr + 16, 4, 0);
	check_agg("BEGIN{ @a = lquantize(arg0, 0, 10, 2, arg0 + 1); }", 2, hdr, DTRACE_LQUANTIZE_ARG(0, 5, 2), 0);
	check_agg("BEGIN{ @a = llquantize(arg0, 10, 0, 3, 20); }", 2, hdr, DTRACE_LLQUANTIZE_ARG(10, 0, 3, 20), 1);
	/* one table for all clauses: the key of the second is widened */
	check_agg("BEGIN{ @a[(int64_t)5] = count(); } BEGIN{ @a[(char)5] = count(); }", 1, hdr + 8, 2, 0);
}

/* ---- What else records ------------------------------------------------------------------------ */

static void test_records(void **state)
{
	struct machine *m;

	(void)state;
	expect_fresh("BEGIN{ printf(\"hello\\n\"); printf(\"%d %s %p\\n\", (char)3, probename, arg1); exit(3); }",
		     "- 3 \"name\" 0 3");
	expect_fresh("BEGIN{ printf(\"%*.*d\", 1, 2, 3ull); }", "1 2 3");
	expect_fresh("BEGIN{ tracemem(alloca(20), 20); stack(4); ustack(2, 16); usym(arg0); }",
		     "<20 bytes> <32 bytes> <40 bytes> <16 bytes>");
	expect_fresh("BEGIN{ @a = count(); trunc(@a); trunc(@a, 5); normalize(@a, 10); clear(@a); printa(@a); "
		     "printa(\"%@d\", @a); }", "- 5 10 - - -");
	expect_fresh("BEGIN{}", "");
	m = machine_create();
	expect(m, "BEGIN{ x = 1; }", "");
	expect(m, "BEGIN{ trace(x + 1); @a = count(); }", "2");
	/* which statement a record belongs to */
	machine_compile(m, "BEGIN{ trace(1); x = 2; printf(\"%d %d\", 1, 2); }");
	assert_int_equal(m->prog[2]->nstmts, 2);
	assert_int_equal(m->kprog[2]->clauses[0].recs[0].dtrd_uarg, 1);
	assert_int_equal(m->kprog[2]->clauses[0].recs[1].dtrd_uarg, 2);
	assert_int_equal(m->kprog[2]->clauses[0].recs[2].dtrd_uarg, 2);
	assert_int_equal(m->kprog[2]->clauses[0].recs[1].dtrd_action, DTRACEACT_PRINTF);
	assert_int_equal(m->prog[2]->stmts[1]->nactions, 2);
	machine_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_variables), cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_strings), cmocka_unit_test(test_memory),
		cmocka_unit_test(test_layout), cmocka_unit_test(test_user_memory), cmocka_unit_test(test_operators),
		cmocka_unit_test(test_predicates), cmocka_unit_test(test_if),
		cmocka_unit_test(test_aggregations), cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
