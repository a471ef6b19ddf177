/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stacks and single addresses as names. Formats of the records: abi.h. */
#include <inttypes.h>
#include <string.h>

#include "dt_impl.h"

/* How a stack is shown when nobody says otherwise. */
static struct dt_stacklook usual_look(dtrace_hdl_t *dtp)
{
	return (struct dt_stacklook){ .format = "%s", .indent = (int)dtp->opt[DTRACEOPT_STACKINDENT] };
}

static int print_line(dtrace_hdl_t *dtp, FILE *fp, const struct dt_stacklook *look, const char *text)
{
	if (dt_printf(dtp, fp, "%*s", look->indent, ""))
		return -1;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	/* a conversion of one string, made by printf.c */
	if (dt_printf(dtp, fp, look->format, text))
		return -1;
#pragma GCC diagnostic pop
	return dt_write(dtp, fp, "\n", 1);
}

/* ---- Frames ----------------------------------------------------------------------- */

uint32_t dt_frames(const dtrace_recdesc_t *rec, const void *data, struct dt_frames *f)
{
	bool user = rec->dtrd_action != DTRACEACT_STACK;
	uint32_t room = rec->dtrd_size / 8, n = 0;
	uint64_t head = 0;

	*f = (struct dt_frames){ .user = user, .pcs = data };
	if (user) {
		if (room)
			memcpy(&head, data, 8);
		f->pid = (pid_t)DTRACE_USTK_PID(head);
		f->why = DTRACE_USTK_WHY(head);
		f->pcs = (const char *)data + 8;
		room = room ? room - 1 : 0;
		if (room > DTRACE_USTACK_NFRAMES(rec->dtrd_arg))
			room = DTRACE_USTACK_NFRAMES(rec->dtrd_arg);
		f->strs = (const char *)f->pcs + 8 * (size_t)room;
		f->strsize = rec->dtrd_size - (size_t)(f->strs - (const char *)data);
	}
	while (n < room && dt_frame_pc(f, n))
		n++;
	return f->n = n;
}

uint64_t dt_frame_pc(const struct dt_frames *f, uint32_t i)
{
	uint64_t pc;

	memcpy(&pc, (const char *)f->pcs + 8 * (size_t)i, 8);
	return pc;
}

/* What a language calls frame @i; "": it is a native one. */
static const char *frame_text(const struct dt_frames *f, uint32_t i)
{
	const char *s = f->strs;
	size_t left = f->strsize, len;

	for (; left; s += len + 1, left -= len + 1) {
		len = strnlen(s, left);
		if (len == left)
			break;
		if (!i--)
			return s;
	}
	return "";
}

bool dt_frame_is_text(const struct dt_frames *f, uint32_t i)
{
	return *frame_text(f, i);
}

void dt_frame_name(dtrace_hdl_t *dtp, const struct dt_frames *f, uint32_t i, char *buf, size_t n)
{
	const char *text = frame_text(f, i);
	uint64_t pc = dt_frame_pc(f, i);

	if (*text)
		snprintf(buf, n, "%s", text);
	else if (dtp->opt[DTRACEOPT_NORESOLVE] != DTRACEOPT_UNSET)
		snprintf(buf, n, "0x%" PRIx64, pc);
	else if (f->user)
		dt_procs_addrname(dtp, f->pid, pc, buf, n);
	else
		dtrace_addr2str(dtp, pc, buf, (int)n);
}

/* Why the walk ended early: a stack that was cut must never pass for a whole one. */
char *dt_frames_cut(dtrace_hdl_t *dtp, const struct dt_frames *f, char *buf, size_t n)
{
	char object[256] = "";
	uint64_t func, obj;

	switch (f->why) {
	case DTRACE_USTK_DONE:
		return NULL;
	case DTRACE_USTK_FAULT:
		snprintf(buf, n, "the rest of the stack was not readable");
		break;
	case DTRACE_USTK_BADFP:
		if (f->n)
			dt_procs_lookup(dtp, f->pid, dt_frame_pc(f, f->n - 1), &func, &obj, object, sizeof(object));
		if (object[0])
			snprintf(buf, n, "frame pointer chain ends here (%s has no frame pointers)", object);
		else
			snprintf(buf, n, "frame pointer chain ends here");
		break;
	case DTRACE_USTK_KTHREAD:
		snprintf(buf, n, "kernel thread: it has no user stack");
		break;
	case DTRACE_USTK_32BIT:
		snprintf(buf, n, "the stack of 32-bit code is not walked");
		break;
	default:
		snprintf(buf, n, "the rest of the stack is unknown (reason %u)", f->why);
	}
	return buf;
}

int dt_print_frames(dtrace_hdl_t *dtp, FILE *fp, const dtrace_recdesc_t *rec, const void *data,
		    const struct dt_stacklook *look)
{
	struct dt_stacklook usual = usual_look(dtp);
	char name[4096], cut[512];
	struct dt_frames f;

	if (!look)
		look = &usual;
	dt_frames(rec, data, &f);
	if (dt_printf(dtp, fp, "\n"))
		return -1;
	for (uint32_t i = 0; i < f.n; i++) {
		dt_frame_name(dtp, &f, i, name, sizeof(name));
		if (print_line(dtp, fp, look, name))
			return -1;
	}
	if (dt_frames_cut(dtp, &f, cut, sizeof(cut)))
		return dt_printf(dtp, fp, "%*s-- %s\n", look->indent, "", cut);
	return 0;
}

/* ---- Single addresses ----------------------------------------------------------------- */

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
