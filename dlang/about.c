// SPDX-License-Identifier: LGPL-2.1-or-later
/* A probe's stability and the types of its arguments, for who lists probes (dtrace -lv). */
#include "abstract.h"

int dt_about_probe(struct dt_types *types, struct dt_idents *idents, const dtrace_probedesc_t *pd, struct dt_about *ret)
{
	struct dt_node desc = { .kind = DT_N_PDESC }, clause = { .kind = DT_N_CLAUSE, .kid = { &desc } };
	struct dt_compile cc = { .types = types, .idents = idents };
	struct dt_diag diag = { 0 };	/* what is not known is no error here */
	struct dt_cook ck = { .cc = &cc, .types = types, .idents = idents, .diag = &diag, .clause = &clause };
	int n;

	ck.arena = dt_arena_create();
	if (!ck.arena)
		return -1;
	desc.u.pdesc.part[0] = pd->dtpd_provider;
	desc.u.pdesc.part[1] = pd->dtpd_mod;
	desc.u.pdesc.part[2] = pd->dtpd_func;
	desc.u.pdesc.part[3] = pd->dtpd_name;
	ret->name = dt_attr_of_desc(&ck, &desc);
	ret->args = dt_attr_of_args(&ck, &desc);
	n = dt_args_types(&ck, ret->argv, sizeof(ret->argv) / sizeof(ret->argv[0]));
	ret->argc = n < 0 ? 0 : n < 128 ? (uint32_t)n : 128;
	dt_arena_destroy(ck.arena);
	return 0;
}
