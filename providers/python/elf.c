// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the file says by itself. An interpreter is known by _PyEval_EvalFrameDefault,
 * which every CPython since 3.6 exports (extension modules and debuggers need
 * it), so it is in .dynsym even where all else has been stripped. The file's
 * name says nothing: python3 may be a shell script, and uwsgi is an interpreter.
 */
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include "python.h"
#include "../usdt/usdt.h"

#define MARK	"_PyEval_EvalFrameDefault"
#define OLD_MARK "PyEval_EvalFrameEx"		/* until 3.5, and for extension modules still */

/* ---- Symbols ------------------------------------------------------------------------ */

/* All tables are read whole several times, so no call per symbol. Files are of 64 bits here. */
static uint64_t symbol_in(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh, const char *name)
{
	Elf_Data *d = elf_getdata(scn, NULL), *str = elf_getdata(elf_getscn(elf, sh->sh_link), NULL);
	size_t n = d && d->d_buf ? d->d_size / sizeof(Elf64_Sym) : 0, len = strlen(name) + 1;
	const Elf64_Sym *sym = n ? d->d_buf : NULL;

	if (!str || !str->d_buf)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (sym[i].st_shndx == SHN_UNDEF || !sym[i].st_value || sym[i].st_name >= str->d_size ||
		    str->d_size - sym[i].st_name < len)
			continue;
		if (!memcmp((char *)str->d_buf + sym[i].st_name, name, len))
			return sym[i].st_value;
	}
	return 0;
}

static uint64_t symbol_of_type(Elf *elf, unsigned int type, const char *name)
{
	Elf_Scn *scn = NULL;
	uint64_t v = 0;

	while (!v && (scn = elf_nextscn(elf, scn)) != NULL) {
		GElf_Shdr mem, *sh = gelf_getshdr(scn, &mem);

		if (sh && sh->sh_type == type)
			v = symbol_in(elf, scn, sh, name);
	}
	return v;
}

static uint64_t symbol(Elf *elf, const char *name)
{
	uint64_t v = symbol_of_type(elf, SHT_DYNSYM, name);

	return v ? v : symbol_of_type(elf, SHT_SYMTAB, name);
}

uint64_t dt_py_symbol(struct dt_elf *e, const char *name)
{
	return symbol(dt_elf_handle(e), name);
}

/* Most files are no interpreters: their string tables don't even hold the name. */
static bool has_string(Elf *elf, const char *name)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(elf, scn)) != NULL) {
		GElf_Shdr mem, *sh = gelf_getshdr(scn, &mem);
		Elf_Data *d;

		if (!sh || sh->sh_type != SHT_STRTAB)
			continue;
		d = elf_rawdata(scn, NULL);
		if (d && d->d_buf && memmem(d->d_buf, d->d_size, name, strlen(name) + 1))
			return true;
	}
	return false;
}

static bool has_mark(Elf *elf)
{
	return elf_kind(elf) == ELF_K_ELF && gelf_getclass(elf) == ELFCLASS64 && has_string(elf, MARK) &&
	       symbol(elf, MARK);
}

bool dt_py_maybe(const char *path)
{
	return dt_statics_ask(path, has_mark);
}

bool dt_py_read(struct dt_elf *e, uint64_t addr, void *buf, size_t n)
{
	size_t avail;
	const uint8_t *p = dt_elf_text(e, addr, &avail);

	if (!p || avail < n)
		return false;
	memcpy(buf, p, n);
	return true;
}

/* ---- Version -------------------------------------------------------------------------- */

/*
 * Since 3.11 the file says it: Py_Version. Before, each minor version added to the
 * exported C API, and nothing was ever taken from it again that is named here.
 */
static const struct {
	const char *symbol;
	int since;
} added[] = {
	{ "_PyRuntime", 7 },
	{ "PySys_Audit", 8 },
	{ "PyFrame_GetCode", 9 },
	{ "PyModule_AddObjectRef", 10 },
};

static int version_by_api(struct dt_elf *e, const char *name, struct dt_err *err)
{
	int minor = 6;

	for (size_t i = 0; i < sizeof(added) / sizeof(*added); i++) {
		bool has = dt_py_symbol(e, added[i].symbol) != 0;

		if (has && minor != added[i].since - 1)
			return dt_proc_fail(err, -ENOTSUP, "%s is a Python interpreter whose version cannot be told: "
					    "it has %s but lacks what came before", name, added[i].symbol);
		if (has)
			minor = added[i].since;
	}
	return minor;
}

static int version_by_variable(struct dt_elf *e, uint64_t addr, const char *name, struct dt_err *err)
{
	uint32_t v;

	if (!dt_py_read(e, addr, &v, sizeof(v)))
		return dt_proc_fail(err, -ENOTSUP, "%s is a Python interpreter whose version cannot be read", name);
	if (v >> 24 != 3 || (v >> 16 & 0xff) < 11 || (v >> 16 & 0xff) > 15)
		return dt_proc_fail(err, -ENOTSUP, "%s is Python %u.%u.%u: known are 3.6 to 3.15", name, v >> 24,
				    v >> 16 & 0xff, v >> 8 & 0xff);
	return v >> 16 & 0xff;
}

int dt_py_version(struct dt_elf *e, const char *name, struct dt_err *err)
{
	uint64_t addr;
	int minor;

	if (!has_string(dt_elf_handle(e), MARK) || !dt_py_symbol(e, MARK)) {
		if (!has_string(dt_elf_handle(e), OLD_MARK) || !dt_py_symbol(e, OLD_MARK) ||
		    dt_notes_any(dt_elf_handle(e)))	/* its own static probes are all that it has */
			return -ENOENT;
		return dt_proc_fail(err, -ENOTSUP, "%s is a Python older than 3.6: known are 3.6 to 3.15", name);
	}
	addr = dt_py_symbol(e, "Py_Version");
	minor = addr ? version_by_variable(e, addr, name, err) : version_by_api(e, name, err);
	if (minor < 0)
		return minor;
	/* Objects are longer where every reference is traced: until 3.7 in all debug builds. */
	if (dt_py_symbol(e, "_Py_PrintReferences") || (minor < 8 && dt_py_symbol(e, "_Py_RefTotal")))
		return dt_proc_fail(err, -ENOTSUP,
				    "%s is a debug build of Python 3.%d that traces references: its objects "
				    "have another layout",
				    name, minor);
	return minor;
}

/* ---- Words that point to code ------------------------------------------------------------- */

bool dt_py_is_code(const struct dt_py_elf *pe, uint64_t addr)
{
	for (size_t i = 0; i < pe->ncode; i++) {
		if (addr >= pe->code[i].lo && addr < pe->code[i].hi)
			return true;
	}
	return false;
}

static int add_word(struct dt_py_elf *pe, size_t *max, uint64_t addr, uint64_t value)
{
	if (!dt_py_is_code(pe, value))
		return 0;
	if (pe->nword == *max) {
		size_t more = *max ? 2 * *max : 4096;
		struct dt_py_word *w = realloc(pe->word, more * sizeof(*w));

		if (!w)
			return -ENOMEM;
		pe->word = w;
		*max = more;
	}
	pe->word[pe->nword++] = (struct dt_py_word){ addr, value };
	return 0;
}

/* Without relocations a word is what the file holds; nearly all of them are far from any code. */
static int fixed_words(struct dt_py_elf *pe, size_t *max)
{
	uint64_t lo = ~0ull, hi = 0;
	size_t n;

	for (size_t i = 0; i < pe->ncode; i++) {
		lo = pe->code[i].lo < lo ? pe->code[i].lo : lo;
		hi = pe->code[i].hi > hi ? pe->code[i].hi : hi;
	}

	if (elf_getphdrnum(dt_elf_handle(pe->elf), &n))
		return 0;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr mem, *ph = gelf_getphdr(dt_elf_handle(pe->elf), i, &mem);
		const uint8_t *p;
		size_t avail;

		if (!ph || ph->p_type != PT_LOAD || (ph->p_flags & PF_X))
			continue;
		p = dt_elf_text(pe->elf, ph->p_vaddr, &avail);
		for (size_t at = -ph->p_vaddr & 7; p && at + 8 <= avail; at += 8) {
			uint64_t v;

			memcpy(&v, p + at, 8);
			if (v >= lo && v < hi && add_word(pe, max, ph->p_vaddr + at, v))
				return -ENOMEM;
		}
	}
	return 0;
}

static int rela_words(struct dt_py_elf *pe, size_t *max, Elf_Data *d)
{
	for (size_t i = 0; i < d->d_size / sizeof(Elf64_Rela); i++) {
		GElf_Rela rel;

		if (gelf_getrela(d, i, &rel) && GELF_R_TYPE(rel.r_info) == R_X86_64_RELATIVE &&
		    add_word(pe, max, rel.r_offset, rel.r_addend))
			return -ENOMEM;
	}
	return 0;
}

/* An even entry is an address; odd ones are maps of the 63 words that follow. */
static int relr_words(struct dt_py_elf *pe, size_t *max, uint64_t addr, uint64_t size)
{
	uint64_t where = 0, entry, v;

	for (uint64_t at = 0; at + 8 <= size; at += 8) {
		if (!dt_py_read(pe->elf, addr + at, &entry, 8))
			return 0;
		if (!(entry & 1)) {
			if (dt_py_read(pe->elf, entry, &v, 8) && add_word(pe, max, entry, v))
				return -ENOMEM;
			where = entry + 8;
			continue;
		}
		for (int i = 0; i < 63; i++) {
			if ((entry >> (i + 1) & 1) && dt_py_read(pe->elf, where + 8 * i, &v, 8) &&
			    add_word(pe, max, where + 8 * i, v))
				return -ENOMEM;
		}
		where += 63 * 8;
	}
	return 0;
}

#ifndef SHT_RELR
#define SHT_RELR 19
#endif

static int relocated_words(struct dt_py_elf *pe, size_t *max)
{
	Elf *elf = dt_elf_handle(pe->elf);
	Elf_Scn *scn = NULL;
	int rc = 0;

	while (!rc && (scn = elf_nextscn(elf, scn)) != NULL) {
		GElf_Shdr mem, *sh = gelf_getshdr(scn, &mem);
		Elf_Data *d;

		if (!sh || !(sh->sh_flags & SHF_ALLOC))
			continue;
		if (sh->sh_type == SHT_RELR)
			rc = relr_words(pe, max, sh->sh_addr, sh->sh_size);
		else if (sh->sh_type == SHT_RELA && (d = elf_getdata(scn, NULL)) != NULL)
			rc = rela_words(pe, max, d);
	}
	return rc;
}

static int by_addr(const void *a, const void *b)
{
	const struct dt_py_word *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static bool is_sorted(const struct dt_py_elf *pe)
{
	for (size_t i = 1; i < pe->nword; i++) {
		if (pe->word[i].addr < pe->word[i - 1].addr)
			return false;
	}
	return true;
}

int dt_py_elf_open(struct dt_elf *e, struct dt_py_elf *ret, struct dt_err *err)
{
	Elf *elf = dt_elf_handle(e);
	size_t n, max = 0;
	GElf_Ehdr mem;
	int rc;

	memset(ret, 0, sizeof(*ret));
	ret->elf = e;
	ret->is_fixed = gelf_getehdr(elf, &mem) && mem.e_type == ET_EXEC;
	if (elf_getphdrnum(elf, &n))
		n = 0;
	for (size_t i = 0; i < n && ret->ncode < sizeof(ret->code) / sizeof(*ret->code); i++) {
		GElf_Phdr pm, *ph = gelf_getphdr(elf, i, &pm);

		if (ph && ph->p_type == PT_LOAD && (ph->p_flags & PF_X)) {
			ret->code[ret->ncode].lo = ph->p_vaddr;
			ret->code[ret->ncode++].hi = ph->p_vaddr + ph->p_filesz;
		}
	}
	rc = ret->is_fixed ? fixed_words(ret, &max) : relocated_words(ret, &max);
	if (rc) {
		dt_py_elf_close(ret);
		return dt_proc_fail(err, rc, "out of memory");
	}
	if (!is_sorted(ret))
		qsort(ret->word, ret->nword, sizeof(*ret->word), by_addr);
	return 0;
}

void dt_py_elf_close(struct dt_py_elf *pe)
{
	free(pe->word);
	memset(pe, 0, sizeof(*pe));
}
