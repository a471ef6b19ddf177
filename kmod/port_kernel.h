/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * port.h inside the kernel: the names it promises are the kernel's own.
 */
#ifndef DTK_PORT_KERNEL_H
#define DTK_PORT_KERNEL_H

#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/ptrace.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>

#include "compat.h"
#include "usermem.h"

static inline void dtk_watch(const void *p, size_t n, enum dtk_use use)
{
}

static inline void dtk_watch_claim(const void *p, size_t n)
{
}

static inline void dtk_watch_store(u64 addr, u64 n)
{
}

#define dtk_proved(condition) ((void)sizeof(condition))

#endif /* DTK_PORT_KERNEL_H */
