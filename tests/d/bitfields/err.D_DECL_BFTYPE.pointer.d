/* SPDX-License-Identifier: GPL-2.0-or-later */
struct s { char *p : 4; }; BEGIN { }
