/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine for the compiler's tests: compiles D, loads the image as the
 * kernel would (so the DIF checker sees all that the tests compile), fires
 * its clauses on the engine and gives back what was recorded.
 */
#ifndef DT_TEST_MACHINE_H
#define DT_TEST_MACHINE_H

#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dlang.h"
#include "engine.h"

#define MACHINE_BUF	(1 << 16)
#define MACHINE_SPECS 2
#define MACHINE_CACHE	64
#define MACHINE_PROGS	128

struct machine {
	struct dt_types *types;
	struct dt_idents *idents;
	struct dt_diag diag;
	struct dt_macros macros;
	struct dt_compile cc;
	struct dt_program *prog[MACHINE_PROGS];		/* what was compiled, in order */
	struct dtk_program *kprog[MACHINE_PROGS];
	uint32_t nprogs, naggs, nconst;
	uint32_t cacheidx[MACHINE_PROGS];		/* of the first clause */
	/* the consumer */
	struct dtk_sink sink;
	struct dtk_probename probe;
	struct dtk_ccpu ccpu, *ccpus[1];
	struct dtk_buf buf;
	void *half[4];
	struct dtk_fire fire;
	uint64_t errors;
	uint32_t fault;				/* DTRACEFLT_* of the last error */
};

/* The probe every clause is fired on: prov:mod:func:name, id 7. */
static const char machine_names[] = "prov\0mod\0func\0name";
static struct machine *machine_current;

static void machine_error(struct dtk_sink *sink, struct dtk_fire *f)
{
	(void)sink;
	machine_current->fault = (uint32_t)f->arg[4];
}

static void machine_consumer(struct machine *m)
{
	m->probe = (struct dtk_probename){ 7, machine_names, machine_names + 5, machine_names + 9,
					   machine_names + 14 };
	dtk_port_map(machine_names, sizeof(machine_names));
	m->sink = (struct dtk_sink){ .live = 1, .cpu = DTRACE_CPUALL, .ncpus = 1, .ccpu = m->ccpus };
	m->sink.vars = dtk_vars_create(1);
	assert_non_null(m->sink.vars);
	assert_int_equal(dtk_vars_dynalloc(m->sink.vars, MACHINE_BUF), 0);
	for (int i = 0; i < 4; i++)
		m->half[i] = dtk_alloc(MACHINE_BUF);
	dtk_buf_init(&m->buf, m->half[0], m->half[1], MACHINE_BUF, DTRACE_BUFPOLICY_SWITCH);
	m->ccpu.buf = &m->buf;
	m->ccpu.scratch = dtk_alloc(DTK_SCRATCH);
	m->ccpu.cache = dtk_alloc(MACHINE_CACHE * sizeof(*m->ccpu.cache));
	m->ccpu.ncache = MACHINE_CACHE;
	assert_int_equal(dtk_aggbuf_create(&m->ccpu.agg, m->half[2], m->half[3], MACHINE_BUF), 0);
	assert_int_equal(dtk_specs_create(&m->sink, MACHINE_SPECS), 0);
	assert_int_equal(dtk_specbufs_create(&m->ccpu.spec, MACHINE_SPECS, MACHINE_BUF), 0);
	m->ccpus[0] = &m->ccpu;
	m->fire.serial = m->fire.now = 1000;
	m->fire.nargs = 10;
}

static struct machine *machine_create(void)
{
	struct machine *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	machine_current = m;
	dtk_port_reset();
	dtk_port.error = machine_error;
	m->types = dt_types_create();
	m->idents = dt_idents_create(m->types);
	assert_non_null(m->idents);
	m->cc = (struct dt_compile){
		.types = m->types, .idents = m->idents, .macros = &m->macros, .diag = &m->diag,
		.strsize = 256, .stackframes = 20, .ustackframes = 20,
	};
	machine_consumer(m);
	return m;
}

static void machine_destroy(struct machine *m)
{
	for (uint32_t i = 0; i < m->nprogs; i++) {
		dtk_program_put(m->kprog[i]);
		dt_program_free(m->prog[i]);
	}
	dtk_aggbuf_destroy(m->ccpu.agg);
	for (int i = 0; i < 4; i++)
		dtk_free(m->half[i]);
	dtk_free(m->ccpu.scratch);
	dtk_free(m->ccpu.cache);
	dtk_specbufs_destroy(m->ccpu.spec, MACHINE_SPECS);
	dtk_specs_destroy(&m->sink);
	dtk_vars_destroy(m->sink.vars);
	dt_idents_destroy(m->idents);
	dt_types_destroy(m->types);
	assert_int_equal(dtk_port.nalloc, 0);
	free(m);
}

/* Give aggregations their numbers, as the core does when it enables a program. */
static void machine_number(struct machine *m, struct dtk_program *k)
{
	m->cacheidx[m->nprogs] = m->nconst;
	for (uint32_t i = 0; i < k->nclauses; i++) {
		m->nconst += k->clauses[i].nconst;
		for (uint32_t j = 0; j < k->clauses[i].nacts; j++) {
			if (k->clauses[i].acts[j].agg)
				k->clauses[i].acts[j].agg->id = ++m->naggs;
		}
	}
}

/* Hand a compiled program to the engine: whatever we compile it must accept. */
static struct dtk_program *machine_load(struct machine *m, struct dt_program *p)
{
	struct dtrace_ioc_error err = { 0 };
	struct dtk_program *k = NULL;
	size_t size;
	void *blob;

	assert_int_equal(dt_program_image(p, m->cc.strsize, DTRACE_IMG_DESTRUCTIVE, &blob, &size), 0);
	if (dtk_program_load(blob, size, &k, &err))
		fail_msg("the engine refuses difo %u: %s", err.difo, err.msg);
	free(blob);
	if (dtk_vars_declare(m->sink.vars, k, &err))
		fail_msg("the engine refuses a variable: %s", err.msg);
	assert_true(m->nprogs < MACHINE_PROGS);
	machine_number(m, k);
	m->prog[m->nprogs] = p;
	m->kprog[m->nprogs++] = k;
	return k;
}

/* Compile and load; the test fails if it does not compile. */
__attribute__((unused)) static struct dtk_program *machine_compile(struct machine *m, const char *text)
{
	struct dt_program *p;

	m->diag = (struct dt_diag){ 0 };
	p = dt_compile(&m->cc, text, strlen(text));
	if (!p)
		fail_msg("%.200s\n\t%u:%u: [%s] %s", text, m->diag.loc.line, m->diag.loc.col,
			 dt_tag_name(m->diag.tag), m->diag.msg);
	return machine_load(m, p);
}

/* One firing: all clauses of @k, in order. What was recorded before is forgotten. */
static void machine_fire(struct machine *m, struct dtk_program *k)
{
	struct dtrace_ioc_switch sw;
	uint32_t cache, n;

	for (n = 0; n < m->nprogs && m->kprog[n] != k; n++)
		;
	assert_true(n < m->nprogs);
	cache = m->cacheidx[n];
	dtk_buf_switch(&m->buf, &sw);
	m->fire.serial = ++m->fire.now;
	m->fault = 0;
	for (uint32_t i = 0; i < k->nclauses; i++) {
		struct dtk_ecb ecb = {
			.sink = &m->sink, .clause = &k->clauses[i], .epid = i + 1, .cacheidx = cache,
			.probe = (struct dtk_probe *)&m->probe,
		};

		cache += k->clauses[i].nconst;
		dtk_ecb_run(&ecb, &m->fire, 0);
	}
}

/* The next field recorded by the last firing: which, where, how long; false at the end. */
struct machine_field {
	const struct dtrace_rechdr *hdr;
	const dtrace_recdesc_t *rec;
	const uint8_t *data;
	uint32_t clause, i;
	size_t pos;
};
__attribute__((unused)) static bool machine_next(struct machine *m, struct dtk_program *k, struct machine_field *f)
{
	const uint8_t *half = m->buf.half[m->buf.active];

	for (;;) {
		if (!f->hdr) {
			if (f->pos >= m->buf.used)
				return false;
			f->hdr = (const void *)(half + f->pos);
			f->clause = f->hdr->dtrh_epid - 1;
			f->i = 0;
		}
		if (f->i < k->clauses[f->clause].nrecs) {
			f->rec = &k->clauses[f->clause].recs[f->i++];
			f->data = (const uint8_t *)f->hdr + f->rec->dtrd_offset;
			return true;
		}
		f->pos += k->clauses[f->clause].size;
		f->hdr = NULL;
	}
}

__attribute__((unused)) static uint64_t machine_scalar(const struct machine_field *f)
{
	uint64_t v = 0;

	assert_true(f->rec->dtrd_size <= 8);
	memcpy(&v, f->data, f->rec->dtrd_size);
	return v;
}

#endif /* DT_TEST_MACHINE_H */
