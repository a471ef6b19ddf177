/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtrace_program_header() and dtrace_program_link(): what declarations become, and which are refused. */
#include <fcntl.h>
#include <sys/stat.h>

#include "test_kernel.h"

static dtrace_prog_t *compile(struct tk *k, const char *text)
{
	dtrace_prog_t *p = dtrace_program_strcompile(k->dtp, text, DTRACE_PROBESPEC_NONE,
						     DTRACE_C_EMPTY | DTRACE_C_ZDEFS, 0, NULL);

	if (!p)
		fail_msg("%s: %s", text, dtrace_errmsg(k->dtp, dtrace_errno(k->dtp)));
	return p;
}

static char *header(struct tk *k, const char *text)
{
	char *h = NULL;
	size_t n;
	FILE *fp = open_memstream(&h, &n);

	compile(k, text);
	assert_int_equal(dtrace_program_header(k->dtp, fp, "dir/my-probes.h"), 0);
	fclose(fp);
	return h;
}

static void has(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("\"%s\" is not in\n%s", what, text);
}

static void types(void **state)
{
	struct tk *k = tk_new();
	char *h = header(k, "typedef unsigned short us_t; struct s; enum e { A, B }; typedef enum e e_t;\n"
			 "provider app { probe one__two(us_t, e_t, string, struct s *, int [4], int (*)(int), bool);\n"
			 "probe last(int64_t n, double); };\n"
			 "#pragma D attributes Evolving/Evolving/Common provider app provider");

	(void)state;
	has(h, "#ifndef _DTRACE_APP_MY_PROBES_H\n#define _DTRACE_APP_MY_PROBES_H\n");
	has(h, "#define APP_ONE_TWO(arg0, arg1, arg2, arg3, arg4, arg5, arg6) ");
	has(h, "(app, one__two, app_one__two_semaphore, \"2@%0 -4@%1 8@%2 8@%3 8@%4 8@%5 1@%6\")");
	has(h, "#define APP_ONE_TWO_ENABLED() ");
	has(h, "(app, last, app_last_semaphore, \"-8@%0 8f@%1\")");
	assert_true(strstr(h, "one__two") < strstr(h, "app_last"));
	free(h);
	/* A second program of the handle adds its own. */
	h = header(k, "provider other { probe x(); };");
	has(h, "#define OTHER_X() ");
	has(h, "#define APP_LAST(");
	free(h);
	tk_free(k);
}

/* What other people's files do: D's own words as names, types that only consumers translate. */
static void strangers(void **state)
{
	struct tk *k = tk_new();
	char *h = header(k, "provider a { probe b(const char *string, char **self, int counter, void *size_t); };");

	(void)state;
	has(h, "\"8@%0 8@%1 -4@%2 8@%3\"");
	free(h);
	assert_null(dtrace_program_strcompile(k->dtp, "typedef struct { int x; } in_t; typedef struct { int y; } out_t;"
					      "provider n { probe p(in_t *a) : (out_t *a); };", DTRACE_PROBESPEC_NONE,
					      DTRACE_C_EMPTY, 0, NULL));
	has(dtrace_errmsg(k->dtp, dtrace_errno(k->dtp)), "no translator");
	assert_int_equal(dtrace_setopt(k->dtp, "late", "dynamic"), 0);
	h = header(k, "typedef struct { int x; } in_t; typedef struct { int y; } out_t;"
		   "provider n { probe p(in_t *a) : (out_t *a); };");
	has(h, "#define N_P(arg0) ");
	free(h);
	assert_null(dtrace_program_strcompile(k->dtp, "n1:::p { trace(args[0]->y); }", DTRACE_PROBESPEC_NONE,
					      DTRACE_C_ZDEFS, 0, NULL));
	has(dtrace_errmsg(k->dtp, dtrace_errno(k->dtp)), "no translator");
	tk_free(k);
}

static void refused(struct tk *k, dtrace_prog_t *p, const char *file, char *const *objv, const char *says)
{
	int objc = 0;

	while (objv && objv[objc])
		objc++;
	assert_int_equal(dtrace_program_link(k->dtp, p, 0, file, objc, objv), -1);
	has(dtrace_errmsg(k->dtp, dtrace_errno(k->dtp)), says);
	if (!objv)
		assert_int_equal(access(file, F_OK), -1);
}

static void refusals(void **state)
{
	static const char *const texts[][2] = {
		{ "typedef int x_t;", "declares no provider" },
		{ "provider p { probe a(); }; BEGIN { exit(0); }", "has clauses" },
		{ "struct s { int x; }; provider p { probe a(int, struct s); };",
		  "argument 1 of probe a of provider p is a struct s" },
		{ "union u { int x; }; provider p { probe a(union u); };", "pointer to it" },
		{ "provider p { probe a(long double); };", "long double" },
		{ "provider p { probe a__b(); probe a_b(); };", "P_A_B" },
		{ "provider p { probe x_y(); }; provider p_x { probe y(); };", "P_X_Y" },
		{ "provider p { probe a(int,int,int,int,int,int,int,int,int,int,int,int,int); };", "at most 12" },
	};
	char file[] = "/tmp/usdt_XXXXXX", *fp = NULL;
	size_t n;

	(void)state;
	close(mkstemp(file));
	unlink(file);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct tk *k = tk_new();
		FILE *m = open_memstream(&fp, &n);

		refused(k, compile(k, texts[i][0]), file, NULL, texts[i][1]);
		if (!strstr(texts[i][0], "BEGIN")) {
			assert_int_equal(dtrace_program_header(k->dtp, m, "x.h"), -1);
			has(dtrace_errmsg(k->dtp, dtrace_errno(k->dtp)), texts[i][1]);
		}
		fclose(m);
		assert_int_equal(n, 0);
		free(fp);
		tk_free(k);
	}
}

static void objects(void **state)
{
	char file[] = "/tmp/usdt_XXXXXX", self[] = "/proc/self/exe", none[] = "/nonexistent.o", text[] = "/etc/passwd";
	char *no_file[] = { none, NULL }, *no_object[] = { self, text, NULL }, *itself[] = { self, file, NULL };
	struct tk *k = tk_new();
	dtrace_prog_t *p = compile(k, "provider p { probe a(); probe b__c(int); };");
	char *good[] = { self };
	struct stat st;

	(void)state;
	close(mkstemp(file));
	unlink(file);
	assert_int_equal(dtrace_program_link(k->dtp, p, DTRACE_D_PROBES, file, 1, good), 0);
	assert_int_equal(stat(file, &st), 0);
	assert_true(st.st_size > 400);
	refused(k, p, file, no_file, "cannot open /nonexistent.o");
	refused(k, p, file, no_object, "/etc/passwd is not an object file");
	refused(k, p, file, itself, "would be overwritten");
	unlink(file);
	refused(k, p, "/no/such/folder/x.o", NULL, "cannot write");
	assert_int_equal(dtrace_program_link(k->dtp, p, 0x100, file, 0, NULL), -1);
	assert_int_equal(dtrace_errno(k->dtp), EDT_FLAGS);
	assert_int_equal(access(file, F_OK), -1);
	tk_free(k);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(types),
		cmocka_unit_test(strangers),
		cmocka_unit_test(refusals),
		cmocka_unit_test(objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
