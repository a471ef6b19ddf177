/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compiling without a kernel part: which descriptions pass, which do not, and with the same words as with one. */
#include "test_kernel.h"

/* The message without what depends on the handle; NULL: it compiles. */
static const char *compile(dtrace_hdl_t *dtp, const char *text, uint_t cflags)
{
	if (dtrace_program_strcompile(dtp, text, DTRACE_PROBESPEC_NONE, cflags | DTRACE_C_NOLIBS | DTRACE_C_ETAGS, 0,
				      NULL))
		return NULL;
	return dtrace_errmsg(dtp, dtrace_errno(dtp));
}

static dtrace_hdl_t *open_without(void)
{
	int err;
	dtrace_hdl_t *dtp = dtrace_open(DTRACE_VERSION, DTRACE_O_NODEV, &err);

	assert_non_null(dtp);
	return dtp;
}

static void passes(void **state)
{
	static const char *const good[] = {
		"BEGIN {}", "dtrace:::END {}", "dtrace:::BEGIN, END {}", "dtrace:::* {}", "dtrace:::[BE]* {}",
		"dtrace::: {}", "tick-1 {}", "tick-5000hz {}", "profile:::profile-997 {}", "profile-200us {}",
		"tick-3day {}",
		"profile:::tick-* {}", "profile::: {}", "tick-* {}", "BEG* {}", ":::tick-200000nsec {}",
		"pid$target:::entry {}", "pid1:a.out:main:1a {}", "pid$target::f: {}", "pid1::f:* {}",
		"pid1:a.out:-:401136 {}",
		/* Of what is not ours nothing is known. */
		"syscall::read:entry {}", "foo:::BEGINN {}", "myapp$target:::query-start {}", "entry {}",
		"prof*:::x {}",
		"AND {}", "SEND {}", "mod:f:tick-abc {}", "17 {}",
		/* Python's functions have the same arguments everywhere. */
		"python$target:::function-entry { trace(copyinstr(arg1)); trace(args[2] + 1); }",
		"python17::_PyEval_EvalFrameDefault:function-return { trace(copyinstr((uintptr_t)args[1])); }",
	};
	dtrace_hdl_t *dtp = open_without();

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		const char *msg = compile(dtp, good[i], 0);

		if (msg)
			fail_msg("%s: %s", good[i], msg);
	}
	dtrace_close(dtp);
}

/* Types that differ, or that only the process knows. */
static void types(void **state)
{
	static const struct { const char *text, *says; } bad[] = {
		{ "python$target:::function-entry { trace(args[0]->x); }", "args[0]" },
		{ "python1:::function-entry { trace(args[9]); }", "[D_ARGS_IDX]" },
		{ "python1:::line { trace(args[0]); }", "are not known" },
		{ "mypython1:::function-entry { trace(args[0]); }", "are not known" },
		{ "python*:::function-entry { trace(args[0]); }", "name the provider" },
	};
	dtrace_hdl_t *dtp = open_without();

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *msg = compile(dtp, bad[i].text, 0);

		if (!msg || !strstr(msg, bad[i].says))
			fail_msg("%s: %s", bad[i].text, msg ? msg : "it compiles");
	}
	dtrace_close(dtp);
}

static void refused(void **state)
{
	static const struct { const char *text, *says; } bad[] = {
		{ "dtrace:::BEGINN {}", "did you mean BEGIN?" }, { "BEGINN {}", "did you mean BEGIN?" },
		{ "BEGIN, EROR {}", "did you mean ERROR?" }, { "dtrace:::e* {}", "no probe there is called \"e*\"" },
		{ "dtrace:vmlinux::BEGIN {}", "no module matches \"vmlinux\"" },
		{ "dtrace::f:BEGIN {}", "no function matches \"f\"" },
		{ "profile-0 {}", "a rate of 1 to 5000" }, { "tick-abc {}", "a rate of" }, { "tick- {}", "a rate of" },
		{ "tick-5001 {}", "a rate of" }, { "tick-199us {}", "200us or more" }, { "profile:::tick-1x {}",
		"a rate of" },
		{ "tick-99999999999999999999 {}", "a rate of" }, { "profile:::tock-1s {}", "no probe there is called" },
		{ "profile:::foo {}", "no probe there is called" }, { "profile:m::tick-1s {}", "no module matches" },
		{ "pid$target:::entri {}", "[D_PDESC_INVAL]" }, { "pid1:a.out:-:main {}", "[D_PDESC_INVAL]" },
		{ "pid1::f:0x10 {}", "[D_PDESC_INVAL]" },
	};
	dtrace_hdl_t *dtp = open_without();

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *msg = compile(dtp, bad[i].text, 0);

		if (!msg || !strstr(msg, bad[i].says) || (!strstr(msg, "[D_PDESC_ZERO]") && !strstr(msg,
												    "[D_PDESC_INVAL]")))
			fail_msg("%s: %s", bad[i].text, msg ? msg : "it compiles");
		if (strstr(msg, "[D_PDESC_ZERO]") && compile(dtp, bad[i].text, DTRACE_C_ZDEFS))
			fail_msg("%s: not with -Z", bad[i].text);
	}
	dtrace_close(dtp);
}

/* Where the kernel's probes are those of the catalogue both say the same. */
static void same_words(void **state)
{
	static const char *const text[] = {
		"dtrace:::BEGINN {}", "BEGINN {}", "dtrace:x::END {}", "dtrace::x:END {}", "dtrace:::* / 1 + / {}",
		"BEGIN { trace(x); }", "tick-abc {}", "dtrace:::BEGIN { strlen(); }",
	};
	dtrace_hdl_t *dtp = open_without();
	struct tk *k = tk_new();

	for (size_t i = 0; i < sizeof(text) / sizeof(*text); i++) {
		const char *with = compile(k->dtp, text[i], 0), *without = compile(dtp, text[i], 0);

		assert_non_null(with);
		assert_non_null(without);
		assert_string_equal(with, without);
	}
	tk_free(k);
	dtrace_close(dtp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes), cmocka_unit_test(refused), cmocka_unit_test(types),
		cmocka_unit_test(same_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
