/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What differs between kernels. 5.16: the CPU is in the thread_info again. */
#pragma D depends_on library types.d

inline long kernel_task_state[struct task_struct *T] = T->__state;
inline int kernel_task_cpu[struct task_struct *T] = T->thread_info.cpu;
inline struct gendisk *kernel_bio_disk[struct bio *B] = B->bi_bdev->bd_disk;
inline dev_t kernel_bio_dev[struct bio *B] = B->bi_bdev->bd_dev;
inline long kernel_mm_pages[struct mm_struct *M] = M->rss_stat.count[0].counter + M->rss_stat.count[1].counter +
	M->rss_stat.count[3].counter;	/* of files, anonymous, shared */
