// SPDX-License-Identifier: GPL-2.0-or-later
/* Principal buffers: nothing lost that is not counted, nothing changed while it is read. */
#include <stdlib.h>

#include "test_image.h"

#include <pthread.h>

static int setup(void **state)
{
	dtk_port_reset();
	return 0;
}

static u8 halves[2][4096] __attribute__((aligned(8)));

static void reserve_and_undo(void **state)
{
	struct dtk_buf b;
	u8 *p, *q;

	dtk_buf_init(&b, halves[0], halves[1], 64, DTRACE_BUFPOLICY_SWITCH);
	p = dtk_buf_reserve(&b, 40);
	assert_ptr_equal(p, halves[0]);
	assert_null(dtk_buf_reserve(&b, 32));
	q = dtk_buf_reserve(&b, 24);
	assert_ptr_equal(q, p + 40);
	assert_null(dtk_buf_reserve(&b, 8));
	dtk_buf_undo(&b, 24);
	assert_ptr_equal(dtk_buf_reserve(&b, 16), q);
	assert_int_equal(b.drops, 2);
}

static void switches(void **state)
{
	struct dtrace_ioc_switch sw;
	struct dtk_buf b;
	u32 i;

	dtk_buf_init(&b, halves[0], halves[1], 64, DTRACE_BUFPOLICY_SWITCH);
	for (i = 0; i < 4; i++) {
		assert_ptr_equal(dtk_buf_reserve(&b, 48), halves[i % 2]);
		assert_null(dtk_buf_reserve(&b, 48));
		b.errors = i;
		memset(&sw, 0xff, sizeof(sw));
		dtk_buf_switch(&b, &sw);
		assert_int_equal(sw.half, i % 2);
		assert_int_equal(sw.size, 48);
		assert_int_equal(sw.oldest, 0);
		assert_int_equal(sw.drops, 1);
		assert_int_equal(sw.errors, i);
	}
	assert_int_equal(b.total_drops, 4);
	dtk_buf_switch(&b, &sw);
	assert_int_equal(sw.size, 0);
	assert_int_equal(sw.drops, 0);
}

/* A fill buffer stops for good at the first record that does not fit. */
static void fills(void **state)
{
	struct dtrace_ioc_switch sw;
	struct dtk_buf b;

	dtk_buf_init(&b, halves[0], halves[1], 64, DTRACE_BUFPOLICY_FILL);
	assert_non_null(dtk_buf_reserve(&b, 40));
	assert_false(b.full);
	assert_null(dtk_buf_reserve(&b, 32));
	assert_true(b.full);
	assert_null(dtk_buf_reserve(&b, 8));	/* would fit */
	dtk_buf_switch(&b, &sw);
	assert_int_equal(sw.size, 40);
	assert_int_equal(sw.drops, 2);
	assert_null(dtk_buf_reserve(&b, 8));
}

/*
 * A writer that never stops, a reader that asks it to switch and then reads the
 * half at leisure. "Interrupts off" is the writer looking for requests between
 * records, as the IPI would come.
 */
static struct dtk_buf shared;
static struct dtrace_ioc_switch request;
static u32 requested, stop;
static u64 written;

static void *writer(void *arg)
{
	u64 *p;

	while (!smp_load_acquire(&stop)) {
		p = dtk_buf_reserve(&shared, 16);
		if (p) {
			p[0] = ++written;
			p[1] = ~written;
		}
		if (smp_load_acquire(&requested)) {
			dtk_buf_switch(&shared, &request);
			smp_store_release(&requested, 0);
		}
	}
	return NULL;
}

static void take(struct dtrace_ioc_switch *sw)
{
	smp_store_release(&requested, 1);
	while (smp_load_acquire(&requested))
		;
	*sw = request;
}

static void reads_while_written(void **state)
{
	u64 expected = 1, drops = 0, i, round;
	struct dtrace_ioc_switch sw;
	pthread_t thread;

	dtk_buf_init(&shared, halves[0], halves[1], sizeof(halves[0]), DTRACE_BUFPOLICY_SWITCH);
	assert_int_equal(pthread_create(&thread, NULL, writer, NULL), 0);
	for (round = 0; round < 2000; round++) {
		const u64 *p;

		take(&sw);
		p = (const u64 *)halves[sw.half];
		for (i = 0; i < sw.size / 8; i += 2, expected++) {
			if (p[i] != expected || p[i + 1] != ~expected)
				fail_msg("record %llu holds %llu", expected, p[i]);
		}
		drops += sw.drops;
	}
	smp_store_release(&stop, 1);
	pthread_join(thread, NULL);
	assert_int_equal(expected - 1 + shared.used / 16, written);
	assert_int_equal(drops + shared.drops, shared.total_drops);
}

/* ---- Ring: against a model that keeps all records and says which the newest ones are ---- */

#define RING 512

struct model {
	u32 size[4096];
	u32 n;
};

/* Check the records from *off to @end; they are those that @m numbers from *next on. */
static void check_run(const u8 *half, size_t off, size_t end, const struct model *m, u32 *next)
{
	while (off < end) {
		const struct dtrace_rechdr *hdr = (const void *)(half + off);

		if (!hdr->dtrh_epid) {
			off += 8;
			continue;
		}
		assert_int_equal(hdr->dtrh_epid, *next + 1);
		assert_int_equal(hdr->dtrh_size, m->size[*next]);
		off += hdr->dtrh_size;
		++*next;
	}
	assert_int_equal(off, end);
}

/* A ring must hold all newest records that take no more than half of it, or three of the largest less. */
static void check_ring(struct dtk_buf *buf, struct model *m)
{
	const u8 *half = buf->half[buf->active];
	struct dtrace_ioc_switch sw;
	u32 first = m->n, next;
	size_t sum = 0;

	dtk_buf_switch(buf, &sw);
	next = sw.oldest < sw.size ? ((const struct dtrace_rechdr *)(half + sw.oldest))->dtrh_epid : 0;
	if (next) {
		first = --next;
		check_run(half, sw.oldest, sw.size, m, &next);
		check_run(half, 0, sw.oldest, m, &next);
	} else {
		next = first;
	}
	assert_int_equal(next, m->n);
	while (first < m->n)
		sum += m->size[first++];
	for (first = 0, next = 0; first < m->n; first++)
		next += m->size[first];
	assert_true(sum == next || sum >= RING - 3 * 104);
	m->n = 0;
}

static void rings(void **state)
{
	struct model m = { .n = 0 };
	struct dtk_buf buf;
	u32 seed, i;

	for (seed = 1; seed < 400; seed++) {
		u8 *h0 = malloc(RING), *h1 = malloc(RING);

		srand(seed);
		dtk_buf_init(&buf, h0, h1, RING, DTRACE_BUFPOLICY_RING);
		for (i = 0; i < 300; i++) {
			u32 n = 16 + 8 * (rand() % 12);
			struct dtrace_rechdr *hdr = dtk_buf_reserve(&buf, n);

			assert_non_null(hdr);
			memset(hdr, 0xff, n);
			if (rand() % 5 == 0) {
				dtk_buf_undo(&buf, n);
			} else {
				hdr->dtrh_size = m.size[m.n++] = n;
				hdr->dtrh_epid = m.n;
			}
			if (rand() % 40 == 0)
				check_ring(&buf, &m);
		}
		check_ring(&buf, &m);
		assert_null(dtk_buf_reserve(&buf, RING + 8));
		assert_int_equal(buf.total_drops, 1);
		free(h0);
		free(h1);
	}
}

/* What is kept for END is given free at the end. */
static void keeps(void **state)
{
	u8 half[64];
	struct dtk_buf buf;

	dtk_buf_init(&buf, half, half, sizeof(half), DTRACE_BUFPOLICY_FILL);
	dtk_buf_keep(&buf, 24);
	assert_non_null(dtk_buf_reserve(&buf, 40));
	assert_false(buf.filled);
	assert_null(dtk_buf_reserve(&buf, 8));
	assert_true(buf.filled);
	dtk_buf_finish(&buf);
	assert_non_null(dtk_buf_reserve(&buf, 24));
	assert_true(buf.filled);
	assert_null(dtk_buf_reserve(&buf, 8));
	dtk_buf_init(&buf, half, half, sizeof(half), DTRACE_BUFPOLICY_FILL);
	dtk_buf_keep(&buf, 1000);
	assert_null(dtk_buf_reserve(&buf, 8));
}

#define test(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(reserve_and_undo), test(switches), test(fills), test(rings), test(keeps),
		test(reads_while_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
