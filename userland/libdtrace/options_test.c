/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options, error messages, probe descriptions, program text. */
#include "test_kernel.h"

static dtrace_optval_t get(struct tk *k, const char *name)
{
	dtrace_optval_t val = 0;

	assert_int_equal(dtrace_getopt(k->dtp, name, &val), 0);
	return val;
}

static void refused(struct tk *k, const char *name, const char *val, int err, const char *says)
{
	assert_int_equal(dtrace_setopt(k->dtp, name, val), -1);
	assert_int_equal(dtrace_errno(k->dtp), err);
	if (!strstr(dtrace_errmsg(k->dtp, err), says))
		fail_msg("%s=%s: \"%s\" does not say \"%s\"", name, val ? val : "", dtrace_errmsg(k->dtp, err), says);
}

static void set(struct tk *k, const char *name, const char *val, dtrace_optval_t want)
{
	if (dtrace_setopt(k->dtp, name, val))
		fail_msg("%s", dtrace_errmsg(k->dtp, dtrace_errno(k->dtp)));
	assert_int_equal(get(k, name), want);
}

static void sizes(void **state)
{
	struct tk *k = tk_new();

	set(k, "bufsize", "4096", 4096);
	set(k, "bufsize", "64k", 64 << 10);
	set(k, "bufsize", "4M", 4 << 20);
	set(k, "aggsize", "1g", 1 << 30);
	set(k, "strsize", "0x100", 256);
	refused(k, "bufsize", "1", EDT_BADOPTVAL, "bufsize");
	refused(k, "bufsize", "1t", EDT_BADOPTVAL, "bufsize");
	refused(k, "bufsize", "99999999999999999999", EDT_BADOPTVAL, "bufsize");
	refused(k, "bufsize", "18014398509481984k", EDT_BADOPTVAL, "bufsize");
	refused(k, "bufsize", "4mb", EDT_BADOPTVAL, "4mb");
	refused(k, "bufsize", "-4096", EDT_BADOPTVAL, "bufsize");
	refused(k, "bufsize", "", EDT_BADOPTVAL, "bufsize");
	refused(k, "bufsize", NULL, EDT_BADOPTVAL, "wants a value");
	assert_int_equal(get(k, "bufsize"), 4 << 20);
	tk_free(k);
}

static void rates(void **state)
{
	static const struct { const char *text; dtrace_optval_t ns; } good[] = {
		{ "10hz", 100000000 }, { "10", 100000000 }, { "1s", 1000000000 }, { "5sec", 5000000000 },
		{ "100ms", 100000000 }, { "2000us", 2000000 }, { "2000000ns", 2000000 }, { "1m", 60000000000 },
		{ "2h", 7200000000000 }, { "1d", 86400000000000 }, { "1000hz", 1000000 },
	};
	struct tk *k = tk_new();

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		set(k, "switchrate", good[i].text, good[i].ns);
	refused(k, "switchrate", "0", EDT_BADOPTVAL, "rate");
	refused(k, "switchrate", "0s", EDT_BADOPTVAL, "rate");
	refused(k, "switchrate", "5x", EDT_BADOPTVAL, "5x");
	refused(k, "switchrate", "2000000000hz", EDT_BADOPTVAL, "rate");
	refused(k, "switchrate", "2d", EDT_BADOPTVAL, "rate");
	tk_free(k);
}

static void switches(void **state)
{
	struct tk *k = tk_new();

	set(k, "quiet", NULL, 1);
	set(k, "quiet", "off", DTRACEOPT_UNSET);
	set(k, "quiet", "yes", 1);
	set(k, "zdefs", NULL, 1);
	set(k, "zdefs", "no", DTRACEOPT_UNSET);
	set(k, "demangle", NULL, 1);
	refused(k, "quiet", "maybe", EDT_BADOPTVAL, "maybe");
	set(k, "bufresize", "manual", DTRACEOPT_BUFRESIZE_MANUAL);
	set(k, "cpu", "1", 1);
	refused(k, "cpu", "99", EDT_BADOPTVAL, "cpu");
	set(k, "evaltime", "main", DT_EVAL_MAIN);
	refused(k, "evaltime", "later", EDT_BADOPTVAL, "evaltime");
	tk_free(k);
}

static void unsupported(void **state)
{
	static const char *const names[] = { "temporal", "agghist", "aggpack", "aggzoom", "grabanon", "oformat", "zone",
					     "amin", "linkmode", "nspec", "version" };
	struct tk *k = tk_new();

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		refused(k, names[i], "1", EDT_OPTNOSUP, "not supported yet");
	refused(k, "bufpolicy", "ring", EDT_OPTNOSUP, "bufpolicy=ring is not supported yet");
	refused(k, "nosuch", NULL, EDT_BADOPTNAME, "no option \"nosuch\"");
	tk_free(k);
}

static void while_tracing(void **state)
{
	struct tk *k = tk_new();

	tk_go_text(k, "BEGIN {}");
	refused(k, "bufsize", "4m", EDT_OPTACTIVE, "while tracing");
	set(k, "quiet", NULL, 1);
	set(k, "switchrate", "5s", 5000000000);
	tk_free(k);
}

static void pragmas(void **state)
{
	struct tk *k = tk_new();

	tk_go_text(k, "#pragma D option quiet\n#pragma D option strsize=64\nBEGIN { @[\"x\"] = count(); }");
	assert_int_equal(get(k, "quiet"), 1);
	assert_int_equal(k->aggs[0]->size, 16 + 64 + 8);
	assert_null(dtrace_program_strcompile(k->dtp, "#pragma D option nosuch\nBEGIN {}",
					      DTRACE_PROBESPEC_NONE, 0, 0, NULL));
	assert_non_null(strstr(dtrace_errmsg(k->dtp, dtrace_errno(k->dtp)), "line 1"));
	tk_free(k);
}

/* ---- Errors ------------------------------------------------------------------- */

static void fails(struct tk *k, const char *text, uint_t cflags, const char *says)
{
	assert_null(dtrace_program_strcompile(k->dtp, text, DTRACE_PROBESPEC_NONE, cflags, 0, NULL));
	assert_int_equal(dtrace_errno(k->dtp), EDT_COMPILER);
	if (strncmp(dtrace_errmsg(k->dtp, EDT_COMPILER), says, strlen(says)))
		fail_msg("\"%s\" does not begin with \"%s\"", dtrace_errmsg(k->dtp, EDT_COMPILER), says);
}

static void no_match(void **state)
{
	struct tk *k = tk_new();

	fails(k, "BEGIN {}\n\ttest::nosuch:entry {}", 0,
	      "line 2: probe description test::nosuch:entry does not match any probes\n"
	      "      2:2 | \ttest::nosuch:entry {}\n"
	      "          | \t^\n"
	      "            hint: no function matches \"nosuch\"");
	fails(k, "nosuch::: {}", DTRACE_C_ETAGS, "[D_PDESC_ZERO] line 1: probe description nosuch:::");
	assert_non_null(dtrace_program_strcompile(k->dtp, "nosuch::: {}", DTRACE_PROBESPEC_NONE,
						  DTRACE_C_ZDEFS, 0, NULL));
	tk_free(k);
}

static void quoting(void **state)
{
	struct dt_diag d = { .set = true, .tag = D_SYNTAX, .loc = { 1, 2, 3, 4 }, .msg = "wrong" };
	char text[600], buf[1024], *caret;

	dt_source_error(&d, NULL, "one\nt wo\nthree", false, buf, sizeof(buf));
	assert_string_equal(buf, "line 2: wrong\n      2:3 | t wo\n          |   ^");
	d.loc.line = 9;		/* beyond the text */
	dt_source_error(&d, NULL, "one", false, buf, sizeof(buf));
	assert_string_equal(buf, "line 9: wrong");
	dt_source_error(&d, "x.h", "one", false, buf, sizeof(buf));
	assert_string_equal(buf, "line 9 of x.h: wrong");
	d.loc = (struct dt_loc){ 0 };
	dt_source_error(&d, NULL, "one", true, buf, sizeof(buf));
	assert_string_equal(buf, "[D_SYNTAX] wrong");
	/* A long line is cut around the place. */
	memset(text, 'a', 599);
	text[599] = 0;
	text[399] = 'X';
	d.loc = (struct dt_loc){ 1, 1, 400, 401 };
	dt_source_error(&d, NULL, text, false, buf, sizeof(buf));
	caret = strchr(buf, '^');
	assert_non_null(caret);
	assert_int_equal(strchr(buf, 'X') - strchr(buf, '|'), caret - strrchr(buf, '|'));
	/* And nothing runs over a small buffer. */
	for (size_t n = 1; n < 64; n++) {
		dt_source_error(&d, NULL, text, true, buf, n);
		assert_true(strlen(buf) < n);
	}
}

static void opening(void **state)
{
	struct tk k = { .open_error = ENOENT };
	int err = 0;

	assert_null(dt_open_with(DTRACE_VERSION, 0, &err, &tk_kernel, &k));
	assert_non_null(strstr(dtrace_errmsg(NULL, err), "the module is not loaded"));
	k.open_error = EACCES;
	assert_null(dt_open_with(DTRACE_VERSION, 0, &err, &tk_kernel, &k));
	assert_non_null(strstr(dtrace_errmsg(NULL, err), "root"));
	assert_null(dt_open_with(1, 0, &err, &tk_kernel, &k));
	assert_int_equal(err, EDT_VERSION);
	for (int i = EDT_BASE; i < EDT_END; i++)
		assert_non_null(dtrace_errmsg(NULL, i));
	for (int i = 0; i < DTRACEFLT_MAX; i++)
		assert_non_null(dtrace_faultstr(NULL, i));
}

/* ---- Descriptions ---------------------------------------------------------------- */

static void descriptions(void **state)
{
	struct tk *k = tk_new();
	dtrace_probedesc_t pd;
	char buf[128];

	assert_int_equal(dtrace_str2desc(k->dtp, DTRACE_PROBESPEC_NAME, "a:b:c:d", &pd), 0);
	assert_string_equal(dtrace_desc2str(&pd, buf, sizeof(buf)), "a:b:c:d");
	assert_int_equal(dtrace_str2desc(k->dtp, DTRACE_PROBESPEC_NAME, "d", &pd), 0);
	assert_string_equal(dtrace_desc2str(&pd, buf, sizeof(buf)), ":::d");
	assert_int_equal(dtrace_str2desc(k->dtp, DTRACE_PROBESPEC_FUNC, " b : c ", &pd), 0);
	assert_string_equal(dtrace_desc2str(&pd, buf, sizeof(buf)), ":b:c:");
	assert_int_equal(dtrace_str2desc(k->dtp, DTRACE_PROBESPEC_PROVIDER, "a", &pd), 0);
	assert_string_equal(dtrace_desc2str(&pd, buf, sizeof(buf)), "a:::");
	assert_int_equal(dtrace_str2desc(k->dtp, DTRACE_PROBESPEC_NAME, "12", &pd), 0);
	assert_int_equal(pd.dtpd_id, 12);
	assert_int_equal(dtrace_str2desc(k->dtp, DTRACE_PROBESPEC_MOD, "a:b:c", &pd), -1);
	tk_free(k);
}

static int count(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pd, void *arg)
{
	++*(int *)arg;
	return 0;
}

static void listing(void **state)
{
	dtrace_probedesc_t pat = { .dtpd_provider = "te*", .dtpd_name = "entry" }, pd;
	struct tk *k = tk_new();
	int n = 0;

	assert_int_equal(dtrace_probe_iter(k->dtp, NULL, count, &n), 0);
	assert_int_equal(n, TK_NPROBES);	/* in several answers of the kernel */
	n = 0;
	assert_int_equal(dtrace_probe_iter(k->dtp, &pat, count, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(dtrace_id2desc(k->dtp, 6, &pd), 0);
	assert_string_equal(pd.dtpd_func, "g");
	assert_int_equal(dtrace_id2desc(k->dtp, 99, &pd), -1);
	tk_free(k);
}

static void pid_patterns(void **state)
{
	pid_t pid = 0;

	assert_int_equal(dt_pidpat("pid123", &pid), DT_PIDPAT_ONE);
	assert_int_equal(pid, 123);
	assert_int_equal(dt_pidpat("pid*", &pid), DT_PIDPAT_GLOB);
	assert_int_equal(dt_pidpat("pid12?", &pid), DT_PIDPAT_GLOB);
	assert_int_equal(dt_pidpat("pid", &pid), DT_PIDPAT_NO);
	assert_int_equal(dt_pidpat("pid12x", &pid), DT_PIDPAT_NO);
	assert_int_equal(dt_pidpat("pid99999999999", &pid), DT_PIDPAT_NO);
	assert_int_equal(dt_pidpat("pidgin7", &pid), DT_PIDPAT_NO);
	assert_int_equal(dt_pidpat("", &pid), DT_PIDPAT_NO);
	assert_int_equal(dt_pidpat("profile", &pid), DT_PIDPAT_NO);
}

static void tk_says(struct tk *k, const char *begin)
{
	const char *msg = dtrace_errmsg(k->dtp, dtrace_errno(k->dtp));

	if (strncmp(msg, begin, strlen(begin)))
		fail_msg("\"%s\" does not begin with \"%s\"", msg, begin);
}

static void preprocessor(void **state)
{
	struct tk *k = tk_new();
	char script[] = "#!/usr/sbin/dtrace -s\n#define N 41\nBEGIN { printf(\"%d %d\", N + 1, X); }";
	FILE *fp = fmemopen(script, strlen(script), "r");
	dtrace_prog_t *p;

	dtrace_setopt(k->dtp, "quiet", NULL);
	dtrace_setopt(k->dtp, "define", "X=7");
	p = dtrace_program_fcompile(k->dtp, fp, DTRACE_C_CPP, 0, NULL);
	fclose(fp);
	if (!p)
		fail_msg("%s", dtrace_errmsg(k->dtp, dtrace_errno(k->dtp)));
	assert_int_equal(dtrace_program_exec(k->dtp, p, NULL), 0);
	assert_int_equal(dtrace_go(k->dtp), 0);
	tk_end(k);
	tk_expect(k, "42 7");
	assert_null(dtrace_program_strcompile(k->dtp, "#error no\n", DTRACE_PROBESPEC_NONE, DTRACE_C_CPP, 0, NULL));
	assert_int_equal(dtrace_errno(k->dtp), EDT_CPP);
	/* What an included file does wrong is told with its name, what follows it without. */
	assert_null(dtrace_program_strcompile(k->dtp, "# 1 \"in.h\" 1\nint x;\nint x y;\n# 2 \"<stdin>\" 2\nBEGIN {}",
					      DTRACE_PROBESPEC_NONE, DTRACE_C_CPP, 0, NULL));
	tk_says(k, "line 2 of in.h: syntax error");
	assert_null(dtrace_program_strcompile(k->dtp, "# 1 \"in.h\" 1\nint x;\n# 2 \"<stdin>\" 2\nint x y;",
					      DTRACE_PROBESPEC_NONE, DTRACE_C_CPP, 0, NULL));
	tk_says(k, "line 2: syntax error");
	tk_free(k);
}

static void arguments(void **state)
{
	char *argv[] = { "script", "there", "41" };
	struct tk *k = tk_new();
	dtrace_prog_t *p;

	dtrace_setopt(k->dtp, "quiet", NULL);
	p = dtrace_program_strcompile(k->dtp, "BEGIN { printf(\"%s %d\", $$1, $2); }",
				      DTRACE_PROBESPEC_NONE, 0, 3, argv);
	assert_non_null(p);
	assert_int_equal(dtrace_program_exec(k->dtp, p, NULL), 0);
	assert_int_equal(dtrace_go(k->dtp), 0);
	tk_end(k);
	tk_expect(k, "there 41");
	assert_null(dtrace_program_strcompile(k->dtp, "BEGIN { trace($3); }", DTRACE_PROBESPEC_NONE, 0, 3, argv));
	assert_null(dtrace_program_strcompile(k->dtp, "BEGIN { trace($target); }", DTRACE_PROBESPEC_NONE, 0, 3, argv));
	tk_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes), cmocka_unit_test(rates), cmocka_unit_test(switches),
		cmocka_unit_test(unsupported), cmocka_unit_test(while_tracing), cmocka_unit_test(pragmas),
		cmocka_unit_test(no_match), cmocka_unit_test(quoting), cmocka_unit_test(opening),
		cmocka_unit_test(descriptions), cmocka_unit_test(listing), cmocka_unit_test(pid_patterns),
		cmocka_unit_test(preprocessor), cmocka_unit_test(arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
