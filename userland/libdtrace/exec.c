/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a compiled program to a running one: image, cookies, ENABLE, GO, STOP. */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "dt_impl.h"

const struct dt_action *dt_cookie_action(dtrace_hdl_t *dtp, uint64_t uarg)
{
	return uarg && uarg <= dtp->ncookies ? dtp->cookies[uarg - 1].act : NULL;
}

const struct dt_clauseref *dt_cookie_clause(dtrace_hdl_t *dtp, uint64_t uarg)
{
	return uarg && uarg <= dtp->nclauses ? &dtp->clauses[uarg - 1] : NULL;
}

static int add_cookie(dtrace_hdl_t *dtp, dtrace_prog_t *prog, const struct dt_action *act)
{
	if (!dt_grow(&dtp->cookies, dtp->ncookies, &dtp->cookieroom, sizeof(*dtp->cookies)))
		return -1;
	dtp->cookies[dtp->ncookies++] = (struct dt_cookie){ prog, act };
	return 0;
}

/* Give each clause and action of a program its number. */
static int number_program(dtrace_hdl_t *dtp, dtrace_prog_t *prog)
{
	prog->cookie = (uint32_t)dtp->ncookies + 1;
	prog->clause0 = (uint32_t)dtp->nclauses + 1;
	for (uint32_t i = 0; i < prog->p->nclauses; i++) {
		const struct dt_clause *cl = &prog->p->clauses[i];

		if (!dt_grow(&dtp->clauses, dtp->nclauses, &dtp->clauseroom, sizeof(*dtp->clauses)))
			return dt_set_errno(dtp, ENOMEM);
		dtp->clauses[dtp->nclauses++] = (struct dt_clauseref){ prog, cl };
		for (uint32_t j = 0; j < cl->nactions; j++)
			if (add_cookie(dtp, prog, &cl->actions[j]))
				return dt_set_errno(dtp, ENOMEM);
	}
	return 0;
}

/* Write the numbers into the image, where the kernel will echo them. */
static void stamp_image(const dtrace_prog_t *prog, void *blob)
{
	struct dtrace_image_hdr *hdr = blob;
	struct dtrace_clause_desc *clauses = (void *)((char *)blob + hdr->clauses.off);
	struct dtrace_act_desc *acts = (void *)((char *)blob + hdr->actions.off);
	uint64_t cookie = prog->cookie;

	for (uint32_t i = 0; i < hdr->clauses.count; i++) {
		clauses[i].uarg = prog->clause0 + i;
		for (uint32_t j = 0; j < clauses[i].nactions; j++)
			acts[clauses[i].action + j].uarg = cookie++;
	}
}

/* ---- How much aggregation space a program wants -------------------------------- */

static uint64_t value_bytes(const struct dt_action *a)
{
	switch (a->kind) {
	case DTRACEAGG_AVG:
		return 16;
	case DTRACEAGG_STDDEV:
		return 32;
	case DTRACEAGG_QUANTIZE:
		return 8 * DTRACE_QUANTIZE_NBUCKETS;
	case DTRACEAGG_LQUANTIZE:
		return 8 * (3ull + DTRACE_LQUANTIZE_LEVELS(a->arg));
	case DTRACEAGG_LLQUANTIZE:
		return 8 * (1ull + DTRACE_LLQUANTIZE_NBUCKETS(a->arg));
	default:
		return 8;
	}
}

static uint64_t key_bytes(const struct dt_action *a, uint32_t strsize)
{
	switch (a->kind) {
	case DTRACEACT_USTACK: case DTRACEACT_JSTACK: case DTRACEACT_PYSTACK:
		return 8 * (1ull + DTRACE_USTACK_NFRAMES(a->arg)) + DTRACE_USTACK_STRSIZE(a->arg);
	case DTRACEACT_STACK:
		return 8 * a->arg;
	case DTRACEACT_USYM:
	case DTRACEACT_UMOD:
	case DTRACEACT_UADDR:
		return 16;
	default:
		return !a->difo ? 8 : a->difo->rtype.size ? a->difo->rtype.size : strsize;
	}
}

/* Bytes of one bucket of each of a clause's aggregating actions. */
static uint64_t clause_bucket_bytes(const struct dt_clause *cl, uint32_t strsize)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < cl->nactions; i++) {
		const struct dt_action *a = &cl->actions[i];

		if (!DTRACEACT_ISAGG(a->kind))
			continue;
		total += sizeof(dtrace_agghdr_t) + value_bytes(a);
		for (uint32_t k = 1; k <= a->ntuple && k <= i; k++)
			total += (key_bytes(&cl->actions[i - k], strsize) + 7) & ~7ull;
	}
	return total;
}

uint64_t dt_prog_bucket_bytes(const dtrace_prog_t *prog)
{
	uint64_t total = 0;
	uint32_t pat = 0;

	for (uint32_t i = 0; i < prog->p->nclauses; i++) {
		const struct dt_clause *cl = &prog->p->clauses[i];
		uint64_t bytes = clause_bucket_bytes(cl, prog->strsize);

		for (uint32_t j = 0; j < cl->npats; j++)
			total += bytes * prog->matched[pat++];
	}
	return total;
}

/*
 * Unless the user has said how much: room for one bucket per aggregating
 * action and probe, with a quarter to spare for objects that are loaded later,
 * so that "entry { @[probefunc] = count() }" on all of a big program drops nothing.
 */
static uint64_t choose_aggsize(const dtrace_hdl_t *dtp)
{
	const uint64_t least = 4 << 20, most = 64 << 20;
	uint64_t need = dtp->aggneed + dtp->aggneed / 4;

	if (dtp->opt[DTRACEOPT_AGGSIZE] != DTRACEOPT_UNSET)
		return (uint64_t)dtp->opt[DTRACEOPT_AGGSIZE];
	return need < least ? least : need > most ? most : need;
}

/* ---- Enabling --------------------------------------------------------------------- */

static bool is_user_stack(uint16_t kind)
{
	return kind == DTRACEACT_USTACK || kind == DTRACEACT_JSTACK || kind == DTRACEACT_PYSTACK;
}

static void note_needs(dtrace_hdl_t *dtp, const dtrace_prog_t *prog)
{
	for (uint32_t i = 0; i < prog->p->nclauses; i++)
		for (uint32_t j = 0; j < prog->p->clauses[i].nactions; j++) {
			const struct dt_action *a = &prog->p->clauses[i].actions[j];
			uint16_t kind = a->kind;

			dtp->has_aggs |= DTRACEACT_ISAGG(kind);
			dtp->needs_usyms |= DTRACEACT_CLASS(kind) == DTRACEACT_PROC;
			dtp->needs_langs |= is_user_stack(kind) && DTRACE_USTACK_STRSIZE(a->arg);
		}
	for (uint32_t i = 0; i < prog->p->nstmts; i++)
		if (prog->p->stmts[i]->naggs && !DTRACEACT_ISAGG(prog->p->stmts[i]->kind))
			dtp->reads_aggs = true;
	dtp->aggneed += dt_prog_bucket_bytes(prog);
}

static int enable(dtrace_hdl_t *dtp, dtrace_prog_t *prog, void *blob, size_t size)
{
	struct dtrace_ioc_error why = { .difo = DTRACE_DIFO_NONE };
	struct dtrace_ioc_enable e = {
		.image = (uintptr_t)blob, .size = size,
		.patmatched = (uintptr_t)prog->matched, .error = (uintptr_t)&why,
	};
	int rc = dt_ioctl(dtp, DTRACEIOC_ENABLE, &e);

	why.msg[sizeof(why.msg) - 1] = 0;
	if (rc == -ENODEV)
		return dt_set_errno(dtp, EDT_NODEV);
	if (rc && why.msg[0])
		return dt_set_error(dtp, EDT_ENABLE, "the kernel refused the program: %s", why.msg);
	if (rc)
		return dt_set_error(dtp, EDT_ENABLE, "the kernel refused the program: %s", strerror(-rc));
	prog->nmatched = e.nmatched;
	dt_debug(dtp, "enabled %u times; the image has %zu bytes", e.nmatched, size);
	return 0;
}

static int place(dtrace_hdl_t *dtp, dtrace_prog_t *prog)
{
	uint32_t flags = DTRACE_IMG_RETAIN;
	size_t size;
	void *blob;
	int rc;

	if (prog->cookie)
		return dt_set_error(dtp, EDT_ENABLE, "the program is enabled already");
	if (prog->destroys && dtp->opt[DTRACEOPT_DESTRUCTIVE] == DTRACEOPT_UNSET)
		return dt_set_error(dtp, EDT_ENABLE, "%s", prog->destroys);
	if (dtp->opt[DTRACEOPT_DESTRUCTIVE] != DTRACEOPT_UNSET)
		flags |= DTRACE_IMG_DESTRUCTIVE;
	prog->matched = calloc(prog->npats + 1, sizeof(*prog->matched));
	if (!prog->matched || number_program(dtp, prog))
		return dt_set_errno(dtp, ENOMEM);
	rc = dt_program_image(prog->p, prog->strsize, flags, &blob, &size);
	if (rc == -E2BIG)
		return dt_set_error(dtp, EDT_ENABLE, "the program is too large (its image may have %u MiB)",
				    DTRACE_IMAGE_MAX >> 20);
	if (rc)
		return dt_set_errno(dtp, -rc);
	stamp_image(prog, blob);
	rc = enable(dtp, prog, blob, size);
	free(blob);
	if (rc)
		return -1;
	note_needs(dtp, prog);
	return 0;
}

/*
 * What fails while tracing is told by an ERROR clause of our own, which
 * dt_handle_error() reads. It comes before the user's: one of theirs may exit().
 */
static int enable_error_clause(dtrace_hdl_t *dtp)
{
	static const char text[] =
		"dtrace:::ERROR { trace(arg1); trace(arg2); trace(arg3); trace(arg4); trace(arg5); }";
	dtrace_prog_t *prog;

	if (dtp->has_error_clause)
		return 0;
	prog = dtrace_program_strcompile(dtp, text, DTRACE_PROBESPEC_NONE, DTRACE_C_NOLIBS, 0, NULL);
	if (!prog)
		return -1;
	prog->internal = true;
	dtp->has_error_clause = true;
	return place(dtp, prog);
}

int dtrace_program_exec(dtrace_hdl_t *dtp, dtrace_prog_t *prog, dtrace_proginfo_t *info)
{
	if (dtp->fd < 0)
		return dt_set_errno(dtp, EDT_NODEV);
	if (enable_error_clause(dtp) || place(dtp, prog))
		return -1;
	dtrace_program_info(dtp, prog, info);
	return 0;
}

static int start(dtrace_hdl_t *dtp)
{
	static const uint32_t policy[] = {
		[DTRACEOPT_BUFPOLICY_RING] = DTRACE_BUFPOLICY_RING,
		[DTRACEOPT_BUFPOLICY_FILL] = DTRACE_BUFPOLICY_FILL,
		[DTRACEOPT_BUFPOLICY_SWITCH] = DTRACE_BUFPOLICY_SWITCH,
	};
	struct dtrace_ioc_go go = {
		.bufsize = (uint64_t)dtp->opt[DTRACEOPT_BUFSIZE],
		.aggsize = choose_aggsize(dtp),
		.dynvarsize = (uint64_t)dtp->opt[DTRACEOPT_DYNVARSIZE],
		.cleanrate = (uint64_t)dtp->opt[DTRACEOPT_CLEANRATE],
		.bufpolicy = policy[dtp->opt[DTRACEOPT_BUFPOLICY]],
		.bufresize = dtp->opt[DTRACEOPT_BUFRESIZE] == DTRACEOPT_BUFRESIZE_MANUAL,
		.nspec = (uint32_t)dtp->opt[DTRACEOPT_NSPEC],
		.specsize = (uint64_t)dtp->opt[DTRACEOPT_SPECSIZE],
		.cpu = DTRACE_CPUALL,
	};
	int rc;

	if (dtp->opt[DTRACEOPT_CPU] != DTRACEOPT_UNSET)
		go.cpu = (uint32_t)dtp->opt[DTRACEOPT_CPU];
	rc = dt_ioctl(dtp, DTRACEIOC_GO, &go);
	if (rc == -ENOMEM)
		return dt_set_error(dtp, EDT_GO, "there is not enough memory for the buffers; "
				    "make bufsize, aggsize or dynvarsize smaller");
	if (rc == -ENODEV)
		return dt_set_errno(dtp, EDT_NODEV);
	if (rc)
		return dt_set_error(dtp, EDT_GO, "the kernel cannot start tracing: %s", strerror(-rc));
	dt_debug(dtp, "tracing: bufsize %llu, aggsize %llu, dynvarsize %llu; BEGIN on CPU %d", go.got_bufsize,
		 go.got_aggsize, go.got_dynvarsize, go.begin_cpu);
	dtp->bufsize = go.got_bufsize;
	dtp->aggsize = go.got_aggsize;
	dtp->begin_cpu = go.begin_cpu;
	dtp->opt[DTRACEOPT_BUFSIZE] = (dtrace_optval_t)go.got_bufsize;
	dtp->opt[DTRACEOPT_AGGSIZE] = (dtrace_optval_t)go.got_aggsize;
	dtp->opt[DTRACEOPT_DYNVARSIZE] = (dtrace_optval_t)go.got_dynvarsize;
	return 0;
}

/* -x preallocate: memory that reading will want is asked for now, and stays in the heap. */
static int preallocate(dtrace_hdl_t *dtp)
{
	size_t n = dtp->opt[DTRACEOPT_PREALLOCATE] > 0 ? (size_t)dtp->opt[DTRACEOPT_PREALLOCATE] : 0;
	char *p;

	if (!n)
		return 0;
	mallopt(M_TRIM_THRESHOLD, -1);
	mallopt(M_MMAP_MAX, 0);		/* a mapping of its own would go back at once */
	p = malloc(n);
	mallopt(M_MMAP_MAX, 65536);	/* malloc's own default */
	if (!p)
		return dt_set_error(dtp, ENOMEM, "there is not enough memory to preallocate %zu bytes", n);
	explicit_bzero(p, n);		/* memset() of what is freed next would be left out */
	free(p);
	return 0;
}

int dtrace_go(dtrace_hdl_t *dtp)
{
	if (dtp->active)
		return dt_set_errno(dtp, EDT_ACTIVE);
	if (dtp->fd < 0)
		return dt_set_errno(dtp, EDT_NODEV);
	if (enable_error_clause(dtp))
		return -1;
	if (!dtp->cpus)		/* else a go that failed has left them */
		dtp->cpus = calloc(dtp->ver.ncpus, sizeof(*dtp->cpus));
	if (!dtp->cpus)
		return dt_set_errno(dtp, ENOMEM);
	if (preallocate(dtp) || dt_procs_follow(dtp) || dt_procs_trapfree(dtp) || start(dtp))
		return -1;
	dtp->active = true;
	/* The first turn reads out at once: a program that works for one turn only sees what BEGIN has recorded. */
	dtp->next_switch = dtp->next_agg = dtp->next_status = dt_now();
	return 0;
}

int dtrace_stop(dtrace_hdl_t *dtp)
{
	struct dtrace_ioc_stop stop = { 0 };
	int rc;

	if (!dtp->active)
		return dt_set_errno(dtp, EDT_NOTGO);
	if (dtp->stopped)
		return 0;
	rc = dt_ioctl(dtp, DTRACEIOC_STOP, &stop);
	if (rc)
		return dt_set_error(dtp, -rc, "cannot stop tracing: %s", strerror(-rc));
	dtp->stopped = true;
	dtp->end_cpu = stop.end_cpu;
	dt_procs_unfollow(dtp);
	return 0;
}
