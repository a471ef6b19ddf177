// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Probes and points on their way to the kernel. Points are collected as they
 * come and sorted and made unique when an ADD is sent; a large object goes in
 * several ADDs, so that memory stays small. Every ADD stands alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "impl.h"

#define FULL	32768		/* probes or points after which a batch is sent */

static int grow(void **v, size_t *max, size_t need, size_t size)
{
	size_t n = *max ? *max : 1024;
	void *p;

	if (need <= *max)
		return 0;
	while (n < need)
		n *= 2;
	p = realloc(*v, n * size);
	if (!p)
		return -ENOMEM;
	*v = p;
	*max = n;
	return 0;
}

static int add_str(struct dt_pid_batch *b, const char *s, uint32_t *ret)
{
	size_t len = strlen(s) + 1;

	if (grow((void **)&b->str, &b->maxstr, b->nstr + len, 1))
		return -ENOMEM;
	memcpy(b->str + b->nstr, s, len);
	*ret = b->nstr;
	b->nstr += len;
	return 0;
}

static int add_name(struct dt_pid_batch *b, const char *name, uint16_t type, uint32_t *ret)
{
	uint32_t *known = type == DTRACE_PID_ENTRY ? &b->entry :
			  type == DTRACE_PID_RETURN ? &b->ret : NULL;
	int rc;

	if (!known)
		return add_str(b, name, ret);
	rc = *known ? 0 : add_str(b, name, known);
	*ret = *known;
	return rc;
}

static int add_func(struct dt_pid_batch *b, const char *func, uint32_t *ret)
{
	int rc = 0;

	if (!b->last_func || strcmp(b->str + b->last_func, func))
		rc = add_str(b, func, &b->last_func);
	*ret = b->last_func;
	return rc;
}

static void clear(struct dt_pid_batch *b)
{
	b->npoint = b->nprobe = b->nref = b->nstr = b->nstep = 0;
	b->entry = b->ret = b->last_func = 0;
}

void dt_pid_batch_init(struct dt_pid_batch *b, dt_pid_call_f *call, void *ctx, uint64_t cookie)
{
	memset(b, 0, sizeof(*b));
	b->call = call;
	b->ctx = ctx;
	b->cookie = cookie;
}

void dt_pid_batch_free(struct dt_pid_batch *b)
{
	free(b->point);
	free(b->probe);
	free(b->ref);
	free(b->site);
	free(b->step);
	free(b->str);
}

int dt_pid_batch_probe(struct dt_pid_batch *b, const char *func, const char *name, uint16_t type,
		       uint32_t flags, const struct dt_pid_range *r)
{
	struct dtrace_pid_probe *p;
	uint32_t mod;
	int rc = 0;

	if (b->nprobe >= FULL || b->npoint >= FULL)
		rc = dt_pid_batch_send(b);
	if (!rc && !b->nstr)	/* the module's name is the first string */
		rc = add_str(b, b->obj->name, &mod);
	if (rc || grow((void **)&b->probe, &b->maxprobe, b->nprobe + 1, sizeof(*p)))
		return rc ? rc : -ENOMEM;
	p = &b->probe[b->nprobe];
	memset(p, 0, sizeof(*p));
	p->type = type;
	p->flags = flags;
	p->lo = r->lo;
	p->hi = r->hi;
	if (r->lo2 < r->hi2) {
		p->nranges = 1;
		p->lo2 = r->lo2;
		p->hi2 = r->hi2;
	}
	p->ref = b->nref;
	rc = add_func(b, func, &p->func);
	if (!rc)
		rc = add_name(b, name, type, &p->name);
	if (!rc)
		b->nprobe++;
	return rc;
}

int dt_pid_batch_point(struct dt_pid_batch *b, const struct dtrace_pid_point *point, uint64_t bias)
{
	if (grow((void **)&b->point, &b->maxpoint, b->npoint + 1, sizeof(*b->point)) ||
	    grow((void **)&b->ref, &b->maxref, b->nref + 1, sizeof(*b->ref)))
		return -ENOMEM;
	b->point[b->npoint] = *point;
	b->point[b->npoint].addr += bias;
	b->ref[b->nref++] = b->npoint++;
	b->probe[b->nprobe - 1].nref++;
	return 0;
}

int dt_pid_batch_recipe(struct dt_pid_batch *b, const char *prov, const char *func, const char *name, uint64_t addr)
{
	struct dt_pid_range r = { addr, addr + 1, 0, 0 };
	int rc = 0;

	if (strlen(prov) >= sizeof(b->prov))
		return -EINVAL;
	if (strcmp(b->prov, prov)) {
		rc = dt_pid_batch_send(b);
		strcpy(b->prov, prov);
	}
	return rc ? rc : dt_pid_batch_probe(b, func, name, DTRACE_PID_RECIPE, 0, &r);
}

int dt_pid_batch_place(struct dt_pid_batch *b, const struct dtrace_pid_point *point, uint64_t bias,
		       const struct dtrace_step *step, size_t nstep, uint64_t sem)
{
	if (grow((void **)&b->site, &b->maxsite, b->nref + 1, sizeof(*b->site)) ||
	    grow((void **)&b->step, &b->maxstep, b->nstep + nstep, sizeof(*b->step)))
		return -ENOMEM;
	b->site[b->nref] = (struct dtrace_pid_site){ .sem = sem ? sem + bias : 0, .step = b->nstep, .nstep = nstep };
	if (nstep)
		memcpy(b->step + b->nstep, step, nstep * sizeof(*step));
	b->nstep += nstep;
	return dt_pid_batch_point(b, point, bias);
}

static int by_addr(const void *a, const void *b, void *ctx)
{
	const struct dtrace_pid_point *p = ctx;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (p[x].addr != p[y].addr)
		return p[x].addr < p[y].addr ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Sort and unite points of one address; refs follow. */
static int arrange(struct dt_pid_batch *b)
{
	uint32_t *order = malloc((b->npoint + 1) * sizeof(*order));
	uint32_t *place = malloc((b->npoint + 1) * sizeof(*place));
	struct dtrace_pid_point *sorted = malloc((b->npoint + 1) * sizeof(*sorted));
	size_t n = 0;

	if (!order || !place || !sorted) {
		free(order);
		free(place);
		free(sorted);
		return -ENOMEM;
	}
	for (size_t i = 0; i < b->npoint; i++)
		order[i] = i;
	qsort_r(order, b->npoint, sizeof(*order), by_addr, b->point);
	for (size_t i = 0; i < b->npoint; i++) {
		const struct dtrace_pid_point *p = &b->point[order[i]];

		if (!n || sorted[n - 1].addr != p->addr)
			sorted[n++] = *p;
		else if (p->prefix)
			sorted[n - 1] = *p;
		place[order[i]] = n - 1;
	}
	for (size_t i = 0; i < b->nref; i++)
		b->ref[i] = place[b->ref[i]];
	free(b->point);
	b->point = sorted;
	b->maxpoint = b->npoint + 1;
	b->npoint = n;
	free(order);
	free(place);
	return 0;
}

int dt_pid_batch_send(struct dt_pid_batch *b)
{
	struct dtrace_pid_add add = {
		.cookie = b->cookie, .lo = b->obj->lo, .hi = b->obj->hi,
		.flags = b->obj->is_exe ? DTRACE_PID_EXE : 0,
	};
	int rc;

	if (!b->nprobe)
		return 0;
	rc = arrange(b);
	if (rc)
		return rc;
	add.points = (uintptr_t)b->point;
	add.probes = (uintptr_t)b->probe;
	add.refs = (uintptr_t)b->ref;
	add.strs = (uintptr_t)b->str;
	add.npoints = b->npoint;
	add.nprobes = b->nprobe;
	add.nrefs = b->nref;
	add.nstrs = b->nstr;
	if (*b->prov) {
		rc = add_str(b, b->prov, &add.prov);
		if (rc)
			return rc;
		add.strs = (uintptr_t)b->str;
		add.nstrs = b->nstr;
		add.flags |= DTRACE_PID_PROV;
		add.sites = (uintptr_t)b->site;
		add.steps = (uintptr_t)b->step;
		add.nsteps = b->nstep;
	}
	rc = b->call(b->ctx, DTRACE_PID_ADD, &add, sizeof(add));
	if (!rc) {
		b->nadded += add.nadded;
		b->npoints += b->npoint;
		b->nprobes += b->nprobe;
	}
	clear(b);
	return rc;
}
