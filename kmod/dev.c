// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/dtrace: what userland may ask, and checking that it is well put.
 *
 * Mode 0600, and CAP_SYS_ADMIN besides, at open and at every call (a file
 * descriptor travels). Each call copies its struct once and works on that copy.
 * cons->lock makes one call at a time of those that drive the session; calls
 * into a provider may wait for long and do not hold it.
 */
#include <linux/capability.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/utsname.h>

#include "core.h"

#define LIST_LEAST	4096u
#define LIST_MOST	(256u << 10)	/* bytes of listing made under dtk_lock at a time */

/* Is this a NUL-terminated string? */
#define terminated(array) (strnlen(array, sizeof(array)) < sizeof(array))

static long ioc_version(struct dtk_consumer *cons, void __user *arg)
{
	struct dtrace_ioc_version v = { .abi = DTRACE_ABI_VERSION, .ncpus = nr_cpu_ids };

	if (!dtk_destructive)
		v.flags |= DTRACE_VER_NODESTRUCTIVE;
	strscpy(v.build, THIS_MODULE->version, sizeof(v.build));
	strscpy(v.kernel, init_utsname()->release, sizeof(v.kernel));
	return copy_to_user(arg, &v, sizeof(v)) ? -EFAULT : 0;
}

/* ---- PROBES --------------------------------------------------------------- */

static struct dtrace_probedesc *copy_pattern(u64 from)
{
	struct dtrace_probedesc *pat;

	if (!from)
		return NULL;
	pat = memdup_user(u64_to_user_ptr(from), sizeof(*pat));
	if (IS_ERR(pat))
		return pat;
	if (terminated(pat->dtpd_provider) && terminated(pat->dtpd_mod) &&
	    terminated(pat->dtpd_func) && terminated(pat->dtpd_name))
		return pat;
	kfree(pat);
	return ERR_PTR(-EINVAL);
}

/* A listing that starts creates what its pattern names, as enabling does. */
static long list_into(struct dtrace_ioc_probes *req, const struct dtrace_probedesc *pat)
{
	size_t size = min_t(u64, req->bufsize, LIST_MOST);
	void *buf = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	long n;

	if (!buf)
		return -ENOMEM;
	mutex_lock(&dtk_lock);
	if (pat && !req->after)
		dtk_families_provide(pat);
	n = dtk_probes_list(pat, &req->after, &req->count, buf, size);
	mutex_unlock(&dtk_lock);
	if (n > 0 && copy_to_user(u64_to_user_ptr(req->buf), buf, n))
		n = -EFAULT;
	kvfree(buf);
	return n;
}

static long ioc_probes(struct dtk_consumer *cons, void __user *arg)
{
	struct dtrace_probedesc *pat;
	struct dtrace_ioc_probes req;
	long n;

	if (copy_from_user(&req, arg, sizeof(req)))
		return -EFAULT;
	if (req.bufsize < LIST_LEAST)
		return -EINVAL;
	pat = copy_pattern(req.pattern);
	if (IS_ERR(pat))
		return PTR_ERR(pat);
	n = list_into(&req, pat);
	kfree(pat);
	if (n < 0)
		return n;
	return copy_to_user(arg, &req, sizeof(req)) ? -EFAULT : 0;
}

/* ---- ENABLE --------------------------------------------------------------- */

static long enable_report(struct dtrace_ioc_enable *req, void __user *arg, u32 nmatched,
			  const u32 *perpat, u32 npats)
{
	req->nmatched = nmatched;
	if (req->patmatched &&
	    copy_to_user(u64_to_user_ptr(req->patmatched), perpat, npats * sizeof(*perpat)))
		return -EFAULT;
	return copy_to_user(arg, req, sizeof(*req)) ? -EFAULT : 0;
}

static long ioc_enable(struct dtk_consumer *cons, void __user *arg)
{
	struct dtrace_ioc_error *err;
	struct dtrace_ioc_enable req;
	u32 nmatched = 0, npats = 0, *perpat = NULL;
	long rc;

	if (copy_from_user(&req, arg, sizeof(req)))
		return -EFAULT;
	if (req.pad)
		return -EINVAL;
	err = kzalloc(sizeof(*err), GFP_KERNEL);
	if (!err)
		return -ENOMEM;
	err->difo = DTRACE_DIFO_NONE;
	mutex_lock(&cons->lock);
	rc = dtk_enable(cons, &req, err, &nmatched, &perpat, &npats);
	mutex_unlock(&cons->lock);
	if (!rc)
		rc = enable_report(&req, arg, nmatched, perpat, npats);
	else if (req.error && copy_to_user(u64_to_user_ptr(req.error), err, sizeof(*err)))
		rc = -EFAULT;
	kvfree(perpat);
	kfree(err);
	return rc;
}

/* ---- The session ---------------------------------------------------------- */

static long ioc_go(struct dtk_consumer *cons, void __user *arg)
{
	struct dtrace_ioc_go go;
	long rc;

	if (copy_from_user(&go, arg, sizeof(go)))
		return -EFAULT;
	mutex_lock(&cons->lock);
	rc = dtk_consumer_go(cons, &go);
	mutex_unlock(&cons->lock);
	if (!rc && copy_to_user(arg, &go, sizeof(go)))
		rc = -EFAULT;
	return rc;
}

static long ioc_stop(struct dtk_consumer *cons, void __user *arg)
{
	struct dtrace_ioc_stop stop = { 0 };
	long rc;

	mutex_lock(&cons->lock);
	rc = dtk_consumer_stop(cons, &stop);
	mutex_unlock(&cons->lock);
	if (!rc && copy_to_user(arg, &stop, sizeof(stop)))
		rc = -EFAULT;
	return rc;
}

static long ioc_switch(struct dtk_consumer *cons, void __user *arg)
{
	struct dtrace_ioc_switch sw;
	long rc;

	if (copy_from_user(&sw, arg, sizeof(sw)))
		return -EFAULT;
	dtk_consumer_reading(cons, true);
	mutex_lock(&cons->lock);
	rc = dtk_consumer_switch(cons, &sw);
	mutex_unlock(&cons->lock);
	dtk_consumer_reading(cons, false);
	if (!rc && copy_to_user(arg, &sw, sizeof(sw)))
		rc = -EFAULT;
	return rc;
}

static long ioc_status(struct dtk_consumer *cons, void __user *arg)
{
	struct dtrace_ioc_status st;

	dtk_consumer_reading(cons, true);
	dtk_consumer_status(cons, &st);
	dtk_consumer_reading(cons, false);
	return copy_to_user(arg, &st, sizeof(st)) ? -EFAULT : 0;
}

/* ---- Descriptions --------------------------------------------------------- */

/*
 * Record descriptions belong to a program, and that to the consumer: they stay
 * until its file is closed, so they may be copied out without a lock.
 */
static long copy_recs(void __user *to, u32 room, const dtrace_recdesc_t *recs, u32 nrecs)
{
	return copy_to_user(to, recs, min(room, nrecs) * sizeof(*recs)) ? -EFAULT : 0;
}

static long ioc_eprobe(struct dtk_consumer *cons, void __user *arg)
{
	dtrace_eprobedesc_t __user *user = arg;
	const struct dtk_clause *clause = NULL;
	dtrace_eprobedesc_t d;
	struct dtk_ecb *ecb;
	u32 room;

	if (copy_from_user(&d, arg, sizeof(d)))
		return -EFAULT;
	room = d.dtepd_nrecs;
	mutex_lock(&dtk_lock);
	ecb = xa_load(&cons->ecbs, d.dtepd_epid);
	if (ecb) {
		clause = ecb->clause;
		d.dtepd_probeid = ecb->probe->n.id;
	}
	mutex_unlock(&dtk_lock);
	if (!clause)
		return -ENOENT;
	d.dtepd_uarg = clause->uarg;
	d.dtepd_size = clause->size;
	d.dtepd_nrecs = clause->nrecs;
	if (copy_to_user(arg, &d, sizeof(d)))
		return -EFAULT;
	return copy_recs(user->dtepd_rec, room, clause->recs, clause->nrecs);
}

static long ioc_aggdesc(struct dtk_consumer *cons, void __user *arg)
{
	dtrace_aggdesc_t __user *user = arg;
	const struct dtk_aggact *agg = NULL;
	struct dtk_agginfo *info;
	dtrace_aggdesc_t d;
	u32 room;

	if (copy_from_user(&d, arg, sizeof(d)))
		return -EFAULT;
	room = d.dtagd_nrecs;
	mutex_lock(&dtk_lock);
	info = xa_load(&cons->aggs, d.dtagd_id);
	if (info) {
		agg = info->agg;
		d.dtagd_epid = info->epid;
	}
	mutex_unlock(&dtk_lock);
	if (!agg)
		return -ENOENT;
	d.dtagd_varid = agg->varid;
	d.dtagd_size = agg->size;
	d.dtagd_nrecs = agg->nrecs;
	if (copy_to_user(arg, &d, sizeof(d)))
		return -EFAULT;
	return copy_recs(user->dtagd_rec, room, agg->recs, agg->nrecs);
}

/* ---- PROVIDER ------------------------------------------------------------- */

/* Ops outlive the lock: families go only with the module, and this file holds that. */
static long ioc_provider(struct dtk_consumer *cons, void __user *arg)
{
	const struct dtk_provider_ops *ops;
	struct dtrace_ioc_provider req;

	if (copy_from_user(&req, arg, sizeof(req)))
		return -EFAULT;
	if (req.pad || !terminated(req.name))
		return -EINVAL;
	mutex_lock(&dtk_lock);
	ops = dtk_family_ops(req.name);
	mutex_unlock(&dtk_lock);
	if (!ops)
		return -ENOENT;
	if (!ops->ioctl)
		return -EOPNOTSUPP;
	return ops->ioctl(cons, req.op, u64_to_user_ptr(req.arg), req.size);
}

/* ---- The file ------------------------------------------------------------- */

static const struct {
	unsigned int cmd;
	long (*fn)(struct dtk_consumer *cons, void __user *arg);
} calls[] = {
	{ DTRACEIOC_VERSION, ioc_version },
	{ DTRACEIOC_PROBES, ioc_probes },
	{ DTRACEIOC_ENABLE, ioc_enable },
	{ DTRACEIOC_GO, ioc_go },
	{ DTRACEIOC_STOP, ioc_stop },
	{ DTRACEIOC_SWITCH, ioc_switch },
	{ DTRACEIOC_STATUS, ioc_status },
	{ DTRACEIOC_EPROBE, ioc_eprobe },
	{ DTRACEIOC_AGGDESC, ioc_aggdesc },
	{ DTRACEIOC_PROVIDER, ioc_provider },
};

static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	size_t i;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].cmd == cmd)
			return calls[i].fn(file->private_data, (void __user *)arg);
	}
	return -ENOTTY;
}

static int dev_open(struct inode *inode, struct file *file)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	file->private_data = dtk_consumer_create();
	return file->private_data ? 0 : -ENOMEM;
}

static int dev_release(struct inode *inode, struct file *file)
{
	dtk_consumer_destroy(file->private_data);
	/* Providers may have had kernel threads unmap files of ours: who closes this one may unload the module now. */
	flush_delayed_fput();
	return 0;
}

static __poll_t dev_poll(struct file *file, poll_table *wait)
{
	return dtk_consumer_poll(file->private_data, file, wait);
}

static int dev_mmap(struct file *file, struct vm_area_struct *vma)
{
	return dtk_consumer_mmap(file->private_data, vma);
}

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.open = dev_open,
	.release = dev_release,
	.unlocked_ioctl = dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = dev_poll,
	.mmap = dev_mmap,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "dtrace",
	.mode = 0600,
	.fops = &fops,
};

int dtk_dev_init(void)
{
	return misc_register(&device);
}

void dtk_dev_exit(void)
{
	misc_deregister(&device);
}
