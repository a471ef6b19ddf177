/* SPDX-License-Identifier: GPL-2.0-or-later */
int a[5]; int b[5]; BEGIN { a = b; }
