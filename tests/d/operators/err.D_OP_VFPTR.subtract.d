/* SPDX-License-Identifier: GPL-2.0-or-later */
int left;
BEGIN { left = 9; left -= alloca(4); }
