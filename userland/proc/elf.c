// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An object's file: mapped once, however many processes map it, and found
 * again by device, inode, modification time and size. Everything that is
 * handed out (names, text) points into the mapping, so an object costs address
 * space rather than memory. Package managers replace files by renaming; one
 * that truncates a library in place breaks the traced program before us.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <elfutils/libdwfl.h>
#include <gelf.h>

#include "impl.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct dt_elf *cache;	/* guarded by lock, and so are the reference counts */

struct dt_elf_strs {
	struct dt_elf_strs *next;
	size_t used, size;
	char data[];
};

/* Copy a string to memory that is freed with all the others; NULL: none left. */
const char *dt_elf_strs_add(struct dt_elf_strs **s, const char *str, size_t len)
{
	struct dt_elf_strs *c = *s;
	char *p;

	if (!c || c->size - c->used < len + 1) {
		size_t size = len + 1 > 16384 ? len + 1 : 16384;

		c = malloc(sizeof(*c) + size);
		if (!c)
			return NULL;
		c->next = *s;
		c->used = 0;
		c->size = size;
		*s = c;
	}
	p = c->data + c->used;
	memcpy(p, str, len);
	p[len] = 0;
	c->used += len + 1;
	return p;
}

void dt_elf_strs_free(struct dt_elf_strs *s)
{
	while (s) {
		struct dt_elf_strs *next = s->next;

		free(s);
		s = next;
	}
}

/* ---- Sections ------------------------------------------------------------- */

static int text_by_addr(const void *a, const void *b)
{
	const struct dt_text *x = a, *y = b;

	return x->lo < y->lo ? -1 : x->lo > y->lo;
}

/* The sections that hold code. Without section headers there are none, and no functions. */
static int read_texts(struct dt_elf *e)
{
	Elf_Scn *scn = NULL;
	size_t shstr, n = 0;

	if (elf_getshdrnum(e->elf, &n) || elf_getshdrstrndx(e->elf, &shstr))
		return 0;
	e->text = calloc(n + 1, sizeof(*e->text));
	if (!e->text)
		return -ENOMEM;
	while ((scn = elf_nextscn(e->elf, scn)) != NULL) {
		GElf_Shdr mem, *sh = gelf_getshdr(scn, &mem);
		const char *name;

		if (!sh || sh->sh_type != SHT_PROGBITS || !sh->sh_size ||
		    (sh->sh_flags & (SHF_ALLOC | SHF_EXECINSTR)) != (SHF_ALLOC | SHF_EXECINSTR))
			continue;
		if (sh->sh_addr + sh->sh_size < sh->sh_addr)
			continue;
		name = elf_strptr(e->elf, shstr, sh->sh_name);
		e->text[e->ntext++] = (struct dt_text) {
			.lo = sh->sh_addr, .hi = sh->sh_addr + sh->sh_size,
			.shndx = elf_ndxscn(scn),
			.is_plt = name && !strncmp(name, ".plt", 4),
		};
	}
	qsort(e->text, e->ntext, sizeof(*e->text), text_by_addr);
	return 0;
}

const struct dt_text *dt_elf_section_at(const struct dt_elf *e, uint64_t vaddr)
{
	for (size_t i = 0; i < e->ntext; i++) {
		if (vaddr >= e->text[i].lo && vaddr < e->text[i].hi)
			return &e->text[i];
	}
	return NULL;
}

Elf_Scn *dt_elf_section(struct dt_elf *e, const char *name, Elf64_Shdr *sh)
{
	Elf_Scn *scn = NULL;
	size_t shstr;

	if (elf_getshdrstrndx(e->elf, &shstr))
		return NULL;
	while ((scn = elf_nextscn(e->elf, scn)) != NULL) {
		GElf_Shdr mem, *s = gelf_getshdr(scn, &mem);
		const char *str = s ? elf_strptr(e->elf, shstr, s->sh_name) : NULL;

		if (str && !strcmp(str, name)) {
			*sh = *s;
			return scn;
		}
	}
	return NULL;
}

bool dt_elf_section_range(struct dt_elf *e, const char *name, uint64_t *vaddr, uint64_t *size)
{
	Elf64_Shdr sh;

	if (!dt_elf_section(e, name, &sh) || !(sh.sh_flags & SHF_ALLOC))
		return false;
	*vaddr = sh.sh_addr;
	*size = sh.sh_size;
	return true;
}

/* ---- What the headers tell ------------------------------------------------- */

const uint8_t *dt_elf_text(struct dt_elf *e, uint64_t vaddr, size_t *avail)
{
	for (size_t i = 0; i < e->nphdr; i++) {
		const Elf64_Phdr *ph = &e->phdr[i];
		uint64_t rel = vaddr - ph->p_vaddr;

		if (ph->p_type != PT_LOAD || vaddr < ph->p_vaddr || rel >= ph->p_filesz)
			continue;
		if (ph->p_offset > e->len || ph->p_filesz > e->len - ph->p_offset)
			return NULL;
		*avail = ph->p_filesz - rel;
		return e->map + ph->p_offset + rel;
	}
	return NULL;
}

static void read_buildid(struct dt_elf *e)
{
	for (size_t i = 0; i < e->nphdr; i++) {
		const Elf64_Phdr *ph = &e->phdr[i];
		size_t off = 0, avail, name, desc;
		const uint8_t *p;
		GElf_Nhdr nh;
		Elf_Data *d;

		if (ph->p_type != PT_NOTE || !(p = dt_elf_text(e, ph->p_vaddr, &avail)))
			continue;
		d = elf_getdata_rawchunk(e->elf, ph->p_offset, ph->p_filesz,
					 ph->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
		while (d && (off = gelf_getnote(d, off, &nh, &name, &desc)) > 0) {
			const uint8_t *b = (uint8_t *)d->d_buf + desc;

			if (nh.n_type != NT_GNU_BUILD_ID || nh.n_namesz != 4 || nh.n_descsz > 64 ||
			    memcmp((char *)d->d_buf + name, "GNU", 4))
				continue;
			for (size_t k = 0; k < nh.n_descsz; k++)
				sprintf(e->buildid + 2 * k, "%02x", b[k]);
			return;
		}
	}
}

static void read_soname(struct dt_elf *e)
{
	Elf64_Shdr sh;
	Elf_Scn *scn = dt_elf_section(e, ".dynamic", &sh);
	Elf_Data *d = scn ? elf_getdata(scn, NULL) : NULL;

	if (!d || sh.sh_type != SHT_DYNAMIC)
		return;
	for (size_t i = 0; i < d->d_size / sizeof(Elf64_Dyn); i++) {
		GElf_Dyn dyn;

		if (!gelf_getdyn(d, i, &dyn) || dyn.d_tag == DT_NULL)
			break;
		if (dyn.d_tag == DT_SONAME)
			e->soname = elf_strptr(e->elf, sh.sh_link, dyn.d_un.d_val);
	}
}

const char *dt_elf_buildid(struct dt_elf *e)
{
	return e->buildid;
}

bool dt_elf_is_static(struct dt_elf *e)
{
	for (size_t i = 0; i < e->nphdr; i++) {
		if (e->phdr[i].p_type == PT_INTERP)
			return false;
	}
	return true;
}

struct Elf *dt_elf_handle(struct dt_elf *e)
{
	return e->elf;
}

static int read_phdrs(struct dt_elf *e)
{
	size_t n;

	if (elf_getphdrnum(e->elf, &n) || !n)
		return -ENOEXEC;
	e->phdr = calloc(n, sizeof(*e->phdr));
	if (!e->phdr)
		return -ENOMEM;
	while (e->nphdr < n && gelf_getphdr(e->elf, e->nphdr, &e->phdr[e->nphdr]))
		e->nphdr++;
	return e->nphdr ? 0 : -ENOEXEC;
}

/* ---- Open and close -------------------------------------------------------- */

static void elf_destroy(struct dt_elf *e)
{
	if (e->fd >= 0)
		close(e->fd);
	if (e->dwfl)
		dwfl_end(e->dwfl);
	if (e->elf)
		elf_end(e->elf);
	if (e->is_heap)
		free((void *)e->map);
	else if (e->map)
		munmap((void *)e->map, e->len);
	dt_elf_strs_free(e->strs);
	free(e->name);
	free(e->func);
	free(e->alias);
	free(e->resolver);
	free(e->fde);
	free(e->text);
	free(e->phdr);
	free(e);
}

/* e->map, e->len are set: is it an x86-64 executable or library, and what is in it? */
static int elf_parse(struct dt_elf *e, const char *path, struct dt_err *err)
{
	const Elf64_Ehdr *eh;
	int rc;

	elf_version(EV_CURRENT);
	e->elf = elf_memory((char *)e->map, e->len);
	if (!e->elf || elf_kind(e->elf) != ELF_K_ELF)
		return dt_proc_fail(err, -ENOEXEC, "%s is not an ELF file", path);
	eh = elf64_getehdr(e->elf);
	if (!eh || eh->e_machine != EM_X86_64)
		return dt_proc_fail(err, -ENOTSUP, "%s is not 64-bit x86 code", path);
	rc = read_phdrs(e);
	if (rc == -ENOEXEC)
		return dt_proc_fail(err, rc, "%s has no program headers", path);
	if (!rc)
		rc = read_texts(e);
	if (rc)
		return dt_proc_fail(err, rc, "out of memory");
	read_buildid(e);
	read_soname(e);
	return 0;
}

int dt_elf_memory(void *buf, size_t len, struct dt_elf **ret)
{
	struct dt_elf *e = calloc(1, sizeof(*e));
	int rc;

	if (!e) {
		free(buf);
		return -ENOMEM;
	}
	e->refs = 1;
	e->fd = -1;
	e->map = buf;
	e->len = len;
	e->is_heap = true;
	rc = elf_parse(e, "[vdso]", NULL);
	if (rc)
		elf_destroy(e);
	else
		*ret = e;
	return rc;
}

static struct dt_elf *cache_find(const struct stat *st, uint64_t mtime)
{
	for (struct dt_elf *e = cache; e; e = e->next) {
		if (e->dev == st->st_dev && e->ino == st->st_ino && e->mtime == mtime &&
		    e->size == (uint64_t)st->st_size)
			return e;
	}
	return NULL;
}

static int open_locked(int fd, const char *path, struct dt_elf **ret, struct dt_err *err)
{
	struct dt_elf *e;
	struct stat st;
	uint64_t mtime;
	int rc;

	if (fstat(fd, &st))
		return dt_proc_fail(err, -errno, "cannot read %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(Elf64_Ehdr))
		return dt_proc_fail(err, -ENOEXEC, "%s is not an ELF file", path);
	mtime = st.st_mtim.tv_sec * 1000000000ull + st.st_mtim.tv_nsec;
	e = cache_find(&st, mtime);
	if (e) {
		e->refs++;
		*ret = e;
		return 0;
	}
	e = calloc(1, sizeof(*e));
	if (!e)
		return dt_proc_fail(err, -ENOMEM, "out of memory");
	e->refs = 1;
	e->fd = -1;
	e->dev = st.st_dev;
	e->ino = st.st_ino;
	e->mtime = mtime;
	e->size = e->len = st.st_size;
	e->map = mmap(NULL, e->len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (e->map == MAP_FAILED) {
		rc = dt_proc_fail(err, -errno, "cannot map %s: %s", path, strerror(errno));
		e->map = NULL;
		elf_destroy(e);
		return rc;
	}
	e->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	e->path = dt_elf_strs_add(&e->strs, path, strlen(path));
	rc = e->path ? elf_parse(e, path, err) : dt_proc_fail(err, -ENOMEM, "out of memory");
	if (rc) {
		elf_destroy(e);
		return rc;
	}
	e->next = cache;
	cache = e;
	*ret = e;
	return 0;
}

int dt_elf_open(int fd, const char *path, struct dt_elf **ret, struct dt_err *err)
{
	int rc;

	pthread_mutex_lock(&lock);
	rc = open_locked(fd, path, ret, err);
	pthread_mutex_unlock(&lock);
	return rc;
}

void dt_elf_put(struct dt_elf *e)
{
	if (!e)
		return;
	pthread_mutex_lock(&lock);
	if (!--e->refs) {
		for (struct dt_elf **p = &cache; *p; p = &(*p)->next) {
			if (*p == e) {
				*p = e->next;
				break;
			}
		}
		elf_destroy(e);
	}
	pthread_mutex_unlock(&lock);
}
