/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Probes by name and number: listing, and what the kernel's ids in records mean. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dt_impl.h"

#define LIST_BYTES 65536

static void copy_part(char *dst, size_t size, const struct dtrace_probe_rec *rec, uint16_t off)
{
	size_t n = off < rec->size ? strnlen((const char *)rec + off, rec->size - off) : 0;

	if (n >= size)
		n = size - 1;
	memcpy(dst, (const char *)rec + off, n);
	dst[n] = 0;
}

static void rec2desc(const struct dtrace_probe_rec *rec, dtrace_probedesc_t *pd)
{
	pd->dtpd_id = rec->id;
	copy_part(pd->dtpd_provider, sizeof(pd->dtpd_provider), rec, rec->prov);
	copy_part(pd->dtpd_mod, sizeof(pd->dtpd_mod), rec, rec->mod);
	copy_part(pd->dtpd_func, sizeof(pd->dtpd_func), rec, rec->func);
	copy_part(pd->dtpd_name, sizeof(pd->dtpd_name), rec, rec->name);
}

/* Call @func for the records of one answer. */
static int walk_answer(dtrace_hdl_t *dtp, const char *buf, uint32_t count, dtrace_probe_f *func, void *arg)
{
	dtrace_probedesc_t pd;
	size_t off = 0;
	int rc = 0;

	for (uint32_t i = 0; i < count && !rc; i++) {
		const struct dtrace_probe_rec *rec = (const void *)(buf + off);

		if (off + sizeof(*rec) > LIST_BYTES || rec->size < sizeof(*rec) || rec->size > LIST_BYTES - off)
			return dt_set_errno(dtp, EDT_BADRECORD);
		rec2desc(rec, &pd);
		rc = func(dtp, &pd, arg);
		off += (rec->size + 7) & ~7u;
	}
	return rc;
}

int dtrace_probe_iter(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pdp, dtrace_probe_f *func, void *arg)
{
	struct dtrace_ioc_probes p = { .pattern = (uintptr_t)pdp, .bufsize = LIST_BYTES };
	char *buf = malloc(LIST_BYTES);
	int rc;

	if (!buf)
		return dt_set_errno(dtp, ENOMEM);
	p.buf = (uintptr_t)buf;
	do {
		rc = dt_ioctl(dtp, DTRACEIOC_PROBES, &p);
		if (rc)
			rc = dt_set_errno(dtp, rc == -ENODEV ? EDT_NODEV : -rc);
		else
			rc = walk_answer(dtp, buf, p.count, func, arg);
	} while (!rc && p.count);
	free(buf);
	return rc;
}

int dt_probes_walk(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pat, dtrace_probe_f *func, void *arg)
{
	return dtp->fd < 0 ? dt_catalog_walk(dtp, pat, func, arg) : dtrace_probe_iter(dtp, pat, func, arg);
}

struct count {
	long n, max;
};

static int count_probe(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pd, void *arg)
{
	struct count *c = arg;

	return ++c->n >= c->max;
}

long dt_probes_count(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pat, long max)
{
	struct count c = { .max = max };

	return dt_probes_walk(dtp, pat, count_probe, &c) < 0 ? -1 : c.n;
}

static int take_probe(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pd, void *arg)
{
	*(dtrace_probedesc_t *)arg = *pd;
	return 1;
}

int dtrace_id2desc(dtrace_hdl_t *dtp, dtrace_id_t id, dtrace_probedesc_t *pdp)
{
	dtrace_probedesc_t pat = { .dtpd_id = id };
	int rc = id ? dtrace_probe_iter(dtp, &pat, take_probe, pdp) : 0;

	if (!rc)
		return dt_set_error(dtp, EDT_NOPROBE, "there is no probe with the id %u", id);
	return rc < 0 ? -1 : 0;
}

static bool set_part(char *dst, size_t size, const char *s, size_t n)
{
	while (n && isspace((unsigned char)*s))
		s++, n--;
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	if (n >= size)
		return false;
	memcpy(dst, s, n);
	dst[n] = 0;
	return true;
}

/*
 * "provider:module:function:name" with fewer parts as the specification says:
 * the last one given is the specification's own. A number is a probe's id.
 */
int dtrace_str2desc(dtrace_hdl_t *dtp, dtrace_probespec_t spec, const char *s, dtrace_probedesc_t *pdp)
{
	struct { char *p; size_t size; } part[] = {
		{ pdp->dtpd_provider, sizeof(pdp->dtpd_provider) }, { pdp->dtpd_mod, sizeof(pdp->dtpd_mod) },
		{ pdp->dtpd_func, sizeof(pdp->dtpd_func) }, { pdp->dtpd_name, sizeof(pdp->dtpd_name) },
	};
	const char *end = s + strlen(s), *colon;
	int i = spec;

	if (spec < DTRACE_PROBESPEC_PROVIDER || spec > DTRACE_PROBESPEC_NAME)
		return dt_set_errno(dtp, EDT_BADSPEC);
	memset(pdp, 0, sizeof(*pdp));
	if (spec == DTRACE_PROBESPEC_NAME && *s && s[strspn(s, "0123456789")] == 0) {
		pdp->dtpd_id = (dtrace_id_t)strtoul(s, NULL, 10);
		return 0;
	}
	for (;; end = colon) {
		colon = memrchr(s, ':', (size_t)(end - s));
		if (i < 0)
			return dt_set_error(dtp, EDT_BADSPEC, "the probe description \"%s\" has too many parts", s);
		if (!set_part(part[i].p, part[i].size, colon ? colon + 1 : s, (size_t)(end - (colon ? colon + 1 : s))))
			return dt_set_error(dtp, EDT_BADSPEC, "a part of the probe description \"%s\" is too long", s);
		i--;
		if (!colon)
			return 0;
	}
}

char *dtrace_desc2str(const dtrace_probedesc_t *pdp, char *buf, size_t len)
{
	if (pdp->dtpd_id)
		snprintf(buf, len, "%u", pdp->dtpd_id);
	else
		snprintf(buf, len, "%s:%s:%s:%s", pdp->dtpd_provider, pdp->dtpd_mod, pdp->dtpd_func, pdp->dtpd_name);
	return buf;
}

/* ---- What ids in records mean, asked once each ------------------------------------ */

/*
 * EPROBE and AGGDESC take a struct with room for some record descriptions and
 * say how many there are: ask again if that was too little. @nrecs is where in
 * the struct that number stands.
 */
static void *ask_layout(dtrace_hdl_t *dtp, unsigned long req, const void *head, size_t size, size_t nrecs)
{
	uint32_t room = 8;

	for (int tries = 0; tries < 3; tries++) {
		char *d = calloc(1, size + room * sizeof(dtrace_recdesc_t));
		uint32_t *n;
		int rc;

		if (!d) {
			dt_set_errno(dtp, ENOMEM);
			return NULL;
		}
		memcpy(d, head, size);
		n = (uint32_t *)(d + nrecs);
		*n = room;
		rc = dt_ioctl(dtp, req, d);
		if (!rc && *n <= room)
			return d;
		room = *n;
		free(d);
		if (rc && rc != -ENOSPC) {
			dt_set_error(dtp, EDT_BADRECORD, "the kernel does not know an id of its "
							 "own records: %s", strerror(-rc));
			return NULL;
		}
		if (room > 65536)
			break;
	}
	dt_set_errno(dtp, EDT_BADRECORD);
	return NULL;
}

/* Every field of a layout lies within its record: nothing that reads data need check again. */
static bool layout_sane(const dtrace_recdesc_t *rec, uint32_t n, uint32_t size)
{
	for (uint32_t i = 0; i < n; i++)
		if (rec[i].dtrd_offset > size || rec[i].dtrd_size > size - rec[i].dtrd_offset)
			return false;
	return true;
}

/* Make index @id valid in a table that is indexed by small ids. */
static bool table_room(void *table, size_t *n, uint32_t id, size_t size)
{
	void **p = table, *grown;
	size_t want = *n ? *n : 256;

	if (id < *n)
		return true;
	if (id > 1u << 28)
		return false;
	while (want <= id)
		want *= 2;
	grown = reallocarray(*p, want, size);
	if (!grown)
		return false;
	memset((char *)grown + *n * size, 0, (want - *n) * size);
	*p = grown;
	*n = want;
	return true;
}

struct dt_eprobe *dt_eprobe(dtrace_hdl_t *dtp, dtrace_epid_t epid)
{
	dtrace_eprobedesc_t head = { .dtepd_epid = epid }, *ed;
	dtrace_probedesc_t *pd;

	if (epid < dtp->neprobes && dtp->eprobes[epid].edesc)
		return &dtp->eprobes[epid];
	if (!epid || !table_room(&dtp->eprobes, &dtp->neprobes, epid, sizeof(*dtp->eprobes))) {
		dt_set_errno(dtp, EDT_BADRECORD);
		return NULL;
	}
	ed = ask_layout(dtp, DTRACEIOC_EPROBE, &head, sizeof(head), offsetof(dtrace_eprobedesc_t, dtepd_nrecs));
	if (!ed)
		return NULL;
	pd = calloc(1, sizeof(*pd));
	if (!pd || !layout_sane(ed->dtepd_rec, ed->dtepd_nrecs, ed->dtepd_size)) {
		dt_set_errno(dtp, pd ? EDT_BADRECORD : ENOMEM);
		goto fail;
	}
	/* The probe may be gone (its process has exited) while its records are still here. */
	if (dtrace_id2desc(dtp, ed->dtepd_probeid, pd)) {
		if (dtp->err != EDT_NOPROBE)
			goto fail;
		pd->dtpd_id = ed->dtepd_probeid;
	}
	dtp->eprobes[epid] = (struct dt_eprobe){ ed, pd };
	return &dtp->eprobes[epid];
fail:
	free(ed);
	free(pd);
	return NULL;
}

dtrace_aggdesc_t *dt_aggdesc(dtrace_hdl_t *dtp, dtrace_aggid_t id)
{
	dtrace_aggdesc_t head = { .dtagd_id = id }, *ad;

	if (id < dtp->naggdescs && dtp->aggdescs[id])
		return dtp->aggdescs[id];
	if (!id || !table_room(&dtp->aggdescs, &dtp->naggdescs, id, sizeof(*dtp->aggdescs))) {
		dt_set_errno(dtp, EDT_BADRECORD);
		return NULL;
	}
	ad = ask_layout(dtp, DTRACEIOC_AGGDESC, &head, sizeof(head), offsetof(dtrace_aggdesc_t, dtagd_nrecs));
	if (!ad)
		return NULL;
	if (ad->dtagd_nrecs < 2 || !layout_sane(ad->dtagd_rec, ad->dtagd_nrecs, ad->dtagd_size)) {
		free(ad);
		dt_set_errno(dtp, EDT_BADRECORD);
		return NULL;
	}
	return dtp->aggdescs[id] = ad;
}

void dt_probes_free(dtrace_hdl_t *dtp)
{
	for (size_t i = 0; i < dtp->neprobes; i++) {
		free(dtp->eprobes[i].edesc);
		free(dtp->eprobes[i].pdesc);
	}
	for (size_t i = 0; i < dtp->naggdescs; i++)
		free(dtp->aggdescs[i]);
	free(dtp->eprobes);
	free(dtp->aggdescs);
}
