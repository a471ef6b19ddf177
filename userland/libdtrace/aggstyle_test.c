/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agghist, aggpack, aggzoom, encoding; printa() in all its forms. */
#include "test_kernel.h"

static void prints(const char *const *opts, const char *body, const char *expected)
{
	struct tk *k = tk_new();
	char text[4096];

	snprintf(text, sizeof(text), "BEGIN { %s }", body);
	dtrace_setopt(k->dtp, "quiet", NULL);
	for (; *opts; opts += 2)
		assert_int_equal(dtrace_setopt(k->dtp, opts[0], opts[1]), 0);
	tk_go_text(k, text);
	tk_end(k);
	assert_int_equal(dtrace_aggregate_print(k->dtp, k->fp, NULL), 0);
	tk_expect(k, expected);
	tk_free(k);
}
#define OPTS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

static void hist(void **state)
{
	prints(OPTS("agghist", NULL), "@[\"cat\"] = sum(10); @[\"ls\"] = sum(30)",
	       "\n              key  ------------- Distribution ------------- count    \n"
	       "              cat |@@@@@@@@@@                               10       \n"
	       "               ls |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@           30       \n");
	prints(OPTS("agghist", NULL, "aggzoom", NULL), "@[\"cat\"] = sum(10); @[\"ls\"] = sum(30)",
	       "\n              key  ------------- Distribution ------------- count    \n"
	       "              cat |@@@@@@@@@@@@@                            10       \n"
	       "               ls |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@   30       \n");
	/* Both signs: an axis in the middle. Keys of 4 bytes: 9 columns. */
	prints(OPTS("agghist", NULL), "@[1] = sum(-20); @[2] = sum(20)",
	       "\n      key  ------------- Distribution ------------- count    \n"
	       "        1           @@@@@@@@@@|                     -20      \n"
	       "        2                     |@@@@@@@@@@           20       \n");
	/* Not for what is no number: the usual picture. */
	prints(OPTS("agghist", NULL), "@ = max(3)", "                3\n");
}

#define B5 "\u2588\u2588\u2588\u2588\u2588"

static void utf8_bars(void **state)
{
	prints(OPTS("encoding", "utf8"), "@ = lquantize(1, 0, 3, 1, 1); @ = lquantize(2, 0, 3, 1, 2)",
	       "\n           value  ------------- Distribution ------------- count    \n"
	       "               0 |                                         0        \n"
	       "               1 |" B5 B5 "\u2588\u2588\u2588\u258e                           1        \n"
	       "               2 |" B5 B5 B5 B5 B5 "\u2588\u258b              2        \n"
	       "            >= 3 |                                         0        \n\n");
}

static void pack(void **state)
{
	static const char body[] = "@[1] = quantize(1, 1000); @[1] = quantize(16, 2000); @[2] = quantize(3, 1)";

	prints(OPTS("aggpack", NULL, "encoding", "utf8"), body,
	       "\n      key  min .-------. max  | count\n"
	       "        2    0 :  \u2588    : 32   | 1\n"
	       "        1    0 : \u2583   \u2586 : 32   | 3000\n");
	prints(OPTS("aggpack", NULL, "encoding", "ascii"), body,
	       "\n      key  min .-------. max  | count\n"
	       "        2    0 :  X    : 32   | 1\n"
	       "        1    0 : x   x : 32   | 3000\n");
	prints(OPTS("aggpack", NULL, "encoding", "utf8", "aggzoom", NULL), body,
	       "\n      key  min .-------. max  | count\n"
	       "        2    0 :  \u2588    : 32   | 1\n"
	       "        1    0 : \u2584   \u2588 : 32   | 3000\n");
	prints(OPTS("aggpack", NULL, "encoding", "utf8"),
	       "@[1] = lquantize(5, 0, 10, 5); @[1] = lquantize(99, 0, 10, 5)",
	       "\n      key     min .----. max      | count\n"
	       "        1     < 0 :  \u2585\u2585: >= 10    | 2\n");
}

/* As in the family, a printa() without a format begins on a line of its own, in quiet mode too. */
static void printa_plain(void **state)
{
	prints(OPTS(), "@a[1] = count(); printa(@a)", "\n        1                1\n");
	prints(OPTS(), "@a[1] = count(); @b[2] = sum(7); printa(@a, @b)",
	       "\n        2                0                7\n        1                1                0\n");
	prints(OPTS("agghist", NULL), "@a[1] = count(); printa(@a)",
	       "\n\n      key  ------------- Distribution ------------- count    \n"
	       "        1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1        \n");
}

static void printa_formats(void **state)
{
	prints(OPTS(), "@a[\"x\", 3] = sum(-5); printa(\"%s|%5d|%@d %@x %@5u|%@+d\\n\", @a)",
	       "x|    3|-5 fffffffffffffffb 18446744073709551611|-5\n");
	/* Values any number of times; without one; more of them than variables: the last one's. */
	prints(OPTS(), "@a[1] = count(); printa(\"%d\\n\", @a)", "1\n");
	prints(OPTS(), "@a[1] = count(); @b[1] = sum(5); printa(\"%@d %@d %@d\\n\", @a, @b)", "1 5 5\n");
	prints(OPTS(), "@a[1] = count(); printa(\"%@d %@d\\n\", @a)", "1 1\n");
	prints(OPTS(), "@a = avg(1); @a = avg(4); @b = stddev(3); printa(\"%@d\\n\", @a); printa(\"%@d\\n\", @b)",
	       "2\n0\n");
	prints(OPTS(), "@a[(char)-1, (unsigned short)65535, -1LL] = count(); printa(\"%d %d %d %@d\\n\", @a)",
	       "-1 65535 -1 1\n");
	prints(OPTS(), "@a[probename] = quantize(1); printa(\"%s:%@d\", @a)",
	       "BEGIN:\n           value  ------------- Distribution ------------- count    \n"
	       "               0 |                                         0        \n"
	       "               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1        \n"
	       "               2 |                                         0        \n");
}

/* A variable without a value for a tuple: an empty one, of its own kind. */
static void joined(void **state)
{
	prints(OPTS(), "@a[1] = count(); @q[2] = lquantize(1, 0, 2, 1); @q[1] = lquantize(1, 0, 2, 1); clear(@q);"
	       "@a[3] = count(); @b[1] = avg(4); printa(\"%d %@d %@d\\n\", @a, @b)",
	       "3 1 0\n1 1 4\n"
	       "        1\n           value  ------------- Distribution ------------- count    \n"
	       "             < 0 |                                         0        \n"
	       "               0 |                                         0        \n"
	       "               1 |                                         0        \n\n"
	       "        2\n           value  ------------- Distribution ------------- count    \n"
	       "             < 0 |                                         0        \n"
	       "               0 |                                         0        \n"
	       "               1 |                                         0        \n\n");
	prints(OPTS(), "@q[1] = quantize(1); @a[1] = count(); trunc(@a); printa(\"%d%@d%@d;\", @a, @q)",
	       "10\n           value  ------------- Distribution ------------- count    \n"
	       "               0 |                                         0        \n"
	       "               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1        \n"
	       "               2 |                                         0        \n;");
	prints(OPTS(), "@q[1] = quantize(1); @a[2] = count(); printa(\"%d%@d%@d;\", @a, @q)",
	       "10\n           value  ------------- Distribution ------------- count    \n"
	       "               0 |                                         0        \n"
	       "               1 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1        \n"
	       "               2 |                                         0        \n;"
	       "21\n           value  ------------- Distribution ------------- count    \n"
	       "              -1 |                                         0        \n"
	       "               0 |                                         0        \n"
	       "               1 |                                         0        \n;");
}

static void cleared(void **state)
{
	prints(OPTS(), "@ = quantize(5); clear(@)",
	       "\n           value  ------------- Distribution ------------- count    \n"
	       "              -1 |                                         0        \n"
	       "               0 |                                         0        \n"
	       "               1 |                                         0        \n\n");
	prints(OPTS(), "@ = lquantize(5, 0, 10); clear(@)",
	       "\n           value  ------------- Distribution ------------- count    \n"
	       "             < 0 |                                         0        \n"
	       "               0 |                                         0        \n"
	       "               1 |                                         0        \n\n");
	prints(OPTS(), "@ = llquantize(5, 10, 0, 3, 10); clear(@)",
	       "\n           value  ------------- Distribution ------------- count    \n"
	       "             < 1 |                                         0        \n"
	       "               1 |                                         0        \n\n");
}

/* What each CPU has added, below what all have. */
static void percpu(void **state)
{
	struct tk *k = tk_new();

	dtrace_setopt(k->dtp, "quiet", NULL);
	assert_int_equal(dtrace_setopt(k->dtp, "aggpercpu", NULL), 0);
	tk_go_text(k, "test::f:entry { @[1] = min(arg0); } test::g:entry { clear(@); }");
	tk_fire(k, 0, "f:entry", 7, 0);
	tk_fire(k, 1, "f:entry", 5, 0);
	tk_fire(k, 0, "f:entry", 6, 0);
	tk_work(k);
	assert_int_equal(dtrace_aggregate_print(k->dtp, k->fp, NULL), 0);
	tk_expect(k, "        1                5\n    [CPU 0]                6\n    [CPU 1]                5\n");
	tk_fire(k, 0, "g:entry", 0, 0);
	tk_work(k);
	tk_fire(k, 1, "f:entry", 9, 0);
	tk_end(k);
	assert_int_equal(dtrace_aggregate_print(k->dtp, k->fp, NULL), 0);
	tk_expect(k, "        1                9\n    [CPU 1]                9\n");
	tk_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hist), cmocka_unit_test(utf8_bars), cmocka_unit_test(pack),
		cmocka_unit_test(printa_plain), cmocka_unit_test(printa_formats), cmocka_unit_test(cleared),
		cmocka_unit_test(joined),
		cmocka_unit_test(percpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
