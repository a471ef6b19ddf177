// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Symbols of the kernel and of processes: `jiffies, ext4`foo, &`foo.
 *
 * A variable's symbol becomes *(type *)address, so that all that D knows to do
 * with memory, it does with these; a function's value is its address. What no
 * type is known of has an address only: &`sym, which a cast gives a type. A
 * per-CPU variable has one copy for each CPU: the one meant is that of the CPU
 * that the probe fires on, as for any code that runs there.
 */
#include <string.h>

#include "cook.h"
#include "names.h"

/* What a lookup that failed leaves to say. */
static int not_found(struct dt_cook *ck, const struct dt_node *n)
{
	struct dt_names *names = dt_types_names(ck->types);

	dt_error(ck->diag, D_IDENT_UNDEF, n->loc, "there is no symbol %s`%s", n->u.sym.obj, n->name);
	return names && names->why[0] ? dt_hint(ck->diag, "%s", names->why) : -1;
}

static bool is_user(const char *obj)
{
	return !strncmp(obj, "pid", 3) && obj[3] >= '0' && obj[3] <= '9';
}

static int find(struct dt_cook *ck, const struct dt_node *n, struct dt_symbol *sym)
{
	struct dt_names *names = dt_types_names(ck->types);

	if (names && names->symbol(names->ctx, n->u.sym.obj, n->name, sym)) {
		if (sym->addr || sym->percpu)
			return 0;
		dt_error(ck->diag, D_SYM_BADREF, n->loc, "the address of %s`%s is not known", sym->object, sym->name);
		return dt_hint(ck->diag, "the kernel hides its addresses from this user: see kernel.kptr_restrict");
	}
	if (!names || !(is_user(n->u.sym.obj) ? names->user_undef : names->kernel_undef))
		return not_found(ck, n);
	*sym = (struct dt_symbol){ .object = n->u.sym.obj, .name = n->name, .type = dt_basic(ck->types, DT_B_INT64) };
	return 0;
}

/* A pointer to @t at @addr as a node of its own. */
static struct dt_node *pointer_to(struct dt_cook *ck, const struct dt_node *at, uint64_t addr,
				  const struct dt_type *t)
{
	const struct dt_type *p = dt_type_pointer(ck->types, t);

	if (p)
		return dt_mk_int(ck, at, (int64_t)addr, p);
	dt_nomem(ck, at->loc);
	return NULL;
}

/* Make cooked pointer @p what @n dereferences. No checks: arrays of unknown size may have symbols. */
static struct dt_node *deref(struct dt_node *n, struct dt_node *p)
{
	n->kind = DT_N_OP1;
	n->op = DT_OP_DEREF;
	n->kid[0] = p;
	n->kid[1] = n->kid[2] = NULL;
	n->type = dt_pointee(p->type);
	n->is_lvalue = true;
	n->is_writable = false;
	n->is_userland = dt_is_user_ptr(p->type);
	return n;
}

/* This CPU's copy: the kernel's __per_cpu_offset[cpu] more. */
static struct dt_node *percpu_address(struct dt_cook *ck, const struct dt_node *n, const struct dt_symbol *sym,
				      const struct dt_type *t)
{
	struct dt_names *names = dt_types_names(ck->types);
	const struct dt_type *word = dt_basic(ck->types, DT_B_ULONG), *to = dt_type_pointer(ck->types, t);
	struct dt_node *cpu = dt_mk_node(ck, DT_N_IDENT, n), *base, *sum, *idx;
	struct dt_symbol offsets;

	if (!to || !cpu)
		return NULL;
	if (!names->symbol(names->ctx, "vmlinux", "__per_cpu_offset", &offsets) || !offsets.addr) {
		dt_error(ck->diag, D_SYM_BADREF, n->loc, "%s`%s is per-CPU, and where is not known", sym->object,
			 sym->name);
		return NULL;
	}
	cpu->name = "cpu";
	base = pointer_to(ck, n, offsets.addr, word);
	if (!base || dt_cook_expr(ck, cpu))
		return NULL;
	sum = dt_mk_op2(ck, DT_OP_ADD, base, cpu, NULL);
	idx = dt_mk_node(ck, DT_N_OP1, n);
	if (!sum || !idx || dt_make_add(ck, sum))
		return NULL;
	deref(idx, sum);
	base = dt_mk_int(ck, n, (int64_t)sym->addr, word);
	sum = base ? dt_mk_op2(ck, DT_OP_ADD, base, idx, NULL) : NULL;
	if (!sum || dt_make_add(ck, sum) || dt_wrap_cast(ck, sum, to))
		return NULL;
	return sum;
}

static struct dt_node *address(struct dt_cook *ck, const struct dt_node *n, const struct dt_symbol *sym,
			       const struct dt_type *t)
{
	return sym->percpu ? percpu_address(ck, n, sym, t) : pointer_to(ck, n, sym->addr, t);
}

/* Its type, or void; a function's is its own or "int ()". */
static const struct dt_type *object_type(struct dt_cook *ck, const struct dt_symbol *sym)
{
	if (sym->type)
		return sym->type;
	return sym->func ? dt_type_func(ck->types, dt_basic(ck->types, DT_B_INT), NULL, 0, true) :
			   dt_basic(ck->types, DT_B_VOID);
}

/* A symbol's address as the value of @n, which has been the symbol or "&" of it. */
static int make_address(struct dt_cook *ck, struct dt_node *n, const struct dt_symbol *sym)
{
	const struct dt_type *t = object_type(ck, sym);
	struct dt_node *p = t ? address(ck, n, sym, t) : NULL, *next = n->next;

	if (!p)
		return ck->diag->set ? -1 : dt_nomem(ck, n->loc);
	*n = *p;
	n->next = next;
	return 0;
}

int dt_cook_sym(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_symbol sym;
	struct dt_node *p;

	if (find(ck, n, &sym))
		return -1;
	if (sym.func || (sym.type && dt_type_resolve(sym.type)->kind == DT_T_FUNC))
		return make_address(ck, n, &sym);
	if (!sym.type) {
		dt_error(ck->diag, D_SYM_NOTYPES, n->loc, "the type of %s`%s is not known", sym.object, sym.name);
		return dt_hint(ck->diag, "give its address a type: *(int *)&%s`%s", n->u.sym.obj, n->name);
	}
	p = address(ck, n, &sym, sym.type);
	if (!p)
		return ck->diag->set ? -1 : dt_nomem(ck, n->loc);
	deref(n, p);
	return 0;
}

int dt_cook_addr_of_sym(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_symbol sym;

	if (find(ck, n->kid[0], &sym))
		return -1;
	return make_address(ck, n, &sym);
}
