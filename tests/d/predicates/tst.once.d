/* SPDX-License-Identifier: GPL-2.0-or-later */
int n;

BEGIN { n = 1; self->x = 1; }
BEGIN /self->x/ { n++; self->x = 0; }
BEGIN /self->x/ { n = 100; }
BEGIN /n == 2 && !self->x/ { printf("%d\n", n); exit(0); }
