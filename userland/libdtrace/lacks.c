/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What static probes lack. A compiler may leave an argument where a tracepoint cannot
 * read it (a vector register, a variable that a stripped file does not name), and a place may be one that cannot be
 * traced. The argument reads as 0 and the place does not fire, so whoever uses them must be told,
 * and nobody else: most probes' odd arguments are never read.
 *
 * Lacks come when an object's probes are made, clauses when they are compiled, and
 * either may be first (an object that is loaded later). So both are kept for each process, and matched
 * whenever one of them has come. What was told is not told again.
 */
#include <stdlib.h>
#include <string.h>

#include "proc_impl.h"

/* ---- Which arguments a clause reads -------------------------------------------------------- */

/*
 * args[n]: n is a constant, which the compiler has put into the register just before. Should it ever stand elsewhere,
 * it could be any argument: better told without need than not.
 */
static uint32_t args_element(const struct dt_difo *d, uint32_t pc)
{
	uint32_t before = pc ? d->text[pc - 1] : 0;
	uint64_t n;

	if (!pc || DIF_RD(before) != DIF_R2(d->text[pc]))
		return ~0u;
	if (DIF_OP(before) == DIF_OP_SETX && DIF_IMM16(before) < d->nints)
		n = d->ints[DIF_IMM16(before)];
	else if (DIF_OP(before) == DIF_OP_MOV && !DIF_R1(before))
		n = 0;
	else
		return ~0u;
	return n < 32 ? 1u << n : 0;
}

static uint32_t reads(const struct dt_difo *d)
{
	uint32_t args = 0;

	for (uint32_t i = 0; d && i < d->ntext; i++) {
		uint32_t in = d->text[i], var = DIF_IMM16(in);

		if (DIF_OP(in) == DIF_OP_LDGS && var >= DIF_VAR_ARG0 && var <= DIF_VAR_ARG9)
			args |= 1u << (var - DIF_VAR_ARG0);
		else if (DIF_OP(in) == DIF_OP_LDGA && DIF_R1(in) == DIF_VAR_ARGS)
			args |= args_element(d, i);
	}
	return args;
}

static uint32_t clause_reads(const struct dt_clause *cl)
{
	uint32_t args = reads(cl->pred);

	for (uint32_t i = 0; i < cl->nactions; i++)
		args |= reads(cl->actions[i].difo) | reads(cl->actions[i].incr);
	return args;
}

/* ---- Telling ----------------------------------------------------------------------------------- */

static bool is_read(const struct ps_prochandle *P, const struct dt_lack *l)
{
	for (size_t i = 0; i < P->nreaders; i++) {
		const struct dt_reader *r = &P->readers[i];

		if ((l->arg < 0 || r->args & 1u << l->arg) && dt_glob_fits(r->pat.dtpd_provider, l->prov) &&
		    dt_object_matches(l->obj, r->pat.dtpd_mod) && dt_glob_fits(r->pat.dtpd_name, l->name))
			return true;
	}
	return false;
}

void dt_process_tell_lacks(struct ps_prochandle *P)
{
	for (size_t i = 0; i < P->nlacks; i++) {
		struct dt_lack *l = &P->lacks[i];

		if (l->told || !is_read(P, l))
			continue;
		l->told = true;
		if (l->arg < 0)
			dt_process_say(P, "%s:%s::%s cannot be traced at each of its places (of one, %s): what passes "
				       "there is not counted", l->prov, l->obj->name, l->name, l->why);
		else
			dt_process_say(P, "arg%d of %s:%s::%s reads as 0 where it cannot be had: %s", l->arg, l->prov,
				       l->obj->name, l->name, l->why);
	}
}

/* ---- Remembering ------------------------------------------------------------------------------- */

void dt_process_lack(void *ctx, const struct dt_object *o, const char *prov, const char *name, int arg, const char *why)
{
	struct ps_prochandle *P = ctx;
	struct dt_lack *l;

	for (size_t i = 0; i < P->nlacks; i++) {
		l = &P->lacks[i];
		if (l->obj == o && l->arg == arg && !strcmp(l->prov, prov) && !strcmp(l->name, name))
			return;
	}
	if (!dt_grow(&P->lacks, P->nlacks, &P->lackroom, sizeof(*P->lacks)))
		return;
	l = &P->lacks[P->nlacks];
	*l = (struct dt_lack){ .obj = o, .arg = arg, .why = strdup(why) };
	if (!l->why)
		return;
	snprintf(l->prov, sizeof(l->prov), "%s", prov);
	snprintf(l->name, sizeof(l->name), "%s", name);
	P->nlacks++;
}

/* Objects are another program's after an exec. */
void dt_process_forget_lacks(struct ps_prochandle *P)
{
	for (size_t i = 0; i < P->nlacks; i++)
		free(P->lacks[i].why);
	P->nlacks = 0;
}

void dt_process_forget_readers(struct ps_prochandle *P)
{
	dt_process_forget_lacks(P);
	free(P->lacks);
	free(P->readers);
}

void dt_pidprobe_reads(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pat, const struct dt_clause *cl)
{
	uint32_t args = clause_reads(cl);
	pid_t pid;

	if (pat->dtpd_id || dt_pidpat(pat->dtpd_provider, &pid) < DT_PIDPAT_STATIC)
		return;
	for (struct ps_prochandle *P = dtp->procs; P; P = P->next) {
		pthread_mutex_lock(&P->lock);
		if (P->up && dt_grow(&P->readers, P->nreaders, &P->readerroom, sizeof(*P->readers))) {
			P->readers[P->nreaders++] = (struct dt_reader){ *pat, args };
			dt_process_tell_lacks(P);
		}
		pthread_mutex_unlock(&P->lock);
	}
}
