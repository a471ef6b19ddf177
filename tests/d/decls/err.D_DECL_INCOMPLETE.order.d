/* SPDX-License-Identifier: GPL-2.0-or-later */
struct a { struct b m; }; struct b { int i; }; BEGIN { }
