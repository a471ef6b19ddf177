/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the pid provider's userland half share among themselves.
 */
#ifndef DT_PID_IMPL_H
#define DT_PID_IMPL_H

#include "user.h"

#define DT_PID_FINE	0xff	/* instead of an enum dt_pid_skip in a byte */

/* ---- code.c: where all functions of an object leave ---------------------------- */

struct dt_pid_code {
	struct dt_pid_code *next;
	struct dt_elf *elf;
	size_t nfunc;
	uint8_t *why;		/* by function: why its returns cannot be had, or DT_PID_FINE */
	int32_t *frag;		/* by function: its cold part, or -1 */
	uint32_t *first;	/* by function: its slice of point[], nfunc + 1 entries */
	struct dtrace_pid_point *point;	/* returns, tail calls, indirect jumps; addresses as in the file */
	uint8_t *nojump;	/* by point: why it cannot be a jump, or DT_PID_FINE */
	size_t npoint;
};

int dt_pid_code_read(struct dt_elf *elf, struct dt_pid_code **ret);
void dt_pid_code_free(struct dt_pid_code *c);

/* ---- batch.c: one DTRACE_PID_ADD after another ----------------------------------- */

struct dt_pid_batch {
	dt_pid_call_f *call;
	void *ctx;
	uint64_t cookie;
	const struct dt_object *obj;
	uint64_t nadded, npoints, nprobes;	/* so far, in all ADDs; nadded: that were new */

	struct dtrace_pid_point *point;
	struct dtrace_pid_probe *probe;
	uint32_t *ref;
	struct dtrace_pid_site *site;	/* by ref */
	struct dtrace_step *step;
	char *str;
	size_t npoint, nprobe, nref, nstr, nstep;
	size_t maxpoint, maxprobe, maxref, maxstr, maxsite, maxstep;
	char prov[DTRACE_PROVNAMELEN];	/* "": pid */
	uint32_t entry, ret, last_func;	/* strings already there; 0: not yet */
};

/* A function's ranges, absolute. lo2 == hi2: there is no second one. */
struct dt_pid_range {
	uint64_t lo, hi, lo2, hi2;
};

void dt_pid_batch_init(struct dt_pid_batch *b, dt_pid_call_f *call, void *ctx, uint64_t cookie);
void dt_pid_batch_free(struct dt_pid_batch *b);
/* Begin a probe; its points follow. Sends what is there first if it is much. 0 or -errno. */
int dt_pid_batch_probe(struct dt_pid_batch *b, const char *func, const char *name, uint16_t type,
		       uint32_t flags, const struct dt_pid_range *r);
/* A point of the probe begun last, moved by @bias. */
int dt_pid_batch_point(struct dt_pid_batch *b, const struct dtrace_pid_point *point, uint64_t bias);
int dt_pid_batch_send(struct dt_pid_batch *b);
/*
 * The same for probes of other providers: begin one, at @addr; then its places. -EINVAL: @prov is too long for a name.
 */
int dt_pid_batch_recipe(struct dt_pid_batch *b, const char *prov, const char *func, const char *name, uint64_t addr);
int dt_pid_batch_place(struct dt_pid_batch *b, const struct dtrace_pid_point *point, uint64_t bias,
		       const struct dtrace_step *step, size_t nstep, uint64_t sem);

/* ---- user.c, object.c, statics.c ---------------------------------------------------------- */

enum names { NAME_NONE, NAME_ONE, NAME_GLOB };

/* A pattern, understood. */
struct dt_pid_want {
	const char *mod, *func, *name;
	enum names funcs, names;	/* exact, a glob; none: empty */
	bool entry, ret, all_offsets;
	bool has_offset, absolute;
	uint64_t offset;
};

/* Objects that a pattern has met. */
struct dt_pid_met {
	struct dt_pid_met *next;
	char *key;
	const struct dt_object **obj;
	size_t nobj;
	bool module_seen, found;
	uint64_t made;			/* probes sent to the kernel */
};

struct dt_pid {
	struct dt_proc *p;
	dt_pid_call_f *call;
	void *ctx;
	bool demangle, jumps;
	dt_pid_skip_f *skip;
	dt_pid_lack_f *lack;		/* or NULL */
	uint64_t cookie;
	struct dt_pid_met *met;
	struct dt_pid_code *code;
	struct dt_pid_stats stats;
};

struct dt_pid_met *dt_pid_met_get(struct dt_pid *dp, const char *key);
bool dt_pid_is_met(const struct dt_pid_met *m, const struct dt_object *o);
int dt_pid_meet(struct dt_pid_met *m, const struct dt_object *o);

/* One dt_pid_create() in one object. */
struct dt_pid_job {
	struct dt_pid *dp;
	const struct dt_pid_want *w;
	struct dt_pid_met *met;
	struct dt_object *o;
	const struct dt_func *func;
	size_t nfunc;
	const char **shown;		/* by function: an IFUNC's name for what has no symbol */
	int32_t *frag;			/* by function: its cold part, or -1 */
	bool *done;			/* by function: a glob has hit it already */
	uint32_t flags;			/* DTRACE_PID_ALIAS: of the name being tried */
	const struct dt_pid_code *code;
	struct dt_pid_range *rseq;
	size_t nrseq;
	struct dt_pid_decoded all;
	struct dt_pid_batch batch;
	void (*progress)(void *ctx, uint64_t done, uint64_t total);
	void *progress_ctx;
	uint64_t base, seen, total;	/* functions: of earlier objects, of this one, in all */
	bool refused;			/* a function was meant, but has no such probe: *err says why */
	struct dt_err *err;
};

/* Note that @func has no probe, or none of the kind asked for. */
void dt_pid_skip(struct dt_pid_job *j, const char *func, enum dt_pid_skip why);
/* Make the probes that j->w means in j->o. 0 or -errno. */
int dt_pid_job_run(struct dt_pid_job *j, uint64_t *nprobes);

#endif /* DT_PID_IMPL_H */
