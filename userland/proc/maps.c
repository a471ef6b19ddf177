// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is mapped: /proc/PID/maps -> objects.
 *
 * An object is a file with executable mappings and one load bias: the same
 * file mapped twice (dlmopen) is two objects. The bias comes from the file's
 * program headers, so no symbol and no cooperation of the process is needed.
 * Files are opened through /proc/PID/map_files, which gives the inode that is
 * mapped whether its name is deleted, replaced by an upgrade or in another
 * mount namespace; without the privilege for that, through the process's root
 * directory, and then it must be the same inode.
 *
 * Objects live in one array while they are mapped and move to another when
 * they are not any more; they keep their address until the process is released.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "impl.h"

#define PAGE	4096ull

struct mapping {
	uint64_t lo, hi, off, dev, ino;
	bool is_exec;
	char *path;		/* in the line */
};

/* "7f..-7f.. r-xp 00026000 08:01 1234   /usr/lib/libc.so.6": cuts the line. */
static bool parse_line(char *line, struct mapping *m)
{
	unsigned long long lo, hi, off, ino;
	unsigned int major, minor;
	char perm[8], *deleted;
	int at = 0;

	if (sscanf(line, "%llx-%llx %7s %llx %x:%x %llu %n", &lo, &hi, perm, &off,
		   &major, &minor, &ino, &at) < 7)
		return false;
	*m = (struct mapping) {
		.lo = lo, .hi = hi, .off = off, .ino = ino,
		.dev = makedev(major, minor),
		.is_exec = perm[2] == 'x',
		.path = line + at,
	};
	m->path[strcspn(m->path, "\n")] = 0;
	deleted = strstr(m->path, " (deleted)");
	if (deleted && !deleted[10])
		*deleted = 0;
	return true;
}

/* The mapped file itself, or -errno. */
static int open_mapped(const struct dt_proc *p, const struct mapping *m)
{
	char name[4200];
	struct stat st;
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/map_files/%llx-%llx", p->pid,
		 (unsigned long long)m->lo, (unsigned long long)m->hi);
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0)
		return fd;
	snprintf(name, sizeof(name), "/proc/%d/root%s", p->pid, m->path);
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && st.st_ino == m->ino)
		return fd;
	close(fd);
	return -ESTALE;
}

/* ---- One object ---------------------------------------------------------------- */

static void obj_free(struct dt_obj *o)
{
	if (!o)
		return;
	dt_elf_put(o->pub.elf);
	free(o->ifunc);
	free(o->path);
	free(o);
}

static struct dt_obj *obj_new(const struct mapping *m, uint64_t bias)
{
	struct dt_obj *o = calloc(1, sizeof(*o));
	const char *slash;

	if (!o)
		return NULL;
	o->path = strdup(m->path);
	if (!o->path) {
		free(o);
		return NULL;
	}
	slash = strrchr(o->path, '/');
	o->pub = (struct dt_object) {
		.path = o->path, .name = slash && slash[1] ? slash + 1 : o->path,
		.bias = bias, .lo = m->lo, .hi = m->hi, .is_new = true,
		.dev = m->dev, .ino = m->ino,
	};
	o->image_lo = m->lo;
	o->image_hi = m->hi;
	return o;
}

static void set_image(struct dt_obj *o)
{
	const struct dt_elf *e = o->pub.elf;

	for (size_t i = 0; i < e->nphdr; i++) {
		const Elf64_Phdr *ph = &e->phdr[i];
		uint64_t lo = o->pub.bias + (ph->p_vaddr & -PAGE);
		uint64_t hi = o->pub.bias + ph->p_vaddr + ph->p_memsz;

		if (ph->p_type != PT_LOAD || lo >= hi)
			continue;
		if (lo < o->image_lo)
			o->image_lo = lo;
		if (hi > o->image_hi)
			o->image_hi = hi;
	}
}

/* Where would ELF address 0 be, going by the executable segment at this file offset? */
static bool bias_of(const struct dt_elf *e, const struct mapping *m, uint64_t *bias)
{
	for (size_t i = 0; i < e->nphdr; i++) {
		const Elf64_Phdr *ph = &e->phdr[i];

		if (ph->p_type != PT_LOAD || !(ph->p_flags & PF_X) ||
		    m->off < (ph->p_offset & -PAGE) || m->off >= ph->p_offset + ph->p_filesz)
			continue;
		*bias = m->lo - (m->off - ph->p_offset + ph->p_vaddr);
		return true;
	}
	return false;
}

static struct dt_obj *find_mapped(const struct dt_proc *p, const struct mapping *m)
{
	for (size_t i = 0; i < p->nobj; i++) {
		struct dt_obj *o = p->obj[i];

		if (o->pub.dev == m->dev && o->pub.ino == m->ino && m->lo >= o->pub.lo &&
		    m->lo < o->pub.hi)
			return o;
	}
	return NULL;
}

static struct dt_obj *find_bias(const struct dt_proc *p, const struct mapping *m, uint64_t bias)
{
	for (size_t i = 0; i < p->nobj; i++) {
		struct dt_obj *o = p->obj[i];

		if (o->pub.dev == m->dev && o->pub.ino == m->ino && o->pub.elf && o->pub.bias == bias)
			return o;
	}
	return NULL;
}

static int add_obj(struct dt_proc *p, struct dt_obj *o)
{
	struct dt_obj **v = realloc(p->obj, (p->nobj + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	p->obj = v;
	v[p->nobj++] = o;
	o->seen = true;
	return 0;
}

/* A file's executable mapping that no known object covers. Files that are not ELF are no objects. */
static int new_file(struct dt_proc *p, const struct mapping *m)
{
	int fd = open_mapped(p, m), rc = fd;
	struct dt_elf *e = NULL;
	struct dt_obj *o;
	uint64_t bias = m->lo - m->off;

	if (fd >= 0) {
		rc = dt_elf_open(fd, m->path, &e, NULL);
		close(fd);
		if (rc == -ENOEXEC || (!rc && !bias_of(e, m, &bias))) {
			dt_elf_put(e);
			return 0;
		}
	}
	o = e ? find_bias(p, m, bias) : NULL;
	if (o) {
		dt_elf_put(e);
		if (m->lo < o->pub.lo)
			o->pub.lo = m->lo;
		if (m->hi > o->pub.hi)
			o->pub.hi = m->hi;
		o->seen = true;
		return 0;
	}
	o = obj_new(m, bias);
	if (!o) {
		dt_elf_put(e);
		return -ENOMEM;
	}
	o->pub.elf = e;
	o->why = rc;
	if (e)
		set_image(o);
	rc = add_obj(p, o);
	if (rc)
		obj_free(o);
	return rc;
}

/* The vDSO has no file: its image is what the kernel mapped. */
static int new_vdso(struct dt_proc *p, const struct mapping *m)
{
	struct dt_obj *o = obj_new(m, m->lo);
	size_t len = m->hi - m->lo;
	void *buf = len <= 64 * PAGE ? malloc(len) : NULL;
	int rc;

	if (!o || !buf) {
		obj_free(o);
		free(buf);
		return -ENOMEM;
	}
	o->pub.is_vdso = true;
	if (dt_proc_read(p, m->lo, buf, len) == (ssize_t)len)
		o->why = dt_elf_memory(buf, len, &o->pub.elf);
	else
		free(buf);
	rc = add_obj(p, o);
	if (rc)
		obj_free(o);
	return rc;
}

static int see_mapping(struct dt_proc *p, const struct mapping *m)
{
	bool is_vdso = !strcmp(m->path, "[vdso]");
	struct dt_obj *o;

	if (!m->is_exec || (!m->ino && !is_vdso))
		return 0;
	o = find_mapped(p, m);
	if (o) {
		if (m->hi > o->pub.hi)
			o->pub.hi = m->hi;
		o->seen = true;
		return 0;
	}
	return is_vdso ? new_vdso(p, m) : new_file(p, m);
}

/* ---- All of them ---------------------------------------------------------------- */

static int by_order(const void *a, const void *b)
{
	const struct dt_obj *x = *(struct dt_obj *const *)a, *y = *(struct dt_obj *const *)b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return x->pub.lo < y->pub.lo ? -1 : x->pub.lo > y->pub.lo;
}

static int by_image(const void *a, const void *b)
{
	const struct dt_obj *x = *(struct dt_obj *const *)a, *y = *(struct dt_obj *const *)b;

	return x->image_lo < y->image_lo ? -1 : x->image_lo > y->image_lo;
}

/* What was not seen this time is gone. */
static void retire(struct dt_proc *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->nobj; i++) {
		struct dt_obj *o = p->obj[i], **v;

		if (o->seen) {
			p->obj[kept++] = o;
			continue;
		}
		v = realloc(p->gone, (p->ngone + 1) * sizeof(*v));
		if (!v) {	/* it stays; the next update tries again */
			p->obj[kept++] = o;
			continue;
		}
		p->gone = v;
		v[p->ngone++] = o;
	}
	p->nobj = kept;
}

static int arrange(struct dt_proc *p)
{
	struct dt_obj **v;

	retire(p);
	for (size_t i = 0; i < p->nobj; i++) {
		struct dt_object *o = &p->obj[i]->pub;

		o->is_exe = !o->is_vdso && p->at_entry >= o->lo && p->at_entry < o->hi;
		o->is_interp = !o->is_vdso && p->at_base && o->bias == p->at_base;
	}
	dt_rdebug_read(p);
	if (p->nobj)
		qsort(p->obj, p->nobj, sizeof(*p->obj), by_order);
	v = realloc(p->by_addr, (p->nobj + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	p->by_addr = v;
	memcpy(v, p->obj, p->nobj * sizeof(*v));
	qsort(v, p->nobj, sizeof(*v), by_image);
	return 0;
}

static int read_maps(struct dt_proc *p, FILE *f, bool *any)
{
	char *line = NULL;
	size_t size = 0;
	int rc = 0;

	*any = false;
	while (!rc && getline(&line, &size, f) > 0) {
		struct mapping m;

		if (!parse_line(line, &m))
			continue;
		if (!*any) {	/* a process that has exited has no mappings: it keeps its objects */
			for (size_t i = 0; i < p->nobj; i++)
				p->obj[i]->seen = p->obj[i]->pub.is_new = false;
			*any = true;
		}
		rc = see_mapping(p, &m);
	}
	free(line);
	return rc;
}

/* Does it run another program than it did? Then that one must be one we can trace, too. */
static int follow_exec(struct dt_proc *p, struct dt_err *err)
{
	char name[64], path[4096];
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/%d/exe", p->pid);
	n = readlink(name, path, sizeof(path) - 1);
	if (n < 0)	/* exiting */
		return 0;
	path[n] = 0;
	return p->exe && !strcmp(p->exe, path) ? 0 : dt_start_check(p, err);
}

int dt_proc_update(struct dt_proc *p, struct dt_err *err)
{
	char name[64];
	bool any;
	FILE *f;
	int rc;

	snprintf(name, sizeof(name), "/proc/%d/maps", p->pid);
	f = fopen(name, "re");
	if (!f && errno == EACCES)
		return dt_proc_fail(err, -EPERM, "no permission to look into process %d", p->pid);
	if (!f)
		return dt_proc_fail(err, -ESRCH, "process %d has exited", p->pid);
	rc = follow_exec(p, err);
	if (rc) {
		fclose(f);
		return rc;
	}
	dt_proc_auxv(p);
	rc = read_maps(p, f, &any);
	fclose(f);
	if (!rc && !any)
		return dt_proc_fail(err, -ESRCH, "process %d has exited", p->pid);
	if (!rc)
		rc = arrange(p);
	return rc ? dt_proc_fail(err, rc, "out of memory") : 0;
}

int dt_proc_exec(struct dt_proc *p, struct dt_err *err)
{
	for (size_t i = 0; i < p->nobj; i++)
		p->obj[i]->seen = false;
	retire(p);
	return dt_proc_update(p, err);
}

size_t dt_proc_nobjects(const struct dt_proc *p)
{
	return p->nobj;
}

struct dt_object *dt_proc_object(struct dt_proc *p, size_t i)
{
	return i < p->nobj ? &p->obj[i]->pub : NULL;
}

int dt_object_elf(struct dt_proc *p, struct dt_object *o, struct dt_err *err)
{
	const struct dt_obj *full = (struct dt_obj *)o;

	if (o->elf)
		return 0;
	if (full->why == -ENOTSUP)
		return dt_proc_fail(err, -ENOTSUP, "%s is not 64-bit x86 code", o->path);
	if (full->why == -ESTALE)
		return dt_proc_fail(err, -ESTALE, "%s has been replaced since process %d mapped it; "
				    "reading the old one needs root", o->path, p->pid);
	return dt_proc_fail(err, full->why ? full->why : -EIO, "cannot read %s of process %d: %s",
			    o->path, p->pid, strerror(full->why ? -full->why : EIO));
}

void dt_objs_free(struct dt_proc *p)
{
	for (size_t i = 0; i < p->nobj; i++)
		obj_free(p->obj[i]);
	for (size_t i = 0; i < p->ngone; i++)
		obj_free(p->gone[i]);
	free(p->obj);
	free(p->gone);
	free(p->by_addr);
}
