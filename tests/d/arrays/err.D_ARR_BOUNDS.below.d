/* SPDX-License-Identifier: GPL-2.0-or-later */
int a[5]; BEGIN { trace(a[-1]); }
