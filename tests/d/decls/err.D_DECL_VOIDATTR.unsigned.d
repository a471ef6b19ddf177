/* SPDX-License-Identifier: GPL-2.0-or-later */
unsigned void *x; BEGIN { }
