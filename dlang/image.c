// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The program as the kernel takes it: see "Program image" in dtrace/abi.h.
 *
 * Two walks over the program: one counts what each table will hold, one fills
 * them. Both visit difos in the same order, which is how an action knows the
 * index of its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dlang.h"

struct image {
	uint8_t *blob;			/* NULL while counting */
	struct dtrace_image_hdr hdr;	/* counts so far; offsets once they are known */
};

static void *slot(const struct image *im, const struct dtrace_image_table *t, size_t elem, uint32_t at)
{
	return im->blob + t->off + elem * at;
}

/* Copy @n elements to the end of a table; returns where they begin. */
static uint32_t append(struct image *im, struct dtrace_image_table *t, size_t elem, const void *src, uint32_t n)
{
	uint32_t at = t->count;

	if (im->blob && n)
		memcpy(slot(im, t, elem, at), src, elem * n);
	t->count += n;
	return at;
}

static uint32_t add_string(struct image *im, const char *s)
{
	return *s ? append(im, &im->hdr.strs, 1, s, (uint32_t)strlen(s) + 1) : 0;
}

static uint32_t add_difo(struct image *im, const struct dt_difo *d)
{
	struct dtrace_difo_desc desc = { 0 };

	if (!d)
		return DTRACE_DIFO_NONE;
	desc.text = append(im, &im->hdr.text, sizeof(*d->text), d->text, desc.ntext = d->ntext);
	desc.ints = append(im, &im->hdr.ints, sizeof(*d->ints), d->ints, desc.nints = d->nints);
	desc.strs = append(im, &im->hdr.strs, 1, d->strs, desc.nstrs = d->nstrs);
	desc.vars = append(im, &im->hdr.vars, sizeof(*d->vars), d->vars, desc.nvars = d->nvars);
	desc.rtype = d->rtype;
	return append(im, &im->hdr.difos, sizeof(desc), &desc, 1);
}

static void add_action(struct image *im, const struct dt_action *a)
{
	struct dtrace_act_desc desc = {
		.kind = a->kind, .ntuple = a->ntuple, .varid = a->varid, .arg = a->arg,
		.uarg = a->stmt ? a->stmt->index + 1 : 0,
	};

	desc.difo = add_difo(im, a->difo);
	desc.incr = add_difo(im, a->incr);
	append(im, &im->hdr.actions, sizeof(desc), &desc, 1);
}

static void add_clause(struct image *im, const struct dt_clause *c, uint32_t index)
{
	struct dtrace_clause_desc desc = { .nactions = c->nactions, .uarg = index };

	desc.pred = add_difo(im, c->pred);
	desc.action = im->hdr.actions.count;
	for (uint32_t i = 0; i < c->nactions; i++)
		add_action(im, &c->actions[i]);
	append(im, &im->hdr.clauses, sizeof(desc), &desc, 1);
	for (uint32_t i = 0; i < c->npats; i++) {
		const dtrace_probedesc_t *p = &c->pats[i];
		struct dtrace_probe_pat pat = { .id = p->dtpd_id, .clause = index };

		pat.prov = add_string(im, p->dtpd_provider);
		pat.mod = add_string(im, p->dtpd_mod);
		pat.func = add_string(im, p->dtpd_func);
		pat.name = add_string(im, p->dtpd_name);
		append(im, &im->hdr.probes, sizeof(pat), &pat, 1);
	}
}

static void add_program(struct image *im, const struct dt_program *p)
{
	append(im, &im->hdr.strs, 1, "", 1);
	for (uint32_t i = 0; i < p->nclauses; i++)
		add_clause(im, &p->clauses[i], i);
}

/* Give the tables their places behind the header, and start counting anew. */
static uint64_t lay_out(struct dtrace_image_hdr *h)
{
	struct { struct dtrace_image_table *t; size_t elem; } tables[] = {
		{ &h->text, sizeof(__u32) }, { &h->ints, sizeof(__u64) }, { &h->strs, 1 },
		{ &h->vars, sizeof(struct dif_var) }, { &h->difos, sizeof(struct dtrace_difo_desc) },
		{ &h->actions, sizeof(struct dtrace_act_desc) },
		{ &h->clauses, sizeof(struct dtrace_clause_desc) },
		{ &h->probes, sizeof(struct dtrace_probe_pat) },
	};
	uint64_t off = sizeof(*h);

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		off = (off + 7) & ~7ull;
		tables[i].t->off = (uint32_t)off;
		off += (uint64_t)tables[i].t->count * tables[i].elem;
		tables[i].t->count = 0;
	}
	return (off + 7) & ~7ull;
}

int dt_program_image(const struct dt_program *p, uint32_t strsize, uint32_t flags, void **blob, size_t *size)
{
	struct image im = { 0 };
	uint64_t bytes;

	add_program(&im, p);
	bytes = lay_out(&im.hdr);
	if (bytes > DTRACE_IMAGE_MAX)
		return -E2BIG;
	im.blob = calloc(1, bytes);
	if (!im.blob)
		return -ENOMEM;
	add_program(&im, p);
	im.hdr.magic = DTRACE_IMAGE_MAGIC;
	im.hdr.version = DTRACE_ABI_VERSION;
	im.hdr.size = (uint32_t)bytes;
	im.hdr.flags = flags;
	im.hdr.strsize = strsize;
	memcpy(im.blob, &im.hdr, sizeof(im.hdr));
	*blob = im.blob;
	*size = bytes;
	return 0;
}
