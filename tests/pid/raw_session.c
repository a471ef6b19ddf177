// SPDX-License-Identifier: GPL-2.0-or-later
/* See raw.h. Programs are images put together by hand: a clause a probe, each one count(). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "raw.h"
#include "../../providers/pid/kmod_jump.h"

#define MAXPOINT 4096

int dtk_read_user(void *dst, u64 addr, size_t n)
{
	memcpy(dst, (void *)(uintptr_t)addr, n);
	return 0;
}

static int call(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) ? -errno : 0;
}

int raw_provider(struct raw_session *s, uint32_t op, void *arg, size_t size)
{
	struct dtrace_ioc_provider p = { .name = "pid", .op = op, .arg = (uintptr_t)arg, .size = size };

	return call(s->fd, DTRACEIOC_PROVIDER, &p);
}

int raw_open(struct raw_session *s, pid_t pid)
{
	struct dtrace_ioc_version v = { 0 };
	struct dtrace_pid_attach a = { .pid = pid };
	int err;

	memset(s, 0, sizeof(*s));
	s->fd = open(DTRACE_DEVICE, O_RDWR | O_CLOEXEC);
	if (s->fd < 0)
		return -errno;
	err = call(s->fd, DTRACEIOC_VERSION, &v);
	s->ncpus = v.ncpus;
	if (!err)
		err = raw_provider(s, DTRACE_PID_ATTACH, &a, sizeof(a));
	s->cookie = a.cookie;
	snprintf(s->prov, sizeof(s->prov), "pid%d", pid);
	if (err)
		raw_close(s);
	return err;
}

void raw_close(struct raw_session *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

int raw_point(const void *insn, uint64_t addr, struct dtrace_pid_point *pt)
{
	struct dpid_insn in;

	if (dpid_insn_decode(insn, 15, &in))
		return -EINVAL;
	memset(pt, 0, sizeof(*pt));
	pt->addr = addr;
	pt->len = in.len;
	pt->kind = in.kind;
	pt->off = in.off;
	memcpy(pt->bytes, insn, in.len);
	return 0;
}

/* ---- ADD ---------------------------------------------------------------------- */

struct adding {
	struct dtrace_pid_point points[MAXPOINT];
	struct dtrace_pid_probe probes[MAXPOINT];
	uint32_t refs[MAXPOINT * 2];
	char strs[65536];
	struct dtrace_pid_add a;
};

static uint32_t put_str(struct adding *ad, const char *str)
{
	uint32_t at = ad->a.nstrs;

	strcpy(ad->strs + at, str);
	ad->a.nstrs += strlen(str) + 1;
	return at;
}

static struct dtrace_pid_probe *put_probe(struct adding *ad, const struct raw_fn *fn,
					  const char *name, uint16_t type)
{
	struct dtrace_pid_probe *p = &ad->probes[ad->a.nprobes++];

	*p = (struct dtrace_pid_probe){ .func = put_str(ad, fn->name), .name = put_str(ad, name),
		.type = type, .ref = ad->a.nrefs, .lo = fn->start, .hi = fn->end };
	return p;
}

static void put_ref(struct adding *ad, struct dtrace_pid_probe *p, uint32_t point)
{
	ad->refs[ad->a.nrefs++] = point;
	p->nref++;
}

static void put_clause(struct raw_session *s, const char *func, const char *name)
{
	unsigned n = s->nclauses++;

	strcpy(s->clauses[n].mod, "raw");
	strcpy(s->clauses[n].func, func);
	strcpy(s->clauses[n].name, name);
}

bool raw_jumps;

/* None of our functions reads flags first. */
static void offer_jump(struct dtrace_pid_point *pt, const struct raw_fn *fn)
{
	struct dpid_prefix px;
	uint8_t n;

	for (n = pt->len; n <= DPID_PREFIX_MAX && fn->start + n <= fn->end; n++) {
		if (dpid_prefix_decode((void *)(uintptr_t)fn->start, n, 0, &px) || n < DPID_JUMP_LEN)
			continue;
		pt->prefix = n;
		memcpy(pt->bytes, (void *)(uintptr_t)fn->start, n);
		return;
	}
}

/* Point @i, and instructions before it, of those from @first on. */
static void offer_return_jump(struct dtrace_pid_point *pt, uint32_t first, uint32_t i)
{
	struct dpid_prefix px;
	uint8_t lead = 0;
	uint32_t k = i;

	while (lead + pt[i].len < DPID_JUMP_LEN && k > first)
		lead += pt[--k].len;
	if (lead > sizeof(pt->before) ||
	    dpid_prefix_decode((void *)(uintptr_t)(pt[i].addr - lead), lead + pt[i].len, lead, &px) ||
	    lead + pt[i].len < DPID_JUMP_LEN)
		return;
	pt[i].prefix = pt[i].len;
	pt[i].lead = lead;
	pt[i].flags = DTRACE_PID_KEEPFLAGS;
	memcpy(pt[i].before + sizeof(pt->before) - lead, (void *)(uintptr_t)(pt[i].addr - lead), lead);
}

static bool can_return(uint8_t kind)
{
	return kind == DTRACE_PID_RET || kind == DTRACE_PID_JMP || kind == DTRACE_PID_JCC ||
	       kind == DTRACE_PID_JMPIND || kind == DTRACE_PID_LOOP;
}

static void put_fn(struct raw_session *s, struct adding *ad, const struct raw_fn *fn, unsigned what)
{
	uint32_t first = ad->a.npoints, i;
	struct dtrace_pid_probe *p;
	uint64_t at = fn->start;
	char name[16];

	for (; at < fn->end; at += ad->points[ad->a.npoints++].len)
		if (raw_point((void *)(uintptr_t)at, at, &ad->points[ad->a.npoints]))
			break;		/* f_int3's int3 */
	if (what & RAW_ENTRY) {
		if (raw_jumps)
			offer_jump(&ad->points[first], fn);
		p = put_probe(ad, fn, "entry", DTRACE_PID_ENTRY);
		put_ref(ad, p, first);
		put_clause(s, fn->name, "entry");
	}
	if (what & RAW_RETURN) {
		p = put_probe(ad, fn, "return", DTRACE_PID_RETURN);
		for (i = first; i < ad->a.npoints; i++)
			if (can_return(ad->points[i].kind)) {
				if (raw_jumps && !ad->points[i].prefix)
					offer_return_jump(ad->points, first, i);
				put_ref(ad, p, i);
			}
		put_clause(s, fn->name, "return");
	}
	for (i = first; what & RAW_OFFSETS && i < ad->a.npoints; i++) {
		snprintf(name, sizeof(name), "%lx", (long)(ad->points[i].addr - fn->start));
		p = put_probe(ad, fn, name, DTRACE_PID_OFFSET);
		put_ref(ad, p, i);
		put_clause(s, fn->name, name);
	}
}

static int do_add(struct raw_session *s, struct adding *ad)
{
	ad->a.cookie = s->cookie;
	ad->a.points = (uintptr_t)ad->points;
	ad->a.probes = (uintptr_t)ad->probes;
	ad->a.refs = (uintptr_t)ad->refs;
	ad->a.strs = (uintptr_t)ad->strs;
	ad->a.lo = (uintptr_t)raw_text;
	ad->a.hi = (uintptr_t)raw_text_end;
	return raw_provider(s, DTRACE_PID_ADD, &ad->a, sizeof(ad->a));
}

int raw_add(struct raw_session *s, unsigned what, bool (*want)(const struct raw_fn *fn))
{
	struct adding *ad = calloc(1, sizeof(*ad));
	const struct raw_fn *fn;
	int err;

	ad->a.mod = put_str(ad, "raw");
	for (fn = raw_fns; fn->name; fn++)
		if (want(fn))
			put_fn(s, ad, fn, what);
	err = do_add(s, ad);
	free(ad);
	return err;
}

int raw_add_sync(struct raw_session *s, const struct raw_fn *fn)
{
	struct adding *ad = calloc(1, sizeof(*ad));
	int err;

	ad->a.mod = put_str(ad, "raw");
	raw_point((void *)(uintptr_t)fn->start, fn->start, &ad->points[ad->a.npoints++]);
	put_ref(ad, put_probe(ad, fn, "sync", DTRACE_PID_SYNC), 0);
	err = do_add(s, ad);
	free(ad);
	return err;
}

/* ---- ENABLE ------------------------------------------------------------------- */

struct blob {
	char *mem;
	uint32_t size;
};

static void put_table(struct blob *b, struct dtrace_image_table *t, const void *data, uint32_t count,
		      size_t elem)
{
	t->off = b->size;
	t->count = count;
	memcpy(b->mem + b->size, data, count * elem);
	b->size = (b->size + count * elem + 7) & ~7u;
}

int raw_enable(struct raw_session *s)
{
	uint32_t n = s->nclauses, nstrs = 1, i;
	struct dtrace_act_desc *acts = calloc(n, sizeof(*acts));
	struct dtrace_clause_desc *clauses = calloc(n, sizeof(*clauses));
	struct dtrace_probe_pat *pats = calloc(n, sizeof(*pats));
	char *strs = calloc(1, 64 + n * 96);
	struct blob b = { calloc(1, 1 << 20), sizeof(struct dtrace_image_hdr) };
	struct dtrace_image_hdr h = { .magic = DTRACE_IMAGE_MAGIC, .version = DTRACE_ABI_VERSION,
				      .strsize = 256 };
	struct dtrace_ioc_error why = { 0 };
	struct dtrace_ioc_enable en = { .image = (uintptr_t)b.mem, .error = (uintptr_t)&why };
	int err;

	for (i = 0; i < n; i++) {
		acts[i] = (struct dtrace_act_desc){ .kind = DTRACEAGG_COUNT, .difo = DTRACE_DIFO_NONE,
			.incr = DTRACE_DIFO_NONE, .varid = 1000 + i };
		clauses[i] = (struct dtrace_clause_desc){ .pred = DTRACE_DIFO_NONE, .action = i, .nactions = 1 };
		pats[i].clause = i;
		pats[i].prov = nstrs;
		nstrs += sprintf(strs + nstrs, "%s", s->prov) + 1;
		pats[i].mod = nstrs;
		nstrs += sprintf(strs + nstrs, "%s", s->clauses[i].mod) + 1;
		pats[i].func = nstrs;
		nstrs += sprintf(strs + nstrs, "%s", s->clauses[i].func) + 1;
		pats[i].name = nstrs;
		nstrs += sprintf(strs + nstrs, "%s", s->clauses[i].name) + 1;
	}
	put_table(&b, &h.text, "", 0, 4);
	put_table(&b, &h.ints, "", 0, 8);
	put_table(&b, &h.strs, strs, nstrs, 1);
	put_table(&b, &h.vars, "", 0, 1);
	put_table(&b, &h.difos, "", 0, 1);
	put_table(&b, &h.actions, acts, n, sizeof(*acts));
	put_table(&b, &h.clauses, clauses, n, sizeof(*clauses));
	put_table(&b, &h.probes, pats, n, sizeof(*pats));
	h.size = en.size = b.size;
	memcpy(b.mem, &h, sizeof(h));
	err = call(s->fd, DTRACEIOC_ENABLE, &en);
	if (err)
		fprintf(stderr, "enable: %s: %s\n", strerror(-err), why.msg);
	else if (en.nmatched != n)
		err = -ENOENT;
	free(acts);
	free(clauses);
	free(pats);
	free(strs);
	free(b.mem);
	return err;
}

/* ---- Running ------------------------------------------------------------------- */

int raw_go(struct raw_session *s)
{
	struct dtrace_ioc_go go = { .bufsize = 65536, .aggsize = 262144, .cpu = DTRACE_CPUALL,
				    .aliveness = s->aliveness };
	int err = call(s->fd, DTRACEIOC_GO, &go);

	s->aggsize = go.got_aggsize;
	return err;
}

static void read_half(struct raw_session *s, const char *mem, uint64_t size)
{
	uint64_t at = 0;

	while (at < size) {
		const dtrace_agghdr_t *h = (const void *)(mem + at);

		if (h->dtah_varid >= 1000 && h->dtah_varid < 1000 + s->nclauses)
			s->counts[h->dtah_varid - 1000] += *(const uint64_t *)(h + 1);
		at += h->dtah_size;
	}
}

static int read_cpu(struct raw_session *s, uint32_t cpu)
{
	struct dtrace_ioc_switch sw = { .cpu = cpu, .kind = DTRACE_BUF_AGG };
	int err = call(s->fd, DTRACEIOC_SWITCH, &sw);
	void *mem;

	if (err)
		return err == -ENOENT ? 0 : err;
	mem = mmap(NULL, s->aggsize, PROT_READ, MAP_SHARED, s->fd,
		   DTRACE_MMAP_OFF(cpu, DTRACE_BUF_AGG, sw.half));
	if (mem == MAP_FAILED)
		return -errno;
	read_half(s, mem, sw.size);
	s->drops += sw.drops;
	munmap(mem, s->aggsize);
	return 0;
}

/* A sign of life, too. */
int raw_stat(struct raw_session *s)
{
	struct dtrace_ioc_status st = { 0 };

	call(s->fd, DTRACEIOC_STATUS, &st);
	s->stat.cookie = s->cookie;
	return raw_provider(s, DTRACE_PID_STAT, &s->stat, sizeof(s->stat));
}

int raw_stop(struct raw_session *s)
{
	struct dtrace_ioc_status st = { 0 };
	struct dtrace_ioc_stop stop = { 0 };
	uint32_t cpu;
	int err;

	err = raw_stat(s);
	if (!err)
		err = call(s->fd, DTRACEIOC_STOP, &stop);
	for (cpu = 0; cpu < s->ncpus && !err; cpu++)
		err = read_cpu(s, cpu);
	if (!err)
		err = call(s->fd, DTRACEIOC_STATUS, &st);
	s->drops += st.recursion + st.nobuffer + st.provider + st.agg;
	return err;
}

uint64_t raw_count(const struct raw_session *s, const char *func, const char *name)
{
	uint32_t i;

	for (i = 0; i < s->nclauses; i++)
		if (!strcmp(s->clauses[i].func, func) && !strcmp(s->clauses[i].name, name))
			return s->counts[i];
	return 0;
}

/* ---- Waiting ------------------------------------------------------------------- */

void sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

bool wait_for(atomic_int *flag)
{
	int i;

	for (i = 0; i < 30000 && !*flag; i++)
		sleep_ms(1);
	return *flag;
}
