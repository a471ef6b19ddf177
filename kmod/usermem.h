/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The current process's memory, a word at a time: what probes read most, so it is inline. See safemem.c for
 * what "user memory" is and why the kernel's own functions are not used.
 */
#ifndef DTK_USERMEM_H
#define DTK_USERMEM_H

#include <linux/hardirq.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

static inline bool dtk_user_here(void)
{
	return current->mm && !(current->flags & PF_KTHREAD) && !in_nmi();
}

static inline bool dtk_user_range(u64 addr, size_t n)
{
	return n <= TASK_SIZE_MAX && addr <= TASK_SIZE_MAX - n;
}

#define DTK_USER_GET(type, label) do {						\
	type __v;								\
	unsafe_get_user(__v, (const type __user *)(uintptr_t)addr, label);	\
	*val = __v;								\
} while (0)

/*
 * Opening and closing the door to user memory costs more than what is read through it: whoever reads several
 * words leaves it open in between, and calls nothing meanwhile (objtool sees to that).
 */
static __always_inline void dtk_user_open(void)
{
	pagefault_disable();
	__uaccess_begin();
}

static __always_inline void dtk_user_close(void)
{
	__uaccess_end();
	pagefault_enable();
}

/* port.h has the contracts. */
static __always_inline int dtk_user_get(u64 *val, u64 addr, u32 size)
{
	if (unlikely(addr > TASK_SIZE_MAX - size))
		return -EFAULT;
	if (likely(size == 8))
		DTK_USER_GET(u64, fault);
	else if (size == 4)
		DTK_USER_GET(u32, fault);
	else if (size == 1)
		DTK_USER_GET(u8, fault);
	else
		DTK_USER_GET(u16, fault);
	return 0;
fault:
	return -EFAULT;
}

static __always_inline int dtk_load_user(u64 *val, u64 addr, u32 size)
{
	int err;

	dtk_user_open();
	err = dtk_user_get(val, addr, size);
	dtk_user_close();
	return err;
}

static __always_inline int dtk_read_user_word(u64 *val, u64 addr, u32 size)
{
	return likely(dtk_user_here()) ? dtk_load_user(val, addr, size) : -EFAULT;
}

#endif /* DTK_USERMEM_H */
