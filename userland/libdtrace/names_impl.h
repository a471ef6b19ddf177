/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Foreign names inside libdtrace: names.c asks btf.c and ksym.c about the
 * kernel, dwarf.c about processes. All is read when first asked for.
 */
#ifndef DT_NAMES_IMPL_H
#define DT_NAMES_IMPL_H

#include "dt_impl.h"
#include "names.h"

/* What dt_type.foreign points to: first in what each of the two keeps of a type not converted yet. */
struct dt_later {
	bool (*complete)(const struct dt_later *l, struct dt_type *t);
};

/* ---- btf.c: the kernel's types ------------------------------------------------------ */

struct dt_btf;
struct dt_btf_module;

/*
 * @path: a folder with one file for each module and "vmlinux", or one file that stands for vmlinux.
 * Nothing is opened yet. NULL: no memory.
 */
struct dt_btf *dt_btf_create(struct dt_types *ts, const char *path);
void dt_btf_destroy(struct dt_btf *b);
/* A named type or, with DT_T_FUNC, function; @object "" means any module. NULL: none; @why says more, or is left. */
const struct dt_type *dt_btf_type(struct dt_btf *b, const char *object, enum dt_type_kind kind, const char *name,
				  char *why, size_t n);
/* A function's parameters' names (NULL or "": none), as many as its type has. False: none such. */
bool dt_btf_params(struct dt_btf *b, const char *object, const char *func, const char **names, unsigned int max);
/* Of a variable; NULL: not known. Only per-CPU ones have types in the kernels of today. */
const struct dt_type *dt_btf_var(struct dt_btf *b, const char *object, const char *name);
bool dt_btf_enumerator(struct dt_btf *b, const char *object, const char *name, int64_t *value,
		       const struct dt_type **type);

/* ---- dwarf.c: types of programs and libraries ------------------------------------------- */

struct dt_dwarf;

/* The debug information of an ELF file, its separate debug file's included. NULL: there is none, or no memory. */
struct dt_dwarf *dt_dwarf_open(struct dt_types *ts, const char *path);
void dt_dwarf_close(struct dt_dwarf *d);
/* A named type; with DT_T_VOID, the type of a variable. NULL: not known. */
const struct dt_type *dt_dwarf_type(struct dt_dwarf *d, enum dt_type_kind kind, const char *name);
/* The type of the function at @addr (ELF virtual address) and its parameters' names; NULL: not known. */
const struct dt_type *dt_dwarf_func(struct dt_dwarf *d, uint64_t addr, const char **names, unsigned int max);

/* ---- names_static.c: static probes of programs -------------------------------------------- */

/*
 * Types of the arguments of the static probes that @pat means in this process, whose lock is held: how many. -1: there
 * are none, -2: they differ.
 */
int dt_static_args(dtrace_hdl_t *dtp, struct ps_prochandle *P, const dtrace_probedesc_t *pat,
		   const struct dt_type **argv, unsigned int max);
/* The same for probes that are known without their process: of python's functions. The provider is no glob. */
int dt_known_args(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pat, const struct dt_type **argv, unsigned int max);

/* ---- ksym.c: the kernel's symbols --------------------------------------------------------- */

/* A symbol by name; @mod "" means any, vmlinux first, and global before local. NULL: none. */
const struct dt_ksym *dt_ksym_find(dtrace_hdl_t *dtp, const char *mod, const char *name);

#endif /* DT_NAMES_IMPL_H */
