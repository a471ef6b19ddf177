/* SPDX-License-Identifier: GPL-2.0-or-later */
int a[-1]; BEGIN { a[0] = 1; }
