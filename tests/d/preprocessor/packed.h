/* SPDX-License-Identifier: GPL-2.0-or-later */
struct dt_test_packed {
	char c;
	int i;
} __attribute__((packed));

struct dt_test_wide {
	__int128 x;
	int y;
};

enum dt_test_large {
	DT_TEST_LARGE = 1ull << 40
};
