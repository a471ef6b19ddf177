/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a D program records when it is fired, as one line: scalars in decimal
 * (signed as their type), strings in quotes, other values as bytes in hex.
 */
#ifndef DT_TEST_EXPECT_H
#define DT_TEST_EXPECT_H

#include "test_machine.h"

static const struct dt_action *expect_action(const struct dt_clause *c, uint32_t i)
{
	for (uint32_t a = 0; a < c->nactions; a++)
		if (c->actions[a].kind != DTRACEACT_DIFVAL && c->actions[a].kind != DTRACEACT_DEFAULT && !i--)
			return &c->actions[a];
	return NULL;
}

static size_t expect_field(const struct machine_field *f, const struct dt_action *a, char *out, size_t n)
{
	unsigned shift = 64 - 8 * (f->rec->dtrd_size & 7);
	size_t used = 0;
	uint64_t v;

	if (f->rec->dtrd_size == 0)
		return (size_t)snprintf(out, n, "-");
	if (a->difo && a->difo->rtype.kind == DIF_TYPE_STRING)
		return (size_t)snprintf(out, n, "\"%s\"", (const char *)f->data);
	if (f->rec->dtrd_size > 8 || (a->difo && a->difo->rtype.kind == DIF_TYPE_STRUCT)) {
		for (uint32_t i = 0; i < f->rec->dtrd_size; i++)
			used += (size_t)snprintf(out + used, n - used, "%02x", f->data[i]);
		return used;
	}
	v = machine_scalar(f);
	if (a->difo->rtype.flags & DIF_TF_SIGNED && shift < 64)
		v = (uint64_t)((int64_t)(v << shift) >> shift);
	return (size_t)snprintf(out, n, a->difo->rtype.flags & DIF_TF_SIGNED ? "%lld" : "%llu", (unsigned long long)v);
}

static void expect_line(struct machine *m, uint32_t prog, char *out, size_t size)
{
	struct machine_field f = { 0 };
	size_t n = 0;

	machine_fire(m, m->kprog[prog]);
	out[0] = '\0';
	while (machine_next(m, m->kprog[prog], &f)) {
		const struct dt_action *a = expect_action(&m->prog[prog]->clauses[f.clause], f.i - 1);

		assert_non_null(a);
		n += (size_t)snprintf(out + n, size - n, n ? " " : "");
		n += expect_field(&f, a, out + n, size - n);
	}
}

/* Compile @text on @m, fire it, and compare. */
__attribute__((unused)) static void expect_on(struct machine *m, const char *text, const char *want)
{
	char got[4096];

	machine_compile(m, text);
	expect_line(m, m->nprogs - 1, got, sizeof(got));
	if (strcmp(got, want))
		fail_msg("%s\n\trecords: %s\n\twanted:  %s", text, got, want);
}

/* @text is refused with @tag in column @col, and leaves nothing behind. */
__attribute__((unused)) static void expect_refused(struct machine *m, const char *text, enum dt_tag tag, unsigned col)
{
	unsigned idents = dt_idents_mark(m->idents);
	size_t types = dt_types_mark(m->types);
	struct dt_program *p;

	m->diag = (struct dt_diag){ 0 };
	p = dt_compile(&m->cc, text, strlen(text));
	if (p)
		fail_msg("%s\n\tshould be refused with %s", text, dt_tag_name(tag));
	if (m->diag.tag != tag || m->diag.loc.col != col)
		fail_msg("%s\n\tis refused with %s in column %u (%s), not %s in column %u", text,
			 dt_tag_name(m->diag.tag), m->diag.loc.col, m->diag.msg, dt_tag_name(tag), col);
	assert_int_equal(dt_idents_mark(m->idents), idents);
	assert_int_equal(dt_types_mark(m->types), types);
}

struct expect_refusal {
	const char *text;
	enum dt_tag tag;
	unsigned col;
};

/* Each on a machine of its own, where @before (or NULL) is compiled first. */
__attribute__((unused)) static void expect_refusals(struct machine *(*world)(void), const char *before,
						    const struct expect_refusal *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct machine *m = world();

		if (before)
			machine_compile(m, before);
		expect_refused(m, cases[i].text, cases[i].tag, cases[i].col);
		machine_destroy(m);
	}
}

#endif /* DT_TEST_EXPECT_H */
