// SPDX-License-Identifier: GPL-2.0-only
/*
 * The variables of one consumer.
 *
 * Global scalars live in blocks of memory that never move; clause-local ones in
 * blocks with a slice per CPU; thread-local ones and associative arrays in
 * dynvar.c. A table per scope leads from a variable's id to its descriptor.
 *
 * Declaring happens in control context, perhaps while older programs of the
 * same consumer fire. Tables grow by replacement: the new one is filled, then
 * published; the old one stays allocated until the consumer goes, because a
 * firing may still look at it. Descriptors and storage never move.
 *
 * Global values are shared by all CPUs without locks, as D defines: a scalar is
 * read and written whole; of a string or struct that two CPUs write at once, a
 * reader may see parts of both. Every reader bounds its strings, so no value can hurt.
 *
 * A clause-local variable keeps its value among the clauses of one firing. Its
 * stamp says which firing (by its serial) touched it last; the first use in
 * another one finds it zero, so nothing leaks from one firing to the next.
 */
#include "engine_impl.h"

#define MAX_BYTES (64u << 20)	/* of globals, and of locals over all CPUs, per declaration */

struct vartab {
	struct vartab *old;
	u32 n;
	struct dtk_var *v[];
};

struct varblock {
	struct varblock *next;
	u8 *globals, *locals;
	size_t gsize, lsize;	/* lsize: of one CPU */
	u64 *stamps;		/* [ncpus][nlocals] */
};

struct dtk_vars {
	u32 ncpus;
	struct vartab *tab[DTK_NSCOPES];
	struct varblock *blocks;	/* newest first; published before their variables */
	struct dtk_var *all;		/* for dtk_vars_destroy() */
	struct dtk_dyn *dyn;
};

/* What a declaration adds, until it is certain to succeed. */
struct declaration {
	struct dtk_vars *vars;
	struct dtk_check ck;
	const struct dtk_program *prog;
	struct vartab *tab[DTK_NSCOPES];	/* replacements, or NULL */
	struct dtk_var *added;
	struct varblock *block;
	size_t gsize, lsize;
	u32 nlocals;
};

struct dtk_vars *dtk_vars_create(u32 ncpus)
{
	struct dtk_vars *vars = dtk_alloc(sizeof(*vars));

	if (vars)
		vars->ncpus = ncpus;
	return vars;
}

static void vars_free(struct dtk_var *list)
{
	while (list) {
		struct dtk_var *next = list->next;

		dtk_free(list);
		list = next;
	}
}

static void block_free(struct varblock *block)
{
	if (!block)
		return;
	dtk_free(block->globals);
	dtk_free(block->locals);
	dtk_free(block->stamps);
	dtk_free(block);
}

void dtk_vars_destroy(struct dtk_vars *vars)
{
	u32 scope;

	if (!vars)
		return;
	for (scope = 0; scope < DTK_NSCOPES; scope++) {
		while (vars->tab[scope]) {
			struct vartab *old = vars->tab[scope]->old;

			dtk_free(vars->tab[scope]);
			vars->tab[scope] = old;
		}
	}
	while (vars->blocks) {
		struct varblock *next = vars->blocks->next;

		block_free(vars->blocks);
		vars->blocks = next;
	}
	vars_free(vars->all);
	dtk_dyn_destroy(vars->dyn);
	dtk_free(vars);
}

/* ---- Declaring ---------------------------------------------------------------- */

/* A replacement for the table of @scope that has room for @id. */
static struct vartab *tab_replace(struct declaration *d, u32 scope, u32 id)
{
	struct vartab *old = d->vars->tab[scope], *tab = d->tab[scope], *fresh;
	const struct vartab *from = tab ? tab : old;
	u32 n = from ? from->n : 16;

	while (n <= id - DIF_VAR_USER)
		n *= 2;
	if (tab && tab->n == n)
		return tab;
	fresh = dtk_alloc(sizeof(*fresh) + n * sizeof(fresh->v[0]));
	if (!fresh)
		return NULL;
	fresh->n = n;
	fresh->old = old;
	if (from)
		memcpy(fresh->v, from->v, from->n * sizeof(from->v[0]));
	dtk_free(tab);
	d->tab[scope] = fresh;
	return fresh;
}

static struct dtk_var *tab_find(const struct vartab *tab, u32 id)
{
	if (!tab || id - DIF_VAR_USER >= tab->n)
		return NULL;
	return smp_load_acquire(&tab->v[id - DIF_VAR_USER]);
}

static int declare_var(struct declaration *d, const struct dtk_difo *difo, const struct dif_var *v)
{
	u32 size = dtk_type_size(&v->type, d->prog->strsize);
	struct vartab *tab = d->tab[v->scope] ? d->tab[v->scope] : d->vars->tab[v->scope];
	struct dtk_var *var = tab_find(tab, v->id);

	if (var && (var->kind != v->kind || var->size != size || var->type.kind != v->type.kind ||
		    var->type.flags != v->type.flags))
		return dtk_refuse(&d->ck, DTK_NOPC,
				  "Variable %.64s is used with another type than before.",
				  difo->strs + v->name);
	if (var)
		return 0;
	tab = tab_replace(d, v->scope, v->id);
	var = tab ? dtk_alloc(sizeof(*var)) : NULL;
	if (!var)
		return -ENOMEM;
	var->type = v->type;
	var->size = size;
	var->scope = v->scope;
	var->kind = v->kind;
	var->id = v->id;
	var->next = d->added;
	d->added = var;
	tab->v[v->id - DIF_VAR_USER] = var;
	if (v->scope == DIF_SCOPE_GLOBAL && v->kind == DIF_KIND_SCALAR) {
		d->gsize += ALIGN((size_t)size, 8);
	} else if (v->scope == DIF_SCOPE_LOCAL) {
		d->lsize += ALIGN((size_t)size, 8);
		d->nlocals++;
	}
	return 0;
}

static int declare_all(struct declaration *d)
{
	u32 i, j;
	int err;

	for (i = 0; i < d->prog->ndifos; i++) {
		const struct dtk_difo *difo = &d->prog->difos[i];

		for (j = 0; j < difo->nvars; j++) {
			if (difo->vars[j].id < DIF_VAR_USER)
				continue;
			err = declare_var(d, difo, &difo->vars[j]);
			if (err)
				return err;
		}
	}
	return 0;
}

static int alloc_block(struct declaration *d)
{
	u32 ncpus = d->vars->ncpus;
	struct varblock *b;

	if (d->gsize > MAX_BYTES || d->lsize > MAX_BYTES / ncpus)
		return dtk_refuse(&d->ck, DTK_NOPC,
				  "The program's global or clause-local variables need more than %u bytes.",
				  MAX_BYTES);
	b = d->block = dtk_alloc(sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->gsize = d->gsize;
	b->lsize = d->lsize;
	if (d->gsize) {
		b->globals = dtk_alloc(d->gsize);
		if (!b->globals)
			return -ENOMEM;
	}
	if (d->nlocals) {
		b->locals = dtk_alloc(d->lsize * ncpus);
		b->stamps = dtk_alloc(sizeof(u64) * d->nlocals * ncpus);
		if (!b->locals || !b->stamps)
			return -ENOMEM;
	}
	dtk_watch(b->globals, b->gsize, DTK_PROGRAMS);
	dtk_watch(b->locals, b->lsize * ncpus, DTK_PROGRAMS);
	return 0;
}

static void place_vars(struct declaration *d)
{
	size_t goff = 0, loff = 0;
	struct dtk_var *var;
	u32 nlocal = 0;

	for (var = d->added; var; var = var->next) {
		if (var->kind == DIF_KIND_ARRAY || var->scope == DIF_SCOPE_THREAD)
			continue;
		if (var->scope == DIF_SCOPE_GLOBAL) {
			var->data = d->block->globals + goff;
			goff += ALIGN((size_t)var->size, 8);
			continue;
		}
		var->data = d->block->locals + loff;
		var->stride = d->block->lsize;
		var->stamp = d->block->stamps + nlocal++;
		var->stampstride = d->nlocals;
		loff += ALIGN((size_t)var->size, 8);
	}
}

static void publish(struct declaration *d)
{
	struct dtk_vars *vars = d->vars;
	struct dtk_var **tail = &d->added;
	u32 scope;

	d->block->next = vars->blocks;
	smp_store_release(&vars->blocks, d->block);
	while (*tail)
		tail = &(*tail)->next;
	*tail = vars->all;
	vars->all = d->added;
	for (scope = 0; scope < DTK_NSCOPES; scope++) {
		/* Pairs with dtk_var_find(). */
		if (d->tab[scope])
			smp_store_release(&vars->tab[scope], d->tab[scope]);
	}
}

int dtk_vars_declare(struct dtk_vars *vars, const struct dtk_program *prog,
		     struct dtrace_ioc_error *err)
{
	struct declaration d = {
		.vars = vars, .prog = prog, .ck = { .err = err, .difo = DTRACE_DIFO_NONE },
	};
	int rc = declare_all(&d);
	u32 scope;

	if (!rc && !d.added)
		return 0;
	if (!rc)
		rc = alloc_block(&d);
	if (!rc) {
		place_vars(&d);
		publish(&d);
		return 0;
	}
	block_free(d.block);
	vars_free(d.added);
	for (scope = 0; scope < DTK_NSCOPES; scope++)
		dtk_free(d.tab[scope]);
	return rc;
}

/* ---- Use ------------------------------------------------------------------------ */

struct dtk_var *dtk_var_find(const struct dtk_vars *vars, u32 scope, u32 id)
{
	return tab_find(smp_load_acquire(&vars->tab[scope]), id);
}

static u8 *storage(struct dtk_mstate *ms, const struct dtk_var *var)
{
	u64 *stamp;
	u8 *p;

	if (var->scope == DIF_SCOPE_GLOBAL)
		return var->data;
	p = var->data + ms->cpu * var->stride;
	stamp = var->stamp + ms->cpu * var->stampstride;
	if (*stamp != ms->f->serial) {
		*stamp = ms->f->serial;
		memset(p, 0, var->size);
	}
	return p;
}

u64 dtk_var_load(struct dtk_mstate *ms, const struct dtk_var *var)
{
	u8 *p = storage(ms, var);

	return dtk_type_byref(&var->type) ? (uintptr_t)p : READ_ONCE(*(u64 *)p);
}

void dtk_var_store(struct dtk_mstate *ms, const struct dtk_difo *difo, const struct dtk_var *var,
		   u64 val)
{
	u8 *p = storage(ms, var);
	size_t mark = ms->scratch;
	struct dtk_str s;

	switch (var->type.kind) {
	case DIF_TYPE_SCALAR:
		WRITE_ONCE(*(u64 *)p, dtk_type_extend(&var->type, val));
		break;
	case DIF_TYPE_STRING:
		/* Through scratch: the source may be this very variable, or change meanwhile. */
		if (!val) {
			memset(p, 0, var->size);
		} else if (dtk_mem_str(ms, difo, val, &s)) {
			s.len = min_t(size_t, s.len, var->size - 1);
			memmove(p, s.p, s.len);
			memset(p + s.len, 0, var->size - s.len);
		}
		ms->scratch = mark;
		break;
	case DIF_TYPE_STRUCT:
		dtk_mem_read(ms, difo, p, val, var->size);
		break;
	}
}

static bool within(const u8 *base, size_t size, u64 addr, u64 n)
{
	u64 off = addr - (uintptr_t)base;

	return base && off <= size && n <= size - off;
}

bool dtk_vars_own(const struct dtk_vars *vars, u32 cpu, u64 addr, u64 n)
{
	const struct varblock *b;

	for (b = smp_load_acquire(&vars->blocks); b; b = b->next) {
		if (within(b->globals, b->gsize, addr, n))
			return true;
		if (b->locals && within(b->locals + cpu * b->lsize, b->lsize, addr, n))
			return true;
	}
	return vars->dyn && dtk_dyn_own(vars->dyn, addr, n);
}

/* ---- Dynamic variables ------------------------------------------------------------ */

struct dtk_dyn *dtk_vars_dyn(const struct dtk_vars *vars)
{
	return smp_load_acquire(&vars->dyn);
}

int dtk_vars_dynalloc(struct dtk_vars *vars, size_t bytes)
{
	struct dtk_dyn *dyn;
	int err;

	if (vars->dyn)
		return -EBUSY;
	err = dtk_dyn_create(&dyn, vars->ncpus, bytes);
	if (!err)
		smp_store_release(&vars->dyn, dyn);
	return err;
}

bool dtk_vars_clean_begin(struct dtk_vars *vars)
{
	return vars->dyn && dtk_dyn_clean_begin(vars->dyn);
}

void dtk_vars_clean_end(struct dtk_vars *vars)
{
	dtk_dyn_clean_end(vars->dyn);
}

void dtk_vars_drops(const struct dtk_vars *vars, struct dtrace_ioc_status *st)
{
	if (vars->dyn)
		dtk_dyn_drops(vars->dyn, st);
}
