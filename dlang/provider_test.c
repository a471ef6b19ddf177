// SPDX-License-Identifier: GPL-2.0-or-later
/* Providers, args[], attributes, versions. */
#include <stdarg.h>
#include <stddef.h>

#include "test_expect.h"
#include "names.h"

struct buf { int flags; long addr; };
static struct buf buf = { 0x15, 0x99 };

#define DEFS \
	"struct buf { int flags; long addr; };\n" \
	"typedef struct info { int i_flags; string i_name; } info_t;\n" \
	"typedef struct dev { long d_addr; } dev_t2;\n" \
	"translator info_t < struct buf *B > { i_flags = B->flags; i_name = \"buf\"; };\n" \
	"translator dev_t2 < struct buf *B > { d_addr = B->addr; };\n" \
	"provider blk { probe start(struct buf *b, int n) : (info_t *b, dev_t2 *b, int n);\n" \
	"probe done(struct buf *b, int n) : (info_t *b, dev_t2 *b, int n); probe wait__start(char c, short); };\n"

static struct machine *world(void)
{
	struct machine *m = machine_create();

	m->fire.arg[0] = (uintptr_t)&buf;
	m->fire.arg[1] = 0x1fffffffeull;
	dtk_port_map(&buf, sizeof(buf));
	return m;
}

static void arguments(void **state)
{
	static const char *const cases[][2] = {
		{ "blk:::start { trace(args[0]->i_flags); trace(args[1]->d_addr); trace(args[2]); }", "21 153 -2" },
		{ "blk:::start { trace(args[0]->i_name); }", "\"buf\"" },
		{ "blk:::start, blk:::done { trace(args[0]->i_flags); }", "21" },
		{ "blk:::start,blk:::done /args[2] == -2/ { this->f = args[0]->i_flags; trace(this->f); }", "21" },
		{ "blk123:::start { trace(args[0]->i_flags); }", "21" },
		{ "blk:::wait-start { trace(args[1]); }", "-2" },
		{ "blk::: { trace(1); }", "1" },
		{ "blk:::[sd]* { trace(args[2]); }", "-2" },
		{ "blk:::start { trace(*args[1]); }", "9900000000000000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct machine *m = world();
		char text[2048];

		snprintf(text, sizeof(text), "%s%s", DEFS, cases[i][0]);
		expect_on(m, text, cases[i][1]);
		assert_int_equal(m->fault, 0);
		machine_destroy(m);
	}
}

static void refused(void **state)
{
	static const struct expect_refusal cases[] = {
		{ "blk:::start { trace(args[3]); }", D_ARGS_IDX, 26 },
		{ "blk:::start { trace(args[-1]); }", D_ARGS_IDX, 26 },
		{ "blk:::start { trace(args[arg0]); }", D_PROTO_ARG, 26 },
		{ "blk:::start { trace(args[1, 2]); }", D_PROTO_LEN, 21 },
		{ "blk:::start { args[2] = 3; }", D_OP_WRITE, 23 },
		{ "blk::: { trace(args[0]); }", D_ARGS_MULTI, 16 },
		{ "blk:::start, blk:::wait-start { trace(args[0]); }", D_ARGS_MULTI, 39 },
		{ "blk:::nosuch { trace(args[0]); }", D_ARGS_IDX, 22 },
		{ "BEGIN { trace(args[0]); }", D_ARGS_IDX, 15 },
		{ "blk:::start { trace(args[0]->nosuch); }", D_TYPE_MEMBER, 30 },
		{ "provider blk { probe start(int); };", D_PROV_INCOMPAT, 22 },
		{ "provider blk { probe other(int); };", D_PROV_INCOMPAT, 22 },
		{ "provider x { probe a(int); probe a(char); };", D_PROV_PRDUP, 34 },
		{ "provider x1 { probe a(int); };", D_PROV_BADNAME, 10 },
		{ "provider x { probe a(int n) : (int m); };", D_PROV_PRARGLEN, 20 },
		{ "provider x { probe a(int) : (int, int); };", D_PROV_PRARGLEN, 20 },
		{ "provider x { probe a(int n) : (info_t *n); };", D_PROV_PRXLATOR, 20 },
	};

	(void)state;
	expect_refusals(world, DEFS "BEGIN { trace(1); }", cases, sizeof(cases) / sizeof(cases[0]));
}

/* Debug information, as a table. */
static int probe_args(void *ctx, const dtrace_probedesc_t *pat, const struct dt_type **argv, const char **names,
		      unsigned int max)
{
	struct machine *m = ctx;

	(void)names;
	(void)max;
	if (!strcmp(pat->dtpd_func, "many"))
		return -2;
	if (strcmp(pat->dtpd_func, "f") && strcmp(pat->dtpd_func, "g"))
		return -1;
	argv[0] = dt_type_pointer(m->types, dt_type_qualified(m->types, dt_basic(m->types, DT_B_CHAR), DT_TQ_USERLAND));
	argv[1] = dt_basic(m->types, pat->dtpd_func[0] == 'f' ? DT_B_INT : DT_B_USHORT);
	return 2;
}

static void debug_information(void **state)
{
	struct machine *m = world();
	struct dt_names names = { .ctx = m, .probe_args = probe_args };

	(void)state;
	dt_types_set_names(m->types, &names);
	expect_on(m, "pid1:a:f:entry { trace(args[1]); trace((long)args[0] == arg0); }", "-2 1");
	expect_on(m, "pid1:a:g:entry { trace(args[1]); }", "65534");
	expect_refused(m, "pid1:a:f:entry,pid1:a:g:entry { trace(args[1]); }", D_ARGS_MULTI, 39);
	expect_refused(m, "pid1:a:f:entry { trace(args[2]); }", D_ARGS_IDX, 29);
	expect_refused(m, "pid1:a:h:entry { trace(args[0]); }", D_ARGS_IDX, 24);
	expect_refused(m, "pid1:a:many:entry { trace(args[0]); }", D_ARGS_MULTI, 27);
	machine_destroy(m);
}

static void attributes(void **state)
{
	struct machine *m = world();
	const struct dt_clause *c;

	(void)state;
	machine_compile(m, "BEGIN { trace(1); } BEGIN { trace((long)curthread); } profile:::tick-1s { x = 1; } "
			   "nosuch:a:b:c { trace(1); }");
	c = m->prog[0]->clauses;
	assert_memory_equal(&c[0].stmtattr, &((struct dt_attr){ DT_ST_STABLE, DT_ST_STABLE, DT_CL_COMMON }), 3);
	assert_memory_equal(&c[1].stmtattr, &((struct dt_attr){ DT_ST_STABLE, DT_ST_PRIVATE, DT_CL_COMMON }), 3);
	assert_memory_equal(&c[2].descattr, &((struct dt_attr){ DT_ST_EVOLVING, DT_ST_EVOLVING, DT_CL_COMMON }), 3);
	assert_memory_equal(&c[3].descattr, &((struct dt_attr){ DT_ST_UNSTABLE, DT_ST_UNSTABLE, DT_CL_COMMON }), 3);
	machine_compile(m, DEFS "#pragma D attributes Evolving/Stable/ISA provider blk provider\n"
			   "#pragma D attributes Stable/Stable/Common provider blk name\n"
			   "#pragma D attributes Unstable/Evolving/CPU X\n"
			   "inline int X = arg0; blk:::start { trace(X); }\n"
			   "inline int Y = (long)curthread;\n"
			   "blk:::start { trace(Y); }");
	c = m->prog[1]->clauses;
	assert_memory_equal(&c[0].descattr, &((struct dt_attr){ DT_ST_EVOLVING, DT_ST_STABLE, DT_CL_ISA }), 3);
	assert_memory_equal(&c[0].stmtattr, &((struct dt_attr){ DT_ST_UNSTABLE, DT_ST_EVOLVING, DT_CL_CPU }), 3);
	assert_memory_equal(&c[1].stmtattr, &((struct dt_attr){ DT_ST_STABLE, DT_ST_PRIVATE, DT_CL_COMMON }), 3);
	m->cc.has_amin = true;
	m->cc.amin = (struct dt_attr){ DT_ST_STABLE, DT_ST_STABLE, DT_CL_COMMON };
	expect_refused(m, "BEGIN { trace((long)curthread); }", D_ATTR_MIN, 1);
	expect_refused(m, "profile:::tick-1s { trace(1); }", D_ATTR_MIN, 1);
	m->cc.amin = (struct dt_attr){ DT_ST_EVOLVING, DT_ST_EVOLVING, DT_CL_COMMON };
	expect_on(m, "profile:::tick-1s { trace(1); }", "1");
	machine_destroy(m);
}

static void versions(void **state)
{
	struct machine *m = world();

	(void)state;
	expect_on(m, "inline int OLD = arg0; inline int NEW = arg0;\n#pragma D binding \"1.2\" OLD\n"
		  "#pragma D binding \"1.6.1\" NEW\nBEGIN { trace(1); }", "1");
	dt_idents_set_version(m->idents, DT_VERSION_NUM(1, 5, 0));
	expect_refused(m, "BEGIN { trace(NEW); }", D_IDENT_UNDEF, 15);
	machine_compile(m, "BEGIN { trace(OLD); }");
	dt_idents_set_version(m->idents, DT_VERSION_NUM(1, 6, 1));
	machine_compile(m, "BEGIN { trace(NEW); }");
	machine_destroy(m);
}

static int depends(void *ctx, const char *kind, const char *name)
{
	(void)ctx;
	return !strcmp(kind, "provider") && !strcmp(name, "here");
}

static void pragmas(void **state)
{
	static const struct {
		const char *text;
		enum dt_tag tag;
		unsigned col;
	} cases[] = {
		{ "#pragma D attributes x", D_PRAGMA_MALFORM, 1 },
		{ "#pragma D attributes Stable/Stable X", D_PRAGMA_MALFORM, 1 },
		{ "#pragma D attributes Stable/Stable/Nowhere X", D_PRAGMA_MALFORM, 1 },
		{ "#pragma D attributes Stable/Stable/Common nosuch\nBEGIN { trace(1); }", D_PRAGMA_UNUSED, 1 },
		{ "#pragma D attributes Stable/Stable/Common pid\nBEGIN { trace(1); }", D_PRAGMA_SCOPE, 1 },
		{ "#pragma D attributes Stable/Stable/Common provider nosuch args\nBEGIN { trace(1); }",
				D_PRAGMA_INVAL, 1 },
		{ "#pragma D binding 1.0 X", D_PRAGMA_MALFORM, 1 },
		{ "#pragma D binding \"x\" X", D_PRAGMA_MALFORM, 1 },
		{ "#pragma D binding \"1.0\" nosuch\nBEGIN { trace(1); }", D_PRAGMA_UNUSED, 1 },
		{ "#pragma D depends_on provider nosuch\nBEGIN { trace(1); }", D_PRAGMA_DEPEND, 1 },
		{ "#pragma D depends_on planet mars\nBEGIN { trace(1); }", D_PRAGMA_MALFORM, 1 },
		{ "#pragma D error no more\nBEGIN { trace(1); }", D_PRAGERR, 1 },
		{ "#pragma D line x\nBEGIN { trace(1); }", D_PRAGMA_MALFORM, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct machine *m = world();

		m->cc.depends = depends;
		expect_refused(m, cases[i].text, cases[i].tag, cases[i].col);
		expect_on(m, "#pragma D depends_on provider here\n#pragma D ident \"x\"\nBEGIN { trace(1); }", "1");
		machine_destroy(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments), cmocka_unit_test(refused), cmocka_unit_test(debug_information),
		cmocka_unit_test(attributes), cmocka_unit_test(versions), cmocka_unit_test(pragmas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
