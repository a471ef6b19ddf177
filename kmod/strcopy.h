/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copying a string out of foreign memory by aligned words, none of which crosses a page.
 */
#ifndef DTK_STRCOPY_H
#define DTK_STRCOPY_H

#include "port.h"

#define DTK_ONES	0x0101010101010101ull

/* Bytes before the first zero byte of a word in memory, 8 if there is none. */
static __always_inline u32 dtk_word_strlen(u64 word)
{
	u64 zeroes = (word - DTK_ONES) & ~word & DTK_ONES << 7;

	return zeroes ? (u32)__builtin_ctzll(zeroes) / 8 : 8;
}

/* The first @n < 8 bytes of a word. Not by a memcpy(), which would be called. */
static __always_inline void dtk_put_bytes(char *dst, u64 word, size_t n)
{
	for (; n; n--, word >>= 8)
		*dst++ = word;
}

/*
 * Copy up to a NUL, at most @n bytes, and always end in a NUL; returns the bytes copied with it, or -EFAULT.
 * @read loads the 8 bytes at an address that is aligned to them. Bytes of dst[n] after the NUL may be anything.
 * Calls nothing but @read: see dtk_user_open().
 */
static __always_inline long dtk_copy_str(char *dst, u64 addr, size_t n, int (*read)(u64 *word, u64 addr))
{
	size_t done = 0;

	if (!n)
		return -EFAULT;
	while (done < n) {
		u32 skip = addr & 7, here = 8 - skip, len;
		u64 word;

		if (read(&word, addr - skip))
			return -EFAULT;
		word >>= 8 * skip;
		len = min_t(u32, dtk_word_strlen(word), here);
		if (likely(n - done >= sizeof(word)))
			memcpy(dst + done, &word, sizeof(word));
		else
			dtk_put_bytes(dst + done, word, min_t(size_t, here, n - done));
		done += len;
		if (len < here && done < n)
			return done + 1;
		addr += here;
	}
	dst[n - 1] = '\0';
	return n;
}

#endif /* DTK_STRCOPY_H */
