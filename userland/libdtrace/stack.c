/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stacks and single addresses as names. Formats of the records: abi.h. */
#include <inttypes.h>
#include <string.h>

#include "dt_impl.h"

static int indent_of(dtrace_hdl_t *dtp)
{
	return (int)dtp->opt[DTRACEOPT_STACKINDENT];
}

int dt_print_stack(dtrace_hdl_t *dtp, FILE *fp, const void *data, size_t nframes)
{
	char name[1024];
	uint64_t pc;

	if (dt_printf(dtp, fp, "\n"))
		return -1;
	for (size_t i = 0; i < nframes; i++) {
		memcpy(&pc, (const char *)data + 8 * i, 8);
		if (!pc)
			break;
		dtrace_addr2str(dtp, pc, name, sizeof(name));
		if (dt_printf(dtp, fp, "%*s%s\n", indent_of(dtp), "", name))
			return -1;
	}
	return 0;
}

/* Why the walk ended early: a stack that was cut must never pass for a whole one. */
static int print_cut(dtrace_hdl_t *dtp, FILE *fp, uint32_t why, const char *object)
{
	char text[512];

	switch (why) {
	case DTRACE_USTK_DONE:
		return 0;
	case DTRACE_USTK_FAULT:
		snprintf(text, sizeof(text), "the rest of the stack was not readable");
		break;
	case DTRACE_USTK_BADFP:
		if (object[0])
			snprintf(text, sizeof(text), "frame pointer chain ends here (%s has no "
						     "frame pointers)", object);
		else
			snprintf(text, sizeof(text), "frame pointer chain ends here");
		break;
	case DTRACE_USTK_KTHREAD:
		snprintf(text, sizeof(text), "kernel thread: it has no user stack");
		break;
	case DTRACE_USTK_32BIT:
		snprintf(text, sizeof(text), "the stack of 32-bit code is not walked");
		break;
	default:
		snprintf(text, sizeof(text), "the rest of the stack is unknown (reason %u)", why);
	}
	return dt_printf(dtp, fp, "%*s-- %s\n", indent_of(dtp), "", text);
}

int dt_print_ustack(dtrace_hdl_t *dtp, FILE *fp, const void *data, const dtrace_recdesc_t *rec)
{
	uint32_t nframes = DTRACE_USTACK_NFRAMES(rec->dtrd_arg);
	char name[4096], object[256] = "";
	uint64_t head, pc, last = 0, func, obj;
	pid_t pid;

	if (rec->dtrd_size < 8 * (1ull + nframes))
		nframes = rec->dtrd_size / 8 ? rec->dtrd_size / 8 - 1 : 0;
	memcpy(&head, data, 8);
	pid = (pid_t)DTRACE_USTK_PID(head);
	if (dt_printf(dtp, fp, "\n"))
		return -1;
	for (uint32_t i = 0; i < nframes; i++) {
		memcpy(&pc, (const char *)data + 8 * (1 + i), 8);
		if (!pc)
			break;
		last = pc;
		dt_procs_addrname(dtp, pid, pc, name, sizeof(name));
		if (dt_printf(dtp, fp, "%*s%s\n", indent_of(dtp), "", name))
			return -1;
	}
	if (last && DTRACE_USTK_WHY(head) == DTRACE_USTK_BADFP)
		dt_procs_lookup(dtp, pid, last, &func, &obj, object, sizeof(object));
	return print_cut(dtp, fp, DTRACE_USTK_WHY(head), object);
}

/* Without the "+0x12": usym() and sym() are about the function, not the place in it. */
static void cut_offset(char *name)
{
	char *plus = strrchr(name, '+');

	if (plus && !strncmp(plus, "+0x", 3))
		*plus = 0;
}

char *dt_sym_text(dtrace_hdl_t *dtp, uint16_t action, const void *data, char *buf, size_t n)
{
	uint64_t pid = 0, pc, func, obj;
	const struct dt_ksym *ks;
	char object[256];

	if (action == DTRACEACT_SYM || action == DTRACEACT_MOD) {
		memcpy(&pc, data, 8);
		ks = dt_ksym_at(dtp, pc);
		if (!ks)
			snprintf(buf, n, "0x%" PRIx64, pc);
		else if (action == DTRACEACT_MOD)
			snprintf(buf, n, "%s", ks->mod);
		else
			snprintf(buf, n, "%s`%s", ks->mod, ks->name);
		return buf;
	}
	memcpy(&pid, data, 8);
	memcpy(&pc, (const char *)data + 8, 8);
	if (action == DTRACEACT_UMOD) {
		dt_procs_lookup(dtp, (pid_t)pid, pc, &func, &obj, object, sizeof(object));
		if (object[0])
			snprintf(buf, n, "%s", object);
		else
			snprintf(buf, n, "0x%" PRIx64, pc);
		return buf;
	}
	dt_procs_addrname(dtp, (pid_t)pid, pc, buf, n);
	if (action == DTRACEACT_USYM)
		cut_offset(buf);
	return buf;
}
