/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Actions that the consumer carries out; order of time; policies; errexit. */
#include <fcntl.h>
#include <sys/stat.h>

#include "test_kernel.h"

/* BEGIN with destructive actions allowed, printing to a file; what is in it then. */
static char *run(struct tk *k, const char *text, char *path)
{
	static char got[4096];
	FILE *fp;
	size_t n;

	dtrace_setopt(k->dtp, "quiet", NULL);
	dtrace_setopt(k->dtp, "destructive", NULL);
	fclose(k->fp);
	k->fp = fopen(path, "w");
	assert_non_null(k->fp);
	tk_go_text(k, text);
	tk_end(k);
	fflush(k->fp);
	fp = fopen(path, "r");
	n = fread(got, 1, sizeof(got) - 1, fp);
	fclose(fp);
	got[n] = 0;
	free(k->out);
	k->out = NULL;
	return got;
}

static char *read_all(const char *path)
{
	static char got[4096];
	FILE *fp = fopen(path, "r");
	size_t n = fp ? fread(got, 1, sizeof(got) - 1, fp) : 0;

	assert_non_null(fp);
	fclose(fp);
	got[n] = 0;
	return got;
}

static char dir[] = "/tmp/act_testXXXXXX", path[2][128];

static int setup(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	snprintf(path[0], sizeof(path[0]), "%s/a", dir);
	snprintf(path[1], sizeof(path[1]), "%s/b", dir);
	return 0;
}

static int teardown(void **state)
{
	unlink(path[0]);
	unlink(path[1]);
	return rmdir(dir);
}

static void commands(void **state)
{
	struct tk *k = tk_new();

	/* In the order of the program, with what was printed before it before it. */
	assert_string_equal(run(k, "BEGIN { trace(\"a \"); system(\"echo %d-%s\", 7, \"x\"); "
				   "system(\"exit 3\"); trace(\"b\"); }",
				path[0]), "a 7-x\nb");
	tk_free(k);
}

/* Without a FILE the command's output is the library's. */
static int collect(const dtrace_bufdata_t *b, void *arg)
{
	strcat(arg, b->dtbda_buffered);
	return DTRACE_HANDLE_OK;
}

static void buffered_command(void **state)
{
	struct tk *k = tk_new();
	char got[4096] = "";

	dtrace_setopt(k->dtp, "quiet", NULL);
	dtrace_setopt(k->dtp, "destructive", NULL);
	dtrace_handle_buffered(k->dtp, collect, got);
	tk_go_text(k, "BEGIN { trace(\"a\"); system(\"echo one; echo two\"); trace(\"b\"); }");
	dtrace_stop(k->dtp);
	assert_int_equal(dtrace_work(k->dtp, NULL, NULL, NULL, NULL), DTRACE_WORKSTATUS_DONE);
	assert_string_equal(got, "aone\ntwo\nb");
	tk_free(k);
}

static void destructive_is_asked_for(void **state)
{
	struct tk *k = tk_new();
	dtrace_prog_t *p = dtrace_program_strcompile(k->dtp, "BEGIN { system(\"true\"); }", DTRACE_PROBESPEC_NONE,
						     0, 0, NULL);

	assert_true(!p || dtrace_program_exec(k->dtp, p, NULL));
	assert_non_null(strstr(dtrace_errmsg(k->dtp, dtrace_errno(k->dtp)), "-w"));
	tk_free(k);
}

static void other_files(void **state)
{
	struct tk *k = tk_new();
	char text[1024];

	snprintf(text, sizeof(text), "BEGIN { trace(1); freopen(\"%s/%%s\", \"b\"); trace(2); freopen(\"\"); trace(3); "
		 "freopen(\"%s\"); trace(4); freopen(\"\"); }", dir, path[1]);
	assert_string_equal(run(k, text, path[0]), "13");
	assert_string_equal(read_all(path[1]), "24");
	tk_free(k);
	/* What cannot be opened is told, and the output stays where it is. */
	k = tk_new();
	snprintf(text, sizeof(text), "BEGIN { freopen(\"/no/such/dir/x\"); trace(5); freopen(\"\"); }");
	run(k, text, path[0]);
	assert_non_null(strstr(read_all(path[0]), "cannot open /no/such/dir/x"));
	assert_non_null(strstr(read_all(path[0]), "not changed"));
	assert_non_null(strstr(read_all(path[0]), "5"));
	tk_free(k);
}

static void truncation(void **state)
{
	struct tk *k = tk_new();

	assert_string_equal(run(k, "BEGIN { trace(\"gone\"); ftruncate(); trace(\"kept\"); }", path[0]), "kept");
	tk_free(k);
}

static int on_setopt(const dtrace_setoptdata_t *d, void *arg)
{
	char *s = arg;

	sprintf(s + strlen(s), "%s:%lld>%lld ", d->dtsda_option, (long long)d->dtsda_oldval,
		(long long)d->dtsda_newval);
	return DTRACE_HANDLE_OK;
}

static void options(void **state)
{
	struct tk *k = tk_new();
	char got[256] = "";

	dtrace_handle_setopt(k->dtp, on_setopt, got);
	dtrace_setopt(k->dtp, "quiet", NULL);
	tk_go_text(k, "BEGIN { setopt(\"switchrate\", \"5s\"); setopt(\"aggsortrev\"); setopt(\"bufsize\", \"4m\"); "
		   "setopt(\"nosuch\"); setopt(strjoin(\"qu\", \"iet\"), \"no\"); }");
	tk_end(k);
	assert_string_equal(got, "switchrate:1000000000>5000000000 aggsortrev:-2>1 quiet:1>-2 ");
	fflush(k->fp);
	assert_non_null(strstr(k->out, "bufsize cannot be changed while tracing"));
	assert_non_null(strstr(k->out, "no option \"nosuch\""));
	tk_free(k);
}

/* CPU 0 and CPU 1 take turns; by CPU their records are apart, by time they alternate. */
static void by_time(void **state)
{
	for (int temporal = 0; temporal < 2; temporal++) {
		struct tk *k = tk_new();

		dtrace_setopt(k->dtp, "quiet", NULL);
		if (temporal)
			dtrace_setopt(k->dtp, "temporal", NULL);
		tk_go_text(k, "BEGIN { trace(\"B\"); } test::f:entry { trace(arg0); } END { trace(\"E\"); }");
		for (int i = 0; i < 6; i++)
			tk_fire(k, i % 2, "f:entry", (u64)i, 0);
		tk_work(k);
		for (int i = 6; i < 8; i++)
			tk_fire(k, i % 2, "f:entry", (u64)i, 0);
		tk_end(k);
		if (temporal)
			tk_expect(k, "B01234567E");
		else
			tk_expect(k, "B13502467E");
		tk_free(k);
	}
}

static void first_error(void **state)
{
	struct tk *k = tk_new();

	dtrace_setopt(k->dtp, "quiet", NULL);
	dtrace_setopt(k->dtp, "errexit", "3");
	tk_go_text(k, "test::f:entry { trace(*(int *)arg0); }");
	assert_int_equal(tk_work(k), DTRACE_WORKSTATUS_OKAY);
	tk_fire(k, 0, "f:entry", 16, 0);
	assert_int_equal(tk_work(k), DTRACE_WORKSTATUS_OKAY);
	assert_int_equal(tk_work(k), DTRACE_WORKSTATUS_DONE);
	tk_free(k);
}

/* fill: nothing is read before the end, which comes when a buffer is full. */
static void filled(void **state)
{
	struct tk *k = tk_new();
	int switches;

	dtrace_setopt(k->dtp, "bufpolicy", "fill");
	tk_go_text(k, "BEGIN { trace(1); }");
	assert_int_equal(k->go.bufpolicy, DTRACE_BUFPOLICY_FILL);
	switches = k->switches;
	assert_int_equal(tk_work(k), DTRACE_WORKSTATUS_OKAY);
	assert_int_equal(k->switches, switches);
	k->extra.filled = 1;
	assert_int_equal(tk_work(k), DTRACE_WORKSTATUS_DONE);
	assert_true(k->switches > switches);
	tk_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands), cmocka_unit_test(buffered_command),
		cmocka_unit_test(destructive_is_asked_for),
		cmocka_unit_test(other_files), cmocka_unit_test(truncation), cmocka_unit_test(options),
		cmocka_unit_test(by_time), cmocka_unit_test(first_error), cmocka_unit_test(filled),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
