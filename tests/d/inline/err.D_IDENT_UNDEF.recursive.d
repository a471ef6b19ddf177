/* SPDX-License-Identifier: GPL-2.0-or-later */
inline int x = x + 1; BEGIN { trace(x); }
