// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the notes of a process's files to ADD calls, without a kernel: names that do not fit, probes
 * without arguments, what is told of those that lack something.
 */
#include "target.h"

#include <errno.h>

#include "statics.h"

/* A probe where it stands: a nop, or @insn, and its note. */
static const char notes[] =
	"#define PROBE(insn, prov, name, args) __asm__ volatile (\"990: \" insn \"\\n\" \\\n"
	"\t\".pushsection .note.stapsdt,\\\"\\\",@note\\n.balign 4\\n.4byte 992f-991f,994f-993f,3\\n\" \\\n"
	"\t\"991: .asciz \\\"stapsdt\\\"\\n992: .balign 4\\n993: .8byte 990b,0,0\\n\" \\\n"
	"\t\".asciz \\\"\" prov \"\\\"\\n.asciz \\\"\" name \"\\\"\\n.asciz \\\"\" args \"\\\"\\n\" \\\n"
	"\t\"994: .balign 4\\n.popsection\")\n";

#define MAX_ADDED 64

static struct kernel {
	struct added { char prov[64], func[64], name[64]; uint32_t nstep; } added[MAX_ADDED];
	unsigned int nadded;
	char lacks[2048];		/* a line each: "name argument: why" */
} kernel;

static int listen_to(void *ctx, uint32_t op, void *arg, size_t size)
{
	const struct dtrace_pid_add *a = arg;
	const struct dtrace_pid_probe *pr;
	const struct dtrace_pid_site *site;
	const char *strs;

	(void)ctx;
	(void)size;
	if (op != DTRACE_PID_ADD)
		return 0;
	pr = (void *)(uintptr_t)a->probes;
	site = (void *)(uintptr_t)a->sites;
	strs = (void *)(uintptr_t)a->strs;
	assert_true(a->flags & DTRACE_PID_PROV);
	for (uint32_t i = 0; i < a->nprobes; i++) {
		struct added *to = &kernel.added[kernel.nadded++];

		assert_true(kernel.nadded < MAX_ADDED);
		assert_int_equal(pr[i].type, DTRACE_PID_RECIPE);
		assert_true(strlen(strs + pr[i].func) < DTRACE_FUNCNAMELEN);
		snprintf(to->prov, sizeof(to->prov), "%s", strs + a->prov);
		snprintf(to->func, sizeof(to->func), "%s", strs + pr[i].func);
		snprintf(to->name, sizeof(to->name), "%s", strs + pr[i].name);
		to->nstep = site[pr[i].ref].nstep;
		assert_true(site[pr[i].ref].step + to->nstep <= a->nsteps);
	}
	return 0;
}

static void note_lack(void *ctx, const struct dt_object *o, const char *prov, const char *name, int arg,
		      const char *why)
{
	size_t n = strlen(kernel.lacks);

	(void)ctx;
	(void)prov;
	assert_true(o->is_exe);
	snprintf(kernel.lacks + n, sizeof(kernel.lacks) - n, "%s %d: %s\n", name, arg, why);
}

/* Run the program, and make the probes of all providers that begin with "own". */
static int make(const char *program, uint64_t *n, struct dt_err *err)
{
	char *argv[] = { (char *)program, NULL };
	dtrace_probedesc_t pat = { .dtpd_provider = "own*" };
	struct dt_proc *p;
	struct dt_pid *dp;
	int rc;

	memset(&kernel, 0, sizeof(kernel));
	if (dt_proc_create(argv, DT_EVAL_PREINIT, &p, err))
		fail_msg("%s", err->msg);
	assert_int_equal(dt_pid_attach(p, listen_to, NULL, false, true, NULL, &dp, err), 0);
	dt_pid_on_lack(dp, note_lack);
	rc = dt_pid_statics(dp, &pat, n, err);
	dt_pid_detach(dp);
	dt_proc_release(p);
	return rc;
}

static char *program(const char *name, const char *text)
{
	static char all[8192];

	snprintf(all, sizeof(all), "%s%s", notes, text);
	return target_build(name, "-O1", all);
}

static void added(void **state)
{
	char text[4096], deep[600];
	struct dt_err err = { "" };
	uint64_t n;

	(void)state;
	memset(deep, 'd', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = 0;
	snprintf(text, sizeof(text),
		 "__attribute__((noinline)) void %s(void) { PROBE(\"nop\", \"own\", \"deep\", \"\"); }\n"
		 "int main(void) { PROBE(\"nop\", \"own\", \"some__args\", \"8@%%rdi\"); %s(); return 0; }\n",
		 deep, deep);
	if (make(program("added", text), &n, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(n, 2);
	assert_int_equal(kernel.nadded, 2);
	assert_string_equal(kernel.added[0].prov, "own");
	assert_string_equal(kernel.added[0].name, "deep");
	assert_string_equal(kernel.added[0].func, "");		/* its name does not fit */
	assert_int_equal(kernel.added[0].nstep, 0);
	assert_string_equal(kernel.added[1].name, "some-args");
	assert_string_equal(kernel.added[1].func, "main");
	assert_int_equal(kernel.added[1].nstep, 2);
	assert_string_equal(kernel.lacks, "");
}

static void lacks(void **state)
{
	struct dt_err err = { "" };
	uint64_t n;

	(void)state;
	if (make(program("lacks",
			 "int main(int argc, char **argv) {\n"
			 "\tPROBE(\"nop\", \"own\", \"fine\", \"8@%rdi -4@%eax\");\n"
			 "\tPROBE(\"nop\", \"own\", \"odd\", \"8@%rdi 8f@%xmm1 4@nothing(%rip)\");\n"
			 "\tPROBE(\"nop\", \"own\", \"odd\", \"8@%rdi 8@%rsi\");\n"
			 "\tPROBE(\"nop\", \"own\", \"half\", \"\");\n"
			 "\tif (argc > 1)\n"
			 "\t\tPROBE(\"int3\", \"own\", \"half\", \"\");\n"
			 "\tPROBE(\"nop\", \"own\", \"wild\", \"8@\\033[2Jx\");\n"
			 "\treturn 0; }\n"), &n, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(n, 4);
	assert_int_equal(kernel.nadded, 5);		/* by place */
	assert_non_null(strstr(kernel.lacks, "odd 1: it is in %xmm1"));
	assert_non_null(strstr(kernel.lacks, "odd 2: "));
	assert_non_null(strstr(kernel.lacks, "half -1: "));
	assert_non_null(strstr(kernel.lacks, "wild 0: "));
	assert_null(strchr(kernel.lacks, '\033'));
	assert_null(strstr(kernel.lacks, "fine"));
	assert_null(strstr(kernel.lacks, "odd 0"));
}

/* An object whose file's name is no module's: nothing is made of it, and that is told. */
static void module(void **state)
{
	struct dt_err err = { "" };
	char name[160];
	uint64_t n;

	(void)state;
	memset(name, 'm', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	rename(program("short", "int main(void) { PROBE(\"nop\", \"own\", \"a\", \"\"); return 0; }\n"),
	       target_path(name));
	if (make(target_path(name), &n, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(kernel.nadded, 0);
	assert_string_equal(kernel.lacks, "a -1: its name is too long\n");
}

/* A provider that the kernel would not have is told; the others' probes are there. */
static void names(void **state)
{
	static const char *const bad[] = { "own+", "own d", "ownnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn" };
	struct dt_err err;
	char text[512];
	uint64_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), "int main(void) { PROBE(\"nop\", \"%s\", \"a\", \"\");\n"
			 "PROBE(\"nop\", \"own.d-e_f\", \"b\", \"\"); return 0; }\n", bad[i]);
		assert_int_equal(make(program("names", text), &n, &err), -ENOTSUP);
		assert_non_null(strstr(err.msg, "1 of the notes"));
		assert_int_equal(kernel.nadded, 1);
		assert_string_equal(kernel.added[0].name, "b");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(added), cmocka_unit_test(lacks), cmocka_unit_test(module),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, target_setup, target_teardown);
}
