/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel for libdtrace's tests: the module's own engine behind struct
 * dt_kernel, with a handful of probes that the test fires by hand. Two CPUs;
 * BEGIN fires on CPU 0, END on CPU 1. So a test sees what a user sees, from D
 * text to printed text, and the clock stands still.
 */
#ifndef DT_TEST_KERNEL_H
#define DT_TEST_KERNEL_H

#include <errno.h>
#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <cmocka.h>

#include "engine.h"
#include "dt_impl.h"

#define TK_CPUS 2
#define TK_MAX 64

struct tk {
	struct dtk_sink sink;
	struct dtk_program *progs[TK_MAX];
	struct dtk_ecb ecbs[TK_MAX];
	struct dtk_aggact *aggs[TK_MAX];
	unsigned nprogs, necbs, naggs, ncache;
	struct dtk_ccpu ccpu[TK_CPUS], *ccpus[TK_CPUS];
	struct dtk_buf buf[TK_CPUS];
	u8 *agghalf[TK_CPUS][2];
	u64 clock;
	struct dtrace_ioc_status extra;		/* counters that the test adds */
	struct dtrace_ioc_go go;		/* what the library asked for */
	int switches, opens, closes;
	int open_error;
	dtrace_hdl_t *dtp;
	char *out;				/* printed so far: tk_text() */
	size_t outlen;
	FILE *fp;
};

static const struct dtk_probename tk_probes[] = {
	{ 1, "dtrace", "", "", "BEGIN" },
	{ 2, "dtrace", "", "", "END" },
	{ 3, "dtrace", "", "", "ERROR" },
	{ 4, "test", "mod", "f", "entry" },
	{ 5, "test", "mod", "f", "return" },
	{ 6, "test", "mod", "g", "entry" },
	{ 7, "test", "mod", "g", "return" },
	{ 8, "test", "", "", "tick" },
	{ 9, "syscall", "vmlinux", "read", "entry" },
};
#define TK_NPROBES (sizeof(tk_probes) / sizeof(*tk_probes))

static struct tk *tk_current;	/* whose ERROR clauses dtk_port.error fires */

static bool tk_match(const struct dtk_probename *p, u32 id, const char *prov, const char *mod,
		     const char *func, const char *name)
{
	if (id)
		return p->id == id;
	return (!*prov || !fnmatch(prov, p->prov, 0)) && (!*mod || !fnmatch(mod, p->mod, 0)) &&
	       (!*func || !fnmatch(func, p->func, 0)) && (!*name || !fnmatch(name, p->name, 0));
}

static inline void tk_fire_id(struct tk *k, u32 cpu, u32 id, struct dtk_fire *f)
{
	f->serial = f->now = k->clock += 100;
	for (unsigned i = 0; i < k->necbs; i++)
		if (((struct dtk_probename *)k->ecbs[i].probe)->id == id &&
		    (!k->sink.exiting || f->flags & (DTK_FIRE_END | DTK_FIRE_ERROR)))
			dtk_ecb_run(&k->ecbs[i], f, cpu);
}

/* Fire "func:name" with arg0, arg1. */
static inline void tk_fire(struct tk *k, u32 cpu, const char *which, u64 arg0, u64 arg1)
{
	struct dtk_fire f = { .nargs = 2, .arg = { arg0, arg1 } };
	char name[64];

	for (unsigned i = 0; i < TK_NPROBES; i++) {
		snprintf(name, sizeof(name), "%s:%s", tk_probes[i].func, tk_probes[i].name);
		if (!strcmp(name, which)) {
			tk_fire_id(k, cpu, tk_probes[i].id, &f);
			return;
		}
	}
	fail_msg("no probe %s", which);
}

static void tk_error(struct dtk_sink *sink, struct dtk_fire *err)
{
	err->flags |= DTK_FIRE_ERROR;
	tk_fire_id(tk_current, 0, 3, err);
}

static inline u8 *tk_pages(size_t n)
{
	return aligned_alloc(4096, n);
}

static int tk_go(struct tk *k, struct dtrace_ioc_go *go)
{
	struct dtk_fire f = { .flags = DTK_FIRE_END };

	k->go = *go;
	go->got_bufsize = (go->bufsize + 4095) & ~4095ull;
	go->got_aggsize = (go->aggsize + 4095) & ~4095ull;
	go->got_dynvarsize = go->dynvarsize;
	for (u32 c = 0; c < TK_CPUS; c++) {
		struct dtk_ccpu *cc = &k->ccpu[c];

		dtk_buf_init(&k->buf[c], tk_pages(go->got_bufsize), tk_pages(go->got_bufsize), go->got_bufsize,
			     DTRACE_BUFPOLICY_SWITCH);
		cc->buf = &k->buf[c];
		k->agghalf[c][0] = tk_pages(go->got_aggsize);
		k->agghalf[c][1] = tk_pages(go->got_aggsize);
		if (dtk_aggbuf_create(&cc->agg, k->agghalf[c][0], k->agghalf[c][1], go->got_aggsize))
			return -ENOMEM;
		cc->scratch = dtk_alloc(DTK_SCRATCH);
		cc->cache = dtk_alloc((k->ncache + 1) * sizeof(struct dtk_bucketcache));
		cc->ncache = k->ncache;
		k->ccpus[c] = cc;
	}
	k->sink.ccpu = k->ccpus;
	k->sink.live = 1;
	if (dtk_vars_dynalloc(k->sink.vars, go->got_dynvarsize))
		return -ENOMEM;
	go->begin_cpu = 0;
	tk_fire_id(k, 0, 1, &f);
	return 0;
}

static int tk_enable(struct tk *k, struct dtrace_ioc_enable *e)
{
	u32 *matched = (u32 *)(uintptr_t)e->patmatched;
	struct dtk_program *prog;
	int rc = dtk_program_load((void *)(uintptr_t)e->image, e->size, &prog, (void *)(uintptr_t)e->error);

	if (rc)
		return rc;
	k->progs[k->nprogs++] = prog;
	rc = dtk_vars_declare(k->sink.vars, prog, (void *)(uintptr_t)e->error);
	if (rc)
		return rc;
	for (u32 i = 0; i < prog->nclauses; i++)
		for (u32 j = 0; j < prog->clauses[i].nacts; j++)
			if (prog->clauses[i].acts[j].agg) {
				k->aggs[k->naggs++] = prog->clauses[i].acts[j].agg;
				prog->clauses[i].acts[j].agg->id = k->naggs;
			}
	for (u32 i = 0; i < prog->npats; i++) {
		const struct dtrace_probe_pat *p = &prog->pats[i];

		for (unsigned n = 0; n < TK_NPROBES; n++) {
			if (!tk_match(&tk_probes[n], p->id, prog->strs + p->prov, prog->strs + p->mod,
				      prog->strs + p->func, prog->strs + p->name))
				continue;
			k->ecbs[k->necbs] = (struct dtk_ecb){
				.sink = &k->sink, .clause = &prog->clauses[p->clause], .epid = k->necbs + 1,
				.probe = (struct dtk_probe *)&tk_probes[n], .cacheidx = k->ncache,
			};
			k->ncache += prog->clauses[p->clause].nconst;
			k->necbs++;
			e->nmatched++;
			if (matched)
				matched[i]++;
		}
	}
	return 0;
}

static int tk_list(struct dtrace_ioc_probes *p)
{
	const dtrace_probedesc_t *d = (void *)(uintptr_t)p->pattern;
	char *buf = (char *)(uintptr_t)p->buf;
	u32 after = p->after;

	p->count = 0;
	for (unsigned i = 0; i < TK_NPROBES && p->count < 3; i++) {
		const struct dtk_probename *n = &tk_probes[i];
		struct dtrace_probe_rec *rec = (void *)buf;
		size_t off = sizeof(*rec);

		if (n->id <= after ||
		    (d && !tk_match(n, d->dtpd_id, d->dtpd_provider, d->dtpd_mod, d->dtpd_func,
				    d->dtpd_name)))
			continue;
#define PUT(field) (rec->field = (u16)off, strcpy(buf + off, n->field), off += strlen(n->field) + 1)
		PUT(prov);
		PUT(mod);
		PUT(func);
		PUT(name);
#undef PUT
		rec->id = n->id;
		rec->size = (u32)((off + 7) & ~7u);
		buf += rec->size;
		p->count++;
		p->after = n->id;
	}
	return 0;
}

static int tk_eprobe(struct tk *k, dtrace_eprobedesc_t *d)
{
	const struct dtk_clause *c;
	u32 room = d->dtepd_nrecs;

	if (!d->dtepd_epid || d->dtepd_epid > k->necbs)
		return -ENOENT;
	c = k->ecbs[d->dtepd_epid - 1].clause;
	d->dtepd_probeid = ((struct dtk_probename *)k->ecbs[d->dtepd_epid - 1].probe)->id;
	d->dtepd_uarg = c->uarg;
	d->dtepd_size = c->size;
	d->dtepd_nrecs = c->nrecs;
	memcpy(d->dtepd_rec, c->recs, min(room, c->nrecs) * sizeof(*c->recs));
	return 0;
}

static int tk_aggdesc(struct tk *k, dtrace_aggdesc_t *d)
{
	const struct dtk_aggact *a;
	u32 room = d->dtagd_nrecs;

	if (!d->dtagd_id || d->dtagd_id > k->naggs)
		return -ENOENT;
	a = k->aggs[d->dtagd_id - 1];
	for (unsigned i = 0; i < k->necbs; i++)
		for (u32 j = 0; j < k->ecbs[i].clause->nacts; j++)
			if (k->ecbs[i].clause->acts[j].agg == a)
				d->dtagd_epid = k->ecbs[i].epid;
	d->dtagd_varid = a->varid;
	d->dtagd_size = a->size;
	d->dtagd_nrecs = a->nrecs;
	memcpy(d->dtagd_rec, a->recs, min(room, a->nrecs) * sizeof(*a->recs));
	return 0;
}

static int tk_switch(struct tk *k, struct dtrace_ioc_switch *sw)
{
	if (sw->cpu >= TK_CPUS)
		return -ENOENT;
	k->switches++;
	if (sw->kind == DTRACE_BUF_PRINCIPAL)
		dtk_buf_switch(&k->buf[sw->cpu], sw);
	else
		dtk_aggbuf_switch(k->ccpu[sw->cpu].agg, sw);
	return 0;
}

static int tk_status(struct tk *k, struct dtrace_ioc_status *st)
{
	*st = k->extra;
	dtk_vars_drops(k->sink.vars, st);
	st->exiting = k->sink.exiting;
	st->exit_status = k->sink.exit_status;
	return 0;
}

static int tk_ioctl(void *ctx, int fd, unsigned long req, void *arg)
{
	struct tk *k = ctx;
	struct dtk_fire end = { .flags = DTK_FIRE_END };

	switch (req) {
	case DTRACEIOC_VERSION:
		*(struct dtrace_ioc_version *)arg = (struct dtrace_ioc_version){
			.abi = DTRACE_ABI_VERSION, .ncpus = TK_CPUS + 1, .build = "test" };
		return 0;
	case DTRACEIOC_PROBES:
		return tk_list(arg);
	case DTRACEIOC_ENABLE:
		return tk_enable(k, arg);
	case DTRACEIOC_GO:
		return tk_go(k, arg);
	case DTRACEIOC_STOP:
		tk_fire_id(k, 1, 2, &end);
		k->sink.live = 0;
		((struct dtrace_ioc_stop *)arg)->end_cpu = 1;
		return 0;
	case DTRACEIOC_SWITCH:
		return tk_switch(k, arg);
	case DTRACEIOC_STATUS:
		return tk_status(k, arg);
	case DTRACEIOC_EPROBE:
		return tk_eprobe(k, arg);
	case DTRACEIOC_AGGDESC:
		return tk_aggdesc(k, arg);
	}
	return -ENOTTY;
}

static int tk_open(void *ctx)
{
	struct tk *k = ctx;

	if (k->open_error)
		return -k->open_error;
	k->opens++;
	return eventfd(0, EFD_CLOEXEC);
}

static int tk_map(void *ctx, int fd, size_t len, uint64_t off, void **ret)
{
	struct tk *k = ctx;
	u32 cpu = off >> 38, kind = off >> 37 & 1, half = off >> 36 & 1;

	*ret = kind == DTRACE_BUF_PRINCIPAL ? k->buf[cpu].half[half] : k->agghalf[cpu][half];
	return 0;
}

static void tk_unmap(void *ctx, void *addr, size_t len)
{
}

static void tk_close(void *ctx, int fd)
{
	((struct tk *)ctx)->closes++;
	close(fd);
}

static const struct dt_kernel tk_kernel = { tk_open, tk_ioctl, tk_map, tk_unmap, tk_close };

static int tk_say_drop(const dtrace_dropdata_t *d, void *arg)
{
	struct tk *k = arg;

	fprintf(k->fp, "DROP %s", d->dtdda_msg);
	return DTRACE_HANDLE_OK;
}

static int tk_say_error(const dtrace_errdata_t *e, void *arg)
{
	struct tk *k = arg;

	fprintf(k->fp, "ERROR %s", e->dteda_msg);
	return DTRACE_HANDLE_OK;
}

static inline struct tk *tk_new(void)
{
	struct tk *k = calloc(1, sizeof(*k));
	int err = 0;

	dtk_port_reset();
	dtk_port.error = tk_error;
	tk_current = k;
	for (unsigned i = 0; i < TK_NPROBES; i++) {
		dtk_port_map(tk_probes[i].prov, strlen(tk_probes[i].prov) + 1);
		dtk_port_map(tk_probes[i].mod, strlen(tk_probes[i].mod) + 1);
		dtk_port_map(tk_probes[i].func, strlen(tk_probes[i].func) + 1);
		dtk_port_map(tk_probes[i].name, strlen(tk_probes[i].name) + 1);
	}
	k->clock = 1000000;
	k->sink = (struct dtk_sink){ .cpu = DTRACE_CPUALL, .ncpus = TK_CPUS, .vars = dtk_vars_create(TK_CPUS) };
	k->dtp = dt_open_with(DTRACE_VERSION, 0, &err, &tk_kernel, k);
	assert_non_null(k->dtp);
	k->fp = open_memstream(&k->out, &k->outlen);
	dtrace_handle_drop(k->dtp, tk_say_drop, k);
	dtrace_handle_err(k->dtp, tk_say_error, k);
	dtrace_setopt(k->dtp, "bufsize", "64k");
	dtrace_setopt(k->dtp, "aggsize", "64k");
	dtrace_setopt(k->dtp, "dynvarsize", "64k");
	return k;
}

static inline void tk_free(struct tk *k)
{
	dtrace_close(k->dtp);
	assert_int_equal(k->opens, k->closes);
	for (u32 c = 0; c < TK_CPUS; c++) {
		free(k->buf[c].half[0]);
		free(k->buf[c].half[1]);
		free(k->agghalf[c][0]);
		free(k->agghalf[c][1]);
		if (k->ccpu[c].agg)
			dtk_aggbuf_destroy(k->ccpu[c].agg);
		dtk_free(k->ccpu[c].scratch);
		dtk_free(k->ccpu[c].cache);
	}
	dtk_vars_destroy(k->sink.vars);
	for (unsigned i = 0; i < k->nprogs; i++)
		dtk_program_put(k->progs[i]);
	fclose(k->fp);
	free(k->out);
	free(k);
}

/* Compile and enable; GO. */
static inline void tk_go_text(struct tk *k, const char *text)
{
	dtrace_prog_t *p = dtrace_program_strcompile(k->dtp, text, DTRACE_PROBESPEC_NONE, 0, 0, NULL);

	if (!p || dtrace_program_exec(k->dtp, p, NULL) || dtrace_go(k->dtp))
		fail_msg("%s: %s", text, dtrace_errmsg(k->dtp, dtrace_errno(k->dtp)));
}

/* Read out now, whatever the rates say. */
static inline dtrace_workstatus_t tk_work(struct tk *k)
{
	k->dtp->next_switch = k->dtp->next_agg = k->dtp->next_status = 0;
	return dtrace_work(k->dtp, k->fp, NULL, NULL, NULL);
}

/* Stop and read out all. */
static inline void tk_end(struct tk *k)
{
	assert_int_equal(dtrace_stop(k->dtp), 0);
	assert_int_equal(tk_work(k), DTRACE_WORKSTATUS_DONE);
}

/* What has been printed; forgotten then. */
#define tk_expect(k, text) do { \
	fputc(0, (k)->fp); \
	fflush((k)->fp); \
	assert_string_equal((k)->out, text); \
	rewind((k)->fp); \
} while (0)

/* The classic one-shot: BEGIN alone, quiet, its output. */
static inline void tk_begin(const char *body, const char *expected)
{
	struct tk *k = tk_new();
	char text[4096];

	snprintf(text, sizeof(text), "BEGIN { %s }", body);
	dtrace_setopt(k->dtp, "quiet", NULL);
	tk_go_text(k, text);
	tk_end(k);
	tk_expect(k, expected);
	tk_free(k);
}

#endif /* DT_TEST_KERNEL_H */
