// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Names in a probe's arguments: "8@counter(%rip)". The compiler wrote the
 * variable's name into the note as text, where no linker resolves it. So it is looked up in
 * the file's symbol tables, and counts only if all that bear the name are one variable:
 * a static one of another source file would be another number.
 */
#include <gelf.h>
#include <string.h>

#include "usdt.h"

struct wanted {
	const char *name;
	bool tls;
	unsigned found;
	uint64_t value;
};

static void look_in(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh, struct wanted *w)
{
	Elf_Data *d = elf_getdata(scn, NULL);
	size_t n = d && sh->sh_entsize ? d->d_size / sh->sh_entsize : 0;
	const char *s;
	GElf_Sym sym;

	for (size_t i = 1; i < n; i++) {
		if (!gelf_getsym(d, (int)i, &sym) || sym.st_shndx == SHN_UNDEF || sym.st_shndx == SHN_ABS)
			continue;
		if ((GELF_ST_TYPE(sym.st_info) == STT_TLS) != w->tls)
			continue;
		s = elf_strptr(elf, sh->sh_link, sym.st_name);
		if (!s || strcmp(s, w->name) || (w->found && sym.st_value == w->value))
			continue;
		w->found++;
		w->value = sym.st_value;
	}
}

/*
 * An executable's thread-local variables end where %fs points (the ABI's variant II), so their distance
 * is known when it is linked.
 */
static bool tls_distance(Elf *elf, uint64_t offset, int64_t *value)
{
	GElf_Phdr ph;
	size_t n;

	if (elf_getphdrnum(elf, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_TLS)
			continue;
		if (!ph.p_align || ph.p_align & (ph.p_align - 1) || ph.p_vaddr & (ph.p_align - 1))
			return false;
		*value = (int64_t)(offset - ((ph.p_memsz + ph.p_align - 1) & -ph.p_align));
		return true;
	}
	return false;
}

bool dt_usdt_symbol(Elf *elf, const char *name, enum dt_name_kind kind, int64_t *value)
{
	struct wanted w = { .name = name, .tls = kind == DT_NAME_TPOFF };
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &sh) && (sh.sh_type == SHT_SYMTAB || sh.sh_type == SHT_DYNSYM))
			look_in(elf, scn, &sh, &w);
	if (w.found != 1)
		return false;
	if (w.tls)
		return tls_distance(elf, w.value, value);
	*value = (int64_t)w.value;
	return true;
}
