// SPDX-License-Identifier: GPL-2.0-or-later
/* Aggregations: each function against a naive model, tables, the cache of constant keys. */
#include "test_image.h"

static int setup(void **state)
{
	dtk_port_reset();
	dtk_port.error = rig_note_error;
	memset(&rig_error, 0, sizeof(rig_error));
	return 0;
}

static int teardown(void **state)
{
	return dtk_port.nalloc ? -1 : 0;
}

static u64 rng_state = 7;

static u64 rng(void)
{
	rng_state = rng_state * 6364136223846793005ull + 1442695040888963407ull;
	return rng_state >> 33;
}

/* Values of all magnitudes and both signs, often near a power of two. */
static s64 some_value(void)
{
	u64 x = (rng() << 31 | rng()) >> rng() % 63;

	switch (rng() % 4) {
	case 0:
		return 1ull << rng() % 64;
	case 1:
		return (1ull << rng() % 64) - 1;
	case 2:
		return -x;
	default:
		return x;
	}
}

/* ---- Functions --------------------------------------------------------------------- */

static void plain_functions(void **state)
{
	u64 v[6][4] = { { 0 } };
	s64 lo = S64_MAX, hi = S64_MIN;
	u64 sum = 0, i;

	v[1][0] = S64_MAX;
	v[2][0] = (u64)S64_MIN;
	for (i = 1; i <= 1000; i++) {
		s64 x = some_value();

		lo = x < lo ? x : lo;
		hi = x > hi ? x : hi;
		sum += x;
		dtk_agg_update(DTRACEAGG_COUNT, 0, v[0], 0, 1);
		dtk_agg_update(DTRACEAGG_MIN, 0, v[1], x, 1);
		dtk_agg_update(DTRACEAGG_MAX, 0, v[2], x, 1);
		dtk_agg_update(DTRACEAGG_SUM, 0, v[3], x, 1);
		dtk_agg_update(DTRACEAGG_AVG, 0, v[4], x, 1);
	}
	assert_int_equal(v[0][0], 1000);
	assert_int_equal(v[1][0], lo);
	assert_int_equal(v[2][0], hi);
	assert_int_equal(v[3][0], sum);
	assert_int_equal(v[4][0], 1000);
	assert_int_equal(v[4][1], sum);
}

static void stddev(void **state)
{
	u64 v[4] = { 0 }, lo;
	u32 i;

	/* 5 * (2^62)^2 = 5 * 2^124: beyond 64 bits */
	for (i = 0; i < 5; i++)
		dtk_agg_update(DTRACEAGG_STDDEV, 0, v, i % 2 ? 1ll << 62 : -(1ll << 62), 1);
	assert_int_equal(v[0], 5);
	assert_int_equal(v[1], -(1ull << 62));
	assert_int_equal(v[2], 0);
	assert_int_equal(v[3], 5ull << 60);
	/* a carry from the low half */
	memset(v, 0, sizeof(v));
	lo = 0xffffffffull * 0xffffffffull;
	for (i = 0; i < 2; i++)
		dtk_agg_update(DTRACEAGG_STDDEV, 0, v, 0xffffffff, 1);
	assert_int_equal(v[2], lo + lo);
	assert_int_equal(v[3], 1);
}

static void quantize(void **state)
{
	u64 v[DTRACE_QUANTIZE_NBUCKETS];
	u32 i, b;

	for (i = 0; i < 5000; i++) {
		s64 x = some_value();

		memset(v, 0, sizeof(v));
		dtk_agg_update(DTRACEAGG_QUANTIZE, 0, v, x, 3);
		/* The bucket of a value is where the ABI's own macro puts it. */
		if (x >= 0)
			for (b = DTRACE_QUANTIZE_NBUCKETS - 1; x < DTRACE_QUANTIZE_BUCKETVAL(b); b--)
				;
		else
			for (b = 0; x > DTRACE_QUANTIZE_BUCKETVAL(b); b++)
				;
		if (v[b] != 3)
			fail_msg("%lld is not in bucket %u", x, b);
	}
}

static void lquantize(void **state)
{
	static const struct {
		s32 base;
		u32 levels, step;
	} cases[] = { { 0, 10, 1 }, { -50, 10, 10 }, { 100, 3, 1000 }, { S32_MIN, 65535, 65535 } };
	static u64 v[65538];
	u32 c, i, b;

	for (c = 0; c < ARRAY_SIZE(cases); c++) {
		u64 arg = DTRACE_LQUANTIZE_ARG(cases[c].base, cases[c].levels, cases[c].step);
		const char *why;

		assert_int_equal(dtk_agg_valsize(DTRACEAGG_LQUANTIZE, arg, &why),
				 8 * (cases[c].levels + 3));
		for (i = 0; i < 2000; i++) {
			s64 x = i % 2 ? some_value() : (s64)(rng() % 300) - 150;
			__int128 edge = cases[c].base;

			for (b = 0; b <= cases[c].levels && x >= edge; b++)
				edge += cases[c].step;
			v[1 + b] = 0;
			dtk_agg_update(DTRACEAGG_LQUANTIZE, arg, v, x, 2);
			if (v[1 + b] != 2)
				fail_msg("%lld is not in bucket %u", x, b);
		}
	}
}

/* By the definition: list the lower bounds of all buckets, then search. */
static u32 llquantize_model(u32 factor, u32 low, u32 high, u32 steps, u32 nbuckets, s64 x)
{
	u32 bucket = 0, m;
	u64 lo, width, edge;

	for (m = 0, lo = 1; m < low; m++)
		lo *= factor;
	if (x < (s64)lo)
		return 0;
	for (; m <= high; m++, lo *= factor) {
		width = lo * factor / (lo * factor < steps ? lo * factor : steps);
		for (edge = lo; edge < lo * factor; edge += width) {
			bucket++;
			if ((u64)x >= edge && (u64)x - edge < width && (u64)x < lo * factor)
				return bucket;
		}
	}
	return nbuckets - 1;
}

static void llquantize(void **state)
{
	static const u16 cases[][4] = {
		{ 10, 0, 6, 20 }, { 10, 0, 6, 10 }, { 10, 2, 4, 5 }, { 2, 0, 61, 2 }, { 10, 0, 17, 100 },
		{ 3, 3, 5, 27 }, { 16, 0, 3, 256 }, { 10, 3, 9, 1000 }, { 10, 0, 2, 1 },
	};
	static u64 v[65536];
	u32 c, i, b, n;

	for (c = 0; c < ARRAY_SIZE(cases); c++) {
		const u16 *p = cases[c];
		u64 arg = DTRACE_LLQUANTIZE_ARG(p[0], p[1], p[2], p[3]);
		const char *why;

		n = DTRACE_LLQUANTIZE_NBUCKETS(arg);
		assert_int_equal(dtk_agg_valsize(DTRACEAGG_LLQUANTIZE, arg, &why), 8 * (n + 1));
		for (i = 0; i < 2000; i++) {
			s64 x = i % 2 ? some_value() : (s64)(rng() % 3000) - 10;

			b = llquantize_model(p[0], p[1], p[2], p[3], n, x);
			v[1 + b] = 0;
			dtk_agg_update(DTRACEAGG_LLQUANTIZE, arg, v, x, 2);
			if (v[1 + b] != 2)
				fail_msg("case %u: %lld is not in bucket %u", c, x, b);
		}
	}
}

/* Two halves of the values, merged, are all of them; what nobody has added to changes nothing. */
static void merging(void **state)
{
	static const struct { u16 kind; u64 arg; u32 nwords; } f[] = {
		{ DTRACEAGG_COUNT, 0, 1 }, { DTRACEAGG_MIN, 0, 1 }, { DTRACEAGG_MAX, 0, 1 }, { DTRACEAGG_SUM, 0, 1 },
		{ DTRACEAGG_AVG, 0, 2 }, { DTRACEAGG_STDDEV, 0, 4 }, { DTRACEAGG_QUANTIZE, 0, 127 },
		{ DTRACEAGG_LQUANTIZE, DTRACE_LQUANTIZE_ARG(-5, 20, 100), 23 },
		{ DTRACEAGG_LLQUANTIZE, DTRACE_LLQUANTIZE_ARG(10, 0, 6, 20), 129 },
	};
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(f); i++) {
		u64 v[3][129] = { { 0 } }, first = f[i].kind == DTRACEAGG_MIN ? S64_MAX : (u64)S64_MIN;
		struct dtk_aggact agg = { .kind = f[i].kind, .valsize = f[i].nwords * 8 };

		if (f[i].kind == DTRACEAGG_MIN || f[i].kind == DTRACEAGG_MAX)
			v[0][0] = v[1][0] = v[2][0] = first;
		if (f[i].arg)
			v[0][0] = v[1][0] = v[2][0] = f[i].arg;
		for (n = 0; n < 2000; n++) {
			s64 x = some_value();

			dtk_agg_update(f[i].kind, f[i].arg, v[0], x, 1);
			dtk_agg_update(f[i].kind, f[i].arg, v[1 + rng() % 2], x, 1);
		}
		dtk_agg_merge(&agg, v[1], v[2]);
		assert_memory_equal(v[0], v[1], sizeof(v[0]));
	}
}

/* ---- Tables -------------------------------------------------------------------------- */

struct table {
	u8 *half[2];
	struct dtk_aggbuf *ab;
	dtrace_recdesc_t rec;
	struct dtk_aggact agg;
	struct dtk_aggkey key;
};

static void table_init(struct table *t, size_t size)
{
	t->half[0] = dtk_alloc(size);
	t->half[1] = dtk_alloc(size);
	assert_int_equal(dtk_aggbuf_create(&t->ab, t->half[0], t->half[1], size), 0);
	t->key = (struct dtk_aggkey){ .offset = sizeof(struct dtrace_agghdr), .size = 8 };
	t->agg = (struct dtk_aggact){
		.id = 1, .varid = 9, .kind = DTRACEAGG_SUM, .keysize = 8, .valoff = 24,
		.valsize = 8, .size = 32, .nkeys = 1, .keys = &t->key, .keyroom = 8,
	};
}

static void table_free(struct table *t)
{
	dtk_aggbuf_destroy(t->ab);
	dtk_free(t->half[0]);
	dtk_free(t->half[1]);
}

static bool table_add(struct table *t, u64 key, s64 x, u64 hash)
{
	u8 *bucket = dtk_agg_bucket(t->ab, &t->agg, (const u8 *)&key, hash, 0);

	if (!bucket)
		return false;
	dtk_agg_update(t->agg.kind, 0, (u64 *)(bucket + t->agg.valoff), x, 1);
	return true;
}

/* Add what the half holds to the model's sums. */
static void drain(struct table *t, u64 *sums)
{
	struct dtrace_ioc_switch sw;
	u64 off;

	dtk_aggbuf_switch(t->ab, &sw);
	for (off = 0; off < sw.size; off += 32) {
		const dtrace_agghdr_t *hdr = (const void *)(t->half[sw.half] + off);
		const u64 *p = (const u64 *)(hdr + 1);

		assert_int_equal(hdr->dtah_size, 32);
		assert_int_equal(hdr->dtah_varid, 9);
		sums[(hdr->dtah_aggid - 1) * 100 + p[0]] += p[1];
	}
}

static void against_model(void **state)
{
	static u64 model[200], sums[200];
	struct table t;
	u32 i;

	table_init(&t, 8192);
	for (i = 0; i < 100000; i++) {
		u64 key = rng() % 100;
		s64 x = rng() % 1000;

		t.agg.id = 1 + rng() % 2;
		/* Half of the keys share one hash. */
		assert_true(table_add(&t, key, x, key % 2 ? key << 32 : 0));
		model[(t.agg.id - 1) * 100 + key] += x;
		if (rng() % 500 == 0)
			drain(&t, sums);
	}
	drain(&t, sums);
	assert_memory_equal(model, sums, sizeof(model));
	assert_int_equal(dtk_aggbuf_drops(t.ab), 0);
	table_free(&t);
}

/* Keys of one hash are told apart by their bytes up to the NUL, and by nothing behind it. */
static void strings_of_one_hash(void **state)
{
	static const char *const text[] = { "", "a", "ab", "abcdefg", "abcdefgh", "abcdefghi", "abcdefgX", "Xbcdefgh",
					    "abcdefghijk", "abcdefghijkl" };
	struct table t;
	u64 words[2];
	u8 *bucket[ARRAY_SIZE(text)];
	u32 i, j, round;

	table_init(&t, 4096);
	t.key.string = true;
	t.agg.valoff = t.key.offset + sizeof(words);
	t.agg.size = t.agg.valoff + 8;
	for (t.key.size = 13; t.key.size <= 16; t.key.size++) {
		for (round = 0; round < 20; round++) {
			for (i = 0; i < ARRAY_SIZE(text); i++) {
				u8 *got;

				for (j = 0; j < 2; j++)
					words[j] = rng() << 31 ^ rng();
				strcpy((char *)words, text[i]);
				got = dtk_agg_bucket(t.ab, &t.agg, (u8 *)words, 7ull << 32, 0);
				assert_non_null(got);
				assert_true(!round || got == bucket[i]);
				for (j = 0; !round && j < i; j++)
					assert_true(bucket[j] != got);
				bucket[i] = got;
				assert_string_equal((char *)got + t.key.offset, text[i]);
			}
		}
		dtk_aggbuf_switch(t.ab, &(struct dtrace_ioc_switch){ 0 });
	}
	table_free(&t);
}

static void full_table(void **state)
{
	struct dtrace_ioc_switch sw;
	struct table t;
	u64 i;

	table_init(&t, 4096);
	for (i = 0; table_add(&t, i, 1, i << 32); i++)
		;
	assert_in_range(i, 4096 / 32 * 7 / 8, 4096 / 32);
	assert_true(table_add(&t, 0, 1, 0));	/* what exists goes on counting */
	assert_false(table_add(&t, i + 1, 1, (i + 1) << 32));
	dtk_aggbuf_switch(t.ab, &sw);
	assert_int_equal(sw.drops, 2);
	assert_int_equal(sw.size, i * 32);
	assert_true(table_add(&t, i + 1, 1, (i + 1) << 32));
	dtk_aggbuf_switch(t.ab, &sw);
	assert_int_equal(sw.drops, 0);
	assert_int_equal(sw.half, 1);
	assert_int_equal(dtk_aggbuf_drops(t.ab), 2);
	table_free(&t);
}

/* ---- Clauses ---------------------------------------------------------------------------- */

/* @[probefunc, arg0] = sum(arg1); @[probefunc] = count(); @ = max(arg1) */
static struct rig *three_aggs(void)
{
	struct img *m = img_new();
	u32 func = img_builtin(m, DIF_VAR_PROBEFUNC, t_str);
	u32 arg0 = img_builtin(m, DIF_VAR_ARG0, t_u64), arg1 = img_builtin(m, DIF_VAR_ARG1, t_u64);

	img_act(m, DTRACEACT_DIFEXPR, func);
	img_act(m, DTRACEACT_DIFEXPR, arg0);
	img_act(m, DTRACEAGG_SUM, arg1)->ntuple = 2;
	img_act(m, DTRACEACT_DIFEXPR, func);
	img_act(m, DTRACEAGG_COUNT, DTRACE_DIFO_NONE)->ntuple = 1;
	img_act(m, DTRACEAGG_MAX, arg1);
	img_clause(m, DTRACE_DIFO_NONE, 6);
	return rig_new(m);
}

/* The bucket at *@off of what was taken; moves on. */
static const dtrace_agghdr_t *next_bucket(struct rig *r, const struct dtrace_ioc_switch *sw, u64 *off)
{
	const dtrace_agghdr_t *hdr = (const void *)(r->agghalf[0][sw->half] + *off);

	assert_true(*off < sw->size);
	*off += hdr->dtah_size;
	return hdr;
}

static void fire_with(struct rig *r, u64 arg0, s64 arg1)
{
	struct dtk_fire f = { .nargs = 2, .arg = { arg0, arg1 } };

	rig_fire_on(r, &f, 0);
}

static void clauses(void **state)
{
	struct rig *r = three_aggs();
	struct dtrace_ioc_switch sw;
	const dtrace_agghdr_t *b;
	u32 round;

	assert_int_equal(r->prog->clauses[0].nconst, 2);	/* no keys are constant keys too */
	for (round = 0; round < 3; round++) {
		u64 off = 0;

		fire_with(r, 1, -10);
		fire_with(r, 2, -20);
		fire_with(r, 1, -30);
		dtk_aggbuf_switch(r->ccpu[0].agg, &sw);
		assert_int_equal(sw.half, round % 2);
		b = next_bucket(r, &sw, &off);		/* sum of function, 1 */
		assert_int_equal(b->dtah_aggid, 1);
		assert_string_equal((const char *)(b + 1), "function");
		assert_int_equal(((const u64 *)b)[2 + 8], 1);
		assert_int_equal(((const u64 *)b)[2 + 9], -40);
		b = next_bucket(r, &sw, &off);		/* count */
		assert_int_equal(b->dtah_aggid, 2);
		assert_int_equal(((const u64 *)b)[2 + 8], 3);
		b = next_bucket(r, &sw, &off);		/* max */
		assert_int_equal(b->dtah_aggid, 3);
		assert_int_equal(((const u64 *)b)[2], -10);
		b = next_bucket(r, &sw, &off);		/* sum of function, 2 */
		assert_int_equal(((const u64 *)b)[2 + 9], -20);
		assert_int_equal(off, sw.size);
	}
	assert_int_equal(r->buf[0].used, 0);
	rig_free(r);
}

/* A remembered bucket is only used in the half where it is. */
static void cache(void **state)
{
	struct rig *r = three_aggs();
	struct dtk_bucketcache *c = r->ccpu[0].cache;
	struct dtrace_ioc_switch sw;

	fire_with(r, 1, 1);
	assert_int_equal(c[0].epoch, 1);
	assert_int_equal(c[1].epoch, 1);
	assert_int_not_equal(c[0].off, c[1].off);
	dtk_aggbuf_switch(r->ccpu[0].agg, &sw);
	dtk_aggbuf_switch(r->ccpu[0].agg, &sw);
	assert_int_equal(sw.size, 0);
	fire_with(r, 1, 1);
	assert_int_equal(c[0].epoch, 3);
	/* Without a cache it works as well. */
	r->ccpu[0].ncache = 0;
	fire_with(r, 1, 1);
	dtk_aggbuf_switch(r->ccpu[0].agg, &sw);
	assert_int_equal(((u64 *)(r->agghalf[0][0]))[2 + 9], 2);
	rig_free(r);
}

/* Several ECBs (probes) of one clause share the table, each has its own bucket. */
static void probes_share_a_clause(void **state)
{
	struct dtk_probename other = { 78, "prov", "module", "other", "name" };
	struct img *m = img_new();
	struct dtk_fire f = { 0 };
	struct dtrace_ioc_switch sw;
	struct dtk_ecb ecb;
	struct rig *r;
	u32 i;

	img_act(m, DTRACEACT_DIFEXPR, img_builtin(m, DIF_VAR_PROBEFUNC, t_str));
	img_act(m, DTRACEAGG_COUNT, DTRACE_DIFO_NONE)->ntuple = 1;
	img_clause(m, DTRACE_DIFO_NONE, 2);
	r = rig_new(m);
	dtk_port_map(other.func, 6);
	ecb = r->ecbs[0];
	ecb.probe = (struct dtk_probe *)&other;
	ecb.epid = 200;
	ecb.cacheidx = 1;	/* beyond the cache: not remembered */
	for (i = 0; i < 5; i++) {
		dtk_ecb_run(&r->ecbs[0], &f, 0);
		if (i % 2)
			dtk_ecb_run(&ecb, &f, 0);
	}
	dtk_aggbuf_switch(r->ccpu[0].agg, &sw);
	assert_int_equal(sw.size, 2 * (16 + 64 + 8));
	assert_int_equal(((u64 *)r->agghalf[0][0])[2 + 8], 5);
	assert_string_equal((char *)r->agghalf[0][0] + 88 + 16, "other");
	assert_int_equal(((u64 *)r->agghalf[0][0])[11 + 2 + 8], 2);
	rig_free(r);
}

/* ---- @[copyinstr(arg1)] = count(), the short way and the long way ------------------- */

#define TALLY_ROOM	256	/* "user memory", in which strings begin anywhere */

static u32 copyinstr_arg1(struct img *m, u32 size)
{
	img_difo(m);
	img_op(m, W(LDGS, DIF_VAR_ARG1, 1));
	img_op(m, R(FLUSHTS, 0, 0, 0));
	img_op(m, R(PUSHTV, 1, 0, 0));
	img_op(m, W(CALL, DIF_SUBR_COPYINSTR, 1));
	img_op(m, RET(1));
	return img_end(m, (struct dif_type){ DIF_TYPE_STRING, DIF_TF_BYREF, 0, size });
}

static struct rig *two_counts(u32 size, u32 strsize)
{
	struct img *m = img_new();
	u32 key, i;

	m->hdr.strsize = strsize;
	key = copyinstr_arg1(m, size);
	for (i = 0; i < 2; i++) {
		img_act(m, DTRACEACT_DIFEXPR, key);
		img_act(m, DTRACEAGG_COUNT, DTRACE_DIFO_NONE)->ntuple = 1;
		img_clause(m, i ? img_const(m, 1) : DTRACE_DIFO_NONE, 2);
	}
	return rig_new(m);
}

/* Both clauses have made the same buckets, with the same counts. */
static void compare_counts(struct rig *r)
{
	const struct dtk_aggact *agg = r->prog->clauses[0].counts_str;
	struct dtrace_ioc_switch sw;
	u64 off;

	dtk_aggbuf_switch(r->ccpu[0].agg, &sw);
	assert_int_equal(sw.size % (2 * agg->size), 0);
	assert_int_equal(sw.drops, 0);
	for (off = 0; off < sw.size; off += 2 * agg->size) {
		u8 *a = r->agghalf[0][sw.half] + off, *b = a + agg->size;

		assert_int_equal(((dtrace_agghdr_t *)a)->dtah_aggid, 1);
		assert_int_equal(((dtrace_agghdr_t *)b)->dtah_aggid, 2);
		((dtrace_agghdr_t *)a)->dtah_aggid = 2;
		assert_memory_equal(a, b, agg->size);
	}
}

static void counts_of(u32 size, u32 strsize)
{
	struct rig *r = two_counts(size, strsize);
	struct dtk_fire bad[2], f = { .nargs = 2 };
	char *room = dtk_alloc(TALLY_ROOM);
	u32 round, i, len, faults = 0;

	dtk_port_umap(room, TALLY_ROOM);
	dtk_port.error = rig_note_error;
	assert_non_null(r->prog->clauses[0].counts_str);
	assert_null(r->prog->clauses[1].counts_str);
	for (round = 0; round < 2000; round++) {
		u32 at = rand() % TALLY_ROOM;

		len = rand() % 4 ? rand() % 3 : rand() % 80;	/* few strings often, many now and then */
		memset(room, 'x', TALLY_ROOM);
		for (i = at; i < at + len && i < TALLY_ROOM; i++)
			room[i] = "ab\xff"[rand() % 3];
		if (at + len < TALLY_ROOM)
			room[at + len] = '\0';		/* else it runs on into what isn't there */
		f.arg[1] = round % 50 ? (uintptr_t)room + at : round % 100 ? 0 : DTK_TEXT_BASE;
		for (i = 0; i < 2; i++) {
			memset(&rig_error, 0, sizeof(rig_error));
			dtk_ecb_run(&r->ecbs[i], &f, 0);
			bad[i] = rig_error;
		}
		faults += bad[0].arg[1] == 101;
		bad[0].arg[1] += bad[0].arg[1] ? 1 : 0;		/* the ECB */
		assert_memory_equal(bad[0].arg, bad[1].arg, sizeof(bad[0].arg));
		if (round % 200 == 199)
			compare_counts(r);
	}
	assert_true(faults > 20 || size == 1);	/* all of a string of one byte is its NUL */
	dtk_free(room);
	rig_free(r);
}

static void strings_counted(void **state)
{
	static const u32 sizes[] = { 0, 1, 5, 8, 13, 16, 64 };
	u32 i;

	srand(4);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		counts_of(sizes[i], 64);
		counts_of(sizes[i], 13);
	}
}

/* An argument that the provider has not passed: it is asked, and the string is counted all the same. */
static void count_of_no_argument(void **state)
{
	struct rig *r = two_counts(0, 64);
	struct dtk_fire f = { .nargs = 1 };

	dtk_port.error = rig_note_error;
	memset(&rig_error, 0, sizeof(rig_error));
	dtk_ecb_run(&r->ecbs[0], &f, 0);
	assert_int_equal(rig_error.arg[1], 101);
	assert_int_equal(rig_error.arg[4], DTRACEFLT_BADADDR);
	rig_free(r);
}

/* A fault in a key or the value leaves no bucket behind. */
static void faults(void **state)
{
	struct img *m = img_new();
	struct dtrace_ioc_switch sw;
	struct rig *r;
	u32 bad;

	img_difo(m);
	img_op(m, R(SDIV, 1, 0, 1));
	img_op(m, RET(1));
	bad = img_end(m, t_u64);
	img_act(m, DTRACEACT_DIFEXPR, img_const(m, 1));
	img_act(m, DTRACEAGG_MIN, bad)->ntuple = 1;
	img_clause(m, DTRACE_DIFO_NONE, 2);
	img_act(m, DTRACEACT_DIFVAL, img_const(m, 1));
	img_act(m, DTRACEACT_DIFEXPR, img_const(m, 1));
	img_act(m, DTRACEACT_DIFEXPR, bad);
	img_act(m, DTRACEAGG_COUNT, DTRACE_DIFO_NONE)->ntuple = 2;
	img_clause(m, DTRACE_DIFO_NONE, 4);
	r = rig_new(m);
	dtk_ecb_run(&r->ecbs[0], &(struct dtk_fire){ 0 }, 0);
	assert_int_equal(rig_error.arg[2], 2);
	dtk_ecb_run(&r->ecbs[1], &(struct dtk_fire){ 0 }, 0);
	assert_int_equal(rig_error.arg[2], 3);
	assert_int_equal(rig_error.arg[4], DTRACEFLT_DIVZERO);
	dtk_aggbuf_switch(r->ccpu[0].agg, &sw);
	assert_int_equal(sw.size, 0);
	rig_free(r);
}

static void creation_fails(void **state)
{
	struct dtk_aggbuf *ab;
	long n;

	for (n = 1; n <= 2; n++) {
		dtk_port.fail_alloc = n;
		assert_int_equal(dtk_aggbuf_create(&ab, NULL, NULL, 4096), -ENOMEM);
	}
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(merging),
		test(plain_functions), test(stddev), test(quantize), test(lquantize),
		test(llquantize), test(against_model), test(strings_of_one_hash), test(full_table), test(clauses),
		test(cache), test(probes_share_a_clause), test(strings_counted), test(count_of_no_argument),
		test(faults),
		test(creation_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
