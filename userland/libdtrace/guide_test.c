/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/d, the programs of the Guide's chapters, on the engine in this process:
 * each tst.*.d must print what stands beside it in .out, and on stderr what
 * stands in .err. tests/lang/d.t runs the same in a kernel; those that need
 * one say so in their first lines: "needs: kernel".
 *
 * GUIDE_WRITE=1 writes what is printed beside the programs instead. GUIDE_ONLY
 * is a glob of paths like "aggs/tst.clear.d".
 */
#include <ctype.h>
#include <glob.h>
#include <wordexp.h>

#include "test_kernel.h"

#define ROOT "tests/d/"

struct program {
	const char *path;
	char head[1024];		/* its first lines, where it says how it is run */
	char *err;			/* what dtrace would say on stderr */
	size_t errlen;
	FILE *errfp;
	uint_t cflags;
};

/* The text of "/ * word: text * /" in the first lines, or "". */
static const char *asked(const struct program *p, const char *word, char *buf, size_t n)
{
	char key[32];
	const char *at, *end;

	buf[0] = 0;
	snprintf(key, sizeof(key), "/* %s: ", word);
	at = strstr(p->head, key);
	end = at ? strstr(at, " */") : NULL;
	if (end)
		snprintf(buf, n, "%.*s", (int)(end - at - strlen(key)), at + strlen(key));
	return buf;
}

static void read_head(struct program *p)
{
	FILE *fp = fopen(p->path, "re");
	size_t n;

	assert_non_null(fp);
	n = fread(p->head, 1, sizeof(p->head) - 1, fp);
	p->head[n] = 0;
	fclose(fp);
}

static char *whole_file(const char *path)
{
	FILE *fp = fopen(path, "re");
	char *text = NULL;
	size_t n = 0;

	if (!fp)
		return strdup("");
	if (getdelim(&text, &n, 0, fp) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(fp);
	return text;
}

/* -x name=value, -C, -Dname=value, -w, -Z. */
static void set_option(struct tk *k, struct program *p, const char *name, const char *value)
{
	if (dtrace_setopt(k->dtp, name, value))
		fail_msg("%s: option %s: %s", p->path, name, dtrace_errmsg(k->dtp, dtrace_errno(k->dtp)));
}

static void set_options(struct tk *k, struct program *p, const wordexp_t *w)
{
	for (size_t i = 0; i < w->we_wordc; i++) {
		char *s = w->we_wordv[i];

		if (!strcmp(s, "-x") && i + 1 < w->we_wordc) {
			char *name = w->we_wordv[++i], *eq = strchr(name, '=');

			if (eq)
				*eq++ = 0;
			set_option(k, p, name, eq);
		} else if (!strcmp(s, "-C")) {
			p->cflags |= DTRACE_C_CPP;
		} else if (!strncmp(s, "-D", 2)) {
			set_option(k, p, "define", s + 2);
		} else if (!strcmp(s, "-w")) {
			set_option(k, p, "destructive", NULL);
		} else if (!strcmp(s, "-Z")) {
			p->cflags |= DTRACE_C_ZDEFS;
		} else {
			fail_msg("%s: this test does not know %s", p->path, s);
		}
	}
}

static int say_drop(const dtrace_dropdata_t *d, void *arg)
{
	fprintf(((struct program *)arg)->errfp, "dtrace: %s", d->dtdda_msg);
	return DTRACE_HANDLE_OK;
}

static int say_error(const dtrace_errdata_t *e, void *arg)
{
	fprintf(((struct program *)arg)->errfp, "dtrace: %s", e->dteda_msg);
	return DTRACE_HANDLE_OK;
}

/* Numbers of probes and of instructions are not the program's doing. */
static void hide_numbers(char *s)
{
	static const char *const before[] = { "ID ", "DIF offset " };

	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
		for (char *at = strstr(s, before[i]), *end; at; at = strstr(at, before[i])) {
			at += strlen(before[i]);
			for (end = at; isdigit((unsigned char)*end); end++)
				;
			if (end > at) {
				*at++ = 'N';
				memmove(at, end, strlen(end) + 1);
			}
		}
	}
}

static bool check(const struct program *p, const char *suffix, const char *got)
{
	char path[512];
	char *want;
	bool same;
	FILE *fp;

	snprintf(path, sizeof(path), "%s.%s", p->path, suffix);
	want = whole_file(path);
	same = !strcmp(want, got);
	if (!same && getenv("GUIDE_WRITE")) {
		fp = *got ? fopen(path, "we") : NULL;
		if (fp) {
			fputs(got, fp);
			fclose(fp);
		} else {
			unlink(path);
		}
		same = true;
	}
	if (!same)
		print_message("%s: .%s should be\n%s\nand is\n%s\n", p->path, suffix, want, got);
	free(want);
	return same;
}

static bool finish(struct tk *k, struct program *p)
{
	char buf[64];
	bool ok;

	fputc(0, k->fp);
	fflush(k->fp);
	fputc(0, p->errfp);
	fflush(p->errfp);
	hide_numbers(p->err);
	ok = check(p, "out", k->out);
	ok &= check(p, "err", p->err);
	if ((int)k->sink.exit_status == atoi(asked(p, "exit", buf, sizeof(buf))))
		return ok;
	print_message("%s: exit status %d\n", p->path, (int)k->sink.exit_status);
	return false;
}

static bool run(struct tk *k, struct program *p, int argc, char **argv)
{
	FILE *fp = fopen(p->path, "re");
	dtrace_prog_t *prog;

	assert_non_null(fp);
	prog = dtrace_program_fcompile(k->dtp, fp, p->cflags, argc, argv);
	fclose(fp);
	if (!prog || dtrace_program_exec(k->dtp, prog, NULL) || dtrace_go(k->dtp)) {
		print_message("%s: %s\n", p->path, dtrace_errmsg(k->dtp, dtrace_errno(k->dtp)));
		return false;
	}
	if (dtrace_stop(k->dtp) || tk_work(k) != DTRACE_WORKSTATUS_DONE) {
		print_message("%s: %s\n", p->path, dtrace_errmsg(k->dtp, dtrace_errno(k->dtp)));
		return false;
	}
	fputs("\n", k->fp);		/* as the command ends its output */
	if (dtrace_aggregate_print(k->dtp, k->fp, NULL)) {
		print_message("%s: %s\n", p->path, dtrace_errmsg(k->dtp, dtrace_errno(k->dtp)));
		return false;
	}
	return finish(k, p);
}

static bool run_program(struct program *p)
{
	struct tk *k = tk_new();
	wordexp_t options, args;
	char buf[1024], words[1536];
	bool ok;

	p->errfp = open_memstream(&p->err, &p->errlen);
	dtrace_handle_drop(k->dtp, say_drop, p);
	dtrace_handle_err(k->dtp, say_error, p);
	set_option(k, p, "quiet", NULL);
	assert_int_equal(wordexp(asked(p, "dtrace", buf, sizeof(buf)), &options, WRDE_NOCMD), 0);
	set_options(k, p, &options);
	snprintf(words, sizeof(words), "%s %s", p->path, asked(p, "args", buf, sizeof(buf)));
	assert_int_equal(wordexp(words, &args, WRDE_NOCMD), 0);
	ok = run(k, p, (int)args.we_wordc, args.we_wordv);
	wordfree(&options);
	wordfree(&args);
	fclose(p->errfp);
	free(p->err);
	tk_free(k);
	return ok;
}

static void programs(void **state)
{
	const char *only = getenv("GUIDE_ONLY");
	char pattern[256], buf[64];
	unsigned bad = 0, n = 0;
	glob_t g;

	(void)state;
	snprintf(pattern, sizeof(pattern), ROOT "%s", only ? only : "*/tst.*.d");
	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct program p = { .path = g.gl_pathv[i] };

		read_head(&p);
		if (!strcmp(asked(&p, "needs", buf, sizeof(buf)), "kernel"))
			continue;
		n++;
		bad += !run_program(&p);
	}
	globfree(&g);
	print_message("%u programs, %u of them print something else\n", n, bad);
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
