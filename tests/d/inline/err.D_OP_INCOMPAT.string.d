/* SPDX-License-Identifier: GPL-2.0-or-later */
inline int x = "one"; BEGIN { trace(x); }
