/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making up and changing fuzz_dif.c's input by structure: most changes keep an image
 * plausible, so that it is accepted and does something else than before; attacks do
 * what a check is there to refuse. An image's tables may be anything
 * by then: nothing is touched that does not lie in it.
 */
#ifndef FUZZ_CHANGE_H
#define FUZZ_CHANGE_H

#include "fuzz_image.h"

/* Where the image ends and the script begins. */
static size_t image_size(const u8 *data, size_t size)
{
	struct dtrace_image_hdr hdr;

	if (size < sizeof(hdr))
		return size;
	memcpy(&hdr, data, sizeof(hdr));
	return hdr.size >= sizeof(hdr) && hdr.size < size ? hdr.size : size;
}

static size_t random_script(u8 *p, size_t room)
{
	size_t n = min(room, (size_t)(6 + rnd(40))), i;

	for (i = 0; i < n; i++)
		p[i] = rnd(256);
	if (n)	/* allocations fail seldom */
		p[0] &= rnd(16) ? 0xfb : 0xff;
	return n;
}

/* A new image and its script. Returns its size, 0 if it does not fit. */
static size_t make_input(u8 *data, size_t room)
{
	struct img *m = make_image();
	size_t n;
	u8 *blob = img_blob(m, &n);

	if (n > room)
		n = 0;
	memcpy(data, blob, n);
	free(blob);
	free(m);
	return n ? n + (rnd(4) ? random_script(data + n, room - n) : 0) : 0;
}

/* A random element of a table, or NULL. @h: the image's header before anything was changed. */
static void *any_element(u8 *image, const struct dtrace_image_hdr *h, const struct dtrace_image_table *t,
			 size_t elem)
{
	if (!t->count || t->off % 8 || t->off > h->size || t->count > (h->size - t->off) / elem)
		return NULL;
	return image + t->off + (size_t)rnd(t->count) * elem;
}

static void change_instr(u8 *image, const struct dtrace_image_hdr *h)
{
	u32 *p = any_element(image, h, &h->text, sizeof(*p));
	u32 *q = any_element(image, h, &h->text, sizeof(*q)), at, op;

	if (!p)
		return;
	op = rnd(DIF_OP_MAX);
	at = p - (u32 *)(image + h->text.off);
	switch (rnd(8)) {
	case 0:
		*p = *q;
		break;
	case 1:
		at = *p, *p = *q, *q = at;
		break;
	case 2:		/* another operation on the same operands */
		*p = (*p & 0xffffff) | op << 24;
		break;
	case 3:
		*p = DIF_INSTR_R(op, any_reg(), any_reg(), any_reg());
		break;
	case 4:
		*p = DIF_INSTR_W(rnd(2) ? DIF_OP_CALL : op, rnd(DIF_SUBR_MAX), out_reg());
		break;
	case 5:		/* difos begin anywhere, so this is seldom too far */
		*p = DIF_INSTR_B(DIF_OP_BA + rnd(11), at % 40 + rnd(8));
		break;
	case 6:
		*p ^= 1u << rnd(32);
		break;
	default:
		*p = DIF_INSTR_R(DIF_OP(*p), ptr_reg(), ptr_reg(), out_reg());
	}
}

static void change_action(u8 *image, const struct dtrace_image_hdr *h)
{
	struct dtrace_act_desc *a = any_element(image, h, &h->actions, sizeof(*a));
	struct dtrace_act_desc *b = any_element(image, h, &h->actions, sizeof(*b)), tmp;

	if (!a)
		return;
	switch (rnd(7)) {
	case 0:
		tmp = *a, *a = *b, *b = tmp;
		break;
	case 1:
		*a = *b;
		break;
	case 2:
		a->kind = any_kind(rnd(2));
		break;
	case 3:
		a->difo = rnd(4) ? rnd(h->difos.count) : DTRACE_DIFO_NONE;
		break;
	case 4:
		a->arg = rnd(2) ? rnd(100) : interesting[rnd(ARRAY_SIZE(interesting))];
		break;
	case 5:
		a->ntuple = rnd(4);
		break;
	default:
		a->incr = rnd(2) ? rnd(h->difos.count) : DTRACE_DIFO_NONE;
	}
}

static void change_type(u8 *image, const struct dtrace_image_hdr *h)
{
	struct dtrace_difo_desc *d = any_element(image, h, &h->difos, sizeof(*d));
	struct dif_var *v = any_element(image, h, &h->vars, sizeof(*v));
	struct dif_type *t = v && rnd(2) ? &v->type : d ? &d->rtype : NULL;

	if (t && rnd(2))
		*t = types[rnd(ARRAY_SIZE(types))];
	else if (t)
		t->size = rnd(2) ? rnd(64) : interesting[rnd(ARRAY_SIZE(interesting))];
}

static void change_constant(u8 *image, const struct dtrace_image_hdr *h)
{
	u64 *p = any_element(image, h, &h->ints, sizeof(*p));
	u8 *s = any_element(image, h, &h->strs, 1);

	if (p && rnd(2))
		*p = rnd(2) ? interesting[rnd(ARRAY_SIZE(interesting))] : rnd(200);
	else if (s)
		*s = "/.\\\"{}[]:,-0x9az %\0\xff"[rnd(21)];
}

/* ---- Attacks ------------------------------------------------------------------- */

/* A value that some limit may have forgotten. */
static u32 beyond(u32 limit)
{
	static const u32 huge[] = { 0, 0x7fffffff, 0x80000000, 0xffffffff, 0x20000001, 65536, 65537, 0x10000 / 8 };

	return rnd(3) ? limit + rnd(4) - 1 : huge[rnd(ARRAY_SIZE(huge))];
}

/* A variable of the right scope but mostly of the wrong kind; or one that is nowhere declared. */
static u32 wrong_var(void)
{
	static const u8 ops[3][4] = {
		{ DIF_OP_LDGS, DIF_OP_STGS, DIF_OP_LDGAA, DIF_OP_STGAA },
		{ DIF_OP_LDTS, DIF_OP_STTS, DIF_OP_LDTAA, DIF_OP_STTAA },
		{ DIF_OP_LDLS, DIF_OP_STLS, DIF_OP_LDLS, DIF_OP_STLS },
	};
	u32 id = rnd(3) ? 4 * rnd(NVARS / 4) : rnd(NVARS + 6);	/* the arrays are among these: add_vars() */

	return DIF_INSTR_W(ops[id % 3][rnd(3) ? rnd(2) : 2 + rnd(2)], DIF_VAR_USER + id, 1 + rnd(15));
}

/* What the checker must refuse: operands that do not exist. */
static void attack_operands(u32 *text, const struct dtrace_difo_desc *d)
{
	u32 at = rnd(d->ntext), *p = &text[at];

	switch (rnd(8)) {
	case 0:
		*p |= (16 + rnd(240)) << 8 * rnd(3);
		break;
	case 1:
		*p = DIF_INSTR_B(DIF_OP_BA + rnd(11), rnd(2) ? d->ntext + rnd(3) : at + 1 - rnd(4));
		break;
	case 2:
		*p = W(SETX, beyond(d->nints), out_reg());
		break;
	case 3:
		*p = W(SETS, beyond(d->nstrs), out_reg());
		break;
	case 4:
	case 7:
		*p = wrong_var();
		break;
	case 5:
		*p = DIF_INSTR_R(rnd(2) ? DIF_OP_LDSB + rnd(DIF_OP_STX - DIF_OP_LDSB + 1) : DIF_OP_OR + rnd(16),
				 rnd(3) * 9, rnd(3) * 9, rnd(3) * 9);
		break;
	default:
		text[d->ntext - 1] = R(NOP, 0, 0, 0);
	}
}

/* A tuple stack that does not fit what uses it. */
static void attack_tuple(u32 *text, const struct dtrace_difo_desc *d)
{
	u32 at = rnd(d->ntext), n = rnd(8) ? 1 : DIF_TUPLE_MAX + 2;

	while (n-- && at < d->ntext - 1) {
		switch (rnd(4)) {
		case 0:
			text[at++] = R(NOP, 0, 0, 0);
			break;
		case 1:
			text[at++] = R(POPTS, 0, 0, 0);
			break;
		case 2:
			text[at++] = R(FLUSHTS, 0, 0, 0);
			break;
		default:
			text[at++] = R(PUSHTV, 5, 0, 0);
		}
	}
}

/* More on the tuple stack than it takes, or than who finds it there expects. */
static void attack_stretch(u32 *text, const struct dtrace_difo_desc *d)
{
	u32 at = rnd(1 + d->ntext / 2), n = rnd(2) ? DIF_TUPLE_MAX + 1 : rnd(8);

	for (; n && at < d->ntext - 1; n--)
		text[at++] = R(PUSHTV, 5, 0, 0);
}

static void attack_type(struct dif_type *t)
{
	switch (rnd(4)) {
	case 0:
		t->size = beyond(65536);
		break;
	case 1:
		t->kind = rnd(5);
		break;
	case 2:
		t->flags = rnd(8);
		break;
	default:
		*t = types[rnd(ARRAY_SIZE(types))];
	}
}

/* Two ways to one call, with another number of arguments on each. */
static void attack_ways(u32 *text, const struct dtrace_difo_desc *d)
{
	u32 at = rnd(d->ntext);

	if (d->ntext - at < 7)
		return;
	text[at] = R(FLUSHTS, 0, 0, 0);
	text[at + 1] = R(PUSHTV, ptr_reg(), 0, 0);
	text[at + 2] = R(TST, any_reg(), 0, 0);
	text[at + 3] = DIF_INSTR_B(DIF_OP_BA + rnd(11), at + 5);
	text[at + 4] = rnd(2) ? R(POPTS, 0, 0, 0) : R(PUSHTV, 5, 0, 0);
	text[at + 5] = W(CALL, DIF_SUBR_STRLEN, out_reg());
}

static void attack_difo(u8 *image, const struct dtrace_image_hdr *h)
{
	struct dtrace_difo_desc *d = any_element(image, h, &h->difos, sizeof(*d));
	struct dif_var *v = any_element(image, h, &h->vars, sizeof(*v));
	u32 *text = (u32 *)(image + h->text.off);

	if (!d || !d->ntext || d->text > h->text.count || d->ntext > h->text.count - d->text ||
	    !any_element(image, h, &h->text, sizeof(*text)))
		return;
	switch (rnd(9)) {
	case 0 ... 2:
		attack_operands(text + d->text, d);
		break;
	case 8:
		attack_ways(text + d->text, d);
		break;
	case 3:
		attack_tuple(text + d->text, d);
		break;
	case 4:
		attack_stretch(text + d->text, d);
		break;
	case 5:
		attack_type(v && rnd(2) ? &v->type : &d->rtype);
		break;
	case 6:
		(&d->text)[rnd(8)] = beyond(rnd(2) ? h->text.count : h->strs.count);
		break;
	default:
		if (v)
			*v = (struct dif_var){ .id = DIF_VAR_USER + rnd(NVARS + 2), .scope = rnd(4), .kind = rnd(3),
					       .type = types[rnd(ARRAY_SIZE(types))] };
	}
}

static void attack_action(struct dtrace_act_desc *a, const struct dtrace_image_hdr *h)
{
	static const u16 kinds[] = {
		DTRACEACT_SPECULATE, DTRACEACT_COMMIT, DTRACEACT_DISCARD, DTRACEACT_STACK, DTRACEACT_USTACK,
		DTRACEACT_RAISE, DTRACEACT_STOP, DTRACEACT_DEFAULT, DTRACEACT_DIFEXPR, DTRACEAGG_COUNT,
		DTRACEAGG_QUANTIZE, DTRACEAGG_LQUANTIZE, DTRACEAGG_LLQUANTIZE,
	};

	switch (rnd(5)) {
	case 0:
		a->kind = kinds[rnd(ARRAY_SIZE(kinds))];
		break;
	case 1:
		a->difo = beyond(h->difos.count);
		break;
	case 2:
		a->ntuple = rnd(12);
		break;
	case 3:
		if (rnd(2))
			a->kind = rnd(2) ? DTRACEACT_STACK : DTRACEACT_USTACK;
		a->arg = rnd(2) ? beyond(4096) :
		       DTRACE_LLQUANTIZE_ARG(rnd(40), rnd(8), rnd(70), rnd(50));
		break;
	default:
		a->incr = beyond(h->difos.count);
	}
}

static void attack_tables(u8 *image, const struct dtrace_image_hdr *h)
{
	struct dtrace_image_hdr *hdr = (void *)image;
	struct dtrace_image_table *t = &hdr->text + rnd(8);
	struct dtrace_clause_desc *c = any_element(image, h, &h->clauses, sizeof(*c));
	struct dtrace_probe_pat *p = any_element(image, h, &h->probes, sizeof(*p));

	switch (rnd(6)) {
	case 0:
		t->count = rnd(2) ? t->count + rnd(8) : beyond(h->size / 8);
		break;
	case 1:
		t->off = rnd(2) ? t->off + rnd(64) : beyond(h->size);
		break;
	case 2:
		hdr->strsize = rnd(2) ? 0 : beyond(65536);
		break;
	case 3:
		hdr->flags ^= DTRACE_IMG_DESTRUCTIVE;
		break;
	case 4:
		if (c)
			(&c->pred)[rnd(3)] = beyond(rnd(2) ? h->difos.count : h->actions.count);
		break;
	default:
		if (p)
			(&p->prov)[rnd(6)] = beyond(rnd(2) ? h->strs.count : h->clauses.count);
	}
}

/* Something that must be refused, or that a check forgotten would let through to do harm. */
static void attack(u8 *image, const struct dtrace_image_hdr *h)
{
	struct dtrace_act_desc *a = any_element(image, h, &h->actions, sizeof(*a));

	if (rnd(3))
		attack_difo(image, h);
	else if (a && rnd(3))
		attack_action(a, h);
	else
		attack_tables(image, h);
}

/* ---- Any change --------------------------------------------------------------------- */

static void change_image(u8 *image, const struct dtrace_image_hdr *h)
{
	struct dtrace_clause_desc *c = any_element(image, h, &h->clauses, sizeof(*c));

	switch (rnd(20)) {
	case 0 ... 8:
		change_instr(image, h);
		break;
	case 9 ... 12:
		change_action(image, h);
		break;
	case 13 ... 14:
		change_type(image, h);
		break;
	case 15 ... 16:
		change_constant(image, h);
		break;
	case 17:
		((struct dtrace_image_hdr *)image)->strsize = 1 + (rnd(8) ? rnd(100) : rnd(65536));
		break;
	case 18:
		if (c && rnd(2))
			c->pred = rnd(h->difos.count + 1) - 1;
		else if (c)
			c->nactions = rnd(8);
		break;
	default:	/* anything */
		image[rnd(4) ? rnd(h->size) : rnd(sizeof(*h))] ^= 1u << rnd(8);
	}
}

/* Change an input in place. @script changes bytes of the script and returns how many there are then. */
static size_t change_input(u8 *data, size_t size, size_t room, size_t (*script)(u8 *p, size_t n, size_t room))
{
	struct dtrace_image_hdr hdr;
	size_t n = image_size(data, size);
	u32 i;

	memcpy(&hdr, data, min(size, sizeof(hdr)));
	if (n < sizeof(hdr) || hdr.magic != DTRACE_IMAGE_MAGIC || hdr.size != n || !rnd(10))
		return make_input(data, room);
	if (!rnd(3))
		return n + script(data + n, size - n, room - n);
	for (i = 1 + rnd(4); i; i--)
		change_image(data, &hdr);
	if (rnd(2))
		attack(data, &hdr);
	return size;
}

#endif /* FUZZ_CHANGE_H */
