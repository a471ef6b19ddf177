// SPDX-License-Identifier: GPL-2.0-or-later
/* Speculations: every state, on two CPUs; what programs do with them; their drops. */
#include <pthread.h>

#include "test_image.h"

static int setup(void **state)
{
	dtk_port_reset();
	return 0;
}

static int teardown(void **state)
{
	return dtk_port.nalloc != 0;
}

/* Records: a header and this number. */
#define REC 24

static struct img *speculating(u64 id, u64 val)
{
	struct img *m = img_new();

	img_act(m, DTRACEACT_SPECULATE, img_const(m, id));
	img_act(m, DTRACEACT_DIFEXPR, img_const(m, val));
	img_clause(m, DTRACE_DIFO_NONE, 2);
	return m;
}

static struct dtk_mstate ms_on(struct rig *r, u32 cpu)
{
	return (struct dtk_mstate){ .sink = &r->sink, .cc = &r->ccpu[cpu], .cpu = cpu };
}

static void fire(struct rig *r, u32 cpu)
{
	struct dtk_fire f = { 0 };

	rig_fire_on(r, &f, cpu);
}

static u64 new_spec(struct rig *r)
{
	struct dtk_mstate ms = ms_on(r, 0);

	return dtk_spec_new(&ms);
}

static void commit(struct rig *r, u32 cpu, u64 id)
{
	struct dtk_mstate ms = ms_on(r, cpu);

	dtk_spec_commit(&ms, id);
	assert_int_equal(ms.fault, 0);
}

static void discard(struct rig *r, u32 cpu, u64 id)
{
	struct dtk_mstate ms = ms_on(r, cpu);

	dtk_spec_discard(&ms, id);
	assert_int_equal(ms.fault, 0);
}

static bool clean(struct rig *r)
{
	u32 cpu;

	if (!dtk_specs_clean_begin(&r->sink))
		return false;
	for (cpu = 0; cpu < RIG_CPUS; cpu++)
		dtk_specs_clean_cpu(&r->sink, cpu);
	dtk_specs_clean_end(&r->sink);
	return true;
}

static size_t used(struct rig *r, u32 cpu)
{
	return r->buf[cpu].used;
}

static void nothing_given_out(void **state)
{
	struct rig *r = rig_new(speculating(1, 5));

	fire(r, 0);	/* inactive: nowhere */
	commit(r, 0, 1);
	discard(r, 0, 1);
	assert_int_equal(used(r, 0), 0);
	assert_false(clean(r));
	assert_int_equal(r->ccpu[0].errors, 0);
	assert_int_equal(r->ccpu[0].specdrops, 0);
	rig_free(r);
}

static void one_cpu(void **state)
{
	struct rig *r = rig_new(speculating(1, 5));

	assert_int_equal(new_spec(r), 1);
	fire(r, 0);
	fire(r, 0);
	assert_int_equal(used(r, 0), 0);
	commit(r, 0, 1);
	assert_int_equal(used(r, 0), 2 * REC);
	assert_int_equal(rig_u64(r, 1, 0), 5);
	assert_false(clean(r));
	assert_int_equal(new_spec(r), 1);	/* free again at once */
	fire(r, 0);
	discard(r, 0, 1);
	assert_false(clean(r));
	assert_int_equal(new_spec(r), 1);
	commit(r, 0, 1);			/* of nothing */
	assert_int_equal(used(r, 0), 2 * REC);
	assert_int_equal(new_spec(r), 1);
	rig_free(r);
}

static void two_cpus(void **state)
{
	struct rig *r = rig_new(speculating(1, 5));

	assert_int_equal(new_spec(r), 1);
	fire(r, 0);
	fire(r, 1);
	fire(r, 1);
	commit(r, 0, 1);
	assert_int_equal(used(r, 0), REC);	/* its own at once, the other's later */
	assert_int_equal(used(r, 1), 0);
	fire(r, 1);				/* too late to speculate */
	assert_int_equal(new_spec(r), 2);
	assert_int_equal(new_spec(r), 0);
	assert_int_equal(r->sink.spec_busy, 1);
	assert_true(clean(r));
	assert_int_equal(used(r, 1), 2 * REC);
	assert_int_equal(new_spec(r), 1);
	assert_int_equal(new_spec(r), 0);
	assert_int_equal(r->sink.spec_unavail, 1);
	rig_free(r);
}

/* commit() where nothing was recorded, commit() on both, discard() with data on both. */
static void elsewhere(void **state)
{
	struct rig *r = rig_new(speculating(1, 5));

	new_spec(r);
	fire(r, 0);
	commit(r, 1, 1);
	assert_int_equal(used(r, 0), 0);
	commit(r, 0, 1);	/* need not wait for the cleaner */
	assert_int_equal(used(r, 0), REC);
	assert_true(clean(r));
	assert_int_equal(used(r, 0), REC);
	new_spec(r);
	fire(r, 0);
	fire(r, 1);
	discard(r, 1, 1);
	fire(r, 0);
	commit(r, 0, 1);	/* it is being discarded */
	assert_true(clean(r));
	assert_false(clean(r));
	assert_int_equal(used(r, 0), REC);
	assert_int_equal(used(r, 1), 0);
	new_spec(r);
	commit(r, 0, 1);
	assert_int_equal(used(r, 0), REC);
	rig_free(r);
}

static void no_room(void **state)
{
	struct rig *r = rig_new(speculating(1, 5));
	struct dtk_buf *buf = &r->buf[0];
	u32 i;

	new_spec(r);
	for (i = 0; i < RIG_SPECSIZE / REC + 3; i++)
		fire(r, 0);
	assert_int_equal(r->ccpu[0].specdrops, 3);
	assert_int_equal(buf->total_drops, 0);
	buf->used = buf->size - REC;
	commit(r, 0, 1);	/* not even a part of it */
	assert_int_equal(buf->used, buf->size - REC);
	assert_int_equal(buf->total_drops, RIG_SPECSIZE / REC);
	assert_int_equal(new_spec(r), 1);
	rig_free(r);
}

static void bad_ids(void **state)
{
	struct rig *r = rig_new(speculating(RIG_SPECS + 1, 5));

	dtk_port.error = rig_note_error;
	fire(r, 0);
	assert_int_equal(r->ccpu[0].errors, 1);
	assert_int_equal(rig_error.arg[4], DTRACEFLT_ILLOP);
	assert_int_equal(rig_error.arg[5], RIG_SPECS + 1);
	rig_free(r);
}

/* A clause that commits, or discards, its own record, and then faults. */
static void fault_after(u16 kind, size_t expect)
{
	struct img *m = speculating(1, 5);
	struct rig *r;

	img_act(m, kind, img_const(m, 1));
	img_difo(m);
	img_op(m, R(LDX, 0, 0, 1));
	img_op(m, RET(1));
	img_act(m, DTRACEACT_DIFVAL, img_end(m, t_u64));
	m->clauses[0].nactions = 4;
	r = rig_new(m);
	new_spec(r);
	fire(r, 0);
	assert_int_equal(r->ccpu[0].errors, 1);
	assert_int_equal(used(r, 0), expect);
	assert_int_equal(r->ccpu[0].spec[0].used, 0);
	assert_int_equal(new_spec(r), 1);
	fire(r, 0);
	assert_int_equal(used(r, 0), 2 * expect);
	rig_free(r);
}

static void faults(void **state)
{
	struct img *m = speculating(1, 5);
	struct rig *r;

	fault_after(DTRACEACT_COMMIT, REC);
	fault_after(DTRACEACT_DISCARD, 0);
	/* before either: the record is given back to the speculation */
	img_difo(m);
	img_op(m, R(LDX, 0, 0, 1));
	img_op(m, RET(1));
	img_act(m, DTRACEACT_DIFVAL, img_end(m, t_u64));
	m->clauses[0].nactions = 3;
	r = rig_new(m);
	new_spec(r);
	fire(r, 0);
	assert_int_equal(r->ccpu[0].spec[0].used, 0);
	commit(r, 0, 1);
	assert_true(clean(r));	/* ACTIVEONE without data: for all it knows, another CPU's */
	assert_int_equal(new_spec(r), 1);
	rig_free(r);
}

/* The compiler's form: 0 is no speculation, and an id carries a bit above it. */
static void inherit(void **state)
{
	struct img *m = img_new();
	struct rig *r;
	u32 i;

	for (i = 0; i < 3; i++) {
		img_act(m, DTRACEACT_SPECULATE, img_const(m, i ? 1ull << 32 | (i - 1) : 0))->arg =
			DTRACE_SPEC_INHERIT;
		img_act(m, DTRACEACT_DIFEXPR, img_const(m, 40 + i));
		img_clause(m, DTRACE_DIFO_NONE, 2);
	}
	r = rig_new(m);
	new_spec(r);
	fire(r, 0);	/* principal; nowhere (id 0); speculation 1 */
	assert_int_equal(used(r, 0), REC);
	assert_int_equal(rig_u64(r, 0, 0), 40);
	commit(r, 0, 1);
	assert_int_equal(used(r, 0), 2 * REC);
	assert_int_equal(rig_u64(r, 1, 0), 42);
	rig_free(r);
}

/*
 * Two CPUs that speculate, commit and discard as they like, and a cleaner. A CPU's lock
 * stands for "interrupts off": a firing holds its own, the cleaner's visit takes it.
 */
static struct {
	struct rig *r;
	pthread_mutex_t cpu[RIG_CPUS];
	u32 done;
} race;

static void step(struct rig *r, u32 cpu, u32 what)
{
	u64 id = 1 + what % RIG_SPECS;
	struct dtrace_ioc_switch sw;
	struct dtk_fire f = { .now = 1 };

	switch (what / RIG_SPECS % 8) {
	case 0:
		new_spec(r);
		break;
	case 1:
		commit(r, cpu, id);
		break;
	case 2:
		discard(r, cpu, id);
		break;
	case 3:
		dtk_buf_switch(&r->buf[cpu], &sw);
		break;
	default:
		dtk_ecb_run(&r->ecbs[id - 1], &f, cpu);
	}
}

static void *firing(void *arg)
{
	u32 cpu = (uintptr_t)arg, i;
	unsigned int seed = cpu + 1;

	for (i = 0; i < 100000; i++) {
		pthread_mutex_lock(&race.cpu[cpu]);
		step(race.r, cpu, rand_r(&seed));
		pthread_mutex_unlock(&race.cpu[cpu]);
	}
	__atomic_fetch_add(&race.done, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void clean_locked(struct rig *r)
{
	u32 cpu;

	if (!dtk_specs_clean_begin(&r->sink))
		return;
	for (cpu = 0; cpu < RIG_CPUS; cpu++) {
		pthread_mutex_lock(&race.cpu[cpu]);
		dtk_specs_clean_cpu(&r->sink, cpu);
		pthread_mutex_unlock(&race.cpu[cpu]);
	}
	dtk_specs_clean_end(&r->sink);
}

static void races(void **state)
{
	struct img *m = speculating(1, 5);
	pthread_t thread[RIG_CPUS];
	struct rig *r;
	u32 cpu, id;

	img_act(m, DTRACEACT_SPECULATE, img_const(m, 2));
	img_act(m, DTRACEACT_DIFEXPR, img_const(m, 6));
	img_clause(m, DTRACE_DIFO_NONE, 2);
	r = race.r = rig_new(m);
	race.done = 0;
	for (cpu = 0; cpu < RIG_CPUS; cpu++) {
		pthread_mutex_init(&race.cpu[cpu], NULL);
		pthread_create(&thread[cpu], NULL, firing, (void *)(uintptr_t)cpu);
	}
	while (__atomic_load_n(&race.done, __ATOMIC_SEQ_CST) < RIG_CPUS)
		clean_locked(r);
	for (cpu = 0; cpu < RIG_CPUS; cpu++)
		pthread_join(thread[cpu], NULL);
	/* Once all are discarded and cleaned every speculation is free, and none holds anything. */
	for (id = 1; id <= RIG_SPECS; id++)
		discard(r, 0, id);
	clean(r);
	for (id = 1; id <= RIG_SPECS; id++) {
		assert_int_equal(new_spec(r), id);
		for (cpu = 0; cpu < RIG_CPUS; cpu++)
			assert_int_equal(r->ccpu[cpu].spec[id - 1].used, 0);
	}
	rig_free(r);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(nothing_given_out), test(one_cpu), test(two_cpus), test(elsewhere), test(no_room),
		test(bad_ids), test(faults), test(inherit), test(races),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
