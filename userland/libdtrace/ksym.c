/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The running kernel's symbols, from /proc/kallsyms, read when first asked for.
 *
 * What has an address comes first in the table, by address, so that an address
 * finds its symbol (for stacks, sym()); then all others, which only names lead to:
 * offsets into the CPUs' own memory, and everything where a caller without
 * privilege is shown the address 0. Sizes are the distance to the next symbol:
 * kallsyms has no others. What lies beyond a module's last symbol is nobody's.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "names_impl.h"

struct dt_ksyms {
	struct dt_ksym *sym;	/* [n]; the first nlocated have addresses, by rising address */
	size_t n, nlocated;
	uint32_t *index;	/* hash by name: place in sym + 1; 0: free. NULL: not built yet */
	size_t mask;
	char *text;		/* what names and modules point into */
};

#define LAST_SIZE 4096u		/* at most, of the last symbol of a module */

/* The kernel's half of the addresses. */
static bool is_located(const struct dt_ksym *s)
{
	return s->addr >> 63;
}

static int cmp_sym(const void *a, const void *b)
{
	const struct dt_ksym *x = a, *y = b;

	if (is_located(x) != is_located(y))
		return is_located(x) ? -1 : 1;
	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return x->func - y->func;	/* dt_ksym_at() finds the last of them */
}

/* "ffffffff81000000 T name\t[module]": the module and its brackets are optional. */
static bool parse_line(char *line, struct dt_ksym *s)
{
	char *end, *name, *mod;

	s->addr = strtoull(line, &end, 16);
	if (end == line || *end != ' ' || !end[1] || end[2] != ' ')
		return false;
	s->func = strchr("tTwW", end[1]) != NULL;
	s->global = end[1] >= 'A' && end[1] <= 'Z';
	name = end + 3;
	mod = strchr(name, '\t');
	s->name = name;
	s->mod = "vmlinux";
	if (mod) {
		*mod++ = 0;
		if (*mod == '[') {
			s->mod = ++mod;
			mod[strcspn(mod, "]")] = 0;
		}
	}
	return *name;
}

static void set_sizes(struct dt_ksyms *ks)
{
	while (ks->nlocated < ks->n && is_located(&ks->sym[ks->nlocated]))
		ks->nlocated++;
	for (size_t i = ks->nlocated, next = ks->nlocated; i-- > 0;) {
		struct dt_ksym *s = &ks->sym[i];

		if (i + 1 < ks->nlocated && s->addr != s[1].addr)
			next = i + 1;
		s->size = next < ks->nlocated ? ks->sym[next].addr - s->addr : LAST_SIZE;
		if (s->size > LAST_SIZE && next < ks->nlocated && strcmp(s->mod, ks->sym[next].mod))
			s->size = LAST_SIZE;
	}
}

static struct dt_ksyms *read_ksyms(dtrace_hdl_t *dtp)
{
	struct dt_ksyms *ks = calloc(1, sizeof(*ks));
	FILE *fp = fopen("/proc/kallsyms", "re");
	size_t room = 0, len;
	char *line, *next;

	if (!ks || !fp)
		goto out;
	ks->text = dt_source_read(dtp, fp, &len);
	for (line = ks->text; line && *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = 0;
		if (!dt_grow(&ks->sym, ks->n, &room, sizeof(*ks->sym)))
			break;
		ks->n += parse_line(line, &ks->sym[ks->n]);
	}
	if (ks->n)
		qsort(ks->sym, ks->n, sizeof(*ks->sym), cmp_sym);
	set_sizes(ks);
out:
	if (fp)
		fclose(fp);
	return ks;
}

const struct dt_ksym *dt_ksym_at(dtrace_hdl_t *dtp, uint64_t addr)
{
	size_t lo = 0, hi;

	if (!dtp->ksyms)
		dtp->ksyms = read_ksyms(dtp);
	if (!dtp->ksyms)
		return NULL;
	for (hi = dtp->ksyms->nlocated; lo < hi;) {
		size_t mid = lo + (hi - lo) / 2;

		if (dtp->ksyms->sym[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || addr - dtp->ksyms->sym[lo - 1].addr >= dtp->ksyms->sym[lo - 1].size)
		return NULL;
	return &dtp->ksyms->sym[lo - 1];
}

static size_t hash(const char *name)
{
	size_t h = 2166136261u;

	while (*name)
		h = (h ^ (unsigned char)*name++) * 16777619u;
	return h;
}

static bool build_index(struct dt_ksyms *ks)
{
	size_t room = 1024;

	while (room < ks->n * 2)
		room *= 2;
	ks->index = calloc(room, sizeof(*ks->index));
	if (!ks->index)
		return false;
	ks->mask = room - 1;
	for (size_t i = 0; i < ks->n; i++) {
		size_t h = hash(ks->sym[i].name) & ks->mask;

		while (ks->index[h])
			h = (h + 1) & ks->mask;
		ks->index[h] = (uint32_t)i + 1;
	}
	return true;
}

/* Of symbols with one name: vmlinux' before modules', global ones before local. */
static int preference(const struct dt_ksym *s)
{
	return (strcmp(s->mod, "vmlinux") ? 0 : 2) + s->global;
}

const struct dt_ksym *dt_ksym_find(dtrace_hdl_t *dtp, const char *mod, const char *name)
{
	const struct dt_ksym *best = NULL, *s;
	struct dt_ksyms *ks;

	if (!dtp->ksyms)
		dtp->ksyms = read_ksyms(dtp);
	ks = dtp->ksyms;
	if (!ks || (!ks->index && !build_index(ks)))
		return NULL;
	for (size_t h = hash(name) & ks->mask; ks->index[h]; h = (h + 1) & ks->mask) {
		s = &ks->sym[ks->index[h] - 1];
		if (!strcmp(s->name, name) && (!*mod || !strcmp(s->mod, mod)) &&
		    (!best || preference(s) > preference(best)))
			best = s;
	}
	return best;
}

void dt_ksyms_free(struct dt_ksyms *ks)
{
	if (!ks)
		return;
	free(ks->sym);
	free(ks->index);
	free(ks->text);
	free(ks);
}

int dtrace_lookup_by_addr(dtrace_hdl_t *dtp, GElf_Addr addr, GElf_Sym *sym, dtrace_syminfo_t *sip)
{
	const struct dt_ksym *s = dt_ksym_at(dtp, addr);

	if (!s)
		return dt_set_errno(dtp, EDT_NOSYM);
	if (sym)
		*sym = (GElf_Sym){ .st_info = GELF_ST_INFO(STB_GLOBAL, s->func ? STT_FUNC : STT_OBJECT),
				   .st_value = s->addr, .st_size = s->size };
	if (sip)
		*sip = (dtrace_syminfo_t){ .dts_object = s->mod, .dts_name = s->name };
	return 0;
}

int dtrace_addr2str(dtrace_hdl_t *dtp, uint64_t addr, char *buf, int nbytes)
{
	const struct dt_ksym *s = dt_ksym_at(dtp, addr);
	size_t n = nbytes > 0 ? (size_t)nbytes : 0;

	if (!s)
		return snprintf(buf, n, "0x%" PRIx64, addr) + 1;
	if (addr == s->addr)
		return snprintf(buf, n, "%s`%s", s->mod, s->name) + 1;
	return snprintf(buf, n, "%s`%s+0x%" PRIx64, s->mod, s->name, addr - s->addr) + 1;
}
