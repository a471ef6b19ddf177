/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The running kernel's symbols, from /proc/kallsyms, read when first asked for. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dt_impl.h"

struct dt_ksyms {
	struct dt_ksym *sym;	/* by rising address */
	size_t n;
	char *text;		/* what names and modules point into */
};

static int cmp_sym(const void *a, const void *b)
{
	const struct dt_ksym *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* "ffffffff81000000 T name\t[module]": the module and its brackets are optional. */
static bool parse_line(char *line, struct dt_ksym *s)
{
	char *end, *name, *mod;

	s->addr = strtoull(line, &end, 16);
	if (end == line || *end != ' ' || !end[1] || end[2] != ' ' || !strchr("tTwW", end[1]))
		return false;
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
	return s->addr && *name;
}

static void set_sizes(struct dt_ksyms *ks)
{
	for (size_t i = 0; i < ks->n; i++) {
		size_t next = i + 1;

		while (next < ks->n && ks->sym[next].addr == ks->sym[i].addr)
			next++;
		ks->sym[i].size = next < ks->n ? ks->sym[next].addr - ks->sym[i].addr : 4096;
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
	for (hi = dtp->ksyms->n; lo < hi;) {
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

void dt_ksyms_free(struct dt_ksyms *ks)
{
	if (!ks)
		return;
	free(ks->sym);
	free(ks->text);
	free(ks);
}

int dtrace_lookup_by_addr(dtrace_hdl_t *dtp, GElf_Addr addr, GElf_Sym *sym, dtrace_syminfo_t *sip)
{
	const struct dt_ksym *s = dt_ksym_at(dtp, addr);

	if (!s)
		return dt_set_errno(dtp, EDT_NOSYM);
	if (sym)
		*sym = (GElf_Sym){ .st_info = GELF_ST_INFO(STB_GLOBAL, STT_FUNC),
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
