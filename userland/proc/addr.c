// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What lies at an address: binary searches over the objects and over the
 * functions of the one found. Nothing is asked of the process, so names of
 * recorded addresses come out after it has exited or closed the library.
 */
#include <stdio.h>
#include <string.h>

#include "impl.h"

static struct dt_obj *obj_at(const struct dt_proc *p, uint64_t addr)
{
	size_t lo = 0, hi = p->nobj;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (p->by_addr[mid]->image_lo <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo && addr < p->by_addr[lo - 1]->image_hi)
		return p->by_addr[lo - 1];
	for (size_t i = p->ngone; i-- > 0; ) {
		if (addr >= p->gone[i]->image_lo && addr < p->gone[i]->image_hi)
			return p->gone[i];
	}
	return NULL;
}

struct dt_object *dt_proc_object_at(struct dt_proc *p, uint64_t addr)
{
	struct dt_obj *o = obj_at(p, addr);

	return o ? &o->pub : NULL;
}

/* A range that only the unwind table knows may be what an IFUNC's name means: memcpy. */
static const char *shown_name(const struct dt_obj *o, const struct dt_func *f, long i)
{
	if (f->src != DT_SRC_EHFRAME)
		return f->name;
	for (size_t k = 0; k < o->nifunc; k++) {
		if (o->ifunc[k].func == i)
			return o->ifunc[k].name;
	}
	return f->name;
}

bool dt_proc_lookup(struct dt_proc *p, uint64_t addr, struct dt_sym *ret)
{
	struct dt_obj *o = obj_at(p, addr);
	const struct dt_func *f;
	size_t n;
	long i;

	memset(ret, 0, sizeof(*ret));
	if (!o)
		return false;
	ret->obj = &o->pub;
	ret->offset = addr - o->pub.bias;
	i = o->pub.elf ? dt_elf_func_at(o->pub.elf, addr - o->pub.bias) : -1;
	if (i < 0)
		return true;
	if (!o->ifunc_known)
		dt_object_ifuncs(p, &o->pub, &n);
	f = &dt_elf_functions(o->pub.elf, &n)[i];
	ret->func = shown_name(o, f, i);
	ret->start = f->addr + o->pub.bias;
	ret->size = f->size;
	ret->offset = addr - ret->start;
	return true;
}

char *dt_proc_addrname(struct dt_proc *p, uint64_t addr, bool demangle, char *buf, size_t n)
{
	struct dt_sym s;
	char name[1024];

	if (!dt_proc_lookup(p, addr, &s)) {
		snprintf(buf, n, "0x%llx", (unsigned long long)addr);
		return buf;
	}
	if (s.func && demangle)
		dt_demangle(s.func, name, sizeof(name));
	else if (s.func)
		snprintf(name, sizeof(name), "%s", s.func);
	if (!s.func)
		snprintf(buf, n, "%s`0x%llx", s.obj->name, (unsigned long long)s.offset);
	else if (s.offset)
		snprintf(buf, n, "%s`%s+0x%llx", s.obj->name, name, (unsigned long long)s.offset);
	else
		snprintf(buf, n, "%s`%s", s.obj->name, name);
	return buf;
}
