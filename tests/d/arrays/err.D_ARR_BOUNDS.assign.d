/* SPDX-License-Identifier: GPL-2.0-or-later */
int a[5]; BEGIN { a[17] = 1; }
