/* SPDX-License-Identifier: GPL-2.0-or-later */
int f(static int i); BEGIN { }
