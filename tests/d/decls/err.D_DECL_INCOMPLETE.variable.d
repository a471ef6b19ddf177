/* SPDX-License-Identifier: GPL-2.0-or-later */
struct nowhere x; BEGIN { }
