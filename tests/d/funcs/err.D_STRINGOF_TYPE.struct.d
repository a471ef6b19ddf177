/* SPDX-License-Identifier: GPL-2.0-or-later */
struct s { int i; }; this struct s v; BEGIN { trace(stringof(this->v)); }
