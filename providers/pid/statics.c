// SPDX-License-Identifier: LGPL-2.1-or-later
/* Probes that objects bring along (statics.h): matched with a provider's name, then handed to the kernel. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "impl.h"
#include "statics.h"
#include <dtrace/python.h>

const struct dt_statics_source *const dt_statics_sources[] = { &dt_usdt_source, &dt_python_source, NULL };

/* One source's walk over one object. */
struct walk {
	struct dt_pid *dp;		/* NULL: only looking */
	struct dt_proc *p;
	struct dt_object *o;
	const char *provider;
	const char *name;		/* of the only probe that is needed; NULL: all */
	struct dt_pid_batch batch;
	uint64_t found;
};

/* The provider's name in this process. False: too long to be one. */
static bool provider_name(const struct walk *w, const struct dt_static *s, char name[DTRACE_PROVNAMELEN])
{
	return snprintf(name, DTRACE_PROVNAMELEN, "%s%d", s->prov, dt_proc_pid(w->p)) < DTRACE_PROVNAMELEN;
}

static bool matches(const struct walk *w, const struct dt_static *s)
{
	char name[DTRACE_PROVNAMELEN];

	return provider_name(w, s, name) && dt_glob_match(w->provider, name);
}

static void tell_lack(const struct walk *w, const struct dt_static *s, int arg, const char *why)
{
	char name[DTRACE_PROVNAMELEN];

	if (w->dp->lack && provider_name(w, s, name))
		w->dp->lack(w->dp->ctx, w->o, name, s->name, arg, why);
}

/* "" if there is none, or its name does not fit: then the probe is one of no function. */
static const char *function_at(struct dt_object *o, uint64_t addr)
{
	const struct dt_func *f;
	size_t n;
	long i;

	f = dt_elf_functions(o->elf, &n);
	i = dt_elf_func_at(o->elf, addr);
	return i >= 0 && strlen(f[i].name) < DTRACE_FUNCNAMELEN ? f[i].name : "";
}

static void skip(struct walk *w, const struct dt_static *s, enum dt_pid_skip why)
{
	w->dp->stats.skipped[why]++;
	if (w->dp->skip)
		w->dp->skip(w->dp->ctx, w->o->name, s->name, why);
	tell_lack(w, s, -1, dt_pid_skip_text(why));
}

static int add_site(struct walk *w, const struct dt_static *s, const struct dt_site *site)
{
	const char *func = *s->func ? s->func : function_at(w->o, site->addr);
	struct dt_pid_insn in;
	const uint8_t *code;
	size_t avail;
	int rc;

	if (strlen(w->o->name) >= DTRACE_MODNAMELEN) {
		skip(w, s, DT_PID_SKIP_LONGNAME);
		return 0;
	}
	code = dt_elf_text(w->o->elf, site->addr, &avail);
	if (!code || dt_pid_decode_one(code, avail, site->addr, &in) || in.is_fixed) {
		skip(w, s, !code ? DT_PID_SKIP_SIZE : *code == 0xcc ? DT_PID_SKIP_INT3 : DT_PID_SKIP_KIND);
		return 0;
	}
	rc = dt_pid_batch_recipe(&w->batch, s->prov, func, s->name, site->addr + w->o->bias);
	return rc ? rc : dt_pid_batch_place(&w->batch, &in.point, w->o->bias, site->step, site->nstep, site->sem);
}

static int take(void *ctx, const struct dt_static *s)
{
	struct walk *w = ctx;
	int rc = 0;

	if (!matches(w, s) || (w->name && strcmp(w->name, s->name)))
		return 0;
	w->found++;
	for (size_t i = 0; w->dp && i < s->nsite && !rc; i++)
		rc = add_site(w, s, &s->site[i]);
	for (int i = 0; w->dp && s->lack && i < DTRACE_STEP_ARGS && !rc; i++)
		if (s->lack[i])
			tell_lack(w, s, i, s->lack[i]);
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

	for (size_t i = 0; dt_statics_sources[i] && !rc; i++) {
		rc = dt_statics_sources[i]->walk(w->p, w->o, take, w, &ours);
		if (rc != -ENOTSUP)
			continue;
		rc = 0;
		if (!concerns(w, dt_statics_sources[i]))
			continue;
		if (!unknown && err)
			*err = ours;
		unknown = true;
	}
	return rc ? rc : unknown ? -ENOTSUP : 0;
}

/*
 * Does the pattern name a probe that the object has? Then the others are not made: to know the function that a
 * place is in, all symbols have to be read. If it hasn't, all are: a message can propose one of them.
 */
static const char *only_probe(struct dt_pid *dp, struct dt_object *o, const dtrace_probedesc_t *pat)
{
	struct walk look = { .p = dp->p, .o = o, .provider = pat->dtpd_provider, .name = pat->dtpd_name };

	if (!*look.name || strpbrk(look.name, "*?[\\"))
		return NULL;
	walk_object(&look, NULL);
	return look.found ? look.name : NULL;
}

/* The source of the pattern's provider may know why the object has not the probe that it names. */
static int say_absent(const struct walk *w, const char *name, struct dt_err *err)
{
	int rc = 0;

	for (size_t i = 0; dt_statics_sources[i] && !rc; i++) {
		if (dt_statics_sources[i]->absent && concerns(w, dt_statics_sources[i]))
			rc = dt_statics_sources[i]->absent(w->o, name, err);
	}
	return rc;
}

static int create_in(struct dt_pid *dp, struct dt_object *o, const dtrace_probedesc_t *pat, uint64_t *n,
		     struct dt_err *err)
{
	struct walk w = {
		.dp = dp, .p = dp->p, .o = o, .provider = pat->dtpd_provider, .name = only_probe(dp, o, pat),
	};
	int rc, sent;

	dt_pid_batch_init(&w.batch, dp->call, dp->ctx, dp->cookie);
	w.batch.obj = o;
	rc = walk_object(&w, err);
	sent = rc && rc != -ENOTSUP ? 0 : dt_pid_batch_send(&w.batch);
	dp->stats.probes += w.batch.nprobes;
	dp->stats.points += w.batch.npoints;
	dt_pid_batch_free(&w.batch);
	*n += w.found;
	if (!rc && !sent && !w.name)
		rc = say_absent(&w, pat->dtpd_name, err);
	return sent ? sent : rc;
}

int dt_pid_statics(struct dt_pid *dp, const dtrace_probedesc_t *pat, uint64_t *nprobes, struct dt_err *err)
{
	char key[sizeof(pat->dtpd_provider) + sizeof(pat->dtpd_name)];
	struct dt_pid_met *m;
	bool unknown = false;
	int rc = 0;

	*nprobes = 0;
	snprintf(key, sizeof(key), "%s %s", pat->dtpd_provider, pat->dtpd_name);
	m = dt_pid_met_get(dp, key);
	if (!m)
		return dt_proc_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; !rc && i < dt_proc_nobjects(dp->p); i++) {
		struct dt_object *o = dt_proc_object(dp->p, i);

		if (o->is_vdso || !o->elf || dt_pid_is_met(m, o))
			continue;
		rc = create_in(dp, o, pat, nprobes, err);
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
		return dt_proc_fail(err, rc, "cannot make the probes of %s in process %d: %s",
				    pat->dtpd_provider, dt_proc_pid(dp->p), strerror(-rc));
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

bool dt_statics_ask(const char *path, bool (*fn)(Elf *elf))
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);	/* it may be a device */
	bool yes = false;
	Elf *elf;

	if (fd < 0)
		return false;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf) {
		yes = fn(elf);
		elf_end(elf);
	}
	close(fd);
	return yes;
}

bool dt_statics_maybe(const char *path)
{
	for (size_t i = 0; dt_statics_sources[i]; i++)
		if (dt_statics_sources[i]->maybe(path))
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
