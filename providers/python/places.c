// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Functions: where they return, where they are called, which one collects garbage, which ones audit events pass.
 *
 * The linker leads a call of an exported function through a stub, or the compiler through a pointer; both
 * take the address from a word that the dynamic linker fills in. The relocation of that word names the function.
 */
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include "python.h"

/* ---- Returns ------------------------------------------------------------------------- */

/* One piece; where it jumps out of itself and of @other there has to be the function's one cold part. */
static int look_at_piece(const struct dt_py_elf *pe, const struct dt_extent *x, const struct dt_extent *other,
			 struct dt_extent *cold, struct dt_py_returns *ret, dt_py_look_f *f, void *ctx)
{
	struct dt_pid_decoded all = { 0 };
	const uint8_t *code;
	size_t avail;
	int rc = -EINVAL;

	code = dt_elf_text(pe->elf, x->lo, &avail);
	if (code && avail >= x->hi - x->lo)
		rc = dt_pid_decode(code, x->hi - x->lo, x->lo, other->lo, other->hi, &all);
	if (rc && rc != -ENOMEM)
		rc = -EINVAL;
	for (size_t i = 0; !rc && i < all.n; i++) {
		const struct dt_pid_insn *in = &all.insn[i];

		/* A jump to another function: that one would return for it. */
		if (in->leaves && (in->target < cold->lo || in->target >= cold->hi) &&
		    (cold->hi || !dt_elf_extent(pe->elf, in->target, cold) || cold->is_called))
			rc = -EINVAL;
		else if (in->is_ret && ret->n == sizeof(ret->addr) / sizeof(*ret->addr))
			rc = -EINVAL;
		else if (in->is_ret)
			ret->addr[ret->n++] = in->addr;
		if (f)
			f(ctx, in);
	}
	free(all.insn);
	return rc;
}

int dt_py_returns(const struct dt_py_elf *pe, uint64_t addr, struct dt_py_returns *ret, dt_py_look_f *f, void *ctx)
{
	struct dt_extent hot, cold = { 0 }, none = { 0 };
	int rc = -EINVAL;

	ret->n = 0;
	if (dt_elf_extent(pe->elf, addr, &hot) && hot.lo == addr)
		rc = look_at_piece(pe, &hot, &none, &cold, ret, f, ctx);
	if (!rc && cold.hi)
		rc = look_at_piece(pe, &cold, &hot, &cold, ret, f, ctx);
	return rc || ret->n ? rc : -EINVAL;
}

/* ---- Calls ----------------------------------------------------------------------------- */

static bool is_named(Elf *elf, const GElf_Shdr *sh, uint64_t index, const char *name)
{
	Elf_Scn *scn = elf_getscn(elf, sh->sh_link);
	GElf_Shdr mem, *symsh = scn ? gelf_getshdr(scn, &mem) : NULL;
	Elf_Data *d = symsh ? elf_getdata(scn, NULL) : NULL;
	const char *s;
	GElf_Sym sym;

	if (!d || !gelf_getsym(d, index, &sym))
		return false;
	s = elf_strptr(elf, symsh->sh_link, sym.st_name);
	return s && !strcmp(s, name);
}

static void add_slots(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh, const char *name, struct dt_py_callee *ret)
{
	Elf_Data *d = elf_getdata(scn, NULL);

	for (size_t i = 0; d && i < d->d_size / sizeof(Elf64_Rela); i++) {
		GElf_Rela r;

		if (!gelf_getrela(d, i, &r) || (GELF_R_TYPE(r.r_info) != R_X86_64_JUMP_SLOT &&
						GELF_R_TYPE(r.r_info) != R_X86_64_GLOB_DAT))
			continue;
		if (ret->nslot < sizeof(ret->slot) / sizeof(*ret->slot) &&
		    is_named(elf, sh, GELF_R_SYM(r.r_info), name))
			ret->slot[ret->nslot++] = r.r_offset;
	}
}

void dt_py_callee_find(const struct dt_py_elf *pe, const char *name, struct dt_py_callee *ret)
{
	Elf *elf = dt_elf_handle(pe->elf);
	Elf_Scn *scn = NULL;

	*ret = (struct dt_py_callee){ .addr = dt_py_symbol(pe->elf, name) };
	while (ret->addr && (scn = elf_nextscn(elf, scn)) != NULL) {
		GElf_Shdr mem, *sh = gelf_getshdr(scn, &mem);

		if (sh && sh->sh_type == SHT_RELA && (sh->sh_flags & SHF_ALLOC))
			add_slots(elf, scn, sh, name, ret);
	}
}

/* The word that "call *word(%rip)" or "jmp *word(%rip)" takes its target from; 0: it is another instruction. */
static uint64_t word_of(const struct dt_pid_insn *in)
{
	const uint8_t *b = in->point.bytes;
	size_t at = 0;
	int32_t disp;

	/* bnd, notrack, padding */
	while (at < in->point.len && (b[at] == 0xf2 || b[at] == 0x3e || b[at] == 0x67))
		at++;
	if (at + 6 != in->point.len || b[at] != 0xff || (b[at + 1] != 0x15 && b[at + 1] != 0x25))
		return 0;
	memcpy(&disp, b + at + 2, 4);
	return in->addr + in->point.len + disp;
}

static bool is_slot(const struct dt_py_callee *c, uint64_t word)
{
	for (size_t i = 0; word && i < c->nslot; i++) {
		if (c->slot[i] == word)
			return true;
	}
	return false;
}

/* A stub: endbr64 or not, then the jump. */
static bool is_stub(const struct dt_py_elf *pe, uint64_t addr, const struct dt_py_callee *c)
{
	static const uint8_t endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	struct dt_pid_insn in;
	const uint8_t *code;
	size_t avail;

	code = dt_py_is_code(pe, addr) ? dt_elf_text(pe->elf, addr, &avail) : NULL;
	if (!code || avail < 16)
		return false;
	if (!memcmp(code, endbr, sizeof(endbr))) {
		code += sizeof(endbr);
		addr += sizeof(endbr);
	}
	return !dt_pid_decode_one(code, 12, addr, &in) && is_slot(c, word_of(&in));
}

bool dt_py_calls(const struct dt_py_elf *pe, const struct dt_pid_insn *in, const struct dt_py_callee *c)
{
	if (!in->is_call || !c->addr)
		return false;
	if (!in->target)
		return is_slot(c, word_of(in));
	return in->target == c->addr || (c->nslot && is_stub(pe, in->target, c));
}

/* ---- Garbage ----------------------------------------------------------------------------- */

/* Copies of a function that the compiler made for some of its callers are named for it: "collect.constprop.0". */
static size_t count_named(Elf *elf, const char *name)
{
	size_t n = 0, len = strlen(name);
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(elf, scn)) != NULL) {
		GElf_Shdr mem, *sh = gelf_getshdr(scn, &mem);
		Elf_Data *d = sh && sh->sh_type == SHT_SYMTAB ? elf_getdata(scn, NULL) : NULL;

		for (size_t i = 0; d && i < d->d_size / sizeof(Elf64_Sym); i++) {
			GElf_Sym sym;
			const char *s = gelf_getsym(d, i, &sym) ? elf_strptr(elf, sh->sh_link, sym.st_name) : NULL;

			if (!s || strncmp(s, name, len) || (s[len] && s[len] != '.') || !strcmp(s + len, ".cold"))
				continue;
			n += GELF_ST_TYPE(sym.st_info) == STT_FUNC;
		}
	}
	return n;
}

/*
 * Until 3.8 its arguments are as the compiler likes them; 3.14 and later have not been looked at. Its second
 * argument is the generation, its result what was found.
 */
int dt_py_gc_find(const struct dt_py_elf *pe, int minor, struct dt_py_gc *ret)
{
	const char *name = minor == 9 ? "collect" : "gc_collect_main";
	int rc;

	*ret = (struct dt_py_gc){ 0 };
	if (minor < 9 || minor > 13 || count_named(dt_elf_handle(pe->elf), name) != 1)
		return 0;
	ret->function = dt_py_symbol(pe->elf, name);
	if (!ret->function)
		return 0;
	rc = dt_py_returns(pe, ret->function, &ret->ret, NULL, NULL);
	if (rc)
		ret->function = 0;
	return rc == -ENOMEM ? rc : 0;
}

/* ---- Audit events ------------------------------------------------------------------------- */

struct audit_calls {
	const struct dt_py_elf *pe;
	struct dt_py_callee function, inner;
	uint64_t back;		/* where the last one returns to */
	size_t n;
};

static void look_for_audit(void *ctx, const struct dt_pid_insn *in)
{
	struct audit_calls *c = ctx;

	if (dt_py_calls(c->pe, in, &c->function) || dt_py_calls(c->pe, in, &c->inner)) {
		c->back = in->addr + in->point.len;
		c->n++;
	}
}

/*
 * Functions with "..." are never made part of their callers; copies of them would have names, too. Without a hook
 * sys.audit() calls none of them. Where it does that in another function (3.14, if the compiler has not made that part
 * of it), the events are refused.
 */
int dt_py_audit_find(const struct dt_py_elf *pe, int minor, struct dt_py_audit *ret)
{
	Elf *elf = dt_elf_handle(pe->elf);
	struct audit_calls c = { .pe = pe };
	struct dt_py_returns returns;
	int rc;

	*ret = (struct dt_py_audit){ 0 };
	if (minor < 8 || count_named(elf, "PySys_Audit") != 1 || count_named(elf, "sys_audit") != 1 ||
	    (minor >= 9 && count_named(elf, "_PySys_Audit") != 1))
		return 0;
	dt_py_callee_find(pe, "PySys_Audit", &c.function);
	dt_py_callee_find(pe, "_PySys_Audit", &c.inner);
	ret->python = dt_py_symbol(pe->elf, "sys_audit");
	if (!c.function.addr || !ret->python)
		return 0;
	rc = dt_py_returns(pe, ret->python, &returns, look_for_audit, &c);
	if (!rc && c.n == 1) {
		ret->function = c.function.addr;
		ret->inner = c.inner.addr;
		ret->python_calls = c.back;
	}
	return rc == -ENOMEM ? rc : 0;
}
