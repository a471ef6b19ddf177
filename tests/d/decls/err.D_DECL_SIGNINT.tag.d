/* SPDX-License-Identifier: GPL-2.0-or-later */
unsigned struct point { int x, y; };
