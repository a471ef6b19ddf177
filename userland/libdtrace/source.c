/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Program text on its way to the compiler: read, run through the C
 * preprocessor (-C), and quoted again when something is wrong with it.
 */
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dt_impl.h"

#define SOURCE_MAX (16u << 20)

char *dt_source_read(dtrace_hdl_t *dtp, FILE *fp, size_t *len)
{
	char *text = NULL, *grown;
	size_t n = 0, room = 0, got;

	do {
		if (n + 4096 > room) {
			room = room ? room * 2 : 16384;
			grown = room <= SOURCE_MAX * 2 ? realloc(text, room) : NULL;
			if (!grown) {
				dt_set_errno(dtp, room > SOURCE_MAX ? EFBIG : ENOMEM);
				free(text);
				return NULL;
			}
			text = grown;
		}
		got = fread(text + n, 1, room - n - 1, fp);
		n += got;
	} while (got);
	if (ferror(fp)) {
		dt_set_errno(dtp, errno);
		free(text);
		return NULL;
	}
	text[n] = 0;
	*len = n;
	return text;
}

void dt_source_hide_interpreter(char *text, size_t len)
{
	if (len < 2 || text[0] != '#' || text[1] != '!')
		return;
	for (size_t i = 0; i < len && text[i] != '\n'; i++)
		text[i] = ' ';
}

static int memory_file(const char *name, const char *text, size_t len)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	while (fd >= 0 && len) {
		ssize_t n = write(fd, text, len);

		if (n <= 0) {
			close(fd);
			return -1;
		}
		text += n;
		len -= (size_t)n;
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

/* What has been written to a memory file, as a string. */
static char *memory_text(int fd, size_t *len)
{
	struct stat st;
	char *text;

	if (fstat(fd, &st) || st.st_size > (off_t)SOURCE_MAX)
		return NULL;
	text = malloc((size_t)st.st_size + 1);
	if (!text || pread(fd, text, (size_t)st.st_size, 0) != st.st_size) {
		free(text);
		return NULL;
	}
	*len = (size_t)st.st_size;
	text[*len] = 0;
	return text;
}

/* GNU cpp's words for the dialects of -X. K&R's and its transition have no __STDC__, or have it 0. */
static const char *const *dialect(char letter)
{
	static const char *const ansi[] = { NULL }, *const strict[] = { "-std=c17", NULL };
	static const char *const knr[] = { "-U__STDC__", "-w", NULL };
	static const char *const transition[] = { "-U__STDC__", "-D__STDC__=0", "-w", NULL };

	return letter == 'c' ? strict : letter == 's' ? knr : letter == 't' ? transition : ansi;
}

static char **cpp_argv(dtrace_hdl_t *dtp)
{
	static const char *const fixed[] = { "-D__SUNW_D=1", "-D__SUNW_D_VERSION=0x010d0000" };
	const char *const *std = dialect(dtp->stdc);
	size_t n = sizeof(fixed) / sizeof(*fixed), k = 0;
	char **argv = calloc(n + dtp->cppargs.n + 7, sizeof(*argv));

	if (!argv)
		return NULL;
	argv[k++] = dtp->cpppath;
	for (size_t i = 0; i < n; i++)
		argv[k++] = (char *)fixed[i];
	while (*std)
		argv[k++] = (char *)*std++;
	if (dtp->cpphdrs)
		argv[k++] = "-H";
	for (size_t i = 0; i < dtp->cppargs.n; i++)
		argv[k++] = dtp->cppargs.s[i];
	argv[k++] = "-";
	return argv;
}

/* Run cpp with these files as its stdin, stdout, stderr. Its exit status, or -errno. */
static int cpp_run(dtrace_hdl_t *dtp, int in, int out, int err)
{
	posix_spawn_file_actions_t fa;
	char **argv = cpp_argv(dtp);
	int rc, status;
	pid_t pid;

	if (!argv)
		return -ENOMEM;
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, in, 0);
	posix_spawn_file_actions_adddup2(&fa, out, 1);
	posix_spawn_file_actions_adddup2(&fa, err, 2);
	rc = posix_spawn(&pid, argv[0], &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	free(argv);
	if (rc)
		return -rc;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/*
 * -H: GNU cpp tells of each header with a dot a level before its path, and at
 * the end of headers that want guards. The paths are what was asked for.
 */
static void show_headers(const char *said)
{
	for (const char *next; *said; said = next) {
		size_t n = strcspn(said, "\n"), dots = strspn(said, ".");

		next = said + n + (said[n] == '\n');
		if (dots && said[dots] == ' ')
			fprintf(stderr, "%.*s\n", (int)(n - dots - 1), said + dots + 1);
	}
}

char *dt_source_cpp(dtrace_hdl_t *dtp, const char *text, size_t *len)
{
	int in = memory_file("d", text, *len), out = memory_file("cpp", "", 0), err = memory_file("err", "", 0);
	char *result = NULL, *said = NULL;
	size_t n = 0;
	int rc;

	if (in < 0 || out < 0 || err < 0) {
		dt_set_errno(dtp, errno ? errno : ENOMEM);
		goto out;
	}
	rc = cpp_run(dtp, in, out, err);
	said = memory_text(err, &n);
	if (rc < 0) {
		dt_set_error(dtp, EDT_CPP, "cannot run the C preprocessor %s: %s", dtp->cpppath, strerror(-rc));
	} else if (rc) {
		if (said)
			said[strcspn(said, "\n")] = 0;
		dt_set_error(dtp, EDT_CPP, "the C preprocessor failed: %s", said && *said ? said : dtp->cpppath);
	} else {
		if (dtp->cpphdrs && said)
			show_headers(said);
		result = memory_text(out, len);
		if (result)
			dt_headers_fit(result);
		else
			dt_set_errno(dtp, ENOMEM);
	}
out:
	free(said);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	if (err >= 0)
		close(err);
	return result;
}

/* Line @line of a text: where it begins, and its length. */
static const char *find_line(const char *text, unsigned line, size_t *len)
{
	while (text && --line) {
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	if (text)
		*len = strcspn(text, "\n");
	return text;
}

/* "# 5 "x.h"" as cpp writes it, or #line: what the next line is. */
static bool line_marker(const char *s, size_t len, unsigned *line, char *file, size_t room)
{
	const char *end = s + len, *q, *r;
	unsigned long n;
	char *after;

	if (!len || *s != '#')
		return false;
	s++;
	s += strspn(s, " \t");
	if (!strncmp(s, "line", 4))
		s += 4;
	n = strtoul(s, &after, 10);
	if (after == s || after > end)
		return false;
	*line = (unsigned)n;
	q = memchr(after, '"', (size_t)(end - after));
	r = q ? memchr(q + 1, '"', (size_t)(end - q - 1)) : NULL;
	if (r)
		snprintf(file, room, "%.*s", (int)(r - q - 1), q + 1);
	return true;
}

/* What the preprocessor made of line @line of @file. */
static const char *find_expanded(const char *code, const char *file, unsigned line, size_t *len)
{
	char now[4096] = "<stdin>";
	unsigned n = 1;

	for (; *code; code += *len + (code[*len] == '\n')) {
		*len = strcspn(code, "\n");
		if (line_marker(code, *len, &n, now, sizeof(now)))
			continue;
		if (n == line && !strcmp(now, file))
			return code;
		n++;
	}
	return NULL;
}

/*
 * The line, and a caret beneath. A very long line is cut around the caret; the
 * caret's own indentation repeats the line's tabs so that it stands right. No
 * caret where the preprocessor has changed the line: columns count in what it made.
 */
static int quote(const struct dt_loc *loc, const char *line, size_t len, bool caret_known, char *buf, size_t size)
{
	enum { WIDTH = 100 };
	size_t from = 0, col = loc->col ? loc->col - 1 : 0;
	char caret[WIDTH + 1], shown[WIDTH + 1], place[32];

	if (!caret_known) {
		snprintf(shown, sizeof(shown), "%.*s", (int)len, line);
		return snprintf(buf, size, "\n%9u | %s", loc->line, shown);
	}
	if (!loc->col || col > len)
		return 0;
	if (col > WIDTH * 3 / 4)
		from = col - WIDTH / 2;
	snprintf(shown, sizeof(shown), "%.*s", (int)(len - from), line + from);
	for (size_t i = 0; i < col - from; i++)
		caret[i] = line[from + i] == '\t' ? '\t' : ' ';
	caret[col - from] = 0;
	snprintf(place, sizeof(place), "%u:%u", loc->line, loc->col);
	return snprintf(buf, size, "\n%9s | %s\n%9s | %s^", place, shown, "", caret);
}

static bool is_blank(const char *s, size_t len, size_t i)
{
	return i < len && (s[i] == ' ' || s[i] == '\t');
}

/* From a column of an expanded line to that of the original: they differ in blanks, if not by a macro before it. */
static bool map_column(const char *line, size_t len, const char *exp, size_t explen, unsigned *col)
{
	size_t i = 0, j = 0;

	for (;;) {
		while (is_blank(exp, explen, i) && i < *col - 1)
			i++;
		while (is_blank(line, len, j))
			j++;
		if (i >= *col - 1)
			break;
		if (j >= len || i >= explen || line[j++] != exp[i++])
			return false;
	}
	if (i < explen && (j >= len || line[j] != exp[i]))
		return false;
	*col = (unsigned)j + 1;
	return true;
}

/* The line as its author wrote it (@text is all of that, NULL if it cannot be had) and as it was compiled. */
static int quote_line(const struct dt_loc *loc, const char *file, const char *text, const char *code, char *buf,
		      size_t size)
{
	size_t len = 0, explen = 0;
	struct dt_loc at = *loc;
	bool known = true;
	const char *line = text && text != code ? find_line(text, loc->line, &len) : NULL;
	const char *expanded = code ? find_expanded(code, file, loc->line, &explen) : NULL;

	if (!line) {
		line = expanded;
		len = explen;
	}
	if (!line)
		return 0;
	if (expanded && line != expanded && at.col)
		known = map_column(line, len, expanded, explen, &at.col);
	return quote(&at, line, len, known, buf, size);
}

/* A header, to quote from. */
static char *read_included(const char *path)
{
	FILE *fp = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;

	if (!fp)
		return NULL;
	if (getdelim(&text, &room, 0, fp) < 0) {
		free(text);
		text = NULL;
	}
	fclose(fp);
	return text;
}

void dt_source_error(const struct dt_diag *diag, const char *file, const char *text, const char *code, bool tags,
		     char *buf, size_t n)
{
	char *included = file ? read_included(file) : NULL;
	size_t k = 0;

#define ADD(...) (k += (size_t)snprintf(buf + k, n - k, __VA_ARGS__), k = k < n ? k : n - 1)
	if (tags)
		ADD("[%s] ", dt_tag_name(diag->tag));
	if (diag->loc.line && file)
		ADD("line %u of %s: ", diag->loc.line, file);
	else if (diag->loc.line)
		ADD("line %u: ", diag->loc.line);
	ADD("%s", diag->msg);
	if (diag->loc.line) {
		k += (size_t)quote_line(&diag->loc, file ? file : "<stdin>", file ? included : text, code, buf + k,
					n - k);
		k = k < n ? k : n - 1;
	}
	free(included);
	if (diag->hint[0])
		ADD("\n%9s   hint: %s", "", diag->hint);
#undef ADD
}
