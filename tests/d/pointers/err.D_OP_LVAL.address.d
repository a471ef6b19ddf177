/* SPDX-License-Identifier: GPL-2.0-or-later */
int *p;
BEGIN { &p[1] = 5; }
