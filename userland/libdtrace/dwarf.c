/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Types of programs and libraries, from their DWARF debug information, which
 * libdw reads, in the file itself or in a separate debug file (by build-id,
 * .gnu_debuglink or debuginfod).
 *
 * A file's names are indexed in one pass over the tops of its compilation
 * units, when first asked for one. The same structure may stand in hundreds of
 * units: the first definition of a name is the one taken. Structures, unions
 * and enums become FORWARDs that are filled in when somebody looks at them.
 *
 * The file may be anybody's, so everything in it may be nonsense: references
 * may form rings (bounded by DEEP), sizes and offsets be anything
 * (dt_type_define_foreign keeps them; loads are checked in the kernel).
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "names_impl.h"

#define DEEP		32	/* references from one type to the next; more are refused */
#define MEMBERS_MAX	65536
#define DIM_MAX		16

struct dwarf_name {			/* a name */
	const char *name;
	Dwarf_Off off;
	enum dt_type_kind kind;
	uint32_t next;		/* in the bucket, + 1 */
};

struct conv {			/* a type converted, by its place */
	Dwarf_Off off;
	const struct dt_type *type;
};

struct dt_dwarf {
	struct dt_types *ts;
	Dwfl *dwfl;
	Dwarf *dbg;
	Dwarf_Addr bias;	/* dbg's addresses - the file's */
	bool indexed;
	struct dwarf_name *entry;
	size_t nentries, room;
	uint32_t *bucket;	/* [mask + 1] */
	uint32_t mask;
	void *conv;		/* tsearch tree of struct conv */
};

struct dwarf_later {
	struct dt_later later;
	struct dt_dwarf *d;
	Dwarf_Off off;
};

static const struct dt_type *convert(struct dt_dwarf *d, Dwarf_Die *die, unsigned int depth);
static const struct dt_type *type_of(struct dt_dwarf *d, Dwarf_Die *die, unsigned int depth);

/* ---- Opening ------------------------------------------------------------------------ */

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

struct dt_dwarf *dt_dwarf_open(struct dt_types *ts, const char *path)
{
	struct dt_dwarf *d = calloc(1, sizeof(*d));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Dwfl_Module *mod = NULL;

	if (d && fd >= 0)
		d->dwfl = dwfl_begin(&callbacks);
	if (d && d->dwfl) {
		d->ts = ts;
		dwfl_report_begin(d->dwfl);
		mod = dwfl_report_elf(d->dwfl, path, path, fd, 0, true);
		dwfl_report_end(d->dwfl, NULL, NULL);
	}
	if (!mod && fd >= 0)
		close(fd);
	if (mod)
		d->dbg = dwfl_module_getdwarf(mod, &d->bias);
	if (d && d->dbg)
		return d;
	dt_dwarf_close(d);
	return NULL;
}

void dt_dwarf_close(struct dt_dwarf *d)
{
	if (!d)
		return;
	tdestroy(d->conv, free);
	if (d->dwfl)
		dwfl_end(d->dwfl);
	free(d->entry);
	free(d->bucket);
	free(d);
}

/* ---- Names ----------------------------------------------------------------------------- */

static uint32_t hash(const char *name)
{
	uint32_t h = 2166136261u;

	while (*name)
		h = (h ^ (unsigned char)*name++) * 16777619u;
	return h;
}

/* What a DIE that has a name defines; DT_T_DYN: nothing for us. */
static enum dt_type_kind kind_of(Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_structure_type: case DW_TAG_class_type:
		return DT_T_STRUCT;
	case DW_TAG_union_type:
		return DT_T_UNION;
	case DW_TAG_enumeration_type:
		return DT_T_ENUM;
	case DW_TAG_typedef:
		return DT_T_TYPEDEF;
	case DW_TAG_variable:
		return DT_T_VOID;
	default:
		return DT_T_DYN;
	}
}

static bool is_declaration(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	bool flag = false;

	return dwarf_attr(die, DW_AT_declaration, &attr) && !dwarf_formflag(&attr, &flag) && flag;
}

static struct dwarf_name *find(struct dt_dwarf *d, enum dt_type_kind kind, const char *name)
{
	uint32_t i = d->bucket ? d->bucket[hash(name) & d->mask] : 0;

	for (; i; i = d->entry[i - 1].next)
		if (d->entry[i - 1].kind == kind && !strcmp(d->entry[i - 1].name, name))
			return &d->entry[i - 1];
	return NULL;
}

static void rehash(struct dt_dwarf *d)
{
	uint32_t room = d->mask ? (d->mask + 1) * 2 : 1024;
	uint32_t *bucket = calloc(room, sizeof(*bucket));

	if (!bucket)
		return;
	free(d->bucket);
	d->bucket = bucket;
	d->mask = room - 1;
	for (size_t i = 0; i < d->nentries; i++) {
		uint32_t h = hash(d->entry[i].name) & d->mask;

		d->entry[i].next = bucket[h];
		bucket[h] = (uint32_t)i + 1;
	}
}

static void add(struct dt_dwarf *d, Dwarf_Die *die, enum dt_type_kind kind, const char *name)
{
	uint32_t h;

	if (d->nentries >= d->mask || !d->bucket)
		rehash(d);
	if (!d->bucket || d->nentries == UINT32_MAX - 1 || find(d, kind, name) ||
	    !dt_grow(&d->entry, d->nentries, &d->room, sizeof(*d->entry)))
		return;
	h = hash(name) & d->mask;
	d->entry[d->nentries] = (struct dwarf_name){
		.name = name, .off = dwarf_dieoffset(die), .kind = kind, .next = d->bucket[h],
	};
	d->bucket[h] = (uint32_t)++d->nentries;
}

static void index_unit(struct dt_dwarf *d, Dwarf_Die *cu)
{
	Dwarf_Die die;

	if (dwarf_child(cu, &die))
		return;
	do {
		enum dt_type_kind kind = kind_of(&die);
		const char *name = kind == DT_T_DYN ? NULL : dwarf_diename(&die);

		if (name && !is_declaration(&die))
			add(d, &die, kind, name);
	} while (!dwarf_siblingof(&die, &die));
}

static void build_index(struct dt_dwarf *d)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;
	uint8_t unit;

	d->indexed = true;
	while (!dwarf_get_units(d->dbg, cu, &cu, NULL, &unit, &die, NULL))
		index_unit(d, &die);
}

static const struct dt_type *by_offset(struct dt_dwarf *d, Dwarf_Off off)
{
	Dwarf_Die die;

	if (!dwarf_offdie(d->dbg, off, &die))
		return NULL;
	return dwarf_tag(&die) == DW_TAG_variable ? type_of(d, &die, 0) : convert(d, &die, 0);
}

const struct dt_type *dt_dwarf_type(struct dt_dwarf *d, enum dt_type_kind kind, const char *name)
{
	const struct dwarf_name *e;

	if (!d->indexed)
		build_index(d);
	e = find(d, kind, name);
	return e ? by_offset(d, e->off) : NULL;
}

/* ---- Conversion ------------------------------------------------------------------------- */

static int cmp_conv(const void *a, const void *b)
{
	const struct conv *x = a, *y = b;

	return x->off < y->off ? -1 : x->off > y->off;
}

static const struct dt_type *known(struct dt_dwarf *d, Dwarf_Off off)
{
	struct conv key = { .off = off }, **c = tfind(&key, &d->conv, cmp_conv);

	return c ? (*c)->type : NULL;
}

static void remember(struct dt_dwarf *d, Dwarf_Off off, const struct dt_type *t)
{
	struct conv *c = malloc(sizeof(*c)), **in;

	if (!c)
		return;
	*c = (struct conv){ off, t };
	in = tsearch(c, &d->conv, cmp_conv);
	if (!in || *in != c)
		free(c);
}

static bool number(Dwarf_Die *die, unsigned int name, uint64_t *val)
{
	Dwarf_Attribute attr;
	Dwarf_Word w;

	if (!dwarf_attr_integrate(die, name, &attr) || dwarf_formudata(&attr, &w))
		return false;
	*val = w;
	return true;
}

/* What DW_AT_type says; nothing means void. */
static const struct dt_type *type_of(struct dt_dwarf *d, Dwarf_Die *die, unsigned int depth)
{
	Dwarf_Attribute attr;
	Dwarf_Die to;

	if (!dwarf_attr_integrate(die, DW_AT_type, &attr))
		return dt_basic(d->ts, DT_B_VOID);
	return dwarf_formref_die(&attr, &to) ? convert(d, &to, depth) : NULL;
}

static const struct dt_type *convert_base(struct dt_dwarf *d, Dwarf_Die *die)
{
	static const enum dt_basic of[2][4] = {
		{ DT_B_UCHAR, DT_B_USHORT, DT_B_UINT, DT_B_ULONG }, { DT_B_SCHAR, DT_B_SHORT, DT_B_INT, DT_B_LONG },
	};
	const char *name = dwarf_diename(die);
	uint64_t enc = 0, size = 0;
	const struct dt_type *same;
	bool sgn;

	number(die, DW_AT_encoding, &enc);
	number(die, DW_AT_byte_size, &size);
	name = name ? name : "integer";
	sgn = enc == DW_ATE_signed || enc == DW_ATE_signed_char;
	if (enc == DW_ATE_float && (size == 4 || size == 8 || size == 16))
		return dt_basic(d->ts, size == 4 ? DT_B_FLOAT : size == 8 ? DT_B_DOUBLE : DT_B_LDOUBLE);
	if (enc == DW_ATE_boolean && size == 1)
		return dt_basic(d->ts, DT_B_BOOL);
	same = dt_types_lookup(d->ts, name);
	if (same && same->kind == DT_T_INT && same->size == size && same->is_signed == sgn)
		return same;
	if (enc != DW_ATE_complex_float && (size == 1 || size == 2 || size == 4 || size == 8))
		return dt_type_foreign_int(d->ts, name, dt_basic(d->ts, of[sgn][__builtin_ctzll(size)]));
	/* __int128, complex numbers: D can look at their bytes */
	same = size && size <= 64 ? dt_type_array(d->ts, dt_basic(d->ts, DT_B_UCHAR), size) : NULL;
	return same ? dt_type_foreign_typedef(d->ts, name, same) : NULL;
}

static uint64_t dimension(Dwarf_Die *die)
{
	uint64_t n;

	if (number(die, DW_AT_count, &n))
		return n;
	return number(die, DW_AT_upper_bound, &n) && n < UINT32_MAX ? n + 1 : 0;
}

static const struct dt_type *convert_array(struct dt_dwarf *d, Dwarf_Die *die, unsigned int depth)
{
	const struct dt_type *t = type_of(d, die, depth);
	uint64_t dim[DIM_MAX];
	Dwarf_Die sub;
	int n = 0;

	if (!dwarf_child(die, &sub))
		do {
			if (dwarf_tag(&sub) == DW_TAG_subrange_type && n < DIM_MAX)
				dim[n++] = dimension(&sub);
		} while (!dwarf_siblingof(&sub, &sub));
	if (!n)
		dim[n++] = 0;
	while (t && n)
		t = dt_type_array(d->ts, t, dim[--n]);
	return t;
}

/* Types and names of the parameters of a function or a function's type. */
static const struct dt_type *convert_func(struct dt_dwarf *d, Dwarf_Die *die, const char **names, unsigned int max,
					  unsigned int depth)
{
	const struct dt_type *params[256], *ret = type_of(d, die, depth);
	bool varargs = false;
	uint32_t n = 0;
	Dwarf_Die p;

	if (!dwarf_child(die, &p))
		do {
			if (dwarf_tag(&p) == DW_TAG_unspecified_parameters)
				varargs = true;
			if (dwarf_tag(&p) != DW_TAG_formal_parameter)
				continue;
			if (n == sizeof(params) / sizeof(params[0]))
				return NULL;
			params[n] = type_of(d, &p, depth);
			if (!params[n])
				return NULL;
			if (n < max)
				names[n] = dwarf_diename(&p);
			n++;
		} while (!dwarf_siblingof(&p, &p));
	return ret ? dt_type_func(d->ts, ret, params, n, varargs) : NULL;
}

static bool complete(const struct dt_later *l, struct dt_type *t);

static const struct dt_type *convert_later(struct dt_dwarf *d, Dwarf_Die *die, enum dt_type_kind kind)
{
	struct dwarf_later *l = dt_types_alloc(d->ts, sizeof(*l));

	if (!l)
		return NULL;
	*l = (struct dwarf_later){ .later = { complete }, .d = d, .off = dwarf_dieoffset(die) };
	return dt_type_foreign(d->ts, kind, dwarf_diename(die), l);
}

static const struct dt_type *convert_ref(struct dt_dwarf *d, Dwarf_Die *die, unsigned int depth)
{
	const struct dt_type *to = type_of(d, die, depth);

	if (!to)
		return NULL;
	switch (dwarf_tag(die)) {
	case DW_TAG_typedef:
		return dwarf_diename(die) ? dt_type_foreign_typedef(d->ts, dwarf_diename(die), to) : to;
	case DW_TAG_const_type:
		return dt_type_qualified(d->ts, to, DT_TQ_CONST);
	case DW_TAG_volatile_type:
		return dt_type_qualified(d->ts, to, DT_TQ_VOLATILE);
	case DW_TAG_restrict_type:
		return dt_type_qualified(d->ts, to, DT_TQ_RESTRICT);
	case DW_TAG_atomic_type:
		return to;
	default:
		return dt_type_pointer(d->ts, to);
	}
}

static const struct dt_type *convert_new(struct dt_dwarf *d, Dwarf_Die *die, unsigned int depth)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_base_type:
		return convert_base(d, die);
	case DW_TAG_structure_type: case DW_TAG_class_type: case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		return convert_later(d, die, kind_of(die));
	case DW_TAG_array_type:
		return convert_array(d, die, depth);
	case DW_TAG_subroutine_type:
		return convert_func(d, die, NULL, 0, depth);
	case DW_TAG_unspecified_type:
		return dt_basic(d->ts, DT_B_VOID);
	case DW_TAG_typedef: case DW_TAG_const_type: case DW_TAG_volatile_type: case DW_TAG_restrict_type:
	case DW_TAG_atomic_type: case DW_TAG_pointer_type: case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		return convert_ref(d, die, depth);
	default:
		return NULL;
	}
}

static const struct dt_type *convert(struct dt_dwarf *d, Dwarf_Die *die, unsigned int depth)
{
	Dwarf_Off off = dwarf_dieoffset(die);
	const struct dt_type *t;

	if (depth > DEEP)
		return NULL;
	t = known(d, off);
	if (!t) {
		t = convert_new(d, die, depth + 1);
		if (t)
			remember(d, off, t);
	}
	return t && t->depth <= DT_TYPE_MAXDEPTH ? t : NULL;
}

/* ---- Members, enumerators ------------------------------------------------------------------ */

static void place(Dwarf_Die *die, struct dt_member *m)
{
	uint64_t off = 0, bits = 0, bitoff, unit;

	number(die, DW_AT_data_member_location, &off);
	number(die, DW_AT_bit_size, &bits);
	m->bitoff = off * 8;
	m->bits = bits <= 64 ? (uint32_t)bits : 0;
	if (number(die, DW_AT_data_bit_offset, &bitoff)) {
		m->bitoff = bitoff;
	} else if (bits && number(die, DW_AT_bit_offset, &bitoff)) {
		/* DWARF 2 counts from the unit's high end */
		unit = dt_type_resolve(m->type)->size;
		number(die, DW_AT_byte_size, &unit);
		m->bitoff += unit * 8 - bitoff - bits;
	}
}

static bool complete_sou(struct dt_dwarf *d, Dwarf_Die *die, struct dt_type *t)
{
	struct dt_member *m = NULL;
	size_t n = 0, room = 0;
	uint64_t size = 0;
	bool ok = true;
	Dwarf_Die sub;

	number(die, DW_AT_byte_size, &size);
	if (!dwarf_child(die, &sub))
		do {
			uint64_t dummy;

			/* C++ has static members; base classes are members without a name */
			if ((dwarf_tag(&sub) != DW_TAG_member && dwarf_tag(&sub) != DW_TAG_inheritance) ||
			    (is_declaration(&sub) && !number(&sub, DW_AT_data_member_location, &dummy)))
				continue;
			ok = n < MEMBERS_MAX && dt_grow(&m, n, &room, sizeof(*m));
			if (!ok)
				break;
			m[n].name = dwarf_tag(&sub) == DW_TAG_member ? dwarf_diename(&sub) : NULL;
			m[n].type = type_of(d, &sub, 0);
			if (m[n].type)
				place(&sub, &m[n++]);
		} while (!dwarf_siblingof(&sub, &sub));
	ok = ok && !dt_type_define_foreign(d->ts, t, size, m, (uint32_t)n);
	free(m);
	return ok;
}

static int64_t enum_value(Dwarf_Die *die, bool *negative)
{
	Dwarf_Attribute attr;
	Dwarf_Sword s = 0;

	if (dwarf_attr(die, DW_AT_const_value, &attr))
		dwarf_formsdata(&attr, &s);
	*negative |= s < 0;
	return s;
}

static bool complete_enum(struct dt_dwarf *d, Dwarf_Die *die, struct dt_type *t)
{
	struct dt_enumerator *e = NULL;
	size_t n = 0, room = 0;
	bool negative = false, ok;
	uint64_t size = 4;
	Dwarf_Die sub;

	number(die, DW_AT_byte_size, &size);
	if (!dwarf_child(die, &sub))
		do {
			if (dwarf_tag(&sub) != DW_TAG_enumerator || !dwarf_diename(&sub))
				continue;
			if (n >= MEMBERS_MAX || !dt_grow(&e, n, &room, sizeof(*e)))
				break;
			e[n].name = dwarf_diename(&sub);
			e[n++].value = enum_value(&sub, &negative);
		} while (!dwarf_siblingof(&sub, &sub));
	ok = size && size <= 8 && !(size & (size - 1)) &&
	     !dt_type_define_foreign_enum(d->ts, t, size, negative, e, (uint32_t)n);
	free(e);
	return ok;
}

/* Only declared here: another unit may define it. */
static bool elsewhere(struct dt_dwarf *d, struct dt_type *t)
{
	const struct dt_type *def = t->name ? dt_dwarf_type(d, t->tag_kind, t->name) : NULL;

	if (def && def != t)
		t->base = def;
	return t->base != NULL;
}

static bool complete(const struct dt_later *later, struct dt_type *t)
{
	const struct dwarf_later *l = (const struct dwarf_later *)later;
	Dwarf_Die die;

	if (!dwarf_offdie(l->d->dbg, l->off, &die))
		return false;
	if (is_declaration(&die))
		return elsewhere(l->d, t);
	return t->tag_kind == DT_T_ENUM ? complete_enum(l->d, &die, t) : complete_sou(l->d, &die, t);
}

/* ---- Functions ------------------------------------------------------------------------------- */

struct wanted {
	Dwarf_Addr addr;
	Dwarf_Die die;
	bool found;
};

static int check_func(Dwarf_Die *die, void *arg)
{
	struct wanted *w = arg;
	Dwarf_Addr lo;

	if (dwarf_entrypc(die, &lo) || lo != w->addr)
		return DWARF_CB_OK;
	w->die = *die;
	w->found = true;
	return DWARF_CB_ABORT;
}

const struct dt_type *dt_dwarf_func(struct dt_dwarf *d, uint64_t addr, const char **names, unsigned int max)
{
	struct wanted w = { .addr = addr + d->bias };
	Dwarf_CU *unit = NULL;
	Dwarf_Die cu;

	memset(names, 0, max * sizeof(*names));
	if (dwarf_addrdie(d->dbg, w.addr, &cu))
		dwarf_getfuncs(&cu, check_func, &w, 0);
	/* .debug_aranges may be missing */
	while (!w.found && !dwarf_get_units(d->dbg, unit, &unit, NULL, NULL, &cu, NULL))
		if (dwarf_haspc(&cu, w.addr) > 0)
			dwarf_getfuncs(&cu, check_func, &w, 0);
	return w.found ? convert_func(d, &w.die, names, max, 0) : NULL;
}
