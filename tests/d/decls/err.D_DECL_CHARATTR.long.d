/* SPDX-License-Identifier: GPL-2.0-or-later */
long char x; BEGIN { }
