// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copying strings by words: every place and length in a few words, every limit, and memory that ends
 * where the string does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "strcopy.h"

static union {
	u64 word[6];
	char byte[48];
} from;
static u64 end;		/* words from here on cannot be read */

static int read_word(u64 *word, u64 addr)
{
	u64 at = addr - (uintptr_t)&from;

	assert_int_equal(addr % 8, 0);
	assert_true(at < sizeof(from));
	if (at >= end)
		return -EFAULT;
	*word = from.word[at / 8];
	return 0;
}

static void check(size_t start, size_t len, size_t n)
{
	char to[80], want[80] = "";
	size_t got = min_t(size_t, len + 1, n), i;
	long ret;

	memset(&from, 'X', sizeof(from));
	for (i = 0; i < len; i++)
		from.byte[start + i] = 'a' + i % 20;
	from.byte[start + len] = '\0';
	memcpy(want, from.byte + start, got - 1);
	end = ALIGN(start + got, 8);	/* no word behind the last byte that is needed is touched */
	memset(to, '#', sizeof(to));
	ret = dtk_copy_str(to, (uintptr_t)&from + start, n, read_word);
	if (ret != (long)got || strcmp(to, want))
		fail_msg("%zu bytes at %zu, %zu wanted: %ld, \"%s\"", len, start, n, ret, to);
	for (i = n; i < sizeof(to); i++)
		assert_int_equal(to[i], '#');
	if (len < n && ALIGN(start + got, 8) > ALIGN(start + 1, 8)) {
		end -= 8;
		assert_int_equal(dtk_copy_str(to, (uintptr_t)&from + start, n, read_word), -EFAULT);
	}
}

static void everywhere(void **state)
{
	for (size_t start = 0; start < 16; start++) {
		for (size_t len = 0; len < 24; len++) {
			for (size_t n = 1; n < 34; n++)
				check(start, len, n);
		}
	}
}

static void bytes_above_127(void **state)
{
	const u64 words[] = { 0x8080808080808080ull, 0x8000000000000080ull, 0x0180ull, 0x80ull << 56, ~0ull, 0x100ull };
	const u32 lens[] = { 8, 1, 2, 0, 8, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_int_equal(dtk_word_strlen(words[i]), lens[i]);
}

static void no_room(void **state)
{
	char to = '#';

	assert_int_equal(dtk_copy_str(&to, (uintptr_t)&from, 0, read_word), -EFAULT);
	assert_int_equal(to, '#');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everywhere), cmocka_unit_test(bytes_above_127), cmocka_unit_test(no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
