/* SPDX-License-Identifier: GPL-2.0-or-later */
inline int x = 1; BEGIN { x = 2; }
