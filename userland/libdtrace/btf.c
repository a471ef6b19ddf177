/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's types, from its BTF: /sys/kernel/btf/vmlinux and, split from
 * it, a file for each module. libbpf reads the format.
 *
 * A file is opened when something is looked for in it and indexed by name in
 * one pass over its types. A type becomes a dt_type when it is named or when
 * another that needs it is converted; structures, unions and enums become
 * FORWARDs first and get their members when somebody looks at them (names.h),
 * for the closure of struct task_struct is half of the kernel.
 *
 * A split file's ids go on where vmlinux' end, so one lookup by id knows the
 * file: types of vmlinux that a module mentions are vmlinux' own.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "names_impl.h"

#define DEEP	64	/* references from one type to the next; more are refused */

struct dt_btf_module {
	char *name;
	bool tried;
	struct btf *btf;
	uint32_t first, end;		/* ids that are this file's own */
	const struct dt_type **conv;	/* [end - first] */
	uint32_t *index;		/* hash of (name, kind): ids, 0: free */
	uint32_t mask;
	int err;			/* why it could not be opened */
};

struct dt_btf {
	struct dt_types *ts;
	char *path;
	bool one_file;			/* path is vmlinux' file itself */
	struct dt_btf_module **mods;	/* [0] is vmlinux */
	size_t nmods;
};

/* A structure, union or enum not converted yet. */
struct btf_later {
	struct dt_later later;
	struct dt_btf *b;
	struct dt_btf_module *m;
	uint32_t id;
};

static const struct dt_type *convert(struct dt_btf *b, struct dt_btf_module *m, uint32_t id, unsigned int depth);

/* ---- Files -------------------------------------------------------------------------- */

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return 0;
}

static uint32_t hash(const char *name)
{
	uint32_t h = 2166136261u;

	while (*name)
		h = (h ^ (unsigned char)*name++) * 16777619u;
	return h;
}

static bool has_name(const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_STRUCT: case BTF_KIND_UNION: case BTF_KIND_ENUM: case BTF_KIND_ENUM64:
	case BTF_KIND_TYPEDEF: case BTF_KIND_FUNC: case BTF_KIND_VAR:
		return t->name_off != 0;
	default:
		return false;
	}
}

static const char *name_of(const struct dt_btf_module *m, uint32_t off)
{
	const char *s = btf__name_by_offset(m->btf, off);

	return s ? s : "";
}

static int build_index(struct dt_btf_module *m)
{
	uint32_t room = 256;

	while (room < (m->end - m->first) * 2)
		room *= 2;
	m->index = calloc(room, sizeof(*m->index));
	m->conv = calloc(m->end - m->first + 1, sizeof(*m->conv));
	if (!m->index || !m->conv)
		return -ENOMEM;
	m->mask = room - 1;
	for (uint32_t id = m->first; id < m->end; id++) {
		const struct btf_type *t = btf__type_by_id(m->btf, id);
		uint32_t h;

		if (!t || !has_name(t))
			continue;
		h = hash(name_of(m, t->name_off)) & m->mask;
		while (m->index[h])
			h = (h + 1) & m->mask;
		m->index[h] = id;
	}
	return 0;
}

static void open_file(struct dt_btf *b, struct dt_btf_module *m, struct btf *base)
{
	libbpf_print_fn_t before = libbpf_set_print(quiet);
	char path[4096];

	m->tried = true;
	snprintf(path, sizeof(path), b->one_file ? "%s" : "%s/%s", b->path, m->name);
	errno = 0;
	m->btf = base ? btf__parse_split(path, base) : btf__parse(path, NULL);
	m->err = m->btf ? 0 : errno ? errno : EINVAL;
	libbpf_set_print(before);
	if (!m->btf)
		return;
	m->first = base ? btf__type_cnt(base) : 1;
	m->end = btf__type_cnt(m->btf);
	if (build_index(m)) {
		btf__free(m->btf);
		m->btf = NULL;
		m->err = ENOMEM;
	}
}

static struct dt_btf_module *add_module(struct dt_btf *b, const char *name)
{
	struct dt_btf_module **grown = realloc(b->mods, (b->nmods + 1) * sizeof(*grown));
	struct dt_btf_module *m = calloc(1, sizeof(*m));

	if (grown)
		b->mods = grown;
	if (m)
		m->name = strdup(name);
	if (!grown || !m || !m->name) {
		free(m);
		return NULL;
	}
	b->mods[b->nmods++] = m;
	return m;
}

/* Names of all modules that have types, the first time that one is asked for. */
static void list_modules(struct dt_btf *b)
{
	struct dirent *e;
	DIR *dir = b->nmods > 1 || b->one_file ? NULL : opendir(b->path);

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.' && strcmp(e->d_name, "vmlinux"))
			add_module(b, e->d_name);
	if (dir)
		closedir(dir);
}

static bool ready(struct dt_btf *b, struct dt_btf_module *m)
{
	struct dt_btf_module *vmlinux = b->mods[0];

	if (!vmlinux->tried)
		open_file(b, vmlinux, NULL);
	if (!m->tried && vmlinux->btf)
		open_file(b, m, vmlinux->btf);
	return m->btf != NULL;
}

struct dt_btf *dt_btf_create(struct dt_types *ts, const char *path)
{
	struct dt_btf *b = calloc(1, sizeof(*b));
	struct stat st;

	if (!b)
		return NULL;
	b->ts = ts;
	b->path = strdup(path);
	b->one_file = !stat(path, &st) && !S_ISDIR(st.st_mode);
	if (b->path && add_module(b, "vmlinux"))
		return b;
	dt_btf_destroy(b);
	return NULL;
}

void dt_btf_destroy(struct dt_btf *b)
{
	if (!b)
		return;
	while (b->nmods) {	/* split ones before what they are split from */
		struct dt_btf_module *m = b->mods[--b->nmods];

		btf__free(m->btf);
		free(m->conv);
		free(m->index);
		free(m->name);
		free(m);
	}
	free(b->mods);
	free(b->path);
	free(b);
}

/* ---- Looking up ----------------------------------------------------------------------- */

static bool kind_is(const struct btf_type *t, enum dt_type_kind kind)
{
	switch (btf_kind(t)) {
	case BTF_KIND_STRUCT:	return kind == DT_T_STRUCT;
	case BTF_KIND_UNION:	return kind == DT_T_UNION;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:	return kind == DT_T_ENUM;
	case BTF_KIND_TYPEDEF:	return kind == DT_T_TYPEDEF;
	case BTF_KIND_FUNC:	return kind == DT_T_FUNC;
	case BTF_KIND_VAR:	return kind == DT_T_VOID;
	default:		return false;
	}
}

static uint32_t find_in(struct dt_btf *b, struct dt_btf_module *m, enum dt_type_kind kind, const char *name)
{
	const struct btf_type *t;

	if (!ready(b, m))
		return 0;
	for (uint32_t h = hash(name) & m->mask; m->index[h]; h = (h + 1) & m->mask) {
		t = btf__type_by_id(m->btf, m->index[h]);
		if (kind_is(t, kind) && !strcmp(name_of(m, t->name_off), name))
			return m->index[h];
	}
	return 0;
}

/* The module and id of a name; DT_T_VOID looks for variables. 0: none. */
static uint32_t find(struct dt_btf *b, const char *object, enum dt_type_kind kind, const char *name,
		     struct dt_btf_module **ret)
{
	uint32_t id = 0;

	if (*object && strcmp(object, "vmlinux"))
		list_modules(b);
	for (size_t i = 0; i < b->nmods && !id; i++) {
		*ret = b->mods[i];
		if (!*object || !strcmp(object, b->mods[i]->name))
			id = find_in(b, b->mods[i], kind, name);
		if (!id && !*object && !i && b->mods[0]->btf)
			list_modules(b);
	}
	/* A module's types that vmlinux has too are in vmlinux' file only. */
	if (!id && *object && strcmp(object, "vmlinux") && kind != DT_T_FUNC && kind != DT_T_VOID)
		for (size_t i = 1; i < b->nmods && !id; i++)
			if (!strcmp(object, b->mods[i]->name))
				id = find_in(b, *ret = b->mods[0], kind, name);
	return id;
}

static bool is_module(const struct dt_btf *b, const char *object)
{
	for (size_t i = 0; i < b->nmods; i++)
		if (!*object || !strcmp(b->mods[i]->name, object))
			return true;
	return false;
}

static void say_why(const struct dt_btf *b, const char *object, char *why, size_t n)
{
	const struct dt_btf_module *m = b->mods[0];
	const char *file = b->one_file ? "" : "/vmlinux";

	if (!n)
		return;
	if (!is_module(b, object))
		snprintf(why, n, "the kernel has no module %s with types of its own", object);
	else if (m->btf)
		return;
	else if (m->err == ENOENT)
		snprintf(why, n, "no kernel type information: %s%s is not there", b->path, file);
	else
		snprintf(why, n, "no kernel type information: %s%s cannot be read: %s", b->path, file,
			 strerror(m->err));
}

const struct dt_type *dt_btf_type(struct dt_btf *b, const char *object, enum dt_type_kind kind, const char *name,
				  char *why, size_t n)
{
	struct dt_btf_module *m;
	uint32_t id = find(b, object, kind, name, &m);

	if (id)
		return convert(b, m, id, 0);
	say_why(b, object, why, n);
	return NULL;
}

const struct dt_type *dt_btf_var(struct dt_btf *b, const char *object, const char *name)
{
	struct dt_btf_module *m;
	uint32_t id = find(b, object, DT_T_VOID, name, &m);

	return id ? convert(b, m, id, 0) : NULL;
}

bool dt_btf_params(struct dt_btf *b, const char *object, const char *func, const char **names, unsigned int max)
{
	struct dt_btf_module *m;
	uint32_t id = find(b, object, DT_T_FUNC, func, &m);
	const struct btf_type *t = id ? btf__type_by_id(m->btf, id) : NULL;
	const struct btf_type *proto = t ? btf__type_by_id(m->btf, t->type) : NULL;

	if (!proto || !btf_is_func_proto(proto))
		return false;
	for (unsigned int i = 0; i < max && i < btf_vlen(proto); i++)
		names[i] = name_of(m, btf_params(proto)[i].name_off);
	return true;
}

static bool enumerator_of(struct dt_btf_module *m, const struct btf_type *t, const char *name, int64_t *value)
{
	bool sgn = btf_kflag(t);

	for (unsigned int i = 0; i < btf_vlen(t); i++) {
		if (btf_is_enum(t) && !strcmp(name_of(m, btf_enum(t)[i].name_off), name)) {
			*value = sgn ? btf_enum(t)[i].val : (int64_t)(uint32_t)btf_enum(t)[i].val;
			return true;
		}
		if (btf_is_enum64(t) && !strcmp(name_of(m, btf_enum64(t)[i].name_off), name)) {
			*value = (int64_t)btf_enum64_value(&btf_enum64(t)[i]);
			return true;
		}
	}
	return false;
}

/* One pass over all enums: a name that D does not know is rare, and mostly an error. */
bool dt_btf_enumerator(struct dt_btf *b, const char *object, const char *name, int64_t *value,
		       const struct dt_type **type)
{
	for (size_t i = 0; i < b->nmods; i++) {
		struct dt_btf_module *m = b->mods[i];

		/* vmlinux, and the modules that this program has named already */
		if ((*object && strcmp(object, m->name)) || (i && !m->tried && !*object) || !ready(b, m))
			continue;
		for (uint32_t id = m->first; id < m->end; id++) {
			const struct btf_type *t = btf__type_by_id(m->btf, id);

			if (!btf_is_any_enum(t) || !enumerator_of(m, t, name, value))
				continue;
			*type = convert(b, m, id, 0);
			return *type != NULL;
		}
	}
	return false;
}

/* ---- Conversion ------------------------------------------------------------------------- */

static const struct dt_type *convert_int(struct dt_btf *b, struct dt_btf_module *m, const struct btf_type *t)
{
	static const enum dt_basic of[2][4] = {
		{ DT_B_UCHAR, DT_B_USHORT, DT_B_UINT, DT_B_ULONG }, { DT_B_SCHAR, DT_B_SHORT, DT_B_INT, DT_B_LONG },
	};
	const char *name = name_of(m, t->name_off);
	bool sgn = btf_int_encoding(t) & BTF_INT_SIGNED;
	const struct dt_type *same = dt_types_lookup(b->ts, name);

	if (btf_int_encoding(t) & BTF_INT_BOOL && t->size == 1)
		return dt_basic(b->ts, DT_B_BOOL);
	if (same && same->kind == DT_T_INT && same->size == t->size && same->is_signed == sgn)
		return same;
	switch (t->size) {
	case 1: case 2: case 4: case 8:
		return dt_type_foreign_int(b->ts, name, dt_basic(b->ts, of[sgn][__builtin_ctz(t->size)]));
	default:	/* __int128: D can look at its halves */
		same = dt_type_array(b->ts, dt_basic(b->ts, DT_B_ULONG), (t->size + 7) / 8);
		return same ? dt_type_foreign_typedef(b->ts, name, same) : NULL;
	}
}

static const struct dt_type *convert_float(struct dt_btf *b, const struct btf_type *t)
{
	return dt_basic(b->ts, t->size == 4 ? DT_B_FLOAT : t->size == 8 ? DT_B_DOUBLE : DT_B_LDOUBLE);
}

static const struct dt_type *convert_proto(struct dt_btf *b, struct dt_btf_module *m, const struct btf_type *t,
					   unsigned int depth)
{
	const struct btf_param *p = btf_params(t);
	const struct dt_type **params, *ret, *f = NULL;
	uint32_t n = btf_vlen(t);
	bool varargs = n && !p[n - 1].type;

	n -= varargs;
	params = calloc(n + 1, sizeof(*params));
	ret = convert(b, m, t->type, depth);
	for (uint32_t i = 0; params && i < n; i++) {
		params[i] = convert(b, m, p[i].type, depth);
		if (!params[i])
			ret = NULL;
	}
	if (params && ret)
		f = dt_type_func(b->ts, ret, params, n, varargs);
	free(params);
	return f;
}

static bool complete(const struct dt_later *l, struct dt_type *t);

static const struct dt_type *convert_later(struct dt_btf *b, struct dt_btf_module *m, uint32_t id,
					   enum dt_type_kind kind, const char *name)
{
	struct btf_later *l = dt_types_alloc(b->ts, sizeof(*l));

	if (!l)
		return NULL;
	*l = (struct btf_later){ .later = { complete }, .b = b, .m = m, .id = id };
	return dt_type_foreign(b->ts, kind, *name ? name : NULL, l);
}

static const struct dt_type *qualified(struct dt_btf *b, struct dt_btf_module *m, const struct btf_type *t,
				       uint8_t quals, unsigned int depth)
{
	const struct dt_type *to = convert(b, m, t->type, depth);

	return to && quals ? dt_type_qualified(b->ts, to, quals) : to;
}

static const struct dt_type *convert_new(struct dt_btf *b, struct dt_btf_module *m, uint32_t id, unsigned int depth)
{
	const struct btf_type *t = btf__type_by_id(m->btf, id);
	const char *name = name_of(m, t->name_off);
	const struct dt_type *to;

	switch (btf_kind(t)) {
	case BTF_KIND_INT:	return convert_int(b, m, t);
	case BTF_KIND_FLOAT:	return convert_float(b, t);
	case BTF_KIND_STRUCT:	return convert_later(b, m, id, DT_T_STRUCT, name);
	case BTF_KIND_UNION:	return convert_later(b, m, id, DT_T_UNION, name);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:	return convert_later(b, m, id, DT_T_ENUM, name);
	case BTF_KIND_FWD:
		return convert_later(b, m, id, btf_kflag(t) ? DT_T_UNION : DT_T_STRUCT, name);
	case BTF_KIND_PTR:
		to = convert(b, m, t->type, depth);
		return to ? dt_type_pointer(b->ts, to) : NULL;
	case BTF_KIND_ARRAY:
		to = convert(b, m, btf_array(t)->type, depth);
		return to ? dt_type_array(b->ts, to, btf_array(t)->nelems) : NULL;
	case BTF_KIND_TYPEDEF:
		to = convert(b, m, t->type, depth);
		return to ? dt_type_foreign_typedef(b->ts, name, to) : NULL;
	case BTF_KIND_CONST:	return qualified(b, m, t, DT_TQ_CONST, depth);
	case BTF_KIND_VOLATILE:	return qualified(b, m, t, DT_TQ_VOLATILE, depth);
	case BTF_KIND_RESTRICT:	return qualified(b, m, t, DT_TQ_RESTRICT, depth);
	case BTF_KIND_TYPE_TAG:
		return qualified(b, m, t, strcmp(name, "user") ? 0 : DT_TQ_USERLAND, depth);
	case BTF_KIND_FUNC: case BTF_KIND_VAR:
		return convert(b, m, t->type, depth);
	case BTF_KIND_FUNC_PROTO:
		return convert_proto(b, m, t, depth);
	default:
		return NULL;
	}
}

static const struct dt_type *convert(struct dt_btf *b, struct dt_btf_module *m, uint32_t id, unsigned int depth)
{
	const struct dt_type **slot;

	if (!id)
		return dt_basic(b->ts, DT_B_VOID);
	if (id < m->first)
		m = b->mods[0];
	if (id < m->first || id >= m->end || depth > DEEP)
		return NULL;
	slot = &m->conv[id - m->first];
	if (!*slot)
		*slot = convert_new(b, m, id, depth + 1);
	return *slot && (*slot)->depth <= DT_TYPE_MAXDEPTH ? *slot : NULL;
}

/* Old encodings keep a bit-field's place in the integer's type. */
static void bit_field(struct dt_btf_module *m, const struct btf_type *t, unsigned int i, struct dt_member *out)
{
	const struct btf_type *mt = btf__type_by_id(m->btf, btf_members(t)[i].type);

	out->bitoff = btf_member_bit_offset(t, i);
	out->bits = btf_member_bitfield_size(t, i);
	while (mt && (btf_is_mod(mt) || btf_is_typedef(mt)))
		mt = btf__type_by_id(m->btf, mt->type);
	if (!out->bits && mt && btf_is_int(mt) && btf_int_bits(mt) != mt->size * 8) {
		out->bits = btf_int_bits(mt);
		out->bitoff += btf_int_offset(mt);
	}
}

static bool complete_sou(const struct btf_later *l, const struct btf_type *t, struct dt_type *to)
{
	uint32_t n = btf_vlen(t);
	struct dt_member *m = calloc(n + 1, sizeof(*m));
	bool ok = m != NULL;

	for (uint32_t i = 0; ok && i < n; i++) {
		const char *name = name_of(l->m, btf_members(t)[i].name_off);

		m[i].name = *name ? name : NULL;
		m[i].type = convert(l->b, l->m, btf_members(t)[i].type, 0);
		bit_field(l->m, t, i, &m[i]);
		ok = m[i].type != NULL;
	}
	ok = ok && !dt_type_define_foreign(l->b->ts, to, t->size, m, n);
	free(m);
	return ok;
}

static bool complete_enum(const struct btf_later *l, const struct btf_type *t, struct dt_type *to)
{
	uint32_t n = btf_vlen(t);
	struct dt_enumerator *e = calloc(n + 1, sizeof(*e));
	bool sgn = btf_kflag(t), ok;

	for (uint32_t i = 0; e && i < n; i++) {
		if (btf_is_enum(t)) {
			e[i].name = name_of(l->m, btf_enum(t)[i].name_off);
			e[i].value = sgn || btf_enum(t)[i].val < 0 ? btf_enum(t)[i].val :
				     (int64_t)(uint32_t)btf_enum(t)[i].val;
		} else {
			e[i].name = name_of(l->m, btf_enum64(t)[i].name_off);
			e[i].value = (int64_t)btf_enum64_value(&btf_enum64(t)[i]);
		}
		sgn |= btf_is_enum(t) && e[i].value < 0;
	}
	ok = e && !dt_type_define_foreign_enum(l->b->ts, to, t->size, sgn, e, n);
	free(e);
	return ok;
}

static bool complete(const struct dt_later *later, struct dt_type *to)
{
	const struct btf_later *l = (const struct btf_later *)later;
	const struct btf_type *t = btf__type_by_id(l->m->btf, l->id);
	struct dt_btf_module *m;
	uint32_t id;

	if (btf_is_any_enum(t))
		return t->size >= 1 && t->size <= 8 && complete_enum(l, t, to);
	if (btf_is_composite(t))
		return complete_sou(l, t, to);
	/* Only declared in this file: whoever defines it must be another. */
	id = to->name ? find(l->b, "", to->tag_kind, to->name, &m) : 0;
	to->base = id ? convert(l->b, m, id, 0) : NULL;
	return to->base != NULL;
}
