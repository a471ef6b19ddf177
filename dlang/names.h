/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Foreign names: types and symbols of the kernel and of traced processes, which
 * the compiler asks for and its user (libdtrace: names.c over BTF, kallsyms and
 * DWARF; tests: a table) answers. The compiler itself opens no file.
 *
 * Objects. "" is the kernel, any module of it, vmlinux first; "vmlinux" and
 * "ext4" one of them; "pid123" the program of process 123, "pid123`libc.so.6"
 * one of its objects (by name, soname, or its start up to a dot, as in a probe
 * description).
 *
 * Laziness. Nothing is asked before a program needs it: a program without
 * kernel names opens no BTF. A struct, union or enum may be given as a FORWARD
 * whose ->foreign is set; dt_type_resolve() then calls complete() the first time
 * somebody looks at it, which fills it in place. So whoever resolves types sees
 * them defined, and only FORWARDs that D itself declared ("struct foo *") stay
 * so until dt_type_complete(ts, t) looks for the kernel's definition: call it
 * where a member or a size is needed, before deciding that a type is incomplete.
 *
 * Userland. Types of processes come qualified with DT_TQ_USERLAND, so a pointer
 * to one is a user pointer (dt_is_user_ptr) and loads through it are uld*. The
 * pointers inside are tainted when they are read (dt_taint).
 *
 * Ownership. Types belong to the dt_types, and live as long; strings to the
 * provider of the names, as long as that. All is called by the handle's thread.
 */
#ifndef DT_NAMES_H
#define DT_NAMES_H

#include <dtrace/abi.h>
#include "type.h"

struct dt_symbol {
	const char *object;		/* "vmlinux", "ext4"; "libc.so.6" */
	const char *name;
	uint64_t addr;			/* 0: not to be had (kptr_restrict, no privilege), though it exists */
	uint64_t size;			/* bytes; 0: unknown */
	const struct dt_type *type;	/* of the object or the function; NULL: unknown, only its address counts */
	bool func;			/* its value is its address */
	bool percpu;			/* addr is an offset into each CPU's area */
};

struct dt_names {
	void *ctx;
	/*
	 * A named type: DT_T_STRUCT, DT_T_UNION, DT_T_ENUM for a tag, DT_T_TYPEDEF
	 * for a typedef. NULL: there is none, or no type information at all: then
	 * @why says so in a sentence.
	 */
	const struct dt_type *(*type)(void *ctx, const char *object, enum dt_type_kind kind, const char *name);
	/*
	 * Fill in FORWARD @t, which this provider gave @foreign, or set its ->base to the definition.
	 * Called once. False: it cannot be told.
	 */
	bool (*complete)(void *ctx, struct dt_type *t, const void *foreign);
	/* An enumerator of any enum of the kernel; *type is the enum. */
	bool (*enumerator)(void *ctx, const char *object, const char *name, int64_t *value,
			   const struct dt_type **type);
	/* False: there is none; @why as above. The type is looked up too. */
	bool (*symbol)(void *ctx, const char *object, const char *name, struct dt_symbol *sym);
	/*
	 * Types of args[0..] of the probes that @pat matches, from the debug information of what
	 * they probe: for an entry the function's parameters; for a return args[0] is
	 * the offset of the return, args[1] the value. names[i] (NULL: none) are the parameters' names.
	 * Pointers of user processes are user pointers. Returns how many there are (it may be more than
	 * @max, of which only those are written); -1: not known; -2: the probes that @pat matches disagree.
	 */
	int (*probe_args)(void *ctx, const dtrace_probedesc_t *pat, const struct dt_type **argv,
			  const char **names, unsigned int max);
	bool kernel_undef, user_undef;	/* -x knodefs, unodefs: an unknown symbol is at address 0 */
	char why[256];			/* why the last answer was no, or empty */
};

/* Types and symbols may be asked of @names from now on; NULL: of nobody. Not owned. */
void dt_types_set_names(struct dt_types *ts, struct dt_names *names);
struct dt_names *dt_types_names(struct dt_types *ts);	/* or NULL */

/* "ext4`foo": the object's length and the name behind the last backtick. False: it has none. */
bool dt_name_split(const char *name, size_t *objlen, const char **rest);

/*
 * @t (through typedefs and qualifiers), defined if anything defines it: a tag that
 * D only mentions gets the kernel's definition. Returns what dt_type_resolve() then does.
 */
const struct dt_type *dt_type_complete(struct dt_types *ts, const struct dt_type *t);

/* D's own definition of a tag that so far was the kernel's: what follows sees it. NULL: no memory. */
struct dt_type *dt_type_shadow(struct dt_types *ts, enum dt_type_kind kind, const char *tag);

/* ---- For who provides types (BTF, DWARF) ---------------------------------------- */

void *dt_types_alloc(struct dt_types *ts, size_t n);	/* zeroed, lives as long; NULL: no memory */
/* A tag of no name space of D's: FORWARD, ->foreign set, waiting for complete(). @tag may be NULL. */
struct dt_type *dt_type_foreign(struct dt_types *ts, enum dt_type_kind kind, const char *tag, const void *foreign);
/*
 * Define it as it is laid out there: sizes in bytes, members with their bitoff.
 * @m and their names are copied. Members without a name that are not structs or unions are left out.
 */
int dt_type_define_foreign(struct dt_types *ts, struct dt_type *t, uint64_t size, const struct dt_member *m,
			   uint32_t n);
/* An enum; its enumerators do not become names of D. */
int dt_type_define_foreign_enum(struct dt_types *ts, struct dt_type *t, uint64_t size, bool is_signed,
				const struct dt_enumerator *e, uint32_t n);
/* A typedef and an integer (or float) type that are not names of D. NULL: no memory. */
const struct dt_type *dt_type_foreign_typedef(struct dt_types *ts, const char *name, const struct dt_type *t);
const struct dt_type *dt_type_foreign_int(struct dt_types *ts, const char *name, const struct dt_type *like);

#endif /* DT_NAMES_H */
