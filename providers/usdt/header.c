// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * dtrace -h: a C (and C++) header with two macros for each probe,
 *
 *	PROVIDER_PROBE(arg0, ...)	the probe; its arguments are always evaluated
 *	PROVIDER_PROBE_ENABLED()	does somebody look at it now?
 *
 * It needs no other header. The probe is a nop with a note (usdt.h), so that
 * it costs what it takes to have the arguments in registers.
 *
 * Each argument is converted to the width and sign that D declares: the note says those.
 * Pointers go as void pointers, so that the program need not know D's names of types. Up to six
 * arguments are held in registers: memory might be a variable without a name in a
 * stripped file. A float or double is in memory, as vector registers cannot be read.
 * A probe that passes pointers makes the compiler write what they point to: a tracer may read it.
 *
 * The semaphore is defined by the macros that use it, weak, once in what is linked; so a
 * program works without the object of dtrace -G, and with it, too. It is hidden: a
 * library and a program with the same provider have one each.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "usdt.h"

#define REGISTER_ARGS	6

static const char assembly[] =
	"#if __GNUC__ >= 9 && !defined(__clang__)	/* it is one instruction, however long it looks */\n"
	"#define _DTRACE_USDT_ASM __asm__ __inline__ __volatile__\n"
	"#else\n"
	"#define _DTRACE_USDT_ASM __asm__ __volatile__\n"
	"#endif\n"
	"/* A semaphore, in this object's part of .probes, unless it is there already. */\n"
	"#define _DTRACE_USDT_SEMAPHORE(s) \\\n"
	"\t\".ifndef \" #s \"\\n\" \\\n"
	"\t\".pushsection .probes,\\\"awG\\\",@progbits,\" #s \",comdat\\n\" \\\n"
	"\t\".balign 2\\n\" \\\n"
	"\t\".weak \" #s \"\\n.hidden \" #s \"\\n\" \\\n"
	"\t\".type \" #s \",@object\\n.size \" #s \",2\\n\" \\\n"
	"\t#s \": .zero 2\\n\" \\\n"
	"\t\".popsection\\n.endif\\n\"\n"
	"/* A nop, and the note that tells debuggers and tracers what it stands for. */\n"
	"#define _DTRACE_USDT_PROBE(p, n, s, args) \\\n"
	"\t_DTRACE_USDT_SEMAPHORE(s) \\\n"
	"\t\"990: nop\\n\" \\\n"
	"\t\".pushsection .note.stapsdt,\\\"?\\\",@note\\n\" \\\n"
	"\t\".balign 4\\n\" \\\n"
	"\t\".4byte 992f-991f,994f-993f,3\\n\" \\\n"
	"\t\"991: .asciz \\\"stapsdt\\\"\\n\" \\\n"
	"\t\"992: .balign 4\\n\" \\\n"
	"\t\"993: .8byte 990b,_.stapsdt.base,\" #s \"\\n\" \\\n"
	"\t\".asciz \\\"\" #p \"\\\",\\\"\" #n \"\\\",\\\"\" args \"\\\"\\n\" \\\n"
	"\t\"994: .balign 4\\n\" \\\n"
	"\t\".popsection\\n\" \\\n"
	"\t\".ifndef _.stapsdt.base\\n\" \\\n"
	"\t\".pushsection .stapsdt.base,\\\"aG\\\",@progbits,.stapsdt.base,comdat\\n\" \\\n"
	"\t\".weak _.stapsdt.base\\n.hidden _.stapsdt.base\\n\" \\\n"
	"\t\"_.stapsdt.base: .space 1\\n\" \\\n"
	"\t\".size _.stapsdt.base,1\\n\" \\\n"
	"\t\".popsection\\n.endif\\n\"\n";

/* ---- Names --------------------------------------------------------------------------- */

static void upper(FILE *out, const char *s)
{
	for (; *s; s++)
		fputc(isalnum((unsigned char)*s) ? toupper((unsigned char)*s) : '_', out);
}

char *dt_usdt_macro(const struct dt_usdt_probe *p)
{
	char *buf = NULL;
	size_t n;
	FILE *m = open_memstream(&buf, &n);

	if (!m)
		return NULL;
	upper(m, p->provider);
	fputc('_', m);
	for (const char *s = p->name; *s; s++) {
		if (s[0] == '_' && s[1] == '_')	/* a dash to D */
			s++;
		fputc(toupper((unsigned char)*s), m);
	}
	if (fclose(m)) {
		free(buf);
		return NULL;
	}
	return buf;
}

static void guard(FILE *out, const char *file, const struct dt_usdt_probe *p, size_t n)
{
	const char *base = file && strrchr(file, '/') ? strrchr(file, '/') + 1 : file;

	fputs("_DTRACE_", out);
	if (n) {
		upper(out, p->provider);
		fputc('_', out);
	}
	upper(out, base && *base ? base : "H");
	fputc('\n', out);
}

/* ---- A probe ---------------------------------------------------------------------------- */

static void parameters(FILE *out, uint32_t n)
{
	fputc('(', out);
	for (uint32_t i = 0; i < n; i++)
		fprintf(out, "%sarg%u", i ? ", " : "", i);
	fputc(')', out);
}

static const char *c_type(const struct dt_usdt_arg *a)
{
	static const char *const ints[][2] = {
		{ "unsigned char", "signed char" }, { "unsigned short", "short" },
		{ "unsigned int", "int" }, { "unsigned long", "long" },
	};
	unsigned log = a->size == 1 ? 0 : a->size == 2 ? 1 : a->size == 4 ? 2 : 3;

	switch (a->kind) {
	case DT_C_POINTER:
		return "const volatile void *";
	case DT_C_FLOAT:
		return a->size == 4 ? "float" : "double";
	case DT_C_BOOL:
		return "unsigned char";
	default:
		return ints[log][a->kind == DT_C_SIGNED];
	}
}

static void one_argument(FILE *out, const struct dt_usdt_arg *a, uint32_t i)
{
	const char *type = c_type(a), *space = type[strlen(type) - 1] == '*' ? "" : " ";

	if (a->kind == DT_C_BOOL)
		fprintf(out, "\t%s _dtrace_%u = (arg%u) ? 1 : 0; \\\n", type, i, i);
	else
		fprintf(out, "\t%s%s_dtrace_%u = (%s)(arg%u); \\\n", type, space, i, type, i);
}

static const char *constraint(const struct dt_usdt_arg *a, uint32_t i)
{
	if (a->kind == DT_C_FLOAT)
		return "m";
	return i < REGISTER_ARGS ? "nr" : "nor";
}

static void probe_macro(FILE *out, const struct dt_usdt_probe *p, const char *macro)
{
	bool pointers = false;

	fprintf(out, "#define %s", macro);
	parameters(out, p->nargs);
	fprintf(out, " __extension__ ({ \\\n");
	for (uint32_t i = 0; i < p->nargs; i++)
		one_argument(out, &p->arg[i], i);
	fprintf(out, "\t_DTRACE_USDT_ASM (_DTRACE_USDT_PROBE(%s, %s, %s_%s_semaphore, \"", p->provider, p->name,
		p->provider, p->name);
	for (uint32_t i = 0; i < p->nargs; i++) {
		fprintf(out, "%s%s%u%s@%%%u", i ? " " : "", p->arg[i].kind == DT_C_SIGNED ? "-" : "", p->arg[i].size,
			p->arg[i].kind == DT_C_FLOAT ? "f" : "", i);
		pointers |= p->arg[i].kind == DT_C_POINTER;
	}
	fprintf(out, "\") \\\n\t\t: :");
	for (uint32_t i = 0; i < p->nargs; i++)
		fprintf(out, "%s \"%s\" (_dtrace_%u)", i ? "," : "", constraint(&p->arg[i], i), i);
	fprintf(out, "%s); \\\n})\n", pointers ? " : \"memory\"" : "");
}

static void enabled_macro(FILE *out, const struct dt_usdt_probe *p, const char *macro)
{
	fprintf(out, "#define %s_ENABLED() __extension__ ({ \\\n"
		"\t_DTRACE_USDT_ASM (_DTRACE_USDT_SEMAPHORE(%s_%s_semaphore) : :); \\\n"
		"\t__builtin_expect(*(const volatile unsigned short *)&%s_%s_semaphore != 0, 0); \\\n"
		"})\n", macro, p->provider, p->name, p->provider, p->name);
}

static void absent_macros(FILE *out, const struct dt_usdt_probe *p, const char *macro)
{
	fprintf(out, "#define %s", macro);
	parameters(out, p->nargs);
	fprintf(out, " (");
	for (uint32_t i = 0; i < p->nargs; i++)
		fprintf(out, "%s(void)(arg%u)", i ? ", " : "", i);
	fprintf(out, "%s)\n#define %s_ENABLED() (0)\n", p->nargs ? "" : "(void)0", macro);
}

/* ---- The file ------------------------------------------------------------------------------ */

static int each(FILE *out, const struct dt_usdt_probe *p, size_t n, bool there)
{
	for (size_t i = 0; i < n; i++) {
		char *macro = dt_usdt_macro(&p[i]);

		if (!macro)
			return -ENOMEM;
		fputc('\n', out);
		if (there) {
			probe_macro(out, &p[i], macro);
			enabled_macro(out, &p[i], macro);
		} else {
			absent_macros(out, &p[i], macro);
		}
		free(macro);
	}
	return 0;
}

int dt_usdt_header(FILE *out, const char *file, const struct dt_usdt_probe *p, size_t n)
{
	int rc;

	fprintf(out, "/* Made by dtrace -h: changes are lost when it is made again. */\n#ifndef ");
	guard(out, file, p, n);
	fprintf(out, "#define ");
	guard(out, file, p, n);
	fprintf(out, "\n#if defined(__x86_64__) && defined(__LP64__) && defined(__linux__) && defined(__GNUC__)\n\n"
		"#ifndef _DTRACE_USDT_PROBE\n%s#endif\n\n"
		"#ifdef __cplusplus\nextern \"C\" {\n#endif\n", assembly);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "extern unsigned short %s_%s_semaphore __attribute__((__visibility__(\"hidden\")));\n",
			p[i].provider, p[i].name);
	fprintf(out, "#ifdef __cplusplus\n}\n#endif\n");
	rc = each(out, p, n, true);
	fprintf(out, "\n#else /* no probes there */\n");
	if (!rc)
		rc = each(out, p, n, false);
	fprintf(out, "\n#endif\n\n#endif\n");
	return rc ? rc : ferror(out) ? -EIO : 0;
}
