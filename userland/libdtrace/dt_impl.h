/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libdtrace inside.
 *
 *   open.c errors.c options.c optset.c handle.c   handles, messages, -x options, callbacks
 *   library.c                            D libraries, before the first program
 *   program.c source.c macro.c           text -> dt_program (the compiler is dlang/), errors with their place
 *   exec.c                               dt_program -> kernel: image, ENABLE, GO, STOP
 *   proc.c pidprobe.c                    processes, and the probes of pid patterns
 *   probes.c ksym.c                      names of probes, kernel symbols
 *   names.c btf.c dwarf.c                types and symbols of the kernel and of processes, for the compiler
 *   work.c consume.c temporal.c act.c    the read-out: when, records, their order, what statements do
 *   api_sym.c api_prog.c attr.c          more of the classic interface: symbols, types, statements, stability
 *   program_usdt.c                       declared providers -> a C header, an object (dtrace -h, -G)
 *   output.c value.c print.c printf.c stack.c quantize.c   text of what was recorded
 *   aggregate.c aggsort.c aggjoin.c aggprint.c aggstyle.c   merging, ordering and printing aggregations
 *   oformat.c ovalue.c writer.c          the same as JSON or XML
 *
 * Cookies. Each action of each program gets a number (from 1) that the kernel
 * echoes in its records' dtrd_uarg, each clause one in dtepd_uarg; dt_cookie
 * leads back to the D statement, its format and the types of its values.
 *
 * Threads. A handle belongs to one thread. The only other threads are those of
 * proc.c, one a traced process, which follow dlopen(); what they share with the
 * rest is said there.
 */
#ifndef DT_IMPL_H
#define DT_IMPL_H

#include <stdbool.h>
#include <stddef.h>

#include "dtrace.h"
#include "dlang.h"
#include "proc.h"

/* ---- The seam to the kernel -------------------------------------------------- */

/* Tests put a kernel of their own here. All return 0 or a value, or -errno. */
struct dt_kernel {
	int (*open)(void *ctx);
	int (*ioctl)(void *ctx, int fd, unsigned long req, void *arg);
	int (*map)(void *ctx, int fd, size_t len, uint64_t off, void **ret);
	void (*unmap)(void *ctx, void *addr, size_t len);
	void (*close)(void *ctx, int fd);
};
extern const struct dt_kernel dt_kernel_device;
dtrace_hdl_t *dt_open_with(int version, int flags, int *errp, const struct dt_kernel *kern, void *kctx);

/* ---- Errors (errors.c) -------------------------------------------------------- */

enum dt_edt {
	EDT_BASE = 1000,
	EDT_VERSION = EDT_BASE,	/* ABI asked for is not ours */
	EDT_ILP32,
	EDT_FLAGS,
	EDT_NOMODULE,		/* /dev/dtrace is not there */
	EDT_PERM,
	EDT_KVERSION,		/* module's ABI is another */
	EDT_NODEV,		/* handle was opened without the device */
	EDT_BADOPTNAME,
	EDT_BADOPTVAL,
	EDT_OPTNOSUP,
	EDT_OPTACTIVE,		/* option cannot be changed while tracing */
	EDT_COMPILER,		/* message is in the handle */
	EDT_CPP,
	EDT_LIBRARY,		/* a D library does not compile */
	EDT_BADSPEC,
	EDT_NOPROBE,
	EDT_ACTIVE,
	EDT_NOTGO,
	EDT_ENABLE,
	EDT_GO,
	EDT_KILLED,		/* the kernel gave this consumer up */
	EDT_BADRECORD,		/* buffer contents that make no sense */
	EDT_ERRABORT,
	EDT_DROPABORT,
	EDT_BUFABORT,
	EDT_PROCABORT,
	EDT_NOBUFFERED,
	EDT_BADRVAL,		/* a callback returned nonsense */
	EDT_BADAGGVAR,
	EDT_PROC,		/* cannot start or grab a process */
	EDT_NOSYM,
	EDT_OPTABORT,
	EDT_NODOF,		/* DOF is not what this library makes */
	EDT_NOUSDT,		/* declared probes cannot be built */
	EDT_NOVECTOR,
	EDT_STMT,		/* programs are made by the compiler alone */
	EDT_NOTYPE,
	EDT_FORMAT,
	EDT_IO,			/* the output file cannot be written */
	EDT_END
};
/* Set errno of the handle, with or without a sentence of its own. Always returns -1. */
int dt_set_errno(dtrace_hdl_t *dtp, int error);
int dt_set_error(dtrace_hdl_t *dtp, int error, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* ---- Small containers ---------------------------------------------------------- */

struct dt_strs {		/* a growing list of strings, NULL-terminated */
	char **s;
	size_t n;
};
int dt_strs_add(struct dt_strs *l, const char *s);	/* 0 or -ENOMEM */
void dt_strs_free(struct dt_strs *l);
/* Make room for one more element of a growing array. False: no memory. */
bool dt_grow(void *array, size_t n, size_t *room, size_t size);

/* ---- Programs -------------------------------------------------------------------- */

struct dtrace_prog {
	struct dtrace_prog *next;
	struct dt_program *p;
	char *text;		/* as compiled, for error places */
	char *destroys;		/* why it is refused without option destructive, or NULL */
	uint32_t strsize;
	uint32_t cookie;	/* of its first action; 0: not enabled yet */
	uint32_t clause0;	/* of its first clause */
	bool internal;		/* our own ERROR clause */
	uint32_t *matched;	/* per pattern, after exec */
	uint32_t npats;
	uint32_t nmatched;
};

struct dt_cookie {		/* what an action's number means */
	struct dtrace_prog *prog;
	const struct dt_action *act;
};
struct dt_clauseref {
	struct dtrace_prog *prog;
	const struct dt_clause *clause;
};
const struct dt_action *dt_cookie_action(dtrace_hdl_t *dtp, uint64_t uarg);	/* NULL: not one of ours */
const struct dt_clauseref *dt_cookie_clause(dtrace_hdl_t *dtp, uint64_t uarg);

/* source.c: what stands between a file and the compiler. */
char *dt_source_read(dtrace_hdl_t *dtp, FILE *fp, size_t *len);		/* whole file; malloc'ed */
void dt_source_hide_interpreter(char *text, size_t len);		/* blanks out a "#!" line */
char *dt_source_cpp(dtrace_hdl_t *dtp, const char *text, size_t *len);	/* through the C preprocessor */
void dt_headers_fit(char *text);	/* preprocessed: what of C headers D cannot read becomes blanks (headers.c) */
/*
 * "line 3: sentence", the line, a caret, the hint; under ETAGS "[D_TAG] " first.
 * If the place is in another @file than the text: "line 3 of x.h: sentence", and that file's line.
 * @code is the text as it was compiled, behind the preprocessor, or NULL.
 */
void dt_source_error(const struct dt_diag *diag, const char *file, const char *text, const char *code, bool tags,
		     char *buf, size_t n);

bool dt_macro_lookup(void *ctx, const char *name, int64_t *val, bool *undef);	/* macro.c; ctx: the handle */

/* exec.c */
uint64_t dt_prog_bucket_bytes(const struct dtrace_prog *prog);	/* aggregation space that all its matches need */

/* ---- Probes (probes.c) -------------------------------------------------------------- */

struct dt_eprobe {
	dtrace_eprobedesc_t *edesc;
	dtrace_probedesc_t *pdesc;
};
struct dt_eprobe *dt_eprobe(dtrace_hdl_t *dtp, dtrace_epid_t epid);	/* NULL: error set */
dtrace_aggdesc_t *dt_aggdesc(dtrace_hdl_t *dtp, dtrace_aggid_t id);	/* NULL: error set */
void dt_probes_free(dtrace_hdl_t *dtp);
/* How many probes @pat means; counts up to @max only. -1: error set. */
long dt_probes_count(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pat, long max);
/* As dtrace_probe_iter(), but without a device over what the catalogue has. */
int dt_probes_walk(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pat, dtrace_probe_f *func, void *arg);

/* catalog.c: what there can be, where there is no device to ask */
enum dt_verdict {
	DT_MAY_BE,
	DT_IS_NOT,		/* no probe matches */
	DT_CANNOT_BE,		/* and the description is wrong: see err */
};
enum dt_verdict dt_catalog_check(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pat, struct dt_err *err);
int dt_catalog_walk(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pat, dtrace_probe_f *func, void *arg);
/* What the writer of a description that matches nothing should know, or NULL. */
const char *dt_catalog_hint(const dtrace_probedesc_t *pat);

/* ---- Processes (proc.c, pidprobe.c) ---------------------------------------------------- */

/*
 * Does this provider pattern mean probes of processes? Exactly one process, or a glob over them; the pid
 * provider's ("pid123", "pid*"), or those that objects bring along ("python123", "python*", "post*").
 */
enum dt_pidpat { DT_PIDPAT_NO, DT_PIDPAT_ONE, DT_PIDPAT_GLOB, DT_PIDPAT_STATIC, DT_PIDPAT_STATICGLOB };
enum dt_pidpat dt_pidpat(const char *provider, pid_t *pid);
/* Create the probes that @pat names. 0, or -1 with @diag (place @loc) set. *found: how many are new. */
int dt_pidprobe_create(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pat, struct dt_loc loc,
		       struct dt_diag *diag, uint64_t *found);
/* Clauses with @pat, whose probes have been created, do what @cl does: say where that reads what is not there. */
void dt_pidprobe_reads(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pat, const struct dt_clause *cl);

/* Module names for the kernel to match instead of the pattern's; none: it does as it is. */
void dt_pidprobe_modules(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pat, struct dt_strs *mods);

void dt_procs_destroy(dtrace_hdl_t *dtp);
int dt_procs_trapfree(dtrace_hdl_t *dtp);	/* with -x trapfree=require: 0, or an error if a location would trap */
int dt_procs_follow(dtrace_hdl_t *dtp);		/* from now on new objects' probes are made as they come */
void dt_procs_unfollow(dtrace_hdl_t *dtp);	/* tracing has ended */
int dt_procs_wait(dtrace_hdl_t *dtp, int timeout_ms);	/* sleep until something happens */
int dt_procs_notify(dtrace_hdl_t *dtp);		/* tell the handler what has happened */
pid_t dt_procs_target(dtrace_hdl_t *dtp);	/* $target; 0: none */
/* Name of a user address. False: nothing is known about that process. */
bool dt_procs_addrname(dtrace_hdl_t *dtp, pid_t pid, uint64_t addr, char *buf, size_t n);
/* Object and function at a user address: start addresses, 0 if unknown. Names are copied. */
bool dt_procs_lookup(dtrace_hdl_t *dtp, pid_t pid, uint64_t addr, uint64_t *func, uint64_t *obj,
		     char *objname, size_t n);

/* ---- Kernel symbols (ksym.c) ----------------------------------------------------------- */

struct dt_ksym {
	uint64_t addr, size;	/* size: up to the next symbol; addr 0: hidden from this user */
	const char *name, *mod;
	bool func, global;
};
struct dt_ksyms;
const struct dt_ksym *dt_ksym_at(dtrace_hdl_t *dtp, uint64_t addr);
void dt_ksyms_free(struct dt_ksyms *ks);

/* ---- Foreign names (names.c) ------------------------------------------------------------- */

struct dt_foreign;
/* The compiler asks it for names that D does not know. Opens nothing. NULL: no memory. */
struct dt_foreign *dt_foreign_create(dtrace_hdl_t *dtp);
void dt_foreign_destroy(struct dt_foreign *f);
void dt_foreign_options(dtrace_hdl_t *dtp, uint_t cflags);	/* DTRACE_C_KNODEF, DTRACE_C_UNODEF */

/* ---- Output (output.c, value.c, stack.c, quantize.c, printf.c) ---------------------------- */

/* All text goes through here: to fp, or with a NULL fp to the buffered handler. 0 or -1. */
int dt_printf(dtrace_hdl_t *dtp, FILE *fp, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int dt_write(dtrace_hdl_t *dtp, FILE *fp, const char *s, size_t n);
/* Hand what has been buffered to the handler; a no-op when there is a FILE. */
int dt_flush(dtrace_hdl_t *dtp, const dtrace_probedata_t *pd, const dtrace_recdesc_t *rec,
	     const dtrace_aggdata_t *agg, uint32_t flags);

bool dt_quiet(dtrace_hdl_t *dtp);
/* An integer of 1, 2, 4 or 8 bytes, extended by its type's sign. */
int64_t dt_load_int(const void *p, size_t size, bool is_signed);
/* A value as trace() or an aggregation's key shows it. @type may be NULL. */
int dt_print_value(dtrace_hdl_t *dtp, FILE *fp, const dtrace_recdesc_t *rec, const struct dt_type *type,
		   caddr_t data, int width, bool quiet);
/* Does this record kind need more than an integer, string or bytes? (stacks, symbols) */
int dt_print_datum(dtrace_hdl_t *dtp, FILE *fp, const dtrace_recdesc_t *rec, const struct dt_type *type,
		   caddr_t data, int width, bool quiet);
int dt_print_hexdump(dtrace_hdl_t *dtp, FILE *fp, const void *data, size_t n, int indent);
struct dt_stacklook {
	const char *format;	/* a conversion for each frame's name: "%s", "%-20s" */
	int indent;		/* columns before it */
};
/* A stack() or ustack(), a frame a line. @look NULL: as option stackindent says. */
int dt_print_frames(dtrace_hdl_t *dtp, FILE *fp, const dtrace_recdesc_t *rec, const void *data,
		    const struct dt_stacklook *look);
struct dt_frames {		/* a recorded stack, taken apart */
	bool user;
	pid_t pid;
	uint32_t why, n;	/* DTRACE_USTK_*; frames there are */
	const void *pcs;
	const char *strs;	/* a string a frame, empty: none */
	size_t strsize;
};
uint32_t dt_frames(const dtrace_recdesc_t *rec, const void *data, struct dt_frames *f);	/* returns f->n */
uint64_t dt_frame_pc(const struct dt_frames *f, uint32_t i);
bool dt_frame_is_text(const struct dt_frames *f, uint32_t i);	/* a language's, not a native one */
void dt_frame_name(dtrace_hdl_t *dtp, const struct dt_frames *f, uint32_t i, char *buf, size_t n);
char *dt_frames_cut(dtrace_hdl_t *dtp, const struct dt_frames *f, char *buf, size_t n);	/* NULL: not cut */
/* print(): the value and its members by type (print.c). */
int dt_print_typed(dtrace_hdl_t *dtp, FILE *fp, const struct dt_type *type, const void *data, size_t size);
uint64_t dt_load_bits(const void *data, uint64_t bitoff, uint32_t bits);	/* bits: 1 .. 64 */
const char *dt_enum_name(const struct dt_type *t, int64_t val);		/* NULL: no enumerator has it */
/* usym, umod, uaddr, sym, mod as text. */
char *dt_sym_text(dtrace_hdl_t *dtp, uint16_t action, const void *data, char *buf, size_t n);

/* The value of an aggregation in its default form: " %16lld", or the picture. */
int dt_print_aggval(dtrace_hdl_t *dtp, FILE *fp, const dtrace_recdesc_t *rec, caddr_t data, uint64_t normal);
int dt_print_quantize(dtrace_hdl_t *dtp, FILE *fp, const int64_t *bins, uint64_t normal);
int dt_print_lquantize(dtrace_hdl_t *dtp, FILE *fp, const int64_t *val, uint64_t normal);
int dt_print_llquantize(dtrace_hdl_t *dtp, FILE *fp, const int64_t *val, uint64_t normal);
/* What the bars of one picture are measured by: its total, or under aggzoom its highest. */
struct dt_scale {
	long double total;
	bool pos, neg;
};
void dt_scale_add(dtrace_hdl_t *dtp, struct dt_scale *sc, int64_t val);
int dt_print_bar(dtrace_hdl_t *dtp, FILE *fp, const struct dt_scale *sc, int64_t val, uint64_t normal);
int dt_print_barhead(dtrace_hdl_t *dtp, FILE *fp, const char *what, int width);
/* Average or standard deviation, normalised; sum, count, ... likewise. */
int64_t dt_agg_scalar(uint16_t action, const void *val, uint64_t normal);
bool dt_agg_is_picture(uint16_t action);
/* A bucket of a picture that is shown; the edges take what is below @value, or @value and above. */
struct dt_bucket {
	int64_t value, count;
	int edge;		/* -1, 0, 1 */
};
typedef void dt_bucket_f(const struct dt_bucket *b, void *arg);
int dt_each_bucket(dtrace_hdl_t *dtp, uint16_t action, const int64_t *val, dt_bucket_f *func, void *arg);

/*
 * Structured output (oformat.c). Unless option oformat is set, dt_oformat_on() is
 * false and begin, probe, probe_end, drop and error do nothing. 0 or -1.
 */
struct dt_oformat;
bool dt_oformat_on(dtrace_hdl_t *dtp);
int dt_oformat_begin(dtrace_hdl_t *dtp, FILE *fp);	/* before anything is consumed into @fp */
int dt_oformat_probe(dtrace_hdl_t *dtp, const dtrace_probedata_t *pd);
int dt_oformat_probe_end(dtrace_hdl_t *dtp);
int dt_oformat_drop(dtrace_hdl_t *dtp, const dtrace_dropdata_t *drop);
int dt_oformat_error(dtrace_hdl_t *dtp, const dtrace_errdata_t *err);
int dt_oformat_datum(dtrace_hdl_t *dtp, const dtrace_probedata_t *pd, uint32_t i, size_t size);
/* Frees @text. */
int dt_oformat_printf(dtrace_hdl_t *dtp, const dtrace_probedata_t *pd, uint32_t i, uint32_t n, char *text);
int dt_oformat_printa(dtrace_hdl_t *dtp, const struct dt_stmt *st, const char *text, size_t n);
int dt_oformat_unprinted(dtrace_hdl_t *dtp, FILE *fp);
/* What a command of system() prints, piece by piece; then its end. */
int dt_oformat_output(dtrace_hdl_t *dtp, const char *s, size_t n);
int dt_oformat_output_end(dtrace_hdl_t *dtp);
void dt_oformat_destroy(dtrace_hdl_t *dtp);

/* A statement that only shows what it recorded: records [i, i + n) of a firing. */
int dt_print_stmt(dtrace_hdl_t *dtp, FILE *fp, const dtrace_probedata_t *pd, uint32_t i, uint32_t n);

/* One value for a conversion of a printf or printa. */
struct dt_arg {
	const dtrace_recdesc_t *rec;
	const struct dt_type *type;	/* or NULL */
	caddr_t data;			/* of the value; NULL: a joined aggregation has none for this key */
	uint64_t normal;
	const dtrace_aggdata_t *agg;	/* printa: whose value (or key) it is */
};
/* Print @f with its arguments: args[] for plain conversions, vals[] for %@ ones. */
int dt_format_print(dtrace_hdl_t *dtp, FILE *fp, const struct dt_format *f, const struct dt_arg *args,
		    size_t nargs, const struct dt_arg *vals, size_t nvals);

/* ---- Aggregations (aggregate.c, aggsort.c, aggprint.c) --------------------------------------- */

struct dt_aggent {
	dtrace_aggdata_t data;	/* first: what callbacks get */
	struct dt_aggent *hnext, *lnext, *lprev;
	uint64_t hash;
	uint32_t keysize;
	bool fresh;		/* cleared: the next value replaces, it does not add */
	bool dead;		/* removed during a walk: freed at its end */
	uint32_t ncpus;		/* of data.dtada_percpu: values, NULL where a CPU has none; 0: none such */
};
struct dt_aggmod {		/* the address that stands for a module in keys made by mod() */
	char *name;
	uint64_t pc;
};
struct dt_aggs {
	struct dt_aggent **hash;
	size_t nhash, n;
	struct dt_aggent *first, *last;	/* all, oldest first */
	unsigned walks;			/* nested walks: entries are not freed before the outermost ends */
	bool have_dead;
	bool bare;			/* walk for our own printing: entries need no probe descriptions */
	struct dt_aggvar *vars;		/* [varid] */
	size_t nvars;
	struct dt_aggmod *mods;
	size_t nmods;
};
/* agghist, aggpack: one line an entry, measured by all entries of the variable (aggstyle.c). */
struct dt_aggstyle {
	enum { DT_STYLE_UNKNOWN, DT_STYLE_PLAIN, DT_STYLE_HIST, DT_STYLE_PACK } kind;
	struct dt_scale scale;		/* HIST */
	size_t min, max;		/* PACK: bins shown */
};
struct dt_aggvar {
	bool printed;			/* by printa(): not again at the end */
	uint64_t normal;		/* 0: never normalised */
	struct dt_aggstyle style;
};
/* Measure again: entries or options have changed since the last printing. */
void dt_aggstyle_reset(dtrace_hdl_t *dtp);
/* NULL: error set. */
const struct dt_aggstyle *dt_aggstyle(dtrace_hdl_t *dtp, const dtrace_aggdata_t *a);
int dt_aggstyle_head(dtrace_hdl_t *dtp, FILE *fp, const dtrace_aggdata_t *a, const struct dt_aggstyle *st);
int dt_aggstyle_value(dtrace_hdl_t *dtp, FILE *fp, const dtrace_aggdata_t *a, const struct dt_aggstyle *st);
struct dt_aggvar *dt_aggvar(dtrace_hdl_t *dtp, uint64_t varid);	/* NULL: error set */
/* Entries of one tuple: e[i] of the i-th variable, NULL where that has none. */
typedef int dt_aggjoin_f(dtrace_hdl_t *dtp, struct dt_aggent **e, uint32_t n, void *arg);
int dt_aggregate_join(dtrace_hdl_t *dtp, const dtrace_aggvarid_t *vars, uint32_t n, dt_aggjoin_f *func, void *arg);
/* What stands for a variable that has no value for @tuple: an entry of zeros. NULL: error set. */
dtrace_aggdata_t *dt_agg_empty(dtrace_hdl_t *dtp, const dtrace_aggdata_t *tuple, dtrace_aggvarid_t var);
void dt_agg_empty_free(dtrace_aggdata_t *d);
static inline const dtrace_recdesc_t *dt_aggent_valrec(const dtrace_aggdata_t *a)
{
	return &a->dtada_desc->dtagd_rec[a->dtada_desc->dtagd_nrecs - 1];
}
static inline caddr_t dt_aggent_val(const dtrace_aggdata_t *a)
{
	return a->dtada_data + dt_aggent_valrec(a)->dtrd_offset;
}
/* The @i-th 64-bit word of a value. */
static inline int64_t dt_word(const void *val, size_t i)
{
	int64_t v;

	memcpy(&v, (const char *)val + 8 * i, 8);
	return v;
}
int dt_aggregate_snap_all(dtrace_hdl_t *dtp);		/* now, whatever aggrate says */
void dt_aggregate_destroy(dtrace_hdl_t *dtp);
void dt_aggent_clear(struct dt_aggent *e);
void dt_aggent_remove(dtrace_hdl_t *dtp, struct dt_aggent *e);
void dt_aggregate_sweep(dtrace_hdl_t *dtp);		/* free what was removed during walks */
/* Key types of a variable, from the action that feeds it. @i counts records from 1. */
const struct dt_type *dt_agg_keytype(dtrace_hdl_t *dtp, const dtrace_aggdata_t *a, uint32_t i);
/* Orders of the Guide's chapter "Aggregations": by value, then key; or by key, then value. */
struct dt_aggorder {
	bool bykey, rev, byvar;		/* byvar: variables first */
	int keypos;			/* aggsortkeypos: the key that counts first */
};
int dt_agg_cmp_value(const dtrace_aggdata_t *a, const dtrace_aggdata_t *b);
int dt_agg_cmp_zero(const dtrace_aggdata_t *a);		/* with a tuple that has no value */
int dt_agg_cmp_key(const dtrace_aggdata_t *a, const dtrace_aggdata_t *b, int keypos);
int dt_aggsort_keypos(dtrace_hdl_t *dtp);		/* option aggsortkeypos */
int dt_aggent_describe(dtrace_hdl_t *dtp, struct dt_aggent *e);	/* its probe, unless the walk is bare */
int dt_aggregate_walk_order(dtrace_hdl_t *dtp, const struct dt_aggorder *order, dtrace_aggregate_f *func, void *arg);
/*
 * All live entries, or those of one variable (0: all), sorted. Malloc'ed; NULL with *n 0:
 * none or no memory (error set).
 */
struct dt_aggent **dt_aggregate_sorted(dtrace_hdl_t *dtp, dtrace_aggvarid_t var,
				       const struct dt_aggorder *order, size_t *n);
/* The statements on aggregations, as their records are consumed. */
int dt_aggact_printa(dtrace_hdl_t *dtp, FILE *fp, const struct dt_stmt *st);
int dt_aggact_trunc(dtrace_hdl_t *dtp, dtrace_aggvarid_t var, bool has_n, int64_t n);
int dt_aggact_normalize(dtrace_hdl_t *dtp, dtrace_aggvarid_t var, uint64_t normal);
int dt_aggact_clear(dtrace_hdl_t *dtp, dtrace_aggvarid_t var);

/* ---- Statements (act.c), order of time (temporal.c) ---------------------------------------------- */

/* A statement's records stand together. How many, from @i? */
uint32_t dt_stmt_run(dtrace_hdl_t *dtp, const dtrace_eprobedesc_t *ed, uint32_t i);
/* Carry out the statement whose records are [i, i + n). 0 or -1. */
int dt_stmt_consume(dtrace_hdl_t *dtp, FILE *fp, const dtrace_probedata_t *pd, uint32_t i, uint32_t n);
bool dt_stmt_is_silent(uint16_t action);	/* nothing to print for it */
void dt_backlog_free(dtrace_hdl_t *dtp);

/* ---- Drops and errors (status.c, handle.c) ---------------------------------------------------- */

/*
 * Have the kernel hand over what a CPU has recorded since the last time; DTRACE_BUF_*.
 * The half stays readable until the next call. Size 0: nothing. Drops are reported.
 */
int dt_half_take(dtrace_hdl_t *dtp, uint32_t cpu, uint32_t kind, caddr_t *data, size_t *size);
int dt_handle_cpudrop(dtrace_hdl_t *dtp, processorid_t cpu, dtrace_dropkind_t kind, uint64_t drops);
int dt_handle_status(dtrace_hdl_t *dtp, const struct dtrace_ioc_status *old, const struct dtrace_ioc_status *new);
int dt_handle_error(dtrace_hdl_t *dtp, const dtrace_probedata_t *pd);	/* a record of our ERROR clause */
/* What an action could not do here: told like a clause's error. 0, or -1: the handler wants an end. */
int dt_handle_liberr(dtrace_hdl_t *dtp, const dtrace_probedata_t *pd, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
const char *dt_drop_tag(dtrace_dropkind_t kind);

/* ---- The handle ---------------------------------------------------------------------------------- */

struct dt_half {		/* both halves of one buffer of one CPU, mapped when first read */
	caddr_t half[2];
	bool absent;		/* the kernel has none there */
	size_t oldest;		/* of the half last taken: where its oldest record is (ring), */
	uint64_t when;		/* and when it was switched, ns */
};
struct dt_cpu {
	struct dt_half principal, agg;
	uint64_t drops[2];	/* totals, by DTRACE_BUF_* */
	int indent;		/* flow */
	dtrace_epid_t last;	/* flow: last enabled probe seen */
};

struct dt_buffered {
	dtrace_handle_buffered_f *func;
	void *arg;
	char *buf;
	size_t n, room;
};

struct dtrace_hdl {
	const struct dt_kernel *kern;
	void *kctx;
	int fd;			/* -1: DTRACE_O_NODEV */
	struct dtrace_ioc_version ver;

	int err;
	char errmsg[8192];	/* belongs to err if not empty */

	dtrace_optval_t opt[DTRACEOPT_MAX];
	uint_t cflags;		/* DTRACE_C_* set by options */
	bool droptags, demangle;
	bool late;			/* -x late=dynamic */
	bool core, debug;		/* for those who debug the library itself */
	bool cpphdrs;			/* -H */
	char stdc;			/* -X: a, c, s, t; 0: as the preprocessor likes */
	uint32_t treebits;		/* DT_TREE_* */
	dtrace_attribute_t amin;	/* with DTRACE_C_EATTR: least stability of a program */
	uint32_t dversion;		/* -x version, as dt_str2version() has it; 0: newest */
	char *syslibdir;		/* path, or NULL */
	struct dt_strs env;		/* of programs that we start, if setenv or unsetenv changed it */
	enum dt_evaltime evaltime;
	char *cpppath;
	struct dt_strs cppargs, libdirs;
	bool libs_read;
	struct dt_libraries *libs;	/* library.c */

	struct dt_format **formats;	/* of dtrace_printf_create() */
	size_t nformats, formatroom;
	dtrace_typeinfo_t *argtypes;	/* of dtrace_probe_info() */
	char *objname;			/* of dtrace_object_info() */
	FILE *dump;			/* where programs are shown as they are compiled, or NULL */
	struct dt_types *types;
	struct dt_idents *idents;
	struct dtrace_prog *progs;	/* all compiled, newest first */
	struct dt_cookie *cookies;
	size_t ncookies, cookieroom;
	struct dt_clauseref *clauses;
	size_t nclauses, clauseroom;

	struct ps_prochandle *procs;
	int wakefd;			/* eventfd: a process thread has something to tell */
	struct dt_ksyms *ksyms;
	struct dt_foreign *foreign;	/* names.c */
	char *btfpath;			/* -x btf, or NULL: the running kernel's */

	bool active, stopped;		/* after dtrace_go(), after dtrace_stop() */
	bool exiting;			/* the kernel has seen exit() */
	bool drained;			/* all was read after the stop */
	int begin_cpu, end_cpu;
	size_t bufsize, aggsize;	/* of the halves, as the kernel gave them */
	uint64_t aggneed;		/* aggregation bytes that the programs enabled so far may need */
	bool has_aggs, reads_aggs;	/* some action aggregates; some statement reads aggregations */
	bool has_error_clause;		/* ours is enabled */
	bool needs_usyms;		/* some action records user addresses */
	bool needs_langs;		/* some stack wants interpreted languages' frames */
	struct dt_cpu *cpus;
	struct dt_backlog *backlog;	/* [ncpus], with -x temporal */
	int first_output;		/* freopen(): a duplicate of the output's first file, + 1 */
	bool errexit;			/* a clause has failed, and -x errexit */
	struct dtrace_ioc_status status;
	uint64_t next_switch, next_agg, next_status;	/* due, ns monotonic */

	struct dt_eprobe *eprobes;	/* [epid] */
	size_t neprobes;
	dtrace_aggdesc_t **aggdescs;	/* [id] */
	size_t naggdescs;
	struct dt_aggs aggs;

	struct dt_oformat *oformat;	/* the document being written */
	struct dt_buffered buffered;
	dtrace_handle_err_f *errfunc;
	void *errarg;
	dtrace_handle_drop_f *dropfunc;
	void *droparg;
	dtrace_handle_proc_f *procfunc;
	void *procarg;
	dtrace_handle_setopt_f *setoptfunc;
	void *setoptarg;
	dtrace_handle_progress_f *progressfunc;
	void *progressarg;
};

/* With -x debug: a line on the standard error about what the library does. */
void dt_debug(const dtrace_hdl_t *dtp, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int dt_ioctl(dtrace_hdl_t *dtp, unsigned long req, void *arg);	/* 0 or -errno; -ENODEV without a device */
uint64_t dt_now(void);		/* ns, monotonic */
int dt_option_set(dtrace_hdl_t *dtp, const char *name, const char *value, char *why, size_t n);
int dt_option_pragma(dtrace_hdl_t *dtp, const char *name, const char *value, char *why, size_t n);	/* likewise */

/* -x tree: the tree as parsed, and as cooked. */
#define DT_TREE_PARSED	0x1
#define DT_TREE_COOKED	0x2
#define DT_TREE_MASK	0x3

/* Versions of the D interface (attr.c): "1.2.3" and one number that compares. */
#define DT_DVERSION_TEXT "1.13"
int dt_str2version(const char *s, uint32_t *v);		/* 0 or -1 */
bool dt_version_known(uint32_t v);

#endif /* DT_IMPL_H */
