/* SPDX-License-Identifier: GPL-2.0-or-later */
x = 1; BEGIN { trace(x); }
