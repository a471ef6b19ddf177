/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compiling: D libraries, preprocessor, compiler, then every probe description
 * is looked at: pid patterns have their probes created, and one that matches
 * nothing is an error at its place in the text.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "dt_impl.h"
#include "library.h"

struct compilation {
	dtrace_hdl_t *dtp;
	struct dt_compile c;
	struct dt_macros macros;
	struct dt_diag diag;
	struct dt_strs files;	/* other files that the text comes from: [source index - 2] */
	uint_t cflags;		/* of the caller; options add theirs */
	bool library;
};

static uint_t cflags_of(const struct compilation *cc)
{
	return cc->cflags | cc->dtp->cflags;
}

/* -x tree, and dtrace_program_show(). */
static void show_tree(void *ctx, int pass, const struct dt_node *tree)
{
	struct compilation *cc = ctx;

	if (cc->dtp->treebits & (pass ? DT_TREE_COOKED : DT_TREE_PARSED))
		dt_ast_print(tree, stderr);
	if (!pass && cc->dtp->dump && !cc->library)
		dt_unparse(tree, cc->dtp->dump);
}

static uint32_t opt_or(const dtrace_hdl_t *dtp, int opt, uint32_t otherwise)
{
	return dtp->opt[opt] == DTRACEOPT_UNSET ? otherwise : (uint32_t)dtp->opt[opt];
}

/* Options that the compiler reads; "#pragma D option" may change them while it runs. */
static void take_options(struct compilation *cc)
{
	dtrace_hdl_t *dtp = cc->dtp;
	struct dt_compile *c = &cc->c;
	uint_t cflags = cflags_of(cc);

	c->pspec = cflags & DTRACE_C_PSPEC;
	c->empty_ok = cflags & DTRACE_C_EMPTY;
	c->strsize = (uint32_t)dtp->opt[DTRACEOPT_STRSIZE];
	c->stackframes = (uint32_t)dtp->opt[DTRACEOPT_STACKFRAMES];
	c->ustackframes = (uint32_t)dtp->opt[DTRACEOPT_USTACKFRAMES];
	c->jstackframes = (uint32_t)dtp->opt[DTRACEOPT_JSTACKFRAMES];
	c->jstackstrsize = (uint32_t)dtp->opt[DTRACEOPT_JSTACKSTRSIZE];
	c->late = dtp->late;
	c->has_amin = cflags & DTRACE_C_EATTR && !cc->library;
	c->amin = (struct dt_attr){ dtp->amin.dtat_name, dtp->amin.dtat_data, dtp->amin.dtat_class };
	dt_idents_set_version(dtp->idents, cc->library ? 0 : dtp->dversion);
	c->iregs = opt_or(dtp, DTRACEOPT_IREGS, 0);
	c->tregs = opt_or(dtp, DTRACEOPT_TREGS, 0);
	c->tree = dtp->treebits || dtp->dump ? show_tree : NULL;
	cc->macros.defaultargs = cflags & DTRACE_C_DEFARG;
	cc->macros.argref = cflags & DTRACE_C_ARGREF;
	dt_foreign_options(dtp, cflags);
}

static int pragma_option(void *ctx, const char *name, const char *value, char *err, size_t n)
{
	struct compilation *cc = ctx;

	if (dt_option_pragma(cc->dtp, name, value, err, n))
		return -1;
	take_options(cc);
	return 0;
}

/* Without the device nobody knows which providers there are. */
static int depends(void *ctx, const char *kind, const char *name)
{
	struct compilation *cc = ctx;
	dtrace_probedesc_t pat = { 0 };

	if (!strcmp(kind, "library"))
		return dt_library_there(cc->dtp, name);
	if (!strcmp(kind, "module"))
		return dt_module_there(name);
	snprintf(pat.dtpd_provider, sizeof(pat.dtpd_provider), "%s", name);
	return cc->dtp->fd < 0 || dt_probes_count(cc->dtp, &pat, 1) > 0;
}

/* Line markers name the files that the preprocessor included; the text itself is "<stdin>" to it. */
static unsigned short source_index(void *ctx, const char *name)
{
	struct compilation *cc = ctx;
	size_t i = 0;

	if (!strcmp(name, "<stdin>"))
		return 1;
	while (i < cc->files.n && strcmp(cc->files.s[i], name))
		i++;
	if (i == cc->files.n && (i > USHRT_MAX - 2 || dt_strs_add(&cc->files, name)))
		return 0;
	return (unsigned short)(i + 2);
}

static void spell(const struct compilation *cc, const struct dt_diag *diag, const char *text, const char *code,
		  bool tags, char *buf, size_t n)
{
	unsigned src = diag->loc.src;

	dt_source_error(diag, src >= 2 && src - 2 < cc->files.n ? cc->files.s[src - 2] : NULL, text, code, tags, buf,
			n);
}

/* Put what is wrong into the handle's message. */
static void tell(const struct compilation *cc, const char *text, const char *code)
{
	dtrace_hdl_t *dtp = cc->dtp;

	dtp->err = EDT_COMPILER;
	spell(cc, &cc->diag, text, code, cflags_of(cc) & DTRACE_C_ETAGS, dtp->errmsg, sizeof(dtp->errmsg));
}

/*
 * A program that changes the system compiles without option destructive, which may be
 * set until it is enabled. What to say then has its place in the source now.
 */
static int note_destroyer(const struct compilation *cc, dtrace_prog_t *prog, const char *code)
{
	struct dt_diag diag = { 0 };
	char *buf;

	if (!prog->p->destroyer)
		return 0;
	buf = malloc(sizeof(cc->dtp->errmsg));
	if (!buf)
		return -1;
	dt_error(&diag, D_NOSUP, prog->p->destroys, "destructive actions are not allowed, and %s() is one",
		 prog->p->destroyer->name);
	dt_hint(&diag, "allow them with option -w, or: #pragma D option destructive");
	spell(cc, &diag, prog->text, code, false, buf, sizeof(cc->dtp->errmsg));
	prog->destroys = buf;
	return 0;
}

static void free_prog(dtrace_prog_t *prog)
{
	dt_program_free(prog->p);
	free(prog->destroys);
	free(prog->text);
	free(prog);
}

/* The name nearest to a part of a description, of the probes that match the parts before it. */
struct nearest {
	const char *want;
	size_t field;		/* offset in dtrace_probedesc_t */
	unsigned best;
	char like[DTRACE_FUNCNAMELEN];
};

static int compare_name(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pd, void *arg)
{
	struct nearest *near = arg;
	const char *name = (const char *)pd + near->field;
	unsigned d = dt_name_distance(near->want, name, near->best);

	(void)dtp;
	if (d < near->best && d < strlen(near->want)) {
		near->best = d;
		snprintf(near->like, sizeof(near->like), "%s", name);
	}
	return 0;
}

/* "no function matches "opne": did you mean open?" */
static void hint_part(dtrace_hdl_t *dtp, struct dt_diag *diag, const dtrace_probedesc_t *before, size_t field,
		      const char *want, const char *what)
{
	struct nearest near = { .want = want, .field = field, .best = 3 };

	if (!strpbrk(want, "*?["))
		dt_probes_walk(dtp, before, compare_name, &near);
	dt_hint(diag, "%s \"%s\"%s%s%s", what, want, near.like[0] ? ": did you mean " : "", near.like,
		near.like[0] ? "?" : "; \"dtrace -l\" lists the probes there are");
}

/* "pid0", "python0": what a provider of $target is called if there is no $target. */
static bool is_of_target(const char *provider)
{
	size_t n = strlen(provider);

	return n > 1 && provider[n - 1] == '0' && isalpha((unsigned char)provider[n - 2]);
}

/* Say which part of a description is wrong, if one is: the first that alone matches nothing. */
static void hint_nomatch(dtrace_hdl_t *dtp, const dtrace_probedesc_t *pat, struct dt_diag *diag)
{
	static const struct { size_t field, size; const char *what; } parts[] = {
#define PART(f, what) { offsetof(dtrace_probedesc_t, f), sizeof(((dtrace_probedesc_t *)0)->f), what }
		PART(dtpd_provider, "no provider matches"), PART(dtpd_mod, "no module matches"),
		PART(dtpd_func, "no function matches"), PART(dtpd_name, "no probe there is called"),
#undef PART
	};
	dtrace_probedesc_t before = { 0 }, part = { 0 };
	const char *known = dt_catalog_hint(pat);

	if (pat->dtpd_id)
		return;
	if (known) {
		dt_hint(diag, "%s", known);
		return;
	}
	if (is_of_target(pat->dtpd_provider)) {
		dt_hint(diag, "$target is the process of -p or -c; neither was given");
		return;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		const char *want = (const char *)pat + parts[i].field;

		memcpy((char *)&part + parts[i].field, want, parts[i].size);
		if (*want && dt_probes_count(dtp, &part, 1) == 0) {
			hint_part(dtp, diag, &before, parts[i].field, want, parts[i].what);
			return;
		}
		before = part;
	}
}

static int nomatch(struct compilation *cc, const dtrace_probedesc_t *pat, struct dt_loc loc)
{
	char name[DTRACE_FUNCNAMELEN + DTRACE_MODNAMELEN + DTRACE_PROVNAMELEN + DTRACE_NAMELEN];

	if (pat->dtpd_id)
		return dt_error(&cc->diag, D_PDESC_INVAL, loc, "there is no probe with the id %u", pat->dtpd_id);
	dt_error(&cc->diag, D_PDESC_ZERO, loc, "probe description %s does not match any probes",
		 dtrace_desc2str(pat, name, sizeof(name)));
	hint_nomatch(cc->dtp, pat, &cc->diag);
	return -1;
}

/* Put the patterns that the kernel is to match in the place of pattern @at. Returns how many, or -1. */
static int expand_pattern(struct compilation *cc, struct dt_clause *cl, uint32_t at)
{
	struct dt_strs mods = { 0 };
	dtrace_probedesc_t pat = cl->pats[at], *pats;
	struct dt_loc loc = cl->patlocs[at], *locs;
	uint32_t more;

	dt_pidprobe_modules(cc->dtp, &pat, &mods);
	if (!mods.n)
		return 1;
	more = (uint32_t)mods.n - 1;
	pats = reallocarray(cl->pats, cl->npats + more, sizeof(*pats));
	cl->pats = pats ? pats : cl->pats;
	locs = reallocarray(cl->patlocs, cl->npats + more, sizeof(*locs));
	cl->patlocs = locs ? locs : cl->patlocs;
	if (!pats || !locs) {
		dt_strs_free(&mods);
		return dt_error(&cc->diag, D_ALLOC, loc, "out of memory");
	}
	memmove(pats + at + 1 + more, pats + at + 1, (cl->npats - at - 1) * sizeof(*pats));
	memmove(locs + at + 1 + more, locs + at + 1, (cl->npats - at - 1) * sizeof(*locs));
	cl->npats += more;
	for (uint32_t i = 0; i <= more; i++) {
		snprintf(pat.dtpd_mod, sizeof(pat.dtpd_mod), "%s", mods.s[i]);
		pats[at + i] = pat;
		locs[at + i] = loc;
	}
	dt_strs_free(&mods);
	return (int)more + 1;
}

/* Create, expand and look up pattern @at of a clause. Returns how many it has become, or -1. */
static int check_pattern(struct compilation *cc, struct dt_clause *cl, uint32_t at, bool zdefs)
{
	dtrace_probedesc_t pat = cl->pats[at];
	struct dt_loc loc = cl->patlocs[at];
	struct dt_diag diag = { 0 };
	uint64_t created;
	long found = 0;
	int n;

	if (dt_pidprobe_create(cc->dtp, &pat, loc, &diag, &created) && !(diag.tag == D_PDESC_ZERO && zdefs)) {
		cc->diag = diag;
		return -1;
	}
	dt_pidprobe_reads(cc->dtp, &pat, cl);
	n = expand_pattern(cc, cl, at);
	for (int i = 0; i < n && !found && !zdefs; i++) {
		found = dt_probes_count(cc->dtp, &cl->pats[at + (uint32_t)i], 1);
		if (found < 0)
			return dt_error(&cc->diag, D_UNKNOWN, loc, "cannot look up probes: %s",
					dtrace_errmsg(cc->dtp, dtrace_errno(cc->dtp)));
	}
	return n > 0 && !found && !zdefs ? nomatch(cc, &pat, loc) : n;
}

/* Likewise, without a device. */
static int check_unseen(struct compilation *cc, const dtrace_probedesc_t *pat, struct dt_loc loc, bool zdefs)
{
	struct dt_err err = { "" };

	switch (dt_catalog_check(cc->dtp, pat, &err)) {
	case DT_CANNOT_BE:
		return dt_error(&cc->diag, D_PDESC_INVAL, loc, "%s", err.msg);
	case DT_IS_NOT:
		return zdefs ? 1 : nomatch(cc, pat, loc);
	default:
		return 1;
	}
}

static int check_patterns(struct compilation *cc, dtrace_prog_t *prog)
{
	bool zdefs = cflags_of(cc) & DTRACE_C_ZDEFS;
	int n;

	for (uint32_t i = 0; i < prog->p->nclauses; i++) {
		struct dt_clause *cl = &prog->p->clauses[i];

		for (uint32_t j = 0; j < cl->npats; j += (uint32_t)n) {
			n = cc->dtp->fd < 0 ? check_unseen(cc, &cl->pats[j], cl->patlocs[j], zdefs) :
					      check_pattern(cc, cl, j, zdefs);
			if (n < 0)
				return -1;
		}
	}
	return 0;
}

static uint32_t count_patterns(const struct dt_program *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->nclauses; i++)
		n += p->clauses[i].npats;
	return n;
}

/* @text is what errors quote; @code, what is compiled (the preprocessor may stand between). */
static dtrace_prog_t *compile_code(struct compilation *cc, const char *text, const char *code, size_t len,
				   dtrace_probespec_t spec, int argc, char *const argv[])
{
	dtrace_hdl_t *dtp = cc->dtp;
	dtrace_prog_t *prog = calloc(1, sizeof(*prog));
	unsigned idents = dt_idents_mark(dtp->idents);
	size_t types = dt_types_mark(dtp->types);

	if (prog)
		prog->text = strdup(text);
	if (!prog || !prog->text) {
		free(prog);
		dt_set_errno(dtp, ENOMEM);
		return NULL;
	}
	cc->macros = (struct dt_macros){ .argc = argc, .argv = argv, .lookup = dt_macro_lookup, .ctx = dtp };
	cc->c = (struct dt_compile){
		.types = dtp->types, .idents = dtp->idents, .macros = &cc->macros, .diag = &cc->diag,
		.src = 1, .spec = spec + 1, .option = pragma_option, .file = source_index, .depends = depends,
		.library = cc->library,
		.ctx = cc,
	};
	take_options(cc);
	prog->p = dt_compile(&cc->c, code, len);
	if (prog->p && check_patterns(cc, prog)) {
		dt_program_free(prog->p);
		prog->p = NULL;
		dt_idents_rollback(dtp->idents, idents);
		dt_types_rollback(dtp->types, types);
	}
	if (!prog->p)
		tell(cc, text, code);
	else if (note_destroyer(cc, prog, code))
		dt_set_errno(dtp, ENOMEM);
	dt_strs_free(&cc->files);
	if (!prog->p || (prog->p->destroyer && !prog->destroys)) {
		free_prog(prog);
		return NULL;
	}
	prog->strsize = cc->c.strsize;
	prog->npats = count_patterns(prog->p);
	prog->next = dtp->progs;
	dtp->progs = prog;
	dt_debug(dtp, "compiled %u clauses with %u probe descriptions", prog->p->nclauses, prog->npats);
	if (cflags_of(cc) & DTRACE_C_DIFV)
		dtrace_program_dump(dtp, prog, stderr);
	return prog;
}

int dt_library_compile(dtrace_hdl_t *dtp, const char *text, size_t len)
{
	struct compilation cc = { .dtp = dtp, .cflags = DTRACE_C_EMPTY, .library = true };
	dtrace_prog_t *prog = compile_code(&cc, text, text, len, DTRACE_PROBESPEC_NONE, 0, NULL);
	bool clauses;

	if (!prog)
		return cc.diag.tag == D_PRAGMA_DEPEND ? 1 : -1;
	dtp->progs = prog->next;
	clauses = prog->p->nclauses;
	free_prog(prog);
	return clauses ? dt_set_error(dtp, EDT_LIBRARY, "a library cannot have clauses") : 0;
}

static dtrace_prog_t *compile_text(dtrace_hdl_t *dtp, char *text, size_t len, dtrace_probespec_t spec,
				   uint_t cflags, int argc, char *const argv[])
{
	struct compilation cc = { .dtp = dtp, .cflags = cflags };
	char *code = text;
	dtrace_prog_t *prog;

	if (!dtp->libs_read && !((cflags | dtp->cflags) & DTRACE_C_NOLIBS)) {
		dtp->libs_read = true;
		if (dt_libraries_load(dtp))
			return NULL;
	}
	dt_source_hide_interpreter(text, len);
	if ((cflags | dtp->cflags) & DTRACE_C_CPP)
		code = dt_source_cpp(dtp, text, &len);
	if (!code)
		return NULL;
	prog = compile_code(&cc, text, code, len, spec, argc, argv);
	if (code != text)
		free(code);
	return prog;
}

dtrace_prog_t *dtrace_program_strcompile(dtrace_hdl_t *dtp, const char *text, dtrace_probespec_t spec,
					 uint_t cflags, int argc, char *const argv[])
{
	dtrace_prog_t *prog;
	char *copy;

	if (spec < DTRACE_PROBESPEC_NONE || spec > DTRACE_PROBESPEC_NAME) {
		dt_set_errno(dtp, EDT_BADSPEC);
		return NULL;
	}
	copy = strdup(text);
	if (!copy) {
		dt_set_errno(dtp, ENOMEM);
		return NULL;
	}
	prog = compile_text(dtp, copy, strlen(copy), spec, cflags, argc, argv);
	free(copy);
	return prog;
}

dtrace_prog_t *dtrace_program_fcompile(dtrace_hdl_t *dtp, FILE *fp, uint_t cflags, int argc, char *const argv[])
{
	dtrace_prog_t *prog;
	size_t len;
	char *text = dt_source_read(dtp, fp, &len);

	if (!text)
		return NULL;
	prog = compile_text(dtp, text, len, DTRACE_PROBESPEC_NONE, cflags, argc, argv);
	free(text);
	return prog;
}

static dtrace_attribute_t worse(dtrace_attribute_t a, struct dt_attr b)
{
	return dtrace_attr_min(a, (dtrace_attribute_t){ b.name, b.data, b.cls });
}

void dtrace_program_info(dtrace_hdl_t *dtp, dtrace_prog_t *prog, dtrace_proginfo_t *info)
{
	static const dtrace_attribute_t best = {
		DTRACE_STABILITY_MAX, DTRACE_STABILITY_MAX, DTRACE_CLASS_MAX
	};

	if (!info)
		return;
	*info = (dtrace_proginfo_t){ .dpi_descattr = best, .dpi_stmtattr = best, .dpi_matches = prog->nmatched };
	for (uint32_t i = 0; i < prog->p->nclauses; i++) {
		const struct dt_clause *cl = &prog->p->clauses[i];

		info->dpi_descattr = worse(info->dpi_descattr, cl->descattr);
		info->dpi_stmtattr = worse(info->dpi_stmtattr, cl->stmtattr);
		for (uint32_t j = 0; j < cl->nactions; j++) {
			if (DTRACEACT_ISAGG(cl->actions[j].kind))
				info->dpi_aggregates++;
			else if (cl->actions[j].kind != DTRACEACT_DIFVAL)
				info->dpi_recgens++;
		}
	}
}

/* What expand_pattern() made of one description stands at one place of the source. */
static uint32_t same_place(const struct dt_clause *cl, uint32_t from)
{
	const struct dt_loc *l = cl->patlocs;
	uint32_t i = from + 1;

	while (i < cl->npats && l[i].src == l[from].src && l[i].line == l[from].line && l[i].col == l[from].col)
		i++;
	return i - from;
}

int dtrace_program_descs(dtrace_hdl_t *dtp, dtrace_prog_t *prog, dtrace_desc_f *func, void *arg)
{
	for (uint32_t i = 0; i < prog->p->nclauses; i++) {
		const struct dt_clause *cl = &prog->p->clauses[i];

		for (uint32_t j = 0, n; j < cl->npats; j += n) {
			int rc;

			n = same_place(cl, j);
			rc = func(dtp, &cl->pats[j], n, arg);
			if (rc)
				return rc;
		}
	}
	return 0;
}

static void dump_difo(const struct dt_difo *d, const char *text, FILE *fp, uint32_t clause, const char *what)
{
	char title[80];

	if (!d)
		return;
	snprintf(title, sizeof(title), "clause %u, %s", clause + 1, what);
	dt_difo_print(d, title, text, fp);
}

void dtrace_program_dump(dtrace_hdl_t *dtp, dtrace_prog_t *prog, FILE *fp)
{
	char what[48];

	for (uint32_t i = 0; i < prog->p->nclauses; i++) {
		const struct dt_clause *cl = &prog->p->clauses[i];

		dump_difo(cl->pred, prog->text, fp, i, "predicate");
		for (uint32_t j = 0; j < cl->nactions; j++) {
			snprintf(what, sizeof(what), "action %u", j + 1);
			dump_difo(cl->actions[j].difo, prog->text, fp, i, what);
			snprintf(what, sizeof(what), "increment of action %u", j + 1);
			dump_difo(cl->actions[j].incr, prog->text, fp, i, what);
		}
	}
}

void dtrace_program_show(dtrace_hdl_t *dtp, FILE *fp)
{
	dtp->dump = fp;
}
