// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What all the functions of an object say about each other, for return probes.
 *
 * A function's returns are its own only if nothing else leads into it past its
 * first instruction. Compilers keep to that; hand-written code does not
 * always (mempcpy that jumps into memmove, local subroutines). Counting such
 * returns would give more returns than entries, so they are refused, with a
 * reason. To know, the whole object is decoded: once, when the first return
 * probe in it is asked for, keeping of each function only where it can leave.
 *
 * The linear order of functions is that of dt_elf_functions(); addresses are
 * the file's, without a process's bias.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "impl.h"

struct scan {
	struct dt_elf *elf;
	const struct dt_func *func;
	struct dt_pid_code *c;
	struct dt_pid_decoded all;
	size_t max;		/* room in c->point */
};

static void blame(struct scan *s, long i, enum dt_pid_skip why)
{
	if (i >= 0 && s->c->why[i] == DT_PID_FINE)
		s->c->why[i] = why;
}

/* The function that the code at @i belongs to. */
static long owner(const struct scan *s, long i)
{
	return s->func[i].is_frag ? s->func[i].cold : i;
}

/* Control goes from function @i to another place by a direct branch. */
static void see_branch(struct scan *s, size_t i, const struct dt_pid_insn *in)
{
	long to = dt_elf_func_at(s->elf, in->target);

	if (to < 0)
		return;
	if (!in->is_call && owner(s, i) == to && in->target == s->func[to].addr)
		blame(s, to, DT_PID_SKIP_LOOP);
	else if (s->func[to].is_frag && s->func[to].cold < 0) {
		if (!in->is_call)
			blame(s, owner(s, i), DT_PID_SKIP_PARTS);	/* may be its own part */
	} else if (owner(s, to) == owner(s, i)) {
		bool next = in->target == in->addr + in->point.len;	/* call; pop: where am I? */

		if (in->is_call && in->target != s->func[to].addr && !next)
			blame(s, owner(s, to), DT_PID_SKIP_SHARED);
	} else if (s->func[to].is_frag || in->target != s->func[to].addr) {
		blame(s, owner(s, to), DT_PID_SKIP_SHARED);
	}
}

static bool is_padding(const struct dt_pid_insn *in)
{
	const uint8_t *b = in->point.bytes;
	unsigned int i = 0;

	while (i < in->point.len && (b[i] == 0x66 || b[i] == 0x2e || b[i] == 0x48))
		i++;
	return b[i] == 0x90 || b[i] == 0xcc || (b[i] == 0x0f && b[i + 1] == 0x1f) || (!b[0] && !b[1]);
}

/* Does control reach the end of the code without leaving? A call there never comes back. */
static bool runs_on(const struct dt_pid_decoded *all)
{
	size_t n = all->n;

	while (n && is_padding(&all->insn[n - 1]))
		n--;
	return !n || !(all->insn[n - 1].is_end || all->insn[n - 1].is_call);
}

static int more_points(struct scan *s)
{
	size_t max = s->max ? 2 * s->max : 1024;
	struct dtrace_pid_point *v = realloc(s->c->point, max * sizeof(*v));
	uint8_t *nojump;

	if (!v)
		return -ENOMEM;
	s->c->point = v;
	nojump = realloc(s->c->nojump, max);
	if (!nojump)
		return -ENOMEM;
	s->c->nojump = nojump;
	s->max = max;
	return 0;
}

/* Instruction @k of function @i, whose bytes are at @code. */
static int add_point(struct scan *s, size_t i, const uint8_t *code, size_t avail, size_t k)
{
	bool parts = s->func[i].is_frag || s->c->frag[i] >= 0;
	struct dtrace_pid_point *pt;
	int rc;

	if (s->c->npoint == s->max && more_points(s))
		return -ENOMEM;
	pt = &s->c->point[s->c->npoint];
	*pt = s->all.insn[k].point;
	rc = dt_pid_jump_return(code, avail, &s->all, k, parts, pt);
	s->c->nojump[s->c->npoint++] = rc ? -rc - 1 : DT_PID_FINE;
	return 0;
}

/* Collect where function @i may leave. */
static int see_insns(struct scan *s, size_t i, const uint8_t *code, size_t avail)
{
	for (size_t k = 0; k < s->all.n; k++) {
		const struct dt_pid_insn *in = &s->all.insn[k];

		if (in->target)
			see_branch(s, i, in);
		if (!in->is_ret && !in->leaves && !in->indirect)
			continue;
		if (in->is_fixed) {
			blame(s, owner(s, i), DT_PID_SKIP_KIND);
			continue;
		}
		if (add_point(s, i, code, avail, k))
			return -ENOMEM;
	}
	return 0;
}

static int see_function(struct scan *s, size_t i)
{
	const struct dt_func *f = &s->func[i];
	long other = f->is_frag ? f->cold : s->c->frag[i];
	uint64_t lo2 = other >= 0 ? s->func[other].addr : 0;
	uint64_t hi2 = other >= 0 ? lo2 + s->func[other].size : 0;
	size_t avail;
	const uint8_t *code = dt_elf_text(s->elf, f->addr, &avail);
	int rc;

	if (!code || avail < f->size) {
		blame(s, owner(s, i), DT_PID_SKIP_SIZE);
		return 0;
	}
	rc = dt_pid_decode(code, f->size, f->addr, lo2, hi2, &s->all);
	if (rc == -ENOMEM)
		return rc;
	if (rc) {
		blame(s, owner(s, i), -rc - 1);
		return 0;
	}
	if (runs_on(&s->all))
		blame(s, owner(s, i), DT_PID_SKIP_FALLS);
	if (i + 1 < s->c->nfunc && avail > s->func[i + 1].addr - f->addr)
		avail = s->func[i + 1].addr - f->addr;
	return see_insns(s, i, code, avail);
}

static void find_frags(struct scan *s)
{
	struct dt_pid_code *c = s->c;

	for (size_t i = 0; i < c->nfunc; i++)
		c->frag[i] = -1;
	for (size_t i = 0; i < c->nfunc; i++) {
		long of = s->func[i].is_frag ? s->func[i].cold : -1;

		if (of < 0)
			continue;
		if (c->frag[of] >= 0)
			blame(s, of, DT_PID_SKIP_PARTS);
		else
			c->frag[of] = i;
	}
}

int dt_pid_code_read(struct dt_elf *elf, struct dt_pid_code **ret)
{
	struct scan s = { .elf = elf };
	int rc = -ENOMEM;
	size_t n;

	s.func = dt_elf_functions(elf, &n);
	s.c = calloc(1, sizeof(*s.c));
	if (!s.c)
		return -ENOMEM;
	s.c->elf = elf;
	s.c->nfunc = n;
	s.c->why = malloc(n + 1);
	s.c->frag = malloc((n + 1) * sizeof(*s.c->frag));
	s.c->first = malloc((n + 1) * sizeof(*s.c->first));
	if (!s.c->why || !s.c->frag || !s.c->first)
		goto fail;
	memset(s.c->why, DT_PID_FINE, n);
	find_frags(&s);
	for (size_t i = 0; i < n; i++) {
		s.c->first[i] = s.c->npoint;
		rc = see_function(&s, i);
		if (rc)
			goto fail;
	}
	s.c->first[n] = s.c->npoint;
	free(s.all.insn);
	*ret = s.c;
	return 0;
fail:
	free(s.all.insn);
	dt_pid_code_free(s.c);
	return rc;
}

void dt_pid_code_free(struct dt_pid_code *c)
{
	if (!c)
		return;
	free(c->why);
	free(c->frag);
	free(c->first);
	free(c->point);
	free(c->nojump);
	free(c);
}
