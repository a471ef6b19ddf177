/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside of struct dt_types: for type.c and type_*.c alone. */
#ifndef DT_TYPE_IMPL_H
#define DT_TYPE_IMPL_H

#include "ast.h"
#include "type.h"

#define DT_TYPE_BUCKETS	4096

/*
 * Names: typedefs and enumerators share a space as in C, tags have one for
 * each kind of theirs.
 */
enum dt_name_space { DT_NS_ORDINARY, DT_NS_STRUCT, DT_NS_UNION, DT_NS_ENUM };

struct dt_type_entry {
	struct dt_type_entry *next;	/* in the bucket */
	enum dt_name_space space;
	const char *name;
	struct dt_type *type;		/* the typedef, the tag, the enumerator's enum */
	bool is_enumerator;
	bool is_builtin;		/* D's own, that a program may define otherwise */
	int64_t value;
};

/* Pointers, arrays, functions, qualified types ..., found again by their parts. */
struct dt_type_derived {
	struct dt_type t;		/* first: what the callers hold */
	struct dt_type_derived *next;
};

/* What dt_types_rollback undoes, in order: a name, or the completion of a tag. */
struct dt_type_undo {
	struct dt_type_undo *prev;
	struct dt_type_entry *entry;
	struct dt_type *completed, before;
};

struct dt_types {
	struct dt_arena *arena;
	const struct dt_type *basic[DT_B_MAX];
	struct dt_type_entry *names[DT_TYPE_BUCKETS];
	struct dt_type_derived *derived[DT_TYPE_BUCKETS];
	struct dt_type_undo *undo;
	size_t nundo;
	bool ready;			/* all built-in types are there */
	unsigned int fetching;		/* foreign types being defined, each for the one before */
	struct dt_names *others;	/* who knows more types, or NULL */
};

struct dt_type_entry *dt_types_find(struct dt_types *ts, enum dt_name_space space, const char *name, size_t n);
/* NULL: no memory. The name is copied. */
struct dt_type_entry *dt_types_enter(struct dt_types *ts, enum dt_name_space space, const char *name,
				     struct dt_type *t);
int dt_types_log(struct dt_types *ts, struct dt_type_entry *e, struct dt_type *completed);
char *dt_types_strdup(struct dt_types *ts, const char *s);
bool dt_type_fetch(const struct dt_type *t);	/* a foreign FORWARD: have it defined */
bool dt_type_same_tag(const struct dt_type *a, const struct dt_type *b);
uint16_t dt_type_value_depth(const struct dt_type *t);
enum dt_name_space dt_tag_space(enum dt_type_kind kind);

#endif /* DT_TYPE_IMPL_H */
