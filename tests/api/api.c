/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program for the classic library, built against the installed headers alone:
 * names, values and layouts as programs elsewhere assume them, and a session.
 */
#include <dtrace.h>
#include <sys/dtrace.h>
#include <gelf.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(type, field, off) _Static_assert(offsetof(type, field) == (off), #type "." #field)
#define IS(what, val) _Static_assert((what) == (val), #what)

AT(dtrace_probedata_t, dtpda_handle, 0);
AT(dtrace_probedata_t, dtpda_edesc, 8);
AT(dtrace_probedata_t, dtpda_pdesc, 16);
AT(dtrace_probedata_t, dtpda_cpu, 24);
AT(dtrace_probedata_t, dtpda_data, 32);
AT(dtrace_probedata_t, dtpda_flow, 40);
AT(dtrace_probedata_t, dtpda_prefix, 48);
AT(dtrace_probedata_t, dtpda_indent, 56);
AT(dtrace_bufdata_t, dtbda_handle, 0);
AT(dtrace_bufdata_t, dtbda_buffered, 8);
AT(dtrace_bufdata_t, dtbda_probe, 16);
AT(dtrace_bufdata_t, dtbda_recdesc, 24);
AT(dtrace_bufdata_t, dtbda_aggdata, 32);
AT(dtrace_bufdata_t, dtbda_flags, 40);
AT(dtrace_aggdata_t, dtada_handle, 0);
AT(dtrace_aggdata_t, dtada_desc, 8);
AT(dtrace_aggdata_t, dtada_edesc, 16);
AT(dtrace_aggdata_t, dtada_pdesc, 24);
AT(dtrace_aggdata_t, dtada_data, 32);
AT(dtrace_aggdata_t, dtada_normal, 40);
AT(dtrace_aggdata_t, dtada_size, 48);
AT(dtrace_recdesc_t, dtrd_action, 0);
AT(dtrace_recdesc_t, dtrd_size, 4);
AT(dtrace_recdesc_t, dtrd_offset, 8);
AT(dtrace_recdesc_t, dtrd_alignment, 12);
AT(dtrace_recdesc_t, dtrd_format, 14);
AT(dtrace_recdesc_t, dtrd_arg, 16);
AT(dtrace_recdesc_t, dtrd_uarg, 24);
IS(sizeof(dtrace_aggdata_t), 96);
IS(sizeof(dtrace_recdesc_t), 32);

IS(DTRACE_VERSION, 3);
IS(DTRACE_PROBESPEC_NONE, -1);
IS(DTRACE_PROBESPEC_PROVIDER, 0);
IS(DTRACE_PROBESPEC_MOD, 1);
IS(DTRACE_PROBESPEC_FUNC, 2);
IS(DTRACE_PROBESPEC_NAME, 3);
IS(DTRACE_C_ZDEFS, 4);
IS(DTRACE_WORKSTATUS_ERROR, -1);
IS(DTRACE_WORKSTATUS_OKAY, 0);
IS(DTRACE_WORKSTATUS_DONE, 1);
IS(DTRACE_CONSUME_ERROR, -1);
IS(DTRACE_CONSUME_THIS, 0);
IS(DTRACE_CONSUME_NEXT, 1);
IS(DTRACE_CONSUME_ABORT, 2);
IS(DTRACE_AGGWALK_ERROR, -1);
IS(DTRACE_AGGWALK_NEXT, 0);
IS(DTRACE_AGGWALK_ABORT, 1);
IS(DTRACE_AGGWALK_CLEAR, 2);
IS(DTRACE_AGGWALK_NORMALIZE, 3);
IS(DTRACE_AGGWALK_DENORMALIZE, 4);
IS(DTRACE_AGGWALK_REMOVE, 5);
IS(DTRACE_QUANTIZE_NBUCKETS, 127);
IS(DTRACE_QUANTIZE_ZEROBUCKET, 63);
IS(DTRACE_QUANTIZE_BUCKETVAL(63), 0);
IS(DTRACE_QUANTIZE_BUCKETVAL(64), 1);
IS(DTRACE_QUANTIZE_BUCKETVAL(62), -1);
IS(DTRACE_LQUANTIZE_STEP(0x0003000500000007ull), 3);
IS(DTRACE_LQUANTIZE_LEVELS(0x0003000500000007ull), 5);
IS(DTRACE_LQUANTIZE_BASE(0x0003000500000007ull), 7);
IS(DTRACEACT_AGGREGATION, 0x700);
IS(DTRACEAGG_COUNT, 0x701);
IS(DTRACEAGG_MIN, 0x702);
IS(DTRACEAGG_MAX, 0x703);
IS(DTRACEAGG_AVG, 0x704);
IS(DTRACEAGG_SUM, 0x705);
IS(DTRACEAGG_STDDEV, 0x706);
IS(DTRACEAGG_QUANTIZE, 0x707);
IS(DTRACEAGG_LQUANTIZE, 0x708);

static dtrace_hdl_t *dtp;
static char output[4096];
static int chewed, clauses, walked;

#define CHECK(cond) do { \
	if (!(cond)) { \
		fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #cond, \
			dtp ? dtrace_errmsg(dtp, dtrace_errno(dtp)) : ""); \
		exit(1); \
	} \
} while (0)

static int on_text(const dtrace_bufdata_t *b, void *arg)
{
	strncat(output, b->dtbda_buffered, sizeof(output) - strlen(output) - 1);
	return DTRACE_HANDLE_OK;
}

static int chew(const dtrace_probedata_t *pd, void *arg)
{
	CHECK(pd->dtpda_handle == dtp && pd->dtpda_pdesc->dtpd_id == pd->dtpda_edesc->dtepd_probeid);
	chewed++;
	return DTRACE_CONSUME_THIS;
}

static int chewrec(const dtrace_probedata_t *pd, const dtrace_recdesc_t *rec, void *arg)
{
	if (!rec) {
		clauses++;
		return DTRACE_CONSUME_NEXT;
	}
	return DTRACE_CONSUME_THIS;
}

/* The layout that walkers assume who read no description: key at 16, value at 16 + strsize. */
static int walk(const dtrace_aggdata_t *a, void *arg)
{
	const dtrace_aggdesc_t *d = a->dtada_desc;
	const dtrace_recdesc_t *val = &d->dtagd_rec[d->dtagd_nrecs - 1];

	walked++;
	CHECK(!strcmp(a->dtada_data + 16, "key"));
	CHECK(*(int *)(a->dtada_data + 272) == 7);
	CHECK(d->dtagd_nrecs == 3 && d->dtagd_rec[1].dtrd_offset == 16 && val->dtrd_offset == 272);
	CHECK(d->dtagd_rec[0].dtrd_offset == 8 && *(int64_t *)(a->dtada_data + 8) == (int64_t)d->dtagd_varid);
	CHECK(val->dtrd_action == DTRACEAGG_SUM);
	return DTRACE_AGGWALK_REMOVE;
}

static int count_probe(dtrace_hdl_t *h, const dtrace_probedesc_t *pd, void *arg)
{
	return ++*(int *)arg, 0;
}

static int count_object(dtrace_hdl_t *h, const dtrace_objinfo_t *o, void *arg)
{
	*(int *)arg += !strcmp(o->dto_name, "vmlinux") && o->dto_flags == (DTRACE_OBJ_F_KERNEL | DTRACE_OBJ_F_PRIMARY);
	return 0;
}

static int count_stmt(dtrace_hdl_t *h, dtrace_prog_t *p, dtrace_stmtdesc_t *s, void *arg)
{
	CHECK(!strcmp(s->dtsd_ecbdesc->dted_probe.dtpd_name, "BEGIN"));
	*(int *)arg += s->dtsd_action != NULL;
	return 0;
}

static void names(void)
{
	dtrace_probedesc_t pd;
	dtrace_probeinfo_t info;
	dtrace_objinfo_t obj;
	dtrace_typeinfo_t type;
	dtrace_syminfo_t si;
	GElf_Sym sym, again;
	char buf[256];
	int n = 0;

	CHECK(!dtrace_lookup_by_name(dtp, DTRACE_OBJ_EXEC, "vfs_read", &sym, &si));
	CHECK(!strcmp(si.dts_object, "vmlinux") && sym.st_value);
	CHECK(!dtrace_lookup_by_addr(dtp, sym.st_value + 1, &again, &si) && again.st_value == sym.st_value);
	CHECK(dtrace_addr2str(dtp, sym.st_value + 1, buf, sizeof(buf)) > 0 && !strcmp(buf, "vmlinux`vfs_read+0x1"));
	CHECK(dtrace_lookup_by_name(dtp, DTRACE_OBJ_ANY, "no_such_symbol_at_all", &sym, &si) == -1);
	CHECK(!dtrace_object_iter(dtp, count_object, &n) && n == 1);
	CHECK(!dtrace_object_info(dtp, "dtrace", &obj) && obj.dto_text_size && obj.dto_flags == DTRACE_OBJ_F_KERNEL);
	CHECK(dtrace_object_info(dtp, "no_such_module", &obj) == -1);
	CHECK(!dtrace_type_strcompile(dtp, "unsigned long *", &type));
	CHECK(!strcmp(dtrace_type_name(dtp, &type, buf, sizeof(buf)), "unsigned long *"));
	CHECK(dtrace_type_strcompile(dtp, "no_such_type_t", &type) == -1);
	CHECK(!dtrace_str2desc(dtp, DTRACE_PROBESPEC_NAME, "dtrace:::BEGIN", &pd));
	n = 0;
	CHECK(!dtrace_probe_iter(dtp, &pd, count_probe, &n) && n == 1);
	CHECK(!dtrace_probe_info(dtp, &pd, &info) && info.dtp_argc == 0);
	CHECK(!dtrace_id2desc(dtp, 1, &pd) && pd.dtpd_id == 1);
}

/* What there is in name only fails, with a sentence. */
static void refusals(dtrace_prog_t *prog)
{
	int err = 0;

	CHECK(!dtrace_dof_create(dtp, prog, 0) && strlen(dtrace_errmsg(dtp, dtrace_errno(dtp))) > 10);
	CHECK(!dtrace_getopt_dof(dtp) && !dtrace_geterr_dof(dtp) && !dtrace_stmt_create(dtp, NULL));
	CHECK(dtrace_program_link(dtp, prog, 0, "x.o", 0, NULL) == -1);
	CHECK(dtrace_program_header(dtp, stdout, "x") == -1);
	CHECK(!dtrace_vopen(DTRACE_VERSION, 0, &err, NULL, NULL) && strlen(dtrace_errmsg(NULL, err)) > 10);
	CHECK(!dtrace_open(2, 0, &err) && strlen(dtrace_errmsg(NULL, err)) > 10);
}

int main(void)
{
	dtrace_proginfo_t info;
	dtrace_optval_t val;
	dtrace_prog_t *prog;
	int err = 0, n = 0;

	dtp = dtrace_open(DTRACE_VERSION, 0, &err);
	if (!dtp)
		fprintf(stderr, "%s\n", dtrace_errmsg(NULL, err));
	CHECK(dtp);
	names();
	CHECK(!dtrace_setopt(dtp, "bufsize", "4m") && !dtrace_setopt(dtp, "aggsize", "4m"));
	CHECK(!dtrace_getopt(dtp, "bufsize", &val) && val == 4 << 20);
	CHECK(!dtrace_handle_buffered(dtp, on_text, NULL));
	prog = dtrace_program_strcompile(dtp, "dtrace:::BEGIN { @[\"key\"] = sum(3); @[\"key\"] = sum(4); "
					 "trace(\"hello\"); exit(0); }",
					 DTRACE_PROBESPEC_NAME, DTRACE_C_ZDEFS, 0, NULL);
	CHECK(prog);
	CHECK(!dtrace_stmt_iter(dtp, prog, count_stmt, &n) && n == 4);
	refusals(prog);
	CHECK(!dtrace_program_exec(dtp, prog, &info) && info.dpi_matches == 1 && info.dpi_aggregates == 2);
	CHECK(!dtrace_go(dtp));
	do {
		dtrace_sleep(dtp);
		n = dtrace_work(dtp, NULL, chew, chewrec, NULL);
		CHECK(n != DTRACE_WORKSTATUS_ERROR);
	} while (n != DTRACE_WORKSTATUS_DONE);
	CHECK(!dtrace_stop(dtp));
	CHECK(chewed == 1 && clauses == 1);
	CHECK(strstr(output, "hello"));
	CHECK(!dtrace_aggregate_snap(dtp) && !dtrace_aggregate_walk_valsorted(dtp, walk, NULL));
	CHECK(walked == 1);
	CHECK(!dtrace_aggregate_walk(dtp, walk, NULL) && walked == 1);	/* it was removed */
	dtrace_close(dtp);
	printf("done\n");
	return 0;
}
