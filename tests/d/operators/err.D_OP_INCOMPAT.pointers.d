/* SPDX-License-Identifier: GPL-2.0-or-later */
int *p; short *q; BEGIN { p = q; }
