/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Processes and their names: start or grab a process, know its objects
 * (executable, libraries, vDSO), their functions, and what lies at an address.
 *
 *   control.c  a process's life: create, grab, continue, release; pidfd
 *   start.c    run a created one under ptrace up to its first own instruction
 *   maps.c     /proc/PID/maps -> objects
 *   rdebug.c   what the dynamic linker says about them: order, r_brk
 *   names.c    globs, module aliases, command lines, demangling
 *   elf.c      an object's file, cached
 *   symtab.c   its functions: .symtab, .dynsym, .gnu_debugdata, separate debug
 *              files by build-id, .eh_frame ranges
 *   ehframe.c  ranges that the unwind tables know
 *   extent.c   the piece of code around one address
 *   fragment.c which of those are a cold part of another function
 *   ifunc.c    what an indirect function's name means in one process
 *   addr.c     address -> object, function, offset (works after the process has exited)
 *
 * A process that runs is never stopped by this library: only one that we
 * started is held (by ptrace) until dt_proc_continue(), and then let go of.
 * Not thread-safe: one thread at a time per dt_proc. Functions return 0 or a
 * negative errno with a sentence in *err (if err is not NULL).
 */
#ifndef DT_PROC_H
#define DT_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct dt_err {
	char msg[512];		/* what failed, where, what to do about it; no newline */
};

/* Fill *err (if any) with a sentence and return rc. */
int dt_proc_fail(struct dt_err *err, int rc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

struct dt_proc;

/* An ELF file, shared by all processes that map it (cached by device, inode, mtime). */
struct dt_elf;

struct dt_func {
	/* Mangled, as in the file; of functions that only .eh_frame knows, their file address: "0x1234". */
	const char *name;
	uint64_t addr;		/* ELF virtual address (add the object's bias) */
	uint64_t size;		/* bytes; > 0 */
	uint8_t src;		/* DT_SRC_* */
	bool is_ifunc;		/* only IFUNC symbols name it: it is a resolver; see dt_object_ifuncs() */
	bool is_global;
	bool is_code;		/* the unwind tables say that code starts here */
	bool is_frag;		/* never called: a cold part, a signal trampoline; no entry, no return */
	int32_t cold;		/* a fragment: index of the function it belongs to, or -1: not known */
};
#define DT_SRC_SYMTAB	1
#define DT_SRC_DYNSYM	2
#define DT_SRC_DEBUGDATA 3	/* .gnu_debugdata */
#define DT_SRC_DEBUGFILE 4	/* separate file by build-id or .gnu_debuglink */
#define DT_SRC_EHFRAME	5

/* An object mapped in a process. */
struct dt_object {
	const char *path;	/* as mapped: /usr/lib/x86_64-linux-gnu/libc.so.6; "[vdso]" */
	const char *name;	/* base name, as probes show it: libc.so.6; the executable: its base name */
	uint64_t bias;		/* load address - ELF virtual address */
	uint64_t lo, hi;	/* extent of its executable mappings, absolute */
	bool is_exe, is_interp, is_vdso;
	bool is_new;		/* appeared in the last dt_proc_update() */
	struct dt_elf *elf;	/* NULL: its file cannot be read, dt_object_elf() says why */
	uint64_t dev, ino;
};

/* ---- control.c ------------------------------------------------------------- */

enum dt_evaltime {	/* where a started program waits: -x evaltime */
	DT_EVAL_EXEC,		/* right after exec */
	DT_EVAL_PREINIT,	/* libraries mapped and relocated, no constructor has run (default) */
	DT_EVAL_POSTINIT,	/* after the libraries' constructors: at the entry point */
	DT_EVAL_MAIN,		/* at main(); needs a symbol or __libc_start_main's argument */
};

/*
 * Run argv[0] (found by PATH) and hold it. Its stdin, stdout, stderr are ours.
 * Errors: -ENOENT, -EACCES, -ENOEXEC ("not an executable"), -ENOTSUP (32-bit),
 * or it exited before the point was reached. Signals that come meanwhile are delivered to it.
 * If we die before dt_proc_continue the program is killed (it has not begun).
 */
int dt_proc_create(char *const argv[], enum dt_evaltime when, struct dt_proc **ret, struct dt_err *err);
/* Know a running process. It is not stopped. Errors: -ESRCH, -ENOTSUP (32-bit, kernel thread), -EPERM. */
int dt_proc_grab(pid_t pid, struct dt_proc **ret, struct dt_err *err);
/* Let a created process run free (no ptrace any more). No effect on a grabbed one. */
int dt_proc_continue(struct dt_proc *p, struct dt_err *err);
/* Forget it. A created process is killed if it still runs; others live on. */
void dt_proc_release(struct dt_proc *p);

pid_t dt_proc_pid(const struct dt_proc *p);
bool dt_proc_is_child(const struct dt_proc *p);
int dt_proc_pidfd(const struct dt_proc *p);	/* readable when it has exited; -1: none */
/* Has it ended? *status is wait()'s status for a child, else -1. Does not block; reaps the child. */
bool dt_proc_exited(struct dt_proc *p, int *status);
const char *dt_proc_exe(const struct dt_proc *p);	/* path of the executable */
/* Read its memory (process_vm_readv). Returns bytes read or -errno. */
ssize_t dt_proc_read(struct dt_proc *p, uint64_t addr, void *buf, size_t n);

/*
 * Split a command line as a shell's simple command: blanks, '...', "...", backslash.
 * NULL-terminated malloc'ed; free with dt_argv_free.
 */
char **dt_argv_split(const char *cmd, struct dt_err *err);
void dt_argv_free(char **argv);

/* ---- maps.c ---------------------------------------------------------------- */

/* (Re)read the mappings; objects keep their address while they stay mapped. Sets is_new. -ESRCH: gone. */
int dt_proc_update(struct dt_proc *p, struct dt_err *err);
/* The process runs another program now: forget what was mapped, even if the new one's is the same, and read anew. */
int dt_proc_exec(struct dt_proc *p, struct dt_err *err);
size_t dt_proc_nobjects(const struct dt_proc *p);
struct dt_object *dt_proc_object(struct dt_proc *p, size_t i);	/* in the dynamic linker's order: exe first */
struct dt_object *dt_proc_object_at(struct dt_proc *p, uint64_t addr);
/*
 * Does a module pattern of a probe description mean this object? True for a
 * glob that matches the base name, the whole path, the name without ".so*"
 * ("libc" for libc.so.6, libc-2.31.so), every shortening of the version
 * (libc.so), the soname, and "a.out" for the executable. "" matches all.
 */
bool dt_object_matches(const struct dt_object *o, const char *pattern);
/* Where the dynamic linker calls when the list of objects has changed (absolute), 0: static or unknown. */
uint64_t dt_proc_rbrk(struct dt_proc *p);
uint64_t dt_proc_entry(const struct dt_proc *p);	/* of the executable, absolute */
/* Are its libraries mapped and relocated? Static programs always are; false if it cannot be told. */
bool dt_proc_linked(struct dt_proc *p);
bool dt_glob_match(const char *pattern, const char *s);	/* * ? [a-z] [!a] and backslash; no special '/' or '.' */
bool dt_glob_fits(const char *pattern, const char *s);	/* the same, but "" means anything */

/* ---- symtab.c -------------------------------------------------------------- */

/* Open an object's file, the very one that is mapped even if its path names another by now. */
int dt_object_elf(struct dt_proc *p, struct dt_object *o, struct dt_err *err);
/*
 * All its functions, by rising address, no overlaps, one name an address (the
 * global name wins over local, the shortest with fewest leading underscores
 * among aliases; versions stripped). Aliases still resolve by dt_elf_find().
 * Ranges that only .eh_frame knows are named by offset.
 */
const struct dt_func *dt_elf_functions(struct dt_elf *e, size_t *n);
/* Aliases too: index of the first function of that name, or -1. Static functions may share a name. */
long dt_elf_find(struct dt_elf *e, const char *name);
/* Index of the function that covers an ELF virtual address, or -1. */
long dt_elf_func_at(struct dt_elf *e, uint64_t vaddr);
/*
 * The piece of code around an ELF virtual address. Unlike all above it reads no symbols where the unwind tables know
 * the address, so it costs little. False: nothing is known to be there.
 */
struct dt_extent {
	uint64_t lo, hi;	/* ELF virtual addresses */
	bool is_called;		/* a call may arrive at lo; else another piece jumps to it */
};
bool dt_elf_extent(struct dt_elf *e, uint64_t vaddr, struct dt_extent *ret);
size_t dt_elf_naliases(struct dt_elf *e);
const char *dt_elf_alias(struct dt_elf *e, size_t i, size_t *func);	/* every other name of a function */
/* Bytes of its text at an ELF virtual address: pointer into the file, *avail bytes there; NULL: not in the file. */
const uint8_t *dt_elf_text(struct dt_elf *e, uint64_t vaddr, size_t *avail);
/* Where a section lies; false: there is none. */
bool dt_elf_section_range(struct dt_elf *e, const char *name, uint64_t *vaddr, uint64_t *size);
const char *dt_elf_buildid(struct dt_elf *e);	/* hex or "" */
bool dt_elf_is_static(struct dt_elf *e);	/* no interpreter */
struct Elf;
struct Elf *dt_elf_handle(struct dt_elf *e);	/* libelf's, for those who need more (unwind tables, DWARF) */

/* ---- ifunc.c --------------------------------------------------------------- */

/*
 * libc's memcpy, strlen, ... are IFUNC symbols: the symbol's code is a resolver
 * that runs once, while linking, and returns the implementation for this CPU.
 * A name must mean the implementation, which stripped libraries do not name.
 */
struct dt_ifunc {
	const char *name;
	uint64_t resolver;	/* ELF virtual address */
	long func;		/* index of the implementation; or DT_IFUNC_* */
};
#define DT_IFUNC_UNBOUND	-1	/* nothing in the process has bound it yet */
#define DT_IFUNC_ELSEWHERE	-2	/* bound to another object's code: time() in the vDSO */
/* The object's IFUNC names and what they mean in this process now. Valid until the next call for it. */
const struct dt_ifunc *dt_object_ifuncs(struct dt_proc *p, struct dt_object *o, size_t *n);

/* ---- addr.c ---------------------------------------------------------------- */

struct dt_sym {
	const struct dt_object *obj;	/* NULL: no object there */
	const char *func;		/* NULL: no function there */
	uint64_t offset;		/* from the function's start, or from the object's bias */
	uint64_t start, size;
};
/* What lies at @addr? Also after exit. False: nothing known. */
bool dt_proc_lookup(struct dt_proc *p, uint64_t addr, struct dt_sym *ret);
/* "libc.so.6`malloc+0x12", "libfoo.so`0x1234", "0x7f0000001234"; demangled if wanted. Returns buf. */
char *dt_proc_addrname(struct dt_proc *p, uint64_t addr, bool demangle, char *buf, size_t n);
/* C++ (and Rust) names; returns buf (the name itself if it is not mangled). */
const char *dt_demangle(const char *name, char *buf, size_t n);

/* ---- near.c: what a mistyped name may have meant ------------------------------ */

bool dt_near_module(struct dt_proc *p, const char *name, char *buf, size_t n);
/* In the modules that @mod means. */
bool dt_near_function(struct dt_proc *p, const char *mod, const char *name, char *buf, size_t n);

#endif /* DT_PROC_H */
