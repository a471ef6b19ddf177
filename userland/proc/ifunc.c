// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What an indirect function's name means in one process.
 *
 * The dynamic linker calls the resolver and stores the implementation's
 * address where a relocation says. So the answer is in the process's memory:
 *
 *   1. the object's own IRELATIVE relocations name the resolver directly and
 *      are done before any code runs;
 *   2. any object's relocation against the name holds it once it is bound
 *      (lazily bound ones point to the caller's own stub until then);
 *   3. if we have the very same file mapped ourselves, our dynamic linker has
 *      the same choice to make on the same CPU, and makes it when asked,
 *      unless somebody tunes it by GLIBC_TUNABLES.
 *
 * Anything else is not guessed: the name is reported as unbound.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "impl.h"

#define MAX_NAMES	4096	/* no library has as many: keeps a hostile file cheap */

struct rela {			/* a relocation that may hold a function's address */
	uint32_t type;
	uint64_t slot;		/* ELF virtual address of what it fills */
	int64_t addend;
	const GElf_Sym *sym;	/* NULL: IRELATIVE */
	const char *name;
};

typedef void rela_f(const struct rela *r, void *ctx);

static void walk_section(struct dt_elf *e, const Elf64_Shdr *sh, Elf_Data *d, rela_f *f, void *ctx)
{
	Elf_Scn *symscn = elf_getscn(e->elf, sh->sh_link);
	GElf_Shdr mem, *symsh = symscn ? gelf_getshdr(symscn, &mem) : NULL;
	Elf_Data *syms = symsh && symsh->sh_type == SHT_DYNSYM ? elf_getdata(symscn, NULL) : NULL;

	for (size_t i = 0; i < d->d_size / sizeof(Elf64_Rela); i++) {
		GElf_Rela in;
		GElf_Sym sym;
		struct rela r;

		if (!gelf_getrela(d, i, &in))
			return;
		r = (struct rela) {
			.type = ELF64_R_TYPE(in.r_info), .slot = in.r_offset, .addend = in.r_addend,
		};
		switch (r.type) {
		case R_X86_64_64:
		case R_X86_64_GLOB_DAT:
		case R_X86_64_JUMP_SLOT:
			if (!syms || !ELF64_R_SYM(in.r_info) ||
			    !gelf_getsym(syms, ELF64_R_SYM(in.r_info), &sym))
				continue;
			r.sym = &sym;
			r.name = elf_strptr(e->elf, symsh->sh_link, r.sym->st_name);
			if (!r.name || (r.type == R_X86_64_64 && r.addend))
				continue;
			break;
		case R_X86_64_IRELATIVE:
			break;
		default:
			continue;
		}
		f(&r, ctx);
	}
}

static void walk_relas(struct dt_elf *e, rela_f *f, void *ctx)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(e->elf, scn)) != NULL) {
		GElf_Shdr mem, *sh = gelf_getshdr(scn, &mem);
		Elf_Data *d;

		if (sh && sh->sh_type == SHT_RELA && (sh->sh_flags & SHF_ALLOC) &&
		    (d = elf_getdata(scn, NULL)) != NULL)
			walk_section(e, sh, d, f, ctx);
	}
}

/* ---- Binding ------------------------------------------------------------------- */

struct search {
	struct dt_proc *p;
	struct dt_obj *o;	/* whose names we look for */
	struct dt_obj *from;	/* whose relocations we read */
};

static bool is_ambiguous(const struct dt_obj *o, size_t i)
{
	const struct dt_ifunc *f = o->ifunc;

	return (i && !strcmp(f[i - 1].name, f[i].name)) ||
	       (i + 1 < o->nifunc && !strcmp(f[i + 1].name, f[i].name));
}

/* The name at index @i has the value @addr: an implementation, if a function starts there. */
static void bind_to(struct search *s, size_t i, uint64_t addr)
{
	struct dt_ifunc *f = &s->o->ifunc[i];
	const struct dt_object *in = dt_proc_object_at(s->p, addr);
	const struct dt_func *func;
	size_t n;
	long k;

	if (f->func != DT_IFUNC_UNBOUND || !in)
		return;
	if (in->is_vdso)
		f->func = DT_IFUNC_ELSEWHERE;
	if (in != &s->o->pub || addr - in->bias == f->resolver)
		return;
	func = dt_elf_functions(in->elf, &n);
	k = dt_elf_func_at(in->elf, addr - in->bias);
	if (k >= 0 && func[k].addr == addr - in->bias && !func[k].is_frag)
		f->func = k;
}

static bool read_slot(struct search *s, const struct rela *r, uint64_t *value)
{
	return dt_proc_read(s->p, s->from->pub.bias + r->slot, value, 8) == 8;
}

static void see_own(const struct rela *r, void *ctx)
{
	struct search *s = ctx;
	struct dt_obj *o = s->o;
	uint64_t resolver = r->sym ? r->sym->st_value : (uint64_t)r->addend, value;
	bool read = false;

	if (r->sym && (ELF64_ST_TYPE(r->sym->st_info) != STT_GNU_IFUNC || !r->sym->st_shndx))
		return;
	for (size_t i = 0; i < o->nifunc; i++) {
		if (o->ifunc[i].resolver != resolver || o->ifunc[i].func != DT_IFUNC_UNBOUND)
			continue;
		if (!read && !read_slot(s, r, &value))
			return;
		read = true;
		bind_to(s, i, value);
	}
}

static long find_name(const struct dt_obj *o, const char *name)
{
	size_t lo = 0, hi = o->nifunc;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(o->ifunc[mid].name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < o->nifunc && !strcmp(o->ifunc[lo].name, name) ? (long)lo : -1;
}

static void see_other(const struct rela *r, void *ctx)
{
	struct search *s = ctx;
	uint64_t value;
	long i;

	if (!r->sym || r->sym->st_shndx)
		return;
	i = find_name(s->o, r->name);
	if (i >= 0 && s->o->ifunc[i].func == DT_IFUNC_UNBOUND && !is_ambiguous(s->o, i) &&
	    read_slot(s, r, &value))
		bind_to(s, i, value);
}

static bool all_bound(const struct dt_obj *o)
{
	for (size_t i = 0; i < o->nifunc; i++) {
		if (o->ifunc[i].func == DT_IFUNC_UNBOUND)
			return false;
	}
	return true;
}

/* Names of one resolver mean the same. */
static void share(struct dt_obj *o)
{
	for (size_t i = 0; i < o->nifunc; i++) {
		struct dt_ifunc *f = &o->ifunc[i];

		for (size_t k = 0; f->func == DT_IFUNC_UNBOUND && k < o->nifunc; k++) {
			if (o->ifunc[k].resolver == f->resolver)
				f->func = o->ifunc[k].func;
		}
	}
}

/* ---- Our own copy ---------------------------------------------------------------- */

struct mine {
	const struct dt_elf *elf;
	uint64_t bias;
	char path[512];
};

static int is_mine(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct mine *m = ctx;
	struct stat st;

	(void)size;
	if (!info->dlpi_name[0] || stat(info->dlpi_name, &st) || st.st_dev != m->elf->dev ||
	    st.st_ino != m->elf->ino)
		return 0;
	m->bias = info->dlpi_addr;
	snprintf(m->path, sizeof(m->path), "%s", info->dlpi_name);
	return 1;
}

/* Is glibc's choice of implementations tuned there? Unreadable counts as yes. */
static bool is_tuned(const struct dt_proc *p)
{
	char name[64], *var = NULL;
	size_t size = 0;
	bool tuned = false;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/environ", p->pid);
	f = fopen(name, "re");
	if (!f)
		return true;
	while (!tuned && getdelim(&var, &size, 0, f) > 0)
		tuned = !strncmp(var, "GLIBC_TUNABLES=", 15);
	free(var);
	fclose(f);
	return tuned;
}

static bool is_math_library(const struct dt_elf *e)
{
	return e->soname && (!strcmp(e->soname, "libm.so.6") || !strcmp(e->soname, "libmvec.so.1"));
}

static void ask_our_linker(struct search *s)
{
	struct mine m = { .elf = s->o->pub.elf };
	void *lib = NULL, *mapped = NULL;

	if (getenv("GLIBC_TUNABLES") || is_tuned(s->p))
		return;
	/* The system's own: nobody else's constructors are run in here. */
	if (is_math_library(m.elf))
		mapped = dlopen(m.elf->soname, RTLD_LAZY | RTLD_LOCAL);
	if (dl_iterate_phdr(is_mine, &m))
		lib = dlopen(m.path, RTLD_LAZY | RTLD_NOLOAD);
	for (size_t i = 0; lib && i < s->o->nifunc; i++) {
		void *addr = is_ambiguous(s->o, i) ? NULL : dlsym(lib, s->o->ifunc[i].name);

		if (addr)
			bind_to(s, i, (uintptr_t)addr - m.bias + s->o->pub.bias);
	}
	if (lib)
		dlclose(lib);
	if (mapped)
		dlclose(mapped);
}

/* ---- All of it -------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct dt_ifunc *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void list_names(struct dt_obj *o)
{
	struct dt_elf *e = o->pub.elf;
	size_t n;

	o->ifunc_known = true;
	dt_elf_functions(e, &n);
	o->ifunc = calloc(e->nresolver + 1, sizeof(*o->ifunc));
	for (size_t i = 0; o->ifunc && i < e->nresolver && i < MAX_NAMES; i++) {
		o->ifunc[o->nifunc++] = (struct dt_ifunc) {
			.name = e->resolver[i].name, .resolver = e->resolver[i].addr,
			.func = DT_IFUNC_UNBOUND,
		};
	}
	if (o->nifunc)
		qsort(o->ifunc, o->nifunc, sizeof(*o->ifunc), by_name);
}

const struct dt_ifunc *dt_object_ifuncs(struct dt_proc *p, struct dt_object *object, size_t *n)
{
	struct dt_obj *o = (struct dt_obj *)object;
	struct search s = { .p = p, .o = o, .from = o };

	*n = 0;
	if (!object->elf)
		return NULL;
	if (!o->ifunc_known)
		list_names(o);
	*n = o->nifunc;
	if (all_bound(o) || p->is_dead)
		return o->ifunc;
	walk_relas(object->elf, see_own, &s);
	share(o);
	for (size_t i = 0; i < p->nobj && !all_bound(o); i++) {
		s.from = p->obj[i];
		if (s.from != o && s.from->pub.elf)
			walk_relas(s.from->pub.elf, see_other, &s);
	}
	share(o);
	if (!all_bound(o) && !object->is_vdso)
		ask_our_linker(&s);
	share(o);
	return o->ifunc;
}
