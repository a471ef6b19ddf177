/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of this room share among themselves.
 */
#ifndef DT_PROC_IMPL_H
#define DT_PROC_IMPL_H

#include <elf.h>
#include <gelf.h>
#include <libelf.h>
#include "proc.h"

/* ---- ELF files ------------------------------------------------------------ */

/* Strings that live as long as their owner. */
struct dt_elf_strs;
const char *dt_elf_strs_add(struct dt_elf_strs **s, const char *str, size_t len);
void dt_elf_strs_free(struct dt_elf_strs *s);

/* A section that holds code. */
struct dt_text {
	uint64_t lo, hi;	/* ELF virtual addresses */
	unsigned int shndx;
	bool is_plt;		/* linker's stubs: no functions in there */
};

/* A range that an .eh_frame entry describes. */
struct dt_fde {
	uint64_t lo, hi;
	bool plain;		/* on its first instruction the CFA is rsp + 8: where a call arrives */
};

/* Another name of a function. */
struct dt_alias {
	const char *name;
	uint32_t func;
};

struct dt_resolver {
	const char *name;	/* of an IFUNC symbol */
	uint64_t addr;
};

struct dt_elf {
	struct dt_elf *next;	/* in the cache */
	unsigned int refs;
	uint64_t dev, ino, mtime, size;	/* the key; all 0: not a file (vDSO) */

	const char *path;	/* of the first process that mapped it */
	int fd;			/* open until the functions are loaded, then -1 */
	const uint8_t *map;
	size_t len;
	bool is_heap;		/* map was malloc'ed */
	Elf *elf;
	Elf64_Phdr *phdr;
	size_t nphdr;
	struct dt_text *text;	/* by rising address */
	size_t ntext;
	char buildid[2 * 64 + 1];
	const char *soname;	/* NULL: none */

	struct dt_fde *fde;	/* the unwind tables' ranges, once dt_elf_extent() was asked */
	size_t nfde;
	bool fde_known;

	bool loaded;		/* what follows is filled */
	struct dt_func *func;
	size_t nfunc;
	struct dt_alias *alias;
	size_t nalias;
	struct dt_alias *name;	/* every name, sorted */
	size_t nname;
	struct dt_resolver *resolver;
	size_t nresolver;
	void *dwfl;		/* keeps the separate debug file mapped; NULL: none */
	struct dt_elf_strs *strs;
};

/* Open by descriptor (cached) or from memory (takes the malloc'ed buffer). */
int dt_elf_open(int fd, const char *path, struct dt_elf **ret, struct dt_err *err);
int dt_elf_memory(void *buf, size_t len, struct dt_elf **ret);
void dt_elf_put(struct dt_elf *e);
const struct dt_text *dt_elf_section_at(const struct dt_elf *e, uint64_t vaddr);
Elf_Scn *dt_elf_section(struct dt_elf *e, const char *name, Elf64_Shdr *sh);

/* Index of the function that covers an address, -1: none. For use while loading. */
long dt_elf_search(const struct dt_elf *e, uint64_t vaddr);
/* .eh_frame's ranges by rising address, malloc'ed; none is no error. */
int dt_ehframe_read(struct dt_elf *e, struct dt_fde **ret, size_t *n);
/* Mark the fragments among e->func; plain[i]: the unwind table does not contradict that calls arrive at i. */
int dt_fragments_mark(struct dt_elf *e, const bool *plain);

/* ---- Processes ------------------------------------------------------------- */

struct dt_obj {			/* a dt_object and what only this room knows of it */
	struct dt_object pub;	/* first: cast back from pub */
	char *path;
	int why;		/* why pub.elf is NULL: -errno */
	uint64_t image_lo, image_hi;	/* all of it: text, data, bss */
	size_t order;		/* in the dynamic linker's list */
	bool seen;		/* by the update that runs now */
	struct dt_ifunc *ifunc;
	size_t nifunc;
	bool ifunc_known;	/* looked for once at least */
};

struct dt_proc {
	pid_t pid;
	int pidfd;		/* -1: the kernel has none */
	bool is_child;
	bool is_held;		/* by ptrace */
	bool is_dead;
	int status;		/* wait()'s, of a dead child; else -1 */
	char *exe;

	struct dt_obj **obj;	/* mapped now, in the dynamic linker's order */
	size_t nobj;
	struct dt_obj **by_addr;	/* the same by address */
	struct dt_obj **gone;	/* unmapped since, oldest first: addresses recorded earlier need their names */
	size_t ngone;

	uint64_t at_base, at_entry, at_phdr, at_phnum, at_vdso;	/* the auxiliary vector */
	uint64_t rbrk;
};

/* Read the auxiliary vector again: it changes with exec. */
int dt_proc_auxv(struct dt_proc *p);
/* Number the objects as the dynamic linker lists them and learn rbrk. */
void dt_rdebug_read(struct dt_proc *p);
int dt_rdebug_state(struct dt_proc *p);	/* r_state; -1: not readable */
void dt_objs_free(struct dt_proc *p);
/* A symbol of an object's dynamic symbol table, absolute; 0: none. */
uint64_t dt_object_dynsym(const struct dt_object *o, const char *name);
/* Is it a program that we can trace? Sets p->exe. */
int dt_start_check(struct dt_proc *p, struct dt_err *err);
/* From its exec on, have a child that we traced run to @when. Returns 0 or -errno and a sentence. */
int dt_start_run(struct dt_proc *p, enum dt_evaltime when, struct dt_err *err);

#endif /* DT_PROC_IMPL_H */
