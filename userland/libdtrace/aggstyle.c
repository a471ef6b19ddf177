/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Other styles of aggregations, an entry a line (illumos):
 *
 *   agghist	numbers with a bar, its part of the sum of all
 *
 *	              key  ------------- Distribution ------------- count
 *	              cat |@@@@@@@@@@@@@                            1
 *
 *   aggpack	quantize() and lquantize() with a character a bucket
 *
 *	      key  min .------. max  | count
 *	        1    0 : █    : 16   | 20
 *
 * With aggzoom the highest, not the total, measures the bars. All entries of a
 * variable share their scale, which is taken once for a printing.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dt_impl.h"

#define LEVELS 8

static bool is_on(dtrace_hdl_t *dtp, int opt)
{
	return dtp->opt[opt] != DTRACEOPT_UNSET;
}

/* ---- Scales ------------------------------------------------------------------------ */

static int kind_for(dtrace_hdl_t *dtp, uint16_t action)
{
	switch (action) {
	case DTRACEAGG_COUNT:
	case DTRACEAGG_SUM:
	case DTRACEAGG_AVG:
	case DTRACEAGG_STDDEV:
		return is_on(dtp, DTRACEOPT_AGGHIST) ? DT_STYLE_HIST : DT_STYLE_PLAIN;
	case DTRACEAGG_QUANTIZE:
	case DTRACEAGG_LQUANTIZE:
		return is_on(dtp, DTRACEOPT_AGGPACK) ? DT_STYLE_PACK : DT_STYLE_PLAIN;
	default:
		return DT_STYLE_PLAIN;
	}
}

static void widen(struct dt_aggstyle *st, const void *bins)
{
	for (size_t i = 0; i < DTRACE_QUANTIZE_NBUCKETS; i++) {
		if (!dt_word(bins, i))
			continue;
		if (i < st->min)
			st->min = i;
		if (i > st->max)
			st->max = i;
	}
}

static void measure(dtrace_hdl_t *dtp, uint64_t varid, uint16_t action, struct dt_aggstyle *st)
{
	bool quantize = action == DTRACEAGG_QUANTIZE;

	st->min = quantize ? DTRACE_QUANTIZE_NBUCKETS : 0;
	for (struct dt_aggent *e = dtp->aggs.first; e; e = e->lnext) {
		if (e->dead || e->data.dtada_desc->dtagd_varid != varid)
			continue;
		if (st->kind == DT_STYLE_HIST)
			dt_scale_add(dtp, &st->scale, dt_agg_scalar(action, dt_aggent_val(&e->data), 1));
		else if (quantize)
			widen(st, dt_aggent_val(&e->data));
		else
			st->max = DTRACE_LQUANTIZE_LEVELS((uint64_t)dt_word(dt_aggent_val(&e->data), 0)) + 1;
	}
	if (!quantize)
		return;
	if (st->min == DTRACE_QUANTIZE_NBUCKETS)	/* all of them are empty */
		st->min = st->max = DTRACE_QUANTIZE_ZEROBUCKET;
	if (st->min != 0 && st->min != DTRACE_QUANTIZE_ZEROBUCKET)
		st->min--;
	if (st->max < DTRACE_QUANTIZE_NBUCKETS - 1)
		st->max++;
}

void dt_aggstyle_reset(dtrace_hdl_t *dtp)
{
	for (size_t i = 0; i < dtp->aggs.nvars; i++)
		dtp->aggs.vars[i].style = (struct dt_aggstyle){ 0 };
}

const struct dt_aggstyle *dt_aggstyle(dtrace_hdl_t *dtp, const dtrace_aggdata_t *a)
{
	uint16_t action = dt_aggent_valrec(a)->dtrd_action;
	struct dt_aggvar *var = dt_aggvar(dtp, a->dtada_desc->dtagd_varid);

	if (!var)
		return NULL;
	if (var->style.kind == DT_STYLE_UNKNOWN) {
		var->style.kind = kind_for(dtp, action);
		if (var->style.kind != DT_STYLE_PLAIN)
			measure(dtp, a->dtada_desc->dtagd_varid, action, &var->style);
	}
	return &var->style;
}

/* ---- Headers ------------------------------------------------------------------------- */

static int digits(int64_t val)
{
	int n = snprintf(NULL, 0, "%" PRId64, val);

	return n < 4 ? 4 : n;
}

/* Columns of the keys, each with a blank before it. */
static int keys_width(const dtrace_aggdata_t *a)
{
	int width = 0;

	for (uint32_t i = 1; i + 1 < a->dtada_desc->dtagd_nrecs; i++)
		switch (a->dtada_desc->dtagd_rec[i].dtrd_size) {
		case 1:
			width += 1 + 3;
			break;
		case 2:
			width += 1 + 5;
			break;
		case 4:
			width += 1 + 8;
			break;
		default:
			width += 1 + 16;
		}
	return width;
}

int dt_aggstyle_head(dtrace_hdl_t *dtp, FILE *fp, const dtrace_aggdata_t *a, const struct dt_aggstyle *st)
{
	bool quantize = dt_aggent_valrec(a)->dtrd_action == DTRACEAGG_QUANTIZE;
	int width = keys_width(a), lo = 7, hi = 8;

	if (st->kind == DT_STYLE_HIST)
		return dt_print_barhead(dtp, fp, width ? "key" : "value", width ? width : 16);
	if (quantize) {
		lo = digits(DTRACE_QUANTIZE_BUCKETVAL((int)st->min));
		hi = digits(DTRACE_QUANTIZE_BUCKETVAL((int)st->max));
	}
	if (dt_printf(dtp, fp, "\n%*s %*s .", width, width ? "key" : "", lo, "min"))
		return -1;
	for (size_t i = st->min; i <= st->max; i++)
		if (dt_write(dtp, fp, "-", 1))
			return -1;
	return dt_printf(dtp, fp, ". %-*s | count\n", hi, "max");
}

/* ---- Values -------------------------------------------------------------------------- */

/* Only terminals known to be primitive get ASCII, unless option encoding decides. */
static bool can_utf8(dtrace_hdl_t *dtp)
{
	const char *term = getenv("TERM");

	if (dtp->opt[DTRACEOPT_ENCODING] != DTRACEOPT_UNSET)
		return dtp->opt[DTRACEOPT_ENCODING] == DTRACEOPT_ENCODING_UTF8;
	return !term || (strcmp(term, "sun") && strcmp(term, "sun-color") && strcmp(term, "dumb"));
}

static int put_cell(dtrace_hdl_t *dtp, FILE *fp, int64_t val, long double total)
{
	static const char ascii[LEVELS + 1] = "__xxxxXX", negative[] = "vvvvVV";
	long double part = total > 0 ? (val < 0 ? -(long double)val : val) / total : 0;
	int level = (int)(part * (LEVELS - 1) + 0.5L);
	char block[3] = { (char)0xe2, (char)0x96, (char)(0x81 + level) };	/* U+2581 .. U+2588 */

	if (!val)
		return dt_write(dtp, fp, " ", 1);
	if (val < 0)
		return dt_write(dtp, fp, &negative[(int)(part * (sizeof(negative) - 2) + 0.5L)], 1);
	if (can_utf8(dtp))
		return dt_write(dtp, fp, block, sizeof(block));
	return dt_write(dtp, fp, &ascii[level], 1);
}

static int put_cells(dtrace_hdl_t *dtp, FILE *fp, const int64_t *bins, const struct dt_aggstyle *st, int64_t *count)
{
	struct dt_scale scale = { 0 };

	*count = 0;
	for (size_t i = st->min; i <= st->max; i++) {
		dt_scale_add(dtp, &scale, dt_word(bins, i));
		*count += dt_word(bins, i);
	}
	for (size_t i = st->min; i <= st->max; i++)
		if (put_cell(dtp, fp, dt_word(bins, i), scale.total))
			return -1;
	return 0;
}

static int put_quantize(dtrace_hdl_t *dtp, FILE *fp, const int64_t *bins, const struct dt_aggstyle *st)
{
	int64_t min = DTRACE_QUANTIZE_BUCKETVAL((int)st->min), max = DTRACE_QUANTIZE_BUCKETVAL((int)st->max), count;

	if (dt_printf(dtp, fp, " %*" PRId64 " :", digits(min), min) || put_cells(dtp, fp, bins, st, &count))
		return -1;
	return dt_printf(dtp, fp, ": %-*" PRId64 " | %" PRId64 "\n", digits(max), max, count);
}

static int put_lquantize(dtrace_hdl_t *dtp, FILE *fp, const int64_t *val, const struct dt_aggstyle *st)
{
	uint64_t arg = (uint64_t)dt_word(val, 0);
	int64_t base = DTRACE_LQUANTIZE_BASE(arg), count;
	char label[32];

	snprintf(label, sizeof(label), "< %" PRId64, base);
	if (dt_printf(dtp, fp, "%8s :", label) || put_cells(dtp, fp, val + 1, st, &count))
		return -1;
	snprintf(label, sizeof(label), ">= %" PRId64,
		 base + (int64_t)DTRACE_LQUANTIZE_LEVELS(arg) * DTRACE_LQUANTIZE_STEP(arg));
	return dt_printf(dtp, fp, ": %-8s | %" PRId64 "\n", label, count);
}

int dt_aggstyle_value(dtrace_hdl_t *dtp, FILE *fp, const dtrace_aggdata_t *a, const struct dt_aggstyle *st)
{
	uint16_t action = dt_aggent_valrec(a)->dtrd_action;
	const void *val = dt_aggent_val(a);

	if (st->kind == DT_STYLE_PACK)
		return action == DTRACEAGG_QUANTIZE ? put_quantize(dtp, fp, val, st) : put_lquantize(dtp, fp, val, st);
	if (dt_printf(dtp, fp, " "))
		return -1;
	return dt_print_bar(dtp, fp, &st->scale, dt_agg_scalar(action, val, 1), a->dtada_normal);
}
