/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * D types: C's types plus string, aggregations and actions' void.
 *
 * A type lives in its dt_types container until that is destroyed; types are
 * immutable once complete and compared by dt_type_same(). Derived types
 * (pointer, array, function) are interned, so equal derivations are one
 * pointer. Layout is that of the LP64 System V ABI, bit-fields included.
 * Later sources (BTF for kernel types, DWARF for user types) fill the same
 * structures with the same constructors. Tags have a name space for each of
 * struct, union and enum; a FORWARD tag is completed in place, so what was
 * derived from it before sees the definition too.
 */
#ifndef DT_TYPE_H
#define DT_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dt_type_kind {
	DT_T_VOID,
	DT_T_INT,		/* any integer incl. char, _Bool; size and sign tell */
	DT_T_FLOAT,		/* float, double, long double: declare, copy, print; no arithmetic */
	DT_T_ENUM,
	DT_T_POINTER,
	DT_T_ARRAY,		/* C array of nelem (0: unknown) */
	DT_T_STRUCT,
	DT_T_UNION,
	DT_T_FUNC,
	DT_T_TYPEDEF,
	DT_T_STRING,		/* D string: by reference; of the default strsize (256), the option may differ */
	DT_T_FORWARD,		/* struct/union/enum named, not defined yet; ->base when completed */
	DT_T_ASSOC,		/* associative array: base value type, params the key signature */
	DT_T_AGG,		/* @name: params the key signature once known */
	DT_T_DYN,		/* "any": not yet known (an undeclared variable before its first store) */
};

#define DT_TQ_CONST	0x1
#define DT_TQ_VOLATILE	0x2
#define DT_TQ_RESTRICT	0x4
#define DT_TQ_USERLAND	0x8	/* pointer into the traced process: loads use uld* */

struct dt_type;

struct dt_member {
	const char *name;	/* NULL: anonymous struct/union member */
	const struct dt_type *type;
	uint64_t bitoff;	/* from the start of the struct */
	uint32_t bits;		/* 0: not a bit-field */
	uint32_t align;		/* bytes asked for by an attribute, or 0 */
	bool packed;		/* likewise: at the next free byte, or bit */
};

/* How a struct's members are to be laid out, apart from what their types say. */
struct dt_layout {
	bool packed;		/* __attribute__((packed)) */
	uint32_t align;		/* __attribute__((aligned(n))); 0: none */
	uint32_t pack;		/* #pragma pack(n); 0: none */
	uint32_t vector;	/* __attribute__((vector_size(n))), of one declarator; 0: none */
};

struct dt_enumerator {
	const char *name;
	int64_t value;
	bool is_huge;		/* it is unsigned, and beyond INT64_MAX */
};

struct dt_type {
	enum dt_type_kind kind;
	const char *name;	/* "int", "unsigned long", tag of struct/union/enum, typedef's name; NULL if none */
	uint64_t size;		/* bytes; 0 for void, func, incomplete */
	uint32_t align;
	uint8_t quals;		/* DT_TQ_*: a qualified type is its own dt_type, the plain one's fields copied */
	const struct dt_type *plain;	/* of a qualified type: the same without qualifiers; else NULL */
	enum dt_type_kind tag_kind;	/* STRUCT, UNION, ENUM and their FORWARD: which of the three */
	bool is_signed;
	bool is_bool, is_char;
	bool aligned;		/* its alignment was asked for: TYPEDEF, STRUCT, UNION */
	bool varargs;		/* FUNC */
	const struct dt_type *base;	/* pointee, element, return value, typedef's, FORWARD's completion */
	uint64_t nelem;		/* ARRAY */
	struct dt_member *members;	/* STRUCT, UNION */
	struct dt_enumerator *enums;	/* ENUM */
	const struct dt_type **params;	/* FUNC, ASSOC, AGG */
	uint32_t n;		/* members, enums or params */
	const void *foreign;	/* FORWARD: whose definition names.h's provider knows; else NULL */
	struct dt_types *ts;	/* of a foreign one: where it lives */
	uint16_t depth;		/* derivations down to the basic types, through typedefs; see DT_TYPE_MAXDEPTH */
};

#define DT_TYPE_MAXDEPTH 128	/* declarations refuse more, so that recursion over types is bounded */

struct dt_types;		/* container */

struct dt_types *dt_types_create(void);	/* with C's basic types, stdint's typedefs, string; NULL: no memory */
void dt_types_destroy(struct dt_types *ts);

/* The built-in ones, quick access. */
enum dt_basic {
	DT_B_VOID, DT_B_CHAR, DT_B_SCHAR, DT_B_UCHAR, DT_B_SHORT, DT_B_USHORT, DT_B_INT, DT_B_UINT,
	DT_B_LONG, DT_B_ULONG, DT_B_LLONG, DT_B_ULLONG, DT_B_BOOL, DT_B_FLOAT, DT_B_DOUBLE, DT_B_LDOUBLE,
	DT_B_STRING, DT_B_DYN, DT_B_INT64, DT_B_UINT64, DT_B_UINT32, DT_B_INT32, DT_B_UINTPTR, DT_B_SIZE,
	DT_B_MAX
};
const struct dt_type *dt_basic(struct dt_types *ts, enum dt_basic b);

/* Constructors. NULL: no memory. Names are copied. */
const struct dt_type *dt_type_pointer(struct dt_types *ts, const struct dt_type *to);
const struct dt_type *dt_type_array(struct dt_types *ts, const struct dt_type *elem, uint64_t n);
const struct dt_type *dt_type_func(struct dt_types *ts, const struct dt_type *ret,
				   const struct dt_type **params, uint32_t n, bool varargs);
const struct dt_type *dt_type_assoc(struct dt_types *ts, const struct dt_type *value,
				    const struct dt_type **keys, uint32_t n);
const struct dt_type *dt_type_qualified(struct dt_types *ts, const struct dt_type *t, uint8_t quals);
/* struct/union/enum: declare a tag (FORWARD until defined), then define it. */
struct dt_type *dt_type_tag(struct dt_types *ts, enum dt_type_kind kind, const char *tag);
/* Lays the members out: their bitoff is ignored. -EEXIST, -EINVAL. */
int dt_type_define_members(struct dt_types *ts, struct dt_type *t, enum dt_type_kind kind,
			   const struct dt_member *m, uint32_t n, const struct dt_layout *how);
	/* @how: NULL is as the types say.
	 * A member without a name is an anonymous struct or union (looked into by
	 * dt_type_member), else an unnamed bit-field: it makes room and is dropped;
	 * with no bits it ends the storage unit (C's "int : 0").
	 */
/* Of 32 bits, or of 64 if a value needs them; a packed one of as few as will do. */
int dt_type_define_enums(struct dt_types *ts, struct dt_type *t, const struct dt_enumerator *e, uint32_t n,
			 bool packed);
/* 0; -EEXIST: already another type; -ENOMEM. */
int dt_type_typedef(struct dt_types *ts, const char *name, const struct dt_type *t);
/* The same, of another alignment than @t's (bytes; 0: of @t's). */
int dt_type_typedef_aligned(struct dt_types *ts, const char *name, const struct dt_type *t, uint32_t align);
/* What an object of this type is aligned to, in bytes. */
uint32_t dt_type_align(const struct dt_type *t);

/* A failed compilation takes back the names and definitions it entered since the mark. */
size_t dt_types_mark(struct dt_types *ts);
void dt_types_rollback(struct dt_types *ts, size_t mark);

/* Look up "int", "struct foo", "foo_t", "unsigned long long *": spelling as in C. NULL: none. */
const struct dt_type *dt_types_lookup(struct dt_types *ts, const char *name);
bool dt_types_is_typedef(struct dt_types *ts, const char *name);	/* the lexer asks */
/* An enumerator's value. */
bool dt_types_enumerator(struct dt_types *ts, const char *name, int64_t *value, const struct dt_type **type);

const struct dt_type *dt_type_resolve(const struct dt_type *t);	/* through typedefs, completed forwards */
/* Looks into anonymous ones. */
const struct dt_member *dt_type_member(const struct dt_type *t, const char *name, uint64_t *bitoff);
/* C compatibility after resolving */
bool dt_type_same(const struct dt_type *a, const struct dt_type *b);
/* Assignable as in C 6.5.16.1 (and D: string <- char *, char[]). */
bool dt_type_is_integer(const struct dt_type *t);	/* INT, ENUM */
bool dt_type_is_scalar(const struct dt_type *t);	/* integer or pointer */
bool dt_type_is_string(const struct dt_type *t);	/* STRING */
bool dt_type_is_strlike(const struct dt_type *t);	/* STRING, char *, char[] */
bool dt_type_is_sou(const struct dt_type *t);		/* STRUCT, UNION */
bool dt_type_is_byref(const struct dt_type *t);		/* STRING, STRUCT, UNION, ARRAY, FLOAT */
/* Spell it as in C ("char *[4]", "int (*)(long)"). Returns buf. */
char *dt_type_name(const struct dt_type *t, char *buf, size_t n);

#endif /* DT_TYPE_H */
