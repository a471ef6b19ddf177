/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The classic library's functions for statements, formats, types and descriptions. */
#include "test_kernel.h"

static int list_stmt(dtrace_hdl_t *dtp, dtrace_prog_t *prog, dtrace_stmtdesc_t *s, void *arg)
{
	char *text = arg, fmt[64] = "";

	if (s->dtsd_fmtdata)
		dtrace_printf_format(dtp, s->dtsd_fmtdata, fmt, sizeof(fmt));
	sprintf(text + strlen(text), "%s:%s:%d%s ", s->dtsd_ecbdesc->dted_probe.dtpd_name, fmt,
		s->dtsd_action ? s->dtsd_action->dtad_kind : -1, s->dtsd_ecbdesc->dted_pred.dtpdd_difo ? "/" : "");
	return 0;
}

static void statements(void **state)
{
	struct tk *k = tk_new();
	char text[256] = "";
	dtrace_prog_t *p = dtrace_program_strcompile(k->dtp, "BEGIN, END /pid/ { x = 1; printf(\"%d\", x); } "
						     "test::f:entry { } ERROR { trace(1); exit(2); }",
						     DTRACE_PROBESPEC_NONE, 0, 0, NULL);

	assert_non_null(p);
	assert_int_equal(dtrace_stmt_iter(k->dtp, p, list_stmt, text), 0);
	assert_string_equal(text, "BEGIN:%d:3/ END:%d:3/ entry::-1 ERROR::1 ERROR::2 ");
	assert_null(dtrace_stmt_create(k->dtp, NULL));
	assert_int_equal(dtrace_errno(k->dtp), EDT_STMT);
	assert_int_equal(dtrace_stmt_add(k->dtp, p, NULL), -1);
	tk_free(k);
}

/* A caller that prints on its own, with its format or with the statement's. */
struct own {
	struct tk *k;
	void *fmt;
};

static int print_own(const dtrace_probedata_t *pd, const dtrace_recdesc_t *rec, void *arg)
{
	struct own *o = arg;
	const dtrace_eprobedesc_t *ed = pd->dtpda_edesc;

	if (!rec)
		return DTRACE_CONSUME_NEXT;
	fputc('<', o->k->fp);
	assert_int_equal(dtrace_fprintf(o->k->dtp, o->k->fp, o->fmt, pd, rec,
					o->fmt ? 1 : ed->dtepd_nrecs, pd->dtpda_data, ed->dtepd_size), 1);
	fputc('>', o->k->fp);
	return DTRACE_CONSUME_NEXT;
}

static void formats(void **state)
{
	for (int own = 0; own < 2; own++) {
		struct tk *k = tk_new();
		struct own o = { k, own ? dtrace_printf_create(k->dtp, "%x!") : NULL };

		dtrace_setopt(k->dtp, "quiet", NULL);
		tk_go_text(k, "BEGIN { printf(\"%d\", 255); }");
		assert_int_equal(dtrace_stop(k->dtp), 0);
		k->dtp->next_switch = k->dtp->next_agg = k->dtp->next_status = 0;
		assert_int_equal(dtrace_work(k->dtp, k->fp, NULL, print_own, &o), DTRACE_WORKSTATUS_DONE);
		tk_expect(k, own ? "<ff!>" : "<255>");
		assert_null(dtrace_printf_create(k->dtp, "%"));
		assert_int_equal(dtrace_errno(k->dtp), EDT_FORMAT);
		tk_free(k);
	}
}

/* Records of a caller's own that are shorter than what they say they are. */
static void short_records(void **state)
{
	static const struct { uint16_t action; uint32_t size; bool fits; } cases[] = {
		{ DTRACEACT_USYM, 8, false }, { DTRACEACT_USYM, 16, true }, { DTRACEACT_UMOD, 4, false },
		{ DTRACEACT_SYM, 4, false }, { DTRACEACT_SYM, 8, true }, { DTRACEACT_MOD, 0, false },
		{ DTRACEACT_DIFEXPR, 17, false }, { DTRACEACT_DIFEXPR, 4, true }, { DTRACEAGG_AVG, 8, false },
	};
	struct tk *k = tk_new();
	void *f = dtrace_printf_create(k->dtp, "%a");

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const dtrace_recdesc_t rec = { .dtrd_action = cases[i].action, .dtrd_size = cases[i].size };
		void *data = calloc(1, 16);

		assert_int_equal(dtrace_fprintf(k->dtp, k->fp, f, NULL, &rec, 1, data, 16), cases[i].fits ? 1 : -1);
		free(data);
	}
	tk_free(k);
}

static void types(void **state)
{
	struct tk *k = tk_new();
	dtrace_typeinfo_t t;
	char buf[64], text[] = "const char *";
	FILE *fp = fmemopen(text, strlen(text), "r");

	assert_non_null(dtrace_program_strcompile(k->dtp, "struct mine { int a; }; BEGIN {}",
						  DTRACE_PROBESPEC_NONE, 0, 0,
						  NULL));
	assert_int_equal(dtrace_type_strcompile(k->dtp, "struct mine *", &t), 0);
	assert_string_equal(dtrace_type_name(k->dtp, &t, buf, sizeof(buf)), "struct mine *");
	assert_int_equal(dtrace_lookup_by_type(k->dtp, DTRACE_OBJ_ANY, "uint64_t", &t), 0);
	assert_string_equal(dtrace_type_name(k->dtp, &t, buf, sizeof(buf)), "uint64_t");
	assert_int_equal(dtrace_type_fcompile(k->dtp, fp, &t), 0);
	fclose(fp);
	assert_int_equal(dtrace_type_strcompile(k->dtp, "int int int (", &t), -1);
	assert_int_equal(dtrace_errno(k->dtp), EDT_NOTYPE);
	tk_free(k);
}

static void descriptions(void **state)
{
	char *argv[] = { "script", "f" };
	dtrace_probedesc_t pd;
	struct tk *k = tk_new();
	char want[64];

	assert_int_equal(dtrace_xstr2desc(k->dtp, DTRACE_PROBESPEC_NAME, "pid$pid:a:$1:entry", 2, argv, &pd), 0);
	snprintf(want, sizeof(want), "pid%d", (int)getpid());
	assert_string_equal(pd.dtpd_provider, want);
	assert_string_equal(pd.dtpd_func, "f");
	assert_int_equal(dtrace_xstr2desc(k->dtp, DTRACE_PROBESPEC_NAME, ":::$2", 2, argv, &pd), -1);
	assert_int_equal(dtrace_xstr2desc(k->dtp, DTRACE_PROBESPEC_NAME, ":::$nosuch", 2, argv, &pd), -1);
	assert_int_equal(dtrace_xstr2desc(k->dtp, DTRACE_PROBESPEC_NAME, ":::$", 2, argv, &pd), -1);
	tk_free(k);
}

static void probe_info(void **state)
{
	dtrace_probedesc_t pd = { .dtpd_provider = "dtrace", .dtpd_name = "BEGIN" };
	struct tk *k = tk_new();
	dtrace_probeinfo_t info;

	assert_int_equal(dtrace_probe_info(k->dtp, &pd, &info), 0);
	assert_int_equal(info.dtp_argc, 0);
	assert_int_equal(info.dtp_attr.dtat_name, DTRACE_STABILITY_STABLE);
	tk_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statements), cmocka_unit_test(formats), cmocka_unit_test(short_records),
		cmocka_unit_test(types),
		cmocka_unit_test(descriptions), cmocka_unit_test(probe_info),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
