// SPDX-License-Identifier: LGPL-2.1-or-later
/* Probes that objects bring along (statics.h): matched with a provider's name, then handed to the kernel. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "impl.h"
#include "statics.h"
#include <dtrace/python.h>

static const struct dt_statics_source *const sources[] = { &dt_usdt_source, &dt_python_source };
#define NSOURCE (sizeof(sources) / sizeof(*sources))

/* One source's walk over one object. */
struct walk {
	struct dt_pid *dp;		/* NULL: only looking */
	struct dt_proc *p;
	struct dt_object *o;
	const char *provider;
	struct dt_pid_batch batch;
	uint64_t found;
};

static bool matches(const struct walk *w, const struct dt_static *s)
{
	char name[DTRACE_PROVNAMELEN];

	return snprintf(name, sizeof(name), "%s%d", s->prov, dt_proc_pid(w->p)) < (int)sizeof(name) &&
	       dt_glob_match(w->provider, name);
}

static const char *function_at(struct dt_object *o, uint64_t addr)
{
	const struct dt_func *f;
	size_t n;
	long i;

	f = dt_elf_functions(o->elf, &n);
	i = dt_elf_func_at(o->elf, addr);
	return i >= 0 ? f[i].name : "";
}

static void skip(struct walk *w, const struct dt_static *s, enum dt_pid_skip why)
{
	w->dp->stats.skipped[why]++;
	if (w->dp->skip)
		w->dp->skip(w->dp->ctx, w->o->name, s->name, why);
}

static int add_site(struct walk *w, const struct dt_static *s, const struct dt_site *site)
{
	const char *func = *s->func ? s->func : function_at(w->o, site->addr);
	struct dt_pid_insn in;
	const uint8_t *code;
	size_t avail;
	int rc;

	code = dt_elf_text(w->o->elf, site->addr, &avail);
	if (!code || dt_pid_decode_one(code, avail, site->addr, &in) || in.is_fixed) {
		skip(w, s, !code ? DT_PID_SKIP_SIZE : *code == 0xcc ? DT_PID_SKIP_INT3 : DT_PID_SKIP_KIND);
		return 0;
	}
	rc = dt_pid_batch_recipe(&w->batch, s->prov, func, s->name, site->addr + w->o->bias);
	if (rc == -ENAMETOOLONG) {
		skip(w, s, DT_PID_SKIP_LONGNAME);
		return 0;
	}
	return rc ? rc : dt_pid_batch_place(&w->batch, &in.point, w->o->bias, site->step, site->nstep, site->sem);
}

static int take(void *ctx, const struct dt_static *s)
{
	struct walk *w = ctx;
	int rc = 0;

	if (!matches(w, s))
		return 0;
	w->found++;
	for (size_t i = 0; w->dp && i < s->nsite && !rc; i++)
		rc = add_site(w, s, &s->site[i]);
	return rc;
}

/* Would the pattern mean the source's probes, if there were any? */
static bool concerns(const struct walk *w, const struct dt_statics_source *s)
{
	return !s->prov || matches(w, &(struct dt_static){ .prov = s->prov });
}

/* All sources in one object. The first that does not understand it leaves its sentence in @err. */
static int walk_object(struct walk *w, struct dt_err *err)
{
	struct dt_err ours = { "" };
	bool unknown = false;
	int rc = 0;

	for (size_t i = 0; i < NSOURCE && !rc; i++) {
		rc = sources[i]->walk(w->p, w->o, take, w, &ours);
		if (rc != -ENOTSUP)
			continue;
		rc = 0;
		if (!concerns(w, sources[i]))
			continue;
		if (!unknown && err)
			*err = ours;
		unknown = true;
	}
	return rc ? rc : unknown ? -ENOTSUP : 0;
}

static int create_in(struct dt_pid *dp, struct dt_object *o, const char *provider, uint64_t *n, struct dt_err *err)
{
	struct walk w = { .dp = dp, .p = dp->p, .o = o, .provider = provider };
	int rc, sent;

	dt_pid_batch_init(&w.batch, dp->call, dp->ctx, dp->cookie);
	w.batch.obj = o;
	rc = walk_object(&w, err);
	sent = rc && rc != -ENOTSUP ? 0 : dt_pid_batch_send(&w.batch);
	dp->stats.probes += w.batch.nprobes;
	dp->stats.points += w.batch.npoints;
	dt_pid_batch_free(&w.batch);
	*n += w.found;
	return sent ? sent : rc;
}

int dt_pid_statics(struct dt_pid *dp, const char *provider, uint64_t *nprobes, struct dt_err *err)
{
	struct dt_pid_met *m = dt_pid_met_get(dp, provider);
	bool unknown = false;
	int rc = 0;

	*nprobes = 0;
	if (!m)
		return dt_proc_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; !rc && i < dt_proc_nobjects(dp->p); i++) {
		struct dt_object *o = dt_proc_object(dp->p, i);

		if (o->is_vdso || !o->elf || dt_pid_is_met(m, o))
			continue;
		rc = create_in(dp, o, provider, nprobes, err);
		if (rc == -ENOTSUP) {
			unknown = true;
			rc = 0;
		}
		if (!rc)
			rc = dt_pid_meet(m, o);
	}
	if (rc == -ESRCH)
		return dt_proc_fail(err, rc, "process %d has exited or runs another program now", dt_proc_pid(dp->p));
	if (rc)
		return dt_proc_fail(err, rc, "cannot make the probes of %s in process %d: %s", provider,
				    dt_proc_pid(dp->p), strerror(-rc));
	return unknown ? -ENOTSUP : 0;
}

int dt_pid_languages(struct dt_pid *dp, struct dt_err *err)
{
	struct dt_pid_met *m = dt_pid_met_get(dp, "languages");
	struct dtrace_pid_python py;
	int rc, first = 0;

	if (!m)
		return dt_proc_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < dt_proc_nobjects(dp->p); i++) {
		struct dt_object *o = dt_proc_object(dp->p, i);

		if (o->is_vdso || !o->elf || dt_pid_is_met(m, o))
			continue;
		rc = dt_python_describe(dp->p, o, &py, first ? NULL : err);
		if (rc == 1) {
			py.cookie = dp->cookie;
			rc = dp->call(dp->ctx, DTRACE_PID_PYTHON, &py, sizeof(py));
			if (rc)
				dt_proc_fail(first ? NULL : err, rc, "cannot follow Python's frames in process %d: %s",
					     dt_proc_pid(dp->p), strerror(-rc));
		}
		dt_pid_meet(m, o);
		first = first ? first : rc;
	}
	return first;
}

bool dt_statics_maybe(const char *path)
{
	for (size_t i = 0; i < NSOURCE; i++)
		if (sources[i]->maybe(path))
			return true;
	return false;
}

bool dt_pid_has_statics(struct dt_proc *p, const char *provider)
{
	struct walk w = { .p = p, .provider = provider };

	for (size_t i = 0; !w.found && i < dt_proc_nobjects(p); i++) {
		w.o = dt_proc_object(p, i);
		if (!w.o->is_vdso && w.o->elf)
			walk_object(&w, NULL);
	}
	return w.found;
}
