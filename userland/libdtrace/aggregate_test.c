/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Aggregations from firing to picture: merging, order, actions on them, walks. */
#include "test_kernel.h"

#define HEAD "\n           value  ------------- Distribution ------------- count    \n"
#define FULL "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@"
#define NONE "                                        "

static void tk_print(struct tk *k)
{
	assert_int_equal(dtrace_aggregate_print(k->dtp, k->fp, NULL), 0);
}

/* The body runs in BEGIN; then what is printed at the end. */
static void prints(const char *body, const char *expected)
{
	struct tk *k = tk_new();
	char text[4096];

	snprintf(text, sizeof(text), "BEGIN { %s }", body);
	dtrace_setopt(k->dtp, "quiet", NULL);
	tk_go_text(k, text);
	tk_end(k);
	tk_print(k);
	tk_expect(k, expected);
	tk_free(k);
}

static void scalars(void **state)
{
	prints("@ = count(); @ = count()", "                2\n");
	prints("@ = sum(5); @ = sum(-7)", "               -2\n");
	prints("@ = min(5); @ = min(-7)", "               -7\n");
	prints("@ = max(5); @ = max(-7)", "                5\n");
	prints("@ = avg(5); @ = avg(8)", "                6\n");
	prints("@ = stddev(2); @ = stddev(4); @ = stddev(4); @ = stddev(4); @ = stddev(5); @ = stddev(5); "
	       "@ = stddev(7); @ = stddev(9)", "                2\n");
}

static void keys(void **state)
{
	prints("@[\"x\"] = count()", "  x                                                                 1\n");
	prints("@[1, 2LL, \"s\"] = sum(9)",
	       "        1                2  s                                                                 9\n");
}

static void quantize(void **state)
{
	prints("@ = quantize(3); @ = quantize(3); @ = quantize(2); @ = quantize(100)", HEAD
	       "               1 |" NONE " 0        \n"
	       "               2 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@           3        \n"
	       "               4 |" NONE " 0        \n"
	       "               8 |" NONE " 0        \n"
	       "              16 |" NONE " 0        \n"
	       "              32 |" NONE " 0        \n"
	       "              64 |@@@@@@@@@@                               1        \n"
	       "             128 |" NONE " 0        \n\n");
	prints("@ = quantize(0); @ = quantize(-5)", HEAD
	       "              -8 |" NONE " 0        \n"
	       "              -4 |@@@@@@@@@@@@@@@@@@@@                     1        \n"
	       "              -2 |" NONE " 0        \n"
	       "              -1 |" NONE " 0        \n"
	       "               0 |@@@@@@@@@@@@@@@@@@@@                     1        \n"
	       "               1 |" NONE " 0        \n\n");
	prints("@[\"k\"] = quantize(1, 10)", "  k                                                 " HEAD
	       "               0 |" NONE " 0        \n"
	       "               1 |" FULL " 10       \n"
	       "               2 |" NONE " 0        \n\n");
}

/* Increments below zero grow to the left. */
static void negative_counts(void **state)
{
	prints("@ = quantize(1, -4)", HEAD
	       "               0 " NONE "| 0        \n"
	       "               1 " FULL "| -4       \n"
	       "               2 " NONE "| 0        \n\n");
	prints("@ = quantize(1, -1); @ = quantize(2, 3)", HEAD
	       "               0                     |                     0        \n"
	       "               1                @@@@@|                     -1       \n"
	       "               2                     |@@@@@@@@@@@@@@@      3        \n"
	       "               4                     |                     0        \n\n");
}

static void lquantize(void **state)
{
	prints("@ = lquantize(5, 0, 10, 2); @ = lquantize(-1, 0, 10, 2); @ = lquantize(10, 0, 10, 2)", HEAD
	       "             < 0 |@@@@@@@@@@@@@                            1        \n"
	       "               0 |" NONE " 0        \n"
	       "               2 |" NONE " 0        \n"
	       "               4 |@@@@@@@@@@@@@                            1        \n"
	       "               6 |" NONE " 0        \n"
	       "               8 |" NONE " 0        \n"
	       "           >= 10 |@@@@@@@@@@@@@                            1        \n\n");
	prints("@ = lquantize(55, 0, 100, 10)", HEAD
	       "              40 |" NONE " 0        \n"
	       "              50 |" FULL " 1        \n"
	       "              60 |" NONE " 0        \n\n");
}

static void llquantize(void **state)
{
	prints("@ = llquantize(0, 10, 0, 1, 10); @ = llquantize(7, 10, 0, 1, 10); @ = "
	       "llquantize(1000, 10, 0, 1, 10)", HEAD
	       "             < 1 |@@@@@@@@@@@@@                            1        \n"
	       "               1 |" NONE " 0        \n"
	       "               2 |" NONE " 0        \n"
	       "               3 |" NONE " 0        \n"
	       "               4 |" NONE " 0        \n"
	       "               5 |" NONE " 0        \n"
	       "               6 |" NONE " 0        \n"
	       "               7 |@@@@@@@@@@@@@                            1        \n"
	       "               8 |" NONE " 0        \n"
	       "               9 |" NONE " 0        \n"
	       "              10 |" NONE " 0        \n"
	       "              20 |" NONE " 0        \n"
	       "              30 |" NONE " 0        \n"
	       "              40 |" NONE " 0        \n"
	       "              50 |" NONE " 0        \n"
	       "              60 |" NONE " 0        \n"
	       "              70 |" NONE " 0        \n"
	       "              80 |" NONE " 0        \n"
	       "              90 |" NONE " 0        \n"
	       "          >= 100 |@@@@@@@@@@@@@                            1        \n\n");
	/* 20 steps do not fit below 10: that magnitude has 9 buckets, and the gap is not shown. */
	prints("@ = llquantize(9, 10, 0, 1, 20); @ = llquantize(10, 10, 0, 1, 20)", HEAD
	       "               8 |" NONE " 0        \n"
	       "               9 |@@@@@@@@@@@@@@@@@@@@                     1        \n"
	       "              10 |@@@@@@@@@@@@@@@@@@@@                     1        \n"
	       "              15 |" NONE " 0        \n\n");
}

/* Both CPUs, several read-outs: one entry. */
static void merging(void **state)
{
	struct tk *k = tk_new();

	dtrace_setopt(k->dtp, "quiet", NULL);
	tk_go_text(k, "test::f:entry { @c[probefunc] = count(); @m = min(arg0); @x = max(arg0); @a = avg(arg0); "
		      "@s = stddev(arg0); }");
	for (u64 i = 1; i <= 6; i++) {
		tk_fire(k, (u32)i % 2, "f:entry", i * 10, 0);
		if (i == 3)
			assert_int_equal(tk_work(k), DTRACE_WORKSTATUS_OKAY);
	}
	tk_end(k);
	tk_print(k);
	tk_expect(k, "  f                                                                 6\n"
		     "               10\n               60\n               35\n               17\n");
	tk_free(k);
}

static void sorted(void **state)
{
	static const char body[] =
		"BEGIN { @[\"b\", 1] = sum(5); @[\"a\", 3] = sum(5); @[\"c\", -2] = sum(1); @[\"d\", 10] = sum(9); }"
		"END { printa(\"%s%@d \", @); }";
	static const struct { const char *opt, *val, *expected; } orders[] = {
		{ NULL, NULL, "c1 a5 b5 d9 " },
		{ "aggsortrev", NULL, "d9 b5 a5 c1 " },
		{ "aggsortkey", NULL, "a5 b5 c1 d9 " },
		{ "aggsortkeypos", "1", "c1 b5 a5 d9 " },
	};

	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		struct tk *k = tk_new();

		dtrace_setopt(k->dtp, "quiet", NULL);
		if (orders[i].opt)
			assert_int_equal(dtrace_setopt(k->dtp, orders[i].opt, orders[i].val), 0);
		tk_go_text(k, body);
		tk_end(k);
		tk_expect(k, orders[i].expected);
		tk_print(k);	/* printed already: not again */
		tk_expect(k, "");
		tk_free(k);
	}
}

static void actions(void **state)
{
	static const char fill[] = "@[\"a\"] = sum(10); @[\"b\"] = sum(20); @[\"c\"] = sum(30); @[\"d\"] = sum(40)";
	static const struct { const char *act, *expected; } cases[] = {
		{ "trunc(@, 2)", "c30 d40 " },
		{ "trunc(@, -1)", "a10 " },
		{ "trunc(@)", "" },
		{ "trunc(@, 0)", "" },
		{ "trunc(@, 9)", "a10 b20 c30 d40 " },
		{ "clear(@)", "a0 b0 c0 d0 " },
		{ "normalize(@, 10)", "a1 b2 c3 d4 " },
		{ "normalize(@, 10); denormalize(@)", "a10 b20 c30 d40 " },
		{ "normalize(@, 4); trunc(@, 1)", "d10 " },
	};
	char text[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tk *k = tk_new();

		snprintf(text, sizeof(text), "BEGIN { %s; } END { %s; printa(\"%%s%%@d \", @); }", fill, cases[i].act);
		dtrace_setopt(k->dtp, "quiet", NULL);
		tk_go_text(k, text);
		tk_end(k);
		tk_expect(k, cases[i].expected);
		tk_free(k);
	}
}

/* After clear() the next value is the first: a minimum does not stay at 0. */
static void cleared(void **state)
{
	struct tk *k = tk_new();

	dtrace_setopt(k->dtp, "quiet", NULL);
	tk_go_text(k, "test::f:entry { @ = min(arg0); } test:::tick { printa(\"%@d \", @); clear(@); }");
	tk_fire(k, 0, "f:entry", 5, 0);
	tk_fire(k, 0, ":tick", 0, 0);
	tk_work(k);
	tk_expect(k, "5 ");
	tk_fire(k, 1, "f:entry", 9, 0);
	tk_fire(k, 0, "f:entry", 8, 0);
	tk_fire(k, 0, ":tick", 0, 0);
	tk_work(k);
	tk_expect(k, "8 ");
	tk_free(k);
}

/* A key that comes after normalize() is normalised as the others are. */
static void normalized_later(void **state)
{
	struct tk *k = tk_new();

	dtrace_setopt(k->dtp, "quiet", NULL);
	tk_go_text(k, "test::f:entry { @[arg1] = sum(arg0); } test:::tick { normalize(@, 10); }");
	tk_fire(k, 0, "f:entry", 50, 1);
	tk_fire(k, 0, ":tick", 0, 0);
	tk_work(k);
	tk_fire(k, 0, "f:entry", 70, 2);
	tk_end(k);
	tk_print(k);
	tk_expect(k, "                1                5\n                2                7\n");
	tk_free(k);
}

static void printa(void **state)
{
	struct tk *k = tk_new();

	dtrace_setopt(k->dtp, "quiet", NULL);
	tk_go_text(k, "BEGIN { @a[\"x\"] = count(); @a[\"y\"] = count(); @a[\"y\"] = count(); "
		      "@b[\"y\"] = sum(7); @b[\"z\"] = sum(1); }"
		      "END { printa(\"%-3s|%@3d|%@d;\", @a, @b); printa(@a); printa(\"%s=%@x;\", @b); }");
	tk_end(k);
	tk_expect(k, "z  |  0|1;x  |  1|0;y  |  2|7;\n"
		     "  x                                                                 1\n"
		     "  y                                                                 2\n"
		     "z=1;y=7;");
	tk_free(k);
}

static int walked(const dtrace_aggdata_t *a, void *arg)
{
	struct tk *k = arg;
	const dtrace_recdesc_t *rec = a->dtada_desc->dtagd_rec;
	const char *key = a->dtada_data + rec[1].dtrd_offset;

	assert_int_equal(a->dtada_desc->dtagd_nrecs, 3);
	assert_string_equal(a->dtada_pdesc->dtpd_name, "BEGIN");
	/* What python-dtrace assumes of a bucket. */
	assert_int_equal(rec[1].dtrd_offset, 16);
	assert_int_equal(rec[1].dtrd_size, 256);
	assert_int_equal(rec[2].dtrd_offset, 272);
	fprintf(k->fp, "%s%lld ", key, (long long)*(int64_t *)(a->dtada_data + rec[2].dtrd_offset));
	return *key == 'a' ? DTRACE_AGGWALK_REMOVE : *key == 'b' ? DTRACE_AGGWALK_CLEAR :
	       *key == 'd' ? DTRACE_AGGWALK_ABORT : DTRACE_AGGWALK_NEXT;
}

static void walks(void **state)
{
	struct tk *k = tk_new();

	tk_go_text(k, "BEGIN { @[\"c\"] = sum(3); @[\"a\"] = sum(1); @[\"b\"] = sum(2); @[\"d\"] = "
		      "sum(4); @[\"e\"] = sum(5); }");
	assert_int_equal(dtrace_stop(k->dtp), 0);
	assert_int_equal(dtrace_aggregate_snap(k->dtp), 0);
	assert_int_equal(dtrace_aggregate_walk_valsorted(k->dtp, walked, k), 0);
	tk_expect(k, "a1 b2 c3 d4 ");
	assert_int_equal(dtrace_aggregate_walk_keyrevsorted(k->dtp, walked, k), 0);
	tk_expect(k, "e5 d4 ");
	assert_int_equal(dtrace_aggregate_walk(k->dtp, walked, k), 0);
	tk_expect(k, "c3 b0 d4 ");
	tk_free(k);
}

static int listed(const dtrace_aggdata_t *a, void *arg)
{
	struct tk *k = arg;
	const dtrace_recdesc_t *rec = a->dtada_desc->dtagd_rec;

	fprintf(k->fp, "%s%s%lld ",
		a->dtada_desc->dtagd_varid == dt_ident_lookup_agg(k->dtp->idents, "P")->id ? "P" : "Q",
		a->dtada_data + rec[1].dtrd_offset,
		(long long)*(int64_t *)(a->dtada_data + rec[2].dtrd_offset));
	return DTRACE_AGGWALK_NEXT;
}

/* Each order, forward and back, over two variables with keys and values in common. */
static void walk_orders(void **state)
{
	static const struct { dtrace_aggregate_walk_f *walk; const char *want; } orders[] = {
		{ dtrace_aggregate_walk_keysorted, "Px5 Py1 Qx1 Qy5 Qz3 " },
		{ dtrace_aggregate_walk_valsorted, "Py1 Px5 Qx1 Qz3 Qy5 " },
		{ dtrace_aggregate_walk_keyvarsorted, "Px5 Qx1 Py1 Qy5 Qz3 " },
		{ dtrace_aggregate_walk_valvarsorted, "Qx1 Py1 Qz3 Px5 Qy5 " },
		{ dtrace_aggregate_walk_keyrevsorted, "Qz3 Qy5 Qx1 Py1 Px5 " },
		{ dtrace_aggregate_walk_valrevsorted, "Qy5 Qz3 Qx1 Px5 Py1 " },
		{ dtrace_aggregate_walk_keyvarrevsorted, "Qz3 Qy5 Py1 Qx1 Px5 " },
		{ dtrace_aggregate_walk_valvarrevsorted, "Qy5 Px5 Qz3 Py1 Qx1 " },
		{ dtrace_aggregate_walk_sorted, "Py1 Px5 Qx1 Qz3 Qy5 " },
	};
	struct tk *k = tk_new();

	tk_go_text(k, "BEGIN { @P[\"x\"] = sum(5); @Q[\"y\"] = sum(5); @P[\"y\"] = sum(1); @Q[\"z\"] = sum(3); "
		      "@Q[\"x\"] = sum(1); }");
	assert_int_equal(dtrace_stop(k->dtp), 0);
	assert_int_equal(dtrace_aggregate_snap(k->dtp), 0);
	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		assert_int_equal(orders[i].walk(k->dtp, listed, k), 0);
		tk_expect(k, orders[i].want);
	}
	dtrace_setopt(k->dtp, "aggsortkey", NULL);
	dtrace_setopt(k->dtp, "aggsortrev", NULL);
	assert_int_equal(dtrace_aggregate_walk_sorted(k->dtp, listed, k), 0);
	tk_expect(k, "Qz3 Qy5 Qx1 Py1 Px5 ");
	tk_free(k);
}

static int joined(const dtrace_aggdata_t **a, const int n, void *arg)
{
	struct tk *k = arg;

	assert_int_equal(n, 3);
	fprintf(k->fp, "%s", a[0]->dtada_data + 16);
	for (int i = 1; i < n; i++)
		fprintf(k->fp, " %lld",
			(long long)*(int64_t *)(a[i]->dtada_data + dt_aggent_valrec(a[i])->dtrd_offset));
	fprintf(k->fp, ";");
	return DTRACE_AGGWALK_NEXT;
}

static void walk_joined(void **state)
{
	struct tk *k = tk_new();
	dtrace_aggvarid_t vars[2];

	tk_go_text(k, "BEGIN { @a[\"x\"] = sum(3); @b[\"x\"] = sum(4); @b[\"y\"] = sum(5); }");
	vars[0] = dt_ident_lookup_agg(k->dtp->idents, "a")->id;
	vars[1] = dt_ident_lookup_agg(k->dtp->idents, "b")->id;
	assert_int_equal(dtrace_stop(k->dtp), 0);
	assert_int_equal(dtrace_aggregate_snap(k->dtp), 0);
	assert_int_equal(dtrace_aggregate_walk_joined(k->dtp, vars, 2, joined, k), 0);
	tk_expect(k, "y 0 5;x 3 4;");
	tk_free(k);
}

static void agg_drops(void **state)
{
	struct tk *k = tk_new();

	dtrace_setopt(k->dtp, "aggsize", "4k");
	tk_go_text(k, "test::f:entry { @[arg0, arg1] = quantize(1); }");
	for (u64 i = 0; i < 5; i++)	/* 1048 bytes a bucket: three fit */
		tk_fire(k, 1, "f:entry", i, i);
	tk_work(k);
	tk_expect(k, "DROP 2 aggregation drops on CPU 1\n");
	tk_free(k);
}

/* Room for one bucket of each match and a quarter more, within 4 and 64 MiB. */
static void sizes(void **state)
{
	static const struct { uint32_t matched; uint64_t want; } cases[] = {
		{ 3, 4 << 20 }, { 45000, 45000 * 280ull + 45000 * 280 / 4 }, { 1000000, 64 << 20 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tk *k = tk_new();
		dtrace_prog_t *p;

		k->dtp->opt[DTRACEOPT_AGGSIZE] = DTRACEOPT_UNSET;
		p = dtrace_program_strcompile(k->dtp, "test::f:entry { @[probefunc] = count(); }",
					      DTRACE_PROBESPEC_NONE, 0, 0, NULL);
		assert_non_null(p);
		assert_int_equal(dtrace_program_exec(k->dtp, p, NULL), 0);
		assert_int_equal(p->matched[0], 1);
		assert_int_equal(k->dtp->aggneed, 280);
		k->dtp->aggneed = 280ull * cases[i].matched;
		assert_int_equal(dtrace_go(k->dtp), 0);
		assert_int_equal(k->go.aggsize, cases[i].want);
		tk_free(k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars), cmocka_unit_test(keys), cmocka_unit_test(quantize),
		cmocka_unit_test(negative_counts), cmocka_unit_test(lquantize), cmocka_unit_test(llquantize),
		cmocka_unit_test(merging), cmocka_unit_test(sorted), cmocka_unit_test(actions),
		cmocka_unit_test(cleared), cmocka_unit_test(normalized_later), cmocka_unit_test(printa),
		cmocka_unit_test(walks), cmocka_unit_test(walk_orders),
		cmocka_unit_test(walk_joined), cmocka_unit_test(agg_drops),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
