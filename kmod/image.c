// SPDX-License-Identifier: GPL-2.0-only
/*
 * From an image of userland to a program that can be fired.
 *
 * The blob is hostile until checked: it is copied once, all ranges are checked
 * against the copy, and what is kept afterwards points into the copy or is
 * built here. Slices of the pools may overlap (a compiler may share them), so
 * the sums of their lengths are limited too: they bound how long checking takes.
 *
 * Built here: the difos with their flags, and for each clause the layout of its
 * record and of its aggregations' buckets. A field is aligned to its size (1, 2,
 * 4, 8), strings, structs and stacks to 8; records and buckets are multiples of 8.
 */
#include "engine_impl.h"

#define MAX_CLAUSES	65536
#define MAX_DIFOS	262144
#define MAX_PATTERNS	262144
#define MAX_ACTIONS	262144		/* summed over clauses */
#define MAX_TEXT	(4u << 20)	/* instructions, summed over difos */
#define MAX_VARS	(1u << 20)	/* variable descriptions, summed over difos */
#define MAX_FRAMES	4096

struct loader {
	struct dtk_check ck;
	const struct dtrace_image_hdr *hdr;
	const u8 *image;
	struct dtk_program *prog;
	u64 nactions, ntext, nvars;	/* sums so far */
};

#define explain(l, fmt, ...) dtk_explain(&(l)->ck, DTK_NOPC, fmt, ##__VA_ARGS__)
#define refuse(l, fmt, ...) dtk_refuse(&(l)->ck, DTK_NOPC, fmt, ##__VA_ARGS__)

static const void *table(const struct loader *l, const struct dtrace_image_table *t)
{
	return l->image + t->off;
}

static bool slice_ok(u32 start, u32 n, u32 count)
{
	return start <= count && n <= count - start;
}

/* Zeroed, and never NULL for being empty. */
static void *alloc_array(u32 n, size_t size)
{
	return dtk_alloc((n ? n : 1) * size);
}

/* ---- Header and tables --------------------------------------------------------- */

static int check_table(struct loader *l, const struct dtrace_image_table *t, const char *name,
		       u32 elem, u32 max)
{
	u32 size = l->hdr->size;

	if (t->off % 8 || t->off > size || t->count > (size - t->off) / elem)
		return refuse(l, "The image's table of %s is outside the image or unaligned.", name);
	if (t->count > max)
		return refuse(l, "The image has more than %u %s.", max, name);
	return 0;
}

static int check_header(struct loader *l, size_t size)
{
	const struct dtrace_image_hdr *h = l->hdr;

	if (size < sizeof(*h) || h->magic != DTRACE_IMAGE_MAGIC)
		return refuse(l, "This is not a program image.");
	if (h->version != DTRACE_ABI_VERSION)
		return refuse(l, "The image has version %u, this module needs version %u: install "
				 "a dtrace command and a module of the same release.",
			      h->version, DTRACE_ABI_VERSION);
	if (h->size != size)
		return refuse(l, "The image says it has %u bytes but has %zu.", h->size, size);
	if (h->flags & ~(DTRACE_IMG_DESTRUCTIVE | DTRACE_IMG_RETAIN) || h->pad)
		return refuse(l, "The image has unknown flags.");
	if (!h->strsize || h->strsize > DTK_TYPE_MAX)
		return refuse(l, "strsize must be between 1 and %u.", DTK_TYPE_MAX);
	return 0;
}

static int check_tables(struct loader *l)
{
	const struct dtrace_image_hdr *h = l->hdr;
	const char *strs;

	if (check_table(l, &h->text, "instructions", sizeof(u32), U32_MAX) ||
	    check_table(l, &h->ints, "integers", sizeof(u64), U32_MAX) ||
	    check_table(l, &h->strs, "string bytes", 1, U32_MAX) ||
	    check_table(l, &h->vars, "variables", sizeof(struct dif_var), U32_MAX) ||
	    check_table(l, &h->difos, "difos", sizeof(struct dtrace_difo_desc), MAX_DIFOS) ||
	    check_table(l, &h->actions, "actions", sizeof(struct dtrace_act_desc), U32_MAX) ||
	    check_table(l, &h->clauses, "clauses", sizeof(struct dtrace_clause_desc), MAX_CLAUSES) ||
	    check_table(l, &h->probes, "probe descriptions", sizeof(struct dtrace_probe_pat),
			MAX_PATTERNS))
		return -EINVAL;
	strs = table(l, &h->strs);
	if (!h->strs.count || strs[0] || strs[h->strs.count - 1])
		return refuse(l, "The image's strings do not start and end with a NUL.");
	return 0;
}

/* ---- Difos ------------------------------------------------------------------------ */

static int load_difo(struct loader *l, const struct dtrace_difo_desc *d, struct dtk_difo *difo)
{
	const struct dtrace_image_hdr *h = l->hdr;

	l->ntext += d->ntext;
	l->nvars += d->nvars;
	if (!slice_ok(d->text, d->ntext, h->text.count) ||
	    !slice_ok(d->ints, d->nints, h->ints.count) ||
	    !slice_ok(d->strs, d->nstrs, h->strs.count) ||
	    !slice_ok(d->vars, d->nvars, h->vars.count))
		return refuse(l, "The difo's tables are outside the image's.");
	if (!d->ntext || d->ntext > DIF_TEXT_MAX || l->ntext > MAX_TEXT)
		return refuse(l, "The difo has no instructions or too many.");
	if (d->nints > DIF_TABLE_MAX / sizeof(u64) || d->nstrs > DIF_TABLE_MAX ||
	    d->nvars > DIF_TABLE_MAX / sizeof(struct dif_var) || l->nvars > MAX_VARS)
		return refuse(l, "The difo's tables are too large.");
	difo->text = (const u32 *)table(l, &h->text) + d->text;
	difo->ints = (const u64 *)table(l, &h->ints) + d->ints;
	difo->strs = (const char *)table(l, &h->strs) + d->strs;
	difo->vars = (const struct dif_var *)table(l, &h->vars) + d->vars;
	difo->ntext = d->ntext;
	difo->nints = d->nints;
	difo->nstrs = d->nstrs;
	difo->nvars = d->nvars;
	difo->rtype = d->rtype;
	if (d->nstrs && (difo->strs[0] || difo->strs[d->nstrs - 1]))
		return refuse(l, "The difo's strings do not start and end with a NUL.");
	if (dtk_difo_check(&l->ck, difo))
		return -EINVAL;
	if (difo->flags & DTK_DIFO_VTIME)
		l->prog->needs |= DTK_NEEDS_VTIME;
	if (!(difo->flags & DTK_DIFO_DESTRUCTIVE))
		return 0;
	l->prog->needs |= DTK_NEEDS_DESTRUCTIVE;
	if (l->ck.flags & DTRACE_IMG_DESTRUCTIVE)
		return 0;
	return refuse(l, "copyout() and copyoutstr() are destructive, which must be allowed with -w.");
}

static int load_difos(struct loader *l)
{
	const struct dtrace_difo_desc *d = table(l, &l->hdr->difos);
	struct dtk_program *prog = l->prog;
	u32 i;

	prog->difos = alloc_array(l->hdr->difos.count, sizeof(*prog->difos));
	if (!prog->difos)
		return -ENOMEM;
	prog->ndifos = l->hdr->difos.count;
	for (i = 0; i < prog->ndifos; i++) {
		l->ck.difo = i;
		if (load_difo(l, &d[i], &prog->difos[i]))
			return -EINVAL;
	}
	l->ck.difo = DTRACE_DIFO_NONE;
	return 0;
}

static int find_difo(struct loader *l, u32 index, const struct dtk_difo **ret)
{
	*ret = NULL;
	if (index == DTRACE_DIFO_NONE)
		return 0;
	if (index >= l->prog->ndifos)
		return refuse(l, "The image has no difo %u.", index);
	*ret = &l->prog->difos[index];
	return 0;
}

/* ---- Actions ------------------------------------------------------------------------ */

/* What actions we know. A difo is needed, optional or forbidden. */
#define NEEDS	0x1
#define MAY	0x2
#define RECORDS	0x4		/* has a field in the record */
#define KEY	0x8		/* may be a key of an aggregation */
#define SCALAR	0x10		/* the difo's value must be a scalar */
#define HEADER	0x20		/* the clause writes a record even without fields */
#define DESTROYS 0x40		/* changes the system: wants DTRACE_IMG_DESTRUCTIVE */

static const struct actkind {
	u16 kind;
	u16 flags;
	const char *name;
} actkinds[] = {
	{ DTRACEACT_DIFEXPR,	NEEDS | RECORDS | KEY,		"trace" },
	{ DTRACEACT_EXIT,	NEEDS | RECORDS | SCALAR,	"exit" },
	{ DTRACEACT_PRINT,	NEEDS | RECORDS,		"print" },
	{ DTRACEACT_PRINTF,	MAY | RECORDS,			"printf" },
	{ DTRACEACT_PRINTA,	MAY | RECORDS,			"printa" },
	{ DTRACEACT_LIBACT,	MAY | RECORDS,			"library action" },
	{ DTRACEACT_TRACEMEM,	NEEDS | RECORDS | SCALAR,	"tracemem" },
	{ DTRACEACT_TRACEMEM_DYNSIZE, NEEDS | RECORDS | SCALAR,	"tracemem" },
	{ DTRACEACT_PRINTM,	NEEDS | RECORDS | SCALAR,	"printm" },
	{ DTRACEACT_PRINT,	NEEDS | RECORDS,		"print" },
	{ DTRACEACT_DIFVAL,	NEEDS,				"expression statement" },
	{ DTRACEACT_DEFAULT,	HEADER,				"default action" },
	{ DTRACEACT_USTACK,	RECORDS | KEY,			"ustack" },
	{ DTRACEACT_JSTACK,	RECORDS | KEY,			"jstack" },
	{ DTRACEACT_PYSTACK,	RECORDS | KEY,			"pystack" },
	{ DTRACEACT_USYM,	NEEDS | RECORDS | KEY | SCALAR,	"usym" },
	{ DTRACEACT_UMOD,	NEEDS | RECORDS | KEY | SCALAR,	"umod" },
	{ DTRACEACT_UADDR,	NEEDS | RECORDS | KEY | SCALAR,	"uaddr" },
	{ DTRACEACT_STACK,	RECORDS | KEY,			"stack" },
	{ DTRACEACT_SYM,	NEEDS | RECORDS | KEY | SCALAR,	"sym" },
	{ DTRACEACT_MOD,	NEEDS | RECORDS | KEY | SCALAR,	"mod" },
	{ DTRACEACT_SPECULATE,	NEEDS | SCALAR | HEADER,	"speculate" },
	{ DTRACEACT_COMMIT,	NEEDS | SCALAR,			"commit" },
	{ DTRACEACT_DISCARD,	NEEDS | SCALAR,			"discard" },
	{ DTRACEACT_STOP,	DESTROYS,			"stop" },
	{ DTRACEACT_RAISE,	NEEDS | SCALAR | DESTROYS,	"raise" },
	{ DTRACEACT_SYSTEM,	MAY | RECORDS | DESTROYS,	"system" },
	{ DTRACEACT_FREOPEN,	MAY | RECORDS | DESTROYS,	"freopen" },
	{ DTRACEACT_CHILL,	NEEDS | SCALAR | DESTROYS,	"chill" },
	{ DTRACEACT_PANIC,	DESTROYS,			"panic" },
	{ DTRACEACT_BREAKPOINT,	DESTROYS,			"breakpoint" },
};

/* NULL: refused. */
static const struct actkind *find_actkind(struct loader *l, u16 kind)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(actkinds); i++) {
		if (actkinds[i].kind == kind)
			return &actkinds[i];
	}
	explain(l, "There is no action %#x.", kind);
	return NULL;
}

static int check_action(struct loader *l, const struct dtk_act *a, const struct actkind *k)
{
	if (k->flags & NEEDS && !a->difo)
		return refuse(l, "%s() has no value.", k->name);
	if (a->difo && !(k->flags & (NEEDS | MAY)))
		return refuse(l, "%s() has a value that it does not take.", k->name);
	if (k->flags & SCALAR && dtk_type_byref(&a->difo->rtype))
		return refuse(l, "%s() needs an integer or a pointer.", k->name);
	if (a->difo && k->flags & RECORDS && !dtk_type_size(&a->difo->rtype, l->ck.strsize))
		return refuse(l, "%s() has a value of type void.", k->name);
	if (k->flags & DESTROYS) {
		l->prog->needs |= DTK_NEEDS_DESTRUCTIVE;
		if (!(l->ck.flags & DTRACE_IMG_DESTRUCTIVE))
			return refuse(l, "%s() is a destructive action, which must be allowed with -w.", k->name);
	}
	if (a->kind == DTRACEACT_BREAKPOINT)
		l->prog->needs |= DTK_NEEDS_DEBUGGER;
	if (a->incr || a->ntuple)
		return refuse(l, "%s() has keys or an increment, as only aggregations do.", k->name);
	return 0;
}

/* Bytes and alignment of what @a records. */
static int field_size(struct loader *l, const struct dtk_act *a, u32 *size, u32 *align)
{
	u32 frames = a->arg, strsize = DTRACE_USTACK_STRSIZE(a->arg);

	*align = 8;
	switch (a->kind) {
	case DTRACEACT_EXIT:
		*size = *align = 4;
		return 0;
	case DTRACEACT_TRACEMEM:
	case DTRACEACT_PRINTM:
		if (!a->arg || a->arg > DTK_TYPE_MAX)
			return refuse(l, "tracemem() can record 1 to %u bytes.", DTK_TYPE_MAX);
		*size = a->arg;
		return 0;
	case DTRACEACT_TRACEMEM_DYNSIZE:
		*size = 8;
		return 0;
	case DTRACEACT_USYM:
	case DTRACEACT_UMOD:
	case DTRACEACT_UADDR:
		*size = 16;
		return 0;
	case DTRACEACT_STACK:
		if (!a->arg || a->arg > MAX_FRAMES)
			return refuse(l, "stack() can record 1 to %u frames.", MAX_FRAMES);
		*size = 8 * frames;
		return 0;
	case DTRACEACT_USTACK:
	case DTRACEACT_JSTACK:
	case DTRACEACT_PYSTACK:
		if (!frames || frames > MAX_FRAMES || strsize > DTK_TYPE_MAX)
			return refuse(l, "ustack() can record 1 to %u frames and %u bytes of strings.",
				      MAX_FRAMES, DTK_TYPE_MAX);
		*size = 8 * (frames + 1) + strsize;
		return 0;
	case DTRACEACT_SYM:
	case DTRACEACT_MOD:
		*size = 8;
		return 0;
	}
	if (!a->difo) {
		*size = 0;
		*align = 1;
	} else if (dtk_type_byref(&a->difo->rtype)) {
		*size = dtk_type_size(&a->difo->rtype, l->ck.strsize);
	} else if (a->kind == DTRACEACT_LIBACT || a->kind == DTRACEACT_PRINTA) {
		*size = 8;
	} else {
		*size = *align = a->difo->rtype.size;
	}
	return 0;
}

/* Append the field of @a to a record or bucket that has *@size bytes so far. */
static int add_field(struct loader *l, const struct dtk_act *a, dtrace_recdesc_t *rec, u32 *size)
{
	u32 n, align;

	if (field_size(l, a, &n, &align))
		return -EINVAL;
	*rec = (dtrace_recdesc_t){
		.dtrd_action = a->kind,
		.dtrd_size = n,
		.dtrd_offset = ALIGN(*size, align),
		.dtrd_alignment = align,
		.dtrd_format = a->format,
		.dtrd_arg = a->arg,
		.dtrd_uarg = a->uarg,
	};
	*size = rec->dtrd_offset + n;
	if (*size > DTK_RECORD_MAX)
		return refuse(l, "A record is larger than %u bytes.", DTK_RECORD_MAX);
	return 0;
}

/* ---- Aggregations ---------------------------------------------------------------------- */

static int check_agg(struct loader *l, const struct dtk_act *a)
{
	bool quant = a->kind >= DTRACEAGG_QUANTIZE;

	if (a->kind == DTRACEAGG_COUNT ? a->difo != NULL : !a->difo)
		return refuse(l, "An aggregating function has no value, or count() has one.");
	if (a->difo && dtk_type_byref(&a->difo->rtype))
		return refuse(l, "An aggregating function needs an integer.");
	if (a->incr && (!quant || dtk_type_byref(&a->incr->rtype)))
		return refuse(l, "An increment must be an integer, and only quantizing functions have one.");
	return 0;
}

static void add_key(struct dtk_aggact *agg, const struct dtk_act *a, const dtrace_recdesc_t *rec)
{
	agg->keys[agg->nkeys++] = (struct dtk_aggkey){
		.at = agg->keyroom, .offset = rec->dtrd_offset, .size = rec->dtrd_size,
		.string = a->kind == DTRACEACT_DIFEXPR && a->difo->rtype.kind == DIF_TYPE_STRING,
	};
	agg->keyroom += ALIGN(rec->dtrd_size, 8);
}

/* The layout of a bucket: header, keys, value. */
static int layout_bucket(struct loader *l, const struct dtk_act *keys, const struct dtk_act *a,
			 struct dtk_aggact *agg)
{
	u32 size = sizeof(struct dtrace_agghdr), i;
	const char *why = NULL;

	agg->valsize = dtk_agg_valsize(a->kind, a->arg, &why);
	if (!agg->valsize)
		return refuse(l, "%s.", why);
	agg->recs[0] = (dtrace_recdesc_t){
		.dtrd_action = DTRACEACT_DIFEXPR, .dtrd_size = 8, .dtrd_alignment = 8,
		.dtrd_offset = offsetof(struct dtrace_agghdr, dtah_varid),
	};
	agg->constkey = true;
	for (i = 0; i < a->ntuple; i++) {
		if (add_field(l, &keys[i], &agg->recs[1 + i], &size))
			return -EINVAL;
		add_key(agg, &keys[i], &agg->recs[1 + i]);
		if (keys[i].kind != DTRACEACT_DIFEXPR ||
		    !(keys[i].difo->flags & DTK_DIFO_PROBECONST))
			agg->constkey = false;
	}
	agg->keysize = size - sizeof(struct dtrace_agghdr);
	agg->valoff = ALIGN(size, 8);
	agg->size = agg->valoff + agg->valsize;
	if (agg->size > DTK_RECORD_MAX || agg->keyroom > DTK_SCRATCH / 2)
		return refuse(l, "An aggregation's keys and value are larger than %u bytes, or its keys than %u.",
			      DTK_RECORD_MAX, DTK_SCRATCH / 2);
	agg->recs[1 + i] = (dtrace_recdesc_t){
		.dtrd_action = a->kind, .dtrd_size = agg->valsize, .dtrd_offset = agg->valoff,
		.dtrd_alignment = 8, .dtrd_format = a->format,
		.dtrd_arg = a->arg, .dtrd_uarg = a->uarg,
	};
	return 0;
}

/* Turn the action @i and the ntuple before it, none older than @first, into an aggregation. */
static int load_agg(struct loader *l, struct dtk_clause *c, u32 first, u32 i)
{
	struct dtk_act *a = &c->acts[i], *keys = a - a->ntuple;
	struct dtk_aggact *agg;
	u32 k;

	if (check_agg(l, a))
		return -EINVAL;
	if (a->ntuple > i - first)
		return refuse(l, "An aggregation has fewer keys than it says.");
	for (k = 0; k < a->ntuple; k++) {
		const struct actkind *kind = find_actkind(l, keys[k].kind);

		if (!kind || check_action(l, &keys[k], kind))
			return -EINVAL;
		if (!(kind->flags & KEY))
			return refuse(l, "%s() cannot be a key of an aggregation.", kind->name);
	}
	agg = a->agg = dtk_alloc(sizeof(*agg));
	if (!agg)
		return -ENOMEM;
	agg->kind = a->kind;
	agg->varid = a->varid;
	agg->nrecs = a->ntuple + 2;
	agg->recs = dtk_alloc(agg->nrecs * sizeof(*agg->recs));
	agg->keys = alloc_array(a->ntuple, sizeof(*agg->keys));
	if (!agg->recs || !agg->keys)
		return -ENOMEM;
	if (layout_bucket(l, keys, a, agg))
		return -EINVAL;
	if (agg->constkey)
		agg->constidx = c->nconst++;
	c->naggs++;
	keys->aggidx = i;
	return 0;
}

/* ---- Clauses ----------------------------------------------------------------------------- */

static int load_act(struct loader *l, const struct dtrace_act_desc *d, struct dtk_act *a)
{
	if (d->pad || d->pad2)
		return refuse(l, "An action's padding is not zero.");
	*a = (struct dtk_act){
		.kind = d->kind, .ntuple = d->ntuple, .format = d->format, .varid = d->varid,
		.arg = d->arg, .uarg = d->uarg, .rec = DTK_NOREC, .aggidx = DTK_NOREC,
	};
	if (find_difo(l, d->difo, &a->difo) || find_difo(l, d->incr, &a->incr))
		return -EINVAL;
	return 0;
}

static int load_acts(struct loader *l, struct dtk_clause *c, const struct dtrace_act_desc *d)
{
	u32 i, first = 0;
	int err;

	c->acts = alloc_array(c->nacts, sizeof(*c->acts));
	c->recs = alloc_array(c->nacts, sizeof(*c->recs));
	if (!c->acts || !c->recs)
		return -ENOMEM;
	for (i = 0; i < c->nacts; i++) {
		if (load_act(l, &d[i], &c->acts[i]))
			return -EINVAL;
		if (!DTRACEACT_ISAGG(c->acts[i].kind))
			continue;
		err = load_agg(l, c, first, i);
		if (err)
			return err;
		first = i + 1;
	}
	return 0;
}

/*
 * Where speculation may stand in a clause. fire.c relies on it: what records has its record
 * then, and one that was reserved before a commit() is never given back after it.
 */
static int check_order(struct loader *l, struct dtk_clause *c)
{
	bool speculates = false, commits = false, records = false;
	u32 i;

	for (i = 0; i < c->nacts; i++) {
		const struct dtk_act *a = &c->acts[i];
		bool agg = a->aggidx != DTK_NOREC, field = a->rec != DTK_NOREC;

		if (agg)
			i = a->aggidx;
		if ((agg || a->kind == DTRACEACT_EXIT || DTRACEACT_ISDESTRUCTIVE(a->kind)) && speculates)
			return refuse(l, "An aggregation, exit() or a destructive action follows speculate().");
		if ((agg || field || a->kind == DTRACEACT_DEFAULT) && commits)
			return refuse(l, "Data is recorded after commit().");
		if (a->kind == DTRACEACT_SPECULATE && (speculates || commits || records))
			return refuse(l, "speculate() follows speculate(), commit() or data that is recorded.");
		if (a->kind == DTRACEACT_COMMIT && (commits || records))
			return refuse(l, "commit() follows commit() or data that is recorded.");
		if (a->kind == DTRACEACT_SPECULATE)
			speculates = true;
		else if (a->kind == DTRACEACT_COMMIT)
			commits = true;
		else if ((agg || field || a->kind == DTRACEACT_DEFAULT) && !speculates)
			records = true;
	}
	c->speculates = speculates;
	return 0;
}

/* The layout of the principal record: all that is not part of an aggregation. */
static int layout_record(struct loader *l, struct dtk_clause *c)
{
	u32 size = sizeof(struct dtrace_rechdr), i;
	const struct actkind *kind;
	bool header = false;

	for (i = 0; i < c->nacts; i++) {
		struct dtk_act *a = &c->acts[i];

		if (a->aggidx != DTK_NOREC) {
			i = a->aggidx;
			continue;
		}
		kind = find_actkind(l, a->kind);
		if (!kind || check_action(l, a, kind))
			return -EINVAL;
		if (kind->flags & HEADER && !(a->kind == DTRACEACT_SPECULATE && a->arg))
			header = true;
		if (a->kind == DTRACEACT_SPECULATE && a->arg > DTRACE_SPEC_INHERIT)
			return refuse(l, "speculate() has an unknown argument.");
		if (!(kind->flags & RECORDS))
			continue;
		a->rec = c->nrecs++;
		if (add_field(l, a, &c->recs[a->rec], &size))
			return -EINVAL;
	}
	c->size = header || c->nrecs ? ALIGN(size, 8) : 0;
	return check_order(l, c);
}

/* A lone count() whose bucket depends on the probe alone? See dtk_ecb_run(). */
static const struct dtk_aggact *lone_count(const struct dtk_clause *c)
{
	const struct dtk_act *a = c->nacts ? &c->acts[c->nacts - 1] : NULL;

	if (c->pred || !a || a->kind != DTRACEAGG_COUNT || a->ntuple != c->nacts - 1 ||
	    a->difo || a->incr)
		return NULL;
	return a->agg->constkey ? a->agg : NULL;
}

/* Nothing but aggregating actions, each by keys that depend on the probe alone? See dtk_ecb_merge(). */
static bool only_tallies(const struct dtk_clause *c)
{
	u32 i;

	for (i = 0; i < c->nacts; i++) {
		if (c->acts[i].aggidx == DTK_NOREC)
			return false;
		i = c->acts[i].aggidx;
		if (!c->acts[i].agg->constkey)
			return false;
	}
	return c->nacts && !c->size;
}

/* A lone count() by one string that the program need not be executed for? */
static const struct dtk_aggact *lone_count_str(const struct dtk_clause *c)
{
	const struct dtk_act *a = c->acts;

	if (c->pred || c->nacts != 2 || a[1].kind != DTRACEAGG_COUNT || a[1].ntuple != 1 || a[1].difo || a[1].incr ||
	    a[0].kind != DTRACEACT_DIFEXPR || !a[0].difo->copyinstr)
		return NULL;
	return a[1].agg->keyroom <= DTK_SCRATCH ? a[1].agg : NULL;
}

static u32 clause_reads(const struct dtk_clause *c)
{
	u32 reads = c->pred ? c->pred->reads : 0, i;

	for (i = 0; i < c->nacts; i++) {
		reads |= c->acts[i].difo ? c->acts[i].difo->reads : 0;
		reads |= c->acts[i].incr ? c->acts[i].incr->reads : 0;
	}
	return reads;
}

static int load_clause(struct loader *l, const struct dtrace_clause_desc *d, struct dtk_clause *c)
{
	const struct dtrace_act_desc *acts = table(l, &l->hdr->actions);
	int err;

	c->prog = l->prog;
	c->uarg = d->uarg;
	l->nactions += d->nactions;
	if (d->pad || !slice_ok(d->action, d->nactions, l->hdr->actions.count) ||
	    l->nactions > MAX_ACTIONS)
		return refuse(l, "A clause has actions outside the image, or too many.");
	if (find_difo(l, d->pred, &c->pred))
		return -EINVAL;
	if (c->pred && dtk_type_byref(&c->pred->rtype))
		return refuse(l, "A predicate must be an integer or a pointer.");
	c->nacts = d->nactions;
	err = load_acts(l, c, acts + d->action);
	if (!err)
		err = layout_record(l, c);
	if (err)
		return err;
	c->counts = lone_count(c);
	c->counts_str = lone_count_str(c);
	c->tallies = only_tallies(c);
	c->reads = clause_reads(c);
	return 0;
}

static int load_clauses(struct loader *l)
{
	const struct dtrace_clause_desc *d = table(l, &l->hdr->clauses);
	struct dtk_program *prog = l->prog;
	u32 i;
	int err;

	prog->clauses = alloc_array(l->hdr->clauses.count, sizeof(*prog->clauses));
	if (!prog->clauses)
		return -ENOMEM;
	prog->nclauses = l->hdr->clauses.count;
	for (i = 0; i < prog->nclauses; i++) {
		err = load_clause(l, &d[i], &prog->clauses[i]);
		if (err)
			return err;
	}
	return 0;
}

/* ---- Probe patterns ------------------------------------------------------------------------ */

static bool name_ok(struct loader *l, u32 off, u32 max)
{
	const char *strs = table(l, &l->hdr->strs);

	return off < l->hdr->strs.count &&
	       strnlen(strs + off, min_t(u32, max, l->hdr->strs.count - off)) < max;
}

static int load_patterns(struct loader *l)
{
	const struct dtrace_probe_pat *p = table(l, &l->hdr->probes);
	u32 i;

	l->prog->pats = p;
	l->prog->npats = l->hdr->probes.count;
	for (i = 0; i < l->prog->npats; i++) {
		if (p[i].clause >= l->prog->nclauses)
			return refuse(l, "A probe description names a clause that the image does not have.");
		if (!name_ok(l, p[i].prov, DTRACE_PROVNAMELEN) ||
		    !name_ok(l, p[i].mod, DTRACE_MODNAMELEN) ||
		    !name_ok(l, p[i].func, DTRACE_FUNCNAMELEN) ||
		    !name_ok(l, p[i].name, DTRACE_NAMELEN))
			return refuse(l, "A probe description's name is outside the image or too long.");
	}
	return 0;
}

/* ---- Programs -------------------------------------------------------------------------------- */

static void agg_free(struct dtk_aggact *agg)
{
	if (!agg)
		return;
	dtk_free(agg->keys);
	dtk_free(agg->recs);
	dtk_free(agg);
}

static void program_free(struct dtk_program *prog)
{
	u32 i, j;

	for (i = 0; i < prog->nclauses; i++) {
		struct dtk_clause *c = &prog->clauses[i];

		for (j = 0; c->acts && j < c->nacts; j++) {
			agg_free(c->acts[j].agg);
		}
		dtk_free(c->acts);
		dtk_free(c->recs);
	}
	dtk_free(prog->clauses);
	dtk_free(prog->difos);
	dtk_free(prog->blob);
	dtk_free(prog);
}

void dtk_program_get(struct dtk_program *prog)
{
	prog->refs++;
}

void dtk_program_put(struct dtk_program *prog)
{
	if (prog && !--prog->refs)
		program_free(prog);
}

static int load(struct loader *l, size_t size)
{
	int err;

	if (check_header(l, size) || check_tables(l))
		return -EINVAL;
	l->prog->flags = l->ck.flags = l->hdr->flags;
	l->prog->strsize = l->ck.strsize = l->hdr->strsize;
	l->prog->strs = table(l, &l->hdr->strs);
	err = load_difos(l);
	if (!err)
		err = load_clauses(l);
	return err ? err : load_patterns(l);
}

int dtk_program_load(const void *blob, size_t size, struct dtk_program **ret,
		     struct dtrace_ioc_error *err)
{
	struct loader l = { .ck = { .err = err, .difo = DTRACE_DIFO_NONE } };
	struct dtk_program *prog;
	int rc = -ENOMEM;

	if (size > DTRACE_IMAGE_MAX)
		return refuse(&l, "The image is larger than %u bytes.", DTRACE_IMAGE_MAX);
	prog = dtk_alloc(sizeof(*prog));
	if (!prog)
		return -ENOMEM;
	prog->refs = 1;
	l.prog = prog;
	prog->blob = alloc_array(size, 1);
	l.ck.vars = dtk_alloc(DTK_NSCOPES * DTK_NUSERVARS * sizeof(*l.ck.vars));
	l.ck.depth = dtk_alloc(DIF_TEXT_MAX);
	if (prog->blob && l.ck.vars && l.ck.depth) {
		memcpy(prog->blob, blob, size);
		l.image = prog->blob;
		l.hdr = prog->blob;
		rc = load(&l, size);
	}
	dtk_free(l.ck.depth);
	dtk_free(l.ck.vars);
	if (rc)
		dtk_program_put(prog);
	else
		*ret = prog;
	return rc;
}
