/* SPDX-License-Identifier: GPL-2.0-or-later */
int a[0x7fffffffffffffff]; BEGIN { a[0] = 1; }
