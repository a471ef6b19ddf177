// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * dtrace -G: the object that a program with probes is linked with. It holds the semaphores, one of
 * 16 bits for each probe; everything else about a probe is in the note beside it. Headers of
 * dtrace -h define them, too, so all are weak.
 *
 * The object has no code, and says what linkers ask of each object: that it
 * needs no executable stack, and does not stand in the way of IBT and shadow stacks.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "usdt.h"

enum { S_NULL, S_PROBES, S_PROPERTY, S_STACK, S_SYMTAB, S_STRTAB, S_SHSTRTAB };

static const char section_names[] = "\0.probes\0.note.gnu.property\0.note.GNU-stack\0.symtab\0.strtab\0.shstrtab";

/* "GNU", NT_GNU_PROPERTY_TYPE_0: x86 features IBT and SHSTK. */
static const uint32_t property[] = { 4, 16, 5, 0x00554e47, 0xc0000002, 4, 3, 0 };

static uint32_t name_of(const char *name)
{
	const char *s = section_names;

	while (strcmp(s, name))
		s += strlen(s) + 1;
	return (uint32_t)(s - section_names);
}

static bool add_section(Elf *elf, const char *name, const void *data, size_t size, Elf_Type dtype, Elf64_Shdr sh)
{
	Elf_Scn *scn = elf_newscn(elf);
	Elf64_Shdr *to = scn ? elf64_getshdr(scn) : NULL;
	Elf_Data *d = to && size ? elf_newdata(scn) : NULL;

	if (!to || (size && !d))
		return false;
	sh.sh_name = name_of(name);
	*to = sh;
	if (d) {
		d->d_buf = (void *)(uintptr_t)data;
		d->d_size = size;
		d->d_type = dtype;
		d->d_align = sh.sh_addralign;
		d->d_version = EV_CURRENT;
	}
	return true;
}

/* The semaphores' symbols, behind the null symbol; their names in *strs. */
static Elf64_Sym *make_symbols(const struct dt_usdt_probe *p, size_t n, char **strs, size_t *nstrs)
{
	Elf64_Sym *sym = calloc(n + 1, sizeof(*sym));
	FILE *m = open_memstream(strs, nstrs);

	if (m)
		fputc(0, m);
	for (size_t i = 0; sym && m && i < n; i++) {
		sym[i + 1] = (Elf64_Sym){ .st_name = (uint32_t)ftell(m), .st_value = 2 * i, .st_size = 2,
			.st_info = ELF64_ST_INFO(STB_WEAK, STT_OBJECT), .st_other = STV_HIDDEN, .st_shndx = S_PROBES };
		fprintf(m, "%s_%s_semaphore%c", p[i].provider, p[i].name, 0);
	}
	if (m && fclose(m) == 0 && sym)
		return sym;
	free(sym);
	return NULL;
}

static bool fill(Elf *elf, const Elf64_Sym *sym, const void *zeros, size_t n, const char *strs, size_t nstrs)
{
	Elf64_Ehdr *eh = elf64_newehdr(elf);

	if (!eh)
		return false;
	eh->e_ident[EI_DATA] = ELFDATA2LSB;
	eh->e_type = ET_REL;
	eh->e_machine = EM_X86_64;
	eh->e_version = EV_CURRENT;
	eh->e_shstrndx = S_SHSTRTAB;
	return add_section(elf, ".probes", zeros, 2 * n, ELF_T_BYTE, (Elf64_Shdr){
			.sh_type = SHT_PROGBITS, .sh_flags = SHF_ALLOC | SHF_WRITE, .sh_addralign = 2 }) &&
	       add_section(elf, ".note.gnu.property", property, sizeof(property), ELF_T_BYTE, (Elf64_Shdr){
			.sh_type = SHT_NOTE, .sh_flags = SHF_ALLOC, .sh_addralign = 8 }) &&
	       add_section(elf, ".note.GNU-stack", NULL, 0, ELF_T_BYTE, (Elf64_Shdr){
			.sh_type = SHT_PROGBITS, .sh_addralign = 1 }) &&
	       add_section(elf, ".symtab", sym, (n + 1) * sizeof(*sym), ELF_T_SYM, (Elf64_Shdr){
			.sh_type = SHT_SYMTAB, .sh_link = S_STRTAB, .sh_info = 1, .sh_entsize = sizeof(*sym),
			.sh_addralign = 8 }) &&
	       add_section(elf, ".strtab", strs, nstrs, ELF_T_BYTE, (Elf64_Shdr){
			.sh_type = SHT_STRTAB, .sh_addralign = 1 }) &&
	       add_section(elf, ".shstrtab", section_names, sizeof(section_names), ELF_T_BYTE, (Elf64_Shdr){
			.sh_type = SHT_STRTAB, .sh_addralign = 1 }) &&
	       elf_update(elf, ELF_C_WRITE) >= 0;
}

int dt_usdt_object(int fd, const struct dt_usdt_probe *p, size_t n, char *why, size_t size)
{
	char *strs = NULL;
	size_t nstrs = 0;
	Elf64_Sym *sym = make_symbols(p, n, &strs, &nstrs);
	void *zeros = calloc(n + 1, 2);
	Elf *elf;
	int rc = 0;

	elf_version(EV_CURRENT);
	elf = sym && zeros ? elf_begin(fd, ELF_C_WRITE, NULL) : NULL;
	if (!sym || !zeros) {
		snprintf(why, size, "out of memory");
		rc = -ENOMEM;
	} else if (!elf || !fill(elf, sym, zeros, n, strs, nstrs)) {
		snprintf(why, size, "%s", elf_errmsg(-1));
		rc = -EIO;
	}
	if (elf)
		elf_end(elf);
	free(zeros);
	free(sym);
	free(strs);
	return rc;
}

/* A compiler's bitcode (clang -flto) is an object, too. */
static bool is_bitcode(int fd)
{
	unsigned char magic[4];

	return pread(fd, magic, 4, 0) == 4 && !memcmp(magic, "BC\xc0\xde", 4);
}

int dt_usdt_check_object(const char *path, char *why, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf *elf;
	GElf_Ehdr eh;
	bool fits;

	if (fd < 0) {
		int rc = -errno;

		snprintf(why, size, "cannot open %s: %s", path, strerror(-rc));
		return rc;
	}
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	fits = is_bitcode(fd) || (elf && elf_kind(elf) == ELF_K_AR) ||
	       (elf && elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &eh) && eh.e_machine == EM_X86_64 &&
		eh.e_ident[EI_CLASS] == ELFCLASS64);
	if (elf)
		elf_end(elf);
	close(fd);
	if (!fits)
		snprintf(why, size, "%s is not an object file for x86-64", path);
	return fits ? 0 : -ENOEXEC;
}
