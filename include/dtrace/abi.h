/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The contract between dtrace.ko and whoever opens /dev/dtrace.
 *
 * Everything is fixed-width and little endian; every struct's padding must be
 * zero on the way in and is zero on the way out. A consumer is one open file:
 *
 *   open -> VERSION -> [PROVIDER ...] -> ENABLE ... -> GO -> mmap buffers
 *        -> { SWITCH, read the half that was taken, STATUS } ... -> STOP -> close
 *
 * close (or death) undoes all that the consumer did: its probes stop firing,
 * and what providers patched on its behalf is restored.
 *
 * All ioctls: -EPERM without CAP_SYS_ADMIN (checked at open and at each call),
 * -EFAULT for bad pointers, -EINVAL for values outside the ranges given here.
 */
#ifndef DTRACE_ABI_H
#define DTRACE_ABI_H

#include <linux/types.h>
#include <linux/ioctl.h>
#include <dtrace/dif.h>

#define DTRACE_ABI_VERSION	1
#define DTRACE_DEVICE		"/dev/dtrace"

/* Sizes of the four parts of a probe's name, with the NUL. */
#define DTRACE_PROVNAMELEN	64
#define DTRACE_MODNAMELEN	128
#define DTRACE_FUNCNAMELEN	512
#define DTRACE_NAMELEN		64

typedef __u32 dtrace_id_t;	/* probe; 0 (DTRACE_IDNONE) is none */
typedef __u32 dtrace_epid_t;	/* enabled probe: a clause on a probe, per consumer; 0 is none */
typedef __u32 dtrace_aggid_t;	/* aggregating action of a clause, per consumer; 0 is none */
#define DTRACE_IDNONE		0
#define DTRACE_EPIDNONE		0
#define DTRACE_AGGIDNONE	0

/* A probe's name, or a pattern for it: each part a shell glob, empty matches all. */
typedef struct dtrace_probedesc {
	dtrace_id_t dtpd_id;			/* if not 0, the only thing that counts */
	char dtpd_provider[DTRACE_PROVNAMELEN];
	char dtpd_mod[DTRACE_MODNAMELEN];
	char dtpd_func[DTRACE_FUNCNAMELEN];
	char dtpd_name[DTRACE_NAMELEN];
} dtrace_probedesc_t;

/* ---- Actions and records ------------------------------------------------- */

#define DTRACEACT_NONE		0
#define DTRACEACT_DIFEXPR	1	/* record the difo's value: trace(), an argument of printf(), a key */
#define DTRACEACT_EXIT		2	/* int value; the consumer's session ends */
#define DTRACEACT_PRINTF	3	/* first argument's record; format says how */
#define DTRACEACT_PRINTA	4	/* consumer-side */
#define DTRACEACT_LIBACT	5	/* clear, normalize, ...: consumer-side, arg is DT_ACT_* */
#define DTRACEACT_TRACEMEM	6
#define DTRACEACT_TRACEMEM_DYNSIZE 7
#define DTRACEACT_PRINTM	8
#define DTRACEACT_PRINT		9
#define DTRACEACT_DIFVAL	10	/* run the difo for its side effects, record nothing */
#define DTRACEACT_DEFAULT	11	/* empty clause body: record the header only */

#define DTRACEACT_PROC		0x0100
#define DTRACEACT_USTACK	(DTRACEACT_PROC + 1)
#define DTRACEACT_JSTACK	(DTRACEACT_PROC + 2)
#define DTRACEACT_USYM		(DTRACEACT_PROC + 3)
#define DTRACEACT_UMOD		(DTRACEACT_PROC + 4)
#define DTRACEACT_UADDR		(DTRACEACT_PROC + 5)
#define DTRACEACT_PYSTACK	(DTRACEACT_PROC + 6)	/* as JSTACK, Python's frames alone */

#define DTRACEACT_PROC_DESTRUCTIVE 0x0200
#define DTRACEACT_STOP		(DTRACEACT_PROC_DESTRUCTIVE + 1)
#define DTRACEACT_RAISE		(DTRACEACT_PROC_DESTRUCTIVE + 2)
#define DTRACEACT_SYSTEM	(DTRACEACT_PROC_DESTRUCTIVE + 3)
#define DTRACEACT_FREOPEN	(DTRACEACT_PROC_DESTRUCTIVE + 4)

#define DTRACEACT_KERNEL	0x0400
#define DTRACEACT_STACK		(DTRACEACT_KERNEL + 1)
#define DTRACEACT_SYM		(DTRACEACT_KERNEL + 2)
#define DTRACEACT_MOD		(DTRACEACT_KERNEL + 3)

#define DTRACEACT_KERNEL_DESTRUCTIVE 0x0500
#define DTRACEACT_BREAKPOINT	(DTRACEACT_KERNEL_DESTRUCTIVE + 1)
#define DTRACEACT_PANIC		(DTRACEACT_KERNEL_DESTRUCTIVE + 2)
#define DTRACEACT_CHILL		(DTRACEACT_KERNEL_DESTRUCTIVE + 3)

#define DTRACEACT_SPECULATIVE	0x0600
#define DTRACEACT_SPECULATE	(DTRACEACT_SPECULATIVE + 1)
#define DTRACEACT_COMMIT	(DTRACEACT_SPECULATIVE + 2)
#define DTRACEACT_DISCARD	(DTRACEACT_SPECULATIVE + 3)

#define DTRACEACT_AGGREGATION	0x0700
#define DTRACEAGG_COUNT		(DTRACEACT_AGGREGATION + 1)	/* u64 */
#define DTRACEAGG_MIN		(DTRACEACT_AGGREGATION + 2)	/* s64 */
#define DTRACEAGG_MAX		(DTRACEACT_AGGREGATION + 3)	/* s64 */
#define DTRACEAGG_AVG		(DTRACEACT_AGGREGATION + 4)	/* u64 count, s64 sum */
#define DTRACEAGG_SUM		(DTRACEACT_AGGREGATION + 5)	/* s64 */
#define DTRACEAGG_STDDEV	(DTRACEACT_AGGREGATION + 6)	/* u64 count, s64 sum, s128 sum of squares */
#define DTRACEAGG_QUANTIZE	(DTRACEACT_AGGREGATION + 7)	/* s64[DTRACE_QUANTIZE_NBUCKETS] */
#define DTRACEAGG_LQUANTIZE	(DTRACEACT_AGGREGATION + 8)	/* u64 arg, s64[levels + 2] */
#define DTRACEAGG_LLQUANTIZE	(DTRACEACT_AGGREGATION + 9)	/* u64 arg, s64[DTRACE_LLQUANTIZE_NBUCKETS()] */

#define DTRACEACT_CLASS(x)	((x) & 0xff00)
#define DTRACEACT_ISDESTRUCTIVE(x) \
	(DTRACEACT_CLASS(x) == DTRACEACT_PROC_DESTRUCTIVE || \
	 DTRACEACT_CLASS(x) == DTRACEACT_KERNEL_DESTRUCTIVE)
#define DTRACEACT_ISAGG(x)	(DTRACEACT_CLASS(x) == DTRACEACT_AGGREGATION)

/* arg of ustack() and jstack(): frames and bytes of string space; of stack(): frames. */
#define DTRACE_USTACK_ARG(frames, strsize) ((__u64)(strsize) << 32 | (__u32)(frames))
#define DTRACE_USTACK_NFRAMES(arg)	((__u32)(arg))
#define DTRACE_USTACK_STRSIZE(arg)	((__u32)((__u64)(arg) >> 32))

/*
 * A user stack as recorded: u64 head, then u64 pcs[nframes], innermost first,
 * 0 after the last one, then strsize bytes: for each frame in turn a string, which is
 * empty unless an interpreted language gave the frame a name. The head's low half is the pid; its
 * upper half says why the walk ended before the outermost frame (DTRACE_USTK_*),
 * so that a stack that was cut never aggregates with one that is whole.
 * Kernel stacks are pcs[nframes] alone; usym, umod, uaddr: u64 pid, u64 pc.
 */
#define DTRACE_USTK_PID(head)	((__u32)(head))
#define DTRACE_USTK_WHY(head)	((__u32)((__u64)(head) >> 32))
#define DTRACE_USTK_DONE	0	/* outermost frame, or the depth asked for */
#define DTRACE_USTK_FAULT	1	/* the stack there is not readable now */
#define DTRACE_USTK_BADFP	2	/* the chain of frame pointers leaves the stack or turns back */
#define DTRACE_USTK_KTHREAD	3	/* kernel thread: no user stack */
#define DTRACE_USTK_32BIT	4	/* 32-bit code is not walked */

/* Quantize: bucket ZEROBUCKET counts 0, +n values in [2^(n-1), 2^n), -n mirrored. */
#define DTRACE_QUANTIZE_NBUCKETS	127
#define DTRACE_QUANTIZE_ZEROBUCKET	63
#define DTRACE_QUANTIZE_BUCKETVAL(b) \
	((__s64)((b) < 63 ? -(1LL << (62 - (b))) : (b) == 63 ? 0 : 1LL << ((b) - 64)))

/* lquantize: levels = (limit - base) / step; value i+1 counts [base + i*step, +step),
 * the first and last what is below and above. */
#define DTRACE_LQUANTIZE_ARG(base, levels, step) \
	((__u64)(__u16)(step) << 48 | (__u64)(__u16)(levels) << 32 | (__u32)(base))
#define DTRACE_LQUANTIZE_STEP(x)	((__u16)((__u64)(x) >> 48))
#define DTRACE_LQUANTIZE_LEVELS(x)	((__u16)((__u64)(x) >> 32))
#define DTRACE_LQUANTIZE_BASE(x)	((__s32)(__u32)(x))

/*
 * llquantize(x, factor, low, high, steps): for each magnitude m in low..high,
 * [factor^m, factor^(m+1)) is cut in linear steps of factor^(m+1)/steps (at
 * least 1 wide, so low magnitudes may have fewer steps). Bucket 0 counts
 * x < factor^low, then the steps in rising order (magnitude m's are those not
 * below factor^m: steps - steps/factor of them), and the last bucket counts
 * x >= factor^(high+1). Source: Guide/illumos "llquantize".
 */
#define DTRACE_LLQUANTIZE_ARG(factor, low, high, steps) \
	((__u64)(__u16)(factor) << 48 | (__u64)(__u16)(low) << 32 | \
	 (__u64)(__u16)(high) << 16 | (__u16)(steps))
#define DTRACE_LLQUANTIZE_FACTOR(x)	((__u16)((__u64)(x) >> 48))
#define DTRACE_LLQUANTIZE_LOW(x)	((__u16)((__u64)(x) >> 32))
#define DTRACE_LLQUANTIZE_HIGH(x)	((__u16)((__u64)(x) >> 16))
#define DTRACE_LLQUANTIZE_STEPS(x)	((__u16)(x))
#define DTRACE_LLQUANTIZE_NBUCKETS(x) \
	((DTRACE_LLQUANTIZE_HIGH(x) - DTRACE_LLQUANTIZE_LOW(x) + 1) * \
	 (DTRACE_LLQUANTIZE_STEPS(x) - DTRACE_LLQUANTIZE_STEPS(x) / DTRACE_LLQUANTIZE_FACTOR(x)) + 2)

/* One field of a record: where it is and what it means. 32 bytes. */
typedef struct dtrace_recdesc {
	__u16 dtrd_action;	/* DTRACEACT_* */
	__u16 dtrd_pad;
	__u32 dtrd_size;	/* bytes */
	__u32 dtrd_offset;	/* from the start of the record's header */
	__u16 dtrd_alignment;
	__u16 dtrd_format;	/* echo of the action's */
	__u64 dtrd_arg;		/* echo of the action's */
	__u64 dtrd_uarg;	/* echo of the action's: the consumer's cookie */
} dtrace_recdesc_t;

/* Header of each record in a principal buffer; records are 8-byte aligned.
 * epid 0: skip these 8 bytes (padding). */
typedef struct dtrace_rechdr {
	dtrace_epid_t dtrh_epid;
	__u32 dtrh_size;	/* bytes of the whole record, header included, multiple of 8 */
	__u64 dtrh_timestamp;	/* ns, monotonic */
} dtrace_rechdr_t;

/* Header of each bucket in an aggregation buffer, then keys, then the value. */
typedef struct dtrace_agghdr {
	dtrace_aggid_t dtah_aggid;
	__u32 dtah_size;	/* bytes of the whole bucket, header included, multiple of 8 */
	__u64 dtah_varid;	/* the aggregation variable's id */
} dtrace_agghdr_t;

/* ---- Program image (ENABLE) ---------------------------------------------- */

/*
 * One contiguous blob: the header, then tables at the byte offsets given (each
 * aligned to 8). A difo's slices index the pools in units of elements. The
 * kernel copies the blob once and checks all of it before anything is enabled;
 * after an error nothing is.
 */
#define DTRACE_IMAGE_MAGIC	0x44545231	/* "1RTD" */
#define DTRACE_IMAGE_MAX	(16u << 20)

struct dtrace_image_table {
	__u32 off;		/* bytes from the start of the image */
	__u32 count;		/* elements */
};

struct dtrace_image_hdr {
	__u32 magic;
	__u32 version;		/* DTRACE_ABI_VERSION */
	__u32 size;		/* of the whole image, <= DTRACE_IMAGE_MAX */
	__u32 flags;		/* DTRACE_IMG_* */
	__u32 strsize;		/* 1..65536: bytes of a string value with its NUL */
	__u32 pad;
	struct dtrace_image_table text;		/* __u32 */
	struct dtrace_image_table ints;		/* __u64 */
	struct dtrace_image_table strs;		/* char; element 0 is NUL, the last is NUL */
	struct dtrace_image_table vars;		/* struct dif_var */
	struct dtrace_image_table difos;	/* struct dtrace_difo_desc */
	struct dtrace_image_table actions;	/* struct dtrace_act_desc */
	struct dtrace_image_table clauses;	/* struct dtrace_clause_desc */
	struct dtrace_image_table probes;	/* struct dtrace_probe_pat */
};

#define DTRACE_IMG_DESTRUCTIVE	0x1	/* -w: destructive actions allowed */
#define DTRACE_IMG_RETAIN	0x2	/* also enable on probes that appear later */

struct dtrace_difo_desc {
	__u32 text, ntext;
	__u32 ints, nints;
	__u32 strs, nstrs;	/* bytes; the slice starts and ends with a NUL */
	__u32 vars, nvars;
	struct dif_type rtype;
};

#define DTRACE_DIFO_NONE	0xffffffffu

/*
 * arg of SPECULATE. With INHERIT it is the compiler's, for the later parts of a clause that it cut
 * in pieces: value 0 means that this run does not speculate, else the low 32 bits are the
 * speculation; and it alone makes no record.
 */
#define DTRACE_SPEC_INHERIT	1

/*
 * An action of a clause. A tuple is a run of DIFEXPR, STACK, USTACK, USYM, ...
 * actions followed by one aggregating action whose ntuple counts them; likewise
 * the values of a printf (the first has kind PRINTF, the rest DIFEXPR).
 */
struct dtrace_act_desc {
	__u16 kind;		/* DTRACEACT_* */
	__u16 ntuple;		/* aggregating actions: keys before this one */
	__u16 format;		/* echoed in the record description */
	__u16 pad;
	__u32 difo;		/* index or DTRACE_DIFO_NONE */
	__u32 incr;		/* quantize family: difo of the increment, or DTRACE_DIFO_NONE */
	__u32 varid;		/* aggregating actions: the aggregation's id */
	__u32 pad2;
	__u64 arg;		/* lquantize parameters, stack depth, tracemem size, LIBACT code, DTRACE_SPEC_* */
	__u64 uarg;		/* echoed: the consumer's cookie */
};

struct dtrace_clause_desc {
	__u32 pred;		/* difo or DTRACE_DIFO_NONE */
	__u32 action, nactions;	/* slice of actions; in D's order */
	__u32 pad;
	__u64 uarg;		/* the consumer's cookie, in dtrace_eprobedesc */
};

/* Enable clause @clause on every probe that matches. Patterns are enabled in
 * order, so clauses fire on a probe in the order of the program. */
struct dtrace_probe_pat {
	__u32 prov, mod, func, name;	/* offsets in strs: globs, empty matches all */
	__u32 id;			/* if not 0: this probe */
	__u32 clause;
};

/* ---- ioctls -------------------------------------------------------------- */

struct dtrace_ioc_version {
	__u32 abi;		/* out: DTRACE_ABI_VERSION */
	__u32 ncpus;		/* out: highest possible CPU + 1 */
	__u32 flags;		/* out: DTRACE_VER_* */
	__u32 pad;
	char build[64];		/* out: version of the module */
	char kernel[64];	/* out: kernel release it runs on */
};
#define DTRACE_VER_NODESTRUCTIVE 0x1	/* module parameter forbids destructive actions */

/* List probes. Records are packed into buf, each 8-byte aligned. */
struct dtrace_ioc_probes {
	dtrace_id_t after;	/* in: first id to consider minus 1; out: last id written */
	__u32 count;		/* out: records written; 0 at the end */
	__u64 pattern;		/* in: struct dtrace_probedesc *, or 0 for all */
	__u64 buf;		/* in: struct dtrace_probe_rec ... */
	__u64 bufsize;		/* in: bytes, at least 4096 */
};
struct dtrace_probe_rec {
	__u32 size;		/* of this record with strings and padding */
	dtrace_id_t id;
	__u16 prov, mod, func, name;	/* offsets of NUL-terminated strings from the record's start */
};

struct dtrace_ioc_error {	/* why an image was refused */
	__u32 difo;		/* DTRACE_DIFO_NONE if not about one */
	__u32 pc;		/* instruction index */
	char msg[240];		/* a sentence, NUL-terminated; empty if none */
};

struct dtrace_ioc_enable {
	__u64 image;		/* in: address */
	__u64 size;		/* in */
	__u32 nmatched;		/* out: (probe, clause) pairs enabled */
	__u32 pad;
	__u64 patmatched;	/* in: __u32[number of patterns] or 0; out: matches per pattern */
	__u64 error;		/* in: struct dtrace_ioc_error * or 0 */
};

/* Runtime options. 0 asks for the default given. Sizes in bytes per CPU. */
/*
 * switch: records lost while the active half is full are counted. ring: a record takes the
 * place of the oldest ones. fill: recording ends for good when a record does not fit;
 * room is kept for what END records.
 */
#define DTRACE_BUFPOLICY_SWITCH	0
#define DTRACE_BUFPOLICY_RING	1
#define DTRACE_BUFPOLICY_FILL	2
struct dtrace_ioc_go {
	__u64 bufsize;		/* 4m; 8 .. 1g; less than a page: that much is used of one */
	__u64 aggsize;		/* 4m; .. 1g; rounded up to pages, as the next */
	__u64 dynvarsize;		/* 1m, in all; .. 1g */
	__u64 cleanrate;	/* ns between cleanings of dynamic variables and speculations: 9900990; >= 1 ms */
	__u64 aliveness;	/* ns without a STATUS or SWITCH call after which the consumer counts as dead: 30 s */
	__u32 bufpolicy;
	__u32 bufresize;	/* 0 auto: halve until memory suffices; 1 manual: -ENOMEM */
	__u32 cpu;		/* DTRACE_CPUALL or the only CPU to trace */
	__u32 nspec;		/* 1; .. 65536 speculations at a time */
	__u64 specsize;		/* 32k; .. 16m: of each on each CPU; rounded down to a multiple of 8 */
	/* out: after rounding and resizing; the first two are the bytes to map */
	__u64 got_bufsize, got_aggsize, got_dynvarsize;
	__s32 begin_cpu;	/* where BEGIN fired */
	__u32 pad;
};
#define DTRACE_CPUALL	0xffffffffu

struct dtrace_ioc_stop {
	__s32 end_cpu;		/* out: where END fired */
	__u32 pad;
};

/*
 * Take what a CPU has recorded: the kernel makes the other half active and
 * returns which half may now be read, and how much of it. The half stays valid
 * until the next SWITCH of the same buffer. -ENOENT: no buffer on that CPU.
 */
#define DTRACE_BUF_PRINCIPAL	0
#define DTRACE_BUF_AGG		1
struct dtrace_ioc_switch {
	__u32 cpu;		/* in */
	__u32 kind;		/* in: DTRACE_BUF_* */
	__u32 half;		/* out: 0 or 1 */
	__u32 pad;
	__u64 size;		/* out: bytes to read */
	__u64 oldest;		/* out: ring policy: offset of the oldest record: read from there to size,
				 * then from 0 to there; else 0 */
	__u64 drops;		/* out: records lost in this half */
	__u64 errors;		/* out: clauses ended by a fault in this half */
	__u64 timestamp;	/* out: when it was switched, ns */
};
/* mmap offset of a half; length: got_bufsize or got_aggsize, PROT_READ, after GO. */
#define DTRACE_MMAP_OFF(cpu, kind, half) \
	((__u64)(((cpu) << 2) | ((kind) << 1) | (half)) << 36)

/* Totals since GO. Each counter only grows. Calling it proves that the consumer lives. */
struct dtrace_ioc_status {
	__u64 dyndrops;		/* dynamic variable not stored: no space */
	__u64 dyndrops_rinsing;	/* ... there would be space, but it is being cleaned */
	__u64 dyndrops_dirty;	/* ... there would be space, but it waits for cleaning */
	__u64 specdrops, specdrops_busy, specdrops_unavail;
	__u64 errors;		/* clauses ended by a fault */
	__u64 dblerrors;	/* faults in an ERROR clause */
	__u64 stkstroverflows;
	__u64 filled;		/* CPUs whose fill buffer is full */
	__u64 recursion;	/* firings refused: the probe fired inside probe processing */
	__u64 nobuffer;		/* firings lost: that CPU came online after GO */
	__u64 provider;		/* firings a provider knows it could not deliver */
	__u64 principal, agg;	/* all drops of these buffers so far */
	__u32 exiting;		/* exit() was called */
	__u32 killed;		/* the consumer was taken for dead, or a CPU was unresponsive */
	__s32 exit_status;
	__u32 pad;
};

/* What an EPID is: probe and layout. */
typedef struct dtrace_eprobedesc {
	dtrace_epid_t dtepd_epid;	/* in */
	dtrace_id_t dtepd_probeid;
	__u64 dtepd_uarg;		/* the clause's */
	__u32 dtepd_size;		/* bytes of a record, header included */
	__u32 dtepd_nrecs;		/* in: room in dtepd_rec; out: number there are */
	dtrace_recdesc_t dtepd_rec[];
} dtrace_eprobedesc_t;

/* What an aggregation bucket with this id looks like. rec[0] is the variable id
 * (at offset 8), then the keys; the last is the value, dtrd_action DTRACEAGG_*. */
typedef struct dtrace_aggdesc {
	dtrace_aggid_t dtagd_id;	/* in */
	dtrace_epid_t dtagd_epid;	/* an EPID with this clause */
	__u64 dtagd_varid;
	__u32 dtagd_size;
	__u32 dtagd_nrecs;		/* in: room; out: number */
	dtrace_recdesc_t dtagd_rec[];
} dtrace_aggdesc_t;

/* A call into a provider: see include/dtrace/<provider>.h. */
struct dtrace_ioc_provider {
	char name[DTRACE_PROVNAMELEN];	/* in: "pid" */
	__u32 op;			/* in */
	__u32 pad;
	__u64 arg;			/* in: address of the op's struct */
	__u64 size;			/* in: bytes of it */
};

#define DTRACEIOC		'd'
#define DTRACEIOC_VERSION	_IOWR(DTRACEIOC, 1, struct dtrace_ioc_version)
#define DTRACEIOC_PROBES	_IOWR(DTRACEIOC, 2, struct dtrace_ioc_probes)
#define DTRACEIOC_ENABLE	_IOWR(DTRACEIOC, 3, struct dtrace_ioc_enable)
#define DTRACEIOC_GO		_IOWR(DTRACEIOC, 4, struct dtrace_ioc_go)
#define DTRACEIOC_STOP		_IOWR(DTRACEIOC, 5, struct dtrace_ioc_stop)
#define DTRACEIOC_SWITCH	_IOWR(DTRACEIOC, 6, struct dtrace_ioc_switch)
#define DTRACEIOC_STATUS	_IOWR(DTRACEIOC, 7, struct dtrace_ioc_status)
#define DTRACEIOC_EPROBE	_IOWR(DTRACEIOC, 8, struct dtrace_eprobedesc)
#define DTRACEIOC_AGGDESC	_IOWR(DTRACEIOC, 9, struct dtrace_aggdesc)
#define DTRACEIOC_PROVIDER	_IOWR(DTRACEIOC, 10, struct dtrace_ioc_provider)

#endif /* DTRACE_ABI_H */
