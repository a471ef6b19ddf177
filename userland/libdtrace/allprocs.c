/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every process of the machine that could have the probes of a provider
 * pattern such as "python*": those that have mapped a file which brings probes along. Each file is looked at
 * once, so a machine with a thousand processes of fifty libraries costs a reading of their maps.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc_impl.h"

/* A mapped file: has some source something to say about it? */
struct file {
	uint64_t dev, ino;
	bool maybe;
};

struct files {
	struct file *f;
	size_t n, room;
};

static struct file *find_file(struct files *fs, uint64_t dev, uint64_t ino)
{
	for (size_t i = 0; i < fs->n; i++)
		if (fs->f[i].dev == dev && fs->f[i].ino == ino)
			return &fs->f[i];
	return NULL;
}

static bool line_could(struct files *fs, pid_t pid, const char *line)
{
	unsigned long long lo, hi, off, ino;
	struct stat st;
	struct file *f;
	char perm[5], path[96];

	if (sscanf(line, "%llx-%llx %4s %llx %*x:%*x %llu", &lo, &hi, perm, &off, &ino) != 5 || perm[2] != 'x' || !ino)
		return false;
	/*
	 * The file that is mapped there, even if its path names another by now or lies in another mount namespace. The
	 * line's device and number can be those of several: btrfs has them once in each subvolume.
	 */
	snprintf(path, sizeof(path), "/proc/%d/map_files/%llx-%llx", pid, lo, hi);
	if (stat(path, &st))
		return false;
	f = find_file(fs, st.st_dev, st.st_ino);
	if (f)
		return f->maybe;
	if (!dt_grow(&fs->f, fs->n, &fs->room, sizeof(*fs->f)))
		return true;
	fs->f[fs->n] = (struct file){ st.st_dev, st.st_ino, dt_statics_maybe(path) };
	return fs->f[fs->n++].maybe;
}

static bool process_could(struct files *fs, pid_t pid)
{
	char path[64], *line = NULL;
	bool could = false;
	size_t room = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "re");
	while (f && !could && getline(&line, &room, f) > 0)
		could = line_could(fs, pid, line);
	free(line);
	if (f)
		fclose(f);
	return could;
}

int dt_processes_with(dtrace_hdl_t *dtp, const char *provider, int (*func)(void *ctx, struct ps_prochandle *P),
		      void *ctx)
{
	struct files fs = { 0 };
	DIR *dir = opendir("/proc");
	struct ps_prochandle *P;
	struct dirent *de;
	struct dt_err err;
	int rc = 0;

	while (dir && !rc && (de = readdir(dir))) {
		pid_t pid = isdigit((unsigned char)de->d_name[0]) ? atoi(de->d_name) : 0;
		bool known;

		if (pid <= 0 || pid == getpid() || !process_could(&fs, pid))
			continue;
		known = dt_procs_find(dtp, pid);
		P = dt_procs_get(dtp, pid, &err); /* it may have gone meanwhile, or be one that nobody can trace */
		if (P && (P->up || dt_pid_has_statics(P->proc, provider)))
			rc = func(ctx, P);
		else if (P && !known)
			dtrace_proc_release(dtp, P);
	}
	if (dir)
		closedir(dir);
	free(fs.f);
	return dir ? rc : -errno;
}
