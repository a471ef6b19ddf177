// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paths in probe context: cwd, root, d_path().
 *
 * The kernel's own d_path() takes locks that the code we interrupt may hold. So
 * we follow the same pointers, from dentry to parent and from a mount's root to the
 * place it is mounted on, reading each by the nofault copies: what is freed or changed
 * under us yields a wrong word, never an oops. Interrupts are off, so that what is freed by RCU
 * (dentries, long names, mounts) stays.
 *
 * Renames: each dentry has a sequence count that is odd while its name and parent change. The
 * path is walked twice. The first walk notes each count before it reads the words, the second after.
 * If both met the same dentries with the same even counts, then no link changed between its two
 * readings, so all of them held at once when the first walk was over. Renames elsewhere, and locks that are
 * held, do not matter. Else the walks are made again, a few times: who renames on another CPU has
 * few words to write. If it is the code that the probe is in, there is no answer, and the program
 * faults rather than records half of two paths. A mount that is moved meanwhile is not noticed.
 *
 * The first walk adds up the lengths, the second writes each name to its place, so that a path
 * longer than the program's strings is cut at its end, as strings are.
 *
 * struct mount is private to the kernel; the few words of it that we need lie before
 * the public struct vfsmount (struct dtk_mount in compat.h). dtk_path_init() compares what we
 * find with what d_path() says; a kernel that has changed it has no cwd and root here.
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/hash.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "core.h"

#define TRIES		32
#define DEPTH_MOST	512	/* names in a path, mounts included */

static bool trusted;		/* the self-test has passed */

struct at {
	const struct dentry *dentry;
	const struct vfsmount *mnt;
};

struct pathwalk {
	struct at at, stop;	/* where we are; where a path begins, or NULLs */
	char *dst;		/* NULL: only add up */
	size_t n;		/* room */
	size_t len;		/* of the whole path, known after the first walk */
	size_t pos;		/* second walk: what is before is not written yet */
	u64 links;		/* hash of the dentries and their counts */
	bool changing;		/* one of them was odd */
};

/* Read what a pointer to our own kind of object says. False: it says nothing. */
#define peek(dst, ptr) (!dtk_read_kernel((dst), (uintptr_t)(ptr), sizeof(*(dst))))

static void mix(u64 *hash, u64 val)
{
	*hash = (*hash ^ val) * GOLDEN_RATIO_64;
	*hash ^= *hash >> 32;
}

static bool note_count(struct pathwalk *w, const struct dentry *dentry)
{
	unsigned int count;

	if (!peek(&count, &dentry->d_seq.seqcount.sequence))
		return false;
	mix(&w->links, (uintptr_t)dentry);
	mix(&w->links, count);
	w->changing |= count & 1;
	return true;
}

/* One name with its slash. */
static bool put_name(struct pathwalk *w)
{
	struct qstr name;
	size_t start, fits;

	if (!peek(&name, &w->at.dentry->d_name) || name.len > NAME_MAX)
		return false;
	if (!w->dst) {
		w->len += name.len + 1;
		return true;
	}
	if (w->pos < name.len + 1)
		return false;
	w->pos -= name.len + 1;
	start = w->pos + 1;
	if (w->pos < w->n)
		w->dst[w->pos] = '/';
	if (start >= w->n)
		return true;
	fits = min_t(size_t, name.len, w->n - start);
	return !dtk_read_kernel(w->dst + start, (uintptr_t)name.name, fits);
}

enum { FAILED = -1, AT_END, GO_ON };

/* From the root of a mount to the place it is mounted on. */
static int leave_mount(struct pathwalk *w)
{
	const struct dtk_mount *m = container_of(w->at.mnt, struct dtk_mount, mnt);
	const struct dtk_mount *parent;

	if (!peek(&parent, &m->parent) || !peek(&w->at.dentry, &m->mountpoint))
		return FAILED;
	if (parent == m)
		return AT_END;
	w->at.mnt = &parent->mnt;
	return GO_ON;
}

static int go_up(struct pathwalk *w)
{
	const struct dentry *dentry = w->at.dentry, *parent, *top;

	if (w->at.dentry == w->stop.dentry && w->at.mnt == w->stop.mnt)
		return AT_END;
	if (!peek(&top, &w->at.mnt->mnt_root))
		return FAILED;
	if (dentry == top)
		return leave_mount(w);
	if (!w->dst && !note_count(w, dentry))
		return FAILED;
	smp_rmb();	/* first walk: the count, then the words */
	if (!peek(&parent, &dentry->d_parent) || !put_name(w))
		return FAILED;
	smp_rmb();	/* second walk: the words, then the count */
	if (w->dst && !note_count(w, dentry))
		return FAILED;
	w->at.dentry = parent;
	return parent == dentry ? AT_END : GO_ON;	/* its own: not below the mount any more */
}

static bool walk(struct pathwalk *w)
{
	int rc = GO_ON;
	u32 i;

	for (i = 0; i < DEPTH_MOST && rc == GO_ON; i++)
		rc = go_up(w);
	return rc == AT_END;
}

/* sockets, pipes and their like have no place in a tree. */
static bool put_unnamed(const struct at *at, char *dst, size_t n)
{
	const struct super_block *sb;
	const struct inode *inode;
	unsigned long magic, ino;
	const char *what;

	if (!peek(&sb, &at->dentry->d_sb) || !peek(&magic, &sb->s_magic))
		return false;
	if (magic != PIPEFS_MAGIC && magic != SOCKFS_MAGIC)
		return false;
	what = magic == PIPEFS_MAGIC ? "pipe" : "socket";
	if (!peek(&inode, &at->dentry->d_inode) || !peek(&ino, (unsigned long *)&inode->i_ino))
		return false;
	snprintf(dst, n, "%s:[%lu]", what, ino);
	return true;
}

static bool try_path(const struct pathwalk *from, char *dst, size_t n)
{
	struct pathwalk first = *from, second = *from;

	if (!walk(&first) || first.changing)
		return false;
	second.dst = dst;
	second.n = n - 1;
	second.pos = first.len;
	if (!walk(&second) || second.pos || second.links != first.links)
		return false;
	if (!first.len) {
		strscpy(dst, "/", n);
		return true;
	}
	dst[min(first.len, n - 1)] = '\0';
	return true;
}

static bool path_of(const struct at *at, const struct at *stop, char *dst, size_t n)
{
	struct pathwalk w = { .at = *at };
	int i;

	if (n < 2)
		return false;
	if (stop)
		w.stop = *stop;
	if (put_unnamed(at, dst, n))
		return true;
	for (i = 0; i < TRIES; i++) {
		if (try_path(&w, dst, n))
			return true;
		cpu_relax();
	}
	return false;
}

/* Another thread may do chdir(): the pair of words must be the same twice. */
static bool read_path(struct at *at, const struct path *from)
{
	struct path once, twice;

	if (!peek(&once, from) || !peek(&twice, from) || once.mnt != twice.mnt || once.dentry != twice.dentry)
		return false;
	*at = (struct at){ once.dentry, once.mnt };
	return true;
}

bool dtk_path_cwd(char *dst, size_t n)
{
	const struct fs_struct *fs = READ_ONCE(current->fs);
	struct at pwd, root;

	return trusted && fs && read_path(&pwd, &fs->pwd) && read_path(&root, &fs->root) &&
	       path_of(&pwd, &root, dst, n);
}

bool dtk_path_root(char *dst, size_t n)
{
	const struct fs_struct *fs = READ_ONCE(current->fs);
	struct at root;

	return trusted && fs && read_path(&root, &fs->root) && path_of(&root, NULL, dst, n);
}

/* As the process sees it. */
bool dtk_path_str(u64 path, char *dst, size_t n)
{
	const struct fs_struct *fs = READ_ONCE(current->fs);
	struct at at, root = { 0 };

	if (!trusted || !read_path(&at, (const struct path *)(uintptr_t)path))
		return false;
	if (fs && !read_path(&root, &fs->root))
		return false;
	return path_of(&at, &root, dst, n);
}

/* ---- Self-test ------------------------------------------------------------------ */

static bool agrees(const char *name, char *buf, char *ours)
{
	struct path path;
	const char *theirs;
	bool same;

	if (kern_path(name, LOOKUP_FOLLOW, &path))
		return true;	/* not here: nothing to compare */
	theirs = d_path(&path, buf, PATH_MAX);
	same = !IS_ERR(theirs) && dtk_path_str((uintptr_t)&path, ours, PATH_MAX) && !strcmp(theirs, ours);
	path_put(&path);
	return same;
}

/* Somewhere in the root, across one mount and across two. */
int dtk_path_init(void)
{
	static const char *const names[] = { "/", "/proc/self", "/sys/kernel", "/dev/null", "/dev/shm" };
	char *buf = kmalloc(2 * PATH_MAX, GFP_KERNEL);
	size_t i;

	if (!buf)
		return -ENOMEM;
	trusted = true;
	for (i = 0; i < ARRAY_SIZE(names) && trusted; i++)
		trusted = agrees(names[i], buf, buf + PATH_MAX);
	if (!trusted)
		pr_warn("dtrace: cwd, root and d_path() are not available: this kernel's struct mount is not known\n");
	kfree(buf);
	return 0;
}

void dtk_path_exit(void)
{
}
