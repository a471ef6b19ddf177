/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the ABI's tests are made of: images put together by hand, and sessions,
 * which are consumers without libdtrace.
 */
#ifndef ABI_SESSION_H
#define ABI_SESSION_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <dtrace/abi.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ---- Images ----------------------------------------------------------------- */

#define IMG_MAX	64	/* of anything */

struct image {
	uint32_t text[IMG_MAX * 4];
	uint64_t ints[IMG_MAX];
	char strs[4096];
	struct dtrace_difo_desc difos[IMG_MAX];
	struct dtrace_act_desc acts[IMG_MAX];
	struct dtrace_clause_desc clauses[IMG_MAX];
	struct dtrace_probe_pat pats[IMG_MAX];
	uint32_t ntext, nints, nstrs, ndifos, nacts, nclauses, npats;
	uint32_t flags;
};

static void image_init(struct image *img)
{
	memset(img, 0, sizeof(*img));
	img->nstrs = 1;
}

static uint32_t image_str(struct image *img, const char *s)
{
	uint32_t at = img->nstrs;

	if (!*s)
		return 0;
	strcpy(img->strs + at, s);
	img->nstrs += strlen(s) + 1;
	return at;
}

static uint32_t image_difo(struct image *img, const uint32_t *text, uint32_t n, uint32_t first_int)
{
	struct dtrace_difo_desc *d = &img->difos[img->ndifos];

	d->text = img->ntext;
	d->ntext = n;
	d->ints = first_int;
	d->nints = img->nints - first_int;
	d->rtype.kind = DIF_TYPE_SCALAR;
	d->rtype.size = 8;
	memcpy(img->text + img->ntext, text, n * sizeof(*text));
	img->ntext += n;
	return img->ndifos++;
}

/* The expressions VALUE and VARIABLE. */
static uint32_t image_const(struct image *img, uint64_t value)
{
	const uint32_t text[] = { DIF_INSTR_W(DIF_OP_SETX, 0, 1), DIF_INSTR_R(DIF_OP_RET, 0, 0, 1) };

	img->ints[img->nints++] = value;
	return image_difo(img, text, ARRAY_SIZE(text), img->nints - 1);
}

static uint32_t image_builtin(struct image *img, uint32_t var)
{
	const uint32_t text[] = { DIF_INSTR_W(DIF_OP_LDGS, var, 1), DIF_INSTR_R(DIF_OP_RET, 0, 0, 1) };

	return image_difo(img, text, ARRAY_SIZE(text), img->nints);
}

/* The expression *(u64 *)ADDRESS, which faults unless that is readable. */
static uint32_t image_deref(struct image *img, uint64_t addr)
{
	const uint32_t text[] = {
		DIF_INSTR_W(DIF_OP_SETX, 0, 1), DIF_INSTR_R(DIF_OP_LDX, 1, 0, 2),
		DIF_INSTR_R(DIF_OP_RET, 0, 0, 2),
	};

	img->ints[img->nints++] = addr;
	return image_difo(img, text, ARRAY_SIZE(text), img->nints - 1);
}

static void image_action(struct image *img, uint16_t kind, uint32_t difo)
{
	struct dtrace_act_desc *a = &img->acts[img->nacts++];

	a->kind = kind;
	a->difo = difo;
	a->incr = DTRACE_DIFO_NONE;
	a->varid = DTRACEACT_ISAGG(kind) ? 1 : 0;
}

/* A clause with all actions added since the last one, on PROV:MOD:FUNC:NAME. */
static void image_clause(struct image *img, const char *prov, const char *name)
{
	struct dtrace_clause_desc *c = &img->clauses[img->nclauses];
	struct dtrace_probe_pat *pat = &img->pats[img->npats++];
	uint32_t before = img->nclauses ? c[-1].action + c[-1].nactions : 0;

	c->pred = DTRACE_DIFO_NONE;
	c->action = before;
	c->nactions = img->nacts - before;
	pat->prov = image_str(img, prov);
	pat->name = image_str(img, name);
	pat->clause = img->nclauses++;
}

static void *put(char **pos, struct dtrace_image_table *t, char *base, const void *from,
		 uint32_t count, size_t size)
{
	void *at = *pos;

	t->off = *pos - base;
	t->count = count;
	memcpy(at, from, count * size);
	*pos += (count * size + 7) & ~7ul;
	return at;
}

/* Returns malloc()ed memory. */
static void *image_blob(const struct image *img, uint32_t *size)
{
	char *base = calloc(1, sizeof(*img) + sizeof(struct dtrace_image_hdr) + 256);
	struct dtrace_image_hdr *h = (void *)base;
	char *pos = base + ((sizeof(*h) + 7) & ~7ul);

	h->magic = DTRACE_IMAGE_MAGIC;
	h->version = DTRACE_ABI_VERSION;
	h->flags = img->flags;
	h->strsize = 256;
	put(&pos, &h->text, base, img->text, img->ntext, sizeof(img->text[0]));
	put(&pos, &h->ints, base, img->ints, img->nints, sizeof(img->ints[0]));
	put(&pos, &h->strs, base, img->strs, img->nstrs, 1);
	put(&pos, &h->vars, base, NULL, 0, 1);
	put(&pos, &h->difos, base, img->difos, img->ndifos, sizeof(img->difos[0]));
	put(&pos, &h->actions, base, img->acts, img->nacts, sizeof(img->acts[0]));
	put(&pos, &h->clauses, base, img->clauses, img->nclauses, sizeof(img->clauses[0]));
	put(&pos, &h->probes, base, img->pats, img->npats, sizeof(img->pats[0]));
	h->size = pos - base;
	*size = h->size;
	return base;
}

/* ---- Sessions --------------------------------------------------------------- */

struct session {
	int fd;
	struct dtrace_ioc_go go;
	uint32_t nmatched, perpat[IMG_MAX];
	struct dtrace_ioc_error err;
};

static bool session_open(struct session *s)
{
	memset(s, 0, sizeof(*s));
	s->fd = open(DTRACE_DEVICE, O_RDWR | O_CLOEXEC);
	s->go.cpu = DTRACE_CPUALL;
	s->go.bufsize = 65536;
	s->go.aggsize = 65536;
	return s->fd >= 0;
}

static int session_enable_blob(struct session *s, const void *blob, uint32_t size)
{
	struct dtrace_ioc_enable req = {
		.image = (uintptr_t)blob, .size = size, .patmatched = (uintptr_t)s->perpat,
		.error = (uintptr_t)&s->err,
	};
	int rc = ioctl(s->fd, DTRACEIOC_ENABLE, &req);

	s->nmatched = req.nmatched;
	return rc;
}

static int session_enable(struct session *s, const struct image *img)
{
	uint32_t size;
	void *blob = image_blob(img, &size);
	int rc = session_enable_blob(s, blob, size);

	free(blob);
	return rc;
}

static int session_go(struct session *s)
{
	return ioctl(s->fd, DTRACEIOC_GO, &s->go);
}

static int session_stop(struct session *s)
{
	struct dtrace_ioc_stop stop = { 0 };

	return ioctl(s->fd, DTRACEIOC_STOP, &stop);
}

static int session_status(struct session *s, struct dtrace_ioc_status *st)
{
	return ioctl(s->fd, DTRACEIOC_STATUS, st);
}

static void *map_half(struct session *s, uint32_t cpu, uint32_t kind, uint32_t half)
{
	size_t len = kind == DTRACE_BUF_PRINCIPAL ? s->go.got_bufsize : s->go.got_aggsize;

	return mmap(NULL, len, PROT_READ, MAP_SHARED, s->fd, DTRACE_MMAP_OFF(cpu, kind, half));
}

static void unmap_half(struct session *s, void *p, uint32_t kind)
{
	munmap(p, kind == DTRACE_BUF_PRINCIPAL ? s->go.got_bufsize : s->go.got_aggsize);
}

static uint32_t ncpus(struct session *s)
{
	struct dtrace_ioc_version v = { 0 };

	return ioctl(s->fd, DTRACEIOC_VERSION, &v) ? 0 : v.ncpus;
}

/* Call @fn for each record or bucket that every CPU has; false if a buffer is malformed. */
static bool session_drain(struct session *s, uint32_t kind,
			  void (*fn)(const void *rec, uint32_t size, void *arg), void *arg)
{
	uint32_t cpu, n = ncpus(s);

	for (cpu = 0; cpu < n; cpu++) {
		struct dtrace_ioc_switch sw = { .cpu = cpu, .kind = kind };
		uint64_t at, size;
		char *p;

		if (ioctl(s->fd, DTRACEIOC_SWITCH, &sw)) {
			if (errno == ENOENT)
				continue;
			return false;
		}
		p = map_half(s, cpu, kind, sw.half);
		if (p == MAP_FAILED)
			return false;
		for (at = 0; at < sw.size; at += size) {
			const struct dtrace_agghdr *hdr = (void *)(p + at);
			dtrace_eprobedesc_t d = { .dtepd_epid = hdr->dtah_aggid };

			size = hdr->dtah_size;
			if (kind == DTRACE_BUF_PRINCIPAL) {
				if (ioctl(s->fd, DTRACEIOC_EPROBE, &d))
					return false;
				size = d.dtepd_size;
			}
			if (!size || size % 8 || size > sw.size - at)
				return false;
			fn(p + at, size, arg);
		}
		unmap_half(s, p, kind);
	}
	return true;
}

#endif /* ABI_SESSION_H */
