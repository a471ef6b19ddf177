// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running recipes: see kmod_recipe.h and include/dtrace/recipe.h. Nothing here trusts the
 * traced process's memory: lengths that are read from it are bounded, lists end.
 */
#include "kmod_recipe.h"

#define SAVE_WINDOW	32
#define TEXT_MAX	4096		/* bytes of one text that is made up, NUL included */
#define STR_LENGTH_MAX	(1u << 24)	/* a str longer than that is taken for garbage */
#define LINE_TABLE_MAX	(64u << 10)	/* bytes of a line table that are looked at */

/* ---- Checking --------------------------------------------------------------------- */

static bool size_ok(u8 size)
{
	switch (size & ~DTRACE_STEP_SIGNED) {
	case 1: case 2: case 4: case 8:
		return true;
	}
	return false;
}

static bool shift_ok(s64 imm)
{
	return imm >= 0 && imm < 64;
}

/* What a step says besides its operation. @left: steps that follow it. */
static bool step_ok(const struct dtrace_step *s, u32 left)
{
	const u32 nv = DTRACE_STEP_VALUES;
	bool sized = s->op == DTRACE_STEP_REG || s->op == DTRACE_STEP_LOAD;

	if (sized ? !size_ok(s->size) : s->size)
		return false;
	switch (s->op) {
	case DTRACE_STEP_IF_EQ: case DTRACE_STEP_IF_NE: case DTRACE_STEP_IF_LT: case DTRACE_STEP_IF_GE:
		return s->d < nv && !s->s && s->skip <= left;
	case DTRACE_STEP_IF_SAME:
		return s->d < nv && s->s < nv && !s->imm && s->skip <= left;
	case DTRACE_STEP_IF_UNREAD:
		return !s->d && !s->s && s->imm > 0 && s->imm < 1 << DTRACE_STEP_ARGS && s->skip <= left;
	}
	if (s->skip)
		return false;
	switch (s->op) {
	case DTRACE_STEP_END: case DTRACE_STEP_STOP:
		return !s->d && !s->s && !s->imm;
	case DTRACE_STEP_REG:
		return s->d < nv && s->s < DTRACE_REG_MAX && (!s->imm || s->imm == 8);
	case DTRACE_STEP_IMM: case DTRACE_STEP_ADDI: case DTRACE_STEP_ANDI:
		return s->d < nv && !s->s;
	case DTRACE_STEP_LOAD:
		return s->d < nv && s->s < nv;
	case DTRACE_STEP_ADD: case DTRACE_STEP_SUB:
		return s->d < nv && s->s < nv && shift_ok(s->imm);
	case DTRACE_STEP_SHRI:
		return s->d < nv && !s->s && shift_ok(s->imm);
	case DTRACE_STEP_ARG:
		return s->d < DTRACE_STEP_ARGS && s->s < nv && !s->imm;
	case DTRACE_STEP_SAVE: case DTRACE_STEP_TAKE:
		return s->d < nv && s->s < nv && !s->imm;
	case DTRACE_STEP_TEXT:
		return s->d < nv && s->s < nv && s->imm >= 0 && s->imm <= 0xffffff;
	case DTRACE_STEP_LINE:
		return s->d < nv && s->s < nv - 1 && s->imm >= DTRACE_LINE_LNOTAB && s->imm <= DTRACE_LINE_LOCATIONS;
	}
	return false;
}

bool dpid_recipe_ok(const struct dtrace_step *step, u32 n, bool *saves)
{
	u32 i;

	if (n > DTRACE_STEP_MAX)
		return false;
	for (i = 0; i < n; i++) {
		if (!step_ok(&step[i], n - 1 - i))
			return false;
		*saves |= step[i].op == DTRACE_STEP_SAVE || step[i].op == DTRACE_STEP_TAKE;
	}
	return true;
}

/* ---- Memory ------------------------------------------------------------------------- */

static int get(struct dpid_recipe *r, void *dst, u64 addr, u32 n)
{
	if (!dtk_read_user(dst, addr, n))
		return 0;
	r->fault = addr;
	return -EFAULT;
}

static __always_inline u64 widen(u64 val, u8 size)
{
	u32 unused = 64 - 8 * (size & ~DTRACE_STEP_SIGNED);

	val <<= unused;
	return size & DTRACE_STEP_SIGNED ? (u64)((s64)val >> unused) : val >> unused;
}

/* @size 1, 2, 4, 8. */
static __always_inline int get_word(struct dpid_recipe *r, u64 *val, u64 addr, u32 size)
{
	if (likely(!dtk_load_user(val, addr, size)))
		return 0;
	r->fault = addr;
	return -EFAULT;
}

/* ---- Remembering ---------------------------------------------------------------------- */

static u32 save_hash(u64 thread, u64 key)
{
	return ((thread ^ (key >> 3)) * 0x9e3779b97f4a7c15ull) >> 40;
}

static struct dpid_save *save_at(struct dpid_saves *t, u32 hash, u32 i)
{
	return &t->slot[(hash + i) % DPID_NSAVES];
}

static struct dpid_save *save_find(struct dpid_saves *t, u64 thread, u64 key)
{
	u32 hash = save_hash(thread, key), i;

	for (i = 0; i < SAVE_WINDOW; i++) {
		struct dpid_save *s = save_at(t, hash, i);

		if (READ_ONCE(s->owner) == thread && s->key == key)
			return s;
	}
	return NULL;
}

static struct dpid_save *save_claim(struct dpid_saves *t, u64 thread, u64 key, bool *lost)
{
	u32 hash = save_hash(thread, key), i;
	struct dpid_save *s;
	u64 old;

	for (i = 0; i < SAVE_WINDOW; i++) {
		s = save_at(t, hash, i);
		if (!READ_ONCE(s->owner) && !cmpxchg(&s->owner, 0ull, DPID_SAVE_BUSY))
			return s;
	}
	*lost = true;
	s = save_at(t, hash, READ_ONCE(t->recycled) % SAVE_WINDOW);
	WRITE_ONCE(t->recycled, READ_ONCE(t->recycled) + 1);
	old = READ_ONCE(s->owner);
	return old != DPID_SAVE_BUSY && cmpxchg(&s->owner, old, DPID_SAVE_BUSY) == old ? s : NULL;
}

static void save(struct dpid_recipe *r, u64 key, u64 val)
{
	u64 me = dtk_thread_id();
	struct dpid_save *s;

	if (!r->saves)
		return;
	s = save_find(r->saves, me, key);
	if (s) {
		s->val = val;
		return;
	}
	s = save_claim(r->saves, me, key, &r->lost);
	if (!s)
		return;
	s->key = key;
	s->val = val;
	smp_store_release(&s->owner, me);
}

static bool take(struct dpid_recipe *r, u64 key, u64 *val)
{
	r->taken = r->saves ? save_find(r->saves, dtk_thread_id(), key) : NULL;
	if (!r->taken)
		return false;
	*val = r->taken->val;
	return true;
}

/* ---- Text of CPython's str objects ------------------------------------------------------ */

#define STR_LENGTH	0x10
#define STR_STATE	0x20
#define STATE_KIND(x)	((x) >> 2 & 7)
#define STATE_BYTES	0x04	/* its kind, if characters have a byte each */
#define STATE_COMPACT	0x20
#define STATE_ASCII	0x40
#define STATE_KINDS	0x7c	/* all of these */

/* A byte of text that the D program will read: it had better be there. */
static int touch(struct dpid_recipe *r, u64 addr)
{
	u64 byte;

	return get_word(r, &byte, addr, 1);
}

static bool same_page(u64 a, u64 b)
{
	return !((a ^ b) >> 12);
}

static u32 utf8_put(char *dst, u32 c)
{
	if (c < 0x80) {
		dst[0] = c;
		return 1;
	}
	if (c < 0x800) {
		dst[0] = 0xc0 | c >> 6;
		dst[1] = 0x80 | (c & 0x3f);
		return 2;
	}
	if (c < 0x10000) {
		dst[0] = 0xe0 | c >> 12;
		dst[1] = 0x80 | (c >> 6 & 0x3f);
		dst[2] = 0x80 | (c & 0x3f);
		return 3;
	}
	dst[0] = 0xf0 | (c >> 18 & 7);
	dst[1] = 0x80 | (c >> 12 & 0x3f);
	dst[2] = 0x80 | (c >> 6 & 0x3f);
	dst[3] = 0x80 | (c & 0x3f);
	return 4;
}

/* @len characters of @kind bytes each at @from, as UTF-8 into the run's room. */
static int transcode(struct dpid_recipe *r, u64 from, u64 len, u32 kind, u64 *ret)
{
	u32 room = min_t(u32, r->textsize - r->textused, TEXT_MAX), n = 0, i, k;
	char *dst = r->text + r->textused;
	u8 chunk[64];

	if (room < 5)
		return 0;
	for (i = 0; i < len && n + 5 <= room; i += sizeof(chunk) / kind) {
		u32 here = min_t(u64, len - i, sizeof(chunk) / kind);

		if (get(r, chunk, from + (u64)i * kind, here * kind))
			return -EFAULT;
		for (k = 0; k < here && n + 5 <= room; k++) {
			u32 c = 0;

			memcpy(&c, chunk + k * kind, kind);
			n += utf8_put(dst + n, c);
		}
	}
	dst[n++] = '\0';
	*ret = r->textaddr + r->textused;
	r->textused += n;
	return 0;
}

int dpid_text(struct dpid_recipe *r, u64 obj, u32 layout, u64 *ret)
{
	u32 ascii = layout & 0xff, utf8 = layout >> 8 & 0xff, wide = layout >> 16 & 0xff, kind;
	u64 len, ptr, state;

	*ret = 0;
	if (!obj)
		return 0;
	if (get_word(r, &state, obj + STR_STATE, 1) || get_word(r, &len, obj + STR_LENGTH, 8))
		return -EFAULT;
	kind = STATE_KIND(state);
	if (len > STR_LENGTH_MAX || !(state & STATE_COMPACT) || (kind != 1 && kind != 2 && kind != 4))
		return 0;
	if (state & STATE_ASCII) {
		*ret = obj + ascii;
		if (!same_page(*ret, obj + STR_STATE) && touch(r, *ret))
			return -EFAULT;
		return same_page(*ret + len, *ret) ? 0 : touch(r, *ret + len);
	}
	if (get_word(r, &ptr, obj + utf8, 8))
		return -EFAULT;
	if (!ptr)
		return transcode(r, obj + wide, len, kind, ret);
	*ret = ptr;
	return touch(r, ptr);
}

/* ---- Line tables -------------------------------------------------------------------------- */

#define BYTES_SIZE	0x10
#define BYTES_DATA	0x20

/* A bytes object, read from front to back. */
struct bytes {
	struct dpid_recipe *r;
	u64 addr;
	u32 left;
	u32 have, at;
	u8 buf[64];
};

static int bytes_open(struct bytes *b, struct dpid_recipe *r, u64 obj)
{
	u64 size;

	b->r = r;
	b->have = b->at = 0;
	if (get(r, &size, obj + BYTES_SIZE, sizeof(size)))
		return -EFAULT;
	b->addr = obj + BYTES_DATA;
	b->left = min_t(u64, size, LINE_TABLE_MAX);
	return 0;
}

/* The next byte, -1 at the end, -EFAULT (which is not -1). */
static int bytes_next(struct bytes *b)
{
	if (b->at == b->have) {
		u32 n = min_t(u32, b->left, sizeof(b->buf) - (b->addr & (sizeof(b->buf) - 1)));

		if (!n)
			return -1;
		if (get(b->r, b->buf, b->addr, n))
			return -EFAULT;
		b->addr += n;
		b->left -= n;
		b->have = n;
		b->at = 0;
	}
	return b->buf[b->at++];
}

/* A pair (bytes of code, signed lines). 0, or what bytes_next() returned. */
static int next_pair(struct bytes *b, int *dpc, s8 *dline)
{
	int c;

	*dpc = bytes_next(b);
	c = *dpc < 0 ? *dpc : bytes_next(b);
	*dline = c;
	return min(c, 0);
}

/* Pairs: the line changes after so many bytes. */
static int line_lnotab(struct bytes *b, u64 pos, s64 line)
{
	u64 at = 0;
	int dpc, err;
	s8 dline;

	for (;;) {
		err = next_pair(b, &dpc, &dline);
		if (err)
			return err == -EFAULT ? -EFAULT : line;
		at += dpc;
		if (at > pos)
			return line;
		line += dline;
	}
}

/* Pairs: the line of so many bytes; -128: they have none. */
static int line_310(struct bytes *b, u64 pos, s64 line)
{
	u64 end = 0;
	int dpc, err;
	s8 dline;

	for (;;) {
		err = next_pair(b, &dpc, &dline);
		if (err)
			return err == -EFAULT ? -EFAULT : 0;
		end += dpc;
		if (dline != -128)
			line += dline;
		if (pos < end)
			return dline == -128 ? 0 : line;
	}
}

static int varint(struct bytes *b, u32 *ret)
{
	u32 val = 0, shift = 0;
	int c;

	do {
		c = bytes_next(b);
		if (c < 0)
			return c;
		val |= shift < 32 ? (u32)(c & 0x3f) << shift : 0;
		shift += 6;
	} while (c & 0x40);
	*ret = val;
	return 0;
}

#define LOC_NONE	15
#define LOC_LONG	14
#define LOC_NOCOLUMNS	13
#define LOC_ONELINE0	10

/* What follows an entry's first byte. Adds to *line what it says; *none: these units have no line. */
static int location(struct bytes *b, u32 code, s64 *line, bool *none)
{
	u32 delta = 0, skip, column;
	int err = 0;

	*none = code == LOC_NONE;
	switch (code) {
	case LOC_NONE:
		return 0;
	case LOC_LONG: case LOC_NOCOLUMNS:
		err = varint(b, &delta);
		if (err)
			return err;
		*line += delta & 1 ? -(s64)(delta >> 1) : (s64)(delta >> 1);
		for (skip = code == LOC_LONG ? 3 : 0; skip && !err; skip--)
			err = varint(b, &column);
		return err;
	}
	if (code >= LOC_ONELINE0)
		*line += code - LOC_ONELINE0;
	for (skip = code >= LOC_ONELINE0 ? 2 : 1; skip && err >= 0; skip--)
		err = bytes_next(b);
	return err < 0 ? err : 0;
}

static int line_locations(struct bytes *b, u64 pos, s64 line)
{
	u64 end = 0;
	bool none;
	int head, err;

	for (;;) {
		head = bytes_next(b);
		if (head < 0)
			return head == -EFAULT ? -EFAULT : 0;
		if (!(head & 0x80))
			return 0;		/* no entry begins so */
		err = location(b, head >> 3 & 15, &line, &none);
		if (err)
			return err == -EFAULT ? -EFAULT : 0;
		end += 2 * ((head & 7) + 1);
		if (pos < end)
			return none ? 0 : line;
	}
}

int dpid_line(struct dpid_recipe *r, u32 kind, u64 pos, s32 first, u64 table)
{
	static int (*const read[])(struct bytes *, u64, s64) = {
		[DTRACE_LINE_LNOTAB] = line_lnotab,
		[DTRACE_LINE_310] = line_310,
		[DTRACE_LINE_LOCATIONS] = line_locations,
	};
	struct bytes b;
	int ret;

	if (bytes_open(&b, r, table))
		return -EFAULT;
	ret = read[kind](&b, pos, first);
	return ret > 0 || ret == -EFAULT ? ret : 0;
}

/* ---- Running ------------------------------------------------------------------------------ */

static int line_step(struct dpid_recipe *r, const struct dtrace_step *s)
{
	int line = dpid_line(r, s->imm, r->v[s->d], r->v[s->s], r->v[s->s + 1]);

	if (line < 0)
		return line;
	r->v[s->d] = line;
	return 0;
}

/* By stores: a memset() of so much becomes "rep stos", which takes longer to begin than these. */
static __always_inline void clear(struct dpid_recipe *r)
{
	u64 *v = r->v, *a = r->arg;

	_Static_assert(DTRACE_STEP_VALUES == 16 && DTRACE_STEP_ARGS == 10, "all are cleared here");
	v[0] = v[1] = v[2] = v[3] = v[4] = v[5] = v[6] = v[7] = 0;
	v[8] = v[9] = v[10] = v[11] = v[12] = v[13] = v[14] = v[15] = 0;
	a[0] = a[1] = a[2] = a[3] = a[4] = a[5] = a[6] = a[7] = a[8] = a[9] = 0;
	r->textused = 0;
	r->taken = NULL;
	r->lost = false;
}

#define ELSEWHERE 2	/* the step calls something */

static __always_inline int load(struct dpid_recipe *r, const struct dtrace_step *s)
{
	u64 addr = r->v[s->s] + s->imm;

	if (likely(s->size == 8)) {
		if (likely(!dtk_user_get(&r->v[s->d], addr, 8)))
			return 0;
	} else if (likely(!dtk_user_get(&r->v[s->d], addr, s->size & ~DTRACE_STEP_SIGNED))) {
		if (s->size & DTRACE_STEP_SIGNED)
			r->v[s->d] = widen(r->v[s->d], s->size);
		return 0;
	}
	r->fault = addr;
	return -EFAULT;
}

/* What nearly all str objects are: ASCII, no page's end in sight. */
static __always_inline int text_step(struct dpid_recipe *r, const struct dtrace_step *s)
{
	u64 obj = r->v[s->s], text = obj + (s->imm & 0xff), state, len;

	if (!obj || !same_page(obj, text) || dtk_user_get(&state, obj + STR_STATE, 1) ||
	    dtk_user_get(&len, obj + STR_LENGTH, 8) || len > STR_LENGTH_MAX || !same_page(obj, text + len) ||
	    (state & STATE_KINDS) != (STATE_ASCII | STATE_COMPACT | STATE_BYTES))
		return ELSEWHERE;
	r->v[s->d] = text;
	return 0;
}

/*
 * The steps that read memory or none, with the door to user memory open, up to the first one that is none of
 * these: *at, ELSEWHERE. Else as dpid_recipe_run(). The most frequent come first: kernels don't jump by tables.
 */
static __always_inline int run_here(struct dpid_recipe *r, const struct dtrace_step **at, const struct dtrace_step *end)
{
	const struct dtrace_step *s = *at;
	u64 *v = r->v;
	int ret;

	for (; s < end; s++) {
		u32 op = s->op;

		if (op == DTRACE_STEP_LOAD) {
			ret = load(r, s);
			if (unlikely(ret))
				return ret;
			continue;
		}
		if (op == DTRACE_STEP_IF_UNREAD) {
			s += r->reads & s->imm ? 0 : s->skip;
			continue;
		}
		if (op == DTRACE_STEP_ARG) {
			r->arg[s->d] = v[s->s];
			continue;
		}
		switch (op) {
		case DTRACE_STEP_END:
			return 1;
		case DTRACE_STEP_STOP:
			return 0;
		case DTRACE_STEP_REG:
			if (unlikely(s->s == DTRACE_REG_FSBASE))
				goto elsewhere;
			v[s->d] = dpid_reg(r->regs, s->s) >> s->imm;
			if (unlikely(s->size != 8))
				v[s->d] = widen(v[s->d], s->size);
			break;
		case DTRACE_STEP_IMM:
			v[s->d] = s->imm;
			break;
		case DTRACE_STEP_ADD:
			v[s->d] += v[s->s] << s->imm;
			break;
		case DTRACE_STEP_ADDI:
			v[s->d] += s->imm;
			break;
		case DTRACE_STEP_SUB:
			v[s->d] -= v[s->s] << s->imm;
			break;
		case DTRACE_STEP_ANDI:
			v[s->d] &= s->imm;
			break;
		case DTRACE_STEP_SHRI:
			v[s->d] >>= s->imm;
			break;
		case DTRACE_STEP_IF_EQ:
			s += v[s->d] == (u64)s->imm ? s->skip : 0;
			break;
		case DTRACE_STEP_IF_NE:
			s += v[s->d] != (u64)s->imm ? s->skip : 0;
			break;
		case DTRACE_STEP_IF_LT:
			s += v[s->d] < (u64)s->imm ? s->skip : 0;
			break;
		case DTRACE_STEP_IF_GE:
			s += v[s->d] >= (u64)s->imm ? s->skip : 0;
			break;
		case DTRACE_STEP_IF_SAME:
			s += v[s->d] == v[s->s] ? s->skip : 0;
			break;
		case DTRACE_STEP_TEXT:
			if (text_step(r, s))
				goto elsewhere;
			break;
		default:
			goto elsewhere;
		}
	}
	return 1;
elsewhere:
	*at = s;
	return ELSEWHERE;
}

/* As dpid_recipe_run(), but 1: go on. */
static noinline int run_elsewhere(struct dpid_recipe *r, const struct dtrace_step *s)
{
	u64 *v = r->v;

	switch (s->op) {
	case DTRACE_STEP_REG:
		v[s->d] = widen(dpid_fsbase(r->regs) >> s->imm, s->size);
		return 1;
	case DTRACE_STEP_SAVE:
		save(r, v[s->d], v[s->s]);
		return 1;
	case DTRACE_STEP_TAKE:
		return take(r, v[s->s], &v[s->d]);
	case DTRACE_STEP_TEXT:
		return dpid_text(r, v[s->s], s->imm, &v[s->d]) ?: 1;
	default:
		return line_step(r, s) ?: 1;
	}
}

int dpid_recipe_run(struct dpid_recipe *r)
{
	const struct dtrace_step *s = r->step, *end = s + r->nstep;
	int ret;

	clear(r);
	for (;; s++) {
		dtk_user_open();
		ret = run_here(r, &s, end);
		dtk_user_close();
		if (likely(ret != ELSEWHERE))
			return ret;
		ret = run_elsewhere(r, s);
		if (ret != 1)
			return ret;
	}
}
