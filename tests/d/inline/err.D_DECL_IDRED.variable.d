/* SPDX-License-Identifier: GPL-2.0-or-later */
int x; inline int x = 2; BEGIN { }
