// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the dynamic linker publishes for debuggers: struct r_debug, found by
 * the executable's DT_DEBUG entry. It gives the order of the objects (that of
 * symbol lookup, which people expect) and the address it calls when the list
 * has changed. All of it is the process's own memory: it may be anything.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "impl.h"

#define MAX_OBJECTS	100000		/* a list longer than this is a loop */
#define MAX_NAMESPACES	64
#define UNLISTED	(~(size_t)0)

int dt_proc_auxv(struct dt_proc *p)
{
	Elf64_auxv_t av[64];
	char name[64];
	ssize_t n;
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/auxv", p->pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, av, sizeof(av));
	close(fd);
	if (n <= 0)
		return -ESRCH;
	p->at_base = p->at_entry = p->at_phdr = p->at_phnum = p->at_vdso = 0;
	for (size_t i = 0; i < n / sizeof(av[0]); i++) {
		switch (av[i].a_type) {
		case AT_BASE: p->at_base = av[i].a_un.a_val; break;
		case AT_ENTRY: p->at_entry = av[i].a_un.a_val; break;
		case AT_PHDR: p->at_phdr = av[i].a_un.a_val; break;
		case AT_PHNUM: p->at_phnum = av[i].a_un.a_val; break;
		case AT_SYSINFO_EHDR: p->at_vdso = av[i].a_un.a_val; break;
		}
	}
	return 0;
}

static bool read_all(struct dt_proc *p, uint64_t addr, void *buf, size_t n)
{
	return addr && dt_proc_read(p, addr, buf, n) == (ssize_t)n;
}

/* Address of the executable's struct r_debug, 0 if there is none (yet). */
static uint64_t find_rdebug(struct dt_proc *p)
{
	uint64_t bias = 0, dynamic = 0, size = 0;
	bool known = false;
	Elf64_Dyn dyn;

	for (uint64_t i = 0; i < p->at_phnum && i < 64; i++) {
		Elf64_Phdr ph;

		if (!read_all(p, p->at_phdr + i * sizeof(ph), &ph, sizeof(ph)))
			return 0;
		if (ph.p_type == PT_PHDR) {
			bias = p->at_phdr - ph.p_vaddr;
			known = true;
		} else if (ph.p_type == PT_DYNAMIC) {
			dynamic = ph.p_vaddr;
			size = ph.p_memsz;
		}
	}
	for (size_t i = 0; !known && i < p->nobj; i++) {
		if (p->obj[i]->pub.is_exe) {
			bias = p->obj[i]->pub.bias;
			known = true;
		}
	}
	for (uint64_t i = 0; known && dynamic && i < size / sizeof(dyn) && i < 1024; i++) {
		if (!read_all(p, bias + dynamic + i * sizeof(dyn), &dyn, sizeof(dyn)) ||
		    dyn.d_tag == DT_NULL)
			break;
		if (dyn.d_tag == DT_DEBUG)
			return dyn.d_un.d_ptr;
	}
	return 0;
}

static void order_list(struct dt_proc *p, uint64_t at, size_t *next)
{
	struct link_map lm;

	for (size_t i = 0; i < MAX_OBJECTS && read_all(p, at, &lm, 5 * sizeof(void *)); i++) {
		for (size_t k = 0; k < p->nobj; k++) {
			struct dt_obj *o = p->obj[k];

			if (!o->pub.is_vdso && o->order == UNLISTED && o->pub.bias == lm.l_addr &&
			    (uintptr_t)lm.l_ld >= o->image_lo && (uintptr_t)lm.l_ld < o->image_hi) {
				o->order = (*next)++;
				break;
			}
		}
		at = (uintptr_t)lm.l_next;
	}
}

uint64_t dt_object_dynsym(const struct dt_object *o, const char *name)
{
	Elf_Scn *scn = NULL;

	while (o->elf && (scn = elf_nextscn(o->elf->elf, scn)) != NULL) {
		GElf_Shdr mem, *sh = gelf_getshdr(scn, &mem);
		Elf_Data *d;

		if (!sh || sh->sh_type != SHT_DYNSYM || !(d = elf_getdata(scn, NULL)))
			continue;
		for (size_t i = 1; i < d->d_size / sizeof(Elf64_Sym); i++) {
			const char *str;
			GElf_Sym sym;

			if (!gelf_getsym(d, i, &sym))
				break;
			str = elf_strptr(o->elf->elf, sh->sh_link, sym.st_name);
			if (str && sym.st_shndx != SHN_UNDEF && !strcmp(str, name))
				return o->bias + sym.st_value;
		}
	}
	return 0;
}

void dt_rdebug_read(struct dt_proc *p)
{
	struct {
		struct r_debug r;
		uint64_t next;		/* since version 2: another namespace's */
	} rd;
	uint64_t at = find_rdebug(p);
	size_t next = 1;

	p->rbrk = 0;
	for (size_t i = 0; i < p->nobj; i++) {
		struct dt_obj *o = p->obj[i];

		o->order = o->pub.is_exe ? 0 : UNLISTED;
		if (o->pub.is_interp)
			p->rbrk = dt_object_dynsym(&o->pub, "_dl_debug_state");
	}
	for (size_t i = 0; i < MAX_NAMESPACES && read_all(p, at, &rd.r, sizeof(rd.r)); i++) {
		if (rd.r.r_brk && !i)
			p->rbrk = rd.r.r_brk;
		order_list(p, (uintptr_t)rd.r.r_map, &next);
		if (rd.r.r_version < 2 || !read_all(p, at + sizeof(rd.r), &rd.next, 8))
			break;
		at = rd.next;
	}
}

int dt_rdebug_state(struct dt_proc *p)
{
	struct r_debug r;

	return read_all(p, find_rdebug(p), &r, sizeof(r)) ? (int)r.r_state : -1;
}

uint64_t dt_proc_rbrk(struct dt_proc *p)
{
	return p->rbrk;
}

uint64_t dt_proc_entry(const struct dt_proc *p)
{
	return p->at_entry;
}

bool dt_proc_linked(struct dt_proc *p)
{
	return !p->at_base || dt_rdebug_state(p) == RT_CONSISTENT;
}
