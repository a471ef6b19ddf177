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

#define DTK_USER_LOAD(type, label) do {						\
	type __v;								\
	unsafe_get_user(__v, (const type __user *)(uintptr_t)addr, label);	\
	*val = __v;								\
} while (0)

/* port.h has the contracts. */
static __always_inline int dtk_load_user(u64 *val, u64 addr, u32 size)
{
	if (unlikely(!dtk_user_range(addr, size)))
		return -EFAULT;
	pagefault_disable();
	__uaccess_begin();
	switch (size) {
	case 1:
		DTK_USER_LOAD(u8, fault);
		break;
	case 2:
		DTK_USER_LOAD(u16, fault);
		break;
	case 4:
		DTK_USER_LOAD(u32, fault);
		break;
	default:
		DTK_USER_LOAD(u64, fault);
	}
	__uaccess_end();
	pagefault_enable();
	return 0;
fault:
	__uaccess_end();
	pagefault_enable();
	return -EFAULT;
}

static __always_inline int dtk_read_user_word(u64 *val, u64 addr, u32 size)
{
	return likely(dtk_user_here()) ? dtk_load_user(val, addr, size) : -EFAULT;
}

#endif /* DTK_USERMEM_H */
