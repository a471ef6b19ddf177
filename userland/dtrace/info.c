/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dtrace -v: what a probe and a program promise. Layout as on the family's other systems, for scripts that read it. */
#include "cmd.h"

static const char *or_unknown(const char *name)
{
	return name ? name : "Unknown";
}

void show_attributes(const char *what, dtrace_attribute_t attr)
{
	out_printf("\n\t%s\n", what);
	out_printf("\t\tIdentifier Names: %s\n", or_unknown(dtrace_stability_name(attr.dtat_name)));
	out_printf("\t\tData Semantics:   %s\n", or_unknown(dtrace_stability_name(attr.dtat_data)));
	out_printf("\t\tDependency Class: %s\n", or_unknown(dtrace_class_name(attr.dtat_class)));
}

void show_probe(const dtrace_probedesc_t *pd)
{
	dtrace_probeinfo_t info;
	char name[256];

	if (dtrace_probe_info(g_dtp, pd, &info))
		return;
	show_attributes("Probe Description Attributes", info.dtp_attr);
	show_attributes("Argument Attributes", info.dtp_arga);
	out_printf("\n\tArgument Types\n");
	for (int i = 0; i < info.dtp_argc; i++)
		out_printf("\t\targs[%d]: %s\n", i, dtrace_type_name(g_dtp, &info.dtp_argv[i], name, sizeof(name)));
	if (!info.dtp_argc)
		out_printf("\t\tNone\n");
	out_printf("\n");
}

void show_program(const char *kind, const char *name, const dtrace_proginfo_t *info)
{
	out_printf("\nStability attributes for %s %s:\n", kind, name);
	show_attributes("Minimum Probe Description Attributes", info->dpi_descattr);
	show_attributes("Minimum Statement Attributes", info->dpi_stmtattr);
	out_printf("\n");
}
