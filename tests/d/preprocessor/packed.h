/* SPDX-License-Identifier: GPL-2.0-or-later */
struct dt_test_packed {
	char c;
	int i;
} __attribute__((packed));
