// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An object's functions.
 *
 * Symbols come from .symtab (or, in a stripped file, from a separate debug
 * file or .gnu_debugdata, which libdw finds) and .dynsym. They are sorted by
 * address; symbols of one address become one function with aliases; a
 * function ends where the next one begins. Assembler's functions often have no
 * size: they get it from the unwind table or the next symbol. What the unwind
 * table knows and no symbol covers becomes a function named by its address.
 *
 *   collect -> sort -> merge aliases -> sizes, clip -> add unwind ranges -> fragments
 *
 * Loading happens once per file, under a lock, and the result never changes.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <elfutils/libdwfl.h>

#include "impl.h"

struct sym {
	uint64_t addr, size;
	const char *name;
	uint32_t len;		/* of the name, without a version */
	uint8_t src;
	bool is_ifunc, is_global, is_weak;
};

struct syms {
	struct sym *v;
	size_t n, max;
};

static int add_sym(struct dt_elf *e, struct syms *s, const Elf64_Sym *in, uint64_t addr,
		   const char *name, uint8_t src)
{
	unsigned int type = ELF64_ST_TYPE(in->st_info), bind = ELF64_ST_BIND(in->st_info);
	const struct dt_text *text;
	const char *at;

	if ((type != STT_FUNC && type != STT_GNU_IFUNC) || !name || !*name ||
	    in->st_shndx == SHN_UNDEF || in->st_shndx == SHN_ABS || in->st_shndx == SHN_COMMON)
		return 0;
	text = dt_elf_section_at(e, addr);
	if (!text || text->is_plt)
		return 0;
	if (s->n == s->max) {
		size_t max = s->max ? 2 * s->max : 1024;
		struct sym *v = realloc(s->v, max * sizeof(*v));

		if (!v)
			return -ENOMEM;
		s->v = v;
		s->max = max;
	}
	at = strchr(name, '@');
	s->v[s->n++] = (struct sym) {
		.addr = addr,
		.size = in->st_size < text->hi - addr ? in->st_size : text->hi - addr,
		.name = name,
		.len = at && at > name ? at - name : (ptrdiff_t)strlen(name),
		.src = src,
		.is_ifunc = type == STT_GNU_IFUNC,
		.is_global = bind != STB_LOCAL,
		.is_weak = bind == STB_WEAK,
	};
	return 0;
}

/* The file's own tables: .symtab or .dynsym. *found: there is such a table. */
static int read_table(struct dt_elf *e, uint32_t type, uint8_t src, struct syms *s, bool *found)
{
	Elf_Scn *scn = NULL;

	*found = false;
	while ((scn = elf_nextscn(e->elf, scn)) != NULL) {
		GElf_Shdr mem, *sh = gelf_getshdr(scn, &mem);
		Elf_Data *d;

		if (!sh || sh->sh_type != type || !(d = elf_getdata(scn, NULL)))
			continue;
		*found = true;
		for (size_t i = 1; i < d->d_size / sizeof(Elf64_Sym); i++) {
			GElf_Sym sym;
			int rc;

			if (!gelf_getsym(d, i, &sym))
				break;
			rc = add_sym(e, s, &sym, sym.st_value,
				     elf_strptr(e->elf, sh->sh_link, sym.st_name), src);
			if (rc)
				return rc;
		}
	}
	return 0;
}

/* ---- Separate debug files --------------------------------------------------- */

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

static int read_module(struct dt_elf *e, Dwfl_Module *mod, struct syms *s, bool *found)
{
	int n = dwfl_module_getsymtab(mod);
	const char *debugfile = NULL;
	uint8_t src;

	dwfl_module_info(mod, NULL, NULL, NULL, NULL, NULL, NULL, &debugfile);
	src = debugfile ? DT_SRC_DEBUGFILE : DT_SRC_DEBUGDATA;
	for (int i = 1; i < n; i++) {
		GElf_Sym sym;
		GElf_Addr addr;
		GElf_Word shndx;
		Elf *from = NULL;
		const char *name = dwfl_module_getsym_info(mod, i, &sym, &addr, &shndx,
							   &from, NULL);
		GElf_Addr bias;
		int rc;

		if (!name || from == dwfl_module_getelf(mod, &bias))
			continue;	/* .dynsym, which is read without libdw */
		*found = true;
		rc = add_sym(e, s, &sym, addr, name, src);
		if (rc)
			return rc;
	}
	return 0;
}

/* Let libdw look for what was stripped: by build-id, .gnu_debuglink, debuginfod, .gnu_debugdata. */
static int read_separate(struct dt_elf *e, struct syms *s)
{
	bool found = false;
	Dwfl_Module *mod;
	Dwfl *dwfl;
	int fd, rc = 0;

	if (e->is_heap || e->fd < 0)
		return 0;
	dwfl = dwfl_begin(&callbacks);
	if (!dwfl)
		return -ENOMEM;
	dwfl_report_begin(dwfl);
	fd = fcntl(e->fd, F_DUPFD_CLOEXEC, 0);
	mod = dwfl_report_elf(dwfl, e->path, e->path, fd, 0, true);
	if (!mod && fd >= 0)
		close(fd);
	dwfl_report_end(dwfl, NULL, NULL);
	if (mod)
		rc = read_module(e, mod, s, &found);
	if (found)
		e->dwfl = dwfl;
	else
		dwfl_end(dwfl);
	return rc;
}

/* ---- From symbols to functions ---------------------------------------------- */

static unsigned int underscores(const struct sym *s)
{
	unsigned int n = 0;

	while (s->name[n] == '_')
		n++;
	return n;
}

/* By address; of one address, the name to show first. */
static int sym_order(const void *a, const void *b)
{
	const struct sym *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if (x->is_ifunc != y->is_ifunc)
		return x->is_ifunc - y->is_ifunc;
	if (x->is_global != y->is_global)
		return y->is_global - x->is_global;
	if (underscores(x) != underscores(y))
		return underscores(x) < underscores(y) ? -1 : 1;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	if (strncmp(x->name, y->name, x->len))
		return strncmp(x->name, y->name, x->len);
	return x->src - y->src;
}

static const char *plain_name(struct dt_elf *e, const struct sym *s)
{
	return s->name[s->len] ? dt_elf_strs_add(&e->strs, s->name, s->len) : s->name;
}

static bool same_name(const struct sym *a, const struct sym *b)
{
	return a->len == b->len && !strncmp(a->name, b->name, a->len);
}

/* The names of one address, best first: a function, its aliases, the IFUNC names. */
static int add_group(struct dt_elf *e, const struct sym *s, size_t n)
{
	struct dt_func *f = &e->func[e->nfunc];

	*f = (struct dt_func) {
		.name = plain_name(e, s), .addr = s->addr, .src = s->src,
		.is_ifunc = s->is_ifunc, .is_global = s->is_global, .cold = -1,
	};
	if (!f->name)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *name = i ? plain_name(e, &s[i]) : f->name;

		if (!name)
			return -ENOMEM;
		if (s[i].size > f->size)
			f->size = s[i].size;
		if (i && same_name(&s[i], &s[i - 1]) && s[i].is_ifunc == s[i - 1].is_ifunc)
			continue;
		if (s[i].is_ifunc)
			e->resolver[e->nresolver++] = (struct dt_resolver) { name, s->addr };
		else if (i)
			e->alias[e->nalias++] = (struct dt_alias) { name, e->nfunc };
	}
	e->nfunc++;
	return 0;
}

static const struct dt_fde *fde_at(const struct dt_fde *fde, size_t n, uint64_t addr)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (fde[mid].lo < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && fde[lo].lo == addr ? &fde[lo] : NULL;
}

/*
 * A label inside a sized function that nobody else can call (assembler gives
 * some of them a function's type but no size) is no function of its own.
 */
static bool is_inner_label(const struct sym *s, uint64_t outer_end, bool has_fde)
{
	return !s->size && !s->is_global && !has_fde && s->addr < outer_end;
}

static int group_syms(struct dt_elf *e, struct syms *s, const struct dt_fde *fde, size_t nfde)
{
	uint64_t outer_end = 0;
	size_t n;

	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), sym_order);
	e->func = malloc((s->n + 1) * sizeof(*e->func));
	e->alias = malloc((s->n + 1) * sizeof(*e->alias));
	e->resolver = malloc((s->n + 1) * sizeof(*e->resolver));
	if (!e->func || !e->alias || !e->resolver)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i += n) {
		const struct dt_fde *f = fde_at(fde, nfde, s->v[i].addr);
		int rc;

		for (n = 1; i + n < s->n && s->v[i + n].addr == s->v[i].addr; n++)
			;
		if (is_inner_label(&s->v[i], outer_end, f))
			continue;
		rc = add_group(e, &s->v[i], n);
		if (rc)
			return rc;
		if (!e->func[e->nfunc - 1].size && f)
			e->func[e->nfunc - 1].size = f->hi - f->lo;
		if (e->func[e->nfunc - 1].addr + e->func[e->nfunc - 1].size > outer_end)
			outer_end = e->func[e->nfunc - 1].addr + e->func[e->nfunc - 1].size;
	}
	return 0;
}

/* ---- Sizes -------------------------------------------------------------------- */

#define MAX_PIECES	16	/* of a function that others lie in */

struct pieces {			/* what is left of functions behind those inside them */
	struct dt_func *v;
	size_t n, max;
};

static int add_piece(struct pieces *p, const struct dt_func *f, size_t owner, uint64_t lo, uint64_t hi)
{
	if (p->n == p->max) {
		size_t max = p->max ? 2 * p->max : 64;
		struct dt_func *v = realloc(p->v, max * sizeof(*v));

		if (!v)
			return -ENOMEM;
		p->v = v;
		p->max = max;
	}
	p->v[p->n++] = (struct dt_func) {
		.name = f->name, .addr = lo, .size = hi - lo, .src = f->src,
		.is_frag = true, .cold = owner,
	};
	return 0;
}

/* Function @i ends where the next begins; what it has behind that one are pieces of it. */
static int clip(struct dt_elf *e, size_t i, struct pieces *p)
{
	struct dt_func *f = &e->func[i];
	uint64_t end = f->addr + f->size, at;
	int rc = 0;

	if (i + 1 == e->nfunc || end <= f[1].addr)
		return 0;
	f->size = f[1].addr - f->addr;
	at = f[1].addr;
	for (size_t k = i + 1; !rc && at < end && k < i + MAX_PIECES; k++) {
		const struct dt_func *g = &e->func[k];
		uint64_t next = k + 1 < e->nfunc && g[1].addr < end ? g[1].addr : end;

		if (k >= e->nfunc || g->addr >= end)
			break;
		if (g->addr + g->size > at)
			at = g->addr + g->size;
		if (at < next)
			rc = add_piece(p, f, i, at, next);
		at = next;
	}
	return rc;
}

/* A size for functions of assembler: up to the next thing that is known. */
static uint64_t guess_size(const struct dt_elf *e, size_t i, const struct dt_fde *fde, size_t nfde)
{
	uint64_t addr = e->func[i].addr, end = dt_elf_section_at(e, addr)->hi;
	size_t lo = 0, hi = nfde;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (fde[mid].lo <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < nfde && fde[lo].lo < end)
		end = fde[lo].lo;
	if (i + 1 < e->nfunc && e->func[i + 1].addr < end)
		end = e->func[i + 1].addr;
	return end - addr;
}

/* ---- Unwind ranges ------------------------------------------------------------ */

static int by_addr(const void *a, const void *b)
{
	const struct dt_func *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

long dt_elf_search(const struct dt_elf *e, uint64_t vaddr)
{
	size_t lo = 0, hi = e->nfunc;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (e->func[mid].addr <= vaddr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || vaddr - e->func[lo - 1].addr >= e->func[lo - 1].size)
		return -1;
	return lo - 1;
}

long dt_elf_func_at(struct dt_elf *e, uint64_t vaddr)
{
	size_t n;

	dt_elf_functions(e, &n);
	return dt_elf_search(e, vaddr);
}

static int range_func(struct dt_elf *e, const struct dt_fde *f, uint64_t hi, struct dt_func *ret)
{
	char name[24];
	int len = snprintf(name, sizeof(name), "0x%llx", (unsigned long long)f->lo);

	*ret = (struct dt_func) {
		.name = dt_elf_strs_add(&e->strs, name, len), .addr = f->lo, .size = hi - f->lo,
		.src = DT_SRC_EHFRAME, .cold = -1,
	};
	return ret->name ? 0 : -ENOMEM;
}

/* Append what only the unwind table knows; @n functions are sorted already. */
static int add_ranges(struct dt_elf *e, const struct dt_fde *fde, size_t nfde)
{
	size_t n = e->nfunc, k = 0;

	for (size_t i = 0; i < nfde; i++) {
		const struct dt_text *text = dt_elf_section_at(e, fde[i].lo);
		uint64_t hi = fde[i].hi;
		int rc;

		if (!text || text->is_plt)
			continue;
		while (k < n && e->func[k].addr <= fde[i].lo)
			k++;
		if (k && fde[i].lo - e->func[k - 1].addr < e->func[k - 1].size)
			continue;
		if (k < n && e->func[k].addr < hi)
			hi = e->func[k].addr;
		if (i + 1 < nfde && fde[i + 1].lo < hi)
			hi = fde[i + 1].lo;
		if (hi > text->hi)
			hi = text->hi;
		if (hi == fde[i].lo)
			continue;
		rc = range_func(e, &fde[i], hi, &e->func[e->nfunc]);
		if (rc)
			return rc;
		e->nfunc++;
	}
	return 0;
}

/* Everything into one array by address; indices kept in aliases and pieces follow. */
static int merge(struct dt_elf *e, size_t nsym, const struct pieces *p)
{
	uint64_t *addr = malloc((nsym + 1) * sizeof(*addr));

	if (!addr)
		return -ENOMEM;
	for (size_t i = 0; i < nsym; i++)
		addr[i] = e->func[i].addr;
	if (p->n)
		memcpy(e->func + e->nfunc, p->v, p->n * sizeof(*p->v));
	e->nfunc += p->n;
	qsort(e->func, e->nfunc, sizeof(*e->func), by_addr);
	for (size_t i = 0; i < e->nalias; i++)
		e->alias[i].func = dt_elf_search(e, addr[e->alias[i].func]);
	for (size_t i = 0; i < e->nfunc; i++) {
		if (e->func[i].is_frag)
			e->func[i].cold = dt_elf_search(e, addr[e->func[i].cold]);
	}
	free(addr);
	return 0;
}

/*
 * The kernel has handlers return to this code; nobody calls it. Unwinders that
 * have no table for it know it by its bytes, so they must stay.
 */
static bool is_sigreturn(struct dt_elf *e, const struct dt_func *f)
{
	static const uint8_t sigreturn[] = { 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05 };
	size_t avail;
	const uint8_t *code = dt_elf_text(e, f->addr, &avail);

	return code && avail >= sizeof(sigreturn) && !memcmp(code, sigreturn, sizeof(sigreturn));
}

static int mark_code(struct dt_elf *e, const struct dt_fde *fde, size_t nfde)
{
	bool *plain = malloc(e->nfunc + 1);
	int rc;

	if (!plain)
		return -ENOMEM;
	for (size_t i = 0; i < e->nfunc; i++) {
		const struct dt_fde *f = fde_at(fde, nfde, e->func[i].addr);

		e->func[i].is_code = f;
		e->func[i].is_frag |= is_sigreturn(e, &e->func[i]);
		plain[i] = !f || f->plain;
	}
	rc = dt_fragments_mark(e, plain);
	free(plain);
	return rc;
}

static int build(struct dt_elf *e, struct syms *s, const struct dt_fde *fde, size_t nfde)
{
	struct pieces pieces = { 0 };
	struct dt_func *f;
	size_t nsym;
	int rc;

	rc = group_syms(e, s, fde, nfde);
	for (size_t i = 0; !rc && i < e->nfunc; i++) {
		if (!e->func[i].size)
			e->func[i].size = guess_size(e, i, fde, nfde);
		rc = clip(e, i, &pieces);
	}
	nsym = e->nfunc;
	f = rc ? NULL : realloc(e->func, (nsym + nfde + pieces.n + 1) * sizeof(*f));
	if (f) {
		e->func = f;
		rc = add_ranges(e, fde, nfde);
		if (!rc)
			rc = merge(e, nsym, &pieces);
		if (!rc)
			rc = mark_code(e, fde, nfde);
	} else if (!rc) {
		rc = -ENOMEM;
	}
	free(pieces.v);
	return rc;
}

/* ---- By name -------------------------------------------------------------------- */

static int alias_order(const void *a, const void *b)
{
	const struct dt_alias *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : x->func < y->func ? -1 : x->func > y->func;
}

/* All names, sorted: functions' own ones among their aliases. */
static int index_names(struct dt_elf *e)
{
	e->name = malloc((e->nfunc + e->nalias + 1) * sizeof(*e->name));
	if (!e->name)
		return -ENOMEM;
	for (size_t i = 0; i < e->nfunc; i++)
		e->name[e->nname++] = (struct dt_alias) { e->func[i].name, i };
	memcpy(e->name + e->nname, e->alias, e->nalias * sizeof(*e->alias));
	e->nname += e->nalias;
	qsort(e->name, e->nname, sizeof(*e->name), alias_order);
	return 0;
}

long dt_elf_find(struct dt_elf *e, const char *name)
{
	size_t lo = 0, hi, n;

	dt_elf_functions(e, &n);
	for (hi = e->nname; lo < hi; ) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(e->name[mid].name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == e->nname || strcmp(e->name[lo].name, name))
		return -1;
	return e->name[lo].func;
}

size_t dt_elf_naliases(struct dt_elf *e)
{
	size_t n;

	dt_elf_functions(e, &n);
	return e->nalias;
}

const char *dt_elf_alias(struct dt_elf *e, size_t i, size_t *func)
{
	*func = e->alias[i].func;
	return e->alias[i].name;
}

/* ---- All of it ------------------------------------------------------------------- */

static int load(struct dt_elf *e)
{
	struct dt_fde *fde = NULL;
	struct syms s = { 0 };
	size_t nfde = 0;
	bool found, has_symtab;
	int rc;

	rc = read_table(e, SHT_SYMTAB, DT_SRC_SYMTAB, &s, &has_symtab);
	if (!rc && !has_symtab)
		rc = read_separate(e, &s);
	if (!rc)
		rc = read_table(e, SHT_DYNSYM, DT_SRC_DYNSYM, &s, &found);
	if (!rc)
		rc = dt_ehframe_read(e, &fde, &nfde);
	if (!rc)
		rc = build(e, &s, fde, nfde);
	if (!rc)
		rc = index_names(e);
	free(fde);
	free(s.v);
	return rc;
}

static void load_once(struct dt_elf *e)
{
	if (load(e))
		e->nfunc = e->nalias = e->nname = e->nresolver = 0;
	if (e->fd >= 0)
		close(e->fd);
	e->fd = -1;
	__atomic_store_n(&e->loaded, true, __ATOMIC_RELEASE);
}

const struct dt_func *dt_elf_functions(struct dt_elf *e, size_t *n)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	if (!__atomic_load_n(&e->loaded, __ATOMIC_ACQUIRE)) {
		pthread_mutex_lock(&lock);
		if (!e->loaded)
			load_once(e);
		pthread_mutex_unlock(&lock);
	}
	*n = e->nfunc;
	return e->func;
}
