/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the compiler asks about names that are not D's (names.h): the kernel's
 * types from BTF, its symbols from kallsyms; types and functions of processes
 * from their files' DWARF and symbol tables. Nothing is opened before a program
 * needs it; what was opened stays open for the next program.
 */
#include <gelf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "names_impl.h"
#include "proc_impl.h"

struct dwarf_file {		/* one file of whatever processes */
	uint64_t dev, ino;
	struct dt_dwarf *d;	/* NULL: it has no debug information */
};

struct dt_foreign {
	struct dt_names names;
	dtrace_hdl_t *dtp;
	struct dt_btf *btf;
	struct dwarf_file *files;
	size_t nfiles, room;
};

/*
 * The types of variables that kernels have had for decades and that programs
 * ask for: BTF knows types of functions and of per-CPU variables only.
 */
static const struct { const char *name, *type; } variables[] = {
	{ "jiffies", "volatile unsigned long" },
	{ "jiffies_64", "uint64_t" },
	{ "linux_banner", "const char []" },
	{ "linux_proc_banner", "const char []" },
	{ "boot_command_line", "char []" },
	{ "saved_command_line", "char *" },
	{ "init_task", "struct task_struct" },
	{ "init_mm", "struct mm_struct" },
	{ "init_net", "struct net" },
	{ "init_pid_ns", "struct pid_namespace" },
	{ "init_user_ns", "struct user_namespace" },
	{ "init_uts_ns", "struct uts_namespace" },
	{ "nr_cpu_ids", "unsigned int" },
	{ "nr_threads", "int" },
	{ "pid_max", "int" },
	{ "max_pfn", "unsigned long" },
	{ "max_low_pfn", "unsigned long" },
	{ "high_memory", "void *" },
	{ "tsc_khz", "unsigned int" },
	{ "cpu_khz", "unsigned int" },
	{ "loops_per_jiffy", "unsigned long" },
	{ "total_forks", "unsigned long" },
	{ "panic_timeout", "int" },
	{ "oops_in_progress", "int" },
	{ "console_printk", "int [4]" },
	{ "sysctl_sched_features", "unsigned int" },
	{ "sysctl_overcommit_memory", "int" },
	{ "vm_swappiness", "int" },
	{ "runqueues", "struct rq" },		/* per-CPU, but not in the BTF of 5.10 */
	{ "__per_cpu_offset", "unsigned long []" },
};

static bool no(struct dt_foreign *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool no(struct dt_foreign *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->names.why, sizeof(f->names.why), fmt, ap);
	va_end(ap);
	return false;
}

/* ---- Processes ------------------------------------------------------------------------- */

/* "pid123`libc.so.6": the process, and the object's name ("" for none). */
static bool split_object(const char *object, pid_t *pid, const char **mod)
{
	char *end;
	long n;

	if (strncmp(object, "pid", 3) || object[3] < '0' || object[3] > '9')
		return false;
	n = strtol(object + 3, &end, 10);
	if ((*end && *end != '`') || n <= 0 || n > INT32_MAX)
		return false;
	*pid = (pid_t)n;
	*mod = *end ? end + 1 : "";
	return true;
}

/* With the process's lock held; NULL: names.why says why. */
static struct ps_prochandle *lock_process(struct dt_foreign *f, pid_t pid)
{
	struct dt_err err = { "" };
	struct ps_prochandle *P = dt_procs_get(f->dtp, pid, &err);

	if (!P) {
		no(f, "%s", err.msg);
		return NULL;
	}
	pthread_mutex_lock(&P->lock);
	if (!dt_proc_nobjects(P->proc))
		dt_proc_update(P->proc, NULL);
	return P;
}

static void unlock_process(struct ps_prochandle *P)
{
	pthread_mutex_unlock(&P->lock);
}

static struct dt_dwarf *dwarf_of(struct dt_foreign *f, struct ps_prochandle *P, const struct dt_object *o)
{
	char path[4200];
	struct dt_dwarf *d;

	for (size_t i = 0; i < f->nfiles; i++)
		if (f->files[i].dev == o->dev && f->files[i].ino == o->ino)
			return f->files[i].d;
	if (o->is_vdso || !dt_grow(&f->files, f->nfiles, &f->room, sizeof(*f->files)))
		return NULL;
	snprintf(path, sizeof(path), "/proc/%d/root%s", (int)P->pid, o->path);
	d = dt_dwarf_open(f->dtp->types, path);
	f->files[f->nfiles++] = (struct dwarf_file){ o->dev, o->ino, d };
	return d;
}

/* The i-th object that @mod means, the program first; NULL: no more. */
static struct dt_object *next_object(struct ps_prochandle *P, const char *mod, size_t *i)
{
	while (*i < dt_proc_nobjects(P->proc)) {
		struct dt_object *o = dt_proc_object(P->proc, (*i)++);

		if (dt_object_matches(o, mod))
			return o;
	}
	return NULL;
}

static const struct dt_type *user_type(struct dt_foreign *f, pid_t pid, const char *mod, enum dt_type_kind kind,
				       const char *name)
{
	struct ps_prochandle *P = lock_process(f, pid);
	const struct dt_type *t = NULL;
	struct dt_object *o, *last = NULL;
	bool debug = false;
	size_t i = 0;

	while (P && !t && (o = next_object(P, mod, &i))) {
		struct dt_dwarf *d = dwarf_of(f, P, o);

		last = o;
		debug |= d != NULL;
		t = d ? dt_dwarf_type(d, kind, name) : NULL;
	}
	if (P && !last)
		no(f, "process %d has no object %s", (int)pid, mod);
	else if (P && !debug)
		no(f, "%s of process %d has no debug information", *mod ? last->name : "nothing", (int)pid);
	if (P)
		unlock_process(P);
	return t ? dt_type_qualified(f->dtp->types, t, DT_TQ_USERLAND) : NULL;
}

/* A data symbol of an ELF file; its address there. */
static bool find_data(struct Elf *elf, const char *name, uint64_t *addr, uint64_t *size)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	GElf_Sym sym;

	while (elf && (scn = elf_nextscn(elf, scn))) {
		Elf_Data *data;
		const char *s;

		if (!gelf_getshdr(scn, &sh) || (sh.sh_type != SHT_SYMTAB && sh.sh_type != SHT_DYNSYM) || !sh.sh_entsize)
			continue;
		data = elf_getdata(scn, NULL);
		for (size_t i = 0; data && i < sh.sh_size / sh.sh_entsize; i++) {
			if (!gelf_getsym(data, (int)i, &sym) || GELF_ST_TYPE(sym.st_info) != STT_OBJECT ||
			    sym.st_shndx == SHN_UNDEF)
				continue;
			s = elf_strptr(elf, sh.sh_link, sym.st_name);
			if (!s || strcmp(s, name))
				continue;
			*addr = sym.st_value;
			*size = sym.st_size;
			return true;
		}
	}
	return false;
}

static bool symbol_in(struct dt_foreign *f, struct ps_prochandle *P, struct dt_object *o, const char *name,
		      struct dt_symbol *sym)
{
	struct dt_dwarf *d;
	const char *params[1];
	size_t n;
	long i;

	if (dt_object_elf(P->proc, o, NULL))
		return false;
	i = dt_elf_find(o->elf, name);
	if (i >= 0) {
		sym->func = true;
		sym->addr = dt_elf_functions(o->elf, &n)[i].addr;
		sym->size = dt_elf_functions(o->elf, &n)[i].size;
	} else if (!find_data(dt_elf_handle(o->elf), name, &sym->addr, &sym->size)) {
		return false;
	}
	d = dwarf_of(f, P, o);
	if (d)
		sym->type = sym->func ? dt_dwarf_func(d, sym->addr, params, 1) : dt_dwarf_type(d, DT_T_VOID, name);
	if (sym->type && !sym->func)
		sym->type = dt_type_qualified(f->dtp->types, sym->type, DT_TQ_USERLAND);
	sym->addr += o->bias;
	sym->object = o->name;
	return true;
}

static bool user_symbol(struct dt_foreign *f, pid_t pid, const char *mod, const char *name, struct dt_symbol *sym)
{
	struct ps_prochandle *P = lock_process(f, pid);
	struct dt_object *o;
	bool found = false;
	size_t i = 0;

	while (P && !found && (o = next_object(P, mod, &i)))
		found = symbol_in(f, P, o, name, sym);
	if (P)
		unlock_process(P);
	return found;
}

/* ---- The kernel --------------------------------------------------------------------------- */

static struct dt_btf *btf_of(struct dt_foreign *f)
{
	if (!f->btf)
		f->btf = dt_btf_create(f->dtp->types, f->dtp->btfpath ? f->dtp->btfpath : "/sys/kernel/btf");
	return f->btf;
}

/* Of a module that this kernel has built in, the types and symbols are vmlinux'. */
static const char *home_of(const char *object)
{
	char path[300];

	if (!*object || strchr(object, '/') || strlen(object) > 200)
		return object;
	snprintf(path, sizeof(path), "/sys/module/%s", object);
	if (access(path, F_OK))
		return object;
	strcat(path, "/initstate");	/* what is loaded has a state */
	return access(path, F_OK) ? "vmlinux" : object;
}

static const struct dt_type *kernel_type(struct dt_foreign *f, const char *object, enum dt_type_kind kind,
					 const char *name)
{
	struct dt_btf *b = btf_of(f);

	return b ? dt_btf_type(b, object, kind, name, f->names.why, sizeof(f->names.why)) : NULL;
}

/* "const char []", "struct net": spelled, of the kernel's own types. */
static const struct dt_type *spelled(struct dt_foreign *f, const char *s)
{
	struct dt_types *ts = f->dtp->types;
	const struct dt_type *t;
	size_t n = strlen(s);
	char elem[64];

	if (!strncmp(s, "struct ", 7))
		return kernel_type(f, "vmlinux", DT_T_STRUCT, s + 7);
	if (n < 3 || strcmp(s + n - 3, " []"))
		return dt_types_lookup(ts, s);
	snprintf(elem, sizeof(elem), "%.*s", (int)n - 3, s);
	t = dt_types_lookup(ts, elem);
	return t ? dt_type_array(ts, t, 0) : NULL;
}

static const struct dt_type *variable_type(struct dt_foreign *f, const char *mod, const char *name)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (!strcmp(mod, "vmlinux") && !strcmp(name, variables[i].name))
			return spelled(f, variables[i].type);
	return btf_of(f) ? dt_btf_var(f->btf, mod, name) : NULL;
}

static bool is_percpu(struct dt_foreign *f, const struct dt_ksym *s)
{
	const struct dt_ksym *lo = dt_ksym_find(f->dtp, "vmlinux", "__per_cpu_start");
	const struct dt_ksym *hi = dt_ksym_find(f->dtp, "vmlinux", "__per_cpu_end");

	return !s->func && lo && hi && s->addr >= lo->addr && s->addr < hi->addr;
}

static bool kernel_symbol(struct dt_foreign *f, const char *mod, const char *name, struct dt_symbol *sym)
{
	const struct dt_ksym *s = dt_ksym_find(f->dtp, mod, name);

	if (!s && !dt_ksym_find(f->dtp, "", "_stext"))
		return no(f, "the kernel's symbols cannot be read from /proc/kallsyms");
	if (!s && !dt_ksym_find(f->dtp, "", "linux_banner"))
		return no(f, "this kernel lists the names of functions only (it was built without "
			     "CONFIG_KALLSYMS_ALL)");
	if (!s)
		return false;
	*sym = (struct dt_symbol){
		.object = s->mod, .name = s->name, .addr = s->addr, .size = s->size, .func = s->func,
		.percpu = is_percpu(f, s),
	};
	/* without the device nothing will ever be read there */
	if (!sym->addr && f->dtp->fd < 0)
		sym->addr = 1;
	sym->type = s->func ? kernel_type(f, s->mod, DT_T_FUNC, s->name) : NULL;
	if (sym->type)
		return true;
	sym->type = variable_type(f, s->mod, s->name);
	if (sym->type)		/* some kernels keep variables among their code: init_task */
		sym->func = false;
	return true;
}

/* ---- Arguments of probes --------------------------------------------------------------------- */

static bool is_glob(const char *s)
{
	return !*s || strpbrk(s, "*?[\\") || s[0] == '!';
}

/* A pointer of a process leads into the process. */
static const struct dt_type *user_argument(struct dt_types *ts, const struct dt_type *t)
{
	const struct dt_type *r = dt_type_resolve(t), *to;

	if (r->kind != DT_T_POINTER)
		return t;
	to = dt_type_qualified(ts, r->base, DT_TQ_USERLAND);
	return to ? dt_type_pointer(ts, to) : NULL;
}

/* args[] of an entry or a return, from the function's type. */
static int arguments(struct dt_foreign *f, const struct dt_type *func, const char *probe, bool user,
		     const struct dt_type **argv, const char **names, unsigned int max)
{
	struct dt_types *ts = f->dtp->types;
	bool entry = !strcmp(probe, "entry");
	unsigned int n;

	func = func ? dt_type_resolve(func) : NULL;
	if (!func || func->kind != DT_T_FUNC)
		return -1;
	n = entry ? func->n : dt_type_resolve(func->base)->kind == DT_T_VOID ? 1 : 2;
	for (unsigned int i = 0; i < n && i < max; i++) {
		const struct dt_type *t = entry ? func->params[i] : i ? func->base : dt_basic(ts, DT_B_INT64);

		argv[i] = user ? user_argument(ts, t) : t;
		if (!argv[i])
			return -1;
		if (!entry)
			names[i] = i ? "return" : "offset";
	}
	return (int)n;
}

static int pid_args(struct dt_foreign *f, pid_t pid, const dtrace_probedesc_t *pat, const struct dt_type **argv,
		    const char **names, unsigned int max)
{
	struct ps_prochandle *P = lock_process(f, pid);
	const struct dt_type *func = NULL;
	struct dt_object *o;
	bool differ = false;
	size_t i = 0, n;
	int rc;

	while (P && (o = next_object(P, pat->dtpd_mod, &i))) {
		long at = dt_object_elf(P->proc, o, NULL) ? -1 : dt_elf_find(o->elf, pat->dtpd_func);
		struct dt_dwarf *d = at < 0 ? NULL : dwarf_of(f, P, o);
		const struct dt_type *t = d ? dt_dwarf_func(d, dt_elf_functions(o->elf, &n)[at].addr, names, max)
					    : NULL;

		differ |= at >= 0 && func && (!t || !dt_type_same(t, func));
		func = func ? func : t;
	}
	if (P)
		unlock_process(P);
	if (differ)
		return -2;
	rc = arguments(f, func, pat->dtpd_name, true, argv, names, max);
	if (rc < 0 && !f->names.why[0])
		no(f, "there is no debug information for %s in process %d", pat->dtpd_func, (int)pid);
	return rc;
}

static int kernel_args(struct dt_foreign *f, const dtrace_probedesc_t *pat, const struct dt_type **argv,
		       const char **names, unsigned int max)
{
	const char *mod = is_glob(pat->dtpd_mod) ? "" : pat->dtpd_mod;

	if (btf_of(f))
		dt_btf_params(f->btf, mod, pat->dtpd_func, names, max);
	return arguments(f, kernel_type(f, mod, DT_T_FUNC, pat->dtpd_func), pat->dtpd_name, false, argv, names, max);
}

static int static_args(struct dt_foreign *f, pid_t pid, const dtrace_probedesc_t *pat, const struct dt_type **argv,
		       unsigned int max)
{
	struct ps_prochandle *P = lock_process(f, pid);
	int n = -1;

	if (P) {
		n = dt_static_args(f->dtp, P, pat, argv, max);
		unlock_process(P);
	}
	return n;
}

static int probe_args(void *ctx, const dtrace_probedesc_t *pat, const struct dt_type **argv, const char **names,
		      unsigned int max)
{
	struct dt_foreign *f = ctx;
	const char *mod;
	pid_t pid;

	f->names.why[0] = '\0';
	memset(names, 0, max * sizeof(*names));
	if (f->dtp->fd < 0 && !is_glob(pat->dtpd_provider)) {	/* processes are not looked at (catalog.c) */
		int n = dt_known_args(f->dtp, pat, argv, max);

		if (n != -1)
			return n;
	}
	if (dt_pidpat(pat->dtpd_provider, &pid) == DT_PIDPAT_STATIC)
		return static_args(f, pid, pat, argv, max);
	if (strcmp(pat->dtpd_name, "entry") && strcmp(pat->dtpd_name, "return"))
		return -1;
	if (is_glob(pat->dtpd_func)) {
		no(f, "args[] has types where one function is named, and \"%s\" may mean many", pat->dtpd_func);
		return -1;
	}
	if (split_object(pat->dtpd_provider, &pid, &mod))
		return pid_args(f, pid, pat, argv, names, max);
	return strcmp(pat->dtpd_provider, "fbt") ? -1 : kernel_args(f, pat, argv, names, max);
}

/* ---- What the compiler calls ------------------------------------------------------------------- */

static const struct dt_type *type(void *ctx, const char *object, enum dt_type_kind kind, const char *name)
{
	struct dt_foreign *f = ctx;
	const char *mod;
	pid_t pid;

	f->names.why[0] = '\0';
	if (split_object(object, &pid, &mod))
		return user_type(f, pid, mod, kind, name);
	return kernel_type(f, home_of(object), kind, name);
}

static bool complete(void *ctx, struct dt_type *t, const void *foreign)
{
	const struct dt_later *l = foreign;

	return l->complete(l, t);
}

static bool enumerator(void *ctx, const char *object, const char *name, int64_t *value, const struct dt_type **t)
{
	struct dt_foreign *f = ctx;

	f->names.why[0] = '\0';
	return btf_of(f) && dt_btf_enumerator(f->btf, home_of(object), name, value, t);
}

static bool symbol(void *ctx, const char *object, const char *name, struct dt_symbol *sym)
{
	struct dt_foreign *f = ctx;
	const char *mod;
	pid_t pid;

	f->names.why[0] = '\0';
	*sym = (struct dt_symbol){ .object = object, .name = name };
	if (split_object(object, &pid, &mod))
		return user_symbol(f, pid, mod, name, sym);
	return kernel_symbol(f, home_of(object), name, sym);
}

struct dt_foreign *dt_foreign_create(dtrace_hdl_t *dtp)
{
	struct dt_foreign *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->dtp = dtp;
	f->names = (struct dt_names){
		.ctx = f, .type = type, .complete = complete, .enumerator = enumerator, .symbol = symbol,
		.probe_args = probe_args,
	};
	dt_types_set_names(dtp->types, &f->names);
	return f;
}

void dt_foreign_options(dtrace_hdl_t *dtp, uint_t cflags)
{
	dtp->foreign->names.kernel_undef = cflags & DTRACE_C_KNODEF;
	dtp->foreign->names.user_undef = cflags & DTRACE_C_UNODEF;
}

/* After the types, which may still ask. */
void dt_foreign_destroy(struct dt_foreign *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->nfiles; i++)
		dt_dwarf_close(f->files[i].d);
	free(f->files);
	dt_btf_destroy(f->btf);
	free(f);
}
