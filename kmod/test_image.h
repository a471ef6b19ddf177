/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the engine's tests: build program images by hand, and a small consumer to
 * fire them on.
 */
#ifndef DTK_TEST_IMAGE_H
#define DTK_TEST_IMAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "engine_impl.h"

/* ---- Images ---------------------------------------------------------------- */

struct img {
	struct dtrace_image_hdr hdr;
	u32 text[8192];
	u64 ints[512];
	char strs[16384];
	struct dif_var vars[256];
	struct dtrace_difo_desc difos[256];
	struct dtrace_act_desc acts[256];
	struct dtrace_clause_desc clauses[64];
	struct dtrace_probe_pat pats[64];
	u32 ntext, nints, nstrs, nvars, ndifos, nacts, nclauses, npats;
};

static const struct dif_type t_u64 = { DIF_TYPE_SCALAR, 0, 0, 8 };
static const struct dif_type t_s32 = { DIF_TYPE_SCALAR, DIF_TF_SIGNED, 0, 4 };
static const struct dif_type t_str = { DIF_TYPE_STRING, DIF_TF_BYREF, 0, 0 };

#define R(op, r1, r2, rd)	DIF_INSTR_R(DIF_OP_##op, r1, r2, rd)
#define W(op, imm, rd)		DIF_INSTR_W(DIF_OP_##op, imm, rd)
#define B(op, label)		DIF_INSTR_B(DIF_OP_##op, label)
#define RET(rd)			R(RET, 0, 0, rd)

static inline struct img *img_new(void)
{
	struct img *m = calloc(1, sizeof(*m));

	m->hdr.magic = DTRACE_IMAGE_MAGIC;
	m->hdr.version = DTRACE_ABI_VERSION;
	m->hdr.strsize = 64;
	m->nstrs = 1;
	return m;
}

static inline void img_difo(struct img *m)
{
	struct dtrace_difo_desc *d = &m->difos[m->ndifos];

	m->strs[m->nstrs++] = '\0';
	*d = (struct dtrace_difo_desc){
		.text = m->ntext, .ints = m->nints, .strs = m->nstrs - 1, .nstrs = 1,
		.vars = m->nvars,
	};
}

static inline void img_op(struct img *m, u32 instr)
{
	m->text[m->ntext++] = instr;
	m->difos[m->ndifos].ntext++;
}

static inline void img_setx(struct img *m, u64 val, u32 rd)
{
	m->ints[m->nints++] = val;
	img_op(m, W(SETX, m->difos[m->ndifos].nints++, rd));
}

static inline u32 img_str(struct img *m, const char *s)
{
	struct dtrace_difo_desc *d = &m->difos[m->ndifos];
	u32 off = d->nstrs;
	size_t n = strlen(s) + 1;

	memcpy(m->strs + m->nstrs, s, n);
	m->nstrs += n;
	d->nstrs += n;
	return off;
}

static inline void img_sets(struct img *m, const char *s, u32 rd)
{
	img_op(m, W(SETS, img_str(m, s), rd));
}

static inline u32 img_var(struct img *m, u32 id, u32 scope, u32 kind, struct dif_type type)
{
	m->vars[m->nvars++] = (struct dif_var){
		.id = id, .scope = scope, .kind = kind, .type = type,
	};
	m->difos[m->ndifos].nvars++;
	return id;
}

/* A whole difo whose instructions have been added; returns its index. */
static inline u32 img_end(struct img *m, struct dif_type rtype)
{
	m->difos[m->ndifos].rtype = rtype;
	return m->ndifos++;
}

static inline u32 img_const(struct img *m, u64 val)
{
	img_difo(m);
	img_setx(m, val, 1);
	img_op(m, RET(1));
	return img_end(m, t_u64);
}

static inline u32 img_builtin(struct img *m, u32 id, struct dif_type type)
{
	img_difo(m);
	img_op(m, W(LDGS, id, 1));
	img_op(m, RET(1));
	return img_end(m, type);
}

static inline struct dtrace_act_desc *img_act(struct img *m, u32 kind, u32 difo)
{
	struct dtrace_act_desc *a = &m->acts[m->nacts++];

	*a = (struct dtrace_act_desc){ .kind = kind, .difo = difo, .incr = DTRACE_DIFO_NONE };
	return a;
}

/* A clause of the last @n actions, on a probe pattern of its own. */
static inline struct dtrace_clause_desc *img_clause(struct img *m, u32 pred, u32 n)
{
	struct dtrace_clause_desc *c = &m->clauses[m->nclauses++];

	*c = (struct dtrace_clause_desc){ .pred = pred, .action = m->nacts - n, .nactions = n };
	m->pats[m->npats++] = (struct dtrace_probe_pat){ .clause = m->nclauses - 1 };
	return c;
}

static inline void img_put(u8 *blob, u32 *off, struct dtrace_image_table *t, const void *p,
			   u32 n, u32 size)
{
	t->off = *off;
	t->count = n;
	memcpy(blob + *off, p, (size_t)n * size);
	*off = ALIGN(*off + n * size, 8u);
}

/* The blob, malloc()ed. */
static inline u8 *img_blob(struct img *m, size_t *size)
{
	u8 *blob = calloc(1, sizeof(*m) + 256);
	u32 off = sizeof(m->hdr);

	m->strs[m->nstrs++] = '\0';
	img_put(blob, &off, &m->hdr.text, m->text, m->ntext, 4);
	img_put(blob, &off, &m->hdr.ints, m->ints, m->nints, 8);
	img_put(blob, &off, &m->hdr.vars, m->vars, m->nvars, sizeof(m->vars[0]));
	img_put(blob, &off, &m->hdr.difos, m->difos, m->ndifos, sizeof(m->difos[0]));
	img_put(blob, &off, &m->hdr.actions, m->acts, m->nacts, sizeof(m->acts[0]));
	img_put(blob, &off, &m->hdr.clauses, m->clauses, m->nclauses, sizeof(m->clauses[0]));
	img_put(blob, &off, &m->hdr.probes, m->pats, m->npats, sizeof(m->pats[0]));
	/* Last, so that who reads on behind a string leaves the image. */
	img_put(blob, &off, &m->hdr.strs, m->strs, m->nstrs, 1);
	m->hdr.size = m->hdr.strs.off + m->hdr.strs.count;
	memcpy(blob, &m->hdr, sizeof(m->hdr));
	*size = m->hdr.size;
	return blob;
}

/* Load and free the image; @err may be NULL. */
static inline int img_load(struct img *m, struct dtk_program **prog, struct dtrace_ioc_error *err)
{
	size_t size;
	u8 *blob = img_blob(m, &size);
	int rc;

	if (err)
		memset(err, 0, sizeof(*err));
	rc = dtk_program_load(blob, size, prog, err);
	free(blob);
	free(m);
	return rc;
}

/* ---- A consumer ------------------------------------------------------------- */

#define RIG_CPUS 2
#define RIG_SPECS 2
#define RIG_SPECSIZE 256

struct rig {
	struct dtk_sink sink;
	struct dtk_program *prog;
	struct dtk_ecb *ecbs;		/* one per clause */
	struct dtk_probename probe;
	struct dtk_ccpu ccpu[RIG_CPUS], *ccpus[RIG_CPUS];
	struct dtk_buf buf[RIG_CPUS];
	u8 *agghalf[RIG_CPUS][2];
};

static inline void rig_ecbs(struct rig *r)
{
	dtrace_aggid_t aggid = 0;
	u32 i, j, cache = 0;

	r->ecbs = calloc(r->prog->nclauses + 1, sizeof(*r->ecbs));
	for (i = 0; i < r->prog->nclauses; i++) {
		struct dtk_clause *c = &r->prog->clauses[i];

		r->ecbs[i] = (struct dtk_ecb){
			.sink = &r->sink, .clause = c, .probe = (struct dtk_probe *)&r->probe,
			.epid = 101 + i, .cacheidx = cache,
		};
		cache += c->nconst;
		for (j = 0; j < c->nacts; j++) {
			if (c->acts[j].agg)
				c->acts[j].agg->id = ++aggid;
		}
	}
	for (i = 0; i < RIG_CPUS; i++) {
		r->ccpu[i].cache = dtk_alloc((cache + 1) * sizeof(struct dtk_bucketcache));
		r->ccpu[i].ncache = cache;
	}
}

static inline void rig_cpu(struct rig *r, u32 cpu, u32 policy, size_t bufsize)
{
	struct dtk_ccpu *cc = &r->ccpu[cpu];

	dtk_buf_init(&r->buf[cpu], dtk_alloc(bufsize), dtk_alloc(bufsize), bufsize, policy);
	cc->buf = &r->buf[cpu];
	r->agghalf[cpu][0] = dtk_alloc(bufsize);
	r->agghalf[cpu][1] = dtk_alloc(bufsize);
	assert_int_equal(dtk_aggbuf_create(&cc->agg, r->agghalf[cpu][0], r->agghalf[cpu][1],
					   bufsize), 0);
	cc->scratch = dtk_alloc(DTK_SCRATCH);
	assert_int_equal(dtk_specbufs_create(&cc->spec, RIG_SPECS, RIG_SPECSIZE), 0);
	r->ccpus[cpu] = cc;
}

/* Take @prog over and make it ready to fire. */
static inline struct rig *rig_prog(struct dtk_program *prog, u32 policy, size_t bufsize,
				   size_t dynsize)
{
	struct rig *r = calloc(1, sizeof(*r));
	u32 cpu;

	r->prog = prog;
	r->probe = (struct dtk_probename){ 77, "prov", "module", "function", "name" };
	dtk_port_map(r->probe.prov, 5);
	dtk_port_map(r->probe.mod, 7);
	dtk_port_map(r->probe.func, 9);
	dtk_port_map(r->probe.name, 5);
	for (cpu = 0; cpu < RIG_CPUS; cpu++)
		rig_cpu(r, cpu, policy, bufsize);
	r->sink = (struct dtk_sink){
		.live = 1, .cpu = DTRACE_CPUALL, .ncpus = RIG_CPUS, .ccpu = r->ccpus,
		.vars = dtk_vars_create(RIG_CPUS),
	};
	assert_int_equal(dtk_specs_create(&r->sink, RIG_SPECS), 0);
	assert_int_equal(dtk_vars_declare(r->sink.vars, prog, NULL), 0);
	assert_int_equal(dtk_vars_dynalloc(r->sink.vars, dynsize), 0);
	rig_ecbs(r);
	return r;
}

static inline struct rig *rig_new(struct img *m)
{
	struct dtrace_ioc_error err;
	struct dtk_program *prog;
	int rc = img_load(m, &prog, &err);

	if (rc)
		print_error("refused: %s\n", err.msg);
	assert_int_equal(rc, 0);
	return rig_prog(prog, DTRACE_BUFPOLICY_SWITCH, 65536, 65536);
}

static inline void rig_free(struct rig *r)
{
	u32 cpu;

	for (cpu = 0; cpu < RIG_CPUS; cpu++) {
		dtk_free(r->agghalf[cpu][0]);
		dtk_free(r->agghalf[cpu][1]);
		dtk_aggbuf_destroy(r->ccpu[cpu].agg);
		dtk_free(r->buf[cpu].half[0]);
		dtk_free(r->buf[cpu].half[1]);
		dtk_free(r->ccpu[cpu].scratch);
		dtk_free(r->ccpu[cpu].cache);
		dtk_specbufs_destroy(r->ccpu[cpu].spec, RIG_SPECS);
	}
	dtk_specs_destroy(&r->sink);
	dtk_vars_destroy(r->sink.vars);
	dtk_program_put(r->prog);
	free(r->ecbs);
	free(r);
}

static u64 rig_clock = 5000;

/* Fire all clauses in order, as dtk_fire() would. */
static inline void rig_fire_on(struct rig *r, struct dtk_fire *f, u32 cpu)
{
	u32 i;

	f->serial = f->now = rig_clock++;
	for (i = 0; i < r->prog->nclauses; i++)
		dtk_ecb_run(&r->ecbs[i], f, cpu);
}

static inline void rig_fire(struct rig *r)
{
	struct dtk_fire f = { .nargs = 3, .arg = { 11, 22, 33 } };

	rig_fire_on(r, &f, 0);
}

/* The @n-th record of CPU 0's active half. */
static inline const u8 *rig_record(const struct rig *r, u32 n)
{
	const u8 *p = r->buf[0].half[r->buf[0].active], *end = p + r->buf[0].used;

	while (p < end) {
		u32 epid = ((const dtrace_rechdr_t *)p)->dtrh_epid;

		if (!n--)
			return p;
		p += r->prog->clauses[epid - 101].size;
	}
	return NULL;
}

/* A field of a record. */
static inline const void *rig_field(const struct rig *r, u32 n, u32 field)
{
	const u8 *p = rig_record(r, n);

	assert_non_null(p);
	return p + r->prog->clauses[((const dtrace_rechdr_t *)p)->dtrh_epid - 101]
		.recs[field].dtrd_offset;
}

static inline u64 rig_u64(const struct rig *r, u32 n, u32 field)
{
	return *(const u64 *)rig_field(r, n, field);
}

/* The last error that a rig reported, if dtk_port.error is rig_note_error. */
static struct dtk_fire rig_error;

static inline void rig_note_error(struct dtk_sink *sink, struct dtk_fire *err)
{
	(void)sink;
	rig_error = *err;
}

#endif /* DTK_TEST_IMAGE_H */
