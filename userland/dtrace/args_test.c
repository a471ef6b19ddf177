/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: what it is taken apart into, and what it refuses. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "args.c"

#define PARSE(a, ...) do { \
	char *argv_[] = { "dtrace", __VA_ARGS__, NULL }; \
	optind = 0; \
	args_parse((int)(sizeof(argv_) / sizeof(*argv_)) - 1, argv_, a); \
} while (0)

static void free_args(struct args *a)
{
	for (size_t i = 0; i < a->nprograms; i++)
		free(a->programs[i].shown);
	for (size_t i = 0; i < a->nsettings; i++)
		free(a->settings[i].name);
	free(a->programs);
	free(a->settings);
	free(a->victims);
	free(a->operands);
}

static void one_liner(void **state)
{
	struct args a = { 0 };

	PARSE(&a, "-qn", "pid$target:::entry { @ = count(); }", "-p", "12", "-c", "ls -l", "-b",
	      "8m", "-x", "aggrate=5s", "-w");
	assert_int_equal(a.nprograms, 1);
	assert_int_equal(a.programs[0].opt, 'n');
	assert_string_equal(a.programs[0].shown, "pid$target:::entry");
	assert_true(a.quiet);
	assert_int_equal(a.nvictims, 2);
	assert_int_equal(a.victims[0].pid, 12);
	assert_string_equal(a.victims[1].command, "ls -l");
	assert_int_equal(a.nsettings, 3);
	assert_string_equal(a.settings[0].name, "bufsize");
	assert_string_equal(a.settings[0].value, "8m");
	assert_string_equal(a.settings[1].name, "aggrate");
	assert_string_equal(a.settings[1].value, "5s");
	assert_string_equal(a.settings[2].name, "destructive");
	assert_null(a.settings[2].value);
	free_args(&a);
}

/* What is called the description is the probe's, whatever stands before it. */
static void described(void **state)
{
	struct args a = { 0 };

	PARSE(&a, "-n", "int x; string y[int]; BEGIN /x/ { x = 1; }");
	assert_string_equal(a.programs[0].shown, "BEGIN");
	free_args(&a);
}

/* As "#!/usr/sbin/dtrace -qs" has it: the letters together, then the script, then its operands. */
static void interpreter(void **state)
{
	struct args a = { 0 };

	PARSE(&a, "-qs", "./x.d", "one", "-Z", "two", "--", "-3");
	assert_string_equal(a.programs[0].text, "./x.d");
	assert_int_equal(a.noperands, 4);
	assert_string_equal(a.operands[0], "./x.d");
	assert_string_equal(a.operands[1], "one");
	assert_string_equal(a.operands[2], "two");
	assert_string_equal(a.operands[3], "-3");
	assert_int_equal(a.cflags, DTRACE_C_ZDEFS);
	free_args(&a);
}

/* Every letter of the family that means something without more. */
static void letters(void **state)
{
	struct args a = { 0 };

	PARSE(&a, "-64", "-BdeFHkOqSvZ", "-X", "c", "-W", "sh", "-xcpu=1", "-l");
	assert_true(a.buffered && a.show && a.compile_only && a.flow && a.all_aggs && a.quiet && a.dump && a.verbose);
	assert_true(a.list);
	assert_int_equal(a.nsettings, 3);
	assert_string_equal(a.settings[0].name, "cpphdrs");
	assert_string_equal(a.settings[1].name, "stdc");
	assert_string_equal(a.settings[1].value, "c");
	assert_string_equal(a.settings[2].name, "cpu");
	assert_string_equal(a.settings[2].value, "1");
	assert_int_equal(a.nvictims, 1);
	assert_string_equal(a.victims[0].awaited, "sh");
	free_args(&a);
}

/* Exit status of a command line that is refused, and what it says. */
static int status_of(char *const argv[], char *said, size_t n)
{
	int fds[2], status;
	struct args a = { 0 };
	ssize_t got, k = 0;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		int argc = 0;

		while (argv[argc])
			argc++;
		dup2(fds[1], 2);
		optind = 0;
		args_parse(argc, (char **)argv, &a);
		_exit(0);
	}
	close(fds[1]);
	while ((got = read(fds[0], said + k, n - 1 - (size_t)k)) > 0)
		k += got;
	said[k] = 0;
	close(fds[0]);
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void refusals(void **state)
{
	static const struct { char *argv[4]; const char *says; } cases[] = {
		{ { "dtrace" }, "usage:" },
		{ { "dtrace", "-Y" }, "no option -Y" },
		{ { "dtrace", "-n" }, "-n wants an argument" },
		{ { "dtrace", "-p", "x" }, "not \"x\"" },
		{ { "dtrace", "-p", "0" }, "not \"0\"" },
		{ { "dtrace", "-i", "BEGIN" }, "number of a probe" },
		{ { "dtrace", "-G" }, "-G needs a script" },
		{ { "dtrace", "-h" }, "-h needs a script" },
		{ { "dtrace", "-a" }, "-a: there is no boot-time" },
		{ { "dtrace", "-A" }, "-A: there is no boot-time" },
		{ { "dtrace", "-32" }, "-32: the 32-bit data model is not supported" },
		{ { "dtrace", "-33" }, "no option -3" },
		{ { "dtrace", "--libxo", "json" }, "-x oformat=json" },
		{ { "dtrace", "--nosuch" }, "no option --nosuch" },
	};
	char said[8192];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(status_of(cases[i].argv, said, sizeof(said)), E_USAGE);
		if (!strstr(said, cases[i].says))
			fail_msg("\"%s\" does not say \"%s\"", said, cases[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_liner), cmocka_unit_test(described), cmocka_unit_test(interpreter),
		cmocka_unit_test(letters), cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
