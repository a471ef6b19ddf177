/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Probes that an object of a process carries or implies, other than the pid
 * provider's own: static probes (providers/usdt), what an interpreter does
 * (providers/python). A source finds them; statics.c matches them with patterns and
 * hands them to the kernel as points with recipes (include/dtrace/recipe.h).
 *
 *   object --source--> struct dt_static --statics.c--> DTRACE_PID_ADD
 *
 * Every address is as in the object's file (ELF virtual addresses); statics.c adds where the object is mapped.
 */
#ifndef DT_STATICS_H
#define DT_STATICS_H

#include <libelf.h>
#include <dtrace/recipe.h>
#include "user.h"

/* A place of a probe. An instruction boundary; the probe fires before that instruction. */
struct dt_site {
	uint64_t addr;
	const struct dtrace_step *step;
	size_t nstep;			/* <= DTRACE_STEP_MAX */
	uint64_t sem;			/* address of a 16-bit counter to be raised meanwhile; 0: none */
};

struct dt_static {
	const char *prov;		/* without the process's number: "python" */
	const char *func;		/* "": the function that holds the place, as far as the object names it */
	const char *name;		/* as D writes it, dashes for double underscores: "function-entry" */
	const struct dt_site *site;
	size_t nsite;			/* places in different functions (func "") become a probe each */
	const char *const *argtype;	/* C types of args[], for -lv; may be NULL */
	size_t nargtype;
	/* [DTRACE_STEP_ARGS] why an argument reads as 0 at some place, or NULL: it can be had. May be NULL. */
	const char *const *lack;
};

/* Everything is the source's and lives until the call returns. 0, or -errno to end the walk. */
typedef int dt_static_f(void *ctx, const struct dt_static *s);

struct dt_statics_source {
	const char *prov;		/* the only provider that it has probes of; NULL: any */
	/* Probes, without places, whose arguments are the same in each object; then one without a name. May be NULL. */
	const struct dt_static *known;
	/*
	 * Could the object have such probes? Looks at the file alone, quick, for a walk over all processes of the
	 * machine (the caller caches by file). @path is openable: /proc/PID/root/..., /proc/PID/map_files/...
	 */
	bool (*maybe)(const char *path);
	/*
	 * Call @f for each probe of the object (o->elf may be NULL: no file). 0 if there are none.
	 * -ENOTSUP with a sentence: this object should have probes, but is not understood.
	 */
	int (*walk)(struct dt_proc *p, struct dt_object *o, dt_static_f *f, void *ctx, struct dt_err *err);
	/* The object has no probe @name: -ENOTSUP and a sentence why, if one could be expected; else 0. May be NULL. */
	int (*absent)(struct dt_object *o, const char *name, struct dt_err *err);
};

extern const struct dt_statics_source dt_usdt_source, dt_python_source;
extern const struct dt_statics_source *const dt_statics_sources[];	/* both, then NULL */

/* For maybe(): is @fn true of the file? False if it cannot be opened; one that isn't ELF is of kind ELF_K_NONE. */
bool dt_statics_ask(const char *path, bool (*fn)(Elf *elf));

/*
 * The interpreter in an object, for the kernel's walks of its frames; all but the cookie is filled. 1; 0: there is
 * none; -ENOTSUP with a sentence: one that is not understood.
 */
struct dtrace_pid_python;
int dt_python_describe(struct dt_proc *p, struct dt_object *o, struct dtrace_pid_python *ret, struct dt_err *err);

#endif /* DT_STATICS_H */
