/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From D text to printed text: trace(), printf(), stacks, order of records, drops, errors. */
#include <arpa/inet.h>
#include <netdb.h>

#include "test_kernel.h"

static void traces(void **state)
{
	struct tk *k = tk_new();

	tk_go_text(k, "BEGIN { trace(42); trace((char)7); trace((short)-3); trace(-5LL); trace(\"hi\"); trace(1u); }");
	tk_end(k);
	tk_expect(k, "       42   7    -3               -5  hi                                       1");
	tk_free(k);
	tk_begin("trace(42); trace(\"hi\"); trace((unsigned char)255); trace((int)4294967295)", "42hi255-1");
}

static void conversions(void **state)
{
	tk_begin("printf(\"%d|%5d|%-5d|%05d|%+d|% d|\", 1, 2, 3, 4, 5, 6)", "1|    2|3    |00004|+5| 6|");
	tk_begin("printf(\"%x %X %#x %o %u\", 255, 255, 255, 8, -1)", "ff FF 0xff 10 4294967295");
	tk_begin("printf(\"%d %u %x\", -1LL, -1LL, -1LL)", "-1 18446744073709551615 ffffffffffffffff");
	tk_begin("printf(\"%d %x\", (char)-1, (char)-1)", "-1 ff");
	tk_begin("printf(\"%i %p\", 7, (void *)4096)", "7 1000");
	tk_begin("printf(\"[%s|%6s|%-6s|%.2s]\", \"abc\", \"abc\", \"abc\", \"abc\")", "[abc|   abc|abc   |ab]");
	tk_begin("printf(\"%*d|%-*d|%.*s\", 4, 1, 4, 2, 1, \"xyz\")", "   1|2   |x");
	tk_begin("printf(\"%c%c%c\", 'a', 'b', 99)", "abc");
	tk_begin("printf(\"100%%\\n\")", "100%\n");
	tk_begin("printf(\"%S\", \"a\\tb\\n\")", "a\\tb\\n");
	tk_begin("printf(\"%S|%C%C%C\", \"\\1\\x7f\\\"\", 7, 'x', 0)", "\\001\\177\\\"|\\ax\\0");
	tk_begin("printf(\"%d %i\", (uint64_t)-1, (unsigned)-1)", "18446744073709551615 4294967295");
	tk_begin("printf(\"%d %d\", (unsigned char)200, (short)-2)", "200 -2");
	tk_begin("printf(\"%?x|%0?x|%-?d|\", 255, 255, 1)", "              ff|00000000000000ff|1               |");
	tk_begin("printf(\"%hd %ld %lld %hhx %lx %llx\", (short)1, 2L, 3LL, (char)4, 5L, 6LL)", "1 2 3 4 5 6");
	tk_begin("printf(\"[%5c|%-3c|%3C]\", 'a', 'b', '\\n')", "[    a|b  | \\n]");
	/* A machine may have no /etc/services. */
	tk_begin("printf(\"%P %P\", (uint16_t)22, (uint16_t)64999)",
		 getservbyport(htons(22), NULL) ? "ssh 64999" : "22 64999");
	tk_begin("printf(\"%I %I\", \"not an address\", \"240.0.0.1\")", "not an address 240.0.0.1");
	tk_begin("printf(\"%wc%lc|%3wc|\", 0xe9, 0x4e2d, 'x')", "\u00e9\u4e2d|  x|");
	tk_begin("printf(\"plain\")", "plain");
	tk_begin("printf(\"%s %d\\n\", probename, id)", "BEGIN 1\n");
}

static void floats(void **state)
{
	/* D has no arithmetic on them, but memory does. */
	struct tk *k = tk_new();
	static const struct { double d; float f; long double ld; } v = { 1.5, -0.25f, 1e10L };
	char text[400];

	dtk_port_map(&v, sizeof(v));
	dtrace_setopt(k->dtp, "quiet", NULL);
	snprintf(text, sizeof(text), "struct v { double d; float f; long double ld; };"
		 "BEGIN { this->v = (struct v *)%p; printf(\"%%f %%e %%g %%.2f %%8.1f|%%Lf\", this->v->d, this->v->d,"
		 " this->v->f, this->v->f, this->v->d, this->v->ld); trace(this->v->d); }", (void *)&v);
	tk_go_text(k, text);
	tk_end(k);
	tk_expect(k, "1.500000 1.500000e+00 -0.25 -0.25      1.5|10000000000.0000001.5");
	tk_free(k);
}

static void wide_strings(void **state)
{
	static const uint32_t v[4] = { 'h', 0xe9, 0x1f600, 0 };
	struct tk *k = tk_new();
	char text[256];

	dtk_port_map(v, sizeof(v));
	dtrace_setopt(k->dtp, "quiet", NULL);
	snprintf(text, sizeof(text), "struct w { int s[4]; }; BEGIN { printf(\"%%ws|%%6ls|\", ((struct w *)%p)->s, "
		 "((struct w *)%p)->s); }", (void *)v, (void *)v);
	tk_go_text(k, text);
	tk_end(k);
	tk_expect(k, "h\u00e9\U0001f600|h\u00e9\U0001f600|");
	tk_free(k);
}

static void times(void **state)
{
	setenv("TZ", "UTC", 1);
	tk_begin("printf(\"%Y\", 1062512890000000000)", "2003 Sep  2 14:28:10");
	tk_begin("printf(\"%T\", 1062512890000000000)", "Tue, 02 Sep 2003 14:28:10 UTC");
}

static void hexdumps(void **state)
{
	struct tk *k = tk_new();
	char *text;
	size_t n;
	FILE *fp = open_memstream(&text, &n);

	assert_int_equal(dt_print_hexdump(k->dtp, fp, "0123456789abcdef\1\2", 18, 5), 0);
	fclose(fp);
	assert_string_equal(text, "\n"
		"             0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f  0123456789abcdef\n"
		"         0: 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef\n"
		"        10: 01 02                                            ..\n");
	free(text);
	tk_free(k);
}

static void user_stacks(void **state)
{
	const struct { uint32_t why; const char *mark; } marks[] = {
		{ DTRACE_USTK_DONE, "" },
		{ DTRACE_USTK_FAULT, "  -- the rest of the stack was not readable\n" },
		{ DTRACE_USTK_BADFP, "  -- frame pointer chain ends here\n" },
		{ DTRACE_USTK_32BIT, "  -- the stack of 32-bit code is not walked\n" },
	};
	char expected[256];

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		/* A pid that cannot be: nothing has a name. */
		uint64_t rec[4] = { (uint64_t)marks[i].why << 32 | 0x7ffffffe, 0x1000, 0x2000, 0 };
		dtrace_recdesc_t desc = { .dtrd_action = DTRACEACT_USTACK, .dtrd_size = sizeof(rec),
					  .dtrd_arg = DTRACE_USTACK_ARG(3, 0) };
		struct tk *k = tk_new();

		dtrace_setopt(k->dtp, "stackindent", "2");
		dt_print_frames(k->dtp, k->fp, &desc, rec, NULL);
		snprintf(expected, sizeof(expected), "\n  0x1000\n  0x2000\n%s", marks[i].mark);
		tk_expect(k, expected);
		tk_free(k);
	}
}

/* BEGIN before all, END after all, each CPU's records in their order. */
static void order(void **state)
{
	struct tk *k = tk_new();

	dtrace_setopt(k->dtp, "quiet", NULL);
	tk_go_text(k, "BEGIN { printf(\"begin\\n\"); } END { printf(\"end\\n\"); }"
		      "test::f:entry { printf(\"%d\\n\", arg0); }");
	tk_fire(k, 0, "f:entry", 1, 0);
	tk_fire(k, 1, "f:entry", 2, 0);
	tk_fire(k, 0, "f:entry", 3, 0);
	tk_end(k);
	tk_expect(k, "begin\n1\n3\n2\nend\n");
	/* Nothing comes twice. */
	assert_int_equal(tk_work(k), DTRACE_WORKSTATUS_DONE);
	tk_expect(k, "");
	tk_free(k);
}

static void several_turns(void **state)
{
	struct tk *k = tk_new();

	dtrace_setopt(k->dtp, "quiet", NULL);
	tk_go_text(k, "test::f:entry { printf(\"%d\\n\", arg0); }");
	for (int i = 0; i < 5; i++) {
		char expected[16];

		tk_fire(k, 0, "f:entry", (u64)i, 0);
		assert_int_equal(tk_work(k), DTRACE_WORKSTATUS_OKAY);
		snprintf(expected, sizeof(expected), "%d\n", i);
		tk_expect(k, expected);
	}
	tk_end(k);
	tk_expect(k, "");
	tk_free(k);
}

static void exits(void **state)
{
	struct tk *k = tk_new();

	dtrace_setopt(k->dtp, "quiet", NULL);
	tk_go_text(k, "test::f:entry { printf(\"%d\\n\", arg0); exit(arg0); } END { printf(\"end\\n\"); }");
	tk_fire(k, 0, "f:entry", 7, 0);
	tk_fire(k, 0, "f:entry", 8, 0);
	assert_int_equal(tk_work(k), DTRACE_WORKSTATUS_DONE);
	tk_expect(k, "7\nend\n");
	tk_free(k);
}

static int chew(const dtrace_probedata_t *pd, void *arg)
{
	fprintf(arg, "[%d %s]", pd->dtpda_cpu, pd->dtpda_pdesc->dtpd_name);
	return DTRACE_CONSUME_THIS;
}

static int chewrec(const dtrace_probedata_t *pd, const dtrace_recdesc_t *rec, void *arg)
{
	if (!rec) {
		fprintf(arg, ";");
		return DTRACE_CONSUME_NEXT;
	}
	return rec->dtrd_size == 4 ? DTRACE_CONSUME_NEXT : DTRACE_CONSUME_THIS;
}

static void callbacks(void **state)
{
	struct tk *k = tk_new();

	dtrace_setopt(k->dtp, "quiet", NULL);
	tk_go_text(k, "BEGIN { trace(1); trace(2LL); printf(\"%d,%d\", 3, 4); }  test::f:entry {}");
	tk_fire(k, 1, "f:entry", 0, 0);
	k->dtp->next_switch = 0;
	assert_int_equal(dtrace_consume(k->dtp, k->fp, chew, chewrec, k->fp), 0);
	/* printf()'s first record has 4 bytes: skipped as a whole. */
	tk_expect(k, "[0 BEGIN]2;[1 entry];");
	tk_free(k);
}

static int flow_chew(const dtrace_probedata_t *pd, void *arg)
{
	fprintf(arg, "%*s%s%s\n", pd->dtpda_indent, "", pd->dtpda_prefix, pd->dtpda_pdesc->dtpd_func);
	return DTRACE_CONSUME_NEXT;
}

static void flow(void **state)
{
	struct tk *k = tk_new();

	dtrace_setopt(k->dtp, "flowindent", NULL);
	tk_go_text(k, "test::f:entry, test::f:return, test::g:entry, test::g:return, syscall:::entry {}"
		      "test::f:entry { trace(1); }");
	tk_fire(k, 0, "f:entry", 0, 0);
	tk_fire(k, 0, "g:entry", 0, 0);
	tk_fire(k, 0, "read:entry", 0, 0);
	tk_fire(k, 0, "g:return", 0, 0);
	k->dtp->next_switch = 0;
	assert_int_equal(dtrace_consume(k->dtp, NULL, flow_chew, NULL, k->fp), 0);
	tk_fire(k, 0, "f:return", 0, 0);
	tk_end(k);
	tk_expect(k, "-> f\n   | f\n  -> g\n    => read\n    <- g\n");
	tk_free(k);
}

/* A half of 4096 bytes holds 128 records of 32. */
static void drops(void **state)
{
	char expected[400] = "DROP 2 drops on CPU 1\n";
	struct tk *k = tk_new();

	dtrace_setopt(k->dtp, "quiet", NULL);
	dtrace_setopt(k->dtp, "bufsize", "4k");
	tk_go_text(k, "test::f:entry { trace(arg0); trace(arg1); }");
	for (int i = 0; i < 130; i++)
		tk_fire(k, 1, "f:entry", 1, 2);
	for (int i = 0; i < 128; i++)
		strcat(expected, "12");
	tk_work(k);
	tk_expect(k, expected);
	tk_free(k);
}

static void drop_sentences(void **state)
{
	struct tk *k = tk_new();

	tk_go_text(k, "test::f:entry { @ = count(); }");
	assert_int_equal(dt_handle_cpudrop(k->dtp, 0, DTRACEDROP_PRINCIPAL, 5), 0);
	assert_int_equal(dt_handle_cpudrop(k->dtp, 1, DTRACEDROP_AGGREGATION, 1), 0);
	assert_int_equal(dt_handle_cpudrop(k->dtp, 1, DTRACEDROP_AGGREGATION, 0), 0);
	tk_expect(k, "DROP 5 drops on CPU 0\nDROP 1 aggregation drop on CPU 1\n");
	k->dtp->droptags = true;
	assert_int_equal(dt_handle_cpudrop(k->dtp, 0, DTRACEDROP_PRINCIPAL, 1), 0);
	tk_expect(k, "DROP [DTRACEDROP_PRINCIPAL] 1 drop on CPU 0\n");
	tk_free(k);
}

static void counted_drops(void **state)
{
	struct tk *k = tk_new();

	tk_go_text(k, "test::f:entry { @ = count(); }");
	k->extra.dyndrops = 1;
	tk_work(k);
	tk_expect(k, "DROP 1 dynamic variable drop\n");
	k->extra.dyndrops = 3;
	k->extra.dyndrops_dirty = 1;
	k->extra.recursion = 2;
	tk_work(k);
	tk_expect(k, "DROP 2 dynamic variable drops\nDROP 1 dynamic variable drop with non-empty dirty list\n"
		     "DROP 2 firings lost because the probe fired inside another probe\n");
	tk_work(k);
	tk_expect(k, "");
	dtrace_handle_drop(k->dtp, NULL, NULL);
	k->extra.dblerrors = 1;
	assert_int_equal(tk_work(k), DTRACE_WORKSTATUS_ERROR);
	assert_int_equal(dtrace_errno(k->dtp), EDT_DROPABORT);
	tk_free(k);
}

static void faults(void **state)
{
	struct tk *k = tk_new();

	dtrace_setopt(k->dtp, "quiet", NULL);
	tk_go_text(k, "BEGIN\n{\n\ttrace(1);\n\ttrace(*(int *)16);\n}\nBEGIN { trace(2); }");
	tk_end(k);
	tk_expect(k, "ERROR error on enabled probe ID 2 (ID 1: dtrace:::BEGIN): invalid address (0x10) in action #2 "
		     "at DIF offset 4 (line 4)\n2");
	tk_free(k);
}

/* A clause of the program that ends tracing at the first error does not hide that error. */
static void fault_and_exit(void **state)
{
	struct tk *k = tk_new();

	dtrace_setopt(k->dtp, "quiet", NULL);
	tk_go_text(k, "BEGIN { trace(*(int *)8); } ERROR { printf(\"error %d\\n\", arg4); exit(0); }");
	assert_int_equal(tk_work(k), DTRACE_WORKSTATUS_DONE);
	tk_expect(k, "ERROR error on enabled probe ID 2 (ID 1: dtrace:::BEGIN): invalid address (0x8) in action #1 "
		     "at DIF offset 4 (line 1)\nerror 1\n");
	tk_free(k);
}

static int collect(const dtrace_bufdata_t *b, void *arg)
{
	fprintf(arg, "<%s|%x>", b->dtbda_buffered, b->dtbda_flags);
	return DTRACE_HANDLE_OK;
}

static void buffered(void **state)
{
	struct tk *k = tk_new();

	dtrace_setopt(k->dtp, "quiet", NULL);
	tk_go_text(k, "BEGIN { trace(1); printf(\"%d,%d\", 3, 4); @a[\"x\"] = count(); }");
	assert_int_equal(dtrace_stop(k->dtp), 0);
	/* Without a handler there is nowhere to write to. */
	k->dtp->drained = false;
	dtrace_handle_buffered(k->dtp, collect, k->fp);
	assert_int_equal(dtrace_work(k->dtp, NULL, NULL, NULL, NULL), DTRACE_WORKSTATUS_DONE);
	tk_expect(k, "<1|0><3,4|0>");
	assert_int_equal(dtrace_aggregate_print(k->dtp, NULL, NULL), 0);
	tk_expect(k, "<  x                                                 |1><                1|2><\n|c>");
	tk_free(k);
}

static void nowhere(void **state)
{
	struct tk *k = tk_new();

	tk_go_text(k, "BEGIN { trace(1); }");
	assert_int_equal(dtrace_stop(k->dtp), 0);
	assert_int_equal(dtrace_work(k->dtp, NULL, NULL, NULL, NULL), DTRACE_WORKSTATUS_ERROR);
	assert_int_equal(dtrace_errno(k->dtp), EDT_NOBUFFERED);
	tk_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(traces), cmocka_unit_test(conversions), cmocka_unit_test(times),
		cmocka_unit_test(floats), cmocka_unit_test(wide_strings),
		cmocka_unit_test(hexdumps), cmocka_unit_test(user_stacks), cmocka_unit_test(order),
		cmocka_unit_test(several_turns), cmocka_unit_test(exits), cmocka_unit_test(callbacks),
		cmocka_unit_test(flow), cmocka_unit_test(drops), cmocka_unit_test(drop_sentences),
		cmocka_unit_test(counted_drops), cmocka_unit_test(faults),
		cmocka_unit_test(fault_and_exit), cmocka_unit_test(buffered),
		cmocka_unit_test(nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
