// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * .eh_frame: which ranges hold code, and how the stack looks where they begin.
 *
 * Every function of a compiler has an entry (an FDE), stripped or not, since
 * exceptions need it. A range that begins with anything else than the return
 * address on top of the stack (CFA = rsp + 8) is not where a call arrives.
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "impl.h"

#define DW_RSP		7	/* rsp's number in x86-64 DWARF */

/* What the entries that share a CIE have in common. */
struct cie {
	Dwarf_Off off;
	uint8_t encoding;	/* DW_EH_PE_* of addresses */
	bool usable, is_signal;
	bool is_sized;		/* FDEs say how long their augmentation data is */
	const uint8_t *init, *init_end;
};

struct reader {
	struct dt_elf *elf;
	const uint8_t *data;	/* the section */
	uint64_t addr;		/* where it is mapped */
	struct cie *cie;
	size_t ncie;
	struct dt_fde *fde;
	size_t nfde, max;
};

static bool read_uleb(const uint8_t **p, const uint8_t *end, uint64_t *ret)
{
	unsigned int shift = 0;

	for (*ret = 0; *p < end; shift += 7) {
		uint8_t b = *(*p)++;

		if (shift < 64)
			*ret |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return true;
	}
	return false;
}

static size_t encoded_size(uint8_t encoding)
{
	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		return 8;
	case DW_EH_PE_udata4:
	case DW_EH_PE_sdata4:
		return 4;
	case DW_EH_PE_udata2:
	case DW_EH_PE_sdata2:
		return 2;
	}
	return 0;
}

/* A value of fixed size; pc-relative ones are relative to where they stand. */
static bool read_encoded(const struct reader *r, const uint8_t **p, const uint8_t *end,
			 uint8_t encoding, uint64_t *ret)
{
	size_t size = encoded_size(encoding);
	uint64_t v = 0, here = r->addr + (*p - r->data);

	if (!size || (size_t)(end - *p) < size)
		return false;
	memcpy(&v, *p, size);
	*p += size;
	if ((encoding & 0x0f) == DW_EH_PE_sdata4)
		v = (int32_t)v;
	else if ((encoding & 0x0f) == DW_EH_PE_sdata2)
		v = (int16_t)v;
	switch (encoding & 0x70) {
	case DW_EH_PE_absptr:
		break;
	case DW_EH_PE_pcrel:
		v += here;
		break;
	default:
		return false;
	}
	*ret = v;
	return true;
}

static void read_augmentation(const Dwarf_CIE *in, struct cie *c)
{
	const uint8_t *p = in->augmentation_data, *end = p + in->augmentation_data_size;

	c->encoding = DW_EH_PE_absptr;
	c->usable = true;
	for (const char *a = in->augmentation; *a; a++) {
		switch (*a) {
		case 'z':
			c->is_sized = true;
			break;
		case 'B':
			break;
		case 'S':
			c->is_signal = true;
			break;
		case 'L':
			p++;
			break;
		case 'R':
			if (p < end)
				c->encoding = *p++;
			break;
		case 'P':	/* the personality routine: its encoding, then its address */
			if (p < end)
				p += 1 + encoded_size(*p);
			break;
		default:
			c->usable = false;
			return;
		}
	}
}

static const struct cie *find_cie(const struct reader *r, Dwarf_Off off)
{
	for (size_t i = r->ncie; i-- > 0; ) {
		if (r->cie[i].off == off)
			return &r->cie[i];
	}
	return NULL;
}

static int add_cie(struct reader *r, Dwarf_Off off, const Dwarf_CIE *in)
{
	struct cie *c = realloc(r->cie, (r->ncie + 1) * sizeof(*c));

	if (!c)
		return -ENOMEM;
	r->cie = c;
	c += r->ncie++;
	memset(c, 0, sizeof(*c));
	c->off = off;
	c->init = in->initial_instructions;
	c->init_end = in->initial_instructions_end;
	read_augmentation(in, c);
	return 0;
}

/* ---- The first row ---------------------------------------------------------- */

struct row {
	uint64_t reg, off;
	bool is_expr;
	uint64_t ends;		/* bytes after which the next row begins; 0: not yet */
};

/* Operands of instructions that do not concern the CFA: 'u' a LEB128 number, 'b' a block. */
static const char *operands(uint8_t op)
{
	switch (op) {
	case DW_CFA_nop:
	case DW_CFA_remember_state:
	case DW_CFA_restore_state:
		return "";
	case DW_CFA_restore_extended:
	case DW_CFA_undefined:
	case DW_CFA_same_value:
	case DW_CFA_GNU_args_size:
		return "u";
	case DW_CFA_offset_extended:
	case DW_CFA_register:
	case DW_CFA_offset_extended_sf:
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
		return "uu";
	case DW_CFA_expression:
	case DW_CFA_val_expression:
		return "ub";
	}
	return NULL;
}

static bool skip_operands(const char *what, const uint8_t **p, const uint8_t *end)
{
	uint64_t v;

	for (; *what; what++) {
		if (!read_uleb(p, end, &v))
			return false;
		if (*what == 'b') {
			if (v > (uint64_t)(end - *p))
				return false;
			*p += v;
		}
	}
	return true;
}

/* Run one instruction; false: malformed or one that this row cannot have. */
static bool run_cfa(struct row *row, const uint8_t **p, const uint8_t *end)
{
	uint8_t op = *(*p)++;
	const char *what;

	switch (op & 0xc0) {
	case DW_CFA_advance_loc:
		row->ends = op & 0x3f;
		return true;
	case DW_CFA_offset:
		return skip_operands("u", p, end);
	case DW_CFA_restore:
		return true;
	}
	switch (op) {
	case DW_CFA_advance_loc1:
		row->ends = *p < end ? *(*p)++ : 0;
		return true;
	case DW_CFA_advance_loc2:
	case DW_CFA_advance_loc4:
	case DW_CFA_set_loc:
	case DW_CFA_MIPS_advance_loc8:
		row->ends = ~0ull;
		return true;
	case DW_CFA_def_cfa:
	case DW_CFA_def_cfa_sf:
		row->is_expr = op == DW_CFA_def_cfa_sf;
		return read_uleb(p, end, &row->reg) && read_uleb(p, end, &row->off);
	case DW_CFA_def_cfa_register:
		return read_uleb(p, end, &row->reg);
	case DW_CFA_def_cfa_offset:
		return read_uleb(p, end, &row->off);
	case DW_CFA_def_cfa_offset_sf:
		row->is_expr = true;
		return skip_operands("u", p, end);
	case DW_CFA_def_cfa_expression:
		row->is_expr = true;
		return skip_operands("b", p, end);
	}
	what = operands(op);
	return what && skip_operands(what, p, end);
}

/*
 * Is the CFA rsp + 8 on the first instruction? A part that begins with a
 * landing pad gets a nop before it, since offset 0 would mean "none", and the
 * true state comes only after that.
 */
static bool is_plain(const struct reader *r, const struct cie *c, const Dwarf_FDE *f,
		     const uint8_t *insns, uint64_t lo)
{
	struct row row = { .reg = ~0ull };
	const uint8_t *p, *code;
	size_t avail;

	if (c->is_signal)
		return false;
	for (p = c->init; p < c->init_end; ) {
		if (!run_cfa(&row, &p, c->init_end))
			return false;
	}
	row.ends = 0;
	for (p = insns; p < f->end && !row.ends; ) {
		if (!run_cfa(&row, &p, f->end))
			return false;
		if (row.ends != 1)
			continue;
		code = dt_elf_text(r->elf, lo, &avail);
		if (code && *code == 0x90)
			row.ends = 0;
	}
	return !row.is_expr && row.reg == DW_RSP && row.off == 8;
}

/* ---- The section ------------------------------------------------------------- */

static int add_fde(struct reader *r, const Dwarf_FDE *in)
{
	const struct cie *c = find_cie(r, in->CIE_pointer);
	const uint8_t *p = in->start;
	uint64_t lo, size, augmentation = 0;

	if (!c || !c->usable)
		return 0;
	if (!read_encoded(r, &p, in->end, c->encoding, &lo) ||
	    !read_encoded(r, &p, in->end, c->encoding & 0x0f, &size))
		return 0;
	if (!size || lo + size < lo)
		return 0;
	/*
	 * A signal trampoline's range begins one byte early, in padding: unwinders look
	 * a return address up by the byte before it (glibc's __restore_rt).
	 */
	if (c->is_signal && --size)
		lo++;
	if (c->is_sized && !read_uleb(&p, in->end, &augmentation))
		return 0;
	if (augmentation > (uint64_t)(in->end - p))
		return 0;
	p += augmentation;
	if (r->nfde == r->max) {
		size_t max = r->max ? 2 * r->max : 256;
		struct dt_fde *f = realloc(r->fde, max * sizeof(*f));

		if (!f)
			return -ENOMEM;
		r->fde = f;
		r->max = max;
	}
	r->fde[r->nfde++] = (struct dt_fde) {
		.lo = lo, .hi = lo + size, .plain = is_plain(r, c, in, p, lo),
	};
	return 0;
}

static int fde_by_addr(const void *a, const void *b)
{
	const struct dt_fde *x = a, *y = b;

	return x->lo < y->lo ? -1 : x->lo > y->lo;
}

int dt_ehframe_read(struct dt_elf *e, struct dt_fde **ret, size_t *n)
{
	Elf64_Shdr sh;
	Elf_Scn *scn = dt_elf_section(e, ".eh_frame", &sh);
	Elf_Data *d = scn ? elf_rawdata(scn, NULL) : NULL;
	const unsigned char *ident = (unsigned char *)e->map;
	struct reader r = { .elf = e, .addr = scn ? sh.sh_addr : 0 };
	Dwarf_Off off = 0, next = -1;
	Dwarf_CFI_Entry entry;
	int rc = 0;

	*ret = NULL;
	*n = 0;
	if (!d || sh.sh_type == SHT_NOBITS || !d->d_buf)
		return 0;
	r.data = d->d_buf;
	while (!rc) {
		int status = dwarf_next_cfi(ident, d, true, off, &next, &entry);

		/* An entry that libdw cannot read still has a length: the next one can be found. */
		if (status == 0 && dwarf_cfi_cie_p(&entry))
			rc = add_cie(&r, off, &entry.cie);
		else if (status == 0)
			rc = add_fde(&r, &entry.fde);
		if (next == (Dwarf_Off)-1 || next <= off || status > 0)
			break;
		off = next;
	}
	free(r.cie);
	if (rc) {
		free(r.fde);
		return rc;
	}
	if (r.nfde)
		qsort(r.fde, r.nfde, sizeof(*r.fde), fde_by_addr);
	*ret = r.fde;
	*n = r.nfde;
	return 0;
}
