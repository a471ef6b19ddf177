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

/* ---- Ours: what the classic library has no public way for -------------------------------- */

/*
 * Each description of a program, in order, with macro variables expanded: as the
 * @n patterns that the kernel matches for it (a module may go by several names).
 */
typedef int dtrace_desc_f(dtrace_hdl_t *, const dtrace_probedesc_t *pats, uint32_t n, void *);
int dtrace_program_descs(dtrace_hdl_t *dtp, dtrace_prog_t *prog, dtrace_desc_f *func, void *arg);
/* Disassemble a program (dtrace -S). */
void dtrace_program_dump(dtrace_hdl_t *dtp, dtrace_prog_t *prog, FILE *fp);

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
