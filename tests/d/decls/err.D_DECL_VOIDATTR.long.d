/* SPDX-License-Identifier: GPL-2.0-or-later */
long void *x; BEGIN { }
