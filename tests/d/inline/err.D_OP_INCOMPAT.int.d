/* SPDX-License-Identifier: GPL-2.0-or-later */
inline string x = 1; BEGIN { trace(x); }
