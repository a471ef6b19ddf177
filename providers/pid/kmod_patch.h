/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing into text, for kmod_patch.c and kmod_stage.c, which say why it is done so.
 */
#ifndef DPID_PATCH_H
#define DPID_PATCH_H

#include <linux/mm.h>
#include <linux/pagemap.h>

#include "kmod.h"

/* The page under the pen. mmap_lock is held while page is set. */
struct dpid_pen {
	struct mm_struct *mm;
	struct page *page;
	u8 *mem;
	bool wrote;
};

static inline int dpid_pen_get(struct dpid_pen *pen, u64 addr)
{
	if (dtk_gup_remote(pen->mm, addr & PAGE_MASK, 1, FOLL_WRITE | FOLL_FORCE, &pen->page) != 1)
		return -EFAULT;
	pen->mem = page_address(pen->page);	/* x86-64: every page has one */
	pen->wrote = false;
	return 0;
}

static inline void dpid_pen_put(struct dpid_pen *pen)
{
	if (pen->wrote)
		set_page_dirty_lock(pen->page);
	put_page(pen->page);
}

/* @n bytes that lie in one page. mmap_lock. */
int dpid_read_page(struct mm_struct *mm, u64 addr, void *dst, u32 n);
/* @n bytes at @addr: the first of them in the page at @mem, the others perhaps in the next. mmap_lock. */
int dpid_read_text(struct mm_struct *mm, u64 addr, const u8 *mem, u8 *dst, u32 n);
/* Every CPU has serialised since, and under an emulator been interrupted. May sleep. */
void dpid_serialise(void);
bool dpid_emulated(void);

#endif /* DPID_PATCH_H */
