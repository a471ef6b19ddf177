/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libdtrace: compile D programs, run them, consume what they record.
 *
 *   dtrace_open -> dtrace_setopt ... -> dtrace_program_strcompile -> dtrace_program_exec
 *     -> dtrace_go -> { dtrace_sleep; dtrace_work } until DTRACE_WORKSTATUS_DONE
 *     -> dtrace_aggregate_print -> dtrace_close
 *
 * Names, arguments, return codes and layouts are the classic library's. A
 * function returning int gives -1 on error, and dtrace_errno() says which;
 * dtrace_errmsg() has the sentence. A handle belongs to one thread at a time.
 * Nothing is printed but to the FILE given; with a NULL FILE the text goes to
 * the handler set by dtrace_handle_buffered().
 */
#ifndef DT_DTRACE_H
#define DT_DTRACE_H

#include <sys/dtrace.h>
#include <stdarg.h>
#include <stdio.h>
#include <gelf.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DTRACE_VERSION	3		/* library ABI that dtrace_open asks for */

struct ps_prochandle;
typedef struct dtrace_hdl dtrace_hdl_t;
typedef struct dtrace_prog dtrace_prog_t;

/* ---- Handles ---------------------------------------------------------------- */

#define DTRACE_O_NODEV	0x01		/* compile only: do not open the device */
#define DTRACE_O_NOSYS	0x02
#define DTRACE_O_LP64	0x04
#define DTRACE_O_ILP32	0x08		/* refused */
#define DTRACE_O_MASK	0x0f

/* NULL: *errp (if errp) holds a code for dtrace_errmsg(NULL, code). */
dtrace_hdl_t *dtrace_open(int version, int flags, int *errp);
void dtrace_close(dtrace_hdl_t *dtp);
int dtrace_go(dtrace_hdl_t *dtp);
int dtrace_stop(dtrace_hdl_t *dtp);
/* Wait until there is something to do: a read-out is due, a process ended, exit() was called, a signal came. */
void dtrace_sleep(dtrace_hdl_t *dtp);

int dtrace_errno(dtrace_hdl_t *dtp);
const char *dtrace_errmsg(dtrace_hdl_t *dtp, int error);
const char *dtrace_faultstr(dtrace_hdl_t *dtp, int fault);
const char *dtrace_subrstr(dtrace_hdl_t *dtp, int subr);

int dtrace_setopt(dtrace_hdl_t *dtp, const char *name, const char *value);
int dtrace_getopt(dtrace_hdl_t *dtp, const char *name, dtrace_optval_t *value);
/* Options from environment variables: with the prefix "DTRACE_OPT_", DTRACE_OPT_BUFSIZE=8m sets bufsize. */
int dtrace_setoptenv(dtrace_hdl_t *dtp, const char *prefix);

void dtrace_update(dtrace_hdl_t *dtp);	/* read the kernel's symbols again when next needed */
int dtrace_ctlfd(dtrace_hdl_t *dtp);

/* ---- Programs ---------------------------------------------------------------- */

typedef enum {
	DTRACE_PROBESPEC_NONE = -1,
	DTRACE_PROBESPEC_PROVIDER = 0,
	DTRACE_PROBESPEC_MOD,
	DTRACE_PROBESPEC_FUNC,
	DTRACE_PROBESPEC_NAME
} dtrace_probespec_t;

#define DTRACE_C_DIFV	0x0001		/* kept for source compatibility: see dtrace_program_dump() */
#define DTRACE_C_EMPTY	0x0002		/* an empty program is fine */
#define DTRACE_C_ZDEFS	0x0004		/* descriptions that match no probe are fine */
#define DTRACE_C_EATTR	0x0008
#define DTRACE_C_CPP	0x0010		/* run the C preprocessor */
#define DTRACE_C_KNODEF	0x0020
#define DTRACE_C_UNODEF	0x0040
#define DTRACE_C_PSPEC	0x0080		/* an ambiguous word is a probe description */
#define DTRACE_C_ETAGS	0x0100		/* prefix messages with [D_TAG] */
#define DTRACE_C_ARGREF	0x0200		/* unused macro arguments are fine */
#define DTRACE_C_DEFARG	0x0800		/* missing macro arguments are 0 or "" */
#define DTRACE_C_NOLIBS	0x1000		/* read no D libraries */
#define DTRACE_C_CTL	0x2000
#define DTRACE_C_MASK	0x3bff

dtrace_prog_t *dtrace_program_strcompile(dtrace_hdl_t *dtp, const char *text,
					 dtrace_probespec_t spec, uint_t cflags,
					 int argc, char *const argv[]);
dtrace_prog_t *dtrace_program_fcompile(dtrace_hdl_t *dtp, FILE *fp, uint_t cflags,
				       int argc, char *const argv[]);

typedef struct dtrace_proginfo {
	dtrace_attribute_t dpi_descattr;	/* least stable of its descriptions */
	dtrace_attribute_t dpi_stmtattr;	/* least stable of its statements */
	uint_t dpi_aggregates;			/* aggregating actions */
	uint_t dpi_recgens;			/* actions that record */
	uint_t dpi_matches;			/* probes matched (dtrace_program_exec) */
	uint_t dpi_speculations;
} dtrace_proginfo_t;

int dtrace_program_exec(dtrace_hdl_t *dtp, dtrace_prog_t *prog, dtrace_proginfo_t *info);
void dtrace_program_info(dtrace_hdl_t *dtp, dtrace_prog_t *prog, dtrace_proginfo_t *info);

/* ---- Consuming ---------------------------------------------------------------- */

typedef enum {
	DTRACE_WORKSTATUS_ERROR = -1,
	DTRACE_WORKSTATUS_OKAY,
	DTRACE_WORKSTATUS_DONE
} dtrace_workstatus_t;

#define DTRACE_CONSUME_ERROR	-1
#define DTRACE_CONSUME_THIS	0	/* let the library print it */
#define DTRACE_CONSUME_NEXT	1	/* skip it */
#define DTRACE_CONSUME_ABORT	2

typedef enum {
	DTRACEFLOW_ENTRY,
	DTRACEFLOW_RETURN,
	DTRACEFLOW_NONE
} dtrace_flowkind_t;

typedef struct dtrace_probedata {
	dtrace_hdl_t *dtpda_handle;
	dtrace_eprobedesc_t *dtpda_edesc;
	dtrace_probedesc_t *dtpda_pdesc;
	processorid_t dtpda_cpu;
	caddr_t dtpda_data;		/* the record, header first */
	dtrace_flowkind_t dtpda_flow;
	const char *dtpda_prefix;	/* "-> ", "<- ", " | " */
	int dtpda_indent;
	uint64_t dtpda_timestamp;
} dtrace_probedata_t;

typedef int dtrace_consume_probe_f(const dtrace_probedata_t *, void *);
typedef int dtrace_consume_rec_f(const dtrace_probedata_t *, const dtrace_recdesc_t *, void *);

dtrace_workstatus_t dtrace_work(dtrace_hdl_t *dtp, FILE *fp, dtrace_consume_probe_f *chew,
				dtrace_consume_rec_f *chewrec, void *arg);
int dtrace_consume(dtrace_hdl_t *dtp, FILE *fp, dtrace_consume_probe_f *chew,
		   dtrace_consume_rec_f *chewrec, void *arg);

#define DTRACE_STATUS_NONE	0	/* nothing new: asked too soon */
#define DTRACE_STATUS_OKAY	1
#define DTRACE_STATUS_EXITED	2	/* exit() was called; tracing is stopped */
#define DTRACE_STATUS_FILLED	3
#define DTRACE_STATUS_STOPPED	4	/* dtrace_stop() was called */
int dtrace_status(dtrace_hdl_t *dtp);

/* ---- Aggregations --------------------------------------------------------------- */

#define DTRACE_A_PERCPU		0x0001
#define DTRACE_A_KEEPDELTA	0x0002
#define DTRACE_A_ANONYMOUS	0x0004
#define DTRACE_A_TOTAL		0x0008
#define DTRACE_A_MINMAXBIN	0x0010
#define DTRACE_A_HASNEGATIVES	0x0020
#define DTRACE_A_HASPOSITIVES	0x0040

#define DTRACE_AGGWALK_ERROR		-1
#define DTRACE_AGGWALK_NEXT		0
#define DTRACE_AGGWALK_ABORT		1
#define DTRACE_AGGWALK_CLEAR		2	/* zero this entry */
#define DTRACE_AGGWALK_NORMALIZE	3	/* take dtada_normal as set by the callback */
#define DTRACE_AGGWALK_DENORMALIZE	4
#define DTRACE_AGGWALK_REMOVE		5

typedef struct dtrace_aggdata {
	dtrace_hdl_t *dtada_handle;
	dtrace_aggdesc_t *dtada_desc;
	dtrace_eprobedesc_t *dtada_edesc;
	dtrace_probedesc_t *dtada_pdesc;
	caddr_t dtada_data;		/* bucket: header, keys, value at desc's offsets */
	uint64_t dtada_normal;
	size_t dtada_size;
	caddr_t dtada_delta;		/* NULL: not kept */
	caddr_t *dtada_percpu;		/* NULL: not kept */
	caddr_t *dtada_percpu_delta;	/* NULL: not kept */
	int64_t dtada_total;
	uint16_t dtada_minbin;
	uint16_t dtada_maxbin;
	uint32_t dtada_flags;
} dtrace_aggdata_t;

typedef int dtrace_aggregate_f(const dtrace_aggdata_t *, void *);
typedef int dtrace_aggregate_walk_f(dtrace_hdl_t *, dtrace_aggregate_f *, void *);
typedef int dtrace_aggregate_walk_joined_f(const dtrace_aggdata_t **, const int, void *);

void dtrace_aggregate_clear(dtrace_hdl_t *dtp);
int dtrace_aggregate_snap(dtrace_hdl_t *dtp);
int dtrace_aggregate_print(dtrace_hdl_t *dtp, FILE *fp, dtrace_aggregate_walk_f *walk);

int dtrace_aggregate_walk(dtrace_hdl_t *dtp, dtrace_aggregate_f *func, void *arg);
int dtrace_aggregate_walk_sorted(dtrace_hdl_t *dtp, dtrace_aggregate_f *func, void *arg);
int dtrace_aggregate_walk_keysorted(dtrace_hdl_t *dtp, dtrace_aggregate_f *func, void *arg);
int dtrace_aggregate_walk_valsorted(dtrace_hdl_t *dtp, dtrace_aggregate_f *func, void *arg);
int dtrace_aggregate_walk_keyvarsorted(dtrace_hdl_t *dtp, dtrace_aggregate_f *func, void *arg);
int dtrace_aggregate_walk_valvarsorted(dtrace_hdl_t *dtp, dtrace_aggregate_f *func, void *arg);
int dtrace_aggregate_walk_keyrevsorted(dtrace_hdl_t *dtp, dtrace_aggregate_f *func, void *arg);
int dtrace_aggregate_walk_valrevsorted(dtrace_hdl_t *dtp, dtrace_aggregate_f *func, void *arg);
int dtrace_aggregate_walk_keyvarrevsorted(dtrace_hdl_t *dtp, dtrace_aggregate_f *func, void *arg);
int dtrace_aggregate_walk_valvarrevsorted(dtrace_hdl_t *dtp, dtrace_aggregate_f *func, void *arg);
/* Entries of several variables with equal keys together: data[0] stands for the tuple, data[i] is vars[i-1]'s. */
int dtrace_aggregate_walk_joined(dtrace_hdl_t *dtp, dtrace_aggvarid_t *vars, int nvars,
				 dtrace_aggregate_walk_joined_f *func, void *arg);

/* ---- Handlers -------------------------------------------------------------------- */

#define DTRACE_HANDLE_ABORT	-1
#define DTRACE_HANDLE_OK	0

typedef struct dtrace_bufdata {
	dtrace_hdl_t *dtbda_handle;
	const char *dtbda_buffered;
	dtrace_probedata_t *dtbda_probe;
	const dtrace_recdesc_t *dtbda_recdesc;
	const dtrace_aggdata_t *dtbda_aggdata;
	uint32_t dtbda_flags;
} dtrace_bufdata_t;
#define DTRACE_BUFDATA_AGGKEY		0x0001
#define DTRACE_BUFDATA_AGGVAL		0x0002
#define DTRACE_BUFDATA_AGGFORMAT	0x0004
#define DTRACE_BUFDATA_AGGLAST		0x0008
typedef int dtrace_handle_buffered_f(const dtrace_bufdata_t *, void *);
int dtrace_handle_buffered(dtrace_hdl_t *dtp, dtrace_handle_buffered_f *func, void *arg);

/*
 * Structured output (option oformat; docs/oformat.md). dtrace_work() begins the
 * document; this closes it. Not 0 of the first: the option is set, and nothing but
 * the library should write to the FILE; aggregations that no printa() has printed
 * appear only if dtrace_aggregate_print() is called (dtrace -O).
 */
int dtrace_oformat(dtrace_hdl_t *dtp);
int dtrace_oformat_teardown(dtrace_hdl_t *dtp, FILE *fp);

typedef struct dtrace_errdata {
	dtrace_hdl_t *dteda_handle;
	dtrace_eprobedesc_t *dteda_edesc;
	dtrace_probedesc_t *dteda_pdesc;
	processorid_t dteda_cpu;
	int dteda_action;		/* from 1; 0: the predicate */
	int dteda_offset;		/* instruction in the DIF object, times 4; -1: unknown */
	int dteda_fault;		/* DTRACEFLT_* */
	uint64_t dteda_addr;
	const char *dteda_msg;
} dtrace_errdata_t;
typedef int dtrace_handle_err_f(const dtrace_errdata_t *, void *);
int dtrace_handle_err(dtrace_hdl_t *dtp, dtrace_handle_err_f *func, void *arg);

typedef enum {
	DTRACEDROP_PRINCIPAL,
	DTRACEDROP_AGGREGATION,
	DTRACEDROP_DYNAMIC,
	DTRACEDROP_DYNRINSE,
	DTRACEDROP_DYNDIRTY,
	DTRACEDROP_SPEC,
	DTRACEDROP_SPECBUSY,
	DTRACEDROP_SPECUNAVAIL,
	DTRACEDROP_STKSTROVERFLOW,
	DTRACEDROP_DBLERROR,
	/* ours: what the classic library does not count */
	DTRACEDROP_RECURSION,		/* a probe fired inside probe processing */
	DTRACEDROP_NOBUFFER,		/* the CPU came online after dtrace_go() */
	DTRACEDROP_PROVIDER		/* the provider could not deliver */
} dtrace_dropkind_t;
typedef struct dtrace_dropdata {
	dtrace_hdl_t *dtdda_handle;
	processorid_t dtdda_cpu;	/* DTRACE_CPUALLCPUS: not of one CPU */
	dtrace_dropkind_t dtdda_kind;
	uint64_t dtdda_drops;		/* new ones */
	uint64_t dtdda_total;
	const char *dtdda_msg;
} dtrace_dropdata_t;
/* Without a handler drops end the consumer with an error, but for ours, which nobody is told of. */
typedef int dtrace_handle_drop_f(const dtrace_dropdata_t *, void *);
int dtrace_handle_drop(dtrace_hdl_t *dtp, dtrace_handle_drop_f *func, void *arg);

/* msg NULL: the process has ended (dtrace_proc_status() says how); else something to tell about it. */
typedef void dtrace_handle_proc_f(struct ps_prochandle *, const char *msg, void *);
int dtrace_handle_proc(dtrace_hdl_t *dtp, dtrace_handle_proc_f *func, void *arg);

typedef struct dtrace_setoptdata {
	dtrace_hdl_t *dtsda_handle;
	const dtrace_probedata_t *dtsda_probe;
	const char *dtsda_option;
	dtrace_optval_t dtsda_oldval;
	dtrace_optval_t dtsda_newval;
} dtrace_setoptdata_t;
typedef int dtrace_handle_setopt_f(const dtrace_setoptdata_t *, void *);
int dtrace_handle_setopt(dtrace_hdl_t *dtp, dtrace_handle_setopt_f *func, void *arg);

/* ---- Processes --------------------------------------------------------------------- */

/* Start it, held before its first own instruction until dtrace_proc_continue(). argv[0] is NULL-terminated's first. */
struct ps_prochandle *dtrace_proc_create(dtrace_hdl_t *dtp, const char *file, char *const *argv);
struct ps_prochandle *dtrace_proc_grab(dtrace_hdl_t *dtp, pid_t pid, int flags);
void dtrace_proc_release(dtrace_hdl_t *dtp, struct ps_prochandle *P);
void dtrace_proc_continue(dtrace_hdl_t *dtp, struct ps_prochandle *P);

/* ---- Probes, symbols ----------------------------------------------------------------- */

typedef int dtrace_probe_f(dtrace_hdl_t *, const dtrace_probedesc_t *, void *);
/* Each probe that pdp (NULL: any) means, by rising id; a non-zero return of func ends it and is returned. */
int dtrace_probe_iter(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pdp, dtrace_probe_f *func, void *arg);
int dtrace_id2desc(dtrace_hdl_t *dtp, dtrace_id_t id, dtrace_probedesc_t *pdp);
int dtrace_str2desc(dtrace_hdl_t *dtp, dtrace_probespec_t spec, const char *s, dtrace_probedesc_t *pdp);
char *dtrace_desc2str(const dtrace_probedesc_t *pdp, char *buf, size_t len);

typedef struct dtrace_syminfo {
	const char *dts_object;
	const char *dts_name;
	ulong_t dts_id;
} dtrace_syminfo_t;
/* The kernel's symbol at addr. The strings live until dtrace_update() or dtrace_close(). */
int dtrace_lookup_by_addr(dtrace_hdl_t *dtp, GElf_Addr addr, GElf_Sym *sym, dtrace_syminfo_t *sip);
/* "module`function+0x12"; the length it needs with its NUL. */
int dtrace_addr2str(dtrace_hdl_t *dtp, uint64_t addr, char *buf, int nbytes);
int dtrace_uaddr2str(dtrace_hdl_t *dtp, pid_t pid, uint64_t addr, char *buf, int nbytes);

/* Its kind is as the caller says; $1, $target ... in it are replaced as in a program. */
int dtrace_xstr2desc(dtrace_hdl_t *dtp, dtrace_probespec_t spec, const char *s, int argc, char *const argv[],
		     dtrace_probedesc_t *pdp);

/* Objects that symbols and types belong to: a module's name, "vmlinux", or one of these. */
#define DTRACE_OBJ_EXEC		((const char *)0L)	/* the kernel proper */
#define DTRACE_OBJ_RTLD		((const char *)1L)	/* always empty */
#define DTRACE_OBJ_ANY		((const char *)-1L)
#define DTRACE_OBJ_DEFS		((const char *)-2L)	/* what programs declared */
#define DTRACE_OBJ_CDEFS	((const char *)-3L)
#define DTRACE_OBJ_DDEFS	((const char *)-4L)
#define DTRACE_OBJ_KMODS	((const char *)-5L)	/* the kernel and its modules */
#define DTRACE_OBJ_UMODS	((const char *)-6L)	/* always empty */

/* A type: dtt_type is for dtrace_type_name(), good as long as the handle. No CTF stands behind it. */
typedef struct dtrace_typeinfo {
	const char *dtt_object;
	struct ctf_file *dtt_ctfp;	/* NULL */
	long dtt_type;
	uint_t dtt_flags;		/* DTT_FL_* */
} dtrace_typeinfo_t;
#define DTT_FL_USER	0x1		/* it is of a process's memory */

int dtrace_lookup_by_name(dtrace_hdl_t *dtp, const char *object, const char *name, GElf_Sym *sym,
			  dtrace_syminfo_t *sip);
int dtrace_lookup_by_type(dtrace_hdl_t *dtp, const char *object, const char *name, dtrace_typeinfo_t *tip);
int dtrace_symbol_type(dtrace_hdl_t *dtp, const GElf_Sym *sym, const dtrace_syminfo_t *sip, dtrace_typeinfo_t *tip);
int dtrace_type_strcompile(dtrace_hdl_t *dtp, const char *s, dtrace_typeinfo_t *tip);	/* "struct foo *" */
int dtrace_type_fcompile(dtrace_hdl_t *dtp, FILE *fp, dtrace_typeinfo_t *tip);
/* Ours: its name, as far as it fits. Returns buf. */
char *dtrace_type_name(dtrace_hdl_t *dtp, const dtrace_typeinfo_t *tip, char *buf, size_t len);

typedef struct dtrace_probeinfo {
	dtrace_attribute_t dtp_attr;		/* of its name */
	dtrace_attribute_t dtp_arga;		/* of its arguments */
	const dtrace_typeinfo_t *dtp_argv;	/* types of args[]; until the next call */
	int dtp_argc;
} dtrace_probeinfo_t;
int dtrace_probe_info(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pdp, dtrace_probeinfo_t *pip);

typedef struct dtrace_objinfo {
	const char *dto_name;			/* until dtrace_update() or dtrace_close() */
	const char *dto_file;			/* "" */
	int dto_id;
	uint_t dto_flags;			/* DTRACE_OBJ_F_* */
	GElf_Addr dto_text_va;
	GElf_Xword dto_text_size;
	GElf_Addr dto_data_va;			/* of a module: what follows is not told by the kernel, and 0 */
	GElf_Xword dto_data_size;
	GElf_Addr dto_bss_va;
	GElf_Xword dto_bss_size;
} dtrace_objinfo_t;
#define DTRACE_OBJ_F_KERNEL	0x1
#define DTRACE_OBJ_F_PRIMARY	0x2		/* the kernel proper */
typedef int dtrace_obj_f(dtrace_hdl_t *, const dtrace_objinfo_t *, void *);
/* The kernel and its modules; a non-zero return of func ends it and is returned. */
int dtrace_object_iter(dtrace_hdl_t *dtp, dtrace_obj_f *func, void *arg);
int dtrace_object_info(dtrace_hdl_t *dtp, const char *object, dtrace_objinfo_t *dto);

/* ---- Statements of a program ------------------------------------------------------------ */

typedef struct dtrace_actdesc {
	void *dtad_difo;
	struct dtrace_actdesc *dtad_next;
	uint16_t dtad_kind;			/* DTRACEACT_* */
	uint32_t dtad_ntuple;
	uint64_t dtad_arg;
	uint64_t dtad_uarg;
	int dtad_refcnt;
} dtrace_actdesc_t;
typedef struct dtrace_preddesc {
	void *dtpdd_difo;			/* not NULL: there is a predicate */
	void *dtpdd_predicate;
} dtrace_preddesc_t;
typedef struct dtrace_ecbdesc {
	dtrace_actdesc_t *dted_action;
	dtrace_preddesc_t dted_pred;
	dtrace_probedesc_t dted_probe;
	uint64_t dted_uarg;
	int dted_refcnt;
} dtrace_ecbdesc_t;
typedef struct dtrace_stmtdesc {
	dtrace_ecbdesc_t *dtsd_ecbdesc;		/* clause and probe description */
	dtrace_actdesc_t *dtsd_action;
	dtrace_actdesc_t *dtsd_action_last;
	void *dtsd_aggdata;
	void *dtsd_fmtdata;			/* for dtrace_printf_format() */
	void *dtsd_strdata;
	void (*dtsd_callback)(void);
	void *dtsd_data;
	dtrace_attribute_t dtsd_descattr;
	dtrace_attribute_t dtsd_stmtattr;
} dtrace_stmtdesc_t;
typedef int dtrace_stmt_f(dtrace_hdl_t *, dtrace_prog_t *, dtrace_stmtdesc_t *, void *);
/*
 * Each statement that records, for each description of its clause; a clause of none
 * once, without actions. What it is given lives during the call.
 */
int dtrace_stmt_iter(dtrace_hdl_t *dtp, dtrace_prog_t *prog, dtrace_stmt_f *func, void *arg);
/* Programs come from the compiler alone: these fail with a sentence. */
dtrace_stmtdesc_t *dtrace_stmt_create(dtrace_hdl_t *dtp, dtrace_ecbdesc_t *edp);
dtrace_actdesc_t *dtrace_stmt_action(dtrace_hdl_t *dtp, dtrace_stmtdesc_t *sdp);
int dtrace_stmt_add(dtrace_hdl_t *dtp, dtrace_prog_t *prog, dtrace_stmtdesc_t *sdp);
void dtrace_stmt_destroy(dtrace_hdl_t *dtp, dtrace_stmtdesc_t *sdp);

/* ---- Formats ------------------------------------------------------------------------------ */

/* A format, good as long as the handle. NULL: error. */
void *dtrace_printf_create(dtrace_hdl_t *dtp, const char *fmt);
void *dtrace_printa_create(dtrace_hdl_t *dtp, const char *fmt);
/* Its text; the length it needs with its NUL. */
size_t dtrace_printf_format(dtrace_hdl_t *dtp, void *fmtdata, char *buf, size_t len);
/*
 * For functions of dtrace_work() that print on their own: the statement that begins
 * with record @recp of @data, through a format (NULL: its own). @buf is dtpda_data. Returns
 * how many records it took, or -1.
 */
int dtrace_fprintf(dtrace_hdl_t *dtp, FILE *fp, void *fmtdata, const dtrace_probedata_t *data,
		   const dtrace_recdesc_t *recp, uint_t nrecs, const void *buf, size_t len);
int dtrace_fprinta(dtrace_hdl_t *dtp, FILE *fp, void *fmtdata, const dtrace_probedata_t *data,
		   const dtrace_recdesc_t *recs, uint_t nrecs, const void *buf, size_t len);
int dtrace_system(dtrace_hdl_t *dtp, FILE *fp, void *fmtdata, const dtrace_probedata_t *data,
		  const dtrace_recdesc_t *recs, uint_t nrecs, const void *buf, size_t len);
int dtrace_freopen(dtrace_hdl_t *dtp, FILE *fp, void *fmtdata, const dtrace_probedata_t *data,
		   const dtrace_recdesc_t *recs, uint_t nrecs, const void *buf, size_t len);

/* ---- Probes for programs (USDT): what providers declare, as C and objects -------------------------- */

/*
 * Of the providers that programs compiled with this handle declare. Link writes an object @file with
 * the counters that is-enabled macros test; @objv[@objc] are the program's objects, which
 * are looked at, not changed. Header writes C macros; @name is the header's file name, which guards it.
 */
int dtrace_program_link(dtrace_hdl_t *dtp, dtrace_prog_t *prog, uint_t dflags, const char *file, int objc,
			char *const objv[]);
int dtrace_program_header(dtrace_hdl_t *dtp, FILE *out, const char *name);

/* ---- What the classic library has and Linux has no use for: each fails with a sentence -------- */

#define DTRACE_D_STRIP	0x01
#define DTRACE_D_PROBES	0x02
#define DTRACE_D_MASK	0x03
void *dtrace_dof_create(dtrace_hdl_t *dtp, dtrace_prog_t *prog, uint_t flags);
void dtrace_dof_destroy(dtrace_hdl_t *dtp, void *dof);
void *dtrace_getopt_dof(dtrace_hdl_t *dtp);
void *dtrace_geterr_dof(dtrace_hdl_t *dtp);
int dtrace_provider_modules(dtrace_hdl_t *dtp, const char **mods, int nmods);
typedef struct dtrace_vector {
	int (*dtv_ioctl)(void *, int, void *);
	int (*dtv_lookup_by_addr)(void *, GElf_Addr, GElf_Sym *, dtrace_syminfo_t *);
	int (*dtv_status)(void *, processorid_t);
	long (*dtv_sysconf)(void *, int);
} dtrace_vector_t;
dtrace_hdl_t *dtrace_vopen(int version, int flags, int *errp, const dtrace_vector_t *vector, void *arg);

/* ---- Stability ----------------------------------------------------------------------- */

const char *dtrace_stability_name(int stability);	/* "Evolving"; NULL: no such */
const char *dtrace_class_name(int klass);		/* "Common"; NULL: no such */
/* "Evolving/Evolving/Common", as far as it fits. */
char *dtrace_attr2str(dtrace_attribute_t attr, char *buf, size_t len);
/* Fewer parts than three leave the others at their least. -1: a word that means nothing. */
int dtrace_str2attr(const char *s, dtrace_attribute_t *attr);
dtrace_attribute_t dtrace_attr_min(dtrace_attribute_t a, dtrace_attribute_t b);	/* part by part */
dtrace_attribute_t dtrace_attr_max(dtrace_attribute_t a, dtrace_attribute_t b);

extern const char _dtrace_version[];	/* newest version of the D interface: "D 1.13" */
extern int _dtrace_debug;		/* not 0: what the library does is told on the standard error */

/* ---- Ours: what the classic library has no public way for -------------------------------- */

/*
 * Each description of a program, in order, with macro variables expanded: as the
 * @n patterns that the kernel matches for it (a module may go by several names).
 */
typedef int dtrace_desc_f(dtrace_hdl_t *, const dtrace_probedesc_t *pats, uint32_t n, void *);
int dtrace_program_descs(dtrace_hdl_t *dtp, dtrace_prog_t *prog, dtrace_desc_f *func, void *arg);
/* Disassemble a program (dtrace -S). */
void dtrace_program_dump(dtrace_hdl_t *dtp, dtrace_prog_t *prog, FILE *fp);

/*
 * From now on show each program that is compiled as D again, with if and else
 * written as the clauses they become; NULL ends it (dtrace -d).
 */
void dtrace_program_show(dtrace_hdl_t *dtp, FILE *fp);

/* dtrace_proc_create() for a command line, cut into words as a shell would. */
struct ps_prochandle *dtrace_proc_run(dtrace_hdl_t *dtp, const char *command);
pid_t dtrace_proc_getpid(dtrace_hdl_t *dtp, struct ps_prochandle *P);
/* 0: it runs; 1: it has ended, *wstatus as from wait(), or -1 if it was not our child. */
int dtrace_proc_status(dtrace_hdl_t *dtp, struct ps_prochandle *P, int *wstatus);
/* What the pid provider did to processes: functions left alone with reasons, places not armed (dtrace -v). */
int dtrace_proc_report(dtrace_hdl_t *dtp, FILE *fp);

/* Called now and then while probes are made: done of total functions of a process. */
typedef void dtrace_handle_progress_f(pid_t pid, uint64_t done, uint64_t total, void *);
int dtrace_handle_progress(dtrace_hdl_t *dtp, dtrace_handle_progress_f *func, void *arg);

/* "dtrace 1.0, ABI 1", of the library; and of the module if the handle has one, else "". */
const char *dtrace_build(dtrace_hdl_t *dtp, const char **module);

#ifdef __cplusplus
}
#endif

#endif /* DT_DTRACE_H */
