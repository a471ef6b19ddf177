/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options, error messages, probe descriptions, program text. */
#include <signal.h>
#include <sys/wait.h>

#include "test_kernel.h"
#include "proc_impl.h"

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
	set(k, "bufsize", "16", 16);		/* tests of drops want tiny ones */
	set(k, "bufsize", "4m", 4 << 20);
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

static void fails(struct tk *k, const char *text, uint_t cflags, const char *says)
{
	assert_null(dtrace_program_strcompile(k->dtp, text, DTRACE_PROBESPEC_NONE, cflags, 0, NULL));
	assert_int_equal(dtrace_errno(k->dtp), EDT_COMPILER);
	if (strncmp(dtrace_errmsg(k->dtp, EDT_COMPILER), says, strlen(says)))
		fail_msg("\"%s\" does not begin with \"%s\"", dtrace_errmsg(k->dtp, EDT_COMPILER), says);
}

/* Every option of the family is either in one table or in the other. */
static void refusals(void **state)
{
	static const struct { const char *name, *says; } names[] = {
		{ "grabanon", "boot-time" }, { "zone", "no zones" }, { "linkmode", "not linked" },
		{ "ldpath", "other programs" }, { "objcopypath", "other programs" }, { "dofstashpath", "DOF" },
		{ "bpflog", "BPF" }, { "bpflogsize", "BPF" },
		{ "lockmem", "BPF" }, { "disasm", "BPF" }, { "maxframes", "stackframes" }, { "pcapsize", "packets" },
		{ "scratchsize", "scratch" }, { "procfspath", "/proc" }, { "modpath", "running kernel" },
		{ "ctfpath", "BTF" }, { "sysslice", "uid" }, { "useruid", "uid" }, { "debugassert", "debug" },
		{ "ctypes", "CTF" }, { "dtypes", "CTF" },
	};
	struct tk *k = tk_new();
	dtrace_optval_t val;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		refused(k, names[i].name, "1", EDT_OPTNOSUP, names[i].says);
		assert_int_equal(dtrace_getopt(k->dtp, names[i].name, &val), -1);
	}
	refused(k, "nosuch", NULL, EDT_BADOPTNAME, "no option \"nosuch\"");
	refused(k, "bufsiz", "1m", EDT_BADOPTNAME, "did you mean \"bufsize\"?");
	refused(k, "agsize", "1m", EDT_BADOPTNAME, "did you mean \"aggsize\"?");
	refused(k, "oformat", "html", EDT_OPTNOSUP, "html");
	refused(k, "linktype", "dof", EDT_OPTNOSUP, "ELF");
	tk_free(k);
}

/* A row for each option: a value it takes and what dtrace_getopt() then says, and one that it refuses. */
static void every_row(void **state)
{
	static const struct { const char *name, *val; dtrace_optval_t want; const char *bad; } rows[] = {
		{ "agghist", NULL, 1, "x" }, { "aggpack", "on", 1, "x" }, { "aggpercpu", NULL, 1, "x" },
		{ "aggrate", "5s", 5000000000, "x" }, { "aggsize", "8m", 8 << 20, "x" },
		{ "aggsortkey", NULL, 1, "x" }, { "aggsortkeypos", "2", 2, "-1" },
		{ "aggsortpos", "1", 1, "99999999" }, { "aggsortrev", NULL, 1, "x" },
		{ "aggzoom", NULL, 1, "x" },
		{ "amin", "Evolving/Evolving/Common", DTRACEOPT_UNSET, "Good/Good/Common" },
		{ "argref", NULL, 1, "x" }, { "bufpolicy", "ring", DTRACEOPT_BUFPOLICY_RING, "round" },
		{ "bufpolicy", "fill", DTRACEOPT_BUFPOLICY_FILL, NULL },
		{ "bufpolicy", "switch", DTRACEOPT_BUFPOLICY_SWITCH, "" },
		{ "bufresize", "manual", DTRACEOPT_BUFRESIZE_MANUAL, "x" },
		{ "bufsize", "1m", 1 << 20, "x" }, { "cleanrate", "101hz", 9900990, "x" },
		{ "cpp", NULL, 1, "x" }, { "cppargs", "-DX", DTRACEOPT_UNSET, NULL },
		{ "cpphdrs", NULL, 1, "x" }, { "cpppath", "/usr/bin/cpp", DTRACEOPT_UNSET, NULL },
		{ "cpu", "1", 1, "x" }, { "cpu", "all", DTRACEOPT_UNSET, "99" },
		{ "debug", "off", DTRACEOPT_UNSET, "x" }, { "defaultargs", NULL, 1, "x" },
		{ "define", "X=1", DTRACEOPT_UNSET, NULL }, { "demangle", NULL, 1, "x" },
		{ "destructive", NULL, 1, "x" }, { "droptags", NULL, 1, "x" },
		{ "dynvarsize", "2m", 2 << 20, "x" }, { "empty", NULL, 1, "x" },
		{ "encoding", "ascii", DTRACEOPT_ENCODING_ASCII, "latin1" },
		{ "encoding", "utf8", DTRACEOPT_ENCODING_UTF8, NULL }, { "errexit", NULL, 1, "x" },
		{ "errexit", "7", 7, "256" }, { "errtags", NULL, 1, "x" },
		{ "evaltime", "exec", DT_EVAL_EXEC, "x" },
		{ "evaltime", "postinit", DT_EVAL_POSTINIT, "" }, { "flowindent", NULL, 1, "x" },
		{ "incdir", "/tmp", DTRACEOPT_UNSET, NULL }, { "iregs", "8", 8, "99" },
		{ "jstackframes", "10", 10, "x" }, { "jstackstrsize", "1k", 1024, "x" },
		{ "knodefs", NULL, 1, "x" }, { "kdefs", NULL, 1, "x" },
		{ "late", "static", DTRACEOPT_UNSET, "never" },
		{ "lazyload", NULL, DTRACEOPT_UNSET, "x" }, { "strip", "on", DTRACEOPT_UNSET, "x" },
		{ "linknommap", NULL, DTRACEOPT_UNSET, "x" }, { "linktype", "elf", DTRACEOPT_UNSET, "coff" },
		{ "libdir", "/tmp", DTRACEOPT_UNSET, NULL }, { "nolibs", NULL, 1, "x" },
		{ "noresolve", NULL, 1, "x" }, { "stacksymbols", NULL, 1, "x" },
		{ "nspec", "4", 4, "x" }, { "oformat", "json", DTRACEOPT_OFORMAT_JSON, "yaml" },
		{ "oformat", "xml,pretty", DTRACEOPT_OFORMAT_XML | DTRACEOPT_OFORMAT_PRETTY, "json,ugly" },
		{ "oformat", "text", DTRACEOPT_UNSET, NULL }, { "pgmax", "3", 3, "x" },
		{ "preallocate", "1m", 1 << 20, "x" }, { "printsize", "1k", 1024, "x" },
		{ "pspec", NULL, 1, "x" }, { "quiet", NULL, 1, "x" }, { "quietresize", NULL, 1, "x" },
		{ "rawbytes", NULL, 1, "x" }, { "setenv", "A=b", DTRACEOPT_UNSET, "A" },
		{ "unsetenv", "A", DTRACEOPT_UNSET, "A=b" }, { "specsize", "64k", 65536, "x" },
		{ "stackframes", "5", 5, "0" }, { "stackindent", "4", 4, "x" },
		{ "statusrate", "2hz", 500000000, "11s" }, { "stdc", "c", DTRACEOPT_UNSET, "z" },
		{ "strsize", "64", 64, "0" }, { "switchrate", "10hz", 100000000, "x" },
		{ "syslibdir", "/tmp", DTRACEOPT_UNSET, NULL }, { "temporal", NULL, 1, "x" },
		{ "trapfree", "off", DTRACEOPT_TRAPFREE_OFF, "maybe" },
		{ "trapfree", "require", DTRACEOPT_TRAPFREE_REQUIRE, "1" },
		{ "tree", "0", 0, "64" }, { "tregs", "8", 8, "0" }, { "unodefs", NULL, 1, "x" },
		{ "udefs", NULL, 1, "x" }, { "undef", "X", DTRACEOPT_UNSET, NULL },
		{ "ustackframes", "5", 5, "x" }, { "verbose", NULL, 1, "x" },
		{ "verbose", "off", DTRACEOPT_UNSET, NULL },
		{ "version", "1.6.3", 1 << 24 | 6 << 12 | 3, "1.6.9" },
		{ "version", "1.0", 1 << 24, "one" }, { "zdefs", NULL, 1, "x" },
	};
	struct tk *k = tk_new();

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		set(k, rows[i].name, rows[i].val, rows[i].want);
		if (rows[i].bad)
			refused(k, rows[i].name, rows[i].bad, EDT_BADOPTVAL, rows[i].name);
		assert_int_equal(get(k, rows[i].name), rows[i].want);
	}
	tk_free(k);
}

static void environment(void **state)
{
	struct tk *k = tk_new();

	setenv("DTT_OPT_STRSIZE", "48", 1);
	setenv("DTT_OPT_QUIET", "", 1);
	assert_int_equal(dtrace_setoptenv(k->dtp, "DTT_OPT_"), 0);
	assert_int_equal(get(k, "strsize"), 48);
	assert_int_equal(get(k, "quiet"), 1);
	setenv("DTT_OPT_NOSUCH", "1", 1);
	assert_int_equal(dtrace_setoptenv(k->dtp, "DTT_OPT_"), -1);
	unsetenv("DTT_OPT_NOSUCH");
	unsetenv("DTT_OPT_STRSIZE");
	unsetenv("DTT_OPT_QUIET");
	tk_free(k);
}

/* What setenv and unsetenv do is seen by a program that is started. */
static void child_environment(void **state)
{
	char dir[] = "/tmp/options_testXXXXXX", path[64], command[320], text[64] = "";
	struct tk *k = tk_new();
	FILE *fp;

	setenv("DTT_GONE", "here", 1);
	setenv("DTT_KEPT", "kept", 1);
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/out", dir);
	assert_int_equal(dtrace_setopt(k->dtp, "setenv", "DTT_NEW=one"), 0);
	assert_int_equal(dtrace_setopt(k->dtp, "setenv", "DTT_NEW=two"), 0);
	assert_int_equal(dtrace_setopt(k->dtp, "unsetenv", "DTT_GONE"), 0);
	dtrace_setopt(k->dtp, "evaltime", "exec");
	snprintf(command, sizeof(command), "/bin/sh -c 'echo \"$DTT_NEW|${DTT_GONE-gone}|$DTT_KEPT\" >%s.new; "
		 "mv %s.new %s'", path, path, path);
	struct ps_prochandle *P = dtrace_proc_run(k->dtp, command);

	if (!P)
		fail_msg("%s", dtrace_errmsg(k->dtp, dtrace_errno(k->dtp)));
	dtrace_proc_continue(k->dtp, P);
	while (!(fp = fopen(path, "r")))
		usleep(1000);
	assert_non_null(fgets(text, sizeof(text), fp));
	fclose(fp);
	assert_string_equal(text, "two|gone|kept\n");
	assert_string_equal(getenv("DTT_GONE"), "here");	/* ours is ours */
	unlink(path);
	rmdir(dir);
	tk_free(k);
}

static void registers(void **state)
{
	struct tk *k = tk_new();

	dtrace_setopt(k->dtp, "iregs", "2");
	assert_non_null(dtrace_program_strcompile(k->dtp, "BEGIN { trace(arg0 + 1); }", DTRACE_PROBESPEC_NONE, 0, 0,
						  NULL));
	fails(k, "BEGIN { trace((arg0 + arg1) * (arg2 + arg3)); }", DTRACE_C_ETAGS, "[D_REGS] ");
	dtrace_setopt(k->dtp, "iregs", "15");
	dtrace_setopt(k->dtp, "tregs", "2");
	fails(k, "BEGIN { a[arg0, arg1, arg2] = 1; }", DTRACE_C_ETAGS, "[D_REGS] ");
	tk_free(k);
}

static void attributes(void **state)
{
	dtrace_attribute_t a, b;
	char buf[64], small[5];

	assert_int_equal(dtrace_str2attr("Evolving/Private/ISA", &a), 0);
	assert_int_equal(a.dtat_name, DTRACE_STABILITY_EVOLVING);
	assert_int_equal(a.dtat_data, DTRACE_STABILITY_PRIVATE);
	assert_int_equal(a.dtat_class, DTRACE_CLASS_ISA);
	assert_string_equal(dtrace_attr2str(a, buf, sizeof(buf)), "Evolving/Private/ISA");
	assert_string_equal(dtrace_attr2str(a, small, sizeof(small)), "Evol");
	assert_int_equal(dtrace_str2attr("stable / Stable / common", &b), 0);
	assert_int_equal(dtrace_str2attr("Stable/Stable/Common/x", &b), -1);
	assert_int_equal(dtrace_str2attr("Stable/Best", &b), -1);
	assert_string_equal(dtrace_attr2str(dtrace_attr_min(a, b), buf, sizeof(buf)), "Evolving/Private/ISA");
	assert_string_equal(dtrace_attr2str(dtrace_attr_max(a, b), buf, sizeof(buf)), "Stable/Stable/Common");
	assert_null(dtrace_stability_name(8));
	assert_null(dtrace_class_name(-1));
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

/* What has been done when the program is read cannot be changed by the program; it is not passed over in silence. */
static void late_pragmas(void **state)
{
	static const char *const late[] = {
		"cpp", "cppargs=-DX", "cpphdrs", "cpppath=/bin/cpp", "define=X", "incdir=/tmp", "libdir=/tmp", "nolibs",
		"stdc=a", "syslibdir=/tmp", "undef=X",
	};
	static const char *const in_time[] = {
		"setenv=A=1", "unsetenv=A", "evaltime=main", "strsize=100", "destructive",
	};
	struct tk *k = tk_new();
	char text[80], says[120];

	for (size_t i = 0; i < sizeof(late) / sizeof(*late); i++) {
		snprintf(text, sizeof(text), "#pragma D option %s\nBEGIN {}", late[i]);
		snprintf(says, sizeof(says), "[D_PRAGMA_OPTSET] line 1: option %.*s comes too late in a #pragma",
			 (int)strcspn(late[i], "="), late[i]);
		fails(k, text, DTRACE_C_ETAGS, says);
	}
	for (size_t i = 0; i < sizeof(in_time) / sizeof(*in_time); i++) {
		snprintf(text, sizeof(text), "#pragma D option %s\nBEGIN {}", in_time[i]);
		if (!dtrace_program_strcompile(k->dtp, text, DTRACE_PROBESPEC_NONE, 0, 0, NULL))
			fail_msg("%s", dtrace_errmsg(k->dtp, dtrace_errno(k->dtp)));
	}
	tk_free(k);
}

static int processes_known(dtrace_hdl_t *dtp)
{
	int n = 0;

	for (struct ps_prochandle *P = dtp->procs; P; P = P->next)
		n++;
	return n;
}

/* -x pgmax: processes whose names were looked up are remembered, but not all for ever. */
static void pgmax(void **state)
{
	struct tk *k = tk_new();
	char name[256];
	pid_t pid[4];

	set(k, "pgmax", "2", 2);
	for (int i = 0; i < 4; i++) {
		pid[i] = fork();
		if (!pid[i]) {
			pause();
			_exit(0);
		}
	}
	for (int i = 0; i < 4; i++) {
		dtrace_uaddr2str(k->dtp, pid[i], (uintptr_t)processes_known, name, sizeof(name));
		assert_string_equal(name, "options_test`processes_known");
		assert_int_equal(processes_known(k->dtp), i ? 2 : 1);
	}
	for (int i = 0; i < 4; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
	}
	tk_free(k);
}

/* ---- Errors ------------------------------------------------------------------- */

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

	dt_source_error(&d, NULL, "one\nt wo\nthree", NULL, false, buf, sizeof(buf));
	assert_string_equal(buf, "line 2: wrong\n      2:3 | t wo\n          |   ^");
	d.loc.line = 9;		/* beyond the text */
	dt_source_error(&d, NULL, "one", NULL, false, buf, sizeof(buf));
	assert_string_equal(buf, "line 9: wrong");
	dt_source_error(&d, "x.h", "one", NULL, false, buf, sizeof(buf));
	assert_string_equal(buf, "line 9 of x.h: wrong");
	d.loc = (struct dt_loc){ 0 };
	dt_source_error(&d, NULL, "one", NULL, true, buf, sizeof(buf));
	assert_string_equal(buf, "[D_SYNTAX] wrong");
	/* A long line is cut around the place. */
	memset(text, 'a', 599);
	text[599] = 0;
	text[399] = 'X';
	d.loc = (struct dt_loc){ 1, 1, 400, 401 };
	dt_source_error(&d, NULL, text, NULL, false, buf, sizeof(buf));
	caret = strchr(buf, '^');
	assert_non_null(caret);
	assert_int_equal(strchr(buf, 'X') - strchr(buf, '|'), caret - strrchr(buf, '|'));
	/* And nothing runs over a small buffer. */
	for (size_t n = 1; n < 64; n++) {
		dt_source_error(&d, NULL, text, NULL, true, buf, n);
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
	assert_int_equal(dt_pidpat("pidgin7", &pid), DT_PIDPAT_STATIC);
	assert_int_equal(pid, 7);
	assert_int_equal(dt_pidpat("python*", &pid), DT_PIDPAT_STATICGLOB);
	assert_int_equal(dt_pidpat("*", &pid), DT_PIDPAT_NO);
	assert_int_equal(dt_pidpat("python", &pid), DT_PIDPAT_NO);
	assert_int_equal(dt_pidpat("123", &pid), DT_PIDPAT_NO);
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
		cmocka_unit_test(refusals), cmocka_unit_test(every_row), cmocka_unit_test(environment),
		cmocka_unit_test(child_environment), cmocka_unit_test(registers), cmocka_unit_test(attributes),
		cmocka_unit_test(while_tracing), cmocka_unit_test(pragmas), cmocka_unit_test(late_pragmas),
		cmocka_unit_test(pgmax),
		cmocka_unit_test(no_match), cmocka_unit_test(quoting), cmocka_unit_test(opening),
		cmocka_unit_test(descriptions), cmocka_unit_test(listing), cmocka_unit_test(pid_patterns),
		cmocka_unit_test(preprocessor), cmocka_unit_test(arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
