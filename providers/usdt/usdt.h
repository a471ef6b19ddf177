/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * USDT: probes that a program was built with.
 *
 * On Linux such a probe is a nop and a note about it in the ELF file, as SystemTap's
 * <sys/sdt.h> makes them; gdb, perf and bpftrace know them, too. The note says
 * provider, name, where the nop is, where each argument is at that moment, in
 * the words of the assembler, and which 16-bit counter, if any, is to be raised
 * while somebody looks (the "semaphore": what is-enabled macros test).
 *
 *   reading   notes.c     .note.stapsdt of a file
 *             argspec.c   "-4@%eax 8@16(%rsp)" -> a recipe (include/dtrace/recipe.h)
 *             symbols.c   what a name in an argument means in a file
 *             user.c      both -> struct dt_static, for the pid provider's machinery
 *   building  header.c    dtrace -h: a C header that makes such notes
 *             linkobj.c   dtrace -G: an object with the semaphores
 *
 * Files are hostile: what is malformed in them is left out and counted, and
 * harms nobody.
 */
#ifndef DT_USDT_H
#define DT_USDT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <libelf.h>

#include <dtrace/recipe.h>

/* ---- notes.c ------------------------------------------------------------------- */

struct dt_note {
	const char *provider, *name;	/* as in the file: "python", "function__entry" */
	const char *args;		/* "8@%rdi -4@%eax", or "" */
	uint64_t pc, sem;		/* ELF virtual addresses; sem 0: none */
};
/* The note and its strings live as long as @elf. Not 0 ends the walk. */
typedef int dt_note_f(void *ctx, const struct dt_note *n);

/*
 * Each probe's note of an x86-64 file, in the file's order. Notes whose code the linker
 * has thrown away are passed over; *bad counts those that make no sense. Returns what @f returned.
 */
int dt_notes_each(Elf *elf, dt_note_f *f, void *ctx, size_t *bad);
bool dt_notes_any(Elf *elf);	/* is there a section of them? */

/* ---- argspec.c ------------------------------------------------------------------ */

#define DT_ARGSPEC_WHY	96

struct dt_argspec {
	const char *type;		/* of D: "int32_t"; "double" for the bits of one. NULL: nothing is known */
	char why[DT_ARGSPEC_WHY];	/* why it cannot be had (it reads as 0), or "" */
};
struct dt_argspecs {
	uint32_t n;			/* arguments there are; those past the tenth cannot be had */
	struct dt_argspec arg[DTRACE_STEP_ARGS];
	struct dtrace_step step[DTRACE_STEP_MAX];
	size_t nstep;
};

/*
 * What a name in an argument means. NULL: no name means anything. True: *value is set,
 * for DT_NAME_ADDR to an address in the process, for DT_NAME_TPOFF to a distance from %fs.
 */
enum dt_name_kind { DT_NAME_ADDR, DT_NAME_TPOFF };
struct dt_argnames {
	bool (*value)(void *ctx, const char *name, enum dt_name_kind kind, int64_t *value);
	void *ctx;
};
/* Any text is taken; what is not understood is told argument by argument. */
void dt_argspecs_parse(const char *text, const struct dt_argnames *names, struct dt_argspecs *ret);

/* ---- symbols.c -------------------------------------------------------------------- */

/*
 * The one address that the symbol tables of @elf give @name; false if there is none or
 * there are several (static variables of two files). TPOFF: only an executable's are known.
 */
bool dt_usdt_symbol(Elf *elf, const char *name, enum dt_name_kind kind, int64_t *value);

/* ---- header.c, linkobj.c ------------------------------------------------------------ */

enum dt_ctype {			/* what a C parameter is made of; the size is beside it */
	DT_C_SIGNED, DT_C_UNSIGNED, DT_C_BOOL, DT_C_POINTER, DT_C_FLOAT,
};
struct dt_usdt_arg {
	enum dt_ctype kind;
	unsigned size;		/* 1, 2, 4, 8 */
};
#define DT_USDT_MAXARGS	12	/* as readers of notes have it */
struct dt_usdt_probe {
	const char *provider, *name;	/* as notes spell it: "query__start" */
	uint32_t nargs;
	const struct dt_usdt_arg *arg;
};

/* Write the header called @file (its base name guards it) for @n probes. 0 or -errno. */
int dt_usdt_header(FILE *out, const char *file, const struct dt_usdt_probe *p, size_t n);
/* "PROVIDER_QUERY_START", malloc'ed; NULL: no memory. */
char *dt_usdt_macro(const struct dt_usdt_probe *p);
/* Write an ELF object with the semaphores to @fd. 0, or -errno with a sentence in @why. */
int dt_usdt_object(int fd, const struct dt_usdt_probe *p, size_t n, char *why, size_t size);
/* Is @path an object file for x86-64? 0, or -errno with a sentence. */
int dt_usdt_check_object(const char *path, char *why, size_t size);

#endif /* DT_USDT_H */
