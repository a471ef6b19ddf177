// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Actions of the kernel that record nothing: where they may stand, what arguments they
 * take, and that speculation covers what follows it through any if.
 */
#include <stdarg.h>
#include <stddef.h>

#include "test_expect.h"

/* D_UNKNOWN: it compiles, and the engine takes it. */
static const struct {
	const char *text;
	enum dt_tag tag;
} cases[] = {
	{ "BEGIN { speculate(1); trace(1); commit(1); }", D_UNKNOWN },
	{ "BEGIN { speculate(1); trace(1); discard(1); trace(2); }", D_UNKNOWN },
	{ "BEGIN { x = 1; commit(1); x = 2; }", D_UNKNOWN },
	{ "BEGIN { trace(1); discard(1); @ = count(); }", D_UNKNOWN },
	{ "BEGIN { raise(1); stop(); chill(1); panic(); breakpoint(); commit(1); }", D_UNKNOWN },
	{ "BEGIN { if (pid) { speculate(1); } else { @ = count(); } }", D_UNKNOWN },
	{ "BEGIN { if (pid) { speculate(1); } else { speculate(2); } trace(1); }", D_UNKNOWN },
	{ "BEGIN { commit(1); commit(2); }", D_COMM_COMM },
	{ "BEGIN { trace(1); commit(1); }", D_COMM_DREC },
	{ "BEGIN { @ = count(); commit(1); }", D_COMM_DREC },
	{ "BEGIN { commit(1); trace(1); }", D_DREC_COMM },
	{ "BEGIN { commit(1); exit(1); }", D_DREC_COMM },
	{ "BEGIN { commit(1); @ = count(); }", D_AGG_COMM },
	{ "BEGIN { speculate(1); @ = count(); }", D_AGG_SPEC },
	{ "BEGIN { speculate(1); speculate(2); }", D_SPEC_SPEC },
	{ "BEGIN { commit(1); speculate(2); }", D_SPEC_COMM },
	{ "BEGIN { trace(1); speculate(2); }", D_SPEC_DREC },
	{ "BEGIN { @ = count(); speculate(2); }", D_SPEC_DREC },
	{ "BEGIN { speculate(1); exit(0); }", D_EXIT_SPEC },
	{ "BEGIN { speculate(1); stop(); }", D_ACT_SPEC },
	{ "BEGIN { speculate(1); system(\"a\"); }", D_ACT_SPEC },
	{ "BEGIN { speculate(1); freopen(\"a\"); }", D_ACT_SPEC },
	{ "BEGIN { speculate(1); copyoutstr(\"a\", 0); }", D_ACT_SPEC },
	{ "BEGIN { if (pid) speculate(1); x = (copyoutstr(\"a\", 0), 1); }", D_ACT_SPEC },
	{ "BEGIN { if (pid) { speculate(1); } else { copyoutstr(\"a\", 0); } }", D_UNKNOWN },
	{ "BEGIN / (copyoutstr(\"a\", 0), 1) / { speculate(1); trace(1); }", D_UNKNOWN },
	{ "BEGIN { system(\"a\"); commit(1); system(\"b\"); freopen(\"c\"); }", D_UNKNOWN },
	{ "BEGIN { freopen(\"a\"); speculate(1); trace(1); commit(1); }", D_UNKNOWN },
	{ "BEGIN { if (pid) { system(\"a\"); } commit(1); if (pid) { system(\"a\"); } }", D_UNKNOWN },
	{ "BEGIN { system(\"a\"); trace(1); commit(1); }", D_COMM_DREC },
	{ "BEGIN { if (pid) { speculate(1); } @ = count(); }", D_AGG_SPEC },
	{ "BEGIN { if (pid) { trace(1); } speculate(1); }", D_SPEC_DREC },
	{ "BEGIN { speculate(1); if (pid) { exit(0); } }", D_EXIT_SPEC },
	{ "BEGIN { speculate(\"a\"); }", D_PROTO_ARG },
	{ "BEGIN { speculate(); }", D_PROTO_LEN },
	{ "BEGIN { commit(1, 2); }", D_PROTO_LEN },
	{ "BEGIN { x = speculation(1); }", D_PROTO_LEN },
	{ "BEGIN { x = commit(1); }", D_OP_ACT },
	{ "BEGIN { stop(1); }", D_PROTO_LEN },
	{ "BEGIN { raise(execname); }", D_PROTO_ARG },
	{ "BEGIN { chill(execname); }", D_PROTO_ARG },
	{ "BEGIN { tracemem(arg0, 8, arg1); }", D_UNKNOWN },
	{ "BEGIN { tracemem(arg0, 8, execname); }", D_TRACEMEM_DYNSIZE },
	{ "BEGIN { @[sym(arg0), mod(arg0), func(arg0)] = count(); sym(arg0); func(arg0); mod(arg0); }", D_UNKNOWN },
	{ "BEGIN { sym(execname); }", D_PROTO_ARG },
	{ "BEGIN { copyout(alloca(8), arg0, 8); copyoutstr(\"a\", arg0); copyoutstr(\"a\", arg0, 2); }", D_UNKNOWN },
	{ "BEGIN { copyout(1, arg0, 8); }", D_PROTO_ARG },
	{ "BEGIN { trace(json(\"{}\", \"a\")); trace(progenyof(1)); trace(cwd); trace(root); trace(execargs); "
			"}", D_UNKNOWN },
	{ "BEGIN { trace(vtimestamp + errno + pset + chip + lgrp + regs[R_PC]); }", D_UNKNOWN },
	{ "BEGIN { json(1, \"a\"); }", D_PROTO_ARG },
};

static void tags(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct machine *m = machine_create();
		struct dt_program *p = dt_compile(&m->cc, cases[i].text, strlen(cases[i].text));

		if ((p ? D_UNKNOWN : m->diag.tag) != cases[i].tag)
			fail_msg("%s: %s, not %s (%s)", cases[i].text, p ? "none" : dt_tag_name(m->diag.tag),
				 dt_tag_name(cases[i].tag), m->diag.msg);
		if (p)
			machine_load(m, p);
		machine_destroy(m);
	}
}

/* Fired once with arg0 = @arg: what is recorded at once, then what speculation 1 held. */
static void expect(const char *text, uint64_t arg, const char *at_once, const char *held)
{
	static const char commits[] = "BEGIN { commit(1); }";
	struct machine *m = machine_create();
	char got[4096];

	machine_compile(m, "BEGIN { s = speculation(); }");
	machine_fire(m, m->kprog[0]);
	m->fire.arg[0] = arg;
	machine_compile(m, text);
	expect_line(m, 1, got, sizeof(got));
	if (strcmp(got, at_once))
		fail_msg("%s (%llu) records \"%s\", not \"%s\"", text, (unsigned long long)arg, got, at_once);
	/* the records that come are those of program 1 */
	machine_compile(m, commits);
	machine_fire(m, m->kprog[2]);
	{
		struct machine_field f = { 0 };
		size_t n = 0;

		got[0] = '\0';
		while (machine_next(m, m->kprog[1], &f))
			n += (size_t)snprintf(got + n, sizeof(got) - n, n ? " %llu" : "%llu",
					      (unsigned long long)machine_scalar(&f));
		if (strcmp(got, held))
			fail_msg("%s (%llu) holds \"%s\", not \"%s\"", text, (unsigned long long)arg, got, held);
	}
	machine_destroy(m);
}

static void through_ifs(void **state)
{
	static const char first[] = "BEGIN { speculate(1); if (arg0) { trace(10); } else { trace(20); } trace(30); }";
	static const char side[] = "BEGIN { if (arg0) { speculate(1); trace(10); } else { trace(20); } trace(30); }";
	static const char deep[] = "BEGIN / 1 / { if (arg0 > 1) { if (arg0 > 2) { speculate(1); } trace(1); } "
			"trace(2); "
				   "if (arg0 < 9) { trace(3); } trace(4); }";
	static const char failed[] = "BEGIN { speculate(0); if (arg0) { trace(10); } trace(30); }";

	(void)state;
	expect("BEGIN { speculate(1); trace(1); trace(2); }", 0, "", "1 2");
	expect(first, 1, "", "10 30");
	expect(first, 0, "", "20 30");
	expect(side, 1, "", "10 30");
	expect(side, 0, "20 30", "");
	expect(deep, 0, "2 3 4", "");
	expect(deep, 2, "1 2 3 4", "");
	expect(deep, 3, "", "1 2 3 4");
	expect(deep, 9, "", "1 2 4");
	expect(failed, 1, "", "");
	/* a command beside a speculation is not part of it */
	expect("BEGIN { system(\"%d\", 7); speculate(1); trace(2); }", 0, "7", "2");
	expect("BEGIN { if (arg0) system(\"%d\", 7); speculate(1); trace(2); }", 0, "", "2");
	expect("BEGIN { if (arg0) system(\"%d\", 7); speculate(1); trace(2); }", 1, "7", "2");
	/* %spec of one firing is not the next one's */
	expect("BEGIN { if (arg0) { speculate(1); } trace(1); } BEGIN { if (!arg0) { speculate(1); } trace(2); "
			"}", 1, "2", "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags), cmocka_unit_test(through_ifs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
