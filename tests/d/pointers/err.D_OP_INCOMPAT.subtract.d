/* SPDX-License-Identifier: GPL-2.0-or-later */
int *p; BEGIN { trace(5 - p); }
