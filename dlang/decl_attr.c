// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What headers of C say of layouts beside their types: __attribute__((packed)) and
 * ((aligned(n))), _Alignas, __alignof__, #pragma pack. (gcc's manual, "Common Type
 * Attributes", "Structure-Layout Pragmas".) How it is laid out then: type_tag.c.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

#define MOST_ALIGNED	16		/* x86-64: "aligned" without a number */
#define ALIGN_LIMIT	(1 << 28)

bool dt_is_included(const struct dt_parser *ps, struct dt_loc loc)
{
	return loc.src > ps->p->src;
}

struct dt_layout dt_layout_join(struct dt_layout a, struct dt_layout b)
{
	a.packed |= b.packed;
	a.align = b.align ? b.align : a.align;	/* as with gcc, the last one counts */
	a.pack = a.pack ? a.pack : b.pack;
	a.vector = a.vector ? a.vector : b.vector;
	return a;
}

struct dt_declr *dt_declr_layout(struct dt_declr *d, struct dt_layout layout)
{
	if (d)
		d->layout = dt_layout_join(d->layout, layout);
	return d;
}

int dt_attr_align(struct dt_parser *ps, const struct dt_node *n, uint32_t *ret)
{
	int64_t v;

	if (dt_const_int(ps, n, D_SYNTAX, "an alignment", &v) < 0)
		return -1;
	if (v < 0 || v > ALIGN_LIMIT || (v & (v - 1)))
		return DT_ERROR(ps, D_SYNTAX, n->loc, "an alignment must be a power of 2");
	*ret = (uint32_t)v;
	return 0;
}

/* "packed" as "__packed__", too. */
static bool is_attr(const char *name, const char *attr)
{
	size_t n = strlen(name), m = strlen(attr);

	if (n == m + 4 && !strncmp(name, "__", 2) && !strcmp(name + n - 2, "__"))
		name += 2;
	else if (n != m)
		return false;
	return !strncmp(name, attr, m);
}

int dt_attr(struct dt_parser *ps, struct dt_loc loc, const char *name, const struct dt_node *arg,
	    struct dt_layout *ret)
{
	static const char *const others[] = { "mode", "scalar_storage_order", "ms_struct" };

	*ret = (struct dt_layout){ 0 };
	if (is_attr(name, "packed")) {
		ret->packed = true;
	} else if (is_attr(name, "aligned")) {
		ret->align = MOST_ALIGNED;
		return arg ? dt_attr_align(ps, arg, &ret->align) : 0;
	} else if (is_attr(name, "vector_size") && arg) {
		return dt_attr_align(ps, arg, &ret->vector);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (is_attr(name, others[i]))
			return DT_ERROR(ps, D_NOSUP, loc, "attribute %s makes types that D does not have", name);
	return 0;
}

const struct dt_type *dt_attr_type(struct dt_parser *ps, const struct dt_spec *s, const struct dt_declr *d,
				   const struct dt_type *t, struct dt_layout *layout)
{
	uint64_t size = dt_type_resolve(t)->size;

	*layout = d ? dt_layout_join(s->layout, d->layout) : s->layout;
	if (!layout->vector || !size || layout->vector % size)
		return t;
	if (layout->align < layout->vector)
		layout->align = layout->vector;
	return dt_check_memory(ps, dt_type_array(ps->types, t, layout->vector / size)); /* D computes with none */
}

struct dt_node *dt_alignof(struct dt_parser *ps, struct dt_loc loc, const struct dt_type *t)
{
	struct dt_node *n = dt_node_new(ps, DT_N_INT, loc);

	if (n) {
		n->u.i.val = dt_type_align(t);
		n->u.i.is_unsigned = n->u.i.is_decimal = true;
		n->u.i.width = 1;
	}
	return n;
}

/* ---- #pragma pack ------------------------------------------------------------------ */

/* The next word or number of "(push, 4)"; advances behind the comma. */
static const char *pack_word(const char **s, size_t *n)
{
	const char *w = *s + strspn(*s, " \t(,");

	*n = strcspn(w, " \t,)");
	*s = w + *n;
	return w;
}

/* pack(), pack(n), pack(push), pack(push, [name,] n), pack(pop [, ...]) */
int dt_pragma_pack(struct dt_parser *ps, const char *s, struct dt_loc loc)
{
	const uint32_t room = sizeof(ps->pack) / sizeof(ps->pack[0]);
	uint32_t now = 0;
	bool popped = false, pushed = false;
	size_t n;

	for (const char *w = pack_word(&s, &n); n; w = pack_word(&s, &n)) {
		unsigned long v = strtoul(w, NULL, 10);

		if (n == 4 && !strncmp(w, "push", n)) {
			if (ps->npack + 1 == room)
				return DT_ERROR(ps, D_NOSUP, loc, "#pragma pack(push) is nested more than %u deep",
						room - 1);
			now = ps->pack[ps->npack++];
			pushed = true;
		} else if (n == 3 && !strncmp(w, "pop", n)) {
			if (ps->npack)
				ps->npack--;
			now = ps->pack[ps->npack];
			popped = true;
		} else if (isdigit((unsigned char)*w)) {
			if (v > MOST_ALIGNED || (v & (v - 1)))
				return DT_ERROR(ps, D_PRAGMA_MALFORM, loc, "#pragma pack takes 1, 2, 4, 8 or 16");
			now = (uint32_t)v;
		} else if (!pushed && !popped) {
			return DT_ERROR(ps, D_PRAGMA_MALFORM, loc,
					"this pragma is written: #pragma pack(n), pack(push, n) or pack(pop)");
		}
	}
	ps->pack[ps->npack] = now;
	return 0;
}
