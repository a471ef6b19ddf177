// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The python provider as a source of static probes (statics.h): one analysis per file, however
 * many processes run it, and the same answer for each of them.
 *
 * What static probes an interpreter was built with besides those of functions (gc-start, import-find-load-start,
 * audit, line, ...) come from providers/usdt, under the same provider's name. Its function probes are not taken from
 * there: from 3.11 on they don't fire, or not always (dt_py_owns()).
 */
#include <errno.h>
#include <libelf.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "python.h"
#include "../usdt/usdt.h"

/* A file, as the mapping process sees it, and what came of it. */
struct known {
	struct known *next;
	uint64_t dev, ino;
	size_t size;
	char buildid[129];
	int rc;				/* 0: an interpreter; -ENOENT: none; else msg says why not */
	struct dt_err err;
	struct dt_py *py;		/* if rc is 0 */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct known *all;		/* guarded by lock; never freed, entries don't change */

/* Static probes of its own come from providers/usdt. */
struct own {
	bool imports, gc, audit;
};

static int note(void *ctx, const struct dt_note *n)
{
	struct own *own = ctx;

	if (strcmp(n->provider, "python"))
		return 0;
	own->imports |= !strcmp(n->name, "import__find__load__start");
	own->gc |= !strcmp(n->name, "gc__start");
	own->audit |= !strcmp(n->name, "audit");
	return 0;
}

static int find_events(const struct dt_py_elf *pe, struct dt_py *py, struct dt_err *err)
{
	struct own own = { 0 };
	size_t bad;
	int rc = 0;

	dt_notes_each(dt_elf_handle(pe->elf), note, &own, &bad);
	py->has_imports = own.imports;
	if (!rc && !own.gc)
		rc = dt_py_gc_find(pe, py->layout.minor, &py->gc);
	if (!rc && !own.audit)
		rc = dt_py_audit_find(pe, py->layout.minor, &py->audit);
	return rc ? dt_proc_fail(err, rc, "out of memory") : 0;
}

static int analyse(struct dt_elf *e, const char *name, struct dt_py *py, struct dt_err *err)
{
	int minor = dt_py_version(e, name, err), rc;
	struct dt_py_elf pe;

	if (minor < 0)
		return minor;
	py->runtime = dt_py_symbol(e, "_PyRuntime");
	py->current = dt_py_symbol(e, "_PyThreadState_Current");
	py->code_type = dt_py_symbol(e, "PyCode_Type");
	rc = dt_py_layout(e, minor, name, &py->layout, err);
	if (rc)
		return rc;
	rc = dt_py_elf_open(e, &pe, err);
	if (rc)
		return rc;
	rc = dt_py_eval_find(&pe, &py->layout, name, &py->eval, err);
	if (!rc)
		rc = find_events(&pe, py, err);
	dt_py_elf_close(&pe);
	return rc ? rc : dt_py_recipes(py, name, err);
}

static struct known *look_up(const struct dt_object *o, size_t size, const char *buildid)
{
	for (struct known *k = all; k; k = k->next) {
		if (k->dev == o->dev && k->ino == o->ino && k->size == size && !strcmp(k->buildid, buildid))
			return k;
	}
	return NULL;
}

static struct known *learn(struct dt_object *o, size_t size, const char *buildid)
{
	struct known *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->dev = o->dev;
	k->ino = o->ino;
	k->size = size;
	strncpy(k->buildid, buildid, sizeof(k->buildid) - 1);
	k->py = calloc(1, sizeof(*k->py));
	k->rc = k->py ? analyse(o->elf, o->name, k->py, &k->err) : -ENOMEM;
	if (k->rc) {
		free(k->py);
		k->py = NULL;
	}
	if (k->rc == -ENOMEM) {		/* it may be better next time */
		free(k);
		return NULL;
	}
	k->next = all;
	all = k;
	return k;
}

const struct dt_py *dt_py_of(struct dt_object *o, int *rc, struct dt_err *err)
{
	const char *buildid = dt_elf_buildid(o->elf);
	struct known *k;
	size_t size = 0;

	elf_rawfile(dt_elf_handle(o->elf), &size);
	pthread_mutex_lock(&lock);
	k = look_up(o, size, buildid);
	if (!k)
		k = learn(o, size, buildid);
	pthread_mutex_unlock(&lock);
	*rc = k ? k->rc : dt_proc_fail(err, -ENOMEM, "out of memory");
	if (*rc == -ENOTSUP && err)
		*err = k->err;
	return k ? k->py : NULL;
}

bool dt_py_owns(struct dt_object *o, const char *provider, const char *name)
{
	if (strcmp(provider, "python") || (strcmp(name, "function__entry") && strcmp(name, "function__return")))
		return false;
	return dt_py_symbol(o->elf, "_PyEval_EvalFrameDefault") != 0;
}

static int walk(struct dt_proc *p, struct dt_object *o, dt_static_f *f, void *ctx, struct dt_err *err)
{
	const struct dt_py *py;
	int rc = 0;

	(void)p;
	if (!o->elf)
		return 0;
	py = dt_py_of(o, &rc, err);
	if (!py)
		return rc == -ENOENT ? 0 : rc;
	rc = 0;
	for (size_t i = 0; !rc && i < py->nst; i++)
		rc = f(ctx, &py->st[i]);
	return rc;
}

static int absent(struct dt_object *o, const char *name, struct dt_err *err)
{
	int rc = 0;
	const struct dt_py *py = o->elf ? dt_py_of(o, &rc, NULL) : NULL;
	const char *why = py ? dt_py_why_absent(py, name) : NULL;

	if (!why)
		return 0;
	return dt_proc_fail(err, -ENOTSUP, "%s, Python 3.%d, has no probe %s: %s", o->name, py->layout.minor, name,
			    why);
}

const struct dt_statics_source dt_python_source = {
	.prov = "python", .known = dt_py_known, .maybe = dt_py_maybe, .walk = walk, .absent = absent,
};
