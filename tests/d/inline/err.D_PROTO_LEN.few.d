/* SPDX-License-Identifier: GPL-2.0-or-later */
inline int f[int a, int b] = a + b; BEGIN { trace(f[1]); }
