/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -h and -G: build probes into programs. The file is that of -o, else the
 * script's name with .h or .o for its .d, in the current folder. It is written
 * when all is well, so that a failed build leaves none that looks finished.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"

static char *output_name(const char *suffix)
{
	const struct program *p = &g_args.programs[0];
	const char *base = strrchr(p->text, '/') ? strrchr(p->text, '/') + 1 : p->text;
	size_t n = strlen(base);
	char *name;

	if (g_args.output)
		return strdup(g_args.output);
	if (g_args.nprograms > 1 || p->opt != 's' || n < 3 || strcmp(base + n - 2, ".d"))
		fatal("name the file to write with -o: it follows from the script's name only if that ends in .d");
	if (asprintf(&name, "%.*s.%s", (int)(n - 2), base, suffix) < 0)
		fatal("out of memory");
	return name;
}

/* Half a file helps nobody; a device that was named stays. */
static void take_back(const char *file)
{
	struct stat st;

	if (!lstat(file, &st) && S_ISREG(st.st_mode))
		unlink(file);
}

static void write_file(const char *file, const char *text, size_t n)
{
	bool out = !strcmp(file, "-");
	FILE *fp = out ? stdout : fopen(file, "we");
	int err;

	if (!fp)
		fatal("cannot write %s: %s", file, strerror(errno));
	err = fwrite(text, 1, n, fp) == n && !fflush(fp) ? 0 : errno;
	if (!out && fclose(fp) && !err)
		err = errno;
	if (err && !out)
		take_back(file);
	if (err)
		fatal("cannot write %s: %s", file, strerror(err));
}

static void build_header(void)
{
	char *file = output_name("h"), *text = NULL;
	size_t n = 0;
	FILE *mem = open_memstream(&text, &n);

	if (!file || !mem)
		fatal("out of memory");
	if (dtrace_program_header(g_dtp, mem, file))
		dfatal("cannot make the header %s", file);
	if (fclose(mem))
		fatal("out of memory");
	write_file(file, text, n);
	free(text);
	free(file);
}

static void build_object(void)
{
	char *file = output_name("o");

	if (!file)
		fatal("out of memory");
	/* One object has the probes of all scripts, but each must be one that can be linked. */
	for (size_t i = 0; i < g_args.nprograms; i++)
		if (dtrace_program_link(g_dtp, g_args.programs[i].prog, DTRACE_D_PROBES, file,
					(int)g_args.noperands - 1, g_args.operands + 1)) {
			if (i)		/* written for the scripts before this one */
				take_back(file);
			dfatal("cannot link %s", g_args.programs[i].shown);
		}
	free(file);
}

void build_probes(void)
{
	if (g_args.header)
		build_header();
	else
		build_object();
}
