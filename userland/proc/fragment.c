// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which functions are only a part of another one.
 *
 * Compilers move unlikely code of a function to a section of its own. With
 * symbols that part is called foo.cold; in a stripped file the unwind table
 * gives it a range like any function's. A probe on its first instruction would
 * count a call that was none, and a jump to it would look like a tail call of
 * foo, whose real return would then come without an entry. So:
 *
 *   - a range that does not begin with the return address on top of the stack
 *     is a fragment for certain;
 *   - so is foo.cold, unless it is called (LLVM can outline real functions and
 *     names them alike);
 *   - any other range without a symbol is one if it is never called, another
 *     function jumps to it, and it jumps back into the middle of that function;
 *   - or if conditional jumps of one function behind it are all that leads to it.
 *
 * What slips through is jumped to and never jumps back: it leaves either by
 * returning, which makes the jump a tail call in every respect, or not at all.
 * As a function of its own its entries equal its returns.
 *
 * Jumps between sections always have 32-bit displacements (only the linker
 * knows them), so bytes are searched for e8, e9 and 0f 8x rather than decoded:
 * other bytes could look the same, but would have to hit the very range by chance.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "impl.h"

#define DT_SHT_RELR	19	/* SHT_RELR, unknown to older elf.h */

enum { FUNCTION, MAYBE, FRAGMENT };	/* what an entry is so far */

struct edge {
	uint32_t from, to;
	bool at_start;		/* leads to the first instruction of to */
	bool is_cond;
};

struct scan {
	struct dt_elf *e;
	uint8_t *kind;
	bool *called;
	bool *taken;		/* its address is known to data or other code */
	struct edge *edge;
	size_t nedge, max;
};

static int add_edge(struct scan *s, const struct edge *g)
{
	if (s->nedge == s->max) {
		size_t max = s->max ? 2 * s->max : 256;
		struct edge *v = realloc(s->edge, max * sizeof(*v));

		if (!v)
			return -ENOMEM;
		s->edge = v;
		s->max = max;
	}
	s->edge[s->nedge++] = *g;
	return 0;
}

/* A direct branch in @from's code (or in nobody's: -1) that leads to @target. */
static int note_branch(struct scan *s, long from, uint64_t target, bool is_call, bool is_cond)
{
	const struct dt_func *func = s->e->func;
	long to;

	if (from >= 0 && target - func[from].addr < func[from].size)
		return 0;
	to = dt_elf_search(s->e, target);
	if (to < 0)
		return 0;
	if (is_call) {
		if (target == func[to].addr)
			s->called[to] = true;
		return 0;
	}
	if (from < 0 || (s->kind[from] == FUNCTION && s->kind[to] == FUNCTION))
		return 0;
	return add_edge(s, &(struct edge) { from, to, target == func[to].addr, is_cond });
}

static void take_address(struct scan *s, uint64_t addr)
{
	long i = dt_elf_search(s->e, addr);

	if (i >= 0 && s->e->func[i].addr == addr)
		s->taken[i] = true;
}

/*
 * Addresses in data: a relocatable object has a relocation for each. False:
 * they are not to be known, for it is not relocatable or packs them.
 */
static bool scan_pointers(struct scan *s)
{
	const Elf64_Ehdr *eh = elf64_getehdr(s->e->elf);
	Elf_Scn *scn = NULL;

	if (eh->e_type != ET_DYN)
		return false;
	while ((scn = elf_nextscn(s->e->elf, scn)) != NULL) {
		GElf_Shdr mem, *sh = gelf_getshdr(scn, &mem);
		Elf_Data *d;

		if (sh && sh->sh_type == DT_SHT_RELR)
			return false;
		if (!sh || sh->sh_type != SHT_RELA || !(d = elf_getdata(scn, NULL)))
			continue;
		for (size_t i = 0; i < d->d_size / sizeof(Elf64_Rela); i++) {
			GElf_Rela r;

			if (gelf_getrela(d, i, &r) && ELF64_R_TYPE(r.r_info) == R_X86_64_RELATIVE)
				take_address(s, r.r_addend);
		}
	}
	return true;
}

static int scan_text(struct scan *s, const struct dt_text *text)
{
	const struct dt_func *func = s->e->func;
	size_t avail, size = text->hi - text->lo, next = 0;
	const uint8_t *code = dt_elf_text(s->e, text->lo, &avail);
	long from = -1;

	if (!code || size < 5)
		return 0;
	if (size > avail)
		size = avail;
	for (size_t i = 0; i + 5 <= size; i++) {
		bool jcc = code[i] == 0x0f && (code[i + 1] & 0xf0) == 0x80 && i + 6 <= size;
		uint64_t at = text->lo + i;
		int32_t disp;
		int rc;

		if (code[i] == 0x8d && (code[i + 1] & 0xc7) == 0x05 && i + 6 <= size) {
			memcpy(&disp, code + i + 2, 4);	/* lea disp(%rip) */
			take_address(s, at + 6 + disp);
		}
		if (!jcc && code[i] != 0xe8 && code[i] != 0xe9)
			continue;
		while (next < s->e->nfunc && func[next].addr <= at)
			from = next++;
		memcpy(&disp, code + i + 1 + jcc, 4);
		rc = note_branch(s, from >= 0 && at - func[from].addr < func[from].size ? from : -1,
				 at + 5 + jcc + disp, code[i] == 0xe8, jcc);
		if (rc)
			return rc;
	}
	return 0;
}

static int edge_order(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	return x->at_start - y->at_start;
}

/* How many jumps lead from one to the other: to its start, or (wanted) elsewhere in it. */
static size_t count_edges(const struct scan *s, uint32_t from, uint32_t to, bool at_start)
{
	size_t lo = 0, hi = s->nedge, n = 0;
	struct edge key = { .from = from, .to = to, .at_start = at_start };

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (edge_order(&s->edge[mid], &key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	while (lo < s->nedge && !edge_order(&s->edge[lo], &key)) {
		lo++;
		n++;
	}
	return n;
}

/* May @f, of unknown nature, be a part of @owner, which jumps to it? */
static bool belongs(const struct scan *s, uint32_t f, uint32_t owner)
{
	size_t to_start = count_edges(s, owner, f, true);
	size_t back = count_edges(s, f, owner, false);

	if (!back || count_edges(s, f, owner, true) || s->kind[owner] == FRAGMENT)
		return false;
	if (to_start || s->kind[owner] == FUNCTION || s->called[owner])
		return true;
	return f < owner;	/* linkers put the unlikely section first */
}

static bool has_cold_name(const char *name)
{
	const char *cold = strstr(name, ".cold");

	return cold && cold > name && (!cold[5] || cold[5] == '.');
}

static void classify(struct scan *s, const bool *plain)
{
	const struct dt_func *f = s->e->func;

	for (size_t i = 0; i < s->e->nfunc; i++) {
		if (f[i].is_frag || (!plain[i] && f[i].src == DT_SRC_EHFRAME))
			s->kind[i] = FRAGMENT;
		else if (f[i].src == DT_SRC_EHFRAME || has_cold_name(f[i].name))
			s->kind[i] = plain[i] ? MAYBE : FRAGMENT;
	}
}

/*
 * Unreferenced ranges that are entered at their start by conditional jumps of
 * one function, which lies behind them: gcc makes no conditional tail calls,
 * and linkers put unlikely code first.
 */
static int settle_by_condition(struct scan *s)
{
	int64_t *from = malloc((s->e->nfunc + 1) * sizeof(*from));	/* -1: nobody, -2: several */

	if (!from)
		return -ENOMEM;
	for (size_t i = 0; i < s->e->nfunc; i++)
		from[i] = -1;
	for (size_t i = 0; i < s->nedge; i++) {
		const struct edge *g = &s->edge[i];

		if (!g->at_start)
			continue;
		if (!g->is_cond || g->from < g->to || (from[g->to] != -1 && from[g->to] != g->from))
			from[g->to] = -2;
		else
			from[g->to] = g->from;
	}
	for (size_t i = 0; i < s->e->nfunc; i++) {
		if (from[i] >= 0 && s->kind[i] == MAYBE && !s->called[i] && !s->taken[i] &&
		    s->kind[from[i]] != FRAGMENT)
			s->kind[i] = FRAGMENT;
	}
	free(from);
	return 0;
}

/* Ranges without a symbol that turn out to be parts of others. */
static void settle_maybes(struct scan *s)
{
	for (size_t i = 0; i < s->nedge; i++) {
		const struct edge *g = &s->edge[i];

		if (s->kind[g->to] == MAYBE && !s->called[g->to] && belongs(s, g->to, g->from))
			s->kind[g->to] = FRAGMENT;
	}
	for (size_t i = 0; i < s->e->nfunc; i++) {
		if (s->kind[i] == MAYBE && !s->called[i] && has_cold_name(s->e->func[i].name))
			s->kind[i] = FRAGMENT;
	}
}

/* ---- Owners ------------------------------------------------------------------- */

struct tie {			/* a jump between a fragment and a function, either way */
	uint32_t frag, func;
};

static int tie_order(const void *a, const void *b)
{
	const struct tie *x = a, *y = b;

	if (x->frag != y->frag)
		return x->frag < y->frag ? -1 : 1;
	return x->func < y->func ? -1 : x->func > y->func;
}

static size_t collect_ties(const struct scan *s, struct tie *tie)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nedge; i++) {
		const struct edge *g = &s->edge[i];
		bool from_frag = s->kind[g->from] == FRAGMENT, to_frag = s->kind[g->to] == FRAGMENT;

		if (to_frag && !from_frag)
			tie[n++] = (struct tie) { g->to, g->from };
		else if (from_frag && !to_frag && !g->at_start)
			tie[n++] = (struct tie) { g->from, g->to };
	}
	qsort(tie, n, sizeof(*tie), tie_order);
	return n;
}

/* foo for foo.cold and foo.cold.3 */
static bool is_base_name(const char *cold, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(cold, name, len) && !strncmp(cold + len, ".cold", 5);
}

/* The owner by jumps: the one whose name fits, else the one with most of them. */
static void own_by_jumps(struct scan *s, const struct tie *tie, size_t ntie)
{
	struct dt_func *func = s->e->func;
	bool is_piece = false;
	size_t run, most = 0;

	for (size_t i = 0; i < ntie; i += run) {
		struct dt_func *f = &func[tie[i].frag];

		for (run = 1; i + run < ntie && !tie_order(&tie[i], &tie[i + run]); run++)
			;
		if (i == 0 || tie[i - 1].frag != tie[i].frag) {
			is_piece = f->cold >= 0;
			most = 0;
		}
		if (is_piece || (f->cold >= 0 && is_base_name(f->name, func[f->cold].name)))
			continue;
		if (run > most || is_base_name(f->name, func[tie[i].func].name)) {
			most = run;
			f->cold = tie[i].func;
		}
	}
}

/* foo.cold that no jump ties to its owner (exceptions land in it): the only foo there is. */
static void own_by_name(struct dt_elf *e, struct dt_func *f)
{
	size_t len = strstr(f->name, ".cold") - f->name;

	for (size_t i = 0; i < e->nfunc; i++) {
		if (strncmp(e->func[i].name, f->name, len) || e->func[i].name[len])
			continue;
		if (f->cold >= 0) {
			f->cold = -1;
			return;
		}
		f->cold = i;
	}
}

/* Pieces that clipping made belong to their function already; the others look for it. */
static int find_owners(struct scan *s)
{
	struct dt_elf *e = s->e;
	struct tie *tie = malloc((s->nedge + 1) * sizeof(*tie));

	if (!tie)
		return -ENOMEM;
	for (size_t i = 0; i < e->nfunc; i++)
		e->func[i].is_frag = s->kind[i] == FRAGMENT;
	own_by_jumps(s, tie, collect_ties(s, tie));
	free(tie);
	for (size_t i = 0; i < e->nfunc; i++) {
		struct dt_func *f = &e->func[i];
		char name[512];
		int len;

		if (f->is_frag && f->cold < 0 && has_cold_name(f->name))
			own_by_name(e, f);
		if (!f->is_frag || f->cold < 0 || f->src != DT_SRC_EHFRAME)
			continue;
		len = snprintf(name, sizeof(name), "%.500s.cold", e->func[f->cold].name);
		f->name = dt_elf_strs_add(&e->strs, name, len);
		if (!f->name)
			return -ENOMEM;
	}
	return 0;
}

int dt_fragments_mark(struct dt_elf *e, const bool *plain)
{
	struct scan s = { .e = e };
	int rc = -ENOMEM;

	s.kind = calloc(e->nfunc + 1, sizeof(*s.kind));
	s.called = calloc(e->nfunc + 1, sizeof(*s.called));
	s.taken = calloc(e->nfunc + 1, sizeof(*s.taken));
	if (!s.kind || !s.called || !s.taken)
		goto out;
	classify(&s, plain);
	rc = 0;
	if (!memchr(s.kind, MAYBE, e->nfunc) && !memchr(s.kind, FRAGMENT, e->nfunc))
		goto out;
	for (size_t i = 0; !rc && i < e->ntext; i++)
		rc = scan_text(&s, &e->text[i]);
	if (rc)
		goto out;
	if (s.nedge)
		qsort(s.edge, s.nedge, sizeof(*s.edge), edge_order);
	settle_maybes(&s);
	rc = scan_pointers(&s) ? settle_by_condition(&s) : 0;
	if (rc)
		goto out;
	rc = find_owners(&s);
out:
	free(s.kind);
	free(s.called);
	free(s.taken);
	free(s.edge);
	return rc;
}
