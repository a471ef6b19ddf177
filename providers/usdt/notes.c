// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * .note.stapsdt. A note of owner "stapsdt" and type 3 is
 *
 *	address of the probe, address of .stapsdt.base, address of the semaphore (0: none): 8 bytes each
 *	"provider" 0 "name" 0 "arguments" 0
 *
 * The section is not loaded, so nobody relocates it: if a tool has moved the
 * file's segments since it was linked (prelink, or objcopy --change-addresses), the addresses
 * are off by as much as the section .stapsdt.base, which is loaded, is off from
 * what the note says of it.
 *
 * An address of 0, or one in no segment, is what linkers leave of code that they have
 * discarded. An address in a segment of the wrong kind is nonsense.
 */
#include <gelf.h>
#include <string.h>

#include "usdt.h"

#define SECTION		".note.stapsdt"
#define BASE_SECTION	".stapsdt.base"
#define NOTE_TYPE	3
static const char owner[] = "stapsdt";

struct reader {
	Elf *elf;
	uint64_t base;		/* where .stapsdt.base is; 0: nowhere */
	dt_note_f *f;
	void *ctx;
	size_t *bad;
};

static Elf_Scn *section(Elf *elf, const char *name, Elf_Scn *after, GElf_Shdr *sh)
{
	const char *s;
	size_t strs;

	if (elf_getshdrstrndx(elf, &strs))
		return NULL;
	while ((after = elf_nextscn(elf, after))) {
		if (!gelf_getshdr(after, sh))
			continue;
		s = elf_strptr(elf, strs, sh->sh_name);
		if (s && !strcmp(s, name))
			return after;
	}
	return NULL;
}

static bool is_ours(Elf *elf)
{
	GElf_Ehdr eh;

	return elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &eh) && eh.e_machine == EM_X86_64 &&
	       eh.e_ident[EI_CLASS] == ELFCLASS64 && (eh.e_type == ET_EXEC || eh.e_type == ET_DYN);
}

bool dt_notes_any(Elf *elf)
{
	GElf_Shdr sh;

	return is_ours(elf) && section(elf, SECTION, NULL, &sh);
}

/* The segment's flags at [addr, addr + size), 0: in no segment. */
static unsigned flags_at(Elf *elf, uint64_t addr, uint64_t size)
{
	GElf_Phdr ph;
	size_t n;

	if (elf_getphdrnum(elf, &n))
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (gelf_getphdr(elf, (int)i, &ph) && ph.p_type == PT_LOAD && addr >= ph.p_vaddr &&
		    addr - ph.p_vaddr < ph.p_memsz && size <= ph.p_memsz - (addr - ph.p_vaddr))
			return ph.p_flags | 1u << 31;
	}
	return 0;
}

/* The string at *p, and *p behind its end; NULL: it has no end. */
static const char *next_string(const char **p, const char *end)
{
	const char *s = *p, *nul = memchr(s, 0, (size_t)(end - s));

	if (!nul)
		return NULL;
	*p = nul + 1;
	return s;
}

/* Names become parts of probe descriptions, so they are words. */
static bool is_word(const char *s)
{
	for (const char *p = s; *p; p++)
		if (*p <= ' ' || *p > '~' || strchr("*?[]\\:;/{}", *p))
			return false;
	return *s;
}

/* Take a note's description apart. False: it makes no sense. */
static bool take_apart(const struct reader *r, const char *p, size_t len, struct dt_note *n)
{
	const char *end = p + len;
	uint64_t at[3], delta;

	if (len < sizeof(at))
		return false;
	memcpy(at, p, sizeof(at));
	p += sizeof(at);
	delta = r->base && at[1] ? r->base - at[1] : 0;
	n->pc = at[0] ? at[0] + delta : 0;
	n->sem = at[2] ? at[2] + delta : 0;
	n->provider = next_string(&p, end);
	n->name = n->provider ? next_string(&p, end) : NULL;
	n->args = n->name ? next_string(&p, end) : NULL;
	return n->args && is_word(n->provider) && is_word(n->name);
}

static int one_note(struct reader *r, const char *desc, size_t len)
{
	struct dt_note n = { 0 };
	unsigned code, sem;

	if (!take_apart(r, desc, len, &n)) {
		++*r->bad;
		return 0;
	}
	code = n.pc ? flags_at(r->elf, n.pc, 1) : 0;
	if (!code)
		return 0;
	sem = n.sem ? flags_at(r->elf, n.sem, 2) : PF_W;
	if (!(code & PF_X) || !(sem & PF_W) || n.sem & 1) {
		++*r->bad;
		return 0;
	}
	return r->f(r->ctx, &n);
}

static int read_section(struct reader *r, Elf_Scn *scn)
{
	Elf_Data *d = elf_getdata(scn, NULL);
	size_t off = 0, name, desc;
	GElf_Nhdr nh;
	int rc = 0;

	if (!d || !d->d_buf) {
		++*r->bad;
		return 0;
	}
	while (!rc && off < d->d_size) {
		off = gelf_getnote(d, off, &nh, &name, &desc);
		if (!off) {
			++*r->bad;
			return 0;
		}
		if (nh.n_type == NOTE_TYPE && nh.n_namesz == sizeof(owner) &&
		    !memcmp((char *)d->d_buf + name, owner, sizeof(owner)))
			rc = one_note(r, (char *)d->d_buf + desc, nh.n_descsz);
	}
	return rc;
}

int dt_notes_each(Elf *elf, dt_note_f *f, void *ctx, size_t *bad)
{
	struct reader r = { .elf = elf, .f = f, .ctx = ctx, .bad = bad };
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	int rc = 0;

	*bad = 0;
	if (!is_ours(elf))
		return 0;
	if (section(elf, BASE_SECTION, NULL, &sh))
		r.base = sh.sh_addr;
	while (!rc && (scn = section(elf, SECTION, scn, &sh)))
		if (sh.sh_type == SHT_NOTE)
			rc = read_section(&r, scn);
	return rc;
}
