// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the engine: any image that the checker accepts must fire without
 * touching memory that is not its own, and what it records must be whole. Inside of the
 * engine's own memory port_user.c keeps watch.
 *
 * Input is an image and, behind it (the image says how long it is), a script: how large the
 * consumer's buffers are, then what happens to it, one byte each: firings on
 * either CPU, switches, steps of the cleaners, the end. An input without one gets
 * a script of ours. All memory is allocated in exactly the size asked for, so
 * that ASan sees what goes beyond, and firings get as arguments addresses they must not write to. After
 * each switch the half is walked as a consumer would.
 *
 * With libFuzzer: "make fuzzers". It mutates by structure: an
 * instruction, an action, the script; and now and then makes up an image. Without it, main()
 * makes up images and scripts and damages some: fuzz_dif [N [FIRST]].
 */
#include "fuzz_change.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CPUS 2
#define FUZZ_ECBS 64
#define FUZZ_PROGS 2
#define FUZZ_USER 37

static u64 accepted, fired, faults, walked;	/* so that main() can see that it tested */

struct script {
	const u8 *p, *end;
};

static u8 script_next(struct script *s)
{
	return s->p < s->end ? *s->p++ : 0;
}

/* What a fuzzed consumer is made of. */
struct consumer {
	struct dtk_sink sink;
	struct dtk_probename probe;
	struct dtk_program *prog[FUZZ_PROGS];
	u32 nprogs;
	struct dtk_ecb ecb[FUZZ_ECBS];
	u32 necbs, nconst, naggs;
	struct dtk_ccpu ccpu[FUZZ_CPUS], *ccpus[FUZZ_CPUS];
	struct dtk_buf buf[FUZZ_CPUS];
	u8 *half[FUZZ_CPUS][2], *agghalf[FUZZ_CPUS][2];
	u8 *user;
	u32 cpu;		/* that fires now */
	const struct dtk_ecb *running;	/* NULL: none, or others ran within */
	size_t used;		/* of the principal buffer before it ran */
	u32 cleaning;		/* of speculations: 0 no, then CPUs visited + 1 */
	bool rinsing;
	u64 serial;
};
static struct consumer *current;	/* for dtk_port.error */

static void broken(const char *why)
{
	fprintf(stderr, "fuzz_dif: %s\n", why);
	abort();
}

/* ---- Layout: what image.c computed, computed again -------------------------------- */

/* Bytes that firing will write for @a. */
static u64 field_bytes(const struct dtk_act *a, u32 strsize)
{
	switch (a->kind) {
	case DTRACEACT_EXIT:
		return 4;
	case DTRACEACT_TRACEMEM:
	case DTRACEACT_PRINTM:
		return a->arg;
	case DTRACEACT_STACK:
		return a->arg * 8;
	case DTRACEACT_USTACK:
	case DTRACEACT_JSTACK:
	case DTRACEACT_PYSTACK:
		return (1 + DTRACE_USTACK_NFRAMES(a->arg)) * 8ull + DTRACE_USTACK_STRSIZE(a->arg);
	case DTRACEACT_USYM:
	case DTRACEACT_UMOD:
	case DTRACEACT_UADDR:
		return 16;
	case DTRACEACT_SYM:
	case DTRACEACT_MOD:
	case DTRACEACT_TRACEMEM_DYNSIZE:
		return 8;
	}
	if (!a->difo)
		return 0;
	if (!dtk_type_byref(&a->difo->rtype) && (a->kind == DTRACEACT_LIBACT || a->kind == DTRACEACT_PRINTA))
		return 8;
	return dtk_type_size(&a->difo->rtype, strsize);
}

/* A field that begins where the last one ended, at *@at, or a little later. */
static void check_field(const struct dtk_act *a, const dtrace_recdesc_t *rec, u32 strsize, u64 *at)
{
	if (rec->dtrd_size != field_bytes(a, strsize) || rec->dtrd_offset < *at || rec->dtrd_offset > *at + 7 ||
	    rec->dtrd_offset % rec->dtrd_alignment)
		broken("a field that does not fit what is written to it");
	*at = (u64)rec->dtrd_offset + rec->dtrd_size;
}

static void check_key(const struct dtk_aggkey *key, const dtrace_recdesc_t *rec, u64 *at)
{
	if (key->offset != rec->dtrd_offset || key->size != rec->dtrd_size || key->at != *at || key->at % 8)
		broken("a key that is looked for elsewhere than it is kept");
	*at += (key->size + 7) / 8 * 8;
}

static void check_layout(const struct dtk_clause *cl)
{
	u64 end = sizeof(struct dtrace_rechdr), keyend, room;
	u32 i, k, strsize = cl->prog->strsize;

	for (i = 0; i < cl->nacts; i++) {
		const struct dtk_act *a = &cl->acts[i];
		const struct dtk_aggact *agg;

		if (a->rec != DTK_NOREC)
			check_field(a, &cl->recs[a->rec], strsize, &end);
		agg = a->agg;
		if (!agg)
			continue;
		keyend = sizeof(struct dtrace_agghdr);
		room = 0;
		for (k = 0; k < a->ntuple; k++) {
			check_field(a - a->ntuple + k, &agg->recs[1 + k], strsize, &keyend);
			check_key(&agg->keys[k], &agg->recs[1 + k], &room);
		}
		if (room != agg->keyroom || agg->nkeys != a->ntuple)
			broken("an aggregation's keys that are not those of its tuple");
		if (keyend != sizeof(struct dtrace_agghdr) + agg->keysize || keyend > agg->valoff ||
		    agg->valoff % 8 || agg->size % 8 || agg->valsize > agg->size - agg->valoff)
			broken("a bucket whose parts overlap");
	}
	if (cl->size % 8 || (cl->size && end > cl->size))
		broken("a record smaller than its fields");
}

static void check_patterns(const struct dtk_program *prog)
{
	const struct dtrace_probe_pat *p;

	for (p = prog->pats; p < prog->pats + prog->npats; p++) {
		if (p->clause >= prog->nclauses || strlen(prog->strs + p->prov) >= DTRACE_PROVNAMELEN ||
		    strlen(prog->strs + p->mod) >= DTRACE_MODNAMELEN ||
		    strlen(prog->strs + p->func) >= DTRACE_FUNCNAMELEN ||
		    strlen(prog->strs + p->name) >= DTRACE_NAMELEN)
			broken("a probe description that the core cannot use");
	}
}

/* ---- Programs ------------------------------------------------------------------ */

static void make_ecbs(struct consumer *c, struct dtk_program *prog)
{
	u32 i, j;

	for (i = 0; i < prog->nclauses; i++) {
		struct dtk_clause *cl = &prog->clauses[i];

		check_layout(cl);
		for (j = 0; j < cl->nacts; j++) {
			if (cl->acts[j].agg)
				cl->acts[j].agg->id = ++c->naggs;
		}
		if (c->necbs == FUZZ_ECBS)
			continue;
		c->ecb[c->necbs] = (struct dtk_ecb){
			.sink = &c->sink, .clause = cl, .epid = c->necbs + 1,
			.probe = (struct dtk_probe *)&c->probe, .cacheidx = c->nconst,
		};
		c->necbs++;
		c->nconst += cl->nconst;
	}
}

static void enable(struct consumer *c, const void *image, size_t size)
{
	struct dtrace_ioc_error err = { .msg = "" };
	struct dtk_program *prog;
	int rc = dtk_program_load(image, size, &prog, &err);

	if (rc) {
		if (rc == -EINVAL && !err.msg[0])
			broken("an image was refused without a reason");
		return;
	}
	if (dtk_vars_declare(c->sink.vars, prog, &err)) {
		dtk_program_put(prog);
		return;
	}
	c->prog[c->nprogs++] = prog;
	check_patterns(prog);
	make_ecbs(c, prog);
}

/* The image again, as a second program of the same consumer, perhaps of another strsize. */
static void enable_again(struct consumer *c, const u8 *image, size_t size, u8 how)
{
	struct dtrace_image_hdr *copy = malloc(size);

	memcpy(copy, image, size);
	if (how & 2)
		copy->strsize = 1 + how;
	enable(c, copy, size);
	free(copy);
}

/* ---- The consumer ------------------------------------------------------------------ */

static void *exact(size_t n)
{
	void *p = dtk_alloc(n);

	if (!p)
		broken("no memory");
	return p;
}

static void cpu_create(struct consumer *c, u32 cpu, struct script *s)
{
	static const u16 bufsizes[] = { 8192, 8, 16, 24, 40, 64, 100, 128, 200, 256, 512, 1000, 4096, 65528 };
	static const u16 aggsizes[] = { 8192, 32, 64, 100, 256, 512, 1024, 1048, 4096, 65528 };
	static const u16 keeps[] = { 0, 8, 24, 64, 5000 };
	struct dtk_ccpu *cc = &c->ccpu[cpu];
	u8 how = script_next(s);
	u32 size = bufsizes[how % ARRAY_SIZE(bufsizes)], i;

	for (i = 0; i < 2; i++)
		c->half[cpu][i] = exact(size);
	dtk_buf_init(&c->buf[cpu], c->half[cpu][0], c->half[cpu][1], size, how / 16 % 3);
	dtk_buf_keep(&c->buf[cpu], keeps[how / 48 % ARRAY_SIZE(keeps)]);
	size = aggsizes[script_next(s) % ARRAY_SIZE(aggsizes)];
	for (i = 0; i < 2; i++)
		c->agghalf[cpu][i] = exact(size);
	if (dtk_aggbuf_create(&cc->agg, c->agghalf[cpu][0], c->agghalf[cpu][1], size))
		broken("no memory");
	cc->buf = &c->buf[cpu];
	cc->scratch = exact(DTK_SCRATCH);
	cc->cache = exact(c->nconst * sizeof(*cc->cache));
	cc->ncache = c->nconst;
	c->ccpus[cpu] = cc;
}

static void consumer_start(struct consumer *c, struct script *s)
{
	static const u16 specsizes[] = { 300, 1, 8, 16, 24, 40, 64, 100, 4096 };
	static const u16 dynsizes[] = { 16384, 512, 1000, 4096, 65528 };
	u8 how = script_next(s);
	u32 cpu;

	if (dtk_vars_dynalloc(c->sink.vars, dynsizes[how % ARRAY_SIZE(dynsizes)]) ||
	    dtk_specs_create(&c->sink, 1 + how / 8 % 4))
		broken("no memory");
	how = script_next(s);
	c->sink.ccpu = c->ccpus;
	for (cpu = 0; cpu < FUZZ_CPUS; cpu++) {
		cpu_create(c, cpu, s);
		if (dtk_specbufs_create(&c->ccpu[cpu].spec, c->sink.nspec,
					specsizes[how % ARRAY_SIZE(specsizes)]))
			broken("no memory");
	}
	c->sink.live = 1;
}

static void consumer_free(struct consumer *c)
{
	u32 cpu, i;

	for (cpu = 0; cpu < FUZZ_CPUS; cpu++) {
		faults += c->ccpu[cpu].errors;
		dtk_aggbuf_destroy(c->ccpu[cpu].agg);
		for (i = 0; i < 2; i++) {
			dtk_free(c->half[cpu][i]);
			dtk_free(c->agghalf[cpu][i]);
		}
		dtk_free(c->ccpu[cpu].scratch);
		dtk_free(c->ccpu[cpu].cache);
		if (c->ccpu[cpu].spec)
			dtk_specbufs_destroy(c->ccpu[cpu].spec, c->sink.nspec);
	}
	dtk_specs_destroy(&c->sink);
	dtk_vars_destroy(c->sink.vars);
	for (i = 0; i < c->nprogs; i++)
		dtk_program_put(c->prog[i]);
	free(c->user);
}

/* ---- What a consumer reads --------------------------------------------------------------- */

static void check_zero(const u8 *p, size_t n)
{
	while (n--) {
		if (*p++)
			broken("something older shines through");
	}
}

/* Whole strings, and zeroes wherever there is no field. @recs[0] is @acts[0]'s. */
static void check_gap(const u8 *base, u64 *at, const dtrace_recdesc_t *rec, const struct dtk_act *a)
{
	const u8 *p = base + rec->dtrd_offset;
	size_t len;

	check_zero(base + *at, rec->dtrd_offset - *at);
	*at = rec->dtrd_offset + rec->dtrd_size;
	if (!rec->dtrd_size || !a->difo || a->difo->rtype.kind != DIF_TYPE_STRING)
		return;
	len = strnlen((const char *)p, rec->dtrd_size);
	if (len == rec->dtrd_size)
		broken("a string without an end");
	check_zero(p + len, rec->dtrd_size - len);
}

static void check_record(const struct dtk_clause *cl, const u8 *p)
{
	u64 at = sizeof(struct dtrace_rechdr);
	u32 i;

	for (i = 0; i < cl->nacts; i++) {
		if (cl->acts[i].rec != DTK_NOREC)
			check_gap(p, &at, &cl->recs[cl->acts[i].rec], &cl->acts[i]);
	}
	check_zero(p + at, cl->size - at);
}

/* One run of records; ring buffers may have padding. */
static void walk_records(struct consumer *c, const u8 *half, size_t off, size_t end, bool ring)
{
	const struct dtrace_rechdr *hdr;

	while (off < end) {
		hdr = (const void *)(half + off);
		if (!hdr->dtrh_epid) {
			if (!ring || *(const u64 *)hdr)
				broken("a hole in a buffer");
			off += sizeof(u64);
			continue;
		}
		if (hdr->dtrh_epid > c->necbs || hdr->dtrh_size != c->ecb[hdr->dtrh_epid - 1].clause->size ||
		    hdr->dtrh_size > end - off || !hdr->dtrh_timestamp)
			broken("a record that no clause makes");
		check_record(c->ecb[hdr->dtrh_epid - 1].clause, half + off);
		off += hdr->dtrh_size;
		walked++;
	}
}

static void switch_principal(struct consumer *c, u32 cpu)
{
	struct dtk_buf *buf = &c->buf[cpu];
	struct dtrace_ioc_switch sw;
	bool ring = buf->policy == DTRACE_BUFPOLICY_RING;

	dtk_buf_switch(buf, &sw);
	if (sw.size > buf->size || sw.oldest > sw.size || (!ring && sw.oldest))
		broken("a half larger than it is");
	walk_records(c, buf->half[sw.half], sw.oldest, sw.size, ring);
	walk_records(c, buf->half[sw.half], 0, sw.oldest, ring);
}

static const struct dtk_act *agg_of(const struct consumer *c, u32 id)
{
	u32 i, j, k;

	for (i = 0; i < c->nprogs; i++) {
		for (j = 0; j < c->prog[i]->nclauses; j++) {
			const struct dtk_clause *cl = &c->prog[i]->clauses[j];

			for (k = 0; k < cl->nacts; k++) {
				if (cl->acts[k].agg && cl->acts[k].agg->id == id)
					return &cl->acts[k];
			}
		}
	}
	return NULL;
}

static void check_bucket(const struct dtk_act *a, const u8 *bucket)
{
	u64 at = sizeof(struct dtrace_agghdr);
	u32 i;

	for (i = 0; i < a->ntuple; i++)
		check_gap(bucket, &at, &a->agg->recs[1 + i], a - a->ntuple + i);
	check_zero(bucket + at, a->agg->valoff - at);
}

static bool same_bucket(const struct dtrace_agghdr *a, const struct dtrace_agghdr *b, u32 keysize)
{
	return a->dtah_aggid == b->dtah_aggid && !memcmp(a + 1, b + 1, keysize);
}

#define TWINS 32		/* among so many buckets we look for equal ones */

static void switch_agg(struct consumer *c, u32 cpu)
{
	const struct dtrace_agghdr *hdr, *seen[TWINS];
	const struct dtk_act *a;
	struct dtrace_ioc_switch sw;
	size_t off;
	u32 n = 0, i;

	dtk_aggbuf_switch(c->ccpu[cpu].agg, &sw);
	for (off = 0; off < sw.size; off += hdr->dtah_size) {
		hdr = (const void *)(c->agghalf[cpu][sw.half] + off);
		a = agg_of(c, hdr->dtah_aggid);
		if (!a || hdr->dtah_size != a->agg->size || hdr->dtah_varid != a->agg->varid ||
		    a->agg->size > sw.size - off)
			broken("a bucket that no aggregation makes");
		check_bucket(a, (const u8 *)hdr);
		for (i = 0; i < n; i++) {
			if (same_bucket(hdr, seen[i], a->agg->keysize))
				broken("two buckets for one key");
		}
		if (n < TWINS)
			seen[n++] = hdr;
		walked++;
	}
}

/* ---- What happens to it --------------------------------------------------------------------- */

static bool commits(const struct dtk_clause *cl)
{
	u32 i;

	for (i = 0; i < cl->nacts; i++) {
		if (cl->acts[i].kind == DTRACEACT_COMMIT)
			return true;
	}
	return false;
}

/* The clause that ran has left one whole record or, if it faulted, none. */
static void check_run(const struct consumer *c, bool faulted)
{
	const struct dtk_buf *buf = &c->buf[c->cpu];
	const struct dtk_clause *cl = c->running->clause;
	u32 i;

	for (i = 0; i < c->sink.nspec; i++) {
		if (c->ccpu[c->cpu].spec[i].used > c->ccpu[c->cpu].spec[i].size)
			broken("a speculation holds more than it can");
	}
	if (buf->policy == DTRACE_BUFPOLICY_RING || commits(cl) || buf->used == c->used)
		return;
	if (faulted || buf->used - c->used != cl->size)
		broken("a clause that faulted has left a record, or one has left a part of it");
}

static void fire_ecbs(struct consumer *c, struct dtk_fire *f, u32 first)
{
	const struct dtk_ccpu *cc = &c->ccpu[c->cpu];
	u64 errors;
	u32 i;

	for (i = first; i < c->necbs; i++, fired++) {
		c->running = &c->ecb[i];
		c->used = c->buf[c->cpu].used;
		errors = cc->errors;
		dtk_ecb_run(&c->ecb[i], f, c->cpu);
		if (c->running)
			check_run(c, cc->errors != errors);
		c->running = NULL;
	}
}

/* The last clause is ERROR's as well. */
static void fire_error(struct dtk_sink *sink, struct dtk_fire *err)
{
	check_run(current, true);
	if (current->necbs > 1)
		fire_ecbs(current, err, current->necbs - 1);
}

static void fire(struct consumer *c, u32 flags, u8 how)
{
	u32 other = (how + 1) % FUZZ_CPUS;
	struct dtk_fire f = {
		.nargs = how & 4 ? 10 : 5,
		.arg = { 0, 1, (uintptr_t)c->user, (uintptr_t)c->probe.func, U64_MAX,
			 (uintptr_t)c->buf[how % FUZZ_CPUS].half[0], (uintptr_t)c->ccpu[other].scratch,
			 (uintptr_t)c->agghalf[0][0], (uintptr_t)c->ccpu[0].spec[0].half[0],
			 (uintptr_t)c->user + FUZZ_USER - 1 },
		.flags = flags,
		.serial = ++c->serial,
		.now = how & 8 ? 1000 + c->serial : 0,
	};

	c->cpu = how % FUZZ_CPUS;
	dtk_port_thread = 1 + how / 2 % 2;
	fire_ecbs(c, &f, 0);
}

static void clean_specs_step(struct consumer *c)
{
	if (!c->cleaning) {
		c->cleaning = dtk_specs_clean_begin(&c->sink);
	} else if (c->cleaning <= FUZZ_CPUS) {
		dtk_specs_clean_cpu(&c->sink, c->cleaning++ - 1);
	} else {
		dtk_specs_clean_end(&c->sink);
		c->cleaning = 0;
	}
}

static void clean_vars_step(struct consumer *c)
{
	if (c->rinsing)
		dtk_vars_clean_end(c->sink.vars);
	c->rinsing = !c->rinsing && dtk_vars_clean_begin(c->sink.vars);
}

static void finish(struct consumer *c, u8 how)
{
	u32 cpu;

	c->sink.live = 0;
	for (cpu = 0; cpu < FUZZ_CPUS; cpu++)
		dtk_buf_finish(&c->buf[cpu]);
	fire(c, DTK_FIRE_END, how);
	c->sink.live = !(how & 8);
}

static void settings(struct consumer *c, u8 how)
{
	static const u16 builtins[] = { 0, DIF_VAR_PID, DIF_VAR_EXECNAME, DIF_VAR_CHIP };

	dtk_port.nobuiltin = builtins[how % ARRAY_SIZE(builtins)];
	dtk_port.ustack_why = how / 4;
	dtk_port.kpcs[how] = dtk_port.upcs[how] = how * 4096;
	c->sink.cpu = how == 15 ? 1 : DTRACE_CPUALL;
}

static void happen(struct consumer *c, u8 op)
{
	u8 how = op >> 4;

	switch (op & 15) {
	case 0 ... 5:
		fire(c, 0, how);
		c->sink.exiting &= how & 1;
		break;
	case 6:
		switch_principal(c, how % FUZZ_CPUS);
		break;
	case 7:
		switch_agg(c, how % FUZZ_CPUS);
		break;
	case 8 ... 10:
		clean_specs_step(c);
		break;
	case 11 ... 12:
		clean_vars_step(c);
		break;
	case 13:
		finish(c, how);
		break;
	case 14:
		settings(c, how);
		break;
	case 15:
		fire(c, DTK_FIRE_ERROR, how);
		break;
	}
}

/* What a program did to the system it must have been allowed to. */
static void check_harmless(const struct consumer *c)
{
	u32 i;

	if (c->prog[0]->flags & DTRACE_IMG_DESTRUCTIVE)
		return;
	for (i = 0; i < FUZZ_USER; i++) {
		if (c->user[i] != 'u')
			broken("a program has written to the process");
	}
	if (dtk_port.raised || dtk_port.nraised || dtk_port.chilled)
		broken("a program has changed the system");
}

static void run_script(struct consumer *c, struct script *s)
{
	u32 cpu, n;

	for (n = 0; s->p < s->end && n < 64; n++)
		happen(c, script_next(s));
	finish(c, 0);
	check_harmless(c);
	while (c->cleaning)
		clean_specs_step(c);
	for (cpu = 0; cpu < FUZZ_CPUS; cpu++) {
		for (n = 0; n < 2; n++) {
			switch_principal(c, cpu);
			switch_agg(c, cpu);
		}
	}
}

static const u8 default_script[] = {
	0, 0, 0, 16, 0, 32,
	0x00, 0x10, 0x27, 0x08, 0x08, 0x08, 0x08, 0x06, 0x0b, 0x30, 0x16, 0x0b, 0x00, 0x00, 0x17, 0x40,
};

static void fuzz_consumer(const u8 *image, size_t n, struct script *s)
{
	static const char names[] = "prov\0mod\0func\0name";
	struct consumer c = {
		.probe = { 7, names, names + 5, names + 9, names + 14 },
		.sink = { .cpu = DTRACE_CPUALL, .ncpus = FUZZ_CPUS, .vars = dtk_vars_create(FUZZ_CPUS) },
		.user = malloc(FUZZ_USER),
	};
	u8 how = script_next(s);

	memset(c.user, 'u', FUZZ_USER);
	dtk_port_umap(c.user, FUZZ_USER);
	dtk_port_map(names, sizeof(names));
	dtk_port.error = fire_error;
	current = &c;
	if (how & 4)
		dtk_port.fail_alloc = 1 + how / 8;
	enable(&c, image, n);
	if (how & 1 && c.nprogs)
		enable_again(&c, image, n, how);
	dtk_port.fail_alloc = 0;
	if (c.nprogs) {
		accepted++;
		consumer_start(&c, s);
		run_script(&c, s);
	}
	consumer_free(&c);
	if (dtk_port.nalloc)
		broken("leaked allocations");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = image_size(data, size);
	struct script s = { data + n, data + size };
	u8 *image = malloc(n);		/* so that a read beyond its end is seen */

	if (s.p == s.end)
		s = (struct script){ default_script, default_script + sizeof(default_script) };
	memcpy(image, data, n);
	dtk_port_reset();
	fuzz_consumer(image, n, &s);
	free(image);
	return 0;
}

#ifdef FUZZ_GUIDED

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t na, const uint8_t *b, size_t nb, uint8_t *out,
				 size_t room, unsigned int seed);

static size_t guided_script(u8 *p, size_t n, size_t room)
{
	return n ? LLVMFuzzerMutate(p, n, room) : random_script(p, room);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned int seed)
{
	size_t n;

	rng_state = seed * 0x9e3779b97f4a7c15ull;
	n = change_input(data, size, room, guided_script);
	return n ? n : size;
}

/* One's image with the other's script. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t na, const uint8_t *b, size_t nb, uint8_t *out,
				 size_t room, unsigned int seed)
{
	size_t n = image_size(a, na), at = image_size(b, nb);

	n = min(n, room);
	nb = min(nb - at, room - n);
	memcpy(out, a, n);
	memcpy(out + n, b + at, nb);
	return n + nb;
}

#else

#include "../tests/fuzz/fuzz.h"

#define ROOM (1u << 20)

static size_t new_script(u8 *p, size_t n, size_t room)
{
	return random_script(p, room);
}

static void run_seed(u64 seed)
{
	u8 *data = malloc(ROOM), *whole;
	size_t n;

	rng_state = seed * 0x9e3779b97f4a7c15ull;
	n = make_input(data, ROOM);
	if (rnd(2))
		n = change_input(data, n, ROOM, new_script);
	whole = malloc(n);	/* so that a read beyond the end is seen */
	memcpy(whole, data, n);
	LLVMFuzzerTestOneInput(whole, n);
	free(whole);
	free(data);
}

static void feed(const void *data, size_t size)
{
	LLVMFuzzerTestOneInput(data, size);
}

int main(int argc, char **argv)
{
	u64 n = argc > 1 ? strtoull(argv[1], NULL, 0) : 6000;
	u64 seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1, end = seed + n;

	fuzz_folder("tests/fuzz/dif", feed);
	for (; seed < end; seed++)
		run_seed(seed);
	printf("fuzz_dif: %llu images, %llu accepted, %llu clauses fired, %llu faults, %llu records and buckets\n",
	       n, accepted, fired, faults, walked);
	/* If nearly all were refused, or nothing ran to its end, nothing was tested. */
	return n > 1000 && (accepted < n / 20 || fired < faults + faults / 10 || walked < accepted);
}

#endif
