// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aggregation tables: per consumer and CPU two halves of memory that the
 * consumer maps, one active. Buckets (header, keys, value) are appended to the
 * active half and updated in place; the consumer merges CPUs and halves.
 *
 * The index that finds a bucket by (aggregation id, keys) is ours alone: open
 * addressing over slots of {epoch, hash, offset}. Switching halves bumps the
 * epoch, which empties the index at once: a slot of another epoch is free.
 * Nothing is ever removed within an epoch, so probing needs no tombstones.
 *
 * An action whose keys depend on the probe alone remembers its bucket per ECB
 * and CPU (struct dtk_bucketcache) and comes here only once per epoch.
 *
 * One writer, the CPU that owns the table, with interrupts off; switching is
 * done there too. Like principal buffers, no locks and no barriers.
 */
#include "engine_impl.h"
#include "strcopy.h"

struct slot {
	u32 epoch;
	u32 hash;
	u32 off;
};

struct dtk_aggbuf {
	u8 *half[2];
	size_t size;
	size_t used;		/* of the active half */
	u32 active;
	u32 epoch;		/* of the active half, never 0 */
	u32 nbuckets;
	u32 maxbuckets;		/* keeps the index from filling up */
	u32 mask;		/* slots - 1 */
	struct slot *index;
	u64 drops, total_drops;
};

#define MINBUCKET 32		/* bytes of the smallest bucket with a key */

int dtk_aggbuf_create(struct dtk_aggbuf **ret, void *half0, void *half1, size_t size)
{
	struct dtk_aggbuf *ab = dtk_alloc(sizeof(*ab));
	u32 slots = 64;

	if (!ab)
		return -ENOMEM;
	while (slots < size / MINBUCKET)
		slots *= 2;
	ab->index = dtk_alloc(slots * sizeof(*ab->index));
	if (!ab->index) {
		dtk_free(ab);
		return -ENOMEM;
	}
	ab->half[0] = half0;
	ab->half[1] = half1;
	ab->size = size;
	ab->epoch = 1;
	ab->mask = slots - 1;
	ab->maxbuckets = slots - slots / 8;
	dtk_watch(half0, size, DTK_NOBODYS);
	dtk_watch(half1, size, DTK_NOBODYS);
	*ret = ab;
	return 0;
}

void dtk_aggbuf_destroy(struct dtk_aggbuf *ab)
{
	if (!ab)
		return;
	dtk_free(ab->index);
	dtk_free(ab);
}

void dtk_aggbuf_switch(struct dtk_aggbuf *ab, struct dtrace_ioc_switch *out)
{
	out->half = ab->active;
	out->size = ab->used;
	out->oldest = 0;
	out->drops = ab->drops;
	out->errors = 0;
	out->timestamp = dtk_time_mono();
	ab->active ^= 1;
	dtk_watch(ab->half[ab->active], ab->size, DTK_NOBODYS);
	ab->used = 0;
	ab->nbuckets = 0;
	ab->drops = 0;
	if (++ab->epoch == 0)
		ab->epoch = 1;
}

u64 dtk_aggbuf_drops(const struct dtk_aggbuf *ab)
{
	return ab->total_drops;
}

/* ---- Buckets ---------------------------------------------------------------- */

static u32 llquantize_buckets(u64 arg)
{
	return DTRACE_LLQUANTIZE_NBUCKETS(arg);
}

/*
 * llquantize's parameters are sound if every magnitude's upper end fits in s64
 * and every step is a whole number: then bucket bounds are exact.
 */
static const char *llquantize_check(u64 arg)
{
	u64 factor = DTRACE_LLQUANTIZE_FACTOR(arg), steps = DTRACE_LLQUANTIZE_STEPS(arg);
	u32 m, low = DTRACE_LLQUANTIZE_LOW(arg), high = DTRACE_LLQUANTIZE_HIGH(arg);
	u64 limit = 1;

	if (factor < 2)
		return "llquantize() needs a factor of at least 2";
	if (!steps)
		return "llquantize() needs at least one step per magnitude";
	if (low > high)
		return "llquantize()'s low magnitude is above its high magnitude";
	for (m = 0; m <= high; m++) {
		if (limit > S64_MAX / factor)
			return "llquantize()'s high magnitude does not fit in 64 bits";
		limit *= factor;
		if (m < low)
			continue;
		if (limit > steps && limit % steps)
			return "llquantize()'s steps do not divide its magnitudes evenly";
	}
	return NULL;
}

u32 dtk_agg_valsize(u16 kind, u64 arg, const char **why)
{
	switch (kind) {
	case DTRACEAGG_COUNT:
	case DTRACEAGG_MIN:
	case DTRACEAGG_MAX:
	case DTRACEAGG_SUM:
		return 8;
	case DTRACEAGG_AVG:
		return 16;
	case DTRACEAGG_STDDEV:
		return 32;
	case DTRACEAGG_QUANTIZE:
		return 8 * DTRACE_QUANTIZE_NBUCKETS;
	case DTRACEAGG_LQUANTIZE:
		if (DTRACE_LQUANTIZE_STEP(arg) && DTRACE_LQUANTIZE_LEVELS(arg))
			return 8 * (1 + DTRACE_LQUANTIZE_LEVELS(arg) + 2);
		*why = "lquantize() needs a step and at least one level";
		return 0;
	case DTRACEAGG_LLQUANTIZE:
		*why = llquantize_check(arg);
		return *why ? 0 : 8 * (1 + llquantize_buckets(arg));
	default:
		*why = "this aggregating function is not supported yet";
		return 0;
	}
}

static void value_init(const struct dtk_aggact *agg, u64 *value, u64 arg)
{
	memset(value, 0, agg->valsize);
	switch (agg->kind) {
	case DTRACEAGG_MIN:
		value[0] = S64_MAX;
		break;
	case DTRACEAGG_MAX:
		value[0] = (u64)S64_MIN;
		break;
	case DTRACEAGG_LQUANTIZE:
	case DTRACEAGG_LLQUANTIZE:
		value[0] = arg;
		break;
	}
}

/* Bytes that tell the key from others of its kind. */
static u32 key_used(const struct dtk_aggkey *k, const u8 *key)
{
	const u64 *word = (const u64 *)(key + k->at);
	u32 n, len;

	if (!k->string)
		return k->size;
	for (n = 0; n < k->size; n += sizeof(*word)) {
		len = dtk_word_strlen(*word++);
		if (len < sizeof(*word))
			return min_t(u32, n + len + 1, k->size);
	}
	return k->size;
}

/* Is the string at @key, in whole words, the one in a bucket? Only what tells it from others is looked at. */
static bool same_string(const u8 *field, const u64 *key, u32 size)
{
	u32 n, len, use;
	u64 word;

	for (n = 0; n < size; n += sizeof(word), key++) {
		memcpy(&word, field + n, sizeof(word));	/* none is too long: the value comes behind all keys */
		len = dtk_word_strlen(*key);
		use = min_t(u32, len + 1, min_t(u32, size - n, sizeof(word)));
		if ((word ^ *key) << 8 * (sizeof(word) - use))
			return false;
		if (len < sizeof(word))
			break;
	}
	return true;
}

static u64 hash_string(u64 h, const u64 *word, u32 size)
{
	u32 n, len;

	for (n = 0; n < size; n += sizeof(*word), word++) {
		len = dtk_word_strlen(*word);
		if (len < sizeof(*word))
			return dtk_hash_word(h, *word & ((1ull << 8 * len) - 1));
		h = dtk_hash_word(h, *word);
	}
	return h;
}

u64 dtk_agg_hash(const struct dtk_aggact *agg, const u8 *key)
{
	u64 h = dtk_hash_word(0, agg->id);
	u32 i;

	for (i = 0; i < agg->nkeys; i++) {
		const struct dtk_aggkey *k = &agg->keys[i];
		const u64 *words = (const u64 *)(key + k->at);

		h = k->string ? hash_string(h, words, k->size) :
				dtk_hash_words(h, words, ALIGN(k->size, 8) / sizeof(*words));
	}
	return h;
}

static noinline bool bucket_is(const u8 *bucket, const struct dtk_aggact *agg, const u8 *key)
{
	const struct dtrace_agghdr *hdr = (const void *)bucket;
	u32 i;

	if (hdr->dtah_aggid != agg->id)
		return false;
	for (i = 0; i < agg->nkeys; i++) {
		const struct dtk_aggkey *k = &agg->keys[i];

		if (k->string) {
			if (!same_string(bucket + k->offset, (const u64 *)(key + k->at), k->size))
				return false;
		} else if (memcmp(bucket + k->offset, key + k->at, k->size)) {
			return false;
		}
	}
	return true;
}

void dtk_agg_drop(struct dtk_aggbuf *ab, u64 n)
{
	ab->drops += n;
	ab->total_drops += n;
}

static u8 *bucket_add(struct dtk_aggbuf *ab, const struct dtk_aggact *agg, const u8 *key, u64 arg)
{
	u8 *bucket = ab->half[ab->active] + ab->used;
	struct dtrace_agghdr *hdr = (void *)bucket;
	u32 i;

	if (agg->size > ab->size - ab->used || ab->nbuckets >= ab->maxbuckets) {
		dtk_agg_drop(ab, 1);
		return NULL;
	}
	dtk_watch_claim(bucket, agg->size);
	ab->used += agg->size;
	ab->nbuckets++;
	hdr->dtah_aggid = agg->id;
	hdr->dtah_size = agg->size;
	hdr->dtah_varid = agg->varid;
	memset(hdr + 1, 0, agg->valoff - sizeof(*hdr));
	for (i = 0; i < agg->nkeys; i++) {
		const struct dtk_aggkey *k = &agg->keys[i];

		memcpy(bucket + k->offset, key + k->at, key_used(k, key));
	}
	value_init(agg, (void *)(bucket + agg->valoff), arg);
	return bucket;
}

u8 *dtk_agg_bucket(struct dtk_aggbuf *ab, const struct dtk_aggact *agg, const u8 *key, u64 hash, u64 arg)
{
	u8 *half = ab->half[ab->active], *bucket;
	u32 h = hash >> 32, i;

	for (i = h & ab->mask; ab->index[i].epoch == ab->epoch; i = (i + 1) & ab->mask) {
		if (ab->index[i].hash == h && bucket_is(half + ab->index[i].off, agg, key))
			return half + ab->index[i].off;
	}
	bucket = bucket_add(ab, agg, key, arg);
	if (bucket)
		ab->index[i] = (struct slot){ ab->epoch, h, bucket - half };
	return bucket;
}

/*
 * The words are hashed, and cut behind the NUL, in one go; so are they in the bucket, where zeros follow. Nearly
 * always the bucket is the first that the hash leads to.
 */
u8 *dtk_agg_string(struct dtk_aggbuf *ab, const struct dtk_aggact *agg, u64 *key)
{
	u64 hash = dtk_hash_word(0, agg->id);
	u32 n = 0, size = agg->keys[0].size, len;
	const struct slot *slot;
	const u64 *words;
	u8 *bucket;

	do {
		len = dtk_word_strlen(key[n]);
		if (len < sizeof(*key))
			key[n] &= (1ull << 8 * len) - 1;
		hash = dtk_hash_word(hash, key[n++]);
	} while (len == sizeof(*key) && n * sizeof(*key) < size);
	slot = &ab->index[hash >> 32 & ab->mask];
	bucket = ab->half[ab->active] + slot->off;
	if (likely(slot->epoch == ab->epoch && slot->hash == hash >> 32 &&
		   ((struct dtrace_agghdr *)bucket)->dtah_aggid == agg->id)) {
		words = (const u64 *)(bucket + agg->keys[0].offset);
		while (n && words[n - 1] == key[n - 1])
			n--;
		if (likely(!n))
			return bucket;
	}
	return dtk_agg_bucket(ab, agg, (u8 *)key, hash, 0);
}

void dtk_agg_remember(const struct dtk_aggbuf *ab, const u8 *bucket, struct dtk_bucketcache *cache)
{
	cache->off = bucket - ab->half[ab->active];
	cache->epoch = ab->epoch;
}

u8 *dtk_agg_recall(struct dtk_aggbuf *ab, const struct dtk_bucketcache *cache)
{
	return cache->epoch == ab->epoch ? ab->half[ab->active] + cache->off : NULL;
}

/* ---- Aggregating functions --------------------------------------------------- */

/* Index of the highest bit set, 1-based; 0 for 0. */
static u32 bits(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

static u32 quantize_bucket(s64 x)
{
	/* -2^63 belongs with the largest negative values: there is no 64th bucket. */
	u32 n = min_t(u32, bits(x < 0 ? -(u64)x : (u64)x), DTRACE_QUANTIZE_ZEROBUCKET);

	return x < 0 ? DTRACE_QUANTIZE_ZEROBUCKET - n : DTRACE_QUANTIZE_ZEROBUCKET + n;
}

static u32 lquantize_bucket(u64 arg, s64 x)
{
	s64 base = DTRACE_LQUANTIZE_BASE(arg);
	u64 level, levels = DTRACE_LQUANTIZE_LEVELS(arg);

	if (x < base)
		return 0;
	level = ((u64)x - (u64)base) / DTRACE_LQUANTIZE_STEP(arg);
	return min_t(u64, level, levels) + 1;
}

/* abi.h has the rule. llquantize_check() proved that nothing overflows here. */
static u32 llquantize_bucket(u64 arg, s64 x)
{
	u64 factor = DTRACE_LLQUANTIZE_FACTOR(arg), steps = DTRACE_LLQUANTIZE_STEPS(arg);
	u64 low = 1, high, n;
	u32 m, bucket = 1;

	for (m = 0; m < DTRACE_LLQUANTIZE_LOW(arg); m++)
		low *= factor;
	if (x < (s64)low)
		return 0;
	for (; m <= DTRACE_LLQUANTIZE_HIGH(arg); m++, low = high) {
		high = low * factor;
		n = min(steps, high);
		if ((u64)x < high)
			return bucket + (x - low) / (high / n);
		bucket += n - n / factor;
	}
	return llquantize_buckets(arg) - 1;
}

static void stddev_add(u64 *value, s64 x)
{
	u64 abs = x < 0 ? -(u64)x : (u64)x;
	unsigned __int128 sum = (unsigned __int128)value[3] << 64 | value[2];

	sum += (unsigned __int128)abs * abs;
	value[0]++;
	value[1] += x;
	value[2] = (u64)sum;
	value[3] = (u64)(sum >> 64);
}

u32 dtk_agg_bucket_of(u16 kind, u64 arg, s64 x)
{
	switch (kind) {
	case DTRACEAGG_QUANTIZE:
		return quantize_bucket(x);
	case DTRACEAGG_LQUANTIZE:
		return lquantize_bucket(arg, x);
	default:
		return llquantize_bucket(arg, x);
	}
}

void dtk_agg_update(u16 kind, u64 arg, u64 *value, s64 x, s64 incr)
{
	switch (kind) {
	case DTRACEAGG_COUNT:
		value[0]++;
		break;
	case DTRACEAGG_MIN:
		value[0] = min((s64)value[0], x);
		break;
	case DTRACEAGG_MAX:
		value[0] = max((s64)value[0], x);
		break;
	case DTRACEAGG_AVG:
		value[0]++;
		value[1] += x;
		break;
	case DTRACEAGG_SUM:
		value[0] += x;
		break;
	case DTRACEAGG_STDDEV:
		stddev_add(value, x);
		break;
	case DTRACEAGG_QUANTIZE:
		value[quantize_bucket(x)] += incr;
		break;
	case DTRACEAGG_LQUANTIZE:
		value[1 + lquantize_bucket(arg, x)] += incr;
		break;
	case DTRACEAGG_LLQUANTIZE:
		value[1 + llquantize_bucket(arg, x)] += incr;
		break;
	}
}

static void stddev_merge(u64 *value, const u64 *more)
{
	unsigned __int128 sum = (unsigned __int128)value[3] << 64 | value[2];

	sum += (unsigned __int128)more[3] << 64 | more[2];
	value[0] += more[0];
	value[1] += more[1];
	value[2] = (u64)sum;
	value[3] = (u64)(sum >> 64);
}

void dtk_agg_merge(const struct dtk_aggact *agg, u64 *value, const u64 *more)
{
	u32 i;

	switch (agg->kind) {
	case DTRACEAGG_MIN:
		value[0] = min((s64)value[0], (s64)more[0]);
		break;
	case DTRACEAGG_MAX:
		value[0] = max((s64)value[0], (s64)more[0]);
		break;
	case DTRACEAGG_STDDEV:
		stddev_merge(value, more);
		break;
	default:
		/* Those with parameters have them first. */
		for (i = agg->kind >= DTRACEAGG_LQUANTIZE; i < agg->valsize / sizeof(*value); i++)
			value[i] += more[i];
	}
}
