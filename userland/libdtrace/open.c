/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Handles: opening the device, and everything that goes when a handle is closed. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "dt_impl.h"
#include "library.h"

static int device_open(void *ctx)
{
	int fd = open(DTRACE_DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int device_ioctl(void *ctx, int fd, unsigned long req, void *arg)
{
	return ioctl(fd, req, arg) < 0 ? -errno : 0;
}

static int device_map(void *ctx, int fd, size_t len, uint64_t off, void **ret)
{
	void *p = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, (off_t)off);

	if (p == MAP_FAILED)
		return -errno;
	*ret = p;
	return 0;
}

static void device_unmap(void *ctx, void *addr, size_t len)
{
	munmap(addr, len);
}

static void device_close(void *ctx, int fd)
{
	close(fd);
}

const struct dt_kernel dt_kernel_device = {
	.open = device_open,
	.ioctl = device_ioctl,
	.map = device_map,
	.unmap = device_unmap,
	.close = device_close,
};

int dt_ioctl(dtrace_hdl_t *dtp, unsigned long req, void *arg)
{
	if (dtp->fd < 0)
		return -ENODEV;
	return dtp->kern->ioctl(dtp->kctx, dtp->fd, req, arg);
}

uint64_t dt_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int open_device(dtrace_hdl_t *dtp)
{
	int fd = dtp->kern->open(dtp->kctx);

	if (fd == -ENOENT || fd == -ENXIO || fd == -ENODEV)
		return EDT_NOMODULE;
	if (fd == -EACCES || fd == -EPERM)
		return EDT_PERM;
	if (fd < 0)
		return -fd;
	dtp->fd = fd;
	fd = dt_ioctl(dtp, DTRACEIOC_VERSION, &dtp->ver);
	if (fd == -EPERM)
		return EDT_PERM;
	if (fd < 0 || dtp->ver.abi != DTRACE_ABI_VERSION)
		return EDT_KVERSION;
	return 0;
}

static void set_defaults(dtrace_hdl_t *dtp)
{
	for (int i = 0; i < DTRACEOPT_MAX; i++)
		dtp->opt[i] = DTRACEOPT_UNSET;
	dtp->opt[DTRACEOPT_BUFSIZE] = 4 << 20;
	dtp->opt[DTRACEOPT_DYNVARSIZE] = 1 << 20;
	dtp->opt[DTRACEOPT_STRSIZE] = 256;
	dtp->opt[DTRACEOPT_STACKFRAMES] = 20;
	dtp->opt[DTRACEOPT_USTACKFRAMES] = 20;
	dtp->opt[DTRACEOPT_JSTACKFRAMES] = 50;
	dtp->opt[DTRACEOPT_JSTACKSTRSIZE] = 4096;
	dtp->opt[DTRACEOPT_BUFPOLICY] = DTRACEOPT_BUFPOLICY_SWITCH;
	dtp->opt[DTRACEOPT_BUFRESIZE] = DTRACEOPT_BUFRESIZE_AUTO;
	dtp->opt[DTRACEOPT_AGGRATE] = 1000000000;
	dtp->opt[DTRACEOPT_SWITCHRATE] = 1000000000;
	dtp->opt[DTRACEOPT_STATUSRATE] = 1000000000;
	dtp->opt[DTRACEOPT_STACKINDENT] = 14;
	dtp->opt[DTRACEOPT_NSPEC] = 1;
	dtp->opt[DTRACEOPT_SPECSIZE] = 32 << 10;
	dtp->opt[DTRACEOPT_CLEANRATE] = 1000000000 / 101;
	dtp->opt[DTRACEOPT_PGMAX] = 64;
	dtp->opt[DTRACEOPT_PRINTSIZE] = 64 << 10;
	dtp->evaltime = DT_EVAL_PREINIT;
}

dtrace_hdl_t *dt_open_with(int version, int flags, int *errp, const struct dt_kernel *kern, void *kctx)
{
	dtrace_hdl_t *dtp = NULL;
	int rc;

	if (version != DTRACE_VERSION)
		rc = EDT_VERSION;
	else if (flags & ~DTRACE_O_MASK)
		rc = EDT_FLAGS;
	else if (flags & DTRACE_O_ILP32)
		rc = EDT_ILP32;
	else if (!(dtp = calloc(1, sizeof(*dtp))))
		rc = ENOMEM;
	else {
		dtp->kern = kern;
		dtp->kctx = kctx;
		dtp->fd = -1;
		dtp->begin_cpu = dtp->end_cpu = -1;
		set_defaults(dtp);
		dtp->wakefd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		dtp->cpppath = strdup("/usr/bin/cpp");
		dtp->types = dt_types_create();
		dtp->idents = dtp->types ? dt_idents_create(dtp->types) : NULL;
		dtp->foreign = dtp->idents ? dt_foreign_create(dtp) : NULL;
		if (dtp->wakefd < 0)
			rc = errno;
		else if (!dtp->foreign || !dtp->cpppath)
			rc = ENOMEM;
		else
			rc = flags & DTRACE_O_NODEV ? 0 : open_device(dtp);
	}
	if (!rc)
		return dtp;
	dtrace_close(dtp);
	if (errp)
		*errp = rc;
	return NULL;
}

dtrace_hdl_t *dtrace_open(int version, int flags, int *errp)
{
	return dt_open_with(version, flags, errp, &dt_kernel_device, NULL);
}

static void half_unmap(dtrace_hdl_t *dtp, struct dt_half *h, size_t size)
{
	for (int i = 0; i < 2; i++)
		if (h->half[i])
			dtp->kern->unmap(dtp->kctx, h->half[i], size);
}

static void free_cpus(dtrace_hdl_t *dtp)
{
	for (uint32_t c = 0; dtp->cpus && c < dtp->ver.ncpus; c++) {
		half_unmap(dtp, &dtp->cpus[c].principal, dtp->bufsize);
		half_unmap(dtp, &dtp->cpus[c].agg, dtp->aggsize);
	}
	free(dtp->cpus);
}

void dtrace_close(dtrace_hdl_t *dtp)
{
	struct dtrace_prog *prog;

	if (!dtp)
		return;
	/* Processes first: their threads use the device. Closing it then takes every probe back. */
	dt_procs_destroy(dtp);
	dt_aggregate_destroy(dtp);
	dt_oformat_destroy(dtp);
	dt_probes_free(dtp);
	dt_backlog_free(dtp);
	free_cpus(dtp);
	if (dtp->first_output)
		close(dtp->first_output - 1);
	if (dtp->fd >= 0)
		dtp->kern->close(dtp->kctx, dtp->fd);
	while ((prog = dtp->progs)) {
		dtp->progs = prog->next;
		dt_program_free(prog->p);
		free(prog->matched);
		free(prog->text);
		free(prog->destroys);
		free(prog);
	}
	free(dtp->cookies);
	free(dtp->clauses);
	if (dtp->idents)
		dt_idents_destroy(dtp->idents);
	if (dtp->types)
		dt_types_destroy(dtp->types);
	dt_foreign_destroy(dtp->foreign);
	free(dtp->btfpath);
	dt_ksyms_free(dtp->ksyms);
	dt_strs_free(&dtp->cppargs);
	dt_strs_free(&dtp->libdirs);
	dt_libraries_free(dtp->libs);
	dt_strs_free(&dtp->env);
	free(dtp->cpppath);
	for (size_t i = 0; i < dtp->nformats; i++)
		dt_format_free(dtp->formats[i]);
	free(dtp->formats);
	free(dtp->argtypes);
	free(dtp->objname);
	free(dtp->syslibdir);
	free(dtp->buffered.buf);
	if (dtp->wakefd >= 0)
		close(dtp->wakefd);
	free(dtp);
}

int dtrace_ctlfd(dtrace_hdl_t *dtp)
{
	return dtp->fd;
}

void dtrace_update(dtrace_hdl_t *dtp)
{
	dt_ksyms_free(dtp->ksyms);
	dtp->ksyms = NULL;
}

const char *dtrace_build(dtrace_hdl_t *dtp, const char **module)
{
	if (module)
		*module = dtp && dtp->fd >= 0 ? dtp->ver.build : "";
	return "dtrace " DT_VERSION;
}

int dt_strs_add(struct dt_strs *l, const char *s)
{
	char **grown = realloc(l->s, (l->n + 2) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	l->s = grown;
	l->s[l->n] = strdup(s);
	if (!l->s[l->n])
		return -ENOMEM;
	l->s[++l->n] = NULL;
	return 0;
}

void dt_strs_free(struct dt_strs *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->s[i]);
	free(l->s);
	*l = (struct dt_strs){ 0 };
}

bool dt_grow(void *array, size_t n, size_t *room, size_t size)
{
	void **p = array, *grown;
	size_t want = *room ? *room * 2 : 64;

	if (n < *room)
		return true;
	while (want <= n)
		want *= 2;
	grown = reallocarray(*p, want, size);
	if (!grown)
		return false;
	memset((char *)grown + *room * size, 0, (want - *room) * size);
	*p = grown;
	*room = want;
	return true;
}
