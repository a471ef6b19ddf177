/* SPDX-License-Identifier: GPL-2.0-or-later */
inline int x; BEGIN { trace(x); }
