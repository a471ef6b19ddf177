// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dynamic variables: thread-local variables and associative arrays of one
 * consumer, made by storing to them and freed by storing 0.
 *
 * The problem: any CPU may store, load and free any key at any moment, in a
 * context where nothing can be waited for, and memory is a fixed pool. So: a
 * hash table of singly linked chains without locks, and a cleaner in control
 * context that takes freed entries out and gives their memory back.
 *
 * Memory. The pool is cut in slabs; a CPU that needs entries of a size class
 * takes a slab, splits it and puts the entries on its free list for that class.
 * Free lists are stacks: their owner pops, other CPUs pop when they have nothing
 * left, the cleaner pushes. An entry too large for a slab takes several. What
 * has become one class stays it; a store that finds its class empty takes an
 * entry of a larger one. Keys are compared by content, so an entry is key plus
 * value plus a header of 32 bytes: `self->ts' takes 56, from the class of 64.
 *
 * States of an entry, the low bits of its `state':
 *
 *   FREE -> LIVE            a store fills it in and links it
 *   LIVE -> DEAD            storing 0. Still linked
 *   DEAD -> BUSY -> LIVE    a store to the same key takes it back: that makes
 *                           self->ts = timestamp ... self->ts = 0 cheap
 *   DEAD -> UNLINKING       claimed by the cleaner, which unlinks it, waits for
 *                           all firings that may be looking at it, then -> FREE
 *   FREE -> UNUSED          prepared, but another CPU linked that key first; goes
 *                           through the cleaner as well (see "ABA")
 *
 * The bit QUEUED says that the entry is on a dirty list, where the cleaner will
 * find it: set with the first LIVE -> DEAD, cleared by the cleaner when it finds
 * the entry LIVE again. State and bit change in one cmpxchg, so a DEAD entry is
 * always queued, and queued once.
 *
 * Chains. Only the head of a chain is contended. A store that finds no entry
 * with its key links a new one by cmpxchg of the head from which its scan began;
 * if that fails somebody else linked or unlinked, and it scans again. So there
 * are never two entries with one key that are LIVE, DEAD or BUSY. The next
 * pointer of a linked entry is written by the cleaner alone. An unlinked entry
 * keeps its own next pointer until it is reused, and so leads a reader that
 * stands on it back into the chain.
 *
 * Races, CPU A against CPU B:
 *   A loads, B frees           A gets the old value or none; the memory stays as
 *                              it is until A's firing has ended.
 *   A stores over LIVE, B      As if A had stored first: the value is gone.
 *   frees
 *   A takes back DEAD, cleaner One cmpxchg wins. If the cleaner's, A sees
 *   claims it                  UNLINKING, goes on and links a new entry; readers
 *                              skip UNLINKING ones.
 *   A meets BUSY               B is storing right now. A store or free of A's
 *                              counts as having come just before it; a load finds
 *                              nothing, as just before it.
 *   A links at the head,       Both cmpxchg the head; the loser starts over.
 *   cleaner unlinks the head
 *
 * ABA. Head and free lists are compared by address, which is sound because an
 * address returns to a list only through the cleaner, and that only after every
 * firing has ended that could have seen it there before. That is why even an
 * entry that was never linked must go that way.
 *
 * Drops. A store without memory is lost and counted: `dirty' if DEAD entries
 * wait for the cleaner, `rinsing' if the cleaner holds some, else plain.
 */
#include "engine_impl.h"

enum { FREE, LIVE, DEAD, BUSY, UNLINKING, UNUSED };
#define STATE(s)	((s) & 7)
#define QUEUED		8u

struct entry {
	struct entry *next;	/* in the chain, or on the free list */
	struct entry *qnext;	/* on the dirty or the cleaner's list */
	u32 state;
	u32 hash;
	u32 size;		/* of the value */
	u16 nwords;		/* of the key */
	u16 cpu;		/* whose free list it belongs to */
	u64 data[];		/* key, value */
};

#define MINCLASS	64u
#define NCLASSES	25	/* 64, 96, 128, 192, ... 256 KiB */
#define MINSLAB		512u
#define MAXSLAB		4096u
#define MAXTRIES	1000	/* failed cmpxchgs of one head before a store is dropped */

struct dyncpu {
	struct entry *free[NCLASSES];
	struct entry *dirty;
	u64 died, revived;	/* LIVE -> DEAD, DEAD -> BUSY on this CPU */
	u64 drops, drops_rinsing, drops_dirty;
} __attribute__((aligned(64)));

struct slab {
	u32 first;		/* the slab where its entry begins: itself unless the entry is larger */
	u32 class;		/* + 1; 0: not taken yet */
};

struct dtk_dyn {
	u8 *pool;
	u32 nslabs, slabsize;
	u32 taken;		/* slabs, by cmpxchg */
	u32 ncpus;
	u32 mask;		/* chains - 1 */
	struct entry **chains;
	struct slab *slabs;
	struct dyncpu *cpu;
	/* the cleaner's */
	struct entry *rinse;	/* unlinked, waiting for firings to end */
	u64 claimed;		/* DEAD -> UNLINKING so far */
	u64 rinsing;		/* entries on rinse */
};

static u32 class_size(u32 class)
{
	return (class & 1 ? 96u : 64u) << class / 2;
}

/* The smallest class for @bytes; NCLASSES if there is none. */
static u32 class_for(size_t bytes)
{
	u32 class = 0;

	while (class < NCLASSES && class_size(class) < bytes)
		class++;
	return class;
}

/* ---- Creation --------------------------------------------------------------------- */

int dtk_dyn_create(struct dtk_dyn **ret, u32 ncpus, size_t bytes)
{
	struct dtk_dyn *dyn = dtk_alloc(sizeof(*dyn));
	u32 nchains = 16;

	if (!dyn)
		return -ENOMEM;
	dyn->slabsize = MINSLAB;
	while (dyn->slabsize < MAXSLAB && dyn->slabsize < bytes / 64)
		dyn->slabsize *= 2;
	dyn->nslabs = bytes / dyn->slabsize;
	while (nchains < bytes / (2 * MINCLASS) && nchains < 1u << 20)
		nchains *= 2;
	dyn->mask = nchains - 1;
	dyn->ncpus = ncpus;
	dyn->pool = dtk_alloc(bytes);
	dyn->chains = dtk_alloc(nchains * sizeof(*dyn->chains));
	dyn->slabs = dtk_alloc((dyn->nslabs + 1) * sizeof(*dyn->slabs));
	dyn->cpu = dtk_alloc(ncpus * sizeof(*dyn->cpu));
	if (!dyn->pool || !dyn->chains || !dyn->slabs || !dyn->cpu) {
		dtk_dyn_destroy(dyn);
		return -ENOMEM;
	}
	dtk_watch(dyn->pool, bytes, DTK_NOBODYS);
	*ret = dyn;
	return 0;
}

void dtk_dyn_destroy(struct dtk_dyn *dyn)
{
	if (!dyn)
		return;
	dtk_free(dyn->cpu);
	dtk_free(dyn->slabs);
	dtk_free(dyn->chains);
	dtk_free(dyn->pool);
	dtk_free(dyn);
}

/* ---- Memory ------------------------------------------------------------------------- */

/* Push entries from @first on; @lastnext is the pointer to the next in the last of them. */
static void list_push(struct entry **list, struct entry *first, struct entry **lastnext)
{
	struct entry *head, *seen = READ_ONCE(*list);

	do {
		head = seen;
		WRITE_ONCE(*lastnext, head);
		seen = cmpxchg(list, head, first);
	} while (seen != head);
}

static void push_free(struct dtk_dyn *dyn, u32 class, struct entry *first, struct entry *last)
{
	list_push(&dyn->cpu[first->cpu].free[class], first, &last->next);
}

static void push_dirty(struct dtk_dyn *dyn, u32 cpu, struct entry *e)
{
	list_push(&dyn->cpu[cpu].dirty, e, &e->qnext);
}

static struct entry *pop_free(struct dyncpu *c, u32 class)
{
	struct entry *e = smp_load_acquire(&c->free[class]), *seen;

	while (e) {
		seen = cmpxchg(&c->free[class], e, READ_ONCE(e->next));
		if (seen == e)
			break;
		e = seen;
	}
	return e;
}

/* Take @n slabs that follow each other. */
static bool take_slabs(struct dtk_dyn *dyn, u32 n, u32 *first)
{
	u32 taken, seen = READ_ONCE(dyn->taken);

	do {
		taken = seen;
		if (n > dyn->nslabs - taken)
			return false;
		seen = cmpxchg(&dyn->taken, taken, taken + n);
	} while (seen != taken);
	*first = taken;
	return true;
}

static struct entry *slab_entry(const struct dtk_dyn *dyn, u32 slab, u32 class, u32 i)
{
	return (void *)(dyn->pool + (size_t)slab * dyn->slabsize + (size_t)i * class_size(class));
}

/* Make fresh entries of @class; returns one, the others go on @cpu's free list. */
static struct entry *carve(struct dtk_dyn *dyn, u32 cpu, u32 class)
{
	u32 size = class_size(class), n = (size + dyn->slabsize - 1) / dyn->slabsize, slab, i;
	struct entry *e;

	if (!take_slabs(dyn, n, &slab))
		return NULL;
	for (i = 0; i < n; i++) {
		dyn->slabs[slab + i].first = slab;
		smp_store_release(&dyn->slabs[slab + i].class, class + 1);
	}
	n = n > 1 ? 1 : dyn->slabsize / size;
	for (i = 0; i < n; i++) {
		e = slab_entry(dyn, slab, class, i);
		dtk_watch_claim(e, sizeof(*e));
		e->cpu = cpu;
		e->next = i + 1 < n ? slab_entry(dyn, slab, class, i + 1) : NULL;
	}
	if (n > 1)
		push_free(dyn, class, slab_entry(dyn, slab, class, 1),
			  slab_entry(dyn, slab, class, n - 1));
	return slab_entry(dyn, slab, class, 0);
}

static struct entry *steal(struct dtk_dyn *dyn, u32 cpu, u32 class)
{
	struct entry *e = NULL;
	u32 i;

	for (i = 1; i < dyn->ncpus && !e; i++)
		e = pop_free(&dyn->cpu[(cpu + i) % dyn->ncpus], class);
	return e;
}

static struct entry *entry_alloc(struct dtk_dyn *dyn, u32 cpu, size_t bytes)
{
	u32 want = class_for(bytes), class;
	struct entry *e;

	for (class = want; class < NCLASSES; class++) {
		e = pop_free(&dyn->cpu[cpu], class);
		if (!e && class == want)
			e = carve(dyn, cpu, class);
		if (!e)
			e = steal(dyn, cpu, class);
		if (e)
			return e;
	}
	return NULL;
}

static s64 count_dead(const struct dtk_dyn *dyn)
{
	s64 dead = -READ_ONCE(dyn->claimed);
	u32 i;

	for (i = 0; i < dyn->ncpus; i++)
		dead += READ_ONCE(dyn->cpu[i].died) - READ_ONCE(dyn->cpu[i].revived);
	return dead;
}

static void count_drop(struct dtk_dyn *dyn, u32 cpu)
{
	struct dyncpu *c = &dyn->cpu[cpu];

	if (count_dead(dyn) > 0)
		c->drops_dirty++;
	else if (READ_ONCE(dyn->rinsing))
		c->drops_rinsing++;
	else
		c->drops++;
}

void dtk_dyn_drops(const struct dtk_dyn *dyn, struct dtrace_ioc_status *st)
{
	u32 i;

	for (i = 0; i < dyn->ncpus; i++) {
		st->dyndrops += READ_ONCE(dyn->cpu[i].drops);
		st->dyndrops_rinsing += READ_ONCE(dyn->cpu[i].drops_rinsing);
		st->dyndrops_dirty += READ_ONCE(dyn->cpu[i].drops_dirty);
	}
}

/* ---- Lookup -------------------------------------------------------------------------- */

static struct entry **chain_of(const struct dtk_dyn *dyn, u32 hash)
{
	return &dyn->chains[hash & dyn->mask];
}

static void *value_of(struct entry *e)
{
	return &e->data[e->nwords];
}

/* The first entry with @key from @e on that the cleaner has not claimed. */
static struct entry *chain_find(struct entry *e, const struct dtk_dynkey *key)
{
	for (; e; e = smp_load_acquire(&e->next)) {
		if (e->hash == key->hash && e->nwords == key->nwords &&
		    !memcmp(e->data, key->words, key->nwords * sizeof(u64)) &&
		    STATE(READ_ONCE(e->state)) != UNLINKING)
			return e;
	}
	return NULL;
}

void *dtk_dyn_load(struct dtk_dyn *dyn, const struct dtk_dynkey *key)
{
	struct entry *e = chain_find(smp_load_acquire(chain_of(dyn, key->hash)), key);

	return e && STATE(smp_load_acquire(&e->state)) == LIVE ? value_of(e) : NULL;
}

bool dtk_dyn_own(const struct dtk_dyn *dyn, u64 addr, u64 n)
{
	u64 off = addr - (uintptr_t)dyn->pool, begin, nth;
	const struct slab *slab;
	struct entry *e;
	u32 class, size;

	if (off >= (u64)dyn->nslabs * dyn->slabsize)
		return false;
	slab = &dyn->slabs[off / dyn->slabsize];
	class = smp_load_acquire(&slab->class);
	if (!class)
		return false;
	/* The rest of a slab, or of several, that holds no whole entry is nobody's. */
	size = class_size(class - 1);
	begin = (u64)slab->first * dyn->slabsize;
	nth = (off - begin) / size;
	if ((nth + 1) * size > ALIGN((u64)size, dyn->slabsize))
		return false;
	begin += nth * size;
	e = (void *)(dyn->pool + begin);
	if (STATE(smp_load_acquire(&e->state)) != LIVE)
		return false;
	begin = addr - (uintptr_t)value_of(e);
	return begin <= e->size && n <= e->size - begin;
}

/* ---- Store and remove ------------------------------------------------------------------ */

static void write_value(struct entry *e, const void *val, size_t len)
{
	u64 word;

	if (len != sizeof(word)) {
		memcpy(value_of(e), val, len);
		return;
	}
	/* Scalars are never torn. */
	memcpy(&word, val, sizeof(word));
	WRITE_ONCE(*(u64 *)value_of(e), word);
}

/* Store in an entry that has the key. False: the cleaner took it meanwhile. */
static bool entry_store(struct dtk_dyn *dyn, u32 cpu, struct entry *e, const void *val, size_t len)
{
	u32 s = READ_ONCE(e->state), seen;

	while (STATE(s) == DEAD) {
		seen = cmpxchg(&e->state, s, BUSY | QUEUED);
		if (seen == s) {
			dyn->cpu[cpu].revived++;
			write_value(e, val, len);
			smp_store_release(&e->state, LIVE | QUEUED);
			return true;
		}
		s = seen;
	}
	if (STATE(s) == LIVE)
		write_value(e, val, len);
	return STATE(s) == LIVE || STATE(s) == BUSY;
}

static struct entry *entry_new(struct dtk_dyn *dyn, u32 cpu, const struct dtk_dynkey *key,
			       const void *val, size_t len, size_t size)
{
	struct entry *e = entry_alloc(dyn, cpu, sizeof(*e) + key->nwords * sizeof(u64) +
				      ALIGN(size, 8));

	if (!e)
		return NULL;
	e->hash = key->hash;
	e->size = size;
	e->nwords = key->nwords;
	dtk_watch_claim(e->data, key->nwords * sizeof(u64) + ALIGN(size, 8));
	dtk_watch(value_of(e), size, DTK_PROGRAMS);
	memcpy(e->data, key->words, key->nwords * sizeof(u64));
	memset((u8 *)value_of(e) + len, 0, ALIGN(size, 8) - len);
	write_value(e, val, len);
	return e;
}

/* Link @e if nobody has changed the chain since its head was @head. */
static bool entry_link(struct dtk_dyn *dyn, struct entry *e, struct entry *head)
{
	WRITE_ONCE(e->next, head);
	smp_store_release(&e->state, LIVE);
	return cmpxchg(chain_of(dyn, e->hash), head, e) == head;
}

static void entry_discard(struct dtk_dyn *dyn, u32 cpu, struct entry *e)
{
	WRITE_ONCE(e->state, UNUSED | QUEUED);
	push_dirty(dyn, cpu, e);
}

void dtk_dyn_store(struct dtk_dyn *dyn, u32 cpu, const struct dtk_dynkey *key,
		   const void *val, size_t len, size_t size)
{
	struct entry *head, *e, *fresh = NULL;
	bool stored = false;
	u32 tries;

	for (tries = 0; tries < MAXTRIES && !stored; tries++) {
		head = smp_load_acquire(chain_of(dyn, key->hash));
		e = chain_find(head, key);
		stored = e && entry_store(dyn, cpu, e, val, len);
		if (e)
			continue;	/* stored, or UNLINKING by now: look again */
		if (!fresh)
			fresh = entry_new(dyn, cpu, key, val, len, size);
		if (!fresh)
			break;
		if (entry_link(dyn, fresh, head))
			return;
	}
	if (!stored)
		count_drop(dyn, cpu);
	if (fresh)
		entry_discard(dyn, cpu, fresh);
}

void dtk_dyn_remove(struct dtk_dyn *dyn, u32 cpu, const struct dtk_dynkey *key)
{
	struct entry *e = chain_find(smp_load_acquire(chain_of(dyn, key->hash)), key);
	u32 s = e ? READ_ONCE(e->state) : FREE, seen;

	while (STATE(s) == LIVE) {
		seen = cmpxchg(&e->state, s, DEAD | QUEUED);
		if (seen == s) {
			dyn->cpu[cpu].died++;
			if (!(s & QUEUED))
				push_dirty(dyn, cpu, e);
			return;
		}
		s = seen;
	}
}

/* ---- The cleaner -------------------------------------------------------------------------- */

static void entry_unlink(struct dtk_dyn *dyn, struct entry *e)
{
	struct entry **head = chain_of(dyn, e->hash), *prev;

	/* If it is not the head any more, or is not when we try, it has a predecessor. */
	if (READ_ONCE(*head) == e && cmpxchg(head, e, e->next) == e)
		return;
	for (prev = smp_load_acquire(head); prev->next != e; prev = prev->next)
		;
	smp_store_release(&prev->next, e->next);
}

/* What to do with an entry from a dirty list: true if it is to be rinsed. */
static bool clean_entry(struct dtk_dyn *dyn, u32 cpu, struct entry *e)
{
	u32 s = READ_ONCE(e->state), seen;

	for (;; s = seen) {
		switch (STATE(s)) {
		case UNUSED:
			return true;
		case BUSY:	/* for an instant; next time */
			push_dirty(dyn, cpu, e);
			return false;
		case LIVE:
			seen = cmpxchg(&e->state, s, LIVE);
			if (seen == s)
				return false;
			break;
		default:	/* DEAD */
			seen = cmpxchg(&e->state, s, UNLINKING);
			if (seen != s)
				break;
			WRITE_ONCE(dyn->claimed, dyn->claimed + 1);
			entry_unlink(dyn, e);
			return true;
		}
	}
}

bool dtk_dyn_clean_begin(struct dtk_dyn *dyn)
{
	struct entry *e, *next;
	u32 cpu;

	for (cpu = 0; cpu < dyn->ncpus; cpu++) {
		if (!READ_ONCE(dyn->cpu[cpu].dirty))
			continue;
		for (e = xchg(&dyn->cpu[cpu].dirty, NULL); e; e = next) {
			next = READ_ONCE(e->qnext);
			if (!clean_entry(dyn, cpu, e))
				continue;
			e->qnext = dyn->rinse;
			dyn->rinse = e;
			WRITE_ONCE(dyn->rinsing, dyn->rinsing + 1);
		}
	}
	return dyn->rinse;
}

void dtk_dyn_clean_end(struct dtk_dyn *dyn)
{
	struct entry *e;

	while ((e = dyn->rinse)) {
		u32 class = dyn->slabs[((u8 *)e - dyn->pool) / dyn->slabsize].class - 1;

		dyn->rinse = e->qnext;
		WRITE_ONCE(e->state, FREE);
		dtk_watch(e->data, class_size(class) - sizeof(*e), DTK_NOBODYS);
		push_free(dyn, class, e, e);
	}
	WRITE_ONCE(dyn->rinsing, 0);
}
