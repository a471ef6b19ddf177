// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that a D program names: kernel addresses, and user addresses of the
 * current process. Probe context: a bad address is -EFAULT, never an oops, a
 * sleep or a wait for a page.
 *
 * User memory. copy_from_user_nofault() would do, but until 6.4 (and its stable
 * backports) it checked the kernel side with check_object_size(), which takes
 * a spinlock when that side is vmalloc memory, as our buffers are; and its
 * counterpart for writing and the one for strings are not exported. So
 * we do what they do, with the exported raw copy: page faults off, address range
 * checked. The check is stricter than access_ok(), which on some kernels lets
 * non-canonical addresses through to a fault with a warning. (Pointers with a
 * LAM tag are refused.)
 *
 * Which memory is "user memory"? That of the page tables in use. They are those
 * of current->mm in any task or interrupt, because the switch runs with
 * interrupts off. An NMI may come in the middle of it, and the kernel's check
 * for that is not exported: no user memory in an NMI. Kernel threads have
 * none, though they may run on a borrowed mm.
 *
 * Kernel memory: copy_from_kernel_nofault() survives unmapped addresses, and
 * refuses those of user space and non-canonical ones; but it goes by the width
 * that the CPU could have, not by the one in use (5.10 warns then), so we look
 * first. Device registers that a driver mapped are memory to it: a program that
 * follows a wild pointer into them reads them.
 */
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "core.h"
#include "strcopy.h"

#define STRCHUNK	64	/* kernel strings are read in pieces of this, aligned so that none crosses a page */

void *dtk_alloc(size_t bytes)
{
	if (bytes > INT_MAX)
		return NULL;
	return kvzalloc(bytes, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
}

void dtk_free(const void *p)
{
	kvfree(p);
}

/* The upper half of what this kernel's page tables can map. */
static bool kernel_range(u64 addr, size_t n)
{
	return addr >= ~__VIRTUAL_MASK && n <= -addr;
}

int dtk_read_kernel(void *dst, u64 addr, size_t n)
{
	if (!kernel_range(addr, n))
		return -EFAULT;
	return copy_from_kernel_nofault(dst, (void *)(uintptr_t)addr, n) ? -EFAULT : 0;
}

/* ---- Text that a provider made up ---------------------------------------------------- */

struct text {
	u32 used;
	char mem[DTK_TEXT_SIZE];
};
static struct text __percpu *texts;

int dtk_text_init(void)
{
	texts = alloc_percpu(struct text);
	return texts ? 0 : -ENOMEM;
}

void dtk_text_exit(void)
{
	free_percpu(texts);
}

char *dtk_text(void)
{
	return this_cpu_ptr(texts)->mem;
}

void dtk_text_used(u32 n)
{
	this_cpu_write(texts->used, n);
}

/* Whole words of strings are read, so only where a read begins says whether it is a good one. */
static int read_text(void *dst, u64 addr, size_t n)
{
	u64 off = addr - DTK_TEXT_BASE;

	if (off >= this_cpu_read(texts->used) || n > DTK_TEXT_SIZE - off)
		return -EFAULT;
	memcpy(dst, this_cpu_ptr(texts)->mem + off, n);
	return 0;
}

/* ---- User memory ------------------------------------------------------------------------ */

int dtk_read_user(void *dst, u64 addr, size_t n)
{
	const void __user *src = (const void __user *)(uintptr_t)addr;
	unsigned long left;

	if (!dtk_user_here())
		return -EFAULT;
	if (!dtk_user_range(addr, n))
		return read_text(dst, addr, n);
	pagefault_disable();
	left = raw_copy_from_user(dst, src, n);
	pagefault_enable();
	return left ? -EFAULT : 0;
}

int dtk_write_user(u64 addr, const void *src, size_t n)
{
	void __user *dst = (void __user *)(uintptr_t)addr;
	unsigned long left;

	if (!dtk_user_here() || !dtk_user_range(addr, n))
		return -EFAULT;
	pagefault_disable();
	left = raw_copy_to_user(dst, src, n);
	pagefault_enable();
	return left ? -EFAULT : 0;
}

/* Copy up to a NUL, at most @n bytes, and always end in a NUL. An aligned chunk never spans two pages. */
long dtk_read_kernel_str(char *dst, u64 addr, size_t n)
{
	size_t done = 0;

	if (!n)
		return -EFAULT;
	while (done < n) {
		size_t chunk = min_t(size_t, n - done, STRCHUNK - ((addr + done) & (STRCHUNK - 1)));
		size_t len;

		if (dtk_read_kernel(dst + done, addr + done, chunk))
			return -EFAULT;
		len = strnlen(dst + done, chunk);
		done += len;
		if (len < chunk)
			return done + 1;
	}
	dst[n - 1] = '\0';
	return n;
}

static __always_inline int user_word(u64 *word, u64 addr)
{
	return dtk_user_get(word, addr, sizeof(*word));
}

static int text_word(u64 *word, u64 addr)
{
	return read_text(word, addr, sizeof(*word));
}

static noinline long read_text_str(char *dst, u64 addr, size_t n)
{
	return dtk_copy_str(dst, addr, n, text_word);
}

long dtk_read_user_str(char *dst, u64 addr, size_t n)
{
	long ret;

	if (!dtk_user_here())
		return -EFAULT;
	if (unlikely(addr >= DTK_TEXT_BASE))
		return read_text_str(dst, addr, n);
	dtk_user_open();
	ret = dtk_copy_str(dst, addr, n, user_word);
	dtk_user_close();
	return ret;
}
