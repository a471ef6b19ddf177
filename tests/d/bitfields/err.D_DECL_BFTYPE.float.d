/* SPDX-License-Identifier: GPL-2.0-or-later */
struct s { float f : 4; }; BEGIN { }
