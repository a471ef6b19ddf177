// SPDX-License-Identifier: GPL-2.0-or-later
/* Principal buffers: nothing lost that is not counted, nothing changed while it is read. */
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

#define test(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(reserve_and_undo), test(switches), test(fills), test(reads_while_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
