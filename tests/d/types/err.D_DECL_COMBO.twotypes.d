/* SPDX-License-Identifier: GPL-2.0-or-later */
typedef int t; t int x; BEGIN { }
