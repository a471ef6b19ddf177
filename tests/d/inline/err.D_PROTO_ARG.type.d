/* SPDX-License-Identifier: GPL-2.0-or-later */
inline int f[int a] = a + 1; BEGIN { trace(f["x"]); }
