/* SPDX-License-Identifier: GPL-2.0-or-later */
struct s { int i : 4; } *p; BEGIN { trace(&p->i); }
