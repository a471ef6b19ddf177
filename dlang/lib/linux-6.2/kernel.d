/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What differs between kernels. 6.2: a counter of each CPU for resident pages. */
#pragma D depends_on library types.d

inline long kernel_task_state[struct task_struct *T] = T->__state;
inline int kernel_task_cpu[struct task_struct *T] = T->thread_info.cpu;
inline struct gendisk *kernel_bio_disk[struct bio *B] = B->bi_bdev->bd_disk;
inline dev_t kernel_bio_dev[struct bio *B] = B->bi_bdev->bd_dev;
/* Of files, anonymous, shared. What CPUs have not yet added to the sum is not in it, as in /proc/PID/statm. */
inline long kernel_mm_pages[struct mm_struct *M] = M->rss_stat[0].count + M->rss_stat[1].count + M->rss_stat[3].count;
