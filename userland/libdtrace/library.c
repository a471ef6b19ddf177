/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * D libraries: the standard ones (dlang/lib, installed as lib/dtrace) and those
 * of the folders given with -L, all read before the first program is compiled.
 *
 * That is cheap, because a library's definitions are only entered; what they
 * mean is found out when one is used (dlang/abstract.h). So no program pays for
 * types of the kernel that it does not name.
 *
 * Order. "#pragma D depends_on library x.d" has x.d read before. Files are
 * looked through for that first; a circle is an error. What else a library
 * depends on, a provider or a module, decides whether it is read at all: one that
 * is not there means that the library is of no use here, and it is left out.
 *
 * Kernel versions. Where the kernel's structures have changed, a folder has one
 * of "linux-5.10", "linux-5.14", ... for each change: the files of the newest that is not newer than
 * the running kernel are read, and take the place of files of the same name in the
 * folder itself and in the older ones.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "dt_impl.h"
#include "library.h"
#include "names.h"

struct library {
	char *path, *text;
	const char *name;		/* in path: "procfs.d" */
	size_t len;
	bool standard;			/* not from a folder of -L */
	enum { LIB_NEW, LIB_OPEN, LIB_DONE, LIB_SKIPPED } state;
};

struct dt_libraries {
	struct library *v;
	size_t n, room;
};

/* ---- Where they are ---------------------------------------------------------------- */

static bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/*
 * Beside the library: "dlib" in a build tree, "dtrace" where both are installed
 * below one lib folder. False: there are none.
 */
static bool standard_folder(const dtrace_hdl_t *dtp, char *path, size_t n)
{
	static const char *const places[] = { "dlib", "../dlib", "dtrace", "../dtrace" };
	Dl_info info;
	const char *slash;

	if (dtp->syslibdir) {
		snprintf(path, n, "%s", dtp->syslibdir);
		return true;
	}
	if (!dladdr((void *)dtrace_open, &info) || !info.dli_fname)
		return false;
	slash = strrchr(info.dli_fname, '/');
	for (size_t i = 0; slash && i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, n, "%.*s/%s", (int)(slash - info.dli_fname), info.dli_fname, places[i]);
		if (is_folder(path))
			return true;
	}
	return false;
}

/* "5.14" as a number that orders versions; -1: it is none. */
static long version_of(const char *s)
{
	char *end;
	long major = strtol(s, &end, 10), minor;

	if (end == s || *end != '.')
		return -1;
	s = end + 1;
	minor = strtol(s, &end, 10);
	return end == s ? -1 : major * 1000 + minor;
}

static long running_version(void)
{
	struct utsname u;

	return uname(&u) ? -1 : version_of(u.release);
}

/* ---- Reading ------------------------------------------------------------------------- */

static int no_memory(dtrace_hdl_t *dtp)
{
	return dt_set_errno(dtp, ENOMEM);
}

static struct library *find(struct dt_libraries *libs, const char *name)
{
	for (size_t i = libs->n; i-- > 0;)
		if (!strcmp(libs->v[i].name, name))
			return &libs->v[i];
	return NULL;
}

static bool known_path(const struct dt_libraries *libs, const char *path)
{
	for (size_t i = 0; i < libs->n; i++)
		if (!strcmp(libs->v[i].path, path))
			return true;
	return false;
}

static char *read_file(dtrace_hdl_t *dtp, const char *path, size_t *len)
{
	FILE *fp = fopen(path, "re");
	char *text;

	if (!fp) {
		dt_set_error(dtp, EDT_LIBRARY, "cannot read the D library %s: %s", path, strerror(errno));
		return NULL;
	}
	text = dt_source_read(dtp, fp, len);
	fclose(fp);
	return text;
}

/* @over: one of the same name in the folder that was read before gives way. */
static int add_file(dtrace_hdl_t *dtp, struct dt_libraries *libs, const char *path, size_t from, bool over)
{
	const char *name = strrchr(path, '/') + 1;
	struct library *l = NULL, fresh = { .state = LIB_NEW };

	if (known_path(libs, path))
		return 0;
	for (size_t i = from; over && i < libs->n; i++)
		if (!strcmp(libs->v[i].name, name))
			l = &libs->v[i];
	if (!l && !dt_grow(&libs->v, libs->n, &libs->room, sizeof(*libs->v)))
		return no_memory(dtp);
	fresh.text = read_file(dtp, path, &fresh.len);
	if (!fresh.text)
		return -1;
	fresh.path = strdup(path);
	if (!fresh.path) {
		free(fresh.text);
		return no_memory(dtp);
	}
	fresh.name = strrchr(fresh.path, '/') + 1;
	if (l) {
		free(l->path);
		free(l->text);
	} else {
		l = &libs->v[libs->n++];
	}
	*l = fresh;
	return 0;
}

static int is_d_file(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 2 && e->d_name[0] != '.' && !strcmp(e->d_name + n - 2, ".d");
}

static int is_version(const struct dirent *e)
{
	return !strncmp(e->d_name, "linux-", 6) && version_of(e->d_name + 6) >= 0;
}

static int by_version(const struct dirent **a, const struct dirent **b)
{
	long x = version_of((*a)->d_name + 6), y = version_of((*b)->d_name + 6);

	return (x > y) - (x < y);
}

static int add_files(dtrace_hdl_t *dtp, struct dt_libraries *libs, const char *dir, size_t from, bool over)
{
	struct dirent **files;
	char path[4096];
	int n = scandir(dir, &files, is_d_file, alphasort), rc = 0;

	if (n < 0)
		return dt_set_error(dtp, EDT_LIBRARY, "cannot read the folder of D libraries %s: %s", dir,
				    strerror(errno));
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]->d_name);
		if (!rc)
			rc = add_file(dtp, libs, path, from, over);
		free(files[i]);
	}
	free(files);
	return rc;
}

/* A folder's files, then those of its folders for versions, older ones first. */
static int add_folder(dtrace_hdl_t *dtp, struct dt_libraries *libs, const char *dir)
{
	long running = running_version();
	size_t from = libs->n;
	struct dirent **v;
	char path[4096];
	int n, rc = add_files(dtp, libs, dir, from, false);

	if (rc)
		return rc;
	n = scandir(dir, &v, is_version, by_version);
	for (int i = 0; i < n; i++) {
		/* the oldest there is serves kernels that are older still */
		if (!rc && (i == 0 || version_of(v[i]->d_name + 6) <= running)) {
			snprintf(path, sizeof(path), "%s/%s", dir, v[i]->d_name);
			rc = add_files(dtp, libs, path, from, true);
		}
		free(v[i]);
	}
	if (n >= 0)
		free(v);
	return rc;
}

/* ---- Order and compilation ---------------------------------------------------------------- */

static int load(dtrace_hdl_t *dtp, struct dt_libraries *libs, struct library *l);

/* The next "#pragma D depends_on library x.d" of @p: x.d in @name. NULL: no more. */
static const char *next_need(const char *p, char *name, size_t n)
{
	static const char *const words[] = { "#", "pragma", "D", "depends_on", "library" };
	size_t len;

	while (p && *p) {
		const char *s = p;
		size_t i;

		for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			s += strspn(s, " \t");
			if (strncmp(s, words[i], strlen(words[i])))
				break;
			s += strlen(words[i]);
		}
		p = strchr(p, '\n');
		p = p ? p + 1 : "";
		if (i < sizeof(words) / sizeof(words[0]))
			continue;
		s += strspn(s, " \t");
		len = strcspn(s, " \t\r\n");
		snprintf(name, n, "%.*s", (int)len, s);
		return p;
	}
	return NULL;
}

static int load_needs(dtrace_hdl_t *dtp, struct dt_libraries *libs, size_t at)
{
	char name[256];
	struct library *need;

	for (const char *p = next_need(libs->v[at].text, name, sizeof(name)); p; p = next_need(p, name, sizeof(name))) {
		need = find(libs, name);
		if (!need)
			continue;	/* the compiler says so, through dt_library_there() */
		if (need->state == LIB_OPEN)
			return dt_set_error(dtp, EDT_LIBRARY, "the D libraries %s and %s depend on each other",
					    libs->v[at].path, need->path);
		if (load(dtp, libs, need))
			return -1;
	}
	return 0;
}

static int load(dtrace_hdl_t *dtp, struct dt_libraries *libs, struct library *l)
{
	struct dt_names *names = dt_types_names(dtp->types);
	char msg[sizeof(dtp->errmsg)];
	int rc;

	if (l->state != LIB_NEW)
		return 0;
	l->state = LIB_OPEN;
	if (load_needs(dtp, libs, (size_t)(l - libs->v)))
		return -1;
	/* ours name no types of the kernel but tags, so the lexer need not look for any */
	if (l->standard)
		dt_types_set_names(dtp->types, NULL);
	rc = dt_library_compile(dtp, l->text, l->len);
	dt_types_set_names(dtp->types, names);
	if (rc < 0) {
		snprintf(msg, sizeof(msg), "%s", dtrace_errmsg(dtp, dtp->err));
		return dt_set_error(dtp, EDT_LIBRARY, "D library %s: %s", l->path, msg);
	}
	l->state = rc ? LIB_SKIPPED : LIB_DONE;
	if (rc)
		dt_debug(dtp, "D library %s is left out: what it depends on is not there", l->path);
	free(l->text);
	l->text = NULL;
	return 0;
}

bool dt_library_there(dtrace_hdl_t *dtp, const char *name)
{
	struct library *l = dtp->libs ? find(dtp->libs, name) : NULL;

	return l && l->state == LIB_DONE;
}

/* Is the module built in or loaded? "kernel", "vmlinux" and the family's "genunix" and "unix" are the kernel. */
bool dt_module_there(const char *name)
{
	static const char *const kernel[] = { "kernel", "vmlinux", "genunix", "unix" };
	char path[300];

	for (size_t i = 0; i < sizeof(kernel) / sizeof(kernel[0]); i++)
		if (!strcmp(name, kernel[i]))
			return true;
	if (strchr(name, '/') || strlen(name) > 200)
		return false;
	snprintf(path, sizeof(path), "/sys/module/%s", name);
	return !access(path, F_OK);
}

int dt_libraries_load(dtrace_hdl_t *dtp)
{
	bool first = !dtp->libs;
	char dir[4096];
	int rc = 0;

	if (first)
		dtp->libs = calloc(1, sizeof(*dtp->libs));
	if (!dtp->libs)
		return no_memory(dtp);
	if (first && standard_folder(dtp, dir, sizeof(dir)))
		rc = add_folder(dtp, dtp->libs, dir);
	for (size_t i = 0; i < dtp->libs->n && first; i++)
		dtp->libs->v[i].standard = true;
	for (size_t i = 0; i < dtp->libdirs.n && !rc; i++)
		rc = add_folder(dtp, dtp->libs, dtp->libdirs.s[i]);
	for (size_t i = 0; i < dtp->libs->n && !rc; i++)
		rc = load(dtp, dtp->libs, &dtp->libs->v[i]);
	return rc;
}

void dt_libraries_free(struct dt_libraries *libs)
{
	for (size_t i = 0; libs && i < libs->n; i++) {
		free(libs->v[i].path);
		free(libs->v[i].text);
	}
	if (libs)
		free(libs->v);
	free(libs);
}
