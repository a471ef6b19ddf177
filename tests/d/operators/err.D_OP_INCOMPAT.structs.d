/* SPDX-License-Identifier: GPL-2.0-or-later */
struct a { int i; }; struct b { int i; }; this struct a x; this struct b y; BEGIN { this->x = this->y; }
