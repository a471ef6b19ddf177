// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A pattern in one object: every name of every function is held against it,
 * the function's own name first, then aliases, then the names of indirect
 * functions, which mean the implementation. A function gets probes under each
 * name asked for exactly, but under one name only for a glob, so that "mem*"
 * does not count a call twice.
 *
 * Entry probes need the first instruction only, where the unwind table vouches
 * that code starts there; a function of symbols alone is decoded wholly first.
 * Return probes need all of the object (code.c).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "impl.h"

#define PROGRESS	1000	/* functions between two reports */

void dt_pid_skip(struct dt_pid_job *j, const char *func, enum dt_pid_skip why)
{
	if (j->w->funcs == NAME_ONE) {
		j->refused = true;
		dt_proc_fail(j->err, 0, "%s`%.300s cannot have this probe: %s", j->o->name, func,
			     dt_pid_skip_text(why));
	}
	j->dp->stats.skipped[why]++;
	if (j->dp->skip)
		j->dp->skip(j->dp->ctx, j->o->name, func, why);
}

/* ---- Probes of one function ---------------------------------------------------------- */

static struct dt_pid_range range_of(const struct dt_pid_job *j, size_t i)
{
	const struct dt_func *f = &j->func[i];
	uint64_t bias = j->o->bias;
	struct dt_pid_range r = { f->addr + bias, f->addr + f->size + bias, 0, 0 };

	if (j->frag[i] >= 0) {
		f = &j->func[j->frag[i]];
		r.lo2 = f->addr + bias;
		r.hi2 = f->addr + f->size + bias;
	}
	return r;
}

/* In a restartable sequence a trap means "start again", for ever. */
static bool in_rseq(const struct dt_pid_job *j, uint64_t vaddr)
{
	for (size_t i = 0; i < j->nrseq; i++) {
		const struct dt_pid_range *r = &j->rseq[i];
		uint64_t addr = vaddr + j->o->bias;

		if ((addr >= r->lo && addr < r->hi) || addr == r->lo2)
			return true;
	}
	return false;
}

static const uint8_t *text_of(struct dt_pid_job *j, const struct dt_func *f)
{
	size_t avail;
	const uint8_t *code = dt_elf_text(j->o->elf, f->addr, &avail);

	return code && avail >= f->size ? code : NULL;
}

static int decode_all(struct dt_pid_job *j, size_t i)
{
	const struct dt_func *f = &j->func[i];
	struct dt_pid_range r = range_of(j, i);
	const uint8_t *code = text_of(j, f);

	if (!code)
		return -(1 + DT_PID_SKIP_SIZE);
	return dt_pid_decode(code, f->size, f->addr, r.lo2 - j->o->bias, r.hi2 - j->o->bias, &j->all);
}

static bool jumps_to(struct dt_pid_job *j, size_t i, uint64_t target)
{
	const struct dt_func *f = &j->func[i];
	const uint8_t *code = text_of(j, f);

	if (!code || !dt_pid_may_jump(code, f->size, f->addr, target, target + 1) ||
	    dt_pid_decode(code, f->size, f->addr, 0, 0, &j->all))
		return false;
	for (size_t k = 0; k < j->all.n; k++) {
		if (j->all.insn[k].target == target && !j->all.insn[k].is_call)
			return true;
	}
	return false;
}

/* A jump to the first instruction would count as a call. */
static bool starts_with_loop(struct dt_pid_job *j, size_t i)
{
	uint64_t start = j->func[i].addr;

	return jumps_to(j, i, start) || (j->frag[i] >= 0 && jumps_to(j, j->frag[i], start));
}

/* A sequence that begins in the prefix would not be started again from a stub. */
static bool meets_rseq(const struct dt_pid_job *j, uint64_t vaddr, uint64_t len)
{
	uint64_t addr = vaddr + j->o->bias;

	for (size_t i = 0; i < j->nrseq; i++)
		if (j->rseq[i].lo < addr + len && j->rseq[i].hi > addr)
			return true;
	return false;
}

/* What a jump may displace, if it may. The point is good without as well. */
static int offer_jump(struct dt_pid_job *j, size_t i, struct dtrace_pid_point *pt)
{
	const struct dt_func *f = &j->func[i];
	struct dt_pid_stats *st = &j->dp->stats;
	size_t avail = i + 1 < j->nfunc ? j->func[i + 1].addr - f->addr : f->size, there;
	const uint8_t *code = dt_elf_text(j->o->elf, f->addr, &there);
	struct dtrace_pid_point plain = *pt;
	int rc;

	avail = avail < there ? avail : there;
	rc = dt_pid_jump_quick(code, avail, f->size, f->addr, pt);
	if (rc > 0) {
		rc = decode_all(j, i);
		if (rc == -ENOMEM)
			return rc;
		rc = rc ? -(1 + DT_PID_JUMP_CODE) : dt_pid_jump(code, avail, &j->all, pt);
	}
	if (rc == -ENOMEM)
		return rc;
	if (!rc && meets_rseq(j, f->addr, pt->prefix)) {
		*pt = plain;
		rc = -(1 + DT_PID_JUMP_KIND);
	}
	if (rc)
		st->nojump[-rc - 1]++;
	else
		st->jumps++;
	return 0;
}

/* The first instruction, as a point; or -(1 + why not). */
static int entry_point(struct dt_pid_job *j, size_t i, struct dtrace_pid_point *ret)
{
	const struct dt_func *f = &j->func[i];
	const uint8_t *code = text_of(j, f);
	struct dt_pid_insn in;
	int rc;

	if (!code)
		return -(1 + DT_PID_SKIP_SIZE);
	if (code[0] == 0xcc)
		return -(1 + DT_PID_SKIP_INT3);
	if (!f->is_code) {
		rc = decode_all(j, i);
		if (rc)
			return rc;
		in = j->all.insn[0];
	} else {
		rc = dt_pid_decode_one(code, f->size, f->addr, &in);
		if (rc)
			return rc;
	}
	if (in.is_fixed)
		return -(1 + DT_PID_SKIP_KIND);
	if (in_rseq(j, f->addr))
		return -(1 + DT_PID_SKIP_RSEQ);
	if (starts_with_loop(j, i))
		return -(1 + DT_PID_SKIP_LOOP);
	*ret = in.point;
	return j->dp->jumps ? offer_jump(j, i, ret) : 0;
}

static int add_entry(struct dt_pid_job *j, size_t i, const char *name)
{
	struct dt_pid_range r = range_of(j, i);
	struct dtrace_pid_point point;
	int rc = entry_point(j, i, &point);

	if (rc == -ENOMEM)
		return rc;
	if (rc) {
		dt_pid_skip(j, name, -rc - 1);
		return 0;
	}
	rc = dt_pid_batch_probe(&j->batch, name, "entry", DTRACE_PID_ENTRY, j->flags, &r);
	return rc ? rc : dt_pid_batch_point(&j->batch, &point, j->o->bias);
}

static struct dtrace_pid_point without_jump(const struct dtrace_pid_point *pt)
{
	struct dtrace_pid_point plain = { .addr = pt->addr, .len = pt->len, .kind = pt->kind, .off = pt->off };

	memcpy(plain.bytes, pt->bytes, pt->len);
	return plain;
}

static int add_return_points(struct dt_pid_job *j, size_t i)
{
	const struct dt_pid_code *c = j->code;
	struct dt_pid_stats *st = &j->dp->stats;
	struct dtrace_pid_point plain;
	int rc = 0;

	for (uint32_t k = c->first[i]; !rc && k < c->first[i + 1]; k++) {
		const struct dtrace_pid_point *pt = &c->point[k];
		uint8_t why = c->nojump[k];

		if (why == DT_PID_FINE && meets_rseq(j, pt->addr - pt->lead, pt->lead + pt->prefix))
			why = DT_PID_JUMP_KIND;
		if (why == DT_PID_FINE)
			st->retjumps++;
		else if (j->dp->jumps)
			st->retnojump[why]++;
		if (pt->prefix && (why != DT_PID_FINE || !j->dp->jumps)) {
			plain = without_jump(pt);
			pt = &plain;
		}
		rc = dt_pid_batch_point(&j->batch, pt, j->o->bias);
	}
	return rc;
}

static enum dt_pid_skip why_no_return(const struct dt_pid_job *j, size_t i)
{
	const struct dt_pid_code *c = j->code;
	long frag = c->frag[i];
	size_t n = c->first[i + 1] - c->first[i];

	if (c->why[i] != DT_PID_FINE)
		return c->why[i];
	for (uint32_t k = c->first[i]; k < c->first[i + 1]; k++) {
		if (in_rseq(j, c->point[k].addr))
			return DT_PID_SKIP_RSEQ;
	}
	if (frag >= 0)
		n += c->first[frag + 1] - c->first[frag];
	return n ? DT_PID_SKIP_MAX : DT_PID_SKIP_NORETURN;
}

static int add_return(struct dt_pid_job *j, size_t i, const char *name)
{
	struct dt_pid_range r = range_of(j, i);
	enum dt_pid_skip why = why_no_return(j, i);
	int rc;

	if (why != DT_PID_SKIP_MAX) {
		dt_pid_skip(j, name, why);
		return 0;
	}
	rc = dt_pid_batch_probe(&j->batch, name, "return", DTRACE_PID_RETURN, j->flags, &r);
	if (!rc)
		rc = add_return_points(j, i);
	if (!rc && j->code->frag[i] >= 0)
		rc = add_return_points(j, j->code->frag[i]);
	return rc;
}

/* One instruction by its offset; the function is decoded. */
static int add_insn(struct dt_pid_job *j, size_t i, const char *func, const struct dt_pid_insn *in, uint16_t type)
{
	struct dt_pid_range r = range_of(j, i);
	char name[24];
	int rc;

	snprintf(name, sizeof(name), "%llx", (unsigned long long)
		 (type == DTRACE_PID_ABS ? in->addr : in->addr - j->func[i].addr));
	if (type == DTRACE_PID_OFFSET && !j->w->has_offset && j->w->names == NAME_GLOB &&
	    !dt_glob_match(j->w->name, name))
		return 0;
	if (in->is_fixed || in_rseq(j, in->addr)) {
		if (j->w->has_offset)
			dt_pid_skip(j, func, in->is_fixed ? DT_PID_SKIP_KIND : DT_PID_SKIP_RSEQ);
		return 0;
	}
	/* The name is kept as it was asked for: the kernel compares names, "010" is not "10". */
	rc = dt_pid_batch_probe(&j->batch, type == DTRACE_PID_ABS ? "-" : func,
				j->w->has_offset ? j->w->name : name, type, j->flags, &r);
	return rc ? rc : dt_pid_batch_point(&j->batch, &in->point, j->o->bias);
}

/* No instruction begins there: say which ones do. */
static void bad_offset(struct dt_pid_job *j, size_t i, const char *func, uint64_t at)
{
	uint64_t base = j->w->absolute ? 0 : j->func[i].addr;
	const struct dt_pid_insn *in = NULL;
	size_t k;

	for (k = 0; k < j->all.n && j->all.insn[k].addr < at; k++)
		in = &j->all.insn[k];
	j->refused = true;
	if (!in || k == j->all.n)
		dt_proc_fail(j->err, 0, "%s`%s has no instruction at %s: it is 0x%llx bytes long",
			     j->o->name, func, j->w->name, (unsigned long long)j->func[i].size);
	else
		dt_proc_fail(j->err, 0, "no instruction of %s`%s begins at %s: the nearest are at %llx and %llx",
			     j->o->name, func, j->w->name, (unsigned long long)(in->addr - base),
			     (unsigned long long)(j->all.insn[k].addr - base));
}

static int add_offsets(struct dt_pid_job *j, size_t i, const char *func)
{
	uint64_t at = j->w->absolute ? j->w->offset : j->func[i].addr + j->w->offset;
	bool hit = false;
	int rc = decode_all(j, i);

	if (rc == -ENOMEM)
		return rc;
	if (rc) {
		dt_pid_skip(j, func, -rc - 1);
		return 0;
	}
	for (size_t k = 0; !rc && k < j->all.n; k++) {
		const struct dt_pid_insn *in = &j->all.insn[k];

		if (j->w->has_offset && in->addr != at)
			continue;
		hit = true;
		rc = add_insn(j, i, func, in, j->w->absolute ? DTRACE_PID_ABS : DTRACE_PID_OFFSET);
	}
	if (!hit && !rc)
		bad_offset(j, i, func, at);
	return rc;
}

static int add_probes(struct dt_pid_job *j, size_t i, const char *name)
{
	const struct dt_pid_want *w = j->w;
	int rc = 0;

	j->met->found = true;
	if (w->entry)
		rc = add_entry(j, i, name);
	if (!rc && w->ret)
		rc = add_return(j, i, name);
	if (!rc && (w->all_offsets || w->has_offset))
		rc = add_offsets(j, i, name);
	return rc;
}

/* ---- Names of one object --------------------------------------------------------------- */

/* The name as probes show it: demangled on request, if it fits then. */
static const char *shown_name(const struct dt_pid_job *j, const char *name, char *buf, size_t n)
{
	char *end;

	if (!j->dp->demangle)
		return name;
	end = memset(buf + n - 1, 1, 1);
	dt_demangle(name, buf, n);
	return *end ? buf : name;	/* a NUL at the very end: it was cut */
}

/* The name that a function has in listings; its others are aliases. */
static const char *first_name(const struct dt_pid_job *j, size_t i)
{
	return j->shown[i] ? j->shown[i] : j->func[i].name;
}

/* Function @i is called @name: is it wanted? */
static int try_name(struct dt_pid_job *j, size_t i, const char *name)
{
	char buf[DTRACE_FUNCNAMELEN];
	const struct dt_pid_want *w = j->w;

	if (w->funcs != NAME_ONE && j->done[i])
		return 0;
	j->flags = strcmp(name, first_name(j, i)) ? DTRACE_PID_ALIAS : 0;
	name = shown_name(j, name, buf, sizeof(buf));
	if (w->funcs == NAME_ONE ? strcmp(w->func, name) != 0 :
	    w->funcs == NAME_GLOB && !dt_glob_match(w->func, name))
		return 0;
	j->done[i] = true;
	if (strlen(name) >= DTRACE_FUNCNAMELEN) {
		dt_pid_skip(j, name, DT_PID_SKIP_LONGNAME);
		return 0;
	}
	return add_probes(j, i, name);
}

/* The names functions have by themselves. */
static int try_functions(struct dt_pid_job *j)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < j->nfunc; i++) {
		const struct dt_func *f = &j->func[i];

		if (j->progress && ++j->seen % PROGRESS == 0)
			j->progress(j->progress_ctx, j->base + j->seen, j->total);
		if (f->is_frag || f->is_ifunc)
			continue;
		rc = try_name(j, i, first_name(j, i));
	}
	return rc;
}

static int try_aliases(struct dt_pid_job *j)
{
	size_t n = dt_elf_naliases(j->o->elf), i;
	int rc = 0;

	for (size_t k = 0; !rc && k < n; k++) {
		const char *name = dt_elf_alias(j->o->elf, k, &i);

		if (!j->func[i].is_frag)
			rc = try_name(j, i, name);
	}
	return rc;
}

/* IFUNC names mean what this process has chosen for them. */
static int try_ifuncs(struct dt_pid_job *j)
{
	size_t n;
	const struct dt_ifunc *f = dt_object_ifuncs(j->dp->p, j->o, &n);
	int rc = 0;

	for (size_t k = 0; !rc && k < n; k++) {
		bool wanted = j->w->funcs == NAME_ONE ? !strcmp(j->w->func, f[k].name) :
			      j->w->funcs == NAME_GLOB && dt_glob_match(j->w->func, f[k].name);

		if (f[k].func >= 0) {
			if (j->shown[f[k].func] != f[k].name)
				rc = try_name(j, f[k].func, f[k].name);
		} else if (wanted || j->w->funcs == NAME_NONE) {
			dt_pid_skip(j, f[k].name, f[k].func == DT_IFUNC_ELSEWHERE ?
				    DT_PID_SKIP_ELSEWHERE : DT_PID_SKIP_IFUNC);
			j->met->found = true;
		}
	}
	return rc;
}

/* Of an implementation's IFUNC names, the plainest stands for the range without a symbol. */
static void name_implementations(struct dt_pid_job *j)
{
	size_t n;
	const struct dt_ifunc *f = dt_object_ifuncs(j->dp->p, j->o, &n);

	for (size_t k = 0; k < n; k++) {
		const char **shown = f[k].func >= 0 ? &j->shown[f[k].func] : NULL;

		if (!shown || j->func[f[k].func].src != DT_SRC_EHFRAME)
			continue;
		if (!*shown || strspn(f[k].name, "_") < strspn(*shown, "_") ||
		    (strspn(f[k].name, "_") == strspn(*shown, "_") && strlen(f[k].name) < strlen(*shown)))
			*shown = f[k].name;
	}
}

/* ---- One object -------------------------------------------------------------------------- */

/* struct rseq_cs of linux/rseq.h, as relocated in the process. */
struct rseq_cs {
	uint32_t version, flags;
	uint64_t start, length, abort;
};

/* Where the object's restartable sequences are. An unreadable list is as good as none. */
static int read_rseq(struct dt_pid_job *j)
{
	uint64_t addr, size;

	if (!dt_elf_section_range(j->o->elf, "__rseq_cs", &addr, &size) || size > j->o->hi - j->o->lo)
		return 0;
	j->rseq = calloc(size / sizeof(struct rseq_cs) + 1, sizeof(*j->rseq));
	if (!j->rseq)
		return -ENOMEM;
	for (uint64_t at = 0; at + sizeof(struct rseq_cs) <= size; at += sizeof(struct rseq_cs)) {
		struct rseq_cs cs;

		if (dt_proc_read(j->dp->p, j->o->bias + addr + at, &cs, sizeof(cs)) != sizeof(cs))
			break;
		j->rseq[j->nrseq++] = (struct dt_pid_range) {
			cs.start, cs.start + cs.length, cs.abort, cs.abort,
		};
	}
	return 0;
}

static int need_code(struct dt_pid_job *j)
{
	struct dt_pid_code *c;
	int rc;

	for (c = j->dp->code; c; c = c->next) {
		if (c->elf == j->o->elf)
			break;
	}
	if (!c) {
		rc = dt_pid_code_read(j->o->elf, &c);
		if (rc)
			return rc;
		c->next = j->dp->code;
		j->dp->code = c;
	}
	j->code = c;
	return 0;
}

static int job_open(struct dt_pid_job *j)
{
	j->func = dt_elf_functions(j->o->elf, &j->nfunc);
	j->shown = calloc(j->nfunc + 1, sizeof(*j->shown));
	j->frag = malloc((j->nfunc + 1) * sizeof(*j->frag));
	j->done = calloc(j->nfunc + 1, sizeof(*j->done));
	if (!j->shown || !j->frag || !j->done)
		return -ENOMEM;
	for (size_t i = 0; i < j->nfunc; i++)
		j->frag[i] = -1;
	for (size_t i = 0; i < j->nfunc; i++) {
		long of = j->func[i].is_frag ? j->func[i].cold : -1;

		if (of >= 0 && j->frag[of] < 0)
			j->frag[of] = i;
	}
	name_implementations(j);
	return read_rseq(j);
}

static void job_close(struct dt_pid_job *j)
{
	free(j->shown);
	free(j->frag);
	free(j->done);
	free(j->rseq);
	free(j->all.insn);
	dt_pid_batch_free(&j->batch);
}

/* "-": the function around the address, whatever it is called. */
static int do_absolute(struct dt_pid_job *j)
{
	long i = dt_elf_func_at(j->o->elf, j->w->offset);

	if (i < 0) {
		j->refused = true;
		dt_proc_fail(j->err, 0, "%s has no known function at %s, so no instruction is known "
			     "to begin there", j->o->name, j->w->name);
		return 0;
	}
	j->met->found = true;
	return add_offsets(j, i, j->func[i].name);
}

static int do_functions(struct dt_pid_job *j)
{
	int rc = try_functions(j);

	if (!rc && j->w->funcs != NAME_NONE)
		rc = try_aliases(j);
	if (!rc)
		rc = try_ifuncs(j);
	return rc;
}

int dt_pid_job_run(struct dt_pid_job *j, uint64_t *nprobes)
{
	struct dt_pid_stats *st = &j->dp->stats;
	int rc;

	dt_pid_batch_init(&j->batch, j->dp->call, j->dp->ctx, j->dp->cookie);
	j->batch.obj = j->o;
	rc = job_open(j);
	if (!rc && j->w->ret)
		rc = need_code(j);
	if (!rc)
		rc = j->w->absolute ? do_absolute(j) : do_functions(j);
	if (!rc)
		rc = dt_pid_batch_send(&j->batch);
	*nprobes += j->batch.nadded;
	j->met->made += j->batch.nprobes;
	st->objects++;
	for (size_t i = 0; i < j->nfunc; i++)
		st->functions += !j->func[i].is_frag;
	st->probes += j->batch.nadded;
	st->points += j->batch.npoints;
	job_close(j);
	return rc;
}
