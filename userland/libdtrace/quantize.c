/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values of aggregations: numbers, and the pictures of the quantize family
 * (Guide, chapter "Aggregations"): 40 columns of bar, one empty bucket shown
 * on either side of what there is. Other styles of them: aggstyle.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dt_impl.h"

#define BAR 40

static int64_t word(const void *p, size_t i)
{
	int64_t v;

	memcpy(&v, (const char *)p + 8 * i, 8);
	return v;
}

static uint64_t isqrt128(unsigned __int128 x)
{
	unsigned __int128 root = 0, bit = (unsigned __int128)1 << 126;

	while (bit > x)
		bit >>= 2;
	for (; bit; bit >>= 2) {
		if (x >= root + bit) {
			x -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
	}
	return (uint64_t)root;
}

/* sqrt(E[x^2] - E[x]^2), in integers as the Guide has it. */
static int64_t stddev(const void *val, int64_t normal)
{
	int64_t count = word(val, 0), mean;
	unsigned __int128 squares;
	__int128 var;

	if (!count)
		return 0;
	memcpy(&squares, (const char *)val + 16, 16);
	mean = word(val, 1) / normal / count;
	var = (__int128)(squares / (uint64_t)normal / (uint64_t)normal / (uint64_t)count) - (__int128)mean * mean;
	return var > 0 ? (int64_t)isqrt128((unsigned __int128)var) : 0;
}

int64_t dt_agg_scalar(uint16_t action, const void *val, uint64_t normal)
{
	int64_t n = normal ? (int64_t)normal : 1;

	switch (action) {
	case DTRACEAGG_AVG:
		return word(val, 0) ? word(val, 1) / n / word(val, 0) : 0;
	case DTRACEAGG_STDDEV:
		return stddev(val, n);
	case DTRACEAGG_COUNT:
		return (int64_t)((uint64_t)word(val, 0) / (uint64_t)n);
	default:
		return word(val, 0) / n;
	}
}

bool dt_agg_is_picture(uint16_t action)
{
	return action == DTRACEAGG_QUANTIZE || action == DTRACEAGG_LQUANTIZE || action == DTRACEAGG_LLQUANTIZE;
}

/* ---- Bars ----------------------------------------------------------------------- */

/* Under aggzoom the highest bar has this part of the columns, whatever its part of the total is. */
#define ZOOM 0.95L

void dt_scale_add(dtrace_hdl_t *dtp, struct dt_scale *sc, int64_t val)
{
	long double v = val < 0 ? -(long double)val : val;

	sc->pos |= val > 0;
	sc->neg |= val < 0;
	if (dtp->opt[DTRACEOPT_AGGZOOM] == DTRACEOPT_UNSET)
		sc->total += v;
	else if (sc->total < v / ZOOM)
		sc->total = v / ZOOM;
}

static long double part_of(const struct dt_scale *sc, int64_t val, int columns)
{
	return sc->total > 0 ? (val < 0 ? -(long double)val : val) * columns / sc->total : 0;
}

/* A bar of block characters, to an eighth of a column. */
static int utf8_bar(dtrace_hdl_t *dtp, FILE *fp, long double columns)
{
	int whole = (int)columns, eighths = (int)((columns - whole) * 8), used = whole;
	char partial[4] = { (char)0xe2, (char)0x96, (char)(0x90 - eighths), 0 };	/* U+258F .. U+2589 */

	if (dt_printf(dtp, fp, "|"))
		return -1;
	for (int i = 0; i < whole; i++)
		if (dt_printf(dtp, fp, "\u2588"))
			return -1;
	if (eighths && ++used && dt_printf(dtp, fp, "%s", partial))
		return -1;
	return dt_printf(dtp, fp, "%*s", BAR - used, "");
}

/*
 * A bar, and the count behind it. Negative counts (an increment may be negative)
 * grow leftwards from the axis; when both signs are there, each side has half of
 * the columns.
 */
int dt_print_bar(dtrace_hdl_t *dtp, FILE *fp, const struct dt_scale *sc, int64_t val, uint64_t normal)
{
	static const char ats[] = "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@";
	int len = sc->pos && sc->neg ? BAR / 2 : BAR, depth = (int)(part_of(sc, val, len) + 0.5L);
	int left = val < 0 ? depth : 0, right = val > 0 ? depth : 0, rc = 0;
	int64_t shown = val / (int64_t)(normal ? normal : 1);

	if (sc->pos && !sc->neg && dtp->opt[DTRACEOPT_ENCODING] == DTRACEOPT_ENCODING_UTF8) {
		rc = utf8_bar(dtp, fp, part_of(sc, val, BAR));
	} else {
		if (sc->neg)
			rc = dt_printf(dtp, fp, "%*s%.*s", len - left, "", left, ats);
		if (!rc)
			rc = dt_printf(dtp, fp, "|");
		if (!rc && (!sc->neg || sc->pos))
			rc = dt_printf(dtp, fp, "%.*s%*s", right, ats, len - right, "");
	}
	return rc ? -1 : dt_printf(dtp, fp, " %-9" PRId64 "\n", shown);
}

int dt_print_barhead(dtrace_hdl_t *dtp, FILE *fp, const char *what, int width)
{
	return dt_printf(dtp, fp, "\n%*s %41s %-9s\n", width, what,
			 "------------- Distribution -------------", "count");
}

/* ---- Pictures ------------------------------------------------------------------- */

struct picture {
	dtrace_hdl_t *dtp;
	FILE *fp;
	const int64_t *bins;
	size_t n;
	uint64_t normal;
	size_t first, last;	/* shown */
	struct dt_scale scale;
};

/* What is shown: all that is not empty, and one bucket more on either side. */
static void survey(struct picture *p, size_t around)
{
	size_t lo = 0, hi = p->n;

	while (lo < p->n && !p->bins[lo])
		lo++;
	while (hi > lo && !p->bins[hi - 1])
		hi--;
	if (lo == hi) {		/* nothing: cleared, or increments that cancel */
		p->first = around ? around - 1 : 0;
		p->last = around + 1 < p->n ? around + 1 : p->n - 1;
		return;
	}
	p->first = lo ? lo - 1 : 0;
	p->last = hi < p->n ? hi : p->n - 1;
	for (size_t i = lo; i < hi; i++)
		dt_scale_add(p->dtp, &p->scale, p->bins[i]);
}

static int header(struct picture *p)
{
	return dt_print_barhead(p->dtp, p->fp, "value", 16);
}

static int row(struct picture *p, const char *label, size_t i)
{
	if (dt_printf(p->dtp, p->fp, "%16s ", label))
		return -1;
	return dt_print_bar(p->dtp, p->fp, &p->scale, p->bins[i], p->normal);
}

int dt_print_quantize(dtrace_hdl_t *dtp, FILE *fp, const int64_t *bins, uint64_t normal)
{
	struct picture p = { .dtp = dtp, .fp = fp, .bins = bins, .n = DTRACE_QUANTIZE_NBUCKETS, .normal = normal };
	char label[32];

	survey(&p, DTRACE_QUANTIZE_ZEROBUCKET);
	if (header(&p))
		return -1;
	for (size_t i = p.first; i <= p.last; i++) {
		snprintf(label, sizeof(label), "%lld", (long long)DTRACE_QUANTIZE_BUCKETVAL((int)i));
		if (row(&p, label, i))
			return -1;
	}
	return 0;
}

int dt_print_lquantize(dtrace_hdl_t *dtp, FILE *fp, const int64_t *val, uint64_t normal)
{
	uint64_t arg = (uint64_t)val[0];
	int64_t base = DTRACE_LQUANTIZE_BASE(arg), step = DTRACE_LQUANTIZE_STEP(arg);
	size_t levels = DTRACE_LQUANTIZE_LEVELS(arg);
	struct picture p = { .dtp = dtp, .fp = fp, .bins = val + 1, .n = levels + 2, .normal = normal };
	char label[32];

	survey(&p, 1);
	if (header(&p))
		return -1;
	for (size_t i = p.first; i <= p.last; i++) {
		if (!i)
			snprintf(label, sizeof(label), "< %" PRId64, base);
		else if (i == levels + 1)
			snprintf(label, sizeof(label), ">= %" PRId64, base + (int64_t)levels * step);
		else
			snprintf(label, sizeof(label), "%" PRId64, base + (int64_t)(i - 1) * step);
		if (row(&p, label, i))
			return -1;
	}
	return 0;
}

/* One bucket of an llquantize picture. */
struct llbucket {
	int64_t bound;		/* values from here; the first: values below */
	size_t bin;
};

/*
 * The buckets in rising order, as abi.h lays them out. A magnitude smaller than
 * the number of steps has fewer buckets than it has room for; the last bin is
 * "and above" wherever the magnitudes ended. Returns their number, at most that of bins.
 */
static size_t llquantize_buckets(uint64_t arg, struct llbucket *b)
{
	uint64_t factor = DTRACE_LLQUANTIZE_FACTOR(arg), steps = DTRACE_LLQUANTIZE_STEPS(arg);
	uint64_t low = 1, high, n;
	size_t k = 1;
	unsigned m;

	for (m = 0; m < DTRACE_LLQUANTIZE_LOW(arg); m++)
		low *= factor;
	b[0] = (struct llbucket){ (int64_t)low, 0 };
	for (; m <= DTRACE_LLQUANTIZE_HIGH(arg); m++, low = high) {
		high = low * factor;
		n = steps < high ? steps : high;
		for (uint64_t i = 0; i < n - n / factor; i++, k++)
			b[k] = (struct llbucket){ (int64_t)(low + i * (high / n)), k };
	}
	b[k] = (struct llbucket){ (int64_t)low, DTRACE_LLQUANTIZE_NBUCKETS(arg) - 1 };
	return k + 1;
}

int dt_print_llquantize(dtrace_hdl_t *dtp, FILE *fp, const int64_t *val, uint64_t normal)
{
	size_t nbins = DTRACE_LLQUANTIZE_NBUCKETS((uint64_t)val[0]);
	struct llbucket *b = calloc(nbins, sizeof(*b));
	int64_t *bins = calloc(nbins, sizeof(*bins));
	struct picture p = { .dtp = dtp, .fp = fp, .bins = bins, .normal = normal };
	char label[32];
	int rc;

	if (!b || !bins) {
		rc = dt_set_errno(dtp, ENOMEM);
		goto out;
	}
	p.n = llquantize_buckets((uint64_t)val[0], b);
	for (size_t i = 0; i < p.n; i++)
		bins[i] = val[1 + b[i].bin];
	survey(&p, 0);
	rc = header(&p);
	for (size_t i = p.first; i <= p.last && !rc; i++) {
		snprintf(label, sizeof(label), "%s%" PRId64, !i ? "< " : i == p.n - 1 ? ">= " : "", b[i].bound);
		rc = row(&p, label, i);
	}
out:
	free(b);
	free(bins);
	return rc;
}

/* ---- For other forms of output ----------------------------------------------------- */

static void give_linear(const int64_t *val, dt_bucket_f *func, void *arg, struct picture *p)
{
	uint64_t a = (uint64_t)val[0];
	int64_t base = DTRACE_LQUANTIZE_BASE(a), step = DTRACE_LQUANTIZE_STEP(a);

	for (size_t i = p->first; i <= p->last; i++)
		func(&(struct dt_bucket){ .value = i ? base + (int64_t)(i - 1) * step : base, .count = p->bins[i],
					  .edge = !i ? -1 : i == p->n - 1 }, arg);
}

static int give_loglinear(dtrace_hdl_t *dtp, const int64_t *val, dt_bucket_f *func, void *arg)
{
	size_t nbins = DTRACE_LLQUANTIZE_NBUCKETS((uint64_t)val[0]), n;
	struct llbucket *b = calloc(nbins, sizeof(*b));
	struct picture p = { .dtp = dtp };
	int64_t *bins = calloc(nbins, sizeof(*bins));

	if (!b || !bins) {
		free(b);
		free(bins);
		return dt_set_errno(dtp, ENOMEM);
	}
	p.n = n = llquantize_buckets((uint64_t)val[0], b);
	p.bins = bins;
	for (size_t i = 0; i < n; i++)
		bins[i] = val[1 + b[i].bin];
	survey(&p, 0);
	for (size_t i = p.first; i <= p.last; i++)
		func(&(struct dt_bucket){ .value = b[i].bound, .count = bins[i], .edge = !i ? -1 : i == n - 1 }, arg);
	free(b);
	free(bins);
	return 0;
}

int dt_each_bucket(dtrace_hdl_t *dtp, uint16_t action, const int64_t *val, dt_bucket_f *func, void *arg)
{
	struct picture p = { .dtp = dtp, .bins = val, .n = DTRACE_QUANTIZE_NBUCKETS };

	if (action == DTRACEAGG_LLQUANTIZE)
		return give_loglinear(dtp, val, func, arg);
	if (action == DTRACEAGG_LQUANTIZE) {
		p.bins = val + 1;
		p.n = DTRACE_LQUANTIZE_LEVELS((uint64_t)val[0]) + 2;
		survey(&p, 1);
		give_linear(val, func, arg, &p);
		return 0;
	}
	survey(&p, DTRACE_QUANTIZE_ZEROBUCKET);
	for (size_t i = p.first; i <= p.last; i++)
		func(&(struct dt_bucket){ .value = DTRACE_QUANTIZE_BUCKETVAL((int)i), .count = p.bins[i] }, arg);
	return 0;
}

int dt_print_aggval(dtrace_hdl_t *dtp, FILE *fp, const dtrace_recdesc_t *rec, caddr_t data, uint64_t normal)
{
	switch (rec->dtrd_action) {
	case DTRACEAGG_QUANTIZE:
		return dt_print_quantize(dtp, fp, (const int64_t *)data, normal);
	case DTRACEAGG_LQUANTIZE:
		return dt_print_lquantize(dtp, fp, (const int64_t *)data, normal);
	case DTRACEAGG_LLQUANTIZE:
		return dt_print_llquantize(dtp, fp, (const int64_t *)data, normal);
	default:
		return dt_printf(dtp, fp, " %16" PRId64, dt_agg_scalar(rec->dtrd_action, data, normal));
	}
}
