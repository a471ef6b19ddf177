/* SPDX-License-Identifier: GPL-2.0-or-later */
struct s { int i : 4; int j : 4; }; BEGIN { trace(offsetof(struct s, j)); }
