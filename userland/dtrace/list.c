/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtrace -l */
#include "cmd.h"

static int list_one(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pd, void *arg)
{
	size_t *n = arg;

	++*n;
	out_printf("%5u %10s %17s %33s %s\n", pd->dtpd_id, pd->dtpd_provider, pd->dtpd_mod,
		   pd->dtpd_func, pd->dtpd_name);
	if (g_args.verbose)
		show_probe(pd);
	return 0;
}

static int list_desc(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pats, uint32_t npats, void *arg)
{
	char name[DTRACE_FUNCNAMELEN * 2];
	int *status = arg;
	size_t n = 0;

	for (uint32_t i = 0; i < npats; i++)
		if (dtrace_probe_iter(dtp, &pats[i], list_one, &n) < 0)
			dfatal("cannot list probes");
	if (!n) {
		warn("failed to match %s: no probe matches this description",
		     dtrace_desc2str(pats, name, sizeof(name)));
		*status = E_ERROR;
	}
	return 0;
}

int list_probes(void)
{
	int status = 0;
	size_t n = 0;

	out_printf("%5s %10s %17s %33s %s\n", "ID", "PROVIDER", "MODULE", "FUNCTION", "NAME");
	if (!g_args.nprograms && dtrace_probe_iter(g_dtp, NULL, list_one, &n) < 0)
		dfatal("cannot list probes");
	for (size_t i = 0; i < g_args.nprograms; i++)
		dtrace_program_descs(g_dtp, g_args.programs[i].prog, list_desc, &status);
	return status;
}
