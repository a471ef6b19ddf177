// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * print() and printm(): values that are recorded as bytes and shown member by
 * member, or as a dump. The type travels in dt_action.type; the kernel only
 * copies (DTRACEACT_PRINT is DIFEXPR under another name, printm() a tracemem()).
 *
 * Source: Guide, "Output Formatting" (print), illumos; printm: FreeBSD.
 */
#include <string.h>

#include "cook.h"

int dt_cook_print(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	struct dt_node *val = call->kid[0];

	if (val->kind == DT_N_AGG)
		return dt_error(ck->diag, D_PRINT_AGG, val->loc, "print() cannot show an aggregation: use printa()");
	if (!dt_is_action(ck, val) && dt_cook_expr(ck, val))
		return -1;
	if (!val->type || dt_is_void(val->type))
		return dt_error(ck->diag, D_PRINT_VOID, val->loc, "print() needs a value, and this has none");
	if (dt_is_dyn(val->type))
		return dt_error(ck->diag, D_PRINT_DYN, val->loc, "print() needs a value whose type is known");
	return dt_want_value(ck, rec, DTRACEACT_PRINT, val, 0);
}

/* memref(address, length), of FreeBSD: its two arguments become printm()'s second and third. */
static int open_memref(struct dt_cook *ck, struct dt_node *ref)
{
	struct dt_node *args = ref->kid[0];

	if (ref->kind != DT_N_CALL || strcmp(ref->name, "memref"))
		return 0;
	if (dt_check_args(ck, ref, 2, 2))
		return -1;
	*ref = *args;
	return 0;
}

/* printm(size, address), printm(size, memref(address, length)): at most @size bytes */
int dt_cook_printm(struct dt_cook *ck, struct dt_node *call, struct dt_rec *rec)
{
	struct dt_node *size = call->kid[0], *addr = size->next, *len;
	char name[DT_TYPESTR];

	if (open_memref(ck, addr))
		return -1;
	len = addr->next;
	if (dt_cook_list(ck, size) || dt_decay(ck, addr))
		return -1;
	if (!dt_is_const_int(size) || dt_int(size) <= 0 || dt_int(size) > UINT16_MAX)
		return dt_error(ck->diag, D_PRINTM_SIZE, size->loc,
				"the size of printm() must be a constant from 1 to 65535");
	if (!dt_type_is_scalar(addr->type))
		return dt_error(ck->diag, D_PRINTM_ADDR, addr->loc, "printm() needs an address, not a value of type %s",
				dt_typestr(addr, name));
	if (len && !dt_type_is_integer(len->type))
		return dt_error(ck->diag, D_PRINTM_SIZE, len->loc,
				"the second argument of memref(), how many bytes to show, must be an integer, not %s",
				dt_typestr(len, name));
	if (len && (dt_convert(ck, len, dt_basic(ck->types, DT_B_INT64)) ||
		    dt_want_value(ck, rec, DTRACEACT_TRACEMEM_DYNSIZE, len, 0)))
		return -1;
	return dt_want_value(ck, rec, DTRACEACT_TRACEMEM, addr, (uint64_t)dt_int(size));
}
