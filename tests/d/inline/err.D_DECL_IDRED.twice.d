/* SPDX-License-Identifier: GPL-2.0-or-later */
inline int x = 1; inline int x = 2; BEGIN { }
