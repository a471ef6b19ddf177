/* SPDX-License-Identifier: GPL-2.0-or-later */
int a["x"]; BEGIN { a[0] = 1; }
