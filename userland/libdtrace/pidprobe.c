/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pid provider's patterns: which processes they mean, their probes, and what could not be had. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proc_impl.h"

/*
 * A static probe's provider bears the process's number at its end. A glob means static probes if it
 * begins with a letter: "*" and "" must not look at all processes of the machine.
 */
enum dt_pidpat dt_pidpat(const char *provider, pid_t *pid)
{
	bool is_pid = !strncmp(provider, "pid", 3) && (!provider[3] || strchr("0123456789*?[", provider[3]));
	const char *digits = provider + strlen(provider);
	long n;

	if (strpbrk(provider, "*?["))
		return is_pid ? DT_PIDPAT_GLOB :
		       isalpha((unsigned char)*provider) ? DT_PIDPAT_STATICGLOB : DT_PIDPAT_NO;
	while (digits > provider && isdigit((unsigned char)digits[-1]))
		digits--;
	if (digits == provider || !*digits || (is_pid && digits != provider + 3))
		return DT_PIDPAT_NO;
	errno = 0;
	n = strtol(digits, NULL, 10);
	if (errno || n <= 0 || n > INT32_MAX)
		return DT_PIDPAT_NO;
	*pid = (pid_t)n;
	return is_pid ? DT_PIDPAT_ONE : DT_PIDPAT_STATIC;
}

static bool is_static(const dtrace_probedesc_t *pat)
{
	pid_t pid;

	return dt_pidpat(pat->dtpd_provider, &pid) >= DT_PIDPAT_STATIC;
}

/* Could probes of this process be meant? */
static bool means(const dtrace_probedesc_t *pat, const struct ps_prochandle *P)
{
	char provider[DTRACE_PROVNAMELEN];
	pid_t pid;

	switch (dt_pidpat(pat->dtpd_provider, &pid)) {
	case DT_PIDPAT_ONE: case DT_PIDPAT_STATIC:
		return pid == P->pid;
	case DT_PIDPAT_GLOB:
		snprintf(provider, sizeof(provider), "pid%d", P->pid);
		return dt_glob_match(pat->dtpd_provider, provider);
	case DT_PIDPAT_STATICGLOB:
		return P->up;
	default:
		return false;
	}
}

/*
 * dt_pid's calls. While it waits for the process the lock is free: this is the
 * only place where the following thread sleeps.
 */
static int pid_call(void *ctx, uint32_t op, void *arg, size_t size)
{
	struct ps_prochandle *P = ctx;
	struct dtrace_ioc_provider call = { .name = "pid", .op = op, .arg = (uintptr_t)arg, .size = size };
	int rc;

	if (op == DTRACE_PID_WAIT)
		pthread_mutex_unlock(&P->lock);
	rc = dt_ioctl(P->dtp, DTRACEIOC_PROVIDER, &call);
	if (op == DTRACE_PID_WAIT)
		pthread_mutex_lock(&P->lock);
	return rc;
}

static void note_skipped(void *ctx, const char *mod, const char *func, enum dt_pid_skip why)
{
	struct ps_prochandle *P = ctx;

	if (!dt_grow(&P->skipped, P->nskipped, &P->skiproom, sizeof(*P->skipped)))
		return;
	P->skipped[P->nskipped++] = (struct dt_skipped){ strdup(mod), strdup(func), why };
}

int dt_process_attach(struct ps_prochandle *P, struct dt_err *err)
{
	bool jumps = P->dtp->opt[DTRACEOPT_TRAPFREE] != DTRACEOPT_TRAPFREE_OFF;
	int rc;

	if (P->up)
		return 0;
	rc = dt_pid_attach(P->proc, pid_call, P, P->dtp->demangle, jumps, note_skipped, &P->up, err);
	if (!rc)
		dt_pid_on_lack(P->up, dt_process_lack);
	return rc;
}

void dt_process_detach(struct ps_prochandle *P)
{
	if (P->up)
		dt_pid_detach(P->up);
	P->up = NULL;
	dt_process_forget_lacks(P);
	P->following = P->linking = false;
	P->refused = P->undecided = P->late = 0;
}

/* A thread waits meanwhile, but for nobody who does not make calls. */
static void still_there(void *ctx, uint64_t done, uint64_t total)
{
	struct ps_prochandle *P = ctx;
	struct dtrace_pid_stat st;

	(void)done;
	(void)total;
	dt_pid_kstat(P->up, &st);
}

static void progress(void *ctx, uint64_t done, uint64_t total)
{
	struct ps_prochandle *P = ctx;

	if (P->dtp->progressfunc)
		P->dtp->progressfunc(P->pid, done, total, P->dtp->progressarg);
}

static int create(struct ps_prochandle *P, const dtrace_probedesc_t *pat, uint64_t *n,
		  void (*progress)(void *ctx, uint64_t done, uint64_t total), struct dt_err *err)
{
	if (is_static(pat))
		return dt_pid_statics(P->up, pat, n, err);
	return dt_pid_create(P->up, pat, n, progress, P, err);
}

static void tell_unseen(struct ps_prochandle *P, struct dt_modpat *m);

void dt_process_patterns(struct ps_prochandle *P)
{
	struct dt_err err = { "" };
	uint64_t n;
	int rc;

	for (size_t i = 0; i < P->npats; i++) {
		rc = create(P, &P->pats[i], &n, still_there, &err);
		if (rc && rc != -ENOENT && rc != -ESRCH)
			dt_process_say(P, "cannot make all probes in objects loaded later: %s", err.msg);
	}
	for (size_t i = 0; i < P->nmodpats; i++)
		tell_unseen(P, &P->modpats[i]);
	dt_process_tell_lacks(P);
	dt_process_languages(P);
}

void dt_process_languages(struct ps_prochandle *P)
{
	struct dt_err err = { "" };
	int rc = P->dtp->needs_langs ? dt_pid_languages(P->up, &err) : 0;

	if (rc && rc != -ESRCH)
		dt_process_say(P, "stacks show no Python frames: %s", err.msg);
}

static bool remember_pattern(struct ps_prochandle *P, const dtrace_probedesc_t *pat)
{
	for (size_t i = 0; i < P->npats; i++)
		if (is_static(&P->pats[i]) == is_static(pat) &&
		    (!is_static(pat) || !strcmp(P->pats[i].dtpd_provider, pat->dtpd_provider)) &&
		    !strcmp(P->pats[i].dtpd_mod, pat->dtpd_mod) && !strcmp(P->pats[i].dtpd_func, pat->dtpd_func) &&
		    !strcmp(P->pats[i].dtpd_name, pat->dtpd_name))
			return true;
	if (!dt_grow(&P->pats, P->npats, &P->patroom, sizeof(*P->pats)))
		return false;
	P->pats[P->npats++] = *pat;
	return true;
}

static int create_in(struct ps_prochandle *P, const dtrace_probedesc_t *pat, struct dt_loc loc,
		     struct dt_diag *diag, uint64_t *found)
{
	struct dt_err err = { "" };
	int rc;

	pthread_mutex_lock(&P->lock);
	rc = dt_process_attach(P, &err);
	if (rc) {
		dt_error(diag, D_PROC_GRAB, loc, "%s", err.msg);
	} else if (!remember_pattern(P, pat)) {
		rc = dt_error(diag, D_ALLOC, loc, "out of memory");
	} else {
		rc = create(P, pat, found, progress, &err);
		if (rc == -ENOTSUP && *found) {		/* one of its objects is not understood: others are */
			dt_process_say(P, "not all static probes are there: %s", err.msg);
			rc = 0;
		}
		if (rc)
			dt_error(diag, rc == -ENOENT || rc == -ENOTSUP ? D_PDESC_ZERO :
				       rc == -EINVAL ? D_PDESC_INVAL : D_PROC_GRAB, loc, "%s", err.msg);
	}
	pthread_mutex_unlock(&P->lock);
	return rc ? -1 : 0;
}

static int create_glob(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pat, struct dt_loc loc,
		       struct dt_diag *diag, uint64_t *found)
{
	struct dt_diag one;
	uint64_t n;

	for (struct ps_prochandle *P = dtp->procs; P; P = P->next) {
		if (!P->watched || !P->proc || !means(pat, P))
			continue;
		/* What one of the processes does not have, another may. */
		one = (struct dt_diag){ 0 };
		n = 0;
		if (create_in(P, pat, loc, &one, &n) && one.tag != D_PDESC_ZERO) {
			*diag = one;
			return -1;
		}
		*found += n;
	}
	return 0;
}

/* One process of a glob over static probes. */
struct everywhere {
	const dtrace_probedesc_t *pat;
	struct dt_loc loc;
	struct dt_diag *diag;
	uint64_t *found;
};

static int create_there(void *ctx, struct ps_prochandle *P)
{
	struct everywhere *e = ctx;
	struct dt_diag one = { 0 };
	uint64_t n = 0;

	/* It may just have ended, or be one interpreter of many that is not understood. */
	if (create_in(P, e->pat, e->loc, &one, &n) && one.tag == D_ALLOC) {
		*e->diag = one;
		return -1;
	}
	if (one.tag)
		dt_process_say(P, "%s", one.msg);
	*e->found += n;
	return 0;
}

static int create_everywhere(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pat, struct dt_loc loc,
			     struct dt_diag *diag, uint64_t *found)
{
	struct everywhere e = { pat, loc, diag, found };
	int rc = dt_processes_with(dtp, pat->dtpd_provider, create_there, &e);

	if (rc < -1)
		return dt_error(diag, D_PROC_GRAB, loc, "cannot read /proc: %s", strerror(-rc));
	return rc;
}

int dt_pidprobe_create(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pat, struct dt_loc loc,
		       struct dt_diag *diag, uint64_t *found)
{
	struct ps_prochandle *P;
	struct dt_err err = { "" };
	pid_t pid;

	*found = 0;
	if (pat->dtpd_id)
		return 0;
	switch (dt_pidpat(pat->dtpd_provider, &pid)) {
	case DT_PIDPAT_NO:
		return 0;
	case DT_PIDPAT_GLOB:
		return create_glob(dtp, pat, loc, diag, found);
	case DT_PIDPAT_STATICGLOB:
		return create_everywhere(dtp, pat, loc, diag, found);
	case DT_PIDPAT_ONE: case DT_PIDPAT_STATIC:
		break;
	}
	P = dt_procs_get(dtp, pid, &err);
	if (!P)
		return dt_error(diag, D_PROC_GRAB, loc, "%s", err.msg);
	return create_in(P, pat, loc, diag, found);
}

/* ---- What the kernel is to match -------------------------------------------------------- */

/*
 * In a pattern a module may go by many names ("libc" for libc.so.6), but the
 * probes bear one, and the kernel matches that (and knows what "a.out" means). So the pattern that
 * ENABLE gets is another: the same if it fits as it is; "libc.so*" if that
 * fits, for libraries that are loaded later; else the exact names. They never
 * overlap: a clause must not be enabled twice on a probe.
 */
static void add_name(struct dt_strs *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->s[i], name))
			return;
	dt_strs_add(l, name);
}

/* Does the kernel see that @o is meant by "a" or "b"? It knows which one the executable is. */
static bool kernel_sees(const struct dt_object *o, const char *a, const char *b)
{
	return dt_glob_match(a, o->name) || dt_glob_match(b, o->name) || (o->is_exe && dt_glob_match(a, "a.out"));
}

/* The names of the objects that @mod means; returns whether the kernel would see that in "a" or "b". */
static bool object_names(struct ps_prochandle *P, const char *mod, const char *a, const char *b, struct dt_strs *names)
{
	bool all = true;

	pthread_mutex_lock(&P->lock);
	for (size_t i = 0; P->proc && i < dt_proc_nobjects(P->proc); i++) {
		const struct dt_object *o = dt_proc_object(P->proc, i);

		if (o->is_vdso || !dt_object_matches(o, mod))
			continue;
		add_name(names, o->name);
		all &= kernel_sees(o, a, b);
	}
	pthread_mutex_unlock(&P->lock);
	return all;
}

static void add_exact(struct dt_strs *mods, const char *name)
{
	char quoted[2 * DTRACE_MODNAMELEN];
	size_t n = 0;

	for (; *name && n + 2 < sizeof(quoted); name++) {
		if (strchr("*?[\\", *name))
			quoted[n++] = '\\';
		quoted[n++] = *name;
	}
	quoted[n] = 0;
	dt_strs_add(mods, quoted);
}

/* Remember it for objects that come later: see tell_unseen(). Without memory, nothing will be said. */
static void remember_modules(struct ps_prochandle *P, const char *mod, const struct dt_strs *kernel)
{
	struct dt_modpat *m;
	bool known = false;

	pthread_mutex_lock(&P->lock);
	for (size_t i = 0; i < P->nmodpats && !known; i++)
		known = P->modpats[i].mod && !strcmp(P->modpats[i].mod, mod);
	if (!known && dt_grow(&P->modpats, P->nmodpats, &P->modpatroom, sizeof(*P->modpats))) {
		m = &P->modpats[P->nmodpats++];
		*m = (struct dt_modpat){ .mod = strdup(mod) };
		for (size_t i = 0; i < kernel->n; i++)
			dt_strs_add(&m->kernel, kernel->s[i]);
		if (!kernel->n)
			dt_strs_add(&m->kernel, mod);
	}
	pthread_mutex_unlock(&P->lock);
}

void dt_pidprobe_modules(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pat, struct dt_strs *mods)
{
	const char *mod = pat->dtpd_mod;
	bool is_glob = strpbrk(mod, "*?[\\"), all = true;
	char so[DTRACE_MODNAMELEN + 8];
	struct dt_strs names = { 0 };
	pid_t pid;

	if (pat->dtpd_id || !*mod || !strcmp(mod, "a.out") || dt_pidpat(pat->dtpd_provider, &pid) == DT_PIDPAT_NO)
		return;
	snprintf(so, sizeof(so), strstr(mod, ".so") ? "%s*" : "%s.so*", mod);
	for (struct ps_prochandle *P = dtp->procs; P; P = P->next) {
		if (P->proc && means(pat, P))
			all &= object_names(P, mod, mod, is_glob ? mod : so, &names);
	}
	if (is_glob && all) {
		;
	} else if (is_glob || strchr(mod, '/') || !all) {
		for (size_t i = 0; i < names.n; i++)
			add_exact(mods, names.s[i]);
	} else {
		if (!strstr(mod, ".so"))
			dt_strs_add(mods, mod);
		dt_strs_add(mods, so);
	}
	for (struct ps_prochandle *P = dtp->procs; P; P = P->next) {
		if (means(pat, P))
			remember_modules(P, mod, mods);
	}
	dt_strs_free(&names);
}

/* An object that a pattern means, but not in the form that the kernel has: its calls are not counted. */
static void tell_unseen(struct ps_prochandle *P, struct dt_modpat *m)
{
	for (size_t i = 0; !m->told && m->mod && i < dt_proc_nobjects(P->proc); i++) {
		const struct dt_object *o = dt_proc_object(P->proc, i);
		bool seen = o->is_vdso || !dt_object_matches(o, m->mod);

		for (size_t k = 0; !seen && k < m->kernel.n; k++)
			seen = kernel_sees(o, m->kernel.s[k], m->kernel.s[k]);
		if (seen)
			continue;
		m->told = true;
		dt_process_say(P, "has %s now, which is not traced: the module \"%s\" was taken for what it meant "
			       "when tracing began; name that file to trace it", o->name, m->mod);
	}
}

void dt_process_forget_patterns(struct ps_prochandle *P)
{
	for (size_t i = 0; i < P->nmodpats; i++) {
		free(P->modpats[i].mod);
		dt_strs_free(&P->modpats[i].kernel);
	}
	free(P->modpats);
	free(P->pats);
	dt_process_forget_readers(P);
}

/* ---- What could not be had ---------------------------------------------------------- */

static const char *why_text(unsigned why)
{
	static const char *const text[] = {
		[DTRACE_PID_WHY_BYTES] = "where memory differs from the file",
		[DTRACE_PID_WHY_UNMAPPED] = "no longer mapped",
		[DTRACE_PID_WHY_SHARED] = "in memory shared with other processes",
		[DTRACE_PID_WHY_NOAREA] = "with no room for stubs within reach",
		[DTRACE_PID_WHY_KIND] = "at instructions that cannot be moved",
		[DTRACE_PID_WHY_FAULT] = "that could not be read or written",
		[DTRACE_PID_WHY_SHSTK] = "at calls under a shadow stack",
	};

	return why < sizeof(text) / sizeof(*text) && text[why] ? text[why] : "for an unknown reason";
}

/* "2 where memory differs from the file, 1 no longer mapped" */
static char *refusals(const struct dtrace_pid_stat *st, char *buf, size_t n)
{
	size_t k = 0;

	buf[0] = 0;
	for (unsigned i = 0; i < sizeof(st->why) / sizeof(*st->why); i++) {
		if (!st->why[i] || k >= n)
			continue;
		k += (size_t)snprintf(buf + k, n - k, "%s%llu %s", k ? ", " : "", st->why[i], why_text(i));
	}
	return buf;
}

void dt_process_check_armed(struct ps_prochandle *P)
{
	struct dtrace_pid_stat st = { 0 };
	char why[512];

	if (dt_pid_kstat(P->up, &st))
		return;
	if (st.refused > P->refused)
		dt_process_say(P, "%llu probe location%s could not be armed (%s): calls there are not counted",
			       st.refused, st.refused == 1 ? "" : "s", refusals(&st, why, sizeof(why)));
	if (st.undecided > P->undecided)
		dt_process_say(P, "%llu indirect jump%s could not be followed: return probes may be missing",
			       st.undecided, st.undecided == 1 ? "" : "s");
	if (st.late > P->late)
		dt_process_say(P, "%llu thread%s did not wait for an answer of dtrace after %d s: "
			       "first calls in what was loaded then are not counted",
			       st.late - P->late, st.late - P->late == 1 ? "" : "s", DTRACE_PID_PATIENCE_SECS);
	P->refused = st.refused;
	P->undecided = st.undecided;
	P->late = st.late;
}

static void report_skipped(struct ps_prochandle *P, const struct dt_pid_stats *st, FILE *fp)
{
	for (int why = 0; why < DT_PID_SKIP_MAX; why++) {
		if (!st->skipped[why])
			continue;
		fprintf(fp, "  %" PRIu64 " function%s left alone: %s\n", st->skipped[why],
			st->skipped[why] == 1 ? "" : "s", dt_pid_skip_text((enum dt_pid_skip)why));
		for (size_t i = 0; i < P->nskipped; i++)
			if ((int)P->skipped[i].why == why)
				fprintf(fp, "    %s`%s\n", P->skipped[i].mod ? P->skipped[i].mod : "?",
					P->skipped[i].func ? P->skipped[i].func : "?");
	}
}

static const char *nojump_text(unsigned int why)
{
	static const char *const text[] = {
		[DTRACE_PID_NOJUMP_ASKED] = "whose code does not allow it",
		[DTRACE_PID_NOJUMP_KIND] = "whose instructions do not",
		[DTRACE_PID_NOJUMP_CLAUSE] = "where more is asked than to aggregate arguments by constant keys",
		[DTRACE_PID_NOJUMP_INSIDE] = "with another probe too near",
		[DTRACE_PID_NOJUMP_PLACE] = "without room in the address space",
		[DTRACE_PID_NOJUMP_TRACER] = "under a debugger",
		[DTRACE_PID_NOJUMP_MEMORY] = "without memory",
	};

	return why < sizeof(text) / sizeof(*text) ? text[why] : "for another reason";
}

/* How many locations trap, and why, as a list; 0: none. */
static uint64_t trapping(const struct dtrace_pid_stat *st, char *buf, size_t n)
{
	uint64_t sum = 0;
	size_t k = 0;

	buf[0] = 0;
	for (unsigned int i = 0; i < sizeof(st->nojump) / sizeof(*st->nojump); i++) {
		sum += st->nojump[i];
		if (st->nojump[i] && k < n)
			k += (size_t)snprintf(buf + k, n - k, "%s%llu %s", k ? ", " : "", st->nojump[i],
					      nojump_text(i));
	}
	return sum;
}

int dt_procs_trapfree(dtrace_hdl_t *dtp)
{
	struct dtrace_pid_stat st;
	uint64_t n = 0;
	char why[512];

	if (dtp->opt[DTRACEOPT_TRAPFREE] != DTRACEOPT_TRAPFREE_REQUIRE)
		return 0;
	for (struct ps_prochandle *P = dtp->procs; P && !n; P = P->next) {
		pthread_mutex_lock(&P->lock);
		if (P->up && !dt_pid_kstat(P->up, &st))
			n = trapping(&st, why, sizeof(why));
		pthread_mutex_unlock(&P->lock);
	}
	return n ? dt_set_error(dtp, EINVAL, "%" PRIu64 " probe location%s would trap, and trapfree=require forbids "
				"it: %s", n, n == 1 ? "" : "s", why) : 0;
}

static void report_trapfree(const struct dt_pid_stats *st, const struct dtrace_pid_stat *ks, FILE *fp)
{
	char why[512];
	uint64_t n = trapping(ks, why, sizeof(why));

	fprintf(fp, "  %llu locations count without a trap, %" PRIu64 " trap%s%s\n", ks->jumps, n, n ? ": " : "", why);
	for (int i = 0; i < DT_PID_JUMP_MAX; i++) {
		const char *text = dt_pid_nojump_text((enum dt_pid_nojump)i);

		if (st->nojump[i])
			fprintf(fp, "  %" PRIu64 " function%s must trap: %s\n", st->nojump[i],
				st->nojump[i] == 1 ? "" : "s", text);
		if (st->retnojump[i])
			fprintf(fp, "  %" PRIu64 " return%s must trap: %s\n", st->retnojump[i],
				st->retnojump[i] == 1 ? "" : "s", text);
	}
}

int dtrace_proc_report(dtrace_hdl_t *dtp, FILE *fp)
{
	struct dtrace_pid_stat ks;
	struct dt_pid_stats st;
	char why[512];

	for (struct ps_prochandle *P = dtp->procs; P; P = P->next) {
		pthread_mutex_lock(&P->lock);
		if (P->up) {
			dt_pid_stats(P->up, &st);
			fprintf(fp, "pid %d: %" PRIu64 " objects, %" PRIu64 " functions, %" PRIu64 " probes at %" PRIu64
				" locations\n", P->pid, st.objects, st.functions, st.probes, st.points);
			report_skipped(P, &st, fp);
			if (!dt_pid_kstat(P->up, &ks)) {
				fprintf(fp, "  %llu locations armed, %llu not%s%s; stubs take %llu bytes\n",
					ks.armed, ks.refused, ks.refused ? ": " : "", refusals(&ks, why, sizeof(why)),
					ks.stubbytes);
				report_trapfree(&st, &ks, fp);
			}
		}
		pthread_mutex_unlock(&P->lock);
	}
	return ferror(fp) ? dt_set_errno(dtp, EDT_IO) : 0;
}
