// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Subroutines: what they take and return. Names and numbers are in
 * include/dtrace/dif.h (ident_builtin.c enters them); this table adds types.
 */
#include <stdlib.h>
#include <string.h>

#include "abstract.h"

/* One letter an argument, after a '|' the optional ones:
 *   s string   S the same, or NULL   i integer (64 bits, signed)   z size (unsigned)
 *   u address in the process: integer or pointer   p pointer to D's memory   k pointer to a lock
 *   h l x: 16, 32, 64 bits unsigned */
struct proto {
	uint16_t subr;
	char ret;	/* s string, p void *, v nothing, otherwise as above; c int */
	const char *args;
};

static const struct proto protos[] = {
	{ DIF_SUBR_COPYIN, 'p', "uz" },
	{ DIF_SUBR_COPYINSTR, 's', "u|z" },
	{ DIF_SUBR_COPYINTO, 'v', "uzp" },
	{ DIF_SUBR_ALLOCA, 'p', "z" },
	{ DIF_SUBR_BCOPY, 'v', "ppz" },
	{ DIF_SUBR_STRLEN, 'z', "s" },
	{ DIF_SUBR_STRJOIN, 's', "ss" },
	{ DIF_SUBR_STRCHR, 's', "si" },
	{ DIF_SUBR_STRRCHR, 's', "si" },
	{ DIF_SUBR_STRSTR, 's', "ss" },
	{ DIF_SUBR_STRTOK, 's', "Ss" },
	{ DIF_SUBR_SUBSTR, 's', "si|i" },
	{ DIF_SUBR_INDEX, 'c', "ss|i" },
	{ DIF_SUBR_RINDEX, 'c', "ss|i" },
	{ DIF_SUBR_BASENAME, 's', "s" },
	{ DIF_SUBR_DIRNAME, 's', "s" },
	{ DIF_SUBR_CLEANPATH, 's', "s" },
	{ DIF_SUBR_LLTOSTR, 's', "i|i" },
	{ DIF_SUBR_STRTOLL, 'i', "s|i" },
	{ DIF_SUBR_TOUPPER, 's', "s" },
	{ DIF_SUBR_TOLOWER, 's', "s" },
	{ DIF_SUBR_HTONS, 'h', "h" },
	{ DIF_SUBR_HTONL, 'l', "l" },
	{ DIF_SUBR_HTONLL, 'x', "x" },
	{ DIF_SUBR_NTOHS, 'h', "h" },
	{ DIF_SUBR_NTOHL, 'l', "l" },
	{ DIF_SUBR_NTOHLL, 'x', "x" },
	{ DIF_SUBR_INET_NTOA, 's', "p" },
	{ DIF_SUBR_INET_NTOA6, 's', "p" },
	{ DIF_SUBR_INET_NTOP, 's', "ip" },
	{ DIF_SUBR_GETMAJOR, 'l', "x" },
	{ DIF_SUBR_GETMINOR, 'l', "x" },
	{ DIF_SUBR_RAND, 'i', "" },
	{ DIF_SUBR_COPYOUT, 'v', "puz" },
	{ DIF_SUBR_COPYOUTSTR, 'v', "su|z" },
	{ DIF_SUBR_JSON, 's', "ss" },
	{ DIF_SUBR_D_PATH, 's', "p" },
	{ DIF_SUBR_PROGENYOF, 'c', "i" },
	{ DIF_SUBR_SPECULATION, 'c', "" },
	{ DIF_SUBR_MUTEX_OWNED, 'c', "k" },
	{ DIF_SUBR_MUTEX_OWNER, 'p', "k" },
	{ DIF_SUBR_MUTEX_TYPE_ADAPTIVE, 'c', "k" },
	{ DIF_SUBR_MUTEX_TYPE_SPIN, 'c', "k" },
	{ DIF_SUBR_RW_ISWRITER, 'c', "k" },
	{ DIF_SUBR_RW_READ_HELD, 'c', "k" },
	{ DIF_SUBR_RW_WRITE_HELD, 'c', "k" },
	{ DIF_SUBR_MEMSTR, 's', "piz" },
	{ DIF_SUBR_LINK_NTOP, 's', "ip" },
};

static const struct proto *find_proto(uint32_t subr)
{
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		if (protos[i].subr == subr)
			return &protos[i];
	return NULL;
}

static const struct dt_type *type_of(struct dt_cook *ck, char c)
{
	switch (c) {
	case 's': case 'S': return dt_basic(ck->types, DT_B_STRING);
	case 'p': case 'k': return dt_type_pointer(ck->types, dt_basic(ck->types, DT_B_VOID));
	case 'v': return dt_basic(ck->types, DT_B_VOID);
	case 'c': return dt_basic(ck->types, DT_B_INT);
	case 'i': return dt_basic(ck->types, DT_B_INT64);
	case 'z': return dt_basic(ck->types, DT_B_SIZE);
	case 'u': return dt_basic(ck->types, DT_B_UINTPTR);
	case 'l': return dt_basic(ck->types, DT_B_UINT32);
	case 'h': return dt_basic(ck->types, DT_B_USHORT);
	default: return dt_basic(ck->types, DT_B_UINT64);
	}
}

/* "string substr(string, int64_t [, int64_t])", as a hint. */
static int show_proto(struct dt_cook *ck, const char *name, const struct proto *p)
{
	const struct dt_type *ret = type_of(ck, p->ret);
	char buf[256], type[DT_TYPESTR];
	bool optional = false, first = true;
	size_t n;

	if (!ret)
		return -1;
	n = (size_t)snprintf(buf, sizeof(buf), "%s %s(", dt_type_name(ret, type, sizeof(type)), name);
	for (const char *a = p->args; *a && n < sizeof(buf); a++) {
		if (*a == '|') {
			optional = true;
			continue;
		}
		n += (size_t)snprintf(buf + n, sizeof(buf) - n, "%s%s%s%s", optional ? " [" : "", first ? "" : ", ",
				      *a == 'p' ? "void *" : dt_type_name(type_of(ck, *a), type, sizeof(type)),
				      optional ? "]" : "");
		first = false;
	}
	return dt_hint(ck->diag, "it is %s)", buf);
}

/* Find the function that @n calls. */
struct dt_ident *dt_cook_function(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_ident *id = dt_ident_lookup(ck->idents, DT_SCOPE_GLOBAL, n->name);
	const char *like;
	char what[128];

	if (!id) {
		dt_error(ck->diag, D_FUNC_UNDEF, n->loc, "there is no function %s()", n->name);
		like = dt_ident_suggest(ck->idents, DT_SCOPE_GLOBAL, n->name);
		if (like)
			dt_hint(ck->diag, "did you mean %s?", like);
		return NULL;
	}
	if (id->kind != DT_I_SUBR && id->kind != DT_I_ACTION && id->kind != DT_I_AGGFUNC) {
		dt_error(ck->diag, D_FUNC_IDKIND, n->loc, "%s is not a function", n->name);
		return NULL;
	}
	snprintf(what, sizeof(what), "%s%s()", id->flags & DT_IDF_DESTRUCTIVE ? "the destructive action " : "",
		 id->name);
	if (id->flags & DT_IDF_NOSUP) {
		dt_nosup(ck, n->loc, what, id->why);
		return NULL;
	}
	n->ident = id;
	dt_attr_use(ck, id);
	return id;
}

int dt_check_args(struct dt_cook *ck, struct dt_node *n, unsigned lo, unsigned hi)
{
	return dt_check_args_tag(ck, n, lo, hi, D_PROTO_LEN);
}

/* The same with a tag of its own, as some actions have in the family; D_UNKNOWN stands for D_PROTO_LEN. */
int dt_check_args_tag(struct dt_cook *ck, struct dt_node *n, unsigned lo, unsigned hi, enum dt_tag tag)
{
	unsigned have = dt_list_len(n->kid[0]);

	if (have >= lo && have <= hi)
		return 0;
	if (tag == D_UNKNOWN)
		tag = D_PROTO_LEN;
	if (lo == hi)
		return dt_error(ck->diag, tag, n->loc, "%s() takes %u argument%s, not %u", n->name, lo,
				lo == 1 ? "" : "s", have);
	return dt_error(ck->diag, tag, n->loc, "%s() takes %u to %u arguments, not %u", n->name, lo, hi,
			have);
}

/* An address: where the process's is meant any integer or pointer will do. */
static bool takes(const struct dt_node *arg, char c, const struct dt_type *type)
{
	if (c == 'u')
		return dt_type_is_scalar(arg->type) || dt_type_resolve(arg->type)->kind == DT_T_ARRAY;
	if (c == 'p' || c == 'k')
		return (dt_is_ptrlike(arg->type) && !dt_is_user_ptr(arg->type)) ||
		       (c == 'p' && dt_type_is_string(arg->type));
	return dt_assignable(arg, type) || (c == 'S' && dt_is_null(arg));
}

static int cook_arg(struct dt_cook *ck, const struct dt_node *call, struct dt_node *arg, unsigned i, char c)
{
	const struct dt_type *type = type_of(ck, c);
	char want[DT_TYPESTR], got[DT_TYPESTR];

	if (!type)
		return dt_nomem(ck, arg->loc);
	if (!takes(arg, c, type)) {
		dt_error(ck->diag, D_PROTO_ARG, arg->loc, "argument %u of %s() must be of type %s, not %s", i,
			 call->name, dt_type_name(type, want, sizeof(want)), dt_typestr(arg, got));
		if (c == 's' && dt_type_is_integer(arg->type))
			dt_hint(ck->diag, "to read a string at a process's address use copyinstr()");
		return -1;
	}
	if (dt_decay(ck, arg))
		return -1;
	return c == 'p' || c == 'k' ? 0 : dt_convert(ck, arg, type);
}

bool dt_is_action(struct dt_cook *ck, const struct dt_node *n)
{
	const struct dt_ident *id = n && n->kind == DT_N_CALL ?
				    dt_ident_lookup(ck->idents, DT_SCOPE_GLOBAL, n->name) : NULL;

	return id && id->kind == DT_I_ACTION;
}

static enum dt_tag want_tag(const struct dt_node *n)
{
	switch (n->kind) {
	case DT_N_CALL:		return D_PROTO_ARG;
	case DT_N_CAST:		return D_CAST_INVAL;
	case DT_N_STRINGOF:	return D_STRINGOF_TYPE;
	default:		break;
	}
	switch (n->op) {
	case DT_OP_NEG: case DT_OP_POS:
	case DT_OP_ADD: case DT_OP_SUB: case DT_OP_MUL: case DT_OP_DIV: case DT_OP_MOD:
		return D_OP_ARITH;
	case DT_OP_BNOT: case DT_OP_BOR: case DT_OP_XOR: case DT_OP_BAND: case DT_OP_LSH: case DT_OP_RSH:
		return D_OP_INT;
	case DT_OP_LNOT: case DT_OP_LOR: case DT_OP_LXOR: case DT_OP_LAND:
		return D_OP_SCALAR;
	case DT_OP_EQ: case DT_OP_NE: case DT_OP_LT: case DT_OP_LE: case DT_OP_GT: case DT_OP_GE:
		return D_OP_INCOMPAT;
	default:
		return D_OP_ACT;
	}
}

/* Elsewhere it is D_OP_ACT; here the family names what @n, the operator or function, wants. */
int dt_refuse_actions(struct dt_cook *ck, const struct dt_node *n)
{
	for (int i = 0; i < 2; i++)
		for (const struct dt_node *kid = n->kid[i]; kid; kid = kid->next)
			if (dt_is_action(ck, kid))
				return dt_error(ck->diag, want_tag(n), kid->loc,
						"%s() is an action and has no value to compute with", kid->name);
	return 0;
}

int dt_cook_call(struct dt_cook *ck, struct dt_node *n)
{
	struct dt_ident *id = dt_cook_function(ck, n);
	const struct proto *p;
	struct dt_node *arg;
	const char *opt;
	unsigned lo, i = 0;

	if (!id)
		return -1;
	if (id->kind != DT_I_SUBR)
		return dt_error(ck->diag, id->kind == DT_I_AGGFUNC ? D_CG_EXPR : D_OP_ACT, n->loc,
				"%s() is an %s and has no value to compute with", n->name,
				id->kind == DT_I_AGGFUNC ? "aggregating function" : "action");
	p = find_proto(id->id);
	if (!p) {
		char what[80];

		snprintf(what, sizeof(what), "%s()", n->name);
		return dt_nosup(ck, n->loc, what, NULL);
	}
	opt = strchr(p->args, '|');
	lo = (unsigned)(opt ? (size_t)(opt - p->args) : strlen(p->args));
	if (dt_check_args(ck, n, lo, (unsigned)strlen(p->args) - (opt != NULL)))
		return show_proto(ck, n->name, p);
	if (dt_refuse_actions(ck, n) || dt_cook_list(ck, n->kid[0]))
		return -1;
	opt = p->args;
	for (arg = n->kid[0]; arg; arg = arg->next) {
		if (*opt == '|')
			opt++;
		if (cook_arg(ck, n, arg, ++i, *opt++))
			return show_proto(ck, n->name, p);
	}
	n->type = type_of(ck, p->ret);
	return n->type ? 0 : dt_nomem(ck, n->loc);
}
