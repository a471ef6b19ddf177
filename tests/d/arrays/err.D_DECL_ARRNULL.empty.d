/* SPDX-License-Identifier: GPL-2.0-or-later */
int a[]; BEGIN { a[0] = 1; }
