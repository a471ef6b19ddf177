/* SPDX-License-Identifier: GPL-2.0-or-later */
int a[cpu]; BEGIN { a[0] = 1; }
