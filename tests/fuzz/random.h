/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers that fuzz drivers draw where no fuzzer guides them: the same in every run, until rng is set. */
#ifndef FUZZ_RANDOM_H
#define FUZZ_RANDOM_H

#include <stdint.h>

static uint64_t rng = 88172645463325252ull;

static uint32_t rnd(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)(rng >> 32) % n;
}

#endif /* FUZZ_RANDOM_H */
