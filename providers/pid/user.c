// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From a probe description to probes in one process: a pattern is taken apart
 * once (struct dt_pid_want), then each object that it means is looked at once
 * (object.c), however often the caller comes back with the same pattern after
 * libraries were loaded. Attaching, following and asking are calls to the kernel.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "impl.h"

/* ---- Patterns ---------------------------------------------------------------------- */

static enum names names_of(const char *pattern)
{
	return !*pattern ? NAME_NONE : strpbrk(pattern, "*?[\\") ? NAME_GLOB : NAME_ONE;
}

static bool parse_hex(const char *s, uint64_t *ret)
{
	char *end;

	if (!isxdigit((unsigned char)*s))
		return false;
	errno = 0;
	*ret = strtoull(s, &end, 16);
	return !*end && !errno && end - s <= 16 && !(s[0] == '0' && (s[1] | 32) == 'x');
}

static int understand(const dtrace_probedesc_t *pat, struct dt_pid_want *w, struct dt_err *err)
{
	*w = (struct dt_pid_want) {
		.mod = pat->dtpd_mod, .func = pat->dtpd_func, .name = pat->dtpd_name,
		.funcs = names_of(pat->dtpd_func), .names = names_of(pat->dtpd_name),
	};
	if (w->names == NAME_ONE)
		w->has_offset = parse_hex(w->name, &w->offset);
	w->absolute = !strcmp(w->func, "-");
	if (w->absolute && !w->has_offset)
		return dt_proc_fail(err, -EINVAL, "\"%s\" is no address: with function \"-\" the probe's "
				    "name is a hexadecimal address in the object's file", w->name);
	w->entry = !w->has_offset && (w->names == NAME_NONE || dt_glob_match(w->name, "entry"));
	w->ret = !w->has_offset && (w->names == NAME_NONE || dt_glob_match(w->name, "return"));
	w->all_offsets = w->names != NAME_ONE && w->funcs == NAME_ONE;
	if (!w->entry && !w->ret && !w->all_offsets && !w->has_offset)
		return dt_proc_fail(err, -EINVAL, "the pid provider has no probe \"%s\": it has entry, "
				    "return and hexadecimal offsets of instructions%s", w->name,
				    w->names == NAME_GLOB ? " (for all of them, name the function)" : "");
	return 0;
}

int dt_pid_check(const dtrace_probedesc_t *pat, struct dt_err *err)
{
	struct dt_pid_want w;

	return understand(pat, &w, err);
}

/* ---- What was met ------------------------------------------------------------------- */

struct dt_pid_met *dt_pid_met_get(struct dt_pid *dp, const char *key)
{
	struct dt_pid_met *m;

	for (m = dp->met; m; m = m->next)
		if (!strcmp(m->key, key))
			return m;
	m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	m->key = strdup(key);
	if (!m->key) {
		free(m);
		return NULL;
	}
	m->next = dp->met;
	dp->met = m;
	return m;
}

static struct dt_pid_met *met_get(struct dt_pid *dp, const struct dt_pid_want *w)
{
	struct dt_pid_met *m;
	char *key;

	if (asprintf(&key, "%s:%s:%s", w->mod, w->func, w->name) < 0)
		return NULL;
	m = dt_pid_met_get(dp, key);
	free(key);
	return m;
}

bool dt_pid_is_met(const struct dt_pid_met *m, const struct dt_object *o)
{
	for (size_t i = 0; i < m->nobj; i++) {
		if (m->obj[i] == o)
			return true;
	}
	return false;
}

int dt_pid_meet(struct dt_pid_met *m, const struct dt_object *o)
{
	const struct dt_object **v = realloc(m->obj, (m->nobj + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	m->obj = v;
	v[m->nobj++] = o;
	return 0;
}

/* ---- A process ------------------------------------------------------------------------------ */

static int not_found(struct dt_pid *dp, const struct dt_pid_want *w, const struct dt_pid_met *m, struct dt_err *err)
{
	int pid = dt_proc_pid(dp->p);
	char near[DTRACE_FUNCNAMELEN], hint[DTRACE_FUNCNAMELEN + 32] = "";

	if (!m->module_seen) {
		if (dt_near_module(dp->p, w->mod, near, sizeof(near)))
			snprintf(hint, sizeof(hint), " (did you mean %s?)", near);
		return dt_proc_fail(err, -ENOENT, "process %d (%s) has no module \"%s\"%s", pid,
				    dt_proc_exe(dp->p), w->mod, hint);
	}
	if (w->funcs == NAME_ONE && dt_near_function(dp->p, w->mod, w->func, near, sizeof(near)))
		snprintf(hint, sizeof(hint), " (did you mean %.400s?)", near);
	if (*w->mod)
		return dt_proc_fail(err, -ENOENT, "no function of \"%s\" in process %d matches \"%.200s\"%s",
				    w->mod, pid, w->func, hint);
	return dt_proc_fail(err, -ENOENT, "no function in process %d (%s) matches \"%.200s\"%s",
			    pid, dt_proc_exe(dp->p), w->func, hint);
}

/* An object that the pattern means: has it functions, can it be read? */
static bool usable(struct dt_pid_job *j)
{
	size_t n = 0;

	j->met->module_seen = true;
	if (!j->o->elf) {
		dt_pid_skip(j, "*", DT_PID_SKIP_NOFILE);
		return false;
	}
	if (strlen(j->o->name) >= DTRACE_MODNAMELEN) {
		dt_pid_skip(j, "*", DT_PID_SKIP_LONGNAME);
		return false;
	}
	dt_elf_functions(j->o->elf, &n);
	return n > 0;
}

static uint64_t count_functions(struct dt_pid *dp, const struct dt_pid_want *w, const struct dt_pid_met *m)
{
	uint64_t total = 0;
	size_t n;

	for (size_t i = 0; i < dt_proc_nobjects(dp->p); i++) {
		struct dt_object *o = dt_proc_object(dp->p, i);

		if (o->is_vdso || !o->elf || dt_pid_is_met(m, o) || !dt_object_matches(o, w->mod))
			continue;
		dt_elf_functions(o->elf, &n);
		total += n;
	}
	return total;
}

int dt_pid_create(struct dt_pid *dp, const dtrace_probedesc_t *pat, uint64_t *nprobes,
		  void (*progress)(void *ctx, uint64_t done, uint64_t total), void *ctx, struct dt_err *err)
{
	struct dt_pid_want w;
	struct dt_pid_met *m;
	uint64_t base = 0, total;
	bool refused = false;
	int rc = understand(pat, &w, err);

	*nprobes = 0;
	if (rc)
		return rc;
	m = met_get(dp, &w);
	if (!m)
		return dt_proc_fail(err, -ENOMEM, "out of memory");
	total = progress ? count_functions(dp, &w, m) : 0;
	for (size_t i = 0; !rc && i < dt_proc_nobjects(dp->p); i++) {
		struct dt_pid_job j = {
			.dp = dp, .w = &w, .met = m, .o = dt_proc_object(dp->p, i), .err = err,
			.progress = progress, .progress_ctx = ctx, .base = base, .total = total,
		};

		if (j.o->is_vdso || dt_pid_is_met(m, j.o) || !dt_object_matches(j.o, w.mod))
			continue;
		if (usable(&j))
			rc = dt_pid_job_run(&j, nprobes);
		if (!rc)
			rc = dt_pid_meet(m, j.o);
		base += j.nfunc;
		refused |= j.refused;
	}
	if (progress && !rc)
		progress(ctx, total, total);
	if (rc == -ESRCH)
		return dt_proc_fail(err, rc, "process %d has exited or runs another program now",
				    dt_proc_pid(dp->p));
	if (rc)
		return dt_proc_fail(err, rc, "cannot make probes in process %d: %s", dt_proc_pid(dp->p),
				    strerror(-rc));
	if (refused && !m->made)
		return -ENOENT;
	return m->found ? 0 : not_found(dp, &w, m, err);
}

/* ---- Attach, follow, ask ----------------------------------------------------------------------- */

int dt_pid_attach(struct dt_proc *p, dt_pid_call_f *call, void *ctx, bool demangle, bool jumps,
		  dt_pid_skip_f *skip, struct dt_pid **ret, struct dt_err *err)
{
	struct dtrace_pid_attach a = { .pid = dt_proc_pid(p), .flags = jumps ? 0 : DTRACE_PID_NOJUMPS };
	struct dt_pid *dp = calloc(1, sizeof(*dp));
	int rc;

	if (!dp)
		return dt_proc_fail(err, -ENOMEM, "out of memory");
	rc = call(ctx, DTRACE_PID_ATTACH, &a, sizeof(a));
	if (rc)
		free(dp);
	switch (rc) {
	case 0:
		break;
	case -ESRCH:
		return dt_proc_fail(err, rc, "process %d has exited", a.pid);
	case -ENOEXEC:
		return dt_proc_fail(err, rc, "process %d runs 32-bit code: tracing it is not supported", a.pid);
	default:
		return dt_proc_fail(err, rc, "cannot trace process %d: %s", a.pid, strerror(-rc));
	}
	dp->p = p;
	dp->call = call;
	dp->ctx = ctx;
	dp->demangle = demangle;
	dp->jumps = jumps;
	dp->skip = skip;
	dp->cookie = a.cookie;
	*ret = dp;
	return 0;
}

void dt_pid_on_lack(struct dt_pid *dp, dt_pid_lack_f *lack)
{
	dp->lack = lack;
}

void dt_pid_detach(struct dt_pid *dp)
{
	struct dtrace_pid_attach a;

	if (!dp)
		return;
	a = (struct dtrace_pid_attach) { .pid = dt_proc_pid(dp->p), .cookie = dp->cookie };
	dp->call(dp->ctx, DTRACE_PID_DETACH, &a, sizeof(a));
	while (dp->met) {
		struct dt_pid_met *m = dp->met;

		dp->met = m->next;
		free(m->key);
		free(m->obj);
		free(m);
	}
	while (dp->code) {
		struct dt_pid_code *c = dp->code;

		dp->code = c->next;
		dt_pid_code_free(c);
	}
	free(dp);
}

/* Threads are to wait at @addr. */
static int add_sync(struct dt_pid *dp, uint64_t addr)
{
	struct dt_object *o = addr ? dt_proc_object_at(dp->p, addr) : NULL;
	struct dt_pid_range r = { addr, addr + 1, 0, 0 };
	struct dt_pid_batch b;
	struct dt_pid_insn in;
	const uint8_t *code;
	size_t avail;
	int rc;

	if (!o || !o->elf)
		return 0;
	code = dt_elf_text(o->elf, addr - o->bias, &avail);
	if (!code || dt_pid_decode_one(code, avail, addr - o->bias, &in) || in.is_fixed)
		return -ENOEXEC;
	dt_pid_batch_init(&b, dp->call, dp->ctx, dp->cookie);
	b.obj = o;
	rc = dt_pid_batch_probe(&b, "", "", DTRACE_PID_SYNC, 0, &r);
	if (!rc)
		rc = dt_pid_batch_point(&b, &in.point, o->bias);
	if (!rc)
		rc = dt_pid_batch_send(&b);
	dt_pid_batch_free(&b);
	return rc;
}

int dt_pid_follow(struct dt_pid *dp, bool fresh, struct dt_err *err)
{
	int rc = add_sync(dp, dt_proc_rbrk(dp->p));	/* 0: static, nothing will be loaded */

	if (!rc && fresh)
		rc = add_sync(dp, dt_proc_entry(dp->p));
	if (rc == -ENOEXEC)
		return dt_proc_fail(err, rc, "cannot watch the dynamic linker of process %d: "
				    "libraries that it loads from now on are not traced",
				    dt_proc_pid(dp->p));
	return rc ? dt_proc_fail(err, rc, "cannot watch the dynamic linker of process %d: %s",
				 dt_proc_pid(dp->p), strerror(-rc)) : 0;
}

int dt_pid_poll(struct dt_pid *dp, uint32_t timeout_ms, void (*newobjects)(void *ctx, uint64_t at), void *ctx,
		bool *held)
{
	struct dtrace_pid_wait w = { .cookie = dp->cookie, .timeout_ms = timeout_ms };
	struct dtrace_pid_continue c = { .cookie = dp->cookie };
	int rc = dp->call(dp->ctx, DTRACE_PID_WAIT, &w, sizeof(w));

	if (rc)
		return rc;
	*held = w.held;
	if (w.event != DTRACE_PID_EV_SYNC)
		return w.event;
	if (!dt_proc_update(dp->p, NULL) && newobjects)
		newobjects(ctx, w.addr);
	c.tid = w.tid;
	rc = dp->call(dp->ctx, DTRACE_PID_CONTINUE, &c, sizeof(c));
	return rc && rc != -ESRCH ? rc : DTRACE_PID_EV_SYNC;
}

void dt_pid_stats(struct dt_pid *dp, struct dt_pid_stats *ret)
{
	*ret = dp->stats;
}

int dt_pid_kstat(struct dt_pid *dp, struct dtrace_pid_stat *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->cookie = dp->cookie;
	return dp->call(dp->ctx, DTRACE_PID_STAT, ret, sizeof(*ret));
}
