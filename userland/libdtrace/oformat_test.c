/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structured output: the whole document, of every action; strings that are none; drops and errors. */
#include "test_kernel.h"

static struct tk *start(const char *format, const char *text)
{
	struct tk *k = tk_new();

	assert_int_equal(dtrace_setopt(k->dtp, "oformat", format), 0);
	tk_go_text(k, text);
	return k;
}

static void finish(struct tk *k, bool unprinted, const char *expected)
{
	tk_end(k);
	if (unprinted)
		assert_int_equal(dtrace_aggregate_print(k->dtp, k->fp, NULL), 0);
	assert_int_equal(dtrace_oformat_teardown(k->dtp, k->fp), 0);
	tk_expect(k, expected);
	tk_free(k);
}

#define BEGINS "\n{\"timestamp\":1000100,\"cpu\":0,\"id\":1,\"provider\":\"dtrace\",\"module\":\"\"," \
	"\"function\":\"\",\"name\":\"BEGIN\",\"output\":["
#define ENDS "]}"
#define DOC(output) "{\"dtrace\":{\"probes\":[" BEGINS output ENDS "]}}\n"

static void json(const char *body, const char *output)
{
	char text[4096], expected[8192];

	snprintf(text, sizeof(text), "BEGIN { %s }", body);
	snprintf(expected, sizeof(expected), "{\"dtrace\":{\"probes\":[" BEGINS "%s" ENDS "]}}\n", output);
	finish(start("json", text), false, expected);
}

static void values(void **state)
{
	json("trace(42); trace(-1LL); trace((uint64_t)-1); trace((char)-1); trace((unsigned char)255)",
	     "{\"value\":42},{\"value\":-1},{\"value\":18446744073709551615},{\"value\":-1},{\"value\":255}");
	json("trace(\"a\\\"b\\\\c\\n\\t\\1\\x7f\")", "{\"value\":\"a\\\"b\\\\c\\n\\t\\u0001\\u007f\"}");
	json("trace((void *)4096)", "{\"value\":\"0x1000\"}");
	json("printf(\"%d %s|\", 1, \"x\"); printf(\"plain\")",
	     "{\"message\":\"1 x|\"},{\"value\":1},{\"value\":\"x\"},{\"message\":\"plain\"}");
	json("@a = count(); clear(@a)", "");
}

/* Bytes that are no UTF-8, or a code point that is none, become U+FFFD; what is UTF-8 stays. */
static void strings(void **state)
{
	json("trace(\"\\xff\\xfe|\\xc3\\xa9|\\xc0\\xaf|\\xed\\xa0\\x80|\\xe2\\x82\")",
	     "{\"value\":\"\uFFFD\uFFFD|\u00e9|\uFFFD\uFFFD|\uFFFD\uFFFD\uFFFD|\uFFFD\uFFFD\"}");
}

static void typed(void **state)
{
	static const struct {
		int i; char s[4]; unsigned int f : 3; _Bool b; int a[2]; struct { int x; } in; int e;
	} v = {
		.i = -5, .s = "ab", .f = 6, .b = 1, .a = { 1, 2 }, .in = { 9 }, .e = 2 };
	struct tk *k = tk_new();
	char text[600];

	dtk_port_map(&v, sizeof(v));
	assert_int_equal(dtrace_setopt(k->dtp, "oformat", "json"), 0);
	snprintf(text, sizeof(text), "enum e { NO, YES, MAYBE }; struct v { int i; char s[4]; unsigned int f : 3;"
		 " _Bool b; int a[2]; struct { int x; }; enum e e; };"
		 " BEGIN { print(*(struct v *)%p); tracemem(%p, 2); }",
		 (void *)&v, (void *)&v);
	tk_go_text(k, text);
	finish(k, false, DOC("{\"type\":\"struct v\",\"value\":{\"i\":-5,\"s\":\"ab\",\"f\":6,\"b\":true,\"a\":[1,2],"
			     "\"x\":9,\"e\":\"MAYBE\"}},{\"tracemem\":\"0xfbff\"}"));
}

static void aggregations(void **state)
{
	json("@a[\"k\", 3] = sum(5); @a[\"k\", 4] = sum(-7); printa(@a)",
	     "{\"aggregation-data\":[{\"keys\":[{\"value\":\"k\"},{\"value\":4}],\"sum\":-7},"
	     "{\"keys\":[{\"value\":\"k\"},{\"value\":3}],\"sum\":5}],\"aggregation-name\":\"a\"}");
	json("@ = lquantize(7, 0, 10, 5); @ = lquantize(-1, 0, 10, 5); normalize(@, 1); printa(\"%@d\", @)",
	     "{\"message\":\"\\n           value  ------------- Distribution ------------- count    \\n"
	     "             < 0 |@@@@@@@@@@@@@@@@@@@@                     1        \\n"
	     "               0 |                                         0        \\n"
	     "               5 |@@@@@@@@@@@@@@@@@@@@                     1        \\n"
	     "           >= 10 |                                         0        \\n\"},"
	     "{\"aggregation-data\":[{\"keys\":[],\"buckets\":[{\"value\":0,\"count\":1,\"below\":true},"
	     "{\"value\":0,\"count\":0},{\"value\":5,\"count\":1},{\"value\":10,\"count\":0,\"above\":true}]}],"
	     "\"aggregation-name\":\"\"}");
	json("@q = quantize(-3); printa(@q)",
	     "{\"aggregation-data\":[{\"keys\":[],\"buckets\":[{\"value\":-4,\"count\":0},{\"value\":-2,\"count\":1},"
	     "{\"value\":-1,\"count\":0}]}],\"aggregation-name\":\"q\"}");
}

static void xml(void **state)
{
	finish(start("xml", "BEGIN { printf(\"<%s> & %d\\n\", \"\\1\", 5); @a[1] = count(); printa(@a); }"), false,
	       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<dtrace>\n"
	       "<probes><timestamp>1000100</timestamp><cpu>0</cpu><id>1</id><provider>dtrace</provider>"
	       "<module></module><function></function><name>BEGIN</name>"
	       "<output><message>&lt;\uFFFD&gt; &amp; 5\n</message></output>"
	       "<output><value>\uFFFD</value></output><output><value>5</value></output>"
	       "<output><aggregation-data><keys><value>1</value></keys><count>1</count></aggregation-data>"
	       "<aggregation-name>a</aggregation-name></output></probes></dtrace>\n");
}

static void pretty(void **state)
{
	finish(start("json,pretty", "BEGIN { trace(1); }"), false,
	       "{\n  \"dtrace\": {\n    \"probes\": [\n      {\n        \"timestamp\": 1000100,\n        \"cpu\": 0,\n"
	       "        \"id\": 1,\n        \"provider\": \"dtrace\",\n        \"module\": \"\",\n"
	       "        \"function\": \"\",\n        \"name\": \"BEGIN\",\n        \"output\": [\n          {\n"
	       "            \"value\": 1\n          }\n        ]\n      }\n    ]\n  }\n}\n");
}

static void nothing(void **state)
{
	struct tk *k = start("json", "test::f:entry { trace(1); }");

	finish(k, false, "{\"dtrace\":{\"probes\":[]}}\n");
	k = start("xml", "test::f:entry { trace(1); }");
	finish(k, false, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<dtrace></dtrace>\n");
}

static char *text_of(struct tk *k)
{
	fputc(0, k->fp);
	fflush(k->fp);
	return k->out;
}

/* Firings of probes that do not exist; the handlers are told as ever. */
static void events(void **state)
{
	struct tk *k = start("json", "BEGIN { trace(*(int *)16); @x = count(); }");
	char *text;

	tk_end(k);
	dt_handle_cpudrop(k->dtp, 1, DTRACEDROP_PRINCIPAL, 3);
	assert_int_equal(dtrace_aggregate_print(k->dtp, k->fp, NULL), 0);
	assert_int_equal(dtrace_oformat_teardown(k->dtp, k->fp), 0);
	text = text_of(k);
	assert_non_null(strstr(text, "\"function\":\"INTERNAL\",\"name\":\"ERROR\","
				     "\"epid\":2,\"action\":1,\"offset\":"));
	assert_non_null(strstr(text, "\"address\":\"0x10\",\"msg\":\"error on enabled probe ID 2"));
	assert_non_null(strstr(text, "\"cpu\":1,\"id\":-1,\"provider\":\"dtrace\",\"module\":\"INTERNAL\",\"function\":"
				     "\"INTERNAL\",\"name\":\"DROP\",\"count\":3,\"total\":3,\"kind\":0,\"tag\":"
				     "\"PRINCIPAL\",\"msg\":\"3 drops on CPU 1\"}"));
	assert_non_null(strstr(text, "\"name\":\"AGGREGATE\",\"output\":[]"));
	assert_non_null(strstr(text, "DROP 3 drops on CPU 1"));
	tk_free(k);
}

static void unprinted(void **state)
{
	struct tk *k = start("json", "BEGIN { @x[1] = count(); @y = max(3); printa(@y); }");
	char *text;

	tk_end(k);
	assert_int_equal(dtrace_aggregate_print(k->dtp, k->fp, NULL), 0);
	assert_int_equal(dtrace_oformat_teardown(k->dtp, k->fp), 0);
	text = text_of(k);
	assert_non_null(strstr(text, "\"name\":\"AGGREGATE\",\"output\":[{\"aggregation-data\":[{"
				     "\"keys\":[{\"value\":1}],"
				     "\"count\":1}],\"aggregation-name\":\"x\"}]}]}}\n"));
	tk_free(k);
}

static void stacks(void **state)
{
	uint64_t rec[4] = { (uint64_t)DTRACE_USTK_FAULT << 32 | 0x7ffffffe, 0x1000, 0x2000, 0 };
	dtrace_recdesc_t desc = { .dtrd_action = DTRACEACT_USTACK, .dtrd_size = sizeof(rec),
				  .dtrd_arg = DTRACE_USTACK_ARG(3, 0) };
	struct tk *k = start("json", "BEGIN {}");
	struct dtrace_eprobedesc *ed = calloc(1, sizeof(*ed) + sizeof(desc));
	dtrace_probedesc_t pdesc = { .dtpd_id = 4 };
	dtrace_probedata_t pd = { .dtpda_handle = k->dtp, .dtpda_edesc = ed, .dtpda_pdesc = &pdesc,
				  .dtpda_data = (caddr_t)rec };

	ed->dtepd_nrecs = 1;
	ed->dtepd_rec[0] = desc;
	dt_oformat_begin(k->dtp, k->fp);
	assert_int_equal(dt_oformat_probe(k->dtp, &pd), 0);
	assert_int_equal(dt_print_stmt(k->dtp, k->fp, &pd, 0, 1), 0);
	assert_int_equal(dt_oformat_probe_end(k->dtp), 0);
	assert_non_null(strstr(text_of(k), "\"output\":[{\"ustack-frames\":["
					   "{\"symbol\":\"0x1000\",\"address\":\"0x1000\"},"
					   "{\"symbol\":\"0x2000\",\"address\":\"0x2000\"}],\"pid\":2147483646,"
					   "\"cut\":\"the rest of the stack was not readable\"}]}"));
	free(ed);
	tk_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values), cmocka_unit_test(strings), cmocka_unit_test(typed),
		cmocka_unit_test(aggregations), cmocka_unit_test(xml), cmocka_unit_test(pretty),
		cmocka_unit_test(nothing), cmocka_unit_test(events), cmocka_unit_test(unprinted),
		cmocka_unit_test(stacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
