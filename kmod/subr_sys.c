// SPDX-License-Identifier: GPL-2.0-only
/*
 * Subroutines that ask about the system or change it: what they know, port.h
 * knows; here are their arguments, results and faults.
 *
 * copyout() and copyoutstr() write to the current process, destructively. They
 * write only to pages that are there and writable at this moment: what would need
 * a page fault, copy-on-write too, is BADADDR.
 *
 * Source: Guide, "Actions and Subroutines".
 */
#include "engine_impl.h"

#define CHUNK 256	/* copyout() goes through scratch in pieces of this */

static u64 arg(const struct dtk_exec *x, u32 n)
{
	return x->tup[n].val;
}

/* ---- Writing to the process ------------------------------------------------------- */

u64 dtk_subr_copyout(struct dtk_exec *x)
{
	struct dtk_mstate *ms = x->ms;
	u64 from = arg(x, 0), to = arg(x, 1), n = arg(x, 2), at, part;
	size_t mark = ms->scratch;
	void *buf;

	dtk_proved(x->difo->flags & DTK_DIFO_DESTRUCTIVE);
	if (n > DTK_TYPE_MAX) {
		dtk_fault(ms, DTRACEFLT_BADSIZE, n);
		return 0;
	}
	buf = dtk_scratch(ms, CHUNK);
	for (at = 0; buf && at < n && !ms->fault; at += part) {
		part = min_t(u64, n - at, CHUNK);
		if (dtk_mem_read(ms, x->difo, buf, from + at, part) && dtk_write_user(to + at, buf, part))
			dtk_fault(ms, DTRACEFLT_BADADDR, to + at);
	}
	ms->scratch = mark;
	return 0;
}

/* (string, address[, most bytes]): with its NUL, unless the bytes end before. */
u64 dtk_subr_copyoutstr(struct dtk_exec *x)
{
	size_t mark = x->ms->scratch, n;
	u64 to = arg(x, 1);
	struct dtk_str s;

	dtk_proved(x->difo->flags & DTK_DIFO_DESTRUCTIVE);
	if (!dtk_mem_str(x->ms, x->difo, arg(x, 0), &s))
		return 0;
	n = s.len;	/* without the NUL: in a table it need not be there if the string was cut */
	if (x->ntup > 2)
		n = min_t(u64, n, arg(x, 2));
	if (dtk_write_user(to, s.p, n) ||
	    ((x->ntup < 3 || n < arg(x, 2)) && dtk_write_user(to + n, "", 1)))
		dtk_fault(x->ms, DTRACEFLT_BADADDR, to);
	x->ms->scratch = mark;
	return 0;
}

/* ---- Questions ------------------------------------------------------------------------ */

u64 dtk_subr_speculation(struct dtk_exec *x)
{
	return dtk_spec_new(x->ms);
}

u64 dtk_subr_d_path(struct dtk_exec *x)
{
	struct dtk_mstate *ms = x->ms;
	size_t n = ms->strsize;
	char *dst;

	dst = dtk_scratch(ms, n);
	if (dst && !dtk_path_str(arg(x, 0), dst, n))
		dtk_fault(ms, DTRACEFLT_BADADDR, arg(x, 0));
	return (uintptr_t)dst;
}

static u64 ask(struct dtk_exec *x, u32 subr)
{
	u64 val = 0;
	u32 fault = dtk_ask(subr, arg(x, 0), &val);

	if (fault)
		dtk_fault(x->ms, fault, arg(x, 0));
	return val;
}

#define QUESTION(name, id)			\
u64 dtk_subr_##name(struct dtk_exec *x)	\
{						\
	return ask(x, DIF_SUBR_##id);		\
}

QUESTION(progenyof, PROGENYOF)
QUESTION(mutex_owned, MUTEX_OWNED)
QUESTION(mutex_owner, MUTEX_OWNER)
QUESTION(mutex_type_adaptive, MUTEX_TYPE_ADAPTIVE)
QUESTION(mutex_type_spin, MUTEX_TYPE_SPIN)
QUESTION(rw_iswriter, RW_ISWRITER)
QUESTION(rw_read_held, RW_READ_HELD)
QUESTION(rw_write_held, RW_WRITE_HELD)
