/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Input and output: bufinfo_t and devinfo_t of a bio, fileinfo_t of an open file, fds[]. */
#pragma D depends_on library types.d
#pragma D depends_on library kernel.d

/* b_flags */
inline int B_BUSY = 0x0001;
inline int B_DONE = 0x0002;
inline int B_ERROR = 0x0004;
inline int B_PAGEIO = 0x0010;
inline int B_PHYS = 0x0020;
inline int B_READ = 0x0040;
inline int B_WRITE = 0x0100;
inline int B_ASYNC = 0x0400;
#pragma D binding "1.0" B_BUSY
#pragma D binding "1.0" B_DONE
#pragma D binding "1.0" B_ERROR
#pragma D binding "1.0" B_PAGEIO
#pragma D binding "1.0" B_PHYS
#pragma D binding "1.0" B_READ
#pragma D binding "1.0" B_WRITE
#pragma D binding "1.0" B_ASYNC

typedef struct bufinfo {
	int b_flags;		/* B_* */
	size_t b_bcount;	/* bytes */
	caddr_t b_addr;		/* not of Linux: a bio has several */
	uint64_t b_lblkno;	/* block of 512 bytes on the device */
	uint64_t b_blkno;	/* the same */
	size_t b_resid;		/* bytes not done yet */
	size_t b_bufsize;	/* bytes */
	caddr_t b_iodone;	/* function called at the end */
	int b_error;		/* a blk_status_t: 0 is success */
	dev_t b_edev;
} bufinfo_t;

/* The operation is the low eight bits: 0 reads, odd ones write. REQ_SYNC is bit 11. */
#pragma D binding "1.0" translator
translator bufinfo_t < struct bio *B > {
	b_flags = (B->bi_opf & 1 ? B_WRITE : B_READ) | (B->bi_opf & 0x800 ? 0 : B_ASYNC) |
		(B->bi_status ? B_ERROR : 0);
	b_bcount = B->bi_iter.bi_size;
	b_lblkno = B->bi_iter.bi_sector;
	b_blkno = B->bi_iter.bi_sector;
	b_resid = B->bi_iter.bi_size;
	b_bufsize = B->bi_iter.bi_size;
	b_iodone = (caddr_t)B->bi_end_io;
	b_error = B->bi_status;
	b_edev = kernel_bio_dev[B];
};

typedef struct devinfo {
	int dev_major;
	int dev_minor;
	int dev_instance;	/* not of Linux */
	string dev_name;	/* of the disk: "sda" */
	string dev_statname;	/* the same */
	string dev_pathname;	/* "/dev/sda" */
} devinfo_t;

#pragma D binding "1.0" translator
translator devinfo_t < struct bio *B > {
	dev_major = (int)(kernel_bio_dev[B] >> 20);
	dev_minor = (int)(kernel_bio_dev[B] & 0xfffff);
	dev_name = kernel_bio_disk[B]->disk_name;
	dev_statname = kernel_bio_disk[B]->disk_name;
	dev_pathname = strjoin("/dev/", kernel_bio_disk[B]->disk_name);
};

typedef struct fileinfo {
	string fi_name;		/* the last part of the path */
	string fi_dirname;
	string fi_pathname;
	loff_t fi_offset;
	string fi_fs;		/* "ext4" */
	string fi_mount;	/* "<unknown>" */
	int fi_oflags;		/* O_* */
} fileinfo_t;

#pragma D binding "1.0" translator
translator fileinfo_t < struct file *F > {
	fi_name = F == NULL ? "<none>" : stringof((char *)F->f_path.dentry->d_name.name);
	fi_dirname = F == NULL ? "<none>" : dirname(d_path(&F->f_path));
	fi_pathname = F == NULL ? "<none>" : d_path(&F->f_path);
	fi_offset = F == NULL ? 0 : F->f_pos;
	fi_fs = F == NULL ? "<none>" : stringof((char *)F->f_inode->i_sb->s_type->name);
	fi_mount = F == NULL ? "<none>" : "<unknown>";
	fi_oflags = F == NULL ? 0 : (int)F->f_flags;
};

inline fileinfo_t fds[int fd] = xlate <fileinfo_t>(
	curthread->files != NULL && fd >= 0 && (unsigned)fd < curthread->files->fdt->max_fds ?
	(struct file *)curthread->files->fdt->fd[fd] : (struct file *)NULL);
#pragma D attributes Stable/Stable/Common fds
#pragma D binding "1.1" fds
