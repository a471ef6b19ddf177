/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What differs between kernels, from 5.10 on. */
#pragma D depends_on library types.d

inline long kernel_task_state[struct task_struct *T] = T->state;
inline int kernel_task_cpu[struct task_struct *T] = T->cpu;
inline struct gendisk *kernel_bio_disk[struct bio *B] = B->bi_disk;
inline dev_t kernel_bio_dev[struct bio *B] =
	((dev_t)B->bi_disk->major << 20) | (B->bi_disk->first_minor + B->bi_partno);
inline long kernel_mm_pages[struct mm_struct *M] = M->rss_stat.count[0].counter + M->rss_stat.count[1].counter +
	M->rss_stat.count[3].counter;	/* of files, anonymous, shared */
