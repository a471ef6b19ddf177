// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The piece of code around one address, from the unwind tables. symtab.c knows it, too, but only after it
 * has read all symbols, looked for separate debug files and decoded what may be cold parts: a
 * second for an interpreter on a slow machine, where all that is asked is how far one function goes.
 */
#include <pthread.h>

#include "impl.h"

/* A table that cannot be read is an empty one: then the symbols are asked. */
static void know_fdes(struct dt_elf *e)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&lock);
	if (!e->fde_known)
		dt_ehframe_read(e, &e->fde, &e->nfde);
	e->fde_known = true;
	pthread_mutex_unlock(&lock);
}

static const struct dt_fde *covering(const struct dt_fde *fde, size_t n, uint64_t addr)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (fde[mid].lo <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && addr < fde[lo - 1].hi ? &fde[lo - 1] : NULL;
}

bool dt_elf_extent(struct dt_elf *e, uint64_t vaddr, struct dt_extent *ret)
{
	const struct dt_fde *f;
	long i;

	know_fdes(e);
	f = covering(e->fde, e->nfde, vaddr);
	if (f) {
		*ret = (struct dt_extent){ f->lo, f->hi, f->plain };
		return true;
	}
	i = dt_elf_func_at(e, vaddr);
	if (i < 0)
		return false;
	*ret = (struct dt_extent){ e->func[i].addr, e->func[i].addr + e->func[i].size, !e->func[i].is_frag };
	return true;
}
