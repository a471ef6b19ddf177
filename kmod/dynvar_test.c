// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dynamic variables: against a naive model in one thread, then with threads
 * that play CPUs and one that cleans. TSan (gcc -fsanitize=thread) objects only
 * to write_value(): two stores to one key at once may tear a value, as documented.
 */
#include "test_image.h"

#include <pthread.h>
#include <sched.h>

static int setup(void **state)
{
	dtk_port_reset();
	return 0;
}

static int teardown(void **state)
{
	return dtk_port.nalloc ? -1 : 0;
}

static u64 rng_next(u64 *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

/* Keys of 1 to 12 words; the hash is poor on purpose, so that chains are long. */
struct key {
	u64 words[12];
	struct dtk_dynkey key;
};

static void make_key(struct key *k, u64 n)
{
	u32 i;

	k->key.nwords = 1 + n % 12;
	for (i = 0; i < k->key.nwords; i++)
		k->words[i] = n;
	k->key.words = k->words;
	k->key.hash = n % 7;
}

static u64 load(struct dtk_dyn *dyn, const struct key *k)
{
	u64 *p = dtk_dyn_load(dyn, &k->key);

	return p ? READ_ONCE(*p) : 0;
}

static void clean(struct dtk_dyn *dyn)
{
	if (dtk_dyn_clean_begin(dyn))
		dtk_dyn_clean_end(dyn);
}

static u64 all_drops(struct dtk_dyn *dyn)
{
	struct dtrace_ioc_status st = { 0 };

	dtk_dyn_drops(dyn, &st);
	return st.dyndrops + st.dyndrops_dirty + st.dyndrops_rinsing;
}

#define NKEYS 40

static void against_model(void **state)
{
	u64 model[NKEYS] = { 0 }, seed = 1, i;
	struct dtk_dyn *dyn;

	assert_int_equal(dtk_dyn_create(&dyn, 3, 65536), 0);
	for (i = 0; i < 200000; i++) {
		u64 n = rng_next(&seed) % NKEYS, what = rng_next(&seed) % 100;
		struct key k;

		make_key(&k, n);
		if (what < 40) {
			model[n] = i + 1;
			dtk_dyn_store(dyn, i % 3, &k.key, &model[n], 8, 8);
		} else if (what < 70) {
			model[n] = 0;
			dtk_dyn_remove(dyn, i % 3, &k.key);
		} else if (what < 97) {
			assert_int_equal(load(dyn, &k), model[n]);
		} else {
			clean(dyn);
		}
	}
	assert_int_equal(all_drops(dyn), 0);
	dtk_dyn_destroy(dyn);
}

/* Values of many sizes: none overlaps another, all come back after cleaning. */
static void sizes(void **state)
{
	u8 val[3000], *p[30];
	struct dtk_dyn *dyn;
	struct key k;
	u32 i, j, round;

	assert_int_equal(dtk_dyn_create(&dyn, 1, 256 * 1024), 0);
	for (round = 0; round < 20; round++) {
		for (i = 0; i < 30; i++) {
			make_key(&k, i);
			memset(val, i + 1, sizeof(val));
			dtk_dyn_store(dyn, 0, &k.key, val, i * 100 + 1, i * 100 + 8);
		}
		for (i = 0; i < 30; i++) {
			make_key(&k, i);
			p[i] = dtk_dyn_load(dyn, &k.key);
			assert_non_null(p[i]);
			for (j = 0; j < i * 100 + 8; j++)
				assert_int_equal(p[i][j], j < i * 100 + 1 ? i + 1 : 0);
			assert_true(dtk_dyn_own(dyn, (uintptr_t)p[i], i * 100 + 8));
			assert_false(dtk_dyn_own(dyn, (uintptr_t)p[i], i * 100 + 9));
			assert_false(dtk_dyn_own(dyn, (uintptr_t)p[i] - 1, 2));
		}
		for (i = 0; i < 30; i++) {
			make_key(&k, i);
			dtk_dyn_remove(dyn, 0, &k.key);
			assert_null(dtk_dyn_load(dyn, &k.key));
			assert_false(dtk_dyn_own(dyn, (uintptr_t)p[i], 1));
		}
		clean(dyn);
	}
	assert_int_equal(all_drops(dyn), 0);
	dtk_dyn_destroy(dyn);
}

static void own_refuses(void **state)
{
	struct dtk_dyn *dyn;
	u64 val = 1, i;
	struct key k;
	u8 *p;

	assert_int_equal(dtk_dyn_create(&dyn, 1, 4096), 0);
	make_key(&k, 0);
	dtk_dyn_store(dyn, 0, &k.key, &val, 8, 8);
	p = dtk_dyn_load(dyn, &k.key);
	for (i = 0; i < 20000; i++) {
		u64 addr = (uintptr_t)p - 10000 + i;

		assert_int_equal(dtk_dyn_own(dyn, addr, 1), addr - (uintptr_t)p < 8);
	}
	assert_false(dtk_dyn_own(dyn, (uintptr_t)p, U64_MAX));
	assert_false(dtk_dyn_own(dyn, 0, 8));
	dtk_dyn_destroy(dyn);
}

static void drop_kinds(void **state)
{
	struct dtrace_ioc_status st = { 0 };
	struct dtk_dyn *dyn;
	struct key k;
	u64 val = 7, n;

	/* Full of living variables, on two CPUs of which one took all. */
	assert_int_equal(dtk_dyn_create(&dyn, 2, 4096), 0);
	for (n = 0; !all_drops(dyn); n++) {
		make_key(&k, 12 * n);
		dtk_dyn_store(dyn, n % 2, &k.key, &val, 8, 8);
	}
	assert_int_equal(n - 1, 4096 / 64);
	dtk_dyn_drops(dyn, &st);
	assert_int_equal(st.dyndrops, 1);
	/* A store to what exists still works. */
	make_key(&k, 0);
	val = 8;
	dtk_dyn_store(dyn, 1, &k.key, &val, 8, 8);
	assert_int_equal(load(dyn, &k), 8);
	/* One is dead: dirty; being cleaned: rinsing; cleaned: there is space. */
	dtk_dyn_remove(dyn, 0, &k.key);
	make_key(&k, 12 * n);
	dtk_dyn_store(dyn, 0, &k.key, &val, 8, 8);
	assert_true(dtk_dyn_clean_begin(dyn));
	dtk_dyn_store(dyn, 0, &k.key, &val, 8, 8);
	dtk_dyn_clean_end(dyn);
	dtk_dyn_store(dyn, 0, &k.key, &val, 8, 8);
	assert_int_equal(load(dyn, &k), 8);
	memset(&st, 0, sizeof(st));
	dtk_dyn_drops(dyn, &st);
	assert_int_equal(st.dyndrops, 1);
	assert_int_equal(st.dyndrops_dirty, 1);
	assert_int_equal(st.dyndrops_rinsing, 1);
	assert_false(dtk_dyn_clean_begin(dyn));
	/* Larger than any class, or than the pool. */
	dtk_dyn_store(dyn, 0, &k.key, &val, 8, 8);
	make_key(&k, 12 * n + 24);
	dtk_dyn_store(dyn, 0, &k.key, &val, 8, 1 << 20);
	memset(&st, 0, sizeof(st));
	dtk_dyn_drops(dyn, &st);
	assert_int_equal(st.dyndrops, 2);
	dtk_dyn_destroy(dyn);
}

/* self->ts = timestamp ... self->ts = 0: takes one entry for ever, without the cleaner. */
static void set_and_clear(void **state)
{
	struct dtk_dyn *dyn;
	struct key k;
	u64 i;

	assert_int_equal(dtk_dyn_create(&dyn, 1, 4096), 0);
	make_key(&k, 24);
	for (i = 1; i < 1000; i++) {
		dtk_dyn_store(dyn, 0, &k.key, &i, 8, 8);
		assert_int_equal(load(dyn, &k), i);
		dtk_dyn_remove(dyn, 0, &k.key);
		assert_int_equal(load(dyn, &k), 0);
	}
	assert_int_equal(all_drops(dyn), 0);
	assert_true(dtk_dyn_clean_begin(dyn));
	dtk_dyn_clean_end(dyn);
	assert_false(dtk_dyn_clean_begin(dyn));
	dtk_dyn_destroy(dyn);
}

static void creation_fails(void **state)
{
	struct dtk_dyn *dyn;
	long n;

	for (n = 1; n <= 5; n++) {
		dtk_port.fail_alloc = n;
		assert_int_equal(dtk_dyn_create(&dyn, 1, 4096), -ENOMEM);
		assert_int_equal(dtk_port.nalloc, 0);
	}
}

/* ---- Threads --------------------------------------------------------------------- */

#define NCPUS 4
#define ROUNDS 150000
#define OWN 6		/* keys that only one thread uses: their values are known */
#define SHARED 5	/* keys that all fight for: any stored value will do */

struct cpu {
	pthread_t thread;
	u32 id;
	u64 seed;
	u64 firing;	/* odd while in a firing */
	u64 value[OWN];
	u64 errors;
};

static struct dtk_dyn *shared_dyn;
static struct cpu cpus[NCPUS];
static u32 stop_cleaner;
static u64 cleanings;

/* A stored value says to which key it belongs and is repeated: two words. */
static void store_pair(struct cpu *c, const struct key *k, u64 n, u64 i)
{
	u64 val[2] = { n << 32 | i, n << 32 | i };

	dtk_dyn_store(shared_dyn, c->id, &k->key, val, sizeof(val), sizeof(val));
}

static void own_key(struct cpu *c, u64 i)
{
	u64 slot = rng_next(&c->seed) % OWN, n = 100 + c->id * OWN + slot;
	struct key k;
	u64 *p;

	make_key(&k, n);
	switch (rng_next(&c->seed) % 3) {
	case 0:
		c->value[slot] = n << 32 | i;
		store_pair(c, &k, n, i);
		break;
	case 1:
		c->value[slot] = 0;
		dtk_dyn_remove(shared_dyn, c->id, &k.key);
		break;
	default:
		p = dtk_dyn_load(shared_dyn, &k.key);
		/* Nobody else touches it: exactly what was stored last. */
		if ((p ? p[0] : 0) != c->value[slot] || (p && p[1] != p[0]))
			c->errors++;
	}
}

static void shared_key(struct cpu *c, u64 i)
{
	u64 n = rng_next(&c->seed) % SHARED;
	struct key k;
	u64 *p;

	make_key(&k, n);
	switch (rng_next(&c->seed) % 3) {
	case 0:
		store_pair(c, &k, n, i);
		break;
	case 1:
		dtk_dyn_remove(shared_dyn, c->id, &k.key);
		break;
	default:
		p = dtk_dyn_load(shared_dyn, &k.key);
		/* The value may be torn between two stores, but both were to this key. */
		if (p && (READ_ONCE(p[0]) >> 32 != n || READ_ONCE(p[1]) >> 32 != n))
			c->errors++;
	}
}

static void *cpu_main(void *arg)
{
	struct cpu *c = arg;
	u64 i;

	for (i = 1; i <= ROUNDS; i++) {
		xchg(&c->firing, c->firing + 1);
		own_key(c, i);
		shared_key(c, i);
		xchg(&c->firing, c->firing + 1);
		if (i % 64 == 0)
			sched_yield();
	}
	return NULL;
}

/* Wait until every firing that is running now has ended. */
static void grace_period(void)
{
	u32 i;

	for (i = 0; i < NCPUS; i++) {
		u64 seen = __atomic_load_n(&cpus[i].firing, __ATOMIC_SEQ_CST);

		while (seen % 2 && __atomic_load_n(&cpus[i].firing, __ATOMIC_SEQ_CST) == seen)
			sched_yield();
	}
}

static void *cleaner_main(void *arg)
{
	while (!READ_ONCE(stop_cleaner)) {
		if (dtk_dyn_clean_begin(shared_dyn)) {
			grace_period();
			dtk_dyn_clean_end(shared_dyn);
			cleanings++;
		}
		sched_yield();
	}
	return NULL;
}

static void check_survivors(void)
{
	struct key k;
	u32 i, j;
	u64 *p;

	for (i = 0; i < NCPUS; i++) {
		assert_int_equal(cpus[i].errors, 0);
		for (j = 0; j < OWN; j++) {
			make_key(&k, 100 + i * OWN + j);
			p = dtk_dyn_load(shared_dyn, &k.key);
			assert_int_equal(p ? p[0] : 0, cpus[i].value[j]);
		}
	}
}

static void stress(void **state)
{
	pthread_t cleaner;
	u32 i;

	assert_int_equal(dtk_dyn_create(&shared_dyn, NCPUS, 1 << 20), 0);
	stop_cleaner = 0;
	for (i = 0; i < NCPUS; i++)
		cpus[i] = (struct cpu){ .id = i, .seed = i + 1 };
	assert_int_equal(pthread_create(&cleaner, NULL, cleaner_main, NULL), 0);
	for (i = 0; i < NCPUS; i++)
		assert_int_equal(pthread_create(&cpus[i].thread, NULL, cpu_main, &cpus[i]), 0);
	for (i = 0; i < NCPUS; i++)
		pthread_join(cpus[i].thread, NULL);
	WRITE_ONCE(stop_cleaner, 1);
	pthread_join(cleaner, NULL);
	assert_true(cleanings > 0);
	/* A dropped store would make a thread's own values wrong, so there must be none. */
	assert_int_equal(all_drops(shared_dyn), 0);
	check_survivors();
	dtk_dyn_destroy(shared_dyn);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(against_model), test(sizes), test(own_refuses), test(drop_kinds),
		test(set_and_clear), test(creation_fails), test(stress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
