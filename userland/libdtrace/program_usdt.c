/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dtrace -h and -G: the providers that programs declare, as C macros and as an
 * object to link with. What is made is providers/usdt's; here D's
 * declarations become what C sees of them: of an argument its width and sign, or that it is a pointer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dt_impl.h"
#include "usdt.h"

struct probes {
	dtrace_hdl_t *dtp;
	struct dt_usdt_probe *v;
	size_t n, room;
};

/* A note's spelling of a D name: "query-start" is query__start. */
static char *underscores(const char *name)
{
	char *s = malloc(2 * strlen(name) + 1), *p = s;

	for (; s && *name; name++) {
		*p++ = *name == '-' ? '_' : *name;
		if (*name == '-')
			*p++ = '_';
	}
	if (s)
		*p = 0;
	return s;
}

/* How C passes a value of this type. False: it does not. */
static bool c_kind(const struct dt_type *t, struct dt_usdt_arg *a)
{
	t = dt_type_resolve(t);
	a->size = (unsigned)t->size;
	switch (t->kind) {
	case DT_T_INT:
		a->kind = t->is_bool ? DT_C_BOOL : t->is_signed ? DT_C_SIGNED : DT_C_UNSIGNED;
		return t->size <= 8;
	case DT_T_ENUM:
		a->kind = DT_C_SIGNED;
		return t->size <= 8;
	case DT_T_FORWARD:	/* an enum that is only named is an int */
		*a = (struct dt_usdt_arg){ DT_C_SIGNED, 4 };
		return t->tag_kind == DT_T_ENUM;
	case DT_T_FLOAT:
		a->kind = DT_C_FLOAT;
		return t->size <= 8;
	case DT_T_POINTER: case DT_T_ARRAY: case DT_T_FUNC: case DT_T_STRING:
		*a = (struct dt_usdt_arg){ DT_C_POINTER, 8 };
		return true;
	default:
		return false;
	}
}

static int add_probe(void *ctx, const struct dt_declared *d)
{
	struct probes *ps = ctx;
	struct dt_usdt_arg *arg;
	char *name, text[256];

	if (d->argc > DT_USDT_MAXARGS)
		return dt_set_error(ps->dtp, EDT_NOUSDT,
				    "probe %s of provider %s has %u arguments: a probe of a program "
				    "has at most %d",
				    d->name, d->provider, d->argc, DT_USDT_MAXARGS);
	arg = calloc(d->argc + 1, sizeof(*arg));
	name = underscores(d->name);
	if (!arg || !name || !dt_grow(&ps->v, ps->n, &ps->room, sizeof(*ps->v))) {
		free(arg);
		free(name);
		return dt_set_errno(ps->dtp, ENOMEM);
	}
	ps->v[ps->n++] = (struct dt_usdt_probe){ d->provider, name, d->argc, arg };
	for (uint32_t i = 0; i < d->argc; i++)
		if (!c_kind(d->argv[i], &arg[i]))
			return dt_set_error(ps->dtp, EDT_NOUSDT,
					    "argument %u of probe %s of provider %s is a %s, which a "
					    "probe cannot pass: pass a pointer to it",
					    i, d->name, d->provider, dt_type_name(d->argv[i], text, sizeof(text)));
	return 0;
}

static void free_probes(struct probes *ps)
{
	for (size_t i = 0; i < ps->n; i++) {
		free((void *)ps->v[i].name);
		free((void *)ps->v[i].arg);
	}
	free(ps->v);
}

struct macro {
	char *name;
	const struct dt_usdt_probe *probe;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct macro *)a)->name, ((const struct macro *)b)->name);
}

/* a_b of provider p and b of provider p_a are one name to C. */
static int check_names(struct probes *ps)
{
	struct macro *m = calloc(ps->n + 1, sizeof(*m));
	int rc = m ? 0 : dt_set_errno(ps->dtp, ENOMEM);

	for (size_t i = 0; !rc && i < ps->n; i++) {
		m[i] = (struct macro){ dt_usdt_macro(&ps->v[i]), &ps->v[i] };
		if (!m[i].name)
			rc = dt_set_errno(ps->dtp, ENOMEM);
	}
	if (!rc)
		qsort(m, ps->n, sizeof(*m), by_name);
	for (size_t i = 1; !rc && i < ps->n; i++)
		if (!strcmp(m[i].name, m[i - 1].name))
			rc = dt_set_error(ps->dtp, EDT_NOUSDT,
					  "%s:::%s and %s:::%s would both be the macro %s: rename one",
					  m[i - 1].probe->provider, m[i - 1].probe->name, m[i].probe->provider,
					  m[i].probe->name, m[i].name);
	for (size_t i = 0; m && i < ps->n; i++)
		free(m[i].name);
	free(m);
	return rc;
}

static int collect(dtrace_hdl_t *dtp, struct probes *ps)
{
	*ps = (struct probes){ .dtp = dtp };
	if (dt_declared_each(dtp->idents, add_probe, ps) || check_names(ps))
		return -1;
	if (!ps->n)
		return dt_set_error(dtp, EDT_NOUSDT, "the program declares no provider: write "
				    "\"provider name { probe name(type, ...); };\"");
	return 0;
}

int dtrace_program_header(dtrace_hdl_t *dtp, FILE *out, const char *name)
{
	struct probes ps;
	int rc = collect(dtp, &ps), err;

	if (!rc) {
		err = dt_usdt_header(out, name, ps.v, ps.n);
		rc = err ? dt_set_errno(dtp, err == -ENOMEM ? ENOMEM : EDT_IO) : 0;
	}
	free_probes(&ps);
	return rc;
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* What we are given to look at: fit to be linked, and not what is about to be written? */
static int check_objects(dtrace_hdl_t *dtp, const char *file, int objc, char *const objv[])
{
	char why[512];

	for (int i = 0; i < objc; i++) {
		if (dt_usdt_check_object(objv[i], why, sizeof(why)))
			return dt_set_error(dtp, EDT_NOUSDT, "%s", why);
		if (same_file(file, objv[i]))
			return dt_set_error(dtp, EDT_NOUSDT,
					    "%s is one of the program's objects and would be overwritten: "
					    "name another file with -o",
					    file);
	}
	return 0;
}

static int write_object(dtrace_hdl_t *dtp, const struct probes *ps, const char *file)
{
	int fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), rc;
	char why[256];
	struct stat st;

	if (fd < 0)
		return dt_set_error(dtp, EDT_IO, "cannot write %s: %s", file, strerror(errno));
	rc = dt_usdt_object(fd, ps->v, ps->n, why, sizeof(why));
	if (rc)
		dt_set_error(dtp, EDT_IO, "cannot write %s: %s", file, why);
	if (rc && !fstat(fd, &st) && S_ISREG(st.st_mode))
		unlink(file);	/* half an object helps nobody */
	close(fd);
	return rc ? -1 : 0;
}

int dtrace_program_link(dtrace_hdl_t *dtp, dtrace_prog_t *prog, uint_t dflags, const char *file, int objc,
			char *const objv[])
{
	struct probes ps;
	int rc;

	if (dflags & ~DTRACE_D_MASK)
		return dt_set_errno(dtp, EDT_FLAGS);
	if (prog && prog->p->nclauses)
		return dt_set_error(dtp, EDT_NOUSDT,
				    "the program has clauses: only provider declarations can be linked");
	if (check_objects(dtp, file, objc, objv))
		return -1;
	rc = collect(dtp, &ps);
	if (!rc)
		rc = write_object(dtp, &ps, file);
	free_probes(&ps);
	return rc;
}
